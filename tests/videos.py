"""Videos whose frames carry their number, in every kind of file that a reader has to get right.

A frame is a grid of 5 x 4 black and white cells. The four corners tell which way up it is (only the top left one is
white); the other cells hold a number of twelve bits in Gray code and four check bits. Blocks of this size survive
compression, scaling and dithering.
"""

import os
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import av
import numpy as np
from av.audio.stream import AudioStream
from av.codec.context import Flags as CodecFlags
from av.container import OutputContainer
from av.stream import Disposition
from av.video.frame import VideoFrame
from av.video.reformatter import ColorRange, Colorspace
from av.video.stream import VideoStream
from numpy.typing import NDArray

from tests.surgery import AFTER

if TYPE_CHECKING:
    from collections.abc import Sequence

    from av.packet import Packet

os.environ.setdefault("SVT_LOG", "-1")  # else that encoder talks on standard error

COLUMNS, ROWS = 5, 4
_CORNERS = (0, COLUMNS - 1, (ROWS - 1) * COLUMNS, ROWS * COLUMNS - 1)
_CELLS = tuple(cell for cell in range(COLUMNS * ROWS) if cell not in _CORNERS)
_DARK, _LIGHT = 30, 225
N_NUMBERS = 1 << 12


def _check_bits(number: int) -> int:
    """Return four bits that tell a misread number from a right one."""
    return (number % 13) + 2


def barcode(number: int, width: int = 160, height: int = 96) -> NDArray[np.uint8]:
    """Return the picture of a number, (height, width, 3) uint8."""
    gray = number ^ number >> 1
    bits = [gray >> i & 1 for i in range(12)] + [_check_bits(number) >> i & 1 for i in range(4)]
    cells = np.full(COLUMNS * ROWS, _DARK, np.uint8)
    cells[0] = _LIGHT
    cells[list(_CELLS)] = np.where(np.array(bits, bool), _LIGHT, _DARK)
    rows = np.arange(height) * ROWS // height
    columns = np.arange(width) * COLUMNS // width
    picture = cells.reshape(ROWS, COLUMNS)[rows[:, None], columns[None, :]]
    # a faint drift, so that no two frames are alike and encoders have something to predict
    drift = (np.arange(width)[None, :] + np.arange(height)[:, None] + 3 * number) % 16
    return np.repeat((picture + drift.astype(np.uint8))[:, :, None], 3, axis=2)


def read_barcode(picture: NDArray[np.uint8]) -> int:
    """Return the number that a picture carries.

    Raises:
        ValueError: It carries none, lies on its side, or is mirrored.
    """
    height, width = picture.shape[:2]
    grey = picture.reshape(height, width, -1).mean(axis=2)
    values = []
    for cell in range(COLUMNS * ROWS):
        row, column = divmod(cell, COLUMNS)
        y, x = round((row + 0.5) * height / ROWS), round((column + 0.5) * width / COLUMNS)
        dy, dx = max(1, height // ROWS // 4), max(1, width // COLUMNS // 4)
        values.append(float(grey[y - dy : y + dy, x - dx : x + dx].mean()))
    if values[0] < 128 or any(values[corner] >= 128 for corner in _CORNERS[1:]):
        raise ValueError("not upright, or not a barcode")
    bits = [values[cell] >= 128 for cell in _CELLS]
    gray = sum(1 << i for i, bit in enumerate(bits[:12]) if bit)
    number = 0
    while gray:
        number ^= gray
        gray >>= 1
    check = sum(1 << i for i, bit in enumerate(bits[12:]) if bit)
    if check != _check_bits(number):
        raise ValueError(f"read {number}, but the check bits say otherwise")
    return number


@dataclass(frozen=True, slots=True)
class BarcodeVideo:
    """What was written, hence what must be read.

    Attributes:
        path: The file.
        numbers: Number on every frame that decodes, in the order of presentation.
        times_s: Their times in seconds from the first; the last one is shown for ``1 / rate_hz``.
        size: (width, height) as shown.
    """

    path: Path
    numbers: list[int]
    times_s: list[float]
    size: tuple[int, int]


@dataclass(frozen=True, slots=True)
class VideoKind:
    """How one kind of file is made.

    Attributes:
        suffix: Of its name.
        muxer: Container.
        codec: Encoder.
        options: Of the encoder.
        pixels: Pixel format.
        gop: Frames from key frame to key frame.
        b_frames: Reordered frames in a row.
        muxing: Options of the container.
        uneven: Whether the frame rate varies.
        start_s: Time stamp of the first frame.
        turned: (degrees counter-clockwise, mirrored left to right) of the display matrix.
        pixel_aspect: Width of a pixel by its height.
        full_range: Whether black is 0 and white 255.
        matrix: Of the colours, as libav numbers them.
        interlaced: Whether frames are flagged as two fields.
        audio: Whether a sound track is added.
        after: What is done to the finished file: see ``tests/surgery.py``.
        tick_s: How far a time may be off in this container.
    """

    suffix: str = ".mp4"
    muxer: str = "mp4"
    codec: str = "libx264"
    options: dict[str, str] = field(default_factory=lambda: {"x264-params": _FIXED})
    pixels: str = "yuv420p"
    gop: int = 12
    b_frames: int = 2
    muxing: dict[str, str] = field(default_factory=dict)
    uneven: bool = False
    start_s: float = 0.0
    turned: tuple[int, bool] = (0, False)
    pixel_aspect: Fraction = Fraction(1)
    full_range: bool = False
    matrix: Colorspace | None = None
    interlaced: bool = False
    audio: bool = False
    after: str = ""
    tick_s: float = 1e-4


# without adaption, reordered pictures come in every group, and most of them nothing refers to
_FIXED = "scenecut=0:b-adapt=0"
_REALTIME = {"deadline": "realtime", "cpu-used": "8", "crf": "20", "b": "0"}
_HEVC = f"log-level=none:bframes=3:keyint=12:min-keyint=12:{_FIXED}"
_X265 = {"x265-params": f"{_HEVC}:open-gop=1"}
_OPEN = {"x264-params": f"open-gop=1:keyint=12:min-keyint=12:bframes=3:{_FIXED}"}

KINDS: dict[str, VideoKind] = {
    "mp4": VideoKind(),
    "mov": VideoKind(".mov", "mov"),
    "mkv": VideoKind(".mkv", "matroska", tick_s=1.1e-3),
    "avi": VideoKind(".avi", "avi", "mpeg4", {}, b_frames=0),
    "avi_b_frames": VideoKind(".avi", "avi", "mpeg4", {}, b_frames=2),
    "avi_packed": VideoKind(".avi", "avi", "mpeg4", {}, b_frames=1, after="pack"),
    "avi_h264": VideoKind(".avi", "avi"),
    "avi_mjpeg": VideoKind(".avi", "avi", "mjpeg", {}, pixels="yuvj420p", b_frames=0),
    "ts": VideoKind(".ts", "mpegts"),
    "mpeg2_ts": VideoKind(".ts", "mpegts", "mpeg2video", {"b": "2000k"}),
    "mpeg2_ps": VideoKind(".mpg", "vob", "mpeg2video", {"b": "2000k"}),
    "webm": VideoKind(".webm", "webm", "libvpx-vp9", _REALTIME, tick_s=1.1e-3),
    "webm_vp8": VideoKind(".webm", "webm", "libvpx", _REALTIME, after="hide", tick_s=1.1e-3),
    "webm_hidden": VideoKind(".webm", "webm", "libvpx-vp9", _REALTIME, gop=1, after="hide", tick_s=1.1e-3),
    "webm_superframes": VideoKind(".webm", "webm", "libvpx-vp9", _REALTIME, gop=1, after="superframes", tick_s=1.1e-3),
    "av1": VideoKind(".mp4", "mp4", "libsvtav1", {"preset": "8", "crf": "20", "svtav1-params": "lp=1"}),
    "gif": VideoKind(".gif", "gif", "gif", {}, pixels="rgb8", b_frames=0, tick_s=1.1e-2),
    "fragmented": VideoKind(muxing={"movflags": "frag_keyframe+empty_moov+default_base_moof"}),
    "variable": VideoKind(uneven=True),
    "variable_mkv": VideoKind(".mkv", "matroska", uneven=True, tick_s=1.1e-3),
    "late_mp4": VideoKind(start_s=7.5),
    "late_mkv": VideoKind(".mkv", "matroska", start_s=7.5, tick_s=1.1e-3),
    "late_ts": VideoKind(".ts", "mpegts", start_s=7.5),
    "trimmed": VideoKind(after="trim"),
    "open_gop": VideoKind(options=_OPEN, b_frames=3),
    "open_gop_ts": VideoKind(".ts", "mpegts", options=_OPEN, b_frames=3),
    "cut_in_ts": VideoKind(".ts", "mpegts", options=_OPEN, b_frames=3, after="cut in"),
    "cut_in_mkv": VideoKind(".mkv", "matroska", options=_OPEN, b_frames=3, after="cut in", tick_s=1.1e-3),
    "hevc": VideoKind(codec="libx265", options=_X265),
    "hevc_10_bit": VideoKind(".mkv", "matroska", "libx265", _X265, "yuv420p10le", tick_s=1.1e-3),
    "hevc_cut_in": VideoKind(".mkv", "matroska", "libx265", _X265, after="cut in", tick_s=1.1e-3),
    "hevc_leading": VideoKind(codec="libx265", options={"x265-params": f"{_HEVC}:open-gop=0:radl=2"}),
    "h264_10_bit": VideoKind(pixels="yuv420p10le"),
    "intra": VideoKind(options={"x264-params": "keyint=1"}, gop=1, b_frames=0),
    "prores": VideoKind(".mov", "mov", "prores_ks", {}, pixels="yuv422p10le", b_frames=0),
    "intra_refresh": VideoKind(options={"x264-params": "intra-refresh=1:keyint=20:bframes=0"}, gop=20, b_frames=0),
    "long_gop": VideoKind(gop=1000, options={"x264-params": f"keyint=1000:{_FIXED}"}),
    "turned_90": VideoKind(turned=(90, False)),
    "turned_180": VideoKind(turned=(180, False)),
    "turned_270": VideoKind(turned=(270, False)),
    "mirrored": VideoKind(turned=(0, True)),
    "turned_90_mirrored": VideoKind(turned=(90, True)),
    "wide_pixels": VideoKind(pixel_aspect=Fraction(4, 3)),
    "tall_pixels": VideoKind(pixel_aspect=Fraction(2, 3)),
    "wide_pixels_turned": VideoKind(pixel_aspect=Fraction(4, 3), turned=(270, False)),
    "interlaced": VideoKind(interlaced=True, options={"x264-params": f"tff=1:{_FIXED}"}),
    "full_range": VideoKind(full_range=True),
    "bt709": VideoKind(matrix=Colorspace.ITU709),
    "bt601": VideoKind(matrix=Colorspace.ITU601),
    "audio": VideoKind(audio=True),
    "audio_ts": VideoKind(".ts", "mpegts", audio=True),
    "joined_ts": VideoKind(".ts", "mpegts", after="join"),
    "444": VideoKind(pixels="yuv444p"),
}
"""Every kind of file that must be read right."""


def write_barcode_video(
    path: Path, n_frames: int, *, width: int = 160, height: int = 96, kind: str = "mp4", rate_hz: int = 30
) -> BarcodeVideo:
    """Write a video whose frames carry the numbers 0 to ``n_frames - 1``.

    Args:
        path: The file; its suffix does not decide anything, ``kind`` does.
        n_frames: Frames encoded; kinds that are trimmed afterwards show fewer.
        width: Of the stored picture; odd sizes need kind "444".
        height: Of the stored picture.
        kind: A name in ``KINDS``.
        rate_hz: Frame rate.

    Returns:
        What must be read.
    """
    made = KINDS[kind]
    known = _WRITTEN.get((n_frames, width, height, kind, rate_hz))
    if known is not None and known[0] == made:  # a test may put a kind of its own there
        path.write_bytes(known[1])
        return BarcodeVideo(path, [*known[2].numbers], [*known[2].times_s], known[2].size)
    steps = [1, 3, 1, 1, 2, 5] if made.uneven else [1]
    slots = np.cumsum([0] + [steps[i % len(steps)] for i in range(n_frames - 1)])
    with av.open(str(path), "w", format=made.muxer, options=made.muxing) as container:
        _encode(container, made, [int(slot) for slot in slots], width, height, rate_hz)
    if hasattr(os, "sched_setscheduler"):  # for root SVT-AV1 leaves its caller at real-time priority: others starve
        os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))
    numbers, times_s = list(range(n_frames)), [float(slot) / rate_hz for slot in slots]
    if made.after:
        numbers, times_s = AFTER[made.after](path, numbers, times_s)
    video = BarcodeVideo(path, numbers, [t - times_s[0] for t in times_s], _shown_size(made, width, height))
    if path.stat().st_size < MAX_ACTIVATION_BYTES:
        _WRITTEN[n_frames, width, height, kind, rate_hz] = made, path.read_bytes(), video
    return video


MAX_ACTIVATION_BYTES = 200_000
"""Size up to which a video is kept."""

_WRITTEN: dict[tuple[int, int, int, str, int], tuple[VideoKind, bytes, BarcodeVideo]] = {}
"""What was encoded in this process; many tests want the same videos."""


def _shown_size(made: VideoKind, width: int, height: int) -> tuple[int, int]:
    if made.pixel_aspect > 1:
        width = round(width * made.pixel_aspect)
    elif made.pixel_aspect < 1:
        height = round(height / made.pixel_aspect)
    return (height, width) if made.turned[0] % 180 else (width, height)


def _encode(
    container: OutputContainer, made: VideoKind, slots: list[int], width: int, height: int, rate_hz: int
) -> None:
    stream = container.add_stream(made.codec, rate=rate_hz, options=dict(made.options))
    assert isinstance(stream, VideoStream)
    stream.width, stream.height, stream.pix_fmt = width, height, made.pixels
    stream.gop_size, stream.max_b_frames = made.gop, made.b_frames
    context = stream.codec_context
    context.thread_count = 1
    context.sample_aspect_ratio = made.pixel_aspect
    if made.turned != (0, False):
        stream.set_display_rotation(made.turned[0], hflip=made.turned[1])
    if made.full_range:
        context.color_range = ColorRange.JPEG
    if made.matrix is not None:
        context.colorspace = made.matrix
    sound = container.add_stream("aac", rate=48000) if made.audio else None
    context.flags |= CodecFlags.frame_duration
    start = round(made.start_s * rate_hz)
    for number, (slot, following) in enumerate(pairwise([*slots, slots[-1] + 1])):
        frame = VideoFrame.from_ndarray(_stored(barcode_as_shown(number, made, width, height), made), format="rgb24")
        frame = frame.reformat(
            format=made.pixels, dst_colorspace=made.matrix, dst_color_range=ColorRange.JPEG if made.full_range else None
        )
        frame.pts, frame.time_base = start + slot, Fraction(1, rate_hz)
        frame.duration = following - slot
        container.mux(stream.encode(frame))
        if sound is not None:
            container.mux(_silence(sound, slot, rate_hz))
    container.mux(stream.encode(None))
    if sound is not None:
        container.mux(sound.encode(None))


def barcode_as_shown(number: int, made: VideoKind, width: int, height: int) -> NDArray[np.uint8]:
    """Return the picture as a viewer sees it, but with the pixels of the file, which need not be square."""
    return barcode(number, height, width) if made.turned[0] % 180 else barcode(number, width, height)


def _stored(shown: NDArray[np.uint8], made: VideoKind) -> NDArray[np.uint8]:
    """Return the picture as it lies in the file: showing turns it counter-clockwise, and then mirrors it."""
    degrees, mirrored = made.turned
    if mirrored:
        shown = shown[:, ::-1]
    return np.ascontiguousarray(np.rot90(shown, -degrees // 90))


def _silence(sound: object, slot: int, rate_hz: int) -> "Sequence[Packet[AudioStream]]":
    """Return the sound that goes with one frame."""
    assert isinstance(sound, AudioStream)
    n = 48000 // rate_hz
    frame = av.AudioFrame.from_ndarray(np.zeros((2, n), np.float32), format="fltp", layout="stereo")
    frame.sample_rate, frame.pts, frame.time_base = 48000, slot * n, Fraction(1, 48000)
    return sound.encode(frame)


def write_sound(path: Path, *, cover: bool = False) -> None:
    """Write an MP4 with sound and no video, or at most a cover."""
    with av.open(str(path), "w", format="mp4") as container:
        sound = container.add_stream("aac", rate=48000)
        picture = container.add_stream("mjpeg", rate=1) if cover else None
        if picture is not None:
            picture.width, picture.height, picture.pix_fmt = 160, 96, "yuvj420p"
            picture.disposition = Disposition.attached_pic
            frame = VideoFrame.from_ndarray(barcode(7), format="rgb24").reformat(format="yuvj420p")
            frame.pts, frame.time_base = 0, Fraction(1, 1)
            container.mux([*picture.encode(frame), *picture.encode(None)])
        for slot in range(30):
            container.mux(_silence(sound, slot, 30))
        container.mux(sound.encode(None))


def truncate(path: Path, share: float) -> None:
    """Cut a file's end off."""
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])


def rgb(frame: VideoFrame) -> NDArray[np.uint8]:
    """Return what PyAV makes of a frame, (h, w, 3): the reference for every picture that is read."""
    picture = frame.to_ndarray(format="rgb24")
    assert picture.dtype == np.uint8
    return picture.astype(np.uint8, copy=False)


def decode_in_order(path: Path) -> list[VideoFrame]:
    """Return every frame that decodes, sequentially: what a reader is measured against."""
    out: list[VideoFrame] = []
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        for packet in container.demux(stream):
            try:
                out += stream.decode(packet)
            except av.FFmpegError:
                continue
    return out
