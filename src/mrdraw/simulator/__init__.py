"""Firmware that is not there, on a pseudo-terminal."""
