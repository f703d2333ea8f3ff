"""The versions of the model that were trained in the study."""

import math

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QWidget

from skillviewer.core.finetuning.version_accuracy import version_accuracy, version_accuracy_value
from skillviewer.core.text import printable
from skillviewer.data.study import ModelState, ModelVersion
from skillviewer.ui.finetuning.tuning import TuningController
from skillviewer.ui.widgets.discard_button import DiscardButton
from skillviewer.ui.widgets.flow_layout import FlowLayout
from skillviewer.ui.widgets.labels import text_label
from skillviewer.ui.widgets.layout import NONE, add_all, push_button, vertical
from skillviewer.ui.widgets.plain_table import VIDEO_ROLE, Column
from skillviewer.ui.widgets.sorted_table import Cell, SortedTable


class VersionList(QWidget):
    """Versions, the newest first; one of them is in use."""

    disagreement_asked = Signal()

    def __init__(self, tuning: TuningController, parent: QWidget) -> None:
        super().__init__(parent)
        self._tuning = tuning
        self._versions: list[ModelVersion] = []
        self._used = ""
        self._writable = True
        title = text_label("Versions", self, heading=True)
        self.disagree = push_button("Disagreements", self, self.disagreement_asked)
        self.disagree.setToolTip("The pairs on which the model in use and the raters disagree.")
        self.use = push_button("Use this version", self, self._on_use)
        tip = "Remove an undecided version; it stays listed."
        self.discard = DiscardButton("Discard", self, self._on_discard, tip)
        buttons = FlowLayout()
        for button in (self.disagree, self.use, self.discard):
            buttons.addWidget(button)
        self.empty = text_label("No versions yet. The first training makes one.", self, muted=True)
        accuracy = (
            "Share of the pairs of new people (or else of all held-out pairs) ordered as the raters do, with the 95 % "
            "interval. Versions may have been tested on different pairs."
        )
        columns = (
            Column("Version", number=False),
            Column("State", number=False),
            Column("Accuracy", accuracy),
            Column("Trained on", "Number of this study's pairs used for training."),
        )
        self.table = SortedTable("Versions of the study's models", columns, self)
        add_all(vertical(self, NONE, 8), title, buttons, (self.empty, 1, Qt.AlignmentFlag.AlignTop), (self.table, 1))
        self.table.selectionModel().selectionChanged.connect(self._on_selected)
        self.show_versions(((), ""))

    def show_versions(self, versions_and_used: tuple[tuple[ModelVersion, ...], str]) -> None:
        versions, self._used = versions_and_used
        self._versions = sorted(versions, key=lambda v: (v.added_at, v.version), reverse=True)
        self.table.show_rows([self._row(number, version) for number, version in enumerate(self._versions)])
        self.table.setVisible(bool(self._versions))
        self.empty.setVisible(not self._versions)
        self._on_selected()

    def set_writable(self, writable: bool) -> None:
        self._writable = writable
        self._on_selected()

    def _row(self, number: int, version: ModelVersion) -> list[Cell]:
        pairs = version.facts.get("pairs")
        states = {ModelState.PROPOSED: "undecided", ModelState.ACCEPTED: "accepted", ModelState.DISCARDED: "discarded"}
        state = states[version.state]
        if version.digest == self._used:
            state = "in use"
        elif version.path is None and version.state is not ModelState.DISCARDED:
            state = "files missing"
        elif version.state is ModelState.ACCEPTED and not version.facts:
            state = "original"  # it was not trained in this study
        return [
            Cell(f"{printable(version.name)} v{version.version}", video=str(number)),
            Cell(state),
            Cell(version_accuracy(version.facts), _number(version_accuracy_value(version.facts))),
            Cell(f"{pairs} pairs" if isinstance(pairs, int) else "–", _number(pairs)),
        ]

    def chosen(self) -> ModelVersion | None:
        rows = self.table.selectionModel().selectedRows()
        if not rows:
            return None
        return self._versions[int(rows[0].data(VIDEO_ROLE))]

    def _on_selected(self, *_: object) -> None:
        version = self.chosen()
        possible = version is not None and version.path is not None and version.digest != self._used
        self.use.setEnabled(possible and self._writable)
        undecided = version is not None and version.state is ModelState.PROPOSED and version.digest != self._used
        self.discard.setEnabled(undecided and self._writable)
        self.discard.reset()

    def _on_use(self) -> None:
        version = self.chosen()
        if version is not None:
            self._tuning.use(version)

    def _on_discard(self) -> None:
        version = self.chosen()
        if version is not None:
            self._tuning.remove(version)


def _number(value: object) -> float:
    return float(value) if isinstance(value, int | float) and not math.isnan(value) else -1.0
