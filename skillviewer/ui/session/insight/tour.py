"""Plays the moments of a video in turn."""

from PySide6.QtCore import QObject, Signal

from skillviewer.ui.session.insight.video_annotations import MomentCard, VideoAnnotations
from skillviewer.ui.session.insight.why_loader import WhyLoader, WhyStage
from skillviewer.ui.session.playback import Playback

LEAD_IN_S = 2.0  # seconds that are played before a moment, to show its beginning in context


class Tour(QObject):
    """Moves the playhead from moment to moment."""

    here_changed = Signal()  # the moments under the playhead changed

    def __init__(
        self, inquiry: WhyLoader, annotations: VideoAnnotations, playback: Playback, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._inquiry = inquiry
        self._annotations = annotations
        self._playback = playback
        self._cards_here: tuple[tuple[float, float, bool], ...] = ()
        self._played: tuple[float, float, bool] | None = None  # identity of the moment that was played last
        self._was_moved = False  # True once the user has moved the playhead in this video
        self._initial_frame = -1  # frame to which the tour moved the playhead in this video, or -1
        playback.video_changed.connect(self._on_video)
        playback.frame_changed.connect(self._on_frame)
        inquiry.changed.connect(self._go_to_strongest)
        playback.frame_changed.connect(self._update_cards_here)
        playback.video_changed.connect(self._update_cards_here)
        inquiry.changed.connect(self._update_cards_here)

    def is_here(self, card: MomentCard) -> bool:
        return card.identity in self._cards_here

    def plays(self, card: MomentCard) -> bool:
        """Return True while a moment is being played."""
        return self._playback.playing and card.identity == self._played

    def play(self, card: MomentCard) -> None:
        """Play a moment from two seconds before it to its end."""
        video = self._playback.video
        if video is None:
            return
        start = max(video.frame_at(max(card.start_s - LEAD_IN_S, 0.0)), self._playback.frames[0])
        stop = video.frame_at(card.stop_s - 1e-4)
        self._played = card.identity
        self._playback.play_once(range(start, max(stop, start + 1) + 1))

    def step(self, direction: int) -> None:
        """Pause at the beginning of the next (1) or previous (-1) moment, if there is one."""
        video = self._playback.video
        if video is None:
            return
        self._playback.pause()
        starts = sorted({video.frame_at(card.start_s) for card in self._inquiry.cards})
        frame = self._playback.frame
        ahead = [start for start in starts if (start > frame if direction > 0 else start < frame)]
        if ahead:
            self._playback.seek(ahead[0] if direction > 0 else ahead[-1])

    def save_moment(self) -> None:
        """Save the selection as a moment. A missing mark counts as the start, or the end, of the video."""
        chosen_s = self._playback.selection_s
        if chosen_s is not None and self._annotations.save_moment(*chosen_s) is not None:
            self._playback.clear_marks()

    def _on_video(self) -> None:
        self._was_moved = False
        self._initial_frame = -1

    def _on_frame(self, frame: int) -> None:
        self._was_moved |= frame != (self._playback.frames[0] if self._initial_frame < 0 else self._initial_frame)

    def _go_to_strongest(self) -> None:
        """Go to the key frame of the strongest moment once findings arrive, unless the user has moved the playhead."""
        findings = self._inquiry.findings
        playback = self._playback
        ready = self._inquiry.stage is WhyStage.READY and playback.video is not None
        if findings is None or not ready or self._was_moved or playback.playing or self._initial_frame >= 0:
            return  # once for each video: later evidence does not move the playhead
        strongest = max(findings.moments, key=lambda moment: abs(moment.amount), default=None)
        self._initial_frame = strongest.key_frame if strongest is not None else int(findings.analysis.samples.max())
        playback.seek(self._initial_frame)

    def _update_cards_here(self) -> None:
        time_s = self._playback.time_s
        cards_here = tuple(card.identity for card in self._inquiry.cards if card.start_s - 1e-6 <= time_s < card.stop_s)
        if cards_here != self._cards_here:
            self._cards_here = cards_here
            self.here_changed.emit()
