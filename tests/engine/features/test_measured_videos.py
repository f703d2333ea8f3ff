"""Measures of tracks: the sentences on videos whose tracks cannot be read or are missing."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from skillviewer.core.dataset.dataset import Dataset
from skillviewer.core.progress import CancelToken, silent
from skillviewer.core.tracks.tracks import FrameState, Track, TrackSet
from skillviewer.data.tracks_file import TrackStore
from skillviewer.engine.features.measured_videos import measure_tracks, measured_dataset
from skillviewer.engine.features.video_facts import facts_of
from skillviewer.media.reading.reader import VideoReader
from tests.checkpoints import PREPROCESSING
from tests.engine.tiny_dataset import NAMES, tiny_dataset


def store_tracks(path: Path) -> Path:
    """Store a point that moves through a video, and return the file of the tracks."""
    with VideoReader(path) as reader:
        info = reader.read_info()
    x = np.arange(info.n_frames, dtype=np.float32) * 5 + 3
    xy = np.stack([x, np.full_like(x, 40)], axis=1)[:, None]
    presence = np.ones((info.n_frames, 1), np.float32)
    states = np.full(info.n_frames, FrameState.FOUND, np.uint8)
    store = TrackStore()
    store.put(TrackSet.of_video(info, None, [Track("tip", ("tip",), xy, presence, states)]))
    return store.path(info.digest)


@pytest.fixture
def dataset(tmp_path: Path) -> Dataset:
    return tiny_dataset(tmp_path)


@pytest.fixture
def track_files(dataset: Dataset) -> Iterator[list[Path]]:
    """Files of tracks of all videos, in their order."""
    files = [store_tracks(video.path) for video in dataset.videos if video.path is not None]
    yield files
    for path in files:
        for stored in path.parent.glob(f"{path.name}*"):
            stored.unlink()


def test_every_file_of_tracks_that_cannot_be_read_is_reported(dataset: Dataset, track_files: list[Path]) -> None:
    damaged_files = track_files[2:6]
    for path in damaged_files:
        path.write_bytes(b"damaged")
    usable, measured, problems = measured_dataset(dataset, PREPROCESSING, CancelToken(), silent)
    assert usable.names == tuple(measured.values)
    assert not set(usable.names) & set(NAMES[2:6])
    for path in damaged_files:
        assert sum(path.name in problem for problem in problems) == 1
    assert sum("left out" in problem for problem in problems) == 1


def test_a_model_on_measures_takes_videos_without_them_as_average(dataset: Dataset, track_files: list[Path]) -> None:
    track_files[-1].write_bytes(b"damaged")
    facts, _ = facts_of(dataset, PREPROCESSING, CancelToken(), silent)
    measured = measure_tracks(dataset, facts, CancelToken(), silent)
    assert set(measured.values) == set(NAMES)
    assert any(track_files[-1].name in problem for problem in measured.problems)
    assert any("average" in problem for problem in measured.problems)
    assert not any("left out" in problem for problem in measured.problems)
    _, restricted = measured.restrict(dataset)
    assert not any("average" in problem for problem in restricted.problems)
