"""From small maps to large ones: unpooling and pixel shuffle."""

from __future__ import annotations

import numpy as np

from .. import _checks as check
from .._checks import FloatArray, IntArray, Pair
from ..arithmetic import Window
from ._differentiable import Pullback, differentiable
from .pooling import pool_windows, portions


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
    overlapping = any(window.stride < window.span for window in (rows, cols))
    values, y = x.reshape(-1, height, width), np.zeros((n * channels, oh, ow), x.dtype)
    indices = indices.reshape(values.shape)
    for some in portions(y):
        at = indices[some].astype(np.int64)
        _check_origin(where, some.start, at, rows, cols, (channels, oh, ow))
        y[some].reshape(-1)[_flat(at, oh * ow)] = values[some]

    def pullback(dy: FloatArray) -> tuple[FloatArray, None]:
        dys, dx = dy.reshape(y.shape), np.empty(values.shape, x.dtype)
        for some in portions(y):
            at = _flat(indices[some].astype(np.int64), oh * ow)
            dx[some] = dys[some].reshape(-1).take(at)
            if overlapping:  # of values with one position, the last has the gradient
                number = np.arange(at.size).reshape(at.shape)
                last = np.empty(dys[some].size, np.int64)
                last[at] = number
                dx[some][last.take(at) != number] = 0
        return dx.reshape(x.shape), None

    return y.reshape(n, channels, oh, ow), pullback


def _flat(at: np.ndarray, pixels: int) -> np.ndarray:
    """Positions in planes as positions in all of them."""
    at += np.arange(len(at))[:, None, None] * pixels
    return at


def _check_origin(
    where: str,
    first: int,
    at: IntArray,
    rows: Window,
    cols: Window,
    size: tuple[int, int, int],
) -> None:
    """Raise unless each index lies in the window that it is said to come from."""
    channels, oh, ow = size
    height, width = at.shape[1:]
    top = np.arange(height)[:, None] * rows.stride - rows.before
    left = np.arange(width) * cols.stride - cols.before
    row = at // ow
    col = at - row * ow
    fits = (row >= np.maximum(top, 0)) & (row < np.minimum(top + rows.span, oh))
    fits &= (col >= left) & (col < left + cols.span)
    if not fits.all():
        plane, i, j = map(int, np.argwhere(~fits)[0])
        place = *divmod(first + plane, channels), i, j
        raise ValueError(
            f"{where}: indices must lie each in its own window, of a plane of "
            f"{oh} x {ow}, got {at[~fits][0]} at {place} (kernel_size="
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
