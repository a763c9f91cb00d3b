"""Output sizes, padding and receptive fields, against what the ops really do."""

from itertools import product

import numpy as np
import oracle
import pytest

from conv_notes import (
    conv_output_size,
    conv_transpose_output_size,
    max_pool2d,
    same_padding,
    unfold,
)


@pytest.mark.parametrize("kernel_size", [1, 2, 3, 5])
@pytest.mark.parametrize("dilation", [1, 2, 3])
@pytest.mark.parametrize("stride", [1, 2, 3, 7])
def test_output_size_is_that_of_unfold(kernel_size, stride, dilation):
    span = dilation * (kernel_size - 1) + 1
    for size, before, after in product(range(1, 12), range(3), range(3)):
        if size + before + after < span:
            continue
        geometry = {"stride": stride, "dilation": (1, dilation)}
        x = np.zeros((1, 1, 1, size))
        windows = unfold(
            x, (1, kernel_size), **geometry, padding=((0, 0), (before, after))
        )
        padding = (before, after)
        out = conv_output_size(size, kernel_size, stride, padding, dilation)
        starts = oracle.starts(size, kernel_size, stride, padding, dilation)
        assert out == windows.shape[-1] == len(starts)
        if before == after:
            assert out == conv_output_size(size, kernel_size, stride, before, dilation)


@pytest.mark.parametrize("kernel_size", [1, 2, 3, 5])
@pytest.mark.parametrize("dilation", [1, 2])
@pytest.mark.parametrize("stride", [1, 2, 3, 7])
def test_ceil_mode(kernel_size, stride, dilation):
    """The rule of PyTorch: windows may end beyond the image, not begin there."""
    span = dilation * (kernel_size - 1) + 1
    for size, padding in product(range(1, 12), range(kernel_size // 2 + 1)):
        if size + 2 * padding < span:
            continue
        axis = size, kernel_size, stride, padding, dilation
        out = conv_output_size(*axis, ceil_mode=True)
        both = padding, padding
        starts = oracle.starts(size, kernel_size, stride, both, dilation, True)
        y = max_pool2d(
            np.zeros((1, 1, size, 1)),
            (kernel_size, 1),
            stride=(stride, 1),
            padding=(padding, 0),
            dilation=(dilation, 1),
            ceil_mode=True,
        )
        assert out == len(starts) == y.shape[2]
        assert out - conv_output_size(*axis) in (0, 1)


def test_transposed_output_size_is_the_way_back():
    for k, s, p, d in product((1, 2, 3), (1, 2, 3), (0, 1), (1, 2)):
        for size in range(d * (k - 1) + 1, 12):
            there = conv_output_size(size, k, s, p, d)
            lost = (size + 2 * p - d * (k - 1) - 1) % s
            assert conv_transpose_output_size(there, k, s, p, lost, d) == size


@pytest.mark.parametrize("kernel_size", range(1, 8))
@pytest.mark.parametrize("dilation", [1, 2, 3])
def test_same_padding(kernel_size, dilation):
    before, after = same_padding(kernel_size, dilation)
    assert after - before in (0, 1)
    for size in range(1, 20):
        padding = before, after
        assert conv_output_size(size, kernel_size, 1, padding, dilation) == size
