"""Video reader: frames by presentation time, exact for every kind of file.

The reference is ``for frame in container.decode(video=0)`` in PyAV: frame *i* is the *i*-th frame, and its picture is
``frame.to_ndarray(format="rgb24")``, oriented by the display matrix and resampled to square pixels. See ``frame_index``
on how the frames are found without decoding them all, and when they are counted by decoding instead. Damage in the
middle of a file that only decoding reveals raises an error when a frame there is requested; a damaged picture may be
concealed differently by the decoder depending on the start of decoding.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from time import process_time

import numpy as np
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from skillviewer.core.arrays import IntArray, RGBImage
from skillviewer.core.closeable import Closeable
from skillviewer.core.errors import VideoError, os_error_as
from skillviewer.core.hashing import sha256_of
from skillviewer.core.progress import NEVER, CancelToken
from skillviewer.core.video.info import VideoInfo
from skillviewer.media.files import BEFORE_OPENING
from skillviewer.media.reading.container import VideoFile
from skillviewer.media.reading.cursor import Cursor
from skillviewer.media.reading.frame_converter import DecodedFrame, FrameConverter, frame_bytes, note_on
from skillviewer.media.reading.frame_index import index_frames
from skillviewer.media.reading.timing import frame_rate


class FrameCache:
    """Frames by index, in the decoder's form: YUV 4:2:0 takes half the memory of RGB.

    Args:
        budget_bytes: Memory for all frames. The newest frame is kept whatever its size.
    """

    def __init__(self, budget_bytes: int) -> None:
        self._budget = budget_bytes
        self._frames: OrderedDict[int, tuple[VideoFrame, int]] = OrderedDict()
        self.n_bytes = 0

    def __contains__(self, index: int) -> bool:
        return index in self._frames

    def __len__(self) -> int:
        return len(self._frames)

    def get(self, index: int) -> VideoFrame | None:
        """Return a frame and mark it as used, or return None."""
        entry = self._frames.get(index)
        if entry is None:
            return None
        self._frames.move_to_end(index)
        return entry[0]

    def put(self, index: int, frame: VideoFrame) -> None:
        """Store a frame, and drop the oldest ones beyond the budget."""
        self._drop(index)
        size = frame_bytes(frame)
        self._frames[index] = (frame, size)
        self.n_bytes += size
        while self.n_bytes > self._budget and len(self._frames) > 1:
            self._drop(next(iter(self._frames)))

    def nearest(self, index: int) -> int | None:
        """Return the index of the cached frame nearest to an index, or None."""
        return min(self._frames, key=lambda cached: abs(cached - index), default=None)

    def clear(self) -> None:
        """Drop all frames."""
        self._frames.clear()
        self.n_bytes = 0

    def _drop(self, index: int) -> None:
        entry = self._frames.pop(index, None)
        if entry is not None:
            self.n_bytes -= entry[1]


__all__ = ["DecodedFrame", "VideoReader"]

WINDOW = 32
"""Number of earlier frames that a step backwards decodes in advance."""


class VideoReader(Closeable):
    """A video file with random access to its frames. It has one owner and is not thread-safe.

    Decoded frames are cached. A jump into a group of pictures decodes as little as possible; a return to a group that
    fits into the cache decodes all of it; a step backwards decodes as many earlier frames as fit into the cache, so
    that the next steps find them there. Forward steps continue from the decoding position.

    Args:
        path: The file.
        token: Checked while the file is indexed, which takes minutes if frames are counted by decoding or the file is
            large.
        cache_bytes: Memory for decoded frames.
        threads: Number of pictures decoded in parallel: more is faster on an idle machine and costs more work in total.

    Raises:
        VideoError: The file is missing, a folder, empty, inaccessible, no video, without a video stream, of an unknown
            codec, or no frame of it decodes.
    """

    def __init__(
        self, path: str | Path, token: CancelToken = NEVER, *, cache_bytes: int = 256 * 2**20, threads: int = 1
    ) -> None:
        self._path = Path(path)
        for check in BEFORE_OPENING:
            check(self._path, token)
        self._cache = FrameCache(cache_bytes)
        self._file = VideoFile(self._path, threads)
        self._info: VideoInfo | None = None
        try:
            table, self._index = index_frames(self._file, self._cache.put, token)
            self._cursor = Cursor(self._file, table, self._index)
            first = self._cache.get(0) or self._reach(0, lambda _: True, keep=True)
            self._note = f"{self._index.note} {note_on(first)}".strip()
            self._converter = FrameConverter(first, self._file.stream.sample_aspect_ratio)
        except BaseException:
            self._file.close()
            raise
        self._capacity = max(1, cache_bytes // max(1, frame_bytes(first)))
        self._visited: set[int] = set()
        self._last = -1
        self._decoding_s = 0.0

    @property
    def info(self) -> VideoInfo:
        """Facts about the video. The first call reads the file once for its digest."""
        return self.describe()

    def describe(self, token: CancelToken = NEVER) -> VideoInfo:
        """Return ``info``; the token is checked while the digest is computed.

        Raises:
            VideoError: The file can no longer be read, or was rewritten since it was opened.
        """
        if self._info is None:
            digest = self._digest(token)
            index = self._index
            nominal = self._file.stream.average_rate
            rate_hz, variable = frame_rate(
                index.times_s, float(self._file.time_base), index.last_s, float(nominal) if nominal else None
            )
            width, height = self._converter.size
            self._info = VideoInfo(
                path=self._path,
                digest=digest,
                times_s=index.times_s,
                width_px=width,
                height_px=height,
                duration_s=float(index.times_s[-1]) + index.last_s,
                rate_hz=rate_hz,
                variable_rate=variable,
                codec=self._file.codec,
                note=self._note,
            )
        return self._info

    @property
    def n_frames(self) -> int:
        """Number of frames that decode."""
        return len(self._index.times_s)

    def _digest(self, token: CancelToken) -> str:
        with os_error_as(VideoError, f"{self._path} can no longer be read"):
            digest = sha256_of(self._path, token)
        self._file.check_unchanged()  # else the digest would belong to other frames
        return digest

    def frame(self, index: int, token: CancelToken = NEVER) -> RGBImage:
        """Return the frame with an index, from 0, as displayed; the token is checked between packets on the way to it.

        Returns:
            (height_px, width_px, 3) uint8 RGB, read-only.

        Raises:
            VideoError: There is no such frame, or it does not decode.
            Cancelled: The token was raised. Frames decoded by then stay cached.
        """
        self._check(index)
        return self._picture(index, self._seek_out(index, token))

    def frames(self, indices: Sequence[int] | NDArray[np.integer]) -> NDArray[np.uint8]:
        """Return frames in any order, with repeats. Every group of pictures is decoded at most once.

        Returns:
            (n, height_px, width_px, 3) uint8 RGB.

        Raises:
            VideoError: One of the frames does not exist or does not decode.
        """
        requested = self._asked(indices)
        width, height = self._converter.size
        out = np.empty((len(requested), height, width, 3), np.uint8)
        places = np.argsort(requested, kind="stable")
        position = 0
        for decoded in self.stream(np.unique(requested)):
            picture = decoded.rgb()
            while position < len(places) and requested[places[position]] == decoded.index:
                out[places[position]] = picture
                position += 1
        return out

    def stream(
        self, indices: Sequence[int] | NDArray[np.integer], token: CancelToken = NEVER
    ) -> Iterator[DecodedFrame]:
        """Decode frames in one pass through the file, without converting them.

        Frames between them are decoded only if others refer to them, or skipped by jumping to a key frame. Frames are
        not cached. Other calls in between are allowed, and cost a jump.

        Indices ascend without repeats. The token is checked between packets.

        Raises:
            VideoError: One of the frames does not exist or does not decode.
            ValueError: The indices do not ascend.
        """
        requested = self._asked(indices)
        if (np.diff(requested) <= 0).any():
            raise ValueError("the indices of a stream must ascend")
        to_decode = set(requested.tolist())
        return (DecodedFrame(i, self._pass(i, to_decode, token), self._converter) for i in requested.tolist())

    @property
    def decoding_s(self) -> float:
        """Processor seconds of this process while ``stream`` decoded."""
        return self._decoding_s

    def _pass(self, index: int, to_decode: set[int], token: CancelToken) -> VideoFrame:
        began = process_time()
        frame = self._cache.get(index) or self._reach(index, to_decode.__contains__, keep=False, token=token)
        self._decoding_s += process_time() - began
        return frame

    def prefetch(self, index: int, token: CancelToken = NEVER) -> None:
        """Decode a frame and those before it into the cache, in preparation for steps backwards.

        The token is checked between packets.

        Raises:
            VideoError: There is no such frame, or it does not decode.
        """
        self._check(index)
        first = max(0, index + 1 - min(WINDOW, self._capacity))
        missing = [i for i in range(first, index + 1) if i not in self._cache]
        if missing:  # up to the last of the window, even if it is cached: frames on the way may evict it
            self._reach(index, lambda i: i >= missing[0], keep=True, token=token)

    def cached(self, index: int) -> RGBImage | None:
        """Return a frame if it is cached, without decoding."""
        frame = self._cache.get(index)
        return None if frame is None else self._picture(index, frame)

    def nearest_cached(self, index: int) -> int | None:
        """Return the index of the cached frame nearest to an index, or None if the cache is empty."""
        return self._cache.nearest(index)

    def key_frame(self, index: int) -> int:
        """Return the latest frame at or before an index that decodes directly from a key frame."""
        self._check(index)
        return int(self._index.first_frames[self._index.start_for(index)])

    def check_unchanged(self) -> None:
        """Raise a VideoError if the file was rewritten since it was opened: results of it would belong to no digest."""
        self._file.check_unchanged()

    def close(self) -> None:
        """Close the file and drop the cache. May be called twice."""
        self._cache.clear()
        self._file.close()

    def _seek_out(self, index: int, token: CancelToken) -> VideoFrame:
        """Return a frame from the cache, or decode and cache it."""
        last = self._last
        self._last = index
        frame = self._cache.get(index)
        if frame is not None:
            return frame
        group = self._index.start_for(index)
        revisits = group in self._visited and self._index.length(group) <= self._capacity
        backwards = index < last <= index + WINDOW
        self._visited.add(group)
        # slightly less than fits, so that the window does not evict itself
        n_back = max(1, self._capacity * 7 // 8) if revisits or backwards else 1
        return self._reach(index, lambda i: i > index - n_back, keep=True, token=token)

    def _reach(
        self, index: int, is_wanted: Callable[[int], bool], *, keep: bool, token: CancelToken = NEVER
    ) -> VideoFrame:
        _ = self._file.container  # a closed file stays closed
        frame = None
        for i, frame in self._cursor.reach(index, is_wanted, token):
            if keep:
                self._cache.put(i, frame)
        assert frame is not None
        return frame

    def _picture(self, index: int, frame: VideoFrame) -> RGBImage:
        return DecodedFrame(index, frame, self._converter).rgb()

    def _asked(self, indices: Sequence[int] | NDArray[np.integer]) -> IntArray:
        requested = np.asarray(indices, np.int64).reshape(-1)
        for i in requested[(requested < 0) | (requested >= self.n_frames)][:1]:
            self._check(int(i))
        return requested

    def _check(self, index: int) -> None:
        if not 0 <= index < self.n_frames:
            raise VideoError(
                f"{self._path.name} has no frame {index}: its {self.n_frames} frames are numbered "
                f"0 to {self.n_frames - 1}."
            )
