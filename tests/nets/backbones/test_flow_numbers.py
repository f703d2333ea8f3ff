"""Numbers of the flow against the same numbers computed one cell at a time, and what they tell apart."""

import math

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from skillviewer.core.errors import CheckpointError, SettingsError
from skillviewer.engine.features.extractor import backbone_config, local_backbone_weights, streams_of
from skillviewer.engine.training.training_plan import TrainingPlan
from skillviewer.nets.backbones.backbone_weights import changed_weights
from skillviewer.nets.backbones.backbones import backbone
from skillviewer.nets.backbones.deployment import deploy
from skillviewer.nets.backbones.flow_numbers import N_NUMBERS, FlowNumbers
from skillviewer.nets.backbones.two_stream import SIGNED, motion_input

NAME = "efficientnet-lite0-flow"
CELL = 16


def by_hand(flow: NDArray[np.float64]) -> list[float]:
    """Return the numbers of one cell, (L, 2, 16, 16) in pixels per frame."""
    pixels = flow.reshape(len(flow), 2, -1)
    each = []
    for at in range(pixels.shape[2]):
        path = pixels[:, :, at]
        changes = np.diff(path, axis=0)
        spread = path.std(axis=0)
        each.append([
            *path.mean(axis=0), np.hypot(*path.T).mean(), math.hypot(*spread), *spread, np.hypot(*changes.T).mean(),
            np.hypot(*np.diff(changes, axis=0).T).mean(), math.hypot(*path.mean(axis=0)),
            (np.hypot(*path.T) > 0.5).mean(), (np.hypot(*path.T) > 2).mean(),
        ])  # fmt: skip
    table = np.array(each)
    means, most = table.mean(axis=0), table[:, [2, 3, 7]].max(axis=0)
    return [*means, *most, *np.log(0.05 + means[2:9]), *np.log(0.05 + most)]


def test_every_cell_has_the_numbers_of_its_own_pixels() -> None:
    flow = np.random.default_rng(0).normal(0.2, 1.5, (10, 2, 2 * CELL, 3 * CELL)).clip(-20, 20)
    stack = torch.from_numpy(flow.reshape(1, 20, 2 * CELL, 3 * CELL)).float() / 20
    found = FlowNumbers(112, CELL)(stack)
    assert found.shape == (1, 112, 2, 3)
    assert not found[:, N_NUMBERS:].any()
    for row, column in ((0, 0), (0, 2), (1, 1)):
        own = flow[:, :, row * CELL : (row + 1) * CELL, column * CELL : (column + 1) * CELL]
        np.testing.assert_allclose(found[0, :N_NUMBERS, row, column], by_hand(own), atol=2e-5, rtol=2e-5)


@pytest.mark.parametrize("side", [64, 200])
def test_the_grid_is_that_of_the_network(side: int) -> None:
    streams = streams_of(local_backbone_weights(NAME), 2, side)
    found = streams(torch.zeros(1, side, side, 3, dtype=torch.uint8), torch.zeros(1, 4, 40, 60, dtype=torch.uint8))
    assert found.shape == (1, 224, *backbone(NAME).grid(side))
    assert found.isfinite().all()


def test_trembling_differs_from_steady_motion_of_the_same_speed() -> None:
    steady, trembling = torch.zeros(2, 10, 2, CELL, CELL)
    steady[:, 0] = 2.0
    trembling[:, 0] = torch.tensor([2.0, -2.0] * 5)[:, None, None]
    one, other = (
        FlowNumbers(24, CELL)(flow.reshape(1, 20, CELL, CELL) / 20)[0, :, 0, 0] for flow in (steady, trembling)
    )
    assert one[2] == pytest.approx(2) == other[2]  # speed
    assert (one[3], one[6]) == (pytest.approx(0, abs=1e-3), pytest.approx(0))
    assert (other[3], other[6], other[7]) == (pytest.approx(2), pytest.approx(4), pytest.approx(8))


def test_streams_are_the_network_for_frames_and_the_numbers_for_flow() -> None:
    weights = local_backbone_weights(NAME)
    streams = streams_of(weights, 10, 64)
    assert backbone_config(weights).motion_normalisation == SIGNED
    assert changed_weights(streams, weights, weights) == {}
    chance = torch.Generator().manual_seed(0)
    rgb = torch.randint(0, 256, (1, 64, 64, 3), dtype=torch.uint8, generator=chance)
    flow = torch.randint(0, 256, (1, 20, 48, 64), dtype=torch.uint8, generator=chance)
    with torch.inference_mode():
        found = deploy(streams, 10, torch.device("cpu"), "float32")(rgb, flow)
        mid = streams_of(local_backbone_weights("efficientnet-lite0-mid"), 10, 64)(rgb, flow)
        numbers = FlowNumbers(112, CELL)(motion_input(flow, SIGNED, 64))
    torch.testing.assert_close(found[:, :112], mid[:, :112], atol=1e-4, rtol=1e-4)
    assert torch.equal(found[:, 112:], numbers)


def test_what_needs_weights_for_flow_is_refused() -> None:
    with pytest.raises(CheckpointError, match="motion-weights"):
        local_backbone_weights(NAME, flow=True)
    with pytest.raises(SettingsError, match=f"tsn cannot train {NAME}"):
        TrainingPlan(model="tsn", trained_backbone=NAME).check()
    assert backbone(NAME).flow is not None
