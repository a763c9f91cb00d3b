"""Run experiments, two at a time: all, or those that are named.

python -m experiments digits faces
"""

import importlib
import json
import os
import platform
import re
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

# The last digits are then the same, and two experiments do not wait for each other.
os.environ["OPENBLAS_NUM_THREADS"] = "1"

import numpy as np

from . import NAMES, RESULTS, code, plain


def main(names: list[str]) -> None:
    if len(names) == 1:
        return run(names[0])
    if unknown := set(names) - set(NAMES):
        sys.exit(f"no such experiments: {', '.join(unknown)}; there are {NAMES}")
    with ThreadPoolExecutor(2) as pool:
        ended = list(pool.map(in_a_process, names or NAMES))
    if any(ended):
        sys.exit(1)


def in_a_process(name: str) -> int:
    return subprocess.call([sys.executable, "-m", "experiments", name])


def run(name: str) -> None:
    """Run one experiment and keep what it found."""
    if name not in NAMES:
        sys.exit(f"no such experiment: {name}; there are {', '.join(NAMES)}")
    start, before = time.monotonic(), code(name)

    def say(what: str) -> None:
        """Progress."""
        print(f"{time.monotonic() - start:7.0f} s  {name}: {what}", flush=True)

    say("begins")
    results = importlib.import_module(f"experiments.{name}").run(say)
    results = {
        "experiment": name,
        "code": before,
        "versions": {"python": platform.python_version(), "numpy": np.__version__},
        "found": plain(results),
    }
    RESULTS.mkdir(exist_ok=True)
    file = RESULTS / f"{name}.json"
    new = file.with_suffix(".new")
    text = json.dumps(results, indent=1)
    # A list of numbers is one line.
    text = re.sub(r"\[[^][{}]+\]", lambda m: " ".join(m[0].split()), text)
    new.write_text(text + "\n", "utf-8")
    new.replace(file)
    say(f"wrote {file.name}, {file.stat().st_size:,} bytes")


main(sys.argv[1:])
