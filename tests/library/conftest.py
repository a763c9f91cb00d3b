"""Settings of the library's tests."""

import os

import numpy as np
import pytest
from hypothesis import settings

settings.register_profile("library", deadline=None, derandomize="CI" in os.environ)
settings.load_profile("library")


@pytest.fixture
def rng():
    return np.random.default_rng(0)
