"""``skillviewer data``: contents and folds of a data set, data sets from tables, videos from pictures."""

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from skillviewer.cli.failures import say
from skillviewer.cli.options.dataset_options import Reading, dataset_options, folds_options
from skillviewer.cli.options.help import HelpfulCommand
from skillviewer.cli.options.plan_options import feature_cache, plan_options, training_plan
from skillviewer.cli.options.rating_options import RatingOptions, print_import_report, rating_options
from skillviewer.cli.options.values import FILE, FOLDER, PATH, Finite
from skillviewer.cli.options.worker_options import chosen_workers, worker_options
from skillviewer.cli.output import echo
from skillviewer.cli.progress import progress_bar
from skillviewer.core.errors import DatasetError, SkillViewerError
from skillviewer.core.progress import CancelToken, one_by_one
from skillviewer.core.text import counted

if TYPE_CHECKING:
    from skillviewer.core.dataset.dataset import Dataset
    from skillviewer.core.dataset.folds import Folds


@click.command()
@click.argument("path", type=PATH)
@dataset_options
@click.option("--figure", type=FILE, help="Bland-Altman plots: PNG, PDF or SVG.")
@click.option("--force", is_flag=True, help="Replace a figure that is there.")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def agreement(path: Path, reading: Reading, figure: Path | None, force: bool, as_json: bool) -> None:
    """Print how far the raters of the data set at PATH agree: ICC, weighted kappa, limits, severity."""
    import msgspec

    from skillviewer.core.errors import DatasetError
    from skillviewer.core.ratings.reliability import rater_agreement
    from skillviewer.export.figures.plots import plot_limits_of_agreement

    dataset = reading.open(path, without_pairs=True)
    if dataset.ratings is None:
        raise DatasetError(
            f"{dataset.name} has no ratings by raters; skillviewer data import joins a table of ratings with videos. "
            "For votes see skillviewer study ranking."
        )
    agreement_ = rater_agreement(dataset.ratings, dataset.criterion)
    if as_json:
        plain = msgspec.to_builtins(agreement_, enc_hook=lambda array: array.tolist())
        echo(*json.dumps(plain, indent=1).splitlines())
    else:
        echo(*agreement_.sentences)
    if figure is not None:
        echo(plot_limits_of_agreement(agreement_, figure, overwrite=force), err=True)


@click.command("import", cls=HelpfulCommand)
@click.argument("table", type=FILE)
@click.option("--videos", type=FOLDER, help="Folder of the videos.")
@rating_options
@click.option("-o", "--output", type=PATH, help="Folder to write; without it, only print.")
@click.option("--force", is_flag=True, help="Replace an existing table, mapping and report.")
@click.option("--json", "as_json", is_flag=True, help="Print mapping and import report as JSON.")
def import_ratings(
    table: Path, videos: Path | None, options: RatingOptions, output: Path | None, force: bool, as_json: bool
) -> None:
    """Make a data set from a TABLE of ratings (.csv, .tsv, .xlsx) and its videos.

    The columns are guessed, printed, and changed by options. Every row is used, or rejected with its reason. The
    result opens with train, evaluate and data inspect; the table itself is unchanged.
    """
    import msgspec

    from skillviewer.data.ratings.mapped_table import open_table, write_folder
    from skillviewer.data.ratings.video_matching import StudyVideoMatcher

    opened = open_table(table, videos, *options.reading())
    if not isinstance(opened.files, StudyVideoMatcher) and not opened.files.stems:
        raise DatasetError(f"There is no video in {opened.files.folder}: state the folder of the videos (--videos).")
    rated, _ = opened.read(options.mapping(opened))
    if output is not None:
        write_folder(opened, rated, output, overwrite=force)
    if not as_json:
        print_import_report(rated, opened.table.titles, options.ambiguities(opened))
        if output is not None:
            echo(output)
        return
    import_report = rated.import_report
    content = {
        "mapping": msgspec.to_builtins(rated.mapping),
        "rows": [asdict(row) | {"used": row.used} for row in import_report.rows],
        "used": import_report.used,
        "rejected": import_report.rejected,
        "ratings": import_report.n_ratings,
        "unrated": list(import_report.unrated),
        "notices": list(import_report.notices),
    }
    echo(*json.dumps(content, indent=1).splitlines())


@click.command("frames")
@click.argument("folder", type=PATH)
@click.option("--rate", "rate_hz", type=Finite(0.1, 1000), required=True, help="Pictures per second.")
@click.option("-o", "--output", type=FOLDER, required=True, help="Folder to write.")
@click.option("--force", is_flag=True, help="Replace existing videos.")
def frames(folder: Path, rate_hz: float, output: Path, force: bool) -> int:
    """Write each folder of numbered JPG or PNG pictures below FOLDER as a video of the same name.

    At a missing number the previous picture is shown for longer. Existing videos are kept, so that the same command
    continues after a stop.
    """
    from skillviewer.media.writing.frame_folders import frame_folders, write_frames

    folders, problems = frame_folders(folder)
    written = n_existing = 0
    with progress_bar(unit="video") as report:
        for frame_folder in one_by_one("writing videos", folders, report):
            target = output / f"{frame_folder.name}.mp4"
            if target.exists() and not force:
                n_existing += 1
                continue
            try:
                for notice in write_frames(frame_folder, target, rate_hz, CancelToken(), overwrite=force):
                    echo(f"  ! {notice}", err=True)
                written += 1
            except SkillViewerError as error:
                problems.append(str(error))
    if not folders and not problems:
        problems.append(f"No folder below {folder} holds two numbered pictures (.jpg, .png).")
    say(problems)
    echo(f"{written} videos written, {n_existing} were there, {len(problems)} could not be made")
    return 1 if problems else 0


@click.group()
def data() -> None:
    """Print the contents of a data set, and its folds."""


data.add_command(agreement)
data.add_command(import_ratings)
data.add_command(frames)


@data.command(cls=HelpfulCommand)
@click.argument("path", type=PATH)
@click.option("--model", default="full", show_default=True, help="Model whose features are meant.")
@dataset_options
@plan_options
@worker_options
def features(path: Path, reading: Reading, model: str, **parameters: Any) -> int:  # noqa: ANN401 - click's parameters
    """Compute the features of the data set at PATH that train and evaluate with the same options find then.

    What is in the cache is not computed again, so the same command continues after a stop.
    """
    from skillviewer.engine.features.dataset_features import build_store, check_room, sampled_frames
    from skillviewer.engine.features.video_facts import clip_ranges_of, files_of
    from skillviewer.engine.training.inputs import SourceRecipe

    dataset = reading.open(path)
    workers = chosen_workers(parameters)
    cache = feature_cache(parameters)
    plan = replace(training_plan(parameters, dataset.published), model=model)
    plan.check()
    every = files_of(dataset)
    source = SourceRecipe(plan, parameters["device"], cache)
    with progress_bar(unit="video") as bar:
        n_frames = sampled_frames(source(), dataset, source.candidates, CancelToken(), bar)
        echo(check_room(source(), len(every), n_frames), err=True)
        store, problems = build_store(
            workers.share(every), source, source.candidates, CancelToken(), bar, clip_ranges_of(dataset), workers
        )
    say([*dataset.problems, *problems])
    echo(f"{len(store)} videos have features in {cache.folder}")
    return 1 if problems else 0


@data.command()
@click.argument("path", type=PATH)
@dataset_options
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def inspect(path: Path, reading: Reading, as_json: bool) -> int:
    """Print the contents of the data set at PATH, and what is missing or contradictory.

    If several tasks lie in one folder, all are listed; --task chooses one.
    """
    from skillviewer.data.study.dataset_or_study import recognised_form_or_study

    entry = recognised_form_or_study(path, reading.form)
    tasks = entry.tasks(path) if reading.task is None else (reading.task,)
    holdings = []
    failed = 0
    for task in tasks if len(tasks) > 1 else (reading.task,):
        try:
            dataset = replace(reading, task=task).open(path)
            holdings.append(_holdings(dataset, entry.title))
        except SkillViewerError as error:
            if len(tasks) <= 1:
                raise
            failed += 1
            echo(f"skillviewer: {task}: {error}", err=True)
    if as_json:
        echo(*json.dumps({"datasets": holdings}, indent=1).splitlines())
    else:
        for holding in holdings:
            _print(holding)
    return 1 if failed else 0


def _holdings(dataset: "Dataset", title: str) -> dict[str, Any]:
    """Return the contents of a data set: the JSON of ``skillviewer data inspect``."""
    from skillviewer.core.dataset.pair_graph import count_similar_by_depth, find_cycles

    subtasks = dataset.subtasks
    n_cycles = len(find_cycles(dataset.pairs))
    by_depth = [
        count_similar_by_depth([pair for pair in dataset.pairs if subtasks[pair.better] == subtask])
        for subtask in sorted(set(subtasks.values()))
    ]
    return {
        "name": dataset.name,
        "form": title,
        "task": dataset.task,
        "subtasks": tuple(sorted(set(subtasks.values()) - {""})),
        "videos": len(dataset.videos),
        "videos_with_file": sum(video.path is not None for video in dataset.videos),
        "stretches_of_longer_videos": sum(video.clip_range is not None for video in dataset.videos),
        "participants": len(set(dataset.participants.values())),
        "videos_without_participant": len(dataset.videos) - len(dataset.participants),
        "pairs": len(dataset.pairs),
        # videos of two sub-tasks are never compared
        "possible_pairs": sum(n * (n - 1) // 2 for n in Counter(video.subtask for video in dataset.videos).values()),
        "pairs_without_disparity": len(dataset.similar),
        "similar_by_depth": sum(by_depth),
        "cycles": n_cycles,
        "circles": n_cycles,  # the name of version 0.1, for one more version
        "judgements": len(dataset.judgements),
        "raters": len({judgement.rater for judgement in dataset.judgements}),
        "rule": dataset.rule,
        "released_folds": len(dataset.released or ()),
        "numbers": tuple(measure.name for measure in dataset.truth),
        "rating": dataset.scores.name if dataset.scores is not None else None,
        "regions": str(dataset.regions_path) if dataset.regions_path is not None else None,
        "published": dataset.published,
        "problems": dataset.problems,
    }


def _print(h: Mapping[str, Any]) -> None:
    def share(count: int) -> str:
        whole = h["possible_pairs"]
        return f"{count} ({100 * count / whole:.0f} % of {whole} possible)" if whole else str(count)

    participants = str(h["participants"]) if h["participants"] else "not known"
    if h["participants"] and h["videos_without_participant"]:
        participants += f" ({h['videos_without_participant']} videos without)"
    files = f"{h['videos']}, {h['videos_with_file']} with a file"
    if h["stretches_of_longer_videos"]:
        files += f", {h['stretches_of_longer_videos']} of them parts of longer recordings"
    rows = (
        ("form", h["form"]),
        ("task", h["task"]),
        ("sub-tasks", ", ".join(h["subtasks"])),
        ("videos", files),
        ("participants", participants),
        ("ordered pairs", share(h["pairs"])),
        ("no disparity", str(h["pairs_without_disparity"] or "")),
        ("similar by depth", f"{share(h['similar_by_depth'])}: not ordered, and alike by the other pairs"),
        ("cycles", f"{h['cycles']}: videos in a ring, each better than the next" if h["cycles"] else "none"),
        ("judgements", f"{h['judgements']} of {h['raters']} raters" if h["judgements"] else ""),
        ("rule", h["rule"]),
        ("released folds", str(h["released_folds"] or "none")),
        ("numbers known", ", ".join(h["numbers"])),
        ("rating", h["rating"] or ""),
        ("regions", h["regions"] or ""),
        ("published as", h["published"] or ""),
    )
    echo(h["name"])
    for title, value in rows:
        if value:
            echo(f"  {title:<17} {value}")
    for problem in h["problems"]:
        echo(f"  ! {problem}")


@data.command()
@click.argument("path", type=PATH)
@dataset_options
@folds_options
@click.option("--json", "as_json", is_flag=True, help="As JSON, with all pairs.")
def folds(path: Path, reading: Reading, n_folds: int | None, by: str | None, as_json: bool) -> None:
    """Print the held-out participants and the number of pairs of each fold of the data set at PATH.

    If some videos have a file, those without are left out, as train and evaluate do.
    """
    from skillviewer.core.dataset.folds import FoldUnit, make_folds
    from skillviewer.data.tables.rows import abbreviated

    whole = reading.open(path)
    missing = [video.name for video in whole.videos if video.path is None]
    dataset = whole if len(missing) == len(whole.videos) else whole.usable()
    if len(dataset.videos) < len(whole.videos):
        pairs = len(whole.pairs) - len(dataset.pairs)
        echo(
            f"{len(missing)} of {len(whole.videos)} videos have no file and are left out, and {pairs} of "
            f"{len(whole.pairs)} pairs with them: {abbreviated(missing)}.",
            err=True,
        )
    folds_ = make_folds(dataset, n_folds, FoldUnit(by) if by is not None else None)
    if folds_.warning:
        echo(folds_.warning, err=True)
    if as_json:
        echo(*json.dumps(_folds_json(folds_), indent=1).splitlines())
        return
    participants = dataset.participants
    echo(f"{dataset.name}: {folds_.title}")
    echo(f"{'fold':>6} {'training pairs':>15} {'test pairs':>11} {'both held out':>14}  held out")
    for fold in folds_.folds:
        participants_held_out = sorted({participants.get(video, video) for video in fold.held_out_videos})
        several = (
            f"{len(fold.held_out_videos)} videos of " if participants_held_out != sorted(fold.held_out_videos) else ""
        )
        counts = f"{len(fold.train_pairs):>15} {len(fold.test_pairs):>11} {len(fold.both_held_out):>14}"
        echo(f"{fold.name:>6} {counts}  {several}{', '.join(participants_held_out)}")
    echo(_headline_pairs(sum(len(fold.both_held_out) for fold in folds_.folds)))


FEW_BOTH_HELD_OUT = 100
"""Pairs of new people below which folds say that the interval will be wide."""


def _headline_pairs(n_pairs: int) -> str:
    text = f"The accuracy to state first is of the {counted(n_pairs, 'pair')} with both videos held out."
    if n_pairs >= FEW_BOTH_HELD_OUT:
        return text
    return f"{text} These are few, so its interval will be wide: fewer folds (--folds 2) hold out more people together."


def _folds_json(folds_made: "Folds") -> dict[str, object]:
    return {
        "by": str(folds_made.by),
        "warning": folds_made.warning,
        "folds": [
            {
                "name": fold.name,
                "train_videos": list(fold.train_videos),
                "held_out_videos": list(fold.held_out_videos),
                "train_pairs": [[pair.better, pair.worse] for pair in fold.train_pairs],
                "test_pairs": [[pair.better, pair.worse] for pair in fold.test_pairs],
                "honest_pairs": [[pair.better, pair.worse] for pair in fold.both_held_out],
            }
            for fold in folds_made.folds
        ],
    }
