"""The same values and gradients as PyTorch, where it is installed.

What PyTorch has no function for is written in it by its formula, and differentiated by
its autograd.
"""

from itertools import zip_longest

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import conv_notes as cn

torch = pytest.importorskip("torch")
F = torch.nn.functional
torch.set_num_threads(1)  # as NumPy is told to, by the settings of every test run

small = st.integers(1, 3)
pair = st.tuples(small, small)
either = small | pair
seeds = st.integers(0, 99)
TOLERANCE = {"float64": 1e-12, "float32": 1e-5}


def assert_close(ours, theirs):
    tolerance = TOLERANCE[str(ours.dtype)]
    np.testing.assert_allclose(
        ours, theirs.detach().numpy(), rtol=tolerance, atol=tolerance, strict=True
    )


def compare(op, torch_op, arrays, **options):
    """Assert equal results, and equal gradients of a random direction.

    Arrays of whole numbers, such as labels, have no gradient, and neither has what an
    op returns in second place.
    """
    tensors = [torch.tensor(a, requires_grad=a.dtype.kind == "f") for a in arrays]
    y, pullback = op.vjp(*arrays, **options)
    expected = torch_op(*tensors)
    if isinstance(y, tuple):
        (y, second), (expected, expected_second) = y, expected
        np.testing.assert_array_equal(second, expected_second.numpy(), strict=True)
    assert_close(y, expected)
    (dy,) = normal(1, np.shape(y), dtype=y.dtype)
    learned = [t for t in tensors if t.requires_grad]
    grads = iter(torch.autograd.grad(expected, learned, torch.tensor(dy)))
    for tensor, grad in zip_longest(tensors, pullback(dy)):
        if tensor is None or not tensor.requires_grad:
            assert grad is None
        else:
            assert_close(grad, next(grads))


def normal(seed, *shapes, dtype=np.float64):
    rng = np.random.default_rng(seed)
    return [np.asarray(rng.standard_normal(shape), dtype) for shape in shapes]


@st.composite
def paddings(draw, kernel):
    """At most half the kernel, as pooling asks for."""
    return tuple(draw(st.integers(0, k // 2)) for k in kernel)


@given(pair, either, either, st.integers(1, 2), seeds, st.data())
def test_conv2d(kernel, stride, dilation, groups, seed, data):
    padding = data.draw(st.tuples(st.integers(0, 2), st.integers(0, 2)))
    arrays = normal(
        seed, (2, 2 * groups, 9, 8), (3 * groups, 2, *kernel), (3 * groups,)
    )
    options = {"stride": stride, "padding": padding, "dilation": dilation}
    options["groups"] = groups
    compare(cn.conv2d, lambda *t: F.conv2d(*t, **options), arrays, **options)


@pytest.mark.filterwarnings("ignore:Using padding='same'")  # of how it is done
@given(pair, pair, st.sampled_from(["same", "valid"]), seeds)
def test_padding_by_name(kernel, dilation, padding, seed):
    options = {"padding": padding, "dilation": dilation}
    arrays = normal(seed, (2, 2, 9, 8), (3, 2, *kernel), (3,))
    compare(cn.conv2d, lambda *t: F.conv2d(*t, **options), arrays, **options)


@given(pair, st.tuples(*[st.tuples(*[st.integers(0, 3)] * 2)] * 2), seeds)
def test_padding_of_each_side(stride, padding, seed):
    (top, bottom), (left, right) = padding

    def theirs(x, weight):
        return F.conv2d(F.pad(x, (left, right, top, bottom)), weight, stride=stride)

    arrays = normal(seed, (2, 2, 4, 5), (3, 2, 3, 2))
    compare(cn.conv2d, theirs, arrays, stride=stride, padding=padding)


@given(pair, pair, pair, st.integers(1, 2), seeds, st.data())
def test_conv_transpose2d(kernel, stride, dilation, groups, seed, data):
    padding = data.draw(st.tuples(st.integers(0, 2), st.integers(0, 2)))
    extra = [
        data.draw(st.integers(0, max(s, d) - 1))
        for s, d in zip(stride, dilation, strict=True)
    ]
    options = {"stride": stride, "padding": padding, "dilation": dilation}
    options |= {"groups": groups, "output_padding": tuple(extra)}
    arrays = normal(
        seed, (2, 2 * groups, 4, 3), (2 * groups, 3, *kernel), (3 * groups,)
    )
    try:
        cn.conv_transpose2d(*arrays, **options)
    except ValueError as error:
        assert "leaves nothing" in str(error)
        assume(False)
    compare(
        cn.conv_transpose2d,
        lambda *t: F.conv_transpose2d(*t, **options),
        arrays,
        **options,
    )


def windows(x, kernel, outputs, **options):
    """F.unfold with axes for what it flattens."""
    return F.unfold(x, kernel, **options).reshape(*x.shape[:2], *kernel, *outputs)


@given(pair, pair, pair, pair, seeds)
def test_local_conv2d(kernel, stride, padding, dilation, seed):
    options = {"stride": stride, "padding": padding, "dilation": dilation}
    (x,) = normal(seed, (2, 2, 7, 6))
    outputs = cn.unfold(x, kernel, **options).shape[4:]
    weight, bias = normal(seed, (*outputs, 3, 2, *kernel), (*outputs, 3))

    def theirs(x, weight, bias):
        seen = windows(x, kernel, outputs, **options)
        y = torch.einsum("ncabij,ijmcab->nmij", seen, weight)
        return y + bias.permute(2, 0, 1)

    compare(cn.local_conv2d, theirs, [x, weight, bias], **options)


@pytest.mark.parametrize("tiling", ["cyclic", "block"])
@given(pair, pair, seeds)
def test_tiled_conv2d(tiling, tile, stride, seed):
    x, weight, bias = normal(seed, (2, 2, 7, 6), (*tile, 3, 2, 3, 2), (*tile, 3))
    outputs = cn.unfold(x, (3, 2), stride=stride).shape[4:]
    turns = [np.arange(n) for n in outputs]
    if tiling == "cyclic":
        turns = [i % t for i, t in zip(turns, tile, strict=True)]
    else:
        turns = [i * t // len(i) for i, t in zip(turns, tile, strict=True)]
    in_turn = np.ix_(*turns)

    def theirs(x, weight, bias):
        seen = windows(x, (3, 2), outputs, stride=stride)
        y = torch.einsum("ncabij,ijmcab->nmij", seen, weight[in_turn])
        return y + bias[in_turn].permute(2, 0, 1)

    options = {"stride": stride, "tiling": tiling}
    compare(cn.tiled_conv2d, theirs, [x, weight, bias], **options)


@given(pair, pair, pair, pair, st.floats(0.1, 0.9), seeds)
def test_partial_conv2d(kernel, stride, padding, dilation, known, seed):
    options = {"stride": stride, "padding": padding, "dilation": dilation}
    x, weight, bias = normal(seed, (2, 2, 7, 6), (3, 2, *kernel), (3,))
    mask = (np.random.default_rng(seed).random((2, 1, 7, 6)) < known).astype(int)
    ones = torch.ones(1, 1, *kernel, dtype=torch.float64)

    def theirs(x, mask, weight, bias):
        count = F.conv2d(mask.double(), ones, **options)
        y = F.conv2d(x * mask, weight, **options) * ones.sum() / count.clamp(min=1)
        valid = count > 0
        return torch.where(valid, y + bias[:, None, None], 0), valid.long()

    compare(cn.partial_conv2d, theirs, [x, mask, weight, bias], **options)


@given(pair, st.integers(1, 2), seeds)
def test_dynamic_conv2d(stride, groups, seed):
    options = {"stride": stride, "padding": 1, "groups": groups}
    arrays = normal(
        seed,
        (3, 2 * groups, 5, 6),
        (4, 3 * groups, 2, 3, 2),
        (3, 4),
        (4, 3 * groups),
    )

    def theirs(x, weight, attention, bias):
        kernels = torch.einsum("nk,kmcab->nmcab", attention, weight)
        each = zip(x, kernels, attention @ bias, strict=True)
        return torch.stack([F.conv2d(*one, **options) for one in each])

    compare(cn.dynamic_conv2d, theirs, arrays, **options)


@given(pair, either, either, st.booleans(), st.booleans(), seeds, st.data())
def test_max_pool2d(kernel, stride, dilation, ceil_mode, ties, seed, data):
    options = {"stride": stride, "padding": data.draw(paddings(kernel))}
    options |= {"dilation": dilation, "ceil_mode": ceil_mode, "return_indices": True}
    (x,) = normal(seed, (2, 3, 9, 8))
    if ties:
        x = x.round()
    options["kernel_size"] = kernel
    # A dilated window can miss the image altogether, and has then no maximum.
    assume(np.isfinite(cn.max_pool2d(x, **options)[0]).all())
    compare(cn.max_pool2d, lambda t: F.max_pool2d(t, **options), [x], **options)


@given(pair, either, st.booleans(), st.booleans(), seeds, st.data())
def test_avg_pool2d(kernel, stride, ceil_mode, count_include_pad, seed, data):
    options = {"kernel_size": kernel, "stride": stride, "ceil_mode": ceil_mode}
    options["padding"] = data.draw(paddings(kernel))
    options["count_include_pad"] = count_include_pad
    arrays = normal(seed, (2, 3, 9, 8))
    compare(cn.avg_pool2d, lambda t: F.avg_pool2d(t, **options), arrays, **options)


@given(pair, pair, seeds, st.data())
def test_max_unpool2d(kernel, gap, seed, data):
    size = 7, 6
    stride = tuple(map(sum, zip(kernel, gap, strict=True)))  # no pixel is found twice
    options = {"stride": stride, "padding": data.draw(paddings(kernel))}
    (x,) = normal(seed, (2, 3, *size))
    y, indices = cn.max_pool2d(x, kernel, **options, return_indices=True)
    options |= {"kernel_size": kernel, "output_size": size}
    compare(
        cn.max_unpool2d,
        lambda *t: F.max_unpool2d(*t, **options),
        [y, indices],
        **options,
    )


SIZES = {4: (5, 7), 5: (4, 3, 5)}
INTERPOLATIONS = [
    (axes, mode, align_corners)
    for axes, modes in {4: ["bilinear", "bicubic"], 5: ["trilinear"]}.items()
    for mode, align_corners in [
        ("nearest", False),
        *[(mode, corners) for mode in modes for corners in (False, True)],
    ]
]


def nearest_differs(n, size, factor):
    """Whether PyTorch rounds to other pixels: its ⌊o · step⌋ is of single precision."""
    outputs = size if factor is None else int(n * factor)
    o = np.arange(outputs)
    if factor is None:
        step, exact = n / size, o * n // size
    else:
        step, exact = 1 / factor, np.floor(o / factor)
    return (np.floor(o.astype(np.float32) * np.float32(step)) != exact).any()


def takes_a_short_cut(n, factor, mode):
    """Whether PyTorch forgets the factor: where an axis keeps its size or doubles it.

    It then copies pixels, mostly; for bicubic and volumes in the gradient only, which
    so is not that of the values.
    """
    ratio = int(n * factor) / n
    return factor != ratio and (ratio == 1 or (ratio == 2 and mode == "nearest"))


@pytest.mark.parametrize(("axes", "mode", "align_corners"), INTERPOLATIONS)
@given(seed=seeds, data=st.data())
def test_interpolate(axes, mode, align_corners, seed, data):
    of_axis = {
        "size": st.integers(1, 12),
        "scale_factor": st.floats(0.34, 3) | st.sampled_from([0.5, 2.0, 1.5, 3.0]),
    }
    name = data.draw(st.sampled_from(list(of_axis)))
    each = st.tuples(*[of_axis[name]] * (axes - 2))
    target = {name: data.draw(of_axis[name] | each)}
    values = np.broadcast_to(target[name], axes - 2).tolist()
    for n, value in zip(SIZES[axes], values, strict=True):
        size, factor = (value, None) if name == "size" else (None, value)
        if factor is not None and not align_corners:
            assume(not takes_a_short_cut(n, factor, mode))
        assume(mode != "nearest" or not nearest_differs(n, size, factor))
    corners = None if mode == "nearest" else align_corners
    compare(
        cn.interpolate,
        lambda t: F.interpolate(t, **target, mode=mode, align_corners=corners),
        normal(seed, (2, 2, *SIZES[axes])),
        **target,
        mode=mode,
        align_corners=align_corners,
    )


def row_of(n, **options):
    """The pixels 0, 1, …, n - 1 in a row: resized by us, and by PyTorch."""
    x = np.arange(n, dtype=float).reshape(1, 1, 1, n)
    both = cn.interpolate(x, **options), F.interpolate(torch.tensor(x), **options)
    return [np.asarray(y).ravel().tolist() for y in both]


def test_where_pytorch_is_not_followed():
    """What `test_interpolate` leaves out is there, and rare."""
    cases = [(n, size) for n in range(1, 60) for size in range(1, 60)]
    differ = [case for case in cases if nearest_differs(*case, None)]
    assert 0 < len(differ) < len(cases) / 20
    for n, size in differ[:9]:
        ours, theirs = row_of(n, size=(1, size))
        assert ours == [o * n // size for o in range(size)] != theirs
    ours, theirs = row_of(3, scale_factor=(1, 1.25), mode="bilinear")
    assert ours == pytest.approx([0, 0.7, 1.5])
    assert theirs == [0, 1, 2]
    ours, theirs = row_of(5, scale_factor=(1, 2.1))
    assert ours == [o // 2.1 for o in range(10)]
    assert theirs == [o // 2 for o in range(10)]


def test_pixel_shuffle():
    arrays = normal(0, (2, 18, 4, 3))
    compare(cn.pixel_shuffle, lambda t: F.pixel_shuffle(t, 3), arrays, upscale_factor=3)


@pytest.mark.parametrize("axis", [0, 1, -1])
@pytest.mark.parametrize("name", ["softmax", "log_softmax"])
def test_softmax(name, axis):
    theirs = getattr(F, name)
    compare(
        getattr(cn, name), lambda t: theirs(t, axis), normal(0, (3, 4, 5)), axis=axis
    )


@pytest.mark.parametrize("scale", [1, 1000])
def test_cross_entropy(scale):
    (logits,) = normal(0, (3, 4))
    compare(cn.cross_entropy, F.cross_entropy, [scale * logits, np.array([0, 3, 2])])


@given(st.lists(st.integers(1, 3), max_size=2), st.booleans(), seeds)
def test_linear(batch, bias, seed):
    shapes = [(*batch, 4), (3, 4), (3,)]
    compare(cn.linear, F.linear, normal(seed, *shapes[: 2 + bias]))


def test_relu():
    compare(cn.relu, F.relu, [np.array([-2.0, -0.0, 0.0, 3.0])])


def normalized(y):
    """Each row at length 1, then each example."""
    return F.normalize(F.normalize(y, dim=2).flatten(1), dim=1)


def soft_vlad(x, weight, bias, centers, clusters):
    """NetVLAD of descriptors x (N, P, D), every residual written out."""
    assignment = F.softmax(x @ weight.T + bias, dim=2)
    residuals = x[:, :, None] - centers
    return (assignment[..., None] * residuals)[:, :, :clusters].sum(dim=1)


def descriptors(x):
    """(N, D, H, W) or (N, T, D, H, W) as (N, P, D)."""
    return x.movedim(-3, -1).flatten(1, -2)


@pytest.mark.parametrize("normalize", [False, True])
@pytest.mark.parametrize("name", ["netvlad", "ghost_vlad", "action_vlad"])
@given(seed=seeds)
def test_soft_vlad(name, normalize, seed):
    frames = (3,) if name == "action_vlad" else ()
    arrays = normal(seed, (2, *frames, 4, 3, 2), (5, 4), (5,), (5, 4))
    options = {"n_ghost": 2} if name == "ghost_vlad" else {}
    kept = 5 - options.get("n_ghost", 0)

    def theirs(x, *others):
        y = soft_vlad(descriptors(x), *others, kept)
        return normalized(y) if normalize else y.flatten(1)

    compare(getattr(cn, name), theirs, arrays, **options, normalize=normalize)


@pytest.mark.parametrize("normalize", [False, True])
@given(clusters=st.integers(1, 9), seed=seeds)
def test_vlad(normalize, clusters, seed):
    """Often with clusters to which no descriptor is assigned."""

    def theirs(x, centers):
        points = descriptors(x)
        nearest = torch.cdist(points, centers[None]).argmin(dim=2)
        assignment = F.one_hot(nearest, clusters)[..., None]
        y = (assignment * (points[:, :, None] - centers)).sum(dim=1)
        return normalized(y) if normalize else y.flatten(1)

    arrays = normal(seed, (2, 3, 3, 2), (clusters, 3))
    compare(cn.vlad, theirs, arrays, normalize=normalize)


x, kernel = (2, 4, 7, 6), (4, 4, 3, 2)
SINGLE = [
    ("conv2d", F.conv2d, [x, kernel, (4,)], {"stride": 2}),
    ("conv_transpose2d", F.conv_transpose2d, [x, kernel, (4,)], {"stride": 2}),
    ("max_pool2d", F.max_pool2d, [x], {"kernel_size": 3, "padding": 1}),
    ("avg_pool2d", F.avg_pool2d, [x], {"kernel_size": 3, "padding": 1}),
    ("global_avg_pool2d", lambda t: t.mean(dim=(2, 3)), [x], {}),
    ("interpolate", F.interpolate, [x], {"size": (9, 4), "mode": "bilinear"}),
    ("interpolate", F.interpolate, [x], {"scale_factor": 1.7, "mode": "bicubic"}),
    ("pixel_shuffle", F.pixel_shuffle, [x], {"upscale_factor": 2}),
    ("linear", F.linear, [(5, 4), (3, 4), (3,)], {}),
    ("relu", F.relu, [x], {}),
]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("name", "theirs", "shapes", "options"), SINGLE)
def test_both_dtypes(name, theirs, shapes, options, dtype):
    arrays = normal(0, *shapes, dtype=dtype)
    compare(getattr(cn, name), lambda *t: theirs(*t, **options), arrays, **options)


rates = st.floats(1e-4, 1)
decays = st.sampled_from([0.0, 0.01, 0.5])
fractions = st.floats(0, 0.999)


def follow(ours, theirs, seed):
    """Assert equal parameters after each of several steps."""
    shapes = {"weight": (3, 2), "bias": (3,)}
    rng = np.random.default_rng(seed)
    params = {name: rng.standard_normal(shape) for name, shape in shapes.items()}
    tensors = {name: torch.tensor(array) for name, array in params.items()}
    theirs, state = theirs(list(tensors.values())), ours.start(params)
    for _ in range(6):
        grads = {name: rng.standard_normal(shape) for name, shape in shapes.items()}
        params, state = ours.step(params, grads, state)
        for name, tensor in tensors.items():
            tensor.grad = torch.tensor(grads[name])
        theirs.step()
        for name, tensor in tensors.items():
            assert_close(params[name], tensor)


@given(rates, fractions, decays, seeds)
def test_sgd(lr, momentum, weight_decay, seed):
    options = {"lr": lr, "momentum": momentum, "weight_decay": weight_decay}
    follow(cn.SGD(**options), lambda p: torch.optim.SGD(p, **options), seed)


@given(rates, st.tuples(fractions, fractions), st.floats(1e-10, 1e-2), decays, seeds)
def test_adam(lr, betas, eps, weight_decay, seed):
    options = {"lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay}
    follow(cn.Adam(**options), lambda p: torch.optim.Adam(p, **options), seed)
