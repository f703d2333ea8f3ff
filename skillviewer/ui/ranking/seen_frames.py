"""The frames of a clip that were shown."""

import numpy as np

from skillviewer.ui.ranking.aligned_clip import AlignedClip

MAX_GAP_S = 0.5
"""Longest gap, in seconds, between two frames shown while playing for the frames between them to count as seen: a slow
computer shows fewer frames of the same video."""


class SeenFrames:
    """A record of the frames of a clip that were on screen."""

    def __init__(self, clip: AlignedClip) -> None:
        self._first_frame = clip.first_frame
        self._starts_s = clip.video.times_s[clip.first_frame : clip.last_frame + 1]
        self._durations_s = np.diff(self._starts_s, append=clip.video.end_s(clip.last_frame))
        self._is_seen = np.zeros(len(self._starts_s), np.bool_)
        self._last_index: int | None = None

    @property
    def share(self) -> float:
        """Share of the clip's time that was seen, 0 to 1."""
        total_s = float(self._durations_s.sum())
        if total_s <= 0:
            return float(self._is_seen.mean())
        return float(self._durations_s[self._is_seen].sum()) / total_s

    def mark_seen(self, frame: int, *, playing: bool) -> None:
        """Mark a frame, by its index in the file, as seen.

        If it was reached by ``playing``, frames skipped since the last one count too, over at most ``MAX_GAP_S``.
        """
        index = frame - self._first_frame
        if not 0 <= index < len(self._is_seen):
            return
        start = index
        last_index = self._last_index
        if playing and last_index is not None and last_index < index:
            gap_s = float(self._starts_s[index] - self._starts_s[last_index])
            if gap_s <= MAX_GAP_S:
                start = last_index
        self._is_seen[start : index + 1] = True
        self._last_index = index
