"""``skillviewer data``: contents, features and folds of a data set, data sets from tables, videos from pictures."""

import json
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from skillviewer.cli.failures import print_notices
from skillviewer.cli.options.dataset_options import DataOptions, dataset_options, folds_options
from skillviewer.cli.options.help import GroupedCommand
from skillviewer.cli.options.plan_options import feature_cache, plan_options, training_plan
from skillviewer.cli.options.rating_options import RatingOptions, print_import_report, rating_options
from skillviewer.cli.options.values import FILE, FOLDER, PATH, Finite
from skillviewer.cli.options.worker_options import worker_options, workers_from
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
@click.option("--figure", type=FILE, help="Write Bland-Altman plots: PNG, PDF or SVG.")
@click.option("--force", is_flag=True, help="Replace an existing figure.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def agreement(path: Path, data_options: DataOptions, figure: Path | None, force: bool, as_json: bool) -> None:
    """Print the agreement of the raters of the data set at PATH: ICC, weighted kappa, limits, severity."""
    import msgspec

    from skillviewer.core.ratings.reliability import rater_agreement
    from skillviewer.export.figures.plots import plot_limits_of_agreement

    dataset = data_options.open(path, without_pairs=True)
    if dataset.ratings is None:
        raise DatasetError(
            f"{dataset.name} has no ratings by raters; skillviewer data import joins a table of ratings with videos. "
            "For votes see skillviewer study ranking."
        )
    result = rater_agreement(dataset.ratings, dataset.criterion)
    if as_json:
        fields = msgspec.to_builtins(result, enc_hook=lambda array: array.tolist())
        echo(*json.dumps(fields, indent=1).splitlines())
    else:
        echo(*result.sentences)
    if figure is not None:
        figure_path = plot_limits_of_agreement(result, figure, overwrite=force)
        echo(figure_path, err=True)


@click.command("import", cls=GroupedCommand)
@click.argument("table", type=FILE)
@click.option("--videos", type=FOLDER, help="Folder of the videos.")
@rating_options
@click.option("-o", "--output", type=PATH, help="Folder to write; without it, only print.")
@click.option("--force", is_flag=True, help="Replace an existing table, mapping and report.")
@click.option("--json", "as_json", is_flag=True, help="Print the mapping and the import report as JSON.")
def import_ratings(
    table: Path, videos: Path | None, options: RatingOptions, output: Path | None, force: bool, as_json: bool
) -> None:
    """Make a data set from a TABLE of ratings (.csv, .tsv, .xlsx) and its videos.

    The columns are guessed and printed; options change them. Every row is used, or rejected with its reason. The result
    opens with train, evaluate and data inspect; the table itself is unchanged.
    """
    import msgspec

    from skillviewer.data.ratings.mapped_table import open_table, write_folder
    from skillviewer.data.ratings.video_matching import StudyVideoMatcher

    mapped_table = open_table(table, videos, options.earlier_mapping(), options.sheet, titles_row=options.header_row)
    video_files = mapped_table.files
    if not isinstance(video_files, StudyVideoMatcher) and not video_files.stems:
        raise DatasetError(f"There is no video in {video_files.folder}: state the folder of the videos (--videos).")
    ratings, _ = mapped_table.read(options.mapping(mapped_table))
    if output is not None:
        write_folder(mapped_table, ratings, output, overwrite=force)
    if not as_json:
        print_import_report(ratings, mapped_table.table.titles, options.ambiguities(mapped_table))
        if output is not None:
            echo(output)
        return
    import_report = ratings.import_report
    content = {
        "mapping": msgspec.to_builtins(ratings.mapping),
        "rows": [asdict(row) | {"used": row.is_used} for row in import_report.rows],
        "used": import_report.n_used,
        "rejected": import_report.n_rejected,
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

    If a number is missing, the previous picture is shown for longer. Existing videos are kept, so that the same command
    continues after a stop.
    """
    from skillviewer.media.writing.frame_folders import frame_folders, write_frames

    folders, problems = frame_folders(folder)
    n_written = 0
    n_existing = 0
    with progress_bar(unit="video") as report:
        for frame_folder in one_by_one("writing videos", folders, report):
            target = output / f"{frame_folder.name}.mp4"
            if target.exists() and not force:
                n_existing += 1
                continue
            try:
                notices = write_frames(frame_folder, target, rate_hz, CancelToken(), overwrite=force)
            except SkillViewerError as error:
                problems.append(str(error))
                continue
            n_written += 1
            for notice in notices:
                echo(f"  ! {notice}", err=True)
    if not folders and not problems:
        problems.append(f"No folder below {folder} holds two numbered pictures (.jpg, .png).")
    print_notices(problems)
    echo(f"{n_written} videos written, {n_existing} were there, {len(problems)} could not be made")
    return 1 if problems else 0


@click.group()
def data() -> None:
    """Print the contents and the folds of a data set, or prepare one."""


data.add_command(agreement)
data.add_command(import_ratings)
data.add_command(frames)


@data.command(cls=GroupedCommand)
@click.argument("path", type=PATH)
@click.option("--model", default="full", show_default=True, help="Attention model to compute the features for.")
@dataset_options
@plan_options
@worker_options
def features(path: Path, data_options: DataOptions, model: str, **parameters: Any) -> int:  # noqa: ANN401 - click's parameters
    """Compute the features of the data set at PATH in advance, for train and evaluate with the same options.

    Features in the cache are not computed again, so the same command continues after a stop.
    """
    from skillviewer.engine.features.build_store import build_store
    from skillviewer.engine.features.feature_cost import check_cache_room, count_sampled_frames
    from skillviewer.engine.features.video_facts import clip_ranges_of, files_of
    from skillviewer.engine.training.training_inputs import SourceRecipe

    dataset = data_options.open(path)
    workers = workers_from(parameters)
    cache = feature_cache(parameters)
    plan = replace(training_plan(parameters, dataset.published), model=model)
    plan.check()
    files = files_of(dataset)
    source = SourceRecipe(plan, parameters["device"], cache)
    with progress_bar(unit="video") as bar:
        n_frames = count_sampled_frames(source(), dataset, n_passes=source.candidates, token=CancelToken(), report=bar)
        echo(check_cache_room(source(), len(files), n_frames), err=True)
        store, problems = build_store(
            workers.share(files),
            source,
            n_passes=source.candidates,
            token=CancelToken(),
            report=bar,
            clip_ranges=clip_ranges_of(dataset),
            workers=workers,
        )
    print_notices([*dataset.problems, *problems])
    echo(f"{len(store)} videos have features in {cache.folder}")
    return 1 if problems else 0


@data.command()
@click.argument("path", type=PATH)
@dataset_options
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def inspect(path: Path, data_options: DataOptions, as_json: bool) -> int:
    """Print the contents of the data set at PATH, and its gaps and contradictions.

    If a folder holds several tasks, all are listed; --task chooses one.
    """
    from skillviewer.data.study.dataset_or_study import recognised_form_or_study

    dataset_format = recognised_form_or_study(path, data_options.form)
    tasks: Sequence[str | None] = [data_options.task]
    if data_options.task is None:
        all_tasks = dataset_format.tasks(path)
        if len(all_tasks) > 1:
            tasks = all_tasks
    descriptions = []
    has_failed = False
    for task in tasks:
        try:
            dataset = replace(data_options, task=task).open(path)
            descriptions.append(_describe(dataset, dataset_format.title))
        except SkillViewerError as error:
            if len(tasks) == 1:
                raise
            has_failed = True
            echo(f"skillviewer: {task}: {error}", err=True)
    if as_json:
        echo(*json.dumps({"datasets": descriptions}, indent=1).splitlines())
    else:
        for description in descriptions:
            _print_description(description)
    return 1 if has_failed else 0


def _describe(dataset: "Dataset", format_title: str) -> dict[str, Any]:
    """Return the contents of a data set, as ``skillviewer data inspect --json`` prints them."""
    from skillviewer.core.dataset.folds import describe_shared_videos
    from skillviewer.core.dataset.pair_graph import count_similar_by_depth, find_cycles

    subtasks = dataset.subtasks
    n_cycles = len(find_cycles(dataset.pairs))
    n_similar_by_depth = sum(
        count_similar_by_depth([pair for pair in dataset.pairs if subtasks[pair.better] == subtask])
        for subtask in set(subtasks.values())
    )
    # videos of different sub-tasks are never compared
    videos_by_subtask = Counter(video.subtask for video in dataset.videos)
    n_possible_pairs = sum(math.comb(n_videos, 2) for n_videos in videos_by_subtask.values())
    subtask_names = set(subtasks.values()) - {""}
    rating_name = None if dataset.scores is None else dataset.scores.name
    regions = None if dataset.regions_path is None else str(dataset.regions_path)
    n_released_folds = 0 if dataset.released is None else len(dataset.released)
    return {
        "name": dataset.name,
        "form": format_title,
        "task": dataset.task,
        "subtasks": tuple(sorted(subtask_names)),
        "videos": len(dataset.videos),
        "videos_with_file": sum(video.path is not None for video in dataset.videos),
        "stretches_of_longer_videos": sum(video.clip_range is not None for video in dataset.videos),
        "participants": len(set(dataset.participants.values())),
        "videos_without_participant": len(dataset.videos) - len(dataset.participants),
        "pairs": len(dataset.pairs),
        "possible_pairs": n_possible_pairs,
        "pairs_without_disparity": len(dataset.similar),
        "similar_by_depth": n_similar_by_depth,
        "cycles": n_cycles,
        "circles": n_cycles,  # the name of version 0.1, for one more version
        "judgements": len(dataset.judgements),
        "raters": len({judgement.rater for judgement in dataset.judgements}),
        "rule": dataset.rule,
        "released_folds": n_released_folds,
        "numbers": tuple(measure.name for measure in dataset.truth),
        "rating": rating_name,
        "regions": regions,
        "published": dataset.published,
        "problems": (*dataset.problems, *describe_shared_videos(dataset)),
    }


def _with_share(n_pairs: int, n_possible: int) -> str:
    if not n_possible:
        return str(n_pairs)
    return f"{n_pairs} ({100 * n_pairs / n_possible:.0f} % of {n_possible} possible)"


def _print_description(description: Mapping[str, Any]) -> None:
    participants = "not known"
    if description["participants"]:
        participants = str(description["participants"])
        if description["videos_without_participant"]:
            participants += f" ({description['videos_without_participant']} videos without)"
    videos = f"{description['videos']}, {description['videos_with_file']} with a file"
    if description["stretches_of_longer_videos"]:
        videos += f", {description['stretches_of_longer_videos']} of them parts of longer recordings"
    cycles = "none"
    if description["cycles"]:
        cycles = f"{description['cycles']}: videos in a ring, each better than the next"
    judgements = ""
    if description["judgements"]:
        judgements = f"{description['judgements']} of {description['raters']} raters"
    released_folds = "none"
    if description["released_folds"]:
        released_folds = str(description["released_folds"])
    n_possible = description["possible_pairs"]
    ordered_pairs = _with_share(description["pairs"], n_possible)
    similar_by_depth = _with_share(description["similar_by_depth"], n_possible)
    rows = (
        ("form", description["form"]),
        ("task", description["task"]),
        ("sub-tasks", ", ".join(description["subtasks"])),
        ("videos", videos),
        ("participants", participants),
        ("ordered pairs", ordered_pairs),
        ("no disparity", description["pairs_without_disparity"]),
        ("similar by depth", f"{similar_by_depth}: not ordered, and alike by the other pairs"),
        ("cycles", cycles),
        ("judgements", judgements),
        ("rule", description["rule"]),
        ("released folds", released_folds),
        ("numbers known", ", ".join(description["numbers"])),
        ("rating", description["rating"]),
        ("regions", description["regions"]),
        ("published as", description["published"]),
    )
    echo(description["name"])
    for title, value in rows:
        if value:
            echo(f"  {title:<17} {value}")
    for problem in description["problems"]:
        echo(f"  ! {problem}")


@data.command()
@click.argument("path", type=PATH)
@dataset_options
@folds_options
@click.option("--json", "as_json", is_flag=True, help="Print JSON, with all pairs.")
def folds(path: Path, data_options: DataOptions, n_folds: int | None, by: str | None, as_json: bool) -> None:
    """Print the held-out participants and the number of pairs of each fold of the data set at PATH.

    Videos without a file are left out as in train and evaluate, unless no video has a file.
    """
    from skillviewer.core.dataset.folds import FoldUnit, make_folds
    from skillviewer.core.text import join_names

    whole_dataset = data_options.open(path)
    missing = [video.name for video in whole_dataset.videos if video.path is None]
    n_videos = len(whole_dataset.videos)
    dataset = whole_dataset if len(missing) == n_videos else whole_dataset.usable()
    if len(dataset.videos) < n_videos:
        n_pairs_left_out = len(whole_dataset.pairs) - len(dataset.pairs)
        echo(
            f"{len(missing)} of {n_videos} videos have no file and are left out, and {n_pairs_left_out} of "
            f"{len(whole_dataset.pairs)} pairs with them: {join_names(missing)}.",
            err=True,
        )
    fold_unit = None if by is None else FoldUnit(by)
    dataset_folds = make_folds(dataset, n_folds, fold_unit)
    if dataset_folds.warning:
        echo(dataset_folds.warning, err=True)
    if as_json:
        folds_json = json.dumps(_folds_json(dataset_folds), indent=1)
        echo(*folds_json.splitlines())
        return
    participants = dataset.participants
    echo(f"{dataset.name}: {dataset_folds.title}")
    echo(f"{'fold':>6} {'training pairs':>15} {'test pairs':>11} {'both held out':>14}  held out")
    for fold in dataset_folds.folds:
        held_out_participants = sorted({participants.get(video, video) for video in fold.held_out_videos})
        held_out_text = ", ".join(held_out_participants)
        if held_out_participants != sorted(fold.held_out_videos):
            held_out_text = f"{len(fold.held_out_videos)} videos of {held_out_text}"
        counts = f"{len(fold.train_pairs):>15} {len(fold.test_pairs):>11} {len(fold.both_held_out):>14}"
        echo(f"{fold.name:>6} {counts}  {held_out_text}")
    n_both_held_out = sum(len(fold.both_held_out) for fold in dataset_folds.folds)
    echo(_headline_sentence(n_both_held_out, len(dataset_folds.folds)))


MIN_BOTH_HELD_OUT = 100
"""Number of pairs with both videos held out below which the user is told that the interval will be wide."""


def _headline_sentence(n_pairs: int, n_folds: int) -> str:
    text = f"The accuracy to state first is of the {counted(n_pairs, 'pair')} with both videos held out."
    if n_pairs >= MIN_BOTH_HELD_OUT:
        return text
    text += " These are few, so its interval will be wide."
    return text if n_folds <= 2 else f"{text} Fewer folds (--folds 2) hold out more people together."


def _folds_json(dataset_folds: "Folds") -> dict[str, object]:
    return {
        "by": str(dataset_folds.fold_unit),
        "warning": dataset_folds.warning,
        "folds": [
            {
                "name": fold.name,
                "train_videos": list(fold.train_videos),
                "held_out_videos": list(fold.held_out_videos),
                "train_pairs": [[pair.better, pair.worse] for pair in fold.train_pairs],
                "test_pairs": [[pair.better, pair.worse] for pair in fold.test_pairs],
                "honest_pairs": [[pair.better, pair.worse] for pair in fold.both_held_out],
            }
            for fold in dataset_folds.folds
        ],
    }
