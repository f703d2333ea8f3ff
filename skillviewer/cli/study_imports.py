"""``skillviewer study import-...``: import of ratings, timelines, and answers of judging pages into a study."""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from skillviewer.cli.failures import open_study, print_notices
from skillviewer.cli.options.help import GroupedCommand
from skillviewer.cli.options.rating_options import RatingOptions, print_import_report, rating_options
from skillviewer.cli.options.values import FILE, FOLDER, PATH
from skillviewer.cli.output import echo
from skillviewer.cli.progress import progress_bar
from skillviewer.core.errors import VideoError
from skillviewer.core.progress import CancelToken
from skillviewer.core.text import counted, printable

if TYPE_CHECKING:
    from skillviewer.data.study.exchange.timeline_import import TierUse


@click.command("import-ratings", cls=GroupedCommand)
@click.argument("path", metavar="STUDY", type=PATH)
@click.argument("table", type=FILE)
@click.option(
    "--videos", type=FOLDER, help="Add the rated videos of this folder.  [default: the table rates the study's videos]"
)
@rating_options
@click.option("--rating-rule", help="Set the rule for pairs: detectable, steps:K or points:D.")
@click.option("--criterion", help="Set the item that pairs are made of.")
@click.option(
    "--withdraw-missing",
    is_flag=True,
    help="Withdraw earlier ratings whose cell is now empty or rejected, and those that an earlier table of this name "
    "had and this one has not.  [default: they stay, and are listed]",
)
def import_ratings_into(
    path: Path,
    table: Path,
    videos: Path | None,
    options: RatingOptions,
    rating_rule: str | None,
    criterion: str | None,
    *,
    withdraw_missing: bool,
) -> None:
    """Import a TABLE of ratings (.csv, .tsv, .xlsx) into STUDY; a second time imports nothing new.

    The columns are guessed and printed; options change them, and the study saves their meaning. A rating that differs
    from one of the same video, rater, item and occasion replaces it. For two videos with votes, the votes count.
    """
    from skillviewer.data.ratings.mapped_table import open_table
    from skillviewer.data.study.exchange.rating_import import (
        add_ratings,
        describe_remaining_ratings,
        open_study_table,
        ratings_without_successor,
    )

    with open_study(path) as study:
        settings = study.settings
        if rating_rule is not None:
            settings = replace(settings, rating_rule=rating_rule)
        if criterion is not None:
            settings = replace(settings, criterion=criterion)
        earlier_mapping = options.earlier_mapping()
        if videos is None:
            mapped_table = open_study_table(study, table, earlier_mapping, options.sheet, titles_row=options.header_row)
        else:
            mapped_table = open_table(table, videos, earlier_mapping, options.sheet, titles_row=options.header_row)
        mapping = options.mapping(mapped_table)
        if not withdraw_missing:
            left = ratings_without_successor(study, mapped_table.read(mapping)[0], table.name)
            if left:
                advice = "Correct the table, or withdraw them with --withdraw-missing."
                print_notices((printable(f"{describe_remaining_ratings(left)} {advice}"),))
        with progress_bar(unit="file") as report:
            rating_import = add_ratings(
                study, mapped_table, mapping, token=CancelToken(), report=report, withdraw_missing=withdraw_missing
            )
        if criterion is not None:
            study.ratings.all().scale(criterion)  # raises an error if no rating is of the criterion
        study.settings = settings
        problems = study.dataset().problems
    ratings_added = rating_import.import_result
    print_import_report(rating_import.parsed_ratings, mapped_table.table.titles, options.ambiguities(mapped_table))
    print_notices((*ratings_added.problems, *problems))
    text = f"new: {counted(ratings_added.n_videos, 'video')}, {counted(ratings_added.n_ratings, 'rating')}"
    if rating_import.added_ratings.withdrawn_ids:
        text += f", {counted(len(rating_import.added_ratings.withdrawn_ids), 'earlier rating')} withdrawn"
    if ratings_added.n_participants:
        text += f", participants of {ratings_added.n_participants} known videos"
    if rating_import.notes:
        text += f", {counted(len(rating_import.notes), 'note')}, {counted(len(rating_import.moments), 'moment')}"
    echo(text)


@click.command("import-timeline")
@click.argument("path", metavar="STUDY", type=PATH)
@click.argument("timeline", metavar="FILE", type=FILE)
@click.option("--video", required=True, help="Name of the video in the study.")
@click.option(
    "--tier",
    "tiers",
    multiple=True,
    help="Import only this tier; repeatable. TIER=MEANING, such as TIER=attempts, overrides --as for the tier.",
)
@click.option(
    "--as",
    "meaning",
    type=click.Choice(["moments", "notes", "attempts", "phases"]),
    default="moments",
    show_default=True,
    help="Meaning of the tiers: phases are parts of the video whose text is their task.",
)
@click.option(
    "--observation",
    "observations",
    multiple=True,
    help="Read this observation of a BORIS project; repeatable.  [default: the observations that play the video]",
)
@click.option("--encoding", default="", help="Encoding of subtitles that are not in UTF-8: gb18030, windows-1252, ...")
@click.option("--author", default="", help="Author of annotations that state none.")
@click.option("--list", "only_list", is_flag=True, help="List the tiers and observations, and import nothing.")
def import_timeline(
    path: Path,
    timeline: Path,
    video: str,
    tiers: tuple[str, ...],
    meaning: str,
    observations: tuple[str, ...],
    encoding: str,
    author: str,
    only_list: bool,
) -> None:
    """Import the annotations of FILE (.eaf, .boris, .TextGrid, .vtt, .srt, .csv) on a video of STUDY.

    A second time imports nothing new. Times count from the first frame of the video. Unusable annotations are listed
    with the reason, and the others are imported.
    """
    from skillviewer.data.study.exchange.timeline_import import add_timeline
    from skillviewer.data.timelines.timeline_formats import read_timeline
    from skillviewer.media.reading.reader import VideoReader

    with open_study(path, read_only=only_list) as study:
        study_video = study.videos.get(video)
        if study_video.path is None:
            raise VideoError(f"The file of “{video}” is not where it was: find it with “study relink”.")
        with VideoReader(study_video.path, cache_bytes=0) as reader:
            video_info = reader.info
        contents = read_timeline(timeline, video_info.path.name, observations, encoding)
        print_notices(map(printable, (*contents.warnings, *contents.rejected)))
        n_by_tier = Counter(annotation.tier for annotation in contents.annotations)
        if only_list:
            lines = [f"{n_annotations:7}  {printable(tier)}" for tier, n_annotations in n_by_tier.items()]
            lines += [f"observation: {printable(name)}" for name in contents.observations]
            if not lines:
                lines = [f"It has no annotation of {video_info.path.name}."]
            echo(*lines)
            return
        if contents.observations and not contents.annotations and not observations:
            names = printable(", ".join(contents.observations))
            raise click.UsageError(f"Choose an observation with --observation: {timeline.name} has {names}.")
        if not tiers:
            tiers = tuple(n_by_tier)
        use_by_tier = _tier_uses(tiers, n_by_tier, meaning, timeline.name)
        timeline_added = add_timeline(
            study, video, file=video_info, annotations=contents.annotations, uses=use_by_tier, author=author
        )
    echo(timeline_added.sentence)


def _tier_uses(
    arguments: Sequence[str], tiers: Collection[str], default_meaning: str, file_name: str
) -> "dict[str, TierUse]":
    """Return the meaning of each tier to import.

    Args:
        arguments: Names of tiers, or TIER=MEANING.
        tiers: Names of all tiers in the file.
        default_meaning: Meaning of a tier that is given without one.
        file_name: Name of the timeline, for the error.
    """
    from skillviewer.data.study.exchange.timeline_import import TierUse

    use_by_tier: dict[str, TierUse] = {}
    for argument in arguments:
        tier = argument
        meaning = default_meaning
        if argument not in tiers:
            tier, _, stated_meaning = argument.rpartition("=")
            if stated_meaning:
                meaning = stated_meaning
        if tier not in tiers or meaning not in list(TierUse):
            tiers_text = printable(", ".join(tiers))
            if not tiers_text:
                tiers_text = "none"
            raise click.UsageError(
                f"{file_name} has no tier “{argument}”: it has {tiers_text}; meanings are {', '.join(TierUse)}."
            )
        use_by_tier[tier] = TierUse(meaning)
    return use_by_tier


@click.command("import-votes")
@click.argument("path", metavar="STUDY", type=PATH)
@click.argument("votes", type=PATH)
def import_browser_votes(path: Path, votes: Path) -> None:
    """Import VOTES into STUDY: a file that the page of a pack saved. A second time adds nothing.

    Packs are made by “study pack-judging” (votes) and “study pack-rating” (ratings).
    """
    from skillviewer.data.study.judging.browser_ratings import import_answers

    with open_study(path) as study:
        text = import_answers(study, votes)
    echo(text)
