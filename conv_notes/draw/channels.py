"""One output of a convolution over several channels, with all the numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.patches import Rectangle

from .. import _checks as check
from .._checks import FloatArray
from ..ops import conv2d, relu
from ._drawing import (
    INK,
    INPUT,
    OUTPUT,
    PAPER,
    SERIES,
    WIDTH,
    Drawing,
    bare,
    styled,
    subplots,
)

GAP = 0.75  # between two grids, in cells
ROOM = 1.1  # between two channels, for a title


@styled
def channel_sum(
    x: FloatArray,
    weight: FloatArray,
    bias: FloatArray,
    position: tuple[int, int, int] = (0, 0, 0),
) -> Drawing:
    """Draw how one output comes from all channels: products, sums, bias, ReLU.

    Parameters
    ----------
    x : ndarray, shape (C, H, W)
        The input, small enough to read; stride 1, no padding.
    weight : ndarray, shape (M, C, KH, KW)
        The kernels.
    bias : ndarray, shape (M,)
        The biases.
    position : (int, int, int)
        Output (m, i, j): map, row and column, from 0.

    Returns
    -------
    Drawing

    Raises
    ------
    ValueError
        If shapes do not fit or there is no such output.
    """
    check.rank("channel_sum", "x", x, "C H W")
    y = relu(conv2d(x[None], weight, bias))[0]
    if not all(0 <= p < n for p, n in zip(position, y.shape, strict=True)):
        raise ValueError(f"channel_sum: position={position}, output is {y.shape}")
    m, i, j = position
    (c, h, w), (kh, kw), (oh, ow) = x.shape, weight.shape[2:], y.shape[1:]
    patches = x[:, i : i + kh, j : j + kw]
    products = patches * weight[m]
    sums = products.sum(axis=(1, 2))
    kernel, product = w + GAP, w + kw + 2 * GAP
    total = product + kw + GAP
    output = total + 1 + 2 * GAP
    right, bottom = output + ow, c * (h + ROOM) - ROOM

    figure, ax = subplots(height=WIDTH * (bottom + 1.2) / (right + 0.2) + 0.55)
    for k in range(c):
        top = k * (h + ROOM)
        low = top + (h - kh) / 2  # where the smaller grids begin
        _grid(ax, (0, top), x[k], edge=INPUT)
        _block(ax, (j, top + i), kw, kh, INPUT)
        _write(ax, w / 2, top - 0.5, f"input {k + 1}")
        _write(ax, kernel - GAP / 2, top + h / 2, "×")
        _grid(ax, (kernel, low), weight[m, k], fill=_tint(SERIES[m % len(SERIES)]))
        _write(ax, product - GAP / 2, top + h / 2, "=")
        _grid(ax, (product, low), products[k])
        _write(ax, total - GAP / 2, top + h / 2, "→")
        _grid(ax, (total, top + h / 2 - 0.5), sums[k : k + 1, None])
        if k == 0:
            _write(ax, kernel + kw / 2, low - 0.5, f"kernel {m + 1}")
            _write(ax, product + kw / 2, low - 0.5, "products")
            _write(ax, total + 0.5, low - 0.5, "sum")

    middle, brace = bottom / 2, total + 1 + GAP / 2
    ax.plot([brace, brace], [h / 2, bottom - h / 2], color=INK, lw=1)
    _write(ax, brace + GAP / 2 + 0.15, middle, "→")
    _grid(ax, (output, middle - oh / 2), y[m], edge=OUTPUT)
    _block(ax, (output + j, middle - oh / 2 + i), 1, 1, OUTPUT)
    _write(ax, output + ow / 2, middle - oh / 2 - 0.5, f"map {m + 1}")
    bare(ax).set(xlim=(-0.1, right + 0.1), ylim=(bottom + 0.1, -1.1))

    before = sums.sum() + bias[m]
    worked = (
        f"sum {_added(sums)} = {_number(sums.sum())}\n"
        f"with bias {_added([sums.sum(), bias[m]])} = {_number(before)}, "
        f"after ReLU {_number(y[m, i, j])}"
    )
    figure.supxlabel(worked, fontsize=9.5)
    channels = (
        f"channel {k + 1}: window {_row(patches[k])}, kernel {_row(weight[m, k])}, "
        f"products {_row(products[k])}, sum {_number(sums[k])}"
        for k in range(c)
    )
    figure.alt = (
        f"Output map {m + 1}, row {i + 1}, column {j + 1}. {'; '.join(channels)}. "
        f"Together: {' '.join(worked.split())}."
    )
    return figure


def _grid(
    ax: Axes,
    corner: tuple[float, float],
    values: FloatArray,
    *,
    edge: Any = INK,
    fill: Any = PAPER,
) -> None:
    left, top = corner
    for i, j in np.ndindex(values.shape):
        cell = Rectangle((left + j, top + i), 1, 1, fc=fill, ec=edge, lw=1)
        ax.add_patch(cell)
        _write(ax, left + j + 0.5, top + i + 0.5, _number(values[i, j]))


def _block(
    ax: Axes, corner: tuple[float, float], width: int, height: int, colour: str
) -> None:
    ax.add_patch(Rectangle(corner, width, height, fc=colour, alpha=0.3, ec="none"))
    frame = Rectangle(corner, width, height, fc="none", ec=INK, lw=2.2, zorder=3)
    ax.add_patch(frame)


def _write(ax: Axes, x: float, y: float, text: str) -> None:
    style: Any = {"ha": "center", "va": "center_baseline", "zorder": 4}
    ax.text(x, y, text, fontsize=9, **style)


def _tint(colour: str) -> tuple[float, ...]:
    return tuple(0.6 + 0.4 * part for part in to_rgb(colour))


def _number(value: Any) -> str:
    return f"{value + 0.0:g}".replace("-", "−")  # adding zero: no negative zero


def _added(values: Any) -> str:
    """The values as a sum: 4 − 1 + 2."""
    first, *rest = values
    signed = (f" {'−' if v < 0 else '+'} {_number(abs(v))}" for v in rest)
    return _number(first) + "".join(signed)


def _row(values: FloatArray) -> str:
    return ", ".join(" ".join(_number(v) for v in row) for row in values)
