"""The analyses that ship with the sample study are those of the checkpoint and the videos that ship."""

from pathlib import Path

import numpy as np
import pytest

from skillviewer.core.errors import Cancelled, StudyError
from skillviewer.core.paths import HOME_VARIABLE, resources_dir
from skillviewer.core.progress import CancelToken, silent
from skillviewer.data.analysis_file import SUFFIX, load_analysis
from skillviewer.data.study import Study, cached_analysis
from skillviewer.engine.inference.engine import Engine
from skillviewer.nets.model_library import DEFAULT_MODEL
from skillviewer.ui.session.drafts import new_draft
from skillviewer.ui.session.sample_study import _TITLE, SAMPLE_ANALYSES, lowest_video, open_sample, sample_path

SAMPLE_PASSES = 4  # enough for an interval
SOURCE = resources_dir() / "sample_study"
VIDEOS = sorted((SOURCE / "videos").glob("*.mp4"))


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SKILLVIEWER_HOME", str(tmp_path / "home"))


@pytest.mark.slow
def test_one_computed_afresh_is_the_same() -> None:
    chosen = min(VIDEOS, key=lambda path: path.stat().st_size)  # the least work
    with Engine.open(DEFAULT_MODEL) as engine:
        fresh = engine.assess(chosen, SAMPLE_PASSES)
    shipped = load_analysis(SOURCE / SAMPLE_ANALYSES / f"{chosen.stem}{SUFFIX}")
    assert shipped.provenance.model_digest == fresh.provenance.model_digest
    assert shipped.video.digest == fresh.video.digest
    assert np.array_equal(shipped.samples, fresh.samples)
    assert shipped.score_curve == pytest.approx(fresh.score_curve, abs=0.02)
    assert shipped.attention == pytest.approx(fresh.attention, abs=0.005)
    assert shipped.interval is not None


def test_the_sample_study_opens_with_all_of_them() -> None:
    with Engine.open(DEFAULT_MODEL) as engine:
        digest = engine.digest
    with open_sample(CancelToken(), silent) as study:
        videos = study.videos.all()
        found = {video.name: cached_analysis(video, digest) for video in videos}
        scores = study.models.scores(digest)
        lowest = lowest_video(study)
        reasons = [vote.reason for vote in study.votes.all() if vote.reason]
    assert len(videos) == len(VIDEOS) == 36
    assert all(analysis is not None and analysis.n_passes == SAMPLE_PASSES for analysis in found.values())
    assert {name: score.score for name, score in scores.items()} == {
        name: analysis.score for name, analysis in found.items() if analysis is not None
    }
    assert lowest == min(scores, key=lambda name: scores[name].score)
    assert {video.participant for video in videos} == {f"P{n}" for n in range(17, 29)}
    assert "drops the peg" in reasons
    assert [a.video.path for a in found.values() if a is not None] == [video.path for video in videos]


def test_a_sample_study_that_was_half_made_when_the_program_was_killed_is_made_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    token = CancelToken()
    with monkeypatch.context() as killed:
        killed.setattr(Study, "delete", lambda _path: None)  # who is killed cleans nothing up
        with pytest.raises(Cancelled):
            open_sample(token, lambda _progress: token.cancel())
    with Study.open(sample_path(), read_only=True) as half:
        assert len(half.videos.all()) < len(VIDEOS)
        assert not half.votes.all()
    with open_sample(CancelToken(), silent) as study:
        assert len(study.videos.all()) == len(VIDEOS)
        assert study.votes.all()
        assert study.settings.title == _TITLE


def test_a_folder_of_drafts_that_cannot_be_made_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("x")
    monkeypatch.setenv(HOME_VARIABLE, str(tmp_path / "file"))
    with pytest.raises(StudyError, match=r"cannot.*start.*SKILLVIEWER_HOME"):
        new_draft()
    with pytest.raises(StudyError, match="cannot be made"):
        open_sample(CancelToken(), silent)


def test_two_drafts_of_one_second_do_not_meet() -> None:
    with new_draft() as first, new_draft() as second, new_draft() as third:
        assert len({first.path, second.path, third.path}) == 3
