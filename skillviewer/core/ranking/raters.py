"""Statistics of single raters, such as side bias, consistency, agreement with the others and misfit, and warnings."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from skillviewer.core.arrays import FloatArray, IntArray
from skillviewer.core.dataset.pairs import UNNAMED, Verdict
from skillviewer.core.proportion import Proportion
from skillviewer.core.ranking.bradley_terry import PRIOR_SD, Comparisons, Strengths
from skillviewer.core.ranking.pair_selection import SelectionReason
from skillviewer.core.ranking.votes import VALUES, ShownPair, VoteColumns, Votes


@dataclass(frozen=True, slots=True)
class Misfit:
    """Distance of a rater's votes from their expectation on the other raters' scale.

    Infit and outfit are those of Rasch scales (Wright and Masters, "Rating Scale Analysis", 1982), as used for judges
    in comparative judgement (Pollitt, 2012). The expected value is 1. A larger value shows a rater with another order,
    a smaller one a rater who is more regular than the model. Since the scale comes from the other raters, and its
    uncertainty is included, few votes do not look like misfit.
    """

    infit: float  # mean squared residual, each vote weighted by its variance; 1 by chance
    outfit: float  # unweighted mean squared residual, which weights surprises on clear pairs heavily
    z: float  # infit minus 1, in standard errors
    n: int  # number of votes used, without votes for no difference

    @property
    def is_large(self) -> bool:
        """True if the infit is larger than expected by chance."""
        return self.infit > MISFIT_INFIT and self.z > MISFIT_Z

    @property
    def word(self) -> str:
        """The verdict in a few words."""
        return "another order than the others" if self.is_large else "as expected"


def expected_wins(strengths: Strengths, left: IntArray, right: IntArray) -> FloatArray:
    """Return the probabilities that the left videos win, (n,), which include the uncertainty of the strengths.

    The mean of the logistic function over a normal lead is 1 / (1 + exp(-mean / sqrt(1 + pi variance / 8))) within 0.02
    (MacKay, 1992).

    Args:
        strengths: The strengths.
        left: (n,) indices of the left videos in the strengths.
        right: (n,) indices of the right videos in the strengths.
    """
    variance = strengths.lead_variances(left, right)
    lead = (strengths.values[left] - strengths.values[right]) / np.sqrt(1 + np.pi * variance / 8)
    return np.asarray(1 / (1 + np.exp(-lead)))


def misfit(won: FloatArray, probability: FloatArray) -> Misfit | None:
    """Return the misfit of (n,) outcomes, 1 or 0, with their expected probabilities; None if there are no outcomes."""
    if len(won) == 0:
        return None
    squared_residual = (won - probability) ** 2
    variance = probability * (1 - probability)
    infit = float(squared_residual.sum() / variance.sum())
    # a squared residual has the variance w (1 - 4 w) if the outcome has the variance w
    residual_variance = (variance * (1 - 4 * variance)).sum()
    standard_error = float(np.sqrt(max(residual_variance, 0)) / variance.sum())
    z = (infit - 1) / standard_error if standard_error > 1e-6 else 0.0
    return Misfit(infit=infit, outfit=float((squared_residual / variance).mean()), z=z, n=len(won))


N_DRAWS = 8
"""Number of draws from which the variances of leads are estimated; they have little effect on probabilities."""


def rater_misfits(votes: Votes) -> dict[str, Misfit | None]:
    """Return the misfit of every named rater on the scale of the others, or None if there are no votes of others."""
    columns = VoteColumns.of(votes)
    comparisons = Comparisons.of(columns)
    videos = columns.videos
    start = None
    if len(columns):
        start, _ = comparisons.maximise(len(videos), 1 / PRIOR_SD**2)
    misfits: dict[str, Misfit | None] = {}
    for index, rater in enumerate(columns.raters):
        is_rater = columns.rater == index
        own_comparisons = comparisons.select(is_rater & (comparisons.won != comparisons.lost))
        others = comparisons.select(~is_rater)
        misfits[rater] = None
        if len(own_comparisons.won) and len(others.won):
            scale = others.strengths(videos, n_draws=N_DRAWS, start=start)
            misfits[rater] = misfit(
                own_comparisons.won, expected_wins(scale, own_comparisons.first, own_comparisons.second)
            )
    return misfits


HURRIED_BELOW = 0.5
"""Share of the two videos that was watched, below which a vote is hurried."""

HURRIED_SHARE = 0.1
"""Share of hurried votes from which there is a warning."""

MIN_JUDGEMENTS = 20
"""Number of votes below which a rater's statistics are unreliable."""

MISFIT_INFIT = 1.2
MISFIT_Z = 2.0
"""Limits that infit and its distance from 1 in standard errors exceed if there is a warning."""


@dataclass(frozen=True, slots=True)
class RaterReport:
    """Statistics of one rater's votes."""

    name: str
    judged: int  # number of judgements
    skipped: int  # number of skipped pairs
    neither: int  # number of judgements of no difference
    left: Proportion  # proportion of left among the votes for a side
    median_s: float | None  # median time to a vote in seconds, or None if not recorded
    hurried: Proportion  # proportion of hurried votes among the votes with a known share watched
    agreement: Proportion  # proportion of verdicts that match the majority of the other raters of the pair
    # proportion of repeated pairs with the same verdict, without pairs that were put back in the queue because of
    # contradictory votes, since these are harder
    consistency: Proportion
    misfit: Misfit | None  # misfit on the scale of the others, or None if there are no votes of others

    @property
    def warnings(self) -> tuple[str, ...]:
        """Warnings about the rater, one sentence each."""
        sentences = []
        low, high = self.left.interval
        if self.left.n >= MIN_JUDGEMENTS and not low <= 0.5 <= high:
            favours_left = self.left.value > 0.5
            side = "left" if favours_left else "right"
            n_favoured = self.left.part if favours_left else self.left.n - self.left.part
            sentences.append(f"Favours the {side} side: {n_favoured} of {self.left.n} votes.")
        if self.hurried.n >= MIN_JUDGEMENTS and self.hurried.value >= HURRIED_SHARE:
            sentences.append(
                f"Voted before half of the two videos was seen in {self.hurried.part} of {self.hurried.n} votes."
            )
        if self.consistency.n and self.consistency.interval[1] < 0.75:
            share_text = f"{self.consistency.part} of {self.consistency.n}"
            sentences.append(f"Gives the same verdict again on only {share_text} repeated pairs.")
        if self.agreement.n >= MIN_JUDGEMENTS and self.agreement.interval[1] < 2 / 3:
            sentences.append(
                f"Agrees with most of the others in only {self.agreement.part} of {self.agreement.n} pairs."
            )
        if self.misfit is not None and self.misfit.is_large:
            sentences.append(f"Fits the order of the others badly (infit {self.misfit.infit:.2f}; 1 is expected).")
        if self.judged >= MIN_JUDGEMENTS and self.neither > self.judged / 2:
            sentences.append(f"Sees no difference in {self.neither} of {self.judged} pairs.")
        n_shown = self.judged + self.skipped
        if n_shown >= MIN_JUDGEMENTS and self.skipped > n_shown / 4:
            sentences.append(f"Skipped {self.skipped} of {n_shown} pairs.")
        if 0 < self.judged < MIN_JUDGEMENTS:
            sentences.append(f"Only {self.judged} votes: these numbers say little yet.")
        return tuple(sentences)


def rater_reports(shown_pairs: Sequence[ShownPair], *, misfits: bool = True) -> tuple[RaterReport, ...]:
    """Return the statistics of all raters, sorted by name.

    Args:
        shown_pairs: Pairs shown to all raters, in the order of voting, without withdrawn ones.
        misfits: Whether to compute misfits, which takes long.
    """
    votes = VoteColumns.of([shown_pair for shown_pair in shown_pairs if shown_pair.verdict is not None])
    misfit_of = rater_misfits(votes) if misfits else {}
    agreement_of = _agreement_with_others(votes)
    pairs_of: dict[str, list[ShownPair]] = {}
    for shown_pair in shown_pairs:
        pairs_of.setdefault(shown_pair.rater, []).append(shown_pair)
    reports = []
    for rater, own_pairs in sorted(pairs_of.items()):
        agreement = agreement_of.get(rater, Proportion(0, 0))
        reports.append(_report(rater, own_pairs, agreement, misfit_of.get(rater)))
    return tuple(reports)


def _report(
    name: str, shown_pairs: Sequence[ShownPair], agreement: Proportion, own_misfit: Misfit | None
) -> RaterReport:
    judged_pairs = [shown_pair for shown_pair in shown_pairs if shown_pair.verdict is not None]
    for_a_side = [shown_pair for shown_pair in judged_pairs if shown_pair.verdict is not Verdict.NEITHER]
    times_s = [shown_pair.taken_s for shown_pair in judged_pairs if shown_pair.taken_s is not None]
    shares_watched = [shown_pair.watched for shown_pair in judged_pairs if shown_pair.watched is not None]
    n_left = sum(shown_pair.verdict is Verdict.LEFT for shown_pair in for_a_side)
    n_hurried = sum(share < HURRIED_BELOW for share in shares_watched)
    median_s = float(np.median(times_s)) if times_s else None
    # votes of unnamed raters may come from several people, so that they are no repeats
    consistency = Proportion(0, 0) if name == UNNAMED else _self_consistency(judged_pairs)
    return RaterReport(
        name=name,
        judged=len(judged_pairs),
        skipped=len(shown_pairs) - len(judged_pairs),
        neither=len(judged_pairs) - len(for_a_side),
        left=Proportion(n_left, len(for_a_side)),
        median_s=median_s,
        hurried=Proportion(n_hurried, len(shares_watched)),
        agreement=agreement,
        consistency=consistency,
        misfit=own_misfit,
    )


def _agreement_with_others(votes: VoteColumns) -> dict[str, Proportion]:
    """Return named raters' agreement with the majority of the others, without pairs on which the others tie."""
    first_votes = votes.first_by_rater_and_pair()
    pair_counts = first_votes.counts()
    other_counts = pair_counts.counts[pair_counts.pair_of_vote] - (first_votes.verdict[:, None] == VALUES)
    highest_count = other_counts.max(axis=1, initial=0)
    has_majority = (other_counts == highest_count[:, None]).sum(axis=1) == 1  # without others, all three counts are 0
    own_verdict_count = other_counts[np.arange(len(first_votes)), first_votes.verdict + 1]
    agrees = has_majority & (own_verdict_count == highest_count)
    n_raters = len(first_votes.raters)
    n_agreeing = np.bincount(first_votes.rater[agrees], minlength=n_raters).tolist()
    n_compared = np.bincount(first_votes.rater[has_majority], minlength=n_raters).tolist()
    return {rater: Proportion(n_agreeing[index], n_compared[index]) for index, rater in enumerate(first_votes.raters)}


def _self_consistency(shown_pairs: Sequence[ShownPair]) -> Proportion:
    """Return the proportion of a rater's repeated pairs with the same verdict, on either side."""
    first_choice: dict[frozenset[str], str | None] = {}
    n_same = 0
    n_repeated = 0
    for shown_pair in shown_pairs:
        if shown_pair.reason == SelectionReason.AGAIN:
            continue
        pair = frozenset((shown_pair.left, shown_pair.right))
        choice = None
        if shown_pair.verdict is Verdict.LEFT:
            choice = shown_pair.left
        elif shown_pair.verdict is Verdict.RIGHT:
            choice = shown_pair.right
        if pair in first_choice:
            n_repeated += 1
            n_same += first_choice[pair] == choice
        else:
            first_choice[pair] = choice
    return Proportion(n_same, n_repeated)
