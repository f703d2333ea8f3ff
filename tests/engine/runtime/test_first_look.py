"""A first look in a helper process: what dies, hangs or eats there is one sentence here, and the next file goes on."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from skillviewer.core.arrays import Float32Array
from skillviewer.core.errors import Cancelled, VideoError
from skillviewer.core.paths import HOME_VARIABLE
from skillviewer.core.progress import CancelToken
from skillviewer.engine.runtime.first_look import SOUND_S, FirstLook, look_at
from skillviewer.media.files import CHECKS_BEFORE_OPENING
from skillviewer.media.reading.reader import VideoReader
from skillviewer.media.reading.sound_reader import SoundReader
from tests.engine.runtime.decoders import look
from tests.sounds import write_clicks
from tests.videos import write_barcode_video


@pytest.fixture
def first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FirstLook]:
    monkeypatch.setenv(HOME_VARIABLE, str(tmp_path / "home"))
    with FirstLook(look, silent_s=60.0, memory_bytes=2**30) as made:
        yield made


def _file(folder: Path, name: str) -> Path:
    path = folder / f"{name}.mp4"
    path.write_bytes(name.encode())
    return path


def _looked(folder: Path) -> list[list[str]]:
    return [line.split() for line in (folder / "looked").read_text(encoding="utf-8").splitlines()]


def test_the_sound_is_decoded_in_the_helper_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[float, float]] = []
    whole = SoundReader.blocks

    def blocks(reader: SoundReader, start_s: float, stop_s: float, **given: Any) -> Iterator[Float32Array]:
        asked.append((start_s, stop_s))
        return whole(reader, start_s, stop_s, **given)

    monkeypatch.setattr(SoundReader, "blocks", blocks)
    look_at(write_clicks(tmp_path / "clicks.mp4"), CancelToken())
    look_at(write_barcode_video(tmp_path / "silent.mp4", 5).path, CancelToken())
    assert asked == [(0.0, SOUND_S)]


def test_a_decoder_that_dies_hangs_or_eats_is_a_sentence_and_others_go_on(first: FirstLook, tmp_path: Path) -> None:
    first.check(_file(tmp_path, "one"))
    first.check(_file(tmp_path, "two"))
    for name, sentence in (
        ("abort", r"abort\.mp4 is not opened: a decoder died over it \(SIGABRT\)"),
        ("killed", r"killed\.mp4 is not opened: a decoder died over it \(SIGKILL\)"),
        ("eats", r"eats\.mp4 is not opened: a look at it takes more than 1 GB of memory"),
        ("broken", r"broken\.mp4 is broken\."),
    ):
        with pytest.raises(VideoError, match=sentence):
            first.check(_file(tmp_path, name))
    patient_s = first._silent_s
    first._silent_s = 2.0  # it hangs for ever, on a busy computer too
    with pytest.raises(VideoError, match=r"hangs\.mp4.*hung"):
        first.check(_file(tmp_path, "hangs"))
    first._silent_s = patient_s
    first.check(_file(tmp_path, "three"))  # a new helper, which has to start
    first._silent_s = 4.0
    first.check(_file(tmp_path, "slow"))  # silent for less than a second at a time
    looked = _looked(tmp_path)
    assert [name for name, _ in looked] == ["one", "two", "three", "slow"]
    assert looked[0][1] == looked[1][1] != str(os.getpid()), "one helper serves many files"
    assert looked[1][1] != looked[2][1]


def test_known_files_are_not_looked_at_again_and_their_names_are_not_kept(first: FirstLook, tmp_path: Path) -> None:
    path = _file(tmp_path, "one")
    first.check(path)
    first.check(path)
    with FirstLook(look) as later:
        later.check(path)
        assert later._helper is None
    with pytest.raises(VideoError):
        first.check(_file(tmp_path, "abort"))
    with pytest.raises(VideoError):
        first.check(tmp_path / "abort.mp4")  # what failed stays unknown
    assert [name for name, _ in _looked(tmp_path)] == ["one"]
    kept = (tmp_path / "home" / "data" / "looked-at.txt").read_text(encoding="ascii")
    assert len(kept.split()) == 1
    path.write_bytes(b"another")
    first.check(path)
    assert len(_looked(tmp_path)) == 2
    first.check(tmp_path / "not there.mp4")


def test_a_look_can_be_cancelled(first: FirstLook, tmp_path: Path) -> None:
    token = CancelToken()
    token.cancel()
    with pytest.raises(Cancelled):
        first.check(_file(tmp_path, "hangs"), token)
    first.check(_file(tmp_path, "one"))


def test_readers_of_this_process_look_first(first: FirstLook, tmp_path: Path) -> None:
    path = write_barcode_video(tmp_path / "abort.mp4", 12).path
    look_at(path, CancelToken())
    CHECKS_BEFORE_OPENING.append(first.check)
    try:
        with pytest.raises(VideoError, match="a decoder died over it"):
            VideoReader(path)
        VideoReader(path.rename(tmp_path / "fine.mp4")).close()
    finally:
        CHECKS_BEFORE_OPENING.remove(first.check)
