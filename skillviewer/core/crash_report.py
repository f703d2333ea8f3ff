"""Crash reports with the state of all threads, recent log lines and versions, without names or paths of videos.

Nothing is sent. A log line is reported as its format string in the source code, with the placeholders. An error is
reported by its type and the lines of code. Values are never reported, since they may name videos or people.
"""

import faulthandler
import importlib.metadata
import logging
import platform
import re
import traceback
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path, PureWindowsPath

from skillviewer.core.version import __version__

CRASH_FILE = "crash.log"
"""File in the folder of logs for a crash of the running window."""

LAST_CRASH_FILE = "last-crash.log"
"""File in the folder of logs with the last crash."""

REPORT_LOG_FILE = "report.log"
"""File in the folder of logs with log lines without values."""

MAX_LINES = 200
"""Most log lines in a report."""

LIBRARIES = (
    "numpy",
    "scipy",
    "torch",
    "torchvision",
    "av",
    "opencv-contrib-python-headless",
    "numba",
    "safetensors",
    "PySide6-Essentials",
    "pyqtgraph",
)
"""Libraries whose versions are reported."""

_QUOTED_FILE = re.compile(r'File "([^"\n]*)"')
_ROOTS = ("site-packages", "skillviewer", "lib")
"""Folders at which reported paths begin; the folders above may name the user."""


@contextmanager
def watch_crashes(folder: Path) -> Iterator[bool]:
    """Write the state of all threads into a file if this process crashes.

    Yields:
        True if an earlier process crashed and its crash was not reported yet.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        current_report = folder / CRASH_FILE
        crashed = current_report.is_file() and current_report.stat().st_size > 0
        if crashed:
            current_report.replace(folder / LAST_CRASH_FILE)
        file = current_report.open("ab")
    except OSError:  # the window opens without a log
        yield False
        return
    with file:
        faulthandler.enable(file, all_threads=True)
        try:
            yield crashed
        finally:
            faulthandler.disable()


def _shortened_path(path: str) -> str:
    parts = PureWindowsPath(path).parts
    starts = [parts.index(root) for root in _ROOTS if root in parts]
    start = min(starts) if starts else -1
    return "/".join(parts[start:])


def without_paths(text: str) -> str:
    """Return the frames of a traceback with paths that begin at the program or a library."""
    return _QUOTED_FILE.sub(lambda match: f'File "{_shortened_path(match[1])}"', text)


class NamelessFormatter(logging.Formatter):
    """Formatter that writes the format string of a log record without its values."""

    def format(self, record: logging.LogRecord) -> str:
        """Return time, level, thread, logger and format string, then type and frames of an error."""
        text = f"{self.formatTime(record)} {record.levelname} {record.threadName} {record.name}: {record.msg}"
        if record.exc_info is None or record.exc_info[1] is None:
            return text
        error_type = type(record.exc_info[1]).__name__
        frames = _without_code("".join(traceback.format_tb(record.exc_info[2])))
        return f"{text}\n{error_type}\n{without_paths(frames)}".rstrip()


def _without_code(frames: str) -> str:
    return "\n".join(line for line in frames.splitlines() if line.lstrip().startswith("File "))


def version_lines() -> list[str]:
    """Return the versions of the program, the system and the libraries."""
    lines = [f"SkillViewer {__version__}", f"Python {platform.python_version()}", platform.platform()]
    for name in LIBRARIES:
        try:
            lines.append(f"{name} {importlib.metadata.version(name)}")
        except importlib.metadata.PackageNotFoundError:
            lines.append(f"{name} is missing")
    return lines


def _last_lines(path: Path) -> list[str]:
    with suppress(OSError), path.open(encoding="utf-8", errors="replace") as file:
        return list(deque((line.rstrip("\n") for line in file), MAX_LINES))
    return []


def crash_report(folder: Path) -> str:
    """Return a report of the versions, the last crash and the last log lines, from a folder of logs."""
    crash = _last_lines(folder / LAST_CRASH_FILE) + _last_lines(folder / CRASH_FILE)
    sections = {
        "Versions": version_lines(),
        "Crash": [without_paths(line) for line in crash],
        f"Last {MAX_LINES} lines of the log, without values": _last_lines(folder / REPORT_LOG_FILE),
    }
    report_lines: list[str] = []
    for title, lines in sections.items():
        report_lines += [title, ""]
        report_lines += lines or ["none"]
        report_lines.append("")
    return "\n".join(report_lines)
