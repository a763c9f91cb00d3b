"""The slides of a chapter, opened as a file."""

from io import BytesIO

import pytest
import slides
from pypdf import PdfReader
from test_pages import AXE, RULES, VIOLATIONS


@pytest.fixture(scope="module")
def page(browser, build, tmp_path_factory):
    folder = tmp_path_factory.mktemp("slides")
    slides.main(folder)
    page = browser.new_page(viewport={"width": 1280, "height": 720})
    page.asked = []
    page.on("request", lambda it: page.asked.append(it.url))
    page.goto((folder / "shapes.html").as_uri())
    yield page
    page.close()


def test_slides_need_nothing_else_and_show_their_pictures(page):
    assert not [it for it in page.asked if not it.startswith(("file:", "data:"))]
    widths = "all => all.map(it => [it.naturalWidth, it.alt, it.clientHeight])"
    for width, alt, height in page.locator("img").evaluate_all(widths):
        assert width and alt and height > 300
    words = page.locator("p").evaluate_all("all => all.map(it => it.textContent)")
    assert not [it for it in words if "{" in it or "`" in it]


def test_arrows_move_from_slide_to_slide(page):
    def shown():
        tops = "all => all.findIndex(it => Math.abs(it.getBoundingClientRect().y) < 2)"
        return page.locator("section").evaluate_all(tops)

    last = page.locator("section").count() - 1
    assert last > 5
    for key, slide in {
        "ArrowRight": 1,
        "ArrowDown": 2,
        "ArrowLeft": 1,
        "End": last,
        "PageDown": last,
        "Home": 0,
    }.items():
        page.keyboard.press(key)
        assert shown() == slide, key


def test_a_picture_is_a_page_on_paper(page):
    printed = PdfReader(BytesIO(page.pdf(prefer_css_page_size=True)))
    assert len(printed.pages) == page.locator("section").count()


def test_axe_finds_nothing(page):
    page.evaluate(AXE.read_text("utf-8"))
    assert not page.evaluate(VIOLATIONS, RULES)
