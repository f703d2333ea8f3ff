"""Work on a cluster by Dask, an extra: one on this computer, one of SLURM jobs, or one with a scheduler's address."""

import logging
import os
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import CancelledError
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from skillviewer.core.errors import DeviceError, SettingsError, SkillViewerError
from skillviewer.core.paths import cache_dir
from skillviewer.core.progress import CancelToken, silent
from skillviewer.engine.runtime.processes import ItemT, ItemWork, JobResult, ResultT, dead_worker_error
from skillviewer.engine.runtime.threads import configure_threads, keep_freed_memory, release_freed_memory

if TYPE_CHECKING:
    from dask_jobqueue import SLURMCluster
    from distributed import Client
    from distributed.security import Security


log = logging.getLogger(__name__)

STARTED_CLUSTERS = ("local", "slurm")
"""Clusters that this process starts; any other name is the address of a scheduler."""

_LOST_WORKER_TIMEOUT = "3 minutes"
"""Time in which a worker whose process died can start again on a busy computer."""

LOOPBACK = ("127.0.0.1", "::1", "localhost")

_ANY_LOOPBACK_PORT = "127.0.0.1:0"

_NO_DASHBOARD: dict[str, Any] = {"dashboard_address": _ANY_LOOPBACK_PORT, "dashboard": False}
"""Options of a scheduler without a dashboard. Dask still serves its state of health, so only on loopback."""

_NO_HTTP_ROUTES: dict[str, Any] = {"distributed.scheduler.http.routes": [], "distributed.worker.http.routes": []}


@contextmanager
def _certificate_files() -> "Iterator[Security]":
    """Make a certificate for one run, in a private folder that all computers of the cluster can read.

    The folder is below that of Dask's setting ``shared-temp-directory``, or else below the program's cache.
    """
    import dask
    from distributed.security import Security

    security = Security.temporary()
    configured = dask.config.get("jobqueue.slurm.shared-temp-directory", None)
    parent = Path(os.path.expandvars(configured)).expanduser() if configured else cache_dir()
    parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix="cluster-", dir=parent) as folder:
        certificate_path = Path(folder, "certificate.pem")
        certificate_path.write_text(security.tls_worker_cert)
        key_path = Path(folder, "key.pem")
        key_path.touch(mode=0o600)
        key_path.write_text(security.tls_worker_key)
        files: dict[str, str] = {}
        for role in ("client", "scheduler", "worker"):
            files[f"tls_{role}_cert"] = str(certificate_path)
            files[f"tls_{role}_key"] = str(key_path)
        yield Security(require_encryption=True, tls_ca_file=str(certificate_path), **files)


def _start_slurm_cluster(jobs: int, security: "Security") -> "SLURMCluster":
    """Return a cluster of SLURM jobs.

    If SLURM refuses a job, its reason is logged once and stored with the job; Dask would raise it in a background task.
    """
    interrupt_handler = signal.getsignal(signal.SIGINT)
    import dask
    from dask_jobqueue import SLURMCluster
    from distributed.core import Status

    signal.signal(signal.SIGINT, interrupt_handler)  # importing dask_jobqueue replaces it

    reported: set[str] = set()

    class RefusableJob(SLURMCluster.job_cls):  # type: ignore[misc]  # not typed
        refusal = ""

        async def start(self) -> None:
            try:
                await super().start()
            except (OSError, RuntimeError) as error:
                _, _, reason = str(error).rpartition("stderr:")
                self.refusal = " ".join(reason.split())
                self.status = Status.running
                if self.refusal not in reported:
                    reported.add(self.refusal)
                    log.warning("SLURM refused a job: %s", self.refusal)

    settings = dask.config.get("jobqueue.slurm")
    return SLURMCluster(
        n_workers=jobs,
        job_cls=RefusableJob,
        security=security,
        scheduler_options={**_NO_DASHBOARD, **settings["scheduler-options"]},
        worker_extra_args=[*settings["worker-extra-args"], "--no-dashboard", "--dashboard-address", _ANY_LOOPBACK_PORT],
    )


def _warn_if_unencrypted(cluster: str) -> None:
    """Log a warning about a scheduler on another computer without encryption."""
    host = urlsplit(cluster).hostname if cluster.startswith("tcp://") else None
    if host and host not in LOOPBACK:
        log.warning(
            "The connection to “%s” is not encrypted, and anyone who reaches that port runs code on the workers. "
            "Use TLS (docs/cluster.md).",
            cluster,
        )


@contextmanager
def _connect(cluster: str, jobs: int) -> "Iterator[Client]":
    """Start a cluster if its name asks for that, and connect with it."""
    try:
        import cryptography  # noqa: F401 - Dask makes certificates with it
        import dask
        from distributed import Client, LocalCluster
        from distributed.security import Security
    except ImportError as error:
        raise SettingsError("Clusters need another package: pip install 'skillviewer[cluster]'.") from error
    environment = dict(os.environ)
    configure_threads(environment, jobs)
    nanny_environment = environment if cluster == "local" else {}
    settings = {
        "distributed.scheduler.allowed-failures": 0,  # ``work_on_cluster`` counts the attempts
        # after the default of 15 s, Dask ends a worker that is still starting again, and its item fails
        "distributed.deploy.lost-worker-timeout": _LOST_WORKER_TIMEOUT,
        "distributed.nanny.pre-spawn-environ": nanny_environment,
        **_NO_HTTP_ROUTES,
    }
    for name in ("distributed", "distributed.client"):  # outcomes of items report dead workers
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
                    scheduler_kwargs=_NO_DASHBOARD,
                )
                target = stack.enter_context(local)
            elif cluster == "slurm":
                security = stack.enter_context(_certificate_files())
                target = stack.enter_context(_start_slurm_cluster(jobs, security))
            else:
                _warn_if_unencrypted(cluster)
            client = stack.enter_context(Client(target, timeout="10s"))
        except (OSError, ImportError, ValueError, RuntimeError) as error:
            raise SettingsError(f"The cluster “{cluster}” cannot be used (docs/cluster.md): {error}") from error
        try:
            yield client
        except CancelledError as error:
            raise DeviceError(
                f"The scheduler of the cluster “{cluster}” has gone. What is finished is kept: run the same again."
            ) from error


def _maintain_cluster(client: "Client", cluster: tuple[str, int], n_threads: int) -> None:
    """Replace workers of a local cluster that died.

    Raises:
        DeviceError: All jobs of a SLURM cluster have ended.
    """
    name, n_workers = cluster
    if name == "local" and n_threads < n_workers:
        client.cluster.scale(n_workers)  # a worker that dies while it starts is not restarted by its nanny
    if name == "slurm" and not n_threads and not _has_slurm_job(client):
        refusals = {worker.refusal for worker in client.cluster.workers.values()} - {""}
        message = "All jobs on the cluster have ended. What is finished is kept: run the same again."
        raise DeviceError(" ".join([message, *(f"SLURM refused: {reason}" for reason in sorted(refusals))]))


def _has_slurm_job(client: "Client") -> bool:
    """Return True if SLURM lists a job of a cluster. Dask itself forgets lost workers and their jobs after a while."""
    job_ids = [worker.job_id for worker in client.cluster.workers.values() if worker.job_id]
    if not job_ids:
        return False
    command = ["squeue", "--noheader", "--jobs", ",".join(job_ids)]
    listing = subprocess.run(command, capture_output=True, check=False)  # noqa: S603 - job numbers of SLURM
    return bool(listing.stdout.strip())


def _work_on_item(do: ItemWork[ItemT, ResultT], item: ItemT) -> JobResult[ResultT]:
    keep_freed_memory()
    try:
        return JobResult(do(item, CancelToken(), silent))
    except SkillViewerError as error:
        return JobResult(error=type(error)(*error.args))
    finally:
        release_freed_memory()


def work_on_cluster(
    do: ItemWork[ItemT, ResultT],
    items: Sequence[ItemT],
    cluster: tuple[str, int],
    max_tries: int,
    token: CancelToken,
    on_done: Callable[[int, JobResult[ResultT]], None],
) -> None:
    """Work on items on a cluster; further arguments are those of ``work``.

    Each item is sent to one worker, and no worker has more items than threads: Dask blames every item that a dead
    worker had, also one that only waited there.

    Args:
        do: Works on one item.
        items: The items.
        cluster: One of ``STARTED_CLUSTERS`` or the address of a scheduler, and the number of workers to start.
        max_tries: Number of attempts at an item whose worker dies; a scheduler with an address has its own rule.
        token: Cancelled to stop all work.
        on_done: Called with the outcome of each item.

    Raises:
        SettingsError: The cluster cannot be used, or its package is missing.
        DeviceError: All jobs of the cluster have ended.
    """
    waiting = list(range(len(items)))[::-1]  # indices of items, the next one last
    n_failures = [0] * len(items)
    with _connect(*cluster) as client:
        from distributed import KilledWorker, wait

        busy: dict[Any, int] = {}  # index of the item by future
        assignments = _Assignments()
        while waiting or busy:
            token.check()
            threads_by_worker = client.nthreads()
            n_threads = sum(threads_by_worker.values())
            _maintain_cluster(client, cluster, n_threads)
            for future in assignments.lost(busy, threads_by_worker):
                waiting.append(busy.pop(future))
                assignments.remove(future)
                future.cancel()
            for address in assignments.free_workers(threads_by_worker, anywhere=not busy)[: len(waiting)]:
                index = waiting.pop()
                placement = {"workers": [address]} if address else {}
                future = client.submit(_work_on_item, do, items[index], pure=False, **placement)
                busy[future] = index
                assignments.add(future, address)
            timeout_s = 1 if n_threads else 10
            try:
                completed = wait(list(busy), timeout=timeout_s, return_when="FIRST_COMPLETED").done
            except TimeoutError:
                continue
            for future in completed:
                index = busy.pop(future)
                try:
                    outcome = future.result(timeout=_FETCH_S)
                except TimeoutError:  # the worker died before its result was fetched: the scheduler repeats the work
                    busy[future] = index
                    continue
                except KilledWorker:
                    assignments.remove(future)
                    n_failures[index] += 1
                    if cluster[0] in STARTED_CLUSTERS and n_failures[index] < max_tries:
                        waiting.append(index)
                    else:
                        error = dead_worker_error("on another computer", n_failures[index])
                        on_done(index, JobResult(error=error))
                else:
                    assignments.remove(future)
                    on_done(index, outcome)


_FETCH_S = 20.0
"""Longest wait for a finished result."""

_LOST_S = 5.0
"""Seconds after which the item of a missing worker counts as lost; the death of a worker is reported earlier."""


class _Assignments:
    """Assignment of items, as futures, to workers."""

    def __init__(self) -> None:
        self._worker_by_future: dict[Any, str] = {}
        self._missing_since_s: dict[Any, float] = {}

    def free_workers(self, threads_by_worker: Mapping[str, int], *, anywhere: bool) -> list[str]:
        """Return the address of a worker for each of its free threads.

        If there is no worker yet, return "", which stands for any worker, if ``anywhere`` is true.
        """
        n_busy = Counter(self._worker_by_future.values())
        free = [address for address, n in threads_by_worker.items() for _ in range(n - n_busy[address])]
        if anywhere and not threads_by_worker:
            return [""]
        return free

    def add(self, future: object, address: str) -> None:
        self._worker_by_future[future] = address

    def remove(self, future: object) -> None:
        self._worker_by_future.pop(future, None)
        self._missing_since_s.pop(future, None)

    def lost(self, busy: Iterable[Any], threads_by_worker: Mapping[str, int]) -> list[Any]:
        """Return the futures that wait for a worker which has been missing for a while."""
        now_s = time.monotonic()
        for future in busy:
            address = self._worker_by_future[future]
            if address and address not in threads_by_worker:
                self._missing_since_s.setdefault(future, now_s)
            else:
                self._missing_since_s.pop(future, None)
        return [
            future
            for future, since_s in self._missing_since_s.items()
            if now_s - since_s > _LOST_S and not future.done()
        ]
