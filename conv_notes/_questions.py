"""Questions that a page asks, and answers: `widgets.ask`."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from html import escape
from numbers import Integral, Real


class Question:
    """What `ask` returns: its question, its choices, and the answer, folded."""

    def __init__(self, question: str, choices: Sequence[str], data: dict[str, object]):
        self.question, self.choices, self.data = question, choices, data

    def __repr__(self) -> str:
        return " / ".join([self.question, *self.choices])

    def _repr_html_(self) -> str:
        items = "".join(f"<li>{escape(choice)}</li>" for choice in self.choices)
        said = f"{self.data['shown']}. {self.data['because']}"
        data = json.dumps(self.data, ensure_ascii=False).replace("</", r"<\/")
        return (
            f'<div class="ask"><p>{escape(self.question)}</p>'
            + (f"<ul>{items}</ul>" if items else "")
            + f"<details><summary>Answer</summary><p>{escape(said)}</p></details>"
            f'<script type="application/json">{data}</script></div>'
        )


def ask(
    question: str,
    answer: str | float,
    *,
    because: str,
    choices: Sequence[str] = (),
    slips: Mapping[str | float, str] | None = None,
    within: float = 0,
) -> Question:
    """Ask what a reader expects, before a cell shows it.

    In the book's page the answer is typed, or chosen, and kept in the browser; the page
    says at once whether it is right, or why not. A notebook shows the question, and the
    answer folded.

    Parameters
    ----------
    question : str
        What is asked.
    answer : str or number
        What is right: among the choices, if there are any, else a number.
    because : str
        Why it is right.
    choices : sequence of str
        What there is to choose from.
    slips : mapping, optional
        Of a wrong answer, why it is wrong.
    within : float
        How far a number may be off, in the unit of the question.

    Returns
    -------
    Question

    Raises
    ------
    TypeError
        If there are no choices and the answer is not a number.
    ValueError
        If the answer or a slip is not among the choices, if a slip is right, or if
        `within` is negative.

    Examples
    --------
    >>> ask("How many windows of 3 has a row of 6?", 6 - 3 + 1, because="6 − 3 + 1.")
    How many windows of 3 has a row of 6?
    """
    slips = dict(slips or {})
    for name, given in ("answer", answer), *(("slips", slip) for slip in slips):
        if choices and given not in choices:
            raise ValueError(
                f"ask: {name} must be among choices {list(choices)}, got {given!r}"
            )
        if not choices and (not isinstance(given, Real) or isinstance(given, bool)):
            raise TypeError(
                f"ask: {name} without choices must be a number, got {given!r}"
            )
    if not within >= 0:
        raise ValueError(f"ask: within must be 0 or more, got {within!r}")
    for slip in slips:
        if slip == answer or (not choices and abs(slip - answer) <= within):  # type: ignore[operator]
            raise ValueError(f"ask: slips must be wrong, got the answer {slip!r}")
    data = {
        "answer": getattr(answer, "item", lambda: answer)(),  # of a NumPy scalar
        "shown": answer if isinstance(answer, str) else in_digits(answer),
        "because": because,
        "choices": list(choices),
        "slips": [*map(list, slips.items())],
        "within": within,
    }
    return Question(question, choices, data)


def in_digits(number: float) -> str:
    """As it is written in a text."""
    digits = f"{number:,}" if isinstance(number, Integral) else f"{number:.3g}"
    return digits.replace("-", "−")
