"""Settings of judging in the study: the question, the answers, the speed, and the choice of pairs."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QCheckBox, QComboBox, QLineEdit, QWidget

from skillviewer.core.errors import SettingsError
from skillviewer.core.text import printable
from skillviewer.data.study import Study, StudySettings
from skillviewer.data.study.study_ratings import RatingFacts
from skillviewer.ui.player.transport import speed_text
from skillviewer.ui.session.app_context import AppContext
from skillviewer.ui.session.open_study import OpenStudy
from skillviewer.ui.session.playback import SPEEDS
from skillviewer.ui.session.study_controller import PAIRS, SETTINGS, VIDEOS, VOTES
from skillviewer.ui.session.undo import Command
from skillviewer.ui.widgets.form import CONTROL_WIDTH_PX, Form, choose
from skillviewer.ui.widgets.layout import NONE, add_all, horizontal, scroll_area, vertical
from skillviewer.ui.widgets.theme import by_text

COMPARISONS = (2.0, 4.0, 6.0, 8.0, 10.0, 15.0, 20.0, 30.0)
TEST_SHARES = (0.0, 0.05, 0.1, 0.15, 0.2, 0.3, 0.5)
REPEAT_SHARES = (0.0, 0.05, 0.1, 0.2)
RATING_RULES = ("detectable", "steps:1", "steps:2", "steps:3", "steps:5")
REACTIONS_MS = (0, 100, 200, 300, 400, 500, 750, 1000)
MAX_QUESTION_CHARACTERS, MAX_LABEL_CHARACTERS = 200, 5000
FORM_PX = 720


class StudySettingsView(QWidget):
    """The study's settings for judging. Every change is stored at once and can be undone."""

    def __init__(self, app_context: AppContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._app_context = app_context
        form = self.form = Form(self)
        form.setMaximumWidth(by_text(FORM_PX))
        self.question = QLineEdit(form)
        self.criterion = QLineEdit(form)
        self.labels = QLineEdit(form)
        for line in (self.question, self.criterion, self.labels):
            line.setMaxLength(MAX_QUESTION_CHARACTERS)
            line.setMinimumWidth(by_text(CONTROL_WIDTH_PX))
        self.labels.setMaxLength(MAX_LABEL_CHARACTERS)
        self.labels.setPlaceholderText("slip=s, good grasp=g#2e7d32")
        self.neither = QCheckBox("Raters may answer “No difference”", form)
        self._choices: dict[str, tuple[QComboBox, Callable[[Any], str]]] = {}
        self.speed = self._choice("speed", "speed of pairs", SPEEDS, speed_text)
        per_video = "{:g} comparisons per video"
        self.comparisons = self._choice("comparisons_per_video", "aim of comparisons", COMPARISONS, per_video.format)
        self.test = self._choice("random_share", "share of test pairs", TEST_SHARES, self._format_share)
        self.repeats = self._choice("repeat_share", "share of repeated pairs", REPEAT_SHARES, self._format_share)
        self.rating_rule = self._choice("rating_rule", "rule for ratings", RATING_RULES, self._format_rule)
        self.reaction = self._choice("reaction_ms", "reaction time", REACTIONS_MS, "{} ms".format)
        self.blind = QCheckBox("Raters see a video's Why page only after judging the video", form)
        self._fill(form)
        area = scroll_area(self, "Set-up")
        inside = QWidget(area)
        add_all(horizontal(inside, NONE), (form, 1), 1)
        area.setWidget(inside)
        add_all(vertical(self, NONE), area)
        self.question.editingFinished.connect(self._on_question)
        self.criterion.editingFinished.connect(self._on_criterion)
        self.labels.editingFinished.connect(self._on_labels)
        self.neither.clicked.connect(lambda on: self._set("possible answers", allow_neither=on))
        self.blind.clicked.connect(lambda on: self._set("when Why pages open", blind=on))
        app_context.studies.opened.connect(self._on_study)
        app_context.studies.replaced.connect(self._on_replaced)
        app_context.studies.changed.connect(self._on_changed)
        self._on_replaced()
        if app_context.studies.current is not None:
            self._on_study(app_context.studies.current)

    def _fill(self, form: Form) -> None:
        form.add("Question", self.question, "Shown above every pair.")
        self.answered = form.add_note()
        self.answered.hide()
        about = "What is judged, rated and scored, such as an item of a rubric."
        form.add("Criterion", self.criterion, about)
        form.add("Answers", self.neither)
        form.add("Speed", self.speed)
        self.locked = form.add_note()
        form.add("Aim", self.comparisons, "About 10 per video are enough for most studies.")
        about = "Chosen at random, so that the accuracy of a model on them is honest."
        form.add("Test pairs", self.test, about)
        about = "Shown again later with the sides swapped: how often does a rater give the same vote?"
        form.add("Repeated pairs", self.repeats, about)
        form.add("Blinding", self.blind)
        form.add("Pairs from ratings", self.rating_rule)
        self.rated = form.add_note()
        about = "Name=key, with a colour if you like. On the Inspect screen the key marks that moment."
        form.add("Labels of moments", self.labels, about)
        about = "Taken off when a key is pressed while a video plays."
        form.add("Reaction time", self.reaction, about)

    def _choice(self, name: str, description: str, values: Sequence[Any], describe: Callable[[Any], str]) -> QComboBox:
        """Return a box that sets a field of the settings; ``what`` is the command's text."""
        options = [(value, describe(value)) for value in values]
        at_first = getattr(StudySettings(), name)
        box = self.form.choice(options, at_first, lambda value: self._set(description, **{name: value}))
        self._choices[name] = box, describe
        return box

    def _format_share(self, share: float) -> str:
        return f"{100 * share:g} % of the pairs" if share else "none"

    def _format_rule(self, rule: str) -> str:
        kind, _, amount = rule.partition(":")
        if kind == "detectable":
            return "that differ by more than raters do"
        text = "that differ by {} steps" if kind == "steps" else "that differ by {} points"
        return "that differ by a step" if rule == "steps:1" else text.format(amount)

    # what the user changes

    def _set(self, description: str, **values: Any) -> None:  # noqa: ANN401 - fields of StudySettings, checked by replace()
        """Change the settings as stored at that time: changes by other programs are kept."""
        study = self._app_context.studies.current
        try:
            if study is None or replace(study.settings, **values) == study.settings:
                return
        except SettingsError as error:
            self._app_context.messages.fail(error)
            return

        def do(study: Study) -> object:
            before = study.settings
            study.settings = replace(before, **values)
            return before

        def undo(study: Study, before: StudySettings) -> None:
            study.settings = before

        self._app_context.undo.perform(Command(description, do, undo, (SETTINGS,)))

    def _on_question(self) -> None:
        text = self.question.text().strip()
        if not self.question.isModified():
            return
        self.question.setModified(False)
        if text:
            self._set("question", statement=text)
        else:  # the question must not be empty
            self._show()

    def _on_criterion(self) -> None:
        if self.criterion.isModified():
            self.criterion.setModified(False)
            self._app_context.choose_criterion(self.criterion.text().strip())

    def _on_labels(self) -> None:
        if self.labels.isModified():
            self.labels.setModified(False)
            self._set("labels of moments", labels=self.labels.text().strip())

    # what the study reports

    def _on_replaced(self) -> None:
        self.form.setEnabled(False)
        self._lock(None)

    def _on_study(self, study: OpenStudy) -> None:
        self.form.setEnabled(not study.read_only)
        self._show()
        self._count()

    def _on_changed(self, changes: frozenset[str]) -> None:
        if changes & {VOTES, PAIRS, VIDEOS, SETTINGS}:
            self._count()

    def _show(self) -> None:
        study = self._app_context.studies.current
        if study is None:
            return
        settings = study.settings
        if self.question.text().strip() != settings.statement:
            self.question.setMaxLength(
                max(MAX_QUESTION_CHARACTERS, len(settings.statement))
            )  # an imported question is not cut
            self.question.setText(settings.statement)
        self.criterion.setText(settings.criterion)
        self.criterion.setPlaceholderText(printable(study.criteria[0]))
        self.labels.setText(settings.labels)
        self.neither.setChecked(settings.allow_neither)
        self.blind.setChecked(settings.blind)
        for name, (box, describe) in self._choices.items():
            value = getattr(settings, name)
            if box.findData(value) < 0:  # set elsewhere
                box.addItem(describe(value), value)
            choose(box, value)

    def _count(self) -> None:
        if self.isVisible() and self._app_context.studies.current is not None:
            self._app_context.studies.read(_n_votes).succeeded.connect(self._lock)
            self._app_context.studies.read(Study.rating_facts).succeeded.connect(self._show_rated)

    def _show_rated(self, facts: RatingFacts | None) -> None:
        """Show the rule of ratings in words, and the pairs that it makes."""
        text = "No video of this study is rated. File › Import ratings… reads a table."
        if facts is not None:
            text = f"The rule: {facts.rule}."
            if facts.counts is not None:
                text += " {} pairs are ordered, {} similar, {} undecided.".format(*facts.counts)
        self.rated.setText(text)
        self.rating_rule.setEnabled(facts is not None)

    def _lock(self, n_votes: int | None) -> None:
        """Lock the speed once there are votes: a faster video looks more skilled."""
        self.speed.setEnabled(n_votes == 0)
        self.answered.setVisible(bool(n_votes))
        if n_votes:
            text = "{} judgement answers this question. Change its wording, not its meaning."
            if n_votes > 1:
                text = "{} judgements answer this question. Change its wording, not its meaning."
            self.answered.setText(text.format(n_votes))
            text = "Locked by {} judgement at this speed: judgements at other speeds cannot be compared with it."
            if n_votes > 1:
                text = "Locked by {} judgements at this speed: judgements at other speeds cannot be compared with them."
            self.locked.setText(text.format(n_votes))
        else:
            text = "The same for all pairs, since a faster video looks more skilled. The first vote locks it."
            self.locked.setText(text)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._count()


def _n_votes(study: Study) -> int:
    return sum(vote.is_valid and vote.verdict is not None for vote in study.votes.all())
