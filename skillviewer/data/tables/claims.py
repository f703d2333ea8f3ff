"""Claims of table rows about two videos, and their reduction to pairs without repetitions and contradictions."""

from collections.abc import Iterable
from dataclasses import dataclass

from skillviewer.core.dataset.pairs import Pair, SimilarPair
from skillviewer.core.ranking.consensus import ConsensusPairs, sort_by_kind


@dataclass(frozen=True, slots=True)
class Claim:
    """Claim of one row: which of two videos is better, or that neither is; and the place of the row."""

    order: Pair | SimilarPair
    source: str

    @property
    def videos(self) -> SimilarPair:
        """The two videos, whatever is claimed."""
        return self.order if isinstance(self.order, SimilarPair) else SimilarPair(self.order.better, self.order.worse)


def _format_claim(order: Pair | SimilarPair) -> str:
    if isinstance(order, Pair):
        return f"{order.better} better than {order.worse}"
    return f"{order.first} and {order.second} alike"


def sort_out(claims: Iterable[Claim], dataset_name: str, problems: list[str]) -> ConsensusPairs:
    """Count every claim once, in the order of their first row, and leave out pairs with contradictory claims.

    Repetitions and contradictions are added to ``problems``, one sentence each, which name the data set.
    """
    by_videos: dict[SimilarPair, list[Claim]] = {}
    for claim in claims:
        by_videos.setdefault(claim.videos, []).append(claim)
    consistent: list[Pair | SimilarPair] = []
    repeated: list[str] = []
    contradictions: list[str] = []
    for videos, claims_of_pair in by_videos.items():
        first = claims_of_pair[0]
        other = next((claim for claim in claims_of_pair if claim.order != first.order), None)
        if other is not None:
            contradictions.append(
                f"{first.source} says {_format_claim(first.order)}, {other.source} says {_format_claim(other.order)}: "
                "the pair is left out."
            )
            continue
        consistent.append(first.order)
        if len(claims_of_pair) > 1:
            repeated.append(f"{videos.first}–{videos.second} {len(claims_of_pair)} times")
    if repeated:
        shown = ", ".join(repeated[:5]) + (f", and {len(repeated) - 5} more" if len(repeated) > 5 else "")
        problems.append(f"{dataset_name} repeats pairs, each counted once: {shown}.")
    problems += contradictions
    return sort_by_kind(consistent)


def order_claim(better: str, worse: str, source: str) -> Claim | str:
    """Return the claim that one video is better, or the problem of the row."""
    if not better or not worse:
        return f"{source} does not name two videos; it is left out."
    if better == worse:
        return f"{source} compares {better} with itself; it is left out."
    return Claim(Pair(better, worse), source)


def parted(rows: Iterable[Claim | str]) -> tuple[list[Claim], list[str]]:
    """Return claims and problems separately."""
    rows = list(rows)
    return [row for row in rows if isinstance(row, Claim)], [row for row in rows if isinstance(row, str)]
