"""Video reader: frames by presentation time, exact for every kind of file.

The reference is ``for frame in container.decode(video=0)`` in PyAV: frame *i* is the *i*-th frame, and its picture is
``frame.to_ndarray(format="rgb24")``, oriented by the display matrix and resampled to square pixels. ``frame_index``
documents how frames are found without decoding all of them, and when they are counted by decoding instead.

Damage in the middle of a file may show only in decoding. It raises an error when a frame there is requested. How the
decoder conceals a damaged picture may depend on where decoding started.
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
from skillviewer.media.files import CHECKS_BEFORE_OPENING
from skillviewer.media.reading.container import VideoFile
from skillviewer.media.reading.cursor import Cursor
from skillviewer.media.reading.frame_converter import DecodedFrame, FrameConverter, frame_bytes, picture_notice
from skillviewer.media.reading.frame_index import index_frames
from skillviewer.media.reading.timing import frame_rate


class FrameCache:
    """Cache of frames by index, in the format of the decoder: YUV 4:2:0 takes half the memory of RGB.

    Args:
        budget_bytes: Memory for all frames. The newest frame is cached even if it is larger.
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

MAX_PREFETCHED = 32
"""Greatest number of frames that a step backwards decodes in advance."""


class VideoReader(Closeable):
    """A video file with random access to its frames. It has one owner and is not thread-safe.

    Decoded frames are cached. A jump into a group of pictures decodes as little as possible. A return to a group
    decodes the whole group if it fits into the cache. A step backwards decodes earlier frames, as far as they fit into
    the cache, for the next steps. A step forward continues from the decoding position.

    Args:
        path: The file.
        token: Checked while the file is indexed, which takes minutes if frames are counted by decoding or the file is
            large.
        cache_bytes: Memory for decoded frames.
        threads: Number of pictures decoded in parallel. More are faster on an idle computer, but take more processor
            time in total.

    Raises:
        VideoError: The file is missing, a folder, empty, inaccessible, no video, without a video stream, of an unknown
            codec, or no frame of it decodes.
    """

    def __init__(
        self, path: str | Path, token: CancelToken = NEVER, *, cache_bytes: int = 256 * 2**20, threads: int = 1
    ) -> None:
        self._path = Path(path)
        for check in CHECKS_BEFORE_OPENING:
            check(self._path, token)
        self._cache = FrameCache(cache_bytes)
        self._file = VideoFile(self._path, threads)
        self._info: VideoInfo | None = None
        try:
            packet_table, self._index = index_frames(self._file, self._cache.put, token)
            self._cursor = Cursor(self._file, packet_table, self._index)
            first_frame = self._cache.get(0)
            if first_frame is None:
                first_frame = self._decode(0, lambda _: True, cache=True)
            self._note = f"{self._index.note} {picture_notice(first_frame)}".strip()
            self._converter = FrameConverter(first_frame, self._file.stream.sample_aspect_ratio)
        except BaseException:
            self._file.close()
            raise
        bytes_per_frame = max(1, frame_bytes(first_frame))
        self._cache_capacity = max(1, cache_bytes // bytes_per_frame)  # number of frames
        self._visited_groups: set[int] = set()
        self._last_requested = -1
        self._decoding_s = 0.0

    @property
    def info(self) -> VideoInfo:
        """Facts about the video. The first call reads the file once for its digest."""
        return self.read_info()

    def read_info(self, token: CancelToken = NEVER) -> VideoInfo:
        """Return ``info``; the token is checked while the digest is computed.

        Raises:
            VideoError: The file can no longer be read, or was rewritten since it was opened.
        """
        if self._info is None:
            digest = self._digest(token)
            index = self._index
            average_rate = self._file.stream.average_rate
            nominal_hz = float(average_rate) if average_rate else None
            rate_hz, variable = frame_rate(
                index.times_s, float(self._file.time_base), index.last_duration_s, nominal_hz
            )
            width, height = self._converter.size
            self._info = VideoInfo(
                path=self._path,
                digest=digest,
                times_s=index.times_s,
                width_px=width,
                height_px=height,
                duration_s=float(index.times_s[-1]) + index.last_duration_s,
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
        self._file.check_unchanged()  # otherwise the digest could belong to other frames
        return digest

    def frame(self, index: int, token: CancelToken = NEVER) -> RGBImage:
        """Return a frame as displayed.

        Args:
            index: Index of the frame, from 0.
            token: Checked between decoded packets.

        Returns:
            (height_px, width_px, 3) uint8 RGB, read-only.

        Raises:
            VideoError: There is no such frame, or it does not decode.
            Cancelled: The token was raised. Frames decoded by then stay cached.
        """
        self._check_index(index)
        return self._picture(index, self._cached_or_decoded(index, token))

    def frames(self, indices: Sequence[int] | NDArray[np.integer]) -> NDArray[np.uint8]:
        """Return frames in any order, with repeats. Every group of pictures is decoded at most once.

        Returns:
            (n, height_px, width_px, 3) uint8 RGB.

        Raises:
            VideoError: One of the frames does not exist or does not decode.
        """
        requested = self._checked_indices(indices)
        width, height = self._converter.size
        pictures = np.empty((len(requested), height, width, 3), np.uint8)
        for decoded_frame in self.stream(np.unique(requested)):
            pictures[requested == decoded_frame.index] = decoded_frame.rgb()
        return pictures

    def stream(
        self, indices: Sequence[int] | NDArray[np.integer], token: CancelToken = NEVER
    ) -> Iterator[DecodedFrame]:
        """Decode frames in one pass through the file, without converting or caching them.

        Frames between the requested ones are decoded only if other frames refer to them, and skipped if a jump to a key
        frame is possible. Other methods may be called between two frames, which costs a jump.

        Args:
            indices: Indices of the frames, strictly ascending.
            token: Checked between packets.

        Raises:
            VideoError: One of the frames does not exist or does not decode.
            ValueError: The indices do not ascend.
        """
        requested = self._checked_indices(indices)
        if (np.diff(requested) <= 0).any():
            raise ValueError("the indices of a stream must ascend")
        to_decode = set(requested.tolist())
        return (
            DecodedFrame(index, self._stream_frame(index, to_decode, token), self._converter)
            for index in requested.tolist()
        )

    @property
    def decoding_s(self) -> float:
        """Processor time that this process spent in decoding for ``stream``, in seconds."""
        return self._decoding_s

    def _stream_frame(self, index: int, to_decode: set[int], token: CancelToken) -> VideoFrame:
        start_s = process_time()
        frame = self._cache.get(index)
        if frame is None:
            frame = self._decode(index, lambda frame_index: frame_index in to_decode, cache=False, token=token)
        self._decoding_s += process_time() - start_s
        return frame

    def prefetch(self, index: int, token: CancelToken = NEVER) -> None:
        """Decode a frame and frames before it into the cache, in preparation for steps backwards.

        Args:
            index: Index of the last of these frames.
            token: Checked between packets.

        Raises:
            VideoError: There is no such frame, or it does not decode.
        """
        self._check_index(index)
        n_wanted = min(MAX_PREFETCHED, self._cache_capacity)
        first = max(0, index + 1 - n_wanted)
        missing = [earlier for earlier in range(first, index + 1) if earlier not in self._cache]
        if missing:
            # the last frame is decoded even if it is cached, because the earlier ones may push it out of the cache
            self._decode(index, lambda frame_index: frame_index >= missing[0], cache=True, token=token)

    def cached(self, index: int) -> RGBImage | None:
        """Return a frame if it is cached, without decoding."""
        frame = self._cache.get(index)
        return None if frame is None else self._picture(index, frame)

    def nearest_cached(self, index: int) -> int | None:
        """Return the index of the cached frame nearest to an index, or None if the cache is empty."""
        return self._cache.nearest(index)

    def group_start(self, index: int) -> int:
        """Return the first complete frame of the group of pictures that holds a frame."""
        self._check_index(index)
        return int(self._index.first_frames[self._index.group_of(index)])

    def check_unchanged(self) -> None:
        """Raise a VideoError if the file was rewritten since it was opened.

        Results are stored under the digest of the file, which would be that of other frames.
        """
        self._file.check_unchanged()

    def close(self) -> None:
        """Close the file and drop the cache. May be called twice."""
        self._cache.clear()
        self._file.close()

    def _cached_or_decoded(self, index: int, token: CancelToken) -> VideoFrame:
        """Return a frame from the cache, or decode and cache it with the earlier frames that are likely to follow."""
        last_requested = self._last_requested
        self._last_requested = index
        frame = self._cache.get(index)
        if frame is not None:
            return frame
        group = self._index.group_of(index)
        is_revisit = group in self._visited_groups and self._index.n_frames_in_group(group) <= self._cache_capacity
        is_step_back = index < last_requested <= index + MAX_PREFETCHED
        self._visited_groups.add(group)
        n_wanted = 1
        if is_revisit or is_step_back:
            # an eighth of the cache stays free, so that frames decoded on the way do not push out these
            n_wanted = max(1, self._cache_capacity * 7 // 8)
        return self._decode(index, lambda frame_index: frame_index > index - n_wanted, cache=True, token=token)

    def _decode(
        self, index: int, is_wanted: Callable[[int], bool], *, cache: bool, token: CancelToken = NEVER
    ) -> VideoFrame:
        """Return a frame, and cache the frames on the way to it if ``cache``; see ``Cursor.reach``."""
        self._file.check_open()
        target_frame = None
        for frame_index, frame in self._cursor.reach(index, is_wanted, token):
            if cache:
                self._cache.put(frame_index, frame)
            target_frame = frame  # the target comes last
        assert target_frame is not None
        return target_frame

    def _picture(self, index: int, frame: VideoFrame) -> RGBImage:
        return DecodedFrame(index, frame, self._converter).rgb()

    def _checked_indices(self, indices: Sequence[int] | NDArray[np.integer]) -> IntArray:
        requested = np.asarray(indices, np.int64).reshape(-1)
        outside = requested[(requested < 0) | (requested >= self.n_frames)]
        if len(outside):
            self._check_index(int(outside[0]))
        return requested

    def _check_index(self, index: int) -> None:
        if not 0 <= index < self.n_frames:
            raise VideoError(
                f"{self._path.name} has no frame {index}: its {self.n_frames} frames are numbered "
                f"0 to {self.n_frames - 1}."
            )
