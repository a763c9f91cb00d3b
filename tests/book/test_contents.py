"""The pages that list what the chapters contain have all of it."""

import re

import contents
import nbformat
import pytest
from contents import Exercise, Need

EXERCISES = [it for name in contents.chapters() for it in contents.exercises(name)]


def said(page):
    """What the cells of a page say."""
    cells = nbformat.read(contents.BOOK / f"{page}.ipynb", as_version=4).cells
    outputs = [it.data for cell in cells for it in cell.get("outputs", [])]
    return "\n".join(it.get("text/html") or it.get("text/markdown") for it in outputs)


@pytest.mark.parametrize("exercise", EXERCISES, ids=lambda it: it.label)
def test_titles_of_exercises_begin_with_their_kind(exercise):
    kinds = ", ".join(contents.KINDS)
    begins = exercise.title.partition(":")[0]
    assert begins in contents.KINDS, f"KINDS in tools/contents.py: {kinds}"


@pytest.mark.parametrize("page", ["exercises", "teachers"])
def test_all_exercises_are_listed(page):
    for name in contents.chapters()[: -1 if page == "teachers" else None]:
        text = (contents.BOOK / f"{name}.ipynb").read_text("utf-8")
        labels = re.findall(r":label: (ex-[\w-]+)", text)
        assert labels
        for label in labels:
            assert len(re.findall(rf"[#(]{label}[\")]", said(page))) == 1, (
                f"{label}: execute book/{page}.ipynb, after book/index.ipynb"
            )


@pytest.mark.parametrize("name", contents.chapters())
def test_every_exercise_has_a_cell_to_answer_in_and_a_check(name):
    cells = nbformat.read(contents.BOOK / f"{name}.ipynb", as_version=4).cells
    text = "\n".join(
        " ".join([*cell.metadata.get("tags", [])])
        if cell.cell_type == "code"
        else cell.source
        for cell in cells
    )
    for exercise in contents.exercises(name):
        _, _, rest = text.partition(f":label: {exercise.label}\n")
        before, _, solution = rest.partition("{solution-start} " + exercise.label)
        solution, _, _ = solution.partition("{solution-end}")
        assert before.count("\nexercise") == 1, f"{exercise.label}: a cell to answer in"
        assert re.findall(r"\bcheck\b.*", solution) == ["check remove-cell"], (
            f"{exercise.label}: one cell tagged check, remove-cell in its solution"
        )


BEGINS = {
    "A layer of a network has `n` {term}`kernels <kernel>`, of size $K$. So?": (
        "A layer of a network has n kernels, of size K."
    ),
    '"All of these are right, and none is wrong. Or so they say." Why?': (
        '"All of these are right, and none is wrong. …"'
    ),
    '"All of these are right, and none is wrong." Why?': (
        '"All of these are right, and none is wrong."'
    ),
    "A paper on VGG {cite}`simonyan2015vgg` lists,\nsomewhere, a network. So?": (
        "A paper on VGG lists, somewhere, a network."
    ),
}


@pytest.mark.parametrize("text", BEGINS)
def test_the_list_has_how_an_exercise_begins(text):
    exercise = Exercise("shapes", "ex", "Build it", text)
    assert exercise.begins == BEGINS[text]


def test_an_exercise_needs_what_earlier_chapters_explain():
    text = "A {term}`kernel`, filters, one crop; its receptive field, pooled. `weight`"
    needed = contents.needs(Exercise("shapes", "ex", "Build it", text))
    kernel = Need("kernel", "connectivity", "what-a-kernel-does")
    assert needed == [kernel]
    assert contents.needs(Exercise("connectivity", "ex", "Build it", text)) == []
