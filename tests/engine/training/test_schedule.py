"""Whose turn it is, and with which step size."""

import subprocess
import sys
from dataclasses import replace

import pytest
import torch
from torch import nn

from skillviewer.engine.training.schedule import Schedule
from skillviewer.nets.attention import TrainingPhase
from skillviewer.nets.presets import TSN_APPEARANCE, TSN_MOTION, OptimiserSettings

PLAIN = OptimiserSettings(learning_rate=0.1, momentum=0.0, weight_decay=0.0, batch_pairs=10, epochs=3)
FEW = replace(PLAIN, epochs=0, iterations=10, milestones=(5,))
MANY = replace(FEW, iterations=30, milestones=(12, 24))


def phases(*names: str) -> list[TrainingPhase]:
    return [TrainingPhase(name, [nn.Parameter(torch.zeros(1, dtype=torch.float64))]) for name in names]


def run(schedule: Schedule, n: int, made: list[TrainingPhase]) -> list[tuple[str, float]]:
    """Take steps with a gradient of -1 and return whose turn it was and how far its parameter went."""
    taken = []
    for _ in range(n):
        (at,) = schedule.next_phases()
        parameter = made[at].parameters[0]
        before = float(parameter.detach())
        schedule.step(at, -parameter.sum(), 0.0)
        taken.append((schedule.phase_name(at), round(float(parameter.detach()) - before, 9)))
    return taken


def test_phases_without_iterations_alternate_and_keep_their_rate() -> None:
    made = phases("a", "b", "c")
    schedule = Schedule(made, PLAIN, {"b": replace(PLAIN, learning_rate=0.01)}, 25)
    assert schedule.n_epochs == 3
    steps = run(schedule, 7, made)
    assert [name for name, _ in steps] == ["a", "b", "c", "a", "b", "c", "a"]
    assert {step for name, step in steps if name != "b"} == {0.1}
    assert {step for name, step in steps if name == "b"} == {0.01}


def test_phases_apart_have_a_step_each_in_every_batch_unless_iterations_say_how_many() -> None:
    made = [phase._replace(independent=True) for phase in phases("a", "b")]
    schedule = Schedule(made, PLAIN, {}, 25)
    assert schedule.n_epochs == 3
    assert schedule.next_phases() == (0, 1)
    schedule.step(0, made[0].parameters[0].sum(), 0.0)
    assert schedule.next_phases() == (0, 1)
    assert len(Schedule(made, FEW, {"a": FEW, "b": MANY}, 25).next_phases()) == 1


def test_a_step_computes_the_gradients_of_its_phase_alone() -> None:
    made = phases("a", "b")
    unused = nn.Parameter(torch.zeros(1, dtype=torch.float64))
    made[0].parameters.append(unused)
    (a, _), (b,) = (phase.parameters for phase in made)
    schedule = Schedule(made, PLAIN, {}, 10)

    def gradients() -> list[float | None]:
        return [None if one.grad is None else float(one.grad) for one in (a, b, unused)]

    schedule.step(0, (2 * a + 3 * b).sum(), 0.0)
    assert gradients() == [2, None, None]
    schedule.step(1, (2 * a + 3 * b).sum(), 0.0)
    assert gradients()[1] == 3
    assert [float(one.detach()) for one in (a, b, unused)] == pytest.approx([-0.2, -0.3, 0])


def test_iterations_are_shared_out_and_milestones_kept() -> None:
    made = phases("a", "b")
    schedule = Schedule(made, FEW, {"a": FEW, "b": MANY}, 40)
    assert schedule.n_epochs == 10  # 40 iterations of 4 batches an epoch
    steps = run(schedule, 40, made)
    own = {name: [step for one, step in steps if one == name] for name in "ab"}
    assert own["a"] == pytest.approx([0.1] * 5 + [0.01] * 5)
    assert own["b"] == pytest.approx([0.1] * 12 + [0.01] * 12 + [0.001] * 6)
    for done in range(0, 40, 4):
        assert abs(3 * sum(name == "a" for name, _ in steps[:done]) - done + done // 4) <= 4


def test_asked_for_epochs_scale_the_whole_course() -> None:
    made = phases("a", "b")
    schedule = Schedule(made, replace(FEW, epochs=5), {"a": FEW, "b": MANY}, 40)
    assert schedule.n_epochs == 5
    own = [step for name, step in run(schedule, 20, made) if name == "b"]
    assert own == pytest.approx([0.1] * 6 + [0.01] * 6 + [0.001] * 3)


def test_published_course_of_the_two_streams() -> None:
    made = phases("appearance", "motion")
    own = {"appearance": TSN_APPEARANCE, "motion": TSN_MOTION}
    assert Schedule(made, TSN_APPEARANCE, own, 314).n_epochs == 7167  # 21,500 batches, three an epoch


def test_gradient_is_clipped_within_its_phase() -> None:
    made = phases("a", "b")
    schedule = Schedule(made, PLAIN, {}, 10)
    schedule.step(0, -50 * made[0].parameters[0].sum(), 2.0)
    assert float(made[0].parameters[0].detach()) == pytest.approx(0.2, rel=1e-4)
    assert float(made[1].parameters[0].detach()) == 0


STEPS = """
import sys
import torch
from skillviewer.engine.training.optimisers import Adam, Sgd

def after_steps(kind, **more):
    weights = torch.nn.Parameter(torch.arange(5.0))
    optimiser = kind([weights], lr=0.1, weight_decay=0.01, **more)
    for _ in range(3):
        optimiser.zero_grad()
        weights.sin().sum().backward()
        optimiser.step()
        optimiser.load_state_dict(optimiser.state_dict())
    return weights

own = after_steps(Sgd, momentum=0.9), after_steps(Adam)
print("torch._dynamo" in sys.modules)
print(torch.equal(own[0], after_steps(torch.optim.SGD, momentum=0.9)))
print(torch.equal(own[1], after_steps(torch.optim.Adam)))
"""


@pytest.mark.slow
def test_steps_are_those_of_torch_without_its_compiler() -> None:
    said = subprocess.run([sys.executable, "-c", STEPS], check=True, capture_output=True, text=True).stdout
    assert said.split() == ["False", "True", "True"]
