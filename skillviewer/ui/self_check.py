"""A run of the whole program by itself: the window opens the sample study, assesses a video and exports a clip."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, cast

from PySide6.QtCore import QEventLoop, QTimer
from PySide6.QtWidgets import QApplication

from skillviewer.ui.app import Composition, application, begin, compose, real_backend, set_up_application
from skillviewer.ui.exporting.export_queue import QueueStage
from skillviewer.ui.session.settings import Settings
from skillviewer.ui.threads.priorities import Collector, configure_process
from skillviewer.ui.widgets.dialogs import Dialogs

if TYPE_CHECKING:
    from skillviewer.ui.exporting.screen import ExportScreen

POLL_MS = 20
PATIENCE_S = 300.0
STOP_FRAME = 40  # the clip ends before this frame

Step = tuple[bool, str, str]  # (went well, what, what was found)


def check_window(folder: Path) -> Iterator[Step]:
    """Take the first steps of a user in a real window, and yield the result of each; end at the first failure.

    The program's own folders should have been moved to a scratch folder before; the clip goes into ``folder``.
    DeviceError where there is no display.
    """
    configure_process()
    app = application()
    settings = Settings.in_folder(folder)
    settings.export_folder = str(folder)
    themes, icons = set_up_application(app, settings)
    collector = Collector()
    collector.start()
    composition = compose(real_backend(), settings, themes, icons, Dialogs())
    try:
        composition.window.show()
        yield from _steps(composition, folder)
    finally:
        composition.app_context.close()
        composition.app_context.wait(
            round(PATIENCE_S * 1000)
        )  # a window whose worker threads still run cannot be closed
        QApplication.processEvents()
        composition.window.close()
        collector.stop()


def _steps(composition: Composition, folder: Path) -> Iterator[Step]:
    app_context = composition.app_context
    app_context.assessments.set_automatic(on=False)
    begin(app_context, [], None)
    app_context.studies.open_sample()
    opened = _wait(lambda: len(app_context.videos) > 0 and app_context.state.model is not None)
    summary = f"{len(app_context.videos)} videos, model loaded" if opened else _last_message(composition)
    yield opened, "the sample study opens", summary
    if not opened:
        return
    video = app_context.videos[0].clip
    app_context.state.set_current(video)
    app_context.assessments.ask([video])
    assessed = _wait(lambda: app_context.state.analysis is not None and app_context.state.analysis.complete)
    score = (
        f"score {app_context.state.analysis.score:+.3f}" if assessed and app_context.state.analysis is not None else ""
    )
    yield assessed, "a video is assessed", score or _last_message(composition)
    if not assessed:
        return
    composition.window.screens.show("export")
    screen = cast("ExportScreen", composition.window.screens.get_page("export"))
    screen.option_form.set_values(stop=STOP_FRAME)
    previewed = _wait(lambda: screen.preview_pane.has_picture and not screen.preview_loader.is_busy)
    yield previewed, "the clip is previewed", screen.preview_pane.message or "its first frame is shown"
    screen.start(composition.window.dialogs)
    entry = screen.queue.entries[0] if screen.queue.entries else None
    is_exported = entry is not None and _wait(lambda: entry.stage.is_over) and entry.stage is QueueStage.DONE
    summary = (
        ", ".join(entry.results.written[0].facts)
        if is_exported and entry is not None and entry.results is not None
        else ""
    )
    yield (
        is_exported,
        "a clip is exported",
        summary or (entry.failure if entry is not None else screen.message_label.text()),
    )
    left = sorted(path.name for path in folder.iterdir() if path.name.startswith("."))
    yield not left, "nothing half written is left", ", ".join(left) or "none"


def _last_message(composition: Composition) -> str:
    return (
        "; ".join(message.text for message in composition.app_context.messages.waiting)
        or "it did not get there in time"
    )


def _wait(until: Callable[[], bool]) -> bool:
    """Run the window until a condition holds; return whether it came to hold."""
    for _ in range(round(PATIENCE_S * 1000 / POLL_MS)):
        if until():
            return True
        loop = QEventLoop()
        QTimer.singleShot(POLL_MS, loop.quit)
        loop.exec()
    return False
