"""Layers side by side on one input, and how their channels are put together."""

from __future__ import annotations

from typing import Any

from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from .._checks import Shape
from ..layers import Conv2d, Layer, ReLU
from ..networks import Parallel, Sequential
from ._drawing import INK, INPUT, OUTPUT, PAPER, SERIES, Drawing, bare, styled, subplots
from .connections import _tint

HIGH, GAP = 0.62, 0.38  # of a box, and between two of them; a column is one wide


@styled
def branches(network: Parallel, input_shape: Shape) -> Drawing:
    """Draw the branches of a `Parallel` as columns of boxes, from input to output.

    Every box says its window and its output channels; 1×1 convolutions have a thick
    frame. Above, the channels are stacked, as wide as there are of them.
    ReLUs are left out.

    Parameters
    ----------
    network : Parallel
        Of layers, or of `Sequential` of layers.
    input_shape : tuple of int
        (C, H, W).

    Returns
    -------
    Drawing
    """
    columns = [_boxes(branch, input_shape) for branch in network.branches]
    most, n = max(map(len, columns)), len(columns)
    figure, ax = subplots(height=1.5 + 0.72 * most)
    top = most * (HIGH + GAP) + GAP
    _box(ax, (0, -HIGH), n, f"input: {input_shape[0]} channels", _tint(INPUT))
    outs = [branch.output_shape(input_shape)[0] for branch in network.branches]
    left = 0.0
    for k, (column, out) in enumerate(zip(columns, outs, strict=True)):
        middle = k + 0.5
        wide = n * out / sum(outs)
        _arrow(ax, (middle, 0), (middle, GAP))
        for row, (text, mark) in enumerate(column):
            at = row * (HIGH + GAP) + GAP
            _box(ax, (k + 0.06, at), 0.88, text, PAPER, mark)
            if row + 1 < len(column):
                _arrow(ax, (middle, at + HIGH), (middle, at + HIGH + GAP))
        last = len(column) * (HIGH + GAP)
        _arrow(ax, (middle, last), (left + wide / 2, top + GAP))
        _box(ax, (left, top + GAP), wide, str(out), _tint(OUTPUT))
        left += wide
    together = f"concatenated: {sum(outs)} channels"
    ax.text(n / 2, top + GAP + HIGH + 0.28, together, ha="center", va="center")
    bare(ax).set_aspect("auto")
    ax.set(xlim=(-0.05, n + 0.05), ylim=(-HIGH - 0.1, top + GAP + HIGH + 0.55))
    words = (
        f"branch {k + 1}: {', then '.join(text.replace(chr(10), ' ') for text, _ in c)}"
        for k, c in enumerate(columns)
    )
    figure.alt = (
        f"{n} branches side by side on {input_shape[0]} channels: {'; '.join(words)}. "
        f"Put together they are {' + '.join(map(str, outs))} = {sum(outs)} channels."
    )
    return figure


def _boxes(branch: Layer, shape: Shape) -> list[tuple[str, bool]]:
    """Text of each layer, and whether it is a 1×1 convolution."""
    boxes = []
    for layer in branch if isinstance(branch, Sequential) else (branch,):
        shape = layer.output_shape(shape)
        if isinstance(layer, ReLU):
            continue
        size = getattr(layer, "kernel_size", None)
        pair = (size, size) if isinstance(size, int) else size
        window = "×".join(map(str, pair)) if pair else ""
        kind = "conv" if isinstance(layer, Conv2d) else "pool"
        pointwise = isinstance(layer, Conv2d) and pair == (1, 1)
        boxes.append((f"{kind} {window}\n{shape[0]}", pointwise))
    return boxes


def _box(
    ax: Axes,
    at: tuple[float, float],
    width: float,
    text: str,
    fill: Any,
    mark: bool = False,
) -> None:
    look: Any = {"fc": fill, "ec": INK, "lw": 0.8}
    if mark:
        look = {"fc": _tint(SERIES[0]), "ec": SERIES[0], "lw": 2.2}
    ax.add_patch(Rectangle(at, width, HIGH, **look))
    style: Any = {"ha": "center", "va": "center", "linespacing": 1.3}
    weight = "bold" if mark else "normal"
    centre = (at[0] + width / 2, at[1] + HIGH / 2)
    ax.text(*centre, text, fontsize=9, weight=weight, **style)


def _arrow(ax: Axes, start: tuple[float, float], end: tuple[float, float]) -> None:
    style: Any = {"arrowstyle": "-|>", "color": INK, "lw": 0.8, "shrinkA": 0}
    ax.annotate("", end, start, arrowprops={**style, "shrinkB": 0})
