"""Judging, ratings and annotations of a study on the command line: packs, their votes, tables, timelines, results."""

import json
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from skillviewer.cli.failures import open_study, say
from skillviewer.cli.options.dataset_options import ONE_CRITERION
from skillviewer.cli.options.help import HelpfulCommand
from skillviewer.cli.options.rating_options import RatingOptions, print_import_report, rating_options
from skillviewer.cli.options.values import FILE, FOLDER, PATH
from skillviewer.cli.output import echo
from skillviewer.cli.progress import progress_bar
from skillviewer.core.errors import VideoError
from skillviewer.core.progress import CancelToken
from skillviewer.core.study_log import LoggedExport
from skillviewer.core.text import counted, printable

if TYPE_CHECKING:
    from skillviewer.core.ranking.report import RankingReport


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


@click.command()
@click.argument("path", metavar="STUDY", type=PATH)
@click.option("--set", "text", help="Set the labels: NAME=KEY or NAME=KEY#RRGGBB, with commas between them.")
@click.option("--reaction-ms", type=click.IntRange(0, 5000), help="Set the time that keys come later than events.")
def labels(path: Path, text: str | None, reaction_ms: int | None) -> None:
    """Show, or set, the labels of moments of STUDY, and count them (docs/timelines.md).

    “export table labels” has the counts by video, and “export table label-agreement” kappa over time.
    """
    from skillviewer.core.timelines.labels import labels_from

    stated = {"labels": text, "reaction_ms": reaction_ms}
    changes: dict[str, Any] = {name: value for name, value in stated.items() if value is not None}
    with open_study(path, read_only=not changes) as opened:
        if changes:
            opened.settings = replace(opened.settings, **changes)
        settings = opened.settings
        counts = Counter(moment.label for moment in opened.annotations.moments())
    for label in labels_from(settings.labels):
        echo(f"{label.key}  {counts[label.name]:6}  {printable(label.name)}  {label.colour}".rstrip())
    echo(f"reaction time: {settings.reaction_ms} ms")


MAX_LISTED_CYCLES = 20
"""Largest number of cycles that are listed."""


@click.command("pack-judging")
@click.argument("path", metavar="STUDY", type=PATH)
@click.option("-o", "--output", required=True, metavar="FOLDER", type=PATH, help="New folder for the page and clips.")
@click.option("--rater", "raters", multiple=True, required=True, help="Name or initials of a rater; repeatable.")
@click.option(
    "--pairs",
    type=click.IntRange(1, 5000),
    help="Number of pairs for each rater.  [default: as many as the study's target needs]",
)
@click.option("--blur-faces", is_flag=True, help="Blur faces: an aid, no guarantee.")
def pack_judging(path: Path, output: Path, raters: tuple[str, ...], pairs: int | None, blur_faces: bool) -> None:
    """Pack pairs of STUDY for judging in any browser, without an installation or a network (docs/judging.md).

    FOLDER gets a page and clips under random codes, without names, scores, sound and metadata. The study keeps what the
    codes stand for; “study import-votes” takes the votes.
    """
    from skillviewer.data.study.judging.pack import draw_pack, write_pack

    with open_study(path) as opened:
        drawn = draw_pack(opened, output, raters, pairs)
    with progress_bar(unit="file") as report:
        lines = write_pack(drawn, blur_faces=blur_faces, token=CancelToken(), report=report)
    echo(*lines)


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


@click.command()
@click.argument("path", metavar="STUDY", type=PATH)
@click.option("--json", "as_json", is_flag=True, help="One JSON object, as docs/ranking.md says.")
@click.option("-o", "--output", type=FILE, help="Write the strengths as .csv or .json.")
@click.option("--force", is_flag=True, help="Replace a file that is there.")
@ONE_CRITERION
def ranking(path: Path, criterion: str | None, as_json: bool, output: Path | None, force: bool) -> None:
    """Summarise the votes of STUDY: strengths, agreement, raters, cycles (docs/ranking.md)."""
    from skillviewer.core.ranking.report import ranking_json
    from skillviewer.data.study.ranking import report
    from skillviewer.engine.exporting.study_context import save_in_log
    from skillviewer.export.tables.tables import export_table

    with open_study(path, criterion, read_only=True) as opened:
        ranking = report(opened)
        judgements = opened.votes.judgements()
        tasks = {video.name: video.task for video in opened.videos.all()}
        say(opened.dataset().problems if opened.ratings.all().items else ())  # where they contradict the ratings
    if output is not None:
        written = export_table("strengths", output, judgements, tasks, overwrite=force)
        say(save_in_log(LoggedExport(path, output.name, "strengths")))
        echo(f"{len(ranking.ranked_videos)} strengths written to {written}", err=True)
    if as_json:
        echo(json.dumps(ranking_json(ranking)))
    else:
        echo(*_lines(ranking))


def _lines(report: "RankingReport") -> list[str]:
    lines = [f"{report.judged} votes, {report.skipped} skipped pairs"]
    tasks = list(dict.fromkeys(ranked.task for ranked in report.ranked_videos))
    width = max((5, *(len(ranked.name) for ranked in report.ranked_videos)))
    for task in tasks:
        of_task = f" of {task or 'no task'}" if len(tasks) > 1 else ""
        lines += ["", f"rank  {'video':{width}}  strength  error  won  lost  no difference{of_task}"]
        lines += [
            f"{ranked.rank:4}  {ranked.name:{width}}  {ranked.strength:+8.2f}  {ranked.error:5.2f}  "
            f"{ranked.won:3}  {ranked.lost:4}  {ranked.neither:13}"
            for ranked in report.ranked_videos
            if ranked.task == task
        ]
    lines += ["", report.connectivity]
    if report.nominal is None or report.ordinal is None:
        lines.append("No pair was judged by two raters, so their agreement is not known.")
    else:
        lines += [report.nominal.sentence, report.ordinal.sentence]
    if report.on_test is not None:
        lines.append(f"On the test pairs alone. {report.on_test.sentence}")
    if report.split_half is not None:
        lines.append(report.split_half.sentence)
    if report.raters:
        width = max(5, *(len(rater.name) for rater in report.raters))
        titles = "votes  left              agreement         consistency       median  misfit (infit; 1 is expected)"
        lines += ["", f"{'rater':{width}}  {titles}"]
    for rater in report.raters:
        shares = "  ".join(
            f"{text.split(' of ', maxsplit=1)[0]:16}"
            for text in (rater.left.text, rater.agreement.text, rater.consistency.text)
        )
        seconds = "–" if rater.median_s is None else f"{rater.median_s:.1f} s"
        misfit = "–" if rater.misfit is None else f"{rater.misfit.infit:.2f}, {rater.misfit.word}"
        lines.append(f"{rater.name:{width}}  {rater.judged:5}  {shares}  {seconds:>6}  {misfit}")
        lines += [f"{'':{width}}  {warning}" for warning in rater.warnings]
    cycles = report.contradictions.cycles
    if cycles:
        lines += ["", f"{counted(len(cycles), 'cycle')} in the majorities; judge the weakest link of each again:"]
    for cycle in cycles[:MAX_LISTED_CYCLES]:
        weakest = cycle.weakest
        lines.append(f"{'; '.join(link.text for link in cycle.links)}. Again: {weakest.better} and {weakest.worse}")
    if len(cycles) > MAX_LISTED_CYCLES:
        lines.append(f"and {len(cycles) - MAX_LISTED_CYCLES} more, which more votes decide: --json has all.")
    return lines
