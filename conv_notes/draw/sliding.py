"""A kernel at one position of its walk over an image, with all the numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from .._checks import FloatArray
from ..ops import conv2d
from ._drawing import INK, INPUT, OUTPUT, PAPER, WIDTH, Drawing, bare, styled, subplots


@styled
def window(
    x: FloatArray, kernel: FloatArray, position: tuple[int, int] | None = None
) -> Drawing:
    """Draw an image, a kernel and their convolution, with one window worked out.

    Parameters
    ----------
    x : ndarray, shape (H, W)
        The image, small enough to read; stride 1, no padding.
    kernel : ndarray, shape (KH, KW)
        The kernel.
    position : (int, int), optional
        Output position (i, j) whose products are written out; none where left out.

    Returns
    -------
    Drawing
    """
    y = conv2d(x[None, None], kernel[None, None])[0, 0]
    (kh, kw), (h, w), (oh, ow) = kernel.shape, x.shape, y.shape
    left_kernel, left_output = w + 1, w + kw + 2
    alt = f"Input {_rows(x)}; kernel {_rows(kernel)}; output {_rows(y)}."
    width = left_output + ow
    figure, ax = subplots(height=WIDTH * (h + 1) / width + 0.4 * (position is not None))
    _grid(ax, 0, 0, x, "input", edge=INPUT)
    _grid(ax, left_kernel, (h - kh) / 2, kernel, "kernel", edge=INK)
    _grid(ax, left_output, (h - oh) / 2, y, "output", edge=OUTPUT)
    _write(ax, left_kernel - 0.5, h / 2, "∗")
    _write(ax, left_output - 0.5, h / 2, "=")
    if position is not None:
        i, j = position
        patch = x[i : i + kh, j : j + kw]
        _mark(ax, (j, i), kw, kh, INPUT)
        _mark(ax, (left_output + j, (h - oh) / 2 + i), 1, 1, OUTPUT)
        terms = zip(patch.flat, kernel.flat, strict=True)
        total = " + ".join(f"{_number(a)}×{_number(b)}" for a, b in terms)
        worked = f"{total} = {_number(y[i, j])}"
        figure.supxlabel(worked, fontsize=9.5)
        alt += f" At output ({i}, {j}): {worked}."
    bare(ax).set(xlim=(-0.1, width + 0.1), ylim=(h + 0.1, -0.9))
    figure.alt = alt
    return figure


def _grid(
    ax: Axes, left: float, top: float, values: FloatArray, title: str, edge: str
) -> None:
    for i, j in np.ndindex(values.shape):
        cell = Rectangle((left + j, top + i), 1, 1, fc=PAPER, ec=edge, lw=1.2)
        ax.add_patch(cell)
        _write(ax, left + j + 0.5, top + i + 0.5, _number(values[i, j]))
    _write(ax, left + values.shape[1] / 2, top - 0.45, title)


def _lattice(
    ax: Axes,
    left: float,
    top: float,
    values: FloatArray,
    title: str,
    edge: str,
    known: np.ndarray | None = None,
) -> None:
    """Numbers between lines, which a widget's many pictures need to be light."""
    rows, cols = values.shape
    _frame(ax, left, top, rows, cols, edge)
    for i, j in np.argwhere(np.ones_like(values) if known is None else known):
        _write(ax, left + j + 0.5, top + i + 0.5, _number(values[i, j]))
    _write(ax, left + cols / 2, top - 0.45, title)


def _frame(ax: Axes, left: float, top: float, rows: int, cols: int, edge: str) -> None:
    lines: Any = {"color": edge, "lw": 1.2}
    ax.hlines(top + np.arange(rows + 1), left, left + cols, **lines)
    ax.vlines(left + np.arange(cols + 1), top, top + rows, **lines)


def _mark(
    ax: Axes, corner: tuple[float, float], width: int, height: int, fc: str
) -> None:
    ax.add_patch(Rectangle(corner, width, height, fc=fc, alpha=0.3, ec="none"))
    ax.add_patch(Rectangle(corner, width, height, fc="none", ec=INK, lw=2.4, zorder=3))


def _write(ax: Axes, x: float, y: float, text: str) -> None:
    ax.text(x, y, text, ha="center", va="center_baseline", zorder=4)


def _number(value: Any) -> str:
    return f"{value:g}".replace("-", "−")


def _rows(values: FloatArray) -> str:
    return "; ".join(" ".join(_number(v) for v in row) for row in values)
