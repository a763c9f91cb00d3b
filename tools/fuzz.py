"""Search at random over the property tests: `fuzz.py MINUTES`.

Two processes run the tests again and again, each round from another seed and in another
order. A test that fails is printed at once, with what to paste, and is left out of the
rounds that follow.
"""

import os
import random
import secrets
import sys
import time
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pytest

PASTE = """{line}
{test}, in a round from --hypothesis-seed={seed}

{text}

What was drawn is Python: after `from numpy import *` and `from strategies import Case`,
paste it into a test as `case = Case(...)`. Or decorate this one as the last line says.
{line}"""


class Search:
    """Stop when time is up; print and note what fails."""

    def __init__(self, end):
        self.end, self.seed, self.failed = end, 0, []

    def pytest_collection_modifyitems(self, items):
        random.Random(self.seed).shuffle(items)

    def pytest_runtest_logstart(self):
        if time.time() > self.end:
            pytest.exit("time is up", 0)

    def pytest_runtest_logreport(self, report):
        if report.failed:
            self.failed.append(report.nodeid)
            text = report.longreprtext.replace("\nE   ", "\n")
            shown = {"test": report.nodeid, "seed": self.seed, "text": text}
            print(PASTE.format(line="=" * 88, **shown), flush=True)

    @pytest.hookimpl(tryfirst=True)
    def pytest_report_teststatus(self):
        return "", "", ""  # no dot for each test


def search(end):
    """Rounds until `end`; exit with 1 if something failed."""
    os.environ["HYPOTHESIS_PROFILE"] = "fuzz"
    np.set_printoptions(threshold=sys.maxsize, floatmode="unique")
    found, rounds, status = Search(end), 0, 0
    options = ["tests/library", "-m", "hypothesis", "--numprocesses=0"]
    options += ["-qq", "--tb=short", "--show-capture=no", "--no-summary"]
    while time.time() < end and status in (0, 1):  # of 2, it is pytest that failed
        found.seed, rounds = secrets.randbits(32), rounds + 1
        left_out = [f"--deselect={test}" for test in found.failed]
        seed = f"--hypothesis-seed={found.seed}"
        status = pytest.main([*options, seed, *left_out], plugins=[found])
    print(f"{rounds} rounds, {len(found.failed)} tests failed", flush=True)
    sys.exit(status or bool(found.failed))


def main(minutes):
    os.chdir(Path(__file__).parents[1])
    end = time.time() + 60 * minutes
    context = get_context("spawn")
    searches = [context.Process(target=search, args=(end,)) for _ in range(2)]
    for process in searches:
        process.start()
    for process in searches:
        process.join(max(0, end + 60 - time.time()))
        if process.is_alive():  # in a test that hangs, or a failure hard to shrink
            print("stopped a test that was not done a minute after the time was up")
            process.kill()
            process.join()
    sys.exit(any(process.exitcode for process in searches))


if __name__ == "__main__":
    main(float(sys.argv[1]))
