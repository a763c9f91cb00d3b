"""What the tests of the book share, and what is said at the end of a run."""

import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

Build = Callable[[Path], subprocess.CompletedProcess[str]]


@pytest.fixture(scope="session")
def build_book() -> Build:
    """Return a function that builds the book in a folder, as `make book` does."""
    program = Path(sys.executable).with_name("jupyter-book")

    def build(folder: Path) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [program, "build", ".", "-W", "-n", "--keep-going"],
            cwd=folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
        )

    return build


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
