"""What the tests of the book share."""

import subprocess
import sys
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
