"""CVAT's XML 1.1 of videos: tracks of points and boxes."""

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from skillviewer.core.tracks.tracks import FrameState
from skillviewer.data.tracks.raw_tracks import RawTrack, RawTracks, check_limits
from skillviewer.data.tracks.safe_xml import read_xml

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element


def read_cvat(path: Path) -> RawTracks:
    """Return the tracks of CVAT's XML; of a box the centre.

    Key frames are positions that the annotator set, and frames between them are interpolated, by CVAT or here.

    Raises:
        ValueError: It is no such file.
        xml.etree.ElementTree.ParseError: It is no XML.
    """
    root = read_xml(path)
    if root.tag != "annotations":
        raise ValueError(f"its root is <{root.tag}> and not <annotations>")
    tracks = [
        track for track in root.findall("track") if track.find("points") is not None or track.find("box") is not None
    ]
    if not tracks:
        raise ValueError("it has no track of points or boxes")
    size = root.find("meta//original_size")
    size_px = None
    if size is not None:
        size_px = (int(size.findtext("width", "0")), int(size.findtext("height", "0")))
    check_limits(len(tracks), 1, 1)
    labels = [track.get("label") or "track" for track in tracks]
    n_with_label = Counter(labels)
    made = []
    for track, label in zip(tracks, labels, strict=True):
        name = label if n_with_label[label] == 1 else f"{label} {track.get('id', '')}".strip()
        made.append(_track(track, name))
    return RawTracks(tuple(made), from_corner=True, size_px=size_px)


def _track(track: "Element", name: str) -> RawTrack:
    rows: dict[int, tuple[list[tuple[float, float]], bool]] = {}
    outside: set[int] = set()
    for shape in track:
        if shape.tag not in {"points", "box"}:
            continue
        frame = int(shape.get("frame", ""))
        if shape.get("outside") == "1":
            outside.add(frame)
        else:
            rows[frame] = (_positions(shape), shape.get("keyframe", "1") == "1")
    sizes = {len(points) for points, _ in rows.values()}
    if len(sizes) > 1:
        raise ValueError(f"the track “{name}” has different numbers of points")
    n_points = sizes.pop() if sizes else 1
    stated = sorted({*rows, *outside})
    check_limits(1, n_points, stated[-1] - stated[0] + 1 if stated else 0)
    frames: list[int] = []
    xy: list[np.ndarray] = []
    states: list[FrameState] = []
    for frame, after in zip(stated, [*stated[1:], None], strict=True):
        if frame in outside:
            frames.append(frame)
            xy.append(np.full((n_points, 2), np.nan))
            states.append(FrameState.ABSENT)
            continue
        corner, is_key = rows[frame]
        frames.append(frame)
        xy.append(np.array(corner))
        states.append(FrameState.ANCHORED if is_key else FrameState.INTERPOLATED)
        if after is None:
            continue
        # a track that ends visibly stays where it was until it is marked as outside, as CVAT shows it
        there = np.array(rows[after][0]) if after in rows else np.array(corner)
        for between in range(frame + 1, after):
            share = (between - frame) / (after - frame)
            frames.append(between)
            xy.append((1 - share) * np.array(corner) + share * there)
            states.append(FrameState.INTERPOLATED)
    shape_ = (len(frames), n_points)
    points = ("centre",) if track.find("box") is not None else tuple(f"point_{number}" for number in range(n_points))
    return RawTrack(
        name,
        points if n_points > 1 or points == ("centre",) else ("point",),
        np.array(frames, dtype=np.float64),
        np.array(xy, dtype=np.float64).reshape(*shape_, 2),
        np.full(shape_, np.nan),
        np.array(states, dtype=np.uint8),
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
