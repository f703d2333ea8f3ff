"""One run of an evaluation: training of a model on a fold with a seed, and its scores on the test pairs."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np

from skillviewer.core.analysis.analysis import MapKind
from skillviewer.core.analysis.track_term import TrackTerm
from skillviewer.core.dataset.dataset import Dataset, Fold
from skillviewer.core.dataset.folds import check_no_leak
from skillviewer.core.dataset.pairs import videos_of
from skillviewer.core.errors import SettingsError
from skillviewer.core.evaluation.accuracy import FoldScores, count_pairs
from skillviewer.core.progress import CancelToken, Report
from skillviewer.engine.features.feature_store import FeatureStore, MappedStore, WatchedStore, features_of_first_pass
from skillviewer.engine.features.measured_videos import MeasuredVideos
from skillviewer.engine.features.video_facts import VideoFacts, time_store
from skillviewer.engine.runtime.device import choose_device, device_errors
from skillviewer.engine.training.fit_fold import FoldInputs, choosing_folds
from skillviewer.engine.training.predict import pad_rows, predict, segment_contributions
from skillviewer.engine.training.run_folder import CHECKPOINT, RunFolder, write_log
from skillviewer.engine.training.run_record import RunConfiguration, new_model_card, provenance_of, training_seconds
from skillviewer.engine.training.run_result import Maps, ScoreCurves
from skillviewer.engine.training.track_fusion import FusedTraining, fit_fused
from skillviewer.engine.training.train_settings import EpochSelection
from skillviewer.engine.training.trainer import TrainingControl
from skillviewer.engine.training.training_plan import TrainingPlan, describe_selection
from skillviewer.nets.attention import AttentionModel
from skillviewer.nets.checkpoint import CheckpointExtras, save_checkpoint
from skillviewer.nets.configuration import BackboneConfig
from skillviewer.nets.models import InputKind


@dataclass(frozen=True, slots=True)
class Run:
    """One model, fold and seed."""

    plan: TrainingPlan
    fold: Fold
    folder: Path
    configuration: RunConfiguration

    @property
    def title(self) -> str:
        """Model, seed and fold, for the user."""
        return f"{self.plan.model}, seed {self.plan.seed}, fold {self.fold.name}"


@dataclass(frozen=True, slots=True)
class SharedInputs:
    """Inputs that all runs of an evaluation share."""

    dataset: Dataset  # the videos that can be read
    participants: Mapping[str, str]  # participant of each video if participants are held out; else empty
    video_facts: Mapping[str, VideoFacts]  # by the name of the video
    stores: Mapping[InputKind, MappedStore]  # memory-mapped features and snippets, as far as runs need them
    backbones: Mapping[InputKind, BackboneConfig]  # backbones of each store
    track_measures: MeasuredVideos | None  # measures of tracks that are added to the scores of networks, or None
    device_name: str


@dataclass(frozen=True, slots=True)
class RunSummary:
    """Summary of a finished run."""

    accuracy: float  # over the test pairs that touch a held-out video
    epoch: int
    seconds: float


def run_fold(inputs: SharedInputs, run: Run, token: CancelToken, report: Report) -> RunSummary:
    """Make a run and write its folder.

    A training that was killed or cancelled continues from the last state that was saved.

    Raises:
        DatasetError: A held-out video took part in training, or there is too little to train on.
        SettingsError: The training diverged.
        DeviceError: The device ran out of memory.
    """
    plan = run.plan
    fold = run.fold
    check_no_leak(fold, inputs.participants)
    folder = RunFolder(run.folder)
    folder.begin(run.configuration)
    store = time_store(inputs.video_facts) if plan.inputs is InputKind.TIME else inputs.stores[plan.inputs]
    watched = WatchedStore(store)
    device = choose_device(inputs.device_name)
    with device_errors():
        fold_inputs = FoldInputs(watched, device)
        control = TrainingControl(token, report)
        fused_training = fit_fused(
            plan, inputs.dataset, fold, fold_inputs, inputs.track_measures, control, store_of_stage=folder.state_file
        )
        model = fused_training.network
        fit_result = fused_training.fit_result
        if plan.select is not EpochSelection.BEST_ON_TEST:
            check_no_leak(fold, names_seen=watched.names_read)
        scores, curves, maps = _predict_fold(fused_training, watched.store, inputs.track_measures, fold, token)
    if not all(map(math.isfinite, scores.values())):
        raise SettingsError(
            f"The training of {run.title} diverged: its scores are not finite. Take another preset, or a lower "
            "learning rate."
        )
    write_log(run.folder, fit_result.rows, run.title)
    if run.configuration.checkpoint:
        _save_checkpoint(inputs, run, model, fused_training.track_term)
    selection = describe_selection(plan, choosing_folds(plan, inputs.dataset, fold))
    provenance = provenance_of(
        device, model, fit_result, selection, watched.names_read, fold, fused_training.track_weight
    )
    folder.finish(provenance, scores, held_out=set(fold.held_out_videos), maps=maps, curves=curves)
    tested_pairs = FoldScores(fold, scores).tested_pairs(both_held_out=False)
    accuracy = count_pairs(tested_pairs, scores).accuracy
    return RunSummary(accuracy, fit_result.epoch, training_seconds(fit_result.rows))


def _predict_fold(
    fused_training: FusedTraining,
    store: FeatureStore,
    measured_videos: MeasuredVideos | None,
    fold: Fold,
    token: CancelToken,
) -> tuple[Mapping[str, float], ScoreCurves, Maps | None]:
    """Return the scores and score curves of all videos of the test pairs, and the maps of the held-out videos."""
    model = fused_training.network
    held_out = set(fold.held_out_videos)
    tested_names = held_out.union(videos_of(fold.test_pairs))
    names = tuple(sorted(tested_names))
    predictions = predict(model, store, names, token, maps=model.map_kind is not MapKind.NONE)
    predictions = fused_training.add_tracks(predictions, measured_videos)
    curves = pad_rows([predictions.curves[name] for name in names])
    contributions = np.full_like(curves, np.nan)
    for row, name in enumerate(names):
        if name in held_out:
            token.check()
            segments = segment_contributions(model, features_of_first_pass(store, name))
            contributions[row, : len(segments)] = segments
    score_curves = ScoreCurves(names, curves, contributions)
    held_out_names = tuple(name for name in names if name in held_out)
    if not predictions.maps or not held_out_names:
        return predictions.scores, score_curves, None
    maps = pad_rows([predictions.maps[name] for name in held_out_names], 0.0)
    return predictions.scores, score_curves, Maps(held_out_names, maps, model.map_kind, model.map_rect)


def _save_checkpoint(inputs: SharedInputs, run: Run, model: AttentionModel, tracks: TrackTerm | None) -> None:
    plan = run.plan
    dataset = inputs.dataset
    head, backbone_weights = model.separate_backbones()
    training_data = f"{dataset.name}, fold {run.fold.name}: {len(run.fold.train_videos)} videos. {dataset.rule}"
    card = new_model_card(run.folder.name, dataset, run.fold, training_data, plan.seed, plan.preset)
    notes = "Trained for an evaluation, whose report has the accuracy on held-out pairs."
    save_checkpoint(
        run.folder / CHECKPOINT,
        plan.checkpoint_config(head.sizes, inputs.backbones[plan.inputs], tracks),
        model=head,
        card=msgspec.structs.replace(card, notes=notes),
        extras=CheckpointExtras(backbone_weights),
        half=plan.half,
        replace=True,
    )
