"""A window on its way along an axis: parsed once, and asked from then on."""

from __future__ import annotations

from typing import NamedTuple

from .. import _checks as check
from .._checks import Pair


class Window(NamedTuple):
    """A window along one axis, its arguments checked.

    Of a convolution or a pooling, or of the transposed convolution that goes back.
    """

    kernel_size: int
    stride: int = 1
    before: int = 0  # padding, as is `after`
    dilation: int = 1
    transposed: bool = False
    after: int = 0

    @property
    def span(self) -> int:
        """Number of pixels from the first that a kernel reaches to the last."""
        return self.dilation * (self.kernel_size - 1) + 1

    def output_size(self, where: str, size: int, ceil_mode: bool = False) -> int:
        """Number of positions on an axis of `size` pixels; see `conv_output_size`."""
        if size < 1:
            raise ValueError(f"{where}: size must be at least 1, got {size}")
        padded = self.before + size + self.after
        room = padded - self.span
        if room < 0:
            raise ValueError(
                f"{where}: the kernel spans {self.span} (kernel_size="
                f"{self.kernel_size}, dilation={self.dilation}) but the padded input "
                f"has only {padded} (size={size}, padding={self.before, self.after})"
            )
        if not ceil_mode:
            return room // self.stride + 1
        count = -(-room // self.stride) + 1
        begins_beyond = (count - 1) * self.stride >= self.before + size
        return count - 1 if begins_beyond else count

    def painted_size(self, where: str, size: int, output_padding: int = 0) -> int:
        """Output size of the transposed one; see `conv_transpose_output_size`."""
        size = check.integer(where, "size", size, 1)
        self.check_output_padding(where, output_padding)
        output = (size - 1) * self.stride + self.span + output_padding
        output -= self.before + self.after
        if output < 1:
            raise ValueError(
                f"{where}: padding={self.padding} leaves nothing of the output "
                f"(size={size}, kernel_size={self.kernel_size}, stride={self.stride}, "
                f"dilation={self.dilation})"
            )
        return output

    def check_output_padding(self, where: str, output_padding: int) -> None:
        """Raise unless a convolution of this window would lose the pixels added."""
        if output_padding >= max(self.stride, self.dilation):
            raise ValueError(
                f"{where}: output_padding={output_padding} must be less than "
                f"stride={self.stride} or dilation={self.dilation}"
            )

    @property
    def padding(self) -> int | Pair:
        """The padding as one would write it."""
        return self.before if self.before == self.after else (self.before, self.after)


#: (vertical, horizontal)
Windows = tuple[Window, Window]


def parse_windows(
    where: str, kernel_size: object, stride: object, padding: object, dilation: object
) -> Windows:
    """The windows of both axes, from what the caller of `where` wrote."""
    kernel = check.pair(where, "kernel_size", kernel_size, 1)
    strides = check.pair(where, "stride", stride, 1)
    dilations = check.pair(where, "dilation", dilation, 1)
    (top, bottom), (left, right) = _sides(where, padding, kernel, strides, dilations)
    return (
        Window(kernel[0], strides[0], top, dilations[0], after=bottom),
        Window(kernel[1], strides[1], left, dilations[1], after=right),
    )


def _sides(
    where: str, padding: object, kernel: Pair, stride: Pair, dilation: Pair
) -> tuple[Pair, Pair]:
    if isinstance(padding, str):
        check.choice(where, "padding", padding, ("valid", "same"))
        if padding == "valid":
            return (0, 0), (0, 0)
        if stride != (1, 1):
            raise ValueError(f'{where}: padding="same" needs stride 1, got {stride}')
        return halves(kernel[0], dilation[0]), halves(kernel[1], dilation[1])
    if isinstance(padding, tuple | list) and any(map(check.is_sequence, padding)):
        if len(padding) != 2:
            raise ValueError(
                f"{where}: padding must be ((top, bottom), (left, right)), "
                f"got {padding!r}"
            )
        vertical, horizontal = (check.pair(where, "padding", p, 0) for p in padding)
        return vertical, horizontal
    height, width = check.pair(where, "padding", padding, 0)
    return (height, height), (width, width)


def halves(kernel_size: int, dilation: int) -> Pair:
    """Padding that keeps the size at stride 1; see `same_padding`."""
    total = Window(kernel_size, dilation=dilation).span - 1
    return total // 2, total - total // 2
