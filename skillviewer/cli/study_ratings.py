"""``skillviewer study import-ratings``: a table of ratings comes into a study."""

from dataclasses import replace
from pathlib import Path

import click

from skillviewer.cli.options.rating_options import RatingOptions, rating_options, told
from skillviewer.cli.progress import progress_bar
from skillviewer.core.progress import CancelToken


@click.command("import-ratings")
@click.argument("path", metavar="STUDY", type=click.Path(path_type=Path))
@click.argument("table", type=click.Path(path_type=Path, dir_okay=False))
@click.option(
    "--videos",
    type=click.Path(path_type=Path, file_okay=False),
    help="A folder of videos that join the study where the table names them; else it speaks of the study's own.",
)
@rating_options
@click.option("--rating-rule", help="How ratings become pairs from now on: detectable, steps:K or points:D.")
@click.option("--criterion", help="The item that counts from now on.")
def import_ratings_into(
    path: Path,
    table: Path,
    videos: Path | None,
    options: RatingOptions,
    rating_rule: str | None,
    criterion: str | None,
) -> None:
    """Bring a TABLE of ratings (.csv, .tsv, .xlsx) into STUDY; a second time brings nothing new.

    The columns are guessed, told, and changed by options; what they mean is kept in the study. A rating that differs
    from one of the same video, rater, item and occasion takes its place. Votes and ratings stand together:
    where raters judged two videos, the votes count.
    """
    from skillviewer.data.ratings.rated_folder import open_table
    from skillviewer.data.study import Study
    from skillviewer.data.study.exchange.rating_import import add_ratings, add_with_files, read_for, study_table

    with Study.open(path) as opened:
        for notice in opened.notices:
            click.echo(f"skillviewer: {notice}", err=True)
        before = opened.settings
        settings = replace(
            before,
            rating_rule=before.rating_rule if rating_rule is None else rating_rule,
            criterion=before.criterion if criterion is None else criterion,
        )
        if videos is None:
            rows, mapping, doubts = study_table(opened, table, options.stated(), options.sheet, options.titles_row)
            rated = read_for(opened, rows, options.changed(mapping, rows))
            came = add_ratings(opened, rows, rated)
        else:
            there = open_table(table, videos, options.stated(), options.sheet, options.titles_row)
            doubts = there.doubts
            with progress_bar(unit="file") as report:
                rated, came = add_with_files(
                    opened, there, options.changed(there.mapping, there.table), CancelToken(), report
                )
        if criterion is not None:
            opened.ratings.all().scale(criterion)
        opened.settings = settings
        problems = opened.dataset().problems
    told(rated, doubts if options.items is None else ())
    for problem in (*came.problems, *problems):
        click.echo(f"skillviewer: {problem}", err=True)
    people = f", who is in {came.people} known videos" if came.people else ""
    click.echo(f"new: {came.videos} videos, {came.ratings} ratings{people}")
