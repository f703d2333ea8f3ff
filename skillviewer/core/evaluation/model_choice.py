"""Result of an automatic choice of a model: its accuracy on people held out, next to baselines, and a verdict.

The accuracy is that of the whole procedure: in every outer fold the model was chosen without the people held out.
"""

import math
from dataclasses import dataclass
from enum import StrEnum

from skillviewer.core.evaluation.accuracy import PooledEstimate
from skillviewer.core.text import percent

MIN_ALIKE_PAIRS = 8
"""Pairs from which a lead without an interval counts, because every pair says the same; fewer agree by luck."""


class CheckLevel(StrEnum):
    """Effort of the check of a trained model on people held out."""

    QUICK = "quick"  # one quarter of the people is held out
    CROSS_VALIDATED = "cross-validated"  # every person is held out once


class VerdictKind(StrEnum):
    """Standing of a model against the trivial baselines."""

    BEATEN = "beaten"  # a baseline orders at least as many pairs rightly
    NOISE = "within noise"  # the interval of a gain over a baseline includes none, or there is no interval
    BETTER = "better"  # better than every baseline


@dataclass(frozen=True, slots=True)
class ChoiceVerdict:
    """Conclusion about a model, for the user."""

    kind: VerdictKind
    sentence: str  # what is to be said first
    details: tuple[str, ...] = ()  # further sentences: on the learning curve, on one rater

    @property
    def is_improvement(self) -> bool:
        """True if the model may be offered as an improvement."""
        return self.kind is VerdictKind.BETTER


@dataclass(frozen=True, slots=True)
class CandidateAccuracy:
    """Accuracy of one model of the short list in the inner comparison, which chose among them."""

    model: str  # entry in ATTENTION_MODELS
    title: str
    accuracy: float  # mean over inner folds, 0 to 1; optimistic for the winner
    can_be_kept: bool  # whether a checkpoint of it can be made
    n_chosen: int  # outer folds in which it was chosen


@dataclass(frozen=True, slots=True)
class BaselineAccuracy:
    """Accuracy of a baseline on the same pairs, and the lead of the chosen model."""

    name: str
    title: str
    accuracy: PooledEstimate
    lead: PooledEstimate | None  # accuracy of the procedure minus its own; None for one rater, who is no rival


@dataclass(frozen=True, slots=True)
class LearningPoint:
    """Accuracy after training on some of the people, on the same pairs."""

    n_people: float  # people (or videos) trained on, mean over folds
    accuracy: PooledEstimate


@dataclass(frozen=True, slots=True)
class ModelChoice:
    """Result of an automatic choice.

    The procedure, the baselines, one rater and the learning curve are compared on the same pairs: those of new people,
    where there are any, else all pairs that touch people held out.
    """

    winner: str  # model that is trained on all people
    title: str
    level: CheckLevel
    unit: str  # what is held out together: ``participant`` or ``video``
    accuracy: PooledEstimate  # of the whole procedure, on the pairs that are compared
    all_pairs: PooledEstimate  # of the whole procedure, on all pairs that touch people held out
    on_new_people: bool  # whether the pairs that are compared have both videos held out
    candidates: tuple[CandidateAccuracy, ...]
    baselines: tuple[BaselineAccuracy, ...]
    one_rater: PooledEstimate | None  # one rater against the mean of the others; None with a single rater
    curve: tuple[LearningPoint, ...]  # fewer people first
    curve_gain: PooledEstimate | None  # gain from the first to the last point
    warning: str = ""  # weakness of the folds, or ""
    has_coarse_comparison: bool = False  # whether ``candidates`` and ``curve`` are of trainings with coarser maps

    @property
    def verdict(self) -> ChoiceVerdict:
        """Conclusion for the user."""
        return _verdict(self)

    @property
    def pairs_text(self) -> str:
        """The pairs that are compared, in words."""
        units = "people" if self.unit == "participant" else "videos"
        return f"pairs of new {units}" if self.on_new_people else f"pairs of {units} held out"


def _span(difference: PooledEstimate) -> str:
    if not math.isfinite(difference.low):
        return "no interval"
    return f"{100 * difference.low:+.0f} to {100 * difference.high:+.0f}"


def _verdict(choice: ModelChoice) -> ChoiceVerdict:
    accuracy = percent(choice.accuracy.value, " %")
    rivals = [(row, row.lead) for row in choice.baselines if row.lead is not None]
    details = tuple(filter(None, (_kept_or_not(choice), _rater_sentence(choice), _curve_sentence(choice))))
    if not rivals:
        sentence = f"{choice.title} orders {accuracy} of the {choice.pairs_text}; no baseline was compared."
        return ChoiceVerdict(VerdictKind.NOISE, sentence, details)
    closest, lead = min(rivals, key=lambda baseline_and_lead: baseline_and_lead[1].value)
    accuracy_text = percent(closest.accuracy.value, " %")
    points = 100 * lead.value
    if lead.value <= 0:
        sentence = (
            f"Nothing beats the baselines: {closest.title.lower()} orders {accuracy_text} of the {choice.pairs_text}, "
            f"the chosen model {accuracy}."
        )
        return ChoiceVerdict(VerdictKind.BEATEN, sentence, details)
    gain = f"{points:.0f} points more than {closest.title.lower()} ({_span(lead)})"
    is_beyond_doubt = lead.all_alike and lead.n_pairs >= MIN_ALIKE_PAIRS  # the same whoever is left out
    if not (lead.low > 0 or is_beyond_doubt):
        sentence = f"The gain is within noise: {accuracy} of the {choice.pairs_text}, {gain}."
        return ChoiceVerdict(VerdictKind.NOISE, sentence, details)
    sentence = f"{choice.title} orders {accuracy} of the {choice.pairs_text}, {gain}."
    return ChoiceVerdict(VerdictKind.BETTER, sentence, details)


def _kept_or_not(choice: ModelChoice) -> str:
    best_eligible = max((row.accuracy for row in choice.candidates if row.can_be_kept), default=0.0)
    best = max(choice.candidates, key=lambda row: row.accuracy, default=None)
    if best is None or best.accuracy <= best_eligible:
        return ""
    return f"In the comparison {best.title.lower()} did best, but no checkpoint can be made of it."


def _rater_sentence(choice: ModelChoice) -> str:
    if choice.one_rater is None or not choice.one_rater.n_pairs:
        return ""
    rater = percent(choice.one_rater.value, " %")
    if choice.accuracy.value >= choice.one_rater.value:
        return f"One rater agrees with the others on {rater}, no more than the model: more raters would help most."
    return f"One rater agrees with the others on {rater} of these pairs."


def _curve_sentence(choice: ModelChoice) -> str:
    gain = choice.curve_gain
    if len(choice.curve) < 2 or gain is None:
        return ""
    first, last = choice.curve[0], choice.curve[-1]
    people = "people" if choice.unit == "participant" else "videos"
    trained = "With coarser maps, trained" if choice.has_coarse_comparison else "Trained"
    sentence = (
        f"{trained} on {first.n_people:.0f} {people}: {percent(first.accuracy.value, ' %')}; on {last.n_people:.0f}: "
        f"{percent(last.accuracy.value, ' %')}."
    )
    if math.isfinite(gain.low) and gain.low > 0:
        return f"{sentence} More {people} would help."
    return f"{sentence} It is not clear that more {people} would help."
