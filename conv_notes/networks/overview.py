"""A table of what each layer of a network puts out, holds, costs and sees."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from .._checks import Shape
from ..arithmetic import ReceptiveField, receptive_field
from ..layers import Layer
from ..table import Table
from .containers import Parallel, Sequential


class Row(NamedTuple):
    """One layer in a summary.

    `bytes` is what the layer moves in float32, as ``Layer.bytes_moved`` says.
    `receptive_field` is a pair, (vertical, horizontal), where the two differ, and None
    where no window describes what a unit sees; `sees_all` where it sees all.
    """

    name: str
    label: str
    layer: Layer
    output_shape: Shape
    params: int
    macs: int
    bytes: int
    receptive_field: ReceptiveField | tuple[ReceptiveField, ReceptiveField] | None
    sees_all: bool


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
    def bytes(self) -> int:
        """Bytes that all layers together move for one input, each on its own."""
        return sum(row.bytes for row in self.rows)

    @property
    def table(self) -> Table:
        """The rows with a total below."""
        cells: list[tuple[Any, ...]] = [
            ("input", _times(self.input_shape), "", "", "", 1)
        ]
        for row in self.rows:
            counts = row.params, row.macs, row.bytes
            seen = _seen(row.receptive_field) or ("all" if row.sees_all else "–")
            cells.append((row.label, _times(row.output_shape), *counts, seen))
        header = "layer", "output shape", "parameters", "MACs", "bytes"
        return Table(
            (*header, "receptive field"),
            cells,
            footer=("total", "", self.params, self.macs, self.bytes, ""),
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
        A `Sequential` or `Parallel`, or a single layer.
    input_shape : tuple of int
        (C, H, W) or (features,), without the batch.

    Returns
    -------
    Summary
        ``rows`` with one entry per layer, and the totals ``params``, ``macs`` and
        ``bytes``. ``str`` gives a text table; a notebook shows an HTML table. 1 MAC is
        one multiply-add, biases not counted. Bytes are those of input, parameters and
        output in float32, each moved once. The receptive field is in input pixels.

    Raises
    ------
    TypeError
        If `network` is not a layer.
    ValueError
        If a layer does not fit the output of the one before.

    References
    ----------
    The receptive field is that of `receptive_field`.

    Examples
    --------
    >>> from conv_notes import Conv2d, MaxPool2d, Sequential
    >>> print(summary(Sequential(Conv2d(6, 5), MaxPool2d(2)), (1, 32, 32)))
    layer         output shape  parameters     MACs   bytes  receptive field
    input         1 × 32 × 32                                              1
    Conv2d(6, 5)  6 × 28 × 28          156  117,600  23,536                5
    MaxPool2d(2)  6 × 14 × 14            0        0  23,520                6
    total                              156  117,600  47,056
    """
    if not isinstance(network, Layer):
        raise TypeError(f"summary: network must be a layer, got {network!r}")
    return Summary(input_shape, tuple(_rows(network, input_shape)))


def _rows(
    layer: Layer,
    shape: Shape,
    before: tuple[Layer, ...] = (),
    name: str = "",
    prefix: str = "",
) -> Iterator[Row]:
    """The rows of `layer`, which comes after the layers `before`."""
    if isinstance(layer, Sequential):
        for i, inner, plan in layer.parts(shape):
            yield from _rows(inner, plan.input, before, _join(name, i), prefix)
            before = (*before, inner)
        return
    label = repr(layer)
    counts = layer.n_params(shape), layer.macs(shape), layer.bytes_moved(shape)
    if isinstance(layer, Parallel):
        for i, branch, plan in layer.parts(shape):
            inside = f"{prefix}branch {int(i) + 1}: "
            yield from _rows(branch, plan.input, before, _join(name, i), inside)
        label = f"concatenate {len(layer.branches)} branches"
        counts = 0, 0, 0  # they stand in the rows of the branches
    path = (*before, layer)
    seen = _field(path), any(each.sees_all for each in path)
    yield Row(name, prefix + label, layer, layer.output_shape(shape), *counts, *seen)


def _field(layers: tuple[Layer, ...]) -> Any:
    try:
        vertical, horizontal = (receptive_field(layers, axis=axis) for axis in (0, 1))
    except (TypeError, ValueError):  # a layer, or branches, that no window describes
        return None
    return vertical if vertical == horizontal else (vertical, horizontal)


def _seen(field: Any) -> str:
    if field is None:
        return ""
    if isinstance(field, ReceptiveField):
        return str(field.size)
    return _times((field[0].size, field[1].size))


def _join(name: str, part: str) -> str:
    return f"{name}.{part}" if name else part


def _times(shape: Shape) -> str:
    return " × ".join(map(str, shape))
