"""The form in which the videos of an export are chosen."""

from collections.abc import Sequence

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtWidgets import QComboBox, QFormLayout, QLabel, QWidget

from skillviewer.core.text import printable
from skillviewer.core.video.clips import VideoClip
from skillviewer.ui.exporting.check_list import CheckList
from skillviewer.ui.exporting.export_choices import ExportModel, FileSplit
from skillviewer.ui.session.video_entry import VideoEntry
from skillviewer.ui.widgets.layout import NONE, add_all, as_tip, vertical, with_accessible_name
from skillviewer.ui.widgets.theme import Theme, url


class SourceForm(QWidget):
    """Choice of videos, their split into files, and the models."""

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._candidates: tuple[VideoEntry, ...] = ()
        self._current: VideoClip | None = None
        self._models: tuple[ExportModel, ...] = ()
        self._follows = True  # follows the loaded model
        self.spread = with_accessible_name(QComboBox(self), "Videos")
        self.spread.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.spread.setMinimumContentsLength(12)
        self.videos = CheckList("Chosen videos", self)
        self.models = CheckList("Models", self)
        rows = QFormLayout()
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setVerticalSpacing(8)
        rows.setHorizontalSpacing(12)
        rows.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        rows.addRow(QLabel("Videos", self), self.spread)
        rows.addRow(self.videos)
        rows.addRow(QLabel("Models", self), self.models)
        self._rows = rows
        add_all(vertical(self, NONE), rows)
        self.spread.currentIndexChanged.connect(self._on_spread)
        self.videos.marked.connect(self.changed)
        self.models.marked.connect(self._on_marked)

    def set_videos(self, candidates: Sequence[VideoEntry], current: VideoClip | None) -> None:
        offered = [c.clip for c in candidates]
        candidate_clips = [c.clip for c in self._candidates]
        clips = [clip for clip in self.videos.chosen if clip in offered]
        self._candidates = tuple(candidates)
        moved = current != self._current
        self._current = current
        if not clips or (moved and len(clips) == 1):
            clips = [current] if current is not None else []
        if offered != candidate_clips or moved:
            self.videos.set_items([(c.clip, printable(c.name)) for c in candidates], clips)
        self._refresh()

    def set_models(self, models: Sequence[ExportModel]) -> None:
        before = {m.folder for m in self._models}
        folders = [folder for folder in self.models.chosen if folder in {m.folder for m in models}]
        loaded = [m.folder for m in models if m.loaded]
        self._models = tuple(models)
        if self._follows or not folders:  # none is loaded while another one loads: keep following
            folders = list(loaded) or folders or [m.folder for m in models[:1]]
        if {m.folder for m in models} != before or folders != self.models.chosen:
            self.models.set_items([(m.folder, printable(m.name)) for m in models], folders)
        self._rows.setRowVisible(self.models, len(models) > 1)
        self._refresh()

    def _on_marked(self) -> None:
        self._follows = self._by_loaded
        self._refresh()
        self.changed.emit()

    def offer(self, spreads: Sequence[FileSplit]) -> None:
        """Offer the possible splits into files; none hides the form."""
        before = self.chosen_spread
        self.setVisible(bool(spreads))
        with QSignalBlocker(self.spread):
            self.spread.clear()
            for spread in spreads:
                self.spread.addItem("", spread)
            index = list(spreads).index(before) if before in spreads else 0
            self.spread.setCurrentIndex(index)
        self._refresh()

    def choose(self, clips: Sequence[VideoClip]) -> None:
        """Choose these videos, in one file, as the loaded model sees them."""
        self._follows = True
        self.models.set_items(
            [(m.folder, printable(m.name)) for m in self._models], [m.folder for m in self._models if m.loaded]
        )
        self.videos.set_items([(c.clip, printable(c.name)) for c in self._candidates], clips)
        with QSignalBlocker(self.spread):
            self.spread.setCurrentIndex(self.spread.findData(FileSplit.CHOSEN))
        self._on_spread()

    @property
    def chosen_spread(self) -> FileSplit:
        data = self.spread.currentData()
        return FileSplit(data) if data is not None else FileSplit.THIS

    @property
    def chosen_videos(self) -> tuple[VideoEntry, ...]:
        spread = self.chosen_spread
        if spread is FileSplit.THIS:
            return tuple(c for c in self._candidates if c.clip == self._current)
        if spread is FileSplit.CHOSEN:
            clips = set(self.videos.chosen)
            chosen_candidates = (c for c in self._candidates if c.clip in clips)
            return tuple(
                sorted(chosen_candidates, key=lambda c: c.clip != self._current)
            )  # the others are aligned with the first
        return self._several

    @property
    def chosen_models(self) -> tuple[ExportModel, ...]:
        folders = set(self.models.chosen)
        return tuple(model for model in self._models if model.folder in folders)

    @property
    def _by_loaded(self) -> bool:
        return self.models.chosen == [m.folder for m in self._models if m.loaded]

    @property
    def _several(self) -> tuple[VideoEntry, ...]:
        """The videos of an export of several: the assessed ones, where that is known."""
        return tuple(c for c in self._candidates if c.analysis is not None or not self._by_loaded)

    def on_theme(self, theme: Theme) -> None:
        """Apply the theme; check boxes in lists look like others."""
        check = url(f"check-{'dark' if theme.dark else 'light'}.svg")
        self.setStyleSheet(
            "QListView::indicator { width: 14px; height: 14px; border-radius: 4px; "
            f"border: 1px solid {theme.muted}; background: {theme.base}; }} QListView::indicator:checked {{ "
            f"background: {theme.accent}; border-color: {theme.accent}; image: {check}; }}"
        )

    def _refresh(self) -> None:
        n = len(self._several)
        name = next((printable(c.name) for c in self._candidates if c.clip == self._current), "none chosen")
        file_each, in_one = "A file for each of {} videos", "All {} videos in one file"
        if self._by_loaded:
            file_each, in_one = "A file for each of {} assessed", "All {} assessed in one file"
        texts = {
            FileSplit.THIS: f"This video: {name}",
            FileSplit.EACH: file_each.format(n),
            FileSplit.ALL: in_one.format(n),
            FileSplit.CHOSEN: "Chosen videos in one file",
        }
        for index in range(self.spread.count()):
            self.spread.setItemText(index, texts[FileSplit(self.spread.itemData(index))])
        self.spread.setToolTip(as_tip(self.spread.currentText()))
        self._rows.setRowVisible(self.videos, self.chosen_spread is FileSplit.CHOSEN)

    def _on_spread(self, *_: object) -> None:
        self._refresh()
        self.changed.emit()
