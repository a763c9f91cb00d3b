"""Cells that run in the page: what a reader sees, also when something goes wrong."""

import json
import re
from pathlib import Path

import live_cells
import pytest

ROOT = Path(__file__).parents[2]
CHAPTERS = [path.stem for path in live_cells.book_live.chapters()]
FEW = 3  # cells of some chapters; `make thorough` runs all
DONE = ("Done.", "An error", "Cell ", "Python", "Stopped", "Right", "Not yet")


class Reader:
    """Presses the buttons of a page and reads what it says."""

    def __init__(self, page):
        self.page = page

    def press(self, name):
        self.page.get_by_role("button", name=name, exact=True).click()

    def said(self, *beginnings, seconds=60):
        """Wait until the foot of the page says something; return it."""
        self.page.wait_for_function(
            "starts => { const at = document.querySelector('.live-foot [role=status]');"
            " return at && starts.some(start => at.textContent.startsWith(start)) }",
            arg=list(beginnings or DONE),
            timeout=1000 * seconds,
        )
        return self.page.locator(".live-foot [role=status]").inner_text()

    def run(self, cell, seconds=60):
        # What was said before may be what is waited for.
        self.page.evaluate(
            "document.querySelector('.live-foot [role=status]')?.replaceChildren()"
        )
        self.press(f"Run cell {cell}")
        return self.said(seconds=seconds)

    def write(self, cell, code):
        """Replace the code of a cell."""
        self.press(f"Edit cell {cell}")
        editor = self.page.get_by_label(f"Code of cell {cell}", exact=True)
        editor.press("Control+a")
        self.page.keyboard.insert_text(code)

    def reset(self, cell):
        name = f"Reset cell {cell} to the book's code"
        self.press(name)
        button = self.page.get_by_role("button", name=name, include_hidden=True)
        button.wait_for(state="hidden")

    def shown(self, cell):
        """The text of a cell's output."""
        output = self.page.locator("div.cell").nth(cell - 1).locator(".cell_output")
        return output.inner_text()


@pytest.fixture
def context(browser):
    context = browser.new_context()
    yield context
    context.close()


@pytest.fixture
def reader(context, site):
    """A reader of a page with a few short cells."""
    page = context.new_page()
    page.goto(f"{site}book/parameters.html")
    return Reader(page)


@pytest.mark.parametrize("name", CHAPTERS[::6])
def test_first_cells_say_what_the_book_says(browser, site, name):
    known = json.loads(live_cells.FOUND.read_text("utf-8"))[name]["cells"]
    page = browser.new_page()
    page.goto(f"{site}book/index.html")
    page.set_default_timeout(0)
    results = page.evaluate(live_cells.RUN, [f"book/{name}", 100, None, FEW])
    page.close()
    cells = live_cells.shown(name)[:FEW]
    for now, verdict in zip(
        live_cells.verdicts_of(cells, results), known, strict=False
    ):
        if not verdict.startswith(live_cells.OWN):
            assert now == verdict


def test_nothing_is_loaded_before_the_first_press(context, site):
    page, sizes = context.new_page(), []
    page.on("response", lambda it: "/live" in it.url and sizes.append(len(it.body())))
    page.on("request", lambda it: pytest.fail(it.url) if "vendor/py" in it.url else 0)
    page.goto(f"{site}book/shapes.html")
    page.wait_for_load_state("networkidle")
    assert len(sizes) == 1 and sizes[0] <= 12_000


def test_run_edit_reset(reader):
    assert reader.run(2) == "Done."
    reader.write(1, "answer = 6 * 7\nprint('the answer is', answer)")
    assert reader.run(1) == "Done."
    assert reader.shown(1).strip() == "the answer is 42"
    page = reader.page
    page.reload()  # what was changed is kept in the browser
    editor = page.get_by_label("Code of cell 1", exact=True)
    assert "6 * 7" in editor.inner_text()
    reader.reset(1)
    assert "6 * 7" not in editor.inner_text()
    assert not page.evaluate("localStorage.getItem('conv_notes:book/parameters')")


def test_an_error_shows_the_readers_own_line(reader):
    reader.write(1, "x = [1, 2]\n\nx[5]")
    assert reader.run(1).startswith("An error")
    shown = reader.shown(1)
    assert "IndexError" in shown and "cell 1, line 3" in shown
    assert "runner" not in shown
    assert reader.page.locator(".live-failed").inner_text() == "x[5]"


def test_what_rests_on_a_changed_cell_says_so(reader):
    reader.write(
        1,
        "class Linear:\n    n_params = lambda *_: 5\n"
        "    __init__ = lambda *_, **more: None",
    )
    assert "You have changed others" in reader.run(3)
    assert "== 4 should be true, but" in reader.shown(3)
    assert "is 5." in reader.shown(3)


def test_buttons_can_be_pressed_by_a_finger_and_told_from_text(reader):
    button = reader.page.get_by_role("button", name="Run cell 1", exact=True)
    style = button.evaluate(
        "it => { const { borderTopStyle, height } = getComputedStyle(it);"
        " return [borderTopStyle, parseFloat(height)] }"
    )
    assert style[0] == "solid" and style[1] >= 24


def test_shift_enter_runs(reader):
    reader.write(1, "print(1 + 1)")
    reader.page.keyboard.press("Shift+Enter")
    reader.said("Done.")
    assert reader.shown(1).strip() == "2"


@pytest.mark.parametrize("visit", ["first", "later"])
def test_an_endless_loop_is_stopped(reader, visit):
    """Later, when the service worker has served the page, variables are kept."""
    if visit == "later":
        reader.run(1)
        reader.page.wait_for_function("() => navigator.serviceWorker.controller")
        reader.page.reload()
        assert reader.page.evaluate("crossOriginIsolated")
    reader.write(1, "kept = 5")
    reader.run(1)
    reader.write(2, "while True: pass")
    reader.press("Run cell 2")
    reader.said("Running …")
    reader.press("Stop Python")
    said = reader.said("Stopped")
    reader.write(2, "print(kept)")
    reader.run(2)
    assert reader.shown(2).strip() == "5"  # made anew, or kept
    assert ("Variables are kept" in said) == (visit == "later")


def test_printing_without_end_leaves_the_page_alive(reader):
    reader.write(1, "n = 0\nwhile True:\n    print(n)")
    reader.press("Run cell 1")
    reader.page.wait_for_function(
        "() => document.querySelector('.stream')?.textContent.includes('more than')",
        timeout=60_000,
    )
    reader.press("Stop Python")
    reader.said("Stopped")
    assert len(reader.shown(1)) < 300_000


def test_an_exercise_is_checked_on_a_fresh_page(context, site):
    page = context.new_page()
    page.goto(f"{site}book/multichannel.html")
    reader, cell = Reader(page), page.locator("div.cell.tag_exercise").first
    number = 1 + page.locator("div.cell").evaluate_all(
        "all => all.findIndex(it => it.classList.contains('tag_exercise'))"
    )
    names = re.findall(r"^(\w+(?:, \w+)*) = \.\.\.", cell.inner_text(), re.MULTILINE)
    reader.write(
        number, "\n".join(f"{name} = 0" for name in ", ".join(names).split(", "))
    )
    cell.get_by_role("button", name="Check").click()
    assert reader.said("Not yet.", "Python", "An error") == "Not yet."
    assert "should be true" in cell.locator(".live-wrong").inner_text()


def test_a_changed_cell_gets_the_books_output_back(reader):
    page = reader.page
    picture = page.locator("div.cell").first.locator("figure svg")
    picture.evaluate("it => it.drawn = 'by the build'")
    reader.run(1)
    assert not picture.evaluate("it => it.drawn")
    assert page.locator("div.cell").first.locator("figcaption").is_visible()
    before = reader.shown(1)
    reader.write(1, "print('mine')")
    reader.run(1)
    assert reader.shown(1).strip() == "mine"
    reader.reset(1)
    assert reader.shown(1) == before
    assert picture.evaluate("it => it.drawn")


def test_too_much_memory_is_an_error_and_no_end(reader):
    reader.write(1, "import numpy as np\n[np.empty((10**4, 10**4)) for _ in range(9)]")
    assert reader.run(1).startswith("An error")
    assert "MemoryError" in reader.shown(1)
    reader.write(1, "print('still there')")
    assert reader.run(1) == "Done."


def test_a_crash_of_python_is_a_message(reader):
    reader.run(1)
    reader.write(1, "import js\njs.self.close()\nwhile True: pass")
    reader.press("Run cell 1")
    reader.said("Running …")
    reader.press("Stop Python")
    reader.said("Stopped")
    reader.write(1, "print('again')")
    assert reader.run(1) == "Done."


def test_a_network_that_is_cut_while_loading(browser, site):
    page = browser.new_page(service_workers="block")  # which Playwright cannot cut off
    page.route("**/numpy.zip", lambda route: route.abort())
    page.goto(f"{site}book/parameters.html")
    reader = Reader(page)
    reader.press("Run cell 1")
    assert reader.said("Python could").startswith("Python could not start")
    page.unroute("**/numpy.zip")
    assert reader.run(1) == "Done."
    page.close()


def test_a_second_visit_loads_nothing_and_needs_no_network(reader, context):
    reader.run(1)
    reader.page.reload()
    reader.page.wait_for_load_state("networkidle")
    context.set_offline(True)
    assert reader.run(1) == "Done."
    reader.page.reload()
    assert reader.run(1) == "Done."


def test_own_code_only_under_a_strict_policy(context, site):
    def strict(route):
        response = route.fetch()
        policy = {"Content-Security-Policy": "script-src 'self' 'wasm-unsafe-eval'"}
        route.fulfill(response=response, headers=response.headers | policy)

    page = context.new_page()
    page.route("**/*", strict)
    page.goto(f"{site}book/parameters.html")
    assert Reader(page).run(1) == "Done."


def test_an_old_browser_sees_the_book_as_before(context, site):
    context.add_init_script("delete window.WebAssembly")
    page = context.new_page()
    page.goto(f"{site}book/parameters.html")
    assert page.locator("div.cell").count() > 5
    assert not page.locator(".live-bar, .live-foot").count()


def test_a_page_opened_as_a_file_says_why_it_cannot(browser, build):
    page = browser.new_page()
    page.goto((live_cells.HTML / "book/parameters.html").as_uri())
    reader = Reader(page)
    reader.press("Run cell 1")
    assert "may not load" in reader.said("A page opened as a file")
    page.close()


def test_a_claim_is_run_from_the_ledger(context, site):
    page = context.new_page()
    page.goto(f"{site}book/source-notes.html")
    link = page.locator("a.run-it").first
    page.goto(link.evaluate("it => it.href"))
    reader = Reader(page)
    assert reader.said("Done.", "A cell", "An error") == "Done."
    chapter, claim = re.search(r"book/([\w-]+)\.html\?run=([\w-]+)", page.url).groups()
    code = page.request.get(f"{site}_static/live/cells/book/{chapter}.json").json()
    reader.write(code["claims"][claim] + 1, "broken")
    page.reload()  # the reader's own error is none of the book's
    reader.said("You have changed this cell")


def test_an_exercise_is_checked(reader):
    cell = reader.page.locator("div.cell.tag_exercise").first
    check = cell.get_by_role("button", name="Check")
    check.click()
    reader.said("Write your answer")
    number = 1 + reader.page.locator("div.cell").evaluate_all(
        "all => all.findIndex(it => it.classList.contains('tag_exercise'))"
    )
    answer = (
        "weights, biases, neurons = 432, {}, 61504\n"
        "own_weights, own_biases, own_neurons = 1660608, 61504, 61504"
    )
    reader.write(number, answer.format(15))
    check.click()
    reader.said("Not yet.")
    assert "biases is 15" in cell.locator(".live-wrong").inner_text()
    reader.write(number, answer.format(16))
    check.click()
    reader.said("Right.")
    assert cell.locator(".live-right").inner_text() == "Right."


def test_a_solution_runs_with_what_the_answers_cell_imports(context, site):
    page = context.new_page()
    page.goto(f"{site}book/multichannel.html")
    solution = page.locator("div.cell", has_text="rows @ columns").last
    # It is folded away, and was not chosen by its place in the page.
    solution.locator("button", has_text="Run").evaluate("it => it.click()")
    assert Reader(page).said(*DONE) == "Done."


def test_print_is_as_before(reader):
    reader.page.emulate_media(media="print")
    assert not reader.page.locator(".live-bar:visible, .live-foot:visible").count()
