import threading
import time
from collections.abc import Callable

import pytest
from pytestqt.qtbot import QtBot

from skillviewer.core.errors import VideoError
from skillviewer.core.progress import CancelToken, Progress, Report
from skillviewer.ui.threads.throttle import LatestOnly
from skillviewer.ui.threads.worker_thread import Task, WorkerThread

MakeWorker = Callable[..., WorkerThread[object]]

PATIENCE_S = 60.0


class Log:
    """What a task said, in order, and in which thread."""

    def __init__(self, task: Task) -> None:
        self.events: list[tuple[str, object]] = []
        self.threads: set[int] = set()
        task.progressed.connect(lambda p: self._note("progressed", p))
        task.succeeded.connect(lambda r: self._note("succeeded", r))
        task.failed.connect(lambda e: self._note("failed", e))
        task.cancelled.connect(lambda: self._note("cancelled", None))
        task.finished.connect(lambda: self._note("finished", None))

    def _note(self, kind: str, value: object) -> None:
        self.events.append((kind, value))
        self.threads.add(threading.get_ident())

    @property
    def kinds(self) -> list[str]:
        return [kind for kind, _ in self.events]

    @property
    def over(self) -> bool:
        return "finished" in self.kinds


def test_one_thread_makes_uses_and_frees_the_resource(qtbot: QtBot, make_worker: MakeWorker) -> None:
    threads: dict[str, int] = {}

    def make() -> object:
        threads["make"] = threading.get_ident()
        return object()

    worker = make_worker(make=make, free=lambda _r: threads.__setitem__("free", threading.get_ident()))
    seen: list[object] = []

    def work(resource: object, _token: CancelToken, _report: Report) -> int:
        threads["work"] = threading.get_ident()
        seen.append(resource)
        return 42

    first, second = Log(worker.submit(work)), Log(worker.submit(work))
    qtbot.waitUntil(lambda: second.over)
    assert first.events == second.events == [("succeeded", 42), ("finished", None)]
    assert first.threads == {threading.get_ident()}
    assert seen[0] is seen[1]
    with qtbot.waitSignal(worker.finished):
        worker.stop()
    assert not worker._thread.isRunning()
    assert threads["make"] == threads["work"] == threads["free"] != threading.get_ident()


def test_progress_comes_in_order_before_the_end(qtbot: QtBot, make_worker: MakeWorker) -> None:
    def work(_resource: object, _token: CancelToken, report: Report) -> str:
        for step in range(5):
            report(Progress("step", step, 5))
        return "done"

    log = Log(make_worker().submit(work))
    qtbot.waitUntil(lambda: log.over)
    assert log.kinds == ["progressed"] * 5 + ["succeeded", "finished"]
    assert [p.done for _, p in log.events[:5]] == list(range(5))  # type: ignore[attr-defined]


def test_what_must_run_is_done_though_the_worker_stops(qtbot: QtBot, make_worker: MakeWorker) -> None:
    go, done = threading.Event(), list[str]()
    worker = make_worker()
    worker.submit(lambda _r, _t, _report: go.wait(PATIENCE_S))
    kept = Log(worker.submit(lambda _r, _t, _report: done.append("vote"), must_run=True))
    other = Log(worker.submit(lambda _r, _t, _report: done.append("look")))
    with qtbot.waitSignal(worker.finished):
        worker.stop()
        go.set()
    qtbot.waitUntil(lambda: kept.over and other.over)
    assert done == ["vote"]
    assert kept.kinds == other.kinds == ["cancelled", "finished"], "nobody looks any more"


def test_a_cancelled_task_neither_progresses_nor_succeeds(qtbot: QtBot, make_worker: MakeWorker) -> None:
    begun, go = threading.Event(), threading.Event()

    def work(_resource: object, _token: CancelToken, report: Report) -> str:
        begun.set()
        go.wait(PATIENCE_S)
        report(Progress("too late"))
        return "too late"  # it never looked at the token

    task = make_worker().submit(work)
    log = Log(task)
    assert begun.wait(PATIENCE_S)
    task.cancel()
    go.set()
    qtbot.waitUntil(lambda: log.over)
    assert log.kinds == ["cancelled", "finished"]


def test_a_task_cancelled_before_its_turn_does_not_run(qtbot: QtBot, make_worker: MakeWorker) -> None:
    go, ran = threading.Event(), []
    worker = make_worker()
    first = Log(worker.submit(lambda _r, _t, _p: go.wait(PATIENCE_S)))
    task = worker.submit(lambda _r, _t, _p: ran.append(1))
    log = Log(task)
    task.cancel()
    go.set()
    qtbot.waitUntil(lambda: log.over)
    assert first.kinds == ["succeeded", "finished"]
    assert log.kinds == ["cancelled", "finished"]
    assert not ran


def test_failures_are_reported_and_the_worker_lives(qtbot: QtBot, make_worker: MakeWorker) -> None:
    attempts: list[int] = []

    def make() -> object:
        attempts.append(1)
        if len(attempts) == 1:
            raise VideoError("no luck")
        return object()

    worker = make_worker(make=make)
    first, second = Log(worker.submit(lambda _r, _t, _p: 1)), Log(worker.submit(lambda _r, _t, _p: 2))
    qtbot.waitUntil(lambda: second.over)
    assert first.kinds == ["failed", "finished"]
    assert isinstance(first.events[0][1], VideoError)
    assert second.events[0] == ("succeeded", 2), "the next job tries to make the resource again"


@pytest.mark.qt_log_ignore(".*")
def test_an_error_of_the_programmer_is_told_too(
    qtbot: QtBot, make_worker: MakeWorker, caplog: pytest.LogCaptureFixture
) -> None:
    log = Log(make_worker().submit(lambda _r, _t, _p: 1 // 0))
    qtbot.waitUntil(lambda: log.over)
    assert log.kinds == ["failed", "finished"]
    assert "ZeroDivisionError" in caplog.text


def test_stopping_cancels_what_runs_and_what_waits(qtbot: QtBot, make_worker: MakeWorker) -> None:
    begun = threading.Event()

    def endless(_resource: object, token: CancelToken, _report: Report) -> None:
        begun.set()
        while True:
            token.check()
            time.sleep(0.001)

    worker = make_worker()
    logs = [Log(worker.submit(endless)), Log(worker.submit(endless))]
    assert begun.wait(PATIENCE_S)
    worker.stop()
    qtbot.waitUntil(lambda: not worker._thread.isRunning())
    qtbot.waitUntil(lambda: all(log.over for log in logs))
    assert [log.kinds for log in logs] == [["cancelled", "finished"]] * 2
    with pytest.raises(RuntimeError):
        worker.submit(endless)


def test_of_many_requests_the_latest_wins(qtbot: QtBot, make_worker: MakeWorker) -> None:
    go, answered = threading.Event(), []

    def answer(_resource: object, request: int, _superseded: CancelToken, _report: Report) -> int:
        go.wait(PATIENCE_S)
        answered.append(request)
        return request

    box: LatestOnly[int] = LatestOnly(make_worker(), answer)
    got: list[object] = []
    box.delivered.connect(got.append)
    for request in range(50):
        box.post(request, interrupt=True)
    go.set()
    qtbot.waitUntil(lambda: not (box._task is not None))
    assert answered == [0, 49], "the first had begun; the others were forgotten but for the last"
    assert got == [0, 49]


def test_a_superseded_answer_may_stop_early_and_what_it_reported_is_delivered(
    qtbot: QtBot, make_worker: MakeWorker
) -> None:
    begun = threading.Event()

    def answer(_resource: object, request: str, superseded: CancelToken, report: Report) -> str:
        report(Progress("preview", value=f"preview of {request}"))
        begun.set()
        while request == "slow":
            superseded.check()
            time.sleep(0.001)
        return request

    box: LatestOnly[str] = LatestOnly(make_worker(), answer)
    got: list[object] = []
    box.delivered.connect(got.append)
    box.post("slow", interrupt=True)
    assert begun.wait(PATIENCE_S)
    box.post("quick", interrupt=True)
    qtbot.waitUntil(lambda: not (box._task is not None))
    assert got == ["preview of slow", "preview of quick", "quick"]


def test_without_interrupting_a_begun_request_is_answered(qtbot: QtBot, make_worker: MakeWorker) -> None:
    begun, go = threading.Event(), threading.Event()

    def answer(_resource: object, request: int, superseded: CancelToken, _report: Report) -> int:
        begun.set()
        go.wait(PATIENCE_S)
        superseded.check()
        return request

    box: LatestOnly[int] = LatestOnly(make_worker(), answer)
    got: list[object] = []
    box.delivered.connect(got.append)
    box.post(1, interrupt=False)
    assert begun.wait(PATIENCE_S)
    box.post(2, interrupt=False)
    go.set()
    qtbot.waitUntil(lambda: not (box._task is not None))
    assert got == [1, 2]


def test_report_that_comes_after_its_job_is_over_is_dropped(qtbot: QtBot, make_worker: MakeWorker) -> None:
    kept: list[Report] = []

    def keeps(_resource: object, _token: CancelToken, report: Report) -> str:
        kept.append(report)
        return "kept"

    def speaks_late(_resource: object, _token: CancelToken, report: Report) -> str:
        kept[0](Progress("for the job before"))
        report(Progress("for this job"))
        return "spoke"

    worker = make_worker()
    first, second = Log(worker.submit(keeps)), Log(worker.submit(speaks_late))
    qtbot.waitUntil(lambda: second.over)
    assert first.kinds == ["succeeded", "finished"]
    assert second.events[0] == ("progressed", Progress("for this job"))


def test_while_it_rests_no_job_begins_but_one_that_must_run(qtbot: QtBot, make_worker: MakeWorker) -> None:
    worker = make_worker()
    begun: list[str] = []
    worker.pause(PATIENCE_S)
    first = Log(worker.submit(lambda *_: begun.append("a vote"), must_run=True))
    second = Log(worker.submit(lambda *_: begun.append("a picture")))
    qtbot.waitUntil(lambda: first.over)
    qtbot.wait(30)
    assert begun == ["a vote"]
    worker.pause(0)
    qtbot.waitUntil(lambda: second.over)
    assert begun == ["a vote", "a picture"]
    assert first.kinds == second.kinds == ["succeeded", "finished"]


def test_a_job_that_waits_for_the_end_of_a_rest_can_be_cancelled(qtbot: QtBot, make_worker: MakeWorker) -> None:
    worker, begun = make_worker(), []
    worker.pause(PATIENCE_S)
    task = worker.submit(lambda *_: begun.append(1))
    log = Log(task)
    task.cancel()
    qtbot.waitUntil(lambda: log.over)
    assert (log.kinds, begun) == (["cancelled", "finished"], [])
