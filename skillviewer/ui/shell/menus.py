"""Menus whose entries change while the program runs."""

from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QWidget

from skillviewer.core.analysis.score_curve import CURVE_LOOKS
from skillviewer.core.text import printable
from skillviewer.ui.session.app_context import AppContext
from skillviewer.ui.session.model_chooser import ModelChooser
from skillviewer.ui.session.settings import PASSES, Settings
from skillviewer.ui.session.viewer_state import ViewerState
from skillviewer.ui.widgets.exclusive_menu import ExclusiveMenu
from skillviewer.ui.widgets.theme import theme_choices


def passes_menu(state: ViewerState, parent: QWidget) -> ExclusiveMenu:
    """Return the menu of the number of interleaved passes of an assessment."""
    choices = [(1, "1 pass"), *((n, f"{n} passes, with an interval") for n in PASSES[1:])]
    menu = ExclusiveMenu(
        "Passes over different frames", choices, parent, on_chosen=state.set_passes, value=state.passes
    )
    state.passes_changed.connect(menu.set_value)
    return menu


def curve_menu(state: ViewerState, parent: QWidget) -> ExclusiveMenu:
    """Return the menu of the looks of the score curve."""
    options = [(curve_look.name, curve_look.title) for curve_look in CURVE_LOOKS]
    menu = ExclusiveMenu("Score curve as", options, parent, on_chosen=state.set_curve_look, value=state.curve_look)
    state.curve_look_changed.connect(menu.set_value)
    return menu


def theme_menu(app_context: AppContext, parent: QWidget) -> ExclusiveMenu:
    """Return the menu of the themes."""
    themes = app_context.themes
    return ExclusiveMenu("Theme", theme_choices(), parent, on_chosen=app_context.choose_theme, value=themes.choice)


class ModelMenu(ExclusiveMenu):
    """Menu of the checkpoints on this computer."""

    def __init__(self, models: ModelChooser, parent: QWidget) -> None:
        super().__init__("Model", [], parent, lambda folder: models.choose(Path(folder)))
        self._models = models
        self._empty_action = self.addAction("No model on this computer")
        self._empty_action.setEnabled(False)
        models.entries_changed.connect(self._on_entries)
        models.requested_changed.connect(self._on_requested)
        self._on_entries()

    def _on_entries(self) -> None:
        entries = [(str(entry.folder), printable(entry.name)) for entry in self._models.entries]
        chosen_model = self._models.requested_folder
        if chosen_model is not None and str(chosen_model) not in {folder for folder, _ in entries}:
            entries.append((str(chosen_model), printable(chosen_model.name)))
        self.set_options(entries)
        self._empty_action.setVisible(not entries)
        self._on_requested(chosen_model)

    def _on_requested(self, folder: Path | None) -> None:
        value = str(folder) if folder is not None else None
        self.set_value(value)


class CriterionMenu(ExclusiveMenu):
    """Menu of the criteria of the study and the models; hidden unless there are several."""

    def __init__(self, app_context: AppContext, parent: QWidget) -> None:
        super().__init__("Criterion", [], parent, app_context.choose_criterion)
        self._app_context = app_context
        app_context.studies.opened.connect(self._refresh)
        app_context.studies.replaced.connect(self._refresh)
        app_context.models.entries_changed.connect(self._refresh)
        self._refresh()

    def _refresh(self, *_: object) -> None:
        study = self._app_context.studies.current_study
        study_criteria = study.criteria if study is not None else ()
        model_criteria = [entry.criterion for entry in self._app_context.models.entries]
        criteria = dict.fromkeys((*study_criteria, *model_criteria))
        self.set_options([(name, printable(name)) for name in criteria])
        criterion_in_use = study.criterion if study is not None else None
        self.set_value(criterion_in_use)
        self.menuAction().setVisible(len(criteria) > 1)


class RecentMenu(QMenu):
    """Menu of recently opened files and folders."""

    chosen = Signal(object)  # path

    def __init__(self, settings: Settings, parent: QWidget) -> None:
        super().__init__(parent)
        self.setTitle("Open recent")
        self._settings = settings
        self._are_names_hidden = False
        self.triggered.connect(self._on_triggered)
        self.refresh()

    def set_names_hidden(self, hidden: bool) -> None:
        """Hide the entries while names of videos are hidden."""
        if hidden != self._are_names_hidden:
            self._are_names_hidden = hidden
            self.refresh()

    def refresh(self) -> None:
        self.clear()
        recent = self._settings.recent if not self._are_names_hidden else ()
        for path in recent:
            text = printable(str(path))
            action = self.addAction(text.replace("&", "&&"))
            action.setData(str(path))
        self.addSeparator()
        self.addAction("Clear list")
        self.setEnabled(bool(recent))

    def _on_triggered(self, action: QAction) -> None:
        if action.data():
            self.chosen.emit(Path(action.data()))
        else:
            self._settings.forget_recent()
            self.refresh()
