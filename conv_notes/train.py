"""Learning: optimizers, and the loop that follows the gradient."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

import numpy as np

from . import _checks as check
from ._checks import FloatArray
from ._extras import needed
from .layers import Layer, Params
from .ops import cross_entropy
from .ops._differentiable import Op


class Optimizer(Protocol):
    """A rule for one step; what it remembers between steps is the state."""

    def start(self, params: Params) -> Any:
        """The state before the first step."""
        ...

    def step(self, params: Params, grads: Params, state: Any) -> tuple[Params, Any]:
        """New parameters and a new state; the old ones stay as they are."""
        ...


@dataclass(frozen=True)
class SGD:
    r"""Stochastic gradient descent, with momentum and weight decay.

    .. math:: v \leftarrow \mu v + (g + \lambda w),\qquad w \leftarrow w - \eta v

    Parameters
    ----------
    lr : float
        The learning rate η, above 0.
    momentum : float
        μ, 0 or more and less than 1.
    weight_decay : float
        λ, 0 or more; applied to every parameter, biases too, as in PyTorch.

    References
    ----------
    Goodfellow, Bengio & Courville (2016), *Deep Learning*, algorithm 8.2.

    Examples
    --------
    >>> import numpy as np
    >>> sgd, params = SGD(lr=0.1), {"weight": np.array([1.0])}
    >>> params, _ = sgd.step(params, {"weight": np.array([2.0])}, sgd.start(params))
    >>> params
    {'weight': array([0.8])}
    """

    lr: float
    momentum: float = 0.0
    weight_decay: float = 0.0

    def __post_init__(self) -> None:
        check.positive("SGD", "lr", self.lr)
        check.fraction("SGD", "momentum", self.momentum)
        check.real("SGD", "weight_decay", self.weight_decay, 0)
        _as_floats(self)

    def start(self, params: Params) -> Params:
        """The velocities: zero."""
        return {name: np.zeros_like(array) for name, array in params.items()}

    def step(
        self, params: Params, grads: Params, state: Params
    ) -> tuple[Params, Params]:
        """New parameters and velocities."""
        grads = _decayed(params, grads, self.weight_decay)
        velocity = {k: self.momentum * state[k] + g for k, g in grads.items()}
        return {k: w - self.lr * velocity[k] for k, w in params.items()}, velocity


@dataclass(frozen=True)
class Adam:
    r"""Steps of about one size for every parameter, whatever its gradient's size.

    .. math::
        m \leftarrow \beta_1 m + (1 - \beta_1) g,\quad
        s \leftarrow \beta_2 s + (1 - \beta_2) g^2,\quad
        w \leftarrow w - \eta\, \frac{m / (1 - \beta_1^t)}
        {\sqrt{s / (1 - \beta_2^t)} + \epsilon}

    Parameters
    ----------
    lr : float
        The learning rate η, above 0.
    betas : (float, float)
        β₁ and β₂, 0 or more and less than 1.
    eps : float
        ε, above 0.
    weight_decay : float
        λ, 0 or more; λw is added to the gradient, as in PyTorch.

    References
    ----------
    Kingma & Ba (2015), "Adam: a method for stochastic optimization", algorithm 1.

    Examples
    --------
    >>> import numpy as np
    >>> adam, params = Adam(lr=0.1), {"weight": np.array([1.0, 1.0])}
    >>> grads = {"weight": np.array([2.0, -0.001])}
    >>> params, _ = adam.step(params, grads, adam.start(params))
    >>> params["weight"].round(3)
    array([0.9, 1.1])
    """

    lr: float = 1e-3
    betas: tuple[float, float] = (0.9, 0.999)
    eps: float = 1e-8
    weight_decay: float = 0.0

    def __post_init__(self) -> None:
        check.positive("Adam", "lr", self.lr)
        if not isinstance(self.betas, tuple | list) or len(self.betas) != 2:
            raise ValueError(f"Adam: betas must be two numbers, got {self.betas!r}")
        for beta in self.betas:
            check.fraction("Adam", "betas", beta)
        check.positive("Adam", "eps", self.eps)
        check.real("Adam", "weight_decay", self.weight_decay, 0)
        _as_floats(self)

    def start(self, params: Params) -> tuple[int, Params, Params]:
        """Steps done, and the two running means: zero."""
        zeros = {name: np.zeros_like(array) for name, array in params.items()}
        return 0, zeros, zeros

    def step(
        self, params: Params, grads: Params, state: tuple[int, Params, Params]
    ) -> tuple[Params, tuple[int, Params, Params]]:
        """New parameters and running means."""
        grads = _decayed(params, grads, self.weight_decay)
        (b1, b2), (t, mean, square) = self.betas, state
        t += 1
        mean = {k: b1 * mean[k] + (1 - b1) * g for k, g in grads.items()}
        square = {k: b2 * square[k] + (1 - b2) * g * g for k, g in grads.items()}
        new = {}
        for k, w in params.items():
            scale = np.sqrt(square[k] / (1 - b2**t)) + self.eps
            new[k] = w - self.lr / (1 - b1**t) * mean[k] / scale
        return new, (t, mean, square)


class Fit(NamedTuple):
    """What `fit` returns.

    Attributes
    ----------
    params : dict of str to ndarray
        The parameters after the last step.
    losses : list of float
        The mean loss of each epoch, over its batches as they were met.
    """

    params: Params
    losses: list[float]


# Whether numbers have overflowed is looked after here, and told as an error.
@np.errstate(over="ignore", invalid="ignore")
def fit(
    network: Layer,
    params: Params,
    x: FloatArray,
    labels: np.ndarray,
    *,
    epochs: int,
    batch_size: int,
    optimizer: Optimizer,
    rng: np.random.Generator,
    loss: Op[..., Any] = cross_entropy,
    progress: bool | None = None,
    until: Callable[[Params], bool] | None = None,
) -> Fit:
    """Train a network: shuffle, cut into batches, follow the gradient, repeat.

    Parameters
    ----------
    network : Layer
        Mostly a `Sequential`.
    params : dict of str to ndarray
        Where to begin, as ``network.init`` gives it. It is not changed.
    x : ndarray, shape (N, C, H, W) or (N, features)
        The examples, of the dtype of `params`; N at least 1.
    labels : ndarray, shape (N, …)
        What `loss` compares the outputs with: for `cross_entropy` the right class of
        each example.
    epochs : int
        How often all examples are seen; 0 or more.
    batch_size : int
        How many examples make a step. The last batch of an epoch can be smaller.
    optimizer : SGD or Adam
        Or any other object with their methods ``start`` and ``step``.
    rng : numpy.random.Generator
        Shuffles; the same seed gives the same result.
    loss : op
        A function of outputs and labels with a ``vjp``; its result is one number, the
        mean over a batch.
    progress : bool, optional
        Whether to show a progress bar, which takes the package tqdm. Left out, it shows
        where a person watches a terminal and not where output is recorded.
    until : function, optional
        Is given the parameters after each epoch, and ends the training by returning
        true: to stop where examples kept apart get no better.

    Returns
    -------
    Fit
        ``params`` and ``losses``.

    Raises
    ------
    TypeError
        If an argument is of the wrong kind.
    ValueError
        If the numbers of examples and labels differ, or a number is too small.
    FloatingPointError
        If the loss is no longer a finite number, or a parameter in the end is not: the
        training has diverged.

    References
    ----------
    Goodfellow, Bengio & Courville (2016), *Deep Learning*, section 8.1.3.

    Examples
    --------
    Learn to tell negative from positive numbers:

    >>> import numpy as np
    >>> from conv_notes import Linear
    >>> rng = np.random.default_rng(0)
    >>> x = rng.permutation(np.arange(-49.5, 50.0))[:, None] / 10
    >>> labels = (x[:, 0] > 0).astype(int)
    >>> layer = Linear(2)
    >>> params, losses = fit(
    ...     layer, layer.init((1,), rng), x, labels,
    ...     epochs=20, batch_size=10, optimizer=SGD(0.5), rng=rng,
    ... )
    >>> float((layer.apply(params, x).argmax(axis=1) == labels).mean())
    1.0
    """
    where = "fit"
    if not isinstance(network, Layer):
        raise TypeError(f"{where}: network must be a layer, got {network!r}")
    if not isinstance(params, dict):
        raise TypeError(f"{where}: params must be a dict, got {type(params).__name__}")
    x = check.float_array(where, "x", x)
    for name, value in params.items():
        array = check.float_array(where, str(name), value)
        if array.dtype != x.dtype:
            raise TypeError(f"{where}: {name} is {array.dtype} but x is {x.dtype}")
    labels = check.array(where, "labels", labels)
    if x.ndim == 0 or labels.shape[:1] != x.shape[:1] or len(x) == 0:
        raise ValueError(
            f"{where}: x and labels must hold as many examples, at least one, got "
            f"x.shape={x.shape}, labels.shape={labels.shape}"
        )
    epochs = check.integer(where, "epochs", epochs, 0)
    batch_size = check.integer(where, "batch_size", batch_size, 1)
    check.generator(where, rng)
    if not hasattr(loss, "vjp"):
        raise TypeError(f"{where}: loss must have a vjp, got {loss!r}")
    for method in ("start", "step"):
        if not hasattr(optimizer, method):
            raise TypeError(f"{where}: optimizer must have {method}, got {optimizer!r}")
    if until is not None and not callable(until):
        raise TypeError(f"{where}: until must be a function, got {until!r}")

    params, x = network._checked(params, x)  # once: each step is then without
    state, losses = optimizer.start(params), []
    for epoch in _bar(range(epochs), progress):
        total = 0.0
        for batch in _batches(rng.permutation(len(x)), batch_size):
            y, pull_back = network._run(params, x[batch])
            value, pull_back_loss = loss.vjp(y, labels[batch])
            if not np.isfinite(value):
                raise _diverged(f"the loss became {value}", epoch, optimizer)
            grads, _ = pull_back(pull_back_loss(np.ones_like(value))[0], dx=False)
            stepped, state = optimizer.step(params, grads, state)
            params = {name: stepped[name] for name in params}  # in order
            total += float(value) * len(batch)
        losses.append(total / len(x))
        if until is not None and until(params):
            break
    for name, array in params.items():
        if losses and not np.isfinite(array).all():  # since the last loss
            raise _diverged(f"{name} became infinite or NaN", epoch, optimizer)
    return Fit(params, losses)


def _diverged(what: str, epoch: int, optimizer: Optimizer) -> FloatingPointError:
    return FloatingPointError(
        f"fit: {what} in epoch {epoch}; a smaller learning rate may help "
        f"(optimizer={optimizer})"
    )


def _batches(order: np.ndarray, batch_size: int) -> Iterator[np.ndarray]:
    for start in range(0, len(order), batch_size):
        yield order[start : start + batch_size]


def _as_floats(optimizer: SGD | Adam) -> None:
    """Turn numbers into Python's, which do not turn float32 into float64."""
    for name, value in vars(optimizer).items():
        pair = isinstance(value, tuple | list)
        plain = tuple(map(float, value)) if pair else float(value)
        object.__setattr__(optimizer, name, plain)


def _decayed(params: Params, grads: Params, weight_decay: float) -> Params:
    if weight_decay == 0:
        return grads
    return {name: g + weight_decay * params[name] for name, g in grads.items()}


def _bar(epochs: Iterable[int], progress: bool | None) -> Iterable[int]:
    """Count on a bar, or just count."""
    if progress is False:
        return epochs
    try:
        with needed("fit with progress=True", "tqdm", "book"):
            from tqdm import tqdm
    except ModuleNotFoundError:
        if progress:
            raise
        return epochs
    # tqdm takes None for "where the output is a terminal".
    disable = None if progress is None else False
    bar: Iterable[int] = tqdm(epochs, desc="epochs", disable=disable)
    return bar
