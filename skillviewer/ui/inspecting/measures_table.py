"""The table of measures of one motion, each with its error, the share seen and its percentile."""

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
    """Measures of the track that is chosen."""

    def __init__(self, app_context: AppContext, parent: QWidget) -> None:
        super().__init__("Motion", parent)
        self._playback = app_context.playback
        self._compared: tuple[ComparedMotion, ...] = ()
        self.sentence = WrappingLabel(self)
        self.which = QComboBox(self)
        self.which.setAccessibleName("Track that is measured")
        self.which.setVisible(False)
        self.which.activated.connect(self._show)
        self.table = PlainTable("Measures of motion", self)
        self.note = WrappingLabel(self, muted=True)
        add_all(self.column, self.sentence, self.which, self.table, self.note)

    def show_tracks(self, shown_tracks: ShownTracks | None) -> None:
        """Show the measures of other tracks; none while a video is searched."""
        compared = shown_tracks.compared if shown_tracks is not None else ()
        if compared is not self._compared:
            before = self.which.currentText()
            self._compared = compared
            names = [(place, _title(motion)) for place, motion in enumerate(compared)]
            chosen_place = next((place for place, name in names if name == before), 0)
            offer(self.which, names, chosen_place)
            self.which.setVisible(len(compared) > 1)
            self._show()

    def choose_track(self, name: str) -> None:
        """Show the measures of a track."""
        place = next((place for place, motion in enumerate(self._compared) if motion.motion.track == name), None)
        if place is not None:
            self.which.setCurrentIndex(place)
            self._show()

    def _show(self, *_: object) -> None:
        place = self.which.currentIndex()
        motion = self._compared[place] if 0 <= place < len(self._compared) else None
        pairs = motion.rows if motion is not None else ()
        shares = {round(100 * value.share_seen) for value, _ in pairs}
        # a column that says nothing takes the room of the names
        has_column = (True, True, len(shares) > 1, any(p is not None and p.has_percentile for _, p in pairs))
        rows = [_cells(value, position, has_column) for value, position in pairs]
        self.table.fill([column for column, rows_shown in zip(_COLUMNS, has_column, strict=True) if rows_shown], rows)
        self.table.setVisible(bool(rows))
        height = self.table.horizontalHeader().height() + self.table.rowHeight(0) * len(rows) + 4
        self.table.setFixedHeight(height if rows else 0)
        self.sentence.set_plain(printable(motion.text) if motion is not None else "")
        self.sentence.setVisible(bool(motion is not None and motion.text))
        n = max((p.n for p in motion.positions if p is not None), default=0) if motion is not None else 0
        few_text = (
            f"Percentiles need {MIN_COHORT} comparable videos with tracks; there are {n}." if n < MIN_COHORT else ""
        )
        if motion is None:
            few_text = "No point was seen for long enough to be measured, or the search is not finished."
        seen_text = f"All rest on {shares.pop()} % of the searched frames." if len(shares) == 1 else ""
        among = few_text or f"Percentiles are among {counted(n, 'comparable video')}."
        self.note.set_plain(" ".join(filter(None, (seen_text, among, "A measure is no verdict."))))


def _title(compared: ComparedMotion) -> str:
    motion = compared.motion
    return motion.track if not motion.point or "hand" in motion.track else f"{motion.track}, {motion.point}"


def _cells(measure: MeasureValue, position: CohortPosition | None, has_column: "Sequence[bool]") -> Cells:
    value = "–" if measure.value is None else f"{measure.value:.3g}"
    if measure.error:
        value += f" ± {measure.error:.1g}"
    if measure.unit and measure.value is not None:
        value += f" {measure.unit}"
    percentile = f"{position.percentile:.0f}" if position is not None and position.percentile is not None else "–"
    title = measure.kind.title
    tip = f"{title}: {value}" + (f". {measure.note[:1].upper()}{measure.note[1:]}." if measure.note else "")
    if position is not None and position.has_percentile:
        low, high = position.percentile_range
        tip += f" Percentile {low:.0f} to {high:.0f} of {position.n} comparable videos."
    texts = (title, value, f"{100 * measure.share_seen:.0f} %", percentile)
    return Cells(
        measure.kind.name, tuple(text for text, columns in zip(texts, has_column, strict=True) if columns), tip
    )
