"""What is refused: arguments of the wrong kind, for every function."""

import inspect
import re

import numpy as np
import pytest
from good import (
    ARRAYS,
    FLOAT_ARRAYS,
    GOOD,
    OPS,
    SIMILAR,
    WINDOWED,
    complete,
    first,
    parameters,
    refusal,
    refused,
    zeros,
)

import conv_notes

# function, its integers, the least each may be
INTEGERS = [
    ("conv_output_size", ["size", "kernel_size", "stride", "dilation"], 1),
    ("conv_output_size", ["padding"], 0),
    ("conv_transpose_output_size", ["size", "kernel_size", "stride", "dilation"], 1),
    ("conv_transpose_output_size", ["padding", "output_padding"], 0),
    ("same_padding", ["kernel_size", "dilation"], 1),
    *((name, ["stride", "dilation"], 1) for name in ["unfold", "fold", *SIMILAR]),
    *((name, ["padding"], 0) for name in ["unfold", "fold", *SIMILAR]),
    ("unfold", ["kernel_size"], 1),
    ("fold", ["size"], 1),
    ("max_pool2d", ["kernel_size", "stride", "dilation"], 1),
    ("avg_pool2d", ["kernel_size", "stride"], 1),
    ("max_unpool2d", ["kernel_size", "stride", "output_size"], 1),
    ("conv_transpose2d", ["stride", "dilation"], 1),
    ("conv_transpose2d", ["output_padding"], 0),
    *(
        (name, ["padding"], 0)
        for name in ["max_pool2d", "avg_pool2d", "max_unpool2d", "conv_transpose2d"]
    ),
    *((name, ["groups"], 1) for name in OPS if "groups" in parameters(name)),
    ("pixel_shuffle", ["upscale_factor"], 1),
    ("interpolate", ["size"], 1),
    ("softmax", ["axis"], -2),
    ("log_softmax", ["axis"], -2),
    ("ghost_vlad", ["n_ghost"], 0),
    ("fit", ["batch_size"], 1),
    ("fit", ["epochs"], 0),
]
INTEGERS = [(name, arg, least) for name, args, least in INTEGERS for arg in args]
ONE_AXIS = {"conv_output_size", "conv_transpose_output_size", "same_padding"}
ALONE = {"groups", "upscale_factor", "axis", "n_ghost", "batch_size", "epochs"}
PAIRS = [
    row
    for row in INTEGERS
    if row[0] not in {*ONE_AXIS, "interpolate"} and row[1] not in ALONE
]
# Integers that are refused in words of their own, below or with the layers.
OTHER_WORDS = {("receptive_field", "axis")} | {
    (name, "input_shape") for name in ("weight_ids", "dense_matrix", "summary")
}
# No number of axes is asked for (so of an op that takes any), or a whole shape.
ANY_SHAPE = {"linear", "relu", "softmax", "log_softmax", "fit"}
RANKED = [
    row
    for row in FLOAT_ARRAYS
    if row[0] not in {*ANY_SHAPE, "interpolate"} and row[1] not in ("bias", "attention")
]
KINDS_OF_DTYPES = ["c16", "i8", "?", "O", "U1", "f2"]


def test_no_function_is_forgotten():
    public = {name: getattr(conv_notes, name) for name in conv_notes.__all__}
    functions = {n for n, thing in public.items() if not inspect.isclass(thing)}
    needed = {name for name in functions if parameters(name)}
    complete(GOOD, "GOOD in tests/library/good.py", needed)


def annotated(kinds):
    """(function, argument) wherever the annotation names one of these kinds."""
    return [
        (name, parameter.name)
        for name in GOOD
        for parameter in parameters(name).values()
        if re.search(rf"\b({kinds})\b", str(parameter.annotation))
    ]


def test_no_array_is_forgotten():
    arrays = {*annotated(r"\w*Array|ndarray")} - {("dense_matrix", "params")}
    complete(ARRAYS, "GOOD in tests/library/good.py, as an array,", arrays)


def test_no_integer_is_forgotten():
    tested = {row[:2] for row in INTEGERS} | OTHER_WORDS
    place = "INTEGERS or OTHER_WORDS in tests/library/test_errors.py"
    complete(tested, place, annotated("int|Pair|Shape"))


@pytest.mark.parametrize("name", GOOD)
def test_good_arguments_are_good(name):
    getattr(conv_notes, name)(**GOOD[name])


# One message of each check, word by word; all other tests ask who refused what.
WORDS = [
    (
        "conv2d",
        {"x": zeros(1, 6, 8, 7)},
        "conv2d: weight has 4 input channels but x has 6 (x.shape=(1, 6, 8, 7), "
        "weight.shape=(6, 2, 3, 3), groups=2)",
    ),
    ("relu", {"x": [1.0]}, "relu: x must be a NumPy array, got list"),
    ("relu", {"x": zeros(1) > 0}, "relu: x must be float32 or float64, got bool"),
    (
        "linear",
        {"x": zeros(2, 3).astype("f")},
        "linear: weight is float64 but x is float32",
    ),
    (
        "conv2d",
        {"x": zeros(4, 8, 7)},
        "conv2d: x must have 4 axes (N, C, H, W), got 3 (x.shape=(4, 8, 7))",
    ),
    (
        "linear",
        {"bias": zeros(4)},
        "linear: bias must have shape (5,), got bias.shape=(4,)",
    ),
    ("conv2d", {"groups": 1.0}, "conv2d: groups must be an int, got 1.0"),
    ("unfold", {"stride": 0}, "unfold: stride must be at least 1, got 0"),
    (
        "unfold",
        {"stride": (1, 1, 1)},
        "unfold: stride must be an int or a pair, got (1, 1, 1)",
    ),
    (
        "conv2d",
        {"padding": "full"},
        "conv2d: padding must be 'valid' or 'same', got 'full'",
    ),
    (
        "conv2d",
        {"padding": "same", "stride": 2},
        'conv2d: padding="same" needs stride 1, got (2, 2)',
    ),
    (
        "conv2d",
        {"groups": 3},
        "conv2d: groups=3 does not divide the 4 input channels (x.shape=(1, 4, 8, 7))",
    ),
    (
        "interpolate",
        {"size": None},
        "interpolate: give one of size and scale_factor, got size=None and "
        "scale_factor=None",
    ),
]


@pytest.mark.parametrize(("name", "spoiled", "message"), WORDS)
def test_words(name, spoiled, message):
    with pytest.raises((TypeError, ValueError)) as caught:
        getattr(conv_notes, name)(**GOOD[name] | spoiled)
    assert str(caught.value) == message


@pytest.mark.parametrize("dtype", KINDS_OF_DTYPES)
@pytest.mark.parametrize(("name", "argument"), FLOAT_ARRAYS)
def test_dtypes(name, argument, dtype):
    array = GOOD[name][argument].astype(dtype)
    refused(name, TypeError, argument, array.dtype, **{argument: array})


@pytest.mark.parametrize(("name", "argument"), FLOAT_ARRAYS)
def test_lists_are_no_arrays(name, argument):
    array = GOOD[name][argument].tolist()
    refused(name, TypeError, argument, list, **{argument: array})


LEADING = {name: argument for name, argument in reversed(FLOAT_ARRAYS)}


@pytest.mark.parametrize(
    ("name", "argument"), [row for row in FLOAT_ARRAYS if row not in LEADING.items()]
)
def test_dtypes_must_agree(name, argument):
    array = GOOD[name][argument].astype(np.float32)
    both = array.dtype, np.dtype(float)
    refused(name, TypeError, argument, *both, **{argument: array})


@pytest.mark.parametrize("dtype", ["f8", "f4", "c16", "?", "O", "U1"])
@pytest.mark.parametrize(
    ("name", "argument"), [("max_unpool2d", "indices"), ("cross_entropy", "labels")]
)
def test_dtypes_of_whole_numbers(name, argument, dtype):
    array = GOOD[name][argument].astype(dtype)
    refused(name, TypeError, argument, array.dtype, **{argument: array})
    refused(name, TypeError, argument, list, **{argument: array.tolist()})


@pytest.mark.parametrize("dtype", ["c16", "O", "U1"])
def test_dtypes_of_masks(dtype):
    mask = GOOD["partial_conv2d"]["mask"].astype(dtype)
    refused("partial_conv2d", TypeError, "mask", mask.dtype, mask=mask)
    refused("partial_conv2d", TypeError, "mask", list, mask=mask.tolist())


@pytest.mark.parametrize("dtype", ["f8", "f4", "f2", "i8", "u1", "?"])
def test_masks_of_any_numbers(dtype):
    mask = GOOD["partial_conv2d"]["mask"].astype(dtype)
    _, new_mask = conv_notes.partial_conv2d(**GOOD["partial_conv2d"] | {"mask": mask})
    assert new_mask.dtype == mask.dtype


@pytest.mark.parametrize(("name", "argument"), RANKED)
def test_number_of_axes(name, argument):
    good = GOOD[name][argument]
    for array in (good[0], good[None]):
        got = good.ndim, array.ndim, array
        refused(name, ValueError, argument, *got, **{argument: array})


def test_number_of_axes_of_images_and_volumes():
    for shape in ((4, 8, 7), (1, 1, 4, 4, 8, 7), ()):
        got = 4, 5, len(shape), shape
        refused("interpolate", ValueError, "x", *got, x=zeros(*shape))


@pytest.mark.parametrize("bad", [1.0, True, np.True_, "3", 1 + 0j, np.float64(2)])
@pytest.mark.parametrize(("name", "argument", "least"), INTEGERS)
def test_integers(name, argument, least, bad):
    in_words = {"unfold", "fold", *SIMILAR}  # padding of these may be a word
    is_word = argument == "padding" and bad == "3" and name in in_words
    error = ValueError if is_word else TypeError
    refused(name, error, argument, bad, **{argument: bad})


@pytest.mark.parametrize(("name", "argument", "least"), INTEGERS)
def test_least_values(name, argument, least):
    for bad in (least - 1, -7):
        refused(name, ValueError, argument, least, bad, **{argument: bad})


@pytest.mark.parametrize(("name", "argument", "least"), PAIRS)
def test_pairs(name, argument, least):
    for bad in ((1, least - 1), (least - 1, 1), [1, least - 1]):
        refused(name, ValueError, argument, least, least - 1, **{argument: bad})
    for bad in ((1, 1, 1), (1,), ()):
        refused(name, ValueError, argument, bad, **{argument: bad})
    for bad in (1.0, True, None):
        refused(name, TypeError, argument, bad, **{argument: (1, bad)})
        refused(name, TypeError, argument, bad, **{argument: (bad, 1)})


@pytest.mark.parametrize("one", [np.array(1), np.int64(1), [1, 1], np.array([1, 1])])
def test_other_ways_to_write_a_pair(one):
    x = GOOD["max_pool2d"]["x"]
    same = conv_notes.max_pool2d(x, 3, stride=1)
    np.testing.assert_array_equal(conv_notes.max_pool2d(x, 3, stride=one), same)
    assert conv_notes.interpolate(x, size=one).shape == (1, 4, 1, 1)


# function, its real numbers, arguments with which they can be given
REALS = [
    ("interpolate", "scale_factor", {"size": None}),
    ("netvlad_init", "alpha", {}),
]


@pytest.mark.parametrize(("name", "argument", "others"), REALS)
def test_reals(name, argument, others):
    for bad in ("2", True, 1 + 0j, np.True_):
        refused(name, TypeError, argument, bad, **{**others, argument: bad})
    for bad in (np.nan, np.inf, -np.inf, 0, -1):
        refused(name, ValueError, argument, float(bad), **{**others, argument: bad})


@pytest.mark.parametrize("name", ["unfold", "fold", *SIMILAR])
@pytest.mark.parametrize(
    ("padding", "error", "got"),
    [
        ("full", ValueError, "full"),
        (None, TypeError, None),
        (((1, 1),), ValueError, ((1, 1),)),
        (((1, 1, 1), (1, 1)), ValueError, (1, 1, 1)),
        (((1, -1), (1, 1)), ValueError, -1),
        (((1, 1), (1, 0.5)), TypeError, 0.5),
    ],
)
def test_padding(name, padding, error, got):
    refused(name, error, "padding", got, padding=padding)


@pytest.mark.parametrize("name", ["unfold", *SIMILAR])
def test_same_needs_stride_one(name):
    for stride, got in ((2, (2, 2)), ((1, 3), (1, 3))):
        refused(name, ValueError, "padding", got, padding="same", stride=stride)


@pytest.mark.parametrize("name", WINDOWED)
def test_kernel_larger_than_the_image(name):
    if "dilation" in parameters(name):
        refused(name, ValueError, "kernel_size", 3, 4, 9, 8, dilation=(4, 1))
    spoiled = {"x": zeros(1, 4, 8, 1)}
    if name == "partial_conv2d":
        spoiled["mask"] = np.ones((1, 1, 8, 1))
    refused(name, ValueError, "kernel_size", 3, 1, **spoiled)


@pytest.mark.parametrize("name", ["max_pool2d", "avg_pool2d", "max_unpool2d"])
def test_padding_of_pools_is_at_most_half_the_kernel(name):
    for bad in (2, (1, 2), 5):
        refused(name, ValueError, "padding", bad, 3, padding=bad, kernel_size=3)


@pytest.mark.parametrize("name", OPS)
def test_gradients_must_fit(name):
    y, pullback = getattr(conv_notes, name).vjp(**GOOD[name])
    y = first(y)
    for error, bad, got in (
        (ValueError, y[None], (y, y[None])),
        (TypeError, y.astype(np.float32), (np.dtype("f8"), np.dtype("f4"))),
        (TypeError, y.astype(complex), (np.dtype(complex),)),
        (TypeError, [1.0], (list,)),
    ):
        with refusal(f"{name}.vjp", error, "dy", *got):
            pullback(bad)
