"""All states of the window, for tests and for screenshots.

``python -m tests.ui.states OUT [NAME ...] [--theme dark] [--size 1280x720 800x600] [--text 100 200]`` writes one PNG
for each state, size and size of text, and prints faults of its layout. It reads and writes nothing of the user's.
"""

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import product
from pathlib import Path

from PySide6.QtCore import QEventLoop, QTimer
from PySide6.QtWidgets import QApplication, QWidget

from skillviewer.core.analysis.analysis import MapKind
from skillviewer.core.analysis.map_style import Overlay
from skillviewer.core.arrays import RGBImage
from skillviewer.ui.app import Composition, begin, compose, set_up_application
from skillviewer.ui.session.settings import Settings
from skillviewer.ui.widgets.icons import Icons
from skillviewer.ui.widgets.theme import ThemeChoice
from tests.ui.fakes import FakeDialogs, FakeWorld, numbered_picture
from tests.ui.fit import faults_of
from tests.ui.states_compare import COMPARE_STATES
from tests.ui.states_export import EXPORT_STATES
from tests.ui.states_finetune import FINETUNE_STATES
from tests.ui.states_import import IMPORT_STATES
from tests.ui.states_inspect import INSPECT_STATES
from tests.ui.states_names import NAMES_STATES
from tests.ui.states_rank import RANK_STATES
from tests.ui.states_settings import SETTINGS_STATES
from tests.ui.states_votes import VOTES_STATES

WIDE = (1280, 720)


@dataclass(frozen=True)
class Stage:
    """A window with its world, to be brought into a state."""

    made: Composition
    world: FakeWorld

    def wait(self, until: Callable[[], bool], timeout_ms: int = 60_000) -> None:
        """Process events until a condition holds."""
        for _ in range(timeout_ms // 5):
            if until():
                break
            self.pause(5)
        else:
            raise TimeoutError("the state was not reached")

    def pause(self, ms: int) -> None:
        """Process events for some time."""
        loop = QEventLoop()
        QTimer.singleShot(ms, loop.quit)
        loop.exec()

    def open(self, n: int = 8, stem: str = "grasp_{:02d}") -> list[Path]:
        """Open videos and wait for the first picture."""
        files = self.world.touch(*(stem.format(i) + ".mp4" for i in range(1, n + 1)))
        self.world.n_frames = {path.stem: 180 + i * 37 % 400 for i, path in enumerate(files)}
        begin(self.made.app_context, files, None)
        feed = self.made.app_context.feed
        self.wait(lambda: feed.path is not None and feed.settled and self.made.app_context.playback.video is not None)
        return files

    def assess(self, n: int) -> None:
        """Assess the first videos."""
        app_context = self.made.app_context
        app_context.assessments.set_automatic(on=False)
        self.wait(lambda: app_context.state.model is not None)
        shown = self.made.window.isVisible()
        self.made.window.hide()  # what is not shown is not drawn anew with every report
        app_context.assessments.ask([entry.clip for entry in app_context.videos][:n])
        self.wait(lambda: not app_context.assessments.is_busy)
        self.made.window.setVisible(shown)

    def seek(self, frame: int) -> None:
        """Go to a frame and wait for its picture."""
        self.made.app_context.playback.seek(frame)
        self.wait(lambda: self.made.app_context.feed.settled)


def start(stage: Stage) -> QWidget:
    begin(stage.made.app_context, [], None)
    return stage.made.window


def recent(stage: Stage) -> QWidget:
    for name in (
        "kitchen study",
        "P07_take_2.mp4",
        "a very long name of a folder that does not fit into the column at all",
    ):
        stage.made.app_context.settings.remember(Path("/home/someone/videos/2026/shared with others") / name)
    stage.made.window.show_start()
    begin(stage.made.app_context, [], None)
    return stage.made.window


def loading(stage: Stage) -> QWidget:
    stage.world.load_s = 1.0
    stage.open()
    return stage.made.window


def fresh(stage: Stage) -> QWidget:
    stage.made.app_context.assessments.set_automatic(on=False)
    stage.open()
    stage.wait(lambda: stage.made.app_context.state.model is not None)
    return stage.made.window


def working(stage: Stage) -> QWidget:
    stage.world.held = True
    stage.open()
    app_context = stage.made.app_context
    stage.wait(lambda: app_context.state.analysis is not None and app_context.state.analysis.n_samples == 12)
    app_context.assessments.ask_all()
    stage.seek(70)
    return stage.made.window


def analysed(stage: Stage) -> QWidget:
    stage.open()
    stage.assess(6)
    stage.seek(97)
    return stage.made.window


def passes(stage: Stage) -> QWidget:
    stage.made.app_context.state.set_passes(4)
    stage.world.warning = "This video looks unlike those that the model was trained on: read its score with care."
    stage.open()
    stage.assess(6)
    stage.seek(97)
    return stage.made.window


def marked(stage: Stage) -> QWidget:
    analysed(stage)
    playback = stage.made.app_context.playback
    stage.seek(60)
    playback.mark_in()
    stage.seek(120)
    playback.mark_out()
    playback.set_loop(on=True)
    return stage.made.window


def contour(stage: Stage) -> QWidget:
    stage.made.app_context.state.set_map_style(overlay=Overlay.CONTOUR)
    return analysed(stage)


def dimmed(stage: Stage) -> QWidget:
    stage.made.app_context.state.set_map_style(overlay=Overlay.DIMMED)
    return analysed(stage)


def signed(stage: Stage) -> QWidget:
    stage.world.kind = MapKind.SIGNED
    return analysed(stage)


def failed(stage: Stage) -> QWidget:
    stage.world.failing = {"grasp_01"}
    stage.world.broken = {"grasp_04"}
    stage.open()
    stage.assess(3)
    return stage.made.window


def unreadable(stage: Stage) -> QWidget:
    stage.world.broken = {"grasp_01", "grasp_04", "grasp_05"}
    files = stage.world.touch(*(f"grasp_{i:02d}.mp4" for i in range(1, 7)))
    begin(stage.made.app_context, files, None)
    stage.wait(lambda: len(stage.made.app_context.messages.waiting) > 0)
    stage.made.window.message_bar.toggle_details()
    return stage.made.window


def long_names(stage: Stage) -> QWidget:
    stem = "Teilnehmer_{:02d}_Übung_mit_der_linken_Hand_zweiter_Durchgang_nach_der_Pause_Kamera_vorn"
    stage.open(12, stem)
    stage.assess(5)
    stage.seek(50)
    return stage.made.window


def many(stage: Stage) -> QWidget:
    stage.open(300, "clip_{:03d}")
    stage.assess(40)
    stage.wait(lambda: all(entry.info is not None for entry in stage.made.app_context.videos), 60_000)
    return stage.made.window


def jobs(stage: Stage) -> QWidget:
    working(stage)
    stage.made.window.show_jobs()
    stage.pause(1200)
    return stage.made.window


def palette(stage: Stage) -> QWidget:
    analysed(stage)
    stage.made.window.actions_["palette"].trigger()
    return stage.made.window


def keys(stage: Stage) -> QWidget:
    analysed(stage)
    stage.made.window.actions_["shortcuts"].trigger()
    return stage.made.window


def about(stage: Stage) -> QWidget:
    stage.made.window.actions_["about"].trigger()
    return stage.made.window


def go_to(stage: Stage) -> QWidget:
    analysed(stage)
    stage.made.window.actions_["go_to"].trigger()
    return stage.made.window


STATES: dict[str, Callable[[Stage], QWidget]] = {
    make.__name__: make
    for make in (
        start,
        recent,
        loading,
        fresh,
        working,
        analysed,
        passes,
        marked,
        contour,
        dimmed,
        signed,
        failed,
        unreadable,
        long_names,
        many,
        jobs,
        palette,
        keys,
        about,
        go_to,
    )
}
STATES |= INSPECT_STATES
STATES |= COMPARE_STATES | SETTINGS_STATES | RANK_STATES | VOTES_STATES
STATES |= FINETUNE_STATES
STATES |= EXPORT_STATES | IMPORT_STATES | NAMES_STATES


def wide_picture(number: int) -> RGBImage:
    return numbered_picture(number, *WIDE)


MAX_BUSY_S = 0.02
"""Processor seconds of the window's thread in 50 ms at rest; layouts that ask for the next one take all of them."""

N_QUIET = 3
"""Quiet pauses in a row: in a single one, a busy computer may have given the thread no time to work."""


def come_to_rest(stage: Stage, patience_s: float = 20) -> None:
    """Wait until the thread of the window has nothing to do.

    Raises:
        AssertionError: It works on and on.
    """
    end_s = time.monotonic() + patience_s
    n_quiet = 0
    while n_quiet < N_QUIET:
        began_s = time.thread_time()
        stage.pause(50)
        n_quiet = n_quiet + 1 if time.thread_time() - began_s <= MAX_BUSY_S else 0
        assert time.monotonic() < end_s, "the window works on and on"


def shoot(
    app: QApplication,
    name: str,
    theme: ThemeChoice,
    size: tuple[int, int],
    out: Path,
    *,
    wide: bool = True,
    settle_ms: int = 250,
    text: int = 100,
    drawn: Icons | None = None,
    look: Callable[[QWidget], object] | None = None,
) -> Path:
    """Bring a window into a state and save its picture, with large or small frames, after a pause.

    Icons that are given need not be drawn anew. ``look`` is called with what is photographed.
    """
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings.in_folder(Path(folder))
        settings.theme, settings.text_size = theme, text
        themes, icons = set_up_application(app, settings)
        world = FakeWorld(Path(folder) / "videos")
        if wide:
            world.size, world.picture = WIDE, wide_picture
        made = compose(world.backend(), settings, themes, drawn or icons, FakeDialogs())
        stage = Stage(made, world)
        made.window.resize(*size)
        made.window.show()
        stage.pause(20)
        made.window.resize(*size)
        widget = STATES[name](stage)
        stage.pause(settle_ms)
        come_to_rest(stage)
        path = out / f"{name}-{theme}-{size[0]}x{size[1]}-{text}.png"
        widget.grab().save(str(path))
        if look is not None:
            look(widget)
        world.hold.set()
        made.app_context.close()
        made.app_context.wait()
        stage.pause(20)
        made.window.deleteLater()
        made.app_context.deleteLater()
        stage.pause(20)
    return path


def _add_faults(faults: list[str], widget: QWidget) -> None:
    faults += faults_of(widget)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("names", nargs="*", default=list(STATES))
    parser.add_argument("--theme", type=ThemeChoice, default=ThemeChoice.LIGHT)
    parser.add_argument("--size", nargs="+", default=["1440x900"])
    parser.add_argument("--text", nargs="+", type=int, default=[100], help="size of text in per cent")
    given = parser.parse_args()
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    home = tempfile.TemporaryDirectory()  # nothing of the user's is read or written
    os.environ["SKILLVIEWER_HOME"] = home.name
    app = QApplication(sys.argv[:1])
    given.out.mkdir(parents=True, exist_ok=True)
    for name, size, text in product(given.names or STATES, given.size, given.text):
        width, height = (int(part) for part in size.split("x"))
        faults: list[str] = []
        look = partial(_add_faults, faults)
        path = shoot(app, name, given.theme, (width, height), given.out, text=text, look=look)
        sys.stdout.write("\n    ".join((str(path), *dict.fromkeys(faults))) + "\n")
        sys.stdout.flush()
    home.cleanup()


if __name__ == "__main__":
    main()
