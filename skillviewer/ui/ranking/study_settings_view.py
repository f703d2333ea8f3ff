"""The study's settings for judging: the question, the answers, the speed, and the choice of pairs."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QCheckBox, QComboBox, QLineEdit, QWidget

from skillviewer.core.errors import SettingsError
from skillviewer.core.text import counted, printable
from skillviewer.data.study import Study, StudySettings
from skillviewer.data.study.study_ratings import RatingFacts
from skillviewer.ui.player.transport import speed_text
from skillviewer.ui.session.app_context import AppContext
from skillviewer.ui.session.open_study import OpenStudy
from skillviewer.ui.session.playback import SPEEDS
from skillviewer.ui.session.study_controller import PAIRS, SETTINGS, VIDEOS, VOTES
from skillviewer.ui.session.undo import Command
from skillviewer.ui.widgets.form import Form, choose, control_width_px
from skillviewer.ui.widgets.layout import NO_MARGINS, GrowingSpace, add_all, growing, horizontal, scroll_area, vertical
from skillviewer.ui.widgets.text_scaling import scaled_px

COMPARISONS_PER_VIDEO = (2.0, 4.0, 6.0, 8.0, 10.0, 15.0, 20.0, 30.0)
TEST_SHARES = (0.0, 0.05, 0.1, 0.15, 0.2, 0.3, 0.5)
REPEAT_SHARES = (0.0, 0.05, 0.1, 0.2)
RATING_RULES = ("detectable", "steps:1", "steps:2", "steps:3", "steps:5")
REACTIONS_MS = (0, 100, 200, 300, 400, 500, 750, 1000)
MAX_QUESTION_CHARACTERS = 200
MAX_LABEL_CHARACTERS = 5000
FORM_PX = 720


class StudySettingsView(QWidget):
    """The study's settings for judging. Every change is stored at once and can be undone."""

    def __init__(self, app_context: AppContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._app_context = app_context
        form = Form(self)
        form.setMaximumWidth(scaled_px(FORM_PX))
        self.form = form
        self.question_edit = QLineEdit(form)
        self.criterion_edit = QLineEdit(form)
        self.labels_edit = QLineEdit(form)
        for line in (self.question_edit, self.criterion_edit, self.labels_edit):
            line.setMaxLength(MAX_QUESTION_CHARACTERS)
            line.setMinimumWidth(control_width_px())
        self.labels_edit.setMaxLength(MAX_LABEL_CHARACTERS)
        self.labels_edit.setPlaceholderText("slip=s, good grasp=g#2e7d32")
        self.neither_box = QCheckBox("Raters may answer “No difference”", form)
        self._boxes: dict[str, tuple[QComboBox, Callable[[Any], str]]] = {}  # box and wording of values, by field
        self.speed = self._add_box("speed", "speed of pairs", SPEEDS, speed_text)
        self.comparisons = self._add_box(
            "comparisons_per_video", "target of comparisons", COMPARISONS_PER_VIDEO, "{:g} comparisons per video".format
        )
        self.test = self._add_box("random_share", "share of test pairs", TEST_SHARES, _format_share)
        self.repeats = self._add_box("repeat_share", "share of repeated pairs", REPEAT_SHARES, _format_share)
        self.rating_rule = self._add_box("rating_rule", "rule for ratings", RATING_RULES, _format_rule)
        self.reaction = self._add_box("reaction_ms", "reaction time", REACTIONS_MS, "{} ms".format)
        self.blind_box = QCheckBox("The Why page opens only after judging", form)
        self._add_rows(form)
        area = scroll_area(self, "Set-up")
        page = QWidget(area)
        add_all(horizontal(page, margins=NO_MARGINS), growing(form), GrowingSpace())
        area.setWidget(page)
        add_all(vertical(self, margins=NO_MARGINS), area)
        self.question_edit.editingFinished.connect(self._on_question)
        self.criterion_edit.editingFinished.connect(self._on_criterion)
        self.labels_edit.editingFinished.connect(self._on_labels)
        self.neither_box.clicked.connect(lambda on: self._set("possible answers", allow_neither=on))
        self.blind_box.clicked.connect(lambda on: self._set("when Why pages open", blind=on))
        app_context.studies.opened.connect(self._on_study)
        app_context.studies.replaced.connect(self._on_replaced)
        app_context.studies.changed.connect(self._on_changed)
        self._on_replaced()
        if app_context.studies.current_study is not None:
            self._on_study(app_context.studies.current_study)

    def _add_rows(self, form: Form) -> None:
        form.add("Question", self.question_edit, "Shown above every pair.")
        self.question_note = form.add_note()
        form.add("Criterion", self.criterion_edit, "What is judged, rated and scored, such as an item of a rubric.")
        form.add("Answers", self.neither_box)
        form.add("Speed", self.speed)
        self.speed_note = form.add_note()
        form.add("Comparisons", self.comparisons, "About 10 per video are enough for most studies.")
        form.add("Test pairs", self.test, "Chosen at random, so that the accuracy of a model on them is honest.")
        form.add(
            "Repeated pairs",
            self.repeats,
            "Shown again later with the sides swapped: how often does a rater give the same vote?",
        )
        form.add("Blinding", self.blind_box)
        form.add("Pairs from ratings", self.rating_rule)
        self.rating_note = form.add_note()
        form.add(
            "Labels of moments",
            self.labels_edit,
            "Name=key, with a colour if you like. On the Inspect screen the key marks that moment.",
        )
        form.add("Reaction time", self.reaction, "Taken off when a key is pressed while a video plays.")

    def _add_box(self, name: str, description: str, values: Sequence[Any], describe: Callable[[Any], str]) -> QComboBox:
        """Return a box that sets a field of the settings.

        Args:
            name: Name of the field of ``StudySettings``.
            description: Text of the command for undo.
            values: Values offered.
            describe: Function that returns the wording of a value.
        """
        options = [(value, describe(value)) for value in values]
        default = getattr(StudySettings(), name)
        box = self.form.choice(options, default, lambda value: self._set(description, **{name: value}))
        self._boxes[name] = (box, describe)
        return box

    # what the user changes

    def _set(self, description: str, **values: Any) -> None:  # noqa: ANN401 - fields of StudySettings, checked by replace()
        """Change fields of the stored settings; changes of other fields by other programs stay."""
        study = self._app_context.studies.current_study
        if study is None:
            return
        try:
            changed_settings = replace(study.settings, **values)
        except SettingsError as error:
            self._app_context.messages.fail(error)
            return
        if changed_settings == study.settings:
            return

        def do(study: Study) -> object:
            before = study.settings
            study.settings = replace(before, **values)
            return before

        def undo(study: Study, before: StudySettings) -> None:
            study.settings = before

        self._app_context.undo.perform(Command(description, do, undo, (SETTINGS,)))

    def _on_question(self) -> None:
        if not self.question_edit.isModified():
            return
        self.question_edit.setModified(False)
        text = self.question_edit.text().strip()
        if text:
            self._set("question", statement=text)
        else:  # the question must not be empty
            self._show()

    def _on_criterion(self) -> None:
        if self.criterion_edit.isModified():
            self.criterion_edit.setModified(False)
            self._app_context.choose_criterion(self.criterion_edit.text().strip())

    def _on_labels(self) -> None:
        if self.labels_edit.isModified():
            self.labels_edit.setModified(False)
            self._set("labels of moments", labels=self.labels_edit.text().strip())

    # what the study reports

    def _on_replaced(self) -> None:
        self.form.setEnabled(False)
        self._show_n_votes(None)

    def _on_study(self, study: OpenStudy) -> None:
        self.form.setEnabled(not study.read_only)
        self._show()
        self._query()

    def _on_changed(self, changes: frozenset[str]) -> None:
        if changes & {VOTES, PAIRS, VIDEOS, SETTINGS}:
            self._query()

    def _show(self) -> None:
        study = self._app_context.studies.current_study
        if study is None:
            return
        settings = study.settings
        if self.question_edit.text().strip() != settings.statement:
            max_length = max(MAX_QUESTION_CHARACTERS, len(settings.statement))  # an imported question is not cut
            self.question_edit.setMaxLength(max_length)
            self.question_edit.setText(settings.statement)
        self.criterion_edit.setText(settings.criterion)
        self.criterion_edit.setPlaceholderText(printable(study.criteria[0]))
        self.labels_edit.setText(settings.labels)
        self.neither_box.setChecked(settings.allow_neither)
        self.blind_box.setChecked(settings.blind)
        for name, (box, describe) in self._boxes.items():
            value = getattr(settings, name)
            if box.findData(value) < 0:  # set by another program
                box.addItem(describe(value), value)
            choose(box, value)

    def _query(self) -> None:
        if self.isVisible() and self._app_context.studies.current_study is not None:
            self._app_context.studies.read(_count_votes).succeeded.connect(self._show_n_votes)
            self._app_context.studies.read(Study.rating_facts).succeeded.connect(self._show_rating_facts)

    def _show_rating_facts(self, facts: RatingFacts | None) -> None:
        """Show the rule of ratings, and the number of pairs that follow from the rule."""
        if facts is None:
            text = "No video of this study is rated. File › Import ratings… reads a table."
        else:
            text = f"The rule: {facts.rule}."
            if facts.n_by_outcome is not None:
                n_ordered, n_similar, n_undecided = facts.n_by_outcome
                text += f" {n_ordered} pairs are ordered, {n_similar} similar, {n_undecided} undecided."
        self.rating_note.setText(text)
        self.rating_rule.setEnabled(facts is not None)

    def _show_n_votes(self, n_votes: int | None) -> None:
        """Lock the speed once there are votes: a faster video looks more skilled."""
        self.speed.setEnabled(n_votes == 0)
        if not n_votes:
            self.form.show_note(self.question_note, "")
            self.speed_note.setText(
                "The same for all pairs, since a faster video looks more skilled. The first vote locks it."
            )
            return
        judgements = counted(n_votes, "judgement")
        answer = "answers" if n_votes == 1 else "answer"
        pronoun = "it" if n_votes == 1 else "them"
        text = f"{judgements} {answer} this question. Change its wording, not its meaning."
        self.form.show_note(self.question_note, text)
        self.speed_note.setText(
            f"Locked by {judgements} at this speed: judgements at other speeds cannot be compared with {pronoun}."
        )

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._query()


def _count_votes(study: Study) -> int:
    return sum(vote.is_valid and vote.verdict is not None for vote in study.votes.all())


def _format_share(share: float) -> str:
    return f"{100 * share:g} % of the pairs" if share else "none"


def _format_rule(rule: str) -> str:
    if rule == "steps:1":
        return "that differ by a step"
    kind, _, amount = rule.partition(":")
    if kind == "detectable":
        return "that differ by more than raters do"
    return f"that differ by {amount} steps" if kind == "steps" else f"that differ by {amount} points"
