"""What every exporter keeps to."""

from pathlib import Path

import pytest

from skillviewer.core.errors import Cancelled, ExportError
from skillviewer.core.job import CancelToken
from skillviewer.export.clip import ClipOptions
from skillviewer.export.exhibit import Exhibit
from skillviewer.export.exporters import EXPORTERS, Exporter, exporter
from skillviewer.export.sheet import SheetOptions
from skillviewer.media.reader import VideoReader
from tests.export.analyses import analysis, evidence

SHORT = {"clip": ClipOptions(start=50), "sheet": SheetOptions(dpi=72)}
EVERY = [pytest.param(e, s, id=f"{e.name}{s}") for e in EXPORTERS for s in e.suffixes]
FIRST = [pytest.param(e, e.suffixes[0], id=e.name) for e in EXPORTERS]
AWKWARD = "a 'b' \"c\" $d {e} %f ü 手術 #1"


def exhibits(reader: VideoReader, n: int = 1) -> list[Exhibit]:
    analyses = [analysis(reader.info, passes=2, model=f"model {at}") for at in range(n)]
    return [Exhibit(a, AWKWARD, reader, evidence=evidence(a)) for a in analyses]


@pytest.mark.parametrize(("made", "suffix"), EVERY)
def test_writes_under_awkward_names_into_new_folders(
    tmp_path: Path, reader: VideoReader, made: Exporter, suffix: str
) -> None:
    path = tmp_path / "new folder" / f"{AWKWARD}{suffix}"
    assert made.export(exhibits(reader, made.least), path, SHORT.get(made.name)) == path
    assert [p.name for p in path.parent.iterdir()] == [path.name]
    assert path.stat().st_size > 100
    # readable for others, as any file that is made here
    plain = tmp_path / "plain"
    plain.touch()
    assert path.stat().st_mode == plain.stat().st_mode


@pytest.mark.parametrize(("made", "suffix"), FIRST)
def test_refuses_to_overwrite_unless_asked(tmp_path: Path, reader: VideoReader, made: Exporter, suffix: str) -> None:
    path = tmp_path / f"one{suffix}"
    path.write_bytes(b"mine")
    with pytest.raises(ExportError, match="is there already: choose another name, or ask to overwrite it") as refused:
        made.export(exhibits(reader, made.least), path, SHORT.get(made.name))
    assert str(path) in str(refused.value)
    assert path.read_bytes() == b"mine"
    made.export(exhibits(reader, made.least), path, SHORT.get(made.name), overwrite=True)
    assert path.read_bytes() != b"mine"
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


@pytest.mark.parametrize(("made", "suffix"), FIRST)
def test_other_suffixes_folders_and_closed_folders_are_refused(
    tmp_path: Path, reader: VideoReader, made: Exporter, suffix: str
) -> None:
    with pytest.raises(ExportError, match="choose a name that ends in"):
        made.export(exhibits(reader, made.least), tmp_path / "one.xyz")
    (tmp_path / f"folder{suffix}").mkdir()
    with pytest.raises(ExportError, match="is a folder"):
        made.export(exhibits(reader, made.least), tmp_path / f"folder{suffix}")
    (tmp_path / "file").touch()
    with pytest.raises(ExportError, match=r"could not be written|cannot be written"):
        made.export(exhibits(reader, made.least), tmp_path / "file" / f"one{suffix}", SHORT.get(made.name))


@pytest.mark.parametrize(("made", "suffix"), FIRST)
def test_cancelled_before_it_began_writes_nothing(
    tmp_path: Path, reader: VideoReader, made: Exporter, suffix: str
) -> None:
    token = CancelToken()
    token.cancel()
    with pytest.raises(Cancelled):
        made.export(exhibits(reader, made.least), tmp_path / f"one{suffix}", token=token)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("made", "suffix"), FIRST)
def test_several_where_they_are_taken(tmp_path: Path, reader: VideoReader, made: Exporter, suffix: str) -> None:
    path = tmp_path / f"two{suffix}"
    if made.takes_several:
        made.export(exhibits(reader, 2), path, SHORT.get(made.name))
        assert path.exists()
    else:
        with pytest.raises(ExportError, match="is made of one analysed video, not of 2"):
            made.export(exhibits(reader, 2), path)
    with pytest.raises(ExportError, match="not of 0"):
        made.export([], path)


@pytest.mark.parametrize(("made", "suffix"), FIRST)
def test_video_is_needed_only_where_it_is_said(
    tmp_path: Path, reader: VideoReader, made: Exporter, suffix: str
) -> None:
    from dataclasses import replace

    from skillviewer.core.errors import VideoError

    gone = [
        replace(e, analysis=e.analysis.with_video(replace(e.analysis.video, path=tmp_path / "gone.mp4")), source=None)
        for e in exhibits(reader, made.least)
    ]
    path = tmp_path / f"one{suffix}"
    if made.needs_video:
        with pytest.raises(VideoError, match=r"gone\.mp4"):
            made.export(gone, path, SHORT.get(made.name))
    else:
        made.export(gone, path)
    assert path.exists() != made.needs_video


def test_an_unknown_name_lists_the_others() -> None:
    assert exporter("clip") is EXPORTERS[0]
    with pytest.raises(ExportError, match=r"There is no export “film”\. Choose one of: clip, still, sheet"):
        exporter("film")
