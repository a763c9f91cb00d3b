"""Modules: lazy ones, and those that specifications become."""

import copy
import io
import subprocess
import sys

import numpy as np
import pytest
import strategies
from good import LAYERS, complete
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from test_networks import BLOCK, NET, NET_INPUT

torch = pytest.importorskip("torch")

from tensors import DEVICE, array, results, tensor

import conv_notes as cn
import conv_notes.torch as ct
from conv_notes import (
    AvgPool2d,
    Conv2d,
    ConvTranspose2d,
    DepthwiseConv2d,
    MaxPool2d,
    Sequential,
    TiledConv2d,
    Upsample,
)
from conv_notes.torch import conversion

nn = torch.nn
PUBLISHED = {
    "lenet5": (1, 32, 32),
    "alexnet": (3, 224, 224),
    "vgg16": (3, 224, 224),
    "inception_3a": (192, 28, 28),
    "mobilenet_v1": (3, 224, 224),
    "deepface": (3, 152, 152),
}
SIDES = ((2, 1), (0, 3))
NETWORKS = {
    **LAYERS,
    "nested": (NET, NET_INPUT),
    "branches": (BLOCK, (2, 4, 5)),
    "framed": (Conv2d(4, 3, 2, SIDES, 2, groups=2, bias=False), (2, 9, 8)),
    "framed depthwise": (DepthwiseConv2d((3, 2), 2, padding="same"), (3, 5, 4)),
    "grouped": (Conv2d(4, (3, 2), (2, 1), (1, 2), (2, 1), 2), (6, 9, 8)),
    "blocks": (TiledConv2d(2, 3, 1, "same", tile=(2, 3), tiling="block"), (2, 7, 5)),
    "transposed": (ConvTranspose2d(4, 3, 2, 1, 1, 2, False, 2), (4, 3, 4)),
    "rounded up": (MaxPool2d(3, 2, 1, 2, ceil_mode=True), (2, 8, 7)),
    "average": (AvgPool2d((3, 2), (2, 1), 1, True, False), (2, 8, 7)),
    **{
        f"a factor forgotten, {mode}": (Upsample(None, 1.25, mode), (2, 3, 2))
        for mode in ("nearest", "bilinear", "bicubic")
    },
    "rows": (Sequential(Upsample((5, 9), mode="bilinear"), MaxPool2d(2)), (2, 4, 4)),
}
ROOM = [(2, 4, 5, 6)]
LAZY = {  # a module, its function with the same arguments, shapes of its inputs
    "LocalConv2d": ((3, 2), {}, "local_conv2d", ROOM),
    "TiledConv2d": ((3, 2), {"tile": 2}, "tiled_conv2d", ROOM),
    "PartialConv2d": ((3, 2, 2), {}, "partial_conv2d", [*ROOM, (2, 1, 5, 6)]),
    "DynamicConv2d": ((3, 2), {"n_kernels": 3}, "dynamic_conv2d", [*ROOM, (2, 3)]),
    "NetVLAD": ((3,), {"alpha": 2.0}, "netvlad", ROOM),
    "GhostVLAD": ((3, 2), {}, "ghost_vlad", ROOM),
    "ActionVLAD": ((3,), {"normalize": False}, "action_vlad", [(2, 3, 4, 5, 6)]),
}
each_lazy = pytest.mark.parametrize("name", LAZY)
each_network = pytest.mark.parametrize("name", NETWORKS)


def lazy(name, device=DEVICE, dtype=None):
    """A module that has met no input, and inputs for it."""
    arguments, options, _, shapes = LAZY[name]
    torch.manual_seed(0)
    place = {"device": device, "dtype": dtype}
    inputs = [torch.rand(shape, **place) for shape in shapes]
    return getattr(ct, name)(*arguments, **options, **place), inputs


def test_no_module_is_forgotten():
    assert {*LAZY} == {name for name in ct.__all__ if name[0].isupper()}


# Lazy modules


@each_lazy
def test_the_first_input_makes_a_module(name):
    module, inputs = lazy(name)
    with pytest.raises(ValueError, match="weight has no values before a first input"):
        ct.from_torch(module)
    y, *rest = results(module(*inputs))
    options = {
        "PartialConv2d": {"stride": 2},
        "GhostVLAD": {"n_ghost": 2},
        "ActionVLAD": {"normalize": False},
    }
    names = [
        "x",
        *(["mask"] if rest else []),
        *(["attention"] if "Dyn" in name else []),
    ]
    arguments = dict(zip(names, inputs, strict=True)) | dict(module.named_parameters())
    same = getattr(ct, LAZY[name][2])(**arguments, **options.get(name, {}))
    torch.testing.assert_close((y, *rest), results(same))
    y.sum().backward()
    for param in module.parameters():
        assert param.grad.shape == param.shape


@each_lazy
def test_the_seed_decides(name):
    weights = []
    for seed in (1, 1, 2):
        module, inputs = lazy(name)
        torch.manual_seed(seed)
        module(*inputs)
        weights.append(ct.from_torch(module)["weight"])
    np.testing.assert_array_equal(*weights[:2])
    assert not np.array_equal(*weights[1:])


@each_lazy
@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16])
def test_a_module_can_be_kept_and_moved(name, dtype):
    """Before its first input and after: copied, saved, in another dtype."""
    module, inputs = lazy(name, dtype=dtype)
    copies = [copy.deepcopy(module), lazy(name)[0].to(dtype)]
    y, *_ = results(module(*inputs))
    assert y.dtype == dtype
    file = io.BytesIO()
    torch.save(module.state_dict(), file)
    file.seek(0)
    state = torch.load(file)
    for other in [*copies, copy.deepcopy(module)]:
        other.load_state_dict(state)
        torch.testing.assert_close(results(other(*inputs))[0], y)


@each_lazy
def test_on_meta_a_module_takes_no_memory(name):
    shapes = []
    for device in ("meta", DEVICE):
        module, inputs = lazy(name, device)
        y, *_ = results(module(*inputs))
        tensors = {"y": y, **dict(module.named_parameters())}
        assert all(t.is_meta == (device == "meta") for t in tensors.values())
        shapes.append({key: value.shape for key, value in tensors.items()})
    assert shapes[0] == shapes[1]


def test_a_module_says_what_it_is():
    module = nn.Sequential(
        ct.LocalConv2d(16, 9, padding="same", bias=False),
        ct.TiledConv2d(8, 3, tile=2),
        ct.DynamicConv2d(8, 3, n_kernels=4),
        ct.GhostVLAD(8, 1),
    )
    assert [str(part) for part in module] == [
        "LocalConv2d(16, 9, padding='same', bias=False)",
        "TiledConv2d(8, 3, tile=2)",
        "DynamicConv2d(8, 3, n_kernels=4)",
        "GhostVLAD(8, 1)",
    ]
    assert module[0].bias is None


def test_arguments_and_inputs_that_do_not_fit():
    with pytest.raises(ValueError, match="LocalConv2d: stride must be at least 1"):
        ct.LocalConv2d(3, 2, stride=0)
    with pytest.raises(ValueError, match="GhostVLAD: n_ghost must be at least 0"):
        ct.GhostVLAD(3, -1)
    with pytest.raises(
        ValueError, match=r"LocalConv2d: input_shape must be \(C, H, W\)"
    ):
        ct.LocalConv2d(3, 2)(torch.ones(4, 5, 6))
    module = ct.LocalConv2d(3, 2)
    module(torch.ones(1, 4, 5, 6))
    with pytest.raises(
        ValueError, match="has kernels for 4 x 5 outputs but x gives 4 x"
    ):
        module(torch.ones(1, 4, 5, 7))


# Specifications as modules


def compare(network, params, x):
    """Assert equal outputs, and equal gradients."""
    module, moved = ct.to_torch(network, x.shape[1:], params).to(DEVICE), tensor(x)
    (y, pullback), theirs = network.vjp(params, x), module(moved)
    dy = np.random.default_rng(2).standard_normal(y.shape).astype(y.dtype)
    dparams, dx = pullback(dy)
    theirs.backward(tensor(dy, grad=False))
    found = {name: param.grad for name, param in module.named_parameters()}
    pairs = [(y, theirs), (dx, moved.grad), *((dparams[k], found[k]) for k in params)]
    tolerance = 1e-10 if x.dtype == np.float64 else 2e-4
    for ours, other in pairs:
        atol = tolerance * np.abs(ours).max(initial=0)
        np.testing.assert_allclose(array(other), ours, rtol=0, atol=atol, strict=True)


def converted(network, shape, dtype=np.float64, seed=0):
    """A network's parameters, and the module that has them."""
    rng = np.random.default_rng(seed)
    params = network.init(shape, rng, dtype)
    params = {k: rng.standard_normal(p.shape).astype(dtype) for k, p in params.items()}
    return params, ct.to_torch(network, shape, params).to(DEVICE)


@each_network
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_the_module_computes_the_same(name, dtype):
    network, shape = NETWORKS[name]
    params, _ = converted(network, shape, dtype)
    x = np.random.default_rng(1).standard_normal((3, *shape)).astype(dtype)
    compare(network, params, x)


@each_network
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_there_and_back(name, dtype):
    network, shape = NETWORKS[name]
    params, module = converted(network, shape, dtype)
    assert [*module.state_dict()] == [*network.param_shapes(shape)]
    back = ct.from_torch(module)
    assert [*back] == [*params]
    for key, value in params.items():
        np.testing.assert_array_equal(back[key], value, strict=True)
        assert not np.shares_memory(
            back[key], module.get_parameter(key).numpy(force=True)
        )


def test_no_layer_is_forgotten():
    layers = {type(network) for network, _ in LAYERS.values()}
    complete(conversion.MAKERS, "MAKERS in conv_notes/torch/conversion.py", layers)


@given(strategies.layer_cases())
def test_all_cases_of_linear_layers(case):
    compare(case.layer, case.params, case.arrays[0])


@given(strategies.transposed())
def test_all_cases_of_transposed_convolution(case):
    _, weight, bias = case.arrays
    out, kernel_size = weight.shape[1] * case.options["groups"], weight.shape[2:]
    has_bias = bias is not None
    layer = ConvTranspose2d(out, kernel_size, bias=has_bias, **case.options)
    compare(layer, case.params, case.arrays[0])


@pytest.mark.parametrize("layer", [MaxPool2d, AvgPool2d])
@given(data=st.data())
def test_all_cases_of_pooling(layer, data):
    name = {MaxPool2d: "max_pool2d", AvgPool2d: "avg_pool2d"}[layer]
    case = data.draw(strategies.poolings(name))
    assume(np.isfinite(case()).all())  # a dilated window can miss the image
    compare(layer(**case.options), {}, case.arrays[0])


@pytest.mark.parametrize("name", PUBLISHED)
def test_published_networks_on_meta(name):
    """Names, shapes and counts, without a number in memory."""
    network, shape = getattr(cn, name)(), PUBLISHED[name]
    with torch.device("meta"):
        module = ct.to_torch(network, shape)
        y = module(torch.empty(2, *shape))
    assert y.shape == (2, *network.output_shape(shape))
    assert all(param.is_meta for param in module.parameters())
    shapes = {key: tuple(value.shape) for key, value in module.state_dict().items()}
    assert shapes == network.param_shapes(shape)
    assert sum(p.numel() for p in module.parameters()) == network.n_params(shape)


@pytest.mark.parametrize(
    ("name", "shape"),
    [
        ("lenet5", (1, 32, 32)),
        ("alexnet", (3, 63, 63)),
        ("vgg16", (3, 32, 32)),
        ("inception_3a", (192, 9, 7)),
        ("mobilenet_v1", (3, 40, 36)),
        ("deepface", (3, 95, 95)),
    ],
)
def test_published_networks_compute_the_same(name, shape):
    """On smaller images than they are made for."""
    network = getattr(cn, name)()
    params = network.init(shape, np.random.default_rng(0), np.float32)
    module = ct.to_torch(network, shape, params).to(DEVICE)
    x = np.random.default_rng(1).standard_normal((2, *shape)).astype(np.float32)
    y = network.apply(params, x)
    with torch.no_grad():
        theirs = array(module(tensor(x)))
    np.testing.assert_allclose(theirs, y, rtol=0, atol=1e-4 * np.abs(y).max())
    for key, value in ct.from_torch(module).items():
        assert np.array_equal(value, params[key])


def test_pytorchs_own_modules_wherever_there_are():
    own = {LAYERS[name][0]: name for name in LAYERS} | {
        Upsample((3, 9), mode="bicubic"): "Upsample",
        Conv2d(2, 3, padding="same"): "Conv2d",
    }
    other = {
        "DepthwiseConv2d": nn.Conv2d,
        "GlobalAvgPool2d": nn.Sequential,
        "Parallel": nn.ModuleList,
    }
    for layer, name in own.items():
        shape = (8,) if name == "Linear" else (2, 4, 4)
        expected = other.get(name) or getattr(ct, name, None) or getattr(nn, name)
        assert isinstance(ct.to_torch(layer, shape), expected)


@settings(max_examples=200)
@given(strategies.resizings())
def test_all_cases_of_upsampling(case):
    """Also where PyTorch's own differs."""
    (x,) = case.arrays
    assume(x.ndim == 4)
    compare(Upsample(**case.options), {}, x)


def test_without_parameters_they_are_drawn_as_ours():
    network, shape = Sequential(Conv2d(64, 3), cn.Flatten(), cn.Linear(50)), (8, 9, 9)
    states = []
    for seed in (1, 1, 2):
        torch.manual_seed(seed)
        states.append(ct.from_torch(ct.to_torch(network, shape)))
    np.testing.assert_equal(states[0], states[1])
    assert not np.array_equal(states[0]["0.weight"], states[2]["0.weight"])
    weight = states[0]["2.weight"]
    assert weight.dtype == np.float32
    assert weight.std() == pytest.approx((2 / weight.shape[1]) ** 0.5, rel=0.01)
    assert not states[0]["2.bias"].any()


def test_a_module_learns():
    torch.manual_seed(0)
    module = ct.to_torch(NET, NET_INPUT).to(DEVICE)
    x, labels = torch.randn(8, *NET_INPUT, device=DEVICE), torch.arange(8) % 5
    optimizer, losses = torch.optim.SGD(module.parameters(), lr=0.05), []
    for _ in range(30):
        loss = nn.functional.cross_entropy(module(x), labels.to(DEVICE))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < losses[0] / 2


def test_parameters_that_do_not_fit():
    with pytest.raises(TypeError, match="to_torch: network must be a layer, got 3"):
        ct.to_torch(3, (1, 2, 2))
    for params, words in (
        ({"weight": np.ones((3, 2))}, r"params must be named \['bias', 'weight'\]"),
        ({"weight": np.ones((2, 2)), "bias": np.ones(3)}, "weight must have shape"),
    ):
        with pytest.raises(ValueError, match=words):
            ct.to_torch(cn.Linear(3), (2,), params)


def test_a_layer_of_ones_own_has_no_module():
    class Doubled(cn.ReLU):
        """Which may compute anything."""

    with pytest.raises(TypeError, match="to_torch: there is no module for Doubled"):
        ct.to_torch(Sequential(Doubled()), (3,))


def test_without_pytorch_the_import_says_what_to_install():
    code = """
import sys
sys.modules["torch"] = None
import conv_notes
try:
    import conv_notes.torch
except ModuleNotFoundError as error:
    print(error)
"""
    run = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True
    )
    assert 'pip install "conv_notes[torch]"' in run.stdout


def test_the_library_alone_does_not_import_pytorch():
    code = "import conv_notes, sys; print('torch' in sys.modules)"
    run = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True
    )
    assert run.stdout == "False\n"
