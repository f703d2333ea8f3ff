"""Short runs of the state machine over the window; ``python -m benchmarks.state_machines`` makes long ones."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import pytest
from hypothesis import Phase
from PySide6.QtWidgets import QApplication

from skillviewer.data.study import Vote
from skillviewer.ui.ranking import judging_controller
from skillviewer.ui.ranking.judging_session import vote_command
from skillviewer.ui.session.undo import Command
from skillviewer.ui.widgets.icons import Icons
from skillviewer.ui.widgets.theme import ThemeSource
from tests.machines import run_alike
from tests.ui.window_machine import WindowMachine


@pytest.fixture
def run(
    qapp: QApplication,  # noqa: ARG001
    themes: ThemeSource,
    icons: Icons,
    monkeypatch: pytest.MonkeyPatch,
) -> Callable[..., None]:
    """Return a function that runs the machine, always with the same acts."""
    monkeypatch.setattr(WindowMachine, "themes", themes, raising=False)
    monkeypatch.setattr(WindowMachine, "icons", icons, raising=False)
    return partial(run_alike, WindowMachine, 5, 15)


def test_the_window_says_the_truth_in_any_order(run: Callable[..., None]) -> None:
    run()
    assert WindowMachine.done["assessments"]
    assert WindowMachine.done["votes"]


def test_the_machine_sees_a_vote_on_the_wrong_side(run: Callable[..., None], monkeypatch: pytest.MonkeyPatch) -> None:
    def wrong(vote: Vote) -> Command:
        return vote_command(replace(vote, left=vote.right, right=vote.left))

    monkeypatch.setattr(judging_controller, "vote_command", wrong)
    with pytest.raises(AssertionError, match="given"):
        run(phases=(Phase.generate,), report_multiple_bugs=False)
