"""One picture of a camera, fetched from the URL that the settings name.

Invariants: nothing but that URL is asked, whatever it answers (no redirect is followed); a picture is bounded in bytes
and in time, and is one of a few types that a browser shows without running anything; of one URL one picture is fetched
at a time, and all who ask meanwhile get that one. It is fetched in a thread.
"""

from __future__ import annotations

import asyncio
import http.client
import ssl
from base64 import b64encode
from dataclasses import dataclass
from time import monotonic
from urllib.parse import SplitResult, unquote, urlsplit

from mrdraw.errors import CameraFailed, NoSuchCamera
from mrdraw.settings import CameraTree, WebcamTree

LARGEST = 16 * 1024 * 1024
"""bytes of a picture."""
KINDS = ("image/jpeg", "image/png", "image/webp", "image/gif")
_PIECE = 64 * 1024


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture and its content type."""

    content: bytes
    kind: str


@dataclass(frozen=True, slots=True)
class Source:
    """Where a picture comes from; `timeout` in s for all of it."""

    url: str
    timeout: float
    verify: bool


def snapshot_source(webcam: WebcamTree) -> Source:
    """Of which URL the pictures of a machine are. Raises `NoSuchCamera`."""
    if not webcam.webcam_enabled:
        raise NoSuchCamera("The camera is switched off: webcam.webcamEnabled is false.")
    for camera in webcam.webcams:
        if _takes_snapshots(camera) and webcam.snapshot_webcam in {None, camera.name}:
            compat = camera.compat
            assert compat is not None
            return Source(compat.snapshot, compat.snapshot_timeout, compat.snapshot_ssl_validation)
    raise NoSuchCamera("No camera takes snapshots: compat.snapshot of a camera in webcam.webcams names the URL.")


def _takes_snapshots(camera: CameraTree) -> bool:
    return camera.compat is not None and bool(camera.compat.snapshot)


class Snapshots:
    """Fetches pictures."""

    def __init__(self) -> None:
        self._running: dict[Source, asyncio.Task[Picture]] = {}

    async def take(self, source: Source) -> Picture:
        """A picture that is new. Raises `CameraFailed`."""
        task = self._running.get(source)
        if task is None:
            self._running[source] = task = asyncio.create_task(asyncio.to_thread(fetch, source))
            task.add_done_callback(lambda _: self._running.pop(source))
        return await asyncio.shield(task)


def fetch(source: Source) -> Picture:
    """A picture; it blocks. Raises `CameraFailed`."""
    parts = _parts(source.url)
    deadline = monotonic() + source.timeout
    connection = _connection(parts, source)
    try:
        connection.request("GET", _target(parts), headers=_headers(parts))
        with connection.getresponse() as answer:
            return Picture(_content(answer, deadline), _kind(answer))
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise CameraFailed(f"The camera gives no picture: {str(error) or type(error).__name__}.") from error
    finally:
        connection.close()


def _parts(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        usable = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        raise CameraFailed(
            "The snapshot URL of the camera has to be an absolute one, as in http://camera.local/snapshot."
        )
    return parts


def _connection(parts: SplitResult, source: Source) -> http.client.HTTPConnection:
    host = parts.hostname or ""
    if parts.scheme == "http":
        return http.client.HTTPConnection(host, parts.port, timeout=source.timeout)
    context = ssl.create_default_context()
    if not source.verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return http.client.HTTPSConnection(host, parts.port, timeout=source.timeout, context=context)


def _target(parts: SplitResult) -> str:
    return f"{parts.path or '/'}{f'?{parts.query}' if parts.query else ''}"


def _headers(parts: SplitResult) -> dict[str, str]:
    if parts.username is None:
        return {"Accept": "image/*"}
    secret = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
    return {"Accept": "image/*", "Authorization": f"Basic {b64encode(secret.encode()).decode()}"}


def _kind(answer: http.client.HTTPResponse) -> str:
    return answer.headers.get_content_type()


def _content(answer: http.client.HTTPResponse, deadline: float) -> bytes:
    """The body, if it is a picture. Raises `CameraFailed`."""
    if answer.status != 200:
        raise CameraFailed(f"The camera gives no picture: it answers {answer.status} {answer.reason}.")
    if _kind(answer) not in KINDS:
        raise CameraFailed(f"The camera gives no picture but {_kind(answer)}; accepted are: {', '.join(KINDS)}.")
    content = bytearray()
    while piece := answer.read1(_PIECE):
        content += piece
        if len(content) > LARGEST:
            raise CameraFailed(f"The camera's picture is larger than the {LARGEST} bytes that are accepted.")
        if monotonic() > deadline:
            raise CameraFailed("The camera takes too long for a picture.")
    return bytes(content)
