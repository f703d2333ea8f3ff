"""Dialogs: one of equal names is told from the others, and nothing in a question is taken for markup."""

import pytest
from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QApplication, QComboBox, QInputDialog, QMessageBox, QWidget
from pytestqt.qtbot import QtBot

from skillviewer.ui.widgets.dialogs import Dialogs

pytestmark = pytest.mark.qt_log_ignore("propagateSizeHints")  # of the platform without a screen


@pytest.mark.parametrize("row", [0, 1, 2])
def test_one_of_some_names_is_picked(qtbot: QtBot, row: int) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    shown: list[str] = []

    def answer() -> None:
        dialog = QApplication.activeModalWidget()
        assert isinstance(dialog, QInputDialog)
        box = dialog.findChild(QComboBox)
        assert box is not None
        assert not box.isEditable()
        shown.extend(box.itemText(number) for number in range(box.count()))
        box.setCurrentIndex(row)
        dialog.accept()

    QTimer.singleShot(0, answer)
    assert Dialogs().pick(window, "Title", "Which", ["Ann", "Ben", "Ann"]) == row
    assert len(set(shown)) == 3


def test_a_name_in_a_question_is_no_markup(qtbot: QtBot) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    formats: list[Qt.TextFormat] = []

    def answer() -> None:
        box = QApplication.activeModalWidget()
        assert isinstance(box, QMessageBox)
        formats.append(box.textFormat())
        box.reject()

    QTimer.singleShot(0, answer)
    assert not Dialogs().confirm(window, "Delete “<b>Ann</b>”?", "Delete")
    assert formats == [Qt.TextFormat.PlainText]
