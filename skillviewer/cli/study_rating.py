"""Rating of single videos on the command line: rubric, practice, packs for a browser, and the ratings given so far."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from skillviewer.cli.failures import open_study, say
from skillviewer.cli.options.values import FILE, PATH
from skillviewer.cli.output import echo
from skillviewer.cli.progress import progress_bar
from skillviewer.core.progress import CancelToken
from skillviewer.core.ratings.rubric_templates import TEMPLATES
from skillviewer.core.study_log import LoggedExport
from skillviewer.core.text import counted, defined, printable

if TYPE_CHECKING:
    from skillviewer.core.ratings.repeat_agreement import RepeatAgreement
    from skillviewer.core.ratings.rubric import Rubric


@click.command()
@click.argument("path", metavar="STUDY", type=PATH)
@click.option("--template", type=click.Choice(list(TEMPLATES)), help="Rate by a template.")
@click.option("--from", "file", type=FILE, help="Rate by the rubric of this file (.json).")
@click.option(
    "--repeat-share",
    type=click.FloatRange(0, 0.5),
    help="Share of videos that every rater rates twice.  [default: 0.1, or as set before]",
)
@click.option("-o", "--output", type=FILE, help="Write the rubric as a file, to change and pass on.")
@click.option("--force", is_flag=True, help="Replace a file that is there.")
def rubric(
    path: Path, template: str | None, file: Path | None, repeat_share: float | None, output: Path | None, force: bool
) -> None:
    """Show, set or write the rubric of STUDY: the items that single videos are rated by (docs/judging.md).

    The rubric cannot be changed while ratings by it count.
    """
    from skillviewer.data.ratings.rubric_file import read_rubric, write_rubric
    from skillviewer.data.study.rating_forms import REPEAT_SHARE

    if template is not None and file is not None:
        raise click.UsageError("Give --template or --from, not both.")
    changes = template is not None or file is not None or repeat_share is not None
    with open_study(path, read_only=not changes) as opened:
        plan = opened.forms.plan() if file is None and template is None else None
        if changes:
            if file is not None:
                new_rubric = read_rubric(file)
            elif template is not None:
                new_rubric = TEMPLATES[template]
            elif plan is None:
                raise click.UsageError("The study has no rubric: give --template or --from as well.")
            else:
                new_rubric = plan.rubric
            if repeat_share is None:
                repeat_share = plan.repeat_share if plan is not None else REPEAT_SHARE
            plan = opened.forms.set_plan(new_rubric, repeat_share)
    if plan is None:
        raise click.UsageError(
            f"The study has no rubric: choose one with --template ({', '.join(TEMPLATES)}) or --from."
        )
    if output is not None:
        write_rubric(plan.rubric, output, overwrite=force)
        echo(f"written to {output}", err=True)
    echo(*map(printable, _rubric_lines(plan.rubric, plan.repeat_share)))


def _rubric_lines(rubric_used: "Rubric", repeat_share: float) -> list[str]:
    source = f" ({rubric_used.source})" if rubric_used.source else ""
    lines = [f"{rubric_used.name}{source}"]
    if rubric_used.note:
        lines.append(rubric_used.note)
    for item in rubric_used.items:
        steps = ", ".join(f"{step:g}" for step in item.steps)
        direction = ", lower is better" if item.less_is_better else ""
        lines.append(f"  {item.name}: {steps}{direction}")
        lines += [f"      {anchor.step:g}  {anchor.text}" for anchor in item.anchors]
    total = f", their sum is “{rubric_used.total}”" if rubric_used.total else ""
    lines.append(f"{counted(len(rubric_used.items), 'item')}{total}; {100 * repeat_share:g} % of the videos come twice")
    return lines


@click.command()
@click.argument("path", metavar="STUDY", type=PATH)
@click.argument("tables", metavar="[TABLE]...", nargs=-1, type=FILE)
@click.option("--clear", is_flag=True, help="Remove the practice of the study.")
def practice(path: Path, tables: tuple[Path, ...], clear: bool) -> None:
    """Show the practice of STUDY, or set it from TABLEs (.csv) of stated answers (docs/judging.md).

    Pairs have the columns better, worse and note; ratings have video, item, rating and note. Raters see practice before
    the real pairs and videos. Their answers to it never count, and its videos do not come again.
    """
    from skillviewer.data.study.practice import Practice, read_practice

    if tables and clear:
        raise click.UsageError("Give tables or --clear, not both.")
    with open_study(path, read_only=not (tables or clear)) as opened:
        if tables or clear:
            plan = opened.forms.plan()
            names = [video.name for video in opened.videos.all()]
            parts = [read_practice(table, names, plan.rubric if plan is not None else None) for table in tables]
            opened.practice = Practice(
                tuple(pair for part in parts for pair in part.pairs),
                tuple(video for part in parts for video in part.videos),
            )
        current = opened.practice
    for pair in current.pairs:
        note = f": {pair.note}" if pair.note else ""
        echo(printable(f"{pair.better} is better than {pair.worse}{note}"))
    for video in current.videos:
        answers = ", ".join(f"{item} {rating:g}" for item, rating in video.answers.items())
        note = f" ({video.note})" if video.note else ""
        echo(printable(f"{video.video}: {answers}{note}"))
    echo(f"{counted(len(current.pairs), 'practice pair')}, {counted(len(current.videos), 'practice video')}")


@click.command("pack-rating")
@click.argument("path", metavar="STUDY", type=PATH)
@click.option("-o", "--output", required=True, metavar="FOLDER", type=PATH, help="New folder for the page and clips.")
@click.option("--rater", "raters", multiple=True, required=True, help="Name or initials of a rater; repeatable.")
@click.option(
    "--videos", type=click.IntRange(1, 100_000), help="Ratings of each rater, repeats included.  [default: all]"
)
@click.option("--blur-faces", is_flag=True, help="Blur faces: an aid, no guarantee.")
def pack_rating(path: Path, output: Path, raters: tuple[str, ...], videos: int | None, blur_faces: bool) -> None:
    """Pack single videos of STUDY for rating in any browser, without an installation or a network (docs/judging.md).

    FOLDER gets a page with the rubric, and clips under random codes, without names, scores, sound and metadata. “study
    import-votes” takes the ratings.
    """
    from skillviewer.data.study.judging.pack_folder import write_pack
    from skillviewer.data.study.judging.rating_pack import draw_rating_pack

    with open_study(path) as opened:
        pack = draw_rating_pack(opened, output, raters, videos)
    with progress_bar(unit="file") as report:
        sentences = write_pack(pack, blur_faces=blur_faces, token=CancelToken(), report=report)
    echo(*map(printable, sentences))


@click.command()
@click.argument("path", metavar="STUDY", type=PATH)
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
@click.option("-o", "--output", type=FILE, help="Write every rated item as .csv or .json.")
@click.option("--force", is_flag=True, help="Replace a file that is there.")
def rated(path: Path, as_json: bool, output: Path | None, force: bool) -> None:
    """Summarise the ratings given in the program or in a browser: progress of raters, and agreement with themselves."""
    from skillviewer.data.study.judging.rating_queue import rating_queue
    from skillviewer.data.study.rating_forms import rated_items, rated_twice
    from skillviewer.engine.exporting.study_context import save_in_log
    from skillviewer.export.tables.tables import export_table

    with open_study(path, read_only=True) as opened:
        plan = opened.forms.plan()
        forms = opened.forms.all()
        queues = {rater: rating_queue(opened, rater) for rater in opened.forms.raters()} if plan is not None else {}
    agreements = rated_twice(forms, plan.rubric) if plan is not None else []
    if output is not None:
        written = export_table(
            "rated-items", output, rated_items(forms, plan.rubric if plan else None), overwrite=force
        )
        say(save_in_log(LoggedExport(path, output.name, "rated-items")))
        echo(f"{len(forms)} rated videos written to {written}", err=True)
    if as_json:
        raters = {name: {"rated": queue.n_rated, "of": queue.n_turns} for name, queue in queues.items()}
        record = {
            "rubric": plan.rubric.name if plan is not None else None,
            "seed": plan.seed if plan is not None else None,
            "raters": raters,
            "agreement": [_agreement_json(agreement) for agreement in agreements],
        }
        echo(json.dumps(record))
        return
    if not queues:
        echo("No video was rated in the program yet.")
    for name, queue in queues.items():
        echo(printable(f"{name}: {queue.n_rated} of {queue.n_turns} rated"))
        for agreement in agreements:
            if agreement.rater == name:
                echo(printable(f"    {agreement.sentence}"))


def _agreement_json(agreement: "RepeatAgreement") -> dict[str, object]:
    row = asdict(agreement)
    for name in ("mean_difference", "sem"):
        row[name] = defined(row[name])
    for name in ("icc", "kappa"):
        row[name] = {key: defined(value) for key, value in row[name].items()}
    return row
