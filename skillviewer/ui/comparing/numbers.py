"""Tables of the compared models: numbers of their comparison, and facts about each."""

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QSizePolicy, QWidget

from skillviewer.core.analysis.analysis import MapKind
from skillviewer.core.analysis.map_comparison import MapNumbers, VideoComparison
from skillviewer.core.evaluation.accuracy_text import format_accuracy
from skillviewer.core.evaluation.track_attention import TrackAttention
from skillviewer.core.explanation.evidence import Evidence
from skillviewer.ui.comparing.compared_models import ComparedModel
from skillviewer.ui.comparing.contrast import Contrast
from skillviewer.ui.widgets.labels import ElidingLabel, text_label
from skillviewer.ui.widgets.layout import add_all, growing, horizontal, push_button, vertical
from skillviewer.ui.widgets.plain_table import Cells, Column, PlainTable

DASH = "–"
NUMBERS = ("correlation", "similarity", "divergence", "divergence_back", "top_overlap", "centre_distance")


def number_text(value: float) -> str:
    """Return a number with two decimals and a true minus sign, or a dash for NaN."""
    return DASH if math.isnan(value) else f"{value:.2f}".replace("-", "−")


def numbers_at(comparison: VideoComparison, frame_index: int) -> MapNumbers | None:
    """Return the numbers of the last maps up to a frame; None before the first map of either model."""
    index = int(np.searchsorted(comparison.frames, frame_index, side="right")) - 1
    return comparison.numbers[index] if index >= 0 else None


class NumbersView(QWidget):
    """Table of numbers that compare each model with the chosen one, over the video or at the frame on screen."""

    row_chosen = Signal(str)  # key of the model

    def __init__(self, *, over_video: bool, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._over_video = over_video
        self._contrast: Contrast | None = None
        self._rows: tuple[ComparedModel, ...] = ()
        self._frame = 0
        self._note_label = ElidingLabel(self, muted=True)
        name = "Numbers over the video" if over_video else "Numbers of this frame"
        self.table = PlainTable(name, self)
        self.table.row_chosen.connect(self.row_chosen)
        add_all(vertical(self, margins=(0, 4, 0, 0), spacing=4), self._note_label, growing(self.table))
        self._note_label.setContentsMargins(8, 0, 8, 0)
        self._columns = (
            Column("", number=False),
            Column("Model", number=False, fills=True),
            Column("Corr.", "Pearson's correlation of the densities over the area: 1 identical, 0 none"),
            Column("Overlap", "Histogram intersection: 1 identical, 0 no overlap"),
            Column(
                "KL",
                "Kullback-Leibler divergence of the first model from this one, in nats",
                is_hidden_when_narrow=True,
            ),
            Column(
                "KL reverse",
                "Kullback-Leibler divergence of this model from the first, in nats",
                is_hidden_when_narrow=True,
            ),
            Column(
                "Peaks",
                "Shared peaks: overlap of the densest tenths; 1 identical, 0.10 by chance",
                is_hidden_when_narrow=True,
            ),
            Column(
                "Distance",
                "Distance of the centres of mass, as a share of the picture's diagonal",
                is_hidden_when_narrow=True,
            ),
            Column("Entropy", "Entropy of this model's map: 1 uniform, 0 all in one cell", is_hidden_when_narrow=True),
        )

    def show_contrast(self, contrast: Contrast | None, rows: Sequence[ComparedModel]) -> None:
        self._contrast = contrast
        self._rows = tuple(rows)
        self._refresh()

    def set_frame(self, frame_index: int) -> None:
        self._frame = frame_index
        if not self._over_video and self.isVisible():
            self._refresh()

    def showEvent(self, event: object) -> None:  # noqa: ARG002
        self._refresh()

    def _refresh(self) -> None:
        contrast = self._contrast
        first = next((row for row in self._rows if contrast is not None and row.key == contrast.first_key), None)
        if contrast is None or first is None:
            self._note_label.set_forms("The numbers appear when two models have assessed this video.")
            self.table.fill(self._columns, ())
            return
        text = self._format_contrast(first, contrast)
        self._note_label.set_forms(text, tip=text)
        cells = [self._cells(row, contrast) for row in self._rows]
        columns: tuple[Column, ...] = self._columns
        if self._over_video and contrast.track_attention:
            columns = (*columns, ON_TRACKS)
            cells = [_with_tracks(cell, contrast.track_attention.get(cell.key)) for cell in cells]
        self.table.fill(columns, cells)

    def _format_contrast(self, row: ComparedModel, contrast: Contrast) -> str:
        others = [comparison for key, comparison in contrast.comparisons.items() if key != contrast.first_key]
        any_comparison = next(iter(contrast.comparisons.values()))
        first_kind, _ = any_comparison.kinds
        if first_kind is MapKind.NONE:
            return f"{row.pane_number} {row.name} has no map to compare. Choose another model."
        if self._over_video:
            averaged = others or [any_comparison]
            basis = self._format_mean(averaged)
        else:
            basis = "their last maps up to this frame"
        text = f"Compared with {row.pane_number} {row.name}: {basis}."
        with_maps = [comparison for comparison in others if MapKind.NONE not in comparison.kinds]
        if not all(comparison.same_kind for comparison in with_maps):
            text += " The map kinds differ, so each map is divided by its sum."
        return text

    def _format_mean(self, comparisons: Sequence[VideoComparison]) -> str:
        """Return the number of frames of the means, which are the sampled frames of either model."""
        counts = [len(comparison.frames) for comparison in comparisons]
        fewest = min(counts)
        most = max(counts)
        if fewest == most:
            return f"mean over {most} frames"
        return f"mean over {fewest} to {most} frames, by model"

    def _cells(self, row: ComparedModel, contrast: Contrast) -> Cells:
        comparison = contrast.comparisons.get(row.key)
        map_numbers = None
        if comparison is not None:
            map_numbers = comparison.mean if self._over_video else numbers_at(comparison, self._frame)
        if comparison is None or map_numbers is None:
            return Cells(row.key, (row.pane_number, row.name, *[DASH] * 7), tip=row.reason)
        first_kind, other_kind = comparison.kinds
        if other_kind is MapKind.NONE:
            tip = "no map"
        elif first_kind is MapKind.NONE:
            tip = "one of the two has no map"
        else:
            tip = f"{first_kind} compared with {other_kind}"
        entropy = number_text(map_numbers.entropy_other)
        if row.key == contrast.first_key:
            tip = "the other models are compared with this one"
            return Cells(row.key, (row.pane_number, row.name, *[DASH] * 6, entropy), tip=tip)
        texts = [number_text(getattr(map_numbers, name)) for name in NUMBERS]
        return Cells(row.key, (row.pane_number, row.name, *texts, entropy), tip=tip)


ON_TRACKS = Column("On hands", "Attention on tracked hands and tools: 1 as much as evenly spread maps have")


def _with_tracks(cells: Cells, attention: TrackAttention | None) -> Cells:
    """Return a row with the attention on tracks as a further cell, whose tooltip has the controls."""
    if attention is None or attention.n_seen == 0:
        return replace(cells, texts=(*cells.texts, DASH))
    text = f"{number_text(attention.times_uniform)}×"
    tips = {**cells.tips, len(cells.texts): attention.sentence()}
    return replace(cells, texts=(*cells.texts, text), tips=tips)


KINDS = {
    MapKind.DISTRIBUTION: "distribution",
    MapKind.GATE: "gate",
    MapKind.SIGNED: "signed product",
    MapKind.NONE: "no map",
}


def format_kind(kind: MapKind) -> str:
    """Return the name of a kind of maps."""
    return KINDS[kind]


def format_count(n: int) -> str:
    """Return a count of parameters, such as 812, 64.3 k or 1.92 M."""
    if n < 1000:
        return str(n)
    return f"{n / 1000:.3g} k" if n < 999_500 else f"{n / 1e6:.3g} M"


def format_duration(seconds: float) -> str:
    """Return a duration, such as 82 ms or 1.4 s."""
    return f"{seconds * 1000:.0f} ms" if seconds < 1 else f"{seconds:.1f} s"


class ModelsView(QWidget):
    """Table of facts about the models, and a button that measures their faithfulness."""

    measure_asked = Signal()  # the user asked to measure faithfulness

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.table = PlainTable("The compared models", self)
        self.measure_button = push_button("Measure faithfulness", self, self.measure_asked)
        self.measure_button.setToolTip(
            "Remove what each model attended to, and test whether its score changes more than by chance"
        )
        self._note_label = text_label("", self, muted=True)
        self._note_label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        foot = add_all(horizontal(margins=(8, 0, 8, 4)), growing(self._note_label), self.measure_button)
        add_all(vertical(self, margins=(0, 4, 0, 0), spacing=4), growing(self.table), foot)
        self._columns = (
            Column("", number=False),
            Column("Model", number=False, fills=True),
            Column("Accuracy", "Accuracy on pairs of new people (else on all held-out pairs), with its 95 % interval"),
            Column("Faithful", "Faithfulness of the attention for this video, 0 to 1"),
            Column("Parameters", "Number of trained parameters", is_hidden_when_narrow=True),
            Column(
                "Time", "Duration of the last assessment here; cached features are reused", is_hidden_when_narrow=True
            ),
            Column(
                "Features",
                "Models with the same preprocessing share features",
                number=False,
                is_hidden_when_narrow=True,
            ),
        )

    def show_rows(self, rows: Sequence[ComparedModel], *, measurable: bool) -> None:
        """List the models; ``measurable`` if faithfulness can be measured now."""
        feature_sets = list(dict.fromkeys(row.facts.features for row in rows if row.facts is not None))
        note = ""
        if len(feature_sets) > 1:
            note = f"Different preprocessing, separate features: A to {_letter(len(feature_sets) - 1)}"
        self._note_label.setText(note)
        self.table.fill(self._columns, [self._cells(row, feature_sets) for row in rows])
        self.measure_button.setEnabled(measurable)

    def _cells(self, row: ComparedModel, feature_sets: list[str]) -> Cells:
        facts = row.facts
        if row.is_uniform:
            tip = "Baseline with the same attention everywhere; it gives no score"
            return Cells(row.key, (row.pane_number, row.name, *[DASH] * 5), tip=tip)
        if facts is None:
            return Cells(row.key, (row.pane_number, row.name, *[DASH] * 5), tip=row.reason)
        accuracy = DASH
        tips = {}
        if facts.accuracy is not None:
            low, high = facts.accuracy_interval if facts.accuracy_interval is not None else (None, None)
            accuracy = format_accuracy(facts.accuracy, low, high)
            tips[2] = f"{facts.n_pairs} pairs: {facts.rule}\n{facts.warning}".rstrip()
            if facts.warning:
                accuracy += " ⚠"
        faithful = DASH
        if row.evidence is not None:
            tips[3] = row.evidence.faithfulness_sentence
            faithful = self._faithful(row.evidence)
        time = format_duration(row.duration_s) if row.duration_s is not None else DASH
        features = "shared"
        if len(feature_sets) > 1:
            features = _letter(feature_sets.index(facts.features))
        tips[6] = facts.features
        texts = (row.pane_number, row.name, accuracy, faithful, format_count(facts.n_parameters), time, features)
        return Cells(row.key, texts, tip=f"{facts.title} · {format_kind(facts.map_kind)}", tips=tips)

    def _faithful(self, evidence: Evidence) -> str:
        faithfulness = evidence.faithfulness
        if faithfulness is None:
            return "no map"
        if faithfulness.faithful:
            return f"{faithfulness.value:.2f}"
        return "no" if faithfulness.decidable else "unclear"


def _letter(index: int) -> str:
    """Return the letter of a set of features: A, B, C."""
    return chr(ord("A") + index)
