"""A page runs no script but the book's files: it carries a policy that says so.

The theme and its extensions write scripts into the pages, which a
Content-Security-Policy that is worth having forbids. Here they move into
files: those of the head into one, at the place of the first, since all are
settings, and what a button does when it is pressed with them. What a script
only writes into the page stands there at once.

Python in the page needs `wasm-unsafe-eval`, the theme and drawings need
styles of their own, and what a cell shows is `data:` or `blob:`.
"""

import hashlib
import re
from pathlib import Path

from sphinx.application import Sphinx

import rendered

POLICY = (
    "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; "
    "style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "
    "worker-src 'self' blob:"
)
# What a button does is nothing without a script, so it is not seen without one.
META = (
    f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n'
    "<noscript><style>.search-button__button, .theme-switch-button, [data-press]"
    " {display: none}</style></noscript>\n"
)
CHARSET = '<meta charset="utf-8" />'
# Data in a page is not run, whatever the policy.
INLINE = re.compile(r"\s*<script(?![^>]* (?:src|type)=)[^>]*>(.*?)</script>", re.DOTALL)
WRITES = re.compile(r"\s*document\.write\(`(.*)`\);\s*", re.DOTALL)
PRESSED = re.compile(r'\bonclick="([^"]*)"')
PRESS = """
addEventListener("click", ({{ target }}) => {{
  if (target.closest('[data-press="{name}"]')) {{ {code}; }}
}});"""
# For a menu of versions, which the book has not.
UNUSED = "DOCUMENTATION_OPTIONS.pagename"


def strict(html: str, static: Path) -> str:
    """Return a page that its policy lets run; write the files it needs then."""
    pressed = {}

    def press(found: re.Match) -> str:
        name = re.sub(r"\W+", "-", found[1]).strip("-")
        pressed[name] = PRESS.format(name=name, code=found[1])
        return f'data-press="{name}"'

    def file(code: str) -> str:
        name = f"page-{hashlib.sha256(code.encode()).hexdigest()[:12]}.js"
        static.mkdir(parents=True, exist_ok=True)
        (static / name).write_text(code + "\n", "utf-8")
        return f'\n<script src="{top}_static/{name}"></script>'

    def in_place(found: re.Match) -> str:
        written = WRITES.fullmatch(found[1])
        return written[1] if written else file(found[1].strip())

    if "</head>" not in html:
        return html  # not a page
    top = re.search(r'data-content_root="([^"]*)"', html)[1]
    head, end, body = PRESSED.sub(press, html).partition("</head>")
    settings = [found[1].strip() for found in INLINE.finditer(head)]
    settings = [it for it in dict.fromkeys(settings) if not it.startswith(UNUSED)]
    first = INLINE.search(head).start()
    head = INLINE.sub("", head)
    head = head[:first] + file("\n".join([*settings, *pressed.values()])) + head[first:]
    head = head.replace(CHARSET, CHARSET + META, 1)
    return head + end + INLINE.sub(in_place, body)


def keep_to_files(app: Sphinx) -> None:
    """Have each page made strict."""
    static = Path(app.outdir, "_static")
    rendered.rewrite(app, lambda html: strict(html, static))


def setup(app: Sphinx) -> dict:
    """Register with Sphinx."""
    app.connect("builder-inited", keep_to_files)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
