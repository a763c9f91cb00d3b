"""What the tests of `conv_notes.torch` share: arguments of its functions."""

import numpy as np
import torch
from good import GOOD

import conv_notes.torch as ct

torch.set_num_threads(1)  # as NumPy is told to, by the settings of every test run

DEVICE = torch.accelerator.current_accelerator(check_available=True) or torch.device(
    "cpu"
)
FUNCTIONS = [name for name in ct.__all__ if name.islower() and "torch" not in name]


def tensor(array, dtype=None, grad=True):
    """An array of floats as a tensor that has a gradient; others, and None, without."""
    if array is None:
        return None
    moved = torch.tensor(array, device=DEVICE)
    if dtype or moved.dtype.is_floating_point:
        moved = moved.to(dtype or moved.dtype).requires_grad_(grad)
    return moved


def array(tensor):
    """A tensor as NumPy takes it; half precisions as float32."""
    if tensor.dtype in (torch.bfloat16, torch.float16):
        tensor = tensor.float()
    return tensor.numpy(force=True)


def example(name, dtype=torch.float64, seed=0):
    """Arguments of a function: those that it takes in other tests, but random."""
    rng, arguments = np.random.default_rng(seed), dict(GOOD[name])
    for key, value in arguments.items():
        if key == "mask":
            holes = rng.random(value.shape) < 0.5
            arguments[key] = torch.tensor(holes, device=DEVICE).long()
        elif isinstance(value, np.ndarray):
            arguments[key] = tensor(rng.standard_normal(value.shape), dtype)
    return arguments


def learned(arguments):
    """What of them has a gradient."""
    return {k: v for k, v in arguments.items() if getattr(v, "requires_grad", False)}


def results(result):
    """One result, or one with its mask."""
    return result if isinstance(result, tuple) else (result,)


def first(result):
    """What is differentiated."""
    return results(result)[0]
