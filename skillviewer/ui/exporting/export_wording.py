"""What the Export screen says: why nothing can be written, what a person should know, and what is asked."""

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QCoreApplication

from skillviewer.core.atomic_write import path_exists
from skillviewer.core.text import printable
from skillviewer.engine.exporting.requests import ExportRequest, StudyExportRequest
from skillviewer.engine.exporting.study_exporters import StudyExporter
from skillviewer.ui.exporting.export_choices import ExportChoices, FileSplit
from skillviewer.ui.exporting.kinds import translated


def _tr(text: str) -> str:
    return QCoreApplication.translate("exporting", text)


def refusal(choices: ExportChoices) -> str:
    """Return why nothing can be exported with these choices, or ""."""
    return _nothing_of(choices) or _nowhere(choices)


def _nothing_of(choices: ExportChoices) -> str:
    """Return why there is nothing to write, or ""."""
    exporter = choices.exporter
    if isinstance(exporter, StudyExporter):
        return _tr("Open a study first.") if choices.study is None else ""
    if not choices.videos and choices.spread in {FileSplit.EACH, FileSplit.ALL}:
        return _tr("No video has been assessed yet. Assess them first, or choose a single one.")
    if not choices.videos or not choices.models:
        return _tr("Choose a model.") if choices.videos else _tr("Choose a video.")
    n = len(choices.models) * (1 if choices.spread is FileSplit.EACH else len(choices.videos))
    if n < exporter.least:
        return _tr("{} needs {} models on a video or more: choose them.").format(
            translated(exporter.title), exporter.least
        )
    if n > 1 and not exporter.takes_several:
        return _tr("{} is made of one video and one model.").format(translated(exporter.title))
    return ""


def _nowhere(choices: ExportChoices) -> str:
    """Return why it cannot go where it is to go, or ""."""
    exporter, path = choices.exporter, choices.path
    wrong_key = _wrong_key(choices.options)
    if wrong_key:
        return wrong_key
    if str(path) in {"", "."}:
        return _tr("Choose where to write it.")
    into_folder = not isinstance(exporter, StudyExporter) and choices.spread is FileSplit.EACH
    if not into_folder and path.suffix.lower() not in exporter.suffixes:
        return _tr("Choose a name that ends in {}.").format(_tr(" or ").join(exporter.suffixes))
    words = _tr("Give the whole path: “{}” does not say in which folder.")
    return "" if path.is_absolute() else words.format(path)


def _wrong_key(options: object) -> str:
    """Return why a key to other names cannot be written where it is to go, or ""."""
    key = getattr(options, "key", None)
    if not isinstance(key, Path):
        return ""
    if not getattr(options, "pseudonyms", False):
        return _tr("The key is to other names: choose them too, or leave it out.")
    if not key.is_absolute():
        return _tr("Give the whole path of the key: “{}” does not say in which folder.").format(key)
    words = _tr("{} is there already, and may be the only key to what was given away before: name another.")
    return words.format(key.name) if path_exists(key) else ""


def remark(choices: ExportChoices) -> str:
    """Return what a person should know before it is written, or ""."""
    exporter = choices.exporter
    if isinstance(exporter, StudyExporter):
        return ""
    parts = []
    new = [video for video in choices.videos if video.analysis is None] if any(m.loaded for m in choices.models) else []
    if len(new) == 1:
        parts.append(_tr("{} has not been assessed yet: that is done first.").format(printable(new[0].name)))
    elif new:
        parts.append(_tr("{} videos have not been assessed yet: that is done first.").format(len(new)))
    if exporter.needs_evidence or exporter.wants_evidence:
        parts.append(_tr("What raised and lowered the score is computed first, which takes some seconds a video."))
    if any(not model.loaded for model in choices.models):
        parts.append(_tr("A model that has not seen a video yet is asked first."))
    return " ".join(parts)


def question(there: Sequence[Path]) -> str:
    """Return the question that is asked before files are replaced."""
    if len(there) == 1:
        return _tr("{} is there already. Replace it?").format(printable(there[0].name))
    return _tr("{} of these files are there already. Replace them?").format(len(there))


def title(made: Sequence[ExportRequest | StudyExportRequest]) -> str:
    """Return the title of requests in the queue."""
    name = translated(made[0].exporter.title)
    if len(made) == 1:
        return f"{name} · {printable(made[0].path.name)}"
    return _tr("{} · {} files in {}").format(name, len(made), printable(made[0].path.parent.name))
