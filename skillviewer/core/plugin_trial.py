"""Trial imports of plug-ins in a subprocess, to leave out those that would end or block the program.

A plug-in is tried once per version. Those that pass are listed in the data folder.
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
"""File in the data folder with the digests of the plug-ins that passed."""

MAX_SECONDS = 120.0
"""Longest import; a plug-in may import torch on a busy computer."""

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
"""Program of the subprocess. It prints each value before the import, so that the last line names a fatal one.

Ordinary errors are ignored here; the program's own import reports them.
"""


def _identity(point: EntryPoint) -> str:
    """Return a digest of a plug-in's package, version, location and imported object."""
    dist = point.dist
    package_facts = (dist.name, dist.version, str(dist.locate_file(""))) if dist is not None else ("", "", "")
    text = "\n".join((*package_facts, point.value))
    return hashlib.sha256(text.encode(errors="replace")).hexdigest()


def fatal_plugins(points: Sequence[EntryPoint]) -> dict[str, str]:
    """Return the reason for each plug-in whose import ends or blocks its process, by ``EntryPoint.value``."""
    tried_file = data_dir() / TRIED_FILE
    tried: set[str] = set()
    with suppress(OSError, UnicodeError):
        tried = set(tried_file.read_text(encoding="ascii").split())
    untried = [point.value for point in points if _identity(point) not in tried]
    if not untried or getattr(sys, "frozen", False):  # a frozen program has no Python for the subprocess
        return {}
    fatal: dict[str, str] = {}
    while untried:
        reason, last_import = _import_in_subprocess(untried)
        if not reason:
            break
        fatal_index = untried.index(last_import) if last_import in untried else 0
        fatal[untried[fatal_index]] = reason
        untried = untried[fatal_index + 1 :]
    passed = [_identity(point) for point in points if point.value not in fatal]
    with suppress(OSError):  # without the list they are tried again
        tried_file.parent.mkdir(parents=True, exist_ok=True)
        with tried_file.open("a", encoding="ascii") as file:
            file.writelines(f"{identity}\n" for identity in passed if identity not in tried)
    return fatal


def _import_in_subprocess(values: Sequence[str]) -> tuple[str, str]:
    """Return the reason why a subprocess that imports plug-ins ended early, or "", and its last import."""
    folders = [str(Path.cwd()) if path == "" else path for path in sys.path]
    python_path = os.pathsep.join(folders)
    environment = os.environ | {"PYTHONPATH": python_path}
    command = [sys.executable, "-c", _TRIAL, *values]
    try:
        process = subprocess.run(  # noqa: S603 - Python, with names from the metadata of installed packages
            command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, timeout=MAX_SECONDS, check=False
        )
    except subprocess.TimeoutExpired as error:
        lines = [] if error.stdout is None else error.stdout.decode(errors="replace").splitlines()
        last_import = lines[-1] if lines else ""
        return f"its import takes longer than {MAX_SECONDS:.0f} s", last_import
    lines = process.stdout.decode(errors="replace").splitlines()
    if lines and not lines[-1]:
        return "", ""
    last_import = next((line for line in reversed(lines) if line in values), "")
    return f"its import ends the program (exit status {process.returncode})", last_import
