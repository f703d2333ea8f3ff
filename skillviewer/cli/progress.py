"""Progress, to stderr, so that results on stdout stay clean: a bar on a terminal, and lines elsewhere."""

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

EVERY_S = 30.0
"""Seconds between two lines where there is no terminal."""


def format_left(seconds: float) -> str:
    """Return a time left in suitable units: "about 40 s left", "about 3 min left", "about 2 h 5 min left"."""
    if seconds < 59.5:
        return f"about {seconds:.0f} s left"
    hours, minutes = divmod(max(round(seconds / 60), 1), 60)
    return f"about {hours} h {minutes} min left" if hours else f"about {minutes} min left"


@contextmanager
def progress_bar(
    *, unit: str = "", unit_scale: bool = False, clock: Callable[[], float] = time.monotonic
) -> Iterator[Report]:
    """Show a job's progress: as a bar on a terminal, else in a line every half minute, with the time left.

    A new stage begins a new bar. ``unit`` is that of the count; with ``unit_scale``, 12M stands for 12,000,000.
    Sentences, as values, become lines. ``clock`` returns seconds.

    Yields:
        The report function to hand to the job.
    """
    bar: tqdm | None = None
    stage = ""
    terminal = sys.stderr.isatty()
    left = TimeLeft(clock)
    told_s = clock()

    def report(progress: Progress) -> None:
        nonlocal bar, stage, told_s
        if isinstance(progress.value, str):
            with tqdm.external_write_mode():
                echo(progress.value, err=True)
        if bar is None or progress.stage != stage:
            if bar is not None:
                bar.close()
            stage = progress.stage
            bar = tqdm(
                desc=printable(stage),
                total=progress.total or None,
                unit=unit,
                unit_scale=unit_scale,
                file=sys.stderr,
                disable=not terminal,
                leave=False,
                dynamic_ncols=True,
            )
        bar.n = progress.done
        bar.refresh()
        left_s = left.estimate(progress)
        if not terminal and progress.total and clock() - told_s >= EVERY_S:
            told_s = clock()
            time_left = f", {format_left(left_s)}" if left_s is not None and progress.done < progress.total else ""
            echo(f"{stage}: {100 * progress.done / progress.total:.0f} %{time_left}", err=True)

    try:
        yield report
    finally:
        if bar is not None:
            bar.close()


class BatchReport:
    """Report of a run of many pieces of work: to a bar, in lines where there is no terminal, and in a log.

    Args:
        total: Number of pieces.
        bar: Shows progress on a terminal, or None if a single piece does that itself.
        log: File that gets a line of JSON for every piece, or None.
        stage: The work, in a word or two.
        clock: Returns seconds.

    Raises:
        ExportError: The log cannot be written.
    """

    def __init__(
        self,
        total: int,
        bar: Report | None,
        log: Path | None,
        clock: Callable[[], float] = time.monotonic,
        stage: str = "scoring",
    ) -> None:
        self._stage = stage
        self._total = total
        self._bar = bar
        self._clock = clock
        self._n_done = self._failed = 0
        self._started = self._reported_s = clock()
        self._log: IO[str] | None = None
        if log is not None:
            with os_error_as(ExportError, f"{log} cannot be written"):
                log.parent.mkdir(parents=True, exist_ok=True)
                self._log = log.open("a+", encoding="utf-8", errors="replace")
                if self._log.seekable():
                    self._log.seek(0)
                    if self._log.read(9) not in {"", '{"time": '}:  # a video, say
                        self._log.close()
                        raise ExportError(f"{log} is no log of an earlier run, and stays as it is: name another file.")

    def finish(self, title: str, problem: str) -> None:
        """Count a piece of work, whose problem is "" if it succeeded; a log that cannot be written stops nothing."""
        self._n_done += 1
        self._failed += bool(problem)
        now = self._clock()
        facts = {"time": time.time(), "path": title, "error": problem or None, "done": self._n_done, "of": self._total}
        with suppress(OSError):
            if self._log is not None:
                self._log.write(json.dumps(facts) + "\n")
                self._log.flush()
        if self._bar is None:
            return
        self._bar(Progress(self._stage, self._n_done, self._total))
        if not sys.stderr.isatty() and (now - self._reported_s >= EVERY_S or self._n_done == self._total):
            self._reported_s = now
            left_s = (now - self._started) / self._n_done * (self._total - self._n_done)
            failures = f", {self._failed} failed" if self._failed else ""
            left = f", {format_left(left_s)}" if self._n_done < self._total else ""
            echo(f"{self._n_done} of {self._total} done{failures}{left}", err=True)

    def close(self) -> None:
        """Close the log."""
        if self._log is not None:
            self._log.close()
