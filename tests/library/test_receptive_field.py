"""What a unit sees, against what its gradient reaches."""

from fractions import Fraction
from math import prod

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from conv_notes import (
    AvgPool2d,
    Conv2d,
    ConvTranspose2d,
    DepthwiseConv2d,
    Parallel,
    Sequential,
    Upsample,
    inception_3a,
    receptive_field,
)

SIZE = 500  # of an image so wide that its edges are out of sight from the middle


def kernel(draw, make, low=1, high=4, **fixed):
    """A layer of random arguments along the width."""
    numbers = {"stride": 3, "padding": 2, "dilation": 2}
    rest = {k: (1, draw(st.integers(1, n))) for k, n in numbers.items()}
    rest["padding"] = (0, rest["padding"][1] - 1)
    return make((1, draw(st.integers(low, high))), **rest | fixed)


def conv(*args, **kwargs):
    return Conv2d(2, *args, **kwargs, bias=False)


def transposed(*args, **kwargs):
    return ConvTranspose2d(2, *args, **kwargs, bias=False)


@st.composite
def branches(draw, dilations=1):
    """Side by side: all of one stride, and of one size, which is odd."""
    stride = draw(st.sampled_from([1, 1, 2]))

    def branch():
        half, d = draw(st.integers(0, 2)), draw(st.integers(1, dilations))
        k, p, s = (1, 2 * half + 1), (0, half * d), (1, stride)
        if draw(st.booleans()):
            return conv(k, s, p, (1, d))
        pool = AvgPool2d((1, 3), 1, (0, 1))
        return Sequential(pool, DepthwiseConv2d(k, 2, s, p, (1, d), bias=False))

    inside = [branch() for _ in range(draw(st.integers(1, 3)))]
    return Parallel(*inside, *[Sequential()] * (stride == 1 and draw(st.booleans())))


@st.composite
def one_layer(draw, kinds):
    kind = draw(st.sampled_from(kinds))
    if kind == "conv":
        return kernel(draw, conv)
    if kind == "pool":
        k = draw(st.integers(1, 4))
        padding = 0, draw(st.integers(0, k // 2))
        return AvgPool2d((1, k), (1, draw(st.integers(1, 3))), padding)
    if kind == "transposed":  # often with a stride above the kernel
        return kernel(draw, transposed, high=3)
    if kind == "upsample":
        mode = draw(st.sampled_from(["nearest", "bilinear", "bicubic"]))
        factors = [2, 4] if mode == "bicubic" else [1, 2, 3]
        return Upsample(scale_factor=(1, draw(st.sampled_from(factors))), mode=mode)
    return draw(branches(dilations=2 if kind == "dilated branches" else 1))


def stacks(*kinds):
    lists = st.lists(one_layer(kinds), min_size=1, max_size=4)
    return lists.filter(lambda s: steps(s, True) <= 12 and steps(s, False) <= 18)


def seen_by(layers, rng):
    """(first, last) pixel of each of many units in the middle, or None; and which."""
    network = Sequential(*layers)
    period = steps(layers, transposed=True)
    shape = (2, 1, SIZE // period + 150)
    params = {
        name: rng.uniform(0.5, 1.5, weight)
        for name, weight in network.param_shapes(shape).items()
    }
    middle = network.output_shape(shape)[2] // 2 // period * period
    units = range(middle, middle + 2 * period)
    y, pullback = network.vjp(params, np.zeros((len(units), *shape)))
    dy = np.zeros_like(y)
    for k, unit in enumerate(units):
        dy[k, :, 0, unit] = 1
    _, dx = pullback(dy)
    reached = [np.flatnonzero(image.any(axis=(0, 1))) for image in dx]
    return units, period, [(r[0], r[-1]) if len(r) else None for r in reached]


def steps(layers, transposed):
    """The product of all strides on the way up, or down."""
    along = [w.windows[1] for w in layers if hasattr(w, "windows")]
    return prod(w.stride for w in along if w.transposed == transposed)


def assert_field(layers, seed):
    units, period, seen = seen_by(layers, np.random.default_rng(seed))
    fields = [pair for pair in seen if pair]
    if not fields:  # all look between what a transposed convolution paints
        return
    field = receptive_field(layers, axis=1)
    assert field.size == max(last - first for first, last in fields) + 1
    if seen[0]:
        assert seen[0][0] == units[0] * field.stride - field.padding
    for now, later in zip(seen[:period], seen[period:], strict=True):
        assert (now is None) == (later is None)
        if now:
            assert later[0] - now[0] == period * field.stride


numbers = st.integers(0, 2**32 - 1)


@settings(max_examples=50)
@given(stacks("conv", "pool", "dilated branches"), numbers)
def test_on_the_way_down(layers, seed):
    assert_field(layers, seed)


@given(stacks("conv", "pool", "transposed", "upsample", "branches"), numbers)
def test_down_and_up(layers, seed):
    assert_field(layers, seed)


@settings(max_examples=50)
@given(stacks("transposed", "upsample"), numbers)
def test_on_the_way_up(layers, seed):
    assert_field(layers, seed)


@pytest.mark.parametrize("mode", ["nearest", "bilinear", "bicubic"])
@pytest.mark.parametrize("factor", [2, 3, 4, 5])
def test_upsampling_mixes_as_many_pixels_as_its_mode_says(mode, factor):
    layer = Upsample(scale_factor=(1, factor), mode=mode)
    assert_field([layer, conv((1, 2))], 0)
    mixed = {"nearest": 1, "bilinear": 2, "bicubic": 4}[mode]
    assert receptive_field([layer], axis=1).size == mixed


@given(stacks("conv", "pool", "transposed"), st.integers(0, 1))
def test_both_axes_alike(layers, axis):
    """Height and width turned round, the field of the other axis is the same."""
    turned = [turn(layer) for layer in layers]
    try:
        expected = receptive_field(layers, axis=axis)
    except ValueError:  # nothing is seen
        assume(False)
    assert receptive_field(turned, axis=1 - axis) == expected


def turn(layer):
    names = ["kernel_size", "stride", "padding", "dilation"]
    pairs = {name: getattr(layer, name, 1)[::-1] for name in names[:3]}
    if isinstance(layer, AvgPool2d):
        return AvgPool2d(**pairs)
    pairs["dilation"] = layer.dilation[::-1]
    return type(layer)(layer.out_channels, **pairs, bias=False)


UP = ConvTranspose2d(1, 1, stride=2)
U_NET = Parallel(Sequential(), Sequential(AvgPool2d(2), Upsample(scale_factor=2)))
SPECIAL = {
    "a branch that goes down and up": ([U_NET, conv(2)], 4),
    "a dilated branch between what is painted": (
        [UP, Parallel(conv(2, dilation=3))],
        1,
    ),
    "bicubic upsampling by 1": ([Upsample(scale_factor=1, mode="bicubic")], 1),
}


@pytest.mark.parametrize("case", SPECIAL)
def test_special_stacks(case):
    layers, expected = SPECIAL[case]
    assert receptive_field(layers).size == expected


@pytest.mark.parametrize(
    ("layer", "size", "padding"),
    [
        (transposed(2, 2), 1, 0),
        (transposed(3, 2, 1), 2, 0),
        (transposed(4, 2, 1), 3, 1),
        (transposed(3, 2, 2, 0, dilation=2), 4, 1),
        (transposed(1, 2, 1), 1, -1),  # unit 0 sees nothing, unit 1 pixel 1
        (transposed(101, 2, 50, 0, dilation=3), 298, 249),
        (Upsample(scale_factor=3, mode="bicubic"), 5, 2),
    ],
)
def test_a_hundred_layers_on_the_way_up(layer, size, padding):
    """More turns than anyone could follow: the field has long ceased to grow."""
    field = receptive_field([layer] * 100)
    assert field == (size, Fraction(1, layer.windows[0].stride ** 100), padding)
    few = receptive_field([layer] * 8)
    assert (few.size, few.padding) == (size, padding)


def test_fields_are_exact_integers():
    """NumPy's own, of a fixed width, would overflow."""
    for number in (np.uint8, np.int8, np.int64):
        field = receptive_field([(number(100), number(99), number(98), number(97))] * 9)
        assert field == receptive_field([(100, 99, 98, 97)] * 9)
        assert {type(entry) for entry in field} == {int}


def test_nothing_is_seen():
    with pytest.raises(ValueError, match="receptive_field: "):
        receptive_field([UP, Conv2d(1, 1, stride=2, padding=1)])


def test_parallel_itself():
    assert receptive_field(inception_3a()) == (5, 1, 2)
