"""What `make bench` measures is right: tiny cases, beside their definitions."""

from itertools import groupby

import cases
import measure
import memory
import numpy as np
import pytest
import training
from rivals import MODULES, definitions, rivals

import conv_notes as cn

NEEDS = {
    "pytorch": "torch",
    "onnx_runtime": "onnxruntime",
    "with_jax": "jax",
    "with_scipy": "scipy",
    "definitions": "numpy",
}
each_case = pytest.mark.parametrize("case", cases.CASES, ids=lambda case: case.key)


def tiny(case):
    """A kernel may need twelve pixels, a shuffle four channels."""
    return case.arrays(cases.Sizes(2, 4 if case.key != "m" else 1, 12))


def near(expected, got):
    np.testing.assert_allclose(
        got, expected, rtol=0, atol=1e-4 * np.abs(expected).max()
    )


@each_case
def test_case_is_its_definition(case):
    arrays = tiny(case)
    way = definitions.ways(case, arrays, None, 1)[definitions.NAME]
    near(way.forward(), case.ours(arrays).forward())


@each_case
@pytest.mark.parametrize("module", MODULES)
def test_rivals_compute_the_same(case, module):
    pytest.importorskip(NEEDS[module])
    arrays = tiny(case)
    own = case.ours(arrays)
    y = own.forward()
    ways = rivals(case, arrays, cases.upstream(y), threads=1, modules=[module])
    for way in ways.values():
        near(y, np.asarray(way.forward()))
        if way.backward:
            for a, b in zip(own.backward(), way.backward(), strict=True):
                near(a, np.asarray(b))


@pytest.mark.parametrize("name", ["local_conv2d", "tiled_conv2d", "netvlad"])
def test_recipes_compute_the_same(name):
    """Forward and backward, which `times` asserts, of an uneven size with padding."""
    pytest.importorskip("torch")
    import in_torch

    shapes, options = {
        "local_conv2d": (
            [(2, 3, 7, 7), (4, 4, 2, 3, 3, 3)],
            {"padding": 1, "stride": 2},
        ),
        "tiled_conv2d": ([(2, 3, 7, 7), (2, 2, 4, 3, 3, 3)], {"padding": 1}),
        "netvlad": ([(2, 3, 4, 5), (6, 3), (6,), (6, 3)], {}),
    }[name]
    shapes = dict(enumerate(shapes))
    case = in_torch.Case("", "", name, shapes, options)
    for way, found in in_torch.times(case, seconds=0):
        assert found.keys() == {"ours", *in_torch.RECIPES[name]}, way


def test_work_of_a_convolution_by_hand():
    (case,) = (case for case in cases.CASES if case.key == "b")
    arrays = case.arrays(cases.Sizes(2, 3, 5))
    y = case.ours(arrays).forward()
    numbers = {"x": 2 * 3 * 25, "weight": 64 * 3 * 9, "y": 2 * 64 * 25}
    inputs = numbers["x"] + numbers["weight"]
    forward, backward = (case.work(way, arrays, y) for way in ("forward", "backward"))
    assert forward == (numbers["y"] * 27, 4 * (inputs + numbers["y"]))
    assert backward == (2 * numbers["y"] * 27, 4 * (2 * inputs + numbers["y"]))
    assert case.columns(arrays, y) == 4 * 27 * 25


def test_memory_sees_every_array():
    def op(x):
        lost = np.ones(1000, np.float32)
        return lost[:500] + x

    case = cases.Case("", "", op, cases.Sizes(1, 1, 1), lambda shapes, y: 0)
    used = memory.memory(case, {"x": np.ones(500, np.float32)})["forward"]
    assert 2000 <= used.returned < 3000
    assert 4000 <= used.extra < 5000


def test_ways_take_turns():
    order = []
    ways = {name: lambda name=name: order.append(name) for name in "ab"}
    times = measure.interleaved(ways, budget=0, least=2)
    assert "".join(name for name, _ in groupby(order)) == "abab"
    assert all(low <= median <= high for median, low, high in times.values())


def test_an_epoch_trains():
    ways = training.epochs(batch_size=128)
    losses = {name: run() for name, run in ways.items()}
    assert losses["ours"] < np.log(10)
    np.testing.assert_allclose([*losses.values()], losses["ours"], rtol=1e-3)


def test_every_differentiable_convolution_is_measured():
    measured = {case.op.__name__ for case in cases.CASES}
    assert measured >= {name for name in cn.ops.__all__ if "conv" in name}
