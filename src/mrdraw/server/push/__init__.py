"""The push channel: what happens is told to whoever listens (contract, section 6)."""

from mrdraw.server.push.socket import ROUTES, WEBSOCKET_PATH, push_socket

__all__ = ["ROUTES", "WEBSOCKET_PATH", "push_socket"]
