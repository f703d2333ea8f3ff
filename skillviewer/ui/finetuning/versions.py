"""The list of models and versions of the study."""

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QWidget

from skillviewer.core.text import printable
from skillviewer.data.study import ModelState, ModelVersion
from skillviewer.ui.finetuning.tuning import Tuning
from skillviewer.ui.finetuning.tuning_wording import version_accuracy
from skillviewer.ui.widgets.layout import NONE, add_all, push_button, text_label, vertical
from skillviewer.ui.widgets.tables import VIDEO_ROLE, Cell, SortedTable


class VersionList(QWidget):
    """Versions, the newest first; one of them is in use."""

    disagreement_asked = Signal()

    def __init__(self, tuning: Tuning, parent: QWidget) -> None:
        super().__init__(parent)
        self._tuning = tuning
        self._versions: list[ModelVersion] = []
        self._used = ""
        self._writable = True
        self._sure = False
        title = text_label(self.tr("Versions"), self, heading=True)
        self.disagree = push_button(self.tr("Disagreements"), self, self.disagreement_asked)
        self.disagree.setToolTip(self.tr("The pairs on which the model in use and the raters disagree."))
        self.use = push_button(self.tr("Use this version"), self, self._on_use)
        self.discard = push_button(self.tr("Discard"), self, self._on_discard)
        row = add_all(QHBoxLayout(), (title, 1), self.disagree, self.use, self.discard)
        self.empty = text_label(self.tr("No versions yet. The first training makes one."), self, muted=True)
        self.table = SortedTable(
            self.tr("Versions of the study's models"),
            (self.tr("Version"), self.tr("State"), self.tr("Held out"), self.tr("Trained on")),
            self,
        )
        for at, meaning in (
            (
                2,
                self.tr(
                    "Share of the held-out pairs ordered as the raters do, with the 95 % interval. Versions "
                    "may have been tested on different pairs."
                ),
            ),
            (3, self.tr("Number of this study's pairs used for training.")),
        ):
            self.table.model().setHeaderData(at, Qt.Orientation.Horizontal, meaning, Qt.ItemDataRole.ToolTipRole)
        add_all(vertical(self, NONE, 8), row, (self.empty, 0, Qt.AlignmentFlag.AlignTop), (self.table, 1))
        self.table.selectionModel().selectionChanged.connect(self._on_selected)
        self.show_versions(((), ""))

    @Slot(object)
    def show_versions(self, kept: tuple[tuple[ModelVersion, ...], str]) -> None:
        versions, self._used = kept
        self._versions = sorted(versions, key=lambda v: (v.added_at, v.version), reverse=True)
        self.table.show_rows([self._row(at, version) for at, version in enumerate(self._versions)])
        self.table.setVisible(bool(self._versions))
        self.empty.setVisible(not self._versions)
        self._on_selected()

    def set_writable(self, writable: bool) -> None:
        self._writable = writable
        self._on_selected()

    def _row(self, at: int, version: ModelVersion) -> list[Cell]:
        accuracy, pairs = version.facts.get("accuracy"), version.facts.get("pairs")
        states = {
            ModelState.PROPOSED: self.tr("undecided"),
            ModelState.ACCEPTED: self.tr("accepted"),
            ModelState.DISCARDED: self.tr("discarded"),
        }
        state = states[version.state]
        if version.digest == self._used:
            state = self.tr("in use")
        elif version.path is None and version.state is not ModelState.DISCARDED:
            state = self.tr("files missing")
        elif version.state is ModelState.ACCEPTED and not version.facts:
            state = self.tr("original")  # it was not trained in this study
        return [
            Cell(f"{printable(version.name)} v{version.version}", video=str(at)),
            Cell(state),
            Cell(version_accuracy(version.facts), _number(accuracy)),
            Cell(self.tr("{} pairs").format(pairs) if isinstance(pairs, int) else "–", _number(pairs)),
        ]

    def chosen(self) -> ModelVersion | None:
        rows = self.table.selectionModel().selectedRows()
        if not rows:
            return None
        return self._versions[int(rows[0].data(VIDEO_ROLE))]

    @Slot()
    def _on_selected(self, *_: object) -> None:
        version = self.chosen()
        possible = version is not None and version.path is not None and version.digest != self._used
        self.use.setEnabled(possible and self._writable)
        undecided = version is not None and version.state is ModelState.PROPOSED and version.digest != self._used
        self.discard.setEnabled(undecided and self._writable)
        self._ask_again(sure=False)

    @Slot()
    def _on_use(self) -> None:
        version = self.chosen()
        if version is not None:
            self._tuning.use(version)

    def _ask_again(self, *, sure: bool) -> None:
        """Let the button say what its next press does."""
        self._sure = sure
        self.discard.setText(self.tr("Discard for good") if sure else self.tr("Discard"))
        self.discard.setToolTip(
            self.tr("Press again to remove the files of this version.")
            if sure
            else self.tr("Remove an undecided version; it stays listed.")
        )

    @Slot()
    def _on_discard(self) -> None:
        """Ask for a second press: a training may have taken hours."""
        version = self.chosen()
        if version is None:
            return
        if not self._sure:
            self._ask_again(sure=True)
            return
        self._ask_again(sure=False)
        self._tuning.remove(version)


def _number(value: object) -> float:
    return float(value) if isinstance(value, int | float) else -1.0
