"""Values that clients send."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mrdraw.errors import InvalidValue
from mrdraw.server import values

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)


@pytest.mark.parametrize("value", [True, 1, 1.0, "true", "Yes", "Y", "1", " TRUE "])
def test_what_counts_as_true(value):
    assert values.is_true(value)


@pytest.mark.parametrize("value", [False, 0, 2, None, "", "no", "on", [], [1], {}, "false", math.nan])
def test_what_does_not(value):
    assert not values.is_true(value)


def outcome(check, value):
    """Whether a value was taken, and what was said if not."""
    try:
        check(value, "speed")
    except InvalidValue as error:
        return False, str(error)
    return True, ""


@given(JSON)
def test_every_value_is_taken_or_refused_in_words(value):
    for check in (values.number, values.whole_number, values.text, values.mapping, values.sequence, values.factor):
        taken, said = outcome(check, value)
        assert taken != ("speed" in said)


@pytest.mark.parametrize("value", [10**400, math.inf, math.nan, 1e13])
def test_what_is_no_number_of_this_world(value):
    with pytest.raises(InvalidValue, match="finite"):
        values.number(value, "x")


def test_an_endless_number():
    with pytest.raises(InvalidValue, match="finite"):
        values.number(-(10**5000), "x")


@given(JSON)
def test_numbers_are_finite_and_no_truth_values(value):
    try:
        taken = values.number(value, "x")
    except InvalidValue:
        return
    assert math.isfinite(taken)
    assert not isinstance(value, bool | str)


@pytest.mark.parametrize(("value", "percent"), [(100, 100), (1, 1), (1.0, 100), (0.75, 75), (0.999, 99), (2.5, 250)])
def test_factors(value, percent):
    assert values.factor(value) == percent


@pytest.mark.parametrize("value", [0, -5, 0.001, True, "100", None, math.inf, 10**9])
def test_no_factors(value):
    with pytest.raises(InvalidValue, match="factor"):
        values.factor(value)


def test_words_are_named():
    assert values.one_of("x", ("x", "y"), "axis") == "x"
    with pytest.raises(InvalidValue, match="accepted are: x, y"):
        values.one_of("q", ("x", "y"), "axis")
    with pytest.raises(InvalidValue, match="axis"):
        values.one_of(["x"], ("x", "y"), "axis")
