"""The section `webcam`: the cameras of a machine, and how a timelapse is rendered.

Invariants: a camera is kept in the form in which the API shows it (contract, 5.9); what runs on the computer
(`ffmpeg…`) is text here and nothing is done with it.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from mrdraw.settings.kinds import Bitrate, FfmpegLine, NotNegative, Positive, Section

Ratio = Literal["16:9", "4:3"]


class CompatTree(Section, frozen=True):
    """Where the stream and the snapshots of a camera are, as older apps read it; times in s."""

    stream: str = ""
    """A URL, or a path on this server."""
    stream_timeout: Positive = 5.0
    stream_ratio: Ratio = "16:9"
    stream_webrtc_ice_servers: tuple[str, ...] = ("stun:stun.l.google.com:19302",)
    cache_buster: bool = False
    snapshot: str = ""
    snapshot_timeout: Positive = 5.0
    snapshot_ssl_validation: bool = True


class CameraTree(Section, frozen=True):
    """One camera."""

    name: Annotated[str, Meta(min_length=1, max_length=64)]
    display_name: str = ""
    can_snapshot: bool = False
    snapshot_display: str | None = None
    flip_h: bool = False
    flip_v: bool = False
    rotate90: bool = False
    extras: dict[str, Any] = msgspec.field(default_factory=dict)
    compat: CompatTree | None = None
    provider: str = "classicwebcam"
    """The id of the plugin; apps know this one."""


class WebcamTree(Section, frozen=True):
    """The cameras of a machine and its timelapses."""

    webcam_enabled: bool = True
    timelapse_enabled: bool = True
    webcams: tuple[CameraTree, ...] = ()
    default_webcam: str | None = None
    """The name of the camera that is shown; without one the first."""
    snapshot_webcam: str | None = None
    """The name of the camera that snapshots are of; without one the first that can."""
    ffmpeg_path: str | None = None
    ffmpeg_commandline: FfmpegLine = (
        "{ffmpeg} -framerate {fps} -i {input} -vcodec {videocodec} -threads {threads} -b:v {bitrate} "
        "-f {containerformat} -y {filters} {output}"
    )
    ffmpeg_threads: Annotated[int, Meta(ge=1, le=64)] = 1
    ffmpeg_video_codec: Literal["libx264", "mpeg2video"] = "libx264"
    bitrate: Bitrate = "10000k"
    watermark: bool = True
    render_after_print_delay: NotNegative = 0.0
    """s."""
