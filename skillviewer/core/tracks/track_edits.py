"""Corrections of tracks by the user: frames cleared, a track cut in two, two tracks joined."""

from dataclasses import replace

import numpy as np

from skillviewer.core.errors import VideoError
from skillviewer.core.text import counted
from skillviewer.core.tracks.tracks import FrameState, Side, Track, TrackSet


def _require_track(tracks: TrackSet, name: str) -> Track:
    track = tracks.track(name)
    if track is None:
        raise VideoError(f"There is no track “{name}”.")
    return track


def _rows(tracks: TrackSet, frames: range) -> slice:
    if not frames or frames.start < tracks.frames.start or frames.stop > tracks.frames.stop:
        raise ValueError(f"frames {frames.start} to {frames.stop} are not part of {tracks.frames}")
    return slice(frames.start - tracks.start_frame, frames.stop - tracks.start_frame)


def clear_frames(tracks: TrackSet, name: str, frames: range) -> TrackSet:
    """Return the tracks with a gap in one of them, in the given frames of the file.

    Raises:
        VideoError: There is no such track.
        ValueError: The frames are outside the range.
    """
    track = _require_track(tracks, name)
    return tracks.with_tracks([track.cleared(_rows(tracks, frames))])


def cut_track(tracks: TrackSet, name: str, frame: int) -> TrackSet:
    """Return the tracks with one of them cut in two at a frame.

    A new track has the points from the frame on. Its name is the next free one, such as "right hand 2", and it has no
    side.

    Raises:
        VideoError: There is no such track, or it has no points on one side of the cut.
        ValueError: The frame is outside the range.
    """
    track = _require_track(tracks, name)
    if frame not in tracks.frames:
        raise ValueError(f"frame {frame} is not part of {tracks.frames}")
    row = frame - tracks.start_frame
    if not track.has_points[:row].any() or not track.has_points[row:].any():
        raise VideoError(f"“{name}” has points on one side of frame {frame + 1} only: there is nothing to cut.")
    number = 2
    while tracks.track(f"{name} {number}") is not None:
        number += 1
    later = replace(track.cleared(slice(0, row)), name=f"{name} {number}", side=Side.UNKNOWN)
    return tracks.with_tracks([track.cleared(slice(row, None)), later])


def join_tracks(tracks: TrackSet, name: str, other: str) -> TrackSet:
    """Return the tracks with one of them joined to another, which is removed.

    Raises:
        VideoError: There are no such tracks, their points differ, or both have points in one frame.
    """
    track = _require_track(tracks, name)
    added_track = _require_track(tracks, other)
    if track.points != added_track.points or name == other:
        raise VideoError(f"“{name}” and “{other}” cannot be joined: they are not tracks of the same points.")
    n_both = int(np.count_nonzero(track.has_points & added_track.has_points))
    if n_both:
        raise VideoError(
            f"“{name}” and “{other}” both have points in {counted(n_both, 'frame')}: clear those of one of them first."
        )
    rows = added_track.has_points
    xy_px = track.xy_px.copy()
    presence = track.presence.copy()
    states = track.states.copy()
    xy_px[rows] = added_track.xy_px[rows]
    presence[rows] = added_track.presence[rows]
    states[rows] = added_track.states[rows]
    # a frame was searched if it was searched for either track
    is_searched_now = (states == FrameState.UNSEARCHED) & (added_track.states == FrameState.ABSENT)
    states[is_searched_now] = FrameState.ABSENT
    joined = replace(track, xy_px=xy_px, presence=presence, states=states)
    return tracks.without([other]).with_tracks([joined])
