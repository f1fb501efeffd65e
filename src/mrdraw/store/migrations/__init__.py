"""Numbered migrations: `NNNN_what.sql`, each run once, in their order."""
