"""Descriptors in a plane, what share of each its centres get, and their residuals."""

from __future__ import annotations

from string import ascii_uppercase
from typing import Any

import numpy as np

from .._checks import FloatArray
from ..ops import netvlad_init, softmax
from . import marks
from ._drawing import Drawing, styled, subplots
from .marks import INPUT, PAPER, SERIES, number


@styled
def clusters(
    points: FloatArray, centers: FloatArray, alpha: float | None = None
) -> Drawing:
    """Draw descriptors of two numbers, shared among centres, and the sums that result.

    Lines are as thick, and the squares below as dark, as the shares. An arrow leads
    from each centre along its sum of residuals.

    Parameters
    ----------
    points : ndarray, shape (N, 2)
        The descriptors.
    centers : ndarray, shape (K, 2)
        The centres, at most five.
    alpha : float, optional
        How hard the shares are, as for `netvlad_init`; where left out, each descriptor
        belongs to the nearest centre alone.

    Returns
    -------
    Drawing
    """
    shares = _shares(points, centers, alpha)
    sums = shares.T @ points - shares.sum(axis=0)[:, None] * centers  # (K, 2)
    n, k = shares.shape
    names = ascii_uppercase[:k]
    figure, (plane, below) = subplots(2, height=4.6, height_ratios=[3, 0.25 + 0.42 * k])
    for i, j in np.argwhere(shares > 0.01):
        ends = zip(points[i], centers[j], strict=True)
        look: Any = {"color": SERIES[j], "lw": 4 * shares[i, j], "zorder": 1}
        plane.plot(*ends, **look)
    for i, (a, b) in enumerate(points):
        plane.plot(a, b, "o", ms=14, mfc=PAPER, mec=INPUT, mew=1.4, zorder=4)
        marks.label(plane, (a, b - 0.02), i + 1, zorder=5)
    for j, (a, b) in enumerate(centers):
        marks.arrow(plane, (a, b), centers[j] + sums[j], lw=1.8, zorder=3)
        plane.plot(a, b, "s", ms=13, mfc=PAPER, mec=SERIES[j], mew=1.6, zorder=4)
        marks.label(plane, (a, b - 0.02), names[j], weight="bold", zorder=5)
    plane.set_aspect("equal")
    both = np.concatenate([points, centers])
    low, high = both.min(axis=0) - 1.2, both.max(axis=0) + np.array([2.2, 1.2])
    plane.set(xlim=(low[0], high[0]), ylim=(low[1], high[1]))
    plane.set(xlabel="first number", ylabel="second number")

    for j, name in enumerate(names):
        for i, share in enumerate(shares[:, j]):
            look = {"fc": SERIES[j], "ec": "none", "alpha": 0.45 * share}
            marks.cells(below, [(i + 0.04, j + 0.06)], 0.92, 0.88, **look)
            word = number(share, ".0f" if alpha is None else ".2f")
            marks.label(below, (i + 0.5, j + 0.52), word, zorder=5)
        marks.label(below, (-0.4, j + 0.52), name, weight="bold", zorder=5)
        marks.label(below, (n + 0.25, j + 0.52), _pair(sums[j]), ha="left")
    for i in range(n):
        marks.label(below, (i + 0.5, -0.35), i + 1, zorder=5)
    marks.label(below, (n + 0.25, -0.35), "V", style="italic", ha="left")
    marks.bare(below).set(xlim=(-0.8, n + 2.6), ylim=(k + 0.1, -0.8))
    below.set_aspect("auto")
    title = "hard assignment" if alpha is None else f"α = {alpha:g}"
    figure.suptitle(title, fontsize=10)
    rows = "; ".join(
        f"{name}: shares {', '.join(f'{s:.2f}' for s in shares[:, j])}, "
        f"sum of residuals {_pair(sums[j])}"
        for j, name in enumerate(names)
    )
    figure.alt = f"{n} descriptors and {k} centres, {title}. {rows}."
    return figure


def _shares(points: FloatArray, centers: FloatArray, alpha: float | None) -> FloatArray:
    """What part of each descriptor each centre gets: (N, K), rows add up to 1."""
    if alpha is None:
        distances = ((points[:, None] - centers) ** 2).sum(axis=2)
        nearest: FloatArray = np.eye(len(centers))[distances.argmin(axis=1)]
        return nearest
    weight, bias = netvlad_init(centers, alpha)
    shares: FloatArray = softmax(points @ weight.T + bias, 1)
    return shares


def _pair(v: FloatArray) -> str:
    return f"({', '.join(number(x, '.2f') for x in v)})"
