"""``skillviewer study import-ratings``: a table of ratings for a study."""

from dataclasses import replace
from pathlib import Path

import click

from skillviewer.cli.options.rating_options import RatingOptions, print_account, rating_options
from skillviewer.cli.progress import progress_bar
from skillviewer.core.progress import CancelToken


@click.command("import-ratings")
@click.argument("path", metavar="STUDY", type=click.Path(path_type=Path))
@click.argument("table", type=click.Path(path_type=Path, dir_okay=False))
@click.option(
    "--videos",
    type=click.Path(path_type=Path, file_okay=False),
    help="Add the rated videos of this folder; without it, the table rates the study's own.",
)
@rating_options
@click.option("--rating-rule", help="Set the rule for pairs: detectable, steps:K or points:D.")
@click.option("--criterion", help="Set the item that pairs are made of.")
def import_ratings_into(
    path: Path, table: Path, videos: Path | None, options: RatingOptions, rating_rule: str | None, criterion: str | None
) -> None:
    """Import a TABLE of ratings (.csv, .tsv, .xlsx) into STUDY; a second time imports nothing new.

    The columns are guessed, printed, and changed by options; their meaning is kept in the study. A rating that differs
    from one of the same video, rater, item and occasion replaces it. For two videos with votes, the votes count.
    """
    from skillviewer.data.ratings.rated_folder import open_table
    from skillviewer.data.study import Study
    from skillviewer.data.study.exchange.rating_import import add_ratings, open_study_table

    with Study.open(path) as opened:
        for notice in opened.notices:
            click.echo(f"skillviewer: {notice}", err=True)
        settings = opened.settings
        if rating_rule is not None:
            settings = replace(settings, rating_rule=rating_rule)
        if criterion is not None:
            settings = replace(settings, criterion=criterion)
        reading = options.reading()
        there = open_study_table(opened, table, *reading) if videos is None else open_table(table, videos, *reading)
        with progress_bar(unit="file") as report:
            done = add_ratings(opened, there, options.mapping(there), CancelToken(), report)
        if criterion is not None:
            opened.ratings.all().scale(criterion)
        opened.settings = settings
        problems = opened.dataset().problems
    came = done.came
    print_account(done.rated, options.doubts(there))
    for problem in (*came.problems, *problems):
        click.echo(f"skillviewer: {problem}", err=True)
    people = f", participants of {came.people} known videos" if came.people else ""
    click.echo(f"new: {came.videos} videos, {came.ratings} ratings{people}")
