"""The measures of one motion, each with its error, the share of frames seen, and its percentile."""

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QComboBox, QWidget

from skillviewer.core.analysis.cohort import MIN_COHORT, CohortPosition
from skillviewer.core.kinematics.compared_measures import ComparedMotion
from skillviewer.core.kinematics.measures import MeasureValue
from skillviewer.core.text import counted, printable
from skillviewer.ui.session.app_context import AppContext
from skillviewer.ui.session.tracks.shown_tracks import ShownTracks
from skillviewer.ui.widgets.form import Section, offer
from skillviewer.ui.widgets.labels import WrappingLabel
from skillviewer.ui.widgets.layout import add_all
from skillviewer.ui.widgets.plain_table import Cells, Column, PlainTable

if TYPE_CHECKING:
    from collections.abc import Sequence

_COLUMNS = (
    Column("Measure", number=False, fills=True),
    Column("Value", "With its error at this frame rate and noise; it does not know a drift of the track"),
    Column("Seen", "Share of the searched frames on which it rests"),
    Column("Pct.", f"Percentile among the comparable videos with tracks, from {MIN_COHORT} of them on"),
)


class MeasuresTable(Section):
    """A table of the measures of the chosen track, and notes on it."""

    def __init__(self, app_context: AppContext, parent: QWidget) -> None:
        super().__init__("Motion", parent)
        self._playback = app_context.playback
        self._compared_motions: tuple[ComparedMotion, ...] = ()
        self.sentence_label = WrappingLabel(self)
        self.track_box = QComboBox(self)
        self.track_box.setAccessibleName("Track that is measured")
        self.track_box.setVisible(False)
        self.track_box.activated.connect(self._show)
        self.table = PlainTable("Measures of motion", self)
        self.note_label = WrappingLabel(self, muted=True)
        add_all(self.column, self.sentence_label, self.track_box, self.table, self.note_label)

    def show_tracks(self, shown_tracks: ShownTracks | None) -> None:
        """Show the measures of tracks, or none while a video is searched; the chosen track stays."""
        compared = shown_tracks.compared_motions if shown_tracks is not None else ()
        if compared is self._compared_motions:
            return
        self._compared_motions = compared
        last_title = self.track_box.currentText()
        titles = [_track_title(motion) for motion in compared]
        chosen_index = titles.index(last_title) if last_title in titles else 0
        offer(self.track_box, list(enumerate(titles)), chosen_index)
        self.track_box.setVisible(len(compared) > 1)
        self._show()

    def choose_track(self, name: str) -> None:
        """Show the measures of a track."""
        tracks = [motion.motion.track for motion in self._compared_motions]
        if name in tracks:
            self.track_box.setCurrentIndex(tracks.index(name))
            self._show()

    def _show(self, *_: object) -> None:
        index = self.track_box.currentIndex()
        motion = self._compared_motions[index] if 0 <= index < len(self._compared_motions) else None
        measures = motion.rows if motion is not None else ()
        percents_seen = {round(100 * value.share_seen) for value, _ in measures}
        has_percentiles = any(position is not None and position.has_percentile for _, position in measures)
        has_column = (True, True, len(percents_seen) > 1, has_percentiles)  # equal cells would take room of the names
        rows = [_measure_row(value, position, has_column) for value, position in measures]
        columns = [column for column, is_shown in zip(_COLUMNS, has_column, strict=True) if is_shown]
        self.table.fill(columns, rows)
        self.table.setVisible(bool(rows))
        height_px = 0
        if rows:
            height_px = self.table.horizontalHeader().height() + self.table.rowHeight(0) * len(rows) + 4
        self.table.setFixedHeight(height_px)
        text = motion.text if motion is not None else ""
        self.sentence_label.set_plain(printable(text))
        self.sentence_label.setVisible(bool(text))
        notes = [_percentile_note(motion), "A measure is no verdict."]
        if len(percents_seen) == 1:
            notes.insert(0, f"All rest on {percents_seen.pop()} % of the searched frames.")
        self.note_label.set_plain(" ".join(notes))


def _percentile_note(motion: ComparedMotion | None) -> str:
    if motion is None:
        return "No point was seen for long enough to be measured, or the search is not finished."
    n = max((position.n_compared for position in motion.positions if position is not None), default=0)
    if n < MIN_COHORT:
        return f"Percentiles need {MIN_COHORT} comparable videos with tracks; there are {n}."
    return f"Percentiles are among {counted(n, 'comparable video')}."


def _track_title(compared: ComparedMotion) -> str:
    motion = compared.motion
    if not motion.point or "hand" in motion.track:
        return motion.track
    return f"{motion.track}, {motion.point}"


def _measure_row(measure: MeasureValue, position: CohortPosition | None, has_column: "Sequence[bool]") -> Cells:
    value = "–" if measure.value is None else f"{measure.value:.3g}"
    if measure.error:
        value += f" ± {measure.error:.1g}"
    if measure.unit and measure.value is not None:
        value += f" {measure.unit}"
    percentile = "–"
    if position is not None and position.percentile is not None:
        percentile = f"{position.percentile:.0f}"
    title = measure.kind.title
    tip = f"{title}: {value}"
    if measure.note:
        tip += f". {measure.note[:1].upper()}{measure.note[1:]}."
    if position is not None and position.has_percentile:
        low, high = position.percentile_range
        tip += f" Percentile {low:.0f} to {high:.0f} of {position.n_compared} comparable videos."
    texts = (title, value, f"{100 * measure.share_seen:.0f} %", percentile)
    shown_texts = tuple(text for text, is_shown in zip(texts, has_column, strict=True) if is_shown)
    return Cells(measure.kind.name, shown_texts, tip)
