"""Files whose reading once grew with the square of their size: read in a few seconds, or refused with the limit."""

import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest

from skillviewer.core.errors import DatasetError
from skillviewer.data.ratings.mapped_table import open_table
from skillviewer.data.ratings.rating_table import MAX_CELLS
from skillviewer.data.ratings.workbook import MAX_COPIED, MAX_FORMULA, MAX_TEXT
from skillviewer.data.tables.csv_tables import MAX_COLUMNS
from skillviewer.data.timelines.timeline_formats import read_timeline
from tests.data.files import touch, write
from tests.hostile.limits import memory_limit, processor_limit

N = 20_000
TEXT_GRID = '"ooTextFile" "TextGrid" 0 1 <exists> 1 "IntervalTier" "x" 0 1 1 0 1 "'
SHEET = (
    '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>{}</sheetData></worksheet>'
)


def eaf() -> str:
    first = "<ALIGNABLE_ANNOTATION ANNOTATION_ID='a0' TIME_SLOT_REF1='t0' TIME_SLOT_REF2='t1'/>"
    others = [f"<REF_ANNOTATION ANNOTATION_ID='a{n}' ANNOTATION_REF='a{n - 1}'/>" for n in range(1, N)]
    rows = "".join(f"<ANNOTATION>{row}</ANNOTATION>" for row in [*reversed(others), first])
    slots = "".join(f"<TIME_SLOT TIME_SLOT_ID='t{n}' TIME_VALUE='{n}'/>" for n in range(2))
    return f"<ANNOTATION_DOCUMENT><TIME_ORDER>{slots}</TIME_ORDER><TIER TIER_ID='t'>{rows}</TIER></ANNOTATION_DOCUMENT>"


def boris() -> str:
    events = [[float(n), f"s{n}", "drop", "", ""] for n in range(3 * N)]
    return json.dumps({"observations": {"o": {"events": events, "file": {"1": ["a.mp4"]}}}})


TIMELINES: dict[str, tuple[Callable[[], str], int]] = {
    "cues.vtt": (lambda: "WEBVTT\n" + "00:01.000 --> 00:02.000\nx\n" * N, N),
    "cues.srt": (lambda: "1\n00:00:01,000 --> 00:00:02,000\nx\n" * N, N),
    "chain.eaf": (eaf, N),
    "subjects.boris": (boris, 3 * N),
}


@pytest.mark.parametrize("name", TIMELINES)
def test_a_long_timeline_is_read_whole(tmp_path: Path, name: str) -> None:
    content, n = TIMELINES[name]
    path = write(tmp_path / name, content())
    with processor_limit(10.0), memory_limit(1 << 30):
        assert len(read_timeline(path, "a.mp4").annotations) == n


def test_an_open_quotation_mark_costs_no_more_than_the_file(tmp_path: Path) -> None:
    path = write(tmp_path / "open.TextGrid", TEXT_GRID + "x" * (30 << 20))
    with processor_limit(10.0), memory_limit(1 << 30), pytest.raises(DatasetError, match="not closed"):
        read_timeline(path)


def test_a_table_with_many_columns_is_read(tmp_path: Path) -> None:
    touch(tmp_path, ["a.mp4", "b.mp4"])
    titles = [f"Flow (R{n})" for n in range(MAX_COLUMNS // 4)] + ["Grip"] * (MAX_COLUMNS // 8)
    rows = [["video", *titles], *([name, *["3"] * len(titles)] for name in "ab")]
    path = write(tmp_path / "wide.csv", "\n".join(map(",".join, rows)))
    with processor_limit(10.0), memory_limit(1 << 30):
        rated, _ = open_table(path, tmp_path).read()
    assert len(rated.ratings.ratings) == 2 * len(titles)
    assert len(rated.ratings.scales) == 1 + MAX_COLUMNS // 8


def test_each_level_of_many_is_found_at_once(tmp_path: Path) -> None:
    touch(tmp_path, [f"v{n}.mp4" for n in range(500)])
    rows = [f"v{n % 500},Flow,{n} - level {n}" for n in range(10_000)]
    path = write(tmp_path / "levels.csv", "\n".join(["video,item,rating", *rows]))
    with processor_limit(20.0), memory_limit(1 << 30), pytest.raises(DatasetError):
        open_table(path, tmp_path).read()


@pytest.mark.parametrize(
    "rows",
    [
        [",".join(map(str, range(MAX_COLUMNS + 1))), "1,2"],
        [",".join(map(str, range(10_000))), *["1,2"] * (MAX_CELLS // 10_000 + 1)],
        ["a,," + "," * 200_000, "x," * 200_000, "1," * 200_000],
        [",".join("c" * 1_000_000), ",".join("1" * 1_000_000)],
    ],
    ids=["wide", "ragged", "two rows of titles", "million"],
)
def test_a_table_that_is_too_wide_is_refused_with_the_limit(tmp_path: Path, rows: list[str]) -> None:
    path = write(tmp_path / "wide.csv", "\n".join(rows))
    with processor_limit(10.0), memory_limit(1 << 30), pytest.raises(DatasetError, match=f"{MAX_COLUMNS:,}"):
        open_table(path, tmp_path)


def workbook(path: Path, cells: str, strings: str = "") -> Path:
    """Write a workbook whose sheet and shared strings are given in XML."""
    openpyxl.Workbook().save(path)
    with zipfile.ZipFile(path) as made:
        parts = {name: made.read(name).decode() for name in made.namelist()}
    parts["xl/worksheets/sheet1.xml"] = SHEET.format(cells)
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"
    override = f'<Override PartName="/xl/sharedStrings.xml" ContentType="{kind}"/></Types>'
    types = parts["[Content_Types].xml"]
    parts["[Content_Types].xml"] = types if kind in types else types.replace("</Types>", override)
    space = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    parts["xl/sharedStrings.xml"] = f'<sst xmlns="{space}">{strings}</sst>'
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in parts.items():
            made.writestr(name, content)
    return path


def test_cells_that_share_a_long_text_are_refused_with_the_limit(tmp_path: Path) -> None:
    cells = "".join(f'<row r="{n}"><c r="A{n}" t="s"><v>0</v></c></row>' for n in range(1, 3_000))
    path = workbook(tmp_path / "a.xlsx", cells, f"<si><t>{'é' * 30_000}</t></si>")
    assert path.stat().st_size < 100_000
    with processor_limit(10.0), memory_limit(1 << 30), pytest.raises(DatasetError, match=f"{MAX_TEXT:,}"):
        open_table(path, tmp_path)


@pytest.mark.parametrize(("length", "n", "limit"), [(2_000, 5_000, MAX_COPIED), (50_000, 2, MAX_FORMULA)])
def test_long_formulas_are_refused_with_the_limit(tmp_path: Path, length: int, n: int, limit: int) -> None:
    formula = "+".join(["A1"] * (length // 3))
    first = f'<row r="1"><c r="A1"><f t="shared" si="0" ref="A1:A{n}">{formula}</f><v>1</v></c></row>'
    others = "".join(f'<row r="{k}"><c r="A{k}"><f t="shared" si="0"/><v>1</v></c></row>' for k in range(2, n))
    path = workbook(tmp_path / "a.xlsx", first + others)
    with processor_limit(10.0), memory_limit(1 << 30), pytest.raises(DatasetError, match=f"{limit:,}"):
        open_table(path, tmp_path)
