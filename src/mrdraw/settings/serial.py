"""The section `serial`: how the port is opened, how long is waited for what, what is sent and what is not.

Invariants: members of the contract (5.9) that MrDraw does otherwise are kept with OctoPrint's defaults, so that clients
find them; docs/settings.md says of each what it does. Times are in s.
"""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from mrdraw.settings.kinds import (
    Baudrate,
    Command,
    Count,
    Detected,
    FixedBaudrate,
    Line,
    NotNegative,
    Positive,
    RxBuffer,
    Section,
)


class SerialTree(Section, frozen=True):
    """How MrDraw talks with a machine."""

    # --- the port ---
    port: str | None = None
    baudrate: Baudrate | None = None
    autoconnect: bool = False
    additional_ports: tuple[str, ...] = ()
    """Globs."""
    additional_baudrates: tuple[FixedBaudrate, ...] = ()
    blacklisted_ports: tuple[str, ...] = ()
    """Globs."""
    blacklisted_baudrates: tuple[FixedBaudrate, ...] = ()
    ignore_empty_ports: bool = False
    device_folder: str = "/dev/serial"
    """Where `by-id` and `by-path` are."""
    exclusive: bool = True
    low_latency: bool = True
    use_parity_workaround: Detected = "detect"
    encoding: str = "ascii"
    log: bool = False

    # --- patience ---
    timeout_connection: Positive = 10.0
    timeout_detection_first: Positive = 10.0
    timeout_detection_consecutive: Positive = 2.0
    timeout_communication: Positive = 30.0
    timeout_communication_busy: Positive = 3.0
    timeout_temperature: Positive = 5.0
    timeout_temperature_target_set: Positive = 2.0
    timeout_temperature_autoreport: Annotated[float, Meta(ge=1, le=3600)] = 1.0
    timeout_sd_status: Positive = 1.0
    timeout_sd_status_autoreport: NotNegative = 1.0
    timeout_pos_autoreport: NotNegative = 5.0
    timeout_baudrate_detection_pause: NotNegative = 1.0
    timeout_position_log_wait: NotNegative = 10.0
    max_timeouts_idle: Count = 2
    max_timeouts_printing: Count = 5
    max_timeouts_long: Count = 5

    # --- commands with a meaning of their own ---
    long_running_commands: tuple[Command, ...] = (
        "G4", "G28", "G29", "G30", "G32", "M400", "M226", "M600", "M601", "M109", "M190", "M116", "M303",
    )  # fmt: skip
    checksum_requiring_commands: tuple[Command, ...] = ("M110",)
    blocked_commands: tuple[Command, ...] = ("M0", "M1")
    ignored_commands: tuple[Command, ...] = ()
    pausing_commands: tuple[Command, ...] = ("M0", "M1", "M25")
    emergency_commands: tuple[Command, ...] = ("M112", "M108", "M410")
    notify_suppressed_commands: Literal["info", "warn", "never"] = "warn"
    hello_command: Line = "M110 N0"

    # --- the conversation ---
    max_line_length: Annotated[int, Meta(ge=32, le=1024)] = 96
    max_consecutive_resends: Annotated[int, Meta(ge=1, le=1000)] = 10
    lines_in_flight: Annotated[int, Meta(ge=0, le=32)] = 0
    """The most lines without an acknowledge; 0 means: by what the firmware says and by `rx_buffer`."""
    rx_buffer: RxBuffer = 0
    ack_max: Annotated[int, Meta(ge=1, le=32)] = 1
    resend_ratio_threshold: Annotated[int, Meta(ge=0, le=100)] = 10
    resend_ratio_start: Count = 100
    support_resends_without_ok: Detected = "detect"
    always_send_checksum: bool = False
    never_send_checksum: bool = False
    send_checksum_with_unknown_commands: bool = False
    unknown_commands_need_ack: bool = False
    swallow_ok_after_resend: bool = True
    ignore_identical_resends: bool = False
    trigger_ok_for_m29: bool = True
    block_while_dwelling: bool = False
    wait_for_start: bool = False
    firmware_detection: bool = True
    repetier_target_temp: bool = False
    external_heatup_detection: bool = True
    sanity_check_tools: bool = True

    # --- errors, pause, cancel ---
    ignore_errors_from_firmware: bool = False
    disconnect_on_errors: bool = True
    send_m112_on_error: bool = True
    log_position_on_pause: bool = True
    log_position_on_cancel: bool = False
    abort_heatup_on_cancel: bool = True
    enable_shutdown_action_command: bool = False

    # --- the machine's own card ---
    sd_cancel_command: Line = "M25"
    sd_relative_path: bool = False
    sd_always_available: bool = False
    sd_lower_case: bool = False
    wait_to_load_sd_file_list: bool = True
    disable_sd_printing_detection: bool = False

    # --- capabilities that are used when the firmware has them ---
    cap_autoreport_temp: bool = True
    cap_autoreport_sd_status: bool = True
    cap_autoreport_pos: bool = True
    cap_busy_protocol: bool = True
    cap_emergency_parser: bool = True
    cap_extended_m20: bool = True
    cap_lfn_write: bool = True
