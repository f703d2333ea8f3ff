"""Faces on disk: the same values come back, and what cannot be read is told."""

import errno
import json
from pathlib import Path

import pytest

from skillviewer.core.errors import ExportError, VideoError
from skillviewer.core.faces.faces import DoubtReason, FaceBox, FaceReviewItem, Faces, doubtful_frames
from skillviewer.data.faces_file import FaceStore, load_faces, save_faces
from tests.facts import missing

BOX = FaceBox(0.125, 0.25, 0.5, 0.75)
FACES = Faces("d" * 64, 90, doubts=(FaceReviewItem(3, 9, DoubtReason.HELD, BOX, 1),), method="YuNet").with_drawn(
    BOX, 5, 0, 30
)


def test_faces_come_back_as_they_were(tmp_path: Path) -> None:
    path = save_faces(FACES, tmp_path / "new" / "one.faces.json")
    assert load_faces(path) == FACES
    with pytest.raises(ExportError, match="is there already"):
        save_faces(FACES, path)


def test_the_store_keeps_one_file_a_video(tmp_path: Path) -> None:
    store = FaceStore(tmp_path / "faces")
    assert store.get("d" * 64) is None
    store.put(FACES)
    store.put(FACES.without(1))
    assert store.get("d" * 64) == FACES.without(1)
    assert len(list((tmp_path / "faces").iterdir())) == 1
    store.forget("d" * 64)
    assert store.get("d" * 64) is None


def test_a_video_that_was_drawn_upon_and_cleared_counts_as_never_searched(tmp_path: Path) -> None:
    store = FaceStore(tmp_path)
    drawn = Faces("d" * 64, 90).with_drawn(BOX, 5, 0, 30)
    store.put(drawn)
    assert store.get("d" * 64) == drawn
    store.put(drawn.without(1))
    assert store.get("d" * 64) is None
    assert not list(tmp_path.iterdir())
    save_faces(drawn.without(1), store.path("d" * 64))  # as earlier versions kept it
    assert store.get("d" * 64) is None


def _text(**changes: object) -> str:
    return json.dumps({"format": 1, "faces": {"video_digest": "d" * 64, "n_frames": 90} | changes})


_DOUBT = {"reason": "perhaps a face, not blurred", "box": {"left": 0, "top": 0, "right": 1, "bottom": 1}}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        '{"format": 1}',
        '{"format": 1, "faces": {"video_digest": 3}}',
        '{"format": 1, "faces": ' + "[" * 100_000,
        _text(n_frames=2**62),
        _text(n_frames=0),
        _text(doubts=[_DOUBT | {"start": 0, "stop": 2**61}]),
        _text(tracks=[{"number": 1, "start": -(2**62), "stop": 3, "marks": [{"frame": 0, "box": _DOUBT["box"]}]}]),
        _text(video_digest="e" * 64),
    ],
    ids=lambda text: text[:60],
)
def test_a_damaged_file_is_told_once_and_put_aside(tmp_path: Path, text: str) -> None:
    store = FaceStore(tmp_path)
    store.path("d" * 64).write_text(text)
    with pytest.raises(VideoError, match=r"holds (no face boxes that can be read|face boxes of another video)"):
        store.get("d" * 64)
    assert store.path("d" * 64).with_name(f"{'d' * 64}.faces.json.damaged").read_text() == text
    assert store.get("d" * 64) is None


def test_a_damaged_file_that_cannot_be_renamed_is_not_said_to_be(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_path: Path, _target: Path) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    store = FaceStore(tmp_path)
    store.path("d" * 64).write_text("{")
    monkeypatch.setattr(Path, "replace", refuse)
    with pytest.raises(VideoError) as caught:
        store.get("d" * 64)
    assert not missing(str(caught.value), "could not be renamed", "Permission denied")
    assert ".damaged" not in str(caught.value)
    assert store.path("d" * 64).read_text() == "{"


def test_a_newer_form_is_told(tmp_path: Path) -> None:
    path = save_faces(FACES, tmp_path / "one.faces.json")
    path.write_text(path.read_text().replace('"format": 1', '"format": 9'))
    with pytest.raises(VideoError, match="form 9, and this program knows form 1"):
        load_faces(path)


def test_doubtful_frames_are_counted_once_each_and_at_once() -> None:
    spans = [(3, 9), (5, 12), (5, 7), (40, 41), (12, 13)]
    doubts = [FaceReviewItem(start, stop, DoubtReason.HELD, BOX) for start, stop in spans]
    assert doubtful_frames(doubts) == len({frame for start, stop in spans for frame in range(start, stop)})
    assert doubtful_frames([FaceReviewItem(0, 10**8, DoubtReason.HELD, BOX)] * 1000) == 10**8
