"""The cameras that look at the machines."""
