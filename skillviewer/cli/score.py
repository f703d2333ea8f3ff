"""``skillviewer score``: videos in, scores out."""

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict, Unpack

import click

from skillviewer.cli.failures import SOURCE, report_failure
from skillviewer.cli.options.dataset_options import CommandT, add_options
from skillviewer.cli.options.numbers import Finite
from skillviewer.cli.progress import progress_bar
from skillviewer.core.errors import SkillViewerError
from skillviewer.core.progress import CancelToken
from skillviewer.nets.library import DEFAULT_MODEL, model_folder

if TYPE_CHECKING:
    from skillviewer.core.analysis.analysis import Analysis
    from skillviewer.core.video.extents import FrameRange


OPTIONS = (
    click.option(
        "--model",
        default=DEFAULT_MODEL,
        help="Checkpoint: a name (see skillviewer models) or a folder; "
        f"else {DEFAULT_MODEL}, which was trained for one simulated task.",
    ),
    click.option("--criterion", help="Which model of a folder of several, by the criterion that it learnt."),
    click.option(
        "--passes",
        "n_passes",
        default=1,
        show_default=True,
        type=click.IntRange(1, 64),
        help="How often each video is scored, each time on other frames; two or more give an interval.",
    ),
    click.option("--from", "start_s", type=Finite(0), help="Second at which the attempt begins, if not at 0."),
    click.option(
        "--to", "stop_s", type=Finite(0, min_open=True), help="Second at which it ends, if not with the video."
    ),
    click.option("--device", default="auto", show_default=True, help="auto, cpu, cuda, cuda:1 or mps."),
    click.option("--json", "as_json", is_flag=True, help="One JSON object per video and line (docs/scripting.md)."),
    click.option(
        "--save", type=click.Path(path_type=Path, file_okay=False), help="Folder for the whole analyses (.npz)."
    ),
    click.option("--force", is_flag=True, help="Replace analyses that are there."),
)
"""Options, in the order of the help. A new one is an entry here and a field of ``ScoreChoices``."""


def score_options(command: CommandT) -> CommandT:
    """Add the options to the command, which gets ``ScoreChoices``."""
    return add_options(command, OPTIONS)


class ScoreChoices(TypedDict):
    """Values of the options."""

    model: str
    criterion: str | None
    n_passes: int
    start_s: float | None
    stop_s: float | None
    device: str
    as_json: bool
    save: Path | None
    force: bool


@click.command()
@click.argument("videos", nargs=-1, required=True, type=SOURCE)
@score_options
def score(videos: tuple[Path, ...], **chosen: Unpack[ScoreChoices]) -> int:
    """Score VIDEOS. A video that fails is reported, and the others go on.

    With --from and --to a part of each video is scored; no frame outside it is used.
    """
    from skillviewer.core.analysis.analysis_json import analysis_json
    from skillviewer.data.analysis_file import SUFFIX, save_analysis
    from skillviewer.engine.inference.engine import Engine
    from skillviewer.media.files import expand, free_names, without_videos

    start_s, stop_s, save, as_json = chosen["start_s"], chosen["stop_s"], chosen["save"], chosen["as_json"]
    if start_s is not None and stop_s is not None and stop_s <= start_s:
        raise click.UsageError(f"The attempt would end at {stop_s} s, before it begins at {start_s} s.")
    files = expand(videos)
    names = free_names(files, SUFFIX)
    if save is not None and not chosen["force"]:
        there = [name for name in names if (save / name).exists()]
        if there:
            raise click.UsageError(f"{save / there[0]} is there already. Give --force to replace it.")
    empty = without_videos(videos)
    for folder, problem in empty:
        report_failure(problem, str(folder), as_json=as_json)
    failed, refused = len(empty), set[str]()
    if not files:
        return 1
    folder = model_folder(chosen["model"], chosen["criterion"])
    with Engine.open(folder, device=chosen["device"], announce=lambda text: click.echo(text, err=True)) as engine:
        for path, name in zip(files, names, strict=True):
            try:
                extent = None if start_s is None and stop_s is None else _part(path, start_s or 0.0, stop_s)
                with progress_bar(unit="frame") as report:
                    analysis = engine.assess(
                        path, passes=chosen["n_passes"], token=CancelToken(), report=report, extent=extent
                    )
                if save is not None:
                    # found again from another folder as well
                    video = replace(analysis.video, path=analysis.video.path.absolute())
                    save_analysis(replace(analysis, video=video), save / name)
            except SkillViewerError as error:
                failed += 1
                report_failure(str(error), str(path), as_json=as_json)
                continue
            click.echo(json.dumps(analysis_json(analysis)) if as_json else _line(analysis, path))
            _warn(analysis, path, refused)
    return 1 if failed else 0


def _warn(analysis: "Analysis", path: Path, refused: set[str]) -> None:
    """Print the cautions of an analysis, and a refusal of the raters' scale that was not printed before."""
    if analysis.cautions:
        click.echo(f"{path}: {analysis.cautions}", err=True)
    if analysis.scaled is not None and analysis.scaled.refusal not in {"", *refused}:
        refused.add(analysis.scaled.refusal)
        click.echo(analysis.scaled.refusal, err=True)


def _line(analysis: "Analysis", path: Path) -> str:
    ends = analysis.interval
    span = f"  ({ends[0]:+.3f} to {ends[1]:+.3f})" if ends else ""
    rating = f"  {analysis.scaled.words}" if analysis.scaled is not None and analysis.scaled.words else ""
    return f"{analysis.score:+.4f}{span}{rating}  {path}"


def _part(path: Path, start_s: float, stop_s: float | None) -> "FrameRange":
    from skillviewer.core.video.extents import frame_range
    from skillviewer.media.reading.reader import VideoReader

    with VideoReader(path, cache_bytes=0) as reader:
        return frame_range(reader.info, start_s, stop_s)
