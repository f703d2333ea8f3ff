"""Errors of the decoding library, of any kind, are one sentence about one video."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from skillviewer.cli.main import run
from skillviewer.core.errors import Cancelled, StudyError, VideoError
from skillviewer.media.reading import container, edits, sound_reader
from skillviewer.media.reading.decoder_errors import decoder_errors
from skillviewer.media.reading.reader import VideoReader
from skillviewer.media.reading.sound_reader import Sound, has_sound
from tests.checkpoints import tiny_checkpoint
from tests.videos import write_barcode_video

FOREIGN = (IndexError("list index out of range"), ValueError("bad"), KeyError("x"), AssertionError(), TypeError("y"))


def failing(error: Exception) -> Any:
    def fail(*_args: object, **_options: object) -> Any:
        raise error

    return fail


@pytest.mark.parametrize("error", FOREIGN, ids=lambda error: type(error).__name__)
def test_each_kind_of_error_becomes_that_of_a_video(error: Exception) -> None:
    with pytest.raises(VideoError, match="said"), decoder_errors(lambda _: VideoError("said")):
        raise error


@pytest.mark.parametrize("error", [StudyError("x"), Cancelled(), MemoryError(), KeyboardInterrupt()])
def test_what_is_not_about_the_video_passes(error: BaseException) -> None:
    with pytest.raises(type(error)), decoder_errors(lambda _: VideoError("said")):
        raise error


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_barcode_video(tmp_path_factory.mktemp("film") / "film", 12, kind="ts").path


@pytest.mark.parametrize("error", FOREIGN, ids=lambda error: type(error).__name__)
def test_a_reader_raises_errors_of_its_own_alone(film: Path, error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    broken: dict[str, tuple[object, str]] = {"open": (av, "open"), "choose": (container.VideoFile, "_choose_stream")}
    for place, name in broken.values():
        with monkeypatch.context() as patch:
            patch.setattr(place, name, failing(error))
            with pytest.raises(VideoError, match="film"):
                VideoReader(film)
            assert not has_sound(film)

    class Packets:
        def __iter__(self) -> Iterator[object]:
            raise error

    file = container.VideoFile(film)
    file._packets = Packets()  # type: ignore[assignment]
    with pytest.raises(VideoError, match="cannot be read on"):
        file.read()
    file.close()


def test_a_picture_that_cannot_be_converted_is_an_error_of_the_video(
    film: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with VideoReader(film) as reader:
        monkeypatch.setattr(np, "ascontiguousarray", failing(ValueError("odd pixels")))
        with pytest.raises(VideoError, match="odd pixels"):
            reader.frame(0)


def test_foreign_errors_in_tables_and_sound_are_caught(film: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = container.VideoFile(film)
    monkeypatch.setattr(av, "open", failing(IndexError("no stream")))
    assert edits._stored_pictures(file) == []
    monkeypatch.setattr(sound_reader, "has_sound", lambda _path: True)
    with pytest.raises(VideoError, match="sound of"):
        next(Sound(film, 0.0, 1.0).blocks())
    file.close()


def test_one_broken_video_does_not_end_a_batch(
    film: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    model = tiny_checkpoint(tmp_path / "tiny").folder
    folder = tmp_path / "videos"
    folder.mkdir()
    for name in "abc":
        (folder / f"{name}.ts").write_bytes(film.read_bytes())
    opened = av.open

    class Broken:
        """A container whose packets cannot be read."""

        def __init__(self, inside: Any) -> None:
            self._inside = inside

        def __getattr__(self, name: str) -> Any:
            return getattr(self._inside, name)

        def demux(self, *_streams: object) -> Iterator[object]:
            yield from ()
            raise IndexError("list index out of range")

    def opens(file: str, *args: Any, **options: Any) -> Any:
        inside = opened(file, *args, **options)
        return Broken(inside) if file.endswith("b.ts") else inside

    monkeypatch.setattr(av, "open", opens)
    assert run(["score", str(folder), "--model", str(model)]) == 1
    told = capsys.readouterr()
    assert [Path(line.split("  ")[-1]).name for line in told.out.splitlines()] == ["a.ts", "c.ts"]
    assert "1 failed" in told.err
