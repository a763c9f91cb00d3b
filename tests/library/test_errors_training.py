"""What the optimizers and the training loop refuse; what they leave as it is."""

import re

import numpy as np
import pytest
from good import GOOD, zeros

from conv_notes import (
    SGD,
    Adam,
    Linear,
    fit,
)


def good_fit(**spoiled):
    return fit(**GOOD["fit"] | spoiled)


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: SGD(0), ValueError, "SGD: lr must be above 0, got 0.0"),
        (lambda: SGD(-0.1), ValueError, "SGD: lr must be above 0, got -0.1"),
        (lambda: SGD("1"), TypeError, "SGD: lr must be a number, got '1'"),
        (lambda: SGD(True), TypeError, "SGD: lr must be a number, got True"),
        (lambda: SGD(1j), TypeError, "SGD: lr must be a number, got 1j"),
        (lambda: SGD(np.nan), ValueError, "SGD: lr must be finite, got nan"),
        (
            lambda: SGD(1, momentum=1),
            ValueError,
            "SGD: momentum must be less than 1, got",
        ),
        (lambda: SGD(1, -1), ValueError, "SGD: momentum must be at least 0, got -1"),
        (
            lambda: SGD(1, 0, -1),
            ValueError,
            "SGD: weight_decay must be at least 0, got -1",
        ),
        (
            lambda: SGD(1, 0, None),
            TypeError,
            "SGD: weight_decay must be a number, got N",
        ),
        (lambda: Adam(0), ValueError, "Adam: lr must be above 0, got 0.0"),
        (lambda: Adam(np.inf), ValueError, "Adam: lr must be finite, got inf"),
        (
            lambda: Adam(betas=0.9),
            ValueError,
            "Adam: betas must be two numbers, got 0.9",
        ),
        (
            lambda: Adam(betas=(0.9,)),
            ValueError,
            "Adam: betas must be two numbers, got",
        ),
        (
            lambda: Adam(betas=(0.9, 1)),
            ValueError,
            "Adam: betas must be less than 1, got",
        ),
        (
            lambda: Adam(betas=("a", 0)),
            TypeError,
            "Adam: betas must be a number, got 'a'",
        ),
        (lambda: Adam(eps=0), ValueError, "Adam: eps must be above 0, got 0.0"),
        (
            lambda: Adam(weight_decay=-0.5),
            ValueError,
            "Adam: weight_decay must be at least 0, got -0.5",
        ),
        (
            lambda: good_fit(network=[Linear(2)]),
            TypeError,
            "fit: network must be a layer, got [Linear(2)]",
        ),
        (
            lambda: good_fit(params=[1.0]),
            TypeError,
            "fit: params must be a dict, got list",
        ),
        (
            lambda: good_fit(params={"weight": zeros(2, 3).astype("f4")}),
            TypeError,
            "fit: weight is float32 but x is float64",
        ),
        (
            lambda: good_fit(params={"weight": zeros(2, 3)}),
            ValueError,
            "Linear: params must be named ['bias', 'weight'], got ['weight']",
        ),
        (
            lambda: good_fit(x=zeros(4, 5)),
            ValueError,
            "Linear: weight must have shape (2, 5), got weight.shape=(2, 3)",
        ),
        (
            lambda: good_fit(labels=[0, 1, 0, 1]),
            TypeError,
            "fit: labels must be a NumPy array, got list",
        ),
        (
            lambda: good_fit(labels=np.zeros(4)),
            TypeError,
            "cross_entropy: labels must be an integer array, got float64",
        ),
        (
            lambda: good_fit(labels=np.array([0, 1, 2, 0])),
            ValueError,
            "cross_entropy: labels must be 0 to 1 for 2 classes, got ",
        ),
        (
            lambda: good_fit(labels=np.zeros(3, int)),
            ValueError,
            "fit: x and labels must hold as many examples, at least one, got "
            "x.shape=(4, 3), labels.shape=(3,)",
        ),
        (
            lambda: good_fit(x=zeros(0, 3), labels=np.zeros(0, int)),
            ValueError,
            "fit: x and labels must hold as many examples, at least one, got x.sh",
        ),
        (
            lambda: good_fit(x=zeros()),
            ValueError,
            "fit: x and labels must hold as many examples, at least one, got x.s",
        ),
        (
            lambda: good_fit(optimizer=0.1),
            TypeError,
            "fit: optimizer must have start, got 0.1",
        ),
        (
            lambda: good_fit(rng=0),
            TypeError,
            "fit: rng must be a numpy Generator, got 0",
        ),
        (
            lambda: good_fit(x=np.full((4, 3), np.nan)),
            FloatingPointError,
            "fit: the loss became nan in epoch 0; a smaller learning rate may help "
            "(optimizer=SGD(lr=0.1,",
        ),
    ],
)
def test_training(make, error, message):
    with pytest.raises(error, match="^" + re.escape(message)):
        make()


def test_training_changes_nothing_it_was_given():
    before = {k: np.copy(v) for k, v in GOOD["fit"]["params"].items()}
    params, losses = good_fit(
        x=np.eye(4)[:, :3], epochs=3, rng=np.random.default_rng(0)
    )
    for name, array in GOOD["fit"]["params"].items():
        np.testing.assert_array_equal(array, before[name])
        assert not np.array_equal(params[name], array)
    assert losses[2] < losses[0]


@pytest.mark.parametrize("rate", [0.1, np.float64(0.1), np.float32(0.1)])
@pytest.mark.parametrize("optimizer", [SGD, Adam])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_training_keeps_the_dtype(dtype, optimizer, rate):
    params = {"weight": zeros(2, 3).astype(dtype), "bias": zeros(2).astype(dtype)}
    x, rule = np.eye(4, 3, dtype=dtype), optimizer(rate, weight_decay=rate)
    trained, _ = good_fit(params=params, x=x, optimizer=rule, epochs=2)
    assert {array.dtype for array in trained.values()} == {np.dtype(dtype)}
