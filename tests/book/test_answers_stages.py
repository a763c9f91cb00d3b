"""What an image on its way through a network answers, against the library."""

import re
from itertools import accumulate

import numpy as np
import pytest

from conv_notes import (
    AvgPool2d,
    Conv2d,
    DepthwiseConv2d,
    Flatten,
    Linear,
    LocalConv2d,
    MaxPool2d,
    ReLU,
    Sequential,
    conv2d,
    draw,
    softmax,
    unfold,
)
from conv_notes.draw.strips import GAP, LINE
from conv_notes.draw.units import Step

RNG = np.random.default_rng(0)
KERNELS = {"kernel_size": (3, 2), "stride": 2, "padding": 1}
POOLS = {"kernel_size": (2, 3), "stride": (1, 2)}
GROUPED = {"kernel_size": (2, 3), "stride": 1}
NETWORK = Sequential(
    Conv2d(4, **KERNELS),  # 4 × 7 × 11
    ReLU(),
    MaxPool2d(**POOLS),  # 4 × 6 × 5
    Conv2d(6, **GROUPED, groups=2),  # 6 × 5 × 3
    Flatten(),
    Linear(5),
)
IMAGE = RNG.random((1, 2, 13, 20))
PARAMS = NETWORK.init(IMAGE.shape[1:], RNG)
PARAMS |= {k: RNG.normal(size=w.shape) for k, w in PARAMS.items() if "bias" in k}
VALUES = [IMAGE, *NETWORK.trace(PARAMS, IMAGE)]
UNIT = r"map (\d+), row (\d+), column (\d+) sees (\d+) × (\d+) pixels\n(.*)"


def starts():
    """Where the strip of each layer begins."""
    heights = [y.shape[2] + 1.3 * LINE for y in VALUES[:5]]
    return [LINE + top for top in accumulate(heights, initial=0)]


def boxes(artist):
    """(left, top, width, height) of each frame in one path."""
    corners = artist.get_path().vertices.reshape(-1, 5, 2)
    return [(*c.min(axis=0), *np.ptp(c, axis=0)) for c in corners]


def units(drawing):
    """Parts that answer for a unit: with its layer, its place and its words."""
    for part in drawing.touches:
        if match := re.fullmatch(UNIT, part.says):
            *numbers, line = match.groups()
            m, i, j, high, wide = map(int, numbers)
            ((*_, top, _, _),) = boxes(part.part)
            depth = sum(top >= start for start in starts()) - 1
            yield part, depth, (m - 1, i - 1, j - 1), (high, wide), line


def held(shape, at, kernel_size, **how):
    """Rows and columns of a window, from what unfold takes of numbered pixels."""
    numbered = 1.0 + np.arange(np.prod(shape)).reshape(1, 1, *shape)
    window = unfold(numbered, kernel_size, **how)[0, 0, :, :, *at]
    rows, cols = np.divmod(window[window > 0].astype(int) - 1, shape[1])
    return rows.min(), rows.max() + 1, cols.min(), cols.max() + 1


def test_places_answer_for_their_strongest_unit_and_cover_the_maps():
    drawing = draw.stages(NETWORK, PARAMS, IMAGE, places=2)
    covered = {k: np.zeros(VALUES[k].shape[1:]) for k in (1, 3, 4)}
    for part, depth, unit, _, _ in units(drawing):
        box = np.subtract(boxes(part.part)[0], (0, starts()[depth], 0, 0))
        left, top, width, height = box.round().astype(int)
        y = VALUES[depth][0]
        m, left = divmod(left, y.shape[2] + GAP)
        place = (m, slice(top, top + height), slice(left, left + width))
        covered[depth][place] += 1
        assert m == unit[0] and y[unit] == y[place].max()
    assert all((count == 1).all() for count in covered.values())
    assert drawing.svg() == draw.stages(NETWORK, PARAMS, IMAGE, places=2).svg()
    assert not draw.stages(NETWORK, PARAMS, IMAGE).touches


def test_a_unit_shows_its_windows_in_the_layer_before_and_in_the_image():
    hows = {1: KERNELS, 3: POOLS, 4: GROUPED}
    for part, depth, (m, i, j), seen, _ in units(
        draw.stages(NETWORK, PARAMS, IMAGE, places=2)
    ):
        x, start, before = VALUES[depth - 1], starts()[depth], starts()[depth - 1]
        up, down, left, right = held(x.shape[2:], (i, j), **hows[depth])
        maps = {1: [0, 1], 3: [m], 4: [m // 3 * 2, m // 3 * 2 + 1]}[depth]
        unit, *others = boxes(part.shown[0])
        w = VALUES[depth].shape[3] + GAP
        assert np.allclose(unit, (m * w + j, start + i, 1, 1))
        windows, fields = others[: len(maps)], others[-2:]
        for c, window in zip(maps, windows, strict=True):
            corner = c * (x.shape[3] + GAP) + left, before + up
            assert np.allclose(window, (*corner, right - left, down - up))
        # Pixels that matter get a gradient, through weights of 1 and without a maximum.
        layers = list(NETWORK)[:depth]
        if depth > 2:
            layers[2] = AvgPool2d(**POOLS)
        net = Sequential(*layers)
        one = {k: np.ones_like(w) for k, w in PARAMS.items() if int(k[0]) < depth}
        y, back = net.vjp(one, np.ones_like(IMAGE))
        dy = np.zeros_like(y)
        dy[0, m, i, j] = 1
        rows, cols = np.nonzero(back(dy)[1][0].sum(axis=0))
        sides = np.ptp(rows) + 1, np.ptp(cols) + 1
        assert seen == sides
        for c, field in enumerate(fields):
            corner = c * (20 + GAP) + cols.min(), LINE + rows.min()
            assert np.allclose(field, (*corner, *sides[::-1]))


def test_a_unit_says_its_sums_and_a_pooling_what_it_chose_from():
    for _, depth, (m, *at), _, line in units(
        draw.stages(NETWORK, PARAMS, IMAGE, places=3)
    ):
        x, y = VALUES[depth - 1], VALUES[depth][0, m, *at]
        if depth == 3:
            (a, b), (s, t) = POOLS["kernel_size"], POOLS["stride"]
            i, j = at[0] * s, at[1] * t
            values = ", ".join(f"{v:.2f}" for v in x[0, m, i : i + a, j : j + b].flat)
            assert line == f"the largest of {values}: {y:.2f}"
            continue
        weight, bias = (PARAMS[f"{depth - 1}.{name}"][m] for name in ("weight", "bias"))
        maps = [0, 1] if depth == 1 else [m // 3 * 2, m // 3 * 2 + 1]
        how = KERNELS if depth == 1 else GROUPED
        how = {k: v for k, v in how.items() if k != "kernel_size"}
        terms = [
            conv2d(x[:, [c]], kernel[None, None], **how)[0, 0, *at]
            for c, kernel in zip(maps, weight, strict=True)
        ]
        said = line.replace("− ", "-").replace("−", "-").replace("+ ", "")
        *numbers, sign, total = said.split()
        assert numbers == [f"{v:z.2f}" for v in [*terms, bias]]
        rounded = sum(round(v, 2) for v in [*terms, bias])
        assert total == f"{y:z.2f}"
        assert sign == ("=" if f"{rounded:z.2f}" == total else "≈")


def test_relu_flattening_and_scores_answer():
    drawing = draw.stages(NETWORK, PARAMS, IMAGE, places=1)
    said = [part.says for part in drawing.touches]
    for m, values in enumerate(VALUES[1][0]):
        words = f"{(values < 0).sum()} of the 77 values of map {m + 1} are negative:"
        assert words == said[4 + m].split("\n")[0]
    at = said.index("values 16 to 30:\nmap 2, row by row")
    pieces = boxes(drawing.touches[at].shown[0])
    assert np.allclose(pieces[0], (15, starts()[5], 15, 6))
    assert np.allclose(pieces[1], (3 + GAP, starts()[4], 3, 5))
    scores, bias = VALUES[-1][0], PARAMS["5.bias"]
    for k, p in enumerate(softmax(scores, axis=0)):
        first, second = said[k - 5].replace("−", "-").split("\n")
        assert first == f"{k}: score {scores[k]:z.2f}, probability {p:.3f}"
        total = PARAMS["5.weight"][k] @ VALUES[-2][0]
        assert second == f"90 products add up to {total:z.2f}, bias {bias[k]:z.2f}"


def step(layer, shape=(2, 5, 6)):
    x = RNG.normal(size=shape)
    params = layer.init(shape, RNG)
    return Step(layer, params, x, layer.apply(params, x[None])[0])


@pytest.mark.parametrize(
    ("layer", "unit", "origin"),
    [
        (Conv2d(2, 2, dilation=3), (1, 1, 2), ([0, 1], [1, 4], [2, 5])),
        (Conv2d(2, 3, padding=2, stride=3), (0, 0, 2), ([0, 1], [0], [4, 5])),
        (DepthwiseConv2d((1, 2), multiplier=2), (3, 4, 0), ([1], [4], [0, 1])),
        (LocalConv2d(1, 3), (0, 2, 1), ([0, 1], [2, 3, 4], [1, 2, 3])),
        (MaxPool2d(2, ceil_mode=True), (1, 2, 1), ([1], [4], [2, 3])),
    ],
    ids=repr,
)
def test_windows_of_all_kinds_of_layers(layer, unit, origin):
    one = step(layer)
    assert one.has_windows
    assert tuple(map(list, one.origin(unit))) == origin
    if "weight" in one.params:
        assert len(one.sums[0]) == len(origin[0])
        assert np.allclose(sum(one.sums[0]) + one.sums[1], one.y)
    assert one.says(unit).endswith(draw.marks.number(one.y[unit], ".2f"))


def test_long_sums_and_windows_are_not_written_out():
    many = step(Conv2d(1, 1), (9, 2, 2))
    assert re.fullmatch(r"\S+ [−+] \S+ [=≈] \S+", many.says((0, 0, 0)))
    large = step(AvgPool2d(4))
    assert large.says((1, 0, 0)).startswith("the mean of its window: ")
    cut = step(AvgPool2d(2, padding=1))
    assert cut.says((0, 0, 0)).startswith("the mean of its window: ")
    assert cut.says((0, 1, 1)).count(",") == 3
