"""What the arguments of layers may not be, and which inputs do not fit them."""

import re

import pytest
from good import zeros

from conv_notes import (
    AvgPool2d,
    Conv2d,
    ConvTranspose2d,
    DepthwiseConv2d,
    Flatten,
    Linear,
    LocalConv2d,
    MaxPool2d,
    NetVLAD,
    Parallel,
    ReLU,
    Sequential,
    TiledConv2d,
    Upsample,
    dense_matrix,
    summary,
    weight_ids,
)

IMAGE, VECTOR = (2, 4, 4), (8,)
CONV_LAYERS = [Conv2d, LocalConv2d, lambda *a, **k: TiledConv2d(*a, **k, tile=2)]
WRONG_IN_ALL = [
    ({"out_channels": 0}, "out_channels must be at least 1, got 0"),
    ({"kernel_size": 0}, "kernel_size must be at least 1, got 0"),
    ({"kernel_size": (3, 3, 3)}, "kernel_size must be an int or a pair, got"),
    ({"stride": 0}, "stride must be at least 1, got 0"),
    ({"dilation": (1, 0)}, "dilation must be at least 1, got 0"),
    ({"padding": -1}, "padding must be at least 0, got -1"),
]


@pytest.mark.parametrize("make", [*CONV_LAYERS, ConvTranspose2d])
@pytest.mark.parametrize(("arguments", "message"), WRONG_IN_ALL)
def test_convolution_layers(make, arguments, message):
    with pytest.raises(ValueError, match=r"^\w*2d: " + re.escape(message)):
        make(**{"out_channels": 2, "kernel_size": 3} | arguments)


@pytest.mark.parametrize("make", [*CONV_LAYERS, DepthwiseConv2d])
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"padding": "full"}, "padding must be 'valid' or 'same', got 'full'"),
        ({"padding": "same", "stride": 2}, 'padding="same" needs stride 1, got (2, 2)'),
    ],
)
def test_padding_in_words(make, arguments, message):
    out = {} if make is DepthwiseConv2d else {"out_channels": 2}
    with pytest.raises(ValueError, match=r"^\w*Conv2d: " + re.escape(message)):
        make(**{**out, "kernel_size": 3} | arguments)


@pytest.mark.parametrize("make", [*CONV_LAYERS, ConvTranspose2d])
@pytest.mark.parametrize("argument", ["out_channels", "kernel_size", "stride"])
@pytest.mark.parametrize("bad", [2.0, True, None, "2"])
def test_convolution_layers_take_ints(make, argument, bad):
    message = re.escape(f"2d: {argument} must be an int, got {bad!r}")
    with pytest.raises(TypeError, match=message):
        make(**{"out_channels": 2, "kernel_size": 3} | {argument: bad})


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: Linear(0), ValueError, "Linear: out_features must be at least 1"),
        (lambda: Linear(2.5), TypeError, "Linear: out_features must be an int"),
        (lambda: Conv2d(4, 3, groups=0), ValueError, "Conv2d: groups must be at least"),
        (
            lambda: Conv2d(4, 3, groups=3),
            ValueError,
            "Conv2d: groups=3 does not divide out_channels=4",
        ),
        (
            lambda: Conv2d(3, 3, groups=3).output_shape(IMAGE),
            ValueError,
            "Conv2d: groups=3 does not divide input channels=2",
        ),
        (
            lambda: TiledConv2d(1, 3, tile=0),
            ValueError,
            "TiledConv2d: tile must be at least 1, got 0",
        ),
        (
            lambda: TiledConv2d(1, 3, tile=(2, 2, 2)),
            ValueError,
            "TiledConv2d: tile must be an int or a pair, got (2, 2, 2)",
        ),
        (
            lambda: TiledConv2d(1, 3, tile=2, tiling="row"),
            ValueError,
            "TiledConv2d: tiling must be 'cyclic' or 'block', got 'row'",
        ),
        (
            lambda: MaxPool2d(2, padding=2),
            ValueError,
            "MaxPool2d: padding must be at most half the kernel, got padding=2",
        ),
        (lambda: MaxPool2d(0), ValueError, "MaxPool2d: kernel_size must be at least 1"),
        (lambda: MaxPool2d(2, 0), ValueError, "MaxPool2d: stride must be at least 1"),
        (
            lambda: Sequential(ReLU(), "ReLU"),
            TypeError,
            "Sequential: layer 1 must be a layer, got 'ReLU'",
        ),
        (
            lambda: DepthwiseConv2d(3, multiplier=0),
            ValueError,
            "DepthwiseConv2d: multiplier must be at least 1, got 0",
        ),
        (
            lambda: DepthwiseConv2d(0),
            ValueError,
            "DepthwiseConv2d: kernel_size must be at least 1, got 0",
        ),
        (
            lambda: ConvTranspose2d(4, 3, groups=3),
            ValueError,
            "ConvTranspose2d: groups=3 does not divide out_channels=4",
        ),
        (
            lambda: ConvTranspose2d(3, 3, groups=3).output_shape(IMAGE),
            ValueError,
            "ConvTranspose2d: groups=3 does not divide input channels=2",
        ),
        (
            lambda: ConvTranspose2d(4, 3, output_padding=1),
            ValueError,
            "ConvTranspose2d: output_padding=1 must be less than stride=1 or ",
        ),
        (
            lambda: ConvTranspose2d(4, 3, padding=4).output_shape(IMAGE),
            ValueError,
            "ConvTranspose2d: padding=4 leaves nothing of the output (size=4, ",
        ),
        (
            lambda: AvgPool2d(2, padding=2),
            ValueError,
            "AvgPool2d: padding must be at most half the kernel, got padding=2, kernel",
        ),
        (lambda: AvgPool2d(0), ValueError, "AvgPool2d: kernel_size must be at least 1"),
        (
            lambda: AvgPool2d(2.0),
            TypeError,
            "AvgPool2d: kernel_size must be an int, got",
        ),
        (
            lambda: AvgPool2d(5).output_shape(IMAGE),
            ValueError,
            "AvgPool2d: the kernel spans 5 (kernel_size=5, dilation=1) but the padded",
        ),
        (
            lambda: Upsample(),
            ValueError,
            "Upsample: give one of size and scale_factor, got size=None and scale_f",
        ),
        (
            lambda: Upsample(2, 2.0),
            ValueError,
            "Upsample: give one of size and scale_factor, got size=2 and scale_",
        ),
        (
            lambda: Upsample(2, mode="trilinear"),
            ValueError,
            "Upsample: mode must be 'nearest' or 'bilinear' or 'bicubic', got 'tri",
        ),
        (lambda: Upsample(0), ValueError, "Upsample: size must be at least 1, got 0"),
        (
            lambda: Upsample(scale_factor=-1),
            ValueError,
            "Upsample: scale_factor must be above 0, got -1.0",
        ),
        (
            lambda: Upsample(scale_factor=0.2).output_shape(IMAGE),
            ValueError,
            "Upsample: scale_factor=0.2 leaves nothing of an image of (4, 4)",
        ),
        (
            lambda: NetVLAD(0),
            ValueError,
            "NetVLAD: n_clusters must be at least 1, got 0",
        ),
        (
            lambda: NetVLAD(2.0),
            TypeError,
            "NetVLAD: n_clusters must be an int, got 2.0",
        ),
        (
            lambda: NetVLAD(2, alpha=0),
            ValueError,
            "NetVLAD: alpha must be above 0, got 0",
        ),
        (
            lambda: Parallel(),
            ValueError,
            "Parallel: branches must not be empty, got none",
        ),
        (
            lambda: Parallel(ReLU(), 3),
            TypeError,
            "Parallel: branch 1 must be a layer, got 3",
        ),
        (
            lambda: Parallel(Conv2d(2, 1), MaxPool2d(2)).output_shape(IMAGE),
            ValueError,
            "Parallel: branches must agree in all but their channels, got outputs "
            "(2, 4, 4), (2, 2, 2)",
        ),
        # Inputs that do not fit
        (
            lambda: weight_ids(Conv2d(1, 3), 3),
            ValueError,
            "Conv2d: input_shape must be (C, H, W), got 3",
        ),
        (
            lambda: Linear(3).output_shape(IMAGE),
            ValueError,
            "Linear: input_shape must be (features,), got (2, 4, 4); put Flatten()",
        ),
        (
            lambda: Linear(3).n_params(8),
            ValueError,
            "Linear: input_shape must be (features,), got 8",
        ),
        (
            lambda: Linear(3).macs((0,)),
            ValueError,
            "Linear: input_shape features must be at least 1, got 0",
        ),
        (
            lambda: Conv2d(1, 3).n_params(VECTOR),
            ValueError,
            "Conv2d: input_shape must be (C, H, W), got (8,)",
        ),
        (
            lambda: Conv2d(1, 3).output_shape([2, 4, 4]),
            ValueError,
            "Conv2d: input_shape must be (C, H, W), got [2, 4, 4]",
        ),
        (
            lambda: LocalConv2d(1, 3).macs((2, 4, 0)),
            ValueError,
            "LocalConv2d: input_shape W must be at least 1, got 0",
        ),
        (
            lambda: TiledConv2d(1, 3, tile=2).param_shapes((2, 4.0, 4)),
            TypeError,
            "TiledConv2d: input_shape H must be an int, got 4.0",
        ),
        (
            lambda: Conv2d(1, 5).output_shape(IMAGE),
            ValueError,
            "Conv2d: the kernel spans 5 (kernel_size=5, dilation=1) but",
        ),
        (
            lambda: MaxPool2d(5).n_params(IMAGE),
            ValueError,
            "MaxPool2d: the kernel spans 5 (kernel_size=5, dilation=1) but",
        ),
        (
            lambda: MaxPool2d(2).output_shape(VECTOR),
            ValueError,
            "MaxPool2d: input_shape must be (C, H, W), got (8,)",
        ),
        (
            lambda: Sequential(Flatten(), Conv2d(1, 3)).n_params(IMAGE),
            ValueError,
            "Conv2d: input_shape must be (C, H, W), got (32,)",
        ),
        # Matrices and summaries
        (
            lambda: weight_ids(ReLU(), IMAGE),
            ValueError,
            "weight_ids: layer must be linear, got ReLU()",
        ),
        (
            lambda: weight_ids(Sequential(Conv2d(1, 2), ReLU()), IMAGE),
            ValueError,
            "weight_ids: layer must be linear, got Sequential(",
        ),
        (
            lambda: weight_ids(Sequential(Linear(2), Linear(1)), VECTOR),
            ValueError,
            "weight_ids: layer must have one weight array, got Sequential(",
        ),
        (
            lambda: dense_matrix(ReLU(), {}, IMAGE),
            ValueError,
            "dense_matrix: layer must be linear, got ReLU()",
        ),
        (
            lambda: dense_matrix(Linear(2), {"bias": zeros(2)}, VECTOR),
            ValueError,
            "dense_matrix: params must hold 'weight', got ['bias']",
        ),
        (
            lambda: dense_matrix(Linear(2), {"weight": zeros(2, 7)}, VECTOR),
            ValueError,
            "dense_matrix: weight must have shape (2, 8), got weight.shape=(2, 7)",
        ),
        (
            lambda: summary(Sequential(Conv2d(1, 3), Linear(3)), IMAGE),
            ValueError,
            "Linear: input_shape must be (features,), got (1, 2, 2); put Flatten()",
        ),
    ],
)
def test_layers(make, error, message):
    with pytest.raises(error, match="^" + re.escape(message)):
        make()
