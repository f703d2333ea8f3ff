"""Work on any engine: this process, several processes on this computer, or a cluster (by Dask, an extra)."""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from skillviewer.core.errors import SettingsError
from skillviewer.core.progress import CancelToken, Progress
from skillviewer.engine.runtime import processes
from skillviewer.engine.runtime.cluster import work_on_cluster
from skillviewer.engine.runtime.processes import ItemT, ItemWork, JobResult, Processes, ProgressCallback, ResultT
from skillviewer.engine.runtime.threads import configure_threads

TRIES = 3
"""Number of attempts at an item whose worker dies."""

GPUS = "CUDA_VISIBLE_DEVICES"
"""Environment variable with the GPUs that a process sees."""


@dataclass(frozen=True, slots=True)
class Workers:
    """Choice of the engine that does some work."""

    jobs: int = 1  # number of processes at once; on a cluster, of workers
    devices: tuple[str, ...] = ()  # GPUs, ``cuda:0``, ...; each process sees only one of them, as its ``cuda:0``
    cluster: str = ""  # "", ``local``, ``slurm`` or the address of a scheduler of Dask
    shard: tuple[int, int] = (0, 1)  # (index of this shard, number of shards)

    def share(self, items: Sequence[ItemT]) -> Sequence[ItemT]:
        """Return the items of this shard."""
        index, n_shards = self.shard
        return items[index::n_shards]

    @property
    def is_local(self) -> bool:
        """True if this process does the work."""
        return not self.cluster and self.jobs == 1 and not self.devices

    def environments(self) -> tuple[dict[str, str], ...]:
        """Return the environment variables of each process, with its share of the threads and its GPU.

        Raises:
            SettingsError: A device is not a GPU of this computer.
        """
        environments = [dict(os.environ) for _ in range(self.jobs)]
        visible_gpus = [name for name in os.environ.get(GPUS, "").split(",") if name]
        for index, environment in enumerate(environments):
            configure_threads(environment, self.jobs)
            if self.devices:
                device = self.devices[index % len(self.devices)]
                device_type, _, number = device.partition(":")
                is_number = device_type == "cuda" and number.isdigit()
                is_hidden = is_number and bool(visible_gpus) and int(number) >= len(visible_gpus)
                if not is_number or is_hidden:
                    raise SettingsError(f"“{device}” is not a GPU that is here: name cuda:0, cuda:1, ...")
                environment[GPUS] = visible_gpus[int(number)] if visible_gpus else number
        return tuple(environments)


def ignore_progress(_index: int, _progress: Progress) -> None:
    """Take the place of a callback for the progress of an item."""


def map_on_workers(
    do: ItemWork[ItemT, ResultT],
    items: Sequence[ItemT],
    workers: Workers,
    token: CancelToken,
    on_progress: ProgressCallback,
    on_done: Callable[[int, JobResult[ResultT]], None],
) -> None:
    """Apply a function to items on an engine; the item of a worker that dies is tried twice more.

    Args:
        do: Works on one item; the function, the items and their results are pickled unless this process does the work.
        items: The items.
        workers: The engine.
        token: Cancelled to stop all work.
        on_progress: Called in this process with every report of an item; a cluster reports nothing.
        on_done: Called in this process with the outcome of each item.

    Raises:
        SettingsError: The engine cannot be started.
    """
    if workers.is_local:
        processes.work_in_this_process(do, items, token, on_progress, on_done)
    elif workers.cluster:
        work_on_cluster(
            do, items, cluster=(workers.cluster, workers.jobs), max_tries=TRIES, token=token, on_done=on_done
        )
    else:
        settings = Processes(workers.jobs, workers.environments(), tries=TRIES)
        processes.work_in_processes(
            do, items, processes=settings, token=token, on_progress=on_progress, on_done=on_done
        )
