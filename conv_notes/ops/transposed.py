"""Transposed convolution: the way back through a convolution, as a layer of its own."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import _checks as check
from .._checks import FloatArray, Pair
from ..arithmetic import conv_transpose_output_size
from ..windows import unfold
from ._correlation import (
    EVERYWHERE,
    correlate,
    gradient_of_input,
    gradient_of_weight,
)
from ._differentiable import Pullback, differentiable


@differentiable
def conv_transpose2d(
    x: FloatArray,
    weight: FloatArray,
    bias: FloatArray | None = None,
    *,
    stride: int | Pair = 1,
    padding: int | Pair = 0,
    output_padding: int | Pair = 0,
    groups: int = 1,
    dilation: int | Pair = 1,
) -> tuple[Any, Pullback]:
    r"""Let every input value paint its kernel onto the output, and add it all up.

    .. math::
        y[n, m,\; iS + aD - P,\; jS + bD - P] \mathrel{+}=
        \sum_{c} W[c, m, a, b]\; x[n, c, i, j]

    The transpose, as a matrix, of the convolution with the same weight, stride, padding
    and dilation. It is not that convolution's inverse.

    Parameters
    ----------
    x : ndarray, shape (N, C, H, W)
        float32 or float64. N may be 0.
    weight : ndarray, shape (C, out / groups, KH, KW)
        Same dtype as `x`.
    bias : ndarray, shape (out,), optional
        Same dtype as `x`.
    stride, padding, dilation : int or (int, int)
        S, P and D of the convolution that this is the transpose of: `padding` is cut
        off the output.
    output_padding : int or (int, int)
        Rows and columns added at the end of the output; less than the stride or the
        dilation. A convolution with a stride maps several sizes to one: this chooses.
    groups : int
        Input and output channels are cut into this many groups.

    Returns
    -------
    ndarray, shape (N, out, OH, OW)
        Same dtype as `x`, of the size that `conv_transpose_output_size` gives.

    Raises
    ------
    TypeError
        If an array is not float32 or float64, the dtypes differ, or another argument
        is not an int.
    ValueError
        If the shapes do not fit, `groups` does not divide the input channels, the
        output padding is too large, or nothing is left of the output.

    References
    ----------
    Dumoulin & Visin (2016), chapter 4.

    Examples
    --------
    Two values paint a kernel of three at a stride of two; they overlap at one place:

    >>> import numpy as np
    >>> x = np.array([1.0, 10.0]).reshape(1, 1, 1, 2)
    >>> conv_transpose2d(x, np.ones((1, 1, 1, 3)), stride=(1, 2))[0, 0]
    array([[ 1.,  1., 11., 10., 10.]])
    """
    where = "conv_transpose2d"
    x, weight, bias = check.float_arrays(  # type: ignore[assignment]
        where, x=x, weight=weight, bias=bias
    )
    check.rank(where, "x", x, "N C H W")
    check.rank(where, "weight", weight, "in out/groups KH KW")
    check.not_empty(where, weight)
    groups = check.integer(where, "groups", groups, 1)
    channels, out = weight.shape[0], weight.shape[1] * groups
    if channels != x.shape[1] or channels % groups:
        raise ValueError(
            f"{where}: weight has {channels} input channels and x has {x.shape[1]}; "
            f"they must be equal and divisible by groups={groups} "
            f"(x.shape={x.shape}, weight.shape={weight.shape})"
        )
    check.shape(where, "bias", bias, (out,))
    strides = check.pair(where, "stride", stride, 1)
    dilations = check.pair(where, "dilation", dilation, 1)
    pads = check.pair(where, "padding", padding, 0)
    extra = check.pair(where, "output_padding", output_padding, 0)
    axes = zip(
        x.shape[2:], weight.shape[2:], strides, pads, extra, dilations, strict=True
    )
    with check.in_the_name_of(where, "conv_transpose_output_size"):
        oh, ow = (conv_transpose_output_size(*axis) for axis in axes)

    # The convolution that this transposes sees an image of `size`, with `extra` rows
    # less of padding after it. Where there is less padding than that, the rows that
    # no kernel reaches are zeros, put on afterwards.
    after = tuple(max(p - e, 0) for p, e in zip(pads, extra, strict=True))
    blank = tuple(max(e - p, 0) for p, e in zip(pads, extra, strict=True))
    size = (oh - blank[0], ow - blank[1])
    sides = tuple(zip(pads, after, strict=True))
    keywords = {"stride": strides, "padding": sides, "dilation": dilations}
    tiled = weight[None, None]  # of that convolution: (out, in / groups, KH, KW)
    y = gradient_of_input(tiled, EVERYWHERE, groups, x, size, keywords)
    if any(blank):
        y = np.pad(y, ((0, 0), (0, 0), (0, blank[0]), (0, blank[1])))
    if bias is not None:
        y += bias[:, None, None]

    def pullback(dy: FloatArray) -> tuple[FloatArray | None, ...]:
        inner = dy[:, :, : size[0], : size[1]]
        windows = unfold(inner, weight.shape[2:], **keywords)  # type: ignore[arg-type]
        dx = correlate(windows, tiled, EVERYWHERE, groups)
        dweight = gradient_of_weight(windows, tiled, EVERYWHERE, groups, x)
        dbias = None if bias is None else dy.sum(axis=(0, 2, 3))
        return dx, dweight[0, 0], dbias

    return y, pullback
