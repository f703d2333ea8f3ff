"""The view in which a rater judges."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from skillviewer.core.dataset.pairs import Verdict
from skillviewer.data.study import Study, Vote
from skillviewer.data.study.judging.browser_ratings import import_answers
from skillviewer.data.study.judging.pack import DrawnPack, draw_pack
from skillviewer.data.study.judging.pack_folder import write_pack
from skillviewer.data.study.judging.pair_queue import PairVideo, PresentedPair
from skillviewer.data.study.judging.rating_pack import DrawnRatingPack, draw_rating_pack
from skillviewer.ui.actions.actions import Actions
from skillviewer.ui.ranking.judging import JudgingController
from skillviewer.ui.ranking.judging_session import NO_MARKS, Marks
from skillviewer.ui.ranking.pair_clock import EPSILON_S
from skillviewer.ui.ranking.pair_transport import PairTransport
from skillviewer.ui.ranking.pair_view import PairView
from skillviewer.ui.ranking.sitting_controller import SittingPhase
from skillviewer.ui.ranking.vote_bar import VoteBar
from skillviewer.ui.session.app_context import AppContext
from skillviewer.ui.session.study_controller import VIDEOS, VOTES
from skillviewer.ui.session.undo import Command
from skillviewer.ui.threads.throttle import single_shot
from skillviewer.ui.widgets.dialogs import Dialogs
from skillviewer.ui.widgets.layout import NONE, add_all, vertical
from skillviewer.ui.widgets.pages import Pages


def pack_pairs(app_context: AppContext, over: QWidget, dialogs: Dialogs, *, blur_faces: bool) -> None:
    """Ask for raters and a folder, and pack the pairs that they lack to the study's aim, in a worker thread."""
    title = "Pack pairs for a browser"
    if blur_faces:  # the title repeats the choice, which was made in the menu
        title = "Pack pairs for a browser, faces blurred"
    question = "Who will judge? Separate several names by commas. Each name gets pairs of its own."
    names = dialogs.word(over, title, question, (), "")
    folder = dialogs.save(over, title, "Folders (*)", "pairs to judge") if names else None
    if not names or folder is None:
        return
    raters = [name.strip() for name in names.split(",") if name.strip()]

    def write(drawn: DrawnPack) -> None:
        task = app_context.copies_worker.submit(
            lambda _, token, report: " ".join(write_pack(drawn, blur_faces=blur_faces, token=token, report=report))
        )
        task.then(succeeded=app_context.messages.note, failed=app_context.messages.fail)
        app_context.jobs.follow(title, task)

    app_context.studies.submit_write(lambda study: draw_pack(study, folder, raters)).succeeded.connect(write)


def pack_videos(app_context: AppContext, over: QWidget, dialogs: Dialogs, *, blur_faces: bool) -> None:
    """Ask for raters and a folder, and pack the videos that they have not rated yet, in a worker thread."""
    title = "Pack videos to rate for a browser"
    if blur_faces:
        title = "Pack videos to rate for a browser, faces blurred"
    question = "Who will rate? Separate several names by commas. Each name gets an order of its own."
    names = dialogs.word(over, title, question, (), "")
    folder = dialogs.save(over, title, "Folders (*)", "videos to rate") if names else None
    if not names or folder is None:
        return
    raters = [name.strip() for name in names.split(",") if name.strip()]

    def write(drawn: DrawnRatingPack) -> None:
        task = app_context.copies_worker.submit(
            lambda _, token, report: " ".join(write_pack(drawn, blur_faces=blur_faces, token=token, report=report))
        )
        task.then(succeeded=app_context.messages.note, failed=app_context.messages.fail)
        app_context.jobs.follow(title, task)

    app_context.studies.submit_write(lambda study: draw_rating_pack(study, folder, raters)).succeeded.connect(write)


def take_votes(app_context: AppContext, over: QWidget, dialogs: Dialogs) -> None:
    """Ask for a file that the page of a pack saved, and import its votes or ratings."""
    path = dialogs.file(over, "Import votes or ratings from a browser", "Votes and ratings (*.json);;All files (*)")
    if path is not None:
        brought = app_context.studies.submit_write(lambda study: import_answers(study, path), VOTES)
        brought.succeeded.connect(app_context.messages.note)


AHEAD_AFTER_MS = 400  # time that a pair is on screen before the next one is opened, so that it can play at once


class JudgingView(QWidget):
    """Two pair views: one on screen, and one that opens the next pair."""

    shown = Signal()  # both pictures of a pair have come on screen
    flipped = Signal()  # the other pair view is in front

    def __init__(
        self, app_context: AppContext, judging: JudgingController, actions: Actions, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._app_context = app_context
        self._judging = judging
        a, b, c, d = app_context.pair_workers
        now_s = app_context.playback.now_s
        self.pair_views = (PairView((a, b), now_s, self), PairView((c, d), now_s, self))
        self._front = 0
        self._ahead: PresentedPair | None = None
        self._opening = single_shot(self, AHEAD_AFTER_MS, self._open_ahead)
        self._marks_s: Marks = NO_MARKS
        self._pile = Pages(self)
        for pair_view in self.pair_views:
            self._pile.addWidget(pair_view)
            pair_view.seen.connect(self._on_seen)
            pair_view.failed.connect(judging.on_unreadable)
            pair_view.broken.connect(self._on_broken)
            pair_view.sync_asked.connect(self._on_sync_asked)
        self.transport = PairTransport(self.pair_views, actions, app_context.icons, self)
        self.votes = VoteBar(actions, self)
        add_all(vertical(self, NONE, 0), (self._pile, 1), self.transport, self.votes)
        self.transport.set_pair_view(self.pair_view)
        self.votes.left_reason.connect(self.take_focus)
        judging.turn_changed.connect(self._on_turn)
        judging.taken_back.connect(self._on_taken_back)
        judging.ahead_changed.connect(self._on_ahead)
        judging.contenders_changed.connect(self._on_contenders)
        judging.message_changed.connect(self.votes.show_message)
        judging.feedback.connect(self._on_feedback)
        self.votes.proceed.clicked.connect(judging.proceed)
        self.take_settings()

    @property
    def pair_view(self) -> PairView:
        return self.pair_views[self._front]

    @property
    def _back(self) -> PairView:
        return self.pair_views[1 - self._front]

    @property
    def marks_s(self) -> Marks:
        """The marked times of this pair, in the left and in the right video."""
        return self._marks_s if self.pair_view.left == 0 else (self._marks_s[1], self._marks_s[0])

    def take_focus(self) -> None:
        """Give the keys to the videos."""
        self.pair_view.player_on(left=True).canvas.setFocus()

    def take_settings(self) -> None:
        study = self._app_context.studies.current
        if study is not None:
            self.votes.neither.setVisible(study.settings.allow_neither)
            self.transport.set_speed(study.settings.speed)

    # what the rater does

    def vote(self, verdict: Verdict | None) -> None:
        """Vote on the pair on screen; None skips it."""
        pair_view = self.pair_view
        if pair_view.turn is not None:
            shares = pair_view.shares()
            turn = pair_view.turn
            left_mark_s, right_mark_s = self.marks_s
            vote = Vote(
                left=turn.left.name,
                right=turn.right.name,
                verdict=verdict,
                rater=self._judging.session.rater,
                watched=round(min(shares), 4),  # 1 says that both were seen whole
                speed=pair_view.clock.speed,
                reason=self.votes.reason.text().strip(),
                left_mark_s=left_mark_s,
                right_mark_s=right_mark_s,
                purpose=turn.purpose,
            )
            if self._judging.vote(vote, turn, shares, pair_view.played()):
                pair_view.clock.pause()

    def swap(self) -> None:
        if self._judging.phase is SittingPhase.JUDGING:
            self.pair_view.swap()

    def mark(self) -> None:
        """Mark the frames on screen of the videos that move; remove these marks if they are there already."""
        clock = self.pair_view.clock
        if not clock.clips:
            return
        marks_here = {video: self._own_s(video) for video in clock.moving}
        if all(self._marks_s[video] == own_s for video, own_s in marks_here.items()):
            marks_here = dict.fromkeys(marks_here)
        self._set_marks((marks_here.get(0, self._marks_s[0]), marks_here.get(1, self._marks_s[1])))

    def _own_s(self, video: int) -> float | None:
        """Return the time of the frame of a video on screen; None before it begins and after it has ended."""
        clock = self.pair_view.clock
        clip = clock.clips[video]
        now_s = clock.time_s(video)
        is_inside = clip.start_s - EPSILON_S <= now_s <= clip.stop_s + EPSILON_S
        return round(float(clip.video.times_s[clock.frame(video)]), 3) if is_inside else None

    def _set_marks(self, marks_s: Marks) -> None:
        self._marks_s = marks_s
        self.transport.set_marks(marks_s)

    def set_together(self, together: bool) -> None:
        """Move both videos by one clock, or each by its own."""
        self.pair_view.clock.set_together(together)

    def other_one(self) -> None:
        """Hear the other video, and move it with the keys where each has its own clock."""
        clock = self.pair_view.clock
        clock.set_active(1 - clock.active)

    def show_sound(self, *forms: str, on: bool) -> None:
        """Show whether the sound is on, and wordings of its state, the longest first, at the video that is heard."""
        self.transport.show_sound(on=on)
        for pair_view in self.pair_views:
            pair_view.show_sound(*forms)

    # what happens

    def _on_turn(self, turn: PresentedPair | None) -> None:
        self.pair_view.clock.pause()
        self._set_marks(NO_MARKS)
        self.votes.reason.clear()
        self.votes.set_voting(voting=True)
        if turn is None:
            if self._judging.session.ahead is None:
                for pair_view in self.pair_views:
                    pair_view.clear()
            return
        if self._back.turn == turn:
            self._flip()
        elif self.pair_view.turn != turn or self.pair_view.over:
            self._back.load(turn, self._speed)
            self._flip()
        if self.isVisible():
            self.take_focus()
        if self.pair_view.is_seen:
            self._judging.on_seen()  # the pair was on screen before
            self._opening.start()

    def _on_taken_back(self, vote: Vote) -> None:
        """Restore what was written with a vote: it is rarely the reason that was wrong."""
        self.votes.reason.setText(vote.reason)
        if self.pair_view.turn is not None:
            marks_s = vote.left_mark_s, vote.right_mark_s
            self._set_marks(marks_s if self.pair_view.name_of(0) == vote.left else marks_s[::-1])

    def _on_feedback(self, text: str) -> None:
        self.pair_view.clock.pause()
        self.votes.show_feedback(text)

    def _flip(self) -> None:
        self._opening.stop()
        self._front = 1 - self._front
        self.transport.set_pair_view(self.pair_view)
        self._pile.setCurrentWidget(self.pair_view)
        self.flipped.emit()

    @property
    def _speed(self) -> float:
        study = self._app_context.studies.current
        return study.settings.speed if study is not None else 1.0

    def _on_ahead(self, turn: PresentedPair | None) -> None:
        self._ahead = turn
        if (
            turn is not None
            and (self.pair_view.is_seen or self.pair_view.turn is None)
            and not self._opening.isActive()
        ):
            self._opening.start()

    def _open_ahead(self) -> None:
        turn = self._ahead
        if turn is not None and self._back.turn != turn:
            self._back.load(turn, self._speed)

    def _on_seen(self) -> None:
        if self.sender() is self.pair_view:
            self._judging.on_seen()
            self._opening.start()
            self.shown.emit()

    def _on_broken(self) -> None:
        if self.sender() is self.pair_view:
            self.votes.show_message("A frame could not be read. Judge by the rest, or skip the pair.")

    def _on_contenders(self, contenders: tuple[PairVideo, ...]) -> None:
        for pair_view in self.pair_views:
            pair_view.take_sync(contenders)

    def _on_sync_asked(self, video: int, own_s: float) -> None:
        name = self.pair_view.name_of(video)

        def set_point(study: Study) -> object:
            before = study.videos.get(name).sync_s
            study.videos.change(name, sync_s=own_s)
            return before

        def restore_point(study: Study, before: object) -> object:
            assert before is None or isinstance(before, float)
            return study.videos.change(name, sync_s=before)

        self._app_context.undo.perform(Command("sync point", set_point, restore_point, (VIDEOS,)))
