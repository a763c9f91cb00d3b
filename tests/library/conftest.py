"""Settings of the library's tests: the same examples on every machine, every day.

`make fuzz` asks for the other profile, which searches at random.
"""

import os

import numpy as np
import pytest
from hypothesis import HealthCheck, settings
from hypothesis.internal.conjecture import providers

PROFILES = {
    "same": {"derandomize": True, "suppress_health_check": [HealthCheck.too_slow]},
    "fuzz": {"derandomize": False, "suppress_health_check": list(HealthCheck)},
}
for profile, options in PROFILES.items():
    settings.register_profile(
        profile, database=None, deadline=None, print_blob=True, **options
    )
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "same"))
# Left to itself, Hypothesis also draws numbers that stand in the code imported so far:
# an example would depend on which other tests run, and on the folder's name.
providers._get_local_constants = lambda: providers._local_constants


@pytest.fixture
def rng():
    return np.random.default_rng(0)
