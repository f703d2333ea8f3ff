"""One of the compared models, with its result on the video on screen."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum

from skillviewer.core.analysis.analysis import Analysis
from skillviewer.core.analysis.difference import uniform_baseline
from skillviewer.core.analysis.other_models import ModelFacts
from skillviewer.core.explanation.evidence import Evidence
from skillviewer.core.progress import Progress
from skillviewer.core.video.extents import VideoClip
from skillviewer.ui.comparing.results import Results

UNIFORM = "uniform"
"""Key of the uniform baseline, with the same attention everywhere."""


class ModelProgress(StrEnum):
    """Progress of a model with the video on screen."""

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
        facts: Facts from its checkpoint; None until it is loaded, and for the uniform baseline.
        standing: Its progress.
        done: Sampled frames finished.
        total: Sampled frames in all, or 0.
        analysis: Its analysis of the video on screen, whole or so far; or None.
        reason: Reason of a failure, in a sentence.
        seconds: Duration of its last assessment, or None.
        evidence: Evidence for the score of the video on screen, where it was measured.
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
        """True for the uniform baseline."""
        return self.key == UNIFORM

    @property
    def whole(self) -> Analysis | None:
        """Its analysis once it is complete."""
        return self.analysis if self.analysis is not None and self.analysis.complete else None


def filled(
    row: ComparedModel, footage: VideoClip | None, results: Results, growing: Progress | None, *, stopped: bool
) -> ComparedModel:
    """Return a model's row with its result on a video.

    Args:
        row: The model.
        footage: The video, or None.
        results: All results.
        growing: Its progress with this video, while it is assessed.
        stopped: True once the user stopped it.
    """
    reason = results.broken.get(row.key) or (results.failures.get((row.key, footage)) if footage is not None else None)
    if reason:
        return replace(row, standing=ModelProgress.FAILED, reason=reason)
    if footage is None:
        return row
    analysis = results.analysis(row.key, footage)
    if analysis is not None:
        evidence = results.evidence.get((row.key, footage))
        return replace(row, standing=ModelProgress.DONE, analysis=analysis, evidence=evidence)
    if growing is not None:
        value = growing.value
        so_far = value if isinstance(value, Analysis) and value.n_samples else None
        return replace(row, standing=ModelProgress.WORKING, done=growing.done, total=growing.total, analysis=so_far)
    return replace(row, standing=ModelProgress.STOPPED) if stopped else row


def baseline(row: ComparedModel, keys: Iterable[str], footage: VideoClip | None, results: Results) -> ComparedModel:
    """Return the row of the uniform baseline, on the frames that the first model sampled."""
    others = (results.analysis(key, footage) for key in keys) if footage is not None else ()
    like = next((analysis for analysis in others if analysis is not None), None)
    if like is None:
        return row
    return replace(row, standing=ModelProgress.DONE, analysis=uniform_baseline(like, row.name))
