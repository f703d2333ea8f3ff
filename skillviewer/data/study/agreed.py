"""Agreed pairs: stated by a data set without raters, or made from votes by a rule."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from skillviewer.core.dataset.pairs import Judgement, Pair, SimilarPair
from skillviewer.data.study.file import StudyFile
from skillviewer.data.study.values import now
from skillviewer.data.study.votes import video_id

if TYPE_CHECKING:  # scipy takes a second
    from skillviewer.core.ranking.consensus import ConsensusPairs, Rule


class AgreedPairs:
    """Agreed pairs of an open study that were stated without raters; errors are those of ``Study``."""

    def __init__(self, file: StudyFile) -> None:
        self._file = file

    def all(self) -> tuple[Pair | SimilarPair, ...]:
        """Return the distinct pairs of videos that are still in the study."""
        rows = self._file.query(
            "SELECT DISTINCT a.name AS first, b.name AS second, p.ordered FROM agreed_pair AS p "
            "JOIN video AS a ON a.id = p.first_video JOIN video AS b ON b.id = p.second_video "
            "WHERE a.removed_at IS NULL AND b.removed_at IS NULL ORDER BY 1, 2, 3"
        )
        pairs: list[Pair | SimilarPair] = []
        for row in rows:
            if row["ordered"]:
                pairs.append(Pair(row["first"], row["second"]))
            else:
                pairs.append(SimilarPair(row["first"], row["second"]))
        return tuple(pairs)

    def add(self, pairs: Iterable[Pair | SimilarPair], source: str) -> int:
        """Add pairs in one transaction, and return the number of new ones.

        A pair that the study already has from the same source is not added again.
        """
        n_new = 0
        with self._file.transaction() as db:
            for pair in pairs:
                is_ordered = isinstance(pair, Pair)
                first, second = (pair.better, pair.worse) if isinstance(pair, Pair) else (pair.first, pair.second)
                cursor = db.execute(
                    "INSERT INTO agreed_pair (first_video, second_video, ordered, source, added_at) "
                    "VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
                    (video_id(db, first), video_id(db, second), int(is_ordered), source, now()),
                )
                n_new += cursor.rowcount
        return n_new


def _without_order(pair: Pair | SimilarPair) -> SimilarPair:
    return SimilarPair(pair.better, pair.worse) if isinstance(pair, Pair) else pair


def votes_or_stated_pairs(
    judgements: Sequence[Judgement], stated_pairs: Sequence[Pair | SimilarPair], rule: "Rule"
) -> "ConsensusPairs":
    """Return the agreed pairs: those that a rule makes of votes, and the stated pairs of videos without votes.

    Pairs on which two sources contradict each other are left out.
    """
    from skillviewer.core.ranking.consensus import ConsensusPairs

    by_votes = rule.agree(judgements)
    judged_pairs = {_without_order(pair) for pair in by_votes.pairs} | set(by_votes.similar)
    statements: dict[SimilarPair, set[Pair | SimilarPair]] = {}
    for pair in stated_pairs:
        videos = _without_order(pair)
        if videos not in judged_pairs:
            statements.setdefault(videos, set()).add(pair)
    uncontradicted = [next(iter(pairs)) for pairs in statements.values() if len(pairs) == 1]
    uncontradicted.sort(key=str)
    return ConsensusPairs(
        pairs=(*by_votes.pairs, *(pair for pair in uncontradicted if isinstance(pair, Pair))),
        similar=(*by_votes.similar, *(pair for pair in uncontradicted if isinstance(pair, SimilarPair))),
    )
