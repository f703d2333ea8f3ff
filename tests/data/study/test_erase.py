"""Erasure: nothing of a video is left in the bytes of a study, its backups, the cache, faces, sessions and logs."""

import json
from pathlib import Path

import numpy as np
import pytest
from msgspec.structs import replace

from skillviewer.cli.main import run
from skillviewer.core.dataset.pairs import Verdict
from skillviewer.core.faces.faces import FaceBox, Faces
from skillviewer.core.paths import HOME_VARIABLE
from skillviewer.core.study_log import LoggedExport
from skillviewer.core.tracks.tracks import FrameState, Track, TrackSet
from skillviewer.data.faces_file import FaceStore
from skillviewer.data.hand_detections_file import detections_path, save_detections
from skillviewer.data.ratings.guessing import guess_mapping
from skillviewer.data.ratings.table_files import read_table
from skillviewer.data.study import ModelState, NewVideo, Study, Vote
from skillviewer.data.study.exchange.rating_import import add_ratings, open_study_table
from skillviewer.data.tracks_file import TrackStore
from skillviewer.engine.features.feature_cache import FeatureCache, FeatureKey
from skillviewer.media.reading.reader import VideoReader
from tests.export.analyses import analysis
from tests.videos import write_barcode_video

NAME = "Anna Schmidt ü"


def _study(folder: Path) -> tuple[Path, str, str]:
    """Write a study in which everything that can be said of a video is said of one, and return the digests."""
    digests = []
    with Study.create(folder / "peg") as study:
        for name, n in ((NAME, 20), ("other", 21), ("third", 22)):
            file = write_barcode_video(folder / f"{name}.mp4", n).path
            study.videos.add([NewVideo(file, participant=f"person of {name}")])
            with VideoReader(file) as reader:
                study.models.save_analysis(analysis(reader.info, passes=2))
                digests.append(reader.info.digest)
        study.models.add("e" * 64, "m", folder / "m", facts={"held_out_videos": [NAME, "other"]})
        study.models.set_state("e" * 64, ModelState.ACCEPTED)
        study.votes.withdraw(study.votes.cast(Vote(NAME, "other", Verdict.LEFT, "Ann", reason="secret reason")).id)
        study.votes.cast(Vote("third", NAME, Verdict.LEFT, "Ann"))
        study.votes.cast(Vote("third", "other", Verdict.LEFT, "Ann", reason="kept reason"))
        study.rejudge_queue.add([frozenset({NAME, "other"})])
        study.annotations.write_note("secret note", author="Dr X", video=NAME, time_s=0.5)
        study.annotations.save_moment(NAME, 0.1, 0.4, author="Dr X", label="secret moment")
        study.log_export(LoggedExport(study.path, f"{NAME}.pdf", "why"))
        study.log_export(LoggedExport(study.path, "all.csv", "scores", (NAME, "other")))
        study.log_export(LoggedExport(study.path, "third.png", "still", ("third",)))
        study.back_up()
    return study.path, digests[0], digests[1]


def moving(n: int) -> Track:
    """Return a track of one point over n frames."""
    xy_px = np.stack([np.arange(n)] * 2, axis=1)[:, None].astype(np.float32)
    return Track("tip", ("tip",), xy_px, np.ones((n, 1), np.float32), np.full(n, FrameState.FOUND, np.uint8))


def _bytes_below(folder: Path) -> bytes:
    return b"\n".join(path.read_bytes() for path in folder.rglob("*") if path.is_file() and path.suffix != ".mp4")


def test_nothing_of_a_forgotten_video_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = tmp_path / "home"
    monkeypatch.setenv(HOME_VARIABLE, str(home))
    path, digest, other = _study(tmp_path)
    for each in (digest, other):
        FaceStore().put(Faces(each, 20).with_drawn(FaceBox(0.1, 0.1, 0.3, 0.4), 0, 0, 20))
        (home / "cache" / "proxies").mkdir(parents=True, exist_ok=True)
        (home / "cache" / "proxies" / f"{each}.scrub").write_bytes(b"pictures")
        for frames in (range(20), range(3, 9)):
            TrackStore().put(
                TrackSet(each, 64, 48, 20, frames.start, np.arange(len(frames)) / 25, (moving(len(frames)),))
            )
        save_detections([], detections_path(each, "0-20.key"))
        key = FeatureKey(each, (("a", 1),), (1, 2))
        assert FeatureCache(home / "cache" / "features").put(key, np.zeros((2, 3, 4, 4), np.float16))
    (home / "data" / "sessions").mkdir(parents=True)
    (home / "data" / "sessions" / "a.json").write_text(f'{{"video": "/x/{NAME}.mp4"}}', encoding="utf-8")
    (home / "log").mkdir()
    (home / "log" / "skillviewer.log").write_text(f"failed: {NAME}.mp4\nwindow opened\n", encoding="utf-8")
    secrets = [b"secret", NAME.encode(), b"Anna Schmidt", digest.encode()]
    assert all(secret in _bytes_below(tmp_path) for secret in secrets)
    assert run(["forget", NAME, "--study", str(path), "--yes"]) == 0
    left = _bytes_below(tmp_path)
    assert [secret for secret in secrets if secret in left] == []
    assert not list(home.rglob(f"*{digest}*"))
    assert len(list(home.rglob(f"*{other}*"))) >= 6
    assert (
        FeatureCache(home / "cache" / "features").get(FeatureKey(other, (("a", 1),), (1, 2)), (2, 3, 4, 4)) is not None
    )
    assert (home / "log" / "skillviewer.log").read_text(encoding="utf-8") == "window opened\n"
    assert (tmp_path / f"{NAME}.mp4").is_file()
    with Study.open(path) as study:
        assert [video.name for video in study.videos.all()] == ["other", "third"]
        assert [(vote.left, vote.reason) for vote in study.votes.all()] == [("third", "kept reason")]
        assert study.models.get("e" * 64).facts["held_out_videos"] == ["", "other"]
        assert study.backups()
        exports = [(row.subject, row.detail) for row in study.log() if row.what == "export"]
        assert exports == [*[("", "of a forgotten video")] * 2, ("third.png", "still: third")]
        with pytest.raises(Exception, match="append-only"), study._file.transaction() as db:
            db.execute("DELETE FROM judgement")


def test_mentions_elsewhere_are_removed_or_listed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(HOME_VARIABLE, str(tmp_path / "home"))
    with Study.create(tmp_path / "peg") as study:
        files = []
        for name in (NAME, "other", "third"):
            files.append(tmp_path / f"{name}.mp4")
            files[-1].write_bytes(name.encode())
        study.videos.add([NewVideo(file) for file in files])
        (tmp_path / f"{NAME}.csv").write_text(f"video,rater,Flow\n{NAME},R,3\nother,R,4\nthe one,R,5\n")
        mapping = guess_mapping(read_table(tmp_path / f"{NAME}.csv"))[0]
        mapping = replace(mapping, names={"the one": "third", f"{NAME} again": NAME})
        add_ratings(study, open_study_table(study, tmp_path / f"{NAME}.csv", mapping))
        study.annotations.write_note(f"slower than {NAME.upper()}", author="Dr X", video="other")
        study.annotations.write_note("nothing of it", author="Dr X", video="other")
        study.votes.cast(Vote("third", "other", Verdict.LEFT, "Ann", reason=f"as in {NAME}.mp4"))
        path = study.path
    assert run(["forget", NAME, "--study", str(path), "--yes"]) == 0
    told = capsys.readouterr().err
    assert "the reason of a vote (1), a note (1)" in told
    with Study.open(path) as study:
        (table,) = study._file.query("SELECT name, mapping FROM rating_table")
        assert not any(NAME in text for text in table)
        assert json.loads(table["mapping"])["names"] == {"the one": "third"}
        assert len(study.ratings.all().ratings) == 2
        assert study.videos.find_mentions([NAME]) == ("the reason of a vote (1)", "a note (1)")


def test_a_video_whose_file_was_never_seen_is_erased_by_its_name_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(HOME_VARIABLE, str(tmp_path / "home"))
    with Study.create(tmp_path / "peg") as study:
        study.videos.add([NewVideo(None, name=NAME), NewVideo(None, name="other")])
        study.annotations.write_note("secret note", author="Dr X", video=NAME)
        study.annotations.write_note("kept note", author="Dr X", video="other")
        study.back_up()
        path = study.path
        assert study.erase([""]) == (), "no file in particular is meant"
    assert NAME.encode() in _bytes_below(tmp_path)
    assert run(["forget", NAME, "--study", str(path), "--yes"]) == 0
    left = _bytes_below(tmp_path)
    assert [word for word in (b"secret", NAME.encode()) if word in left] == []
    assert b"kept note" in left


def test_forgetting_asks_and_names_what_it_does_not_know(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("click.confirm", lambda *_args, **_more: (_ for _ in ()).throw(KeyboardInterrupt))
    file = write_barcode_video(tmp_path / "a.mp4", 5).path
    assert run(["forget", str(file)]) == 130
    assert run(["forget", str(tmp_path / "b.mp4"), "--yes"]) == 1
    assert "There is no file" in capsys.readouterr().err
