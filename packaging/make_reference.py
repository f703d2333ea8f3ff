"""Write the pages of docs/reference from the program: commands with options, columns of files, names, and entries.

    python packaging/make_reference.py

``tests/test_reference.py`` fails if a page is not as this script writes it.
"""

import inspect
import os
import re
from collections.abc import Iterable, Iterator
from copy import copy
from dataclasses import MISSING, Field, fields
from enum import Enum
from pathlib import Path
from typing import Any

os.environ["SKILLVIEWER_PLUGINS"] = "off"  # the pages describe the program alone

import click

from skillviewer.cli.main import cli
from skillviewer.core.analysis import analysis_json
from skillviewer.core.evaluation.metrics import METRICS, Metric
from skillviewer.core.ratings.rating_metrics import RATED_METRICS
from skillviewer.data.formats.formats import DATASET_FORMATS, DatasetFormat
from skillviewer.data.study.exchange.csv_export import PAIR_FORMS
from skillviewer.engine.evaluation.results import ModelResult
from skillviewer.engine.exporting.study_exporters import STUDY_EXPORTERS, StudyExporter
from skillviewer.export.exporters import EXPORTERS, Exporter
from skillviewer.export.tables.tables import TABLES, export_maps
from skillviewer.nets.backbones.backbone_entry import BackboneEntry
from skillviewer.nets.models import ATTENTION_MODELS, AttentionEntry
from skillviewer.nets.presets import PRESETS

FOLDER = Path(__file__).resolve().parent.parent / "docs" / "reference"
NOTE = "*Written by the program itself; do not edit.*"
ENTRIES: tuple[type[Any], ...] = (Metric, Exporter, DatasetFormat, AttentionEntry, BackboneEntry)
"""Types of the entries that a plug-in may add."""
WIDTH = 100
"""Characters of a line of help."""
ABOUT_TABLES = (
    "Tables are CSV (UTF-8, dot decimals, one header line) or JSON (an array of objects). Frames, passes and steps "
    "count from 0, times are in seconds from the first frame, positions are fractions of the picture's width and "
    "height. An empty cell is null in JSON. `skillviewer.table_schema(NAME)` returns the JSON Schema."
)


def pages() -> dict[str, str]:
    """Return the text of each page by the name of its file."""
    made = {"commands.md": _commands(), "columns.md": _columns(), "names.md": _names(), "entries.md": _entries()}
    return {name: "\n".join(lines).rstrip() + "\n" for name, lines in made.items()}


def leaves(command: click.Command, path: str) -> Iterator[tuple[str, click.Command]]:
    """Yield the commands that do something, with all words of each."""
    if not isinstance(command, click.Group):
        yield path, command
        return
    for name in command.list_commands(click.Context(command)):
        inner = command.get_command(click.Context(command), name)
        if inner is not None and not inner.hidden:
            yield from leaves(inner, f"{path} {name}")


def _commands() -> list[str]:
    lines = ["# Commands and options", "", NOTE, "", "`skillviewer COMMAND --help` prints the same."]
    for path, found in leaves(cli, "skillviewer"):
        command = copy(found)
        command._help_option = None  # noqa: SLF001 - click keeps the option with the names of the first call in this process
        context = click.Context(
            command, info_name=path, help_option_names=["-h", "--help"], terminal_width=WIDTH, max_content_width=WIDTH
        )
        lines += ["", f"## {path.removeprefix('skillviewer ')}", "", "```text", command.get_help(context), "```"]
    return lines


def _attributes(kind: type) -> list[tuple[str, str]]:
    """Return name and meaning of the attributes in the docstring of a class."""
    text = inspect.getdoc(kind) or ""
    block = text.partition("Attributes:\n")[2]
    found = re.findall(r"^    (\w+): (.*?)(?=^    \w+: |\Z)", block, re.MULTILINE | re.DOTALL)
    return [(name, " ".join(meaning.split()).rstrip(".")) for name, meaning in found]


def _table(heads: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> list[str]:
    cells = [heads, tuple("---" for _ in heads), *rows]
    return ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in cells]


def _described(kind: type) -> list[str]:
    summary = (inspect.getdoc(kind) or "").partition("\n")[0]
    rows = ((f"`{name}`", meaning) for name, meaning in _attributes(kind))
    return [summary, "", *_table(("column or key", "meaning"), rows)]


def _columns() -> list[str]:
    lines = ["# Columns and keys of files", "", NOTE, "", ABOUT_TABLES]
    for kind in TABLES:
        if not kind.is_single_object:
            lines += ["", f"## {kind.name}", "", *_described(kind.row_class)]
    lines += ["", "## result", ""]
    records = ("AnalysisRecord", "PassRecord", "AttentionRecord", "VideoRecord", "ProvenanceRecord")
    for name in records:
        lines += [*_described(getattr(analysis_json, name)), ""]
    lines += ["## maps", ""]
    arrays = inspect.getdoc(export_maps) or ""
    lines += [re.sub(r"``([^`]+)``", r"`\1`", arrays.partition("\n\nRaises:")[0])]
    lines += ["", "## evaluation", "", *_evaluation()]
    lines += ["", "## Forms of votes", ""]
    lines += ["`skillviewer study export --format NAME` writes them, and `study import` reads them back.", ""]
    lines += _table(
        ("name", "a row is", "columns"),
        ((f"`{form.name}`", form.title, ", ".join(form.columns)) for form in PAIR_FORMS),
    )
    return lines


def _evaluation() -> list[str]:
    """Return the keys of a model in the files of ``skillviewer evaluate``."""
    keys = dict(zip(ModelResult.__struct_fields__, ModelResult.__struct_encode_fields__, strict=True))
    rows = ((f"`{keys[name]}`", meaning) for name, meaning in _attributes(ModelResult))
    return [
        (
            "A model in `models` of `evaluation.json` and of `skillviewer evaluate --json`. Of an estimate NAME "
            "`table.csv` has the columns `NAME`, `NAME_low` and `NAME_high`. Accuracies are fractions."
        ),
        "",
        *_table(("column or key", "meaning"), rows),
    ]


def _names() -> list[str]:
    lines = ["# Names", "", NOTE, "", "## Models", "", "`--model NAME`", ""]
    lines += _table(
        ("name", "model", "map", "interpretation", "publication"),
        ((f"`{e.name}`", e.title, str(e.map_kind), e.variant, e.reference) for e in ATTENTION_MODELS),
    )
    lines += ["", "## Presets", "", "`--preset NAME`: " + ", ".join(f"`{made.name}`" for made in PRESETS)]
    lines += ["", "## Metrics", "", "`skillviewer evaluate --metrics NAME,NAME`", ""]
    rows = [(f"`{metric.name}`", metric.title, "pairs") for metric in METRICS]
    rows += [(f"`{metric.name}`", metric.title, metric.needs) for metric in RATED_METRICS]
    lines += _table(("name", "metric", "needs"), rows)
    lines += ["", "## Exports", "", "`skillviewer export NAME`, `export report NAME` or `export table NAME`", ""]
    exporters: list[Exporter | StudyExporter] = [*EXPORTERS, *STUDY_EXPORTERS]
    files = [", ".join(f"`{suffix}`" for suffix in exporter.suffixes) for exporter in exporters]
    lines += _table(
        ("name", "export", "files", "about"),
        ((f"`{e.name}`", e.title, suffixes, e.about) for e, suffixes in zip(exporters, files, strict=True)),
    )
    lines += ["", "## Formats of data sets", "", "`--format NAME`", ""]
    lines += _table(("name", "format"), ((f"`{form.name}`", form.title) for form in DATASET_FORMATS))
    return lines


def _entries() -> list[str]:
    lines = ["# Fields of the entries of plug-ins", "", NOTE, "", "Fields without a default must be given."]
    for kind in ENTRIES:
        meanings = {name: re.sub(r"``([^`]+)``", r"`\1`", meaning) for name, meaning in _attributes(kind)}
        rows = ((f"`{field.name}`", _default(field), meanings[field.name]) for field in fields(kind))
        lines += ["", f"## {kind.__name__}", "", *_table(("field", "default", "meaning"), rows)]
    return lines


def _default(field: Field[object]) -> str:
    """Return the default of a field as one writes it in Python, or "" if it must be given."""
    given = field.default
    if given is MISSING:
        return ""
    return f"`{type(given).__name__}.{given.name}`" if isinstance(given, Enum) else f"`{given!r}`".replace("''", '""')


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for name, text in pages().items():
        (FOLDER / name).write_text(text, encoding="utf-8")
