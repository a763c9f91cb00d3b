"""What every layer refuses as its input and parameters."""

import inspect

import numpy as np
import pytest
from good import LAYERS, complete, refusal

import conv_notes
from conv_notes.layers import Layer

OTHERS = {"SGD", "Adam", "ReceptiveField"}  # classes that are no layers
EACH = pytest.mark.parametrize("name", LAYERS)


def test_no_class_is_forgotten():
    classes = {
        name
        for name in conv_notes.__all__
        if inspect.isclass(getattr(conv_notes, name))
    }
    layers = {c for c in classes if issubclass(getattr(conv_notes, c), Layer)}
    complete(LAYERS, "LAYERS in tests/library/good.py", layers)
    complete(OTHERS, "OTHERS in tests/library/test_errors_inputs.py", classes - layers)


def in_the_name_of(name):
    """A container may refuse an input, or leave that to its first layer."""
    return f"{name}|Conv2d" if name in ("Sequential", "Parallel") else name


@EACH
@pytest.mark.parametrize("dtype", ["c16", "i8", "?", "O", "U1", "f2"])
def test_dtypes_of_inputs(name, dtype, rng):
    layer, shape = LAYERS[name]
    params, x = layer.init(shape, rng), np.ones((2, *shape)).astype(dtype)
    with refusal(name, TypeError, "x", x.dtype):
        layer.apply(params, x)
    with refusal(name, TypeError, "x", list):
        layer.apply(params, x.tolist())


@EACH
def test_params_and_input_have_one_dtype(name, rng):
    layer, shape = LAYERS[name]
    params, x = layer.init(shape, rng, np.float32), np.ones((2, *shape))
    if not params:
        assert layer.apply(params, x).dtype == np.float64
        return
    with pytest.raises(TypeError, match=r"^\w+: weight .*float32.* x .*float64"):
        layer.apply(params, x)


@EACH
def test_params_must_have_their_shapes(name, rng):
    layer, shape = LAYERS[name]
    params, x = layer.init(shape, rng), np.ones((2, *shape))
    for param, array in params.items():
        with refusal(name, ValueError, param.split(".")[-1], array, array[None]):
            layer.apply(params | {param: array[None]}, x)
    names = sorted(params), sorted([*params, "extra"])
    with refusal(name, ValueError, "params", *names):
        layer.apply(params | {"extra": np.ones(1)}, x)


@EACH
def test_number_of_axes(name):
    layer, shape = LAYERS[name]
    if not layer.axes and in_the_name_of(name) == name:  # any are welcome
        assert layer.output_shape((2, *shape))
        return
    for bad in ((2, *shape), shape[:-1], 8, list(shape)):
        with refusal(in_the_name_of(name), ValueError, "input_shape", bad):
            layer.output_shape(bad)


@EACH
def test_sizes_are_whole_and_positive(name):
    layer, shape = LAYERS[name]
    for bad in (0, -1):
        with refusal(in_the_name_of(name), ValueError, "input_shape", 1, bad):
            layer.output_shape((bad, *shape[1:]))
    for bad in (2.0, True, "2", None):
        with refusal(in_the_name_of(name), TypeError, "input_shape", bad):
            layer.n_params((*shape[:-1], bad))


@EACH
def test_empty_batches(name, rng):
    layer, shape = LAYERS[name]
    params = layer.init(shape, rng)
    y, pullback = layer.vjp(params, np.ones((0, *shape)))
    assert y.shape == (0, *layer.output_shape(shape))
    dparams, dx = pullback(y)
    assert dx.shape == (0, *shape)
    assert {k: (g.shape, g.any()) for k, g in dparams.items()} == {
        k: (array.shape, False) for k, array in params.items()
    }
