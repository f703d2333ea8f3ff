"""An open study: videos, raters, votes, annotations, models and settings in one file, each in a module of its own."""

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
from skillviewer.core.text import join_names
from skillviewer.data.study import backups
from skillviewer.data.study.agreed import AgreedPairs, votes_or_stated_pairs
from skillviewer.data.study.annotations import StudyAnnotations
from skillviewer.data.study.cameras import StudyCameras
from skillviewer.data.study.database import new_study_path, side_files
from skillviewer.data.study.file import StudyFile
from skillviewer.data.study.identity import suspicious_paths
from skillviewer.data.study.models import StudyModels
from skillviewer.data.study.practice import Practice, load_practice, save_practice
from skillviewer.data.study.raters import RaterEntries, StudyRaters
from skillviewer.data.study.rating_forms import RatingForms
from skillviewer.data.study.rejudge_queue import RejudgeQueue
from skillviewer.data.study.settings import (
    StudySettings,
    effective_criterion,
    read_settings,
    usual_criterion,
    write_settings,
)
from skillviewer.data.study.study_dataset import study_dataset
from skillviewer.data.study.study_ratings import RatingFacts, StudyRatings, rated_order, rating_facts
from skillviewer.data.study.videos import Videos
from skillviewer.data.study.votes import StudyVotes

_EVENT_QUERIES = """
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
_NAME_QUERIES = {  # for the placeholders of _EVENT_QUERIES
    "rater": "(SELECT name FROM rater WHERE id = rater)",
    "video": "(SELECT name FROM video WHERE id = video)",
    "left": "(SELECT name FROM video WHERE id = left_video)",
    "right": "(SELECT name FROM video WHERE id = right_video)",
    "first": "(SELECT name FROM video WHERE id = first_video)",
    "second": "(SELECT name FROM video WHERE id = second_video)",
}


def _to_log_row(row: sqlite3.Row) -> LogRow:
    cells = [str(cell) if cell else "" for cell in row]
    return LogRow(*cells)


class Study(Closeable):
    """An open study.

    Every method that writes, here and in ``videos``, ``votes`` and so on, is one transaction and is on the disk when it
    returns. Threads may share a study. A second window, or another computer, opens it for reading only.

    The methods raise a StudyError if the study or a backup cannot be read or written, or if there is no such video,
    model, vote, moment or note. Nothing is changed then.
    """

    def __init__(self, file: StudyFile) -> None:
        self._file = file
        self.videos = Videos(file)
        self.cameras = StudyCameras(self.videos)
        self.votes = StudyVotes(file)
        self.raters = StudyRaters(file)
        self.rejudge_queue = RejudgeQueue(file)
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
        """Create a study and open it; the suffix ``.skillstudy`` is added if it is missing.

        Raises:
            StudyError: The file exists already, its folder does not, or it cannot be written.
        """
        path = Path(path)
        new_path = StudyFile.create(path)
        study = cls(StudyFile(new_path))
        if settings is not None:
            study.settings = settings
        return study

    @classmethod
    def open(cls, path: str | Path, *, read_only: bool = False) -> "Study":
        """Open a study.

        A study of an older version is migrated, and a study that changed since its last backup is backed up.

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
            file.add_notice(f"No backup could be made. {error}")
        videos = file.query("SELECT relative_path, absolute_path FROM video")
        models = file.query("SELECT relative_path, absolute_path FROM model")
        suspects = suspicious_paths(videos, models, file.path.parent)
        if suspects:
            paths_text = join_names([str(path) for path in suspects])
            file.add_notice(
                f"{file.path.name} lists files as videos or models that are neither: {paths_text}. "
                "Such a study may have been made to steal files of this computer. These files are "
                "left out of archives. Ask the sender."
            )
        return study

    def _changed_since_backup(self) -> bool:
        newest_backup = next(iter(self.backups()), None)
        if newest_backup is None:
            return True
        write_ahead_log = self.path.with_name(f"{self.path.name}-wal")
        files = [file for file in (self.path, write_ahead_log) if file.exists() and file.stat().st_size]
        return newest_backup.stat().st_mtime < max(file.stat().st_mtime for file in files)

    def transaction(self) -> AbstractContextManager[object]:
        """Return a context in which several writes are one transaction: all are made, or none."""
        return self._file.transaction()

    @property
    def path(self) -> Path:
        """Path of the file."""
        return self._file.path

    @property
    def read_only(self) -> bool:
        """True if the study is open for reading only; ``notices`` gives the reason."""
        return self._file.read_only

    @property
    def has_older_schema(self) -> bool:
        """True if the file has the schema of an older version of the program, since it was opened for reading only."""
        return self.read_only and self._file.older_version is not None

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

    def save_json(self, name: str, text: str) -> None:
        """Save JSON in the table of settings under a name that is no setting, such as ``judging_pack:`` and an id."""
        with self._file.transaction() as db:
            db.execute("INSERT OR REPLACE INTO setting (name, value) VALUES (?, ?)", (name, text))

    def load_json(self, name: str) -> str:
        """Return the JSON that ``save_json`` saved under a name, or ""."""
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
        """Use a model of the study by default from now on."""
        self.settings = replace(self.settings, model=self.models.get(digest).digest)

    def criteria(self) -> tuple[str, ...]:
        """Return the criteria of ratings, votes and settings, the usual one first."""
        rated_items = [row["item"] for row in self._file.query("SELECT item FROM rating_scale ORDER BY id")]
        criteria = (usual_criterion(self._file), *rated_items, *sorted(self.votes.criteria()), self.settings.criterion)
        return tuple(dict.fromkeys(criterion for criterion in criteria if criterion))  # distinct ones, in order

    @property
    def criterion(self) -> str:
        """Current criterion: the selected one, or else the one in the settings, or else the usual one."""
        return effective_criterion(self._file)

    def select_criterion(self, criterion: str | None) -> None:
        """Look at a criterion while the study is open; None means the criterion of the settings.

        Raises:
            StudyError: The study has neither ratings nor votes of this criterion.
        """
        self.check_criterion(criterion)
        self._file.criterion = criterion or ""

    def check_criterion(self, criterion: str | None) -> None:
        """Raise a StudyError if the study has neither ratings nor votes of a criterion; None is allowed."""
        if criterion is not None and criterion not in self.criteria():
            raise StudyError(f"There is no criterion “{criterion}”. Choose one of: {', '.join(self.criteria())}.")

    def dataset(self) -> Dataset:
        """Return the study as a data set, by its own rules and criterion; see ``study_dataset``."""
        return study_dataset(self)

    def rating_facts(self) -> RatingFacts | None:
        """Return the agreement of votes with the pairs derived from ratings by the study's rule, or None."""
        from skillviewer.core.ranking.consensus import rule_named  # scipy takes a second

        settings = self.settings
        ratings = self.ratings.all()
        order = rated_order(ratings, self.criterion, rating_rule_named(settings.rating_rule))
        if order is None:
            return None
        stated_pairs = self.pairs.all() if self.criterion == usual_criterion(self._file) else ()
        consensus = votes_or_stated_pairs(self.votes.judgements(), stated_pairs, rule_named(settings.rule))
        return rating_facts(ratings, order, consensus.pairs, self.videos.tasks())

    def data_version(self) -> int:
        """Return SQLite's data version: a number that changes when another process has written the study."""
        return int(self._file.scalar("PRAGMA data_version"))

    def erase(self, digests: Collection[str], names: Collection[str] = ()) -> tuple[str, ...]:
        """Erase the videos of some files with everything on them, and make a backup; see ``Videos.erase``."""
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
        queries = _EVENT_QUERIES.strip().replace("\nSELECT", "\nUNION ALL SELECT").format(**_NAME_QUERIES)
        rows = self._file.convert_rows(f"{queries} ORDER BY at", _to_log_row)
        return [row for row in rows if row.at]

    def set_log_user(self, user: str) -> None:
        """Sign changed settings and exports in the log with a name; "" means the name of the account."""
        self._file.user = user

    def log_export(self, export: LoggedExport) -> None:
        """Record an export in the log."""
        self._file.log("export", export.file, export.detail)

    def has_entries(self) -> bool:
        """Return True if a user entered or packed data: votes, ratings, pairs, annotations, facts of videos, packs."""
        for table in ("judgement", "agreed_pair", "moment", "note", "rater", "rating", "rating_form"):
            if self._file.scalar(f"SELECT 1 FROM {table} LIMIT 1") is not None:  # noqa: S608 - ours
                return True
        # a pack counts, since its votes may still arrive
        if self._file.scalar("SELECT 1 FROM setting WHERE name GLOB 'judging_pack:*' LIMIT 1") is not None:
            return True
        entry_condition = (
            "participant IS NOT NULL OR occasion <> '' OR notes <> '' OR context <> '' OR sync_s IS NOT NULL OR "
            "camera_of IS NOT NULL OR "
            "(extent_unit <> '' AND removed_at IS NULL)"
        )
        return self._file.scalar(f"SELECT 1 FROM video WHERE {entry_condition} LIMIT 1") is not None  # noqa: S608 - ours

    @staticmethod
    def delete(path: str | Path) -> None:
        """Delete a study that is not open, and its backups; for drafts without entries."""
        path = Path(path)
        for file in (*backups.list_backups(path), *side_files(path), path):
            file.unlink(missing_ok=True)
        with suppress(OSError):
            backups.backups_dir(path).rmdir()

    def back_up_if_changed(self) -> Path | None:
        """Make a backup if the study was written since the last backup; return its path, or None."""
        return self.back_up() if self._changed_since_backup() else None

    def back_up(self) -> Path:
        """Make a backup, and remove outdated ones."""
        return backups.back_up(self.path, self._file.copy_to)

    def backups(self) -> tuple[Path, ...]:
        """Return the backups, the newest first."""
        return backups.list_backups(self.path)

    @staticmethod
    def restore(backup: str | Path, path: str | Path) -> None:
        """Replace a study that is not open by a backup; the replaced file is kept with the backups.

        Raises:
            StudyError: The backup is no study, the study is open, or the study cannot be written.
        """
        backups.restore(Path(backup), Path(path))

    def save_as(self, path: str | Path) -> Path:
        """Copy the study to a new file, adapt its paths of videos and models, and return the path of the copy.

        The path gets the suffix of studies. The study itself stays open.

        Raises:
            StudyError: The file exists already, or it cannot be written.
        """
        path = new_study_path(Path(path))
        self._file.copy_to(path)
        with StudyFile(path) as copy:
            Videos(copy).rebase(self.path.parent)
            StudyModels(copy).rebase(self.path.parent)
        return path

    def copy_to_memory(self) -> sqlite3.Connection:
        """Return an in-memory copy of the study, with rows accessible by column name; the caller closes the copy."""
        return self._file.copy_to_memory()

    def close(self) -> None:
        """Close the file; a second call does nothing."""
        self._file.close()
