"""Raters who answer what they are asked."""

from collections.abc import Callable

from skillviewer.core.dataset.pairs import Judgement, Verdict
from skillviewer.core.ranking.pair_selection import NextPair, Plan, choose
from skillviewer.core.ranking.votes import ShownPair

Answer = Callable[[NextPair], Verdict | None]


def by_name(pair: NextPair) -> Verdict:
    """Answer that the video whose name comes later is better."""
    return Verdict.LEFT if pair.left > pair.right else Verdict.RIGHT


def sitting(
    videos: dict[str, str],
    n: int,
    rater: str = "Ann",
    plan: Plan | None = None,
    answer: Answer = by_name,
    before: tuple[ShownPair, ...] = (),
) -> tuple[ShownPair, ...]:
    """Return what was asked before and n pairs more, answered; fewer where there are no more."""
    asked = list(before)
    for _ in range(n):
        pair = choose(videos, asked, rater, plan or Plan())
        if pair is None:
            break
        asked.append(ShownPair(pair.left, pair.right, rater, answer(pair), pair.reason))
    return tuple(asked)


def judged(*rows: tuple[str, str, str, int]) -> list[Judgement]:
    """Return judgements from (rater, left, right, verdict)."""
    return [Judgement(left, right, Verdict(verdict), rater) for rater, left, right, verdict in rows]
