"""``skillviewer data import`` and ``data frames``: data sets from rated tables, videos from numbered pictures."""

import json
from dataclasses import asdict
from pathlib import Path

import click

from skillviewer.cli.options.numbers import Finite
from skillviewer.cli.options.rating_options import RatingOptions, print_account, rating_options
from skillviewer.cli.progress import progress_bar
from skillviewer.core.errors import DatasetError, SkillViewerError
from skillviewer.core.progress import CancelToken, Progress


@click.command("import")
@click.argument("table", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--videos", type=click.Path(path_type=Path, file_okay=False), help="Folder of the videos.")
@rating_options
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Folder to write; without it, only print.")
@click.option("--force", is_flag=True, help="Replace an existing table, mapping and account.")
@click.option("--json", "as_json", is_flag=True, help="Print mapping and account as JSON.")
def import_ratings(
    table: Path, videos: Path | None, options: RatingOptions, output: Path | None, force: bool, as_json: bool
) -> None:
    """Make a data set from a TABLE of ratings (.csv, .tsv, .xlsx) and its videos.

    The columns are guessed, printed, and changed by options. Every row is used, or set aside with its reason. The
    result opens with train, evaluate and data inspect; the table itself stays as it is.
    """
    import msgspec

    from skillviewer.data.ratings.joining import StudyJoin
    from skillviewer.data.ratings.rated_folder import open_table, write_folder

    opened = open_table(table, videos, *options.reading())
    if not isinstance(opened.files, StudyJoin) and not opened.files.stems:
        raise DatasetError(f"There is no video in {opened.files.folder}: state the folder of the videos (--videos).")
    rated, _ = opened.read(options.mapping(opened))
    if output is not None:
        write_folder(opened, rated, output, overwrite=force)
    if not as_json:
        print_account(rated, options.doubts(opened))
        if output is not None:
            click.echo(str(output))
        return
    account = rated.account
    content = {
        "mapping": msgspec.to_builtins(rated.mapping),
        "rows": [asdict(row) | {"used": row.used} for row in account.rows],
        "used": account.used,
        "set_aside": account.set_aside,
        "ratings": account.taken,
        "unrated": list(account.unrated),
        "notices": list(account.notices),
    }
    click.echo(json.dumps(content, indent=1))


@click.command("frames")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--rate", "rate_hz", type=Finite(0.1, 1000), required=True, help="Pictures per second.")
@click.option(
    "-o", "--output", type=click.Path(path_type=Path, file_okay=False), required=True, help="Folder to write."
)
@click.option("--force", is_flag=True, help="Replace existing videos.")
def frames(folder: Path, rate_hz: float, output: Path, force: bool) -> int:
    """Write each folder of numbered JPG or PNG pictures below FOLDER as a video of the same name.

    At a missing number the previous picture is shown for longer. Existing videos are kept, so that the same command
    continues after a stop.
    """
    from skillviewer.media.writing.frame_folders import frame_folders, write_frames

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
                for notice in write_frames(one, target, rate_hz, CancelToken(), overwrite=force):
                    click.echo(f"  ! {notice}", err=True)
                written += 1
            except SkillViewerError as error:
                problems.append(str(error))
        report(Progress("writing videos", len(found), len(found)))
    if not found and not problems:
        problems.append(f"No folder below {folder} holds two numbered pictures (.jpg, .png).")
    for problem in problems:
        click.echo(f"skillviewer: {problem}", err=True)
    click.echo(f"{written} videos written, {kept} were there, {len(problems)} could not be made")
    return 1 if problems else 0
