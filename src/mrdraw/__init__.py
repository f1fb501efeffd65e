"""MrDraw: the host for every machine that moves by G-code."""

__version__ = "0.1.0"
