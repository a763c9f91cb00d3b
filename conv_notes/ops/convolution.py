"""Convolution, with one kernel everywhere or with several that take turns.

Both functions are one computation: the output is cut into tiles, each tile has a
kernel, and within a tile that kernel slides. Convolution has one tile.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import numpy as np

from .. import _checks as check
from .._checks import FloatArray, Padding, Pair
from ..windows import Geometry, fold, geometry, unfold
from ._differentiable import Pullback, differentiable

#: Where on the output each kernel is used: slices of rows, and of columns.
Tiles = tuple[list[slice], list[slice]]
EVERYWHERE: Tiles = ([slice(None)], [slice(None)])


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
) -> tuple[Any, Pullback]:
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
    x, weight, bias = check.float_arrays(  # type: ignore[assignment]
        where, x=x, weight=weight, bias=bias
    )
    check.rank(where, "x", x, "N C H W")
    check.rank(where, "weight", weight, "out in/groups KH KW")
    groups = check.integer(where, "groups", groups, 1)
    check.channels(where, x, weight, out_axis=0, groups=groups)
    check.shape(where, "bias", bias, weight.shape[:1])
    size = x.shape[2:]
    g = geometry(where, size, weight.shape[2:], stride, padding, dilation)
    windows = unfold(x, g.kernel_size, **g.keywords)  # (N, C, KH, KW, OH, OW)
    y = _correlate(windows, weight[None, None], EVERYWHERE, groups)
    if bias is not None:
        y += bias[:, None, None]

    def pullback(dy: FloatArray) -> tuple[FloatArray | None, ...]:
        dx, dweight = _correlate_pullback(
            windows, weight[None, None], EVERYWHERE, groups, dy, size, g
        )
        dbias = None if bias is None else dy.sum(axis=(0, 2, 3))
        return dx, dweight[0, 0], dbias

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
) -> tuple[Any, Pullback]:
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
    x, weight, bias = check.float_arrays(  # type: ignore[assignment]
        where, x=x, weight=weight, bias=bias
    )
    check.rank(where, "x", x, "N C H W")
    check.rank(where, "weight", weight, "TH TW out in KH KW")
    check.choice(where, "tiling", tiling, ("cyclic", "block"))
    check.channels(where, x, weight, out_axis=2)
    check.shape(where, "bias", bias, weight.shape[:3])
    size = x.shape[2:]
    g = geometry(where, size, weight.shape[4:], stride, padding, dilation)
    windows = unfold(x, g.kernel_size, **g.keywords)  # (N, C, KH, KW, OH, OW)
    tiles = (
        tile_slices(g.output_size[0], weight.shape[0], tiling),
        tile_slices(g.output_size[1], weight.shape[1], tiling),
    )
    y = _correlate(windows, weight, tiles, groups=1)
    if bias is not None:
        for p, q, at in _each_tile(tiles):
            y[at] += bias[p, q][:, None, None]

    def pullback(dy: FloatArray) -> tuple[FloatArray | None, ...]:
        dx, dweight = _correlate_pullback(windows, weight, tiles, 1, dy, size, g)
        if bias is None:
            return dx, dweight, None
        dbias = np.zeros_like(bias)
        for p, q, at in _each_tile(tiles):
            dbias[p, q] = dy[at].sum(axis=(0, 2, 3))
        return dx, dweight, dbias

    return y, pullback


def tile_slices(size: int, count: int, tiling: str) -> list[slice]:
    """The positions of an axis of `size` outputs at which each of `count` is used."""
    if tiling == "cyclic":
        return [slice(p, None, count) for p in range(count)]
    starts = [-(-p * size // count) for p in range(count + 1)]
    return [slice(*ends) for ends in pairwise(starts)]


def _each_tile(tiles: Tiles) -> Iterator[tuple[int, int, tuple[slice, ...]]]:
    for p, rows in enumerate(tiles[0]):
        for q, cols in enumerate(tiles[1]):
            yield p, q, (..., rows, cols)  # type: ignore[misc]


def _correlate(
    windows: FloatArray, weight: FloatArray, tiles: Tiles, groups: int
) -> FloatArray:
    """Copy the windows of a tile once, then one matrix product per image."""
    out, positions = weight.shape[2], windows.shape[4:]
    y = np.empty((len(windows), out, *positions), windows.dtype)
    for p, q, at in _each_tile(tiles):
        kernel = _grouped(weight[p, q], groups)
        for image, result in zip(windows, y, strict=True):
            target = result[at]
            target[...] = (kernel @ _columns(image[at], groups)).reshape(target.shape)
    return y


def _correlate_pullback(
    windows: FloatArray,
    weight: FloatArray,
    tiles: Tiles,
    groups: int,
    dy: FloatArray,
    size: Pair,
    g: Geometry,
) -> tuple[FloatArray, FloatArray]:
    n, channels = windows.shape[:2]
    dx = np.empty((n, channels, *size), windows.dtype)
    dweight = np.zeros_like(weight)
    dwindows = np.empty((1, *windows.shape[1:]), windows.dtype)  # of one image
    for image, dresult, dimage in zip(windows, dy, dx, strict=True):
        for p, q, at in _each_tile(tiles):
            kernel = _grouped(weight[p, q], groups)
            dtile = dresult[at]  # (out, rows, cols)
            drows = dtile.reshape(groups, kernel.shape[1], -1)  # (G, out/G, P)
            dkernel = drows @ _columns(image[at], groups).swapaxes(1, 2)
            dweight[p, q] += dkernel.reshape(dweight[p, q].shape)
            dcols = kernel.swapaxes(1, 2) @ drows  # (G, C/G·KH·KW, P)
            target = dwindows[0][at]
            target[...] = dcols.reshape(target.shape)
        dimage[...] = fold(dwindows, size, **g.keywords)[0]
    return dx, dweight


def _grouped(kernel: FloatArray, groups: int) -> FloatArray:
    """(out, C/G, KH, KW) as one matrix per group: (G, out/G, C/G·KH·KW)."""
    return kernel.reshape(groups, kernel.shape[0] // groups, -1)


def _columns(image: FloatArray, groups: int) -> FloatArray:
    """(C, KH, KW, rows, cols) as one matrix per group: (G, C/G·KH·KW, P), a copy."""
    c, kh, kw, rows, cols = image.shape
    return image.reshape(groups, c // groups * kh * kw, rows * cols)
