"""Tracks as regions: those of the right video and clip count, and what cannot be used is named."""

from pathlib import Path

import numpy as np
import pytest

from skillviewer.core.tracks.tracks import FrameState, Track, TrackSet
from skillviewer.data.tracks_file import TrackStore
from skillviewer.engine.evaluation.tracks_as_regions import regions_of_tracks
from skillviewer.engine.features.video_facts import VideoFacts


def tracks(digest: str, x: float, frames: range = range(20), size: tuple[int, int] = (64, 48)) -> TrackSet:
    """Return one point at x in all frames."""
    n = len(frames)
    xy_px = np.full((n, 1, 2), x, np.float32)
    tip = Track("tip", ("tip",), xy_px, np.ones((n, 1), np.float32), np.full(n, FrameState.FOUND, np.uint8))
    return TrackSet(digest * 64, *size, 20, frames.start, np.arange(n) / 25, (tip,))


def test_regions_are_the_tracks_of_each_video(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SKILLVIEWER_HOME", str(tmp_path))
    store = TrackStore()
    for one in (tracks("a", 10), tracks("b", 20), tracks("b", 30, range(5, 12)), tracks("c", 10, size=(128, 96))):
        store.put(one)
    store.path("d" * 64).write_bytes(b"damaged")
    times = (0.1, 0.3)
    facts = {
        "whole": VideoFacts("a" * 64, (64, 48), (3, 8), times),
        "part": VideoFacts("b" * 64 + "[5-12]", (64, 48), (6, 8), times, (5, 12)),
        "other size": VideoFacts("c" * 64, (64, 48), (3, 8), times),
        "damaged": VideoFacts("d" * 64, (64, 48), (3, 8), times),
        "none": VideoFacts("e" * 64, (64, 48), (3, 8), times),
    }
    found = regions_of_tracks(facts)
    assert set(found.of("whole")) == {3, 8}
    (region,) = found.of("part")[6]
    assert (region.left_px + region.right_px) / 2 == pytest.approx(30.5)
    assert found.of("none") == found.of("damaged") == {}
    assert "2 of 5" in found.problems[0]
    assert [problem.partition(":")[0] for problem in found.problems[1:]] == ["other size", "damaged"]
