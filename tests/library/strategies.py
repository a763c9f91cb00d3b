"""Random small cases of every op, and the layers that correspond to them."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import oracle
import oracle_smooth
from draws import (
    arrays,
    divisible,
    dtypes,
    geometries,
    normal,
    numbers,
    pairs,
    short,
    sides,
    whole,
)
from hypothesis import assume
from hypothesis import strategies as st

import conv_notes

SHARING = {"conv2d": "one", "local_conv2d": "none"}
CONVOLUTIONS = ["conv2d", "tiled_conv2d", "local_conv2d"]
BILINEAR = ["linear", *CONVOLUTIONS]
# Which of its arrays each op is linear in, biases aside.
LINEAR = {
    **dict.fromkeys([*BILINEAR, "conv_transpose2d"], (0, 1)),
    "dynamic_conv2d": (0, 1, 2),
    "partial_conv2d": (0, 2),
    **dict.fromkeys(["avg_pool2d", "global_avg_pool2d", "interpolate"], (0,)),
    **dict.fromkeys(["max_unpool2d", "pixel_shuffle"], (0,)),
}
BIASED = [*BILINEAR, "conv_transpose2d", "dynamic_conv2d", "partial_conv2d"]
MEANS = ["avg_pool2d", "global_avg_pool2d"]
KINKED = ["max_pool2d", "relu"]
SCORES = ["softmax", "log_softmax", "cross_entropy"]
SOFT_VLAD = ["netvlad", "ghost_vlad", "action_vlad"]
SMOOTH = [*SCORES, "vlad", *SOFT_VLAD]
OPS = [*LINEAR, *KINKED, *SMOOTH]


@dataclass(frozen=True)
class Case:
    """Arguments of an op, as a caller may write them and written out in full."""

    name: str
    arrays: tuple[np.ndarray | None, ...]
    options: dict[str, Any]
    full: dict[str, Any]
    exact: bool = True  # whether float arithmetic is, on these numbers

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
        module = oracle if hasattr(oracle, self.name) else oracle_smooth
        return getattr(module, self.name)(*self.arrays, **self.full)

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
def transposed(draw, dtypes=dtypes, least_batch=0):
    groups = draw(numbers(1, 2))
    kernel_size, stride, dilation = (
        draw(pairs(1, 3)),
        draw(pairs(1, 3)),
        draw(pairs(1, 2)),
    )
    padding, size = draw(pairs(0, 2)), draw(pairs(1, 4))
    limits = map(max, zip(stride, dilation, strict=True))
    output_padding = tuple(draw(numbers(0, limit - 1)) for limit in limits)
    axes = zip(size, kernel_size, stride, padding, dilation, strict=True)
    # Something of what was painted is left.
    assume(all((n - 1) * s + d * (k - 1) + 1 > 2 * p for n, k, s, p, d in axes))
    full = {"stride": stride, "padding": padding, "dilation": dilation}
    full["output_padding"] = output_padding
    options = {name: short(pair) for name, pair in full.items()}
    options["groups"] = full["groups"] = groups
    channels, per_group = groups * draw(numbers(1, 2)), draw(numbers(1, 2))
    x = (draw(numbers(least_batch, 2)), channels, *size)
    weight = (channels, per_group, *kernel_size)
    drawn = draw(arrays(draw(dtypes), x, weight, bias=(per_group * groups,)))
    return Case("conv_transpose2d", drawn, options, full)


@st.composite
def dynamics(draw, dtypes=dtypes, least_batch=0):
    one = draw(convolutions("conv2d", dtypes, least_batch, most_groups=2))
    x, weight, bias = one.arrays
    kernels, full = draw(numbers(1, 3)), dict(one.full)
    del full["sharing"]
    shapes = (kernels, *weight.shape), (len(x), kernels)
    w, attention = draw(arrays(x.dtype, *shapes))
    b = None if bias is None else draw(whole((kernels, len(weight)), x.dtype))
    return Case("dynamic_conv2d", (x, w, attention, b), one.options, full)


@st.composite
def partials(draw, dtypes=dtypes, least_batch=0):
    one = draw(convolutions("conv2d", dtypes, least_batch, most_groups=1))
    x, weight, bias = one.arrays
    kind = draw(st.sampled_from([x.dtype, np.int64, np.uint8, np.bool_]))
    mask = draw(whole((len(x), 1, *x.shape[2:]))) > draw(numbers(-5, 4))
    full = dict(one.full)
    del full["sharing"]
    drawn = x, mask.astype(kind), weight, bias
    return Case("partial_conv2d", drawn, one.options, full, exact=False)


@st.composite
def poolings(draw, name="max_pool2d", dtypes=dtypes, fill=whole):
    kernel_size, dilation = draw(pairs(1, 4)), draw(pairs(1, 2))
    if name == "avg_pool2d":
        dilation, fill = (1, 1), divisible
    padding = tuple(draw(numbers(0, k // 2)) for k in kernel_size)
    stride = draw(st.none() | pairs(1, 4))
    spans = [d * (k - 1) + 1 for k, d in zip(kernel_size, dilation, strict=True)]
    least = [max(1, n - 2 * p) for n, p in zip(spans, padding, strict=True)]
    size = tuple(n + draw(numbers(0, 4)) for n in least)
    shared = {"kernel_size": kernel_size, "ceil_mode": draw(st.booleans())}
    options = {**shared, "stride": stride, "padding": padding, "dilation": dilation}
    if name == "avg_pool2d":
        del options["dilation"]
        options["count_include_pad"] = draw(st.booleans())
    full = {**options, "stride": stride or kernel_size, "padding": sides(padding)}
    options = {k: short(v) if isinstance(v, tuple) else v for k, v in options.items()}
    x = draw(fill((draw(numbers(0, 2)), draw(numbers(1, 2)), *size), draw(dtypes)))
    return Case(name, (x,), options, full)


@st.composite
def relus(draw, dtypes=dtypes, fill=whole):
    shape = draw(st.lists(numbers(0, 4), max_size=4))
    return Case("relu", (draw(fill(tuple(shape), draw(dtypes))),), {}, {})


@st.composite
def images(draw, channels=1, most=4):
    """Shape of a batch of images, maybe of none."""
    return draw(numbers(0, 2)), channels * draw(numbers(1, 2)), *draw(pairs(1, most))


@st.composite
def global_poolings(draw, dtypes=dtypes):
    x = draw(divisible(draw(images()), draw(dtypes)))
    return Case("global_avg_pool2d", (x,), {}, {})


@st.composite
def unpoolings(draw, dtypes=dtypes):
    """With indices anywhere in their windows, which often overlap."""
    x = draw(whole(draw(images()), draw(dtypes)))
    kernel_size, stride = draw(pairs(1, 3)), draw(st.none() | pairs(1, 3))
    padding = tuple(draw(numbers(0, k // 2)) for k in kernel_size)
    options = {"kernel_size": kernel_size, "stride": stride, "padding": padding}
    axes = zip(x.shape[2:], kernel_size, stride or kernel_size, padding, strict=True)
    axes = [(np.arange(n) * s - p, k, p) for n, k, s, p in axes]  # where they start
    size = tuple(int(starts[-1]) + k - p for starts, k, p in axes)
    if draw(st.booleans()):  # another that all windows reach
        size = tuple(int(starts[-1]) + draw(numbers(1, 6)) for starts, *_ in axes)
        options["output_size"] = size = tuple(max(1, n) for n in size)
    assume(min(size) > 0)
    rng = np.random.default_rng(draw(numbers(0, 2**32 - 1)))
    shapes = x.swapaxes(2, 3).shape, x.shape  # the axis in question last
    rows, cols = (
        rng.integers(np.maximum(starts, 0), np.minimum(starts + k, n), shape)
        for (starts, k, _), n, shape in zip(axes, size, shapes, strict=True)
    )
    kind = draw(st.sampled_from([np.int64, np.int32, np.uint8]))
    indices = (rows.swapaxes(2, 3) * size[1] + cols).astype(kind)
    return Case("max_unpool2d", (x, indices), options, {"size": size})


@st.composite
def shuffles(draw, dtypes=dtypes):
    r = draw(numbers(1, 3))
    x = draw(whole(draw(images(r**2, 3)), draw(dtypes)))
    return Case("pixel_shuffle", (x,), {"upscale_factor": r}, {"r": r})


@st.composite
def resizings(draw, dtypes=dtypes):
    mode = draw(st.sampled_from(["nearest", "bilinear", "bicubic", "trilinear"]))
    volume = mode == "nearest" and draw(st.booleans())
    axes = 3 if volume or mode == "trilinear" else 2
    before = tuple(draw(numbers(1, 4 if axes == 3 else 6)) for _ in range(axes))
    aligned = mode != "nearest" and draw(st.booleans())
    options = {"mode": mode, "align_corners": aligned}
    if draw(st.booleans()):
        size, factors = tuple(draw(numbers(1, 7)) for _ in before), (None,) * axes
        options["size"] = short(size)
    else:  # factors that division by them does not round across a whole number
        factors = tuple(draw(numbers(1, 10)) / 4 for _ in before)
        size = tuple(int(n * r) for n, r in zip(before, factors, strict=True))
        assume(min(size) > 0)
        options["scale_factor"] = short(factors)
    x = (draw(numbers(0, 2)), draw(numbers(1, 2)), *before)
    full = {"size": size, "factors": factors, "mode": mode, "align_corners": aligned}
    x = draw(whole(x, draw(dtypes)))
    return Case("interpolate", (x,), options, full, exact=mode == "nearest")


@st.composite
def scores(draw, name, dtypes=dtypes):
    """Scores of classes along an axis, for softmax or a loss."""
    if name == "cross_entropy":
        n, classes = draw(pairs(1, 4))
        rng = np.random.default_rng(draw(numbers(0, 2**32 - 1)))
        drawn = draw(normal((n, classes), draw(dtypes))), rng.integers(classes, size=n)
        return Case(name, drawn, {}, {}, exact=False)
    shape = draw(st.lists(numbers(0, 3), min_size=1, max_size=3))
    axis = draw(numbers(-len(shape), len(shape) - 1))
    assume(shape[axis] > 0)
    x = draw(normal(tuple(shape), draw(dtypes)))
    return Case(name, (x,), {"axis": axis}, {"axis": axis}, exact=False)


@st.composite
def vlads(draw, name, dtypes=dtypes, fill=normal):
    n, t, d, h, w = (draw(numbers(least, 3)) for least in (0, 1, 1, 1, 1))
    clusters, ghosts = draw(numbers(1, 3)), 0
    options = {"normalize": draw(st.booleans())}
    if name == "ghost_vlad":
        options["n_ghost"] = ghosts = draw(numbers(0, 2))
    frames = (n, t) if name == "action_vlad" else (n,)
    soft = [] if name == "vlad" else [(clusters + ghosts, d), (clusters + ghosts,)]
    shapes = [(*frames, d, h, w), *soft, (clusters + ghosts, d)]
    dtype = draw(dtypes)
    drawn = tuple(draw(fill(shape, dtype)) for shape in shapes)
    return Case(name, drawn, options, options, exact=False)


def cases(name, **kwargs):
    """Cases of the op `name`."""
    for names, several in (
        (CONVOLUTIONS, convolutions),
        (["max_pool2d", "avg_pool2d"], poolings),
        (SCORES, scores),
        (["vlad", *SOFT_VLAD], vlads),
    ):
        if name in names:
            return several(name, **kwargs)
    return {
        "linear": linears,
        "conv_transpose2d": transposed,
        "dynamic_conv2d": dynamics,
        "partial_conv2d": partials,
        "relu": relus,
        "global_avg_pool2d": global_poolings,
        "max_unpool2d": unpoolings,
        "pixel_shuffle": shuffles,
        "interpolate": resizings,
    }[name](**kwargs)


@st.composite
def layer_cases(draw):
    """Cases of the linear layers, on a batch of vectors or images."""
    name = draw(st.sampled_from(BILINEAR))
    kwargs = {"axes": 1} if name == "linear" else {}
    return draw(cases(name, dtypes=st.just(np.float64), least_batch=1, **kwargs))
