"""``skillviewer demo``: assess a video of the sample study, in the window or, without a display, into files."""

import json
import os
import shlex
import shutil
import sys
from pathlib import Path

import click

from skillviewer.cli.options.help import HelpfulCommand
from skillviewer.cli.options.values import PATH
from skillviewer.cli.output import echo
from skillviewer.cli.progress import progress_bar
from skillviewer.core.errors import ExportError, os_error_as
from skillviewer.core.paths import resources_dir
from skillviewer.core.progress import CancelToken


def has_display() -> bool:
    """Return True if a window can be shown."""
    if not sys.platform.startswith("linux"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


@click.command(cls=HelpfulCommand)
@click.option(
    "--window/--no-window", default=None, help="Open the window, or write files.  [default: --window with a display]"
)
@click.option("-o", "--output", default=Path("out/demo"), show_default=True, type=PATH, help="Folder for files.")
@click.option(
    "--passes",
    default=4,
    show_default=True,
    type=click.IntRange(1, 64),
    help="How often the video is scored, each time on other frames.",
)
@click.option("--files", type=PATH, help="Copy the sample's videos, ratings and votes into this folder, to try.")
def demo(window: bool | None, output: Path, passes: int, files: Path | None) -> int:
    """Show the program at work on the sample study.

    With a display, the window opens on the study. Without one, a sample video is assessed, and an annotated clip, a
    contact sheet and the result as JSON are written.
    """
    study = resources_dir() / "sample_study"
    if files is not None:
        _copy_sample(study, files)
        return 0
    if window is None:
        window = has_display()
    if window:
        from skillviewer.ui.app import run

        return run([], sample=True)
    _write_files(min((study / "videos").glob("*.mp4")), output, passes)
    return 0


FILES = ("simulated-ratings.xlsx", "votes.csv")
"""Files of the sample study that --files copies, next to the videos."""

_NEXT_COMMANDS = (
    "study create {study} {folder}/videos",
    "study import-ratings {study} {folder}/simulated-ratings.xlsx",
    "data agreement {study}",
    "evaluate {study} --model none,full --folds 2 --select last -o {folder}/tables",
)
"""First commands of docs/tutorial-spreadsheet.md."""


def _copy_sample(study: Path, folder: Path) -> None:
    """Copy videos, ratings and votes of the sample study into a new or empty folder."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ExportError(f"{folder} is not empty: name a new folder.")
    with os_error_as(ExportError, f"{folder} cannot be written"):
        shutil.copytree(study / "videos", folder / "videos")
        for name in FILES:
            shutil.copy(study / name, folder / name)
    echo(f"{folder} has 36 clips of simulated arms, ratings of three simulated raters, and votes.")
    echo("In the window: drop simulated-ratings.xlsx on it. On the command line, as in the guide tutorial-spreadsheet:")
    study_file = folder / f"{folder.absolute().name}.skillstudy"
    for command in _NEXT_COMMANDS:
        echo(f"  skillviewer {command.format(study=shlex.quote(str(study_file)), folder=shlex.quote(str(folder)))}")


def _write_files(video: Path, output: Path, passes: int) -> None:
    from skillviewer.core.analysis.analysis_json import analysis_json
    from skillviewer.core.atomic_write import atomic_export
    from skillviewer.engine.inference.engine import Engine
    from skillviewer.export.analysed_video import AnalysedVideo
    from skillviewer.export.destination import make_folder
    from skillviewer.export.pictures.clip import export_clip
    from skillviewer.export.pictures.contact_sheet import export_sheet
    from skillviewer.export.pictures.picture_options import ClipOptions
    from skillviewer.nets.library import DEFAULT_MODEL

    result = output / f"{video.stem}.json"
    token = CancelToken()
    make_folder(result)  # fail now, not after the assessment, if the folder cannot be made
    echo(f"Assessing {video.name} of the sample study with the model {DEFAULT_MODEL} ...")
    with (
        Engine.open(DEFAULT_MODEL, announce=lambda text: echo(text, err=True)) as engine,
        progress_bar(unit="frame") as report,
    ):
        analysis = engine.assess(video, passes=passes, token=token, report=report)
    interval = ""
    if analysis.interval:
        low, high = analysis.interval
        interval = f" (95 % interval {low:+.2f} to {high:+.2f})"
    echo(f"Score {analysis.score:+.2f}{interval}")
    with atomic_export(result, overwrite=True) as temp_path:
        temp_path.write_text(json.dumps(analysis_json(analysis), indent=1) + "\n", encoding="utf-8")
    with progress_bar(unit="frame") as report:
        options = ClipOptions(title=video.stem)
        clip = export_clip(
            video, analysis, output / f"{video.stem}.annotated.mp4", options, token, report, overwrite=True
        )
    rows = [AnalysedVideo(analysis, title=video.stem)]
    with progress_bar(unit="frame") as report:
        sheet = export_sheet(rows, output / f"{video.stem}.sheet.png", overwrite=True, token=token, report=report)
    for title, path in (("annotated clip", clip), ("contact sheet", sheet), ("result as JSON", result)):
        echo(f"{title:<15} {path.resolve()}")
