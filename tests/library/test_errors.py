"""What is refused, in which words; and what kinds of arrays are welcome."""

import re

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
    dense_matrix,
    summary,
    weight_ids,
)


def zeros(*shape):
    return np.zeros(shape)


# For every function, arguments that it takes; each test below spoils one of them.
GOOD = {
    "conv_output_size": {"size": 8, "kernel_size": 3, "stride": 1, "dilation": 1},
    "same_padding": {"kernel_size": 3, "dilation": 2},
    "receptive_field": {"layers": [(3, 2, 1)]},
    "unfold": {"x": zeros(1, 4, 8, 7), "kernel_size": 3},
    "fold": {"windows": zeros(1, 4, 3, 3, 6, 5), "size": (8, 7)},
    "linear": {"x": zeros(2, 3), "weight": zeros(5, 3), "bias": zeros(5)},
    "conv2d": {
        "x": zeros(1, 4, 8, 7),
        "weight": zeros(6, 2, 3, 3),
        "bias": zeros(6),
        "groups": 2,
    },
    "tiled_conv2d": {
        "x": zeros(1, 4, 8, 7),
        "weight": zeros(2, 3, 6, 4, 3, 3),
        "bias": zeros(2, 3, 6),
    },
    "local_conv2d": {
        "x": zeros(1, 4, 8, 7),
        "weight": zeros(6, 5, 2, 4, 3, 3),
        "bias": zeros(6, 5, 2),
    },
    "max_pool2d": {"x": zeros(1, 4, 8, 7), "kernel_size": 3},
    "relu": {"x": zeros(2, 3)},
}
ARRAYS = [
    (name, argument)
    for name, arguments in GOOD.items()
    for argument, value in arguments.items()
    if isinstance(value, np.ndarray)
]
CONVOLUTIONS = ["conv2d", "tiled_conv2d", "local_conv2d"]
WINDOWED = ["unfold", *CONVOLUTIONS, "max_pool2d"]
# function, its integers, the least each may be
INTEGERS = [
    ("conv_output_size", ["size", "kernel_size", "stride", "dilation"], 1),
    ("conv_output_size", ["padding"], 0),
    ("same_padding", ["kernel_size", "dilation"], 1),
    ("unfold", ["kernel_size"], 1),
    ("max_pool2d", ["kernel_size"], 1),
    ("fold", ["size"], 1),
    ("conv2d", ["groups"], 1),
    *((name, ["stride", "dilation"], 1) for name in [*WINDOWED, "fold"]),
    *((name, ["padding"], 0) for name in [*WINDOWED, "fold"]),
]
INTEGERS = [(name, arg, least) for name, args, least in INTEGERS for arg in args]
ONE_AXIS = {"conv_output_size", "same_padding"}
PAIRS = [row for row in INTEGERS if row[0] not in ONE_AXIS and row[1] != "groups"]


def refused(name, error, message, **spoiled):
    """The op refuses the spoiled arguments, and says so in its own name."""
    with pytest.raises(error, match=f"^{name}: .*{message}"):
        getattr(conv_notes, name)(**GOOD[name] | spoiled)


@pytest.mark.parametrize("name", GOOD)
def test_good_arguments_are_good(name):
    getattr(conv_notes, name)(**GOOD[name])


@pytest.mark.parametrize("dtype", ["c16", "i8", "?", "O", "U1", "f2"])
@pytest.mark.parametrize(("name", "argument"), ARRAYS)
def test_dtypes(name, argument, dtype):
    array = GOOD[name][argument].astype(dtype)
    message = f"{argument} must be float32 or float64, got {array.dtype}"
    refused(name, TypeError, re.escape(message), **{argument: array})


@pytest.mark.parametrize(("name", "argument"), ARRAYS)
def test_lists_are_no_arrays(name, argument):
    array = GOOD[name][argument].tolist()
    message = f"{argument} must be a NumPy array, got list"
    refused(name, TypeError, message, **{argument: array})


@pytest.mark.parametrize(
    ("name", "argument"), [row for row in ARRAYS if row[1] in ("weight", "bias")]
)
def test_dtypes_must_agree(name, argument):
    array = GOOD[name][argument].astype(np.float32)
    message = f"{argument} is float32 but x is float64"
    refused(name, TypeError, message, **{argument: array})


@pytest.mark.parametrize(
    ("name", "argument"),
    [row for row in ARRAYS if row[0] not in ("relu", "linear") and row[1] != "bias"],
)
def test_number_of_axes(name, argument):
    good = GOOD[name][argument]
    for array in (good[0], good[None]):
        axes = f"{argument} must have {good.ndim} axes .*, got {array.ndim} "
        message = axes + re.escape(f"({argument}.shape={array.shape})")
        refused(name, ValueError, message, **{argument: array})


@pytest.mark.parametrize("bad", [1.0, True, np.True_, "3", 1 + 0j, np.float64(2)])
@pytest.mark.parametrize(("name", "argument", "least"), INTEGERS)
def test_integers(name, argument, least, bad):
    if argument == "padding" and bad == "3" and name not in ONE_AXIS | {"max_pool2d"}:
        message = "padding must be 'valid' or 'same', got '3'"
        refused(name, ValueError, message, padding=bad)
        return
    message = re.escape(f"{argument} must be an int, got {bad!r}")
    refused(name, TypeError, message, **{argument: bad})


@pytest.mark.parametrize(("name", "argument", "least"), INTEGERS)
def test_least_values(name, argument, least):
    for bad in (least - 1, -7):
        message = f"{argument} must be at least {least}, got {bad}"
        refused(name, ValueError, message, **{argument: bad})


@pytest.mark.parametrize(("name", "argument", "least"), PAIRS)
def test_pairs(name, argument, least):
    for bad in ((1, least - 1), (least - 1, 1), [1, least - 1]):
        message = f"{argument} must be at least {least}, got {least - 1}"
        refused(name, ValueError, message, **{argument: bad})
    for bad in ((1, 1, 1), (1,), ()):
        message = re.escape(f"{argument} must be an int or a pair, got {bad}")
        refused(name, ValueError, message, **{argument: bad})
    for bad in ((1, 1.0), (True, 1), (None, 1)):
        message = f"{argument} must be an int, got (1.0|True|None)"
        refused(name, TypeError, message, **{argument: bad})


@pytest.mark.parametrize("name", ["unfold", "fold", *CONVOLUTIONS])
@pytest.mark.parametrize(
    ("padding", "error", "message"),
    [
        ("full", ValueError, "padding must be 'valid' or 'same', got 'full'"),
        (None, TypeError, "padding must be an int, got None"),
        (((1, 1),), ValueError, "padding must be ((top, bottom), (left, right))"),
        (((1, 1, 1), (1, 1)), ValueError, "padding must be an int or a pair, got"),
        (((1, -1), (1, 1)), ValueError, "padding must be at least 0, got -1"),
        (((1, 1), (1, 0.5)), TypeError, "padding must be an int, got 0.5"),
    ],
)
def test_padding(name, padding, error, message):
    refused(name, error, re.escape(message), padding=padding)


@pytest.mark.parametrize("name", ["unfold", *CONVOLUTIONS])
def test_same_needs_stride_one(name):
    for stride, shown in ((2, (2, 2)), ((1, 3), (1, 3))):
        message = re.escape(f'padding="same" needs stride 1, got {shown}')
        refused(name, ValueError, message, padding="same", stride=stride)


@pytest.mark.parametrize("name", WINDOWED)
def test_kernel_larger_than_the_image(name):
    message = (
        "the kernel spans 9 (kernel_size=3, dilation=4) but the padded input has "
        "only 8 (size=8, padding=(0, 0))"
    )
    refused(name, ValueError, re.escape(message), dilation=(4, 1))
    message = "the kernel spans 3 .* only 1 .*size=1, padding="
    refused(name, ValueError, message, x=zeros(1, 4, 8, 1))


REFUSED = [
    # An array does not fit the others.
    ("conv2d", {"x": zeros(1, 5, 8, 7)}, "groups=2 does not divide the 5 input"),
    (
        "conv2d",
        {"weight": zeros(5, 2, 3, 3)},
        "groups=2 does not divide the 5 output channels (weight.shape=(5, 2, 3, 3))",
    ),
    (
        "conv2d",
        {"x": zeros(1, 6, 8, 7)},
        "weight has 4 input channels but x has 6 (x.shape=(1, 6, 8, 7), "
        "weight.shape=(6, 2, 3, 3), groups=2)",
    ),
    (
        "conv2d",
        {"groups": 1},
        "weight has 2 input channels but x has 4 (x.shape=(1, 4, 8, 7), "
        "weight.shape=(6, 2, 3, 3))",
    ),
    ("tiled_conv2d", {"x": zeros(1, 3, 8, 7)}, "weight has 4 input channels but x"),
    ("local_conv2d", {"x": zeros(1, 3, 8, 7)}, "weight has 4 input channels but x"),
    (
        "local_conv2d",
        {"padding": 1},
        "weight has kernels for 6 x 5 outputs but x gives 8 x 7 (x.shape=(1, 4, 8, 7),"
        " weight.shape=(6, 5, 2, 4, 3, 3))",
    ),
    (
        "linear",
        {"x": zeros(2, 4)},
        "weight takes 3 input features but x has 4 (x.shape=(2, 4), "
        "weight.shape=(5, 3))",
    ),
    ("linear", {"x": zeros()}, "weight takes 3 input features but x has none"),
    ("linear", {"weight": zeros(5)}, "weight must have 2 axes (out, in), got 1"),
    ("linear", {"weight": zeros(1, 5, 3)}, "weight must have 2 axes (out, in), got 3"),
    ("linear", {"bias": zeros(4)}, "bias must have shape (5,), got bias.shape=(4,)"),
    ("conv2d", {"bias": zeros(1)}, "bias must have shape (6,), got bias.shape=(1,)"),
    ("conv2d", {"bias": zeros(6, 1, 1)}, "bias must have shape (6,), got"),
    ("tiled_conv2d", {"bias": zeros(6)}, "bias must have shape (2, 3, 6), got"),
    ("local_conv2d", {"bias": zeros(2)}, "bias must have shape (6, 5, 2), got"),
    (
        "fold",
        {"size": (8, 8)},
        "windows must have shape (1, 4, 3, 3, 6, 6), got windows.shape=",
    ),
    ("fold", {"stride": 2}, "windows must have shape (1, 4, 3, 3, 3, 3), got"),
    # An array is empty where it must not be.
    ("conv2d", {"x": zeros(1, 4, 0, 7)}, "size must be at least 1, got 0"),
    ("conv2d", {"weight": zeros(0, 2, 3, 3)}, "weight must not be empty, got"),
    ("conv2d", {"weight": zeros(6, 2, 0, 3)}, "weight must not be empty, got"),
    ("tiled_conv2d", {"weight": zeros(0, 3, 6, 4, 3, 3)}, "weight must not be empty"),
    ("local_conv2d", {"weight": zeros(0, 5, 2, 4, 3, 3)}, "weight must not be empty"),
    # Words, and numbers that do not go together.
    (
        "tiled_conv2d",
        {"tiling": "random"},
        "tiling must be 'cyclic' or 'block', got 'random'",
    ),
    (
        "max_pool2d",
        {"padding": (1, 2)},
        "padding must be at most half the kernel, got padding=(1, 2), kernel_size=3",
    ),
    (
        "conv_output_size",
        {"kernel_size": 5, "dilation": 3, "padding": (1, 2)},
        "the kernel spans 13 (kernel_size=5, dilation=3) but the padded input has only "
        "11 (size=8, padding=(1, 2))",
    ),
    ("conv_output_size", {"padding": (1, 2, 3)}, "padding must be an int or a pair"),
    ("receptive_field", {"layers": [(3, 0)]}, "stride must be at least 1, got 0"),
    ("receptive_field", {"layers": [(3, 1, -1)]}, "padding must be at least 0, got -1"),
    ("receptive_field", {"layers": [()]}, "a tuple must be (kernel_size, stride"),
    ("receptive_field", {"layers": [(1,) * 5]}, "a tuple must be (kernel_size, stride"),
    ("receptive_field", {"layers": [Conv2d(1, (3, 1))]}, "height and width differ"),
]
WRONG_TYPE = [
    ("receptive_field", {"layers": [(3.0,)]}, "kernel_size must be an int, got 3.0"),
    ("receptive_field", {"layers": [Linear(3)]}, "Linear(3) does not look through a"),
    ("receptive_field", {"layers": [3]}, "3 does not look through a window"),
    ("max_pool2d", {"padding": ((1, 1), (1, 1))}, "padding must be an int, got (1, 1)"),
    ("max_pool2d", {"padding": "same"}, "padding must be an int, got 'same'"),
    ("conv2d", {"groups": (1, 1)}, "groups must be an int, got (1, 1)"),
    ("conv2d", {"weight": None}, "weight must be a NumPy array, got NoneType"),
    ("linear", {"x": None}, "x must be a NumPy array, got NoneType"),
]


@pytest.mark.parametrize(("name", "spoiled", "message"), REFUSED)
def test_values(name, spoiled, message):
    refused(name, ValueError, re.escape(message), **spoiled)


@pytest.mark.parametrize(("name", "spoiled", "message"), WRONG_TYPE)
def test_types(name, spoiled, message):
    refused(name, TypeError, re.escape(message), **spoiled)


OPS = ["linear", *CONVOLUTIONS, "max_pool2d", "relu"]


@pytest.mark.parametrize("name", OPS)
def test_gradients_must_fit(name):
    y, pullback = getattr(conv_notes, name).vjp(**GOOD[name])
    where = re.escape(f"{name}.vjp: ")
    shapes = re.escape(f"dy must have shape {y.shape}, got dy.shape=(1, {y.shape[0]}")
    with pytest.raises(ValueError, match=where + shapes):
        pullback(y[None])
    with pytest.raises(TypeError, match=where + "y is float64 but dy is float32"):
        pullback(y.astype(np.float32))
    with pytest.raises(TypeError, match=where + "dy must be a NumPy array, got list"):
        pullback(y.tolist())


# Layers

CONV_LAYERS = [Conv2d, LocalConv2d, lambda *a, **k: TiledConv2d(*a, **k, tile=2)]


@pytest.mark.parametrize("make", CONV_LAYERS)
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"out_channels": 0}, "out_channels must be at least 1, got 0"),
        ({"kernel_size": 0}, "kernel_size must be at least 1, got 0"),
        ({"kernel_size": (3, 3, 3)}, "kernel_size must be an int or a pair, got"),
        ({"stride": 0}, "stride must be at least 1, got 0"),
        ({"dilation": (1, 0)}, "dilation must be at least 1, got 0"),
        ({"padding": -1}, "padding must be at least 0, got -1"),
        ({"padding": "full"}, "padding must be 'valid' or 'same', got 'full'"),
        ({"padding": "same", "stride": 2}, 'padding="same" needs stride 1, got (2, 2)'),
    ],
)
def test_convolution_layers(make, arguments, message):
    with pytest.raises(ValueError, match=r"^\w*Conv2d: " + re.escape(message)):
        make(**{"out_channels": 2, "kernel_size": 3} | arguments)


@pytest.mark.parametrize("make", CONV_LAYERS)
@pytest.mark.parametrize("argument", ["out_channels", "kernel_size", "stride"])
@pytest.mark.parametrize("bad", [2.0, True, None, "2"])
def test_convolution_layers_take_ints(make, argument, bad):
    message = re.escape(f"Conv2d: {argument} must be an int, got {bad!r}")
    with pytest.raises(TypeError, match=message):
        make(**{"out_channels": 2, "kernel_size": 3} | {argument: bad})


IMAGE, VECTOR = (2, 4, 4), (8,)


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: Linear(0), ValueError, "Linear: out_features must be at least 1"),
        (lambda: Linear(2.5), TypeError, "Linear: out_features must be an int"),
        (lambda: Conv2d(4, 3, groups=0), ValueError, "Conv2d: groups must be at least"),
        (
            lambda: Conv2d(4, 3, groups=3),
            ValueError,
            "Conv2d: groups=3 does not divide out_channels=4",
        ),
        (
            lambda: Conv2d(3, 3, groups=3).output_shape(IMAGE),
            ValueError,
            "Conv2d: groups=3 does not divide input channels=2",
        ),
        (
            lambda: TiledConv2d(1, 3, tile=0),
            ValueError,
            "TiledConv2d: tile must be at least 1, got 0",
        ),
        (
            lambda: TiledConv2d(1, 3, tile=(2, 2, 2)),
            ValueError,
            "TiledConv2d: tile must be an int or a pair, got (2, 2, 2)",
        ),
        (
            lambda: TiledConv2d(1, 3, tile=2, tiling="row"),
            ValueError,
            "TiledConv2d: tiling must be 'cyclic' or 'block', got 'row'",
        ),
        (
            lambda: MaxPool2d(2, padding=2),
            ValueError,
            "MaxPool2d: padding must be at most half the kernel, got padding=2",
        ),
        (lambda: MaxPool2d(0), ValueError, "MaxPool2d: kernel_size must be at least 1"),
        (lambda: MaxPool2d(2, 0), ValueError, "MaxPool2d: stride must be at least 1"),
        (
            lambda: Sequential(ReLU(), "ReLU"),
            TypeError,
            "Sequential: layer 1 must be a layer, got 'ReLU'",
        ),
        # Inputs that do not fit
        (
            lambda: Linear(3).output_shape(IMAGE),
            ValueError,
            "Linear: input_shape must be (features,), got (2, 4, 4); put Flatten()",
        ),
        (
            lambda: Linear(3).n_params(8),
            ValueError,
            "Linear: input_shape must be (features,), got 8",
        ),
        (
            lambda: Linear(3).macs((0,)),
            ValueError,
            "Linear: input_shape features must be at least 1, got 0",
        ),
        (
            lambda: Conv2d(1, 3).n_params(VECTOR),
            ValueError,
            "Conv2d: input_shape must be (C, H, W), got (8,)",
        ),
        (
            lambda: Conv2d(1, 3).output_shape([2, 4, 4]),
            ValueError,
            "Conv2d: input_shape must be (C, H, W), got [2, 4, 4]",
        ),
        (
            lambda: LocalConv2d(1, 3).macs((2, 4, 0)),
            ValueError,
            "LocalConv2d: input_shape W must be at least 1, got 0",
        ),
        (
            lambda: TiledConv2d(1, 3, tile=2).param_shapes((2, 4.0, 4)),
            TypeError,
            "TiledConv2d: input_shape H must be an int, got 4.0",
        ),
        (
            lambda: Conv2d(1, 5).output_shape(IMAGE),
            ValueError,
            "Conv2d: the kernel spans 5 (kernel_size=5, dilation=1) but",
        ),
        (
            lambda: MaxPool2d(5).n_params(IMAGE),
            ValueError,
            "MaxPool2d: the kernel spans 5 (kernel_size=5, dilation=1) but",
        ),
        (
            lambda: MaxPool2d(2).output_shape(VECTOR),
            ValueError,
            "MaxPool2d: input_shape must be (C, H, W), got (8,)",
        ),
        (
            lambda: Sequential(Flatten(), Conv2d(1, 3)).n_params(IMAGE),
            ValueError,
            "Conv2d: input_shape must be (C, H, W), got (32,)",
        ),
        # Matrices and summaries
        (
            lambda: weight_ids(ReLU(), IMAGE),
            ValueError,
            "weight_ids: layer must be linear with one weight array, got ReLU()",
        ),
        (
            lambda: weight_ids(Sequential(Conv2d(1, 2), ReLU()), IMAGE),
            ValueError,
            "weight_ids: layer must be linear with one weight array, got Sequential(",
        ),
        (
            lambda: weight_ids(Sequential(Linear(2), Linear(1)), VECTOR),
            ValueError,
            "weight_ids: layer must be linear with one weight array, got Sequential(",
        ),
        (
            lambda: dense_matrix(Flatten(), {}, IMAGE),
            ValueError,
            "dense_matrix: layer must be linear with one weight array, got Flatten()",
        ),
        (
            lambda: dense_matrix(Linear(2), {"bias": zeros(2)}, VECTOR),
            ValueError,
            "dense_matrix: params must hold 'weight', got ['bias']",
        ),
        (
            lambda: dense_matrix(Linear(2), {"weight": zeros(2, 7)}, VECTOR),
            ValueError,
            "dense_matrix: weight must have shape (2, 8), got weight.shape=(2, 7)",
        ),
        (
            lambda: summary(Sequential(Conv2d(1, 3), Linear(3)), IMAGE),
            ValueError,
            "Linear: input_shape must be (features,), got (1, 2, 2); put Flatten()",
        ),
    ],
)
def test_layers(make, error, message):
    with pytest.raises(error, match="^" + re.escape(message)):
        make()


# Welcome arrays


def spread(array):
    """The same values as every other entry of an array twice as large."""
    large = np.full([2 * n for n in array.shape], np.nan, array.dtype)
    view = large[(slice(None, None, 2),) * array.ndim]
    view[...] = array
    return view


def read_only(array):
    array = array.copy()
    array.flags.writeable = False
    return array


KINDS = {
    "spread": spread,
    "reversed": lambda array: array[..., ::-1].copy()[..., ::-1],
    "Fortran": np.asfortranarray,
    "read-only": read_only,
    "byte-swapped": lambda array: array.astype(array.dtype.newbyteorder()),
}


def filled(name, rng, dtype):
    """The good arguments of an op with random numbers: arrays, and the rest."""
    arrays, rest = {}, {}
    for argument, value in GOOD[name].items():
        if isinstance(value, np.ndarray):
            arrays[argument] = rng.standard_normal(value.shape).astype(dtype)
        else:
            rest[argument] = value
    return arrays, rest


def results(name, arrays, rest, kind=np.copy):
    """What the op returns, and its gradients for a `dy` of that kind."""
    function = getattr(conv_notes, name)
    if not hasattr(function, "vjp"):
        return [function(**arrays, **rest)]
    y, pullback = function.vjp(**arrays, **rest)
    return [y, *pullback(kind(y))]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("name", ["unfold", "fold", *OPS])
def test_kinds_of_arrays(name, dtype, kind, rng):
    arrays, rest = filled(name, rng, dtype)
    odd = {argument: KINDS[kind](array) for argument, array in arrays.items()}
    before = {argument: array.tobytes() for argument, array in odd.items()}
    tolerance = 100 * np.finfo(dtype).eps
    both = results(name, odd, rest, KINDS[kind]), results(name, arrays, rest)
    for result, expected in zip(*both, strict=True):
        np.testing.assert_allclose(result, expected, rtol=tolerance, atol=tolerance)
        assert result.dtype == dtype
        assert result.dtype.isnative
    assert before == {argument: array.tobytes() for argument, array in odd.items()}


@pytest.mark.parametrize("name", ["fold", *OPS])
def test_results_are_new_arrays(name, rng):
    arrays, rest = filled(name, rng, np.float64)
    y, *_ = results(name, arrays, rest)
    assert y.flags.writeable
    assert not any(np.shares_memory(y, array) for array in arrays.values())


@pytest.mark.parametrize("stride", [1, 2])
def test_windows_of_one_pixel_are_copied(stride, rng):
    x = rng.standard_normal((1, 2, 4, 4))
    y = conv_notes.max_pool2d(x, 1, stride=stride)
    np.testing.assert_array_equal(y, x[..., ::stride, ::stride])
    assert not np.shares_memory(y, x)


@pytest.mark.parametrize("layer", [Linear(3), Conv2d(2, 2), LocalConv2d(2, 3)])
def test_nan_reaches_what_sees_it(layer, rng):
    shape = VECTOR if isinstance(layer, Linear) else IMAGE
    sees = weight_ids(layer, shape) >= 0  # (outputs, inputs)
    x = rng.standard_normal((sees.shape[1], *shape))
    np.fill_diagonal(x.reshape(len(x), -1), np.nan)  # input k of example k
    y = layer.apply(layer.init(shape, rng), x)
    np.testing.assert_array_equal(np.isnan(y).reshape(len(x), -1), sees.T)


def test_nan_wins_a_maximum_and_passes_a_relu():
    x = np.zeros((4, 1, 2, 2))
    np.fill_diagonal(x.reshape(4, 4), np.nan)
    x[:, 0, 1, 0] += np.inf
    y, indices = conv_notes.max_pool2d(x, 2, return_indices=True)
    assert np.isnan(y).all()
    assert indices.ravel().tolist() == [0, 1, 2, 3]
    np.testing.assert_array_equal(np.isnan(conv_notes.relu(x)), np.isnan(x))
