"""What is passed on of the chapters: a student edition, and slides of the pictures."""

import re

import contents
import live_cells
import nbformat
import pytest
import slides
import student
from bs4 import BeautifulSoup
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

each_chapter = pytest.mark.parametrize("name", contents.chapters())


def original(name):
    return nbformat.read(contents.BOOK / f"{name}.ipynb", as_version=4).cells


def answers(name):
    """Yield what stands in solutions, checks and questions that know their answer."""
    inside = False
    for cell in original(name):
        text = cell.source
        if cell.cell_type == "code":
            if inside or "check" in cell.metadata.get("tags", []) or "ask(" in text:
                yield text
        for line in text.splitlines() if cell.cell_type == "markdown" else []:
            if line.startswith("```{solution-"):
                inside = line.startswith("```{solution-start}")
            elif inside and len(line) > 20:
                yield line


def to_answer(cells):
    return [c.source for c in cells if "exercise" in c.metadata.get("tags", [])]


@each_chapter
def test_students_get_the_exercises_and_no_answer(name):
    cells = student.edition(name).cells
    text = "\n".join(cell.source for cell in cells)
    found = [*answers(name)]
    assert len(found) > len(contents.exercises(name))
    assert not [answer for answer in found if answer in text]
    assert "{solution-" not in text and "{exercise-" not in text
    for exercise in contents.exercises(name):
        assert f": {exercise.title}\n" in text
    to_answer = [
        c.source for c in original(name) if "exercise" in c.metadata.get("tags", [])
    ]
    kept = [c.source for c in cells if "exercise" in c.metadata.get("tags", [])]
    assert kept == to_answer
    assert not [c for c in cells if c.get("outputs") or c.get("execution_count")]


@each_chapter
def test_what_students_get_runs_without_the_rest(name):
    """No cell uses what a cell makes that is gone."""
    kept = {cell.id for cell in student.edition(name).cells}
    cells = [cell for cell in original(name) if cell.cell_type == "code"]
    names = [live_cells.runner.names_of(cell.source) for cell in cells]
    for at, cell in enumerate(cells):
        if cell.id in kept:
            for k in live_cells.runner.needed(names, at):
                made = names[k].made & names[at].used
                assert cells[k].id in kept or not made, (cell.source, made)


def test_what_is_left_of_a_chapter():
    html = '<div class="ask"><script type="application/json">{"choices": ["a", "b"]}'
    said = {"text/plain": "Which?", "text/html": f"{html}</script></div>"}
    cells = [
        new_markdown_cell(
            "Before\n\n```{solution-start} ex\n:class: dropdown\n```\nNo"
        ),
        new_code_cell("no"),
        new_markdown_cell("No\n```{solution-end}\n```\n\nAfter"),
        new_code_cell("no", metadata={"tags": ["check"]}),
        new_code_cell("ask(no)", outputs=[new_output("execute_result", said)]),
        new_code_cell("yes"),
    ]
    left = [cell.source for cell in student.without_solutions(cells)]
    asked = "**Predict:** Which?\n\n- a\n- b"
    assert left == ["Before\n\n", "\nAfter", asked, "yes"]


SVG = '<svg xmlns="http://www.w3.org/2000/svg" aria-label="seen"><g id="{}"/></svg>'


def test_a_picture_has_its_heading_and_its_caption():
    state = '{"controls": [["t", ["2", "3"]], ["s", ["1"]]], "first": [1, 0]}'
    form = f'{SVG.format("b")}<script type="application/json">{state}</script>'
    about = {
        "mystnb": {"image": {"alt": "told"}, "figure": {"caption": "A {term}`b`."}}
    }
    cells = [
        new_markdown_cell("## First\n\ntext\n\n### Then"),
        new_code_cell(
            outputs=[new_output("display_data", {"image/svg+xml": SVG.format("a")})],
            metadata=about,
        ),
        new_code_cell(outputs=[new_output("display_data", {"text/html": form})]),
        new_code_cell(outputs=[new_output("display_data", {"text/html": "<table>"})]),
    ]
    first, second = slides.pictures(new_notebook(cells=cells))
    assert first == ("Then", SVG.format("a"), "told", "A {term}`b`.")
    assert second == ("Then", SVG.format("b"), "seen", "t: 3, s: 1")


def test_slides_need_no_other_file():
    shown = [slides.Picture("A & B", SVG.format("a"), 'a "b"', "So *it* is {term}`x`.")]
    soup = BeautifulSoup(slides.page("shapes", shown), "html.parser")
    _, slide = soup.select("section")
    assert slide.h2.text == "A & B" and slide.p.text == "So it is x."
    assert slide.img["alt"] == 'a "b"'
    assert slide.img["src"].startswith("data:image/svg+xml;base64,")
    assert not soup.select("link, [href], script[src], iframe")
    assert not re.search(r"url\(|@import", soup.style.text)
