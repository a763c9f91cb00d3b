"""Images side by side."""

from __future__ import annotations

from collections.abc import Mapping

from .._checks import FloatArray
from ._drawing import Drawing, bare, styled, subplots


@styled
def pictures(
    images: Mapping[str, FloatArray], *, cols: int = 2, row_height: float = 2.0
) -> Drawing:
    """Draw grey images in a grid, each under its title.

    Parameters
    ----------
    images : mapping of str to ndarray, shape (H, W)
        Each image is scaled to its own darkest and brightest value.
    cols : int
        Images in a row.
    row_height : float
        Inches.

    Returns
    -------
    Drawing
    """
    rows = -(-len(images) // cols)
    figure, axes = subplots(rows, cols, height=rows * row_height, squeeze=False)
    for ax in axes.flat:
        bare(ax)
    for ax, (title, image) in zip(axes.flat, images.items(), strict=False):
        ax.imshow(image, cmap="gray", interpolation="none")
        ax.set_title(title)
    figure.alt = f"Images: {'; '.join(images)}."
    return figure
