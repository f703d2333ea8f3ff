"""Claims of table rows about two videos, and their reduction to pairs without repetitions and contradictions."""

from collections.abc import Iterable
from dataclasses import dataclass

from skillviewer.core.dataset.pairs import Pair, SimilarPair
from skillviewer.core.ranking.consensus import ConsensusPairs, sort_by_kind

_MAX_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Claim:
    """Claim of one row about two videos: the first is better, the second is better, or there is no difference."""

    order: Pair | SimilarPair
    source: str  # file and line of the row, for messages

    @property
    def videos(self) -> SimilarPair:
        """The two videos without an order."""
        return self.order if isinstance(self.order, SimilarPair) else SimilarPair(self.order.better, self.order.worse)


def _format_claim(order: Pair | SimilarPair) -> str:
    if isinstance(order, Pair):
        return f"{order.better} better than {order.worse}"
    return f"{order.first} and {order.second} alike"


def resolve_claims(claims: Iterable[Claim], dataset_name: str, problems: list[str]) -> ConsensusPairs:
    """Return the pairs that rows claim, each once and in the order of the first rows, without contradictory pairs.

    Repetitions and contradictions are added to ``problems``, one sentence each.
    """
    claims_by_videos: dict[SimilarPair, list[Claim]] = {}
    for claim in claims:
        claims_by_videos.setdefault(claim.videos, []).append(claim)
    consistent: list[Pair | SimilarPair] = []
    repetitions: list[str] = []
    contradictions: list[str] = []
    for videos, claims_of_pair in claims_by_videos.items():
        first = claims_of_pair[0]
        contradictory = next((claim for claim in claims_of_pair if claim.order != first.order), None)
        if contradictory is not None:
            contradictions.append(
                f"{first.source} says {_format_claim(first.order)}, {contradictory.source} says "
                f"{_format_claim(contradictory.order)}: the pair is left out."
            )
            continue
        consistent.append(first.order)
        if len(claims_of_pair) > 1:
            repetitions.append(f"{videos.first}–{videos.second} {len(claims_of_pair)} times")
    if repetitions:
        text = ", ".join(repetitions[:_MAX_SHOWN])
        if len(repetitions) > _MAX_SHOWN:
            text += f", and {len(repetitions) - _MAX_SHOWN} more"
        problems.append(f"{dataset_name} repeats pairs, each counted once: {text}.")
    problems += contradictions
    return sort_by_kind(consistent)


def claim_or_problem(better: str, worse: str, source: str) -> Claim | str:
    """Return the claim that one video is better, or a sentence about the problem of the row."""
    if not better or not worse:
        return f"{source} does not name two videos; it is left out."
    if better == worse:
        return f"{source} compares {better} with itself; it is left out."
    return Claim(Pair(better, worse), source)


def separate_problems(claims_and_problems: Iterable[Claim | str]) -> tuple[list[Claim], list[str]]:
    """Return the claims, and the problems."""
    claims = []
    problems = []
    for claim in claims_and_problems:
        if isinstance(claim, Claim):
            claims.append(claim)
        else:
            problems.append(claim)
    return claims, problems
