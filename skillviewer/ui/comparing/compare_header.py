"""The header of the Compare screen."""

from collections.abc import Sequence

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import QCheckBox, QComboBox, QPushButton, QSizePolicy, QWidget

from skillviewer.core.analysis.map_style import ColourLimits
from skillviewer.core.text import printable
from skillviewer.ui.comparing.candidates import Candidates
from skillviewer.ui.comparing.compared_models import ComparedModel
from skillviewer.ui.comparing.models_menu import ModelsMenu
from skillviewer.ui.widgets.flow_layout import FlowLayout
from skillviewer.ui.widgets.labels import text_label
from skillviewer.ui.widgets.layout import as_tip, push_button, with_accessible_name
from skillviewer.ui.widgets.theme import by_text

BOX_WIDTH_PX = 150  # of a list of models
MAX_NAME_PX = 104  # of the name of a model


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
        self.first = self._model_box("Compared model")
        self.second = self._model_box("Compared with")
        self._against = text_label("against", self, muted=True)
        self.difference = QCheckBox("Show the difference", self)
        self.difference.setToolTip("+ where the first model looks more, − where the second does")
        self.again = push_button("Try again", self)
        self.save = QPushButton("Save", self)
        boxes = (self.models, self.scale, self.first, self._against, self.second, self.difference)
        row = FlowLayout(self, 8)
        row.setContentsMargins(8, 6, 8, 6)
        for widget in (*boxes, self.again, self.save):
            widget.setMinimumHeight(self.save.sizeHint().height())  # words stand in the middle of the line
            row.addWidget(widget)
        for control in (self.models, self.scale, self.first, self.second, self.difference, self.again, self.save):
            control.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.first.currentIndexChanged.connect(self._on_pair)
        self.second.currentIndexChanged.connect(self._on_pair)
        self.again.hide()
        self._show_choices(0)

    def _model_box(self, name: str) -> QComboBox:
        box = with_accessible_name(QComboBox(self), name)
        box.setToolTip(as_tip(name))
        box.setFixedWidth(by_text(BOX_WIDTH_PX))
        return box

    @property
    def chosen_scale(self) -> ColourLimits:
        return ColourLimits(self.scale.currentData())

    @property
    def pair(self) -> tuple[str, str]:
        """Keys of the two models to compare; "" if there is none."""
        return str(self.first.currentData() or ""), str(self.second.currentData() or "")

    def set_models(self, models: Sequence[ComparedModel]) -> None:
        """Offer the compared models, and keep the chosen pair if it is still possible.

        The two models of the pair differ if there are at least two models.
        """
        before = self.pair
        keys = [model.key for model in models]
        self.menu.set_compared(tuple(keys))
        first = before[0] if before[0] in keys else next(iter(keys), "")
        second = before[1] if before[1] in keys and before[1] != first else next((k for k in keys if k != first), "")
        for box, chosen_key in ((self.first, first), (self.second, second)):
            with QSignalBlocker(box):
                box.clear()
                for model in models:
                    text = printable(model.name)
                    short = self.fontMetrics().elidedText(text, Qt.TextElideMode.ElideMiddle, MAX_NAME_PX)
                    box.addItem(f"{model.number}  {short}", model.key)
                    box.setItemData(box.count() - 1, as_tip(text), Qt.ItemDataRole.ToolTipRole)
                box.setCurrentIndex(box.findData(chosen_key))
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
            other_box = self.second if self.sender() is self.first else self.first
            other_box.setCurrentIndex((other_box.currentIndex() + 1) % max(other_box.count(), 1))
            return
        self.pair_chosen.emit()
