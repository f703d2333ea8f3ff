"""Order and step sizes of a model's training phases."""

import inspect
import math
from collections.abc import Callable, Collection, Mapping, Sequence

import torch
from torch import nn

from skillviewer.nets.attention import TrainingPhase
from skillviewer.nets.presets import OptimiserSettings

PRETRAINED_LR_SCALE = 0.1
"""Step size of pretrained weights, as a share of that of new ones."""


def n_epochs(
    phases: Sequence[TrainingPhase],
    settings: OptimiserSettings,
    phase_settings: Mapping[str, OptimiserSettings],
    n_pairs: int,
) -> int:
    """Return the number of epochs of a training: that of its settings, or the one that follows from its iterations.

    Arguments are those of ``Schedule``.
    """
    iterations = sum(phase_settings.get(phase.name, settings).iterations for phase in phases)
    return settings.epochs or math.ceil(iterations / math.ceil(n_pairs / settings.batch_pairs))


class Schedule:
    """Phases take turns, batch by batch; those with a number of iterations share the batches in that proportion.

    Phases that are independent and have no number of iterations each have a step in every batch.

    Where phases have iterations, the epochs follow from them; if a number of epochs is asked for all the same,
    iterations and milestones are scaled to it.

    Args:
        phases: Parameters that are updated together.
        settings: Length, and the optimiser of every phase without one of its own.
        own: Settings by name of phase.
        n_pairs: Pairs to train on.
        pretrained: Identities of pretrained parameters; their step size is scaled by ``PRETRAINED_LR_SCALE``.
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
            _optimiser(phase.parameters, optimiser_settings, pretrained)
            for phase, optimiser_settings in zip(phases, self._settings, strict=True)
        ]
        iterations = [optimiser_settings.iterations for optimiser_settings in self._settings]
        n_batches = math.ceil(n_pairs / settings.batch_pairs)
        self.n_epochs = n_epochs(phases, settings, phase_settings, n_pairs)
        self._scale = self.n_epochs * n_batches / sum(iterations) if all(iterations) else 1.0
        self._shares = [n * self._scale if all(iterations) else 1.0 for n in iterations]
        self._abreast = all(phase.independent for phase in phases) and not all(iterations)
        self.turns = [0] * len(phases)

    def next_phases(self) -> tuple[int, ...]:
        """Return the phases of the next batch: the one furthest behind its share, or all independent ones."""
        if self._abreast:
            return tuple(range(len(self._phases)))
        return (min(range(len(self._phases)), key=lambda phase: self.turns[phase] / self._shares[phase]),)

    def step(
        self, place: int, loss: torch.Tensor, clip_norm: float, add: Callable[[list[nn.Parameter]], None] | None = None
    ) -> TrainingPhase:
        """Update the parameters of the phase at a place, to minimise the () loss.

        ``clip_norm`` is the greatest norm of the gradient, 0 for no limit; ``add`` adds what other processes found to
        the gradients.
        """
        phase = self._phases[place]
        optimiser = self._optimisers[place]
        settings = self._settings[place]
        n_milestones = sum(self.turns[place] >= milestone * self._scale for milestone in settings.milestones)
        for group in optimiser.param_groups:
            group["lr"] = settings.learning_rate * 0.1**n_milestones * group["lr_scale"]
        optimiser.zero_grad(set_to_none=True)
        loss.backward(inputs=phase.parameters)  # type: ignore[no-untyped-call]  # what other phases own costs nothing
        if add is not None:
            add(phase.parameters)
        if clip_norm:
            nn.utils.clip_grad_norm_(phase.parameters, clip_norm)
        optimiser.step()
        self.turns[place] += 1
        return phase

    def name(self, place: int) -> str:
        """Return the name of a phase."""
        return self._phases[place].name

    def tensors(self) -> dict[str, torch.Tensor]:
        """Return the state of the optimisers, as copies on the CPU."""
        tensors = {}
        for i, optimiser in enumerate(self._optimisers):
            for parameter, values in optimiser.state_dict()["state"].items():
                state = {k: torch.as_tensor(v).detach().cpu().clone() for k, v in values.items() if v is not None}
                tensors.update({f"{i}.{parameter}.{k}": v for k, v in state.items()})
        return tensors

    def restore(self, turns: Sequence[int], tensors: Mapping[str, torch.Tensor]) -> None:
        """Continue from ``turns`` and ``tensors``."""
        self.turns = list(turns)
        for i, optimiser in enumerate(self._optimisers):
            values: dict[int, dict[str, torch.Tensor]] = {}
            for name, tensor in tensors.items():
                place, parameter, key = name.split(".", 2)
                if int(place) == i:
                    values.setdefault(int(parameter), {})[key] = tensor
            optimiser.load_state_dict({**optimiser.state_dict(), "state": values})


for _, _function in inspect.getmembers(torch.optim.Optimizer, lambda member: hasattr(member, "__wrapped__")):
    # To exempt these from its compiler, torch loads it, which takes seconds. Nothing is compiled here.
    setattr(_function.__wrapped__, "__dynamo_disable", _function.__wrapped__)


class Uncompiled(torch.optim.Optimizer):
    """An optimiser of torch, whose step does not load the compiler either."""

    @torch.no_grad()
    def step(self, closure: None = None) -> None:  # type: ignore[override]  # none is used
        """Take a step, as torch does."""
        inspect.unwrap(super().step)(self, closure)


class Sgd(Uncompiled, torch.optim.SGD):
    """Stochastic gradient descent."""


class Adam(Uncompiled, torch.optim.Adam):
    """Adam."""


def _optimiser(
    parameters: list[nn.Parameter], settings: OptimiserSettings, pretrained: Collection[int]
) -> torch.optim.Optimizer:
    rate, decay = settings.learning_rate, settings.weight_decay
    divided = (
        {"params": [p for p in parameters if id(p) not in pretrained], "lr_scale": 1.0},
        {"params": [p for p in parameters if id(p) in pretrained], "lr_scale": PRETRAINED_LR_SCALE},
    )
    groups = [group for group in divided if group["params"]]
    if settings.algorithm == "sgd":
        return Sgd(groups, lr=rate, momentum=settings.momentum, weight_decay=decay)
    return Adam(groups, lr=rate, weight_decay=decay)
