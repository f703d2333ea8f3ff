"""The drawing of tracks: gaps are nothing, guesses are dashed, and hands have two colours."""

from dataclasses import replace

import numpy as np

from skillviewer.core.tracks.hand_points import HAND_POINTS, SKELETON
from skillviewer.core.tracks.track_drawing import TRAIL_S, colour_indices_of, draw_tracks
from skillviewer.core.tracks.tracks import FrameState, Side, TrackKind, TrackSet
from tests.core.tracks.test_tracks import VIDEO, A, F, I, U, track


def hand(name: str, side: Side, *states: FrameState) -> TrackSet:
    made = replace(track(*states, name=name, points=HAND_POINTS), kind=TrackKind.HAND, side=side)
    return TrackSet.of_video(VIDEO, tracks=[made])


def test_a_gap_shows_no_point_and_breaks_the_trail() -> None:
    tracks = TrackSet.of_video(VIDEO, tracks=[track(F, F, A, F, F, A)])
    (drawing,) = draw_tracks(tracks, 5)
    assert not len(drawing.points_px)
    assert [line[:, 0].tolist() for _, line in drawing.trails] == [[0, 1], [3, 4]]
    (drawing,) = draw_tracks(tracks, 4)
    assert drawing.points_px.tolist() == [[4, 8]]
    assert draw_tracks(TrackSet.of_video(VIDEO, tracks=[track(A, A, A, A, A, A)]), 3) == ()
    assert draw_tracks(tracks, 9) == ()


def test_interpolated_points_are_dashed_and_said_to_be_so() -> None:
    (drawing,) = draw_tracks(TrackSet.of_video(VIDEO, tracks=[track(F, F, I, I, F, F)]), 5)
    assert [line[:, 0].tolist() for _, line in drawing.dashed_trails] == [[1, 2, 3, 4]]
    assert [line[:, 0].tolist() for _, line in drawing.trails] == [[0, 1], [4, 5]]
    (drawing,) = draw_tracks(TrackSet.of_video(VIDEO, tracks=[track(F, F, I, I, F, F)]), 3)
    assert drawing.is_interpolated


def test_frames_that_were_not_searched_hold_the_points_for_a_moment() -> None:
    (drawing,) = draw_tracks(TrackSet.of_video(VIDEO, tracks=[track(F, U, U, U, U, U)]), 1)
    assert drawing.is_held
    assert drawing.points_px.tolist() == [[0, 0]]
    assert draw_tracks(TrackSet.of_video(VIDEO, tracks=[track(F, U, U, U, U, U)]), 5) == ()


def test_a_trail_is_a_second_long() -> None:
    n = 100
    times_s = np.arange(n) / 25
    tracks = TrackSet("d" * 64, 64, 48, n, 0, times_s, (track(*[F] * n),))
    ((_, line),) = draw_tracks(tracks, 80)[0].trails
    assert len(line) == 25 * TRAIL_S + 1


def test_hands_have_a_colour_a_letter_and_a_skeleton_each() -> None:
    left = hand("left hand", Side.LEFT, F, F, F, F, F, F)
    both = left.with_tracks(hand("right hand", Side.RIGHT, F, F, F, F, F, F).tracks)
    both = both.with_tracks([track(F, F, F, F, F, F, points=("a", "b"))])
    drawings = draw_tracks(both, 2)
    assert [d.label for d in drawings] == ["L", "R", ""]
    assert [set(d.colour_indices) for d in drawings] == [{0}, {1}, {2, 3}]
    assert drawings[0].bones == SKELETON
    assert colour_indices_of(both)["tip"] == (2, 3)
