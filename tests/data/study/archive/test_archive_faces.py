"""An archive with blurred faces: no original picture is left in it, all opens elsewhere, and nothing is promised."""

import hashlib
import json
import os
import shutil
import zipfile
from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import pytest

from skillviewer.core.analysis.analysis import Analysis
from skillviewer.core.errors import Cancelled, ExportError, VideoError
from skillviewer.core.faces.blurring_text import LOOK_THROUGH, SCORED_BEFORE_BLURRING
from skillviewer.core.faces.faces import DoubtReason, FaceBox, FaceReviewItem, Faces
from skillviewer.core.paths import HOME_VARIABLE
from skillviewer.core.progress import CancelToken, Progress, silent
from skillviewer.core.video.clips import FrameRange
from skillviewer.data.faces_file import FaceStore
from skillviewer.data.study import FileState, NewVideo, Study, cached_analysis
from skillviewer.data.study.archive.archive import ArchiveResult, pack
from skillviewer.data.study.archive.archive_format import ArchiveOptions
from skillviewer.data.study.archive.unpack import unpack
from skillviewer.data.study.archive.video_copies import VideoCopies
from skillviewer.export.tables.tables import export_scores
from skillviewer.media import faces as media_faces
from skillviewer.media.reading.reader import VideoReader
from skillviewer.media.reading.sound_reader import has_sound
from skillviewer.media.writing.writer import VideoWriter
from tests.export.analyses import analysis, info
from tests.facts import missing
from tests.videos import read_barcode, write_barcode_video

MODEL = hashlib.sha256(b"config.jsonweights.safetensors").hexdigest()
NAMES = ("drawn", "searched", "uneven")
BOX = FaceBox(0.3, 0.3, 0.7, 0.7)  # the four cells in the middle
FRAMES = (20, 24, 18)


@pytest.fixture
def study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Three videos with sound or uneven times or in another container; one was looked over, none has a real face."""
    monkeypatch.setenv(HOME_VARIABLE, str(tmp_path / "home"))
    folder = tmp_path / "private"
    folder.mkdir()
    model = folder / "model"
    model.mkdir()
    for name in ("config.json", "weights.safetensors", "card.json", "frames.png"):
        (model / name).write_text(name)
    files = [
        write_barcode_video(folder / f"{NAMES[0]}.mp4", FRAMES[0], kind="audio").path,
        write_barcode_video(folder / f"{NAMES[1]}.avi", FRAMES[1], kind="avi").path,
        write_barcode_video(folder / f"{NAMES[2]}.mkv", FRAMES[2], kind="variable_mkv").path,
    ]
    with Study.create(folder / "peg") as made:
        made.videos.add([NewVideo(file) for file in files])
        made.models.add(MODEL, "tiny", model)
        for video in made.videos.all():
            made.models.save_analysis(_said(video.path))
        drawn = Faces(made.videos.get(NAMES[0]).digest, FRAMES[0]).with_drawn(BOX, 0, 0, FRAMES[0])
        FaceStore().put(drawn)
        return made.path


def _said(path: Path | None) -> Analysis:
    assert path is not None
    with VideoReader(path) as reader:
        said = analysis(reader.info, passes=2)
    return replace(said, provenance=replace(said.provenance, model_digest=MODEL))


def _pack(study: Path, path: Path, *, pseudonyms: bool = False, videos: bool = True) -> ArchiveResult:
    return pack(study, path, ArchiveOptions(blur_faces=True, pseudonyms=pseudonyms, videos=videos))


def _elsewhere(archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    shutil.rmtree(tmp_path / "private")
    monkeypatch.setenv(HOME_VARIABLE, str(tmp_path / "other home"))
    return unpack(archive, tmp_path / "elsewhere" / "study")


def _sharpest(picture: np.ndarray[tuple[int, ...], np.dtype[np.uint8]]) -> int:
    """Return the hardest step between two pixels side by side inside the box."""
    height, width = picture.shape[:2]
    inside = picture[int(0.32 * height) : int(0.68 * height), int(0.32 * width) : int(0.68 * width), 0].astype(int)
    return int(max(np.abs(np.diff(inside, axis=axis)).max() for axis in (0, 1)))


@pytest.mark.parametrize("pseudonyms", [False, True])
def test_all_opens_elsewhere_with_blurred_videos_and_the_scores_follow(
    study: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, pseudonyms: bool
) -> None:
    with Study.open(study, read_only=True) as before:
        originals = {video.name: video for video in before.videos.all()}
        scores = sorted(score.score for score in before.models.scores(MODEL).values())
        contents = {name: video.path.read_bytes() for name, video in originals.items() if video.path is not None}
        times = [_said(video.path).video.times_s for video in originals.values()]
    made = _pack(study, tmp_path / "all.skillarchive", pseudonyms=pseudonyms)
    assert (made.n_videos, made.n_models, made.n_analyses) == (3, 1, 3)
    with zipfile.ZipFile(made.path) as file:
        inside = {name: file.read(name) for name in file.namelist()}
        assert json.loads(inside["manifest.json"])["faces_blurred"] is True
    sums = {hashlib.sha256(content).hexdigest() for content in inside.values()}
    assert sums.isdisjoint({video.digest for video in originals.values()})
    assert {Path(name).suffix for name in inside if name.startswith("videos/")} == {".mp4"}
    assert not [name for name in inside if name.endswith(".png")], "a picture beside the weights may show anybody"
    for content in contents.values():  # not a piece of an original either
        assert not any(content[200:1200] in other for other in inside.values())
    opened = _elsewhere(made.path, tmp_path, monkeypatch)
    with Study.open(opened) as after:
        videos = after.videos.check()
        assert {(v.state, v.must_check) for v in videos} == {(FileState.PRESENT, False)}
        assert sorted(score.score for score in after.models.scores(MODEL).values()) == scores
        for video in videos:
            assert video.path is not None
            assert hashlib.sha256(video.path.read_bytes()).hexdigest() == video.digest
            with av.open(str(video.path)) as container:
                assert [stream.type for stream in container.streams] == ["video"]
            found = cached_analysis(video, MODEL)
            assert found is not None
            with VideoReader(video.path) as reader:
                assert (found.video.digest, found.video.codec) == (reader.info.digest, "h264")
                assert np.array_equal(found.video.times_s, reader.info.times_s)
                assert any(
                    len(reader.info.times_s) == len(t) and np.abs(reader.info.times_s - t).max() < 1e-4 for t in times
                )
            assert found.video.note.endswith(SCORED_BEFORE_BLURRING)
            table = export_scores([found], tmp_path / f"{video.name}.csv").read_text(encoding="utf-8")
            assert SCORED_BEFORE_BLURRING in table
            score = after.models.scores(MODEL)[video.name]
            assert (score.score, score.warning) == (found.score, SCORED_BEFORE_BLURRING)
            after.models.save_analysis(found)  # as looking at the video does: the word stays
            assert after.models.scores(MODEL)[video.name].warning == SCORED_BEFORE_BLURRING


def test_what_was_drawn_is_blurred_in_every_frame_and_the_rest_stays(
    study: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(study.parent, tmp_path / "kept")
    opened = _elsewhere(_pack(study, tmp_path / "all.zip").path, tmp_path, monkeypatch)
    with Study.open(opened, read_only=True) as after:
        paths = {video.name: video.path for video in after.videos.all()}
        digest = after.videos.get(NAMES[0]).digest
    edges = 0
    for name, old, blurs in ((NAMES[0], "drawn.mp4", True), (NAMES[1], "searched.avi", False)):
        path = paths[name]
        assert path is not None
        with VideoReader(path) as new, VideoReader(tmp_path / "kept" / old) as original:
            assert new.n_frames == original.n_frames
            for at in range(new.n_frames):
                was, now = original.frame(at), new.frame(at)
                if blurs:
                    edges += _sharpest(was) > 100
                    assert _sharpest(now) < 40
                    assert np.abs(now[:20].astype(int) - was[:20].astype(int)).mean() < 6
                else:
                    assert read_barcode(now) == read_barcode(was) == at
    assert edges > 2
    # an export of the archive's study blurs the same again
    kept = FaceStore().get(digest)
    assert kept is not None
    assert kept.boxes_at(7) == (BOX,)


def test_doubtful_frames_are_counted_and_nothing_is_promised(
    study: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def found(reader: VideoReader, **_: object) -> Faces:
        info = reader.info
        faces = Faces(info.digest, info.n_frames, method="a detector")
        if info.path.suffix == ".avi":
            doubt = FaceReviewItem(3, 8, DoubtReason.WEAK, BOX, 1)
            return Faces(info.digest, info.n_frames, faces.with_drawn(BOX, 0, 0, 12).tracks, (doubt,), "a detector")
        return faces

    monkeypatch.setattr(media_faces, "find_faces", found)
    made = _pack(study, tmp_path / "all.zip")
    counted, look, silent, before = made.warnings
    assert not missing(counted, "3 videos", f"{NAMES[2]}", f"{NAMES[0]}", "5 frames", f"{NAMES[1]}")
    assert look == LOOK_THROUGH
    assert not missing(silent, "voice identifies")
    assert not missing(before, "votes belong")
    with zipfile.ZipFile(made.path) as file:
        told = file.read("README.txt").decode()
    assert all(warning in told for warning in made.warnings)
    assert "an aid and no guarantee" in told
    assert not missing(told, "12", "24 frames", "5 frames")
    # what was found is kept, so that a person can look it over
    with Study.open(study, read_only=True) as after:
        assert FaceStore().get(after.videos.get(NAMES[1]).digest) is not None


def test_sound_is_kept_where_it_is_asked_for_and_said(
    study: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = pack(study, tmp_path / "all.zip", ArchiveOptions(blur_faces=True, sound=True))
    said = next(warning for warning in made.warnings if "sound" in warning)
    assert not missing(said, "3 blurred")
    with zipfile.ZipFile(made.path) as file:
        assert said in file.read("README.txt").decode()
    opened = _elsewhere(made.path, tmp_path, monkeypatch)
    with Study.open(opened, read_only=True) as after:
        heard = {video.name: video.path for video in after.videos.all() if video.path and has_sound(video.path)}
    assert list(heard) == [NAMES[0]]
    copy = heard[NAMES[0]]
    with VideoReader(copy) as reader:
        assert _sharpest(reader.frame(3)) < 40
    with av.open(str(copy)) as container:
        assert not {key for stream in container.streams for key in stream.metadata} - {"language", "handler_name"}


def test_other_names_alone_never_keep_the_sound(study: Path, tmp_path: Path) -> None:
    (study.parent / "uneven.mkv").unlink()
    made = pack(study, tmp_path / "all.zip", ArchiveOptions(pseudonyms=True, sound=True))
    assert not missing(made.warnings[0], "pseudonyms")


def test_without_blurring_nothing_of_it_is_in_the_archive(study: Path, tmp_path: Path) -> None:
    made = pack(study, tmp_path / "all.zip")
    assert made.warnings == ()
    with zipfile.ZipFile(made.path) as file:
        assert "README.txt" not in file.namelist()
        assert "faces_blurred" not in json.loads(file.read("manifest.json"))
        for suffix, name in ((".mp4", NAMES[0]), (".avi", NAMES[1])):
            assert file.read(f"videos/{name}{suffix}") == (study.parent / f"{name}{suffix}").read_bytes()


def test_without_videos_there_is_nothing_to_blur(study: Path, tmp_path: Path) -> None:
    made = _pack(study, tmp_path / "all.zip", videos=False)
    assert made.warnings == ("No video is in the archive, so there was no face to blur.",)
    with zipfile.ZipFile(made.path) as file:
        assert "README.txt" not in file.namelist()


def test_stretches_of_one_file_share_its_copy(study: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Study.open(study) as made:
        path = made.videos.get(NAMES[0]).path
        made.videos.add([NewVideo(path, name="stretch", clip_range=FrameRange(2, 12))])
    packed = _pack(study, tmp_path / "all.zip")
    assert packed.n_videos == 3
    with Study.open(_elsewhere(packed.path, tmp_path, monkeypatch), read_only=True) as after:
        whole, part = after.videos.get(NAMES[0]), after.videos.get("stretch")
        assert whole.digest == part.digest
        assert whole.path == part.path
        assert {v.state for v in after.videos.all()} == {FileState.PRESENT}


def test_the_word_that_it_was_said_before_is_never_lost(tmp_path: Path) -> None:
    made = VideoCopies(tmp_path, CancelToken(), silent)
    made._copies["d" * 64] = info(60)
    for n_frames in (60, 59):  # an analysis of another count of frames is kept by an older program
        told = made.analysis_of_copy(analysis(info(n_frames))).video
        assert (told.note, told.n_frames) == (SCORED_BEFORE_BLURRING, n_frames)


@pytest.mark.parametrize("stage", ["looking for faces in", "blurring faces in", "reading the archive back"])
def test_a_stop_leaves_nothing(study: Path, tmp_path: Path, stage: str) -> None:
    token = CancelToken()

    def told(progress: Progress) -> None:
        if progress.stage.startswith(stage):
            token.cancel()

    with pytest.raises(Cancelled):
        pack(study, tmp_path / "out" / "all.zip", ArchiveOptions(blur_faces=True), token=token, report=told)
    assert list((tmp_path / "out").iterdir()) == []


def test_what_cannot_be_blurred_is_not_put_in_unblurred(
    study: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"

    def no_detector(*_: object, **__: object) -> Faces:
        raise VideoError("Faces cannot be searched for: the detector is missing. Draw the boxes by hand.")

    with monkeypatch.context() as broken:
        broken.setattr(media_faces, "find_faces", no_detector)
        with pytest.raises(VideoError, match="Draw the boxes by hand"):
            _pack(study, out / "all.zip")
    with Study.open(study, read_only=True) as before:
        video = before.videos.get(NAMES[0])

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as broken:
        broken.setattr(VideoWriter, "_encode", full)
        with pytest.raises(ExportError, match=r"^drawn\.mp4: its blurred copy could not be written: No space left"):
            _pack(study, out / "all.zip")
    FaceStore().path(video.digest).write_text("{damaged")
    with pytest.raises(VideoError, match="holds no face boxes"):
        _pack(study, out / "all.zip")
    FaceStore().forget(video.digest)
    assert video.path is not None
    stat = video.path.stat()
    content = bytearray(video.path.read_bytes())
    content[-1] ^= 1  # another file of the same size and time
    video.path.write_bytes(content)

    os.utime(video.path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    with pytest.raises(ExportError, match="has changed"):
        _pack(study, out / "all.zip")
    assert list(out.iterdir()) == []
