"""How others compute the cases. Each module's `ways` says it for one library.

A library that is not installed has no ways; what it cannot do is not in its table.
"""

from collections.abc import Sequence
from importlib import import_module

import numpy as np
from cases import Arrays, Case, Way

MODULES = ("pytorch", "onnx_runtime", "with_jax", "with_scipy", "definitions")


def rivals(
    case: Case,
    arrays: Arrays,
    dy: np.ndarray,
    threads: int,
    modules: Sequence[str] = MODULES,
) -> dict[str, Way]:
    """Every way to compute a case but ours, by the name of its column."""
    found: dict[str, Way] = {}
    for name in modules:
        found |= import_module(f"rivals.{name}").ways(case, arrays, dy, threads)
    return found
