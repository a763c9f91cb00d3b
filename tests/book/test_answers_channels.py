"""What pictures of channels, descriptors and costs answer, against the library."""

import re

import numpy as np
import pytest

from conv_notes import conv2d, draw, netvlad, netvlad_init, relu, softmax, vlad
from conv_notes.draw import channels
from conv_notes.draw.marks import number

RNG = np.random.default_rng(0)


def whole(*shape):
    return RNG.integers(-3, 4, shape).astype(float)


def corners(artist):
    """Where the boxes of one path begin."""
    return artist.get_path().vertices[::5].tolist()


def test_every_output_says_its_sums_and_chooses_itself():
    x, weight, bias = whole(3, 4, 5), whole(2, 3, 3, 2), np.array([1.0, -2.0])
    drawing = draw.channel_sum(x, weight, bias, (1, 1, 2))
    y = conv2d(x[None], weight, bias)[0]
    assert len(drawing.touches) == y.size == 2 * 2 * 4
    for part, (m, i, j) in zip(drawing.touches, np.ndindex(y.shape), strict=True):
        sets = {"map": str(m + 1), "row": str(i + 1), "column": str(j + 1)}
        assert part.sets == sets
        place, total, last, *click = re.split(": |\n", part.says)
        assert bool(click) == ((m, i, j) != (1, 1, 2))  # whose products are drawn
        assert place == f"map {m + 1}, row {i + 1}, column {j + 1}"
        total, shown = total.removeprefix("sum ").split(" = ")
        sums = [conv2d(x[None, [c]], weight[[m], c : c + 1]) for c in range(3)]
        each = [number(abs(s[0, 0, i, j])) for s in sums]
        assert [t for t in total.replace("−", "").split() if t != "+"] == each
        assert shown == number(y[m, i, j] - bias[m])
        assert f"= {number(y[m, i, j])}, after ReLU" in last
        assert last.endswith(f"ReLU {number(relu(y)[m, i, j])}")


def test_an_output_shows_its_window_in_every_channel():
    x, weight = whole(2, 3, 4), whole(3, 2, 2, 3)
    drawing = draw.channel_sum(x, weight, np.zeros(3))
    windows, _, _ = drawing.touches[6].shown  # map 2, row 2, column 1
    high = 3 + channels.ROOM
    lowest = corners(drawing.touches[4].shown[0])[0][1]  # of map 2, row 1
    assert corners(windows) == [[0, lowest + 1], [0, lowest + 1 + high]]
    assert windows.get_path().get_extents().width == 3
    titles = {text.get_text() for text in drawing.axes[0].texts}
    assert {"map 1", "map 2", "map 3", "kernel 1"} <= titles


@pytest.mark.parametrize("shape", [(3, 10, 21), (3, 3, 4)])
def test_places_say_the_sums_of_the_pixel_in_their_middle(shape):
    x, weight = RNG.random(shape), np.array([[1.0, -0.5, 0.25], [2, 0, 1]])
    drawing = draw.mixing(x, weight, (1, 2))
    y = conv2d(x[None], weight[:, :, None, None])[0]
    rows, cols = (min(n, most) for n, most in zip(shape[1:], (5, 7), strict=True))
    places, letters = drawing.touches[: rows * cols], drawing.touches[rows * cols :]
    size = np.divide((1.5, 1), shape[:0:-1])  # of a pixel
    covered = np.zeros(shape[1:])
    for part in places:
        box = part.part.get_path().vertices[:5]  # on the first map, which lies at 0
        j, i = (box.min(axis=0) / size).round(6).astype(int)
        w, h = (np.ptp(box, axis=0) / size).round(6).astype(int)
        covered[i : i + h, j : j + w] += 1
        at = i + h // 2, j + w // 2
        for line, row, total in zip(part.says.split("\n"), weight, y, strict=True):
            terms = zip(row, x[:, *at].round(2), strict=True)
            worked = [f"{number(a)}·{number(b)}" for a, b in terms]
            assert re.findall(r"[a-z]: (\S+)", line) == worked
            assert line.endswith(f" = {number(total[at].round(2))}")
        dots = part.shown[0].get_path().vertices[::2]
        assert len(dots) == 5  # 3 inputs, 2 outputs
        assert np.allclose(dots[0], (np.array(at[::-1]) + 0.5) * size)
    assert (covered == 1).all()
    assert [part.says for part in letters] == [
        f"{'abcdef'[k]}: the weight {number(w)} of x{'₁₂₃'[k % 3]} in y{'₁₂'[k // 3]}"
        for k, w in enumerate(weight.flat)
    ]


POINTS = np.array([[1.0, 2], [2, 1], [6, 2], [6, 0], [3, 5]])
CENTERS = np.array([[1.0, 1], [5, 1], [3, 4]])


@pytest.mark.parametrize("alpha", [None, 0.3, 0.02])
def test_descriptors_say_their_shares_and_centres_what_they_add_up(alpha):
    x = POINTS.T.reshape(1, 2, 1, 5)
    if alpha is None:
        v = vlad(x, CENTERS, normalize=False)
        shares = np.eye(3)[[0, 0, 1, 1, 2]]
    else:
        weight, bias = netvlad_init(CENTERS, alpha)
        v = netvlad(x, weight, bias, CENTERS, normalize=False)
        shares = softmax(POINTS @ weight.T + bias, 1)
    drawing = draw.clusters(POINTS, CENTERS, alpha)
    said = [part.says for part in drawing.touches]
    assert said[::2] == said[1::2]  # in the plane and in the table
    for i, row in enumerate(shares):
        parts = ", ".join(f"{n} {s:.2f}" for n, s in zip("ABC", row, strict=True))
        assert said[2 * i] == f"descriptor {i + 1}: {parts}"
    for j, total in enumerate(v.reshape(3, 2)):
        a, b = (number(round(float(value), 2)) for value in total)
        assert said[10 + 2 * j].startswith(f"{'ABC'[j]}: ")
        assert said[10 + 2 * j].endswith(f" ({a}, {b})")
    if alpha is None:
        assert said[10] == "A: (0, 1) + (1, 0) = (1, 1)"
        assert said[14] == "C: (0, 1) = (0, 1)"


def test_a_centre_shows_its_residuals_up_to_the_circles():
    drawing = draw.clusters(POINTS, CENTERS)
    arrows = drawing.touches[10].shown[0].get_path().vertices[::-1][::2]
    up, right = arrows[-1], arrows[-2]
    assert up[0] == 1 and 1 < up[1] < 2
    assert right[1] == 1 and 1 < right[0] < 2
    assert np.hypot(*(up - POINTS[0])) < 0.5


def test_a_centre_of_nothing_and_one_of_much():
    drawing = draw.clusters(np.tile([[1.0, 0]], (7, 1)), np.array([[0.0, 0], [9, 9]]))
    said = [part.says for part in drawing.touches]
    assert said[-4] == "A: 7 residuals times their shares\nadd up to (7, 0)"
    assert said[-2] == "B: nothing = (0, 0)"


def test_rounded_terms_that_miss_their_sum_say_so():
    points = np.array([[0.004, 0], [1.004, 0], [2, 0]])
    drawing = draw.clusters(points, np.zeros((1, 2)))
    assert drawing.touches[-1].says == "A: (1, 0) + (2, 0) ≈ (3.01, 0)"


def test_a_row_says_its_numbers_to_the_last():
    columns = {
        "weights": (np.array([36864, 576]), {"10²": 1e2, "10⁴": 1e4}),
        "MACs per byte": ([52.6612, 1], {"0": 0, "50": 50}),
    }
    drawing = draw.panels(["standard", "depthwise"], columns)
    assert [part.says for part in drawing.touches] == [
        "standard:\nweights 36,864, MACs per byte 52.66",
        "depthwise:\nweights 576, MACs per byte 1",
    ]


@pytest.mark.parametrize("scale", [1, 0.25, 1.237, 10])
def test_numbers_stay_in_their_cells(scale):
    x, weight = whole(2, 3, 3), scale * whole(2, 2, 2, 2)
    drawing = draw.channel_sum(x, weight, np.array([16.5, -20.25]))
    drawing.draw_without_rendering()
    (ax,) = drawing.axes
    to_cells = ax.transData.inverted()
    for text in ax.texts:
        if text.get_text().strip("−").replace(".", "").isdigit():
            (left, _), (right, _) = to_cells.transform(text.get_window_extent())
            assert right - left < 0.9, text.get_text()
