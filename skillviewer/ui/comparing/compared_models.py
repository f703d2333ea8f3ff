"""The compared models, and their results on the videos."""

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

MIN_VIDEOS = 5  # number of videos a model must have scored for its scores to be shown in standard deviations


@dataclass(slots=True)
class Results:
    """Results by key of the model, and most of them by video."""

    facts: dict[str, ModelFacts] = field(default_factory=dict)  # facts from the checkpoints
    analyses: dict[str, dict[VideoClip, Analysis]] = field(default_factory=dict)  # whole analyses
    seconds: dict[str, float] = field(default_factory=dict)  # duration of the last assessment by each model
    evidence: dict[tuple[str, VideoClip], Evidence] = field(default_factory=dict)  # evidence, where it was measured
    failures: dict[tuple[str, VideoClip], str] = field(default_factory=dict)  # reasons why videos could not be assessed
    broken: dict[str, str] = field(default_factory=dict)  # reasons why models could not be loaded

    def analysis(self, key: str, clip: VideoClip) -> Analysis | None:
        return self.analyses.get(key, {}).get(clip)

    def add(self, key: str, clip: VideoClip, analysis: Analysis) -> None:
        by_clip = self.analyses.setdefault(key, {})
        digest = analysis.provenance.model_digest
        if any(other.provenance.model_digest != digest for other in by_clip.values()):  # a newly trained model
            by_clip.clear()
            self.evidence = {item: evidence for item, evidence in self.evidence.items() if item[0] != key}
        by_clip[clip] = analysis
        self.failures.pop((key, clip), None)

    def lacks(self, key: str, clip: VideoClip) -> bool:
        """Return True if a model has still to assess a video."""
        is_settled = self.analysis(key, clip) is not None or (key, clip) in self.failures
        return not is_settled and key not in self.broken

    def clear_failures(self, clip: VideoClip | None) -> None:
        """Clear the failures of models and of one video, so that they are retried."""
        self.broken.clear()
        self.failures = {item: reason for item, reason in self.failures.items() if item[1] != clip}

    def forget_videos(self) -> None:
        """Drop all results on videos; facts about models stay."""
        self.analyses.clear()
        self.evidence.clear()
        self.failures.clear()

    def over(self, keys: Iterable[str], names: Mapping[VideoClip, str]) -> dict[str, dict[str, Analysis]]:
        """Return the analyses of these videos by key of the model and name of the video."""
        return {
            key: {names[clip]: a for clip, a in self.analyses.get(key, {}).items() if clip in names} for key in keys
        }

    def spread(self, key: str, videos: Iterable[VideoClip]) -> tuple[float, float] | None:
        """Return mean and standard deviation of a model's scores of these videos, or None if too few are scored."""
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
    """A compared model."""

    key: str  # folder of its checkpoint as text, or ``UNIFORM``
    name: str  # name for people
    facts: ModelFacts | None = None  # facts from its checkpoint; None until it is loaded, and for the uniform baseline
    progress: ModelProgress = ModelProgress.WAITING  # its progress
    n_done: int = 0  # sampled frames finished
    total: int = 0  # sampled frames in all, or 0
    analysis: Analysis | None = None  # its analysis of the video on screen, whole or so far; or None
    reason: str = ""  # reason of a failure, in a sentence
    seconds: float | None = None  # duration of its last assessment, or None
    evidence: Evidence | None = None  # evidence for the score of the video on screen, where it was measured
    number: str = ""  # of its pane, from 1

    @property
    def is_uniform(self) -> bool:
        return self.key == UNIFORM

    @property
    def whole(self) -> Analysis | None:
        return self.analysis if self.analysis is not None and self.analysis.complete else None


def filled(
    row: ComparedModel, clip: VideoClip | None, results: Results, growing: Progress | None, *, stopped: bool
) -> ComparedModel:
    """Return a model's row with its result on a video."""
    reason = results.broken.get(row.key) or (results.failures.get((row.key, clip)) if clip is not None else None)
    if reason:
        return replace(row, progress=ModelProgress.FAILED, reason=reason)
    if clip is None:
        return row
    analysis = results.analysis(row.key, clip)
    if analysis is not None:
        evidence = results.evidence.get((row.key, clip))
        return replace(row, progress=ModelProgress.DONE, analysis=analysis, evidence=evidence)
    if growing is not None:
        value = growing.value
        so_far = value if isinstance(value, Analysis) and value.n_samples else None
        return replace(row, progress=ModelProgress.WORKING, n_done=growing.done, total=growing.total, analysis=so_far)
    return replace(row, progress=ModelProgress.STOPPED) if stopped else row


def baseline(row: ComparedModel, keys: Iterable[str], clip: VideoClip | None, results: Results) -> ComparedModel:
    """Return the row of the uniform baseline, on the frames that the first model sampled."""
    others = (results.analysis(key, clip) for key in keys) if clip is not None else ()
    other = next((analysis for analysis in others if analysis is not None), None)
    if other is None:
        return row
    return replace(row, progress=ModelProgress.DONE, analysis=uniform_baseline(other, row.name))
