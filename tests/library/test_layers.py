"""Layers: shapes, counts and costs, the numbers of the notes, and the summary."""

import re
import tracemalloc
from dataclasses import FrozenInstanceError
from html.parser import HTMLParser

import numpy as np
import pytest

import conv_notes
from conv_notes import (
    Conv2d,
    Flatten,
    Linear,
    LocalConv2d,
    MaxPool2d,
    ReLU,
    Sequential,
    TiledConv2d,
    conv2d,
    dense_matrix,
    lenet5,
    linear,
    local_conv2d,
    max_pool2d,
    relu,
    summary,
    tiled_conv2d,
    vgg16,
    weight_ids,
)

NET = Sequential(
    Sequential(Conv2d(4, 3, padding=1, groups=2), ReLU()),
    MaxPool2d(2),
    Sequential(Sequential(LocalConv2d(3, 2, bias=False))),
    Flatten(),
    Linear(5),
)
NET_INPUT = (2, 6, 8)

# layer, input shape, output shape, weight shape, bias shape, MACs
LAYERS = [
    (Linear(5), (7,), (5,), (5, 7), (5,), 35),
    (Linear(5, bias=False), (7,), (5,), (5, 7), None, 35),
    (Conv2d(6, 5), (1, 32, 32), (6, 28, 28), (6, 1, 5, 5), (6,), 117_600),
    (
        Conv2d(4, (3, 2), stride=(2, 1), padding=1, groups=2),
        (2, 7, 8),
        (4, 4, 9),
        (4, 1, 3, 2),
        (4,),
        864,
    ),
    (Conv2d(1, 3, dilation=2), (1, 7, 6), (1, 3, 2), (1, 1, 3, 3), (1,), 54),
    (
        LocalConv2d(3, 2, padding="same"),
        (2, 4, 5),
        (3, 4, 5),
        (4, 5, 3, 2, 2, 2),
        (4, 5, 3),
        480,
    ),
    (
        TiledConv2d(3, 2, tile=(2, 3)),
        (2, 4, 5),
        (3, 3, 4),
        (2, 3, 3, 2, 2, 2),
        (2, 3, 3),
        288,
    ),
    (MaxPool2d(3, stride=2, ceil_mode=True), (4, 142, 142), (4, 71, 71), None, None, 0),
    (MaxPool2d((1, 2)), (4, 6, 6), (4, 6, 3), None, None, 0),
    (ReLU(), (4, 6, 6), (4, 6, 6), None, None, 0),
    (ReLU(), (9,), (9,), None, None, 0),
    (Flatten(), (50, 4, 4), (800,), None, None, 0),
    (Sequential(), (3, 2, 2), (3, 2, 2), None, None, 0),
]
EACH = pytest.mark.parametrize(
    ("layer", "input_shape", "output_shape", "weight", "bias", "macs"), LAYERS
)


@EACH
def test_shapes_and_counts(layer, input_shape, output_shape, weight, bias, macs):
    shapes = {"weight": weight, "bias": bias}
    shapes = {name: shape for name, shape in shapes.items() if shape}
    assert layer.output_shape(input_shape) == output_shape
    assert layer.param_shapes(input_shape) == shapes
    assert layer.n_params(input_shape) == sum(map(np.prod, shapes.values()))
    assert layer.macs(input_shape) == macs


@EACH
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("n", [0, 2])
def test_init_apply_and_vjp(
    layer, input_shape, output_shape, weight, bias, macs, dtype, n, rng
):
    params = layer.init(input_shape, rng, dtype)
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
        (ReLU(), relu, None, {}),
    ],
)
def test_layer_is_its_op(layer, op, weight, options, rng):
    x = rng.standard_normal((2, 3) if op is linear else (2, 2, 7, 6))
    params, arguments = {}, (3,) if op is max_pool2d else ()
    if weight is not None:
        bias_shape = weight.shape[: 1 if weight.ndim < 6 else 3]
        params = {"weight": weight, "bias": rng.standard_normal(bias_shape)}
        arguments = weight, params["bias"]
    y, pullback = layer.vjp(params, x)
    expected, op_pullback = op.vjp(x, *arguments, **options)
    np.testing.assert_array_equal(y, expected)
    dparams, dx = pullback(y)
    for grad, same in zip([dx, *dparams.values()], op_pullback(y), strict=True):
        np.testing.assert_array_equal(grad, same)


def test_init_is_he_initialisation(rng):
    """Variance 2 / fan-in, where the fan-in is what one output sees; no bias."""
    layers = [
        (Linear(300), (200,), 200),
        (Conv2d(64, 5, groups=2), (16, 9, 9), 8 * 25),
        (LocalConv2d(16, 5), (8, 9, 9), 8 * 25),
        (TiledConv2d(16, 5, tile=3), (8, 9, 9), 8 * 25),
    ]
    for layer, input_shape, fan_in in layers:
        params = layer.init(input_shape, rng)
        assert abs(params["weight"].mean()) < 0.01
        np.testing.assert_allclose(params["weight"].var(), 2 / fan_in, rtol=0.05)
        assert not params["bias"].any()


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


def test_gradient_of_a_network(rng):
    """Finite differences in every parameter and the input."""
    params = {name: a + 0.1 for name, a in NET.init(NET_INPUT, rng).items()}
    x = rng.standard_normal((2, *NET_INPUT))
    y, pullback = NET.vjp(params, x)
    dy = rng.standard_normal(y.shape)
    dparams, dx = pullback(dy)
    assert list(dparams) == list(params)
    values, grads = {"x": x, **params}, {"x": dx, **dparams}
    for name, value in values.items():
        direction = rng.standard_normal(value.shape)

        def along(t, name=name, value=value, direction=direction):
            moved = {**values, name: value + t * direction}
            return np.vdot(dy, NET.apply(moved, moved.pop("x")))

        slope = (along(1e-6) - along(-1e-6)) / 2e-6
        np.testing.assert_allclose(np.vdot(grads[name], direction), slope, rtol=1e-6)


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
        (vgg16(), (3, 224, 224), 138_357_544),
        (lenet5(), (1, 32, 32), 61_706),
    ],
)
def test_published_parameter_counts_cost_no_memory(layer, input_shape, expected):
    tracemalloc.start()
    n_params = layer.n_params(input_shape)
    layer.macs(input_shape)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert n_params == expected
    assert type(n_params) is int
    assert peak < 100_000


def test_published_macs():
    assert vgg16().macs((3, 224, 224)) == 15_470_264_320
    assert lenet5().macs((1, 32, 32)) == 416_520


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
    "ReLU()",
    "Flatten()",
    "Sequential()",
    "Sequential(Conv2d(6, 5), Sequential(ReLU()), Flatten())",
]


@pytest.mark.parametrize("text", REPRS)
def test_layers_are_values(text):
    layer, again = (eval(text, vars(conv_notes).copy()) for _ in range(2))
    assert repr(layer) == text
    assert layer == again
    assert hash(layer) == hash(again)
    for name in ("out_channels", "stride", "layers"):
        with pytest.raises(FrozenInstanceError):
            setattr(layer, name, 1)
    assert len({eval(other, vars(conv_notes).copy()) for other in REPRS}) == len(REPRS)


def test_is_linear():
    linears = [layer for layer, *_ in LAYERS if layer.is_linear]
    assert not any(isinstance(layer, MaxPool2d | ReLU) for layer in linears)
    assert Sequential(Conv2d(1, 2), Flatten()).is_linear
    assert not NET.is_linear


def test_weight_ids_by_hand():
    """Two outputs see windows of two; what they share is all that differs."""
    row = (1, 1, 3)
    tiled = TiledConv2d(1, (1, 2), tile=(1, 2))
    assert weight_ids(Conv2d(1, (1, 2)), row).tolist() == [[0, 1, -1], [-1, 0, 1]]
    assert weight_ids(tiled, row).tolist() == [[0, 1, -1], [-1, 2, 3]]
    assert weight_ids(LocalConv2d(1, (1, 2)), row).tolist() == [[0, 1, -1], [-1, 2, 3]]
    for tiling, turns in {"cyclic": [0, 1, 0, 1, 0], "block": [0, 0, 0, 1, 1]}.items():
        ids = weight_ids(TiledConv2d(1, 1, tile=(1, 2), tiling=tiling), (1, 1, 5))
        assert ids.diagonal().tolist() == turns
    full = Sequential(Flatten(), Linear(2))
    assert weight_ids(full, row).tolist() == [[0, 1, 2], [3, 4, 5]]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_dense_matrix_keeps_the_dtype(dtype, rng):
    layer = Conv2d(2, 3, padding=1)
    params = layer.init((1, 4, 4), rng, dtype)
    assert dense_matrix(layer, params, (1, 4, 4)).dtype == dtype


# A summary

SMALL = Sequential(
    Sequential(Conv2d(6, 5, padding="same"), ReLU()),
    MaxPool2d(2),
    Flatten(),
    Linear(10),
)
TEXT = """\
layer                         output shape  parameters     MACs    bytes  receptive field
input                         1 × 28 × 28                                               1
Conv2d(6, 5, padding='same')  6 × 28 × 28          156  117,600   22,576                5
ReLU()                        6 × 28 × 28            0        0   37,632                5
MaxPool2d(2)                  6 × 14 × 14            0        0   23,520                6
Flatten()                     1176                   0        0    9,408                6
Linear(10)                    10                11,770   11,760   51,824              all
total                                           11,926  129,360  144,960"""  # noqa: E501


def test_summary_rows_and_totals():
    table = summary(SMALL, (1, 28, 28))
    assert [row.name for row in table.rows] == ["0.0", "0.1", "1", "2", "3"]
    assert [row.params for row in table.rows] == [156, 0, 0, 0, 11_770]
    assert [row.macs for row in table.rows] == [117_600, 0, 0, 0, 11_760]
    assert [row.output_shape for row in table.rows] == [
        (6, 28, 28),
        (6, 28, 28),
        (6, 14, 14),
        (1176,),
        (10,),
    ]
    assert table.params == SMALL.n_params((1, 28, 28))
    assert table.macs == SMALL.macs((1, 28, 28))
    assert table.input_shape == (1, 28, 28)


def test_summary_as_text():
    assert str(summary(SMALL, (1, 28, 28))) == TEXT
    assert repr(summary(SMALL, (1, 28, 28))) == TEXT


class Table(HTMLParser):
    """Header cells, and body cells row by row."""

    def __init__(self, html):
        super().__init__()
        self.tags, self.header, self.rows = [], [], []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")

    def handle_data(self, text):
        self.rows[-1][-1] += text
        if self.tags[-1] == "th":
            self.header.append(text)


def test_summary_as_html():
    html = summary(SMALL, (1, 28, 28))._repr_html_()
    assert "padding=&#x27;same&#x27;" in html
    table = Table(html)
    assert set(table.tags) == {"table", "thead", "tbody", "tfoot", "tr", "th", "td"}
    assert [len(row) for row in table.rows] == [6] * 8
    assert table.header == table.rows[0]
    as_text = [re.split(r"  +", line) for line in TEXT.splitlines()]
    assert [[*filter(None, cells)] for cells in table.rows] == as_text
    assert html == summary(SMALL, (1, 28, 28))._repr_html_()


def test_summary_escapes_html():
    class Odd(Flatten):
        def __repr__(self):
            return "<b>&"

    assert "<td>&lt;b&gt;&amp;</td>" in summary(Odd(), (1, 2, 2))._repr_html_()


def test_summary_of_one_layer():
    table = summary(Linear(500, bias=False), (800,))
    assert [row.params for row in table.rows] == [400_000]


def test_summary_of_vgg16():
    table = summary(vgg16(), (3, 224, 224))
    fields = [row.receptive_field for row in table.rows]
    assert len(table.rows) == 37
    assert fields[30].size == 212
    assert fields[31].size == 212  # of Flatten: the same units in a row
    assert fields[32:] == [None] * 5
    assert "138,357,544" in str(table)


def test_summary_where_the_axes_differ():
    table = summary(Conv2d(1, (1, 3)), (1, 1, 8))
    assert table.params == 4
    vertical, horizontal = table.rows[0].receptive_field
    assert (vertical.size, horizontal.size) == (1, 3)
    assert "1 × 3" in str(table)
    assert "Conv2d(1, (1, 3))" in str(table)


# ---------------------------------------------------------------------------
# Parameters that are not the layer's

NOT_ITS_PARAMS = {
    "missing": ({}, r"Conv2d: params must be named \['bias', 'weight'\], got \[\]"),
    "unknown": (
        {"weight": 0, "bias": 0, "scale": 0},
        r"got \['bias', 'scale', 'weight'",
    ),
    "wrong shape": (
        {"weight": np.ones((1, 1, 2, 2)), "bias": np.ones(1)},
        r"Conv2d: weight must have shape \(1, 1, 3, 3\).*\(1, 1, 2, 2\)",
    ),
}


@pytest.mark.parametrize("case", NOT_ITS_PARAMS)
def test_params_must_be_those_of_the_layer(case):
    params, message = NOT_ITS_PARAMS[case]
    with pytest.raises(ValueError, match=message):
        Conv2d(1, 3).apply(params, np.ones((2, 1, 5, 5)))


def test_a_network_refuses_params_of_another():
    network = Sequential(Conv2d(1, 3), Flatten(), Linear(2))
    params = network.init((1, 5, 5), np.random.default_rng(0))
    with pytest.raises(ValueError, match=r"2\.weight must have shape \(2, 16\)"):
        network.apply(params, np.ones((1, 1, 6, 6)))


def test_dense_matrix_names_what_it_cannot_use():
    with pytest.raises(TypeError, match="weight must be a NumPy array, got list"):
        dense_matrix(Conv2d(1, 1, bias=False), {"weight": [[[[1.0]]]]}, (1, 2, 2))
    with pytest.raises(TypeError, match="weight_ids: layer must be a layer, got 3"):
        weight_ids(3, (2,))
