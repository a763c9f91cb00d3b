"""Whole networks as diagrams: from top to bottom, or side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.axes import Axes

from .._checks import Shape
from ..layers import Conv2d, Flatten, Layer, Linear, LocalConv2d, MaxPool2d, ReLU
from ..networks import Parallel, Sequential
from . import marks
from ._drawing import Drawing, styled, subplots
from .marks import INK, INPUT, OUTPUT, PAPER, SEES_ALL, SERIES, times, tint

SMALL: Any = {"va": "center"}  # text
STEP = 0.4  # inches from one layer to the next
CELLS = 6  # pieces that a layer's bar is cut into
MIDDLE, WIDE = 5.25, 3.4  # of the bars; the widest of them
KINDS = {
    Conv2d: "one kernel everywhere",
    LocalConv2d: "a kernel for each position",
    Linear: "sees all",
    MaxPool2d: "no weights",
}
HIGH, GAP = 0.62, 0.38  # of a box, and between two of them; a column is one wide


@styled
def stack(
    network: Sequential,
    input_shape: Shape,
    *,
    names: Sequence[str] = (),
    before: Sequence[str] = (),
) -> Drawing:
    """Draw the layers of a network from top to bottom, each with how it shares.

    The larger a layer's output maps, the wider its bar. In the bar of a convolution all
    cells have one letter and colour, in that of a locally connected layer each its own;
    a fully connected layer is hatched, pooling is empty. ReLU and `Flatten` are left
    out.

    Parameters
    ----------
    network : Sequential
        Of `Conv2d`, `LocalConv2d`, `MaxPool2d` and `Linear`.
    input_shape : tuple of int
        (C, H, W), with H = W.
    names : sequence of str
        What to call each layer drawn.
    before : sequence of str
        Steps before the network, a line each.

    Returns
    -------
    Drawing

    Raises
    ------
    ValueError
        If `names` are given and are not as many as the layers drawn.
    """
    drawn = [
        (layer, plan.output)
        for _, layer, plan in network.parts(input_shape)
        if not isinstance(layer, ReLU | Flatten)
    ]
    if names and len(names) != len(drawn):
        raise ValueError(f"stack: {len(drawn)} layers but {len(names)} names")
    rows = len(before) + 1 + len(drawn)
    figure, ax = subplots(height=STEP * rows + 0.1)
    marks.bare(ax).set_aspect("auto")
    ax.set(xlim=(0, 10), ylim=(rows - 0.05, -0.05))
    for row, text in enumerate(before):
        marks.label(ax, (MIDDLE, row + 0.4), text, **SMALL)
        marks.label(ax, (MIDDLE, row + 0.93), "↓", **SMALL)
    row = len(before)
    _row(ax, row, "input", input_shape)
    _bar(ax, row, 1.0, fc=tint(INPUT))
    words = [f"Input {_tight(input_shape)}"]
    for k, (layer, shape) in enumerate(drawn):
        name = names[k] if names else f"{k + 1}"
        # A root, so that letters still fit where maps are a seventh of the input.
        side = (shape[-1] / input_shape[-1]) ** 0.5 if len(shape) == 3 else 1.0
        _row(ax, row + k + 1, f"{name} {_kind(layer)}", shape)
        _weights(ax, row + k + 1, layer, side, last=k == len(drawn) - 1)
        words.append(f"{name} {_kind(layer)}, {_sharing(layer)}, to {_tight(shape)}")
    steps = f"First {', then '.join(before)}. " if before else ""
    figure.alt = f"{steps}{'; '.join(words)}."
    return figure


def _kind(layer: Any) -> str:
    if isinstance(layer, Linear):
        return "full"
    size = layer.kernel_size
    kinds: Mapping[type, str] = {Conv2d: "conv", LocalConv2d: "local"}
    return f"{kinds.get(type(layer), 'pool')} {size}×{size}"


def _sharing(layer: Any) -> str:
    return next(word for kind, word in KINDS.items() if isinstance(layer, kind))


def _weights(ax: Axes, row: int, layer: Any, side: float, last: bool) -> None:
    if isinstance(layer, Linear):
        fill = tint(OUTPUT) if last else PAPER
        _bar(ax, row, side, fc=fill, hatch=SEES_ALL)
        return
    _bar(ax, row, side)
    if isinstance(layer, MaxPool2d):
        return
    cells = min(CELLS, max(3, round(side * CELLS)))
    wide = side * WIDE / cells
    left = MIDDLE - side * WIDE / 2
    for k in range(cells):
        number = k if isinstance(layer, LocalConv2d) else 0
        corner = left + k * wide, row + 0.2
        marks.box(ax, corner, wide, 0.6, fc=tint(SERIES[number % 4]), ec=INK, lw=0.5)
        at = corner[0] + wide / 2, row + 0.5
        marks.label(ax, at, "abcdef"[number], **SMALL)


def _bar(ax: Axes, row: int, side: float, fc: Any = PAPER, hatch: str = "") -> None:
    corner = MIDDLE - side * WIDE / 2, row + 0.2
    marks.box(ax, corner, side * WIDE, 0.6, fc=fc, ec=INK, hatch=hatch, lw=0.8)


def _row(ax: Axes, row: int, name: str, shape: Shape) -> None:
    marks.label(ax, (0, row + 0.5), name, ha="left", **SMALL)
    marks.label(ax, (10, row + 0.5), _tight(shape), ha="right", **SMALL)


def _tight(shape: Shape) -> str:
    return times(shape, "×")


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
    _box(ax, (0, -HIGH), n, f"input: {input_shape[0]} channels", tint(INPUT))
    outs = [branch.output_shape(input_shape)[0] for branch in network.branches]
    left = 0.0
    for k, (column, out) in enumerate(zip(columns, outs, strict=True)):
        middle = k + 0.5
        wide = n * out / sum(outs)
        marks.arrow(ax, (middle, 0), (middle, GAP))
        for row, (text, mark) in enumerate(column):
            at = row * (HIGH + GAP) + GAP
            _box(ax, (k + 0.06, at), 0.88, text, PAPER, mark)
            if row + 1 < len(column):
                marks.arrow(ax, (middle, at + HIGH), (middle, at + HIGH + GAP))
        last = len(column) * (HIGH + GAP)
        marks.arrow(ax, (middle, last), (left + wide / 2, top + GAP))
        _box(ax, (left, top + GAP), wide, str(out), tint(OUTPUT))
        left += wide
    together = f"concatenated: {sum(outs)} channels"
    marks.label(ax, (n / 2, top + GAP + HIGH + 0.28), together, va="center")
    marks.bare(ax).set_aspect("auto")
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
        window = times(pair, "×") if pair else ""
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
        look = {"fc": tint(SERIES[0]), "ec": SERIES[0], "lw": 2.2}
    marks.box(ax, at, width, HIGH, **look)
    centre = at[0] + width / 2, at[1] + HIGH / 2
    weight = "bold" if mark else "normal"
    marks.label(ax, centre, text, weight=weight, linespacing=1.3, **SMALL)
