"""How much memory an op takes beyond what it is given and what it returns."""

import tracemalloc
from math import prod

import numpy as np
import pytest

import conv_notes
from conv_notes.ops._correlation import ROOM

# A window of 3 on 16 images: the columns of one image are 1.2 MB, of all of them 19 MB.
X = 16, 32, 32, 32
COLUMNS = 9 * 4 * prod(X[1:])
PAD = {"padding": 1}
CASES = {
    "conv2d": ([X, (32, 32, 3, 3)], PAD),
    "conv2d, depthwise": ([X, (32, 1, 3, 3)], {**PAD, "groups": 32}),
    "conv2d, strided": ([X, (64, 32, 3, 3)], {**PAD, "stride": 2}),
    "tiled_conv2d": ([X, (2, 2, 32, 32, 3, 3)], PAD),
    "dynamic_conv2d": ([X, (4, 32, 32, 3, 3), (16, 4)], PAD),
    "local_conv2d": ([X, (32, 32, 2, 32, 3, 3)], PAD),
    "conv_transpose2d": ([X, (32, 32, 3, 3)], {**PAD, "stride": 2}),
}
# Besides, a locally connected layer keeps its images, framed and laid out another way;
# a dynamic convolution the kernel of each example, and that in the order of columns.
KEPT = {
    "local_conv2d": 4 * 16 * 32 * 34 * 34,
    "dynamic_conv2d": 2 * 4 * 16 * 32 * 32 * 9,
}


def beyond(compute):
    """The most bytes held at a time, without those of the arrays it returns."""
    tracemalloc.start()
    arrays = compute()
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return most - sum(array.nbytes for array in arrays if array is not None)


@pytest.mark.parametrize("name", CASES)
def test_work_fits_beside_one_image(name):
    """Forward into the columns of one image, or a cache's worth; backward into two."""
    shapes, options = CASES[name]
    draw = np.random.default_rng(0)
    arrays = [draw.standard_normal(shape, np.float32) for shape in shapes]
    op = getattr(conv_notes, name.partition(",")[0])
    dy = op(*arrays, **options)

    def forward():
        return [op(*arrays, **options)]

    def backward():
        y, pullback = op.vjp(*arrays, **options)
        return [y, *pullback(dy)]

    room = 1.5 * max(COLUMNS, ROOM) + KEPT.get(name, 0)
    assert beyond(forward) < room
    assert beyond(backward) < 2 * room
