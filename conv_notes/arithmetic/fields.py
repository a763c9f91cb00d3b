"""Receptive fields: what a unit sees of the input, through all layers."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from math import gcd, lcm
from typing import NamedTuple, TypeAlias

from .. import _checks as check
from .units import Units, sources, together
from .window import Window, Windows


class ReceptiveField(NamedTuple):
    """What one output unit sees of the input, along one axis, in input pixels.

    Attributes
    ----------
    size : int
        Number of input pixels between the first and the last that can reach it.
    stride : int or Fraction
        How far the field moves when the output unit moves by one; behind a transposed
        convolution this can be a fraction, and holds on average.
    padding : int
        How far the field of output unit 0 (or of the first that sees anything) begins
        before input pixel 0.
    """

    size: int
    stride: int | Fraction
    padding: int


#: Of a layer, along one axis: its window, or the layers of each of its branches.
Item: TypeAlias = "Window | Sequence[Stack]"
Stack: TypeAlias = "Sequence[Item]"


def receptive_field(
    layers: Iterable[object], *, axis: int | None = None
) -> ReceptiveField:
    r"""Size, effective stride and effective padding of a stack of layers.

    A window of layer i is stretched by the product of all strides before it:

    .. math::
        j_i = j_{i-1} S_i,\qquad r_i = r_{i-1} + D_i (K_i - 1)\, j_{i-1},\qquad
        p_i = p_{i-1} + P_i\, j_{i-1}

    with :math:`r_0 = j_0 = 1` and :math:`p_0 = 0`. Behind a transposed convolution the
    units take turns in what they see, and no formula of this kind holds: a unit of each
    turn is followed back to the input, and the size is the largest.

    Parameters
    ----------
    layers : iterable
        From input to output: layers such as ``Conv2d``, ``MaxPool2d`` and ``ReLU``, or
        a ``Sequential`` or ``Parallel`` of them (of branches side by side, all that any
        of them sees), or tuples ``(kernel_size, stride, padding, dilation)`` whose last
        entries may be left out.
    axis : {None, 0, 1}
        0 for height, 1 for width. None asks that both agree.

    Returns
    -------
    ReceptiveField
        ``(size, stride, padding)``, in input pixels.

    Raises
    ------
    TypeError, ValueError
        If an entry is neither a windowed layer nor such a tuple, if branches differ in
        their strides, if no unit sees anything, or if the two axes differ and `axis` is
        None.

    References
    ----------
    Araujo, Norris & Sim (2019), "Computing receptive fields of convolutional neural
    networks", Distill, equations 2 and 3.

    Examples
    --------
    Two 3×3 layers see 5 pixels; with a stride of 2 in the first, 7:

    >>> receptive_field([(3,), (3,)])
    ReceptiveField(size=5, stride=1, padding=0)
    >>> receptive_field([(3, 2, 1), (3, 1, 1)])
    ReceptiveField(size=7, stride=2, padding=3)

    Down by 2 and up again:

    >>> from conv_notes import Conv2d, ConvTranspose2d
    >>> receptive_field([Conv2d(1, 3, stride=2), ConvTranspose2d(1, 3, stride=2)])
    ReceptiveField(size=5, stride=1, padding=2)
    """
    if axis is not None and (type(axis) is bool or axis not in (0, 1)):
        raise ValueError(f"receptive_field: axis must be None, 0 or 1, got {axis!r}")
    if hasattr(layers, "branches"):
        layers = [layers]
    elif not isinstance(layers, Iterable):
        raise TypeError(f"receptive_field: layers must be iterable, got {layers!r}")
    path = Path()
    for layer in layers:
        path = path.then(layer)
    fields = path.fields()
    if axis is not None:
        return fields[axis]
    if fields[0] != fields[1]:
        raise ValueError(
            f"receptive_field: height and width differ ({fields[0]}, {fields[1]}); "
            f"choose axis=0 or axis=1"
        )
    return fields[0]


class _Line(NamedTuple):
    """What stands along one axis, from the input on.

    The field behind the layers below the first transposed one has a formula; those
    above are kept, to be followed back.
    """

    below: ReceptiveField = ReceptiveField(1, 1, 0)
    above: Stack = ()

    def then(self, item: Item) -> _Line:
        """The same with one more layer."""
        if self.above or _is_transposed(item):
            return self._replace(above=(*self.above, item))
        return _Line(_behind(self.below, item))

    def field(self) -> ReceptiveField:
        """What a unit behind all layers sees."""
        if not self.above:
            return self.below
        turns = _follow_back(self.above)
        if not turns:
            raise ValueError("receptive_field: no unit of these layers sees any input")
        size, stride, padding = self.below
        size += max(seen.last - seen.first for seen in turns) * int(stride)
        padding -= min(turns, key=turns.__getitem__).first * int(stride)
        stride = _stride(self.above) * stride
        exact = stride.numerator if stride.denominator == 1 else stride
        return ReceptiveField(size, exact, padding)


class Path(NamedTuple):
    """Layers from the input on, along both axes; each layer makes it a step longer.

    Examples
    --------
    >>> path = Path().then((3, 2, 1)).then((3, 1, 1))
    >>> path.fields()[0]
    ReceptiveField(size=7, stride=2, padding=3)
    """

    vertical: _Line = _Line()
    horizontal: _Line = _Line()

    def then(self, layer: object) -> Path:
        """The same with one more layer, or all those of a container."""
        vertical, horizontal = self
        for rows, columns in _items(layer):
            vertical, horizontal = vertical.then(rows), horizontal.then(columns)
        return Path(vertical, horizontal)

    def fields(self) -> tuple[ReceptiveField, ReceptiveField]:
        """What a unit behind all layers sees, vertically and horizontally."""
        return self.vertical.field(), self.horizontal.field()


def _is_transposed(item: Item) -> bool:
    if isinstance(item, Window):
        return item.transposed
    return any(_is_transposed(inner) for branch in item for inner in branch)


def _behind(field: ReceptiveField, item: Item) -> ReceptiveField:
    """The field of a unit that sees units of this `field`, none of it transposed."""
    w = item if isinstance(item, Window) else _around(item)
    size, stride, padding = field
    return ReceptiveField(
        size + w.dilation * (w.kernel_size - 1) * int(stride),
        stride * w.stride,
        padding + w.before * int(stride),
    )


def _around(branches: Sequence[Stack]) -> Window:
    """One window that sees all that any of these sees, from the same unit."""
    alone = ReceptiveField(1, 1, 0)
    fields = [functools.reduce(_behind, branch, alone) for branch in branches]
    before = max(field.padding for field in fields)
    after = max(field.size - field.padding for field in fields)
    return Window(before + after, int(_stride([branches])), before)


def _follow_back(stack: Stack) -> dict[Units, int]:
    """What one unit of each turn sees, and the first unit that sees just that.

    Units `period` apart look alike, `step` apart. Of the turns, most soon see the same
    as another, so that few are left to be followed further.
    """
    turns = {Units(0, 1): 0}
    period = step = 1
    for item in reversed(stack):
        more = _turns([item], step)
        found: dict[Units, int] = {}
        for (first, mask), unit in turns.items():
            for turn in range(more):
                seen = _seen([item], Units(first + turn * step, mask))
                if seen.mask:  # where a stride is larger than the kernel, it can be 0
                    its_first = unit + turn * period
                    found[seen] = min(its_first, found.get(seen, its_first))
        turns, period, step = found, period * more, int(step * more * _stride([item]))
    return turns


def _turns(stack: Stack, step: int) -> int:
    """How many of units `step` apart look back in different ways."""
    turns = 1
    for item in reversed(stack):
        if isinstance(item, Window):
            more = item.stride // gcd(item.stride, step) if item.transposed else 1
        else:
            more = lcm(*(_turns(branch, step) for branch in item))
        turns, step = turns * more, int(step * more * _stride([item]))
    return turns


def _seen(stack: Stack, units: Units) -> Units:
    """The positions, some in the padding, that these units are computed from."""
    for item in reversed(stack):
        if isinstance(item, Window):
            units = sources(item, units)
        else:
            units = together([_seen(branch, units) for branch in item])
    return units


def _stride(stack: Stack) -> Fraction:
    """The stride of all together, below 1 on the way up."""
    stride = Fraction(1)
    for item in stack:
        if not isinstance(item, Window):
            found = sorted({_stride(branch) for branch in item})
            if len(found) > 1:
                raise ValueError(
                    f"receptive_field: branches have strides "
                    f"{', '.join(map(str, found))}"
                )
            stride *= found[0]
        elif item.transposed:
            stride /= item.stride
        else:
            stride *= item.stride
    return stride


def _items(layer: object) -> Iterator[tuple[Item, Item]]:
    """A layer, or each layer of a container, along both axes."""
    if hasattr(layer, "layers"):  # of a Sequential
        for inner in layer.layers:
            yield from _items(inner)
    elif hasattr(layer, "branches"):  # of a Parallel
        branches = [list(_items(branch)) for branch in layer.branches]
        rows, columns = ([[pair[a] for pair in b] for b in branches] for a in (0, 1))
        yield rows, columns
    else:
        yield _windows(layer)


def _windows(layer: object) -> Windows:
    if isinstance(layer, tuple):
        if not 1 <= len(layer) <= 4:
            raise ValueError(
                "receptive_field: a tuple must be (kernel_size, stride, padding, "
                f"dilation) or a beginning of it, got {layer!r}"
            )
        names = "kernel_size", "stride", "padding", "dilation"
        written = dict(zip(names, layer, strict=False))
        for name, value in written.items():
            least = 0 if name == "padding" else 1
            written[name] = check.integer("receptive_field", name, value, least)
        before = written.pop("padding", 0)
        return (Window(**written, before=before),) * 2
    windows: Windows | None = getattr(layer, "windows", None)
    if windows is None:
        raise TypeError(f"receptive_field: {layer!r} does not look through a window")
    return windows
