"""Modules that a specification describes, and that their first input makes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.modules.lazy import LazyModuleMixin
from torch.nn.parameter import UninitializedParameter

from .._checks import Shape
from ..layers import Layer, Params


class Module(LazyModuleMixin, nn.Module):
    """What the modules have in common: a specification, which their parameters obey."""

    names: ClassVar[tuple[str, ...]] = ("weight", "bias")

    def __init__(self, layer: Layer, device: Any, dtype: Any) -> None:
        super().__init__()
        self.layer: Any = layer
        for name in self.names:
            absent = name == "bias" and not getattr(layer, "bias", True)
            lazy = UninitializedParameter(device=device, dtype=dtype)
            self.register_parameter(name, None if absent else lazy)

    @property
    def geometry(self) -> dict[str, Any]:
        """Stride, padding and dilation, as the functions take them."""
        names = "stride", "padding", "dilation"
        return {name: getattr(self.layer, name) for name in names}

    def shapes(self, input_shape: Shape) -> dict[str, Shape]:
        """Shape of each parameter, for examples of `input_shape`."""
        return self.layer.param_shapes(input_shape)

    def draw(self, input_shape: Shape, rng: np.random.Generator, dtype: Any) -> Params:
        """Random values for each parameter."""
        return self.layer.init(input_shape, rng, dtype)

    def initialize_parameters(self, x: Tensor, *others: Tensor) -> None:
        """Give the parameters shape and values, for inputs like `x`."""
        if self.has_uninitialized_params():
            self.begin(tuple(x.shape[1:]))

    @torch.no_grad()
    def begin(self, input_shape: Shape) -> None:
        """The same, for examples of `input_shape`."""
        for name, shape in self.shapes(input_shape).items():
            getattr(self, name).materialize(shape)
        if not self.weight.is_meta:
            values = drawn(self.draw, input_shape, self.weight.dtype)
            for name, value in values.items():
                getattr(self, name).copy_(value)

    def extra_repr(self) -> str:
        return repr(self.layer).partition("(")[2].removesuffix(")")


def drawn(
    draw: Callable[..., Params], input_shape: Shape, dtype: torch.dtype
) -> dict[str, Tensor]:
    """What a specification draws, with a seed that PyTorch does.

    So `torch.manual_seed` decides.
    """
    rng = np.random.default_rng(torch.randint(2**63 - 1, (), device="cpu").item())
    wide = np.float64 if dtype == torch.float64 else np.float32
    params = draw(input_shape, rng, wide)
    return {name: torch.from_numpy(p).to(dtype) for name, p in params.items()}
