"""Least-recently-used cache of decoded frames with a memory budget."""

from collections import OrderedDict

from av.video.frame import VideoFrame

from skillviewer.media.reading.frame_converter import frame_bytes


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
        return min(self._frames, key=lambda kept: abs(kept - index), default=None)

    def clear(self) -> None:
        """Drop all frames."""
        self._frames.clear()
        self.n_bytes = 0

    def _drop(self, index: int) -> None:
        entry = self._frames.pop(index, None)
        if entry is not None:
            self.n_bytes -= entry[1]
