"""Maps of layers in strips, one below the other, that answer when pointed at."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from math import ceil, gcd

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import PathPatch
from matplotlib.path import Path

from .._checks import FloatArray
from ..arithmetic import receptive_field
from ..layers import Flatten, Linear, ReLU
from . import marks
from .images import tiles
from .marks import INK, PAPER, number, times
from .touch import parts, touch
from .units import Step, Unit

GAP, LINE = 2, 8.0  # between maps, and for a line of text; in pixels of the input
SMALLEST = 4  # units along a side of what a finger finds

Box = tuple[float, float, float, float]  # least x and y, width, height


def strip_of(y: FloatArray) -> FloatArray:
    """Maps side by side with gaps of nothing, or the values of a vector in rows."""
    if y.ndim == 1:
        rows = 3 if y.size % 3 == 0 and y.size > 160 else 1
        return np.repeat(y.reshape(rows, -1), ceil(6 / rows), axis=0)
    return tiles(y, cols=len(y), gap=GAP)


def layer_answers(ax: Axes, steps: list[Step], starts: list[float], most: int) -> None:
    """Make the values of the last of these layers answer, where they come from maps."""
    step, image = steps[-1], steps[0].x
    if isinstance(step.layer, Flatten | ReLU) and step.x.ndim == 3:
        whole = _flat_answers if step.y.ndim == 1 else _maps_answer
        whole(ax, step, *starts[-2:])
    if not step.has_windows or not all(one.has_place for one in steps):
        return
    for (m, i, j), *place in _places(step.y, most):
        field = _field(steps, i, j)
        maps, *window = step.origin((m, i, j))
        boxes = [
            *_in_maps(starts[-1], step.y, [m], range(i, i + 1), range(j, j + 1)),
            *_in_maps(starts[-2], step.x, maps, *window),
            *_in_maps(starts[0], image, range(len(image)), *field),
        ]
        says = f"map {m + 1}, row {i + 1}, column {j + 1} sees {times(map(len, field))}"
        says += f" pixels\n{step.says((m, i, j))}"
        ((*corner, width, height),) = _in_maps(starts[-1], step.y, [m], *place)
        with touch(ax, corner, width, height, says=says):
            _outline(ax, boxes)


def _places(y: FloatArray, most: int) -> Iterator[tuple[Unit, range, range]]:
    """Places on maps, rows and columns, and in each the strongest unit."""
    high, wide = (parts(n, max(1, min(n // SMALLEST, most))) for n in y.shape[1:])
    for m, values in enumerate(y):
        for rows in high:
            for cols in wide:
                part = values[np.ix_(rows, cols)]
                i, j = divmod(int(part.argmax()), len(cols))
                if np.ptp(part) == 0:  # the one in the middle, then
                    i, j = len(rows) // 2, len(cols) // 2
                yield (m, rows[i], cols[j]), rows, cols


def _field(steps: list[Step], i: int, j: int) -> tuple[range, range]:
    """Rows and columns of the image that a unit sees."""
    layers, spans = [step.layer for step in steps], []
    for axis, n in enumerate((i, j)):
        size, stride, padding = receptive_field(layers, axis=axis)
        first = n * int(stride) - padding
        last = min(first + size, steps[0].x.shape[1 + axis])
        spans.append(range(max(first, 0), last))
    return spans[0], spans[1]


def _in_maps(
    start: float, y: FloatArray, maps: Iterable[int], rows: range, cols: range
) -> list[Box]:
    """The boxes around some rows and columns in maps that begin at `start`."""
    if not rows or not cols:
        return []
    height, width = rows[-1] + 1 - rows[0], cols[-1] + 1 - cols[0]
    lefts = (m * (y.shape[2] + GAP) + cols[0] for m in maps)
    return [(left, start + rows[0], width, height) for left in lefts]


def _maps_answer(ax: Axes, step: Step, before: float, here: float) -> None:
    """Make whole maps behind a ReLU answer."""
    rows, cols = map(range, step.x.shape[1:])
    for m, values in enumerate(step.x):
        says = f"{(values < 0).sum()} of the {values.size} values of map {m + 1} are"
        says += " negative:\nthey become 0, the others stay"
        boxes = [_in_maps(top, step.x, [m], rows, cols)[0] for top in (before, here)]
        *corner, width, height = boxes[-1]
        with touch(ax, corner, width, height, says=says):
            _outline(ax, boxes)


def _flat_answers(ax: Axes, step: Step, before: float, here: float) -> None:
    """Make the values of each map answer, in the strip that flattening leaves."""
    count = step.x[0].size
    strip = strip_of(step.y)
    tall, cols = strip.shape[0] * strip.shape[1] // step.y.size, strip.shape[1]
    piece = gcd(count, cols)  # what lies in one row, for sure
    for m, values in enumerate(step.x):
        firsts = range(m * count, (m + 1) * count, piece)
        corners = [(k % cols, here + k // cols * tall) for k in firsts]
        says = f"values {m * count + 1} to {(m + 1) * count}:\nmap {m + 1}, row by row"
        with touch(ax, corners, piece, tall, says=says):
            boxes = [(*corner, piece, tall) for corner in corners]
            whole = map(range, values.shape)
            _outline(ax, [*boxes, *_in_maps(before, step.x, [m], *whole)])


def bars_answer(
    ax: Axes,
    step: Step,
    starts: list[float],
    p: FloatArray,
    size: tuple[float, float],
) -> None:
    """Make the bars answer: each sees all values before it."""
    before, here = starts
    rows, cols = strip_of(step.x).shape
    width, height = size[0] / len(p), size[1] + LINE
    for k, (score, share) in enumerate(zip(step.y, p, strict=True)):
        says = f"{k}: score {number(score, '.2f')}, probability {share:.3f}"
        if isinstance(step.layer, Linear):
            own = step.params["bias"][k] if step.layer.bias else 0.0
            says += f"\n{step.x.size} products add up to {number(score - own, '.2f')}"
            says += f", bias {number(own, '.2f')}" if step.layer.bias else ""
        with touch(ax, (k * width, here), width, height, says=says):
            _outline(ax, [(0, before, cols, rows)])


def _outline(ax: Axes, boxes: Iterable[Box]) -> None:
    """Frame boxes, so that it is seen on dark ground and on light."""
    different = dict.fromkeys(boxes)
    frames = (marks.boxes([(x, y)], w, h).get_path() for x, y, w, h in different)
    path = Path.make_compound_path(*frames)
    for colour, lw in ((PAPER, 3), (INK, 1.2)):
        frame = PathPatch(path, fc="none", ec=colour, lw=lw)
        ax.add_patch(frame).set_clip_on(False)
