"""``skillviewer [FILES]``: opening of the window."""

from pathlib import Path

import click

from skillviewer.cli.options.values import PATH
from skillviewer.core.crash_report import watch_crashes
from skillviewer.core.paths import log_dir


@click.command()
@click.argument("files", nargs=-1, type=PATH)
@click.option("--model", help="Checkpoint: a name or a folder.")
def window(files: tuple[Path, ...], model: str | None) -> int:
    """Open the window, on FILES if any are given: videos, folders, a study, an archive of a study, checkpoints."""
    with watch_crashes(log_dir()) as crashed:
        from skillviewer.ui.app import run

        return run(files, model=model, crashed=crashed)
