"""Work in several processes on one computer, which report and are stopped through pipes.

Processes are spawned, so that none inherits a thread or a CUDA context. A worker ends if its parent process has ended,
since its pipe is then closed. The death of a worker is reported as an error.
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
from skillviewer.engine.runtime.threads import keep_freed_memory, release_freed_memory

ItemT = TypeVar("ItemT")
ResultT = TypeVar("ResultT")

ItemWork = Callable[[ItemT, CancelToken, Report], ResultT]
"""Function that works on one item and returns its result; it can be pickled."""

_PATIENCE_S = 10.0

NICENESS = 5
"""Increment of the niceness of a child process, whose priority is then below that of the window."""


@dataclass(frozen=True, slots=True)
class JobResult(Generic[ResultT]):
    """Outcome of the work on one item: a result, an error to show, or the traceback of a fault of the program."""

    result: ResultT | None = None
    error: SkillViewerError | None = None
    fault: str = ""

    def value(self) -> ResultT:
        """Return the result.

        Raises:
            SkillViewerError: The outcome is an error.
        """
        if self.error is not None:
            raise self.error
        assert self.result is not None
        return self.result


ProgressCallback = Callable[[int, Progress], None]
"""Function that receives the index of an item and the progress of its work."""


def work_in_this_process(
    do: "ItemWork[ItemT, ResultT]",
    items: Sequence[ItemT],
    token: CancelToken,
    on_progress: ProgressCallback,
    on_done: Callable[[int, JobResult[ResultT]], None],
) -> None:
    """Work on one item after the other in this process; arguments are those of ``work_in_processes``."""
    for index, item in enumerate(items):
        token.check()
        try:
            outcome = JobResult(do(item, token, partial(on_progress, index)))
        except SkillViewerError as error:
            outcome = JobResult(error=error)
        release_freed_memory()
        on_done(index, outcome)


@dataclass(frozen=True, slots=True)
class Processes:
    """Settings of worker processes."""

    n: int = 1  # number of processes at once
    # environment variables of each process, or () for those of this process
    environments: tuple[Mapping[str, str], ...] = ()
    prepare: Callable[[], object] | None = None  # function that every process calls first; it is pickled
    patience_s: float = _PATIENCE_S  # time after which a process that was asked to stop is killed
    tries: int = 1  # number of attempts at an item whose process dies


def work_in_processes(
    do: "ItemWork[ItemT, ResultT]",
    items: Sequence[ItemT],
    processes: Processes,
    token: CancelToken,
    on_progress: ProgressCallback,
    on_done: Callable[[int, JobResult[ResultT]], None],
) -> None:
    """Work on items in worker processes.

    An error of one item does not stop the others. If a process dies, its item is tried again, and at last has an error.

    Args:
        do: Works on one item; the function, the items and their results are pickled.
        items: The items; none of them is None.
        processes: Settings of the processes.
        token: Cancelled to stop all work.
        on_progress: Called in this process with every report of an item.
        on_done: Called in this process with the outcome of each item.
    """
    pool = _Pool(do, items, processes)
    try:
        for slot in range(min(processes.n, len(items))):
            pool.start_worker(slot)
        while pool.busy:
            token.check()
            for connection in wait(list(pool.busy), timeout=0.2):
                assert isinstance(connection, Connection)
                index = pool.busy[connection]
                message = _receive(connection)
                if isinstance(message, Progress):
                    on_progress(index, message)
                    continue
                if message is None:
                    message = pool.handle_dead_worker(connection)
                elif message.fault:
                    raise RuntimeError(f"in another process:\n{message.fault}")
                else:
                    del pool.busy[connection]
                if message is not None:
                    on_done(index, message)
                pool.send_next_item(connection)
    finally:
        _stop_workers(pool.workers, pool.busy, processes.patience_s)


class _Pool:
    """Worker processes, and the items that wait for one."""

    def __init__(self, do: "ItemWork[Any, Any]", items: Sequence[Any], processes: Processes) -> None:
        self._do = do
        self._items = items
        self._processes = processes
        self.workers: dict[Connection, BaseProcess] = {}
        self.busy: dict[Connection, int] = {}  # index of the item that each worker works on
        self._slots: dict[Connection, int] = {}  # index of the environment of each worker
        self._tries = [0] * len(items)
        self._waiting = list(range(len(items)))[::-1]  # indices of items, the next one last

    def start_worker(self, slot: int) -> None:
        """Start a process with the environment of a slot, which libraries read on loading, and send it an item."""
        context = multiprocessing.get_context("spawn")
        parent_end, child_end = context.Pipe()
        process = context.Process(target=_serve, args=(self._do, self._processes.prepare, child_end), daemon=True)
        own_environment = dict(os.environ)
        try:
            if self._processes.environments:
                os.environ.update(self._processes.environments[slot])
            process.start()
        finally:
            for name in os.environ.keys() - own_environment.keys():
                del os.environ[name]
            os.environ.update(own_environment)
        child_end.close()
        self.workers[parent_end] = process
        self._slots[parent_end] = slot
        self.send_next_item(parent_end)

    def send_next_item(self, connection: Connection) -> None:
        """Send the next item to a worker, or to a new worker if this one has died."""
        if not self._waiting:
            return
        if connection not in self.workers:
            self.start_worker(self._slots[connection])
            return
        index = self._waiting.pop()
        self.busy[connection] = index
        with suppress(OSError):  # the worker has died: the next read reports that
            connection.send(self._items[index])

    def handle_dead_worker(self, connection: Connection) -> "JobResult[Any] | None":
        """Requeue the item of a worker that died and return None, or return an error after the last try."""
        process = self.workers.pop(connection)
        index = self.busy.pop(connection)
        process.join(_PATIENCE_S)
        connection.close()
        self._tries[index] += 1
        if self._tries[index] < self._processes.tries:
            self._waiting.append(index)
            return None
        return JobResult(error=dead_worker_error(f"exit code {process.exitcode}", self._tries[index]))


def dead_worker_error(circumstance: str, tries: int) -> DeviceError:
    """Return the error of an item whose worker died in each of some tries."""
    tries_text = f", {tries} times" if tries > 1 else ""
    return DeviceError(
        f"A process that was working for this one ended by itself ({circumstance}{tries_text}); it may have run out of "
        "memory or time. What is finished is kept: run the same again, with fewer jobs at once."
    )


def work_in_child_process(
    do: "ItemWork[ItemT, ResultT]", item: ItemT, token: CancelToken, report: Report, patience_s: float
) -> ResultT:
    """Work on one item in a child process of low priority, and return the result.

    Raises:
        SkillViewerError: An error of the work, or a ``DeviceError`` if the process died.
    """
    results: list[JobResult[ResultT]] = []
    processes = Processes(prepare=_lower_priority, patience_s=patience_s)

    def on_progress(_index: int, progress: Progress) -> None:
        report(progress)

    def on_done(_index: int, outcome: JobResult[ResultT]) -> None:
        results.append(outcome)

    work_in_processes(do, [item], processes, token, on_progress, on_done)
    return results[0].value()


def _lower_priority() -> None:
    if hasattr(os, "nice"):
        os.nice(NICENESS)


def _receive(connection: Connection) -> Any:  # noqa: ANN401 - a message
    """Return the next message, or None if the process has died."""
    try:
        return connection.recv()
    except (EOFError, OSError):
        return None


def _stop_workers(workers: Mapping[Connection, BaseProcess], busy: Container[Connection], patience_s: float) -> None:
    for connection, process in workers.items():
        with suppress(OSError):
            connection.send(None)
        if connection not in busy:
            process.terminate()
    for connection, process in workers.items():
        process.join(patience_s)
        if process.is_alive():  # during long work; its files are written atomically
            process.terminate()
            process.join()
        connection.close()


class _ParentEnded(Exception):  # noqa: N818 - no error: the work is no longer wanted
    """The other end of the pipe is closed."""


def _serve(do: "ItemWork[Any, Any]", prepare: Callable[[], object] | None, connection: Connection) -> None:
    """Work on the items that come through the pipe until None comes or the other end is closed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent handles Ctrl+C and then sends None
    keep_freed_memory()
    if prepare is not None:
        prepare()
    with suppress(EOFError, OSError, Cancelled, _ParentEnded):
        for item in iter(connection.recv, None):
            connection.send(_work_on_item(do, item, connection))
            release_freed_memory()


def _work_on_item(do: "ItemWork[Any, Any]", item: object, connection: Connection) -> JobResult[Any]:
    token = CancelToken()
    try:
        return JobResult(do(item, token, _report_through(connection, token)))
    except SkillViewerError as error:
        return JobResult(error=type(error)(*error.args))
    except (Cancelled, _ParentEnded):
        raise
    except Exception:  # noqa: BLE001 - the parent raises it
        return JobResult(fault=traceback.format_exc())


def _report_through(connection: Connection, token: CancelToken) -> Report:
    """Return a function that sends progress to the parent, and cancels the token if the parent sent a stop request."""

    def report(progress: Progress) -> None:
        try:
            if connection.poll():  # during work, only a stop request comes, or the end of the pipe
                connection.recv()
                token.cancel()
            connection.send(progress)
        except (EOFError, OSError) as error:
            raise _ParentEnded from error

    return report
