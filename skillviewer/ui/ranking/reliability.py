"""Reliability of the votes in words and numbers."""

import math
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QWidget

from skillviewer.ui.widgets.labels import WrappingLabel, text_label
from skillviewer.ui.widgets.layout import NONE, add_all, vertical

if TYPE_CHECKING:
    from skillviewer.core.ranking.report import RankingReport


class Reliability(QWidget):
    """Reliability of the strengths, in sentences."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        heading = text_label("Reliability", self, heading=True)
        self._sentences: list[WrappingLabel] = []
        self._column = add_all(vertical(self, NONE, 8), heading)

    @property
    def sentences(self) -> tuple[str, ...]:
        return tuple(label.plain for label in self._sentences if not label.isHidden())

    def show_report(self, report: "RankingReport") -> None:
        sentences = self._results_of(report)
        while len(self._sentences) < len(sentences):
            label = WrappingLabel(self)
            self._column.addWidget(label)
            self._sentences.append(label)
        for index, label in enumerate(self._sentences):
            label.setVisible(index < len(sentences))
            label.set_plain(sentences[index] if index < len(sentences) else "")

    def _results_of(self, report: "RankingReport") -> list[str]:
        sentences = [report.connectivity]
        if report.ordinal is None or report.nominal is None:
            sentences.append("No pair was judged by two raters, so their agreement is not known.")
        else:
            sentences += [report.ordinal.sentence, report.nominal.sentence]
        if report.on_test is not None:
            sentences.append(f"On the test pairs alone, chosen at random: {report.on_test.sentence}")
        if report.split_half is not None:
            sentences.append(report.split_half.sentence)
        if not math.isnan(report.reliability):
            text = (
                "Separation reliability {:.2f}: the share of the variance of strengths that is not error. Pairs chosen "
                "for their information raise it."
            )
            sentences.append(text.format(report.reliability))
        return sentences
