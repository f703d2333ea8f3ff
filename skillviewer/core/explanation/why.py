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
from skillviewer.core.explanation.moments import Moment, PictureRegion, clear_moments, find_moments, strongest_regions


@dataclass(frozen=True, slots=True, eq=False)
class ScoreFindings:
    """Findings on the score of one video."""

    analysis: Analysis
    evidence: Evidence | None  # evidence for the score, or None if not computed yet
    position: CohortPosition  # position of the score among the comparable videos
    moments: tuple[Moment, ...]  # clear moments, in order of time
    n_smaller: int  # number of moments that are left out, because they are within the score's interval
    # regions of the picture that raised and that lowered the score most (``strongest_regions``), or None if there is no
    # evidence
    regions: tuple[PictureRegion | None, PictureRegion | None] | None


def score_findings(
    analysis: Analysis, evidence: Evidence | None, scores: Sequence[float], cohort: str = "this task"
) -> ScoreFindings:
    """Return the findings on the score of a video.

    Args:
        analysis: Analysis of the video.
        evidence: Evidence for the analysis, or None.
        scores: Scores of the comparable videos, without this one.
        cohort: Name of the cohort, as in "48 comparable videos of this task".
    """
    moments = find_moments(analysis, evidence)
    shown_moments = clear_moments(moments, analysis)
    regions = strongest_regions(analysis, evidence) if evidence is not None else None
    return ScoreFindings(
        analysis=analysis,
        evidence=evidence,
        position=cohort_position(analysis.score, analysis.interval, scores, cohort),
        moments=shown_moments,
        n_smaller=len(moments) - len(shown_moments),
        regions=regions,
    )


N_FIFTHS = 5
_NUMERALS = ("one", "two", "three", "four")


def fifth_shares(analysis: Analysis, evidence: Evidence) -> FloatArray:
    """Return the share of the absolute contributions in each fifth of the video, (5,); NaN without contributions.

    A contribution belongs to the fifth in which the sampled frame of its segment was shown.
    """
    position = (analysis.times_s - analysis.start_s) / max(analysis.stop_s - analysis.start_s, 1e-9)
    fifth = np.clip((position * N_FIFTHS).astype(np.int64), 0, N_FIFTHS - 1).ravel()
    sums = np.bincount(fifth, np.abs(evidence.segments).ravel(), minlength=N_FIFTHS)
    return np.asarray(sums / sums.sum()) if sums.sum() > 0 else np.full(N_FIFTHS, np.nan)


def format_fifths(analysis: Analysis, evidence: Evidence) -> str:
    """Return a text on the share of the score that each fifth of the video decides; "" without contributions."""
    shares = fifth_shares(analysis, evidence)
    if not np.isfinite(shares).all():
        return ""
    *percentages, last_percentage = (f"{100 * share:.0f}" for share in shares)
    text = (
        f"The fifths of the video decide {', '.join(percentages)} and {last_percentage} % of the score (of all "
        "contributions, + and −)."
    )
    duration_s = analysis.stop_s - analysis.start_s
    first_sample_s = float(analysis.times_s.min()) - analysis.start_s
    n_unseen = int(N_FIFTHS * first_sample_s / duration_s)
    if n_unseen:
        unseen_text = "first fifth" if n_unseen == 1 else f"first {_NUMERALS[n_unseen - 1]} fifths"
        text += f" No frame of the {unseen_text} was looked at."
    return text


def cohort_member(name: str, score: float, mean_feature: Float32Array | None) -> CohortMember:
    """Return a video of a cohort, with its mean feature, (2F,), as the embedding."""
    embedding: FloatArray | None = None if mean_feature is None else mean_feature.astype(np.float64)
    return CohortMember(name, score, embedding)


def reference_for(
    name: str, analysis: Analysis, others: Sequence[CohortMember], available: Collection[str]
) -> ReferenceVideo | None:
    """Return the reference video of a video, or None.

    Args:
        name: Name of the video.
        analysis: Analysis of the video.
        others: Other videos of the cohort.
        available: Names of the videos whose files can be shown.
    """
    video = cohort_member(name, analysis.score, analysis.mean_feature)
    candidates = [member for member in others if member.name in available]
    return reference_video(video, candidates, [member.score for member in others])
