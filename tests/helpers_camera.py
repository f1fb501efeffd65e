"""A camera on a real socket, which answers what it is told to."""

import contextlib
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

JPEG = b"\xff\xd8\xff\xe0" + bytes(2000) + b"\xff\xd9"


class Camera:
    """What it answers, and what it was asked."""

    def __init__(self):
        self.status = 200
        self.headers = {"Content-Type": "image/jpeg"}
        self.content = JPEG
        self.asked = []
        self.pause = threading.Event()
        self.pause.set()
        self.url = ""


@contextlib.contextmanager
def camera():
    known = Camera()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            known.asked.append((self.path, dict(self.headers)))
            known.pause.wait(20)
            with contextlib.suppress(OSError):
                self.send_response(known.status)
                for name, value in known.headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(known.content)

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    known.url = f"http://127.0.0.1:{server.server_port}/?action=snapshot"
    try:
        yield known
    finally:
        known.pause.set()
        server.shutdown()
        server.server_close()
        thread.join()


def webcam(url, **more):
    """The section of a machine with one camera."""
    return {"webcams": [{"name": "nozzle", "compat": {"snapshot": url, **more}}]}
