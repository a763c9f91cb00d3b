"""What takes longer than a chapter may: `make experiments` runs it.

Every module of this package but `training` is one experiment. Its `run` is given a
function that prints progress, and returns what was found, in plain numbers, which goes
to a file in `book/results/`. Chapters read it there with `found`, draw it, and run its
beginning again beside it: `begins_like`.
"""

import ast
import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

FOLDER = Path(__file__).parent
RESULTS = FOLDER.parent / "book/results"
SHARED = {"__init__", "__main__", "training"}
NAMES = sorted({path.stem for path in FOLDER.glob("*.py")} - SHARED)


def found(name: str) -> dict[str, Any]:
    """Return what an experiment found, if it found it as it is written now."""
    file = RESULTS / f"{name}.json"
    again = f"run: make experiments NAMES={name}"
    if not file.exists():
        raise FileNotFoundError(f"no results of experiments/{name}.py; {again}")
    results = json.loads(file.read_text("utf-8"))
    if results["code"] != code(name):
        raise ValueError(
            f"experiments/{name}.py, or what it imports from experiments, has changed "
            f"since its results were found; {again}"
        )
    return results["found"]


def code(name: str) -> str:
    """Sum up an experiment's code and that of the modules here that it imports.

    What the layers compute is left to their own tests, and to the beginnings that the
    chapters run again.
    """
    total, todo, done = hashlib.sha256(), [name], set()
    while todo:
        one = todo.pop()
        if one in done:
            continue
        done.add(one)
        source = (FOLDER / f"{one}.py").read_text("utf-8")
        total.update(source.encode())
        todo += sorted(
            alias.name if node.module is None else node.module
            for node in ast.walk(ast.parse(source))
            if isinstance(node, ast.ImportFrom) and node.level == 1
            for alias in node.names
        )
    return total.hexdigest()


def begins_like(live: Sequence[float], stored: Sequence[float]) -> bool:
    """Whether numbers found now are those that the stored ones begin with.

    Two thousandths apart at most: last bits differ between processors, and training
    makes them grow, to 0.02 in 18.5 dB in the second pass of `inpainting`.
    """
    return np.allclose(live, stored[: len(live)], rtol=2e-3, atol=1e-3)


def plain(value: Any) -> Any:
    """Turn arrays and numbers of NumPy into what JSON knows, to six digits."""
    if isinstance(value, Mapping):
        return {str(key): plain(one) for key, one in value.items()}
    if isinstance(value, np.ndarray | list | tuple):
        return [plain(one) for one in value]
    if isinstance(value, float | np.floating):
        return float(f"{value:.6g}")
    return value.item() if isinstance(value, np.generic) else value
