"""Layer specifications: shapes, parameter counts and costs; no array until asked.

A layer is a small frozen description. Shapes are those of one example, without the
batch: ``(C, H, W)`` for images, ``(features,)`` for vectors. Costs are counted in MACs:
1 MAC is one multiply-add, taps that fall on padding count, adding a bias does not.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import KW_ONLY, MISSING, dataclass, fields
from math import prod
from typing import Any, ClassVar

import numpy as np

from . import _checks as check
from ._checks import FloatArray, Padding, Pair
from .arithmetic import Window
from .ops import conv2d, linear, local_conv2d, max_pool2d, relu, tiled_conv2d
from .ops.pooling import pool_geometry
from .windows import Geometry, geometry

Shape = tuple[int, ...]
Params = dict[str, FloatArray]


class Layer:
    """What every layer answers; a layer adds its shapes and which op it is.

    The answers come from the input's shape alone, in exact integers, so that asking a
    layer of 10¹² weights for its size costs nothing.
    """

    #: Whether the output, without biases, is a linear function of the input.
    is_linear: ClassVar[bool] = True

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
        names = [name for name in ("weight", "bias") if name in params]
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


@dataclass(frozen=True, repr=False)
class Linear(Layer):
    """Fully connected layer: every output sees every input.

    Parameters
    ----------
    out_features : int
        Number of output neurons.
    bias : bool
        Whether each output also adds a number of its own.

    Examples
    --------
    >>> Linear(500, bias=False).n_params((800,))
    400000
    """

    out_features: int
    bias: bool = True

    def __post_init__(self) -> None:
        self._check_counts("out_features")

    def output_shape(self, input_shape: Shape) -> Shape:
        is_image = isinstance(input_shape, tuple) and len(input_shape) > 1
        hint = "; put Flatten() before it" if is_image else ""
        self._shape(input_shape, "features", hint)
        return (self.out_features,)

    def param_shapes(self, input_shape: Shape) -> dict[str, Shape]:
        (out,) = self.output_shape(input_shape)
        return _with_bias((out, *input_shape), (out,), self.bias)

    def macs(self, input_shape: Shape) -> int:
        return prod(self.output_shape(input_shape)) * input_shape[0]

    def _op(self, x: FloatArray, *params: FloatArray) -> tuple[Any, Any]:
        return linear.vjp(x, *params)


@dataclass(frozen=True, repr=False)
class _Convolution(Layer):
    """What shared, tiled and unshared convolution have in common: their windows."""

    out_channels: int
    kernel_size: int | Pair
    stride: int | Pair = 1
    padding: int | Pair | Padding | str = 0
    dilation: int | Pair = 1

    def __post_init__(self) -> None:
        self._check_counts("out_channels")
        self.windows  # noqa: B018  raises where an argument is not valid

    def _geometry(self, input_shape: Shape) -> Geometry:
        size = self._shape(input_shape, "C H W")[1:]
        return geometry(
            type(self).__name__,
            size,
            self.kernel_size,
            self.stride,
            self.padding,
            self.dilation,
        )

    def _kernel_shape(self, input_shape: Shape) -> Shape:
        """(out, in, KH, KW) of one kernel."""
        kernel = self._geometry(input_shape).kernel_size
        return (self.out_channels, input_shape[0], *kernel)

    def output_shape(self, input_shape: Shape) -> Shape:
        out, *_ = self._kernel_shape(input_shape)  # raises where groups do not divide
        return (out, *self._geometry(input_shape).output_size)

    def macs(self, input_shape: Shape) -> int:
        _, oh, ow = self.output_shape(input_shape)
        return oh * ow * prod(self._kernel_shape(input_shape))

    @property
    def windows(self) -> tuple[Window, Window]:
        """Kernel size, stride, padding and dilation of each axis."""
        return _windows(self._geometry((1, *LARGE)))

    @property
    def _keywords(self) -> dict[str, Any]:
        return {k: getattr(self, k) for k in ("stride", "padding", "dilation")}


@dataclass(frozen=True, repr=False)
class Conv2d(_Convolution):
    """Convolution: one kernel per output channel, shared by all positions.

    Parameters
    ----------
    out_channels : int
        Number of output channels, one kernel for each.
    kernel_size, stride, padding, dilation
        As for `conv2d`.
    groups : int
        Must divide the input and the output channels.
    bias : bool
        Whether each output channel adds a number of its own.

    Examples
    --------
    >>> layer = Conv2d(6, 5)
    >>> layer.output_shape((1, 32, 32)), layer.n_params((1, 32, 32))
    ((6, 28, 28), 156)
    """

    groups: int = 1
    bias: bool = True

    def __post_init__(self) -> None:
        super().__post_init__()
        self._check_counts("groups")
        self._check_groups("out_channels", self.out_channels)

    def _check_groups(self, name: str, count: int) -> None:
        if count % self.groups:
            raise ValueError(
                f"Conv2d: groups={self.groups} does not divide {name}={count}"
            )

    def _kernel_shape(self, input_shape: Shape) -> Shape:
        out, channels, *kernel = super()._kernel_shape(input_shape)
        self._check_groups("input channels", channels)
        return (out, channels // self.groups, *kernel)

    def param_shapes(self, input_shape: Shape) -> dict[str, Shape]:
        kernel = self._kernel_shape(input_shape)
        return _with_bias(kernel, kernel[:1], self.bias)

    def _op(self, x: FloatArray, *params: FloatArray) -> tuple[Any, Any]:
        return conv2d.vjp(x, *params, groups=self.groups, **self._keywords)


@dataclass(frozen=True, repr=False)
class LocalConv2d(_Convolution):
    """Locally connected layer (unshared convolution): a kernel for every position.

    Parameters
    ----------
    out_channels : int
        Number of output channels.
    kernel_size, stride, padding, dilation
        As for `conv2d`.
    bias : bool
        Whether each output, at each position, adds a number of its own.

    Examples
    --------
    >>> LocalConv2d(1, 10, padding="same", bias=False).n_params((1, 1000, 1000))
    100000000
    """

    bias: bool = True

    def param_shapes(self, input_shape: Shape) -> dict[str, Shape]:
        _, *positions = self.output_shape(input_shape)
        kernel = self._kernel_shape(input_shape)
        return _with_bias((*positions, *kernel), (*positions, kernel[0]), self.bias)

    def _op(self, x: FloatArray, *params: FloatArray) -> tuple[Any, Any]:
        return local_conv2d.vjp(x, *params, **self._keywords)


@dataclass(frozen=True, repr=False)
class TiledConv2d(_Convolution):
    """Tiled convolution: `tile` kernels along each axis that take turns.

    Parameters
    ----------
    out_channels : int
        Number of output channels.
    kernel_size, stride, padding, dilation
        As for `conv2d`.
    bias : bool
        Whether each kernel comes with a bias per output channel.
    tile : int or (int, int)
        Number of kernels, TH and TW.
    tiling : {"cyclic", "block"}
        Take turns from position to position, or one kernel per region.

    Examples
    --------
    >>> TiledConv2d(1, 10, bias=False, tile=2).n_params((1, 1000, 1000))
    400
    """

    bias: bool = True
    _: KW_ONLY
    tile: int | Pair
    tiling: str = "cyclic"

    def __post_init__(self) -> None:
        super().__post_init__()
        check.pair("TiledConv2d", "tile", self.tile, 1)
        check.choice("TiledConv2d", "tiling", self.tiling, ("cyclic", "block"))

    def param_shapes(self, input_shape: Shape) -> dict[str, Shape]:
        tile = check.pair("TiledConv2d", "tile", self.tile, 1)
        kernel = self._kernel_shape(input_shape)
        return _with_bias((*tile, *kernel), (*tile, kernel[0]), self.bias)

    def _op(self, x: FloatArray, *params: FloatArray) -> tuple[Any, Any]:
        return tiled_conv2d.vjp(x, *params, tiling=self.tiling, **self._keywords)


@dataclass(frozen=True, repr=False)
class MaxPool2d(Layer):
    """Max pooling: the largest value of each window, per channel; no parameters.

    Parameters
    ----------
    kernel_size, stride, padding, dilation, ceil_mode
        As for `max_pool2d`.

    Examples
    --------
    >>> MaxPool2d(3, stride=2, ceil_mode=True).output_shape((32, 142, 142))
    (32, 71, 71)
    """

    kernel_size: int | Pair
    stride: int | Pair | None = None
    padding: int | Pair = 0
    dilation: int | Pair = 1
    ceil_mode: bool = False
    is_linear: ClassVar[bool] = False

    def _geometry(self, size: Shape) -> Geometry:
        return pool_geometry(
            "MaxPool2d",
            size,
            self.kernel_size,
            self.stride,
            self.padding,
            self.dilation,
            self.ceil_mode,
        )

    def __post_init__(self) -> None:
        self.windows  # noqa: B018  raises where an argument is not valid

    def output_shape(self, input_shape: Shape) -> Shape:
        channels, *size = self._shape(input_shape, "C H W")
        return (channels, *self._geometry(tuple(size)).output_size)

    @property
    def windows(self) -> tuple[Window, Window]:
        """Kernel size, stride, padding and dilation of each axis."""
        return _windows(self._geometry(LARGE))

    def _op(self, x: FloatArray, *params: FloatArray) -> tuple[Any, Any]:
        return max_pool2d.vjp(
            x,
            self.kernel_size,
            stride=self.stride,
            padding=self.padding,
            dilation=self.dilation,
            ceil_mode=self.ceil_mode,
        )


@dataclass(frozen=True, repr=False)
class ReLU(Layer):
    """Rectified linear unit, applied to each value on its own; no parameters.

    Examples
    --------
    >>> ReLU().output_shape((6, 28, 28))
    (6, 28, 28)
    """

    is_linear: ClassVar[bool] = False
    windows: ClassVar[tuple[Window, Window]] = (Window(1), Window(1))

    def output_shape(self, input_shape: Shape) -> Shape:
        return self._shape(input_shape)

    def _op(self, x: FloatArray, *params: FloatArray) -> tuple[Any, Any]:
        return relu.vjp(x)


@dataclass(frozen=True, repr=False)
class Flatten(Layer):
    """One axis out of all: (C, H, W) becomes (C·H·W,); no parameters.

    Examples
    --------
    >>> Flatten().output_shape((50, 4, 4))
    (800,)
    """

    def output_shape(self, input_shape: Shape) -> Shape:
        return (prod(self._shape(input_shape)),)

    def _op(self, x: FloatArray, *params: FloatArray) -> tuple[Any, Any]:
        return x.reshape(len(x), prod(x.shape[1:])), lambda dy: (dy.reshape(x.shape),)


def weight_ids(layer: Layer, input_shape: Shape) -> np.ndarray:
    """Which weight each connection of a layer carries.

    The layer is run on the columns of the identity matrix with weights 1, 2, 3, …, so
    that each connection reports the number of its weight.

    Parameters
    ----------
    layer : Layer
        A linear layer with exactly one weight array, or a `Sequential` that holds one.
    input_shape : tuple of int
        (C, H, W) or (features,).

    Returns
    -------
    ndarray, shape (n_outputs, n_inputs), int64
        −1 where there is no connection, else the index of its weight in the flattened
        weight array. Outputs and inputs are in row-major order.

    Raises
    ------
    ValueError
        If the layer is not linear or does not have exactly one weight array.

    References
    ----------
    The matrix of Goodfellow, Bengio & Courville (2016), section 9.1, coloured by
    weight as their figure 9.16 colours edges.

    Examples
    --------
    A kernel of 2 on a row of 4: three outputs, the same two weights.

    >>> weight_ids(Conv2d(1, (1, 2)), (1, 1, 4))
    array([[ 0,  1, -1, -1],
           [-1,  0,  1, -1],
           [-1, -1,  0,  1]])
    """
    name, shape = _only_weight("weight_ids", layer, input_shape)
    shapes = layer.param_shapes(input_shape)
    params = {other: np.zeros(its_shape) for other, its_shape in shapes.items()}
    params[name] = np.arange(1.0, prod(shape) + 1).reshape(shape)
    n_inputs, n_outputs = prod(input_shape), prod(layer.output_shape(input_shape))
    units = np.eye(n_inputs).reshape(n_inputs, *input_shape)
    columns = layer.apply(params, units).reshape(n_inputs, n_outputs)
    return columns.T.astype(np.int64) - 1


def dense_matrix(
    layer: Layer, params: Mapping[str, FloatArray], input_shape: Shape
) -> FloatArray:
    """The one matrix that does to a flattened input what the layer does, biases aside.

    Parameters
    ----------
    layer : Layer
        As for `weight_ids`.
    params : mapping of str to ndarray
        The layer's parameters; only the weight is used.
    input_shape : tuple of int
        (C, H, W) or (features,).

    Returns
    -------
    ndarray, shape (n_outputs, n_inputs)
        The dtype of the weight.

    Raises
    ------
    ValueError
        If the layer is not linear, does not have exactly one weight array, or `params`
        does not hold that array in its shape.

    References
    ----------
    Goodfellow, Bengio & Courville (2016), section 9.1.

    Examples
    --------
    >>> import numpy as np
    >>> params = {"weight": np.array([[[[5.0, 7.0]]]])}
    >>> dense_matrix(Conv2d(1, (1, 2), bias=False), params, (1, 1, 3))
    array([[5., 7., 0.],
           [0., 5., 7.]])
    """
    name, shape = _only_weight("dense_matrix", layer, input_shape)
    if name not in params:
        raise ValueError(f"dense_matrix: params must hold {name!r}, got {[*params]}")
    (weight,) = check.float_arrays("dense_matrix", weight=params[name])
    check.shape("dense_matrix", name, weight, shape)
    assert weight is not None  # only a bias may be
    ids, weight = weight_ids(layer, input_shape), weight.ravel()
    matrix: FloatArray = np.where(ids >= 0, weight[ids], weight.dtype.type(0))
    return matrix


def _only_weight(where: str, layer: Layer, input_shape: Shape) -> tuple[str, Shape]:
    if not isinstance(layer, Layer):
        raise TypeError(f"{where}: layer must be a layer, got {layer!r}")
    shapes = layer.param_shapes(input_shape)
    weights = [name for name in shapes if name.split(".")[-1] == "weight"]
    if not layer.is_linear or len(weights) != 1:
        raise ValueError(
            f"{where}: layer must be linear with one weight array, got {layer} "
            f"with {len(weights)}"
        )
    return weights[0], shapes[weights[0]]


def _with_bias(weight: Shape, bias: Shape, has_bias: bool) -> dict[str, Shape]:
    return {"weight": weight, "bias": bias} if has_bias else {"weight": weight}


#: An image that no window is too large for; a window's description needs no image.
LARGE = (2**40, 2**40)


def _windows(g: Geometry) -> tuple[Window, Window]:
    rows, cols = zip(
        g.kernel_size, g.stride, (p[0] for p in g.padding), g.dilation, strict=True
    )
    return Window(*rows), Window(*cols)
