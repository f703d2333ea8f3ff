"""The Why page says how much of the attention lay on tracked hands, if the video has tracks and the model maps."""

from dataclasses import replace
from pathlib import Path

import pytest

from skillviewer.core.analysis.analysis import Analysis, MapKind
from skillviewer.core.tracks.tracks import TrackSet
from skillviewer.data.tracks_file import TrackStore
from skillviewer.ui.session.insight.findings import WhyQuestion, findings_of
from tests.core.analyses import make_analysis
from tests.core.evaluation.test_track_attention import SAMPLES, N, hand


def sentence(analysis: Analysis) -> str:
    """Return the sentence for a video without comparable ones."""
    question = WhyQuestion(name="a", analysis=analysis, evidence=None, task="", comparable_entries=(), n_unassessed=0)
    return findings_of(question).attention_on_hands


def test_the_sentence_needs_tracks_of_this_very_video(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SKILLVIEWER_HOME", str(tmp_path))
    analysis = make_analysis([SAMPLES], grid=(6, 8), n_frames=N)
    assert sentence(analysis) == ""
    tracks = TrackSet.of_video(analysis.video, tracks=[hand((100, 200), 80, SAMPLES[:3])])
    TrackStore().put(tracks)
    assert "3 of 4 sampled frames" in sentence(analysis)
    assert sentence(replace(analysis, map_kind=MapKind.NONE)) == ""
    TrackStore().put(replace(tracks, width_px=tracks.width_px * 2))
    assert "1280 × 480" in sentence(analysis)
    TrackStore().path(analysis.video.digest).write_bytes(b"damaged")
    assert "no tracks that can be read" in sentence(analysis)
