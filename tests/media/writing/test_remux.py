"""A copy of a video that says nothing of its origin: the same pictures, bit by bit, and nothing else."""

import errno
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from av.bitstream import BitStreamFilterContext

from skillviewer.core.errors import Cancelled, ExportError, VideoError
from skillviewer.core.progress import CancelToken
from skillviewer.media.reading.reader import VideoReader
from skillviewer.media.writing.remux import copy_without_metadata
from tests.media.writing.test_sound import write_with_burst
from tests.videos import KINDS, write_barcode_video

REFUSED = ("trimmed", "cut_in_mkv", "hevc_cut_in", "joined_ts")
"""Kinds that cannot be written as they are: their first frames are cut away, or what they are changes in the middle."""

COPIED = tuple(kind for kind in KINDS if kind not in REFUSED)
_SIGNS = (b"x264 - core", b"x265 (build", b"Lavc6")
"""What encoders sign with; libav also names itself as the maker of ProRes frames, by four letters."""


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
    assert not any(sign in target.read_bytes() for sign in _SIGNS)


@pytest.mark.parametrize("kind", REFUSED)
def test_what_would_not_be_the_same_video_is_refused(tmp_path: Path, kind: str) -> None:
    made = write_barcode_video(tmp_path / f"in{KINDS[kind].suffix}", 30, kind=kind)
    with pytest.raises(ExportError, match="copied"):
        copy_without_metadata(made.path, tmp_path / f"out{made.path.suffix}")


@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".ts"])
def test_what_a_camera_wrote_into_the_pictures_own_stream_is_not_copied(tmp_path: Path, suffix: str) -> None:
    said = "086f3693-b7b3-4f2c-9653-21492feee5b8+Anna_2024-05-01_SN1234"
    with av.open(str(tmp_path / f"in{suffix}"), "w") as container:
        stream = container.add_stream("libx264", rate=25)
        stream.width = stream.height = 64
        stream.pix_fmt = "yuv420p"
        container.start_encoding()
        camera = BitStreamFilterContext(f"h264_metadata=sei_user_data={said}", stream)
        frames = [av.VideoFrame.from_ndarray(np.full((64, 64, 3), 5 * i, np.uint8)) for i in range(20)]
        for frame in (*frames, None):
            for packet in stream.encode(frame):
                container.mux(camera.filter(packet))
    assert b"SN1234" in (tmp_path / f"in{suffix}").read_bytes()
    copy_without_metadata(tmp_path / f"in{suffix}", tmp_path / f"out{suffix}")
    assert b"SN1234" not in (tmp_path / f"out{suffix}").read_bytes()


def test_a_codec_that_cannot_be_cleaned_is_refused(tmp_path: Path) -> None:
    with av.open(str(tmp_path / "in.avi"), "w") as container:
        stream = container.add_stream("huffyuv", rate=25)
        stream.width = stream.height = 64
        stream.pix_fmt = "yuv422p"
        for frame in (av.VideoFrame.from_ndarray(np.zeros((64, 64, 3), np.uint8)), None):
            container.mux(stream.encode(frame))
    with pytest.raises(ExportError, match="huffyuv pictures"):
        copy_without_metadata(tmp_path / "in.avi", tmp_path / "out.avi")


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
    with pytest.raises(ExportError, match=r"in\.wmv.*copied.*convert.*MP4"):
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

    monkeypatch.setattr("skillviewer.media.writing.remux._copy", full)
    with pytest.raises(ExportError, match=r"out\.mp4.*space left"):
        copy_without_metadata(tmp_path / "x.mp4", tmp_path / "out.mp4")
