"""Codes of an authenticator app: which time step they are of, and that none is taken twice."""

import pyotp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mrdraw.accounts.totp import DRIFT, STEP, enrolment_uri, new_secret, step_of

SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
"""Of RFC 6238, appendix B: the 20 bytes `12345678901234567890`."""
NEVER = -1
times = st.integers(STEP * DRIFT, 2**33)


def code_at(step):
    return pyotp.TOTP(SECRET).generate_otp(step)


@pytest.mark.parametrize(
    ("now", "code"), [(59, "287082"), (1111111109, "081804"), (1234567890, "005924"), (20000000000, "353130")]
)
def test_the_codes_of_the_standard(now, code):
    assert step_of(SECRET, code, now, NEVER) == now // STEP
    assert step_of(SECRET, f" {code[:3]} {code[3:]}\n", now, NEVER) == now // STEP


@given(now=times, drift=st.integers(-5, 5))
def test_a_clock_may_be_one_step_early_or_late(now, drift):
    step = now // STEP + drift
    if step < 0:
        return
    found = step_of(SECRET, code_at(step), now, NEVER)
    if abs(drift) <= DRIFT:
        assert found is not None
        assert abs(found - now // STEP) <= DRIFT
    else:
        assert found is None or code_at(found) == code_at(step)  # one code in a million is the same


@given(now=times, tries=st.lists(st.integers(-2, 2), min_size=1, max_size=12))
def test_no_code_is_taken_twice(now, tries):
    last, taken = NEVER, []
    for drift in tries:
        found = step_of(SECRET, code_at(max(0, now // STEP + drift)), now, last)
        if found is not None:
            assert found > last
            taken.append(found)
            last = found
    assert len(set(taken)) == len(taken)


@given(st.text(max_size=12))
def test_whatever_is_no_code_is_wrong(typed):
    found = step_of(SECRET, typed, 1_800_000_000, NEVER)
    assert found is None or code_at(found) == "".join(typed.split())


@pytest.mark.parametrize("typed", ["", "12345", "1234567", "١٢٣٤٥٦", "12345a", "-12345", "²²²²²²"])
def test_six_digits_of_ascii(typed):
    assert step_of(SECRET, typed, 1_800_000_000, NEVER) is None


def test_a_clock_at_its_very_beginning_takes_none():
    assert step_of(SECRET, code_at(0), 0.0, NEVER) is None


def test_what_an_app_is_given():
    secret = new_secret()
    assert len(secret) == 32
    assert secret != new_secret()
    told = pyotp.parse_uri(enrolment_uri(secret, "ann smith", "Shed"))
    assert (told.secret, told.name, told.issuer) == (secret, "ann smith", "Shed")
