"""Questions to the person, in one place, so that tests can answer them."""

from pathlib import Path

from PySide6.QtWidgets import QFileDialog, QMessageBox, QWidget

from skillviewer.media.files import VIDEO_SUFFIXES


class Dialogs:
    """Asks for files, folders, and yes or no."""

    def videos(self, parent: QWidget) -> list[Path]:
        """Ask for videos; none when the person changed their mind."""
        patterns = " ".join(f"*{suffix}" for suffix in sorted(VIDEO_SUFFIXES))
        kinds = parent.tr("Videos ({});;All files (*)").format(patterns)
        names, _ = QFileDialog.getOpenFileNames(parent, parent.tr("Open videos"), "", kinds)
        return [Path(name) for name in names]

    def folder(self, parent: QWidget, title: str) -> Path | None:
        """Ask for a folder."""
        name = QFileDialog.getExistingDirectory(parent, title)
        return Path(name) if name else None

    def confirm(self, parent: QWidget, text: str, yes: str) -> bool:
        """Ask a question; ``yes`` are the words of the button that agrees."""
        box = QMessageBox(QMessageBox.Icon.Question, "SkillViewer", text, QMessageBox.StandardButton.Cancel, parent)
        button = box.addButton(yes, QMessageBox.ButtonRole.AcceptRole)
        box.setDefaultButton(QMessageBox.StandardButton.Cancel)
        box.exec()
        return box.clickedButton() is button
