"""``skillviewer study``: creation, filling, listing, import, export and repair of a study without the window."""

import csv
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from skillviewer.cli.failures import open_study, print_notices
from skillviewer.cli.options.dataset_options import ONE_CRITERION
from skillviewer.cli.options.renamed_option import RenamedOption
from skillviewer.cli.options.values import FILE, FOLDER, PATH, SOURCE
from skillviewer.cli.output import echo
from skillviewer.cli.progress import progress_bar
from skillviewer.cli.study_cameras import cameras
from skillviewer.cli.study_imports import import_browser_votes, import_ratings_into, import_timeline
from skillviewer.cli.study_labels import labels
from skillviewer.cli.study_ranking import pack_judging, ranking
from skillviewer.cli.study_rating import pack_rating, practice, rated, rubric
from skillviewer.core.csv_safety import escape_cell
from skillviewer.core.errors import VideoError
from skillviewer.core.progress import CancelToken
from skillviewer.core.study_log import LoggedExport, LogRow
from skillviewer.core.text import counted, printable

if TYPE_CHECKING:
    from skillviewer.data.study import NewVideo, Score, StudyVideo


@click.group()
def study() -> None:
    """Create and manage a study: one file with videos, raters, votes, notes and models (docs/study.md)."""


for command in (
    cameras,
    ranking,
    rated,
    import_ratings_into,
    import_timeline,
    labels,
    rubric,
    practice,
    pack_judging,
    pack_rating,
    import_browser_votes,
):
    study.add_command(command)


@study.command()
@click.argument("path", metavar="STUDY", type=PATH)
@click.argument("videos", nargs=-1, type=SOURCE)
@click.option("--title", default="", help="Title of the study.  [default: the name of its file]")
@click.option("--task", default="", help="The task that its videos show.")
@click.option("--question", "--statement", "statement", cls=RenamedOption, help="The question that raters answer.")
@click.option("--participant-pattern", help="Regular expression that finds the participant in the name of a video.")
def create(
    path: Path, videos: tuple[Path, ...], title: str, task: str, statement: str | None, participant_pattern: str | None
) -> int:
    """Create STUDY, with VIDEOS (files, or folders with videos) if any are given."""
    from skillviewer.data.study import Study, StudySettings

    settings = StudySettings(title=title, task=task)
    if statement:
        settings = replace(settings, statement=statement)
    # check the videos first: a failure must not leave half a study
    for video in videos:
        if not video.exists():
            raise VideoError(f"There is no {video}.")
    files, problems = _video_files(videos)
    if problems:
        raise VideoError(problems[0])
    new_videos = _new_videos(files, task, None, participant_pattern)
    with Study.create(path, settings) as new_study:
        print_notices(new_study.notices)
        study_path = new_study.path
    exit_code = _add(study_path, new_videos) if videos else 0
    echo(study_path)
    return exit_code


@study.command()
@click.argument("path", metavar="STUDY", type=PATH)
@click.argument("videos", nargs=-1, required=True, type=SOURCE)
@click.option("--task", default="", help="Task of these videos, if the study has several.")
@click.option("--participant", help="The participant in these videos.")
@click.option("--participant-pattern", help="Regular expression that finds the participant in the name of a video.")
@click.option("--occasion", default="", help="Occasion of these videos: pre, post, a date.")
def add(
    path: Path,
    videos: tuple[Path, ...],
    task: str,
    participant: str | None,
    participant_pattern: str | None,
    occasion: str,
) -> int:
    """Add VIDEOS (files, or folders with videos) to STUDY. Files with equal bytes are one video."""
    if participant and participant_pattern:
        raise click.UsageError(
            "--participant names the participant, and --participant-pattern finds it: give one of them."
        )
    files, problems = _video_files(videos)
    print_notices(problems)
    new_videos = _new_videos(files, task, participant, participant_pattern)
    exit_code = _add(path, [replace(video, occasion=occasion) for video in new_videos])
    return 1 if problems else exit_code


def _video_files(paths: Sequence[Path]) -> tuple[list[Path], list[str]]:
    """Return the video files among files and in folders, and a sentence for each path without a video."""
    from skillviewer.media.files import VIDEO_SUFFIXES, expand, folders_without_videos
    from skillviewer.media.reading.reader import VideoReader

    problems = [problem for _, problem in folders_without_videos(paths)]
    files = []
    for file in expand(paths):
        if file.suffix.lower() not in VIDEO_SUFFIXES:
            try:
                VideoReader(file, cache_bytes=0).close()
            except VideoError as error:
                problems.append(str(error))
                continue
        files.append(file)
    return files, problems


def _new_videos(files: list[Path], task: str, participant: str | None, pattern: str | None) -> "list[NewVideo]":
    from skillviewer.data.study import NewVideo
    from skillviewer.data.tables.participants import participants_by_pattern

    participant_by_stem: Mapping[str, str] = {}
    if pattern:
        participant_by_stem = participants_by_pattern([file.stem for file in files], pattern)
        n_without = sum(file.stem not in participant_by_stem for file in files)
        if n_without:
            echo(f"skillviewer: “{pattern}” finds no participant in {n_without} of {len(files)} names.", err=True)
    return [NewVideo(file, participant=participant or participant_by_stem.get(file.stem), task=task) for file in files]


def _add(study_path: Path, new_videos: "list[NewVideo]") -> int:
    """Add videos to a study, print what was added and what was contradictory, and return the exit code."""
    with open_study(study_path) as opened_study:
        with progress_bar(unit="file") as report:
            added_videos = opened_study.videos.add(new_videos, CancelToken(), report)
        # a file that could not be added has no name in the study
        named_videos = [
            (name, video) for name, video in zip(added_videos.names, new_videos, strict=True) if name is not None
        ]
        stated_participants = {name: video.participant for name, video in named_videos if video.participant}
        occasions = {name: video.occasion for name, video in named_videos}
        newly_known, _, contradictions = opened_study.videos.set_participants_and_occasions(
            stated_participants, occasions
        )
        task_of_study = opened_study.settings.task
        task_by_name = {video.name: video.task for video in opened_study.videos.all()}
    other_tasks = []
    for name, video in named_videos:
        study_task = task_by_name[name]
        if not study_task:
            study_task = task_of_study
        if video.task and video.task != study_task:
            study_task_text = f"“{study_task}”" if study_task else "none"
            other_tasks.append(
                f"“{name}” is said to be of the task “{video.task}”; the study says {study_task_text}, which stays."
            )
    for name in added_videos.known_names:
        echo(f"{name} is in the study already", err=True)
    if newly_known:
        echo(f"who is in {len(newly_known)} of them is known now", err=True)
    print_notices((*added_videos.problems, *contradictions, *other_tasks))
    echo(f"{len(named_videos) - len(added_videos.known_names)} videos added", err=True)
    if added_videos.problems or contradictions or other_tasks:
        return 1
    return 0


@study.command("list")
@click.argument("path", metavar="STUDY", type=PATH)
@click.option("--json", "as_json", is_flag=True, help="Print a JSON object on a line for every video (docs/study.md).")
@click.option("--check", is_flag=True, help="Read the files with a new time stamp, and find out if they were replaced.")
def list_videos(path: Path, as_json: bool, check: bool) -> None:
    """List the videos of STUDY and the state of their files: present, moved, missing or replaced.

    Parts of longer files show their range in frames (from 0) or seconds. Scores are of the model that the study uses,
    else of the model that has scored the most videos.
    """
    with open_study(path, read_only=not check) as opened_study:
        if check:
            with progress_bar(unit="file") as report:
                videos = opened_study.videos.check(CancelToken(), report)
        else:
            videos = opened_study.videos.all()
        model = opened_study.models.default_model(opened_study.settings.model)
        scores = opened_study.models.scores(model.digest) if model is not None else {}
    model_digest = model.digest if model is not None else None
    for video in videos:
        score = scores.get(video.name)
        if as_json:
            echo(json.dumps(_video_json(video, score, model_digest)))
        else:
            echo(_video_line(video, score))


def _video_json(video: "StudyVideo", score: "Score | None", model_digest: str | None) -> dict[str, object]:
    from skillviewer.data.study.video_rows import format_clip_range

    path = None if video.path is None else str(video.path)
    range_text = format_clip_range(video.clip_range)
    return {
        "name": video.name,
        "state": video.state.value,
        "unsure": video.must_check,
        "path": path,
        "recorded_path": video.recorded_path,
        "size_bytes": video.size_bytes,
        "digest": video.digest,
        "extent": range_text or None,
        "participant": video.participant,
        "task": video.task,
        "occasion": video.occasion,
        "notes": video.notes,
        "context": video.context,
        "score": None if score is None else score.score,
        "interval": None if score is None else score.interval,
        "model": model_digest,
    }


def _video_line(video: "StudyVideo", score: "Score | None") -> str:
    from skillviewer.data.study.video_rows import format_clip_range

    score_text = "" if score is None else f"{score.score:+.4f}"
    range_text = f" [{format_clip_range(video.clip_range)}]" if video.clip_range is not None else ""
    return f"{video.state.value:8}  {score_text:>8}  {video.name}  {video.path or video.recorded_path}{range_text}"


@study.command()
@click.argument("path", metavar="STUDY", type=PATH)
@click.option("--csv", "as_csv", is_flag=True, help="Print CSV, with the columns of “export table log”.")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON object on a line for every event.")
def log(path: Path, as_csv: bool, as_json: bool) -> None:
    """List the events of STUDY with author and time in UTC: votes, notes, models, videos, settings, exports."""
    with open_study(path, read_only=True) as opened_study:
        events = [asdict(event) for event in opened_study.log()]
    if as_csv:
        _print_csv(events)
        return
    for event in events:
        if as_json:
            echo(json.dumps(event))
        else:
            echo("  ".join(map(printable, event.values())))


def _print_csv(events: list[dict[str, str]]) -> None:
    writer = csv.DictWriter(sys.stdout, [field.name for field in fields(LogRow)], lineterminator="\n")
    writer.writeheader()
    is_terminal = sys.stdout.isatty()
    for event in events:
        cells = {name: str(escape_cell(value)) for name, value in event.items()}
        if is_terminal:
            cells = {name: printable(cell) for name, cell in cells.items()}
        writer.writerow(cells)


@study.command("import")
@click.argument("path", metavar="STUDY", type=PATH)
@click.argument("source", type=PATH)
@click.option("--videos", type=FOLDER, help="Folder of the videos, if they are not next to SOURCE.")
@click.option(
    "--format",
    "--form",
    "form",
    cls=RenamedOption,
    help="Format of the data set, if it is not recognised (docs/data.md).",
)
@click.option("--task", help="Task to import, if the data set has several.")
@click.option(
    "--participant-pattern",
    "--participants",
    "participant_pattern",
    help="Regular expression that finds the participant in the name of a video.",
)
def import_source(
    path: Path, source: Path, videos: Path | None, form: str | None, task: str | None, participant_pattern: str | None
) -> None:
    """Import votes, pairs and videos of SOURCE into STUDY; a second time imports nothing new.

    SOURCE is another study, a table that the export wrote, a table with the columns video and participant, or a data
    set in any form of docs/data.md. Participants that the study knows already stay.
    """
    from skillviewer.data.formats.choices import Choices
    from skillviewer.data.study.exchange.study_import import import_into_study

    choices = Choices(task=task, participant_pattern=participant_pattern)
    with open_study(path) as opened_study, progress_bar(unit="file") as report:
        import_result = import_into_study(
            opened_study, source, videos_dir=videos, form=form, choices=choices, token=CancelToken(), report=report
        )
        contradictions: Sequence[str] = ()
        if import_result.n_votes and opened_study.ratings.all().items:  # votes and ratings may contradict each other
            contradictions = opened_study.dataset().problems
    print_notices((*import_result.problems, *contradictions))
    text = f"new: {import_result.n_videos} videos, {import_result.n_votes} votes, {import_result.n_pairs} pairs"
    if import_result.n_ratings:
        text += f", {import_result.n_ratings} ratings"
    if import_result.n_forms:
        text += f", {counted(import_result.n_forms, 'video')} rated by a rubric"
    if import_result.n_participants:
        text += f", who is in {import_result.n_participants} known videos"
    echo(text)


@study.command("export")
@click.argument("path", metavar="STUDY", type=PATH)
@click.argument("output", type=FILE)
@click.option(
    "--format",
    "--form",
    "form",
    cls=RenamedOption,
    help="every-vote, judgements, votes, labels, better-worse or epic-skills (docs/study.md).  [default: every-vote]",
)
@click.option(
    "--participants", is_flag=True, help="Write the participant of every video, not the votes; without --format."
)
@click.option("--force", is_flag=True, help="Replace an existing file.")
@ONE_CRITERION
def export_votes(
    path: Path, output: Path, criterion: str | None, form: str | None, participants: bool, force: bool
) -> None:
    """Write the votes or pairs of STUDY as a CSV file OUTPUT."""
    from skillviewer.data.study.exchange.csv_export import export_pairs, export_videos
    from skillviewer.engine.exporting.source_studies import save_in_log

    if participants and form is not None:
        raise click.UsageError(f"--participants writes a table of its own, not the form {form}: leave one of them out.")
    table = "every-vote"
    if participants:
        table = "participants"
    elif form:
        table = form
    with open_study(path, criterion, read_only=True) as opened_study:
        if participants:
            n_rows = export_videos(opened_study, output, overwrite=force)
        else:
            n_rows = export_pairs(opened_study, output, table, overwrite=force)
    print_notices(save_in_log(LoggedExport(path, output.name, table)))
    echo(f"{n_rows} rows written", err=True)


@study.command()
@click.argument("archive", type=PATH)
@click.argument("folder", required=False, type=PATH)
def unpack(archive: Path, folder: Path | None) -> None:
    """Unpack ARCHIVE (“skillviewer export study”) into a new FOLDER (default: next to it) and print the study path."""
    from skillviewer.data.study.archive.archive_format import README_NAME
    from skillviewer.data.study.archive.unpack import free_folder
    from skillviewer.data.study.archive.unpack import unpack as unpack_archive

    with progress_bar(unit="file") as report:
        if folder is None:
            folder = free_folder(archive)
        study_path = unpack_archive(archive, folder, CancelToken(), report)
    readme = study_path.with_name(README_NAME)
    if readme.is_file():
        echo(
            "skillviewer: Faces were blurred in these videos, which is an aid and no guarantee; scores and votes are "
            f"of the videos before the blurring. See {readme}.",
            err=True,
        )
    echo(study_path)


@study.command()
@click.argument("path", metavar="STUDY", type=PATH)
@click.argument("folder", required=False, type=PATH)
def relink(path: Path, folder: Path | None) -> int:
    """Find moved videos of STUDY below FOLDER (by default the study's folder), by size and content."""
    with open_study(path) as opened_study, progress_bar(unit="file") as report:
        relinked = opened_study.videos.relink(folder, CancelToken(), report)
    print_notices(relinked.problems)
    for name in relinked.missing:
        echo(f"missing   {name}")
    for name in relinked.replaced:
        echo(f"replaced  {name}")
    n_not_found = len(relinked.missing) + len(relinked.replaced)
    echo(f"{len(relinked.located)} found again, {n_not_found} not", err=True)
    return 1 if n_not_found else 0
