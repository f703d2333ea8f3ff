"""The panel of videos: the list, sorted, searched and filtered."""

from PySide6.QtCore import QEvent, QModelIndex, Qt, Signal, Slot
from PySide6.QtGui import QAction, QActionGroup, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QLineEdit,
    QMenu,
    QStackedLayout,
    QTableView,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from skillviewer.core.video.clips import VideoClip
from skillviewer.ui.actions.actions import Actions
from skillviewer.ui.session.app_context import AppContext
from skillviewer.ui.session.video_entry import VideoEntry, VideoState
from skillviewer.ui.threads.throttle import single_shot
from skillviewer.ui.videos.columns import COLUMNS, NAME, VideoColumn, format_state
from skillviewer.ui.videos.delegates import NUMBER_MARGIN_PX, NumberDelegate, VideoNameDelegate
from skillviewer.ui.videos.table_model import ENTRY_ROLE, VideoFilter, VideoTable
from skillviewer.ui.widgets.labels import text_label
from skillviewer.ui.widgets.layout import NONE, add_all, horizontal, vertical
from skillviewer.ui.widgets.plain_table import n_alike, share_width
from skillviewer.ui.widgets.theme import Theme, by_text, themed

MIN_PX = 319  # narrower, a length and a participant under the name would have no room
ROW_PX, NAME_PX = 48, 136


class VideosView(QTableView):
    """A table in which letters are keys of the player: names are found by the search field."""

    def keyboardSearch(self, _search: str) -> None:
        """Do nothing."""

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep names legible: where there is no room for all columns, the view scrolls sideways."""
        super().resizeEvent(event)
        share_width(self, by_text(NAME_PX))


class VideosPanel(QWidget):
    """The videos of the study."""

    chosen = Signal(object)  # ``VideoClip`` that the user chose
    entered = Signal()  # the user pressed Enter on a video: go to the picture
    in_sight = Signal(object)  # ``VideoClip`` of the videos whose rows are in sight

    def __init__(
        self,
        app_context: AppContext,
        actions: Actions,
        parent: QWidget | None,
        columns: tuple[VideoColumn, ...] = COLUMNS,
    ) -> None:
        super().__init__(parent)
        self._videos = app_context.videos
        self._icons = app_context.icons
        videos = self._videos
        self.table = VideoTable(videos, self, columns)
        self.filter = VideoFilter(self.table, self)
        self.view = VideosView(self)
        self.view.verticalScrollBar().rangeChanged.connect(self._show_whole_row)
        self.search = QLineEdit(self)
        self._filter_button = QToolButton(self)
        self._count = text_label("", self, muted=True)
        self._empty = QWidget(self)
        self._settle = single_shot(self, 120, self._emit_in_sight)
        self._count_soon = single_shot(self, 0, self._on_list)  # once for changes of a thousand videos
        self._lay_out()
        self._set_up_view()
        self._fill_empty(actions["open_videos"])
        for signal in (videos.changed, videos.removed, videos.cleared):
            signal.connect(self._on_change)
        videos.added.connect(self._on_added)
        self.table.all_changed.connect(self._on_all_changed)
        self._on_list()

    def _lay_out(self) -> None:
        self.search.setPlaceholderText("Search videos")
        self.search.setClearButtonEnabled(True)
        self.search.setAcceptDrops(False)  # files dropped here are for the window
        self.search.setAccessibleName("Search videos by name")
        self.search.textChanged.connect(self._on_search)
        self._filter_button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self._filter_button.setToolTip("Sort, and show only videos in one state")
        self._filter_button.setAccessibleName("Sort and filter")
        self._filter_button.setMenu(self._filter_menu())
        top = add_all(horizontal(margins=(8, 8, 8, 8), spacing=4), (self.search, 1), self._filter_button)
        pages = QWidget(self)
        self._pages = QStackedLayout(pages)
        self._pages.addWidget(self.view)
        self._pages.addWidget(self._empty)
        self._count.setContentsMargins(12, 6, 12, 6)
        add_all(vertical(self, NONE, 0), top, (pages, 1), self._count)

    def _filter_menu(self) -> QMenu:
        menu = QMenu(self)
        states = QActionGroup(menu)
        for state in (None, *VideoState):
            text = "Show all" if state is None else f"Show only: {format_state(state)}"
            self._option(menu, states, text, state, checked=state is None)
        states.triggered.connect(self._on_filter)
        menu.addSeparator()
        orders = QActionGroup(menu)
        self._option(menu, orders, "In the order added", -1, checked=True)
        for index, column in enumerate(self.table.columns):
            self._option(menu, orders, column.order, index, checked=False)
        orders.triggered.connect(lambda action: self.view.sortByColumn(action.data(), Qt.SortOrder.AscendingOrder))
        self._orders = orders
        return menu

    def _option(self, menu: QMenu, group: QActionGroup, text: str, data: object, *, checked: bool) -> None:
        action = menu.addAction(text)
        action.setCheckable(True)
        action.setChecked(checked)
        action.setData(data)
        group.addAction(action)

    def _set_up_view(self) -> None:
        self.setMinimumWidth(MIN_PX)
        view = self.view
        view.setModel(self.filter)
        view.setAccessibleName("Videos")
        view.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        view.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        view.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        view.setShowGrid(False)
        view.setWordWrap(False)
        view.setTabKeyNavigation(False)
        view.setSortingEnabled(True)
        view.sortByColumn(-1, Qt.SortOrder.AscendingOrder)
        view.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        view.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        view.verticalHeader().hide()
        view.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        view.verticalHeader().setDefaultSectionSize(by_text(ROW_PX))
        header = view.horizontalHeader()
        header.setHighlightSections(False)
        header.setSectionsMovable(False)
        header.setMinimumSectionSize(40)
        self._delegate = VideoNameDelegate(self._icons, view)
        self._numbers = NumberDelegate(view)
        for index in range(len(self.table.columns)):
            header.setSectionResizeMode(
                index, QHeaderView.ResizeMode.Stretch if index == NAME else QHeaderView.ResizeMode.Fixed
            )
            view.setItemDelegateForColumn(index, self._delegate if index == NAME else self._numbers)
        self._fit_columns()
        header.setStyleSheet(f"QHeaderView::section {{ padding-right: {NUMBER_MARGIN_PX}px; }}")
        header.sortIndicatorChanged.connect(self._on_sorted)
        view.selectionModel().currentRowChanged.connect(self._on_current)
        view.activated.connect(self.entered)
        view.verticalScrollBar().valueChanged.connect(lambda _value: self._settle.start())

    def _fit_columns(self) -> None:
        metrics = self.fontMetrics()
        header = self.view.horizontalHeader()
        for index, column in enumerate(self.table.columns[NAME + 1 :], start=NAME + 1):
            if column.widest:
                room_px = metrics.horizontalAdvance(column.widest) + 6
            else:
                room_px = metrics.horizontalAdvance(column.title) + 10
            header.resizeSection(index, room_px + NUMBER_MARGIN_PX)

    def changeEvent(self, event: QEvent) -> None:
        """Give numbers the room that they need in another size of text."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:
            self._fit_columns()

    def _fill_empty(self, open_action: QAction) -> None:
        column = QVBoxLayout(self._empty)
        column.setAlignment(Qt.AlignmentFlag.AlignCenter)
        message = text_label("No videos yet: drop some here, or open them.", self._empty, wrap=True, muted=True)
        message.setAlignment(Qt.AlignmentFlag.AlignCenter)
        button = QToolButton(self._empty)
        button.setDefaultAction(open_action)
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        add_all(column, message, (button, 0, Qt.AlignmentFlag.AlignCenter))

    @themed
    def on_theme(self, theme: Theme) -> None:
        self._filter_button.setIcon(self._icons.icon("filter", theme))
        self.view.viewport().update()

    @property
    def order(self) -> list[VideoClip]:
        rows = range(self.filter.rowCount())
        return [self.filter.index(row, NAME).data(ENTRY_ROLE).clip for row in rows]

    def show_chosen(self, clip: VideoClip | None) -> None:
        self.filter.set_current(clip)
        row = self._videos.row(clip) if clip is not None else None
        index = self.filter.mapFromSource(self.table.index(row, NAME)) if row is not None else QModelIndex()
        if index.row() != self.view.currentIndex().row() or not index.isValid():
            self.view.setCurrentIndex(index)

    @Slot()
    def _show_whole_row(self, *_: object) -> None:
        """Show all of the chosen row if the list has become shorter and shows a part of it."""
        row_rect = self.view.visualRect(self.view.currentIndex())
        if row_rect.isValid() and row_rect.intersects(self.view.viewport().rect()):
            self.view.scrollTo(self.view.currentIndex())

    def step(self, direction: int) -> None:
        """Choose the next (1) or previous (-1) video in the order shown."""
        row = self.view.currentIndex().row() + direction
        if 0 <= row < self.filter.rowCount():
            self.view.setCurrentIndex(self.filter.index(row, NAME))

    def start_search(self) -> None:
        self.search.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.search.selectAll()

    @Slot(str)
    def _on_search(self, text: str) -> None:
        self.filter.set_query(text)
        self._on_list()

    @Slot(QAction)
    def _on_filter(self, action: QAction) -> None:
        state = action.data()
        self.filter.set_state(VideoState(state) if state else None)
        self._on_list()

    @Slot(int, Qt.SortOrder)
    def _on_sorted(self, column: int, _order: Qt.SortOrder) -> None:
        for action in self._orders.actions():
            action.setChecked(action.data() == column)
        self._settle.start()

    @Slot(int, int)
    def _on_added(self, _first: int, _last: int) -> None:
        self._count_soon.start(0)
        self._delegate.alike = n_alike([entry.name for entry in self._videos])
        self.view.viewport().update()

    @Slot()
    def _on_all_changed(self) -> None:
        """Paint what is in sight anew; to tell the filter that every row has changed would take it long."""
        sort_column = self.filter.sortColumn()
        if sort_column >= 0 and self.table.columns[sort_column].of_all:
            self.filter.invalidate()
        self.view.viewport().update()

    def _on_change(self, *_: object) -> None:
        if not self._count_soon.isActive():  # counting takes long in a long list, and changes come by the thousand
            self._count_soon.start(len(self._videos) // 100)

    @Slot()
    def _on_list(self, *_: object) -> None:
        total = len(self._videos)
        n_shown = self.filter.rowCount()
        n_assessed = sum(entry.state is VideoState.DONE for entry in self._videos)
        columns = self.table.columns
        filled = {column.name: column.is_known is None or any(map(column.is_known, self._videos)) for column in columns}
        for index, column in enumerate(columns):
            self.view.setColumnHidden(
                index, not (column.visible and filled[column.name]) or any(filled[name] for name in column.unless)
            )
        share_width(self.view, by_text(NAME_PX))
        self._pages.setCurrentWidget(self.view if total else self._empty)
        self._count.setVisible(total > 0)
        if n_shown < total:
            self._count.setText(f"{n_shown} of {total} videos shown")
        else:
            text = "{} videos, {} assessed" if total != 1 else "{} video, {} assessed"
            self._count.setText(text.format(total, n_assessed))
        self._settle.start()

    @Slot()
    def _emit_in_sight(self) -> None:
        first = self.view.rowAt(0)
        last = self.view.rowAt(self.view.viewport().height() - 1)
        last = last if last >= 0 else self.filter.rowCount() - 1
        if first >= 0:
            self.in_sight.emit([self.filter.index(r, NAME).data(ENTRY_ROLE).clip for r in range(first, last + 1)])

    @Slot(QModelIndex, QModelIndex)
    def _on_current(self, current: QModelIndex, _previous: QModelIndex) -> None:
        entry = current.data(ENTRY_ROLE) if current.isValid() else None
        if isinstance(entry, VideoEntry):
            self.chosen.emit(entry.clip)
