"""Dialog of the models on this computer, with facts about each."""

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QPixmap
from PySide6.QtWidgets import QDialog, QFrame, QLabel, QWidget

from skillviewer.core.progress import CancelToken, Report
from skillviewer.core.text import printable
from skillviewer.nets.model_summary import ModelSummary, summarise
from skillviewer.ui.actions.actions import Actions
from skillviewer.ui.session.app_context import AppContext
from skillviewer.ui.session.backend import Backend
from skillviewer.ui.widgets.labels import WrappingLabel, text_label
from skillviewer.ui.widgets.layout import (
    NO_MARGINS,
    GrowingSpace,
    add_all,
    aligned,
    growing,
    horizontal,
    push_button,
    scroll_area,
    vertical,
    with_accessible_name,
)
from skillviewer.ui.widgets.text_scaling import scaled_px

MIN_SIZE = QSize(480, 360)
DEFAULT_SIZE = QSize(860, 640)
PICTURE_PX = QSize(144, 108)

DEMONSTRATION = "For demonstration: it knows this simulated task alone, and says nothing about people."


class ModelBox(QFrame):
    """Facts about a model, and a button that loads it."""

    chosen = Signal(object)  # folder of the model

    def __init__(self, model: ModelSummary, parent: QWidget) -> None:
        super().__init__(parent)
        self.model = model
        self.setProperty("card", True)
        name = WrappingLabel(self)
        name.setProperty("heading", True)
        name.set_plain(model.name)
        self.use_button = push_button("Use this model", self, lambda: self.chosen.emit(model.folder))
        self.fact_labels = [self._fact(text, muted=index > 0) for index, text in enumerate(facts_of(model)) if text]
        column = vertical(spacing=4)
        head = horizontal(margins=NO_MARGINS, spacing=8)
        add_all(head, growing(name), aligned(self.use_button, Qt.AlignmentFlag.AlignTop))
        add_all(column, head, *self.fact_labels, GrowingSpace())
        row = horizontal(self, margins=(12, 12, 12, 12), spacing=16)
        if model.picture is not None:
            row.addWidget(self._picture(model.picture), 0, Qt.AlignmentFlag.AlignTop)
        row.addLayout(column, 1)

    def _picture(self, path: Path) -> QLabel:
        label = with_accessible_name(QLabel(self), f"A clip that {printable(self.model.name)} was trained on")
        ratio = self.devicePixelRatioF()
        picture = QPixmap(str(path)).scaled(
            PICTURE_PX * ratio, Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation
        )
        picture.setDevicePixelRatio(ratio)
        label.setPixmap(picture)
        return label

    def _fact(self, text: str, *, muted: bool) -> WrappingLabel:
        label = WrappingLabel(self, muted=muted)
        label.set_plain(text)
        return label

    def show_chosen(self, *, in_use: bool) -> None:
        """Show on the button whether this model is in use."""
        button_text = "In use" if in_use else "Use this model"
        self.use_button.setText(button_text)
        self.use_button.setEnabled(not in_use and not self.model.problem)
        self.use_button.setAccessibleName(f"{button_text}: {printable(self.model.name)}")


def facts_of(model: ModelSummary) -> tuple[str, ...]:
    """Return sentences about a model, the most important first; "" for an unknown fact."""
    if model.problem:
        return (model.problem,)
    baselines_text = f" Baselines: {model.baselines}." if model.baselines else ""
    purpose_text = DEMONSTRATION if model.is_demonstration else ""
    maps_text = f"{model.maps}. " if model.maps else ""
    return (
        f"Ordered as by the raters: {model.accuracy}.{baselines_text}",
        model.verdict,
        model.warning,
        purpose_text,
        f"Task: {model.task}. Trained on {model.trained_on}.",
        f"{maps_text}{model.size}.",
    )


def _summaries(backend: Backend, _token: CancelToken, _report: Report) -> tuple[ModelSummary, ...]:
    return tuple(summarise(entry) for entry in backend.find_models())


class ModelsPage(QDialog):
    """All models on this computer, the user's own first. The dialog does not block the window."""

    def __init__(self, app_context: AppContext, actions: Actions, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle("Models")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._app_context = app_context
        self.boxes: list[ModelBox] = []
        self._area = scroll_area(self, "Models on this computer")
        self._content = QWidget(self._area)
        self.message_label = text_label("Reading…", self._content, muted=True)
        self._column = vertical(self._content, margins=(16, 12, 16, 12), spacing=12)
        add_all(self._column, self.message_label, GrowingSpace())
        self._area.setWidget(self._content)
        about = text_label("Scores of two models are on different scales.", self, muted=True, wrap=True)
        self.open_folder_button = push_button("Open a model folder…", self, actions["open_model"].trigger)
        foot = add_all(horizontal(margins=(16, 8, 16, 12), spacing=8), growing(about), self.open_folder_button)
        add_all(vertical(self, margins=NO_MARGINS, spacing=0), growing(self._area), foot)
        app_context.models.entries_changed.connect(self._load)
        app_context.models.requested_changed.connect(self._show_chosen)
        self._load()
        self.setMinimumSize(MIN_SIZE)
        default_size = QSize(scaled_px(DEFAULT_SIZE.width()), scaled_px(DEFAULT_SIZE.height()))
        self.resize(default_size.boundedTo(parent.size()))

    def _load(self) -> None:
        task = self._app_context.index_worker.submit(_summaries)
        task.then(succeeded=self._show, failed=self._app_context.messages.fail)

    def _show(self, models: Sequence[ModelSummary]) -> None:
        for box in self.boxes:
            self._column.removeWidget(box)
            box.deleteLater()
        self.message_label.setVisible(not models)
        self.message_label.setText("No model on this computer")
        self.boxes = [ModelBox(model, self._content) for model in models]
        for index, box in enumerate(self.boxes):
            box.chosen.connect(self._app_context.models.choose)
            self._column.insertWidget(index, box)
        self._show_chosen(self._app_context.models.requested_folder)

    def _show_chosen(self, folder: Path | None) -> None:
        for box in self.boxes:
            box.show_chosen(in_use=box.model.folder == folder)
