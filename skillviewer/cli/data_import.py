"""``skillviewer data import``: a table of ratings and a folder of videos become a data set."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from skillviewer.cli.rating_options import RatingOptions, rating_options, told
from skillviewer.core.errors import DatasetError


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
