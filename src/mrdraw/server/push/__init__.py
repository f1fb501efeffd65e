"""The push channel: what happens is told to whoever listens (contract, section 6)."""
