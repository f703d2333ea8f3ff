"""``skillviewer tracks hands`` and ``swap``: find the hands in videos, and exchange left and right."""

import json
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from skillviewer.cli.failures import report_failure
from skillviewer.cli.options.values import DEVICE, FILE, PATH, SOURCE, Finite, Parameters
from skillviewer.cli.options.worker_options import chosen_workers, worker_options
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
@click.option("--from", "start_s", type=Finite(0), help="Start of the attempt in seconds.  [default: 0]")
@click.option(
    "--to",
    "stop_s",
    type=Finite(0, min_open=True),
    help="End of the attempt in seconds.  [default: the end of the video]",
)
@click.option("--cost", is_flag=True, help="Only estimate how long the search takes on this computer.")
@click.option("--force", is_flag=True, help="Search again, and replace existing tracks of hands and output files.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object per video and line.")
@DEVICE
@worker_options
def hands(sources: tuple[Path, ...], **parameters: Any) -> int:  # noqa: ANN401 - click's parameters
    """Find the hands in VIDEOS (files, folders, lists, studies), and save their tracks with the videos.

    A stopped search continues, and a finished one is not repeated. Frames without a hand become a gap: no position is
    invented.
    """
    from skillviewer.cli.score_sources import gathered_units

    start_s, stop_s = parameters["start_s"], parameters["stop_s"]
    if stop_s is not None and stop_s <= (start_s or 0):
        raise click.UsageError(f"The attempt would end at {stop_s} s, before it begins at {start_s or 0} s.")
    part = None if start_s is None and stop_s is None else (start_s or 0.0, stop_s)
    workers = chosen_workers(parameters)
    units, problems = gathered_units(sources, None, part)
    run = _Run(_job(parameters, workers), workers.share(units), parameters["output"], as_json=parameters["as_json"])
    for source, problem in problems:
        run.failed(source, problem)
    run.check_output(len(units))
    if units:
        run.report_cost()
    if not parameters["cost"]:
        run.work(workers)
    return 1 if run.n_failed else 0


@click.command()
@click.argument("video", type=FILE)
@click.option("--from", "start_s", type=Finite(0), default=0.0, help="Start of the part in seconds.  [default: 0]")
@click.option(
    "--to", "stop_s", type=Finite(0, min_open=True), help="End of the part in seconds.  [default: the end of the video]"
)
def swap(video: Path, start_s: float, stop_s: float | None) -> int:
    """Exchange the left and the right hand of VIDEO, or of a part: they were confused, or the picture is mirrored."""
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
    from skillviewer.nets.library import model_folder

    if parameters["sampled_by"] is not None and parameters["every"] > 1:
        raise click.UsageError("Give --every or --sampled-by, not both.")
    return HandJob(
        HandSearch(HandModel(parameters["networks"]), every=parameters["every"], max_hands=parameters["max_hands"]),
        sampled_by=None if parameters["sampled_by"] is None else model_folder(parameters["sampled_by"]).absolute(),
        device="cuda" if workers.devices else parameters["device"],
        force=parameters["force"],
    )


class _Run:
    """Search of all units of one command; prints and counts the results."""

    def __init__(self, job: "HandJob", units: "Sequence[ScoringUnit]", output: Path | None, *, as_json: bool) -> None:
        self._job = job
        self._units = units
        self._output = output
        self._as_json = as_json
        self._files = _files_of(units, output) if output is not None else {}
        self.n_failed = 0

    def failed(self, path: Path, problem: str) -> None:
        """Report a failure."""
        self.n_failed += 1
        report_failure(problem, str(path), as_json=self._as_json)

    def check_output(self, n_units: int) -> None:
        """Refuse an output that cannot be written, before hours of work.

        Raises:
            UsageError: The output is a file, and several videos need a folder.
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

    def report_cost(self) -> None:
        """Measure the time per frame on this computer, and print how long the first video takes at most."""
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
        n_videos_text = f" There are {len(self._units)} videos." if len(self._units) > 1 else ""
        echo(f"{unit.path.name}: {cost.text(len(search.frames_of(frames)))}{n_videos_text}", err=True)

    def work(self, workers: "Workers") -> None:
        """Search all videos, and print what is found."""
        from skillviewer.engine.runtime.workers import work
        from skillviewer.engine.tracking.hand_units import track_unit

        is_single = len(self._units) == 1
        with progress_bar(unit="frame" if is_single else "video") as bar:
            batch_report = BatchReport(
                len(self._units), bar=None if is_single else bar, log=None, stage="looking for hands"
            )

            def finished(index: int, outcome: "JobResult[TrackSet]") -> None:
                unit = self._units[index]
                if outcome.result is None:
                    self.failed(unit.path, str(outcome.error))
                else:
                    self._print(unit, outcome.result)
                batch_report.finish(unit.title, "" if outcome.result is not None else str(outcome.error))

            def progressed(_index: int, progress: Progress) -> None:
                if is_single:
                    bar(progress)

            with closing(batch_report):
                work(partial(track_unit, self._job), self._units, workers, CancelToken(), progressed, finished)

    def _print(self, unit: "ScoringUnit", tracks: "TrackSet") -> None:
        from skillviewer.core.text import whole_percent
        from skillviewer.core.tracks.tracks import TrackKind, nothing_found
        from skillviewer.data.tracks.own_csv import write_own_csv

        file = self._files.get(unit)
        if file is not None and file.exists() and not self._job.force:
            echo(f"{file} is there already, and stays as it is (--force replaces it)", err=True)
        elif file is not None:
            write_own_csv(tracks, file, overwrite=self._job.force)
        hand_tracks = tracks.without([track.name for track in tracks.tracks if track.kind is not TrackKind.HAND])
        n_searched = max((int(track.is_searched.sum()) for track in hand_tracks.tracks), default=0)
        warning = nothing_found(hand_tracks)
        if self._as_json:
            records = [
                {"name": track.name, "side": track.side, "share_seen": track.share_seen} for track in hand_tracks.tracks
            ]
            facts = {"path": unit.title, "n_searched": n_searched, "hands": records, "warning": warning or None}
            echo(json.dumps(facts))
            return
        shares = ", ".join(
            f"{track.name} in {whole_percent(int(track.is_measured.sum()), n_searched)} %"
            for track in hand_tracks.tracks
        )
        result = warning or f"{shares} of {n_searched} frames"
        echo(f"{unit.title}: {result}")


def _files_of(units: "Sequence[ScoringUnit]", output: Path) -> "dict[ScoringUnit, Path]":
    """Return the CSV file of every unit: the output if it is a file, else a file in it named after the video."""
    from skillviewer.core.paths import reserve_name, safe_name
    from skillviewer.core.video.clips import range_cells

    if output.suffix.lower() == ".csv":
        return dict.fromkeys(units, output)
    names_used: set[str] = set()
    files = {}
    for unit in units:
        kind, start, stop = range_cells(unit.clip_range)
        part = f" {start:g}-{stop:g}" if kind else ""
        files[unit] = output / f"{reserve_name(safe_name(unit.path.stem) + part, names_used)}.csv"
    return files
