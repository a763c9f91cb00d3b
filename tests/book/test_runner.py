"""What runs the cells of a page, here without a page."""

import sys
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parents[2] / "book/_live"))

import runner


@pytest.fixture
def said(monkeypatch):
    """Messages to the page, as they come."""
    messages = []
    monkeypatch.setattr(runner, "emit", lambda *message: messages.append(message))
    monkeypatch.setattr(runner, "namespace", {"display": runner.display})
    return messages


def test_the_last_expression_is_shown_unless_silenced(said):
    assert (
        runner.run("a = 6\na * 7", 0) and runner.run("a;", 1) and runner.run("None", 2)
    )
    assert said == [("show", {"shown": "plain", "text": "42", "alt": ""})]


def test_html_comes_before_a_picture_and_none_does_not_count(said):
    class Both:
        alt = "seen"

        def _repr_html_(self):
            return None

        def _repr_svg_(self):
            return "<svg/>"

    runner.display(Both())
    assert said == [("show", {"shown": "svg", "text": "<svg/>", "alt": "seen"})]


@pytest.mark.parametrize(
    ("source", "line", "last"),
    [
        ("a = 1\n\n1 / 0", 3, "ZeroDivisionError: division by zero"),
        ("def f():\n    return b\nf()", 2, "NameError: name 'b' is not defined"),
        ("a = 1\na = = 2", 2, "SyntaxError: invalid syntax"),
        ("import json\njson.loads('{')", 2, "JSONDecodeError: Expecting property name"),
        (
            "a = 5\nassert (\n    a == 6\n)",
            2 if sys.version_info[:2] == (3, 12) else 3,  # as Python says
            "AssertionError: a == 6 should be true, but a is 5.",
        ),
        ("a = 5\nassert a == 6, 'six'", 2, "AssertionError: six"),
        ("def f(a):\n    assert a == 6\nf(5)", 2, "AssertionError"),
    ],
)
def test_an_error_names_the_readers_own_line(said, source, line, last):
    assert not runner.run(source, 4)
    ((kind, error),) = said
    assert kind == "error" and error["line"] == line
    assert "Syntax" in last or f"cell 5, line {line}" in error["text"]
    assert last in error["text"].strip().splitlines()[-1]
    assert ".py" not in error["text"]


@pytest.mark.parametrize(
    ("check", "text"),
    [
        ("assert size == 5", "Right."),
        ("assert size == 6", "Not yet: size == 6 should be true, but size is 5."),
        (
            "assert 4 < size < double(2)",
            "Not yet: 4 < size < double(2) should be true, but size is 5 and double(2) "
            "is 4.",
        ),
        ("assert not size", "Not yet: not size should be true."),
        ("assert size == 6, 'count the border'", "Not yet: count the border"),
        (
            "for n in (5, 6):\n    assert n == size",
            "Not yet: n == size should be true, but n is 6 and size is 5.",
        ),
        (
            "for n in (5, 6):\n    n / (n - 5)",
            "Not yet, the check meets ZeroDivisionError: division by zero",
        ),
        (
            "assert shape",
            "Not yet, the check meets NameError: name 'shape' is not defined",
        ),
        (
            "n = size + 1\nassert n == 6\nassert n > 9",
            "Not yet: n > 9 should be true, but n is 6.",
        ),
    ],
)
def test_a_check_says_what_is_not_as_it_should_be(said, check, text):
    runner.run("size = 5\ndef double(n):\n    return 2 * n", 0)
    assert runner.check(check) == {"right": text == "Right.", "text": text}


@pytest.mark.parametrize(
    ("cells", "needed"),
    [
        (["a = 1", "b = 2", "print(a)"], [0]),
        (["import numpy as np", "b = np.ones(2)", "b + 1"], [0, 1]),
        (["a = 1", "def f(x):\n    return a + x", "c = 0", "f(2)"], [0, 1]),
        (["a = 1", "a += 1", "a"], [0, 1]),
        (["a = {}", "a['k'] = 1", "a"], [0, 1]),
        (["a = []", "a.append(1)", "len(a)", "a"], [0, 1]),
        (["from m import f as g", "g()"], [0]),
        (
            ["rng = np.random.default_rng(0)", "x = rng.normal()", "rng.normal()"],
            [0, 1],
        ),
        (["a = 1", "for a in b:\n    pass", "class C:\n    a", "C()"], [1, 2]),
        (["a = 1", "a = = 2", "a"], [0]),
        (["a = 1", "b"], []),
        (["a = 1", "a = 2", "a"], [1]),
        (["a = 1", "if b:\n    a = 2", "a"], [0, 1]),
        (["a = 1", "b = [a for a in c]", "def f(a):\n    a", "f(b)"], [1, 2]),
        (["import m", "m.say(1)", "m.say(2)"], [0]),
        (["rng = default_rng(0)", "x = init(rng)", "y = init(x)", "x + 1"], [0, 1]),
        (["def f():\n    return a", "a = 1", "b = f()", "b"], [0, 1, 2]),
    ],
)
def test_only_the_cells_that_are_needed_run(monkeypatch, cells, needed):
    for name in ("imported", "generators"):
        monkeypatch.setattr(runner, name, set())
    assert runner.missing(cells, len(cells) - 1) == needed


@pytest.fixture
def page(said, monkeypatch):
    """Run cells of a page as it does; give those that had to run."""
    for name in ("signed", "ran", "codes", "maker"):
        monkeypatch.setattr(runner, name, {})
    for name in ("imported", "generators"):
        monkeypatch.setattr(runner, name, set())

    def press(cells, at):
        todo = runner.missing(cells, at)
        assert all(runner.run(cells[i], i) for i in [*todo, at])
        return todo

    return press


def test_cells_run_again_when_what_they_need_has_changed(page):
    cells = ["a = 1", "b = a + 1", "c = b + 1", "a = 10"]
    assert page(cells, 2) == [0, 1]
    assert page(cells, 2) == []
    cells[0] = "a = 5"
    assert page(cells, 0) == []
    assert page(cells, 2) == [1]
    assert runner.namespace["c"] == 7
    assert page(cells, 3) == []  # a is another now
    assert page(cells, 2) == []  # which b does not mind
    assert page(cells, 1) == [0]
    assert runner.namespace["b"] == 6


def test_what_a_later_cell_has_overwritten_is_made_again(page):
    cells = ["x = []", "x.append(1)", "n = len(x)", "x = 0"]
    assert page(cells, 3) == []
    assert page(cells, 2) == [0, 1]
    assert page(cells, 3) == []
    assert page(cells, 2) == [0, 1]
    assert runner.namespace["n"] == 1


def test_a_generator_begins_anew_when_a_cell_runs_again(page):
    start = "from numpy.random import default_rng\nrng = default_rng(0)"
    cells = [start, "x = rng.normal()", "y = x"]
    assert page(cells, 1) == [0]
    first = runner.namespace["x"]
    assert page(cells, 1) == [0]
    assert runner.namespace["x"] == first
    assert page(cells, 2) == []


def test_a_call_of_a_module_changes_nothing(page):
    cells = ["import math", "math.floor(1)", "x = math.pi"]
    assert page(cells, 1) == [0]
    assert page(cells, 2) == []


def test_a_name_that_a_cell_no_longer_makes_is_gone(page):
    page(["a = 1"], 0)
    page(["b = 1"], 0)
    assert "a" not in runner.namespace and runner.namespace["b"] == 1
