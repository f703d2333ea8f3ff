"""A comparison on paper: the numbers of every two models as a table, and panes of one frame as a figure."""

import csv
import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, NoReturn, cast

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from skillviewer.core.analysis.analysis import Analysis, MapKind
from skillviewer.core.analysis.difference import uniform_baseline
from skillviewer.core.analysis.map_comparison import compare_video
from skillviewer.core.analysis.map_style import ColourLimits, MapStyle, Overlay
from skillviewer.core.errors import Cancelled, ExportError
from skillviewer.core.faces.blurring_text import LOOK_THROUGH
from skillviewer.core.faces.faces import FaceBox, Faces
from skillviewer.core.paths import HOME_VARIABLE
from skillviewer.core.progress import CancelToken, Report, silent
from skillviewer.data.faces_file import FaceStore
from skillviewer.engine.exporting.service import ExportService
from skillviewer.export.analysed_video import AnalysedVideo
from skillviewer.export.exporters import exporter
from skillviewer.export.figures.comparison import ComparedOptions, _ComparisonFigure, export_compared
from skillviewer.export.pictures.clip import export_clip
from skillviewer.export.pictures.contact_sheet import SheetOptions, export_sheet
from skillviewer.export.pictures.picture_options import ClipOptions, StillOptions
from skillviewer.export.pictures.still import paint_still
from skillviewer.export.tables.model_rows import frame_rows
from skillviewer.export.tables.tables import export_table
from skillviewer.media.reading.reader import VideoReader
from skillviewer.ui.comparing.comparison_saver import ComparisonSaver
from tests.export.analyses import analysis, even_maps, info

if TYPE_CHECKING:
    from skillviewer.ui.comparing.compared_models import ComparedModel
    from skillviewer.ui.session.app_context import AppContext
    from skillviewer.ui.widgets.dialogs import Dialogs

KINDS = (MapKind.DISTRIBUTION, MapKind.GATE, MapKind.SIGNED, MapKind.NONE)


def models(video_of: Path | None = None, n: int = 3) -> list[Analysis]:
    if video_of is None:
        video = info()
    else:
        with VideoReader(video_of) as reader:
            video = reader.info
    return [
        analysis(video, kind=KINDS[i % 4], model=f"model {i + 1}", shift=i / 3, grid=(3 + i % 2, 4)) for i in range(n)
    ]


def no_models() -> NoReturn:
    raise AssertionError("no model is needed")


def videos(video: Path, n: int = 3) -> list[AnalysedVideo]:
    return [AnalysedVideo(a, a.provenance.model) for a in models(video, n)]


def test_every_two_models_have_a_row_for_the_video_and_one_for_every_frame() -> None:
    three = models()
    rows = frame_rows(three)
    pairs = [(row.first_model, row.second_model) for row in rows if row.frame is None]
    assert pairs == [("model 1", "model 2"), ("model 1", "model 3"), ("model 2", "model 3")]
    truth = compare_video(three[0], three[1])
    mine = [row for row in rows if (row.first_model, row.second_model) == ("model 1", "model 2")]
    assert [row.frame for row in mine[1:]] == truth.frames.tolist()
    assert mine[0].correlation == truth.mean.correlation
    assert mine[1].similarity == truth.numbers[0].similarity
    assert mine[1].time_s == three[0].video.times_s[truth.frames[0]]
    assert (mine[0].first_map, mine[0].second_map) == ("distribution", "gate")


def test_a_table_reads_into_pandas_as_it_is(tmp_path: Path) -> None:
    path = export_table("comparison-frames", tmp_path / "bär, und.csv", models())
    table = pd.read_csv(path)
    assert len(table) == len(frame_rows(models()))
    assert table["similarity"].between(0, 1).all()
    assert table["frame"].isna().sum() == 3
    text = path.read_bytes()
    assert b"\r" not in text
    assert b"nan" not in text.lower()


def test_numbers_that_are_not_defined_are_empty(tmp_path: Path) -> None:
    one = models()[0]
    path = export_table("comparison-frames", tmp_path / "c.csv", [one, uniform_baseline(one, "Uniform")])
    with path.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert {row["correlation"] for row in rows} == {""}, "a constant map correlates with nothing"
    assert all(math.isfinite(float(row["similarity"])) for row in rows)


def test_one_model_is_no_comparison(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="two models"):
        export_table("comparison-frames", tmp_path / "c.csv", models()[:1])
    assert list(tmp_path.iterdir()) == []


def test_models_of_two_videos_are_refused(tmp_path: Path) -> None:
    first, second = models()[:2]
    other = replace(second, video=replace(second.video, digest="f" * 64))
    with pytest.raises(ExportError, match="same video"):
        export_table("comparison-frames", tmp_path / "c.csv", [first, other])
    assert list(tmp_path.iterdir()) == []


def test_a_file_is_written_over_only_when_asked(tmp_path: Path) -> None:
    path = tmp_path / "c.csv"
    path.write_text("mine", encoding="utf-8")
    with pytest.raises(ExportError, match=r"c\.csv"):
        export_table("comparison-frames", path, models())
    assert path.read_text(encoding="utf-8") == "mine"
    export_table("comparison-frames", path, models(), overwrite=True)
    assert path.read_text(encoding="utf-8").startswith("video,")
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("n", [1, 2, 4, 9])
def test_a_figure_has_the_width_that_was_asked_for(barcode_path: Path, tmp_path: Path, n: int) -> None:
    options = ComparedOptions(30, MapStyle(scale=ColourLimits.COMMON), width_mm=120, dpi=100)
    path = export_compared(videos(barcode_path, n), tmp_path / "f.png", options)
    with Image.open(path) as image:
        assert abs(image.width - 120 / 25.4 * 100) <= 1
        assert image.convert("RGB").getpixel((1, 1)) == (255, 255, 255)
        pixels = np.asarray(image.convert("RGB"))
    assert pixels.std() > 10


@pytest.mark.parametrize("suffix", [".png", ".pdf", ".svg"])
def test_every_kind_of_figure_with_the_difference(barcode_path: Path, tmp_path: Path, suffix: str) -> None:
    options = ComparedOptions(30, MapStyle(scale=ColourLimits.COMMON), less=(0, 1), width_mm=120, dpi=80)
    path = export_compared(videos(barcode_path), tmp_path / f"f{suffix}", options)
    start = {".png": b"\x89PNG", ".pdf": b"%PDF", ".svg": b"<?xml"}[suffix]
    assert path.read_bytes().startswith(start)
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


def test_a_model_without_a_map_has_no_numbers_and_no_difference(barcode_path: Path, tmp_path: Path) -> None:
    pypdf = pytest.importorskip("pypdf")
    options = ComparedOptions(30, MapStyle(scale=ColourLimits.COMMON), less=(0, 3), dpi=60)
    path = export_compared(videos(barcode_path, 4), tmp_path / "f.pdf", options)
    text = pypdf.PdfReader(path).pages[0].extract_text()
    assert "1 less 4" in text
    assert "one of them has no map" in text
    row = next(r for r in frame_rows(models(n=4)) if r.frame is None and r.second_map == "none")
    assert (row.correlation, row.similarity, row.centre_distance, row.second_entropy) == (None,) * 4
    assert row.first_entropy is not None


def test_words_of_one_pane_never_reach_into_the_next(barcode_path: Path) -> None:
    names = [f"{n} knots of the whole group, fine-tuned on the votes of May v12" for n in range(5)]
    with VideoReader(barcode_path) as reader:
        said = [analysis(reader.info, kind=KINDS[n % 3], passes=4, shift=-100.0 * n) for n in range(5)]
    seen = [AnalysedVideo(a, name) for a, name in zip(said, names, strict=True)]
    page = _ComparisonFigure(seen, ComparedOptions(20, MapStyle(scale=ColourLimits.VIDEO)))
    figure = page.draw()
    widest = (page._pane_width_mm + 1) / 25.4 * figure.dpi  # panes stand 2 mm apart
    told = [text for text in figure.texts if "score" in text.get_text() or "knots" in text.get_text()]
    assert len(told) > 10
    for text in told:
        if "each on a scale" not in text.get_text():
            assert text.get_window_extent().width <= widest, text.get_text()
    assert any("colours" in text.get_text() and "−399" in text.get_text() for text in told), "no number is cut"


def test_a_pane_says_that_attention_was_spread_evenly(barcode_path: Path) -> None:
    clear, *_ = models(barcode_path, 1)
    seen = [AnalysedVideo(clear, "clear"), AnalysedVideo(even_maps(clear), "even")]
    said = [
        text.get_text()
        for text in _ComparisonFigure(seen, ComparedOptions(30, MapStyle(scale=ColourLimits.VIDEO))).draw().texts
    ]
    assert [text.partition(" \N{MIDDLE DOT}")[0] for text in said if text.startswith("distribution")] == [
        "distribution",
        "distribution, spread evenly",
    ]


def test_the_words_of_a_pdf_can_be_searched(barcode_path: Path, tmp_path: Path) -> None:
    pypdf = pytest.importorskip("pypdf")
    options = ComparedOptions(30, MapStyle(scale=ColourLimits.COMMON), less=(0, 1), dpi=60)
    path = export_compared(videos(barcode_path), tmp_path / "f.pdf", options)
    text = pypdf.PdfReader(path).pages[0].extract_text()
    for words in ("model 1", "1 less 2", "frame 31 of 60", "each on a scale of its own"):
        assert words in text


@pytest.mark.parametrize("frame", [9, 10, 19, 20])
def test_faces_are_blurred_in_every_pane_in_their_frames_alone(barcode_path: Path, tmp_path: Path, frame: int) -> None:
    pypdf = pytest.importorskip("pypdf")
    with VideoReader(barcode_path) as reader:
        info = reader.info
    faces = Faces(info.digest, info.n_frames).with_drawn(FaceBox(0, 0, 1, 1), 10, 10, 20)
    shown = [replace(e, faces=faces) if at == 1 else e for at, e in enumerate(videos(barcode_path))]
    options = ComparedOptions(frame, MapStyle(overlay=Overlay.OFF), width_mm=120, dpi=100)
    steps = {}
    for blurs in (False, True):
        path = exporter("compared").export(shown, tmp_path / f"{blurs}.pdf", replace(options, blur_faces=blurs))
        (page,) = pypdf.PdfReader(path).pages
        panes = [np.asarray(i.image.convert("L"), int) for i in page.images if i.image.height > 80]
        assert len(panes) == 3
        steps[blurs] = [np.abs(np.diff(pane, axis=1)).max() for pane in panes]
    assert min(steps[False]) > 150
    assert max(steps[True]) < 30 if 10 <= frame < 20 else min(steps[True]) > 150


def test_looking_for_faces_can_be_cancelled_and_leaves_nothing(barcode_path: Path, tmp_path: Path) -> None:
    token = CancelToken()
    options = ComparedOptions(30, MapStyle(), dpi=60, blur_faces=True)
    with pytest.raises(Cancelled):
        exporter("compared").export(
            videos(barcode_path), tmp_path / "f.png", options, token=token, report=lambda _progress: token.cancel()
        )
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("blurs", [False, True])
def test_saving_the_panes_blurs_the_faces_that_are_kept(
    qtbot: QtBot, barcode_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, blurs: bool
) -> None:
    monkeypatch.setenv(HOME_VARIABLE, str(tmp_path / "home"))
    two = models(barcode_path, 2)
    FaceStore().put(Faces(two[0].video.digest, 60).with_drawn(FaceBox(0, 0, 1, 1), 30, 0, 60))
    said: list[str] = []

    def submit(work: Callable[[object, CancelToken, Report], object]) -> SimpleNamespace:
        with ExportService(no_models) as service:
            made = work(service, CancelToken(), silent)
        return SimpleNamespace(then=lambda *, succeeded, failed: succeeded(made))  # noqa: ARG005

    worker = SimpleNamespace(submit=submit)
    app_context = SimpleNamespace(
        preview_worker=worker,
        playback=SimpleNamespace(frame=30),
        videos={},
        messages=SimpleNamespace(note=said.append, fail=id),
        jobs=SimpleNamespace(follow=lambda *_: None),
        studies=SimpleNamespace(current_study=None),
    )
    over = QWidget()
    qtbot.addWidget(over)
    dialogs = SimpleNamespace(save=lambda *_: tmp_path / "f.png")
    rows = tuple(
        SimpleNamespace(complete_analysis=a, key=a.provenance.model, name=a.provenance.model, is_uniform=False)
        for a in two
    )
    saving = ComparisonSaver(cast("AppContext", app_context), over)
    look = MapStyle(overlay=Overlay.OFF)
    saving.figure(cast("Dialogs", dialogs), cast("tuple[ComparedModel, ...]", rows), look, None, blur_faces=blurs)
    with Image.open(tmp_path / "f.png") as image:
        page = np.asarray(image.convert("L"), int)
    top, left = round(13 / 25.4 * 300), round(6 / 25.4 * 300)  # inside the first pane, of 86 x 51 mm
    inside = page[top : top + 400, left : left + 900]
    assert (np.abs(np.diff(inside, axis=1)).max() < 30) == blurs
    assert said[0].startswith(f"Saved: {tmp_path / 'f.png'}")
    assert (
        ("only boxes drawn by hand are blurred, in 60 of 60 frames." in said[0]) == (LOOK_THROUGH in said[0]) == blurs
    )


def test_a_writer_refuses_to_show_faces_that_nothing_searched_for(barcode_path: Path, tmp_path: Path) -> None:
    shown = videos(barcode_path)
    with pytest.raises(ExportError, match="Faces of"):
        export_compared(shown, tmp_path / "f.png", ComparedOptions(30, blur_faces=True))
    with pytest.raises(ExportError, match="Faces of"):
        export_clip(barcode_path, shown[0].analysis, tmp_path / "f.mp4", ClipOptions(blur_faces=True))
    with pytest.raises(ExportError, match="Faces of"):
        export_sheet(shown, tmp_path / "f.png", SheetOptions(blur_faces=True))
    with pytest.raises(ExportError, match="Faces of"):
        paint_still(shown, StillOptions(blur_faces=True))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("less", [(0,), (0, 0), (0, 3), (0, 1, 2)])
def test_a_difference_is_of_two_models_that_are_shown(barcode_path: Path, tmp_path: Path, less: tuple[int]) -> None:
    with pytest.raises(ExportError, match="difference"):
        export_compared(videos(barcode_path), tmp_path / "f.png", ComparedOptions(30, less=less))


def test_a_figure_is_of_one_video(barcode_path: Path, tmp_path: Path) -> None:
    first, second, *_ = videos(barcode_path)
    other = replace(second.analysis, video=replace(second.analysis.video, digest="f" * 64))
    with pytest.raises(ExportError, match="one video"):
        export_compared([first, AnalysedVideo(other)], tmp_path / "f.png")


def test_what_cannot_be_drawn_is_said(barcode_path: Path, tmp_path: Path) -> None:
    look = MapStyle(scale=ColourLimits.COMMON)
    with pytest.raises(ExportError, match="no model"):
        export_compared([], tmp_path / "f.png", ComparedOptions(0, look))
    with pytest.raises(ExportError, match="no frame 60"):
        export_compared(videos(barcode_path), tmp_path / "f.png", ComparedOptions(60, look))
    with pytest.raises(ExportError):
        export_compared(videos(barcode_path), tmp_path / "f.docx", ComparedOptions(0, look))
    assert list(tmp_path.iterdir()) == []
