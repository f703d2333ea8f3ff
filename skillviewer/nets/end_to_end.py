"""Doughty et al. 2018 as published: two AlexNets, trained with their scores on snippets of pictures and flow."""

import torch
from torch import Tensor, nn

from skillviewer.nets.attention import LossOutput, Phase
from skillviewer.nets.features import TwoStream, appearance_input, motion_input
from skillviewer.nets.losses import PairBatch, split_ranking_loss
from skillviewer.nets.presets import LossSettings
from skillviewer.nets.sizes import HeadSizes
from skillviewer.nets.tsn import BETA, MARGIN, StreamScore, TsnModel, augment_snippets, snippet_features, split_means

COLOURS = 3


class EndToEndModel(TsnModel):
    """Snippets in, score out. What ``TsnModel`` takes as features are snippets here, (B, N, 3 + 2L, h, w) uint8.

    The first three channels are the picture, the others its flow stack. In training every video is cropped, scaled and
    flipped at random; else the middle is cut out.

    Args:
        sizes: Of the head; the backbones' channels and grid.
        streams: The two backbones; trained too.
        dropout: Share of units dropped before each fully connected layer.
    """

    def __init__(self, sizes: HeadSizes, streams: TwoStream, *, dropout: float = 0.5) -> None:
        super().__init__(sizes, hidden=sizes.tsn_hidden, dropout=dropout)
        self.streams = streams

    def fuse(self, features: Tensor) -> Tensor:
        """Return what the backbones make of snippets, (B, N, 2F, rows, columns)."""
        with self.mixing(features.device):
            found = snippet_features(self.streams, *self._cut(features))
        return found.to(self.dtype)

    def phases(self) -> tuple[Phase, ...]:
        """Return the two streams: each backbone with its score."""
        pairs = ((self.streams.appearance, self.appearance), (self.streams.motion, self.motion))
        parameters = [[p for part in parts for p in part.parameters()] for parts in pairs]
        return (Phase("appearance", parameters[0]), Phase("motion", parameters[1]))

    def loss(self, features: Tensor, pairs: PairBatch, settings: LossSettings, phase: str = "all") -> LossOutput:
        """Return L_rank3 of one stream, ``appearance`` or ``motion``, or of both added, from snippets."""
        if phase == "all":
            return super().loss(features, pairs, settings)
        rgb, stack = self._cut(features)
        if phase == "appearance":
            inputs = appearance_input(rgb.flatten(0, 1), self.streams.appearance_normalisation)
            scores = self._scored(self.streams.appearance, self.appearance, inputs, len(features))
        else:
            flow = motion_input(stack.flatten(0, 1), self.streams.motion_normalisation, self.streams.input_px)
            scores = self._scored(self.streams.motion, self.motion, flow, len(features))
        loss = split_ranking_loss(split_means(scores, self.sizes.tsn_splits), pairs, MARGIN, BETA)
        return LossOutput(loss, scores.mean(dim=1))

    def _scored(self, trunk: nn.Module, score: StreamScore, inputs: Tensor, n_videos: int) -> Tensor:
        """Score snippets of a stream, (B N, channels, side, side) to (B, N)."""
        with self.mixing(inputs.device):
            found: Tensor = trunk(inputs)
        scores: Tensor = score(found.to(self.dtype).flatten(1))
        return self.gathered(scores.reshape(n_videos, -1))

    def _cut(self, snippets: Tensor) -> tuple[Tensor, Tensor]:
        """Return pictures (B, N, side, side, 3) and flow stacks (B, N, 2L, side, side), uint8."""
        side = self.streams.input_px
        rgb, stack = snippets[:, :, :COLOURS].permute(0, 1, 3, 4, 2), snippets[:, :, COLOURS:]
        if self.training:
            generator = torch.default_generator
            cut = [augment_snippets(*video, side, generator) for video in zip(rgb, stack, strict=True)]
            return torch.stack([one for one, _ in cut]), torch.stack([one for _, one in cut])
        top, left = ((length - side) // 2 for length in snippets.shape[3:])
        return rgb[:, :, top : top + side, left : left + side], stack[:, :, :, top : top + side, left : left + side]
