"""Whoever does not see the page, or has no mouse, can use it: WCAG 2.2 AA, by axe."""

from importlib.util import find_spec
from pathlib import Path

import pytest

from test_pages import DESK, PAGES, PHONE

AXE = Path(find_spec("axe_playwright_python").origin).with_name("axe.min.js")
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
FOUND = """async rules => {
  const { violations } = await axe.run(document, { runOnly: rules });
  return violations.map(({ id, nodes }) =>
    [id, nodes.length, nodes[0].html.slice(0, 200), nodes[0].failureSummary]);
}"""


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [DESK, PHONE])
@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_nothing(browser, site, name, width, theme):
    size = {"width": width, "height": 844}
    page = browser.new_page(
        color_scheme=theme, viewport=size, reduced_motion="reduce"
    )
    page.goto(site + name)
    page.wait_for_load_state("networkidle")
    page.evaluate("document.querySelectorAll('details').forEach(it => it.open = true)")
    page.add_script_tag(path=AXE)
    found = page.evaluate(FOUND, RULES)
    page.close()
    assert not found
