"""Sliders that need no kernel: every picture is drawn beforehand."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from html import escape, unescape
from itertools import product
from math import prod
from typing import Any

import ipywidgets as widgets

from .draw import Drawing

MOST_PICTURES = 60


class _Explorer(widgets.VBox):  # type: ignore[misc]  # ipywidgets has no types
    """What `explore` returns: the sliders above the picture.

    As text it has a line for each state, with a digest of the picture or the words that
    stand in its place. A notebook shows the widget and saves the text, so that whoever
    compares outputs, as nbval does, sees which pictures changed.
    """

    def __repr__(self) -> str:
        *sliders, stacks = self.children
        lines = []
        for state in product(*(range(len(slider.options)) for slider in sliders)):
            shown = stacks
            for index in state:
                shown = shown.children[index]
            settings = zip(sliders, state, strict=True)
            at = ", ".join(f"{s.description}={s.options[i]}" for s, i in settings)
            now = " (shown)" if state == tuple(s.index for s in sliders) else ""
            lines.append(f"{at}{now}: {_in_short(shown.value)}")
        return "\n".join(lines)

    def _repr_mimebundle_(self, **kwargs: Any) -> dict[str, Any]:
        # The base class would cut the text after its first line or two.
        bundle: dict[str, Any] = super()._repr_mimebundle_(**kwargs)
        return bundle | {"text/plain": repr(self)}


def explore(
    figure: Callable[..., Drawing],
    *,
    start: Mapping[str, object] | None = None,
    **choices: Sequence[Any] | Mapping[str, Any],
) -> widgets.VBox:
    """Tie a slider for each choice to a figure, in a way that works on a static page.

    The figure is drawn once for every combination. The pictures lie in nested stacks,
    and each slider is linked in the browser to the stacks of its level, so that no
    Python is needed while a reader moves it.

    Parameters
    ----------
    figure : callable
        Called with one keyword argument per choice, returns a `Drawing`. Where it
        raises a ValueError, the picture is the error's message: it says why this
        combination is not possible.
    start : mapping of str to object, optional
        The label from which a slider starts; the first one where left out.
    **choices : sequence or mapping
        The values of each argument; a mapping gives them labels to show. The name of
        the argument, underscores as blanks, names the slider.

    Returns
    -------
    ipywidgets.VBox
        The sliders above the picture. As text, a line for each state, with a digest of
        its picture.

    Raises
    ------
    TypeError
        If `figure` returns something other than a `Drawing`.
    ValueError
        If there are no choices, no values, or more than 60 combinations, or if a start
        is not among the labels.

    References
    ----------
    Jupyter Widgets documentation, "Widget events": linking in the browser, `jslink`.

    Examples
    --------
    >>> from conv_notes import Conv2d, draw
    >>> def picture(kernel):
    ...     return draw.matrix(Conv2d(1, (1, kernel)), (1, 1, 6))
    >>> explore(picture, kernel=[1, 2, 3]).children[0].options
    ('1', '2', '3')
    """
    labelled = {name: _labels(name, values) for name, values in choices.items()}
    count = prod(map(len, labelled.values()))
    if not choices or count > MOST_PICTURES:
        raise ValueError(
            f"explore: choices must give 1 to {MOST_PICTURES} pictures, got "
            f"{count if choices else 0}"
        )
    first = {name: 0 for name in labelled}
    for name, label in (start or {}).items():
        if name not in labelled or str(label) not in labelled[name]:
            options = list(labelled.get(name, labelled))
            raise ValueError(f"explore: start {name}={label!r} is not among {options}")
        first[name] = list(labelled[name]).index(str(label))

    sliders = [
        widgets.SelectionSlider(
            options=list(options),
            index=first[name],
            description=name.replace("_", " "),
            continuous_update=True,
            style={"description_width": "initial"},
        )
        for name, options in labelled.items()
    ]
    # All pictures share these two: as models of their own they would outweigh them.
    shared = {"layout": widgets.Layout(), "style": widgets.HTML().style}
    level: list[widgets.Widget] = [
        widgets.HTML(
            _picture(figure, dict(zip(labelled, values, strict=True))), **shared
        )
        for values in product(*(options.values() for options in labelled.values()))
    ]
    for slider in reversed(sliders):
        n = len(slider.options)
        level = [
            widgets.Stack(level[i : i + n], selected_index=slider.index)
            for i in range(0, len(level), n)
        ]
        for stack in level:
            widgets.jslink((slider, "index"), (stack, "selected_index"))
    return _Explorer([*sliders, *level])


def _labels(name: str, values: Sequence[Any] | Mapping[str, Any]) -> dict[str, Any]:
    pairs = values.items() if isinstance(values, Mapping) else ((v, v) for v in values)
    labels = {str(label): value for label, value in pairs}
    if not labels:
        raise ValueError(f"explore: {name} must offer at least one value")
    return labels


def _picture(figure: Callable[..., Drawing], state: dict[str, Any]) -> str:
    """One state as HTML: an image, so that ids of two SVGs cannot clash in a page."""
    try:
        drawing = figure(**state)
    except ValueError as error:
        return f'<p class="not-possible">Not possible: {escape(str(error))}</p>'
    if not isinstance(drawing, Drawing):
        got = type(drawing).__name__
        raise TypeError(f"explore: figure must return a Drawing, got {got}")
    data = base64.b64encode(drawing.svg().encode()).decode()
    source = f"data:image/svg+xml;base64,{data}"
    return f'<img alt="{escape(drawing.alt)}" src="{source}">'


def _in_short(html: str) -> str:
    """What a picture says in words; a digest of it where it is an image."""
    words = unescape(re.sub("<[^>]*>", "", html))
    return words or hashlib.sha256(html.encode()).hexdigest()[:12]
