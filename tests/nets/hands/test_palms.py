"""Palms from the detector's numbers: anchors, merging and the way back to pixels, computed by hand."""

import numpy as np
import pytest

from skillviewer.nets.hands.palms import ANCHORS, decode_palms


def detector(*palms: tuple[int, float, float, float, float]) -> tuple[np.ndarray, np.ndarray]:
    """Return numbers and logits with palms (anchor, logit, dx, dy, size), their points at the centre of the box."""
    numbers, logits = np.zeros((2016, 18)), np.full(2016, -20.0)
    for anchor, logit, dx, dy, size in palms:
        numbers[anchor] = [dx, dy, size, size, *[dx, dy] * 7]
        logits[anchor] = logit
    return numbers, logits


def test_anchors_lie_row_by_row() -> None:
    assert ANCHORS.shape == (2016, 2)
    assert np.allclose(ANCHORS[[0, 1, 2]], [[0.5 / 24, 0.5 / 24], [0.5 / 24, 0.5 / 24], [1.5 / 24, 0.5 / 24]])
    assert np.allclose(ANCHORS[48], [0.5 / 24, 1.5 / 24])
    assert np.allclose(ANCHORS[1152 + 6], [1.5 / 12, 0.5 / 12])
    assert np.allclose(ANCHORS[-1], [11.5 / 12, 11.5 / 12])


def test_a_palm_comes_back_in_pixels_of_a_wide_picture() -> None:
    # 384 by 192 pixels fill the middle half of the network's square
    palm = decode_palms(*detector((1152 + 6 * (12 * 6 + 6), 2.0, -8.0, 0.0, 48.0)), (384, 192), 2)[0]
    assert palm.score == pytest.approx(1 / (1 + np.exp(-2)))
    # the anchor is at 6.5 / 12 of 192 = 104; moved to (96, 104) of 192, hence (192, 208) of 384, 96 less downwards
    assert palm.box_px == pytest.approx([192 - 48, 112 - 48, 96, 96])
    assert palm.points_px[0] == pytest.approx([192, 112])


def test_overlapping_boxes_are_merged_by_their_scores() -> None:
    first, second = 1152 + 6 * (12 * 6 + 6), 1152 + 6 * (12 * 6 + 6) + 1
    palms = decode_palms(*detector((first, 3.0, 0, 0, 40), (second, 0.5, 8, 0, 40)), (192, 192), 2)
    assert len(palms) == 1
    a, b = 1 / (1 + np.exp(-3.0)), 1 / (1 + np.exp(-0.5))
    assert palms[0].points_px[2] == pytest.approx([104 + 8 * b / (a + b), 104])
    assert palms[0].score == pytest.approx(a)


def test_distant_doubtful_and_empty_boxes_are_told_apart() -> None:
    numbers = detector((0, 1.0, 0, 0, 20), (1100, 4.0, 0, 0, 20), (600, -0.1, 0, 0, 20), (300, 4.0, 0, 0, -1))
    palms = decode_palms(*numbers, (192, 192), 2)
    assert [round(palm.score, 2) for palm in palms] == [0.98, 0.73]
    assert len(decode_palms(*numbers, (192, 192), 1)) == 1
    assert decode_palms(*detector(), (192, 192), 2) == ()
