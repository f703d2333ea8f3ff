"""The Why panel: an explanation of the score of the video on screen."""

from PySide6.QtGui import QHideEvent, QPalette, QShowEvent
from PySide6.QtWidgets import QStackedWidget, QWidget

from skillviewer.core.analysis.score_text import SPREAD_EVENLY_TEXT, score_digits
from skillviewer.core.explanation.moments import Basis, default_basis, no_clear_moment_text
from skillviewer.core.text import printable
from skillviewer.ui.actions.actions import Actions, Handlers
from skillviewer.ui.inspecting.cell_map import CellBlock
from skillviewer.ui.inspecting.cohort_position import StandingBlock
from skillviewer.ui.inspecting.contributions import Contributions
from skillviewer.ui.inspecting.faithfulness_block import FaithfulnessBlock
from skillviewer.ui.inspecting.limits import Limits
from skillviewer.ui.inspecting.moment_column import MomentColumn
from skillviewer.ui.inspecting.rater_judgements import RatersBlock
from skillviewer.ui.inspecting.reference_block import ReferenceBlock
from skillviewer.ui.session.app_context import AppContext
from skillviewer.ui.session.insight.findings import Findings
from skillviewer.ui.session.insight.why_loader import WhyStage
from skillviewer.ui.session.video_entry import VideoState
from skillviewer.ui.widgets.dialogs import Dialogs
from skillviewer.ui.widgets.empty_state import EmptyState
from skillviewer.ui.widgets.form import Section
from skillviewer.ui.widgets.labels import WrappingLabel
from skillviewer.ui.widgets.layout import add_all, horizontal, push_button, scroll_area, set_background, vertical
from skillviewer.ui.widgets.theme import LIGHT, Theme, themed


class WhyPanel(QStackedWidget):
    """A page with the standing of the score, its moments and contributions, a reference, and limits."""

    def __init__(self, app_context: AppContext, actions: Actions, parent: QWidget) -> None:
        super().__init__(parent)
        self._app_context = app_context
        self._why_loader = app_context.why_loader
        self._actions = actions
        self._theme: Theme = LIGHT
        self._findings: Findings | None = None
        self._listed: Findings | None = None  # those of the parts from the top to the moments
        self.grey = False  # true if attention is no better than random
        self.setMinimumWidth(240)
        self.empty = EmptyState(self)
        self.empty.pressed.connect(self._on_pressed)
        self.addWidget(self.empty)
        self.page = scroll_area(self, "Why this score")
        self.addWidget(self.page)
        self.body = QWidget(self.page)
        self.warning = WrappingLabel(self.body)
        self.model_warning = WrappingLabel(self.body)
        self.warning.setContentsMargins(12, 12, 12, 6)
        self.model_warning.setContentsMargins(12, 8, 12, 0)
        self.position = StandingBlock(actions["assess_all"], actions["unfamiliar_scores"], self.body)
        self.moments_section = Section("Moments that moved the score", self.body, wide=True)
        self.basis = WrappingLabel(self.moments_section, muted=True)
        self.basis.setContentsMargins(12, 0, 12, 0)
        self.moments = MomentColumn(app_context, self.moments_section, only_found=True)
        self.unfold = push_button("Show the moments anyway", self.moments_section, self._reveal)
        row = add_all(horizontal(margins=(12, 0, 12, 0)), self.unfold, 1)
        add_all(self.moments_section.column, row, self.basis, self.moments)
        self.contributions = Contributions(app_context, self.body)
        self.cells = CellBlock(actions, self.body)
        self.reference = ReferenceBlock(app_context, actions["better_video"], self.body)
        self.limits = Limits(self.body)
        self.faithfulness = FaithfulnessBlock(self.body)
        self.raters = RatersBlock(app_context.playback, app_context.annotations, self.body)
        column = add_all(vertical(self.body, (0, 0, 0, 16), 0), self.warning, self.position, self.model_warning)
        add_all(column, self.moments_section, self.raters, self.contributions, self.cells, self.reference, self.limits)
        add_all(column, self.faithfulness, 1)
        self.page.setWidget(self.body)
        self._why_loader.changed.connect(self._refresh)
        app_context.videos.unfamiliar_shown.connect(self._show_again)
        app_context.evidence_loader.changed.connect(self._show_work)
        app_context.evidence_loader.progressed.connect(self._show_work)
        app_context.playback.frame_changed.connect(self.contributions.bars.set_frame)

    def handlers(self, _dialogs: Dialogs) -> Handlers:
        return Handlers(
            enabled={"better_video": lambda: self._app_context.reference.clip is not None},
            changed=(self._app_context.reference.changed,),
        )

    @themed
    def on_theme(self, theme: Theme) -> None:
        self._theme = theme
        for label in (self.warning, self.model_warning):
            label.setStyleSheet(f"color: {theme.warn}")
        set_background(theme.base, self.page.viewport(), self.body, self.empty)
        self._paint_grey()

    def _paint_grey(self) -> None:
        palette = self.body.palette()
        palette.setColor(QPalette.ColorRole.WindowText, self._theme.muted if self.grey else self._theme.text)
        self.body.setPalette(palette)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._app_context.evidence_loader.want(self, True)
        self._refresh()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._app_context.evidence_loader.want(self, False)
        self._findings = self._listed = None

    def _refresh(self) -> None:
        if not self.isVisible():
            return
        stage, findings, entry = self._why_loader.stage, self._why_loader.findings, self._why_loader.entry
        if stage is WhyStage.READY and findings is not None:
            self._show_findings(findings)
        elif stage is not WhyStage.COMING:
            self._show_empty(stage)
        elif self._findings is not None and (entry is None or self._findings.analysis.clip != entry.clip):
            self.empty.show_state("")
            self.setCurrentWidget(self.empty)

    def _show_again(self, *_: object) -> None:
        self._findings = self._listed = None
        self._refresh()

    def _show_findings(self, findings: Findings) -> None:
        self.setCurrentWidget(self.page)
        before, self._findings = self._findings, findings
        self._show_work()
        listed = self._why_loader.listed_findings if self._why_loader.holding else findings
        if listed is None or listed.analysis is not findings.analysis:
            listed = findings
        if listed is not self._listed:
            self._listed = listed
            self._show_upper_part(listed)
        self._fold(folded=self._why_loader.hides_moments(findings))
        if findings is before:
            return
        grey = findings.faithful is False
        self.contributions.show_findings(findings, grey=grey)
        self.cells.show_findings(findings, grey=grey)
        self.contributions.bars.set_frame(self._app_context.playback.frame)
        for part in (self.reference, self.limits, self.faithfulness, self.raters):
            part.show_findings(findings)
        if before is None or before.analysis.clip != findings.analysis.clip:
            self.page.verticalScrollBar().setValue(0)

    def _show_upper_part(self, findings: Findings) -> None:
        """Show the parts from the top to the moments, which stay while the user points at a moment."""
        self.grey = findings.faithful is False
        self._paint_grey()
        self.warning.setVisible(bool(findings.analysis.all_warnings))
        self.warning.set_plain(findings.analysis.all_warnings)
        random_warning = (
            "Attention is no better than random for this video: do not take the attended regions as the reason "
            "for the score."
        )
        even_warning = SPREAD_EVENLY_TEXT if findings.analysis.spread_evenly else ""
        warnings = [
            text for text in (random_warning if self.grey else "", even_warning, findings.model_warning) if text
        ]
        self.model_warning.setVisible(bool(warnings))
        self.model_warning.set_plain(*warnings)
        self.moments.set_grey(self.grey)
        self.basis.set_plain(_format_basis(findings))
        if not findings.moments:
            self.basis.set_plain(
                no_clear_moment_text(findings.analysis, findings.n_smaller, score_digits([findings.analysis]))
            )
        meaningless = findings.analysis.unfamiliar and not self._app_context.videos.shows_unfamiliar
        self.position.show_findings(findings, meaningless=meaningless)

    def _reveal(self) -> None:
        if self._findings is not None:
            self._why_loader.reveal_moments(self._findings)

    def _fold(self, *, folded: bool) -> None:
        """Hide or show the moments; those of an unfamiliar video are hidden at first."""
        self.unfold.setVisible(folded)
        self.basis.setVisible(not folded)
        self.moments.setVisible(not folded)

    def _show_work(self) -> None:
        has_evidence = self._findings is not None and self._findings.evidence is not None
        self.contributions.show_work(
            has_evidence=has_evidence and self._app_context.evidence_loader.evidence is not None
        )

    def _show_empty(self, stage: WhyStage) -> None:
        entry = self._why_loader.entry
        self._findings = self._listed = None
        reason = entry.reason if entry is not None else ""
        progress = None
        if stage is WhyStage.WORKING and entry is not None:
            progress = (entry.n_done, entry.total)
        text, button = {
            WhyStage.NOTHING: ("Open a video to see what explains its score.", "Open videos"),
            WhyStage.UNREADABLE: (
                reason or "This video cannot be read.",
                "Locate…" if entry is not None and entry.state is VideoState.MISSING else "",
            ),
            WhyStage.NO_MODEL: ("A model is needed for an explanation. Choose one above, or open one.",
                             "Open a model"),
            WhyStage.LOADING: ("The model is being loaded.", ""),
            WhyStage.NEW: ("This video is not assessed yet.", "Assess"),
            WhyStage.WORKING: ("This video is being assessed.", "Stop"),
            WhyStage.FAILED: (reason or "This video could not be assessed.", "Try again"),
            WhyStage.BLIND: (self._format_blind(), "Judge pairs"),
        }[stage]  # fmt: skip
        self.empty.show_state(text, button, progress)
        self.setCurrentWidget(self.empty)

    def _format_blind(self) -> str:
        raters = self._why_loader.raters
        if raters:
            text = "This page is hidden until {} has judged this video (blind study)."
            return text.format(" or ".join(printable(name) for name in raters))
        return (
            "This page is hidden until you have judged this video yourself (blind study). If you did so on another "
            "day, enter your name in the settings."
        )

    def _on_pressed(self) -> None:
        stage = self._why_loader.stage
        name = {
            WhyStage.NOTHING: "open_videos",
            WhyStage.NO_MODEL: "open_model",
            WhyStage.NEW: "assess",
            WhyStage.FAILED: "assess",
            WhyStage.WORKING: "stop",
            WhyStage.BLIND: "show_rank",
            WhyStage.UNREADABLE: "locate_videos",
        }.get(stage)
        if name is not None:
            self._actions[name].trigger()


def _format_basis(findings: Findings) -> str:
    """Return a sentence on the definition of the moments."""
    if findings.evidence is None:
        return "By the change of the score curve; contributions are not known yet."
    if default_basis(findings.evidence) is Basis.CURVE:
        return "By the change of the score curve: contributions grow with time here, whatever a part shows."
    return "By their contribution to the final score."
