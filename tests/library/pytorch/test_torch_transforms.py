"""What PyTorch does with functions it does with ours: derivatives, and maps."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from tensors import DEVICE, FUNCTIONS, example, first, learned

import conv_notes.torch as ct

GEOMETRY = {"stride": (2, 1), "padding": ((2, 1), (0, 1)), "dilation": (1, 2)}
CASES = [
    *((name, {}) for name in FUNCTIONS),
    *((name, {"normalize": False}) for name in FUNCTIONS if "vlad" in name),
    *((name, GEOMETRY) for name in FUNCTIONS if "conv2d" in name),
    ("tiled_conv2d", GEOMETRY | {"tiling": "block"}),
]
each_case = pytest.mark.parametrize(("name", "options"), CASES)
each_function = pytest.mark.parametrize("name", FUNCTIONS)


def small(name, options, dtype=torch.float64):
    """Few numbers: two images of two channels, and what goes with them."""
    rng = np.random.default_rng(0)

    def normal(*shape):
        values = torch.tensor(rng.standard_normal(shape), dtype=dtype, device=DEVICE)
        return values.requires_grad_()

    if "vlad" in name:
        frames = (2,) if name == "action_vlad" else ()
        arguments = {"x": normal(2, *frames, 2, 2, 2)}
        if name != "vlad":
            arguments |= {"weight": normal(3, 2), "bias": normal(3)}
        arguments["centers"] = normal(3, 2)
        return arguments | ({"n_ghost": 1} if name == "ghost_vlad" else {}) | options
    lead = {"local_conv2d": (3, 3), "tiled_conv2d": (2, 2), "dynamic_conv2d": (3,)}
    lead = lead.get(name, ())
    arguments = {"x": normal(2, 2, 4, 4), "weight": normal(*lead, 2, 2, 2, 2)}
    arguments["bias"] = normal(*lead, 2)
    if name == "dynamic_conv2d":
        arguments["attention"] = normal(2, 3)
    if name == "partial_conv2d":
        holes = rng.random((2, 1, 4, 4)) < 0.4
        arguments["mask"] = torch.tensor(holes, device=DEVICE).long()
    return arguments | options


def function_of(name, arguments):
    """The function of those arguments that have a gradient, and these."""
    names = learned(arguments)

    def call(*values):
        given = dict(zip(names, values, strict=True))
        return first(getattr(ct, name)(**arguments | given))

    return call, list(names.values())


@each_case
def test_gradients_of_both_orders(name, options):
    call, values = function_of(name, small(name, options))
    assert torch.autograd.gradcheck(call, values)
    assert torch.autograd.gradgradcheck(call, values)


@pytest.mark.parametrize("n", [0, 1, 5, 17])
def test_local_gradients_of_both_orders_in_each_order_of_axes(n):
    """One image, several, and many are computed in different ways."""
    torch.manual_seed(0)
    x = torch.randn(n, 1, 3, 3, dtype=torch.float64, requires_grad=True)
    weight = torch.randn(2, 2, 1, 1, 2, 2, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(ct.local_conv2d, (x, weight))
    assert torch.autograd.gradgradcheck(ct.local_conv2d, (x, weight))


@each_case
def test_vmap(name, options):
    """Over each argument alone, and all: as one call after the other."""
    call, values = function_of(name, small(name, options))
    values = [value.detach() for value in values]
    several = [torch.stack([value, -value, 2 * value]) for value in values]
    alone = [[k == j for j in range(len(values))] for k in range(len(values))]
    for chosen in [*alone, [True] * len(values)]:
        dims = tuple(0 if some else None for some in chosen)
        given = [b if s else a for a, b, s in zip(values, several, chosen, strict=True)]
        mapped = torch.vmap(call, dims)(*given)
        for i, y in enumerate(mapped):
            its = [v[i] if s else v for v, s in zip(given, chosen, strict=True)]
            torch.testing.assert_close(y, call(*its))


@each_case
def test_gradients_of_each_example(name, options):
    """`vmap` of `grad`, beside a loop."""
    arguments = small(name, options)
    each = {k: arguments.pop(k) for k in ("x", "mask", "attention") if k in arguments}
    params = learned(arguments)

    def loss(params, one):
        one = {key: value[None] for key, value in one.items()}
        return first(getattr(ct, name)(**arguments | params | one)).square().sum()

    found = torch.func.vmap(torch.func.grad(loss), (None, 0))(params, each)
    for i in range(len(each["x"])):
        one = {key: value[i] for key, value in each.items()}
        for key, grad in torch.func.grad(loss)(params, one).items():
            torch.testing.assert_close(found[key][i], grad)


@each_function
def test_meta(name):
    """Shapes without numbers."""
    arguments = example(name, torch.float32)
    shape = first(getattr(ct, name)(**arguments)).shape
    meta = {k: v.to("meta") if hasattr(v, "to") else v for k, v in arguments.items()}
    y = first(getattr(ct, name)(**meta))
    assert y.is_meta
    assert y.shape == shape
    grads = torch.autograd.grad(y.sum(), learned(meta).values())
    assert all(grad.is_meta for grad in grads)


def test_no_copy_of_what_outputs_see_is_kept():
    """For the gradient, a locally connected layer keeps its input and its weight."""
    kept = []
    x, weight = torch.ones(2, 3, 9, 9), torch.ones(7, 7, 4, 3, 3, 3)
    hooks = torch.autograd.graph.saved_tensors_hooks(kept.append, lambda t: t)
    with hooks:
        ct.local_conv2d(x.requires_grad_(), weight.requires_grad_())
    assert {tuple(t.shape) for t in kept} == {x.shape, weight.shape}
