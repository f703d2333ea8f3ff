"""Initial model of a fine-tuning: a checkpoint, or a new head on the shipped backbone."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec
import torch

from skillviewer.core.errors import CheckpointError
from skillviewer.core.finetuning.split import DEFAULT_NEW_MODEL
from skillviewer.core.video.preprocessing import QUICK
from skillviewer.engine.features.extractor import FeatureExtractor
from skillviewer.engine.features.feature_cache import FeatureCache
from skillviewer.engine.features.feature_statistics import standardise
from skillviewer.engine.features.feature_store import FeatureStore, match_inputs
from skillviewer.engine.features.frame_sources import FeatureSource, feature_source
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
    """Initial model of a fine-tuning."""

    parent: Checkpoint | None  # the checkpoint, or None for a new head
    config: CheckpointConfig  # configuration of the new checkpoint, without the digest of its weights
    source: FeatureSource
    device: torch.device

    @classmethod
    def of(
        cls, folder: Path | None, device: torch.device, cache: FeatureCache, model: str = DEFAULT_NEW_MODEL
    ) -> "InitialModel":
        """Load the checkpoint in a folder, or prepare a new head of ``model`` if the folder is None.

        Raises:
            CheckpointError: The checkpoint cannot be read, the model takes no features, or the backbone is not here.
        """
        if folder is None:
            if attention_model(model).inputs is not InputKind.FEATURES:
                raise CheckpointError(f"{model} is not trained on features: choose another model.")
            source, backbones = feature_source(BACKBONE, QUICK, device, precision="float32", cache=cache)
            n_channels, n_rows, n_columns = source.extractor.feature_shape(QUICK)
            sizes = preset(PRESET).sizes(n_channels, (n_rows, n_columns))
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
        source = FeatureSource(cache, parent.config.preprocessing, FeatureExtractor.lazy(parent, device))
        return cls(parent, msgspec.structs.replace(parent.config, weights_sha256=""), source, device)

    def model(self, store: FeatureStore, names: Sequence[str], seed: int) -> AttentionModel:
        """Return a model to train: a copy of the parent, or a new model with initial weights by the seed.

        A new model gets the statistics of the training videos' features; a copy has those of the parent.
        """
        if self.parent is not None:
            return match_inputs(self.parent.build().to(self.device), store)
        torch.manual_seed(seed)
        model = match_inputs(attention_model(self.config.attention_model).build(self.config.sizes), store)
        standardise(model, store, names)
        return model.to(self.device)

    def settings(self, n_pairs: int, n_videos: int, epochs: int | None, seed: int) -> TrainSettings:
        """Return the settings of the training; with ``epochs`` None the number of epochs is that of the preset."""
        chosen_preset = preset(self.config.preset)
        # the step sizes of models on snippets were published for their backbones, which are not trained here
        published_phases = () if self.config.on_snippets else attention_model(self.config.attention_model).training
        if published_phases:
            _, published_optimiser = published_phases[0]
            tuning_share = TUNING_SHARE
        else:
            published_optimiser = chosen_preset.optimiser(self.config.dataset_preset)
            tuning_share = chosen_preset.tuning_share
        learning_rate_scale = tuning_share if self.parent is not None else 1.0

        def scaled(settings: OptimiserSettings) -> OptimiserSettings:
            return replace(settings, learning_rate=learning_rate_scale * settings.learning_rate)

        optimiser = scaled(published_optimiser)
        if epochs is not None:
            optimiser = replace(optimiser, epochs=epochs)
        optimiser = adapt_to_sparse_pairs(optimiser, n_pairs, n_videos)
        phases = tuple((name, scaled(settings)) for name, settings in published_phases)
        precision = training_precision("auto", self.device)
        return TrainSettings(
            optimiser,
            chosen_preset.loss,
            select=EpochSelection.INNER_FOLDS,
            seed=seed,
            phases=phases,
            precision=precision,
        )
