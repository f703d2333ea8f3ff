"""Reader of CVAT's XML 1.1 of videos: tracks of points, boxes and skeletons."""

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from skillviewer.core.tracks.tracks import FrameState
from skillviewer.data.safe_xml import read_xml
from skillviewer.data.tracks.raw_tracks import RawTrack, RawTracks, check_limits

if TYPE_CHECKING:
    from collections.abc import Iterable
    from xml.etree.ElementTree import Element

OUTLINE = "a shape other than points, boxes and skeletons"

_FORMS = {"points", "box"}
_OUTLINES = {"polygon", "polyline", "mask", "ellipse", "cuboid"}

_BY_RANK = (FrameState.ANCHORED, FrameState.INTERPOLATED, FrameState.ABSENT)
"""States of points. The state of a skeleton is the first of them that one of its points has."""

_Series = dict[int, tuple[FrameState, list[tuple[float, float]]]]
"""State and positions by frame. An object that is outside the picture has no positions."""


def read_cvat(path: Path) -> RawTracks:
    """Return the tracks of CVAT's XML: all points, the centres of boxes, and the points of skeletons.

    The annotator set the positions of key frames. CVAT or this function interpolates between them.

    Raises:
        ValueError: The file has other XML, or no track of points, boxes or skeletons.
        xml.etree.ElementTree.ParseError: The file is no XML.
    """
    root = read_xml(path)
    if root.tag != "annotations":
        raise ValueError(f"its root is <{root.tag}> and not <annotations>")
    all_tracks = root.findall("track")
    tracks = [track for track in all_tracks if not _FORMS.isdisjoint(shape.tag for shape in track.iter())]
    if not tracks:
        raise ValueError("it has no track of points, boxes or skeletons")
    shapes = [shape for track in all_tracks for shape in track]
    n_outlines = sum(shape.tag in _OUTLINES and shape.get("outside") != "1" for shape in shapes)
    size = root.find("meta//original_size")
    size_px = None
    if size is not None:
        size_px = (int(size.findtext("width", "0")), int(size.findtext("height", "0")))
    check_limits(len(tracks), 1, 1)
    labels = [track.get("label") or "track" for track in tracks]
    n_with_label = Counter(labels)
    raw_tracks = []
    for track, label in zip(tracks, labels, strict=True):
        name = label if n_with_label[label] == 1 else f"{label} {track.get('id', '')}".strip()
        raw_tracks.append(_read_track(track, name))
    return RawTracks(
        tuple(raw_tracks), origin_at_corner=True, size_px=size_px, left_out_positions=((OUTLINE, n_outlines),)
    )


def _read_track(track: "Element", name: str) -> RawTrack:
    """Return a track of points, boxes or skeletons.

    A skeleton has its points as shapes of its frames, or a track for each point.
    """
    skeleton_points: dict[str, list[tuple[int, Element]]] = {}
    for shape in track:
        if shape.tag == "skeleton":
            for point in shape.findall("points"):
                skeleton_points.setdefault(_point_name(point), []).append((_frame(shape), point))
        elif shape.tag == "track":
            points_by_frame = [(_frame(point), point) for point in shape.findall("points")]
            skeleton_points.setdefault(_point_name(shape), []).extend(points_by_frame)
    if skeleton_points:
        check_limits(1, len(skeleton_points), 1)
        point_series = {label: _series(shapes, f"{name}, {label}", 1) for label, shapes in skeleton_points.items()}
        return _join_points(name, point_series)
    series = _series([(_frame(shape), shape) for shape in track if shape.tag in _FORMS], name)
    n_points = max((1, *(len(positions) for _, positions in series.values())))
    points: tuple[str, ...] = ("point",)
    if track.find("box") is not None:
        points = ("centre",)
    elif n_points > 1:
        points = tuple(f"point_{number}" for number in range(n_points))
    return _make_track(name, points, series)


def _frame(shape: "Element") -> int:
    return int(shape.get("frame", ""))


def _point_name(shape: "Element") -> str:
    return shape.get("label") or "point"


def _series(shapes: "Iterable[tuple[int, Element]]", name: str, n_expected: int | None = None) -> _Series:
    """Return the positions of an object in every frame from its first shape to its last.

    Raises:
        ValueError: The shapes have different numbers of points, or not ``n_expected``.
    """
    stated_series: _Series = {}
    for frame, shape in shapes:
        if shape.get("outside") == "1":
            stated_series.setdefault(frame, (FrameState.ABSENT, []))
        else:
            is_key = shape.get("keyframe", "1") == "1"
            state = FrameState.ANCHORED if is_key else FrameState.INTERPOLATED
            stated_series[frame] = (state, _positions(shape))
    sizes = {len(positions) for state, positions in stated_series.values() if state.has_points}
    differs_from_expected = n_expected is not None and bool(sizes - {n_expected})
    if len(sizes) > 1 or differs_from_expected:
        raise ValueError(f"the track “{name}” has different numbers of points")
    stated_frames = sorted(stated_series)
    n_frames = stated_frames[-1] - stated_frames[0] + 1 if stated_frames else 0
    check_limits(1, max(sizes, default=1), n_frames)
    series: _Series = {}
    for frame, next_frame in zip(stated_frames, [*stated_frames[1:], None], strict=True):
        series[frame] = stated_series[frame]
        state, positions = stated_series[frame]
        if next_frame is None or not state.has_points:
            continue
        # as in CVAT, a visible object keeps its last positions until it is marked as outside
        _, next_positions = stated_series[next_frame]
        if not next_positions:
            next_positions = positions
        for frame_between in range(frame + 1, next_frame):
            share = (frame_between - frame) / (next_frame - frame)
            series[frame_between] = (FrameState.INTERPOLATED, _between(positions, next_positions, share))
    return series


def _between(
    start: list[tuple[float, float]], stop: list[tuple[float, float]], share: float
) -> list[tuple[float, float]]:
    positions = []
    for (start_x, start_y), (stop_x, stop_y) in zip(start, stop, strict=True):
        x = (1 - share) * start_x + share * stop_x
        y = (1 - share) * start_y + share * stop_y
        positions.append((x, y))
    return positions


def _join_points(name: str, points: dict[str, _Series]) -> RawTrack:
    """Return the track of a skeleton from the series of its points."""
    nowhere = (float("nan"), float("nan"))
    absent: tuple[FrameState, list[tuple[float, float]]] = (FrameState.ABSENT, [])
    joined: _Series = {}
    for frame in sorted({frame for series in points.values() for frame in series}):
        point_states = [series.get(frame, absent) for series in points.values()]
        states = {state for state, _ in point_states}
        state = next(state for state in _BY_RANK if state in states)
        joined[frame] = (state, [])
        if state.has_points:
            first_positions = [positions[0] if positions else nowhere for _, positions in point_states]
            joined[frame] = (state, first_positions)
    return _make_track(name, tuple(points), joined)


def _make_track(name: str, points: tuple[str, ...], series: _Series) -> RawTrack:
    frames = sorted(series)
    xy = np.full((len(frames), len(points), 2), np.nan)
    for row, frame in enumerate(frames):
        if series[frame][1]:
            xy[row] = series[frame][1]
    return RawTrack(
        name,
        points,
        index=np.array(frames, dtype=np.float64),
        xy=xy,
        confidence=np.full(xy.shape[:2], np.nan),
        states=np.array([series[frame][0] for frame in frames], dtype=np.uint8),
    )


def _positions(shape: "Element") -> list[tuple[float, float]]:
    if shape.tag == "box":
        left = float(shape.get("xtl", ""))
        top = float(shape.get("ytl", ""))
        right = float(shape.get("xbr", ""))
        bottom = float(shape.get("ybr", ""))
        return [((left + right) / 2, (top + bottom) / 2)]
    positions = []
    for pair in shape.get("points", "").split(";"):
        x, y = pair.split(",")
        positions.append((float(x), float(y)))
    return positions
