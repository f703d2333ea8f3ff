"""The frames of a clip that were shown."""

import numpy as np

from skillviewer.ui.ranking.aligned_clip import MAX_GAP_S, AlignedClip


class SeenFrames:
    """The frames of a clip that were on screen."""

    def __init__(self, clip: AlignedClip) -> None:
        self._first = clip.first_frame
        starts = clip.video.times_s[clip.first_frame : clip.last_frame + 1]
        self._starts_s = starts
        self._lasting_s = np.diff(starts, append=clip.video.end_s(clip.last_frame))
        self._seen = np.zeros(len(starts), np.bool_)
        self._last_index: int | None = None

    @property
    def share(self) -> float:
        """Share of the clip's time that was seen, 0 to 1."""
        total_s = float(self._lasting_s.sum())
        return float(self._lasting_s[self._seen].sum()) / total_s if total_s > 0 else float(self._seen.mean())

    def mark_seen(self, frame: int, *, playing: bool) -> None:
        """Mark a frame, by its index in the file, as seen.

        If it was reached by ``playing``, frames skipped since the last one count too, over at most ``MAX_GAP_S``.
        """
        index = frame - self._first
        if not 0 <= index < len(self._seen):
            return
        last_index = self._last_index
        start = index
        if playing and last_index is not None and last_index < index:
            gap_s = float(self._starts_s[index] - self._starts_s[last_index])
            start = last_index if gap_s <= MAX_GAP_S else index
        self._seen[start : index + 1] = True
        self._last_index = index
