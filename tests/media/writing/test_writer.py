"""What is written comes back: every picture, at its time, in its colours; and nothing half written is left."""

import errno
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from skillviewer.core.errors import Cancelled, ExportError
from skillviewer.media.reading.reader import VideoReader
from skillviewer.media.writing.writer import Quality, VideoWriter
from tests.videos import barcode, decode_in_order, read_barcode, rgb

SUFFIXES = [".mp4", ".mov", ".webm", ".gif"]
UNEVEN = (np.cumsum([0.0, 0.04, 0.1, 0.04, 0.25, 0.04, 0.33] * 3) + 12.34).tolist()
UNEVEN = sorted(set(UNEVEN))


def write(path: Path, times_s: list[float], width: int = 160, height: int = 96, **options: Any) -> None:
    """Write barcodes at given times."""
    with VideoWriter(path, width, height, **options) as writer:
        for number, time_s in enumerate(times_s):
            writer.write(barcode(number, width, height), time_s)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_true_times_and_pictures_come_back(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"clip{suffix}"
    write(path, UNEVEN, rate_hz=25)
    tick_s = {".mp4": 1e-5, ".mov": 1e-5, ".webm": 1e-3, ".gif": 1e-2}[suffix]
    assert [read_barcode(rgb(f)) for f in decode_in_order(path)] == list(range(len(UNEVEN)))
    with VideoReader(path) as reader:
        info = reader.info
        assert np.abs(info.times_s - (np.array(UNEVEN) - UNEVEN[0])).max() <= tick_s
        assert info.duration_s == pytest.approx(UNEVEN[-1] - UNEVEN[0] + 0.04, abs=2 * tick_s)
        assert (info.width_px, info.height_px) == (160, 96)
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_odd_sizes(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"clip{suffix}"
    write(path, [0, 0.1, 0.2], 161, 97)
    expected = (161, 97) if suffix == ".gif" else (162, 98)
    with VideoReader(path) as reader:
        assert (reader.info.width_px, reader.info.height_px) == expected
        assert read_barcode(reader.frame(2)[:97, :161]) == 2


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("colour", [(255, 0, 0), (0, 255, 0), (0, 0, 255), (200, 40, 90), (128, 128, 128)])
def test_colours(suffix: str, colour: tuple[int, int, int], tmp_path: Path) -> None:
    path = tmp_path / f"clip{suffix}"
    with VideoWriter(path, 64, 48) as writer:
        for step in range(3):
            writer.write(np.full((48, 64, 3), colour, np.uint8), step / 10)
    with VideoReader(path) as reader:
        assert np.abs(reader.frame(1).astype(int) - colour).max() <= 3


def test_mp4_plays_where_it_must(tmp_path: Path) -> None:
    """Browsers and office programs want H.264 in yuv420p, its index in front, and colours that say what they are."""
    path = tmp_path / "clip.mp4"
    write(path, [i / 30 for i in range(60)], rate_hz=30)
    data = path.read_bytes()
    assert data.index(b"moov") < data.index(b"mdat")
    assert data[4:8] == b"ftyp"
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        context = stream.codec_context
        assert (context.name, context.pix_fmt) == ("h264", "yuv420p")
        assert (context.colorspace, context.color_primaries, context.color_trc, context.color_range) == (1, 1, 1, 1)
        assert stream.average_rate == 30
        assert stream.frames == 60
        packets = [p for p in container.demux(stream) if p.size]
    assert [p.pts for p in packets] == sorted(p.pts or 0 for p in packets)
    assert sum(p.is_keyframe for p in packets) >= 2


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_nothing_identifies_who_wrote_it_when(suffix: str, tmp_path: Path) -> None:
    paths = [tmp_path / f"clip{n}{suffix}" for n in range(2)]
    for path in paths:
        write(path, [0, 0.1, 0.2])
    data = paths[0].read_bytes()
    assert data == paths[1].read_bytes()
    assert not re.search(rb"x264|threads=|Lav[fc]\d", data), "encoders sign what they write"
    with av.open(str(paths[0])) as container:
        words = {**container.metadata, **container.streams.video[0].metadata}
    assert not {"creation_time", "date", "title", "artist", "comment", "location"} & {word.lower() for word in words}
    assert words.get("encoder", "Lavf") == "Lavf"


def test_quality_costs_bytes(tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (96, 160, 3), dtype=np.uint8)
    sizes: list[int] = []
    qualities: tuple[Quality, ...] = ("small", "good", "best")
    for quality in qualities:
        path = tmp_path / f"{quality}.mp4"
        with VideoWriter(path, 160, 96, quality=quality) as writer:
            for step in range(5):
                writer.write(np.roll(noise, step, axis=1), step / 10)
        sizes.append(path.stat().st_size)
    assert sizes == sorted(sizes)
    assert sizes[0] < sizes[2] / 1.5


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("error", [Cancelled(), ValueError("x"), KeyboardInterrupt()])
def test_breaking_off_leaves_nothing(suffix: str, error: BaseException, tmp_path: Path) -> None:
    path = tmp_path / f"clip{suffix}"

    def broken_off() -> None:
        with VideoWriter(path, 160, 96) as writer:
            writer.write(barcode(0), 0)
            writer.write(barcode(1), 0.1)
            assert list(tmp_path.iterdir())  # it is being written beside
            assert not path.exists()
            raise error

    with pytest.raises(type(error)):
        broken_off()
    assert list(tmp_path.iterdir()) == []


def test_an_old_file_stays_when_writing_breaks_off(tmp_path: Path) -> None:
    path = tmp_path / "clip.mp4"
    path.write_bytes(b"precious")

    def broken_off() -> None:
        with VideoWriter(path, 160, 96, overwrite=True) as writer:
            writer.write(barcode(0), 0)
            raise Cancelled

    with pytest.raises(Cancelled):
        broken_off()
    assert path.read_bytes() == b"precious"
    assert list(tmp_path.iterdir()) == [path]


def test_overwriting_is_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "clip.mp4"
    path.write_bytes(b"precious")
    with pytest.raises(ExportError, match="there already"):
        VideoWriter(path, 160, 96)
    assert path.read_bytes() == b"precious"
    write(path, [0, 0.1], overwrite=True)
    with VideoReader(path) as reader:
        assert reader.n_frames == 2


def test_a_file_that_appears_meanwhile_is_not_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "clip.mp4"

    def overtaken() -> None:
        with VideoWriter(path, 160, 96) as writer:
            writer.write(barcode(0), 0)
            path.write_bytes(b"precious")

    with pytest.raises(ExportError, match="there already"):
        overtaken()
    assert path.read_bytes() == b"precious"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    ("name", "options", "words"),
    [
        ("clip.avi", {}, "ends in one of"),
        ("clip", {}, "ends in one of"),
        ("nowhere/clip.mp4", {}, "no folder"),
        ("clip.mp4", {"width_px": 0}, "empty"),
    ],
)
def test_what_cannot_be_written_is_refused_at_once(
    name: str, options: dict[str, Any], words: str, tmp_path: Path
) -> None:
    with pytest.raises(ExportError, match=words):
        VideoWriter(tmp_path / name, **{"width_px": 160, "height_px": 96, **options})
    assert list(tmp_path.iterdir()) == []


def test_a_folder_of_that_name_is_refused(tmp_path: Path) -> None:
    (tmp_path / "clip.mp4").mkdir()
    with pytest.raises(ExportError, match="folder"):
        VideoWriter(tmp_path / "clip.mp4", 160, 96, overwrite=True)


def test_no_picture_is_no_video(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="no picture"), VideoWriter(tmp_path / "clip.mp4", 160, 96):
        pass
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("second_s", [0.0, -0.1, 0.001])
def test_times_must_ascend_as_far_as_the_format_tells(second_s: float, tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="apart"):
        write(tmp_path / "clip.gif", [0.0, second_s])
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("shape", [(96, 160), (160, 96, 3), (96, 160, 4)])
def test_a_picture_of_another_shape(shape: tuple[int, ...], tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="expected a picture"), VideoWriter(tmp_path / "c.mp4", 160, 96) as writer:
        writer.write(np.zeros(shape, np.uint8), 0)


def test_read_only_and_strided_pictures(tmp_path: Path) -> None:
    wide = np.concatenate([barcode(5), barcode(6)], axis=1)
    wide.flags.writeable = False
    with VideoWriter(tmp_path / "c.mp4", 160, 96) as writer:
        writer.write(wide[:, :160], 0)
        writer.write(wide[:, 160:], 0.1)
    with VideoReader(tmp_path / "c.mp4") as reader:
        assert [read_barcode(p) for p in reader.frames([0, 1])] == [5, 6]


def test_a_picture_lost_on_the_way_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    packets: list[object] = []

    def losing(self: Any, frames: Any) -> None:
        for frame in frames:
            for packet in self._stream.encode(frame):
                packets.append(packet)
                if len(packets) != 4:
                    self._container.mux(packet)

    monkeypatch.setattr("skillviewer.media.writing.writer.VideoWriter._encode", losing)
    with pytest.raises(ExportError, match="9 of 10 pictures"):
        write(tmp_path / "clip.webm", [i / 10 for i in range(10)])
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_while_writing_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_self: Any, _frames: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("skillviewer.media.writing.writer.VideoWriter._encode", full)
    with pytest.raises(ExportError, match=r"clip\.mp4.*space left"):
        write(tmp_path / "clip.mp4", [0, 0.1])
    assert list(tmp_path.iterdir()) == []


LIMITED = """
import resource, signal, sys
import numpy as np
from pathlib import Path
from skillviewer.core.errors import ExportError
from skillviewer.media.writing.writer import VideoWriter
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))
noise = np.random.default_rng(0).integers(0, 256, (240, 320, 3), dtype=np.uint8)
try:
    with VideoWriter(Path(sys.argv[1]), 320, 240, quality="best") as writer:
        for step in range(40):
            writer.write(np.roll(noise, 7 * step, axis=1), step / 10)
except ExportError as error:
    print(error)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="no limit on the size of files there")
@pytest.mark.parametrize("suffix", [".mp4", ".webm", ".gif"])
def test_a_file_that_may_not_grow_is_not_left_half_written(suffix: str, tmp_path: Path) -> None:
    """The operating system refuses to write on, as on a full disk."""
    path = tmp_path / f"clip{suffix}"
    done = subprocess.run(
        [sys.executable, "-c", LIMITED, str(path)], capture_output=True, text=True, check=True, timeout=600
    )
    assert "could not be written" in done.stdout or "was not written" in done.stdout
    assert len(done.stdout.splitlines()) == 1
    assert list(tmp_path.iterdir()) == []
    assert done.stderr == ""


def test_a_read_only_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The administrator may write everywhere, so the refusal is played."""

    def denied(*_args: Any, **_kwargs: Any) -> Any:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(Path, "touch", denied)
    with pytest.raises(ExportError, match="Permission denied"):
        VideoWriter(tmp_path / "clip.mp4", 160, 96)


def test_a_missing_encoder_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("skillviewer.media.writing.writer.can_encode", lambda _name: False)
    with pytest.raises(ExportError, match="libx264"):
        VideoWriter(tmp_path / "clip.mp4", 160, 96)
