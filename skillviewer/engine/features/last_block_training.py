"""Training of the last block of both backbones with the head, from stored outputs of the blocks before it."""

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from skillviewer.core.video.preprocessing import Preprocessing
from skillviewer.engine.features.extractor import local_backbone_weights, streams_of
from skillviewer.engine.features.feature_store import DerivedStore, FeatureStore
from skillviewer.nets.attention import FRAMES_AT_ONCE, AttentionModel
from skillviewer.nets.backbones.backbone_weights import BackboneWeights, changed_weights
from skillviewer.nets.backbones.last_block import BlocksThenFusion, LastBlocks, copy_into_streams, last_blocks


@dataclass(frozen=True, slots=True)
class LastBlockTraining:
    """Last blocks of both backbones, which are trained with the head."""

    weights: BackboneWeights  # weights of the backbone for pictures
    motion: BackboneWeights | None  # weights for flow, or None if the motion stream starts from those for pictures
    preprocessing: Preprocessing
    blocks: LastBlocks  # the last blocks as they are before training
    device: torch.device

    @classmethod
    def of(
        cls, name: str, preprocessing: Preprocessing, device: torch.device, *, own_motion: bool = False
    ) -> "LastBlockTraining":
        """Load the last blocks of a backbone.

        With ``own_motion`` the motion stream starts from weights trained on flow, else from the weights for
        pictures (cross-modality initialisation).

        Raises:
            CheckpointError: The weights are not on this computer, or the backbone has no separate last block.
        """
        weights = local_backbone_weights(name)
        motion = local_backbone_weights(name, flow=True) if own_motion else None
        streams = streams_of(weights, preprocessing.flow.length, preprocessing.input_px, motion)
        blocks = last_blocks(streams, name)
        return cls(weights, motion, preprocessing, blocks.eval().to(device), device)

    def features(self, store: FeatureStore, blocks: LastBlocks | None = None) -> "BlockStore":
        """Return the features that blocks compute from their stored inputs; None means the untrained blocks."""
        if blocks is None:
            blocks = self.blocks
        return BlockStore(store, blocks, self.device)

    def attach_blocks(self, model: AttentionModel) -> None:
        """Put copies of the last blocks before a model's fusion, so that they are trained with the model.

        The inputs of the model are then those of the last blocks.
        """
        model.fusion = BlocksThenFusion(copy.deepcopy(self.blocks), model.fusion)
        model.input_shape = (2 * self.blocks.n_channels, *model.sizes.grid)

    def detach_blocks(self, model: AttentionModel) -> tuple[LastBlocks, dict[str, Tensor]]:
        """Take the last blocks out of a trained model, so that the inputs of the model are features again.

        Returns:
            The trained blocks, and the changed weights of the backbones for ``save_checkpoint``.
        """
        assert isinstance(model.fusion, BlocksThenFusion)
        blocks = model.fusion.blocks
        model.fusion = model.fusion.inner_fusion
        model.input_shape = None
        streams = streams_of(self.weights, self.preprocessing.flow.length, self.preprocessing.input_px, self.motion)
        copy_into_streams(blocks, streams, self.weights.name)
        return blocks, changed_weights(streams, self.weights, self.motion or self.weights)


class BlockStore(DerivedStore):
    """A store of features that last blocks compute from their stored inputs, each time that they are read."""

    def __init__(self, store: FeatureStore, blocks: LastBlocks, device: torch.device) -> None:
        super().__init__(store)
        self._blocks = blocks
        self._device = device

    def __getitem__(self, name: str) -> Sequence[NDArray[Any]]:
        """Return the features of a video's first pass, (N, 2F, h, w) float16 like stored features."""
        stored_inputs = np.array(self.store[name][0])
        inputs = torch.from_numpy(stored_inputs).to(self._device).float()
        with torch.inference_mode():
            parts = [self._blocks(frames) for frames in torch.split(inputs, FRAMES_AT_ONCE)]
            outputs = torch.cat(parts)
        return [outputs.half().cpu().numpy()]
