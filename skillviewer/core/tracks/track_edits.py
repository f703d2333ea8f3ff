"""Corrections of tracks by the user: frames cleared, a track cut in two, two tracks joined."""

from dataclasses import replace

import numpy as np

from skillviewer.core.errors import VideoError
from skillviewer.core.text import counted
from skillviewer.core.tracks.tracks import FrameState, Side, Track, TrackSet


def _found(tracks: TrackSet, name: str) -> Track:
    track = tracks.track(name)
    if track is None:
        raise VideoError(f"There is no track “{name}”.")
    return track


def _rows(tracks: TrackSet, frames: range) -> slice:
    if not frames or frames.start < tracks.frames.start or frames.stop > tracks.frames.stop:
        raise ValueError(f"frames {frames.start} to {frames.stop} are not part of {tracks.frames}")
    return slice(frames.start - tracks.start_frame, frames.stop - tracks.start_frame)


def clear_frames(tracks: TrackSet, name: str, frames: range) -> TrackSet:
    """Return tracks in which one has no points in some frames of the file: a gap where it was wrong.

    Raises:
        VideoError: There is no such track.
        ValueError: The frames are outside the range.
    """
    track = _found(tracks, name)
    return tracks.with_tracks([track.cleared(_rows(tracks, frames))])


def cut_track(tracks: TrackSet, name: str, frame: int) -> TrackSet:
    """Return tracks in which one ends before a frame, and a new track has its points from there on.

    The new track has the next free name, such as "right hand 2", and no side.

    Raises:
        VideoError: There is no such track, or it has no points on one side of the cut.
        ValueError: The frame is outside the range.
    """
    track = _found(tracks, name)
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
    """Return tracks in which one has the points of another one too, and the other is gone.

    Raises:
        VideoError: There are no such tracks, their points differ, or both have points in one frame.
    """
    track = _found(tracks, name)
    added = _found(tracks, other)
    if track.points != added.points or name == other:
        raise VideoError(f"“{name}” and “{other}” cannot be joined: they are not tracks of the same points.")
    n_both = int(np.count_nonzero(track.has_points & added.has_points))
    if n_both:
        raise VideoError(
            f"“{name}” and “{other}” both have points in {counted(n_both, 'frame')}: clear those of one of them first."
        )
    rows = added.has_points
    xy_px = track.xy_px.copy()
    presence = track.presence.copy()
    states = track.states.copy()
    xy_px[rows] = added.xy_px[rows]
    presence[rows] = added.presence[rows]
    states[rows] = added.states[rows]
    newly = (states == FrameState.UNSEARCHED) & (added.states == FrameState.ABSENT)
    states[newly] = FrameState.ABSENT
    joined = replace(track, xy_px=xy_px, presence=presence, states=states)
    return tracks.without([other]).with_tracks([joined])
