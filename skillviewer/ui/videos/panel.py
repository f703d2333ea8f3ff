"""Panel with the list of videos, which can be sorted, searched and filtered."""

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

from skillviewer.core.text import counted
from skillviewer.core.video.clips import VideoClip
from skillviewer.ui.actions.actions import Actions
from skillviewer.ui.session.app_context import AppContext
from skillviewer.ui.session.video_entry import VideoEntry, VideoState
from skillviewer.ui.threads.throttle import single_shot
from skillviewer.ui.videos.columns import COLUMNS, NAME_COLUMN, VideoColumn, format_state
from skillviewer.ui.videos.delegates import NUMBER_MARGIN_PX, NumberDelegate, VideoNameDelegate
from skillviewer.ui.videos.table_model import ENTRY_ROLE, VideoFilter, VideoTable
from skillviewer.ui.widgets.labels import text_label
from skillviewer.ui.widgets.layout import NO_MARGINS, add_all, aligned, growing, horizontal, vertical
from skillviewer.ui.widgets.plain_table import n_alike, share_width
from skillviewer.ui.widgets.text_scaling import scaled_px
from skillviewer.ui.widgets.theme import Theme, themed

MIN_WIDTH_PX = 319  # for length and participant in the second line of a name
ROW_HEIGHT_PX = 48
MIN_NAME_WIDTH_PX = 92  # without a thumbnail
ROWS_DELAY_MS = 120  # delay after scrolling before the visible rows are announced


class VideosView(QTableView):
    """A table without Qt's search by letters, because letters are keys of the player."""

    def keyboardSearch(self, _search: str) -> None:
        """Do nothing."""

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Give the names the remaining width, but not less than their minimum."""
        super().resizeEvent(event)
        share_width(self, scaled_px(MIN_NAME_WIDTH_PX))


class VideosPanel(QWidget):
    """The list of videos with its search field, its menu of orders and filters, and the number of videos."""

    chosen = Signal(object)  # ``VideoClip`` that the user chose
    entered = Signal()  # the user pressed Enter on a video
    in_sight = Signal(object)  # ``list[VideoClip]`` of the videos in visible rows

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
        self.video_table = VideoTable(videos, self, columns)
        self.video_filter = VideoFilter(self.video_table, self)
        self.videos_view = VideosView(self)
        self.videos_view.verticalScrollBar().rangeChanged.connect(self._show_whole_row)
        self.search_edit = QLineEdit(self)
        self._filter_button = QToolButton(self)
        self._count_label = text_label("", self, muted=True)
        self._empty_page = QWidget(self)
        self._emit_in_sight_soon = single_shot(self, ROWS_DELAY_MS, self._emit_in_sight)
        self._update_soon = single_shot(self, 0, self._update_list)  # one update for many changes
        self._lay_out()
        self._set_up_view()
        self._fill_empty(actions["open_videos"])
        for signal in (videos.changed, videos.removed, videos.cleared):
            signal.connect(self._on_change)
        videos.added.connect(self._on_added)
        self.video_table.all_changed.connect(self._on_all_changed)
        self._update_list()

    def _lay_out(self) -> None:
        self.search_edit.setPlaceholderText("Search videos")
        self.search_edit.setClearButtonEnabled(True)
        self.search_edit.setAcceptDrops(False)  # the window opens files that are dropped here
        self.search_edit.setAccessibleName("Search videos by name")
        self.search_edit.textChanged.connect(self._on_search)
        self._filter_button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self._filter_button.setToolTip("Sort, and show only videos in one state")
        self._filter_button.setAccessibleName("Sort and filter")
        self._filter_button.setMenu(self._filter_menu())
        top = add_all(horizontal(margins=(8, 8, 8, 8), spacing=4), growing(self.search_edit), self._filter_button)
        pages = QWidget(self)
        self._pages = QStackedLayout(pages)
        self._pages.addWidget(self.videos_view)
        self._pages.addWidget(self._empty_page)
        self._count_label.setContentsMargins(12, 6, 12, 6)
        add_all(vertical(self, margins=NO_MARGINS, spacing=0), top, growing(pages), self._count_label)

    def _filter_menu(self) -> QMenu:
        menu = QMenu(self)
        states = QActionGroup(menu)
        for state in (None, *VideoState):
            text = "Show all" if state is None else f"Show only: {format_state(state)}"
            self._add_option(menu, states, text, state, checked=state is None)
        states.triggered.connect(self._on_filter)
        menu.addSeparator()
        orders = QActionGroup(menu)
        self._add_option(menu, orders, "In the order added", -1, checked=True)
        for index, column in enumerate(self.video_table.columns):
            self._add_option(menu, orders, column.sort_label, index, checked=False)
        orders.triggered.connect(
            lambda action: self.videos_view.sortByColumn(action.data(), Qt.SortOrder.AscendingOrder)
        )
        self._orders = orders
        return menu

    def _add_option(self, menu: QMenu, group: QActionGroup, text: str, data: object, *, checked: bool) -> None:
        action = menu.addAction(text)
        action.setCheckable(True)
        action.setChecked(checked)
        action.setData(data)
        group.addAction(action)

    def _set_up_view(self) -> None:
        self.setMinimumWidth(MIN_WIDTH_PX)
        view = self.videos_view
        view.setModel(self.video_filter)
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
        view.verticalHeader().setDefaultSectionSize(scaled_px(ROW_HEIGHT_PX))
        header = view.horizontalHeader()
        header.setHighlightSections(False)
        header.setSectionsMovable(False)
        header.setMinimumSectionSize(40)
        self._name_delegate = VideoNameDelegate(self._icons, view)
        self._number_delegate = NumberDelegate(view)
        for index in range(len(self.video_table.columns)):
            is_name = index == NAME_COLUMN
            mode = QHeaderView.ResizeMode.Stretch if is_name else QHeaderView.ResizeMode.Fixed
            header.setSectionResizeMode(index, mode)
            delegate = self._name_delegate if is_name else self._number_delegate
            view.setItemDelegateForColumn(index, delegate)
        self._fit_columns()
        header.setStyleSheet(f"QHeaderView::section {{ padding-right: {NUMBER_MARGIN_PX}px; }}")
        header.sortIndicatorChanged.connect(self._on_sorted)
        view.selectionModel().currentRowChanged.connect(self._on_current)
        view.activated.connect(self.entered)
        view.verticalScrollBar().valueChanged.connect(lambda _value: self._emit_in_sight_soon.start())

    def _fit_columns(self) -> None:
        metrics = self.fontMetrics()
        header = self.videos_view.horizontalHeader()
        for index, column in enumerate(self.video_table.columns[NAME_COLUMN + 1 :], start=NAME_COLUMN + 1):
            if column.widest:
                text_width_px = metrics.horizontalAdvance(column.widest) + 6
            else:
                text_width_px = metrics.horizontalAdvance(column.title) + 10
            header.resizeSection(index, text_width_px + NUMBER_MARGIN_PX)

    def changeEvent(self, event: QEvent) -> None:
        """Adapt the widths of columns to another size of text."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:
            self._fit_columns()

    def _fill_empty(self, open_action: QAction) -> None:
        column = QVBoxLayout(self._empty_page)
        column.setAlignment(Qt.AlignmentFlag.AlignCenter)
        message = text_label("No videos yet: drop some here, or open them.", self._empty_page, wrap=True, muted=True)
        message.setAlignment(Qt.AlignmentFlag.AlignCenter)
        button = QToolButton(self._empty_page)
        button.setDefaultAction(open_action)
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        add_all(column, message, aligned(button, Qt.AlignmentFlag.AlignCenter))

    @themed
    def on_theme(self, theme: Theme) -> None:
        self._filter_button.setIcon(self._icons.icon("filter", theme))
        self.videos_view.viewport().update()

    @property
    def order(self) -> list[VideoClip]:
        """The listed videos in their present order."""
        rows = range(self.video_filter.rowCount())
        return [self.video_filter.index(row, NAME_COLUMN).data(ENTRY_ROLE).clip for row in rows]

    def show_chosen(self, clip: VideoClip | None) -> None:
        self.video_filter.set_current(clip)
        row = self._videos.row(clip) if clip is not None else None
        index = (
            self.video_filter.mapFromSource(self.video_table.index(row, NAME_COLUMN))
            if row is not None
            else QModelIndex()
        )
        if index.row() != self.videos_view.currentIndex().row() or not index.isValid():
            self.videos_view.setCurrentIndex(index)

    @Slot()
    def _show_whole_row(self, *_: object) -> None:
        """Scroll so that the chosen row is visible as a whole, if a part of it is."""
        row_rect = self.videos_view.visualRect(self.videos_view.currentIndex())
        if row_rect.isValid() and row_rect.intersects(self.videos_view.viewport().rect()):
            self.videos_view.scrollTo(self.videos_view.currentIndex())

    def step(self, direction: int) -> None:
        """Choose the next (1) or previous (-1) video of the list."""
        row = self.videos_view.currentIndex().row() + direction
        if 0 <= row < self.video_filter.rowCount():
            self.videos_view.setCurrentIndex(self.video_filter.index(row, NAME_COLUMN))

    def start_search(self) -> None:
        self.search_edit.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.search_edit.selectAll()

    @Slot(str)
    def _on_search(self, text: str) -> None:
        self.video_filter.set_query(text)
        self._update_list()

    @Slot(QAction)
    def _on_filter(self, action: QAction) -> None:
        state_value = action.data()
        state = VideoState(state_value) if state_value else None
        self.video_filter.set_state(state)
        self._update_list()

    @Slot(int, Qt.SortOrder)
    def _on_sorted(self, column: int, _order: Qt.SortOrder) -> None:
        for action in self._orders.actions():
            action.setChecked(action.data() == column)
        self._emit_in_sight_soon.start()

    @Slot(int, int)
    def _on_added(self, _first: int, _last: int) -> None:
        self._update_soon.start(0)
        self._name_delegate.n_alike = n_alike([entry.name for entry in self._videos])
        self.videos_view.viewport().update()

    @Slot()
    def _on_all_changed(self) -> None:
        """Repaint the visible rows, since updating the filter row by row would take long."""
        sort_column = self.video_filter.sortColumn()
        if sort_column >= 0 and self.video_table.columns[sort_column].depends_on_cohort:
            self.video_filter.invalidate()
        self.videos_view.viewport().update()

    def _on_change(self, *_: object) -> None:
        if not self._update_soon.isActive():
            self._update_soon.start(len(self._videos) // 100)  # an update of a long list takes long

    @Slot()
    def _update_list(self, *_: object) -> None:
        """Hide columns without values, and show the number of videos."""
        self._hide_columns()
        total = len(self._videos)
        n_shown = self.video_filter.rowCount()
        visible_page = self.videos_view if total else self._empty_page
        self._pages.setCurrentWidget(visible_page)
        self._count_label.setVisible(total > 0)
        if n_shown < total:
            self._count_label.setText(f"{n_shown} of {total} videos shown")
        else:
            n_assessed = sum(entry.state is VideoState.DONE for entry in self._videos)
            self._count_label.setText(f"{counted(total, 'video')}, {n_assessed} assessed")
        self._emit_in_sight_soon.start()

    def _hide_columns(self) -> None:
        columns = self.video_table.columns
        has_values = {column.name: self._has_values(column) for column in columns}
        for index, column in enumerate(columns):
            is_replaced = any(has_values[name] for name in column.replaced_by)
            is_shown = column.visible and has_values[column.name] and not is_replaced
            self.videos_view.setColumnHidden(index, not is_shown)
        share_width(self.videos_view, scaled_px(MIN_NAME_WIDTH_PX))

    def _has_values(self, column: VideoColumn) -> bool:
        return column.is_known is None or any(column.is_known(entry) for entry in self._videos)

    @Slot()
    def _emit_in_sight(self) -> None:
        first = self.videos_view.rowAt(0)
        last = self.videos_view.rowAt(self.videos_view.viewport().height() - 1)
        if last < 0:
            last = self.video_filter.rowCount() - 1
        if first >= 0:
            visible_rows = range(first, last + 1)
            self.in_sight.emit(
                [self.video_filter.index(row, NAME_COLUMN).data(ENTRY_ROLE).clip for row in visible_rows]
            )

    @Slot(QModelIndex, QModelIndex)
    def _on_current(self, current: QModelIndex, _previous: QModelIndex) -> None:
        entry = current.data(ENTRY_ROLE) if current.isValid() else None
        if isinstance(entry, VideoEntry):
            self.chosen.emit(entry.clip)
