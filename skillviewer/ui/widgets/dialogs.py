"""Dialogs for files and questions."""

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QCheckBox, QFileDialog, QInputDialog, QLabel, QMessageBox, QWidget

from skillviewer.data.study import SUFFIX
from skillviewer.data.study.archive.archive_format import SUFFIX as ARCHIVE_SUFFIX
from skillviewer.media.files import VIDEO_SUFFIXES
from skillviewer.ui.widgets.text_scaling import scaled_px

MIN_QUESTION_PX = 300  # width of the text of a question
MAX_QUESTION_PX = 560


class Dialogs:
    """Dialogs that ask the user; tests replace them."""

    def videos(self, parent: QWidget) -> list[Path]:
        """Ask for videos or a study. If the user cancels, the result is empty."""
        patterns = " ".join(f"*{suffix}" for suffix in sorted(VIDEO_SUFFIXES))
        file_filter = "Videos and studies ({0} *{1} *{2});;Studies (*{1} *{2});;All files (*)"
        file_filter = file_filter.format(patterns, SUFFIX, ARCHIVE_SUFFIX)
        names, _ = QFileDialog.getOpenFileNames(parent, "Open videos or a study", "", file_filter)
        return [Path(name) for name in names]

    def save(self, parent: QWidget, title: str, file_filter: str, name: str = "") -> Path | None:
        """Ask for a file to write, and confirm that an existing file is replaced; None if the user cancels.

        Args:
            parent: The window.
            title: Title of the dialog.
            file_filter: Qt's filter of file names, such as ``Studies (*.skillstudy)``.
            name: Proposed name.
        """
        file_name, _ = QFileDialog.getSaveFileName(parent, title, name, file_filter)
        return Path(file_name) if file_name else None

    def file(self, parent: QWidget, title: str, file_filter: str) -> Path | None:
        """Ask for a file to read; None if the user cancels. The arguments are those of ``save``."""
        file_name, _ = QFileDialog.getOpenFileName(parent, title, "", file_filter)
        return Path(file_name) if file_name else None

    def folder(self, parent: QWidget, title: str) -> Path | None:
        name = QFileDialog.getExistingDirectory(parent, title)
        return Path(name) if name else None

    def word(self, parent: QWidget, title: str, question: str, words: Sequence[str], current: str) -> str | None:
        """Ask for a text, which may be one of some known words; None if the user cancels."""
        choices = list(dict.fromkeys((current, *words)))
        answer, is_accepted = QInputDialog.getItem(parent, title, question, choices, 0, editable=True)
        return answer if is_accepted else None

    def pick(self, parent: QWidget, title: str, question: str, names: Sequence[str]) -> int | None:
        """Ask for one of some names; return its index, or None if the user cancels. Equal names are numbered."""
        choices = [name if names.count(name) == 1 else f"{name} ({number})" for number, name in enumerate(names, 1)]
        answer, is_accepted = QInputDialog.getItem(parent, title, question, choices, 0, editable=False)
        return choices.index(answer) if is_accepted else None

    def choose(self, parent: QWidget, text: str, answers: Sequence[str], remember: str) -> tuple[int | None, bool]:
        """Ask a question with several answers, the first of them preselected.

        Args:
            parent: The window.
            text: The question.
            answers: Texts of the buttons.
            remember: Text of a check box that makes the answer permanent.

        Returns:
            Index of the answer, or None if the user cancels; and whether the check box was checked.
        """
        box = _question(parent, text)
        buttons = [box.addButton(answer, QMessageBox.ButtonRole.AcceptRole) for answer in answers]
        box.setDefaultButton(buttons[0])
        remember_box = QCheckBox(remember, box)
        box.setCheckBox(remember_box)
        box.exec()
        clicked = box.clickedButton()
        answer_index = next((index for index, button in enumerate(buttons) if button is clicked), None)
        is_remembered = answer_index is not None and remember_box.isChecked()
        return answer_index, is_remembered

    def confirm(self, parent: QWidget, text: str, yes_text: str) -> bool:
        """Ask for a confirmation; ``yes_text`` is the text of the button that confirms."""
        box = _question(parent, text)
        box.setTextFormat(Qt.TextFormat.PlainText)  # names may look like markup
        button = box.addButton(yes_text, QMessageBox.ButtonRole.AcceptRole)
        box.setDefaultButton(QMessageBox.StandardButton.Cancel)
        box.exec()
        return box.clickedButton() is button


def _question(parent: QWidget, text: str) -> QMessageBox:
    """Return a box with a question and the button *Cancel*; with large text it is wide, not high."""
    box = QMessageBox(QMessageBox.Icon.Question, "SkillViewer", text, QMessageBox.StandardButton.Cancel, parent)
    label = box.findChild(QLabel, "qt_msgbox_label")
    if label is not None:
        label.setMinimumWidth(min(scaled_px(MIN_QUESTION_PX), MAX_QUESTION_PX))
    return box
