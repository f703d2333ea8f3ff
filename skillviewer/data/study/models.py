"""The models of a study and their versions, and what they said of its videos."""

import hashlib
import json
import math
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from skillviewer.core.errors import StudyError
from skillviewer.core.faces.face_wording import SAID_BEFORE
from skillviewer.core.paths import cache_dir
from skillviewer.core.video.extents import ClipRange
from skillviewer.data.study.file import StudyFile
from skillviewer.data.study.identity import is_folder, joined, places_of, relative
from skillviewer.data.study.times import now, read
from skillviewer.data.study.values import read_json
from skillviewer.data.study.video_rows import StudyVideo, extent_of, extent_text

if TYPE_CHECKING:  # scipy takes a second
    from skillviewer.core.analysis.analysis import Analysis


class ModelState(StrEnum):
    """What became of a model."""

    PROPOSED = "proposed"  # trained, and not yet decided on
    ACCEPTED = "accepted"
    DISCARDED = "discarded"


@dataclass(frozen=True, slots=True)
class ModelVersion:
    """A model that a study uses or used.

    Attributes:
        digest: Digest of its checkpoint.
        name: Name that all its versions share.
        version: Number of the version, from 1.
        path: Folder of the checkpoint where it is now, or None where it is missing.
        recorded_path: Where it was.
        parent: Digest of the model that it was fine-tuned from, or None.
        state: What became of it.
        facts: What else is known of it: data, raters, rule, seed, figures.
        added_at: When it came.
    """

    digest: str
    name: str
    version: int
    path: Path | None
    recorded_path: str
    parent: str | None
    state: ModelState
    facts: Mapping[str, object]
    added_at: datetime


@dataclass(frozen=True, slots=True)
class Score:
    """What a model said of a video, in short.

    Attributes:
        score: The score.
        interval: 95 % interval, or None with a single pass.
        passes: K.
        warning: A word of warning, or ""; ``SAID_BEFORE`` (core/faces/face_wording.py) is in it where the score is of
            the video
            before its faces were blurred.
        assessed_at: When.
    """

    score: float
    interval: tuple[float, float] | None
    passes: int
    warning: str
    assessed_at: datetime


class StudyModels:
    """The models of an open study.

    Args:
        file: The study.
    """

    def __init__(self, file: StudyFile) -> None:
        self._file = file

    def all(self) -> tuple[ModelVersion, ...]:
        """Return the models, by name and version."""
        return tuple(self._model(row) for row in self._file.rows("SELECT * FROM model ORDER BY name, version"))

    def rebase(self, old_folder: Path) -> None:
        """Write anew where checkpoints lie, for a study that was copied from another folder.

        Raises:
            StudyError: The study cannot be written.
        """
        with self._file.act() as db:
            for row in db.execute("SELECT * FROM model WHERE relative_path <> ''").fetchall():
                there = joined(old_folder, row["relative_path"])
                if is_folder(there):
                    db.execute(
                        "UPDATE model SET relative_path = ?, absolute_path = ? WHERE digest = ?",
                        (relative(there, self._file.path.parent), str(there), row["digest"]),
                    )

    def spoken_for(self, wanted: str = "") -> ModelVersion | None:
        """Return the model whose scores are meant where nobody says which, or None without models.

        Args:
            wanted: Digest of the model in use: it is meant if the study has it, else the one with the most scores, of
                equals the latest version. Discarded ones are passed over.
        """
        models = [model for model in self.all() if model.state is not ModelState.DISCARDED]
        in_use = next((model for model in models if model.digest == wanted), None)
        if in_use is not None:
            return in_use
        counts = {model.digest: len(self.scores(model.digest)) for model in models}
        return max(models, key=lambda model: (counts[model.digest], model.version), default=None)

    def get(self, digest: str) -> ModelVersion:
        """Return a model.

        Raises:
            StudyError: The study has none of that digest.
        """
        rows = self._file.rows("SELECT * FROM model WHERE digest = ?", (digest,))
        if not rows:
            raise StudyError(f"There is no model {digest[:12]} in the study.")
        return self._model(rows[0])

    def _model(self, row: sqlite3.Row) -> ModelVersion:
        places = places_of(self._file.path.parent, row)
        return ModelVersion(
            digest=row["digest"],
            name=row["name"],
            version=row["version"],
            path=next(filter(is_folder, places), None),
            recorded_path=row["absolute_path"],
            parent=row["parent"],
            state=ModelState(row["state"]),
            facts=self._facts(row),
            added_at=read(row["added_at"]),
        )

    def _facts(self, row: sqlite3.Row) -> dict[str, object]:
        try:
            return read_json(row["facts"], dict[str, object])
        except ValueError as error:
            raise StudyError(
                f"What {self._file.path} says of the model {row['name'][:100]} cannot be read: {error}. Open one of "
                "its backups."
            ) from error

    def add(
        self,
        digest: str,
        name: str,
        path: Path,
        *,
        parent: str | None = None,
        state: ModelState = ModelState.ACCEPTED,
        facts: Mapping[str, object] | None = None,
    ) -> ModelVersion:
        """Add a model as the next version of its name; one that is there already is only told where it lies.

        Args:
            digest: Digest of its checkpoint.
            name: Its name.
            path: Folder of its checkpoint.
            parent: Digest of the model that it was fine-tuned from.
            state: What became of it.
            facts: What else is known of it; values of JSON.

        Raises:
            StudyError: The study cannot be written.
        """
        path = path.absolute()
        place = (relative(path, self._file.path.parent), str(path))
        with self._file.act() as db:
            if db.execute("SELECT 1 FROM model WHERE digest = ?", (digest,)).fetchone() is not None:
                db.execute("UPDATE model SET relative_path = ?, absolute_path = ? WHERE digest = ?", (*place, digest))
            else:
                (last,) = db.execute("SELECT coalesce(max(version), 0) FROM model WHERE name = ?", (name,)).fetchone()
                db.execute(
                    "INSERT INTO model (digest, name, version, relative_path, absolute_path, parent, state, facts, "
                    "added_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                    (digest, name, last + 1, *place, parent, state.value, json.dumps(dict(facts or {})), now()),
                )
        return self.get(digest)

    def decide(self, digest: str, state: ModelState) -> ModelVersion:
        """Accept or discard a model; it stays listed.

        Raises:
            StudyError: There is no such model, or the study cannot be written.
        """
        with self._file.act() as db:
            db.execute("UPDATE model SET state = ? WHERE digest = ?", (state.value, digest))
        return self.get(digest)

    def scores(self, model_digest: str) -> dict[str, Score]:
        """Return what a model said of the videos as they are now, by name of video, in one query."""
        rows = self._file.rows(
            "SELECT v.name, v.extent_unit, v.extent_start, v.extent_stop, s.* FROM video AS v "
            "JOIN score AS s ON s.video_digest = v.digest WHERE v.removed_at IS NULL AND s.model_digest = ? "
            "ORDER BY v.name",
            (model_digest,),
        )
        return {
            row["name"]: Score(
                score=row["score"],
                interval=None if row["low"] is None else (row["low"], row["high"]),
                passes=row["passes"],
                warning=row["warning"],
                assessed_at=read(row["assessed_at"]),
            )
            for row in rows
            if row["extent"] == extent_text(extent_of(row))
        }

    def keep_analysis(self, analysis: "Analysis") -> Path:
        """Keep what a model says of a video: the whole in the cache, the score in the study.

        Args:
            analysis: A complete analysis.

        Returns:
            The file in the cache.

        Raises:
            StudyError: The study cannot be written, or the score is no number.
            ExportError: The cache cannot be written.
        """
        from skillviewer.data.analysis_file import save_analysis

        if not analysis.complete:
            raise ValueError("only a complete analysis can be kept")
        if not math.isfinite(analysis.score):
            said_by = analysis.provenance.model
            raise StudyError(
                f"The model {said_by} says of {analysis.video.path.name} what is no number: it is not kept."
            )
        digest, model = analysis.video.digest, analysis.provenance.model_digest
        path = analysis_path(digest, model, analysis.extent)
        save_analysis(analysis, path)
        low, high = analysis.interval or (None, None)
        with self._file.act() as db:
            db.execute(
                "INSERT OR REPLACE INTO score (video_digest, extent, model_digest, score, low, high, passes, warning, "
                "assessed_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    digest,
                    extent_text(analysis.extent),
                    model,
                    analysis.score,
                    low,
                    high,
                    analysis.n_passes,
                    _warning(analysis),
                    now(),
                ),
            )
        return path


def _warning(analysis: "Analysis") -> str:
    before = SAID_BEFORE if SAID_BEFORE in analysis.video.note else ""
    return f"{analysis.warning} {before}".strip()


def analysis_path(video_digest: str, model_digest: str, extent: ClipRange | None = None) -> Path:
    """Return where the cache keeps what a model says of a video; the file is there or not."""
    from skillviewer.data.analysis_file import SUFFIX

    part = extent_text(extent)
    end = f"-{hashlib.sha256(part.encode()).hexdigest()[:16]}" if part else ""
    return cache_dir() / "analyses" / video_digest[:2] / f"{video_digest}-{model_digest}{end}{SUFFIX}"


def cached_analysis(video: StudyVideo, model_digest: str) -> "Analysis | None":
    """Return what a model said of a video as it is now, or None where it has to be assessed (again).

    A damaged file is removed: everything in the cache can be computed again.
    """
    from skillviewer.data.analysis_file import sound_analysis

    analysis = sound_analysis(analysis_path(video.digest, model_digest, video.extent))
    if analysis is None:
        return None
    analysis = replace(analysis, extent=video.extent)  # older versions did not write it
    if video.path is None:
        return analysis
    return analysis.with_video(replace(analysis.video, path=video.path))
