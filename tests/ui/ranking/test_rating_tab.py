"""A rater rates single videos in the real window: keys, forms on the disk, undo, practice, and no names."""

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from skillviewer.core.ratings.rating_order import FormPurpose
from skillviewer.core.ratings.rubric import Anchor, Rubric, RubricItem
from skillviewer.data.study import Study
from skillviewer.data.study.practice import Practice, PracticeVideo
from skillviewer.data.study.rating_forms import RatingForm
from skillviewer.ui.ranking.rating_tab import RatingTab
from skillviewer.ui.ranking.rubric_page import OWN_RUBRIC
from skillviewer.ui.ranking.sitting_controller import SittingPhase
from tests.facts import missing
from tests.ui.conftest import MakeWindow
from tests.ui.fakes import FakeDialogs, FakeWorld
from tests.ui.hands import click, key, type_text
from tests.ui.pair_study import NAMES, WIDTHS, Rater, all_texts, make_study, sit_down, write_videos
from tests.ui.ranking.test_ranking_views import tab

KEYS = Qt.Key
RUBRIC = Rubric("two", (RubricItem("flow", 1, 5, anchors=(Anchor(1, "stops"),)), RubricItem("care", 0, 2)), total="sum")


class Rating:
    """A rater at the Rate tab."""

    def __init__(self, rater: Rater) -> None:
        self.rater, self.qtbot, self.tab = rater, rater.qtbot, rater.screen.rating_tab
        assert isinstance(self.tab, RatingTab)
        click(tab(rater, "Rate"))

    @property
    def phase(self) -> SittingPhase:
        return self.tab.controller.phase

    def begin(self, name: str = "Ann") -> None:
        self.qtbot.waitUntil(lambda: self.phase is SittingPhase.RATER)
        self.tab.rater_page.name_edit.setText(name)
        click(self.tab.rater_page.begin_button)
        self.wait()

    def wait(self) -> None:
        """Wait until a rating counts."""
        ready = self.tab.controller._guard_timer
        self.qtbot.waitUntil(lambda: self.phase is SittingPhase.JUDGING and not ready.isActive())

    def press(self, *keys: Qt.Key) -> None:
        for which in keys:
            focused = QApplication.focusWidget()
            assert focused is not None
            key(focused, which)

    def rate(self, *keys: Qt.Key) -> None:
        """Rate the items by keys, and wait for the next page."""
        self.wait()
        before = len(self.forms())
        self.press(*keys, KEYS.Key_Return)
        self.qtbot.waitUntil(lambda: len(self.forms()) > before and self.phase is not SittingPhase.STORING)
        if self.phase is not SittingPhase.DONE:
            self.wait()

    def seen(self) -> str:
        """Return the name of the video on screen, read from its picture."""
        shown = self.tab.rating_view.player.canvas.displayed_frame
        assert shown is not None
        return next(name for name, width in WIDTHS.items() if width == shown.picture.pixels.shape[1])

    def forms(self) -> tuple[RatingForm, ...]:
        """Read the forms from the file, as another program would."""
        with Study.open(self.rater.path, read_only=True) as study:
            return study.forms.all()


MakeRating = Callable[..., Rating]


@pytest.fixture(scope="module")
def videos(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    return write_videos(tmp_path_factory.mktemp("rate") / "files of the study", NAMES[:4])


@pytest.fixture
def make_rating(
    qtbot: QtBot, make_window: MakeWindow, world: FakeWorld, tmp_path: Path, videos: list[Path]
) -> MakeRating:
    def make(*, rubric: Rubric | None = RUBRIC, practice: Practice | None = None) -> Rating:
        path = make_study(tmp_path, videos)
        with Study.open(path) as study:
            if rubric is not None:
                study.forms.set_plan(rubric, 0.5, seed=3)
            if practice is not None:
                study.practice = practice
        return Rating(sit_down(qtbot, make_window, world, path))

    return make


def test_videos_are_rated_by_keys_and_stored_with_what_was_on_screen(make_rating: MakeRating) -> None:
    rating = make_rating()
    rating.begin()
    assert rating.tab.format_progress() == "You 0/6"
    on_screen = []
    for n in range(6):
        on_screen.append(rating.seen())
        texts = " ".join(all_texts(rating.rater.made.window))
        assert not [name for name in NAMES if name in texts], "nothing names a video"
        rating.rate(KEYS(KEYS.Key_1.value + n % 5), KEYS.Key_2)
    assert rating.phase is SittingPhase.DONE
    forms = rating.forms()
    assert [form.video for form in forms] == on_screen
    assert [form.answers for form in forms] == [{"flow": 1 + n % 5, "care": 2} for n in range(6)]
    assert [form.purpose for form in forms].count(FormPurpose.REPEAT) == 2
    assert all(form.taken_s is not None and form.taken_s > 0.2 and form.speed == 1.0 for form in forms)
    assert all(form.watched is not None and 0 < form.watched < 0.3 for form in forms)
    assert not missing(rating.tab.done_page.text, "Ann rated 6 videos", "6 of 6", "twice", "sum")
    with Study.open(rating.rater.path, read_only=True) as study:
        assert len(study.ratings.all().ratings) == 4 * 3


def test_undo_brings_a_video_back_with_its_answers(make_rating: MakeRating) -> None:
    rating = make_rating()
    rating.begin()
    first, view = rating.seen(), rating.tab.rating_view
    rating.press(KEYS.Key_R)
    type_text(view.remark_edit, "calm")
    key(view.remark_edit, KEYS.Key_Return)
    assert rating.forms() == (), "Enter leaves the remark alone"
    rating.press(KEYS.Key_M)
    rating.rate(KEYS.Key_4, KEYS.Key_N)
    assert rating.seen() != first
    assert not missing(view.message.text(), "takes it back")
    rating.rater.made.app_context.undo.undo()
    rating.qtbot.waitUntil(lambda: bool(view.rubric_form.answers))
    rating.wait()
    assert not rating.forms()[0].is_valid
    assert rating.seen() == first
    assert view.rubric_form.answers == {"flow": 4}
    assert (view.rubric_form.n_open, view.remark_edit.text(), view.mark_s) == (0, "calm", 0.0)
    rating.rate(KEYS.Key_5)
    valid = [form for form in rating.forms() if form.is_valid]
    assert [(form.video, form.answers, form.remark, form.mark_s) for form in valid] == [
        (first, {"flow": 5}, "calm", 0.0)
    ]


def test_items_are_marked_by_arrows_and_rated_by_the_mouse(make_rating: MakeRating) -> None:
    rating = make_rating()
    rating.begin()
    form, submit = rating.tab.rating_view.rubric_form, rating.tab.rating_view.submit_button
    rating.press(KEYS.Key_9)
    assert form.n_open == 2, "9 is no step of flow"
    rating.press(KEYS.Key_Down, KEYS.Key_0)
    assert (form.answers, form.current_index) == ({"care": 0}, 0)
    assert form.rows[0].anchors_label.isVisible()
    assert not submit.isEnabled()
    click(form.rows[0].buttons[3.0])
    assert form.rows[0].buttons[3.0].isChecked()
    assert submit.isEnabled()
    click(submit)
    rating.qtbot.waitUntil(lambda: len(rating.forms()) == 1)
    assert rating.forms()[0].answers == {"flow": 3, "care": 0}


def test_finish_for_now_summarises_and_the_rater_goes_on_later(make_rating: MakeRating) -> None:
    rating = make_rating()
    rating.begin()
    rating.rate(KEYS.Key_1, KEYS.Key_1)
    second = rating.seen()
    click(rating.rater.screen.finish_button)
    rating.qtbot.waitUntil(lambda: rating.phase is SittingPhase.RATER)
    assert not missing(rating.tab.rater_page.summary, "Ann rated 1 video", "1 of 6")
    rating.begin("ann")
    assert rating.seen() == second
    rating.rate(KEYS.Key_2, KEYS.Key_2)
    assert {form.rater for form in rating.forms()} == {"Ann"}


def test_practice_tells_the_stated_ratings_and_is_not_stored(make_rating: MakeRating) -> None:
    rating = make_rating(practice=Practice(videos=(PracticeVideo(NAMES[0], {"flow": 5}, "smooth"),)))
    rating.begin()
    assert rating.seen() == NAMES[0]
    rating.press(KEYS.Key_2, KEYS.Key_1, KEYS.Key_Return)
    assert rating.phase is SittingPhase.FEEDBACK
    assert not missing(rating.tab.rating_view.message.text(), "you 2", "stated 5", "smooth")
    click(rating.tab.rating_view.continue_button)
    rating.wait()
    assert rating.seen() != NAMES[0]
    assert rating.forms() == ()
    rating.rate(KEYS.Key_1, KEYS.Key_1)
    assert [form.video == NAMES[0] for form in rating.forms()] == [False]


def test_a_changed_rubric_is_not_left_without_a_question(make_rating: MakeRating) -> None:
    rating = make_rating()
    rating.qtbot.waitUntil(lambda: rating.phase is SittingPhase.RATER)
    click(rating.tab.change_rubric_button)
    page, dialogs = rating.tab.rubric_page, FakeDialogs()
    rating.qtbot.waitUntil(lambda: rating.phase is SittingPhase.RUBRIC and page.back_button.isVisible())
    page.dialogs = dialogs
    click(page.add_button)
    dialogs.confirm_answer = False
    click(page.back_button)
    assert rating.phase is SittingPhase.RUBRIC
    page.template_box.setCurrentIndex(0)
    page.template_box.activated.emit(0)
    assert page.template_box.currentData() == OWN_RUBRIC
    assert page.has_draft
    dialogs.confirm_answer = True
    click(page.back_button)
    rating.qtbot.waitUntil(lambda: rating.phase is SittingPhase.RATER)
    assert len(dialogs.asked) == 3
    click(rating.tab.change_rubric_button)
    rating.qtbot.waitUntil(lambda: rating.phase is SittingPhase.RUBRIC and not page.has_draft)
    click(page.back_button)
    assert len(dialogs.asked) == 3, "nothing was changed, so nothing is asked"


def test_a_rubric_is_chosen_changed_and_locked(make_rating: MakeRating) -> None:
    rating = make_rating(rubric=None)
    page = rating.tab.rubric_page
    rating.qtbot.waitUntil(lambda: rating.phase is SittingPhase.RUBRIC)
    assert page.item_table.rowCount() == 7
    item = page.item_table.item(0, 1)
    assert item is not None
    item.setText("9")
    click(page.use_button)
    assert not missing(page.message_label.text(), "9", "lower")
    item.setText("0")
    page.total_edit.setText("")
    click(page.use_button)
    rating.qtbot.waitUntil(lambda: rating.phase is SittingPhase.RATER)
    with Study.open(rating.rater.path, read_only=True) as study:
        plan = study.forms.plan()
    assert plan is not None
    assert (plan.rubric.items[0].low, plan.rubric.total, plan.repeat_share) == (0, "", 0.1)
    rating.begin()
    rating.rate(*[KEYS.Key_1] * 7)
    click(rating.rater.screen.finish_button)
    rating.qtbot.waitUntil(lambda: rating.phase is SittingPhase.RATER)
    click(rating.tab.change_rubric_button)
    rating.qtbot.waitUntil(lambda: "1 videos are rated" in page.message_label.text())
    assert not page.template_box.isEnabled()


def test_the_sound_of_a_rated_video_is_off_until_it_is_asked_for(make_rating: MakeRating) -> None:
    rating = make_rating()
    rating.begin()
    screen, view = rating.rater.screen, rating.tab.rating_view
    assert not screen.sound.on
    rating.press(KEYS.Key_U, KEYS.Key_Space)
    assert screen.sound_playhead.clip is view.clock.clips[0]
    rating.qtbot.waitUntil(lambda: "no sound" in view.player._status_label.longest_text)  # these videos have none
    rating.qtbot.waitUntil(lambda: view.clock.frame_of(0) > 1)
    rating.press(KEYS.Key_U)
    assert not view.player._status_label.longest_text
