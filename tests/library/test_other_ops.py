"""Transposed convolution, averages, unpooling, pixel shuffle and the way to a loss."""

import itertools

import numpy as np
import pytest

import conv_notes as cn


def normal(rng, *shapes):
    return [rng.standard_normal(shape) for shape in shapes]


def slopes(op, arrays, rng, **options):
    """Pairs of a gradient and a difference quotient, along a random direction each."""
    y, pullback = op.vjp(*arrays, **options)
    dy = rng.standard_normal(np.shape(y))
    for k, grad in enumerate(pullback(dy)):
        if grad is None:
            continue
        step = 1e-6 * rng.standard_normal(arrays[k].shape)
        up, down = (
            op(*arrays[:k], arrays[k] + sign * step, *arrays[k + 1 :], **options)
            for sign in (1, -1)
        )
        yield np.vdot(grad, 2 * step), np.vdot(dy, up - down)


TRANSPOSED = [
    {"stride": s, "padding": p, "dilation": d, "groups": g, "output_padding": e}
    for s, p, d, g, e in itertools.product(
        (1, (2, 3)), (0, (1, 0)), (1, (2, 1)), (1, 2), (0, (1, 0))
    )
    if e == 0 or s != 1
]


def painted(x, weight, *, stride, padding, dilation, groups, output_padding):
    """Transposed convolution by its definition: each input value paints its kernel."""
    (sh, sw), (ph, pw), (dh, dw), (eh, ew) = (
        (v, v) if isinstance(v, int) else v
        for v in (stride, padding, dilation, output_padding)
    )
    n, channels, height, width = x.shape
    _, per_group, kh, kw = weight.shape
    out = per_group * groups
    canvas = np.zeros(
        (n, out, (height - 1) * sh + (kh - 1) * dh + 1 + eh,
         (width - 1) * sw + (kw - 1) * dw + 1 + ew)
    )  # fmt: skip
    for c, m, i, j, a, b in np.ndindex(channels, per_group, height, width, kh, kw):
        target = c // (channels // groups) * per_group + m
        row, col = i * sh + a * dh, j * sw + b * dw
        canvas[:, target, row, col] += x[:, c, i, j] * weight[c, m, a, b]
    rows, cols = canvas.shape[2:]
    return canvas[:, :, ph : rows - ph, pw : cols - pw]


@pytest.mark.parametrize("options", TRANSPOSED, ids=str)
def test_conv_transpose2d_is_its_definition(options, rng):
    groups = options["groups"]
    x, w, b = normal(rng, (2, 2 * groups, 3, 4), (2 * groups, 3, 3, 2), (3 * groups,))
    expected = painted(x, w, **options) + b[:, None, None]
    np.testing.assert_allclose(cn.conv_transpose2d(x, w, b, **options), expected)
    for gradient, difference in slopes(cn.conv_transpose2d, [x, w, b], rng, **options):
        assert gradient == pytest.approx(difference, rel=1e-6)


def test_conv_transpose2d_is_the_transpose_of_conv2d(rng):
    x, w = normal(rng, (1, 3, 9, 8), (4, 3, 3, 2))
    y = cn.conv2d(x, w, stride=2, padding=1)
    (z,) = normal(rng, y.shape)
    back = cn.conv_transpose2d(z, w, stride=2, padding=1, output_padding=(0, 0))
    h, v = back.shape[2:]  # of the sizes that a stride of 2 maps to one, the smallest
    np.testing.assert_allclose(
        np.vdot(cn.conv2d(x[:, :, :h, :v], w, stride=2, padding=1), z),
        np.vdot(x[:, :, :h, :v], back),
    )


def test_conv_transpose_output_size_is_the_way_back():
    for k, s, p, d in itertools.product((1, 2, 3), (1, 2, 3), (0, 1), (1, 2)):
        for size in range(d * (k - 1) + 1, 12):
            there = cn.conv_output_size(size, k, s, p, d)
            lost = (size + 2 * p - d * (k - 1) - 1) % s
            args = there, k, s, p, lost, d
            assert cn.conv_transpose_output_size(*args) == size


def mean_of_window(x, i, j, k, s, p, include_pad):
    height, width = x.shape
    total, count = 0.0, 0
    for a, b in np.ndindex(k, k):
        row, col = i * s + a - p, j * s + b - p
        if 0 <= row < height and 0 <= col < width:
            total, count = total + x[row, col], count + 1
        elif include_pad and row < height + p and col < width + p:
            count += 1
    return total / count


@pytest.mark.parametrize("include_pad", [False, True])
@pytest.mark.parametrize("ceil_mode", [False, True])
@pytest.mark.parametrize(("k", "s", "p"), [(2, 2, 0), (3, 2, 1), (3, 1, 1), (2, 3, 1)])
def test_avg_pool2d_is_its_definition(k, s, p, ceil_mode, include_pad, rng):
    (x,) = normal(rng, (2, 3, 7, 6))
    options = {"kernel_size": k, "stride": s, "padding": p, "ceil_mode": ceil_mode}
    options["count_include_pad"] = include_pad
    y = cn.avg_pool2d(x, **options)
    for i, j in np.ndindex(y.shape[2:]):
        expected = mean_of_window(x[1, 2], i, j, k, s, p, include_pad)
        assert y[1, 2, i, j] == pytest.approx(expected)
    for gradient, difference in slopes(cn.avg_pool2d, [x], rng, **options):
        assert gradient == pytest.approx(difference, rel=1e-6)


def test_global_avg_pool2d(rng):
    (x,) = normal(rng, (2, 3, 4, 5))
    np.testing.assert_allclose(
        cn.global_avg_pool2d(x), cn.avg_pool2d(x, (4, 5))[:, :, 0, 0]
    )
    for gradient, difference in slopes(cn.global_avg_pool2d, [x], rng):
        assert gradient == pytest.approx(difference, rel=1e-6)


def test_unpooling_is_undone_by_pooling(rng):
    x = np.abs(normal(rng, (2, 3, 7, 6))[0])
    y, indices = cn.max_pool2d(x, 2, return_indices=True)
    back = cn.max_unpool2d(y, indices, 2, output_size=(7, 6))
    assert back.shape == x.shape
    kept = back != 0
    np.testing.assert_array_equal(back[kept], x[kept])
    np.testing.assert_array_equal(cn.max_pool2d(back, 2), y)
    _, pullback = cn.max_unpool2d.vjp(y, indices, 2, output_size=(7, 6))
    dy = rng.standard_normal(x.shape)
    dx, none = pullback(dy)
    assert none is None
    assert np.vdot(back, dy) == pytest.approx(np.vdot(y, dx))


def test_pixel_shuffle_is_its_definition(rng):
    (x,) = normal(rng, (2, 12, 3, 4))
    y = cn.pixel_shuffle(x, 2)
    assert y.shape == (2, 3, 6, 8)
    for c, i, j, a, b in np.ndindex(3, 3, 4, 2, 2):
        assert y[1, c, 2 * i + a, 2 * j + b] == x[1, 4 * c + 2 * a + b, i, j]
    _, pullback = cn.pixel_shuffle.vjp(x, 2)
    np.testing.assert_array_equal(pullback(y)[0], x)


@pytest.mark.parametrize("axis", [0, 1, -1])
def test_softmax_is_its_definition(axis, rng):
    (x,) = normal(rng, (3, 4, 5))
    expected = np.exp(x) / np.exp(x).sum(axis=axis, keepdims=True)
    np.testing.assert_allclose(cn.softmax(x, axis), expected)
    np.testing.assert_allclose(cn.softmax(x + 1e4, axis), expected, rtol=1e-9)
    np.testing.assert_allclose(cn.log_softmax(x, axis), np.log(expected))
    for op in (cn.softmax, cn.log_softmax):
        for gradient, difference in slopes(op, [x], rng, axis=axis):
            assert gradient == pytest.approx(difference, rel=1e-5)


def test_cross_entropy_is_its_definition(rng):
    (logits,) = normal(rng, (3, 4))
    labels = np.array([0, 3, 1])
    p = cn.softmax(logits, axis=1)
    expected = -np.mean([np.log(p[n, k]) for n, k in enumerate(labels)])
    assert cn.cross_entropy(logits, labels) == pytest.approx(expected)
    for gradient, difference in slopes(cn.cross_entropy, [logits, labels], rng):
        assert gradient == pytest.approx(difference, rel=1e-5)


X, W = np.ones((1, 2, 4, 4)), np.ones((2, 1, 3, 3))
INDICES = np.zeros((1, 2, 4, 4), dtype=np.int64)
REFUSED = [
    (cn.conv_transpose2d, (X, np.ones((3, 1, 3, 3))), {}, ValueError, "3.*2"),
    (cn.conv_transpose2d, (X, W), {"groups": 3}, ValueError, "groups=3"),
    (
        cn.conv_transpose2d,
        (X, W),
        {"output_padding": 1},
        ValueError,
        "output_padding=1",
    ),
    (
        cn.conv_transpose2d,
        (X, W),
        {"padding": 3},
        ValueError,
        "padding=3 leaves nothing",
    ),
    (cn.conv_transpose2d, (X, W[0]), {}, ValueError, "weight must have 4 axes"),
    (cn.conv_transpose2d, (X, W.astype(int)), {}, TypeError, "weight.*int64"),
    (cn.avg_pool2d, (X, 3), {"padding": 2}, ValueError, "padding=2, kernel_size=3"),
    (cn.avg_pool2d, (X[0], 3), {}, ValueError, "x must have 4 axes"),
    (cn.avg_pool2d, (X, 5), {}, ValueError, "spans 5.*only 4"),
    (cn.global_avg_pool2d, (X[:, :, :0],), {}, ValueError, r"\(1, 2, 0, 4\)"),
    (cn.max_unpool2d, (X, INDICES + 64, 2), {}, ValueError, "0 to 63.*64 to 64"),
    (cn.max_unpool2d, (X, INDICES - 1, 2), {}, ValueError, "-1 to -1"),
    (
        cn.max_unpool2d,
        (X, INDICES[:, :1], 2),
        {},
        ValueError,
        "indices must have shape",
    ),
    (cn.max_unpool2d, (X, X, 2), {}, TypeError, "indices.*float64"),
    (cn.pixel_shuffle, (X, 2), {}, ValueError, "upscale_factor=2.*4 channels, got 2"),
    (cn.pixel_shuffle, (X, 0), {}, ValueError, "upscale_factor must be at least 1"),
    (cn.softmax, (X, 4), {}, ValueError, "axis=4"),
    (cn.log_softmax, (X, 1.0), {}, TypeError, "axis must be an int"),
    (cn.cross_entropy, (X[0, 0], np.array([0, 1, 2, 4])), {}, ValueError, "0 to 3.*4"),
    (cn.cross_entropy, (X[0, 0], np.zeros(4)), {}, TypeError, "labels.*float64"),
    (cn.cross_entropy, (X[0, 0], np.zeros(3, int)), {}, ValueError, r"\(4,\).*\(3,\)"),
    (
        cn.conv_transpose_output_size,
        (4, 3, 2, 0, 2),
        {},
        ValueError,
        "output_padding=2",
    ),
    (cn.conv_transpose_output_size, (1, 1, 1, 1), {}, ValueError, "padding=1 leaves"),
]


@pytest.mark.parametrize(("op", "args", "options", "error", "message"), REFUSED)
def test_bad_input_is_named(op, args, options, error, message):
    with pytest.raises(error, match=f"{op.__name__}: .*{message}"):
        op(*args, **options)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_dtype_is_kept_and_empty_batches_pass(dtype):
    for n in (0, 2):
        x, w = np.ones((n, 4, 4, 4), dtype), np.ones((4, 1, 3, 3), dtype)
        calls = [
            cn.conv_transpose2d.vjp(x, w),
            cn.avg_pool2d.vjp(x, 2),
            cn.global_avg_pool2d.vjp(x),
            cn.max_unpool2d.vjp(x, np.zeros(x.shape, int), 2),
            cn.pixel_shuffle.vjp(x, 2),
            cn.softmax.vjp(x, 1),
            cn.log_softmax.vjp(x, 1),
        ]
        for y, pullback in calls:
            assert y.dtype == dtype
            assert pullback(y)[0].dtype == dtype
