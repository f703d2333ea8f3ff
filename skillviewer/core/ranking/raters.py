"""Quality of single raters: side bias, time, consistency, agreement with the others, misfit; warnings."""

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

    Infit and outfit are those of Rasch scales (Wright and Masters, "Rating Scale Analysis", 1982), as comparative
    judgement uses them for judges (Pollitt, 2012): 1 is expected by chance, more shows a rater with another order, less
    a rater more regular than the model. The scale is that of the other raters and its uncertainty counts, so raters are
    not compared with their own votes, and few votes do not look like misfit.
    """

    infit: float  # mean squared residual, each vote weighted by its variance; 1 by chance
    outfit: float  # unweighted mean square, so that single surprises on clear pairs count heavily
    z: float  # infit minus 1, in standard errors
    n: int  # number of votes used; "no difference" is left out

    @property
    def is_large(self) -> bool:
        """True if infit exceeds what chance explains."""
        return self.infit > MISFIT_INFIT and self.z > MISFIT_Z

    @property
    def word(self) -> str:
        """The verdict in a few words."""
        return "another order than the others" if self.is_large else "as expected"


def expected_wins(strengths: Strengths, left: IntArray, right: IntArray) -> FloatArray:
    """Return (n,) the probability that the left video wins, given the uncertainty, by places in the strengths' names.

    The mean of the logistic function over a normal lead is 1 / (1 + exp(-mean / sqrt(1 + pi variance / 8))) within 0.02
    (MacKay, 1992).
    """
    variance = strengths.lead_variances(left, right)
    lead = (strengths.values[left] - strengths.values[right]) / np.sqrt(1 + np.pi * variance / 8)
    return np.asarray(1 / (1 + np.exp(-lead)))


def misfit(won: FloatArray, chance: FloatArray) -> Misfit | None:
    """Return the misfit of (n,) outcomes, 1 or 0, with their chances, between 0 and 1; None without outcomes."""
    if len(won) == 0:
        return None
    squared = (won - chance) ** 2
    variance = chance * (1 - chance)
    infit = float(squared.sum() / variance.sum())
    # a squared residual has the variance w (1 - 4 w), where w is that of the outcome
    error = float(np.sqrt(max((variance * (1 - 4 * variance)).sum(), 0)) / variance.sum())
    return Misfit(infit, float((squared / variance).mean()), (infit - 1) / error if error > 1e-6 else 0.0, len(won))


N_DRAWS = 8
"""Draws that tell the uncertainty of a lead: its effect on a chance is small."""


def rater_misfits(votes: Votes) -> dict[str, Misfit | None]:
    """Return the misfit of every named rater on the scale of the others, or None if there is no such scale."""
    columns = VoteColumns.of(votes)
    games = Comparisons.of(columns)
    videos = columns.videos
    start = games.maximise(len(videos), 1 / PRIOR_SD**2)[0] if len(columns) else None
    misfits: dict[str, Misfit | None] = {}
    for number, rater in enumerate(columns.raters):
        is_rater = columns.rater == number
        own = games.only(is_rater & (games.won != games.lost))
        others = games.only(~is_rater)
        misfits[rater] = None
        if len(own.won) and len(others.won):
            scale = others.strengths(videos, n_draws=N_DRAWS, start=start)
            misfits[rater] = misfit(own.won, expected_wins(scale, own.first, own.second))
    return misfits


HURRIED_BELOW = 0.5
"""A vote is hurried if less than this share of the two videos was watched."""
HURRIED_SHARE = 0.1
"""Share of hurried votes from which on there is a warning."""
MIN_JUDGEMENTS = 20
"""With fewer votes, a rater's numbers are unreliable."""
MISFIT_INFIT, MISFIT_Z = 1.2, 2.0
"""There is a warning about misfit if infit and its distance from 1 in standard errors exceed these."""


@dataclass(frozen=True, slots=True)
class RaterReport:
    """Statistics of one rater's votes."""

    name: str
    judged: int  # number of judgements
    skipped: int  # number of skipped pairs
    neither: int  # number of judgements of no difference
    left: Proportion  # proportion of left among the votes for a side
    median_s: float | None  # median time to a vote in seconds, or None if not recorded
    hurried: Proportion  # votes before half of the two videos was watched, among the votes with a known proportion
    agreement: Proportion  # proportion of verdicts that match the majority of the other raters of the pair
    # proportion of repeated pairs with the same verdict. Pairs put back in the queue because of contradictory votes are
    # harder than others and do not count
    consistency: Proportion
    misfit: Misfit | None  # misfit on the scale of the others, or None without others

    @property
    def warnings(self) -> tuple[str, ...]:
        """Points to look into, one sentence each."""
        sentences = []
        low, high = self.left.interval
        if self.left.n >= MIN_JUDGEMENTS and not low <= 0.5 <= high:
            side = "left" if self.left.value > 0.5 else "right"
            often = self.left.part if self.left.value > 0.5 else self.left.n - self.left.part
            sentences.append(f"Favours the {side} side: {often} of {self.left.n} votes.")
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
        if self.judged + self.skipped >= MIN_JUDGEMENTS and self.skipped > (self.judged + self.skipped) / 4:
            sentences.append(f"Skipped {self.skipped} of {self.judged + self.skipped} pairs.")
        if 0 < self.judged < MIN_JUDGEMENTS:
            sentences.append(f"Only {self.judged} votes: these numbers say little yet.")
        return tuple(sentences)


def rater_reports(shown_pairs: Sequence[ShownPair], *, misfits: bool = True) -> tuple[RaterReport, ...]:
    """Return the statistics of all raters, sorted by name, from the valid pairs asked, in the order of voting."""
    votes = VoteColumns.of([a for a in shown_pairs if a.verdict is not None])
    fits = rater_misfits(votes) if misfits else {}
    with_others = _with_others(votes)
    by_rater: dict[str, list[ShownPair]] = {}
    for a in shown_pairs:
        by_rater.setdefault(a.rater, []).append(a)
    nobody = Proportion(0, 0)
    return tuple(
        _report(n, of_rater, with_others.get(n, nobody), fits.get(n)) for n, of_rater in sorted(by_rater.items())
    )


def _report(name: str, shown_pairs: Sequence[ShownPair], agreement: Proportion, fit: Misfit | None) -> RaterReport:
    judged = [a for a in shown_pairs if a.verdict is not None]
    sides = [a for a in judged if a.verdict is not Verdict.NEITHER]
    times = [a.taken_s for a in judged if a.taken_s is not None]
    watched = [a.watched for a in judged if a.watched is not None]
    return RaterReport(
        name=name,
        judged=len(judged),
        skipped=len(shown_pairs) - len(judged),
        neither=len(judged) - len(sides),
        left=Proportion(sum(a.verdict is Verdict.LEFT for a in sides), len(sides)),
        median_s=float(np.median(times)) if times else None,
        hurried=Proportion(sum(w < HURRIED_BELOW for w in watched), len(watched)),
        agreement=agreement,
        # unnamed votes may come from several people: one of them repeats nothing of another
        consistency=Proportion(0, 0) if name == UNNAMED else _with_oneself(judged),
        misfit=fit,
    )


def _with_others(votes: VoteColumns) -> dict[str, Proportion]:
    """Return named raters' agreement with the majority of the others; pairs on which the others tie are left out."""
    first_votes = votes.first_by_rater_and_pair()
    *_, counts, pair_of_vote = first_votes.counts()
    others = counts[pair_of_vote] - (first_votes.verdict[:, None] == VALUES)
    majority = others.max(axis=1, initial=0)
    clear = (others == majority[:, None]).sum(axis=1) == 1  # not without others, whose counts are all 0
    agrees = clear & (others[np.arange(len(first_votes)), first_votes.verdict + 1] == majority)
    part = np.bincount(first_votes.rater[agrees], minlength=len(first_votes.raters)).tolist()
    n = np.bincount(first_votes.rater[clear], minlength=len(first_votes.raters)).tolist()
    return {name: Proportion(part[i], n[i]) for i, name in enumerate(first_votes.raters)}


def _with_oneself(shown_pairs: Sequence[ShownPair]) -> Proportion:
    """Return the proportion of a rater's repeated pairs with the same verdict, on either side."""
    first: dict[frozenset[str], str | None] = {}
    same = n = 0
    for a in shown_pairs:
        if a.reason == SelectionReason.AGAIN:
            continue
        pair = frozenset((a.left, a.right))
        better = None
        if a.verdict in (Verdict.LEFT, Verdict.RIGHT):
            better = a.left if a.verdict is Verdict.LEFT else a.right
        if pair in first:
            n += 1
            same += first[pair] == better
        else:
            first[pair] = better
    return Proportion(same, n)
