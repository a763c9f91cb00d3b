"""Sums of a million float32 keep their digits, however they lie in memory."""

import numpy as np
import pytest

import conv_notes as cn
from conv_notes.ops._sums import total

MANY = 10**6


def channels_last(x):
    """The same numbers (N, C, ...), those of a channel far apart."""
    return np.moveaxis(np.ascontiguousarray(np.moveaxis(x, 1, -1)), -1, 1)


def assert_digits_kept(op, *args, **kwargs):
    """That result and gradient in float32 are those in float64, up to rounding."""
    found = []
    for dtype in (np.float32, np.float64):
        x, *rest = args
        y, pullback = op.vjp(x.astype(dtype), *rest, **kwargs)
        dy = np.random.default_rng(1).uniform(0, 2, y.shape).astype(np.float32)
        found.append((y, pullback(dy.astype(dtype))[0]))
    for single, double in zip(*found, strict=True):
        assert single.dtype == np.float32
        tolerance = 2e-6 * np.abs(double).max()
        np.testing.assert_allclose(single, double, rtol=0, atol=tolerance)


@pytest.mark.parametrize("keepdims", [False, True])
def test_total(keepdims):
    x = channels_last(np.full((1, 3, 1000, 1000), 0.1, np.float32))
    y = total(x, (2, 3), keepdims)
    assert y.dtype == np.float32
    assert y.shape == ((1, 3, 1, 1) if keepdims else (1, 3))
    np.testing.assert_allclose(y, 1e5, rtol=1e-7)


@pytest.mark.parametrize(("shape", "axis"), [((MANY, 3), 0), ((1, MANY, 3), -2)])
@pytest.mark.parametrize("op", [cn.softmax, cn.log_softmax])
def test_many_classes(op, shape, axis, rng):
    scores = rng.uniform(0, 1, shape).astype(np.float32)
    assert_digits_kept(op, scores, axis)


@pytest.mark.parametrize("shape", [(3, MANY), (MANY, 3)])
def test_loss_of_many_classes_or_examples(shape, rng):
    logits = np.asfortranarray(rng.uniform(0, 1, shape).astype(np.float32))
    labels = rng.integers(shape[1], size=shape[0])
    assert_digits_kept(cn.cross_entropy, logits, labels)


@pytest.mark.parametrize("mode", ["nearest", "bilinear", "bicubic"])
def test_many_outputs_of_one_pixel(mode):
    y, pullback = cn.interpolate.vjp(
        np.zeros((1, 1, 1, 1), np.float32), size=(1000, 1000), mode=mode
    )
    np.testing.assert_allclose(pullback(np.full_like(y, 0.1))[0], 1e5, rtol=3e-7)
