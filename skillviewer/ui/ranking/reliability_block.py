"""Reliability of the votes, in sentences."""

import math
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QWidget

from skillviewer.ui.widgets.labels import WrappingLabel, text_label
from skillviewer.ui.widgets.layout import NO_MARGINS, vertical

if TYPE_CHECKING:
    from skillviewer.core.ranking.report import RankingReport


class ReliabilityBlock(QWidget):
    """Sentences about connectivity, agreement of the raters, and reliability of the strengths."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        heading = text_label("Reliability", self, heading=True)
        self._labels: list[WrappingLabel] = []
        self._column = vertical(self, margins=NO_MARGINS, spacing=8)
        self._column.addWidget(heading)

    @property
    def sentences(self) -> tuple[str, ...]:
        """The sentences shown."""
        return tuple(label.plain_text for label in self._labels if not label.isHidden())

    def show_report(self, report: "RankingReport") -> None:
        sentences = format_reliability(report)
        while len(self._labels) < len(sentences):
            label = WrappingLabel(self)
            self._column.addWidget(label)
            self._labels.append(label)
        for index, label in enumerate(self._labels):
            sentence = sentences[index] if index < len(sentences) else ""
            label.setVisible(index < len(sentences))
            label.set_plain(sentence)


def format_reliability(report: "RankingReport") -> list[str]:
    """Return the sentences of a report; coefficients that could not be computed are left out."""
    sentences = [report.connectivity]
    if report.ordinal_alpha is None or report.nominal_alpha is None:
        sentences.append("No pair was judged by two raters, so their agreement is not known.")
    else:
        sentences += [report.ordinal_alpha.sentence, report.nominal_alpha.sentence]
    if report.test_pair_alpha is not None:
        sentences.append(f"On the test pairs alone, chosen at random: {report.test_pair_alpha.sentence}")
    if report.split_half is not None:
        sentences.append(report.split_half.sentence)
    if not math.isnan(report.reliability):
        sentences.append(
            f"Separation reliability {report.reliability:.2f}: the share of the variance of the strengths that is due "
            "to the videos, and not to error. Pairs chosen for their information raise it."
        )
    return sentences
