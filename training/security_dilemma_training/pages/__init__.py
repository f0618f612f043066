"""Pages: one HTML file each, with interactive Vega-Lite charts, that needs nothing beside it and fetches nothing."""
