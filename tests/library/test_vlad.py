"""VLAD where rounding, overflow or NaN could decide: the right value all the same."""

import draws
import numpy as np
import oracle_smooth
import pytest
from hypothesis import given
from hypothesis import strategies as st

import conv_notes as cn

NAMES = ["vlad", "netvlad", "ghost_vlad", "action_vlad"]
every_op = pytest.mark.parametrize("name", NAMES)
both_dtypes = pytest.mark.parametrize("dtype", [np.float32, np.float64])


def image(points, dtype=np.float64):
    """Descriptors, or numbers, as one example (1, D, 1, P)."""
    return np.array(points, dtype).reshape(len(points), -1).T[None, :, None].copy()


def words(*centers, dtype=np.float64):
    return np.array(centers, dtype).reshape(len(centers), -1)


def vjp(name, x, centers, normalize=True):
    """The op on the same descriptors, equally shared where shares are soft."""
    op, clusters = getattr(cn, name), len(centers)
    if name == "vlad":
        return op.vjp(x, centers, normalize=normalize)
    options = {}
    if name == "ghost_vlad":
        options["n_ghost"] = 1
        centers = np.concatenate([centers, np.full_like(centers[:1], np.nan)])
    if name == "action_vlad":
        x = x[:, None]
    weight, bias = np.zeros_like(centers), np.zeros_like(centers[:, 0])
    bias[clusters:] = -100  # nothing for the ghost
    return op.vjp(x, weight, bias, centers, normalize=normalize, **options)


# What is zero but for rounding


NOTHING = {
    "all on the centre": ([0.1] * 6, 0.1),
    "computed in two ways": ([0.1 + 0.2], 0.3),
    "around the centre": ([0.3, -0.1], 0.1),
    "far away, around the centre": ([100.1, 100.2, 100.3], 100.2),
    "adding up to nothing": ([0.1, 0.2, -0.3], 0),
    "many, adding up to nothing": ([0.1] * 7000 + [-0.7] * 1000, 0),
}


@both_dtypes
@every_op
@pytest.mark.parametrize("where", NOTHING)
def test_rounding_is_not_made_a_unit_vector(where, name, dtype):
    """And a zero passes nothing on, not even NaN."""
    points, center = NOTHING[where]
    x = image([(p, -p) for p in points], dtype)
    y, pullback = vjp(name, x, words((center, -center), dtype=dtype))
    np.testing.assert_array_equal(y, np.zeros_like(y))
    for dy in (1, np.nan):
        for grad in pullback(np.full_like(y, dy)):
            np.testing.assert_array_equal(grad, np.zeros_like(grad))


@both_dtypes
@every_op
def test_small_is_not_zero(name, dtype):
    """A few units in the last place are a direction."""
    eps = np.finfo(dtype).eps
    x = image([(1, 1), (1 + 8 * eps, 1), (1, 1 + 8 * eps), (1, 1)], dtype)
    y, _ = vjp(name, x, words((1, 1), dtype=dtype))
    np.testing.assert_allclose(y, [[0.5**0.5, 0.5**0.5]], rtol=1e-6)


@both_dtypes
@pytest.mark.parametrize("far", [*np.linspace(0.5, 0.8, 9)])
def test_rounding_of_shares_is_not_made_a_unit_vector(far, dtype):
    """Around the second of three centres, with large scores that round."""
    x, centers = image([far, -far], dtype), words(-2, 0, 2, dtype=dtype)
    weight, bias = words(1001, 1000, 999, dtype=dtype), np.array([-1, 0, -1], dtype)
    y, pullback = cn.netvlad.vjp(x, weight, bias / 3, centers)
    np.testing.assert_allclose(y, [[0.5**0.5, 0, -(0.5**0.5)]], rtol=1e-6)
    dx, *_, dcenters = pullback(y)
    assert not dcenters.any()
    assert not dx.any()


@every_op
def test_a_zero_row_leaves_the_others_alone(name, rng):
    x, centers = rng.standard_normal((2, 3, 2, 2)), rng.standard_normal((2, 3))
    x[1] = centers[1][:, None, None]  # and of the second example, all are there
    y, pullback = vjp(name, x, centers)
    assert not y[1, 3:].any()
    dy = rng.standard_normal(y.shape)
    grads = pullback(dy)
    dy[1, 3:] = np.nan
    for grad, same in zip(grads, pullback(dy), strict=True):
        np.testing.assert_array_equal(grad, same)


# Far from the origin


def test_the_nearest_centre_is_found_far_from_the_origin():
    x, centers = image([10000.25], np.float32), words(10000, 10001, dtype=np.float32)
    assert cn.vlad(x, centers, normalize=False).tolist() == [[0.25, 0]]
    y = cn.netvlad(x, *cn.netvlad_init(centers, 10.0), centers, normalize=False)
    a = 1 / (1 + np.exp(-5))
    np.testing.assert_allclose(y, [[0.25 * a, -0.75 * (1 - a)]], rtol=1e-4)


def test_what_scores_have_in_common_costs_no_digits():
    """Three million here, where float32 knows quarters."""
    x, centers = image([3000.3, 3000.4], np.float32), words(3000, 3001)
    arrays = words(1001, 1000), np.array([-3000.0, 0.0]), centers
    arrays = [array.astype(np.float32) for array in arrays]
    y = cn.netvlad(x, *arrays, normalize=False)
    expected = oracle_smooth.netvlad(x, *arrays, normalize=False)
    np.testing.assert_allclose(y, expected, rtol=1e-6)


distances = st.sampled_from([0, 100, -1e4, 1e6])


@given(st.sampled_from(NAMES), draws.dtypes, distances, st.data())
def test_residuals_far_from_the_origin(name, dtype, offset, data):
    """With one centre as far again, and the others where the descriptors are."""
    x = data.draw(draws.normal((2, 3, 2, 4))) + offset
    centers = data.draw(draws.normal((4, 3))) + offset
    centers[3] *= -10
    x, centers = x.astype(dtype), centers.astype(dtype)
    y, _ = vjp(name, x, centers, normalize=False)
    expected = oracle_smooth.vlad(x, centers, normalize=False)
    if name != "vlad":
        share = np.zeros_like(centers), np.zeros_like(centers[:, 0])
        expected = oracle_smooth.netvlad(x, *share, centers, normalize=False)
    eps = np.finfo(dtype).eps
    np.testing.assert_allclose(y, expected, rtol=100 * eps, atol=100 * eps)


@given(draws.dtypes, distances, st.data())
def test_shares_far_from_the_origin(dtype, offset, data):
    """Scores are as certain as the larger of their parts allows."""
    x = (data.draw(draws.normal((1, 2, 2, 4))) + offset).astype(dtype)
    centers = (data.draw(draws.normal((4, 2))) + offset).astype(dtype)
    weight, bias = cn.netvlad_init(centers, 2.0)
    assert (weight.dtype, bias.dtype) == (dtype, dtype)
    apart = x[:, None] - centers[:, :, None, None].astype(float)
    shares = cn.softmax(-2 * (apart**2).sum(axis=2), 1)
    v = np.einsum("nkij,nkdij->nkd", shares, apart).reshape(1, 8)
    y = cn.netvlad(x, weight, bias, centers, normalize=False)
    eps, size = np.finfo(dtype).eps, 1 + abs(offset)
    in_the_paper = 50 * eps * size**2
    uncertain = in_the_paper if in_the_paper < 1 / 8 else 50 * eps * size
    np.testing.assert_allclose(y, v, rtol=0, atol=8 * uncertain)


def test_weights_near_the_origin_are_those_of_the_paper(rng):
    centers = rng.standard_normal((5, 3)).astype(np.float32)
    weight, bias = cn.netvlad_init(centers, 7.0)
    np.testing.assert_array_equal(weight, 14 * centers)
    np.testing.assert_allclose(bias, -7 * (centers**2).sum(axis=1), rtol=1e-6)


# Very long and very short


@both_dtypes
@every_op
def test_lengths_are_not_clamped_and_do_not_overflow(name, dtype):
    zero = words((0, 0), dtype=dtype)
    for size in (1e-30, 1e-13, 1e19, 1e30):
        y, _ = vjp(name, image([(3 * size, 4 * size)], dtype), zero)
        np.testing.assert_allclose(y, [[0.6, 0.8]], rtol=1e-6)


@both_dtypes
def test_a_short_row_beside_a_long_one(dtype):
    """However the hard assignment comes about, and in whatever order."""
    x = image([(6e-14, 8e-14), (9, 10)], dtype)
    for centers in (words((0, 0), (10, 10)), words((10, 10), (0, 0))):
        centers = centers.astype(dtype)
        expected = oracle_smooth.vlad(x, centers, normalize=True)
        init = cn.netvlad_init(centers, 10.0)
        for y in (cn.vlad(x, centers), cn.netvlad(x, *init, centers)):
            np.testing.assert_allclose(y, expected, rtol=1e-6, atol=1e-30)


units = st.sampled_from([(np.float32, 90), (np.float64, 600)])


@given(st.sampled_from(NAMES), units, st.sampled_from([-1, 1]), st.data())
def test_the_unit_of_length_does_not_matter(name, unit, sign, data):
    """Times a power of two, which does not round; gradients divided by it."""
    dtype, exponent = unit[0], sign * unit[1]
    fill = data.draw(st.sampled_from([draws.normal, draws.whole]))  # whole ones tie
    arrays = [data.draw(fill(shape, dtype)) for shape in ((2, 3, 2, 4), (4, 3))]
    y, pullback = vjp(name, *arrays)
    same, scaled = vjp(name, *(np.ldexp(v, exponent) for v in arrays))
    np.testing.assert_array_equal(same, y)
    dy = data.draw(draws.normal(y.shape, dtype))
    (dx, *_, dc), (small_dx, *_, small_dc) = pullback(dy), scaled(dy)
    np.testing.assert_array_equal(small_dx, np.ldexp(dx, -exponent))
    np.testing.assert_array_equal(small_dc, np.ldexp(dc, -exponent))


def test_a_far_cluster_has_a_direction_and_a_gradient():
    """Though its share of every descriptor, e^-95, is hardly a number in float32."""
    centers, bias = words((0, 0), (30, 40)), np.array([0.0, -95.0])
    arrays = image([(1, 0), (0, 2)]), np.zeros((2, 2)), bias, centers
    narrow = [array.astype(np.float32) for array in arrays]
    (y, pullback), (expected, exact) = (cn.netvlad.vjp(*a) for a in (narrow, arrays))
    np.testing.assert_allclose(y, expected, rtol=1e-5)
    dy = np.array([[1.0, 2, 3, 4]])
    for grad, right in zip(pullback(dy.astype(np.float32)), exact(dy), strict=True):
        np.testing.assert_allclose(grad, right, rtol=1e-4, atol=1e-6)


def test_a_cluster_without_a_share_is_zero():
    """As in hard VLAD, and it passes nothing on."""
    centers, bias = words((0, 0), (30, 40)), np.array([0.0, -1000.0])
    x = image([(1, 0), (0, 2)])
    for normalize in (True, False):
        y, pullback = cn.netvlad.vjp(
            x, np.zeros((2, 2)), bias, centers, normalize=normalize
        )
        np.testing.assert_array_equal(y, cn.vlad(x, centers, normalize=normalize))
        nan = np.array([[0, 0, np.nan, np.nan]])
        grads, same = pullback(y), pullback(y + nan)
        for grad, other in zip(grads, same, strict=True):
            np.testing.assert_array_equal(grad, other)


@both_dtypes
def test_scores_are_pulled_by_residuals(dtype, rng):
    """Also by small ones far from the middle: two clusters right, one left."""
    right, left = rng.standard_normal((4, 2)) / 1e3 + [7, 0], [-7, 1]
    x, centers = image([*right, left], dtype), words((7, 0), (7, 0), (-7, 0))
    weight = words((9, 0), (9, 0), (-9, 0)).astype(dtype)
    bias = np.array([0, 0, 1], dtype)
    arrays = x, weight, bias, centers.astype(dtype)
    _, pullback = cn.netvlad.vjp(*arrays, normalize=False)
    _, _, dbias, _ = pullback(np.array([[1, -2, 0, 0, 0, 0]], dtype))
    r = x[0, :, 0].T.astype(float) - centers[0]
    pull = (r[:4] @ [1, -2]).sum() / 4  # each has a half, and pulls both
    np.testing.assert_allclose(dbias, [pull, -pull, 0], rtol=1e-6, atol=1e-12)


@both_dtypes
def test_a_cluster_that_is_impossible_is_as_good_as_none(dtype):
    centers = words(7, -7, 0, dtype=dtype)
    weight, bias = words(20, -20, 0, dtype=dtype), np.array([0, 0, -np.inf], dtype)
    half = 0.5**0.5
    for far, expected in ((7.01, [half, -half, 0]), (7, [0, 0, 0])):
        y = cn.netvlad(image([far, -far], dtype), weight, bias, centers)
        np.testing.assert_allclose(y, [expected], rtol=1e-6)


@every_op
def test_of_nothing_nothing_is_passed_back(name):
    y, pullback = vjp(name, np.ones((2, 3, 0, 5)), np.ones((4, 3)))
    assert not y.any()
    assert not any(grad.any() for grad in pullback(np.ones_like(y)))


@pytest.mark.parametrize("shape", [(1, 1, 1000, 1000), (500_000, 1, 1, 2)])
def test_many_descriptors(shape):
    """Their sums keep their digits in float32."""
    x, rtol = np.full(shape, 0.1, np.float32), 1e-6
    for name in NAMES:
        y, pullback = vjp(name, x, words(0, dtype=np.float32), normalize=False)
        np.testing.assert_allclose(y, 1e5 / len(x), rtol=rtol)
        *_, dcenters = pullback(np.full_like(y, 0.1))
        np.testing.assert_allclose(dcenters[0], -1e5, rtol=rtol)
    y, pullback = vjp("netvlad", x, words(0, 1, dtype=np.float32), normalize=False)
    _, dweight, dbias, dcenters = pullback(np.full_like(y, 0.1))
    np.testing.assert_allclose(dcenters, [[-5e4], [-5e4]], rtol=rtol)
    np.testing.assert_allclose(dbias, [2.5e4, -2.5e4], rtol=rtol)
    np.testing.assert_allclose(dweight, [[2.5e3], [-2.5e3]], rtol=rtol)


# NaN and infinity


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_descriptor_reaches_its_own_cluster(value):
    """The first, where no centre is nearer than another."""
    x, centers = image([(1, 1), (9, 9), (value, 8)]), words((10, 10), (0, 0))
    with np.errstate(invalid="ignore"):
        y = cn.vlad(x, centers, normalize=False)
    np.testing.assert_array_equal(y, [[value, -3, 1, 1]])


def test_a_centre_that_is_nan_reaches_its_own_cluster(rng):
    x, centers = rng.standard_normal((2, 3, 2, 2)), rng.standard_normal((4, 3))
    centers[1, 2] = np.nan
    found = np.isnan(vjp("netvlad", x, centers, normalize=False)[0])
    np.testing.assert_array_equal(np.flatnonzero(found[0]), [5])


@pytest.mark.parametrize("normalize", [False, True])
def test_a_gradient_reaches_what_its_cluster_was_made_of(normalize):
    x = image([(1, 2), (2, 4), (9, 7), (8, 9), (70, 70)])
    centers = words((0, 0), (10, 10), (99, 99), (70, 71))
    y, pullback = vjp("vlad", x, centers, normalize)
    dy = np.arange(1.0, 9.0).reshape(y.shape)
    whole = pullback(dy)
    dy[0, 1] = dy[0, 4] = np.nan  # of the first, and of one that is empty
    dx, dcenters = pullback(dy)
    assert np.isnan(dx[0, 1, 0, :2]).all()
    assert np.isnan(dcenters[0, 1])
    np.testing.assert_array_equal(dx[..., 2:], whole[0][..., 2:])
    np.testing.assert_array_equal(dcenters[1:], whole[1][1:])
