"""Order and step sizes of a model's training phases."""

import math
from collections.abc import Callable, Collection, Mapping, Sequence

import torch
from torch import nn

from skillviewer.engine.training.optimisers import make_optimiser
from skillviewer.nets.attention import TrainingPhase
from skillviewer.nets.presets import OptimiserSettings


def count_epochs(
    phases: Sequence[TrainingPhase],
    settings: OptimiserSettings,
    phase_settings: Mapping[str, OptimiserSettings],
    n_pairs: int,
) -> int:
    """Return the number of epochs of the settings or, if they have none, the number for all iterations.

    Arguments are those of ``Schedule``.
    """
    if settings.epochs:
        return settings.epochs
    n_iterations = sum(phase_settings.get(phase.name, settings).iterations for phase in phases)
    n_batches = math.ceil(n_pairs / settings.batch_pairs)
    return math.ceil(n_iterations / n_batches)


class Schedule:
    """Order, step sizes and optimisers of the phases of a training.

    A batch updates one phase. Phases get batches in proportion to their numbers of iterations, or equally many if a
    phase has none. If all phases are independent and a phase has no number of iterations, a batch updates every phase.

    The number of epochs follows from the iterations. If the settings state a number of epochs, iterations and
    milestones are scaled to that number.

    Args:
        phases: Phases, each with the parameters that it updates.
        settings: Number of epochs, and the optimiser of every phase without settings of its own.
        phase_settings: Settings by name of phase.
        n_pairs: Number of training pairs.
        pretrained: Identities of pretrained parameters; their step size is scaled down (``make_optimiser``).
    """

    def __init__(
        self,
        phases: Sequence[TrainingPhase],
        settings: OptimiserSettings,
        phase_settings: Mapping[str, OptimiserSettings],
        n_pairs: int,
        pretrained: Collection[int] = (),
    ) -> None:
        self._phases = phases
        self._settings = [phase_settings.get(phase.name, settings) for phase in phases]
        self._optimisers = [
            make_optimiser(phase.parameters, optimiser_settings, pretrained)
            for phase, optimiser_settings in zip(phases, self._settings, strict=True)
        ]
        iterations = [optimiser_settings.iterations for optimiser_settings in self._settings]
        has_iterations = all(iterations)
        n_batches = math.ceil(n_pairs / settings.batch_pairs)
        self.n_epochs = count_epochs(phases, settings, phase_settings, n_pairs)
        if has_iterations:
            self._scale = self.n_epochs * n_batches / sum(iterations)
            self._shares = [n * self._scale for n in iterations]
        else:
            self._scale = 1.0
            self._shares = [1.0] * len(iterations)
        self._updates_all = all(phase.independent for phase in phases) and not has_iterations
        self.n_steps = [0] * len(phases)

    def next_phases(self) -> tuple[int, ...]:
        """Return the indices of the phases of the next batch: the one furthest behind its share, or all."""
        indices = range(len(self._phases))
        if self._updates_all:
            return tuple(indices)
        furthest_behind = min(indices, key=lambda index: self.n_steps[index] / self._shares[index])
        return (furthest_behind,)

    def step(
        self,
        index: int,
        loss: torch.Tensor,
        clip_norm: float,
        add_gradients: Callable[[list[nn.Parameter]], None] | None = None,
    ) -> TrainingPhase:
        """Update the parameters of a phase to minimise a loss, and return the phase.

        Args:
            index: Index of the phase.
            loss: The () loss.
            clip_norm: Greatest norm of the gradient; 0 for no limit.
            add_gradients: Adds the gradients of other processes to those of parameters, or None.
        """
        phase = self._phases[index]
        optimiser = self._optimisers[index]
        settings = self._settings[index]
        n_milestones = sum(self.n_steps[index] >= milestone * self._scale for milestone in settings.milestones)
        learning_rate = settings.learning_rate * 0.1**n_milestones
        for group in optimiser.param_groups:
            group["lr"] = learning_rate * group["lr_scale"]
        optimiser.zero_grad(set_to_none=True)
        # only the gradients of this phase's parameters are computed
        loss.backward(inputs=phase.parameters)  # type: ignore[no-untyped-call]
        if add_gradients is not None:
            add_gradients(phase.parameters)
        if clip_norm:
            nn.utils.clip_grad_norm_(phase.parameters, clip_norm)
        optimiser.step()
        self.n_steps[index] += 1
        return phase

    def phase_name(self, index: int) -> str:
        """Return the name of a phase."""
        return self._phases[index].name

    def tensors(self) -> dict[str, torch.Tensor]:
        """Return copies of the optimisers' states on the CPU, named ``phase.parameter.key``."""
        tensors = {}
        for index, optimiser in enumerate(self._optimisers):
            for parameter, values in optimiser.state_dict()["state"].items():
                for key, value in values.items():
                    if value is not None:
                        tensor = torch.as_tensor(value)
                        tensors[f"{index}.{parameter}.{key}"] = tensor.detach().cpu().clone()
        return tensors

    def restore(self, n_steps: Sequence[int], tensors: Mapping[str, torch.Tensor]) -> None:
        """Continue from the values of ``n_steps`` and ``tensors`` of an earlier schedule."""
        self.n_steps = list(n_steps)
        for index, optimiser in enumerate(self._optimisers):
            values: dict[int, dict[str, torch.Tensor]] = {}
            for name, tensor in tensors.items():
                phase, parameter, key = name.split(".", 2)
                if int(phase) == index:
                    values.setdefault(int(parameter), {})[key] = tensor
            optimiser.load_state_dict({**optimiser.state_dict(), "state": values})
