"""What every layer refuses as its input and parameters, in which words."""

import inspect
import re

import numpy as np
import pytest

import conv_notes
from conv_notes import (
    AvgPool2d,
    Conv2d,
    ConvTranspose2d,
    DepthwiseConv2d,
    Flatten,
    GlobalAvgPool2d,
    Linear,
    LocalConv2d,
    MaxPool2d,
    NetVLAD,
    Parallel,
    ReLU,
    Sequential,
    TiledConv2d,
    Upsample,
)
from conv_notes.layers import Layer

IMAGE, VECTOR = (2, 4, 4), (8,)
LAYERS = {  # a layer of each kind, an input for it
    "Linear": (Linear(3), VECTOR),
    "Conv2d": (Conv2d(2, 3), IMAGE),
    "DepthwiseConv2d": (DepthwiseConv2d(3), IMAGE),
    "LocalConv2d": (LocalConv2d(2, 3), IMAGE),
    "TiledConv2d": (TiledConv2d(2, 3, tile=2), IMAGE),
    "ConvTranspose2d": (ConvTranspose2d(2, 3, stride=2), IMAGE),
    "MaxPool2d": (MaxPool2d(2), IMAGE),
    "AvgPool2d": (AvgPool2d(2), IMAGE),
    "GlobalAvgPool2d": (GlobalAvgPool2d(), IMAGE),
    "Upsample": (Upsample(scale_factor=2), IMAGE),
    "NetVLAD": (NetVLAD(3), IMAGE),
    "ReLU": (ReLU(), IMAGE),
    "Flatten": (Flatten(), IMAGE),
    "Sequential": (Sequential(Conv2d(2, 3), ReLU()), IMAGE),
    "Parallel": (Parallel(Conv2d(2, 1), MaxPool2d(3, 1, 1)), IMAGE),
}
EACH = pytest.mark.parametrize("name", LAYERS)


def test_no_class_is_forgotten():
    classes = {
        name
        for name in conv_notes.__all__
        if inspect.isclass(getattr(conv_notes, name))
    }
    layers = {c for c in classes if issubclass(getattr(conv_notes, c), Layer)}
    assert set(LAYERS) == layers
    assert classes - layers == {"SGD", "Adam", "ReceptiveField"}


@EACH
@pytest.mark.parametrize("dtype", ["c16", "i8", "?", "O", "U1", "f2"])
def test_dtypes_of_inputs(name, dtype, rng):
    layer, shape = LAYERS[name]
    x = np.ones((2, *shape)).astype(dtype)
    message = f"{name}: x must be float32 or float64, got {x.dtype}"
    with pytest.raises(TypeError, match="^" + re.escape(message)):
        layer.apply(layer.init(shape, rng), x)
    with pytest.raises(TypeError, match=f"^{name}: x must be a NumPy array, got list"):
        layer.apply(layer.init(shape, rng), x.tolist())


@EACH
def test_params_and_input_have_one_dtype(name, rng):
    layer, shape = LAYERS[name]
    params = layer.init(shape, rng, np.float32)
    if not params:
        assert layer.apply(params, np.ones((2, *shape))).dtype == np.float64
        return
    with pytest.raises(TypeError, match=r"^\w+: weight is float32 but x is float64"):
        layer.apply(params, np.ones((2, *shape)))


@EACH
def test_params_must_have_their_shapes(name, rng):
    layer, shape = LAYERS[name]
    params = layer.init(shape, rng)
    for param, array in params.items():
        message = f"{name}: {param} must have shape {array.shape}, got {param}.shape="
        with pytest.raises(ValueError, match="^" + re.escape(message)):
            layer.apply(params | {param: array[None]}, np.ones((2, *shape)))
    with pytest.raises(ValueError, match=f"^{name}: params must be named "):
        layer.apply(params | {"extra": np.ones(1)}, np.ones((2, *shape)))


@EACH
def test_number_of_axes(name):
    layer, shape = LAYERS[name]
    if name in ("ReLU", "Flatten"):  # of any
        assert layer.output_shape((2, *shape))
        return
    for bad in ((2, *shape), shape[:-1], 8, list(shape)):
        with pytest.raises(
            ValueError, match=r"^\w+: input_shape must be \(\w"
        ) as error:
            layer.output_shape(bad)
        assert f"got {bad}" in str(error.value)


@EACH
def test_sizes_are_whole_and_positive(name):
    layer, shape = LAYERS[name]
    for bad in (0, -1):
        with pytest.raises(
            ValueError, match=rf"^\w+: .* must be at least 1, got {bad}"
        ):
            layer.output_shape((bad, *shape[1:]))
    for bad in (2.0, True, "2", None):
        with pytest.raises(TypeError, match=rf"^\w+: .* must be an int, got {bad!r}"):
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
