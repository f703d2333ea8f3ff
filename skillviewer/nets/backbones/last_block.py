"""Last blocks of both backbones, which are trained on the output of the frozen blocks before them.

The output of the frozen blocks is computed once and cached like features, so that no frame is decoded again.
"""

import copy

import torch
from torch import Tensor, nn

from skillviewer.core.errors import CheckpointError
from skillviewer.nets.backbones.efficientnet_lite import EfficientNetLite0
from skillviewer.nets.backbones.two_stream import TwoStream


class LastBlocks(nn.Module):
    """Last blocks of both streams: from their inputs, (M, A, h, w), to features, (M, 2F, h, w).

    Batch normalisation keeps its statistics in training too, because a batch holds few videos.

    Args:
        appearance: Last block of the appearance stream.
        motion: Last block of the motion stream.
        n_channels: Number of input channels of each block, A / 2.
    """

    def __init__(self, appearance: nn.Module, motion: nn.Module, n_channels: int) -> None:
        super().__init__()
        self.appearance = appearance
        self.motion = motion
        self.n_channels = n_channels

    def train(self, mode: bool = True) -> "LastBlocks":  # noqa: ARG002 - torch's own signature
        """Stay in evaluation mode."""
        super().train(mode=False)
        return self

    def forward(self, before: Tensor) -> Tensor:
        """Compute features of single frames."""
        appearance, motion = before.chunk(2, dim=1)
        return torch.cat([self.appearance(appearance), self.motion(motion)], dim=1)


class BlocksThenFusion(nn.Module):
    """Trainable last blocks, followed by the fusion of the model."""

    def __init__(self, blocks: LastBlocks, inner_fusion: nn.Module) -> None:
        super().__init__()
        self.blocks = blocks
        self.inner_fusion = inner_fusion

    def forward(self, before: Tensor) -> Tensor:
        """Compute and fuse features of single frames, (M, A, h, w) to (M, C, h', w')."""
        fused: Tensor = self.inner_fusion(self.blocks(before))
        return fused


def last_block(trunk: nn.Module, name: str) -> tuple[nn.Module, int]:
    """Return the last block of a trunk, not a copy, and its number of input channels.

    Args:
        trunk: A backbone.
        name: Name of the backbone, for the error message.

    Raises:
        CheckpointError: The backbone has no separate last block.
    """
    stage = getattr(trunk, "layer4", None)
    last: nn.Module
    if isinstance(trunk, EfficientNetLite0):
        last = trunk.blocks()[-1]
    elif isinstance(stage, nn.Sequential):
        last = stage[-1]
    else:
        raise CheckpointError(f"{name} has no last block that could be trained by itself. Choose another backbone.")
    first_convolution = next(module for module in last.modules() if isinstance(module, nn.Conv2d))
    return last, first_convolution.in_channels


def without_last_block(trunk: nn.Module, name: str) -> nn.Module:
    """Return a copy of a trunk without its last block; the arguments are those of ``last_block``."""
    last_block(trunk, name)  # raises if there is none
    shortened = copy.deepcopy(trunk)
    if isinstance(shortened, EfficientNetLite0):
        shortened.drop_last_block()
    else:
        stage = shortened.get_submodule("layer4")
        assert isinstance(stage, nn.Sequential)
        del stage[-1]
    return shortened


def last_blocks(streams: TwoStream, name: str) -> LastBlocks:
    """Return copies of the last blocks of both streams."""
    appearance, n_channels = last_block(streams.appearance, name)
    motion, _ = last_block(streams.motion, name)
    return LastBlocks(copy.deepcopy(appearance), copy.deepcopy(motion), n_channels)


def copy_into_streams(blocks: LastBlocks, streams: TwoStream, name: str) -> None:
    """Copy the weights of trained last blocks into two streams."""
    for trunk, trained in ((streams.appearance, blocks.appearance), (streams.motion, blocks.motion)):
        last, _ = last_block(trunk, name)
        last.load_state_dict(trained.state_dict())
