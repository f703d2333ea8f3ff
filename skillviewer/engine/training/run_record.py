"""Record of one run: configuration, provenance and result."""

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import astuple, dataclass
from datetime import UTC, datetime

import msgspec
import torch
from torch import nn

from skillviewer.core.analysis.analysis import MapKind, MapRect
from skillviewer.core.arrays import Float32Array, FloatArray
from skillviewer.core.dataset.dataset import Dataset, Fold
from skillviewer.core.dataset.pair_graph import similar_for_training
from skillviewer.core.dataset.pairs import SKILL, videos_of
from skillviewer.core.version import __version__
from skillviewer.core.video.preprocessing import Preprocessing
from skillviewer.engine.features.extractor import FEATURES_VERSION
from skillviewer.engine.features.video_facts import VideoFacts
from skillviewer.engine.runtime.device import device_title
from skillviewer.engine.training.plan import TrainingPlan
from skillviewer.engine.training.train_settings import TrainSettings
from skillviewer.engine.training.trainer import EpochRow, Trained
from skillviewer.nets.backbones.deployment import Precision
from skillviewer.nets.model_card import ModelCard
from skillviewer.nets.models import NUMERIC_INPUTS
from skillviewer.nets.sizes import HeadSizes

FORMAT = 1


class RunConfiguration(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """All that decides the result of a run; two runs that agree in it need not both be made."""

    format: int = FORMAT  # number of this format
    # number of the way in which features are made
    features: int = 1  # of folders that do not say
    model: str  # entry in ATTENTION_MODELS
    fold: str
    held_out: tuple[str, ...]  # videos held out
    preset: str
    dataset_preset: str  # whose optimiser settings of the preset
    sizes: HeadSizes
    settings: TrainSettings  # optimiser, loss, which epoch is kept, seed
    refit: bool  # whether it is trained afresh on all training videos once an epoch is chosen
    inner_folds: int = 1  # on how many inner folds the epoch is chosen
    candidates: int  # k, frames of every segment that training draws from
    preprocessing: Preprocessing
    backbone: str  # entry in BACKBONES, or "" for a model without one
    backbone_digest: str  # digest of its weights, or of the measures that a model takes in their place, or ""
    precision: Precision  # number type of the features
    videos_sha256: str  # digest of the contents of all videos
    pairs_sha256: str  # digest of the pairs, the similar pairs and who is in which video
    checkpoint: bool  # whether the checkpoint is kept
    unfreeze: str = ""  # ``last-block`` if the last blocks are trained with the head, else ""
    tracks_sha256: str = ""  # digest of the measures of tracks that are added to the score, or "" if none are

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
        """Return the configuration of a run."""
        of_numbers = plan.inputs in NUMERIC_INPUTS
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
            candidates=1 if of_numbers else plan.candidates,
            preprocessing=plan.preprocessing_used,
            backbone=plan.backbone_used,
            backbone_digest=digests.get(plan.backbone_used or plan.model, ""),
            precision=plan.precision,
            videos_sha256=_digest(sorted((name, *_content(facts[name])) for name in dataset.names)),
            pairs_sha256=_digest(
                [
                    [(p.better, p.worse) for p in fold.train_pairs],
                    [(p.better, p.worse) for p in fold.test_pairs],
                    [(p.first, p.second) for p in similar_for_training(dataset, fold)],
                    sorted(dataset.participants.items()),
                ]
            ),
            checkpoint=checkpoint and not of_numbers,
            unfreeze=plan.unfreeze,
            tracks_sha256=tracks_sha256 if plan.adds_tracks else "",
        )


class RunProvenance(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Provenance of a run."""

    program: str
    torch: str
    device: str
    n_threads: int  # threads that torch computed with on the CPU
    finished: str  # date and time, ISO 8601
    seconds: float  # seconds of training, without features
    epoch: int
    parameters: int
    selection: str  # choice of the epoch, in words
    videos_looked_at: int  # videos whose features training has asked for since it was started, or gone on with, last
    held_out_looked_at: int  # held-out videos among them: 0, unless the epoch is chosen on the test pairs
    # training pairs that were in no batch; None if it is not known
    unseen_pairs: int | None = None  # of folders that do not say
    # weight of the tracks relative to the network, both in standard deviations; None without tracks
    track_weight: float | None = None
    results_sha256: str = ""  # digest of scores and maps; filled in when they are written


def provenance_of(
    device: torch.device,
    model: nn.Module,
    trained: Trained,
    selection: str,
    videos_seen: Collection[str],
    fold: Fold,
    track_weight: float | None = None,
) -> RunProvenance:
    """Return the provenance of a training that has just ended.

    ``selection`` is the choice of its epoch, in words, and ``videos_seen`` the videos whose features it has asked for.
    ``track_weight`` is that of added tracks.
    """
    return RunProvenance(
        program=f"SkillViewer {__version__}",
        torch=str(torch.__version__),
        device=device_title(device),
        n_threads=torch.get_num_threads(),
        finished=datetime.now(UTC).isoformat(timespec="seconds"),
        seconds=seconds_of(trained.rows),
        epoch=trained.epoch,
        parameters=sum(p.numel() for p in model.parameters()),
        selection=selection,
        videos_looked_at=len(videos_seen),
        held_out_looked_at=len({*videos_seen} & {*fold.held_out_videos}),
        unseen_pairs=trained.n_unseen,
        track_weight=track_weight,
    )


def seconds_of(rows: Sequence[EpochRow]) -> float:
    """Return the seconds of a training from its log; every stage begins to count anew."""
    ends = [
        row for row, after in zip(rows, (*rows[1:], None), strict=True) if after is None or after.epoch <= row.epoch
    ]
    return sum(row.seconds for row in ends)


def card_of(name: str, dataset: Dataset, fold: Fold, data: str, seed: int, preset: str) -> ModelCard:
    """Return the card of a checkpoint that this program makes now, without its results."""
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
    """Return a sentence on training pairs in no batch, if any; ``at_most`` if other trainings have fewer of them."""
    if not n_unseen:
        return []
    text = (
        f"{n_unseen} of {n_pairs} training pairs were in no batch: a batch is of videos drawn by chance, with the "
        "pairs among them, and theirs never met. Train for more epochs, or judge more pairs of the same "
        "videos."
    )
    return [f"Up to {text}" if at_most else text]


@dataclass(frozen=True, slots=True)
class Maps:
    """Maps of a model for held-out videos, at the frames of the test rule."""

    videos: tuple[str, ...]  # v names
    values: Float32Array  # (V, N, h, w) float32; 0 after the steps of a video with fewer than others
    kind: MapKind
    rect: MapRect  # part of the picture that the maps cover

    def of(self, name: str, n_steps: int) -> FloatArray:
        """Return (n_steps, h, w) float64, the maps of a video."""
        return self.values[self.videos.index(name), :n_steps].astype("float64")


@dataclass(frozen=True, slots=True)
class ScoreCurves:
    """Score curves of a model and contributions of the steps, at the frames of the test rule."""

    videos: tuple[str, ...]  # v names, of the videos of the test pairs and the held-out videos
    curves: FloatArray  # (V, N) float64, score after every step; NaN after those of a video with fewer than others
    # (V, N) float64, contribution of each step (``core.explanation.evidence``); NaN there and for videos not held out
    contributions: FloatArray


@dataclass(frozen=True, slots=True)
class RunResult:
    """A finished run."""

    configuration: RunConfiguration
    provenance: RunProvenance
    scores: Mapping[str, float]  # score of every video of the test pairs
    maps: Maps | None  # maps of the held-out videos, or None for a model without
    curves: ScoreCurves | None = None  # score curves; None for runs of an earlier version


def _content(facts: VideoFacts) -> tuple[object, ...]:
    return (facts.digest,) if facts.crop is None else (facts.digest, astuple(facts.crop))


def _digest(value: object) -> str:
    return hashlib.sha256(json.dumps(value).encode()).hexdigest()
