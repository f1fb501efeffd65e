"""The sections of the settings that all machines share, with their defaults.

Invariants: names in `config.yaml` are those of the contract (section 5.9, camelCase); a member that is missing has its
default.
"""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from mrdraw.settings.kinds import Coordinate, Minutes, Section, Visible
from mrdraw.settings.sign_on import OpenIdTree

LONGEST_KEY = 256
"""Characters of an API key at most."""

Color = Literal["default", "red", "orange", "yellow", "green", "blue", "violet"]


class ApiTree(Section, frozen=True):
    """The API as a whole."""

    key: Annotated[str, Meta(max_length=LONGEST_KEY)] | None = None
    """The global key, where a person wants to set it; otherwise the one in the database counts."""
    allow_cross_origin: bool = False
    anonymous_status: Literal[401, 403] = 401


class AccessControlTree(Section, frozen=True):
    """Who comes in without a log-in (nobody does), and for how long a password counts as just typed."""

    enabled: bool = True
    """Without it the page is an Operator for `local_networks`; set in the file and by the command line only."""
    local_networks: tuple[str, ...] = ("127.0.0.0/8", "::1/128")
    local_hosts: tuple[Annotated[str, Meta(max_length=253)], ...] = ()
    """Names under which the page may be called then, beside IP addresses, `localhost` and `*.local`."""
    autologin_local: bool = False
    autologin_headsup_acknowledged: bool = False
    default_reauthentication_timeout: Minutes = 5
    """0 means: a log-in is enough."""
    session_stale_after: Annotated[int, Meta(ge=5, le=1_000_000)] = 24 * 60
    """min without use after which a session ends that was not to be remembered: a page that was left open over night
    still works (contract, 2.3, has 15, but there a session in memory is made anew from the cookie)."""
    trust_basic_authentication: bool = False
    check_basic_authentication_password: bool = True
    """False: a proxy checked it, so that only trusted proxies are believed."""
    trust_remote_user: bool = False
    """Whether a trusted proxy says in a header who sends a request."""
    remote_user_header: Visible = "REMOTE_USER"
    add_remote_users: bool = False
    """Whether those whom a proxy names for the first time become users."""
    open_id: OpenIdTree = OpenIdTree()
    audit_days: Annotated[int, Meta(ge=1, le=3650)] = 90
    """For how many days the audit log is kept."""


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
    sd_support: bool = False
    """The card of a machine is not driven: with `true` clients would ask for what answers 404."""
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
    auto_uppercase_blacklist: tuple[str, ...] = ("M117", "M118", "M707", "M708")


class GcodeAnalysisTree(Section, frozen=True):
    """When stored files are analysed."""

    run_at: Literal["never", "idle", "always"] = "idle"
    bed_z: Coordinate = 0.0
    """mm: where the bed is."""


class FolderTree(Section, frozen=True):
    """Folders that lie elsewhere than in the base folder."""

    uploads: str | None = None
    timelapse: str | None = None
    watched: str | None = None


class DevelTree(Section, frozen=True):
    """What developers of plugins look at."""

    plugin_timings: bool = False


class SlicingTree(Section, frozen=True):
    """Who makes G-code of models."""

    default_slicer: str | None = None
