"""Write benchmarks/results.md: every case beside its rivals, measured in one run.

Run with `make bench`, or `make bench THREADS=2`.
"""

import argparse
import platform
import sys
from collections.abc import Iterable, Iterator, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import measure
import numpy as np
import training
from cases import CASES, Case, upstream
from measure import Time
from memory import growth, memory
from rivals import rivals
from rivals.definitions import NAME as DEFINITION
from rivals.onnx_runtime import NAME as ONNX
from rivals.pytorch import LAST, NOTES, OWN, SECOND, USUAL
from rivals.with_jax import NAME as JAX
from rivals.with_scipy import NAME as SCIPY
from threadpoolctl import threadpool_info

import conv_notes as cn

RESULTS = Path(__file__).parent / "results.md"
RIVALS = (OWN, LAST, USUAL, SECOND, ONNX, JAX, SCIPY, DEFINITION)
TIMES = (
    *("case", "what", "way", "ours, ms", "best rival", "its ms", "ours ÷ best"),
    *("multiply-adds, M", "arrays, MB", "bound, ms", "by", "bound ÷ ours", *RIVALS),
)
MEMORY = (
    *("case", "what", "way", "arguments and result, MB", "columns of one image, MB"),
    *(
        "extra, MB",
        "extra ÷ columns",
        "time grows with batch, channels, size",
        "memory grows",
    ),
)
PACKAGES = ("numpy", "torch", "onnxruntime", "jax", "scipy")
TOLERANCE = 1e-3  # of the largest number of a result

HEAD = """\
# Speed, measured

Written by `make bench`. float32. Medians in milliseconds, with the quartiles in
brackets; all ways to compute a case take turns in one run, after each was seen to give
the same numbers. Backward is the pullback alone: for PyTorch `autograd.grad` on a graph
that is kept, for JAX the compiled pullback of `vjp`. Sizes are those of the input:
batch × channels × height × width.
"""
BOUND = """\
A *bound* is the longer of two times: the multiply-adds of the case at the rate of a
large matrix product, and its arrays, each read or written once, at the rate of the
fastest stream. A better kernel than NumPy's product can be a little faster than the
first, and arrays that stay in a cache faster than the second.
"""
GROWTH = """\
*Extra* is the peak of memory beyond arguments and what is returned; backward from the
arguments on, result and pullback together. *Grows*: exponents against batch, channels
and size, 1 where twice the input takes twice as long or twice the memory.
"""


def agree(name: str, expected: Sequence[Any], got: Iterable[Any]) -> None:
    """Nothing is timed that computes something else."""
    for a, b in zip(expected, map(np.asarray, got), strict=True):
        if a.shape != b.shape or not np.allclose(a, b, 0, TOLERANCE * np.abs(a).max()):
            raise ArithmeticError(f"{name} computes something else")


def time_case(
    case: Case, threads: int, budget: float
) -> Iterator[tuple[str, dict[str, Time]]]:
    """The times of all ways to compute a case: forward, then backward."""
    arrays = case.arrays()
    own = case.ours(arrays)
    y = own.forward()
    ways = {"ours": own, **rivals(case, arrays, upstream(y), threads)}
    for name, way in ways.items():
        agree(f"{case.key}: {name}", [y], [way.forward()])
    yield (
        "forward",
        measure.interleaved({n: w.forward for n, w in ways.items()}, budget),
    )
    if own.backward:
        backward = {name: way.backward for name, way in ways.items() if way.backward}
        expected = own.backward()
        for name, run in backward.items():
            agree(f"{case.key}: gradients of {name}", expected, run())
        yield "backward", measure.interleaved(backward, budget)


def time_others(budget: float) -> Iterator[tuple[str, str, str, dict[str, Time]]]:
    """The times of what is no op."""
    network = cn.vgg16()
    describe = {"ours": lambda: cn.summary(network, (3, 224, 224))}
    yield "n", "summary(vgg16())", "call", measure.interleaved(describe, budget)
    for size in (32, 128):
        ways = training.epochs(size)
        expected = ways["ours"]()
        for name, run in ways.items():
            agree(f"training: {name}", [np.array(expected)], [run()])
        what = f"training, whole-cnn, {training.TRAINED} × 1 × 28 × 28, batch {size}"
        yield f"o{size}", what, "epoch", measure.interleaved(ways, budget)


def limits(case: Case, way: str, peaks: dict[str, float]) -> list[Any]:
    """What has to be done, the seconds that takes at least, and what takes them."""
    arrays = case.arrays()
    macs, moved = case.work(way, arrays, case.ours(arrays).forward())
    least = {
        "arithmetic": macs / peaks["product"],
        "memory": moved / max(peaks[name] for name in ("read", "copy", "add")),
    }
    by = max(least, key=least.__getitem__)
    return [f"{macs / 1e6:.10g}", f"{moved / 1e6:.10g}", least[by], by]


def times_row(
    key: str, what: str, way: str, times: dict[str, Time], limits: Sequence[Any] = ()
) -> list[str]:
    ours, beside, near = times["ours"].median, [""] * 3, [""] * 5
    others = {name: time.median for name, time in times.items() if name != "ours"}
    if others:
        best = min(others, key=others.__getitem__)
        beside = [best, ms(others[best]), f"{ours / others[best]:.2f}"]
    if limits:
        *work, least, by = limits
        near = [*work, ms(least), by, f"{least / ours:.2f}"]
    columns = (spread(times[name]) if name in times else "" for name in RIVALS)
    return [key, what, way, spread(times["ours"]), *beside, *near, *columns]


def memory_rows(case: Case) -> Iterator[list[str]]:
    arrays = case.arrays()
    y = case.ours(arrays).forward()
    given = case.work("forward", arrays, y).moved
    columns, grows = case.columns(arrays, y), growth(case)
    for way, (_, extra) in memory(case, arrays).items():
        sizes = (f"{size / 1e6:.2f}" for size in (given, columns, extra))
        exponents = (" ".join(f"{v:.1f}" for v in part) for part in grows[way])
        share = f"{extra / columns:.2f}"
        yield [case.key, named(case), way, *sizes, share, *exponents]


def named(case: Case) -> str:
    n, c, s = case.sizes
    return f"{case.name}, {n} × {c} × {s} × {s}"


def spread(time: Time) -> str:
    return f"{ms(time.median)} ({ms(time.low)}–{ms(time.high)})"


def ms(seconds: float) -> str:
    """Milliseconds, three digits of them."""
    value = 1e3 * seconds
    return f"{value:.0f}" if value >= 100 else f"{value:#.3g}"


def markdown(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [columns, ["---"] * len(columns), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


def machine(threads: int, peaks: dict[str, float]) -> Iterator[tuple[str, str]]:
    yield "processor", processor()
    yield "threads", str(threads)
    yield "matrix product", f"{2e-9 * peaks['product']:.0f} Gflop/s"
    for name in ("read", "copy", "add"):
        yield f"stream, {name}", f"{1e-9 * peaks[name]:.1f} GB/s"
    yield "system", f"{platform.system()} {platform.machine()}"
    yield "Python", platform.python_version()
    for name in PACKAGES:
        try:
            yield name, version(name)
        except PackageNotFoundError:
            yield name, "not installed"
    yield from libraries()


def processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    names = (line.split(":")[1].strip() for line in lines if line[:10] == "model name")
    return next(names, platform.processor())


def libraries() -> Iterator[tuple[str, str]]:
    """What multiplies matrices, and what shares work out to threads."""
    for pool in threadpool_info():
        owner = Path(pool["filepath"]).parent.name
        words = (pool["internal_api"], pool["version"], pool.get("architecture"))
        said = " ".join(word for word in words if word)
        yield f"in {owner}", f"{said}, {pool['num_threads']} threads"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=5, help="for a line")
    parser.add_argument("--only", nargs="*", help="cases by letter; prints, not writes")
    options = parser.parse_args()
    measure.limit(options.threads)
    cases = [case for case in CASES if not options.only or case.key in options.only]

    before = measure.peaks(options.threads)
    measured, memories = [], []
    for case in cases:
        for way, found in time_case(case, options.threads, options.seconds):
            measured.append((case, way, found))
            print(
                *times_row(case.key, named(case), way, found)[:7], sep=" | ", flush=True
            )
        memories += memory_rows(case)
    after = measure.peaks(options.threads)
    peaks = {name: max(before[name], after[name]) for name in before}
    times = [
        times_row(case.key, named(case), way, found, limits(case, way, peaks))
        for case, way, found in measured
    ]
    if not options.only:
        times += [times_row(*line) for line in time_others(options.seconds)]
    notes = "\n".join(f"- {name}: {note}." for name, note in NOTES.items())
    parts = (
        *(HEAD, markdown(("machine", ""), machine(options.threads, peaks))),
        *("## Time\n", BOUND, markdown(TIMES, times), notes, ""),
        *("## Memory and growth\n", GROWTH, markdown(MEMORY, memories)),
    )
    text = "\n".join(parts)
    if options.only:
        sys.stdout.write(text)
    else:
        RESULTS.write_text(text, "utf-8")


if __name__ == "__main__":
    main()
