"""Convolution with a kernel that is mixed for each example."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import _checks as check
from .._checks import FloatArray, Padding, Pair
from ..arithmetic import parse_windows
from ._correlation import convolve
from ._differentiable import Pullback, differentiable
from ._sums import total


@differentiable
def dynamic_conv2d(
    x: FloatArray,
    weight: FloatArray,
    attention: FloatArray,
    bias: FloatArray | None = None,
    *,
    stride: int | Pair = 1,
    padding: int | Pair | Padding | str = 0,
    dilation: int | Pair = 1,
    groups: int = 1,
) -> tuple[FloatArray, Pullback]:
    r"""Mix K kernels into one for each example, and convolve with that.

    .. math::
        y[n] = \Bigl(\sum_k \pi[n, k]\, W[k]\Bigr) \star x[n] + \sum_k \pi[n, k]\, b[k]

    Convolution is linear in its kernel, so this is also the mix of the K outputs; but
    one convolution is done and not K.

    Parameters
    ----------
    x : ndarray, shape (N, C, H, W)
        float32 or float64. N may be 0.
    weight : ndarray, shape (K, out, C / groups, KH, KW)
        Same dtype as `x`.
    attention : ndarray, shape (N, K)
        π, how much of each kernel each example takes; same dtype as `x`. A network
        computes it from the example, mostly as a `softmax`; here it is just given.
    bias : ndarray, shape (K, out), optional
        Same dtype as `x`.
    stride, padding, dilation, groups
        As for `conv2d`.

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
    Chen et al. (2020), "Dynamic convolution: attention over convolution kernels",
    equation 1; Yang et al. (2019), "CondConv", equation 1.

    Examples
    --------
    >>> import numpy as np
    >>> x = np.ones((2, 1, 1, 1))
    >>> weight = np.array([1.0, 10.0]).reshape(2, 1, 1, 1, 1)
    >>> attention = np.array([[1.0, 0.0], [0.5, 0.5]])
    >>> dynamic_conv2d(x, weight, attention).ravel()
    array([1. , 5.5])
    """
    where = "dynamic_conv2d"
    x, weight, attention = check.float_arrays(
        where, x=x, weight=weight, attention=attention
    )
    check.rank(where, "x", x, "N C H W")
    check.rank(where, "weight", weight, "K out in/groups KH KW")
    groups = check.integer(where, "groups", groups, 1)
    check.channels(where, x, weight, out_axis=1, groups=groups)
    n, (kernels, out) = len(x), weight.shape[:2]
    check.shape(where, "attention", attention, (n, kernels))
    bias = check.optional_bias(where, bias, (kernels, out), x)
    windows = parse_windows(where, weight.shape[3:], stride, padding, dilation)

    # An example with a kernel of its own is a group of channels of one long image.
    mixed = np.tensordot(attention, weight, 1)  # (N, out, C/G, KH, KW)
    kernels = mixed.reshape(n * groups, out // groups, *mixed.shape[2:])
    long = x.reshape(1, n * x.shape[1], *x.shape[2:])
    y, pull_back = convolve(where, long, kernels, windows)
    y = y.reshape(n, out, *y.shape[2:])
    if bias is not None:
        y += (attention @ bias)[:, :, None, None]

    def pullback(dy: FloatArray) -> tuple[Any, ...]:
        dlong, dmixed = pull_back(dy.reshape(1, n * out, *dy.shape[2:]))
        dmixed = dmixed.reshape(mixed.shape)

        def dx() -> FloatArray:
            gradient: FloatArray = dlong().reshape(x.shape)
            return gradient

        dweight = np.tensordot(attention, dmixed, (0, 0))
        dattention = np.tensordot(dmixed, weight, (range(1, 5),) * 2)
        if bias is None:
            return dx, dweight, dattention, None
        per_output = total(dy, (2, 3))  # (N, out)
        dattention += per_output @ bias.T
        return dx, dweight, dattention, attention.T @ per_output

    return y, pullback
