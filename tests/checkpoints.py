"""Tiny checkpoints on the embedded backbone: small inputs, few segments, random heads."""

from dataclasses import replace
from functools import cache
from pathlib import Path

import torch

from skillviewer.core.analysis.familiarity import TrainingFeatureStats
from skillviewer.core.video.preprocessing import FlowSettings, Preprocessing
from skillviewer.engine.features.extractor import backbone_config, local_backbone_weights
from skillviewer.nets.attention_models.end_to_end import N_FIELDS
from skillviewer.nets.backbones.backbone_weights import stream_state
from skillviewer.nets.checkpoint import Checkpoint, CheckpointExtras, save_checkpoint
from skillviewer.nets.configuration import BackboneConfig, CheckpointConfig
from skillviewer.nets.model_card import ModelCard
from skillviewer.nets.models import InputKind, attention_model
from skillviewer.nets.sizes import HeadSizes

PREPROCESSING = Preprocessing(n_segments=5, input_px=128, flow=FlowSettings("dis", length=4, short_side_px=48))
SIZES = HeadSizes(
    feature_channels=640, grid=(4, 4), fusion_hidden=8, channels=8, task_hidden=6, attention_hidden=6, embed=4
)


@cache
def embedded_backbones() -> BackboneConfig:
    """Return both backbones as checkpoints name them; the digest of the weights is computed once."""
    return backbone_config(local_backbone_weights("efficientnet-lite0"))


def tiny_checkpoint(
    folder: Path,
    model: str = "full",
    preprocessing: Preprocessing = PREPROCESSING,
    familiarity: TrainingFeatureStats | None = None,
    seed: int = 0,
) -> Checkpoint:
    """Write a checkpoint with random weights and return it."""
    timed = attention_model(model).inputs is InputKind.TIME
    sizes = replace(SIZES, feature_channels=1, grid=(1, 1)) if timed else SIZES
    torch.manual_seed(seed)
    return save_checkpoint(
        folder,
        CheckpointConfig(
            attention_model=model,
            sizes=sizes,
            preprocessing=preprocessing,
            backbone=None if timed else embedded_backbones(),
            preset="small-study",
        ),
        attention_model(model).build(sizes),
        _card(folder.name),
        CheckpointExtras(familiarity=familiarity),
    )


def tiny_tsn(folder: Path) -> Checkpoint:
    """Write a checkpoint of ``tsn``, which trains its backbones: those of the program, and a head of random weights."""
    weights = local_backbone_weights("efficientnet-lite0")
    states = {"appearance": weights.state, "motion": stream_state(weights, 2 * N_FIELDS)}
    sizes = replace(SIZES, grid=(7, 7), tsn_hidden=())
    torch.manual_seed(0)
    return save_checkpoint(
        folder,
        CheckpointConfig(
            attention_model="tsn",
            sizes=sizes,
            preprocessing=replace(PREPROCESSING, input_px=224),
            backbone=embedded_backbones(),
            preset="small-study",
        ),
        attention_model("tsn").build(sizes),
        _card(folder.name),
        CheckpointExtras(
            streams={
                f"{stream}.{name}": value.clone() for stream, state in states.items() for name, value in state.items()
            }
        ),
    )


def _card(name: str) -> ModelCard:
    return ModelCard(
        name=name,
        task="test",
        created="2026-01-01T00:00:00+00:00",
        program="test",
        training_data="none",
        n_videos=0,
        n_pairs=0,
    )
