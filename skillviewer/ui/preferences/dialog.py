"""The dialog of settings, with its pages: assessing, looks, storage and keys. Changes apply at once."""

from functools import partial

from PySide6.QtCore import QSize, Qt, QUrl
from PySide6.QtGui import QDesktopServices, QKeyEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QDialog,
    QDialogButtonBox,
    QHBoxLayout,
    QLineEdit,
    QListWidget,
    QSizePolicy,
    QStackedWidget,
    QWidget,
)

from skillviewer.core.analysis.scene import MapInterpolation, MapStyle
from skillviewer.core.paths import cache_dir
from skillviewer.core.text import format_size, printable
from skillviewer.engine.runtime.disk_usage import Storage, emptied, measured
from skillviewer.ui.actions.actions import Actions
from skillviewer.ui.preferences.keys import ShortcutsPage
from skillviewer.ui.session.app_context import AppContext
from skillviewer.ui.session.settings import PASSES, TEXT_SIZES
from skillviewer.ui.session.viewer_state import look_choices
from skillviewer.ui.widgets.form import CONTROL_PX, Form, choose
from skillviewer.ui.widgets.layout import NONE, add_all, horizontal, named, push_button, text_label, vertical
from skillviewer.ui.widgets.overlay import Dialogs
from skillviewer.ui.widgets.theme import by_text, theme_choices


class AppearancePage(Form):
    """Colours, text size, and style of the maps."""

    def __init__(self, app_context: AppContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._app_context = app_context
        map_style = app_context.state.map_style
        self.theme = self.choice(theme_choices(), app_context.themes.choice, app_context.choose_theme)
        sizes = [(size, f"{size} %") for size in TEXT_SIZES]
        self.text = self.choice(sizes, app_context.settings.text_size, self._resize_text)
        held = (MapInterpolation.HELD, "Keep the last map and show its age")
        choices = look_choices() | {"between": [held, (MapInterpolation.INTERPOLATED, "Blend between maps")]}
        self._boxes = {
            name: self.choice(options, getattr(map_style, name), partial(self._set_map_style, name))
            for name, options in choices.items()
        }
        self.overlay, self.scale, self.between, self.colours = self._boxes.values()
        self.add("Theme", self.theme)
        self.add("Text size", self.text, "Start the program again, so that every part makes room.")
        self.add("Map as", self.overlay)
        self.add("Colour scale", self.scale)
        self.add("Between sampled frames", self.between)
        note = "Cividis looks the same with and without colour vision deficiency."
        self.add("Colours of maps", self.colours, note)
        app_context.state.map_style_changed.connect(self._on_map_style_changed)
        app_context.themes.changed.connect(self._on_themes)

    def _resize_text(self, size: int) -> None:
        self._app_context.settings.text_size = size
        self._app_context.themes.resize_text(size)

    def _set_map_style(self, name: str, value: object) -> None:
        self._app_context.state.set_map_style(**{name: value})

    def _on_map_style_changed(self, map_style: MapStyle) -> None:
        for name, box in self._boxes.items():
            choose(box, getattr(map_style, name))

    def _on_themes(self, _theme: object) -> None:
        choose(self.theme, self._app_context.themes.choice)


LIMITS_GB = (5, 10, 20, 50, 100, 200, 500)


class StoragePage(Form):
    """The cache: its folder, size and limit."""

    def __init__(self, app_context: AppContext, dialogs: Dialogs, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._app_context, self._dialogs = app_context, dialogs
        self._storage: Storage | None = None
        folder = printable(str(cache_dir()))
        self.place = text_label(folder, self, wrap=True, plain=True)
        self.place.setTextInteractionFlags(self.place.textInteractionFlags().TextSelectableByMouse)
        self.place.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.show_folder = push_button("Show the folder", self, self._on_show)
        self.kept = text_label("", self, wrap=True)
        sizes = sorted({*LIMITS_GB, app_context.settings.cache_gb})
        limits = [(size, f"{size} GB") for size in sizes]
        self.limit = self.choice(
            limits, app_context.settings.cache_gb, partial(setattr, app_context.settings, "cache_gb")
        )
        self.empty = push_button("Empty…", self, self._on_empty)
        self.empty.setEnabled(False)
        row = QWidget(self)
        add_all(horizontal(row, NONE), self.show_folder, self.empty, 1)
        self.add("Folder", self.place)
        self.add("Content", self.kept)
        self.add("", row)
        self.add(
            "Features, at most",
            self.limit,
            (
                "Cached features speed up a second assessment of a video, and every further model. Features that "
                "were used longest ago are removed first. A new limit applies to models loaded afterwards."
            ),
        )

    def measure(self) -> None:
        if self._app_context.closing:
            return
        if self._storage is None:
            self.kept.setText("measuring")
        self._app_context.index.submit(lambda _backend, token, _report: measured(token)).then(
            succeeded=self._on_measured, failed=self._app_context.messages.fail
        )

    def _on_measured(self, storage: Storage) -> None:
        self._storage = storage
        lines = (
            ("{} total", storage.total),
            ("{} features of videos", storage.features),
            ("{} small copies of videos", storage.copies),
            ("{} of fine-tuning", storage.tuning),
            ("{} evidence: what raised and lowered scores", storage.evidence),
            ("{} analyses of videos", storage.said),
            ("{} other", storage.other),
        )
        self.kept.setText("\n".join(text.format(format_size(n_bytes)) for text, n_bytes in lines))
        self.empty.setEnabled(storage.can_go > 0)

    def _on_empty(self) -> None:
        storage = self._storage
        if storage is None:
            return
        if self._app_context.jobs.confirm_stop:
            self._app_context.messages.note(
                "A job that needs the cache is running. Stop it, or wait for it, before you empty the cache."
            )
            return
        question = (
            f"Remove {format_size(storage.can_go)} of features, small copies, evidence and fine-tuning files? "
            "They are computed again when needed, which takes a while. Scores, votes and notes stay."
        )
        if not self._dialogs.confirm(self, question, "Remove"):
            return
        self.empty.setEnabled(False)
        task = self._app_context.index.submit(lambda _backend, token, _report: emptied(token))
        task.then(succeeded=self._on_measured, failed=self._app_context.messages.fail)
        self._app_context.jobs.follow("Emptying the cache", task)

    def _on_show(self) -> None:
        cache_dir().mkdir(parents=True, exist_ok=True)
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(cache_dir())))


class AssessingPage(Form):
    """Sampling passes, automatic assessment, and the user's name."""

    def __init__(self, app_context: AppContext, actions: Actions, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._automatic_action = actions["automatic"]
        choices = [(1, "1 pass"), *((n, f"{n} passes, with an interval") for n in PASSES[1:])]
        self.passes = self.choice(choices, app_context.state.passes, app_context.state.set_passes)
        self.automatic = QCheckBox("Assess the video on screen automatically", self)
        self.automatic.setChecked(app_context.assessments.automatic)
        self.user_name = QLineEdit(app_context.settings.user_name, self)
        self.user_name.setPlaceholderText("No name")
        self.user_name.setMaxLength(80)
        self.user_name.setFixedWidth(by_text(CONTROL_PX))
        note = "Each pass samples other frames of the same video. More passes give a score an interval."
        self.add("Passes of an assessment", self.passes, note)
        self.add("", self.automatic)
        note = "Moments and notes are signed with this name. Raters choose theirs on the Rank screen."
        self.add("Your name", self.user_name, note)
        self.automatic.clicked.connect(self._on_automatic)
        self.user_name.editingFinished.connect(lambda: app_context.annotations.set_author(self.user_name.text()))
        app_context.state.passes_changed.connect(self._on_passes_changed)
        self._automatic_action.toggled.connect(self.automatic.setChecked)

    def _on_passes_changed(self, passes: int) -> None:
        choose(self.passes, passes)

    def _on_automatic(self, on: bool) -> None:
        if self._automatic_action.isChecked() != on:
            self._automatic_action.trigger()


LIST_PX = 168
LEAST = QSize(640, 440)


class Preferences(QDialog):
    """Settings of the program. The dialog is not modal: changes can be seen in the window."""

    def __init__(self, app_context: AppContext, actions: Actions, dialogs: Dialogs, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle("Settings")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.appearance = AppearancePage(app_context, self)
        self.assessing = AssessingPage(app_context, actions, self)
        self.storage = StoragePage(app_context, dialogs, self)
        self.keys = ShortcutsPage(app_context.settings, actions, self)
        self.list = named(QListWidget(self), "Pages of settings")
        self.list.setFixedWidth(by_text(LIST_PX))
        self.list.setStyleSheet("QListWidget { padding-top: 8px; } QListWidget::item { padding-left: 16px; }")
        self._pages = QStackedWidget(self)
        for text, page in (
            ("Appearance", self.appearance),
            ("Assessing", self.assessing),
            ("Storage", self.storage),
            ("Keys", self.keys),
        ):
            self.list.addItem(text)
            self._pages.addWidget(page)
        for at in range(self.list.count()):
            self.list.item(at).setSizeHint(QSize(0, self.fontMetrics().height() + 16))
        self.list.currentRowChanged.connect(self._on_row)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close, self)
        buttons.rejected.connect(self.close)
        column = add_all(vertical(margins=NONE, spacing=0), (self._pages, 1))
        foot = add_all(horizontal(margins=(16, 12, 16, 12)), buttons)
        column.addLayout(foot)
        row = add_all(horizontal(self, NONE, 0), self.list, (column, 1))
        row.setSizeConstraint(QHBoxLayout.SizeConstraint.SetNoConstraint)  # pages scroll or wrap
        self.setMinimumSize(LEAST)
        self.resize(QSize(by_text(760), by_text(540)).boundedTo(parent.size() - QSize(40, 40)).expandedTo(LEAST))
        self.list.setCurrentRow(0)

    def show_page(self, page: QWidget) -> None:
        self.list.setCurrentRow(self._pages.indexOf(page))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Keep Enter in a field from closing the dialog."""
        if event.key() not in {Qt.Key.Key_Return, Qt.Key.Key_Enter}:
            super().keyPressEvent(event)

    def _on_row(self, row: int) -> None:
        self._pages.setCurrentIndex(row)
        page = self._pages.currentWidget()
        if isinstance(page, StoragePage):
            page.measure()
