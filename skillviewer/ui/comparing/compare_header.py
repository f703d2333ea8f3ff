"""Header of the Compare screen: models, colour scale, compared pair, and saving."""

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
from skillviewer.ui.widgets.text_scaling import scaled_px

BOX_WIDTH_PX = 150  # width of a combo box of models
MAX_NAME_WIDTH_PX = 104  # width of a model's name in a combo box


class CompareHeader(QWidget):
    """The row of controls at the top of the Compare screen."""

    pair_chosen = Signal()

    def __init__(self, candidates: Candidates, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
        self.models_menu = ModelsMenu(candidates, self)
        self.models_button = QPushButton("Models", self)
        self.models_button.setMenu(self.models_menu)
        self.models_button.setToolTip("Choose two to nine models")
        self.scale_box = QComboBox(self)
        for scale, text in (
            (ColourLimits.COMMON, "One scale for all"),
            (ColourLimits.CLIPPED, "A scale for each model"),
            (ColourLimits.FRAME, "A scale for each frame"),
        ):
            self.scale_box.addItem(text, scale)
        self.scale_box.setAccessibleName("Colour scale")
        self.scale_box.setToolTip("Range of values that the colours cover")
        self.first_box = self._model_box("Compared model")
        self.second_box = self._model_box("Compared with")
        self.against_label = text_label("against", self, muted=True)
        self.difference_box = QCheckBox("Show the difference", self)
        self.difference_box.setToolTip("+ where the first model looks more, − where the second does")
        self.retry_button = push_button("Try again", self)
        self.save_button = QPushButton("Save", self)
        widgets: tuple[QWidget, ...] = (
            self.models_button,
            self.scale_box,
            self.first_box,
            self.against_label,
            self.second_box,
            self.difference_box,
            self.retry_button,
            self.save_button,
        )
        row = FlowLayout(self, gap_px=8)
        row.setContentsMargins(8, 6, 8, 6)
        for widget in widgets:
            if widget is not self.against_label:
                widget.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            widget.setMinimumHeight(self.save_button.sizeHint().height())  # aligns the texts vertically
            row.addWidget(widget)
        self.first_box.currentIndexChanged.connect(self._on_pair)
        self.second_box.currentIndexChanged.connect(self._on_pair)
        self.retry_button.hide()
        self._show_controls(0)

    def _model_box(self, name: str) -> QComboBox:
        box = with_accessible_name(QComboBox(self), name)
        box.setToolTip(as_tip(name))
        box.setFixedWidth(scaled_px(BOX_WIDTH_PX))
        return box

    @property
    def chosen_scale(self) -> ColourLimits:
        return ColourLimits(self.scale_box.currentData())

    @property
    def pair(self) -> tuple[str, str]:
        """Keys of the two models to compare; each is "" until a model is chosen."""
        return str(self.first_box.currentData() or ""), str(self.second_box.currentData() or "")

    def set_models(self, models: Sequence[ComparedModel]) -> None:
        """Offer the compared models, and keep the chosen pair if both models are still compared."""
        previous_pair = self.pair
        first, second = previous_pair
        keys = [model.key for model in models]
        self.models_menu.set_compared(tuple(keys))
        if first not in keys:
            first = keys[0] if keys else ""
        if second not in keys or second == first:
            second = next((key for key in keys if key != first), "")
        self._fill_box(self.first_box, models, first)
        self._fill_box(self.second_box, models, second)
        self._show_controls(len(keys))
        if self.pair != previous_pair:
            self.pair_chosen.emit()

    def _fill_box(self, box: QComboBox, models: Sequence[ComparedModel], chosen_key: str) -> None:
        with QSignalBlocker(box):
            box.clear()
            for model in models:
                name = printable(model.name)
                short_name = self.fontMetrics().elidedText(name, Qt.TextElideMode.ElideMiddle, MAX_NAME_WIDTH_PX)
                box.addItem(f"{model.pane_number}  {short_name}", model.key)
                box.setItemData(box.count() - 1, as_tip(name), Qt.ItemDataRole.ToolTipRole)
            box.setCurrentIndex(box.findData(chosen_key))

    def _show_controls(self, n_models: int) -> None:
        """Show the controls that need a model, and those that need two."""
        model_controls: tuple[QWidget, ...] = (self.scale_box, self.save_button)
        pair_controls: tuple[QWidget, ...] = (self.first_box, self.against_label, self.second_box, self.difference_box)
        for control in model_controls:
            control.setVisible(n_models > 0)
        for control in pair_controls:
            control.setVisible(n_models > 1)
        self.difference_box.setEnabled(n_models > 1)

    def choose_second(self, key: str) -> None:
        """Compare the first model with this one, unless it is the first model itself."""
        first, _ = self.pair
        index = self.second_box.findData(key)
        if key != first and index >= 0:
            self.second_box.setCurrentIndex(index)

    def _on_pair(self, _index: int) -> None:
        first, second = self.pair
        if first != second:
            self.pair_chosen.emit()
            return
        other_box = self.second_box if self.sender() is self.first_box else self.first_box
        if other_box.count():
            # the other box takes the next model, which calls this function again
            other_box.setCurrentIndex((other_box.currentIndex() + 1) % other_box.count())
