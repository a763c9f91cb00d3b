"""Layers in a row and side by side, and the networks that were published."""

import tracemalloc

import numpy as np
import pytest
from differences import assert_gradients
from good import refusal

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
    alexnet,
    avg_pool2d,
    conv2d,
    deepface,
    inception_3a,
    lenet5,
    linear,
    local_conv2d,
    max_pool2d,
    mobilenet_v1,
    relu,
    summary,
    vgg16,
)

NET = Sequential(
    Sequential(Conv2d(4, 3, padding=1, groups=2), ReLU()),
    MaxPool2d(2),
    Sequential(Sequential(LocalConv2d(3, 2, bias=False))),
    Flatten(),
    Linear(5),
)
NET_INPUT = (2, 6, 8)
BLOCK = Sequential(
    Parallel(
        Conv2d(3, 1),
        Sequential(),
        Sequential(
            AvgPool2d(3, 1, padding=1),
            Parallel(DepthwiseConv2d(3, padding=1, bias=False), Conv2d(1, 1)),
        ),
    ),
    Parallel(NetVLAD(2), Sequential(Upsample(2), Flatten()), GlobalAvgPool2d()),
    Linear(3, bias=False),
)


def test_init_follows_the_seed():
    first, again, other = (
        NET.init(NET_INPUT, np.random.default_rng(seed)) for seed in (1, 1, 2)
    )
    for name, array in first.items():
        np.testing.assert_array_equal(array, again[name])
    assert not np.array_equal(first["4.weight"], other["4.weight"])


def test_sequential_names_nested_parameters():
    assert NET.param_shapes(NET_INPUT) == {
        "0.0.weight": (4, 1, 3, 3),
        "0.0.bias": (4,),
        "2.0.0.weight": (2, 3, 3, 4, 2, 2),
        "4.weight": (5, 18),
        "4.bias": (5,),
    }
    assert NET.output_shape(NET_INPUT) == (5,)
    assert NET.n_params(NET_INPUT) == 36 + 4 + 288 + 90 + 5
    assert NET.macs(NET_INPUT) == 36 * 48 + 288 + 90


def test_sequential_is_its_layers_in_a_row(rng):
    x = rng.standard_normal((3, *NET_INPUT))
    p = {name: a + 0.1 for name, a in NET.init(NET_INPUT, rng).items()}
    y = relu(conv2d(x, p["0.0.weight"], p["0.0.bias"], padding=1, groups=2))
    y = local_conv2d(max_pool2d(y, 2), p["2.0.0.weight"])
    y = linear(y.reshape(3, -1), p["4.weight"], p["4.bias"])
    np.testing.assert_array_equal(NET.apply(p, x), y)


def test_parallel_is_its_branches_side_by_side(rng):
    block = BLOCK.layers[0]
    x = rng.standard_normal((2, 2, 4, 5))
    p = {name: a + 0.1 for name, a in block.init((2, 4, 5), rng).items()}
    pooled = avg_pool2d(x, 3, stride=1, padding=1)
    parts = [
        conv2d(x, p["0.weight"], p["0.bias"]),
        x,
        conv2d(pooled, p["2.1.0.weight"], padding=1, groups=2),
        conv2d(pooled, p["2.1.1.weight"], p["2.1.1.bias"]),
    ]
    np.testing.assert_array_equal(block.apply(p, x), np.concatenate(parts, axis=1))


def test_parallel_names_nested_parameters():
    assert BLOCK.param_shapes((2, 4, 5)) == {
        "0.0.weight": (3, 2, 1, 1),
        "0.0.bias": (3,),
        "0.2.1.0.weight": (2, 1, 3, 3),
        "0.2.1.1.weight": (1, 2, 1, 1),
        "0.2.1.1.bias": (1,),
        "1.0.weight": (2, 8),
        "1.0.bias": (2,),
        "1.0.centers": (2, 8),
        "2.weight": (3, 16 + 32 + 8),
    }
    assert BLOCK.output_shape((2, 4, 5)) == (3,)
    assert BLOCK.n_params((2, 4, 5)) == 6 + 3 + 18 + 2 + 1 + 16 + 2 + 16 + 168
    block, head, _ = BLOCK
    assert block.macs((2, 4, 5)) == 120 + 360 + 40
    assert BLOCK.macs((2, 4, 5)) == 520 + head.macs((8, 4, 5)) + 168


@pytest.mark.parametrize(
    ("branch", "shape"),
    [
        (Conv2d(1, (2, 1)), (1, 3, 4)),
        (Conv2d(1, (1, 2)), (1, 4, 3)),
        (Flatten(), (16,)),
    ],
)
def test_branches_must_fit_together(branch, shape):
    with refusal("Parallel", ValueError, "branches", shape, (1, 4, 4)):
        Parallel(branch, ReLU()).output_shape((1, 4, 4))


@pytest.mark.parametrize(
    ("network", "input_shape"), [(NET, NET_INPUT), (BLOCK, (2, 4, 5))]
)
def test_gradient_of_a_network(network, input_shape, rng):
    """Finite differences in every parameter and the input."""
    params = {name: a + 0.1 for name, a in network.init(input_shape, rng).items()}
    assert {k: a.shape for k, a in params.items()} == network.param_shapes(input_shape)
    assert_gradients(network, params, rng.standard_normal((2, *input_shape)), rng)


def test_more_than_ten_layers_keep_their_own_parameters(rng):
    network = Sequential(*[Linear(k) for k in range(1, 13)])
    params = {name: a + 0.1 for name, a in network.init((2,), rng).items()}
    assert list(params)[-2:] == ["11.weight", "11.bias"]
    assert_gradients(network, params, rng.standard_normal((3, 2)), rng)


def test_a_network_refuses_params_of_another():
    network = Sequential(Conv2d(1, 3), Flatten(), Linear(2))
    params = network.init((1, 5, 5), np.random.default_rng(0))
    with refusal("Sequential", ValueError, "weight", (2, 16), (2, 9)):
        network.apply(params, np.ones((1, 1, 6, 6)))


# layer, input shape, published count of parameters
PUBLISHED = [
    (lenet5(), (1, 32, 32), 61_706),
    (vgg16(), (3, 224, 224), 138_357_544),
    (alexnet(), (3, 224, 224), 61_100_840),
    (inception_3a(), (192, 28, 28), 163_696),
    (mobilenet_v1(), (3, 224, 224), 4_210_088),
    (deepface(), (3, 152, 152), 118_923_774),
]


@pytest.mark.parametrize(
    ("layer", "input_shape", "expected"),
    [
        (Linear(500, bias=False), (800,), 400_000),
        (Linear(10, bias=False), (500,), 5_000),
        (Conv2d(6, 5), (1, 32, 32), 156),
        (Linear(10**6, bias=False), (10**6,), 10**12),
        (Linear(10**6), (10**6,), 10**12 + 10**6),
        (LocalConv2d(1, 10, padding="same", bias=False), (1, 1000, 1000), 10**8),
        (Conv2d(1, 10, padding="same", bias=False), (1, 1000, 1000), 100),
        (Conv2d(100, 10, bias=False), (1, 1000, 1000), 10**4),
        (Sequential(*vgg16().layers[:31]), (3, 224, 224), 14_714_688),
        (Sequential(*vgg16().layers[31:]), (512, 7, 7), 123_642_856),
        (TiledConv2d(1, 10, bias=False, tile=1000), (1, 1009, 1009), 10**8),
        (ConvTranspose2d(1000, 1000), (1000, 9, 9), 10**12 + 1000),
        (DepthwiseConv2d(1000, 1000), (1000, 1000, 1000), 10**12 + 10**6),
        (NetVLAD(10**6), (10**6, 9, 9), 2 * 10**12 + 10**6),
        (AvgPool2d(1000), (10**6, 10**6, 10**6), 0),
        (MaxPool2d(1000), (10**6, 10**6, 10**6), 0),
        (GlobalAvgPool2d(), (10**6, 10**6, 10**6), 0),
        (Upsample(scale_factor=9), (10**6, 10**6, 10**6), 0),
        (Parallel(ReLU(), Sequential()), (10**6, 10**6, 10**6), 0),
        (Flatten(), (10**6, 10**6, 10**6), 0),
        *PUBLISHED,
    ],
)
def test_counts_cost_no_memory(layer, input_shape, expected):
    tracemalloc.start()
    n_params = layer.n_params(input_shape)
    layer.macs(input_shape)
    layer.bytes_moved(input_shape)
    str(summary(layer, input_shape))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert n_params == expected
    assert type(n_params) is int
    assert peak < 150_000


def test_published_macs():
    assert vgg16().macs((3, 224, 224)) == 15_470_264_320
    assert lenet5().macs((1, 32, 32)) == 416_520


def test_published_networks():
    assert lenet5().output_shape((1, 32, 32)) == (10,)
    assert vgg16().output_shape((3, 224, 224)) == (1000,)
    assert sum(isinstance(layer, Conv2d) for layer in vgg16()) == 13
    assert sum(isinstance(layer, Linear) for layer in vgg16()) == 3
    shapes = lenet5().param_shapes((1, 32, 32)).values()
    sizes = [int(np.prod(shape)) for shape in shapes]
    assert [sum(pair) for pair in zip(sizes[::2], sizes[1::2], strict=True)] == [
        156,
        2_416,
        48_120,
        10_164,
        850,
    ]


def sizes(network, shape, *kinds):
    """Heights of the outputs of layers of these kinds."""
    rows = summary(network, shape).rows
    return [row.output_shape[1] for row in rows if isinstance(row.layer, kinds)]


def test_published_sizes():
    faces = sizes(deepface(), (3, 152, 152), Conv2d, MaxPool2d, LocalConv2d)
    assert faces == [142, 71, 63, 55, 25, 21]
    towers = sizes(alexnet(), (3, 224, 224), Conv2d, MaxPool2d)
    assert towers == [55, 27, 27, 13, 13, 13, 13, 6]
    depthwise = sizes(mobilenet_v1(), (3, 224, 224), DepthwiseConv2d)
    assert depthwise == [112, 56, 56, 28, 28] + [14] * 6 + [7, 7]
    assert inception_3a().output_shape((192, 28, 28)) == (256, 28, 28)
    for network in alexnet(), mobilenet_v1():
        assert network.output_shape((3, 224, 224)) == (1000,)


def test_batch_normalisation_of_mobilenet():
    """The published total counts a scale and a shift per channel of each one."""
    rows = summary(mobilenet_v1(), (3, 224, 224)).rows
    convolutions = [r for r in rows if isinstance(r.layer, Conv2d | DepthwiseConv2d)]
    normalisation = sum(2 * row.output_shape[0] for row in convolutions)
    assert len(convolutions) == 27
    assert normalisation == 21_888
    assert mobilenet_v1().n_params((3, 224, 224)) + normalisation == 4_231_976


def test_macs_of_mobilenet():
    """569 million in its table 4."""
    assert mobilenet_v1().macs((3, 224, 224)) == 568_740_352


@pytest.mark.parametrize(
    ("network", "input_shape"),
    [
        (lenet5(), (1, 32, 32)),
        (inception_3a(), (192, 7, 6)),
        (Sequential(*vgg16().layers[:10]), (3, 16, 12)),
        (Sequential(*alexnet().layers[:13]), (3, 63, 67)),
        (Sequential(*mobilenet_v1().layers[:20], GlobalAvgPool2d()), (3, 32, 48)),
        (Sequential(*deepface().layers[:7]), (3, 50, 46)),
    ],
    ids=["lenet5", "inception_3a", "vgg16", "alexnet", "mobilenet_v1", "deepface"],
)
def test_networks_forward_and_back(network, input_shape, rng):
    """On small images; in float32, the step is large and the slope rough."""
    params = network.init(input_shape, rng, np.float32)
    x = rng.standard_normal((2, *input_shape), np.float32)
    y, pullback = network.vjp(params, x)
    assert y.shape == (2, *network.output_shape(input_shape))
    assert 0.01 < y.std() < 10  # as He initialisation promises
    dparams, dx = pullback(y)
    assert {k: (a.shape, a.dtype) for k, a in dparams.items()} == {
        k: (a.shape, a.dtype) for k, a in params.items()
    }
    # Without biases each layer scales with its input, so <dx, x> is <y, y>.
    np.testing.assert_allclose(np.vdot(dx, x), np.vdot(y, y), rtol=1e-3)
    for name, grad in dparams.items():
        assert np.isfinite(grad).all(), name
