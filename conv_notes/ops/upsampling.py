"""From small maps to large ones: unpooling and pixel shuffle."""

from __future__ import annotations

import numpy as np

from .. import _checks as check
from .._checks import FloatArray, IntArray, Pair
from ..arithmetic import Window
from ._differentiable import Pullback, differentiable
from .pooling import pool_windows


@differentiable
def max_unpool2d(
    x: FloatArray,
    indices: np.ndarray,
    kernel_size: int | Pair,
    *,
    stride: int | Pair | None = None,
    padding: int | Pair = 0,
    output_size: Pair | None = None,
) -> tuple[FloatArray, Pullback]:
    r"""Put every value where `max_pool2d` found it, and zeros elsewhere.

    Where two values have one position, which overlapping windows can give, the last in
    reading order stays.

    Parameters
    ----------
    x : ndarray, shape (N, C, H, W)
        float32 or float64. N may be 0.
    indices : ndarray, shape (N, C, H, W), integer
        Positions in the flattened plane of the result, as `max_pool2d` returns them:
        each lies in the window it was found in.
    kernel_size, stride, padding
        Those of the pooling, from which the size of the result follows as
        :math:`(H - 1) S - 2P + K`.
    output_size : (int, int), optional
        The size of the result, where pooling dropped a remainder.

    Returns
    -------
    ndarray, shape (N, C, OH, OW)
        Same dtype as `x`. The pullback gives ``(dx, None)``.

    Raises
    ------
    TypeError
        If `x` is not a float32 or float64 array, or `indices` not an integer one.
    ValueError
        If the shapes do not fit, or an index lies outside the window it belongs to.

    References
    ----------
    Zeiler & Fergus (2014), "Visualizing and understanding convolutional networks",
    section 2.1.

    Examples
    --------
    >>> import numpy as np
    >>> from conv_notes import max_pool2d
    >>> x = np.array([[1.0, 3.0], [4.0, 0.0]]).reshape(1, 1, 2, 2)
    >>> max_unpool2d(*max_pool2d(x, 2, return_indices=True), 2)
    array([[[[0., 0.],
             [4., 0.]]]])
    """
    where = "max_unpool2d"
    (x,) = check.float_arrays(where, x=x)
    check.rank(where, "x", x, "N C H W")
    indices = check.integer_array(where, "indices", indices)
    check.shape(where, "indices", indices, x.shape)
    rows, cols = pool_windows(where, kernel_size, stride, padding)
    n, channels, height, width = x.shape
    if output_size is None:
        oh, ow = rows.painted_size(where, height), cols.painted_size(where, width)
    else:
        oh, ow = check.pair(where, "output_size", output_size, 1)
    indices = indices.astype(np.int64)
    _check_origin(where, indices, rows, cols, (oh, ow))
    flat = indices.reshape(n, channels, height * width)
    y = np.zeros((n, channels, oh * ow), x.dtype)
    np.put_along_axis(y, flat, x.reshape(flat.shape), axis=2)

    def pullback(dy: FloatArray) -> tuple[FloatArray, None]:
        planes = dy.reshape(n, channels, oh * ow)
        dx = np.take_along_axis(planes, flat, axis=2)
        # Of values with one position, only the one that stays has a gradient.
        number, last = np.arange(height * width), np.zeros(planes.shape, np.int64)
        np.put_along_axis(last, flat, number, axis=2)
        dx[np.take_along_axis(last, flat, axis=2) != number] = 0
        return dx.reshape(x.shape), None

    return y.reshape(n, channels, oh, ow), pullback


def _check_origin(
    where: str, indices: IntArray, rows: Window, cols: Window, size: Pair
) -> None:
    """Raise unless each index lies in the window that it is said to come from."""
    height, width = indices.shape[2:]
    top = np.arange(height)[:, None] * rows.stride - rows.before
    left = np.arange(width) * cols.stride - cols.before
    row, col = np.divmod(indices, size[1])
    fits = (row >= np.maximum(top, 0)) & (row < np.minimum(top + rows.span, size[0]))
    fits &= (col >= left) & (col < left + cols.span)
    if not fits.all():
        at = tuple(map(int, np.argwhere(~fits)[0]))
        raise ValueError(
            f"{where}: indices must lie each in its own window, of a plane of "
            f"{size[0]} x {size[1]}, got {indices[at]} at {at} (kernel_size="
            f"{rows.kernel_size, cols.kernel_size}, stride={rows.stride, cols.stride}, "
            f"padding={rows.before, cols.before}); with a remainder, give output_size"
        )


@differentiable
def pixel_shuffle(x: FloatArray, upscale_factor: int) -> tuple[FloatArray, Pullback]:
    r"""Interleave r² channels into one map that is r times as high and wide.

    .. math:: y[n, c,\; ir + a,\; jr + b] = x[n,\; cr^2 + ar + b,\; i, j]

    Parameters
    ----------
    x : ndarray, shape (N, C · r², H, W)
        float32 or float64. N may be 0.
    upscale_factor : int
        r, at least 1.

    Returns
    -------
    ndarray, shape (N, C, H · r, W · r)
        Same dtype as `x`, the same values.

    Raises
    ------
    TypeError
        If `x` is not a float32 or float64 array, or `upscale_factor` no int.
    ValueError
        If `x` does not have four axes, or r² does not divide its channels.

    References
    ----------
    Shi et al. (2016), "Real-time single image and video super-resolution using an
    efficient sub-pixel convolutional neural network", equation 4.

    Examples
    --------
    >>> import numpy as np
    >>> pixel_shuffle(np.arange(4.0).reshape(1, 4, 1, 1), 2)
    array([[[[0., 1.],
             [2., 3.]]]])
    """
    where = "pixel_shuffle"
    (x,) = check.float_arrays(where, x=x)
    check.rank(where, "x", x, "N C H W")
    r = check.integer(where, "upscale_factor", upscale_factor, 1)
    n, channels, height, width = x.shape
    if channels % r**2:
        raise ValueError(
            f"{where}: upscale_factor={r} needs a multiple of {r**2} channels, got "
            f"{channels} (x.shape={x.shape})"
        )
    c = channels // r**2
    parts = x.reshape(n, c, r, r, height, width)
    y = parts.transpose(0, 1, 4, 2, 5, 3).copy()  # never a view of x

    def pullback(dy: FloatArray) -> tuple[FloatArray]:
        back = dy.reshape(y.shape).transpose(0, 1, 3, 5, 2, 4).copy()
        return (back.reshape(x.shape),)

    return y.reshape(n, c, height * r, width * r), pullback
