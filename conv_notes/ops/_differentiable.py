"""What turns "result and pullback" into an op with a ``vjp``."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Generic, ParamSpec, Protocol, TypeVar

from .. import _checks as check
from .._checks import FloatArray

P = ParamSpec("P")
Y = TypeVar("Y")

#: From the gradient of the result to one gradient per array argument, in order. For the
#: first, a function may stand: it is called if that gradient is wanted.
Pullback = Callable[[FloatArray], tuple[Any, ...]]


class Gradients(Protocol):
    """The pullback of an op's ``vjp``, which has checked `dy`."""

    def __call__(self, dy: FloatArray, *, dx: bool = True) -> tuple[Any, ...]:
        """One gradient per array argument; with ``dx=False``, None for the first."""
        ...


class Op(Generic[P, Y]):
    """Make an op of a function that returns its result and its pullback.

    The pullback is the transpose of the derivative: it takes the gradient with respect
    to the result and returns one gradient per array argument, in order, None where
    there is none. It refers to the arguments, which must not be changed before it is
    called. With ``pullback(dy, dx=False)`` the first gradient is None too: that of
    data, as the first layer of a network sees it, is of no use, and often costs most.
    ``vjp`` is short for vector-Jacobian product.

    What is made is a function. The class is what type checkers and editors see of it:
    two attributes and no methods, so that they show the arguments of the op itself.
    """

    __name__: str
    vjp: Callable[P, tuple[Y, Gradients]]

    if TYPE_CHECKING:
        __call__: Callable[P, Y]

        def __init__(self, forward: Callable[P, tuple[Y, Pullback]]) -> None: ...

    else:

        def __new__(cls, forward):
            return _op(forward)

        def __init__(self, forward):  # never runs; jedi, without ParamSpec, reads it
            self.vjp = forward


differentiable = Op


def checked(where: str, dy: FloatArray, y: FloatArray) -> FloatArray:
    """`dy`, once it is like the result `y`."""
    dy, y = check.float_arrays(where, dy=dy, y=y)
    check.shape(where, "dy", dy, y.shape)
    return dy


def _op(forward: Callable[..., tuple[Any, Pullback]]) -> Any:
    where = f"{forward.__name__}.vjp"

    @functools.wraps(forward)
    def op(*args: Any, **kwargs: Any) -> Any:
        return forward(*args, **kwargs)[0]

    @functools.wraps(forward)
    def vjp(*args: Any, **kwargs: Any) -> Any:
        y, pullback = forward(*args, **kwargs)
        result = y[0] if isinstance(y, tuple) else y

        def pull_back(dy: FloatArray, *, dx: bool = True) -> tuple[Any, ...]:
            first, *others = pullback(checked(where, dy, result))
            if not dx:
                return None, *others
            return first() if callable(first) else first, *others

        return y, pull_back

    # Annotated with "tuple[FloatArray, Pullback]"; the op returns the first of them.
    signature = inspect.signature(forward)
    both = str(signature.return_annotation)
    result = both.removeprefix("tuple[").removesuffix(", Pullback]")
    signature = signature.replace(return_annotation=result)
    vjp.__name__ = "vjp"
    vjp.__doc__ = f"``{forward.__name__}(...)`` and its pullback."
    op.__dict__.update(vjp=vjp, __signature__=signature)
    return op
