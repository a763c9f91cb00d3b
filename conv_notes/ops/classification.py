"""From scores to probabilities to a loss."""

from __future__ import annotations

import numpy as np

from .. import _checks as check
from .._checks import FloatArray
from ._differentiable import Pullback, differentiable
from ._sums import total


@differentiable
def softmax(x: FloatArray, axis: int) -> tuple[FloatArray, Pullback]:
    r"""Turn scores into probabilities: positive, and summing to 1 along an axis.

    .. math:: y_k = e^{x_k} / \sum_{k'} e^{x_{k'}}

    Parameters
    ----------
    x : ndarray, any shape
        float32 or float64.
    axis : int
        The axis along which the result sums to 1.

    Returns
    -------
    ndarray, the shape of `x`
        Same dtype as `x`. Large scores do not overflow.

    Raises
    ------
    TypeError
        If `x` is not a float32 or float64 array, or `axis` not an int.
    ValueError
        If `x` has no such axis, or it is empty.

    References
    ----------
    Goodfellow, Bengio & Courville (2016), *Deep Learning*, equation 4.1.

    Examples
    --------
    >>> import numpy as np
    >>> softmax(np.log([1.0, 2.0, 1.0]), axis=0)
    array([0.25, 0.5 , 0.25])
    """
    x, axis = _scores("softmax", x, axis)
    y = _shifted(x, axis)
    np.exp(y, out=y)
    y /= total(y, axis, keepdims=True)

    def pullback(dy: FloatArray) -> tuple[FloatArray]:
        return (y * (dy - total(dy * y, axis, keepdims=True)),)

    return y, pullback


@differentiable
def log_softmax(x: FloatArray, axis: int) -> tuple[FloatArray, Pullback]:
    r"""Compute the logarithm of `softmax`, without rounding small ones to zero first.

    .. math:: y_k = x_k - \log \sum_{k'} e^{x_{k'}}

    Parameters
    ----------
    x : ndarray, any shape
        float32 or float64.
    axis : int
        The axis along which the exponentials of the result sum to 1.

    Returns
    -------
    ndarray, the shape of `x`
        Same dtype as `x`.

    Raises
    ------
    TypeError
        If `x` is not a float32 or float64 array, or `axis` not an int.
    ValueError
        If `x` has no such axis, or it is empty.

    References
    ----------
    Goodfellow, Bengio & Courville (2016), *Deep Learning*, equation 6.30.

    Examples
    --------
    >>> import numpy as np
    >>> log_softmax(np.array([0.0, 1000.0]), axis=0)
    array([-1000.,     0.])
    """
    x, axis = _scores("log_softmax", x, axis)
    y = _log_softmax(x, axis)

    def pullback(dy: FloatArray) -> tuple[FloatArray]:
        return (dy - np.exp(y) * total(dy, axis, keepdims=True),)

    return y, pullback


@differentiable
def cross_entropy(
    logits: FloatArray, labels: np.ndarray
) -> tuple[FloatArray, Pullback]:
    r"""Measure how little probability the scores give to the right classes.

    .. math:: -\frac{1}{N} \sum_n \log \mathrm{softmax}(\mathrm{logits}_n)_{labels_n}

    Parameters
    ----------
    logits : ndarray, shape (N, K)
        Scores of K classes for each of N examples, N at least 1; float32 or float64.
    labels : ndarray, shape (N,), integer
        The right class of each example, 0 to K − 1.

    Returns
    -------
    ndarray, shape ()
        The mean over the examples, in nats; same dtype as `logits`. The pullback gives
        ``(dlogits, None)``.

    Raises
    ------
    TypeError
        If `logits` is not a float32 or float64 array, or `labels` not an integer one.
    ValueError
        If the shapes do not fit, or a label is not a class.

    References
    ----------
    Goodfellow, Bengio & Courville (2016), *Deep Learning*, section 6.2.2.3.

    Examples
    --------
    Without any preference among four classes, it is the logarithm of 4:

    >>> import numpy as np
    >>> float(cross_entropy(np.zeros((2, 4)), np.array([0, 3])))
    1.3862943611198906
    """
    where = "cross_entropy"
    (logits,) = check.float_arrays(where, logits=logits)
    check.rank(where, "logits", logits, "N K")
    labels = check.integer_array(where, "labels", labels)
    n, classes = logits.shape
    check.shape(where, "labels", labels, (n,))
    if n == 0:
        raise ValueError(f"{where}: logits must have an example, got {logits.shape}")
    if labels.min() < 0 or labels.max() >= classes:
        raise ValueError(
            f"{where}: labels must be 0 to {classes - 1} for {classes} classes, got "
            f"{labels.min()} to {labels.max()}"
        )
    log_p = _log_softmax(logits, 1)
    each = np.arange(n), labels

    def pullback(dy: FloatArray) -> tuple[FloatArray, None]:
        dlogits = np.exp(log_p)
        dlogits[each] -= 1
        return dlogits * (dy / n).astype(dlogits.dtype), None

    loss = -log_p[each].mean(dtype=np.float64)
    return np.asarray(loss, dtype=logits.dtype), pullback


def _scores(where: str, x: object, axis: object) -> tuple[FloatArray, int]:
    (scores,) = check.float_arrays(where, x=x)
    number = check.integer(where, "axis", axis, -scores.ndim)
    if number >= scores.ndim:
        raise ValueError(f"{where}: axis={number} but x has shape {scores.shape}")
    if scores.shape[number] == 0:
        raise ValueError(
            f"{where}: x must not be empty along axis={number}, got "
            f"x.shape={scores.shape}"
        )
    return scores, number


def _log_softmax(x: FloatArray, axis: int) -> FloatArray:
    shifted = _shifted(x, axis)
    y: FloatArray = shifted - np.log(total(np.exp(shifted), axis, keepdims=True))
    return y


@np.errstate(over="ignore", invalid="ignore")  # infinite scores: the result tells
def _shifted(x: FloatArray, axis: int) -> FloatArray:
    """Scores of the same probabilities, none with an exponential above 1."""
    shifted: FloatArray = x - x.max(axis=axis, keepdims=True)
    return shifted
