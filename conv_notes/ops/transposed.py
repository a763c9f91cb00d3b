"""Transposed convolution: the way back through a convolution, as a layer of its own."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import _checks as check
from .._checks import FloatArray, Pair
from ..arithmetic import parse_windows
from ._correlation import correlate, gradient_of_input, gradient_of_weight, grouped
from ._differentiable import Pullback, differentiable
from ._sums import total


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
) -> tuple[FloatArray, Pullback]:
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
    x, weight = check.float_arrays(where, x=x, weight=weight)
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
    bias = check.optional_bias(where, bias, (out,), x)
    pads = check.pair(where, "padding", padding, 0)
    extra = check.pair(where, "output_padding", output_padding, 0)
    windows = parse_windows(where, weight.shape[2:], stride, pads, dilation)
    height, width = x.shape[2:]
    size = (
        windows[0].painted_size(where, height, extra[0]),
        windows[1].painted_size(where, width, extra[1]),
    )
    # To that convolution the weight is (out, in / groups, KH, KW).
    y = np.zeros((len(x), out, *size), x.dtype)
    kernels = grouped(weight, groups)
    gradient_of_input(y, x, kernels, windows)
    if bias is not None:
        y += bias[:, None, None]

    def pullback(dy: FloatArray) -> tuple[Any, ...]:
        def dx() -> FloatArray:
            # Output padding can hold more windows than there are inputs.
            return correlate(dy, kernels, windows, (height, width))

        dweight = gradient_of_weight(dy, x, kernels, windows).reshape(weight.shape)
        return dx, dweight, None if bias is None else total(dy, (0, 2, 3))

    return y, pullback
