"""Descriptors in a plane, what share of each its centres get, and their residuals."""

from __future__ import annotations

from string import ascii_uppercase
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from .. import _checks as check
from .._checks import FloatArray
from ..ops import netvlad, netvlad_init, softmax, vlad
from . import marks
from ._drawing import WIDTH, Drawing, styled, subplots
from .marks import FAINT, INK, INPUT, PAPER, SERIES, number, tint
from .touch import LINE, invite, touch

WIDE = 3.9  # inches, of the plane in which a descriptor is moved
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
    points, centers = _in_plane("clusters", points=points, centers=centers)
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


@styled
def assignment(
    points: FloatArray,
    centers: FloatArray,
    alpha: float,
    place: tuple[int, int],
    size: tuple[int, int],
) -> Drawing:
    """Draw what the last descriptor is to the centres, and the vector of the whole bag.

    Lines from the centres are as thick as the soft shares. Below stand the shares, V,
    and V normalised, as bars where they are soft, as dashes where they are hard. The
    plane's places answer: a click, or a drag over them, puts the descriptor there and
    sets the choices "first_number" and "second_number".

    Parameters
    ----------
    points : ndarray, shape (N, 2)
        The descriptors; the last one is moved to `place`.
    centers : ndarray, shape (K, 2)
        The centres, at most five.
    alpha : float
        How hard the soft shares are, as for `netvlad_init`.
    place : (int, int)
        Where the last descriptor is.
    size : (int, int)
        Where it can be: at whole numbers from 0, so many along each axis.

    Returns
    -------
    Drawing
    """
    points, centers = _in_plane("assignment", points=points, centers=centers)
    n, k = len(points), len(centers)
    names = ascii_uppercase[:k]
    now = np.concatenate([points[:-1], [place]])
    ways = [_shares(now, centers, a)[-1] for a in (alpha, None)]  # soft, and hard
    sums, unit = (_vectors(now, centers, alpha, scaled) for scaled in (False, True))
    high = WIDE * size[1] / size[0]  # inches, of the plane
    below = 3 * LINE + 0.3, 1.0, 0.5  # of words and names, bars, titles and ticks
    figure, axes = subplots(2, 3, height=high + sum(below) + 0.06)
    figure.set_layout_engine("none")  # all pictures alike
    for spare in axes[0, 1:]:
        spare.remove()
    height = figure.get_figheight()
    axes[0, 0].set_position((0.065, sum(below) / height, WIDE / WIDTH, high / height))
    _plane(axes[0, 0], now, centers, ways[0], size)
    most = _largest(points, centers, alpha, size)
    for ax, title, values, ticks, left, width in (
        (axes[1, 0], f"share of {n}", ways, (0, 1), 0.065, 0.18),
        (axes[1, 1], "V", sums, (-most, 0, most), 0.32, 0.29),
        (axes[1, 2], "V, normalised", unit, (-1, 0, 1), 0.705, 0.29),
    ):
        ax.set_position((left, below[0] / height, width, below[1] / height))
        _bars(ax, values[0], values[1], names)
        ax.set_title(title)
        ax.set_yticks(ticks, list(map(number, ticks)))
        ax.set_ylim(ticks[0], 1.05 * ticks[-1])
    nearest = names[int(ways[1].argmax())]
    soft = ", ".join(
        f"{a} {number(s, '.2f')}" for a, s in zip(names, ways[0], strict=True)
    )
    parts = zip(names, now[-1] - centers, strict=True)
    residuals = ", ".join(f"{a} {_short(r)}" for a, r in parts)
    words = f"soft, α = {alpha:g}: {soft}; hard: {nearest}\nresiduals: {residuals}"
    invite(figure, f"Drag descriptor {n}.", below=words, stays=True)
    figure.alt = (
        f"Descriptor {n} of {n} at {_short(now[-1])}, centres {names}. "
        f"{'. '.join(words.splitlines())}. {_said('V', sums)}. "
        f"{_said('Normalised', unit)}."
    )
    return figure


def _vectors(
    points: FloatArray, centers: FloatArray, alpha: float, normalize: bool
) -> list[FloatArray]:
    """V of a bag, by soft shares and by hard ones."""
    x = points.T[None, :, None]  # an image with one row of places
    how = netvlad_init(centers, alpha)
    soft: FloatArray = netvlad(x, *how, centers, normalize=normalize)[0]
    hard: FloatArray = vlad(x, centers, normalize=normalize)[0]
    return [soft, hard]


def _largest(
    points: FloatArray, centers: FloatArray, alpha: float, size: tuple[int, int]
) -> int:
    """A whole number above all of V, wherever the last descriptor is."""
    bags = (np.concatenate([points[:-1], [at]]) for at in np.ndindex(size))
    largest = max(np.abs(_vectors(bag, centers, alpha, False)).max() for bag in bags)
    return int(largest) + 1


def _plane(
    ax: Axes,
    points: FloatArray,
    centers: FloatArray,
    shares: FloatArray,
    size: tuple[int, int],
) -> None:
    """Descriptors and centres; each place answers, in the middle of its square."""
    (wide, high), last = size, points[-1]
    ax.set(xlim=(-0.5, wide - 0.5), ylim=(-0.5, high - 0.5))
    ax.set(xticks=range(wide), yticks=range(high))
    ax.tick_params(length=0)
    for spine in ax.spines.values():
        spine.set_visible(False)
    upright, level = (np.arange(count + 1) - 0.5 for count in size)
    starts = [(x, -0.5) for x in upright] + [(-0.5, y) for y in level]
    ends = [(x, high - 0.5) for x in upright] + [(wide - 0.5, y) for y in level]
    marks.lines(ax, np.array(starts), np.array(ends), ec=FAINT, lw=0.4, zorder=0)
    for j, (center, share) in enumerate(zip(centers, shares, strict=True)):
        if (center != last).any():
            look: Any = {"color": SERIES[j], "lw": 0.5 + 5 * share, "zorder": 2}
            ax.plot(*zip(center, last, strict=True), **look)
        ax.plot(*center, "s", ms=14, mfc=PAPER, mec=SERIES[j], mew=1.6, zorder=4)
        name = ascii_uppercase[j]
        marks.label(ax, center - (0, 0.01), name, weight="bold", zorder=5)
    for i, (a, b) in enumerate(points, start=1):
        moved = i == len(points)
        fill, at = (tint(INPUT), 7) if moved else (PAPER, 3)
        size_of: Any = {"ms": 19 if moved else 14, "mew": 2.2 if moved else 1.2}
        ax.plot(a, b, "o", mfc=fill, mec=INPUT, zorder=at, **size_of)
        marks.label(ax, (a, b - 0.01), i, zorder=at + 1)
    # Parts made before there are words below leave these alone.
    for y, x in np.ndindex(high, wide):
        sets = {"first_number": x, "second_number": y}
        says = f"descriptor {len(points)} at ({x}, {y})"
        with touch(ax, (x - 0.5, y - 0.5), says=says, sets=sets):
            pass  # dragged over, it is drawn anew


def _bars(ax: Axes, soft: FloatArray, hard: FloatArray, names: str) -> None:
    """A bar for each number in the colour of its centre; dashes for the hard ones."""
    each = len(soft) // len(names)
    at = np.arange(len(soft)) + 0.6 * (np.arange(len(soft)) // each)
    colours = [SERIES[i // each] for i in range(len(soft))]
    ax.bar(at, soft, 0.9, color=colours)
    ax.hlines(hard, at - 0.45, at + 0.45, color=INK, lw=2)
    ax.axhline(0, color=INK, lw=0.6)
    ax.set_xticks(at.reshape(len(names), each).mean(axis=1), list(names))
    ax.tick_params(axis="x", length=0, pad=2)
    ax.spines["bottom"].set_visible(False)


def _said(name: str, vectors: list[FloatArray]) -> str:
    """Both vectors, in pairs of numbers."""
    soft, hard = (", ".join(map(_pair, v.reshape(-1, 2))) for v in vectors)
    return f"{name} soft {soft}; hard {hard}"


def _in_plane(where: str, **arrays: FloatArray) -> tuple[FloatArray, ...]:
    """Raise unless all are rows of two numbers."""
    for name, values in arrays.items():
        rows = check.array(where, name, values).shape[:1]
        check.shape(where, name, values, (*rows, 2))
    return check.float_arrays(where, **arrays)


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
