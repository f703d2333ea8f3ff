"""Trial of plug-ins in a process of their own, before this process imports them: one that ends its process is left out.

A plug-in is tried once per version; those that came through are listed in the data folder.
"""

import hashlib
import os
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from importlib.metadata import EntryPoint
from pathlib import Path

from skillviewer.core.paths import data_dir

TRIED_FILE = "tried-plugins.txt"
MAX_SECONDS = 120.0
"""Longest import; a plug-in may import torch, on a computer that is busy."""

_TRIAL = """
import sys
from importlib.metadata import EntryPoint
for value in sys.argv[1:]:
    print(value, flush=True)
    try:
        EntryPoint("", value, "").load()
    except BaseException:
        pass
print(flush=True)
"""
"""Prints what it imports before it does: the last line names what ended the process. Errors are found by the import."""


def _identity(point: EntryPoint) -> str:
    """Return a digest of what a plug-in is: its package, version and place, and what is imported."""
    dist = point.dist
    about = (dist.name, dist.version, str(dist.locate_file(""))) if dist is not None else ("", "", "")
    return hashlib.sha256("\n".join((*about, point.value)).encode(errors="replace")).hexdigest()


def fatal_plugins(points: Sequence[EntryPoint]) -> dict[str, str]:
    """Return the plug-ins that end or block the process that imports them: the reason, by ``EntryPoint.value``."""
    tried_file = data_dir() / TRIED_FILE
    tried: set[str] = set()
    with suppress(OSError, UnicodeError):
        tried = set(tried_file.read_text(encoding="ascii").split())
    waiting = [point.value for point in points if _identity(point) not in tried]
    if not waiting or getattr(sys, "frozen", False):  # a frozen program has no Python to try them with
        return {}
    fatal: dict[str, str] = {}
    while waiting:
        reason, last = _try(waiting)
        if not reason:
            break
        n_tried = waiting.index(last) if last in waiting else 0
        fatal[waiting[n_tried]] = reason
        waiting = waiting[n_tried + 1 :]
    came_through = [_identity(point) for point in points if point.value not in fatal]
    with suppress(OSError):  # they are tried again
        tried_file.parent.mkdir(parents=True, exist_ok=True)
        with tried_file.open("a", encoding="ascii") as file:
            file.writelines(f"{identity}\n" for identity in came_through if identity not in tried)
    return fatal


def _try(values: Sequence[str]) -> tuple[str, str]:
    """Import plug-ins in a process; return why it ended early, or "", and what it imported last."""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(path or str(Path.cwd()) for path in sys.path)}
    command = [sys.executable, "-c", _TRIAL, *values]
    try:
        process = subprocess.run(  # noqa: S603 - Python, with names from the metadata of installed packages
            command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, timeout=MAX_SECONDS, check=False
        )
    except subprocess.TimeoutExpired as error:
        lines = (error.stdout or b"").decode(errors="replace").splitlines()
        return f"its import takes longer than {MAX_SECONDS:.0f} s", lines[-1] if lines else ""
    lines = process.stdout.decode(errors="replace").splitlines()
    if lines and not lines[-1]:
        return "", ""
    last = next((line for line in reversed(lines) if line in values), "")
    return f"its import ends the program (exit status {process.returncode})", last
