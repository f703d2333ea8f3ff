"""The table of the compared models: accuracy, faithfulness and cost."""

from collections.abc import Sequence

from PySide6.QtCore import QT_TRANSLATE_NOOP, QCoreApplication, Signal
from PySide6.QtWidgets import QSizePolicy, QWidget

from skillviewer.core.analysis.analysis import MapKind
from skillviewer.core.explanation.evidence import Evidence
from skillviewer.ui.comparing.compared_models import ComparedModel
from skillviewer.ui.widgets.layout import add_all, horizontal, push_button, text_label, vertical
from skillviewer.ui.widgets.tables import Cells, Column, PlainTable

NOTHING = "–"
KINDS = {
    MapKind.DISTRIBUTION: QT_TRANSLATE_NOOP("kinds", "distribution"),
    MapKind.GATE: QT_TRANSLATE_NOOP("kinds", "gate"),
    MapKind.SIGNED: QT_TRANSLATE_NOOP("kinds", "signed product"),
    MapKind.NONE: QT_TRANSLATE_NOOP("kinds", "no map"),
}


def kind_words(kind: MapKind) -> str:
    """Return the name of a kind of maps."""
    return QCoreApplication.translate("kinds", str(KINDS[kind]))


def count_words(n: int) -> str:
    """Return a count of parameters: 812, 64.3 k, 1.92 M."""
    if n < 1000:
        return str(n)
    return f"{n / 1000:.3g} k" if n < 999_500 else f"{n / 1e6:.3g} M"


def time_words(seconds: float) -> str:
    """Return a duration: 82 ms, 1.4 s."""
    return f"{seconds * 1000:.0f} ms" if seconds < 1 else f"{seconds:.1f} s"


class ModelsView(QWidget):
    """The table, and the button that measures faithfulness."""

    measure_asked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.table = PlainTable(self.tr("The compared models"), self)
        self.measure = push_button(self.tr("Measure faithfulness"), self, self.measure_asked)
        self.measure.setToolTip(
            self.tr("Remove what each model attended to, and test whether its score changes more than by chance")
        )
        self._note = text_label("", self, muted=True)
        self._note.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        foot = add_all(horizontal(margins=(8, 0, 8, 4)), (self._note, 1), self.measure)
        add_all(vertical(self, (0, 4, 0, 0), 4), (self.table, 1), foot)
        self._columns = (
            Column("", number=False),
            Column(self.tr("Model"), number=False, fills=True),
            Column(self.tr("Accuracy"), self.tr("Pairwise accuracy on held-out pairs, with its 95 % interval")),
            Column(self.tr("Faithful"), self.tr("Faithfulness of the attention for this video, 0 to 1")),
            Column(self.tr("Parameters"), self.tr("Number of trained parameters")),
            Column(self.tr("Time"), self.tr("Duration of the last assessment here; cached features are reused")),
            Column(self.tr("Features"), self.tr("Models with the same preprocessing share features"), number=False),
        )

    def show_rows(self, rows: Sequence[ComparedModel], *, measurable: bool) -> None:
        """Show models; ``measurable`` if faithfulness can be measured now."""
        feature_sets = list(dict.fromkeys(row.facts.features for row in rows if row.facts is not None))
        self._note.setText(
            self.tr("Different preprocessing, separate features: A to {}").format(chr(ord("A") + len(feature_sets) - 1))
            if len(feature_sets) > 1
            else ""
        )
        self.table.fill(self._columns, [self._cells(row, feature_sets) for row in rows])
        self.measure.setEnabled(measurable)

    def _cells(self, row: ComparedModel, feature_sets: list[str]) -> Cells:
        facts = row.facts
        if row.is_uniform:
            tip = self.tr("Baseline with the same attention everywhere; it gives no score")
            return Cells(row.key, (row.number, row.name, *[NOTHING] * 5), tip=tip)
        if facts is None:
            return Cells(row.key, (row.number, row.name, *[NOTHING] * 5), tip=row.reason)
        accuracy, tips = NOTHING, {}
        if facts.accuracy is not None:
            accuracy = f"{facts.accuracy:.2f}"
            if facts.accuracy_interval is not None:
                low, high = facts.accuracy_interval
                accuracy = f"{accuracy} ({low:.2f}–{high:.2f})"
            tips[2] = f"{self.tr('{} held-out pairs: {}').format(facts.n_pairs, facts.rule)}\n{facts.caution}".rstrip()
            accuracy += " ⚠" if facts.caution else ""
        faithful = NOTHING
        if row.evidence is not None:
            tips[3] = row.evidence.faithfulness_sentence
            faithful = self._faithful(row.evidence)
        time = time_words(row.seconds) if row.seconds is not None else NOTHING
        which = feature_sets.index(facts.features)
        features = self.tr("shared") if len(feature_sets) == 1 else chr(ord("A") + which)
        tips[6] = facts.features
        texts = (row.number, row.name, accuracy, faithful, count_words(facts.n_parameters), time, features)
        return Cells(row.key, texts, tip=f"{facts.title} · {kind_words(facts.map_kind)}", tips=tips)

    def _faithful(self, evidence: Evidence) -> str:
        found = evidence.faithfulness
        if found is None:
            return self.tr("no map")
        if found.faithful:
            return f"{found.value:.2f}"
        return self.tr("no") if found.decidable else self.tr("unclear")
