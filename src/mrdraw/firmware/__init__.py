"""Sans-I/O dialects: bytes and the time in, events and bytes out."""
