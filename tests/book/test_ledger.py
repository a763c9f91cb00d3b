"""Each claim of the ledger has its box or row in a chapter, and code that shows it."""

import re

import nbformat
import pytest
import run_notebooks
import yaml

BOOK = run_notebooks.ROOT / "book"
CLAIMS = yaml.safe_load((BOOK / "claims.yml").read_text("utf-8"))
VERDICTS = {claim["id"]: claim["verdict"] for claim in CLAIMS}
STYLE = {
    "holds": "note-holds",
    "holds in part": "note-nuance",
    "does not hold": "note-wrong",
}


def execute(name):
    return f"run: .venv/bin/python tools/run_notebooks.py book/{name}.ipynb"


def test_all_claims_are_listed():
    cells = nbformat.read(BOOK / "source-notes.ipynb", as_version=4).cells
    said = [it.data for cell in cells for it in cell.get("outputs", [])]
    text = "\n".join(it.get("text/html", "") for it in said)
    for name in VERDICTS:
        assert f">{name}<" in text, f"{name}: {execute('source-notes')}"


@pytest.mark.parametrize("claim", CLAIMS, ids=VERDICTS)
def test_claim_is_shown_in_its_chapter(claim):
    name, verdict = claim["id"], claim["verdict"]
    cells = nbformat.read(BOOK / f"{claim['chapter']}.ipynb", as_version=4).cells
    box = rf"\({name}\)=\n.* {name} · {verdict}\n:class: {STYLE[verdict]}\n"
    row = rf"\* - \({name}\)=\n    {name}: "
    boxes = [i for i, cell in enumerate(cells) if re.search(box, cell.source)]
    rows = [cell.source for cell in cells if re.search(row, cell.source)]
    found = f"{len(boxes)} boxes and {len(rows)} rows"
    assert len(boxes) + len(rows) == 1, f"{name} needs one box or row, has {found}"
    if rows:  # of a table of claims that hold
        assert verdict == "holds" and ":class: note-table" in rows[0]
        shown = sum(f"# {name}" in cell.source for cell in cells)
        assert shown == 1, f"put # {name} into one code cell; it is in {shown}"
    else:
        assert cells[boxes[0] + 1].cell_type == "code"


def test_ids_are_those_of_one_claim():
    assert len(VERDICTS) == len(CLAIMS)


def test_the_examples_have_the_verdicts_that_they_explain():
    cells = nbformat.read(BOOK / "source-notes.ipynb", as_version=4).cells
    text = " ".join(cells[0].source.split())
    explained = dict(re.findall(r"- \*\*([a-z ]+)\*\*: [^[]*\[([\w-]+)\]", text))
    assert set(explained) == set(STYLE)
    for verdict, example in explained.items():
        assert VERDICTS[example] == verdict


def test_guides_list_what_of_a_note_does_not_hold():
    cells = nbformat.read(BOOK / "from-the-notes.ipynb", as_version=4).cells
    guides = {
        int(re.search(r"\d", cell.source)[0]): cell.outputs[0].data["text/markdown"]
        for cell in cells
        if cell.source.startswith("guide(")
    }
    for note, guide in guides.items():
        own = [claim for claim in CLAIMS if note in claim["note"]]
        wrong = {claim["id"] for claim in own if claim["verdict"] != "holds"}
        read, _, told = guide.partition("**Do not")
        warned, _, holds = told.partition("<details>")
        claim = r"\[(s\d{3}-\d\d)\]\(\1\)"
        listed = set(re.findall(claim, warned)), set(re.findall(claim, holds))
        assert listed == (wrong, {it["id"] for it in own} - wrong), (
            f"note {note}: {execute('from-the-notes')}"
        )
        assert f"Of its {len(own)} claims, {len(own) - len(wrong)} hold.\n" in told
        to_read = set(re.findall(r"\(([\w-]+)\.ipynb#", read))
        assert to_read >= {claim["chapter"] for claim in own}
    assert set(guides) == {note for claim in CLAIMS for note in claim["note"]}
