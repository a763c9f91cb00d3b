"""What every op is by definition, in plain loops: slow, with nothing to get wrong.

Arguments are written out in full: a pair per axis, and for padding a pair of sides.
"""

from itertools import product

import numpy as np


def starts(size, kernel_size, stride, padding, dilation, ceil_mode=False):
    """Where the windows of one axis begin, in pixels of the input."""
    before, after = padding
    span = dilation * (kernel_size - 1) + 1
    found = [-before]
    while True:
        following = found[-1] + stride
        if ceil_mode:  # the window before leaves pixels over, and this one begins early
            fits = found[-1] + span < size + after and following < size
        else:
            fits = following + span <= size + after
        if not fits:
            return found
        found.append(following)


def grid(size, kernel_size, stride, padding, dilation, ceil_mode=False):
    """`starts` of both axes."""
    axes = zip(size, kernel_size, stride, padding, dilation, strict=True)
    return [starts(*axis, ceil_mode) for axis in axes]


def inside(size, row, col):
    return 0 <= row < size[0] and 0 <= col < size[1]


def unfold(x, kernel_size, *, stride, padding, dilation):
    rows, cols = grid(x.shape[2:], kernel_size, stride, padding, dilation)
    windows = np.zeros((*x.shape[:2], *kernel_size, len(rows), len(cols)), x.dtype)
    for n, c, a, b, i, j in np.ndindex(windows.shape):
        row, col = rows[i] + a * dilation[0], cols[j] + b * dilation[1]
        if inside(x.shape[2:], row, col):
            windows[n, c, a, b, i, j] = x[n, c, row, col]
    return windows


def fold(windows, size, *, stride, padding, dilation):
    rows, cols = grid(size, windows.shape[2:4], stride, padding, dilation)
    image = np.zeros((*windows.shape[:2], *size), windows.dtype)
    for n, c, a, b, i, j in np.ndindex(windows.shape):
        row, col = rows[i] + a * dilation[0], cols[j] + b * dilation[1]
        if inside(size, row, col):
            image[n, c, row, col] += windows[n, c, a, b, i, j]
    return image


def kernel_in_use(sharing, i, j, tile, outputs):
    """Index of the kernel at output (i, j) along the leading axes of the weight."""
    if sharing == "one":
        return ()
    if sharing == "none":
        return i, j
    if sharing == "cyclic":
        return i % tile[0], j % tile[1]
    return i * tile[0] // outputs[0], j * tile[1] // outputs[1]


def connections(
    input_shape, weight_shape, sharing, *, stride, padding, dilation, groups=1
):
    """Every connection of a convolution: indices of its output, input and weight."""
    channels, *size = input_shape
    *tile, out, per_group, kh, kw = weight_shape
    rows, cols = grid(size, (kh, kw), stride, padding, dilation)
    outputs = len(rows), len(cols)
    for m, i, j in product(range(out), range(outputs[0]), range(outputs[1])):
        group = m * groups // out
        kernel = kernel_in_use(sharing, i, j, tile, outputs)
        for c, a, b in product(range(per_group), range(kh), range(kw)):
            row, col = rows[i] + a * dilation[0], cols[j] + b * dilation[1]
            if inside(size, row, col):
                pixel = group * channels // groups + c, row, col
                yield (m, i, j), pixel, (*kernel, m, c, a, b)


def convolution(x, weight, bias, sharing, **full):
    """Convolution of any sharing: the sum over its connections, and the bias."""
    rows, cols = grid(
        x.shape[2:],
        weight.shape[-2:],
        *(full[name] for name in ("stride", "padding", "dilation")),
    )
    *tile, out, _, _, _ = weight.shape
    y = np.zeros((len(x), out, len(rows), len(cols)), x.dtype)
    if bias is not None:
        for n, m, i, j in np.ndindex(y.shape):
            kernel = kernel_in_use(sharing, i, j, tile, y.shape[2:])
            y[n, m, i, j] = bias[(*kernel, m)]
    for n in range(len(x)):
        for to, source, carried in connections(
            x.shape[1:], weight.shape, sharing, **full
        ):
            y[n][to] += weight[carried] * x[n][source]
    return y


def linear(x, weight, bias):
    y = np.zeros((*x.shape[:-1], len(weight)), x.dtype)
    for *n, m in np.ndindex(y.shape):
        total = 0 if bias is None else bias[m]
        for k in range(x.shape[-1]):
            total += weight[m, k] * x[(*n, k)]
        y[(*n, m)] = total
    return y


def max_pool2d(x, kernel_size, *, stride, padding, dilation, ceil_mode):
    """Maxima and their positions; -1 where a window holds no pixel at all."""
    rows, cols = grid(x.shape[2:], kernel_size, stride, padding, dilation, ceil_mode)
    y = np.full((*x.shape[:2], len(rows), len(cols)), -np.inf, x.dtype)
    indices = np.full(y.shape, -1)
    for n, c, i, j in np.ndindex(y.shape):
        for a, b in product(range(kernel_size[0]), range(kernel_size[1])):
            row, col = rows[i] + a * dilation[0], cols[j] + b * dilation[1]
            if inside(x.shape[2:], row, col) and x[n, c, row, col] > y[n, c, i, j]:
                y[n, c, i, j] = x[n, c, row, col]
                indices[n, c, i, j] = row * x.shape[3] + col
    return y, indices


def relu(x):
    y = np.zeros(x.shape, x.dtype)
    for i in np.ndindex(x.shape):
        y[i] = x[i] if x[i] > 0 else 0
    return y


def conv_transpose2d(
    x, weight, bias, *, stride, padding, dilation, groups, output_padding
):
    """Each value paints its kernel onto a canvas, whose edges are cut off."""
    size = [
        (n - 1) * s + d * (k - 1) + 1 - 2 * p + e
        for n, k, s, p, d, e in zip(
            x.shape[2:],
            weight.shape[2:],
            stride,
            padding,
            dilation,
            output_padding,
            strict=True,
        )
    ]
    channels, per_group, *_ = weight.shape
    y = np.zeros((len(x), per_group * groups, *size), x.dtype)
    if bias is not None:
        for m in range(len(bias)):
            y[:, m] = bias[m]
    for n, c, i, j in np.ndindex(x.shape):
        group = c * groups // channels
        for m, a, b in np.ndindex(weight.shape[1:]):
            row = i * stride[0] + a * dilation[0] - padding[0]
            col = j * stride[1] + b * dilation[1] - padding[1]
            if inside(size, row, col):
                to = n, group * per_group + m, row, col
                y[to] += weight[c, m, a, b] * x[n, c, i, j]
    return y


def avg_pool2d(x, kernel_size, *, stride, padding, ceil_mode, count_include_pad):
    """Means over the pixels of a window, or over those and its padding."""
    full = {"stride": stride, "padding": padding, "dilation": (1, 1)}
    rows, cols = grid(x.shape[2:], kernel_size, **full, ceil_mode=ceil_mode)
    (top, bottom), (left, right) = padding
    height, width = x.shape[2:]
    padded = top + height + bottom, left + width + right
    y = np.zeros((*x.shape[:2], len(rows), len(cols)), x.dtype)
    for n, c, i, j in np.ndindex(y.shape):
        total = count = 0
        for a, b in product(range(kernel_size[0]), range(kernel_size[1])):
            row, col = rows[i] + a, cols[j] + b
            if inside((height, width), row, col):
                total += x[n, c, row, col]
                count += 1
            elif count_include_pad and inside(padded, row + top, col + left):
                count += 1
        y[n, c, i, j] = total / count
    return y


def global_avg_pool2d(x):
    y = np.zeros(x.shape[:2], x.dtype)
    for n, c in np.ndindex(y.shape):
        y[n, c] = sum(x[n, c].flat) / x[n, c].size
    return y


def max_unpool2d(x, indices, size):
    y = np.zeros((*x.shape[:2], *size), x.dtype)
    for n, c, i, j in np.ndindex(x.shape):
        row, col = divmod(int(indices[n, c, i, j]), size[1])
        y[n, c, row, col] = x[n, c, i, j]
    return y


def pixel_shuffle(x, r):
    n, channels, height, width = x.shape
    y = np.zeros((n, channels // r**2, height * r, width * r), x.dtype)
    for n, c, i, j in np.ndindex(y.shape):
        channel = c * r**2 + i % r * r + j % r
        y[n, c, i, j] = x[n, channel, i // r, j // r]
    return y


def dynamic_conv2d(x, weight, attention, bias, **full):
    """The mix of the outputs of all kernels."""
    y = 0
    for k in range(len(weight)):
        its_bias = None if bias is None else bias[k]
        part = convolution(x, weight[k], its_bias, "one", **full)
        y = y + attention[:, k, None, None, None] * part
    return y


def partial_conv2d(x, mask, weight, bias, *, stride, padding, dilation):
    full = {"stride": stride, "padding": padding, "dilation": dilation}
    out, _, kh, kw = weight.shape
    rows, cols = grid(x.shape[2:], (kh, kw), **full)
    y = np.zeros((len(x), out, len(rows), len(cols)), x.dtype)
    new_mask = np.zeros((len(x), 1, len(rows), len(cols)), mask.dtype)
    for n, _, i, j in np.ndindex(new_mask.shape):
        known = []
        for a, b in product(range(kh), range(kw)):
            row, col = rows[i] + a * dilation[0], cols[j] + b * dilation[1]
            if inside(x.shape[2:], row, col) and mask[n, 0, row, col]:
                known.append(((a, b), (row, col)))
        if not known:
            continue
        new_mask[n, 0, i, j] = 1
        for m in range(out):
            total = sum(
                weight[m, :, a, b] @ x[n, :, row, col] for (a, b), (row, col) in known
            )
            shift = 0 if bias is None else bias[m]
            y[n, m, i, j] = total * (kh * kw / len(known)) + shift
    return y, new_mask
