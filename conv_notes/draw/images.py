"""Images and arrays side by side."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib import colormaps

from .._checks import FloatArray
from . import marks
from ._drawing import Drawing, styled, subplots
from .marks import OUTPUT


@styled
def pictures(
    images: Mapping[str, FloatArray],
    *,
    cols: int = 2,
    row_height: float = 2.0,
    limits: tuple[float, float] | None = None,
    **look: Any,
) -> Drawing:
    """Draw images in a grid, each under its title.

    Parameters
    ----------
    images : mapping of str to ndarray, shape (H, W) or (H, W, 3)
        Grey values or colours. Where a grey is NaN, the pixel is missing and orange.
    cols : int
        Images in a row.
    row_height : float
        Inches.
    limits : (float, float), optional
        Values drawn black and white; where left out, each image is scaled to its own
        darkest and brightest value.
    **look
        For ``Axes.imshow``. Where `gid` is "data", the image stands for numbers and not
        for light, and a page turns it around in the dark.

    Returns
    -------
    Drawing
    """
    rows = -(-len(images) // cols)
    figure, axes = subplots(rows, cols, height=rows * row_height, squeeze=False)
    for ax in axes.flat:
        marks.bare(ax)
    low, high = limits or (None, None)
    grey = colormaps["gray"].with_extremes(bad=OUTPUT)
    look = {"vmin": low, "vmax": high, "cmap": grey, "interpolation": "none"} | look
    for ax, (title, image) in zip(axes.flat, images.items(), strict=False):
        ax.imshow(image, **look)
        ax.set_title(title)
    figure.alt = f"Images: {'; '.join(images)}."
    return figure


def tiles(arrays: FloatArray, cols: int, gap: int = 1) -> FloatArray:
    """Put arrays of one size in a grid, on one sheet that can be drawn as an image.

    Parameters
    ----------
    arrays : ndarray, shape (N, H, W)
        The arrays, in reading order.
    cols : int
        Arrays in a row.
    gap : int
        Pixels between two of them.

    Returns
    -------
    ndarray
        The sheet, with NaN between the arrays.

    Examples
    --------
    >>> tiles(np.ones((3, 1, 2)), cols=2)
    array([[ 1.,  1., nan,  1.,  1.],
           [nan, nan, nan, nan, nan],
           [ 1.,  1., nan, nan, nan]])
    """
    n, h, w = arrays.shape
    rows = -(-n // cols)
    sheet = np.full((rows * (h + gap) - gap, cols * (w + gap) - gap), np.nan)
    for k, array in enumerate(arrays):
        top, left = k // cols * (h + gap), k % cols * (w + gap)
        sheet[top : top + h, left : left + w] = array
    return sheet
