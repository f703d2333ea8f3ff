"""Annotations by users: saved moments, opinions on moments, and notes on videos or on the study."""

import sqlite3
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Literal

from skillviewer.core.errors import StudyError
from skillviewer.data.study.file import StudyFile
from skillviewer.data.study.values import insert, now, read_time, row_values
from skillviewer.data.study.votes import video_id


class Opinion(StrEnum):
    """Opinion of a user on a moment that the program found."""

    NONE = ""
    AGREE = "agree"
    DISAGREE = "disagree"
    NOT_RELEVANT = "not relevant"


@dataclass(frozen=True, slots=True)
class SavedMoment:
    """An interval of a video that a user saved."""

    id: int
    video: str
    start_s: float  # in seconds from the first frame
    stop_s: float  # in seconds from the first frame
    label: str  # label, or ""
    opinion: Opinion  # opinion of the author on a moment that a model found
    model_digest: str  # digest of the model that found the moment, or "" if a user did
    author: str  # user who saved it
    tier: str  # tier of the timeline that it was imported from, or ""
    made_at: datetime


@dataclass(frozen=True, slots=True)
class Note:
    """A note of a user."""

    id: int
    video: str | None  # name of the video, or None for a note on the study
    moment: int | None  # number of the annotated moment, or None
    time_s: float | None  # annotated time in the video, or None
    text: str
    author: str  # user who wrote it
    tier: str  # tier of the timeline that it was imported from, or ""
    made_at: datetime


def _moment(row: sqlite3.Row) -> SavedMoment:
    return SavedMoment(
        video=row["video_name"],
        opinion=Opinion(row["opinion"]),
        made_at=read_time(row["made_at"]),
        **row_values(row, "id", "start_s", "stop_s", "label", "model_digest", "author", "tier"),
    )


def _note(row: sqlite3.Row) -> Note:
    return Note(
        video=row["video_name"],
        made_at=read_time(row["made_at"]),
        **row_values(row, "id", "moment", "time_s", "text", "author", "tier"),
    )


class StudyAnnotations:
    """Moments and notes of an open study; errors are those of ``Study``.

    A removed moment or note is only marked as removed, so that it can be restored.
    """

    def __init__(self, file: StudyFile) -> None:
        self._file = file

    def moments(self, video: str | None = None) -> tuple[SavedMoment, ...]:
        """Return the moments of one video or of all, sorted by video and time."""
        rows = self._file.query(
            "SELECT m.*, v.name AS video_name FROM moment AS m JOIN video AS v ON v.id = m.video "
            "WHERE m.removed_at IS NULL AND v.removed_at IS NULL AND (?1 IS NULL OR v.name = ?1) "
            "ORDER BY v.name, m.start_s, m.id",
            (video,),
        )
        return tuple(_moment(row) for row in rows)

    def save_moment(
        self,
        video: str,
        start_s: float,
        stop_s: float,
        *,
        author: str,
        label: str = "",
        opinion: Opinion = Opinion.NONE,
        model_digest: str = "",
        tier: str = "",
    ) -> int:
        """Save a moment, which must not be empty, and return its number."""
        if not 0 <= start_s < stop_s:
            raise StudyError(f"A moment from {start_s:.3f} s to {stop_s:.3f} s is empty: its end must come later.")
        with self._file.transaction() as db:
            return insert(
                db,
                "moment",
                video=video_id(db, video),
                start_s=start_s,
                stop_s=stop_s,
                label=label,
                opinion=opinion.value,
                model_digest=model_digest,
                author=author,
                tier=tier,
                made_at=now(),
            )

    def change_moment(self, number: int, *, label: str | None = None, opinion: Opinion | None = None) -> None:
        """Change the label of a moment or the opinion on it."""
        statement = "UPDATE moment SET label = coalesce(?, label), opinion = coalesce(?, opinion) WHERE id = ?"
        stored_opinion = None if opinion is None else opinion.value
        self._update("moment", statement, (label, stored_opinion, number))

    def move_moment(self, number: int, start_s: float, stop_s: float) -> None:
        """Change the start and the end of a moment, in seconds from the first frame of the file.

        Raises:
            StudyError: The end is not after the start, there is no such moment, or the study cannot be written.
        """
        if not 0 <= start_s < stop_s:
            raise StudyError(f"A moment cannot last from {start_s:g} s to {stop_s:g} s: the end comes after the start.")
        self._update("moment", "UPDATE moment SET start_s = ?, stop_s = ? WHERE id = ?", (start_s, stop_s, number))

    def notes(self, video: str | None = None) -> tuple[Note, ...]:
        """Return the notes on one video, or all notes with those on the study, in the order of writing."""
        rows = self._file.query(
            "SELECT n.*, v.name AS video_name FROM note AS n LEFT JOIN video AS v ON v.id = n.video "
            "LEFT JOIN moment AS m ON m.id = n.moment "
            "WHERE n.removed_at IS NULL AND v.removed_at IS NULL AND m.removed_at IS NULL "
            "AND (?1 IS NULL OR v.name = ?1) ORDER BY n.id",
            (video,),
        )
        return tuple(_note(row) for row in rows)

    def write_note(
        self,
        text: str,
        *,
        author: str,
        video: str | None = None,
        moment: int | None = None,
        time_s: float | None = None,
        tier: str = "",
    ) -> int:
        """Write a note, whose text must not be empty, and return its number."""
        if not text.strip():
            raise StudyError("A note needs some words.")
        with self._file.transaction() as db:
            if moment is not None and db.execute("SELECT 1 FROM moment WHERE id = ?", (moment,)).fetchone() is None:
                raise StudyError(f"There is no moment {moment} in the study.")
            video_number = None if video is None else video_id(db, video)
            return insert(
                db,
                "note",
                video=video_number,
                moment=moment,
                time_s=time_s,
                text=text,
                author=author,
                tier=tier,
                made_at=now(),
            )

    def change_note(self, number: int, text: str) -> None:
        """Change the text of a note; the new text must not be empty."""
        if not text.strip():
            raise StudyError("A note needs some words.")
        self._update("note", "UPDATE note SET text = ? WHERE id = ?", (text, number))

    def remove(self, kind: Literal["moment", "note"], number: int) -> None:
        """Remove a note, or a moment with its notes."""
        self._set_removed_at(kind, number, now())

    def restore(self, kind: Literal["moment", "note"], number: int) -> None:
        """Undo ``remove``."""
        self._set_removed_at(kind, number, None)

    def _set_removed_at(self, kind: str, number: int, removed_at: str | None) -> None:
        self._update(kind, f"UPDATE {kind} SET removed_at = ? WHERE id = ?", (removed_at, number))  # noqa: S608 - ours

    def _update(self, kind: str, statement: str, values: tuple[str | float | None, ...]) -> None:
        """Run a statement whose last value is the number of the row to change."""
        with self._file.transaction() as db:
            if db.execute(statement, values).rowcount == 0:
                raise StudyError(f"There is no {kind} {values[-1]} in the study.")
