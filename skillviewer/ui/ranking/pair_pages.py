"""Pages shown in place of a pair: a sentence or two, and what to do next."""

from collections.abc import Callable, Sequence

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QListWidget, QListWidgetItem, QPushButton, QWidget

from skillviewer.core.text import printable
from skillviewer.data.study.judging.browser_votes import import_votes
from skillviewer.data.study.judging.pack import DrawnPack, draw_pack, write_pack
from skillviewer.ui.session.program import Program
from skillviewer.ui.session.studies import VOTES
from skillviewer.ui.widgets.layout import Gap, add_all, horizontal, named, push_button, text_label, vertical
from skillviewer.ui.widgets.overlay import Dialogs
from skillviewer.ui.widgets.theme import by_text

COLUMN_PX = 440
ROW_PX = 30
MOST_ROWS = 6
MOST_NAME = 1000


class Page(QWidget):
    """A heading, a sentence and buttons; the first button is the main one."""

    def __init__(self, heading: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._heading = text_label(heading, self, letters="page")
        self._words = text_label("", self, wrap=True, muted=True, plain=True)
        self._words.setFixedWidth(by_text(COLUMN_PX))
        self._middle = vertical(spacing=8)
        self._buttons = add_all(horizontal(spacing=8), 1)
        words = (self._heading, self._words, Gap(8), self._middle, Gap(8), self._buttons)
        add_all(QHBoxLayout(self), 1, add_all(vertical(spacing=8), 2, *words, 3), 1)
        self._first: QPushButton | None = None

    @property
    def text(self) -> str:
        return f"{self._heading.text()} {self._words.text()}"

    def set_words(self, words: str) -> None:
        self._words.setText(words)

    def add_button(self, words: str, pressed: Callable[[], object] | None = None) -> QPushButton:
        button = push_button(words, self, pressed, primary=self._first is None)
        self._first = self._first or button
        self._buttons.insertWidget(self._buttons.count() - 1, button)
        return button

    def take_focus(self) -> None:
        if self._first is not None:
            self._first.setFocus()


class RaterPage(Page):
    """Asks for the rater: one of the study, or a new one."""

    chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("", parent)
        self._picked = self._shown = ""
        self._heading.setText(self.tr("Who judges?"))
        self.set_words(
            self.tr(
                "You will see two videos side by side, without names or scores. Your votes are stored under the name "
                "that you give here."
            )
        )
        self.list = QListWidget(self)
        self.list.setFixedWidth(by_text(COLUMN_PX))
        self.list.setStyleSheet("QListWidget::item { padding-left: 7px; }")  # names are aligned with the typed text
        self.list.setAccessibleName(self.tr("Raters of this study"))
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.field = named(QLineEdit(self), self.tr("Name of the rater"))
        self.field.setFixedWidth(by_text(COLUMN_PX))
        self.field.setMaxLength(MOST_NAME)
        self.begin = self.add_button(self.tr("Begin"))
        self.begin.setEnabled(False)
        add_all(self._middle, self.list, self.field)
        self.list.itemClicked.connect(self._on_picked)
        self.list.currentItemChanged.connect(self._on_current)
        self.list.itemActivated.connect(self._on_activated)
        self.field.textChanged.connect(lambda text: self.begin.setEnabled(bool(text.strip())))
        self.field.returnPressed.connect(self._on_begin)
        self.begin.clicked.connect(self._on_begin)
        self.set_raters(())

    def set_raters(self, raters: Sequence[str]) -> None:
        """Offer the raters of the study; a name being typed stays."""
        known = [str(self.list.item(i).data(Qt.ItemDataRole.UserRole)) for i in range(self.list.count())]
        if known == list(raters) and self.field.text():
            return
        self.list.clear()
        for rater in raters:
            item = QListWidgetItem(printable(rater))
            item.setSizeHint(QSize(0, by_text(ROW_PX)))
            item.setData(Qt.ItemDataRole.UserRole, rater)
            self.list.addItem(item)
        self.list.setVisible(bool(raters))
        self.list.setFixedHeight(by_text(ROW_PX) * min(max(len(raters), 1), MOST_ROWS) + 4)
        words = self.tr("Choose a name above or type a new one") if raters else self.tr("Your name or initials")
        self.field.setPlaceholderText(words)

    def begin_anew(self, name: str) -> None:
        """Propose a name to the next rater; "" proposes none."""
        self.field.setText(name)
        self.list.setCurrentRow(-1)

    def take_focus(self) -> None:
        self.field.setFocus()
        if not self.field.isModified():  # typing replaces the proposed name
            self.field.selectAll()

    def _on_picked(self, item: QListWidgetItem) -> None:
        self._picked = str(item.data(Qt.ItemDataRole.UserRole))
        self.field.setText(self._picked)
        self._shown = self.field.text()

    def _on_current(self, item: QListWidgetItem | None, _before: QListWidgetItem | None) -> None:
        if item is not None and self.list.hasFocus():
            self._on_picked(item)

    def _on_activated(self, item: QListWidgetItem) -> None:
        self._on_picked(item)
        self._on_begin()

    def _on_begin(self, *_: object) -> None:
        text = self.field.text()
        if text.strip():  # a field cannot show every name unchanged
            self.chosen.emit(self._picked if self._picked and text == self._shown else text.strip())


def pack_pairs(program: Program, over: QWidget, dialogs: Dialogs, *, blur_faces: bool) -> None:
    """Ask for raters and a folder, and pack the pairs that they lack to the study's aim, in a worker thread."""
    title = over.tr("Pack pairs for a browser")
    if blur_faces:  # the title repeats the choice, which was made in the menu
        title = over.tr("Pack pairs for a browser, faces blurred")
    question = over.tr("Who will judge? Separate several names by commas. Each name gets pairs of its own.")
    names = dialogs.word(over, title, question, (), "")
    folder = dialogs.save(over, title, over.tr("Folders (*)"), over.tr("pairs to judge")) if names else None
    if not names or folder is None:
        return
    raters = [name.strip() for name in names.split(",") if name.strip()]

    def write(drawn: DrawnPack) -> None:
        task = program.copies.submit(
            lambda _, token, report: " ".join(write_pack(drawn, blur_faces=blur_faces, token=token, report=report))
        )
        task.then(succeeded=program.messages.note, failed=program.messages.fail)
        program.jobs.follow(title, task)

    program.studies.act(lambda study: draw_pack(study, folder, raters)).succeeded.connect(write)


def take_votes(program: Program, over: QWidget, dialogs: Dialogs) -> None:
    """Ask for a file that the page of a pack saved, and import its votes."""
    path = dialogs.file(over, over.tr("Import votes from a browser"), over.tr("Votes (*.json);;All files (*)"))
    if path is not None:
        brought = program.studies.act(lambda study: import_votes(study, path), VOTES)
        brought.succeeded.connect(program.messages.note)
