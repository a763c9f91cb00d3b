"""What the theme's pages lack for readers who do not see, or have no mouse.

The theme and its extensions write the markup; it is mended here, page by
page, when it is written. `axe` in the tests says what is left.
"""

import re

from sphinx.application import Sphinx

import book_icons
import rendered

MENDED = (
    # A label must hold the words that are seen. Without one, these are it.
    (r'(<summary) aria-label="Toggle hidden content"', r"\1"),
    (r'(<button class="btn search-button-field[^>]*?)\s*aria-label="Search"', r"\1"),
    # The title of the book and the search stood in no landmark.
    (
        r'<div class="bd-sidebar-primary bd-sidebar[^"]*"',
        r'\g<0> role="region" aria-label="Contents"',
    ),
    # What unfolds the pages below another is an icon.
    (r"(<summary)(><span class=\"toctree-toggle\")", r'\1 aria-label="Pages below"\2'),
    # No role is meant for an entry of a bibliography any more.
    (r' role="(doc-biblioentry|list)"', ""),
    # A corner of a table heads nothing.
    (r"<th(?: [^>]*)?>\s*(?:<p>\s*</p>)?\s*</th>", "<td></td>"),
)
FOLD = re.compile(r'(<p class="(?:collapsed|expanded)[^>]*>[^<]+)(?=</p>)')


def mended(html: str) -> str:
    """Mend a whole page."""
    for pattern, better in (*MENDED, *book_icons.MENDED):
        html = re.sub(pattern, better, html)
    cells = html.split('<div class="cell ')
    return '<div class="cell '.join(
        FOLD.sub(rf'\1<span class="visually-hidden"> of cell {k}</span>', cell)
        for k, cell in enumerate(cells)
    )


def setup(app: Sphinx) -> dict:
    """Register with Sphinx."""
    app.connect("builder-inited", lambda app: rendered.rewrite(app, mended))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
