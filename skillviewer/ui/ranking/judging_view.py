"""The view in which a rater judges."""

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QWidget

from skillviewer.core.dataset.pairs import Verdict
from skillviewer.data.study import Study, Vote
from skillviewer.data.study.judging.pair_queue import PairVideo, PresentedPair
from skillviewer.ui.actions.actions import Actions
from skillviewer.ui.ranking.judging_controller import JudgingController
from skillviewer.ui.ranking.judging_session import NO_MARKS, Marks
from skillviewer.ui.ranking.pair_clock import EPSILON_S
from skillviewer.ui.ranking.pair_transport import PairTransport
from skillviewer.ui.ranking.pair_view import PairView
from skillviewer.ui.ranking.sitting_controller import SittingPhase
from skillviewer.ui.ranking.vote_bar import VoteBar
from skillviewer.ui.session.app_context import AppContext
from skillviewer.ui.session.study_controller import VIDEOS
from skillviewer.ui.session.undo import Command
from skillviewer.ui.threads.throttle import single_shot
from skillviewer.ui.widgets.layout import NO_MARGINS, add_all, growing, horizontal, scroll_area, vertical
from skillviewer.ui.widgets.pages import Pages
from skillviewer.ui.widgets.text_scaling import scaled_px

OPEN_NEXT_AFTER_MS = 400  # time on screen of a pair before the next pair is opened, so that this one can play at once
TITLES_PX = 26  # height of the row above the pictures
MIN_PICTURE_PX = 90


class JudgingView(QWidget):
    """Two pair views, one on screen and one that opens the next pair, with the transport and the buttons of a vote."""

    front_changed = Signal()  # the other pair view has come to the front

    def __init__(
        self, app_context: AppContext, judging: JudgingController, actions: Actions, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._app_context = app_context
        self._judging = judging
        workers = app_context.pair_workers
        read_clock_s = app_context.playback.read_clock_s
        self.pair_views = (
            PairView((workers[0], workers[1]), read_clock_s, self),
            PairView((workers[2], workers[3]), read_clock_s, self),
        )
        self._front_index = 0
        self._next_pair: PresentedPair | None = None
        self._open_timer = single_shot(self, OPEN_NEXT_AFTER_MS, self._open_next_pair)
        self._marks_s: Marks = NO_MARKS
        # only the videos of a low window scroll: the buttons of a vote stay in sight
        area = scroll_area(self, "The two videos")
        self._area = area
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        area.setMinimumHeight(scaled_px(TITLES_PX) + MIN_PICTURE_PX)
        page = QWidget(area)
        self._stack = Pages(page)
        for pair_view in self.pair_views:
            self._stack.addWidget(pair_view)
            pair_view.both_painted.connect(self._on_both_painted)
            pair_view.failed.connect(judging.on_unreadable)
            pair_view.frame_unreadable.connect(self._on_frame_unreadable)
            pair_view.sync_asked.connect(self._on_sync_asked)
        self.transport = PairTransport(self.pair_views, actions, app_context.icons, self)
        self.vote_bar = VoteBar(actions, self)
        self._reason_row = horizontal(margins=(16, 0, 16, 0))
        add_all(vertical(page, margins=NO_MARGINS, spacing=0), growing(self._stack), self.transport, self._reason_row)
        area.setWidget(page)
        add_all(vertical(self, margins=NO_MARGINS, spacing=0), growing(area), self.vote_bar)
        self.transport.set_pair_view(self.pair_view)
        self.vote_bar.arranged.connect(self._on_votes_arranged)
        self._on_votes_arranged(is_narrow=bool(self.vote_bar.is_narrow))
        self.vote_bar.reason_finished.connect(self.take_focus)
        judging.turn_changed.connect(self._on_turn)
        judging.answer_withdrawn.connect(self._on_answer_withdrawn)
        judging.next_pair_changed.connect(self._on_next_pair)
        judging.pair_videos_changed.connect(self._on_pair_videos)
        judging.message_changed.connect(self.vote_bar.show_message)
        judging.feedback.connect(self._on_feedback)
        self.vote_bar.continue_button.clicked.connect(judging.end_feedback)
        self.apply_settings()

    def _on_votes_arranged(self, is_narrow: bool) -> None:
        if is_narrow:
            self._reason_row.addWidget(self.vote_bar.reason_edit)

    @property
    def pair_view(self) -> PairView:
        return self.pair_views[self._front_index]

    @property
    def _hidden_view(self) -> PairView:
        return self.pair_views[1 - self._front_index]

    @property
    def marks_s(self) -> Marks:
        """The marked times of the pair on screen, in the left and in the right video."""
        first_s, second_s = self._marks_s
        return (first_s, second_s) if self.pair_view.left_index == 0 else (second_s, first_s)

    def take_focus(self) -> None:
        """Focus the videos, so that their keys work."""
        self.pair_view.player_on(left=True).canvas.setFocus()

    def apply_settings(self) -> None:
        study = self._app_context.studies.current_study
        if study is not None:
            self.vote_bar.neither_button.setVisible(study.settings.allow_neither)
            self.transport.set_speed(study.settings.speed)

    # what the rater does

    def vote(self, verdict: Verdict | None) -> None:
        """Vote on the pair on screen; None skips it."""
        pair_view = self.pair_view
        turn = pair_view.presented_pair
        if turn is None:
            return
        shares = pair_view.seen_shares()
        left_mark_s, right_mark_s = self.marks_s
        vote = Vote(
            left=turn.left.name,
            right=turn.right.name,
            verdict=verdict,
            rater=self._judging.session.rater,
            watched=round(min(shares), 4),  # 1 if both were seen whole
            speed=pair_view.clock.speed,
            reason=self.vote_bar.reason_edit.text().strip(),
            left_mark_s=left_mark_s,
            right_mark_s=right_mark_s,
            purpose=turn.purpose,
        )
        is_accepted = self._judging.vote(vote, turn, shares, pair_view.requested_shares())
        if is_accepted:
            pair_view.clock.pause()

    def swap(self) -> None:
        if self._judging.phase is SittingPhase.JUDGING:
            self.pair_view.swap()

    def mark(self) -> None:
        """Mark the frames on screen of the moved videos; remove these marks if they exist already."""
        clock = self.pair_view.clock
        if not clock.clips:
            return
        new_marks_s = {video: self._mark_time_s(video) for video in clock.moved_videos}
        if all(self._marks_s[video] == mark_s for video, mark_s in new_marks_s.items()):
            new_marks_s = dict.fromkeys(new_marks_s)
        self._set_marks((new_marks_s.get(0, self._marks_s[0]), new_marks_s.get(1, self._marks_s[1])))

    def _mark_time_s(self, video: int) -> float | None:
        """Return the time of the frame on screen, in seconds of its file; None outside the clip."""
        clock = self.pair_view.clock
        clip = clock.clips[video]
        clock_time_s = clock.time_s(video)
        is_inside = clip.start_s - EPSILON_S <= clock_time_s <= clip.stop_s + EPSILON_S
        return round(float(clip.video.times_s[clock.frame_of(video)]), 3) if is_inside else None

    def _set_marks(self, marks_s: Marks) -> None:
        self._marks_s = marks_s
        self.transport.set_marks(marks_s)

    def set_together(self, together: bool) -> None:
        """Move both videos by one clock, or each by its own clock."""
        self.pair_view.clock.set_together(together)

    def activate_other_video(self) -> None:
        """Play the sound of the other video; the keys move it if each video has its own clock."""
        clock = self.pair_view.clock
        clock.set_active(1 - clock.active_video)

    def show_sound(self, texts: Sequence[str], *, on: bool) -> None:
        """Show whether the sound is on, and its status at the active video.

        Args:
            texts: Texts of the status, the longest first; empty if the sound is off.
            on: True if the sound is on.
        """
        self.transport.show_sound(on=on)
        for pair_view in self.pair_views:
            pair_view.show_sound(texts)

    # what happens

    def _on_turn(self, turn: PresentedPair | None) -> None:
        self.pair_view.clock.pause()
        self._set_marks(NO_MARKS)
        self.vote_bar.reason_edit.clear()
        self.vote_bar.set_voting(voting=True)
        if turn is None:
            if self._judging.session.next_pair is None:
                for pair_view in self.pair_views:
                    pair_view.clear()
            return
        if self._hidden_view.presented_pair == turn:
            self._bring_to_front()
        elif self.pair_view.presented_pair != turn or self.pair_view.has_failed:
            self._hidden_view.load(turn, self._speed)
            self._bring_to_front()
        if self.isVisible():
            self.take_focus()
        if self.pair_view.is_painted:
            self._judging.on_seen()  # the pair was on screen before
            self._open_timer.start()

    def _on_answer_withdrawn(self, vote: Vote) -> None:
        """Restore the reason and the marks of a withdrawn vote. A vote is rarely withdrawn because of them."""
        self.vote_bar.reason_edit.setText(vote.reason)
        if self.pair_view.presented_pair is None:
            return
        if self.pair_view.video_name(0) == vote.left:
            self._set_marks((vote.left_mark_s, vote.right_mark_s))
        else:
            self._set_marks((vote.right_mark_s, vote.left_mark_s))

    def _on_feedback(self, text: str) -> None:
        self.pair_view.clock.pause()
        self.vote_bar.show_feedback(text)

    def _bring_to_front(self) -> None:
        self._open_timer.stop()
        self._front_index = 1 - self._front_index
        self.transport.set_pair_view(self.pair_view)
        self._stack.setCurrentWidget(self.pair_view)
        self._area.verticalScrollBar().setValue(0)  # Qt scrolls to what gets the focus of the hidden view
        self.front_changed.emit()

    @property
    def _speed(self) -> float:
        study = self._app_context.studies.current_study
        return study.settings.speed if study is not None else 1.0

    def _on_next_pair(self, turn: PresentedPair | None) -> None:
        self._next_pair = turn
        if turn is None or self._open_timer.isActive():
            return
        if self.pair_view.is_painted or self.pair_view.presented_pair is None:
            self._open_timer.start()

    def _open_next_pair(self) -> None:
        turn = self._next_pair
        if turn is not None and self._hidden_view.presented_pair != turn:
            self._hidden_view.load(turn, self._speed)

    def _on_both_painted(self) -> None:
        if self.sender() is self.pair_view:
            self._judging.on_seen()
            self._open_timer.start()

    def _on_frame_unreadable(self) -> None:
        if self.sender() is self.pair_view:
            self.vote_bar.show_message("A frame could not be read. Judge by the rest, or skip the pair.")

    def _on_pair_videos(self, pair_videos: tuple[PairVideo, ...]) -> None:
        for pair_view in self.pair_views:
            pair_view.apply_sync_points(pair_videos)

    def _on_sync_asked(self, video: int, sync_s: float) -> None:
        name = self.pair_view.video_name(video)

        def set_point(study: Study) -> object:
            before = study.videos.get(name).sync_s
            study.videos.change(name, sync_s=sync_s)
            return before

        def restore_point(study: Study, before: object) -> object:
            assert before is None or isinstance(before, float)
            return study.videos.change(name, sync_s=before)

        self._app_context.undo.perform(Command("sync point", set_point, restore_point, (VIDEOS,)))
