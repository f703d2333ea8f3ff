"""Contact sheets read back, pixel by pixel."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from skillviewer.core.analysis.analysis import MapKind
from skillviewer.core.analysis.map_style import ColourLimits, MapStyle
from skillviewer.core.analysis.scene import clipped_limit, resolve
from skillviewer.core.analysis.score_text import SPREAD_EVENLY_TEXT
from skillviewer.core.errors import Cancelled, ExportError
from skillviewer.core.progress import CancelToken, Progress
from skillviewer.export.analysed_video import AnalysedVideo
from skillviewer.export.pictures.contact_sheet import SheetOptions, evenly_spread, export_sheet
from skillviewer.media.overlay.painter import paint
from skillviewer.media.reading.reader import VideoReader
from tests.export.analyses import analysis, even_maps, info
from tests.videos import read_barcode


def test_evenly_spread_ends_at_the_last_and_is_even() -> None:
    one = analysis(info(200), n_segments=25)
    assert evenly_spread(one, 25).tolist() == one.samples[0].tolist()
    assert evenly_spread(one, 5).tolist() == one.samples[0][[4, 9, 14, 19, 24]].tolist()
    assert evenly_spread(one, 1).tolist() == [one.samples[0][24]]
    steps = np.diff(np.searchsorted(one.samples[0], evenly_spread(one, 8)))
    assert set(steps.tolist()) <= {3, 4}
    # fewer frames than segments: the same frame is not shown twice
    assert len(evenly_spread(analysis(info(3), n_segments=25), 8)) == 3


def find(page: np.ndarray, picture: np.ndarray) -> tuple[int, int]:
    """Return (left, top) where a picture lies on a page, pixel for pixel."""
    h, w = picture.shape[:2]
    first = (page[: page.shape[0] - h + 1, : page.shape[1] - w + 1] == picture[0, 0]).all(axis=-1)
    for top, left in np.argwhere(first):
        if (page[top : top + h, left : left + w] == picture).all():
            return int(left), int(top)
    raise AssertionError("the picture is not on the page")


def test_every_cell_is_what_the_painter_paints(tmp_path: Path, reader: VideoReader) -> None:
    one, other = analysis(reader.info), analysis(reader.info, grid=(7, 7), model="other")
    options = SheetOptions(n_frames=4, width_mm=100, dpi=150, title="Sheet")
    path = export_sheet(
        [AnalysedVideo(one, "one", reader), AnalysedVideo(other, "two", reader)], tmp_path / "s.png", options
    )
    page = np.asarray(Image.open(path).convert("RGB"))
    assert page.shape[1] == round(100 / 25.4 * 150)
    look = MapStyle(scale=ColourLimits.COMMON, common_limit=min(map(clipped_limit, (one, other))))
    places = []
    for row in (one, other):
        for frame in evenly_spread(row, 4):
            decoded = next(reader.stream([int(frame)]))
            width = (page.shape[1] - 2 * 18 - 3 * 8) // 4
            picture = paint(resolve(row, int(frame), look), decoded.rgb((width, round(width * 288 / 480))))
            places.append(find(page, picture))
    lefts, tops = np.array(places).T
    assert lefts[:4].tolist() == lefts[4:].tolist() == sorted(set(lefts.tolist()))
    assert len(set(np.diff(lefts[:4]).tolist())) == 1
    assert len(set(tops[:4].tolist())) == len(set(tops[4:].tolist())) == 1
    assert tops[4] > tops[0]


def test_long_rows_go_on_below(tmp_path: Path, reader: VideoReader) -> None:
    options = SheetOptions(frames=(50, 3, 20, 10, 33), columns=2, width_mm=80, dpi=100, look=MapStyle(strength=0))
    path = export_sheet([AnalysedVideo(analysis(reader.info), source=reader)], tmp_path / "s.png", options)
    page = np.asarray(Image.open(path).convert("RGB"))
    width = (page.shape[1] - 2 * 12 - 6) // 2
    height = round(width * 288 / 480)
    places = [find(page, next(reader.stream([f])).rgb((width, height))) for f in (3, 10, 20, 33, 50)]
    assert [x for x, _ in places] == [12, 18 + width, 12, 18 + width, 12]
    assert sorted({y for _, y in places}) == [places[0][1], places[2][1], places[4][1]]
    left, top = places[4]
    assert read_barcode(page[top : top + height, left : left + width]) == 50


def test_mixed_kinds_and_shapes_make_one_bar_each(tmp_path: Path, reader: VideoReader) -> None:
    kinds = [MapKind.DISTRIBUTION, MapKind.GATE, MapKind.SIGNED, MapKind.NONE]
    videos = [AnalysedVideo(analysis(reader.info, kind=kind), str(kind), reader) for kind in kinds]
    path = export_sheet(videos, tmp_path / "s.svg", SheetOptions(n_frames=2, dpi=72))
    text = path.read_text(encoding="utf-8")
    assert text.count("<image") == 4 * 2 + 3 + 3  # pictures, bars, and their middle ticks
    assert "attention, signed product" in text  # matplotlib names glyph groups by their text
    for word in ("Creator", "dc:date", "Matplotlib v"):
        assert word not in text


def test_evenly_spread_attention_is_told_in_words(tmp_path: Path, reader: VideoReader) -> None:
    clear, even = analysis(reader.info), even_maps(analysis(reader.info, model="even"))
    options = SheetOptions(n_frames=2, dpi=72)
    without = export_sheet([AnalysedVideo(clear, "one", reader)], tmp_path / "1.svg", options).read_text(
        encoding="utf-8"
    )
    both = [AnalysedVideo(clear, "one", reader), AnalysedVideo(even, "two", reader)]
    told = export_sheet(both, tmp_path / "2.svg", options).read_text(encoding="utf-8")
    assert (without.count(SPREAD_EVENLY_TEXT), told.count(SPREAD_EVENLY_TEXT)) == (0, 1)


def test_pdf_keeps_its_words_and_tells_no_program(tmp_path: Path, reader: VideoReader) -> None:
    path = export_sheet([AnalysedVideo(analysis(reader.info), "x", reader)], tmp_path / "s.pdf", SheetOptions(dpi=72))
    data = path.read_bytes()
    assert data.startswith(b"%PDF")
    assert b"/FontFile2" in data  # TrueType letters, not outlines
    assert b"/ToUnicode" in data  # and what they mean, for a search
    assert b"Matplotlib" not in data
    assert b"CreationDate" not in data


def test_refusals(tmp_path: Path, reader: VideoReader) -> None:
    video = AnalysedVideo(analysis(reader.info), source=reader)
    with pytest.raises(ExportError, match=r"frame 60.*60 frames.*numbered 0.*59"):
        export_sheet([video], tmp_path / "s.png", SheetOptions(frames=(60,)))
    with pytest.raises(ExportError, match="nothing to put on the sheet"):
        export_sheet([], tmp_path / "s.png")
    with pytest.raises(ExportError, match="fewer columns"):
        export_sheet([video], tmp_path / "s.png", SheetOptions(n_frames=5, width_mm=10, dpi=72))
    assert list(tmp_path.iterdir()) == []


def test_cancel_leaves_nothing_and_progress_counts_frames(tmp_path: Path, reader: VideoReader) -> None:
    token, seen = CancelToken(), []

    def report(progress: Progress) -> None:
        seen.append((progress.done, progress.total))
        if progress.done == 3:
            token.cancel()

    video = AnalysedVideo(analysis(reader.info), source=reader)
    with pytest.raises(Cancelled):
        export_sheet([video], tmp_path / "s.png", SheetOptions(dpi=72), token=token, report=report)
    assert seen == [(1, 5), (2, 5), (3, 5)]
    assert list(tmp_path.iterdir()) == []
