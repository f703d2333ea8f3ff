"""Long random use of the study file and of the window's session, held against plain models; a table of what broke.

    python -m benchmarks.state_machines [--runs N] [--steps S] [--first M] [--machine study|window] [--no-shrink]

A run is a sequence of up to S random acts; its number is its seed. After every act, everything that the user sees is
held against a plain model of what was promised. A failure is shrunk, and printed as the acts that lead to it.
"""

import argparse
import os
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import RuleBasedStateMachine, run_state_machine_as_test

from skillviewer.core.paths import HOME_VARIABLE

EACH = 20
"""Runs between two looks at the failures: one failure ends its lot, and the next one begins."""


@contextmanager
def _study_machine() -> Iterator[type[RuleBasedStateMachine]]:
    from tests.hostile.killed import Victims
    from tests.hostile.study_machine import StudyMachine

    with Victims() as victims:
        StudyMachine.victims = victims
        yield StudyMachine


@contextmanager
def _window_machine() -> Iterator[type[RuleBasedStateMachine]]:
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from tests.ui.window_machine import WindowMachine, own_application

    with own_application():
        yield WindowMachine


MACHINES = {"study": _study_machine, "window": _window_machine}


def main() -> int:
    """Run the machines and print the table; the exit status is 1 where a promise was broken."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=1000, help="runs of each machine")
    parser.add_argument("--steps", type=int, default=30, help="most acts of a run")
    parser.add_argument("--first", type=int, default=0, help="seed of the first lot of runs")
    parser.add_argument("--machine", choices=sorted(MACHINES), help="one machine alone")
    parser.add_argument("--no-shrink", action="store_true", help="print failures as they are: shrinking takes minutes")
    asked = parser.parse_args()
    phases = (Phase.generate,) if asked.no_shrink else tuple(Phase)
    rows = []
    with tempfile.TemporaryDirectory(prefix="state-machines-") as folder:
        os.environ[HOME_VARIABLE] = str(Path(folder) / "home")
        for name in [asked.machine] if asked.machine else sorted(MACHINES):
            with MACHINES[name]() as machine:
                rows.append((name, *_run(machine, asked.runs, asked.steps, asked.first, phases)))
                done = getattr(machine, "done", {})
                print(f"{name}: " + ", ".join(f"{n} {act}" for act, n in sorted(done.items())))
    print(f"{'machine':10}{'runs':>8}{'steps':>9}{'failures':>10}{'seconds':>9}")
    for name, n_runs, n_steps, n_failures, seconds in rows:
        print(f"{name:10}{n_runs:>8}{n_steps:>9}{n_failures:>10}{seconds:>9.0f}")
    return 1 if any(row[3] for row in rows) else 0


def _run(
    machine: type[RuleBasedStateMachine], n_runs: int, n_steps: int, first: int, phases: tuple[Phase, ...]
) -> tuple[int, int, int, float]:
    counts, begun = {"runs": 0, "steps": 0}, time.monotonic()
    counted = _counting(machine, counts)
    n_failures = 0
    lot = first
    while counts["runs"] < n_runs:
        n = min(EACH, n_runs - counts["runs"])
        try:
            run_state_machine_as_test(
                seed(lot)(counted),
                settings=settings(
                    max_examples=n,
                    stateful_step_count=n_steps,
                    phases=phases,
                    database=None,
                    deadline=None,
                    suppress_health_check=list(HealthCheck),
                ),
            )
        except Exception:  # noqa: BLE001 - any exception is a finding
            n_failures += 1
            sys.stderr.write(f"in the lot with seed {lot}:\n{traceback.format_exc()}\n")
        lot += 1
        sys.stderr.write(f"{counts['runs']} runs, {counts['steps']} steps, {n_failures} failures\n")
    return counts["runs"], counts["steps"], n_failures, time.monotonic() - begun


def _counting(machine: type[RuleBasedStateMachine], counts: dict[str, int]) -> type[RuleBasedStateMachine]:
    """Return the machine, counting its runs and its acts."""
    make: Callable[..., None] = machine.__init__
    check: Callable[..., None] = machine.check_invariants

    class Counted(machine):  # type: ignore[misc, valid-type]
        def __init__(self) -> None:
            counts["runs"] += 1
            make(self)

        def check_invariants(self, *given: object) -> None:
            counts["steps"] += 1
            check(self, *given)

    return Counted


if __name__ == "__main__":
    raise SystemExit(main())
