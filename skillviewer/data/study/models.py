"""Models of a study, their versions, and their scores of its videos."""

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
from skillviewer.core.faces.blurring_text import SCORED_BEFORE_BLURRING
from skillviewer.core.paths import cache_dir, is_folder
from skillviewer.core.video.clips import ClipRange
from skillviewer.data.study.file import StudyFile
from skillviewer.data.study.identity import path_relative_to, recorded_paths, resolve_relative
from skillviewer.data.study.values import insert, now, read_json, read_time, row_values
from skillviewer.data.study.video_rows import StudyVideo, clip_range_from_row, format_clip_range

if TYPE_CHECKING:  # scipy takes a second
    from skillviewer.core.analysis.analysis import Analysis


class ModelState(StrEnum):
    """Decision on a model."""

    PROPOSED = "proposed"  # trained, and not yet decided
    ACCEPTED = "accepted"
    DISCARDED = "discarded"


@dataclass(frozen=True, slots=True)
class ModelVersion:
    """A model that a study uses or has used."""

    digest: str  # digest of its checkpoint
    name: str  # name that all its versions share
    number: int  # number of the version, from 1
    path: Path | None  # current folder of the checkpoint, or None if it is missing
    recorded_path: str  # last known folder
    parent: str | None  # digest of the model from which it was fine-tuned, or None
    state: ModelState  # decision on it
    facts: Mapping[str, object]  # other facts: data, raters, rule, seed, figures
    added_at: datetime  # time at which it entered the study


@dataclass(frozen=True, slots=True)
class Score:
    """Score of a video by a model."""

    score: float
    interval: tuple[float, float] | None  # 95 % interval, or None with a single pass
    passes: int  # number of passes
    # a warning, or ""; contains ``SCORED_BEFORE_BLURRING`` (core/faces/blurring_text.py) if the video was assessed
    # before its faces were blurred
    warning: str
    assessed_at: datetime  # time of the assessment


class StudyModels:
    """Models of an open study; errors are those of ``Study``."""

    def __init__(self, file: StudyFile) -> None:
        self._file = file

    def all(self) -> tuple[ModelVersion, ...]:
        """Return the models, sorted by name and version."""
        return tuple(self._model(row) for row in self._file.query("SELECT * FROM model ORDER BY name, version"))

    def rebase(self, old_folder: Path) -> None:
        """Rewrite the relative paths of checkpoints of a study that was copied from another folder."""
        with self._file.transaction() as db:
            for row in db.execute("SELECT * FROM model WHERE relative_path <> ''").fetchall():
                folder = resolve_relative(old_folder, row["relative_path"])
                if is_folder(folder):
                    db.execute(
                        "UPDATE model SET relative_path = ?, absolute_path = ? WHERE digest = ?",
                        (path_relative_to(folder, self._file.path.parent), str(folder), row["digest"]),
                    )

    def default_model(self, digest: str = "") -> ModelVersion | None:
        """Return the model with a digest, or else the model with the most scores; None if there are no models.

        Ties go to the latest version. Discarded models are skipped.
        """
        models = [model for model in self.all() if model.state is not ModelState.DISCARDED]
        for model in models:
            if model.digest == digest:
                return model

        def n_scores_and_version(model: ModelVersion) -> tuple[int, int]:
            return len(self.scores(model.digest)), model.number

        return max(models, key=n_scores_and_version, default=None)

    def get(self, digest: str) -> ModelVersion:
        """Return the model with a digest."""
        rows = self._file.query("SELECT * FROM model WHERE digest = ?", (digest,))
        if not rows:
            raise StudyError(f"There is no model {digest[:12]} in the study.")
        return self._model(rows[0])

    def _model(self, row: sqlite3.Row) -> ModelVersion:
        folders = recorded_paths(self._file.path.parent, row)
        return ModelVersion(
            path=next(filter(is_folder, folders), None),
            recorded_path=row["absolute_path"],
            state=ModelState(row["state"]),
            facts=self._facts(row),
            added_at=read_time(row["added_at"]),
            number=row["version"],
            **row_values(row, "digest", "name", "parent"),
        )

    def _facts(self, row: sqlite3.Row) -> dict[str, object]:
        try:
            return read_json(row["facts"], dict[str, object])
        except ValueError as error:
            raise StudyError(
                f"The facts of the model {row['name'][:100]!r} in {self._file.path} cannot be read: {error}. Open one "
                "of its backups."
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
        """Add a model as the next version of its name; for a known model only the path is updated.

        The values of ``facts`` must be JSON.
        """
        path = path.absolute()
        relative_path = path_relative_to(path, self._file.path.parent)
        with self._file.transaction() as db:
            if db.execute("SELECT 1 FROM model WHERE digest = ?", (digest,)).fetchone() is not None:
                db.execute(
                    "UPDATE model SET relative_path = ?, absolute_path = ? WHERE digest = ?",
                    (relative_path, str(path), digest),
                )
                return self.get(digest)
            (last,) = db.execute("SELECT coalesce(max(version), 0) FROM model WHERE name = ?", (name,)).fetchone()
            stored_facts = {} if facts is None else dict(facts)
            insert(
                db,
                "model",
                digest=digest,
                name=name,
                version=last + 1,
                relative_path=relative_path,
                absolute_path=str(path),
                parent=parent,
                state=state.value,
                facts=json.dumps(stored_facts),
                added_at=now(),
            )
        return self.get(digest)

    def set_state(self, digest: str, state: ModelState) -> ModelVersion:
        """Propose, accept or discard a model; a discarded model stays listed."""
        with self._file.transaction() as db:
            db.execute("UPDATE model SET state = ? WHERE digest = ?", (state.value, digest))
        return self.get(digest)

    def scores(self, model_digest: str) -> dict[str, Score]:
        """Return a model's scores of the videos in the study, by video name."""
        rows = self._file.query(
            "SELECT v.name, v.extent_unit, v.extent_start, v.extent_stop, s.* FROM video AS v "
            "JOIN score AS s ON s.video_digest = v.digest WHERE v.removed_at IS NULL AND s.model_digest = ? "
            "ORDER BY v.name",
            (model_digest,),
        )
        return {
            row["name"]: _score(row) for row in rows if row["extent"] == format_clip_range(clip_range_from_row(row))
        }

    def save_analysis(self, analysis: "Analysis") -> Path:
        """Save a complete analysis in the cache and its score in the study; return the file in the cache.

        Raises:
            StudyError: The study cannot be written, or the score is not a finite number.
            ExportError: The cache cannot be written.
        """
        from skillviewer.data.analysis_file import save_analysis

        if not analysis.complete:
            raise ValueError("only a complete analysis can be saved")
        if not math.isfinite(analysis.score):
            name = analysis.video.path.name
            raise StudyError(f"The score of {name} by {analysis.provenance.model} is no number: it is not saved.")
        video_digest = analysis.video.digest
        model_digest = analysis.provenance.model_digest
        path = analysis_path(video_digest, model_digest, analysis.clip_range)
        save_analysis(analysis, path)
        low, high = (None, None) if analysis.interval is None else analysis.interval
        key = (video_digest, format_clip_range(analysis.clip_range), model_digest)
        score = (analysis.score, low, high, analysis.n_passes, _score_warning(analysis), now())
        with self._file.transaction() as db:
            db.execute(
                "INSERT OR REPLACE INTO score (video_digest, extent, model_digest, score, low, high, passes, warning, "
                "assessed_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (*key, *score),
            )
        return path


def _score(row: sqlite3.Row) -> Score:
    interval = None if row["low"] is None else (row["low"], row["high"])
    return Score(
        score=row["score"],
        interval=interval,
        passes=row["passes"],
        warning=row["warning"],
        assessed_at=read_time(row["assessed_at"]),
    )


def _score_warning(analysis: "Analysis") -> str:
    blurring = SCORED_BEFORE_BLURRING if SCORED_BEFORE_BLURRING in analysis.video.note else ""
    return f"{analysis.warning} {blurring}".strip()


def analysis_path(video_digest: str, model_digest: str, clip_range: ClipRange | None = None) -> Path:
    """Return the path of an analysis in the cache, whether or not the file exists."""
    from skillviewer.data.analysis_file import SUFFIX

    range_text = format_clip_range(clip_range)
    range_code = f"-{hashlib.sha256(range_text.encode()).hexdigest()[:16]}" if range_text else ""
    return cache_dir() / "analyses" / video_digest[:2] / f"{video_digest}-{model_digest}{range_code}{SUFFIX}"


def cached_analysis(video: StudyVideo, model_digest: str) -> "Analysis | None":
    """Return the analysis of a video from the cache, or None if the video must be assessed.

    A damaged file is removed, since it can be computed again.
    """
    from skillviewer.data.analysis_file import load_or_discard

    analysis = load_or_discard(analysis_path(video.digest, model_digest, video.clip_range))
    if analysis is None:
        return None
    if video.path is None:
        return analysis
    return analysis.with_video(replace(analysis.video, path=video.path))
