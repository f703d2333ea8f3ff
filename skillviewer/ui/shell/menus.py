"""Menus in which one of several entries is chosen."""

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QCoreApplication, QObject, Signal, Slot
from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QMenu, QWidget

from skillviewer.core.analysis.scene import Look
from skillviewer.core.analysis.score_curve import CURVE_LOOKS
from skillviewer.core.text import printable
from skillviewer.ui.session.models import ModelChooser
from skillviewer.ui.session.program import Program
from skillviewer.ui.session.settings import PASSES, Settings
from skillviewer.ui.session.viewer_state import ViewerState, look_choices
from skillviewer.ui.widgets.theme import ThemeChoice, ThemeSource, theme_choices


class Choice(QMenu):
    """A menu whose entries exclude each other.

    Args:
        options: (value, words) of each entry.
    """

    chosen = Signal(object)

    def __init__(self, title: str, options: Sequence[tuple[object, str]], parent: QWidget) -> None:
        super().__init__(title, parent)
        self._group = QActionGroup(self)
        self._group.triggered.connect(self._on_triggered)
        self._value: object = None
        self.set_options(options)

    def set_options(self, options: Sequence[tuple[object, str]]) -> None:
        """Offer other entries."""
        for action in self._group.actions():
            self._group.removeAction(action)
            self.removeAction(action)
            action.deleteLater()
        for value, words in options:
            action = self.addAction(words.replace("&", "&&"))
            action.setCheckable(True)
            action.setData(value)
            action.setChecked(value == self._value)
            self._group.addAction(action)

    def set_value(self, value: object) -> None:
        """Mark the entry of a value."""
        self._value = value
        for action in self._group.actions():
            action.setChecked(action.data() == value)

    @Slot(QAction)
    def _on_triggered(self, action: QAction) -> None:
        self._value = action.data()
        self.chosen.emit(self._value)


class LookMenus(QObject):
    """Menus of the look of maps: overlay, scale, interpolation between sampled frames, colours."""

    def __init__(self, state: ViewerState, parent: QWidget) -> None:
        super().__init__(parent)
        self._state = state
        titles = {
            "overlay": self.tr("Map as"),
            "scale": self.tr("Colour scale"),
            "between": self.tr("Between sampled frames"),
            "colours": self.tr("Colours"),
        }
        choices = look_choices()
        self.all = [Choice(title, choices[name], parent) for name, title in titles.items()]
        for name, menu in zip(titles, self.all, strict=True):
            menu.setObjectName(name)
            menu.chosen.connect(self._on_chosen)
        state.look_changed.connect(self._on_look)
        self._on_look(state.look)

    @Slot(object)
    def _on_chosen(self, value: str) -> None:
        name = self.sender().objectName()
        kind = type(getattr(self._state.look, name))  # Qt hands over the text of an enum
        self._state.set_look(**{name: kind(value)})

    @Slot(object)
    def _on_look(self, look: Look) -> None:
        for menu in self.all:
            menu.set_value(getattr(look, menu.objectName()))


class ModelMenu(Choice):
    """The checkpoints on this computer."""

    def __init__(self, models: ModelChooser, parent: QWidget) -> None:
        super().__init__(models.tr("Model"), [], parent)
        self._models = models
        self._nothing = self.addAction(self.tr("No model on this computer"))
        self._nothing.setEnabled(False)
        self.chosen.connect(self._on_chosen)
        models.entries_changed.connect(self._on_entries)
        models.wanted_changed.connect(self._on_wanted)
        self._on_entries()

    @Slot()
    def _on_entries(self) -> None:
        entries = [(str(entry.folder), printable(entry.name)) for entry in self._models.entries]
        wanted = self._models.wanted
        if wanted is not None and str(wanted) not in {folder for folder, _ in entries}:
            entries.append((str(wanted), printable(wanted.name)))
        self.set_options(entries)
        self._nothing.setVisible(not entries)
        self._on_wanted(wanted)

    @Slot(object)
    def _on_wanted(self, folder: Path | None) -> None:
        self.set_value(str(folder) if folder is not None else None)

    @Slot(object)
    def _on_chosen(self, folder: str) -> None:
        self._models.choose(Path(folder))


class PassesMenu(Choice):
    """Menu of the number of interleaved passes of an assessment."""

    def __init__(self, state: ViewerState, parent: QWidget) -> None:
        words = [(1, state.tr("1 pass")), *((n, state.tr("{} passes, with an interval").format(n)) for n in PASSES[1:])]
        super().__init__(state.tr("Passes over different frames"), words, parent)
        self.set_value(state.passes)
        self.chosen.connect(state.set_passes)
        state.passes_changed.connect(self.set_value)


class CurveMenu(Choice):
    """Menu of the looks of the score curve."""

    def __init__(self, state: ViewerState, parent: QWidget) -> None:
        options = [(look.name, QCoreApplication.translate("curves", look.title)) for look in CURVE_LOOKS]
        super().__init__(state.tr("Score curve as"), options, parent)
        self.set_value(state.curve_look)
        self.chosen.connect(state.set_curve_look)
        state.curve_look_changed.connect(self.set_value)


class CriterionMenu(Choice):
    """Menu of the criteria of the study and of the models; out of sight where there is one."""

    def __init__(self, program: Program, parent: QWidget) -> None:
        super().__init__(program.tr("Criterion"), [], parent)
        self._program = program
        self.chosen.connect(program.look_at)
        program.studies.opened.connect(self._refresh)
        program.studies.replaced.connect(self._refresh)
        program.models.entries_changed.connect(self._refresh)
        self._refresh()

    @Slot()
    def _refresh(self, *_: object) -> None:
        study = self._program.studies.current
        of_models = (entry.criterion for entry in self._program.models.entries)
        known = dict.fromkeys((*(study.criteria if study is not None else ()), *of_models))
        self.set_options([(name, printable(name)) for name in known])
        self.set_value(study.criterion if study is not None else None)
        self.menuAction().setVisible(len(known) > 1)


class ThemeMenu(Choice):
    """Light, dark, or as the system."""

    def __init__(self, themes: ThemeSource, settings: Settings, parent: QWidget) -> None:
        super().__init__(themes.tr("Theme"), theme_choices(), parent)
        self._themes, self._settings = themes, settings
        self.set_value(themes.choice)
        self.chosen.connect(self._on_chosen)

    @Slot(object)
    def _on_chosen(self, choice: ThemeChoice) -> None:
        self._settings.theme = ThemeChoice(choice)
        self._themes.choose(ThemeChoice(choice))


class RecentMenu(QMenu):
    """Files and folders opened before."""

    chosen = Signal(object)

    def __init__(self, settings: Settings, parent: QWidget) -> None:
        super().__init__(parent)
        self.setTitle(self.tr("Open recent"))
        self._settings = settings
        self._kept_back = False
        self.triggered.connect(self._on_triggered)
        self.refresh()

    def keep_back(self, *, names: bool) -> None:
        """Hide the names while names must not be read."""
        if names != self._kept_back:
            self._kept_back = names
            self.refresh()

    def refresh(self) -> None:
        """Read the list again."""
        self.clear()
        recent = self._settings.recent if not self._kept_back else ()
        for path in recent:
            action = self.addAction(printable(str(path)).replace("&", "&&"))
            action.setData(str(path))
        self.addSeparator()
        self.addAction(self.tr("Clear list"))
        self.setEnabled(bool(recent))

    @Slot(QAction)
    def _on_triggered(self, action: QAction) -> None:
        if action.data():
            self.chosen.emit(Path(action.data()))
        else:
            self._settings.forget_recent()
            self.refresh()
