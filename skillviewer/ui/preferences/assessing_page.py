"""Settings of assessing."""

from PySide6.QtWidgets import QCheckBox, QLineEdit, QWidget

from skillviewer.ui.actions.actions import Actions
from skillviewer.ui.session.app_context import AppContext
from skillviewer.ui.session.settings import PASSES
from skillviewer.ui.widgets.form import Form, choose, control_width_px


class AssessingPage(Form):
    """Sampling passes, automatic assessment, and the user's name."""

    def __init__(self, app_context: AppContext, actions: Actions, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._automatic_action = actions["automatic"]
        choices = [(1, "1 pass"), *((n, f"{n} passes, with an interval") for n in PASSES[1:])]
        self.passes_box = self.choice(choices, app_context.state.passes, app_context.state.set_passes)
        self.automatic_box = QCheckBox("Assess automatically", self)
        self.automatic_box.setChecked(app_context.assessments.automatic)
        self.user_name_edit = QLineEdit(app_context.settings.user_name, self)
        self.user_name_edit.setPlaceholderText("No name")
        self.user_name_edit.setMaxLength(80)
        self.user_name_edit.setFixedWidth(control_width_px())
        note = "Each pass samples other frames of the same video. More passes give a score an interval."
        self.add("Passes of an assessment", self.passes_box, note)
        self.add("Video on screen", self.automatic_box)
        self.automatic_box.setAccessibleName("Assess the video on screen automatically")
        note = "Moments and notes are signed with this name. Raters choose theirs on the Rank screen."
        self.add("Your name", self.user_name_edit, note)
        self.automatic_box.clicked.connect(self._on_automatic)
        self.user_name_edit.editingFinished.connect(
            lambda: app_context.annotations.set_author(self.user_name_edit.text())
        )
        app_context.state.passes_changed.connect(self._on_passes_changed)
        self._automatic_action.toggled.connect(self.automatic_box.setChecked)

    def _on_passes_changed(self, passes: int) -> None:
        choose(self.passes_box, passes)

    def _on_automatic(self, on: bool) -> None:
        if self._automatic_action.isChecked() != on:
            self._automatic_action.trigger()
