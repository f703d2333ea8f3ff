"""Pairwise ranking by two streams of temporal segments (Doughty, Damen & Mayol-Cuevas 2018, "Who's better?").

Each stream scores each snippet by itself. In training a video has seven equal splits: the scores of the snippets of a
split are averaged, and split k of one video is compared with split k of the other. In testing the scores of all
snippets are averaged, and the streams are combined with weights 0.4 (appearance) and 0.6 (motion).

The published model (``tsn``) trains its backbones end to end (``end_to_end``). They are AlexNets up to the last
pooling; the fully connected layers are here. ``tsn-frozen`` trains one linear layer per stream on the frozen features
of a pooled backbone, with the same losses and splits. It is not the published model.
"""

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from skillviewer.nets.attention import LossOutput, MaplessModel, ModelNeeds, State, StepOutput
from skillviewer.nets.fusion import CellMean
from skillviewer.nets.losses import PairBatch, split_ranking_loss
from skillviewer.nets.presets import LossSettings
from skillviewer.nets.sizes import HeadSizes

APPEARANCE_WEIGHT = 0.4
"""alpha: weight of the appearance stream's score."""

MARGIN = 1.0
"""m in all of Doughty et al.'s losses."""

BETA = 0.5
"""Weight of ranking relative to similarity."""


def split_means(values: Tensor, n_splits: int) -> Tensor:
    """Return the means of snippets within equal splits of a video, (B, n_splits, ...).

    Args:
        values: (B, N, ...), snippets in order of time. Snippet i belongs to split floor(i n_splits / N).
        n_splits: Number of splits, at most N.
    """
    n = values.shape[1]
    if n < n_splits:
        raise ValueError(f"{n} snippets cannot fill {n_splits} splits")
    split = torch.arange(n, device=values.device) * n_splits // n
    sums = values.new_zeros(values.shape[0], n_splits, *values.shape[2:]).index_add(1, split, values)
    counts = torch.bincount(split, minlength=n_splits).to(values.dtype)
    trailing_axes = (1,) * (values.ndim - 2)
    return sums / counts.reshape(-1, *trailing_axes)


class StreamScore(nn.Module):
    """Score of one stream: dropout and fully connected layers on its flattened or pooled features."""

    def __init__(self, inputs: int, hidden: tuple[int, ...], dropout: float) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for width in hidden:
            layers += [nn.Dropout(dropout), nn.Linear(inputs, width), nn.ReLU()]
            inputs = width
        if not hidden:  # with hidden layers, the score layer has no dropout, like fc8 of AlexNet
            layers.append(nn.Dropout(dropout))
        layers.append(nn.Linear(inputs, 1))
        self.layers = nn.Sequential(*layers)

    def forward(self, features: Tensor) -> Tensor:
        """Score (..., inputs) to (...,)."""
        scores: Tensor = self.layers(features).squeeze(-1)
        return scores


class TsnModel(MaplessModel):
    """Two streams that score every frame, without a map.

    The score curve is the running mean of the combined scores. In place of a task state, a step returns the scores of
    its frame by both streams, (B, 2). The state that passes from step to step is the sum and the number of the scores.

    Args:
        sizes: All sizes.
        hidden: Widths of the fully connected layers before the score. Without such layers, the features are averaged
            over the cells.
        dropout: Share of units dropped before each fully connected layer (0.5 as published).
    """

    needs = ModelNeeds(memory=False, frame=False, similar_pairs=True, own_loss=True)

    def __init__(self, sizes: HeadSizes, *, hidden: tuple[int, ...] = (), dropout: float = 0.5) -> None:
        fusion = nn.Identity() if hidden else CellMean(sizes)
        super().__init__(sizes, fusion)
        inputs = sizes.feature_channels // 2
        if hidden:
            rows, columns = sizes.grid
            inputs *= rows * columns
        self.appearance = StreamScore(inputs, hidden, dropout)
        self.motion = StreamScore(inputs, hidden, dropout)

    def initialise_hidden_layers(self, classifier: Mapping[str, Tensor]) -> None:
        """Copy fc6 and fc7 of AlexNet into both streams, as published; the score layers stay random.

        Args:
            classifier: Weights and biases of torchvision's ``classifier.1`` (fc6) and ``classifier.4`` (fc7).
        """
        for stream in (self.appearance, self.motion):
            hidden_layers = [layer for layer in stream.layers if isinstance(layer, nn.Linear)][:-1]
            for layer, name in zip(hidden_layers, ("classifier.1", "classifier.4"), strict=True):
                with torch.no_grad():
                    layer.weight.copy_(classifier[f"{name}.weight"])
                    layer.bias.copy_(classifier[f"{name}.bias"])

    def stream_scores(self, fused: Tensor) -> Tensor:
        """Score every frame by each stream, (B, N, C, h, w) to (B, N, 2): appearance, motion."""
        appearance, motion = fused.flatten(2).chunk(2, dim=2)
        return torch.stack([self.appearance(appearance), self.motion(motion)], dim=2)

    def initial_state(self, batch: int, fused: Tensor | None, like: Tensor, seed: int = 0) -> State:  # noqa: ARG002
        """Return the sum of the frame scores and their number, both 0."""
        zero = torch.zeros(batch, dtype=self.dtype, device=like.device)
        return zero, zero

    def step(self, fused_t: Tensor, state: State, attention: Tensor | None = None) -> StepOutput:  # noqa: ARG002
        """Score one frame, (B, C, h, w)."""
        streams = self.stream_scores(fused_t[:, None])[:, 0]
        mixed = APPEARANCE_WEIGHT * streams[:, 0] + (1 - APPEARANCE_WEIGHT) * streams[:, 1]
        total = state[0] + mixed
        count = state[1] + 1
        return StepOutput(self.uniform_map(fused_t), streams, total / count, (total, count))

    def loss(self, features: Tensor, pairs: PairBatch, settings: LossSettings, phase: str = "all") -> LossOutput:  # noqa: ARG002
        """Return the sum of L_rank3 over both streams.

        The streams share no parameter, so that the sum trains each of them by itself.
        """
        streams = self.stream_scores(self.fuse_padded(features, pairs.lengths))
        lengths = pairs.lengths or [streams.shape[1]] * len(streams)
        videos = [video[None, :n] for video, n in zip(streams, lengths, strict=True)]
        video_split_scores = [split_means(video, self.sizes.tsn_splits) for video in videos]
        split_scores = self.gather_processes(torch.cat(video_split_scores))
        appearance_loss = split_ranking_loss(split_scores[..., 0], pairs, MARGIN, BETA)
        motion_loss = split_ranking_loss(split_scores[..., 1], pairs, MARGIN, BETA)
        weights = streams.new_tensor([APPEARANCE_WEIGHT, 1 - APPEARANCE_WEIGHT])
        video_scores = [(video @ weights).mean(dim=1) for video in videos]
        scores = self.gather_processes(torch.cat(video_scores))
        return LossOutput(appearance_loss + motion_loss, scores)


def augment_snippets(rgb: Tensor, stack: Tensor, side_px: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Crop, scale and flip the snippets of one video, as in TSN: corner crops, jittered scale, horizontal flip.

    All snippets of the video get the same crop, scale and flip. A flip also negates the horizontal flow.

    Args:
        rgb: (S, h, w, 3) uint8, frames at about 340 x 256.
        stack: (S, 2L, h, w) uint8, flow stacks of the same size, x and y in turn, 128 for no motion.
        side_px: Side of the result.
        generator: Random generator.

    Returns:
        (S, side, side, 3) uint8 and (S, 2L, side, side) uint8.
    """
    height, width = rgb.shape[1:3]
    if stack.shape[2:] != (height, width):
        raise ValueError(f"pictures of {height} x {width} and flow of {tuple(stack.shape[2:])} do not match")
    draws = torch.randint(0, 2**31 - 1, (4,), generator=generator).tolist()
    sides = [int(min(height, width) * scale) for scale in (1.0, 0.875, 0.75, 0.66)]
    row_index = draws[0] % 4
    rows = sides[row_index]
    # height and width of the crop may differ by one step of the scale, as in TSN
    nearby_sides = [side for index, side in enumerate(sides) if abs(index - row_index) <= 1]
    columns = nearby_sides[draws[1] % len(nearby_sides)]
    bottom = height - rows
    right = width - columns
    corners = [(0, 0), (0, right), (bottom, 0), (bottom, right), (bottom // 2, right // 2)]
    top, left = corners[draws[2] % 5]
    is_flipped = draws[3] % 2 == 1
    pictures = rgb[:, top : top + rows, left : left + columns].permute(0, 3, 1, 2).float()
    flow = stack[:, :, top : top + rows, left : left + columns].float()
    if is_flipped:
        pictures = pictures.flip(3)
        flow = flow.flip(3)
        flow[:, 0::2] = 255 - flow[:, 0::2]
    return _resized(pictures, side_px).permute(0, 2, 3, 1), _resized(flow, side_px)


def _resized(values: Tensor, side_px: int) -> Tensor:
    resized = nn.functional.interpolate(values, (side_px, side_px), mode="bilinear", antialias=True)
    return resized.round().clamp(0, 255).byte()
