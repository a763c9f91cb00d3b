"""Our ops under the names, attributes and layouts of ONNX.

`RUN` maps a type of node to a function of the node's attributes and inputs that returns
its outputs. What is done beside calling our op is renaming, reshaping, permuting,
scaling by a constant, and padding beforehand or cropping afterwards.
"""

import math

import numpy as np

import conv_notes as cn

MODES = {b"nearest": "nearest", b"linear": "bilinear", b"cubic": "bicubic"}


def cut(total, mode):
    """What lies before and after an axis, of `total` in all."""
    sides = total // 2, total - total // 2
    return sides if mode == b"SAME_UPPER" else sides[::-1]


def sides(pads):
    """((top, bottom), (left, right)) of ONNX's (top, left, bottom, right)."""
    top, left, bottom, right = pads
    return (top, bottom), (left, right)


def explicit_padding(attributes, size):
    """((top, bottom), (left, right)) of `pads` or `auto_pad`."""
    mode = attributes.get("auto_pad", b"NOTSET")
    if mode == b"NOTSET":
        return sides(attributes.get("pads", [0] * 4))
    if mode == b"VALID":
        return (0, 0), (0, 0)
    kernel_size = attributes["kernel_shape"]
    strides, dilations = (attributes.get(k, [1, 1]) for k in ("strides", "dilations"))
    padding = []
    for n, k, s, d in zip(size, kernel_size, strides, dilations, strict=True):
        total = max((math.ceil(n / s) - 1) * s + d * (k - 1) + 1 - n, 0)
        padding.append(cut(total, mode))
    return tuple(padding)


def window(attributes, x):
    """The arguments that convolution and pooling share."""
    return {
        "stride": attributes.get("strides", [1, 1]),
        "padding": explicit_padding(attributes, x.shape[2:]),
        "dilation": attributes.get("dilations", [1, 1]),
    }


def pooling_takes(padding, kernel_size):
    """Whether the padding is even on both sides, and at most half the kernel."""
    return all(
        before == after and 2 * before <= k
        for (before, after), k in zip(padding, kernel_size, strict=True)
    )


def also_one_axis(run):
    """Let `run` treat a signal, with one spatial axis, as an image of height one."""

    def wrapped(attributes, x, *others):
        if x.ndim != 3:
            return run(attributes, x, *others)
        fill = {"kernel_shape": 1, "strides": 1, "dilations": 1, "output_padding": 0}
        flat = dict(attributes)
        for name in fill.keys() & flat.keys():
            flat[name] = [fill[name], *flat[name]]
        if "pads" in flat:
            left, right = flat["pads"]
            flat["pads"] = [0, left, 0, right]
        arrays = [a[:, :, None] if np.ndim(a) == 3 else a for a in (x, *others)]
        return [y[:, :, 0] for y in run(flat, *arrays)]

    return wrapped


@also_one_axis
def run_conv(attributes, x, weight, bias=None):
    groups = attributes.get("group", 1)
    return [cn.conv2d(x, weight, bias, groups=groups, **window(attributes, x))]


@also_one_axis
def run_conv_transpose(attributes, x, weight, bias=None):
    strides = attributes.get("strides", [1, 1])
    dilations = attributes.get("dilations", [1, 1])
    extra = attributes.get("output_padding", [0, 0])
    mode = attributes.get("auto_pad", b"NOTSET")
    same = [n * s for n, s in zip(x.shape[2:], strides, strict=True)]
    wanted = attributes.get("output_shape", same if b"SAME" in mode else None)
    if wanted is None:
        padding = explicit_padding(attributes, x.shape[2:])
    else:
        axes = zip(
            x.shape[2:],
            weight.shape[2:],
            strides,
            dilations,
            extra,
            wanted,
            strict=True,
        )
        totals = [
            (n - 1) * s + d * (k - 1) + 1 + e - size for n, k, s, d, e, size in axes
        ]
        # Less than nothing cut off is something added, at the end.
        extra = [e - min(t, 0) for e, t in zip(extra, totals, strict=True)]
        padding = [cut(max(t, 0), mode) for t in totals]
    # Ours cuts off as much before as after: the rest is cropped.
    even = [min(p) for p in padding]
    y = cn.conv_transpose2d(
        x,
        weight,
        bias,
        stride=strides,
        padding=even,
        output_padding=extra,
        groups=attributes.get("group", 1),
        dilation=dilations,
    )
    rows, cols = (
        slice(before - p, n - (after - p))
        for (before, after), p, n in zip(padding, even, y.shape[2:], strict=True)
    )
    return [y[:, :, rows, cols]]


def run_gemm(attributes, a, b, c=None):
    x = attributes.get("alpha", 1.0) * (a.T if attributes.get("transA") else a)
    weight = b if attributes.get("transB") else b.T
    if c is not None:
        assert c.size == c.shape[-1] if c.ndim else True
        c = np.broadcast_to(attributes.get("beta", 1.0) * c.ravel(), len(weight))
    return [cn.linear(x, weight, c)]


@also_one_axis
def run_max_pool(attributes, x):
    n, c, height, width = x.shape
    kernel_size, options = attributes["kernel_shape"], window(attributes, x)
    options["ceil_mode"] = bool(attributes.get("ceil_mode", 0))
    (top, bottom), (left, right) = options["padding"]
    if pooling_takes(options["padding"], kernel_size):
        options["padding"] = top, left
        top = bottom = left = right = 0
    else:  # what is outside the image never wins, and neither does -inf
        options["padding"] = 0
        around = (0, 0), (0, 0), (top, bottom), (left, right)
        x = np.pad(x, around, constant_values=-np.inf)
    y, indices = cn.max_pool2d(x, kernel_size, **options, return_indices=True)
    # ONNX counts through the whole array, and down the columns in storage order 1.
    order = "CF"[attributes.get("storage_order", 0)]
    row, col = np.unravel_index(indices, x.shape[2:])
    indices = np.ravel_multi_index(
        (row - top, col - left), (height, width), order=order
    )
    planes = np.arange(n * c).reshape(n, c, 1, 1) * height * width
    return [y, indices + planes]


@also_one_axis
def run_avg_pool(attributes, x):
    options = window(attributes, x)
    assert list(options.pop("dilation")) == [1, 1]
    options["kernel_size"] = attributes["kernel_shape"]
    options["ceil_mode"] = bool(attributes.get("ceil_mode", 0))
    options["count_include_pad"] = bool(attributes.get("count_include_pad", 0))
    padding = options["padding"]
    if pooling_takes(padding, options["kernel_size"]):
        options["padding"] = [before for before, _ in padding]
    else:  # padding that counts is zeros like any others
        assert options["count_include_pad"] and not options["ceil_mode"]
        x, options["padding"] = np.pad(x, ((0, 0), (0, 0), *padding)), 0
    return [cn.avg_pool2d(x, **options)]


def run_global_avg_pool(attributes, x):
    return [cn.global_avg_pool2d(x)[:, :, None, None]]


def run_max_unpool(attributes, x, indices, output_shape=None):
    kernel_size = attributes["kernel_shape"]
    options = {
        "stride": attributes.get("strides", [1, 1]),
        "padding": [before for before, _ in explicit_padding(attributes, None)],
    }
    # Indices count through the whole array, of the size that follows from the pooling.
    axes = zip(x.shape[2:], kernel_size, *options.values(), strict=True)
    size = tuple((n - 1) * s - 2 * p + k for n, k, s, p in axes)
    _, _, row, col = np.unravel_index(indices, (*x.shape[:2], *size))
    if output_shape is not None:
        size = tuple(map(int, output_shape[2:]))
    at = np.ravel_multi_index((row, col), size)
    return [cn.max_unpool2d(x, at, kernel_size, **options, output_size=size)]


def output_sizes(attributes, shape, scales, sizes):
    """Size and scale of the result along each axis."""
    scale, size = [1.0] * len(shape), list(shape)
    given = scales if sizes is None else sizes
    axes = [int(axis) for axis in attributes.get("axes", range(len(shape)))]
    for axis, value in zip(axes, given, strict=True):
        n = shape[axis]
        if sizes is None:
            scale[axis], size[axis] = float(value), math.floor(n * float(value))
        else:
            scale[axis], size[axis] = int(value) / n, int(value)
    policy = attributes.get("keep_aspect_ratio_policy", b"stretch")
    if sizes is not None and policy != b"stretch":
        common = (min if policy == b"not_larger" else max)(scale[a] for a in axes)
        for axis in axes:
            scale[axis] = common
            size[axis] = math.floor(shape[axis] * common + 0.5)
    assert size[:2] == list(shape[:2])
    return size[2:], scale[2:]


def run_resize(attributes, x, roi=None, scales=None, sizes=None):
    size, scale = output_sizes(attributes, x.shape, scales, sizes)
    target = {"size": size} if scales is None else {"scale_factor": scale}
    mode = MODES[attributes.get("mode", b"nearest")]
    corners = attributes.get("coordinate_transformation_mode") == b"align_corners"
    return [cn.interpolate(x, **target, mode=mode, align_corners=corners)]


def run_upsample(attributes, x, scales):
    return run_resize(attributes, x, None, scales)


def run_cross_entropy(attributes, scores, labels):
    """Every position of a map is an example; those to be ignored are none."""
    logits = np.moveaxis(scores, 1, -1).reshape(-1, scores.shape[1])
    kept = labels.ravel() != attributes.get("ignore_index", labels.min() - 1)
    logits, right = logits[kept], labels.ravel()[kept]
    reduction = attributes.get("reduction", b"mean")
    if reduction == b"none":
        loss = np.zeros(labels.shape, scores.dtype)
        each = zip(logits[:, None], right[:, None], strict=True)
        loss[kept.reshape(labels.shape)] = [cn.cross_entropy(*one) for one in each]
    else:
        loss = cn.cross_entropy(logits, right)
        if reduction == b"sum":
            loss = loss * scores.dtype.type(len(right))
    return [np.asarray(loss), cn.log_softmax(scores, 1)]


def run_depth_to_space(attributes, x):
    r = attributes["blocksize"]
    if attributes.get("mode", b"DCR") == b"DCR":  # the place in the block comes first
        n, channels, height, width = x.shape
        blocks = x.reshape(n, r * r, channels // r**2, height, width)
        x = blocks.swapaxes(1, 2).reshape(x.shape)
    return [cn.pixel_shuffle(x, r)]


def run_col2im(attributes, x, image_shape, block_shape):
    size, kernel_size = (tuple(map(int, s)) for s in (image_shape, block_shape))
    options = {
        "stride": attributes.get("strides", [1, 1]),
        "padding": sides(attributes.get("pads", [0] * 4)),
        "dilation": attributes.get("dilations", [1, 1]),
    }
    channels = x.shape[1] // math.prod(kernel_size)
    positions = cn.unfold(np.zeros((1, 1, *size)), kernel_size, **options).shape[4:]
    windows = x.reshape(len(x), channels, *kernel_size, *positions)
    return [cn.fold(windows, size, **options)]


RUN = {
    "AveragePool": run_avg_pool,
    "Col2Im": run_col2im,
    "Conv": run_conv,
    "ConvTranspose": run_conv_transpose,
    "DepthToSpace": run_depth_to_space,
    "Gemm": run_gemm,
    "GlobalAveragePool": run_global_avg_pool,
    "LogSoftmax": lambda attributes, x: [cn.log_softmax(x, attributes.get("axis", -1))],
    "MaxPool": run_max_pool,
    "MaxUnpool": run_max_unpool,
    "Relu": lambda attributes, x: [cn.relu(x)],
    "Resize": run_resize,
    "Softmax": lambda attributes, x: [cn.softmax(x, attributes.get("axis", -1))],
    "SoftmaxCrossEntropyLoss": run_cross_entropy,
    "Upsample": run_upsample,
}
