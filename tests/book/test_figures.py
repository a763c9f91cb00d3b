"""Pictures in the page: their colours in the dark, and what they are called."""

import book_figures
import pytest

from conv_notes.draw.marks import INK, OUTPUT_TEXT, PAPER, SERIES

NIGHT = "#14181e"  # what the theme paints the page with


def luminance(colour):
    """Relative luminance (WCAG 2.2)."""
    rgb = [int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5)]
    r, g, b = (((v + 0.055) / 1.055) ** 2.4 if v > 0.04045 else v / 12.92 for v in rgb)
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


def contrast(one, other):
    low, high = sorted(map(luminance, (one, other)))
    return (high + 0.05) / (low + 0.05)


def night(colour, what="fill"):
    return NIGHT if colour == PAPER else book_figures.dark(colour.lower(), what)


@pytest.mark.parametrize("text", [INK, PAPER])
@pytest.mark.parametrize("ground", [PAPER, *SERIES, "#0072B2", "#E69F00", "#99D8C7"])
def test_what_can_be_read_by_day_can_be_read_by_night(text, ground):
    if contrast(text, ground) >= 4.5:
        assert contrast(night(text, "text"), night(ground)) >= 4.5


@pytest.mark.parametrize("colour", [*SERIES, "#0072B2", "#E69F00"])
def test_lines_are_seen_by_night(colour):
    assert contrast(night(colour, "stroke"), NIGHT) >= 3


@pytest.mark.parametrize("colour", [OUTPUT_TEXT, "#767676"])
def test_coloured_words_are_read_by_night(colour):
    assert contrast(night(colour, "text"), NIGHT) >= 4.5


def test_a_page_has_rules_for_its_own_colours():
    rules = book_figures.rules('<path style="fill: #123456; stroke: none"/>')
    assert "svg .data {filter: invert(1)" in rules
    assert ':is([style*="fill: #123456"], [fill="#123456"]) {fill: #' in rules
    for hatch in ('<rect fill="#ffffff"/>', r"<rect fill=\"#ffffff\"/>"):
        assert '#ffffff"]) {fill: var(--pst-color-background)' in book_figures.rules(
            hatch
        )
