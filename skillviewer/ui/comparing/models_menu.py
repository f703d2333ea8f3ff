"""Menu in which the compared models are checked."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QMenu, QWidget

from skillviewer.core.text import printable
from skillviewer.ui.comparing.candidates import Candidates
from skillviewer.ui.comparing.compared_models import UNIFORM
from skillviewer.ui.comparing.curve_lines import MAX_MODELS

OPEN_FOLDER = ""  # data of the action that opens a model folder; the data of other actions are keys of models


class ModelsMenu(QMenu):
    """Menu of the models that can be compared. The compared ones are checked."""

    toggled = Signal(str, bool)  # key of a model, and whether it is compared now
    open_asked = Signal()  # the user asked to open a model folder

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
        candidate_names = dict(self._candidates.keys_and_names)
        missing_keys = [key for key in self._compared_keys if key not in candidate_names]
        names_by_key = {key: self._candidates.name(key) for key in missing_keys} | candidate_names
        is_full = len(self._compared_keys) >= MAX_MODELS
        for key, name in names_by_key.items():
            text = printable(name)
            if key == UNIFORM:
                self.addSeparator()
                text = "Uniform: the same attention everywhere"
            action = self.addAction(text.replace("&", "&&"))
            action.setData(key)
            action.setCheckable(True)
            is_compared = key in self._compared_keys
            can_toggle = is_compared or not is_full
            action.setChecked(is_compared)
            action.setEnabled(can_toggle)
        if is_full:
            note = self.addAction("Nine models at most: remove one first")
            note.setEnabled(False)
        self.addSeparator()
        open_action = self.addAction("Open a model folder…")
        open_action.setData(OPEN_FOLDER)

    def _on_triggered(self, action: object) -> None:
        key = action.data()  # type: ignore[attr-defined]
        is_compared = action.isChecked()  # type: ignore[attr-defined]
        if key == OPEN_FOLDER:
            self.open_asked.emit()
        else:
            self.toggled.emit(str(key), is_compared)
