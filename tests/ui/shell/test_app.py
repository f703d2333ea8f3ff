"""The composition root, with real videos and the real window; the model alone is a stand-in."""

import logging
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from skillviewer.core.paths import HOME_VARIABLE, resources_dir
from skillviewer.ui import app as app_module
from skillviewer.ui.app import real_backend, run
from skillviewer.ui.shell.main_window import MainWindow
from skillviewer.ui.threads.exception_hook import log_to
from tests.ui.fakes import FakeWorld
from tests.videos import write_barcode_video


@pytest.fixture
def videos(tmp_path: Path) -> Path:
    folder = tmp_path / "study" / "videos"
    folder.mkdir(parents=True)
    for name, kind in (("mp4", "mp4"), ("gif", "gif"), ("uneven", "variable_mkv")):
        write_barcode_video(folder / f"{name}{'.gif' if kind == 'gif' else '.mkv'}", 30, kind=kind)
    return folder


@pytest.fixture(autouse=True)
def _stand_in(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Real readers and proxies; models that need no torch; the person's own folders left alone."""
    fake = FakeWorld(tmp_path).backend()
    monkeypatch.setattr(
        app_module,
        "real_backend",
        lambda _settings: replace(real_backend(), open_model=fake.open_model, find_models=fake.find_models),
    )
    monkeypatch.setenv(HOME_VARIABLE, str(tmp_path / "home"))
    before = signal.getsignal(signal.SIGINT)
    monkeypatch.setattr(signal, "signal", lambda _number, handler: before if handler is None else handler)


class Person:
    """Waits until something is so in the window that ``run`` opened, then does something."""

    def __init__(self) -> None:
        self.seen: dict[str, object] = {}
        self.timer = QTimer()
        self.timer.timeout.connect(self._map_style)
        self.timer.start(20)
        self.deadline = QTimer.singleShot(120_000, QApplication.quit)

    def window(self) -> MainWindow | None:
        shown = [w for w in QApplication.topLevelWidgets() if isinstance(w, MainWindow) and w.isVisible()]
        return shown[0] if shown else None

    def _map_style(self) -> None:
        window = self.window()
        if window is None or not self.ready(window):
            return
        self.timer.stop()
        self.act(window)

    def ready(self, window: MainWindow) -> bool:
        app_context = window.app_context
        return (
            app_context.state.analysis is not None and app_context.state.analysis.complete and app_context.feed.settled
        )

    def act(self, window: MainWindow) -> None:
        self.seen["names"] = [entry.path.name for entry in window.app_context.videos]
        self.seen["status"] = window.status_bar.text
        window.close()


def test_it_opens_files_assesses_and_closes(qtbot: QtBot, videos: Path, tmp_path: Path) -> None:  # noqa: ARG001
    person = Person()
    assert run([videos / "mp4.mkv"]) == 0
    assert person.seen["names"] == ["mp4.mkv"]
    assert "model alpha" in str(person.seen["status"])
    log = (tmp_path / "home" / "log" / "skillviewer.log").read_text(encoding="utf-8")
    assert "window opened" in log
    assert (tmp_path / "home" / "config" / "window.ini").is_file()
    assert not logging.getLogger("skillviewer").handlers


def test_the_sample_study_is_opened(qtbot: QtBot, videos: Path) -> None:  # noqa: ARG001
    person = Person()
    assert run([], model="beta", sample=True) == 0
    assert person.seen["names"] == sorted(p.name for p in (resources_dir() / "sample_study" / "videos").iterdir())
    assert "model beta" in str(person.seen["status"])


def test_a_log_that_cannot_be_written_is_done_without(tmp_path: Path) -> None:
    (tmp_path / "log").touch()
    assert log_to(tmp_path / "log") == ()


def test_the_window_is_up_before_anything_heavy_is_imported(tmp_path: Path) -> None:
    """In a process of its own: when the window is exposed, nothing of what takes long has been imported."""
    code = """
import sys
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication
from skillviewer.ui.app import run
app = QApplication([])
def look():
    shown = [w for w in app.topLevelWidgets() if w.isVisible()]
    if shown:
        print(sorted({"torch", "pyqtgraph", "cv2", "av", "numba", "scipy", "networkx"} & set(sys.modules)))
        shown[0].close()
    else:
        QTimer.singleShot(0, look)
QTimer.singleShot(0, look)
sys.exit(run([]))
"""
    environment = {**os.environ, HOME_VARIABLE: str(tmp_path), "QT_QPA_PLATFORM": "offscreen"}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=600, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "[]"
