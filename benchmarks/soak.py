"""Long use of the real window with a real model: memory, threads, open files and widgets before and after.

    python -m benchmarks.soak [--rounds 50] [--videos 10] [--scrubs 100] [--exports 2] [--offscreen]

A round opens two new studies of new videos and two videos without a study, and closes each again. Every video of the
studies is assessed, frames are requested at random, and exports of changing kinds are written. The default makes 1,000
analyses, 10,000 scrubs, 200 openings and 200 exports. The window is on a display of its own where Xvfb is installed,
else offscreen. After every round garbage is collected, and free memory is given back. The first fifth is the warm-up: a
line is fitted to the memory after it. Linux only.
"""

import argparse
import ctypes
import gc
import os
import shutil
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, astuple, dataclass, fields
from functools import partial
from pathlib import Path
from random import Random

import numpy as np
from PySide6.QtCore import QCoreApplication, QObject
from PySide6.QtWidgets import QApplication

from skillviewer.core.paths import HOME_VARIABLE, resources_dir
from skillviewer.data.study import NewVideo, Study
from skillviewer.engine.runtime.first_look import FirstLook
from skillviewer.engine.runtime.threads import limit_heaps
from skillviewer.media.files import CHECKS_BEFORE_OPENING
from skillviewer.ui.app import Composition, compose, real_backend
from skillviewer.ui.exporting.screen import ExportScreen
from skillviewer.ui.session.settings import Settings
from skillviewer.ui.session.video_entry import VideoState
from skillviewer.ui.threads.priorities import Collector
from skillviewer.ui.widgets.dialogs import Dialogs
from skillviewer.ui.widgets.fonts import load_fonts
from skillviewer.ui.widgets.icons import Icons
from skillviewer.ui.widgets.theme import ThemeChoice, ThemeSource
from tests.checkpoints import tiny_checkpoint
from tests.ui.conftest import flush
from tests.ui.driving import busy_with
from tests.videos import write_barcode_video

KINDS = ("still", "scores", "curve", "result", "clip", "curves", "sheet", "why")
SCREENS = ("compare", "rank", "finetune", "export", "inspect")
WARM_UP = 0.2
"""Share of the rounds before the line begins."""

MAX_GROWTH = 0.05
"""Of the memory, over all rounds after the warm-up."""

COUNTS = ("threads", "files", "widgets", "objects")

PATIENCE_S = 120.0
N_FRAMES = 30


@dataclass(frozen=True)
class Held:
    """What the process holds at rest.

    Attributes:
        memory_mb: Resident memory.
        threads: Threads of the process, those of libraries too.
        files: Open files, pipes and sockets; not the fonts that matplotlib keeps open for up to 64 threads.
        widgets: Widgets of the application.
        objects: Qt objects of window and program.
    """

    memory_mb: float
    threads: int
    files: int
    widgets: int
    objects: int


@dataclass
class Done:
    """Acts so far."""

    analyses: int = 0
    scrubs: int = 0
    openings: int = 0
    exports: int = 0

    def __str__(self) -> str:
        return ", ".join(f"{number:,} {name}" for name, number in asdict(self).items())


class Soak:
    """A window that is used in rounds.

    Args:
        made: Program and window; the model is loaded.
        folder: An empty one.
        seed: A sound video, which is copied with other bytes at its end.
    """

    def __init__(self, made: Composition, folder: Path, seed: Path) -> None:
        self.made, self.app_context, self.window = made, made.app_context, made.window
        self.folder, self._place, self._seed = folder, folder / "in use", seed.read_bytes()
        self.done = Done()
        self._chance = Random(0)
        self._n_videos = 0

    def round(self, n_videos: int, n_scrubs: int, n_exports: int) -> None:
        """Use two studies, one after the other, and two videos without a study."""
        for _ in range(2):
            self.use_study(n_videos, n_scrubs, n_exports)
        for _ in range(2):
            self.use_video()

    def use_study(self, n_videos: int, n_scrubs: int, n_exports: int) -> None:
        """Open a new study of new videos, assess, scrub, show every screen, export and close."""
        path = self._new_study(n_videos)
        self.app_context.studies.open(path)
        self._until(partial(self._is_open, path), "the study does not open")
        self._assess()
        self._scrub(n_scrubs)
        for name in SCREENS:
            self.window.screens.show(name)
            self.rest()
        self._export(n_exports)
        self._close()

    def use_video(self) -> None:
        """Open a new video without a study, and close it."""
        (video,) = self._new_videos(1)
        self.app_context.open([video.rename(video.with_name("alone.mp4"))])  # one name: it is listed as opened lately
        self._until(lambda: self.app_context.playback.video is not None, "the video does not open")
        self.rest()
        self._close()

    def load(self, model: Path) -> None:
        """Load a model."""
        self.app_context.models.choose(model)
        self._until(lambda: self.app_context.state.model is not None, "the model does not load")

    def forget(self) -> None:
        """Let go of window and program."""
        del self.made, self.app_context, self.window

    def rest(self) -> None:
        """Wait until nothing is under way."""
        for _ in range(2):
            self._until(lambda: not busy_with(self.app_context), "it does not come to rest")
            flush()

    def held(self) -> Held:
        """Collect garbage, give free memory back, and count what is held."""
        self.rest()
        return held((self.window, self.app_context))

    def _new_videos(self, n: int) -> list[Path]:
        self._place.mkdir(exist_ok=True)
        made = []
        for _ in range(n):
            self._n_videos += 1
            made.append(self._place / f"video {self._n_videos}.mp4")
            made[-1].write_bytes(self._seed + struct.pack(">I4sQ", 16, b"free", self._n_videos))
        return made

    def _new_study(self, n: int) -> Path:
        files = self._new_videos(n)
        with Study.create(self._place / "study") as study:
            study.videos.add([NewVideo(file, participant=f"P{at}") for at, file in enumerate(files)])
            return study.path

    def _is_open(self, path: Path) -> bool:
        current = self.app_context.studies.current_study
        return current is not None and current.path == path and len(self.app_context.videos) > 0

    def _assess(self) -> None:
        self.rest()
        self.app_context.assessments.ask_all()
        self.rest()
        states = [entry.state for entry in self.app_context.videos]
        assert set(states) == {VideoState.DONE}, states
        self.done.analyses += len(states)

    def _scrub(self, n: int) -> None:
        self.window.screens.show("inspect")
        videos = [entry.clip for entry in self.app_context.videos]
        playback = self.app_context.playback
        for at in range(n):
            if at % 25 == 0:
                self.app_context.state.set_current(self._chance.choice(videos))
                self._until(lambda: playback.video is not None, "the video does not open")
                self.rest()
            frame = (playback.frame + self._chance.randrange(1, N_FRAMES)) % N_FRAMES
            playback.seek(frame)
            self._until(lambda: self.app_context.feed.settled, "the frame does not come")
            self.done.scrubs += 1

    def _export(self, n: int) -> None:
        self.window.screens.show("export")
        screen = self.window.screens.get_page("export")
        assert isinstance(screen, ExportScreen)
        for _ in range(n):
            screen.exporter_list.choose(KINDS[self.done.exports % len(KINDS)])
            self.rest()
            before = len(list((self.folder / "out").rglob("*")))
            screen.export_button.click()
            self.rest()
            files = list((self.folder / "out").rglob("*"))
            assert len(files) > before, f"{screen.exporter_list.exporter.name}: {screen.message_label.text()}"
            self.done.exports += 1
            shutil.rmtree(self.folder / "out")
        self.window.screens.show("inspect")

    def _close(self) -> None:
        self.app_context.studies.close()
        self.rest()
        assert len(self.app_context.videos) == 0
        self.done.openings += 1
        shutil.rmtree(self._place)

    def _until(self, condition: Callable[[], bool], what: str) -> None:
        end = time.monotonic() + PATIENCE_S
        while not condition():
            assert time.monotonic() < end, f"{what}: {busy_with(self.app_context)} {self.window.message_bar.text}"
            QCoreApplication.processEvents()
            time.sleep(0.0005)


def held(tops: tuple[QObject, ...] = ()) -> Held:
    """Count what the process holds; garbage is collected and free memory given back before."""
    for _ in range(2):
        flush()
        gc.collect()
    ctypes.CDLL(None).malloc_trim(0)
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return Held(
        pages * os.sysconf("SC_PAGE_SIZE") / 2**20,
        len(list(Path("/proc/self/task").iterdir())),
        sum(not _is_font(number) for number in Path("/proc/self/fd").iterdir()),
        len(QApplication.allWidgets()),
        sum(len(top.findChildren(QObject)) for top in tops),
    )


def _is_font(number: Path) -> bool:
    try:
        return number.readlink().suffix == ".ttf"
    except OSError:  # that of the listing
        return True


def growth(rows: list[Held]) -> dict[str, float]:
    """Return by how much each number grew after the warm-up; the memory as a share, by a fitted line.

    Two rounds in turn have unlike exports and so unlike widgets: the most of the last two is held against that of the
    first two.
    """
    after = rows[int(WARM_UP * len(rows)) :]
    memory = np.array([row.memory_mb for row in after])
    slope = float(np.polyfit(np.arange(len(after)), memory, 1)[0]) if len(after) > 1 else 0.0
    first, last = after[:2], after[-2:]
    most = {name: [max(getattr(row, name) for row in rows) for rows in (first, last)] for name in COUNTS}
    counts = {name: float(end - begin) for name, (begin, end) in most.items()}
    return {"memory_mb": slope * (len(after) - 1) / float(memory.mean()), **counts}


def left(before: Held, after: Held) -> dict[str, float]:
    """Return how many more of everything but memory there are after a window was closed than before it was opened."""
    return {name: float(getattr(after, name) - getattr(before, name)) for name in COUNTS}


def sound(grown: dict[str, float], remain: dict[str, float]) -> bool:
    """Return whether nothing grew in use and nothing was left after closing."""
    counts = [grown[name] for name in COUNTS] + list(remain.values())
    return grown["memory_mb"] <= MAX_GROWTH and max(counts) <= 0


@contextmanager
def display() -> Iterator[str]:
    """Start a display of its own, where Xvfb is installed; yields the name of Qt's platform."""
    server = shutil.which("Xvfb")
    if server is None:
        yield "offscreen"
        return
    here, there = os.pipe()
    process = subprocess.Popen(
        [server, "-displayfd", str(there), "-screen", "0", "1280x800x24"], pass_fds=[there], stderr=subprocess.DEVNULL
    )
    os.close(there)
    try:
        with os.fdopen(here) as said:
            os.environ["DISPLAY"] = f":{said.readline().strip()}"
        yield "xcb"
    finally:
        process.terminate()
        process.wait()


@contextmanager
def open_window(folder: Path) -> Iterator[Soak]:
    """Open a window with a small model over an empty folder; at the end it is closed and deleted."""
    folder.mkdir(exist_ok=True)
    application = QApplication.instance()
    assert isinstance(application, QApplication)
    settings = Settings.in_folder(folder)
    settings.export_folder = str(folder / "out")
    load_fonts(resources_dir() / "style" / "fonts")
    themes = ThemeSource(application)
    themes.choose(ThemeChoice.LIGHT)
    themes.apply_theme()
    seed = write_barcode_video(folder / "seed.mp4", N_FRAMES).path
    model = tiny_checkpoint(folder / "tiny").folder
    look, collector = FirstLook(), Collector()
    CHECKS_BEFORE_OPENING.append(look.check)
    collector.start()
    made = compose(real_backend(settings), settings, themes, Icons(resources_dir() / "icons"), Dialogs())
    soak = Soak(made, folder, seed)
    try:
        made.window.resize(1280, 720)
        made.window.show()
        soak.load(model)
        yield soak
    finally:
        made.app_context.close()
        ended = made.app_context.wait(30_000)
        CHECKS_BEFORE_OPENING.remove(look.check)
        look.close()
        flush()
        made.window.close()
        for thing in (made.window, made.app_context, themes):
            thing.deleteLater()
        soak.forget()
        del made, thing
        flush()
        collector.stop()
        assert ended, "a worker thread did not end"


def main() -> int:
    """Use the window and print the table; the exit status is 1 where something grew or was left."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=50)
    parser.add_argument("--videos", type=int, default=10, help="of each of the two studies of a round")
    parser.add_argument("--scrubs", type=int, default=100, help="in each study")
    parser.add_argument("--exports", type=int, default=2, help="of each study")
    parser.add_argument("--offscreen", action="store_true", help="use no display although Xvfb is installed")
    asked = parser.parse_args()
    rows: list[Held] = []
    with tempfile.TemporaryDirectory(prefix="soak-") as name, display() as platform:
        os.environ[HOME_VARIABLE] = str(Path(name) / "home")
        os.environ["QT_QPA_PLATFORM"] = "offscreen" if asked.offscreen else platform
        limit_heaps()  # as the window does
        app = QApplication(sys.argv[:1])
        with open_window(Path(name) / "first") as soak:  # loads the libraries, which stay
            soak.round(1, 1, len(KINDS))
        before, begun = held(), time.monotonic()
        with open_window(Path(name) / "second") as soak:
            for at in range(asked.rounds):
                soak.round(asked.videos, asked.scrubs, asked.exports)
                rows.append(soak.held())
                numbers = "  ".join(f"{value:.6g}" for value in astuple(rows[-1]))
                print(f"round {at + 1}: {numbers}", file=sys.stderr, flush=True)
        seconds, after = time.monotonic() - begun, held()
        print(f"{soak.done} in {seconds:.0f} s on {app.platformName()}")
    grown = growth(rows)
    print(f"{'':12}{'before':>10}{'first':>10}{'warm':>10}{'last':>10}{'grown':>10}{'closed':>10}")
    for field in fields(Held):
        figures = [getattr(row, field.name) for row in (before, rows[0], rows[int(WARM_UP * len(rows))], rows[-1])]
        how = f"{grown[field.name]:+.1%}" if field.name == "memory_mb" else f"{grown[field.name]:+.0f}"
        columns = [f"{number:.0f}" for number in figures] + [how, f"{getattr(after, field.name):.0f}"]
        print(f"{field.name:12}" + "".join(f"{column:>10}" for column in columns))
    return 0 if sound(grown, left(before, after)) else 1


if __name__ == "__main__":
    raise SystemExit(main())
