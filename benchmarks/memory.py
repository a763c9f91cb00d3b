"""Memory, and how it and time grow: tracemalloc sees every array of NumPy."""

import tracemalloc
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from cases import Arrays, Case, Sizes, first, upstream
from measure import interleaved

MANY = Sizes(8, 8, 16)  # so much is divided; less is multiplied


class Memory(NamedTuple):
    """Bytes of what is returned, and at the peak beyond that and the arguments."""

    returned: int
    extra: int


def memory(case: Case, arrays: Arrays) -> dict[str, Memory]:
    """Of the op; and of its pullback from the arguments on.

    What the pullback keeps in between belongs to the second.
    """
    options = case.keywords(arrays)
    found = {"forward": _traced(lambda: case.op(**arrays, **options))}
    if hasattr(case.op, "vjp"):
        dy = upstream(first(case.op(**arrays, **options)))

        def both() -> object:
            y, pullback = case.op.vjp(**arrays, **options)
            return y, pullback(dy)

        found["backward"] = _traced(both)
    return found


def _traced(run: Callable[[], object]) -> Memory:
    run()  # what is kept for later calls is not counted
    tracemalloc.start()
    result = run()
    after, peak = tracemalloc.get_traced_memory()
    del result
    tracemalloc.stop()
    return Memory(after, peak - after)


class Growth(NamedTuple):
    """Exponents against batch, channels and size."""

    time: list[float]
    memory: list[float]


def growth(case: Case) -> dict[str, Growth]:
    """How time and memory, arguments left out, grow.

    Measured at a quarter, a half and all of what the case has along an axis; where that
    is little, at once, twice and four times as much.
    """
    found: dict[str, Growth] = {}
    for axis, full in enumerate(case.sizes):
        least = full // 4 if full >= MANY[axis] else full
        counts = [least, 2 * least, 4 * least]
        times: dict[str, list[float]] = {}
        bytes_: dict[str, list[float]] = {}
        for count in counts:
            sizes = list(case.sizes)
            sizes[axis] = count
            arrays = case.arrays(Sizes(*sizes))
            ways = case.ours(arrays)
            runs = {way: run for way, run in ways._asdict().items() if run}
            for way, time in interleaved(runs, budget=0, least=1).items():
                times.setdefault(way, []).append(time.median)
            for way, used in memory(case, arrays).items():
                bytes_.setdefault(way, []).append(sum(used))
        for way in times:
            grown = found.setdefault(way, Growth([], []))
            grown.time.append(_exponent(counts, times[way]))
            grown.memory.append(_exponent(counts, bytes_[way]))
    return found


def _exponent(x: Sequence[float], y: Sequence[float]) -> float:
    """The slope of a line between logarithms."""
    return float(np.polyfit(np.log(x), np.log(y), 1)[0])
