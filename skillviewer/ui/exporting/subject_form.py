"""The videos of an export, and its destination."""

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QSignalBlocker, QSize, QStandardPaths, Qt, Signal
from PySide6.QtWidgets import (
    QApplication,
    QComboBox,
    QFormLayout,
    QLabel,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QWidget,
)

from skillviewer.core.paths import safe_name
from skillviewer.core.text import printable
from skillviewer.core.video.clips import VideoClip
from skillviewer.ui.exporting.export_choices import ExportModel, FileSplit
from skillviewer.ui.session.video_list import VideoEntry
from skillviewer.ui.widgets.layout import NONE, add_all, as_tip, horizontal, named, push_button, vertical
from skillviewer.ui.widgets.theme import Theme, by_text, url

ROW_PX = 22
MAX_ROWS = 6


class CheckList(QListWidget):
    """Items with check boxes; the list is as tall as its items."""

    marked = Signal()

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(name)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.setUniformItemSizes(True)
        self.setFont(QApplication.font())  # lists have another font by default
        self.setProperty("letters", "plain")
        self.itemChanged.connect(self.marked)

    def set_items(self, items: Sequence[tuple[object, str]], chosen: Sequence[object]) -> None:
        """Show (key, text) of each item, and check the chosen ones."""
        with QSignalBlocker(self):
            self.clear()
            for key, text in items:
                item = QListWidgetItem(text)
                item.setToolTip(as_tip(text))
                item.setData(Qt.ItemDataRole.UserRole, key)
                item.setFlags(item.flags() | Qt.ItemFlag.ItemIsUserCheckable)
                item.setCheckState(Qt.CheckState.Checked if key in chosen else Qt.CheckState.Unchecked)
                item.setSizeHint(QSize(10, by_text(ROW_PX)))
                self.addItem(item)
        self.setFixedHeight(by_text(ROW_PX) * max(1, min(len(items), MAX_ROWS)) + 2 * self.frameWidth() + 2)

    @property
    def chosen(self) -> list[object]:
        """Keys of the checked items, in order."""
        items = (self.item(row) for row in range(self.count()))
        return [i.data(Qt.ItemDataRole.UserRole) for i in items if i.checkState() == Qt.CheckState.Checked]


class SourceForm(QWidget):
    """Choice of videos, their split into files, and the models."""

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._candidates: tuple[VideoEntry, ...] = ()
        self._current: VideoClip | None = None
        self._models: tuple[ExportModel, ...] = ()
        self._follows = True  # follows the loaded model
        self.spread = named(QComboBox(self), "Videos")
        self.spread.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.spread.setMinimumContentsLength(12)
        self.videos = CheckList("Chosen videos", self)
        self.models = CheckList("Models", self)
        rows = QFormLayout()
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setVerticalSpacing(8)
        rows.setHorizontalSpacing(12)
        rows.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        rows.addRow(QLabel("Videos", self), self.spread)
        rows.addRow(self.videos)
        rows.addRow(QLabel("Models", self), self.models)
        self._rows = rows
        add_all(vertical(self, NONE), rows)
        self.spread.currentIndexChanged.connect(self._on_spread)
        self.videos.marked.connect(self.changed)
        self.models.marked.connect(self._on_marked)

    def set_videos(self, candidates: Sequence[VideoEntry], current: VideoClip | None) -> None:
        offered = [c.clip for c in candidates]
        known = [c.clip for c in self._candidates]
        chosen = [clip for clip in self.videos.chosen if clip in offered]
        self._candidates, moved, self._current = tuple(candidates), current != self._current, current
        if not chosen or (moved and len(chosen) == 1):
            chosen = [current] if current is not None else []
        if offered != known or moved:
            self.videos.set_items([(c.clip, printable(c.name)) for c in candidates], chosen)
        self._refresh()

    def set_models(self, models: Sequence[ExportModel]) -> None:
        before = {m.folder for m in self._models}
        chosen = [folder for folder in self.models.chosen if folder in {m.folder for m in models}]
        loaded = [m.folder for m in models if m.loaded]
        self._models = tuple(models)
        if self._follows or not chosen:  # none is loaded while another one loads: keep following
            chosen = list(loaded) or chosen or [m.folder for m in models[:1]]
        if {m.folder for m in models} != before or chosen != self.models.chosen:
            self.models.set_items([(m.folder, printable(m.name)) for m in models], chosen)
        self._rows.setRowVisible(self.models, len(models) > 1)
        self._refresh()

    def _on_marked(self) -> None:
        self._follows = self._by_loaded
        self._refresh()
        self.changed.emit()

    def offer(self, spreads: Sequence[FileSplit]) -> None:
        """Offer the possible splits into files; none hides the form."""
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
        data = self.spread.currentData()
        return FileSplit(data) if data is not None else FileSplit.THIS

    @property
    def chosen_videos(self) -> tuple[VideoEntry, ...]:
        spread = self.chosen_spread
        if spread is FileSplit.THIS:
            return tuple(c for c in self._candidates if c.clip == self._current)
        if spread is FileSplit.CHOSEN:
            chosen = set(self.videos.chosen)
            return tuple(c for c in self._candidates if c.clip in chosen)
        return self._several

    @property
    def chosen_models(self) -> tuple[ExportModel, ...]:
        folders = set(self.models.chosen)
        return tuple(model for model in self._models if model.folder in folders)

    @property
    def _by_loaded(self) -> bool:
        return self.models.chosen == [m.folder for m in self._models if m.loaded]

    @property
    def _several(self) -> tuple[VideoEntry, ...]:
        """The videos of an export of several: the assessed ones, where that is known."""
        return tuple(c for c in self._candidates if c.analysis is not None or not self._by_loaded)

    def on_theme(self, theme: Theme) -> None:
        """Apply the theme; check boxes in lists look like others."""
        check = url(f"check-{'dark' if theme.dark else 'light'}.svg")
        self.setStyleSheet(
            "QListView::indicator { width: 14px; height: 14px; border-radius: 4px; "
            f"border: 1px solid {theme.muted}; background: {theme.base}; }} QListView::indicator:checked {{ "
            f"background: {theme.accent}; border-color: {theme.accent}; image: {check}; }}"
        )

    def _refresh(self) -> None:
        n = len(self._several)
        name = next((printable(c.name) for c in self._candidates if c.clip == self._current), "none chosen")
        each, together = "A file for each of {} videos", "All {} videos in one file"
        if self._by_loaded:
            each, together = "A file for each of {} assessed", "All {} assessed in one file"
        texts = {
            FileSplit.THIS: f"This video: {name}",
            FileSplit.EACH: each.format(n),
            FileSplit.ALL: together.format(n),
            FileSplit.CHOSEN: "Chosen videos in one file",
        }
        for at in range(self.spread.count()):
            self.spread.setItemText(at, texts[FileSplit(self.spread.itemData(at))])
        self.spread.setToolTip(as_tip(self.spread.currentText()))
        self._rows.setRowVisible(self.videos, self.chosen_spread is FileSplit.CHOSEN)

    def _on_spread(self, *_: object) -> None:
        self._refresh()
        self.changed.emit()


def first_folder() -> Path:
    """Return the folder for exports before any choice."""
    documents = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.DocumentsLocation)
    return Path(documents or Path.home()) / "SkillViewer"


class Destination(QWidget):
    """A line for the file or folder, the kind of file, and a browse button."""

    changed = Signal()
    browse_asked = Signal()

    def __init__(self, folder: Path, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._folder, self._stem, self.into_folder = folder, "export", False
        self._own = False  # the user wrote the name
        row = horizontal(self, NONE, 8)
        self._label = QLabel(self)
        self.line = named(QLineEdit(self), "Write to")
        self._label.setBuddy(self.line)
        self.kind = named(QComboBox(self), "File type")
        self.kind.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self.browse = push_button("Choose…", self, self.browse_asked)
        add_all(row, self._label, (self.line, 1), self.kind, self.browse)
        self.line.textChanged.connect(self._on_edited)  # typed, or written by a screen reader
        self.kind.currentIndexChanged.connect(self._on_kind)

    @property
    def path(self) -> Path:
        """The file, or the folder where every video has its own file."""
        written = Path(self.line.text().strip())
        try:
            return written.expanduser()
        except RuntimeError:  # no such user
            return written

    @property
    def suffix(self) -> str:
        return self.kind.currentText()

    @property
    def folder(self) -> Path:
        return self.path if self.into_folder else self.path.parent

    def offer(self, suffixes: tuple[str, ...]) -> None:
        """Offer the kinds of files of an exporter, the default one first; a typed name is dropped."""
        if self._suffixes == list(suffixes):
            return
        with QSignalBlocker(self.kind):
            self.kind.clear()
            self.kind.addItems(list(suffixes))
        self.kind.setVisible(len(suffixes) > 1)
        self._own = False

    def propose(self, stem: str, *, into_folder: bool) -> None:
        """Propose a name, unless the user has typed one for the same kind; the chosen folder stays."""
        if into_folder != self.into_folder or safe_name(stem) != self._stem:
            if self._own and self.folder.is_absolute():
                self._folder = self.folder
            self._own = False
        self.into_folder = into_folder
        self._label.setText("Folder" if into_folder else "File")
        self._stem = safe_name(stem)
        if not self._own:
            self._show(self._folder if into_folder else self._folder / f"{self._stem}{self.suffix}")

    def choose(self, path: Path) -> None:
        if not self.into_folder and path.suffix.lower() not in self._suffixes:
            path = path.with_name(path.name + self.suffix)
        self._folder = path if self.into_folder else path.parent
        self._own = True
        self._show(path)
        self._match_kind()
        self.changed.emit()

    @property
    def _suffixes(self) -> list[str]:
        return [self.kind.itemText(at) for at in range(self.kind.count())]

    def _show(self, path: Path) -> None:
        with QSignalBlocker(self.line):
            self.line.setText(str(path))
        self.line.setToolTip(as_tip(str(path)))
        self.line.setCursorPosition(len(str(path)))

    def _match_kind(self) -> None:
        with QSignalBlocker(self.kind):
            if not self.into_folder and self.path.suffix.lower() in self._suffixes:
                self.kind.setCurrentText(self.path.suffix.lower())

    def _on_edited(self, text: str) -> None:
        self._own = True
        self.line.setToolTip(as_tip(text))
        self._match_kind()
        self.changed.emit()

    def _on_kind(self, *_: object) -> None:
        if not self.into_folder:
            path = self.path
            known = path.suffix.lower() in self._suffixes
            self._show(path.with_suffix(self.suffix) if known else path.with_name(path.name + self.suffix))
        self.changed.emit()
