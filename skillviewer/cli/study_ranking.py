"""``skillviewer study ranking``: results of the votes of a study."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from skillviewer.cli.options.dataset_options import ONE_CRITERION

if TYPE_CHECKING:
    from skillviewer.core.ranking.report import RankingReport

MOST_CIRCLES = 20
"""Cycles that are listed in words."""


@click.command()
@click.argument("path", metavar="STUDY", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="One JSON object, as docs/ranking.md says.")
@click.option(
    "-o", "--output", type=click.Path(path_type=Path, dir_okay=False), help="Write the strengths as .csv or .json."
)
@click.option("--force", is_flag=True, help="Replace a file that is there.")
@ONE_CRITERION
def ranking(path: Path, criterion: str | None, as_json: bool, output: Path | None, force: bool) -> None:
    """Summarise the votes of STUDY: strengths, agreement, raters, cycles (docs/ranking.md)."""
    from skillviewer.core.ranking.report_json import ranking_json
    from skillviewer.data.study import Study
    from skillviewer.data.study.ranking import report
    from skillviewer.export.tables.tables import export_strengths

    with Study.open(path, read_only=True) as opened:
        for notice in opened.notices:
            click.echo(f"skillviewer: {notice}", err=True)
        opened.look_at(criterion)
        found, judgements = report(opened), opened.votes.judgements()
        tasks = {video.name: video.task for video in opened.videos.all()}
    if output is not None:
        written = export_strengths(judgements, output, tasks, overwrite=force)
        click.echo(f"{len(found.standings)} strengths written to {written}", err=True)
    if as_json:
        click.echo(json.dumps(ranking_json(found)))
    else:
        click.echo("\n".join(_lines(found)))


def _lines(report: "RankingReport") -> list[str]:
    lines = [f"{report.judged} votes, {report.skipped} skipped pairs"]
    tasks = list(dict.fromkeys(standing.task for standing in report.standings))
    wide = max((5, *(len(standing.name) for standing in report.standings)))
    for task in tasks:
        of_task = f" of {task or 'no task'}" if len(tasks) > 1 else ""
        lines += ["", f"rank  {'video':{wide}}  strength  error  won  lost  no difference{of_task}"]
        lines += [
            f"{s.rank:4}  {s.name:{wide}}  {s.strength:+8.2f}  {s.error:5.2f}  {s.won:3}  {s.lost:4}  {s.neither:13}"
            for s in report.standings
            if s.task == task
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
        wide = max(5, *(len(rater.name) for rater in report.raters))
        lines += ["", f"{'rater':{wide}}  votes  left              agreement         consistency       median  infit"]
    for rater in report.raters:
        shares = "  ".join(_short(text) for text in (rater.left.text, rater.agreement.text, rater.consistency.text))
        seconds = "–" if rater.median_s is None else f"{rater.median_s:.1f} s"
        infit = "–" if rater.misfit is None else f"{rater.misfit.infit:.2f}"
        lines.append(f"{rater.name:{wide}}  {rater.judged:5}  {shares}  {seconds:>6}  {infit:>5}")
        lines += [f"{'':{wide}}  {warning}" for warning in rater.warnings]
    circles = report.contradictions.cycles
    if circles:
        lines += ["", f"{len(circles)} circles in what most say; judge the weakest link of each again:"]
    for circle in circles[:MOST_CIRCLES]:
        again = circle.weakest
        lines.append(f"{'; '.join(link.text for link in circle.links)}. Again: {again.better} and {again.worse}")
    if len(circles) > MOST_CIRCLES:
        lines.append(f"and {len(circles) - MOST_CIRCLES} more, which more votes decide: --json has all.")
    return lines


def _short(text: str) -> str:
    return f"{text.split(' of ', maxsplit=1)[0]:16}"
