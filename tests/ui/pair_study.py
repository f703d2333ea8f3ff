"""A study whose videos can be recognised by their pictures, and a rater who uses the real window."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractButton, QApplication, QComboBox, QLabel, QLineEdit, QListWidget, QWidget
from pytestqt.qtbot import QtBot

from skillviewer.data.study import NewVideo, Study, StudySettings, Vote
from skillviewer.media.reading.reader import VideoReader
from skillviewer.ui.app import Composition
from skillviewer.ui.ranking.screen import RankScreen
from skillviewer.ui.ranking.sitting_controller import SittingPhase
from skillviewer.ui.session.backend import Backend
from tests.ui.conftest import MakeWindow
from tests.ui.fakes import FakeWorld
from tests.ui.hands import key
from tests.videos import read_barcode, write_barcode_video

NAMES = ("zebra_P01", "quagga_P02", "okapi_P03", "tapir_P04", "gnu_P05")
WIDTHS = {name: 160 + 16 * i for i, name in enumerate(NAMES)}
RATES_HZ = dict(zip(NAMES, (24, 30, 60, 25, 50), strict=True))


def write_videos(folder: Path, names: Sequence[str] = NAMES, seconds: float = 1.0) -> list[Path]:
    """Write videos that differ in width, with the frame number in each picture."""
    folder.mkdir(exist_ok=True)
    made = []
    for name in names:
        rate_hz = RATES_HZ[name]
        path = folder / f"{name}.mp4"
        write_barcode_video(path, round(seconds * rate_hz), width=WIDTHS[name], rate_hz=rate_hz)
        made.append(path)
    return made


def make_study(folder: Path, paths: Sequence[Path], **settings: object) -> Path:
    """Make a study of videos."""
    with Study.create(folder / "secret title.skillstudy", StudySettings(**settings)) as study:  # type: ignore[arg-type]
        added = study.videos.add([NewVideo(path) for path in paths])
        assert not added.problems
        return study.path


def reading_backend(world: FakeWorld) -> Backend:
    """Return the fake world with real video reading."""
    return replace(world.backend(), open_reader=VideoReader)


@dataclass
class Rater:
    """A rater at the window.

    Attributes:
        qtbot: Waits for conditions.
        made: The window.
        path: The study.
    """

    qtbot: QtBot
    made: Composition
    path: Path

    @property
    def screen(self) -> RankScreen:
        screen = self.made.window.screens.get_page("rank")
        assert isinstance(screen, RankScreen)
        return screen

    @property
    def phase(self) -> SittingPhase:
        return self.screen.judging.phase

    def sit_down(self) -> None:
        """Show the screen, before another is made, and open the study."""
        self.made.window.screens.show("rank")
        self.made.app_context.studies.open(self.path)
        self.qtbot.waitUntil(lambda: self.made.app_context.studies.current_study is not None)
        self.qtbot.waitUntil(lambda: self.phase is not SittingPhase.CLOSED)

    def come_forward(self) -> None:
        """Bring the window to the front."""
        window = self.made.window
        window.activateWindow()
        self.qtbot.waitUntil(lambda: QApplication.activeWindow() is window)

    def begin(self, name: str = "Ann") -> None:
        """Begin to judge."""
        self.qtbot.waitUntil(lambda: self.phase is SittingPhase.RATER)
        self.screen.rater_page.name_edit.setText(name)
        self.screen.rater_page.begin_button.click()
        self.wait_for_pair()

    def wait_for_pair(self) -> None:
        self.qtbot.waitUntil(lambda: self.screen.judging.accepts_answers)

    def press(self, which: Qt.Key) -> None:
        """Press a key in the focused widget."""
        focused = QApplication.focusWidget()
        assert focused is not None
        key(focused, which)

    def vote(self, which: Qt.Key) -> None:
        """Vote, and wait for the next page."""
        before = len(self.votes())
        self.wait_for_pair()
        self.press(which)
        self.qtbot.waitUntil(lambda: len(self.votes()) > before and self.phase is not SittingPhase.STORING)
        self.qtbot.waitUntil(
            lambda: self.screen.judging.accepts_answers or self.phase in {SittingPhase.DONE, SittingPhase.REST}
        )

    def seen_on(self, *, left: bool) -> str:
        """Return the name of the video on a side, read from its picture."""
        screen = self.screen
        shown = screen.judging_view.pair_view.player_on(left=left).canvas.displayed_frame
        assert shown is not None
        names = [name for name, width in WIDTHS.items() if width == shown.picture.pixels.shape[1]]
        return names[0]

    def number_on(self, *, left: bool) -> int:
        """Return the frame number on a side, read from its picture."""
        shown = self.screen.judging_view.pair_view.player_on(left=left).canvas.displayed_frame
        assert shown is not None
        return read_barcode(shown.picture.pixels)

    def standing_on(self) -> tuple[str, str]:
        """Return the names of the videos on the left and on the right, read from their pictures."""
        left, right = (self.screen.judging_view.pair_view.player_on(left=side) for side in (True, False))
        assert left.mapTo(self.screen, left.rect().center()).x() < right.mapTo(self.screen, right.rect().center()).x()
        return self.seen_on(left=True), self.seen_on(left=False)

    def votes(self) -> tuple[Vote, ...]:
        """Read the votes from the file, as another program would."""
        with Study.open(self.path, read_only=True) as study:
            return study.votes.all()


SitDown = Callable[..., Rater]


def all_texts(top: QWidget) -> list[str]:
    """Return everything that can be read in a window: what is written, hints, names for screen readers, the title."""
    found = [top.windowTitle()]
    for widget in [top, *top.findChildren(QWidget)]:
        if not widget.isVisible():
            continue
        found += [widget.toolTip(), widget.statusTip(), widget.whatsThis(), widget.accessibleName()]
        found += [widget.accessibleDescription(), widget.windowTitle()]
        found += [widget.accessible_text()] if hasattr(widget, "accessible_text") else []
        if isinstance(widget, QLabel | QAbstractButton | QLineEdit):
            found.append(widget.text())
        if isinstance(widget, QComboBox):
            found += [widget.itemText(i) for i in range(widget.count())]
        if isinstance(widget, QListWidget):
            found += [widget.item(i).text() for i in range(widget.count())]
        for action in widget.actions():
            found += [action.text(), action.toolTip(), action.statusTip()]
    return [text for text in found if text]


def sit_down(qtbot: QtBot, make_window: MakeWindow, world: FakeWorld, path: Path) -> Rater:
    """Put a rater before a new window on a study."""
    rater = Rater(qtbot, make_window(reading_backend(world)), path)
    rater.sit_down()
    return rater
