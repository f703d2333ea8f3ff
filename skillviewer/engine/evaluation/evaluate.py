"""Evaluation of models on a data set: every model is trained and tested once with every seed on every fold.

The folder of an evaluation holds a folder for each run (``engine.training.run_folder``) and the tables of all runs
(``engine.evaluation.tables``). A finished run with the same configuration is not repeated.
"""

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from skillviewer.core.dataset.dataset import Dataset
from skillviewer.core.errors import SettingsError
from skillviewer.core.evaluation.accuracy import PooledEstimate
from skillviewer.core.progress import CancelToken, Progress, Report
from skillviewer.core.ratings.predictions import explain_missing_metrics, predict_ratings
from skillviewer.data.tables.regions import Regions, read_regions
from skillviewer.engine.evaluation.baseline import Baseline
from skillviewer.engine.evaluation.caveats import compare_with_trivial, published_folds_caveat, why_not_quoted
from skillviewer.engine.evaluation.evaluation_plan import EvaluationPlan
from skillviewer.engine.evaluation.record import EvaluationRecord, FoldRecord
from skillviewer.engine.evaluation.result_builder import FinishedRun, ResultBuilder
from skillviewer.engine.evaluation.results import ModelResult
from skillviewer.engine.evaluation.run import Run, RunSummary, SharedInputs, run_fold
from skillviewer.engine.evaluation.run_preparation import RunPreparation
from skillviewer.engine.evaluation.tables import write_tables
from skillviewer.engine.evaluation.tracks_as_regions import regions_of_tracks
from skillviewer.engine.features.feature_cache import FeatureCache
from skillviewer.engine.runtime.device import choose_device
from skillviewer.engine.runtime.distributed import n_launched
from skillviewer.engine.runtime.exclusive import exclusive_lock
from skillviewer.engine.runtime.processes import JobResult
from skillviewer.engine.runtime.workers import Workers, map_on_workers
from skillviewer.engine.training.fold_progress import FoldProgress, count_stages
from skillviewer.engine.training.run_folder import RunFolder
from skillviewer.engine.training.run_record import unseen_warning
from skillviewer.engine.training.training_plan import describe_selection, join_selection_texts
from skillviewer.nets.models import InputKind

_PROGRESS_STEPS = 100
"""Steps into which the progress of one run is divided."""


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Result of an evaluation.

    Attributes:
        record: Contents of ``evaluation.json``.
        n_trained: Number of runs that this call made.
        n_reused: Number of runs that an earlier call had finished.
        failures: One sentence for every run that failed; its model has no result.
    """

    record: EvaluationRecord
    n_trained: int
    n_reused: int
    failures: tuple[str, ...]

    @property
    def models(self) -> tuple[ModelResult, ...]:
        """Results of the models, in the order of the plan."""
        return self.record.models


def evaluate(
    plan: EvaluationPlan,
    dataset: Dataset,
    folder: Path,
    token: CancelToken,
    report: Report,
    *,
    device_name: str = "auto",
    cache: FeatureCache,
    baseline: Path | None = None,
) -> Evaluation:
    """Evaluate models on a data set, and write the tables of the results.

    Runs that an earlier call finished are not repeated. A shard makes its share of the runs, and no tables.

    Args:
        plan: Models and settings.
        dataset: Videos and pairs.
        folder: Folder of the evaluation.
        token: Stops the evaluation when raised; finished runs stay.
        report: Receives the progress; the value of a finished run is a sentence about it.
        device_name: Name of the device.
        cache: Cache of features.
        baseline: Folder of another evaluation on the same folds, with whose first model all models are compared; None
            to compare them with the first model of the plan.

    Raises:
        DatasetError: The data set cannot be divided, a held-out video took part in training, or there is nothing to
            compare with.
        CheckpointError: A model or backbone is unknown or not here.
        ExportError: Nothing can be written into the folder.
        SettingsError: Another evaluation writes into the folder.
    """
    plan.check()
    if n_launched() > 1:
        raise SettingsError("evaluate runs several trainings at once by --jobs. Start it without torchrun.")
    choose_device(device_name)
    refusal = f"Another evaluation writes into {folder}: wait until it has ended, or give another folder."
    shard_index, n_shards = plan.workers.shard
    is_sharded = n_shards > 1
    lock_name = f"evaluation-{shard_index + 1}-of-{n_shards}" if is_sharded else "evaluation"
    with exclusive_lock(folder / lock_name, refusal):
        loaded_baseline = Baseline.load(baseline) if baseline is not None else None
        preparation = RunPreparation(plan, dataset, folder, token, report, device_name, cache, loaded_baseline)
        preparation.open_videos()
        preparation.compute_inputs()
        missing_runs = preparation.missing_runs
        n_reused = len(preparation.shard_runs) - len(missing_runs)
        failures = _make_runs(missing_runs, preparation.shared_inputs(), plan.workers, token, report)
        record = _record(preparation.plan, preparation, failures)
        if not is_sharded:
            write_tables(record, folder)
    return Evaluation(record, len(missing_runs) - len(failures), n_reused, tuple(failures))


def _make_runs(
    runs: Sequence[Run], shared_inputs: SharedInputs, workers: Workers, token: CancelToken, report: Report
) -> list[str]:
    """Compute runs, one after the other or in parallel, and return a sentence for every failed run."""
    failures: list[str] = []
    fold_progress: list[FoldProgress] = []
    for run in runs:
        configuration = run.configuration
        select = configuration.settings.select
        n_stages = count_stages(select, configuration.inner_folds, refit=configuration.refit)
        fold_progress.append(FoldProgress(n_stages))
    steps_done = [0] * len(runs)
    stage = f"training, {len(runs)} runs" if len(runs) != 1 else "training, one run"

    def report_progress(value: object = None) -> None:
        report(Progress(stage, sum(steps_done), _PROGRESS_STEPS * len(runs), value))

    def on_progress(index: int, progress: Progress) -> None:
        fold_progress[index].add(progress)
        step = int(_PROGRESS_STEPS * fold_progress[index].share)
        if step > steps_done[index]:
            steps_done[index] = step
            report_progress()

    def on_done(index: int, outcome: JobResult[RunSummary]) -> None:
        steps_done[index] = _PROGRESS_STEPS
        title = runs[index].title
        if outcome.result is None:
            failures.append(f"{title}: {outcome.error}")
            report_progress()
            return
        summary = outcome.result
        report_progress(f"{title}: accuracy {summary.accuracy:.3f}, epoch {summary.epoch}, {summary.seconds:.0f} s")

    if not runs:
        return failures
    report_progress()
    map_on_workers(partial(run_fold, shared_inputs), runs, workers, token, on_progress, on_done)
    return failures


def _read_runs(runs: Sequence[Run]) -> list[FinishedRun]:
    """Return those of some runs that are finished, read from their folders."""
    results = [(run, RunFolder(run.folder).finished_result(run.configuration)) for run in runs]
    return [FinishedRun(run.fold, result, run.folder.name) for run, result in results if result is not None]


def _evaluation_regions(plan: EvaluationPlan, preparation: RunPreparation) -> Regions | None:
    """Return the regions that the attention is compared with, from tracks or from the data set, or None."""
    if plan.regions_from_tracks:
        return regions_of_tracks(preparation.facts)
    if preparation.dataset.regions_path is not None:
        return read_regions(preparation.dataset.regions_path, preparation.all_names)
    return None


def _record(plan: EvaluationPlan, preparation: RunPreparation, failures: Sequence[str]) -> EvaluationRecord:
    """Return the record of an evaluation, read from the folders of its runs; models with a missing run are left out."""
    dataset = preparation.dataset
    folds = preparation.folds
    problems = list(preparation.problems)
    regions = _evaluation_regions(plan, preparation)
    if regions is not None:
        problems += regions.problems[:3]
    reason = why_not_quoted(dataset, len(preparation.all_names), folds)
    quoted_dataset = dataset if not reason else dataclasses.replace(dataset, published=None)
    builder = ResultBuilder(quoted_dataset, folds.folds, preparation.facts, regions, plan.tolerance, plan.metrics)
    caveat = reason or published_folds_caveat(dataset)
    problems += builder.problems
    problems += filter(None, [caveat])
    runs_by_model: dict[str, list[FinishedRun]] = {}
    unseen_and_all = [(0, 0)]  # training pairs that were in no batch, and all training pairs, of each run
    for model in plan.models:
        planned_runs = [run for run in preparation.runs if run.plan.model == model]
        finished_runs = _read_runs(planned_runs)
        for run in finished_runs:
            unseen_pairs = run.run.provenance.unseen_pairs
            n_unseen = 0 if unseen_pairs is None else unseen_pairs
            unseen_and_all.append((n_unseen, len(run.fold.train_pairs)))
        if len(finished_runs) == len(planned_runs):
            runs_by_model[model] = finished_runs
    problems += _track_weight_notes(runs_by_model)
    problems += unseen_warning(*max(unseen_and_all), at_most=len(preparation.runs) > 1)
    first_runs = next(iter(runs_by_model.values()), None)
    if first_runs is not None:
        scores = [run.scores for run in first_runs[: len(folds.folds)]]
        problems += explain_missing_metrics(plan.metrics, predict_ratings(scores, dataset), dataset)
    results = []
    for name, model_runs in runs_by_model.items():
        compared_runs = None if model_runs is first_runs else first_runs
        reference_runs = preparation.baseline_runs or compared_runs
        results.append(builder.result(name, model_runs, reference_runs))
    training = plan.training
    backbone = training.backbone if plan.models_on(InputKind.FEATURES) else ""
    trained_backbone = training.trained_backbone if plan.models_on(InputKind.SNIPPETS) else ""
    selection = join_selection_texts(result.selection for result in results)
    if not selection:
        selection = describe_selection(training)
    baseline_title = preparation.baseline.title if preparation.baseline is not None else ""

    def lead_of(model: str, baseline: str, *, both_held_out: bool) -> PooledEstimate:
        return builder.lead(runs_by_model[model], runs_by_model[baseline], both_held_out=both_held_out)

    return EvaluationRecord(
        dataset=dataset.name,
        task=dataset.task,
        rule=dataset.rule,
        n_videos=len(dataset.videos),
        n_participants=len(set(dataset.participants.values())),
        n_pairs=len(dataset.pairs),
        folds_by=str(folds.fold_unit),
        split_title=folds.title,
        folds=tuple(FoldRecord.of(fold) for fold in folds.folds),
        warning=folds.warning,
        n_seeds=plan.n_seeds,
        preset=training.preset,
        dataset_preset=training.dataset_preset,
        backbone=backbone,
        trained_backbone=trained_backbone,
        preprocessing=training.preprocessing,
        selection=selection,
        ceilings=builder.ceilings,
        models=tuple(results),
        problems=(*problems, *failures),
        baseline=baseline_title,
        orderings=builder.orderings,
        verdict=compare_with_trivial(results, lead_of),
        one_rater=builder.one_rater,
    )


def _track_weight_notes(runs_by_model: Mapping[str, Sequence[FinishedRun]]) -> list[str]:
    """Return a sentence on the weights with which the score of tracks is added, or nothing if none is added."""
    ranges = []
    for model, runs in runs_by_model.items():
        track_weights = [run.run.provenance.track_weight for run in runs]
        weights = [weight for weight in track_weights if weight is not None]
        if weights:
            ranges.append(f"{model} ({min(weights):.2f} to {max(weights):.2f})")
    if not ranges:
        return []
    text = "The score of a ridge on measures of tracks is added, with a weight learned inside the training people"
    return [f"{text} (in standard deviations, the network's is 1): {', '.join(ranges)}."]
