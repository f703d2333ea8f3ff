"""What cannot be read is refused with one sentence that names it; what can be read in part is, with a note."""

import builtins
import socket
import threading
import time
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import pytest

from skillviewer.core.errors import VideoError
from skillviewer.media.reading.reader import VideoReader
from tests.videos import (
    KINDS,
    VideoKind,
    barcode,
    decode_in_order,
    read_barcode,
    rgb,
    truncate,
    write_barcode_video,
    write_sound,
)

FASTSTART = VideoKind(muxing={"movflags": "+faststart"})


def refused(path: Path) -> str:
    """Return the sentence with which a file is refused."""
    with pytest.raises(VideoError) as caught:
        VideoReader(path)
    message = str(caught.value)
    assert str(path) in message
    assert "\n" not in message
    assert message.endswith(".")
    return message


def test_missing(tmp_path: Path) -> None:
    assert "no file" in refused(tmp_path / "nothing.mp4")


def test_folder(tmp_path: Path) -> None:
    assert "folder" in refused(tmp_path)


def test_empty(tmp_path: Path) -> None:
    (tmp_path / "empty.mp4").touch()
    assert "empty" in refused(tmp_path / "empty.mp4")


@pytest.mark.parametrize("name", ["noise.mp4", "noise.avi", "noise"])
def test_noise(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(np.random.default_rng(0).bytes(50_000))
    refused(tmp_path / name)


@pytest.mark.parametrize("name", ["notes.txt", "notes.mp4"])
def test_text(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text("Not a video.\n" * 50)
    assert "not a video" in refused(tmp_path / name)


@pytest.mark.parametrize("name", ["still.png", "still.jpg", "still.bmp"])
def test_still_picture(name: str, tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / name), np.zeros((40, 60, 3), np.uint8))
    assert "not a video" in refused(tmp_path / name)


def test_a_still_picture_that_is_made_like_a_video(tmp_path: Path) -> None:
    path = write_barcode_video(tmp_path / "still.heic", 1).path
    data = path.read_bytes()
    assert data[4:12] == b"ftypisom"
    path.write_bytes(data[:8] + b"heic" + data[12:])
    assert "still picture" in refused(path)


def test_a_playlist_does_not_reach_the_network(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.2)
        port = server.getsockname()[1]
        (tmp_path / "list.m3u8").write_text(
            f"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nhttp://127.0.0.1:{port}/film.ts\n#EXT-X-ENDLIST\n"
        )
        caller = threading.Thread(target=refused, args=(tmp_path / "list.m3u8",))
        caller.start()
        with pytest.raises(TimeoutError):
            server.accept()
        caller.join(60)
    assert not caller.is_alive()


def test_a_session_description_opens_no_socket(tmp_path: Path) -> None:
    (tmp_path / "live.sdp").write_text(
        "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video 45678 RTP/AVP 96\n"
        "a=rtpmap:96 H264/90000\n"
    )
    began = time.monotonic()
    refused(tmp_path / "live.sdp")
    assert time.monotonic() - began < 8, "FFmpeg waits ten seconds for packets"


def test_metadata_in_another_encoding_does_no_harm(tmp_path: Path) -> None:
    path = write_barcode_video(tmp_path / "film.mkv", 5, kind="mkv").path
    data = path.read_bytes()
    assert b"Lavf" in data
    path.write_bytes(data.replace(b"Lavf", b"\xe4\xf6\xfc\xff"))
    with VideoReader(path) as reader:
        assert read_barcode(reader.frame(4)) == 4


def test_sound_only(tmp_path: Path) -> None:
    write_sound(tmp_path / "sound.mp4")
    assert "no video stream" in refused(tmp_path / "sound.mp4")


def test_what_the_system_refuses_is_not_called_something_that_is_no_video(tmp_path: Path) -> None:
    loop = tmp_path / "loop.mp4"
    loop.symlink_to(loop)
    assert "symbolic links" in refused(loop)
    assert "too long" in refused(tmp_path / f"{'x' * 300}.mp4")


def test_no_permission(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The administrator may read everything, so the refusal is played."""
    path = write_barcode_video(tmp_path / "film.mp4", 3).path
    original = Path.open

    def denied(self: Path, *args: Any, **kwargs: Any) -> Any:
        if self == path:
            raise PermissionError(13, "Permission denied", str(self))
        return original(self, *args, **kwargs)

    monkeypatch.setattr(Path, "open", denied)
    assert "permission" in refused(path)


@pytest.mark.parametrize(
    ("kind", "old", "new"), [("mp4", b"avc1", b"zzzz"), ("mkv", b"V_MPEG4/ISO/AVC", b"V_MPEG9/XYZ/QQQ")]
)
def test_unknown_codec(kind: str, old: bytes, new: bytes, tmp_path: Path) -> None:
    path = write_barcode_video(tmp_path / "film", 10, kind=kind).path
    data = path.read_bytes()
    assert old in data
    path.write_bytes(data.replace(old, new).replace(b"avcC", b"zzzC"))
    assert "codec" in refused(path)


def test_nothing_decodes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(KINDS, "faststart", FASTSTART)
    path = write_barcode_video(tmp_path / "film.mp4", 20, kind="faststart").path
    data = path.read_bytes()
    start = data.index(b"mdat") + 4
    path.write_bytes(data[:start] + np.random.default_rng(0).bytes(len(data) - start))
    assert "No frame" in refused(path)


def test_index_cut_off(tmp_path: Path) -> None:
    """An MP4 whose table of contents comes last is nothing without its end."""
    path = write_barcode_video(tmp_path / "film.mp4", 20).path
    truncate(path, 0.7)
    assert "end is missing" in refused(path)


def test_a_refused_file_is_let_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[Any] = []
    original = builtins.open

    def noting(*args: Any, **kwargs: Any) -> Any:
        opened.append(original(*args, **kwargs))
        return opened[-1]

    monkeypatch.setattr("io.open", noting)
    (tmp_path / "film.mp4").write_bytes(b"x" * 100)
    refused(tmp_path / "film.mp4")
    assert opened
    assert all(file.closed for file in opened)


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder for the whole films, each written once."""
    return tmp_path_factory.mktemp("films")


@pytest.mark.parametrize("share", [0.35, 0.7])
@pytest.mark.parametrize(
    "kind", ["faststart", "fragmented", "mkv", "webm", "ts", "avi", "avi_b_frames", "avi_h264", "gif", "hevc_10_bit"]
)
def test_a_broken_tail_is_read_as_far_as_it_decodes_and_noted(
    kind: str, share: float, tmp_path: Path, films: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(KINDS, "faststart", FASTSTART)
    if not (films / kind).exists():
        write_barcode_video(films / kind, 150, kind=kind)
    path = tmp_path / "film"
    path.write_bytes((films / kind).read_bytes())
    truncate(path, share)
    decoded = decode_in_order(path)
    with VideoReader(path) as reader:
        n = reader.n_frames
        assert n == len(decoded)
        assert 0 < n < 150
        assert "cut off" in reader.info.note
        assert str(n) in reader.info.note
        # of the last group a picture may be half there, and others that refer to it
        for index in [0, *np.random.default_rng(0).integers(0, max(1, n - 12), 10).tolist()]:
            assert read_barcode(reader.frame(index)) == index
        reader.frame(n - 1)


@pytest.mark.parametrize("codec", ["mjpeg", "mpeg4", "libx264"])
@pytest.mark.parametrize("n_read", [97, 60])
def test_pictures_that_a_camera_dropped_are_no_damage(codec: str, n_read: int, tmp_path: Path) -> None:
    """In AVI a chunk of no length stands for each, and the head counts those too."""
    path = tmp_path / "film.avi"
    ticks = [tick for tick in range(100) if tick not in (30, 31, 77)]
    with av.open(str(path), "w", format="avi") as container:
        stream = container.add_stream(codec, rate=25)
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height, stream.pix_fmt = 160, 96, "yuvj420p" if codec == "mjpeg" else "yuv420p"
        stream.max_b_frames = 0  # the container has no times of presentation
        for i, tick in enumerate(ticks):
            frame = av.VideoFrame.from_ndarray(barcode(i), format="rgb24")
            frame.pts, frame.time_base = tick, Fraction(1, 25)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    if n_read < 97:
        truncate(path, 0.6)
    with VideoReader(path) as reader:
        assert ("cut off" in reader.info.note) == (n_read < 97)
        if n_read == 97:
            near_s = 2 / 25 + 1e-6 if codec == "libx264" else 1e-6  # H.264 in AVI: libav guesses beside a gap
            assert reader.info.times_s == pytest.approx(np.array(ticks) / 25, abs=near_s)
            assert [read_barcode(reader.frame(i)) for i in (29, 30, 76)] == [29, 30, 76]


@pytest.mark.parametrize("kind", ["faststart", "fragmented", "avi", "mkv"])
def test_an_end_of_zeros_is_noted(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A copy that was broken off has its full size, but nothing in its end."""
    monkeypatch.setitem(KINDS, "faststart", FASTSTART)
    video = write_barcode_video(tmp_path / "film", 90, kind=kind)
    data = video.path.read_bytes()
    video.path.write_bytes(data[: len(data) * 6 // 10] + bytes(len(data) - len(data) * 6 // 10))
    with VideoReader(video.path) as reader:
        assert reader.n_frames == len(decode_in_order(video.path)) < 90
        assert "damaged" in reader.info.note
        assert read_barcode(reader.frame(reader.n_frames // 2)) == reader.n_frames // 2


@pytest.mark.parametrize("tag", [b"DURATION", b"DURATIOX"])
def test_a_matroska_file_that_ends_before_the_duration_in_its_head_is_noted(tag: bytes, tmp_path: Path) -> None:
    """The track's own duration, or where there is none the file's."""
    video = write_barcode_video(tmp_path / "film.mkv", 90, kind="mkv")
    data = video.path.read_bytes()
    assert b"DURATION" in data
    end = len(data) * 6 // 10
    video.path.write_bytes(data[:end].replace(b"DURATION", tag) + bytes(len(data) - end))
    with VideoReader(video.path) as reader:
        assert "cut off" in reader.info.note
    video.path.write_bytes(data.replace(b"DURATION", tag))
    with VideoReader(video.path) as reader:
        assert reader.info.note == ""


def test_damage_in_the_middle_leaves_out_what_does_not_decode(tmp_path: Path) -> None:
    video = write_barcode_video(tmp_path / "film.mp4", 90)
    data = bytearray(video.path.read_bytes())
    middle = len(data) // 3
    data[middle : middle + 400] = np.random.default_rng(0).bytes(400)
    video.path.write_bytes(data)
    decoded = decode_in_order(video.path)
    assert len(decoded) < 90
    with VideoReader(video.path) as reader:
        assert reader.n_frames == len(decoded)
        assert "damaged" in reader.info.note
        for index in (0, 5, len(decoded) - 5, len(decoded) - 1):
            np.testing.assert_array_equal(reader.frame(index), rgb(decoded[index]))


def test_a_frame_that_turns_out_not_to_decode_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Damage that keeps the packets' outer form shows only when it is decoded."""
    monkeypatch.setattr("skillviewer.media.reading.packet_checks._check_units", lambda _data, _size: "")
    video = write_barcode_video(tmp_path / "film.mp4", 90)
    data = bytearray(video.path.read_bytes())
    middle = len(data) // 3
    data[middle : middle + 400] = np.random.default_rng(0).bytes(400)
    video.path.write_bytes(data)
    refusals: list[str] = []
    with VideoReader(video.path) as reader:
        assert reader.n_frames == 90
        for index in range(90):
            try:
                reader.frame(index)
            except VideoError as error:
                refusals.append(str(error).removeprefix(f"Frame {index + 1} of {video.path}"))
    assert 0 < len(refusals) < 30
    assert all(sentence.startswith(", at ") for sentence in refusals)


def test_a_file_that_goes_away_after_opening_still_reads(tmp_path: Path) -> None:
    video = write_barcode_video(tmp_path / "film.mp4", 60)
    with VideoReader(video.path) as reader:
        reader.frame(30)
        video.path.unlink()
        assert read_barcode(reader.frame(50)) == 50
        with pytest.raises(VideoError, match="no longer"):
            _ = reader.info


def test_a_file_replaced_after_opening_does_not_lend_its_digest(tmp_path: Path) -> None:
    video, other = (write_barcode_video(tmp_path / name, 20, rate_hz=rate) for name, rate in (("a", 25), ("b", 30)))
    with VideoReader(video.path) as reader:
        other.path.replace(video.path)
        assert read_barcode(reader.frame(15)) == 15
        with pytest.raises(VideoError, match="written or replaced"):
            _ = reader.info


def test_ffmpeg_keeps_quiet(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    video = write_barcode_video(tmp_path / "film.ts", 60, kind="ts")
    truncate(video.path, 0.6)
    (tmp_path / "noise.mp4").write_bytes(np.random.default_rng(0).bytes(5000))
    capfd.readouterr()
    with VideoReader(video.path) as reader:
        reader.frames(range(reader.n_frames))
    refused(tmp_path / "noise.mp4")
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("share", [0.35, 0.5, 0.6, 0.7, 0.8])
def test_of_a_program_stream_that_breaks_off_what_decodes_counts(share: float, tmp_path: Path) -> None:
    """Nothing in it says that its end is missing."""
    video = write_barcode_video(tmp_path / "film.mpg", 90, kind="mpeg2_ps")
    truncate(video.path, share)
    decoded = decode_in_order(video.path)
    with VideoReader(video.path) as reader:
        assert reader.n_frames == len(decoded) < 90
        for index in (0, len(decoded) // 2, len(decoded) - 1):
            np.testing.assert_array_equal(reader.frame(index), rgb(decoded[index]))


def test_wherever_an_end_of_zeros_begins_only_what_decodes_is_counted(tmp_path: Path) -> None:
    """The last picture may be partly there: whether it decodes is not told by its packet."""
    video = write_barcode_video(tmp_path / "film", 90, kind="mkv")
    data = video.path.read_bytes()
    middle = len(data) * 6 // 10
    for cut in range(middle - 150, middle, 5):
        video.path.write_bytes(data[:cut] + bytes(len(data) - cut))
        with VideoReader(video.path) as reader:
            assert reader.n_frames == len(decode_in_order(video.path))
