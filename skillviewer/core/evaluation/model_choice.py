"""Result of an automatic choice of a model: its accuracy on people held out, its baselines, and a verdict.

The accuracy is that of the whole procedure, since in every outer fold the model was chosen without the people held out.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from skillviewer.core.evaluation.accuracy import PooledEstimate
from skillviewer.core.text import percent

MIN_ALIKE_PAIRS = 8
"""Fewest pairs with which a lead without an interval counts, since all pairs agree; fewer may agree by luck."""


class CheckLevel(StrEnum):
    """Effort of the check of a trained model on people held out."""

    QUICK = "quick"  # one quarter of the people is held out
    CROSS_VALIDATED = "cross-validated"  # every person is held out once

    @property
    def other(self) -> "CheckLevel":
        """The other effort."""
        return CheckLevel.QUICK if self is CheckLevel.CROSS_VALIDATED else CheckLevel.CROSS_VALIDATED


class VerdictKind(StrEnum):
    """Comparison of a model with the trivial baselines."""

    BEATEN = "beaten"  # a baseline orders at least as many pairs rightly
    NOISE = "within noise"  # the interval of the gain over a baseline includes 0, or there is no interval
    BETTER = "better"  # better than every baseline


@dataclass(frozen=True, slots=True)
class ChoiceVerdict:
    """Conclusion about a model, for the user."""

    kind: VerdictKind
    sentence: str  # the conclusion
    details: tuple[str, ...] = ()  # further sentences, for example on the learning curve or on one rater

    @property
    def is_improvement(self) -> bool:
        """True if the model may be offered as an improvement."""
        return self.kind is VerdictKind.BETTER


@dataclass(frozen=True, slots=True)
class CandidateAccuracy:
    """Accuracy of one model of the short list in the inner comparison, by which the model was chosen."""

    model: str  # name of the entry in ``ATTENTION_MODELS``
    title: str
    accuracy: float  # mean over inner folds, 0 to 1; optimistic for the winner
    can_be_kept: bool  # whether the model can be saved as a checkpoint
    n_chosen: int  # number of outer folds in which the model was chosen


@dataclass(frozen=True, slots=True)
class BaselineAccuracy:
    """Accuracy of a baseline on the compared pairs, and the lead of the chosen model."""

    name: str
    title: str
    accuracy: PooledEstimate
    lead: PooledEstimate | None  # accuracy of the procedure minus that of the baseline; None for one rater


@dataclass(frozen=True, slots=True)
class LearningPoint:
    """Accuracy on the compared pairs after training on some of the people."""

    n_people: float  # number of training people (or videos), mean over folds
    accuracy: PooledEstimate


@dataclass(frozen=True, slots=True)
class ModelChoice:
    """Result of an automatic choice.

    The procedure, the baselines, one rater and the learning curve are compared on the same pairs. These are the pairs
    of new people if there are any, else all pairs that touch people held out.
    """

    winner: str  # model that is trained on all people
    title: str
    level: CheckLevel
    unit: str  # unit that is held out: ``participant`` or ``video``
    accuracy: PooledEstimate  # accuracy of the whole procedure on the compared pairs
    all_pairs: PooledEstimate  # accuracy of the whole procedure on all pairs that touch people held out
    on_new_people: bool  # whether the compared pairs have both videos held out
    candidates: tuple[CandidateAccuracy, ...]
    baselines: tuple[BaselineAccuracy, ...]
    one_rater: PooledEstimate | None  # accuracy of one rater against the mean of the others; None with a single rater
    curve: tuple[LearningPoint, ...]  # learning curve, fewer people first
    curve_gain: PooledEstimate | None  # gain from the first to the last point of the curve
    warning: str = ""  # warning about the folds, or ""
    has_coarse_comparison: bool = False  # whether ``candidates`` and ``curve`` come from trainings with coarser maps

    @property
    def verdict(self) -> ChoiceVerdict:
        """Conclusion for the user."""
        return _verdict(self)

    @property
    def pairs_text(self) -> str:
        """Text that names the compared pairs."""
        return describe_tested_pairs(self.unit, on_new_people=self.on_new_people)


def describe_tested_pairs(unit: str, *, on_new_people: bool) -> str:
    """Return a text that names tested pairs.

    Args:
        unit: Unit that is held out: ``participant`` or ``video``.
        on_new_people: Whether both videos of the pairs are held out.
    """
    units = "people" if unit == "participant" else "videos"
    return f"pairs of new {units}" if on_new_people else f"pairs of {units} held out"


def _format_interval(difference: PooledEstimate) -> str:
    if not math.isfinite(difference.low):
        return "no interval"
    return f"{100 * difference.low:+.0f} to {100 * difference.high:+.0f}"


def _verdict(choice: ModelChoice) -> ChoiceVerdict:
    sentences = (_unsavable_best_sentence(choice), _rater_sentence(choice), _curve_sentence(choice))
    details = tuple(sentence for sentence in sentences if sentence)
    comparison = compare_with_baselines(choice.title, choice.accuracy, choice.baselines, choice.pairs_text)
    return replace(comparison, details=details)


def compare_with_baselines(
    title: str, accuracy: PooledEstimate, baselines: Sequence[BaselineAccuracy], pairs_text: str
) -> ChoiceVerdict:
    """Return the verdict on a model by its lead over the closest baseline.

    Args:
        title: Title of the model.
        accuracy: Accuracy of the model on the compared pairs.
        baselines: Baselines on the same pairs; those without a lead do not count.
        pairs_text: Text that names the compared pairs.
    """
    accuracy_text = percent(accuracy.value, " %")
    rivals = [(baseline, baseline.lead) for baseline in baselines if baseline.lead is not None]
    if not rivals:
        sentence = f"{title} orders {accuracy_text} of the {pairs_text}; no baseline was compared."
        return ChoiceVerdict(VerdictKind.NOISE, sentence)
    closest, lead = min(rivals, key=lambda baseline_and_lead: baseline_and_lead[1].value)
    if lead.value <= 0:
        sentence = (
            f"Nothing beats the baselines: {closest.title.lower()} orders {percent(closest.accuracy.value, ' %')} of "
            f"the {pairs_text}, the model {accuracy_text}."
        )
        return ChoiceVerdict(VerdictKind.BEATEN, sentence)
    gain_text = f"{100 * lead.value:.0f} points more than {closest.title.lower()} ({_format_interval(lead)})"
    is_unanimous = lead.all_alike and lead.n_pairs >= MIN_ALIKE_PAIRS  # the same lead whoever is left out
    if not (lead.low > 0 or is_unanimous):
        sentence = f"The gain is within noise: {accuracy_text} of the {pairs_text}, {gain_text}."
        return ChoiceVerdict(VerdictKind.NOISE, sentence)
    sentence = f"{title} orders {accuracy_text} of the {pairs_text}, {gain_text}."
    return ChoiceVerdict(VerdictKind.BETTER, sentence)


def _unsavable_best_sentence(choice: ModelChoice) -> str:
    """Return a sentence if the most accurate candidate cannot be saved as a checkpoint, or ""."""
    best_savable_accuracy = max((row.accuracy for row in choice.candidates if row.can_be_kept), default=0.0)
    best = max(choice.candidates, key=lambda row: row.accuracy, default=None)
    if best is None or best.accuracy <= best_savable_accuracy:
        return ""
    return (
        f"In the comparison {best.title.lower()} did best, but the program cannot save it as a model: it is for "
        "comparison only."
    )


def _rater_sentence(choice: ModelChoice) -> str:
    if choice.one_rater is None or not choice.one_rater.n_pairs:
        return ""
    accuracy_text = percent(choice.one_rater.value, " %")
    if choice.accuracy.value >= choice.one_rater.value:
        return (
            f"One rater agrees with the others on {accuracy_text}, no more than the model: more raters would help most."
        )
    return f"One rater agrees with the others on {accuracy_text} of these pairs."


def _curve_sentence(choice: ModelChoice) -> str:
    gain = choice.curve_gain
    if len(choice.curve) < 2 or gain is None:
        return ""
    first = choice.curve[0]
    last = choice.curve[-1]
    people = "people" if choice.unit == "participant" else "videos"
    trained_text = "With coarser maps, trained" if choice.has_coarse_comparison else "Trained"
    sentence = (
        f"{trained_text} on {first.n_people:.0f} {people}: {percent(first.accuracy.value, ' %')}; "
        f"on {last.n_people:.0f}: {percent(last.accuracy.value, ' %')}."
    )
    if math.isfinite(gain.low) and gain.low > 0:
        return f"{sentence} More {people} would help."
    return f"{sentence} It is not clear that more {people} would help."
