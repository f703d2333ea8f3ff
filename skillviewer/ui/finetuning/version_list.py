"""The list of the models that were trained in the study."""

import math
from operator import attrgetter

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QWidget

from skillviewer.core.finetuning.version_accuracy import version_accuracy, version_accuracy_value
from skillviewer.core.text import printable
from skillviewer.data.study import ModelState, ModelVersion
from skillviewer.ui.finetuning.tuning_controller import TuningController
from skillviewer.ui.widgets.discard_button import DiscardButton
from skillviewer.ui.widgets.flow_layout import FlowLayout
from skillviewer.ui.widgets.labels import text_label
from skillviewer.ui.widgets.layout import NO_MARGINS, add_all, growing, push_button, vertical
from skillviewer.ui.widgets.plain_table import VIDEO_ROLE, Column
from skillviewer.ui.widgets.sorted_table import Cell, SortedTable

STATE_TEXTS = {ModelState.PROPOSED: "undecided", ModelState.ACCEPTED: "accepted", ModelState.DISCARDED: "discarded"}


class VersionList(QWidget):
    """A table of the versions, the newest first, with buttons to use and discard a version."""

    disagreement_asked = Signal()
    version_asked = Signal(object)  # ModelVersion on which the user double-clicked or pressed Return

    def __init__(self, tuning: TuningController, parent: QWidget) -> None:
        super().__init__(parent)
        self._tuning = tuning
        self._versions: list[ModelVersion] = []
        self._digest_in_use = ""
        self._writable = True
        title = text_label("Versions", self, heading=True)
        self.disagreements_button = push_button("Disagreements", self, self.disagreement_asked)
        self.disagreements_button.setToolTip("The pairs on which the model in use and the raters disagree.")
        self.use_button = push_button("Use this version", self, self._on_use)
        tip = "Remove an undecided version; it stays listed."
        self.discard_button = DiscardButton("Discard", self, self._on_discard, tip)
        buttons = FlowLayout()
        for button in (self.disagreements_button, self.use_button, self.discard_button):
            buttons.addWidget(button)
        self.empty_label = text_label("No versions yet. The first training makes one.", self, muted=True)
        accuracy_meaning = (
            "Share of the pairs of new people (or else of all held-out pairs) ordered as the raters do, with the 95 % "
            "interval. Versions may have been tested on different pairs."
        )
        columns = (
            Column("Version", number=False),
            Column("State", number=False),
            Column("Accuracy", accuracy_meaning),
            Column("Trained on", "Number of this study's pairs used for training.", is_hidden_when_narrow=True),
        )
        self.version_table = SortedTable("Versions of the study's models", columns, self)
        add_all(
            vertical(self, margins=NO_MARGINS, spacing=8),
            title,
            buttons,
            growing(self.empty_label, alignment=Qt.AlignmentFlag.AlignTop),
            growing(self.version_table),
        )
        self.version_table.selectionModel().selectionChanged.connect(self._on_selected)
        self.version_table.activated.connect(self._on_activated)
        self.show_versions((), "")

    def show_versions(self, versions: tuple[ModelVersion, ...], digest_in_use: str) -> None:
        """Show versions; ``digest_in_use`` is the digest of the model in use."""
        self._digest_in_use = digest_in_use
        self._versions = sorted(versions, key=attrgetter("added_at", "number"), reverse=True)
        self.version_table.show_rows([self._row(index, version) for index, version in enumerate(self._versions)])
        self.version_table.setVisible(bool(self._versions))
        self.empty_label.setVisible(not self._versions)
        self._on_selected()

    def set_writable(self, writable: bool) -> None:
        self._writable = writable
        self._on_selected()

    def _row(self, index: int, version: ModelVersion) -> list[Cell]:
        n_pairs = version.facts.get("pairs")
        pairs_text = f"{n_pairs} pairs" if isinstance(n_pairs, int) else "–"
        return [
            Cell(f"{printable(version.name)} v{version.number}", video=str(index)),
            Cell(self._state_text(version)),
            Cell(version_accuracy(version.facts), _sort_key(version_accuracy_value(version.facts))),
            Cell(pairs_text, _sort_key(n_pairs)),
        ]

    def _state_text(self, version: ModelVersion) -> str:
        if version.digest == self._digest_in_use:
            return "in use"
        if version.path is None and version.state is not ModelState.DISCARDED:
            return "files missing"
        if version.state is ModelState.ACCEPTED and not version.facts:
            return "original"  # not trained in this study
        return STATE_TEXTS[version.state]

    def selected_version(self) -> ModelVersion | None:
        rows = self.version_table.selectionModel().selectedRows()
        if not rows:
            return None
        return self._versions[int(rows[0].data(VIDEO_ROLE))]

    def _on_selected(self, *_: object) -> None:
        version = self.selected_version()
        can_use = False
        can_discard = False
        if self._writable and version is not None and version.digest != self._digest_in_use:
            can_use = version.path is not None
            can_discard = version.state is ModelState.PROPOSED
        self.use_button.setEnabled(can_use)
        self.discard_button.setEnabled(can_discard)
        self.discard_button.reset()

    def _on_activated(self, *_: object) -> None:
        version = self.selected_version()
        if version is not None:
            self.version_asked.emit(version)

    def _on_use(self) -> None:
        version = self.selected_version()
        if version is not None:
            self._tuning.use(version)

    def _on_discard(self) -> None:
        version = self.selected_version()
        if version is not None:
            self._tuning.remove(version)


def _sort_key(value: object) -> float:
    """Return a number for sorting; no number and NaN come last."""
    if not isinstance(value, int | float) or math.isnan(value):
        return -1.0
    return float(value)
