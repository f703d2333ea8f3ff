"""The tab of the Rank screen on which single videos are rated."""

from collections.abc import Callable

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from skillviewer.core.ratings.rubric import Rubric
from skillviewer.core.text import counted, printable
from skillviewer.data.ratings.rubric_file import read_rubric, write_rubric
from skillviewer.data.study import Study
from skillviewer.data.study.judging.rating_queue import raters_of_votes_and_forms
from skillviewer.data.study.rating_forms import RatingPlan
from skillviewer.ui.actions.actions import Actions
from skillviewer.ui.ranking.message_page import MessagePage
from skillviewer.ui.ranking.rater_page import RaterPage
from skillviewer.ui.ranking.rating_controller import RatingController
from skillviewer.ui.ranking.rating_view import RatingView
from skillviewer.ui.ranking.rubric_page import RubricPage
from skillviewer.ui.ranking.sitting_controller import PHASES_WITH_TURN, SittingPhase
from skillviewer.ui.session.app_context import AppContext
from skillviewer.ui.session.study_controller import SETTINGS
from skillviewer.ui.widgets.dialogs import Dialogs
from skillviewer.ui.widgets.layout import NO_MARGINS, add_all, growing, vertical
from skillviewer.ui.widgets.pages import Pages

RUBRIC_FILES = "Rubrics (*.json);;All files (*)"


def _n_rated(study: Study) -> int:
    return len({form.video for form in study.forms.all() if form.is_valid})


class RatingTab(QWidget):
    """Pages for the rubric, the rater, the video with its form, and the summary; no video is named while one rates."""

    busy_changed = Signal()  # ``is_busy`` may have changed

    def __init__(
        self, app_context: AppContext, actions: Actions, undo_key: Callable[[], str], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._app_context = app_context
        self._actions = actions
        self._has_had_rater = False
        self._dialogs = Dialogs()
        self.controller = RatingController(app_context.studies, app_context.undo, undo_key, self)
        self.rating_view = RatingView(app_context, self.controller, actions, self)
        self.rubric_page = RubricPage(self._dialogs, self)
        self.rater_page = RaterPage(self)
        self._make_pages()
        self.rubric_page.chosen.connect(self._on_rubric)
        self.rubric_page.open_asked.connect(self._on_open_rubric)
        self.rubric_page.save_asked.connect(self._on_save_rubric)
        self.rubric_page.left.connect(self.controller.leave_rubric_page)
        self.rater_page.chosen.connect(self._on_rater)
        self.controller.phase_changed.connect(self._on_phase)
        self.controller.plan_changed.connect(self._on_plan)
        self._on_phase(self.controller.phase)

    def _make_pages(self) -> None:
        actions = self._actions
        controller = self.controller
        closed_page = MessagePage("No study", self)
        closed_page.set_message("Open videos or a study to rate its videos here.")
        closed_page.add_button("Open videos", actions["open_videos"].trigger)
        read_only_page = MessagePage("Ratings cannot be stored", self)
        read_only_page.set_message(
            "This study is open for reading only. Rate in a copy; “study import” merges it back."
        )
        read_only_page.add_button("Rate in a copy", actions["save_study"].trigger)
        rest_page = MessagePage("Time for a pause", self)
        rest_page.set_message("You have rated for 25 min. A few minutes away from the screen keep your ratings fair.")
        rest_page.add_button("Continue", controller.end_rest)
        rest_page.add_button("Finish for now", controller.leave)
        self.done_page = MessagePage("All done", self)
        self.done_page.add_button("Next rater", controller.leave)
        self.rater_page.set_text(
            "Who rates?",
            "You will see one video at a time, without names or scores. Some come twice, which shows how steady your "
            "ratings are. They are stored under the name that you give here.",
        )
        self.change_rubric_button = self.rater_page.add_button("Change the rubric", controller.choose_rubric)
        self._page_by_phase: dict[SittingPhase, QWidget] = {
            SittingPhase.CLOSED: closed_page,
            SittingPhase.READ_ONLY: read_only_page,
            SittingPhase.RUBRIC: self.rubric_page,
            SittingPhase.RATER: self.rater_page,
            SittingPhase.REST: rest_page,
            SittingPhase.DONE: self.done_page,
            **dict.fromkeys(PHASES_WITH_TURN, self.rating_view),
        }
        self.pages = Pages(self)
        for page in dict.fromkeys(self._page_by_phase.values()):
            self.pages.addWidget(page)
        add_all(vertical(self, margins=NO_MARGINS, spacing=0), growing(self.pages))

    def set_dialogs(self, dialogs: Dialogs) -> None:
        """Use the dialogs of the window."""
        self._dialogs = dialogs
        self.rubric_page.dialogs = dialogs

    @property
    def is_rating(self) -> bool:
        """True while a video is before a rater."""
        return self.controller.phase in PHASES_WITH_TURN

    @property
    def is_busy(self) -> bool:
        """True while a rater rates or pauses, so that nothing may name a video."""
        return self.is_rating or self.controller.phase is SittingPhase.REST

    def format_progress(self) -> str:
        """Return the progress of the rater, such as “You 3/12”."""
        session = self.controller.session
        if session.is_practice:
            return "practice: does not count"
        return f"You {session.n_rated}/{session.n_turns}"

    def on_shown(self) -> None:
        """Resume the time of the sitting; call this when the screen shows this tab."""
        self.controller.on_shown()
        self.take_focus()

    def on_hidden(self) -> None:
        """Pause the video and the time."""
        self.rating_view.clock.pause()
        self.controller.on_hidden()

    def take_focus(self) -> None:
        """Give the focus to the page that is shown."""
        page = self.pages.currentWidget()
        if self.isVisible() and isinstance(page, MessagePage | RubricPage | RatingView):
            page.take_focus()

    # what happens

    def _on_rater(self, rater: str) -> None:
        self._has_had_rater = True
        self.controller.enter(rater)

    def _on_phase(self, phase: SittingPhase) -> None:
        if phase is SittingPhase.RATER:
            if self.pages.currentWidget() is not self.rater_page:
                proposed_name = "" if self._has_had_rater else self._app_context.settings.user_name
                self.rater_page.reset(proposed_name)
            self.rater_page.set_summary(printable(self.controller.summary))
            self._app_context.studies.read(raters_of_votes_and_forms).then(succeeded=self.rater_page.set_raters)
        elif phase is SittingPhase.RUBRIC:
            self._app_context.studies.read(_n_rated).then(succeeded=self._show_rubric)
        elif phase is SittingPhase.DONE:
            message = self.controller.summary
            if not message:
                n_videos = counted(self.controller.session.n_turns, "video")
                message = f"{n_videos} can be shown. None is left to rate."
            self.done_page.set_message(printable(message))
        page = self._page_by_phase[phase]
        if self.pages.currentWidget() is not page:
            self.pages.setCurrentWidget(page)
            self.take_focus()
        self.busy_changed.emit()

    def _show_rubric(self, n_rated: int) -> None:
        self.rubric_page.show_plan(self.controller.plan, n_rated)

    def _on_plan(self, plan: RatingPlan | None) -> None:
        if plan is not None:
            n_items = counted(len(plan.rubric.items), "item")
            self.rater_page.set_note(printable(f"{plan.rubric.name}, {n_items}"))

    def _on_rubric(self, rubric: Rubric, repeat_share: float) -> None:
        def write(study: Study) -> RatingPlan:
            return study.forms.set_plan(rubric, repeat_share)

        self._app_context.studies.submit_write(write, SETTINGS).succeeded.connect(self.controller.replace_plan)

    def _on_open_rubric(self) -> None:
        if not self.rubric_page.may_discard_draft():
            return
        path = self._dialogs.file(self, "Open a rubric", RUBRIC_FILES)
        if path is not None:
            self._run_in_thread(lambda: read_rubric(path), self.rubric_page.show_rubric)

    def _on_save_rubric(self, rubric: Rubric) -> None:
        path = self._dialogs.save(self, "Save the rubric", RUBRIC_FILES, "rubric.json")
        if path is None:
            return

        def write() -> None:
            write_rubric(rubric, path, overwrite=True)

        def on_written(_: object) -> None:
            self.rubric_page.on_saved()
            self._app_context.messages.note(f"{path} is saved.")

        self._run_in_thread(write, on_written)

    def _run_in_thread(self, work: Callable[[], object], on_success: Callable[..., object]) -> None:
        """Read or write a small file in a worker thread."""
        task = self._app_context.copies_worker.submit(lambda _slot, _token, _report: work())
        task.then(succeeded=on_success, failed=self._app_context.messages.fail)
