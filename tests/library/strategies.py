"""Random small cases of every op, and the layers that correspond to them.

The arrays hold small whole numbers, on which float arithmetic is exact in any order
and in both dtypes: the tests compare with ==, without tolerances.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import oracle
from hypothesis import strategies as st

import conv_notes

SHARING = {"conv2d": "one", "local_conv2d": "none"}
CONVOLUTIONS = ["conv2d", "tiled_conv2d", "local_conv2d"]
BILINEAR = ["linear", *CONVOLUTIONS]
OPS = [*BILINEAR, "max_pool2d", "relu"]


@dataclass(frozen=True)
class Case:
    """Arguments of an op, as a caller may write them and written out in full."""

    name: str
    arrays: tuple[np.ndarray | None, ...]
    options: dict[str, Any]
    full: dict[str, Any]

    @property
    def op(self):
        return getattr(conv_notes, self.name)

    def __call__(self, *arrays):
        return self.op(*(arrays or self.arrays), **self.options)

    def vjp(self, *arrays):
        return self.op.vjp(*(arrays or self.arrays), **self.options)

    def expected(self):
        """The result by definition."""
        if self.name in CONVOLUTIONS:
            return oracle.convolution(*self.arrays, **self.full)
        return getattr(oracle, self.name)(*self.arrays, **self.full)

    @property
    def layer(self):
        """The layer that this op with these arguments is."""
        _, weight, bias = self.arrays
        has_bias = bias is not None
        if self.name == "linear":
            return conv_notes.Linear(len(weight), has_bias)
        *tile, out, _, kh, kw = weight.shape
        options = {**self.options, "bias": has_bias}
        if self.name == "conv2d":
            return conv_notes.Conv2d(out, (kh, kw), **options)
        if self.name == "local_conv2d":
            return conv_notes.LocalConv2d(out, (kh, kw), **options)
        return conv_notes.TiledConv2d(out, (kh, kw), tile=tuple(tile), **options)

    @property
    def params(self):
        named = zip(("weight", "bias"), self.arrays[1:], strict=True)
        return {name: array for name, array in named if array is not None}


@dataclass(frozen=True)
class Geometry:
    size: tuple[int, int]
    kernel_size: tuple[int, int]
    options: dict[str, Any]
    full: dict[str, Any]

    @property
    def output_size(self):
        return tuple(map(len, oracle.grid(self.size, self.kernel_size, **self.full)))


def numbers(low, high):
    return st.integers(low, high)


def pairs(low, high):
    return st.tuples(numbers(low, high), numbers(low, high))


def short(pair):
    """One number where both axes agree."""
    return pair[0] if pair[0] == pair[1] else pair


def sides(padding):
    """((top, bottom), (left, right)) of a padding that both sides of an axis share."""
    return tuple((p, p) for p in padding)


@st.composite
def geometries(draw):
    """Size, kernel, stride, padding and dilation of a window that fits."""
    kernel_size, dilation = draw(pairs(1, 3)), draw(pairs(1, 2))
    form = draw(st.sampled_from(["both", "sides", "valid", "same"]))
    stride = (1, 1) if form == "same" else draw(pairs(1, 3))
    totals = [d * (k - 1) for k, d in zip(kernel_size, dilation, strict=True)]
    if form == "both":
        pair = draw(pairs(0, 2))
        written, padding = short(pair), sides(pair)
    elif form == "sides":
        written = padding = draw(st.tuples(pairs(0, 2), pairs(0, 2)))
    else:
        written, padding = form, ((0, 0), (0, 0))
        if form == "same":
            padding = tuple((total // 2, (total + 1) // 2) for total in totals)
    least = [max(1, t + 1 - sum(p)) for t, p in zip(totals, padding, strict=True)]
    size = tuple(n + draw(numbers(0, 4)) for n in least)
    options = {"stride": short(stride), "padding": written, "dilation": short(dilation)}
    full = {"stride": stride, "padding": padding, "dilation": dilation}
    return Geometry(size, kernel_size, options, full)


dtypes = st.sampled_from([np.float64, np.float32])


@st.composite
def whole(draw, shape, dtype=np.float64):
    """An array of whole numbers from -4 to 4, with many ties."""
    rng = np.random.default_rng(draw(numbers(0, 2**32 - 1)))
    return rng.integers(-4, 5, shape).astype(dtype)


@st.composite
def distinct(draw, shape):
    """An array of distinct numbers k + 1/2, none of them zero."""
    rng = np.random.default_rng(draw(numbers(0, 2**32 - 1)))
    count = int(np.prod(shape))
    return (rng.permutation(count) - count // 2 + 0.5).reshape(shape)


@st.composite
def arrays(draw, dtype, *shapes, bias=None):
    """Arrays of the given shapes; a last one or None if `bias` is a shape."""
    drawn = [draw(whole(shape, dtype)) for shape in shapes]
    if bias is not None:
        drawn.append(draw(whole(bias, dtype)) if draw(st.booleans()) else None)
    return tuple(drawn)


@st.composite
def convolutions(draw, name, dtypes=dtypes, least_batch=0, most_groups=3):
    g = draw(geometries())
    groups = draw(numbers(1, most_groups)) if name == "conv2d" else 1
    channels, out = (groups * draw(numbers(1, 2)) for _ in range(2))
    options, full = dict(g.options), dict(g.full)
    lead, full["sharing"] = (), SHARING.get(name)
    if groups > 1:
        options["groups"] = full["groups"] = groups
    if name == "local_conv2d":
        lead = g.output_size
    if name == "tiled_conv2d":
        lead = draw(pairs(1, 4))  # often more kernels than outputs
        options["tiling"] = full["sharing"] = draw(st.sampled_from(["cyclic", "block"]))
    x = (draw(numbers(least_batch, 2)), channels, *g.size)
    weight = (*lead, out, channels // groups, *g.kernel_size)
    drawn = draw(arrays(draw(dtypes), x, weight, bias=(*lead, out)))
    return Case(name, drawn, options, full)


@st.composite
def linears(draw, dtypes=dtypes, least_batch=0, axes=None):
    axes = draw(numbers(0, 2)) if axes is None else axes
    features, out = draw(pairs(1, 4))
    x = (*(draw(numbers(least_batch, 3)) for _ in range(axes)), features)
    drawn = draw(arrays(draw(dtypes), x, (out, features), bias=(out,)))
    return Case("linear", drawn, {}, {})


@st.composite
def poolings(draw, fill=whole):
    kernel_size, dilation = draw(pairs(1, 4)), draw(pairs(1, 2))
    padding = tuple(draw(numbers(0, k // 2)) for k in kernel_size)
    stride = draw(st.none() | pairs(1, 4))
    spans = [d * (k - 1) + 1 for k, d in zip(kernel_size, dilation, strict=True)]
    least = [max(1, n - 2 * p) for n, p in zip(spans, padding, strict=True)]
    size = tuple(n + draw(numbers(0, 4)) for n in least)
    shared = {"kernel_size": kernel_size, "ceil_mode": draw(st.booleans())}
    options = {**shared, "stride": stride, "padding": padding, "dilation": dilation}
    full = {**options, "stride": stride or kernel_size, "padding": sides(padding)}
    options = {k: short(v) if isinstance(v, tuple) else v for k, v in options.items()}
    x = draw(fill((draw(numbers(0, 2)), draw(numbers(1, 2)), *size)))
    return Case("max_pool2d", (x,), options, full)


@st.composite
def relus(draw, fill=whole):
    shape = draw(st.lists(numbers(0, 4), max_size=4))
    return Case("relu", (draw(fill(tuple(shape))),), {}, {})


def cases(name, **kwargs):
    """Cases of the op `name`."""
    if name in CONVOLUTIONS:
        return convolutions(name, **kwargs)
    return {"linear": linears, "max_pool2d": poolings, "relu": relus}[name](**kwargs)


@st.composite
def layer_cases(draw):
    """Cases of the linear layers, on a batch of vectors or images."""
    name = draw(st.sampled_from(BILINEAR))
    kwargs = {"axes": 1} if name == "linear" else {}
    return draw(cases(name, dtypes=st.just(np.float64), least_batch=1, **kwargs))
