"""Tables: as text in a terminal, as HTML in a notebook."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable, Sequence
from html import escape
from numbers import Integral, Real
from typing import Any


def spread(values: Collection[float], digits: int = 2) -> str:
    """The mean of several results, and in brackets the lowest and the highest.

    Parameters
    ----------
    values : collection of float
        Results of the same experiment with several seeds, at least one.
    digits : int
        Digits after the point.

    Returns
    -------
    str
        For a cell of a `Table`, which keeps the brackets on one line.

    Raises
    ------
    ValueError
        If there are no values.

    Examples
    --------
    >>> spread([0.5, 0.75, 0.7])
    '0.65 (0.50–0.75)'
    """
    if len(values) == 0:
        raise ValueError("spread: values must hold at least one result")
    results = sum(map(float, values)) / len(values), min(values), max(values)
    mean, low, high = (f"{_rounded(v, digits):.{digits}f}" for v in results)
    return f"{mean} ({low}–{high})"


class Table:
    """Rows under named columns; columns with numbers stand to the right.

    Parameters
    ----------
    columns : sequence of str
        Names of the columns.
    rows : iterable of sequence
        One entry per column: text, whole numbers, or fractions, which are rounded.
    footer : sequence, optional
        A last row, set apart.
    digits : int
        Digits after the point of a fraction.

    Raises
    ------
    ValueError
        If a row has not as many entries as there are columns.

    Examples
    --------
    >>> print(Table(["layer", "weights"], [["first", 1200], ["second", 50]]))
    layer   weights
    first     1,200
    second       50
    """

    def __init__(
        self,
        columns: Sequence[str],
        rows: Iterable[Sequence[Any]],
        *,
        footer: Sequence[Any] | None = None,
        digits: int = 2,
    ) -> None:
        self.columns = tuple(columns)
        self.rows = [tuple(row) for row in rows]
        self.footer = None if footer is None else tuple(footer)
        self.digits = digits
        for row in self._all_rows():
            if len(row) != len(self.columns):
                raise ValueError(
                    f"Table: row {row!r} has {len(row)} entries, "
                    f"columns={self.columns} has {len(self.columns)}"
                )

    def _all_rows(self) -> list[tuple[Any, ...]]:
        return [*self.rows, *([self.footer] if self.footer else [])]

    def _text(self, value: Any) -> str:
        if isinstance(value, Integral):
            return f"{int(value):,}"
        if isinstance(value, Real):
            return f"{_rounded(value, self.digits):,.{self.digits}f}"
        return str(value)

    def _alignment(self) -> list[bool]:
        """For each column, whether it stands to the right: where it has a number."""
        rows = self._all_rows()
        columns = zip(*rows, strict=True) if rows else [()] * len(self.columns)
        return [any(isinstance(v, Real) for v in column) for column in columns]

    def __str__(self) -> str:
        lines = [self.columns, *(map(self._text, row) for row in self._all_rows())]
        table = [tuple(line) for line in lines]
        widths = [max(map(_width, column)) for column in zip(*table, strict=True)]
        right = self._alignment()
        return "\n".join(
            "  ".join(
                _padded(text, width, to_right)
                for text, width, to_right in zip(line, widths, right, strict=True)
            ).rstrip()
            for line in table
        )

    __repr__ = __str__

    def _repr_html_(self) -> str:
        classes = [" class=number" if right else "" for right in self._alignment()]

        def line(row: Iterable[Any], tag: str) -> str:
            cells = zip(classes, map(self._text, row), strict=True)
            inner = (f"<{tag}{c}>{_html(text)}</{tag}>" for c, text in cells)
            return f"<tr>{''.join(inner)}</tr>"

        body = "".join(line(row, "td") for row in self.rows)
        foot = f"<tfoot>{line(self.footer, 'td')}</tfoot>" if self.footer else ""
        head = line(self.columns, "th")
        return f"<table><thead>{head}</thead><tbody>{body}</tbody>{foot}</table>"


def _width(text: str) -> int:
    """Columns of a terminal: two for a wide character, none for what marks another."""
    widths = {"W": 2, "F": 2}
    return sum(
        widths.get(unicodedata.east_asian_width(character), 1)
        for character in text
        if unicodedata.category(character) not in ("Mn", "Me", "Cf")
    )


def _padded(text: str, width: int, to_right: bool) -> str:
    room = " " * (width - _width(text))
    return room + text if to_right else text + room


def _rounded(value: Real | float, digits: int) -> float:
    # Adding zero turns a negative zero, left by rounding, into a plain one.
    return round(float(value), digits) + 0.0


def _html(text: str) -> str:
    """The text of a cell, its ranges kept in one piece."""
    return re.sub(r"\([^()]*–[^()]*\)", r"<span class=range>\g<0></span>", escape(text))
