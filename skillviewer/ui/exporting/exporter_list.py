"""List of the exporters, by group."""

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QColor, QFont
from PySide6.QtWidgets import QApplication, QListWidget, QListWidgetItem, QWidget

from skillviewer.engine.exporting.study_exporters import STUDY_EXPORTERS, StudyExporter
from skillviewer.export.exporters import EXPORTERS, Exporter
from skillviewer.ui.widgets.text_scaling import scaled_px
from skillviewer.ui.widgets.theme import Theme, themed

HEADINGS = {"": "Pictures", "report": "Reports", "table": "Tables"}
"""Heading of each group of exporters."""

ROW_PX = 28
HEADING_PX = 36
WIDTH_PX = 168
SPACE_PX = 16  # beside a title


def _short_title(exporter: Exporter | StudyExporter) -> str:
    """Return the title without “Table of”, which the heading says."""
    text = exporter.title.removeprefix("Table of ")
    return text[:1].upper() + text[1:]


def exporters_by_heading() -> dict[str, list[Exporter | StudyExporter]]:
    """Return the exporters by heading, in order. Exporters of whole studies are last."""
    groups: dict[str, list[Exporter | StudyExporter]] = {}
    for exporter in EXPORTERS:
        heading = HEADINGS.get(exporter.group, exporter.group.capitalize())
        groups.setdefault(heading, []).append(exporter)
    groups["Study"] = list(STUDY_EXPORTERS)
    return groups


class ExporterList(QListWidget):
    """List of the exporters; exactly one is chosen."""

    chosen = Signal(object)  # ``Exporter`` or ``StudyExporter``

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("What to export")
        self.setFont(QApplication.font())  # lists have another font by default
        self.setProperty("letters", "plain")
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._exporters: dict[str, Exporter | StudyExporter] = {}
        self._headings: list[QListWidgetItem] = []
        for heading, exporters in exporters_by_heading().items():
            self._add_heading(heading)
            for exporter in exporters:
                self._add_exporter(exporter)
        self.currentItemChanged.connect(lambda: self.chosen.emit(self.exporter))
        self.itemSelectionChanged.connect(self._on_selected)
        self._fix_width()

    def _fix_width(self) -> None:
        """Fix the width, so that no title is cut."""
        texts = [self.item(row).text() for row in range(self.count())]
        widest_px = max(self.fontMetrics().horizontalAdvance(text) for text in texts)
        bar_px = self.verticalScrollBar().sizeHint().width()
        self.setFixedWidth(max(scaled_px(WIDTH_PX), widest_px + bar_px + SPACE_PX))

    def _add_heading(self, heading: str) -> None:
        item = QListWidgetItem(f" {heading}", self)
        item.setFlags(Qt.ItemFlag.NoItemFlags)
        font = QFont()  # only the weight is set, the rest is inherited
        font.setWeight(QFont.Weight.DemiBold)
        item.setFont(font)
        item.setTextAlignment(Qt.AlignmentFlag.AlignBottom)
        item.setSizeHint(QSize(10, scaled_px(HEADING_PX)))
        self._headings.append(item)

    def _add_exporter(self, exporter: Exporter | StudyExporter) -> None:
        self._exporters[exporter.name] = exporter
        item = QListWidgetItem(f"   {_short_title(exporter)}", self)
        item.setToolTip(exporter.about)
        item.setData(Qt.ItemDataRole.UserRole, exporter.name)
        item.setSizeHint(QSize(10, scaled_px(ROW_PX)))

    @property
    def exporter(self) -> Exporter | StudyExporter:
        """The chosen exporter; at first the first exporter of the list."""
        item = self.currentItem()
        return self._exporters[item.data(Qt.ItemDataRole.UserRole)] if item is not None else next(iter(EXPORTERS))

    def choose(self, name: str) -> None:
        """Choose an exporter by name."""
        for row in range(self.count()):
            if self.item(row).data(Qt.ItemDataRole.UserRole) == name:
                self.setCurrentRow(row)

    def _on_selected(self) -> None:
        """Make the selected item current: screen readers select items without making them current."""
        for item in self.selectedItems():
            self.setCurrentItem(item)

    @themed
    def on_theme(self, theme: Theme) -> None:
        for item in self._headings:
            item.setForeground(QColor(theme.muted))
        self._fix_width()
