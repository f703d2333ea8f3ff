"""The Compare screen: panes of the same frame, score curves, and tables of all compared models."""

from dataclasses import replace

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMenu, QVBoxLayout, QWidget

from skillviewer.core.analysis.analysis import Analysis, MapKind
from skillviewer.core.analysis.calibration import CalibratedScore
from skillviewer.core.analysis.map_style import ColourLimits, MapStyle, Overlay
from skillviewer.core.analysis.scene import Scene
from skillviewer.core.video.info import VideoInfo
from skillviewer.ui.actions.actions import Actions, Handlers
from skillviewer.ui.comparing.agreement_loader import AgreementLoader
from skillviewer.ui.comparing.candidates import Candidates
from skillviewer.ui.comparing.colour_bar_strip import ColourBarStrip, map_styles_of, shared_bars
from skillviewer.ui.comparing.compare_header import CompareHeader
from skillviewer.ui.comparing.compared_models import ComparedModel, ModelProgress
from skillviewer.ui.comparing.comparison_saver import ComparisonSaver
from skillviewer.ui.comparing.contrast import Contrast
from skillviewer.ui.comparing.contrast_loader import ContrastLoader
from skillviewer.ui.comparing.curve_lines import LINE_STYLES, LineStyle
from skillviewer.ui.comparing.curves_panel import CurvesPanel
from skillviewer.ui.comparing.model_set import ModelSet
from skillviewer.ui.comparing.numbers import format_kind
from skillviewer.ui.comparing.numbers_column import NumbersColumn
from skillviewer.ui.comparing.pane import PaneText, details_of, kind_of, score_of, source_of
from skillviewer.ui.comparing.pane_grid import PaneGrid
from skillviewer.ui.player.map_menu import MapMenu
from skillviewer.ui.player.transport import Transport
from skillviewer.ui.session.app_context import AppContext
from skillviewer.ui.session.frame_feed import DisplayPicture
from skillviewer.ui.threads.throttle import single_shot
from skillviewer.ui.widgets.dialogs import Dialogs
from skillviewer.ui.widgets.labels import text_label
from skillviewer.ui.widgets.layout import (
    NO_MARGINS,
    GrowingSpace,
    Spacing,
    add_all,
    aligned,
    growing,
    push_button,
    splitter,
    vertical,
)
from skillviewer.ui.widgets.pages import Pages

DIFFERENCE = "difference"  # key of the pane that shows the difference of two models


class CompareScreen(QWidget):
    """Comparison of two to nine models on the video on screen."""

    def __init__(self, app_context: AppContext, actions: Actions, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._app_context = app_context
        self._actions = actions
        self._has_chosen_first = False
        self.model_set = ModelSet(app_context, self)
        self.candidates = Candidates(app_context, self)
        self.contrast_loader = ContrastLoader(app_context.index_worker, app_context.messages, self)
        self.agreement_loader = AgreementLoader(app_context, self.model_set, self)
        self.comparison_saver = ComparisonSaver(app_context, self)
        self._make_widgets()
        self._lay_out()
        self._connect()
        self._refresh_later = single_shot(self, 0, self._refresh)
        self._on_models()

    def _make_widgets(self) -> None:
        app_context = self._app_context
        actions = self._actions
        self.header = CompareHeader(self.candidates, self)
        self.pane_grid = PaneGrid(app_context.icons, self)
        map_actions = (actions["overlay"], actions["next_look"])
        self.map_menu = MapMenu(app_context.state, map_actions, self, without=("scale",))  # the header has the scale
        self.pane_grid.menu_asked.connect(self.map_menu.open_at)
        self.colour_bars = ColourBarStrip(self)
        self.transport = Transport(app_context, actions, self)
        self.curves_panel = CurvesPanel(app_context.playback, self)
        self.numbers_column = NumbersColumn(actions, self)
        save_menu = QMenu(self.header)
        for name in ("save_comparison", "save_comparison_figure", "save_agreement", "save_ranks"):
            save_menu.addAction(actions[name])
        save_menu.addSeparator()
        self.blur_faces_action = save_menu.addAction("&Blur faces in the figure")
        self.blur_faces_action.setCheckable(True)
        self.blur_faces_action.setToolTip("Some faces may be missed: check the saved file")
        save_menu.setToolTipsVisible(True)
        self.header.save_button.setMenu(save_menu)
        self.empty_page = QWidget(self)
        self._empty_label = text_label("", self.empty_page, wrap=True)
        self._empty_label.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.choose_button = push_button(
            "Choose models", self.empty_page, self.header.models_button.showMenu, primary=True
        )

    def _lay_out(self) -> None:
        centred_button = aligned(self.choose_button, Qt.AlignmentFlag.AlignHCenter)
        empty_column = QVBoxLayout(self.empty_page)
        add_all(empty_column, GrowingSpace(), self._empty_label, Spacing(8), centred_button, GrowingSpace())
        upper_half = QWidget(self)
        add_all(
            vertical(upper_half, margins=NO_MARGINS, spacing=0),
            growing(self.pane_grid),
            self.colour_bars,
            self.transport,
        )
        self.curves_panel.setMinimumWidth(280)
        lower_half = splitter(
            self,
            Qt.Orientation.Horizontal,
            widgets=(self.curves_panel, self.numbers_column),
            factors=(1, 1),
            sizes=(380, 560),
        )
        comparison = splitter(
            self, Qt.Orientation.Vertical, widgets=(upper_half, lower_half), factors=(1,), sizes=(460, 200)
        )
        self._pages = Pages(self)
        self._pages.addWidget(self.empty_page)
        self._pages.addWidget(comparison)
        add_all(vertical(self, margins=NO_MARGINS, spacing=0), self.header, growing(self._pages))
        self._actions.attach_player(self.pane_grid, self.curves_panel.plot)

    def _connect(self) -> None:
        app_context = self._app_context
        models = self.model_set
        header = self.header
        app_context.playback.video_changed.connect(self._on_video)
        app_context.playback.frame_changed.connect(self.numbers_column.set_frame)
        app_context.feed.arrived.connect(self._on_picture)
        app_context.feed.lost.connect(self.pane_grid.set_message)
        app_context.state.map_style_changed.connect(self._on_row)
        models.models_changed.connect(self._on_models)
        models.row_changed.connect(self._on_row)
        models.busy_changed.connect(self._on_row)
        self.agreement_loader.changed.connect(self._on_row)
        self.contrast_loader.changed.connect(self._on_contrast)
        self.candidates.changed.connect(self._on_candidates)
        header.models_menu.toggled.connect(self._on_toggled)
        self.pane_grid.remove_asked.connect(self._on_remove)
        header.scale_box.currentIndexChanged.connect(self._refresh)
        header.pair_chosen.connect(self._refresh)
        header.difference_box.toggled.connect(self._on_models)
        header.retry_button.clicked.connect(models.retry)
        header.difference_box.toggled.connect(self._actions["compare_difference"].setChecked)
        self.numbers_column.second_chosen.connect(header.choose_second)
        self.numbers_column.video_chosen.connect(self._on_video_chosen)
        self.numbers_column.models_view.measure_asked.connect(models.explain)
        self.numbers_column.disagreements_view.assess_all_button.clicked.connect(models.assess_all)

    # Called by the window

    def on_shown(self) -> None:
        """Choose models if none are chosen, query them, and request the picture."""
        if not self._has_chosen_first:
            self._has_chosen_first = True
            self._choose_first()
        self._on_video(self._app_context.playback.video)
        self.model_set.set_active(active=True)
        self.focus_player()

    def on_hidden(self) -> None:
        self.model_set.set_active(active=False)

    def _choose_first(self) -> None:
        chosen_models = [(key, self.candidates.name(key)) for key in self._app_context.settings.compared_models]
        if not chosen_models:
            chosen_models = self.candidates.initial_models()
        self.model_set.choose(chosen_models)

    def _on_candidates(self) -> None:
        if self._has_chosen_first and not self.model_set.keys and not self._app_context.settings.compared_models:
            self._choose_first()

    # The compared models

    @property
    def line_styles(self) -> dict[str, tuple[str, LineStyle]]:
        """Number and line style of each model, by key."""
        return {key: (str(index + 1), LINE_STYLES[index]) for index, key in enumerate(self.model_set.keys)}

    def _on_toggled(self, key: str, on: bool) -> None:
        if on:
            self.model_set.add(key, self.candidates.name(key))
        else:
            self.model_set.remove(key)

    def _on_models(self, *_: object) -> None:
        pane_keys = self.model_set.keys
        if self.header.difference_box.isChecked() and len(pane_keys) > 1:
            pane_keys = (*pane_keys, DIFFERENCE)
        self.pane_grid.set_keys(pane_keys)
        self.header.set_models(self.model_set.rows)
        self._refresh()

    def _on_remove(self, key: str) -> None:
        if key == DIFFERENCE:
            self.header.difference_box.setChecked(False)
        else:
            self.model_set.remove(key)

    def _on_video_chosen(self, name: str) -> None:
        clip = self.agreement_loader.clip(name)
        if clip is not None:
            self._app_context.state.set_current(clip)

    # The video on screen

    def _on_video(self, video: VideoInfo | None) -> None:
        self.pane_grid.set_video(video)
        self._refresh()
        if video is not None and self.isVisible() and not self.pane_grid.has_picture:
            self._app_context.feed.request(self._app_context.playback.frame)

    def _on_picture(self, picture: DisplayPicture) -> None:
        if self._app_context.playback.video is not None:
            self.pane_grid.set_picture(picture)
            self._update_captions()

    def _on_row(self, *_: object) -> None:
        self._refresh_later.start()

    def _refresh(self, *_: object) -> None:
        if not self.isVisible() and self._has_chosen_first:
            return
        rows = self.model_set.rows
        video = self._app_context.playback.video
        self._show_page(has_video=video is not None)
        analyses = {row.key: row.analysis for row in rows if row.analysis is not None}
        map_styles = map_styles_of(analyses, self._map_style, self.header.chosen_scale)
        for row in rows:
            pane = self.pane_grid.panes[row.key]
            reason = row.reason if row.progress is ModelProgress.FAILED else ""
            pane.refuse(reason)
            pane.canvas.set_map_style(map_styles.get(row.key, self._map_style))
            pane.canvas.set_analysis(row.analysis)
        first, second = self.header.pair
        self.contrast_loader.request(first, second, rows)
        self._show_difference()
        self.pane_grid.refresh()
        self._update_captions()
        self._show_bars(analyses, map_styles)
        self.curves_panel.show_curves(tuple(analyses.items()), self.line_styles, self.agreement_loader.spreads())
        contrast = self.contrast_loader.contrast
        frame = self._app_context.playback.frame
        self.numbers_column.show_numbers(rows, contrast, self.model_set, self.agreement_loader, frame_index=frame)
        self.header.retry_button.setVisible(self.model_set.can_retry)

    @property
    def _map_style(self) -> MapStyle:
        return self._app_context.state.map_style

    def _show_page(self, *, has_video: bool) -> None:
        can_compare = has_video and bool(self.model_set.keys)
        page_index = 1 if can_compare else 0
        self._pages.setCurrentIndex(page_index)
        if self.model_set.keys:
            self._empty_label.setText("Open a video to see what each model attends to.")
        else:
            self._empty_label.setText("Choose two to nine models to see what each attends to.")
        self.choose_button.setVisible(not self.model_set.keys)

    def _on_contrast(self) -> None:
        self._show_difference()
        self.pane_grid.refresh()
        self._update_captions()
        self._refresh_later.start()

    def _show_difference(self) -> None:
        pane = self.pane_grid.panes.get(DIFFERENCE)
        if pane is not None:
            contrast = self._contrast_of_pair
            difference = contrast.difference if contrast is not None else None
            pane.canvas.set_map_style(self._map_style)
            pane.canvas.set_difference(difference)

    @property
    def _contrast_of_pair(self) -> Contrast | None:
        """The contrast of the chosen pair, or None until it is computed."""
        contrast = self.contrast_loader.contrast
        if contrast is None or (contrast.first_key, contrast.second_key) != self.header.pair:
            return None
        return contrast

    def _scene(self, key: str) -> Scene | None:
        displayed = self.pane_grid.panes[key].canvas.displayed_frame
        return displayed.scene if displayed is not None else None

    def _update_captions(self) -> None:
        """Update the captions of all panes."""
        line_styles = self.line_styles
        has_own_scales = self.header.chosen_scale is not ColourLimits.COMMON
        for row in self.model_set.rows:
            _, line_style = line_styles[row.key]
            details = details_of(self._scene(row.key), with_limits=has_own_scales)
            text = PaneText(
                row.name,
                row.pane_number,
                line_style=None if row.is_uniform else line_style,
                kind=kind_of(row),
                score=score_of(row),
                details=details,
                calibrated_score=self._calibrated_score(row),
            )
            self.pane_grid.panes[row.key].set_text(text)
        if DIFFERENCE in self.pane_grid.panes:
            text = PaneText(self._difference_name(), kind="difference", score=self._difference_source())
            self.pane_grid.panes[DIFFERENCE].set_text(text)

    def _difference_source(self) -> str:
        """Return the source of the difference map, or the reason why there is no map."""
        scene = self._scene(DIFFERENCE)
        if scene is not None:
            return source_of(scene)
        contrast = self._contrast_of_pair
        lacks_map = contrast is not None and contrast.lacks_map
        return "one of them has no map" if lacks_map else "waiting for both models"

    def _calibrated_score(self, row: ComparedModel) -> CalibratedScore | None:
        """Return the score of a complete analysis on the raters' scale."""
        analysis = row.complete_analysis
        if analysis is None:
            return None
        video_task, study_task = self._app_context.videos.tasks(analysis.clip)
        return analysis.in_task(video_task, study_task).scaled

    def _difference_name(self) -> str:
        numbers = {row.key: row.pane_number for row in self.model_set.rows}
        first, second = self.header.pair
        return f"{numbers.get(first, '')} minus {numbers.get(second, '')}"

    def _show_bars(self, analyses: dict[str, Analysis], map_styles: dict[str, MapStyle]) -> None:
        if self._map_style.overlay is Overlay.OFF:
            self.colour_bars.show_bars("maps hidden", [])
            return
        has_common_scale = self.header.chosen_scale is ColourLimits.COMMON
        bars = []
        if has_common_scale:
            units = {MapKind.DISTRIBUTION: ", × average", MapKind.GATE: ", 0 to 1", MapKind.SIGNED: ""}
            for kind, scene in shared_bars(analyses, map_styles).items():
                bars.append((f"{format_kind(kind)}{units[kind]}", scene))
        difference = self._scene(DIFFERENCE) if DIFFERENCE in self.pane_grid.panes else None
        if difference is not None and difference.values is not None:
            bars.append((f"{self._difference_name()}, × average", difference))
        message = "" if has_common_scale else "Each map has its own scale; its range is shown under it."
        self.colour_bars.show_bars(message, bars)

    def handlers(self, dialogs: Dialogs) -> Handlers:
        """Return the handlers of the Compare menu and of the player."""
        self.header.models_menu.open_asked.connect(lambda: self._open_model(dialogs))
        return Handlers(
            commands={
                "compare_models": self.header.models_button.showMenu,
                "compare_all": self.model_set.assess_all,
                "save_comparison": lambda: self.comparison_saver.table(dialogs, self.model_set.rows),
                "save_comparison_figure": lambda: self.save_figure(dialogs),
                "save_agreement": lambda: self.comparison_saver.agreement(
                    dialogs, self.model_set, self.agreement_loader, ranks=False
                ),
                "save_ranks": lambda: self.comparison_saver.agreement(
                    dialogs, self.model_set, self.agreement_loader, ranks=True
                ),
            },
            switches={"compare_difference": self.header.difference_box.setChecked},
            player_commands={
                "zoom_in": self.pane_grid.zoom_in,
                "zoom_out": self.pane_grid.zoom_out,
                "zoom_fit": self.pane_grid.fit,
                "curve_fit": self.curves_panel.plot.fit,
                "focus": self.focus_player,
            },
        )

    def _open_model(self, dialogs: Dialogs) -> None:
        folder = dialogs.folder(self, "Open a checkpoint folder")
        if folder is not None:
            self._on_toggled(self.candidates.add_folder(folder), on=True)

    def save_figure(self, dialogs: Dialogs) -> None:
        """Save the panes as a figure, as they are shown."""
        difference = self.header.pair if DIFFERENCE in self.pane_grid.panes else None
        map_style = replace(self._map_style, scale=self.header.chosen_scale)
        blur_faces = self.blur_faces_action.isChecked()
        self.comparison_saver.figure(dialogs, self.model_set.rows, map_style, difference, blur_faces=blur_faces)

    def focus_player(self) -> None:
        self.pane_grid.setFocus()
