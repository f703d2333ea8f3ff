"""``skillviewer study pack-judging`` and ``ranking``: packs of pairs for a browser, and the ranking by votes."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from skillviewer.cli.failures import open_study, print_notices
from skillviewer.cli.options.dataset_options import ONE_CRITERION
from skillviewer.cli.options.values import FILE, PATH
from skillviewer.cli.output import echo
from skillviewer.cli.progress import progress_bar
from skillviewer.core.progress import CancelToken
from skillviewer.core.study_log import LoggedExport
from skillviewer.core.text import counted

if TYPE_CHECKING:
    from skillviewer.core.ranking.report import RankingReport


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

    FOLDER gets a page and clips under random codes, without names, scores, sound and metadata. The study saves the
    meaning of the codes. Import the votes with “study import-votes”.
    """
    from skillviewer.data.study.judging.pack import draw_pack
    from skillviewer.data.study.judging.pack_folder import write_pack

    with open_study(path) as study:
        pack = draw_pack(study, output, raters, pairs)
    with progress_bar(unit="file") as report:
        sentences = write_pack(pack, blur_faces=blur_faces, token=CancelToken(), report=report)
    echo(*sentences)


@click.command()
@click.argument("path", metavar="STUDY", type=PATH)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object (docs/ranking.md).")
@click.option("-o", "--output", type=FILE, help="Write the strengths as .csv or .json.")
@click.option("--force", is_flag=True, help="Replace an existing file.")
@ONE_CRITERION
def ranking(path: Path, criterion: str | None, as_json: bool, output: Path | None, force: bool) -> None:
    """Summarise the votes of STUDY: strengths, agreement, raters, cycles (docs/ranking.md)."""
    from skillviewer.core.ranking.report import ranking_json
    from skillviewer.data.study.ranking_report import study_ranking_report
    from skillviewer.engine.exporting.source_studies import save_in_log
    from skillviewer.export.tables.tables import export_table

    with open_study(path, criterion, read_only=True) as study:
        ranking_report = study_ranking_report(study)
        judgements = study.votes.judgements()
        task_by_video = {video.name: video.task for video in study.videos.all()}
        if study.ratings.all().items:  # votes and ratings may contradict each other
            print_notices(study.dataset().problems)
    if output is not None:
        written_path = export_table("strengths", output, judgements, task_by_video, overwrite=force)
        print_notices(save_in_log(LoggedExport(path, output.name, "strengths")))
        echo(f"{len(ranking_report.ranked_videos)} strengths written to {written_path}", err=True)
    if as_json:
        echo(json.dumps(ranking_json(ranking_report)))
    else:
        echo(
            f"{ranking_report.judged} votes, {ranking_report.skipped} skipped pairs",
            *_strength_lines(ranking_report),
            *_agreement_lines(ranking_report),
            *_rater_lines(ranking_report),
            *_cycle_lines(ranking_report),
        )


def _strength_lines(report: "RankingReport") -> list[str]:
    tasks = list(dict.fromkeys(ranked_video.task for ranked_video in report.ranked_videos))
    width = max((5, *(len(ranked_video.name) for ranked_video in report.ranked_videos)))
    lines = []
    for task in tasks:
        of_task = ""
        if len(tasks) > 1:
            of_task = f" of {task}" if task else " of no task"
        lines += ["", f"rank  {'video':{width}}  strength  error  won  lost  no difference{of_task}"]
        lines += [
            f"{ranked_video.rank:4}  {ranked_video.name:{width}}  {ranked_video.strength:+8.2f}  "
            f"{ranked_video.error:5.2f}  {ranked_video.won:3}  {ranked_video.lost:4}  {ranked_video.neither:13}"
            for ranked_video in report.ranked_videos
            if ranked_video.task == task
        ]
    return lines


def _agreement_lines(report: "RankingReport") -> list[str]:
    lines = ["", report.connectivity]
    if report.nominal_alpha is None or report.ordinal_alpha is None:
        lines.append("No pair was judged by two raters, so their agreement is not known.")
    else:
        lines += [report.nominal_alpha.sentence, report.ordinal_alpha.sentence]
    if report.test_pair_alpha is not None:
        lines.append(f"On the test pairs alone. {report.test_pair_alpha.sentence}")
    if report.split_half is not None:
        lines.append(report.split_half.sentence)
    return lines


def _rater_lines(report: "RankingReport") -> list[str]:
    if not report.raters:
        return []
    width = max(5, *(len(rater.name) for rater in report.raters))
    titles = "votes  left              agreement         consistency       median  misfit (infit; 1 is expected)"
    lines = ["", f"{'rater':{width}}  {titles}"]
    for rater in report.raters:
        shares = [_without_count(share.text) for share in (rater.left, rater.agreement, rater.consistency)]
        cells = "  ".join(f"{share:16}" for share in shares)
        seconds = "–" if rater.median_s is None else f"{rater.median_s:.1f} s"
        misfit = "–" if rater.misfit is None else f"{rater.misfit.infit:.2f}, {rater.misfit.word}"
        lines.append(f"{rater.name:{width}}  {rater.judged:5}  {cells}  {seconds:>6}  {misfit}")
        lines += [f"{'':{width}}  {warning}" for warning in rater.warnings]
    return lines


def _without_count(share_text: str) -> str:
    return share_text.split(" of ", maxsplit=1)[0]


def _cycle_lines(report: "RankingReport") -> list[str]:
    cycles = report.contradictions.cycles
    if not cycles:
        return []
    lines = ["", f"{counted(len(cycles), 'cycle')} in the majorities; judge the weakest link of each again:"]
    for cycle in cycles[:MAX_LISTED_CYCLES]:
        links_text = "; ".join(link.text for link in cycle.links)
        lines.append(f"{links_text}. Again: {cycle.weakest.better} and {cycle.weakest.worse}")
    if len(cycles) > MAX_LISTED_CYCLES:
        lines.append(f"and {len(cycles) - MAX_LISTED_CYCLES} more, which more votes decide: --json has all.")
    return lines
