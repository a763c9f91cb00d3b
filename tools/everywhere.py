"""Run chapters as other machines would: `python tools/everywhere.py [CHAPTER ...]`.

The last digit of a sum depends on its order, and that on the processor and on how many
threads share the work. Here OpenBLAS takes this processor for others, with one thread
and with two, and nbval compares what the chapters say with what is committed. Printed
is a table: "equal", or the numbers of the cells that differ; below it, how.

SETTINGS="Haswell-1 Nehalem-2" tries these alone. Where NumPy has no OpenBLAS, as on a
newer Mac, the processor is taken for what it is.
"""

import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import nbformat
from run_notebooks import ROOT, notebooks

from conv_notes.table import Table

#: From the newest instructions to the oldest; three that run here are tried.
CORES = ("SkylakeX", "Haswell", "Nehalem", "Prescott", "NeoverseN1", "ARMV8")
ITSELF = "itself"
THREADS = 1, 2
FOUND = ROOT / "_build/everywhere"
PROBE = """
import numpy, threadpoolctl
numpy.ones((64, 64)) @ numpy.ones((64, 64))
print(*(it.get("architecture") for it in threadpoolctl.threadpool_info()))
"""
LINES, WIDTH = 12, 100  # of what is said about a cell


def main(*names: str) -> None:
    paths = [ROOT / f"book/{name}.ipynb" for name in names] or notebooks()
    settings = os.environ.get("SETTINGS", "").split() or [
        f"{core}-{threads}"
        for core in [core for core in CORES if runs(core)][:3] or [ITSELF]
        for threads in THREADS
    ]
    found = {setting: compared(setting, paths) for setting in settings}
    columns = ["chapter", *settings]
    rows = [
        [path.stem, *(summed(found[setting].get(path.stem)) for setting in settings)]
        for path in paths
    ]
    print(Table(columns, rows))
    for setting, chapters in found.items():
        for name, cells in chapters.items():
            for cell, text in cells.items():
                print(f"\n{setting}, {name}, cell {cell}:\n{text}")
    sys.exit(any(any(chapters.values()) for chapters in found.values()))


def runs(core: str) -> bool:
    """Whether this processor can be taken for another."""
    env = os.environ | {"OPENBLAS_CORETYPE": core}
    command = [sys.executable, "-c", PROBE]
    run = subprocess.run(command, env=env, capture_output=True, encoding="utf-8")
    return run.returncode == 0 and core.lower() in run.stdout.lower().split()


def compared(setting: str, paths: list[Path]) -> dict[str, dict[int, str]]:
    """Return of each chapter that was compared which cells differ, and how."""
    print(f"{setting} …", file=sys.stderr, flush=True)
    core, threads = setting.split("-")
    report = FOUND / f"{setting}.xml"
    env = os.environ | {
        "OPENBLAS_NUM_THREADS": threads,
        "VECLIB_MAXIMUM_THREADS": threads,
        "EXECUTED": str(FOUND / setting),
    }
    if core != ITSELF:
        env["OPENBLAS_CORETYPE"] = core
    pytest = [sys.executable, "-m", "pytest", "-q", f"--junitxml={report}", *paths]
    run = subprocess.run(pytest, cwd=ROOT, env=env, stdout=subprocess.PIPE)
    if run.returncode not in (0, 1):  # it is pytest that failed
        sys.exit(run.stdout.decode())
    return differing(report, paths)


def differing(report: Path, paths: list[Path]) -> dict[str, dict[int, str]]:
    """Read what pytest reports. nbval counts cells of code, and from 0."""
    code = {
        f"book.{path.name}": [
            number
            for number, cell in enumerate(nbformat.read(path, 4).cells, start=1)
            if cell.cell_type == "code"
        ]
        for path in paths
    }
    found: dict[str, dict[int, str]] = {}
    for case in ET.parse(report).iter("testcase"):
        chapter = case.get("classname", "")
        if chapter in code:
            cells = found.setdefault(chapter.split(".")[1], {})
            if (failure := case.find("failure")) is not None:
                number = int(case.get("name", "").removeprefix("Cell "))
                cells[code[chapter][number]] = shortened(failure.text or "")
    return found


def shortened(text: str) -> str:
    """The beginning of what nbval says after the cell's code, without its colours."""
    plain = re.sub(r"(\x1b|#x1B)\[\d*m", "", text).partition("Traceback:")[2]
    lines = [line for line in plain.splitlines() if line.strip()]
    return "\n".join(f"    {line[:WIDTH]}" for line in lines[:LINES])


def summed(cells: dict[int, str] | None) -> str:
    if cells is None:
        return "left out"
    return ", ".join(map(str, cells)) or "equal"


if __name__ == "__main__":
    main(*sys.argv[1:])
