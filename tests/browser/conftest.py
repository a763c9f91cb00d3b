"""The built book, served, and a browser."""

import pickle
from pathlib import Path

import chromium
import pytest
from filelock import FileLock
from playwright.sync_api import sync_playwright
from serving import served

# Come near all pictures of a page, and then back: those in a fold too.
NEAR = """async () => {
  document.querySelectorAll('img.drawing').forEach(it => (it.loading = 'eager'));
  for (const it of document.querySelectorAll('.explore')) {
    it.scrollIntoView({ behavior: 'instant' });
    // What is near is found out with a frame, and told after it.
    for (let k = 0; k < 2; k++) await new Promise(requestAnimationFrame);
    await new Promise(done => setTimeout(done));
  }
  scrollTo({ top: 0, behavior: 'instant' });
}"""
LOADED = """() => !document.querySelector('img.drawing') &&
  document.querySelectorAll('.explore').length === Object.keys(conv_notes.states).length
"""

ROOT = Path(__file__).parents[2]
HTML = ROOT / "_build/html"


@pytest.fixture(scope="session")
def build(build_book, testrun_uid, tmp_path_factory):
    """Build the book, once for all workers."""
    # They share the parent of their temporary folders.
    file = tmp_path_factory.getbasetemp().parent / f"book-{testrun_uid}"
    with FileLock(file.with_suffix(".lock")):
        if not file.exists():
            file.write_bytes(pickle.dumps(build_book(ROOT)))
        return pickle.loads(file.read_bytes())


@pytest.fixture(scope="session")
def site(build):
    """Serve the book; return its address."""
    if build.returncode:
        pytest.fail("The book does not build.", pytrace=False)
    with served(HTML) as address:
        yield address


@pytest.fixture(scope="session")
def browser():
    path = chromium.find()
    assert path, "run `python tools/chromium.py`"
    options = (
        "--no-sandbox --disable-gpu --disable-quic --no-first-run "
        "--disable-background-networking --disable-component-update --disable-sync"
    )
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=options.split())
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def with_pictures():
    """Return a function that has all pictures of a page loaded."""

    def load(page):
        page.evaluate(NEAR)
        page.wait_for_function(LOADED)

    return load
