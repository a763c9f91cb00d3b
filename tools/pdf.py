"""The built book as one PDF: `python tools/pdf.py [FILE]`.

Its pages are put behind one another in the frame of one, and printed by Chromium
as a reader would print it: what paper looks like is said in book.css and print.js.
"""

import sys
from pathlib import Path
from urllib.parse import unquote, urldefrag, urljoin

import chromium
import yaml
from bs4 import BeautifulSoup, Tag
from playwright.sync_api import Browser, sync_playwright
from serving import served
from sphinx_external_toc.parsing import parse_toc_yaml

ROOT = Path(__file__).parents[1]
HTML = ROOT / "_build/html"
# All of a page's pictures are there, and its formulas.
READY = """async () => {
  document.querySelectorAll('img').forEach(it => (it.loading = 'eager'));
  await MathJax.startup.promise;
}"""
TITLE = """
@page :first { @bottom-center { content: none } }
.title-page { padding-top: 35%; text-align: center }
.bd-article { break-before: page }
"""
DRAWN = "() => !document.querySelector('img.drawing')"


def names() -> list[str]:
    """Return the pages of the book in its order."""
    return [f"{name}.html" for name in parse_toc_yaml(ROOT / "_toc.yml")]


def here(name: str, anchor: str = "") -> str:
    """Name a place of the one page after its page and its name there."""
    return f"{name}--{anchor}" if anchor else name


def chapter(name: str, all_names: list[str]) -> tuple[BeautifulSoup, Tag]:
    """Return a page, and its text with the names and links of the one page."""
    soup = BeautifulSoup((HTML / name).read_text("utf-8"), "html.parser")
    text = soup.select_one("article.bd-article")
    for element in text.select("[id]:not(svg *)"):
        element["id"] = here(name, element["id"])
    for link in text.select("a[href]"):
        page, anchor = urldefrag(urljoin(name, link["href"]))
        if page in all_names:
            link["href"] = "#" + here(page, unquote(anchor))
        elif "://" not in page:  # to a file
            link.unwrap()
    text["id"] = here(name)
    return soup, text


def one_page(wanted: list[str]) -> str:
    """Return the pages as one, behind a title."""
    pages = [chapter(name, wanted) for name in wanted]
    frame, first = next(page for page in pages if "mathjax" in str(page[0].head))
    for script in frame.select('script[src*="/live/"]'):
        script.decompose()
    config = yaml.safe_load((ROOT / "_config.yml").read_text("utf-8"))
    title = frame.new_tag("section", attrs={"class": "title-page"})
    for tag, words in ("h1", config["title"]), ("p", config["author"]):
        title.append(frame.new_tag(tag, string=words))
    frame.title.string = config["title"]
    frame.head.append(frame.new_tag("style", string=TITLE))
    place = first.find_parent()
    for aside in place.select(":scope > :not(article)"):
        aside.decompose()
    place.clear()
    place.extend([title, *(text for _, text in pages)])
    return str(frame)


def write(browser: Browser, address: str, wanted: list[str], file: Path) -> None:
    """Print pages of the served book into one file."""
    page = browser.new_page(color_scheme="light")
    html = one_page(wanted)
    url = (
        f"{address}book/all.html"  # beside the pages, so that they find their pictures
    )
    page.route(url, lambda route: route.fulfill(body=html, content_type="text/html"))
    page.goto(url)
    page.evaluate(READY)
    page.wait_for_function(DRAWN)
    page.pdf(
        path=file,
        prefer_css_page_size=True,
        print_background=True,
        outline=True,
        tagged=True,
    )
    page.close()


def main(file: Path) -> None:
    with served(HTML) as address, sync_playwright() as playwright:
        options = {"executable_path": chromium.find(), "args": ["--no-sandbox"]}
        browser = playwright.chromium.launch(**options)
        write(browser, address, names(), file)
        browser.close()
    print(file)


if __name__ == "__main__":
    main(Path(*sys.argv[1:] or [ROOT / "_build/book.pdf"]))
