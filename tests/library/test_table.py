"""Tables of the chapters: alignment, rounding, HTML."""

import numpy as np
import pytest

from conv_notes.table import Table, spread

TABLE = Table(
    ["layer", "weights", "share"],
    [("a<b", 1234567, 0.125), ("c", np.int64(1), np.float32(0.5))],
    footer=("total", 1234568, ""),
)


def test_as_text():
    assert str(TABLE) == repr(TABLE)
    assert str(TABLE).split("\n") == [
        "layer    weights  share",
        "a<b    1,234,567   0.12",
        "c              1   0.50",
        "total  1,234,568",
    ]


def test_wide_characters_take_two_columns():
    rows = [["卷积", 1], ["pool", 20], ["ｆ", 3], ["e\u0301te\u0301", 4], ["池化x", 5]]
    assert str(Table(["term", "number"], rows)).split("\n") == [
        "term   number",
        "卷积        1",
        "pool       20",
        "ｆ          3",
        "e\u0301te\u0301         4",
        "池化x       5",
    ]


def test_as_html():
    html = TABLE._repr_html_()
    assert "<td>a&lt;b</td><td class=number>1,234,567</td>" in html
    assert "<tfoot><tr><td>total</td>" in html
    assert html.count("<tr>") == 4


def test_a_range_keeps_on_one_line():
    results = Table(["", "accuracy"], [("shared", spread([0.25, -0.001, 0.5]))])
    assert "0.25 (0.00–0.50)" in str(results)
    html = results._repr_html_()
    assert "<td>0.25 <span class=range>(0.00–0.50)</span></td>" in html
    assert spread([1, 2], digits=0) == "2 (1–2)"
    assert spread(np.array([200, 100], np.uint8)) == "150.00 (100.00–200.00)"
    with pytest.raises(ValueError, match="values must hold at least one"):
        spread([])


def test_digits():
    assert "-0.00" not in str(Table(["x"], [[-0.001]]))
    assert "0.1250" in str(Table(["x"], [[0.125]], digits=4))


def test_rows_must_fit_the_columns():
    with pytest.raises(ValueError, match=r"\(1, 2\) has 2 entries.*has 1"):
        Table(["x"], [(1, 2)])
