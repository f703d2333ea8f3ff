"""What is told of a file before "done" comes from the file itself, and a damaged one is noticed."""

import errno
from pathlib import Path

import pytest
from PIL import Image

from skillviewer.core.errors import ExportError
from skillviewer.core.text import format_size
from skillviewer.export.analysed_video import AnalysedVideo
from skillviewer.export.exporters import EXPORTERS, Exporter
from skillviewer.export.figures.comparison import ComparedOptions
from skillviewer.export.figures.score_curve import CurveOptions
from skillviewer.export.pictures.contact_sheet import SheetOptions
from skillviewer.export.pictures.picture_options import ClipOptions
from skillviewer.export.read_back import read_back
from skillviewer.media.reading.reader import VideoReader
from tests.export.analyses import analysis, evidence

FOUND = {
    ".mp4": ("10 frames", "pixels"),
    ".webm": ("10 frames", "pixels"),
    ".gif": ("10 frames", "pixels"),
    ".png": ("pixels",),
    ".csv": ("row", "columns"),
    ".npz": ("attention [2, 5, 3, 4]", "frames [2, 5]"),
    ".svg": (" × ", " mm"),
    ".pdf": ("page",),
}
SHORT = {
    "clip": ClipOptions(start=50),
    "sheet": SheetOptions(dpi=72),
    "compared": ComparedOptions(dpi=72),
    "curve": CurveOptions(dpi=72),
}
EVERY = [pytest.param(e, s, id=f"{e.name}{s}") for e in EXPORTERS for s in e.suffixes]


@pytest.mark.parametrize(("made", "suffix"), EVERY)
def test_every_file_tells_what_is_in_it(tmp_path: Path, reader: VideoReader, made: Exporter, suffix: str) -> None:
    analyses = [analysis(reader.info, passes=2, model=f"model {at}") for at in range(made.least)]
    videos = [AnalysedVideo(a, "x", reader, evidence=evidence(a)) for a in analyses]
    path = made.export(videos, tmp_path / f"a ü{suffix}", SHORT.get(made.name))
    size, *found = read_back(path)
    assert size == format_size(path.stat().st_size)
    for words in FOUND.get(suffix, ()):
        assert any(words in fact for fact in found), found
    data = path.read_bytes()
    path.write_bytes(b"")
    with pytest.raises(ExportError, match="was written, but cannot be read back"):
        read_back(path)
    path.write_bytes(data[: len(data) // 2])
    if suffix in {".png", ".svg", ".npz", ".json", ".pdf", ".html"}:
        with pytest.raises(ExportError, match="was written, but cannot be read back"):
            read_back(path)


def test_a_suffix_without_a_reader_is_never_told_as_checked(tmp_path: Path) -> None:
    path = tmp_path / "a.xyz"
    path.write_bytes(b"some bytes")
    assert read_back(path) == ("10 bytes", "content not checked")
    path.write_bytes(b"")
    with pytest.raises(ExportError, match="read back"):
        read_back(path)
    path.unlink()
    with pytest.raises(ExportError, match="was written, but cannot be read back"):
        read_back(path)


def test_every_file_of_the_released_program_has_a_reader(tmp_path: Path) -> None:
    """Half a video, table or archive may be whole by chance; a reader looks at each all the same."""
    for suffix in (*FOUND, ".json", ".html", ".zip", ".skillarchive"):
        path = tmp_path / f"a{suffix}"
        path.write_bytes(b"\xff\xfe no such thing")
        with pytest.raises(ExportError, match="was written, but cannot be read back"):
            read_back(path)


@pytest.mark.parametrize(("made", "suffix"), EVERY)
def test_a_full_disk_is_one_sentence_and_leaves_nothing(
    tmp_path: Path, reader: VideoReader, monkeypatch: pytest.MonkeyPatch, made: Exporter, suffix: str
) -> None:
    """The rename fails as the last write to a full disk does; the old file stays."""
    analyses = [analysis(reader.info, passes=2, model=f"model {at}") for at in range(made.least)]
    videos = [AnalysedVideo(a, "x", reader, evidence=evidence(a)) for a in analyses]
    path = tmp_path / f"old{suffix}"
    path.write_bytes(b"mine")

    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(ExportError, match="space left") as told:
        made.export(videos, path, SHORT.get(made.name), overwrite=True)
    assert len(str(told.value).splitlines()) == 1
    assert path.read_bytes() == b"mine"
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


def test_evidence_that_is_missing_is_asked_for(tmp_path: Path, reader: VideoReader) -> None:
    made = next(e for e in EXPORTERS if e.needs_evidence)
    bare = [AnalysedVideo(analysis(reader.info), "x", reader)]
    with pytest.raises(ExportError, match="There is no evidence yet"):
        made.export(bare, tmp_path / f"a{made.suffixes[0]}")


def test_the_largest_pictures_are_read_back(tmp_path: Path) -> None:
    path = tmp_path / "poster.png"
    Image.new("1", (20_000, 10_000)).save(path)
    assert read_back(path)[1:] == ("20000 × 10000 pixels",)
