"""Evaluation of models on a data set: every model is trained and tested with every seed on every fold, once.

The folder of an evaluation holds one folder a run (``engine.training.run_folder``) and the tables of all runs
(``engine.evaluation.tables``). A finished run with the same configuration is skipped.
"""

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from skillviewer.core.dataset.dataset import Dataset
from skillviewer.core.dataset.folds import Folds, FoldUnit, make_folds, with_pairs
from skillviewer.core.errors import DatasetError, SettingsError
from skillviewer.core.progress import CancelToken, Progress, Report
from skillviewer.core.ratings.predictions import predicted, why_absent
from skillviewer.data.tables.regions import Regions, read_regions
from skillviewer.engine.evaluation.baseline import Baseline
from skillviewer.engine.evaluation.caveats import compare_with_trivial, published_folds_caveat, why_not_quoted, epochs_caveat
from skillviewer.engine.evaluation.record import EvaluationRecord, FoldRecord
from skillviewer.engine.evaluation.result_builder import FinishedRun, ResultBuilder
from skillviewer.engine.evaluation.results import ModelResult
from skillviewer.engine.evaluation.run import Run, RunSummary, SharedInputs, run_fold
from skillviewer.engine.evaluation.tables import write_tables
from skillviewer.engine.evaluation.tracks_as_regions import regions_of_tracks
from skillviewer.engine.features.cache import FeatureCache
from skillviewer.engine.features.dataset_features import build_store, tell_cost
from skillviewer.engine.features.extractor import own_backbone_weights
from skillviewer.engine.features.feature_store import MappedStore
from skillviewer.engine.features.measured_videos import MeasuredVideos, has_tracks, instrument_numbers, track_numbers
from skillviewer.engine.features.snippets import backbones_of
from skillviewer.engine.features.source import FrameSource
from skillviewer.engine.features.video_facts import VideoFacts, clip_ranges_of, facts_of, files_of, shared_frames
from skillviewer.engine.runtime.device import choose_device
from skillviewer.engine.runtime.distributed import n_launched
from skillviewer.engine.runtime.exclusive import exclusive_lock
from skillviewer.engine.runtime.processes import JobResult
from skillviewer.engine.runtime.workers import Workers, work
from skillviewer.engine.training.inputs import SourceRecipe, TrainingInputs
from skillviewer.engine.training.plan import TrainingPlan, describe_selection_rules, selection_rule
from skillviewer.engine.training.run_folder import RUNS, RunFolder, run_name
from skillviewer.engine.training.run_record import RunConfiguration, unseen_warning
from skillviewer.engine.training.train_settings import EpochSelection
from skillviewer.nets.models import ATTENTION_MODELS, InputKind, attention_model

if TYPE_CHECKING:
    from skillviewer.nets.configuration import BackboneConfig

PARTS = 100
"""Parts into which a run is divided when its progress is told."""


def usual_models() -> tuple[str, ...]:
    """Return the names of all models but those that not every data set and computer has inputs or time for.

    Models that train their backbones take a GPU and days; those of tracks and measures are among the controls.
    """
    rare = {InputKind.SNIPPETS, InputKind.TRACKS, InputKind.MEASURES}
    return tuple(entry.name for entry in ATTENTION_MODELS if entry.inputs not in rare)


@dataclass(frozen=True, slots=True)
class EvaluationPlan:
    """Models and settings of an evaluation.

    Attributes:
        models: Entries in ATTENTION_MODELS; the others are compared with the first.
        controls: Further entries, each evaluated where the data set has its inputs.
        training: Plan of every training; its model and seed are replaced.
        n_folds: Number of folds, where the data set does not come with its own; None for four.
        by: Unit that is held out; None takes the released folds, else participants, else, with a warning, videos.
        n_seeds: Seeds 0, 1, ... with which every model is trained on every fold.
        workers: Engine of the runs: this process, several, or a cluster.
        tolerance: Cells by which a map may miss a region.
        on_tracks: Whether regions are the tracks kept with the videos, instead of the data set's table.
        checkpoints: Whether the checkpoint of every run is kept.
        metrics: Metrics with intervals over people (``core.ratings.predictions.metrics_named``).
    """

    models: tuple[str, ...] = ("full",)
    training: TrainingPlan = field(default_factory=TrainingPlan)
    n_folds: int | None = None
    by: FoldUnit | None = None
    n_seeds: int = 1
    workers: Workers = field(default_factory=Workers)
    tolerance: int = 1
    on_tracks: bool = False
    checkpoints: bool = False
    metrics: tuple[str, ...] = ()
    controls: tuple[str, ...] = ()

    def check(self) -> None:
        """Refuse what cannot be done before anything is done.

        Raises:
            CheckpointError: A model, preset or backbone is unknown, or a model cannot be evaluated.
            SettingsError: A model is named twice, or a number makes no sense.
        """
        doubled = sorted({name for name in self.models if self.models.count(name) > 1})
        if doubled:
            raise SettingsError(f"The model {doubled[0]} is named twice.")
        if not self.models:
            raise SettingsError("Name at least one model to evaluate.")
        for name in (*self.models, *self.controls):
            self.of(name, 0).check()

    def of(self, model: str, seed: int) -> TrainingPlan:
        """Return the training plan of a model with a seed."""
        return dataclasses.replace(self.training, model=model, seed=seed)

    def models_on(self, inputs: InputKind) -> tuple[str, ...]:
        """Return the models whose inputs are features, snippets or time."""
        return tuple(name for name in self.models if attention_model(name).inputs is inputs)


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Result of an evaluation.

    Attributes:
        record: Everything, as it stands in ``evaluation.json``.
        n_trained: Runs that were made now.
        n_found: Runs that were there already.
        failures: One sentence for every run that failed; its model has no result.
    """

    record: EvaluationRecord
    n_trained: int
    n_found: int
    failures: tuple[str, ...]

    @property
    def models(self) -> tuple[ModelResult, ...]:
        """Results, in the order in which the models were named."""
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
    """Evaluate models on a data set; finished runs are not repeated.

    If the token is raised, finished runs stay. Every finished run is reported with a sentence as value. Models are
    compared with the first of them, or with the first model of ``baseline``, the folder of another evaluation of the
    same folds. A shard makes its share of the runs, and no tables.

    Raises:
        DatasetError: The data set cannot be divided, a held-out video took part in training, or there is nothing to
            compare with.
        CheckpointError: A model or backbone is unknown or not here.
        ExportError: Nothing can be written into the folder.
        SettingsError: Another evaluation writes into it.
    """
    plan.check()
    if n_launched() > 1:
        raise SettingsError("evaluate runs several trainings at once by --jobs. Start it without torchrun.")
    choose_device(device_name)
    refusal = f"Another evaluation writes into {folder}: wait until it has ended, or give another folder."
    first, step = plan.workers.shard
    whole = step == 1
    with exclusive_lock(folder / ("evaluation" if whole else f"evaluation-{first + 1}-of-{step}"), refusal):
        other = Baseline.load(baseline) if baseline is not None else None
        preparation = _Preparation(plan, dataset, folder, token, report, device_name, cache, other)
        preparation.open_videos()
        preparation.compute_inputs()
        missing = preparation.missing
        n_found = len(preparation.share) - len(missing)
        failures = _make(missing, preparation.material(), plan.workers, token, report)
        record = _record(preparation.plan, preparation, failures)
        if whole:
            write_tables(record, folder)
    return Evaluation(record, len(missing) - len(failures), n_found, tuple(failures))


@dataclass(eq=False)
class _Preparation:
    """Preparation of the first run: the readable videos, the folds, and the runs that are missing."""

    plan: EvaluationPlan
    dataset: Dataset
    _folder: Path
    _token: CancelToken
    _report: Report
    _device_name: str
    _cache: FeatureCache
    baseline: Baseline | None
    facts: Mapping[str, VideoFacts] = field(default_factory=dict)
    runs: tuple[Run, ...] = ()
    share: Sequence[Run] = ()
    missing: tuple[Run, ...] = ()
    compared: tuple[FinishedRun, ...] = ()
    _stores: dict[InputKind, MappedStore] = field(default_factory=dict)
    _backbones: "dict[InputKind, BackboneConfig]" = field(default_factory=dict)
    _measured: dict[InputKind, MeasuredVideos] = field(default_factory=dict)
    _fused: MeasuredVideos | None = None  # measures of tracks that are added to the scores of networks

    def __post_init__(self) -> None:
        plan = self.plan
        self.names = self.dataset.names
        self.folds = Folds(FoldUnit.VIDEO, ())
        other = filter(None, (epochs_caveat(plan.of(name, 0)) for name in plan.models))
        self.problems = [*self.dataset.problems, *other]

    def open_videos(self) -> None:
        """Open every video and see what there is to do."""
        whole = self.dataset
        self.facts, problems = facts_of(whole, self.plan.training.preprocessing, self._token, self._report)
        self.problems += problems
        if not self.facts:
            raise DatasetError(f"No video of {whole.name} can be read. Say where they lie.")
        self._add_controls()
        usable = whole.restricted(self.facts.keys())
        self._split(usable if not self.plan.training.with_tracks else self._with_tracks(usable))

    def _with_tracks(self, usable: Dataset) -> Dataset:
        """Return the videos with measures of tracks; the others are named among the problems."""
        measured = track_numbers(usable, self.facts, self._token, self._report)
        self.problems += measured.left_out
        usable, self._fused = measured.restrict(usable)
        return usable

    def _add_controls(self) -> None:
        """Add the controls whose inputs there are to the models."""
        available = {InputKind.MEASURES: bool(self.dataset.instruments), InputKind.TRACKS: False}
        if any(attention_model(name).inputs is InputKind.TRACKS for name in self.plan.controls):
            available[InputKind.TRACKS] = has_tracks(self.dataset, self.facts)
        chosen_models = self.plan.models
        added = [
            n for n in self.plan.controls if n not in chosen_models and available.get(attention_model(n).inputs, True)
        ]
        self.plan = dataclasses.replace(self.plan, models=(*chosen_models, *added))

    def _measured_videos(self, inputs: InputKind) -> MeasuredVideos:
        if inputs not in self._measured:
            if inputs is InputKind.MEASURES:
                self._measured[inputs] = instrument_numbers(self.dataset, self.facts)
            else:
                self._measured[inputs] = track_numbers(self.dataset, self.facts, self._token, self._report)
            self.problems += self._measured[inputs].problems
        return self._measured[inputs]

    def compute_inputs(self) -> None:
        """Compute (or find) what the missing runs need; a video that fails is left out, and the folds are made anew."""
        for inputs in (InputKind.FEATURES, InputKind.SNIPPETS, InputKind.FLOW):
            plan = next((run.plan for run in self.missing if run.plan.inputs is inputs), None)
            if plan is None:
                continue
            training_inputs = TrainingInputs.of(plan, choose_device(self._device_name), self._cache)
            recipe = SourceRecipe(plan, self._device_name, self._cache)
            self._stores[inputs] = self._store(training_inputs.source, recipe)
            self._backbones[inputs] = training_inputs.backbones

    def _store(self, source: FrameSource, recipe: SourceRecipe) -> MappedStore:
        workers = self.plan.workers
        n = recipe.candidates
        tell_cost(source, self.dataset, n, self._token, self._report)
        features_from = source if workers.is_local else recipe
        files = files_of(self.dataset)
        clip_ranges = clip_ranges_of(self.dataset)
        store, problems = build_store(files, features_from, n, self._token, self._report, clip_ranges, workers)
        self.problems += problems
        if problems:
            self._split(self.dataset.restricted(store.keys()))
        return store

    def _split(self, usable: Dataset) -> None:
        plan = self.plan
        self.dataset = usable
        every = make_folds(usable, plan.n_folds, plan.by)
        self.folds = with_pairs(every)
        numbers = {fold.name: number for number, fold in enumerate(every.folds, start=1)}
        self._look_for_leaks()
        digests: dict[str, str] = {}
        for inputs in (InputKind.TRACKS, InputKind.MEASURES):
            if models := self.plan.models_on(inputs):
                measured = self._measured_videos(inputs)
                self._stores[inputs] = measured.store()
                digests |= dict.fromkeys(models, measured.digest)
        if plan.models_on(InputKind.FEATURES):
            digests[plan.training.backbone] = own_backbone_weights(plan.training.backbone).digest
        if plan.models_on(InputKind.SNIPPETS):
            digests[plan.training.trained_backbone] = backbones_of(plan.training.trained_backbone).appearance_digest
        if plan.training.own_motion and plan.models_on(InputKind.FEATURES):
            name = plan.training.backbone
            digests[name] += f" and, for flow, {own_backbone_weights(name, flow=True).digest}"
        runs = []
        for model in plan.models:
            for seed in range(plan.n_seeds):
                for fold in self.folds.folds:
                    training = plan.of(model, seed)
                    configuration = RunConfiguration.of(
                        training,
                        usable,
                        fold,
                        self.facts,
                        digests,
                        checkpoint=plan.checkpoints,
                        tracks_sha256="" if self._fused is None else self._fused.digest,
                    )
                    place = RunFolder.at(self._folder / RUNS / run_name(model, seed, numbers[fold.name]), configuration)
                    runs.append(Run(training, fold, place.path, configuration))
        self.runs = tuple(runs)
        self.share = plan.workers.share(self.runs)
        self.missing = tuple(run for run in self.share if RunFolder(run.folder).finished(run.configuration) is None)
        self.compared = self._compared()

    def _compared(self) -> tuple[FinishedRun, ...]:
        """Return the runs of another evaluation that all models are compared with; none if there is none."""
        if self.baseline is None:
            return ()
        return self.baseline.load_runs((run.fold, run.configuration) for run in self.runs)

    def _look_for_leaks(self) -> None:
        """Refuse folds that hold out what they train on under another name; of released ones that is told."""
        for fold in self.folds.folds:
            shared_videos = shared_frames(self.facts, fold)
            if shared_videos is None:
                continue
            held_out, trained = shared_videos
            message = (
                f"Fold {fold.name} holds “{held_out}” out, and trains on “{trained}”, which shows the same frames of "
                "the same file"
            )
            if self.folds.by is not FoldUnit.RELEASED:
                raise DatasetError(f"{message}. Leave one of the two out, or say that one person is in both.")
            self.problems += [f"{message}; its folds are used as they were released."]

    def material(self) -> SharedInputs:
        """Return the settings that all runs share."""
        by_participants = self.folds.by is FoldUnit.PARTICIPANT
        return SharedInputs(
            dataset=self.dataset,
            participants=self.dataset.participants if by_participants else {},
            facts={name: self.facts[name] for name in self.dataset.names},
            stores=self._stores,
            backbones=self._backbones,
            device_name=self._device_name,
            measured=self._fused,
        )


def _make(
    runs: Sequence[Run], material: SharedInputs, workers: Workers, token: CancelToken, report: Report
) -> list[str]:
    """Make runs, one or several at once, and return one sentence for every one that failed."""
    failures: list[str] = []
    parts = [0] * len(runs)
    stage = f"training, {len(runs)} runs" if len(runs) != 1 else "training, one run"

    def tell(value: object = None) -> None:
        report(Progress(stage, sum(parts), PARTS * len(runs), value))

    def progressed(index: int, progress: Progress) -> None:
        if progress.stage == "training" and progress.total:  # an epoch of one of the stages of a run
            run = runs[index].configuration
            stages = run.refit + run.inner_folds if run.settings.select is EpochSelection.INNER else 1
            parts[index] = max(parts[index], PARTS * progress.done // (progress.total * stages))
            tell()

    def done(index: int, outcome: JobResult[RunSummary]) -> None:
        parts[index] = PARTS
        title = runs[index].title
        if outcome.result is None:
            failures.append(f"{title}: {outcome.error}")
            tell()
            return
        summary = outcome.result
        tell(f"{title}: accuracy {summary.accuracy:.3f}, epoch {summary.epoch}, {summary.seconds:.0f} s")

    if not runs:
        return failures
    tell()
    work(partial(run_fold, material), runs, workers, token, progressed, done)
    return failures


def _record(plan: EvaluationPlan, preparation: _Preparation, failures: Sequence[str]) -> EvaluationRecord:
    """Return the results in the folders of all runs; a model with a missing run has no result."""
    dataset, folds = preparation.dataset, preparation.folds
    problems = list(preparation.problems)
    regions: Regions | None = None
    if plan.on_tracks:
        regions = regions_of_tracks(preparation.facts)
    elif dataset.regions_path is not None:
        regions = read_regions(dataset.regions_path, preparation.names)
    problems += regions.problems[:3] if regions is not None else ()
    reason = why_not_quoted(dataset, len(preparation.names), folds)
    quoted = dataset if not reason else dataclasses.replace(dataset, published=None)
    builder = ResultBuilder(quoted, folds.folds, preparation.facts, regions, plan.tolerance, plan.metrics)
    problems += [*builder.problems, *filter(None, [reason or published_folds_caveat(dataset)])]
    runs_by_model: dict[str, list[FinishedRun]] = {}
    unseen = [(0, 0)]
    for model in plan.models:
        runs = [run for run in preparation.runs if run.plan.model == model]
        results_read = [RunFolder(run.folder).finished(run.configuration) for run in runs]
        whole = [
            FinishedRun(run.fold, result, run.folder.name)
            for run, result in zip(runs, results_read, strict=True)
            if result is not None
        ]
        unseen += [(finished.run.provenance.unseen_pairs or 0, len(finished.fold.train_pairs)) for finished in whole]
        if len(whole) == len(runs):
            runs_by_model[model] = whole
    problems += _said_of_tracks(runs_by_model)
    problems += unseen_warning(*max(unseen), at_most=len(preparation.runs) > 1)
    first = next(iter(runs_by_model), None)
    if first is not None:
        scores = [run.scores for run in runs_by_model[first][: len(folds.folds)]]
        problems += why_absent(plan.metrics, predicted(scores, dataset), dataset)
    results = []
    for name, model_runs in runs_by_model.items():
        compared = preparation.compared or (None if name == first else runs_by_model[str(first)])
        results.append(builder.result(name, model_runs, compared))
    training = plan.training
    return EvaluationRecord(
        dataset=dataset.name,
        task=dataset.task,
        rule=dataset.rule,
        n_videos=len(dataset.videos),
        n_participants=len(set(dataset.participants.values())),
        n_pairs=len(dataset.pairs),
        folds_by=str(folds.by),
        split_title=folds.title,
        folds=tuple(FoldRecord.of(fold) for fold in folds.folds),
        warning=folds.warning,
        n_seeds=plan.n_seeds,
        preset=training.preset,
        dataset_preset=training.dataset_preset,
        backbone=training.backbone if plan.models_on(InputKind.FEATURES) else "",
        trained_backbone=training.trained_backbone if plan.models_on(InputKind.SNIPPETS) else "",
        preprocessing=training.preprocessing,
        selection=describe_selection_rules(result.selection for result in results) or selection_rule(training),
        ceilings=builder.ceilings,
        models=tuple(results),
        problems=(*problems, *failures),
        baseline=preparation.baseline.title if preparation.baseline is not None else "",
        orderings=builder.orderings,
        verdict=compare_with_trivial(results) if not preparation.compared else (),
        one_rater=builder.one_rater,
    )


def _said_of_tracks(runs_by_model: Mapping[str, Sequence[FinishedRun]]) -> list[str]:
    """Return a sentence on the scores that have those of tracks added, if any."""
    weights = {
        model: [weight for run in runs if (weight := run.run.provenance.track_weight) is not None]
        for model, runs in runs_by_model.items()
    }
    weights_of_models = [
        f"{model} ({min(values):.2f} to {max(values):.2f})" for model, values in weights.items() if values
    ]
    if not weights_of_models:
        return []
    text = "The score of a ridge on measures of tracks is added, with a weight learned inside the training people"
    return [f"{text} (in standard deviations, the network's is 1): {', '.join(weights_of_models)}."]
