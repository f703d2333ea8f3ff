"""A copy of a video that says nothing of its origin: the same pictures, bit by bit, and nothing else."""

import errno
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from skillviewer.core.errors import Cancelled, ExportError, VideoError
from skillviewer.core.job import CancelToken
from skillviewer.media.reader import VideoReader
from skillviewer.media.remux import copy_without_metadata
from tests.media.test_sound import write_with_burst
from tests.videos import KINDS, write_barcode_video

COPIED = ("mp4", "mov", "mkv", "ts", "webm", "gif", "variable", "late_mp4", "hevc", "turned_90", "fragmented", "audio")


@pytest.mark.parametrize("kind", COPIED)
def test_the_same_pictures_at_the_same_times(tmp_path: Path, kind: str) -> None:
    made = write_barcode_video(tmp_path / f"in {kind}{KINDS[kind].suffix}", 30, kind=kind)
    target = tmp_path / f"out{made.path.suffix}"
    copy_without_metadata(made.path, target)
    with VideoReader(made.path) as old, VideoReader(target) as new:
        assert new.n_frames == old.n_frames
        assert new.info.times_s == pytest.approx(old.info.times_s, abs=2e-3)
        for index in (0, 7, old.n_frames - 1):
            assert np.array_equal(new.frame(index), old.frame(index))


def test_nothing_is_left_of_who_when_and_what_was_heard(tmp_path: Path) -> None:
    source = write_with_burst(tmp_path / "in.mp4")
    assert b"Anna" in source.read_bytes()
    copy_without_metadata(source, tmp_path / "out.mp4")
    assert b"Anna" not in (tmp_path / "out.mp4").read_bytes()
    with av.open(str(tmp_path / "out.mp4")) as container:
        assert [stream.type for stream in container.streams] == ["video"]
        assert "creation_time" not in container.metadata


def test_what_cannot_be_copied_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    odd = tmp_path / "in.wmv"
    odd.write_bytes(write_barcode_video(tmp_path / "x.mp4", 5).path.read_bytes())
    with pytest.raises(ExportError, match=r"in\.wmv cannot be copied .* convert this one to MP4"):
        copy_without_metadata(odd, tmp_path / "out.wmv")
    (tmp_path / "no.mp4").write_bytes(b"no video")
    with pytest.raises((ExportError, VideoError), match=r"no\.mp4"):
        copy_without_metadata(tmp_path / "no.mp4", tmp_path / "out.mp4")
    token = CancelToken()
    token.cancel()
    with pytest.raises(Cancelled):
        copy_without_metadata(tmp_path / "x.mp4", tmp_path / "out.mp4", token)

    def full(*_: Any, **__: Any) -> Any:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("skillviewer.media.remux._copy", full)
    with pytest.raises(ExportError, match=r"out\.mp4 could not be written: No space left on device"):
        copy_without_metadata(tmp_path / "x.mp4", tmp_path / "out.mp4")
