"""Convolution, with one kernel everywhere or with several that take turns."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Any, NamedTuple

import numpy as np

from .. import _checks as check
from .._checks import FloatArray, Padding, Pair
from ..arithmetic import Windows, parse_windows, turns
from ..windows import output_size
from ._correlation import (
    convolve,
    correlate,
    gradient_of_input,
    gradient_of_weight,
    grouped,
)
from ._differentiable import Pullback, differentiable
from ._sums import total


@differentiable
def conv2d(
    x: FloatArray,
    weight: FloatArray,
    bias: FloatArray | None = None,
    *,
    stride: int | Pair = 1,
    padding: int | Pair | Padding | str = 0,
    dilation: int | Pair = 1,
    groups: int = 1,
) -> tuple[FloatArray, Pullback]:
    r"""Slide one kernel per output channel over the image: convolution.

    .. math::
        y[n, m, i, j] = b[m] + \sum_{c, a, b} W[m, c, a, b]\;
        x[n, c,\; iS + aD - P,\; jS + bD - P]

    As everywhere in deep learning the kernel is not flipped, so in the language of
    signal processing this is cross-correlation. In one line, for ``groups=1``::

        np.einsum("ncabij,mcab->nmij", unfold(x, weight.shape[2:], ...), weight)

    Parameters
    ----------
    x : ndarray, shape (N, C, H, W)
        float32 or float64. N may be 0.
    weight : ndarray, shape (out, C / groups, KH, KW)
        Same dtype as `x`.
    bias : ndarray, shape (out,), optional
        Same dtype as `x`.
    stride, padding, dilation
        As for `unfold`; `padding` also "valid" or "same".
    groups : int
        Input and output channels are cut into this many groups, and each output
        channel sees only the input channels of its own group.

    Returns
    -------
    ndarray, shape (N, out, OH, OW)
        Same dtype as `x`.

    Raises
    ------
    TypeError
        If an array is not float32 or float64, the dtypes differ, or another argument
        is not an int.
    ValueError
        If the shapes do not fit, `groups` does not divide the channels, or the kernel
        is larger than the padded input.

    References
    ----------
    Goodfellow, Bengio & Courville (2016), *Deep Learning*, equation 9.7; groups:
    Krizhevsky, Sutskever & Hinton (2012), section 3.5; dilation: Yu & Koltun (2016),
    equation 2.

    Examples
    --------
    >>> import numpy as np
    >>> x = np.arange(9.0).reshape(1, 1, 3, 3)
    >>> kernel = np.array([[0.0, 1.0], [2.0, 3.0]]).reshape(1, 1, 2, 2)
    >>> conv2d(x, kernel)[0, 0]
    array([[19., 25.],
           [37., 43.]])
    """
    where = "conv2d"
    x, weight = check.float_arrays(where, x=x, weight=weight)
    check.rank(where, "x", x, "N C H W")
    check.rank(where, "weight", weight, "out in/groups KH KW")
    groups = check.integer(where, "groups", groups, 1)
    check.channels(where, x, weight, out_axis=0, groups=groups)
    bias = check.optional_bias(where, bias, weight.shape[:1], x)
    windows = parse_windows(where, weight.shape[2:], stride, padding, dilation)
    y, pull_back = convolve(where, x, grouped(weight, groups), windows)
    if bias is not None:
        y += bias[:, None, None]

    def pullback(dy: FloatArray) -> tuple[Any, ...]:
        dx, dweight = pull_back(dy)
        dbias = None if bias is None else total(dy, (0, 2, 3))
        return dx, dweight.reshape(weight.shape), dbias

    return y, pullback


@differentiable
def tiled_conv2d(
    x: FloatArray,
    weight: FloatArray,
    bias: FloatArray | None = None,
    *,
    stride: int | Pair = 1,
    padding: int | Pair | Padding | str = 0,
    dilation: int | Pair = 1,
    tiling: str = "cyclic",
) -> tuple[FloatArray, Pullback]:
    r"""Let TH × TW kernels take turns over the image: tiled convolution.

    .. math::
        y[n, m, i, j] = b[p, q, m] + \sum_{c, a, b} W[p, q, m, c, a, b]\;
        x[n, c,\; iS + aD - P,\; jS + bD - P]

    where the kernel :math:`(p, q)` in use at output (i, j) is (i mod TH, j mod TW) for
    ``tiling="cyclic"``, or (⌊i·TH/OH⌋, ⌊j·TW/OW⌋) for ``tiling="block"``. With one
    kernel it is `conv2d`; with at least as many kernels as outputs, `local_conv2d`.

    Parameters
    ----------
    x : ndarray, shape (N, C, H, W)
        float32 or float64. N may be 0.
    weight : ndarray, shape (TH, TW, out, C, KH, KW)
        Same dtype as `x`.
    bias : ndarray, shape (TH, TW, out), optional
        Same dtype as `x`.
    stride, padding, dilation
        As for `conv2d`.
    tiling : {"cyclic", "block"}
        Whether neighbouring outputs take turns, or share a kernel within a region.

    Returns
    -------
    ndarray, shape (N, out, OH, OW)
        Same dtype as `x`.

    Raises
    ------
    TypeError
        If an array is not float32 or float64, the dtypes differ, or another argument
        is not an int.
    ValueError
        If the shapes do not fit, `tiling` is unknown, or the kernel is larger than the
        padded input.

    References
    ----------
    Goodfellow, Bengio & Courville (2016), *Deep Learning*, equation 9.10; Le et al.
    (2010), "Tiled convolutional neural networks", section 2.

    Examples
    --------
    Two kernels of size 1 that take turns along a row:

    >>> import numpy as np
    >>> x = np.ones((1, 1, 1, 5))
    >>> weight = np.array([1.0, 10.0]).reshape(1, 2, 1, 1, 1, 1)
    >>> tiled_conv2d(x, weight)[0, 0]
    array([[ 1., 10.,  1., 10.,  1.]])
    >>> tiled_conv2d(x, weight, tiling="block")[0, 0]
    array([[ 1.,  1.,  1., 10., 10.]])
    """
    where = "tiled_conv2d"
    x, weight = check.float_arrays(where, x=x, weight=weight)
    check.rank(where, "x", x, "N C H W")
    check.rank(where, "weight", weight, "TH TW out in KH KW")
    check.choice(where, "tiling", tiling, ("cyclic", "block"))
    check.channels(where, x, weight, out_axis=2)
    bias = check.optional_bias(where, bias, weight.shape[:3], x)
    windows = parse_windows(where, weight.shape[4:], stride, padding, dilation)
    positions = output_size(where, x.shape, windows)
    tiles = list(_tiles(windows, positions, weight.shape[:2], tiling))
    y = np.empty((len(x), weight.shape[2], *positions), x.dtype)
    for tile in tiles:
        its = weight[None, *tile.number]  # all channels in one group
        correlate(x, its, tile.windows, tile.positions, y[tile.at])
        if bias is not None:
            y[tile.at] += bias[tile.number][:, None, None]

    def pullback(dy: FloatArray) -> tuple[Any, ...]:
        def dx() -> FloatArray:
            gradient = np.zeros_like(x)
            for tile in tiles:
                some, its = dy[tile.at], weight[None, *tile.number]
                gradient_of_input(gradient, some, its, tile.windows, add=True)
            return gradient

        dweight = np.zeros_like(weight)
        dbias = None if bias is None else np.zeros_like(bias)
        for tile in tiles:
            some, its = dy[tile.at], weight[None, *tile.number]
            dweight[tile.number] = gradient_of_weight(x, some, its, tile.windows)[0]
            if dbias is not None:
                dbias[tile.number] = total(some, (0, 2, 3))
        return dx, dweight, dbias

    return y, pullback


class _Tile(NamedTuple):
    """A turn along both axes: outputs that one kernel computes."""

    number: Pair
    at: tuple[Any, ...]
    windows: Windows
    positions: Pair


def _tiles(
    windows: Windows, positions: Pair, counts: tuple[int, ...], tiling: str
) -> Iterator[_Tile]:
    axes = zip(windows, positions, counts, strict=True)
    for down, right in product(*(turns(*axis, tiling) for axis in axes)):
        yield _Tile(
            (down.number, right.number),
            (..., down.at, right.at),
            (down.window, right.window),
            (down.length, right.length),
        )
