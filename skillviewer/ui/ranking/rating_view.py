"""The view in which a rater rates one video: the player, and next to it the form of the rubric."""

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QLineEdit, QSlider, QWidget

from skillviewer.core.text import clock, counted
from skillviewer.data.study.judging.rating_queue import PresentedVideo
from skillviewer.data.study.rating_forms import RatingForm
from skillviewer.ui.actions.actions import Actions, key_text
from skillviewer.ui.player.transport import action_button
from skillviewer.ui.ranking.pair_clock import EPSILON_S, PairClock
from skillviewer.ui.ranking.pair_player import PairPlayer
from skillviewer.ui.ranking.rater_message import RaterMessage
from skillviewer.ui.ranking.rating_controller import RatingController
from skillviewer.ui.ranking.rubric_form import RubricForm
from skillviewer.ui.ranking.sitting_controller import SittingPhase
from skillviewer.ui.ranking.vote_bar import MAX_REASON_CHARACTERS
from skillviewer.ui.session.app_context import AppContext
from skillviewer.ui.threads.throttle import single_shot
from skillviewer.ui.widgets.labels import ElidingLabel
from skillviewer.ui.widgets.layout import (
    NO_MARGINS,
    GrowingSpace,
    Spacing,
    add_all,
    growing,
    horizontal,
    push_button,
    scroll_area,
    splitter,
    vertical,
    with_accessible_name,
)
from skillviewer.ui.widgets.text_scaling import icon_size, scaled_px
from skillviewer.ui.widgets.theme import Theme, themed

SLIDER_STEPS = 1000
FORM_PX = 380
LEAVING_KEYS = frozenset({Qt.Key.Key_Escape, Qt.Key.Key_Return, Qt.Key.Key_Enter})
"""Keys that leave the remark."""


class RatingView(QWidget):
    """One player with its transport, and the form."""

    def __init__(
        self, app_context: AppContext, controller: RatingController, actions: Actions, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._app_context = app_context
        self._controller = controller
        self._actions = actions
        self._theme: Theme | None = None
        self._turn: PresentedVideo | None = None
        self._is_painted = False  # true once the first picture is on screen
        self._has_failed = False  # true if the video cannot be shown
        self._mark_s: float | None = None
        self.clock = PairClock(app_context.playback.read_clock_s, parent=self)
        self.player = PairPlayer(app_context.pair_workers[0], self)
        self.player.sync_button.hide()
        self.player.set_title("Video")
        self.rubric_form = RubricForm(self)
        self._scroll_timer = single_shot(self, 0, self._scroll_to_current)
        self._scroll_area = scroll_area(self, "Items of the rubric")
        self._scroll_area.setWidget(self.rubric_form)
        self.remark_edit = with_accessible_name(QLineEdit(self), "Remark on the video, optional")
        self.remark_edit.setMaxLength(MAX_REASON_CHARACTERS)
        self.message = RaterMessage(self)
        self.submit_button = push_button("Next video", self, self.submit, primary=True)
        self.continue_button = push_button("Continue", self, controller.end_feedback, primary=True)
        self.continue_button.hide()
        left = self._make_player_side()
        right = QWidget(self)
        right.setMinimumWidth(scaled_px(260))
        add_all(
            vertical(right, margins=(8, 0, 16, 8), spacing=8),
            growing(self._scroll_area),
            self.remark_edit,
            self.message,
            self.submit_button,
            self.continue_button,
        )
        sides = splitter(self, Qt.Orientation.Horizontal, widgets=(left, right), factors=(3, 2), sizes=(700, FORM_PX))
        add_all(vertical(self, margins=NO_MARGINS, spacing=0), growing(sides))
        self._connect()

    def _make_player_side(self) -> QWidget:
        left = QWidget(self)
        self.time_slider = with_accessible_name(QSlider(Qt.Orientation.Horizontal, left), "Time of the video")
        self.time_slider.setRange(0, SLIDER_STEPS)
        self.time_slider.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        previous_button = action_button(self._actions["rank_previous_frame"], self)
        self._play_button = action_button(self._actions["rank_play"], self)
        self._play_button.setIconSize(icon_size(24))
        next_button = action_button(self._actions["rank_next_frame"], self)
        self._sound_button = action_button(self._actions["rank_sound"], self)
        mark_button = action_button(self._actions["rank_mark"], self, with_text=True)
        self._mark_label = ElidingLabel(self, muted=True)
        button_row = horizontal(margins=(12, 0, 16, 4), spacing=2)
        add_all(button_row, previous_button, self._play_button, next_button, self._sound_button)
        add_all(button_row, Spacing(16), mark_button, self._mark_label, GrowingSpace())
        slider_row = horizontal(margins=(16, 4, 16, 0))
        slider_row.addWidget(self.time_slider)
        add_all(vertical(left, margins=NO_MARGINS, spacing=0), growing(self.player), slider_row, button_row)
        return left

    def _connect(self) -> None:
        controller = self._controller
        self.player.opened.connect(self._on_opened)
        self.player.painted.connect(self._on_painted)
        self.player.failed.connect(self._on_failed)
        self.clock.frame_changed.connect(self._on_frame)
        self.clock.playing_changed.connect(self._on_playing)
        self.clock.moved.connect(self._on_moved)
        self.time_slider.sliderMoved.connect(self._on_slider)
        self.rubric_form.changed.connect(self._show_submit)
        self.rubric_form.current_changed.connect(self._scroll_timer.start)
        self.remark_edit.installEventFilter(self)
        self._actions.keys_changed.connect(self._show_keys)
        self._show_keys()
        controller.turn_changed.connect(self._on_turn)
        controller.answer_withdrawn.connect(self._on_answer_withdrawn)
        controller.feedback.connect(self._on_feedback)
        controller.message_changed.connect(self.show_message)
        controller.phase_changed.connect(self._show_submit)

    def _show_keys(self) -> None:
        keys = self._actions.keys("rank_reason")
        text = f"Remark (optional, key {key_text(keys[0])})" if keys else "Remark (optional)"
        self.remark_edit.setPlaceholderText(text)

    @property
    def speed(self) -> float:
        """Playback speed, the same for all videos of the study."""
        study = self._app_context.studies.current_study
        return study.settings.speed if study is not None else 1.0

    @property
    def mark_s(self) -> float | None:
        """The marked time in seconds from the first frame of the file, or None."""
        return self._mark_s

    def take_focus(self) -> None:
        """Focus the video, so that its keys and those of the form work."""
        self.player.canvas.setFocus()

    # what the rater does

    def submit(self, *_: object) -> None:
        """Rate the video, once every item has an answer."""
        if self.rubric_form.n_open or self._turn is None:
            return
        is_accepted = self._controller.submit(
            self.rubric_form.answers,
            self.remark_edit.text().strip(),
            self._mark_s,
            watched=self.player.seen_share,
            speed=self.clock.speed,
        )
        if is_accepted:
            self.clock.pause()

    def mark(self) -> None:
        """Mark the frame on screen; remove the mark if it exists already."""
        if self.clock.clips:
            clip = self.clock.clips[0]
            time_s = round(float(clip.video.times_s[self.clock.frame_of(0)]), 3)
            mark_s = None if self._mark_s == time_s else time_s
            self._set_mark(mark_s)

    def show_sound(self, texts: Sequence[str], *, on: bool) -> None:
        """Show whether the sound is on, and its status.

        Args:
            texts: Texts of the status, the longest first; empty if the sound is off.
            on: True if the sound is on.
        """
        accessible_name = "Sound on" if on else "Sound off"
        self._sound_button.setAccessibleName(accessible_name)
        self.player.set_status(*(f"· {text}" for text in texts))

    def _set_mark(self, mark_s: float | None) -> None:
        self._mark_s = mark_s
        clip = self.player.clip
        text = ""
        if mark_s is not None and clip is not None:
            text = f"marked {clock(mark_s - clip.sync_s - clip.start_s)}"
        self._mark_label.set_forms(text)

    # what happens

    def _on_turn(self, turn: PresentedVideo | None) -> None:
        self.clock.close()
        self._turn = turn
        self._is_painted = False
        self._has_failed = False
        self.remark_edit.clear()
        self.player.clear()
        self.continue_button.hide()
        self.submit_button.show()
        rubric = self._controller.session.rubric if turn is not None else self.rubric_form.rubric
        self.rubric_form.show_rubric(rubric)
        self._scroll_area.verticalScrollBar().setValue(0)
        self._set_mark(None)
        if turn is not None:
            self.player.load(turn.video)
            if self.isVisible():
                self.take_focus()

    def _on_answer_withdrawn(self, form: RatingForm) -> None:
        self.rubric_form.restore(form.answers)
        self.remark_edit.setText(form.remark)
        self._mark_s = form.mark_s

    def _on_feedback(self, text: str) -> None:
        self.clock.pause()
        self.submit_button.hide()
        self.continue_button.show()
        self.continue_button.setFocus()
        self.show_message(f"Practice. {text}")

    def _on_opened(self) -> None:
        clip = self.player.clip
        if clip is not None and not self._has_failed:
            self.clock.open(clip, clip, self.speed)  # the clock of a pair moves two videos: both are this one
            self._set_mark(self._mark_s)

    def _on_painted(self) -> None:
        if not self._is_painted and self._turn is not None:
            self._is_painted = True
            self._controller.on_seen()

    def _on_failed(self, *_: object) -> None:
        """Report the video, but never the error, whose text names the file."""
        if self._turn is None or self._has_failed:
            return
        if self.player.is_ready:
            self.clock.pause()
            self.show_message("A frame could not be read. Rate by the rest, or mark the items as not to be judged.")
        else:
            self._has_failed = True
            self._controller.on_unreadable(self._turn.video)

    def _on_frame(self, video: int, frame: int) -> None:
        if video == 0:
            self.player.show_frame(frame, playing=self.clock.is_playing(0))

    def _on_playing(self) -> None:
        if self.clock.clips and not self.clock.is_playing(0):
            self.player.show_frame(self.clock.frame_of(0), playing=False)
        icon_name, accessible_name = ("pause", "Pause") if self.clock.playing else ("play", "Play")
        self._play_button.setAccessibleName(accessible_name)
        if self._theme is not None and self.isVisible():
            icon = self._app_context.icons.icon(icon_name, self._theme)
            self._actions["rank_play"].setIcon(icon)

    @themed
    def on_theme(self, theme: Theme) -> None:
        self._theme = theme

    def _on_moved(self) -> None:
        time_s = self.clock.time_s(0)
        self.player.set_time(time_s)
        if self.clock.clips and not self.time_slider.isSliderDown():
            clip = self.clock.clips[0]
            share = (time_s - clip.start_s) / max(clip.duration_s, EPSILON_S)
            share = min(max(share, 0.0), 1.0)
            self.time_slider.setValue(round(SLIDER_STEPS * share))

    def _on_slider(self, value: int) -> None:
        if self.clock.clips:
            clip = self.clock.clips[0]
            self.clock.seek(clip.start_s + value / SLIDER_STEPS * clip.duration_s)

    def _show_submit(self, *_: object) -> None:
        n_open = self.rubric_form.n_open
        if n_open:
            text = f"{counted(n_open, 'item')} to rate"
        elif self._turn is not None and self._turn.practised is not None:
            text = "See the stated ratings"
        else:
            text = "Next video   (Enter)"
        self.submit_button.setText(text)
        self.submit_button.setEnabled(not n_open and self._controller.phase is SittingPhase.JUDGING)

    def _scroll_to_current(self) -> None:
        """Scroll to the marked item, once its anchors have their height."""
        if self.rubric_form.rows:
            self._scroll_area.ensureWidgetVisible(self.rubric_form.rows[self.rubric_form.current_index], 0, 8)

    def show_message(self, text: str) -> None:
        """Show a warning, or "" for none."""
        self.message.show_message(text)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter} and not event.isAutoRepeat():
            if self._controller.phase is SittingPhase.FEEDBACK:
                self._controller.end_feedback()
            else:
                self.submit()
        elif self._controller.phase is not SittingPhase.JUDGING or not self.rubric_form.take_key(event):
            super().keyPressEvent(event)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Let Escape and Enter leave the remark."""
        if watched is not self.remark_edit or not isinstance(event, QKeyEvent) or event.type() != QEvent.Type.KeyPress:
            return super().eventFilter(watched, event)
        if event.key() not in LEAVING_KEYS:
            return super().eventFilter(watched, event)
        self.take_focus()
        return True
