"""JupyterLab shows the same pictures and choices as the page, and they answer too."""

import os
import socket
import subprocess
import sys
import urllib.request
from itertools import count
from time import sleep

import nbformat
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


@pytest.fixture
def lab(tmp_path):
    """Open an empty folder in JupyterLab; return its address."""
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
