"""What parts of drawings of pooling, upsampling and columns say when pointed at."""

import re

import nbformat
import numpy as np
import pytest
import run_notebooks

from conv_notes import (
    avg_pool2d,
    conv2d,
    conv_transpose2d,
    draw,
    interpolate,
    max_pool2d,
    max_unpool2d,
    pixel_shuffle,
    unfold,
)
from conv_notes.data import photographs

WAYS = {
    "np": np,
    "draw": draw,
    "explore": lambda *args, **choices: None,
    "avg_pool2d": avg_pool2d,
    "conv2d": conv2d,
    "conv_transpose2d": conv_transpose2d,
    "interpolate": interpolate,
    "max_pool2d": max_pool2d,
    "max_unpool2d": max_unpool2d,
    "photographs": photographs,
    "pixel_shuffle": pixel_shuffle,
}
X = np.random.default_rng(0).permutation(35).reshape(5, 7) * 1.0
POOLINGS = [(3, 2), (2, 3), (2, 1), (2, 2)]  # windows and strides
FRAME, TINT = {"linewidth": 2.4}, {"alpha": 0.3}


def corner(part):
    """Least x and y of what is pointed at."""
    return tuple(part.part.get_path().vertices.min(axis=0))


def boxes(part, **look):
    """Boxes of one look among what a part shows: (x, y, width, height)."""
    found = []
    for patch in part.shown:
        if all(getattr(patch, f"get_{k}", lambda: None)() == look[k] for k in look):
            path = patch.get_patch_transform().transform_path(patch.get_path())
            ends = path.vertices.reshape(-1, 5, 2)[:, :4]
            low, high = ends.min(axis=1), ends.max(axis=1)
            found += [tuple(box) for box in np.hstack([low, high - low])]
    return found


def run(chapter, *names, **known):
    """Run cells of a chapter; return what they define."""
    path = run_notebooks.ROOT / f"book/{chapter}.ipynb"
    sources = {cell.id: cell.source for cell in nbformat.read(path, as_version=4).cells}
    for name in names:
        exec(sources[name], known)
    return known


@pytest.mark.parametrize(("kernel_size", "stride"), POOLINGS)
@pytest.mark.parametrize(("kind", "op"), [("max", max_pool2d), ("average", avg_pool2d)])
def test_an_output_of_a_pooling_answers_with_its_window(kind, op, kernel_size, stride):
    drawing = draw.pooling(X, kernel_size, stride=stride, kind=kind)
    y = op(X[None, None], kernel_size, stride=stride)[0, 0]
    for part, (i, j) in zip(drawing.touches, np.ndindex(y.shape), strict=False):
        top, left = i * stride, j * stride
        patch = X[top : top + kernel_size, left : left + kernel_size]
        terms, result = part.says.split(" = ")
        assert result == f"{y[i, j].round(2):g}"
        assert [*map(float, re.findall(r"\d+", terms))][: patch.size] == [*patch.flat]
        window, output = boxes(part, **FRAME)
        assert window == (left, top, kernel_size, kernel_size)
        assert output[:2] == corner(part)
        circled = [shown.center for shown in part.shown if hasattr(shown, "center")]
        largest = np.argwhere(y[i, j] == X) if kind == "max" else []
        assert circled == [(col + 0.5, row + 0.5) for row, col in largest]


@pytest.mark.parametrize(("kernel_size", "stride"), POOLINGS)
def test_a_pixel_answers_with_the_windows_that_hold_it(kernel_size, stride):
    k, s = kernel_size, stride
    for kind, op in ("max", max_pool2d), ("average", avg_pool2d):
        drawing = draw.pooling(X, k, stride=s, kind=kind)
        y, back = op.vjp(X[None, None], k, stride=s)
        grow = back(np.ones_like(y))[0][0, 0]  # all outputs together with a pixel
        places = [corner(part) for part in drawing.touches[: y.size]]
        pixels = drawing.touches[y.size :]
        for part, (i, j) in zip(pixels, np.ndindex(X.shape), strict=True):
            held = [
                (n, r * s, c * s)
                for n, (r, c) in enumerate(np.ndindex(y.shape[2:]))
                if 0 <= i - r * s < k and 0 <= j - c * s < k
            ]
            windows = [(left, top, k, k) for _, top, left in held]
            outputs = [(*places[n], 1, 1) for n, _, _ in held]
            assert boxes(part, **TINT) == windows + outputs
            assert boxes(part, **FRAME) == [(j, i, 1, 1), *outputs]
            assert corner(part) == (j, i)
            several = "s" if len(held) > 1 else ""
            says = f"{X[i, j]:g} is in {len(held)} window{several}, "
            if not held:
                says = f"{X[i, j]:g} is in no window"
            elif kind == "max":
                says += f"kept by {int(grow[i, j]) or 'none'}"
            else:
                says += f"with a weight of 1/{round(len(held) / grow[i, j])}"
            if held:
                outputs = (f"{y.flat[n].round(2):g}" for n, _, _ in held)
                says += f"\noutput{several} {', '.join(outputs)}"
            assert part.says == says


def test_a_tie_is_kept_once_and_what_is_pointed_at_takes_the_place_of_the_rest():
    drawing = draw.pooling(np.array([[-1.0, 5], [5, 0]]), 2, window=0)
    output, *pixels = [part.says for part in drawing.touches]
    assert output == "max(−1, 5, 5, 0) = 5"
    kept = [says.split(", kept by ")[1] for says in pixels]
    assert kept == [f"{by}\noutput 5" for by in ("none", "1", "none", "none")]
    # The marked window: two boxes with two frames, and a circle; and two lines of words
    assert drawing.svg().count('class="rest"') == 6


@pytest.mark.parametrize(("kernel_size", "stride"), [(3, 2), (2, 3), (5, 4), (4, 2)])
def test_a_pixel_answers_with_the_counts_along_both_axes(kernel_size, stride):
    drawing = draw.overlap(kernel_size, stride)
    n = 12 * stride  # a multiple, clear of the edge
    ones = np.ones((1, 1, 20, 20)), np.ones((1, 1, kernel_size, kernel_size))
    counts = conv_transpose2d(*ones, stride=stride)[0, 0, n : n + 8, n : n + 8]
    along = [*map(int, drawing.alt.split(": ")[-1].rstrip(".").split())]
    for part, (i, j) in zip(drawing.touches, np.ndindex(8, 8), strict=True):
        times = "time" if counts[i, j] == 1 else "times"
        product = f"{along[i]} × {along[j]} = {counts[i, j]:g}"
        assert part.says == f"painted {product} {times}"
        pixel, above, beside = boxes(part, **FRAME)
        assert pixel[:2] == corner(part) == (j, i)
        assert above[0] == j and above[1] < -1 and beside[1] == i and beside[0] < -1
    assert (np.outer(along, along) == counts).all()


def test_columns_answer_with_their_window_and_pixels_with_their_heights():
    known = run("speed", "cell-3", "cell-6", np=np, draw=draw)
    x, kernel, parts = known["x"], known["kernel"], known["figure"].touches
    y = conv2d(x[None, None], kernel[None, None])[0, 0]
    columns = unfold(x[None, None], 3).reshape(9, 4)
    for n, part in enumerate(parts[:4]):
        assert part.says.startswith(f"column {n + 1}: 1·{columns[0, n]:g} + ")
        assert part.says.endswith(f" = {y.flat[n]:g}")
        window, column, total = boxes(part, **FRAME)
        assert window == (n % 2, n // 2, 3, 3)
        assert column[:2] == corner(part) and column[2:] == (1, 9)
        assert total[0] == column[0] and total[1] > 9
    left = corner(parts[0])[0]
    for part, (i, j) in zip(parts[4:], np.ndindex(4, 4), strict=True):
        only = np.zeros((1, 1, 4, 4))
        only[0, 0, i, j] = 1
        of, heights = np.nonzero(unfold(only, 3).reshape(9, 4).T)
        said = [[*map(int, re.findall(r"\d", s))] for s in part.says.split(" at ")]
        assert said == [[*(of + 1)], [*(heights + 1)]]
        pixel, *entries = boxes(part, **FRAME)
        assert pixel[:2] == corner(part) == (j, i)
        assert [(x - left, y) for x, y, *_ in entries] == [
            *zip(of, heights, strict=True)
        ]


PHOTO = np.random.default_rng(0).random((1, 1, 256, 256))


def enlarged(r):
    """Two ways up, in the place of the chapter's six."""
    x, modes = avg_pool2d(PHOTO, r), ("nearest", "bilinear")
    y = {m: interpolate(x, scale_factor=r, mode=m) for m in modes}
    return y | {"pixel shuffle": 1 - y["nearest"], "transposed": 2 * y["nearest"]}


def explored(*names):
    """What a chapter's cells on upsampling explore: figures, each with its choices."""
    found = []
    run(
        "upsampling",
        *names,
        np=np,
        draw=draw,
        photo=PHOTO,
        avg_pool2d=avg_pool2d,
        explore=lambda figure, **choices: found.append((figure, choices)),
        all_ways=enlarged,
    )
    return found


def in_64(image):
    """As many greys as the pictures have that a reader moves."""
    return (image * 63).round() / 63


def test_pictures_answer_with_what_they_are_made_of_and_made_from():
    ((figure, choices),) = explored("cell-34")
    for factor, side in ((2, 32), (4, 16)):
        drawing = figure("bilinear", factor)
        small, large, *ways = drawing.touches
        assert small.says == f"the {side} × {side} pixels, enlarged"
        original = PHOTO[0, 0, 20:84, 80:144]
        of_small = avg_pool2d(original[None, None], factor)[0, 0]
        for part, image in ((small, of_small), (large, original)):
            shown = part.shown[0]  # both in the place of the large picture
            assert np.allclose(shown.get_array(), in_64(image))
            assert shown.axes.get_title() == "64 × 64"
        # The small ones below choose a method, and say what it reaches.
        for part, (label, name) in zip(ways, choices["method"].items(), strict=True):
            assert part.sets == {"method": label}
            words, *click = part.says.split("\n")
            assert words == figure(name, factor).get_supxlabel().rstrip()
            assert bool(click) == (name != "bilinear")  # which is shown large
            assert part.says.startswith(f"{label}: ")


def test_a_line_divides_two_pictures_where_it_is_dragged():
    _, (figure, choices) = explored("cell-34", "cell-84")
    stops, ways = choices["divider"], enlarged(2) | {"original": PHOTO}
    assert len(stops) == 13 and (stops[0], stops[-1]) == (0, 64)
    for pair in choices["pair"].values():
        first, second = (ways[name][0, 0, 20:84, 80:144] for name in pair)
        for divider in stops:
            drawing = figure(pair, divider)
            (image,) = drawing.axes[0].images
            both = np.concatenate([first[:, :divider], second[:, divider:]], axis=1)
            assert np.allclose(image.get_array(), in_64(both.clip(0, 1)))
            ends = []
            for part, at in zip(drawing.touches, stops, strict=True):
                assert part.sets == {"divider": str(at)}
                left, right = (
                    get(part.part.get_path().vertices[:, 0]) for get in (min, max)
                )
                assert left < at < right
                ends += [left, right]
            assert ends[2::2] == pytest.approx(ends[1:-1:2])  # no gap between them
            assert ends[0] < 0 and ends[-1] > 64
    texts = {text.get_text() for text in drawing.axes[0].texts}
    assert texts == {"◂ pixel shuffle, learned", "original ▸"}
    assert drawing.svg() == figure(pair, divider).svg()


def test_what_the_chapter_says_of_the_two_sides():
    known = run("upsampling", "cell-10", "cell-31", "cell-32", "cell-34", **WAYS)
    made, part = known["made"][2], known["part"]
    near, smooth, board = (
        made[name][part] for name in ("nearest", "bilinear", "transposed")
    )
    off = np.abs(near - smooth)
    sky = np.s_[:8]
    assert off[sky].mean() < 0.005 and off.max() > 0.2
    ones = np.ones((1, 1, 8, 8))
    counts = conv_transpose2d(ones, np.ones((1, 1, 3, 3)) * 4 / 9, stride=2)
    assert np.unique(counts[..., 2:-2, 2:-2].round(9)).tolist() == [
        round(n * 4 / 9, 9) for n in (1, 2, 4)
    ]
    hair = np.s_[25:33, 20:28]
    assert board[sky].std() > 3 * board[hair].std()
