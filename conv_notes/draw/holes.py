"""Missing pixels: one window over them, how they fill, and the matrix they leave."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from .. import _checks as check
from .._checks import FloatArray
from ..ops import conv2d, partial_conv2d
from . import marks
from ._drawing import WIDTH, Drawing, styled, subplots
from .letters import name_sides
from .marks import HOLE, INPUT, OUTPUT, PAPER, SERIES, number, tint
from .touch import LINE, invite, resting, touch


@styled
def masked_window(
    x: FloatArray, mask: np.ndarray, position: tuple[int, int]
) -> Drawing:
    """Draw the mean of one 3 × 3 window with missing pixels, plain and partial.

    The other outputs answer with their windows.

    Parameters
    ----------
    x : ndarray, shape (H, W)
        The image, small enough to read.
    mask : ndarray, shape (H, W)
        One where a pixel is known, zero in a hole.
    position : (int, int)
        Output position (i, j) that is worked out while nothing is pointed at; no
        padding.

    Returns
    -------
    Drawing
    """
    (x,) = check.with_axes("masked_window", x=(x, "H W"))
    check.shape(
        "masked_window", "mask", check.array("masked_window", "mask", mask), x.shape
    )
    k, kernel = 3, np.full((1, 1, 3, 3), 1 / 9)
    seen = np.where(mask, x, 0.0)[None, None]
    plain = conv2d(seen, kernel)[0, 0]
    outputs = partial_conv2d(seen, mask[None, None], kernel)
    partial, new = (z[0, 0] for z in outputs)
    (h, w), (oh, ow) = x.shape, plain.shape
    lefts = w + 0.4, w + 0.4 + ow + 0.4
    width, top = lefts[1] + ow, (h - oh) / 2
    figure, ax = subplots(height=WIDTH * (h + 0.9) / width + 0.75 + LINE)
    _hatch(ax, mask == 0)
    marks.lattice(ax, (0, 0), h, w, INPUT)
    marks.numbers(ax, (0, 0), x, "input", mask)
    _hatch(ax, new == 0, lefts[1], top)
    for left, z, name, known in (
        (lefts[0], plain, "plain", True),
        (lefts[1], partial, "partial", new),
    ):
        marks.lattice(ax, (left, top), oh, ow, OUTPUT)
        marks.numbers(ax, (left, top), z.round(1), name, known)

    def worked(i: int, j: int) -> str:
        here = np.s_[i : i + k, j : j + k]
        values = x[here][mask[here] == 1]
        total, s = number(values.sum()), len(values)
        mean = number(plain[i, j].round(1))
        if not s:
            return f"no pixel is known\nplain: {mean}\npartial: 0, and 0 in the mask"
        return (
            f"known pixels: {' + '.join(map(number, values))} = {total}\n"
            f"plain: {total} / 9 = {mean}\n"
            f"partial: {total} / 9 · 9 / {s} = {number(partial[i, j].round(1))}"
        )

    def mark(i: int, j: int) -> None:
        marks.mark(ax, (j, i), k, k)
        for left in lefts:
            marks.mark(ax, (left + j, top + i), colour=OUTPUT)

    words = worked(*position)
    with resting(ax):
        mark(*position)
    invite(figure, "Point at an output.", below=words)
    for i, j in np.ndindex(new.shape):
        places = [(left + j, top + i) for left in lefts]
        with touch(ax, places, says=worked(i, j)):
            mark(i, j)
    marks.bare(ax).set(xlim=(-0.1, width + 0.1), ylim=(h + 0.1, -0.9))
    i, j = position
    s = int(mask[i : i + k, j : j + k].sum())
    figure.alt = (
        f"A {h} by {w} image of which {int((mask == 0).sum())} pixels are missing, and "
        f"the means of its 3 by 3 windows by plain and by partial convolution. At "
        f"output ({i}, {j}) {s} of 9 pixels are known. {'; '.join(words.splitlines())}."
    )
    return figure


@styled
def filling(mask: np.ndarray, kernel_size: int) -> Drawing:
    """Draw a mask, and in each missing pixel which layer makes it known.

    Parameters
    ----------
    mask : ndarray, shape (H, W)
        One where a pixel is known, zero in a hole; at least one is known.
    kernel_size : int
        K, odd; the layers have stride 1 and keep the size.

    Returns
    -------
    Drawing
    """
    check.rank("filling", "mask", check.array("filling", "mask", mask), "H W")
    layer, n = np.zeros(mask.shape, dtype=int), 0
    kernel, now = np.ones((1, 1, kernel_size, kernel_size)), mask[None, None] == 1
    while not now.all():
        n += 1
        x = np.zeros(now.shape)
        _, new = partial_conv2d(x, now, kernel, padding=kernel_size // 2)
        layer[(new & ~now)[0, 0]] = n
        now = new
    h, w = mask.shape
    figure, ax = subplots(height=WIDTH * h / w)
    for i, j in np.argwhere(layer):
        at = layer[i, j]
        share = 0.75 - 0.75 * at / (n + 1)  # the later, the lighter
        marks.box(ax, (j, i), fc=INPUT, alpha=share * 0.8, ec="none")
        marks.label(ax, (j + 0.5, i + 0.5), at)
    marks.lattice(ax, (0, 0), h, w, INPUT)
    marks.bare(ax).set(xlim=(-0.1, w + 0.1), ylim=(h + 0.1, -0.1))
    counts = [f"layer {a} fills {(layer == a).sum()}" for a in range(1, n + 1)]
    figure.alt = (
        f"A mask of {h} by {w} pixels, {(layer > 0).sum()} of them missing. With "
        f"windows of {kernel_size}, {', '.join(counts)}."
    )
    return figure


@styled
def masked_matrix(masks: Any, kernel_size: int = 3) -> Drawing:
    """Draw partial convolution on a row as a matrix, for one mask after the other.

    Parameters
    ----------
    masks : sequence of ndarray, shape (W,)
        One where a pixel is known, zero in a hole.
    kernel_size : int
        K, odd; stride 1, the size is kept, and padding counts as unknown.

    Returns
    -------
    Drawing
    """
    n, p = len(masks[0]), kernel_size // 2
    names, words = "abcdefghi"[:kernel_size], []
    figure, axes = subplots(len(masks), height=3.1 * len(masks), squeeze=False)
    for ax, mask in zip(axes[:, 0], masks, strict=True):
        for x in range(n):
            if not mask[x]:
                marks.box(ax, (x, 0), 1, n, **HOLE)
        name_sides(ax, n, n)
        rows = []
        for y in range(n):
            row = ["·"] * n
            taps = [(k, y + k - p) for k in range(kernel_size)]
            known = [(k, x) for k, x in taps if 0 <= x < n and mask[x]]
            ratio = Fraction(kernel_size, max(len(known), 1))
            by = "" if ratio == 1 else f"{_fraction(ratio)} "
            for k, x in known:
                row[x] = f"{by}{names[k]}"
                marks.box(ax, (x, y), fc=tint(SERIES[k]), ec=PAPER, lw=0.6)
                marks.label(ax, (x + 0.5, y + 0.5), row[x])
            rows.append(", ".join(row))
        marks.frame(ax, (0, 0), n, n, lw=0.6)
        marks.bare(ax).set(xlim=(-1, n + 0.1), ylim=(n + 0.1, -0.9))
        known_pixels = " ".join(str(int(m)) for m in mask)
        ax.set_title(f"mask {known_pixels}")
        words.append(f"Mask {known_pixels}: {'; '.join(rows)}")
    figure.alt = f"Rows of a matrix by output. {'. '.join(words)}."
    return figure


def _fraction(ratio: Fraction) -> str:
    return {Fraction(3, 2): "1½"}.get(ratio, str(ratio))


def _hatch(ax: Axes, holes: np.ndarray, left: float = 0, top: float = 0) -> None:
    for i, j in np.argwhere(holes):
        marks.box(ax, (left + j, top + i), **HOLE)
