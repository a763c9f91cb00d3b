"""NaN and infinity reach what sees them, and nothing else."""

import numpy as np
import oracle_smooth
import pytest
from good import GOOD, OPS, complete

import conv_notes as cn
from conv_notes import Conv2d, Linear, LocalConv2d, weight_ids


def ones(*shape):
    return np.ones(shape)


INDICES = np.array([[0, 7], [12, 10]])
# Linear functions of x with no negative weight, and the shape of one example.
SUMS = {
    "linear": (lambda x: cn.linear(x, ones(2, 3)), (3,)),
    "conv2d": (
        lambda x: cn.conv2d(x, ones(4, 1, 3, 2), groups=2, stride=2, padding=1),
        (2, 6, 5),
    ),
    "tiled_conv2d": (
        lambda x: cn.tiled_conv2d(x, ones(2, 2, 3, 2, 2, 2), dilation=2),
        (2, 5, 4),
    ),
    "local_conv2d": (
        lambda x: cn.local_conv2d(x, ones(4, 3, 2, 2, 3, 3), padding=((1, 0), (0, 1))),
        (2, 5, 4),
    ),
    "conv_transpose2d": (
        lambda x: cn.conv_transpose2d(
            x, ones(2, 1, 3, 2), stride=2, padding=1, groups=2
        ),
        (2, 3, 4),
    ),
    "dynamic_conv2d": (
        lambda x: cn.dynamic_conv2d(x, ones(3, 2, 2, 2, 2), ones(len(x), 3), padding=1),
        (2, 4, 3),
    ),
    "partial_conv2d": (
        lambda x: cn.partial_conv2d(
            x, ones(len(x), 1, *x.shape[2:]), ones(2, 2, 3, 3), stride=2, padding=1
        )[0],
        (2, 5, 4),
    ),
    "avg_pool2d": (
        lambda x: cn.avg_pool2d(x, 3, stride=2, padding=1, ceil_mode=True),
        (2, 6, 5),
    ),
    "global_avg_pool2d": (cn.global_avg_pool2d, (2, 3, 4)),
    "max_unpool2d": (
        lambda x: cn.max_unpool2d(x, np.broadcast_to(INDICES, x.shape).copy(), 2),
        (2, 2, 2),
    ),
    "pixel_shuffle": (lambda x: cn.pixel_shuffle(x, 2), (8, 2, 3)),
    "interpolate": (lambda x: cn.interpolate(x, size=(3, 7)), (2, 5, 4)),
    "unfold": (lambda x: cn.unfold(x, (2, 3), stride=(1, 2), padding=1), (2, 4, 3)),
    "fold": (lambda x: cn.fold(x, (4, 5), padding=(1, 0)), (2, 3, 2, 4, 4)),
}
IN_OTHER_WORDS = {"max_pool2d", "relu", "softmax", "log_softmax", "cross_entropy"}
IN_OTHER_WORDS |= {"vlad", "netvlad", "ghost_vlad", "action_vlad"}


def with_one(value, shape, elsewhere):
    """A batch in which example k has `value` as its k-th number."""
    count = int(np.prod(shape))
    x = np.full((count, *shape), float(elsewhere))
    np.fill_diagonal(x.reshape(count, count), value)
    return x


def test_no_op_is_forgotten():
    tested = {*SUMS, *IN_OTHER_WORDS}
    place = "SUMS or IN_OTHER_WORDS in tests/library/test_nan.py"
    complete(tested, place, {*OPS, "unfold", "fold"})


@pytest.mark.parametrize("name", OPS)
def test_nan_signals_nothing(name):
    """What is no number is no error of arithmetic: no op warns of it."""
    for argument, array in GOOD[name].items():
        if isinstance(array, np.ndarray) and array.dtype.kind == "f":
            spoilt = array.copy()
            spoilt.flat[0] = np.nan
            with np.errstate(all="raise", under="ignore"):
                getattr(cn, name)(**GOOD[name] | {argument: spoilt})


@pytest.mark.parametrize("value", [np.nan, np.inf])
@pytest.mark.parametrize("name", SUMS)
def test_reaches_what_sees_it(name, value):
    op, shape = SUMS[name]
    sees = op(with_one(1, shape, elsewhere=0)) > 0
    assert sees.any()
    y = op(with_one(value, shape, elsewhere=1))
    np.testing.assert_array_equal(np.isnan(y), sees & np.isnan(value))
    np.testing.assert_array_equal(np.isinf(y), sees & np.isinf(value))


@pytest.mark.parametrize("layer", [Linear(3), Conv2d(2, 2), LocalConv2d(2, 3)])
def test_nan_reaches_what_the_matrix_connects(layer, rng):
    shape = (8,) if isinstance(layer, Linear) else (2, 4, 4)
    sees = weight_ids(layer, shape) >= 0  # (outputs, inputs)
    x = with_one(np.nan, shape, elsewhere=1)
    y = layer.apply(layer.init(shape, rng), x)
    np.testing.assert_array_equal(np.isnan(y).reshape(len(x), -1), sees.T)


RESIZED = {  # some places fall on a pixel, some between two, some outside
    (5, 7): [
        {"size": (8, 4)},
        {"size": (2, 10)},
        {"size": (5, 7)},
        {"size": (9, 13)},
        {"size": (1, 14)},
        {"scale_factor": (3, 0.5)},
    ],
    (3, 2, 4): [{"size": (6, 2, 7)}, {"scale_factor": (1, 2, 0.5)}],
}
MODES = {2: ["nearest", "bilinear", "bicubic"], 3: ["nearest", "trilinear"]}
RESIZINGS = [
    (before, {"mode": mode, "align_corners": aligned} | target)
    for before, targets in RESIZED.items()
    for mode in MODES[len(before)]
    for aligned in (False, True)
    for target in targets
    if mode != "nearest" or not aligned
]


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize(("before", "options"), RESIZINGS)
def test_resizing_lets_through_what_is_connected(before, options, value):
    """Forward and back; a weight of zero is no connection."""
    factors = options.get("scale_factor", (None,) * len(before))
    scaled = [int(n * (r or 0)) for n, r in zip(before, factors, strict=True)]
    share = np.ones((1, 1))  # of each input in each output
    for axis in zip(before, options.get("size", scaled), factors, strict=True):
        mode = options["mode"], options["align_corners"]
        share = np.kron(share, oracle_smooth.shares(*axis, *mode))
    x = with_one(value, (1, *before), elsewhere=1)
    y = cn.interpolate(x, **options)
    dy = with_one(value, y.shape[1:], elsewhere=1)
    _, pullback = cn.interpolate.vjp(np.zeros((len(dy), *x.shape[1:])), **options)
    (dx,) = pullback(dy)
    for result, weight in ((y, share.T), (dx, share)):
        flat, reached = result.reshape(len(result), -1), weight != 0
        np.testing.assert_array_equal(flat[reached], value * np.sign(weight[reached]))
        assert np.isfinite(flat[~reached]).all()


def test_infinities_of_both_signs_meet_in_silence():
    with np.errstate(all="raise"):
        y = cn.interpolate(np.full((1, 1, 4, 4), np.inf), size=(6, 6), mode="bicubic")
    assert np.isnan(y).any()


def test_a_nan_in_the_gradient_of_one_output():
    _, pullback = cn.interpolate.vjp(np.zeros((1, 1, 1, 4)), size=(1, 8))
    dy = np.ones((1, 1, 1, 8))
    dy[..., 0] = np.nan
    np.testing.assert_array_equal(pullback(dy)[0].ravel(), [np.nan, 2, 2, 2])


OF_POOLS = [
    {"kernel_size": 2},
    {"kernel_size": 3, "stride": 2, "padding": 1, "ceil_mode": True},
    {"kernel_size": (2, 3), "stride": 1, "dilation": (2, 1)},
]


@pytest.mark.parametrize("options", OF_POOLS)
def test_nan_wins_every_maximum_that_sees_it(options):
    shape = (2, 6, 5)
    sees = cn.max_pool2d(with_one(0, shape, elsewhere=-np.inf), **options) == 0
    x = with_one(np.nan, shape, elsewhere=1)
    y, indices = cn.max_pool2d(x, **options, return_indices=True)
    np.testing.assert_array_equal(np.isnan(y), sees)
    k = np.broadcast_to(np.arange(60)[:, None, None, None], y.shape)
    np.testing.assert_array_equal(indices[sees], k[sees] % 30)
    infinite = cn.max_pool2d(with_one(np.inf, shape, elsewhere=1), **options)
    np.testing.assert_array_equal(np.isinf(infinite), sees)


@pytest.mark.parametrize("options", OF_POOLS)
def test_of_nans_the_last_wins_and_gets_the_gradient(options):
    x = np.full((1, 1, 6, 5), np.nan)
    x[..., 1::2] = np.inf
    (y, indices), pullback = cn.max_pool2d.vjp(x, **options, return_indices=True)
    assert np.isnan(y).all()
    places = np.arange(30.0).reshape(x.shape)
    places[~np.isnan(x)] = -np.inf
    np.testing.assert_array_equal(indices, cn.max_pool2d(places, **options))
    (dx,) = pullback(np.ones_like(y))
    np.testing.assert_array_equal(dx.ravel(), np.bincount(indices.ravel(), None, 30))


@pytest.mark.parametrize("options", OF_POOLS)
def test_gradients_of_maxima_reach_their_places_alone(options, rng):
    x = rng.standard_normal((1, 1, 6, 5))
    (y, indices), pullback = cn.max_pool2d.vjp(x, **options, return_indices=True)
    for bad in (np.nan, np.inf):
        dy = np.zeros_like(y)
        dy[..., 1, 0] = bad
        expected = np.zeros(30)
        expected[indices[0, 0, 1, 0]] = bad
        np.testing.assert_array_equal(pullback(dy)[0].ravel(), expected)


def test_nan_wins_over_infinity_and_passes_a_relu():
    x = np.zeros((4, 1, 2, 2))
    np.fill_diagonal(x.reshape(4, 4), np.nan)
    x[:, 0, 1, 0] += np.inf
    y, indices = cn.max_pool2d(x, 2, return_indices=True)
    assert np.isnan(y).all()
    assert indices.ravel().tolist() == [0, 1, 2, 3]
    np.testing.assert_array_equal(np.isnan(cn.relu(x)), np.isnan(x))
    np.testing.assert_array_equal(cn.relu(np.array([np.inf, -np.inf])), [np.inf, 0])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_what_a_relu_stops_has_no_gradient(dtype):
    x = np.array([-1, -0.0, 0, -np.inf, 1, np.nan], dtype)
    y, pullback = cn.relu.vjp(x)
    assert not np.signbit(y[:4]).any()
    for bad in (np.nan, np.inf, -np.inf):
        (dx,) = pullback(np.full(6, bad, dtype))
        np.testing.assert_array_equal(dx, [0, 0, 0, 0, bad, bad])


@pytest.mark.parametrize("op", [cn.softmax, cn.log_softmax])
def test_nan_reaches_all_probabilities_of_its_row(op):
    x = np.zeros((2, 3, 4))
    x[1, 2, 3] = np.nan
    expected = np.zeros(x.shape, bool)
    expected[1, :, 3] = True
    np.testing.assert_array_equal(np.isnan(op(x, 1)), expected)


def test_infinite_scores():
    """The impossible has a probability of zero; the infinitely likely is undefined."""
    x = np.array([0.0, -np.inf, 0.0])
    np.testing.assert_array_equal(cn.softmax(x, 0), [0.5, 0, 0.5])
    assert cn.log_softmax(x, 0)[1] == -np.inf
    assert cn.cross_entropy(x[None], np.array([1])) == np.inf
    with np.errstate(all="raise", under="ignore"):
        assert np.isnan(cn.softmax(-x, 0)).all()
        far = np.array([-3e38, 3e38], np.float32)
        np.testing.assert_array_equal(cn.softmax(far, 0), [0, 1])


def test_nan_reaches_the_loss():
    logits = np.zeros((3, 2))
    logits[1, 0] = np.nan
    assert np.isnan(cn.cross_entropy(logits, np.array([0, 1, 0])))
    _, pullback = cn.cross_entropy.vjp(logits, np.array([0, 1, 0]))
    dlogits, _ = pullback(np.array(1.0))
    assert np.isnan(dlogits).any(axis=1).tolist() == [False, True, False]


@pytest.mark.parametrize("normalize", [False, True])
@pytest.mark.parametrize("name", ["vlad", "netvlad", "ghost_vlad", "action_vlad"])
def test_nan_reaches_the_vector_of_its_example(name, normalize, rng):
    frames = (2,) if name == "action_vlad" else ()
    x = rng.standard_normal((3, *frames, 4, 2, 2))
    x[1, ..., 2, 0, 1] = np.nan
    centers = rng.standard_normal((5, 4))
    soft = () if name == "vlad" else cn.netvlad_init(centers, 1.0)
    ghosts = {"n_ghost": 2} if name == "ghost_vlad" else {}
    y = getattr(cn, name)(x, *soft, centers, **ghosts, normalize=normalize)
    found = np.isnan(y).reshape(3, -1, 4)
    assert not found[[0, 2]].any()
    if normalize or name != "vlad":  # the length, or the assignment, is not known
        assert found[1].all()
    else:
        assert np.argwhere(found[1]).tolist() == [[0, 2]]
