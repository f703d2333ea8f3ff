"""``skillviewer data import`` and ``data frames``: data sets from rated tables, videos from numbered pictures."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from skillviewer.cli.options.numbers import Finite
from skillviewer.cli.options.rating_options import RatingOptions, rating_options, told
from skillviewer.cli.progress import progress_bar
from skillviewer.core.errors import DatasetError, SkillViewerError
from skillviewer.core.progress import CancelToken, Progress


@click.command("import")
@click.argument("table", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--videos", type=click.Path(path_type=Path, file_okay=False), help="Where the videos lie.")
@rating_options
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Folder to write; without it nothing is.")
@click.option("--force", is_flag=True, help="Write over a table, mapping and account that are there.")
@click.option("--json", "as_json", is_flag=True, help="Mapping and account as JSON.")
def import_ratings(
    table: Path, videos: Path | None, options: RatingOptions, output: Path | None, force: bool, as_json: bool
) -> None:
    """Make a data set of a TABLE of ratings (.csv, .tsv, .xlsx) and the videos that it names.

    The columns are guessed, told, and changed by options. Every row is used or set aside with its reason. What is
    written opens with train, evaluate and data inspect; the table itself stays as it is.
    """
    from skillviewer.data.ratings.rated_folder import open_table, write_folder

    opened = open_table(table, videos, options.stated(), options.sheet, options.titles_row)
    if not opened.files.stems:
        raise DatasetError(f"There is no video in {opened.files.folder}: state the folder of the videos (--videos).")
    mapping = options.changed(opened.mapping, opened.table)
    rated, _ = opened.read(mapping)
    doubts = opened.doubts if options.items is None and not options.levels else ()
    if output is not None:
        write_folder(opened, rated, output, overwrite=force)
    if as_json:
        click.echo(json.dumps(_json(rated), indent=1))
        return
    told(rated, doubts)
    if output is not None:
        click.echo(str(output))


def _json(rated: Any) -> dict[str, object]:  # noqa: ANN401 - RatedTable, which is imported late
    import msgspec

    account = rated.account
    return {
        "mapping": msgspec.to_builtins(rated.mapping),
        "rows": [asdict(row) | {"used": row.used} for row in account.rows],
        "used": account.used,
        "set_aside": account.set_aside,
        "ratings": account.taken,
        "unrated": list(account.unrated),
        "notices": list(account.notices),
    }


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
