"""Corrections of tracks: what is cleared, cut and joined, and what is refused."""

import numpy as np
import pytest

from skillviewer.core.errors import VideoError
from skillviewer.core.tracks.track_edits import clear_frames, cut_track, join_tracks
from skillviewer.core.tracks.tracks import FrameState, TrackSet
from tests.core.tracks.test_tracks import VIDEO, A, F, U, track


def tracks_of(*states: FrameState) -> TrackSet:
    return TrackSet.of_video(VIDEO, tracks=[track(*states)])


def test_a_cut_and_a_join_are_reverses_of_each_other() -> None:
    whole = tracks_of(F, F, A, F, F, U)
    cut = cut_track(whole, "tip", 3)
    first, second = cut.tracks
    assert first.has_points.tolist() == [True, True, False, False, False, False]
    assert (second.name, second.has_points.tolist()) == ("tip 2", [False, False, False, True, True, False])
    assert cut_track(cut, "tip", 1).tracks[-1].name == "tip 3"
    again = join_tracks(cut, "tip", "tip 2")
    assert [one.name for one in again.tracks] == ["tip"]
    assert np.array_equal(again.tracks[0].xy_px, whole.tracks[0].xy_px, equal_nan=True)
    assert again.tracks[0].states.tolist() == whole.tracks[0].states.tolist()


def test_cleared_frames_are_a_gap_and_others_stay() -> None:
    cleared = clear_frames(tracks_of(F, F, F, U, F, F), "tip", range(1, 4)).tracks[0]
    assert cleared.states.tolist() == [F, A, A, U, F, F]
    assert np.isfinite(cleared.xy_px[[0, 4, 5]]).all()


def test_what_cannot_be_cut_or_joined_is_refused() -> None:
    tracks = tracks_of(A, F, F, A, A, A)
    with pytest.raises(VideoError, match="one side"):
        cut_track(tracks, "tip", 1)
    with pytest.raises(VideoError, match="no track"):
        clear_frames(tracks, "tail", range(2))
    both = tracks.with_tracks([track(A, A, F, F, A, A, name="other")])
    with pytest.raises(VideoError, match="1 frame"):
        join_tracks(both, "tip", "other")
    with pytest.raises(VideoError, match="same points"):
        join_tracks(both.with_tracks([track(F, A, A, A, A, A, name="b", points=("b",))]), "tip", "b")
    with pytest.raises(ValueError, match="not part"):
        clear_frames(tracks, "tip", range(4, 9))
