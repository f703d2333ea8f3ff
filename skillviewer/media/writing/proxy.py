"""Scrub proxies: small copies of videos in which every frame decodes by itself, and so is displayed at once.

A proxy is a file of JPEG pictures. It holds a magic word, the pictures one after another, a table with their offsets
and checksums, and a footer with the position of the table. It is named after the digest of its video, and written
atomically. If space is needed, the proxy that was opened least recently is removed first.
"""

import os
import struct
import zlib
from collections.abc import Iterator
from contextlib import suppress
from io import BufferedReader, BufferedWriter
from pathlib import Path

import cv2
import numpy as np

from skillviewer.core.arrays import RGBImage
from skillviewer.core.atomic_write import atomic_path, make_room
from skillviewer.core.closeable import Closeable
from skillviewer.core.errors import VideoError
from skillviewer.core.paths import cache_dir
from skillviewer.core.progress import NEVER, CancelToken, Progress, Report, silent
from skillviewer.core.video.info import VideoInfo
from skillviewer.media.reading.reader import VideoReader

DEFAULT_MAX_BYTES = 4 * 2**30

_SUFFIX = ".proxy"
_MAGIC = b"SVPROXY1"
_FOOTER = struct.Struct("<QIIII8s")  # offset of the table, frames, width, height, checksum of table and size, magic
_ENTRY = np.dtype([("offset", "<u8"), ("size", "<u4"), ("crc32", "<u4")])
_MAX_SIZES_PX = ((960, 540), (640, 360), (480, 270))
_JPEG_QUALITY = 80
_BYTES_PER_PIXEL = 0.125  # typical of JPEG pictures of this quality


class ScrubProxy(Closeable):
    """An open proxy. It has one owner and is not thread-safe.

    Attributes:
        size: (width_px, height_px) of its pictures.
        n_frames: Number of frames, the same as in the video.
    """

    def __init__(self, path: Path) -> None:
        """Open a proxy file.

        Raises:
            OSError: The file does not exist, or cannot be read.
            ValueError: The file is damaged.
        """
        self._path = path
        self._file: BufferedReader = path.open("rb")
        try:
            self._entries, self.size = _read_table(self._file)
        except BaseException:
            self._file.close()
            raise
        self.n_frames = len(self._entries)

    @classmethod
    def open(cls, info: VideoInfo, folder: Path | None = None) -> "ScrubProxy | None":
        """Return the proxy of a video, or None if there is none. A damaged one is removed."""
        path = _proxy_path(info, folder)
        try:
            proxy = cls(path)
        except OSError:  # missing, or unreadable for another reason than damage, such as too many open files
            return None
        except ValueError:
            _remove(path)
            return None
        if proxy.n_frames != info.n_frames:
            proxy.close()
            _remove(path)
            return None
        with suppress(OSError):
            os.utime(path)  # time of the last use, by which proxies are removed
        return proxy

    def frame(self, index: int) -> RGBImage:
        """Return a small picture of a frame, counted from 0.

        Returns:
            (h, w, 3) uint8 RGB, read-only.

        Raises:
            VideoError: There is no such frame, or the proxy is damaged. A damaged proxy is removed.
        """
        if not 0 <= index < self.n_frames:
            raise VideoError(f"There is no frame {index}: the video has {self.n_frames}, counted from 0.")
        entry = self._entries[index]
        try:
            self._file.seek(int(entry["offset"]))
            data = self._file.read(int(entry["size"]))
        except (OSError, ValueError) as error:
            raise VideoError(f"The scrub proxy {self._path} can no longer be read.") from error
        is_intact = len(data) == entry["size"] and zlib.crc32(data) == entry["crc32"]
        decoded_picture = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR_RGB) if is_intact else None
        if decoded_picture is None:
            self.close()
            _remove(self._path)
            raise VideoError(f"The scrub proxy {self._path} was damaged and has been removed; it can be made again.")
        picture: RGBImage = decoded_picture.astype(np.uint8, copy=False)
        picture.flags.writeable = False
        return picture

    def close(self) -> None:
        """Close the file. May be called twice."""
        self._file.close()


def build_proxy(
    source: VideoReader | Path | str,
    token: CancelToken = NEVER,
    report: Report = silent,
    *,
    max_bytes: int = DEFAULT_MAX_BYTES,
    folder: Path | None = None,
) -> ScrubProxy:
    """Create the proxy of a video, or open the existing one.

    The pictures have at most 960 x 540 pixels, and fewer if the proxy of a long video would otherwise take more than
    half of ``max_bytes``.

    Args:
        source: The video, or its open reader, which must belong to this thread.
        token: Checked at every frame.
        report: Gets the number of written frames.
        max_bytes: Greatest size of all proxies together; older ones are removed.
        folder: Folder of the proxies, or None for the one in the cache.

    Raises:
        VideoError: The video cannot be read, is too long for ``max_bytes``, or the disk is full.
        Cancelled: The token was raised; nothing is left behind.
    """
    if not isinstance(source, VideoReader):
        with VideoReader(source, token, cache_bytes=0) as reader:
            return build_proxy(reader, token, report, max_bytes=max_bytes, folder=folder)
    info = source.read_info(token)
    existing = ScrubProxy.open(info, folder)
    if existing is not None:
        return existing
    size = _proxy_size(info, max_bytes)
    path = _proxy_path(info, folder)
    try:
        with atomic_path(path) as temp_path:
            with temp_path.open("wb") as file:
                _write(file, source, size, token, report, max_bytes)
            make_room(path.parent, _SUFFIX, temp_path.stat().st_size, max_bytes)
        return ScrubProxy(path)
    except (OSError, ValueError) as error:
        raise VideoError(f"The scrub proxy of {info.path} could not be written to {path.parent}: {error}.") from error


def _write(
    file: BufferedWriter, reader: VideoReader, size: tuple[int, int], token: CancelToken, report: Report, max_bytes: int
) -> None:
    n_frames = reader.n_frames
    entries = np.zeros(n_frames, _ENTRY)
    position = file.write(_MAGIC)
    for index, jpeg in enumerate(_jpegs(reader, size)):
        token.check()
        entries[index] = (position, len(jpeg), zlib.crc32(jpeg))
        position += file.write(jpeg)
        if position > max_bytes:
            raise VideoError(f"{reader.info.path} is too long for a scrub proxy of at most {max_bytes / 2**20:.0f} MB.")
        if index % 16 == 0 or index == n_frames - 1:
            report(Progress("preparing for scrubbing", index + 1, n_frames))
    table = entries.tobytes()
    file.write(table)
    file.write(_FOOTER.pack(position, n_frames, *size, _checksum(table, size), _MAGIC))


def _jpegs(reader: VideoReader, size: tuple[int, int]) -> Iterator[bytes]:
    for decoded_frame in reader.stream(range(reader.n_frames)):
        picture = cv2.cvtColor(decoded_frame.rgb(size), cv2.COLOR_RGB2BGR)
        is_encoded, jpeg = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY])
        if not is_encoded:
            raise VideoError(f"Frame {decoded_frame.index} of {reader.info.path} could not be compressed.")
        yield jpeg.tobytes()


def _read_table(file: BufferedReader) -> tuple[np.ndarray[tuple[int], np.dtype[np.void]], tuple[int, int]]:
    """Return the table of the pictures, and their size; raise ValueError if the file is damaged."""
    end = file.seek(0, 2)
    if end < len(_MAGIC) + _FOOTER.size:
        raise ValueError("too short")
    file.seek(end - _FOOTER.size)
    table_start, n_frames, width, height, crc32, magic = _FOOTER.unpack(file.read(_FOOTER.size))
    table_size = n_frames * _ENTRY.itemsize
    if magic != _MAGIC or table_start + table_size + _FOOTER.size != end:
        raise ValueError("not a whole proxy")
    file.seek(table_start)
    table = file.read(table_size)
    if _checksum(table, (width, height)) != crc32:
        raise ValueError("its table is damaged")
    return np.frombuffer(table, _ENTRY), (width, height)


def _checksum(table: bytes, size: tuple[int, int]) -> int:
    return zlib.crc32(repr(size).encode(), zlib.crc32(table))


def _proxy_size(info: VideoInfo, max_bytes: int) -> tuple[int, int]:
    """Return the size of the pictures in the video's aspect ratio, as large as the budget allows."""
    for max_width, max_height in _MAX_SIZES_PX:
        scale = min(1.0, max_width / info.width_px, max_height / info.height_px)
        width = max(1, round(info.width_px * scale))
        height = max(1, round(info.height_px * scale))
        if info.n_frames * width * height * _BYTES_PER_PIXEL <= max_bytes / 2:
            return width, height
    raise VideoError(f"{info.path} is too long for a scrub proxy of at most {max_bytes / 2**20:.0f} MB.")


def _proxy_path(info: VideoInfo, folder: Path | None) -> Path:
    return (folder or cache_dir() / "proxies") / f"{info.digest}{_SUFFIX}"


def _remove(path: Path) -> None:
    with suppress(OSError):
        path.unlink()
