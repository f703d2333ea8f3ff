"""CVAT's XML 1.1 of videos: tracks of points, boxes and skeletons."""

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from skillviewer.core.tracks.tracks import FrameState
from skillviewer.data.tracks.raw_tracks import RawTrack, RawTracks, check_limits
from skillviewer.data.tracks.safe_xml import read_xml

if TYPE_CHECKING:
    from collections.abc import Iterable
    from xml.etree.ElementTree import Element

OUTLINE = "a shape other than points, boxes and skeletons"

_FORMS = {"points", "box"}
_OUTLINES = {"polygon", "polyline", "mask", "ellipse", "cuboid"}

_BY_RANK = (FrameState.ANCHORED, FrameState.INTERPOLATED, FrameState.ABSENT)
"""States of the points of a skeleton; the first that any point has is the state of the skeleton."""

_Series = dict[int, tuple[FrameState, list[tuple[float, float]]]]
"""State and positions by frame; no positions where the object is outside."""


def read_cvat(path: Path) -> RawTracks:
    """Return the tracks of CVAT's XML: the centre of a box, and every point of a skeleton.

    Key frames are positions that the annotator set, and frames between them are interpolated, by CVAT or here.

    Raises:
        ValueError: The file has other XML, or no track of points, boxes or skeletons.
        xml.etree.ElementTree.ParseError: The file is no XML.
    """
    root = read_xml(path)
    if root.tag != "annotations":
        raise ValueError(f"its root is <{root.tag}> and not <annotations>")
    tracks = [track for track in root.findall("track") if any(shape.tag in _FORMS for shape in track.iter())]
    if not tracks:
        raise ValueError("it has no track of points, boxes or skeletons")
    n_outlines = sum(
        shape.tag in _OUTLINES and shape.get("outside") != "1" for track in root.findall("track") for shape in track
    )
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
        raw_tracks.append(_track(track, name))
    return RawTracks(tuple(raw_tracks), from_corner=True, size_px=size_px, left_out=((OUTLINE, n_outlines),))


def _track(track: "Element", name: str) -> RawTrack:
    """Return a track of points or boxes, or of a skeleton in either form: points in it, or a track for each point."""
    parts: dict[str, list[tuple[int, Element]]] = {}
    for shape in track:
        if shape.tag == "skeleton":
            for point in shape.findall("points"):
                parts.setdefault(point.get("label") or "point", []).append((_frame(shape), point))
        elif shape.tag == "track":
            points_by_frame = [(_frame(point), point) for point in shape.findall("points")]
            parts.setdefault(shape.get("label") or "point", []).extend(points_by_frame)
    if parts:
        check_limits(1, len(parts), 1)
        return _joined(name, {label: _series(shapes, f"{name}, {label}", 1) for label, shapes in parts.items()})
    series = _series([(_frame(shape), shape) for shape in track if shape.tag in _FORMS], name)
    n_points = max((len(positions) for _, positions in series.values()), default=1) or 1
    points: tuple[str, ...] = tuple(f"point_{number}" for number in range(n_points)) if n_points > 1 else ("point",)
    if track.find("box") is not None:
        points = ("centre",)
    return _raw(name, points, series)


def _frame(shape: "Element") -> int:
    return int(shape.get("frame", ""))


def _series(shapes: "Iterable[tuple[int, Element]]", name: str, n_expected: int | None = None) -> _Series:
    """Return the positions of an object in every frame from its first shape to its last.

    Raises:
        ValueError: Its shapes have different numbers of points, or not ``n_expected``.
    """
    stated: _Series = {}
    for frame, shape in shapes:
        if shape.get("outside") == "1":
            stated.setdefault(frame, (FrameState.ABSENT, []))
        else:
            is_key = shape.get("keyframe", "1") == "1"
            stated[frame] = (FrameState.ANCHORED if is_key else FrameState.INTERPOLATED, _positions(shape))
    sizes = {len(positions) for state, positions in stated.values() if state.has_points}
    if len(sizes) > 1 or (n_expected is not None and sizes - {n_expected}):
        raise ValueError(f"the track “{name}” has different numbers of points")
    stated_frames = sorted(stated)
    check_limits(1, max(sizes, default=1), stated_frames[-1] - stated_frames[0] + 1 if stated_frames else 0)
    series: _Series = {}
    for frame, next_frame in zip(stated_frames, [*stated_frames[1:], None], strict=True):
        state, positions = series[frame] = stated[frame]
        if next_frame is None or not state.has_points:
            continue
        # as in CVAT, a visible object keeps its last positions until it is marked as outside
        next_positions = stated[next_frame][1] or positions
        for frame_between in range(frame + 1, next_frame):
            share = (frame_between - frame) / (next_frame - frame)
            series[frame_between] = (FrameState.INTERPOLATED, _between(positions, next_positions, share))
    return series


def _between(
    start: list[tuple[float, float]], stop: list[tuple[float, float]], share: float
) -> list[tuple[float, float]]:
    return [
        ((1 - share) * a + share * c, (1 - share) * b + share * d) for (a, b), (c, d) in zip(start, stop, strict=True)
    ]


def _joined(name: str, points: dict[str, _Series]) -> RawTrack:
    """Return the track of a skeleton; a frame is anchored if one of its points is."""
    nowhere = (float("nan"), float("nan"))
    absent: tuple[FrameState, list[tuple[float, float]]] = (FrameState.ABSENT, [])
    joined: _Series = {}
    for frame in sorted({frame for series in points.values() for frame in series}):
        point_states = [series.get(frame, absent) for series in points.values()]
        states = {state for state, _ in point_states}
        state = next(state for state in _BY_RANK if state in states)
        joined[frame] = (state, [])
        if state.has_points:
            joined[frame] = (state, [positions[0] if positions else nowhere for _, positions in point_states])
    return _raw(name, tuple(points), joined)


def _raw(name: str, points: tuple[str, ...], series: _Series) -> RawTrack:
    frames = sorted(series)
    xy = np.full((len(frames), len(points), 2), np.nan)
    for row, frame in enumerate(frames):
        if series[frame][1]:
            xy[row] = series[frame][1]
    return RawTrack(
        name,
        points,
        np.array(frames, dtype=np.float64),
        xy,
        np.full(xy.shape[:2], np.nan),
        np.array([series[frame][0] for frame in frames], dtype=np.uint8),
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
