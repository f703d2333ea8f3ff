"""Moving of the playhead from moment to moment."""

from PySide6.QtCore import QObject, Signal

from skillviewer.ui.session.insight.video_annotations import MomentCard, VideoAnnotations
from skillviewer.ui.session.insight.why_loader import WhyLoader, WhyStage
from skillviewer.ui.session.playback import Playback

LEAD_IN_S = 2.0  # time that is played before a moment, to show its beginning in context


class Tour(QObject):
    """Moves the playhead from moment to moment."""

    here_changed = Signal()  # the moments at the playhead changed

    def __init__(
        self, why_loader: WhyLoader, annotations: VideoAnnotations, playback: Playback, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._why_loader = why_loader
        self._annotations = annotations
        self._playback = playback
        self._cards_here: tuple[tuple[float, float, bool], ...] = ()  # identities of the moments at the playhead
        self._played_card: tuple[float, float, bool] | None = None  # identity of the moment that was played last
        self._was_moved = False  # True once the user has moved the playhead in this video
        self._initial_frame = -1  # frame at which the tour began in this video, or -1
        playback.video_changed.connect(self._on_video)
        playback.frame_changed.connect(self._on_frame)
        why_loader.changed.connect(self._go_to_strongest)
        playback.frame_changed.connect(self._update_cards_here)
        playback.video_changed.connect(self._update_cards_here)
        why_loader.changed.connect(self._update_cards_here)

    def is_here(self, card: MomentCard) -> bool:
        """Return True if the playhead is in a moment."""
        return card.identity in self._cards_here

    def is_playing(self, card: MomentCard) -> bool:
        """Return True while a moment is being played."""
        return self._playback.playing and card.identity == self._played_card

    def play(self, card: MomentCard) -> None:
        """Play a moment from ``LEAD_IN_S`` before it to its end."""
        video = self._playback.video
        if video is None:
            return
        start_s = max(card.start_s - LEAD_IN_S, 0.0)
        first = max(video.frame_at(start_s), self._playback.frames[0])
        last = max(video.frame_at(card.stop_s - 1e-4), first + 1)
        self._played_card = card.identity
        self._playback.play_once(range(first, last + 1))

    def step(self, direction: int) -> None:
        """Pause at the start of the next (1) or previous (-1) moment, if any."""
        video = self._playback.video
        if video is None:
            return
        self._playback.pause()
        starts = sorted({video.frame_at(card.start_s) for card in self._why_loader.cards})
        frame = self._playback.frame
        if direction > 0:
            target = next((start for start in starts if start > frame), None)
        else:
            target = next((start for start in reversed(starts) if start < frame), None)
        if target is not None:
            self._playback.seek(target)

    def save_moment(self) -> None:
        """Save the selection as a moment, and clear the marks."""
        selection_s = self._playback.selection_s
        if selection_s is None:
            return
        start_s, stop_s = selection_s
        if self._annotations.save_moment(start_s, stop_s) is not None:
            self._playback.clear_marks()

    def _on_video(self) -> None:
        self._was_moved = False
        self._initial_frame = -1

    def _on_frame(self, frame: int) -> None:
        expected_frame = self._playback.frames[0] if self._initial_frame < 0 else self._initial_frame
        if frame != expected_frame:
            self._was_moved = True

    def _go_to_strongest(self) -> None:
        """Go to the key frame of the strongest moment when findings arrive, unless the user has moved the playhead.

        This happens once for each video, so that later evidence does not move the playhead.
        """
        findings = self._why_loader.findings
        playback = self._playback
        if findings is None or self._why_loader.stage is not WhyStage.READY or playback.video is None:
            return
        if self._was_moved or playback.playing or self._initial_frame >= 0:
            return
        strongest = max(findings.moments, key=lambda moment: abs(moment.amount), default=None)
        self._initial_frame = strongest.key_frame if strongest is not None else int(findings.analysis.samples.max())
        playback.seek(self._initial_frame)

    def _update_cards_here(self) -> None:
        time_s = self._playback.time_s
        cards_here = tuple(
            card.identity for card in self._why_loader.cards if card.start_s - 1e-6 <= time_s < card.stop_s
        )
        if cards_here != self._cards_here:
            self._cards_here = cards_here
            self.here_changed.emit()
