"""Profiles of hypothesis: `default` is quick and always tries the same examples, `thorough` takes its
time, `soak` takes hours.

``HYPOTHESIS_PROFILE=thorough pytest`` chooses another one. After the last test all logs are searched for keys.
"""

from __future__ import annotations

import logging
import os

import pytest
from hypothesis import HealthCheck, settings

from helpers_leaks import Heard, Keys, leaked

_COMMON = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow, HealthCheck.data_too_large]}

settings.register_profile("default", max_examples=50, derandomize=True, **_COMMON)
settings.register_profile("thorough", max_examples=2000, print_blob=True, **_COMMON)
settings.register_profile("soak", max_examples=100_000, print_blob=True, **_COMMON)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))


@pytest.fixture(scope="session", autouse=True)
def no_key_in_any_log(tmp_path_factory):
    """No key, session or token that was made in the run stands in any log that it left."""
    heard = Heard()
    logging.getLogger().addHandler(heard)
    with Keys() as keys:
        yield keys
    logging.getLogger().removeHandler(heard)
    assert not heard.words & keys.known, "a key was logged"
    assert leaked(tmp_path_factory.getbasetemp(), keys.known) == []
