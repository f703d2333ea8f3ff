"""The pages on exports: their examples run as they stand, and the reference names every column, key and array."""

import re
import shlex
from dataclasses import fields
from pathlib import Path

import click
import numpy as np
import pytest

from skillviewer.cli.export import export
from skillviewer.core.analysis import analysis_json
from skillviewer.engine.exporting.study_exporters import STUDY_EXPORTERS, StudyExporter
from skillviewer.export.exporters import EXPORTERS, Exporter
from skillviewer.export.tables.tables import TABLES, export_maps
from skillviewer.media.reading.reader import VideoReader
from tests.export.analyses import analysis, evidence, info

DOCS = Path(__file__).resolve().parents[2] / "docs"
RECORDS = ("AnalysisRecord", "PassRecord", "AttentionRecord", "VideoRecord", "ProvenanceRecord")


@pytest.fixture(scope="module")
def page() -> str:
    return "".join((DOCS / name).read_text(encoding="utf-8") for name in ("export.md", "faces.md"))


@pytest.fixture(scope="module")
def reference() -> str:
    return "".join(path.read_text(encoding="utf-8") for path in (DOCS / "reference").glob("*.md"))


@pytest.mark.slow
def test_examples_run(tmp_path: Path, barcode_path: Path, page: str) -> None:
    examples = re.findall(r"```python\n(.*?)```", page, flags=re.DOTALL)
    with VideoReader(barcode_path) as reader:
        one, other = analysis(reader.info, passes=2), analysis(reader.info, model="other")
    names: dict[str, object] = {
        "video": barcode_path,
        "analysis": one,
        "other": other,
        "evidence": evidence(one),
        "folder": tmp_path,
    }
    for example in examples:
        exec(example, names)
    written = set(re.findall(r'folder / "([^"]+)"', page))
    assert {p.name for p in tmp_path.iterdir()} == written
    assert len(written) >= 10


def test_everything_that_is_written_is_described(tmp_path: Path, reference: str) -> None:
    wanted = [f.name for kind in TABLES if not kind.is_single_object for f in fields(kind.row_class)]
    wanted += [key for record in RECORDS for key in getattr(analysis_json, record).__annotations__]
    wanted += np.load(export_maps(analysis(info()), tmp_path / "maps.npz")).files
    every: tuple[Exporter | StudyExporter, ...] = (*EXPORTERS, *STUDY_EXPORTERS)
    wanted += [made.name for made in every]
    wanted += [suffix for made in every for suffix in made.suffixes]
    assert [name for name in wanted if f"`{name}`" not in reference] == []


def test_commands_on_the_page_can_be_parsed(page: str) -> None:
    lines = [line[2:] for line in page.splitlines() if line.startswith("$ skillviewer export ")]
    assert len(lines) >= 7
    for line in lines:
        _, _, *words = shlex.split(line)
        command: click.Command = export
        while isinstance(command, click.Group):
            found = command.get_command(click.Context(command), words.pop(0))
            assert found is not None, line
            command = found
        command.make_context(command.name, words, resilient_parsing=False)
