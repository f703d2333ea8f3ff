"""``skillviewer demo``: the sample study in the window or, without a display, one of its videos assessed into files."""

import json
import os
import shlex
import shutil
import sys
from pathlib import Path

import click

from skillviewer.cli.options.help import GroupedCommand
from skillviewer.cli.options.values import PATH
from skillviewer.cli.output import echo
from skillviewer.cli.progress import progress_bar
from skillviewer.core.errors import ExportError, os_error_as
from skillviewer.core.paths import resources_dir
from skillviewer.core.progress import CancelToken


def has_display() -> bool:
    """Return True if this computer has a display for a window."""
    if not sys.platform.startswith("linux"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


@click.command(cls=GroupedCommand)
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
    sample_folder = resources_dir() / "sample_study"
    if files is not None:
        _copy_sample(sample_folder, files)
        return 0
    if window is None:
        window = has_display()
    if window:
        from skillviewer.ui.app import run

        return run([], sample=True)
    first_video = min((sample_folder / "videos").glob("*.mp4"))
    _assess_and_export(first_video, output, passes)
    return 0


_TABLES = ("simulated-ratings.xlsx", "votes.csv")
"""Files of the sample study that --files copies in addition to the videos."""

_NEXT_COMMANDS = (
    "study create {study} {folder}/videos",
    "study import-ratings {study} {folder}/simulated-ratings.xlsx",
    "data agreement {study}",
    "evaluate {study} --model none,full --folds 2 --select last -o {folder}/tables",
)
"""The first commands of docs/tutorial-spreadsheet.md."""


def _copy_sample(sample_folder: Path, folder: Path) -> None:
    """Copy the sample's videos, ratings and votes into a new or empty folder, and print what to run next."""
    is_free = not folder.exists() or (folder.is_dir() and not any(folder.iterdir()))
    if not is_free:
        raise ExportError(f"{folder} is not empty: name a new folder.")
    with os_error_as(ExportError, f"{folder} cannot be written"):
        shutil.copytree(sample_folder / "videos", folder / "videos")
        for name in _TABLES:
            shutil.copy(sample_folder / name, folder / name)
    echo(f"{folder} has 36 clips of simulated arms, ratings of three simulated raters, and votes.")
    echo("In the window: drop simulated-ratings.xlsx on it. On the command line, as in the guide tutorial-spreadsheet:")
    study_file = folder / f"{folder.absolute().name}.skillstudy"
    quoted_study = shlex.quote(str(study_file))
    quoted_folder = shlex.quote(str(folder))
    for command in _NEXT_COMMANDS:
        echo(f"  skillviewer {command.format(study=quoted_study, folder=quoted_folder)}")


def _assess_and_export(video: Path, output: Path, passes: int) -> None:
    from skillviewer.core.analysis.analysis_json import analysis_json
    from skillviewer.core.atomic_write import atomic_export
    from skillviewer.engine.inference.engine import Engine
    from skillviewer.export.analysed_video import AnalysedVideo
    from skillviewer.export.destination import make_folder
    from skillviewer.export.pictures.clip import export_clip
    from skillviewer.export.pictures.contact_sheet import export_sheet
    from skillviewer.export.pictures.picture_options import ClipOptions
    from skillviewer.nets.model_library import DEFAULT_MODEL

    json_path = output / f"{video.stem}.json"
    token = CancelToken()
    make_folder(json_path)  # before the assessment, so that an unwritable folder fails at once
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
    with atomic_export(json_path, overwrite=True) as temp_path:
        temp_path.write_text(json.dumps(analysis_json(analysis), indent=1) + "\n", encoding="utf-8")
    clip_path = output / f"{video.stem}.annotated.mp4"
    options = ClipOptions(title=video.stem)
    with progress_bar(unit="frame") as report:
        clip_path = export_clip(video, analysis, clip_path, options, token, report, overwrite=True)
    sheet_path = output / f"{video.stem}.sheet.png"
    rows = [AnalysedVideo(analysis, title=video.stem)]
    with progress_bar(unit="frame") as report:
        sheet_path = export_sheet(rows, sheet_path, overwrite=True, token=token, report=report)
    for title, path in (("annotated clip", clip_path), ("contact sheet", sheet_path), ("result as JSON", json_path)):
        echo(f"{title:<15} {path.resolve()}")
