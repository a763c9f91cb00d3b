"""The functions refuse what the ops refuse, in the same words."""

import re

import numpy as np
import pytest
from good import GOOD

torch = pytest.importorskip("torch")

from tensors import FUNCTIONS, tensor

import conv_notes as cn
import conv_notes.torch as ct

CONVOLUTIONS = [name for name in FUNCTIONS if "conv2d" in name]
SOFT = [name for name in FUNCTIONS if name.endswith("vlad") and name != "vlad"]
zeros = np.zeros
SPOILED = [
    *((name, {"x": zeros((2, 3))}) for name in FUNCTIONS),
    *((name, {"x": zeros((1, 4, 8, 7), np.float32)}) for name in CONVOLUTIONS),
    *(
        (name, {"x": zeros((1, 6, 8, 7))})
        for name in FUNCTIONS
        if name != "action_vlad"
    ),
    *((name, {"weight": zeros((3, 3))}) for name in CONVOLUTIONS),
    *((name, {"weight": GOOD[name]["weight"][:0]}) for name in CONVOLUTIONS),
    *((name, {"bias": zeros(7)}) for name in [*CONVOLUTIONS, *SOFT]),
    *((name, {"bias": zeros(6, np.float32)}) for name in CONVOLUTIONS),
    *((name, {"stride": 0}) for name in CONVOLUTIONS),
    *((name, {"stride": 1.5}) for name in CONVOLUTIONS),
    *((name, {"dilation": (1, 2, 3)}) for name in CONVOLUTIONS),
    *((name, {"dilation": 9}) for name in CONVOLUTIONS),
    *((name, {"padding": -1}) for name in CONVOLUTIONS),
    *((name, {"padding": "full"}) for name in CONVOLUTIONS),
    *((name, {"padding": "same", "stride": 2}) for name in CONVOLUTIONS),
    *((name, {"centers": zeros((5, 3))}) for name in [*SOFT, "vlad"]),
    *((name, {"centers": zeros((4, 4))}) for name in SOFT),
    ("local_conv2d", {"padding": 1}),
    ("tiled_conv2d", {"tiling": "random"}),
    ("partial_conv2d", {"mask": np.ones((1, 4, 8, 7))}),
    ("dynamic_conv2d", {"attention": zeros((1, 4))}),
    ("dynamic_conv2d", {"groups": 3}),
    ("dynamic_conv2d", {"groups": 0}),
    ("ghost_vlad", {"n_ghost": 5}),
    ("ghost_vlad", {"n_ghost": -1}),
    ("ghost_vlad", {"n_ghost": 1.0}),
]


def as_tensors(arguments):
    return {
        key: tensor(value) if isinstance(value, np.ndarray) else value
        for key, value in arguments.items()
    }


@pytest.mark.parametrize(("name", "spoiled"), SPOILED)
def test_in_the_same_words(name, spoiled):
    arguments = GOOD[name] | spoiled
    with pytest.raises((TypeError, ValueError)) as ours:
        getattr(cn, name)(**arguments)
    words = str(ours.value).replace("is float", "is torch.float")
    with pytest.raises(type(ours.value), match=f"^{re.escape(words)}$"):
        getattr(ct, name)(**as_tensors(arguments))


@pytest.mark.parametrize("name", FUNCTIONS)
def test_what_is_no_tensor_of_floats(name):
    for key, value in GOOD[name].items():
        if not isinstance(value, np.ndarray):
            continue
        words = f"^{name}: {key} must be a tensor, got ndarray$"
        with pytest.raises(TypeError, match=words):
            getattr(ct, name)(**as_tensors(GOOD[name]) | {key: value})
        if key != "mask":
            words = f"^{name}: {key} must hold floats, got torch.int64$"
            with pytest.raises(TypeError, match=words):
                good = as_tensors(GOOD[name])
                getattr(ct, name)(**good | {key: good[key].detach().long()})
