"""The Rank screen: a rater judges pairs, blind; results and raters are shown while no rater judges."""

from collections.abc import Callable
from functools import partial
from operator import methodcaller

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QAbstractButton, QButtonGroup, QWidget

from skillviewer.core.dataset.pairs import Verdict
from skillviewer.core.text import printable
from skillviewer.data.study.judging.pair_queue import raters_of_votes
from skillviewer.ui.actions.actions import Actions, Handlers, key_text
from skillviewer.ui.player.transport import speed_text
from skillviewer.ui.ranking.judging_controller import JudgingController
from skillviewer.ui.ranking.judging_messages import done_message, format_progress, rest_message
from skillviewer.ui.ranking.judging_view import JudgingView
from skillviewer.ui.ranking.message_page import MessagePage
from skillviewer.ui.ranking.pack_dialogs import import_browser_answers, pack_pairs, pack_videos
from skillviewer.ui.ranking.pair_clock import PairClock
from skillviewer.ui.ranking.pair_playhead import PairPlayhead
from skillviewer.ui.ranking.rater_page import RaterPage
from skillviewer.ui.ranking.raters_view import RatersView
from skillviewer.ui.ranking.rating_summary_view import RatingSummaryView
from skillviewer.ui.ranking.rating_tab import RatingTab
from skillviewer.ui.ranking.result_view import ResultView
from skillviewer.ui.ranking.sitting_controller import PHASES_WITH_TURN, SittingPhase
from skillviewer.ui.ranking.study_settings_view import StudySettingsView
from skillviewer.ui.session.app_context import AppContext
from skillviewer.ui.session.open_study import OpenStudy
from skillviewer.ui.widgets.adaptive_grid import AdaptiveGrid, Place
from skillviewer.ui.widgets.dialogs import Dialogs
from skillviewer.ui.widgets.labels import text_label
from skillviewer.ui.widgets.layout import (
    NO_MARGINS,
    GrowingSpace,
    add_all,
    as_tip,
    growing,
    horizontal,
    push_button,
    tool_button,
    vertical,
)
from skillviewer.ui.widgets.pages import Pages
from skillviewer.ui.widgets.text_scaling import scaled_px

MIN_TITLE_PX = 240  # if the question has less room than this, at the default text size, it gets its own row
MAX_NAME_LETTERS = 16  # width of a rater's name in front of the progress, in letters of average width
PLAYBACK_COMMANDS = {
    "rank_play": methodcaller("toggle_playing"),
    "rank_previous_frame": methodcaller("step", -1),
    "rank_next_frame": methodcaller("step", 1),
    "rank_back_second": methodcaller("seek_by", -1.0),
    "rank_on_second": methodcaller("seek_by", 1.0),
    "rank_back_ten": methodcaller("seek_by", -10.0),
    "rank_on_ten": methodcaller("seek_by", 10.0),
    "rank_first": methodcaller("seek_start"),
    "rank_last": methodcaller("seek_end"),
}
"""Playback command for each action; it is called with the clock of the pair or the video that the rater sees."""


class RankScreen(QWidget):
    """Tabs to judge pairs, rate videos, and see the results, the raters and the ratings.

    No video is named while a rater judges. The tabs with results open when the rater has finished.
    """

    status_changed = Signal()  # the text of ``status_text()`` has changed
    turn_visibility_changed = Signal()  # a pair or a video is shown to a rater, or no longer shown

    def __init__(self, app_context: AppContext, actions: Actions, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._app_context = app_context
        self._actions = actions
        self._question = ""
        self._is_shown = False
        self._has_had_rater = False  # true once a rater judged here: the next rater is probably another person
        self.judging = JudgingController(app_context.studies, app_context.undo, undo_key=self._undo_key, parent=self)
        self.judging_view = JudgingView(app_context, self.judging, actions, self)
        self._make_pages()
        self._tabs = Pages(self)
        self._tabs.addWidget(self.pages)
        self._tab_buttons = QButtonGroup(self)
        self._header = self._make_head()
        self.rating_tab = RatingTab(app_context, actions, self._undo_key, self)
        self.sound_playhead = PairPlayhead(app_context.playback.read_clock_s, self)
        self.sound = app_context.blind_sound(self.sound_playhead, self)
        self._tabs.addWidget(self.rating_tab)
        self._add_tab("Rate")
        self.results_view = ResultView(app_context, self)
        self.raters_view = RatersView(app_context, self)
        for view, title in ((self.results_view, "Results"), (self.raters_view, "Raters")):
            self._tabs.addWidget(view)
            self._add_tab(title)
            view.judge_button.clicked.connect(self._tab_buttons.button(0).click)
        self.ratings_view = RatingSummaryView(app_context, self)
        self._tabs.addWidget(self.ratings_view)
        self._add_tab("Ratings")
        self.ratings_view.import_button.clicked.connect(actions["import_ratings"].trigger)
        self.ratings_view.video_asked.connect(self._on_video_asked)
        self.settings_view = StudySettingsView(app_context, self)
        self._tabs.addWidget(self.settings_view)
        self._add_tab("Set-up")
        add_all(vertical(self, margins=NO_MARGINS, spacing=0), self._header, growing(self._tabs))
        self._connect()

    def _connect(self) -> None:
        app_context = self._app_context
        self._tab_buttons.idClicked.connect(self._on_tab)
        for button in self.findChildren(QAbstractButton):
            button.installEventFilter(self)
        self.sound.changed.connect(self._show_sound)
        self.judging_view.front_changed.connect(self._follow_sound)
        self.judging.phase_changed.connect(self._on_phase)
        self.judging.answer_stored.connect(app_context.why_loader.on_judged)
        self.judging.progress_changed.connect(self._show_progress)
        self.judging.next_pair_changed.connect(self._show_progress)
        self.rating_tab.busy_changed.connect(self._on_rate_changed)
        self.rating_tab.controller.progress_changed.connect(self._show_progress)
        self.rating_tab.controller.answer_stored.connect(app_context.why_loader.on_judged)
        app_context.studies.opened.connect(self._on_study)
        if app_context.studies.current_study is not None:
            self._on_study(app_context.studies.current_study)
        else:
            self._on_phase(self.judging.phase)

    def _make_pages(self) -> None:
        actions = self._actions
        self.pages = Pages(self)
        self.pages.addWidget(self.judging_view)
        self.rater_page = RaterPage(self)
        self.rater_page.chosen.connect(self._on_rater)
        closed_page = MessagePage("No study", self)
        closed_page.set_message("Open videos or a study to judge its pairs here.")
        closed_page.add_button("Open videos", actions["open_videos"].trigger)
        self.read_only_page = MessagePage("Votes cannot be stored", self)
        self.read_only_page.add_button("Try again", self._on_reopen)
        self.read_only_page.add_button("Judge in a copy", actions["save_study"].trigger)
        too_few_page = MessagePage("A pair needs two videos", self)
        too_few_page.set_message("This study has fewer than two videos that can be shown.")
        too_few_page.add_button("Open videos", actions["open_videos"].trigger)
        self.find_missing_button = too_few_page.add_button("Find missing videos", actions["locate_videos"].trigger)
        self.give_up_button = too_few_page.add_button("Finish for now", self.judging.leave)
        self.rest_page = MessagePage("Time for a pause", self)
        self.rest_page.add_button("Continue", self.judging.end_rest)
        self.rest_page.add_button("Finish for now", self.judging.leave)
        self.done_page = MessagePage("All done", self)
        self.done_page.add_button("See the results", self.show_results)
        self.more_button = self.done_page.add_button("Judge more pairs", self.judging.end_rest)
        self.done_page.add_button("Next rater", self.judging.leave)
        self._page_by_phase: dict[SittingPhase, QWidget] = {
            SittingPhase.CLOSED: closed_page,
            SittingPhase.READ_ONLY: self.read_only_page,
            SittingPhase.TOO_FEW: too_few_page,
            SittingPhase.RATER: self.rater_page,
            SittingPhase.REST: self.rest_page,
            SittingPhase.DONE: self.done_page,
            **dict.fromkeys(PHASES_WITH_TURN, self.judging_view),
        }
        for page in (closed_page, self.read_only_page, too_few_page, self.rater_page, self.rest_page, self.done_page):
            self.pages.addWidget(page)

    def _make_head(self) -> QWidget:
        head = AdaptiveGrid(self, margins=(16, 8, 16, 8), spacing=8)
        left = QWidget(head)
        right = QWidget(head)
        self._tab_row = horizontal(left, margins=NO_MARGINS, spacing=4)
        self.progress_label = text_label("", left, plain=True, muted=True)
        add_all(self._tab_row, self.progress_label, GrowingSpace())
        self.title_label = text_label("", head, wrap=True, plain=True, letters="question")
        self.title_label.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.finish_button = push_button("Finish for now", right, self._on_finish)
        self.finish_button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        add_all(horizontal(right, margins=NO_MARGINS, spacing=12), GrowingSpace(), self.finish_button)
        head.set_arrangements(
            wide=(
                Place(left, row=0, column=0),
                Place(self.title_label, row=0, column=1, min_width_px=scaled_px(MIN_TITLE_PX)),
                Place(right, row=0, column=2),
            ),
            narrow=(
                Place(left, row=0, column=0),
                Place(right, row=0, column=1),
                Place(self.title_label, row=1, column=0, n_columns=2),
            ),
            wide_factors=(1, 2, 1),
            narrow_factors=(1, 0, 0),
        )
        self._add_tab("Judge")
        return head

    def _show_title(self, text: str) -> None:
        self.title_label.setText(text)
        self.title_label.setVisible(bool(text))

    def _add_tab(self, title: str) -> None:
        button = tool_button(title, self)
        button.setCheckable(True)
        number = len(self._tab_buttons.buttons())
        button.setChecked(number == 0)
        self._tab_buttons.addButton(button, number)
        self._tab_row.insertWidget(number, button)

    # for the window

    def window_title(self) -> str:
        """Return a title that names no video and no study."""
        return "Rank"

    def status_text(self) -> str:
        """Return the rater's name and progress, without any name of a video."""
        rater = self._rater
        if not rater:
            return "Rank"
        study = self._app_context.studies.current_study
        speed = speed_text(study.settings.speed) if study is not None else ""
        return " | ".join((f"rater {rater}", self._format_progress(), speed))

    @property
    def _rater(self) -> str:
        """Name of the rater who judges or rates, or ""."""
        return self.rating_tab.controller.session.rater if self.rating_tab.is_busy else self.judging.session.rater

    @property
    def _is_busy(self) -> bool:
        """True while a rater judges, rates or pauses."""
        is_judging = self.judging.phase in PHASES_WITH_TURN or self.judging.phase is SittingPhase.REST
        return is_judging or self.rating_tab.is_busy

    def secrets(self) -> frozenset[str]:
        """Return the names of videos and files, which must not be readable while a rater judges."""
        if not self._is_busy:
            return frozenset()
        videos = list(self._app_context.videos)
        return frozenset([video.name for video in videos] + [video.path.stem for video in videos])

    def handlers(self, dialogs: Dialogs) -> Handlers:
        """Return the handlers of the Rank menu, during judging and outside it."""
        judging_view = self.judging_view
        arguments = (self._app_context, self, dialogs)
        self.rating_tab.set_dialogs(dialogs)
        idle_commands: dict[str, Callable[[], object]] = {
            "rank_pack": partial(pack_pairs, *arguments, blur_faces=False),
            "rank_pack_blurred": partial(pack_pairs, *arguments, blur_faces=True),
            "rank_pack_videos": partial(pack_videos, *arguments, blur_faces=False),
            "rank_pack_videos_blurred": partial(pack_videos, *arguments, blur_faces=True),
            "rank_import_votes": partial(import_browser_answers, *arguments),
        }
        video_commands: dict[str, Callable[[], object]] = {
            "rank_mark": self._mark,
            "rank_reason": self._write_reason,
            **{name: partial(self._move_clock, command) for name, command in PLAYBACK_COMMANDS.items()},
        }
        pair_commands: dict[str, Callable[[], object]] = {
            "rank_left": partial(judging_view.vote, Verdict.LEFT),
            "rank_right": partial(judging_view.vote, Verdict.RIGHT),
            "rank_neither": partial(judging_view.vote, Verdict.NEITHER),
            "rank_skip": partial(judging_view.vote, None),
            "rank_swap": judging_view.swap,
            "rank_other": judging_view.activate_other_video,
        }
        switches = {"rank_together": judging_view.set_together, "rank_sound": self.sound.set_on}
        conditions = {
            **dict.fromkeys(pair_commands, self._is_judging),
            **dict.fromkeys(video_commands, self._has_video),
            **dict.fromkeys(idle_commands, self._is_idle),
            "rank_together": self._is_judging,
            "rank_sound": self._has_video,
            "rank_ratings": lambda: not self._is_busy,
        }
        commands = pair_commands | video_commands | idle_commands | {"rank_ratings": self.show_ratings}
        return Handlers(commands, switches, conditions, (self.turn_visibility_changed,))

    def _current_clock(self) -> PairClock:
        """Return the clock of the video that is rated, or of the pair in front."""
        return self.rating_tab.rating_view.clock if self._is_rating() else self.judging_view.pair_view.clock

    def _move_clock(self, command: Callable[[PairClock], object]) -> None:
        command(self._current_clock())

    def _follow_sound(self) -> None:
        self.sound_playhead.set_clock(self._current_clock())

    def _show_sound(self) -> None:
        sound = self.sound
        self._actions["rank_sound"].setChecked(sound.on)
        status_texts: tuple[str, ...] = ()
        if sound.on:
            trouble = sound.trouble.rstrip(".")
            full_text = trouble or sound.brief
            status_texts = (full_text, sound.brief)
        self.judging_view.show_sound(status_texts, on=sound.on)
        self.rating_tab.rating_view.show_sound(status_texts, on=sound.on)

    def _mark(self) -> None:
        if self._is_rating():
            self.rating_tab.rating_view.mark()
        else:
            self.judging_view.mark()

    def _write_reason(self) -> None:
        line_edit = (
            self.rating_tab.rating_view.remark_edit if self._is_rating() else self.judging_view.vote_bar.reason_edit
        )
        line_edit.setFocus()

    def on_shown(self) -> None:
        self._is_shown = True
        self.judging.on_shown()
        if self._tabs.currentWidget() is self.rating_tab:
            self.rating_tab.on_shown()
        self._take_focus()
        self.turn_visibility_changed.emit()

    def on_hidden(self) -> None:
        self._is_shown = False
        self.judging_view.pair_view.clock.pause()
        self.judging.on_hidden()
        self.rating_tab.on_hidden()

    def show_results(self) -> None:
        self._show_tab(self.results_view)

    def show_ratings(self) -> None:
        self._show_tab(self.ratings_view)

    def _show_tab(self, tab: QWidget) -> None:
        self._tab_buttons.button(self._tabs.indexOf(tab)).click()

    # what happens

    def _on_rater(self, rater: str) -> None:
        self._has_had_rater = True
        self.judging.enter(rater)

    def _on_video_asked(self, name: str) -> None:
        entry = self._app_context.videos.find_by_name(name)
        if entry is not None:
            self._app_context.state.set_current(entry.clip)
            self._actions["show_inspect"].trigger()

    def _undo_key(self) -> str:
        keys = self._actions.keys("undo")
        return key_text(keys[0]) if keys else ""

    def _format_progress(self) -> str:
        if self.rating_tab.is_busy:
            return self.rating_tab.format_progress()
        if self.judging.session.practice_pair is not None:
            return "practice: does not count"
        return format_progress(self.judging.session.progress)

    def _is_judging(self) -> bool:
        """Return whether a pair is shown to a rater. Otherwise the keys belong to lists and fields."""
        return self._is_shown and self.judging.phase in PHASES_WITH_TURN and self._tabs.currentWidget() is self.pages

    def _is_rating(self) -> bool:
        """Return whether a single video is shown to a rater."""
        return self._is_shown and self.rating_tab.is_rating and self._tabs.currentWidget() is self.rating_tab

    def _has_video(self) -> bool:
        return self._is_judging() or self._is_rating()

    def _is_idle(self) -> bool:
        """Return whether no rater judges and the study can be written."""
        return self._app_context.studies.writable and not self._is_busy

    def _take_focus(self) -> None:
        if not self.isVisible():
            return
        tab = self._tabs.currentWidget()
        page = self.pages.currentWidget()
        if tab is self.rating_tab:
            self.rating_tab.take_focus()
        elif tab is self.pages and isinstance(page, MessagePage):
            page.take_focus()
        elif tab is self.pages:
            self.judging_view.take_focus()

    def _fill_page(self, phase: SittingPhase) -> None:
        if phase is SittingPhase.RATER:
            if self.pages.currentWidget() is not self.rater_page:
                proposed_name = "" if self._has_had_rater else self._app_context.settings.user_name
                self.rater_page.reset(proposed_name)
            self.rater_page.set_summary(printable(self.judging.summary))
            self._app_context.studies.read(raters_of_votes).then(succeeded=self._on_raters)
        elif phase is SittingPhase.READ_ONLY:
            self._show_read_only()
        elif phase is SittingPhase.REST:
            self._show_rest()
        elif phase is SittingPhase.TOO_FEW:
            files_are_gone = bool(self.judging.session.rater)  # the rater could begin, so there were enough
            for button in (self.find_missing_button, self.give_up_button):
                button.setVisible(files_are_gone)
        elif phase is SittingPhase.DONE:
            self._show_done()

    def _on_phase(self, phase: SittingPhase) -> None:
        self._fill_page(phase)
        is_sitting = phase in PHASES_WITH_TURN | {SittingPhase.REST}
        self._show_busy()
        if is_sitting and self._tabs.currentWidget() is not self.pages:
            self._show_tab(self.pages)  # a vote was undone: its pair is judged blind again
        page = self._page_by_phase[phase]
        if self.pages.currentWidget() is not page:
            self.pages.setCurrentWidget(page)
            self._take_focus()
        title = self._question if is_sitting else ""
        self._show_title(title)
        self._show_progress()
        self.turn_visibility_changed.emit()

    def _show_busy(self) -> None:
        """While a rater judges or rates, hide the tabs, since results would bias the rater, and show the progress."""
        is_busy = self._is_busy
        for button in self._tab_buttons.buttons()[1:]:
            button.setEnabled(not is_busy)
        for button in self._tab_buttons.buttons():
            button.setVisible(not is_busy)
        self.progress_label.setVisible(is_busy)
        self.finish_button.setVisible(is_busy)
        if not is_busy:
            self.sound.set_on(on=False)  # the next rater begins without sound

    def _on_rate_changed(self) -> None:
        self._show_busy()
        if self.rating_tab.is_busy:
            plan = self.rating_tab.controller.plan
            title = printable(plan.rubric.name) if plan is not None else ""
            self._show_title(title)
            if self._tabs.currentWidget() is not self.rating_tab:  # a rating was undone: its video is rated blind again
                self._show_tab(self.rating_tab)
        else:
            self._show_title("")
        self._follow_sound()
        self._show_progress()
        self.turn_visibility_changed.emit()

    def _on_finish(self) -> None:
        if self.rating_tab.is_busy:
            self.rating_tab.controller.leave()
        else:
            self.judging.leave()

    def _show_read_only(self) -> None:
        study = self._app_context.studies.current_study
        reason = "This study is open for reading only."
        if study is not None and study.notices:
            reason = " ".join(study.notices)
        remedy = "You can judge in a copy; “skillviewer study import” merges its votes back."
        self.read_only_page.set_message(f"{reason} {remedy}")

    def _on_reopen(self) -> None:
        """Reopen the study: the program that had locked it may be closed."""
        study = self._app_context.studies.current_study
        if study is not None:
            self._app_context.studies.open(study.path)

    def _show_rest(self) -> None:
        self.rest_page.set_message(rest_message(self.judging.session, self.judging.since_rest_s))

    def _show_done(self) -> None:
        session = self.judging.session
        self.done_page.set_message(done_message(session))
        self.more_button.setVisible(session.next_pair is not None)

    def _show_progress(self, *_: object) -> None:
        name = printable(self._rater)
        metrics = self.progress_label.fontMetrics()  # a long name would push the question out of the middle
        room_px = metrics.averageCharWidth() * MAX_NAME_LETTERS
        short = metrics.elidedText(name, Qt.TextElideMode.ElideRight, room_px)
        progress_text = f"{short}   {self._format_progress()}" if name else ""
        self.progress_label.setText(progress_text)
        tip = as_tip(name) if short != name else ""
        self.progress_label.setToolTip(tip)
        if self.judging.phase is SittingPhase.DONE:
            self._show_done()
        self.status_changed.emit()

    def _on_raters(self, raters: tuple[str, ...]) -> None:
        self.rater_page.set_raters(raters)
        self._take_focus()

    def _on_study(self, study: OpenStudy) -> None:
        criterion = study.settings.criterion
        self._question = f"{study.statement} ({criterion})" if criterion else study.statement
        self.judging_view.apply_settings()
        self._on_phase(self.judging.phase)

    def _on_tab(self, number: int) -> None:
        self._tabs.setCurrentIndex(number)
        if self._tabs.currentWidget() is self.rating_tab:
            self.rating_tab.on_shown()
        self._follow_sound()
        self._take_focus()
        self.turn_visibility_changed.emit()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Let Space press the focused button instead of playing the videos."""
        if isinstance(watched, QAbstractButton) and isinstance(event, QKeyEvent):
            wants_key = event.type() == QEvent.Type.ShortcutOverride and event.key() == Qt.Key.Key_Space
            if wants_key:
                event.accept()
                return True
        return super().eventFilter(watched, event)
