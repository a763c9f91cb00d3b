"""The code is formatted, linted and typed; the benchmark needs nothing optional."""

import runpy
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize(
    "command", ["ruff check", "ruff format --check --diff", "mypy"], ids=str.split
)
def test_code_is_clean(command):
    result = subprocess.run(
        [sys.executable, "-m", *command.split()],
        cwd=ROOT,
        capture_output=True,
        encoding="utf-8",
    )
    assert result.returncode == 0, result.stdout + result.stderr


def test_benchmarks_need_nothing_optional():
    cases = runpy.run_path(str(ROOT / "benchmarks/run.py"))["cases"]()
    for name, case in cases.items():
        assert "ours" in case, name
