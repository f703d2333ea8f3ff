"""A study: videos, raters, votes, annotations, models and settings in one file; each part has its own module."""

import sqlite3
from collections.abc import Collection
from contextlib import AbstractContextManager, suppress
from dataclasses import replace
from pathlib import Path
from warnings import warn

from skillviewer.core.closeable import Closeable
from skillviewer.core.dataset.dataset import Dataset
from skillviewer.core.errors import StudyError
from skillviewer.core.ratings.rating_rule import rating_rule_named
from skillviewer.core.study_log import LoggedExport, LogRow
from skillviewer.data.study import backups
from skillviewer.data.study.agreed import AgreedPairs, combined
from skillviewer.data.study.annotations import StudyAnnotations
from skillviewer.data.study.cameras import StudyCameras
from skillviewer.data.study.database import new_path, side_files
from skillviewer.data.study.file import StudyFile
from skillviewer.data.study.identity import suspicious_paths
from skillviewer.data.study.models import StudyModels
from skillviewer.data.study.practice import Practice, load_practice, save_practice
from skillviewer.data.study.raters import RaterEntries, StudyRaters
from skillviewer.data.study.rating_forms import RatingForms
from skillviewer.data.study.rejudge_queue import RejudgeQueue
from skillviewer.data.study.settings import (
    StudySettings,
    criterion_in_use,
    read_settings,
    usual_criterion,
    write_settings,
)
from skillviewer.data.study.study_dataset import study_dataset
from skillviewer.data.study.study_ratings import RatingFacts, StudyRatings, rated_order, rating_facts
from skillviewer.data.study.videos import Videos
from skillviewer.data.study.votes import StudyVotes
from skillviewer.data.tables.rows import abbreviated

_EVENTS = """
SELECT added_at AS at, '', CASE WHEN camera_of IS NULL THEN 'video added' ELSE 'camera added' END, name, digest
    FROM video
SELECT removed_at AS at, '', CASE WHEN camera_of IS NULL THEN 'video removed' ELSE 'camera removed' END, name, digest
    FROM video
SELECT added_at AS at, name, 'rater added', '', '' FROM rater
SELECT coalesce(judged_at, added_at) AS at, {rater}, 'vote', {left} || ' – ' || {right},
    CASE verdict WHEN 1 THEN 'left better' WHEN -1 THEN 'right better' WHEN 0 THEN 'no difference' ELSE 'skipped' END
    || CASE reason WHEN '' THEN '' ELSE ': ' || reason END FROM judgement
SELECT withdrawn_at AS at, {rater}, 'vote withdrawn', {left} || ' – ' || {right}, withdrawal.reason
    FROM withdrawal JOIN judgement ON judgement.id = judgement
SELECT asked_at AS at, '', 'pair back in the queue', {first} || ' – ' || {second}, '' FROM again
SELECT added_at AS at, '', 'agreed pair added', {first} || ' – ' || {second}, source FROM agreed_pair
SELECT made_at AS at, author, 'moment', {video}, trim(opinion || ' ' || label) FROM moment
SELECT removed_at AS at, author, 'moment removed', {video}, label FROM moment
SELECT made_at AS at, author, 'note', {video}, text FROM note
SELECT removed_at AS at, author, 'note removed', {video}, text FROM note
SELECT added_at AS at, '', 'model added', name || ' v' || version, state || ' ' || digest FROM model
SELECT assessed_at AS at, '', 'video assessed',
    (SELECT name FROM video WHERE digest = video_digest LIMIT 1), score || ' by ' || model_digest FROM score
SELECT added_at AS at, '', 'table of ratings added', name, '' FROM rating_table
SELECT added_at AS at, rater, 'rating', {video}, item || ' ' || value FROM rating
SELECT withdrawn_at AS at, rater, 'rating withdrawn', {video}, item || ' ' || value
    FROM rating_withdrawal JOIN rating ON rating.id = rating
SELECT coalesce(rated_at, added_at) AS at, rater, 'video rated', {video},
    purpose || CASE remark WHEN '' THEN '' ELSE ': ' || remark END FROM rating_form
SELECT withdrawn_at AS at, rater, 'rating of a video undone', {video}, ''
    FROM rating_form_withdrawal JOIN rating_form ON rating_form.id = rating_form
SELECT done_at AS at, who, what, subject, detail FROM event
"""
_EVENT_NAMES = {
    "rater": "(SELECT name FROM rater WHERE id = rater)",
    "video": "(SELECT name FROM video WHERE id = video)",
    **{side: f"(SELECT name FROM video WHERE id = {side}_video)" for side in ("left", "right", "first", "second")},  # noqa: S608
}


class Study(Closeable):
    """An open study. Every writing method of it and its parts is one transaction, on the disk when it returns.

    Threads may share it. A second window, or another computer, opens it for reading only.

    Methods of it and its parts raise a StudyError if the study or a backup cannot be read or written, or if there is no
    such video, model, vote, moment or note; then nothing is changed.
    """

    def __init__(self, file: StudyFile) -> None:
        self._file = file
        self.videos = Videos(file)
        self.cameras = StudyCameras(self.videos)
        self.votes = StudyVotes(file)
        self.raters = StudyRaters(file)
        self.again = RejudgeQueue(file)
        self.pairs = AgreedPairs(file)
        self.ratings = StudyRatings(file)
        self.forms = RatingForms(file)
        self.annotations = StudyAnnotations(file)
        self.models = StudyModels(file)

    @property
    def remarks(self) -> StudyAnnotations:
        """Deprecated name of ``annotations``, kept for one version."""
        warn("Study.remarks is now Study.annotations", DeprecationWarning, stacklevel=2)
        return self.annotations

    @classmethod
    def create(cls, path: str | Path, settings: StudySettings | None = None) -> "Study":
        """Create a study and open it. The suffix ``.skillstudy`` is added if it is missing.

        Raises:
            StudyError: The file exists already, its folder does not, or it cannot be written.
        """
        path = Path(path)
        study = cls(StudyFile(StudyFile.make(path)))
        if settings is not None:
            study.settings = settings
        return study

    @classmethod
    def open(cls, path: str | Path, *, read_only: bool = False) -> "Study":
        """Open a study. It is backed up if it changed since its last backup, and migrated if it is older.

        Raises:
            StudyError: The file is missing, no study, from a newer program, damaged, or unreadable.
        """
        path = Path(path)
        file = StudyFile(path, read_only=read_only)
        study = cls(file)
        try:
            if not file.read_only:
                study.back_up_if_changed()
        except StudyError as error:  # the study itself is sound, and may be the only copy
            file.notice(f"No backup could be made. {error}")
        paths = "SELECT relative_path, absolute_path FROM"
        strange = suspicious_paths(file.query(f"{paths} video"), file.query(f"{paths} model"), file.path.parent)
        if strange:
            file.notice(
                f"{file.path.name} lists paths as videos or models that are neither: "
                f"{abbreviated(list(map(str, strange)))}. "
                "It may be made to steal files of this computer. They are left out of archives. Ask the sender."
            )
        return study

    def _changed_since_backup(self) -> bool:
        newest = next(iter(self.backups()), None)
        log = self.path.with_name(f"{self.path.name}-wal")
        changed = max(file.stat().st_mtime for file in (self.path, log) if file.exists() and file.stat().st_size)
        return newest is None or newest.stat().st_mtime < changed

    def transaction(self) -> AbstractContextManager[object]:
        """Return a context in which several writes are one transaction: all of them are made, or none."""
        return self._file.transaction()

    @property
    def path(self) -> Path:
        """Path of the file."""
        return self._file.path

    @property
    def read_only(self) -> bool:
        """True if it is open for reading only; ``notices`` gives the reason."""
        return self._file.read_only

    @property
    def older(self) -> bool:
        """True if the file was written by an older version, and has not been migrated."""
        return self.read_only and self._file.was_version is not None

    @property
    def notices(self) -> tuple[str, ...]:
        """Notices for the user about the opening, one sentence each."""
        return self._file.notices

    @property
    def settings(self) -> StudySettings:
        """Settings of the study; assignment stores them."""
        return read_settings(self._file)

    @settings.setter
    def settings(self, settings: StudySettings) -> None:
        write_settings(self._file, settings)

    def save_text(self, name: str, text: str) -> None:
        """Save a JSON text under a name that is no setting: what a pack of pairs stands for."""
        with self._file.transaction() as db:
            db.execute("INSERT OR REPLACE INTO setting (name, value) VALUES (?, ?)", (name, text))

    def load_text(self, name: str) -> str:
        """Return the text under a name, or ""."""
        rows = self._file.query("SELECT value FROM setting WHERE name = ?", (name,))
        return str(rows[0]["value"]) if rows else ""

    @property
    def practice(self) -> Practice:
        """Practice pairs and videos with their stated answers; assignment stores them."""
        return load_practice(self._file)

    @practice.setter
    def practice(self, practice: Practice) -> None:
        save_practice(self._file, practice)

    @property
    def title(self) -> str:
        """Title of the study."""
        return self.settings.title or self.path.stem

    def use_model(self, digest: str) -> None:
        """Make a model of the study the one in use: a newer version, or an earlier one."""
        self.settings = replace(self.settings, model=self.models.get(digest).digest)

    def criteria(self) -> tuple[str, ...]:
        """Return the criteria of ratings, votes and settings, the usual one first."""
        rated = [row["item"] for row in self._file.query("SELECT item FROM rating_scale ORDER BY id")]
        criteria = (usual_criterion(self._file), *rated, *sorted(self.votes.criteria()), self.settings.criterion)
        return tuple(dict.fromkeys(filter(None, criteria)))

    @property
    def criterion(self) -> str:
        """Criterion that is looked at."""
        return criterion_in_use(self._file)

    def look_at(self, criterion: str | None) -> None:
        """Look at a criterion while the study is open, whatever its settings say; None changes nothing.

        Raises:
            StudyError: Neither ratings nor votes are of it.
        """
        self.check_criterion(criterion)
        self._file.criterion = criterion or ""

    def check_criterion(self, criterion: str | None) -> None:
        """Raise a StudyError if a criterion is given, and neither ratings nor votes are of it."""
        if criterion is not None and criterion not in self.criteria():
            raise StudyError(f"There is no criterion “{criterion}”. Choose one of: {', '.join(self.criteria())}.")

    def dataset(self) -> Dataset:
        """Return the study as a data set by its own rules and criterion; see ``study_dataset``."""
        return study_dataset(self)

    def rating_facts(self) -> RatingFacts | None:
        """Return the order of the ratings by the study's rule and the votes against it; None without ratings."""
        from skillviewer.core.ranking.consensus import rule_named  # scipy takes a second

        settings = self.settings
        ratings = self.ratings.all()
        order = rated_order(ratings, self.criterion, rating_rule_named(settings.rating_rule))
        if order is None:
            return None
        stated = self.pairs.all() if self.criterion == usual_criterion(self._file) else ()
        consensus = combined(self.votes.judgements(), stated, rule_named(settings.rule))
        return rating_facts(ratings, order, consensus.pairs, self.videos.tasks())

    def written_version(self) -> int:
        """Return a number that changes when another process has written the study."""
        return int(self._file.scalar("PRAGMA data_version"))

    def erase(self, digests: Collection[str], names: Collection[str] = ()) -> tuple[str, ...]:
        """Erase the videos of some files with everything on them; see ``Videos.erase``."""
        erased = self.videos.erase(digests, names)
        self.back_up()
        return erased

    def erase_rater(self, name: str) -> RaterEntries:
        """Erase a rater with all votes, ratings, moments and notes; see ``StudyRaters.erase``."""
        erased = self.raters.erase(name)
        self.back_up()
        return erased

    def log(self) -> list[LogRow]:
        """Return the log of the study by time: votes, withdrawals, notes, models, and all other rows with a time."""
        every = _EVENTS.strip().replace("\nSELECT", "\nUNION ALL SELECT").format(**_EVENT_NAMES)
        rows = self._file.iterate(f"{every} ORDER BY at", lambda row: LogRow(*(str(cell or "") for cell in row)))
        return [row for row in rows if row.at]

    def sign_as(self, user: str) -> None:
        """Sign settings and exports in the log with a name; "" signs with the name of the account."""
        self._file.user = user

    def log_export(self, export: LoggedExport) -> None:
        """Record an export in the log."""
        self._file.log("export", export.file, export.detail)

    def has_entries(self) -> bool:
        """Return True if a user entered or packed data: votes, ratings, pairs, annotations, facts of videos, packs."""
        packs = "setting WHERE name GLOB 'judging_pack:*'"  # votes may come back
        tables = ("judgement", "agreed_pair", "moment", "note", "rater", "rating", "rating_form", packs)
        if any(self._file.scalar(f"SELECT 1 FROM {name} LIMIT 1") is not None for name in tables):  # noqa: S608 - ours
            return True
        entered = (
            "participant IS NOT NULL OR occasion <> '' OR notes <> '' OR context <> '' OR sync_s IS NOT NULL OR "
            "camera_of IS NOT NULL OR "
            "(extent_unit <> '' AND removed_at IS NULL)"
        )
        return self._file.scalar(f"SELECT 1 FROM video WHERE {entered} LIMIT 1") is not None  # noqa: S608 - ours

    @staticmethod
    def delete(path: str | Path) -> None:
        """Remove a study that is not open, and its backups; for drafts without entries."""
        path = Path(path)
        for file in (*backups.backups(path), *side_files(path), path):
            file.unlink(missing_ok=True)
        with suppress(OSError):
            backups.backups_dir(path).rmdir()

    def back_up_if_changed(self) -> Path | None:
        """Make a backup if the study was written since the last one; return its path, or None."""
        return self.back_up() if self._changed_since_backup() else None

    def back_up(self) -> Path:
        """Make a backup, and remove outdated ones."""
        return backups.back_up(self.path, self._file.copy_to)

    def backups(self) -> tuple[Path, ...]:
        """Return the backups, the newest first."""
        return backups.backups(self.path)

    @staticmethod
    def restore(backup: str | Path, path: str | Path) -> None:
        """Replace a study that is not open by a backup; the replaced file is kept with the backups.

        Raises:
            StudyError: The backup is no study, the study is open, or it cannot be written.
        """
        backup = Path(backup)
        path = Path(path)
        backups.restore(backup, path)

    def save_as(self, path: str | Path) -> Path:
        """Copy the study to a new file, with paths to its videos and models adapted. This one stays open.

        Its path, with the suffix of studies, is returned.

        Raises:
            StudyError: The file exists already, or it cannot be written.
        """
        path = Path(path)
        path = new_path(path)
        self._file.copy_to(path)
        with StudyFile(path) as copy:
            Videos(copy).rebase(self.path.parent)
            StudyModels(copy).rebase(self.path.parent)
        return path

    def in_memory(self) -> sqlite3.Connection:
        """Return an in-memory copy of the study, with rows accessible by column name; the caller closes it."""
        return self._file.in_memory()

    def close(self) -> None:
        """Close the file; a second call does nothing."""
        self._file.close()
