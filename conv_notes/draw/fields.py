"""What an output sees: layer by layer down to the image, its channels and pixels."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from .._checks import FloatArray, Shape
from ..arithmetic import conv_output_size, receptive_field
from ..layers import Layer
from ..networks import weight_ids
from . import marks
from ._drawing import WIDTH, Drawing, styled, subplots
from .marks import (
    BEYOND,
    FAINT,
    INK,
    INPUT,
    OUTPUT,
    OUTPUT_TEXT,
    PAPER,
    STILL,
    number,
    subscript,
    tint,
)
from .touch import invite, resting, touch

CELL, GAP = 0.5, 1.0  # height of a cell, distance between two rows; in rows
NAMES, BETWEEN = 7.6, 2.6  # room for names, and between two grids; in cells


@styled
def field(layers: Sequence[tuple[int, ...]], size: int, *, margin: int = 0) -> Drawing:
    """Draw a row of pixels, the layers above it, and all that a unit sees.

    Marked is the middle unit of the last layer. Each unit shows what it sees when it is
    pointed at; units and pixels are counted from 0, as in `receptive_field`'s rule.

    Parameters
    ----------
    layers : sequence of tuple
        From input to output, as for `receptive_field`: kernel size, stride, padding and
        dilation, whose last entries may be left out.
    size : int
        Pixels in the row.
    margin : int
        Pixels beside the image that are drawn as well, on either side.

    Returns
    -------
    Drawing
    """
    stack = _Stack(layers, size)
    seen = stack.seen(len(layers), stack.sizes[-1] // 2)
    figure, ax = subplots(height=0.75 + 0.52 * len(stack.sizes))
    ends: list[tuple[float, float]] = []
    for row, (n, lit) in enumerate(zip(stack.sizes, seen, strict=True)):
        y, width, inside = row * GAP, stack.width(row), {*range(n)}
        units = [stack.middle(row, unit) for unit in range(n)]
        inner, outer = (
            [stack.middle(row, u) for u in us] for us in (lit & inside, lit - inside)
        )
        _units(ax, units, width, y, fc=PAPER, ec=STILL)
        _units(ax, outer, width, y, **BEYOND | {"ec": STILL}, gid="rest")
        _units(ax, inner, width, y, fc=OUTPUT if row else INPUT, ec=INK, gid="rest")
        ends.append(stack.ends(row, min(lit), max(lit)))
        text = (
            f"layer {row}: sees {stack.fields[row].size}"
            if row
            else f"image: {n} pixels"
        )
        ax.text(-margin - 0.5, y + CELL + 0.14, text)
    with resting(ax):
        _cone(ax, ends)
    for pixel in (0, size - 1):
        marks.label(ax, (pixel, -0.25), pixel)
    left, right = -margin - 0.7, size + margin - 0.3
    marks.bare(ax).set(xlim=(left, right), ylim=(-0.45, len(layers) * GAP + 1))
    ax.set_aspect("auto")
    invite(figure, "Point at a unit.")
    for row, unit in stack.units():
        lights = stack.seen(row, unit)
        says = _says(row, unit, lights[0], size)
        corner = stack.ends(row, unit, unit)[0], row * GAP - 0.05
        with touch(ax, corner, stack.width(row), CELL + 0.1, says=says):
            _cone(ax, [stack.ends(k, min(us), max(us)) for k, us in enumerate(lights)])
            for colour, rows in ((INPUT, [0]), (OUTPUT, range(1, row + 1))):
                bars = [stack.bars(k, lights[k], left, right) for k in rows]
                starts, stops = np.concatenate(bars).swapaxes(0, 1)
                look: Any = {"ec": colour, "lw": 15, "alpha": 0.75, "capstyle": "butt"}
                marks.lines(ax, starts, stops, **look)
    growth = ", ".join(
        f"layer {row}, {stack.sizes[row]} wide, sees {stack.fields[row].size}"
        for row in range(1, len(layers) + 1)
    )
    outside = sum(not 0 <= pixel < size for pixel in seen[0])
    figure.alt = (
        f"A row of {size} pixels and {len(layers)} layers above it: {growth}. Marked "
        f"are the {len(seen[0])} pixels that the middle unit of the last layer depends "
        f"on, {outside} of them beyond the image."
    )
    return figure


class _Stack:
    """Layers on a row of pixels, which are row 0: where units lie and what they see."""

    def __init__(self, layers: Sequence[tuple[int, ...]], size: int):
        self.layers = [(*layer, *(1, 1, 0, 1)[len(layer) :]) for layer in layers]
        self.sizes = [size]
        for k, s, p, d in self.layers:
            self.sizes.append(conv_output_size(self.sizes[-1], k, s, p, d))
        self.fields = [receptive_field(self.layers[:n]) for n in range(len(self.sizes))]

    def units(self) -> Iterator[tuple[int, int]]:
        for row, n in enumerate(self.sizes[1:], start=1):
            yield from ((row, unit) for unit in range(n))

    def width(self, row: int) -> float:
        return float(self.fields[row].stride)

    def middle(self, row: int, unit: int) -> float:
        """Of what a unit sees; there the unit is drawn."""
        r = self.fields[row]
        return (r.size - 1) / 2 - r.padding + unit * r.stride

    def ends(self, row: int, first: int, last: int) -> tuple[float, float]:
        half = self.width(row) / 2
        return self.middle(row, first) - half, self.middle(row, last) + half

    def bars(self, row: int, lit: set[int], left: float, right: float) -> FloatArray:
        """Ends of bars over neighbours that are lit, (bars, 2, 2), left to right."""
        rim, y = 0.08 * self.width(row), row * GAP + CELL / 2
        ends = (np.clip(self.ends(row, *run), left, right) for run in _runs(lit))
        bars = [((a + rim, y), (b - rim, y)) for a, b in ends if a < b]
        return np.array(bars).reshape(-1, 2, 2)

    def seen(self, row: int, unit: int) -> list[set[int]]:
        """What a unit sees, pixels first; the unit itself last.

        Beyond a layer lie zeros. What is drawn there goes on beyond the image, but
        through a zero nothing inside is seen.
        """
        seen = [{unit}]
        for upper in range(row, 0, -1):
            k, s, p, d = self.layers[upper - 1]
            above, below = range(self.sizes[upper]), range(self.sizes[upper - 1])
            taps = [(o, o * s + a * d - p) for o in seen[-1] for a in range(k)]
            seen.append({t for o, t in taps if o in above or t not in below})
        return seen[::-1]


def _cone(ax: Axes, ends: list[tuple[float, float]]) -> None:
    """What lies between the ends of one row and those of the next, up to the top."""
    left, right = np.repeat(ends, 2, axis=0)[1:-1].T
    heights = [row * GAP + y for row in range(len(ends)) for y in (0, CELL)][1:-1]
    around = [*left, *right[::-1]], [*heights, *heights[::-1]]
    ax.fill(*around, fc=INK, alpha=0.1, lw=0, zorder=0)


def _runs(units: set[int]) -> list[tuple[int, int]]:
    """First and last of neighbours, where units have no holes."""
    firsts = sorted(u for u in units if u - 1 not in units)
    lasts = sorted(u for u in units if u + 1 not in units)
    return [*zip(firsts, lasts, strict=True)]


def _says(row: int, unit: int, pixels: set[int], size: int) -> str:
    first, last, n = min(pixels), max(pixels), len(pixels)
    seen = f"{n} pixels," if n > last - first else f"{n} of pixels"  # or holes between
    text = f"layer {row}, unit {unit}: sees {seen} {number(first)} to {number(last)}"
    outside = sum(not 0 <= pixel < size for pixel in pixels)
    return text + f", {outside} outside" * (outside > 0)


def _units(
    ax: Axes, centres: Iterable[float], width: float, y: float, **look: Any
) -> None:
    corners = [(x - 0.42 * width, y) for x in sorted(centres)]
    marks.cells(ax, corners, 0.84 * width, CELL, lw=0.6, **look)


@styled
def reach(layers: Mapping[str, Layer], input_shape: Shape) -> Drawing:
    """Draw, for each layer, which channels and which pixels its outputs see.

    Two grids per layer. In the first a row is an output channel and a column an input
    channel. The second is the image; a frame marks the output's own place.

    Parameters
    ----------
    layers : mapping of str to Layer
        By name; anything that `weight_ids` accepts.
    input_shape : tuple of int
        (C, H, W), small enough to look at. The output in the middle is drawn.

    Returns
    -------
    Drawing
    """
    parts = {name: _seen(layer, input_shape) for name, layer in layers.items()}
    rows = max(input_shape[1], *(len(channels) for channels, _, _ in parts.values()))
    step = rows + 1.0
    width = NAMES + input_shape[0] + BETWEEN + input_shape[2] + 0.3
    height = 1.6 + step * len(parts)
    figure, ax = subplots(height=WIDTH * height / width)
    marks.label(ax, (NAMES + input_shape[0] / 2, -1.3), "channels")
    left = NAMES + input_shape[0] + BETWEEN
    marks.label(ax, (left + input_shape[2] / 2, -1.3), "pixels")
    words = []
    for k, (name, (by_channel, by_pixel, n_weights)) in enumerate(parts.items()):
        top = k * step
        middle = top + rows / 2
        marks.label(ax, (0, middle - 0.7), name, ha="left", weight="bold")
        marks.label(ax, (0, middle + 0.7), f"{n_weights} weights", ha="left")
        offset = (rows - len(by_channel)) / 2
        _grid(ax, NAMES, top + offset, by_channel)
        for m in range(len(by_channel)):
            at = NAMES - 0.6, top + offset + m + 0.5
            marks.label(ax, at, f"y{subscript(m + 1)}", color=OUTPUT_TEXT)
        if k == 0:
            for c in range(input_shape[0]):
                at = NAMES + c + 0.5, -0.45
                marks.label(ax, at, f"x{subscript(c + 1)}", color=INPUT)
        low = top + (rows - len(by_pixel)) / 2
        _grid(ax, left, low, by_pixel)
        i, j = (n // 2 for n in by_pixel.shape)
        marks.frame(ax, (left + j, low + i), colour=OUTPUT, zorder=4)
        seen = int(by_channel.sum(axis=1).max())
        words.append(
            f"{name}: {n_weights} weights, each output sees {seen} of "
            f"{by_channel.shape[1]} channels and {by_pixel.sum()} pixels"
        )
    marks.bare(ax).set(xlim=(-0.1, width), ylim=(height - 1.7, -1.8))
    figure.alt = f"{'; '.join(words)}."
    return figure


def _seen(layer: Layer, input_shape: Shape) -> tuple[np.ndarray, np.ndarray, int]:
    """Outputs × input channels, the pixels, and how many weights, of the middle."""
    ids = weight_ids(layer, input_shape)
    ids = ids.reshape(*layer.output_shape(input_shape), *input_shape)
    ids = ids[:, ids.shape[1] // 2, ids.shape[2] // 2]  # (M, C, H, W)
    there = ids >= 0
    by_channel = np.asarray(there.any(axis=(2, 3)))
    by_pixel = np.asarray(there.any(axis=(0, 1)))
    return by_channel, by_pixel, len(np.unique(ids[there]))


def _grid(ax: Axes, left: float, top: float, filled: np.ndarray) -> None:
    for i, j in np.ndindex(filled.shape):
        look: Any = {"fc": PAPER, "ec": FAINT, "zorder": 1}
        if filled[i, j]:
            look = {"fc": tint(INPUT), "ec": INK, "zorder": 2}
        marks.box(ax, (left + j, top + i), lw=0.8, **look)
