"""Every chapter is executed once, by the build or a test that needs it.

What an execution found is kept in `_build/executed`, a file for each
chapter, until something changes that it depends on. The build shows
it, and nbval compares it with the outputs that are committed.

A chapter may need a package that no other does: `"needs": "torch"` in its
metadata. Where that is not installed, it says what is committed, and nbval
leaves it out.
"""

import copy
import hashlib
import json
import os
import sys
import sysconfig
from collections.abc import Callable, Iterable
from datetime import datetime
from heapq import nlargest
from importlib.util import find_spec
from pathlib import Path
from threading import Thread
from typing import Any, TypeVar

import nbformat
from filelock import FileLock
from nbclient import NotebookClient
from nbformat import NotebookNode

ROOT = Path(__file__).parents[2]
STORE = Path(os.environ.get("EXECUTED", ROOT / "_build/executed"))

# What any chapter depends on besides its own code, the environment and
# how it is executed; and files on which those chapters depend whose
# code names one of the kind, as patterns with spaces between them.
INPUTS = (
    "conv_notes/**/*.py",
    "!conv_notes/torch/*",
    "constraints.txt",
    "book/_ext/executions.py",
)
NAMED = {
    ".ipynb": "book/*.ipynb",
    ".yml": "book/*.yml",
    "results.md": "benchmarks/results.md",
    "results_torch.md": "benchmarks/results_torch.md",
    "conv_notes.torch": "conv_notes/torch/*.py",
    "experiments": "experiments/*.py",
    "examples.rows": "examples/*.py",
    "found(": "book/results/*.json",
    "tools.contents": "tools/contents.py _toc.yml book/*.ipynb book/*.md",
}

# The chapters multiply many small matrices, for which one thread is
# quicker; and the last digits are then the same everywhere.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

# What a notebook becomes: its `metadata`, and of the code cells in
# turn the `outputs` and how many `seconds` each took.
Execution = dict[str, Any]

T = TypeVar("T")


def executed(path: Path, notebook: NotebookNode) -> Execution:
    """Return what a notebook says, and execute it if that is not known.

    Whoever needs it meanwhile, in another process too, waits for it.
    What nbclient raises if a cell fails is not kept but raised.
    """
    file = STORE / f"{path.stem}.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(file.with_suffix(".lock")):
        if found := stored(path, notebook):
            return found
        before = state(notebook)
        copied = copy.deepcopy(notebook)
        seconds = execute(copied, path.parent)
        found = {
            "metadata": copied.metadata,
            "outputs": [cell.outputs for cell in code(copied)],
            "seconds": seconds,
        }
        content = json.dumps(found)
        # Not if something was edited meanwhile: what was executed?
        if before == state(notebook):
            new = file.with_suffix(".new")
            new.write_text(f"{seal(before, content)}\n{content}", "utf-8")
            new.replace(file)
        return json.loads(content)


def stored(path: Path, notebook: NotebookNode) -> Execution | None:
    """Return what a notebook says, if it was executed as all now is.

    The first line of a file seals the rest of it and what it depends on.
    """
    if lacking(notebook):
        outputs = [cell.outputs for cell in code(notebook)]
        seconds = [0.0 for _ in outputs]
        return {"metadata": {}, "outputs": outputs, "seconds": seconds}
    file = STORE / f"{path.stem}.json"
    try:
        line, content = file.read_text("utf-8").split("\n", 1)
    except (OSError, ValueError):  # no file, or not what was written
        return None
    good = line == seal(state(notebook), content)
    return json.loads(content) if good else None


def seal(state: str, content: str) -> str:
    return hashlib.sha256(f"{state}\n{content}".encode()).hexdigest()


def state(notebook: NotebookNode) -> str:
    """Sum up all that a notebook's outputs depend on."""
    cells = [[cell.source, cell.metadata.get("tags", [])] for cell in code(notebook)]
    packages = Path(sysconfig.get_path("purelib")).glob("*.dist-info")
    parts = [
        cells,
        digest([*INPUTS, *named(notebook)]),
        sys.version,
        sorted(path.name for path in packages),
        os.environ["OPENBLAS_NUM_THREADS"],
        os.environ.get("OPENBLAS_CORETYPE"),
    ]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def lacking(notebook: NotebookNode) -> list[str]:
    """Return the packages that a notebook says it needs and that are not here."""
    return [name for name in needs(notebook) if not find_spec(name)]


def needs(notebook: NotebookNode) -> list[str]:
    """Return the packages that a notebook says it needs."""
    return notebook.metadata.get("needs", "").split()


def files(patterns: Iterable[str]) -> list[Path]:
    """Return the files that match; "!pattern" takes out what came before it."""
    found: set[Path] = set()
    for pattern in patterns:
        paths = ROOT.glob(pattern.removeprefix("!"))
        some = {path for path in paths if path.is_file()}
        found = found - some if pattern.startswith("!") else found | some
    return sorted(found)


def digest(patterns: Iterable[str]) -> str:
    """Sum up the names and contents of the files that match."""
    total = hashlib.sha256()
    for path in files(patterns):
        total.update(path.relative_to(ROOT).as_posix().encode())
        total.update(hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()


def named(notebook: NotebookNode) -> list[str]:
    """Return patterns of the files that the code may read."""
    source = "".join(cell.source for cell in code(notebook))
    return " ".join(NAMED[kind] for kind in NAMED if kind in source).split()


def code(notebook: NotebookNode) -> list[NotebookNode]:
    """Return the code cells."""
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def execute(notebook: NotebookNode, folder: Path) -> list[float]:
    """Execute a notebook; return how many seconds each code cell took."""
    NotebookClient(
        notebook,
        timeout=600,
        kernel_name="python3",
        coalesce_streams=True,
        # Not that it listens on this machine, at every start.
        extra_arguments=["--IPKernelApp.log_level=ERROR"],
        resources={"metadata": {"path": folder}},
    ).execute()
    return [duration(cell.metadata.pop("execution", {})) for cell in code(notebook)]


def duration(times: dict[str, str]) -> float:
    """Return for how many seconds the kernel was busy with a cell."""
    if not times:  # nothing to execute
        return 0
    start, end = (
        datetime.fromisoformat(times[f"iopub.status.{state}"])
        for state in ("busy", "idle")
    )
    return (end - start).total_seconds()


def two_at_a_time(function: Callable[[T], Any], items: Iterable[T]) -> dict[T, Any]:
    """Return what a function returns for each item, or raises.

    An interrupted program need not wait for these threads, as it would
    for those of an executor.
    """
    rest, results = iter(list(items)), {}

    def work() -> None:
        for item in rest:
            try:
                results[item] = function(item)
            except Exception as error:
                results[item] = error

    threads = [Thread(target=work, daemon=True) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def slowest(paths: Iterable[Path]) -> str:
    """Say which cells of these notebooks took longest."""
    took = []
    for path in paths:
        notebook = nbformat.read(path, as_version=4)
        numbers = [
            number
            for number, cell in enumerate(notebook.cells, start=1)
            if cell.cell_type == "code"
        ]
        if found := stored(path, notebook):
            names = [f"{path.name}, cell {number}" for number in numbers]
            took += zip(found["seconds"], names, strict=True)
    lines = [f"{seconds:7.1f} s  {name}" for seconds, name in nlargest(10, took)]
    return "\n".join(["slowest cells:", *lines])
