"""What is mended in the theme's markup."""

import book_access
import pytest


@pytest.mark.parametrize(
    ("written", "better"),
    [
        ('<summary aria-label="Toggle hidden content">', "<summary>"),
        (
            '<summary><span class="toctree-toggle">',
            '<summary aria-label="Pages below"><span class="toctree-toggle">',
        ),
        ('<div role="list" class="citation-list">', '<div class="citation-list">'),
        ('<th class="head"><p></p></th><th>a</th>', "<td></td><th>a</th>"),
        (
            '<link href="../_static/vendor/fontawesome/6.5.2/css/all.min.css"/>',
            '<link href="../_static/icons.css"/>',
        ),
        ('<script src="_static/vendor/fontawesome/6.5.2/js/all.min.js"></script>', ""),
    ],
)
def test_markup_is_mended(written, better):
    assert book_access.mended(written) == better


def test_folds_say_which_cell_they_fold():
    fold = '<div class="cell x"><p class="collapsed">Show code</p>'
    first, second = book_access.mended(fold + fold).split("</p>")[:2]
    assert first.endswith('code<span class="visually-hidden"> of cell 1</span>')
    assert second.endswith('code<span class="visually-hidden"> of cell 2</span>')
