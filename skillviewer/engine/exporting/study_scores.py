"""Scores that were computed for an export, written into the studies of the videos."""

from contextlib import suppress
from typing import TYPE_CHECKING

from skillviewer.core.errors import ExportError, StudyError
from skillviewer.data.study import Study
from skillviewer.engine.scoring.collecting import lacking, write_scores

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from skillviewer.core.analysis.analysis import Analysis
    from skillviewer.engine.exporting.requests import ExportTarget


def keep_scores(scored: "Sequence[tuple[ExportTarget, Analysis]]") -> None:
    """Write scores into the studies that do not have them yet; a study that cannot be written now stays as it is."""
    by_study: dict[Path, list[tuple[Path, Analysis]]] = {}
    for subject, analysis in scored:
        if subject.study is not None and subject.model is not None and analysis.complete:
            by_study.setdefault(subject.study, []).append((subject.model, analysis))
    for path, new in by_study.items():
        with suppress(StudyError, ExportError):
            with Study.open(path, read_only=True) as study:
                missing = lacking(study, new)
            if missing:
                with Study.open(path) as study:
                    if not study.read_only:  # else the window has it, and keeps what it sees itself
                        write_scores(study, missing)
