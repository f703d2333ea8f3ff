"""Of which videos, and by which models: two short lists that follow what the exporter can take."""

from collections.abc import Sequence

from PySide6.QtCore import QSignalBlocker, QSize, Qt, Signal, Slot
from PySide6.QtWidgets import QApplication, QComboBox, QFormLayout, QLabel, QListWidget, QListWidgetItem, QWidget

from skillviewer.core.text import printable
from skillviewer.core.video.footage import VideoClip
from skillviewer.ui.exporting.export_choices import Candidate, ExportModel, FileSplit
from skillviewer.ui.widgets.layout import NONE, as_tip, vertical
from skillviewer.ui.widgets.theme import Theme, url

ROW_PX = 22
MOST_ROWS = 6


class CheckList(QListWidget):
    """Things with a mark each; as tall as it has to be."""

    marked = Signal()

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(name)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.setUniformItemSizes(True)
        self.setFont(QApplication.font())  # the system's own for lists is another
        self.setProperty("letters", "plain")
        self.itemChanged.connect(self._on_item)

    def set_things(self, things: Sequence[tuple[object, str]], chosen: Sequence[object]) -> None:
        """Show (key, words) of each thing, those chosen with a mark."""
        with QSignalBlocker(self):
            self.clear()
            for key, words in things:
                item = QListWidgetItem(words)
                item.setToolTip(as_tip(words))
                item.setData(Qt.ItemDataRole.UserRole, key)
                item.setFlags(item.flags() | Qt.ItemFlag.ItemIsUserCheckable)
                item.setCheckState(Qt.CheckState.Checked if key in chosen else Qt.CheckState.Unchecked)
                item.setSizeHint(QSize(10, ROW_PX))
                self.addItem(item)
        self.setFixedHeight(ROW_PX * max(1, min(len(things), MOST_ROWS)) + 2 * self.frameWidth() + 2)

    @property
    def chosen(self) -> list[object]:
        """Keys of the things with a mark, in order."""
        items = (self.item(row) for row in range(self.count()))
        return [i.data(Qt.ItemDataRole.UserRole) for i in items if i.checkState() == Qt.CheckState.Checked]

    def mark(self, key: object, *, on: bool) -> None:
        """Set the mark of a thing."""
        for row in range(self.count()):
            if self.item(row).data(Qt.ItemDataRole.UserRole) == key:
                self.item(row).setCheckState(Qt.CheckState.Checked if on else Qt.CheckState.Unchecked)

    @Slot(QListWidgetItem)
    def _on_item(self, _item: QListWidgetItem) -> None:
        self.marked.emit()


class SubjectForm(QWidget):
    """Which videos go into which files, and which models look at them."""

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._candidates: tuple[Candidate, ...] = ()
        self._current: VideoClip | None = None
        self._models: tuple[ExportModel, ...] = ()
        self._follows = True  # whether the model that is loaded is meant, whichever that is
        self.spread = QComboBox(self)
        self.spread.setAccessibleName(self.tr("Videos"))
        self.spread.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.spread.setMinimumContentsLength(12)
        self.videos = CheckList(self.tr("Chosen videos"), self)
        self.models = CheckList(self.tr("Models"), self)
        rows = QFormLayout()
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setVerticalSpacing(8)
        rows.setHorizontalSpacing(12)
        rows.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        rows.addRow(QLabel(self.tr("Videos"), self), self.spread)
        rows.addRow(self.videos)
        rows.addRow(QLabel(self.tr("Models"), self), self.models)
        self._rows = rows
        column = vertical(self, NONE)
        column.addLayout(rows)
        self.spread.currentIndexChanged.connect(self._on_spread)
        self.videos.marked.connect(self.changed)
        self.models.marked.connect(self._on_marked)

    def set_videos(self, candidates: Sequence[Candidate], current: VideoClip | None) -> None:
        """Offer videos."""
        offered = [c.footage for c in candidates]
        known = [c.footage for c in self._candidates]
        chosen = [footage for footage in self.videos.chosen if footage in offered]
        self._candidates, moved, self._current = tuple(candidates), current != self._current, current
        if not chosen or (moved and len(chosen) == 1):
            chosen = [current] if current is not None else []
        if offered != known or moved:
            self.videos.set_things([(c.footage, printable(c.name)) for c in candidates], chosen)
        self._refresh()

    def set_models(self, models: Sequence[ExportModel]) -> None:
        """Offer models; the one that is loaded has a mark at first."""
        before = {m.folder for m in self._models}
        chosen = [folder for folder in self.models.chosen if folder in {m.folder for m in models}]
        loaded = [m.folder for m in models if m.loaded]
        self._models = tuple(models)
        if self._follows or not chosen:  # while another one is loading none is: the mark waits for it
            chosen = list(loaded) or chosen or [m.folder for m in models[:1]]
        if {m.folder for m in models} != before or chosen != self.models.chosen:
            self.models.set_things([(m.folder, printable(m.name)) for m in models], chosen)
        self._rows.setRowVisible(self.models, len(models) > 1)
        self._refresh()

    @Slot()
    def _on_marked(self) -> None:
        self._follows = self._by_loaded
        self._refresh()
        self.changed.emit()

    def offer(self, spreads: Sequence[FileSplit]) -> None:
        """Offer ways in which videos go into files; none hides all of this."""
        before = self.chosen_spread
        self.setVisible(bool(spreads))
        with QSignalBlocker(self.spread):
            self.spread.clear()
            for spread in spreads:
                self.spread.addItem("", spread)
            at = list(spreads).index(before) if before in spreads else 0
            self.spread.setCurrentIndex(at)
        self._refresh()

    @property
    def chosen_spread(self) -> FileSplit:
        """How videos go into files."""
        data = self.spread.currentData()
        return FileSplit(data) if data is not None else FileSplit.THIS

    @property
    def chosen_videos(self) -> tuple[Candidate, ...]:
        """The videos that are exported."""
        spread = self.chosen_spread
        if spread is FileSplit.THIS:
            return tuple(c for c in self._candidates if c.footage == self._current)
        if spread is FileSplit.CHOSEN:
            chosen = set(self.videos.chosen)
            return tuple(c for c in self._candidates if c.footage in chosen)
        return self._several

    @property
    def chosen_models(self) -> tuple[ExportModel, ...]:
        """The models by which they are seen."""
        folders = set(self.models.chosen)
        return tuple(model for model in self._models if model.folder in folders)

    @property
    def _by_loaded(self) -> bool:
        """Whether the loaded model alone is meant: of it is known which videos it has assessed."""
        return self.models.chosen == [m.folder for m in self._models if m.loaded]

    @property
    def _several(self) -> tuple[Candidate, ...]:
        """The videos that go into several files, or together into one: those that are assessed, where that is known."""
        return tuple(c for c in self._candidates if c.analysis is not None or not self._by_loaded)

    @Slot(object)
    def on_theme(self, theme: Theme) -> None:
        """Take colours: marks in lists look like others."""
        check = url(f"check-{'dark' if theme.dark else 'light'}.svg")
        self.setStyleSheet(
            "QListView::indicator { width: 14px; height: 14px; border-radius: 4px; "
            f"border: 1px solid {theme.muted}; background: {theme.base}; }} QListView::indicator:checked {{ "
            f"background: {theme.accent}; border-color: {theme.accent}; image: {check}; }}"
        )

    def _refresh(self) -> None:
        n = len(self._several)
        name = next((printable(c.name) for c in self._candidates if c.footage == self._current), self.tr("none chosen"))
        each, together = self.tr("A file for each of {} videos"), self.tr("All {} videos in one file")
        if self._by_loaded:
            each, together = self.tr("A file for each of {} assessed"), self.tr("All {} assessed in one file")
        words = {
            FileSplit.THIS: self.tr("This one: {}").format(name),
            FileSplit.EACH: each.format(n),
            FileSplit.ALL: together.format(n),
            FileSplit.CHOSEN: self.tr("Chosen ones in one file"),
        }
        for at in range(self.spread.count()):
            self.spread.setItemText(at, words[FileSplit(self.spread.itemData(at))])
        self.spread.setToolTip(as_tip(self.spread.currentText()))
        self._rows.setRowVisible(self.videos, self.chosen_spread is FileSplit.CHOSEN)

    @Slot()
    def _on_spread(self, *_: object) -> None:
        self._refresh()
        self.changed.emit()
