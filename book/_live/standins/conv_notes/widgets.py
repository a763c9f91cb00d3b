"""`explore` and `sketch` in the page: Python answers when the reader's hand asks."""

from itertools import product

import numpy as np

from ._questions import ask
from ._states import answered, choices_of, drawable, in_lines, picture

__all__ = ["ask", "explore", "sketch"]


class Explorer:
    kind = "explore"

    def __init__(self, figure, choices, first):
        self.figure, self.choices, self.first = figure, choices, first

    def for_page(self):
        names = (name.replace("_", " ") for name in self.choices)
        controls = zip(names, map(list, self.choices.values()), strict=True)
        return {"controls": [*controls], "first": self.first}

    def answer(self, indices):
        values = (list(options.values()) for options in self.choices.values())
        state = [v[i] for v, i in zip(values, indices, strict=True)]
        html = picture(self.figure, dict(zip(self.choices, state, strict=True)))
        return {"shown": "html", "text": html}

    def __repr__(self):
        states = product(*(range(len(options)) for options in self.choices.values()))
        pictures = (self.answer(state)["text"] for state in states)
        return in_lines(self.choices, self.first, pictures)


def explore(figure, *, start=None, **choices):
    return Explorer(figure, *choices_of(choices, start))


class Sketch:
    kind = "sketch"

    def __init__(self, answer, start, ink):
        self.give, self.start, self.ink = answer, drawable(start), ink

    def for_page(self):
        rows, columns = self.start.shape
        pixels = self.start.ravel().tolist()
        return {"rows": rows, "columns": columns, "ink": self.ink, "pixels": pixels}

    def answer(self, pixels):
        pixels = np.asarray(pixels, np.float32).reshape(self.start.shape)
        answers = answered(self.give(pixels)).items()
        return {"answers": [[name, np.asarray(v).tolist()] for name, v in answers]}


def sketch(answer, start, *, ink=True):
    return Sketch(answer, start, ink)
