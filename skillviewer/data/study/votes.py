"""Raters and votes: votes are added and, on undo, withdrawn by a later row; rows are never changed."""

import sqlite3
import uuid
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from operator import itemgetter
from sys import intern
from types import MappingProxyType
from typing import Any, NamedTuple

from skillviewer.core.dataset.pairs import Judgement, Verdict
from skillviewer.core.errors import StudyError
from skillviewer.data.study.file import StudyFile
from skillviewer.data.study.settings import criterion_in_use, read_settings, usual_criterion
from skillviewer.data.study.values import insert, now, read_time, stored

_SELECT = """
    SELECT l.name AS left_name, r.name AS right_name, j.verdict, rater.name AS rater_name, j.judged_at, j.taken_s,
        j.watched, j.speed, j.reason, j.left_mark_s, j.right_mark_s, j.purpose, j.criterion, j.id, j.key, w.withdrawn_at
    FROM judgement AS j
    JOIN video AS l ON l.id = j.left_video
    JOIN video AS r ON r.id = j.right_video
    JOIN rater ON rater.id = j.rater
    LEFT JOIN withdrawal AS w ON w.judgement = j.id
"""  # columns in the order of the fields of ``Vote``
_SAME = ("taken_s", "watched", "speed", "reason", "left_mark_s", "right_mark_s", "purpose", "criterion")
"""Columns of votes as ``Vote`` has them."""


@dataclass(frozen=True, slots=True)
class Vote:
    """One answer of a rater."""

    left: str  # name of the video on the left
    right: str  # name of the video on the right
    verdict: Verdict | None  # choice of the rater, or None for a skipped pair, which is no tie
    rater: str
    judged_at: datetime | None = None  # time of the vote, or None if not recorded
    taken_s: float | None = None  # time from first sight to the vote in seconds, or None
    watched: float | None = None  # proportion of the two videos that was watched, 0 to 1, or None
    speed: float = 1.0  # playback speed; 1 is real time
    reason: str = ""  # the rater's reason, or ""
    # time in the left video that the rater marked, in seconds from the first frame of its file, or None
    left_mark_s: float | None = None
    right_mark_s: float | None = None  # marked time in the right video
    purpose: str = ""  # reason why the pair was chosen ("random", "repeat"), or ""
    criterion: str = ""  # criterion of the question, or "" for the usual one of the study
    id: int = 0  # number in the study, in the order of voting; 0 before it is cast
    key: str = ""  # identifier that is the same in every copy of the study; set when it is cast
    withdrawn_at: datetime | None = None  # time of the withdrawal, or None while it is valid

    @classmethod
    def of(cls, judgement: Judgement) -> "Vote":
        """Return a judgement as a vote to cast."""
        j = judgement
        return cls(j.left, j.right, j.verdict, j.rater, j.judged_at, j.taken_s, j.watched, j.speed)

    @property
    def is_valid(self) -> bool:
        """True unless it was withdrawn."""
        return self.withdrawn_at is None

    @property
    def judgement(self) -> Judgement | None:
        """The judgement, or None for a skipped pair."""
        if self.verdict is None:
            return None
        return Judgement(
            self.left, self.right, self.verdict, self.rater, self.judged_at, self.taken_s, self.watched, self.speed
        )


def _vote(row: sqlite3.Row) -> Vote:
    left, right, verdict, rater, judged_at, *facts, key, out = row
    values: list[Any] = [intern(left), intern(right), None if verdict is None else Verdict(verdict), intern(rater)]
    values.append(None if judged_at is None else read_time(judged_at))
    values += [intern(fact) if isinstance(fact, str) else fact for fact in facts]  # texts that many share, stored once
    values += [key, None if out is None else read_time(out)]
    return Vote(*values)


class _KnownVotes(NamedTuple):
    """Votes as they were read: rows are added and never changed, so that only later ones have to be read again."""

    names: Mapping[int, str] = MappingProxyType({})  # name of every video by number: names can be changed
    votes: tuple[tuple[str, Vote], ...] = ()  # by number; with the latest time of a vote so far, in its stored form
    withdrawn: frozenset[int] = frozenset()  # numbers of those that were withdrawn

    @property
    def last(self) -> tuple[int, str]:
        """Number and key of the last one."""
        return (self.votes[-1][1].id, self.votes[-1][1].key) if self.votes else (0, "")


def video_id(db: sqlite3.Connection, name: str) -> int:
    """Return the number of a video, even of a removed one, or raise a StudyError."""
    row = db.execute("SELECT id FROM video WHERE name = ?", (name,)).fetchone()
    if row is None:
        raise StudyError(f"There is no video “{name}” in the study.")
    return int(row[0])


class StudyVotes:
    """Raters and votes of an open study; errors are those of ``Study``."""

    def __init__(self, file: StudyFile) -> None:
        self._file = file
        self._votes_read = _KnownVotes()

    def raters(self) -> tuple[str, ...]:
        """Return the names of the raters, in the order of adding."""
        return tuple(row["name"] for row in self._file.query("SELECT name FROM rater ORDER BY id"))

    def add_rater(self, name: str) -> None:
        """Add a rater, whose name is not empty; a known rater stays."""
        with self._file.transaction() as db:
            self._rater_id(db, name)

    @staticmethod
    def _rater_id(db: sqlite3.Connection, name: str) -> int:
        name = name.strip()
        if not name:
            raise StudyError("A rater needs a name.")
        row = db.execute("SELECT id FROM rater WHERE name = ?", (name,)).fetchone()
        if row is not None:
            return int(row[0])
        return insert(db, "rater", name=name, added_at=now())

    def cast(self, vote: Vote) -> Vote:
        """Add a vote, and return it with its number and key; it is on the disk when this returns.

        An unknown rater is added, a missing ``judged_at`` is set to now, and a missing criterion to that of the
        settings.

        Raises:
            StudyError: There is no such video, both videos are the same, or the study cannot be written.
        """
        judged_at = vote.judged_at or read_time(now())
        vote = replace(vote, criterion=vote.criterion or read_settings(self._file).criterion)
        with self._file.transaction() as db:
            number = self._insert(db, vote, judged_at, uuid.uuid4().hex)
        return self.get(number)

    def _insert(self, db: sqlite3.Connection, vote: Vote, judged_at: datetime | None, key: str) -> int:
        if vote.left == vote.right:
            raise StudyError(f"“{vote.left}” cannot be compared with itself.")
        verdict = None if vote.verdict is None else int(vote.verdict)
        number = insert(
            db,
            "judgement",
            key=key,
            left_video=video_id(db, vote.left),
            right_video=video_id(db, vote.right),
            verdict=verdict,
            rater=self._rater_id(db, vote.rater),
            judged_at=None if judged_at is None else stored(judged_at),
            **{name: getattr(vote, name) for name in _SAME},
            added_at=now(),
        )
        stated_values = (number, vote.left, vote.right, verdict, vote.rater.strip())
        row = db.execute(f"{_SELECT} WHERE j.key = ?", (key,)).fetchone()
        stored_names = ("id", "left_name", "right_name", "verdict", "rater_name")
        if row is None or tuple(row[name] for name in stored_names) != stated_values:
            raise StudyError(f"The vote on “{vote.left}” and “{vote.right}” was not stored correctly. Vote again.")
        return number

    def bring_in(self, votes: Sequence[Vote]) -> int:
        """Import votes in one transaction, and return how many are new; votes with a known key are left out.

        Votes without a key are always new. A withdrawal is imported with its vote, also for a known vote.
        """
        new = 0
        with self._file.transaction() as db:
            number_by_key = {row["key"]: row["id"] for row in db.execute("SELECT id, key FROM judgement")}
            withdrawn = {row[0] for row in db.execute("SELECT judgement FROM withdrawal")}
            for vote in votes:
                key = vote.key or uuid.uuid4().hex
                number = number_by_key.get(key)
                if number is None:
                    number = number_by_key[key] = self._insert(db, vote, vote.judged_at, key)
                    new += 1
                if vote.withdrawn_at is not None and number not in withdrawn:
                    self._withdraw(db, number, vote.withdrawn_at, "")
                    withdrawn.add(number)
        return new

    def withdraw(self, number: int, reason: str = "") -> Vote:
        """Withdraw a vote, and return it: it stays in the study but no longer counts, and is not withdrawn again."""
        vote = self.get(number)
        if not vote.is_valid:
            raise StudyError(f"Vote {number} was withdrawn already.")
        with self._file.transaction() as db:
            self._withdraw(db, number, read_time(now()), reason)
        return self.get(number)

    @staticmethod
    def _withdraw(db: sqlite3.Connection, number: int, withdrawn_at: datetime, reason: str) -> None:
        insert(db, "withdrawal", judgement=number, withdrawn_at=stored(withdrawn_at), reason=reason)
        if db.execute("SELECT 1 FROM withdrawal WHERE judgement = ?", (number,)).fetchone() is None:
            raise StudyError(f"The withdrawal of vote {number} was not stored. Try again.")

    def get(self, number: int) -> Vote:
        """Return the vote with a number."""
        rows = self._file.query(f"{_SELECT} WHERE j.id = ?", (number,))
        if not rows:
            raise StudyError(f"There is no vote {number} in the study.")
        return _vote(rows[0])

    def all(self) -> tuple[Vote, ...]:
        """Return every vote ever cast, skipped and withdrawn ones too, in the order of voting.

        Votes of another copy of the study are imported later than they were cast. Votes without a time stay after those
        that were added before them.
        """
        self._votes_read = votes_read = self._read(self._votes_read)
        return tuple(vote for _, vote in sorted(votes_read.votes, key=itemgetter(0)))  # stable: then by number

    def _read(self, votes_read: _KnownVotes) -> _KnownVotes:
        """Return all votes, given those that were read before; all are read anew where one was erased or renamed."""
        names = {row["id"]: row["name"] for row in self._file.query("SELECT id, name FROM video")}
        last, key = votes_read.last
        newest = self._file.query(
            "SELECT count(*), max(key) FILTER (WHERE id = ?) FROM judgement WHERE id <= ?", (last, last)
        )
        if tuple(newest[0]) != (len(votes_read.votes), key or None) or not votes_read.names.items() <= names.items():
            votes_read = _KnownVotes()
            last = 0
        out = {row["judgement"]: row["withdrawn_at"] for row in self._file.query("SELECT * FROM withdrawal")}
        votes = [*votes_read.votes]
        for number in out.keys() - votes_read.withdrawn:
            place = bisect_left(votes, number, key=lambda timed: timed[1].id)
            if place < len(votes) and votes[place][1].id == number:
                votes[place] = (votes[place][0], replace(votes[place][1], withdrawn_at=read_time(out[number])))
        latest = votes[-1][0] if votes else ""

        def timed(row: sqlite3.Row) -> tuple[str, Vote]:
            nonlocal latest
            latest = row["judged_at"] or latest
            return latest, _vote(row)

        votes += self._file.iterate(f"{_SELECT} WHERE j.id > {last} ORDER BY j.id", timed)
        return _KnownVotes(names, tuple(votes), frozenset(out))

    def in_use(self, criterion: str | None = None) -> tuple[Vote, ...]:
        """Return the votes of a criterion (None: that is looked at), skipped and withdrawn ones too."""
        chosen = criterion or criterion_in_use(self._file)
        usual = usual_criterion(self._file)
        return tuple(vote for vote in self.all() if (vote.criterion or usual) == chosen)

    def criteria(self) -> set[str]:
        """Return the criteria that votes state."""
        return {row["criterion"] for row in self._file.query("SELECT DISTINCT criterion FROM judgement")} - {""}

    def judgements(self, criterion: str | None = None) -> tuple[Judgement, ...]:
        """Return the valid judgements of a criterion (None: that is looked at), in the order of voting.

        Those of removed videos are left out.
        """
        rows = self._file.query("SELECT name FROM video WHERE removed_at IS NULL AND camera_of IS NULL")
        present = {row["name"] for row in rows}
        valid = (
            vote for vote in self.in_use(criterion) if vote.is_valid and vote.left in present and vote.right in present
        )
        return tuple(judgement for vote in valid if (judgement := vote.judgement) is not None)
