"""A state machine over the window: acts in any order on slow lanes, against what a user may rely on."""

import gc
import shutil
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import combinations
from pathlib import Path
from typing import ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from PySide6.QtCore import QCoreApplication
from PySide6.QtWidgets import QApplication

from skillviewer.core.arrays import RGBImage
from skillviewer.core.dataset.pairs import Verdict
from skillviewer.core.paths import resources_dir
from skillviewer.core.progress import CancelToken
from skillviewer.core.video.clips import VideoClip
from skillviewer.data.study import NewVideo, Study, Vote
from skillviewer.ui.app import compose
from skillviewer.ui.exporting.screen import ExportScreen
from skillviewer.ui.finetuning.screen import FinetuneScreen
from skillviewer.ui.finetuning.tuning_controller import TuningPhase
from skillviewer.ui.ranking.screen import RankScreen
from skillviewer.ui.ranking.sitting_controller import SittingPhase
from skillviewer.ui.session.settings import Settings
from skillviewer.ui.session.video_entry import VideoState
from skillviewer.ui.widgets.fonts import load_fonts
from skillviewer.ui.widgets.icons import Icons
from skillviewer.ui.widgets.theme import ThemeChoice, ThemeSource
from tests.ui.conftest import flush
from tests.ui.driving import busy_with, inspect
from tests.ui.fakes import FakeDialogs, FakeReader, FakeWorld, numbered_picture, read_number
from tests.ui.tuning_study import make_checkpoints

N_FRAMES = 30
FRAMES_A_VIDEO = 1024
"""A picture has the number frame + 1024 * number of the video, so that it tells both."""

N_STUDIES, N_VIDEOS = 2, 5
PATIENCE_S = 120.0
SCREENS = ("inspect", "compare", "rank", "finetune", "export")
VOTE_ACTIONS = {"rank_left": 1, "rank_right": -1, "rank_neither": 0, "rank_skip": None}
VOTE_TEXTS = {"vote on a pair", "skipped pair"}
NUMBERS = st.integers(0, 1000)
LANES = (0.0, 0.002)

Ballots = Counter[tuple[str, str, int | None, str]]
"""Votes by left and right video, verdict and rater."""


@dataclass
class NumberedWorld(FakeWorld):
    """A world whose pictures tell the video too: the last character of its name is its number."""

    def open_reader(self, path: Path, token: CancelToken | None = None) -> FakeReader:
        def picture(index: int) -> RGBImage:
            return numbered_picture(index + FRAMES_A_VIDEO * int(path.stem[-1]))

        reader = super().open_reader(path, token)
        reader._picture = picture
        return reader


class WindowMachine(RuleBasedStateMachine):
    """One window over fakes, two studies, and every act of the main jobs."""

    themes: ThemeSource
    icons: Icons
    """Given by whoever runs the machine."""
    done: ClassVar[Counter[str]] = Counter()
    """Acts that had an effect, in all runs."""

    def __init__(self) -> None:
        super().__init__()
        self.threads_before = set(threading.enumerate())
        self.folder = Path(tempfile.mkdtemp(prefix="window-machine-"))
        self.world = NumberedWorld(self.folder / "videos")
        self.world.n_frames = {f"clip_{i}": N_FRAMES for i in range(N_STUDIES * N_VIDEOS)}
        make_checkpoints(self.world)
        self.files = self.world.touch(*(f"clip_{i}.mp4" for i in range(N_STUDIES * N_VIDEOS)))
        self.studies = []
        for i in range(N_STUDIES):
            with Study.create(self.folder / f"study {i}") as study:
                some = self.files[i * N_VIDEOS : (i + 1) * N_VIDEOS]
                study.videos.add([NewVideo(file, participant=f"P{at}") for at, file in enumerate(some)])
                names = [file.stem for file in some]
                study.votes.import_votes(  # of others, so that there is something to train on
                    [Vote(b, a, Verdict.LEFT, rater) for a, b in combinations(names, 2) for rater in ("Max", "Mia")]
                )
                self.studies.append(study.path)
        self.given = {path: self.standing(path) for path in self.studies}

    @initialize(
        decode_s=st.sampled_from(LANES),
        step_s=st.sampled_from(LANES),
        open_s=st.sampled_from(LANES),
        first=st.sampled_from(("vote", "finetune", "export", "rest")),
    )
    def begin(self, decode_s: float, step_s: float, open_s: float, first: str) -> None:
        self.world.decode_s, self.world.step_s = decode_s, step_s
        self.world.open_s = {file.stem: open_s * 20 for file in self.files}
        self.dialogs = FakeDialogs()
        settings = Settings.in_folder(self.folder)
        settings.export_folder = str(self.folder / "out")
        self.made = compose(self.world.backend(), settings, self.themes, self.icons, self.dialogs)
        self.app_context, self.window = self.made.app_context, self.made.window
        self.app_context.assessments._automatic_delay.setInterval(5)
        self.window.resize(1100, 700)
        self.window.show()
        self.app_context.models.refresh()
        self.app_context.models.choose_default(None)
        self.app_context.studies.open(self.studies[0])
        self.settle()
        acts: dict[str, Callable[[], None]] = {
            "vote": partial(self.vote_once, "rank_left", waits=True),
            "finetune": partial(self.finetune, ["rest"]),
        }
        acts |= {"export": self.export, "rest": self.settle}
        acts[first]()

    # waiting

    def until(self, condition: Callable[[], bool], what: str) -> None:
        end = time.monotonic() + PATIENCE_S
        while not condition():
            assert time.monotonic() < end, f"{what}: still {busy_with(self.app_context)} after {PATIENCE_S} s"
            QCoreApplication.processEvents()
            time.sleep(0.0005)

    def settle(self) -> None:
        """Wait until nothing is under way, and check what must hold then."""
        self.come_to_rest()
        self.check_rest()

    def come_to_rest(self) -> None:
        for _ in range(2):  # an answer may be the beginning of something
            self.until(lambda: not busy_with(self.app_context), "it does not come to rest")
            flush()
        self.until(lambda: not busy_with(self.app_context), "it does not come to rest")

    # acts

    @rule(at=NUMBERS)
    def open_study(self, at: int) -> None:
        self.app_context.studies.open(self.studies[at % N_STUDIES])

    @rule()
    def close_study(self) -> None:
        self.app_context.studies.close()

    @rule(at=NUMBERS)
    def show_video(self, at: int) -> None:
        if len(self.app_context.videos):
            self.app_context.state.set_current(self.app_context.videos[at % len(self.app_context.videos)].clip)

    @rule(frame=st.integers(0, N_FRAMES - 1))
    def seek(self, frame: int) -> None:
        self.app_context.playback.seek(frame)

    @rule(name=st.sampled_from(SCREENS))
    def show_screen(self, name: str) -> None:
        self.window.screens.show(name)

    @rule()
    def assess_all(self) -> None:
        self.app_context.assessments.ask_all()

    @rule(everything=st.booleans())
    def stop(self, everything: bool) -> None:
        (self.app_context.jobs.stop_all if everything else self.app_context.assessments.stop)()

    @rule(on=st.booleans())
    def set_automatic(self, on: bool) -> None:
        self.app_context.assessments.set_automatic(on=on)

    @rule(passes=st.integers(1, 2))
    def choose_passes(self, passes: int) -> None:
        self.app_context.state.set_passes(passes)

    @rule(direction=st.sampled_from((1, -1)))
    def switch_model(self, direction: int) -> None:
        self.app_context.models.step(direction)

    @rule(at=NUMBERS, fails=st.booleans())
    def fail_on(self, at: int, fails: bool) -> None:
        self.world.failing = {self.files[at % len(self.files)].stem} if fails else set()

    @rule()
    def close_video(self) -> None:
        self.app_context.remove_current()

    @rule()
    def export(self) -> None:
        self.window.screens.show("export")
        screen = self.window.screens.get_page("export")
        assert isinstance(screen, ExportScreen)
        if screen.export_button.isEnabled():
            screen.export_button.click()
            self.done["exports"] += 1

    @rule(acts=st.lists(st.sampled_from(("stop", "cancel", "accept", "discard", "rest")), max_size=3))
    def finetune(self, acts: list[str]) -> None:
        """Start a training if one can be started, and go on with it in some way, or leave it running."""
        self.window.screens.show("finetune")
        screen = self.window.screens.get_page("finetune")
        assert isinstance(screen, FinetuneScreen)
        tuning = screen.tuning
        if tuning.phase is TuningPhase.CHOOSING:
            self.settle()
            self.let_pass(400)  # changed choices are planned after a rest
            self.settle()
            if screen.setup_page.start_button.isEnabled():
                screen.setup_page.start_button.click()
                self.done["fine-tunings"] += 1
        for act in acts:
            if act == "rest":
                self.settle()
            elif tuning.phase is (TuningPhase.RUNNING if act in {"stop", "cancel"} else TuningPhase.DECIDING):
                getattr(tuning, act)()
                self.done[act] += 1

    @property
    def rank(self) -> RankScreen:
        screen = self.window.screens.get_page("rank")
        assert isinstance(screen, RankScreen)
        return screen

    @rule(rater=st.sampled_from(("Ann", "Ben")), enters=st.booleans())
    def enter_or_leave(self, rater: str, enters: bool) -> None:
        self.window.screens.show("rank")
        self.rank.judging.enter(rater) if enters else self.rank.judging.leave()

    @rule(several=st.lists(st.tuples(st.sampled_from(sorted(VOTE_ACTIONS)), st.booleans()), min_size=1, max_size=4))
    def vote(self, several: list[tuple[str, bool]]) -> None:
        for action, waits in several:
            self.vote_once(action, waits=waits)

    def vote_once(self, action: str, *, waits: bool) -> None:
        self.window.screens.show("rank")
        judging = self.rank.judging
        if waits and not judging.session.rater:
            judging.enter("Zoë")
        if waits and judging.phase in {SittingPhase.PREPARING, SittingPhase.JUDGING}:
            self.until(
                lambda: judging.accepts_answers or judging.phase not in {SittingPhase.PREPARING, SittingPhase.JUDGING},
                "no pair comes",
            )
        study = self.app_context.studies.current_study
        accepting, rater = judging.accepts_answers, judging.session.rater
        shown = self.pair_on_screen() if accepting else None
        self.rank.handlers(self.dialogs).commands[action]()
        if accepting and judging.phase is SittingPhase.STORING:
            assert study is not None
            assert shown is not None, "a vote counts only on a pair that is on screen"
            self.given[study.path][*shown, VOTE_ACTIONS[action], rater] += 1
            self.done["votes"] += 1

    def pair_on_screen(self) -> tuple[str, str] | None:
        """Return the names of the two videos, read from their pictures."""
        names = []
        for left in (True, False):
            shown = self.rank.judging_view.pair_view.player_on(left=left).canvas.displayed_frame
            if shown is None:
                return None
            names.append(self.files[read_number(shown.picture.pixels) // FRAMES_A_VIDEO].stem)
        return names[0], names[1]

    @rule()
    def swap_sides(self) -> None:
        if self.rank.judging.accepts_answers:
            self.rank.judging_view.swap()

    @rule(again=st.booleans())
    def undo(self, again: bool) -> None:
        """Undo at rest, and do it again or not; compare the study before and after."""
        self.settle()
        study, text = self.app_context.studies.current_study, self.app_context.undo.undo_text
        if study is None or text is None:
            return
        before = self.standing(study.path)
        self.app_context.undo.undo()
        self.come_to_rest()
        after = self.standing(study.path)
        if text not in VOTE_TEXTS:
            assert after == before
        else:
            (gone,) = (before - after).elements()
            self.done["votes undone"] += 1
            assert not after - before
            self.given[study.path] = self.given[study.path] - Counter([gone])
        if again and self.app_context.undo.redo_text == text:
            self.app_context.undo.redo()
            self.come_to_rest()
            assert self.standing(study.path) == before
            self.given[study.path] = +before
        self.check_rest()

    @rule(milliseconds=st.integers(0, 40))
    def let_pass(self, milliseconds: int) -> None:
        end = time.monotonic() + milliseconds / 1000
        while time.monotonic() < end:
            QCoreApplication.processEvents()

    @rule()
    def rest(self) -> None:
        self.settle()

    # what must hold

    @staticmethod
    def standing(path: Path) -> Ballots:
        """Return the votes that stand, read from the file as another program would."""
        with Study.open(path, read_only=True) as study:
            votes: list[Vote] = [vote for vote in study.votes.all() if vote.is_valid]
        return Counter((v.left, v.right, None if v.verdict is None else int(v.verdict), v.rater) for v in votes)

    @invariant()
    def the_window_says_the_truth(self) -> None:
        if not hasattr(self, "made"):
            return
        self.done["steps"] += 1
        QCoreApplication.processEvents()
        app_context = self.app_context
        current, analysis = app_context.state.current_clip, app_context.state.analysis
        if analysis is not None:
            assert analysis.clip == current, "the analysis is of the video on screen"
            assert app_context.state.model is None or analysis.provenance.model_digest == app_context.state.model.digest
        shown = inspect(self.made).player.canvas.displayed_frame
        if shown is not None:
            video, frame = divmod(read_number(shown.picture.pixels), FRAMES_A_VIDEO)
            assert frame == shown.picture.frame_index, "the picture is that of its number"
            assert current is not None
            assert current.path == self.files[video], "the picture is of the video on screen"
        for entry in app_context.videos:
            self.check_entry(entry.clip)
        working = [entry.clip for entry in app_context.videos if entry.state is VideoState.WORKING]
        assert working in ([], [app_context.assessments.running])

    def check_entry(self, clip: VideoClip) -> None:
        app_context = self.app_context
        entry = app_context.videos.get(clip)
        assert entry is not None
        if entry.analysis is not None:
            assert entry.analysis.complete
            assert entry.analysis.clip == clip
            assert entry.analysis.video.path == clip.path
        assert (entry.state is VideoState.DONE) <= (entry.analysis is not None), "a video that is done has its analysis"
        if entry.state is VideoState.WAITING:
            assert clip in app_context.assessments._queue

    def check_rest(self) -> None:
        """Check what holds when nothing is under way."""
        app_context = self.app_context
        model = app_context.state.model
        for entry in app_context.videos:
            assert entry.state is not VideoState.WORKING
            assert entry.state is not VideoState.WAITING or model is None, "nothing waits for nothing"
            if entry.analysis is not None and model is not None:
                assert entry.analysis.provenance.model_digest == model.digest, "the analysis is of the model chosen"
            if entry.state is VideoState.NEW:
                assert entry.analysis is None
        shown, playback = inspect(self.made).player.canvas.displayed_frame, app_context.playback
        if shown is not None and playback.video is not None:
            assert shown.picture.is_exact
            assert shown.picture.frame_index == playback.frame, "the exact picture of the frame asked for is shown"
            assert app_context.state.current_clip is not None
            assert playback.video.path == app_context.state.current_clip.path
        for path, given in self.given.items():
            assert self.standing(path) == +given, "every vote that was given is there, once, on its pair"

    def teardown(self) -> None:
        if hasattr(self, "made"):
            self.app_context.close()
            assert self.app_context.wait(20_000), "a worker thread did not end"
            flush()
            self.window.close()
            left = [widget for widget in QApplication.topLevelWidgets() if widget.isVisible()]
            assert not left, f"left on screen: {left}"
            assert set(threading.enumerate()) <= self.threads_before | {threading.current_thread()}
            self.done["assessments"] += len(self.world.assessed)
            for reader in self.world.readers:
                assert reader.closed, "a video was left open"
            for path, given in self.given.items():
                assert self.standing(path) == +given, "what was given is there after the end"
            for thing in (self.window, self.app_context):
                thing.deleteLater()
            del self.made, self.app_context, self.window
            flush()
            gc.collect()
        shutil.rmtree(self.folder)


@contextmanager
def own_application() -> Iterator[None]:
    """Give the machine an application, where pytest has made none."""
    application = QApplication.instance() or QApplication([])
    assert isinstance(application, QApplication)
    load_fonts(resources_dir() / "style" / "fonts")
    themes = ThemeSource(application)
    themes.choose(ThemeChoice.LIGHT)
    themes.apply_theme()
    WindowMachine.themes, WindowMachine.icons = themes, Icons(resources_dir() / "icons")
    gc.disable()  # a closed window must not be collected in a worker thread of the next
    try:
        yield
    finally:
        gc.enable()
