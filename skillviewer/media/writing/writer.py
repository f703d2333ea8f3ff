"""Video writer with exact times, an atomic write, and verification before the file gets its name.

MP4 holds H.264 (yuv420p, BT.709, index in front), which browsers and office programs play. WebM holds VP9, whose
encoder is not under the GPL. GIF has one palette for all its frames. No date, program version or other metadata is
written.
"""

import secrets
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Literal, Self, TypeAlias

import av
import numpy as np
from av.audio.stream import AudioStream
from av.bitstream import BitStreamFilterContext
from av.codec.context import Flags as CodecFlags
from av.error import FFmpegError
from av.video.frame import VideoFrame
from av.video.reformatter import ColorPrimaries, ColorRange, Colorspace, ColorTrc
from av.video.stream import VideoStream

from skillviewer.core.arrays import RGBImage
from skillviewer.core.atomic_write import check_free, clear_leftovers
from skillviewer.core.errors import ExportError, VideoError
from skillviewer.core.video.sound import SOUND_RATE_HZ
from skillviewer.media.reading.reader import VideoReader
from skillviewer.media.reading.sound_reader import Sound, has_sound
from skillviewer.media.writing.gif import SharedPalette
from skillviewer.media.writing.sound_track import ENCODERS, SoundTrack
from skillviewer.media.writing.yuv_converter import YuvConverter


def can_decode(name: str) -> bool:
    """Return True if this computer can decode a codec; ``name`` is FFmpeg's, such as "h264"."""
    return _has_codec(name, "r")


def can_encode(name: str) -> bool:
    """Return True if this computer has an encoder; ``name`` is FFmpeg's, such as "libx264"."""
    return _has_codec(name, "w")


def _has_codec(name: str, mode: Literal["r", "w"]) -> bool:
    try:
        av.Codec(name, mode)
    except av.codec.codec.UnknownCodecError:
        return False
    return True


Quality: TypeAlias = Literal["small", "good", "best"]


@dataclass(frozen=True, slots=True)
class _Format:
    """Settings of one file format."""

    suffixes: tuple[str, ...]
    muxer: str  # name of the container
    encoder: str  # name of the encoder
    pixel_format: str
    clock_hz: int  # ticks per second of the time stamps
    encoder_options: dict[str, str]
    quality: dict[Quality, str]  # constant rate factor, or number of colours of a GIF
    muxer_options: dict[str, str]


_FORMATS = (
    _Format(
        suffixes=(".mp4", ".m4v", ".mov"),
        muxer="mp4",
        encoder="libx264",
        pixel_format="yuv420p",
        clock_hz=90000,
        # mbtree=0: with its macroblock tree, x264 sometimes writes other bytes on a busy computer
        encoder_options={"preset": "veryfast", "x264-params": "mbtree=0"},
        quality={"small": "28", "good": "21", "best": "15"},
        muxer_options={"movflags": "+faststart"},
    ),
    _Format(
        suffixes=(".webm",),
        muxer="webm",
        encoder="libvpx-vp9",
        pixel_format="yuv420p",
        clock_hz=1000,
        encoder_options={"deadline": "realtime", "cpu-used": "7", "row-mt": "1", "b": "0"},
        quality={"small": "40", "good": "31", "best": "20"},
        muxer_options={},
    ),
    _Format(
        suffixes=(".gif",),
        muxer="gif",
        encoder="gif",
        pixel_format="pal8",
        clock_hz=100,
        encoder_options={},
        quality={"small": "64", "good": "256", "best": "256"},
        muxer_options={},
    ),
)

_KEY_FRAME_INTERVAL = 48  # frames

MAX_PX = 16384
"""Greatest side in pixels that every encoder accepts (the limit of x264)."""


def rate_of_last_frame_hz(duration_s: float) -> float:
    """Return the ``rate_hz`` with which a ``VideoWriter`` shows the last frame for ``duration_s``."""
    return min(1 / max(duration_s, 1e-6), 1000.0)


class VideoWriter:
    """Writer of a video file. Leaving the ``with`` block finishes the file; an exception removes it.

    Args:
        path: Path of the video. The suffix selects the format: .mp4, .m4v, .mov; .webm; .gif.
        width_px: Width of the pictures. Odd sizes are made even by doubling the last column or row (not in GIF).
        height_px: Height of the pictures.
        rate_hz: Nominal frame rate, which defines the duration of the last frame; None for the duration of the frame
            before.
        quality: "small", "good" or "best".
        overwrite: Whether an existing file may be replaced.
        sound: The sound, or None. A GIF has none.

    Attributes:
        size: (width_px, height_px) of the written pictures.

    Raises:
        ExportError: The name or size cannot be used, or the file exists already.
    """

    def __init__(
        self,
        path: Path,
        width_px: int,
        height_px: int,
        *,
        rate_hz: float | None = None,
        quality: Quality = "good",
        overwrite: bool = False,
        sound: Sound | None = None,
    ) -> None:
        self._path = Path(path)
        self._format = _format_for(self._path)
        if width_px < 1 or height_px < 1:
            raise ExportError(f"{path} cannot be written: a picture of {width_px} x {height_px} pixels is empty.")
        if max(width_px, height_px) > MAX_PX:
            raise ExportError(
                f"{path} cannot be written: a picture of {width_px} x {height_px} pixels is too large. Choose a size "
                f"of at most {MAX_PX} pixels a side."
            )
        self._overwrite = overwrite
        self._check_free()
        self._shape = (height_px, width_px, 3)
        self._nominal_step_s = 1 / rate_hz if rate_hz else None
        self._is_yuv = self._format.pixel_format == "yuv420p"
        self.size = (width_px, height_px)
        self._yuv_converter: YuvConverter | None = None
        if self._is_yuv:
            self.size = (width_px + width_px % 2, height_px + height_px % 2)
            self._yuv_converter = YuvConverter(*self.size)
        self._ticks: list[int] = []  # time stamps of all pictures
        self._first_s = 0.0  # time of the first picture
        self._last_duration_s = 0.0
        self._pending: VideoFrame | None = None  # the last frame, whose duration is not known yet
        self._sound = sound
        clear_leftovers(self._path.parent)
        self._temp_path = self._path.with_name(f".{secrets.token_hex(6)}.part{self._path.suffix}")
        try:
            self._temp_path.touch(exist_ok=False)  # fails now if the folder cannot be written
            self._open(quality)
        except (FFmpegError, OSError, ValueError) as error:
            self._discard()
            raise self._writing_error(error) from error
        except BaseException:
            self._discard()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                self._finish()
        finally:
            self._discard()

    def write(self, picture: RGBImage, time_s: float) -> None:
        """Append a picture.

        Args:
            picture: (height_px, width_px, 3) uint8 RGB.
            time_s: Time of the picture; times ascend, and the first counts as 0.

        Raises:
            ExportError: The file cannot be written, or two times are too close for the format.
            ValueError: The picture has another shape or type.
        """
        if picture.shape != self._shape or picture.dtype != np.uint8:
            raise ValueError(f"expected a picture uint8{list(self._shape)}, got {picture.dtype}{list(picture.shape)}")
        if not self._ticks:
            self._first_s = time_s
        tick = round((time_s - self._first_s) * self._format.clock_hz)
        if self._ticks and tick <= self._ticks[-1]:
            raise ExportError(
                f"{self._path} cannot be written: its pictures {len(self._ticks)} and {len(self._ticks) + 1} are less "
                f"than {1000 / self._format.clock_hz:.3g} ms apart."
            )
        self._encode_pending(until=tick)
        self._ticks.append(tick)
        self._pending = self._frame(picture, tick)

    def _open(self, quality: Quality) -> None:
        file_format = self._format
        # bitexact omits program versions and dates
        options = {"fflags": "+bitexact", **file_format.muxer_options}
        self._container = av.open(f"file:{self._temp_path.absolute()}", "w", format=file_format.muxer, options=options)
        encoder_options = dict(file_format.encoder_options)
        if self._is_yuv:
            encoder_options["crf"] = file_format.quality[quality]
        step_s = self._nominal_step_s
        rate = Fraction(1 / step_s).limit_denominator(1001) if step_s else Fraction(25)
        stream = self._container.add_stream(file_format.encoder, rate=rate, options=encoder_options)
        assert isinstance(stream, VideoStream)
        stream.width, stream.height = self.size
        stream.pix_fmt = file_format.pixel_format
        stream.gop_size = _KEY_FRAME_INTERVAL
        # without B-frames there is no edit list, and every player respects the duration of the last picture
        stream.max_b_frames = 0
        # parallel pictures, because with slices, the default, H.264 takes 1.4 times as long on two cores
        stream.codec_context.thread_type = "FRAME"
        stream.time_base = Fraction(1, file_format.clock_hz)
        stream.codec_context.time_base = stream.time_base
        stream.codec_context.flags |= CodecFlags.bitexact | CodecFlags.frame_duration
        if self._is_yuv:
            stream.codec_context.colorspace = Colorspace.ITU709
            stream.codec_context.color_primaries = ColorPrimaries.BT709
            stream.codec_context.color_trc = ColorTrc.BT709
            stream.codec_context.color_range = ColorRange.MPEG
        self._stream = stream
        self._palette: SharedPalette | None = None
        if not self._is_yuv:
            n_colours = int(file_format.quality[quality])
            pictures_path = self._temp_path.with_suffix(".pictures")
            self._palette = SharedPalette(self.size, file_format.clock_hz, n_colours, pictures_path)
        self._sound_track = self._open_sound_track()
        self._metadata_filter: BitStreamFilterContext | None = None
        if file_format.encoder == "libx264":
            # x264 writes its version and settings, such as the number of threads, into the first picture
            self._container.start_encoding()
            self._metadata_filter = BitStreamFilterContext("filter_units=remove_types=6", stream)

    def _open_sound_track(self) -> SoundTrack | None:
        if self._sound is None:
            return None
        encoder = ENCODERS.get(self._path.suffix.lower())
        if encoder is None or not can_encode(encoder):
            raise ExportError(f"{self._path} cannot hold sound. Choose MP4 or WebM, or export without sound.")
        stream = self._container.add_stream(encoder, rate=SOUND_RATE_HZ)
        assert isinstance(stream, AudioStream)
        stream.codec_context.flags |= CodecFlags.bitexact
        return SoundTrack(stream, self._sound)

    def _frame(self, picture: RGBImage, tick: int) -> VideoFrame:
        height, width, _ = self._shape
        if self.size != (width, height):
            picture = np.pad(picture, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge")
        picture = np.ascontiguousarray(picture)
        if self._yuv_converter is None:
            frame = VideoFrame.from_ndarray(picture, format="rgb24")
        else:
            frame = self._yuv_converter.frame(picture)
        frame.pts = tick
        frame.time_base = Fraction(1, self._format.clock_hz)
        return frame

    def _encode_pending(self, until: int) -> None:
        """Encode the last frame, whose duration is known from the tick at which it ends."""
        frame = self._pending
        self._pending = None
        if frame is None:
            return
        frame.duration = until - self._ticks[-1]
        try:
            if self._palette is not None:
                self._palette.add(frame)
                return
            self._encode([frame])
            if self._sound_track is not None:
                for packet in self._sound_track.encode_up_to(until / self._format.clock_hz):
                    self._container.mux_one(packet)
        except (FFmpegError, OSError) as error:
            raise self._writing_error(error) from error

    def _encode(self, frames: Iterable[VideoFrame | None]) -> None:
        for frame in frames:
            for packet in self._stream.encode(frame):
                if self._metadata_filter is not None:
                    self._container.mux(self._metadata_filter.filter(packet))
                else:
                    self._container.mux(packet)

    def _finish(self) -> None:
        """Write everything that is pending, verify the file, and give it its name."""
        if not self._ticks:
            raise ExportError(f"{self._path} was not written: there is no picture to go into it.")
        nominal_step_s = 0.04 if self._nominal_step_s is None else self._nominal_step_s
        last_duration = round(nominal_step_s * self._format.clock_hz)
        if self._nominal_step_s is None and len(self._ticks) > 1:
            last_duration = self._ticks[-1] - self._ticks[-2]
        last_duration = max(1, last_duration)
        self._last_duration_s = last_duration / self._format.clock_hz
        self._encode_pending(until=self._ticks[-1] + last_duration)
        try:
            if self._palette is not None:
                self._encode(self._palette.frames())
            self._encode([None])
            if self._sound_track is not None:
                for packet in self._sound_track.flush():
                    self._container.mux_one(packet)
            self._container.close()
            self._read_back()
            self._check_free()
            self._temp_path.replace(self._path)
        except (FFmpegError, OSError) as error:
            raise self._writing_error(error) from error

    def _read_back(self) -> None:
        """Compare count, times, size and duration of the file with the requested ones, and decode its last frame."""
        times_s = np.array(self._ticks) / self._format.clock_hz
        tick_s = 1.01 / self._format.clock_hz
        try:
            with VideoReader(self._temp_path, cache_bytes=0) as reader:
                info = reader.info
                reader.frame(info.n_frames - 1)
        except VideoError as error:
            raise ExportError(f"{self._path} was not written: what was written cannot be read back.") from error
        if info.n_frames != len(times_s):
            raise ExportError(f"{self._path} was not written: {info.n_frames} of {len(times_s)} pictures came back.")
        if np.abs(info.times_s - times_s).max() > tick_s:
            raise ExportError(f"{self._path} was not written: its pictures came back at other times.")
        if (info.width_px, info.height_px) != self.size:
            raise ExportError(f"{self._path} was not written: it came back as {info.width_px} x {info.height_px}.")
        if abs(info.duration_s - times_s[-1] - self._last_duration_s) > 2 * tick_s:
            raise ExportError(f"{self._path} was not written: it came back {info.duration_s:.3f} s long.")
        if has_sound(self._temp_path) is not (self._sound_track is not None):
            raise ExportError(f"{self._path} was not written: its sound did not come back.")

    def _check_free(self) -> None:
        check_free(self._path, overwrite=self._overwrite)
        if not self._path.parent.is_dir():
            raise ExportError(f"{self._path} cannot be written: there is no folder {self._path.parent}.")

    def _writing_error(self, error: Exception) -> ExportError:
        reason = getattr(error, "strerror", None)
        if not reason:
            reason = str(error)
        return ExportError(f"{self._path} could not be written: {reason}.")

    def _discard(self) -> None:
        """Release everything, and remove the temporary file if it is still there."""
        self._pending = None
        palette = getattr(self, "_palette", None)
        if palette is not None:
            palette.close()
        container = getattr(self, "_container", None)
        if container is not None:
            with suppress(FFmpegError, OSError):
                container.close()
        with suppress(OSError):
            self._temp_path.unlink(missing_ok=True)


def _format_for(path: Path) -> _Format:
    suffix = path.suffix.lower()
    for file_format in _FORMATS:
        if suffix in file_format.suffixes:
            if not can_encode(file_format.encoder):
                raise ExportError(
                    f"{path} cannot be written: the encoder {file_format.encoder} is missing on this computer."
                )
            return file_format
    suffixes = ", ".join(suffix for file_format in _FORMATS for suffix in file_format.suffixes)
    raise ExportError(f"{path} cannot be written: choose a name that ends in one of {suffixes}.")
