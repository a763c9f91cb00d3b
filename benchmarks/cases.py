"""What is measured: each op as a layer in use calls it.

How the shapes follow from batch, channels and size is part of a case, so that it can be
measured at any of them: as in use, several times as large, or tiny.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from math import prod
from typing import Any, NamedTuple

import numpy as np

import conv_notes as cn

Arrays = dict[str, np.ndarray]
Shape = tuple[int, ...]
Shapes = dict[str, Shape]


class Sizes(NamedTuple):
    """Of the input: (batch, channels, size, size)."""

    batch: int
    channels: int
    size: int


class Work(NamedTuple):
    """What a case cannot do without: multiply-adds, and bytes read and written once."""

    macs: int
    moved: int


class Way(NamedTuple):
    """One way to compute a case: its result, and the gradients of its float arrays."""

    forward: Callable[[], Any]
    backward: Callable[[], Any] | None = None


@dataclass(frozen=True)
class Case:
    """An op, the sizes of its input, the shapes and counts that follow, its options."""

    key: str
    name: str
    op: Callable[..., Any]
    sizes: Sizes
    macs: Callable[[Shapes, Shape], int]
    others: Callable[[int, int, int], Shapes] = lambda n, c, s: {}
    taps: float = 1  # inputs that an output sees, of each channel
    options: dict[str, Any] = field(default_factory=dict)
    forgets: bool = False  # whether the gradient needs little or nothing of the input

    def shapes(self, sizes: Sizes | None = None) -> Shapes:
        n, c, s = sizes or self.sizes
        return {"x": (n, c, s, s), **self.others(n, c, s)}

    def arrays(self, sizes: Sizes | None = None) -> Arrays:
        rng = np.random.default_rng(0)
        shapes = self.shapes(sizes).items()
        arrays = {
            name: rng.standard_normal(shape, np.float32) for name, shape in shapes
        }
        if "mask" in arrays:
            arrays["mask"] = np.float32(arrays["mask"] < 1)
        return arrays

    def keywords(self, arrays: Arrays) -> dict[str, Any]:
        """The options, and how many groups a kernel of these shapes makes."""
        if self.op is not cn.conv2d:
            return self.options
        groups = arrays["x"].shape[1] // arrays["weight"].shape[1]
        return self.options | {"groups": groups}

    def ours(self, arrays: Arrays) -> Way:
        options = self.keywords(arrays)

        def forward() -> np.ndarray:
            return first(self.op(**arrays, **options))

        if not hasattr(self.op, "vjp"):
            return Way(forward)
        y, pullback = self.op.vjp(**arrays, **options)
        dy = upstream(first(y))
        return Way(forward, lambda: [g for g in pullback(dy) if g is not None])

    def columns(self, arrays: Arrays, y: np.ndarray) -> int:
        """Bytes of all that the outputs of one image see, laid side by side."""
        _, channels, *size = arrays["x"].shape
        positions = prod(y.shape[2:] or size)
        return int(4 * channels * self.taps * positions)

    def work(self, way: str, arrays: Arrays, y: np.ndarray) -> Work:
        inputs = sum(a.nbytes for a in arrays.values())
        macs = self.macs({name: a.shape for name, a in arrays.items()}, y.shape)
        if way == "forward":
            return Work(macs, inputs + y.nbytes)
        gradients = sum(a.nbytes for name, a in arrays.items() if name != "mask")
        read = y.nbytes + (0 if self.forgets else inputs)
        return Work(macs * (2 if "weight" in arrays else 1), read + gradients)


def first(result: Any) -> np.ndarray:
    """What is differentiated, where a mask comes with it."""
    return result[0] if isinstance(result, tuple) else result


def upstream(y: np.ndarray) -> np.ndarray:
    """A gradient of the result, the same for all ways."""
    return np.random.default_rng(1).standard_normal(y.shape, np.float32)


def per_output(argument: str, axes: int) -> Callable[[Shapes, Shape], int]:
    """Each output is a sum over all axes of a weight but for the first so many."""
    return lambda shapes, y: prod(y) * prod(shapes[argument][axes:])


def per_window(taps: int) -> Callable[[Shapes, Shape], int]:
    return lambda shapes, y: prod(y) * taps


def weight(out: int, k: int) -> Callable[[int, int, int], Shapes]:
    return lambda n, c, s: {"weight": (out, c, k, k)}


def unfold_fold(x: np.ndarray) -> np.ndarray:
    """Every window of 3 × 3 taken out and put back: no op, two functions."""
    windows = cn.unfold(x, 3, padding=1)
    return cn.fold(windows, x.shape[2:], padding=1)


MAPS = Sizes(8, 64, 56)  # of the second stage of a ResNet
CASES = [
    Case(
        "a",
        "convolution 3 × 3, 3 → 64",
        cn.conv2d,
        Sizes(1, 3, 224),
        per_output("weight", 1),
        weight(64, 3),
        9,
        {"padding": 1},
    ),
    Case(
        "b",
        "convolution 3 × 3, 64 → 64",
        cn.conv2d,
        MAPS,
        per_output("weight", 1),
        weight(64, 3),
        9,
        {"padding": 1},
    ),
    Case(
        "c",
        "DeepFace C1: 11 × 11, 3 → 32",
        cn.conv2d,
        Sizes(1, 3, 152),
        per_output("weight", 1),
        weight(32, 11),
        121,
    ),
    Case(
        "d",
        "depthwise 3 × 3",
        cn.conv2d,
        MAPS,
        per_output("weight", 1),
        lambda n, c, s: {"weight": (c, 1, 3, 3)},
        9,
        {"padding": 1},
    ),
    Case(
        "e",
        "1 × 1, 256 → 64",
        cn.conv2d,
        Sizes(8, 256, 56),
        per_output("weight", 1),
        weight(64, 1),
    ),
    *(
        Case(
            f"f{n}",
            f"unshared, DeepFace L4, batch {n}",
            cn.local_conv2d,
            Sizes(n, 16, 63),
            per_output("weight", 3),
            lambda n, c, s: {"weight": (s - 8, s - 8, 16, c, 9, 9)},
            81,
        )
        for n in (1, 8)
    ),
    Case(
        "g",
        "max pool 3 × 3, stride 2",
        cn.max_pool2d,
        Sizes(8, 64, 112),
        per_window(9),
        taps=9,
        forgets=True,
        options={"kernel_size": 3, "stride": 2},
    ),
    Case(
        "h",
        "NetVLAD, 64 centres",
        cn.netvlad,
        Sizes(8, 512, 14),
        lambda shapes, y: 2 * 64 * prod(shapes["x"]),
        lambda n, c, s: {"weight": (64, c), "bias": (64,), "centers": (64, c)},
    ),
    *(
        Case(
            f"i{k}",
            f"transposed {k} × {k}, stride 2",
            cn.conv_transpose2d,
            Sizes(8, 64, 28),
            lambda shapes, y: prod(shapes["x"]) * prod(shapes["weight"][1:]),
            lambda n, c, s, k=k: {"weight": (c, 64, k, k)},
            k * k // 4,
            {"stride": 2, "padding": k // 2 - 1},
        )
        for k in (2, 4)
    ),
    Case(
        "j",
        "bilinear × 2",
        cn.interpolate,
        MAPS,
        per_window(4),
        taps=4,
        forgets=True,
        options={"scale_factor": 2, "mode": "bilinear"},
    ),
    *(
        Case(
            f"k{t}",
            f"tiled 3 × 3, t = {t}",
            cn.tiled_conv2d,
            MAPS,
            per_output("weight", 3),
            lambda n, c, s, t=t: {"weight": (t, t, 64, c, 3, 3)},
            9,
            {"padding": 1},
        )
        for t in (2, 4)
    ),
    Case(
        "l1",
        "average pool 3 × 3, stride 2",
        cn.avg_pool2d,
        Sizes(8, 64, 112),
        per_window(9),
        taps=9,
        forgets=True,
        options={"kernel_size": 3, "stride": 2},
    ),
    Case(
        "l2",
        "global average",
        cn.global_avg_pool2d,
        MAPS,
        lambda shapes, y: prod(shapes["x"]),
        forgets=True,
    ),
    Case("l3", "unfold + fold 3 × 3", unfold_fold, MAPS, per_window(9), taps=9),
    Case(
        "l4",
        "pixel shuffle × 2",
        cn.pixel_shuffle,
        MAPS,
        per_window(0),
        taps=1 / 4,
        forgets=True,
        options={"upscale_factor": 2},
    ),
    Case(
        "l5",
        "partial 3 × 3, 64 → 64",
        cn.partial_conv2d,
        MAPS,
        per_output("weight", 1),
        lambda n, c, s: {"mask": (n, 1, s, s), "weight": (64, c, 3, 3)},
        9,
        {"padding": 1},
    ),
    Case(
        "l6",
        "dynamic 3 × 3, 4 kernels",
        cn.dynamic_conv2d,
        MAPS,
        per_output("weight", 2),
        lambda n, c, s: {"weight": (4, 64, c, 3, 3), "attention": (n, 4)},
        9,
        {"padding": 1},
    ),
    Case(
        "m",
        "one small convolution",
        cn.conv2d,
        Sizes(1, 1, 8),
        per_output("weight", 1),
        weight(1, 3),
        9,
    ),
]
