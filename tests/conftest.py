"""What the tests of the book share, and what is said at the end of a run."""

import subprocess
import sys
import textwrap
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

Result = subprocess.CompletedProcess[str]


@pytest.fixture(scope="session")
def jupyter_book() -> Callable[..., Result]:
    """Return a function that runs Jupyter Book in a folder, as the Makefile does."""
    program = "from jupyter_book.cli.main import main; main()"

    def run(folder: Path, *arguments: str) -> Result:
        return subprocess.run(
            [sys.executable, "-c", program, *arguments],
            cwd=folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
        )

    return run


@pytest.fixture(scope="session")
def build_book(jupyter_book) -> Callable[[Path], Result]:
    """Return a function that builds the book in a folder, as `make book` does."""
    return lambda folder: jupyter_book(folder, "build", ".", "-W", "-n", "--keep-going")


def pytest_terminal_summary(terminalreporter):
    """Say how many tests of each suite passed, how many ONNX cases, what pages weigh.

    All of it comes with the reports, so that it also arrives here when the tests ran in
    other processes.
    """
    passed, skipped, whole, onnx = Counter(), Counter(), set(), Counter()
    found = left_out = {}
    weights = []
    for report in terminalreporter.stats.get("passed", []):
        passed[suite(report)] += 1
        properties = dict(report.user_properties)
        onnx[properties.get("onnx passed")] += 1
        found = properties.get("onnx found", found)
        left_out = properties.get("onnx left out", left_out)
        if "weight" in properties:
            weights.append(properties["weight"])
    for report in terminalreporter.stats.get("skipped", []):
        if report.when == "collect":  # a whole file, said once by each process
            path = Path(report.nodeid)
            whole.add(path.name if path.suffix == ".ipynb" else suite(report))
        else:
            skipped[suite(report)] += 1
    counts = [f"{name} {n}" for name, n in passed.items()]
    counts += [f"{name} skipped {n}" for name, n in skipped.items()]
    counts += [f"{name} skipped" for name in whole]
    if counts:
        write(terminalreporter, "passed", sorted(counts))
    if found:
        counts = [f"{op} {onnx[op]} of {n}" for op, n in found.items()]
        write(terminalreporter, "ONNX node cases", counts)
        counts = [f"{reason} ({n})" for reason, n in left_out.items()]
        write(terminalreporter, "  left out", counts)
    if weights:
        head = "first view", "wide", "bytes", "gzip"
        terminalreporter.write_line("{:28} {:>5} {:>10} {:>9}".format(*head))
        for weight in sorted(weights):
            line = "{:28} {:>5} {:>10,} {:>9,}".format(*weight)
            terminalreporter.write_line(line)


def suite(report):
    """What the tests of a file are called: after the file, if it is one of tests."""
    path = Path(report.nodeid.partition("::")[0])
    if path.suffix == ".ipynb":
        return "cells of chapters"
    if not path.name.startswith("test_"):
        return "doctests"
    return path.stem.removeprefix("test_").replace("_", " ")


def write(terminalreporter, title, counts):
    text = f"{title}: {', '.join(counts)}"
    terminalreporter.write_line(textwrap.fill(text, 88, subsequent_indent="    "))
