"""The Compare screen: panes of the same frame, the curves of all models, and the numbers."""

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
from skillviewer.ui.comparing.compare_header import Header
from skillviewer.ui.comparing.compared_models import ComparedModel, ModelProgress
from skillviewer.ui.comparing.comparison_saver import ComparisonSaver
from skillviewer.ui.comparing.contrast import Contrast
from skillviewer.ui.comparing.contrast_loader import ContrastLoader
from skillviewer.ui.comparing.curve_lines import STROKES, LineStyle
from skillviewer.ui.comparing.curves_panel import CurvesPanel
from skillviewer.ui.comparing.model_set import ModelSet
from skillviewer.ui.comparing.numbers import format_kind
from skillviewer.ui.comparing.numbers_column import NumbersColumn
from skillviewer.ui.comparing.pane import PaneText, kind_of, rest_of, score_of, source_of
from skillviewer.ui.comparing.pane_grid import PaneGrid
from skillviewer.ui.player.map_menu import MapMenu
from skillviewer.ui.player.transport import Transport
from skillviewer.ui.session.app_context import AppContext
from skillviewer.ui.session.frame_feed import DisplayPicture
from skillviewer.ui.threads.throttle import single_shot
from skillviewer.ui.widgets.dialogs import Dialogs
from skillviewer.ui.widgets.labels import text_label
from skillviewer.ui.widgets.layout import NONE, Spacing, add_all, push_button, splitter, vertical
from skillviewer.ui.widgets.pages import Pages

DIFFERENCE = "difference"  # key of the pane that shows the difference of two models


class CompareScreen(QWidget):
    """Two to nine models on the video on screen."""

    def __init__(self, app_context: AppContext, actions: Actions, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._app_context = app_context
        self._actions = actions
        self._begun = False
        self.models = ModelSet(app_context, self)
        self.candidates = Candidates(app_context, self)
        self.contrasting = ContrastLoader(app_context.index, app_context.messages, self)
        self.studying = AgreementLoader(app_context, self.models, self)
        self.saving = ComparisonSaver(app_context, self)
        self._make_parts()
        self._lay_out()
        self._connect()
        self._later = single_shot(self, 0, self._refresh)
        self._on_models()

    def _make_parts(self) -> None:
        app_context, actions = self._app_context, self._actions
        self.header = Header(self.candidates, self)
        self.grid = PaneGrid(app_context.icons, self)
        # the header has the colour scale of all panes
        map_actions = actions["overlay"], actions["next_look"]
        self.map_menu = MapMenu(app_context.state, map_actions, self, without=("scale",))
        self.grid.menu_asked.connect(self.map_menu.open_at)
        self.bars = ColourBarStrip(self)
        self.transport = Transport(app_context, actions, self)
        self.curves = CurvesPanel(app_context.playback, self)
        self.side = NumbersColumn(actions, self)
        save = QMenu(self.header)
        for name in ("save_comparison", "save_comparison_figure", "save_agreement", "save_ranks"):
            save.addAction(actions[name])
        save.addSeparator()
        self.blur_faces = save.addAction("&Blur faces in the figure")
        self.blur_faces.setCheckable(True)
        self.blur_faces.setToolTip("Some faces may be missed: check the saved file")
        save.setToolTipsVisible(True)
        self.header.save.setMenu(save)
        self.empty = QWidget(self)
        self._empty_text = text_label("", self.empty, wrap=True)
        self._empty_text.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.choose = push_button("Choose models", self.empty, self.header.models.showMenu, primary=True)

    def _lay_out(self) -> None:
        choose = (self.choose, 0, Qt.AlignmentFlag.AlignHCenter)
        add_all(QVBoxLayout(self.empty), 1, self._empty_text, Spacing(8), choose, 1)
        upper = QWidget(self)
        add_all(vertical(upper, NONE, 0), (self.grid, 1), self.bars, self.transport)
        self.curves.setMinimumWidth(280)
        lower = splitter(self, Qt.Orientation.Horizontal, (self.curves, self.side), (1, 1), (380, 560))
        whole = splitter(self, Qt.Orientation.Vertical, (upper, lower), (1,), (460, 200))
        self._pages = Pages(self)
        self._pages.addWidget(self.empty)
        self._pages.addWidget(whole)
        add_all(vertical(self, NONE, 0), self.header, (self._pages, 1))
        self._actions.attach_player(self.grid, self.curves.plot)

    def _connect(self) -> None:
        app_context, models, header = self._app_context, self.models, self.header
        app_context.playback.video_changed.connect(self._on_video)
        app_context.playback.frame_changed.connect(self.side.set_frame)
        app_context.feed.arrived.connect(self._on_picture)
        app_context.feed.lost.connect(self.grid.set_message)
        app_context.state.map_style_changed.connect(self._on_row)
        models.models_changed.connect(self._on_models)
        models.row_changed.connect(self._on_row)
        models.busy_changed.connect(self._on_row)
        self.studying.changed.connect(self._on_row)
        self.contrasting.changed.connect(self._on_contrast)
        self.candidates.changed.connect(self._on_candidates)
        header.menu.toggled.connect(self._on_toggled)
        self.grid.remove_asked.connect(self._on_remove)
        header.scale.currentIndexChanged.connect(self._refresh)
        header.pair_chosen.connect(self._refresh)
        header.difference.toggled.connect(self._on_models)
        header.again.clicked.connect(models.again)
        header.difference.toggled.connect(self._actions["compare_difference"].setChecked)
        self.side.second_chosen.connect(header.choose_second)
        self.side.video_chosen.connect(self._on_dispute)
        self.side.models.measure_asked.connect(models.explain)
        self.side.disagreements.assess_all.clicked.connect(models.assess_all)

    # called by the window

    def on_shown(self) -> None:
        """Choose models where none are chosen, query them, and request the picture."""
        if not self._begun:
            self._begun = True
            self._choose_first()
        self._on_video(self._app_context.playback.video)
        self.models.set_active(True)
        self.focus_player()

    def on_hidden(self) -> None:
        self.models.set_active(False)

    def _choose_first(self) -> None:
        remembered = [(key, self.candidates.name(key)) for key in self._app_context.settings.compared]
        self.models.choose(remembered or self.candidates.first_choice())

    def _on_candidates(self) -> None:
        if self._begun and not self.models.keys and not self._app_context.settings.compared:
            self._choose_first()

    # the compared models

    @property
    def strokes(self) -> dict[str, tuple[str, LineStyle]]:
        """Number and stroke of each model, by key."""
        return {key: (str(index + 1), STROKES[index]) for index, key in enumerate(self.models.keys)}

    def _on_toggled(self, key: str, on: bool) -> None:
        if on:
            self.models.add(key, self.candidates.name(key))
        else:
            self.models.remove(key)

    def _on_models(self, *_: object) -> None:
        keys = self.models.keys
        has_difference = self.header.difference.isChecked() and len(keys) > 1
        self.grid.set_keys((*keys, DIFFERENCE) if has_difference else keys)
        self.header.set_models(self.models.rows)
        self._refresh()

    def _on_remove(self, key: str) -> None:
        if key == DIFFERENCE:
            self.header.difference.setChecked(False)
        else:
            self.models.remove(key)

    def _on_dispute(self, name: str) -> None:
        clip = self.studying.clip(name)
        if clip is not None:
            self._app_context.state.set_current(clip)

    # the video on screen

    def _on_video(self, video: VideoInfo | None) -> None:
        self.grid.set_video(video)
        self._refresh()
        if video is not None and self.isVisible() and not self.grid.has_picture:
            self._app_context.feed.request(self._app_context.playback.frame)

    def _on_picture(self, picture: DisplayPicture) -> None:
        if self._app_context.playback.video is not None:
            self.grid.set_picture(picture)
            self._say_panes()

    def _on_row(self, *_: object) -> None:
        self._later.start()

    def _refresh(self, *_: object) -> None:
        if not self.isVisible() and self._begun:
            return
        rows = self.models.rows
        video = self._app_context.playback.video
        self._show_page(has_video=video is not None)
        analyses = {row.key: row.analysis for row in rows if row.analysis is not None}
        map_styles = map_styles_of(analyses, self._map_style, self.header.chosen_scale)
        for row in rows:
            pane = self.grid.panes[row.key]
            pane.refuse(row.reason if row.progress is ModelProgress.FAILED else "")
            pane.canvas.set_map_style(map_styles.get(row.key, self._map_style))
            pane.canvas.set_analysis(row.analysis)
        self.contrasting.want(*self.header.pair, rows)
        self._show_difference()
        self.grid.refresh()
        self._say_panes()
        self._show_bars(analyses, map_styles)
        self.curves.show_curves(tuple(analyses.items()), self.strokes, self.studying.spreads())
        contrast = self.contrasting.contrast
        frame = self._app_context.playback.frame
        self.side.show_numbers(rows, contrast, self.models, self.studying, frame)
        self.header.again.setVisible(self.models.troubled)

    @property
    def _map_style(self) -> MapStyle:
        return self._app_context.state.map_style

    def _show_page(self, *, has_video: bool) -> None:
        ready = has_video and bool(self.models.keys)
        self._pages.setCurrentIndex(1 if ready else 0)
        if self.models.keys:
            self._empty_text.setText("Open a video to see what each model attends to.")
        else:
            self._empty_text.setText("Choose two to nine models to see what each attends to.")
        self.choose.setVisible(not self.models.keys)

    def _on_contrast(self) -> None:
        self._show_difference()
        self.grid.refresh()
        self._say_panes()
        self._later.start()

    def _show_difference(self) -> None:
        pane = self.grid.panes.get(DIFFERENCE)
        if pane is not None:
            contrast = self._contrast_of_pair
            pane.canvas.set_map_style(self._map_style)
            pane.canvas.set_difference(contrast.difference if contrast is not None else None)

    @property
    def _contrast_of_pair(self) -> Contrast | None:
        contrast = self.contrasting.contrast
        return contrast if contrast is not None and (contrast.first, contrast.second) == self.header.pair else None

    def _scene(self, key: str) -> Scene | None:
        displayed = self.grid.panes[key].canvas.shown
        return displayed.scene if displayed is not None else None

    def _say_panes(self) -> None:
        strokes = self.strokes
        has_own_scale = self.header.chosen_scale is not ColourLimits.COMMON
        for row in self.models.rows:
            details = rest_of(self._scene(row.key), with_limits=has_own_scale)
            stroke = None if row.is_uniform else strokes[row.key][1]
            text = PaneText(row.name, row.number, stroke, kind_of(row), score_of(row), details, self._scaled(row))
            self.grid.panes[row.key].set_text(text)
        if DIFFERENCE in self.grid.panes:
            scene = self._scene(DIFFERENCE)
            contrast = self._contrast_of_pair
            mapless = contrast is not None and contrast.second_without_map
            waiting = "one of them has no map" if mapless else "waiting for both models"
            score = source_of(scene) if scene is not None else waiting
            name = "{} minus {}".format(*self._pair_numbers())
            self.grid.panes[DIFFERENCE].set_text(PaneText(name, kind="difference", score=score))

    def _scaled(self, row: ComparedModel) -> CalibratedScore | None:
        whole = row.whole
        videos = self._app_context.videos
        return None if whole is None else whole.in_task(*videos.tasks(whole.clip)).scaled

    def _pair_numbers(self) -> tuple[str, str]:
        numbers = {row.key: row.number for row in self.models.rows}
        first, second = self.header.pair
        return numbers.get(first, ""), numbers.get(second, "")

    def _show_bars(self, analyses: dict[str, Analysis], map_styles: dict[str, MapStyle]) -> None:
        bars = []
        if self.header.chosen_scale is ColourLimits.COMMON:
            units = {MapKind.DISTRIBUTION: "× average", MapKind.GATE: "0 to 1", MapKind.SIGNED: ""}
            for kind, scene in shared_bars(analyses, map_styles).items():
                bars.append((", ".join(filter(None, (format_kind(kind), units[kind]))), scene))
        difference = self._scene(DIFFERENCE) if DIFFERENCE in self.grid.panes else None
        if difference is not None and difference.values is not None:
            bars.append(("{} minus {}, × average".format(*self._pair_numbers()), difference))
        if self._map_style.overlay is Overlay.OFF:
            self.bars.show_bars("maps hidden", [])
        elif self.header.chosen_scale is ColourLimits.COMMON:
            self.bars.show_bars("", bars)
        else:
            self.bars.show_bars("Each map has its own scale; its range is shown under it.", bars)

    def handlers(self, dialogs: Dialogs) -> Handlers:
        """Return the handlers of the Compare menu and of the player; dialogs ask for files and folders."""
        self.header.menu.open_asked.connect(lambda: self._open_model(dialogs))
        return Handlers(
            run={
                "compare_models": self.header.models.showMenu,
                "compare_all": self.models.assess_all,
                "save_comparison": lambda: self.saving.table(dialogs, self.models.rows),
                "save_comparison_figure": lambda: self.save_figure(dialogs),
                "save_agreement": lambda: self.saving.agreement(dialogs, self.models, self.studying, ranks=False),
                "save_ranks": lambda: self.saving.agreement(dialogs, self.models, self.studying, ranks=True),
            },
            switch={"compare_difference": self.header.difference.setChecked},
            player={
                "zoom_in": self.grid.zoom_in,
                "zoom_out": self.grid.zoom_out,
                "zoom_fit": self.grid.fit,
                "curve_fit": self.curves.plot.fit,
                "focus": self.focus_player,
            },
        )

    def _open_model(self, dialogs: Dialogs) -> None:
        folder = dialogs.folder(self, "Open a checkpoint folder")
        if folder is not None:
            self._on_toggled(self.candidates.take(folder), on=True)

    def save_figure(self, dialogs: Dialogs) -> None:
        subtracted = self.header.pair if DIFFERENCE in self.grid.panes else None
        map_style = replace(self._map_style, scale=self.header.chosen_scale)
        blurs = self.blur_faces.isChecked()
        self.saving.figure(dialogs, self.models.rows, map_style, subtracted, blur_faces=blurs)

    def focus_player(self) -> None:
        self.grid.setFocus()
