"""What turns "result and pullback" into an op with a ``vjp``."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Generic, ParamSpec, TypeVar

from .. import _checks as check
from .._checks import FloatArray

P = ParamSpec("P")
Y = TypeVar("Y")

#: From the gradient of the result to one gradient per array argument, in order.
Pullback = Callable[[FloatArray], tuple[Any, ...]]


class Op(Generic[P, Y]):
    """Make an op of a function that returns its result and its pullback.

    The pullback is the transpose of the derivative: it takes the gradient with respect
    to the result and returns one gradient per array argument, in order, None where
    there is none. It refers to the arguments, which must not be changed before it is
    called. ``vjp`` is short for vector-Jacobian product.

    What is made is a function. The class is what type checkers and editors see of it:
    two attributes and no methods, so that they show the arguments of the op itself.
    """

    __name__: str
    vjp: Callable[P, tuple[Y, Pullback]]

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
        first = y[0] if isinstance(y, tuple) else y

        return y, lambda dy: pullback(checked(where, dy, first))

    # Annotated with "tuple[FloatArray, Pullback]"; the op returns the first of them.
    signature = inspect.signature(forward)
    both = str(signature.return_annotation)
    result = both.removeprefix("tuple[").removesuffix(", Pullback]")
    signature = signature.replace(return_annotation=result)
    vjp.__name__ = "vjp"
    vjp.__doc__ = f"``{forward.__name__}(...)`` and its pullback."
    op.__dict__.update(vjp=vjp, __signature__=signature)
    return op
