"""Starting point of a fine-tuning: a checkpoint, or a fresh head on the shipped backbone."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec
import torch

from skillviewer.core.errors import CheckpointError
from skillviewer.core.finetuning.split import FROM_NOTHING
from skillviewer.core.video.preprocessing import QUICK
from skillviewer.engine.features.cache import FeatureCache
from skillviewer.engine.features.dataset_features import feature_source, standardise
from skillviewer.engine.features.extractor import FeatureExtractor
from skillviewer.engine.features.feature_store import FeatureStore, match_inputs
from skillviewer.engine.features.source import FeatureSource
from skillviewer.engine.runtime.device import training_precision
from skillviewer.engine.training.batches import adapt_to_sparse_pairs
from skillviewer.engine.training.train_settings import EpochSelection, TrainSettings
from skillviewer.nets.attention import AttentionModel
from skillviewer.nets.checkpoint import Checkpoint, load_checkpoint
from skillviewer.nets.configuration import CheckpointConfig
from skillviewer.nets.models import InputKind, attention_model
from skillviewer.nets.presets import TUNING_SHARE, OptimiserSettings, preset

PRESET = "small-study"
BACKBONE = "efficientnet-lite0"


@dataclass(frozen=True, slots=True)
class InitialModel:
    """Starting point of a training."""

    parent: Checkpoint | None  # the checkpoint, or None if there is none
    # configuration of the new checkpoint; the digest of its weights is filled in when it is saved
    config: CheckpointConfig
    source: FeatureSource
    device: torch.device

    @classmethod
    def of(
        cls, folder: Path | None, device: torch.device, cache: FeatureCache, model: str = FROM_NOTHING
    ) -> "InitialModel":
        """Open a starting point. Without a folder training of ``model`` begins from nothing.

        Raises:
            CheckpointError: It cannot be read, has no features to be trained on, or its backbone is not here.
        """
        if folder is None:
            if attention_model(model).inputs is not InputKind.FEATURES:
                raise CheckpointError(f"{model} is not trained on features: choose another model.")
            source, backbones = feature_source(BACKBONE, QUICK, device, "float32", cache)
            channels, *grid = source.extractor.feature_shape(QUICK)
            sizes = preset(PRESET).sizes(channels, (grid[0], grid[1]))
            config = CheckpointConfig(
                attention_model=model, sizes=sizes, preprocessing=QUICK, backbone=backbones, preset=PRESET
            )
            return cls(None, config, source, device)
        parent = load_checkpoint(folder)
        if parent.config.backbone is None:
            raise CheckpointError(f"{parent.name} looks at time alone: it cannot be fine-tuned.")
        if parent.config.tracks is not None:
            raise CheckpointError(
                f"{parent.name} adds measures of tracks to its score, with a weight that a fine-tuning would not learn "
                "again: train afresh with --with-tracks, or fine-tune another model."
            )
        source = FeatureSource(cache, parent.config.preprocessing, FeatureExtractor.later(parent, device))
        return cls(parent, msgspec.structs.replace(parent.config, weights_sha256=""), source, device)

    def model(self, store: FeatureStore, names: Sequence[str], seed: int) -> AttentionModel:
        """Return a model to train: a copy of the parent, or one with the seed's first weights.

        A fresh model takes the statistics of the training videos' features; a parent keeps its own.
        """
        if self.parent is not None:
            return match_inputs(self.parent.build().to(self.device), store)
        torch.manual_seed(seed)
        model = match_inputs(attention_model(self.config.attention_model).build(self.config.sizes), store)
        standardise(model, store, names)
        return model.to(self.device)

    def settings(self, n_pairs: int, n_videos: int, epochs: int | None, seed: int) -> TrainSettings:
        """Return the training settings; ``epochs`` of None means those of the preset."""
        chosen_preset = preset(self.config.preset)
        # published step sizes are for what is trained there: here that is the head, never backbones
        published_phases = () if self.config.on_snippets else attention_model(self.config.attention_model).training
        share = TUNING_SHARE if published_phases else chosen_preset.tuning_share
        rate = share if self.parent is not None else 1.0

        def slower(settings: OptimiserSettings) -> OptimiserSettings:
            return replace(settings, learning_rate=rate * settings.learning_rate)

        optimiser = slower(
            published_phases[0][1] if published_phases else chosen_preset.optimiser(self.config.dataset_preset)
        )
        if epochs is not None:
            optimiser = replace(optimiser, epochs=epochs)
        optimiser = adapt_to_sparse_pairs(optimiser, n_pairs, n_videos)
        phases = tuple((name, slower(settings)) for name, settings in published_phases)
        precision = training_precision("auto", self.device)
        return TrainSettings(optimiser, chosen_preset.loss, EpochSelection.INNER, seed, phases, precision)
