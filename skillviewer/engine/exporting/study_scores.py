"""Scores that were computed for an export, written into the studies of the videos."""

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from skillviewer.core.errors import ExportError, StudyError
from skillviewer.data.study import Study

if TYPE_CHECKING:
    from collections.abc import Sequence

    from skillviewer.core.analysis.analysis import Analysis
    from skillviewer.engine.exporting.requests import ExportTarget


def keep_scores(scored: "Sequence[tuple[ExportTarget, Analysis]]") -> None:
    """Write scores into the studies that do not have them yet; a study that cannot be written now stays as it is."""
    by_study: dict[Path, list[tuple[ExportTarget, Analysis]]] = {}
    for subject, analysis in scored:
        if subject.study is not None and subject.model is not None and analysis.complete:
            by_study.setdefault(subject.study, []).append((subject, analysis))
    for path, new in by_study.items():
        with suppress(StudyError, ExportError):
            _keep(path, new)


def _keep(path: Path, scored: "Sequence[tuple[ExportTarget, Analysis]]") -> None:
    with Study.open(path, read_only=True) as study:
        new = [each for each in scored if not _has(study, each[1])]
    if not new:
        return
    with Study.open(path) as study:
        if study.read_only:  # the window has it, and keeps what it sees itself
            return
        for subject, analysis in new:
            assert subject.model is not None
            study.models.add(analysis.provenance.model_digest, subject.model.name, subject.model)
            study.models.save_analysis(analysis)


def _has(study: Study, analysis: "Analysis") -> bool:
    """Return whether a study has this score, or one of more passes, or has not this video."""
    scores = study.models.scores(analysis.provenance.model_digest)
    names = [v.name for v in study.videos.all() if v.subject == analysis.subject]
    return all(name in scores and scores[name].passes >= analysis.n_passes for name in names)
