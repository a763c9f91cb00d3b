"""Optimizers against their formulas, and the loop around them."""

import sys

import numpy as np
import pytest

from conv_notes import (
    SGD,
    Adam,
    AvgPool2d,
    Conv2d,
    Flatten,
    Linear,
    Parallel,
    ReLU,
    Sequential,
    fit,
)
from conv_notes.layers import Layer
from conv_notes.layers._layer import Plan
from conv_notes.ops import _correlation
from conv_notes.ops._differentiable import differentiable

GRADS = [np.array([0.5, -2.0]), np.array([1.0, 3.0]), np.array([-0.25, 0.0])]


def rng(seed):
    return np.random.default_rng(seed)


def stepped(optimizer, start, grads=GRADS):
    """The parameter after each step."""
    params, found = {"weight": start}, []
    state = optimizer.start(params)
    for grad in grads:
        params, state = optimizer.step(params, {"weight": grad}, state)
        found.append(params["weight"])
    return found


def test_sgd_by_hand():
    """v: 1, 2.5, 1; w: 1 less a tenth of each."""
    grads = [np.array([g]) for g in (1.0, 2.0, -0.25)]
    found = stepped(SGD(0.1, momentum=0.5), np.array([1.0]), grads)
    np.testing.assert_allclose(np.ravel(found), [0.9, 0.65, 0.55])


@pytest.mark.parametrize("decay", [0.0, 0.3])
@pytest.mark.parametrize("momentum", [0.0, 0.9])
def test_sgd_is_its_formula(momentum, decay):
    w, v = [1.0, -2.0], [0.0, 0.0]
    found = stepped(SGD(0.1, momentum, decay), np.array(w))
    for grad, after in zip(GRADS, found, strict=True):
        for k in range(2):
            v[k] = momentum * v[k] + grad[k] + decay * w[k]
            w[k] -= 0.1 * v[k]
        np.testing.assert_allclose(after, w)


@pytest.mark.parametrize("decay", [0.0, 0.3])
@pytest.mark.parametrize("betas", [(0.9, 0.999), (0.0, 0.5)])
def test_adam_is_its_formula(betas, decay):
    w, m, s = [1.0, -2.0], [0.0, 0.0], [0.0, 0.0]
    optimizer = Adam(0.1, betas, eps=1e-3, weight_decay=decay)
    found = stepped(optimizer, np.array(w))
    for t, (grad, after) in enumerate(zip(GRADS, found, strict=True), 1):
        for k in range(2):
            g = grad[k] + decay * w[k]
            m[k] = betas[0] * m[k] + (1 - betas[0]) * g
            s[k] = betas[1] * s[k] + (1 - betas[1]) * g**2
            mean, square = m[k] / (1 - betas[0] ** t), s[k] / (1 - betas[1] ** t)
            w[k] -= 0.1 * mean / (square**0.5 + 1e-3)
        np.testing.assert_allclose(after, w)


@pytest.mark.parametrize("optimizer", [SGD(0.1, 0.9, 0.1), Adam(weight_decay=0.1)])
def test_steps_change_nothing_in_place(optimizer):
    params = {"a": np.ones(2, np.float32), "b": np.ones((2, 3), np.float32)}
    grads = {name: 2 * array for name, array in params.items()}
    state = optimizer.start(params)
    first, after = optimizer.step(params, grads, state)
    for name, array in first.items():
        assert array.dtype == np.float32
        assert array.shape == params[name].shape
        assert (params[name] == 1).all()
        assert (grads[name] == 2).all()
    optimizer.step(first, grads, after)
    again, _ = optimizer.step(params, grads, state)
    np.testing.assert_equal(again, first)


# The loop

NETWORK = Sequential(
    Parallel(Conv2d(2, 3, padding=1), Sequential(AvgPool2d(3, 1, padding=1), ReLU())),
    Flatten(),
    Linear(2),
)
OPTIMIZERS = [SGD(0.05, momentum=0.9), Adam(0.02, weight_decay=1e-3)]


def bars():
    """Images with a bright row or a bright column, and which."""
    draw = rng(0)
    x, labels = 0.1 * draw.standard_normal((42, 1, 5, 5)), draw.integers(0, 2, 42)
    for image, is_column in zip(x[:, 0], labels, strict=True):
        (image.T if is_column else image)[draw.integers(0, 5)] += 1
    return x, labels


def trained(network=NETWORK, dtype=np.float64, **options):
    x, labels = bars()
    params = network.init((1, 5, 5), rng(1), dtype)
    options = {"epochs": 2, "batch_size": 8, "optimizer": SGD(0.05)} | options
    options.setdefault("rng", rng(2))
    return fit(network, params, x.astype(dtype), labels, **options)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_fit_learns(optimizer, dtype):
    params, losses = trained(epochs=25, optimizer=optimizer, dtype=dtype)
    x, labels = bars()
    y = NETWORK.apply(params, x.astype(dtype))
    np.testing.assert_array_equal(y.argmax(axis=1), labels)
    assert len(losses) == 25
    assert losses[-1] < 0.1 < 0.5 < losses[0]
    assert {array.dtype for array in params.values()} == {np.dtype(dtype)}


def test_fit_follows_the_seed():
    first, again, other = (trained(rng=rng(seed)) for seed in (1, 1, 2))
    np.testing.assert_equal(again, first)
    assert first.losses != other.losses


def test_fit_changes_nothing_in_place():
    x, labels = bars()
    params = NETWORK.init((1, 5, 5), rng(1))
    before = [array.tobytes() for array in (x, labels, *params.values())]
    after, _ = fit(
        NETWORK, params, x, labels, epochs=2, batch_size=5, optimizer=Adam(), rng=rng(0)
    )
    assert before == [array.tobytes() for array in (x, labels, *params.values())]
    assert list(after) == list(params)
    assert not any(np.array_equal(after[name], params[name]) for name in params)


def test_no_epochs_do_nothing():
    params, losses = trained(epochs=0)
    assert losses == []
    np.testing.assert_equal(params, NETWORK.init((1, 5, 5), rng(1)))


def mean_square(seen=None):
    """A loss, which also notes the labels of each batch."""

    @differentiable
    def op(y, labels):
        if seen is not None:
            seen.append(labels.tolist())
        off = y[:, 0] - labels
        return np.asarray((off**2).mean()), lambda dy: (
            dy * 2 * off[:, None] / len(off),
            None,
        )

    return op


@pytest.mark.parametrize("batch_size", [3, 4, 7, 10, 99])
def test_each_epoch_sees_every_example_once(batch_size):
    seen, x = [], np.arange(10.0)[:, None]
    layer = Linear(1)
    fit(
        layer,
        layer.init((1,), rng(0)),
        x,
        x[:, 0],
        epochs=3,
        batch_size=batch_size,
        optimizer=SGD(1e-3),
        rng=rng(0),
        loss=mean_square(seen),
    )
    lengths = [min(batch_size, 10 - k) for k in range(0, 10, batch_size)]
    assert [len(batch) for batch in seen] == 3 * lengths
    orders = np.array_split([k for batch in seen for k in batch], 3)
    assert all(sorted(order) == [*range(10)] for order in orders)
    assert len({tuple(order) for order in orders}) == 3


class OneWay(Layer):
    """Hands on what it sees. It cannot be gone back through."""

    axes = ""

    def _plan(self, shape):
        return Plan(shape, shape, {})

    def _op(self, x):
        return x, None


def test_fit_leaves_out_what_no_one_wants(monkeypatch):
    """The gradient of the examples, and checks of parameters in each step."""
    body = Conv2d(2, 3, padding=1), Sequential(OneWay(), AvgPool2d(3, 1, padding=1))
    network = Sequential(Parallel(*body), Flatten(), Linear(2))
    expected = trained(network)
    checks, checked = [], Layer._checked
    monkeypatch.setattr(
        Layer, "_checked", lambda *its: checks.append(its) or checked(*its)
    )
    monkeypatch.setattr(_correlation, "gradient_of_input", None)
    found = trained(Sequential(OneWay(), *network))
    assert found.losses == expected.losses
    assert len(checks) == 1


def test_fit_by_hand():
    """y = w x + b on (1, 3) and (2, 5): one step with both examples, one without."""
    layer, start = Linear(1), {"weight": np.array([[1.0]]), "bias": np.array([0.0])}
    x, labels = np.array([[1.0], [2.0]]), np.array([3.0, 5.0])
    options = {"batch_size": 2, "optimizer": SGD(0.1), "rng": rng(0)}
    params, losses = fit(
        layer, start, x, labels, epochs=2, loss=mean_square(), **options
    )
    # Off by -2 and -3: the loss is 6.5, dw = -2 - 6 = -8, db = -5.
    # Then w = 1.8, b = 0.5, off by -0.7 and -0.9: dw = -2.5, db = -1.6.
    np.testing.assert_allclose(losses, [6.5, 0.65])
    np.testing.assert_allclose(params["weight"], [[2.05]])
    np.testing.assert_allclose(params["bias"], [0.66])


@pytest.mark.parametrize("seed", range(4))
def test_losses_weigh_a_small_last_batch_less(seed):
    """Whichever example comes last, alone."""
    x, labels = np.zeros((3, 1)), np.array([0.0, 0.0, 3.0])
    layer, start = Linear(1), {"weight": np.zeros((1, 1)), "bias": np.zeros(1)}
    options = {"batch_size": 2, "optimizer": SGD(1e-12), "rng": rng(seed)}
    _, losses = fit(layer, start, x, labels, epochs=1, loss=mean_square(), **options)
    np.testing.assert_allclose(losses, [3.0])


def test_divergence_is_an_error():
    message = r"fit: the loss became \w+ in epoch 0; a smaller.*SGD\(lr=1e\+200"
    with np.errstate(all="raise"), pytest.raises(FloatingPointError, match=message):
        trained(optimizer=SGD(1e200))


def test_divergence_in_the_last_step_is_an_error():
    """No loss is computed behind it: what it left is looked at."""
    layer, x, labels = Linear(2), np.full((1, 1), 1e200), np.array([0])
    start = {"weight": np.zeros((2, 1)), "bias": np.zeros(2)}
    options = {"epochs": 1, "batch_size": 1, "rng": rng(0)}
    message = r"fit: weight became infinite or NaN in epoch 0; a smaller.*SGD\(lr=1e\+2"
    with np.errstate(all="raise"), pytest.raises(FloatingPointError, match=message):
        fit(layer, start, x, labels, optimizer=SGD(1e200), **options)


def test_epochs_are_counted_on_a_bar(capsys):
    pytest.importorskip("tqdm")
    silent = trained()
    assert capsys.readouterr() == ("", "")  # no terminal
    trained(progress=False)
    assert capsys.readouterr() == ("", "")
    shown = trained(progress=True)
    error = capsys.readouterr().err
    assert "epochs: 100%" in error
    assert "2/2" in error
    np.testing.assert_equal(shown, silent)


def test_training_ends_when_it_is_told_to():
    met = []

    def enough(params):
        met.append(params)
        return len(met) == 2

    params, losses = trained(epochs=9, until=enough)
    assert len(losses) == 2
    assert params is met[-1]
    np.testing.assert_equal((params, losses), tuple(trained(epochs=2)))


def test_fit_without_tqdm(monkeypatch):
    expected = trained()
    monkeypatch.setitem(sys.modules, "tqdm", None)
    np.testing.assert_equal(trained(), expected)
    np.testing.assert_equal(trained(progress=False), expected)
    with pytest.raises(ModuleNotFoundError, match="tqdm"):
        trained(progress=True)


class Halve:
    """An optimizer that needs no gradient."""

    def start(self, params):
        return 0

    def step(self, params, grads, state):
        assert list(grads) == list(params)
        return {name: array / 2 for name, array in params.items()}, state + 1


def test_any_optimizer_will_do():
    params, _ = trained(epochs=1, batch_size=14, optimizer=Halve())
    start = NETWORK.init((1, 5, 5), rng(1))
    np.testing.assert_equal(params, {name: a / 8 for name, a in start.items()})


@pytest.mark.parametrize("rate", [0.1, np.float64(0.1), np.float32(0.1)])
@pytest.mark.parametrize("make", [SGD, Adam])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_parameters_keep_their_dtype(dtype, make, rate):
    params, _ = trained(dtype=dtype, optimizer=make(rate, weight_decay=rate))
    assert {array.dtype for array in params.values()} == {np.dtype(dtype)}
