"""What readers move, draw upon and answer, in a page without a kernel too."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import product
from math import prod
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from . import draw
from ._extras import needed
from ._questions import ask
from ._states import answered, choices_of, drawable, in_lines, picture
from .draw import Drawing

with needed("conv_notes.widgets", "ipywidgets", "book"):
    import ipywidgets as widgets

__all__ = ["ask", "explore", "sketch"]

MOST_PICTURES = 60


class _Explorer(widgets.VBox):  # type: ignore[misc]  # ipywidgets has no types
    """What `explore` returns: the sliders above the picture.

    As text it has a line for each state, with a digest of the picture or the words that
    stand in its place. A notebook shows the widget and saves the text, so that whoever
    compares outputs, as nbval does, sees which pictures changed.
    """

    def _repr_mimebundle_(self, **kwargs: Any) -> dict[str, Any]:
        # The base class would cut the text after its first line or two.
        bundle: dict[str, Any] = super()._repr_mimebundle_(**kwargs)
        return bundle | {"text/plain": repr(self)}

    lines = ""  # the text

    def __repr__(self) -> str:
        return self.lines


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
    labelled, first = choices_of(choices, start)
    count = prod(map(len, labelled.values()))
    if not choices or count > MOST_PICTURES:
        raise ValueError(
            f"explore: choices must give 1 to {MOST_PICTURES} pictures, got "
            f"{count if choices else 0}"
        )
    sliders = [
        widgets.SelectionSlider(
            options=list(options),
            index=index,
            description=name.replace("_", " "),
            continuous_update=True,
            style={"description_width": "initial"},
        )
        for (name, options), index in zip(labelled.items(), first, strict=True)
    ]
    pictures = [
        picture(figure, dict(zip(labelled, values, strict=True)))
        for values in product(*(options.values() for options in labelled.values()))
    ]
    # All pictures share these two: as models of their own they would outweigh them.
    shared = {"layout": widgets.Layout(), "style": widgets.HTML().style}
    level: list[widgets.Widget] = [widgets.HTML(html, **shared) for html in pictures]
    for slider in reversed(sliders):
        n = len(slider.options)
        level = [
            widgets.Stack(level[i : i + n], selected_index=slider.index)
            for i in range(0, len(level), n)
        ]
        for stack in level:
            widgets.jslink((slider, "index"), (stack, "selected_index"))
    explorer = _Explorer([*sliders, *level])
    explorer.lines = in_lines(labelled, first, pictures)
    return explorer


def sketch(
    answer: Callable[[np.ndarray], Mapping[str, Any]],
    start: ArrayLike,
    *,
    ink: bool = True,
) -> Drawing:
    """Let readers of the book's page draw, and answer each stroke.

    Where cells run in the page, this is a canvas for finger or mouse, which takes a
    reader's own picture too. A notebook shows what it begins with.

    Parameters
    ----------
    answer : callable
        Gets what is drawn, an array of start's shape, float32, with values from 0 to 1.
        Returns a mapping of names to numbers from 0 to 1, which become bars, and to
        arrays of shape (H, W), which become pictures, 1 white and NaN nothing.
    start : array_like, shape (H, W)
        What is on the canvas at first, from 0 to 1.
    ink : bool
        Whether 1 is drawn black, as on paper, rather than white, as light.

    Returns
    -------
    Drawing

    Raises
    ------
    ValueError
        If start or what answer returns is not as above.

    Examples
    --------
    >>> import numpy as np
    >>> sketch(lambda x: {"covered": x.mean()}, np.eye(4)).alt
    'Bars of answers to the start: covered 0.25.'
    """
    pixels = drawable(start)
    answers = answered(answer(pixels))
    numbers = {name: value for name, value in answers.items() if not np.ndim(value)}
    if len(numbers) == len(answers):
        return draw.bars(numbers, xlabel="answers to the start", xlim=(0, 1))
    seen = {name: value for name, value in answers.items() if np.ndim(value)}
    shown = {"start": 1 - pixels if ink else pixels} | seen
    figure = draw.pictures(shown, limits=(0, 1))
    if numbers:
        said = ", ".join(f"{name} {value:.2f}" for name, value in numbers.items())
        figure.supxlabel(said)
        figure.alt += f" Answers: {said}."
    return figure
