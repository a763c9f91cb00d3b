"""Descriptors in a plane, what share of each its centres get, and their residuals."""

from __future__ import annotations

from string import ascii_uppercase
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from .._checks import FloatArray
from ..ops import netvlad_init, softmax
from . import marks
from ._drawing import Drawing, styled, subplots
from .marks import INK, INPUT, PAPER, SERIES, number
from .touch import invite, touch

MOST_TERMS = 5  # of a sum that is written out, three in a line


@styled
def clusters(
    points: FloatArray, centers: FloatArray, alpha: float | None = None
) -> Drawing:
    """Draw descriptors of two numbers, shared among centres, and the sums that result.

    Lines are as thick, and the squares below as dark, as the shares. An arrow leads
    from each centre along its sum of residuals. A descriptor answers with its shares, a
    centre with the residuals that it adds up, each times its share.

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
    figure, (plane, below) = subplots(2, height=5.0, height_ratios=[3, 0.25 + 0.42 * k])
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
    marks.bare(below).set(xlim=(-0.8, n + 2.8), ylim=(k + 0.1, -0.8))
    below.set_aspect("auto")
    title = "hard assignment" if alpha is None else f"α = {alpha:g}"
    figure.suptitle(title, fontsize=10)
    invite(figure, "Point at a descriptor or at a centre.", lines=2)
    _answer(plane, below, points, centers, shares)
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


def _answer(
    plane: Axes,
    below: Axes,
    points: FloatArray,
    centers: FloatArray,
    shares: FloatArray,
) -> None:
    """A descriptor says its shares, a centre what it adds up, both here and there."""
    r = 0.045 * max(np.ptp(plane.get_xlim()), np.ptp(plane.get_ylim()))
    n, k = shares.shape
    names = ascii_uppercase[:k]
    for i, row in enumerate(shares):
        parts = (f"{name} {s:.2f}" for name, s in zip(names, row, strict=True))
        says = f"descriptor {i + 1}: {', '.join(parts)}"
        for ax, place, size in (
            (plane, points[i] - r, (2 * r, 2 * r)),
            (below, (i, -0.7), (1, 0.7)),
        ):
            with touch(ax, place, *size, says=says):
                plane.plot(*points[i], "o", ms=18, mfc="none", mec=INK, mew=2)
                marks.frame(below, (i, -0.7), 1, k + 0.76, clip_on=False)
    for j, name in enumerate(names):
        residuals = points - centers[j]
        weighted = shares[:, j, None] * residuals
        says = f"{name}: {_added(weighted)}"
        for ax, place, size in (
            (plane, centers[j] - r, (2 * r, 2 * r)),
            (below, (-0.8, j), (0.8, 1)),
        ):
            with touch(ax, place, *size, says=says):
                _arrows(plane, centers[j], weighted, residuals, r)
                marks.frame(below, (-0.8, j), n + 3.6, 1, clip_on=False)


def _arrows(
    ax: Axes, start: FloatArray, steps: FloatArray, full: FloatArray, gap: float
) -> None:
    """Thin arrows as one path, beside the square at their start and the circles."""
    length = np.linalg.norm(steps, axis=1)
    tip = np.minimum(length, np.linalg.norm(full, axis=1) - gap)
    long = tip > gap
    along = steps[long] / length[long, None]
    tips = start + along * tip[long, None]
    across = along[:, ::-1] * (-0.5, 0.5)
    heads = [tips - 0.45 * gap * (along + side) for side in (-across, across)]
    ends = np.concatenate([start + gap * along, *heads])
    marks.lines(ax, ends, np.concatenate([tips] * 3), color=INK, lw=1.1)


def _added(terms: FloatArray) -> str:
    """A sum of pairs; of many only how many there are."""
    total = _short(terms.sum(axis=0))
    rounded = terms.round(2)
    pairs = [_short(term) for term in rounded if term.any()] or ["nothing"]
    if len(pairs) > MOST_TERMS:
        return f"{len(pairs)} residuals times their shares\nadd up to {total}"
    rows = (" + ".join(pairs[i : i + 3]) for i in range(0, len(pairs), 3))
    sign = "=" if _short(rounded.sum(axis=0)) == total else "≈"
    return "\n+ ".join(rows) + f" {sign} {total}"


def _short(v: FloatArray) -> str:
    return f"({', '.join(number(round(float(x), 2)) for x in v)})"


def _pair(v: FloatArray) -> str:
    return f"({', '.join(number(x, '.2f') for x in v)})"
