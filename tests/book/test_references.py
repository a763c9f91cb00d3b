"""Whoever wants to read on can: every source has a link, and is named in a chapter."""

import re

import book_api
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
    for path in run_notebooks.ROOT.glob("conv_notes/**/*.py"):
        lines = path.read_text("utf-8").splitlines()
        book_api.link(None, "", path.name, None, None, lines)
        cited |= {*re.findall(":cite:t:`(.*?)`", "\n".join(lines))}
    assert set(ENTRIES) <= cited


@pytest.mark.parametrize(
    ("named", "key"),
    [
        ("Keys (1981)", "keys1981cubic"),
        ("Dumoulin & Visin (2016)", "dumoulin2016guide"),
        ("Zhong, Arandjelović & Zisserman\n(2018)", "zhong2018ghostvlad"),
        ('Liu et\nal. (2018), "Image inpainting for irregular', "liu2018image"),
        ('Liu et al. (2018), "Partial convolution based', "liu2018padding"),
    ],
)
def test_sources_of_a_docstring_are_links(named, key):
    lines = f"See {named}.".split("\n")
    book_api.link(None, "function", "conv2d", None, None, lines)
    assert f"See :cite:t:`{key}`" in "\n".join(lines)


def test_a_source_that_is_missing_is_named(caplog):
    book_api.link(None, "function", "conv2d", None, None, ["Nobody (1998)."])
    assert "conv2d: Nobody (1998) is not in references.bib" in caplog.text
