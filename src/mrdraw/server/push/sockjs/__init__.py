"""SockJS as a sans-I/O server: framing, sessions and transports; no socket, no clock, no task (contract, 6.1)."""
