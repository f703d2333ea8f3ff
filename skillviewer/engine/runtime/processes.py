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
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Any, Generic, TypeVar

from skillviewer.core.errors import Cancelled, DeviceError, SkillViewerError
from skillviewer.core.progress import CancelToken, Progress, Report
from skillviewer.engine.runtime.memory import give_back, keep_freed_memory

ItemT = TypeVar("ItemT")
ResultT = TypeVar("ResultT")

Do = Callable[[ItemT, CancelToken, Report], ResultT]
"""One piece of work; it can be pickled."""

_STOP_AFTER_S = 10.0

NICENESS = 5
"""Priority below that of the window."""


@dataclass(frozen=True, slots=True)
class Outcome(Generic[ResultT]):
    """Outcome of one piece of work: a result, an error to show, or the traceback of a fault of the program."""

    result: ResultT | None = None
    error: SkillViewerError | None = None
    fault: str = ""


Progressed = Callable[[int, Progress], None]
"""Called with the index of a piece of work and its progress."""


def work_here(
    do: "Do[ItemT, ResultT]",
    items: Sequence[ItemT],
    token: CancelToken,
    progressed: Progressed,
    finished: Callable[[int, Outcome[ResultT]], None],
) -> None:
    """Do one piece after the other in this process; arguments are those of ``work_in_processes``."""
    for index, item in enumerate(items):
        token.check()
        try:
            outcome = Outcome(do(item, token, _reporting_of(progressed, index)))
        except SkillViewerError as error:
            outcome = Outcome(error=error)
        give_back()
        finished(index, outcome)


def _reporting_of(progressed: Progressed, index: int) -> Report:
    return lambda progress: progressed(index, progress)


def work_in_processes(
    do: "Do[ItemT, ResultT]",
    items: Sequence[ItemT],
    n_processes: int,
    token: CancelToken,
    progressed: Progressed,
    finished: Callable[[int, Outcome[ResultT]], None],
    prepare: Callable[[], object] | None = None,
    patience_s: float = _STOP_AFTER_S,
) -> None:
    """Do pieces of work in processes of their own, each piece in one.

    Args:
        do: Does one piece; it, the pieces and their results are pickled.
        items: The pieces; None is no piece.
        n_processes: Processes at once.
        token: Raise it to stop all.
        progressed: Called in this process whenever a piece reports.
        finished: Called in this process with the outcome of a piece; an error of one does not stop the others.
        prepare: Called first in every process; it is pickled too.
        patience_s: A process that was asked to stop and is in the middle of something is ended after so long.

    Raises:
        DeviceError: A process died: out of memory, say.
        Cancelled: The token was raised.
    """
    context = multiprocessing.get_context("spawn")
    workers: dict[Connection, BaseProcess] = {}
    busy: dict[Connection, int] = {}
    waiting = list(enumerate(items))[::-1]

    def give(connection: Connection) -> None:
        if waiting:
            busy[connection], item = waiting.pop()
            with suppress(OSError):  # it has died while it waited: the next read reports that
                connection.send(item)

    try:
        for _ in range(min(n_processes, len(items))):
            ours, theirs = context.Pipe()
            process = context.Process(target=_serve, args=(do, prepare, theirs), daemon=True)
            process.start()
            theirs.close()
            workers[ours] = process
            give(ours)
        while busy:
            token.check()
            for connection in wait(list(busy), timeout=0.2):
                assert isinstance(connection, Connection)
                index = busy[connection]
                message = _received(connection, workers[connection])
                if isinstance(message, Progress):
                    progressed(index, message)
                    continue
                del busy[connection]
                if message.fault:
                    raise RuntimeError(f"in another process:\n{message.fault}")
                finished(index, message)
                give(connection)
    finally:
        _close(workers, busy, patience_s)


def work_elsewhere(
    do: "Do[ItemT, ResultT]", item: ItemT, token: CancelToken, report: Report, patience_s: float
) -> ResultT:
    """Do one piece of work in another process, which leaves the window its share of the computer; return its result.

    Raises:
        SkillViewerError: As the work does; ``DeviceError`` if the process died.
        Cancelled: The token was raised.
    """
    found: list[Outcome[ResultT]] = []
    work_in_processes(
        do,
        [item],
        1,
        token,
        lambda _, progress: report(progress),
        lambda _, one: found.append(one),
        _be_nice,
        patience_s,
    )
    if found[0].error is not None:
        raise found[0].error
    assert found[0].result is not None
    return found[0].result


def _be_nice() -> None:
    if hasattr(os, "nice"):
        os.nice(NICENESS)


def _received(connection: Connection, process: BaseProcess) -> Any:  # noqa: ANN401 - a message
    try:
        return connection.recv()
    except (EOFError, OSError) as error:
        process.join(_STOP_AFTER_S)
        raise DeviceError(
            f"A process that was working for this one ended by itself (exit code {process.exitcode}); it may have run "
            "out of memory. What is finished is kept: run the same again, with fewer jobs at once."
        ) from error


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


def _outcome(do: "Do[Any, Any]", item: object, connection: Connection) -> Outcome[Any]:
    token = CancelToken()
    try:
        return Outcome(do(item, token, _reporting(connection, token)))
    except SkillViewerError as error:
        return Outcome(error=type(error)(str(error)))
    except (Cancelled, _ParentGone):
        raise
    except Exception:  # noqa: BLE001 - reported to the parent, which fails with it
        return Outcome(fault=traceback.format_exc())


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
