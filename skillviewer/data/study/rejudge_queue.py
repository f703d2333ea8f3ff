"""Queue of pairs to judge again, because votes on them contradict each other."""

from collections.abc import Iterable, Sequence

from skillviewer.core.errors import StudyError
from skillviewer.data.study.file import StudyFile
from skillviewer.data.study.settings import criterion_in_use, read_settings, usual_criterion
from skillviewer.data.study.values import insert, now
from skillviewer.data.study.votes import video_id

# requests of the criterion in use, and whether a valid vote (or skip) was cast on the pair since: an imported vote that
# was cast before the request does not count
_ASKED = """
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

    def ask(self, pairs: Iterable[frozenset[str]]) -> tuple[int, ...]:
        """Put pairs back in the queue in one transaction, and return the new requests; pairs that still wait stay."""
        numbers = []
        criterion = read_settings(self._file).criterion
        waiting = set(self.waiting())
        with self._file.transaction() as db:
            newest = db.execute("SELECT coalesce(max(id), 0) FROM judgement").fetchone()[0]
            for pair in pairs:
                if pair in waiting:
                    continue
                if len(pair) != 2:
                    raise StudyError(f"A pair is two videos, not {len(pair)}.")
                first, second = sorted(pair)
                sides = {"first_video": video_id(db, first), "second_video": video_id(db, second)}
                numbers.append(insert(db, "again", **sides, after_vote=newest, asked_at=now(), criterion=criterion))
                waiting.add(pair)
        return tuple(numbers)

    def withdraw(self, numbers: Sequence[int]) -> None:
        """Withdraw requests; votes cast meanwhile stay."""
        self._remove(numbers, now())

    def take_out(self, pairs: Iterable[frozenset[str]]) -> tuple[int, ...]:
        """Withdraw the requests for pairs that wait in the queue, and return their numbers."""
        pairs_to_remove = set(pairs)
        numbers = tuple(number for number, pair in self._requests() if pair in pairs_to_remove)
        self.withdraw(numbers)
        return numbers

    def put_back(self, numbers: Sequence[int]) -> None:
        """Restore withdrawn requests."""
        self._remove(numbers, None)

    def _remove(self, numbers: Sequence[int], removed_at: str | None) -> None:
        with self._file.transaction() as db:
            db.executemany("UPDATE again SET removed_at = ? WHERE id = ?", [(removed_at, number) for number in numbers])

    def _requests(self) -> list[tuple[int, frozenset[str]]]:
        """Return number and pair of the requests without a vote since, in the order of asking."""
        query = f"SELECT q.id AS id, a.name AS first, b.name AS second {_ASKED}) ORDER BY q.id"
        rows = self._file.query(query, self._criteria())
        return [(int(row["id"]), frozenset((row["first"], row["second"]))) for row in rows]

    def _criteria(self) -> tuple[str, ...]:
        """Return the usual criterion and the one in use, as ``_ASKED`` takes them."""
        return (usual_criterion(self._file), criterion_in_use(self._file)) * 2

    def waiting(self) -> tuple[frozenset[str], ...]:
        """Return the pairs in the queue without a vote since, in the order of asking."""
        return tuple(dict.fromkeys(pair for _, pair in self._requests()))

    def due_for(self, rater: str) -> frozenset[frozenset[str]]:
        """Return the pairs in the queue that a rater has not been asked since."""
        of_rater = "AND j.rater = (SELECT id FROM rater WHERE name = ?))"
        rows = self._file.query(
            f"SELECT a.name AS first, b.name AS second {_ASKED} {of_rater}", (*self._criteria(), rater)
        )
        return frozenset(frozenset((row["first"], row["second"])) for row in rows)
