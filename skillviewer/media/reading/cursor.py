"""Cursor: the decoding position in a file, and the cheapest way from there to a frame."""

from collections import deque
from collections.abc import Callable, Generator, Iterator
from contextlib import suppress

from av.video.frame import VideoFrame

from skillviewer.core.errors import VideoError
from skillviewer.core.progress import NEVER, CancelToken
from skillviewer.media.reading.container import VideoFile, VideoPacket
from skillviewer.media.reading.frame_index import FrameIndex
from skillviewer.media.reading.packets import PacketTable, jump

_MAX_AHEAD = 8
"""Greatest distance in packets to a key frame at which decoding continues, because it costs no more than seeking."""

_STEPS_BACK = (0, 1, 2, 4, 8, 16)
"""Numbers of groups to go back if a frame cannot be decoded (recovery points, wrong key flags)."""


class Cursor:
    """Decoder of requested frames, which continues from its position if that is the shortest way.

    Nothing else may read the file while the cursor is used.
    """

    def __init__(self, file: VideoFile, table: PacketTable, index: FrameIndex) -> None:
        self._file = file
        self._table = table
        self._index = index
        self._all_key_frames = bool(table.is_key.all())
        # the numbers of counted packets do not identify frames, and damaged pictures are concealed with earlier ones
        self._may_skip = not index.counted and not table.damaged
        self._can_continue = False  # whether decoding can continue from the position
        self._has_ended = False  # whether the decoder is empty
        self._pending: tuple[int, VideoPacket] | None = None  # packet that was read by seeking, but not decoded yet
        self._next_packet = 0  # number of the next packet to read
        self._last_frame = -1  # last frame that was taken from the queue
        self._queue: deque[tuple[int, VideoFrame]] = deque()  # decoded frames that were not requested yet
        self._first_complete = 0  # frames before this one lack their references
        # number of frames decoded since the beginning of the file, if it identifies the frames; else None
        self._n_decoded: int | None = None

    def reach(
        self, target: int, is_wanted: Callable[[int], bool], token: CancelToken = NEVER
    ) -> Iterator[tuple[int, VideoFrame]]:
        """Decode up to a target frame.

        Args:
            target: Index of the frame.
            is_wanted: Returns True for frames to decode. Others may be skipped if no frame refers to them.
            token: Checked between packets.

        Yields:
            Index and frame of every complete frame on the way, and of the target last.

        Raises:
            VideoError: The frame does not decode.
            Cancelled: The token was raised. Decoded frames are not lost.
        """
        group = self._index.group_of(target)
        if self._is_shortest_way(target, group) and (yield from self._decode_to(target, is_wanted, token)):
            return
        could_seek = False
        for earlier_group in sorted({max(0, group - step) for step in _STEPS_BACK}, reverse=True):
            if self._move_to(earlier_group):
                could_seek = True
                if (yield from self._decode_to(target, is_wanted, token)):
                    return
        # a file that cannot seek, or whose frames are counted, is decoded from the beginning
        if (self._index.counted or not could_seek) and self._move_to(0):
            reached_target = yield from self._decode_to(target, is_wanted, token)
            if reached_target:
                return
        raise VideoError(
            f"Frame {target + 1} of {self._file.path}, at {self._index.times_s[target]:.3f} s, cannot be decoded: "
            "the file is damaged there. Write it anew with a converter, and open that."
        )

    def _is_shortest_way(self, target: int, group: int) -> bool:
        """Return True if the target lies ahead, and seeking to a key frame would save no decoding."""
        is_ahead = self._can_continue and target > self._last_frame and target >= self._first_complete
        return is_ahead and int(self._index.starts[group]) <= self._next_packet + _MAX_AHEAD

    def _move_to(self, group: int) -> bool:
        """Move to the start of a group; return False if the container cannot seek there."""
        number = int(self._index.starts[group])
        self._queue.clear()
        self._can_continue = False
        self._has_ended = False
        try:
            self._pending = jump(self._file, self._table, number)
        except VideoError:
            self._pending = None
        if self._pending is None:
            if number > 0:
                return False
            self._file.reopen()
        self._can_continue = True
        self._next_packet = number
        self._last_frame = -1
        self._first_complete = int(self._index.first_frames[group])
        counts_from_start = self._index.counted and number == 0
        self._n_decoded = 0 if counts_from_start else None
        return True

    def _decode_to(
        self, target: int, is_wanted: Callable[[int], bool], token: CancelToken
    ) -> Generator[tuple[int, VideoFrame], None, bool]:
        """Yield frames up to the target; return False if the target does not come from this position."""
        while True:
            while self._queue and self._queue[0][0] <= target:
                index, frame = self._queue.popleft()
                self._last_frame = index
                if index >= self._first_complete:
                    yield index, frame
                if index == target:
                    return True
            if self._queue or self._has_ended:
                return False
            token.check()
            for number, frame in self._decode_next(is_wanted):
                index = self._frame_from(number)
                if index >= 0:
                    self._queue.append((index, frame))

    def _decode_next(self, is_wanted: Callable[[int], bool]) -> list[tuple[int, VideoFrame]]:
        """Decode the next packet, or empty the decoder at the end; return the frames with the numbers of packets."""
        numbered_packet = self._pending
        self._pending = None
        if numbered_packet is None:
            with suppress(VideoError):  # the end of the file is broken, and there are no more frames
                numbered_packet = self._file.read()
        if numbered_packet is None:
            self._has_ended = True
            return self._file.drain()
        number, packet = numbered_packet
        self._next_packet = number + 1
        index = int(self._index.frame_of_packet[number])
        skip = self._may_skip and not (index >= 0 and is_wanted(index))
        if skip and index >= 0 and self._all_key_frames:
            return []
        return self._file.decode(number, packet, skip=skip)

    def _frame_from(self, number: int) -> int:
        """Return the index of the frame that a packet gave, -1 if it is not in the video."""
        if self._n_decoded is not None:
            self._n_decoded += 1
            return self._n_decoded - 1
        frame_of_packet = self._index.frame_of_packet
        return int(frame_of_packet[number]) if 0 <= number < len(frame_of_packet) else -1
