"""A study with votes to train on, checkpoints to start from, and a user of the Train screen."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

from pytestqt.qtbot import QtBot

from skillviewer.core.dataset.pairs import Verdict
from skillviewer.data.study import ModelVersion, NewVideo, Study, StudySettings, Vote
from skillviewer.engine.finetuning.job import TuningResult
from skillviewer.ui.app import Composition
from skillviewer.ui.finetuning.screen import FinetuneScreen
from skillviewer.ui.finetuning.tuning_controller import TuningPhase
from tests.ui.fakes import FakeWorld

N_VIDEOS = 12
RATERS = ("Ann", "Ben")


def make_checkpoints(world: FakeWorld) -> list[Path]:
    """Give every model of the world a folder with a digest."""
    made = []
    for entry in world.find_models():
        entry.folder.mkdir(parents=True, exist_ok=True)
        (entry.folder / "config.json").write_text(entry.name)
        (entry.folder / "weights.safetensors").write_bytes(entry.name.encode())
        made.append(entry.folder)
    return made


def make_tuning_study(
    folder: Path,
    world: FakeWorld,
    n: int = N_VIDEOS,
    raters: Sequence[str] = RATERS,
    verdict: Verdict = Verdict.LEFT,
    stem: str = "grasp_{:02d}",
    **settings: object,
) -> Path:
    """Make a study of two attempts per participant. Every later video is better, and every rater votes so.

    Args:
        folder: Folder of the study.
        world: Its videos are made.
        n: Number of videos.
        raters: Raters who vote on every pair; none for a study without votes.
        verdict: Their verdict on (later, earlier).
        stem: Name of a video by its number.
        settings: Settings of the study.
    """
    files = world.touch(*(stem.format(i) + ".mp4" for i in range(1, n + 1)))
    names = [file.stem for file in files]
    path = folder / "grasping.skillstudy"
    with Study.create(path, StudySettings(title="Grasping", task="grasp", **settings)) as study:  # type: ignore[arg-type]
        study.videos.add([NewVideo(file, participant=f"P{i // 2 + 1:02d}") for i, file in enumerate(files)])
        study.votes.import_votes(
            [
                Vote(better, worse, verdict, rater, key=f"{rater}-{better}-{worse}")
                for worse, better in combinations(names, 2)
                for rater in raters
            ]
        )
    return path


@dataclass
class FakeTraining:
    """A user of the Train screen.

    Attributes:
        qtbot: Waits for conditions.
        made: The window.
        world: Its fake world.
        path: The study.
    """

    qtbot: QtBot
    made: Composition
    world: FakeWorld
    path: Path

    @property
    def screen(self) -> FinetuneScreen:
        screen = self.made.window.screens.get_page("finetune")
        assert isinstance(screen, FinetuneScreen)
        return screen

    @property
    def phase(self) -> TuningPhase:
        return self.screen.tuning.phase

    def sit_down(self, *, automatic: bool = False) -> None:
        """Open the study and the screen; unless ``automatic``, start from the loaded model."""
        app_context = self.made.app_context
        app_context.studies.open(self.path)
        self.qtbot.waitUntil(
            lambda: app_context.studies.current_study is not None and app_context.state.model is not None
        )
        self.made.window.screens.show("finetune")
        model = app_context.state.model
        if not automatic and model is not None:
            self.screen.setup_page.choose_model(model.folder)

    def wait_for_forecast(self) -> None:
        choices = self.screen.setup_page
        self.qtbot.waitUntil(lambda: choices.has_forecast and choices.start_button.isEnabled())

    def start(self) -> None:
        """Press the start button once it is enabled."""
        self.wait_for_forecast()
        self.screen.setup_page.start_button.click()

    def train(self) -> None:
        """Train to the end."""
        self.start()
        self.wait_for(TuningPhase.DECIDING)

    def wait_for(self, phase: TuningPhase) -> None:
        self.qtbot.waitUntil(lambda: self.phase is phase)

    def go_back(self) -> None:
        """Wait until the player shows an accepted version, and return to the Train screen."""
        screens = self.made.window.screens
        self.qtbot.waitUntil(lambda: screens.current_name == "inspect")
        screens.show("finetune")

    def result(self) -> TuningResult:
        """Return the result of the fine-tuning that is to be decided on."""
        result = self.screen.tuning.result
        assert isinstance(result, TuningResult)
        return result

    def versions(self) -> tuple[ModelVersion, ...]:
        """Read the versions from the file, as another program would."""
        with Study.open(self.path, read_only=True) as study:
            return study.models.all()

    def used(self) -> str:
        """Read the model in use from the file."""
        with Study.open(self.path, read_only=True) as study:
            return study.settings.model
