"""What PrusaSlicer, OrcaSlicer and Cura's OctoPrint plugin send, byte for byte.

`served` says where to: `port` and `key`.
"""

import json

from helpers_replay import crlf
from helpers_serve import wait_until

CURL_BOUNDARY = "------------------------d74496d66958873eQk3hTz"
QT_BOUNDARY = "boundary_.oOo._NjI4ODY0NjY3MTgyNTk2NDY1Mw=="
CURA = "Ultimaker Cura/5.8.0 OctoPrintPlugin/3.7.3"

SLICERS = [("PrusaSlicer/2.9.2", True), ("OrcaSlicer/2.3.0", False)]
"""Their name, and whether they leave libcurl's `Expect: 100-continue` in; Orca switches it off."""


def curl_get(served, agent, path):
    return crlf(
        f"GET {path} HTTP/1.1",
        f"Host: {served.host}:{served.client_port}",
        f"User-Agent: {agent}",
        "Accept: */*",
        f"X-Api-Key: {served.key}",
    )


def curl_form(name, content, folder, start):
    begin = f"--{CURL_BOUNDARY}\r\nContent-Disposition: form-data; name="
    return (
        f'{begin}"print"\r\n\r\n{start}\r\n'
        f'{begin}"path"\r\n\r\n{folder}\r\n'
        f'{begin}"file"; filename="{name}"\r\nContent-Type: application/octet-stream\r\n\r\n'
        f"{content}\r\n--{CURL_BOUNDARY}--\r\n"
    ).encode()


def curl_upload(served, agent, path, size, expect):
    return crlf(
        f"POST {path} HTTP/1.1",
        f"Host: {served.host}:{served.client_port}",
        f"User-Agent: {agent}",
        "Accept: */*",
        f"X-Api-Key: {served.key}",
        f"Content-Length: {size}",
        f"Content-Type: multipart/form-data; boundary={CURL_BOUNDARY}",
        *(["Expect: 100-continue"] if expect else []),
    )


def qt_request(served, method, path, *more):
    return crlf(
        f"{method} {path} HTTP/1.1",
        f"Host: {served.host}:{served.client_port}",
        f"X-Api-Key: {served.key}",
        f"User-Agent: {CURA}",
        *more,
        "Connection: Keep-Alive",
        "Accept-Encoding: gzip, deflate",
        "Accept-Language: en-US,*",
    )


class Cura:
    """The plugin's requests."""

    def __init__(self, served, prefix, wire):
        self.served = served
        self.prefix = f"{prefix}/api/"
        self.wire = wire

    def get(self, end_point):
        self.wire.send(qt_request(self.served, "GET", self.prefix + end_point, "Content-Type: application/json"))
        return self.wire.answer()

    def post(self, end_point, command):
        if isinstance(command, list):
            command = {"commands": command}
        data = json.dumps(command if isinstance(command, dict) else {"command": command}).encode()
        kind = ("Content-Type: application/json", f"Content-Length: {len(data)}")
        self.wire.send(qt_request(self.served, "POST", self.prefix + end_point, *kind) + data)
        return self.wire.answer("POST")

    def reach(self, state):
        """Ask again and again, as the plugin does."""
        wait_until(lambda: self.get("job").json()["state"] == state)

    def upload(self, name, content, folder, **fields):
        begin = f"--{QT_BOUNDARY}\r\nContent-Disposition: form-data; "
        parts = [
            f'{begin}name="path"\r\nContent-Type: text/plain\r\n\r\n{folder}\r\n',
            f'{begin}name="file"; filename="{name}"\r\nContent-Type: application/octet-stream\r\n\r\n{content}\r\n',
            *(f'{begin}name="{key}"\r\nContent-Type: text/plain\r\n\r\n{fields[key]}\r\n' for key in fields),
        ]
        data = f"{''.join(parts)}--{QT_BOUNDARY}--\r\n".encode()
        kind = (
            f'Content-Type: multipart/form-data; boundary="{QT_BOUNDARY}"',
            "MIME-Version: 1.0",
            f"Content-Length: {len(data)}",
        )
        self.wire.send(qt_request(self.served, "POST", f"{self.prefix}files/local", *kind) + data)
        return self.wire.answer("POST")
