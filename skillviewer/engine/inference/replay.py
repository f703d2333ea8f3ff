"""Repetition of a model's recurrence on a video with occluded cells or other maps, in many versions at once.

Cells are occluded after fusion, so that no backbone and no convolution runs again.
"""

from collections.abc import Callable

import torch
from torch import Tensor

from skillviewer.core.arrays import FloatArray
from skillviewer.nets.attention import AttentionModel, State

StepReport = Callable[[int], None]
"""Receives the number of newly finished steps (a step is one frame of one version); may raise to stop."""

FLOATS_AT_ONCE = {"cpu": 2**20, "mps": 2**23, "cuda": 2**26}
"""Numbers in the occluded frames of a batch: they fit into the caches of a CPU, or fill a GPU."""

STATES_AT_ONCE = {"cpu": 2**14, "mps": 2**20, "cuda": 2**23}
"""States times cells of a batch if all versions see the same frame."""


def _rows(state: State, start: int, stop: int) -> State:
    return tuple(tensor[start:stop] for tensor in state)


def _concatenate(states: list[State]) -> State:
    return tuple(torch.cat(tensors) for tensors in zip(*states, strict=True))


class Replay:
    """One pass of one video through one model, which can be repeated with changes.

    Args:
        model: Model in evaluation mode.
        fused: (N, C, h, w) fused features of the pass.
        mean: (C,) feature that replaces occluded cells.
        report_steps: Receives the number of newly finished steps.

    Attributes:
        attention: (N, h, w) maps of the unchanged pass.
    """

    def __init__(self, model: AttentionModel, fused: Tensor, mean: Tensor, report_steps: StepReport) -> None:
        self._model = model
        self._mean = mean
        self._report_steps = report_steps
        self._grid = tuple(fused.shape[2:])
        self._cells = fused.flatten(2).transpose(1, 2).contiguous()  # (N, L, C)
        device_type = fused.device.type
        self._frames_at_once = max(1, FLOATS_AT_ONCE.get(device_type, 2**20) // self._cells[0].numel())
        self._states_at_once = max(1, STATES_AT_ONCE.get(device_type, 2**14) // self._cells.shape[1])
        self._prepared_steps = [model.prepare(torch.cat([cells, mean[None]])) for cells in self._cells]
        if self._prepared_steps[0] is not None:  # a prepared step takes masks, without frames in memory
            self._states_at_once *= 4
            self._frames_at_once = self._states_at_once
        self._states_before: list[State] = []  # state before each step of the unchanged video
        state = self._first_state(self._video_mean()[None])
        maps = []
        scores = []
        for t in range(self.n_steps):
            self._states_before.append(state)
            attention, _, score, state = model.step(self._frames(self._cells[t][None]), state)
            maps.append(attention[0])
            scores.append(score[0].double())
        self.attention = torch.stack(maps)
        self._curve = torch.stack(scores).cpu().numpy()
        report_steps(self.n_steps)

    @property
    def curve(self) -> FloatArray:
        """(N,) score of the unchanged pass after every step."""
        curve: FloatArray = self._curve
        return curve

    @property
    def score(self) -> float:
        """Score of the unchanged pass."""
        return float(self.curve[-1])

    @property
    def n_steps(self) -> int:
        """N."""
        return len(self._cells)

    @property
    def n_cells(self) -> int:
        """L, cells of a fused frame."""
        return int(self._cells.shape[1])

    def _frames(self, cells: Tensor) -> Tensor:
        """Return (B, L, C) cells as (B, C, h, w) frames, without a copy."""
        return cells.transpose(1, 2).view(len(cells), -1, *self._grid)

    def _occlude(self, cells: Tensor, masks: Tensor) -> Tensor:
        """Return (B, C, h, w) frames from (L, C) cells; cells with (B, L) masks are replaced by the mean feature."""
        # with weights 0 and 1 lerp is exact, and on a CPU six times as fast as torch.where
        return self._frames(torch.lerp(cells, self._mean, masks.to(cells.dtype)[:, :, None]))

    def _video_mean(self) -> Tensor:
        return self._cells.mean(dim=(0, 1))

    def _first_state(self, means: Tensor) -> State:
        """Return the initial states of B versions of the video, given their (B, C) mean features."""
        pooled_video = means[:, None, :, None, None] if self._model.needs.whole_video else None
        return self._model.initial_state(len(means), pooled_video, self._cells)

    def masked(self, masks: Tensor) -> Tensor:
        """Return the score curves of V versions of the video with occluded cells.

        Args:
            masks: (V, N, L) bool, True for occluded cells.

        Returns:
            (V, N) float64, score after every step.
        """
        masks = masks.to(self._cells.device)
        means = [self._means_without(batch) for batch in torch.split(masks, self._frames_at_once)]
        state = self._first_state(torch.cat(means))
        scores = []
        for t in range(self.n_steps):
            state, score = self._advance(t, masks[:, t], state, len(masks))
            scores.append(score)
        return torch.stack(scores, dim=1)

    def _means_without(self, masks: Tensor) -> Tensor:
        """Return the mean features of versions of the video with (V, N, L) occluded cells, (V, C)."""
        weights = masks.flatten(1).to(self._cells.dtype) / (self.n_steps * self.n_cells)
        removed_sums = weights @ self._cells.flatten(0, 1)
        return self._video_mean() - removed_sums + weights.sum(dim=1, keepdim=True) * self._mean

    def each_cell(self) -> tuple[Tensor, Tensor]:
        """Return the scores of the versions of the video in which one cell is occluded in one step.

        A version has the states of the unchanged video before its step, unless the model needs the whole video first.

        Returns:
            (N, L) float64 scores right after the step, and (N, L) float64 scores at the end.
        """
        n_steps = self.n_steps
        n_cells = self.n_cells
        each_cell = torch.eye(n_cells, dtype=torch.bool, device=self._cells.device)
        no_cell = torch.zeros_like(each_cell[:1])
        differs_at_start = self._model.needs.whole_video  # versions differ from the first state on
        state: State = ()  # states of the versions in order of their step, then of their cell
        if differs_at_start:
            changes = (self._mean - self._cells.flatten(0, 1)) / (n_steps * n_cells)
            state = self._first_state(self._video_mean() + changes)
        scores = torch.zeros(0, dtype=torch.float64, device=self._cells.device)
        scores_after_step = []
        for t in range(n_steps):
            first = t * n_cells  # the versions with this step begin here
            if differs_at_start:
                n_running = n_steps * n_cells
                states_before = _rows(state, first, first + n_cells)
            else:
                n_running = first
                states_before = self._repeat(self._states_before[t], n_cells)
            advanced, scores = self._advance(t, no_cell, state, n_running)
            occluded, occluded_scores = self._advance(t, each_cell, states_before, n_cells)
            state = _concatenate([_rows(advanced, 0, first), occluded, _rows(advanced, first + n_cells, n_running)])
            scores = torch.cat([scores[:first], occluded_scores, scores[first + n_cells :]])
            scores_after_step.append(occluded_scores)
        return torch.stack(scores_after_step), scores.reshape(n_steps, n_cells)

    @staticmethod
    def _repeat(state: State, n_times: int) -> State:
        return tuple(tensor.expand(n_times, *tensor.shape[1:]) for tensor in state)

    def _advance(self, t: int, masks: Tensor, state: State, n_versions: int) -> tuple[State, Tensor]:
        """Take one step over frame t, and return the next state and (V,) scores.

        Args:
            t: Index of the frame.
            masks: (V, L) or, the same for all versions, (1, L): True for occluded cells.
            state: States of V versions.
            n_versions: V.
        """
        states = [_rows(self._states_before[0], 0, 0)]
        scores = [torch.zeros(0, dtype=torch.float64, device=masks.device)]
        n_at_once = self._states_at_once if len(masks) == 1 else self._frames_at_once
        prepared_step = self._prepared_steps[t]
        for start in range(0, n_versions, n_at_once):
            stop = min(start + n_at_once, n_versions)
            batch = masks if len(masks) == 1 else masks[start:stop]
            states_before = _rows(state, start, stop)
            if prepared_step is None:
                frames = self._occlude(self._cells[t], batch)
                _, _, score, states_after = self._model.step(frames, states_before)
            else:
                score, states_after = prepared_step(batch, states_before)
            states.append(states_after)
            scores.append(score.double().expand(stop - start))
            self._report_steps(stop - start)
        return _concatenate(states), torch.cat(scores)

    def with_attention(self, maps: Tensor) -> Tensor:
        """Return the scores with the maps of the model replaced by (V, N, h, w) others of the same kind.

        Returns:
            (V,) float64 scores.
        """
        maps = maps.to(self._cells)
        scores = []
        for batch in torch.split(maps, self._states_at_once):
            state = self._repeat(self._states_before[0], len(batch))
            for t, cells in enumerate(self._cells):
                _, _, score, state = self._model.step(self._frames(cells[None]), state, batch[:, t])
            scores.append(score.double().expand(len(batch)))
            self._report_steps(len(batch) * self.n_steps)
        return torch.cat(scores)
