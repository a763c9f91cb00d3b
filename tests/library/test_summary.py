"""The table of a network: rows, totals, text and HTML."""

import re
from html.parser import HTMLParser

from conv_notes import (
    AvgPool2d,
    Conv2d,
    Flatten,
    GlobalAvgPool2d,
    Linear,
    MaxPool2d,
    Parallel,
    ReLU,
    Sequential,
    Upsample,
    inception_3a,
    summary,
    vgg16,
)

SMALL = Sequential(
    Sequential(Conv2d(6, 5, padding="same"), ReLU()),
    MaxPool2d(2),
    Flatten(),
    Linear(10),
)
TEXT = """\
layer                         output shape  parameters     MACs    bytes  receptive field
input                         1 × 28 × 28                                               1
Conv2d(6, 5, padding='same')  6 × 28 × 28          156  117,600   22,576                5
ReLU()                        6 × 28 × 28            0        0   37,632                5
MaxPool2d(2)                  6 × 14 × 14            0        0   23,520                6
Flatten()                     1176                   0        0    9,408                6
Linear(10)                    10                11,770   11,760   51,824              all
total                                           11,926  129,360  144,960"""  # noqa: E501


def test_summary_rows_and_totals():
    table = summary(SMALL, (1, 28, 28))
    assert [row.name for row in table.rows] == ["0.0", "0.1", "1", "2", "3"]
    assert [row.params for row in table.rows] == [156, 0, 0, 0, 11_770]
    assert [row.macs for row in table.rows] == [117_600, 0, 0, 0, 11_760]
    assert [row.output_shape for row in table.rows] == [
        (6, 28, 28),
        (6, 28, 28),
        (6, 14, 14),
        (1176,),
        (10,),
    ]
    assert table.params == SMALL.n_params((1, 28, 28))
    assert table.macs == SMALL.macs((1, 28, 28))
    assert table.input_shape == (1, 28, 28)


def test_summary_as_text():
    assert str(summary(SMALL, (1, 28, 28))) == TEXT
    assert repr(summary(SMALL, (1, 28, 28))) == TEXT


class Table(HTMLParser):
    """Header cells, and body cells row by row."""

    def __init__(self, html):
        super().__init__()
        self.tags, self.header, self.rows = [], [], []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")

    def handle_data(self, text):
        self.rows[-1][-1] += text
        if self.tags[-1] == "th":
            self.header.append(text)


def test_summary_as_html():
    html = summary(SMALL, (1, 28, 28))._repr_html_()
    assert "padding=&#x27;same&#x27;" in html
    table = Table(html)
    assert set(table.tags) == {"table", "thead", "tbody", "tfoot", "tr", "th", "td"}
    assert [len(row) for row in table.rows] == [6] * 8
    assert table.header == table.rows[0]
    as_text = [re.split(r"  +", line) for line in TEXT.splitlines()]
    assert [[*filter(None, cells)] for cells in table.rows] == as_text
    assert html == summary(SMALL, (1, 28, 28))._repr_html_()


def test_summary_escapes_html():
    class Odd(Flatten):
        def __repr__(self):
            return "<b>&"

    assert "<td>&lt;b&gt;&amp;</td>" in summary(Odd(), (1, 2, 2))._repr_html_()


def test_summary_of_one_layer():
    table = summary(Linear(500, bias=False), (800,))
    assert [row.params for row in table.rows] == [400_000]


def test_summary_of_vgg16():
    table = summary(vgg16(), (3, 224, 224))
    fields = [row.receptive_field for row in table.rows]
    assert len(table.rows) == 37
    assert fields[30].size == 212
    assert fields[31].size == 212  # of Flatten: the same units in a row
    assert fields[32:] == [None] * 5
    assert "138,357,544" in str(table)


def test_summary_where_the_axes_differ():
    table = summary(Conv2d(1, (1, 3)), (1, 1, 8))
    assert table.params == 4
    vertical, horizontal = table.rows[0].receptive_field
    assert (vertical.size, horizontal.size) == (1, 3)
    assert "1 × 3" in str(table)
    assert "Conv2d(1, (1, 3))" in str(table)


BLOCK = Parallel(
    Sequential(),
    Conv2d(4, 3, padding=1),
    Sequential(AvgPool2d(3, 1, padding=1), Parallel(Conv2d(2, 1), Conv2d(1, 1))),
)


def test_summary_of_branches():
    table = summary(Sequential(Conv2d(2, 5), BLOCK, Conv2d(1, 1)), (3, 9, 9))
    assert [(row.name, row.label) for row in table.rows] == [
        ("0", "Conv2d(2, 5)"),
        ("1.1", "branch 2: Conv2d(4, 3, padding=1)"),
        ("1.2.0", "branch 3: AvgPool2d(3, stride=1, padding=1)"),
        ("1.2.1.0", "branch 3: branch 1: Conv2d(2, 1)"),
        ("1.2.1.1", "branch 3: branch 2: Conv2d(1, 1)"),
        ("1.2.1", "branch 3: concatenate 2 branches"),
        ("1", "concatenate 3 branches"),
        ("2", "Conv2d(1, 1)"),
    ]
    assert [row.params for row in table.rows] == [152, 76, 0, 6, 3, 0, 0, 10]
    assert [row.receptive_field.size for row in table.rows] == [5] + [7] * 7
    assert [row.output_shape[0] for row in table.rows] == [2, 4, 2, 2, 1, 3, 9, 1]


def test_totals_are_those_of_the_network():
    for network, shape in (
        (SMALL, (1, 28, 28)),
        (BLOCK, (2, 6, 5)),
        (inception_3a(), (192, 28, 28)),
        (Sequential(BLOCK, GlobalAvgPool2d(), Linear(3)), (2, 6, 5)),
    ):
        table = summary(network, shape)
        assert table.params == network.n_params(shape)
        assert table.macs == network.macs(shape)
        assert table.bytes == network.bytes_moved(shape)
        assert network.bytes_moved(shape, itemsize=8) == 2 * table.bytes


def test_summary_where_no_window_describes_what_is_seen():
    network = Sequential(Upsample(scale_factor=0.5), GlobalAvgPool2d(), ReLU())
    table = summary(network, (1, 4, 4))
    assert [row.receptive_field for row in table.rows] == [None] * 3
    seen = [line.split("  ")[-1] for line in str(table).splitlines()[2:5]]
    assert seen == ["–", *["2 of 4 rows and columns"] * 2]


def test_summary_of_branches_that_see_differently():
    """Of strides 1 and 2, no window tells what both see together."""
    branches = Parallel(
        Sequential(Conv2d(1, 2, stride=2), Flatten()),
        Sequential(Conv2d(1, 3), Flatten()),
    )
    table = summary(branches, (1, 8, 8))
    assert table.rows[1].receptive_field == (2, 2, 0)
    assert table.rows[3].receptive_field == (3, 1, 0)
    assert table.rows[4].receptive_field is None


def test_a_branch_does_not_see_what_its_neighbour_sees():
    shrink = Sequential(Upsample(scale_factor=0.5), Flatten())
    table = str(summary(Parallel(GlobalAvgPool2d(), shrink), (1, 4, 4)))
    seen = [line.split()[-1] for line in table.splitlines()[2:6]]
    assert seen == ["all", "–", "–", "all"]
