"""Work in several processes on one machine, which report and are stopped through pipes.

Processes are spawned, so that none inherits a thread or a CUDA context. A worker whose parent has gone finds its pipe
closed and ends; one that dies is reported as an error.
"""

import multiprocessing
import os
import signal
import traceback
from collections.abc import Callable, Container, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Any, Generic, TypeVar

from skillviewer.core.errors import Cancelled, DeviceError, SkillViewerError
from skillviewer.core.progress import CancelToken, Progress, Report
from skillviewer.engine.runtime.threads import give_back, keep_freed_memory

ItemT = TypeVar("ItemT")
ResultT = TypeVar("ResultT")

Do = Callable[[ItemT, CancelToken, Report], ResultT]
"""One piece of work; it can be pickled."""

_STOP_AFTER_S = 10.0

NICENESS = 5
"""Priority below that of the window."""


@dataclass(frozen=True, slots=True)
class JobResult(Generic[ResultT]):
    """Outcome of one piece of work: a result, an error to show, or the traceback of a fault of the program."""

    result: ResultT | None = None
    error: SkillViewerError | None = None
    fault: str = ""

    def value(self) -> ResultT:
        """Return the result.

        Raises:
            SkillViewerError: There is an error in its place.
        """
        if self.error is not None:
            raise self.error
        assert self.result is not None
        return self.result


Progressed = Callable[[int, Progress], None]
"""Called with the index of a piece of work and its progress."""


def work_here(
    do: "Do[ItemT, ResultT]",
    items: Sequence[ItemT],
    token: CancelToken,
    progressed: Progressed,
    finished: Callable[[int, JobResult[ResultT]], None],
) -> None:
    """Do one piece after the other in this process; arguments are those of ``work_in_processes``."""
    for index, item in enumerate(items):
        token.check()
        try:
            outcome = JobResult(do(item, token, partial(progressed, index)))
        except SkillViewerError as error:
            outcome = JobResult(error=error)
        give_back()
        finished(index, outcome)


@dataclass(frozen=True, slots=True)
class Processes:
    """Processes of their own that do pieces of work."""

    n: int = 1  # processes at once
    # variables that each is started with, or () for those of this process
    environments: tuple[Mapping[str, str], ...] = ()
    prepare: Callable[[], object] | None = None  # called first in every process; it is pickled
    # a process that was asked to stop and is in the middle of something is ended after so long
    patience_s: float = _STOP_AFTER_S
    tries: int = 1  # attempts at a piece whose process dies


def work_in_processes(
    do: "Do[ItemT, ResultT]",
    items: Sequence[ItemT],
    processes: Processes,
    token: CancelToken,
    progressed: Progressed,
    finished: Callable[[int, JobResult[ResultT]], None],
) -> None:
    """Do pieces of work in processes of their own, each piece in one.

    Args:
        do: Does one piece; it, the pieces and their results are pickled.
        items: The pieces; None is no piece.
        processes: The processes.
        token: Raise it to stop all.
        progressed: Called in this process whenever a piece reports.
        finished: Called in this process with the outcome of a piece; an error of one does not stop the others, and the
            death of a process is one after so many tries.
    """
    pool = _Pool(do, items, processes)
    try:
        for place in range(min(processes.n, len(items))):
            pool.start(place)
        while pool.busy:
            token.check()
            for connection in wait(list(pool.busy), timeout=0.2):
                assert isinstance(connection, Connection)
                index = pool.busy[connection]
                message = _received(connection)
                if isinstance(message, Progress):
                    progressed(index, message)
                    continue
                if message is None:
                    message = pool.handle_dead_worker(connection)
                elif message.fault:
                    raise RuntimeError(f"in another process:\n{message.fault}")
                else:
                    del pool.busy[connection]
                if message is not None:
                    finished(index, message)
                pool.give(connection)
    finally:
        _close(pool.workers, pool.busy, processes.patience_s)


class _Pool:
    """The processes, and the pieces that wait for one."""

    def __init__(self, do: "Do[Any, Any]", items: Sequence[Any], processes: Processes) -> None:
        self._do = do
        self._items = items
        self._processes = processes
        self.workers: dict[Connection, BaseProcess] = {}
        self.busy: dict[Connection, int] = {}
        self._places: dict[Connection, int] = {}
        self._tries = [0] * len(items)
        self._waiting = list(range(len(items)))[::-1]

    def start(self, place: int) -> None:
        """Start a process with its own variables, which libraries read as they are loaded, and give it a piece."""
        context = multiprocessing.get_context("spawn")
        parent_end, child_end = context.Pipe()
        process = context.Process(target=_serve, args=(self._do, self._processes.prepare, child_end), daemon=True)
        before = dict(os.environ)
        try:
            os.environ.update(self._processes.environments[place] if self._processes.environments else {})
            process.start()
        finally:
            for name in os.environ.keys() - before.keys():
                del os.environ[name]
            os.environ.update(before)
        child_end.close()
        self.workers[parent_end], self._places[parent_end] = process, place
        self.give(parent_end)

    def give(self, connection: Connection) -> None:
        """Give the next piece to a process; one that has died is replaced."""
        if not self._waiting:
            return
        if connection not in self.workers:
            self.start(self._places[connection])
            return
        index = self.busy[connection] = self._waiting.pop()
        with suppress(OSError):  # it has died while it waited: the next read reports that
            connection.send(self._items[index])

    def handle_dead_worker(self, connection: Connection) -> "JobResult[Any] | None":
        """Requeue the item of a worker that died and return None, or return the error if it was tried often enough."""
        process = self.workers.pop(connection)
        index = self.busy.pop(connection)
        process.join(_STOP_AFTER_S)
        connection.close()
        self._tries[index] += 1
        if self._tries[index] < self._processes.tries:
            self._waiting.append(index)
            return None
        return JobResult(error=death(f"exit code {process.exitcode}", self._tries[index]))


def death(circumstance: str, tries: int) -> DeviceError:
    """Return the error of a piece of work whose process died so often."""
    often = f", {tries} times" if tries > 1 else ""
    return DeviceError(
        f"A process that was working for this one ended by itself ({circumstance}{often}); it may have run out of "
        "memory or time. What is finished is kept: run the same again, with fewer jobs at once."
    )


def work_in_child_process(
    do: "Do[ItemT, ResultT]", item: ItemT, token: CancelToken, report: Report, patience_s: float
) -> ResultT:
    """Do one piece of work in another process, which leaves the window its share of the computer; return its result.

    Raises:
        SkillViewerError: As the work does; ``DeviceError`` if the process died.
    """
    results: list[JobResult[ResultT]] = []
    processes = Processes(prepare=_be_nice, patience_s=patience_s)
    work_in_processes(
        do, [item], processes, token, lambda _, progress: report(progress), lambda _, outcome: results.append(outcome)
    )
    return results[0].value()


def _be_nice() -> None:
    if hasattr(os, "nice"):
        os.nice(NICENESS)


def _received(connection: Connection) -> Any:  # noqa: ANN401 - a message
    """Return the next message, or None if the process has died."""
    try:
        return connection.recv()
    except (EOFError, OSError):
        return None


def _close(workers: Mapping[Connection, BaseProcess], busy: Container[Connection], patience_s: float) -> None:
    for connection, process in workers.items():
        with suppress(OSError):
            connection.send(None)
        if connection not in busy:  # its answer is here: its end need not be waited for
            process.terminate()
    for connection, process in workers.items():
        process.join(patience_s)
        if process.is_alive():  # in the middle of long work; its files are written atomically
            process.terminate()
            process.join()
        connection.close()


class _ParentGone(Exception):  # noqa: N818 - no error: the parent has gone
    """The other end of the pipe is closed."""


def _serve(do: "Do[Any, Any]", prepare: Callable[[], object] | None, connection: Connection) -> None:
    """Do what comes through the pipe until None comes or the other end is closed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C is for the parent, which then tells us
    keep_freed_memory()
    if prepare is not None:
        prepare()
    with suppress(EOFError, OSError, Cancelled, _ParentGone):
        while (item := connection.recv()) is not None:
            connection.send(_outcome(do, item, connection))
            give_back()


def _outcome(do: "Do[Any, Any]", item: object, connection: Connection) -> JobResult[Any]:
    token = CancelToken()
    try:
        return JobResult(do(item, token, _reporting(connection, token)))
    except SkillViewerError as error:
        return JobResult(error=type(error)(*error.args))
    except (Cancelled, _ParentGone):
        raise
    except Exception:  # noqa: BLE001 - reported to the parent, which fails with it
        return JobResult(fault=traceback.format_exc())


def _reporting(connection: Connection, token: CancelToken) -> Report:
    def report(progress: Progress) -> None:
        try:
            if connection.poll():  # only a stop request or the end of the pipe comes during work
                connection.recv()
                token.cancel()
            connection.send(progress)
        except (EOFError, OSError) as error:
            raise _ParentGone from error

    return report
