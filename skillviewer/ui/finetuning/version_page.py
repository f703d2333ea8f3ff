"""The test of one version of a model, as its card and the study keep it."""

from PySide6.QtWidgets import QHBoxLayout, QWidget

from skillviewer.core.text import printable
from skillviewer.data.study import ModelVersion
from skillviewer.nets.model_card import find_card
from skillviewer.nets.model_summary import format_baselines, tested_accuracy, tested_verdict
from skillviewer.ui.widgets.form import NamedLines
from skillviewer.ui.widgets.labels import text_label
from skillviewer.ui.widgets.layout import GrowingSpace, add_all, growing, push_button, vertical

Lines = tuple[tuple[str, str], ...]


class VersionPage(QWidget):
    """Verdict, accuracy, baselines and training data of a version."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.title_label = text_label("", self, heading=True, wrap=True, plain=True)
        self.back_button = push_button("Back", self)
        self.version_lines = NamedLines(gap_px=6)
        header = add_all(QHBoxLayout(), growing(self.title_label), self.back_button)
        add_all(vertical(self, margins=(24, 16, 24, 16), spacing=12), header, self.version_lines, GrowingSpace())

    def show_version(self, version: ModelVersion, lines: Lines) -> None:
        """Show the lines about a version."""
        self.title_label.setText(f"{printable(version.name)} v{version.number}")
        self.version_lines.clear()
        for name, text in lines:
            self.version_lines.add(name, printable(text))


def version_lines(version: ModelVersion) -> Lines:
    """Return lines about a version as (name, text), from its card and the facts in the study; reads a file."""
    card = find_card(version.path)
    facts = version.facts
    lines = [("Verdict", tested_verdict(card, facts)), ("Accuracy", tested_accuracy(card, facts) or "–")]
    if card is None:
        lines.append(("Notes", "The files of this version are missing."))
    else:
        checked = card.held_out.rule if card.held_out is not None else ""
        lines += [
            ("Baselines", format_baselines(card)),
            ("Checked", checked),
            ("Trained on", card.training_data),
            ("Notes", card.notes),
        ]
    return tuple((name, text) for name, text in lines if text)
