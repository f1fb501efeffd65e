"""Codes of an authenticator app: TOTP (RFC 6238) with SHA-1, six digits and steps of 30 s, which every app knows.

Invariants: pure; a code is taken for one step before and after the one that it is now, and never for a step that is
not newer than the last one of which a code was taken.
"""

from __future__ import annotations

STEP = 30
"""s that a code holds."""
DRIFT = 1
"""Steps that a clock may be early or late."""
DIGITS = 6


def new_secret() -> str:
    """A secret of 160 bits, in base32."""
    import pyotp  # noqa: PLC0415 - most servers never need it

    return pyotp.random_base32()


def enrolment_uri(secret: str, user: str, host: str) -> str:
    """What the QR code of an enrolment holds (`otpauth://…`)."""
    import pyotp  # noqa: PLC0415

    return pyotp.TOTP(secret, digits=DIGITS, interval=STEP).provisioning_uri(name=user, issuer_name=host)


def step_of(secret: str, code: str, now: float, last_step: int) -> int | None:
    """The time step that a code is of, or `None` when it is wrong or was taken before; `now` in unix seconds."""
    import pyotp  # noqa: PLC0415

    typed = "".join(code.split())
    if len(typed) != DIGITS or not (typed.isascii() and typed.isdigit()) or now < DRIFT * STEP:
        return None
    app = pyotp.TOTP(secret, digits=DIGITS, interval=STEP)
    try:
        step = app.verify_and_get_timecode(typed, for_time=now, valid_window=DRIFT)
    except pyotp.OTPVerificationError:
        return None
    return step if step > last_step else None
