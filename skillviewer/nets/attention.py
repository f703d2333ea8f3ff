"""The contract of everything that maps features to attention, task state and score."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import NamedTuple, Protocol, TypeAlias

import torch
from torch import Tensor, nn

from skillviewer.core.analysis.analysis import MapKind, MapRect
from skillviewer.nets.geometry import map_grid, map_rect
from skillviewer.nets.losses import PairBatch, margin_ranking_loss
from skillviewer.nets.presets import LossSettings
from skillviewer.nets.sizes import HeadSizes

State: TypeAlias = tuple[Tensor, ...]
"""What a model remembers between steps: tensors whose first axis is the batch."""

FRAMES_AT_ONCE = 32
"""Frames fused at once: bounds the memory that fusion needs beyond its input."""


class StepOutput(NamedTuple):
    """One step.

    Attributes:
        attention: (B, h, w) map of this frame; uniform for models without one.
        task_state: (B, D) hidden state of the task RNN; models without recurrence say what they give instead.
        score: (B,) the score after this step.
        state: What to give to the next step.
    """

    attention: Tensor
    task_state: Tensor
    score: Tensor
    state: State


class AttentionOutput(NamedTuple):
    """All steps.

    Attributes:
        attention: (B, N, h, w).
        task_state: (B, N, D).
        score_curve: (B, N), the score after every step.
        score: (B,), its last column.
    """

    attention: Tensor
    task_state: Tensor
    score_curve: Tensor
    score: Tensor


class LossOutput(NamedTuple):
    """What training needs of a batch.

    Attributes:
        loss: () to be minimised.
        score: (B,) score of every distinct video.
    """

    loss: Tensor
    score: Tensor


class TrainingPhase(NamedTuple):
    """Parameters that are updated together; models with several phases take turns, batch by batch.

    Attributes:
        name: What it is called.
        parameters: The parameters.
        independent: Whether it is trained as if there were no other: unless the phases have numbers of iterations, it
            does not take turns but has a step of its own in every batch.
    """

    name: str
    parameters: list[nn.Parameter]
    independent: bool = False


class Gather(Protocol):
    """Brings together what several processes compute of the videos of one batch, a share each."""

    def __call__(self, share: Tensor) -> Tensor:
        """Return (B, ...) from (share, ...); gradients reach the own share alone: each computes the whole loss."""
        ...

    def over_batch(self, function: Callable[[Tensor], Tensor], share: Tensor) -> Tensor:
        """Apply a function to the whole batch and return the share's part; gradients of all parts come together."""
        ...


class AttentionModel(nn.Module, ABC):
    """Features in; attention, task state and score out, one step after the other.

    A live use fuses one frame and steps once; training calls the model on whole videos. Both give the same numbers:
    ``forward`` is nothing but fusing and stepping.

    Args:
        sizes: Every size.
        fusion: What each frame passes through by itself, (M, 2F, rows, columns) to (M, C, h, w).

    Attributes:
        map_kind: What the numbers of the maps are.
        uses_memory: Whether the map of a step depends on earlier steps.
        uses_frame: Whether it depends on the step's own frame.
        needs_whole_video: Whether the first step needs all frames fused (the initial state is made of their mean).
        uses_similar: Whether its loss also learns from pairs without disparity.
        own_loss: Whether its loss is its own, averaged over the pairs whatever the settings say.
        autocast: Whether in training mode what each frame passes through by itself is computed in bfloat16; weights,
            recurrences and losses stay float32, and so does all in evaluation mode. Set by training.
        gather: Brings shares together where several processes compute a share of a batch's videos each; else None. Set
            by training.
        input_shape: (channels, rows, columns) of the inputs of fusion where they are no features of the sizes; else
            None. Set by training.
    """

    map_kind: MapKind = MapKind.DISTRIBUTION
    uses_memory: bool = True
    uses_frame: bool = True
    needs_whole_video: bool = False
    uses_similar: bool = False
    own_loss: bool = False
    autocast: bool = False
    gather: "Gather | None" = None
    input_shape: tuple[int, int, int] | None = None

    def __init__(self, sizes: HeadSizes, fusion: nn.Module) -> None:
        super().__init__()
        self.sizes = sizes
        self.fusion = fusion

    @property
    def grid(self) -> tuple[int, int]:
        """(h, w), rows and columns of a map."""
        return map_grid(self.sizes)

    @property
    def map_rect(self) -> MapRect:
        """Where in the picture the map lies."""
        return map_rect(self.sizes)

    @property
    def dtype(self) -> torch.dtype:
        """Number type of the parameters."""
        return next(self.parameters()).dtype

    @abstractmethod
    def initial_state(self, batch: int, fused: Tensor | None, like: Tensor, seed: int = 0) -> State:
        """Return what the model remembers before the first step.

        Args:
            batch: B.
            fused: (B, N, C, h, w), all frames, where ``needs_whole_video``; else None. Only its mean over frames and
                cells counts: (B, 1, C, 1, 1) that hold the mean will do.
            like: A tensor on the device to compute on.
            seed: Of random initial states in evaluation, where every video starts from the same draw, so that its
                score does not depend on what else is in the batch. Training draws from torch's global generator.
        """

    @abstractmethod
    def step(self, fused_t: Tensor, state: State, attention: Tensor | None = None) -> StepOutput:
        """Look at one frame.

        Args:
            fused_t: (B, C, h, w), fused features of the frame; or (1, C, h, w), one frame for B different states, and
                then a part of the output that follows from the frame alone has a first axis of 1.
            state: What the previous step returned, or ``initial_state``.
            attention: (B, h, w) or (1, h, w), a map of the model's kind to use instead of its own; models without a
                map ignore it.
        """

    def fuse(self, features: Tensor) -> Tensor:
        """Fuse features frame by frame, a few frames at once.

        Args:
            features: (B, N, 2F, rows, columns); any floating type, computed in that of the parameters.

        Returns:
            (B, N, C, h, w).
        """
        wanted = self.input_shape or (self.sizes.feature_channels, *self.sizes.grid)
        if features.ndim != 5 or tuple(features.shape[2:]) != wanted:
            raise ValueError(f"features must be (B, N, {', '.join(map(str, wanted))}), not {tuple(features.shape)}")
        few = torch.split(features.flatten(0, 1), FRAMES_AT_ONCE)
        with self.autocast_context(features.device):
            fused = torch.cat([self.fusion(frames.to(self.dtype)) for frames in few])
        return fused.to(self.dtype).reshape(*features.shape[:2], *fused.shape[1:])

    def autocast_context(self, device: torch.device) -> torch.autocast:
        """Return the context in which single frames are computed."""
        return torch.autocast(device.type, torch.bfloat16, enabled=self.autocast and self.training)

    def unroll(self, fused: Tensor, seed: int = 0) -> AttentionOutput:
        """Look at fused frames one after the other.

        Args:
            fused: (B, N, C, h, w).
            seed: See ``initial_state``.
        """
        state = self.initial_state(len(fused), fused if self.needs_whole_video else None, fused, seed)
        steps = []
        for fused_t in fused.unbind(1):
            steps.append(self.step(fused_t, state))
            state = steps[-1].state
        curve = torch.stack([step.score for step in steps], dim=1)
        return AttentionOutput(
            torch.stack([step.attention for step in steps], dim=1),
            torch.stack([step.task_state for step in steps], dim=1),
            curve,
            curve[:, -1],
        )

    def forward(self, features: Tensor, seed: int = 0) -> AttentionOutput:
        """Fuse and look at whole videos.

        Args:
            features: (B, N, 2F, rows, columns), each video once.
            seed: See ``initial_state``.
        """
        return self.unroll(self.fuse(features), seed)

    def phases(self) -> tuple[TrainingPhase, ...]:
        """Return what training updates together; one phase unless the model says otherwise."""
        return (TrainingPhase("all", list(self.parameters())),)

    def loss(self, features: Tensor, pairs: PairBatch, settings: LossSettings, phase: str = "all") -> LossOutput:  # noqa: ARG002
        """Return the training loss of a batch.

        Args:
            features: (B, N, 2F, rows, columns), each distinct video once; or a share of them, see ``gather``.
            pairs: Which of all B form pairs.
            settings: Margin and reduction; models that come with losses of their own keep their own margins.
            phase: Name of one of ``phases()``.
        """
        score = self.gathered(self(features).score)
        return LossOutput(margin_ranking_loss(score, pairs, settings), score)

    def gathered(self, share: Tensor) -> Tensor:
        """Return what is known of all videos of a batch, (B, ...), from what was computed of a share."""
        return share if self.gather is None else self.gather(share)

    def over_batch(self, function: Callable[[Tensor], Tensor], share: Tensor) -> Tensor:
        """Apply what mixes the videos of a batch, (B, ...) to (B, ...), to all of them, and return the share's part."""
        return function(share) if self.gather is None else self.gather.over_batch(function, share)

    def uniform_map(self, fused_t: Tensor) -> Tensor:
        """Return 1/L in every cell, (B, h, w): what a model without a map shows."""
        rows, columns = self.grid
        return fused_t.new_full((len(fused_t), rows, columns), 1 / (rows * columns))


class MaplessModel(AttentionModel):
    """A model that looks nowhere in particular: its map is a single cell that covers the picture."""

    map_kind = MapKind.NONE
    uses_memory = False
    uses_frame = False

    @property
    def grid(self) -> tuple[int, int]:
        """(1, 1)."""
        return 1, 1

    @property
    def map_rect(self) -> MapRect:
        """The whole picture."""
        return MapRect()
