"""Optimisers of a training, without torch's compiler."""

import inspect
from collections.abc import Collection

import torch
from torch import nn

from skillviewer.nets.presets import OptimiserSettings

PRETRAINED_LR_SCALE = 0.1
"""Step size of pretrained weights, as a share of that of new weights."""

# To exempt the wrapped methods from its compiler, torch would load the compiler, which takes seconds. Nothing is
# compiled here, so they are marked as exempt already.
for _, _method in inspect.getmembers(torch.optim.Optimizer, lambda member: hasattr(member, "__wrapped__")):
    setattr(_method.__wrapped__, "__dynamo_disable", _method.__wrapped__)


class UncompiledOptimiser(torch.optim.Optimizer):
    """An optimiser of torch whose step does not load torch's compiler."""

    @torch.no_grad()
    def step(self, closure: None = None) -> None:  # type: ignore[override]  # none is used
        """Take a step of torch's optimiser."""
        inspect.unwrap(super().step)(self, closure)


class Sgd(UncompiledOptimiser, torch.optim.SGD):
    """Stochastic gradient descent."""


class Adam(UncompiledOptimiser, torch.optim.Adam):
    """Adam."""


def make_optimiser(
    parameters: list[nn.Parameter], settings: OptimiserSettings, pretrained: Collection[int]
) -> torch.optim.Optimizer:
    """Return the optimiser of the parameters of a phase.

    Args:
        parameters: Parameters of the phase.
        settings: Algorithm, learning rate, momentum and weight decay.
        pretrained: Identities of pretrained parameters; their step size is scaled by ``PRETRAINED_LR_SCALE``.
    """
    new_parameters = [parameter for parameter in parameters if id(parameter) not in pretrained]
    pretrained_parameters = [parameter for parameter in parameters if id(parameter) in pretrained]
    groups: list[dict[str, object]] = []
    if new_parameters:
        groups.append({"params": new_parameters, "lr_scale": 1.0})
    if pretrained_parameters:
        groups.append({"params": pretrained_parameters, "lr_scale": PRETRAINED_LR_SCALE})
    learning_rate = settings.learning_rate
    weight_decay = settings.weight_decay
    if settings.algorithm == "sgd":
        return Sgd(groups, lr=learning_rate, momentum=settings.momentum, weight_decay=weight_decay)
    return Adam(groups, lr=learning_rate, weight_decay=weight_decay)
