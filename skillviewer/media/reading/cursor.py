"""Decoding position in a file, and the cheapest way to a frame."""

from collections import deque
from collections.abc import Callable, Generator, Iterator

from av.video.frame import VideoFrame

from skillviewer.core.errors import VideoError
from skillviewer.core.progress import NEVER, CancelToken
from skillviewer.media.reading.container import VideoFile, VideoPacket
from skillviewer.media.reading.frame_index import FrameIndex
from skillviewer.media.reading.packets import PacketTable, jump

_WALK = 8
"""Distance in packets up to which decoding continues to a key frame: that costs no more than seeking."""

_STEPS_BACK = (0, 1, 2, 4, 8, 16)
"""Numbers of groups to go back if a frame cannot be decoded (recovery points, wrong key flags)."""


class Cursor:
    """Decodes to requested frames, from its present position if that is the shortest way.

    It is the only reader of the file afterwards.
    """

    def __init__(self, file: VideoFile, table: PacketTable, index: FrameIndex) -> None:
        self._file = file
        self._table = table
        self._index = index
        self._intra = bool(table.key.all())
        # the numbers of counted packets do not identify frames, and damaged pictures are concealed with earlier ones
        self._may_skip = not index.counted and not table.damaged
        self._standing = False  # whether decoding can continue from here
        self._ended = False  # the decoder is empty
        self._pending: tuple[int, VideoPacket] | None = None  # read while seeking, not yet decoded
        self._next = 0  # number of the next packet to read
        self._last = -1  # last frame decoded
        self._out: deque[tuple[int, VideoFrame]] = deque()  # decoded, not yet requested
        self._whole_from = 0  # earlier frames lack their references
        self._count: int | None = None  # frames decoded since the beginning, if these identify them

    def reach(
        self, target: int, is_wanted: Callable[[int], bool], token: CancelToken = NEVER
    ) -> Iterator[tuple[int, VideoFrame]]:
        """Decode up to a target frame.

        Frames that are not wanted may be skipped if no frame refers to them. The token is checked between packets.

        Yields:
            Index and frame of every complete frame on the way, and of the target last.

        Raises:
            VideoError: The frame does not decode.
            Cancelled: The token was raised. Decoded frames are not lost.
        """
        start = self._index.start_for(target)
        if self._goes_on_to(target, start) and (yield from self._walk(target, is_wanted, token)):
            return
        stood = False
        for start_number in sorted({max(0, start - step) for step in _STEPS_BACK}, reverse=True):
            if self._stand_at(start_number):
                stood = True
                if (yield from self._walk(target, is_wanted, token)):
                    return
        # an unseekable or counted file is decoded from the beginning
        if (
            (self._index.counted or not stood)
            and self._stand_at(0)
            and (yield from self._walk(target, is_wanted, token))
        ):
            return
        raise VideoError(
            f"Frame {target + 1} of {self._file.path}, at {self._index.times_s[target]:.3f} s, cannot be decoded: "
            "the file is damaged there. Write it anew with a converter, and open that."
        )

    def _goes_on_to(self, target: int, start: int) -> bool:
        """Return True if the target lies ahead, and no key frame before it would save decoding."""
        ahead = self._standing and target > self._last and target >= self._whole_from
        return ahead and int(self._index.starts[start]) <= self._next + _WALK

    def _stand_at(self, start_number: int) -> bool:
        """Go to an entry of the index's starts; return False if the container lands later, or at an unknown packet."""
        number = int(self._index.starts[start_number])
        self._out.clear()
        self._standing = self._ended = False
        try:
            self._pending = jump(self._file, self._table, number)
        except VideoError:
            self._pending = None
        if self._pending is None and number > 0:
            return False
        if self._pending is None:
            self._file.reopen()
        self._standing = True
        self._next = number
        self._last = -1
        self._whole_from = int(self._index.first_frames[start_number])
        self._count = 0 if self._index.counted and number == 0 else None
        return True

    def _walk(
        self, target: int, is_wanted: Callable[[int], bool], token: CancelToken
    ) -> Generator[tuple[int, VideoFrame], None, bool]:
        """Decode until the target was decoded (True), or cannot be decoded any more (False)."""
        while True:
            while self._out and self._out[0][0] <= target:
                index, frame = self._out.popleft()
                self._last = index
                if index >= self._whole_from:
                    yield index, frame
                if index == target:
                    return True
            if self._out or self._ended:
                return False
            token.check()
            for number, frame in self._more(is_wanted):
                index = self._index_of(number)
                if index >= 0:
                    self._out.append((index, frame))

    def _more(self, is_wanted: Callable[[int], bool]) -> list[tuple[int, VideoFrame]]:
        """Decode the next packet, or empty the decoder at the end."""
        try:
            packet = self._pending or self._file.read()
        except VideoError:  # a broken tail: the frames so far are all there are
            packet = None
        self._pending = None
        if packet is None:
            self._ended = True
            return self._file.drain()
        self._next = packet[0] + 1
        frame = int(self._index.frame[packet[0]])
        skip = self._may_skip and not (frame >= 0 and is_wanted(frame))
        if skip and frame >= 0 and self._intra:
            return []
        return self._file.decode(*packet, skip=skip)

    def _index_of(self, number: int) -> int:
        """Return the frame from a packet, -1 if it is not in the video."""
        if self._count is not None:
            self._count += 1
            return self._count - 1
        return int(self._index.frame[number]) if 0 <= number < len(self._index.frame) else -1
