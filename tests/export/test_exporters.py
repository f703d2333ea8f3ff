"""What every exporter keeps to."""

import csv
import io
import re
import struct
import zipfile
from dataclasses import replace
from datetime import date
from pathlib import Path

import av
import numpy as np
import pytest
from pypdf import PdfReader

from skillviewer.core.analysis.map_style import MapStyle, Overlay
from skillviewer.core.errors import ExportError
from skillviewer.export.analysed_video import AnalysedVideo
from skillviewer.export.exporters import EXPORTERS, Exporter, exporter
from skillviewer.export.figures.comparison import ComparedOptions
from skillviewer.export.figures.score_curve import CurveOptions
from skillviewer.export.pictures.clip import clip_layout
from skillviewer.export.pictures.contact_sheet import SheetOptions
from skillviewer.export.pictures.picture_options import ClipOptions
from skillviewer.export.read_back import read_back
from skillviewer.export.reports.report_options import ReportOptions
from skillviewer.media.reading.reader import VideoReader
from skillviewer_testing import check_exporter
from tests.export.analyses import analysis, evidence
from tests.videos import read_barcode, write_barcode_video

SHORT = {
    "clip": ClipOptions(start=50),
    "sheet": SheetOptions(dpi=72),
    "compared": ComparedOptions(dpi=72),
    "curve": CurveOptions(dpi=72),
}
EVERY = [pytest.param(e, s, id=f"{e.name}{s}") for e in EXPORTERS for s in e.suffixes]
FIRST = [pytest.param(e, e.suffixes[0], id=e.name) for e in EXPORTERS]
AWKWARD = "a 'b' \"c\" $d {e} %f ü 手術 #1"


def videos(reader: VideoReader, n: int = 1) -> list[AnalysedVideo]:
    analyses = [analysis(reader.info, passes=2, model=f"model {at}") for at in range(n)]
    return [AnalysedVideo(a, AWKWARD, reader, evidence=evidence(a)) for a in analyses]


@pytest.mark.parametrize(("made", "suffix"), EVERY)
def test_writes_under_awkward_names_into_new_folders(
    tmp_path: Path, reader: VideoReader, made: Exporter, suffix: str
) -> None:
    path = tmp_path / "new folder" / f"{AWKWARD}{suffix}"
    assert made.export(videos(reader, made.least), path, SHORT.get(made.name)) == path
    assert [p.name for p in path.parent.iterdir()] == [path.name]
    assert read_back(path)
    # readable for others, as any file that is made here
    plain = tmp_path / "plain"
    plain.touch()
    assert path.stat().st_mode == plain.stat().st_mode


def test_a_video_is_never_replaced_by_what_is_made_of_it(tmp_path: Path) -> None:
    video = write_barcode_video(tmp_path / "one.mp4", 12).path
    before = video.read_bytes()
    (tmp_path / "link.mp4").symlink_to(video)
    with VideoReader(video) as reader:
        said = analysis(reader.info)
    for name in ("one.mp4", "link.mp4"):
        with pytest.raises(ExportError, match="is never replaced"):
            exporter("clip").export([AnalysedVideo(said)], tmp_path / name, overwrite=True)
    assert video.read_bytes() == before


@pytest.mark.parametrize("made", EXPORTERS, ids=lambda made: made.name)
def test_keeps_what_the_table_promises(tmp_path: Path, reader: VideoReader, made: Exporter) -> None:
    check_exporter(made, tmp_path, videos(reader, made.least + 1), SHORT.get(made.name))


@pytest.mark.parametrize(("made", "suffix"), FIRST)
def test_other_suffixes_folders_and_closed_folders_are_refused(
    tmp_path: Path, reader: VideoReader, made: Exporter, suffix: str
) -> None:
    with pytest.raises(ExportError, match="choose a name that ends in"):
        made.export(videos(reader, made.least), tmp_path / "one.xyz")
    (tmp_path / f"folder{suffix}").mkdir()
    with pytest.raises(ExportError, match="is a folder"):
        made.export(videos(reader, made.least), tmp_path / f"folder{suffix}")
    (tmp_path / "file").touch()
    with pytest.raises(ExportError, match=r"could not be written|cannot be written"):
        made.export(videos(reader, made.least), tmp_path / "file" / f"one{suffix}", SHORT.get(made.name))


@pytest.mark.parametrize(("made", "suffix"), FIRST)
def test_several_where_they_are_taken(tmp_path: Path, reader: VideoReader, made: Exporter, suffix: str) -> None:
    path = tmp_path / f"two{suffix}"
    if made.takes_several:
        made.export(videos(reader, 2), path, SHORT.get(made.name))
        assert path.exists()
    else:
        with pytest.raises(ExportError, match=r"one analysed video, not 2"):
            made.export(videos(reader, 2), path)
    with pytest.raises(ExportError, match="not 0"):
        made.export([], path)


def test_an_unknown_name_lists_the_others() -> None:
    assert exporter("clip") is next(iter(EXPORTERS))
    with pytest.raises(ExportError, match="“film”"):
        exporter("film")


SAME = {**SHORT, "why": ReportOptions(made_on=date(2024, 5, 6))}
SHOWN = [pytest.param(e, s, id=f"{e.name}{s}") for e in EXPORTERS for s in e.suffixes if s not in (".csv", ".json")]
TELLING = re.compile(
    rb"Software|Creator|Producer|CreationDate|ModDate|/Author|dc:|cc:Agent|creation_time|ENCODER"
    rb"|(?i:matplotlib v|reportlab|pypdf|lavf|lavc|x264|libvpx)|D:20\d\d|20\d\d-\d\d-\d\dT"
)
"""What tells with which program, when or by whom a file was made."""
PLAIN_TAGS = {"language", "handler_name", "vendor_id", "major_brand", "minor_version", "compatible_brands"}
MUXER = ("encoder", "Lavf")  # a WebM must name what wrote it: without a version


def told(path: Path) -> bytes:
    """Return all that a file tells besides what is seen: without pictures and compressed parts; else all of it."""
    data = path.read_bytes()
    if path.suffix == ".png":
        at, names, words = 8, set(), b""
        while at < len(data):
            (length,) = struct.unpack(">I", data[at : at + 4])
            names.add(data[at + 4 : at + 8])
            words += data[at + 8 : at + 8 + length] if data[at + 4 : at + 8] == b"tEXt" else b""
            at += 12 + length
        assert names <= {b"IHDR", b"PLTE", b"pHYs", b"IDAT", b"IEND", b"tEXt"}  # the record; no time, no camera
        assert words.startswith(b"Comment\0SkillViewer record {")
        return words
    if path.suffix == ".pdf":
        pdf = PdfReader(path)
        assert pdf.xmp_metadata is None
        texts = " ".join(page.extract_text() for page in pdf.pages)
        bare = re.sub(rb"stream\r?\n.*?endstream", b"", data, flags=re.DOTALL)
        return bare + repr(pdf.metadata).encode() + texts.encode()
    if path.suffix in (".svg", ".html"):
        return re.sub(rb"base64,[A-Za-z0-9+/=\s]+", b"", data)
    if path.suffix == ".npz":
        with zipfile.ZipFile(path) as archive:
            return repr([(i.filename, i.comment, i.extra) for i in archive.infolist()]).encode()
    if path.suffix not in (".mp4", ".webm", ".gif"):
        return data
    with av.open(str(path)) as container:
        tags = [container.metadata, *(stream.metadata for stream in container.streams)]
    return repr(
        [{k: v for k, v in e.items() if k not in PLAIN_TAGS and (k.lower(), v) != MUXER} for e in tags]
    ).encode()


@pytest.mark.parametrize(("made", "suffix"), SHOWN)
def test_written_twice_nothing_tells_program_time_or_folder(
    tmp_path: Path, reader: VideoReader, made: Exporter, suffix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = []
    for at, folder in enumerate(("folder-of-one", "folder-of-two")):
        monkeypatch.setattr("time.time", lambda at=at: 1.7e9 + 1e8 * at)  # years lie between the two
        shown = [replace(e, title="a") for e in videos(reader, made.least)]
        path = made.export(shown, tmp_path / folder / f"same{suffix}", SAME.get(made.name))
        files.append(path.read_bytes())
        for place in (path.parent, reader.info.path.parent, Path.home() / ".", Path.cwd()):
            if len(str(place)) > 6:
                assert str(place).encode() not in files[-1]
                assert str(place).encode() not in told(path)
        assert b"folder-of" not in files[-1]
        assert TELLING.findall(told(path)) == []
    assert files[0] == files[1]


@pytest.mark.parametrize(("made", "suffix"), EVERY)
def test_a_video_of_a_single_frame(tmp_path: Path, made: Exporter, suffix: str) -> None:
    source = write_barcode_video(tmp_path / "single.mp4", 1, width=480, height=288)
    options = SHORT["sheet"] if made.name == "sheet" else made.options() if made.options is not None else None
    if hasattr(options, "look"):
        options = replace(options, look=MapStyle(overlay=Overlay.OFF))  # type: ignore[type-var]
    with VideoReader(source.path) as reader:
        assert reader.info.n_frames == 1
        shown = videos(reader, made.least)
        path = made.export(shown, tmp_path / f"of-one{suffix}", options)
        assert read_back(path)
        if made.name == "clip":
            box = clip_layout([shown[0].analysis], ClipOptions()).panes[0].picture
            with VideoReader(path) as clip:
                assert clip.info.n_frames == 1
                assert clip.info.duration_s == pytest.approx(1 / 30, abs=1.1e-2)  # a GIF counts in hundredths
                assert read_barcode(clip.frame(0)[box.top : box.bottom, box.left : box.right]) == 0
        elif suffix == ".csv":
            text = path.read_text(encoding="utf-8")
            rows = list(csv.DictReader(io.StringIO(text)))
            assert rows
            assert {int(row["frame"]) for row in rows if row.get("frame")} <= {0}
            assert "nan" not in text
        elif suffix == ".npz":
            with np.load(path) as arrays:
                assert set(arrays["frames"].ravel().tolist()) == {0}


def test_a_path_of_more_than_260_characters(tmp_path: Path) -> None:
    """Longer than Windows takes by default, and than a fixed buffer of C would hold."""
    folder = tmp_path / ("a" * 120) / ("ü" * 60) / ("c" * 120)
    folder.mkdir(parents=True)
    source = write_barcode_video(tmp_path / "v.mp4", 4, width=480, height=288).path.rename(folder / "v.mp4")
    with VideoReader(source) as reader:
        assert [read_barcode(picture) for picture in reader.frames(range(4))] == [0, 1, 2, 3]
        shown = AnalysedVideo(analysis(reader.info), "a")  # opens the file by its path itself
    options = ClipOptions(look=MapStyle(overlay=Overlay.OFF))
    path = exporter("clip").export([shown], folder / "clip.mp4", options)
    assert len(str(path)) > 300
    box = clip_layout([shown.analysis], options).panes[0].picture
    with VideoReader(path) as clip:
        numbers = [read_barcode(p[box.top : box.bottom, box.left : box.right]) for p in clip.frames(range(4))]
    assert numbers == [0, 1, 2, 3]
    assert sorted(p.name for p in folder.iterdir()) == ["clip.mp4", "v.mp4"]
