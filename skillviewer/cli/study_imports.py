"""Import of ratings, timelines and answers of judging pages into a study, on the command line."""

from collections import Counter
from dataclasses import replace
from pathlib import Path

import click

from skillviewer.cli.failures import open_study, say
from skillviewer.cli.options.help import HelpfulCommand
from skillviewer.cli.options.rating_options import RatingOptions, print_import_report, rating_options
from skillviewer.cli.options.values import FILE, FOLDER, PATH
from skillviewer.cli.output import echo
from skillviewer.cli.progress import progress_bar
from skillviewer.core.errors import VideoError
from skillviewer.core.progress import CancelToken
from skillviewer.core.text import counted, printable


@click.command("import-ratings", cls=HelpfulCommand)
@click.argument("path", metavar="STUDY", type=PATH)
@click.argument("table", type=FILE)
@click.option(
    "--videos", type=FOLDER, help="Add the rated videos of this folder; without it, the table rates the study's own."
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
    from skillviewer.data.ratings.mapped_table import open_table
    from skillviewer.data.study.exchange.rating_import import add_ratings, open_study_table

    with open_study(path) as opened:
        settings = opened.settings
        if rating_rule is not None:
            settings = replace(settings, rating_rule=rating_rule)
        if criterion is not None:
            settings = replace(settings, criterion=criterion)
        reading = options.reading()
        if videos is None:
            rating_table = open_study_table(opened, table, *reading)
        else:
            rating_table = open_table(table, videos, *reading)
        with progress_bar(unit="file") as report:
            imported = add_ratings(opened, rating_table, options.mapping(rating_table), CancelToken(), report)
        if criterion is not None:
            opened.ratings.all().scale(criterion)
        opened.settings = settings
        problems = opened.dataset().problems
    added = imported.added
    print_import_report(imported.rated, rating_table.table.titles, options.ambiguities(rating_table))
    say((*added.problems, *problems))
    participants = f", participants of {added.participants} known videos" if added.participants else ""
    annotations = (
        f", {counted(len(imported.notes), 'note')}, {counted(len(imported.moments), 'moment')}"
        if imported.notes
        else ""
    )
    echo(f"new: {counted(added.videos, 'video')}, {counted(added.ratings, 'rating')}{participants}{annotations}")


@click.command("import-timeline")
@click.argument("path", metavar="STUDY", type=PATH)
@click.argument("timeline", metavar="FILE", type=FILE)
@click.option("--video", required=True, help="Name of the video in the study.")
@click.option(
    "--tier",
    "tiers",
    multiple=True,
    help="Import this tier only; repeatable. TIER=MEANING, such as TIER=attempts, gives it another meaning than --as.",
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
    help="Read this observation of a BORIS project; repeatable.  [default: those that play the video]",
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

    A second time imports nothing new. Times count from the first frame of the video. Annotations that cannot be used
    are listed, each with the reason, and the others are imported.
    """
    from skillviewer.data.study.exchange.timeline_import import TierUse, add_timeline
    from skillviewer.data.timelines.timelines import read_timeline
    from skillviewer.media.reading.reader import VideoReader

    with open_study(path, read_only=only_list) as opened:
        study_video = opened.videos.get(video)
        if study_video.path is None:
            raise VideoError(f"The file of “{video}” is not where it was: find it with “study relink”.")
        with VideoReader(study_video.path, cache_bytes=0) as reader:
            file = reader.info
        contents = read_timeline(timeline, file.path.name, observations, encoding)
        say(map(printable, (*contents.warnings, *contents.rejected)))
        annotations = contents.annotations
        counts = Counter(annotation.tier for annotation in annotations)
        if only_list:
            lines = [f"{count:7}  {printable(tier)}" for tier, count in counts.items()]
            lines += [f"observation: {printable(name)}" for name in contents.observations]
            echo(*(lines or [f"It has no annotation of {file.path.name}."]))
            return
        if contents.observations and not annotations and not observations:
            names = printable(", ".join(contents.observations))
            raise click.UsageError(f"Choose an observation with --observation: {timeline.name} has {names}.")
        uses: dict[str, TierUse] = {}
        for argument in tiers or counts:
            tier = argument
            use = meaning
            if argument not in counts:  # TIER=MEANING
                tier, _, stated = argument.rpartition("=")
                use = stated or meaning
            if tier not in counts or use not in list(TierUse):
                raise click.UsageError(
                    f"{timeline.name} has no tier “{argument}”: it has {printable(', '.join(counts)) or 'none'}; "
                    f"meanings are {', '.join(TierUse)}."
                )
            uses[tier] = TierUse(use)
        added = add_timeline(opened, video, file, annotations, uses, author)
    echo(added.sentence)


@click.command("import-votes")
@click.argument("path", metavar="STUDY", type=PATH)
@click.argument("votes", type=PATH)
def import_browser_votes(path: Path, votes: Path) -> None:
    """Import VOTES, a file that the page of a pack saved, into STUDY; a second time adds nothing.

    The page is that of “study pack-judging” (votes) or “study pack-rating” (ratings).
    """
    from skillviewer.data.study.judging.browser_ratings import import_answers

    with open_study(path) as opened:
        echo(import_answers(opened, votes))
