"""A layer as one matrix: which weight each connection carries, and its value."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from typing import Any

import numpy as np

from .. import _checks as check
from .._checks import FloatArray, Shape
from ..layers import Layer, Params
from .containers import Container, Parallel, below


def weight_ids(layer: Layer, input_shape: Shape) -> np.ndarray:
    """Which weight each connection of a layer carries.

    The layer is run on the columns of the identity matrix with weights 2, 3, 4, …, so
    that each connection reports the number of its weight.

    Parameters
    ----------
    layer : Layer
        A linear layer with exactly one weight array, or a `Sequential` that holds one.
    input_shape : tuple of int
        (C, H, W) or (features,).

    Returns
    -------
    ndarray, shape (n_outputs, n_inputs), int64
        −1 where there is no connection, else the index of its weight in the flattened
        weight array. Outputs and inputs are in row-major order.

    Raises
    ------
    ValueError
        If the layer is not linear, does not have exactly one weight array, or has
        connections that carry no weight or several, as behind an average.

    References
    ----------
    The matrix of Goodfellow, Bengio & Courville (2016), section 9.1, coloured by
    weight as their figure 9.16 colours edges.

    Examples
    --------
    A kernel of 2 on a row of 4: three outputs, the same two weights.

    >>> from conv_notes import Conv2d
    >>> weight_ids(Conv2d(1, (1, 2)), (1, 1, 4))
    array([[ 0,  1, -1, -1],
           [-1,  0,  1, -1],
           [-1, -1,  0,  1]])
    """
    shapes = _linear_shapes("weight_ids", layer, input_shape)
    weights = [name for name in shapes if not _is_bias(name)]
    if len(weights) != 1:
        raise ValueError(
            f"weight_ids: layer must have one weight array, got {layer} with "
            f"{len(weights)}"
        )
    (name,) = weights
    params = {other: np.zeros(its_shape) for other, its_shape in shapes.items()}
    # The smallest is 2, since a connection without a weight has the value 1.
    numbers = np.arange(2.0, prod(shapes[name]) + 2).reshape(shapes[name])
    input_shape = layer.plan(input_shape).input
    carried, squares = (
        _on_units(layer, params | {name: weight}, input_shape, numbers.dtype)
        for weight in (numbers, numbers**2)
    )
    # Where weights are added up or scaled, their squares do not give the square.
    alone = ((carried == 0) | (carried >= 2)) & (squares == carried**2)
    if not alone.all():
        raise ValueError(
            "weight_ids: layer must have one weight to each connection, got one that "
            f"mixes them: {layer}"
        )
    return np.where(carried == 0, -1, carried - 2).astype(np.int64)


def dense_matrix(
    layer: Layer, params: Mapping[str, FloatArray], input_shape: Shape
) -> FloatArray:
    """The one matrix that does to a flattened input what the layer does, biases aside.

    Parameters
    ----------
    layer : Layer
        Any linear layer, or a `Sequential` or `Parallel` of such.
    params : mapping of str to ndarray
        The layer's parameters; biases are not used, and may be left out.
    input_shape : tuple of int
        (C, H, W) or (features,).

    Returns
    -------
    ndarray, shape (n_outputs, n_inputs)
        The dtype of the weights; float64 where there are none.

    Raises
    ------
    TypeError
        If `layer` is no layer, or a weight is no float array.
    ValueError
        If the layer is not linear, or `params` lacks one of its weights or holds it in
        another shape.

    References
    ----------
    Goodfellow, Bengio & Courville (2016), section 9.1.

    Examples
    --------
    >>> import numpy as np
    >>> from conv_notes import Conv2d
    >>> params = {"weight": np.array([[[[5.0, 7.0]]]])}
    >>> dense_matrix(Conv2d(1, (1, 2), bias=False), params, (1, 1, 3))
    array([[5., 7., 0.],
           [0., 5., 7.]])
    """
    where = "dense_matrix"
    shapes = _linear_shapes(where, layer, input_shape)
    weights: dict[str, FloatArray] = {}
    for name in [name for name in shapes if not _is_bias(name)]:
        if name not in params:
            raise ValueError(f"{where}: params must hold {name!r}, got {[*params]}")
        (weights[name],) = check.float_arrays(where, **{name: params[name]})
        check.shape(where, name, weights[name], shapes[name])
    dtype = next((array.dtype for array in weights.values()), np.dtype(np.float64))
    biases = {k: np.zeros(shape, dtype) for k, shape in shapes.items() if _is_bias(k)}
    params = {**biases, **weights}
    input_shape = layer.plan(input_shape).input
    with np.errstate(all="ignore"):  # zero times infinity is taken back below
        matrix = _on_units(layer, params, input_shape, dtype)
        if np.isfinite(matrix).all():
            return matrix
        return _by_parts(layer, params, input_shape, dtype)


def _by_parts(
    layer: Layer, params: Params, input_shape: Shape, dtype: np.dtype[Any]
) -> FloatArray:
    """The same where a number is not finite: zero times it would make NaN."""
    if isinstance(layer, Container):
        matrices = [
            _by_parts(part, below(params, name), plan.input, dtype)
            for name, part, plan in layer.parts(input_shape)
        ]
        if isinstance(layer, Parallel):
            return np.concatenate(matrices)
        product = np.eye(prod(input_shape), dtype=dtype)
        for matrix in matrices:
            product = _connected_product(matrix, product)
        return product
    weights = [array for name, array in params.items() if not _is_bias(name)]
    if not weights:
        return _on_units(layer, params, input_shape, dtype)
    ids = weight_ids(layer, input_shape)
    gathered: FloatArray = np.where(ids < 0, dtype.type(0), weights[0].ravel()[ids])
    return gathered


def _connected_product(a: FloatArray, b: FloatArray) -> FloatArray:
    """A · b without the terms in which a factor is zero: no connection."""
    y = np.zeros((len(a), b.shape[1]), a.dtype)
    for left, right in zip(a.T, b, strict=True):
        out, into = np.flatnonzero(left), np.flatnonzero(right)
        y[np.ix_(out, into)] += np.outer(left[out], right[into])
    return y


def _on_units(
    layer: Layer, params: Params, input_shape: Shape, dtype: np.dtype[Any]
) -> FloatArray:
    """The layer's outputs for each column of the identity matrix, as columns."""
    n_inputs = prod(input_shape)
    units = np.eye(n_inputs, dtype=dtype).reshape(n_inputs, *input_shape)
    return layer.apply(params, units).reshape(n_inputs, -1).T


def _linear_shapes(where: str, layer: Layer, input_shape: Shape) -> dict[str, Shape]:
    if not isinstance(layer, Layer):
        raise TypeError(f"{where}: layer must be a layer, got {layer!r}")
    if not layer.is_linear:
        raise ValueError(f"{where}: layer must be linear, got {layer}")
    return layer.param_shapes(input_shape)


def _is_bias(name: str) -> bool:
    return name.split(".")[-1] == "bias"
