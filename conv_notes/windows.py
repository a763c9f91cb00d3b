"""The sliding-window view and its adjoint, on which every other layer rests."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from . import _checks as check
from ._checks import FloatArray, Padding, Pair
from .arithmetic import conv_output_size, effective_kernel_size, same_padding


def unfold(
    x: FloatArray,
    kernel_size: int | Pair,
    *,
    stride: int | Pair = 1,
    padding: int | Pair | Padding | str = 0,
    dilation: int | Pair = 1,
) -> FloatArray:
    r"""Every window of an image, as a view.

    .. math:: \mathrm{windows}[n, c, a, b, i, j] = x[n, c,\; iS + aD - P,\; jS + bD - P]

    with zeros outside the image. The kernel axes come before the output axes, so that
    a convolution is one copy and one matrix product per image.

    Parameters
    ----------
    x : ndarray, shape (N, C, H, W)
        float32 or float64.
    kernel_size, stride, dilation : int or (int, int)
        K, S and D, for both axes or (vertical, horizontal).
    padding : int, (int, int), ((int, int), (int, int)), "valid" or "same"
        P, zeros around the image: for all sides, (vertical, horizontal), or ((top,
        bottom), (left, right)). "valid" is 0, "same" keeps the size at stride 1.

    Returns
    -------
    ndarray, shape (N, C, KH, KW, OH, OW)
        A read-only view of the padded input: no copy beyond the padding. Reshaping it
        does copy, and is KH·KW/(S·S) times as large as the image.

    Raises
    ------
    TypeError
        If `x` is no float array, or another argument no int.
    ValueError
        If `x` does not have four axes, an argument is too small, the kernel is larger
        than the padded input, or "same" is asked for with a stride above 1.

    See Also
    --------
    fold : the adjoint.

    References
    ----------
    Chellapilla, Puri & Simard (2006), "High performance convolutional neural networks
    for document processing", section 3 ("im2col").

    Examples
    --------
    >>> import numpy as np
    >>> x = np.arange(9.0).reshape(1, 1, 3, 3)
    >>> windows = unfold(x, 2)
    >>> windows.shape
    (1, 1, 2, 2, 2, 2)
    >>> windows[0, 0, :, :, 0, 1]  # the window at output position (0, 1)
    array([[1., 2.],
           [4., 5.]])
    """
    where = "unfold"
    (x,) = check.float_arrays(where, x=x)  # type: ignore[assignment]
    check.rank(where, "x", x, "N C H W")
    g = geometry(where, x.shape[2:], kernel_size, stride, padding, dilation)
    if any(map(any, g.padding)):
        x = np.pad(x, ((0, 0), (0, 0), *g.padding))
    span = tuple(map(effective_kernel_size, g.kernel_size, g.dilation))
    every = sliding_window_view(x, span, axis=(2, 3))  # (N, C, H', W', span, span)
    (sh, sw), (dh, dw) = g.stride, g.dilation
    return every[:, :, ::sh, ::sw, ::dh, ::dw].transpose(0, 1, 4, 5, 2, 3)


def fold(
    windows: FloatArray,
    size: Pair,
    *,
    stride: int | Pair = 1,
    padding: int | Pair | Padding | str = 0,
    dilation: int | Pair = 1,
) -> FloatArray:
    r"""Windows summed back into an image: the adjoint (transpose) of `unfold`.

    Each pixel receives the sum of all window entries that `unfold` took from it, so

    .. math::
        \langle \mathrm{unfold}(x), w \rangle = \langle x, \mathrm{fold}(w) \rangle

    Parameters
    ----------
    windows : ndarray, shape (N, C, KH, KW, OH, OW)
        float32 or float64.
    size : (int, int)
        (H, W) of the image that is put together.
    stride, padding, dilation
        As for `unfold`.

    Returns
    -------
    ndarray, shape (N, C, H, W)

    Raises
    ------
    TypeError
        If `windows` is no float array, or another argument no int.
    ValueError
        If `windows` does not have six axes, or (OH, OW) is not the number of windows
        that an image of that size has.

    References
    ----------
    Dumoulin & Visin (2016), section 4.1, for the transpose.

    Examples
    --------
    How often a 2×2 kernel uses each pixel of a 3×3 image:

    >>> import numpy as np
    >>> fold(np.ones((1, 1, 2, 2, 2, 2)), (3, 3))[0, 0]
    array([[1., 2., 1.],
           [2., 4., 2.],
           [1., 2., 1.]])
    """
    where = "fold"
    (windows,) = check.float_arrays(where, windows=windows)  # type: ignore[assignment]
    check.rank(where, "windows", windows, "N C KH KW OH OW")
    n, c, kh, kw, oh, ow = windows.shape
    height, width = check.pair(where, "size", size, 1)
    g = geometry(where, (height, width), (kh, kw), stride, padding, dilation)
    check.shape(where, "windows", windows, (n, c, kh, kw, *g.output_size))
    (top, bottom), (left, right) = g.padding
    (sh, sw), (dh, dw) = g.stride, g.dilation
    padded = np.zeros(
        (n, c, top + height + bottom, left + width + right), windows.dtype
    )
    for a in range(kh):
        rows = slice(a * dh, a * dh + (oh - 1) * sh + 1, sh)
        for b in range(kw):
            cols = slice(b * dw, b * dw + (ow - 1) * sw + 1, sw)
            padded[:, :, rows, cols] += windows[:, :, a, b]
    return padded[:, :, top : top + height, left : left + width]


class Geometry(NamedTuple):
    """Where the windows of both axes lie, once every argument has been checked."""

    kernel_size: Pair
    stride: Pair
    padding: Padding
    dilation: Pair
    output_size: Pair

    @property
    def keywords(self) -> dict[str, Any]:
        """The arguments that `unfold` and `fold` take by name."""
        return {k: getattr(self, k) for k in ("stride", "padding", "dilation")}


def geometry(
    where: str,
    size: tuple[int, ...],
    kernel_size: object,
    stride: object = 1,
    padding: object = 0,
    dilation: object = 1,
    ceil_mode: bool = False,
) -> Geometry:
    """Check the arguments of a window, in the name of the function `where`."""
    kernel = check.pair(where, "kernel_size", kernel_size, 1)
    strides = check.pair(where, "stride", stride, 1)
    dilations = check.pair(where, "dilation", dilation, 1)
    pads = _padding(where, padding, kernel, strides, dilations)
    axes = zip(size, kernel, strides, pads, dilations, strict=True)
    with check.in_the_name_of(where, "conv_output_size"):
        oh, ow = (conv_output_size(*axis, ceil_mode) for axis in axes)
    return Geometry(kernel, strides, pads, dilations, (oh, ow))


def _padding(
    where: str, padding: object, kernel_size: Pair, stride: Pair, dilation: Pair
) -> Padding:
    if isinstance(padding, str):
        check.choice(where, "padding", padding, ("valid", "same"))
        if padding == "valid":
            return (0, 0), (0, 0)
        if stride != (1, 1):
            raise ValueError(f'{where}: padding="same" needs stride 1, got {stride}')
        vertical, horizontal = map(same_padding, kernel_size, dilation)
        return vertical, horizontal
    if isinstance(padding, tuple | list) and any(
        isinstance(side, tuple | list) for side in padding
    ):
        if len(padding) != 2:
            raise ValueError(
                f"{where}: padding must be ((top, bottom), (left, right)), "
                f"got {padding!r}"
            )
        vertical, horizontal = (check.pair(where, "padding", p, 0) for p in padding)
        return vertical, horizontal
    ph, pw = check.pair(where, "padding", padding, 0)
    return (ph, ph), (pw, pw)
