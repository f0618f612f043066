"""Inside a learned policy: what it does over what it sees, and what a signal changes."""
