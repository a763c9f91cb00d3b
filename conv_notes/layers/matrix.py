"""A layer as one matrix: which weight each connection carries, and its value."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod

import numpy as np

from .. import _checks as check
from .._checks import FloatArray
from ._layer import Layer, Shape


def weight_ids(layer: Layer, input_shape: Shape) -> np.ndarray:
    """Which weight each connection of a layer carries.

    The layer is run on the columns of the identity matrix with weights 1, 2, 3, …, so
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
        If the layer is not linear or does not have exactly one weight array.

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
    name, shape = _only_weight("weight_ids", layer, input_shape)
    shapes = layer.param_shapes(input_shape)
    params = {other: np.zeros(its_shape) for other, its_shape in shapes.items()}
    params[name] = np.arange(1.0, prod(shape) + 1).reshape(shape)
    n_inputs, n_outputs = prod(input_shape), prod(layer.output_shape(input_shape))
    units = np.eye(n_inputs).reshape(n_inputs, *input_shape)
    columns = layer.apply(params, units).reshape(n_inputs, n_outputs)
    return columns.T.astype(np.int64) - 1


def dense_matrix(
    layer: Layer, params: Mapping[str, FloatArray], input_shape: Shape
) -> FloatArray:
    """The one matrix that does to a flattened input what the layer does, biases aside.

    Parameters
    ----------
    layer : Layer
        As for `weight_ids`.
    params : mapping of str to ndarray
        The layer's parameters; only the weight is used.
    input_shape : tuple of int
        (C, H, W) or (features,).

    Returns
    -------
    ndarray, shape (n_outputs, n_inputs)
        The dtype of the weight.

    Raises
    ------
    ValueError
        If the layer is not linear, does not have exactly one weight array, or `params`
        does not hold that array in its shape.

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
    name, shape = _only_weight("dense_matrix", layer, input_shape)
    if name not in params:
        raise ValueError(f"dense_matrix: params must hold {name!r}, got {[*params]}")
    (weight,) = check.float_arrays("dense_matrix", weight=params[name])
    check.shape("dense_matrix", name, weight, shape)
    assert weight is not None  # only a bias may be
    ids, weight = weight_ids(layer, input_shape), weight.ravel()
    matrix: FloatArray = np.where(ids >= 0, weight[ids], weight.dtype.type(0))
    return matrix


def _only_weight(where: str, layer: Layer, input_shape: Shape) -> tuple[str, Shape]:
    if not isinstance(layer, Layer):
        raise TypeError(f"{where}: layer must be a layer, got {layer!r}")
    shapes = layer.param_shapes(input_shape)
    weights = [name for name in shapes if name.split(".")[-1] == "weight"]
    if not layer.is_linear or len(weights) != 1:
        raise ValueError(
            f"{where}: layer must be linear with one weight array, got {layer} "
            f"with {len(weights)}"
        )
    return weights[0], shapes[weights[0]]
