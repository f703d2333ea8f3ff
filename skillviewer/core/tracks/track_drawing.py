"""The tracks of one frame, resolved to points and lines of the picture; no colours of pixels yet.

Window and exports draw the same values. A gap is drawn as nothing, what is interpolated as a dashed line, and points
that are held from an earlier searched frame are marked as held.
"""

from dataclasses import dataclass

import numpy as np

from skillviewer.core.arrays import Float32Array, ReadOnly
from skillviewer.core.tracks.hand_points import HAND_POINTS, MIDDLE_KNUCKLE, SKELETON
from skillviewer.core.tracks.tracks import FrameState, Side, Track, TrackKind, TrackSet

TRAIL_S = 1.0
"""Length of a trail, before the frame on screen."""

MAX_HELD_S = 0.1
"""Longest time over which points are held where not every frame was searched."""

MAX_TRAILS = 8
"""A track of more points has no trails: they would cover the picture."""

_MAX_STEP_S = 0.25
"""Longest time between two searched frames that a trail joins."""

_HAND_LABELS = {Side.LEFT: "L", Side.RIGHT: "R", Side.UNKNOWN: ""}

COLOURS = ("#5cd0f7", "#c3f25a", "#f7a8d0", "#d9c8ff", "#ffd3a6", "#f4f4f4")
"""Colours of points over a picture: left hand, right hand, then those of other tracks. None is in the colour maps."""


@dataclass(frozen=True, slots=True, repr=False)
class TrackDrawing(ReadOnly):
    """One track in one frame.

    Attributes:
        name: Name of the track.
        label: Letter at the wrist of a hand, "L" or "R"; "" for other tracks.
        points_px: (P, 2) float32, points in pixels of the picture, NaN where one was not found; (0, 2) in a gap.
        colour_indices: P indices of ``COLOURS``.
        bones: Pairs of points that a line joins.
        trails: Lines of the last second, (m, 2) each, with the index of their colour.
        dashed: The same, where the points are interpolated.
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
    dashed: tuple[tuple[int, Float32Array], ...]
    is_held: bool = False
    is_interpolated: bool = False
    is_anchored: bool = False


def colour_indices_of(tracks: TrackSet) -> dict[str, tuple[int, ...]]:
    """Return the index in ``COLOURS`` of every point, by name of the track; hands have one colour each."""
    colour_indices: dict[str, tuple[int, ...]] = {}
    next_index = 2  # after the two colours of hands
    for track in tracks.tracks:
        n_points = len(track.points)
        if track.kind is TrackKind.HAND and track.side is not Side.UNKNOWN:
            hand_index = 0 if track.side is Side.LEFT else 1
            colour_indices[track.name] = (hand_index,) * n_points
            continue
        n_colours = 1 if track.kind is TrackKind.HAND else n_points
        numbers = range(next_index - 2, next_index - 2 + n_colours)
        indices = tuple(2 + number % (len(COLOURS) - 2) for number in numbers)
        next_index += n_colours
        colour_indices[track.name] = indices if n_colours == n_points else indices * n_points
    return colour_indices


def draw_tracks(tracks: TrackSet, frame: int) -> tuple[TrackDrawing, ...]:
    """Return the drawing of every track that has points, or a trail, in a frame of the file."""
    if frame not in tracks.frames:
        return ()
    row = frame - tracks.start_frame
    colour_indices = colour_indices_of(tracks)
    drawings = (_drawing(tracks, track, row, colour_indices[track.name]) for track in tracks.tracks)
    return tuple(drawing for drawing in drawings if len(drawing.points_px) or drawing.trails or drawing.dashed)


def _drawing(tracks: TrackSet, track: Track, row: int, colour_indices: tuple[int, ...]) -> TrackDrawing:
    searched_row = _searched_row(tracks, track, row)
    shown_row = None
    if searched_row is not None and track.has_points[searched_row]:
        shown_row = searched_row
    is_hand = track.points == HAND_POINTS
    points_px = track.xy_px[shown_row] if shown_row is not None else np.zeros((0, 2), dtype=np.float32)
    state = FrameState(int(track.states[shown_row])) if shown_row is not None else FrameState.ABSENT
    trails: list[tuple[int, Float32Array]] = []
    dashed: list[tuple[int, Float32Array]] = []
    points_with_trail = (MIDDLE_KNUCKLE,) if is_hand else tuple(range(len(track.points)))
    if searched_row is None or len(points_with_trail) > MAX_TRAILS:
        points_with_trail = ()
    for point in points_with_trail:
        for line, is_dashed in _trail(tracks, track, point, row):
            coloured_line = (colour_indices[point], line)
            if is_dashed:
                dashed.append(coloured_line)
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
        dashed=tuple(dashed),
        is_held=shown_row is not None and shown_row != row,
        is_interpolated=state is FrameState.INTERPOLATED,
        is_anchored=state is FrameState.ANCHORED,
    )


def _searched_row(tracks: TrackSet, track: Track, row: int) -> int | None:
    """Return this row, or, if it was not searched, the last searched one near by; None without any."""
    start = int(np.searchsorted(tracks.times_s, tracks.times_s[row] - MAX_HELD_S))
    searched = np.flatnonzero(track.states[start : row + 1] != FrameState.UNSEARCHED)
    return start + int(searched[-1]) if len(searched) else None


def _trail(tracks: TrackSet, track: Track, point: int, row: int) -> list[tuple[Float32Array, bool]]:
    """Return the lines of the last second up to a row, each with True if one of its ends is interpolated."""
    start = int(np.searchsorted(tracks.times_s, tracks.times_s[row] - TRAIL_S - 1e-6))
    lines: list[tuple[list[int], bool]] = []  # rows that a line goes through
    before: int | None = None  # the last searched row, if it has the point
    for trail_row in range(start, row + 1):
        state = FrameState(int(track.states[trail_row]))
        if state is FrameState.UNSEARCHED:
            continue
        if not state.has_points or not np.isfinite(track.xy_px[trail_row, point]).all():
            before = None
            continue
        if before is not None and tracks.times_s[trail_row] - tracks.times_s[before] <= _MAX_STEP_S:
            is_dashed = FrameState.INTERPOLATED in {state, FrameState(int(track.states[before]))}
            if lines and lines[-1][1] == is_dashed and lines[-1][0][-1] == before:
                lines[-1][0].append(trail_row)
            else:
                lines.append(([before, trail_row], is_dashed))
        before = trail_row
    return [(track.xy_px[rows, point], is_dashed) for rows, is_dashed in lines]
