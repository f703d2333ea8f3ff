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

    It stays as it is while ratings by it count.
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
                chosen = read_rubric(file)
            elif template is not None:
                chosen = TEMPLATES[template]
            elif plan is None:
                raise click.UsageError("The study has no rubric: give --template or --from as well.")
            else:
                chosen = plan.rubric
            share = repeat_share if repeat_share is not None else plan.repeat_share if plan else REPEAT_SHARE
            plan = opened.forms.set_plan(chosen, share)
    if plan is None:
        raise click.UsageError(
            f"The study has no rubric: choose one with --template ({', '.join(TEMPLATES)}) or --from."
        )
    used = plan.rubric
    if output is not None:
        write_rubric(used, output, overwrite=force)
        echo(f"written to {output}", err=True)
    head = f"{used.name}{f' ({used.source})' if used.source else ''}"
    echo(printable(head), *([printable(used.note)] if used.note else []))
    for item in used.items:
        steps = ", ".join(f"{step:g}" for step in item.steps)
        echo(printable(f"  {item.name}: {steps}{', lower is better' if item.less_is_better else ''}"))
        for anchor in item.anchors:
            echo(printable(f"      {anchor.step:g}  {anchor.text}"))
    total = f", their sum is “{used.total}”" if used.total else ""
    echo(printable(f"{counted(len(used.items), 'item')}{total}; {plan.repeat_share:.0%} of the videos come twice"))


@click.command()
@click.argument("path", metavar="STUDY", type=PATH)
@click.argument("tables", metavar="[TABLE]...", nargs=-1, type=FILE)
@click.option("--clear", is_flag=True, help="Remove the practice of the study.")
def practice(path: Path, tables: tuple[Path, ...], clear: bool) -> None:
    """Show the practice of STUDY, or set it from TABLEs (.csv) of stated answers (docs/judging.md).

    Pairs have the columns better, worse and note; ratings have video, item, rating and note. Raters see practice before
    the real pairs and videos; it never counts, and its videos are not asked afterwards.
    """
    from skillviewer.data.study.practice import Practice, read_practice

    if tables and clear:
        raise click.UsageError("Give tables or --clear, not both.")
    with open_study(path, read_only=not (tables or clear)) as opened:
        if tables or clear:
            plan = opened.forms.plan()
            names = [video.name for video in opened.videos.all()]
            read = [read_practice(table, names, plan.rubric if plan is not None else None) for table in tables]
            opened.practice = Practice(
                tuple(pair for one in read for pair in one.pairs), tuple(video for one in read for video in one.videos)
            )
        found = opened.practice
    for pair in found.pairs:
        echo(printable(f"{pair.better} is better than {pair.worse}{f': {pair.note}' if pair.note else ''}"))
    for video in found.videos:
        answers = ", ".join(f"{item} {rating:g}" for item, rating in video.answers.items())
        echo(printable(f"{video.video}: {answers}{f' ({video.note})' if video.note else ''}"))
    echo(f"{counted(len(found.pairs), 'practice pair')}, {counted(len(found.videos), 'practice video')}")


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
    from skillviewer.data.study.judging.rating_pack import draw_rating_pack, write_rating_pack

    with open_study(path) as opened:
        drawn = draw_rating_pack(opened, output, raters, videos)
    with progress_bar(unit="file") as report:
        said = write_rating_pack(drawn, blur_faces=blur_faces, token=CancelToken(), report=report)
    echo(*map(printable, said))


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
        plan, forms = opened.forms.plan(), opened.forms.all()
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
        seed = plan.seed if plan is not None else None
        found = {"rubric": plan.rubric.name if plan is not None else None, "seed": seed, "raters": raters}
        echo(json.dumps(found | {"agreement": [_agreement_json(one) for one in agreements]}))
        return
    if not queues:
        echo("No video was rated in the program yet.")
    for name, queue in queues.items():
        echo(printable(f"{name}: {queue.n_rated} of {queue.n_turns} rated"))
        for one in agreements:
            if one.rater == name:
                echo(printable(f"    {one.sentence}"))


def _agreement_json(agreement: "RepeatAgreement") -> dict[str, object]:
    row = asdict(agreement)
    for name in ("mean_difference", "sem"):
        row[name] = defined(row[name])
    for name in ("icc", "kappa"):
        row[name] = {key: defined(value) for key, value in row[name].items()}
    return row
