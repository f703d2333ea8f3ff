"""Tracks: gaps are gaps, shapes fit, and tracks of another video are refused."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from skillviewer.core.errors import VideoError
from skillviewer.core.tracks.hand_points import HAND_POINTS, SKELETON
from skillviewer.core.tracks.tracks import (
    FrameState,
    Side,
    Track,
    TrackKind,
    TrackMethod,
    TrackSet,
    gaps,
    nothing_found,
)
from skillviewer.core.video.info import VideoInfo

U, A, F, I = FrameState.UNSEARCHED, FrameState.ABSENT, FrameState.FOUND, FrameState.INTERPOLATED  # noqa: E741


def track(*states: FrameState, name: str = "tip", points: tuple[str, ...] = ("tip",)) -> Track:
    """Return a track whose points lie at (frame, 2 frame) where the states have points."""
    row = np.arange(len(states), dtype=np.float32)
    has = np.array([state.has_points for state in states])
    xy = np.where(has[:, None], np.stack([row, 2 * row], axis=1), np.nan).astype(np.float32)
    xy = np.repeat(xy[:, None], len(points), axis=1)
    presence = np.repeat(has.astype(np.float32)[:, None], len(points), axis=1)
    return Track(name, points, xy, presence, np.array(states, dtype=np.uint8))


VIDEO = VideoInfo(Path("a.mp4"), "d" * 64, np.arange(6) / 25, 64, 48, 0.24, 25.0)


def test_states_tell_what_is_measured() -> None:
    tip = track(U, A, F, I, F, A)
    assert tip.is_measured.tolist() == [False, False, True, False, True, False]
    assert tip.is_searched.tolist() == [False, True, True, False, True, True]
    assert tip.share_seen == 0.5
    assert np.isnan(track(U, U).share_seen)
    assert np.array_equal(tip.path_px("tip")[2:5], [[2, 4], [3, 6], [4, 8]])
    with pytest.raises(KeyError):
        tip.path_px("tail")


def test_arrays_cannot_be_written() -> None:
    with pytest.raises(ValueError, match="read-only"):
        track(F, F).xy_px[0] = 1


def test_gaps_span_frames_that_were_not_searched() -> None:
    assert gaps(track(A, U, A, F, U, A, U, F, A)) == (range(3), range(5, 6), range(8, 9))
    assert gaps(track(F, U, F)) == ()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"presence": np.array([[0.5], [1.0]], np.float32)}, "contradict"),
        ({"presence": np.array([[0.0], [2.0]], np.float32)}, "outside 0 to 1"),
        ({"presence": np.array([[0.0], [np.nan]], np.float32)}, "outside 0 to 1"),
        ({"xy_px": np.array([[[np.nan, 1]], [[1, 2]]], np.float32)}, "half missing"),
        ({"xy_px": np.array([[[np.nan, np.nan]], [[np.inf, 2]]], np.float32)}, "infinite"),
        ({"states": np.array([F, F], np.uint8)}, "without points"),
        ({"states": np.array([A, A], np.uint8)}, "in a gap"),
        ({"states": np.array([A, 9], np.uint8)}, "unknown"),
        ({"states": np.array([A, F, F], np.uint8)}, "coordinates"),
        ({"xy_px": np.zeros((2, 1, 2))}, "arrays of float64"),
        ({"points": ("a", "a")}, "different names"),
    ],
)
def test_contradictions_are_refused(changes: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        replace(track(A, F), **changes)  # type: ignore[arg-type]


def test_a_set_covers_a_range_of_the_file() -> None:
    tracks = TrackSet.of_video(VIDEO, tracks=[track(A, A, F, F, F, A)])
    part = tracks.within(range(2, 5))
    assert part.frames == range(2, 5)
    assert np.array_equal(part.points_at(3)["tip"], [[3, 6]])
    assert part.points_at(5) == {}
    assert tracks.points_at(0) == {}
    assert tracks.rate_hz == pytest.approx(25)
    with pytest.raises(ValueError, match="not part"):
        part.within(range(6))
    with pytest.raises(ValueError, match="one name"):
        TrackSet.of_video(VIDEO, range(2), [track(A, A), track(A, A)])
    with pytest.raises(ValueError, match="has 3 frames"):
        TrackSet.of_video(VIDEO, range(2), [track(A, A, A)])


def test_tracks_are_added_replaced_and_removed_by_name() -> None:
    tracks = TrackSet.of_video(VIDEO, range(2), [track(A, A)])
    more = tracks.with_tracks([track(F, F), track(F, A, name="peg")])
    assert [t.name for t in more.tracks] == ["tip", "peg"]
    tip = more.track("tip")
    assert tip is not None
    assert tip.share_seen == 1
    assert [t.name for t in more.without(["tip"]).tracks] == ["peg"]
    assert more.hands == ()


@pytest.mark.parametrize(
    ("changes", "message"),
    [({"width_px": 32}, "32 × 48"), ({"times_s": np.arange(9) / 25}, "has 9"), ({"digest": "e" * 64}, "another video")],
)
def test_tracks_of_another_video_are_refused(changes: dict[str, object], message: str) -> None:
    tracks = TrackSet.of_video(VIDEO)
    tracks.check_video(VIDEO)
    with pytest.raises(VideoError, match=message):
        tracks.check_video(replace(VIDEO, **changes))  # type: ignore[arg-type]


def test_an_empty_track_says_that_nothing_was_found() -> None:
    states = np.full(6, A, dtype=np.uint8)
    facts = {"kind": TrackKind.HAND, "side": Side.LEFT, "method": TrackMethod.HAND_NETWORK}
    empty = Track.empty("left hand", HAND_POINTS, states, made_by="test", **facts)  # type: ignore[arg-type]
    tracks = TrackSet.of_video(VIDEO, tracks=[empty])
    assert tracks.hands == (empty,)
    assert nothing_found(tracks) == "No hand was found in 00:00.000 to 00:00.200."
    assert nothing_found(tracks.with_tracks([track(A, A, A, A, A, F)])) == ""


def test_the_skeleton_joins_all_points_of_a_hand() -> None:
    assert len(HAND_POINTS) == 21
    assert {i for line in SKELETON for i in line} == set(range(21))
