"""Number of processor cores that this process may use: its affinity, and the quota of its control group."""

import os
from contextlib import suppress
from pathlib import Path

OWN_GROUPS, GROUPS = Path("/proc/self/cgroup"), Path("/sys/fs/cgroup")
"""The file of Linux that names a process's control groups, and the folder of all groups."""


def usable_cores(own: Path = OWN_GROUPS, groups: Path = GROUPS) -> int:
    """Return the number of cores that this process may use, at least 1.

    A batch system or a container often gives a part of the machine: by affinity, or by a quota of processor time.
    """
    n = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    with suppress(OSError, ValueError):
        for line in own.read_text(encoding="utf-8").splitlines():
            _, controllers, path = line.split(":", 2)
            kind = "" if not controllers else "cpu" if "cpu" in controllers.split(",") else None
            if kind is not None:
                folder = groups / kind / path.lstrip("/")
                n = min([n, *(_quota(one) for one in (folder, *folder.parents) if one.is_relative_to(groups))])
    return max(1, n)


def _quota(folder: Path) -> int:
    """Return the cores that a control group gives, rounded; a million where it sets no limit."""
    for names in (("cpu.max",), ("cpu.cfs_quota_us", "cpu.cfs_period_us")):
        with suppress(OSError, ValueError):
            quota, period = " ".join((folder / name).read_text(encoding="ascii") for name in names).split()
            if quota != "max" and int(quota) > 0:
                return max(1, round(int(quota) / int(period)))
    return 10**6
