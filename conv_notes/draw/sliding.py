"""Windows on an image, and on a row of pixels: one, all in turn, and where they fit."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes

from .._checks import FloatArray
from ..arithmetic import conv_output_size
from ..ops import conv2d
from . import marks
from ._drawing import WIDTH, Drawing, styled, subplots
from .marks import INK, INPUT, OUTPUT, PAPER, STILL, Place, in_rows, number

LINE = 0.62  # from one window to the next, in pixels of the row


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
    left_kernel, left_output, top = w + 1, w + kw + 2, (h - oh) / 2
    alt = f"Input {in_rows(x)}; kernel {in_rows(kernel)}; output {in_rows(y)}."
    width = left_output + ow
    figure, ax = subplots(height=WIDTH * (h + 1) / width + 0.4 * (position is not None))
    marks.grid(ax, (0, 0), x, "input", ec=INPUT)
    marks.grid(ax, (left_kernel, (h - kh) / 2), kernel, "kernel")
    marks.grid(ax, (left_output, top), y, "output", ec=OUTPUT)
    marks.label(ax, (left_kernel - 0.5, h / 2), "∗")
    marks.label(ax, (left_output - 0.5, h / 2), "=")
    if position is not None:
        i, j = position
        patch = x[i : i + kh, j : j + kw]
        marks.mark(ax, (j, i), kw, kh)
        marks.mark(ax, (left_output + j, top + i), colour=OUTPUT)
        terms = zip(patch.flat, kernel.flat, strict=True)
        total = " + ".join(f"{number(a)}×{number(b)}" for a, b in terms)
        worked = f"{total} = {number(y[i, j])}"
        figure.supxlabel(worked, fontsize=9.5)
        alt += f" At output ({i}, {j}): {worked}."
    marks.bare(ax).set(xlim=(-0.1, width + 0.1), ylim=(h + 0.1, -0.9))
    figure.alt = alt
    return figure


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
    inside: list[Place] = []
    outside: list[Place] = []
    for i, j in np.ndindex(padded.shape):
        inner = padding <= i < h - padding and padding <= j < w - padding
        (inside if inner else outside).append((edge + j, edge + i))
        middle, ink = (edge + j + 0.5, edge + i + 0.5), INK if inner else STILL
        marks.label(ax, middle, number(padded[i, j]), color=ink)
    _inset(ax, inside, INPUT)
    _inset(ax, outside, STILL, ls=":", lw=0.8)
    taps = [
        [
            (at[0] * stride + a * dilation, at[1] * stride + b * dilation)
            for b in range(kw)
        ]
        for a in range(kh)
    ]
    terms = [
        " + ".join(
            f"{number(padded[tap])}·{_factor(k)}"
            for tap, k in zip(line, kernel[a], strict=True)
        )
        for a, line in enumerate(taps)
    ]
    marks.numbers(ax, (right, 0), kernel)
    _light(ax, [(edge + j, edge + i) for line in taps for i, j in line], INPUT)
    _inset(ax, [(right + b, a) for a, b in np.ndindex(kernel.shape)], INK)
    _inset(ax, [(right + j, low + i) for i, j in np.ndindex(y.shape)], OUTPUT)
    _light(ax, [(right + at[1], low + at[0])], OUTPUT)
    done = np.arange(y.size).reshape(y.shape) < step
    marks.numbers(ax, (right, low), y, known=done)
    name = "input and padding" if padding else "input"
    marks.label(ax, (edge + w / 2, edge - 0.45), name)
    marks.label(ax, (right + kw / 2, -0.45), "kernel")
    marks.label(ax, (right + ow / 2, low - 0.45), "output")
    marks.bare(ax).set(xlim=(-0.1, width + 0.1), ylim=(height + 0.1, -0.9))
    total = number(y[at])
    figure.supxlabel("\n+ ".join(terms) + f"  =  {total}", fontsize=9.5)
    figure.alt = (
        f"Step {step} of {y.size}. Padded input {in_rows(padded)}; kernel "
        f"{in_rows(kernel)}. {' + '.join(terms)} = {total}. Whole output {in_rows(y)}."
    )
    return figure


@styled
def places(
    size: int,
    kernel_size: int,
    *,
    stride: int = 1,
    padding: int = 0,
    dilation: int = 1,
    lines: int | None = None,
) -> Drawing:
    """Draw a padded row, a line for each window on it, and the sum that counts them.

    Parameters
    ----------
    size : int
        Pixels in the row.
    kernel_size, stride, padding, dilation : int
        K, S, P and D.
    lines : int, optional
        Leave room for this many windows, so that several drawings are equally high.

    Returns
    -------
    Drawing

    Raises
    ------
    ValueError
        If no window fits.
    """
    n = conv_output_size(size, kernel_size, stride, padding, dilation)
    taps = [[o * stride + a * dilation for a in range(kernel_size)] for o in range(n)]
    used = {t for window in taps for t in window}
    length = size + 2 * padding
    lines = n if lines is None else lines
    figure, ax = subplots(height=0.95 + 0.19 * lines)
    row, outside = range(padding, padding + size), {*range(length)}
    outside -= {*row}
    for pixels, look in (
        (row, {"ec": INPUT, "lw": 1.2}),
        (outside, {"ec": STILL, "ls": ":", "lw": 0.8}),
    ):
        corners = [(t + 0.06, 0) for t in pixels]
        marks.cells(ax, corners, 0.88, 0.88, fc=PAPER, **look)
    for t in range(length):
        text, ink = (str(t - padding + 1), INK) if t in row else ("0", STILL)
        marks.label(ax, (t + 0.5, 0.46), text, color=ink)
        if t not in used:
            ax.plot([t + 0.06, t + 0.94], [0.88, 0], color=INK, lw=1)
    for o, window in enumerate(taps):
        y, centres = 1.3 + LINE * o, [t + 0.5 for t in window]
        look = {"mfc": OUTPUT, "mec": INK, "color": INK, "lw": 1, "ms": 6}
        ax.plot(centres, [y] * kernel_size, "o-", **look)
    marks.bare(ax).set(
        xlim=(-0.5, length + 0.5), ylim=(1.3 + LINE * (lines - 0.5), -0.1)
    )
    ax.set_aspect("auto")
    span = f"{dilation}·({kernel_size} − 1)"
    law = f"({size} + 2·{padding} − {span} − 1) / {stride} + 1 = "
    exact = (size + 2 * padding - dilation * (kernel_size - 1) - 1) / stride + 1
    law += f"{exact:g}" if exact == n else f"{exact:.2f}, rounded down {n}"
    figure.suptitle(law, fontsize=9.5)
    left = [str(t - padding + 1) for t in row if t not in used]
    unused = f"Pixels in no window: {', '.join(left) or 'none'}."
    figure.supxlabel(unused, fontsize=9.5)
    figure.alt = (
        f"A row of {size} pixels, padded by {padding} on either side. Windows of "
        f"{kernel_size} pixels that lie {dilation} apart, with stride {stride}: {law}. "
        f"{unused}"
    )
    return figure


def _inset(ax: Axes, corners: list[Place], ec: str, **look: Any) -> None:
    shifted = [(x + 0.04, y + 0.04) for x, y in corners]
    marks.cells(ax, shifted, 0.92, 0.92, **{"fc": PAPER, "ec": ec, "lw": 1.2} | look)


def _light(ax: Axes, corners: list[Place], fc: str) -> None:
    """Mark cells one by one: in a dilated window they lie apart."""
    _inset(ax, corners, "none", fc=fc, alpha=0.3)
    _inset(ax, corners, INK, fc="none", lw=2, zorder=3)


def _factor(value: float) -> str:
    text = number(value)
    return f"({text})" if text.startswith("−") else text
