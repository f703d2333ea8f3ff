"""Progress, to stderr, so that results on stdout stay clean: a bar on a terminal, and lines elsewhere."""

import json
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

import click
from tqdm import tqdm

from skillviewer.core.errors import ExportError, reason_told
from skillviewer.core.progress import Progress, Report

EVERY_S = 30.0
"""Seconds between two lines where there is no terminal."""


@contextmanager
def progress_bar(*, unit: str = "", unit_scale: bool = False) -> Iterator[Report]:
    """Show a job's progress as a bar, if stderr is a terminal; a new stage begins a new bar.

    ``unit`` is that of the count; with ``unit_scale``, 12M stands for 12,000,000. Sentences, as values, become lines.

    Yields:
        The report function to hand to the job.
    """
    bar: tqdm | None = None
    stage = ""

    def report(progress: Progress) -> None:
        nonlocal bar, stage
        if isinstance(progress.value, str):
            with tqdm.external_write_mode():
                click.echo(progress.value, err=True)
        if bar is None or progress.stage != stage:
            if bar is not None:
                bar.close()
            stage = progress.stage
            bar = tqdm(
                desc=stage,
                total=progress.total or None,
                unit=unit,
                unit_scale=unit_scale,
                file=sys.stderr,
                disable=not sys.stderr.isatty(),
                leave=False,
                dynamic_ncols=True,
            )
        bar.n = progress.done
        bar.refresh()

    try:
        yield report
    finally:
        if bar is not None:
            bar.close()


class BatchReport:
    """Report of a run of many pieces of work: to a bar, in lines where there is no terminal, and in a log.

    Args:
        total: Number of pieces.
        bar: Shows progress on a terminal, or None where a single piece does that itself.
        log: File that gets a line of JSON for every piece, or None.
        clock: Returns seconds.

    Raises:
        ExportError: The log cannot be written.
    """

    def __init__(
        self, total: int, bar: Report | None, log: Path | None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._total, self._bar, self._clock = total, bar, clock
        self._done = self._failed = 0
        self._started = self._told = clock()
        self._log: IO[str] | None = None
        if log is not None:
            with reason_told(ExportError, f"{log} cannot be written"):
                log.parent.mkdir(parents=True, exist_ok=True)
                self._log = log.open("a+", encoding="utf-8", errors="replace")
                if self._log.seekable():
                    self._log.seek(0)
                    if self._log.read(9) not in {"", '{"time": '}:  # a video, say
                        self._log.close()
                        raise ExportError(f"{log} is no log of an earlier run, and stays as it is: name another file.")

    def piece(self, title: str, problem: str) -> None:
        """Count a piece of work, whose problem is "" if it succeeded; a log that cannot be written stops nothing."""
        self._done += 1
        self._failed += bool(problem)
        now = self._clock()
        facts = {"time": time.time(), "path": title, "error": problem or None, "done": self._done, "of": self._total}
        with suppress(OSError):
            if self._log is not None:
                self._log.write(json.dumps(facts) + "\n")
                self._log.flush()
        if self._bar is None:
            return
        self._bar(Progress("scoring", self._done, self._total))
        if not sys.stderr.isatty() and (now - self._told >= EVERY_S or self._done == self._total):
            self._told = now
            left_s = (now - self._started) / self._done * (self._total - self._done)
            failures = f", {self._failed} failed" if self._failed else ""
            left = f", about {left_s / 60:.0f} min left" if self._done < self._total else ""
            click.echo(f"{self._done} of {self._total} done{failures}{left}", err=True)

    def close(self) -> None:
        """Close the log."""
        if self._log is not None:
            self._log.close()
