"""Pages on paper, and the book as one PDF."""

import re

import pdf
import pypdf
import pytest

PAGES = ["book/index.html", "book/pooling.html", "book/notation.html"]


@pytest.fixture(scope="module")
def printed(browser, site, tmp_path_factory):
    file = tmp_path_factory.mktemp("pdf") / "pages.pdf"
    pdf.write(browser, site, PAGES, file)
    return pypdf.PdfReader(file)


@pytest.fixture(scope="module")
def words(printed):
    return [page.extract_text() for page in printed.pages]


def test_pages_are_numbered_through(words):
    assert len(words) > 15
    for number, text in enumerate(words[1:], start=2):
        assert str(number) in (text.split("\n")[0], text.split("\n")[-1])


def test_outline_is_of_chapters_and_sections(printed):
    chapters = [item.title for item in printed.outline if not isinstance(item, list)]
    assert chapters[1:] == [
        "How two layers are connected",
        "7. Pooling: what does it throw away?",
        "Notation",
    ]
    sections = [
        item.title for item in printed.outline[-2] if not isinstance(item, list)
    ]
    assert sections[-4:] == [
        "What to remember",
        "What to read next",
        "Answers",
        "Solutions",
    ]


def test_links_lead_to_pages_of_the_same_file(printed):
    outside, inside = [], set()
    for number, page in enumerate(printed.pages):
        for link in page.get("/Annots", []):
            link = link.get_object()
            if "/A" in link and "/URI" in link["/A"]:
                outside.append(link["/A"]["/URI"])
            else:
                target = printed.named_destinations[link["/Dest"]]
                inside.add((number, printed.get_destination_page_number(target)))
    assert not [link for link in outside if "127.0.0.1" in link]
    last = len(printed.pages) - 1
    assert any(there >= last - 2 for here, there in inside if here < last - 2)


def test_solutions_stand_at_the_end_and_nothing_is_to_be_pressed(words):
    text = "\n".join(words)
    exercises, solutions = text.index("\nExercises\n"), text.index("\nSolutions\n")
    found = [it.start() for it in re.finditer("Solution to Exercise", text)]
    assert len(found) >= 5 and exercises < solutions < min(found)
    lines = {line.strip() for line in text.split("\n")}
    assert not lines & {"Run", "Edit", "Check", "Show code", "Answer", "▶"}
    assert not re.search(r"Click to|(?m:(Show|Hide)$)|Show code", text)


def test_a_widget_stands_on_one_page(words):
    (page,) = (text for text in words if "stride 2" in text and "input, 5 × 5" in text)
    assert "pooling" in page and "output, 2 × 2" in page


def test_after_printing_a_page_is_as_before(browser, site):
    page = browser.new_page(color_scheme="dark")
    page.goto(f"{site}book/pooling.html")
    page.wait_for_load_state("networkidle")
    ids = "[...document.querySelectorAll('html, article [id]')]"
    ids += ".map(it => it.id || it.dataset.theme)"
    before = page.evaluate(ids)
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.locator(".at-the-end .solution").count() >= 5
    assert (before[0], page.evaluate(ids)[0]) == ("dark", "light")
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.evaluate(ids) == before
    page.close()
