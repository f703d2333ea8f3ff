"""``skillviewer data frames``: folders of numbered pictures become videos."""

from pathlib import Path

import click

from skillviewer.cli.options.numbers import Finite
from skillviewer.cli.progress import progress_bar
from skillviewer.core.errors import SkillViewerError
from skillviewer.core.progress import CancelToken, Progress


@click.command("frames")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--rate", "rate_hz", type=Finite(0.1, 1000), required=True, help="Pictures a second.")
@click.option("-o", "--output", type=click.Path(path_type=Path, file_okay=False), required=True, help="Where to.")
@click.option("--force", is_flag=True, help="Write videos again that are there.")
def frames(folder: Path, rate_hz: float, output: Path, force: bool) -> int:
    """Write each folder of numbered JPG or PNG pictures below FOLDER as a video of the same name.

    A number that is missing shows the picture before it for longer. Videos that are there stay; an import that was
    stopped goes on.
    """
    from skillviewer.media.frame_folders import frame_folders, write_frames

    found, problems = frame_folders(folder)
    written = kept = 0
    with progress_bar(unit="video") as report:
        for done, one in enumerate(found):
            report(Progress("writing videos", done, len(found)))
            target = output / f"{one.name}.mp4"
            if target.exists() and not force:
                kept += 1
                continue
            try:
                for told in write_frames(one, target, rate_hz, CancelToken(), overwrite=force):
                    click.echo(f"  ! {told}", err=True)
                written += 1
            except SkillViewerError as error:
                problems.append(str(error))
        report(Progress("writing videos", len(found), len(found)))
    for problem in problems:
        click.echo(f"skillviewer: {problem}", err=True)
    if not found and not problems:
        click.echo(f"skillviewer: No folder below {folder} holds two numbered pictures (.jpg, .png).", err=True)
        return 1
    click.echo(f"{written} videos written, {kept} were there, {len(problems)} could not be made")
    return 1 if problems else 0
