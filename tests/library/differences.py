"""Gradients of layers, by moving what they are gradients of."""

import numpy as np


def assert_gradients(layer, params, x, rng):
    """The pullback of `layer` is its slope along random directions."""
    y, pullback = layer.vjp(params, x)
    dy = rng.standard_normal(y.shape)
    dparams, dx = pullback(dy)
    assert list(dparams) == list(params)
    without, nothing = pullback(dy, dx=False)
    assert nothing is None
    np.testing.assert_equal(without, dparams)
    values, grads = {"x": x, **params}, {"x": dx, **dparams}
    for name, value in values.items():
        direction = rng.standard_normal(value.shape)

        def along(t, name=name, value=value, direction=direction):
            moved = {**values, name: value + t * direction}
            return np.vdot(dy, layer.apply(moved, moved.pop("x")))

        slope = (along(1e-6) - along(-1e-6)) / 2e-6
        np.testing.assert_allclose(
            np.vdot(grads[name], direction), slope, rtol=1e-5, atol=1e-7
        )
