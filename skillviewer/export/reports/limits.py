"""Limits of a score: the origin of its interval, the familiarity of the video, and the agreement of other models."""

from collections.abc import Sequence

from skillviewer.core.analysis.analysis import Analysis
from skillviewer.core.analysis.other_models import OtherModel
from skillviewer.core.text import signed


def limits(
    analysis: Analysis, other_models: Sequence[OtherModel], versions: Sequence[tuple[int, float]], digits: int
) -> tuple[str, ...]:
    """Return the limits of the numbers, one or two sentences each."""
    return (
        _interval(analysis, versions, digits),
        _familiar(analysis),
        _models(other_models) if other_models else "No other model has assessed it: whether others agree is open.",
    )


def _interval(analysis: Analysis, versions: Sequence[tuple[int, float]], digits: int) -> str:
    passes = analysis.n_passes
    if passes < 2:
        text = (
            "The score comes from one pass over the video, so it has no interval: how much the choice of frames moves "
            "it is not known."
        )
    elif analysis.same_frames:
        text = f"All {passes} passes looked at the same frames, for the video has few, so the score has no interval."
    else:
        few_frames_text = "" if analysis.n_different == passes else f" (of {passes}: the video has few frames)"
        text = (
            f"The interval comes from {analysis.n_different} passes that looked at different frames{few_frames_text}. "
            "It tells "
            "how much the choice of frames moves the score, and nothing of how well the score follows skill."
        )
    if versions:
        listed = ", ".join(f"{signed(score, digits)} (version {number})" for number, score in versions)
        return f"{text} Other versions of the model score it {listed}."
    return text


def _familiar(analysis: Analysis) -> str:
    text = analysis.warning
    if not text and analysis.novelty is None:
        text = "Whether the video looks like those that the model was trained on is not known."
    elif not text:
        text = (
            f"It is {analysis.novelty:.2f} times as far from the videos that the model was trained on as the most "
            "unusual one of them: no warning, which does not show that it is like them."
        )
    return f"{text} {analysis.note}".rstrip()


def _models(others: Sequence[OtherModel]) -> str:
    ranks = "; ".join(
        f"{other.name} ranks it {other.rank} of {other.n}, this model {other.own_rank} of {other.n}" for other in others
    )
    comparable = [other for other in others if other.agreement == other.agreement]
    if not comparable:
        return f"Other models (rank 1 is the highest score): {ranks}."
    agreement = ", ".join(f"{other.agreement:.2f}" for other in comparable)
    return (
        f"Other models (rank 1 is the highest score): {ranks}. Rank correlation with this model over these videos: "
        f"{agreement}."
    )
