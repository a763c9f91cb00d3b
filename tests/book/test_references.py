"""Whoever wants to read on can: every source has a link, and is named in a chapter."""

import re

import pytest
import run_notebooks
from pybtex.database import parse_file

BOOK = run_notebooks.ROOT / "book"
ENTRIES = parse_file(BOOK / "references.bib", "bibtex").entries

# What becomes a link on the page, and how it has to begin.
LINKS = {"doi": r"10\.\d{4,}/\S+", "eprint": r"\d{4}\.\d{4,5}", "url": r"https://\S+"}


@pytest.mark.parametrize("name", ENTRIES)
def test_each_source_has_a_link(name):
    fields = ENTRIES[name].fields
    links = [field for field in LINKS if field in fields]
    assert links, f"references.bib: {name} has neither doi, eprint (arXiv) nor url"
    for field in links:
        assert re.fullmatch(LINKS[field], fields[field]), f"{name}: {fields[field]}"


def test_each_source_is_cited():
    pages = [*BOOK.glob("*.ipynb"), *BOOK.glob("*.md")]
    text = "\n".join(path.read_text("utf-8") for path in pages)
    found = re.findall(r"\{cite(?::\w+)?\}`([^`]+)`", text)
    cited = {name.strip() for names in found for name in names.split(",")}
    assert set(ENTRIES) <= cited
