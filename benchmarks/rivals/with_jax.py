"""JAX: each op compiled by `jit`; its gradient is the compiled pullback of `vjp`."""

from typing import Any

import numpy as np
from cases import Arrays, Case, Way

try:
    import jax
    import jax.numpy as jnp
    from jax import lax
except ModuleNotFoundError:
    jax = None

NAME = "JAX"
Array = Any


def conv2d(
    x: Array, weight: Array, *, padding: int = 0, stride: int = 1, groups: int = 1
) -> Array:
    frame = [(padding, padding)] * 2
    return lax.conv_general_dilated(
        x, weight, (stride, stride), frame, feature_group_count=groups
    )


def conv_transpose2d(x: Array, weight: Array, *, stride: int, padding: int) -> Array:
    turned = weight[..., ::-1, ::-1].swapaxes(0, 1)
    frame = [(k - 1 - padding, k - 1 - padding) for k in weight.shape[2:]]
    return lax.conv_general_dilated(
        x, turned, (1, 1), frame, lhs_dilation=(stride, stride)
    )


def tiled_conv2d(x: Array, weight: Array, *, padding: int) -> Array:
    t, out = weight.shape[0], weight.shape[2]
    framed = jnp.pad(x, [(0, 0), (0, 0), (padding, padding), (padding, padding)])
    turns = [(p, q) for p in range(t) for q in range(t)]
    parts = [conv2d(framed[..., p:, q:], weight[p, q], stride=t) for p, q in turns]
    stacked = jnp.stack(parts, 2)
    return pixel_shuffle(stacked.reshape(len(x), out * t * t, *stacked.shape[3:]), t)


def local_conv2d(x: Array, weight: Array) -> Array:
    oh, ow, out, _, *kernel = weight.shape
    columns = lax.conv_general_dilated_patches(x, kernel, (1, 1), "VALID")
    kernels = weight.reshape(oh, ow, out, -1)
    return jnp.einsum("nkij,ijmk->nmij", columns, kernels)


def dynamic_conv2d(x: Array, weight: Array, attention: Array, *, padding: int) -> Array:
    n, c, h, w = x.shape
    own = jnp.einsum("nk,kmcab->nmcab", attention, weight)
    kernels = own.reshape(-1, *own.shape[2:])
    y = conv2d(x.reshape(1, n * c, h, w), kernels, padding=padding, groups=n)
    return y.reshape(n, -1, *y.shape[2:])


def partial_conv2d(x: Array, mask: Array, weight: Array, *, padding: int) -> Array:
    count = conv2d(mask, jnp.ones((1, 1, *weight.shape[2:])), padding=padding)
    size = weight[0, 0].size
    y = conv2d(x * mask, weight, padding=padding)
    return y * jnp.where(count > 0, size / jnp.maximum(count, 1), 0)


def max_pool2d(x: Array, *, kernel_size: int, stride: int) -> Array:
    window = (1, 1, kernel_size, kernel_size), (1, 1, stride, stride)
    return lax.reduce_window(x, -jnp.inf, lax.max, *window, "VALID")


def avg_pool2d(x: Array, *, kernel_size: int, stride: int) -> Array:
    window = (1, 1, kernel_size, kernel_size), (1, 1, stride, stride)
    return lax.reduce_window(x, 0.0, lax.add, *window, "VALID") / kernel_size**2


def global_avg_pool2d(x: Array) -> Array:
    return x.mean((2, 3))


def interpolate(x: Array, *, scale_factor: int, mode: str) -> Array:
    *batch, h, w = x.shape
    return jax.image.resize(x, (*batch, scale_factor * h, scale_factor * w), mode)


def pixel_shuffle(x: Array, upscale_factor: int) -> Array:
    n, c, h, w = x.shape
    r = upscale_factor
    apart = x.reshape(n, c // r**2, r, r, h, w).transpose(0, 1, 4, 2, 5, 3)
    return apart.reshape(n, c // r**2, r * h, r * w)


def netvlad(x: Array, weight: Array, bias: Array, centers: Array) -> Array:
    points = x.reshape(*x.shape[:2], -1)
    share = jax.nn.softmax(weight @ points + bias[:, None], 1)
    v = share @ points.swapaxes(1, 2) - share.sum(2)[..., None] * centers
    v /= jnp.linalg.norm(v, axis=2, keepdims=True)
    return v.reshape(len(v), -1) / jnp.linalg.norm(v, axis=(1, 2))[:, None]


def ways(case: Case, arrays: Arrays, dy: np.ndarray, threads: int) -> dict[str, Way]:
    call = globals().get(case.op.__name__)
    if jax is None or call is None:
        return {}
    options = case.keywords(arrays)
    fixed = {name: jnp.asarray(a) for name, a in arrays.items() if name == "mask"}
    learned = {name: jnp.asarray(a) for name, a in arrays.items() if name != "mask"}

    def of(learned: dict[str, Array]) -> Array:
        return call(**fixed, **learned, **options)

    forward = jax.jit(of)
    _, pullback = jax.vjp(forward, learned)
    backward, dy = jax.jit(lambda pullback, dy: pullback(dy)), jnp.asarray(dy)

    def gradients() -> list[Array]:
        (found,) = jax.block_until_ready(backward(pullback, dy))
        return [found[name] for name in learned]

    return {NAME: Way(lambda: jax.block_until_ready(forward(learned)), gradients)}
