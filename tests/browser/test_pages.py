"""Every page of the built book in a browser, as wide as a phone and as a desk."""

import gzip
import os
import re
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlsplit

import book_policy
import pytest
from sphinx_external_toc.parsing import parse_toc_yaml

ROOT = Path(__file__).parents[2]
HTML = ROOT / "_build/html"
CHAPTERS = [f"{name}.html" for name in parse_toc_yaml(ROOT / "_toc.yml")]
PAGES = [*CHAPTERS, "genindex.html", "search.html", "404.html"]
PHONE, DESK = 390, 1280
ZOOMED = 320, 640  # a desk's pixels at 400 % and 200 %
AXE = Path(find_spec("axe_playwright_python").origin).with_name("axe.min.js")
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
VIOLATIONS = """async rules => {
  const { violations } = await axe.run(document, {
    runOnly: rules, preload: false, resultTypes: ["violations"] });
  return violations.map(({ id, nodes }) =>
    [id, nodes.length, nodes[0].html.slice(0, 200), nodes[0].failureSummary]);
}"""
# Contrast, most of axe's work, is asked of one element of each look: letters of one
# colour, size and weight on one ground. Of a drawing's ground axe knows nothing.
ONE_OF_EACH_LOOK = """() => {
  const looks = new Map();
  const written = it => it.nodeType === Node.TEXT_NODE && it.data.trim();
  for (const element of document.querySelectorAll('body :not(svg, svg *)')) {
    element.removeAttribute('data-look');
    if (![...element.childNodes].some(written) || !element.checkVisibility()) continue;
    const { color, fontSize, fontWeight } = getComputedStyle(element);
    const look = [color, fontSize, fontWeight];
    for (let it = element; it; it = it.parentElement) {
      const { backgroundColor, backgroundImage, opacity } = getComputedStyle(it);
      const ground = [backgroundColor, backgroundImage, opacity].join();
      if (ground !== 'rgba(0, 0, 0, 0),none,1') look.push(ground);
    }
    looks.set(look.join(), element);
  }
  looks.forEach(element => element.setAttribute('data-look', ''));
  axe.configure({ rules: [{ id: 'color-contrast', selector: '[data-look]' }] });
}"""
CUT = """() => {
  const folded = [...document.querySelectorAll('.toggle-hidden')];
  folded.forEach(it => it.classList.remove('toggle-hidden'));
  const cut = picture => {
    const { left, right } = picture.getBoundingClientRect();
    for (let it = picture.parentElement; it.tagName !== 'HTML'; it = it.parentElement) {
      const box = it.getBoundingClientRect();
      const cuts = getComputedStyle(it).overflowX === 'hidden';
      if (cuts && (left < box.left - 1 || right > box.right + 1)) return true;
    }
    return left < -1 || right > innerWidth + 1;
  };
  const pictures = document.querySelectorAll(
    'article :is(.output, figure, .explore-picture) > svg');
  const found = [...pictures].filter(cut).map(it => it.ariaLabel);
  folded.forEach(it => it.classList.add('toggle-hidden'));
  return found;
}"""
# What is there a thousand times, alike: a few of it are enough.
SIMPLER = """(() => {
  const few = '.touch:nth-of-type(n + 3), .shown > *, svg path, svg use,' +
    'svg text:nth-of-type(n + 4), tr:nth-of-type(n + 8), dl.py:nth-of-type(n + 6)';
  document.querySelectorAll(`article :is(${few})`).forEach(it => it.remove());
  const code = [...document.querySelectorAll('.highlight pre')];
  code.slice(5).forEach(it => (it.textContent = 'x'));
})()"""
BINARY = (".png", ".woff", ".woff2")
THOROUGH = "THOROUGH" in os.environ
# One width for each page, by turns: pages of the library, which are alike, are opened
# only there.
ONE_WIDTH = {name: (PHONE, DESK)[k % 2] for k, name in enumerate(PAGES)}
VISITS = [
    (name, width)
    for name in PAGES
    for width in (PHONE, DESK)
    if THOROUGH or "/api/" not in name or width == ONE_WIDTH[name]
]


def on(*visits):
    """Run a test on these pages instead of each as wide as a phone and as a desk."""
    return pytest.mark.parametrize("visit", visits, indirect=True, ids=str)


@pytest.fixture(scope="module", params=VISITS, ids=str)
def visit(request, browser, site, with_pictures):
    """Open a page; return it, what was sent for its first view, and what goes wrong.

    The last is a list that grows. pytest runs the tests of one page, in their order,
    before it opens another.
    """
    name, width = request.param
    size = {"width": width, "height": 844}
    context = browser.new_context(color_scheme="light", viewport=size)
    page, answers, wrong = context.new_page(), {}, []
    ours = (site, "data:", "blob:")

    def note(mistake: str, made: bool = True) -> None:
        if made:
            wrong.append(mistake)

    def keep(answer) -> None:
        if answer.request.is_navigation_request():
            answers.clear()  # the top of the site leads elsewhere
        answers[answer.url] = answer

    page.on(
        "request", lambda it: note(f"elsewhere: {it.url}", not it.url.startswith(ours))
    )
    page.on("requestfailed", lambda it: note(f"failed: {it.url}"))
    page.on("response", lambda it: note(f"{it.status}: {it.url}", not it.ok))
    page.on("response", keep)
    page.on("pageerror", lambda it: note(f"page error: {it}"))
    page.on("console", lambda it: note(f"console: {it.text}", it.type == "error"))
    page.goto(site + name)
    page.wait_for_load_state("networkidle")
    own = (it for url, it in answers.items() if url.startswith(site))
    sent = {urlsplit(it.url).path: it.body() for it in own if it.status == 200}
    with_pictures(page)
    yield page, sent, wrong
    context.close()


@pytest.fixture
def page(visit):
    """Return a page where nothing goes wrong, neither before nor during a test."""
    page, _, wrong = visit
    yield page
    found, wrong[:] = list(wrong), []
    assert not found


def test_book_builds(build):
    assert build.returncode == 0, build.stdout


def test_page_loads_cleanly_and_fits(page):
    """At its width, and on a desk zoomed to 200 and 400 %: reflow, WCAG 1.4.10."""
    assert page.title()
    overflow = "document.scrollingElement.scrollWidth - innerWidth"
    assert page.evaluate(overflow) <= 0
    size = page.viewport_size
    if size["width"] == DESK:
        for width in ZOOMED:
            page.set_viewport_size({**size, "width": width})
            assert page.evaluate(overflow) <= 0, width
        page.set_viewport_size(size)


def test_buttons_say_what_they_fold_or_copy(page):
    for kind in (".copybtn", ".toggle-button, article summary"):
        names = page.locator(kind).evaluate_all(
            "all => all.map(it => it.ariaLabel ?? it.textContent.trim())"
        )
        assert not [it for it in names if not re.search(r": \S|cell \d|code \d", it)]
        if kind != ".copybtn":  # of a cell there may be two outputs to copy
            assert len(set(names)) == len(names)


def test_code_keeps_its_lines(page):
    """What is too wide scrolls in its box."""
    for white, overflow in page.locator(".cell_input pre").evaluate_all(
        "all => all.map(getComputedStyle).map(it => [it.whiteSpace, it.overflowX])"
    ):
        assert (white, overflow) == ("pre", "auto")


@on(("index.html", PHONE))
def test_top_of_the_site_leads_to_the_first_page(page):
    page.wait_for_url(f"**/{CHAPTERS[0]}")


def test_pages_are_all_of_them(site):
    built = {path.relative_to(HTML).as_posix() for path in HTML.rglob("*.html")}
    pages = {name for name in built if not name.startswith("_static/")}
    assert pages == {*PAGES, "index.html"}


def test_first_view_is_light(visit, record_property):
    """As sent, and as gzip would send it, pictures that are near included."""
    page, sent, _ = visit
    size = sum(map(len, sent.values()))
    small = sum(
        len(body if path.endswith(BINARY) else gzip.compress(body, 9))
        for path, body in sent.items()
    )
    width = page.viewport_size["width"]
    record_property("weight", [urlsplit(page.url).path, width, size, small])
    assert size <= 2_500_000 and small <= 900_000


def test_mathjax_is_loaded_where_there_is_a_formula(visit):
    page, sent, _ = visit
    formulas = page.locator("article .math").count()
    assert any("mathjax" in path for path in sent) == (formulas > 0)


@on(("book/connectivity.html", PHONE), ("book/whole-cnn.html", DESK))
def test_pictures_load_when_they_are_near(visit):
    """All have been loaded since; few were at first."""
    page, sent, _ = visit
    drawings = page.locator("article figure > svg").count()
    assert sum(path.endswith(".svg") for path in sent) < drawings
    assert not any("/states/" in path for path in sent)


def test_one_search_box(page):
    wide = page.viewport_size["width"] == DESK
    assert page.locator(".bd-sidebar .search-button-field:visible").count() == wide
    # A phone has a button instead; where results are shown, or a page is missed, a form
    # stands in the text.
    others = (not wide) + page.url.endswith(("/search.html", "/404.html"))
    forms = page.locator(".search-button:visible, form:has([name=q]):visible")
    assert forms.count() == others


def test_pictures_have_a_text_alternative(page):
    for picture in page.locator("img").all():
        text = picture.get_attribute("alt")
        # Without a text, Sphinx writes the file's name.
        assert text and "_images/" not in text, picture.evaluate("it => it.outerHTML")
    drawings = "article :is(.output, figure, .explore-picture) > svg"
    for role, name in page.locator(drawings).evaluate_all(
        "all => all.map(it => [it.getAttribute('role'), it.getAttribute('aria-label')])"
    ):
        assert role in ("img", "group") and name


def test_words_in_pictures_can_be_read(page):
    """As large as 14 px on a desk and 12 px on a phone, exponents too."""
    least = 14 if page.viewport_size["width"] == DESK else 12
    page.evaluate("document.querySelectorAll('details').forEach(it => it.open = true)")
    small = page.locator("article svg text, article svg tspan").evaluate_all(
        """(all, least) => all.map(it => {
            const { a, b } = it.getScreenCTM();
            const size = parseFloat(getComputedStyle(it).fontSize) * Math.hypot(a, b);
            return [Math.round(10 * size) / 10, it.textContent];
        }).filter(([size, text]) => text.trim() && size < least)""",
        least,
    )
    assert not small


def test_pictures_are_whole(page):
    """In unfolded solutions too, whose boxes are narrower than a phone."""
    assert not page.evaluate(CUT)


def test_formulas_are_typeset_and_readable_aloud(page):
    formulas = page.locator("article .math").count()
    assert page.locator("article .math mjx-container").count() >= formulas
    assert page.locator("article .math mjx-assistive-mml").count() >= formulas


def test_no_script_but_the_books_files(page):
    """What breaks the policy is an error of the console."""
    policy = page.locator("head > meta[http-equiv=Content-Security-Policy]")
    assert policy.get_attribute("content") == book_policy.POLICY
    assert not page.locator("script:not([src], [type='application/json'])").count()


@on(("book/pooling.html", DESK))
def test_buttons_of_the_head_do_what_their_markup_said(page):
    page.evaluate("window.print = () => (window.printed = true)")
    page.locator(".btn-download-pdf-button").evaluate("it => it.click()")
    assert page.evaluate("window.printed")
    page.locator(".btn-fullscreen-button:visible").click()
    page.wait_for_function("() => document.fullscreenElement")
    page.evaluate("document.exitFullscreen()")


@on((CHAPTERS[0], DESK))
def test_dark_theme(page):
    button = page.locator(".theme-switch-button:visible")
    seen = {}
    for _ in range(3):  # auto, light, dark
        button.click()
        theme = page.locator("html").get_attribute("data-theme")
        style = "getComputedStyle(document.body)"
        seen[theme] = page.evaluate(f"[{style}.backgroundColor, {style}.color]")
    assert set(seen) == {"light", "dark"}
    assert seen["light"] != seen["dark"]
    brightness = [
        sum(int(part) for part in colour.strip("rgb()").split(",")) / 3
        for colour in seen["dark"]
    ]
    assert brightness[0] < 50 and brightness[1] > 180


def test_axe_finds_nothing(page):
    """WCAG 2.2 AA and what axe calls good practice, light and dark."""
    name = urlsplit(page.url).path.lstrip("/")
    themes = ("light", "dark")
    if not THOROUGH:  # at one width, in one theme
        if page.viewport_size["width"] != ONE_WIDTH[name]:
            pytest.skip("`make thorough` asks at both widths")
        themes = [themes[PAGES.index(name) // 2 % 2]]
    page.emulate_media(reduced_motion="reduce")
    page.mouse.move(0, 500)  # nothing is pointed at, nor explained
    page.evaluate("document.activeElement.blur()")
    page.wait_for_function("() => !document.querySelector('.tooltip')")
    page.evaluate("document.querySelectorAll('details').forEach(it => it.open = true)")
    page.evaluate(SIMPLER)
    page.evaluate(AXE.read_text("utf-8"))
    for theme in themes:
        page.evaluate("it => document.documentElement.dataset.theme = it", theme)
        if not THOROUGH:
            page.evaluate(ONE_OF_EACH_LOOK)
        assert not page.evaluate(VIOLATIONS, RULES), theme
