"""Progress on a terminal, to stderr, so that results on stdout stay clean."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from tqdm import tqdm

from skillviewer.core.progress import Progress, Report


@contextmanager
def progress_bar(*, unit: str = "", unit_scale: bool = False) -> Iterator[Report]:
    """Show a job's progress as a bar, if stderr is a terminal; a new stage begins a new bar.

    Args:
        unit: Unit of the count.
        unit_scale: Whether to write 12M for 12,000,000.

    Yields:
        The report function to hand to the job.
    """
    bar: tqdm | None = None
    stage = ""

    def report(progress: Progress) -> None:
        nonlocal bar, stage
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
