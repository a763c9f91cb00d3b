"""Holes that are filled: window by window, pass by pass, and under a reader's brush."""

import time
from math import ceil

import numpy as np
import pytest
from test_answers_resampling import FRAME, boxes, run

from conv_notes import avg_pool2d, conv2d, draw, partial_conv2d
from conv_notes.data import photographs
from conv_notes.draw.holes import masked_window

BOX = np.full((1, 1, 3, 3), 1 / 9)
MASK = np.ones((5, 5))
MASK[1:4, 2:5] = 0
IMAGE = np.random.default_rng(0).integers(1, 9, (5, 5)) * 1.0


def test_outputs_answer_with_their_windows():
    drawing = masked_window(IMAGE, MASK, (1, 0))
    y, new = partial_conv2d(IMAGE[None, None], MASK[None, None], BOX)
    plain = conv2d(IMAGE[None, None] * MASK, BOX)
    for part, (i, j) in zip(drawing.touches, np.ndindex(3, 3), strict=True):
        words, s = part.says.splitlines(), int(MASK[i : i + 3, j : j + 3].sum())
        of_plain, of_partial = (f"{z[0, 0, i, j].round(1):g}" for z in (plain, y))
        assert words[1].endswith(of_plain)
        if new[0, 0, i, j]:
            assert words[0].count("+") == s - 1
            assert words[2].endswith(f"· 9 / {s} = {of_partial}")
        assert boxes(part, **FRAME)[0] == (j, i, 3, 3)
        assert len(boxes(part, **FRAME)) == 3
    assert drawing.get_supxlabel().rstrip() == drawing.touches[3].says


def test_a_window_without_a_known_pixel_gives_zero_and_zero_in_the_mask():
    drawing = masked_window(IMAGE, MASK, (1, 2))
    words = ["no pixel is known", "plain: 0", "partial: 0, and 0 in the mask"]
    assert drawing.get_supxlabel().rstrip().splitlines() == words
    assert drawing.alt.endswith(f"; {words[-1]}.") and "9 / 0" not in drawing.alt


@pytest.fixture(scope="module")
def chapter():
    """The two cells in which holes are filled pass by pass, and drawn by hand."""
    explored, sketched = [], []
    photo = photographs()[0]["camera"][None, None]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            "conv_notes.widgets.explore",
            lambda figure, **choices: explored.append((figure, choices)),
        )
        patch.setattr(
            "conv_notes.widgets.sketch",
            lambda *args, ink: sketched.append((*args, ink)),
        )
        known = run(
            "inpainting",
            "cell-109",
            "cell-111",
            np=np,
            draw=draw,
            conv2d=conv2d,
            partial_conv2d=partial_conv2d,
            half=avg_pool2d(photo, 2),
            box=BOX,
        )
    return known, *explored, *sketched


def test_passes_fill_the_hole_and_the_mask(chapter):
    known, (figure, choices), _ = chapter
    head, holed = known["head"], known["holed"]
    assert holed[..., 34:50, 30:46].sum() == 0 and (1 - holed[..., :34, :]).any()
    for window in choices["window"].values():
        kernel = np.full((1, 1, window, window), 1 / window**2)
        x, mask, closed = head * holed, holed, {}
        for passes in choices["passes"]:
            drawing = figure(window, passes)
            seen, shown = (ax.images[0].get_array() for ax in drawing.axes)
            assert np.array_equal(shown, mask[0, 0])
            assert np.array_equal(np.ma.getmaskarray(seen), mask[0, 0] == 0)
            greys = np.where(mask, x, 0)[0, 0]
            assert np.abs(seen.filled(0) - greys).max() < 0.51 / 63
            assert f"known: {mask.sum():,.0f} of 4,096" in drawing.get_supxlabel()
            (part,) = drawing.touches
            original = part.shown[0].get_array()
            assert np.abs(original - head[0, 0]).max() < 0.51 / 63
            for name, where in ("scratch", np.s_[..., :22, :]), ("hole", ...):
                if mask[where].all():
                    closed.setdefault(name, passes)
            y, new = partial_conv2d(x, mask, kernel, padding=window // 2)
            x, mask = np.where(mask, x, y), new
        half = window // 2
        assert closed == {
            "scratch": ceil(3 / (2 * half)),
            "hole": ceil(16 / (2 * half)),
        }


def test_what_a_reader_paints_white_is_filled(chapter):
    known, _, (repaired, start, ink) = chapter
    light, holed = 0.8 * known["head"][0, 0], known["holed"][0, 0]
    assert not ink and np.array_equal(start == 1, holed == 0)
    assert np.array_equal(start[holed == 1], light[holed == 1])
    drawn = light.astype(np.float32)
    drawn[20:24, 5:50] = 1
    drawn[19, 5:50] = 0.3 * drawn[19, 5:50] + 0.7  # a brush has soft edges
    answers = repaired(drawn)
    mask = answers["the mask"]
    assert (mask == 0).sum() == 6 * 47 and (mask[19:25, 4:51] == 0).all()
    by_hand, now = drawn * mask, mask
    plain = by_hand
    inside = conv2d(np.ones((1, 1, 64, 64)), BOX, padding=1)[0, 0]
    for _ in range(3):  # six pixels wide
        y, new = (
            z[0, 0]
            for z in partial_conv2d(
                by_hand[None, None] * 1.0, now[None, None], BOX, padding=1
            )
        )
        by_hand, now = np.where(now, by_hand, y), new
        y = conv2d(plain[None, None] * 1.0, BOX, padding=1)[0, 0] / inside
        plain = np.where(mask, drawn, y)
    assert now.all() and np.allclose(answers["partial"], by_hand)
    assert np.allclose(answers["plain"], plain)
    assert answers["partial"].max() < 0.81  # nothing of the brush is left
    assert np.abs(answers["partial"] - light)[mask == 1].max() < 1e-6


@pytest.mark.parametrize("value", [0, 1])
def test_nothing_and_everything_may_be_painted(chapter, value):
    _, _, (repaired, start, _) = chapter
    answers = repaired(np.full(start.shape, value, np.float32))
    assert (answers["the mask"] == 1 - value).all()
    assert all(np.isfinite(z).all() for z in answers.values())


def test_a_stroke_is_answered_at_once(chapter):
    _, _, (repaired, start, _) = chapter
    drawn = np.full(start.shape, 1, np.float32)
    drawn[0] = 0.5  # the most passes that there can be
    times = []
    for _ in range(3):
        begin = time.perf_counter()
        repaired(drawn)
        times.append(time.perf_counter() - begin)
    assert min(times) < 0.2  # 15 ms on a quiet machine
