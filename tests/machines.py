"""Runs of state machines that are the same every time: derandomized, without a database."""

from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis.stateful import RuleBasedStateMachine, run_state_machine_as_test


def run_alike(machine: type[RuleBasedStateMachine], n_runs: int, n_steps: int, **changes: Any) -> None:
    """Run a machine, always with the same acts; ``changes`` are further settings."""
    chosen = settings(
        max_examples=n_runs,
        stateful_step_count=n_steps,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
        **changes,
    )
    run_state_machine_as_test(machine, settings=chosen)
