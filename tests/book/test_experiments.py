"""Results of the long experiments: as new as their code, and nothing cut short."""

import json
import re

import nbformat
import numpy as np
import pytest

import experiments
from experiments import training

FOUND = sorted(path.stem for path in experiments.RESULTS.glob("*.json"))


def test_each_experiment_has_results_and_each_result_its_experiment():
    assert experiments.NAMES == FOUND


@pytest.mark.parametrize("name", experiments.NAMES)
def test_results_are_those_of_the_code(name):
    experiments.found(name)


def test_changed_code_needs_new_results(tmp_path, monkeypatch):
    (tmp_path / "one.py").write_text("from .two import x\n")
    (tmp_path / "two.py").write_text("x = 1\n")
    monkeypatch.setattr(experiments, "FOLDER", tmp_path)
    monkeypatch.setattr(experiments, "RESULTS", tmp_path)
    with pytest.raises(FileNotFoundError, match="make experiments NAMES=one"):
        experiments.found("one")
    results = {"code": experiments.code("one"), "found": {"a": 1}}
    (tmp_path / "one.json").write_text(json.dumps(results))
    assert experiments.found("one") == {"a": 1}
    (tmp_path / "two.py").write_text("x = 2\n")
    with pytest.raises(ValueError, match=r"one\.py.*make experiments NAMES=one"):
        experiments.found("one")


def inside(value):
    """All dicts in what was found."""
    if isinstance(value, dict):
        yield value
    if isinstance(value, dict | list):
        for one in value.values() if isinstance(value, dict) else value:
            yield from inside(one)


@pytest.mark.parametrize("name", experiments.NAMES)
def test_no_chosen_value_is_at_the_edge_of_what_was_tried(name):
    for choice in inside(experiments.found(name)):
        if "chosen" in choice:
            tried = sorted(choice["tried"])
            assert choice["chosen"] in tried[1:-1], choice


@pytest.mark.parametrize("name", experiments.NAMES)
def test_no_training_was_cut_short(name):
    for curve in inside(experiments.found(name)):
        if "passes" in curve:
            scores = {k: v for k, v in curve.items() if isinstance(v, list)}
            rows = [
                dict(zip(scores, row, strict=True))
                for row in zip(*scores.values(), strict=True)
            ]
            rules = [training.Best(dict, gain=gain) for gain in (0.0, 0.002, 0.01)]
            ended = [[rule(row) for row in rows][-1] for rule in rules]
            assert any(ended), curve


@pytest.mark.parametrize("name", experiments.NAMES)
def test_a_chapter_runs_the_beginning_again(name):
    asks = re.compile(rf'found\(\s*"{name}"')
    for path in experiments.RESULTS.parent.glob("*.ipynb"):
        cells = nbformat.read(path, as_version=4).cells
        code = "\n".join(cell.source for cell in cells if cell.cell_type == "code")
        if asks.search(code) and "begins_like(" in code:
            return
    raise AssertionError(f'no chapter has found("{name}") and begins_like')


@pytest.mark.parametrize(
    ("live", "same"),
    [([0.5, 0.25], True), ([0.5004], True), ([0.51], False), ([0.5, 0.3], False)],
)
def test_beginnings(live, same):
    assert experiments.begins_like(live, [0.5, 0.25, 0.1]) is same


def test_a_search_goes_on_beyond_the_ends():
    asked = []

    def score(rate):
        asked.append(rate)
        return -abs(np.log(rate / 0.0012))

    rates = [0.00037, 0.0011, 0.0033, 0.01, 0.03, 0.1]
    assert training.search([0.01, 0.03, 0.1], score) == {
        "tried": rates,
        "scores": [-abs(np.log(rate / 0.0012)) for rate in rates],
        "chosen": 0.0011,
    }
    assert sorted(asked) == rates  # each once


def test_plain_numbers():
    got = {1: np.array([1 / 3, 2]), "b": (np.int64(3), np.float32(0.5), None, True)}
    assert experiments.plain(got) == {"1": [0.333333, 2.0], "b": [3, 0.5, None, True]}
