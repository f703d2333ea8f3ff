"""Record of one run: configuration, provenance and model card."""

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import astuple
from datetime import UTC, datetime

import msgspec
import torch
from torch import nn

from skillviewer.core.dataset.dataset import Dataset, Fold
from skillviewer.core.dataset.pair_graph import similar_for_training
from skillviewer.core.dataset.pairs import SKILL, videos_of
from skillviewer.core.version import __version__
from skillviewer.core.video.preprocessing import Preprocessing
from skillviewer.engine.features.extractor import FEATURES_VERSION
from skillviewer.engine.features.video_facts import VideoFacts
from skillviewer.engine.runtime.device import device_title
from skillviewer.engine.training.train_settings import TrainSettings
from skillviewer.engine.training.trainer import EpochRow, FitResult
from skillviewer.engine.training.training_plan import TrainingPlan
from skillviewer.nets.backbones.deployment import Precision
from skillviewer.nets.model_card import ModelCard
from skillviewer.nets.models import NUMERIC_INPUTS
from skillviewer.nets.sizes import HeadSizes

FORMAT = 1


class RunConfiguration(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """All settings that decide the result of a run: two runs with equal configurations have equal results."""

    format: int = FORMAT  # number of this format
    features: int = 1  # number of the computation of features (``FEATURES_VERSION``); 1 in old folders without it
    model: str  # entry in ATTENTION_MODELS
    fold: str
    held_out: tuple[str, ...]  # videos held out
    preset: str
    dataset_preset: str  # data set whose optimiser settings are taken from the preset
    sizes: HeadSizes
    settings: TrainSettings  # optimiser, loss, which epoch is kept, seed
    refit: bool  # whether the model is trained again on all training videos after the choice of an epoch
    inner_folds: int = 1  # number of inner folds on which the epoch is chosen
    candidates: int  # k, candidate frames per segment; training draws one of them
    preprocessing: Preprocessing
    backbone: str  # entry in BACKBONES, or "" for a model without one
    backbone_digest: str  # digest of the backbone's weights, or of the measures that the model takes instead, or ""
    precision: Precision  # number type of the features
    videos_sha256: str  # digest of the contents of all videos
    pairs_sha256: str  # digest of the pairs, the similar pairs, and the participant of each video
    checkpoint: bool  # whether the checkpoint is saved
    unfreeze: str = ""  # ``last-block`` if the last blocks are trained with the head, else ""
    tracks_sha256: str = ""  # digest of the measures of tracks that are added to the score, or "" if none are
    crops_sha256: str = ""  # digest of the parts of the pictures that the model sees, or "" if it sees whole pictures

    @classmethod
    def of(
        cls,
        plan: TrainingPlan,
        dataset: Dataset,
        fold: Fold,
        facts: Mapping[str, VideoFacts],
        digests: Mapping[str, str],
        *,
        checkpoint: bool,
        tracks_sha256: str = "",
    ) -> "RunConfiguration":
        """Return the configuration of a run.

        Args:
            plan: Plan of the training.
            dataset: Videos and pairs.
            fold: Training and held-out videos.
            facts: Facts on every video.
            digests: Digest of the weights by backbone, or of the measures by model.
            checkpoint: Whether a checkpoint is saved.
            tracks_sha256: Digest of the measures of tracks that may be added to the score, or "".
        """
        has_numeric_inputs = plan.inputs in NUMERIC_INPUTS
        pairs_and_participants = [
            [(pair.better, pair.worse) for pair in fold.train_pairs],
            [(pair.better, pair.worse) for pair in fold.test_pairs],
            [(pair.first, pair.second) for pair in similar_for_training(dataset, fold)],
            sorted(dataset.participants.items()),
        ]
        crop_by_name = {name: facts[name].crop for name in sorted(dataset.names)}
        crops = [(name, astuple(crop)) for name, crop in crop_by_name.items() if crop is not None]
        candidates = 1 if has_numeric_inputs else plan.candidates
        used_tracks_sha256 = tracks_sha256 if plan.adds_tracks else ""
        crops_sha256 = _json_sha256(crops) if crops else ""
        return cls(
            features=FEATURES_VERSION,
            model=plan.model,
            fold=fold.name,
            held_out=fold.held_out_videos,
            preset=plan.preset,
            dataset_preset=plan.dataset_preset,
            sizes=plan.sizes(),
            settings=plan.settings_on(fold),
            refit=plan.refit,
            inner_folds=plan.inner_folds,
            candidates=candidates,
            preprocessing=plan.preprocessing_used,
            backbone=plan.backbone_used,
            backbone_digest=digests.get(plan.backbone_used or plan.model, ""),
            precision=plan.precision,
            videos_sha256=_json_sha256(sorted((name, facts[name].digest) for name in dataset.names)),
            pairs_sha256=_json_sha256(pairs_and_participants),
            checkpoint=checkpoint and not has_numeric_inputs,
            unfreeze=plan.unfreeze,
            tracks_sha256=used_tracks_sha256,
            crops_sha256=crops_sha256,
        )


class RunProvenance(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Provenance of a run."""

    program: str
    torch: str
    device: str
    n_threads: int  # threads of torch on the CPU
    finished: str  # date and time, ISO 8601
    seconds: float  # duration of the training, without features
    epoch: int  # the epoch that was chosen
    parameters: int  # number of parameters of the model
    selection: str  # choice of the epoch, as text
    videos_looked_at: int  # number of videos whose features the training read since it was last started or continued
    held_out_looked_at: int  # number of held-out videos among them: 0 unless the epoch is chosen on the test pairs
    unseen_pairs: int | None = None  # number of training pairs that were in no batch; None if it is not known
    # weight of the tracks relative to the network, both in standard deviations; None if there are no tracks
    track_weight: float | None = None
    results_sha256: str = ""  # digest of scores, maps and score curves; filled in when they are written


def provenance_of(
    device: torch.device,
    model: nn.Module,
    fit_result: FitResult,
    selection: str,
    videos_seen: Collection[str],
    fold: Fold,
    track_weight: float | None = None,
) -> RunProvenance:
    """Return the provenance of a training that has just ended.

    Args:
        device: Device of the training.
        model: The trained model.
        fit_result: Log and chosen epoch.
        selection: Choice of the epoch, as text.
        videos_seen: Videos whose features the training read.
        fold: Training and held-out videos.
        track_weight: Weight of added tracks, or None.
    """
    return RunProvenance(
        program=f"SkillViewer {__version__}",
        torch=str(torch.__version__),
        device=device_title(device),
        n_threads=torch.get_num_threads(),
        finished=datetime.now(UTC).isoformat(timespec="seconds"),
        seconds=training_seconds(fit_result.rows),
        epoch=fit_result.epoch,
        parameters=sum(p.numel() for p in model.parameters()),
        selection=selection,
        videos_looked_at=len(videos_seen),
        held_out_looked_at=len({*videos_seen} & {*fold.held_out_videos}),
        unseen_pairs=fit_result.n_unseen_pairs,
        track_weight=track_weight,
    )


def training_seconds(rows: Sequence[EpochRow]) -> float:
    """Return the seconds of a training from its log, in which epochs and seconds of each stage count from the start."""
    seconds = 0.0
    for index, row in enumerate(rows):
        is_last_of_stage = index + 1 == len(rows) or rows[index + 1].epoch <= row.epoch
        if is_last_of_stage:
            seconds += row.seconds
    return seconds


def new_model_card(name: str, dataset: Dataset, fold: Fold, data: str, seed: int, preset: str) -> ModelCard:
    """Return the card of a new checkpoint, without the results of its test."""
    return ModelCard(
        name=name,
        task=dataset.task,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        program=f"SkillViewer {__version__}",
        training_data=data.strip(),
        n_videos=len(videos_of(fold.train_pairs)),
        n_pairs=len(fold.train_pairs),
        held_out=None,
        seed=seed,
        preset=preset,
        criterion=dataset.criterion or SKILL,
    )


def unseen_warning(n_unseen: int, n_pairs: int, *, at_most: bool = False) -> list[str]:
    """Return a sentence on training pairs that were in no batch, or nothing if there are none.

    With ``at_most`` the sentence says that ``n_unseen`` is the greatest number of several trainings.
    """
    if not n_unseen:
        return []
    text = (
        f"{n_unseen} of {n_pairs} training pairs were never used. Each step of the training draws videos at random and "
        "learns from the pairs among them; the two videos of these pairs were never drawn together. Train for more "
        "epochs, or judge more pairs of the same videos."
    )
    if at_most:
        text = f"Up to {text}"
    return [text]


def _json_sha256(value: object) -> str:
    text = json.dumps(value)
    return hashlib.sha256(text.encode()).hexdigest()
