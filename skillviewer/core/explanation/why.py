"""Findings on the score of one video, for the Why page of the window and of the report."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np

from skillviewer.core.analysis.analysis import Analysis
from skillviewer.core.analysis.cohort import (
    CohortMember,
    CohortPosition,
    ReferenceVideo,
    cohort_position,
    reference_video,
)
from skillviewer.core.arrays import Float32Array, FloatArray
from skillviewer.core.explanation.evidence import Evidence
from skillviewer.core.explanation.moments import Moment, PictureRegion, find_moments, standing_out, strongest_regions


@dataclass(frozen=True, slots=True, eq=False)
class ScoreFindings:
    """Findings on the score of one video."""

    analysis: Analysis
    evidence: Evidence | None  # its evidence, or None before it is known
    position: CohortPosition  # position of the score among the comparable videos
    moments: tuple[Moment, ...]  # parts of the video that moved the score most and stand out, in order of time
    n_smaller: int  # moments left out, since they are within the score's interval
    # regions of the picture that raised and lowered the score most; None without evidence or cells
    regions: tuple[PictureRegion | None, PictureRegion | None] | None


def score_findings(
    analysis: Analysis, evidence: Evidence | None, scores: Sequence[float], cohort: str = "this task"
) -> ScoreFindings:
    """Return the findings on the score of a video among the ``scores`` of the comparable ones, without this one.

    ``cohort`` names them, as in "48 comparable videos of this task".
    """
    moments = find_moments(analysis, evidence)
    clear_moments = standing_out(moments, analysis)
    return ScoreFindings(
        analysis,
        evidence,
        cohort_position(analysis.score, analysis.interval, scores, cohort),
        clear_moments,
        len(moments) - len(clear_moments),
        strongest_regions(analysis, evidence) if evidence is not None else None,
    )


N_PARTS = 5
_ORDINALS = ("one", "two", "three", "four")


def fifth_shares(analysis: Analysis, evidence: Evidence) -> FloatArray:
    """Return (5,) the share of the absolute contributions of the frames in each fifth of the video; NaN without any.

    A contribution belongs to the fifth in which the frame of its segment was shown.
    """
    share = (analysis.times_s - analysis.start_s) / max(analysis.stop_s - analysis.start_s, 1e-9)
    fifth = np.clip((share * N_PARTS).astype(np.int64), 0, N_PARTS - 1).ravel()
    sums = np.bincount(fifth, np.abs(evidence.segments).ravel(), minlength=N_PARTS)
    return np.asarray(sums / sums.sum()) if sums.sum() > 0 else np.full(N_PARTS, np.nan)


def format_fifths(analysis: Analysis, evidence: Evidence) -> str:
    """Return the share of the score that each fifth of the video decides, as text; "" if nothing contributes."""
    shares = fifth_shares(analysis, evidence)
    if not np.isfinite(shares).all():
        return ""
    *first, last = (f"{100 * share:.0f}" for share in shares)
    text = (
        f"The fifths of the video decide {', '.join(first)} and {last} % of the score (of all contributions, + and −)."
    )
    unseen = int(N_PARTS * (float(analysis.times_s.min()) - analysis.start_s) / (analysis.stop_s - analysis.start_s))
    if unseen:
        start = "first fifth" if unseen == 1 else f"first {_ORDINALS[unseen - 1]} fifths"
        text += f" No frame of the {start} was looked at."
    return text


def member_of(name: str, score: float, pooled: Float32Array | None) -> CohortMember:
    """Return a comparable video. ``pooled`` is its (2F,) mean feature, by which videos resemble each other."""
    embedding: FloatArray | None = None if pooled is None else pooled.astype(np.float64)
    return CohortMember(name, score, embedding)


def reference_for(
    name: str, analysis: Analysis, others: Sequence[CohortMember], available: Collection[str]
) -> ReferenceVideo | None:
    """Return the well-scored video that is shown next to a video, or None.

    ``available`` names those whose file can be shown.
    """
    own = member_of(name, analysis.score, analysis.pooled)
    candidates = [member for member in others if member.name in available]
    return reference_video(own, candidates, [member.score for member in others])
