"""Specifications as modules, and parameters on the way there and back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from math import prod
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from .. import layers, networks
from .._checks import Shape
from ..arithmetic import Windows
from ..layers import Layer, Params
from ..layers._layer import Plan
from ..ops.interpolation import Edges
from ._module import Module, drawn
from ._tensors import framed
from .aggregation import NetVLAD
from .local import LocalConv2d
from .tiled import TiledConv2d

#: From a layer and its plan to what computes it, with parameters of no value.
Maker = Callable[[Any, Plan], nn.Module]


def to_torch(
    network: Layer, input_shape: Shape, params: Params | None = None
) -> nn.Module:
    """Build the module that computes what a specification describes.

    It is made of PyTorch's own modules wherever there are such, and its `state_dict`
    has the names of our parameters.

    Parameters
    ----------
    network : Layer
        Any layer, or a `Sequential` or `Parallel` of such.
    input_shape : tuple of int
        (C, H, W) or (features,), without the batch.
    params : dict of str to ndarray, optional
        The parameters, whose dtype the module's are of. Left out, they are drawn as
        ``network.init`` does, in PyTorch's default dtype; `torch.manual_seed` decides.

    Returns
    -------
    torch.nn.Module
        On PyTorch's default device. On "meta" it has no values and takes no memory.

    Raises
    ------
    TypeError
        If `network` is not a layer, or `params` not a dict of float arrays.
    ValueError
        If a layer does not fit the output of the one before, or `params` do not have
        the names and shapes of ``network.param_shapes(input_shape)``.

    References
    ----------
    The modules are those of ``torch.nn`` and `conv_notes.torch`.

    Examples
    --------
    >>> from conv_notes import Conv2d, Flatten, Linear, Sequential
    >>> network = Sequential(Conv2d(6, 5), Flatten(), Linear(10))
    >>> to_torch(network, (1, 8, 8))
    Sequential(
      (0): Conv2d(1, 6, kernel_size=(5, 5), stride=(1, 1))
      (1): Flatten(start_dim=1, end_dim=-1)
      (2): Linear(in_features=96, out_features=10, bias=True)
    )
    """
    if not isinstance(network, Layer):
        raise TypeError(f"to_torch: network must be a layer, got {network!r}")
    plan = network.plan(input_shape)
    module = _module(network, plan)
    if params is not None:
        arrays = network._arrays(params, plan.params)
        values = {name: torch.tensor(array) for name, array in arrays.items()}
    elif torch.get_default_device().type == "meta":
        return module
    else:
        dtype, device = torch.get_default_dtype(), torch.get_default_device()
        values = drawn(network.init, plan.input, dtype)
        values = {name: value.to(device) for name, value in values.items()}
    module.load_state_dict(values, assign=True)
    return module


def from_torch(module: nn.Module) -> Params:
    """Return a module's parameters as this library's layers take them.

    Parameters
    ----------
    module : torch.nn.Module
        Such as `to_torch` returns, on any device.

    Returns
    -------
    dict of str to ndarray
        Copies, by their names in ``module.state_dict()``. Half precisions, which NumPy
        or this library does not have, become float32.

    Raises
    ------
    ValueError
        If parameters wait for a first input.

    References
    ----------
    The way back from `to_torch`.

    Examples
    --------
    >>> import numpy as np
    >>> from conv_notes import Linear
    >>> params = {"weight": np.array([[1.0, 2.0]]), "bias": np.array([0.1])}
    >>> from_torch(to_torch(Linear(1), (2,), params))
    {'weight': array([[1., 2.]]), 'bias': array([0.1])}
    """
    params = {}
    for name, tensor in module.state_dict().items():
        if nn.parameter.is_lazy(tensor):
            raise ValueError(f"from_torch: {name} has no values before a first input")
        wide = torch.promote_types(tensor.dtype, torch.float32)
        params[name] = np.array(tensor.to(wide).numpy(force=True))
    return params


def _module(layer: Layer, plan: Plan) -> nn.Module:
    """What computes `layer`, with parameters that have no values yet."""
    make = MAKERS.get(type(layer))
    if make is None:  # of a class derived from one of ours we do not know what it does
        raise TypeError(f"to_torch: there is no module for {layer}")
    return make(layer, plan)


def _parts(layer: Any, plan: Plan) -> list[nn.Module]:
    return [_module(part, its) for _, part, its in layer.parts(plan.input)]


def _same(name: str) -> Maker:
    """PyTorch's module of this name, which takes the arguments that ours does."""
    return lambda layer, plan: getattr(nn, name)(**_arguments(layer))


def _ours(kind: type[Module]) -> Maker:
    """A module of ours, which also takes them, and an input like those it will get."""

    def make(layer: Layer, plan: Plan) -> nn.Module:
        module = kind(**_arguments(layer), device="meta")
        module._infer_parameters(module, (torch.empty(1, *plan.input, device="meta"),))
        return module

    return make


def _arguments(layer: Any) -> dict[str, Any]:
    return {field.name: getattr(layer, field.name) for field in fields(layer)}


class Parallel(nn.ModuleList):
    """Modules side by side on the same input; their channels are put together."""

    def forward(self, x: Tensor) -> Tensor:
        """The outputs of all, one after the other along the channels."""
        return torch.cat([branch(x) for branch in self], 1)


def _convolution(layer: Any, plan: Plan) -> nn.Module:
    channels, (rows, cols) = plan.input[0], layer.windows
    out, per_group, *kernel = plan.params["weight"]
    padding = rows.before, cols.before
    even = padding == (rows.after, cols.after)
    module: Any = (nn.Conv2d if even else FramedConv2d)(
        channels,
        out,
        tuple(kernel),
        (rows.stride, cols.stride),
        padding if even else 0,
        (rows.dilation, cols.dilation),
        channels // per_group,
        layer.bias,
        device="meta",
    )
    module.windows = layer.windows
    return module


class FramedConv2d(nn.Conv2d):
    """A convolution whose padding differs before and after an axis."""

    windows: Windows

    def forward(self, x: Tensor) -> Tensor:
        """Outputs for a batch `x` (N, C, H, W)."""
        return super().forward(framed(x, self.windows))


def _transposed(layer: Any, plan: Plan) -> nn.Module:
    arguments = {"in_channels": plan.input[0], **_arguments(layer)}
    return nn.ConvTranspose2d(**arguments, device="meta")


def _linear(layer: Any, plan: Plan) -> nn.Module:
    return nn.Linear(*plan.input, *plan.output, layer.bias, device="meta")


def _upsampling(layer: Any, plan: Plan) -> nn.Module:
    """PyTorch's, where it gives the same.

    Where the factor is not that of the sizes it sometimes forgets it, in the gradient
    too, and its "nearest" may round to another pixel.
    """
    size, factors = plan.input[1:], layer._scaling.factors or ()
    wished = [n * r for n, r in zip(size, factors, strict=False)]
    corners = None if layer.mode == "nearest" else layer.align_corners
    module = nn.Upsample(layer.size, layer.scale_factor, layer.mode, corners)
    image = np.arange(1.0, 1 + prod(size)).reshape(1, 1, *size)
    if wished in ([], [*plan.output[1:]]) and np.allclose(
        module(torch.from_numpy(image)), layer.apply({}, image), rtol=1e-9
    ):
        return module
    return Resized(*(layer.edges(plan, axis) for axis in (0, 1)))


class Resized(nn.Module):
    """Images resized by a product along each axis."""

    def __init__(self, *edges: Edges) -> None:
        super().__init__()
        for name, its in zip(("rows", "cols"), edges, strict=True):
            matrix = np.zeros((its.targets, its.sources))
            matrix[its.target, its.source] = its.weight
            self.register_buffer(name, torch.tensor(matrix), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """Resize a batch `x` (N, C, H, W)."""
        return self.rows.to(x.dtype) @ x @ self.cols.to(x.dtype).mT


MAKERS: dict[type[Layer], Maker] = {
    layers.AvgPool2d: _same("AvgPool2d"),
    layers.Conv2d: _convolution,
    layers.ConvTranspose2d: _transposed,
    layers.DepthwiseConv2d: _convolution,
    layers.Flatten: _same("Flatten"),
    layers.GlobalAvgPool2d: lambda *_: nn.Sequential(
        nn.AdaptiveAvgPool2d(1), nn.Flatten()
    ),
    layers.Linear: _linear,
    layers.LocalConv2d: _ours(LocalConv2d),
    layers.MaxPool2d: _same("MaxPool2d"),
    layers.NetVLAD: _ours(NetVLAD),
    layers.ReLU: _same("ReLU"),
    layers.TiledConv2d: _ours(TiledConv2d),
    layers.Upsample: _upsampling,
    networks.Parallel: lambda layer, plan: Parallel(_parts(layer, plan)),
    networks.Sequential: lambda layer, plan: nn.Sequential(*_parts(layer, plan)),
}
