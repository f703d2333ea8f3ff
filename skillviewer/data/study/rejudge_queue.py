"""Queue of pairs to judge again, because votes on them contradict each other."""

from collections.abc import Iterable, Sequence

from skillviewer.core.errors import StudyError
from skillviewer.data.study.file import StudyFile
from skillviewer.data.study.settings import effective_criterion, read_settings, usual_criterion
from skillviewer.data.study.values import insert, now
from skillviewer.data.study.votes import video_id

# Requests of the selected criterion that no valid vote or skip has answered. An imported vote that was cast before the
# request is no answer. The text ends inside the subquery over votes, so that a condition can be added before ``)``.
_UNANSWERED = """
    FROM again AS q
    JOIN video AS a ON a.id = q.first_video AND a.removed_at IS NULL
    JOIN video AS b ON b.id = q.second_video AND b.removed_at IS NULL
    WHERE q.removed_at IS NULL AND coalesce(nullif(q.criterion, ''), ?) = ? AND NOT EXISTS (
        SELECT 1 FROM judgement AS j
        LEFT JOIN withdrawal AS w ON w.judgement = j.id
        WHERE j.id > q.after_vote AND w.judgement IS NULL
        AND coalesce(nullif(j.criterion, ''), ?) = ?
        AND NOT coalesce(j.judged_at < q.asked_at AND q.asked_at < j.added_at, 0)
        AND ((j.left_video = a.id AND j.right_video = b.id) OR (j.left_video = b.id AND j.right_video = a.id))
"""


class RejudgeQueue:
    """Pairs of an open study that are to be judged again; errors are those of ``Study``.

    Every rater who judges later is asked such a pair once, before all others. Earlier votes stay and count.
    """

    def __init__(self, file: StudyFile) -> None:
        self._file = file

    def add(self, pairs: Iterable[frozenset[str]]) -> tuple[int, ...]:
        """Put pairs back in the queue in one transaction, and return the numbers of the new requests.

        No request is added for a pair that is in the queue already.
        """
        numbers = []
        criterion = read_settings(self._file).criterion
        waiting = set(self.waiting())
        with self._file.transaction() as db:
            last_vote = db.execute("SELECT coalesce(max(id), 0) FROM judgement").fetchone()[0]
            for pair in pairs:
                if pair in waiting:
                    continue
                if len(pair) != 2:
                    raise StudyError(f"A pair is two videos, not {len(pair)}.")
                first, second = sorted(pair)
                number = insert(
                    db,
                    "again",
                    first_video=video_id(db, first),
                    second_video=video_id(db, second),
                    after_vote=last_vote,
                    asked_at=now(),
                    criterion=criterion,
                )
                numbers.append(number)
                waiting.add(pair)
        return tuple(numbers)

    def undo_add(self, numbers: Sequence[int]) -> None:
        """Remove requests from the queue; votes that were cast meanwhile stay."""
        self._set_removed_at(numbers, now())

    def remove(self, pairs: Iterable[frozenset[str]]) -> tuple[int, ...]:
        """Take pairs out of the queue, and return the numbers of their requests."""
        pairs_to_remove = set(pairs)
        numbers = tuple(number for number, pair in self._unanswered() if pair in pairs_to_remove)
        self._set_removed_at(numbers, now())
        return numbers

    def restore(self, numbers: Sequence[int]) -> None:
        """Put removed requests back in the queue."""
        self._set_removed_at(numbers, None)

    def _set_removed_at(self, numbers: Sequence[int], removed_at: str | None) -> None:
        with self._file.transaction() as db:
            db.executemany("UPDATE again SET removed_at = ? WHERE id = ?", [(removed_at, number) for number in numbers])

    def _unanswered(self) -> list[tuple[int, frozenset[str]]]:
        """Return number and pair of the unanswered requests, in the order of asking."""
        query = f"SELECT q.id AS id, a.name AS first, b.name AS second {_UNANSWERED}) ORDER BY q.id"
        rows = self._file.query(query, self._criteria())
        return [(int(row["id"]), frozenset((row["first"], row["second"]))) for row in rows]

    def _criteria(self) -> tuple[str, ...]:
        """Return the criteria for the placeholders of ``_UNANSWERED``."""
        return (usual_criterion(self._file), effective_criterion(self._file)) * 2

    def waiting(self) -> tuple[frozenset[str], ...]:
        """Return the pairs in the queue that no rater has judged again, in the order of asking."""
        return tuple(dict.fromkeys(pair for _, pair in self._unanswered()))

    def due_for(self, rater: str) -> frozenset[frozenset[str]]:
        """Return the pairs in the queue that a rater has not judged again."""
        votes_of_rater = "AND j.rater = (SELECT id FROM rater WHERE name = ?))"
        rows = self._file.query(
            f"SELECT a.name AS first, b.name AS second {_UNANSWERED} {votes_of_rater}", (*self._criteria(), rater)
        )
        return frozenset(frozenset((row["first"], row["second"])) for row in rows)
