"""Interface of all attention models: from features to attention, task state and score."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple, Protocol, TypeAlias
from warnings import warn

import torch
from torch import Tensor, nn

from skillviewer.core.analysis.analysis import MapKind, MapRect
from skillviewer.nets.losses import PairBatch, margin_ranking_loss
from skillviewer.nets.presets import LossSettings
from skillviewer.nets.sizes import HeadSizes, map_grid, map_rect

State: TypeAlias = tuple[Tensor, ...]
"""Memory of a model between steps: tensors whose first axis is the batch."""

VersionsStep: TypeAlias = Callable[[Tensor, State], tuple[Tensor, State]]
"""A step over versions of one frame: takes the occluded cells, (B, L) or (1, L), and a state; returns (B,) scores and
the next state."""

FRAMES_AT_ONCE = 32
"""Number of frames fused at once, which limits the memory of fusion."""


def step_mask(lengths: Sequence[int], padded: Tensor) -> Tensor:
    """Return (B, N) bool, on the device of a padded batch (B, N, ...): True if a video has the step."""
    ends = torch.tensor(lengths, device=padded.device)
    return torch.arange(padded.shape[1], device=padded.device) < ends[:, None]


class StepOutput(NamedTuple):
    """Result of one step."""

    attention: Tensor  # (B, h, w) map of this frame; uniform for models without one
    task_state: Tensor  # (B, D) hidden state of the task RNN; models without recurrence document their own
    score: Tensor  # (B,) the score after this step
    state: State  # memory for the next step


class AttentionOutput(NamedTuple):
    """Results of all steps."""

    attention: Tensor  # (B, N, h, w)
    task_state: Tensor  # (B, N, D)
    score_curve: Tensor  # (B, N), the score after every step
    score: Tensor  # (B,), its last column


class LossOutput(NamedTuple):
    """Loss and scores of a training batch."""

    loss: Tensor  # () the loss
    score: Tensor  # (B,) score of every distinct video


class TrainingPhase(NamedTuple):
    """Parameters that are updated together; the phases of a model alternate, batch by batch."""

    name: str  # name of the phase
    parameters: list[nn.Parameter]  # the parameters
    # whether the phase may have a step in every batch. If this is False for a phase of the model, or the settings give
    # numbers of iterations, the phases alternate
    independent: bool = False


class Gather(Protocol):
    """Collector of results: each of several processes computes a share of the videos of a batch."""

    def __call__(self, share: Tensor) -> Tensor:
        """Return the results of the whole batch, (B, ...), from those of this process, (share, ...).

        Every process computes the whole loss. Gradients therefore reach the share of this process alone.
        """

    def over_batch(self, function: Callable[[Tensor], Tensor], share: Tensor) -> Tensor:
        """Apply a function to the whole batch and return the rows of this process.

        The gradients of all processes are summed.
        """


def _with_finished_videos(previous: StepOutput, current: StepOutput, is_running: Tensor) -> StepOutput:
    """Return a step of all B videos.

    ``current`` is the step of the videos that are running; the others keep their task state and score.
    """
    attention = torch.zeros_like(previous.attention).index_put((is_running,), current.attention)
    task_state = previous.task_state.index_put((is_running,), current.task_state)
    score = previous.score.index_put((is_running,), current.score)
    return StepOutput(attention, task_state, score, current.state)


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelNeeds:
    """Information that a model uses, and its way of training.

    Attributes:
        memory: Whether the map of a step depends on earlier steps.
        frame: Whether the map of a step depends on the frame of that step.
        whole_video: Whether the first step needs all fused frames: the initial state is derived from their mean.
        similar_pairs: Whether the loss also learns from pairs without disparity.
        own_loss: Whether the loss is the model's own, averaged over the pairs whatever the settings.
        all_pairs: Whether ``solve`` fits the weights to all pairs at once; else they are trained in batches.
    """

    memory: bool = True
    frame: bool = True
    whole_video: bool = False
    similar_pairs: bool = False
    own_loss: bool = False
    all_pairs: bool = False


_RENAMED_FLAGS = {
    "uses_memory": "memory",
    "uses_frame": "frame",
    "needs_whole_video": "whole_video",
    "uses_similar": "similar_pairs",
    "own_loss": "own_loss",
}
"""Class attributes of plug-ins for earlier versions, and the fields of ``ModelNeeds``; kept for one version."""


class AttentionModel(nn.Module, ABC):
    """Model from features to attention, task state and score, step by step.

    The window fuses one frame and takes one step at a time. Training calls the model on whole videos. Both give the
    same numbers, because ``forward`` fuses and steps too.

    Args:
        sizes: All sizes.
        fusion: Module applied to each frame, (M, 2F, rows, columns) to (M, C, h, w).
    """

    map_kind: MapKind = MapKind.DISTRIBUTION  # kind of the numbers in the maps
    needs: ModelNeeds = ModelNeeds()
    # whether the computation on single frames uses bfloat16 in training mode; weights, recurrences and losses stay
    # float32, and so does everything in evaluation mode. Set by training
    autocast: bool = False
    # gathers the shares if several processes each compute a share of a batch's videos; else None. Set by training
    gather: "Gather | None" = None
    # (channels, rows, columns) of the input of fusion if it is not features of the given sizes; else None. Set by
    # training
    input_shape: tuple[int, int, int] | None = None

    def __init_subclass__(cls, **keywords: object) -> None:
        super().__init_subclass__(**keywords)
        for name in _RENAMED_FLAGS.keys() & vars(cls).keys():
            field = _RENAMED_FLAGS[name]
            warn(f"{name} of {cls.__name__} is now needs = ModelNeeds({field}=...)", DeprecationWarning, stacklevel=2)
            cls.needs = replace(cls.needs, **{field: vars(cls)[name]})

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
        """Part of the picture that the map covers."""
        return map_rect(self.sizes)

    @property
    def dtype(self) -> torch.dtype:
        """Number type of the parameters."""
        return next(self.parameters()).dtype

    @abstractmethod
    def initial_state(self, batch: int, fused: Tensor | None, like: Tensor, seed: int = 0) -> State:
        """Return the memory before the first step.

        Args:
            batch: B.
            fused: (B, N, C, h, w), all frames, or (B, 1, C, 1, 1), their mean over frames and cells. None unless the
                model ``needs.whole_video``.
            like: A tensor on the device to use.
            seed: Seed of random initial states in evaluation; every video starts from the same draw, so that its score
                does not depend on the rest of the batch. Training draws from torch's global generator.
        """

    @abstractmethod
    def step(self, fused_t: Tensor, state: State, attention: Tensor | None = None) -> StepOutput:
        """Process one frame.

        Args:
            fused_t: (B, C, h, w), fused features of the frame; or (1, C, h, w), one frame for B different states. In
                the second case, outputs that depend on the frame alone have a first axis of 1.
            state: State from the previous step, or ``initial_state``.
            attention: (B, h, w) or (1, h, w), a map of the model's kind to use instead of its own; ignored by models
                without a map.
        """

    def prepare(self, cells: Tensor) -> VersionsStep | None:  # noqa: ARG002
        """Return a fast step over versions of one frame, or None if the model has none.

        Args:
            cells: (L + 1, C), the L cells of the frame, then the vector that replaces occluded cells.
        """
        return None

    def fuse(self, features: Tensor) -> Tensor:
        """Fuse (B, N, 2F, rows, columns) features, a few frames at once, to (B, N, C, h, w) in the weights' type."""
        expected_shape = self.input_shape
        if not expected_shape:
            expected_shape = (self.sizes.feature_channels, *self.sizes.grid)
        if features.ndim != 5 or tuple(features.shape[2:]) != expected_shape:
            raise ValueError(
                f"features must be (B, N, {', '.join(map(str, expected_shape))}), not {tuple(features.shape)}"
            )
        batches = torch.split(features.flatten(0, 1), FRAMES_AT_ONCE)
        with self.autocast_context(features.device):
            fused = torch.cat([self.fusion(frames.to(self.dtype)) for frames in batches])
        return fused.to(self.dtype).reshape(*features.shape[:2], *fused.shape[1:])

    def fuse_padded(self, features: Tensor, lengths: Sequence[int] | None) -> Tensor:
        """Fuse features as ``fuse`` does; frames after the end of a shorter video become 0."""
        if lengths is None:
            return self.fuse(features)
        is_frame = step_mask(lengths, features)
        fused = self.fuse(features[is_frame][None])[0]
        return fused.new_zeros(*is_frame.shape, *fused.shape[1:]).index_put((is_frame,), fused)

    def autocast_context(self, device: torch.device) -> torch.autocast:
        """Return the autocast context for single frames."""
        return torch.autocast(device.type, torch.bfloat16, enabled=self.autocast and self.training)

    def unroll(self, fused: Tensor, seed: int = 0, lengths: Sequence[int] | None = None) -> AttentionOutput:
        """Process fused frames in turn.

        Every video of a padded batch gets the same numbers as alone. After its end it keeps its task state and score,
        and its maps are 0.

        Args:
            fused: (B, N, C, h, w); 0 after the end of a video.
            seed: See ``initial_state``.
            lengths: Numbers of steps of the videos of a padded batch; None if all have N.
        """
        n_steps = lengths or [fused.shape[1]] * len(fused)
        ends = torch.tensor(n_steps, device=fused.device)
        all_frames = fused if self.needs.whole_video else None
        if lengths and all_frames is not None:  # the mean over N frames becomes the mean over the frames of each video
            all_frames = all_frames * (all_frames.shape[1] / ends).to(all_frames.dtype).reshape(-1, 1, 1, 1, 1)
        state = self.initial_state(len(fused), all_frames, fused, seed)
        steps: list[StepOutput] = []
        for t, fused_t in enumerate(fused.unbind(1)):
            if lengths is None or t < min(lengths):
                steps.append(self.step(fused_t, state))
            else:
                is_running = ends > t
                was_running = ends >= t  # the state holds these videos
                running_state = tuple(tensor[is_running[was_running]] for tensor in state)
                current = self.step(fused_t[is_running], running_state)
                steps.append(_with_finished_videos(steps[-1], current, is_running))
            state = steps[-1].state
        curve = torch.stack([step.score for step in steps], dim=1)
        return AttentionOutput(
            torch.stack([step.attention for step in steps], dim=1),
            torch.stack([step.task_state for step in steps], dim=1),
            curve,
            curve[:, -1],
        )

    def forward(self, features: Tensor, seed: int = 0, lengths: Sequence[int] | None = None) -> AttentionOutput:
        """Fuse and process whole videos, (B, N, 2F, rows, columns); see ``unroll`` for the other arguments."""
        return self.unroll(self.fuse_padded(features, lengths), seed, lengths)

    def phases(self) -> tuple[TrainingPhase, ...]:
        """Return the training phases; one unless the model overrides this."""
        return (TrainingPhase("all", list(self.parameters())),)

    def loss(self, features: Tensor, pairs: PairBatch, settings: LossSettings, phase: str = "all") -> LossOutput:  # noqa: ARG002
        """Return the training loss of a batch.

        Args:
            features: (B, N, 2F, rows, columns), each distinct video once; or a share of them, see ``gather``.
            pairs: Pairs among all B videos.
            settings: Margin and reduction; models with their own losses keep their own margins.
            phase: Name of one of ``phases()``.
        """
        score = self.gather_processes(self(features, lengths=pairs.lengths).score)
        return LossOutput(margin_ranking_loss(score, pairs, settings), score)

    def solve(self, features: Tensor, pairs: PairBatch, progress: float) -> Tensor:
        """Fit the weights to all training videos at once, for a model that ``needs.all_pairs``.

        Args:
            features: (B, N, ...), every training video once.
            pairs: All training pairs.
            progress: Share of the training that is done, 0 to 1.

        Returns:
            (B,) scores of the videos.
        """
        raise NotImplementedError

    def features(self, inputs: Tensor) -> Tensor:
        """Return the input of the head, (B, N, 2F, rows, columns).

        A model with its own backbones computes it from ``inputs``; all others return ``inputs`` unchanged.
        """
        return inputs

    def separate_backbones(self) -> tuple["AttentionModel", dict[str, Tensor] | None]:
        """Return the trained head, and the weights of the backbones that were trained with it, or None."""
        return self, None

    def gather_processes(self, share: Tensor) -> Tensor:
        """Return the results of all videos of a batch, (B, ...), from those of a share."""
        return share if self.gather is None else self.gather(share)

    def over_batch(self, function: Callable[[Tensor], Tensor], share: Tensor) -> Tensor:
        """Apply a function that mixes the videos of a batch, (B, ...) to (B, ...); return the rows of the share."""
        return function(share) if self.gather is None else self.gather.over_batch(function, share)

    def uniform_map(self, fused_t: Tensor) -> Tensor:
        """Return 1/L in every cell, (B, h, w): the map of a model without one."""
        rows, columns = self.grid
        return fused_t.new_full((fused_t.shape[0], rows, columns), 1 / (rows * columns))


class MaplessModel(AttentionModel):
    """A model without attention over the picture: its map is a single cell that covers everything."""

    map_kind = MapKind.NONE
    needs = ModelNeeds(memory=False, frame=False)

    @property
    def grid(self) -> tuple[int, int]:
        """(1, 1)."""
        return 1, 1

    @property
    def map_rect(self) -> MapRect:
        """The whole picture."""
        return MapRect()
