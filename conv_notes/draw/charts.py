"""Charts of counts and measurements."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from itertools import pairwise
from math import log10
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from ._drawing import Drawing, styled, subplots
from .marks import INK, OUTPUT, SERIES, number, short, superscript
from .touch import LINE, invite, touch

MARKERS = "osD^vP"


@styled
def waterfall(
    counts: Mapping[str, int], unit: str = "weights", highest: int | None = None
) -> Drawing:
    """Draw counts as bars on a logarithmic axis, with the factor from each to the next.

    Parameters
    ----------
    counts : mapping of str to int
        What is counted, in the order of the steps; each count at least 1.
    unit : str
        What the axis counts.
    highest : int, optional
        The largest count that the axis has room for, so that several drawings can be
        compared; that of `counts` where left out.

    Returns
    -------
    Drawing
    """
    words = "; ".join(f"{name}: {count:,}" for name, count in counts.items())
    alt = f"Bars on a logarithmic axis of {unit}. {words}."
    figure, ax = subplots(height=0.5 + 0.62 * len(counts), alt=alt)
    left = log10(0.5)  # bars start at 0.5, so that a count of 1 still shows one
    for row, (name, count) in enumerate(counts.items()):
        ax.barh(row, log10(count) - left, left=left, height=0.42, color=OUTPUT)
        ax.text(left, row - 0.38, name, va="center")
        _beside(ax, log10(count), row, f"{count:,}")
    # Room at the right for the longest number, at 0.023 of the width per character.
    most = [*counts.values(), highest or 1]
    ends = [(log10(n) - left) / (0.96 - 0.023 * len(f"{n:,}")) for n in most]
    right = left + max(ends)
    for row, (before, after) in enumerate(pairwise(counts.values())):
        if before != after:
            sign = "÷" if after < before else "×"
            factor = max(before, after) / min(before, after)
            word = f"{sign} {factor:,.0f}" if factor >= 10 else f"{sign} {factor:.2g}"
            ax.text(right, row + 0.6, word, ha="right", va="center", style="italic")
    powers = int(log10(max(most)))
    ticks = range(0, powers + 1, 1 + powers // 6)
    ax.set(xlim=(left, right), ylim=(len(counts) - 0.6, -0.75), yticks=[])
    ax.set_xticks(ticks, [f"10{superscript(t)}" for t in ticks])
    ax.set_xlabel(f"{unit} (logarithmic axis)")
    ax.spines["left"].set_visible(False)
    return figure


@styled
def curves(
    x: Sequence[float],
    lines: Mapping[str, Any],
    *,
    xlabel: str,
    ylabel: str,
    xscale: str = "linear",
    yscale: str = "linear",
    height: float = 2.9,
    dashed: Collection[str] = (),
    alt: str = "",
) -> Drawing:
    """Draw lines over a common axis, each with a colour, a marker and a name.

    Parameters
    ----------
    x : sequence of float
        Shared by all lines.
    lines : mapping of str to array_like
        Values, shape (len(x),); or one row per seed, shape (seeds, len(x)), drawn as
        mean and, as a band, minimum to maximum.
    xlabel, ylabel : str
        Names of the axes, with units.
    xscale, yscale : {"linear", "log"}
        Scales of the axes.
    height : float
        Inches.
    dashed : collection of str
        Names of lines that lie on others, and let them show through: with dashes and
        open markers.
    alt : str
        What the figure shows; by default the lines' first and last values.

    Returns
    -------
    Drawing
    """
    figure, ax = subplots(height=height)
    ends = []
    for k, (name, values) in enumerate(lines.items()):
        rows = np.atleast_2d(np.asarray(values, dtype=np.float64))
        mean, colour = rows.mean(axis=0), SERIES[k % len(SERIES)]
        look: Any = {"marker": MARKERS[k % len(MARKERS)], "color": colour}
        if name in dashed:
            look |= {"linestyle": "--", "markerfacecolor": "none"}
        ax.plot(x, mean, label=name, **look)
        if len(rows) > 1:
            spread = rows.min(axis=0), rows.max(axis=0)
            ax.fill_between(x, *spread, color=colour, alpha=0.25, lw=0)
        ends.append(f"{name} from {mean[0]:.3g} to {mean[-1]:.3g}")
    ax.set(xlabel=xlabel, ylabel=ylabel, xscale=xscale, yscale=yscale)
    if xscale == "log":
        ax.set_xticks(list(x), [f"{v:g}" for v in x])
        ax.minorticks_off()
    if yscale == "log":
        ax.yaxis.set_major_formatter("{x:g}")  # exponents are too small to read
    figure.legend(loc="outside upper left", ncols=1 if len(lines) > 2 else 2)
    figure.alt = alt or f"{ylabel} against {xlabel}: {'; '.join(ends)}."
    return figure


@styled
def bars(
    values: Mapping[str, Any], *, xlabel: str, xlim: tuple[float, float] | None = None
) -> Drawing:
    """Draw one horizontal bar for each name; several values give mean and range.

    Parameters
    ----------
    values : mapping of str to float or array_like
        A number, or one per seed: the bar is their mean, the line their range.
    xlabel : str
        What is measured, with its unit.
    xlim : (float, float), optional
        Limits of the axis.

    Returns
    -------
    Drawing
    """
    figure, ax = subplots(height=0.55 + 0.6 * len(values))
    words = []
    for row, (name, value) in enumerate(values.items()):
        seeds = np.atleast_1d(np.asarray(value, dtype=np.float64))
        mean, low, high = seeds.mean(), seeds.min(), seeds.max()
        ax.barh(row, mean, height=0.42, color=SERIES[3])
        if len(seeds) > 1:
            ax.plot([low, high], [row, row], color=INK, lw=2)
        ax.text(0, row - 0.38, name, va="center")
        _beside(ax, high, row, f"{mean:.3g}")
        spread = f", range {low:.3g} to {high:.3g}" if len(seeds) > 1 else ""
        words.append(f"{name} {mean:.3g}{spread}")
    ax.set(yticks=[], ylim=(len(values) - 0.6, -0.75), xlabel=xlabel)
    ax.margins(x=0.16)
    if xlim is not None:
        ax.set_xlim(xlim)
    ax.spines["left"].set_visible(False)
    figure.alt = f"Bars of {xlabel}: {'; '.join(words)}."
    return figure


@styled
def panels(
    names: Sequence[str], columns: Mapping[str, tuple[Sequence[float], Any]]
) -> Drawing:
    """Draw several quantities of the same things: a panel for each, a row per thing.

    Above the bars numbers are short; a row that is pointed at says them in full.

    Parameters
    ----------
    names : sequence of str
        The things.
    columns : mapping of str to (sequence of float, mapping of str to float)
        For each quantity one value per thing, and where its axis has which tick. The
        bars begin at the first tick; where that is above 0, the axis is logarithmic.

    Returns
    -------
    Drawing
    """
    n = len(names)
    options: Any = {"sharey": True, "squeeze": False}
    below = 0.68 + 2 * LINE  # inches, of the axes and the words
    height = 0.52 * n + below
    figure, (axes,) = subplots(1, len(columns), height=height, **options)
    figure.set_layout_engine("none")  # so that all bars of all drawings align
    left, wide = 0.215, 0.795 / len(columns)
    for k, (ax, (title, (values, ticks))) in enumerate(
        zip(axes, columns.items(), strict=True)
    ):
        place = left + wide * k, below / height, wide - 0.03, 1 - below / height
        ax.set_position(place)
        log = min(ticks.values()) > 0
        scaled, places = (
            np.log10(z) if log else np.asarray(z) for z in (values, [*ticks.values()])
        )
        low, high = places.min(), places.max()
        ax.barh(np.arange(n) + 0.14, scaled - low, 0.5, left=low, color=OUTPUT)
        for row, value in enumerate(values):
            _beside(ax, low, row - 0.32, short(value), offset=3, weight="normal")
        ax.set_xticks(places, list(ticks))
        right = high + (high - low) * (0.25 if log else 0.45)
        ax.set(xlim=(low, right), ylim=(n - 0.5, -0.55))
        ax.set_xlabel(title + ("\n(log axis)" if log else ""))
        ax.tick_params(axis="y", length=0)
    axes[0].set_yticks(range(n), names)
    invite(figure, "Point at a row for its numbers.", lines=2)
    low, right = axes[0].get_xlim()
    unit = (right - low) / (wide - 0.03)  # all of the figure's width
    start, length = low - (left - 0.005) * unit, 0.99 * unit
    for row, name in enumerate(names):
        exact = (f"{title} {_exact(v[row])}" for title, (v, _) in columns.items())
        says, ends = f"{name}:\n{', '.join(exact)}", (row - 0.5, row + 0.47)
        with touch(axes[0], (start, ends[0]), length, ends[1] - ends[0], says=says):
            look = {"color": INK, "lw": 1.6, "clip_on": False}
            axes[0].hlines(ends, start, start + length, **look)
    rows = (
        f"{name}: "
        + ", ".join(f"{title} {short(v[k])}" for title, (v, _) in columns.items())
        for k, name in enumerate(names)
    )
    figure.alt = f"Bars. {'; '.join(rows)}."
    return figure


def _exact(value: float) -> str:
    """A whole number to its last digit, another one to two places."""
    return number(value, ",.0f" if float(value).is_integer() else ",.2f")


def _beside(
    ax: Axes, x: float, y: float, text: str, offset: float = 5, weight: str = "bold"
) -> None:
    """Write a value a few points to the right of a place."""
    place: Any = {"xytext": (offset, 0), "textcoords": "offset points"}
    ax.annotate(text, (x, y), va="center", weight=weight, **place)
