"""The menu in which the compared models are ticked."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QMenu, QWidget

from skillviewer.core.text import printable
from skillviewer.ui.comparing.candidates import Candidates
from skillviewer.ui.comparing.compared_models import UNIFORM
from skillviewer.ui.comparing.curve_lines import MAX_MODELS

OPEN_FOLDER = ""  # data of the action that opens a model folder; all others have the key of a model


class ModelsMenu(QMenu):
    """Menu of the models that can be compared; compared ones are checked."""

    toggled = Signal(str, bool)
    open_asked = Signal()

    def __init__(self, candidates: Candidates, parent: QWidget) -> None:
        super().__init__(parent)
        self._candidates = candidates
        self._compared_keys: tuple[str, ...] = ()
        self.aboutToShow.connect(self._fill)
        self.triggered.connect(self._on_triggered)

    def set_compared(self, keys: tuple[str, ...]) -> None:
        self._compared_keys = keys

    def _fill(self) -> None:
        self.clear()
        names_by_key = dict(self._candidates.all)
        unlisted_keys = [key for key in self._compared_keys if key not in names_by_key]
        listed = {key: self._candidates.name(key) for key in unlisted_keys} | names_by_key
        full = len(self._compared_keys) >= MAX_MODELS
        for key, name in listed.items():
            text = printable(name)
            if key == UNIFORM:
                self.addSeparator()
                text = "Uniform: the same attention everywhere"
            action = self.addAction(text.replace("&", "&&"))
            action.setData(key)
            action.setCheckable(True)
            action.setChecked(key in self._compared_keys)
            action.setEnabled(key in self._compared_keys or not full)
        if full:
            note = self.addAction("Nine models at most: remove one first")
            note.setEnabled(False)
        self.addSeparator()
        self.addAction("Open a model folder…").setData(OPEN_FOLDER)

    def _on_triggered(self, action: object) -> None:
        data = action.data()  # type: ignore[attr-defined]
        checked = action.isChecked()  # type: ignore[attr-defined]
        if data == OPEN_FOLDER:
            self.open_asked.emit()
        else:
            self.toggled.emit(str(data), checked)
