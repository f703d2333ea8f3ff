"""Readers of key points in JSON: a folder of OpenPose, a file of COCO, files of X-AnyLabeling."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from skillviewer.core.arrays import FloatArray
from skillviewer.core.tracks.hand_points import HAND_POINTS
from skillviewer.data.tracks.object_following import OTHER_OBJECT, follow_object
from skillviewer.data.tracks.raw_tracks import RawTracks, check_limits, frame_number_in, make_raw_track

_MAX_FILES = 1_000_000
_MAX_FILE_BYTES = 16 << 20

BODY_25 = [
    "nose",
    "neck",
    "right_shoulder",
    "right_elbow",
    "right_wrist",
    "left_shoulder",
    "left_elbow",
    "left_wrist",
    "mid_hip",
    "right_hip",
    "right_knee",
    "right_ankle",
    "left_hip",
    "left_knee",
    "left_ankle",
    "right_eye",
    "left_eye",
    "right_ear",
    "left_ear",
    "left_big_toe",
    "left_small_toe",
    "left_heel",
    "right_big_toe",
    "right_small_toe",
    "right_heel",
]
"""Points of BODY_25, OpenPose's default model of the body."""


class _Person(msgspec.Struct):
    pose: list[float] = msgspec.field(name="pose_keypoints_2d", default_factory=list)
    left: list[float] = msgspec.field(name="hand_left_keypoints_2d", default_factory=list)
    right: list[float] = msgspec.field(name="hand_right_keypoints_2d", default_factory=list)


class _OpenPose(msgspec.Struct):
    people: list[_Person]


def json_files(path: Path) -> list[Path]:
    """Return the JSON files of a folder, ordered by the frame in their names, or the file itself.

    Raises:
        ValueError: There are no files or too many, one is too large or has no frame in its name, or two have the same
            frame.
    """
    if not path.is_dir():
        return [path]
    files = [file for file in path.iterdir() if file.suffix.casefold() == ".json" and not file.name.startswith(".")]
    if not files or len(files) > _MAX_FILES:
        raise ValueError(f"the folder holds {len(files):,} JSON files")
    by_frame = {frame_number_in(file.name): file for file in files}
    if len(by_frame) < len(files):
        raise ValueError("two of its files have the same number of a frame in their names")
    for file in files:
        if file.stat().st_size > _MAX_FILE_BYTES:
            raise ValueError(f"{file.name} has {file.stat().st_size >> 20} MB, too many for one frame")
    return [by_frame[frame] for frame in sorted(by_frame)]


def read_openpose(path: Path) -> RawTracks:
    """Return the body and the hands of one person from OpenPose's folder of JSON files.

    OpenPose gives no identities. The person who moves least from frame to frame is followed; the points of all others
    are counted as left out.

    Raises:
        ValueError: The folder is not written by OpenPose, or its positions are relative to the picture.
    """
    rows: list[tuple[int, dict[str, FloatArray]]] = []
    previous_points: FloatArray | None = None
    n_left_out = 0
    for file in json_files(path):
        frame = frame_number_in(file.name)
        content = msgspec.json.decode(file.read_bytes(), type=_OpenPose)
        people = [parts for parts in map(_body_parts, content.people) if _has_points(parts)]
        if not people:
            rows.append((frame, {}))
            continue
        points_of_people = [np.concatenate(list(parts.values())) for parts in people]
        person_index = _follow_person(points_of_people, previous_points)
        previous_points = points_of_people[person_index]
        n_left_out += sum(map(len, points_of_people)) - len(previous_points)
        rows.append((frame, people[person_index]))
    tracks = []
    for name in ("body", "left hand", "right hand"):
        sizes = {len(parts[name]) for _, parts in rows if name in parts}
        if len(sizes) > 1:
            raise ValueError(f"the {name} has different numbers of points in different frames")
        if sizes:
            n = sizes.pop()
            empty = [float("nan")] * (3 * n)
            values = [parts[name].ravel().tolist() if name in parts else empty for _, parts in rows]
            tracks.append(make_raw_track(name, _point_names(name, n), [frame for frame, _ in rows], values))
    coordinates = [track.xy[np.isfinite(track.xy)] for track in tracks]
    max_coordinate = max((float(values.max()) for values in coordinates if len(values)), default=None)
    if max_coordinate is not None and max_coordinate <= 1.5:
        raise ValueError("its positions are relative to the picture: write them in pixels (--keypoint_scale 0)")
    return RawTracks(tuple(tracks), left_out_positions=((OTHER_OBJECT, n_left_out),))


def _follow_person(points_of_people: Sequence[FloatArray], previous_points: FloatArray | None) -> int:
    """Return the index of the person who moved least since the previous frame.

    Only people with the same number of points as the followed person can be compared. Without any, 0 is returned.
    """
    comparable_indices = []
    comparable_points = []
    for index, points in enumerate(points_of_people):
        if previous_points is None or points.shape == previous_points.shape:
            comparable_indices.append(index)
            comparable_points.append(points)
    if not comparable_indices:
        return 0
    return comparable_indices[follow_object(comparable_points, previous_points)]


def _has_points(parts: dict[str, FloatArray]) -> bool:
    return any(np.isfinite(points).any() for points in parts.values())


def _body_parts(person: _Person) -> dict[str, FloatArray]:
    parts = {}
    for name, values in (("body", person.pose), ("left hand", person.left), ("right hand", person.right)):
        if values:
            points = np.array(values, dtype=np.float64)
            if len(points) % 3:
                raise ValueError(f"the {name} has {len(points)} numbers, not three a point")
            points = points.reshape(-1, 3)
            is_measured = points[:, 2] > 0  # False for NaN too
            points[~is_measured] = np.nan
            parts[name] = points
    return parts


def _point_names(name: str, n: int) -> Sequence[str]:
    if name != "body" and n == len(HAND_POINTS):
        return HAND_POINTS
    if name == "body" and n == len(BODY_25):
        return BODY_25
    return [f"point_{index}" for index in range(n)]


class _Image(msgspec.Struct):
    id: int
    file_name: str = ""
    width: int | None = None
    height: int | None = None


class _Category(msgspec.Struct):
    id: int
    name: str = "object"
    keypoints: list[str] = []


class _Annotation(msgspec.Struct):
    image_id: int
    category_id: int
    keypoints: list[float] = []
    track_id: int | str | None = None
    instance_id: int | str | None = None
    attributes: Any = None


class _Coco(msgspec.Struct):
    images: list[_Image]
    annotations: list[_Annotation]
    categories: list[_Category]


def read_coco(path: Path) -> RawTracks:
    """Return the key points of a COCO file: one track for each category and identity. File names state the frames.

    Raises:
        ValueError: The file is no such file, or has no key points.
    """
    coco = msgspec.json.decode(path.read_bytes(), type=_Coco)
    categories = {category.id: category for category in coco.categories}
    frames = {image.id: frame_number_in(image.file_name) for image in coco.images}
    if len(set(frames.values())) < len(frames):
        raise ValueError("two of its pictures have the same number of a frame in their names")
    positions: dict[tuple[int, str], dict[int, list[FloatArray]]] = {}  # by category and identity, then by frame
    for annotation in coco.annotations:
        if not annotation.keypoints:
            continue
        category = categories.get(annotation.category_id)
        if category is None or annotation.image_id not in frames:
            raise ValueError("an annotation refers to a category or picture that is not in the file")
        points = np.array(annotation.keypoints, dtype=np.float64)
        if len(points) != 3 * len(category.keypoints):
            raise ValueError(f"an annotation has {len(points)} numbers for {len(category.keypoints)} key points")
        points = points.reshape(-1, 3)
        points[points[:, 2] <= 0] = np.nan
        points[:, 2] = np.where(np.isfinite(points[:, 0]), 1.0, np.nan)
        track_key = (category.id, _identity(annotation))
        frame = frames[annotation.image_id]
        positions.setdefault(track_key, {}).setdefault(frame, []).append(points)
    if not positions:
        raise ValueError("none of its annotations has key points")
    tracks = []
    n_left_out = 0
    for (category_id, identity), by_frame in positions.items():
        category = categories[category_id]
        previous = None
        track_frames = []
        values = []
        for frame in sorted(by_frame):
            candidates = by_frame[frame]
            previous = candidates[follow_object(candidates, previous)]
            n_left_out += (len(candidates) - 1) * len(category.keypoints)
            track_frames.append(frame)
            values.append(previous.ravel().tolist())
        tracks.append(make_raw_track(f"{category.name} {identity}".strip(), category.keypoints, track_frames, values))
    check_limits(len(tracks), 1, 1)
    size_px = _common_size(coco.images)
    return RawTracks(
        tuple(tracks), origin_at_corner=True, size_px=size_px, left_out_positions=((OTHER_OBJECT, n_left_out),)
    )


def _common_size(images: Sequence[_Image]) -> tuple[int, int] | None:
    """Return the common size of the images; None if sizes differ or no image states a size."""
    sizes = set()
    for image in images:
        if image.width and image.height:
            sizes.add((image.width, image.height))
    return sizes.pop() if len(sizes) == 1 else None


def _identity(annotation: _Annotation) -> str:
    stated_ids = [annotation.track_id, annotation.instance_id]
    if isinstance(annotation.attributes, dict):
        stated_ids.append(annotation.attributes.get("track_id"))
    return next((str(value) for value in stated_ids if value is not None), "")


class _Shape(msgspec.Struct):
    label: str
    points: list[tuple[float, float]]
    shape_type: str = ""
    group_id: int | None = None
    score: float | None = None


class _Labels(msgspec.Struct):
    shapes: list[_Shape]
    width: int | None = msgspec.field(name="imageWidth", default=None)
    height: int | None = msgspec.field(name="imageHeight", default=None)


def read_xanylabeling(path: Path) -> RawTracks:
    """Return points and centres of boxes from X-AnyLabeling's JSON files, one per frame. Group ids are identities.

    Raises:
        ValueError: The path is no such file or folder.
    """
    rows: dict[str, tuple[list[float], list[list[float]]]] = {}
    sizes = set()
    n_left_out = 0
    for file in json_files(path):
        frame = frame_number_in(file.name)
        labels = msgspec.json.decode(file.read_bytes(), type=_Labels)
        if labels.width and labels.height:
            sizes.add((labels.width, labels.height))
        names_in_file = set()
        for shape in labels.shapes:
            name = shape.label if shape.group_id is None else f"{shape.label} {shape.group_id}"
            if not shape.points or name in names_in_file:
                n_left_out += 1
                continue
            names_in_file.add(name)
            frames, values = rows.setdefault(name, ([], []))
            corners = np.array(shape.points, dtype=np.float64)
            frames.append(frame)
            x, y = (corners.min(axis=0) + corners.max(axis=0)) / 2
            score = float("nan") if shape.score is None else shape.score
            values.append([float(x), float(y), score])
    max_frames = max((len(frames) for frames, _ in rows.values()), default=0)
    check_limits(len(rows), 1, max_frames)
    tracks = tuple(make_raw_track(name, ["centre"], frames, values) for name, (frames, values) in rows.items())
    common_size_px = sizes.pop() if len(sizes) == 1 else None
    return RawTracks(
        tracks,
        origin_at_corner=True,
        every_frame_searched=True,
        size_px=common_size_px,
        left_out_positions=((OTHER_OBJECT, n_left_out),),
    )
