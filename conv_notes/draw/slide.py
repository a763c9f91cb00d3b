"""A kernel on its walk over a padded image, one step at a time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from .._checks import FloatArray
from ..ops import conv2d
from ._drawing import (
    INK,
    INPUT,
    OUTPUT,
    PAPER,
    WIDTH,
    Drawing,
    bare,
    boxes,
    styled,
    subplots,
)
from .window import _number, _rows

STILL = "#767676"  # frames and numbers of what is only padding


@styled
def slide(
    x: FloatArray,
    kernel: FloatArray,
    step: int = 1,
    *,
    stride: int = 1,
    padding: int = 0,
    dilation: int = 1,
    room: int | None = None,
) -> Drawing:
    """Draw the padded image, the window of one step, its sum, and the output so far.

    Parameters
    ----------
    x : ndarray, shape (H, W)
        The image, small enough to read.
    kernel : ndarray, shape (KH, KW)
        The kernel.
    step : int
        Which window, counted row by row from 1.
    stride, padding, dilation : int
        S, P and D, for both axes.
    room : int, optional
        Leave room for this much padding, so that several drawings are equally large.

    Returns
    -------
    Drawing

    Raises
    ------
    ValueError
        If there are fewer windows than `step`.
    """
    options: Any = {"stride": stride, "padding": padding, "dilation": dilation}
    y = conv2d(x[None, None], kernel[None, None], **options)[0, 0]
    if not 1 <= step <= y.size:
        fit = "window fits" if y.size == 1 else "windows fit"
        raise ValueError(f"slide: only {y.size} {fit}, there is no step {step}")
    at = divmod(step - 1, y.shape[1])
    padded = np.pad(x, padding)
    (kh, kw), (h, w), (oh, ow) = kernel.shape, padded.shape, y.shape
    edge = (padding if room is None else room) - padding  # around the padded image
    right = w + 2 * edge + 0.8  # where kernel and output begin
    low = kh + 1.3  # where the output begins, below the kernel
    width, height = right + max(kw, ow), max(h + 2 * edge, low + oh)
    figure, ax = subplots(height=WIDTH * (height + 1.1) / (width + 0.2) + 0.85)
    inside: list[tuple[float, float]] = []
    outside: list[tuple[float, float]] = []
    for i, j in np.ndindex(padded.shape):
        inner = padding <= i < h - padding and padding <= j < w - padding
        (inside if inner else outside).append((edge + j, edge + i))
        place = edge + j + 0.5, edge + i + 0.5
        _write(ax, *place, _number(padded[i, j]), INK if inner else STILL)
    _cells(ax, inside, INPUT)
    _cells(ax, outside, STILL, ls=":", lw=0.8)
    lit, terms = [], []
    for a in range(kh):
        line = []
        for b in range(kw):
            i, j = at[0] * stride + a * dilation, at[1] * stride + b * dilation
            lit.append((edge + j, edge + i))
            _write(ax, right + b + 0.5, a + 0.5, _number(kernel[a, b]))
            line.append(f"{_number(padded[i, j])}·{_factor(kernel[a, b])}")
        terms.append(" + ".join(line))
    _light(ax, lit, INPUT)
    _cells(ax, [(right + b, a) for a, b in np.ndindex(kernel.shape)], INK)
    _cells(ax, [(right + j, low + i) for i, j in np.ndindex(y.shape)], OUTPUT)
    _light(ax, [(right + at[1], low + at[0])], OUTPUT)
    for i, j in list(np.ndindex(y.shape))[:step]:
        _write(ax, right + j + 0.5, low + i + 0.5, _number(y[i, j]))
    _write(ax, edge + w / 2, edge - 0.45, "input" + (" and padding" if padding else ""))
    _write(ax, right + kw / 2, -0.45, "kernel")
    _write(ax, right + ow / 2, low - 0.45, "output")
    bare(ax).set(xlim=(-0.1, width + 0.1), ylim=(height + 0.1, -0.9))
    total = _number(y[at])
    figure.supxlabel("\n+ ".join(terms) + f"  =  {total}", fontsize=9.5)
    figure.alt = (
        f"Step {step} of {y.size}. Padded input {_rows(padded)}; kernel "
        f"{_rows(kernel)}. {' + '.join(terms)} = {total}. Whole output {_rows(y)}."
    )
    return figure


def _cells(
    ax: Axes, corners: Sequence[tuple[float, float]], ec: str, **look: Any
) -> None:
    shifted = [(x + 0.04, y + 0.04) for x, y in corners]
    boxes(ax, shifted, 0.92, 0.92, **{"fc": PAPER, "ec": ec, "lw": 1.2} | look)


def _light(ax: Axes, corners: Sequence[tuple[float, float]], fc: str) -> None:
    """Mark cells by a tint and, for those who do not see it, by a bold frame."""
    _cells(ax, corners, "none", fc=fc, alpha=0.3)
    _cells(ax, corners, INK, fc="none", lw=2, zorder=3)


def _write(ax: Axes, x: float, y: float, text: str, color: str = INK) -> None:
    place: Any = {"ha": "center", "va": "center_baseline", "zorder": 4}
    ax.text(x, y, text, color=color, **place)


def _factor(value: float) -> str:
    text = _number(value)
    return f"({text})" if text.startswith("−") else text
