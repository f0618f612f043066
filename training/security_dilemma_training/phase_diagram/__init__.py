"""Phase diagrams: what learned states do over a plane of two parameters, with theory's boundaries on top."""
