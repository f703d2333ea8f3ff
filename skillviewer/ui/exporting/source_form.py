"""Form in which the user chooses the videos and models of an export."""

from collections.abc import Sequence

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtWidgets import QComboBox, QFormLayout, QLabel, QWidget

from skillviewer.core.text import printable
from skillviewer.core.video.clips import VideoClip
from skillviewer.ui.exporting.check_list import CheckList
from skillviewer.ui.exporting.export_choices import ExportModel, FileSplit
from skillviewer.ui.session.video_entry import VideoEntry
from skillviewer.ui.widgets.layout import NO_MARGINS, add_all, as_tip, vertical, with_accessible_name
from skillviewer.ui.widgets.theme import Theme, url


class SourceForm(QWidget):
    """Form for the videos, their split into files, and the models."""

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._candidates: tuple[VideoEntry, ...] = ()
        self._current_clip: VideoClip | None = None
        self._models: tuple[ExportModel, ...] = ()
        self._follows_loaded = True  # whether the loaded model is chosen, also when another one is loaded
        self.split_box = with_accessible_name(QComboBox(self), "Videos")
        self.split_box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.split_box.setMinimumContentsLength(12)
        self.video_list = CheckList("Chosen videos", self)
        self.model_list = CheckList("Models", self)
        rows = QFormLayout()
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setVerticalSpacing(8)
        rows.setHorizontalSpacing(12)
        rows.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        rows.addRow(QLabel("Videos", self), self.split_box)
        rows.addRow(self.video_list)
        rows.addRow(QLabel("Models", self), self.model_list)
        self._form_layout = rows
        add_all(vertical(self, margins=NO_MARGINS), rows)
        self.split_box.currentIndexChanged.connect(self._on_split)
        self.video_list.check_changed.connect(self.changed)
        self.model_list.check_changed.connect(self._on_models_checked)

    def set_videos(self, candidates: Sequence[VideoEntry], current: VideoClip | None) -> None:
        """Set the videos that can be chosen, and the video on screen."""
        clips = [entry.clip for entry in candidates]
        previous_clips = [entry.clip for entry in self._candidates]
        current_changed = current != self._current_clip
        self._candidates = tuple(candidates)
        self._current_clip = current
        chosen_clips = [clip for clip in self.video_list.chosen_keys if clip in clips]
        follows_current = current_changed and len(chosen_clips) == 1
        if not chosen_clips or follows_current:
            chosen_clips = [current] if current is not None else []
        if clips != previous_clips or current_changed:
            self._show_videos(chosen_clips)
        self._refresh()

    def _show_videos(self, chosen_clips: Sequence[object]) -> None:
        self.video_list.set_items([(entry.clip, printable(entry.name)) for entry in self._candidates], chosen_clips)

    def set_models(self, models: Sequence[ExportModel]) -> None:
        """Set the models that can be chosen; the choice stays, or follows the loaded model."""
        folders: list[object] = [model.folder for model in models]
        previous_folders = {model.folder for model in self._models}
        self._models = tuple(models)
        chosen_folders = [folder for folder in self.model_list.chosen_keys if folder in folders]
        if self._follows_loaded or not chosen_folders:
            # while a model is being loaded, none is loaded: the last choice stays
            chosen_folders = self._loaded_folders or chosen_folders or folders[:1]
        if set(folders) != previous_folders or chosen_folders != self.model_list.chosen_keys:
            self._show_models(chosen_folders)
        self._form_layout.setRowVisible(self.model_list, len(models) > 1)
        self._refresh()

    def _show_models(self, chosen_folders: Sequence[object]) -> None:
        self.model_list.set_items([(model.folder, printable(model.name)) for model in self._models], chosen_folders)

    @property
    def _loaded_folders(self) -> list[object]:
        return [model.folder for model in self._models if model.is_loaded]

    def _on_models_checked(self) -> None:
        self._follows_loaded = self._only_loaded_chosen
        self._refresh()
        self.changed.emit()

    def set_splits(self, splits: Sequence[FileSplit]) -> None:
        """Set the possible splits into files. Without a possible split, the form is hidden."""
        previous = self.chosen_split
        self.setVisible(bool(splits))
        with QSignalBlocker(self.split_box):
            self.split_box.clear()
            for split in splits:
                self.split_box.addItem("", split)
            index = splits.index(previous) if previous in splits else 0
            self.split_box.setCurrentIndex(index)
        self._refresh()

    def choose(self, clips: Sequence[VideoClip]) -> None:
        """Choose these videos in one file, with the loaded model."""
        self._follows_loaded = True
        self._show_models(self._loaded_folders)
        self._show_videos(clips)
        with QSignalBlocker(self.split_box):
            self.split_box.setCurrentIndex(self.split_box.findData(FileSplit.CHOSEN))
        self._on_split()

    @property
    def chosen_split(self) -> FileSplit:
        value = self.split_box.currentData()
        return FileSplit(value) if value is not None else FileSplit.THIS

    @property
    def chosen_videos(self) -> tuple[VideoEntry, ...]:
        """The chosen videos, the video on screen first: the others are aligned with the first video."""
        split = self.chosen_split
        if split is FileSplit.THIS:
            return tuple(entry for entry in self._candidates if entry.clip == self._current_clip)
        if split is FileSplit.CHOSEN:
            chosen_clips = set(self.video_list.chosen_keys)
            chosen = [entry for entry in self._candidates if entry.clip in chosen_clips]
            return tuple(sorted(chosen, key=lambda entry: entry.clip != self._current_clip))
        return self._exportable_videos

    @property
    def chosen_models(self) -> tuple[ExportModel, ...]:
        folders = set(self.model_list.chosen_keys)
        return tuple(model for model in self._models if model.folder in folders)

    @property
    def _only_loaded_chosen(self) -> bool:
        return self.model_list.chosen_keys == self._loaded_folders

    @property
    def _exportable_videos(self) -> tuple[VideoEntry, ...]:
        """Videos of an export of all: the assessed videos if the loaded model alone is chosen, else every video."""
        if not self._only_loaded_chosen:
            return self._candidates
        return tuple(entry for entry in self._candidates if entry.analysis is not None)

    def on_theme(self, theme: Theme) -> None:
        """Apply the theme, so that check boxes in the lists look like other check boxes."""
        check_name = "check-dark.svg" if theme.dark else "check-light.svg"
        check = url(check_name)
        self.setStyleSheet(
            "QListView::indicator { width: 14px; height: 14px; border-radius: 4px; "
            f"border: 1px solid {theme.muted}; background: {theme.base}; }} QListView::indicator:checked {{ "
            f"background: {theme.accent}; border-color: {theme.accent}; image: {check}; }}"
        )

    def _refresh(self) -> None:
        n_videos = len(self._exportable_videos)
        noun = "assessed" if self._only_loaded_chosen else "videos"
        names = [printable(entry.name) for entry in self._candidates if entry.clip == self._current_clip]
        current_name = names[0] if names else "none chosen"
        texts = {
            FileSplit.THIS: f"This video: {current_name}",
            FileSplit.EACH: f"A file for each of {n_videos} {noun}",
            FileSplit.ALL: f"All {n_videos} {noun} in one file",
            FileSplit.CHOSEN: "Chosen videos in one file",
        }
        for index in range(self.split_box.count()):
            self.split_box.setItemText(index, texts[FileSplit(self.split_box.itemData(index))])
        self.split_box.setToolTip(as_tip(self.split_box.currentText()))
        self._form_layout.setRowVisible(self.video_list, self.chosen_split is FileSplit.CHOSEN)

    def _on_split(self, *_: object) -> None:
        self._refresh()
        self.changed.emit()
