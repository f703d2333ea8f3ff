"""Regions of hands: geometry by hand, and published conventions of angles."""

import math

import numpy as np
import pytest

from skillviewer.core.tracks.hand_regions import HandRegion, add_region, region_of_landmarks, region_of_palm, wrap_angle


def test_an_upright_palm_moves_its_region_towards_the_fingers() -> None:
    points = np.zeros((7, 2))
    points[0], points[2] = (50, 80), (50, 40)  # the wrist below the knuckle
    region = region_of_palm(np.array([30.0, 40, 40, 40]), points)
    assert (region.x_px, region.y_px) == pytest.approx((50, 40))  # half a height above the box's centre
    assert region.side_px == pytest.approx(104)
    assert region.angle_rad == pytest.approx(0)


def test_a_hand_that_points_to_the_right_is_turned_by_a_quarter_clockwise() -> None:
    points = np.zeros((7, 2))
    points[0], points[2] = (20, 50), (60, 50)
    region = region_of_palm(np.array([20.0, 30, 40, 40]), points)
    assert region.angle_rad == pytest.approx(math.pi / 2)
    assert (region.x_px, region.y_px) == pytest.approx((60, 50))
    # up in the region is right in the picture
    assert np.allclose(region.to_picture(np.array([[0.5, 0.0]])), [[60 + region.side_px / 2, 50]])


def test_regions_turn_and_scale_with_the_landmarks() -> None:
    landmarks = np.random.default_rng(1).uniform(100, 200, (21, 2))
    region = region_of_landmarks(landmarks)
    turn, scale, shift = 0.7, 1.5, np.array([30.0, -20.0])
    matrix = scale * np.array([[math.cos(turn), -math.sin(turn)], [math.sin(turn), math.cos(turn)]])
    turned = region_of_landmarks(landmarks @ matrix.T + shift)
    assert turned.side_px > 0
    assert wrap_angle(turned.angle_rad - region.angle_rad - turn) == pytest.approx(0, abs=1e-9)


def test_a_region_contains_the_landmarks_of_an_upright_hand() -> None:
    landmarks = np.zeros((21, 2))
    landmarks[:, 0] = 50
    landmarks[0] = (50, 100)
    for finger, x in enumerate((30, 40, 50, 60, 70)):
        for joint in range(4):
            landmarks[1 + 4 * finger + joint] = (x, 70 - 10 * joint)
    region = region_of_landmarks(landmarks)
    assert region.angle_rad == pytest.approx(0)
    # box of palm and first joints: x 30 to 70, y 50 (thumb ip) to 100; height 50, doubled; moved up by a tenth
    assert region.side_px == pytest.approx(100)
    assert (region.x_px, region.y_px) == pytest.approx((50, 70))


def test_a_new_region_replaces_those_it_overlaps() -> None:
    first, near, far = HandRegion(50, 50, 20, 0.3), HandRegion(52, 50, 20, 2.0), HandRegion(90, 50, 20, 0)
    assert first.overlap(near) == pytest.approx(18 * 20 / (800 - 360))
    assert first.overlap(far) == 0
    assert add_region([first, far], near) == [far, near]
    assert HandRegion(0, 0, 0, 0).overlap(HandRegion(0, 0, 0, 0)) == 0


def test_angles_wrap() -> None:
    assert wrap_angle(3.5 * math.pi) == pytest.approx(-math.pi / 2)
