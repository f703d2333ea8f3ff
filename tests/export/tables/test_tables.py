"""Tables read back: by hand, by pandas without arguments, and against their schema."""

import csv
import json
from dataclasses import asdict, fields, replace
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import numpy as np
import pandas as pd
import pytest

from skillviewer.core.analysis.analysis import MapKind, MapRect
from skillviewer.core.analysis.analysis_json import AnalysisRecord
from skillviewer.core.analysis.calibration import CalibratedScore
from skillviewer.core.dataset.pairs import Judgement, Verdict
from skillviewer.core.errors import ExportError
from skillviewer.core.ratings.rated_item import RatedItem
from skillviewer.core.study_log import LogRow
from skillviewer.core.timelines.annotation import Annotation
from skillviewer.core.timelines.labels import LabelAgreement, LabelCount
from skillviewer.export.analysed_video import AnalysedVideo
from skillviewer.export.tables.rows import CurveRow, ScoreRow, curve_rows
from skillviewer.export.tables.tables import (
    TABLES,
    export_comparison,
    export_curves,
    export_evidence,
    export_maps,
    export_record,
    export_scores,
    export_table,
    table_schema,
)
from tests.export.analyses import analysis, evidence, info


def test_scores_read_back_with_pandas_without_arguments(tmp_path: Path) -> None:
    one = analysis(info(path='videos/größe, "a".mp4'), passes=3)
    two = analysis(info(path="videos/two\nlines.mp4"), shift=1.0)
    for suffix, read in ((".csv", pd.read_csv), (".json", pd.read_json)):
        frame = read(export_scores([one, two], tmp_path / f"scores{suffix}"))
        assert list(frame.columns) == [f.name for f in fields(ScoreRow)]
        assert frame["video"].tolist() == ['größe, "a".mp4', "two\nlines.mp4"]
        assert frame["score"].tolist() == [0.5 + 1 / 8, 1.5]
        assert frame["n_frames"].tolist() == [60, 60]
        # Student's t of 2 degrees of freedom, three passes 1/8 apart
        half = 4.302652729911275 * 0.125 * np.sqrt(4 / 3)
        assert frame["interval_high"][0] == pytest.approx(0.625 + half, rel=1e-9)
        assert np.isnan(frame["interval_low"][1])


def test_scores_bring_their_rating_or_the_reason_for_none(tmp_path: Path) -> None:
    rated = CalibratedScore("Flow", words="41 of 60 (35 to 48)", rating=41.2, low=35.5, high=47.5, level=0.9)
    refused = CalibratedScore("Flow", refusal="Nine people are too few.")
    analyses = [replace(analysis(info()), scaled=scaled) for scaled in (rated, refused, None)]
    frame = pd.read_csv(export_scores(analyses, tmp_path / "scores.csv"), keep_default_na=False)
    columns = ["criterion", "rating", "rating_low", "rating_high", "rating_refusal"]
    assert [list(map(str, frame[columns].iloc[row])) for row in range(3)] == [
        ["Flow", "41.2", "35.5", "47.5", ""],
        ["Flow", "", "", "", "Nine people are too few."],
        ["", "", "", "", ""],
    ]


def test_curves_have_a_row_for_every_step_of_every_pass(tmp_path: Path) -> None:
    one = analysis(info(), passes=2)
    frame = pd.read_csv(export_curves([one, analysis(info(), model="other")], tmp_path / "curves.csv"))
    assert len(frame) == 2 * 5 + 5
    assert list(frame.columns) == [f.name for f in fields(CurveRow)]
    second = frame[(frame["pass_index"] == 1) & (frame["model"] == "tiny")]
    assert second["frame"].tolist() == one.samples[1].tolist()
    assert second["score"].tolist() == [-0.375, -0.125, 0.125, 0.375, 0.625]
    assert second["time_s"].to_numpy() == pytest.approx(one.samples[1] / 30)
    assert second["segment_stop"].tolist() == one.segment_stops.tolist()


def test_peak_lies_at_the_centre_of_its_cell_within_the_rectangle_of_the_map() -> None:
    rows = curve_rows([analysis(info(), rect=MapRect(0.1, 0.2, 0.9, 0.8))])
    # step 1 has its peak in row 0, column 1 of 3 rows and 4 columns; 6 of 17
    assert rows[1].peak_x == pytest.approx(0.1 + 1.5 / 4 * 0.8)
    assert rows[1].peak_y == pytest.approx(0.2 + 0.5 / 3 * 0.6)
    assert rows[1].peak == pytest.approx(6 / 17)
    assert curve_rows([analysis(info(), kind=MapKind.NONE)])[0].peak is None


def test_csv_is_utf8_with_dot_decimals_and_takes_names_that_are_no_unicode(tmp_path: Path) -> None:
    path = export_scores([analysis(info(path="v/\udcff手術.mp4"))], tmp_path / "a b ü.csv")
    text = path.read_bytes().decode("utf-8")
    rows = list(csv.DictReader(text.splitlines()))
    assert rows[0]["score"] == "0.5"
    assert rows[0]["video"] == r"\udcff手術.mp4"


def test_a_name_that_a_spreadsheet_would_run_is_text_in_csv_and_as_it_is_in_json(tmp_path: Path) -> None:
    said = Judgement("=HYPERLINK(1)", "a\rb", Verdict.RIGHT, "@Ann")
    path = export_table("judgements", tmp_path / "said.csv", [said])
    with path.open(encoding="utf-8", newline="") as file:
        (row,) = csv.DictReader(file)
    assert (row["left"], row["right"], row["rater"]) == ("'=HYPERLINK(1)", "a\nb", "'@Ann")
    assert row["verdict"] == "-1", "a number"
    (record,) = json.loads(export_table("judgements", tmp_path / "said.json", [said]).read_text(encoding="utf-8"))
    assert (record["left"], record["rater"]) == ("=HYPERLINK(1)", "@Ann")


def test_json_is_the_rows(tmp_path: Path) -> None:
    one = analysis(info(path="v/\udcff.mp4"))
    rows = json.loads(export_curves([one], tmp_path / "curves.json").read_text(encoding="utf-8"))
    assert rows == [asdict(row) for row in curve_rows([one])]


RATED = RatedItem("a", "Ann", "flow", None, "first", None, 3.5, 0.5, 1.0, None, "calm", None)
AGREED = LabelAgreement("slip", "Ann", "Bo", 0.5, None, None, 2, 3, 1, 20, 1.0, 0.5)
SLIP = Annotation("moments", 0.2, 0.4, "slip", "Ann")


def test_every_table_fits_its_schema(tmp_path: Path) -> None:
    one, other = analysis(info(), passes=2), analysis(info(), model="other")
    votes = [
        Judgement("a", "b", Verdict.LEFT, "Ann", datetime(2026, 1, 2, tzinfo=UTC), 12.5, 0.75),
        Judgement("b", "c", Verdict.NEITHER, "Bo"),
    ]
    compared = [
        AnalysedVideo(analysis(info(path=f"{name}.mp4"), shift=shift, model=model))
        for model in ("one", "other")
        for name, shift in (("a", 0.0), ("b", 1.0), ("c", 2.0))
    ]
    made = {
        "comparison-frames": export_table("comparison-frames", tmp_path / "12.json", [one, other]),
        "model-agreement": export_table("model-agreement", tmp_path / "13.json", compared),
        "model-ranks": export_table("model-ranks", tmp_path / "14.json", compared),
        "scores": export_scores([one, other], tmp_path / "1.json"),
        "curves": export_curves([one], tmp_path / "2.json"),
        "evidence": export_evidence([(one, evidence(one))], tmp_path / "3.json"),
        "comparison": export_comparison([one, other], tmp_path / "4.json"),
        "judgements": export_table("judgements", tmp_path / "5.json", votes),
        "strengths": export_table("strengths", tmp_path / "6.json", votes),
        "log": export_table("log", tmp_path / "7.json", [LogRow("2026-01-02", "Ann", "vote", "a – b", "left better")]),
        "rated-items": export_table("rated-items", tmp_path / "11.json", [RATED]),
        "labels": export_table("labels", tmp_path / "8.json", [LabelCount("a", "Ann", "slip", 2, 0.5)]),
        "label-agreement": export_table("label-agreement", tmp_path / "9.json", [AGREED]),
        "timeline": export_table(
            "timeline", tmp_path / "10.json", [AnalysedVideo(one, annotations=(SLIP,))], ["moments"]
        ),
    }
    assert set(made) == {kind.name for kind in TABLES if not kind.is_single_object}
    for name, path in made.items():
        schema, rows = table_schema(name), json.loads(path.read_text(encoding="utf-8"))
        (row_schema,) = schema["$defs"].values()
        assert rows
        for row in rows:
            assert set(row) == set(row_schema["properties"]) == set(row_schema["required"])
        kind = next(kind.row_class for kind in TABLES if kind.name == name)
        msgspec.json.decode(path.read_bytes(), type=list[kind], strict=True)  # type: ignore[valid-type]


def test_every_table_reads_into_pandas_and_back_to_the_same_numbers(tmp_path: Path) -> None:
    one = analysis(info(), passes=2)
    frame = pd.read_csv(export_evidence([(one, evidence(one))], tmp_path / "e.csv"))
    segments = frame[(frame["part"] == "segment") & (frame["pass_index"] == 1)]
    assert segments["contribution"].to_numpy() == pytest.approx(np.arange(5) / 10)
    cells = frame[(frame["part"] == "cell") & (frame["pass_index"] == 0)]
    assert cells["contribution"].to_numpy() == pytest.approx((cells["grid_row"] - cells["grid_column"]) / 10)
    votes = [Judgement("a", "b", Verdict.LEFT, "Ann"), Judgement("b", "c", Verdict.LEFT, "Ann")]
    strengths = pd.read_csv(export_table("strengths", tmp_path / "s.csv", votes))
    assert strengths["video"].tolist() == ["a", "b", "c"]
    assert strengths["n_comparisons"].tolist() == [1, 2, 1]
    assert strengths["strength"].sum() == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize(
    "name", ["scores", "curves", "evidence", "comparison", "judgements", "strengths", "rated-items", "log"]
)
def test_a_schema_describes_every_column(name: str) -> None:
    (row,) = table_schema(name)["$defs"].values()
    assert [column for column in row["properties"] if f"{column}:" not in row["description"]] == []


@pytest.mark.parametrize("kind", list(MapKind))
def test_record_fits_its_schema(tmp_path: Path, kind: MapKind) -> None:
    one = analysis(info(), passes=2, kind=kind)
    data = export_record(one, tmp_path / "one.json").read_bytes()
    record = msgspec.json.decode(data, type=AnalysisRecord)
    assert set(json.loads(data)) == set(AnalysisRecord.__annotations__)
    assert record["score"] == record["score_curve"][-1] == 0.5625
    assert record["sampled_frames"] == one.samples[0].tolist()
    assert record["passes"][1]["score_curve"][0] == -0.375
    assert ("peak_x" in record["attention"]) == (kind is not MapKind.NONE)


def test_maps_read_back_without_pickle(tmp_path: Path) -> None:
    one = analysis(info(), passes=2, kind=MapKind.SIGNED, rect=MapRect(0.1, 0.2, 0.9, 0.8))
    with np.load(export_maps(one, tmp_path / "maps.npz"), allow_pickle=False) as arrays:
        np.testing.assert_array_equal(arrays["attention"], one.attention)
        np.testing.assert_array_equal(arrays["frames"], one.samples)
        np.testing.assert_array_equal(arrays["times_s"], one.times_s)
        np.testing.assert_array_equal(arrays["scores"], one.score_curve)
        np.testing.assert_array_equal(arrays["segment_stops"], one.segment_stops)
        assert str(arrays["map_kind"]) == "signed product"
        assert arrays["map_rect"].tolist() == [0.1, 0.2, 0.9, 0.8]
        assert arrays["picture_px"].tolist() == [160, 96]
        assert json.loads(str(arrays["about"]))["provenance"]["model"] == "tiny"
        assert export_maps.__doc__ is not None
        assert all(f"``{name}``" in export_maps.__doc__ for name in arrays.files)


def test_full_disk_is_told_in_a_sentence_and_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_args: object, **_names: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_text", full)
    with pytest.raises(ExportError, match=r"one\.json could not be written: No space left on device\.$"):
        export_record(analysis(info()), tmp_path / "one.json")
    assert list(tmp_path.iterdir()) == []
