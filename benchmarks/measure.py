"""The clock, and the two limits of the machine."""

import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np
from threadpoolctl import threadpool_limits

Run = Callable[[], object]

TURN = 0.05  # seconds that a way has, each time that it is its turn
TURNS = 7


class Time(NamedTuple):
    """Seconds: the median, and the quartiles."""

    median: float
    low: float
    high: float


def quiet() -> None:
    """Wait until no thread of this process computes.

    OpenBLAS's threads go on turning for a tenth of a second after a product, and those
    of others for some hundredths. Whoever came next would share the cores with them.
    """
    for _ in range(100):
        wall, cpu = time.perf_counter(), time.process_time()
        time.sleep(0.004)
        if time.process_time() - cpu < 0.1 * (time.perf_counter() - wall):
            return


def interleaved(ways: dict[str, Run], budget: float, least: int = 3) -> dict[str, Time]:
    """Time several ways to compute the same, in turns, for so many seconds in all.

    All so meet the same state of the machine. A turn begins with a run that is not
    counted and fills the caches. Some turns are taken whatever the budget.
    """
    found: dict[str, list[float]] = {name: [] for name in ways}
    start = time.perf_counter()
    for turn in range(TURNS):
        if turn >= least and time.perf_counter() - start > budget:
            break
        for name, run in ways.items():
            quiet()
            run()
            begin = time.perf_counter()
            while True:
                now = time.perf_counter()
                run()
                end = time.perf_counter()
                found[name].append(end - now)
                if end - begin > TURN:
                    break
    return {name: _summed_up(times) for name, times in found.items()}


def _summed_up(times: list[float]) -> Time:
    low, median, high = map(float, np.quantile(times, (0.25, 0.5, 0.75)))
    return Time(median, low, high)


def peaks(threads: int) -> dict[str, float]:
    """Multiply-adds a second of a large product; bytes a second of a large stream.

    Three streams: reading, copying, and adding two arrays into a third. NumPy has one
    thread for each, so that the arrays are cut into parts here. A limit is what the
    machine reaches when nothing disturbs it: the lower quartile of the times.
    """
    n = 2048
    a = np.ones((n, n), np.float32)
    out = np.empty_like(a)
    parts = np.ones((3, threads, 2**24), np.float32)  # 64 MiB each, beyond any cache
    streams: dict[str, tuple[Callable[[int], object], int]] = {
        "read": (lambda t: parts[0, t].max(), 1),
        "copy": (lambda t: np.copyto(parts[1, t], parts[0, t]), 2),
        "add": (lambda t: np.add(parts[0, t], parts[1, t], out=parts[2, t]), 3),
    }
    with ThreadPoolExecutor(threads) as pool:
        ways: dict[str, Run] = {"product": lambda: np.matmul(a, a, out=out)}
        for name, (stream, _) in streams.items():
            ways[name] = lambda stream=stream: list(pool.map(stream, range(threads)))
        times = interleaved(ways, 10.0)
    size = 4 * parts[0].size
    found = {name: k * size / times[name].low for name, (_, k) in streams.items()}
    return {"product": n**3 / times["product"].low, **found}


def limit(threads: int) -> None:
    """Let all libraries of this process have so many cores.

    Those that are loaded have made their threads, and are told how many to use.
    """
    if hasattr(os, "sched_setaffinity"):  # Linux
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:threads])
    threadpool_limits(threads)
