"""The settings tree and config.yaml."""
