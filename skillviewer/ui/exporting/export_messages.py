"""Sentences of the Export screen: reasons against an export, warnings, and the question before replacing."""

from collections.abc import Sequence
from pathlib import Path

from skillviewer.core.atomic_write import path_exists
from skillviewer.core.text import printable
from skillviewer.engine.exporting.requests import ExportRequest, StudyExportRequest
from skillviewer.engine.exporting.study_exporters import StudyExporter
from skillviewer.ui.exporting.export_choices import ExportChoices, FileSplit


def refusal(choices: ExportChoices) -> str:
    """Return why the export is not possible, or ""."""
    return _nothing_of(choices) or _nowhere(choices)


def _nothing_of(choices: ExportChoices) -> str:
    exporter = choices.exporter
    if isinstance(exporter, StudyExporter):
        return "Open a study first." if choices.study is None else ""
    if not choices.videos and choices.spread in {FileSplit.EACH, FileSplit.ALL}:
        return "No video has been assessed yet. Assess the videos first, or choose a single one."
    if not choices.videos or not choices.models:
        return "Choose a model." if choices.videos else "Choose a video."
    n = len(choices.models) * (1 if choices.spread is FileSplit.EACH else len(choices.videos))
    if n < exporter.least:
        text = "{} needs at least {} models on a video. Choose more models."
        return text.format(exporter.title, exporter.least)
    if n > 1 and not exporter.takes_several:
        return f"{exporter.title} takes one video and one model."
    return ""


def _nowhere(choices: ExportChoices) -> str:
    exporter, path = choices.exporter, choices.path
    wrong_key = _wrong_key(choices.options)
    if wrong_key:
        return wrong_key
    if str(path) in {"", "."}:
        return "Choose a destination."
    into_folder = not isinstance(exporter, StudyExporter) and choices.spread is FileSplit.EACH
    if not into_folder and path.suffix.lower() not in exporter.suffixes:
        return "Choose a name that ends in {}.".format(" or ".join(exporter.suffixes))
    text = "Give the full path: “{}” has no folder."
    return "" if path.is_absolute() else text.format(path)


def _wrong_key(options: object) -> str:
    key = getattr(options, "key", None)
    if not isinstance(key, Path):
        return ""
    if not getattr(options, "pseudonyms", False):
        return "The key belongs to other names. Choose other names too, or leave out the key."
    if not key.is_absolute():
        return f"Give the full path of the key: “{key}” has no folder."
    text = "{} exists already and may be the only key to an earlier export. Choose another name."
    return text.format(key.name) if path_exists(key) else ""


def warning(choices: ExportChoices) -> str:
    """Return a warning to show before writing, or ""."""
    exporter = choices.exporter
    if isinstance(exporter, StudyExporter):
        return ""
    parts = []
    new = [video for video in choices.videos if video.analysis is None] if any(m.loaded for m in choices.models) else []
    if len(new) == 1:
        parts.append(f"{printable(new[0].name)} has not been assessed yet. It is assessed first.")
    elif new:
        parts.append(f"{len(new)} videos have not been assessed yet. They are assessed first.")
    if exporter.needs_evidence or exporter.wants_evidence:
        parts.append("The evidence for the score is computed first, which takes some seconds per video.")
    if any(not model.loaded for model in choices.models):
        parts.append("A model that has not assessed a video yet does so first.")
    return " ".join(parts)


def question(existing: Sequence[Path]) -> str:
    """Return the question asked before files are replaced."""
    if len(existing) == 1:
        return f"{printable(existing[0].name)} exists already. Replace it?"
    return f"{len(existing)} of these files exist already. Replace them?"


def title(requests: Sequence[ExportRequest | StudyExportRequest]) -> str:
    """Return the title of an export in the queue."""
    name = requests[0].exporter.title
    if len(requests) == 1:
        return f"{name} · {printable(requests[0].path.name)}"
    return f"{name} · {len(requests)} files in {printable(requests[0].path.parent.name)}"
