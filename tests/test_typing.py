"""What a user's type checker and editor see of the library."""

import inspect
import os
import re
import subprocess
import sys
from pathlib import Path

import jedi
import pytest

import conv_notes

ROOT = Path(__file__).parents[1]
# Each error that `mypy --strict` must find stands behind its line, and no other.
PROGRAM = """
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from conv_notes import (
    SGD,
    Conv2d,
    Flatten,
    Linear,
    Sequential,
    conv2d,
    fit,
    max_pool2d,
    receptive_field,
)

x = np.ones((2, 1, 8, 8))
weight = np.ones((4, 1, 3, 3))
labels = np.array([0, 1])
rng = np.random.default_rng(0)

# An op and its pullback
y: npt.NDArray[np.float64] = conv2d(x, weight, stride=(1, 2), padding="same")
conv2d(x, weight, np.ones(4), padding=((1, 0), (0, 1)), groups=1)
z, pullback = conv2d.vjp(x, weight, stride=2)
dx, dweight, dbias = pullback(np.ones_like(z))
conv2d(x, weight, strid=2)  # E: call-arg
conv2d("no", weight)  # E: arg-type
conv2d(x, weight, stride="2")  # E: arg-type
conv2d(x)  # E: call-arg
conv2d.vjp(x, weight, strid=2)  # E: call-arg
conv2d.vjp("no", weight)  # E: arg-type
pullback("no")  # E: arg-type
count: int = conv2d(x, weight)  # E: assignment
count = pullback  # E: assignment

# An op with indices
max_pool2d(x, 2)
pooled, indices = max_pool2d(x, (2, 3), stride=2, ceil_mode=True, return_indices=True)
max_pool2d(x, 2, dilaton=1)  # E: call-arg

# Layers
layer = Conv2d(8, (3, 5), stride=2, padding="valid", bias=False)
count = layer.n_params((1, 8, 8))
params = layer.init((1, 8, 8), rng, np.float32)
y = layer.apply(params, x)
y, back = layer.vjp(params, x)
dparams, dx = back(y)
dkernel: npt.NDArray[np.float64] = dparams["weight"]
Conv2d("8", 3)  # E: arg-type
Conv2d(8)  # E: call-arg
layer.stride = 3  # E: misc
layer.n_params(8)  # E: arg-type
back("no")  # E: arg-type
count = back(y)  # E: assignment

# Networks
network = Sequential(layer, Flatten(), Linear(10))
network.output_shape((1, 8, 8))
trained, losses = fit(
    network,
    network.init((1, 8, 8), rng),
    x,
    labels,
    epochs=1,
    batch_size=2,
    optimizer=SGD(0.1),
    rng=rng,
)
last: float = losses[-1]
Sequential("Linear")  # E: arg-type
fit(network, params, x, labels, epochs=1)  # E: call-arg
field = receptive_field([(3, 2), layer])
size: int = field.size
stride: int | Fraction = field.stride
size = field.stride  # E: assignment
receptive_field(3)  # E: arg-type
"""


def test_a_users_type_checker(tmp_path):
    path = tmp_path / "program.py"
    path.write_text(PROGRAM)
    command = [sys.executable, "-m", "mypy", "--strict", "--config-file="]
    command += ["--follow-imports=silent", "--no-pretty", str(path)]
    run = subprocess.run(
        command,
        cwd=tmp_path,
        env=os.environ | {"MYPYPATH": str(ROOT)},
        capture_output=True,
        encoding="utf-8",
    )
    found = re.findall(r"program\.py:(\d+): error: .*\[([\w-]+)\]$", run.stdout, re.M)
    expected = [
        (str(number), line.partition("# E: ")[2])
        for number, line in enumerate(PROGRAM.splitlines(), 1)
        if "# E: " in line
    ]
    assert {*found} == {*expected}, run.stdout + run.stderr


def test_signatures_say_what_is_returned():
    for name in ("conv2d", "max_pool2d", "partial_conv2d", "relu"):
        signature = inspect.signature(getattr(conv_notes, name))
        assert "Array" in str(signature.return_annotation)
        assert "Pullback" not in str(signature.return_annotation)


OPS = [name for name in conv_notes.__all__ if hasattr(getattr(conv_notes, name), "vjp")]
OPS = [name for name in OPS if name.islower()]


@pytest.mark.parametrize("name", OPS)
def test_a_vjp_takes_what_its_op_takes(name):
    op = getattr(conv_notes, name)
    ours, theirs = map(inspect.signature, (op, op.vjp))
    assert list(ours.parameters.values()) == list(theirs.parameters.values())
    assert "Pullback" in str(theirs.return_annotation)


@pytest.mark.parametrize("name", OPS)
@pytest.mark.parametrize("call", ["", ".vjp"])
def test_editors_show_the_arguments(name, call):
    """From the source alone, and in a notebook, where the op is there."""
    source, line = f"from conv_notes import {name}\n", f"{name}{call}("
    project = jedi.Project(ROOT)
    parameters = list(inspect.signature(getattr(conv_notes, name)).parameters)
    for script in (
        jedi.Script(source + line, path=ROOT / "user.py", project=project),
        jedi.Interpreter(line, [vars(conv_notes)], project=project),
    ):
        (shown,) = script.get_signatures()
        assert [parameter.name for parameter in shown.params] == parameters
