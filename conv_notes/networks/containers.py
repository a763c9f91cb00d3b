"""Layers made of layers: one after another, or side by side."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from .._checks import FloatArray
from ..layers import Layer
from ..layers._layer import Params, Shape


class Container(Layer):
    """What Sequential and Parallel have in common: the layers inside.

    Parameters are named after the position of their layer, as in ``"0.weight"``.
    """

    @property
    def _inside(self) -> tuple[Layer, ...]:
        raise NotImplementedError

    def parts(self, input_shape: Shape) -> Iterator[tuple[str, Layer, Shape]]:
        """Position, layer and input shape of each layer directly inside."""
        raise NotImplementedError

    @property
    def is_linear(self) -> bool:  # type: ignore[override]
        """Whether every layer inside is."""
        return all(layer.is_linear for layer in self._inside)

    @property
    def sees_all(self) -> bool:  # type: ignore[override]
        """Whether any layer inside does."""
        return any(layer.sees_all for layer in self._inside)

    def param_shapes(self, input_shape: Shape) -> dict[str, Shape]:
        return {
            f"{i}.{name}": shape
            for i, layer, its_input in self.parts(input_shape)
            for name, shape in layer.param_shapes(its_input).items()
        }

    def macs(self, input_shape: Shape) -> int:
        return sum(layer.macs(shape) for _, layer, shape in self.parts(input_shape))

    def bytes_moved(self, input_shape: Shape, itemsize: int = 4) -> int:
        """Bytes that the layers inside move, each on its own."""
        parts = self.parts(input_shape)
        return sum(layer.bytes_moved(shape, itemsize) for _, layer, shape in parts)

    def init(
        self, input_shape: Shape, rng: np.random.Generator, dtype: Any = np.float64
    ) -> Params:
        return {
            f"{i}.{name}": array
            for i, layer, shape in self.parts(input_shape)
            for name, array in layer.init(shape, rng, dtype).items()
        }

    def _check_layers(self, name: str, layers: tuple[Layer, ...]) -> None:
        for i, layer in enumerate(layers):
            if not isinstance(layer, Layer):
                where = type(self).__name__
                raise TypeError(f"{where}: {name} {i} must be a layer, got {layer!r}")


@dataclass(frozen=True, init=False, repr=False)
class Sequential(Container):
    """Layers one after another, each fed with the output of the one before.

    Parameters
    ----------
    *layers : Layer
        From input to output.

    Examples
    --------
    >>> from conv_notes import Conv2d, Flatten, Linear, ReLU
    >>> network = Sequential(Conv2d(6, 5), ReLU(), Flatten(), Linear(10))
    >>> network.output_shape((1, 32, 32)), network.n_params((1, 32, 32))
    ((10,), 47206)
    """

    layers: tuple[Layer, ...]

    def __init__(self, *layers: Layer) -> None:
        self._check_layers("layer", layers)
        object.__setattr__(self, "layers", layers)

    def __repr__(self) -> str:
        return f"Sequential({', '.join(map(repr, self.layers))})"

    @property
    def _inside(self) -> tuple[Layer, ...]:
        return self.layers

    def __iter__(self) -> Iterator[Layer]:
        return iter(self.layers)

    def parts(self, input_shape: Shape) -> Iterator[tuple[str, Layer, Shape]]:
        for i, layer in enumerate(self.layers):
            yield str(i), layer, input_shape
            input_shape = layer.output_shape(input_shape)

    def output_shape(self, input_shape: Shape) -> Shape:
        for layer in self.layers:
            input_shape = layer.output_shape(input_shape)
        return input_shape

    def trace(self, params: Params, x: FloatArray) -> list[FloatArray]:
        """The output of every layer, in order."""
        self._check_params(params, x)
        outputs: list[FloatArray] = []
        for i, layer in enumerate(self.layers):
            outputs.append(layer.apply(_below(params, i), outputs[-1] if i else x))
        return outputs

    def vjp(self, params: Params, x: FloatArray) -> tuple[Any, Any]:
        self._check_params(params, x)
        pullbacks = []
        for i, layer in enumerate(self.layers):
            x, pullback = layer.vjp(_below(params, i), x)
            pullbacks.append(pullback)

        def pullback_all(dy: FloatArray) -> tuple[Params, FloatArray]:
            grads: Params = {}
            for i, pullback in reversed(list(enumerate(pullbacks))):
                dparams, dy = pullback(dy)
                grads |= {f"{i}.{name}": grad for name, grad in dparams.items()}
            return {name: grads[name] for name in params}, dy

        return x, pullback_all


@dataclass(frozen=True, init=False, repr=False)
class Parallel(Container):
    """Layers side by side on the same input; their channels are put together.

    Parameters
    ----------
    *branches : Layer
        At least one. Outputs must have the same height and width, or all be vectors.

    Examples
    --------
    >>> from conv_notes import Conv2d
    >>> block = Parallel(Conv2d(64, 1), Conv2d(32, 3, padding=1))
    >>> block.output_shape((192, 28, 28))
    (96, 28, 28)
    """

    branches: tuple[Layer, ...]

    def __init__(self, *branches: Layer) -> None:
        if not branches:
            raise ValueError("Parallel: branches must not be empty, got none")
        self._check_layers("branch", branches)
        object.__setattr__(self, "branches", branches)

    def __repr__(self) -> str:
        return f"Parallel({', '.join(map(repr, self.branches))})"

    @property
    def _inside(self) -> tuple[Layer, ...]:
        return self.branches

    def parts(self, input_shape: Shape) -> Iterator[tuple[str, Layer, Shape]]:
        for i, branch in enumerate(self.branches):
            yield str(i), branch, input_shape

    def output_shape(self, input_shape: Shape) -> Shape:
        shapes = [branch.output_shape(input_shape) for branch in self.branches]
        if len({shape[1:] for shape in shapes}) > 1:
            raise ValueError(
                "Parallel: branches must agree in all but their channels, got outputs "
                f"{', '.join(map(str, shapes))}"
            )
        return (sum(channels for channels, *_ in shapes), *shapes[0][1:])

    def vjp(self, params: Params, x: FloatArray) -> tuple[Any, Any]:
        self._check_params(params, x)
        outputs, pullbacks = zip(
            *(
                branch.vjp(_below(params, i), x)
                for i, branch in enumerate(self.branches)
            ),
            strict=True,
        )
        ends = np.cumsum([y.shape[1] for y in outputs])[:-1]

        def pullback_all(dy: FloatArray) -> tuple[Params, FloatArray]:
            grads: Params = {}
            dx = np.zeros_like(x)
            for i, part in enumerate(np.split(dy, ends, axis=1)):
                dparams, dpart = pullbacks[i](part)
                grads |= {f"{i}.{name}": grad for name, grad in dparams.items()}
                dx += dpart
            return {name: grads[name] for name in params}, dx

        return np.concatenate(outputs, axis=1), pullback_all


def _below(params: Params, i: int) -> Params:
    """The parameters of layer `i`, under the names that layer knows them by."""
    prefix = f"{i}."
    return {
        k.removeprefix(prefix): v for k, v in params.items() if k.startswith(prefix)
    }
