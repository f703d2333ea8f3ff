"""The page on exports: its examples run as they stand, and it names every column, key and array."""

import re
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest

from skillviewer.core import analysis_json
from skillviewer.export.exporters import EXPORTERS
from skillviewer.export.maps import export_maps
from skillviewer.export.rows import CurveRow, ScoreRow
from skillviewer.media.reader import VideoReader
from tests.export.analyses import analysis, info

PAGE = Path(__file__).resolve().parents[2] / "docs" / "export.md"
RECORDS = ("AnalysisRecord", "PassRecord", "AttentionRecord", "VideoRecord", "ProvenanceRecord")


@pytest.fixture(scope="module")
def page() -> str:
    return PAGE.read_text(encoding="utf-8")


def test_examples_run(tmp_path: Path, barcode_path: Path, page: str) -> None:
    examples = re.findall(r"```python\n(.*?)```", page, flags=re.DOTALL)
    with VideoReader(barcode_path) as reader:
        one, other = analysis(reader.info, passes=2), analysis(reader.info, model="other")
    names: dict[str, object] = {"video": barcode_path, "analysis": one, "other": other, "folder": tmp_path}
    for example in examples:
        exec(example, names)
    written = set(re.findall(r'folder / "([^"]+)"', page))
    assert {p.name for p in tmp_path.iterdir()} == written
    assert len(written) >= 10


def test_everything_that_is_written_is_described(tmp_path: Path, page: str) -> None:
    wanted = [f.name for kind in (ScoreRow, CurveRow) for f in fields(kind)]
    wanted += [key for record in RECORDS for key in getattr(analysis_json, record).__annotations__]
    wanted += np.load(export_maps(analysis(info()), tmp_path / "maps.npz")).files
    wanted += [made.name for made in EXPORTERS]
    wanted += [suffix for made in EXPORTERS for suffix in made.suffixes]
    assert [name for name in wanted if f"`{name}`" not in page] == []
