"""Delay of the next pair: from the vote key to both first pictures, and to both videos playing.

    QT_QPA_PLATFORM=offscreen python -m benchmarks.judging [--pairs N] [--watch SECONDS] [--video FILE ...]

Drives the real window with the real reader over a study in a temporary folder. Without --video clips of a drifting
texture are made, at 1280 x 720 and 1920 x 1080, 10 s each; every clip is in the study six times. A rater plays each
pair for some seconds, votes by key and plays the next one at once. Then, without a window: the time of the study's
worker for the next pair and the tally, with 200 videos and 2,000 votes. Times are wall times in ms; "CPU" is the CPU
time of all threads of the process, which does not depend on other load.
"""

import argparse
import os
import random
import struct
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QObject, Qt, Slot
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from benchmarks.clips import write_textured_clip
from benchmarks.window import Heart, pause, say, spread, wait
from skillviewer.core.dataset.pairs import Verdict
from skillviewer.core.paths import HOME_VARIABLE
from skillviewer.data.study import NewVideo, Study, Vote
from skillviewer.data.study.judging.pair_queue import rater_queue
from skillviewer.ui.app import Composition, compose, real_backend, set_up_application
from skillviewer.ui.player.video_canvas import DisplayedFrame
from skillviewer.ui.ranking.pair_view import PairView
from skillviewer.ui.ranking.screen import RankScreen
from skillviewer.ui.session.settings import Settings
from skillviewer.ui.threads.priorities import Collector
from skillviewer.ui.widgets.dialogs import Dialogs

COPIES = 6
SIZES = ((1280, 720), (1920, 1080))


class Watch(QObject):
    """Records when the pictures of a pair are painted."""

    def __init__(self, pair_views: Sequence[PairView]) -> None:
        super().__init__()
        self.painted: list[tuple[float, object, int]] = []
        for pair_view in pair_views:
            for player in pair_view.players:
                player.canvas.painted.connect(self._on_painted)

    @Slot(object)
    def _on_painted(self, shown: DisplayedFrame) -> None:
        self.painted.append((time.perf_counter(), self.sender(), shown.picture.frame_index))

    def when_both(self, pair_view: PairView, above: int) -> float | None:
        """Return when both players of a pair had painted a frame beyond one, or None."""
        times = []
        for player in pair_view.players:
            mine = [at for at, canvas, frame in self.painted if canvas is player.canvas and frame > above]
            if not mine:
                return None
            times.append(min(mine))
        return max(times)


def copies(clip: Path, folder: Path, n: int) -> list[Path]:
    """Copy a clip; each copy has a different empty box at its end, so that a study takes them for different videos."""
    data, made = clip.read_bytes(), []
    for i in range(n):
        made.append(folder / f"{clip.stem} {i}{clip.suffix}")
        made[-1].write_bytes(data + struct.pack(">I4sI", 12, b"free", i))
    return made


def press(which: Qt.Key) -> None:
    """Press a key in the focused widget."""
    focused = QApplication.focusWidget()
    if focused is None:
        raise RuntimeError("no widget has the focus")
    QTest.keyClick(focused, which)


def sit_down(made: Composition, study: Path) -> RankScreen:
    """Open the study and begin as a rater."""
    made.app_context.studies.open(study)
    wait(lambda: made.app_context.studies.current_study is not None)
    made.window.screens.show("rank")
    screen = made.window.screens.get_page("rank")
    assert isinstance(screen, RankScreen)
    wait(lambda: str(screen.judging.phase) == "rater")
    screen.judging.enter("Ann")
    wait(lambda: screen.judging.accepts_answers)
    return screen


def vote_and_play(screen: RankScreen, watch: Watch) -> tuple[float, float, float]:
    """Vote, and play the next pair as soon as it is shown.

    Returns:
        Wall ms from the vote until both first pictures were painted, and until both second ones were; and CPU ms until
        the first.
    """
    judging_view, before = screen.judging_view, screen.judging_view.pair_view
    watch.painted.clear()
    voted, computed = time.perf_counter(), time.process_time()
    press(Qt.Key.Key_1)
    wait(lambda: judging_view.pair_view is not before and watch.when_both(judging_view.pair_view, -1) is not None)
    cpu_ms = 1000 * (time.process_time() - computed)
    press(Qt.Key.Key_Space)
    wait(lambda: watch.when_both(judging_view.pair_view, 0) is not None)
    first, moving = watch.when_both(judging_view.pair_view, -1), watch.when_both(judging_view.pair_view, 0)
    assert first is not None
    assert moving is not None
    return 1000 * (first - voted), 1000 * (moving - voted), cpu_ms


def judge(made: Composition, study: Path, n_pairs: int, watch_s: float) -> None:
    """Vote, and record the times."""
    screen = sit_down(made, study)
    judging_view, watch, heart = screen.judging_view, Watch(screen.judging_view.pair_views), Heart()
    pictures, plays, computed = [], [], []
    heart.start()
    for _ in range(n_pairs):
        pause(round(1000 * watch_s))
        judging_view.pair_view.clock.pause()
        wait(lambda: screen.judging.accepts_answers)
        picture_ms, playing_ms, cpu_ms = vote_and_play(screen, watch)
        pictures.append(picture_ms)
        plays.append(playing_ms)
        computed.append(cpu_ms)
    spread("vote to both first pictures", pictures)
    spread("vote to both first pictures, CPU", computed)
    spread("vote to both playing (second picture)", plays)
    heart.stop()
    screen.judging.leave()


def large_study(folder: Path) -> None:
    """Print the time for the next pair and the tally with 200 videos and 2,000 votes of five raters."""
    chance = random.Random(0)
    with Study.create(folder / "large.skillstudy") as study:
        for i in range(200):
            (folder / f"{i}.bin").write_bytes(struct.pack("I", i))
        study.videos.add([NewVideo(folder / f"{i}.bin", f"video {i}") for i in range(200)])
        votes = []
        for n in range(2000):
            a, b = chance.sample(range(200), 2)
            better = a + chance.gauss(0, 30) > b + chance.gauss(0, 30)
            verdict = Verdict.LEFT if better else Verdict.RIGHT
            votes.append(Vote(f"video {a}", f"video {b}", verdict, f"rater {n % 5}", purpose="informative"))
        study.votes.import_votes(votes)
        times, computed = [], []
        on_screen = None
        for _ in range(12):
            before, cpu_s = time.perf_counter(), time.process_time()
            found = rater_queue(study, "rater 0", on_screen)
            times.append(1000 * (time.perf_counter() - before))
            computed.append(1000 * (time.process_time() - cpu_s))
            on_screen = found.upcoming_pairs[0]
        print("200 videos, 2,000 votes")
        say("first time (scipy is imported)", f"{times[0]:6.0f}")
        spread("next pair and tally, in the study's worker thread", times[1:])
        spread("next pair and tally, CPU", computed[1:])


def main() -> None:
    """Run."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=20)
    parser.add_argument("--watch", type=float, default=3.0, help="seconds that each pair is played")
    parser.add_argument("--video", type=Path, nargs="+", help="videos to use instead")
    given = parser.parse_args()
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.environ[HOME_VARIABLE] = str(folder / "home")
        app = QApplication(sys.argv[:1])
        collector = Collector(app)
        collector.start()
        settings = Settings.in_folder(folder)
        settings.automatic = False
        themes, icons = set_up_application(app, settings)
        sets = {"given videos": given.video} if given.video else {}
        for size in () if given.video else SIZES:
            clip = write_textured_clip(folder / f"{size[0]}x{size[1]}.mp4", 300, size)
            sets[f"{size[0]} x {size[1]}, 300 frames, {clip.stat().st_size / 2**20:.0f} MB"] = copies(
                clip, folder, COPIES
            )
        for i, (title, videos) in enumerate(sets.items()):
            path = folder / f"{i}.skillstudy"
            with Study.create(path) as study:
                study.videos.add([NewVideo(video.absolute()) for video in videos])
            made = compose(real_backend(), settings, themes, icons, Dialogs())
            made.window.resize(1280, 800)
            made.window.show()
            print(title)
            try:
                n_pairs = min(given.pairs, len(videos) * (len(videos) - 1) // 2 - 2)
                judge(made, path, n_pairs, given.watch)
            finally:
                made.app_context.close()
                made.app_context.wait()
                made.window.hide()
        large_study(folder)


if __name__ == "__main__":
    main()
