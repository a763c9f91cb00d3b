"""Receptive fields: what a unit sees of the input, through all layers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction
from math import prod
from typing import Any, NamedTuple

from .. import _checks as check
from .window import Window


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


#: The windows of a stack of layers along one axis; a list of stacks are branches.
Stack = list[Any]


def receptive_field(
    layers: Iterable[object], *, axis: int | None = None
) -> ReceptiveField:
    r"""Size, effective stride and effective padding of a stack of layers.

    A window of layer i is stretched by the product of all strides before it:

    .. math::
        j_i = j_{i-1} S_i,\qquad r_i = r_{i-1} + D_i (K_i - 1)\, j_{i-1},\qquad
        p_i = p_{i-1} + P_i\, j_{i-1}

    with :math:`r_0 = j_0 = 1` and :math:`p_0 = 0`. Behind a transposed convolution the
    units take turns in what they see, and no formula of this kind holds: there, each
    unit of one turn is followed back to the input, and the size is the largest.

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
    if axis not in (None, 0, 1):
        raise ValueError(f"receptive_field: axis must be None, 0 or 1, got {axis!r}")
    stack = list(_read(layers))
    fields = [_field(_along(stack, a)) for a in (0, 1)]
    if axis is not None:
        return fields[axis]
    if fields[0] != fields[1]:
        raise ValueError(
            f"receptive_field: height and width differ ({fields[0]}, {fields[1]}); "
            f"choose axis=0 or axis=1"
        )
    return fields[0]


def _field(stack: Stack) -> ReceptiveField:
    if any(w.transposed for w in _every(stack)):
        return _follow_back(stack)
    size, stride, padding = 1, 1, 0
    for item in stack:
        w = item if isinstance(item, Window) else _around(map(_field, item))
        size += w.dilation * (w.kernel_size - 1) * stride
        padding += w.before * stride
        stride *= w.stride
    return ReceptiveField(size, stride, padding)


def _around(branches: Iterable[ReceptiveField]) -> Window:
    """One window that sees all that any of these sees, from the same unit."""
    fields = list(branches)
    before = max(field.padding for field in fields)
    after = max(field.size - field.padding for field in fields)
    stride = int(_agreed(field.stride for field in fields))
    return Window(before + after, stride, before)


def _follow_back(stack: Stack) -> ReceptiveField:
    turns = []
    for unit in range(prod(w.stride for w in _every(stack) if w.transposed)):
        seen = _seen(stack, {unit})
        if seen:  # where a stride is larger than the kernel, some see nothing
            turns.append((min(seen), max(seen)))
    if not turns:
        raise ValueError("receptive_field: no unit of these layers sees any input")
    size = max(last - first + 1 for first, last in turns)
    stride = _stride(stack)
    exact = stride.numerator if stride.denominator == 1 else stride
    return ReceptiveField(size, exact, -turns[0][0])


def _seen(stack: Stack, units: set[int]) -> set[int]:
    for item in reversed(stack):
        if isinstance(item, Window):
            units = {i for o in units for i in item.sources(o)}
        else:
            units = set().union(*(_seen(branch, units) for branch in item))
    return units


def _stride(stack: Stack) -> Fraction:
    stride = Fraction(1)
    for item in stack:
        if not isinstance(item, Window):
            stride *= _agreed(map(_stride, item))
        elif item.transposed:
            stride /= item.stride
        else:
            stride *= item.stride
    return stride


def _agreed(strides: Iterable[int | Fraction]) -> Fraction:
    found = sorted(set(strides))
    if len(found) > 1:
        raise ValueError(
            f"receptive_field: branches have strides {', '.join(map(str, found))}"
        )
    return Fraction(found[0])


def _every(stack: Stack) -> Iterator[Window]:
    for item in stack:
        if isinstance(item, Window):
            yield item
        else:
            for branch in item:
                yield from _every(branch)


def _read(layers: object) -> Iterator[Any]:
    """The windows of both axes of each layer; of a Parallel, a list of such lists."""
    if hasattr(layers, "branches"):
        yield [list(_read([branch])) for branch in layers.branches]
        return
    if not isinstance(layers, Iterable):
        raise TypeError(f"receptive_field: layers must be iterable, got {layers!r}")
    for layer in layers:
        if hasattr(layer, "layers"):  # of a Sequential
            yield from _read(layer.layers)
        elif hasattr(layer, "branches"):
            yield from _read(layer)
        else:
            yield _windows(layer)


def _along(stack: list[Any], axis: int) -> Stack:
    return [
        [_along(branch, axis) for branch in item]
        if isinstance(item, list)
        else item[axis]
        for item in stack
    ]


def _windows(layer: object) -> tuple[Window, Window]:
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
    windows = getattr(layer, "windows", None)
    if windows is None:
        raise TypeError(f"receptive_field: {layer!r} does not look through a window")
    return windows  # type: ignore[no-any-return]
