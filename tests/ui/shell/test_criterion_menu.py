"""The menu of criteria: one choice for votes and model."""

from dataclasses import replace

from pytestqt.qtbot import QtBot

from skillviewer.core.dataset.pairs import Verdict
from skillviewer.data.study import Study, Vote
from skillviewer.ui.app import Composition
from skillviewer.ui.session.study_controller import SETTINGS, VOTES
from skillviewer.ui.shell.menus import CriterionMenu
from tests.ui.driving import open_and_load
from tests.ui.fakes import FakeWorld


def test_a_criterion_is_chosen_for_votes_and_models_alike(qtbot: QtBot, window: Composition, world: FakeWorld) -> None:
    open_and_load(qtbot, window, world.touch("a.mp4", "b.mp4"))
    app_context = window.app_context
    menu = window.window.findChild(CriterionMenu)
    assert menu is not None
    assert not menu.menuAction().isVisible(), "there is one criterion"
    qtbot.waitUntil(lambda: len(app_context.study_sync.known_videos) == 2)

    def vote(study: Study) -> None:
        study.settings = replace(study.settings, criterion="Flow")
        study.votes.cast(Vote("a", "b", Verdict.LEFT, "Eve"))
        study.settings = replace(study.settings, criterion="")

    app_context.studies.submit_write(vote, SETTINGS, VOTES)
    qtbot.waitUntil(lambda: [action.text() for action in menu.actions()] == ["skill", "Flow"])
    assert menu.menuAction().isVisible()
    beta = next(entry for entry in app_context.models.entries if entry.name == "beta")
    app_context.models.entries = tuple(
        replace(entry, criterion="Flow") if entry is beta else entry for entry in app_context.models.entries
    )
    menu.actions()[1].trigger()
    assert app_context.models.requested_folder == beta.folder
    qtbot.waitUntil(
        lambda: app_context.studies.current_study is not None and app_context.studies.current_study.criterion == "Flow"
    )
    found: list[object] = []
    app_context.studies.read(lambda study: study.votes.judgements()).succeeded.connect(found.append)
    qtbot.waitUntil(lambda: bool(found))
    assert len(found[0]) == 1  # type: ignore[arg-type]
