"""The table of what runs in the page is of the chapters as they are."""

import json

import live_cells
import pytest

CHAPTERS = [path.stem for path in live_cells.book_live.chapters()]


@pytest.mark.parametrize("name", CHAPTERS)
def test_the_table_of_cells_is_of_the_code_as_it_is(name):
    known = json.loads(live_cells.FOUND.read_text("utf-8")).get(name, {})
    assert known.get("code") == live_cells.digest(live_cells.shown(name)), (
        f"book/_live/cells.json is of older code, run: make cells NAMES={name}"
    )
