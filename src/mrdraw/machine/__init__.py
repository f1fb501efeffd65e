"""The machine host: the process that owns one machine."""
