"""What readers move and point at: each choice, and each part that answers."""

import json
import os
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CHAPTERS = sorted(path.stem for path in (ROOT / "book").glob("*.ipynb"))
WIDTHS = {"desk": 1280, "phone": 390}

# Functions for the page. Whether a part shows what belongs to it, and its words.
ANSWERS = """part => {
  const shown = part.querySelector('.shown');
  const words = [...shown.querySelectorAll('text')].map(it => it.textContent).join(' ');
  const said = part.getAttribute('aria-label');
  const plain = text => text.replace(/\\s+/g, '');
  const silent = !words && part.hasAttribute('data-sets'); // a click says it
  const written = silent || plain(words).includes(plain(said));
  return [getComputedStyle(shown).visibility, written, said];
}"""
# A place in its first rectangle where it lies above all other parts.
PLACE = """part => {
  const path = part.querySelector('path');
  const numbers = path.getAttribute('d').match(/-?[\\d.]+/g).slice(0, 8).map(Number);
  const x = numbers.filter((_, k) => k % 2 === 0), y = numbers.filter((_, k) => k % 2);
  const between = (all, share) =>
    Math.min(...all) * (1 - share) + Math.max(...all) * share;
  const shares = [0.5, 0.25, 0.75, 0.1, 0.9];
  for (const [u, v] of shares.flatMap(u => shares.map(v => [u, v]))) {
    const at = new DOMPoint(between(x, u), between(y, v));
    const { x: left, y: top } = at.matrixTransform(path.getScreenCTM());
    const seen = document.elementFromPoint(left, top)?.closest('.touch');
    if (seen === part) return [left, top];
  }
}"""
# The parts of a picture that the arrows do not reach from its first; stops of Tab.
UNREACHED = """svg => {
  const parts = [...svg.querySelectorAll('.touch')];
  const reached = new Set([parts[0]]);
  for (const part of reached)
    for (const key of ['ArrowLeft', 'ArrowRight', 'ArrowUp', 'ArrowDown']) {
      part.focus();
      part.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true }));
      reached.add(document.activeElement);
    }
  const stops = parts.filter(part => part.getAttribute('tabindex') === '0');
  const others = parts.filter(part => !reached.has(part));
  return [others.map(it => it.getAttribute('aria-label')), stops.length];
}"""
UNFOLD = """
document.querySelectorAll('details').forEach(it => it.open = true);
document.querySelectorAll('.toggle-hidden').forEach(
  it => it.classList.remove('toggle-hidden'));
"""


THOROUGH = "THOROUGH" in os.environ  # as `make thorough` says: all there is


def some(things):
    """Return a first, a second and a last one, unless all are to be tried."""
    return things if THOROUGH else [*things[:1], *things[1:-1][:1], *things[1:][-1:]]


@pytest.fixture(scope="module")
def opened(browser, site, with_pictures):
    """Return what opens a chapter as wide as a desk or a phone, which is touched."""
    contexts, failures = [], []

    def open_at(name, kind="desk"):
        size = {"width": WIDTHS[kind], "height": 900}
        context = browser.new_context(viewport=size, has_touch=kind == "phone")
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: failures.append(str(error)))
        page.goto(f"{site}book/{name}.html")
        page.evaluate(UNFOLD)
        with_pictures(page)
        return page

    open_at.failures = failures
    yield open_at
    for context in contexts:
        context.close()


@pytest.fixture(autouse=True)
def nothing_fails(opened):
    yield
    found, opened.failures[:] = [*opened.failures], []
    assert not found


# Both widths, or by turns.
VISITS = [
    (name, kind)
    for k, name in enumerate(CHAPTERS)
    for kind in (WIDTHS if THOROUGH else [[*WIDTHS][k % 2]])
]


@pytest.fixture(scope="module", params=VISITS, ids="-".join)
def visit(request, opened):
    """Open a chapter; return its page and whether it is touched.

    pytest runs the tests of one page, in their order, before it opens another.
    """
    name, kind = request.param
    page = opened(name, kind)
    yield page, kind == "phone"
    page.context.close()


@pytest.fixture
def page(visit):
    return visit[0]


def test_every_part_of_a_picture_answers(visit):
    page, touched = visit
    pictures = page.locator("svg:has(.touch)")
    counts = pictures.evaluate_all(
        "all => all.map(it => it.querySelectorAll('.touch').length)"
    )
    fewest = counts.index(min(counts)) if counts else 0
    for k, count in enumerate(counts):
        picture = pictures.nth(k)
        for part in map(picture.locator(".touch").nth, some(range(count))):
            assert part.evaluate(ANSWERS)[0] == "hidden"
            part.scroll_into_view_if_needed()
            place = part.evaluate(PLACE)
            assert place, part.get_attribute("aria-label")
            if touched:
                page.touchscreen.tap(*place)
            else:
                page.mouse.move(*place)
            seen, said, words = part.evaluate(ANSWERS)
            assert (seen, said) == ("visible", True), words
        if THOROUGH or k == fewest:
            unreached, stops = picture.evaluate(UNREACHED)
            assert (unreached, stops) == ([], 1)


def test_every_choice_changes_the_picture_and_nothing_moves(page):
    height = "document.documentElement.scrollHeight"
    before = page.evaluate(height)
    for box in page.locator(".explore").all():
        picture, status = box.locator(".explore-picture"), box.locator("[role=status]")

        def changed(press, picture=picture, status=status, box=box):
            was, said = picture.inner_html(), status.inner_text()
            press()
            assert picture.inner_html() != was, box.inner_text()
            assert status.inner_text() not in ("", said), box.inner_text()
            assert page.evaluate(height) == before, box.inner_text()

        for slider in box.locator("[type=range]").all():
            for _ in range(int(slider.input_value())):
                changed(lambda slider=slider: slider.press("ArrowLeft"))
            end = int(slider.get_attribute("max"))
            for _ in range(end if THOROUGH else min(end, 2)):
                changed(lambda slider=slider: slider.press("ArrowRight"))
            back = box.get_by_role("button", name="one less").first
            changed(lambda back=back: back.click())
        for group in box.locator("fieldset").all():
            for option in group.locator("label").all():
                if not option.locator("input").is_checked():
                    changed(lambda option=option: option.click())


def test_a_click_on_a_part_chooses_its_state(page):
    for box in page.locator(".explore:has([data-sets])").all():
        for k in some(range(box.locator("[data-sets]").count())):
            part = box.locator("[data-sets]").nth(k)
            part.focus()
            part.press("Enter")
            for choice, label in json.loads(part.get_attribute("data-sets")).items():
                field = box.locator(".explore-slider, fieldset", has_text=choice).first
                chosen = field.locator("output, :checked + span").inner_text()
                assert chosen == label, choice


def test_the_address_keeps_a_state(opened):
    page = opened("connectivity")
    picture = page.locator(".explore svg")
    first = picture.get_attribute("aria-label")
    page.locator(".explore label", has_text="by turns").click()
    chosen = picture.get_attribute("aria-label")
    page.reload()
    assert picture.get_attribute("aria-label") == chosen != first


def test_a_choice_below_the_head_does_not_move_the_page(opened):
    page = opened("connectivity")
    label = page.locator(".explore label", has_text="by turns")
    label.evaluate("it => scrollBy(0, it.getBoundingClientRect().y - 55)")
    box, before = label.bounding_box(), page.evaluate("scrollY")
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] - 3)
    assert label.locator("input").is_checked()
    assert page.evaluate("scrollY") == before


def test_what_was_pressed_is_shown_in_the_next_state_too(opened):
    page = opened("pooling")
    box = page.locator(".explore")
    part = box.locator(".touch").nth(3)
    part.locator("path").first.click(force=True)
    before = part.get_attribute("aria-label")
    box.locator("label", has_text="average").click()
    page.mouse.move(0, 0)
    assert part.evaluate(ANSWERS)[0] == "visible"
    assert part.get_attribute("aria-label") != before


def test_every_question_is_answered_in_the_page(page):
    questions = some(page.locator(".ask").all())
    for question in questions:
        data = json.loads(question.locator("script").text_content())
        for given, why in [*data["slips"], [data["answer"], data["because"]]]:
            if data["choices"]:
                question.get_by_text(given, exact=True).click()
            else:
                question.locator("input").fill(f"{given:.12g}")
                question.locator("input").press("Enter")
            verdict = "Right." if given == data["answer"] else "No."
            assert question.locator("[role=status]").inner_text() == f"{verdict} {why}"
    page.reload()  # answers are kept in the browser
    assert page.locator(".ask-right").count() == len(questions)


def test_a_finger_on_the_handle_drags_and_elsewhere_moves_the_page(browser, site):
    context = browser.new_context(
        viewport={"width": 390, "height": 844}, has_touch=True
    )
    page = context.new_page()
    page.goto(f"{site}book/netvlad.html")
    box = page.locator(".explore:has([data-sets])")
    chosen, handle = box.locator("output").last, box.locator("[data-sets].here")
    finger = context.new_cdp_session(page)

    def drag(part, rows):
        part.scroll_into_view_if_needed()
        place = part.bounding_box()
        x, y = place["x"] + place["width"] / 2, place["y"] + place["height"] / 2
        for step in range(11):
            point = {"x": x, "y": y - rows * place["height"] * step / 10}
            kind = "touchMove" if step else "touchStart"
            send = {"type": kind, "touchPoints": [point]}
            finger.send("Input.dispatchTouchEvent", send)
        finger.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})

    handle.scroll_into_view_if_needed()
    before, scrolled = int(chosen.inner_text()), page.evaluate("scrollY")
    drag(handle, 1)
    assert int(chosen.inner_text()) == before + 1
    assert page.evaluate("scrollY") == scrolled
    drag(box.locator("[data-sets]:not(.here)").nth(3), 2)
    page.wait_for_function("from => scrollY > from", arg=scrolled)
    assert int(chosen.inner_text()) == before + 1
    context.close()
