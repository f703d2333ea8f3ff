"""Exact repetition of the recurrence of a video with parts of the video replaced, many replacements at once.

Replacements happen after fusion, so that no backbone and no convolution runs again.
"""

from collections.abc import Callable

import torch
from torch import Tensor

from skillviewer.core.arrays import FloatArray
from skillviewer.nets.attention import AttentionModel, State

Tick = Callable[[int], None]
"""Receives the number of finished steps (a step is one frame of one replacement); may raise to stop."""

FLOATS_AT_ONCE = {"cpu": 2**20, "mps": 2**23, "cuda": 2**26}
"""Numbers of replaced frames held at once: they fit the caches of a CPU, or fill a GPU."""

STATES_AT_ONCE = {"cpu": 2**14, "mps": 2**20, "cuda": 2**23}
"""States times cells advanced at once where all look at the same frame."""


def _rows(state: State, start: int, stop: int) -> State:
    return tuple(part[start:stop] for part in state)


def _concatenated(states: list[State]) -> State:
    return tuple(torch.cat(parts) for parts in zip(*states, strict=True))


class Replay:
    """One pass of one video through one model, to be run again.

    Args:
        model: In evaluation mode.
        fused: (N, C, h, w), fused features of the pass.
        mean: (C,), the feature that replaces occluded cells.
        tick: Receives the number of finished steps.

    Attributes:
        attention: (N, h, w), its maps.
    """

    def __init__(self, model: AttentionModel, fused: Tensor, mean: Tensor, tick: Tick) -> None:
        self._model = model
        self._mean = mean
        self._tick = tick
        self._grid = tuple(fused.shape[2:])
        self._cells = fused.flatten(2).transpose(1, 2).contiguous()  # (N, L, C)
        kind = fused.device.type
        self._frames_at_once = max(1, FLOATS_AT_ONCE.get(kind, 2**20) // self._cells[0].numel())
        self._states_at_once = max(1, STATES_AT_ONCE.get(kind, 2**14) // self._cells.shape[1])
        self._prepared = [model.prepare(torch.cat([cells, mean[None]])) for cells in self._cells]
        if self._prepared[0] is not None:  # its replaced frames are not written out
            self._frames_at_once = self._states_at_once = 4 * self._states_at_once
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
        tick(self.n_steps)

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
        """Return (B, C, h, w) of cells (B, L, C), without moving them in memory."""
        return cells.transpose(1, 2).view(len(cells), -1, *self._grid)

    def _occluded(self, cells: Tensor, masks: Tensor) -> Tensor:
        """Return (B, C, h, w): the cells of a frame, (L, C), with masked ones, (B, L), replaced by the mean feature."""
        # with weights 0 and 1 lerp is exact, and on a CPU six times as fast as where
        return self._frames(torch.lerp(cells, self._mean, masks.to(cells.dtype)[:, :, None]))

    def _video_mean(self) -> Tensor:
        return self._cells.mean(dim=(0, 1))

    def _first_state(self, means: Tensor) -> State:
        """Return the first states of B versions of the video, from their mean features, (B, C)."""
        pooled_video = means[:, None, :, None, None] if self._model.needs.whole_video else None
        return self._model.initial_state(len(means), pooled_video, self._cells)

    def masked(self, masks: Tensor) -> Tensor:
        """Occlude cells, (V, N, L) bool for V versions of the video.

        Returns:
            (V, N) float64, score after every step.
        """
        masks = masks.to(self._cells.device)
        state = self._first_state(
            torch.cat([self._means_without(batch) for batch in torch.split(masks, self._frames_at_once)])
        )
        scores = []
        for t in range(self.n_steps):
            state, score = self._advance(t, masks[:, t], state, len(masks))
            scores.append(score)
        return torch.stack(scores, dim=1)

    def _means_without(self, masks: Tensor) -> Tensor:
        """Return (V, C), the mean feature of the video with masked cells, (V, N, L), occluded."""
        weights = masks.flatten(1).to(self._cells.dtype) / (self.n_steps * self.n_cells)
        removed = weights @ self._cells.flatten(0, 1)
        return self._video_mean() - removed + weights.sum(dim=1, keepdim=True) * self._mean

    def each_cell(self) -> tuple[Tensor, Tensor]:
        """Occlude each cell in one step alone.

        A version that differs in one step has the states of the video before that step, and the same frames after it.

        Returns:
            (N, L) float64 scores right after that step, and at the end.
        """
        n, size = self.n_steps, self.n_cells
        each_cell = torch.eye(size, dtype=torch.bool, device=self._cells.device)
        no_cell = torch.zeros_like(each_cell[:1])
        differ_at_start = self._model.needs.whole_video  # versions differ from the first state on
        state: State = ()
        if differ_at_start:
            state = self._first_state(self._video_mean() + (self._mean - self._cells.flatten(0, 1)) / (n * size))
        scores = torch.zeros(0, dtype=torch.float64, device=self._cells.device)
        scores_after_step = []
        for t in range(n):
            first = t * size
            states_before = (
                _rows(state, first, first + size) if differ_at_start else self._repeated(self._states_before[t], size)
            )
            running = n * size if differ_at_start else first
            advanced, scores = self._advance(t, no_cell, state, running)
            replaced, replaced_scores = self._advance(t, each_cell, states_before, size)
            state = _concatenated([_rows(advanced, 0, first), replaced, _rows(advanced, first + size, running)])
            scores = torch.cat([scores[:first], replaced_scores, scores[first + size :]])
            scores_after_step.append(replaced_scores)
        return torch.stack(scores_after_step), scores.reshape(n, size)

    @staticmethod
    def _repeated(state: State, times: int) -> State:
        return tuple(part.expand(times, *part.shape[1:]) for part in state)

    def _advance(self, t: int, masks: Tensor, state: State, n: int) -> tuple[State, Tensor]:
        """Take one step with n states over frame t without cells, (n, L) or (1, L); return the next and (n,) scores."""
        states = [_rows(self._states_before[0], 0, 0)]
        scores = [torch.zeros(0, dtype=torch.float64, device=masks.device)]
        n_at_once = self._states_at_once if len(masks) == 1 else self._frames_at_once
        step = self._prepared[t]
        for start in range(0, n, n_at_once):
            stop = min(start + n_at_once, n)
            batch = masks if len(masks) == 1 else masks[start:stop]
            states_before = _rows(state, start, stop)
            if step is None:
                _, _, score, states_after = self._model.step(self._occluded(self._cells[t], batch), states_before)
            else:
                score, states_after = step(batch, states_before)
            states.append(states_after)
            scores.append(score.double().expand(stop - start))
            self._tick(stop - start)
        return _concatenated(states), torch.cat(scores)

    def with_attention(self, maps: Tensor) -> Tensor:
        """Replace the maps of the model by other maps of the same kind, (V, N, h, w).

        Returns:
            (V,) float64 scores.
        """
        maps = maps.to(self._cells)
        scores = []
        for batch in torch.split(maps, self._states_at_once):
            state = self._repeated(self._states_before[0], len(batch))
            for t, cells in enumerate(self._cells):
                _, _, score, state = self._model.step(self._frames(cells[None]), state, batch[:, t])
            scores.append(score.double().expand(len(batch)))
            self._tick(len(batch) * self.n_steps)
        return torch.cat(scores)
