"""From a data set to a checkpoint: features, what is held out, training, the card."""

import math
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path

import msgspec
import torch
from torch import Tensor

from skillviewer.core.analysis.calibration import ScoreCalibration
from skillviewer.core.analysis.familiarity import learn_familiarity
from skillviewer.core.arrays import FloatArray
from skillviewer.core.dataset.dataset import Dataset, Fold
from skillviewer.core.dataset.folds import check_no_leak
from skillviewer.core.dataset.pairs import videos_of
from skillviewer.core.errors import DatasetError, SettingsError
from skillviewer.core.evaluation.accuracy import FoldScores, pooled_accuracy
from skillviewer.core.evaluation.ceilings import ceilings
from skillviewer.core.evaluation.outcome import outcome_check
from skillviewer.core.evaluation.score_progress import contribution_shares
from skillviewer.core.paths import training_folder
from skillviewer.core.progress import CancelToken, Progress, Report
from skillviewer.core.text import counted, defined
from skillviewer.data.trained_pairs import PAIRS, TrainedPair, TrainedVideo, write_pairs
from skillviewer.engine.features.cache import FeatureCache
from skillviewer.engine.features.dataset_features import build_store, pooled, tell_cost
from skillviewer.engine.features.feature_store import FeatureStore, WatchedStore, first_pass
from skillviewer.engine.features.measured_videos import MeasuredVideos, measured_dataset
from skillviewer.engine.features.source import FrameSource
from skillviewer.engine.features.video_facts import VideoFacts, clip_ranges_of, facts_of, files_of
from skillviewer.engine.runtime.device import choose_device, device_errors
from skillviewer.engine.runtime.distributed import SINGLE_PROCESS, ProcessGroup
from skillviewer.engine.runtime.exclusive import training_lock
from skillviewer.engine.training.fit_fold import FoldInputs, choosing_folds
from skillviewer.engine.training.inputs import TrainingInputs, check_keepable
from skillviewer.engine.training.plan import TrainingPlan, selection_rule
from skillviewer.engine.training.predict import padded, predict, segment_contributions
from skillviewer.engine.training.run_folder import CONFIGURATION, PROVENANCE, RunFolder, write_json, write_log
from skillviewer.engine.training.run_record import (
    RunConfiguration,
    RunProvenance,
    card_of,
    provenance_of,
    unseen_warning,
)
from skillviewer.engine.training.scale_folds import check_scale_folds, learn_scale
from skillviewer.engine.training.state_file import StateFile
from skillviewer.engine.training.track_fusion import fit_fused
from skillviewer.engine.training.train_settings import EpochSelection
from skillviewer.engine.training.trainer import EpochRow, Trained, TrainingControl
from skillviewer.engine.training.training_split import (
    TrainingSplit,
    check_participants,
    hold_quarter_out,
    test_on_other,
    train_on_all,
)
from skillviewer.nets.attention import AttentionModel
from skillviewer.nets.backbones.features import backbone
from skillviewer.nets.checkpoint import (
    Checkpoint,
    CheckpointExtras,
    check_place,
    load_checkpoint,
    round_as_kept,
    save_checkpoint,
)
from skillviewer.nets.configuration import BackboneConfig, CheckpointConfig
from skillviewer.nets.model_card import HeldOut, ModelCard


@dataclass(frozen=True, slots=True)
class TrainingResult:
    """Result of a training."""

    checkpoint: Checkpoint  # as written and read back
    rows: tuple[EpochRow, ...]  # the log: of the choice of an epoch, then of the final training
    problems: tuple[str, ...]  # videos that were left out, one sentence each


@dataclass(frozen=True, slots=True)
class OuterCheck:
    """Check on people held out that was made before a training on all of them."""

    held_out: HeldOut  # accuracy of the procedure that led to this training
    ceilings: tuple[tuple[str, float], ...]  # (name, accuracy) of baselines and ceilings on the same pairs
    notes: str  # further notes for the card
    # returns the map to the raters' scale, given the scores of all videos by the trained model; None without ratings
    calibrate: Callable[[Mapping[str, float]], ScoreCalibration | None]
    write: Callable[[Path], None]  # writes further files into the folder of the checkpoint


@dataclass(frozen=True, slots=True)
class TrainingResources:
    """Cache, device and processes of a training."""

    cache: FeatureCache
    device_name: str = "auto"
    process_group: ProcessGroup = (
        SINGLE_PROCESS  # processes that train together, on one cache; the first writes the checkpoint
    )


def train_checkpoint(
    plan: TrainingPlan,
    dataset: Dataset,
    folder: Path,
    control: TrainingControl,
    resources: TrainingResources,
    *,
    test: Dataset | None = None,
    replace: bool = False,
    scale_folds: int | None = None,
    outer: OuterCheck | None = None,
) -> TrainingResult:
    """Train a model on a data set and write its checkpoint; a training that was killed continues from its last epochs.

    The folder of the checkpoint also gets the log and its curves, the configuration (``configuration.json``, without
    names of videos) and the provenance (``provenance.json``). Until then the state lies next to the folder, in
    ``.NAME.training``. After the token of ``control`` was raised the state of the last epochs stays, and the same call
    continues from it. Without ``test``, another data set of the same task, a quarter of the participants (or, with a
    warning, videos) is held out, unless an ``outer`` check was made: then all of them train. ``scale_folds`` are folds
    by person for the raters' scale: None for as many as are needed, 0 for none.

    Raises:
        DatasetError: There is too little to train on.
        CheckpointError: The checkpoint is there already or cannot be written.
        ExportError: Nothing can be written there.
        SettingsError: The cache is too small for the features, or another training makes that checkpoint.
        DeviceError: The device is not there, or ran out of memory.
    """
    check_place(folder, replace=replace)
    check_keepable(plan)
    if test is not None and plan.select is EpochSelection.BEST_ON_TEST:
        raise SettingsError(
            "The pairs of --test choose no epoch: leave out --select best-on-test, which is there to see in evaluate "
            "what papers did."
        )
    check_scale_folds(dataset, scale_folds)
    if test is None and outer is None:
        check_participants(dataset, plan.seed)
    process_group = resources.process_group
    with training_lock(folder) if process_group.leads else nullcontext():
        saved = _Kept(plan, folder, process_group)
        device = choose_device(resources.device_name)
        inputs = TrainingInputs.of(plan, device, resources.cache)
        ready = _ready(plan, dataset, test, inputs.source, control, process_group, everyone=outer is not None)
        saved.begin(ready, inputs.backbones, control)
        with device_errors():
            trained = _train(plan, ready, inputs, device, control, saved, scale_folds, outer)
        control.report(Progress("writing the checkpoint", 0, 1))
        problems = (*dataset.problems, *ready.problems)
        if process_group.leads:
            problems += tuple(unseen_warning(trained.trained.n_unseen or 0, len(ready.split.fold.train_pairs)))
            checkpoint = _write(plan, dataset, ready, trained, folder, saved, outer, replace=replace)
            saved.end()
            process_group.wait()
        else:
            process_group.wait()
            checkpoint = load_checkpoint(folder)
        return TrainingResult(checkpoint, trained.trained.rows, problems)


@dataclass(frozen=True, slots=True)
class _Ready:
    """Data sets of a training with their features; problems are what was left out, one sentence each."""

    dataset: Dataset
    split: "TrainingSplit"
    store: FeatureStore
    test_store: FeatureStore
    problems: tuple[str, ...]
    measured: MeasuredVideos | None = None  # measures of tracks that are added to the score, or None
    test_measured: MeasuredVideos | None = None


def _ready(
    plan: TrainingPlan,
    dataset: Dataset,
    test: Dataset | None,
    source: FrameSource,
    control: TrainingControl,
    process_group: ProcessGroup,
    *,
    everyone: bool = False,
) -> _Ready:
    """Compute (or find) all features, and divide the videos that can be read."""
    token, report = control.token, control.report
    _prepare(dataset, source, plan.candidates, token, report, process_group)
    if test is not None:
        _prepare(test, source, 1, token, report, process_group)
    store, problems = dataset_features(dataset, source, plan.candidates, token, report)
    if not store:
        raise DatasetError(" ".join((f"No video of {dataset.name} can be read.", *problems[:1])))
    usable = dataset.restricted(list(store))
    measured = test_measured = None
    if plan.adds_tracks:
        usable, measured, further_problems = measured_dataset(usable, plan.preprocessing, token, report)
        problems += further_problems
    if everyone:
        split = train_on_all(usable)
        test_store = store
    elif test is None:
        split = hold_quarter_out(usable, plan.seed, token)
        test_store = store
    else:
        test_store, further_problems = dataset_features(test, source, 1, token, report)
        problems += further_problems
        usable_test = test.restricted(list(test_store))
        if plan.adds_tracks:
            usable_test, test_measured, further_problems = measured_dataset(
                usable_test, plan.preprocessing, token, report
            )
            problems += further_problems
        split = test_on_other(usable, usable_test, token)
    measures = measured, test_measured or measured
    return _Ready(usable, split, store, test_store, (*problems, *split.problems), *measures)


@dataclass(frozen=True, slots=True)
class _Made:
    """A trained model with its scores; ``store`` holds the features that its head takes.

    ``contributions`` are those of the steps of the held-out videos, (V, N).
    """

    head: AttentionModel
    config: CheckpointConfig
    streams: dict[str, Tensor] | None
    store: FeatureStore
    trained: Trained
    scores: Mapping[str, float]
    contributions: FloatArray
    provenance: RunProvenance
    selection: str
    scale: ScoreCalibration | None


def _train(
    plan: TrainingPlan,
    ready: _Ready,
    inputs: TrainingInputs,
    device: torch.device,
    control: TrainingControl,
    saved: "_Kept",
    scale_folds: int | None,
    outer: OuterCheck | None = None,
) -> _Made:
    fold, tested = ready.split.fold, ready.split.tested
    watched = WatchedStore(ready.store)
    fold_inputs = FoldInputs(watched, device, inputs.unfreezing)
    fitted = fit_fused(
        plan, ready.dataset, fold, fold_inputs, ready.measured, control, saved.state, saved.process_group
    )
    model, trained = fitted.network, fitted.trained
    if plan.select is not EpochSelection.BEST_ON_TEST:
        check_no_leak(fold, names_seen=watched.seen)
    round_as_kept(model, half=plan.half)  # the weights that are tested are those that are kept
    head, streams, (store, test_store) = inputs.separate(model, (ready.store, ready.test_store))
    predictions = predict(head, test_store, tested.names, control.token, maps=False)
    scores = fitted.fused(predictions, ready.test_measured).scores
    held_out = [first_pass(test_store, name) for name in ready.split.tested_fold.held_out_videos]
    contributions = padded([segment_contributions(head, features) for features in held_out])
    videos_seen = set().union(*saved.process_group.collect(watched.seen))
    selection = selection_rule(plan, choosing_folds(plan, ready.dataset, fold))
    provenance = provenance_of(device, model, trained, selection, videos_seen, fold, fitted.weight)
    config = plan.checkpoint_config(head.sizes, inputs.backbones, fitted.term)

    def train_fold(number: int, other: Fold) -> Mapping[str, float]:
        control.report(Progress(f"learning the raters' scale, fold {number}"))
        of_fold = fit_fused(
            plan,
            ready.dataset,
            other,
            fold_inputs,
            ready.measured,
            control,
            lambda stage: saved.state(f"scale-{number}-{stage}"),
            saved.process_group,
        )
        own_head, _, (own_store,) = inputs.separate(of_fold.network, (ready.store,))
        predictions = predict(own_head, own_store, ready.dataset.names, control.token, maps=False)
        return of_fold.fused(predictions, ready.measured).scores

    def all_scores() -> Mapping[str, float]:
        predictions = predict(head, store, ready.dataset.names, control.token, maps=False)
        return fitted.fused(predictions, ready.measured).scores

    if outer is not None:
        scale = outer.calibrate(all_scores())
        return _Made(head, config, streams, store, trained, scores, contributions, provenance, selection, scale)
    scale = learn_scale(
        ready.dataset,
        ready.split,
        scores,
        scale_folds,
        plan.seed,
        all_scores,
        train_fold,
        optimistic=plan.select is EpochSelection.BEST_ON_TEST,
    )
    return _Made(head, config, streams, store, trained, scores, contributions, provenance, selection, scale)


def _write(
    plan: TrainingPlan,
    dataset: Dataset,
    ready: _Ready,
    fitted_model: _Made,
    folder: Path,
    saved: "_Kept",
    outer: OuterCheck | None,
    *,
    replace: bool,
) -> Checkpoint:
    def write_extras(temp_path: Path) -> None:
        write_log(temp_path, fitted_model.trained.rows, folder.name)
        saved.describe(temp_path, fitted_model.provenance)
        if outer is not None:
            outer.write(temp_path)

    familiarity = learn_familiarity(pooled(fitted_model.store, ready.split.fold.train_videos))
    return save_checkpoint(
        folder,
        fitted_model.config,
        fitted_model.head,
        _card(plan, dataset, ready.split, fitted_model, folder.name, outer),
        CheckpointExtras(fitted_model.streams, familiarity, write_extras),
        half=plan.half,
        replace=replace,
    )


class _Kept:
    """Keeps a training while it is under way, and says in the checkpoint's folder what it was.

    Of the processes that train together the first keeps, and all go on from it.
    """

    def __init__(self, plan: TrainingPlan, folder: Path, process_group: ProcessGroup) -> None:
        self._plan = plan
        self.process_group = process_group
        self._run = RunFolder(training_folder(folder.absolute()))
        self._configuration: RunConfiguration | None = None
        self._trained: list[TrainedPair] = []

    def begin(self, ready: _Ready, backbones: BackboneConfig | None, control: TrainingControl) -> None:
        """Prepare the folder: a state of the same training is resumed, one of another training stays."""
        dataset = ready.dataset
        fold = ready.split.fold
        if self.process_group.leads:
            facts, problems = facts_of(dataset, self._plan.preprocessing, control.token, control.report)
            if problems:
                raise DatasetError(problems[0])
            self._trained = _nameless(dataset, fold, facts)
            weights = "" if backbones is None else f"{backbones.appearance_digest} {backbones.motion_digest}"
            digests = {self._plan.backbone_used: weights}
            tracks = "" if ready.measured is None else ready.measured.digest
            self._configuration = RunConfiguration.of(
                self._plan, dataset, fold, facts, digests, checkpoint=True, tracks_sha256=tracks
            )
            self._run = RunFolder.at(self._run.path, self._configuration)
            self._run.begin(self._configuration)
        self._run = RunFolder(Path(self.process_group.collect(str(self._run.path))[0]))

    def state(self, stage: str) -> StateFile:
        """Return the store of the state of a stage."""
        return self._run.state(stage, writes=self.process_group.leads)

    def describe(self, folder: Path, provenance: RunProvenance) -> None:
        """Say in a folder what it was, and of what it was trained; without names, for the folder may be given away."""
        configuration = msgspec.to_builtins(self._configuration)
        del configuration["held_out"]
        write_json(folder / CONFIGURATION, configuration)
        write_json(folder / PROVENANCE, provenance)
        write_pairs(folder / PAIRS, self._trained)

    def end(self) -> None:
        """Keep nothing of the training under way."""
        self._run.remove()


def _nameless(dataset: Dataset, fold: Fold, facts: Mapping[str, VideoFacts]) -> list[TrainedPair]:
    """Return the training pairs with what their videos show, but neither names nor places."""
    digests = {name: facts[name].file_digest for name in videos_of(fold.train_pairs)}
    clip_ranges = clip_ranges_of(dataset)
    videos = {n: TrainedVideo(digest[:8], Path(), digest, clip_ranges.get(n)) for n, digest in digests.items()}
    return [TrainedPair(videos[pair.better], videos[pair.worse], "trained") for pair in fold.train_pairs]


def _card(
    plan: TrainingPlan,
    dataset: Dataset,
    split: "TrainingSplit",
    fitted_model: _Made,
    name: str,
    outer: OuterCheck | None = None,
) -> ModelCard:
    if outer is not None:
        data = f"{dataset.name}: {len(split.fold.train_videos)} videos. {dataset.rule}"
        return msgspec.structs.replace(
            card_of(name, dataset, split.fold, data, plan.seed, plan.preset),
            held_out=outer.held_out,
            ceilings=outer.ceilings,
            notes=" ".join(filter(None, (outer.notes, _notes(plan, fitted_model)))),
            raters_scale=fitted_model.scale,
        )
    result = FoldScores(split.tested_fold, fitted_model.scores)
    pairs = split.tested_fold.test_pairs
    last_fifth = (
        float(contribution_shares(fitted_model.contributions)[-1]) if len(fitted_model.contributions) else math.nan
    )
    data = f"{dataset.name}: {len(split.fold.train_videos)} videos. {dataset.rule}"
    new = pooled_accuracy([result], split.tested, both_held_out=True)
    return msgspec.structs.replace(
        card_of(name, dataset, split.fold, data, plan.seed, plan.preset),
        held_out=HeldOut.of(pooled_accuracy([result], split.tested), f"{split.rule}; {fitted_model.selection}", new)
        if pairs
        else None,
        ceilings=tuple(
            (row.name, (row.both_new if new.n_pairs else row.pooled).value)
            for row in ceilings(split.tested, [split.tested_fold])
        ),
        outcome=outcome_check(split.tested, pairs, fitted_model.scores),
        last_fifth=defined(last_fifth),
        notes=_notes(plan, fitted_model),
        raters_scale=fitted_model.scale,
    )


def dataset_features(
    dataset: Dataset, source: FrameSource, candidates: int, token: CancelToken, report: Report
) -> tuple[FeatureStore, list[str]]:
    """Return the features (or snippets) of every video that has a file; arguments are those of ``build_store``."""
    return build_store(files_of(dataset), source, candidates, token, report, clip_ranges_of(dataset))


def _notes(plan: TrainingPlan, fitted_model: _Made) -> str:
    sentences = []
    if plan.unfreeze:
        sentences.append("The last block of both backbones was trained too.")
    elif plan.trains_backbones:
        sentences.append(
            f"Both backbones were trained too, from the weights of {backbone(plan.trained_backbone).title}."
        )
    if plan.preprocessing.crop:
        sentences.append(f"It sees the part of the picture around the {plan.preprocessing.crop} alone.")
    term, weight = fitted_model.config.tracks, fitted_model.provenance.track_weight
    if term is not None:
        sentences.append(
            f"The standardised score of a ridge on {counted(len(term.measures), 'measure')} of tracks is added, with "
            f"{weight or 0:.2f} times the weight of the network, learned inside the training people. A video without "
            "tracks gets no score."
        )
    if (precision := plan.settings().precision) != "float32":
        sentences.append(f"Trained in {precision}.")
    return " ".join(sentences)


def _prepare(
    dataset: Dataset,
    source: FrameSource,
    candidates: int,
    token: CancelToken,
    report: Report,
    process_group: ProcessGroup,
) -> None:
    """See that there is room for features; of several processes each computes those of its share of the videos."""
    tell_cost(source, dataset, candidates, token, report)
    if process_group.size > 1:  # afterwards each finds all of them kept
        files = files_of(dataset)
        build_store(
            files[process_group.rank :: process_group.size], source, candidates, token, report, clip_ranges_of(dataset)
        )
        process_group.wait()
