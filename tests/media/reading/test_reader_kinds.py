"""Every kind of file, read in every order, gives the frames that it holds at the times at which they are shown."""

import hashlib
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from av.video.frame import VideoFrame

from skillviewer.core.errors import VideoError
from skillviewer.media.reading.reader import VideoReader
from tests.beside import TEST_DATA
from tests.facts import missing
from tests.videos import KINDS, barcode, decode_in_order, read_barcode, rgb, write_barcode_video, write_sound

N_FRAMES = 40
COUNTED = {"avi_packed", "avi_h264", "webm_vp8", "webm_hidden", "gif", "joined_ts"}
"""Kinds whose packets do not tell their frames, so that these are counted by decoding."""


@pytest.mark.parametrize("kind", KINDS)
def test_every_frame_is_the_right_one_at_the_right_time(kind: str, tmp_path: Path) -> None:
    made = KINDS[kind]
    video = write_barcode_video(tmp_path / f"film{made.suffix}", N_FRAMES, kind=kind)
    decoded = decode_in_order(video.path)
    assert len(decoded) == len(video.numbers), "the test's own file is not what it should be"
    plain = made.pixel_aspect == 1 and made.turned == (0, False)
    scattered = np.random.default_rng(0).integers(0, len(decoded), 40).tolist()
    with VideoReader(video.path) as reader, VideoReader(video.path, cache_bytes=0) as forgetful:
        info = reader.info
        assert info.n_frames == reader.n_frames == len(decoded)
        assert np.abs(info.times_s - video.times_s).max() <= made.tick_s
        if made.muxer in {"mp4", "mov", "matroska"} and not made.after:  # these keep how long the last one is shown
            assert info.duration_s == pytest.approx(video.times_s[-1] + 1 / 30, abs=2 * made.tick_s)
        assert (info.width_px, info.height_px) == video.size
        assert reader._index.counted == (kind in COUNTED)
        assert bool(info.note) == (kind in {"joined_ts", "interlaced"})
        for index in scattered:
            for picture in (reader.frame(index), forgetful.frame(index)):
                assert read_barcode(picture) == video.numbers[index]
                assert picture.shape == (info.height_px, info.width_px, 3)
                if plain:
                    np.testing.assert_array_equal(picture, rgb(decoded[index]))
        streamed = [(d.index, read_barcode(d.rgb())) for d in reader.stream(range(1, info.n_frames, 3))]
    assert streamed == [(i, video.numbers[i]) for i in range(1, info.n_frames, 3)]


@pytest.mark.parametrize("kind", ["mp4", "ts", "avi_h264", "hevc", "webm", "av1", "gif"])
def test_several_decoder_threads_give_the_same(kind: str, tmp_path: Path) -> None:
    video = write_barcode_video(tmp_path / "film", N_FRAMES, kind=kind)
    with VideoReader(video.path, threads=3, cache_bytes=0) as reader:
        for index in np.random.default_rng(1).permutation(reader.n_frames)[:15].tolist():
            assert read_barcode(reader.frame(index)) == video.numbers[index]
        assert [read_barcode(d.rgb()) for d in reader.stream(range(0, 40, 7))] == video.numbers[::7]


@pytest.mark.parametrize("kind", ["mp4", "ts", "gif", "avi"])
def test_one_frame(kind: str, tmp_path: Path) -> None:
    video = write_barcode_video(tmp_path / "film", 1, kind=kind)
    with VideoReader(video.path) as reader:
        assert reader.info.n_frames == 1
        assert reader.info.times_s.tolist() == [0.0]
        assert reader.info.duration_s == pytest.approx(1 / 30, abs=KINDS[kind].tick_s)
        assert read_barcode(reader.frame(0)) == 0


@pytest.mark.parametrize(("kind", "rate_hz", "variable"), [("mp4", 30, False), ("mkv", 24, False), ("gif", 25, False)])
def test_constant_rate_is_told_exactly_even_by_coarse_clocks(
    kind: str, rate_hz: int, variable: bool, tmp_path: Path
) -> None:
    video = write_barcode_video(tmp_path / "film", N_FRAMES, kind=kind, rate_hz=rate_hz)
    with VideoReader(video.path) as reader:
        assert reader.info.rate_hz == pytest.approx(rate_hz, rel=1e-6)
        assert reader.info.variable_rate is variable
        assert reader.info.duration_s == pytest.approx(N_FRAMES / rate_hz, abs=KINDS[kind].tick_s)


def test_variable_rate_is_told(tmp_path: Path) -> None:
    video = write_barcode_video(tmp_path / "film.mp4", N_FRAMES, kind="variable")
    with VideoReader(video.path) as reader:
        assert reader.info.variable_rate
        assert reader.info.rate_hz == pytest.approx(30, rel=1e-6)


def test_restarted_time_stamps_are_mended_and_reported(tmp_path: Path) -> None:
    video = write_barcode_video(tmp_path / "film.ts", N_FRAMES, kind="joined_ts")
    with VideoReader(video.path) as reader:
        assert (np.diff(reader.info.times_s) > 0).all()
        assert "time stamps" in reader.info.note


def test_a_clock_that_leaps_is_told(tmp_path: Path) -> None:
    path = tmp_path / "stream.mkv"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25, options={"x264-params": "log-level=none"})
        stream.width, stream.height, stream.pix_fmt = 160, 96, "yuv420p"
        stream.codec_context.time_base = Fraction(1, 1000)
        for number, ms in enumerate([0, 40, 80, 1_700_000_000_000, 1_700_000_000_040]):
            frame = VideoFrame.from_ndarray(barcode(number), format="rgb24")
            frame.pts, frame.time_base = ms, Fraction(1, 1000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    with VideoReader(path) as reader:
        assert "frame 3 stays on the screen for 1,700,000,000 s" in reader.info.note
        assert read_barcode(reader.frame(4)) == 4


def test_names_of_codecs_and_digest(tmp_path: Path) -> None:
    for kind, codec in (("mp4", "h264"), ("hevc", "hevc"), ("av1", "av1"), ("avi", "mpeg4"), ("webm", "vp9")):
        video = write_barcode_video(tmp_path / kind, 3, kind=kind)
        with VideoReader(video.path) as reader:
            assert reader.info.codec == codec
            assert reader.info.digest == hashlib.sha256(video.path.read_bytes()).hexdigest()
            assert reader.info.path == video.path
            assert reader.info.note == ""


@pytest.mark.parametrize("name", ["Zwölf Köpfe – 日本語.mp4", "with spaces and 'quotes' #1 100%.mp4", "take 12:30.mp4"])
def test_awkward_names(name: str, tmp_path: Path) -> None:
    video = write_barcode_video(tmp_path / name, 5)
    with VideoReader(str(video.path)) as reader:
        assert read_barcode(reader.frame(4)) == 4


def test_relative_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_barcode_video(tmp_path / "film.mp4", 5)
    monkeypatch.chdir(tmp_path)
    with VideoReader("film.mp4") as reader:
        assert read_barcode(reader.frame(3)) == 3


def test_album_cover_is_not_the_video(tmp_path: Path) -> None:
    """A sound file with a cover has a video stream for the container, and none for a person."""
    write_sound(tmp_path / "song.mp4", cover=True)
    with pytest.raises(VideoError, match="no video stream"):
        VideoReader(tmp_path / "song.mp4")


def test_of_several_video_tracks_the_first_is_read_and_that_is_told(tmp_path: Path) -> None:
    path = tmp_path / "two.mp4"
    with av.open(str(path), "w") as container:
        streams = [container.add_stream("mpeg4", rate=25) for _ in range(2)]
        for stream in streams:
            stream.width, stream.height, stream.pix_fmt = 160, 96, "yuv420p"
        for at, stream in enumerate(streams):
            for number in range(5):
                frame = VideoFrame.from_ndarray(barcode(100 * at + number), format="rgb24")
                container.mux(stream.encode(frame))
            container.mux(stream.encode(None))
    with VideoReader(path) as reader:
        assert [read_barcode(reader.frame(i)) for i in range(5)] == [0, 1, 2, 3, 4]
        assert not missing(reader.info.note, "2 video")


def real_files() -> list[Path]:
    """Return real files that somebody has put beside the checkout, if there are any."""
    return sorted(p for p in TEST_DATA.glob("real/*") if p.suffix in {".mp4", ".avi", ".gif"})


@pytest.mark.skipif(not real_files(), reason="no real files, see tests/beside.py")
def test_real_files() -> None:
    for path in real_files():
        decoded = decode_in_order(path)
        with VideoReader(path) as reader:
            assert reader.n_frames == len(decoded)
            square = (reader.info.width_px, reader.info.height_px) == (decoded[0].width, decoded[0].height)
            for index in np.random.default_rng(2).integers(0, len(decoded), 6).tolist():
                picture = reader.frame(index)
                if square:
                    np.testing.assert_array_equal(picture, rgb(decoded[index]), err_msg=f"{path.name} {index}")
