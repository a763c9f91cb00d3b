"""All places where a window fits on a row, and the pixels that none of them uses."""

from __future__ import annotations

from typing import Any

from ..arithmetic import conv_output_size
from ._drawing import INK, INPUT, OUTPUT, PAPER, Drawing, bare, boxes, styled, subplots
from .slide import STILL

LINE = 0.62  # from one window to the next, in pixels of the row


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
    for cells, look in (
        (row, {"ec": INPUT, "lw": 1.2}),
        (outside, {"ec": STILL, "ls": ":", "lw": 0.8}),
    ):
        boxes(ax, [(t + 0.06, 0) for t in cells], 0.88, 0.88, fc=PAPER, **look)
    for t in range(length):
        text, ink = (str(t - padding + 1), INK) if t in row else ("0", STILL)
        place: Any = {"ha": "center", "va": "center_baseline"}
        ax.text(t + 0.5, 0.46, text, color=ink, **place)
        if t not in used:
            ax.plot([t + 0.06, t + 0.94], [0.88, 0], color=INK, lw=1)
    for o, window in enumerate(taps):
        y, centres = 1.3 + LINE * o, [t + 0.5 for t in window]
        ax.plot(
            centres, [y] * kernel_size, "o-", mfc=OUTPUT, mec=INK, color=INK, lw=1, ms=6
        )
    bare(ax).set(xlim=(-0.5, length + 0.5), ylim=(1.3 + LINE * (lines - 0.5), -0.1))
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
