"""What an output sees: layer by layer down to the image, its channels and pixels."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from .._checks import Shape
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
    subscript,
    tint,
)

CELL, GAP = 0.5, 1.0  # height of a cell, distance between two rows; in rows
NAMES, BETWEEN = 7.6, 2.6  # room for names, and between two grids; in cells


@styled
def field(
    layers: Sequence[tuple[int, ...]],
    size: int,
    *,
    margin: int = 0,
    rows: int | None = None,
) -> Drawing:
    """Draw a row of pixels, the layers above it, and all that the middle unit sees.

    Parameters
    ----------
    layers : sequence of tuple
        From input to output, as for `receptive_field`: kernel size, stride, padding and
        dilation, whose last entries may be left out.
    size : int
        Pixels in the row.
    margin : int
        Pixels beside the image that are drawn as well, on either side.
    rows : int, optional
        Leave room for this many layers, so that several drawings are equally high.

    Returns
    -------
    Drawing
    """
    full = [(*layer, *(1, 1, 0, 1)[len(layer) :]) for layer in layers]
    sizes = [size]
    for k, s, p, d in full:
        sizes.append(conv_output_size(sizes[-1], k, s, p, d))
    seen = [{sizes[-1] // 2}]  # from the top down to the image
    for k, s, p, d in reversed(full):
        seen.append({o * s + a * d - p for o in seen[-1] for a in range(k)})
    seen.reverse()
    rows = len(full) if rows is None else rows
    figure, ax = subplots(height=0.35 + 0.52 * (rows + 1))
    below: list[float] = []
    for row, (n, lit) in enumerate(zip(sizes, seen, strict=True)):
        r = receptive_field(full[:row])
        y, width = row * GAP, float(r.stride)
        middle = (r.size - 1) / 2 - r.padding  # of what unit 0 sees
        at = {unit: middle + unit * width for unit in {*range(n), *lit}}
        colour = OUTPUT if row else INPUT
        inside = {*range(n)}
        _units(ax, [at[u] for u in inside - lit], width, y, fc=PAPER, ec=STILL)
        beyond = [at[u] for u in lit - inside]
        _units(ax, beyond, width, y, **BEYOND)
        _units(ax, [at[u] for u in lit & inside], width, y, fc=colour, ec=INK)
        ends = [at[min(lit)] - width / 2, at[max(lit)] + width / 2]
        for end, start in zip(ends, below, strict=False):
            ax.plot([start, end], [y - GAP + CELL, y], color=INK, lw=0.7, zorder=0)
        below = ends
        text = f"layer {row}: sees {r.size}" if row else f"image: {n} pixels"
        box: Any = {"fc": PAPER, "ec": "none", "pad": 0.8}
        ax.text(-margin - 0.5, y + CELL + 0.14, text, bbox=box, zorder=2)
    marks.bare(ax).set_aspect("auto")
    ax.set_xlim(-margin - 0.7, size + margin - 0.3)
    ax.set_ylim(-0.1, rows * GAP + CELL + 0.5)
    growth = ", ".join(
        f"layer {row}, {sizes[row]} wide, sees {receptive_field(full[:row]).size}"
        for row in range(1, len(full) + 1)
    )
    outside = sum(not 0 <= pixel < size for pixel in seen[0])
    figure.alt = (
        f"A row of {size} pixels and {len(full)} layers above it: {growth}. Marked are "
        f"the {len(seen[0])} pixels that the middle unit of the last layer depends on, "
        f"{outside} of them beyond the image."
    )
    return figure


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
