"""``skillviewer study``: make, fill, list, import, export and mend a study without the window."""

import csv
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from skillviewer.cli.failures import open_study, say
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
    from skillviewer.data.study import NewVideo


@click.group()
def study() -> None:
    """Make and keep a study: one file with videos, raters, votes, notes and models (docs/study.md)."""


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
@click.option("--title", default="", help="What the study is called, if not like its file.")
@click.option("--task", default="", help="The task that its videos show.")
@click.option("--question", "--statement", "statement", cls=RenamedOption, help="The question that raters answer.")
@click.option("--participant-pattern", help="Regular expression that finds the participant in the name of a video.")
def create(
    path: Path, videos: tuple[Path, ...], title: str, task: str, statement: str | None, participant_pattern: str | None
) -> int:
    """Make STUDY, with VIDEOS (files, or folders with videos) if any are given."""
    from skillviewer.data.study import Study, StudySettings

    defaults = StudySettings()
    settings = StudySettings(title=title, task=task, statement=statement or defaults.statement)
    # All of this comes before anything is made that would be half a study.
    missing = next((video for video in videos if not video.exists()), None)
    if missing is not None:
        raise VideoError(f"There is no {missing}.")
    files, refused = _files(videos)
    if refused:
        raise VideoError(refused[0])
    new = _new(files, task, None, participant_pattern)
    with Study.create(path, settings) as opened:
        say(opened.notices)
        target = opened.path
    failed = _add(target, new) if videos else 0
    echo(target)
    return failed


@study.command()
@click.argument("path", metavar="STUDY", type=PATH)
@click.argument("videos", nargs=-1, required=True, type=SOURCE)
@click.option("--task", default="", help="Task of these videos, if the study has several.")
@click.option("--participant", help="The participant in them.")
@click.option("--participant-pattern", help="Regular expression that finds the participant in the name of a video.")
@click.option("--occasion", default="", help="When they were recorded: pre, post, a date.")
def add(
    path: Path,
    videos: tuple[Path, ...],
    task: str,
    participant: str | None,
    participant_pattern: str | None,
    occasion: str,
) -> int:
    """Add VIDEOS (files, or folders with videos) to STUDY. The same bytes are one video, whatever the name."""
    if participant and participant_pattern:
        raise click.UsageError(
            "--participant names the participant, and --participant-pattern finds it: give one of them."
        )
    files, refused = _files(videos)
    say(refused)
    new = [replace(video, occasion=occasion) for video in _new(files, task, participant, participant_pattern)]
    failed = _add(path, new)
    return 1 if refused else failed


def _files(videos: Sequence[Path]) -> tuple[list[Path], list[str]]:
    """Return the videos among files and in folders, and a sentence for each of these that is or holds none."""
    from skillviewer.media.files import VIDEO_SUFFIXES, expand, without_videos
    from skillviewer.media.reading.reader import VideoReader

    files = expand(videos)
    refused = [problem for _, problem in without_videos(videos)]
    for file in [file for file in files if file.suffix.lower() not in VIDEO_SUFFIXES]:
        try:
            VideoReader(file, cache_bytes=0).close()
        except VideoError as error:
            files.remove(file)
            refused.append(str(error))
    return files, refused


def _new(files: list[Path], task: str, participant: str | None, pattern: str | None) -> "list[NewVideo]":
    from skillviewer.data.study import NewVideo
    from skillviewer.data.tables.participants import by_pattern

    participants = by_pattern([file.stem for file in files], pattern) if pattern else {}
    if pattern and len(participants) < len({file.stem for file in files}):
        n = len([file for file in files if file.stem not in participants])
        echo(f"skillviewer: “{pattern}” finds no participant in {n} of {len(files)} names.", err=True)
    return [NewVideo(file, participant=participant or participants.get(file.stem), task=task) for file in files]


def _add(path: Path, new: "list[NewVideo]") -> int:
    with open_study(path) as opened:
        with progress_bar(unit="file") as report:
            added = opened.videos.add(new, CancelToken(), report)
        stated = {
            name: video.participant for name, video in zip(added.names, new, strict=True) if name and video.participant
        }
        times = {name: video.occasion for name, video in zip(added.names, new, strict=True) if name}
        changed, _, contradictions = opened.videos.name_participants(stated, times)
        tasks = {video.name: video.task or opened.settings.task for video in opened.videos.all()}
    other_tasks = []
    for name, video in zip(added.names, new, strict=True):
        if name and video.task and video.task != tasks[name]:
            kept_task = f"“{tasks[name]}”" if tasks[name] else "none"
            other_tasks.append(
                f"“{name}” is said to be of the task “{video.task}”; the study says {kept_task}, which stays."
            )
    for name in added.known_names:
        echo(f"{name} is in the study already", err=True)
    if changed:
        echo(f"who is in {len(changed)} of them is known now", err=True)
    say((*added.problems, *contradictions, *other_tasks))
    n_new = len([name for name in added.names if name is not None]) - len(added.known_names)
    echo(f"{n_new} videos added", err=True)
    return 1 if added.problems or contradictions or other_tasks else 0


@study.command("list")
@click.argument("path", metavar="STUDY", type=PATH)
@click.option("--json", "as_json", is_flag=True, help="One JSON object a video and line, as docs/study.md says.")
@click.option("--check", is_flag=True, help="Read the files whose time stamp changed and tell whether they are others.")
def list_videos(path: Path, as_json: bool, check: bool) -> None:
    """List the videos of STUDY and where their files are: present, moved, missing or replaced.

    Of a part of a longer file stands which: frames from 0, or seconds. Scores are of the model that the study uses,
    else of the one that has scored the most videos.
    """
    from skillviewer.data.study.video_rows import format_clip_range

    with open_study(path, read_only=not check) as opened:
        if check:
            with progress_bar(unit="file") as report:
                videos = opened.videos.check(CancelToken(), report)
        else:
            videos = opened.videos.all()
        model = opened.models.default_model(opened.settings.model)
        scores = opened.models.scores(model.digest) if model is not None else {}
    for video in videos:
        score = scores.get(video.name)
        if as_json:
            record = {
                "name": video.name,
                "state": video.state.value,
                "unsure": video.unsure,
                "path": None if video.path is None else str(video.path),
                "recorded_path": video.recorded_path,
                "size_bytes": video.size_bytes,
                "digest": video.digest,
                "extent": format_clip_range(video.clip_range) or None,
                "participant": video.participant,
                "task": video.task,
                "occasion": video.occasion,
                "notes": video.notes,
                "context": video.context,
                "score": None if score is None else score.score,
                "interval": None if score is None else score.interval,
                "model": model.digest if model is not None else None,
            }
            echo(json.dumps(record))
        else:
            number = "" if score is None else f"{score.score:+.4f}"
            part = f" [{format_clip_range(video.clip_range)}]" if video.clip_range is not None else ""
            echo(f"{video.state.value:8}  {number:>8}  {video.name}  {video.path or video.recorded_path}{part}")


@study.command()
@click.argument("path", metavar="STUDY", type=PATH)
@click.option("--csv", "as_csv", is_flag=True, help="As CSV, with the columns of “export table log”.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object an event and line.")
def log(path: Path, as_csv: bool, as_json: bool) -> None:
    """List who did what and when in STUDY: votes, notes, models, videos, settings, exports. Times are in UTC."""
    with open_study(path, read_only=True) as opened:
        events = [asdict(event) for event in opened.log()]
    writer = csv.DictWriter(sys.stdout, [field_.name for field_ in fields(LogRow)], lineterminator="\n")
    if as_csv:
        writer.writeheader()
    for event in events:
        if as_csv:
            cells = {name: escape_cell(value) for name, value in event.items()}
            writer.writerow(
                {name: printable(str(cell)) for name, cell in cells.items()} if sys.stdout.isatty() else cells
            )
        else:
            echo(json.dumps(event) if as_json else "  ".join(printable(value) for value in event.values()))


@study.command("import")
@click.argument("path", metavar="STUDY", type=PATH)
@click.argument("source", type=PATH)
@click.option("--videos", type=FOLDER, help="Where the videos lie, if elsewhere.")
@click.option(
    "--format",
    "--form",
    "form",
    cls=RenamedOption,
    help="Format of the data set, if it is not recognised (docs/data.md).",
)
@click.option("--task", help="Which of several tasks of the data set.")
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
    set in any form of docs/data.md. What the study knows of who is in a video stays.
    """
    from skillviewer.data.formats.choices import Choices
    from skillviewer.data.study.exchange.exchange import bring_in

    choices = Choices(task=task, participant_pattern=participant_pattern)
    with open_study(path) as opened, progress_bar(unit="file") as report:
        imported = bring_in(opened, source, videos, form, choices, CancelToken(), report)
        problems = opened.dataset().problems if imported.votes and opened.ratings.all().items else ()
    say((*imported.problems, *problems))  # votes and ratings may contradict each other
    participants = f", who is in {imported.participants} known videos" if imported.participants else ""
    ratings = f", {imported.ratings} ratings" if imported.ratings else ""
    forms = f", {counted(imported.forms, 'video')} rated by a rubric" if imported.forms else ""
    echo(f"new: {imported.videos} videos, {imported.votes} votes, {imported.pairs} pairs{ratings}{forms}{participants}")


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
@click.option("--participants", is_flag=True, help="Write who is in which video instead of votes; without --format.")
@click.option("--force", is_flag=True, help="Replace a file that is there.")
@ONE_CRITERION
def export_pairs_of(
    path: Path, output: Path, criterion: str | None, form: str | None, participants: bool, force: bool
) -> None:
    """Write the votes or pairs of STUDY as a CSV file OUTPUT."""
    from skillviewer.data.study.exchange.pair_forms import export_pairs, export_videos
    from skillviewer.engine.exporting.study_context import save_in_log

    if participants and form is not None:
        raise click.UsageError(f"--participants writes a table of its own, not the form {form}: leave one of them out.")
    with open_study(path, criterion, read_only=True) as opened:
        if participants:
            written = export_videos(opened, output, overwrite=force)
        else:
            written = export_pairs(opened, output, form or "every-vote", overwrite=force)
    say(save_in_log(LoggedExport(path, output.name, "participants" if participants else form or "every-vote")))
    echo(f"{written} rows written", err=True)


@study.command()
@click.argument("archive", type=PATH)
@click.argument("folder", required=False, type=PATH)
def unpack(archive: Path, folder: Path | None) -> None:
    """Unpack ARCHIVE (“skillviewer export study”) into a new FOLDER (default: next to it) and print the study path."""
    from skillviewer.data.study.archive.archive_form import README
    from skillviewer.data.study.archive.unpack import free_folder
    from skillviewer.data.study.archive.unpack import unpack as unpacked

    with progress_bar(unit="file") as report:
        study_path = unpacked(archive, folder or free_folder(archive), CancelToken(), report)
    readme = study_path.with_name(README)
    if readme.is_file():
        echo(
            "skillviewer: Faces were blurred in these videos, which is an aid and no guarantee; scores and votes are "
            f"of the videos before that. {readme} tells more.",
            err=True,
        )
    echo(study_path)


@study.command()
@click.argument("path", metavar="STUDY", type=PATH)
@click.argument("folder", required=False, type=PATH)
def relink(path: Path, folder: Path | None) -> int:
    """Find moved videos of STUDY below FOLDER (by default the study's own), by size and content."""
    with open_study(path) as opened, progress_bar(unit="file") as report:
        result = opened.videos.relink(folder, CancelToken(), report)
    say(result.problems)
    for name in result.missing:
        echo(f"missing   {name}")
    for name in result.replaced:
        echo(f"replaced  {name}")
    echo(f"{len(result.located)} found again, {len(result.missing) + len(result.replaced)} not", err=True)
    return 1 if result.missing or result.replaced else 0
