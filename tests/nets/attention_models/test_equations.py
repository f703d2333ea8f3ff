"""Every model that has an oracle against its equations written once more in numpy: every released one has."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from skillviewer.nets.attention_models.raan import RaanModel
from skillviewer.nets.models import ATTENTION_MODELS, InputKind, attention_model
from tests.nets.oracles import ORACLES, Array, raan_filters
from tests.nets.small import RELEASED, SMALL, small_features, small_model

NAMES = [entry.name for entry in ATTENTION_MODELS if entry.name in ORACLES]


def weights_of(model: torch.nn.Module) -> dict[str, Array]:
    return {name: tensor.double().numpy() for name, tensor in model.state_dict().items()}


def test_every_released_model_has_an_oracle_and_every_oracle_a_model() -> None:
    assert set(RELEASED) <= set(ORACLES)
    assert set(NAMES) == set(ORACLES)


CASES = [
    *((name, True, stride) for name in NAMES for stride in (1, 2)),
    *((name, False, 2) for name in ("full", "no-rnn", "xbar", "htask")),
]


@pytest.mark.parametrize(("name", "layer_norm", "stride"), CASES)
def test_model_agrees_with_its_equations(name: str, layer_norm: bool, stride: int) -> None:
    sizes = replace(SMALL, layer_norm=layer_norm, fusion_stride=stride)
    model = small_model(name, sizes)
    features = small_features(name, batch=2, sizes=sizes)
    with torch.inference_mode():
        out = model(features)
    assert out.attention.shape[2:] == model.grid
    for i in range(len(features)):
        maps, states, curve = ORACLES[name](weights_of(model), features[i].double().numpy(), stride)
        np.testing.assert_allclose(out.attention[i].numpy(), maps, rtol=1e-5, atol=1e-5)
        np.testing.assert_allclose(out.task_state[i].numpy(), states, rtol=1e-5, atol=1e-5)
        np.testing.assert_allclose(out.score_curve[i].numpy(), curve, rtol=1e-5, atol=1e-5)
    np.testing.assert_array_equal(out.score, out.score_curve[:, -1])
    # the comparison can fail: scores and maps are neither all alike nor all 0
    if attention_model(name).inputs is not InputKind.TIME:
        assert out.score.std() > 1e-3


def test_rank_aware_scores_of_whole_videos_agree_with_their_equations() -> None:
    model = small_model("raan")
    assert isinstance(model, RaanModel)
    features = small_features("raan")
    with torch.inference_mode():
        out = model.video_scores(model.fuse(features).flatten(2))
    for i in range(len(features)):
        pooled = features[i].double().numpy().mean(axis=(2, 3))
        scores, attention = raan_filters(weights_of(model), pooled)
        np.testing.assert_allclose(out.filters[i].numpy(), scores, rtol=1e-5, atol=1e-5)
        np.testing.assert_allclose(out.attention[i].numpy(), attention, rtol=1e-5, atol=1e-5)
        u = 2 * np.tanh(
            weights_of(model)["uniform.weight"][0] @ pooled.mean(axis=0) + weights_of(model)["uniform.bias"][0]
        )
        np.testing.assert_allclose(out.uniform[i].numpy(), u, rtol=1e-5, atol=1e-5)
