"""Measure `conv_notes.torch` beside the recipes in use; `make bench` writes the table.

Time is taken with all ways in turns; memory in a process of its own for each of them.
"""

import argparse
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import measure
import torch
from rivals import pytorch
from run import machine, markdown, ms, spread

import conv_notes.torch as ct

Tensor = torch.Tensor
Shape = tuple[int, ...]
RESULTS = Path(__file__).parent / "results_torch.md"

USUAL = "usual"
RECIPES: dict[str, dict[str, Callable[..., Tensor]]] = {
    "local_conv2d": {
        USUAL: pytorch.local_einsum,
        "loop": pytorch.local_loop,
        "product": pytorch.local_product,
    },
    "tiled_conv2d": {USUAL: pytorch.tiled_in_place, "product": pytorch.tiled_shuffled},
    "netvlad": {
        USUAL: pytorch.netvlad_loop,
        "residuals": pytorch.netvlad_residuals,
        "product": pytorch.netvlad_products,
    },
}
HEAD = """# `conv_notes.torch`, measured

Written by `make bench`. float32. Medians in milliseconds, with the quartiles in
brackets; all ways to compute a case take turns in one run, after each was seen to give
the same numbers. Backward is `autograd.grad` on a graph that is kept. Memory is what a
process of its own takes at the peak beyond arguments and results, of a forward pass
that keeps nothing, and of both together.

- *usual*: unshared: unfold and einsum; tiled: t² strided convolutions, each written
  into its places; NetVLAD: a loop over the centres, as in the most used port.
- *loop*: unshared: a product for each position.
- *residuals*: NetVLAD: all residuals at once, as in another port.
- *product*: unshared: windows copied once and one batched product; tiled: t² strided
  convolutions, stacked and shuffled; NetVLAD: two products.
"""


class Case(NamedTuple):
    """A function, the shapes of its tensors, and its options."""

    key: str
    name: str
    function: str
    shapes: dict[str, Shape]
    options: dict[str, Any]

    def tensors(self) -> list[Tensor]:
        torch.manual_seed(0)
        made = [torch.randn(shape) for shape in self.shapes.values()]
        return [tensor.requires_grad_() for tensor in made]

    def ways(self) -> dict[str, Callable[..., Tensor]]:
        recipes = {"ours": getattr(ct, self.function), **RECIPES[self.function]}
        return {name: partial(way, **self.options) for name, way in recipes.items()}


def unshared(
    key: str, name: str, n: int, x: Shape, weight: Shape, **options: int
) -> Case:
    shapes = {"x": (n, *x), "weight": weight}
    return Case(f"{key}, {n}", f"{name}, batch {n}", "local_conv2d", shapes, options)


CASES = [
    case
    for n in (1, 8, 32)
    for case in (
        unshared("L4", "DeepFace L4", n, (16, 63, 63), (55, 55, 16, 16, 9, 9)),
        unshared(
            "L5", "DeepFace L5", n, (16, 55, 55), (25, 25, 16, 16, 7, 7), stride=2
        ),
        unshared("L6", "DeepFace L6", n, (16, 25, 25), (21, 21, 16, 16, 5, 5)),
        unshared(
            "YOLO",
            "YOLOv1, 7 × 7, 1024 → 256",
            n,
            (1024, 7, 7),
            (7, 7, 256, 1024, 3, 3),
            padding=1,
        ),
    )
]
CASES += [
    Case(
        f"tiled, {t}",
        f"tiled 3 × 3, t = {t}, 8 × 64 × 56 × 56",
        "tiled_conv2d",
        {"x": (8, 64, 56, 56), "weight": (t, t, 64, 64, 3, 3)},
        {"padding": 1},
    )
    for t in (2, 3)
]
CASES.append(
    Case(
        "NetVLAD",
        "NetVLAD, 64 centres, 8 × 512 × 30 × 40",
        "netvlad",
        {
            "x": (8, 512, 30, 40),
            "weight": (64, 512),
            "bias": (64,),
            "centers": (64, 512),
        },
        {},
    )
)


def times(case: Case, seconds: float) -> Iterator[tuple[str, dict[str, measure.Time]]]:
    """Forward and backward, all ways in turns, once they were seen to agree."""
    tensors, forward, backward = case.tensors(), {}, {}
    dy, expected = None, []
    for name, way in case.ways().items():
        y = way(*tensors)
        dy = torch.randn_like(y) if dy is None else dy
        found = [y, *torch.autograd.grad(y, tensors, dy, retain_graph=True)]
        expected = expected or found  # ours
        for a, b in zip(found, expected, strict=True):
            torch.testing.assert_close(
                a, b, rtol=1e-3, atol=1e-3 * b.abs().max().item()
            )
        del found
        forward[name] = partial(_forward, way, tensors)
        backward[name] = partial(torch.autograd.grad, y, tensors, dy, retain_graph=True)
    del expected
    yield "forward", measure.interleaved(forward, seconds)
    yield "backward", measure.interleaved(backward, seconds)


def _forward(way: Callable[..., Tensor], tensors: list[Tensor]) -> Tensor:
    with torch.no_grad():
        return way(*tensors)


def peak(case: Case, name: str) -> list[int]:
    """Bytes beyond arguments and results: of a forward pass, and of both."""
    way, tensors = case.ways()[name], case.tensors()
    dy = torch.randn_like(_forward(way, tensors))
    _both(way, tensors, dy)  # loads the code
    found = []
    for run in (lambda: [_forward(way, tensors)], lambda: _both(way, tensors, dy)):
        before = _reset()
        result = run()
        returned = sum(tensor.nbytes for tensor in result)
        found.append(_status("VmHWM") - before - returned)
        del result
    return found


def _both(
    way: Callable[..., Tensor], tensors: list[Tensor], dy: Tensor
) -> list[Tensor]:
    y = way(*tensors)
    return [y, *torch.autograd.grad(y, tensors, dy)]


def _reset() -> int:
    """What the process has now, which from now on is its peak."""
    Path("/proc/self/clear_refs").write_text("5")
    return _status("VmRSS")


def _status(field: str) -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(1024 * int(line.split()[1]) for line in lines if line.startswith(field))


def peaks(case: Case) -> dict[str, list[int]]:
    """Each way's in a process of its own, in which what is freed is given back."""
    found, settings = {}, os.environ | {"MALLOC_MMAP_THRESHOLD_": "65536"}
    for name in case.ways():
        command = [sys.executable, __file__, "--peak", case.key, name]
        run = subprocess.run(
            command, check=True, capture_output=True, text=True, env=settings
        )
        found[name] = [int(word) for word in run.stdout.split()]
    return found


def row(case: Case, way: str, found: dict[str, measure.Time]) -> list[str]:
    ours = found["ours"].median
    others = {name: time.median for name, time in found.items() if name != "ours"}
    best = min(others, key=others.__getitem__)
    ratios = f"{ours / others[best]:.2f}", f"{others[USUAL] / ours:.1f}"
    columns = (spread(found[name]) if name in found else "" for name in COLUMNS)
    return [case.name, way, ms(ours), best, *ratios, *columns]


def memory_row(case: Case, found: dict[str, list[int]]) -> list[str]:
    cells = [case.name]
    for k in (0, 1):
        ours, usual = found["ours"][k], found[USUAL][k]
        cells.append(f"{ours / usual:.2f}" if usual > 0 else "")
    for name in COLUMNS:
        sizes = (f"{size / 1e6:.0f}" for size in found.get(name, []))
        cells.append(" / ".join(sizes))
    return cells


COLUMNS = ("ours", USUAL, "loop", "residuals", "product")
TIMES = "case", "way", "ours", "best recipe", "ours ÷ best", "usual ÷ ours"
MEMORY = "case", "ours ÷ usual, forward", "ours ÷ usual, both"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=5, help="for a line")
    parser.add_argument("--only", nargs="*", help="cases by key; prints, not writes")
    parser.add_argument("--peak", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    measure.limit(options.threads)
    torch.set_num_threads(options.threads)
    named = {case.key: case for case in CASES}
    if options.peak:
        key, name = options.peak
        print(*peak(named[key], name))
        return
    cases = [named[key] for key in options.only or named]
    limits = measure.peaks(options.threads)
    rows, memories = [], []
    for case in cases:
        for way, found in times(case, options.seconds):
            rows.append(row(case, way, found))
            print(*rows[-1], sep=" | ", flush=True)
        memories.append(memory_row(case, peaks(case)))
        print(*memories[-1], sep=" | ", flush=True)
    text = "\n".join(
        (
            HEAD,
            markdown(("machine", ""), machine(options.threads, limits)),
            "## Time\n",
            markdown((*TIMES, *COLUMNS), rows),
            "## Memory, in MB: forward / both\n",
            markdown((*MEMORY, *COLUMNS), memories),
        )
    )
    if not options.only:
        RESULTS.write_text(text, "utf-8")


if __name__ == "__main__":
    main()
