"""Limits of a score: the origin of its interval, the familiarity of the video, and the agreement of other models."""

import math
from collections.abc import Sequence

from skillviewer.core.analysis.analysis import Analysis
from skillviewer.core.analysis.other_models import OtherModel
from skillviewer.core.text import signed


def describe_limits(
    analysis: Analysis, other_models: Sequence[OtherModel], versions: Sequence[tuple[int, float]], digits: int
) -> tuple[str, ...]:
    """Return texts of one or two sentences on the limits of a score.

    Args:
        analysis: The analysis with the score.
        other_models: Ranks of the video by other models.
        versions: Number and score of each other version of the model.
        digits: Decimals of scores.
    """
    return (
        _describe_interval(analysis, versions, digits),
        _describe_familiarity(analysis),
        _describe_other_models(other_models),
    )


def _describe_interval(analysis: Analysis, versions: Sequence[tuple[int, float]], digits: int) -> str:
    n_passes = analysis.n_passes
    n_different = analysis.n_distinct_passes
    if n_passes < 2:
        text = (
            "The score comes from one pass over the video, so it has no interval: how much the choice of frames moves "
            "it is not known."
        )
    elif analysis.same_frames:
        text = f"All {n_passes} passes looked at the same frames, for the video has few, so the score has no interval."
    else:
        few_frames_text = "" if n_different == n_passes else f" (of {n_passes}: the video has few frames)"
        text = (
            f"The interval comes from {n_different} passes that looked at different frames{few_frames_text}. It tells "
            "how much the choice of frames moves the score, and nothing of how well the score follows skill."
        )
    if not versions:
        return text
    version_scores = ", ".join(f"{signed(score, digits)} (version {number})" for number, score in versions)
    return f"{text} Other versions of the model score it {version_scores}."


def _describe_familiarity(analysis: Analysis) -> str:
    if analysis.warning:
        text = analysis.warning
    elif analysis.novelty is None:
        text = "Whether the video looks like those that the model was trained on is not known."
    else:
        text = (
            "The video is not flagged as unlike those that the model was trained on, which does not show that it "
            f"is like them. Its distance from them is {analysis.novelty:.2f} times that of the most unusual of them."
        )
    return f"{text} {analysis.note}".rstrip()


def _describe_other_models(others: Sequence[OtherModel]) -> str:
    if not others:
        return "The study holds no scores of this video by other models to compare with."
    ranks = "; ".join(
        f"{other.name} ranks it {other.rank} of {other.n}, this model {other.own_rank} of {other.n}" for other in others
    )
    text = f"Other models (rank 1 is the highest score): {ranks}."
    correlations = [f"{other.agreement:.2f}" for other in others if not math.isnan(other.agreement)]
    if not correlations:
        return text
    return f"{text} Rank correlation with this model over these videos: {', '.join(correlations)}."
