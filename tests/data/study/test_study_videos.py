"""The videos of a study: told by their bytes, found again, and told apart from others in their place."""

import os
import shutil
import sqlite3
import sys
from pathlib import Path

import pytest

from skillviewer.core.dataset.pairs import Verdict
from skillviewer.core.errors import Cancelled, StudyError
from skillviewer.core.progress import CancelToken
from skillviewer.core.video.clips import FrameRange, TimeRange
from skillviewer.data.study import FileState, NewVideo, Study, Vote
from skillviewer.data.study.video_rows import format_clip_range
from tests.data.studies import make_study, write_file


def states(study: Study) -> dict[str, str]:
    return {video.name: video.state.value for video in study.videos.all()}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return make_study(tmp_path / "here", "a", "b", "c")


def test_the_same_bytes_are_one_video_and_equal_names_are_told_apart(tmp_path: Path) -> None:
    with Study.create(tmp_path / "study") as study:
        first = write_file(tmp_path / "x" / "a.mp4", "one")
        other = write_file(tmp_path / "y" / "A.mp4", "two")
        same = write_file(tmp_path / "y" / "copy.mp4", "one")
        empty = tmp_path / "empty.mp4"
        empty.touch()
        new = [NewVideo(p) for p in (first, other, same, empty, tmp_path / "none.mp4")]
        added = study.videos.add(new)
        assert added.names == ("a", "A (2)", "a", None, None)
        assert added.known_names == ("a",)
        assert len(added.problems) == 2
        assert "empty" in added.problems[0]
        assert "none.mp4" in added.problems[1]
        assert states(study) == {"a": "present", "A (2)": "present"}
        cut = study.videos.add([NewVideo(first, clip_range=e) for e in (FrameRange(0, 9), TimeRange(0, 9), None)])
        assert cut.names == ("a (3)", "a (4)", "a")
        assert study.videos.get("a (3)").clip_range == FrameRange(0, 9)
        assert study.videos.get("a (4)").clip_range == TimeRange(0, 9)


def test_study_and_videos_move_together(tmp_path: Path) -> None:
    make_study(tmp_path / "here", "a", "b")
    (tmp_path / "here").rename(tmp_path / "there")
    with Study.open(tmp_path / "there" / "study.skillstudy") as study:
        assert set(states(study).values()) == {"present"}
        assert study.videos.get("a").path == tmp_path / "there" / "videos" / "a.mp4"


def test_study_moves_and_videos_stay(path: Path, tmp_path: Path) -> None:
    moved = path.rename(tmp_path / "study.skillstudy")
    with Study.open(moved) as study:
        assert set(states(study).values()) == {"present"}


def test_another_file_at_the_relative_path_does_not_hide_the_right_one(path: Path, tmp_path: Path) -> None:
    write_file(tmp_path / "videos" / "a.mp4", "another and longer one")
    moved = path.rename(tmp_path / "study.skillstudy")
    with Study.open(moved) as study:
        assert study.videos.get("a").path == tmp_path / "here" / "videos" / "a.mp4"
        assert states(study)["a"] == "present"


def test_one_answer_finds_a_moved_folder_and_what_misses_is_listed(path: Path, tmp_path: Path) -> None:
    far = tmp_path / "far" / "deep"
    far.mkdir(parents=True)
    shutil.move(tmp_path / "here" / "videos", far)
    (far / "videos" / "b.mp4").rename(far / "videos" / "renamed.mp4")
    (far / "videos" / "c.mp4").unlink()
    write_file(far / "videos" / "c.mp4", "video X.mp4")  # of the same name and size, and another
    with Study.open(path) as study:
        assert set(states(study).values()) == {"missing"}
        with pytest.raises(StudyError, match="no folder"):
            study.videos.relink(tmp_path / "nowhere")
        found = study.videos.relink(tmp_path / "far")
        assert (found.located, found.missing, found.replaced) == (("a", "b"), ("c",), ())
        assert study.videos.get("b").path == far / "videos" / "renamed.mp4"
    with Study.open(path) as study:  # and for good
        assert states(study) == {"a": "present", "b": "present", "c": "moved"}  # c by name and size, unsure
        assert [v.state.value for v in study.videos.check()] == ["present", "present", "missing"]


def test_file_that_moved_beside_the_others_is_told_and_relinked_without_a_folder(path: Path, tmp_path: Path) -> None:
    videos = tmp_path / "here" / "videos"
    (videos / "a.mp4").rename(tmp_path / "here" / "a.mp4")
    (videos / "b.mp4").rename(tmp_path / "here" / "b.mp4")
    write_file(tmp_path / "here" / "b.mp4", "video X.mp4")
    with Study.open(path) as study:
        assert states(study) == {"a": "moved", "b": "moved", "c": "present"}  # by name and size
        assert study.videos.get("a").path == tmp_path / "here" / "a.mp4"
        assert {v.name: v.state for v in study.videos.check()}["b"] is FileState.MISSING  # by its bytes
        assert study.videos.relink().located == ("a",)
        assert states(study)["a"] == "present"
        assert study.videos.get("a").path == tmp_path / "here" / "a.mp4"


def test_replaced_files_are_told_apart_from_moved_and_touched_ones(path: Path, tmp_path: Path) -> None:
    videos = tmp_path / "here" / "videos"
    write_file(videos / "a.mp4", "something longer than before")
    write_file(videos / "b.mp4", "video X.mp4")
    os.utime(videos / "b.mp4", ns=(1, 1))
    os.utime(videos / "c.mp4", ns=(2, 2))
    with Study.open(path) as study:
        assert states(study) == {"a": "replaced", "b": "present", "c": "present"}
        assert [v.name for v in study.videos.all() if v.must_check] == ["b", "c"]
        assert [(v.name, v.state.value, v.must_check) for v in study.videos.check()] == [
            ("a", "replaced", False),
            ("b", "replaced", False),
            ("c", "present", False),
        ]
        assert [(v.name, v.state.value, v.must_check) for v in study.videos.all()] == [
            ("a", "replaced", False),
            ("b", "replaced", False),
            ("c", "present", False),
        ]
        write_file(tmp_path / "archive" / "a.mp4")  # the original
        assert study.videos.relink(tmp_path / "archive").located == ("a",)


def test_study_that_cannot_be_written_is_checked_all_the_same(path: Path, tmp_path: Path) -> None:
    write_file(tmp_path / "here" / "videos" / "a.mp4", "video X.mp4")
    os.utime(tmp_path / "here" / "videos" / "a.mp4", ns=(1, 1))
    with Study.open(path, read_only=True) as study:
        assert study.videos.check()[0].state is FileState.REPLACED


def test_video_without_a_file_is_found_by_its_name(path: Path, tmp_path: Path) -> None:
    with Study.open(path) as study:
        assert study.videos.add([NewVideo(None, "d")]).names == ("d",)
        assert study.videos.add([NewVideo(None, "d")]).known_names == ("d",)
        assert states(study)["d"] == "missing"
        write_file(tmp_path / "far" / "D.MP4")
        assert study.videos.relink(tmp_path / "far").located == ("d",)
        assert len(study.videos.get("d").digest) == 64


def test_lost_or_removed_video_comes_back_when_it_is_added_again(path: Path, tmp_path: Path) -> None:
    lost = (tmp_path / "here" / "videos" / "a.mp4").rename(tmp_path / "elsewhere.mp4")
    with Study.open(path) as study:
        study.videos.remove("b")
        assert "b" not in states(study)
        added = study.videos.add([NewVideo(lost), NewVideo(tmp_path / "here" / "videos" / "b.mp4")])
        assert added.known_names == ("a", "b")
        assert states(study) == {"a": "present", "b": "present", "c": "present"}


def test_removed_video_takes_its_votes_out_and_back(path: Path) -> None:
    with Study.open(path) as study:
        study.votes.cast(Vote("a", "b", Verdict.LEFT, "Ann"))
        study.videos.remove("a")
        assert study.votes.judgements() == ()
        assert len(study.votes.all()) == 1
        study.videos.restore("a")
        assert len(study.votes.judgements()) == 1


def test_what_is_known_of_a_video_can_be_changed(path: Path) -> None:
    with Study.open(path) as study:
        study.votes.cast(Vote("a", "b", Verdict.LEFT, "Ann"))
        video = study.videos.change("a", name="first", participant="P7", notes="left-handed", sync_s=1.5)
        assert (video.name, video.participant, video.notes, video.sync_s) == ("first", "P7", "left-handed", 1.5)
        assert study.votes.judgements()[0].left == "first"
        with pytest.raises(StudyError, match="another video has it"):
            study.videos.change("first", name="b", participant="lost")
        assert study.videos.get("first").participant == "P7"
        with pytest.raises(ValueError, match="digest"):
            study.videos.change("first", digest="x")
        with pytest.raises(StudyError, match="no video"):
            study.videos.get("a")


def test_stopped_adding_leaves_no_trace(path: Path, tmp_path: Path) -> None:
    token = CancelToken()
    new = [NewVideo(write_file(tmp_path / f"{i}.mp4")) for i in range(5)]
    with Study.open(path) as study:
        with pytest.raises(Cancelled):
            study.videos.add(new, token, lambda progress: token.cancel() if progress.done == 3 else None)
        assert len(study.videos.all()) == 3


def test_save_as_finds_the_videos_from_another_folder(path: Path, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    with Study.open(path) as study:
        copy = study.save_as(tmp_path / "other" / "copy")
        with pytest.raises(StudyError, match="there already"):
            study.save_as(copy)
    shutil.move(tmp_path / "here", tmp_path / "other" / "here")  # both move below one folder
    with Study.open(copy) as study:
        assert set(states(study).values()) == {"missing"}
    shutil.move(tmp_path / "other" / "here", tmp_path / "here")
    (tmp_path / "other" / "deeper").mkdir()
    tmp_path = tmp_path.rename(tmp_path.with_name(f"{tmp_path.name} moved"))
    with Study.open(tmp_path / "other" / "copy.skillstudy") as study:
        assert set(states(study).values()) == {"present"}


def test_windows_paths_are_matched_by_their_last_part(path: Path) -> None:
    with Study.open(path) as study:
        with study._file.transaction() as db:
            db.execute("UPDATE video SET relative_path = '', absolute_path = 'D:\\old\\a.mp4' WHERE name = 'a'")
        assert states(study)["a"] == "moved"


def test_long_and_foreign_names_of_videos(tmp_path: Path) -> None:
    deep = tmp_path.joinpath(*["länger " * 12] * 7)
    video = write_file(deep / "手 'quoted' %20.mp4")
    assert len(os.fsencode(video)) > 512
    with Study.create(tmp_path / "study") as study:
        study.videos.add([NewVideo(video)])
    with Study.open(tmp_path / "study.skillstudy") as study:
        assert study.videos.all()[0].path == video


def test_a_part_becomes_a_video_of_its_own_without_reading_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Study.create(tmp_path / "study") as study:
        path = write_file(tmp_path / "long.mp4")
        study.videos.add([NewVideo(path, "recording", "Ann", "suturing")])
        with monkeypatch.context() as patch:
            patch.setattr("skillviewer.data.study.video_files.identify", None)  # what would read it
            first = study.videos.split("recording", FrameRange(0, 9))
            second = study.videos.split(first, TimeRange(1.0, 2.0))
        assert (first, second) == ("long 1", "long 2")
        parts = [study.videos.get(name) for name in (first, second)]
        assert [(v.clip_range, v.participant, v.task) for v in parts] == [
            (FrameRange(0, 9), "Ann", "suturing"),
            (TimeRange(1.0, 2.0), "Ann", "suturing"),
        ]
        assert {v.digest for v in parts} == {study.videos.get("recording").digest}
        study.videos.remove(first)
        assert study.videos.split("recording", FrameRange(0, 9)) == first, "the same part is the same video"
        path.write_text("another file, of another length")
        with pytest.raises(StudyError, match="“recording” is not where it was"):
            study.videos.split("recording", FrameRange(9, 12))
        path.unlink()
        with pytest.raises(StudyError, match="“recording” is not where it was"):
            study.videos.split("recording", FrameRange(9, 12))


@pytest.mark.skipif(sys.platform != "linux", reason="other systems keep names of files as text")
def test_a_name_that_is_no_text_costs_no_other_video(tmp_path: Path) -> None:
    odd, folder = (Path(os.fsdecode(os.fsencode(tmp_path / word) + b"\xe9")) for word in ("caf", "r"))
    odd = odd.with_suffix(".mp4")
    write_file(odd, "1")
    write_file(folder / "z.mp4", "2")
    write_file(tmp_path / "ok.mp4", "3")
    with Study.create(tmp_path / "study") as study:
        added = study.videos.add([NewVideo(odd), NewVideo(tmp_path / "ok.mp4"), NewVideo(folder / "z.mp4")])
        assert added.names == (None, "ok", None)
        assert [r"caf\xe9" in added.problems[0], r"r\xe9" in added.problems[1]] == [True, True]
        assert all("is not UTF-8" in problem for problem in added.problems)
    with pytest.raises(StudyError, match="is not UTF-8"):
        Study.create(folder / "study")


def test_an_empty_file_of_the_right_name_does_not_keep_others_from_being_found(path: Path, tmp_path: Path) -> None:
    (tmp_path / "new").mkdir()
    (tmp_path / "new" / "lost.mp4").touch()
    with Study.open(path) as study:
        study.videos.add([NewVideo(None, "lost")])
        moved = study.videos.get("a").path
        assert moved is not None
        moved.rename(tmp_path / "new" / "a.mp4")
        result = study.videos.relink(tmp_path / "new")
        assert (result.located, result.missing) == (("a",), ("lost",))
        (problem,) = result.problems
        assert problem.endswith("lost.mp4 is empty.")


def test_save_as_finds_the_models_that_lie_beside_the_study(path: Path, tmp_path: Path) -> None:
    """As an archive leaves them: nobody but the study's folder tells where they are."""
    (tmp_path / "here" / "models" / "mine").mkdir(parents=True)
    (tmp_path / "other").mkdir()
    with Study.open(path) as study:
        study.models.add("e" * 64, "mine", tmp_path / "here" / "models" / "mine")
        study.models.add("f" * 64, "gone", tmp_path / "here" / "models" / "gone")
    with sqlite3.connect(path) as db:
        db.execute("UPDATE model SET absolute_path = relative_path")
    db.close()
    with Study.open(path) as study:
        copy = study.save_as(tmp_path / "other" / "copy")
    with Study.open(copy) as study:
        found = {model.name: model.path for model in study.models.all()}
    assert found == {"mine": tmp_path / "here" / "models" / "mine", "gone": None}


@pytest.mark.parametrize("start", [0, 12345, 1234567, 12345678])
def test_parts_of_long_files_are_told_apart(start: int) -> None:
    texts = {format_clip_range(FrameRange(start + at, start + 500)) for at in range(3)}
    assert len(texts) == 3
    assert format_clip_range(FrameRange(120, 99000)) == "frame 120 99000", "as studies have it"
    assert format_clip_range(TimeRange(3601.2345, 3602.0)) == "s 3601.2345 3602"
