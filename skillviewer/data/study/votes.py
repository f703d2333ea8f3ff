"""Raters and votes. Rows of votes are never changed: an undone vote is withdrawn by a row of another table."""

import sqlite3
import uuid
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from operator import attrgetter
from sys import intern
from types import MappingProxyType
from typing import NamedTuple

from skillviewer.core.dataset.pairs import Judgement, Verdict
from skillviewer.core.errors import StudyError
from skillviewer.data.study.file import StudyFile
from skillviewer.data.study.settings import effective_criterion, read_settings, usual_criterion
from skillviewer.data.study.values import (
    format_optional_time,
    format_time,
    insert,
    now,
    read_optional_time,
    read_time,
    row_values,
)

_SELECT = """
    SELECT l.name AS left_name, r.name AS right_name, j.verdict, rater.name AS rater_name, j.judged_at, j.taken_s,
        j.watched, j.speed, j.reason, j.left_mark_s, j.right_mark_s, j.purpose, j.criterion, j.id, j.key, w.withdrawn_at
    FROM judgement AS j
    JOIN video AS l ON l.id = j.left_video
    JOIN video AS r ON r.id = j.right_video
    JOIN rater ON rater.id = j.rater
    LEFT JOIN withdrawal AS w ON w.judgement = j.id
"""
_PLAIN_COLUMNS = ("taken_s", "watched", "speed", "reason", "left_mark_s", "right_mark_s", "purpose", "criterion")
"""Columns of votes whose values are stored as in the fields of ``Vote`` with the same names."""


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
    # time that the rater marked in the left video, in seconds from the first frame of the file, or None
    left_mark_s: float | None = None
    right_mark_s: float | None = None  # the same in the right video
    purpose: str = ""  # reason why the pair was chosen ("random", "repeat"), or ""
    criterion: str = ""  # criterion of the question, or "" for the usual criterion of the study
    id: int = 0  # number in the study, in the order of voting; 0 before the vote is cast
    key: str = ""  # identifier that is the same in every copy of the study; set when the vote is cast
    withdrawn_at: datetime | None = None  # time of the withdrawal, or None while the vote is valid

    @classmethod
    def from_judgement(cls, judgement: Judgement) -> "Vote":
        """Return a judgement as a vote to cast."""
        return cls(
            left=judgement.left,
            right=judgement.right,
            verdict=judgement.verdict,
            rater=judgement.rater,
            judged_at=judgement.judged_at,
            taken_s=judgement.taken_s,
            watched=judgement.watched,
            speed=judgement.speed,
        )

    @property
    def is_valid(self) -> bool:
        """True unless the vote was withdrawn."""
        return self.withdrawn_at is None

    @property
    def judgement(self) -> Judgement | None:
        """The vote as a judgement, or None for a skipped pair."""
        if self.verdict is None:
            return None
        return Judgement(
            self.left, self.right, self.verdict, self.rater, self.judged_at, self.taken_s, self.watched, self.speed
        )


def _vote(row: sqlite3.Row) -> Vote:
    # names, reasons and purposes are interned, since many votes have the same
    verdict = None if row["verdict"] is None else Verdict(row["verdict"])
    return Vote(
        left=intern(row["left_name"]),
        right=intern(row["right_name"]),
        verdict=verdict,
        rater=intern(row["rater_name"]),
        judged_at=read_optional_time(row["judged_at"]),
        taken_s=row["taken_s"],
        watched=row["watched"],
        speed=row["speed"],
        reason=intern(row["reason"]),
        left_mark_s=row["left_mark_s"],
        right_mark_s=row["right_mark_s"],
        purpose=intern(row["purpose"]),
        criterion=intern(row["criterion"]),
        id=row["id"],
        key=row["key"],
        withdrawn_at=read_optional_time(row["withdrawn_at"]),
    )


class _DatedVote(NamedTuple):
    """A vote and the time by which it is sorted."""

    # time of the vote, or that of the last earlier vote with a time, in stored form
    sort_time: str
    vote: Vote


class _VoteCache(NamedTuple):
    """Votes that were read before. Rows of votes are never changed, so that only later rows have to be read again."""

    names: Mapping[int, str] = MappingProxyType({})  # names of all videos by number; videos can be renamed
    votes: tuple[_DatedVote, ...] = ()  # in the order of their numbers
    withdrawn: frozenset[int] = frozenset()  # numbers of the withdrawn votes

    @property
    def last_id(self) -> int:
        """Number of the last vote, or 0."""
        return self.votes[-1].vote.id if self.votes else 0

    @property
    def last_key(self) -> str:
        """Key of the last vote, or ""."""
        return self.votes[-1].vote.key if self.votes else ""


def video_id(db: sqlite3.Connection, name: str) -> int:
    """Return the number of a video, which may be removed, or raise a StudyError."""
    row = db.execute("SELECT id FROM video WHERE name = ?", (name,)).fetchone()
    if row is None:
        raise StudyError(f"There is no video “{name}” in the study.")
    return int(row[0])


class StudyVotes:
    """Raters and votes of an open study; errors are those of ``Study``."""

    def __init__(self, file: StudyFile) -> None:
        self._file = file
        self._cache = _VoteCache()

    def raters(self) -> tuple[str, ...]:
        """Return the names of the raters, in the order of adding."""
        return tuple(row["name"] for row in self._file.query("SELECT name FROM rater ORDER BY id"))

    def add_rater(self, name: str) -> None:
        """Add a rater, whose name must not be empty; a known rater is not added again."""
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
        """Add a vote to the study on disk, and return it with its number and key.

        An unknown rater is added. A missing ``judged_at`` is set to now, and a missing criterion to that of the
        settings.

        Raises:
            StudyError: There is no such video, both videos are the same, or the study cannot be written.
        """
        judged_at = read_time(now()) if vote.judged_at is None else vote.judged_at
        if not vote.criterion:
            vote = replace(vote, criterion=read_settings(self._file).criterion)
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
            judged_at=format_optional_time(judged_at),
            **{name: getattr(vote, name) for name in _PLAIN_COLUMNS},
            added_at=now(),
        )
        expected_row = {
            "id": number,
            "left_name": vote.left,
            "right_name": vote.right,
            "verdict": verdict,
            "rater_name": vote.rater.strip(),
        }
        row = db.execute(f"{_SELECT} WHERE j.key = ?", (key,)).fetchone()
        if row is None or row_values(row, *expected_row) != expected_row:
            raise StudyError(f"The vote on “{vote.left}” and “{vote.right}” was not stored correctly. Vote again.")
        return number

    def import_votes(self, votes: Sequence[Vote]) -> int:
        """Import votes in one transaction, and return the number of new ones; votes with a known key are left out.

        Votes without a key are always new. Withdrawals are imported for new and for known votes.
        """
        n_new = 0
        with self._file.transaction() as db:
            number_by_key = {row["key"]: row["id"] for row in db.execute("SELECT id, key FROM judgement")}
            withdrawn = {row[0] for row in db.execute("SELECT judgement FROM withdrawal")}
            for vote in votes:
                key = vote.key or uuid.uuid4().hex
                number = number_by_key.get(key)
                if number is None:
                    number = self._insert(db, vote, vote.judged_at, key)
                    number_by_key[key] = number
                    n_new += 1
                if vote.withdrawn_at is not None and number not in withdrawn:
                    self._withdraw(db, number, vote.withdrawn_at, "")
                    withdrawn.add(number)
        return n_new

    def withdraw(self, number: int, reason: str = "") -> Vote:
        """Withdraw a valid vote, and return it; it stays in the study but no longer counts."""
        vote = self.get(number)
        if not vote.is_valid:
            raise StudyError(f"Vote {number} was withdrawn already.")
        with self._file.transaction() as db:
            self._withdraw(db, number, read_time(now()), reason)
        return self.get(number)

    @staticmethod
    def _withdraw(db: sqlite3.Connection, number: int, withdrawn_at: datetime, reason: str) -> None:
        insert(db, "withdrawal", judgement=number, withdrawn_at=format_time(withdrawn_at), reason=reason)
        if db.execute("SELECT 1 FROM withdrawal WHERE judgement = ?", (number,)).fetchone() is None:
            raise StudyError(f"The withdrawal of vote {number} was not stored. Try again.")

    def get(self, number: int) -> Vote:
        """Return the vote with a number."""
        rows = self._file.query(f"{_SELECT} WHERE j.id = ?", (number,))
        if not rows:
            raise StudyError(f"There is no vote {number} in the study.")
        return _vote(rows[0])

    def all(self) -> tuple[Vote, ...]:
        """Return all votes in the order of voting, skipped and withdrawn votes too.

        The order is that of ``judged_at``, since votes of another copy of the study are imported later than they were
        cast. A vote without a time stays after the vote that was added before it.
        """
        self._cache = self._updated_cache(self._cache)
        by_time = sorted(self._cache.votes, key=attrgetter("sort_time"))  # stable: votes of one time stay in order
        return tuple(dated.vote for dated in by_time)

    def _updated_cache(self, cache: _VoteCache) -> _VoteCache:
        """Return all votes; only those after the cached votes are read.

        All votes are read again if a vote was erased or a video was renamed.
        """
        names = {row["id"]: row["name"] for row in self._file.query("SELECT id, name FROM video")}
        last_id = cache.last_id
        ((n_votes, last_key),) = self._file.query(
            "SELECT count(*), max(key) FILTER (WHERE id = ?) FROM judgement WHERE id <= ?", (last_id, last_id)
        )
        if last_key is None:
            last_key = ""
        same_votes = n_votes == len(cache.votes) and last_key == cache.last_key
        if not same_votes or not cache.names.items() <= names.items():
            cache = _VoteCache()
        withdrawals = {row["judgement"]: row["withdrawn_at"] for row in self._file.query("SELECT * FROM withdrawal")}
        votes = list(cache.votes)
        for number in withdrawals.keys() - cache.withdrawn:
            i = bisect_left(votes, number, key=lambda dated: dated.vote.id)
            if i < len(votes) and votes[i].vote.id == number:
                withdrawn_vote = replace(votes[i].vote, withdrawn_at=read_time(withdrawals[number]))
                votes[i] = _DatedVote(votes[i].sort_time, withdrawn_vote)
        sort_time = votes[-1].sort_time if votes else ""

        def dated_vote(row: sqlite3.Row) -> _DatedVote:
            nonlocal sort_time
            if row["judged_at"]:
                sort_time = row["judged_at"]
            return _DatedVote(sort_time, _vote(row))

        votes += self._file.convert_rows(f"{_SELECT} WHERE j.id > {cache.last_id} ORDER BY j.id", dated_vote)
        return _VoteCache(names, tuple(votes), frozenset(withdrawals))

    def of_criterion(self, criterion: str | None = None) -> tuple[Vote, ...]:
        """Return the votes of a criterion (None for the selected one), skipped and withdrawn votes too."""
        chosen_criterion = criterion or effective_criterion(self._file)
        usual = usual_criterion(self._file)
        return tuple(vote for vote in self.all() if (vote.criterion or usual) == chosen_criterion)

    def criteria(self) -> set[str]:
        """Return the criteria that votes state."""
        return {row["criterion"] for row in self._file.query("SELECT DISTINCT criterion FROM judgement")} - {""}

    def judgements(self, criterion: str | None = None) -> tuple[Judgement, ...]:
        """Return the valid judgements of a criterion (None for the selected one), in the order of voting.

        Judgements of removed videos are left out.
        """
        rows = self._file.query("SELECT name FROM video WHERE removed_at IS NULL AND camera_of IS NULL")
        video_names = {row["name"] for row in rows}
        judgements = []
        for vote in self.of_criterion(criterion):
            judgement = vote.judgement
            if judgement is not None and vote.is_valid and {vote.left, vote.right} <= video_names:
                judgements.append(judgement)
        return tuple(judgements)
