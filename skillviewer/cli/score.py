"""``skillviewer score``: videos in, scores out."""

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from skillviewer.cli.failures import SOURCE, told
from skillviewer.cli.options.numbers import Finite
from skillviewer.cli.progress import progress_bar
from skillviewer.core.errors import SkillViewerError
from skillviewer.core.progress import CancelToken
from skillviewer.nets.library import DEFAULT_MODEL

if TYPE_CHECKING:
    from skillviewer.core.analysis.analysis import Analysis
    from skillviewer.core.video.extents import FrameRange


@click.command()
@click.argument("videos", nargs=-1, required=True, type=SOURCE)
@click.option(
    "--model",
    help="Checkpoint: a name (see skillviewer models) or a folder; "
    f"else {DEFAULT_MODEL}, which knows one simulated task.",
)
@click.option(
    "--passes",
    default=1,
    show_default=True,
    type=click.IntRange(1, 64),
    help="How often each is scored, each time on other frames; from 2 on there is an interval (the window: Settings).",
)
@click.option("--from", "start_s", type=Finite(0), help="Second at which the attempt begins, if not at 0.")
@click.option("--to", "stop_s", type=Finite(0, min_open=True), help="Second at which it ends, if not with the video.")
@click.option("--device", default="auto", show_default=True, help="auto, cpu, cuda, cuda:1 or mps.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a video and line, as docs/scripting.md says.")
@click.option("--save", type=click.Path(path_type=Path, file_okay=False), help="Folder for the whole analyses (.npz).")
@click.option("--force", is_flag=True, help="Write over analyses that are there.")
def score(
    videos: tuple[Path, ...],
    model: str | None,
    passes: int,
    start_s: float | None,
    stop_s: float | None,
    device: str,
    as_json: bool,
    save: Path | None,
    force: bool,
) -> int:
    """Score VIDEOS and say what the model looked at. A video that fails is told and the others go on.

    With --from and --to a stretch of each is scored, and nothing outside it is looked at.
    """
    from skillviewer.core.analysis.analysis_json import analysis_json
    from skillviewer.data.analysis_file import SUFFIX, save_analysis
    from skillviewer.engine.inference.engine import Engine
    from skillviewer.media.files import expand, free_names, without_videos

    if start_s is not None and stop_s is not None and stop_s <= start_s:
        raise click.UsageError(f"The attempt would end at {stop_s} s, before it begins at {start_s} s.")
    files = expand(videos)
    names = free_names(files, SUFFIX)
    if save is not None and not force:
        there = [name for name in names if (save / name).exists()]
        if there:
            raise click.UsageError(f"{save / there[0]} is there already. Give --force to write over it.")
    empty = without_videos(videos)
    for folder, problem in empty:
        told(problem, str(folder), as_json=as_json)
    failed = len(empty)
    if not files:
        return 1
    with Engine.open(
        model if model is not None else DEFAULT_MODEL, device=device, announce=lambda text: click.echo(text, err=True)
    ) as engine:
        for path, name in zip(files, names, strict=True):
            try:
                extent = None if start_s is None and stop_s is None else _stretch(path, start_s or 0.0, stop_s)
                with progress_bar(unit="frame") as report:
                    analysis = engine.assess(path, passes=passes, token=CancelToken(), report=report, extent=extent)
                if save is not None:
                    # found again from another folder as well
                    video = replace(analysis.video, path=analysis.video.path.absolute())
                    save_analysis(replace(analysis, video=video), save / name)
            except SkillViewerError as error:
                failed += 1
                told(str(error), str(path), as_json=as_json)
                continue
            click.echo(json.dumps(analysis_json(analysis)) if as_json else _line(analysis, path))
            if analysis.cautions:
                click.echo(f"{path}: {analysis.cautions}", err=True)
    return 1 if failed else 0


def _line(analysis: "Analysis", path: Path) -> str:
    ends = analysis.interval
    span = f"  ({ends[0]:+.3f} to {ends[1]:+.3f})" if ends else ""
    return f"{analysis.score:+.4f}{span}  {path}"


def _stretch(path: Path, start_s: float, stop_s: float | None) -> "FrameRange":
    from skillviewer.core.video.extents import frame_range
    from skillviewer.media.reading.reader import VideoReader

    with VideoReader(path, cache_bytes=0) as reader:
        return frame_range(reader.info, start_s, stop_s)
