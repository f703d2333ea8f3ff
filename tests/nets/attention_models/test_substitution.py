"""A step with another map, and one frame for many states: what running a video again with a part replaced stands on."""

import pytest
import torch
from torch import Tensor

from skillviewer.core.analysis.analysis import MapKind
from skillviewer.nets.models import ATTENTION_MODELS, InputKind, attention_model
from tests.nets.oracles import linear, task_step
from tests.nets.small import N_FRAMES, small_features, small_model

NAMES = [entry.name for entry in ATTENTION_MODELS]
MAPPED = [entry.name for entry in ATTENTION_MODELS if entry.map_kind is not MapKind.NONE]


def first_state(name: str, features: Tensor) -> tuple[Tensor, tuple[Tensor, ...]]:
    """Return fused features and the state before the first step."""
    model = small_model(name)
    fused = model.fuse(features)
    return fused, model.initial_state(len(fused), fused if model.needs.whole_video else None, fused)


@pytest.mark.parametrize("name", NAMES)
def test_one_frame_for_many_states_is_the_frame_repeated(name: str) -> None:
    model = small_model(name)
    with torch.inference_mode():
        fused, state = first_state(name, small_features(name, batch=3))
        state = model.step(fused[:, 0], state).state  # three videos: three states
        shared = model.step(fused[:1, 1], state)
        repeated = model.step(fused[:1, 1].expand(3, -1, -1, -1), state)
    torch.testing.assert_close(shared.score.expand(3), repeated.score)
    torch.testing.assert_close(shared.attention.expand(3, -1, -1), repeated.attention)
    torch.testing.assert_close(shared.task_state.expand(3, -1), repeated.task_state)
    for one, other in zip(shared.state, repeated.state, strict=True):
        assert len(one) == 3
        torch.testing.assert_close(one, other)
    of_whole_video = {InputKind.TIME, InputKind.TRACKS, InputKind.MEASURES}
    if attention_model(name).inputs not in of_whole_video:
        assert not torch.allclose(repeated.score[0], repeated.score[1])


@pytest.mark.parametrize("name", ["visual", "visual-gru"])
def test_first_state_needs_no_more_than_the_mean_of_all_frames(name: str) -> None:
    model = small_model(name)
    assert model.needs.whole_video
    with torch.inference_mode():
        fused, state = first_state(name, small_features(name))
        mean = fused.mean(dim=(1, 3, 4))[:, None, :, None, None]
        for one, other in zip(model.initial_state(3, mean, fused), state, strict=True):
            torch.testing.assert_close(one, other)


@pytest.mark.parametrize("name", sorted(set(NAMES) - set(MAPPED) - {"none"}))
def test_a_model_without_a_map_ignores_one(name: str) -> None:
    model = small_model(name)
    with torch.inference_mode():
        fused, state = first_state(name, small_features(name))
        own = model.step(fused[:, 0], state)
        assert torch.equal(own.score, model.step(fused[:, 0], state, own.attention * 3).score)


def test_uniform_maps_turn_the_full_model_into_no_attention() -> None:
    full, none, features = small_model("full"), small_model("none"), small_features("full")
    none.load_state_dict({k: v for k, v in full.state_dict().items() if k.startswith(("fusion.", "task."))})
    with torch.inference_mode():
        fused, state = first_state("full", features)
        for t in range(N_FRAMES):
            out = full.step(fused[:, t], state, full.uniform_map(fused[:, t]))
            state = out.state
        torch.testing.assert_close(out.score, none(features).score)


@pytest.mark.parametrize("name", ["full", "pool-gru"])
def test_a_map_of_ones_adds_the_cells_up_or_averages_them(name: str) -> None:
    """By the equations of the task recurrence, in numpy."""
    model = small_model(name)
    weights = {key: value.double().numpy() for key, value in model.state_dict().items()}
    with torch.inference_mode():
        fused, state = first_state(name, small_features(name, batch=1))
        out = model.step(fused[:, 0], state, torch.ones(1, *model.grid))
    cells = fused[0, 0].double().numpy().reshape(fused.shape[2], -1)
    vector = cells.sum(axis=1) if attention_model(name).map_kind is MapKind.DISTRIBUTION else cells.mean(axis=1)
    hidden, score = task_step(weights, vector, state[0][0].double().numpy())
    assert float(out.score) == pytest.approx(score, abs=1e-5)
    assert float(out.score) == pytest.approx(float(linear(weights, "task.score", hidden)[0]), abs=1e-5)
