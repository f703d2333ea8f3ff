"""The motion of a video in its report: among comparable videos with tracks, and nothing without tracks."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from skillviewer.core.tracks.tracks import TrackSet
from skillviewer.core.video.info import VideoInfo
from skillviewer.data.study import FileState, StudyVideo
from skillviewer.data.tracks_file import TrackStore
from skillviewer.engine.exporting.motion_context import motion_sentences
from tests.core.kinematics.test_measures import RATE_HZ, hand, reaches
from tests.export.analyses import analysis
from tests.facts import missing

N = 8 * RATE_HZ
VIDEO = VideoInfo(Path("a.mp4"), f"{0:064x}", np.arange(N) / RATE_HZ, 640, 480, 8.0, RATE_HZ)


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SKILLVIEWER_HOME", str(tmp_path))


def other(number: int) -> StudyVideo:
    """Return a video of a study whose hand is half as fast."""
    digest = f"{number:064x}"
    tracks = TrackSet.of_video(replace(VIDEO, digest=digest), tracks=[hand(reaches(8) * [0.5, 1])])
    TrackStore().put(tracks)
    return StudyVideo(
        id=number,
        name=f"v{number}",
        path=None,
        recorded_path="",
        state=FileState.MISSING,
        must_check=False,
        size_bytes=1,
        digest=digest,
        clip_range=None,
        participant=None,
        task="",
        occasion="",
        notes="",
        context="",
        sync_s=None,
    )


def test_a_hand_is_placed_among_the_videos_with_tracks() -> None:
    made = analysis(VIDEO)
    assert motion_sentences(made) == ()
    path = reaches(8)
    path[50:75] = np.nan
    TrackStore().put(TrackSet.of_video(VIDEO, tracks=[hand(path)]))
    others = [other(number) for number in range(1, 21)]
    (text,) = motion_sentences(made, others)
    assert not missing(text, "Right hand", "faster than 100 % of 20 comparable videos", "pauses", "seen in 88 %")
    (few,) = motion_sentences(made, others[:19])
    assert "faster" not in few
