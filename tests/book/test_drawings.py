"""Drawings describe themselves and repeat to the byte; sliders need no kernel."""

import re
from importlib import import_module
from importlib.util import find_spec
from pkgutil import iter_modules

import numpy as np
import pytest
from ipywidgets import HTML, SelectionSlider, Stack

from conv_notes import (
    Conv2d,
    DepthwiseConv2d,
    Flatten,
    Linear,
    MaxPool2d,
    ReLU,
    Sequential,
    deepface,
    draw,
    inception_3a,
)
from conv_notes.draw.letters import free_place
from conv_notes.widgets import explore, sketch

ROW = (1, 1, 5)
LAYER = Conv2d(1, (1, 3), bias=False)
NETWORK = Sequential(Conv2d(2, 3), ReLU(), MaxPool2d(2), Flatten(), Linear(3))
WEIGHTS = NETWORK.init((1, 8, 8), np.random.default_rng(0))
CHANNELS = np.eye(4)[None], np.ones((2, 1, 2, 2)), np.array([0.0, -2.0])
DRAWINGS = {
    "connections": lambda: draw.connections(LAYER, ROW),
    "matrix": lambda: draw.matrix(LAYER, ROW),
    "wiring": lambda: draw.wiring(LAYER, ROW),
    "plane": lambda: draw.plane("by turns", "all"),
    "window": lambda: draw.window(np.eye(3), np.ones((2, 2)), (0, 1)),
    "slide": lambda: draw.slide(np.eye(4), np.ones((3, 3)), 2, padding=1),
    "places": lambda: draw.places(8, 3, stride=2, padding=1),
    "field": lambda: draw.field([(3, 2, 1), (3, 1, 1, 2)], 8),
    "waterfall": lambda: draw.waterfall({"first": 100, "second": 1}),
    "curves": lambda: draw.curves([1, 2], {"a": [1, 2]}, xlabel="x", ylabel="y"),
    "cubes": lambda: draw.cubes(Conv2d(128, 3), (3, 9, 9)),
    "channel_sum": lambda: draw.channel_sum(*CHANNELS, (1, 0, 1)),
    "bars": lambda: draw.bars({"a": [1.0, 2.0]}, xlabel="x"),
    "branches": lambda: draw.branches(inception_3a(), (192, 28, 28)),
    "mixing": lambda: draw.mixing(np.full((3, 4, 4), 0.5), np.eye(2, 3), (0, 1)),
    "pictures": lambda: draw.pictures({"an image": np.eye(4)}),
    "reach": lambda: draw.reach({"a layer": LAYER}, ROW),
    "pooling": lambda: draw.pooling(np.arange(25.0).reshape(5, 5), 3, stride=2),
    "overlap": lambda: draw.overlap(3, 2),
    "clusters": lambda: draw.clusters(np.eye(3, 2), np.ones((2, 2)), 1.0),
    "masked_window": lambda: draw.masked_window(np.ones((3, 4)), np.eye(3, 4), (0, 1)),
    "filling": lambda: draw.filling(np.eye(5), 3),
    "masked_matrix": lambda: draw.masked_matrix([np.array([1, 0, 1, 1])]),
    "stack": lambda: draw.stack(deepface(), (3, 152, 152), before=["a photograph"]),
    "panels": lambda: draw.panels(["a", "b"], {"n": ([5, 2e3], {"1": 1, "9": 9})}),
    "strongest": lambda: draw.strongest(NETWORK, WEIGHTS, np.eye(8)[None, None], 3),
    "stages": lambda: draw.stages(NETWORK, WEIGHTS, np.eye(8)[None, None]),
}


@pytest.mark.parametrize(
    "package", ["", ".arithmetic", ".draw", ".layers", ".networks", ".ops"]
)
def test_no_function_hides_a_module(package):
    package = import_module(f"conv_notes{package}")
    for module in iter_modules(package.__path__):
        if module.name == "torch" and not find_spec("torch"):
            continue
        there = import_module(f"{package.__name__}.{module.name}")
        assert getattr(package, module.name) is there


@pytest.mark.parametrize("name", DRAWINGS)
def test_drawing_repeats_and_describes_itself(name):
    first, second = DRAWINGS[name](), DRAWINGS[name]()
    assert first.svg() == second.svg()
    assert first.svg().startswith("<svg")
    assert first.alt.endswith(".")


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_last_bits_do_not_show(dtype):
    """They depend on the processor; half a grey is at the edge of two."""
    half = np.array(0.5, dtype)
    less = np.nextafter(half, half * 0)

    def shown(values):
        grey = np.resize(values, (4, 4))
        colours = np.resize(values * half / 255, (4, 4, 3))
        own = np.append(grey, [[np.nan, 0, 1 / 3, -values[-1]]], axis=0).astype(dtype)
        fixed = draw.pictures({"grey": grey, "colours": colours}, limits=(0, 1))
        curve = draw.curves([1, 2], {"a": [values[1], 1]}, xlabel="x", ylabel="y")
        return [it.svg() for it in (fixed, draw.pictures({"own": own}), curve)]

    assert shown(np.array([half] * 12)) == shown(np.array([half, less] * 6))


@pytest.mark.parametrize(
    "values", [[0, 5e-324], [np.nan, np.nan], [0, np.inf], [0, 0], [1e300, -1e300]]
)
def test_images_may_have_any_numbers(values):
    assert (
        draw.pictures({"image": np.resize(values, (2, 2))}).svg().count("<image") == 1
    )


def test_stack_says_how_each_layer_shares():
    names = ["C1", "M2", "C3", "L4", "L5", "L6", "F7", "F8"]
    alt = draw.stack(deepface(), (3, 152, 152), names=names).alt
    assert "C3 conv 9×9, one kernel everywhere, to 16×63×63;" in alt
    assert "L5 local 7×7, a kernel for each position, to 16×25×25;" in alt
    with pytest.raises(ValueError, match="8 layers but 1 names"):
        draw.stack(deepface(), (3, 152, 152), names=["C1"])


def test_letters_are_those_of_the_weights():
    drawing = draw.wiring(LAYER, ROW)
    assert "9 connections, 3 different weights" in drawing.svg()
    assert drawing.alt.endswith("a b c · ·; · a b c ·; · · a b c.")


def test_reach_says_what_an_output_sees():
    same = {"padding": "same", "bias": False}
    layers = {
        "grouped": Conv2d(4, 3, groups=2, **same),
        "dilated": Conv2d(4, (1, 3), dilation=2, **same),
    }
    assert draw.reach(layers, (4, 5, 5)).alt == (
        "grouped: 72 weights, each output sees 2 of 4 channels and 9 pixels; "
        "dilated: 48 weights, each output sees 4 of 4 channels and 3 pixels."
    )


def fills(drawing):
    return set(re.findall(r"fill: (#[0-9a-f]{6})", drawing.svg()))


def test_colours_stand_for_sharing():
    # What is drawn besides the cells is the same in both.
    shared, unshared = draw.matrix(LAYER, ROW), draw.matrix(Linear(4), (4,))
    assert len(fills(shared) - fills(unshared)) == 3  # one for each weight
    assert fills(unshared) <= fills(shared)


def test_a_letter_without_a_free_place_is_still_placed():
    start, end = np.zeros(2), np.array([0.0, 1.0])
    taken = [np.array([0.0, y]) for y in np.linspace(0, 1, 50)]
    assert free_place(start, end, taken) == pytest.approx([0, 0.78])


def test_a_slide_counts_its_windows():
    drawing = draw.slide(np.eye(4), np.ones((3, 3)), 4)
    assert drawing.alt.startswith("Step 4 of 4")
    with pytest.raises(ValueError, match="only 4 windows fit, there is no step 5"):
        draw.slide(np.eye(4), np.ones((3, 3)), 5)


X, KERNEL, BAGS = np.eye(4), np.ones((2, 2)), np.ones((3, 2))
ROWS = X.tolist()


@pytest.mark.parametrize(
    ("function", "wrong", "more", "error", "message"),
    [
        (draw.window, ROWS, [KERNEL], TypeError, "x must be a NumPy array, got list"),
        (draw.slide, X[0], [KERNEL], ValueError, "x must have 2 axes (H, W), got 1"),
        (draw.slide, X, [KERNEL.tolist()], TypeError, "kernel must be a NumPy array"),
        (draw.pooling, ROWS, [2], TypeError, "x must be a NumPy array, got list"),
        (draw.pooling, X.astype(int), [2], TypeError, "x must be float32 or float64"),
        (draw.mixing, X, [KERNEL, (0, 0)], ValueError, "x must have 3 axes (C, H, W)"),
        (draw.channel_sum, ROWS, [KERNEL, X], TypeError, "x must be a NumPy array"),
        (draw.clusters, X, [BAGS], ValueError, "points must have shape (4, 2), got"),
        (draw.clusters, BAGS, [ROWS], TypeError, "centers must be a NumPy array"),
        (draw.assignment, ROWS, [BAGS, 1, (0, 0), (2, 2)], TypeError, "points must be"),
        (draw.masked_window, X, [BAGS, (0, 0)], ValueError, "mask must have shape (4,"),
        (draw.filling, ROWS, [3], TypeError, "mask must be a NumPy array, got list"),
        (draw.divided, {"a": ROWS, "b": X}, [1, [1]], TypeError, "a must be a NumPy"),
    ],
)
def test_arrays_of_a_drawing_are_checked(function, wrong, more, error, message):
    with pytest.raises(error, match=re.escape(f"{function.__name__}: {message}")):
        function(wrong, *more)


def test_a_line_that_lies_on_another_lets_it_show():
    lines = {"below": [1, 2], "above": [1, 2]}
    drawing = draw.curves([1, 2], lines, xlabel="x", ylabel="y", dashed=["above"])
    below, above = drawing.axes[0].lines
    assert (below.get_linestyle(), above.get_linestyle()) == ("-", "--")
    assert above.get_markerfacecolor() == "none" != below.get_markerfacecolor()


def test_places_names_what_no_window_uses():
    assert "Pixels in no window: 3, 6." in draw.places(8, 2, stride=3).alt
    assert "Pixels in no window: 8." in draw.places(8, 3, stride=2).alt


def test_a_field_follows_every_tap():
    drawing = draw.field([(3, 1, 2, 2)] * 3, 8)  # each of them skips pixels
    assert "layer 3, 8 wide, sees 13" in drawing.alt
    assert "Marked are the 7 pixels" in drawing.alt
    assert "3 of them beyond the image" in drawing.alt


def test_cubes_name_every_size_and_refuse_groups():
    drawing = draw.cubes(Conv2d(2, 2), (4, 3, 3))
    for size in ("4 × 3 × 3", "4 × 2 × 2", "2 × 2 × 2"):
        assert size in drawing.svg() and size in drawing.alt
    assert "kernel 128" in DRAWINGS["cubes"]().svg()
    with pytest.raises(ValueError, match="must have groups=1"):
        draw.cubes(Conv2d(2, 2, groups=2), (4, 3, 3))


def test_cubes_of_a_depthwise_layer_have_the_channels_that_they_see():
    drawing = draw.cubes(DepthwiseConv2d(2, 2), (3, 3, 3))
    assert "6 kernels of 1 × 2 × 2 each; output of 6 × 2 × 2" in drawing.alt
    assert "Every kernel sees one channel only." in drawing.alt
    texts = [text.get_text() for text in drawing.axes[0].texts]
    seen = {n: texts[texts.index(f"kernel {n}\n1 × 2 × 2") - 1] for n in (1, 2, 6)}
    assert seen == {1: "1", 2: "1", 6: "3"}


def test_channel_sum_writes_out_the_arithmetic():
    x = np.arange(8.0).reshape(2, 2, 2)
    weight = np.array([[[[1.0, 0], [0, 0]], [[0, -1], [0, 0]]]])
    drawing = draw.channel_sum(x, weight, np.array([2.0]))
    assert "sum 0 − 5 = −5 with bias −5 + 2 = −3, after ReLU 0." in drawing.alt
    with pytest.raises(ValueError, match=r"output is \(1, 1, 1\)"):
        draw.channel_sum(x, weight, np.array([2.0]), (0, 1, 0))


def test_pooling_says_what_it_counts():
    x = np.arange(25.0).reshape(5, 5)
    overlapping = draw.pooling(x, 3, stride=2, window=-1)
    assert "max(12, 13, 14, 17, 18, 19, 22, 23, 24) = 24" in overlapping.svg()
    assert overlapping.alt.endswith("9 pixels in several windows, 0 in none.")
    apart = draw.pooling(x, 2, stride=3, kind="average")
    assert "(0 + 1 + 5 + 6) / 4 = 3" in apart.svg()
    assert apart.alt.endswith("0 pixels in several windows, 9 in none.")


@pytest.mark.parametrize(
    ("kernel_size", "stride", "row"),
    [(3, 2, "2 1 2 1 2 1 2 1"), (4, 2, "2 2 2 2 2 2 2 2"), (2, 3, "1 1 0 1 1 0 1 1")],
)
def test_overlap_counts_kernels_away_from_the_edge(kernel_size, stride, row):
    drawing = draw.overlap(kernel_size, stride)
    assert drawing.alt.endswith(f"Along one axis: {row}.")


def test_clusters_say_the_shares_and_the_sums():
    points, centers = np.array([[0.0, 1], [4, 0]]), np.array([[0.0, 0], [3, 0]])
    hard = draw.clusters(points, centers)
    assert hard.alt.endswith(
        "hard assignment. A: shares 1.00, 0.00, sum of residuals (0.00, 1.00); "
        "B: shares 0.00, 1.00, sum of residuals (1.00, 0.00)."
    )
    even = draw.clusters(points, centers, 1e-9)
    assert "A: shares 0.50, 0.50, sum of residuals (2.00, 0.50)" in even.alt
    assert "(−1.00, 0.50)" in even.svg()


def test_stages_name_every_shape_and_the_answer():
    x = np.eye(8)[None, None]
    drawing = draw.stages(NETWORK, WEIGHTS, x)
    for shape in ("input 1 × 8 × 8", "2 × 6 × 6", "2 × 3 × 3", "Flatten() 18"):
        assert shape in drawing.alt
        assert shape.split(" ", 1)[1] in drawing.svg()
    best = NETWORK.apply(WEIGHTS, x)[0].argmax()
    assert f"The largest score is number {best}, with " in drawing.alt
    with pytest.raises(ValueError, match=r"one image \(1, C, H, W\), got \(2, 1"):
        draw.stages(NETWORK, WEIGHTS, np.zeros((2, 1, 8, 8)))


def test_the_strongest_unit_and_what_it_sees():
    x = np.zeros((1, 1, 8, 8))
    x[0, 0, 5, 3] = 1
    network = Sequential(Conv2d(1, 3, padding=1, bias=False), MaxPool2d(2))
    weights = {"0.weight": np.eye(3)[None, None]}  # strong in the middle, and beside
    weights["0.weight"][0, 0, 1, 1] = 2
    drawing = draw.strongest(network, weights, x, 2)
    assert drawing.alt == (
        "Strongest unit: 2.00, in map 1; it sees 4 × 4 pixels from row 3, column 1 on."
    )
    scores = draw.strongest(NETWORK, WEIGHTS, np.eye(8)[None, None], 5)
    assert re.match(r"Reads \d with .*; it sees all of the image\.$", scores.alt)
    with pytest.raises(ValueError, match="depth=3, but there are 2 layers"):
        draw.strongest(network, weights, x, 3)


def test_panels_write_every_value():
    drawing = draw.panels(
        ["big", "small"],
        {
            "counts": ([36864, 20], {"10": 10, "10⁵": 1e5}),
            "sizes": ([3, 5], {"0": 0, "5": 5}),
        },
    )
    assert drawing.alt == "Bars. big: counts 36.9k, sizes 3; small: counts 20, sizes 5."
    lengths = [[bar.get_width() for bar in ax.patches] for ax in drawing.axes]
    assert lengths[1] == [3, 5]  # from 0 on
    assert lengths[0] == pytest.approx(np.log10([3686.4, 2]))  # from 10 on


def test_squares_are_filled_where_positive():
    _, ax = draw.subplots(height=2)
    draw.marks.squares(ax, (0, 0), [[1.0, -0.25], [np.nan, 0.0]], 1.0)
    assert [patch.get_width() for patch in ax.patches] == [0.95, 0.475, 0]
    assert [patch.get_x() for patch in ax.patches][1] == pytest.approx(1.2625)
    filled = [patch.get_facecolor() == patch.get_edgecolor() for patch in ax.patches]
    assert filled == [True, False, True]


def test_numbers_have_no_negative_zero_and_a_real_minus():
    assert draw.marks.number(-0.001, ".2f") == "0.00"
    assert draw.marks.number(-2.5) == "−2.5"
    assert draw.marks.in_rows(np.array([[-0.0, 1], [2, -3]])) == "0 1; 2 −3"


def matrix(kernel, stride):
    return draw.matrix(Conv2d(1, (1, kernel), stride=stride), ROW)


def leaves(widget):
    if isinstance(widget, HTML):
        return [widget]
    return [leaf for child in widget.children for leaf in leaves(child)]


def test_explore_draws_every_state_once():
    box = explore(matrix, start={"stride": 2}, kernel=[2, 3, 9], stride=[1, 2])
    *sliders, stack = box.children
    assert all(isinstance(slider, SelectionSlider) for slider in sliders)
    assert [slider.description for slider in sliders] == ["kernel", "stride"]
    assert isinstance(stack, Stack) and stack.selected_index == 0
    assert [inner.selected_index for inner in stack.children] == [1, 1, 1]
    values = [leaf.value for leaf in leaves(stack)]
    assert len(values) == 6
    assert values[1] == matrix(2, 2).svg()
    assert "Not possible: Conv2d: the kernel spans 9" in values[4]


def test_explore_tells_every_picture_apart():
    def lines(figure):
        box = explore(figure, start={"stride": 2}, kernel=[2, 9], stride=[1, 2])
        return box._repr_mimebundle_()["text/plain"].splitlines()

    def mutant(kernel, stride):
        drawing = matrix(kernel, stride)
        if stride == 1:
            drawing.alt += "!"
        else:
            drawing.axes[0].texts[-1].set_color("red")
        return drawing

    before, after = lines(matrix), lines(mutant)
    assert before == lines(matrix)
    assert re.fullmatch("kernel=2, stride=1: [0-9a-f]{12}", before[0])
    assert re.fullmatch(r"kernel=2, stride=2 \(shown\): [0-9a-f]{12}", before[1])
    assert before[2].startswith("kernel=9, stride=1: Not possible: Conv2d: the kernel")
    same = [a == b for a, b in zip(before, after, strict=True)]
    assert same == [False, False, True, True]


@pytest.mark.parametrize(
    ("choices", "message"),
    [
        ({}, "1 to 60 pictures, got 0"),
        ({"kernel": range(1, 62)}, "1 to 60 pictures, got 61"),
        ({"kernel": []}, "kernel must offer at least one value"),
        ({"kernel": [1], "start": {"kernel": 2}}, "start kernel=2"),
    ],
)
def test_explore_refuses_what_it_cannot_show(choices, message):
    with pytest.raises(ValueError, match=message):
        explore(matrix, **choices)
    with pytest.raises(TypeError, match="must return a Drawing, got int"):
        explore(lambda kernel: kernel, kernel=[1])


def test_a_sketch_begins_with_its_answers():
    start = np.eye(4)
    shares = sketch(lambda x: {"left": x[:, :2].sum(), "ink": x.mean()}, start)
    assert shares.alt == "Bars of answers to the start: left 2; ink 0.25."
    pictures = sketch(lambda x: {"turned": x[::-1]}, start, ink=False)
    assert [ax.get_title() for ax in pictures.axes] == ["start", "turned"]
    assert np.array_equal(pictures.axes[0].images[0].get_array(), start)
    both = sketch(lambda x: {"ink": x.mean(), "turned": x[::-1]}, start)
    assert both.alt == "Images: start; turned. Answers: ink 0.25."


@pytest.mark.parametrize(
    ("answer", "start", "message"),
    [
        (lambda x: {"a": 1.0}, np.ones((1, 2, 2)), r"start .* got shape \(1, 2, 2\)"),
        (lambda x: {"a": 1.0}, np.full((2, 2), 2.0), "start .* values from 0 to 1"),
        (lambda x: {"a": 1.0}, np.full((2, 2), np.nan), "start .* values from 0 to 1"),
        (lambda x: {}, np.eye(2), "answer must return a mapping of names"),
        (lambda x: {"a": [1.0, 2.0]}, np.eye(2), "answer must return a mapping"),
        (lambda x: 3, np.eye(2), "answer must return a mapping .* got 3"),
    ],
)
def test_sketch_refuses_what_it_cannot_show(answer, start, message):
    with pytest.raises(ValueError, match=message):
        sketch(answer, start)


def test_missing_pixels_are_left_out_and_made_up_for():
    x, mask = np.arange(9.0).reshape(3, 3), np.ones((3, 3))
    mask[0] = 0
    drawing = draw.masked_window(x, mask, (0, 0))
    assert "3 + 4 + 5 + 6 + 7 + 8 = 33" in drawing.alt
    assert "plain: 33 / 9 = 3.7; partial: 33 / 9 · 9 / 6 = 5.5" in drawing.alt


def test_filling_numbers_the_layers():
    mask = np.zeros((7, 7))
    mask[0] = 1
    drawing = draw.filling(mask, 5)
    assert "layer 1 fills 14, layer 2 fills 14, layer 3 fills 14." in drawing.alt


def test_a_masked_matrix_leaves_columns_out():
    drawing = draw.masked_matrix([np.array([1, 0, 1, 1])])
    rows = "3 b, ·, ·, ·; 1½ a, ·, 1½ c, ·; ·, ·, 1½ b, 1½ c; ·, ·, 1½ a, 1½ b"
    assert rows in drawing.alt
    assert drawing.axes[0].get_title() == "mask 1 0 1 1"


def test_pictures_share_limits_and_show_what_is_missing():
    image = np.array([[0.0, 0.25], [np.nan, 0.5]])
    own, shared = (draw.pictures({"a": image}, limits=z) for z in (None, (0, 1)))
    assert own.svg() != shared.svg()
