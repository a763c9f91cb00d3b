"""JupyterLab shows the same pictures and choices as the page, and they answer too."""

import json
import os
import shutil
import socket
import subprocess
import sys
import urllib.request
from itertools import count
from pathlib import Path
from time import sleep

import nbformat
import notebook_form
import pytest

from conv_notes import Conv2d, draw

NOTEBOOK = """\
from conv_notes import Conv2d, draw
from conv_notes.widgets import ask, explore

def row(stride):
    return draw.connections(Conv2d(1, (1, 3), stride=stride), (1, 1, 7))

display(ask("Two and two?", 2 + 2, because="So it is."))
explore(row, stride=[1, 2])
"""
BOOK = Path(__file__).parents[2] / "book"
CHAPTERS = ["parameters", "multichannel", "upsampling"]
if "THOROUGH" not in os.environ:
    CHAPTERS = CHAPTERS[:1]
# All cells are in the page, not only those in view.
SETTINGS = {"notebook-extension/tracker": {"windowingMode": "none"}}
# The last cell has its number: before, all bear the same.
RUN = """() => {
  const all = [...document.querySelectorAll('.jp-CodeCell .jp-InputPrompt')];
  return all.at(-1).textContent === `[${all.length}]:`;
}"""


@pytest.fixture
def lab(tmp_path):
    """Open a folder in JupyterLab; return its address."""
    for name, setting in SETTINGS.items():
        file = tmp_path / f"settings/@jupyterlab/{name}.jupyterlab-settings"
        file.parent.mkdir(parents=True)
        file.write_text(json.dumps(setting))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address = f"http://127.0.0.1:{port}/"
    options = [
        "--no-browser",
        "--allow-root",
        f"--port={port}",
        "--IdentityProvider.token=",
    ]
    own = {
        name: str(tmp_path / name)
        for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR")
    }
    own["JUPYTERLAB_SETTINGS_DIR"] = str(tmp_path / "settings")
    for path in tmp_path.glob("*.ipynb"):
        trust = [sys.executable, "-m", "jupyter", "trust", path]
        subprocess.run(trust, env=os.environ | own, check=True, capture_output=True)
    server = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "jupyterlab",
            *options,
            f"--ServerApp.root_dir={tmp_path}",
        ],
        env=os.environ | own | {"PYTHONPATH": os.pathsep.join(sys.path)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        for tries in count():
            try:
                urllib.request.urlopen(f"{address}api").close()
                break
            except OSError:
                assert tries < 120 and server.poll() is None, (
                    "JupyterLab does not start"
                )
                sleep(0.5)
        yield address
    finally:
        server.terminate()
        server.wait()


@pytest.fixture
def chapters(tmp_path):
    for name in CHAPTERS:
        shutil.copy(BOOK / f"{name}.ipynb", tmp_path)


@pytest.mark.parametrize("name", CHAPTERS)
def test_a_chapter_is_read_and_run(name, chapters, lab, tmp_path, browser):
    """As `make lab` shows it: trusted, with MyST's markdown, and saved as committed."""
    file = tmp_path / f"{name}.ipynb"
    page = browser.new_page()
    page.set_default_timeout(60_000)
    page.goto(f"{lab}lab/tree/{file.name}")
    page.get_by_text("Python 3 (ipykernel) | Idle").wait_for()
    page.locator("aside:has-text('Exercise 1')").first.wait_for()
    assert page.locator(".jp-OutputArea svg").count()  # before anything is run
    told = " ".join(page.locator(".jp-MarkdownOutput").all_inner_texts())
    assert "{term}" not in told and ")=" not in told and "```" not in told

    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_text("Run All Cells", exact=True).click()
    page.wait_for_function(RUN)
    assert not page.locator("[data-mime-type*=error]").count()
    before = file.stat().st_mtime_ns
    page.keyboard.press("Control+s")
    while file.stat().st_mtime_ns == before:
        page.wait_for_timeout(100)
    saved = json.loads(file.read_text("utf-8"))
    notebook_form.as_committed(saved)
    assert saved == json.loads((BOOK / file.name).read_text("utf-8"))

    slider = page.locator(".jupyter-widgets .noUi-handle").first
    cell = page.locator(".jp-CodeCell", has=slider)
    alt = cell.locator("svg[aria-label]").first.get_attribute("aria-label")
    at, most = map(slider.get_attribute, ("aria-valuenow", "aria-valuemax"))
    slider.press("ArrowLeft" if at == most else "ArrowRight")
    cell.locator(f"svg[aria-label]:not([aria-label='{alt}'])").first.wait_for()
    page.close()


def test_jupyterlab_shows_the_same(lab, tmp_path, browser):
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(NOTEBOOK)])
    notebook.metadata.kernelspec = {"name": "python3", "display_name": "Python 3"}
    nbformat.write(notebook, tmp_path / "pictures.ipynb")
    page = browser.new_page()
    page.set_default_timeout(60_000)
    page.goto(f"{lab}lab/tree/pictures.ipynb")
    page.get_by_text("Python 3 (ipykernel) | Idle").wait_for()
    page.locator(".jp-CodeCell .cm-content").first.click()
    page.keyboard.press("Shift+Enter")
    svg = page.locator(".jp-OutputArea svg:has(.touch):visible")
    svg.wait_for()

    def same(stride):
        layer = Conv2d(1, (1, 3), stride=stride)
        assert svg.get_attribute("aria-label") == draw.connections(layer, (1, 1, 7)).alt
        for part in svg.locator(".touch").all():
            part.focus()
            shown = part.locator(".shown")
            assert shown.evaluate("it => getComputedStyle(it).visibility") == "visible"

    same(1)
    page.locator(".jupyter-widgets .noUi-handle").press("ArrowRight")
    same(2)
    question = page.locator(".ask")
    question.locator("summary").click()
    assert "4. So it is." in question.inner_text()
    page.close()
