"""Output sizes and padding.

The formulas are those of Dumoulin & Visin (2016), "A guide to convolution arithmetic
for deep learning", with dilation added.
"""

from __future__ import annotations

from .. import _checks as check
from .window import Window, halves


def same_padding(kernel_size: int, dilation: int = 1) -> tuple[int, int]:
    """Padding that keeps the size at stride 1, as (before, after).

    The total is D(K−1). When it is odd, as for every even kernel without dilation, the
    extra pixel goes after the input, which is PyTorch's choice too.

    Parameters
    ----------
    kernel_size, dilation : int
        Kernel size and dilation of one axis, both at least 1.

    Returns
    -------
    before, after : int
        Number of zeros on either side.

    Raises
    ------
    TypeError, ValueError
        If an argument is not an int, or is less than 1.

    References
    ----------
    Dumoulin & Visin (2016), relationship 3 ("half padding"), for odd kernels.

    Examples
    --------
    >>> same_padding(3), same_padding(10)
    ((1, 1), (4, 5))
    """
    kernel_size = check.integer("same_padding", "kernel_size", kernel_size, 1)
    dilation = check.integer("same_padding", "dilation", dilation, 1)
    return halves(kernel_size, dilation)


def conv_output_size(
    size: int,
    kernel_size: int,
    stride: int = 1,
    padding: int | tuple[int, int] = 0,
    dilation: int = 1,
    ceil_mode: bool = False,
) -> int:
    r"""Number of window positions along one axis, for convolution and pooling.

    .. math:: O = \left\lfloor \frac{H + 2P - D(K - 1) - 1}{S} \right\rfloor + 1

    Parameters
    ----------
    size : int
        Input size H of the axis, in pixels, at least 1.
    kernel_size, stride, dilation : int
        K, S and D of the axis, at least 1.
    padding : int or (int, int)
        P, pixels added on either side, or (before, after) where the sides differ.
    ceil_mode : bool
        Round up instead of down, as pooling layers can. A last window that would begin
        in the padding after the input is dropped, as in PyTorch.

    Returns
    -------
    int
        Output size O of the axis, at least 1.

    Raises
    ------
    TypeError
        If an argument is not an int.
    ValueError
        If an argument is too small, or the kernel is larger than the padded input.

    References
    ----------
    Dumoulin & Visin (2016), relationships 6 and 15.

    Examples
    --------
    >>> conv_output_size(32, 5)
    28
    >>> conv_output_size(142, 3, stride=2), conv_output_size(142, 3, 2, ceil_mode=True)
    (70, 71)
    >>> conv_output_size(1000, 10, padding=same_padding(10))
    1000
    """
    where = "conv_output_size"
    before, after = check.pair(where, "padding", padding, 0)
    window = Window(
        check.integer(where, "kernel_size", kernel_size, 1),
        check.integer(where, "stride", stride, 1),
        before,
        check.integer(where, "dilation", dilation, 1),
        after=after,
    )
    size = check.integer(where, "size", size, 1)
    return window.output_size(where, size, ceil_mode)


def conv_transpose_output_size(
    size: int,
    kernel_size: int,
    stride: int = 1,
    padding: int = 0,
    output_padding: int = 0,
    dilation: int = 1,
) -> int:
    r"""Output size of a transposed convolution along one axis.

    .. math:: O = (H - 1) S - 2P + D(K - 1) + 1 + A

    Parameters
    ----------
    size : int
        Input size H of the axis, at least 1.
    kernel_size, stride, dilation : int
        K, S and D of the axis, at least 1.
    padding : int
        P, pixels cut off the output on either side.
    output_padding : int
        A, pixels added after the output; less than the stride or the dilation.

    Returns
    -------
    int
        Output size O of the axis, at least 1. A convolution with the same arguments
        maps it back to H.

    Raises
    ------
    TypeError
        If an argument is not an int.
    ValueError
        If an argument is too small, the output padding too large, or O less than 1.

    References
    ----------
    Dumoulin & Visin (2016), relationship 14.

    Examples
    --------
    >>> conv_transpose_output_size(4, 3, stride=2, padding=1, output_padding=1)
    8
    """
    where = "conv_transpose_output_size"
    pad = check.integer(where, "padding", padding, 0)
    extra = check.integer(where, "output_padding", output_padding, 0)
    window = Window(
        check.integer(where, "kernel_size", kernel_size, 1),
        check.integer(where, "stride", stride, 1),
        pad,
        check.integer(where, "dilation", dilation, 1),
        after=pad,
    )
    return window.painted_size(where, size, extra)
