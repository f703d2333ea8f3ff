"""The Rank screen: a rater judges pairs, blind; results and raters are shown while no rater judges."""

from collections.abc import Callable
from functools import partial
from operator import methodcaller

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QAbstractButton, QButtonGroup, QWidget

from skillviewer.core.dataset.pairs import Verdict
from skillviewer.core.text import printable
from skillviewer.data.study.judging.pair_queue import offered
from skillviewer.ui.actions.actions import Actions, Handlers, key_text
from skillviewer.ui.player.transport import speed_text
from skillviewer.ui.ranking.judging import JudgingController
from skillviewer.ui.ranking.judging_view import JudgingView, pack_pairs, pack_videos, take_votes
from skillviewer.ui.ranking.message_page import MessagePage
from skillviewer.ui.ranking.pair_clock import PairClock
from skillviewer.ui.ranking.pair_playhead import PairPlayhead
from skillviewer.ui.ranking.rater_page import RaterPage
from skillviewer.ui.ranking.raters_view import RatersView
from skillviewer.ui.ranking.rating_tab import RatingTab
from skillviewer.ui.ranking.ratings_view import RatingsView
from skillviewer.ui.ranking.result_view import ResultView
from skillviewer.ui.ranking.sitting_controller import WITH_TURN, SittingPhase
from skillviewer.ui.ranking.study_settings_view import StudySettingsView
from skillviewer.ui.session.app_context import AppContext
from skillviewer.ui.session.open_study import OpenStudy
from skillviewer.ui.widgets.dialogs import Dialogs
from skillviewer.ui.widgets.labels import text_label
from skillviewer.ui.widgets.layout import NONE, add_all, as_tip, horizontal, push_button, tool_button, vertical
from skillviewer.ui.widgets.pages import Pages

LETTERS_OF_NAME = 16  # number of letters of a rater's name that are shown in front of the progress
MOVES = {
    "rank_play": methodcaller("toggle"),
    "rank_previous_frame": methodcaller("step", -1),
    "rank_next_frame": methodcaller("step", 1),
    "rank_back_second": methodcaller("skip", -1.0),
    "rank_on_second": methodcaller("skip", 1.0),
    "rank_back_ten": methodcaller("skip", -10.0),
    "rank_on_ten": methodcaller("skip", 10.0),
    "rank_first": methodcaller("first"),
    "rank_last": methodcaller("last"),
}
"""Handlers of actions on the clock of the pair before the rater."""


class RankScreen(QWidget):
    """Judging of pairs, and results of the votes.

    It names no video while a rater judges; results and raters open when the rater has finished.
    """

    status_changed = Signal()  # the text of ``status_text()`` has changed
    judges_changed = Signal()  # a pair came before a rater, or is there no more

    def __init__(self, app_context: AppContext, actions: Actions, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._app_context = app_context
        self._actions = actions
        self._question = ""
        self._shown = False
        self._sat_down = False  # a rater judged here: the next one is likely to be another
        self.judging = JudgingController(app_context.studies, app_context.undo, undo_key=self._undo_key, parent=self)
        self.judging_view = JudgingView(app_context, self.judging, actions, self)
        self._make_pages()
        self._tabs = Pages(self)
        self._tabs.addWidget(self.pages)
        self._group = QButtonGroup(self)
        self._head = self._make_head()
        self.rate = RatingTab(app_context, actions, self._undo_key, self)
        self.heard = PairPlayhead(app_context.playback.now_s, self)
        self.sound = app_context.blind_sound(self.heard, self)
        self._tabs.addWidget(self.rate)
        self._add_tab("Rate")
        self.results = ResultView(app_context, self)
        self.raters = RatersView(app_context, self)
        for view, title in ((self.results, "Results"), (self.raters, "Raters")):
            self._tabs.addWidget(view)
            self._add_tab(title)
            view.judge.clicked.connect(self._group.button(0).click)
        self.ratings = RatingsView(app_context, self)
        self._tabs.addWidget(self.ratings)
        self._add_tab("Ratings")
        self.ratings.import_ratings.clicked.connect(actions["import_ratings"].trigger)
        self.ratings.video_asked.connect(self._on_video_asked)
        self.setup = StudySettingsView(app_context, self)
        self._tabs.addWidget(self.setup)
        self._add_tab("Set-up")
        add_all(vertical(self, NONE, 0), self._head, (self._tabs, 1))
        self._group.idClicked.connect(self._on_tab)
        for button in self.findChildren(QAbstractButton):
            button.installEventFilter(self)
        self.sound.changed.connect(self._show_sound)
        self.judging_view.flipped.connect(self._listen)
        self.judging.phase_changed.connect(self._on_phase)
        self.judging.judged.connect(app_context.why_loader.on_judged)
        self.judging.progress_changed.connect(self._on_judging_progress)
        self.judging.ahead_changed.connect(self._on_judging_progress)  # whether there are more pairs
        self.rate.busy_changed.connect(self._on_rate_changed)
        self.rate.controller.progress_changed.connect(self._on_judging_progress)
        self.rate.controller.judged.connect(app_context.why_loader.on_judged)
        app_context.studies.opened.connect(self._on_study)
        if app_context.studies.current is not None:
            self._on_study(app_context.studies.current)
        else:
            self._on_phase(self.judging.phase)

    def _make_pages(self) -> None:
        actions = self._actions
        self.pages = Pages(self)
        self.pages.addWidget(self.judging_view)
        self.rater_page = RaterPage(self)
        self.rater_page.chosen.connect(self._on_chosen)
        closed = MessagePage("No study", self)
        closed.set_message("Open videos or a study to judge its pairs here.")
        closed.add_button("Open videos", actions["open_videos"].trigger)
        self.read_only_page = MessagePage("Votes cannot be stored", self)
        self.read_only_page.add_button("Try again", self._on_again)
        self.read_only_page.add_button("Judge in a copy", actions["save_study"].trigger)
        too_few = MessagePage("A pair needs two videos", self)
        too_few.set_message("This study has fewer than two videos that can be shown.")
        too_few.add_button("Open videos", actions["open_videos"].trigger)
        self.find_missing = too_few.add_button("Find missing videos", actions["locate_videos"].trigger)
        self.give_up = too_few.add_button("Finish for now", self.judging.leave)
        self.rest_page = MessagePage("Time for a pause", self)
        self.rest_page.add_button("Continue", self.judging.go_on)
        self.rest_page.add_button("Finish for now", self.judging.leave)
        self.done_page = MessagePage("All done", self)
        self.done_page.add_button("See the results", self.show_results)
        self.more = self.done_page.add_button("Judge more pairs", self.judging.go_on)
        self.done_page.add_button("Next rater", self.judging.leave)
        self._page_of: dict[SittingPhase, QWidget] = {
            SittingPhase.CLOSED: closed,
            SittingPhase.READ_ONLY: self.read_only_page,
            SittingPhase.TOO_FEW: too_few,
            SittingPhase.RATER: self.rater_page,
            SittingPhase.REST: self.rest_page,
            SittingPhase.DONE: self.done_page,
            **dict.fromkeys(WITH_TURN, self.judging_view),
        }
        for page in (self.rater_page, closed, self.read_only_page, too_few, self.rest_page, self.done_page):
            self.pages.addWidget(page)

    def _make_head(self) -> QWidget:
        head = QWidget(self)
        row = horizontal(head, (16, 8, 16, 8), 8)
        left, right = QWidget(head), QWidget(head)
        self._tab_row = horizontal(left, NONE, 4)
        self.progress = text_label("", left, plain=True, muted=True)
        add_all(self._tab_row, self.progress, 1)
        self.statement = text_label("", head, wrap=True, plain=True, letters="question")
        self.statement.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.finish = push_button("Finish for now", right, self._on_finish)
        self.finish.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        add_all(horizontal(right, NONE, 12), 1, self.finish)
        add_all(row, (left, 1), (self.statement, 2), (right, 1))
        self._add_tab("Judge")
        return head

    def _add_tab(self, title: str) -> None:
        button = tool_button(title, self)
        button.setCheckable(True)
        number = len(self._group.buttons())
        button.setChecked(number == 0)
        self._group.addButton(button, number)
        self._tab_row.insertWidget(number, button)

    # what the window asks

    def window_title(self) -> str:
        """Return a title that names no video and no study."""
        return "Rank"

    def status_text(self) -> str:
        """Return the rater's name and progress, and nothing of the videos."""
        rater = self._rater
        if not rater:
            return "Rank"
        study = self._app_context.studies.current
        speed = speed_text(study.settings.speed) if study is not None else ""
        return " | ".join((f"rater {rater}", self._format_progress(), speed))

    @property
    def _rater(self) -> str:
        """Name of the rater who judges or rates, or ""."""
        return self.rate.controller.session.rater if self.rate.is_busy else self.judging.session.rater

    def secrets(self) -> frozenset[str]:
        """Return the names of videos and files, which must not be readable while a rater judges."""
        if self.judging.phase not in WITH_TURN | {SittingPhase.REST} and not self.rate.is_busy:
            return frozenset()
        return frozenset(text for entry in self._app_context.videos for text in (entry.name, entry.path.stem))

    def handlers(self, dialogs: Dialogs) -> Handlers:
        """Return the handlers of the Rank menu, during judging and outside it."""
        judging_view = self.judging_view
        arguments = (self._app_context, self, dialogs)
        self.rate.dialogs = dialogs
        between_pairs: dict[str, Callable[[], object]] = {
            "rank_pack": partial(pack_pairs, *arguments, blur_faces=False),
            "rank_pack_blurred": partial(pack_pairs, *arguments, blur_faces=True),
            "rank_pack_videos": partial(pack_videos, *arguments, blur_faces=False),
            "rank_pack_videos_blurred": partial(pack_videos, *arguments, blur_faces=True),
            "rank_import_votes": partial(take_votes, *arguments),
        }
        run: dict[str, Callable[[], object]] = {
            "rank_left": partial(judging_view.vote, Verdict.LEFT),
            "rank_right": partial(judging_view.vote, Verdict.RIGHT),
            "rank_neither": partial(judging_view.vote, Verdict.NEITHER),
            "rank_skip": partial(judging_view.vote, None),
            "rank_swap": judging_view.swap,
            "rank_mark": self._mark,
            "rank_reason": self._write_reason,
            "rank_other": judging_view.other_one,
            **{name: partial(self._move_clock, move) for name, move in MOVES.items()},
        }
        switch = {"rank_together": judging_view.set_together, "rank_sound": self.sound.set_on}
        possible = dict.fromkeys((*run, *switch), self._is_judging) | dict.fromkeys(between_pairs, self._is_between)
        possible |= dict.fromkeys((*MOVES, "rank_mark", "rank_reason", "rank_sound"), self._has_video)
        return Handlers(run | between_pairs, switch, possible, (self.judges_changed,))

    def _move_clock(self, move: Callable[[PairClock], object]) -> None:
        # that of the next pair takes the place of the one before
        move(self.rate.view.clock if self._is_rating() else self.judging_view.pair_view.clock)

    def _listen(self) -> None:
        """Hear the pair in front, or the video that is rated."""
        self.heard.listen(self.rate.view.clock if self._is_rating() else self.judging_view.pair_view.clock)

    def _show_sound(self) -> None:
        sound = self.sound
        self._actions["rank_sound"].setChecked(sound.on)
        forms = (sound.trouble.rstrip(".") or sound.brief, sound.brief) if sound.on else ()
        self.judging_view.show_sound(*forms, on=sound.on)
        self.rate.view.show_sound(*forms, on=sound.on)

    def _mark(self) -> None:
        (self.rate.view if self._is_rating() else self.judging_view).mark()

    def _write_reason(self) -> None:
        (self.rate.view.remark if self._is_rating() else self.judging_view.votes.reason).setFocus()

    def on_shown(self) -> None:
        self._shown = True
        self.judging.on_shown()
        if self._tabs.currentWidget() is self.rate:
            self.rate.on_shown()
        self._take_focus()
        self.judges_changed.emit()

    def on_hidden(self) -> None:
        self._shown = False
        self.judging_view.pair_view.clock.pause()
        self.judging.on_hidden()
        self.rate.on_hidden()

    def show_results(self) -> None:
        if len(self._group.buttons()) > 1:
            self._group.button(2).click()

    # what happens

    def _on_chosen(self, rater: str) -> None:
        self._sat_down = True
        self.judging.enter(rater)

    def _on_video_asked(self, name: str) -> None:
        entry = self._app_context.videos.named(name)
        if entry is not None:
            self._app_context.state.set_current(entry.clip)
            self._actions["show_inspect"].trigger()

    def _undo_key(self) -> str:
        keys = self._actions.keys("undo")
        return key_text(keys[0]) if keys else ""

    def _format_progress(self) -> str:
        if self.rate.is_busy:
            return self.rate.format_progress()
        if self.judging.session.practised is not None:
            return "practice: does not count"
        progress = self.judging.session.progress
        if progress.all > progress.target:  # imported votes exceed the aim
            return f"You {progress.n_own}/{progress.rater_target} · everyone {progress.all}"
        return f"You {progress.n_own}/{progress.rater_target} · everyone {progress.all}/{progress.target}"

    def _is_judging(self) -> bool:
        """Return whether a pair is before a rater: elsewhere the keys belong to lists and fields."""
        return self._shown and self.judging.phase in WITH_TURN and self._tabs.currentIndex() == 0

    def _is_rating(self) -> bool:
        """Return True if a video is before a rater."""
        return self._shown and self.rate.is_rating and self._tabs.currentWidget() is self.rate

    def _has_video(self) -> bool:
        return self._is_judging() or self._is_rating()

    def _is_between(self) -> bool:
        """Return whether nothing is before a rater of a study that can be written."""
        judges = self.judging.phase in WITH_TURN | {SittingPhase.REST} or self.rate.is_busy
        return self._app_context.studies.writable and not judges

    def _take_focus(self) -> None:
        if self.isVisible() and self._tabs.currentWidget() is self.rate:
            self.rate.take_focus()
        if not self.isVisible() or self._tabs.currentIndex():
            return
        page = self.pages.currentWidget()
        if isinstance(page, MessagePage):
            page.take_focus()
        else:
            self.judging_view.take_focus()

    def _fill_page(self, phase: SittingPhase) -> None:
        if phase is SittingPhase.RATER:
            if self.pages.currentWidget() is not self.rater_page:
                self.rater_page.reset("" if self._sat_down else self._app_context.settings.user_name)
            self.rater_page.set_summary(printable(self.judging.summary))
            self._app_context.studies.read(offered).then(succeeded=self._on_raters)
        elif phase is SittingPhase.READ_ONLY:
            self._show_read_only()
        elif phase is SittingPhase.REST:
            self._show_rest()
        elif phase is SittingPhase.TOO_FEW:
            for button in (self.find_missing, self.give_up):  # a rater judged, and files are gone
                button.setVisible(bool(self.judging.session.rater))
        elif phase is SittingPhase.DONE:
            self._show_done()

    def _on_phase(self, phase: SittingPhase) -> None:
        self._fill_page(phase)
        judges = phase in WITH_TURN or phase is SittingPhase.REST
        self._show_busy()
        if judges and self._tabs.currentIndex():  # a vote was undone: its pair is judged blind again
            self._group.button(0).click()
        page = self._page_of[phase]
        if self.pages.currentWidget() is not page:
            self.pages.setCurrentWidget(page)
            self._take_focus()
        self.statement.setText(self._question if judges else "")
        self._on_judging_progress()
        self.judges_changed.emit()

    def _show_busy(self) -> bool:
        """Hide what would bias a rater who judges or rates; return whether one does."""
        busy = self.judging.phase in WITH_TURN | {SittingPhase.REST} or self.rate.is_busy
        for button in self._group.buttons()[1:]:
            button.setEnabled(not busy)
        for button in self._group.buttons():
            button.setVisible(not busy)
        self.progress.setVisible(busy)
        self.finish.setVisible(busy)
        if not busy:
            self.sound.set_on(False)  # the next rater begins without
        return busy

    def _on_rate_changed(self) -> None:
        self._show_busy()
        if self.rate.is_busy:
            plan = self.rate.controller.plan
            self.statement.setText(printable(plan.rubric.name) if plan is not None else "")
            if self._tabs.currentWidget() is not self.rate:  # a rating was undone: its video is rated blind again
                self._group.button(1).click()
        else:
            self.statement.setText("")
        self._listen()
        self._on_judging_progress()
        self.judges_changed.emit()

    def _on_finish(self) -> None:
        if self.rate.is_busy:
            self.rate.controller.leave()
        else:
            self.judging.leave()

    def _show_read_only(self) -> None:
        study = self._app_context.studies.current
        reason = " ".join(study.notices) if study is not None else ""
        text = "You can judge in a copy; “skillviewer study import” merges its votes back."
        self.read_only_page.set_message(f"{reason or 'This study is open for reading only.'} {text}")

    def _on_again(self) -> None:
        """Reopen the study: the program that had locked it may be closed."""
        study = self._app_context.studies.current
        if study is not None:
            self._app_context.studies.open(study.path)

    def _show_rest(self) -> None:
        minutes = max(round(self.judging.sitting_s / 60), 1)
        n = self.judging.session.since_rest
        judged = ("{} pair" if n == 1 else "{} pairs").format(n)
        text = "You have judged {} in {} min. A few minutes away from the screen keep your judgement fair."
        self.rest_page.set_message(text.format(judged, minutes))

    def _show_done(self) -> None:
        progress, rater = self.judging.session.progress, self.judging.session.rater
        judged = ("{} judgement" if progress.n_own == 1 else "{} judgements").format(progress.n_own)
        has_more = self.judging.session.ahead is not None
        text = "{} gave {}. All raters together gave {} of {}. Thank you."
        if not has_more and progress.all < progress.target:
            text = "{} gave {} and has seen every pair. All raters together gave {} of {}. Thank you."
        elif not has_more:  # few videos have few pairs
            text = "{} gave {} and has seen every pair. All raters together gave {}. Thank you."
        self.done_page.set_message(text.format(rater, judged, progress.all, progress.target))
        self.more.setVisible(has_more)

    def _on_judging_progress(self, *_: object) -> None:
        name = printable(self._rater)
        metrics = self.progress.fontMetrics()  # a long name would push the question out of the middle
        room_px = metrics.averageCharWidth() * LETTERS_OF_NAME
        short = metrics.elidedText(name, Qt.TextElideMode.ElideRight, room_px)
        self.progress.setText(f"{short}   {self._format_progress()}" if name else "")
        self.progress.setToolTip(as_tip(name) if short != name else "")
        if self.judging.phase is SittingPhase.DONE:
            self._show_done()
        self.status_changed.emit()

    def _on_raters(self, raters: tuple[str, ...]) -> None:
        self.rater_page.set_raters(raters)
        self._take_focus()

    def _on_study(self, study: OpenStudy) -> None:
        criterion = study.settings.criterion
        self._question = f"{study.statement} ({criterion})" if criterion else study.statement
        self.judging_view.take_settings()
        self._on_phase(self.judging.phase)

    def _on_tab(self, number: int) -> None:
        self._tabs.setCurrentIndex(number)
        if self._tabs.currentWidget() is self.rate:
            self.rate.on_shown()
        self._listen()
        self._take_focus()
        self.judges_changed.emit()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Let Space press the focused button instead of playing the videos."""
        if isinstance(watched, QAbstractButton) and isinstance(event, QKeyEvent):
            wants_key = event.type() == QEvent.Type.ShortcutOverride and event.key() == Qt.Key.Key_Space
            if wants_key:
                event.accept()
                return True
        return super().eventFilter(watched, event)
