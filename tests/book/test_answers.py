"""Parts of a drawing that answer, and what becomes of widgets in a page."""

import io
import re
import sys
from pathlib import Path

import numpy as np
import pytest
from matplotlib.image import imread
from nbformat.v4 import new_code_cell, new_notebook, new_output

from conv_notes import Conv2d, Linear, LocalConv2d, TiledConv2d, draw
from conv_notes.draw.touch import invite, touch
from conv_notes.networks import weight_ids
from conv_notes.widgets import explore

sys.path.append(str(Path(__file__).parents[2] / "book/_ext"))
import book_widgets


def invited():
    figure, ax = draw.subplots(height=2, alt="Numbers.")
    draw.marks.grid(ax, (0, 0), [[1, 2], [3, 4]])
    draw.marks.bare(ax).set(xlim=(-0.1, 2.1), ylim=(2.1, -0.1))
    invite(figure, "Point at a column.")
    return figure, ax


def two_columns(**options):
    figure, ax = invited()
    for j, total in enumerate((4, 6)):
        with touch(ax, (j, 0), 1, 2, says=f"together {total}", **options):
            draw.marks.mark(ax, (j, 0), 1, 2)
    return figure


def test_an_svg_holds_each_part_with_what_it_shows():
    figure = two_columns(sets={"my_step": 5})
    svg = figure.svg()
    assert svg == figure.svg()
    parts = re.findall(r'<g class="touch" ([^>]*)>(.*?)</g>\n</g>', svg, re.DOTALL)
    attributes, inside = zip(*parts, strict=True)
    assert 'aria-label="together 4"' in attributes[0]
    assert 'tabindex="0"' in attributes[0] and 'tabindex="-1"' in attributes[1]
    assert "{&quot;my step&quot;: &quot;5&quot;}" in attributes[1]
    for words, content in zip(("together 4", "together 6"), inside, strict=True):
        assert content.index("<path") < content.index('<g class="shown">')
        assert f">{words}</text>" in content[content.index('<g class="shown">') :]
    assert svg.count("together 4") == 2 and '<g class="invitation">' in svg


def test_a_still_picture_shows_no_answer():
    figure = two_columns()
    figure.svg()
    assert np.array_equal(pixels(figure), pixels(invited()[0]))


def pixels(figure):
    file = io.BytesIO()
    figure.savefig(file, format="png")
    file.seek(0)
    return imread(file)


@pytest.mark.parametrize(
    ("layer", "shape"),
    [
        (Conv2d(1, (1, 3), stride=2), (1, 1, 7)),
        (LocalConv2d(1, (1, 2)), (1, 1, 5)),
        (TiledConv2d(1, (1, 3), tile=(1, 2)), (1, 1, 6)),
        (Linear(2, bias=False), (3,)),
    ],
    ids=lambda value: getattr(type(value), "__name__", ""),
)
@pytest.mark.parametrize("drawn", [draw.connections, draw.matrix, draw.wiring])
def test_neurons_and_letters_say_what_is_connected(drawn, layer, shape):
    ids = weight_ids(layer, shape)
    said = {part.says for part in drawn(layer, shape).touches}
    letters = {n: chr(ord("a") + n) for n in np.unique(ids[ids >= 0])}
    index = "₀₁₂₃₄₅₆₇₈₉"
    for o, row in enumerate(ids, start=1):
        terms = (
            f"{letters[n]}·x{index[i]}" for i, n in enumerate(row, start=1) if n >= 0
        )
        assert f"y{index[o]} = {' + '.join(terms)}" in said
    for n, letter in letters.items():
        count = (ids == n).sum()
        many = "s" if count > 1 else ""
        assert f"{letter}: one weight, {count} connection{many}" in said
    for i, column in enumerate(ids.T, start=1):
        seen_by = ", ".join(f"y{index[o + 1]}" for o in np.flatnonzero(column >= 0))
        assert f"x{index[i]} goes into {seen_by or 'no output'}" in said


def all_of(widget):
    inner = getattr(widget, "children", ())
    return [widget, *(one for child in inner for one in all_of(child))]


def test_a_widget_becomes_a_form():
    def picture(kernel, stride):
        return draw.matrix(Conv2d(1, (1, kernel), stride=stride), (1, 1, 6))

    box = explore(picture, start={"stride": 2}, kernel=[2, 9], stride=[1, 2])
    state = {widget.model_id: {"state": widget.get_state()} for widget in all_of(box)}
    view = {book_widgets.VIEW: {"model_id": box.model_id}, "text/plain": "…"}
    output = new_output("execute_result", view, execution_count=1)
    notebook = new_notebook(cells=[new_code_cell("…", outputs=[output])])
    notebook.metadata["widgets"] = {book_widgets.STATE: {"state": state}}
    book_widgets.as_forms(notebook)
    html = notebook.cells[0].outputs[0].data["text/html"]
    assert html.startswith(f'<div class="explore">{picture(2, 2).svg()}<script')
    assert '"controls": [["kernel", ["2", "9"]], ["stride", ["1", "2"]]]' in html
    assert '"first": [0, 1]' in html and html.count("Not possible") == 2
    assert "widgets" not in notebook.metadata
