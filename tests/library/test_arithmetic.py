"""Output sizes, padding and receptive fields, against what the ops really do."""

from itertools import product

import numpy as np
import oracle
import pytest
import strategies
from hypothesis import given
from hypothesis import strategies as st

from conv_notes import (
    Conv2d,
    MaxPool2d,
    ReceptiveField,
    ReLU,
    Sequential,
    conv_output_size,
    conv_transpose_output_size,
    max_pool2d,
    receptive_field,
    same_padding,
    unfold,
    vgg16,
)


@pytest.mark.parametrize("kernel_size", [1, 2, 3, 5])
@pytest.mark.parametrize("dilation", [1, 2, 3])
@pytest.mark.parametrize("stride", [1, 2, 3, 7])
def test_output_size_is_that_of_unfold(kernel_size, stride, dilation):
    span = dilation * (kernel_size - 1) + 1
    for size, before, after in product(range(1, 12), range(3), range(3)):
        if size + before + after < span:
            continue
        geometry = {"stride": stride, "dilation": (1, dilation)}
        x = np.zeros((1, 1, 1, size))
        windows = unfold(
            x, (1, kernel_size), **geometry, padding=((0, 0), (before, after))
        )
        padding = (before, after)
        out = conv_output_size(size, kernel_size, stride, padding, dilation)
        starts = oracle.starts(size, kernel_size, stride, padding, dilation)
        assert out == windows.shape[-1] == len(starts)
        if before == after:
            assert out == conv_output_size(size, kernel_size, stride, before, dilation)


@pytest.mark.parametrize("kernel_size", [1, 2, 3, 5])
@pytest.mark.parametrize("dilation", [1, 2])
@pytest.mark.parametrize("stride", [1, 2, 3, 7])
def test_ceil_mode(kernel_size, stride, dilation):
    """The rule of PyTorch: windows may end beyond the image, not begin there."""
    span = dilation * (kernel_size - 1) + 1
    for size, padding in product(range(1, 12), range(kernel_size // 2 + 1)):
        if size + 2 * padding < span:
            continue
        axis = size, kernel_size, stride, padding, dilation
        out = conv_output_size(*axis, ceil_mode=True)
        both = padding, padding
        starts = oracle.starts(size, kernel_size, stride, both, dilation, True)
        y = max_pool2d(
            np.zeros((1, 1, size, 1)),
            (kernel_size, 1),
            stride=(stride, 1),
            padding=(padding, 0),
            dilation=(dilation, 1),
            ceil_mode=True,
        )
        assert out == len(starts) == y.shape[2]
        assert out - conv_output_size(*axis) in (0, 1)


def test_transposed_output_size_is_the_way_back():
    for k, s, p, d in product((1, 2, 3), (1, 2, 3), (0, 1), (1, 2)):
        for size in range(d * (k - 1) + 1, 12):
            there = conv_output_size(size, k, s, p, d)
            lost = (size + 2 * p - d * (k - 1) - 1) % s
            assert conv_transpose_output_size(there, k, s, p, lost, d) == size


@pytest.mark.parametrize("kernel_size", range(1, 8))
@pytest.mark.parametrize("dilation", [1, 2, 3])
def test_same_padding(kernel_size, dilation):
    before, after = same_padding(kernel_size, dilation)
    assert after - before in (0, 1)
    for size in range(1, 20):
        padding = before, after
        assert conv_output_size(size, kernel_size, 1, padding, dilation) == size


@st.composite
def stacks(draw):
    """One to four windowed layers, each with arguments of its own for both axes."""
    layers = []
    for kind in draw(st.lists(st.sampled_from(["conv", "pool", "relu"]), min_size=1)):
        kernel_size, stride = draw(strategies.pairs(1, 3)), draw(strategies.pairs(1, 2))
        rest = {"stride": stride, "dilation": draw(strategies.pairs(1, 2))}
        rest["padding"] = tuple(
            draw(strategies.numbers(0, k // 2)) for k in kernel_size
        )
        if kind == "conv":
            layers.append(Conv2d(1, kernel_size, **rest, bias=False))
        elif kind == "pool":
            layers.append(MaxPool2d(kernel_size, **rest))
        else:
            layers.append(ReLU())
    return layers[:4]


def interior(field, extra):
    """A unit whose whole field lies on an image of the size that comes with it."""
    unit = -(-field.padding // field.stride)
    return unit, unit * field.stride - field.padding + field.size + extra


def ones(network, input_shape):
    shapes = network.param_shapes(input_shape)
    return {name: np.ones(shape) for name, shape in shapes.items()}


def assert_field(reached, unit, field):
    """`reached` are the pixels along an axis that the unit depends on."""
    assert min(reached) == unit * field.stride - field.padding
    assert max(reached) - min(reached) + 1 == field.size


@given(stacks(), st.sampled_from([0, 1]), strategies.pairs(0, 3))
def test_receptive_field_is_what_a_nan_reaches(layers, axis, extra):
    """With positive weights, a NaN in a pixel shows in all units that see it."""
    fields = [receptive_field(layers, axis=a) for a in (0, 1)]
    units, size = zip(*map(interior, fields, extra), strict=True)
    network, n = Sequential(*layers), size[axis]
    x = np.ones((n, 1, *size))
    np.moveaxis(x, 2 + axis, 1)[range(n), range(n)] = np.nan  # row k of image k
    y = network.apply(ones(network, x.shape[1:]), x)
    (reached,) = np.nonzero(np.isnan(y[:, 0, *units]))
    assert_field(reached, units[axis], fields[axis])


@given(stacks(), strategies.pairs(0, 3))
def test_receptive_field_is_what_the_gradient_reaches(layers, extra):
    layers = [layer for layer in layers if not isinstance(layer, MaxPool2d)]
    fields = [receptive_field(layers, axis=a) for a in (0, 1)]
    units, size = zip(*map(interior, fields, extra), strict=True)
    network, x = Sequential(*layers), np.ones((1, 1, *size))
    y, pullback = network.vjp(ones(network, x.shape[1:]), x)
    dy = np.zeros_like(y)
    dy[0, 0, *units] = 1
    _, dx = pullback(dy)
    for reached, unit, field in zip(np.nonzero(dx[0, 0]), units, fields, strict=True):
        assert_field(reached, unit, field)


@pytest.mark.parametrize(
    ("layers", "expected"),
    [
        ([], (1, 1, 0)),
        (vgg16().layers[:31], (212, 32, 90)),
        (
            # AlexNet v2. "Same" padding of TensorFlow.
            [(11, 4), (3, 2), (5, 1, 2), (3, 2), *[(3, 1, 1)] * 3, (3, 2)],
            (195, 32, 64),
        ),
        (
            # MobileNet v1: depthwise 3 × 3 of these strides, then 1 × 1. Where the
            # stride is 2, TensorFlow pads an even image only after its end.
            [(3, 2)]
            + [
                window
                for stride in (1, 2, 1, 2, 1, 2, 1, 1, 1, 1, 1, 2, 1)
                for window in [(3, stride, 2 - stride), (1,)]
            ],
            (315, 32, 126),
        ),
    ],
)
def test_published_receptive_fields(layers, expected):
    """The table of google-research/receptive_field: size, stride, padding."""
    assert receptive_field(layers) == ReceptiveField(*expected)


def test_receptive_field_takes_layers_tuples_and_networks():
    layers = [Conv2d(8, 3, padding=1), ReLU(), MaxPool2d(2)]
    assert receptive_field(layers) == (4, 2, 1)
    assert receptive_field(iter(layers)) == (4, 2, 1)
    assert receptive_field(Sequential(*layers)) == (4, 2, 1)
    assert receptive_field([(3, 1, 1), (1,), (2, 2)]) == (4, 2, 1)


def test_receptive_field_looks_into_nested_networks():
    block = Sequential(Conv2d(8, 3, padding=1), ReLU())
    assert receptive_field(Sequential(block, block, MaxPool2d(2))) == (6, 2, 2)


def test_receptive_field_of_one_axis():
    layers = [Conv2d(1, (3, 5), stride=(1, 2), padding=(0, 2))]
    assert receptive_field(layers, axis=0) == (3, 1, 0)
    assert receptive_field(layers, axis=1) == (5, 2, 2)
    with pytest.raises(ValueError, match=r"height and width differ.*axis=0 or axis=1"):
        receptive_field(layers)
