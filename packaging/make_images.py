"""Make the pictures of README and docs with the program itself, on the sample study.

    python packaging/make_images.py [FOLDER] [NAME ...]

Each is made in both themes, at a text size of 100 and of 200 percent. ``moving`` is the moving picture with which
README begins: the lowest video plays with its map and curve, and then next to a better one.

The window is the real one with the real model, without a display, and uses its own home folder. States that are hard
to reach with real videos (300 of them, failures, long names) are made by
``python -m tests.ui.states``.
"""

import os
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, cast

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PIL import Image
from PySide6.QtCore import QEventLoop, QSettings, QTimer
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication, QWidget

from skillviewer.core.paths import docs_dir, resources_dir
from skillviewer.core.progress import CancelToken
from skillviewer.engine.inference.engine import Engine
from skillviewer.export.analysed_video import AnalysedVideo
from skillviewer.export.pictures.contact_sheet import SheetOptions, export_sheet
from skillviewer.export.pictures.still import export_still
from skillviewer.nets.model_library import DEFAULT_MODEL
from skillviewer.ui.app import Composition, begin, compose, real_backend, set_up_application
from skillviewer.ui.ranking.sitting_controller import SittingPhase
from skillviewer.ui.session.settings import Settings
from skillviewer.ui.shell.page_spec import SCREENS
from skillviewer.ui.threads.priorities import Collector
from skillviewer.ui.widgets.dialogs import Dialogs
from skillviewer.ui.widgets.theme import ThemeChoice

if TYPE_CHECKING:
    from skillviewer.ui.comparing.screen import CompareScreen
    from skillviewer.ui.exporting.screen import ExportScreen
    from skillviewer.ui.ranking.screen import RankScreen

SIZE = (1280, 720)
PERCENT = (100, 200)
"""Sizes of the text."""
COMPARED = ("sample-sharp", "sample-full", "sample-follow")
"""Checkpoints in the picture of the Compare screen, where available."""


MOVING_SIZE = (1240, 760)
"""Size of the window in the moving picture; the moving picture has three quarters of it."""
MOVING_STEP = 4
"""Frames of the video between two pictures: 7.5 a second."""
MOVING_MOST_BYTES = 3_000_000


def as_pillow(image: QImage) -> Image.Image:
    """Return a picture of Qt as one of Pillow, three quarters as large."""
    rgb = image.convertToFormat(QImage.Format.Format_RGB888)
    made = Image.frombuffer(
        "RGB", (rgb.width(), rgb.height()), bytes(rgb.constBits()), "raw", "RGB", rgb.bytesPerLine(), 1
    )
    return made.resize((rgb.width() * 3 // 4, rgb.height() * 3 // 4), Image.Resampling.LANCZOS)


def write_gif(path: Path, pictures: Sequence[Image.Image]) -> None:
    """Write a moving picture that begins again after a rest; OSError if it is larger than a README should load."""
    both = Image.new("RGB", (2 * pictures[0].width, pictures[0].height))  # colours of the beginning and of the end
    both.paste(pictures[0], (0, 0))
    both.paste(pictures[-1], (pictures[0].width, 0))
    palette = both.quantize(224, Image.Quantize.MEDIANCUT)
    frames = [picture.quantize(palette=palette, dither=Image.Dither.NONE) for picture in pictures]
    durations_ms = [1000 * MOVING_STEP // 30] * len(frames)
    durations_ms[-1] = 1500
    frames[0].save(path, save_all=True, append_images=frames[1:], duration=durations_ms, loop=0, optimize=True)
    if path.stat().st_size > MOVING_MOST_BYTES:
        raise OSError(f"{path} has {path.stat().st_size} bytes, more than {MOVING_MOST_BYTES}")


def pause(ms: int) -> None:
    """Process events for some time."""
    loop = QEventLoop()
    QTimer.singleShot(ms, loop.quit)
    loop.exec()


def wait(until: Callable[[], bool], timeout_s: float = 180.0) -> None:
    """Process events until a condition holds."""
    for _ in range(round(timeout_s / 0.02)):
        if until():
            return
        pause(20)
    raise TimeoutError("the window did not reach the expected state")


@dataclass
class Tour:
    """Leads the window on the sample study from screen to screen.

    Attributes:
        made: The window and its program.
        theme: Its theme.
        folder: Folder of the pictures.
        percent: Its text size.
    """

    made: Composition
    theme: ThemeChoice
    folder: Path
    percent: int = 100

    def grab(self, name: str) -> None:
        """Save a picture of the window."""
        pause(400)
        large = f"-{self.percent}" if self.percent != 100 else ""
        path = self.folder / f"{name}-{self.theme.value}{large}.png"
        if not self.made.window.grab().save(str(path)):
            raise OSError(f"{path} could not be written")
        print(path, flush=True)

    def screen(self, name: str) -> QWidget:
        """Open a screen."""
        self.made.window.screens.show(name)
        pause(300)
        return self.made.window.screens.get_page(name)

    def start(self) -> None:
        """Picture the first page."""
        self.grab("start")

    def inspect(self) -> None:
        """Picture the lowest video of the sample study, at the moment that lowered its score most."""
        app_context, window = self.made.app_context, self.made.window
        app_context.studies.open_sample()
        wait(lambda: len(app_context.videos) > 1 and all(entry.analysis is not None for entry in app_context.videos))
        window.panel.videos_view.sortByColumn(2, window.panel.videos_view.horizontalHeader().sortIndicatorOrder())
        lowest = min(app_context.videos, key=lambda e: e.analysis.score if e.analysis is not None else 0.0)
        window.panel.show_chosen(lowest.clip)
        wait(lambda: app_context.state.current_clip == lowest.clip and app_context.playback.video is not None)
        if window.screens.collapsed:  # letters are large: the panels are icons
            window.panel_rail.open_alone("why")
        wait(lambda: app_context.evidence_loader.evidence is not None)
        wait(lambda: all(entry.thumbnail is not None for entry in app_context.videos))
        found = app_context.why_loader.findings
        assert found is not None
        moment = min(found.moments, key=lambda m: m.amount)
        app_context.playback.seek(moment.key_frame)
        wait(lambda: app_context.feed.settled)
        self.grab("inspect")

    def moving(self) -> None:
        """Film the lowest video while it plays, and then next to a better one."""
        app_context, window = self.made.app_context, self.made.window
        window.resize(*MOVING_SIZE)
        pause(300)
        pictures = [self._frame_at(frame) for frame in self._played_frames()]
        window.actions_["better_video"].trigger()
        wait(lambda: bool(app_context.reference_loader.gaps))
        gaps, video = app_context.reference_loader.gaps, app_context.playback.video
        assert video is not None
        first, last = video.frame_at(gaps[0].start_s), video.frame_at(gaps[-1].stop_s - 0.01)
        pause(1000)
        pictures += [self._frame_at(frame) for frame in range(first, last, MOVING_STEP)]
        path = self.folder / "moving.gif"
        write_gif(path, pictures)
        window.resize(*SIZE)
        window.screens.show("inspect")
        print(path, flush=True)

    def _played_frames(self) -> range:
        video = self.made.app_context.playback.video
        assert video is not None
        return range(0, video.n_frames, MOVING_STEP)

    def _frame_at(self, frame: int) -> Image.Image:
        """Return the window with a frame of the video on screen."""
        self.made.app_context.playback.seek(frame)
        wait(lambda: self.made.app_context.feed.settled)
        pause(120)  # the second player follows
        return as_pillow(self.made.window.grab().toImage())

    def split(self) -> None:
        """Picture the lowest video next to a better one."""
        window = self.made.window
        window.screens.show("inspect")
        wait(lambda: self.made.app_context.reference_loader.clip is not None)
        window.actions_["better_video"].trigger()
        wait(lambda: bool(self.made.app_context.reference_loader.gaps))
        self.grab("split")

    def compare(self) -> None:
        """Picture the attention of several models on the same frame."""
        screen = cast("CompareScreen", self.screen("compare"))
        models = {entry.folder.name: entry for entry in self.made.app_context.models.entries}
        entries = [models[name] for name in COMPARED]
        chosen = [(str(entry.folder), screen.candidates.name(str(entry.folder))) for entry in entries]
        screen.model_set.choose(chosen)
        wait(lambda: all(screen.model_set.row(key).complete_analysis is not None for key, _ in chosen))
        self.grab("compare")

    def rank(self) -> None:
        """Picture a pair being judged, and the results of the votes."""
        screen = cast("RankScreen", self.screen("rank"))
        screen.judging.enter("A. Rater")
        wait(lambda: screen.judging.phase is SittingPhase.JUDGING)
        pause(800)
        self.grab("rank")
        screen.judging.leave()
        pause(500)
        screen.show_results()
        pause(4000)
        self.grab("results")

    def finetune(self) -> None:
        """Picture a training plan and its cost."""
        self.screen("finetune")
        pause(3000)
        self.grab("finetune")

    def export(self) -> None:
        """Picture the preview of a clip."""
        screen = cast("ExportScreen", self.screen("export"))
        wait(lambda: screen.preview_pane.has_picture and not screen.preview_loader.is_busy)
        self.grab("export")


NAMES = ("start", *(screen.name for screen in SCREENS))
EXPORT_FOLDER = "/home/user/Documents/SkillViewer"
"""Folder for exports that the pictures show, whoever makes them; nothing is written there."""


def opened(app: QApplication, theme: ThemeChoice, folder: Path, percent: int) -> Composition:
    """Return the window with the model of the sample study."""
    settings = Settings(QSettings(str(folder / f"{theme.value}-{percent}.ini"), QSettings.Format.IniFormat))
    settings.theme = theme
    settings.text_size = percent
    settings.export_folder = EXPORT_FOLDER
    themes, icons = set_up_application(app, settings)
    made = compose(real_backend(), settings, themes, icons, Dialogs())
    made.window.resize(*SIZE)
    made.window.show()
    pause(200)
    made.window.resize(*SIZE)  # again: show() fits the window to the screen, and there is none
    begin(made.app_context, [], DEFAULT_MODEL)
    wait(lambda: made.app_context.state.model is not None)
    return made


def figures(folder: Path) -> None:
    """Export a contact sheet and a still."""
    videos = sorted((resources_dir() / "sample_study" / "videos").glob("*.mp4"))
    with Engine.open(DEFAULT_MODEL) as engine:
        analyses = [engine.assess(videos[i], passes=4) for i in (0, 15)]
    rows = [AnalysedVideo(a, title=a.video.path.stem) for a in analyses]
    print(export_sheet(rows, folder / "sheet.png", SheetOptions(dpi=150), overwrite=True, token=CancelToken()))
    print(export_still(videos[0], analyses[0], folder / "still.png", overwrite=True))


def main() -> None:
    """Make all pictures, or the named ones."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else docs_dir() / "images"
    names = sys.argv[2:] or [*NAMES, "moving", "figures"]
    folder.mkdir(parents=True, exist_ok=True)
    app = QApplication([])
    collector = Collector(app)
    collector.start()
    with tempfile.TemporaryDirectory() as scratch:
        os.environ["SKILLVIEWER_HOME"] = scratch
        for theme, percent in product((ThemeChoice.LIGHT, ThemeChoice.DARK), PERCENT):
            tour = Tour(opened(app, theme, Path(scratch), percent), theme, folder, percent)
            for name in NAMES:
                if name in names or name == "inspect":
                    getattr(tour, name)()
                if name == "inspect" and "moving" in names and (theme, percent) == (ThemeChoice.LIGHT, 100):
                    tour.moving()
            tour.made.window.close()
            tour.made.app_context.close()
            tour.made.app_context.wait()
        if "figures" in names:
            figures(folder)


if __name__ == "__main__":
    main()
