"""Writing of a trained model as a checkpoint, with its card, its log and its provenance."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import msgspec
from torch import Tensor

from skillviewer.core.analysis.calibration import ScoreCalibration
from skillviewer.core.analysis.familiarity import learn_familiarity
from skillviewer.core.arrays import FloatArray
from skillviewer.core.dataset.dataset import Dataset, Fold
from skillviewer.core.evaluation.accuracy import FoldScores, PooledEstimate, pooled_accuracy
from skillviewer.core.evaluation.ceilings import ceilings
from skillviewer.core.evaluation.outcome import outcome_check
from skillviewer.core.evaluation.score_progress import contribution_shares
from skillviewer.core.text import counted, finite_or_none
from skillviewer.engine.features.feature_statistics import mean_features
from skillviewer.engine.features.feature_store import FeatureStore
from skillviewer.engine.training.run_folder import write_log
from skillviewer.engine.training.run_record import RunProvenance, new_model_card
from skillviewer.engine.training.trainer import FitResult
from skillviewer.engine.training.training_data import TrainingData
from skillviewer.engine.training.training_plan import TrainingPlan
from skillviewer.engine.training.training_split import TrainingSplit
from skillviewer.engine.training.work_folder import WorkFolder
from skillviewer.nets.attention import AttentionModel
from skillviewer.nets.backbones.backbones import backbone
from skillviewer.nets.checkpoint import Checkpoint, CheckpointExtras, save_checkpoint
from skillviewer.nets.configuration import CheckpointConfig
from skillviewer.nets.model_card import HeldOut, ModelCard


@dataclass(frozen=True, slots=True)
class OuterCheck:
    """Test of a training procedure on held-out people, made before the training on all people."""

    held_out: HeldOut  # accuracy of the procedure
    references: tuple[tuple[str, float], ...]  # (name, accuracy) of baselines and ceilings on the same pairs
    verdict: str  # sentence that compares the procedure with the trivial baselines
    notes: str  # further notes for the card
    # returns the map to the raters' scale, given the scores of all videos by the trained model, or None if there are no
    # ratings
    calibrate: Callable[[Mapping[str, float]], ScoreCalibration | None]
    write_files: Callable[[Path], None]  # writes further files into the folder of the checkpoint


@dataclass(frozen=True, slots=True)
class TrainedModel:
    """A trained model with its test."""

    head: AttentionModel
    config: CheckpointConfig
    backbone_weights: dict[str, Tensor] | None  # weights of trained backbones, or None
    store: FeatureStore  # features of the training videos, as the head takes them
    fit_result: FitResult
    test_scores: Mapping[str, float]  # scores of the tested videos
    contributions: FloatArray  # (V, N) contributions of the steps of the held-out videos
    provenance: RunProvenance
    selection: str  # choice of the epoch, as text
    scale: ScoreCalibration | None  # map to the raters' scale


def write_checkpoint(
    plan: TrainingPlan,
    dataset: Dataset,
    data: TrainingData,
    model: TrainedModel,
    folder: Path,
    work_folder: WorkFolder,
    outer_check: OuterCheck | None,
    *,
    replace: bool,
) -> Checkpoint:
    """Write the checkpoint of a trained model, with the files that describe the training.

    Args:
        plan: Model and settings of the training.
        dataset: Data set that was trained on.
        data: Features and split of its readable videos.
        model: The trained model.
        folder: Folder of the checkpoint.
        work_folder: Folder of the training, which has the configuration and the training pairs.
        outer_check: Earlier test of the training procedure, or None if the model itself was tested.
        replace: Whether to replace an existing checkpoint.

    Raises:
        CheckpointError: The checkpoint cannot be written.
        ExportError: A file that describes the training cannot be written.
    """

    def write_descriptions(temp_folder: Path) -> None:
        write_log(temp_folder, model.fit_result.rows, folder.name)
        work_folder.describe(temp_folder, model.provenance)
        if outer_check is not None:
            outer_check.write_files(temp_folder)

    if outer_check is not None:
        card = _card_after_outer_check(plan, dataset, data.split, model, folder.name, outer_check)
    else:
        card = _card_after_test(plan, dataset, data.split, model, folder.name)
    embeddings = mean_features(model.store, data.split.fold.train_videos)
    extras = CheckpointExtras(model.backbone_weights, learn_familiarity(embeddings), write_descriptions)
    return save_checkpoint(
        folder, model.config, model=model.head, card=card, extras=extras, half=plan.half, replace=replace
    )


def _untested_card(plan: TrainingPlan, dataset: Dataset, fold: Fold, name: str) -> ModelCard:
    training_data = f"{dataset.name}: {len(fold.train_videos)} videos. {dataset.rule}"
    return new_model_card(name, dataset, fold, training_data, plan.seed, plan.preset)


def _card_after_outer_check(
    plan: TrainingPlan, dataset: Dataset, split: TrainingSplit, model: TrainedModel, name: str, outer_check: OuterCheck
) -> ModelCard:
    """Return the card with the accuracy of the training procedure."""
    all_notes = [outer_check.notes, _notes(plan, model)]
    return msgspec.structs.replace(
        _untested_card(plan, dataset, split.fold, name),
        held_out=outer_check.held_out,
        ceilings=outer_check.references,
        verdict=outer_check.verdict,
        notes=" ".join(notes for notes in all_notes if notes),
        raters_scale=model.scale,
    )


def _card_after_test(
    plan: TrainingPlan, dataset: Dataset, split: TrainingSplit, model: TrainedModel, name: str
) -> ModelCard:
    """Return the card with the accuracy of the model on its tested videos."""
    test_pairs = split.tested_fold.test_pairs
    fold_scores = FoldScores(split.tested_fold, model.test_scores)
    new_pairs_accuracy = pooled_accuracy([fold_scores], split.tested_dataset, both_held_out=True)
    held_out = None
    if test_pairs:
        all_pairs_accuracy = pooled_accuracy([fold_scores], split.tested_dataset)
        held_out = HeldOut.of(all_pairs_accuracy, f"{split.rule}; {model.selection}", new_pairs_accuracy)
    return msgspec.structs.replace(
        _untested_card(plan, dataset, split.fold, name),
        held_out=held_out,
        ceilings=_ceiling_accuracies(split, new_pairs_accuracy),
        outcome=outcome_check(split.tested_dataset, test_pairs, model.test_scores),
        last_fifth=_last_fifth(model.contributions),
        notes=_notes(plan, model),
        raters_scale=model.scale,
    )


def _ceiling_accuracies(split: TrainingSplit, new_pairs_accuracy: PooledEstimate) -> tuple[tuple[str, float], ...]:
    """Return (name, accuracy) of the ceilings on the same kind of pairs as the headline accuracy."""
    accuracies = []
    for ordering in ceilings(split.tested_dataset, [split.tested_fold]):
        accuracy = ordering.both_new if new_pairs_accuracy.n_pairs else ordering.pooled
        accuracies.append((ordering.name, accuracy.value))
    return tuple(accuracies)


def _last_fifth(contributions: FloatArray) -> float | None:
    """Return the share of the last fifth of the videos in the contributions; None if it is undefined."""
    if not len(contributions):
        return None
    shares = contribution_shares(contributions)
    return finite_or_none(float(shares[-1]))


def _notes(plan: TrainingPlan, model: TrainedModel) -> str:
    sentences = []
    if plan.unfreeze:
        sentences.append("The last block of both backbones was trained too.")
    elif plan.trains_backbones:
        title = backbone(plan.trained_backbone).title
        sentences.append(f"Both backbones were trained too, from the weights of {title}.")
    if plan.preprocessing.crop:
        sentences.append(f"It sees the part of the picture around the {plan.preprocessing.crop} alone.")
    track_term = model.config.tracks
    if track_term is not None:
        weight = 0 if model.provenance.track_weight is None else model.provenance.track_weight
        measures_text = counted(len(track_term.measures), "measure")
        sentences.append(
            f"The standardised score of a ridge on {measures_text} of tracks is added, with {weight:.2f} times the "
            "weight of the network, learned inside the training people. A video without tracks gets no score."
        )
    precision = plan.settings().precision
    if precision != "float32":
        sentences.append(f"Trained in {precision}.")
    return " ".join(sentences)
