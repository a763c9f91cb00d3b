"""conv2d against SciPy's correlation and convolution."""

import numpy as np
import pytest
from scipy.signal import convolve2d, correlate2d

from conv_notes import conv2d


def with_scipy(x, weight, mode, operation):
    """Every output channel is the sum of its input channels, each filtered."""
    return np.array(
        [
            [
                sum(
                    operation(channel, kernel, mode)
                    for channel, kernel in zip(image, kernels, strict=True)
                )
                for kernels in weight
            ]
            for image in x
        ]
    )


@pytest.mark.parametrize(
    ("mode", "kernel_size", "padding"),
    [
        ("valid", (3, 3), "valid"),
        ("valid", (2, 5), 0),
        ("valid", (9, 7), 0),
        ("full", (3, 3), 2),
        ("full", (4, 2), (3, 1)),
        ("same", (3, 3), "same"),
        ("same", (1, 5), "same"),
    ],
)
@pytest.mark.parametrize(("channels", "out"), [(1, 1), (3, 4)])
def test_conv2d(mode, kernel_size, padding, channels, out, rng):
    x = rng.standard_normal((2, channels, 9, 8))
    weight = rng.standard_normal((out, channels, *kernel_size))
    y = conv2d(x, weight, padding=padding)
    np.testing.assert_allclose(
        y, with_scipy(x, weight, mode, correlate2d), rtol=1e-12, atol=1e-12
    )
    flipped = weight[..., ::-1, ::-1]
    np.testing.assert_allclose(
        y, with_scipy(x, flipped, mode, convolve2d), rtol=1e-12, atol=1e-12
    )


@pytest.mark.parametrize("stride", [2, (1, 3)])
def test_stride_keeps_some_of_the_outputs(stride, rng):
    x = rng.standard_normal((1, 2, 9, 8))
    weight = rng.standard_normal((3, 2, 3, 2))
    sh, sw = np.broadcast_to(stride, 2)
    np.testing.assert_allclose(
        conv2d(x, weight, stride=stride),
        with_scipy(x, weight, "valid", correlate2d)[..., ::sh, ::sw],
        rtol=1e-12,
        atol=1e-12,
    )


def test_dilation_puts_zeros_between_the_entries(rng):
    x = rng.standard_normal((1, 2, 9, 8))
    weight = rng.standard_normal((3, 2, 3, 2))
    spread = np.zeros((3, 2, 5, 4))
    spread[..., ::2, ::3] = weight
    np.testing.assert_allclose(
        conv2d(x, weight, dilation=(2, 3)),
        with_scipy(x, spread, "valid", correlate2d),
        rtol=1e-12,
        atol=1e-12,
    )
