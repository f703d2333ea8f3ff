"""Short runs of the state machine over the window; ``python -m benchmarks.state_machines`` makes long ones."""

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test
from PySide6.QtWidgets import QApplication

from skillviewer.ui.widgets.icons import Icons
from skillviewer.ui.widgets.theme import ThemeSource
from tests.ui.window_machine import WindowMachine


def test_the_window_says_the_truth_in_any_order(
    qapp: QApplication,  # noqa: ARG001
    themes: ThemeSource,
    icons: Icons,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(WindowMachine, "themes", themes, raising=False)
    monkeypatch.setattr(WindowMachine, "icons", icons, raising=False)
    run_state_machine_as_test(
        WindowMachine,
        settings=settings(
            max_examples=6,
            stateful_step_count=20,
            derandomize=True,
            database=None,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
    assert WindowMachine.done["assessments"]
    assert WindowMachine.done["votes"]
