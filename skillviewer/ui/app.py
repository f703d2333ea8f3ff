"""The composition root: makes the program and its window from real or given parts, and runs them."""

import logging
import os
import signal
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QTimer
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QApplication

from skillviewer.core.errors import DeviceError
from skillviewer.core.paths import config_dir, log_dir, resources_dir
from skillviewer.core.plugins import ON_PROBLEM
from skillviewer.core.progress import CancelToken, Report
from skillviewer.core.scipy_import import import_scipy
from skillviewer.core.version import __version__
from skillviewer.core.video.info import VideoInfo
from skillviewer.engine.inference.model_cache_protocol import ModelCacheProtocol
from skillviewer.engine.runtime.first_look import FirstLook
from skillviewer.engine.runtime.threads import limit_heaps
from skillviewer.media.files import CHECKS_BEFORE_OPENING
from skillviewer.nets.model_library import find_models
from skillviewer.ui.session.app_context import AppContext
from skillviewer.ui.session.backend import Assessor, Backend, Exports, FineTuner, HandSource, Proxy, Reader
from skillviewer.ui.session.classified_paths import CHECKPOINT_FILE, ClassifiedPaths
from skillviewer.ui.session.settings import Settings
from skillviewer.ui.session.sound_feeder import SoundSource
from skillviewer.ui.session.sound_output import DeviceOutput
from skillviewer.ui.shell.action_controller import ActionController
from skillviewer.ui.shell.main_window import MainWindow
from skillviewer.ui.shell.recovery import Recovery
from skillviewer.ui.shell.session_recorder import SessionRecorder, sessions_dir
from skillviewer.ui.threads.display import display_problem
from skillviewer.ui.threads.exception_hook import ExceptionHook, log_to
from skillviewer.ui.threads.messages import Message, Severity
from skillviewer.ui.threads.priorities import Collector, configure_process
from skillviewer.ui.widgets.dialogs import Dialogs
from skillviewer.ui.widgets.fonts import load_fonts
from skillviewer.ui.widgets.icons import Icons
from skillviewer.ui.widgets.speech import speak_numbers
from skillviewer.ui.widgets.theme import ThemeSource

if TYPE_CHECKING:
    from skillviewer.engine.features.feature_cache import FeatureCache

log = logging.getLogger(__name__)

WARM_MS = 1500  # time after the start at which the helper that looks at unknown files is started, in ms
OPENING_S = 3.0  # time that the model waits at most for what is opened at the start
PAINTED_MS = 100  # time after which a list that has come is painted, in ms
WAKE_MS = 250  # interval at which Python can see Ctrl+C while Qt waits, in ms


def _open_reader(path: Path, token: CancelToken) -> Reader:
    from skillviewer.media.reading.reader import VideoReader

    return VideoReader(path, token)


def _features(settings: Settings | None) -> "FeatureCache | None":
    """Return the feature cache in the size that the settings allow; None for the usual size."""
    from skillviewer.engine.features.feature_cache import FeatureCache

    return FeatureCache(max_bytes=settings.cache_gb * 2**30) if settings is not None else None


def _open_model(settings: Settings | None, folder: Path) -> Assessor:
    from skillviewer.engine.runtime.preload import preload_torch

    preload_torch()
    import_scipy()
    from skillviewer.engine.inference.engine import Engine  # imports torch: seconds, in the model worker thread

    return Engine.open(folder, cache=_features(settings), compile_in_subprocess=True)


def _open_proxy(video: VideoInfo) -> Proxy | None:
    from skillviewer.media.writing.proxy import ScrubProxy

    return ScrubProxy.open(video)


def _build_proxy(path: Path, token: CancelToken, report: Report) -> None:
    from skillviewer.media.writing.proxy import build_proxy

    build_proxy(path, token, report).close()


def _open_model_cache(settings: Settings | None) -> ModelCacheProtocol:
    from skillviewer.engine.runtime.preload import preload_torch

    preload_torch()
    from skillviewer.engine.inference.model_cache import ModelCache

    return ModelCache(cache=_features(settings), compile_in_subprocess=True)


def _open_tuner() -> FineTuner:
    from skillviewer.engine.finetuning.process import Tuner

    return Tuner()


def _open_sound(path: Path) -> SoundSource:
    import_scipy()
    from skillviewer.media.reading.sound_reader import SoundReader

    return SoundReader(path)


def _open_desk(open_model_cache: Callable[[], ModelCacheProtocol]) -> Exports:
    from skillviewer.engine.exporting.service import ExportService

    return ExportService(open_model_cache)


def _open_hand_finder() -> HandSource:
    from skillviewer.engine.runtime.preload import preload_torch

    preload_torch()
    from skillviewer.engine.tracking.hand_finder import HandFinder

    return HandFinder()


def real_backend(settings: Settings | None = None) -> Backend:
    """Return the readers, models and proxies of the program itself; heavy imports wait until they are used.

    The settings say how much the features of videos may take on the disk; None for the usual size.
    """
    open_model = partial(_open_model, settings)
    open_model_cache = partial(_open_model_cache, settings)
    open_desk = partial(_open_desk, open_model_cache)
    return Backend(
        _open_reader,
        open_model,
        find_models,
        _open_proxy,
        _build_proxy,
        open_model_cache,
        _open_tuner,
        open_desk,
        _open_hand_finder,
        _open_sound,
        open_output=DeviceOutput,
    )


@dataclass(slots=True)
class Composition:
    """A program with its window, and what the actions of the window do."""

    app_context: AppContext
    window: MainWindow
    bindings: ActionController


def set_up_application(app: QApplication, settings: Settings) -> tuple[ThemeSource, Icons]:
    """Give the application its name, font, icon and colours."""
    resources = resources_dir()
    app.setApplicationName("skillviewer")
    app.setApplicationDisplayName("SkillViewer")
    app.setApplicationVersion(__version__)
    app.setDesktopFileName("skillviewer")
    load_fonts(resources / "style" / "fonts")
    app.setWindowIcon(QIcon(str(resources / "icons" / "skillviewer.svg")))
    speak_numbers()
    themes = ThemeSource(app)
    themes.choose(settings.theme)
    themes.resize_text(settings.text_size)
    themes.apply_theme()
    return themes, Icons(resources / "icons")


def compose(backend: Backend, settings: Settings, themes: ThemeSource, icons: Icons, dialogs: Dialogs) -> Composition:
    """Make a program and its window."""
    app_context = AppContext(backend, settings, themes, icons)
    window = MainWindow(app_context, dialogs)
    return Composition(app_context, window, ActionController(window))


def begin(app_context: AppContext, files: Sequence[Path], model: str | None, *, sample: bool = False) -> None:
    """Load the model that was asked for or used last, and open the files."""
    app_context.models.refresh()
    settings = app_context.settings
    if not settings.is_writable:
        text = f"Settings are not kept after this session: {settings.path} cannot be written."
        app_context.messages.post(Message(text, Severity.WARNING))
    if not app_context.models.entries and model is None:
        text = "There is no model on this computer: train one, or open a model folder."
        app_context.messages.post(Message(text, Severity.WARNING))
    if sample or files:
        _let_open_first(app_context)
    default_model = model if model is not None else _used_last(app_context)
    app_context.models.choose_default(default_model)
    if sample:
        app_context.studies.open_sample()
    if files:
        app_context.open(list(files))


def _let_open_first(app_context: AppContext) -> None:
    """Let the model wait until what is opened is listed: the import of torch takes Python's lock."""
    load = partial(app_context.model_worker.pause, 0)

    def on_took(paths: ClassifiedPaths) -> None:
        if paths.study is None and paths.archive is None:
            load()

    app_context.model_worker.pause(OPENING_S)
    app_context.videos.added.connect(lambda: QTimer.singleShot(PAINTED_MS, app_context, load))
    app_context.path_importer.opened.connect(on_took)


def _used_last(app_context: AppContext) -> str | None:
    """Return the model used last, by name or folder. If it is gone, return None and post a message."""
    last = app_context.settings.model
    entries = app_context.models.entries
    names_by_folder = {str(entry.folder.absolute()): entry.name for entry in entries}
    if last in names_by_folder or not last:
        return names_by_folder.get(last)
    if (Path(last) / CHECKPOINT_FILE).is_file():
        return last
    if entries:
        text = "The model used last is no longer in {}: {} is used instead. Their scores are on different scales."
        app_context.messages.post(Message(text.format(last, entries[0].name), Severity.WARNING))
    return None


def run(files: Sequence[Path], *, model: str | None = None, sample: bool = False, crashed: bool = False) -> int:
    """Open the window and run until it is closed; return 0, or 130 if Ctrl+C in the terminal stopped it.

    The window opens at once; the model is loaded afterwards, in its own thread.

    Args:
        files: Videos, and folders of videos or checkpoints.
        model: Name or folder of a checkpoint; None for the model used last, or else the default model.
        sample: Whether to open the sample study.
        crashed: Whether to offer a report of the last session.

    Raises:
        DeviceError: There is no display.
    """
    configure_process()
    limit_heaps()
    app = application()
    handlers = log_to(log_dir())
    settings = Settings.in_folder(config_dir())
    themes, icons = set_up_application(app, settings)
    interrupted = False
    composition: Composition | None = None

    def on_interrupt(_number: int, _frame: object) -> None:
        nonlocal interrupted
        interrupted = True
        if composition is not None:
            composition.app_context.close()

    signal.signal(signal.SIGINT, on_interrupt)
    collector = Collector()
    collector.start()
    first_look = FirstLook()
    CHECKS_BEFORE_OPENING.append(first_look.check)
    composition = compose(real_backend(settings), settings, themes, icons, Dialogs())
    app_context = composition.app_context
    QTimer.singleShot(0, lambda: begin(app_context, files, model, sample=sample))
    QTimer.singleShot(WARM_MS, first_look.warm)
    if crashed:
        composition.window.start_page.offer_report()
    if interrupted:  # while the window was made
        app_context.close()
    try:
        _show(app, composition, offers_return=not files and not sample)
    finally:
        CHECKS_BEFORE_OPENING.remove(first_look.check)
        first_look.close()
        if app_context.wait():  # else a worker thread still runs, which must not collect widgets
            collector.stop()
        for handler in handlers:
            logging.getLogger("skillviewer").removeHandler(handler)
            handler.close()
    return 130 if interrupted else 0


def _show(app: QApplication, composition: Composition, *, offers_return: bool) -> None:
    app_context = composition.app_context
    window = composition.window
    hook = ExceptionHook()
    tell = hook.caught.emit
    session: SessionRecorder | None = None
    try:
        hook.caught.connect(app_context.messages.fail)
        hook.install()
        ON_PROBLEM.append(tell)
        wake = QTimer()
        wake.timeout.connect(_wake)
        wake.start(WAKE_MS)
        session = SessionRecorder(app_context, window.screens, sessions_dir())
        recovery = Recovery(app_context, window.screens, window.start_page)
        window.show()
        if offers_return:
            recovery.offer(sessions_dir())
        log.info("window opened")
        app.exec()
    finally:
        app_context.wait()
        if session is not None:
            session.end()
        ON_PROBLEM.remove(tell)
        hook.uninstall()


def application() -> QApplication:
    """Return Qt's application, and make it at the first call. Raises a DeviceError without a display."""
    app = QApplication.instance()
    if isinstance(app, QApplication):
        return app
    problem = display_problem(os.environ)
    if problem is not None:
        raise DeviceError(problem)
    return QApplication(sys.argv[:1])


def _wake() -> None:
    """Let Python handle its signals."""
