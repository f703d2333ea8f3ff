"""Widget for the destination of an export: a file, or a folder for several files."""

from pathlib import Path

from PySide6.QtCore import QSignalBlocker, QSize, QStandardPaths, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QComboBox, QGridLayout, QLabel, QLineEdit, QWidget

from skillviewer.core.paths import safe_name
from skillviewer.ui.widgets.layout import NO_MARGINS, as_tip, push_button, with_accessible_name
from skillviewer.ui.widgets.text_scaling import scaled_px

TWO_ROWS_BELOW_PX = 320


def default_folder() -> Path:
    """Return the folder for exports that is used until the user chooses a folder."""
    documents = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.DocumentsLocation)
    return Path(documents or Path.home()) / "SkillViewer"


class Destination(QWidget):
    """Input for the file or folder, with the type of the file and a button that opens a dialog."""

    changed = Signal()
    browse_asked = Signal()

    def __init__(self, folder: Path, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._folder = folder
        self._stem = "export"
        self.into_folder = False
        self._is_typed = False  # whether the user typed or chose the path
        grid = self._grid = QGridLayout(self)
        grid.setContentsMargins(*NO_MARGINS)
        grid.setSpacing(8)
        grid.setColumnStretch(1, 1)
        self._label = QLabel(self)
        self.path_edit = with_accessible_name(QLineEdit(self), "Write to")
        self._label.setBuddy(self.path_edit)
        self.suffix_box = with_accessible_name(QComboBox(self), "File type")
        self.suffix_box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self.browse_button = push_button("Choose…", self, self.browse_asked)
        self._two_rows: bool | None = None
        grid.addWidget(self._label, 0, 0)
        self._arrange(two_rows=False)
        self.path_edit.textChanged.connect(self._on_edited)  # typed, or written by a screen reader
        self.suffix_box.currentIndexChanged.connect(self._on_kind)

    def _arrange(self, *, two_rows: bool) -> None:
        """Place type and button next to the path, or below it if the widget is narrow."""
        if two_rows == self._two_rows:
            return
        self._two_rows = two_rows
        for widget in (self.path_edit, self.suffix_box, self.browse_button):
            self._grid.removeWidget(widget)
        path_columns = 3 if two_rows else 1
        button_row = 1 if two_rows else 0
        self._grid.addWidget(self.path_edit, 0, 1, 1, path_columns)
        self._grid.addWidget(self.suffix_box, button_row, 2)
        self._grid.addWidget(self.browse_button, button_row, 3)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange(two_rows=self.width() < scaled_px(TWO_ROWS_BELOW_PX))

    def minimumSizeHint(self) -> QSize:
        """Return the size of the arrangement in two rows."""
        width_px = max(self.suffix_box.sizeHint().width() + self.browse_button.sizeHint().width() + 8, scaled_px(160))
        height_px = super().minimumSizeHint().height()
        return QSize(width_px, height_px)

    @property
    def path(self) -> Path:
        """The file, or the folder in which each video gets a file."""
        path = Path(self.path_edit.text().strip())
        try:
            return path.expanduser()
        except RuntimeError:  # ~name of an unknown user
            return path

    @property
    def suffix(self) -> str:
        return self.suffix_box.currentText()

    @property
    def folder(self) -> Path:
        return self.path if self.into_folder else self.path.parent

    def set_suffixes(self, suffixes: tuple[str, ...]) -> None:
        """Set the possible types of the file, the default first. If they change, a typed path is dropped."""
        if self._suffixes == list(suffixes):
            return
        with QSignalBlocker(self.suffix_box):
            self.suffix_box.clear()
            self.suffix_box.addItems(list(suffixes))
        self.suffix_box.setVisible(len(suffixes) > 1)
        self._is_typed = False

    def propose(self, stem: str, *, into_folder: bool) -> None:
        """Show the proposed name in the present folder, unless the user has typed a name for the same proposal."""
        if into_folder != self.into_folder or safe_name(stem) != self._stem:
            if self._is_typed and self.folder.is_absolute():
                self._folder = self.folder
            self._is_typed = False
        self.into_folder = into_folder
        self._stem = safe_name(stem)
        if into_folder:
            label = "Folder"
            proposed_path = self._folder
        else:
            label = "File"
            proposed_path = self._folder / f"{self._stem}{self.suffix}"
        self._label.setText(label)
        if not self._is_typed:
            self._show_path(proposed_path)

    def choose(self, path: Path) -> None:
        """Take a path from a dialog; a missing suffix is added."""
        if not self.into_folder and path.suffix.lower() not in self._suffixes:
            path = path.with_name(path.name + self.suffix)
        self._folder = path if self.into_folder else path.parent
        self._is_typed = True
        self._show_path(path)
        self._match_kind()
        self.changed.emit()

    @property
    def _suffixes(self) -> list[str]:
        return [self.suffix_box.itemText(index) for index in range(self.suffix_box.count())]

    def _show_path(self, path: Path) -> None:
        with QSignalBlocker(self.path_edit):
            self.path_edit.setText(str(path))
        self.path_edit.setToolTip(as_tip(str(path)))
        self.path_edit.setCursorPosition(len(str(path)))

    def _match_kind(self) -> None:
        with QSignalBlocker(self.suffix_box):
            if not self.into_folder and self.path.suffix.lower() in self._suffixes:
                self.suffix_box.setCurrentText(self.path.suffix.lower())

    def _on_edited(self, text: str) -> None:
        self._is_typed = True
        self.path_edit.setToolTip(as_tip(text))
        self._match_kind()
        self.changed.emit()

    def _on_kind(self, *_: object) -> None:
        if not self.into_folder:
            path = self.path
            if path.suffix.lower() in self._suffixes:
                self._show_path(path.with_suffix(self.suffix))
            else:
                self._show_path(path.with_name(path.name + self.suffix))
        self.changed.emit()
