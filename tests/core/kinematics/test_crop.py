"""The part of the picture around tracks: their positions with a margin, whole pixels, the picture's aspect ratio."""

import numpy as np
import pytest

from skillviewer.core.analysis.analysis import MapRect
from skillviewer.core.arrays import FloatArray
from skillviewer.core.errors import VideoError
from skillviewer.core.kinematics.crop import crop_rect
from skillviewer.core.tracks.tracks import FrameState, Track, TrackKind, TrackSet
from tests.core.kinematics.test_measures import hand, tracks_of


def point(path: FloatArray) -> Track:
    seen = np.asarray(np.isfinite(path).all(axis=1))
    states = np.where(seen, FrameState.FOUND, FrameState.ABSENT).astype(np.uint8)
    return Track("peg", ("peg",), path[:, None].astype(np.float32), seen[:, None].astype(np.float32), states)


def pixels(rect: MapRect, tracks: TrackSet) -> list[float]:
    width, height = tracks.width_px, tracks.height_px
    return [rect.left * width, rect.top * height, rect.right * width, rect.bottom * height]


def test_a_path_lies_inside_with_a_margin() -> None:
    way = np.stack([np.linspace(300, 500, 200), np.full(200, 239.5)], axis=1)
    tracks = tracks_of(point(way))
    left, top, right, bottom = pixels(crop_rect(tracks, "tracks"), tracks)
    assert (right - left) / (bottom - top) == pytest.approx(640 / 480, rel=0.01)
    assert [left, top, right, bottom] == pytest.approx([round(n) for n in (left, top, right, bottom)])
    # the middle 98 % of the way, and 15 % of its length on each side
    assert right - left == pytest.approx(0.98 * 200 * 1.3, abs=5)
    assert (left + right) / 2 == pytest.approx(400.5, abs=1)
    assert (top + bottom) / 2 == pytest.approx(240, abs=1)


def test_single_wrong_positions_and_gaps_do_not_count() -> None:
    way = np.stack([np.linspace(300, 500, 200), np.full(200, 240.0)], axis=1)
    expected = crop_rect(tracks_of(point(way)), "tracks")
    way[50] = 10, 10
    way[120] = np.nan
    found = crop_rect(tracks_of(point(way)), "tracks")
    assert found.left == pytest.approx(expected.left, abs=0.01)
    assert found.top == pytest.approx(expected.top, abs=0.01)


def test_a_resting_point_gets_some_surroundings_inside_the_picture() -> None:
    tracks = tracks_of(point(np.full((50, 2), 3.0)))
    assert pixels(crop_rect(tracks, "tracks"), tracks) == [0, 0, 192, 144]
    tracks = tracks_of(point(np.tile([[0.0, 0.0], [639.0, 479.0]], (25, 1)).repeat(20, axis=0)))
    assert crop_rect(tracks, "tracks") == MapRect()


def test_hands_alone_count_where_hands_are_asked_for() -> None:
    own = hand(np.tile([[320.0, 200.0]], (50, 1)))
    peg = point(np.full((50, 2), 600.0))
    assert crop_rect(tracks_of(own, peg), "hands") == crop_rect(tracks_of(own), "tracks")
    assert crop_rect(tracks_of(own, peg), "tracks") != crop_rect(tracks_of(own), "tracks")
    with pytest.raises(VideoError, match="no hands"):
        crop_rect(tracks_of(peg), "hands")
    assert own.kind is TrackKind.HAND


def test_a_part_of_a_part_is_a_part_of_the_picture() -> None:
    outer = MapRect(0.2, 0.4, 0.6, 0.8)
    assert MapRect(0.25, 0.5, 0.75, 1.0).within(outer) == MapRect(0.3, 0.6000000000000001, 0.5, 0.8)
    assert MapRect(0.25, 0.5, 0.75, 1.0).within(None) == MapRect(0.25, 0.5, 0.75, 1.0)
