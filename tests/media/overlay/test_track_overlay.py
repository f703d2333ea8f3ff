"""Tracks on exported pictures: points in their colours at the right pixels, dashes for guesses, nothing in a gap."""

from dataclasses import replace

import numpy as np

from skillviewer.core.arrays import RGBImage
from skillviewer.core.tracks.track_drawing import COLOURS, draw_tracks
from skillviewer.core.tracks.tracks import FrameState, TrackSet
from skillviewer.media.overlay.track_overlay import paint_tracks
from tests.core.tracks.test_tracks import VIDEO, A, F, I, track


def painted(tracks: TrackSet, frame: int, factor: int = 10) -> RGBImage:
    """Return a black picture with the tracks of a frame, at some times the size of the video's."""
    size = (VIDEO.width_px, VIDEO.height_px)
    picture = np.zeros((size[1] * factor, size[0] * factor, 3), np.uint8)
    return paint_tracks(picture, draw_tracks(tracks, frame), size)


def coloured(picture: RGBImage) -> np.ndarray:
    """Return where the colour of the first other track is, (H, W) bool."""
    colour = [int(COLOURS[2][at : at + 2], 16) for at in (1, 3, 5)]
    return np.asarray((np.abs(picture.astype(int) - colour) < 12).all(axis=2))


def test_a_point_is_drawn_where_it_lies() -> None:
    whole = painted(TrackSet.of_video(VIDEO, tracks=[track(A, A, A, A, F, A)]), 4)
    rows, columns = np.nonzero(coloured(whole))
    assert abs(rows.mean() - (10 * (8 + 0.5) - 0.5)) < 0.6
    assert abs(columns.mean() - (10 * (4 + 0.5) - 0.5)) < 0.6


def test_a_part_of_a_larger_picture_is_painted_alone() -> None:
    canvas = np.zeros((200, 200, 3), np.uint8)
    tracks = TrackSet.of_video(VIDEO, tracks=[track(A, A, A, A, F, A)])
    paint_tracks(canvas[50:98, 60:124], draw_tracks(tracks, 4), (64, 48))
    assert canvas[50:98, 60:124].any()
    canvas[50:98, 60:124] = 0
    assert not canvas.any()


def test_a_guess_is_dashed_and_a_gap_is_nothing() -> None:
    def row_of(*states: FrameState) -> np.ndarray:
        one = track(*states)
        wide = TrackSet.of_video(VIDEO, tracks=[replace(one, xy_px=(one.xy_px * [10, 1]).astype(np.float32))])
        return np.asarray((painted(wide, 5).max(axis=2) > 100).any(axis=0))

    assert row_of(F, F, F, F, F, F)[60:380].all()
    assert 0.3 < row_of(F, I, I, I, F, F)[60:380].mean() < 0.95
    assert not row_of(F, A, A, A, A, A).any()
