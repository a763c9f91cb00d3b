"""The few icons of a page, in place of all of Font Awesome.

The theme brings two thousand icons as a script, a style and three fonts,
1.9 MB a page. The book has the fonts' twenty that its pages and styles
name, and a style of a line each.
"""

import re
from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTFont
from sphinx.application import Sphinx

AWESOME = "_static/vendor/fontawesome"
HEAD = """\
/* Font Awesome Free (Fonticons, Inc.): icons CC BY 4.0, font SIL OFL 1.1, code MIT. */
@font-face {font-family: "Icons"; src: url("icons.woff"); font-display: block}
:root {--fa-font-solid: normal 900 1em/1 "Icons"}
:is(.fas, .fa-solid) {display: inline-block; font: var(--fa-font-solid)}
"""
MENDED = (
    (
        rf'<link href="([^"]*){AWESOME}[^"]*css[^"]*"',
        r'<link href="\1_static/icons.css"',
    ),
    (rf'<link rel="preload"[^>]*{AWESOME}[^>]*>\s*', ""),
    (rf'<script src="[^"]*{AWESOME}[^"]*"></script>\s*', ""),
)


def write(app: Sphinx, exception: Exception | None) -> None:
    """Write the font of what the pages, scripts and styles of the book name."""
    if exception or app.builder.format != "html":
        return
    static = Path(app.outdir, "_static")
    (style,) = static.glob("vendor/fontawesome/*/css/all.min.css")
    rules = style.read_text("utf-8")
    at = {}  # code points, by name
    for names, code in re.findall(r'([^{}]*)\{content:"\\(f[0-9a-f]{3})"', rules):
        at |= dict.fromkeys(re.findall(r"\.(fa-[a-z-]+):before", names), code)
    pages = (path.read_text("utf-8") for path in Path(app.outdir).rglob("*.html"))
    scripts = (path.read_text("utf-8") for path in static.glob("**/*theme.js"))
    text = "".join([*pages, *scripts])
    named = at.keys() & re.findall(r"\bfa-[a-z-]+", text)
    others = (path for path in static.glob("**/*.css") if path != style)
    styles = "".join(path.read_text("utf-8") for path in others)
    codes = {*re.findall(r'"\\(f[0-9a-f]{3})"', styles), *(at[name] for name in named)}
    codes |= {f"{ord(sign):x}" for sign in re.findall("[\uf000-\uf8ff]", styles)}
    fonts = style.parents[1] / "webfonts"
    font = TTFont(fonts / "fa-solid-900.ttf", recalcTimestamp=False)
    chosen = subset.Subsetter(subset.Options(layout_features=[], notdef_outline=True))
    chosen.populate(unicodes=[int(code, 16) for code in codes])
    chosen.subset(font)
    font.flavor = "woff"
    font.save(static / "icons.woff")
    lines = (f'.{name}::before {{content: "\\{at[name]}"}}' for name in sorted(named))
    (static / "icons.css").write_text(HEAD + "\n".join(lines) + "\n", "utf-8")


def setup(app: Sphinx) -> dict:
    """Register with Sphinx."""
    app.connect("build-finished", write)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
