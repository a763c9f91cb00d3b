"""What windows and stacks answer when pointed at, against the library's own ops."""

import re
from itertools import product

import numpy as np
import pytest
from matplotlib.patches import PathPatch
from matplotlib.text import Text

from conv_notes import Conv2d, Sequential, conv2d, draw, receptive_field, unfold

X = np.array([[1.0, 2, 0, -1, 3], [0, 1, 4, 2, 1], [3, 1, 0, 5, 2], [1, 0, 2, 1, 7]])
KERNEL = np.array([[1.0, 0, -2], [3, 1, -1]])


def number(text):
    return float(text.replace("−", "-").strip("()"))


def corners(part):
    """Least x and y of each rectangle that answers, and where it ends."""
    boxes = part.part.get_path().vertices.reshape(-1, 5, 2)
    return [(*box.min(0), *box.max(0)) for box in boxes]


def framed(part):
    """The rectangles of all that is shown."""
    patches = [one for one in part.shown if not isinstance(one, Text)]
    return {
        (*box.min(0).round(6), *box.max(0).round(6))
        for patch in patches
        for box in [patch.get_patch_transform().transform(patch.get_path().vertices)]
    }


def test_an_output_shows_its_window_and_its_sum():
    figure = draw.window(X, KERNEL)
    y = conv2d(X[None, None], KERNEL[None, None])[0, 0]
    assert len(figure.touches) == y.size + X.size
    left, top = X.shape[1] + KERNEL.shape[1] + 2, (X.shape[0] - y.shape[0]) / 2
    for (i, j), part in zip(np.ndindex(y.shape), figure.touches, strict=False):
        products, total = part.says.split(" = ")
        factors = [term.split("×") for term in products.split(" + ")]
        assert (
            sum(number(a) * number(b) for a, b in factors) == number(total) == y[i, j]
        )
        output = (left + j, top + i, left + j + 1, top + i + 1)
        assert corners(part) == [output]
        assert framed(part) == {output, (j, i, j + 3, i + 2)}
    assert "Point at an output or a pixel." in figure.svg()


def test_a_pixel_shows_the_outputs_it_goes_into():
    figure = draw.window(X, KERNEL)
    y = conv2d(X[None, None], KERNEL[None, None])[0, 0]
    left, top = X.shape[1] + KERNEL.shape[1] + 2, (X.shape[0] - y.shape[0]) / 2
    parts = zip(np.ndindex(X.shape), figure.touches[y.size :], strict=True)
    for (i, j), part in parts:
        one_hot = np.zeros((1, 1, *X.shape))
        one_hot[..., i, j] = 1
        reached = conv2d(one_hot, np.ones((1, 1, *KERNEL.shape)))[0, 0] > 0
        pixel, said = part.says.split(" goes into ")
        assert number(pixel) == X[i, j]
        assert [*map(number, said.split(", "))] == [*y[reached]]
        lit, own = (one for one in part.shown if not isinstance(one, Text))
        outputs = lit.get_path().vertices.reshape(-1, 5, 2)
        assert corners(part) == [(j, i, j + 1, i + 1)] and own.get_xy() == (j, i)
        places = np.argwhere(reached)[:, ::-1] + (left, top)
        assert np.array_equal(outputs.min(axis=1), places)


def test_an_output_takes_the_place_of_the_one_worked_out():
    figure = draw.window(X, KERNEL, (2, 1))
    svg = figure.svg()
    still = svg[: svg.index('class="touch"')]
    assert still.count('class="rest"') == 5  # window, output and sum
    assert figure.get_supxlabel().rstrip() == figure.touches[2 * 3 + 1].says


def test_a_long_sum_has_a_line_for_each_row_of_the_kernel():
    figure = draw.window(10 * np.ones((4, 5)), np.full((3, 4), 10.0))
    row = " + ".join(["10×10"] * 4)
    assert figure.touches[0].says == f"{row}\n+ {row}\n+ {row} = 1200"
    assert figure.get_supxlabel().count("\n") == 2


@pytest.mark.parametrize("dilation", [1, 2])
@pytest.mark.parametrize("step", [1, 3])
def test_a_window_can_be_dragged(step, dilation):
    options = {"stride": 2, "padding": 1, "dilation": dilation}
    x = np.pad(X, ((0, 1), (0, 1)))  # 5 × 6
    figure = draw.slide(x, KERNEL, step, **options, room=2)
    y = conv2d(x[None, None], KERNEL[None, None], **options)[0, 0]
    steps = range(1, y.size + 1)
    assert [part.sets for part in figure.touches] == [{"step": str(n)} for n in steps]
    assert [part.says for part in figure.touches] == [f"step {n}" for n in steps]
    # Where the windows are, by the library: the rows and columns of padded pixels.
    rows, cols = np.indices((7, 8), float)
    places = np.stack([rows, cols])[:, None]
    windows = unfold(places, KERNEL.shape, stride=2, dilation=dilation)[:, 0]
    right = 8 + 2 * 1 + 0.8  # beside the image and the room for more padding
    for (i, j), part in zip(np.ndindex(y.shape), figure.touches, strict=True):
        top, left = windows[:, :, :, i, j].min((1, 2)) + 1
        bottom, end = windows[:, :, :, i, j].max((1, 2)) + 2
        middle, output = corners(part)
        at = (left + end - 1) / 2, (top + bottom - 1) / 2
        assert middle == pytest.approx((*at, at[0] + 1, at[1] + 1))
        assert output[:2] == pytest.approx((right + j, len(KERNEL) + 1 + i))
        drawn = {(left, top, end, bottom)} if part.says != f"step {step}" else set()
        assert framed(part) == drawn
        assert not [one for one in part.shown if isinstance(one, Text)]  # the sum stays


def in_row(size, kernel, **options):
    """Which pixels, counted from 1, each window sees; 0 is padding."""
    row = np.arange(1.0, size + 1).reshape(1, 1, 1, size)
    pairs = {"stride": (1, options["stride"]), "dilation": (1, options["dilation"])}
    windows = unfold(row, (1, kernel), **pairs, padding=(0, options["padding"]))
    return [[int(pixel) for pixel in window] for window in windows[0, 0, 0, :, 0].T]


def numbers(text):
    return [int(n) for n in re.findall(r"\d+", text)]


@pytest.mark.parametrize("setting", [*product([2, 3, 4], [1, 2, 3], [0, 1, 3], [1, 2])])
def test_windows_show_their_pixels_and_pixels_their_windows(setting):
    kernel, *others = setting
    options = dict(zip(("stride", "padding", "dilation"), others, strict=True))
    figure = draw.places(8, kernel, **options)
    windows = in_row(8, kernel, **options)
    parts, pixels = figure.touches[: len(windows)], figure.touches[len(windows) :]
    for n, (part, window) in enumerate(zip(parts, windows, strict=True), start=1):
        name, said = part.says.split(": ")
        assert name == f"window {n}"
        inside = [pixel for pixel in window if pixel]
        zeros = len(window) - len(inside)
        assert numbers(said.split(" and ")[0]) == inside or not inside
        words = "" if not zeros else "a zero" if zeros == 1 else f"{zeros} zeros"
        assert said.endswith(words) and ("zero" in said) == (zeros > 0)
        boxes = part.shown[0].get_path().vertices.reshape(-1, 5, 2)
        lit = boxes[:, 0, 0].round() - options["padding"] + 1
        assert [x if 1 <= x <= 8 else 0 for x in lit] == window
    assert len(pixels) == 8
    for pixel, part in enumerate(pixels, start=1):
        name, said = part.says.split(" lies in ")
        assert name == f"pixel {pixel}"
        assert numbers(said) == [n for n, w in enumerate(windows, 1) if pixel in w]
        assert said.startswith("no window" if not numbers(said) else "window")
        (first, *bars) = part.shown[0].get_path().vertices.reshape(-1, 2, 2)
        assert int(first[0, 0]) - options["padding"] + 1 == pixel
        holding = [parts[n - 1] for n in numbers(said)]
        for bar, ((left, _, right, _),) in zip(
            bars, map(corners, holding), strict=True
        ):
            assert bar[:, 0] == pytest.approx((left + 0.1, right - 0.1))


def test_places_in_words():
    said = [part.says for part in draw.places(8, 3, stride=2).touches]
    assert said[2] == "window 3: pixels 5, 6, 7"
    assert said[3:][2] == "pixel 3 lies in windows 1 and 2"
    assert said[3:][7] == "pixel 8 lies in no window"
    said = [part.says for part in draw.places(3, 2, padding=2).touches]
    assert said[:2] == ["window 1: 2 zeros", "window 2: pixel 1 and a zero"]


def shown_pixels(part, size):
    """Which pixels of the image the light covers, by their middles."""
    lights = [(a, b) for (a, y), (b, _) in lit(part) if y < 0.5]
    return {p for p in range(size) if any(a < p < b for a, b in lights)}


def lit(part):
    """The ends of all bars, (bars, 2, 2), row by row; cones lie below them."""
    bars = [one for one in part.shown if isinstance(one, PathPatch)]
    return np.concatenate([bar.get_path().vertices for bar in bars]).reshape(-1, 2, 2)


def first_and_last(said):
    return [int(number(n)) for n in re.search(r"(−?\d+) to (−?\d+)", said).groups()]


WAYS = {
    "plain": [(3, 1, 1)] * 4,
    "strided": [(3, 2, 1)] * 4,
    "mixed": [(3, 2, 1), (2, 1, 0, 2), (3, 1, 2, 2)],
    "even": [(4, 2, 1), (2, 2), (3, 1, 1)],
    "dilated": [(3, 1, d, d) for d in (1, 2, 4, 8)],
    "wide": [(5, 1, 2 * d, d) for d in (1, 2, 4, 8)],
    "holes": [(3, 1, 2, 2)] * 3,
}


@pytest.mark.parametrize("way", WAYS)
def test_a_unit_lights_what_its_gradient_reaches(way):
    size, layers = 20, WAYS[way]
    parts = iter(draw.field(layers, size, margin=3).touches)
    for depth in range(1, len(layers) + 1):
        full = [(*layer, *(1, 1, 0, 1)[len(layer) :]) for layer in layers[:depth]]
        kinds = [[(1, k), (1, s), (0, p), (1, d)] for k, s, p, d in full]
        network = Sequential(*(Conv2d(1, *kind, bias=False) for kind in kinds))
        shapes = network.param_shapes((1, 1, size)).items()
        ones = {name: np.ones(shape) for name, shape in shapes}
        y, pull_back = network.vjp(ones, np.ones((1, 1, 1, size)))
        rule = receptive_field(full)
        for unit in range(y.size):
            part = next(parts)
            one_hot = np.eye(y.size)[unit].reshape(y.shape)
            reached = {*map(int, np.flatnonzero(pull_back(one_hot)[1]))}
            name, said = part.says.split(": sees ")
            assert name == f"layer {depth}, unit {unit}"
            first, last = first_and_last(said)
            assert first == unit * rule.stride - rule.padding
            assert last == first + rule.size - 1
            count = numbers(said)[0]
            outside = re.search(r", (\d+) outside$", said)
            assert count - int(outside[1] if outside else 0) == len(reached)
            assert ("of pixels" in said) == (count < rule.size)
            assert shown_pixels(part, size) == reached
    assert next(parts, None) is None


def test_fields_in_words():
    said = [part.says for part in draw.field([(3, 1, 1)] * 2, 9).touches]
    assert said[5] == "layer 1, unit 5: sees 3 pixels, 4 to 6"
    assert said[9:][0] == "layer 2, unit 0: sees 5 pixels, −2 to 2, 2 outside"
    (*_, part) = draw.field([(3, 1, 0, 2)], 6).touches
    assert part.says == "layer 1, unit 1: sees 3 of pixels 1 to 5"


def test_a_field_is_not_lit_beside_the_picture():
    figure = draw.field([(5, 1, 2)] * 3, 8, margin=1)
    for part in figure.touches:
        x = lit(part)[..., 0]
        assert figure.axes[0].get_xlim()[0] <= x.min()
        assert x.max() <= figure.axes[0].get_xlim()[1]
