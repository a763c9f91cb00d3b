"""Counts are exact Python integers, whatever integers come in."""

from dataclasses import fields
from math import prod

import numpy as np
import pytest
from good import LAYERS

from conv_notes import (
    Conv2d,
    Flatten,
    Linear,
    LocalConv2d,
    MaxPool2d,
    Parallel,
    ReLU,
    Sequential,
    conv_output_size,
    conv_transpose_output_size,
    receptive_field,
    same_padding,
    summary,
)
from conv_notes.layers import Layer

KINDS = [np.uint8, np.int8, np.int32, np.uint64]
COUNTS = ["output_shape", "param_shapes", "n_params", "macs", "bytes_moved"]
STACK = Sequential(Conv2d(6, (3, 5), 2, ((1, 0), (2, 2)), groups=2), MaxPool2d(2))
NETWORK = Sequential(STACK, Parallel(Conv2d(8, 1), ReLU()), Flatten(), Linear(10))
of_each_kind = pytest.mark.parametrize("kind", KINDS)


def written_in(kind, thing):
    """A layer, a shape or any of their entries, with each int as a NumPy integer."""
    if isinstance(thing, tuple):
        return tuple(written_in(kind, entry) for entry in thing)
    if isinstance(thing, Sequential | Parallel):
        inside = thing.layers if isinstance(thing, Sequential) else thing.branches
        return type(thing)(*written_in(kind, inside))
    if isinstance(thing, Layer):
        values = {field.name: getattr(thing, field.name) for field in fields(thing)}
        return type(thing)(
            **{k: written_in(kind, value) for k, value in values.items()}
        )
    return kind(thing) if type(thing) is int else thing


def numbers(thing):
    """The numbers of a count, or of shapes by name."""
    if isinstance(thing, dict):
        thing = tuple(thing.values())
    return (
        [n for t in thing for n in numbers(t)] if isinstance(thing, tuple) else [thing]
    )


def assert_exact(found, expected):
    assert found == expected
    assert {type(n) for n in numbers(found)} <= {int}


def large(kind, shape):
    """A shape whose counts no integer of this kind can hold; but of 64 bits."""
    size = min(np.iinfo(kind).max, 40_000)
    return (size - len(shape) % 2,) * len(shape)


@of_each_kind
@pytest.mark.parametrize("name", LAYERS)
def test_layers(name, kind):
    layer, shape = LAYERS[name]
    shape, ours = large(kind, shape), written_in(kind, layer)
    for count in COUNTS:
        expected = getattr(layer, count)(shape)
        for spec, size in (
            (layer, written_in(kind, shape)),
            (ours, shape),
            (ours, written_in(kind, shape)),
        ):
            assert_exact(getattr(spec, count)(size), expected)
    assert_exact(ours.bytes_moved(shape, kind(8)), layer.bytes_moved(shape, 8))


@of_each_kind
@pytest.mark.parametrize("layer", [*(layer for layer, _ in LAYERS.values()), NETWORK])
def test_specifications_are_plain(layer, kind):
    ours = written_in(kind, layer)
    assert ours == layer
    assert hash(ours) == hash(layer)
    assert repr(ours) == repr(layer)


@of_each_kind
def test_summary(kind):
    shape = (4, 100, 120)
    ours, expected = summary(NETWORK, written_in(kind, shape)), summary(NETWORK, shape)
    assert str(ours) == str(expected)
    totals = expected.params, expected.macs, expected.bytes
    assert_exact((ours.params, ours.macs, ours.bytes), totals)
    written = summary(written_in(kind, NETWORK), written_in(kind, shape))
    assert str(written) == str(expected)
    for row, same in zip(written.rows, expected.rows, strict=True):
        assert_exact(row[3:7], same[3:7])


@of_each_kind
def test_receptive_fields(kind):
    tuples = ((3, 2, 1), (5, 3, 2, 2), (3, 2)) * 3
    layers = [Conv2d(1, k, *rest) for k, *rest in tuples]
    expected = receptive_field(tuples)
    blocks = 1 + 12 + 12**2  # each of three moves by 2 · 3 · 2
    assert expected == (1 + 30 * blocks, 12**3, 5 * blocks)
    for stack in (written_in(kind, tuples), [written_in(kind, it) for it in layers]):
        assert_exact(receptive_field(stack), expected)


@of_each_kind
def test_sizes(kind):
    size, others = kind(100), written_in(kind, (7, 3, 80, 15))
    assert_exact(conv_output_size(size, *others), conv_output_size(100, 7, 3, 80, 15))
    both = conv_transpose_output_size(size, *others[:3], kind(2), kind(15))
    assert_exact(both, conv_transpose_output_size(100, 7, 3, 80, 2, 15))
    assert_exact(same_padding(kind(8), kind(100)), (350, 350))


def test_by_hand():
    assert Conv2d(np.uint8(64), 3).n_params((3, 8, 8)) == 64 * 3 * 3 * 3 + 64 == 1792
    layer = LocalConv2d(np.int32(512), 3)
    outputs = 298 * 298 * 512
    assert layer.macs((512, 300, 300)) == outputs * 512 * 9 > 2**31


def test_fan_in_of_init(rng):
    """MACs are 2⁴⁰: as an int32, they are none."""
    layer, shape = Conv2d(np.int32(2048), 1), (512, *map(np.int32, (1024, 1024)))
    assert layer.macs(shape) == 2**40
    weight = layer.init(shape, rng)["weight"]
    assert weight.std() == pytest.approx(np.sqrt(2 / prod((512, 1, 1))), rel=0.01)
    layer = Conv2d(np.int32(512), 3, padding=1)
    weight = layer.init((64, 300, 300), rng)["weight"]
    assert weight.std() == pytest.approx(np.sqrt(2 / (64 * 9)), rel=0.01)
