"""Blurring leaves nothing to be recognised; searching finds no face in bar codes, and every frame is accounted for."""

from pathlib import Path

import numpy as np
import pytest

from skillviewer.core.errors import Cancelled, VideoError
from skillviewer.core.faces.faces import FaceBox
from skillviewer.core.progress import CancelToken, Progress
from skillviewer.media import faces
from skillviewer.media.faces import FaceFinder, blurred, detector_file, find_faces, searched_frames
from skillviewer.media.reading.reader import VideoReader
from tests.videos import write_barcode_video

BOX = FaceBox(0.25, 0.25, 0.5, 0.5)


def noise(height: int = 200, width: int = 320) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    return np.random.default_rng(3).integers(0, 256, (height, width, 3), dtype=np.uint8)


def test_nothing_finer_than_the_cells_is_left_inside_the_box() -> None:
    picture = noise()
    before = picture.copy()
    out = blurred(picture, [BOX])
    assert (picture == before).all()
    inside = out[50:100, 80:160].astype(float)
    assert np.abs(np.diff(inside, axis=0)).max() <= 3
    assert np.abs(np.diff(inside, axis=1)).max() <= 3
    # two pictures with the same averages and nothing else in common come out alike
    steps = np.indices(picture.shape[:2]).sum(axis=0) % 2 * 255
    board = np.repeat(steps[..., None], 3, axis=2).astype(np.uint8)
    alike = np.abs(blurred(board, [BOX])[50:100, 80:160].astype(int) - blurred(255 - board, [BOX])[50:100, 80:160])
    assert alike.max() <= 3


def test_far_from_the_box_nothing_changes_and_without_boxes_nothing_is_copied() -> None:
    picture = noise()
    out = blurred(picture, [BOX])
    assert (out[:, 230:] == picture[:, 230:]).all()
    assert (out[150:] == picture[150:]).all()
    assert blurred(picture, []) is picture
    assert blurred(picture, [FaceBox(1.2, 0.1, 1.4, 0.3)]) is picture


EDGES = (FaceBox(-0.2, -0.2, 0.1, 0.1), FaceBox(0.9, 0.9, 1.3, 1.3), FaceBox(0.5, 0.5, 0.51, 0.51))


@pytest.mark.parametrize("box", EDGES)
def test_boxes_over_the_edge_and_tiny_ones_are_covered(box: FaceBox) -> None:
    picture = noise(97, 131)
    assert blurred(picture, [box]).shape == picture.shape
    assert (blurred(picture, [box]) != picture).any()


def test_searched_frames_follow_the_times_of_the_video() -> None:
    assert searched_frames(np.arange(61) / 30, 10) == list(range(0, 61, 3))
    # a still stretch of two seconds: its frame is searched once
    uneven = np.concatenate([np.arange(10) / 30, 2.3 + np.arange(10) / 30])
    searched = searched_frames(uneven, 10)
    assert searched[0] == 0
    assert searched[-1] == 19
    assert 9 in searched
    assert len(searched) == len(set(searched))
    assert searched_frames(np.zeros(1), 10) == [0]


def test_bar_codes_are_no_faces_and_every_frame_is_told(tmp_path: Path) -> None:
    path = write_barcode_video(tmp_path / "codes.mp4", 30).path
    told: list[Progress] = []
    with VideoReader(path) as reader:
        found = find_faces(reader, report=told.append)
        assert found.video_digest == reader.info.digest
    assert found.tracks == ()
    assert found.n_frames == 30
    assert (told[-1].done, told[-1].total) == (11, 11)


def test_a_search_can_be_stopped(tmp_path: Path) -> None:
    path = write_barcode_video(tmp_path / "codes.mp4", 30).path
    token = CancelToken()
    token.cancel()
    with VideoReader(path) as reader, pytest.raises(Cancelled):
        find_faces(reader, token=token)


def test_without_a_detector_boxes_are_to_be_drawn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(faces, "models_dir", lambda: tmp_path)
    with pytest.raises(VideoError, match=r"Draw the boxes by hand\."):
        detector_file()
    with pytest.raises(VideoError, match=r"Draw the boxes by hand\."):
        FaceFinder()
