"""Time until a study can be used, and smoothness of its list while scrolling.

    QT_QPA_PLATFORM=offscreen python -m benchmarks.opening [--videos 1000] [--votes 100000] [--tiny] [--no-sample]

Every opening is a fresh process; times are wall times in ms from its first line, and "CPU" is the process's CPU time.
First the sample study, whose analyses ship with it; then a study of many videos, copies of the sample videos with
different names, each assessed; with --tiny of a clip of two small frames. The list is then scrolled by the wheel,
notch by notch; a step lasts from the turn of the wheel to the painted list, and 16.7 ms is one picture of a 60 Hz
screen. With --votes (by simulated raters, on random pairs of which a third is judged twice) the results of the Rank
screen follow. When all analyses have been read, the list is scrolled again.
"""

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, cast

import numpy as np
from PySide6.QtCore import QPoint, QPointF, Qt, QTimer
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QApplication

from benchmarks.clips import write_textured_clip
from benchmarks.window import pause, say, spread, wait
from skillviewer.core.paths import HOME_VARIABLE, resources_dir

if TYPE_CHECKING:
    from skillviewer.data.study import Vote
    from skillviewer.ui.ranking.screen import RankScreen

NOTCHES = 120
N_RATERS = 20
FRAME_MS = 1000 / 60


def simulated_votes(names: list[str], n_votes: int, n_raters: int = N_RATERS) -> "list[Vote]":
    """Return votes of raters with equal noise (Bradley-Terry) on random pairs; a third of them is a second rater's."""
    from skillviewer.core.dataset.pairs import Verdict
    from skillviewer.data.study import Vote

    rng = np.random.default_rng(0)
    quality = rng.normal(0, 1.5, len(names))
    i, j = (rng.permutation(len(names))[rng.integers(0, len(names), n_votes)] for _ in range(2))
    again = n_votes * 2 // 3
    i[again:], j[again:] = i[: n_votes - again], j[: n_votes - again]
    won = rng.random(n_votes) < 1 / (1 + np.exp(quality[j] - quality[i]))
    raters = (np.arange(n_votes) + (np.arange(n_votes) >= again)) % n_raters
    sides = zip(i.tolist(), j.tolist(), won.tolist(), raters.tolist(), strict=True)
    return [
        Vote(names[a], names[b], Verdict.LEFT if left else Verdict.RIGHT, f"R{rater:02}", taken_s=9.0)
        for a, b, left, rater in sides
        if a != b
    ]


def make_study(folder: Path, n_videos: int, n_votes: int = 0, *, tiny: bool = False) -> Path:
    """Make a study of copies of the sample videos; every video has a score."""
    from dataclasses import replace

    from skillviewer.data.analysis_file import load_analysis
    from skillviewer.data.study import NewVideo, Study, StudySettings

    source = resources_dir() / "sample_study"
    clips = [write_textured_clip(folder / "tiny.mp4", 2, (64, 48))] if tiny else sorted(source.glob("videos/*.mp4"))
    analyses = [load_analysis(path) for path in sorted((source / "analyses").glob("*"))]
    with Study.create(folder / "large", StudySettings(title="Large")) as study:
        new = []
        for at in range(n_videos):
            path = folder / f"participant_{at // 6:03}_take_{at % 6}.mp4"
            path.write_bytes(clips[at % len(clips)].read_bytes() + at.to_bytes(4))  # hence another digest
            new.append(NewVideo(path, participant=f"{at // 6:03}"))
        study.videos.add(new)
        digest = analyses[0].provenance.model_digest
        study.models.add(digest, "sample-full", folder)
        for at, video in enumerate(study.videos.all()):
            analysis = analyses[at % len(analyses)]
            assert video.path is not None
            moved = replace(analysis, video=replace(analysis.video, path=video.path, digest=video.digest))
            study.models.save_analysis(moved)
        study.votes.import_votes(simulated_votes([video.name for video in study.videos.all()], n_votes))
        return study.path


def use(study: Path | None, started: float, *, ranked: bool) -> None:
    """Open the window on a study and print when each part appeared; then scroll the list."""
    from skillviewer.ui.app import run
    from skillviewer.ui.session.video_entry import VideoState
    from skillviewer.ui.shell.main_window import MainWindow

    app = QApplication(sys.argv[:1])

    def look() -> None:
        windows = [w for w in app.topLevelWidgets() if isinstance(w, MainWindow) and w.isVisible()]
        if windows:
            watch(windows[0])
            app.quit()
        else:
            QTimer.singleShot(0, look)

    def watch(window: MainWindow) -> None:
        app_context = window.app_context

        def report(what: str, until: Callable[[], bool]) -> None:
            wait(until)
            ms, cpu_ms = (time.time() - started) * 1000, time.process_time() * 1000
            say(what, f"{ms:6.0f} ms   CPU {cpu_ms:6.0f} ms")

        window.grab()
        report("window painted", lambda: True)
        report("videos listed", lambda: len(app_context.videos) > 0)
        window.grab()
        report("the list painted, usable", lambda: True)
        report("first picture", lambda: app_context.playback.video is not None and app_context.feed.settled)
        report("its analysis", lambda: app_context.state.analysis is not None)
        scroll(window)
        if ranked:
            rank(window)
            window.screens.show("inspect")
        report("all analyses", lambda: all(entry.state is VideoState.DONE for entry in app_context.videos))
        scroll(window)
        say("peak of the memory", f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:6.0f} MB")

    def rank(window: MainWindow) -> None:
        window.screens.show("rank")
        screen = cast("RankScreen", window.screens.get_page("rank"))
        before, cpu = time.perf_counter(), time.process_time()
        screen.show_results()
        wait(lambda: screen.results_view.strength_table.model().rowCount() > 0)
        window.grab()
        ms, cpu_ms = (1000 * spent for spent in (time.perf_counter() - before, time.process_time() - cpu))
        say("results of the votes painted", f"{ms:6.0f} ms   CPU {cpu_ms:6.0f} ms")

    def scroll(window: MainWindow) -> None:
        table = window.panel.videos_view
        bar = table.verticalScrollBar()
        steps = []
        for down in (True, False):
            for _ in range(NOTCHES):
                before, at = time.perf_counter(), bar.value()
                place = QPointF(table.viewport().rect().center())
                turn = QPoint(0, -120 if down else 120)
                event = QWheelEvent(
                    place, table.viewport().mapToGlobal(place), QPoint(), turn, Qt.MouseButton.NoButton,
                    Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False,
                )  # fmt: skip
                app.sendEvent(table.viewport(), event)
                app.processEvents()
                if bar.value() != at:
                    steps.append((time.perf_counter() - before) * 1000)
                pause(8)
        if steps:
            spread("a notch of the wheel: list painted", steps)
            say(f"within {FRAME_MS:.1f} ms", f"{sum(step < FRAME_MS for step in steps):6} of {len(steps)}")

    QTimer.singleShot(0, look)
    run([study] if study is not None else [], sample=study is None)


def main() -> None:
    """Run."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--videos", type=int, default=1000)
    parser.add_argument("--votes", type=int, default=0)
    parser.add_argument("--tiny", action="store_true", help="Videos of two small frames.")
    parser.add_argument("--no-sample", action="store_true", help="Leave out the sample study.")
    parser.add_argument("--folder", type=Path, help="Make the study here, or use the one that is there.")
    parser.add_argument("--use", metavar="STUDY", help=argparse.SUPPRESS)
    parser.add_argument("--started", type=float, help=argparse.SUPPRESS)
    given = parser.parse_args()
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    if given.use is not None:
        use(Path(given.use) if given.use else None, given.started, ranked=given.votes > 0)
        return
    with tempfile.TemporaryDirectory() as folder:
        os.environ[HOME_VARIABLE] = str((given.folder or Path(folder)) / "home")  # analyses lie there, beside the study

        def fresh(study: str) -> None:
            command = [sys.executable, "-m", "benchmarks.opening", "--use", study, "--started", str(time.time())]
            subprocess.run([*command, *(["--votes", str(given.votes)] if study else [])], check=True)

        for word in () if given.no_sample else ("first opening", "again", "again"):
            print(f"Sample study, {word}", flush=True)
            fresh("")
        videos = given.folder or Path(folder) / "videos"
        videos.mkdir(parents=True, exist_ok=True)
        large = next(videos.glob("*.skillstudy"), None) or make_study(
            videos, given.videos, given.votes, tiny=given.tiny
        )
        for word in ("the first time", "again"):
            print(f"A study of {given.videos} videos, {word}", flush=True)
            fresh(str(large))


if __name__ == "__main__":
    main()
