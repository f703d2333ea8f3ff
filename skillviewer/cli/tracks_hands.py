"""``skillviewer tracks hands`` and ``swap``: search for hands in videos, and the exchange of left and right."""

import json
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from skillviewer.cli.failures import report_failure
from skillviewer.cli.options.add_options import add_options
from skillviewer.cli.options.time_range import TIME_RANGE, time_range_s
from skillviewer.cli.options.values import DEVICE, FILE, PATH, SOURCE, Finite, Parameters
from skillviewer.cli.options.worker_options import worker_options, workers_from
from skillviewer.cli.output import echo
from skillviewer.cli.progress import BatchReport, progress_bar
from skillviewer.core.progress import CancelToken, Progress

if TYPE_CHECKING:
    from collections.abc import Sequence

    from skillviewer.core.tracks.tracks import TrackSet
    from skillviewer.engine.runtime.processes import JobResult
    from skillviewer.engine.runtime.workers import Workers
    from skillviewer.engine.scoring.units import ScoringUnit
    from skillviewer.engine.tracking.hand_units import HandJob


@click.command()
@click.argument("sources", metavar="VIDEOS...", nargs=-1, required=True, type=SOURCE)
@click.option("-o", "--output", type=PATH, help="Also write the tracks: a file (.csv), or a folder for several videos.")
@click.option(
    "--networks", type=click.Choice(["full", "lite"]), default="full", show_default=True, help="Size of the networks."
)
@click.option(
    "--every", default=1, show_default=True, type=click.IntRange(1, 1000), help="Search every frame, every second, ..."
)
@click.option("--sampled-by", metavar="MODEL", help="Search only the frames that this model samples.")
@click.option(
    "--max-hands", default=2, show_default=True, type=click.IntRange(1, 8), help="Largest number of hands in a frame."
)
@partial(add_options, options=TIME_RANGE)
@click.option("--cost", is_flag=True, help="Only estimate the duration of the search on this computer.")
@click.option("--force", is_flag=True, help="Search again, and replace existing tracks of hands and output files.")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON object on a line for every video.")
@DEVICE
@worker_options
def hands(sources: tuple[Path, ...], **parameters: Any) -> int:  # noqa: ANN401 - click's parameters
    """Find the hands in VIDEOS (files, folders, lists, studies), and save their tracks with the videos.

    The same command continues a stopped search, and does not repeat a finished one. Frames without a hand become a gap:
    no position is invented.
    """
    from skillviewer.cli.unit_sources import gather_units

    ends_s = time_range_s(parameters)
    workers = workers_from(parameters)
    units, problems = gather_units(sources, None, ends_s)
    job = _job(parameters, workers)
    searcher = _HandSearcher(job, workers.share(units), parameters["output"], as_json=parameters["as_json"])
    for source, problem in problems:
        searcher.report_failure(source, problem)
    searcher.check_output(len(units))
    if units:
        searcher.print_cost()
    if not parameters["cost"]:
        searcher.search_all(workers)
    return 1 if searcher.n_failed else 0


@click.command()
@click.argument("video", type=FILE)
@click.option("--from", "start_s", type=Finite(0), default=0.0, help="Start of the part in seconds.  [default: 0]")
@click.option(
    "--to", "stop_s", type=Finite(0, min_open=True), help="End of the part in seconds.  [default: the end of the video]"
)
def swap(video: Path, start_s: float, stop_s: float | None) -> int:
    """Exchange the left and the right hand in VIDEO, or in a part of it.

    Use it if the search confused them, or if the picture is mirrored.
    """
    from skillviewer.core.errors import VideoError
    from skillviewer.core.tracks.hand_linking import swap_hands
    from skillviewer.core.video.clips import frame_range
    from skillviewer.data.tracks_file import TrackStore
    from skillviewer.media.reading.reader import VideoReader

    with VideoReader(video, CancelToken(), cache_bytes=0) as reader:
        info = reader.info
    frames = frame_range(info, start_s, stop_s).frames(info)
    store = TrackStore()
    tracks = store.get(info.digest)
    if tracks is None or not tracks.hands:
        raise VideoError(f"{video.name} has no tracks of hands: find them first (skillviewer tracks hands {video}).")
    store.put(swap_hands(tracks, frames))
    echo(f"{video}: left and right are exchanged in {len(frames)} frames")
    return 0


def _job(parameters: Parameters, workers: "Workers") -> "HandJob":
    from skillviewer.engine.tracking.hand_tracker import HandModel
    from skillviewer.engine.tracking.hand_units import HandJob
    from skillviewer.engine.tracking.track_hands import HandSearch
    from skillviewer.nets.model_library import model_folder

    if parameters["sampled_by"] is not None and parameters["every"] > 1:
        raise click.UsageError("Give --every or --sampled-by, not both.")
    sampling_model = None
    if parameters["sampled_by"] is not None:
        sampling_model = model_folder(parameters["sampled_by"]).absolute()
    device = "cuda" if workers.devices else parameters["device"]
    return HandJob(
        HandSearch(HandModel(parameters["networks"]), every=parameters["every"], max_hands=parameters["max_hands"]),
        sampled_by=sampling_model,
        device=device,
        force=parameters["force"],
    )


class _HandSearcher:
    """Search for hands in all units of one command; prints the results and counts the failures."""

    def __init__(self, job: "HandJob", units: "Sequence[ScoringUnit]", output: Path | None, *, as_json: bool) -> None:
        self._job = job
        self._units = units
        self._output = output
        self._as_json = as_json
        self._csv_files = _csv_files(units, output) if output is not None else {}
        self.n_failed = 0

    def report_failure(self, path: Path, problem: str) -> None:
        """Print and count a failure."""
        self.n_failed += 1
        report_failure(problem, str(path), as_json=self._as_json)

    def check_output(self, n_units: int) -> None:
        """Raise an error now, not after hours of work, for an output that cannot be written.

        Args:
            n_units: Number of all units, those of other jobs of a cluster's array included.

        Raises:
            UsageError: The output is a file for several videos, or a file that is no CSV file.
            ExportError: The file exists already.
        """
        from skillviewer.core.atomic_write import check_free

        if self._output is None:
            return
        if self._output.suffix.lower() == ".csv":
            if n_units > 1:
                raise click.UsageError(f"{self._output} would get {n_units} videos: name a folder.")
            check_free(self._output, overwrite=self._job.force)
        elif self._output.is_file():
            raise click.UsageError(f"{self._output} is a file: name a folder, or a file that ends in .csv.")

    def print_cost(self) -> None:
        """Measure the time per frame on this computer, and print the longest duration for the first video."""
        from skillviewer.core.errors import SkillViewerError
        from skillviewer.engine.tracking.hand_units import open_networks, search_of
        from skillviewer.engine.tracking.track_hands import measure_cost
        from skillviewer.media.reading.reader import VideoReader

        unit = self._units[0]
        networks = open_networks(self._job.search.model, self._job.device)
        try:
            with VideoReader(unit.path, CancelToken(), cache_bytes=0) as reader:
                video = reader.info
            search, frames = search_of(self._job, video, unit)
        except SkillViewerError:
            return  # the search of this video reports the error
        cost = measure_cost(networks, video.width_px, video.height_px)
        n_searched = len(search.frames_of(frames))
        n_videos_text = f" There are {len(self._units)} videos." if len(self._units) > 1 else ""
        echo(f"{unit.path.name}: {cost.text(n_searched)}{n_videos_text}", err=True)

    def search_all(self, workers: "Workers") -> None:
        """Search all videos, and print how often each hand was found."""
        from skillviewer.engine.runtime.workers import map_on_workers
        from skillviewer.engine.tracking.hand_units import track_unit

        n_units = len(self._units)
        is_single = n_units == 1
        unit_of_progress = "frame" if is_single else "video"
        with progress_bar(unit=unit_of_progress) as bar:
            report_done = None if is_single else bar
            batch_report = BatchReport(n_units, report_done, log=None, stage="looking for hands")

            def on_finished(index: int, outcome: "JobResult[TrackSet]") -> None:
                unit = self._units[index]
                problem = ""
                if outcome.result is None:
                    problem = str(outcome.error)
                    self.report_failure(unit.path, problem)
                else:
                    self._write_csv(unit, outcome.result)
                    self._print(unit, outcome.result)
                batch_report.count_item(unit.title, problem)

            def on_progress(_index: int, progress: Progress) -> None:
                if is_single:
                    bar(progress)

            with closing(batch_report):
                map_on_workers(
                    partial(track_unit, self._job),
                    self._units,
                    workers,
                    token=CancelToken(),
                    on_progress=on_progress,
                    on_done=on_finished,
                )

    def _write_csv(self, unit: "ScoringUnit", tracks: "TrackSet") -> None:
        from skillviewer.data.tracks.skillviewer_csv import write_skillviewer_csv

        file = self._csv_files.get(unit)
        if file is None:
            return
        if file.exists() and not self._job.force:
            echo(f"{file} is there already, and stays as it is (--force replaces it)", err=True)
        else:
            write_skillviewer_csv(tracks, file, overwrite=self._job.force)

    def _print(self, unit: "ScoringUnit", tracks: "TrackSet") -> None:
        from skillviewer.core.text import whole_percent
        from skillviewer.core.tracks.tracks import TrackKind, nothing_found

        hands_only = tracks.without([track.name for track in tracks.tracks if track.kind is not TrackKind.HAND])
        n_searched = max((int(track.is_searched.sum()) for track in hands_only.tracks), default=0)
        warning = nothing_found(hands_only)
        if self._as_json:
            record = {
                "path": unit.title,
                "n_searched": n_searched,
                "hands": [
                    {"name": track.name, "side": track.side, "share_seen": track.share_seen}
                    for track in hands_only.tracks
                ],
                "warning": warning or None,
            }
            echo(json.dumps(record))
            return
        if warning:
            echo(f"{unit.title}: {warning}")
            return
        shares = []
        for track in hands_only.tracks:
            percent = whole_percent(int(track.is_measured.sum()), n_searched)
            shares.append(f"{track.name} in {percent} %")
        echo(f"{unit.title}: {', '.join(shares)} of {n_searched} frames")


def _csv_files(units: "Sequence[ScoringUnit]", output: Path) -> "dict[ScoringUnit, Path]":
    """Return the CSV file of every unit: ``output`` if it is a file, else a file in it named after the video."""
    from skillviewer.core.paths import reserve_name, safe_name
    from skillviewer.core.video.clips import range_cells

    if output.suffix.lower() == ".csv":
        return dict.fromkeys(units, output)
    used_names: set[str] = set()
    files = {}
    for unit in units:
        kind, start, stop = range_cells(unit.clip_range)
        range_text = f" {start:g}-{stop:g}" if kind else ""
        name = reserve_name(safe_name(unit.path.stem) + range_text, used_names)
        files[unit] = output / f"{name}.csv"
    return files
