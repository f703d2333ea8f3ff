"""The Why panel: an explanation of the score of the video on screen."""

from PySide6.QtGui import QHideEvent, QPalette, QShowEvent
from PySide6.QtWidgets import QStackedWidget, QWidget

from skillviewer.core.analysis.score_text import SPREAD_EVENLY_TEXT, score_decimals
from skillviewer.core.explanation.moments import Basis, default_basis, no_clear_moment_text
from skillviewer.core.text import printable
from skillviewer.ui.actions.actions import Actions, Handlers
from skillviewer.ui.inspecting.cell_map import CellBlock
from skillviewer.ui.inspecting.cohort_position_block import CohortPositionBlock
from skillviewer.ui.inspecting.faithfulness_block import FaithfulnessBlock
from skillviewer.ui.inspecting.moment_column import MomentColumn
from skillviewer.ui.inspecting.rater_judgements import RatersBlock
from skillviewer.ui.inspecting.reference_block import ReferenceBlock
from skillviewer.ui.inspecting.segment_contributions import SegmentContributions
from skillviewer.ui.inspecting.uncertainty_block import UncertaintyBlock
from skillviewer.ui.session.app_context import AppContext
from skillviewer.ui.session.insight.findings import Findings
from skillviewer.ui.session.insight.why_loader import WhyStage
from skillviewer.ui.session.video_entry import VideoState
from skillviewer.ui.widgets.dialogs import Dialogs
from skillviewer.ui.widgets.empty_state import EmptyState
from skillviewer.ui.widgets.form import Section
from skillviewer.ui.widgets.labels import WrappingLabel
from skillviewer.ui.widgets.layout import (
    GrowingSpace,
    add_all,
    horizontal,
    push_button,
    scroll_area,
    set_background,
    vertical,
)
from skillviewer.ui.widgets.theme import LIGHT, Theme, themed

STAGE_TEXTS = {
    WhyStage.NOTHING: ("Open a video to see what explains its score.", "Open videos"),
    WhyStage.UNREADABLE: ("This video cannot be read.", "Locate…"),
    WhyStage.NO_MODEL: ("A model is needed for an explanation. Choose one above, or open one.", "Open a model"),
    WhyStage.LOADING: ("The model is being loaded.", ""),
    WhyStage.NEW: ("This video is not assessed yet.", "Assess"),
    WhyStage.WORKING: ("This video is being assessed.", "Stop"),
    WhyStage.FAILED: ("This video could not be assessed.", "Try again"),
    WhyStage.BLIND: ("", "Judge pairs"),
}
"""Message and text of the button for every stage without an explanation."""

STAGE_ACTIONS = {
    WhyStage.NOTHING: "open_videos",
    WhyStage.UNREADABLE: "locate_videos",
    WhyStage.NO_MODEL: "open_model",
    WhyStage.NEW: "assess",
    WhyStage.WORKING: "stop",
    WhyStage.FAILED: "assess",
    WhyStage.BLIND: "show_rank",
}
"""Action of the button, by stage."""


class WhyPanel(QStackedWidget):
    """A page that explains a score: its position, moments, contributions, a reference video and its uncertainty."""

    def __init__(self, app_context: AppContext, actions: Actions, parent: QWidget) -> None:
        super().__init__(parent)
        self._app_context = app_context
        self._why_loader = app_context.why_loader
        self._actions = actions
        self._theme: Theme = LIGHT
        self._findings: Findings | None = None
        self._upper_findings: Findings | None = None  # shown from the top to the moments
        self.is_grey = False  # true if attention is no better than random
        self.setMinimumWidth(240)
        self.empty_state = EmptyState(self)
        self.empty_state.pressed.connect(self._on_button)
        self.addWidget(self.empty_state)
        self.page = scroll_area(self, "Why this score")
        self.addWidget(self.page)
        self.content = QWidget(self.page)
        self.warning_label = WrappingLabel(self.content)
        self.model_warning_label = WrappingLabel(self.content)
        self.warning_label.setContentsMargins(12, 12, 12, 6)
        self.model_warning_label.setContentsMargins(12, 8, 12, 0)
        self.position_block = CohortPositionBlock(actions["assess_all"], actions["unfamiliar_scores"], self.content)
        self.moments_section = Section("Moments that moved the score", self.content, wide=True)
        self.basis_label = WrappingLabel(self.moments_section, muted=True)
        self.basis_label.setContentsMargins(12, 0, 12, 0)
        self.moment_column = MomentColumn(app_context, self.moments_section, model_moments_only=True)
        self.reveal_button = push_button("Show moments", self.moments_section, self._reveal_moments)
        reveal_row = add_all(horizontal(margins=(12, 0, 12, 0)), self.reveal_button, GrowingSpace())
        add_all(self.moments_section.column, reveal_row, self.basis_label, self.moment_column)
        self.contributions_block = SegmentContributions(app_context, self.content)
        self.cell_block = CellBlock(actions, self.content)
        self.reference_block = ReferenceBlock(app_context, actions["better_video"], self.content)
        self.uncertainty_block = UncertaintyBlock(self.content)
        self.faithfulness_block = FaithfulnessBlock(self.content)
        self.raters_block = RatersBlock(app_context.playback, app_context.annotations, self.content)
        column = vertical(self.content, margins=(0, 0, 0, 16), spacing=0)
        add_all(
            column,
            self.warning_label,
            self.position_block,
            self.reference_block,
            self.model_warning_label,
            self.moments_section,
        )
        add_all(
            column,
            self.raters_block,
            self.contributions_block,
            self.cell_block,
            self.uncertainty_block,
            self.faithfulness_block,
            GrowingSpace(),
        )
        self.page.setWidget(self.content)
        self._why_loader.changed.connect(self._refresh)
        app_context.videos.unfamiliar_shown.connect(self._show_anew)
        app_context.evidence_loader.changed.connect(self._show_progress)
        app_context.evidence_loader.progressed.connect(self._show_progress)
        app_context.playback.frame_changed.connect(self.contributions_block.segment_bars.set_frame)

    def handlers(self, _dialogs: Dialogs) -> Handlers:
        return Handlers(
            conditions={"better_video": lambda: self._app_context.reference_loader.clip is not None},
            change_signals=(self._app_context.reference_loader.changed,),
        )

    @themed
    def on_theme(self, theme: Theme) -> None:
        self._theme = theme
        for label in (self.warning_label, self.model_warning_label):
            label.setStyleSheet(f"color: {theme.warn}")
        set_background(theme.base, self.page.viewport(), self.content, self.empty_state)
        self._paint_grey()

    def _paint_grey(self) -> None:
        palette = self.content.palette()
        text_colour = self._theme.muted if self.is_grey else self._theme.text
        palette.setColor(QPalette.ColorRole.WindowText, text_colour)
        self.content.setPalette(palette)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._app_context.evidence_loader.set_wanted(self, on=True)
        self._refresh()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._app_context.evidence_loader.set_wanted(self, on=False)
        self._forget_findings()

    def _forget_findings(self) -> None:
        self._findings = None
        self._upper_findings = None

    def _refresh(self) -> None:
        if not self.isVisible():
            return
        stage = self._why_loader.stage
        findings = self._why_loader.findings
        if stage is WhyStage.READY and findings is not None:
            self._show_findings(findings)
        elif stage is not WhyStage.COMING:
            self._show_empty(stage)
        elif self._shows_another_video():
            self.empty_state.show_state("")
            self.setCurrentWidget(self.empty_state)

    def _shows_another_video(self) -> bool:
        """Return whether findings are shown of another video than the one on screen."""
        if self._findings is None:
            return False
        entry = self._why_loader.entry
        return entry is None or self._findings.analysis.clip != entry.clip

    def _show_anew(self, *_: object) -> None:
        self._forget_findings()
        self._refresh()

    def _show_findings(self, findings: Findings) -> None:
        self.setCurrentWidget(self.page)
        last_findings = self._findings
        self._findings = findings
        self._show_progress()
        upper_findings = self._why_loader.listed_findings if self._why_loader.holding else findings
        if upper_findings is None or upper_findings.analysis is not findings.analysis:
            upper_findings = findings
        if upper_findings is not self._upper_findings:
            self._upper_findings = upper_findings
            self._show_upper_part(upper_findings)
        self._hide_moments(hidden=self._why_loader.hides_moments(findings))
        if findings is last_findings:
            return
        grey = findings.faithful is False
        self.contributions_block.show_findings(findings, grey=grey)
        self.contributions_block.segment_bars.set_frame(self._app_context.playback.frame)
        self.cell_block.show_findings(findings, grey=grey)
        for block in (self.reference_block, self.uncertainty_block, self.faithfulness_block, self.raters_block):
            block.show_findings(findings)
        if last_findings is None or last_findings.analysis.clip != findings.analysis.clip:
            self.page.verticalScrollBar().setValue(0)

    def _show_upper_part(self, findings: Findings) -> None:
        """Show the page from the top to the moments, which does not change while the user points at a moment."""
        analysis = findings.analysis
        self.is_grey = findings.faithful is False
        self._paint_grey()
        self.warning_label.setVisible(bool(analysis.all_warnings))
        self.warning_label.set_plain(analysis.all_warnings)
        model_warnings = _model_warnings(findings)
        self.model_warning_label.setVisible(bool(model_warnings))
        self.model_warning_label.set_plain(*model_warnings)
        self.moment_column.set_grey(self.is_grey)
        if findings.moments:
            self.basis_label.set_plain(_format_basis(findings))
        else:
            self.basis_label.set_plain(no_clear_moment_text(analysis, findings.n_smaller, score_decimals([analysis])))
        meaningless = analysis.unfamiliar and not self._app_context.videos.shows_unfamiliar
        self.position_block.show_findings(findings, meaningless=meaningless)

    def _reveal_moments(self) -> None:
        if self._findings is not None:
            self._why_loader.reveal_moments(self._findings)

    def _hide_moments(self, *, hidden: bool) -> None:
        """Hide the moments of an unfamiliar video behind a button, or show them."""
        self.reveal_button.setVisible(hidden)
        self.basis_label.setVisible(not hidden)
        self.moment_column.setVisible(not hidden)

    def _show_progress(self) -> None:
        has_shown_evidence = self._findings is not None and self._findings.evidence is not None
        has_loaded_evidence = self._app_context.evidence_loader.evidence is not None
        self.contributions_block.show_progress(has_evidence=has_shown_evidence and has_loaded_evidence)

    def _show_empty(self, stage: WhyStage) -> None:
        """Show why there is no explanation, and a button that helps."""
        self._forget_findings()
        entry = self._why_loader.entry
        reason = entry.reason if entry is not None else ""
        text, button = STAGE_TEXTS[stage]
        progress = None
        if stage is WhyStage.BLIND:
            text = self._format_blind()
        elif stage in {WhyStage.UNREADABLE, WhyStage.FAILED} and reason:
            text = reason
        elif stage is WhyStage.WORKING and entry is not None:
            progress = (entry.n_done, entry.total)
        is_missing = entry is not None and entry.state is VideoState.MISSING
        if stage is WhyStage.UNREADABLE and not is_missing:
            button = ""
        self.empty_state.show_state(text, button, progress)
        self.setCurrentWidget(self.empty_state)

    def _format_blind(self) -> str:
        raters = self._why_loader.raters
        if raters:
            text = "This page is hidden until {} has judged this video (blind study)."
            return text.format(" or ".join(printable(name) for name in raters))
        return (
            "This page is hidden until you have judged this video yourself (blind study). If you did so on another "
            "day, enter your name in the settings."
        )

    def _on_button(self) -> None:
        action_name = STAGE_ACTIONS.get(self._why_loader.stage)
        if action_name is not None:
            self._actions[action_name].trigger()


def _model_warnings(findings: Findings) -> list[str]:
    """Return warnings about the attention of the model on the video."""
    warnings = []
    if findings.faithful is False:
        warnings.append(
            "Attention is no better than random for this video: do not take the attended regions as the reason for "
            "the score."
        )
    if findings.analysis.spread_evenly:
        warnings.append(SPREAD_EVENLY_TEXT)
    if findings.model_warning:
        warnings.append(findings.model_warning)
    return warnings


def _format_basis(findings: Findings) -> str:
    """Return a sentence on how the moments were found."""
    if findings.evidence is None:
        return "By the change of the score curve; contributions are not known yet."
    if default_basis(findings.evidence) is Basis.CURVE:
        return (
            "By the change of the score curve. Contributions are not used: in this video they grow towards the end, "
            "whatever happens."
        )
    return "By their contribution to the final score."
