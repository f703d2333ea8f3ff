"""Inputs of a training, and the separation of the trained model into head and backbones."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Self

import torch
from torch import Tensor

from skillviewer.core.errors import CheckpointError
from skillviewer.engine.features import snippets
from skillviewer.engine.features.feature_cache import FeatureCache
from skillviewer.engine.features.feature_store import FeatureStore
from skillviewer.engine.features.frame_sources import FlowSource, FrameSource, feature_source
from skillviewer.engine.features.last_block_training import LastBlockTraining
from skillviewer.engine.features.snippets import SnippetFeatures, SnippetSource
from skillviewer.engine.runtime.device import choose_device, device_errors
from skillviewer.engine.training.training_plan import TrainingPlan
from skillviewer.nets.attention import AttentionModel
from skillviewer.nets.configuration import BackboneConfig
from skillviewer.nets.models import NUMERIC_INPUTS, InputKind


def check_can_have_checkpoint(plan: TrainingPlan) -> None:
    """Check that a plan can yield a checkpoint; called before hours of computing features.

    Raises:
        CheckpointError: A name is unknown, or the model looks at no frames.
        SettingsError: Settings contradict each other.
    """
    plan.check()
    if plan.inputs in NUMERIC_INPUTS:
        raise CheckpointError(
            f"The model {plan.model} looks at {plan.inputs} alone: it can be evaluated, not kept and viewed."
        )


@dataclass(frozen=True, slots=True)
class TrainingInputs:
    """Inputs of a training."""

    source: FrameSource  # source of features or snippets
    backbones: BackboneConfig  # backbones of the features, or initial weights of trained backbones
    unfreezing: LastBlockTraining | None = None  # the last blocks that are trained with the head, or None

    @classmethod
    def of(cls, plan: TrainingPlan, device: torch.device, cache: FeatureCache) -> Self:
        """Return the inputs of a plan that ``TrainingPlan.check`` accepts.

        Raises:
            CheckpointError: The weights of the backbone are not on this computer.
            DeviceError: The device ran out of memory.
        """
        if plan.inputs is InputKind.SNIPPETS:
            backbones = snippets.backbones_of(plan.trained_backbone)
            return cls(SnippetSource(cache, plan.preprocessing), backbones)
        unfreezing = None
        if plan.unfreeze:
            with device_errors():
                unfreezing = LastBlockTraining.of(plan.backbone, plan.preprocessing, device, own_motion=plan.own_motion)
        source, backbones = feature_source(
            plan.backbone,
            plan.preprocessing,
            device,
            plan.precision,
            cache,
            own_motion=plan.own_motion,
            before_last_block=unfreezing is not None,
        )
        if plan.inputs is InputKind.FLOW:
            return cls(FlowSource(cache, source.preprocessing, source.extractor), backbones)
        return cls(source, backbones, unfreezing)

    def separate(
        self, model: AttentionModel, stores: Sequence[FeatureStore]
    ) -> tuple[AttentionModel, dict[str, Tensor] | None, list[FeatureStore]]:
        """Separate a trained model into its head and its backbones.

        Returns:
            The head; the weights of trained backbones, which a checkpoint has to hold, or None; and for each store the
            features that the head takes.
        """
        if self.unfreezing is not None:
            blocks, backbone_weights = self.unfreezing.detach_blocks(model)
            return model, backbone_weights, [self.unfreezing.features(store, blocks) for store in stores]
        head, trained_weights = model.separate_backbones()
        if trained_weights is None:
            return head, None, list(stores)
        return head, trained_weights, [SnippetFeatures(store, model) for store in stores]


@dataclass(frozen=True, slots=True)
class SourceRecipe:
    """Recipe of the source of a plan's features. Each worker process makes the source once from it."""

    plan: TrainingPlan
    device_name: str
    cache: FeatureCache

    @property
    def candidates(self) -> int:
        """K, candidate frames of every segment."""
        return 1 if self.plan.inputs is InputKind.FLOW else self.plan.candidates

    def __call__(self) -> FrameSource:
        """Return the source; raises as ``TrainingInputs.of`` does."""
        return _source(self)


@lru_cache(maxsize=1)
def _source(recipe: SourceRecipe) -> FrameSource:
    device = choose_device(recipe.device_name)
    return TrainingInputs.of(recipe.plan, device, recipe.cache).source
