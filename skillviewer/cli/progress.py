"""Progress on stderr, apart from the results on stdout: a bar on a terminal, otherwise lines."""

import json
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from tqdm import tqdm

from skillviewer.cli.output import echo
from skillviewer.core.errors import ExportError, os_error_as
from skillviewer.core.progress import Progress, Report, TimeLeft
from skillviewer.core.text import printable

LINE_INTERVAL_S = 30.0
"""Seconds between two progress lines if stderr is no terminal."""

_LOG_START = '{"time": '
"""Start of every line of a log."""


def format_time_left(seconds: float) -> str:
    """Return a text such as "about 40 s left", "about 3 min left" or "about 2 h 5 min left"."""
    if seconds < 59.5:
        return f"about {seconds:.0f} s left"
    all_minutes = max(round(seconds / 60), 1)
    hours, minutes = divmod(all_minutes, 60)
    return f"about {hours} h {minutes} min left" if hours else f"about {minutes} min left"


@contextmanager
def progress_bar(
    *, unit: str = "", unit_scale: bool = False, clock: Callable[[], float] = time.monotonic
) -> Iterator[Report]:
    """Show the progress of a job and the time left: a bar on a terminal, otherwise a line every half minute.

    Every stage of the job gets a bar of its own. A text as value of the progress is printed as a line.

    Args:
        unit: Unit of the count.
        unit_scale: Whether to abbreviate counts: 12M for 12,000,000.
        clock: Returns seconds.

    Yields:
        The report function for the job.
    """
    bar: tqdm | None = None
    stage = ""
    is_terminal = sys.stderr.isatty()
    time_left = TimeLeft(clock)
    last_line_s = clock()

    def report(progress: Progress) -> None:
        nonlocal bar, stage, last_line_s
        if isinstance(progress.value, str):
            with tqdm.external_write_mode():
                echo(progress.value, err=True)
        if bar is None or progress.stage != stage:
            if bar is not None:
                bar.close()
            stage = progress.stage
            known_total = progress.total or None
            bar = tqdm(
                desc=printable(stage),
                total=known_total,
                unit=unit,
                unit_scale=unit_scale,
                file=sys.stderr,
                disable=not is_terminal,
                leave=False,
                dynamic_ncols=True,
            )
        bar.n = progress.done
        bar.refresh()
        left_s = time_left.estimate(progress)
        if not is_terminal and progress.total and clock() - last_line_s >= LINE_INTERVAL_S:
            last_line_s = clock()
            time_left_text = ""
            if left_s is not None and progress.done < progress.total:
                time_left_text = f", {format_time_left(left_s)}"
            echo(f"{stage}: {100 * progress.done / progress.total:.0f} %{time_left_text}", err=True)

    try:
        yield report
    finally:
        if bar is not None:
            bar.close()


class BatchReport:
    """Progress of a job of many items: a bar on a terminal, otherwise lines, and a log file.

    Args:
        total: Number of items.
        report_done: Receives the number of finished items; None if the only item reports its own progress.
        log: File that gets a line of JSON for every item, or None.
        clock: Returns seconds.
        stage: The work, in a word or two.

    Raises:
        ExportError: The log cannot be written.
    """

    def __init__(
        self,
        total: int,
        report_done: Report | None,
        log: Path | None,
        clock: Callable[[], float] = time.monotonic,
        stage: str = "scoring",
    ) -> None:
        self._stage = stage
        self._total = total
        self._report_done = report_done
        self._clock = clock
        self._n_done = 0
        self._n_failed = 0
        self._start_s = clock()
        self._last_line_s = self._start_s
        self._log_file = None if log is None else _open_log(log)

    def count_item(self, title: str, problem: str) -> None:
        """Count an item and log it; a log that cannot be written does not stop the job.

        Args:
            title: Name of the item.
            problem: Why the item failed, or "" if it succeeded.
        """
        self._n_done += 1
        if problem:
            self._n_failed += 1
        self._write_log(title, problem)
        if self._report_done is None:
            return
        self._report_done(Progress(self._stage, self._n_done, self._total))
        if not sys.stderr.isatty():
            self._print_line()

    def _write_log(self, title: str, problem: str) -> None:
        entry = {"time": time.time(), "path": title, "error": problem or None, "done": self._n_done, "of": self._total}
        with suppress(OSError):
            if self._log_file is not None:
                self._log_file.write(json.dumps(entry) + "\n")
                self._log_file.flush()

    def _print_line(self) -> None:
        """Print the counts to stderr if the last line is old enough, or all items are done."""
        now_s = self._clock()
        n_left = self._total - self._n_done
        if n_left > 0 and now_s - self._last_line_s < LINE_INTERVAL_S:
            return
        self._last_line_s = now_s
        failures = f", {self._n_failed} failed" if self._n_failed else ""
        time_left = ""
        if n_left > 0:
            seconds_per_item = (now_s - self._start_s) / self._n_done
            time_left = f", {format_time_left(seconds_per_item * n_left)}"
        echo(f"{self._n_done} of {self._total} done{failures}{time_left}", err=True)

    def close(self) -> None:
        """Close the log."""
        if self._log_file is not None:
            self._log_file.close()


def _open_log(path: Path) -> IO[str]:
    """Open a log to append lines; refuse a file that is no log, such as a video."""
    with os_error_as(ExportError, f"{path} cannot be written"):
        path.parent.mkdir(parents=True, exist_ok=True)
        log_file = path.open("a+", encoding="utf-8", errors="replace")
        if log_file.seekable():
            log_file.seek(0)
            start = log_file.read(len(_LOG_START))
            if start not in {"", _LOG_START}:
                log_file.close()
                raise ExportError(f"{path} is no log of an earlier run, and stays as it is: name another file.")
    return log_file
