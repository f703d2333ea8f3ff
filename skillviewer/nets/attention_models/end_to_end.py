"""Network of Doughty et al. 2018 end to end: two backbones and their scores, trained on snippets of pictures and flow.

The published backbones are AlexNets, whose fully connected layers lead to the score. Any other backbone can replace
them, but the result is not the published network: features are averaged over the cells, and batch normalisation keeps
its statistics (partial batch normalisation, Wang et al. 2016, Temporal Segment Networks).
"""

from collections.abc import Iterable, Iterator
from typing import Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.autograd.graph import saved_tensors_hooks
from torch.utils.checkpoint import checkpoint as recompute_in_backward

from skillviewer.core.arrays import RGBImage
from skillviewer.nets.attention import LossOutput, TrainingPhase
from skillviewer.nets.attention_models.tsn import BETA, MARGIN, TsnModel, augment_snippets, split_means
from skillviewer.nets.backbones.two_stream import TwoStream, appearance_input, motion_input
from skillviewer.nets.fusion import CellMean
from skillviewer.nets.losses import PairBatch, split_ranking_loss
from skillviewer.nets.presets import LossSettings
from skillviewer.nets.sizes import HeadSizes

SIZE_PX = (340, 256)
"""Width and height of a snippet, whatever the aspect ratio of the video (Temporal Segment Networks)."""

CROP_PX = 224
"""Side of the square that is cut out of a snippet."""

N_FIELDS = 5
"""Flow fields of a snippet: those from t - 3 to t + 1."""

COLOURS = 3
CHANNELS = COLOURS + 2 * N_FIELDS
APPEARANCE = "appearance"
MOTION = "motion"

MAX_ACTIVATION_BYTES = 3 * 2**30
"""Memory for the activations of a deep trunk per batch; 37 snippets fill it with EfficientNet-Lite0, 74 in bfloat16."""


def make_snippet(rgb: RGBImage, flow: RGBImage) -> NDArray[np.uint8]:
    """Return a snippet, (3 + 2L, h, w) uint8: a picture, and ``N_FIELDS`` flow fields resized to the picture.

    Args:
        rgb: (h, w, 3) uint8, already in the size of a snippet.
        flow: (2L or more, h0, w0) uint8, the quantised flow stack. Resizing does not scale its values.
    """
    fields = torch.from_numpy(np.array(flow[: 2 * N_FIELDS]))
    resized = nn.functional.interpolate(fields[None].float(), rgb.shape[:2], mode="bilinear", antialias=True)
    rounded_picture = resized[0].round().clamp(0, 255)
    return np.concatenate([rgb.transpose(2, 0, 1), rounded_picture.byte().numpy()])


def centre_of_snippet(snippet: NDArray[np.uint8]) -> tuple[RGBImage, RGBImage]:
    """Return the picture, (side, side, 3), and the flow stack, (2L, side, side), at the centre of a snippet."""
    cropped_snippet = centre_crop(torch.from_numpy(snippet), CROP_PX)
    return cropped_snippet[:COLOURS].permute(1, 2, 0).numpy(), cropped_snippet[COLOURS:].numpy()


def centre_crop(values: Tensor, side_px: int) -> Tensor:
    """Cut the central square out of pictures, (..., h, w) to (..., side, side)."""
    height, width = values.shape[-2:]
    top = (height - side_px) // 2
    left = (width - side_px) // 2
    return values[..., top : top + side_px, left : left + side_px]


def draw_snippets(snippets: Tensor, n_splits: int, n_per_split: int) -> Tensor:
    """Draw snippets from every split of every video, without repetition and in order of time.

    Args:
        snippets: (B, N, ...). Snippet i belongs to split floor(i n_splits / N).
        n_splits: Number of splits of a video.
        n_per_split: Number of snippets to draw from every split; 0 for all.

    Returns:
        (B, n_splits n_per_split, ...), or all N snippets if there are no more.
    """
    n_videos, n = snippets.shape[:2]
    if n_per_split == 0 or n <= n_splits * n_per_split:
        return snippets
    split = torch.arange(n) * n_splits // n
    shuffled = (split + torch.rand(n_videos, n)).argsort(dim=1)  # split by split, each in random order
    split_starts = torch.searchsorted(split, torch.arange(n_splits))
    drawn_columns = (split_starts[:, None] + torch.arange(n_per_split)).flatten()
    drawn_indices = shuffled[:, drawn_columns].sort(dim=1).values
    return snippets[torch.arange(n_videos)[:, None], drawn_indices]


class EndToEndModel(TsnModel):
    """Model from snippets, (B, N, 3 + 2L, h, w) uint8, to scores.

    The first three channels are the picture, the others its flow stack. In training some snippets of every split are
    drawn, and every video is cropped, scaled and flipped at random. In testing the centre of every snippet is used.

    Args:
        sizes: Sizes of the head, with the channels and the grid of the backbones.
        streams: The two backbones, which are trained too.
        dropout: Share of units dropped before each fully connected layer.
    """

    def __init__(self, sizes: HeadSizes, streams: TwoStream, *, dropout: float = 0.5) -> None:
        super().__init__(sizes, hidden=sizes.tsn_hidden, dropout=dropout)
        self.streams = streams

    def train(self, mode: bool = True) -> Self:
        """Switch to training mode, in which batch normalisation keeps its statistics."""
        super().train(mode)
        for module in self.streams.modules():
            if isinstance(module, nn.BatchNorm2d):
                module.eval()
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
        trunk_outputs = [
            self._trunk_output(stream, trunk_inputs, len(inputs))
            for stream, trunk_inputs in enumerate(self.inputs(inputs))
        ]
        features = torch.cat(trunk_outputs, dim=1).to(self.dtype)
        return features.reshape(*inputs.shape[:2], *features.shape[1:])

    def fuse(self, features: Tensor) -> Tensor:
        """Return the input of the scores: the backbones' features of snippets, or their mean over the cells."""
        maps = self.features(features)
        fused: Tensor = self.fusion(maps.flatten(0, 1))
        return fused.reshape(*maps.shape[:2], *fused.shape[1:])

    def phases(self) -> tuple[TrainingPhase, ...]:
        """Return the two streams: each backbone with its score."""
        appearance = [*self.streams.appearance.parameters(), *self.appearance.parameters()]
        motion = [*self.streams.motion.parameters(), *self.motion.parameters()]
        return (
            TrainingPhase(APPEARANCE, appearance, independent=True),
            TrainingPhase(MOTION, motion, independent=True),
        )

    def loss(self, features: Tensor, pairs: PairBatch, settings: LossSettings, phase: str = "all") -> LossOutput:
        """Return L_rank3 of one stream, ``appearance`` or ``motion``, or of both added, from snippets."""
        features = draw_snippets(features, self.sizes.tsn_splits, settings.snippets)
        if phase == "all":
            return super().loss(features, pairs, settings)
        stream = (APPEARANCE, MOTION).index(phase)
        trunk_inputs = self.inputs(features)[stream]
        trunk_output = self._trunk_output(stream, trunk_inputs, len(features)).to(self.dtype)
        if isinstance(self.fusion, CellMean):
            trunk_output = self.fusion.of_stream(trunk_output, stream)
        scores = (self.appearance, self.motion)[stream](trunk_output.flatten(1))
        scores = self.gather_processes(scores.reshape(len(features), -1))
        loss = split_ranking_loss(split_means(scores, self.sizes.tsn_splits), pairs, MARGIN, BETA)
        return LossOutput(loss, scores.mean(dim=1))

    def inputs(self, snippets: Tensor) -> tuple[Tensor, Tensor]:
        """Return the inputs of the trunks, (B N, 3, side, side) and (B N, 2L, side, side).

        Args:
            snippets: (B, N, 3 + 2L, h, w).
        """
        side = self.streams.input_px
        snippets = snippets if self.training else centre_crop(snippets, side)
        rgb = snippets[:, :, :COLOURS].permute(0, 1, 3, 4, 2)
        stack = snippets[:, :, COLOURS:]
        if self.training:
            generator = torch.default_generator
            cut = [augment_snippets(*video, side, generator) for video in zip(rgb, stack, strict=True)]
            rgb = torch.stack([picture for picture, _ in cut])
            stack = torch.stack([flow for _, flow in cut])
        pictures = appearance_input(rgb.flatten(0, 1), self.streams.appearance_normalisation)
        return pictures, motion_input(stack.flatten(0, 1), self.streams.motion_normalisation, side)

    def _trunk_output(self, stream: int, inputs: Tensor, n_videos: int) -> Tensor:
        """Return the output of a trunk for all snippets. In training a deep trunk processes one video at a time."""
        trunk = (self.streams.appearance, self.streams.motion)[stream]
        inputs = inputs.contiguous(memory_format=torch.channels_last)
        with self.autocast_context(inputs.device):
            if self.sizes.tsn_hidden or not torch.is_grad_enabled():
                maps: Tensor = trunk(inputs)
                return maps
            outputs = _outputs_in_bounded_memory(trunk, inputs.chunk(n_videos))
            return torch.cat(list(outputs))


def _outputs_in_bounded_memory(trunk: nn.Module, parts: Iterable[Tensor]) -> Iterator[Tensor]:
    """Yield the outputs of a trunk for parts of a batch.

    Once the stored activations reach ``MAX_ACTIVATION_BYTES``, those of further parts are recomputed for the gradients,
    with the same result.
    """
    bytes_by_storage: dict[int, int] = {}

    def count_bytes(saved_tensor: Tensor) -> Tensor:
        storage = saved_tensor.untyped_storage()
        bytes_by_storage[storage.data_ptr()] = storage.nbytes()
        return saved_tensor.detach()  # the tensor itself would keep its own graph alive

    for part in parts:
        if sum(bytes_by_storage.values()) < MAX_ACTIVATION_BYTES:
            with saved_tensors_hooks(count_bytes, lambda saved: saved):
                output = trunk(part)
        else:
            output = recompute_in_backward(trunk, part, use_reentrant=False)
        yield output
