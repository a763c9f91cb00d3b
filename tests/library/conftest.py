"""Settings of the library's tests."""

import os
from collections import Counter

import numpy as np
import pytest
from hypothesis import settings

settings.register_profile("library", deadline=None, derandomize="CI" in os.environ)
settings.load_profile("library")


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def pytest_terminal_summary(terminalreporter):
    """Say how many ONNX cases passed, of how many there are, and why the rest did not.

    The numbers come with the reports of test_onnx.py, so that they also arrive here
    when the tests ran in other processes.
    """
    passed = Counter()
    found = left_out = {}
    for report in terminalreporter.stats.get("passed", []):
        properties = dict(report.user_properties)
        passed[properties.get("onnx passed")] += 1
        found = properties.get("onnx found", found)
        left_out = properties.get("onnx left out", left_out)
    if found:
        counts = ", ".join(f"{op} {passed[op]} of {n}" for op, n in found.items())
        terminalreporter.write_line(f"ONNX node cases: {counts}")
        for reason, n in left_out.items():
            terminalreporter.write_line(f"  {n} left out: {reason}")
