"""Values of a data set: pairs, ranges, parts of it."""

from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pytest

from skillviewer.core.dataset.dataset import Dataset, DatasetVideo, Measure
from skillviewer.core.dataset.folds import fold_of
from skillviewer.core.dataset.pairs import Judgement, Pair, SimilarPair, Verdict
from skillviewer.core.errors import DatasetError
from skillviewer.core.video.clips import ClipRange, FrameRange, TimeRange, VideoClip, frame_range
from tests.core.analyses import video_info
from tests.core.datasets import people, ranked

HUNDRED = video_info(np.arange(100) / 10)  # 10 s at 10 frames a second


def test_a_similar_pair_has_no_direction() -> None:
    assert SimilarPair("b", "a") == SimilarPair("a", "b")
    assert len({SimilarPair("b", "a"), SimilarPair("a", "b")}) == 1


def test_frames_of_a_range() -> None:
    assert FrameRange(20, 30).frames(HUNDRED) == range(20, 30)
    assert FrameRange(90, 110).frames(HUNDRED) == range(90, 100)
    assert DatasetVideo("v", clip_range=FrameRange(20, 30)).frames(HUNDRED) == range(20, 30)
    assert DatasetVideo("v").frames(HUNDRED) == range(100)


def test_frames_of_a_range_in_seconds() -> None:
    assert TimeRange(2.0, 2.95).frames(HUNDRED) == range(20, 30)
    assert TimeRange(9.0, 11.0).frames(HUNDRED) == range(90, 100)


def test_parts_that_touch_share_no_frame() -> None:
    first, second = TimeRange(0.0, 5.0).frames(HUNDRED), TimeRange(5.0, 9.0).frames(HUNDRED)
    assert (first, second) == (range(50), range(50, 90))
    assert TimeRange(4.95, 5.0).frames(HUNDRED) == range(49, 50)
    assert TimeRange(5.0, 5.0 + 1e-9).frames(HUNDRED) == range(50, 51)


@pytest.mark.parametrize(
    ("start_s", "stop_s", "frames"),
    [
        (0.0, 1.0, range(10)),
        (1.0, None, range(10, 100)),
        (2.0, 11.5, range(20, 100)),  # as long as the file is, and yet not the whole of it
        (9.95, 30.0, range(99, 100)),
        (0.0, 10.0, range(100)),
    ],
)
def test_a_stretch_is_what_was_asked_for(start_s: float, stop_s: float | None, frames: range) -> None:
    assert frame_range(HUNDRED, start_s, stop_s).frames(HUNDRED) == frames


def test_a_stretch_of_nothing_is_told() -> None:
    with pytest.raises(DatasetError, match=r"lasts 10\.000 s: nothing of it is left from 10 s on"):
        frame_range(HUNDRED, 10.0, 14.0)
    with pytest.raises(DatasetError, match="would end at 2 s, before it begins at 3 s"):
        frame_range(HUNDRED, 3.0, 2.0)


def test_a_file_as_long_as_its_range_has_been_cut_already() -> None:
    assert FrameRange(1000, 1101).frames(HUNDRED) == range(100)
    assert TimeRange(200.0, 210.4).frames(HUNDRED) == range(100)
    assert FrameRange(0, 100).frames(HUNDRED) == range(100)


@pytest.mark.parametrize(
    ("clip_range", "share"),
    [
        (None, ""),
        (FrameRange(20, 30), ""),
        (FrameRange(70, 102), ""),  # annotations are not exact to the frame
        (FrameRange(900, 1001), ""),  # it was cut out
        (FrameRange(70, 120), "60 %"),
        (FrameRange(0, 150), "67 %"),
        (TimeRange(2.0, 3.0), ""),
        (TimeRange(7.0, 10.8), ""),
        (TimeRange(100.0, 110.0), ""),
        (TimeRange(7.0, 12.0), "60 %"),
    ],
)
def test_a_file_that_ends_in_the_middle_of_an_attempt_is_told_of(clip_range: ClipRange | None, share: str) -> None:
    said = VideoClip(Path("v.mp4"), clip_range).shortfall(HUNDRED)
    assert share in said
    assert bool(said) == bool(share)


@pytest.mark.parametrize(
    "clip_range", [FrameRange(1000, 1300), TimeRange(200.0, 260.0), FrameRange(90, 130), TimeRange(9.0, 13.5)]
)
def test_a_range_outside_the_file_is_refused(clip_range: FrameRange | TimeRange) -> None:
    with pytest.raises(DatasetError, match="whole recording"):
        clip_range.frames(HUNDRED)


def test_names_are_unique_and_pairs_known() -> None:
    video = DatasetVideo("a")
    with pytest.raises(ValueError, match="same name"):
        Dataset("d", "f", "t", (video, video), ())
    with pytest.raises(ValueError, match="no such video"):
        Dataset("d", "f", "t", (video,), (Pair("a", "b"),))


def test_a_part_of_a_data_set_keeps_only_what_is_within() -> None:
    names = people("AB", 2)
    whole = ranked(names)
    whole = replace(
        whole,
        similar=(SimilarPair("A1", "B1"), SimilarPair("A1", "A2")),
        judgements=(Judgement("A1", "A2", Verdict.LEFT, "r"), Judgement("B1", "A2", Verdict.RIGHT, "r")),
        released=(fold_of("1", names, ["B1", "B2"], whole.pairs),),
        scores=Measure("rating", tuple((n, float(i)) for i, n in enumerate(names))),
    )
    part = whole.restricted(["A1", "A2", "B2"])
    assert part.names == ("A1", "A2", "B2")
    assert part.pairs == (Pair("A1", "A2"), Pair("A1", "B2"), Pair("A2", "B2"))
    assert part.similar == (SimilarPair("A1", "A2"),)
    assert [j.left for j in part.judgements] == ["A1"]
    assert part.released is not None
    assert part.released[0].held_out_videos == ("B2",)
    assert part.released[0].test_pairs == (Pair("A1", "B2"), Pair("A2", "B2"))
    assert part.scores is not None
    assert part.scores.by_video() == {"A1": 0.0, "A2": 1.0, "B2": 3.0}


def test_usable_are_the_videos_with_a_file() -> None:
    whole = ranked(["A1", "A2", "A3"])
    videos = tuple(replace(v, path=None if v.name == "A2" else Path(f"{v.name}.mp4")) for v in whole.videos)
    part = replace(whole, videos=videos).usable()
    assert part.names == ("A1", "A3")
    assert part.pairs == (Pair("A1", "A3"),)


def test_a_data_set_crosses_to_another_process() -> None:
    whole = ranked(people("AB", 2))
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        assert pool.submit(replace, whole, name="there").result() == replace(whole, name="there")


def test_an_unknown_video_is_told() -> None:
    assert ranked(["A1", "A2"]).video("A2").participant == "A"
    with pytest.raises(DatasetError, match="no video “C9”"):
        ranked(["A1", "A2"]).video("C9")
