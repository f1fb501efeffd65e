"""The messages between server and machine host, their framing, the carriers."""
