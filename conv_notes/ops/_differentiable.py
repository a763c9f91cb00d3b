"""What turns "result and pullback" into an op with a ``vjp``."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, Protocol

from .. import _checks as check

Pullback = Callable[..., tuple[Any, ...]]


class Op(Protocol):
    """A function of arrays that can also be pulled back."""

    __name__: str

    def __call__(self, *args: Any, **kwargs: Any) -> Any: ...

    def vjp(self, *args: Any, **kwargs: Any) -> tuple[Any, Pullback]: ...


def differentiable(forward: Callable[..., tuple[Any, Pullback]]) -> Op:
    """Make an op of a function that returns its result and its pullback.

    The pullback is the transpose of the derivative: it takes the gradient with respect
    to the result and returns one gradient per array argument, in order, None where
    there is none. It refers to the arguments, which must not be changed before it is
    called. ``vjp`` is short for vector-Jacobian product.
    """

    @functools.wraps(forward)
    def op(*args: Any, **kwargs: Any) -> Any:
        return forward(*args, **kwargs)[0]

    def vjp(*args: Any, **kwargs: Any) -> tuple[Any, Pullback]:
        y, pullback = forward(*args, **kwargs)
        first = y[0] if isinstance(y, tuple) else y
        where = f"{forward.__name__}.vjp"

        def checked(dy: Any) -> tuple[Any, ...]:
            dy, _ = check.float_arrays(where, dy=dy, y=first)
            check.shape(where, "dy", dy, first.shape)
            return pullback(dy)

        return y, checked

    vjp.__doc__ = f"``{forward.__name__}(...)`` and its pullback."
    op.vjp = vjp  # type: ignore[attr-defined]
    return op  # type: ignore[return-value]
