"""Work in processes: every piece is done once, errors are told, and nothing is left behind."""

import multiprocessing
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from skillviewer.core.errors import Cancelled, DatasetError, DeviceError
from skillviewer.core.progress import CancelToken, Progress, Report
from skillviewer.engine.runtime.processes import JobResult, Processes, work_in_processes, work_in_this_process

Outcomes = dict[int, JobResult[Any]]


def square(number: int, token: CancelToken, report: Report) -> tuple[int, int]:
    """Square a number; 13 is an error to show, 14 a fault, 15 the death of the process, 16 never ends.

    After 17 the process dies once it is done.
    """
    report(Progress("squaring", 1, 2))
    if number == 13:
        raise DatasetError("13 is unlucky.")
    if number == 14:
        raise ZeroDivisionError("a fault")
    if number == 15:
        os._exit(3)
    if number == 17:
        threading.Timer(0.1, os._exit, (3,)).start()
    while number == 16:
        token.check()
        report(Progress("waiting"))
        time.sleep(0.02)
    return number * number, os.getpid()


def variable(name: str, _token: CancelToken, _report: Report) -> str:
    return os.environ[name]


def prepared() -> None:
    os.environ["PREPARED"] = "yes"


def collect(numbers: list[int], n_processes: int = 2, tries: int = 1) -> tuple[Outcomes, list[tuple[int, Progress]]]:
    outcomes: Outcomes = {}
    told: list[tuple[int, Progress]] = []
    work_in_processes(
        square,
        numbers,
        Processes(n_processes, prepare=prepared, tries=tries),
        CancelToken(),
        lambda index, progress: told.append((index, progress)),
        outcomes.__setitem__,
    )
    return outcomes, told


def test_every_piece_is_done_once_elsewhere_and_an_error_stops_no_other() -> None:
    outcomes, told = collect([2, 13, 4, 5])
    assert sorted(outcomes) == [0, 1, 2, 3]
    results = {index: outcome.result for index, outcome in outcomes.items() if outcome.result is not None}
    assert {index: value for index, (value, _) in results.items()} == {0: 4, 2: 16, 3: 25}
    assert os.getpid() not in {process for _, process in results.values()}
    assert isinstance(outcomes[1].error, DatasetError)
    assert str(outcomes[1].error) == "13 is unlucky."
    assert sorted(index for index, _ in told) == [0, 1, 2, 3]
    assert multiprocessing.active_children() == []


def test_a_fault_is_an_error() -> None:
    with pytest.raises(RuntimeError, match="a fault"):
        collect([14], n_processes=1)
    assert multiprocessing.active_children() == []


def test_death_of_a_process_costs_its_piece_alone() -> None:
    outcomes, told = collect([15, 2, 15, 3], tries=2)
    assert {index: outcome.result[0] for index, outcome in outcomes.items() if outcome.result} == {1: 4, 3: 9}
    for index in (0, 2):
        assert isinstance(outcomes[index].error, DeviceError)
        assert "exit code 3, 2 times" in str(outcomes[index].error)
    assert sorted(index for index, _ in told) == [0, 0, 1, 2, 2, 3]
    assert multiprocessing.active_children() == []


def test_a_process_that_dies_while_it_waits_for_more_is_replaced() -> None:
    found: Outcomes = {}

    def slowly(index: int, outcome: JobResult[Any]) -> None:
        found[index] = outcome
        time.sleep(0.5)

    work_in_processes(square, [17, 2], Processes(1, tries=2), CancelToken(), lambda _index, _progress: None, slowly)
    assert [outcome.result[0] for outcome in found.values() if outcome.result is not None] == [289, 4]


def test_processes_start_with_their_own_variables() -> None:
    found: Outcomes = {}
    variables = tuple({"SEEN": f"by {place}"} for place in range(2))
    nothing = lambda _index, _progress: None  # noqa: E731
    work_in_processes(variable, ["SEEN"] * 2, Processes(2, variables), CancelToken(), nothing, found.__setitem__)
    assert {outcome.result for outcome in found.values()} <= {"by 0", "by 1"}
    assert "SEEN" not in os.environ


def test_cancelled_work_ends_soon_and_leaves_no_process() -> None:
    token = CancelToken()

    def told(_index: int, progress: Progress) -> None:
        if progress.stage == "waiting":
            token.cancel()

    started = time.monotonic()
    with pytest.raises(Cancelled):
        work_in_processes(square, [16, 16], Processes(2), token, told, lambda _i, _o: None)
    assert multiprocessing.active_children() == []
    assert time.monotonic() - started < 600  # it would never end by itself


def test_here_does_the_same_without_processes() -> None:
    outcomes: Outcomes = {}
    told: list[int] = []
    work_in_this_process(square, [3, 13], CancelToken(), lambda index, _: told.append(index), outcomes.__setitem__)
    assert outcomes[0].result == (9, os.getpid())
    assert isinstance(outcomes[1].error, DatasetError)
    assert told == [0, 1]
    token = CancelToken()
    token.cancel()
    with pytest.raises(Cancelled):
        work_in_this_process(square, [3], token, lambda _i, _p: None, outcomes.__setitem__)


def orphan(path: str, _token: CancelToken, report: Report) -> None:
    """Write one's process number, then report for ever."""
    Path(path).write_text(str(os.getpid()))
    while True:
        report(Progress("alive"))
        time.sleep(0.02)


def parent_of_an_orphan(path: str) -> None:
    work_in_processes(orphan, [path], Processes(1), CancelToken(), lambda _i, _p: None, lambda _i, _o: None)


def test_worker_ends_when_its_parent_is_killed(tmp_path: Path) -> None:
    path = tmp_path / "pid"
    parent = multiprocessing.get_context("spawn").Process(target=parent_of_an_orphan, args=(str(path),))
    parent.start()
    worker = int(_waited(lambda: path.read_text() if path.exists() else ""))
    parent.kill()
    parent.join()
    _waited(lambda: "" if _runs(worker) else "gone")


def _runs(process: int) -> bool:
    status = Path(f"/proc/{process}/status")
    return status.exists() and "State:\tZ" not in status.read_text()


def _waited(look: Callable[[], str]) -> str:
    for _ in range(15_000):
        if found := look():
            return found
        time.sleep(0.02)
    raise AssertionError("nothing came of it within five minutes")
