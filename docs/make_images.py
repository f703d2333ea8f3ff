"""Makes the pictures of README and docs from the program itself, on the sample study.

    python docs/make_images.py [FOLDER]

Nothing is drawn by hand: the window is the real one with the real model, without a display.
"""

import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QEventLoop, QSettings, QTimer
from PySide6.QtWidgets import QApplication, QWidget

from skillviewer.core.job import CancelToken
from skillviewer.core.places import resources_dir
from skillviewer.engine.engine import Engine
from skillviewer.engine.library import DEFAULT_MODEL
from skillviewer.export.exhibit import Exhibit
from skillviewer.export.sheet import SheetOptions, export_sheet
from skillviewer.export.still import export_still
from skillviewer.ui.app import Composition, begin, compose, dress, real_backend
from skillviewer.ui.dialogs import Dialogs
from skillviewer.ui.exporting.screen import ExportScreen
from skillviewer.ui.settings import Settings
from skillviewer.ui.theme import ThemeChoice

SIZE = (1280, 720)
PASSES = 4
SHOWN, ASSESSED = 12, 7
"""Videos in the list, and how many of them have a score."""


def pause(ms: int) -> None:
    """Let the window live for a time."""
    loop = QEventLoop()
    QTimer.singleShot(ms, loop.quit)
    loop.exec()


def wait(until: Callable[[], bool], timeout_s: float = 120.0) -> None:
    """Let the window live until something is so."""
    for _ in range(round(timeout_s / 0.02)):
        if until():
            return
        pause(20)
    raise TimeoutError("the window did not get there")


def opened(app: QApplication, theme: ThemeChoice, folder: Path) -> Composition:
    """Return the window on the first videos of the sample study, all assessed."""
    settings = Settings(QSettings(str(folder / f"{theme.value}.ini"), QSettings.Format.IniFormat))
    settings.theme = theme
    themes, icons = dress(app, settings)
    made = compose(real_backend(), settings, themes, icons, Dialogs())
    made.window.resize(*SIZE)
    made.window.show()
    pause(200)
    made.window.resize(*SIZE)  # again: a window that is shown is fitted to the screen, and there is none
    program = made.program
    program.state.set_passes(PASSES)
    program.assessments.set_automatic(on=False)
    videos = sorted((resources_dir() / "sample_study" / "videos").glob("*.mp4"))[:SHOWN]
    begin(program, videos, DEFAULT_MODEL)
    wait(lambda: program.state.model is not None and program.playback.video is not None)
    program.assessments.ask(videos[:ASSESSED])
    wait(lambda: not program.assessments.busy)
    return made


def grab(widget: QWidget, path: Path) -> None:
    """Write what a widget shows."""
    if not widget.grab().save(str(path)):
        raise OSError(f"{path} could not be written")
    print(path)


def main() -> None:
    """Make all pictures."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent / "images"
    folder.mkdir(parents=True, exist_ok=True)
    app = QApplication([])
    with tempfile.TemporaryDirectory() as scratch:
        for theme in (ThemeChoice.LIGHT, ThemeChoice.DARK):
            made = opened(app, theme, Path(scratch))
            program = made.program
            analysis = program.state.analysis
            assert analysis is not None
            program.playback.seek(int(analysis.samples[0, 15]))
            wait(lambda p=program: p.feed.settled)  # type: ignore[misc]
            grab(made.window, folder / f"inspect-{theme.value}.png")
            made.window.show_screen("export")
            screen = made.window.screen_named("export")
            assert isinstance(screen, ExportScreen)
            wait(lambda s=screen: s.pane.has_picture and not s.previews.busy)  # type: ignore[misc]
            grab(made.window, folder / f"export-{theme.value}.png")
            made.window.close()
            program.close()
            program.wait()
    videos = sorted((resources_dir() / "sample_study" / "videos").glob("*.mp4"))
    with Engine.open(DEFAULT_MODEL) as engine:
        analyses = [engine.assess(videos[i]) for i in (0, 15)]
    rows = [Exhibit(a, title=a.video.path.stem) for a in analyses]
    print(export_sheet(rows, folder / "sheet.png", SheetOptions(dpi=150), overwrite=True, token=CancelToken()))
    print(export_still(videos[0], analyses[0], folder / "still.png", overwrite=True))


if __name__ == "__main__":
    main()
