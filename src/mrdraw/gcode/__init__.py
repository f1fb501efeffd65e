"""Reading G-code."""
