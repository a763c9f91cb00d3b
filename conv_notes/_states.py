"""The states of an explored figure: their names, their pictures, and both as text."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from html import escape, unescape
from itertools import product
from typing import Any

import numpy as np

from .draw import Drawing

Choices = dict[str, dict[str, Any]]  # by name: values, by label


def choices_of(
    choices: Mapping[str, Sequence[Any] | Mapping[str, Any]],
    start: Mapping[str, object] | None,
) -> tuple[Choices, list[int]]:
    """Values by label, and where each slider starts."""
    labelled = {name: _labels(name, values) for name, values in choices.items()}
    first = dict.fromkeys(labelled, 0)
    for name, label in (start or {}).items():
        if name not in labelled or str(label) not in labelled[name]:
            options = list(labelled.get(name, labelled))
            raise ValueError(f"explore: start {name}={label!r} is not among {options}")
        first[name] = list(labelled[name]).index(str(label))
    return labelled, list(first.values())


def _labels(name: str, values: Sequence[Any] | Mapping[str, Any]) -> dict[str, Any]:
    pairs = values.items() if isinstance(values, Mapping) else ((v, v) for v in values)
    labels = {str(label): value for label, value in pairs}
    if not labels:
        raise ValueError(f"explore: {name} must offer at least one value")
    return labels


def picture(figure: Callable[..., Drawing], state: dict[str, Any]) -> str:
    """One state as HTML."""
    try:
        drawing = figure(**state)
    except ValueError as error:
        return f'<p class="not-possible">Not possible: {escape(str(error))}</p>'
    if not isinstance(drawing, Drawing):
        got = type(drawing).__name__
        raise TypeError(f"explore: figure must return a Drawing, got {got}")
    return drawing.svg()


def in_lines(choices: Choices, first: Sequence[int], pictures: Iterable[str]) -> str:
    """A line for each state, with a digest of its picture or the words in its place."""
    lines = []
    states = product(*(range(len(options)) for options in choices.values()))
    for state, html in zip(states, pictures, strict=True):
        settings = zip(choices.items(), state, strict=True)
        at = ", ".join(
            f"{name.replace('_', ' ')}={list(options)[i]}"
            for (name, options), i in settings
        )
        now = " (shown)" if state == tuple(first) else ""
        lines.append(f"{at}{now}: {in_short(html)}")
    return "\n".join(lines)


def in_short(html: str) -> str:
    """The words in the place of a picture; of a picture, a digest."""
    if html.startswith("<svg"):
        return hashlib.sha256(html.encode()).hexdigest()[:12]
    return unescape(re.sub("<[^>]*>", "", html))


def drawable(start: Any) -> np.ndarray:
    """The picture with which a sketch begins, checked."""
    pixels = np.asarray(start, np.float32)
    if pixels.ndim != 2 or not pixels.size or not ((pixels >= 0) & (pixels <= 1)).all():
        values = f", from {pixels.min():g} to {pixels.max():g}" if pixels.size else ""
        raise ValueError(
            "sketch: start must have shape (H, W) and values from 0 to 1, got shape "
            f"{pixels.shape}{values}"
        )
    return pixels


def answered(answers: Any) -> dict[str, Any]:
    """What a sketch is answered, checked: numbers and pictures."""
    values = answers.values() if isinstance(answers, Mapping) else []
    if not values or not {np.ndim(value) for value in values} <= {0, 2}:
        raise ValueError(
            "sketch: answer must return a mapping of names to numbers or to arrays of "
            f"shape (H, W), got {answers!r}"
        )
    return dict(answers)
