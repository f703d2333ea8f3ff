"""Pieces of work on any engine: this process, several on this computer, or a cluster (by Dask, an extra)."""

import logging
import os
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import CancelledError
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from skillviewer.core.errors import DeviceError, SettingsError, SkillViewerError
from skillviewer.core.paths import cache_dir
from skillviewer.core.progress import CancelToken, silent
from skillviewer.engine.runtime import processes
from skillviewer.engine.runtime.processes import Do, ItemT, JobResult, Processes, Progressed, ResultT, death
from skillviewer.engine.runtime.threads import configure_threads, give_back, keep_freed_memory

if TYPE_CHECKING:
    from dask_jobqueue import SLURMCluster
    from distributed import Client
    from distributed.security import Security


log = logging.getLogger(__name__)

STARTED = ("local", "slurm")
"""Clusters that are started here; any other word is the address of a scheduler."""


_LOST_AFTER = "3 minutes"
"""Time that a worker whose process died has to start again on a busy computer."""

LOOPBACK = ("127.0.0.1", "::1", "localhost")

_QUIET_ADDRESS = "127.0.0.1:0"

_QUIET: dict[str, Any] = {"dashboard_address": _QUIET_ADDRESS, "dashboard": False}
"""Options of a scheduler without a dashboard: Dask serves its state of health even then, and so on loopback alone."""

_UNSERVED: dict[str, Any] = {"distributed.scheduler.http.routes": [], "distributed.worker.http.routes": []}


@contextmanager
def _certificate_files() -> "Iterator[Security]":
    """Make a certificate for one run, in a private folder that all machines see.

    Dask's setting ``shared-temp-directory`` names the folder above, else it is the program's cache.
    """
    import dask
    from distributed.security import Security

    security = Security.temporary()
    stated = dask.config.get("jobqueue.slurm.shared-temp-directory", None)
    parent = Path(os.path.expandvars(stated)).expanduser() if stated else cache_dir()
    parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix="cluster-", dir=parent) as name:
        paths = {part: Path(name, part) for part in ("certificate.pem", "key.pem")}
        paths["certificate.pem"].write_text(security.tls_worker_cert)
        paths["key.pem"].touch(mode=0o600)
        paths["key.pem"].write_text(security.tls_worker_key)
        certificate, key = map(str, paths.values())
        roles = ("client", "scheduler", "worker")
        files = {f"tls_{role}_cert": certificate for role in roles} | {f"tls_{role}_key": key for role in roles}
        yield Security(require_encryption=True, tls_ca_file=certificate, **files)


def _slurm(jobs: int, security: "Security") -> "SLURMCluster":
    """Return a cluster of jobs; one that SLURM refuses keeps the reason, which Dask would bury in tracebacks.

    Every reason is reported once, when it first comes.
    """
    interrupt = signal.getsignal(signal.SIGINT)
    import dask
    from dask_jobqueue import SLURMCluster
    from distributed.core import Status

    signal.signal(signal.SIGINT, interrupt)  # that package would end this process by it, with exit code 0

    reported: set[str] = set()

    class RefusableJob(SLURMCluster.job_cls):  # type: ignore[misc]  # not typed
        refusal = ""

        async def start(self) -> None:
            try:
                await super().start()
            except (OSError, RuntimeError) as error:
                self.refusal = " ".join(str(error).rpartition("stderr:")[2].split())
                self.status = Status.running
                if self.refusal not in reported:
                    reported.add(self.refusal)
                    log.warning("SLURM refused a job: %s", self.refusal)

    settings = dask.config.get("jobqueue.slurm")
    return SLURMCluster(
        n_workers=jobs,
        job_cls=RefusableJob,
        security=security,
        scheduler_options={**_QUIET, **settings["scheduler-options"]},
        worker_extra_args=[*settings["worker-extra-args"], "--no-dashboard", "--dashboard-address", _QUIET_ADDRESS],
    )


def _warn_if_open(cluster: str) -> None:
    """Warn of a scheduler on another machine without encryption: anyone who reaches it runs code on its workers."""
    host = (urlsplit(cluster).hostname or "") if cluster.startswith("tcp://") else ""
    if host and host not in LOOPBACK:
        log.warning(
            "The connection to “%s” is not encrypted, and anyone who reaches that port runs code on the workers. "
            "Use TLS (docs/cluster.md).",
            cluster,
        )


@contextmanager
def _client(cluster: str, jobs: int) -> "Iterator[Client]":
    try:
        import cryptography  # noqa: F401 - Dask makes certificates with it
        import dask
        from distributed import Client, LocalCluster
        from distributed.security import Security
    except ImportError as error:
        raise SettingsError("Clusters need another package: pip install 'skillviewer[cluster]'.") from error
    environment = dict(os.environ)
    configure_threads(environment, jobs)
    settings = {
        "distributed.scheduler.allowed-failures": 0,  # attempts are counted here
        # after 15 s, the default, Dask ends a worker that is still starting again, and with it the piece it just got
        "distributed.deploy.lost-worker-timeout": _LOST_AFTER,
        "distributed.nanny.pre-spawn-environ": environment if cluster == "local" else {},
        **_UNSERVED,
    }
    for name in ("distributed", "distributed.client"):  # the outcomes report deaths and restarts
        logging.getLogger(name).setLevel(logging.CRITICAL)
    with ExitStack() as stack:
        stack.enter_context(dask.config.set(settings))
        try:
            target = cluster
            if cluster == "local":
                local = LocalCluster(
                    n_workers=jobs,
                    threads_per_worker=1,
                    host="127.0.0.1",
                    security=Security.temporary(),
                    dashboard_address=None,
                    scheduler_kwargs=_QUIET,
                )
                target = stack.enter_context(local)
            elif cluster == "slurm":
                target = stack.enter_context(_slurm(jobs, stack.enter_context(_certificate_files())))
            else:
                _warn_if_open(cluster)
            client = stack.enter_context(Client(target, timeout="10s"))
        except (OSError, ImportError, ValueError, RuntimeError) as error:
            raise SettingsError(f"The cluster “{cluster}” cannot be used (docs/cluster.md): {error}") from error
        try:
            yield client
        except CancelledError as error:
            raise DeviceError(
                f"The scheduler of the cluster “{cluster}” has gone. What is finished is kept: run the same again."
            ) from error


def _tend(client: "Client", cluster: tuple[str, int], threads: int) -> None:
    """Replace workers of this computer that died; refuse to wait where all jobs that SLURM was given have ended."""
    name, n = cluster
    if name == "local" and threads < n:
        client.cluster.scale(n)  # a worker that dies while it starts is not restarted by its nanny
    if name == "slurm" and not threads:  # Dask forgets a lost worker after a while, and its job with it
        refusals = {worker.refusal for worker in client.cluster.workers.values()} - {""}
        jobs = [worker.job_id for worker in client.cluster.workers.values() if worker.job_id]
        command = ["squeue", "--noheader", "--jobs", ",".join(jobs)]
        if not (jobs and subprocess.run(command, capture_output=True, check=False).stdout.strip()):  # noqa: S603 - as it is
            ended = "All jobs on the cluster have ended. What is finished is kept: run the same again."
            raise DeviceError(" ".join([ended, *(f"SLURM refused: {reason}" for reason in sorted(refusals))]))


def _do(do: Do[ItemT, ResultT], item: ItemT) -> JobResult[ResultT]:
    keep_freed_memory()
    try:
        return JobResult(do(item, CancelToken(), silent))
    except SkillViewerError as error:
        return JobResult(error=type(error)(*error.args))
    finally:
        give_back()


def work_on_cluster(
    do: Do[ItemT, ResultT],
    items: Sequence[ItemT],
    cluster: tuple[str, int],
    tries: int,
    token: CancelToken,
    finished: Callable[[int, JobResult[ResultT]], None],
) -> None:
    """Do pieces of work on a cluster; see ``workers.work``.

    Each piece is for one worker, and no worker has more pieces than threads: Dask blames every piece that a dead worker
    had, also one that only waited there while another worker was starting.

    ``cluster`` is one of ``STARTED`` with its number of workers, or the address of a scheduler, which has its own rule
    instead of ``tries``.

    Raises:
        SettingsError: There is no such cluster, or its package is missing.
        DeviceError: All its jobs have ended.
    """
    waiting = list(range(len(items)))[::-1]
    failures = [0] * len(items)
    with _client(*cluster) as client:
        from distributed import KilledWorker, wait

        busy: dict[Any, int] = {}
        places = _Places()
        while waiting or busy:
            token.check()
            threads_by_worker = client.nthreads()
            threads = sum(threads_by_worker.values())
            _tend(client, cluster, threads)
            for future in places.lost(busy, threads_by_worker):  # its worker went before it began
                waiting.append(busy.pop(future))
                places.leave(future)
                future.cancel()
            for address in places.free(threads_by_worker, anywhere=not busy)[: len(waiting)]:
                index = waiting.pop()
                pinned = {"workers": [address]} if address else {}
                future = client.submit(_do, do, items[index], pure=False, **pinned)
                busy[future] = index
                places.take(future, address)
            try:
                completed = wait(list(busy), timeout=1 if threads else 10, return_when="FIRST_COMPLETED").done
            except TimeoutError:
                continue
            for future in completed:
                index = busy.pop(future)
                try:
                    outcome = future.result(timeout=_FETCH_S)
                except TimeoutError:  # the worker died before its result was fetched: the piece is done again
                    busy[future] = index
                    continue
                except KilledWorker:
                    places.leave(future)
                    failures[index] += 1
                    if cluster[0] in STARTED and failures[index] < tries:
                        waiting.append(index)
                    else:
                        finished(index, JobResult(error=death("on another computer", failures[index])))
                else:
                    places.leave(future)
                    finished(index, outcome)


_FETCH_S = 20.0  # longest wait for a finished result
_GONE_S = 5.0  # time after which no piece is expected of a worker that has gone; its death is reported sooner


class _Places:
    """The worker of each piece that is handed over."""

    def __init__(self) -> None:
        self._worker_by_future: dict[Any, str] = {}
        self._gone_since: dict[Any, float] = {}

    def free(self, threads_by_worker: Mapping[str, int], *, anywhere: bool) -> list[str]:
        """Return the workers with a free thread, once for each; "" for any worker if there is none yet."""
        n_busy = Counter(self._worker_by_future.values())
        free = [address for address, n in threads_by_worker.items() for _ in range(n - n_busy[address])]
        return free or ([""] if anywhere and not threads_by_worker else [])

    def take(self, future: object, address: str) -> None:
        self._worker_by_future[future] = address

    def leave(self, future: object) -> None:
        self._worker_by_future.pop(future, None)
        self._gone_since.pop(future, None)

    def lost(self, busy: Iterable[Any], threads_by_worker: Mapping[str, int]) -> list[Any]:
        """Return the pieces that wait for a worker which has been gone for a while."""
        now = time.monotonic()
        for future in busy:
            if self._worker_by_future[future] and self._worker_by_future[future] not in threads_by_worker:
                self._gone_since.setdefault(future, now)
            else:
                self._gone_since.pop(future, None)
        return [future for future, since in self._gone_since.items() if now - since > _GONE_S and not future.done()]


TRIES = 3
"""Attempts at a piece of work whose worker dies."""

GPUS = "CUDA_VISIBLE_DEVICES"


@dataclass(frozen=True, slots=True)
class Workers:
    """Choice of an engine."""

    jobs: int = 1  # processes at once; on a cluster, workers
    devices: tuple[str, ...] = ()  # GPUs, ``cuda:0``, ...; each process sees one of them alone, as its ``cuda:0``
    cluster: str = ""  # "", ``local``, ``slurm`` or the address of a scheduler of Dask
    shard: tuple[int, int] = (0, 1)  # first piece of work of this process, and the step to its next

    def share(self, items: Sequence[ItemT]) -> Sequence[ItemT]:
        """Return the pieces of the shard."""
        return items[self.shard[0] :: self.shard[1]]

    @property
    def is_local(self) -> bool:
        """True if this process does the work."""
        return not self.cluster and self.jobs == 1 and not self.devices

    def environments(self) -> tuple[dict[str, str], ...]:
        """Return the variables that each process starts with: its share of the threads, and its GPU.

        Raises:
            SettingsError: A device is no GPU.
        """
        environments = [dict(os.environ) for _ in range(self.jobs)]
        visible = [name for name in os.environ.get(GPUS, "").split(",") if name]
        for index, environment in enumerate(environments):
            configure_threads(environment, self.jobs)
            if self.devices:
                device = self.devices[index % len(self.devices)]
                kind, _, number = device.partition(":")
                if kind != "cuda" or not number.isdigit() or (visible and int(number) >= len(visible)):
                    raise SettingsError(f"“{device}” is not a GPU that is here: name cuda:0, cuda:1, ...")
                environment[GPUS] = visible[int(number)] if visible else number
        return tuple(environments)


def work(
    do: Do[ItemT, ResultT],
    items: Sequence[ItemT],
    workers: Workers,
    token: CancelToken,
    progressed: Progressed,
    finished: Callable[[int, JobResult[ResultT]], None],
) -> None:
    """Do pieces of work on an engine; a worker that dies costs its piece, which is tried twice more.

    Args:
        do: Does one piece; it, the pieces and their results are pickled unless this process does the work.
        items: The pieces.
        workers: The engine.
        token: Raise it to stop.
        progressed: Called in this process whenever a piece reports; a cluster reports nothing.
        finished: Called in this process with the outcome of each piece.

    Raises:
        SettingsError: The engine cannot be started.
    """
    if workers.is_local:
        processes.work_here(do, items, token, progressed, finished)
    elif workers.cluster:
        work_on_cluster(do, items, (workers.cluster, workers.jobs), TRIES, token, finished)
    else:
        several = Processes(workers.jobs, workers.environments(), tries=TRIES)
        processes.work_in_processes(do, items, several, token, progressed, finished)
