"""How many kernels paint each pixel of a transposed convolution."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb

from ..ops import conv_transpose2d
from ._drawing import INK, OUTPUT, Drawing, bare, styled, subplots

SIZE = 8  # pixels along a side: two periods of a stride of 4


@styled
def overlap(kernel_size: int, stride: int) -> Drawing:
    """Draw how often a transposed convolution writes to each pixel, away from the edge.

    The counts along one axis stand above; those in the image are their products.

    Parameters
    ----------
    kernel_size, stride : int
        K and S, at least 1; the same for both axes.

    Returns
    -------
    Drawing
    """
    first = -(-(kernel_size - 1) // stride) * stride  # begins a period, clear of edges
    inputs = np.ones((1, 1, 1, (first + SIZE) // stride + 2))
    kernel = np.ones((1, 1, 1, kernel_size))
    row = conv_transpose2d(inputs, kernel, stride=(1, stride))[0, 0, 0]
    along = row[first : first + SIZE].astype(int)
    counts = np.outer(along, along)
    low, high = counts.min(), counts.max()
    share = f"{low} to {high} times" if low < high else f"{low} times each"

    figure, ax = subplots(height=3.9)
    above = -1.7
    _counts(ax, along[None], above)
    _counts(ax, counts, 0)
    ax.text(-0.3, above + 0.5, "one axis", ha="right", va="center")
    ax.text(-0.3, SIZE / 2, "image", ha="right", va="center")
    ax.set_title(f"window {kernel_size}, stride {stride}: painted {share}")
    bare(ax).set(xlim=(-2.4, SIZE + 0.1), ylim=(SIZE + 0.1, above - 0.1))
    figure.alt = (
        f"Window {kernel_size}, stride {stride}: pixels of the image are painted "
        f"{share}. Along one axis: {' '.join(map(str, along))}."
    )
    return figure


def _counts(ax: Axes, counts: np.ndarray, top: float) -> None:
    """Numbers in a grid; the more, the darker."""
    rows, cols = counts.shape
    share = counts[..., None] / counts.max()
    place: Any = {"extent": (0, cols, top + rows, top), "interpolation": "none"}
    ax.imshow(1 - share * (1 - np.array(to_rgb(OUTPUT))), **place)
    ax.hlines(top + np.arange(rows + 1), 0, cols, color=INK, lw=0.4)
    ax.vlines(np.arange(cols + 1), top, top + rows, color=INK, lw=0.4)
    for (i, j), n in np.ndenumerate(counts):
        ax.text(j + 0.5, top + i + 0.5, f"{n}", ha="center", va="center_baseline")
