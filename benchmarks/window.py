"""Response of the window: opening, scrubbing, playing, and the event loop during an assessment.

    QT_QPA_PLATFORM=offscreen python -m benchmarks.window [VIDEO] [--model NAME_OR_FOLDER] [--backbone NAME]

The last part, which ``--two`` runs alone, shows two videos with maps in the split view: dragging, and playing with
sound. ``--hands`` searches VIDEO for hands instead, at rest, while it plays and while it is scrubbed. ``--busy N`` does
all of it next to N processes that compute without a pause.

Drives the real window with the real reader, proxy and engine. Without VIDEO clips of a drifting texture are made, at
1280 x 720 and 1920 x 1080, 10 s each. Without --model an untrained head of the full model over the named backbone is
used: it does the same work. Times are wall times in ms; "own" is the CPU time of the window's thread between two beats
of the event loop, which does not depend on other load.
"""

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
from PySide6.QtCore import QEventLoop, QObject, Qt, QTimer, Slot
from PySide6.QtWidgets import QApplication

from benchmarks.clips import write_textured_clip
from skillviewer.core.paths import HOME_VARIABLE, cache_dir
from skillviewer.core.video.clips import VideoClip
from skillviewer.core.video.info import VideoInfo
from skillviewer.nets.model_library import model_folder
from skillviewer.ui.app import Composition, compose, real_backend, set_up_application
from skillviewer.ui.inspecting.screen import InspectScreen
from skillviewer.ui.inspecting.split_screen import SplitScreen
from skillviewer.ui.player.video_canvas import DisplayedFrame, VideoCanvas
from skillviewer.ui.session.insight.why_loader import WhyStage
from skillviewer.ui.session.settings import Settings
from skillviewer.ui.threads.priorities import Collector, configure_process
from skillviewer.ui.widgets.dialogs import Dialogs

TICK_MS = 5
STALL_MS = 50.0
PACE_MS = 16
SIZES = ((1280, 720), (1920, 1080))


class Heart(QObject):
    """Beats in the event loop; records the delay of every beat, and this thread's CPU time between beats."""

    def __init__(self) -> None:
        super().__init__()
        self.gaps_ms: list[tuple[float, float]] = []
        self._last = (0.0, 0.0)
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(TICK_MS)
        self._timer.timeout.connect(self._beat)

    def start(self) -> None:
        """Start a new measurement."""
        self.gaps_ms.clear()
        self._last = (time.perf_counter(), time.thread_time())
        self._timer.start()

    @Slot()
    def _beat(self) -> None:
        now = (time.perf_counter(), time.thread_time())
        self.gaps_ms.append(((now[0] - self._last[0]) * 1000, (now[1] - self._last[1]) * 1000))
        self._last = now

    def stop(self, what: str = "event loop meanwhile") -> None:
        """Stop, and print the delays."""
        self._beat()
        self._timer.stop()
        walls, own = np.array(self.gaps_ms).T
        print(
            f"  {what:<44} {len(walls):6} beats   p50 {np.median(walls):6.1f}   p99 {np.percentile(walls, 99):6.1f}"
            f"   worst {walls.max():6.1f}   over {STALL_MS:.0f} ms: {(walls > STALL_MS).sum()}"
            f"   own: p99 {np.percentile(own, 99):5.1f}   worst {own.max():5.1f}"
        )


class Watch(QObject):
    """Records when every frame is painted."""

    def __init__(self, canvas: VideoCanvas) -> None:
        super().__init__()
        self.painted: list[tuple[float, int, bool]] = []
        canvas.painted.connect(self._on_painted)

    @Slot(object)
    def _on_painted(self, shown: DisplayedFrame) -> None:
        self.painted.append((time.perf_counter(), shown.picture.frame_index, shown.picture.is_exact))

    def has(self, frame: int) -> bool:
        """Return whether the exact picture of a frame has been painted."""
        return any(full and shown == frame for _, shown, full in self.painted)


def pause(ms: int) -> None:
    """Process events for some time."""
    loop, timer = QEventLoop(), QTimer()
    timer.setTimerType(Qt.TimerType.PreciseTimer)
    timer.timeout.connect(loop.quit)
    timer.start(ms)
    loop.exec()


def wait(until: Callable[[], bool], timeout_s: float = 600) -> None:
    """Process events until a condition holds."""
    end = time.perf_counter() + timeout_s
    while not until():
        if time.perf_counter() > end:
            raise TimeoutError
        pause(2)


def say(what: str, value: str) -> None:
    """Print one line of the table."""
    print(f"  {what:<44} {value}")


def spread(what: str, values_ms: list[float]) -> None:
    """Print the spread of some times."""
    p50, p95 = np.percentile(values_ms, [50, 95])
    say(what, f"{len(values_ms):6} times   p50 {p50:6.1f}   p95 {p95:6.1f}   worst {max(values_ms):6.1f}")


def jump(made: Composition, watch: Watch, frames: list[int]) -> tuple[list[float], list[float]]:
    """Request frames, each after the last one has arrived.

    Returns:
        For every request, ms until its frame was painted in any size, and until its exact picture was painted.
    """
    first, exact = [], []
    for frame in frames:
        if frame == made.app_context.playback.frame:
            continue
        watch.painted.clear()
        asked = time.perf_counter()
        made.app_context.playback.seek(frame)
        wait(partial(watch.has, frame))
        first.append((min(at for at, f, _ in watch.painted if f == frame) - asked) * 1000)
        exact.append((min(at for at, f, full in watch.painted if f == frame and full) - asked) * 1000)
    return first, exact


def drag(made: Composition, watch: Watch, frames: list[int]) -> None:
    """Request frames at a steady pace without waiting, like a drag; print the frames shown and their delay."""
    watch.painted.clear()
    asked: dict[int, float] = {}
    for frame in frames:
        asked[frame] = time.perf_counter()
        made.app_context.playback.seek(frame)
        pause(PACE_MS)
    wait(lambda: made.app_context.feed.settled)
    shown: dict[int, float] = {}
    for at, frame, _ in watch.painted:
        shown.setdefault(frame, at)
    times = [(shown[frame] - at) * 1000 for frame, at in asked.items() if frame in shown]
    say(f"dragged, a frame every {PACE_MS} ms: shown of asked", f"{len(times):6} of {len(asked)}")
    spread("dragged: that frame painted", times)


def open_time() -> None:
    """Print the time of a fresh process until the window is painted."""
    code = """
import time
started, cpu = time.perf_counter(), time.process_time()
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication
from skillviewer.ui.app import run
app = QApplication([])
def look():
    shown = [w for w in app.topLevelWidgets() if w.isVisible()]
    if shown:
        shown[0].grab()
        print((time.perf_counter() - started) * 1000, (time.process_time() - cpu) * 1000)
        app.quit()
    else:
        QTimer.singleShot(0, look)
QTimer.singleShot(0, look)
run([])
"""
    figures = []
    for _ in range(4):
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        figures.append([float(x) for x in done.stdout.split()])
    walls, cpus = zip(*figures, strict=True)
    print("Opening: from the first line of Python to a painted window")
    say("first time", f"{walls[0]:6.0f} ms")
    say("warm, median of 3", f"{statistics.median(walls[1:]):6.0f} ms   CPU {statistics.median(cpus[1:]):.0f} ms")


def untrained(folder: Path, backbone: str) -> Path:
    """Write a checkpoint of the full model with a random head: its cost is that of a trained one."""
    import torch

    from skillviewer.core.video.preprocessing import FlowSettings, Preprocessing
    from skillviewer.engine.features.extractor import local_backbone_weights
    from skillviewer.nets.backbones.backbones import backbone as backbone_named
    from skillviewer.nets.backbones.two_stream import FLOW_ACROSS_MODALITIES
    from skillviewer.nets.checkpoint import save_checkpoint
    from skillviewer.nets.configuration import BackboneConfig, CheckpointConfig
    from skillviewer.nets.model_card import ModelCard
    from skillviewer.nets.models import attention_model
    from skillviewer.nets.presets import preset

    entry, weights = backbone_named(backbone), local_backbone_weights(backbone)
    preprocessing = Preprocessing(flow=FlowSettings(algorithm="dis"))
    sizes = preset("official-code").sizes(2 * entry.n_channels, entry.grid(preprocessing.input_px))
    config = CheckpointConfig(
        attention_model="full",
        sizes=sizes,
        preprocessing=preprocessing,
        backbone=BackboneConfig(
            name=backbone,
            appearance_digest=weights.digest,
            motion_digest=weights.digest,
            appearance_normalisation=entry.normalisation,
            motion_normalisation=FLOW_ACROSS_MODALITIES,
        ),
        preset="official-code",
    )
    torch.manual_seed(0)
    card = ModelCard(name="untrained", task="", created="", program="", training_data="", n_videos=0, n_pairs=0)
    return save_checkpoint(folder / "untrained", config, attention_model("full").build(sizes), card).folder


def untrained_elsewhere(folder: Path, backbone: str) -> Path:
    """Do the same in another process, so that this one imports torch only when the window does."""
    code = "import sys; from pathlib import Path; from benchmarks.window import untrained; "
    code += "print(untrained(Path(sys.argv[1]), sys.argv[2]))"
    command = [sys.executable, "-c", code, str(folder), backbone]
    return Path(subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip())


def show(made: Composition, video: Path) -> tuple[VideoInfo, Watch]:
    """Open a video in the window."""
    app_context = made.app_context
    before = time.perf_counter()
    app_context.videos.add([video])
    app_context.state.set_current(VideoClip(video))
    wait(lambda: app_context.playback.video is not None and app_context.feed.settled)
    info = app_context.playback.video
    assert info is not None
    made.window.screens.show("inspect")
    screen = made.window.screens.get_page("inspect")
    assert isinstance(screen, InspectScreen)
    print(f"{video.name}: {info.width_px} x {info.height_px}, {info.n_frames} frames")
    say("opened, first picture", f"{(time.perf_counter() - before) * 1000:6.0f} ms")
    return info, Watch(screen.player.canvas)


def look(made: Composition, info: VideoInfo, watch: Watch, heart: Heart) -> None:
    """Scrub and play."""
    app_context = made.app_context
    rng = np.random.default_rng(0)
    _, exact = jump(made, watch, rng.integers(0, info.n_frames, 25).tolist())
    spread("jump, no proxy: exact picture", exact)
    pause(2000)
    wait(lambda: not app_context.jobs.running)
    pause(1000)
    heart.start()
    first, exact = jump(made, watch, rng.integers(0, info.n_frames, 120).tolist())
    spread("jump, with proxy: that frame painted", first)
    spread("jump, with proxy: its exact picture", exact)
    drag(made, watch, [int(x) for x in np.linspace(info.n_frames - 1, 0, 150)])
    heart.stop()
    app_context.playback.seek(0)
    wait(lambda: app_context.feed.settled)
    watch.painted.clear()
    heart.start()
    cpu, wall = time.process_time(), time.perf_counter()
    app_context.playback.play()
    pause(4000)
    app_context.playback.pause()
    share = (time.process_time() - cpu) / (time.perf_counter() - wall)
    shown = len({frame for _, frame, _ in watch.painted})
    say(
        "played 4 s: frames shown of frames due",
        f"{shown:6} of {app_context.playback.frame + 1}   CPU {share:.2f} a second",
    )
    heart.stop()


def load(made: Composition, heart: Heart, model: Path) -> None:
    """Load the model."""
    heart.start()
    before = time.perf_counter()
    made.app_context.models.choose(model)
    wait(lambda: made.app_context.state.model is not None)
    print("The model")
    say("loaded, torch imported", f"{(time.perf_counter() - before) * 1000:6.0f} ms")
    heart.stop()


def assess(made: Composition, info: VideoInfo, heart: Heart, *, scrubbing: bool) -> None:
    """Assess the video on screen, with or without scrubbing."""
    app_context = made.app_context
    rng = np.random.default_rng(1)
    shutil.rmtree(cache_dir() / "features", ignore_errors=True)
    app_context.state.set_analysis(None)
    heart.start()
    before = time.perf_counter()
    app_context.assessments.ask([VideoClip(info.path)], again=True)
    wait(lambda: app_context.state.analysis is not None)
    first_ms = (time.perf_counter() - before) * 1000
    while app_context.assessments.is_busy:
        if scrubbing:
            app_context.playback.seek(int(rng.integers(0, info.n_frames)))
        pause(2 * PACE_MS)
    what = "assessed while scrubbing" if scrubbing else "assessed"
    say(what, f"{(time.perf_counter() - before) * 1000:6.0f} ms   first map after {first_ms:.0f} ms")
    heart.stop()


def search(made: Composition, info: VideoInfo, watch: Watch, heart: Heart) -> None:
    """Search the video on screen for hands, three times: at rest, playing, and scrubbing."""
    app_context = made.app_context
    searches, playback = app_context.hand_searches, app_context.playback
    rng = np.random.default_rng(2)
    searches.ask_cost()
    wait(lambda: searches.cost is not None or bool(searches.cost_problem))
    for what in ("at rest", "playing", "scrubbing"):
        shutil.rmtree(cache_dir() / "hands", ignore_errors=True)
        n_live = 0

        def count() -> None:
            nonlocal n_live
            n_live += 1

        app_context.tracks.changed.connect(count)
        watch.painted.clear()
        heart.start()
        before = time.perf_counter(), time.process_time()
        searches.search(again=True)
        if what == "playing":
            playback.play()
        while searches.is_busy:
            if what == "scrubbing":
                playback.seek(int(rng.integers(0, info.n_frames)))
            elif what == "playing" and not playback.playing:
                playback.seek(0)
                playback.play()
            pause(2 * PACE_MS)
        playback.pause()
        pause(1000)  # what is shown of the result
        took_s, cpu_s = time.perf_counter() - before[0], time.process_time() - before[1]
        app_context.tracks.changed.disconnect(count)
        say(f"hands searched, {what}", f"{took_s:6.1f} s   CPU {cpu_s:.1f} s   tracks shown {n_live} times")
        heart.stop()


def drag_both(made: Composition, split: SplitScreen, watches: tuple[Watch, Watch], frames: list[int]) -> None:
    """Drag like ``drag`` in the split view; print when each picture was painted, and CPU time a frame."""
    playback = made.app_context.playback
    asked: list[tuple[tuple[int, int], float]] = []  # frame of either video, time
    for watch in watches:
        watch.painted.clear()
    cpu = time.process_time(), time.thread_time()
    for frame in frames:
        at = time.perf_counter()
        playback.seek(frame)
        asked.append(((frame, split.reference_player.playback.frame), at))
        pause(PACE_MS)
    wait(lambda: made.app_context.feed.settled and split.reference_player.feed.settled)
    both_ms, own_ms = (
        (now - then) * 1000 for now, then in zip((time.process_time(), time.thread_time()), cpu, strict=True)
    )
    for name, watch, column in (("this video", watches[0], 0), ("the better one", watches[1], 1)):
        shown: dict[int, list[float]] = {}
        for at, frame, _ in watch.painted:
            shown.setdefault(frame, []).append(at)
        times = []
        before = None
        for wanted, asked_at in asked:
            later = [at for at in shown.get(wanted[column], []) if at >= asked_at]
            if later and wanted[column] != before:  # the better one may stay at its frame
                times.append((later[0] - asked_at) * 1000)
            before = wanted[column]
        spread(f"dragged, {name}: that frame painted", times)
    say(
        "dragged: CPU ms a frame, all and window's thread", f"{both_ms / len(frames):6.1f}   {own_ms / len(frames):.1f}"
    )


def two_players(made: Composition, folder: Path, model: Path, heart: Heart, size: tuple[int, int]) -> None:
    """Show a video next to a better one, both with maps; drag over it, and play it with its sound."""
    app_context = made.app_context
    clips = [write_textured_clip(folder / f"two_{i}_{size[0]}.mp4", 240 + 60 * i, size, sound=True) for i in range(2)]
    if app_context.state.model is None:
        load(made, heart, model)
    app_context.videos.add(clips)
    app_context.assessments.ask([VideoClip(clip) for clip in clips], again=True)
    wait(lambda: not app_context.assessments.is_busy)
    entries = [entry for entry in (app_context.videos.get(VideoClip(clip)) for clip in clips) if entry is not None]
    lower = min(entries, key=lambda entry: entry.analysis.score if entry.analysis is not None else np.inf)
    app_context.state.set_current(lower.clip)
    wait(lambda: app_context.reference_loader.clip is not None or app_context.why_loader.stage is WhyStage.FAILED)
    made.window.actions_["better_video"].trigger()
    split = made.window.screens.get_page("split")
    assert isinstance(split, SplitScreen)
    wait(lambda: split.reference_player.playback.video is not None and app_context.reference_loader.pace is not None)
    wait(lambda: not app_context.reference_loader.aligning and not app_context.jobs.running)
    pause(3000)  # scrub proxies
    wait(lambda: not app_context.jobs.running)
    video = app_context.playback.video
    assert video is not None
    print(f"Two players at {size[0]} x {size[1]}, {video.n_frames} frames, with maps")
    watches = Watch(split.player.canvas), Watch(split.reference_player.canvas)
    heart.start()
    sweep = np.linspace(video.n_frames - 1, 0, 200)
    drag_both(made, split, watches, [int(x) for x in sweep])
    heart.stop()
    app_context.playback.seek(0)
    wait(lambda: app_context.feed.settled and split.reference_player.feed.settled)
    for watch in watches:
        watch.painted.clear()
    heart.start()
    cpu, wall = time.process_time(), time.perf_counter()
    app_context.playback.play()
    pause(5000)
    app_context.playback.pause()
    share = (time.process_time() - cpu) / (time.perf_counter() - wall)
    shown = [len({frame for _, frame, _ in watch.painted}) for watch in watches]
    due = app_context.playback.frame + 1
    say(
        "played 5 s with sound: frames shown of due", f"{shown[0]:6} and {shown[1]} of {due}   CPU {share:.2f} a second"
    )
    say("sound", app_context.sound.message)
    heart.stop()
    made.window.screens.show("inspect")


def main() -> None:
    """Run."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("video", nargs="?", type=Path)
    parser.add_argument("--model", help="checkpoint, by name or folder")
    parser.add_argument("--backbone", default="efficientnet-lite0")
    parser.add_argument("--two", action="store_true", help="two players alone")
    parser.add_argument("--hands", action="store_true", help="a search for hands in VIDEO alone")
    parser.add_argument("--busy", type=int, default=0, metavar="N", help="processes that compute meanwhile")
    given = parser.parse_args()
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        model = model_folder(given.model) if given.model else untrained_elsewhere(folder, given.backbone)
        os.environ[HOME_VARIABLE] = str(folder / "home")
        configure_process()
        alone = given.two or given.hands
        if not alone:
            open_time()
        videos = [given.video] if given.video else []
        sizes = () if given.video or alone else SIZES
        videos += [write_textured_clip(folder / f"{size[0]}x{size[1]}.mp4", 300, size) for size in sizes]
        app = QApplication(sys.argv[:1])
        collector = Collector(app)
        collector.start()
        settings = Settings.in_folder(folder)
        settings.automatic = False
        themes, icons = set_up_application(app, settings)
        made = compose(real_backend(), settings, themes, icons, Dialogs())
        made.window.show()
        pause(100)
        made.window.resize(1280, 800)  # after show(), which fits the window to the screen that there is not
        heart = Heart()
        busy = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(given.busy)]
        try:
            for video in videos:
                info, watch = show(made, video.absolute())
                if given.hands:
                    search(made, info, watch, heart)
                    continue
                look(made, info, watch, heart)
                if made.app_context.state.model is None:
                    load(made, heart, model)
                assess(made, info, heart, scrubbing=False)
                assess(made, info, heart, scrubbing=True)
            for size in SIZES if not given.hands else ():
                two_players(made, folder, model, heart, size)
        finally:
            for process in busy:
                process.kill()
            made.app_context.close()
            made.app_context.wait()
            made.window.deleteLater()  # before Qt ends; afterwards it would crash
            pause(PACE_MS)


if __name__ == "__main__":
    main()
