"""The page of models: the facts to choose one by, and the button that loads it."""

from pathlib import Path

import msgspec
import pytest
from PySide6.QtGui import QImage
from pytestqt.qtbot import QtBot

from skillviewer.core.hashing import CARD
from skillviewer.nets.model_card import HeldOut, PairAccuracy, load_card
from skillviewer.nets.model_library import ModelEntry
from skillviewer.nets.model_summary import PICTURE, summarise
from skillviewer.ui.shell.models_page import ModelsPage, facts_of
from tests.checkpoints import tiny_checkpoint
from tests.facts import missing
from tests.ui.conftest import MakeWindow
from tests.ui.fakes import FakeWorld


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tiny_checkpoint(tmp_path / "ours").folder
    accuracy = PairAccuracy(accuracy=0.84, low=0.78, high=0.9, n_pairs=120)
    card = msgspec.structs.replace(
        load_card(made),
        held_out=HeldOut(accuracy=0.88, low=0.8, high=0.93, n_pairs=300, rule="folds", both_new=accuracy),
        ceilings=(("frames", 0.51), ("motion", 0.7), ("skill", 0.9)),
        training_data="80 clips of 16 people. More.",
    )
    (made / CARD).write_bytes(msgspec.json.encode(card))
    return made


def test_a_summary_states_accuracy_on_new_people_next_to_its_baselines(folder: Path) -> None:
    found = summarise(ModelEntry("ours", folder, shipped=False))
    assert found.accuracy == "84.0 % (78.0 to 90.0) of 120 pairs of new people"
    assert found.baselines == "duration 51.0 %, motion 70.0 %"
    assert found.trained_on == "80 clips of 16 people"
    assert not found.is_demonstration
    assert found.picture is None
    assert not missing(" ".join(facts_of(found)), "84.0 %", "duration", "16 people", "attention")


def test_a_summary_states_every_baseline_of_the_check_and_its_verdict(folder: Path) -> None:
    card = msgspec.structs.replace(
        load_card(folder),
        ceilings=(("one rater", 0.973), ("duration only", 0.5), ("ridge on numbers of the flow", 0.812)),
        verdict="Nothing beats the baselines: ridge on numbers of the flow orders 81.2 %.",
    )
    (folder / CARD).write_bytes(msgspec.json.encode(card))
    found = summarise(ModelEntry("ours", folder, shipped=False))
    assert found.baselines == "duration only 50.0 %, ridge on numbers of the flow 81.2 %, one rater 97.3 %"
    assert found.verdict == card.verdict
    assert card.verdict in facts_of(found)


def test_a_shipped_model_is_for_demonstration_and_a_damaged_one_says_why(folder: Path, tmp_path: Path) -> None:
    shipped = summarise(ModelEntry("ours", folder, shipped=True))
    assert any("demonstration" in fact for fact in facts_of(shipped))
    (tmp_path / "broken").mkdir()
    broken = summarise(ModelEntry("broken", tmp_path / "broken", shipped=False))
    assert facts_of(broken) == (broken.problem,)
    assert not missing(broken.problem, "broken", "no checkpoint")


def test_the_page_loads_the_model_that_is_chosen(
    qtbot: QtBot, make_window: MakeWindow, world: FakeWorld, folder: Path
) -> None:
    picture = QImage(48, 36, QImage.Format.Format_RGB32)
    picture.fill(0)
    assert picture.save(str(folder / PICTURE))
    (world.folder / "models").mkdir(parents=True)
    folder.rename(world.folder / "models" / "beta")
    made = make_window(world.backend())
    made.app_context.models.refresh()
    made.app_context.models.choose_default("alpha")
    made.window.actions_["choose_model"].trigger()
    page = made.window.findChild(ModelsPage)
    assert isinstance(page, ModelsPage)
    qtbot.waitUntil(lambda: [box.model.name for box in page.boxes] == list(world.models))
    by_name = {box.model.name: box for box in page.boxes}
    assert by_name["alpha"].model.problem
    assert not by_name["alpha"].use_button.isEnabled()
    assert by_name["beta"].use_button.accessibleName() == "Use this model: beta"
    by_name["beta"].use_button.click()
    qtbot.waitUntil(lambda: not by_name["beta"].use_button.isEnabled())
    qtbot.waitUntil(lambda: made.app_context.state.model is not None and made.app_context.state.model.name == "beta")
