"""Points and lines to draw for the tracks of one frame; the window and the exports turn them into pixels.

- Nothing is drawn in a gap.
- Lines through interpolated points are dashed.
- In a frame that was not searched, the points of the last searched frame are drawn, and marked as held.
"""

from dataclasses import dataclass

import numpy as np

from skillviewer.core.arrays import Float32Array, ReadOnly
from skillviewer.core.tracks.hand_points import HAND_POINTS, MIDDLE_KNUCKLE, SKELETON
from skillviewer.core.tracks.tracks import FrameState, Side, Track, TrackKind, TrackSet

TRAIL_S = 1.0
"""Length of a trail in seconds; it ends at the frame on screen."""

MAX_HELD_S = 0.1
"""Longest time in seconds for which the points of the last searched frame are drawn in unsearched frames."""

MAX_TRAILS = 8
"""Greatest number of points of a track with trails; more trails would cover the picture."""

_MAX_STEP_S = 0.25
"""Longest time between two searched frames that a trail joins."""

_HAND_LABELS = {Side.LEFT: "L", Side.RIGHT: "R", Side.UNKNOWN: ""}

N_HAND_COLOURS = 2
"""Number of colours of hands, at the start of ``COLOURS``."""

COLOURS = ("#5cd0f7", "#c3f25a", "#f7a8d0", "#d9c8ff", "#ffd3a6", "#f4f4f4")
"""Colours of points over a picture: left hand, right hand, then other tracks. The colour maps have none of them."""


@dataclass(frozen=True, slots=True, repr=False)
class TrackDrawing(ReadOnly):
    """One track in one frame.

    Attributes:
        name: Name of the track.
        label: Letter at the wrist of a hand, "L" or "R"; "" for other tracks.
        points_px: (P, 2) float32, points in pixels of the picture, NaN where one was not found; (0, 2) in a gap.
        colour_indices: P indices of ``COLOURS``.
        bones: Pairs of points that a line joins.
        trails: Lines of the last second, each as index of its colour and (m, 2) points in pixels.
        dashed_trails: Such lines through interpolated points.
        is_held: True if the points are those of an earlier frame, since this one was not searched.
        is_interpolated: True if the points were not measured in this frame.
        is_anchored: True if the user set the points in this frame.
    """

    name: str
    label: str
    points_px: Float32Array
    colour_indices: tuple[int, ...]
    bones: tuple[tuple[int, int], ...]
    trails: tuple[tuple[int, Float32Array], ...]
    dashed_trails: tuple[tuple[int, Float32Array], ...]
    is_held: bool = False
    is_interpolated: bool = False
    is_anchored: bool = False


def colour_indices_of(tracks: TrackSet) -> dict[str, tuple[int, ...]]:
    """Return the index in ``COLOURS`` of every point, by name of the track; hands have one colour each."""
    colour_indices: dict[str, tuple[int, ...]] = {}
    n_other_colours = len(COLOURS) - N_HAND_COLOURS
    n_colours_used = 0  # of the colours after those of hands
    for track in tracks.tracks:
        n_points = len(track.points)
        if track.kind is TrackKind.HAND and track.side is not Side.UNKNOWN:
            hand_index = 0 if track.side is Side.LEFT else 1
            colour_indices[track.name] = (hand_index,) * n_points
            continue
        if track.kind is TrackKind.HAND:
            other_colours = [n_colours_used] * n_points
            n_colours_used += 1
        else:
            other_colours = list(range(n_colours_used, n_colours_used + n_points))
            n_colours_used += n_points
        colour_indices[track.name] = tuple(N_HAND_COLOURS + number % n_other_colours for number in other_colours)
    return colour_indices


def draw_tracks(tracks: TrackSet, frame: int) -> tuple[TrackDrawing, ...]:
    """Return the drawing of every track that has points, or a trail, in a frame of the file."""
    if frame not in tracks.frames:
        return ()
    row = frame - tracks.start_frame
    colour_indices = colour_indices_of(tracks)
    drawings = (_drawing(tracks, track, row, colour_indices[track.name]) for track in tracks.tracks)
    return tuple(drawing for drawing in drawings if len(drawing.points_px) or drawing.trails or drawing.dashed_trails)


def _drawing(tracks: TrackSet, track: Track, row: int, colour_indices: tuple[int, ...]) -> TrackDrawing:
    searched_row = _searched_row(tracks, track, row)
    shown_row = None
    if searched_row is not None and track.has_points[searched_row]:
        shown_row = searched_row
    is_hand = track.points == HAND_POINTS
    points_px = track.xy_px[shown_row] if shown_row is not None else np.zeros((0, 2), dtype=np.float32)
    state = FrameState(int(track.states[shown_row])) if shown_row is not None else FrameState.ABSENT
    trails: list[tuple[int, Float32Array]] = []
    dashed_trails: list[tuple[int, Float32Array]] = []
    points_with_trail = (MIDDLE_KNUCKLE,) if is_hand else tuple(range(len(track.points)))
    if searched_row is None or len(points_with_trail) > MAX_TRAILS:
        points_with_trail = ()
    for point in points_with_trail:
        for line, is_dashed in _trail(tracks, track, point, row):
            coloured_line = (colour_indices[point], line)
            if is_dashed:
                dashed_trails.append(coloured_line)
            else:
                trails.append(coloured_line)
    label = _HAND_LABELS[track.side] if is_hand else ""
    bones = SKELETON if is_hand else ()
    return TrackDrawing(
        name=track.name,
        label=label,
        points_px=points_px,
        colour_indices=colour_indices,
        bones=bones,
        trails=tuple(trails),
        dashed_trails=tuple(dashed_trails),
        is_held=shown_row is not None and shown_row != row,
        is_interpolated=state is FrameState.INTERPOLATED,
        is_anchored=state is FrameState.ANCHORED,
    )


def _searched_row(tracks: TrackSet, track: Track, row: int) -> int | None:
    """Return the last searched row up to this row, at most ``MAX_HELD_S`` earlier; None if there is none."""
    start = int(np.searchsorted(tracks.times_s, tracks.times_s[row] - MAX_HELD_S))
    searched = np.flatnonzero(track.states[start : row + 1] != FrameState.UNSEARCHED)
    return start + int(searched[-1]) if len(searched) else None


@dataclass(slots=True)
class _TrailLine:
    """A line of a trail."""

    rows: list[int]  # rows of the track that the line goes through
    is_dashed: bool  # True if at least one end of each of its segments is interpolated


def _trail(tracks: TrackSet, track: Track, point: int, row: int) -> list[tuple[Float32Array, bool]]:
    """Return the lines of the last second up to a row, each with True if its points are interpolated."""
    start = int(np.searchsorted(tracks.times_s, tracks.times_s[row] - TRAIL_S - 1e-6))
    lines: list[_TrailLine] = []
    previous_row: int | None = None  # the last searched row; None if it lacks the point
    for trail_row in range(start, row + 1):
        state = FrameState(int(track.states[trail_row]))
        if state is FrameState.UNSEARCHED:
            continue
        if not state.has_points or not np.isfinite(track.xy_px[trail_row, point]).all():
            previous_row = None
            continue
        if previous_row is not None and tracks.times_s[trail_row] - tracks.times_s[previous_row] <= _MAX_STEP_S:
            previous_state = FrameState(int(track.states[previous_row]))
            is_dashed = FrameState.INTERPOLATED in {state, previous_state}
            last_line = lines[-1] if lines else None
            if last_line is not None and last_line.is_dashed == is_dashed and last_line.rows[-1] == previous_row:
                last_line.rows.append(trail_row)
            else:
                lines.append(_TrailLine([previous_row, trail_row], is_dashed))
        previous_row = trail_row
    return [(track.xy_px[line.rows, point], line.is_dashed) for line in lines]
