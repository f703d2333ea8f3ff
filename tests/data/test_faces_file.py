"""Faces on disk: the same values come back, and what cannot be read is told."""

from pathlib import Path

import pytest

from skillviewer.core.errors import ExportError, VideoError
from skillviewer.core.faces.faces import Doubt, DoubtReason, FaceBox, Faces
from skillviewer.data.faces_file import FaceStore, load_faces, save_faces

BOX = FaceBox(0.125, 0.25, 0.5, 0.75)
FACES = Faces("d" * 64, 90, doubts=(Doubt(3, 9, DoubtReason.HELD, BOX, 1),), method="YuNet").drawn(BOX, 5, 0, 30)


def test_faces_come_back_as_they_were(tmp_path: Path) -> None:
    path = save_faces(FACES, tmp_path / "new" / "one.faces.json")
    assert load_faces(path) == FACES
    with pytest.raises(ExportError, match="is there already"):
        save_faces(FACES, path)


def test_the_store_keeps_one_file_a_video(tmp_path: Path) -> None:
    store = FaceStore(tmp_path / "faces")
    assert store.get("d" * 64) is None
    store.put(FACES)
    store.put(FACES.removed(1))
    assert store.get("d" * 64) == FACES.removed(1)
    assert len(list((tmp_path / "faces").iterdir())) == 1
    store.forget("d" * 64)
    assert store.get("d" * 64) is None


def test_a_video_that_was_drawn_upon_and_cleared_counts_as_never_searched(tmp_path: Path) -> None:
    store = FaceStore(tmp_path)
    drawn = Faces("d" * 64, 90).drawn(BOX, 5, 0, 30)
    store.put(drawn)
    assert store.get("d" * 64) == drawn
    store.put(drawn.removed(1))
    assert store.get("d" * 64) is None
    assert not list(tmp_path.iterdir())
    save_faces(drawn.removed(1), store.path("d" * 64))  # as earlier versions kept it
    assert store.get("d" * 64) is None


@pytest.mark.parametrize("text", ["", "{", '{"format": 1}', '{"format": 1, "faces": {"video_digest": 3}}'])
def test_a_damaged_file_is_told_and_not_thrown_away(tmp_path: Path, text: str) -> None:
    store = FaceStore(tmp_path)
    store.path("d" * 64).write_text(text)
    with pytest.raises(VideoError, match="holds no face boxes that can be read"):
        store.get("d" * 64)
    assert store.path("d" * 64).read_text() == text


def test_a_newer_form_is_told(tmp_path: Path) -> None:
    path = save_faces(FACES, tmp_path / "one.faces.json")
    path.write_text(path.read_text().replace('"format": 1', '"format": 9'))
    with pytest.raises(VideoError, match="form 9, and this program knows form 1"):
        load_faces(path)
