"""Texts of the Export screen: obstacles to an export, warnings, the question before replacing, and titles."""

from collections.abc import Sequence
from pathlib import Path

from skillviewer.core.atomic_write import path_exists
from skillviewer.core.text import printable
from skillviewer.engine.exporting.requests import ExportRequest, StudyExportRequest
from skillviewer.engine.exporting.study_exporters import StudyExporter
from skillviewer.ui.exporting.export_choices import ExportChoices, FileSplit


def describe_obstacle(choices: ExportChoices) -> str:
    """Return a sentence on why an export is not possible, or "" if it is possible."""
    return _describe_source_obstacle(choices) or _describe_key_obstacle(choices) or _describe_path_obstacle(choices)


def _describe_source_obstacle(choices: ExportChoices) -> str:
    exporter = choices.exporter
    if isinstance(exporter, StudyExporter):
        return "Open a study first." if choices.study is None else ""
    if not choices.videos and choices.split in {FileSplit.EACH, FileSplit.ALL}:
        return "No video has been assessed yet. Assess the videos first, or choose a single one."
    if not choices.videos or not choices.models:
        return "Choose a model." if choices.videos else "Choose a video."
    n_videos = 1 if choices.split is FileSplit.EACH else len(choices.videos)
    n_analyses = n_videos * len(choices.models)
    if n_analyses < exporter.least:
        return f"“{exporter.title}” needs at least {exporter.least} models on a video. Choose more models."
    if n_analyses > 1 and not exporter.takes_several:
        return f"{exporter.title} takes one video and one model."
    return ""


def _describe_key_obstacle(choices: ExportChoices) -> str:
    key = getattr(choices.options, "key", None)
    if not isinstance(key, Path):
        return ""
    uses_pseudonyms = getattr(choices.options, "pseudonyms", None)
    if not uses_pseudonyms:
        return "The key belongs to other names. Choose other names too, or leave out the key."
    if not key.is_absolute():
        return f"Give the full path of the key: “{key}” has no folder."
    if path_exists(key):
        return f"{key.name} exists already and may be the only key to an earlier export. Choose another name."
    return ""


def _describe_path_obstacle(choices: ExportChoices) -> str:
    exporter = choices.exporter
    path = choices.path
    if str(path) in {"", "."}:
        return "Choose a destination."
    into_folder = not isinstance(exporter, StudyExporter) and choices.split is FileSplit.EACH
    if not into_folder and path.suffix.lower() not in exporter.suffixes:
        return f"Choose a name that ends in {' or '.join(exporter.suffixes)}."
    if not path.is_absolute():
        return f"Give the full path: “{path}” has no folder."
    return ""


def describe_preparation(choices: ExportChoices) -> str:
    """Return sentences on what is computed before files are written, or ""."""
    exporter = choices.exporter
    if isinstance(exporter, StudyExporter):
        return ""
    sentences = []
    if any(model.is_loaded for model in choices.models):
        new = [video for video in choices.videos if video.analysis is None]
        if len(new) == 1:
            sentences.append(f"{printable(new[0].name)} has not been assessed yet. It is assessed first.")
        elif new:
            sentences.append(f"{len(new)} videos have not been assessed yet. They are assessed first.")
    if exporter.shows_evidence:
        sentences.append("The evidence for the score is computed first, which takes some seconds per video.")
    if any(not model.is_loaded for model in choices.models):
        sentences.append("A model that has not assessed a video yet does so first.")
    return " ".join(sentences)


def replace_question(existing: Sequence[Path]) -> str:
    """Return the question that is asked before files are replaced."""
    if len(existing) == 1:
        return f"{printable(existing[0].name)} exists already. Replace it?"
    return f"{len(existing)} of these files exist already. Replace them?"


def queue_title(requests: Sequence[ExportRequest | StudyExportRequest]) -> str:
    """Return the title of an export in the queue."""
    name = requests[0].exporter.title
    if len(requests) == 1:
        return f"{name} · {printable(requests[0].path.name)}"
    return f"{name} · {len(requests)} files in {printable(requests[0].path.parent.name)}"
