"""Number of processor cores that this process may use, by its affinity and the quota of its control group."""

import os
from contextlib import suppress
from pathlib import Path

OWN_GROUPS = Path("/proc/self/cgroup")
"""File that names the control groups of this process, on Linux."""

GROUPS = Path("/sys/fs/cgroup")
"""Folder of all control groups."""


def usable_cores(own_groups: Path = OWN_GROUPS, groups: Path = GROUPS) -> int:
    """Return the number of cores that this process may use, at least 1.

    Batch systems and containers often grant a part of the machine, by affinity or by a quota of processor time.
    """
    n_cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    with suppress(OSError, ValueError):
        for line in own_groups.read_text(encoding="utf-8").splitlines():
            _, controllers, path = line.split(":", 2)
            if not controllers:  # version 2 of control groups: one tree for all controllers
                root = groups
            elif "cpu" in controllers.split(","):
                root = groups / "cpu"
            else:
                continue
            folder = root / path.lstrip("/")
            limits = [_core_limit(group) for group in (folder, *folder.parents) if group.is_relative_to(groups)]
            n_cores = min([n_cores, *limits])
    return max(1, n_cores)


def _core_limit(folder: Path) -> int:
    """Return the number of cores that a control group allows, rounded; a million if it sets no limit."""
    for names in (("cpu.max",), ("cpu.cfs_quota_us", "cpu.cfs_period_us")):  # versions 2 and 1 of control groups
        with suppress(OSError, ValueError):
            texts = [(folder / name).read_text(encoding="ascii") for name in names]
            quota_us, period_us = " ".join(texts).split()
            if quota_us != "max" and int(quota_us) > 0:
                return max(1, round(int(quota_us) / int(period_us)))
    return 10**6
