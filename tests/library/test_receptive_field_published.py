"""Receptive fields: published ones, and those of stacks with arguments per axis."""

import numpy as np
import pytest
import strategies
from good import refusal
from hypothesis import given
from hypothesis import strategies as st

from conv_notes import (
    Conv2d,
    Flatten,
    MaxPool2d,
    Parallel,
    ReceptiveField,
    ReLU,
    Sequential,
    Upsample,
    alexnet,
    deepface,
    inception_3a,
    mobilenet_v1,
    receptive_field,
    vgg16,
)


@st.composite
def stacks_of_pairs(draw):
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


def assert_reached(reached, unit, field):
    """`reached` are the pixels along an axis that the unit depends on."""
    assert min(reached) == unit * field.stride - field.padding
    assert max(reached) - min(reached) + 1 == field.size


@given(stacks_of_pairs(), st.sampled_from([0, 1]), strategies.pairs(0, 3))
def test_receptive_field_is_what_a_nan_reaches(layers, axis, extra):
    """With positive weights, a NaN in a pixel shows in all units that see it."""
    fields = [receptive_field(layers, axis=a) for a in (0, 1)]
    units, size = zip(*map(interior, fields, extra), strict=True)
    network, n = Sequential(*layers), size[axis]
    x = np.ones((n, 1, *size))
    np.moveaxis(x, 2 + axis, 1)[range(n), range(n)] = np.nan  # row k of image k
    y = network.apply(ones(network, x.shape[1:]), x)
    (reached,) = np.nonzero(np.isnan(y[:, 0, *units]))
    assert_reached(reached, units[axis], fields[axis])


@given(stacks_of_pairs(), strategies.pairs(0, 3))
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
        assert_reached(reached, unit, field)


@pytest.mark.parametrize(
    ("layers", "expected"),
    [
        ([], (1, 1, 0)),
        (vgg16().layers[:31], (212, 32, 90)),
        (mobilenet_v1().layers[:-2], (315, 32, 126)),
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
    with refusal("receptive_field", ValueError, "axis", 0, 1):
        receptive_field(layers)


def test_published_receptive_fields_of_other_padding():
    """AlexNet pads less here than in the table; for DeepFace, worked out by hand."""
    assert receptive_field(alexnet().layers[:13])[:2] == (195, 32)
    assert receptive_field(deepface().layers[:11])[:2] == (73, 4)


def test_receptive_field_of_branches():
    """As far as the branch that sees farthest, on either side."""
    wide, late = Conv2d(1, 5, padding=2), Conv2d(1, 4, padding=((0, 3), (0, 3)))
    assert receptive_field([Parallel(Conv2d(1, 1), wide)]) == (5, 1, 2)
    assert receptive_field([Parallel(wide, late)]) == (6, 1, 2)
    assert receptive_field([MaxPool2d(2), Parallel(wide, late)]) == (12, 2, 4)
    assert receptive_field([inception_3a()]) == (5, 1, 2)
    assert receptive_field([Parallel(Flatten(), ReLU())]) == (1, 1, 0)
    with refusal("receptive_field", ValueError, None, 1, 2):
        receptive_field([Parallel(wide, MaxPool2d(1, 2))])
    assert receptive_field([Parallel(Upsample(scale_factor=2))]) == (1, 0.5, 0)


@pytest.mark.parametrize(
    "layer",
    [Upsample(size=4), Upsample(scale_factor=1.5), Upsample(None, 2, "bilinear", True)],
)
def test_no_window_describes_a_resize_that_is_not_by_a_whole_factor(layer):
    assert layer.windows is None
    with refusal("receptive_field", TypeError, None, layer):
        receptive_field([layer])
