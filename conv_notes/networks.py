"""Layers in a row, a table of what they cost, and the published networks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from ._checks import FloatArray
from .arithmetic import ReceptiveField, receptive_field
from .layers import Conv2d, Flatten, Layer, Linear, MaxPool2d, Params, ReLU, Shape
from .table import Table


@dataclass(frozen=True, init=False, repr=False)
class Sequential(Layer):
    """Layers one after another, each fed with the output of the one before.

    Parameters are named after the position of their layer, as in ``"0.weight"``.

    Parameters
    ----------
    *layers : Layer
        From input to output.

    Examples
    --------
    >>> network = Sequential(Conv2d(6, 5), ReLU(), Flatten(), Linear(10))
    >>> network.output_shape((1, 32, 32)), network.n_params((1, 32, 32))
    ((10,), 47206)
    """

    layers: tuple[Layer, ...]

    def __init__(self, *layers: Layer) -> None:
        for i, layer in enumerate(layers):
            if not isinstance(layer, Layer):
                raise TypeError(f"Sequential: layer {i} must be a layer, got {layer!r}")
        object.__setattr__(self, "layers", layers)

    def __repr__(self) -> str:
        return f"Sequential({', '.join(map(repr, self.layers))})"

    def __iter__(self) -> Iterator[Layer]:
        return iter(self.layers)

    @property
    def is_linear(self) -> bool:  # type: ignore[override]
        """Whether every layer is."""
        return all(layer.is_linear for layer in self.layers)

    def walk(self, input_shape: Shape) -> Iterator[tuple[str, Layer, Shape]]:
        """Name, layer and input shape of every layer, those inside others too."""
        for i, layer in enumerate(self.layers):
            if isinstance(layer, Sequential):
                for name, inner, shape in layer.walk(input_shape):
                    yield f"{i}.{name}", inner, shape
            else:
                yield str(i), layer, input_shape
            input_shape = layer.output_shape(input_shape)

    def output_shape(self, input_shape: Shape) -> Shape:
        for layer in self.layers:
            input_shape = layer.output_shape(input_shape)
        return input_shape

    def param_shapes(self, input_shape: Shape) -> dict[str, Shape]:
        return {
            f"{name}.{param}": shape
            for name, layer, layer_input in self.walk(input_shape)
            for param, shape in layer.param_shapes(layer_input).items()
        }

    def macs(self, input_shape: Shape) -> int:
        return sum(layer.macs(shape) for _, layer, shape in self.walk(input_shape))

    def init(
        self, input_shape: Shape, rng: np.random.Generator, dtype: Any = np.float64
    ) -> Params:
        return {
            f"{name}.{param}": array
            for name, layer, shape in self.walk(input_shape)
            for param, array in layer.init(shape, rng, dtype).items()
        }

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


def _below(params: Params, i: int) -> Params:
    """The parameters of layer `i`, under the names that layer knows them by."""
    prefix = f"{i}."
    return {
        k.removeprefix(prefix): v for k, v in params.items() if k.startswith(prefix)
    }


class Row(NamedTuple):
    """One layer in a summary.

    `receptive_field` is a pair, (vertical, horizontal), where the two differ, and None
    where a unit sees the whole input.
    """

    name: str
    layer: Layer
    output_shape: Shape
    params: int
    macs: int
    receptive_field: ReceptiveField | tuple[ReceptiveField, ReceptiveField] | None


@dataclass(frozen=True)
class Summary:
    """A table of layers; printed as text, shown as HTML in a notebook."""

    input_shape: Shape
    rows: tuple[Row, ...]

    @property
    def params(self) -> int:
        """Parameters of all layers together."""
        return sum(row.params for row in self.rows)

    @property
    def macs(self) -> int:
        """Multiply-adds of all layers together, for one input."""
        return sum(row.macs for row in self.rows)

    @property
    def table(self) -> Table:
        """The rows with a total below."""
        first = ("input", _times(self.input_shape), "", "", 1)
        cells: list[tuple[Any, ...]] = [first]
        for row in self.rows:
            field = row.receptive_field
            seen: int | str = "all"
            if isinstance(field, ReceptiveField):
                seen = field.size
            elif field is not None:
                seen = _times((field[0].size, field[1].size))
            name, shape = repr(row.layer), _times(row.output_shape)
            cells.append((name, shape, row.params, row.macs, seen))
        return Table(
            ("layer", "output shape", "parameters", "MACs", "receptive field"),
            cells,
            footer=("total", "", self.params, self.macs, ""),
        )

    def __str__(self) -> str:
        return str(self.table)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return self.table._repr_html_()


def summary(network: Layer, input_shape: Shape) -> Summary:
    """List what each layer of a network puts out, holds, costs and sees.

    Parameters
    ----------
    network : Layer
        A `Sequential`, or a single layer.
    input_shape : tuple of int
        (C, H, W) or (features,), without the batch.

    Returns
    -------
    Summary
        ``rows`` with one entry per layer, and the totals ``params`` and ``macs``.
        ``str`` gives a text table; a notebook shows an HTML table. 1 MAC is one
        multiply-add, biases not counted; the receptive field is in input pixels.

    Raises
    ------
    ValueError
        If a layer does not fit the output of the one before.

    References
    ----------
    The receptive field is that of `receptive_field`.

    Examples
    --------
    >>> print(summary(Sequential(Conv2d(6, 5), MaxPool2d(2)), (1, 32, 32)))
    layer         output shape  parameters     MACs  receptive field
    input         1 × 32 × 32                                      1
    Conv2d(6, 5)  6 × 28 × 28          156  117,600                5
    MaxPool2d(2)  6 × 14 × 14            0        0                6
    total                              156  117,600
    """
    if not isinstance(network, Sequential):
        network = Sequential(network)
    rows: list[Row] = []
    seen: list[Layer] | None = []  # the layers so far, while all look through windows
    for name, layer, shape in network.walk(input_shape):
        if seen is not None:
            seen = [*seen, layer] if hasattr(layer, "windows") else None
        field = None if seen is None else _field(seen)
        counts = layer.n_params(shape), layer.macs(shape)
        rows.append(Row(name, layer, layer.output_shape(shape), *counts, field))
    return Summary(input_shape, tuple(rows))


def _field(layers: list[Layer]) -> Any:
    vertical, horizontal = (receptive_field(layers, axis=axis) for axis in (0, 1))
    return vertical if vertical == horizontal else (vertical, horizontal)


def _times(shape: Shape) -> str:
    return " × ".join(map(str, shape))


def lenet5() -> Sequential:
    """LeNet-5 for one 32 × 32 digit, in the form in which it is taught today.

    As published, but each C3 map sees all six S2 maps (the paper connects them by a
    table, 1,516 parameters instead of 2,416), pooling is max pooling without trainable
    coefficients, the activation is ReLU and the output layer is linear. This gives
    61,706 parameters where the paper counts 60,000.

    Returns
    -------
    Sequential
        For inputs of shape (1, 32, 32); 10 outputs.

    References
    ----------
    LeCun, Bottou, Bengio & Haffner (1998), "Gradient-based learning applied to
    document recognition", section II.B.

    Examples
    --------
    >>> lenet5().n_params((1, 32, 32))
    61706
    """
    return Sequential(
        Conv2d(6, 5),
        ReLU(),
        MaxPool2d(2),
        Conv2d(16, 5),
        ReLU(),
        MaxPool2d(2),
        Conv2d(120, 5),
        ReLU(),
        Flatten(),
        Linear(84),
        ReLU(),
        Linear(10),
    )


def vgg16() -> Sequential:
    """VGG-16 (configuration D) for one 224 × 224 colour image.

    Returns
    -------
    Sequential
        For inputs of shape (3, 224, 224); 1,000 outputs, 138,357,544 parameters.

    References
    ----------
    Simonyan & Zisserman (2015), "Very deep convolutional networks for large-scale
    image recognition", table 1, column D.

    Examples
    --------
    >>> vgg16().n_params((3, 224, 224))
    138357544
    """
    layers: list[Layer] = []
    for repeats, channels in ((2, 64), (2, 128), (3, 256), (3, 512), (3, 512)):
        for _ in range(repeats):
            layers += [Conv2d(channels, 3, padding=1), ReLU()]
        layers.append(MaxPool2d(2))
    head = [Flatten(), Linear(4096), ReLU(), Linear(4096), ReLU(), Linear(1000)]
    return Sequential(*layers, *head)
