"""The head of the Compare screen, and the models that it offers."""

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QObject, QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import QCheckBox, QComboBox, QMenu, QPushButton, QSizePolicy, QWidget

from skillviewer.core.analysis.scene import ColourLimits
from skillviewer.core.text import printable
from skillviewer.data.study import Study
from skillviewer.ui.comparing.compared_models import MOST, UNIFORM, ComparedModel
from skillviewer.ui.session.app_context import AppContext
from skillviewer.ui.session.studies import MODELS
from skillviewer.ui.widgets.layout import FlowLayout, as_tip, named, push_button, text_label
from skillviewer.ui.widgets.theme import by_text


def _versions(study: Study) -> tuple[tuple[str, str], ...]:
    """Return (folder, name) of the models of a study whose checkpoints are there."""
    models = study.models.all()
    several = {m.name for m in models if m.version > 1}
    return tuple(
        (str(m.path), f"{m.name} v{m.version}" if m.name in several else m.name) for m in models if m.path is not None
    )


class Candidates(QObject):
    """The models that can be chosen."""

    changed = Signal()

    def __init__(self, app_context: AppContext, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._app_context = app_context
        self._of_study: tuple[tuple[str, str], ...] = ()
        self._opened: dict[str, str] = {}
        app_context.models.entries_changed.connect(self.changed)
        app_context.studies.opened.connect(self._ask)
        app_context.studies.changed.connect(self._on_changed)
        app_context.studies.closed.connect(self._on_closed)
        if app_context.studies.current is not None:
            self._ask()

    @property
    def all(self) -> tuple[tuple[str, str], ...]:
        """Key and name of each model, the uniform baseline last."""
        found = dict(self._of_study)
        for entry in self._app_context.models.entries:
            found.setdefault(str(entry.folder), entry.name)
        model = self._app_context.state.model
        if model is not None:
            found.setdefault(str(model.folder), model.name)
        return (*({**found, **self._opened}).items(), (UNIFORM, "Uniform"))

    def name(self, key: str) -> str:
        return dict(self.all).get(key, Path(key).name)

    def take(self, folder: Path) -> str:
        """Offer a checkpoint in another folder; return its key."""
        self._opened[str(folder)] = folder.name
        self.changed.emit()
        return str(folder)

    def first_choice(self) -> list[tuple[str, str]]:
        """Return the models compared before any choice: the loaded one, and up to three more."""
        wanted = self._app_context.models.wanted
        folders = [key for key, _ in self.all if key != UNIFORM]
        folders.sort(key=lambda key: wanted is None or key != str(wanted))
        keys = folders[:4] if len(folders) > 1 else [*folders, UNIFORM]
        return [(key, self.name(key)) for key in keys] if folders else []

    def _ask(self, *_: object) -> None:
        self._app_context.studies.read(_versions).then(succeeded=self._on_versions)

    def _on_changed(self, changes: frozenset[str]) -> None:
        if MODELS in changes:
            self._ask()

    def _on_versions(self, versions: tuple[tuple[str, str], ...]) -> None:
        self._of_study = versions
        self.changed.emit()

    def _on_closed(self) -> None:
        self._of_study = ()
        self.changed.emit()


OPEN = ""
BOX_PX, LONGEST_NAME_PX = 150, 104


class ModelsMenu(QMenu):
    """Menu of the models that can be compared; compared ones are checked."""

    toggled = Signal(str, bool)
    open_asked = Signal()

    def __init__(self, candidates: Candidates, parent: QWidget) -> None:
        super().__init__(parent)
        self._candidates = candidates
        self._keys: tuple[str, ...] = ()
        self.aboutToShow.connect(self._fill)
        self.triggered.connect(self._on_triggered)

    def set_keys(self, keys: tuple[str, ...]) -> None:
        self._keys = keys

    def _fill(self) -> None:
        self.clear()
        known = dict(self._candidates.all)
        listed = {key: self._candidates.name(key) for key in self._keys if key not in known} | known
        full = len(self._keys) >= MOST
        for key, name in listed.items():
            text = printable(name)
            if key == UNIFORM:
                self.addSeparator()
                text = "Uniform: the same attention everywhere"
            action = self.addAction(text.replace("&", "&&"))
            action.setData(key)
            action.setCheckable(True)
            action.setChecked(key in self._keys)
            action.setEnabled(key in self._keys or not full)
        if full:
            note = self.addAction("Nine models at most: remove one first")
            note.setEnabled(False)
        self.addSeparator()
        self.addAction("Open a model folder…").setData(OPEN)

    def _on_triggered(self, action: object) -> None:
        data, checked = action.data(), action.isChecked()  # type: ignore[attr-defined]
        if data == OPEN:
            self.open_asked.emit()
        else:
            self.toggled.emit(str(data), checked)


class Header(QWidget):
    """One row of controls."""

    pair_chosen = Signal()

    def __init__(self, candidates: Candidates, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
        self.menu = ModelsMenu(candidates, self)
        self.models = QPushButton("Models", self)
        self.models.setMenu(self.menu)
        self.models.setToolTip("Choose two to nine models")
        self.scale = QComboBox(self)
        for scale, text in (
            (ColourLimits.COMMON, "One scale for all"),
            (ColourLimits.CLIPPED, "A scale for each model"),
            (ColourLimits.FRAME, "A scale for each frame"),
        ):
            self.scale.addItem(text, scale)
        self.scale.setAccessibleName("Colour scale")
        self.scale.setToolTip("Range of values that the colours cover")
        self.first, self.second = self._names("Compared model"), self._names("Compared with")
        self._against = text_label("against", self, muted=True)
        self.difference = QCheckBox("Show the difference", self)
        self.difference.setToolTip("+ where the first model looks more, − where the second does")
        self.again = push_button("Try again", self)
        self.save = QPushButton("Save", self)
        shown = (self.models, self.scale, self.first, self._against, self.second, self.difference)
        row = FlowLayout(self, 8)
        row.setContentsMargins(8, 6, 8, 6)
        for each in (*shown, self.again, self.save):
            each.setMinimumHeight(self.save.sizeHint().height())  # words stand in the middle of the line
            row.addWidget(each)
        for control in (self.models, self.scale, self.first, self.second, self.difference, self.again, self.save):
            control.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.first.currentIndexChanged.connect(self._on_pair)
        self.second.currentIndexChanged.connect(self._on_pair)
        self.again.hide()
        self._show_choices(0)

    def _names(self, name: str) -> QComboBox:
        box = named(QComboBox(self), name)
        box.setToolTip(as_tip(name))
        box.setFixedWidth(by_text(BOX_PX))
        return box

    @property
    def chosen_scale(self) -> ColourLimits:
        return ColourLimits(self.scale.currentData())

    @property
    def pair(self) -> tuple[str, str]:
        """Keys of the two models to compare; "" where there is none."""
        return str(self.first.currentData() or ""), str(self.second.currentData() or "")

    def set_models(self, models: Sequence[ComparedModel]) -> None:
        """Offer the compared models; a choice stays where it is still possible.

        The pair has two different models where there are two.
        """
        before = self.pair
        keys = [model.key for model in models]
        self.menu.set_keys(tuple(keys))
        first = before[0] if before[0] in keys else next(iter(keys), "")
        second = before[1] if before[1] in keys and before[1] != first else next((k for k in keys if k != first), "")
        for box, chosen in ((self.first, first), (self.second, second)):
            with QSignalBlocker(box):
                box.clear()
                for model in models:
                    text = printable(model.name)
                    short = self.fontMetrics().elidedText(text, Qt.TextElideMode.ElideMiddle, LONGEST_NAME_PX)
                    box.addItem(f"{model.number}  {short}", model.key)
                    box.setItemData(box.count() - 1, as_tip(text), Qt.ItemDataRole.ToolTipRole)
                box.setCurrentIndex(box.findData(chosen))
        self._show_choices(len(keys))
        if self.pair != before:
            self.pair_chosen.emit()

    def _show_choices(self, n_models: int) -> None:
        of_one: tuple[QWidget, ...] = (self.scale, self.save)
        of_two: tuple[QWidget, ...] = (self.first, self._against, self.second, self.difference)
        for control in of_one:
            control.setVisible(n_models > 0)
        for control in of_two:
            control.setVisible(n_models > 1)
        self.difference.setEnabled(n_models > 1)

    def choose_second(self, key: str) -> None:
        if key != self.pair[0] and self.second.findData(key) >= 0:
            self.second.setCurrentIndex(self.second.findData(key))

    def _on_pair(self, _index: int) -> None:
        first, second = self.pair
        if first == second:  # the other box takes the next model
            moved = self.second if self.sender() is self.first else self.first
            moved.setCurrentIndex((moved.currentIndex() + 1) % max(moved.count(), 1))
            return
        self.pair_chosen.emit()
