"""What the values of settings can be: the kinds that several sections share, and how people read their patterns.

Invariants: numbers are finite: nothing can be set to "without limit". Every pattern has its words.
"""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

Positive = Annotated[float, Meta(gt=0, le=1_000_000)]
NotNegative = Annotated[float, Meta(ge=0, le=1_000_000)]
Coordinate = Annotated[float, Meta(ge=-1_000_000, le=1_000_000)]
Celsius = Annotated[float, Meta(ge=0, le=2000)]
Count = Annotated[int, Meta(ge=0, le=1_000_000)]
Bytes = Annotated[int, Meta(ge=0, le=2**50)]
Minutes = Annotated[int, Meta(ge=0, le=1_000_000)]
Port = Annotated[int, Meta(ge=1, le=65535)]
"""Of TCP."""
Baudrate = Annotated[int, Meta(ge=0, le=100_000_000)]
"""0 means: find out."""
FixedBaudrate = Annotated[int, Meta(ge=1, le=100_000_000)]
RxBuffer = Annotated[int, Meta(ge=0, le=65536)]
"""The firmware's receive buffer in bytes; 0 means: not known."""
Detected = Literal["always", "detect", "never"]

_COMMAND = r"^[A-Za-z][A-Za-z0-9_.]{0,31}\Z"
_LINE = r"^[\x20-\x7e]{1,256}\Z"
_BITRATE = r"^[0-9]{1,9}[kKmM]?\Z"
_WEB_ADDRESS = r"^https?://[A-Za-z0-9._~:\[\]-]{1,255}(?:/[A-Za-z0-9._~!$&'()*+,;=:@%/-]{0,512})?\Z"
_VISIBLE = r"^[\x21-\x7e]{1,512}\Z"
_FFMPEG = r"^(?=.*\{ffmpeg\})(?=.*\{input\})(?=.*\{output\})"
Command = Annotated[str, Meta(pattern=_COMMAND)]
"""The name of a command of G-code."""
Line = Annotated[str, Meta(pattern=_LINE)]
"""A command of G-code with its parameters."""
Bitrate = Annotated[str, Meta(pattern=_BITRATE)]
FfmpegLine = Annotated[str, Meta(pattern=_FFMPEG)]
URL_PREFIX = r"^(?:/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)*/?\Z"
HOST_AND_PORT = r"^(?:[A-Za-z0-9_][A-Za-z0-9._-]*|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?\Z"
_SCHEME = r"^https?\Z"
UrlPrefix = Annotated[str, Meta(pattern=URL_PREFIX)]
"""A path that stands before all others, of names that need no encoding."""
HostAndPort = Annotated[str, Meta(pattern=HOST_AND_PORT)]
Scheme = Annotated[str, Meta(pattern=_SCHEME)]
WebAddress = Annotated[str, Meta(pattern=_WEB_ADDRESS)]
"""Where something is served, without query and fragment."""
Visible = Annotated[str, Meta(pattern=_VISIBLE)]
"""Text for machines: printable ASCII without blanks."""
Program = str | tuple[str, ...] | None
"""A program and its arguments: a list, or text that is taken apart as a shell would; it never runs in a shell."""

PATTERN_WORDS = {
    _COMMAND: "the name of a command, as 'M117'",
    _LINE: "one command in ASCII, as 'M110 N0'",
    _BITRATE: "bits a second, as '10000k'",
    _WEB_ADDRESS: "an address as 'https://host' or 'https://host:port/path'",
    _VISIBLE: "text of printable ASCII characters without blanks",
    _FFMPEG: "text with {ffmpeg}, {input} and {output} in it",
    URL_PREFIX: "a path of letters, digits and '-._~', as '/mrdraw'",
    HOST_AND_PORT: "a host with or without its port, as 'printer.example' or 'printer.example:8443'",
    _SCHEME: "http or https",
}
"""What a pattern asks for, as people read it."""


class Section(Struct, frozen=True, rename="camel", kw_only=True):
    """A section of the tree; the names in `config.yaml` and in the API are those of the contract (camelCase)."""
