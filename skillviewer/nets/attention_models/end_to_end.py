"""Doughty et al. 2018 end to end: two backbones, trained with their scores on snippets of pictures and flow.

The published backbones are AlexNets, whose fully connected layers lead to the score. Any other backbone can replace
them; then its features are averaged over the cells, its batch normalisation keeps its statistics (partial batch
normalisation, Wang et al. 2016, Temporal Segment Networks), and the result is not the published network.
"""

from collections.abc import Iterable, Iterator
from typing import Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.autograd.graph import saved_tensors_hooks
from torch.utils.checkpoint import checkpoint as recomputed

from skillviewer.core.arrays import RGBImage
from skillviewer.nets.attention import LossOutput, TrainingPhase
from skillviewer.nets.attention_models.tsn import BETA, MARGIN, TsnModel, augment_snippets, split_means
from skillviewer.nets.backbones.features import TwoStream, appearance_input, motion_input
from skillviewer.nets.fusion import CellMean
from skillviewer.nets.losses import PairBatch, split_ranking_loss
from skillviewer.nets.presets import LossSettings
from skillviewer.nets.sizes import HeadSizes

SIZE_PX = (340, 256)
"""Width and height of a snippet, whatever the aspect ratio of the video (Temporal Segment Networks)."""

CROP_PX = 224
"""Side of the square cut out of it."""

N_FIELDS = 5
"""Flow fields of a snippet: those from t - 3 to t + 1."""

COLOURS = 3
CHANNELS = COLOURS + 2 * N_FIELDS
APPEARANCE, MOTION = "appearance", "motion"

KEPT_BYTES = 3 * 2**30
"""Memory for the activations of deep trunks per batch: 37 snippets of EfficientNet-Lite0, twice as many in bfloat16."""


def snippet_of(rgb: RGBImage, flow: RGBImage) -> NDArray[np.uint8]:
    """Return a snippet, (3 + 2L, h, w) uint8: a picture and the first ``N_FIELDS`` of its flow stack, at its size.

    Args:
        rgb: (h, w, 3) uint8, already in the size of a snippet.
        flow: (2L or more, h0, w0) uint8, quantised; its values stay those of the size at which it was computed.
    """
    values = torch.from_numpy(np.array(flow[: 2 * N_FIELDS]))[None].float()
    sized = nn.functional.interpolate(values, rgb.shape[:2], mode="bilinear", antialias=True)
    return np.concatenate([rgb.transpose(2, 0, 1), sized[0].round().clamp(0, 255).byte().numpy()])


def middle_of(snippet: NDArray[np.uint8]) -> tuple[RGBImage, RGBImage]:
    """Return picture, (side, side, 3), and flow stack, (2L, side, side), from the centre of a snippet."""
    inner = middle(torch.from_numpy(snippet), CROP_PX)
    return inner[:COLOURS].permute(1, 2, 0).numpy(), inner[COLOURS:].numpy()


def middle(values: Tensor, side_px: int) -> Tensor:
    """Cut the central square out of pictures, (..., h, w) to (..., side, side)."""
    top, left = ((length - side_px) // 2 for length in values.shape[-2:])
    return values[..., top : top + side_px, left : left + side_px]


def drawn_snippets(snippets: Tensor, n_splits: int, of_each: int) -> Tensor:
    """Draw snippets from every split of every video, without repetition and in order of time.

    Snippet i of (B, N, ...) belongs to split floor(i n_splits / N). ``of_each`` come from every split, 0 for all.

    Returns:
        (B, n_splits of_each, ...); all N if there are no more.
    """
    n_videos, n = snippets.shape[:2]
    if of_each == 0 or n <= n_splits * of_each:
        return snippets
    split = torch.arange(n) * n_splits // n
    shuffled = (split + torch.rand(n_videos, n)).argsort(dim=1)  # split by split, each in random order
    firsts = torch.searchsorted(split, torch.arange(n_splits))
    places = shuffled[:, (firsts[:, None] + torch.arange(of_each)).flatten()].sort(dim=1).values
    return snippets[torch.arange(n_videos)[:, None], places]


class EndToEndModel(TsnModel):
    """Snippets in, score out. In place of ``TsnModel``'s features it takes snippets, (B, N, 3 + 2L, h, w) uint8.

    The first three channels are the picture, the others its flow stack. In training some snippets of every split are
    drawn, and every video is cropped, scaled and flipped at random; else the centre of all is cut out.

    Args:
        sizes: Sizes of the head; the backbones' channels and grid.
        streams: The two backbones, which are trained too.
        dropout: Share of units dropped before each fully connected layer.
    """

    def __init__(self, sizes: HeadSizes, streams: TwoStream, *, dropout: float = 0.5) -> None:
        super().__init__(sizes, hidden=sizes.tsn_hidden, dropout=dropout)
        self.streams = streams

    def train(self, mode: bool = True) -> Self:
        """Switch to training mode, in which batch normalisation keeps its statistics."""
        super().train(mode)
        for part in self.streams.modules():
            if isinstance(part, nn.BatchNorm2d):
                part.eval()
        return self

    def separate_backbones(self) -> tuple[TsnModel, dict[str, Tensor]]:
        """Return the trained scores in evaluation mode, and all weights of the backbones."""
        return self.head().eval(), self.streams.state_dict()

    def head(self) -> TsnModel:
        """Return the part that scores the backbones' features of snippets; the weights are shared."""
        head = TsnModel(self.sizes, hidden=self.sizes.tsn_hidden)
        head.fusion = self.fusion
        head.appearance = self.appearance
        head.motion = self.motion
        return head

    def features(self, inputs: Tensor) -> Tensor:
        """Return the backbones' features of snippets, (B, N, 2F, rows, columns)."""
        of_trunks = enumerate(self.inputs(inputs))
        maps = [self._found(trunk, trunk_inputs, len(inputs)) for trunk, trunk_inputs in of_trunks]
        both = torch.cat(maps, dim=1).to(self.dtype)
        return both.reshape(*inputs.shape[:2], *both.shape[1:])

    def fuse(self, features: Tensor) -> Tensor:
        """Return the input of the scores: the backbones' features of snippets, or their mean over the cells."""
        maps = self.features(features)
        fused: Tensor = self.fusion(maps.flatten(0, 1))
        return fused.reshape(*maps.shape[:2], *fused.shape[1:])

    def phases(self) -> tuple[TrainingPhase, ...]:
        """Return the two streams: each backbone with its score."""
        pairs = ((self.streams.appearance, self.appearance), (self.streams.motion, self.motion))
        parameters = [[p for part in parts for p in part.parameters()] for parts in pairs]
        return (
            TrainingPhase(APPEARANCE, parameters[0], independent=True),
            TrainingPhase(MOTION, parameters[1], independent=True),
        )

    def loss(self, features: Tensor, pairs: PairBatch, settings: LossSettings, phase: str = "all") -> LossOutput:
        """Return L_rank3 of one stream, ``appearance`` or ``motion``, or of both added, from snippets."""
        features = drawn_snippets(features, self.sizes.tsn_splits, settings.snippets)
        if phase == "all":
            return super().loss(features, pairs, settings)
        stream = (APPEARANCE, MOTION).index(phase)
        trunk_output = self._found(stream, self.inputs(features)[stream], len(features)).to(self.dtype)
        if isinstance(self.fusion, CellMean):
            trunk_output = self.fusion.of_stream(trunk_output, stream)
        scores = (self.appearance, self.motion)[stream](trunk_output.flatten(1))
        scores = self.gathered(scores.reshape(len(features), -1))
        loss = split_ranking_loss(split_means(scores, self.sizes.tsn_splits), pairs, MARGIN, BETA)
        return LossOutput(loss, scores.mean(dim=1))

    def inputs(self, snippets: Tensor) -> tuple[Tensor, Tensor]:
        """Return the trunks' inputs from (B, N, 3 + 2L, h, w): (B N, 3, side, side), (B N, 2L, side, side)."""
        side = self.streams.input_px
        snippets = snippets if self.training else middle(snippets, side)
        rgb = snippets[:, :, :COLOURS].permute(0, 1, 3, 4, 2)
        stack = snippets[:, :, COLOURS:]
        if self.training:
            generator = torch.default_generator
            cut = [augment_snippets(*video, side, generator) for video in zip(rgb, stack, strict=True)]
            rgb, stack = torch.stack([picture for picture, _ in cut]), torch.stack([flow for _, flow in cut])
        pictures = appearance_input(rgb.flatten(0, 1), self.streams.appearance_normalisation)
        return pictures, motion_input(stack.flatten(0, 1), self.streams.motion_normalisation, side)

    def _found(self, stream: int, inputs: Tensor, n_videos: int) -> Tensor:
        """Return a trunk's output for the snippets of videos; in training, deep trunks process one video at a time."""
        trunk = (self.streams.appearance, self.streams.motion)[stream]
        inputs = inputs.contiguous(memory_format=torch.channels_last)
        with self.autocast_context(inputs.device):
            if self.sizes.tsn_hidden or not torch.is_grad_enabled():
                maps: Tensor = trunk(inputs)
                return maps
            return torch.cat(list(_in_bounds(trunk, inputs.chunk(n_videos))))


def _in_bounds(trunk: nn.Module, parts: Iterable[Tensor]) -> Iterator[Tensor]:
    """Yield a trunk's outputs for parts of a batch; once activations reach ``KEPT_BYTES``, no more are stored.

    The others are recomputed for their gradients. The result is the same.
    """
    bytes_by_storage: dict[int, int] = {}

    def keep(saved: Tensor) -> Tensor:
        storage = saved.untyped_storage()
        bytes_by_storage[storage.data_ptr()] = storage.nbytes()
        return saved.detach()  # the tensor itself would hold on to its own graph

    for part in parts:
        if sum(bytes_by_storage.values()) < KEPT_BYTES:
            with saved_tensors_hooks(keep, lambda saved: saved):
                output = trunk(part)
        else:
            output = recomputed(trunk, part, use_reentrant=False)
        yield output
