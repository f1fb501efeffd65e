"""The sections of the settings that all machines share, with their defaults.

Invariants: names in `config.yaml` are those of the contract (section 5.9, camelCase); a member that is missing has its
default.
"""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

LONGEST_KEY = 256
"""Characters of an API key at most."""

Port = Annotated[int, Meta(ge=1, le=65535)]
Color = Literal["default", "red", "orange", "yellow", "green", "blue", "violet"]


class Section(Struct, frozen=True, rename="camel", kw_only=True):
    """A section of the tree."""


class ApiTree(Section, frozen=True):
    """The API as a whole."""

    key: Annotated[str, Meta(max_length=LONGEST_KEY)] | None = None
    """The global key, where a person wants to set it; otherwise the one in the database counts."""
    allow_cross_origin: bool = False
    anonymous_status: Literal[401, 403] = 401


class AppearanceTree(Section, frozen=True):
    """How the server presents itself."""

    name: str = ""
    color: Color = "default"
    color_transparent: bool = False
    color_icon: bool = True
    default_language: str = "_default"
    show_fahrenheit_also: bool = False
    fuzzy_times: bool = True
    close_modals_with_click: bool = True
    show_internal_filename: bool = True


class FeatureTree(Section, frozen=True):
    """What the page offers and asks before it acts."""

    temperature_graph: bool = True
    sd_support: bool = True
    keyboard_control: bool = True
    poll_watched: bool = False
    model_size_detection: bool = True
    remember_file_folder: bool = False
    print_start_confirmation: bool = False
    print_cancel_confirmation: bool = True
    upload_overwrite_confirmation: bool = True
    file_delete_confirmation: bool = True
    g90_influences_extruder: bool = False
    enable_drag_drop_upload: bool = True
    auto_uppercase_blacklist: tuple[str, ...] = ("M117", "M118")


class UploadsTree(Section, frozen=True):
    """What may be uploaded; bytes."""

    max_size: Annotated[int, Meta(ge=1, le=2**50)] = 16 * 1024**3


class TlsTree(Section, frozen=True):
    """The files of the certificate and of its key; a path counts from the base folder. Both or none."""

    cert: str | None = None
    key: str | None = None


class ServerTree(Section, frozen=True):
    """Where and how is served."""

    host: Annotated[str, Meta(min_length=1)] = "127.0.0.1"
    port: Port = 5000
    allow_framing: bool = False
    tls: TlsTree = TlsTree()
    uploads: UploadsTree = UploadsTree()


class FolderTree(Section, frozen=True):
    """Folders that lie elsewhere than in the base folder."""

    uploads: str | None = None
