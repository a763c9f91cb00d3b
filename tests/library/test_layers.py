"""Layers: shapes, counts, costs and gradients; each is its op."""

from dataclasses import FrozenInstanceError

import numpy as np
import pytest
from differences import assert_gradients
from good import complete

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
    ReLU,
    TiledConv2d,
    Upsample,
    avg_pool2d,
    conv2d,
    conv_transpose2d,
    global_avg_pool2d,
    interpolate,
    linear,
    local_conv2d,
    max_pool2d,
    netvlad,
    relu,
    tiled_conv2d,
)
from conv_notes.layers import Layer


def named(*shapes):
    return dict(zip(("weight", "bias", "centers"), shapes, strict=False))


# layer, input shape, output shape, shapes of the parameters, MACs
LAYERS = [
    (Linear(5), (7,), (5,), named((5, 7), (5,)), 35),
    (Linear(5, bias=False), (7,), (5,), named((5, 7)), 35),
    (Conv2d(6, 5), (1, 32, 32), (6, 28, 28), named((6, 1, 5, 5), (6,)), 117_600),
    (
        Conv2d(4, (3, 2), stride=(2, 1), padding=1, groups=2),
        (2, 7, 8),
        (4, 4, 9),
        named((4, 1, 3, 2), (4,)),
        864,
    ),
    (
        Conv2d(1, 3, dilation=2),
        (1, 7, 6),
        (1, 3, 2),
        named((1, 1, 3, 3), (1,)),
        54,
    ),
    (
        DepthwiseConv2d((3, 2), 2, stride=(2, 1), padding=1),
        (3, 7, 8),
        (6, 4, 9),
        named((6, 1, 3, 2), (6,)),
        1_296,
    ),
    (
        DepthwiseConv2d(2, dilation=2, bias=False),
        (3, 4, 5),
        (3, 2, 3),
        named((3, 1, 2, 2)),
        72,
    ),
    (
        LocalConv2d(3, 2, padding="same"),
        (2, 4, 5),
        (3, 4, 5),
        named((4, 5, 3, 2, 2, 2), (4, 5, 3)),
        480,
    ),
    (
        TiledConv2d(3, 2, tile=(2, 3)),
        (2, 4, 5),
        (3, 3, 4),
        named((2, 3, 3, 2, 2, 2), (2, 3, 3)),
        288,
    ),
    (
        ConvTranspose2d(8, 4, stride=2, padding=1),
        (3, 5, 6),
        (8, 10, 12),
        named((3, 8, 4, 4), (8,)),
        11_520,
    ),
    (
        ConvTranspose2d(6, (3, 2), (2, 3), (1, 0), (1, 0), 2, False, (1, 2)),
        (4, 4, 5),
        (6, 8, 15),
        named((4, 3, 3, 2)),
        1_440,
    ),
    (MaxPool2d(3, stride=2, ceil_mode=True), (4, 142, 142), (4, 71, 71), {}, 0),
    (MaxPool2d((1, 2)), (4, 6, 6), (4, 6, 3), {}, 0),
    (AvgPool2d(3, 2, padding=1, ceil_mode=True), (4, 8, 7), (4, 5, 4), {}, 0),
    (GlobalAvgPool2d(), (4, 5, 6), (4,), {}, 0),
    (Upsample(scale_factor=(2, 1.5)), (2, 3, 4), (2, 6, 6), {}, 0),
    (Upsample((5, 2), mode="bicubic", align_corners=True), (2, 3, 4), (2, 5, 2), {}, 0),
    (NetVLAD(3), (4, 2, 5), (12,), named((3, 4), (3,), (3, 4)), 252),
    (ReLU(), (4, 6, 6), (4, 6, 6), {}, 0),
    (ReLU(), (9,), (9,), {}, 0),
    (Flatten(), (50, 4, 4), (800,), {}, 0),
]
EACH = pytest.mark.parametrize(
    ("layer", "input_shape", "output_shape", "shapes", "macs"), LAYERS, ids=repr
)


@EACH
def test_shapes_and_counts(layer, input_shape, output_shape, shapes, macs):
    assert layer.output_shape(input_shape) == output_shape
    assert layer.param_shapes(input_shape) == shapes
    assert layer.n_params(input_shape) == sum(map(np.prod, shapes.values()))
    assert layer.macs(input_shape) == macs
    numbers = np.prod(input_shape) + np.prod(output_shape)
    moved = numbers + sum(map(np.prod, shapes.values()))
    assert layer.bytes_moved(input_shape) == 4 * moved
    assert layer.bytes_moved(input_shape, itemsize=8) == 8 * moved


def test_every_layer_is_tested():
    tested = {type(layer).__name__ for layer, *_ in LAYERS}
    public = {
        name: getattr(conv_notes.layers, name) for name in conv_notes.layers.__all__
    }
    classes = {n for n, thing in public.items() if isinstance(thing, type)}
    layers = {n for n in classes if issubclass(public[n], Layer)} - {"Layer"}
    complete(tested, "LAYERS in tests/library/test_layers.py", layers)


@EACH
def test_gradients(layer, input_shape, output_shape, shapes, macs, rng):
    params = {
        name: rng.standard_normal(shape)
        for name, shape in layer.param_shapes(input_shape).items()
    }
    assert_gradients(layer, params, rng.standard_normal((2, *input_shape)), rng)


@EACH
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("n", [0, 2])
def test_init_apply_and_vjp(
    layer, input_shape, output_shape, shapes, macs, dtype, n, rng
):
    n += isinstance(layer, NetVLAD)  # of none: test_netvlad_of_no_image
    params = layer.init(input_shape, rng, dtype)
    assert {name: array.shape for name, array in params.items()} == shapes
    x = rng.standard_normal((n, *input_shape), dtype)
    y, pullback = layer.vjp(params, x)
    assert y.shape == (n, *output_shape)
    assert y.dtype == dtype
    np.testing.assert_array_equal(layer.apply(params, x), y)
    dparams, dx = pullback(y)
    assert dx.shape == x.shape
    assert dx.dtype == dtype
    assert list(dparams) == list(params)
    for name, grad in dparams.items():
        assert grad.shape == params[name].shape
        assert grad.dtype == params[name].dtype == dtype


@pytest.mark.parametrize(
    ("layer", "op", "weight", "options"),
    [
        (Linear(4), linear, np.ones((4, 3)), {}),
        (
            Conv2d(4, 3, stride=2, padding=1, dilation=(1, 2), groups=2),
            conv2d,
            np.ones((4, 1, 3, 3)),
            {"stride": 2, "padding": 1, "dilation": (1, 2), "groups": 2},
        ),
        (
            TiledConv2d(4, 3, padding="same", tile=2, tiling="block"),
            tiled_conv2d,
            np.ones((2, 2, 4, 2, 3, 3)),
            {"padding": "same", "tiling": "block"},
        ),
        (
            LocalConv2d(4, 3, stride=(2, 1), padding=((0, 1), (2, 0))),
            local_conv2d,
            np.ones((3, 6, 4, 2, 3, 3)),
            {"stride": (2, 1), "padding": ((0, 1), (2, 0))},
        ),
        (
            MaxPool2d(3, 2, padding=1, dilation=2, ceil_mode=True),
            max_pool2d,
            None,
            {"stride": 2, "padding": 1, "dilation": 2, "ceil_mode": True},
        ),
        (
            AvgPool2d(3, 2, 1, ceil_mode=True, count_include_pad=False),
            avg_pool2d,
            None,
            {"stride": 2, "padding": 1, "ceil_mode": True, "count_include_pad": False},
        ),
        (
            DepthwiseConv2d(3, 2, (1, 2), "valid", (2, 1)),
            conv2d,
            np.ones((4, 1, 3, 3)),
            {"stride": (1, 2), "dilation": (2, 1), "groups": 2},
        ),
        (
            ConvTranspose2d(4, 3, 2, 1, 1, 2, dilation=(1, 2)),
            conv_transpose2d,
            np.ones((2, 2, 3, 3)),
            {
                "stride": 2,
                "padding": 1,
                "output_padding": 1,
                "groups": 2,
                "dilation": (1, 2),
            },
        ),
        (
            Upsample(scale_factor=(2, 1.5), mode="bilinear", align_corners=True),
            interpolate,
            None,
            {"scale_factor": (2, 1.5), "mode": "bilinear", "align_corners": True},
        ),
        (
            Upsample(size=(9, 5), mode="bicubic"),
            interpolate,
            None,
            {"size": (9, 5), "mode": "bicubic"},
        ),
        (GlobalAvgPool2d(), global_avg_pool2d, None, {}),
        (ReLU(), relu, None, {}),
    ],
)
def test_layer_is_its_op(layer, op, weight, options, rng):
    x = rng.standard_normal((2, 3) if op is linear else (2, 2, 7, 6))
    params, arguments = {}, (3,) if op in (max_pool2d, avg_pool2d) else ()
    if weight is not None:
        weight = rng.standard_normal(weight.shape)
        bias_shape = weight.shape[:3] if weight.ndim == 6 else (4,)
        params = {"weight": weight, "bias": rng.standard_normal(bias_shape)}
        arguments = weight, params["bias"]
    y, pullback = layer.vjp(params, x)
    expected, op_pullback = op.vjp(x, *arguments, **options)
    np.testing.assert_array_equal(y, expected)
    dparams, dx = pullback(y)
    for grad, same in zip([dx, *dparams.values()], op_pullback(y), strict=True):
        np.testing.assert_array_equal(grad, same)


@pytest.mark.parametrize("normalize", [True, False])
def test_netvlad_is_its_op(normalize, rng):
    x = rng.standard_normal((2, 4, 3, 2))
    layer = NetVLAD(3, normalize=normalize)
    params = layer.init((4, 3, 2), rng)
    y = netvlad(x, *params.values(), normalize=normalize)
    np.testing.assert_array_equal(layer.apply(params, x), y)


def test_netvlad_of_no_image(rng):
    params = NetVLAD(3).init((4, 2, 5), rng)
    assert NetVLAD(3).apply(params, np.ones((0, 4, 2, 5))).shape == (0, 12)


def test_netvlad_assigns_by_distance_at_first(rng):
    layer = NetVLAD(50, alpha=3.0)
    params = layer.init((80, 3, 2), rng)
    centers = params["centers"]
    np.testing.assert_allclose(params["weight"], 6 * centers)
    np.testing.assert_allclose(params["bias"], -3 * (centers**2).sum(axis=1))
    np.testing.assert_allclose(centers.var(), 1 / 80, rtol=0.05)


@pytest.mark.parametrize(
    ("mode", "factor", "expected"),
    [
        ("nearest", 2, [8, 8, 0, 0, 16, 16]),
        ("nearest", 1.5, [8, 8, 0, 16]),
        ("bilinear", 2, [8, 6, 2, 4, 12, 16]),
        ("bilinear", 3, [8, 8, 16 / 3, 8 / 3, 0, 16 / 3, 32 / 3, 16, 16]),
        ("bicubic", 1, [8, 0, 16]),
    ],
)
def test_upsampling_by_hand(mode, factor, expected):
    """Beyond the edge, the last pixel goes on."""
    x = np.array([8.0, 0.0, 16.0]).reshape(1, 1, 1, 3)
    y = Upsample(scale_factor=(2, factor), mode=mode).apply({}, x)
    np.testing.assert_allclose(y[0, 0], [expected] * 2, atol=1e-12)


def test_init_is_he_initialisation(rng):
    """Variance 2 / fan-in, where the fan-in is what one output sees; no bias."""
    layers = [
        (Linear(300), (200,), 200),
        (Conv2d(64, 5, groups=2), (16, 9, 9), 8 * 25),
        (LocalConv2d(16, 5), (8, 9, 9), 8 * 25),
        (TiledConv2d(16, 5, tile=3), (8, 9, 9), 8 * 25),
        (DepthwiseConv2d(5, 64), (8, 9, 9), 25),
        (ConvTranspose2d(64, 4, stride=2, padding=1), (32, 50, 50), 32 * 4),
    ]
    for layer, input_shape, fan_in in layers:
        params = layer.init(input_shape, rng)
        assert abs(params["weight"].mean()) < 0.01
        np.testing.assert_allclose(params["weight"].var(), 2 / fan_in, rtol=0.05)
        assert not params["bias"].any()


@pytest.mark.parametrize("t", [1, 2, 5])
@pytest.mark.parametrize("bias", [False, True])
def test_tiles_multiply_parameters_not_work(t, bias):
    shape = (3, 20, 20)
    one = Conv2d(8, 5, bias=bias)
    tiled = TiledConv2d(8, 5, bias=bias, tile=t)
    assert tiled.n_params(shape) == t * t * one.n_params(shape)
    assert tiled.macs(shape) == one.macs(shape) == LocalConv2d(8, 5).macs(shape)


def test_conv_parameters_do_not_depend_on_the_image():
    counts = {Conv2d(8, 3).n_params((3, size, size)) for size in (8, 32, 999)}
    assert counts == {224}


REPRS = [
    "Linear(5)",
    "Linear(5, bias=False)",
    "Conv2d(6, 5)",
    "Conv2d(6, (5, 3), stride=2, padding=((0, 1), (2, 3)), dilation=(1, 2), groups=3)",
    "LocalConv2d(1, 10, padding='same', bias=False)",
    "TiledConv2d(1, 10, bias=False, tile=2)",
    "TiledConv2d(1, 10, tile=(1, 2), tiling='block')",
    "MaxPool2d(2)",
    "MaxPool2d(3, stride=2, padding=1, dilation=2, ceil_mode=True)",
    "DepthwiseConv2d(3, multiplier=2, padding='same')",
    "ConvTranspose2d(4, 3, stride=2, output_padding=1, dilation=(1, 2))",
    "AvgPool2d(3, count_include_pad=False)",
    "GlobalAvgPool2d()",
    "Upsample(scale_factor=2, mode='bilinear')",
    "Upsample(size=(3, 4))",
    "NetVLAD(8, alpha=2.0)",
    "ReLU()",
    "Flatten()",
    "Sequential()",
    "Sequential(Conv2d(6, 5), Sequential(ReLU()), Flatten())",
    "Parallel(Sequential(), Conv2d(6, 5))",
]


@pytest.mark.parametrize("text", REPRS)
def test_layers_are_values(text):
    layer, again = (eval(text, vars(conv_notes).copy()) for _ in range(2))
    assert repr(layer) == text
    assert layer == again
    assert hash(layer) == hash(again)
    for name in ("out_channels", "stride", "layers", "branches"):
        with pytest.raises(FrozenInstanceError):
            setattr(layer, name, 1)
    assert len({eval(other, vars(conv_notes).copy()) for other in REPRS}) == len(REPRS)


def test_windows_begin_as_receptive_field_takes_them():
    layer = Conv2d(1, (3, 5), stride=2, padding=(1, 2), dilation=(1, 3))
    assert [tuple(window[:4]) for window in layer.windows] == [
        (3, 2, 1, 1),
        (5, 2, 2, 3),
    ]
