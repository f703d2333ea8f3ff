"""Faces are blurred in what was written, in every frame of theirs and in no other; and what is said of it."""

import base64
import io
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from pypdf import PdfReader

from skillviewer.core.analysis.map_style import MapStyle, Overlay
from skillviewer.core.arrays import RGBImage
from skillviewer.core.faces.faces import FaceBox, Faces
from skillviewer.export.analysed_video import AnalysedVideo
from skillviewer.export.exporters import EXPORTERS, Exporter, exporter
from skillviewer.export.figures.comparison import ComparedOptions
from skillviewer.export.pictures.blurring import blur_warnings
from skillviewer.export.pictures.clip import CLIP_SUFFIXES, clip_layout, export_grid, preview_clip
from skillviewer.export.pictures.contact_sheet import SheetOptions
from skillviewer.export.pictures.picture_options import ClipOptions, StillOptions
from skillviewer.export.reports.report_options import ReportOptions
from skillviewer.media.reading.reader import VideoReader
from skillviewer.media.writing.writer import VideoWriter
from tests.export.analyses import analysis, evidence
from tests.facts import missing
from tests.videos import barcode, read_barcode

BOX = FaceBox(0.1, 0.1, 0.2, 0.3)
WHOLE = FaceBox(0, 0, 1, 1)
BARE = MapStyle(overlay=Overlay.OFF)  # lines of a map would be sharp, blurred or not
CLIP = ClipOptions(start=5, stop=25, look=BARE, quality="best")
CLIPPED = list(range(5, 25))


def write_mosaic(path: Path, first: int, n: int) -> Path:
    """Write frames that carry their number four times, in cells finer than the averages that blurring leaves."""
    with VideoWriter(path, 480, 288, rate_hz=30) as writer:
        for at in range(n):
            writer.write(np.tile(barcode(first + at, 240, 144), (2, 2, 1)), at / 30)
    return path


@pytest.fixture(scope="module")
def mosaic(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_mosaic(tmp_path_factory.mktemp("mosaic") / "mosaic.mp4", 0, 60)


@pytest.fixture
def reader(mosaic: Path) -> Iterator[VideoReader]:
    with VideoReader(mosaic) as opened:
        yield opened


def seen(picture: RGBImage) -> int | None:
    """Return the number that can be read from a picture, or None."""
    height, width = picture.shape[0] // 2, picture.shape[1] // 2
    if min(height, width) < 16:
        return None
    try:
        (number,) = {read_barcode(picture[y : y + height, x : x + width]) for y in (0, height) for x in (0, width)}
    except ValueError:
        return None
    return number


def hardest(picture: RGBImage) -> int:
    """Return the hardest step between two pixels side by side: over 150 in the test video."""
    grey = picture.astype(int).mean(axis=2)
    return int(max(np.abs(np.diff(grey, axis=axis)).max() for axis in (0, 1)))


def panes(path: Path, videos: list[AnalysedVideo], options: ClipOptions) -> list[list[RGBImage]]:
    """Return the pictures of every pane of a clip or still, as they were written."""
    layout = clip_layout([e.analysis for e in videos], options)
    if path.suffix == ".png":
        pages = [np.asarray(Image.open(path).convert("RGB"))]
    else:
        with VideoReader(path) as reader:
            pages = list(reader.frames(range(reader.n_frames)))
    boxes = [pane.picture for pane in layout.panes]
    return [[p[b.top : b.bottom, b.left : b.right] for p in pages] for b in boxes]


def embedded(path: Path) -> list[RGBImage]:
    """Return all pictures that lie in a page or document."""
    if path.suffix == ".pdf":
        images = [i.image for page in PdfReader(path).pages for i in page.images if i.image is not None]
    else:
        coded = re.findall(r"data:image/\w+;base64,([A-Za-z0-9+/=\s]+)", path.read_text(encoding="utf-8"))
        images = [Image.open(io.BytesIO(base64.b64decode(c))) for c in coded]
        if path.suffix == ".svg":  # they lie upside down in it, and are turned by a transform
            images = [i.transpose(Image.Transpose.FLIP_TOP_BOTTOM) for i in images]
    return [np.asarray(i.convert("RGB")) for i in images]


def everywhere(info_of: VideoReader) -> Faces:
    n = info_of.info.n_frames
    return Faces(info_of.info.digest, n).with_drawn(WHOLE, 0, 0, n)


def abbreviated(info_of: VideoReader) -> Faces:
    """Return a face that fills the picture in frames 10 to 19."""
    return Faces(info_of.info.digest, info_of.info.n_frames).with_drawn(WHOLE, 10, 10, 20)


def video(reader: VideoReader, faces: Faces | None = None, model: str = "tiny") -> AnalysedVideo:
    one = analysis(reader.info, model=model)
    return AnalysedVideo(one, model, reader, faces, evidence(one))


def clip_pictures(path: Path, shown: AnalysedVideo) -> list[RGBImage]:
    return panes(path, [shown], CLIP)[0]


def still_pictures(path: Path, shown: AnalysedVideo) -> list[RGBImage]:
    return panes(path, [shown], ClipOptions(look=BARE))[0]


def sheet_pictures(path: Path, _shown: AnalysedVideo) -> list[RGBImage]:
    """Return the four cells of a sheet."""
    if path.suffix != ".png":
        return embedded(path)
    page = np.asarray(Image.open(path).convert("RGB"))
    margin, gap = round(3.0 / 25.4 * 100), round(1.4 / 25.4 * 100)
    cell = (page.shape[1] - 2 * margin - 3 * gap) // 4
    top = margin + round(round(7.5 / 72 * 100 * 1.5) * 1.25)
    lefts = [margin + at * (cell + gap) for at in range(4)]
    return [page[top : top + round(cell * 0.6), left : left + cell] for left in lefts]


def compared_pictures(path: Path, _shown: AnalysedVideo) -> list[RGBImage]:
    """Return the panes of a figure of compared models, without its colour bars."""
    if path.suffix != ".png":
        return [picture for picture in embedded(path) if picture.shape[0] > 1]
    page = np.asarray(Image.open(path).convert("RGB"))
    margin, line = 3.0, 7.0 / 72 * 25.4 * 1.5
    width_mm, top_mm = 180 - 2 * margin, margin + 1.6 * line
    left, top, right, bottom = (
        round(mm / 25.4 * 100) for mm in (margin, top_mm, margin + width_mm, top_mm + 0.6 * width_mm)
    )
    return [page[top + 2 : bottom - 2, left + 2 : right - 2]]  # without the pixels that the page shares with a pane


SHEET = SheetOptions(frames=(5, 12, 19, 40), columns=4, width_mm=160, dpi=100, look=BARE)
READ: dict[str, tuple[object, Callable[[Path, AnalysedVideo], list[RGBImage]], list[int] | None]] = {
    "clip": (CLIP, clip_pictures, CLIPPED),
    "still": (StillOptions(frame=12, look=BARE), still_pictures, [12]),
    "sheet": (SHEET, sheet_pictures, [5, 12, 19, 40]),
    "compared": (ComparedOptions(12, BARE, dpi=100), compared_pictures, [12]),
    "why": (ReportOptions(look=BARE), lambda path, _shown: embedded(path), None),
}
"""How an export is made, how its pictures are read back, and the frames they show; None where the export chooses."""
BLURRING = [e for e in EXPORTERS if e.options is not None and hasattr(e.options(), "blur_faces")]
EVERY = [pytest.param(e, s, id=f"{e.name}{s}") for e in BLURRING for s in e.suffixes]


@pytest.mark.parametrize(("made", "suffix"), EVERY)
def test_nothing_can_be_read_where_a_box_lies_over_the_whole_picture(
    tmp_path: Path, reader: VideoReader, made: Exporter, suffix: str
) -> None:
    options, read, frames = READ[made.name]
    shown = video(reader, everywhere(reader))
    sharp = made.export([replace(shown, faces=None)], tmp_path / f"sharp{suffix}", options)
    soft = made.export([shown], tmp_path / f"soft{suffix}", replace(options, blur_faces=True))  # type: ignore[type-var]
    before, after = read(sharp, shown), read(soft, shown)
    assert len(before) == len(after)
    readable = [at for at, picture in enumerate(before) if seen(picture) is not None]
    numbers = [seen(before[at]) for at in readable]
    assert numbers == frames if frames is not None else len(numbers) >= 3
    assert {seen(picture) for picture in after} == {None}
    assert min(hardest(before[at]) for at in readable) > 100
    assert max(hardest(after[at]) for at in readable) < 30


@pytest.mark.slow
@pytest.mark.parametrize("suffix", CLIP_SUFFIXES)
def test_of_two_panes_each_is_blurred_in_the_frames_of_its_own_faces(
    tmp_path: Path, reader: VideoReader, suffix: str
) -> None:
    """Panes of one video share what was decoded, but not what was blurred."""
    later = Faces(reader.info.digest, reader.info.n_frames).with_drawn(WHOLE, 22, 22, 60)
    shown = [video(reader, abbreviated(reader), "a"), video(reader, None, "b"), video(reader, later, "c")]
    path = export_grid(shown, tmp_path / f"three{suffix}", CLIP)
    hidden = [set(range(10, 20)), set(), {22, 23, 24}]
    for pictures, blurred in zip(panes(path, shown, CLIP), hidden, strict=True):
        sharp = [None if hardest(p) < 60 else seen(p) for p in pictures]
        assert sharp == [None if frame in blurred else frame for frame in CLIPPED]


def test_asked_for_blurring_every_pane_of_the_video_is_blurred_and_no_other_video(
    tmp_path: Path, reader: VideoReader
) -> None:
    other = write_mosaic(tmp_path / "other.mp4", 100, 30)
    with VideoReader(other) as second:
        nobody = Faces(second.info.digest, second.info.n_frames)
        shown = [video(reader, abbreviated(reader), "a"), video(reader, None, "b"), video(second, nobody, "c")]
        options = replace(CLIP, blur_faces=True, columns=3)
        path = exporter("clip").export(shown, tmp_path / "three.mp4", options)
        found = [[None if hardest(p) < 60 else seen(p) for p in pane] for pane in panes(path, shown, options)]
    half = [None if 10 <= frame < 20 else frame for frame in CLIPPED]
    assert found == [half, half, [100 + frame for frame in CLIPPED]]


@pytest.mark.parametrize("frame", [9, 10, 19, 20])
def test_a_still_and_the_preview_of_a_clip_keep_to_the_frames_of_the_box(
    tmp_path: Path, reader: VideoReader, frame: int
) -> None:
    shown = [video(reader, abbreviated(reader), "a"), video(reader, None, "b")]
    still = exporter("still").export(shown, tmp_path / "s.png", StillOptions(frame, BARE))
    options = ClipOptions(start=frame, stop=frame + 1, look=BARE)
    made = preview_clip(shown, options)
    assert made.frame == frame
    assert made.picture is not None
    boxes = [pane.picture for pane in clip_layout([e.analysis for e in shown], options).panes]
    previewed = [[made.picture[b.top : b.bottom, b.left : b.right]] for b in boxes]
    for found in (panes(still, shown, options), previewed):
        ((left,), (right,)) = found
        assert (hardest(left) < 30) == (10 <= frame < 20)
        assert seen(right) == frame


def test_the_preview_of_a_sheet_is_blurred(reader: VideoReader) -> None:
    sheet = exporter("sheet")
    assert sheet.preview is not None
    options = replace(SHEET, captions=False)
    plain, soft = (sheet.preview([video(reader, f)], options).picture for f in (None, everywhere(reader)))
    assert plain is not None
    assert soft is not None
    top = plain.shape[0] // 2
    assert hardest(plain[top : top + 60]) > 100
    pictures = soft[top : top + 60, 40:300]  # inside the first picture
    assert hardest(pictures) < 30


def test_frames_are_counted_and_not_people(reader: VideoReader) -> None:
    info = reader.info
    none = Faces(info.digest, info.n_frames, method="a detector")
    one = none.with_drawn(BOX, 3, 0, 10)
    again = one.with_drawn(BOX, 22, 20, 30)  # the same face, found again
    name = info.path.name

    def said(faces: Faces) -> str:
        first, last = blur_warnings([AnalysedVideo(analysis(info), faces=faces)])
        assert "look through what was made" in last
        return first

    assert not missing(said(none), f"{name}", "0 frames")
    assert not missing(said(one), "10", f"{info.n_frames}", f"{name}", "0 frames")
    assert not missing(said(again), "20", f"{info.n_frames}", f"{name}", "2 intervals", "0 frames")
    by_hand = Faces(info.digest, info.n_frames).with_drawn(BOX, 3, 0, 10)
    assert not missing(said(by_hand), f"{name}", "10", f"{info.n_frames}")
    assert blur_warnings([AnalysedVideo(analysis(info))]) == ()
