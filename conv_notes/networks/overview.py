"""A table of what each layer of a network puts out, holds, costs and sees."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from .._checks import Shape
from ..arithmetic import Path, ReceptiveField
from ..arithmetic.units import Units, sources, together
from ..layers import Layer, Upsample
from ..layers._layer import Plan
from ..table import Table
from .containers import Parallel, Sequential


class Row(NamedTuple):
    """One layer in a summary.

    `bytes` is what the layer moves in float32, as ``Layer.bytes_moved`` says.
    `receptive_field` is a pair, (vertical, horizontal), where the two differ, and None
    where no window describes what a unit sees. `seen` is for a layer that sees all of
    its input, and for those behind it: how much of the network's input that is, (rows,
    columns) of an image; None for other layers.
    """

    name: str
    label: str
    layer: Layer
    output_shape: Shape
    params: int
    macs: int
    bytes: int
    receptive_field: ReceptiveField | tuple[ReceptiveField, ReceptiveField] | None
    seen: tuple[int, ...] | None

    @property
    def sees_all(self) -> bool:
        """Whether a unit sees all that the layers before the first such layer left."""
        return self.seen is not None


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
            seen = _seen(row, self.input_shape)
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
    plan = network.plan(input_shape)
    return Summary(plan.input, tuple(_rows(network, plan)))


class _Way(NamedTuple):
    """Layers from the input on, each with its plan, and what the last one sees."""

    parts: tuple[tuple[Layer, Plan], ...] = ()
    windows: Path | None = Path()  # None behind what no window describes
    seen: tuple[int, ...] | None = None

    def then(self, layer: Layer, plan: Plan) -> _Way:
        """The same with one more layer."""
        parts, windows, seen = (*self.parts, (layer, plan)), self.windows, self.seen
        if windows is not None:
            try:
                windows = windows.then(layer)
            except (TypeError, ValueError):
                windows = None
        if seen is None and layer.sees_all:
            seen = _all_seen(parts)
        return _Way(parts, windows, seen)

    def field(self) -> Any:
        """The receptive field, or two where the axes differ."""
        try:
            vertical, horizontal = (
                self.windows.fields() if self.windows else (None,) * 2
            )
        except ValueError:  # a unit sees nothing at all
            return None
        return vertical if vertical == horizontal else (vertical, horizontal)


START = _Way()


def _rows(
    layer: Layer, plan: Plan, before: _Way = START, name: str = "", prefix: str = ""
) -> Iterator[Row]:
    """The rows of `layer`, which comes after the layers `before`."""
    if isinstance(layer, Sequential):
        for i, inner, its_plan in layer.parts(plan.input):
            yield from _rows(inner, its_plan, before, _join(name, i), prefix)
            before = before.then(inner, its_plan)
        return
    label = repr(layer)
    counts = plan.n_params, plan.macs, plan.bytes_moved()
    if isinstance(layer, Parallel):
        for i, branch, its_plan in layer.parts(plan.input):
            inside = f"{prefix}branch {int(i) + 1}: "
            yield from _rows(branch, its_plan, before, _join(name, i), inside)
        label = f"concatenate {len(layer.branches)} branches"
        counts = 0, 0, 0  # they stand in the rows of the branches
    way = before.then(layer, plan)
    seen = way.field(), way.seen
    yield Row(name, prefix + label, layer, plan.output, *counts, *seen)


def _all_seen(parts: tuple[tuple[Layer, Plan], ...]) -> tuple[int, ...]:
    """What the last layer, which sees all of its input, sees of the first one's.

    Those before it may leave out a rest, which their stride or a pooling drops.
    """
    shape = parts[0][1].input
    if len(shape) != 3:
        return shape
    counts = []
    for axis in (0, 1):
        pixels = None
        for layer, plan in reversed(parts):
            pixels = _sources(layer, plan, axis, pixels)
        counts.append(shape[1 + axis] if pixels is None else pixels.mask.bit_count())
    return tuple(counts)


def _sources(layer: Layer, plan: Plan, axis: int, units: Units | None) -> Units | None:
    """The rows, or columns, of its input from which a layer computes these units.

    None stands for all there are, in a place or without one.
    """
    if isinstance(layer, Sequential):
        for _, inner, its_plan in reversed(list(layer.parts(plan.input))):
            units = _sources(inner, its_plan, axis, units)
        return units
    if isinstance(layer, Parallel):
        parts = layer.parts(plan.input)
        found = [_sources(part, its_plan, axis, units) for _, part, its_plan in parts]
        some = [pixels for pixels in found if pixels is not None]
        return together(some) if len(some) == len(found) else None
    windows = getattr(layer, "windows", None)
    if layer.sees_all or len(plan.output) < 3:
        return None
    outputs = Units(0, (1 << plan.output[1 + axis]) - 1) if units is None else units
    if windows is None:
        if not isinstance(layer, Upsample):
            return None
        edges = layer.edges(plan, axis)
        pairs = zip(edges.source.tolist(), edges.target.tolist(), strict=True)
        seen = {source for source, target in pairs if target in outputs}
        return together([Units(0, sum(1 << pixel for pixel in seen))])
    return sources(windows[axis], outputs).within(plan.input[1 + axis])


def _seen(row: Row, whole: Shape) -> str:
    """The field of a row in words, where the network's input is of shape `whole`."""
    if row.seen is not None:
        sizes = whole[1:] if len(whole) == 3 else whole
        rows, *cols = (
            "" if part == size else f"{part} of {size} "
            for part, size in zip(row.seen, sizes, strict=True)
        )
        if not cols:
            return "all"
        if rows == cols[0]:
            return f"{rows}rows and columns" if rows else "all"
        named = rows and f"{rows}rows", cols[0] and f"{cols[0]}columns"
        return ", ".join(filter(None, named))
    field = row.receptive_field
    if field is None:
        return "–"
    if isinstance(field, ReceptiveField):
        return str(field.size)
    return _times((field[0].size, field[1].size))


def _join(name: str, part: str) -> str:
    return f"{name}.{part}" if name else part


def _times(shape: Shape) -> str:
    return " × ".join(map(str, shape))
