"""Windows on an image, and on a row of pixels: one, all in turn, and where they fit."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb

from .. import _checks as check
from .._checks import FloatArray
from ..arithmetic import conv_output_size
from ..ops import conv2d
from . import marks
from ._drawing import WIDTH, Drawing, styled, subplots
from .marks import INK, INPUT, OUTPUT, PAPER, STILL, Place, in_rows, number
from .touch import LINE, invite, resting, touch

APART = 0.62  # from one window to the next, in pixels of the row
LONGEST = 55  # letters that fit into a line below a picture


@styled
def window(
    x: FloatArray, kernel: FloatArray, position: tuple[int, int] | None = None
) -> Drawing:
    """Draw an image, a kernel and their convolution: each output shows its window.

    Parameters
    ----------
    x : ndarray, shape (H, W)
        The image, small enough to read; stride 1, no padding.
    kernel : ndarray, shape (KH, KW)
        The kernel.
    position : (int, int), optional
        Output position (i, j) whose products are written out while none is pointed at.

    Returns
    -------
    Drawing
    """
    x, kernel = check.with_axes("window", x=(x, "H W"), kernel=(kernel, "KH KW"))
    y = conv2d(x[None, None], kernel[None, None])[0, 0]
    (kh, kw), (h, w), (oh, ow) = kernel.shape, x.shape, y.shape
    left_kernel, left_output, top = w + 1, w + kw + 2, (h - oh) / 2
    alt = f"Input {in_rows(x)}; kernel {in_rows(kernel)}; output {in_rows(y)}."
    width = left_output + ow
    terms = {at: _terms(x, kernel, *at) for at in np.ndindex(y.shape)}
    sums = {at: f"{' + '.join(terms[at])} = {number(y[at])}" for at in terms}
    below, lines = sums, 1
    if max(map(len, sums.values())) > LONGEST:  # a line for each row of the kernel
        below = {at: "\n+ ".join(terms[at]) + f" = {number(y[at])}" for at in terms}
        lines = kh
    height = WIDTH * (h + 1) / width + 0.21
    figure, ax = subplots(height=height + LINE * (lines + (position is not None)))
    marks.grid(ax, (0, 0), x, "input", ec=INPUT)
    marks.grid(ax, (left_kernel, (h - kh) / 2), kernel, "kernel")
    marks.grid(ax, (left_output, top), y, "output", ec=OUTPUT)
    marks.label(ax, (left_kernel - 0.5, h / 2), "∗")
    marks.label(ax, (left_output - 0.5, h / 2), "=")

    def show(i: int, j: int) -> None:
        marks.mark(ax, (j, i), kw, kh)
        marks.mark(ax, (left_output + j, top + i), colour=OUTPUT)

    invitation = "Point at an output or a pixel."
    if position is None:
        invite(figure, invitation, lines)
    else:
        i, j = position
        with resting(ax):
            show(i, j)
        invite(figure, invitation, below=below[i, j])
        alt += f" At output ({i}, {j}): {sums[i, j]}."
    for i, j in terms:
        with touch(ax, (left_output + j, top + i), says=below[i, j]):
            show(i, j)
    for i, j in np.ndindex(x.shape):
        inside = range(max(i - kh + 1, 0), min(i + 1, oh))
        across = range(max(j - kw + 1, 0), min(j + 1, ow))
        held = [*product(inside, across)]
        sums_of = ", ".join(number(y[at]) for at in held)
        says = f"{number(x[i, j])} goes into {sums_of}"
        with touch(ax, (j, i), says=says):
            marks.frame(ax, (j, i), lw=2.4, zorder=4)
            outputs = [(left_output + b, top + a) for a, b in held]
            marks.cells(ax, outputs, fc="none", ec=INK, lw=2.4)
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

    A click on an output, or on the middle of its window, sets the choice "step".

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
    x, kernel = check.with_axes("slide", x=(x, "H W"), kernel=(kernel, "KH KW"))
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
    low = kh + 1  # where the output begins, below the kernel
    width, height = right + max(kw, ow), max(h + 2 * edge, low + oh)
    figure, ax = subplots(height=WIDTH * (height + 1.1) / (width + 0.2) + 0.85 + LINE)
    if padding:
        _lattice(ax, (edge, edge), padded.shape, color=STILL, ls=":", lw=0.8)
    _lattice(ax, (edge + padding, edge + padding), x.shape, color=INPUT)
    inside = np.pad(np.ones(x.shape, bool), padding)
    marks.numbers(ax, (edge, edge), padded, known=inside)
    marks.numbers(ax, (edge, edge), padded, known=~inside, color=STILL)
    taps = [
        (at[0] * stride + a * dilation, at[1] * stride + b * dilation)
        for a, b in np.ndindex(kernel.shape)
    ]
    window = padded[tuple(np.transpose(taps))].reshape(kernel.shape)
    terms = _terms(window, kernel, sign="·")
    marks.numbers(ax, (right, 0), kernel)
    _light(ax, [(edge + j, edge + i) for i, j in taps], INPUT)
    _lattice(ax, (right, 0), kernel.shape)
    _lattice(ax, (right, low), y.shape, color=OUTPUT)
    _light(ax, [(right + at[1], low + at[0])], OUTPUT)
    done = np.arange(y.size).reshape(y.shape) < step
    marks.numbers(ax, (right, low), y, known=done)
    name = "input and padding" if padding else "input"
    marks.label(ax, (edge + w / 2, edge - 0.45), name)
    marks.label(ax, (right + kw / 2, -0.45), "kernel")
    marks.label(ax, (right + ow / 2, low - 0.45), "output")
    marks.bare(ax).set(xlim=(-0.1, width + 0.1), ylim=(height + 0.1, -0.9))
    # Parts made before there are words below leave these alone: a hand that drags the
    # window is to see its sum.
    span = [dilation * (k - 1) + 1 for k in (kh, kw)]
    for n, (i, j) in enumerate(np.ndindex(y.shape), start=1):
        top, left = edge + i * stride, edge + j * stride
        middle = left + (span[1] - 1) / 2, top + (span[0] - 1) / 2
        places = [middle, (right + j, low + i)]
        with touch(ax, places, says=f"step {n}", sets={"step": n}):
            if n != step:
                marks.cells(ax, [(left, top)], *span[::-1], fc="none", lw=2, ls="--")
    total = number(y[at])
    words = "\n+ ".join(terms) + f"  =  {total}"
    invite(
        figure,
        "Drag the window by its middle, or click an output.",
        below=words,
        stays=True,
    )
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

    A window shows its pixels, a pixel its windows.

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
    figure, ax = subplots(height=0.95 + LINE * (lines + 1))
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
    at = [1.3 + APART * o for o in range(n)]  # where the line of each window is
    places = np.array([[(t + 0.5, at[o]) for t in taps[o]] for o in range(n)])
    marks.lines(ax, places[:, 0], places[:, -1], color=INK, lw=1)
    ax.plot(*places.reshape(-1, 2).T, "o", mfc=OUTPUT, mec=INK, ms=6)
    marks.bare(ax).set(
        xlim=(-0.5, length + 0.5), ylim=(1.3 + APART * (lines - 0.5), -0.1)
    )
    ax.set_aspect("auto")
    span = f"{dilation}·({kernel_size} − 1)"
    law = f"({size} + 2·{padding} − {span} − 1) / {stride} + 1 = "
    exact = (size + 2 * padding - dilation * (kernel_size - 1) - 1) / stride + 1
    law += f"{exact:g}" if exact == n else f"{exact:.2f}, rounded down {n}"
    figure.suptitle(law, fontsize=9.5)
    left = [str(t - padding + 1) for t in row if t not in used]
    unused = f"Pixels in no window: {', '.join(left) or 'none'}."
    invite(figure, "Point at a window or a pixel.", below=unused)

    for o, window in enumerate(taps):
        inside = [t - padding + 1 for t in window if t in row]
        says = f"window {o + 1}: {_pixels(inside, kernel_size - len(inside))}"
        corner, width = (window[0], at[o] - APART / 2), window[-1] - window[0] + 1
        with touch(ax, corner, width, APART, says=says):
            _light(ax, [(t, -0.06) for t in window], INPUT)
    for t in row:
        held = [o for o, window in enumerate(taps) if t in window]
        says = f"pixel {t - padding + 1} lies in {_windows(held)}"
        bars = [(t, t, 0.44), *((taps[o][0], taps[o][-1], at[o]) for o in held)]
        left, right, y = np.array(bars).T
        with touch(ax, (t, -0.06), says=says):
            look = {"color": INK, "lw": 11, "alpha": 0.35, "capstyle": "butt"}
            marks.lines(ax, np.c_[left + 0.1, y], np.c_[right + 0.9, y], **look)
    figure.alt = (
        f"A row of {size} pixels, padded by {padding} on either side. Windows of "
        f"{kernel_size} pixels that lie {dilation} apart, with stride {stride}: {law}. "
        f"{unused}"
    )
    return figure


def _pixels(pixels: list[int], zeros: int) -> str:
    """The pixels of a window in words, and how many zeros are beside them."""
    said: list[str] = []
    if pixels:
        said += [f"pixel{'s' * (len(pixels) > 1)} {', '.join(map(str, pixels))}"]
    if zeros:
        said += ["a zero" if zeros == 1 else f"{zeros} zeros"]
    return " and ".join(said)


def _windows(windows: list[int]) -> str:
    names = [str(o + 1) for o in windows]
    if len(names) < 2:
        return f"window {names[0]}" if names else "no window"
    return f"windows {', '.join(names[:-1])} and {names[-1]}"


def _lattice(ax: Axes, corner: Place, shape: tuple[int, ...], **look: Any) -> None:
    """Draw the lines between cells as one path, where many pictures are to be small."""
    (left, top), (rows, cols) = corner, shape
    across = [((left, top + i), (left + cols, top + i)) for i in range(rows + 1)]
    down = [((left + j, top), (left + j, top + rows)) for j in range(cols + 1)]
    starts, ends = np.array([*across, *down], float).swapaxes(0, 1)
    marks.lines(ax, starts, ends, **{"color": INK, "lw": 1.2} | look)


def _light(ax: Axes, corners: list[Place], colour: str) -> None:
    """Mark cells one by one: in a dilated window they lie apart."""
    inset = [(x + 0.05, y + 0.05) for x, y in corners]
    look: Any = {"fc": (*to_rgb(colour), 0.3), "ec": INK, "lw": 2}
    marks.cells(ax, inset, 0.9, 0.9, zorder=3, **look)


def _terms(
    x: FloatArray, kernel: FloatArray, i: int = 0, j: int = 0, sign: str = "×"
) -> list[str]:
    """The sum of the window at (i, j) in words: for each row of the kernel, a part."""
    window = x[i : i + kernel.shape[0], j : j + kernel.shape[1]]
    return [
        " + ".join(f"{number(a)}{sign}{_factor(b)}" for a, b in zip(*rows, strict=True))
        for rows in zip(window, kernel, strict=True)
    ]


def _factor(value: float) -> str:
    text = number(value)
    return f"({text})" if text.startswith("−") else text
