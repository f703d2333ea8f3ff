"""A video that the model does not know: every export says so with the model's name, and writes no number unasked."""

import csv
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from pypdf import PdfReader

from skillviewer.core.analysis.cohort import CohortMember
from skillviewer.export.analysed_video import AnalysedVideo
from skillviewer.export.exporters import exporter
from skillviewer.export.figures.score_curve import CurveOptions
from skillviewer.export.pictures.clip import clip_canvas, clip_title
from skillviewer.export.pictures.contact_sheet import SheetOptions
from skillviewer.export.pictures.picture_options import ClipOptions, StillOptions
from skillviewer.export.pictures.still import paint_still
from skillviewer.export.rendering.clip_canvas import Span
from skillviewer.export.reports.report import export_report
from skillviewer.export.reports.report_options import ReportOptions, StudyContext
from skillviewer.media.reading.reader import VideoReader
from tests.export.analyses import analysis, evidence

SENTENCE = "This model does not know such videos (tiny)."
SCORE = "+0.56"  # mean of the two passes after the last step


def video(reader: VideoReader, warning: str = "It is unlike the training videos.") -> AnalysedVideo:
    found = replace(analysis(reader.info, passes=2), warning=warning)
    return AnalysedVideo(found, "a square", reader, evidence=evidence(found))


def words(path: Path, page: int = 0) -> str:
    return " ".join(PdfReader(path).pages[page].extract_text().split())


@pytest.mark.parametrize(("name", "asked"), [("sheet", SheetOptions), ("curve", CurveOptions)])
def test_figures_say_so_in_place_of_the_score(
    tmp_path: Path, reader: VideoReader, name: str, asked: type[SheetOptions | CurveOptions]
) -> None:
    made, one = exporter(name), video(reader)
    hidden = words(made.export([one], tmp_path / "hidden.pdf", asked(dpi=72)))
    assert SENTENCE in hidden
    assert SCORE not in hidden
    shown = words(made.export([one], tmp_path / "shown.pdf", asked(unfamiliar_scores=True, dpi=72)))
    assert SENTENCE in shown
    assert SCORE in shown
    familiar = words(made.export([video(reader, "")], tmp_path / "familiar.pdf", asked(dpi=72)))
    assert SENTENCE not in familiar
    assert SCORE in familiar


@pytest.mark.parametrize("options", [ClipOptions(curve=True), StillOptions(curve=True)])
def test_clips_and_stills_say_so_above_the_strip(reader: VideoReader, options: ClipOptions | StillOptions) -> None:
    one = video(reader)
    assert clip_title([one.analysis], options) == SENTENCE
    assert clip_title([one.analysis], replace(options, title="Try 2")) == f"Try 2 · {SENTENCE}"
    canvas = clip_canvas([one], options, Span(0.0, 2.0))
    assert canvas.layout.title is not None
    assert clip_canvas([video(reader, "")], options, Span(0.0, 2.0)).layout.title is None
    assert canvas.format_score(0, 40) == "?"
    asked = clip_canvas([one], replace(options, unfamiliar_scores=True), Span(0.0, 2.0))
    assert asked.format_score(0, 40) != "?"


def test_a_still_hides_the_numbers_of_the_curve_too(reader: VideoReader) -> None:
    options = StillOptions(labels=False)
    hidden, shown = (paint_still([video(reader)], replace(options, unfamiliar_scores=on)) for on in (False, True))
    assert hidden.shape == shown.shape
    changed = np.flatnonzero((hidden != shown).any(axis=(0, 2)))
    assert 0 < len(changed) < hidden.shape[1] / 4, "only the numbers at the axis"


def test_the_first_page_of_the_report_says_so(tmp_path: Path, reader: VideoReader) -> None:
    known = StudyContext(others=tuple(CohortMember(f"v{i}", i / 10) for i in range(24)))
    export_report(video(reader), tmp_path / "hidden.pdf", ReportOptions(study_context=known))
    first = words(tmp_path / "hidden.pdf")
    assert SENTENCE in first
    assert "percentile" not in first
    assert SCORE not in first
    export_report(video(reader), tmp_path / "shown.pdf", ReportOptions(study_context=known, unfamiliar_scores=True))
    assert SENTENCE in words(tmp_path / "shown.pdf")
    assert SCORE in words(tmp_path / "shown.pdf")
    export_report(video(reader), tmp_path / "page.html", ReportOptions(study_context=known))
    page = (tmp_path / "page.html").read_text()
    assert SENTENCE in page
    assert SCORE not in page


def test_tables_keep_the_number_with_a_field_that_says_so(tmp_path: Path, reader: VideoReader) -> None:
    exporter("scores").export([video(reader)], tmp_path / "scores.json")
    (row,) = json.loads((tmp_path / "scores.json").read_text())
    assert (row["unfamiliar"], row["model"]) == (True, "tiny")
    assert row["score"] == pytest.approx(0.5625)
    exporter("timeline").export([video(reader)], tmp_path / "timeline.csv")
    rows = csv.DictReader((tmp_path / "timeline.csv").read_text(encoding="utf-8-sig").splitlines())
    said = {(row["tier"], row["model"]) for row in rows if row["text"] == SENTENCE}
    assert said == {(tier, "tiny") for tier in ("moments of the model", "score", "evidence")}
