"""``skillviewer score``: score videos, on one process or several, on GPUs or a cluster."""

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
from skillviewer.cli.options.values import DEVICE, FILE, FOLDER, SOURCE, Finite, Parameters
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
    click.option("--criterion", help="If --model is a folder of several models: the one that learnt this criterion."),
    click.option(
        "--passes",
        "n_passes",
        default=USUAL_PASSES,
        show_default=True,
        type=click.IntRange(1, 64),
        help="How often each video is scored, each time on other frames; two or more give an interval.",
    ),
    click.option("--from", "start_s", type=Finite(0), help="Start of the attempt in seconds.  [default: 0]"),
    click.option(
        "--to",
        "stop_s",
        type=Finite(0, min_open=True),
        help="End of the attempt in seconds.  [default: the end of the video]",
    ),
    click.option("--videos", "videos_dir", type=FOLDER, help="Folder of the videos of data sets."),
    DEVICE,
    click.option("--json", "as_json", is_flag=True, help="One JSON object per video and line (docs/scripting.md)."),
    click.option(
        "--out",
        "--save",
        "out",
        type=FOLDER,
        help="Folder for complete analyses (.npz); a stopped run continues from it.",
    ),
    click.option("--into", type=FILE, help="Study that the scores, and videos that it lacks, are added to at the end."),
    click.option("--force", is_flag=True, help="Score every video again, also those with a saved analysis."),
    click.option("--retry-failed", is_flag=True, help="Try videos again that failed in an earlier run."),
    click.option("--log", type=FILE, help="File to which a line of JSON is written for every video."),
    click.option(
        "--cache-gb", type=Finite(min=0), default=20, show_default=True, help="Largest size of the cache of features."
    ),
)
"""Options, in the order of the help. A new one is an entry here."""


@click.command(cls=HelpfulCommand)
@click.argument("sources", nargs=-1, required=True, type=SOURCE)
@partial(add_options, options=OPTIONS)
@worker_options
def score(sources: tuple[Path, ...], **parameters: Any) -> int:  # noqa: ANN401 - click's parameters
    """Score SOURCES: videos, folders, lists of paths (.txt), data sets and studies.

    A failure is reported, and the other videos are scored. With --out the same command continues after a stop: scored
    videos are not scored again, failed ones only with --retry-failed. With --from and --to only a part of each video is
    scored; no frame outside it is used.
    """
    from skillviewer.cli.score_sources import gathered_units
    from skillviewer.data.study import Study
    from skillviewer.engine.scoring.units import open_engine

    part = _part(parameters)
    workers = chosen_workers(parameters)
    if parameters["into"] is not None and (parameters["out"] is None or not parameters["into"].is_file()):
        raise click.UsageError("--into needs a study (“skillviewer study create”), and the folder of results, --out.")
    if parameters["into"] is not None:  # refuse a study that cannot be opened before hours of work
        Study.open(parameters["into"], read_only=True).close()
    units, problems = gathered_units(sources, parameters["videos_dir"], part)
    run = _Run(_scoring(parameters, workers), workers.share(units), as_json=parameters["as_json"])
    for source, problem in problems:
        run.failed(str(source), source, problem)
    try:
        run.work(workers, parameters["log"], retry=parameters["retry_failed"])
        if parameters["into"] is not None:
            run.collect(parameters["into"])
    finally:
        open_engine.cache_clear()
    if run.failures and len(units) > 1:
        echo("", f"{len(run.failures)} failed:", *run.failures, err=True)
    return 1 if run.failures else 0


def _part(parameters: Parameters) -> tuple[float, float | None] | None:
    start_s, stop_s = parameters["start_s"], parameters["stop_s"]
    if start_s is not None and stop_s is not None and stop_s <= start_s:
        raise click.UsageError(f"The attempt would end at {stop_s} s, before it begins at {start_s} s.")
    return None if start_s is None and stop_s is None else (start_s or 0.0, stop_s)


def _scoring(parameters: Parameters, workers: "Workers") -> "Scoring":
    from skillviewer.engine.scoring.units import Scoring
    from skillviewer.nets.library import digest, model_folder

    folder = model_folder(parameters["model"], parameters["criterion"]).absolute()
    return Scoring(
        model=folder,
        digest=digest(folder),
        passes=parameters["n_passes"],
        device="cuda" if workers.devices else parameters["device"],
        folder=None if parameters["out"] is None else parameters["out"].absolute(),
        cache_bytes=int(parameters["cache_gb"] * 2**30),
        again=parameters["force"],
    )


class _Run:
    """Scoring of all units of one command; prints the results and lists the failures."""

    def __init__(self, scoring: "Scoring", units: "Sequence[ScoringUnit]", *, as_json: bool) -> None:
        self._scoring = scoring
        self._units = units
        self._as_json = as_json
        self._files: list[tuple[ScoringUnit, Path]] = []
        self.failures: list[str] = []
        self._printed_refusals: set[str] = set()

    def failed(self, title: str, path: Path, problem: str) -> None:
        """Report a failure."""
        self.failures.append(f"  {title}  {problem}")
        report_failure(problem, str(path), as_json=self._as_json)

    def work(self, workers: "Workers", log: Path | None, *, retry: bool) -> None:
        """Print the scores of an earlier run, and score the other videos."""
        from skillviewer.engine.runtime.workers import work
        from skillviewer.engine.scoring.units import ResultFolder, open_engine, score_unit

        results = ResultFolder(self._scoring)
        todo = []
        for unit in self._units:
            saved = results.find(unit)
            earlier_problem = "" if retry else results.saved_failure(unit)
            if saved is not None:
                self._print(unit, *saved)
            elif earlier_problem:
                self.failed(unit.title, unit.path, f"{earlier_problem} (--retry-failed tries again)")
            else:
                todo.append(unit)
        if not todo:
            return
        results.check_writable()
        if workers.is_local:
            open_engine(self._scoring)
        is_single = len(todo) == 1
        with progress_bar(unit="frame" if is_single else "video") as bar:
            batch_report = BatchReport(len(todo), bar=None if is_single else bar, log=log)

            def finished(index: int, outcome: "JobResult[Path | Analysis]") -> None:
                unit = todo[index]
                results.save_failure(unit, outcome.error)
                if outcome.result is None:
                    self.failed(unit.title, unit.path, str(outcome.error))
                else:
                    self._print(unit, outcome.result)
                batch_report.finish(unit.title, "" if outcome.result is not None else str(outcome.error))

            def progressed(_index: int, progress: Progress) -> None:
                if is_single:
                    bar(progress)

            with closing(batch_report):
                work(partial(score_unit, self._scoring), todo, workers, CancelToken(), progressed, finished)

    def _print(self, unit: "ScoringUnit", result: "Path | Analysis", header: "ResultHeader | None" = None) -> None:
        from skillviewer.core.analysis.analysis_json import analysis_json
        from skillviewer.data.analysis_file import load_analysis

        if isinstance(result, Path):
            self._files.append((unit, result))
        if header is not None and not self._as_json:  # the header is enough: reading thousands of analyses takes long
            echo(_line(header, unit))
            return
        analysis = load_analysis(result) if isinstance(result, Path) else result
        analysis_at_path = replace(analysis, video=replace(analysis.video, path=unit.path))
        echo(json.dumps(analysis_json(analysis_at_path)) if self._as_json else _line(analysis, unit))
        if analysis.all_warnings:
            echo(f"{unit.title}: {analysis.all_warnings}", err=True)
        refusal = analysis.scaled.refusal if analysis.scaled is not None else ""
        if refusal and refusal not in self._printed_refusals:
            self._printed_refusals.add(refusal)
            echo(refusal, err=True)

    def collect(self, study: Path) -> None:
        """Add the results to a study."""
        from skillviewer.data.result_file import read_header
        from skillviewer.engine.scoring.collecting import collect

        results = [(unit.path, file, read_header(file)) for unit, file in self._files]
        n_new = collect(study, self._scoring, results)
        echo(f"{n_new} scores are new in {study}", err=True)


def _line(result: "Analysis | ResultHeader", unit: "ScoringUnit") -> str:
    interval = ""
    if result.interval:
        low, high = result.interval
        interval = f"  ({low:+.3f} to {high:+.3f})"
    rating = f"  {result.rating}" if result.rating else ""
    return f"{result.score:+.4f}{interval}{rating}  {unit.title}"
