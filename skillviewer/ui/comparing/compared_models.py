"""Values of the compared models and their results on the videos."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

import numpy as np

from skillviewer.core.analysis.analysis import Analysis
from skillviewer.core.analysis.difference import uniform_baseline
from skillviewer.core.analysis.model_facts import ModelFacts
from skillviewer.core.explanation.evidence import Evidence
from skillviewer.core.progress import Progress
from skillviewer.core.video.clips import VideoClip

MIN_VIDEOS = 5  # scored videos that a model needs for its scores to be shown in standard deviations


@dataclass(slots=True)
class Results:
    """Results of the compared models, by key of the model, and most of them also by video."""

    facts: dict[str, ModelFacts] = field(default_factory=dict)  # facts from the checkpoints
    analyses: dict[str, dict[VideoClip, Analysis]] = field(default_factory=dict)  # complete analyses
    durations_s: dict[str, float] = field(default_factory=dict)  # duration of the last assessment
    evidence: dict[tuple[str, VideoClip], Evidence] = field(default_factory=dict)
    assessment_failures: dict[tuple[str, VideoClip], str] = field(default_factory=dict)  # errors of assessments
    load_failures: dict[str, str] = field(default_factory=dict)  # errors of loading models

    def analysis(self, key: str, clip: VideoClip) -> Analysis | None:
        return self.analyses.get(key, {}).get(clip)

    def add_analysis(self, key: str, clip: VideoClip, analysis: Analysis) -> None:
        """Add an analysis. Results by another checkpoint under the same key are dropped."""
        by_clip = self.analyses.setdefault(key, {})
        digest = analysis.provenance.model_digest
        is_new_checkpoint = any(other.provenance.model_digest != digest for other in by_clip.values())
        if is_new_checkpoint:
            by_clip.clear()
            self.evidence = {item: evidence for item, evidence in self.evidence.items() if item[0] != key}
        by_clip[clip] = analysis
        self.assessment_failures.pop((key, clip), None)

    def needs_assessment(self, key: str, clip: VideoClip) -> bool:
        """Return True if a model has neither assessed a video nor failed."""
        is_settled = self.analysis(key, clip) is not None or (key, clip) in self.assessment_failures
        return not is_settled and key not in self.load_failures

    def clear_failures(self, clip: VideoClip | None) -> None:
        """Clear the errors of loading models and of assessing a video, so that both are tried again."""
        self.load_failures.clear()
        self.assessment_failures = {
            item: reason for item, reason in self.assessment_failures.items() if item[1] != clip
        }

    def forget_videos(self) -> None:
        """Drop all results on videos, and keep the facts about models."""
        self.analyses.clear()
        self.evidence.clear()
        self.assessment_failures.clear()

    def analyses_by_name(self, keys: Iterable[str], names: Mapping[VideoClip, str]) -> dict[str, dict[str, Analysis]]:
        """Return the analyses of some videos, by key of the model and name of the video."""
        analyses: dict[str, dict[str, Analysis]] = {}
        for key in keys:
            by_clip = self.analyses.get(key, {})
            analyses[key] = {names[clip]: analysis for clip, analysis in by_clip.items() if clip in names}
        return analyses

    def score_spread(self, key: str, videos: Iterable[VideoClip]) -> tuple[float, float] | None:
        """Return mean and standard deviation of a model's scores of some videos, or None if too few are scored."""
        by_clip = self.analyses.get(key, {})
        scores = np.array([by_clip[clip].score for clip in videos if clip in by_clip])
        if len(scores) < MIN_VIDEOS or np.ptp(scores) == 0:
            return None
        return float(scores.mean()), float(scores.std(ddof=1))


UNIFORM = "uniform"  # key of the uniform baseline, with the same attention everywhere


class ModelProgress(StrEnum):
    """Progress of a model with the video on screen."""

    WAITING = "waiting"
    WORKING = "working"
    DONE = "done"
    FAILED = "failed"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True, eq=False)
class ComparedModel:
    """A compared model, with its result on the video on screen."""

    key: str  # folder of its checkpoint, or ``UNIFORM``
    name: str  # name on screen
    facts: ModelFacts | None = None  # facts from its checkpoint; None until it is loaded, and for the uniform baseline
    progress: ModelProgress = ModelProgress.WAITING
    n_done: int = 0  # assessed sampled frames
    n_total: int = 0  # all sampled frames, or 0
    analysis: Analysis | None = None  # analysis of the video on screen, which may be incomplete
    reason: str = ""  # reason of a failure, in a sentence
    duration_s: float | None = None  # duration of its last assessment
    evidence: Evidence | None = None  # evidence for the score of the video on screen, if it was measured
    pane_number: str = ""  # number of its pane, from 1

    @property
    def is_uniform(self) -> bool:
        return self.key == UNIFORM

    @property
    def complete_analysis(self) -> Analysis | None:
        """The analysis if it is complete, else None."""
        if self.analysis is None or not self.analysis.complete:
            return None
        return self.analysis


def with_result(
    model: ComparedModel, clip: VideoClip | None, results: Results, running: Progress | None, *, stopped: bool
) -> ComparedModel:
    """Return a model with its result on a video.

    Args:
        model: The model.
        clip: The video, or None if no video is open.
        results: All results.
        running: Progress of the running assessment of the video, or None.
        stopped: Whether the user stopped the assessments.
    """
    reason = results.load_failures.get(model.key)
    if not reason and clip is not None:
        reason = results.assessment_failures.get((model.key, clip))
    if reason:
        return replace(model, progress=ModelProgress.FAILED, reason=reason)
    if clip is None:
        return model
    analysis = results.analysis(model.key, clip)
    if analysis is not None:
        evidence = results.evidence.get((model.key, clip))
        return replace(model, progress=ModelProgress.DONE, analysis=analysis, evidence=evidence)
    if running is not None:
        partial_analysis = running.value
        if isinstance(partial_analysis, Analysis) and partial_analysis.n_samples:
            analysis = partial_analysis
        progress = ModelProgress.WORKING
        return replace(model, progress=progress, n_done=running.done, n_total=running.total, analysis=analysis)
    return replace(model, progress=ModelProgress.STOPPED) if stopped else model


def uniform_model(model: ComparedModel, keys: Iterable[str], clip: VideoClip | None, results: Results) -> ComparedModel:
    """Return the uniform baseline with its result on a video, on the frames that the first model sampled."""
    if clip is None:
        return model
    analyses = [results.analysis(key, clip) for key in keys]
    first_analysis = next((analysis for analysis in analyses if analysis is not None), None)
    if first_analysis is None:
        return model
    return replace(model, progress=ModelProgress.DONE, analysis=uniform_baseline(first_analysis, model.name))
