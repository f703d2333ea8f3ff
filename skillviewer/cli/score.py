"""``skillviewer score``: videos in, scores out; many of them on several processes, GPUs or machines."""

import json
from contextlib import closing
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from skillviewer.cli.failures import report_failure
from skillviewer.cli.options.dataset_options import add_options
from skillviewer.cli.options.help import HelpfulCommand
from skillviewer.cli.options.values import DEVICE, FILE, FOLDER, SOURCE, Chosen, Finite
from skillviewer.cli.options.worker_options import chosen_workers, worker_options
from skillviewer.cli.output import echo
from skillviewer.cli.progress import BatchReport, progress_bar
from skillviewer.core.progress import CancelToken, Progress
from skillviewer.core.video.preprocessing import USUAL_PASSES
from skillviewer.nets.library import DEFAULT_MODEL

if TYPE_CHECKING:
    from collections.abc import Sequence

    from skillviewer.core.analysis.analysis import Analysis
    from skillviewer.data.result_file import ResultHeader
    from skillviewer.engine.runtime.processes import JobResult
    from skillviewer.engine.runtime.workers import Workers
    from skillviewer.engine.scoring.units import Scoring, ScoringUnit


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
        default=USUAL_PASSES,
        show_default=True,
        type=click.IntRange(1, 64),
        help="How often each video is scored, each time on other frames; two or more give an interval.",
    ),
    click.option("--from", "start_s", type=Finite(0), help="Second at which the attempt begins, if not at 0."),
    click.option(
        "--to", "stop_s", type=Finite(0, min_open=True), help="Second at which it ends, if not with the video."
    ),
    click.option("--videos", "videos_dir", type=FOLDER, help="Where the videos of data sets lie."),
    DEVICE,
    click.option("--json", "as_json", is_flag=True, help="One JSON object per video and line (docs/scripting.md)."),
    click.option(
        "--out", "--save", "out", type=FOLDER, help="Folder of whole analyses (.npz); the same command goes on there."
    ),
    click.option("--into", type=FILE, help="Study that gets the scores at the end, and videos that it lacks."),
    click.option("--force", is_flag=True, help="Compute what is done again, too."),
    click.option("--retry-failed", is_flag=True, help="Try again what failed in an earlier run."),
    click.option("--log", type=FILE, help="File that gets a line of JSON for every video."),
    click.option("--cache-gb", type=Finite(min=0), default=20, show_default=True, help="Room for features."),
)
"""Options, in the order of the help. A new one is an entry here."""


@click.command(cls=HelpfulCommand)
@click.argument("sources", nargs=-1, required=True, type=SOURCE)
@partial(add_options, options=OPTIONS)
@worker_options
def score(sources: tuple[Path, ...], **chosen: Any) -> int:  # noqa: ANN401 - click's parameters
    """Score SOURCES: videos, folders, lists of paths (.txt), data sets and studies.

    A video that fails is reported, and the others go on. With --out the same command continues after a stop: what is
    done is not computed again, and what failed is tried again with --retry-failed. With --from and --to a part of each
    video is scored; no frame outside it is used.
    """
    from skillviewer.cli.score_sources import gathered_units
    from skillviewer.data.study import Study
    from skillviewer.engine.scoring.units import open_engine

    part, workers = _part(chosen), chosen_workers(chosen)
    if chosen["into"] is not None and (chosen["out"] is None or not chosen["into"].is_file()):
        raise click.UsageError("--into needs a study (“skillviewer study create”), and the folder of results, --out.")
    if chosen["into"] is not None:  # refused before hours of work, and not after them
        Study.open(chosen["into"], read_only=True).close()
    units, problems = gathered_units(sources, chosen["videos_dir"], part)
    run = _Run(_scoring(chosen, workers), workers.share(units), as_json=chosen["as_json"])
    for source, problem in problems:
        run.failed(str(source), source, problem)
    try:
        run.work(workers, chosen["log"], retry=chosen["retry_failed"])
        if chosen["into"] is not None:
            run.collect(chosen["into"])
    finally:
        open_engine.cache_clear()
    if run.failures and len(units) > 1:
        echo("", f"{len(run.failures)} failed:", *run.failures, err=True)
    return 1 if run.failures else 0


def _part(chosen: Chosen) -> tuple[float, float | None] | None:
    start_s, stop_s = chosen["start_s"], chosen["stop_s"]
    if start_s is not None and stop_s is not None and stop_s <= start_s:
        raise click.UsageError(f"The attempt would end at {stop_s} s, before it begins at {start_s} s.")
    return None if start_s is None and stop_s is None else (start_s or 0.0, stop_s)


def _scoring(chosen: Chosen, workers: "Workers") -> "Scoring":
    from skillviewer.engine.scoring.units import Scoring
    from skillviewer.nets.library import digest, model_folder

    folder = model_folder(chosen["model"], chosen["criterion"]).absolute()
    return Scoring(
        model=folder,
        digest=digest(folder),
        passes=chosen["n_passes"],
        device="cuda" if workers.devices else chosen["device"],
        folder=None if chosen["out"] is None else chosen["out"].absolute(),
        cache_bytes=int(chosen["cache_gb"] * 2**30),
        again=chosen["force"],
    )


class _Run:
    """Units of one command, and what became of them."""

    def __init__(self, scoring: "Scoring", units: "Sequence[ScoringUnit]", *, as_json: bool) -> None:
        self._scoring, self._units, self._as_json = scoring, units, as_json
        self._files: list[tuple[ScoringUnit, Path]] = []
        self.failures: list[str] = []
        self._refused: set[str] = set()

    def failed(self, title: str, path: Path, problem: str) -> None:
        """Report a failure."""
        self.failures.append(f"  {title}  {problem}")
        report_failure(problem, str(path), as_json=self._as_json)

    def work(self, workers: "Workers", log: Path | None, *, retry: bool) -> None:
        """Print what is done, and do the rest on an engine."""
        from skillviewer.engine.runtime.workers import work
        from skillviewer.engine.scoring.units import ResultFolder, open_engine, score_unit

        kept, todo = ResultFolder(self._scoring), []
        for unit in self._units:
            found, problem = kept.found(unit), "" if retry else kept.failed(unit)
            if found is not None:
                self._print(unit, *found)
            elif problem:
                self.failed(unit.title, unit.path, f"{problem} (--retry-failed tries again)")
            else:
                todo.append(unit)
        if not todo:
            return
        kept.check_writable()
        if workers.here:
            open_engine(self._scoring)
        one = len(todo) == 1
        with progress_bar(unit="frame" if one else "video") as bar:
            reported = BatchReport(len(todo), None if one else bar, log)

            def finished(index: int, outcome: "JobResult[Path | Analysis]") -> None:
                unit, result = todo[index], outcome.result
                kept.remember(unit, outcome.error)
                if result is None:
                    self.failed(unit.title, unit.path, str(outcome.error))
                else:
                    self._print(unit, result)
                reported.piece(unit.title, "" if result is not None else str(outcome.error))

            def progressed(_index: int, progress: Progress) -> None:
                if one:
                    bar(progress)

            with closing(reported):
                work(partial(score_unit, self._scoring), todo, workers, CancelToken(), progressed, finished)

    def _print(self, unit: "ScoringUnit", result: "Path | Analysis", note: "ResultHeader | None" = None) -> None:
        from skillviewer.core.analysis.analysis_json import analysis_json
        from skillviewer.data.analysis_file import load_analysis

        if isinstance(result, Path):
            self._files.append((unit, result))
        if note is not None and not self._as_json:  # thousands may be done: none is read
            echo(_line(note, unit))
            return
        analysis = load_analysis(result) if isinstance(result, Path) else result
        shown = replace(analysis, video=replace(analysis.video, path=unit.path))
        echo(json.dumps(analysis_json(shown)) if self._as_json else _line(analysis, unit))
        if analysis.all_warnings:
            echo(f"{unit.title}: {analysis.all_warnings}", err=True)
        if analysis.scaled is not None and analysis.scaled.refusal not in {"", *self._refused}:  # each once
            self._refused.add(analysis.scaled.refusal)
            echo(analysis.scaled.refusal, err=True)

    def collect(self, study: Path) -> None:
        """Write the results into a study."""
        from skillviewer.data.result_file import read_header
        from skillviewer.engine.scoring.collecting import collect

        results = [(unit.path, file, read_header(file)) for unit, file in self._files]
        n_new = collect(study, self._scoring, results)
        echo(f"{n_new} scores are new in {study}", err=True)


def _line(result: "Analysis | ResultHeader", unit: "ScoringUnit") -> str:
    ends = result.interval
    span = f"  ({ends[0]:+.3f} to {ends[1]:+.3f})" if ends else ""
    rating = f"  {result.rating}" if result.rating else ""
    return f"{result.score:+.4f}{span}{rating}  {unit.title}"
