"""``skillviewer study rubric``, ``practice``, ``pack-rating`` and ``rated``: the rating of single videos."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from skillviewer.cli.failures import open_study, print_notices
from skillviewer.cli.options.values import FILE, PATH
from skillviewer.cli.output import echo
from skillviewer.cli.progress import progress_bar
from skillviewer.core.progress import CancelToken
from skillviewer.core.ratings.rubric_templates import TEMPLATES
from skillviewer.core.study_log import LoggedExport
from skillviewer.core.text import counted, finite_or_none, printable

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
@click.option("-o", "--output", type=FILE, help="Write the rubric to a file, to edit or share it.")
@click.option("--force", is_flag=True, help="Replace an existing file.")
def rubric(
    path: Path, template: str | None, file: Path | None, repeat_share: float | None, output: Path | None, force: bool
) -> None:
    """Show, set or write the rubric of STUDY: the items that single videos are rated by (docs/judging.md).

    The rubric cannot be changed while ratings by it count.
    """
    from skillviewer.data.ratings.rubric_file import read_rubric, write_rubric
    from skillviewer.data.study.rating_forms import DEFAULT_REPEAT_SHARE

    if template is not None and file is not None:
        raise click.UsageError("Give --template or --from, not both.")
    new_rubric: Rubric | None = None
    if file is not None:
        new_rubric = read_rubric(file)
    elif template is not None:
        new_rubric = TEMPLATES[template]
    only_shows = new_rubric is None and repeat_share is None
    with open_study(path, read_only=only_shows) as study:
        plan = study.forms.plan() if new_rubric is None else None
        if not only_shows:
            if new_rubric is None:
                if plan is None:
                    raise click.UsageError("The study has no rubric: give --template or --from as well.")
                new_rubric = plan.rubric
            if repeat_share is None:
                repeat_share = DEFAULT_REPEAT_SHARE
            plan = study.forms.set_plan(new_rubric, repeat_share)
    if plan is None:
        raise click.UsageError(
            f"The study has no rubric: choose one with --template ({', '.join(TEMPLATES)}) or --from."
        )
    if output is not None:
        write_rubric(plan.rubric, output, overwrite=force)
        echo(f"written to {output}", err=True)
    echo(*map(printable, _rubric_lines(plan.rubric, plan.repeat_share)))


def _rubric_lines(study_rubric: "Rubric", repeat_share: float) -> list[str]:
    source = f" ({study_rubric.source})" if study_rubric.source else ""
    lines = [f"{study_rubric.name}{source}"]
    if study_rubric.note:
        lines.append(study_rubric.note)
    for item in study_rubric.items:
        steps = ", ".join(f"{step:g}" for step in item.steps)
        direction = ", lower is better" if item.less_is_better else ""
        lines.append(f"  {item.name}: {steps}{direction}")
        lines += [f"      {anchor.step:g}  {anchor.text}" for anchor in item.anchors]
    total = f", their sum is “{study_rubric.total}”" if study_rubric.total else ""
    n_items = counted(len(study_rubric.items), "item")
    lines.append(f"{n_items}{total}; {100 * repeat_share:g} % of the videos come twice")
    return lines


@click.command()
@click.argument("path", metavar="STUDY", type=PATH)
@click.argument("tables", metavar="[TABLE]...", nargs=-1, type=FILE)
@click.option("--clear", is_flag=True, help="Remove the practice of the study.")
def practice(path: Path, tables: tuple[Path, ...], clear: bool) -> None:
    """Show the practice of STUDY, or set it from TABLEs (.csv) of stated answers (docs/judging.md).

    Pairs have the columns better, worse and note; ratings have video, item, rating and note. Raters see practice before
    the real pairs and videos. Answers to practice never count, and the videos of practice do not come again.
    """
    from skillviewer.data.study.practice import Practice, read_practice

    if tables and clear:
        raise click.UsageError("Give tables or --clear, not both.")
    only_shows = not tables and not clear
    with open_study(path, read_only=only_shows) as study:
        if not only_shows:
            plan = study.forms.plan()
            study_rubric = plan.rubric if plan is not None else None
            video_names = [video.name for video in study.videos.all()]
            new_practices = [read_practice(table, video_names, study_rubric) for table in tables]
            study.practice = Practice(
                tuple(pair for new_practice in new_practices for pair in new_practice.pairs),
                tuple(video for new_practice in new_practices for video in new_practice.videos),
            )
        study_practice = study.practice
    for pair in study_practice.pairs:
        note = f": {pair.note}" if pair.note else ""
        echo(printable(f"{pair.better} is better than {pair.worse}{note}"))
    for video in study_practice.videos:
        answers = ", ".join(f"{item} {rating:g}" for item, rating in video.answers.items())
        note = f" ({video.note})" if video.note else ""
        echo(printable(f"{video.video}: {answers}{note}"))
    n_pairs = counted(len(study_practice.pairs), "practice pair")
    n_videos = counted(len(study_practice.videos), "practice video")
    echo(f"{n_pairs}, {n_videos}")


@click.command("pack-rating")
@click.argument("path", metavar="STUDY", type=PATH)
@click.option("-o", "--output", required=True, metavar="FOLDER", type=PATH, help="New folder for the page and clips.")
@click.option("--rater", "raters", multiple=True, required=True, help="Name or initials of a rater; repeatable.")
@click.option(
    "--videos",
    "n_videos",
    type=click.IntRange(1, 100_000),
    help="Number of videos for each rater, repeats included.  [default: all]",
)
@click.option("--blur-faces", is_flag=True, help="Blur faces: an aid, no guarantee.")
def pack_rating(path: Path, output: Path, raters: tuple[str, ...], n_videos: int | None, blur_faces: bool) -> None:
    """Pack single videos of STUDY for rating in any browser, without an installation or a network (docs/judging.md).

    FOLDER gets a page with the rubric, and clips under random codes, without names, scores, sound and metadata. Import
    the ratings with “study import-votes”.
    """
    from skillviewer.data.study.judging.pack_folder import write_pack
    from skillviewer.data.study.judging.rating_pack import draw_rating_pack

    with open_study(path) as study:
        pack = draw_rating_pack(study, output, raters, n_videos)
    with progress_bar(unit="file") as report:
        sentences = write_pack(pack, blur_faces=blur_faces, token=CancelToken(), report=report)
    echo(*map(printable, sentences))


@click.command()
@click.argument("path", metavar="STUDY", type=PATH)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.option("-o", "--output", type=FILE, help="Write every rated item as .csv or .json.")
@click.option("--force", is_flag=True, help="Replace an existing file.")
def rated(path: Path, as_json: bool, output: Path | None, force: bool) -> None:
    """Summarise the ratings given in the program or in a browser: progress of raters, and agreement with themselves."""
    from skillviewer.data.study.judging.rating_queue import rating_queue
    from skillviewer.data.study.rating_forms import rated_items, self_agreement
    from skillviewer.engine.exporting.source_studies import save_in_log
    from skillviewer.export.tables.tables import export_table

    with open_study(path, read_only=True) as study:
        plan = study.forms.plan()
        forms = study.forms.all()
        raters = study.forms.raters() if plan is not None else ()
        queues = {rater: rating_queue(study, rater) for rater in raters}
    study_rubric = plan.rubric if plan is not None else None
    agreements = self_agreement(forms, study_rubric) if study_rubric is not None else []
    if output is not None:
        items = rated_items(forms, study_rubric)
        written_path = export_table("rated-items", output, items, overwrite=force)
        print_notices(save_in_log(LoggedExport(path, output.name, "rated-items")))
        echo(f"{len(forms)} rated videos written to {written_path}", err=True)
    if as_json:
        rubric_name = study_rubric.name if study_rubric is not None else None
        seed = plan.seed if plan is not None else None
        record = {
            "rubric": rubric_name,
            "seed": seed,
            "raters": {name: {"rated": queue.n_rated, "of": queue.n_turns} for name, queue in queues.items()},
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
    record = asdict(agreement)
    for name in ("mean_difference", "sem"):
        record[name] = finite_or_none(record[name])
    for name in ("icc", "kappa"):
        record[name] = {key: finite_or_none(value) for key, value in record[name].items()}
    return record
