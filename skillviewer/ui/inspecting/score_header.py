"""The score of the video on screen in a line, with its interval."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QSizePolicy, QWidget

from skillviewer.core.analysis.analysis import Analysis
from skillviewer.core.analysis.score_text import UNFAMILIAR, score_decimals
from skillviewer.core.text import printable, signed
from skillviewer.ui.actions.actions import Actions, ActionTip
from skillviewer.ui.session.app_context import AppContext
from skillviewer.ui.session.video_entry import VideoEntry, VideoState
from skillviewer.ui.widgets.labels import ElidingLabel, text_label
from skillviewer.ui.widgets.layout import add_all, growing, horizontal, push_button, vertical

SHORT_WARNING = "Unlike the videos that the model was trained on"


class ScoreHeader(QWidget):
    """The score in a line: number, interval, progress, and a warning."""

    def __init__(self, app_context: AppContext, actions: Actions, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._app_context = app_context
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        column = vertical(self, margins=(16, 8, 12, 0), spacing=2)
        title = text_label("Score", self, heading=True)
        self._score_label = text_label("", self, letters="figure")
        self._details_label = ElidingLabel(self, muted=True)
        self._warning_label = ElidingLabel(self)
        self._warning_label.setProperty("warns", True)
        self._assess_button = push_button("Assess", self, actions["assess"].trigger)
        self._assess_button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        ActionTip(self._assess_button, actions["assess"])
        self._stop_button = push_button("Stop", self, app_context.assessments.stop)
        self._stop_button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._stop_button.setToolTip("Stop assessing; other work goes on")
        row = add_all(
            horizontal(spacing=10),
            title,
            self._score_label,
            growing(self._details_label),
            self._assess_button,
            self._stop_button,
        )
        add_all(column, row, self._warning_label)
        app_context.state.analysis_changed.connect(self._refresh)
        app_context.state.model_changed.connect(self._refresh)
        app_context.models.requested_changed.connect(self._refresh)
        app_context.state.current_changed.connect(self._refresh)
        app_context.videos.changed.connect(self._on_entry)
        app_context.videos.unfamiliar_shown.connect(self._refresh)
        app_context.playback.frame_changed.connect(self._on_frame)
        self._refresh()

    @property
    def text(self) -> str:
        """All texts shown, not elided."""
        texts = [self._score_label.text(), self._details_label.longest_text]
        if not self._warning_label.isHidden():
            texts.append(self._warning_label.longest_text)
        return " ".join(text for text in texts if text)

    @property
    def shown_score(self) -> str:
        """The score as it is shown, or "" if it is not shown."""
        return self._score_label.text()

    def _on_entry(self, row: int) -> None:
        if self._app_context.videos[row].clip == self._app_context.state.current_clip:
            self._refresh()

    def _on_frame(self, _frame: int) -> None:
        """Update the score at the playhead alone: a change of other labels would lay out the window again."""
        analysis = self._app_context.state.analysis
        if analysis is not None and analysis.n_samples and self._score_label.text():
            self._show_details(analysis)

    def _refresh(self, *_: object) -> None:
        app_context = self._app_context
        entry = app_context.videos.get(app_context.state.current_clip)
        analysis = app_context.state.analysis
        self._score_label.setText("")
        self._warning_label.hide()
        self._assess_button.hide()
        self._stop_button.setVisible(entry is not None and entry.state is VideoState.WORKING)
        if analysis is not None and analysis.n_samples:
            self._show_score(analysis)
        else:
            self._details_label.set_forms(self._format_no_score(entry))
            can_assess = entry is not None and entry.state in {VideoState.NEW, VideoState.FAILED}
            self._assess_button.setVisible(can_assess and app_context.state.model is not None)

    def _show_score(self, analysis: Analysis) -> None:
        if not analysis.complete:  # whether the model knows such videos, and so whether the score counts, is open
            self._details_label.set_forms(
                f"being assessed: {analysis.n_samples} of {analysis.n_segments} sampled frames"
            )
            return
        self._warning_label.set_forms(analysis.warning, SHORT_WARNING)
        self._warning_label.setVisible(analysis.unfamiliar)
        if analysis.unfamiliar and not self._app_context.videos.shows_unfamiliar:
            self._details_label.set_forms(UNFAMILIAR)
            return
        digits = score_decimals([analysis])
        self._score_label.setText(signed(analysis.score, digits))
        self._show_details(analysis)

    def _show_details(self, analysis: Analysis) -> None:
        """Show the rating, the interval and the score at the playhead, as far as there is room."""
        digits = score_decimals([analysis])
        details = []
        if analysis.scaled is not None and analysis.scaled.words:
            details.append(analysis.scaled.words)
        if analysis.interval is not None:
            low, high = (signed(end, digits) for end in analysis.interval)
            details.append(f"95 % interval {low} to {high} ({_format_passes(analysis)})")
        score_here = self._app_context.score_here()
        if score_here is not None:
            details.append(f"score at this point {signed(score_here, digits)}")
        texts = [" · ".join(details[:n]) for n in range(len(details), 0, -1)]
        if not texts:
            texts = [""]
        tip = analysis.scaled.sentence if analysis.scaled is not None else ""
        self._details_label.set_forms(*texts, tip=tip)

    def _format_no_score(self, entry: VideoEntry | None) -> str:
        """Return why there is no score, or "" without a video."""
        if entry is None:
            return ""
        app_context = self._app_context
        entry_reason = printable(entry.reason)
        reasons = {
            VideoState.UNREADABLE: "this file cannot be read",
            VideoState.MISSING: entry_reason or "the file is not where it was",
            VideoState.REPLACED: entry_reason,
            VideoState.FAILED: "could not be assessed",
        }
        if entry.state in reasons:
            return reasons[entry.state]
        if app_context.state.model is None:
            is_loading = app_context.models.requested_folder is not None
            return "the model is being loaded" if is_loading else "no model: choose one above"
        if entry.state is VideoState.WORKING:
            return "starting assessment"
        return "waiting for its turn" if entry.state is VideoState.WAITING else "not assessed yet"


def _format_passes(analysis: Analysis) -> str:
    if analysis.n_distinct_passes < analysis.n_passes:
        return f"{analysis.n_distinct_passes} of {analysis.n_passes} passes with different frames"
    return f"{analysis.n_passes} passes"
