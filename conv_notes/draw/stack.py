"""A network from top to bottom: how large the maps are, and which layers share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from .._checks import Shape
from ..layers import Conv2d, Flatten, Linear, LocalConv2d, MaxPool2d, ReLU
from ..networks import Sequential
from ._drawing import INK, INPUT, OUTPUT, PAPER, SERIES, Drawing, bare, styled, subplots
from .connections import _tint

STEP = 0.4  # inches from one layer to the next
CELLS = 6  # pieces that a layer's bar is cut into
MIDDLE, WIDE = 5.25, 3.4  # of the bars; the widest of them
KINDS = {
    Conv2d: "one kernel everywhere",
    LocalConv2d: "a kernel for each position",
    Linear: "sees all",
    MaxPool2d: "no weights",
}


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
    bare(ax).set_aspect("auto")
    ax.set(xlim=(0, 10), ylim=(rows - 0.05, -0.05))
    for row, text in enumerate(before):
        _write(ax, MIDDLE, row + 0.4, text, ha="center")
        _write(ax, MIDDLE, row + 0.93, "↓", ha="center")
    row = len(before)
    _row(ax, row, "input", input_shape)
    _bar(ax, row, 1.0, {"fc": _tint(INPUT), "ec": INK, "lw": 0.8})
    words = [f"Input {_times(input_shape)}"]
    for k, (layer, shape) in enumerate(drawn):
        name = names[k] if names else f"{k + 1}"
        # A root, so that letters still fit where maps are a seventh of the input.
        side = (shape[-1] / input_shape[-1]) ** 0.5 if len(shape) == 3 else 1.0
        _row(ax, row + k + 1, f"{name} {_kind(layer)}", shape)
        _weights(ax, row + k + 1, layer, side, last=k == len(drawn) - 1)
        words.append(f"{name} {_kind(layer)}, {_sharing(layer)}, to {_times(shape)}")
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
        fill = _tint(OUTPUT) if last else PAPER
        _bar(ax, row, side, {"fc": fill, "ec": INK, "hatch": "xxx", "lw": 0.8})
        return
    _bar(ax, row, side, {"fc": PAPER, "ec": INK, "lw": 0.8})
    if isinstance(layer, MaxPool2d):
        return
    cells = min(CELLS, max(3, round(side * CELLS)))
    wide = side * WIDE / cells
    left = MIDDLE - side * WIDE / 2
    for k in range(cells):
        number = k if isinstance(layer, LocalConv2d) else 0
        colour = SERIES[number % 4]
        box = (left + k * wide, row + 0.2)
        look: Any = {"fc": _tint(colour), "ec": INK, "lw": 0.5}
        ax.add_patch(Rectangle(box, wide, 0.6, **look))
        letter = "abcdef"[number]
        _write(ax, box[0] + wide / 2, row + 0.5, letter, ha="center")


def _bar(ax: Axes, row: int, side: float, look: dict[str, Any]) -> None:
    left = MIDDLE - side * WIDE / 2
    ax.add_patch(Rectangle((left, row + 0.2), side * WIDE, 0.6, **look))


def _row(ax: Axes, row: int, name: str, shape: Shape) -> None:
    _write(ax, 0, row + 0.5, name, ha="left")
    _write(ax, 10, row + 0.5, _times(shape), ha="right")


def _write(ax: Axes, x: float, y: float, text: str, ha: Any) -> None:
    ax.text(x, y, text, ha=ha, va="center", fontsize=9)


def _times(shape: Shape) -> str:
    return "×".join(map(str, shape))
