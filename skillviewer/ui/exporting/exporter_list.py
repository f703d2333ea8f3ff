"""The list of the kinds of exports, by group."""

from collections.abc import Iterator

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QColor, QFont
from PySide6.QtWidgets import QApplication, QListWidget, QListWidgetItem, QWidget

from skillviewer.engine.exporting.study_exporters import STUDY_EXPORTERS, StudyExporter
from skillviewer.export.exporters import EXPORTERS, Exporter
from skillviewer.ui.widgets.theme import Theme, by_text, themed

HEADINGS = {"": "Pictures", "report": "Reports", "table": "Tables"}


ROW_PX = 28
HEADING_PX = 36
WIDTH_PX = 168


def _short(exporter: Exporter | StudyExporter) -> str:
    """Return the title without a word that its heading repeats."""
    text = exporter.title.removeprefix("Table of ")
    return text[:1].upper() + text[1:]


def grouped() -> Iterator[tuple[str, list[Exporter | StudyExporter]]]:
    """Yield each heading with its exporters in order; those of whole studies last."""
    groups: dict[str, list[Exporter | StudyExporter]] = {}
    for exporter in EXPORTERS:
        groups.setdefault(HEADINGS.get(exporter.group, exporter.group.capitalize()), []).append(exporter)
    groups["Study"] = list(STUDY_EXPORTERS)
    yield from groups.items()


class ExporterList(QListWidget):
    """The kinds of export; exactly one is chosen."""

    chosen = Signal(object)  # ``Exporter`` or ``StudyExporter``

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("What to export")
        self.setFixedWidth(by_text(WIDTH_PX))
        self.setFont(QApplication.font())  # lists have another font by default
        self.setProperty("letters", "plain")
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._exporters: dict[str, Exporter | StudyExporter] = {}
        self._headings: list[QListWidgetItem] = []
        for heading, exporters in grouped():
            item = QListWidgetItem(f" {heading}", self)
            item.setFlags(Qt.ItemFlag.NoItemFlags)
            font = QFont()  # only its weight is set, the rest is inherited
            font.setWeight(QFont.Weight.DemiBold)
            item.setFont(font)
            item.setTextAlignment(Qt.AlignmentFlag.AlignBottom)
            self._headings.append(item)
            for exporter in exporters:
                self._exporters[exporter.name] = exporter
                item = QListWidgetItem(f"   {_short(exporter)}", self)
                item.setToolTip(exporter.about)
                item.setData(Qt.ItemDataRole.UserRole, exporter.name)
        for row in range(self.count()):
            item = self.item(row)
            item.setSizeHint(QSize(10, by_text(HEADING_PX) if item in self._headings else by_text(ROW_PX)))
        self.currentItemChanged.connect(lambda: self.chosen.emit(self.exporter))
        self.itemSelectionChanged.connect(self._on_selected)

    @property
    def exporter(self) -> Exporter | StudyExporter:
        item = self.currentItem()
        return self._exporters[item.data(Qt.ItemDataRole.UserRole)] if item is not None else next(iter(EXPORTERS))

    def choose(self, name: str) -> None:
        for row in range(self.count()):
            if self.item(row).data(Qt.ItemDataRole.UserRole) == name:
                self.setCurrentRow(row)

    def _on_selected(self) -> None:
        """Follow a screen reader, which selects items without moving the cursor."""
        for item in self.selectedItems():
            self.setCurrentItem(item)

    @themed
    def on_theme(self, theme: Theme) -> None:
        for item in self._headings:
            item.setForeground(QColor(theme.muted))
