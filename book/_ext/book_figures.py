"""Pictures that load when they are near, light or dark as the page is.

A picture that stands in the page itself takes part in it: its parts
answer, its text can be found and copied, and a rule for each of its
colours makes it dark in the dark theme. `pictures.js` puts it there.
"""

import re
from html import escape
from pathlib import Path

from conv_notes.draw.marks import INK, PAPER, SERIES
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.writers.html5 import HTML5Translator

COLOUR = re.compile(r'(fill|stroke)(?:: |=\\?")(#[0-9a-f]{6})')


def visit_image(self: HTML5Translator, image: nodes.image) -> None:
    """Write a drawing as an image that loads when it is near, and keep room for it."""
    file, size = self.builder.images.get(image["uri"], ""), None
    if file.endswith(".svg"):
        svg = Path(self.builder.srcdir, image["uri"]).read_text("utf-8")
        size = re.search(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', svg)
    if not size:  # another picture, whose file is still to be found afterwards
        return type(self).visit_image(self, image.copy())
    width, height = size.groups()
    alt = escape(image.get("alt", ""))
    self.body.append(
        f'<img class="drawing" loading="lazy" src="{self.builder.imgpath}/{file}" '
        f'alt="{alt}" style="aspect-ratio: {width} / {height}">'
    )


def depart_image(self: HTML5Translator, image: nodes.image) -> None:
    type(self).depart_image(self, image)


def dark(colour: str, what: str = "fill") -> str:
    """Turn a colour around: light for dark, of the same hue.

    Lightness is that of Oklab (B. Ottosson, 2020, "A perceptual color space
    for image processing"), so that what could be told apart still can. Words
    and coloured lines stay bright enough to be seen on dark paper.
    """
    if colour == PAPER.lower():
        return "var(--pst-color-background)"
    rgb = [int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5)]
    linear = [((v + 0.055) / 1.055) ** 2.4 if v > 0.04045 else v / 12.92 for v in rgb]
    lightness, a, b = times(TO_LAB, [v ** (1 / 3) for v in times(TO_CONES, linear)])
    turned = 0.98 - 0.78 * lightness**1.15
    if what != "fill" and (what == "text" or a * a + b * b > 0.001):
        turned = max(turned, 0.66)
    lab = [turned, 0.9 * a, 0.9 * b]
    cones = [v**3 for v in times(FROM_LAB, lab)]
    shown = [min(max(v, 0), 1) for v in times(FROM_CONES, cones)]
    bent = [1.055 * v ** (1 / 2.4) - 0.055 if v > 0.0031 else 12.92 * v for v in shown]
    return "#" + "".join(f"{round(255 * v):02x}" for v in bent)


TO_CONES = (
    (0.4122214708, 0.5363325363, 0.0514459929),
    (0.2119034982, 0.6806995451, 0.1073969566),
    (0.0883024619, 0.2817188376, 0.6299787005),
)
TO_LAB = (
    (0.2104542553, 0.7936177850, -0.0040720468),
    (1.9779984951, -2.4285922050, 0.4505937099),
    (0.0259040371, 0.7827717662, -0.8086757660),
)
FROM_LAB = (
    (1, 0.3963377774, 0.2158037573),
    (1, -0.1055613458, -0.0638541728),
    (1, -0.0894841775, -1.2914855480),
)
FROM_CONES = (
    (4.0767416621, -3.3077115913, 0.2309699292),
    (-1.2684380046, 2.6097574011, -0.3413193965),
    (-0.0041960863, -0.7034186147, 1.7076147010),
)


def times(matrix: tuple, vector: list[float]) -> list[float]:
    return [sum(m * v for m, v in zip(row, vector, strict=True)) for row in matrix]


def rules(page: str) -> str:
    """Return the rules that make the colours of a page's pictures dark."""
    night = '[data-theme="dark"] .bd-article svg'
    lines = [
        f"{night} {{fill: {dark(INK)}}}",  # which a drawing does not say
        f"{night} .data {{filter: invert(1) hue-rotate(180deg)}}",
    ]
    own = {(what, c.lower()) for what in ("fill", "stroke") for c in (INK, *SERIES)}
    for what, colour in sorted({*COLOUR.findall(page), *own}):
        at = f':is([style*="{what}: {colour}"], [{what}="{colour}"])'  # or of a hatch
        lines.append(f"{night} {at} {{{what}: {dark(colour, what)} !important}}")
        if what == "fill":
            lines.append(
                f"{night} text{at} {{fill: {dark(colour, 'text')} !important}}"
            )
    return "\n".join(lines)


def drawn(app: Sphinx, doctree: nodes.document) -> str:
    """Return the drawings of a page, and what else in it is written in HTML."""
    texts = []
    for node in doctree.findall():
        if isinstance(node, nodes.raw):
            texts.append(node.astext())
        elif isinstance(node, nodes.image) and node["uri"].endswith(".svg"):
            texts.append(Path(app.srcdir, node["uri"]).read_text("utf-8"))
    return "".join(texts)


def add_rules(app, pagename, templatename, context, doctree) -> None:
    """Give a page the rules for its own pictures."""
    page = drawn(app, doctree) if doctree else ""
    if "<svg" in page:
        context["body"] = f"<style>{rules(page)}</style>{context['body']}"


def setup(app: Sphinx) -> dict:
    """Register with Sphinx."""
    app.add_node(nodes.image, override=True, html=(visit_image, depart_image))
    app.connect("html-page-context", add_rules)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
