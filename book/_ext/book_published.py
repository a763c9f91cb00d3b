"""What a page is to those who link to it, list it or miss it.

Each has a description: its first paragraph. Where the book is published,
the environment variable BOOK_URL says, as in

    BOOK_URL=https://example.org/layers/ make book

With it, a page also names its address and a picture, its first drawing, or
that of the book's first page, and a sitemap lists them all.

BOOK_REPOSITORY, the address of the book's own on GitHub or GitLab, gives
each chapter a button that opens it on mybinder.org, which follows .binder,
if it is on GitHub one for Colab, and with BOOK_HUB one for that JupyterHub.

A server shows 404.html in the place of any page that is not there, at any
depth: so its links begin at the top of the site, or without BOOK_URL of
the server.
"""

import os
import re
from html import escape
from pathlib import Path
from textwrap import shorten
from urllib.parse import urlsplit

import matplotlib
import resvg_py
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.config import Config

import book_figures

WIDTH, HEIGHT, MARGIN = 1200, 630, 40  # pixels, as previews want it
SIZE = f'width="{WIDTH}" height="{HEIGHT}"'
FONTS = Path(matplotlib.get_data_path(), "fonts/ttf")  # which the drawings name
COLAB = "https://colab.research.google.com"  # knows GitHub alone
MISSED = """
<h1>There is no such page</h1>
<p>It may have moved. Search for it, or go to one of the pages below.</p>
<form role="search" action="search.html">
<input type="search" name="q" aria-label="Search the book">
<button>Search</button>
</form>
"""


def take_address(app: Sphinx, config: Config) -> None:
    """Learn where the book will be, and where it is made."""
    if address := os.environ.get("BOOK_URL"):
        config.html_baseurl = address.rstrip("/") + "/"
    if repository := os.environ.get("BOOK_REPOSITORY"):
        config.html_theme_options |= {
            "repository_url": repository,
            "repository_branch": "main",
            "launch_buttons": {
                "notebook_interface": "jupyterlab",
                "binderhub_url": "https://mybinder.org",
                "colab_url": COLAB if "//github.com/" in repository else "",
                "jupyterhub_url": os.environ.get("BOOK_HUB", ""),
            },
        }


def description(doctree: nodes.document) -> str:
    """Return the first paragraph that is not part of something else."""
    texts = doctree.findall(nodes.paragraph)
    first = next((it for it in texts if isinstance(it.parent, nodes.section)), None)
    return shorten(first.astext() if first else "", 300, placeholder=" …")


def picture(app: Sphinx, doctree: nodes.document) -> bytes | None:
    """Return the first drawing of a page, if it has one, as a PNG."""
    found = re.search("<svg.*?</svg>", book_figures.drawn(app, doctree), re.DOTALL)
    if found is None:
        return None
    svg = found[0]
    tag = svg[: svg.index(">")]
    place = f'x="{MARGIN}" y="{MARGIN}" width="{WIDTH - 2 * MARGIN}"'
    place += f' height="{HEIGHT - 2 * MARGIN}"'
    plain = re.sub(' (width|height)="[^"]*"', "", tag)
    inside = svg.replace(tag, plain.replace("<svg", f"<svg {place}", 1), 1)
    return resvg_py.svg_to_bytes(
        f'<svg xmlns="http://www.w3.org/2000/svg" {SIZE}>{inside}</svg>',
        background="white",
        skip_system_fonts=True,
        font_dirs=[str(FONTS)],
        font_family="DejaVu Sans",
    )


def describe(app, pagename, templatename, context, doctree) -> None:
    """Give a page its description, and what a preview of it shows."""
    if doctree is None:
        return
    says = description(doctree)
    tags = {
        "og:type": "article",
        "og:site_name": app.config.html_title,
        "og:title": app.env.titles[pagename].astext(),
        "og:description": says,
    }
    if address := app.config.html_baseurl:
        png = picture(app, doctree)
        shown = pagename if png else app.config.root_doc
        if png:
            path = Path(app.outdir, "_static/previews", f"{pagename}.png")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(png)
        tags |= {
            "og:url": address + app.builder.get_target_uri(pagename),
            "og:image": f"{address}_static/previews/{shown}.png",
            "og:image:width": str(WIDTH),
            "og:image:height": str(HEIGHT),
            "twitter:card": "summary_large_image",
        }
    lines = [f'<meta name="description" content="{escape(says)}">']
    lines += [f'<meta property="{k}" content="{escape(v)}">' for k, v in tags.items()]
    context["metatags"] += "\n".join(lines)


def missed(app: Sphinx):
    """Make the page for what is not there."""
    titles = app.env.titles
    root = app.config.root_doc
    links = "".join(
        f'<li><a href="{app.builder.get_target_uri(name)}">'
        f"{escape(titles[name].astext())}</a></li>"
        for name in [root, *app.env.toctree_includes.get(root, [])]
    )
    page = {"title": "There is no such page", "body": f"{MISSED}<ul>{links}</ul>"}
    yield "404", page, "page.html"


def finish(app: Sphinx, exception: Exception | None) -> None:
    """Write the sitemap, and let the links of 404.html begin at the top."""
    if exception or app.builder.name != "html":
        return
    address = app.config.html_baseurl
    path = Path(app.outdir, "404.html")
    base = f'<head><base href="{escape(urlsplit(address).path or "/")}">'
    page = re.sub("<head>(<base[^>]*>)?", base, path.read_text("utf-8"), count=1)
    # Within the page they name it, or they would lead to the top as well.
    path.write_text(page.replace('href="#', 'href="404.html#'), "utf-8")
    if address:
        pages = sorted(map(app.builder.get_target_uri, app.env.found_docs))
        lines = [f"<url><loc>{escape(address + page)}</loc></url>" for page in pages]
        head = '<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">'
        text = "\n".join([head, *lines, "</urlset>\n"])
        Path(app.outdir, "sitemap.xml").write_text(text, "utf-8")


def setup(app: Sphinx) -> dict:
    """Register with Sphinx."""
    app.connect("config-inited", take_address)
    app.connect("html-page-context", describe)
    app.connect("html-collect-pages", missed)
    app.connect("build-finished", finish)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
