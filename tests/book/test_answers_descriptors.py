"""A descriptor that is moved: its shares, its residuals, and the vector of its bag."""

import re

import numpy as np
import pytest
from test_answers_resampling import corner, run

from conv_notes import draw, netvlad, netvlad_init, vlad

POINTS = np.array([[1.0, 2], [2, 1], [6, 2], [6, 0], [3, 5], [3, 2]])
CENTERS = np.array([[1.0, 1], [5, 1], [3, 4]])
SIZE = 7, 6


def moved(place):
    return draw.assignment(POINTS, CENTERS, 0.3, place, SIZE)


def bag(place):
    """The bag as an image of one row."""
    return np.concatenate([POINTS[:-1], [place]]).T[None, :, None]


def heights(ax):
    """Of bars, and of the dashes of the hard assignment."""
    bars = [bar.get_height() for bar in ax.patches]
    dashes = [segment[0, 1] for segment in ax.collections[0].get_segments()]
    return bars, dashes


@pytest.mark.parametrize("place", [(3, 2), (0, 5), (5, 1), (3, 1), (6, 0)])
def test_bars_are_the_library_s_numbers(place):
    figure, x = moved(place), bag(place)
    _, shares, sums, unit = figure.axes
    weights = netvlad_init(CENTERS, 0.3)
    for ax, scaled in (sums, False), (unit, True):
        soft, hard = heights(ax)
        how = {"normalize": scaled}
        assert np.allclose(soft, netvlad(x, *weights, CENTERS, **how)[0])
        assert np.allclose(hard, vlad(x, CENTERS, **how)[0])
    squared = ((np.array(place) - CENTERS) ** 2).sum(axis=1)
    near = np.exp(-0.3 * squared)
    soft, hard = heights(shares)
    assert np.allclose(soft, near / near.sum())
    assert hard == [*np.eye(3)[squared.argmin()]]
    for ax in figure.axes[1:]:  # and all stand within their panels
        low, high = ax.get_ylim()
        assert all(low <= z <= high for way in heights(ax) for z in way)
    assert figure.svg() == moved(place).svg() and figure.alt.endswith(".")


@pytest.mark.parametrize("place", [(3, 2), (1, 1)])
def test_words_say_shares_and_residuals(place):
    words = moved(place).get_supxlabel()
    numbers = re.findall(r"\((\S+), (\S+)\)", words.replace("−", "-"))
    assert np.array_equal(np.array(numbers, float), place - CENTERS)
    nearest = "ABC"[((np.array(place) - CENTERS) ** 2).sum(axis=1).argmin()]
    assert f"hard: {nearest}\n" in words and words.startswith("soft, α = 0.3: A 0.")


def test_each_place_is_a_state_and_stands_in_its_square():
    explored = []
    run(
        "netvlad",
        "cell-102",
        draw=draw,
        points=POINTS,
        centers=CENTERS,
        explore=lambda figure, **choices: explored.append((figure, choices)),
    )
    ((figure, choices),) = explored
    drawing = figure(3, 2)
    for part, (y, x) in zip(drawing.touches, np.ndindex(SIZE[::-1]), strict=True):
        assert part.sets == {"first number": str(x), "second number": str(y)}
        assert x in choices["first_number"] and y in choices["second_number"]
        assert corner(part) == (x - 0.5, y - 0.5)
        assert part.says == f"descriptor 6 at ({x}, {y})"
        assert f"6 of 6 at ({x}, {y})" in figure(x, y).alt
    assert [len(choices[f"{n}_number"]) for n in ("first", "second")] == [*SIZE]


def test_what_the_chapter_says_about_it():
    figures = {y: moved((3, y)) for y in range(1, 6)}
    soft = {y: heights(f.axes[1])[0] for y, f in figures.items()}
    hard = {y: heights(f.axes[1])[1] for y, f in figures.items()}
    assert [round(soft[y][2], 2) for y in (1, 2, 3, 4)] == [0.1, 0.4, 0.8, 0.96]
    assert [hard[y][2] for y in (1, 2, 3, 4)] == [0, 1, 1, 1]
    assert np.round(soft[1][:2], 2).tolist() == [0.45, 0.45] and hard[1][0] == 1
    sums, unit = (
        {y: heights(f.axes[k])[1] for y, f in figures.items()} for k in (2, 3)
    )
    assert sums[4][4:] == [0, 1] and sums[5][4:] == [0, 2] and sums[3][4:] == [0, 0]
    assert np.allclose(unit[4], unit[5]) and round(unit[4][5], 2) == 0.58
    assert unit[3][4:] == [0, 0] and unit[3][0] > unit[4][0] and unit[3][2] > unit[4][2]
    without = vlad(POINTS[:-1].T[None, :, None], CENTERS, normalize=False)[0]
    for center in CENTERS:
        _, added = heights(moved(tuple(center)).axes[2])
        assert np.allclose(added, without)
