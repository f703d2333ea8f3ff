"""Settings of assessments, and the name that signs moments and notes."""

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QCheckBox, QLineEdit, QWidget

from skillviewer.ui.actions.actions import Actions
from skillviewer.ui.session.program import Program
from skillviewer.ui.session.settings import PASSES
from skillviewer.ui.widgets.form import CONTROL_PX, Form, choose


class AssessingPage(Form):
    """Sampling passes, automatic assessment, and the user's name.

    Args:
        actions: Actions; the menu has the same switch.
    """

    def __init__(self, program: Program, actions: Actions, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._program, self._automatic_action = program, actions["automatic"]
        words = [(1, self.tr("1 pass")), *((n, self.tr("{} passes, with an interval").format(n)) for n in PASSES[1:])]
        self.passes = self.choice(words, program.state.passes)
        self.automatic = QCheckBox(self.tr("Assess the video on screen automatically"), self)
        self.automatic.setChecked(program.assessments.automatic)
        self.person = QLineEdit(program.settings.person, self)
        self.person.setPlaceholderText(self.tr("No name"))
        self.person.setMaxLength(80)
        self.person.setFixedWidth(CONTROL_PX)
        self.add(
            self.tr("Passes of an assessment"),
            self.passes,
            self.tr("Each pass samples other frames of the same video. More passes give a score an interval."),
        )
        self.add("", self.automatic)
        self.add(
            self.tr("Who works here"),
            self.person,
            self.tr("Moments and notes are signed with this name. Raters choose theirs on the Rank screen."),
        )
        self.passes.activated.connect(self._on_passes)
        self.automatic.clicked.connect(self._on_automatic)
        self.person.editingFinished.connect(self._on_person)
        program.state.passes_changed.connect(self._on_passes_changed)
        self._automatic_action.toggled.connect(self.automatic.setChecked)

    @Slot()
    def _on_passes(self, *_: object) -> None:
        self._program.state.set_passes(int(self.passes.currentData()))

    @Slot(int)
    def _on_passes_changed(self, passes: int) -> None:
        choose(self.passes, passes)

    @Slot(bool)
    def _on_automatic(self, on: bool) -> None:
        if self._automatic_action.isChecked() != on:
            self._automatic_action.trigger()

    @Slot()
    def _on_person(self) -> None:
        self._program.insight.remarks.set_author(self.person.text())
