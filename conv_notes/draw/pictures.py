"""Images side by side."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from matplotlib import colormaps

from .._checks import FloatArray
from ._drawing import ORANGE, Drawing, bare, styled, subplots


@styled
def pictures(
    images: Mapping[str, FloatArray],
    *,
    cols: int = 2,
    row_height: float = 2.0,
    limits: tuple[float, float] | None = None,
) -> Drawing:
    """Draw grey images in a grid, each under its title.

    Parameters
    ----------
    images : mapping of str to ndarray, shape (H, W)
        Grey values. Where one is NaN, the pixel is missing and drawn orange.
    cols : int
        Images in a row.
    row_height : float
        Inches.
    limits : (float, float), optional
        Values drawn black and white; where left out, each image is scaled to its own
        darkest and brightest value.

    Returns
    -------
    Drawing
    """
    rows = -(-len(images) // cols)
    figure, axes = subplots(rows, cols, height=rows * row_height, squeeze=False)
    for ax in axes.flat:
        bare(ax)
    low, high = limits or (None, None)
    look: Any = {"vmin": low, "vmax": high, "interpolation": "none"}
    look["cmap"] = colormaps["gray"].with_extremes(bad=ORANGE)
    for ax, (title, image) in zip(axes.flat, images.items(), strict=False):
        ax.imshow(image, **look)
        ax.set_title(title)
    figure.alt = f"Images: {'; '.join(images)}."
    return figure
