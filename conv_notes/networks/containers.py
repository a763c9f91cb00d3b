"""Layers made of layers: one after another, or side by side."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from .._checks import FloatArray, Shape
from ..layers import Layer, Params
from ..layers._layer import Plan, WayBack
from ..ops._differentiable import checked


class Container(Layer):
    """What Sequential and Parallel have in common: the layers inside.

    Parameters are named after the position of their layer, as in ``"0.weight"``. A
    layer that stands twice has two sets of them: what it describes is a shape, and
    nothing is shared.
    """

    axes: ClassVar[str] = ""

    @property
    def _inside(self) -> tuple[Layer, ...]:
        raise NotImplementedError

    def parts(self, input_shape: Shape) -> Iterator[tuple[str, Layer, Plan]]:
        """Position, layer and plan of each layer directly inside."""
        raise NotImplementedError

    def _joined(self, shape: Shape, outputs: list[Shape]) -> Shape:
        """The output shape, from those of the layers inside."""
        raise NotImplementedError

    @property
    def is_linear(self) -> bool:
        """Whether every layer inside is."""
        return all(layer.is_linear for layer in self._inside)

    @property
    def sees_all(self) -> bool:
        """Whether any layer inside does."""
        return any(layer.sees_all for layer in self._inside)

    def _plan(self, shape: Shape) -> Plan:
        parts = list(self.parts(shape))
        params = {
            f"{i}.{name}": its_shape
            for i, _, plan in parts
            for name, its_shape in plan.params.items()
        }
        output = self._joined(shape, [plan.output for *_, plan in parts])
        return Plan(shape, output, params, sum(plan.macs for *_, plan in parts))

    def bytes_moved(self, input_shape: Shape, itemsize: int = 4) -> int:
        """Bytes that the layers inside move, each on its own."""
        parts = self.parts(input_shape)
        return sum(layer.bytes_moved(plan.input, itemsize) for _, layer, plan in parts)

    def init(
        self, input_shape: Shape, rng: np.random.Generator, dtype: Any = np.float64
    ) -> Params:
        return {
            f"{i}.{name}": array
            for i, layer, plan in self.parts(input_shape)
            for name, array in layer.init(plan.input, rng, dtype).items()
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

    def parts(self, input_shape: Shape) -> Iterator[tuple[str, Layer, Plan]]:
        for i, layer in enumerate(self.layers):
            plan = layer.plan(input_shape)
            yield str(i), layer, plan
            input_shape = plan.output

    def _joined(self, shape: Shape, outputs: list[Shape]) -> Shape:
        return outputs[-1] if outputs else shape

    def trace(self, params: Params, x: FloatArray) -> list[FloatArray]:
        """The output of each layer, in order, for a batch `x`."""
        params, x = self._checked(params, x)
        outputs = []
        for i, layer in enumerate(self.layers):
            x, _ = layer._run(below(params, i), x)
            outputs.append(x)
        return outputs

    def _run(self, params: Params, x: FloatArray) -> tuple[FloatArray, WayBack]:
        pullbacks, learning = [], []
        for i, layer in enumerate(self.layers):
            its = below(params, i)
            x, pullback = layer._run(its, x)
            pullbacks.append(pullback)
            learning += [i] if its else []

        def pullback_all(dy: FloatArray, *, dx: bool = True) -> tuple[Params, Any]:
            dy = checked("Sequential", dy, x)
            grads: Params = {}
            # Without dx, all before the first layer that learns is passed over.
            first = 0 if dx else min(learning, default=len(pullbacks))
            for i in reversed(range(first, len(pullbacks))):
                dparams, dy = pullbacks[i](dy, dx=dx or i > first)
                grads |= {f"{i}.{name}": grad for name, grad in dparams.items()}
            return {name: grads[name] for name in params}, dy if dx else None

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

    def parts(self, input_shape: Shape) -> Iterator[tuple[str, Layer, Plan]]:
        for i, branch in enumerate(self.branches):
            yield str(i), branch, branch.plan(input_shape)

    def _joined(self, shape: Shape, outputs: list[Shape]) -> Shape:
        if len({output[1:] for output in outputs}) > 1:
            raise ValueError(
                "Parallel: branches must agree in all but their channels, got outputs "
                f"{', '.join(map(str, outputs))}"
            )
        return (sum(channels for channels, *_ in outputs), *outputs[0][1:])

    def _run(self, params: Params, x: FloatArray) -> tuple[FloatArray, WayBack]:
        branches = enumerate(self.branches)
        pairs = [branch._run(below(params, i), x) for i, branch in branches]
        outputs, pullbacks = zip(*pairs, strict=True)
        joined = np.concatenate(outputs, axis=1)
        ends = np.cumsum([y.shape[1] for y in outputs])[:-1]

        def pullback_all(dy: FloatArray, *, dx: bool = True) -> tuple[Params, Any]:
            dy = checked("Parallel", dy, joined)
            grads: Params = {}
            sum_of_dx = np.zeros_like(x) if dx else None
            for i, part in enumerate(np.split(dy, ends, axis=1)):
                dparams, its_dx = pullbacks[i](part, dx=dx)
                grads |= {f"{i}.{name}": grad for name, grad in dparams.items()}
                if sum_of_dx is not None:
                    sum_of_dx += its_dx
            return {name: grads[name] for name in params}, sum_of_dx

        return joined, pullback_all


def below(params: Params, part: int | str) -> Params:
    """The parameters of layer `part`, under the names that layer knows them by."""
    prefix = f"{part}."
    return {
        k.removeprefix(prefix): v for k, v in params.items() if k.startswith(prefix)
    }
