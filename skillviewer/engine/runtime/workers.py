"""Pieces of work on any engine: this process, several on this computer, or a cluster."""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from skillviewer.core.errors import SettingsError
from skillviewer.core.progress import CancelToken
from skillviewer.engine.runtime import processes
from skillviewer.engine.runtime.processes import Do, ItemT, Outcome, Processes, Progressed, ResultT
from skillviewer.engine.runtime.threads import settle_threads

TRIES = 3
"""Attempts at a piece of work whose worker dies."""

GPUS = "CUDA_VISIBLE_DEVICES"


@dataclass(frozen=True, slots=True)
class Workers:
    """Choice of an engine.

    Attributes:
        jobs: Processes at once; on a cluster, workers.
        devices: GPUs, ``cuda:0``, ...; each process sees one of them alone, as its ``cuda:0``.
        cluster: "", ``local``, ``slurm`` or the address of a scheduler of Dask.
    """

    jobs: int = 1
    devices: tuple[str, ...] = ()
    cluster: str = ""

    @property
    def here(self) -> bool:
        """True if this process does the work."""
        return not self.cluster and self.jobs == 1 and not self.devices

    def environments(self) -> tuple[dict[str, str], ...]:
        """Return the variables that each process starts with: its share of the threads, and its GPU.

        Raises:
            SettingsError: A device is no GPU.
        """
        made = [dict(os.environ) for _ in range(self.jobs)]
        visible = [name for name in os.environ.get(GPUS, "").split(",") if name]
        for index, environment in enumerate(made):
            settle_threads(environment, self.jobs)
            if self.devices:
                device = self.devices[index % len(self.devices)]
                kind, _, number = device.partition(":")
                if kind != "cuda" or not number.isdigit() or (visible and int(number) >= len(visible)):
                    raise SettingsError(f"“{device}” is not a GPU that is here: name cuda:0, cuda:1, ...")
                environment[GPUS] = visible[int(number)] if visible else number
        return tuple(made)


def work(
    do: Do[ItemT, ResultT],
    items: Sequence[ItemT],
    workers: Workers,
    token: CancelToken,
    progressed: Progressed,
    finished: Callable[[int, Outcome[ResultT]], None],
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
    if workers.here:
        processes.work_here(do, items, token, progressed, finished)
    elif workers.cluster:
        from skillviewer.engine.runtime.cluster import work_on_cluster

        work_on_cluster(do, items, (workers.cluster, workers.jobs), TRIES, token, finished)
    else:
        several = Processes(workers.jobs, workers.environments(), tries=TRIES)
        processes.work_in_processes(do, items, several, token, progressed, finished)
