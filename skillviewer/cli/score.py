"""``skillviewer score``: scoring of videos by one process or several, on GPUs or a cluster."""

import json
from contextlib import closing
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from skillviewer.cli.failures import report_failure
from skillviewer.cli.options.add_options import add_options
from skillviewer.cli.options.help import GroupedCommand
from skillviewer.cli.options.time_range import TIME_RANGE, time_range_s
from skillviewer.cli.options.values import DEVICE, FILE, FOLDER, SOURCE, Finite, Parameters
from skillviewer.cli.options.worker_options import worker_options, workers_from
from skillviewer.cli.output import echo
from skillviewer.cli.progress import BatchReport, progress_bar
from skillviewer.core.progress import CancelToken, Progress
from skillviewer.core.video.preprocessing import USUAL_PASSES
from skillviewer.nets.model_library import DEFAULT_MODEL

if TYPE_CHECKING:
    from collections.abc import Sequence

    from skillviewer.core.analysis.analysis import Analysis
    from skillviewer.data.result_file import ResultHeader
    from skillviewer.engine.runtime.processes import JobResult
    from skillviewer.engine.runtime.workers import Workers
    from skillviewer.engine.scoring.units import ResultFolder, Scoring, ScoringUnit


OPTIONS = (
    click.option(
        "--model",
        default=DEFAULT_MODEL,
        help="Checkpoint: a name (see skillviewer models) or a folder; "
        f"else {DEFAULT_MODEL}, which was trained for one simulated task.",
    ),
    click.option("--criterion", help="Criterion of the model to use, if --model is a folder of several models."),
    click.option(
        "--passes",
        "n_passes",
        default=USUAL_PASSES,
        show_default=True,
        type=click.IntRange(1, 64),
        help="Number of times that each video is scored, each time on other frames; two or more give an interval.",
    ),
    *TIME_RANGE,
    click.option("--videos", "videos_dir", type=FOLDER, help="Folder of the videos of data sets."),
    DEVICE,
    click.option(
        "--json", "as_json", is_flag=True, help="Print a JSON object on a line for every video (docs/scripting.md)."
    ),
    click.option(
        "--out",
        "--save",
        "out",
        type=FOLDER,
        help="Folder for complete analyses (.npz); the same command continues from it after a stop.",
    ),
    click.option("--into", type=FILE, help="Study that gets the scores at the end, and the videos that it lacks."),
    click.option("--force", is_flag=True, help="Score every video again, even with a saved analysis."),
    click.option("--retry-failed", is_flag=True, help="Retry videos that failed in an earlier run."),
    click.option("--log", type=FILE, help="File to which a line of JSON is written for every video."),
    click.option(
        "--cache-gb", type=Finite(min=0), default=20, show_default=True, help="Largest size of the cache of features."
    ),
)
"""Options, in the order of the help. A new one is an entry here."""


@click.command(cls=GroupedCommand)
@click.argument("sources", nargs=-1, required=True, type=SOURCE)
@partial(add_options, options=OPTIONS)
@worker_options
def score(sources: tuple[Path, ...], **parameters: Any) -> int:  # noqa: ANN401 - click's parameters
    """Score SOURCES: videos, folders, lists of paths (.txt), data sets and studies.

    A failure is reported, and the other videos are scored. With --out the same command continues after a stop: scored
    videos are not scored again, failed ones only with --retry-failed. With --from and --to only a part of each video is
    scored; no frame outside it is used.
    """
    from skillviewer.cli.unit_sources import gather_units
    from skillviewer.data.study import Study
    from skillviewer.engine.scoring.units import open_engine

    ends_s = time_range_s(parameters)
    workers = workers_from(parameters)
    study_path = parameters["into"]
    if study_path is not None:
        if parameters["out"] is None or not study_path.is_file():
            raise click.UsageError(
                "--into needs a study (“skillviewer study create”), and the folder of results, --out."
            )
        Study.open(study_path, read_only=True).close()  # raises an error now, not after hours of work
    units, problems = gather_units(sources, parameters["videos_dir"], ends_s)
    scorer = _Scorer(_scoring(parameters, workers), workers.share(units), as_json=parameters["as_json"])
    for source, problem in problems:
        scorer.report_failure(str(source), source, problem)
    try:
        scorer.score_all(workers, parameters["log"], retry=parameters["retry_failed"])
        if study_path is not None:
            scorer.collect(study_path)
    finally:
        open_engine.cache_clear()
    if scorer.failures and len(units) > 1:
        echo("", f"{len(scorer.failures)} failed:", *scorer.failures, err=True)
    return 1 if scorer.failures else 0


def _scoring(parameters: Parameters, workers: "Workers") -> "Scoring":
    from skillviewer.engine.scoring.units import Scoring
    from skillviewer.nets.model_library import checkpoint_digest, model_folder

    folder = model_folder(parameters["model"], parameters["criterion"]).absolute()
    device = "cuda" if workers.devices else parameters["device"]
    results_folder = None if parameters["out"] is None else parameters["out"].absolute()
    return Scoring(
        model=folder,
        digest=checkpoint_digest(folder),
        passes=parameters["n_passes"],
        device=device,
        folder=results_folder,
        cache_bytes=int(parameters["cache_gb"] * 2**30),
        again=parameters["force"],
    )


class _Scorer:
    """Scoring of all units of one command; prints the results and collects the failures."""

    def __init__(self, scoring: "Scoring", units: "Sequence[ScoringUnit]", *, as_json: bool) -> None:
        self._scoring = scoring
        self._units = units
        self._as_json = as_json
        self._result_files: list[tuple[ScoringUnit, Path]] = []
        self.failures: list[str] = []  # a line for each: name and problem
        self._printed_refusals: set[str] = set()

    def report_failure(self, title: str, path: Path, problem: str) -> None:
        """Print and collect a failure."""
        self.failures.append(f"  {title}  {problem}")
        report_failure(problem, str(path), as_json=self._as_json)

    def score_all(self, workers: "Workers", log: Path | None, *, retry: bool) -> None:
        """Print the scores of an earlier run, and score the other videos.

        Args:
            workers: Processes to score with.
            log: File that gets a line for every scored video, or None.
            retry: Whether to score videos again that failed in an earlier run.
        """
        from skillviewer.engine.runtime.workers import map_on_workers
        from skillviewer.engine.scoring.units import ResultFolder, open_engine, score_unit

        results = ResultFolder(self._scoring)
        units_to_score = self._print_earlier(results, retry=retry)
        if not units_to_score:
            return
        results.check_writable()
        if workers.is_local:
            open_engine(self._scoring)
        is_single = len(units_to_score) == 1
        unit_of_progress = "frame" if is_single else "video"
        with progress_bar(unit=unit_of_progress) as bar:
            report_done = None if is_single else bar
            batch_report = BatchReport(len(units_to_score), report_done, log=log)

            def on_finished(index: int, outcome: "JobResult[Path | Analysis]") -> None:
                unit = units_to_score[index]
                results.save_failure(unit, outcome.error)
                problem = ""
                if outcome.result is None:
                    problem = str(outcome.error)
                    self.report_failure(unit.title, unit.path, problem)
                else:
                    self._print(unit, outcome.result)
                batch_report.count_item(unit.title, problem)

            def on_progress(_index: int, progress: Progress) -> None:
                if is_single:
                    bar(progress)

            with closing(batch_report):
                score_one = partial(score_unit, self._scoring)
                map_on_workers(
                    score_one,
                    units_to_score,
                    workers,
                    token=CancelToken(),
                    on_progress=on_progress,
                    on_done=on_finished,
                )

    def _print_earlier(self, results: "ResultFolder", *, retry: bool) -> "list[ScoringUnit]":
        """Print scores and failures of an earlier run, and return the other units."""
        other_units = []
        for unit in self._units:
            earlier_scores = results.find(unit)
            earlier_problem = "" if retry else results.saved_failure(unit)
            if earlier_scores is not None:
                file, header = earlier_scores
                self._print(unit, file, header)
            elif earlier_problem:
                self.report_failure(unit.title, unit.path, f"{earlier_problem} (--retry-failed tries again)")
            else:
                other_units.append(unit)
        return other_units

    def _print(self, unit: "ScoringUnit", result: "Path | Analysis", header: "ResultHeader | None" = None) -> None:
        """Print the score of a unit from its analysis or its result file; ``header`` is the header of that file."""
        from skillviewer.core.analysis.analysis_json import analysis_json
        from skillviewer.data.analysis_file import load_analysis

        if isinstance(result, Path):
            self._result_files.append((unit, result))
        if header is not None and not self._as_json:  # the header is enough: reading thousands of analyses takes long
            echo(_score_line(header, unit))
            return
        analysis = load_analysis(result) if isinstance(result, Path) else result
        if self._as_json:
            analysis_at_path = replace(analysis, video=replace(analysis.video, path=unit.path))
            echo(json.dumps(analysis_json(analysis_at_path)))
        else:
            echo(_score_line(analysis, unit))
        if analysis.all_warnings:
            echo(f"{unit.title}: {analysis.all_warnings}", err=True)
        refusal = analysis.scaled.refusal if analysis.scaled is not None else ""
        if refusal and refusal not in self._printed_refusals:
            self._printed_refusals.add(refusal)
            echo(refusal, err=True)

    def collect(self, study_path: Path) -> None:
        """Add the results to a study."""
        from skillviewer.data.result_file import read_header
        from skillviewer.engine.scoring.collecting import collect

        results = [(unit.path, file, read_header(file)) for unit, file in self._result_files]
        n_new = collect(study_path, self._scoring, results)
        echo(f"{n_new} scores are new in {study_path}", err=True)


def _score_line(result: "Analysis | ResultHeader", unit: "ScoringUnit") -> str:
    interval = ""
    if result.interval:
        low, high = result.interval
        interval = f"  ({low:+.3f} to {high:+.3f})"
    rating = f"  {result.rating}" if result.rating else ""
    return f"{result.score:+.4f}{interval}{rating}  {unit.title}"
