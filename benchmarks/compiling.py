"""Response of the window while the optical flow is compiled for the first time on a computer, and when it is loaded.

    QT_QPA_PLATFORM=offscreen python -m benchmarks.compiling [--runs 3] [--here]

Every run is a fresh process with its own folder (``SKILLVIEWER_HOME``), so that nothing is compiled yet. The real
window opens a clip of a drifting texture, loads the model and assesses the clip. A second process then does the same
with the code compiled by the first. With ``--here`` the window's own process compiles, as it would where no other
process can be started. Times as in ``benchmarks.window``; on Linux the last line of a job shows how late beats were,
less the time in which the window's thread waited for a core because of other load.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QApplication

from benchmarks.clips import write_textured_clip
from benchmarks.window import STALL_MS, Heart, assess, load, say, show
from skillviewer.core.paths import HOME_VARIABLE
from skillviewer.nets.model_library import DEFAULT_MODEL, model_folder
from skillviewer.ui.app import compose, real_backend, set_up_application
from skillviewer.ui.session.settings import Settings
from skillviewer.ui.threads.priorities import Collector, configure_process
from skillviewer.ui.widgets.dialogs import Dialogs

SIZE = (640, 360)
N_FRAMES = 150


def waited_ms() -> float:
    """Return how long this thread has waited for a core, in ms; 0 where the system does not report it."""
    schedule = Path(f"/proc/self/task/{threading.get_native_id()}/schedstat")
    return int(schedule.read_text().split()[1]) / 1e6 if sys.platform == "linux" else 0.0


class PatientHeart(Heart):
    """Heart that also measures the lateness of a beat from waiting for a core."""

    def __init__(self) -> None:
        super().__init__()
        self.held_ms: list[float] = []
        self._waited = 0.0

    def start(self) -> None:
        """Start a new measurement."""
        self.held_ms.clear()
        self._waited = waited_ms()
        super().start()

    @Slot()
    def _beat(self) -> None:
        super()._beat()
        before, self._waited = self._waited, waited_ms()
        self.held_ms.append(self.gaps_ms[-1][0] - (self._waited - before))

    def stop(self, what: str = "event loop meanwhile") -> None:
        """Stop and print the measurement."""
        super().stop(what)
        say(
            "without waiting for a core",
            f"worst {max(self.held_ms):6.1f}   over {STALL_MS:.0f} ms: {sum(ms > STALL_MS for ms in self.held_ms)}",
        )


def one(video: Path, home: Path, *, here: bool) -> None:
    """Run the measurement once, in this process."""
    configure_process()
    app = QApplication(sys.argv[:1])
    collector = Collector(app)
    collector.start()
    settings = Settings.in_folder(home)
    settings.automatic = False
    themes, icons = set_up_application(app, settings)
    if here:
        from skillviewer.engine.inference import engine  # this imports torch, before the heart beats

        vars(engine)["compile_flow"] = lambda *_: False
    made = compose(real_backend(), settings, themes, icons, Dialogs())
    made.window.resize(1280, 800)
    made.window.show()
    heart = PatientHeart()
    try:
        info, _ = show(made, video)
        load(made, heart, model_folder(DEFAULT_MODEL))
        assess(made, info, heart, scrubbing=False)
    finally:
        made.app_context.close()
        made.app_context.wait()
        made.window.close()
        app.processEvents()


def main() -> None:
    """Run all measurements."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--here", action="store_true")
    parser.add_argument("--one", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.one is not None:
        one(given.one, Path(os.environ[HOME_VARIABLE]), here=given.here)
        return
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    with tempfile.TemporaryDirectory() as name:
        video = write_textured_clip(Path(name) / "clip.mp4", N_FRAMES, SIZE)
        again = [sys.executable, "-m", "benchmarks.compiling", "--one", str(video), *(["--here"] if given.here else [])]
        for run in range(given.runs):
            home = Path(name) / f"home {run}"
            home.mkdir()
            for what in ("nothing compiled", "compiled code kept"):
                print(f"Run {run + 1}: {what}", flush=True)
                subprocess.run(again, env={**os.environ, HOME_VARIABLE: str(home)}, check=True)


if __name__ == "__main__":
    main()
