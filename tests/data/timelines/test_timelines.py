"""Timelines written and read again: no frame moves, other programs read the same, and strangers' files are bounded."""

import csv
import html
import json
import random
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pympi
import pytest
import srt
import webvtt
from praatio import textgrid
from praatio.utilities.constants import Interval, Point

from skillviewer.core.errors import DatasetError
from skillviewer.core.timelines.annotation import Annotation, Tier, milliseconds
from skillviewer.core.video.info import VideoInfo
from skillviewer.data.timelines import timeline_formats
from skillviewer.data.timelines.timeline_formats import read_timeline
from skillviewer.export.analysed_video import AnalysedVideo
from skillviewer.export.tables.tables import export_table
from skillviewer.export.timelines.boris import boris_project
from skillviewer.export.timelines.eaf import eaf_document
from skillviewer.export.timelines.subtitles import srt_text, vtt_text
from skillviewer.export.timelines.textgrid import textgrid_text
from skillviewer.media.reading.reader import VideoReader
from tests.data.files import write
from tests.export.analyses import analysis, info
from tests.videos import write_barcode_video

VIDEOS = (
    "mp4", "mov", "mkv", "avi_packed", "ts", "webm", "gif", "variable", "variable_mkv", "late_mp4", "late_mkv",
    "late_ts", "trimmed", "turned_90", "open_gop_ts",
)  # fmt: skip
SUFFIXES = (".eaf", ".boris", ".vtt", ".srt", ".csv", ".textgrid")
N = 3_000
"""``python -m benchmarks.timelines`` takes 10,000 of each video."""

Ends = tuple[int, int, str, str]


def annotations_of(path: Path, file_name: str = "") -> list[Annotation]:
    """Return the annotations of a file of which nothing is rejected."""
    contents = read_timeline(path, file_name)
    assert (contents.rejected, contents.warnings) == ((), ())
    return list(contents.annotations)


def written(path: Path, video: VideoInfo, annotations: Sequence[Annotation]) -> Path:
    """Write annotations as the export does."""
    texts: dict[str, Callable[[], str]] = {
        ".eaf": lambda: eaf_document(video, annotations),
        ".vtt": lambda: vtt_text(video, annotations),
        ".srt": lambda: srt_text(video, annotations),
        ".textgrid": lambda: textgrid_text(video, annotations),
        ".boris": lambda: boris_project([(video, annotations)]),
    }
    if path.suffix in texts:
        path.write_text(texts[path.suffix](), encoding="utf-8")
        return path
    analysed = AnalysedVideo(analysis(video, n_segments=2), annotations=tuple(annotations))
    return export_table("timeline", path, [analysed], {one.tier for one in annotations})


def moments(video: VideoInfo, n: int, seed: int) -> list[Annotation]:
    """Return moments from one frame to another, as the window keeps them; no two are alike."""
    chance, made = random.Random(seed), []
    for k in range(n):
        first = chance.randrange(video.n_frames)
        last = chance.randrange(first, video.n_frames)
        made.append(
            Annotation(
                Tier.MOMENTS, float(video.times_s[first]), video.end_s(last), f"m{k}", chance.choice(("", "Ann"))
            )
        )
    return made


def frames(video: VideoInfo, annotations: Sequence[Annotation]) -> Counter[Ends]:
    return Counter(
        (video.frame_at(a.start_s), video.frame_at(a.stop_s), a.text or a.tier, a.author) for a in annotations
    )


@pytest.fixture(scope="module")
def videos(tmp_path_factory: pytest.TempPathFactory) -> list[VideoInfo]:
    folder, found = tmp_path_factory.mktemp("videos"), []
    for kind in VIDEOS:
        with VideoReader(write_barcode_video(folder / kind, 24, kind=kind).path, cache_bytes=0) as reader:
            found.append(reader.info)
    return found


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_moments_of_fifteen_kinds_of_videos_keep_their_frames(
    tmp_path: Path, videos: list[VideoInfo], suffix: str
) -> None:
    n = 0
    for at, video in enumerate(videos):
        given = moments(video, N // len(videos) + 1, at)
        read = annotations_of(written(tmp_path / f"{at}{suffix}", video, given), video.path.name)
        assert {one.tier for one in read} == ({one.text for one in given} if suffix == ".boris" else {"moments"})
        assert frames(video, read) == frames(video, given), video.path.name
        n += len(read)
    assert n >= N


def test_a_frame_shorter_than_a_millisecond_moves_by_less_than_one() -> None:
    video = info(5000, rate_hz=2500.0)
    apart = [milliseconds(video, float(time_s)) / 1000 - float(time_s) for time_s in video.times_s]
    assert max(map(abs, apart)) <= 0.001
    assert any(
        video.frame_at(time_s + off) != n for n, (time_s, off) in enumerate(zip(video.times_s, apart, strict=True))
    )


def test_points_last_one_frame_where_the_form_knows_intervals_alone(tmp_path: Path) -> None:
    video = info(30, rate_hz=30.0)
    note = [Annotation(Tier.NOTES, 0.52, 0.52, "slips\nhere", "Ann")]
    for suffix, stop_s in ((".eaf", 0.534), (".vtt", 0.534), (".csv", 0.52), (".boris", 0.52)):
        (read,) = annotations_of(written(tmp_path / f"a{suffix}", video, note))
        assert (read.tier, read.author, read.text.split()) == ("notes", "Ann", ["slips", "here"])
        assert (read.start_s, read.stop_s) == (0.52, stop_s)


def odd_annotations() -> list[Annotation]:
    return [
        Annotation("moments", 0.1, 0.5, "<b> & --> [x]", "Ann"),
        Annotation("moments", 0.2, 0.4, "", "Ann"),
        Annotation("evidence", 0.0, 0.1, "+0.10", "tiny", 0.1),
    ]


def test_other_libraries_read_the_same(tmp_path: Path) -> None:
    video, given = info(), odd_annotations()
    elan = pympi.Elan.Eaf(str(written(tmp_path / "a.eaf", video, given)))
    assert set(elan.get_tier_names()) == {"evidence – tiny", "moments – Ann", "moments – Ann (2)"}
    assert elan.get_annotation_data_for_tier("moments – Ann") == [(100, 500, "<b> & --> [x]")]
    assert elan.get_parameters_for_tier("moments – Ann")["PARTICIPANT"] == "Ann"
    assert [each["MIME_TYPE"] for each in elan.get_linked_files()] == ["video/mp4"]
    cues = webvtt.read(str(written(tmp_path / "a.vtt", video, given)))
    assert [(c.start, c.end, html.unescape(c.text)) for c in cues][1] == (
        "00:00:00.100",
        "00:00:00.500",
        "[moments – Ann] <b> & → [x]",
    )
    lines = list(srt.parse(written(tmp_path / "a.srt", video, given).read_text(encoding="utf-8")))
    assert [(c.start.total_seconds(), c.content) for c in lines] == [
        (0.0, "[evidence – tiny] +0.10"),
        (0.1, "[moments – Ann] <b> & → [x]"),
        (0.2, "[moments – Ann]"),
    ]
    points = [Annotation("notes", 0.2, 0.2, "says go", "Ann"), Annotation("moments", 0.3, 0.3, "slip", "Ann")]
    grid = textgrid.openTextgrid(str(written(tmp_path / "a.textgrid", video, [*given, *points])), False)
    tiers = {tier.name: [tuple(entry) for entry in tier.entries] for tier in grid.tiers}
    assert tiers == {
        "evidence – tiny": [(0.0, 0.1, "+0.10")],
        "moments – Ann": [(0.1, 0.5, "<b> & --> [x]")],
        "moments – Ann (2)": [(0.2, 0.4, "moments")],
        "moments – Ann (3)": [(0.3, "slip")],
        "notes – Ann": [(0.2, "says go")],
    }
    assert grid.maxTimestamp == video.duration_s
    project = json.loads(written(tmp_path / "a.boris", video, given).read_text(encoding="utf-8"))
    assert project["observations"]["one"]["events"] == [
        [0.0, "tiny", "evidence", "", "+0.10", 0],
        [0.1, "Ann", "<b> & --> [x]", "", "", 3],
        [0.1, "tiny", "evidence", "", "+0.10", 3],
        [0.2, "Ann", "moments", "", "", 6],
        [0.4, "Ann", "moments", "", "", 12],
        [0.5, "Ann", "<b> & --> [x]", "", "", 15],
    ]


def test_files_that_other_libraries_wrote_are_read(tmp_path: Path) -> None:
    elan = pympi.Elan.Eaf(author="Bea")
    elan.add_linked_file("file:///x/one.mp4", mimetype="video/mp4", time_origin=250)
    elan.add_tier("steps", part="Bea")
    elan.add_annotation("steps", 100, 400, "reach & grasp")
    elan.add_tier("remarks", ling="default-lt")
    elan.add_annotation("remarks", 0, 50, "ü")
    elan.to_file(str(tmp_path / "a.eaf"))
    assert annotations_of(tmp_path / "a.eaf", "one.mp4") == [
        Annotation("remarks", 0.25, 0.3, "ü"),
        Annotation("steps", 0.35, 0.65, "reach & grasp", "Bea"),
    ]
    grid = textgrid.Textgrid()
    grid.addTier(textgrid.IntervalTier("steps", [Interval(0.5, 1.25, 'say "go"'), Interval(2, 3, "on")], 0, 4))
    grid.addTier(textgrid.PointTier("hits", [Point(0.75, "hit")], 0, 4))
    for form in ("long_textgrid", "short_textgrid"):
        grid.save(str(tmp_path / "a.TextGrid"), format=form, includeBlankSpaces=True)
        assert annotations_of(tmp_path / "a.TextGrid") == [
            Annotation("steps", 0.5, 1.25, 'say "go"'),
            Annotation("hits", 0.75, 0.75, "hit"),
            Annotation("steps", 2.0, 3.0, "on"),
        ]
    vtt = webvtt.WebVTT()
    vtt.captions.append(webvtt.Caption("00:00:01.500", "00:01:02.000", "<v Bea>grasp &amp; lift"))
    vtt.save(str(tmp_path / "b.vtt"))
    assert annotations_of(tmp_path / "b.vtt") == [Annotation("cues", 1.5, 62.0, "grasp & lift", "Bea")]


def boris(events: object, kind: str = "State event", **more: object) -> str:
    observation = {"events": events, "file": {"1": ["C:\\films\\one.mp4"]}, "time offset": 10.0, **more}
    behaviors = {"0": {"type": kind, "code": "grasp", "category": ""}, "1": {"type": "Point event", "code": "drop"}}
    return json.dumps({"observations": {"first": observation}, "behaviors_conf": behaviors})


def test_states_of_boris_begin_and_end_for_each_subject_and_its_offset_is_taken_off(tmp_path: Path) -> None:
    events = [
        [11.0, "Ann", "grasp", "", ""],
        [11.5, "", "grasp", "", ""],
        [12.0, "Ann", "grasp", "", "slow"],
        [11.75, "", "drop", "left|None", ""],
        [13.0, "", "grasp", "", ""],
    ]
    assert annotations_of(write(tmp_path / "a.boris", boris(events)), "one.mp4") == [
        Annotation("grasp", 1.0, 2.0, "slow", "Ann"),
        Annotation("grasp", 1.5, 3.0),
        Annotation("drop", 1.75, 1.75, "left|None"),
    ]


def test_tables_of_many_forms_are_read(tmp_path: Path) -> None:
    semicolons = write(
        tmp_path / "a.csv", "Begin Time;End Time;Tier;Annotation\n00:00:01,5;0:02;steps;grasp\n3,25;4;;x\n"
    )
    assert annotations_of(semicolons) == [
        Annotation("steps", 1.5, 2.0, "grasp"),
        Annotation("annotations", 3.25, 4.0, "x"),
    ]
    boris_table = write(
        tmp_path / "b.csv", "Subject,Behavior,Start (s),Stop (s),Media file\nAnn,drop,1.5,2,/x/one.mp4\n"
    )
    assert annotations_of(boris_table, "one.mp4") == [Annotation("drop", 1.5, 2.0, "", "Ann")]
    assert annotations_of(boris_table, "two.mp4") == []


BOMB = '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><ANNOTATION_DOCUMENT>&b;</ANNOTATION_DOCUMENT>'
OUTSIDE = '<!DOCTYPE x SYSTEM "http://example.org/x.dtd"><ANNOTATION_DOCUMENT/>'
BAD: dict[str, tuple[str, str]] = {
    "bomb.eaf": (BOMB, "declares entities or a document type"),
    "dtd.eaf": (OUTSIDE, "declares entities or a document type"),
    "page.eaf": ("<html/>", "its root is <html>"),
    "cut.eaf": ("<ANNOTATION_DOCUMENT>", "no element found"),
    "none.vtt": ("WEBVTT\n\n", "no line such as"),
    "times.csv": ("start,stop\nsoon,later\n", "no row has a time such as 61.5"),
    "columns.csv": ("a,b\n1,2\n", "none of its columns (a, b)"),
    "short.TextGrid": (
        'File type = "ooTextFile"\nObject class = "TextGrid"\n0\n4\n<exists>\n2\n"IntervalTier"',
        "too early",
    ),
    "binary.TextGrid": ("ooBinaryFile", "save it as a text file"),
    "joined.boris": (boris([], file={"1": ["one.mp4", "two.mp4"]}), "does not say how long they are"),
    "twice.TextGrid": ('File type = "ooTextFile"\nObject class = "TextGrid', "is not closed"),
    "rows.json": ("[]", "is no timeline: choose a file"),
    "film.mp4": ("", "is no timeline: choose a file"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_file_that_cannot_be_used_is_one_sentence(tmp_path: Path, name: str) -> None:
    text, reason = BAD[name]
    with pytest.raises(DatasetError) as told:
        read_timeline(write(tmp_path / name, text), "one.mp4")
    assert reason in str(told.value)
    assert name in str(told.value)
    assert "\n" not in str(told.value)


def test_a_file_that_is_too_large_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timeline_formats, "MAX_BYTES", 10)
    with pytest.raises(DatasetError, match="timelines may have"):
        read_timeline(write(tmp_path / "a.vtt", "WEBVTT\n\n00:01.000 --> 00:02.000\nx\n"))


def test_the_table_names_frames_as_the_reader_of_the_video_does(tmp_path: Path, videos: list[VideoInfo]) -> None:
    video = videos[VIDEOS.index("variable")]
    path = written(tmp_path / "a.csv", video, moments(video, 50, 3))
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            at = np.searchsorted(video.times_s, float(row["start_s"]) + 1e-6) - 1
            assert int(row["start_frame"]) == at
