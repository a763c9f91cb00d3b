"""Convolution with a kernel that is mixed for each example."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from .. import _checks as check
from .. import layers
from .._checks import Padding, Pair, Shape
from ..arithmetic import parse_windows
from ..layers import Params
from ..windows import output_size
from ._module import Module
from ._tensors import convolve, floats


def dynamic_conv2d(
    x: Tensor,
    weight: Tensor,
    attention: Tensor,
    bias: Tensor | None = None,
    *,
    stride: int | Pair = 1,
    padding: int | Pair | Padding | str = 0,
    dilation: int | Pair = 1,
    groups: int = 1,
) -> Tensor:
    """Mix K kernels into one for each example, and convolve with that.

    Parameters
    ----------
    x : Tensor, shape (N, C, H, W)
        Floats of any precision, in any memory format. N may be 0.
    weight : Tensor, shape (K, out, C / groups, KH, KW)
        Same dtype and device as `x`.
    attention : Tensor, shape (N, K)
        How much of each kernel each example takes; same dtype and device as `x`.
    bias : Tensor, shape (K, out), optional
        Same dtype and device as `x`.
    stride, padding, dilation, groups
        As for `conv_notes.dynamic_conv2d`.

    Returns
    -------
    Tensor, shape (N, out, OH, OW)
        Same dtype as `x`.

    Raises
    ------
    TypeError
        If a tensor does not hold floats, the dtypes differ, or another argument is not
        an int.
    ValueError
        If the shapes do not fit, `groups` does not divide the channels, or the kernel
        is larger than the padded input.

    References
    ----------
    Chen et al. (2020), "Dynamic convolution: attention over convolution kernels",
    equation 1; Yang et al. (2019), "CondConv", equation 1.

    Examples
    --------
    >>> import torch
    >>> x = torch.ones(2, 1, 1, 1)
    >>> weight = torch.tensor([1.0, 10.0]).reshape(2, 1, 1, 1, 1)
    >>> attention = torch.tensor([[1.0, 0.0], [0.5, 0.5]])
    >>> dynamic_conv2d(x, weight, attention).flatten()
    tensor([1.0000, 5.5000])
    """
    where = "dynamic_conv2d"
    x, weight, attention, bias = floats(
        where, x=x, weight=weight, attention=attention, bias=bias
    )
    check.rank(where, "x", x, "N C H W")
    check.rank(where, "weight", weight, "K out in/groups KH KW")
    groups = check.integer(where, "groups", groups, 1)
    check.channels(where, x, weight, out_axis=1, groups=groups)
    n, channels, *size = x.shape
    kernels, out, *_ = weight.shape
    check.shape(where, "attention", attention, (n, kernels))
    if bias is not None:
        check.shape(where, "bias", bias, (kernels, out))
    windows = parse_windows(where, weight.shape[3:], stride, padding, dilation)
    output_size(where, x.shape, windows)

    mixed = torch.einsum("nk,kmcab->nmcab", attention, weight)
    if n == 0:  # no example, but a convolution has at least one group
        y = convolve(x, mixed.sum(0), None, windows, groups)
    else:
        # An example with a kernel of its own is a group of channels of one long image.
        long = x.reshape(1, n * channels, *size)
        y = convolve(long, mixed.flatten(0, 1), None, windows, n * groups)
        y = y.reshape(n, out, *y.shape[2:])
    return y if bias is None else y + (attention @ bias)[:, :, None, None]


class DynamicConv2d(Module):
    """Dynamic convolution: kernels that are mixed into one for each example.

    How much of each an example takes is computed by another module, mostly with a
    softmax at its end, and given beside the example.

    Parameters
    ----------
    out_channels, kernel_size, stride, padding, dilation, groups, bias
        As for `conv_notes.Conv2d`.
    n_kernels : int
        K.
    device, dtype
        As for any module of PyTorch.

    Examples
    --------
    >>> import torch
    >>> layer = DynamicConv2d(8, 3, n_kernels=4)
    >>> attention = torch.softmax(torch.zeros(2, 4), dim=1)
    >>> layer(torch.ones(2, 3, 6, 6), attention).shape, layer.weight.shape
    (torch.Size([2, 8, 4, 4]), torch.Size([4, 8, 3, 3, 3]))
    """

    def __init__(
        self,
        out_channels: int,
        kernel_size: int | Pair,
        stride: int | Pair = 1,
        padding: int | Pair | Padding | str = 0,
        dilation: int | Pair = 1,
        groups: int = 1,
        bias: bool = True,
        *,
        n_kernels: int,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        window = kernel_size, stride, padding, dilation
        super().__init__(
            layers.Conv2d(out_channels, *window, groups, bias), device, dtype
        )
        self.n_kernels = check.integer("DynamicConv2d", "n_kernels", n_kernels, 1)

    def shapes(self, input_shape: Shape) -> dict[str, Shape]:
        one = super().shapes(input_shape)
        return {name: (self.n_kernels, *shape) for name, shape in one.items()}

    def draw(self, input_shape: Shape, rng: np.random.Generator, dtype: Any) -> Params:
        draw = super().draw
        each = [draw(input_shape, rng, dtype) for _ in range(self.n_kernels)]
        return {name: np.stack([one[name] for one in each]) for name in each[0]}

    def forward(self, x: Tensor, attention: Tensor) -> Tensor:
        """Outputs for a batch `x` (N, C, H, W), of which each has its `attention`."""
        options = {**self.geometry, "groups": self.layer.groups}
        return dynamic_conv2d(x, self.weight, attention, self.bias, **options)

    def extra_repr(self) -> str:
        return f"{super().extra_repr()}, n_kernels={self.n_kernels}"
