"""Networks as their authors published them, as specifications."""

from __future__ import annotations

from ..layers import (
    Conv2d,
    DepthwiseConv2d,
    Flatten,
    GlobalAvgPool2d,
    Layer,
    Linear,
    LocalConv2d,
    MaxPool2d,
    ReLU,
)
from .containers import Parallel, Sequential


def lenet5() -> Sequential:
    """LeNet-5 for one 32 × 32 digit, in the form in which it is taught today.

    As published, but each C3 map sees all six S2 maps (the paper connects them by a
    table, 1,516 parameters instead of 2,416), pooling is max pooling without trainable
    coefficients, the activation is ReLU and the output layer is linear. This gives
    61,706 parameters where the paper counts 60,000.

    Returns
    -------
    Sequential
        For inputs of shape (1, 32, 32); 10 outputs.

    References
    ----------
    LeCun, Bottou, Bengio & Haffner (1998), "Gradient-based learning applied to
    document recognition", section II.B.

    Examples
    --------
    >>> lenet5().n_params((1, 32, 32))
    61706
    """
    return Sequential(
        Conv2d(6, 5),
        ReLU(),
        MaxPool2d(2),
        Conv2d(16, 5),
        ReLU(),
        MaxPool2d(2),
        Conv2d(120, 5),
        ReLU(),
        Flatten(),
        Linear(84),
        ReLU(),
        Linear(10),
    )


def vgg16() -> Sequential:
    """VGG-16 (configuration D) for one 224 × 224 colour image.

    Returns
    -------
    Sequential
        For inputs of shape (3, 224, 224); 1,000 outputs, 138,357,544 parameters.

    References
    ----------
    Simonyan & Zisserman (2015), "Very deep convolutional networks for large-scale
    image recognition", table 1, column D.

    Examples
    --------
    >>> vgg16().n_params((3, 224, 224))
    138357544
    """
    layers: list[Layer] = []
    for repeats, channels in ((2, 64), (2, 128), (3, 256), (3, 512), (3, 512)):
        for _ in range(repeats):
            layers += [Conv2d(channels, 3, padding=1), ReLU()]
        layers.append(MaxPool2d(2))
    head = [Flatten(), Linear(4096), ReLU(), Linear(4096), ReLU(), Linear(1000)]
    return Sequential(*layers, *head)


def alexnet() -> Sequential:
    """AlexNet for one 224 × 224 colour image, in the form with a single tower.

    The network of 2012 was cut into two towers for two graphics cards. This is the
    later one without the cut, with a few kernels less, as PyTorch's model zoo has it.
    Dropout, which is not used after training, is left out.

    Returns
    -------
    Sequential
        For inputs of shape (3, 224, 224); 1,000 outputs, 61,100,840 parameters.

    References
    ----------
    Krizhevsky (2014), "One weird trick for parallelizing convolutional neural
    networks", after Krizhevsky, Sutskever & Hinton (2012), section 3.5.

    Examples
    --------
    >>> alexnet().n_params((3, 224, 224))
    61100840
    """
    return Sequential(
        Conv2d(64, 11, stride=4, padding=2),
        ReLU(),
        MaxPool2d(3, stride=2),
        Conv2d(192, 5, padding=2),
        ReLU(),
        MaxPool2d(3, stride=2),
        Conv2d(384, 3, padding=1),
        ReLU(),
        Conv2d(256, 3, padding=1),
        ReLU(),
        Conv2d(256, 3, padding=1),
        ReLU(),
        MaxPool2d(3, stride=2),
        Flatten(),
        Linear(4096),
        ReLU(),
        Linear(4096),
        ReLU(),
        Linear(1000),
    )


def inception_3a() -> Parallel:
    """The first Inception module of GoogLeNet: four branches on the same maps.

    Returns
    -------
    Parallel
        For inputs of shape (192, 28, 28); outputs (256, 28, 28), 163,696 parameters.

    References
    ----------
    Szegedy et al. (2015), "Going deeper with convolutions", figure 2b and table 1, row
    "inception (3a)".

    Examples
    --------
    >>> block = inception_3a()
    >>> block.output_shape((192, 28, 28)), block.n_params((192, 28, 28))
    ((256, 28, 28), 163696)
    """
    return Parallel(
        Sequential(Conv2d(64, 1), ReLU()),
        Sequential(Conv2d(96, 1), ReLU(), Conv2d(128, 3, padding=1), ReLU()),
        Sequential(Conv2d(16, 1), ReLU(), Conv2d(32, 5, padding=2), ReLU()),
        Sequential(MaxPool2d(3, stride=1, padding=1), Conv2d(32, 1), ReLU()),
    )


def mobilenet_v1() -> Sequential:
    """MobileNet (width 1) for one 224 × 224 colour image, batch normalisation aside.

    Every convolution is followed by batch normalisation, whose 21,888 scales and
    shifts are not in the 4,210,088 parameters here; with them there are 4,231,976. At
    inference they are folded into the convolution as a scale and a bias. Layers with a
    stride of 2 pad after the image only, as TensorFlow does at even sizes.

    Returns
    -------
    Sequential
        For inputs of shape (3, 224, 224); 1,000 outputs, 4,210,088 parameters.

    References
    ----------
    Howard et al. (2017), "MobileNets: efficient convolutional neural networks for
    mobile vision applications", table 1.

    Examples
    --------
    >>> mobilenet_v1().n_params((3, 224, 224))
    4210088
    """
    at_the_end = (0, 1), (0, 1)
    layers: list[Layer] = [Conv2d(32, 3, 2, at_the_end, bias=False), ReLU()]
    blocks = [(64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2)]
    blocks += [(512, 1)] * 5 + [(1024, 2), (1024, 1)]
    for channels, stride in blocks:
        padding = at_the_end if stride == 2 else 1
        layers += [
            DepthwiseConv2d(3, stride=stride, padding=padding, bias=False),
            ReLU(),
            Conv2d(channels, 1, bias=False),
            ReLU(),
        ]
    return Sequential(*layers, GlobalAvgPool2d(), Linear(1000))


def deepface() -> Sequential:
    """DeepFace for one 152 × 152 aligned colour face.

    Three of its layers are locally connected. The paper leaves out the stride of L5,
    which has to be 2, and that the pooling rounds up: only so do its sizes and its
    count of 120 million parameters follow.

    Returns
    -------
    Sequential
        For inputs of shape (3, 152, 152); 4,030 outputs, 118,923,774 parameters.

    References
    ----------
    Taigman et al. (2014), "DeepFace: closing the gap to human-level performance in
    face verification", section 3.1 and figure 2.

    Examples
    --------
    >>> deepface().n_params((3, 152, 152))
    118923774
    """
    return Sequential(
        Conv2d(32, 11),
        ReLU(),
        MaxPool2d(3, stride=2, ceil_mode=True),
        Conv2d(16, 9),
        ReLU(),
        LocalConv2d(16, 9),
        ReLU(),
        LocalConv2d(16, 7, stride=2),
        ReLU(),
        LocalConv2d(16, 5),
        ReLU(),
        Flatten(),
        Linear(4096),
        ReLU(),
        Linear(4030),
    )
