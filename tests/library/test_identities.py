"""What one op is in terms of others, and what it leaves as it is."""

import draws
import numpy as np
import pytest
import strategies
from hypothesis import assume, given
from hypothesis import strategies as st

from conv_notes import (
    Upsample,
    action_vlad,
    conv2d,
    conv_transpose2d,
    dynamic_conv2d,
    ghost_vlad,
    interpolate,
    max_pool2d,
    max_unpool2d,
    netvlad,
    netvlad_init,
    partial_conv2d,
    pixel_shuffle,
    softmax,
    vlad,
)

UNGROUPED = strategies.convolutions("conv2d", most_groups=1)


def assert_same(actual, expected):
    np.testing.assert_array_equal(actual, expected, strict=True)


def assert_close(actual, expected):
    np.testing.assert_allclose(actual, expected, rtol=1e-9, atol=1e-9)


# Ways up


@given(strategies.transposed(), st.data())
def test_conv_transpose2d_is_the_transpose_of_conv2d(case, data):
    z, weight, _ = case.arrays
    up = conv_transpose2d(z, weight, **case.options)
    x = data.draw(draws.whole(up.shape, z.dtype))
    options = {**case.options}
    del options["output_padding"]
    down = conv2d(x, weight, **options)
    assume(down.shape == z.shape)  # not where a dilation allows for more extra rows
    assert np.vdot(down, z) == np.vdot(x, up)


def test_conv_transpose2d_where_all_that_is_painted_is_cut_off():
    one = np.ones((1, 1, 1, 1))
    y = conv_transpose2d(one, one, stride=4, padding=1, output_padding=3)
    assert_same(y, np.zeros((1, 1, 2, 2)))


@given(draws.numbers(1, 3), draws.whole((2, 3, 2, 4)), st.data())
def test_pixel_shuffle_of_a_1x1_convolution_is_a_transposed_one(r, x, data):
    weight = data.draw(draws.whole((3, 2, r, r)))
    rows = weight.transpose(1, 2, 3, 0).reshape(-1, 3, 1, 1)
    up = conv_transpose2d(x, weight, stride=r)
    assert_same(pixel_shuffle(conv2d(x, rows), r), up)


def test_unpooling_is_undone_by_pooling(rng):
    x = np.abs(rng.standard_normal((2, 3, 7, 6)))
    y, indices = max_pool2d(x, 2, return_indices=True)
    back = max_unpool2d(y, indices, 2, output_size=(7, 6))
    assert back.shape == x.shape
    assert_same(back[back != 0], x[back != 0])
    assert_same(max_pool2d(back, 2), y)


# Resizing

MODES = ["nearest", "bilinear", "bicubic"]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("r", [2, 3, 4])
def test_upsampling_is_a_transposed_convolution_inside(mode, r, rng):
    """With the kernel that one bright pixel is resized to."""
    bright = np.zeros((1, 1, 9, 9))
    bright[..., 4, 4] = 1
    window, _ = Upsample(scale_factor=r, mode=mode).windows
    first = 4 * r - window.padding
    seen = slice(first, first + window.kernel_size)
    kernel = interpolate(bright, scale_factor=r, mode=mode)[..., seen, seen]
    assert kernel.sum() == pytest.approx(r * r)
    x = rng.standard_normal((2, 1, 8, 7))
    up = interpolate(x, scale_factor=r, mode=mode)
    painted = conv_transpose2d(x, kernel, stride=r, padding=window.padding)
    inside = (..., slice(2 * r, -2 * r), slice(2 * r, -2 * r))
    assert_close(up[inside], painted[inside])


def test_bilinear_upsampling_by_two_is_a_known_kernel(rng):
    x = rng.standard_normal((2, 1, 6, 5))
    row = np.array([1, 3, 3, 1]) / 4
    up = interpolate(x, scale_factor=2, mode="bilinear")
    painted = conv_transpose2d(x, np.outer(row, row)[None, None], stride=2, padding=1)
    assert_close(up[..., 1:-1, 1:-1], painted[..., 1:-1, 1:-1])
    assert not np.allclose(up[..., 0, :], painted[..., 0, :])  # at the edges it is not


@given(strategies.resizings())
def test_a_constant_stays_constant(case):
    x = np.full_like(case.arrays[0], 3)
    y = case(x)
    np.testing.assert_allclose(y, np.full_like(y, 3), rtol=1e-5)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("align_corners", [False, True])
def test_the_same_size_changes_nothing(mode, align_corners, rng):
    x = rng.standard_normal((2, 1, 5, 4))
    aligned = align_corners and mode != "nearest"
    assert_same(interpolate(x, size=(5, 4), mode=mode, align_corners=aligned), x)


@pytest.mark.parametrize("mode", ["bilinear", "bicubic"])
def test_aligned_corners_stay(mode, rng):
    x = rng.standard_normal((1, 1, 5, 4))
    y = interpolate(x, size=(8, 9), mode=mode, align_corners=True)
    ends = slice(None, None, 4), slice(None, None, 3)
    assert_close(y[0, 0, ::7, ::8], x[0, 0][ends])


def test_a_ramp_stays_a_ramp():
    ramp = np.add.outer(5 * np.arange(4.0), np.arange(6.0))[None, None]
    y = interpolate(ramp, size=(7, 11), mode="bilinear", align_corners=True)
    assert_close(y[0, 0], np.add.outer(2.5 * np.arange(7), np.arange(11) / 2))


# Mixed kernels, missing pixels


@given(strategies.dynamics(), st.data())
def test_dynamic_with_all_attention_on_one_kernel_is_conv(case, data):
    x, weight, attention, bias = case.arrays
    k = data.draw(draws.numbers(0, len(weight) - 1))
    attention = np.zeros_like(attention)
    attention[:, k] = 1
    expected = conv2d(x, weight[k], None if bias is None else bias[k], **case.options)
    assert_same(dynamic_conv2d(x, weight, attention, bias, **case.options), expected)


@given(UNGROUPED)
def test_partial_with_a_full_mask_is_conv_inside(case):
    x, weight, bias = case.arrays
    options = {**case.options, "padding": 0}
    axes = zip(x.shape[2:], weight.shape[2:], case.full["dilation"], strict=True)
    assume(all(d * (k - 1) < n for n, k, d in axes))
    mask = np.ones((len(x), 1, *x.shape[2:]), int)
    y, new_mask = partial_conv2d(x, mask, weight, bias, **options)
    assert_same(y, conv2d(x, weight, bias, **options))
    assert new_mask.all()


@given(strategies.partials(), st.sampled_from([np.nan, np.inf, 1e30]))
def test_what_lies_in_a_hole_does_not_matter(case, value):
    x, mask, weight, bias = case.arrays
    spoiled = np.where(mask == 1, x, x.dtype.type(value))
    arrays = spoiled, mask, weight, bias
    (y, new_mask), pullback = case.vjp(*arrays)
    (expected, expected_mask), expected_pullback = case.vjp()
    assert_same(y, expected)
    assert_same(new_mask, expected_mask)
    for grad, same in zip(pullback(y), expected_pullback(y), strict=True):
        if same is not None:
            assert_same(grad, same)
    assert not pullback(y)[0][np.broadcast_to(mask == 0, x.shape)].any()


@given(strategies.partials())
def test_a_mean_over_known_pixels_of_a_constant_is_that_constant(case):
    x, mask, weight, _ = case.arrays
    mean = np.full(weight.shape, 1 / weight[0].size, x.dtype)
    y, new_mask = case(np.full_like(x, 5), mask, mean, None)
    expected = 5 * np.broadcast_to(new_mask, y.shape).astype(x.dtype)
    np.testing.assert_allclose(y, expected, rtol=1e-5)


def test_holes_close_from_their_edge():
    mask = np.ones((1, 1, 9, 9), int)
    mask[..., 2:7, 2:7] = 0
    sizes = []
    while mask.min() == 0:
        sizes.append(int((mask == 0).sum()))
        x, weight = np.zeros(mask.shape), np.ones((1, 1, 3, 3))
        _, grown = partial_conv2d(x, mask, weight, padding=1)
        assert (grown >= mask).all()
        mask = grown
    assert sizes == [25, 9, 1]


# VLAD


def assignment(rng, clusters=4, d=3):
    """Weight, bias and centres."""
    shapes = (clusters, d), (clusters,), (clusters, d)
    return [rng.standard_normal(shape) for shape in shapes]


@pytest.mark.parametrize("normalize", [False, True])
def test_a_hard_assignment_is_vlad(normalize, rng):
    x, centers = rng.standard_normal((2, 3, 4, 5)), rng.standard_normal((4, 3))
    weight, bias = netvlad_init(centers, 1e5)
    y = netvlad(x, weight, bias, centers, normalize=normalize)
    assert_close(y, vlad(x, centers, normalize=normalize))
    soft = netvlad(x, *netvlad_init(centers, 0.1), centers, normalize=normalize)
    assert not np.allclose(soft, y, rtol=0.1)


def test_netvlad_init_assigns_by_distance(rng):
    x, centers = rng.standard_normal((6, 3)), rng.standard_normal((4, 3))
    weight, bias = netvlad_init(centers, 0.7)
    squares = ((x[:, None] - centers) ** 2).sum(axis=2)
    expected = softmax(-0.7 * squares, axis=1)
    assert_close(softmax(x @ weight.T + bias, axis=1), expected)


@pytest.mark.parametrize("normalize", [False, True])
def test_the_order_of_descriptors_does_not_matter(normalize, rng):
    x, arrays = rng.standard_normal((2, 3, 4, 5)), assignment(rng)
    shuffled = rng.permuted(x.reshape(2, 3, 20), axis=2)  # each number on its own
    mixed = x.reshape(2, 3, 20)[:, :, rng.permutation(20)]
    y = netvlad(x, *arrays, normalize=normalize)
    for size in ((4, 5), (2, 10), (1, 20)):
        assert_close(
            netvlad(mixed.reshape(2, 3, *size), *arrays, normalize=normalize), y
        )
    other = netvlad(shuffled.reshape(x.shape), *arrays, normalize=normalize)
    assert not np.allclose(other, y)


def test_vlad_vectors_have_length_one_and_do_not_grow_with_the_image(rng):
    x, arrays = rng.standard_normal((2, 3, 4, 5)), assignment(rng)
    twice = np.concatenate([x, x], axis=3)
    for op, rest in ((netvlad, arrays), (vlad, arrays[2:])):
        y = op(x, *rest)
        assert y.shape == (2, 12)
        assert_close(np.linalg.norm(y, axis=1), 1)
        assert_close(op(twice, *rest), y)
        raw = op(x, *rest, normalize=False)
        assert_close(op(twice, *rest, normalize=False), 2 * raw)


def test_no_descriptors_or_only_centres_give_zero(rng):
    centers = rng.standard_normal((4, 3))
    assert not vlad(np.zeros((2, 3, 0, 5)), centers).any()
    x = centers.T.reshape(1, 3, 2, 2)
    assert not vlad(x, centers).any()


@given(strategies.vlads("netvlad"))
def test_without_ghosts_ghost_vlad_is_netvlad(case):
    assert_same(ghost_vlad(*case.arrays, n_ghost=0, **case.options), case())


def test_centres_of_ghosts_have_no_effect(rng):
    x, (weight, bias, centers) = rng.standard_normal((2, 3, 4, 5)), assignment(rng)
    y = ghost_vlad(x, weight, bias, centers, 2)
    centers[2:] = np.nan
    assert_same(ghost_vlad(x, weight, bias, centers, 2), y)
    strong = bias + 50 * np.eye(4)[3]
    assert_close(ghost_vlad(x, weight, strong, centers, 2, normalize=False), 0)


@given(strategies.vlads("action_vlad", dtypes=st.just(np.float64)))
def test_action_vlad_is_netvlad_of_the_frames_side_by_side(case):
    x, *rest = case.arrays
    side_by_side = np.concatenate([*np.moveaxis(x, 1, 0)], axis=-1)
    assert_close(case(), netvlad(side_by_side, *rest, **case.options))


@pytest.mark.parametrize("normalize", [False, True])
def test_the_order_of_frames_does_not_matter(normalize, rng):
    x, arrays = rng.standard_normal((2, 3, 3, 2, 2)), assignment(rng)
    y = action_vlad(x, *arrays, normalize=normalize)
    assert_close(action_vlad(x[:, ::-1], *arrays, normalize=normalize), y)
