"""Short runs of the state machine over the study; ``python -m benchmarks.state_machines`` makes long ones."""

import sys

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.hostile.killed import Victims
from tests.hostile.study_machine import StudyMachine

if sys.platform == "win32":
    pytest.skip("processes are forked", allow_module_level=True)


def test_a_study_keeps_what_it_promised() -> None:
    with Victims() as victims:
        StudyMachine.victims = victims
        run_state_machine_as_test(  # type: ignore[no-untyped-call]
            StudyMachine,
            settings=settings(
                max_examples=15,
                stateful_step_count=20,
                derandomize=True,
                database=None,
                deadline=None,
                suppress_health_check=list(HealthCheck),
            ),
        )
    assert all(
        StudyMachine.done[act] for act in ("votes", "undone", "kills", "erasures", "merges", "archives", "restored")
    )
