"""Preparation of an evaluation: readable videos, folds, missing runs, and the inputs of these."""

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from skillviewer.core.dataset.dataset import Dataset
from skillviewer.core.dataset.folds import Folds, FoldUnit, make_folds, with_pairs
from skillviewer.core.errors import DatasetError
from skillviewer.core.progress import CancelToken, Report
from skillviewer.engine.evaluation.baseline import Baseline
from skillviewer.engine.evaluation.caveats import epochs_caveat
from skillviewer.engine.evaluation.evaluation_plan import EvaluationPlan
from skillviewer.engine.evaluation.result_builder import FinishedRun
from skillviewer.engine.evaluation.run import Run, SharedInputs
from skillviewer.engine.features.build_store import build_store
from skillviewer.engine.features.extractor import local_backbone_weights
from skillviewer.engine.features.feature_cache import FeatureCache
from skillviewer.engine.features.feature_cost import report_cost
from skillviewer.engine.features.feature_store import MappedStore
from skillviewer.engine.features.frame_sources import FrameSource
from skillviewer.engine.features.measured_videos import MeasuredVideos, has_tracks, instrument_measures, measure_tracks
from skillviewer.engine.features.snippets import backbones_of
from skillviewer.engine.features.video_facts import VideoFacts, clip_ranges_of, facts_of, files_of, shared_frames
from skillviewer.engine.runtime.device import choose_device
from skillviewer.engine.training.run_folder import RUNS, RunFolder, run_name
from skillviewer.engine.training.run_record import RunConfiguration
from skillviewer.engine.training.training_inputs import SourceRecipe, TrainingInputs
from skillviewer.nets.models import InputKind, attention_model

if TYPE_CHECKING:
    from skillviewer.nets.configuration import BackboneConfig


@dataclass(eq=False)
class RunPreparation:
    """Prepares an evaluation: opens the videos, makes the folds, finds missing runs, and computes their inputs."""

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
    shard_runs: Sequence[Run] = ()  # runs of this process's shard
    missing_runs: tuple[Run, ...] = ()  # runs of the shard that are not finished
    baseline_runs: tuple[FinishedRun, ...] = ()  # runs of another evaluation to compare with
    _stores: dict[InputKind, MappedStore] = field(default_factory=dict)
    _backbones: "dict[InputKind, BackboneConfig]" = field(default_factory=dict)
    _measured: dict[InputKind, MeasuredVideos] = field(default_factory=dict)
    _added_tracks: MeasuredVideos | None = None  # measures of tracks that are added to the scores of networks

    def __post_init__(self) -> None:
        self.all_names = self.dataset.names
        self.folds = Folds(FoldUnit.VIDEO, ())
        caveats = [epochs_caveat(self.plan.plan_for(name, 0)) for name in self.plan.models]
        self.problems = [*self.dataset.problems, *filter(None, caveats)]

    def open_videos(self) -> None:
        """Open every video, make the folds, and find the missing runs."""
        preprocessing = self.plan.training.preprocessing
        self.facts, problems = facts_of(self.dataset, preprocessing, self._token, self._report)
        self.problems += problems
        if not self.facts:
            raise DatasetError(f"No video of {self.dataset.name} can be read. Say where they lie.")
        self._add_controls()
        usable_dataset = self.dataset.restricted(self.facts.keys())
        if self.plan.training.with_tracks:
            usable_dataset = self._restrict_to_tracks(usable_dataset)
        self._prepare_runs(usable_dataset)

    def _restrict_to_tracks(self, usable_dataset: Dataset) -> Dataset:
        """Return the videos with measures of tracks; the problems name the others."""
        measured_videos = measure_tracks(usable_dataset, self.facts, self._token, self._report)
        usable_with_tracks, added_tracks = measured_videos.restrict(usable_dataset)
        self.problems += added_tracks.problems
        self._added_tracks = added_tracks
        return usable_with_tracks

    def _add_controls(self) -> None:
        """Add the controls to the models for which the data set has inputs."""
        available = {InputKind.MEASURES: bool(self.dataset.instruments), InputKind.TRACKS: False}
        if any(attention_model(name).inputs is InputKind.TRACKS for name in self.plan.controls):
            available[InputKind.TRACKS] = has_tracks(self.dataset, self.facts)
        further = [name for name in self.plan.controls if name not in self.plan.models]
        controls = [name for name in further if available.get(attention_model(name).inputs, True)]
        self.plan = dataclasses.replace(self.plan, models=(*self.plan.models, *controls))

    def _measured_videos(self, inputs: InputKind) -> MeasuredVideos:
        if inputs not in self._measured:
            if inputs is InputKind.MEASURES:
                self._measured[inputs] = instrument_measures(self.dataset, self.facts)
            else:
                self._measured[inputs] = measure_tracks(self.dataset, self.facts, self._token, self._report)
            for problem in self._measured[inputs].problems:
                if problem not in self.problems:  # the tracks may have been read before, for ``with_tracks``
                    self.problems.append(problem)
        return self._measured[inputs]

    def compute_inputs(self) -> None:
        """Compute or load the inputs of the missing runs.

        Videos that fail are left out, and folds and runs are made again without them.
        """
        for inputs in (InputKind.FEATURES, InputKind.SNIPPETS, InputKind.FLOW):
            plan = next((run.plan for run in self.missing_runs if run.plan.inputs is inputs), None)
            if plan is None:
                continue
            training_inputs = TrainingInputs.of(plan, choose_device(self._device_name), self._cache)
            recipe = SourceRecipe(plan, self._device_name, self._cache)
            self._stores[inputs] = self._compute_store(training_inputs.source, recipe)
            self._backbones[inputs] = training_inputs.backbones

    def _compute_store(self, source: FrameSource, recipe: SourceRecipe) -> MappedStore:
        workers = self.plan.workers
        candidates = recipe.candidates
        report_cost(source, self.dataset, n_passes=candidates, token=self._token, report=self._report)
        source_or_factory = source if workers.is_local else recipe
        store, problems = build_store(
            files_of(self.dataset),
            source_or_factory,
            n_passes=candidates,
            token=self._token,
            report=self._report,
            clip_ranges=clip_ranges_of(self.dataset),
            workers=workers,
        )
        self.problems += problems
        if problems:
            self._prepare_runs(self.dataset.restricted(store.keys()))
        return store

    def _prepare_runs(self, usable_dataset: Dataset) -> None:
        """Make the folds of the usable videos, and find the runs of this shard that are missing."""
        plan = self.plan
        self.dataset = usable_dataset
        all_folds = make_folds(usable_dataset, plan.n_folds, plan.fold_unit)
        self.folds = with_pairs(all_folds)
        self._check_shared_frames()
        fold_numbers = {fold.name: number for number, fold in enumerate(all_folds.folds, start=1)}
        input_digests = self._input_digests()
        tracks_sha256 = "" if self._added_tracks is None else self._added_tracks.digest
        runs = []
        for model in plan.models:
            for seed in range(plan.n_seeds):
                for fold in self.folds.folds:
                    training = plan.plan_for(model, seed)
                    configuration = RunConfiguration.of(
                        training,
                        usable_dataset,
                        fold,
                        self.facts,
                        input_digests,
                        checkpoint=plan.save_checkpoints,
                        tracks_sha256=tracks_sha256,
                    )
                    path = self._folder / RUNS / run_name(model, seed, fold_numbers[fold.name])
                    run_folder = RunFolder.for_run(path, configuration)
                    runs.append(Run(training, fold, run_folder.path, configuration))
        self.runs = tuple(runs)
        self.shard_runs = plan.workers.share(self.runs)
        self.missing_runs = tuple(
            run for run in self.shard_runs if RunFolder(run.folder).finished_result(run.configuration) is None
        )
        if self.baseline is not None:
            self.baseline_runs = self.baseline.load_runs((run.fold, run.configuration) for run in self.runs)

    def _input_digests(self) -> dict[str, str]:
        """Return the digests of backbones' weights by backbone, and of measures by model; store the measures."""
        plan = self.plan
        digests: dict[str, str] = {}
        for inputs in (InputKind.TRACKS, InputKind.MEASURES):
            models = plan.models_on(inputs)
            if models:
                measured_videos = self._measured_videos(inputs)
                self._stores[inputs] = measured_videos.store()
                digests |= dict.fromkeys(models, measured_videos.digest)
        if plan.models_on(InputKind.FEATURES):
            name = plan.training.backbone
            digests[name] = local_backbone_weights(name).digest
        if plan.models_on(InputKind.SNIPPETS):
            digests[plan.training.trained_backbone] = backbones_of(plan.training.trained_backbone).appearance_digest
        if plan.training.own_motion and plan.models_on(InputKind.FEATURES):
            name = plan.training.backbone
            digests[name] += f" and, for flow, {local_backbone_weights(name, flow=True).digest}"
        return digests

    def _check_shared_frames(self) -> None:
        """Refuse folds in which a held-out and a training video share frames; report it if the folds are released."""
        for fold in self.folds.folds:
            shared_videos = shared_frames(self.facts, fold)
            if shared_videos is None:
                continue
            held_out, trained_name = shared_videos
            message = (
                f"Fold {fold.name} holds “{held_out}” out, and trains on “{trained_name}”, which shows the same frames "
                "of the same file"
            )
            if self.folds.fold_unit is not FoldUnit.RELEASED:
                raise DatasetError(f"{message}. Leave one of the two out, or say that one person is in both.")
            self.problems += [f"{message}; its folds are used as they were released."]

    def shared_inputs(self) -> SharedInputs:
        """Return the inputs that all runs share."""
        is_by_participant = self.folds.fold_unit is FoldUnit.PARTICIPANT
        participants = self.dataset.participants if is_by_participant else {}
        return SharedInputs(
            dataset=self.dataset,
            participants=participants,
            video_facts={name: self.facts[name] for name in self.dataset.names},
            stores=self._stores,
            backbones=self._backbones,
            device_name=self._device_name,
            track_measures=self._added_tracks,
        )
