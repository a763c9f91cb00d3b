"""What every layer answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, fields
from math import prod
from typing import Any, ClassVar, NamedTuple, Protocol, cast

import numpy as np

from .. import _checks as check
from .._checks import FloatArray, Shape
from ..ops._differentiable import Gradients

Params = dict[str, FloatArray]

#: From ``dy`` to ``(dparams, dx)``.
LayerPullback = Callable[[FloatArray], tuple[Params, FloatArray]]


class WayBack(Protocol):
    """The same, which can leave dx out: of data, no one wants it."""

    def __call__(self, dy: FloatArray, *, dx: bool = True) -> tuple[Params, Any]:
        """``(dparams, dx)``; with ``dx=False``, dx is None."""
        ...


class Plan(NamedTuple):
    """What a layer makes of an input, in exact integers: all that can be counted."""

    input: Shape
    output: Shape
    params: dict[str, Shape]
    macs: int = 0

    @property
    def n_params(self) -> int:
        """Number of parameters, biases included."""
        return sum(map(prod, self.params.values()))

    def bytes_moved(self, itemsize: int = 4) -> int:
        """Bytes of input, parameters and output."""
        itemsize = check.integer("bytes_moved", "itemsize", itemsize, 1)
        return (prod(self.input) + prod(self.output) + self.n_params) * itemsize


class Layer:
    """What every layer answers; a layer adds its plan and which op it is.

    The answers come from the input's shape alone, in exact integers, so that asking a
    layer of 10¹² weights for its size costs nothing.
    """

    #: What the axes of an input are; any are welcome where it is empty.
    axes: ClassVar[str] = "C H W"

    @property
    def is_linear(self) -> bool:
        """Whether the output, without biases, is a linear function of the input."""
        return True

    @property
    def sees_all(self) -> bool:
        """Whether each output sees the whole input."""
        return False

    def plan(self, input_shape: Shape) -> Plan:
        """All counts for an input of `input_shape`."""
        return self._plan(self._shape(input_shape))

    def output_shape(self, input_shape: Shape) -> Shape:
        """Shape of one output for an input of `input_shape`."""
        return self.plan(input_shape).output

    def param_shapes(self, input_shape: Shape) -> dict[str, Shape]:
        """Shape of every parameter array, by name; empty where there is none."""
        return self.plan(input_shape).params

    def macs(self, input_shape: Shape) -> int:
        """Multiply-adds for one input."""
        return self.plan(input_shape).macs

    def n_params(self, input_shape: Shape) -> int:
        """Number of parameters, biases included."""
        return self.plan(input_shape).n_params

    def bytes_moved(self, input_shape: Shape, itemsize: int = 4) -> int:
        """Bytes of the input and the parameters, read once, and of the output.

        The least traffic with memory that computing the layer for one input takes.
        `itemsize` is the size of one number: 4 bytes for float32.
        """
        return self.plan(input_shape).bytes_moved(itemsize)

    def init(
        self, input_shape: Shape, rng: np.random.Generator, dtype: Any = np.float64
    ) -> Params:
        """Random parameters: weights from N(0, 2 / fan-in), biases zero.

        The fan-in is the number of inputs an output sees, MACs per output. Source: He
        et al. (2015), "Delving deep into rectifiers", equation 10.
        """
        where, plan = type(self).__name__, self.plan(input_shape)
        check.generator(where, rng)
        if np.dtype(dtype) not in check.FLOATS:
            raise TypeError(f"{where}: dtype must be float32 or float64, got {dtype!r}")
        params = {name: np.zeros(shape, dtype) for name, shape in plan.params.items()}
        if "weight" in params:
            fan_in = plan.macs / prod(plan.output)
            normal = rng.standard_normal(plan.params["weight"], dtype)
            params["weight"] = normal * np.sqrt(2 / fan_in).astype(dtype)
        return params

    def apply(self, params: Params, x: FloatArray) -> FloatArray:
        """Outputs for a batch `x`, whose first axis is the batch."""
        return self.vjp(params, x)[0]

    def vjp(self, params: Params, x: FloatArray) -> tuple[FloatArray, LayerPullback]:
        """Outputs, and a pullback from ``dy`` to ``(dparams, dx)``."""
        return self._run(*self._checked(params, x))

    def _run(self, params: Params, x: FloatArray) -> tuple[FloatArray, WayBack]:
        """`vjp` of what `_checked` has returned."""
        y, op_pullback = self._op(x, *params.values())

        def pullback(dy: FloatArray, *, dx: bool = True) -> tuple[Params, Any]:
            gradient, *grads = op_pullback(dy, dx=dx)
            return dict(zip(params, grads, strict=False)), gradient if dx else None

        return y, pullback

    def _plan(self, shape: Shape) -> Plan:
        """The plan for an input whose shape has been checked."""
        raise NotImplementedError

    def _op(self, x: FloatArray, *params: FloatArray) -> tuple[FloatArray, Gradients]:
        """The layer as ``op.vjp``: result, and a pullback to (dx, *dparams)."""
        raise NotImplementedError

    def _checked(self, params: Params, x: FloatArray) -> tuple[Params, FloatArray]:
        """`params`, in order, and `x`; raises unless they fit this layer."""
        where = type(self).__name__
        x = check.float_array(where, "x", x)
        if x.ndim == 0:
            raise ValueError(f"{where}: x must have the batch as first axis, got ()")
        arrays = self._arrays(params, self.param_shapes(x.shape[1:]))
        for name, array in arrays.items():
            if array.dtype != x.dtype:
                layer, _, its = name.rpartition(".")
                which = f"{its} of layer {layer}" if layer else its
                raise TypeError(f"{where}: {which} is {array.dtype} but x is {x.dtype}")
        return arrays, x

    def _arrays(self, params: Params, needed: dict[str, Shape]) -> Params:
        """`params` in the order of `needed`; raises unless they have its shapes."""
        where = type(self).__name__
        if not isinstance(params, Mapping):
            raise TypeError(f"{where}: params must be a dict, got {params!r}")
        if set(params) != set(needed):
            raise ValueError(
                f"{where}: params must be named {sorted(needed)}, got "
                f"{sorted(params, key=str)}"
            )
        arrays = {name: check.float_array(where, name, params[name]) for name in needed}
        for name, array in arrays.items():
            check.shape(where, name, array, needed[name])
        return arrays

    def _shape(self, input_shape: Any) -> Shape:
        """`input_shape` in Python's integers, once it fits `axes`."""
        where, names = type(self).__name__, self.axes.split()
        is_tuple = isinstance(input_shape, tuple)
        if not is_tuple or len(input_shape) != (len(names) or len(input_shape) or 1):
            needed = ", ".join(names) + "," * (len(names) == 1) or "size, …"
            raise ValueError(
                f"{where}: input_shape must be ({needed}), "
                f"got {input_shape!r}{self._hint(input_shape)}"
            )
        names = names or ["…"] * len(input_shape)
        pairs = zip(names, input_shape, strict=True)
        return tuple(check.integer(where, f"input_shape {n}", v, 1) for n, v in pairs)

    def _hint(self, input_shape: Any) -> str:
        """What else to say where `input_shape` does not fit `axes`."""
        return ""

    def _check_counts(self, *names: str) -> None:
        """Raise unless each of these fields is an int of at least 1."""
        for name in names:
            check.integer(type(self).__name__, name, getattr(self, name), 1)

    def _keep_plain(self) -> None:
        """Have the fields, once they are checked, hold Python's numbers and tuples.

        Equal specifications are then equal, and no count overflows.
        """
        for field in self._fields():
            value = getattr(self, field.name)
            object.__setattr__(self, field.name, _plain(value))

    def _fields(self) -> tuple[Field[Any], ...]:
        return fields(cast(Any, self))  # of the dataclass that each layer is

    def __repr__(self) -> str:
        """As one would type it: arguments that have their default are left out."""
        arguments = []
        for field in self._fields():
            value = getattr(self, field.name)
            if field.default is MISSING and not field.kw_only:
                arguments.append(repr(value))
            elif value != field.default:
                arguments.append(f"{field.name}={value!r}")
        return f"{type(self).__name__}({', '.join(arguments)})"


def _plain(value: Any) -> Any:
    if isinstance(value, np.ndarray | np.generic):
        value = value.tolist()
    return tuple(map(_plain, value)) if isinstance(value, tuple | list) else value


def with_bias(weight: Shape, bias: Shape, has_bias: bool) -> dict[str, Shape]:
    return {"weight": weight, "bias": bias} if has_bias else {"weight": weight}
