"""What every layer answers."""

from __future__ import annotations

from dataclasses import MISSING, fields
from math import prod
from typing import Any, ClassVar

import numpy as np

from .. import _checks as check
from .._checks import FloatArray
from ..arithmetic import Window
from ..windows import Geometry

Shape = tuple[int, ...]
Params = dict[str, FloatArray]


class Layer:
    """What every layer answers; a layer adds its shapes and which op it is.

    The answers come from the input's shape alone, in exact integers, so that asking a
    layer of 10¹² weights for its size costs nothing.
    """

    #: Whether the output, without biases, is a linear function of the input.
    is_linear: ClassVar[bool] = True
    #: Whether each output sees the whole input.
    sees_all: ClassVar[bool] = False

    def output_shape(self, input_shape: Shape) -> Shape:
        """Shape of one output for an input of `input_shape`."""
        raise NotImplementedError

    def param_shapes(self, input_shape: Shape) -> dict[str, Shape]:
        """Shape of every parameter array, by name; empty where there is none."""
        self.output_shape(input_shape)  # raises where the input does not fit
        return {}

    def macs(self, input_shape: Shape) -> int:
        """Multiply-adds for one input."""
        self.output_shape(input_shape)
        return 0

    def n_params(self, input_shape: Shape) -> int:
        """Number of parameters, biases included."""
        return sum(prod(shape) for shape in self.param_shapes(input_shape).values())

    def bytes_moved(self, input_shape: Shape, itemsize: int = 4) -> int:
        """Bytes of the input and the parameters, read once, and of the output.

        The least traffic with memory that computing the layer for one input takes.
        `itemsize` is the size of one number: 4 bytes for float32.
        """
        numbers = prod(input_shape) + prod(self.output_shape(input_shape))
        return (numbers + self.n_params(input_shape)) * itemsize

    def init(
        self, input_shape: Shape, rng: np.random.Generator, dtype: Any = np.float64
    ) -> Params:
        """Random parameters: weights from N(0, 2 / fan-in), biases zero.

        The fan-in is the number of inputs an output sees, MACs per output. Source: He
        et al. (2015), "Delving deep into rectifiers", equation 10.
        """
        shapes = self.param_shapes(input_shape)
        params = {name: np.zeros(shape, dtype) for name, shape in shapes.items()}
        if "weight" in params:
            fan_in = self.macs(input_shape) / prod(self.output_shape(input_shape))
            normal = rng.standard_normal(shapes["weight"], dtype)
            params["weight"] = normal * np.sqrt(2 / fan_in).astype(dtype)
        return params

    def apply(self, params: Params, x: FloatArray) -> FloatArray:
        """Outputs for a batch `x`, whose first axis is the batch."""
        y: FloatArray = self.vjp(params, x)[0]
        return y

    def vjp(self, params: Params, x: FloatArray) -> tuple[Any, Any]:
        """Outputs, and a pullback from ``dy`` to ``(dparams, dx)``."""
        self._check_params(params, x)
        names = list(self.param_shapes(x.shape[1:]))  # in the op's order
        y, op_pullback = self._op(x, *(params[name] for name in names))

        def pullback(dy: FloatArray) -> tuple[Params, FloatArray]:
            dx, *grads = op_pullback(dy)
            return dict(zip(names, grads, strict=False)), dx

        return y, pullback

    def _op(self, x: FloatArray, *params: FloatArray) -> tuple[Any, Any]:
        """The layer as ``op.vjp``: result, and a pullback to (dx, *dparams)."""
        raise NotImplementedError

    def _check_params(self, params: Params, x: FloatArray) -> None:
        """Raise unless `params` are those of this layer for an input like `x`."""
        where = type(self).__name__
        check.float_arrays(where, x=x)
        needed = self.param_shapes(x.shape[1:])
        if set(params) != set(needed):
            raise ValueError(
                f"{where}: params must be named {sorted(needed)}, got {sorted(params)}"
            )
        for name, shape in needed.items():
            (array,) = check.float_arrays(where, **{name: params[name]})
            check.shape(where, name, array, shape)

    def _shape(
        self, input_shape: Shape, axes: str | None = None, hint: str = ""
    ) -> Shape:
        """`input_shape`, once it has an axis of at least 1 for each word of `axes`."""
        where = type(self).__name__
        is_tuple = isinstance(input_shape, tuple)
        if axes is None:
            axes = " ".join("…" for _ in input_shape) if is_tuple else "… …"
        names = axes.split()
        if not is_tuple or len(input_shape) != len(names):
            needed = f"({', '.join(names)}{',' if len(names) == 1 else ''})"
            raise ValueError(
                f"{where}: input_shape must be {needed}, got {input_shape!r}{hint}"
            )
        pairs = zip(names, input_shape, strict=True)
        return tuple(check.integer(where, f"input_shape {n}", v, 1) for n, v in pairs)

    def __repr__(self) -> str:
        """As one would type it: arguments that have their default are left out."""
        arguments = []
        for field in fields(self):  # type: ignore[arg-type]
            value = getattr(self, field.name)
            if field.default is MISSING and not field.kw_only:
                arguments.append(repr(value))
            elif value != field.default:
                arguments.append(f"{field.name}={value!r}")
        return f"{type(self).__name__}({', '.join(arguments)})"

    def _check_counts(self, *names: str) -> None:
        """Raise unless each of these fields is an int of at least 1."""
        for name in names:
            check.integer(type(self).__name__, name, getattr(self, name), 1)


def with_bias(weight: Shape, bias: Shape, has_bias: bool) -> dict[str, Shape]:
    return {"weight": weight, "bias": bias} if has_bias else {"weight": weight}


#: An image that no window is too large for; a window's description needs no image.
LARGE = (2**40, 2**40)


def both_windows(g: Geometry) -> tuple[Window, Window]:
    rows, cols = zip(
        g.kernel_size, g.stride, (p[0] for p in g.padding), g.dilation, strict=True
    )
    return Window(*rows), Window(*cols)
