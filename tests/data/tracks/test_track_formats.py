"""Files of other programs are placed on a video: every position is counted, and foreign files are refused."""

import csv
import json
from pathlib import Path

import h5py
import numpy as np
import pandas as pd
import pytest

from skillviewer.core.errors import DatasetError
from skillviewer.core.tracks.hand_points import HAND_POINTS
from skillviewer.core.tracks.tracks import FrameState, Side, TrackKind
from skillviewer.core.video.info import VideoInfo
from skillviewer.data.tracks.placing import Placement, TrackImport
from skillviewer.data.tracks.track_formats import TRACK_FORMATS, read_tracks

NAN = float("nan")


def video(n: int = 10, rate_hz: float = 25, name: str = "clip.mp4") -> VideoInfo:
    return VideoInfo(Path(name), "0" * 64, np.arange(n) / rate_hz, 640, 480, n / rate_hz, rate_hz)


def imported(path: Path, *, placement: Placement | None = None, n: int = 10) -> TrackImport:
    found = read_tracks(path, video(n), placement or Placement())
    assert found.n_read == found.n_used + sum(count for _, count in found.rejected_positions)
    return found


def positions(found: TrackImport, track: str, point: str) -> list[tuple[float, float]]:
    one = found.tracks.track(track)
    assert one is not None
    return [(round(float(x), 3), round(float(y), 3)) for x, y in one.path_px(point) if np.isfinite(x)]


def write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def test_deeplabcut_predictions(tmp_path: Path) -> None:
    rows = ["scorer,DLC,DLC,DLC,DLC,DLC,DLC", "bodyparts,tip,tip,tip,base,base,base"]
    rows += ["coords,x,y,likelihood,x,y,likelihood", "0,1,2,.9,3,4,1", "1,5,6,0,,,", "2,7,8,.5,nan,9,1"]
    found = imported(write(tmp_path / "a.csv", "\n".join(rows)))
    assert (found.n_read, found.n_used) == (6, 3)
    assert dict(found.rejected_positions) == {"no position in the file": 2, "confidence 0": 1}
    assert positions(found, "points", "tip") == [(1, 2), (7, 8)]
    track = found.tracks.tracks[0]
    assert track.states[:4].tolist() == [FrameState.FOUND, FrameState.ABSENT, FrameState.FOUND, FrameState.UNSEARCHED]
    assert track.presence[2].tolist() == [0.5, 0]


@pytest.mark.parametrize("index", ["labeled-data/v/img003.png", "labeled-data,v,img003.png"])
def test_deeplabcut_labels_of_several_individuals(tmp_path: Path, index: str) -> None:
    more = "," * index.count(",")
    rows = [f"scorer{more},S,S,S,S", f"individuals{more},a,a,b,b", f"bodyparts{more},tip,tip,tip,tip"]
    rows += [f"coords{more},x,y,x,y", f"{index},1,2,3,4"]
    found = imported(write(tmp_path / "a.csv", "\n".join(rows)))
    assert positions(found, "b", "tip") == [(3, 4)]
    assert np.flatnonzero(found.tracks.tracks[0].has_points).tolist() == [3]


def test_what_is_exported_for_deeplabcut_is_read_by_pandas_and_back(tmp_path: Path) -> None:
    rows = ["scorer,S,S,S,S", "individuals,a,a,b,b", "bodyparts,tip,tip,tip,tip", "coords,x,y,x,y", "0,1.5,2,3,4"]
    found = imported(write(tmp_path / "a.csv", "\n".join(rows)))
    for entry in TRACK_FORMATS:
        if entry.write is not None:
            entry.write(found.tracks, tmp_path / f"clip.{entry.name}.csv", overwrite=False)
    table = pd.read_csv(tmp_path / "clip.deeplabcut.csv", header=[0, 1, 2, 3], index_col=0)
    assert table["SkillViewer"]["a"]["tip"].iloc[0].tolist() == [1.5, 2, 1]
    for name in ("clip.deeplabcut.csv", "clip.csv.csv"):
        again = imported(tmp_path / name)
        assert np.array_equal(again.tracks.tracks[1].xy_px, found.tracks.tracks[1].xy_px, equal_nan=True)
    own = imported(tmp_path / "clip.csv.csv").tracks.tracks[0]
    assert own.states.tolist() == found.tracks.tracks[0].states.tolist()


def test_sleap_hdf5_in_any_order_of_axes(tmp_path: Path) -> None:
    tracks = np.arange(2 * 2 * 3 * 5, dtype=float).reshape(2, 2, 3, 5)
    tracks[1, :, 0, 0] = np.nan
    for number, axes in enumerate([(0, 1, 2, 3), (3, 2, 1, 0)]):
        with h5py.File(tmp_path / f"{number}.h5", "w") as file:
            file["tracks"] = tracks.transpose(axes)
            file["node_names"] = np.array([b"a", b"b", b"c"])
            file["track_names"] = np.array([b"one", b"two"])
        found = imported(tmp_path / f"{number}.h5")
        assert (found.n_read, found.n_used) == (30, 29)
        assert positions(found, "two", "b")[0] == (tracks[1, 0, 1, 0], tracks[1, 1, 1, 0])


def test_sleap_hdf5_that_points_elsewhere_is_refused(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "other.h5", "w") as file:
        file["tracks"] = np.zeros((1, 2, 1, 5))
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["tracks"] = h5py.ExternalLink(str(tmp_path / "other.h5"), "/tracks")
        file["node_names"] = np.array([b"a"])
        file["track_names"] = np.array([b"one"])
    with pytest.raises(DatasetError, match="of its own"):
        imported(tmp_path / "a.h5")


def test_sleap_csv(tmp_path: Path) -> None:
    text = "track,frame_idx,instance.score,A.x,A.y,A.score\n,0,nan,20.5,18,.7\n,2,nan,,,\n"
    found = imported(write(tmp_path / "a.csv", text))
    assert positions(found, "points", "A") == [(20.5, 18)]
    states = found.tracks.tracks[0].states[:4].tolist()
    assert states == [FrameState.FOUND, FrameState.ABSENT, FrameState.ABSENT, FrameState.UNSEARCHED]


def test_openpose_follows_one_person(tmp_path: Path) -> None:
    def person(x: float, hand: bool = True) -> dict[str, object]:
        left = [value for n in range(21) for value in (x + n, 100.0, 0.8)]
        return {"person_id": [-1], "pose_keypoints_2d": [], "hand_left_keypoints_2d": left if hand else []}

    for frame, people in enumerate([[person(100)], [person(300), person(102)], []]):
        write(tmp_path / f"v_{frame:012}_keypoints.json", json.dumps({"version": 1.3, "people": people}))
    found = imported(tmp_path)
    track = found.tracks.tracks[0]
    assert (track.name, track.kind, track.side, track.points) == ("left hand", TrackKind.HAND, Side.LEFT, HAND_POINTS)
    assert positions(found, "left hand", "wrist") == [(100, 100), (102, 100)]
    assert dict(found.rejected_positions)["a further object without an identity"] == 21
    assert track.states[2] == FrameState.ABSENT


def test_relative_openpose_positions_are_refused(tmp_path: Path) -> None:
    people = [{"pose_keypoints_2d": [0.5, 0.5, 1] * 25}]
    write(tmp_path / "v_0.json", json.dumps({"people": people}))
    with pytest.raises(DatasetError, match="keypoint_scale"):
        imported(tmp_path)


def test_coco_key_points(tmp_path: Path) -> None:
    coco = {
        "images": [{"id": n, "file_name": f"v/frame_{n:03}.jpg", "width": 640, "height": 480} for n in (3, 4)],
        "categories": [{"id": 1, "name": "tool", "keypoints": ["tip", "base"]}],
        "annotations": [
            {"image_id": 3, "category_id": 1, "keypoints": [10, 20, 2, 0, 0, 0], "track_id": 7},
            {"image_id": 4, "category_id": 1, "keypoints": [11, 20, 1, 30, 40, 2], "track_id": 7},
        ],
    }
    found = imported(write(tmp_path / "a.json", json.dumps(coco)))
    assert positions(found, "tool 7", "tip") == [(9.5, 19.5), (10.5, 19.5)]
    assert (found.n_read, found.n_used) == (4, 3)


def test_x_anylabeling_boxes_are_their_centres(tmp_path: Path) -> None:
    for frame in range(3):
        corners = [[10 + frame, 20], [20 + frame, 20], [20 + frame, 40], [10 + frame, 40]]
        shapes = [{"label": "tool", "group_id": 2, "points": corners, "shape_type": "rectangle", "score": 0.5}]
        shapes = [] if frame == 1 else shapes
        content = {"shapes": shapes, "imageWidth": 640, "imageHeight": 480}
        write(tmp_path / f"clip-{frame}.json", json.dumps(content))
    found = imported(tmp_path)
    assert positions(found, "tool 2", "centre") == [(14.5, 29.5), (16.5, 29.5)]
    assert found.tracks.tracks[0].states[1] == FrameState.ABSENT


def test_cvat_fills_frames_between_key_frames_as_interpolated(tmp_path: Path) -> None:
    text = """<?xml version="1.0"?><annotations><version>1.1</version>
    <meta><task><original_size><width>640</width><height>480</height></original_size></task></meta>
    <track id="0" label="tip"><points frame="1" outside="0" keyframe="1" points="10.5,20.5"/>
    <points frame="3" outside="0" keyframe="1" points="14.5,20.5"/><points frame="4" outside="1" keyframe="1"
    points="14.5,20.5"/></track></annotations>"""
    found = imported(write(tmp_path / "a.xml", text))
    assert positions(found, "tip", "point") == [(10, 20), (12, 20), (14, 20)]
    states = found.tracks.tracks[0].states[1:5].tolist()
    assert states == [FrameState.ANCHORED, FrameState.INTERPOLATED, FrameState.ANCHORED, FrameState.ABSENT]


SKELETON = """<track id="0" label="hand"><skeleton frame="1" keyframe="1"><points label="tip" outside="0" keyframe="1"
    points="10.5,20.5"/><points label="base" outside="1" keyframe="1" points="1,1"/></skeleton>
    <skeleton frame="3" keyframe="1"><points label="tip" outside="0" keyframe="1" points="14.5,20.5"/>
    <points label="base" outside="0" keyframe="1" points="30.5,40.5"/></skeleton></track>"""
SKELETON_OF_TRACKS = """<track id="0" label="hand"><skeleton frame="1" keyframe="1" points="10.5,20.5;1,1"/>
    <track id="0" label="tip"><points frame="1" outside="0" keyframe="1" points="10.5,20.5"/>
    <points frame="3" outside="0" keyframe="1" points="14.5,20.5"/></track>
    <track id="1" label="base"><points frame="1" outside="1" keyframe="1" points="1,1"/>
    <points frame="3" outside="0" keyframe="1" points="30.5,40.5"/></track></track>"""


@pytest.mark.parametrize("track", [SKELETON, SKELETON_OF_TRACKS])
def test_cvat_skeletons_are_tracks_of_named_points_and_outlines_are_counted(tmp_path: Path, track: str) -> None:
    outline = '<track id="1" label="cut"><polyline frame="2" outside="0" keyframe="1" points="1,1;2,2"/></track>'
    found = imported(write(tmp_path / "a.xml", f"<annotations>{track}{outline}</annotations>"))
    assert positions(found, "hand", "tip") == [(10, 20), (12, 20), (14, 20)]
    assert positions(found, "hand", "base") == [(30, 40)]
    states = found.tracks.tracks[0].states[1:4].tolist()
    assert states == [FrameState.ANCHORED, FrameState.INTERPOLATED, FrameState.ANCHORED]
    assert (found.n_read, found.n_used) == (7, 4)
    assert dict(found.rejected_positions) == {
        "a shape other than points, boxes and skeletons": 1,
        "no position in the file": 2,
    }


KINOVEA = "#Kinovea Trajectory data export\n#T X Y\n\n# tip\n0.000 1,5 2\n0.040 2 3\n\n# base\n0.040 -1 -1\n"
KINOVEA_CSV = '"Time";"tip/0/X";"tip/0/Y"\n"0,000";"1,5";"2"\n"0,040";"2";"3"\n"0,080";"";""\n'
KVA = (
    '<KinoveaVideoAnalysis><Tracks><Track name="tip"><TrackPointList>'
    '<TrackPoint UserTime="0.00" UserX="1.5" UserY="2"/>'
    '<TrackPoint UserTime="0.04" UserX="2" UserY="3"/></TrackPointList></Track></Tracks></KinoveaVideoAnalysis>'
)
TRACKER = "mass_A\t\t\nt\tx\ty\n0,0\t1,5\t2\n0,04\t2\t3\n"


@pytest.mark.parametrize(
    ("name", "text", "track"),
    [("a.txt", KINOVEA, "tip"), ("a.csv", KINOVEA_CSV, "tip/0"), ("a.kva", KVA, "tip"), ("b.txt", TRACKER, "mass_A")],
)
def test_lengths_in_other_units_need_scale_origin_and_axis(tmp_path: Path, name: str, text: str, track: str) -> None:
    path = write(tmp_path / name, text)
    for partial in (Placement(), Placement(scale=10, origin_px=(0, 0)), Placement(origin_px=(0, 0), up=True)):
        with pytest.raises(DatasetError, match="--scale"):
            imported(path, placement=partial)
    found = imported(path, placement=Placement(10, (100, 200), up=True))
    assert positions(found, track, "point") == [(115, 180), (120, 170)]
    assert np.flatnonzero(found.tracks.tracks[0].has_points).tolist() == [0, 1]
    found = imported(path, placement=Placement(10, (100, 200), up=False, first_frame=2))
    assert positions(found, track, "point") == [(115, 220), (120, 230)]
    assert np.flatnonzero(found.tracks.tracks[0].has_points).tolist() == [2, 3]


def dlc(tmp_path: Path, rows: list[tuple[object, ...]]) -> Path:
    with (tmp_path / "a.csv").open("w", newline="") as file:
        csv.writer(file).writerows([("scorer", "S", "S"), ("bodyparts", "A", "A"), ("coords", "x", "y"), *rows])
    return tmp_path / "a.csv"


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([(frame, 5, 5) for frame in range(50)], "frame 49"),
        ([(frame, 900, 700) for frame in range(9)], "outside the picture"),
        ([(0, NAN, NAN)], "no position"),
        ([], "no position"),
        ([(0, "x", 5)], "could not convert"),
        ([("here", 5, 5)], "no number of a frame"),
        ([(0,)], "no position"),
        ([(10**14, 5, 5)], "frame 1"),
        ([("1" * 60000 + "x" * 60000, 5, 5)], "no number of a frame"),
    ],
)
def test_files_of_other_videos_and_damaged_ones_are_refused_in_a_sentence(
    tmp_path: Path, rows: list[tuple[object, ...]], message: str
) -> None:
    with pytest.raises(DatasetError, match=message) as caught:
        imported(dlc(tmp_path, rows))
    assert "\n" not in str(caught.value)


def test_one_frame_beyond_the_end_and_doubled_frames_are_counted(tmp_path: Path) -> None:
    found = imported(dlc(tmp_path, [(8, 1, 2), (9, 3, 4), (9, 5, 6), (10, 7, 8)]))
    assert positions(found, "points", "A") == [(1, 2), (3, 4)]
    assert dict(found.rejected_positions) == {"a second position in a frame": 1, "beyond the last frame": 1}


def test_a_file_in_slow_motion_is_refused(tmp_path: Path) -> None:
    text = "#Kinovea Trajectory data export\n#T X Y\n\n# tip\n" + "".join(f"{n * 0.008:.3f} 1 1\n" for n in range(20))
    with pytest.raises(DatasetError, match="slow motion"):
        imported(write(tmp_path / "a.txt", text), placement=Placement(10, (100, 200), up=True))


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.json", '{"people": [{"pose_keypoints_2d": ["x"]}]}'),
        ("a.json", '{"categories": ' + "[" * 5000),
        ("a.json", '{"shapes": [{"label": "a", "points": [[1]]}]}'),
        ("a.xml", '<!DOCTYPE a [<!ENTITY b "c">]><annotations>&b;</annotations>'),
        ("a.xml", "<annotations><track id='0' label='a'><points frame='0' points='1;2'/></track></annotations>"),
        ("a.xml", "<annotations><track"),
        ("a.csv", "frame,time_s,width_px,height_px,a:state,a:p_x\n0,0,640,480,found,1\n"),
        ("a.csv", "track,frame_idx,A.x,A.y\n,1,2,3,4,5,6\n"),
        ("a.csv", "track,frame_idx,A.x,A.y\n,inf,2,3\n"),
        ("a.csv", "frame_idx" + "".join(f",A{n}.x,A{n}.y" for n in range(5000)) + "\n" + "1," * 9999 + "\n"),
        ("a.csv", "frame,time_s,width_px,height_px" + "".join(f",a{n}:state" for n in range(5000)) + "\n"),
        ("a.kva", "<KinoveaVideoAnalysis>" + "<Track name='a'/>" * 5000 + "</KinoveaVideoAnalysis>"),
        (
            "a.xml",
            "<annotations>" + "<track label='a'><points frame='0' points='1,2'/></track>" * 5000 + "</annotations>",
        ),
        ("a.txt", "#Kinovea\n1 2\n"),
        ("a.txt", "hello"),
        ("a.h5", "\x89HDF\r\n\x1a\n damaged"),
    ],
)
def test_damaged_files_are_refused_in_a_sentence(tmp_path: Path, name: str, text: str) -> None:
    path = tmp_path / name
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(DatasetError) as caught:
        imported(path)
    assert len(str(caught.value)) < 700
    assert "\n" not in str(caught.value)


SIZED_CSV = "frame,time_s,width_px,height_px,a:state,a:p_x,a:p_y,a:p_presence\n0,0,320,240,found,1,2,1\n"
SIZED_CVAT = (
    "<annotations><meta><task><original_size><width>320</width><height>240</height></original_size></task></meta>"
    "<track label='a'><points frame='0' outside='0' points='1,2'/></track></annotations>"
)
SIZED_COCO = {
    "images": [{"id": 1, "file_name": "img_0.png", "width": 320, "height": 240}],
    "categories": [{"id": 1, "name": "a", "keypoints": ["p"]}],
    "annotations": [{"image_id": 1, "category_id": 1, "keypoints": [1, 2, 2]}],
}


@pytest.mark.parametrize(
    ("name", "text"), [("a.csv", SIZED_CSV), ("a.xml", SIZED_CVAT), ("a.json", json.dumps(SIZED_COCO))]
)
def test_a_file_made_in_another_size_is_refused(tmp_path: Path, name: str, text: str) -> None:
    with pytest.raises(DatasetError, match="320 × 240") as caught:
        imported(write(tmp_path / name, text))
    assert "640 × 480" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_many_frames_of_another_video_are_one_sentence(tmp_path: Path) -> None:
    head = "scorer,S,S\nbodyparts,A,A\ncoords,x,y\n"
    path = write(tmp_path / "a.csv", head + "".join(f"{frame},5,6\n" for frame in range(100_000)))
    with pytest.raises(DatasetError, match="of 10 frames") as caught:
        imported(path)
    assert "\n" not in str(caught.value)


def test_positions_that_are_no_number_are_gaps_and_counted(tmp_path: Path) -> None:
    found = imported(dlc(tmp_path, [(0, 1, 2), (1, NAN, 3), (2, float("inf"), 4), (3, "", ""), (4, 5, 6)]))
    assert (found.n_read, found.n_used) == (5, 2)
    assert dict(found.rejected_positions) == {"no position in the file": 3}
    states = found.tracks.tracks[0].states[:5].tolist()
    assert states == [FrameState.FOUND, FrameState.ABSENT, FrameState.ABSENT, FrameState.ABSENT, FrameState.FOUND]
