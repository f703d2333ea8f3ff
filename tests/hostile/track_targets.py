"""Damaged tracks: files of other programs and of this one, how they are damaged, and how they are opened."""

import json
import random
import struct
from pathlib import Path

import h5py
import numpy as np

from skillviewer.core.errors import VideoError
from skillviewer.core.kinematics.measures import measure_video
from skillviewer.core.tracks.hand_detections import DetectedHand, FrameHands
from skillviewer.core.tracks.hand_points import HAND_POINTS
from skillviewer.core.tracks.reference_path import ReferencePath
from skillviewer.core.tracks.tracks import FrameState, Track, TrackSet
from skillviewer.core.video.info import VideoInfo
from skillviewer.data.hand_detections_file import load_detections, save_detections
from skillviewer.data.tracks.placing import Placement
from skillviewer.data.tracks.region_points import write_region_points
from skillviewer.data.tracks.skillviewer_csv import write_skillviewer_csv
from skillviewer.data.tracks.track_formats import read_tracks
from skillviewer.data.tracks_file import load_tracks, save_tracks
from tests.hostile.mutators import bytes_mutated, json_mutated, words_mutated
from tests.hostile.workers import Target

TRACKS_IN_LINES = {
    "dlc.csv": "scorer,D,D,D\nbodyparts,tip,tip,tip\ncoords,x,y,likelihood\n0,1,2,.9\n1,5,6,0\n2,7,8,.5\n",
    "sleap.csv": "track,frame_idx,instance.score,A.x,A.y,A.score\n,0,nan,20.5,18,.7\n,2,nan,,,\n",
    "kinovea.txt": "#Kinovea Trajectory data export\n#T X Y\n\n# tip\n0.000 1,5 2\n0.040 2 3\n\n# base\n0.040 -1 -1\n",
    "kinovea.csv": '"Time";"tip/0/X";"tip/0/Y"\n"0,000";"1,5";"2"\n"0,040";"2";"3"\n"0,080";"";""\n',
    "tracker.txt": "mass_A\t\t\nt\tx\ty\n0,0\t1,5\t2\n0,04\t2\t3\n",
    "cvat.xml": '<?xml version="1.0"?><annotations><meta><task><original_size><width>640</width><height>480</height>'
    '</original_size></task></meta><track id="0" label="tip"><points frame="1" outside="0" keyframe="1" '
    'points="10.5,20.5"/><points frame="3" outside="1" keyframe="1" points="14.5,20.5"/></track></annotations>',
    "a.kva": '<KinoveaVideoAnalysis><Tracks><Track name="tip"><TrackPointList><TrackPoint UserTime="0.00" UserX="1.5" '
    'UserY="2"/><TrackPoint UserTime="0.04" UserX="2" UserY="3"/></TrackPointList></Track></Tracks>'
    "</KinoveaVideoAnalysis>",
}
"""Tracks of other programs in lines, by file."""

OWN_IN_LINES = ("own.csv", "clip.csv")
"""Tracks and a table of regions that this program writes."""

TRACKS_IN_JSON: dict[str, object] = {
    "coco.json": {
        "images": [{"id": n, "file_name": f"v/frame_{n:03}.jpg", "width": 640, "height": 480} for n in (3, 4)],
        "categories": [{"id": 1, "name": "tool", "keypoints": ["tip", "base"]}],
        "annotations": [{"image_id": 3, "category_id": 1, "keypoints": [10, 20, 2, 0, 0, 0], "track_id": 7}],
    },
    "people_000000000003_keypoints.json": {
        "version": 1.3,
        "people": [{"pose_keypoints_2d": [10, 20, 0.9] * 25, "hand_left_keypoints_2d": [5, 6, 0.5] * 21}] * 2,
    },
    "label_000004.json": {
        "shapes": [
            {"label": "tip", "points": [[10, 20]], "shape_type": "point", "group_id": 1},
            {"label": "tool", "points": [[10, 20], [30, 40]], "shape_type": "rectangle", "score": 0.5},
        ],
        "imageWidth": 640,
        "imageHeight": 480,
    },
}
"""Tracks of other programs in JSON, by file."""


def _tracks_mutated(data: bytes, chance: random.Random) -> bytes:
    """Damage the header of a safetensors file, or what it says about the tracks, or anything."""
    if chance.random() < 0.3:
        return bytes_mutated(data, chance)
    n = struct.unpack("<Q", data[:8])[0]
    header = json.loads(data[8 : 8 + n])
    if "__metadata__" in header and chance.random() < 0.7:
        about = json_mutated(header["__metadata__"]["about"].encode(), chance)
        header["__metadata__"]["about"] = about.decode("utf-8", "replace")
        made = json.dumps(header).encode()
    else:
        made = json_mutated(json.dumps(header).encode(), chance)
    return struct.pack("<Q", len(made)) + made + data[8 + n :]


def _tracks(path: Path) -> None:
    video = VideoInfo(Path("clip.mp4"), "0" * 64, np.arange(10) / 25, 640, 480, 0.4, 25.0)
    read_tracks(path, video, Placement(10.0, (5.0, 400.0), up=True))


def _own_tracks(path: Path) -> None:
    tracks = load_tracks(path)
    measure_video(tracks, with_tapping=True)
    write_skillviewer_csv(tracks, path.with_name("again.csv"), overwrite=True)
    write_region_points(tracks, path.with_name("regions again.csv"), overwrite=True)
    save_tracks(tracks, path.with_name("again"), overwrite=True)
    again = load_tracks(path.with_name("again"))
    assert [track.name for track in again.tracks] == [track.name for track in tracks.tracks]
    for one, other in zip(again.tracks, tracks.tracks, strict=True):
        np.testing.assert_array_equal(one.xy_px, other.xy_px)


def _detections(path: Path) -> None:
    if not load_detections(path):
        raise VideoError("The hands are searched again.")


def make_track_seeds(folder: Path) -> None:
    """Write a sound file of every kind."""
    place = folder / "tracks"
    place.mkdir()
    for name, text in TRACKS_IN_LINES.items():
        (place / name).write_text(text)
    for name, content in TRACKS_IN_JSON.items():
        (place / name).write_text(json.dumps(content))
    with h5py.File(place / "sleap.h5", "w") as file:
        file["node_names"], file["track_names"] = [b"tip", b"base"], [b"tool"]
        file["tracks"] = np.arange(40.0).reshape(1, 2, 2, 10)
        file["point_scores"] = np.full((1, 2, 10), 0.5)
    n = 10
    xy_px = np.random.default_rng(0).uniform(0, 39, (n, len(HAND_POINTS), 2)).astype(np.float32)
    states = np.full(n, FrameState.FOUND, dtype=np.uint8)
    hand = Track("left", tuple(HAND_POINTS), xy_px, np.ones((n, len(HAND_POINTS)), np.float32), states)
    path = ReferencePath(np.array([[0.0, 0.0], [100.0, 0.0], [100.0, 50.0]]), closed=True)
    tracks = TrackSet("0" * 64, 640, 480, n, 0, np.arange(n) / 25, (hand,), None, path)
    save_tracks(tracks, place / "own.tracks.safetensors")
    write_skillviewer_csv(tracks, place / "own.csv", overwrite=False)
    write_region_points(tracks, place / "clip.csv", overwrite=False)
    found = DetectedHand(xy_px[0], 0.9, 0.1)
    save_detections([FrameHands(0, (found, found)), FrameHands(1, ()), FrameHands(2, (found,))], place / "own.hands")


TRACK_TARGETS: dict[str, Target] = {
    "tracks in lines": Target(
        tuple(f"tracks/{name}" for name in (*TRACKS_IN_LINES, *OWN_IN_LINES)), words_mutated, _tracks
    ),
    "tracks in JSON": Target(tuple(f"tracks/{name}" for name in TRACKS_IN_JSON), json_mutated, _tracks),
    "tracks in HDF5": Target(("tracks/sleap.h5",), bytes_mutated, _tracks),
    "tracks of the program": Target(("tracks/own.tracks.safetensors",), _tracks_mutated, _own_tracks),
    "hands found so far": Target(("tracks/own.hands",), _tracks_mutated, _detections),
}
"""By what they are called."""
