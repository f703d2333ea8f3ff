"""Rotated squares: against an independent interpolation, and the two kinds of border."""

import math

import numpy as np
from scipy.ndimage import map_coordinates

from skillviewer.media.cutting import cut_square

PICTURE = np.random.default_rng(0).integers(0, 256, (90, 120, 3), dtype=np.uint8)
SMOOTH = np.stack(np.broadcast_arrays(*np.mgrid[0:90, 0:120] * 2, np.int64(7)), axis=-1).astype(np.uint8)


def test_a_turned_square_is_that_of_an_independent_interpolation() -> None:
    angle, side, size, centre = 0.6, 40.0, 32, (60.0, 45.0)
    found = cut_square(SMOOTH, centre, side, angle, size, "black")
    v, u = np.mgrid[:size, :size] / size - 0.5
    x = centre[0] + side * (math.cos(angle) * u - math.sin(angle) * v)
    y = centre[1] + side * (math.sin(angle) * u + math.cos(angle) * v)
    for channel in range(3):
        expected = map_coordinates(SMOOTH[..., channel].astype(float), [y, x], order=1)
        assert np.abs(found[..., channel] - expected).max() <= 1


def test_an_upright_square_of_the_same_size_is_the_picture_itself() -> None:
    assert np.array_equal(cut_square(PICTURE, (50, 40), 20, 0.0, 20, "black"), PICTURE[30:50, 40:60])


def test_beyond_the_picture_it_is_black_or_like_the_edge() -> None:
    white = np.full((20, 20, 3), 255, np.uint8)
    black = cut_square(white, (0, 0), 20, 0.0, 20, "black")
    assert (black[:9, :9] == 0).all()
    assert (black[11:, 11:] == 255).all()
    assert (cut_square(white, (0, 0), 20, 0.0, 20, "nearest") == 255).all()
