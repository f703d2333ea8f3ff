"""One of the compared models, and what it says of the video on screen."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

from skillviewer.core.analysis.analysis import Analysis
from skillviewer.core.analysis.difference import uniform_baseline
from skillviewer.core.analysis.model_facts import ModelFacts
from skillviewer.core.explanation.evidence import Evidence
from skillviewer.core.progress import Progress
from skillviewer.core.video.footage import VideoClip
from skillviewer.ui.comparing.results import Answers

UNIFORM = "uniform"
"""Key of the baseline that looks everywhere alike."""


class ModelProgress(StrEnum):
    """How far a model is with the video on screen."""

    WAITING = "waiting"
    WORKING = "working"
    DONE = "done"
    FAILED = "failed"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True, eq=False)
class ComparedModel:
    """A compared model.

    Attributes:
        key: Folder of its checkpoint as text, or ``UNIFORM``.
        name: Name for people.
        facts: What its checkpoint says of itself; None until it has been loaded, and for the uniform baseline.
        standing: How far it is.
        done: Sampled frames finished.
        total: Sampled frames in all, or 0.
        analysis: What it says of the video on screen, whole or so far; or None.
        reason: Why it failed, in a sentence.
        seconds: What its last assessment took, or None.
        evidence: What raised and lowered the score of the video on screen, where it was asked for.
    """

    key: str
    name: str
    facts: ModelFacts | None = None
    standing: ModelProgress = ModelProgress.WAITING
    done: int = 0
    total: int = 0
    analysis: Analysis | None = None
    reason: str = ""
    seconds: float | None = None
    evidence: Evidence | None = None

    @property
    def is_uniform(self) -> bool:
        """Whether it is the baseline that looks everywhere alike."""
        return self.key == UNIFORM

    @property
    def whole(self) -> Analysis | None:
        """Its analysis once it is complete."""
        return self.analysis if self.analysis is not None and self.analysis.complete else None

    @property
    def folder(self) -> Path:
        """Folder of its checkpoint."""
        return Path(self.key)


def filled(
    row: ComparedModel, footage: VideoClip | None, answers: Answers, growing: Progress | None, *, stopped: bool
) -> ComparedModel:
    """Return a model's row with what it says of a video.

    Args:
        row: The model.
        footage: The video, or None.
        answers: What is known.
        growing: How far it is with this video, where it is being asked.
        stopped: Whether it was asked to stop.
    """
    reason = answers.broken.get(row.key) or (answers.failures.get((row.key, footage)) if footage is not None else None)
    if reason:
        return replace(row, standing=ModelProgress.FAILED, reason=reason)
    if footage is None:
        return row
    analysis = answers.analysis(row.key, footage)
    if analysis is not None:
        evidence = answers.evidence.get((row.key, footage))
        return replace(row, standing=ModelProgress.DONE, analysis=analysis, evidence=evidence)
    if growing is not None:
        value = growing.value
        so_far = value if isinstance(value, Analysis) and value.n_samples else None
        return replace(row, standing=ModelProgress.WORKING, done=growing.done, total=growing.total, analysis=so_far)
    return replace(row, standing=ModelProgress.STOPPED) if stopped else row


def baseline(row: ComparedModel, keys: Iterable[str], footage: VideoClip | None, answers: Answers) -> ComparedModel:
    """Return the row of the baseline that looks everywhere alike, on the frames that the first model sampled."""
    others = (answers.analysis(key, footage) for key in keys) if footage is not None else ()
    like = next((analysis for analysis in others if analysis is not None), None)
    if like is None:
        return row
    return replace(row, standing=ModelProgress.DONE, analysis=uniform_baseline(like, row.name))
