"""What readers look up: terms and sources where they are named, claims, pages."""

import re
import zipfile
from functools import cache
from urllib.parse import unquote, urlsplit

import contents
import pytest
from bs4 import BeautifulSoup
from test_pages import HTML


@pytest.fixture(scope="module")
def context(browser):
    context = browser.new_context()
    yield context
    context.close()


@pytest.fixture
def page(context):
    page = context.new_page()
    yield page
    page.close()


def test_the_ledger_is_chosen_from_by_keyboard_and_keeps_it_in_the_address(page, site):
    page.goto(f"{site}book/source-notes.html?note=3&chapter=nowhere")
    rows, said = page.locator(".ledger tbody tr:visible"), page.get_by_role("status")

    def all_say(**what):
        for name, value in what.items():
            have = rows.evaluate_all(f"all => all.map(it => it.dataset.{name})")
            assert have and all(value in one.split(", ") for one in have)
        assert f"{len(have)} of " in said.inner_text()

    all_say(note="3")
    page.get_by_label("verdict").focus()
    page.keyboard.press("ArrowDown")
    all_say(note="3", verdict="does not hold")
    page.reload()
    all_say(note="3", verdict="does not hold")
    assert "note=3" in page.url and "chapter" not in page.url
    page.get_by_label("note").select_option("all")
    page.get_by_label("verdict").select_option("all")
    assert "?" not in page.url
    first = rows.first.get_attribute("data-verdict")
    assert (
        first == "does not hold" and rows.last.get_attribute("data-verdict") == "holds"
    )


def test_ids_of_claims_do_not_wrap(page, site):
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"{site}book/source-notes.html")
    wrapped = "all => all.filter(it => it.getClientRects().length > 1).length"
    assert page.locator(".ledger td:first-child a").evaluate_all(wrapped) == 0


def test_an_exercise_is_chosen_by_its_kind(page, site):
    page.goto(f"{site}book/exercises.html?kind=4 open")
    rows = page.locator(".ledger tr[data-kind]:visible")
    kinds = rows.evaluate_all("all => all.map(it => it.dataset.kind)")
    assert set(kinds) == {"4 open"}
    chapters = [page.get_by_label("chapter").locator("option").all_inner_texts()]
    assert chapters == [["all", *map(contents.title, contents.chapters())]]
    page.get_by_label("chapter").select_option("Pooling")
    assert rows.count() == 1
    assert page.locator(".ledger tbody th:visible").all_inner_texts() == ["7. Pooling"]
    assert page.get_by_role("status").inner_text().startswith("1 of ")


def links(name):
    """Yield the links of a text to pages of the book: which page, where, what words."""
    article = BeautifulSoup(html(f"{name}.html"), "html.parser").article
    for link in article.select('a[href]:not([href*="://"], [href^="_"], [download])'):
        address = urlsplit(link["href"])
        page = address.path or f"{name}.html"
        yield page, unquote(address.fragment), link.text


@cache
def html(name):
    return (HTML / "book" / name).read_text("utf-8")


def test_exercises_are_numbered_as_in_their_chapters(site):
    listed = [it for it in links("exercises") if it[1].startswith("ex-")]
    assert len(listed) == sum(len(contents.exercises(n)) for n in contents.chapters())
    for page, label, number in listed:
        told = rf'id="{label}".*?<span class="caption-number">Exercise (.*?) <'
        assert re.search(told, html(page), re.DOTALL)[1] == number


@pytest.mark.parametrize(
    "name", ["exercises", "from-the-notes", "teachers", "errata", "source-notes"]
)
def test_links_lead_somewhere(name, site):
    found = [*links(name)]
    assert len(found) > 20
    for page, anchor, _ in found:
        assert not anchor or f'id="{anchor}"' in html(page), (page, anchor)
        assert html(page)


@pytest.mark.parametrize("name", ["index", "teachers"])
def test_all_chapters_can_be_taken_away(name, site):
    (link,) = BeautifulSoup(html(f"{name}.html"), "html.parser").select("a[download]")
    assert zipfile.is_zipfile(HTML / "book" / link["href"])


TERM, SOURCE = 'a[href*="#term-neuron"]', 'article a[href*="references.html#"]'


@pytest.mark.parametrize(
    ("link", "says"),
    [(TERM, "A single output value of a layer"), (SOURCE, "Odena, Vincent Dumoulin")],
)
def test_links_say_what_they_lead_to(page, site, link, says):
    page.goto(f"{site}book/shapes.html")
    link, note = page.locator(link).first, page.get_by_role("tooltip")
    link.hover()
    assert says in note.inner_text()
    box = note.bounding_box()
    page.mouse.move(box["x"] + 20, box["y"] + 10, steps=5)
    page.wait_for_timeout(400)
    assert note.is_visible()  # it may be read with the pointer on it
    page.mouse.move(2, 2)
    note.wait_for(state="hidden")

    link.evaluate("""it => {
        const before = document.createElement("button");
        it.before(before);
        before.focus();
    }""")
    page.keyboard.press("Tab")
    assert says in note.inner_text()
    assert link.get_attribute("aria-describedby") == note.get_attribute("id")
    page.keyboard.press("Escape")
    note.wait_for(state="hidden")
    assert link.evaluate("it => it === document.activeElement")


def test_a_finger_follows_the_link(browser, site):
    context = browser.new_context(
        has_touch=True, viewport={"width": 390, "height": 844}
    )
    page = context.new_page()
    page.goto(f"{site}book/shapes.html")
    page.locator(TERM).first.tap()
    page.wait_for_url("**/glossary.html#term-neuron")
    context.close()


def test_a_page_that_is_missed_leads_on_at_any_depth(page, site):
    # As a server of pages answers that is told of 404.html, or looks for it.
    answer = {"path": HTML / "404.html", "status": 404}
    page.route("**/book/nowhere/at/all.html", lambda route: route.fulfill(**answer))
    failed = []
    page.on("response", lambda it: it.ok or failed.append(it.url))
    address = f"{site}book/nowhere/at/all.html"
    page.goto(address)
    page.wait_for_load_state("networkidle")
    assert failed == [address]
    page.locator("article").get_by_role("link", name="A whole CNN").click()
    page.wait_for_url(f"{site}book/whole-cnn.html")
    page.goto(address)
    page.get_by_role("searchbox", name="Search the book").fill("stride")
    page.keyboard.press("Enter")
    page.wait_for_url(f"{site}search.html?q=stride")
    page.get_by_text("Search finished").wait_for()
