"""Contract tests over the whole table of models: what a model declares is what it does."""

import json
import subprocess
import sys
from dataclasses import replace
from typing import Literal

import numpy as np
import pytest
import torch

from skillviewer.core.analysis.analysis import MapRect
from skillviewer.core.errors import CheckpointError
from skillviewer.core.paths import models_dir
from skillviewer.nets.attention import AttentionOutput, MaplessModel, ModelNeeds
from skillviewer.nets.losses import PairBatch
from skillviewer.nets.models import ATTENTION_MODELS, InputKind, attention_model
from skillviewer.nets.presets import LossSettings, preset
from skillviewer_testing import check_attention_model
from tests.nets.small import RELEASED, SMALL, small_features, small_model, small_sizes

NAMES = [entry.name for entry in ATTENTION_MODELS]

every_model = pytest.mark.parametrize("name", NAMES)


def run(name: str, features: torch.Tensor, seed: int = 0) -> AttentionOutput:
    with torch.inference_mode():
        out = small_model(name)(features, seed)
    assert isinstance(out, AttentionOutput)
    return out


def test_names_stay() -> None:
    assert [name for name in NAMES if name in RELEASED] == list(RELEASED), "the order of menus stays, too"


def test_models_of_shipped_checkpoints_are_released() -> None:
    configs = [json.loads(path.read_text(encoding="utf-8")) for path in models_dir().glob("sample-*/config.json")]
    shipped = {config["attention_model"] for config in configs}
    assert {"sharp", "none", "full", "follow"} <= shipped
    assert shipped <= set(RELEASED)


def test_unknown_name_lists_the_known() -> None:
    with pytest.raises(CheckpointError, match=r"no attention model “fall”.*full, none"):
        attention_model("fall")


def test_table_is_read_without_torch() -> None:
    program = "import sys, skillviewer.nets.models as m; assert m.ATTENTION_MODELS and 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", program], check=True)


def test_no_released_model_but_visual_attention_needs_the_whole_video() -> None:
    assert [name for name in RELEASED if small_model(name).needs.whole_video] == ["visual", "visual-gru"]


@every_model
def test_what_a_model_declares_is_what_it_does(name: str) -> None:
    check_attention_model(attention_model(name))


@every_model
def test_same_seed_same_model_and_another_seed_another(name: str) -> None:
    entry = attention_model(name)

    def made(seed: int) -> torch.Tensor:
        torch.manual_seed(seed)
        return torch.cat([p.detach().flatten() for p in entry.build(small_sizes(entry)).parameters()])

    assert torch.equal(made(3), made(3))
    assert entry.inputs is InputKind.TIME or not torch.equal(made(3), made(4))
    features = small_features(name)
    assert all(torch.equal(a, b) for a, b in zip(run(name, features), run(name, features), strict=True))


PAIRS = PairBatch.of([(0, 1, 1), (1, 2, -1), (2, 0, 1)], similar=[(0, 2)])
SWAPPED = PairBatch.of([(1, 0, -1), (2, 1, 1), (0, 2, -1)], similar=[(2, 0)])


def test_features_of_another_shape_are_refused() -> None:
    with pytest.raises(ValueError, match=r"features must be \(B, N, 6, 4, 6\), not \(1, 2, 6, 4, 5\)"):
        small_model("full")(torch.zeros(1, 2, 6, 4, 5))


def test_models_without_a_map_cover_the_picture_with_one_cell() -> None:
    for name in ("tsn", "tsn-frozen", "raan", "pooled", "motion", "duration"):
        assert small_model(name).grid == (1, 1)
        assert small_model(name).map_rect == MapRect()
    assert attention_model("duration").inputs is InputKind.TIME
    assert attention_model("tsn").inputs is InputKind.SNIPPETS


@pytest.mark.parametrize("name", ["prefix", "follow"])
@pytest.mark.parametrize("reduction", ["mean", "sum"])
def test_scores_are_ranked_after_every_step(name: str, reduction: Literal["mean", "sum"]) -> None:
    model, features = small_model(name), small_features(name)
    curve = run(name, features).score_curve.double().numpy()
    pairs = [(0, 1), (2, 1), (2, 0)]  # better, worse
    hinges = [[max(0.0, 0.5 - float(score[b] - score[w])) for b, w in pairs] for score in curve.T]
    losses = [sum(each) / (3 if reduction == "mean" else 1) for each in hinges]
    expected = (losses[-1] + sum(losses) / len(losses)) / 2
    with torch.inference_mode():
        out = model.loss(features, PAIRS, LossSettings(reduction=reduction))
    assert float(out.loss) == pytest.approx(expected, rel=1e-5)
    np.testing.assert_array_equal(out.score, run(name, features).score)


def test_a_scale_of_one_and_a_single_score_are_the_papers_model() -> None:
    features = small_features("full")
    for name in ("sharp", "prefix", "average"):
        model = small_model(name)
        own = {"log_scale": torch.tensor(0.0)} if name == "sharp" else {}
        model.load_state_dict({**small_model("full").state_dict(), **own})
        with torch.inference_mode():
            out, full = model(features), small_model("full")(features)
        torch.testing.assert_close(out.attention, full.attention, rtol=1e-6, atol=1e-7)  # memory may lie otherwise
        curve = full.score_curve
        if name == "average":
            curve = curve.cumsum(dim=1) / torch.arange(1, curve.shape[1] + 1)
        torch.testing.assert_close(out.score_curve, curve)


def test_a_sharp_attention_begins_with_a_weight_of_its_own() -> None:
    """At the size of the shipped models: as made, the paper's logits differ so little that all cells weigh the same."""
    sizes = replace(preset("small-study").sizes(64, (14, 14)), standardise=False)
    spreads = {}
    for name in ("full", "sharp"):
        torch.manual_seed(0)
        model = attention_model(name).build(sizes).eval()
        with torch.inference_mode():
            maps = model(torch.randn(2, 3, 64, 14, 14)).attention
        spreads[name] = float(maps.log().std(dim=(2, 3)).mean())
    assert spreads["full"] < 0.2
    assert spreads["sharp"] == pytest.approx(3 * spreads["full"], rel=0.1)


def test_duration_takes_time_alone() -> None:
    times = torch.tensor([[0.0, 1.0, 4.0], [0.0, 2.0, 9.0]])[..., None, None, None]
    model = small_model("duration")
    with torch.inference_mode():
        scores = model(times).score
    weight = float(model.state_dict()["weight"])
    torch.testing.assert_close(scores, weight * torch.log(torch.tensor([5.0, 10.0])))
    with pytest.raises(ValueError, match="takes time"):
        attention_model("duration").build(SMALL)


def test_no_attention_is_the_full_model_with_uniform_weights() -> None:
    full, none, features = small_model("full"), small_model("none"), small_features("full")
    shared = {k: v for k, v in full.state_dict().items() if k.startswith(("fusion.", "task."))}
    none.load_state_dict(shared)
    with torch.inference_mode():
        full.get_submodule("weigh").weight.zero_()  # type: ignore[operator]
        out, uniform = full(features), none(features)
    torch.testing.assert_close(out.attention, uniform.attention)
    torch.testing.assert_close(out.score_curve, uniform.score_curve)


@pytest.mark.parametrize("name", ["full", "none", "sca"])
def test_random_first_states(name: str) -> None:
    entry, features = attention_model(name), small_features(name)
    same_video = features[:1].expand(3, -1, -1, -1, -1)
    models = {kind: entry.build(replace(SMALL, initial_state=kind)) for kind in ("zeros", "randn", "randn-train")}
    for model in models.values():
        model.load_state_dict(small_model(name).state_dict())
    with torch.inference_mode():
        for kind, model in models.items():
            model.eval()
            scores = model(same_video).score
            torch.testing.assert_close(scores[0], scores[1])  # it does not depend on what else is in the batch
            assert torch.equal(scores, model(same_video).score)
            assert torch.equal(scores, model(same_video, seed=1).score) == (kind != "randn")
            model.train()
            torch.manual_seed(0)
            varied = model(same_video).score
            assert torch.allclose(varied[0], varied[1]) == (kind == "zeros")
        zeros, train_only = (models[kind].eval()(features).score for kind in ("zeros", "randn-train"))
    assert torch.equal(zeros, train_only)


def test_visual_attention_says_what_it_needs() -> None:
    model = small_model("visual")
    with pytest.raises(ValueError, match="mean of all frames"):
        model.initial_state(1, None, torch.zeros(1))


def test_orthogonal_recurrent_weights() -> None:
    """The LSTM of the released Visual Attention alone is as torch makes it."""
    torch.manual_seed(0)
    cells_of = {"full": ("task.cell", "attention_rnn"), "visual-gru": ("cell",), "sca": ("task.cell",)}
    bound = SMALL.task_hidden**-0.5
    weight = attention_model("visual").build(SMALL).state_dict()["cell.weight_hh"]
    assert 0.8 * bound < float(weight.abs().max()) <= bound
    for name, cells in cells_of.items():
        model = attention_model(name).build(SMALL)
        for cell in cells:
            for matrix in ("weight_ih", "weight_hh"):
                weight = model.state_dict()[f"{cell}.{matrix}"]
                torch.testing.assert_close(weight.T @ weight, torch.eye(weight.shape[1]), atol=1e-5, rtol=0)


def test_first_weights_of_variants_that_have_their_own() -> None:
    torch.manual_seed(0)
    wide = replace(SMALL, channels=400, sca_embed=400, task_hidden=300)
    pool = attention_model("pool-gru").build(wide).state_dict()
    for name in ("product.bottom_up", "product.top_down"):
        assert float(pool[f"{name}.weight"].std()) == pytest.approx(1e-3, rel=0.2)
        assert not pool[f"{name}.bias"].any()
    sca = attention_model("sca-original").build(wide).state_dict()
    assert float(sca["cell_memory.weight"].std()) == pytest.approx(0.01, rel=0.05)
    torch.testing.assert_close(sca["embed_cell.weight"] @ sca["embed_cell.weight"].T, torch.eye(400), atol=1e-4, rtol=0)
    assert not any(sca[f"{name}.bias"].any() for name in ("embed_mean", "weigh_channel", "embed_cell", "weigh_cell"))


def test_flags_of_older_plug_ins_are_needs() -> None:
    with pytest.warns(DeprecationWarning, match="ModelNeeds"):

        class Older(MaplessModel):
            needs_whole_video = True
            own_loss = True

    assert Older.needs == ModelNeeds(memory=False, frame=False, whole_video=True, own_loss=True)
    assert MaplessModel.needs == ModelNeeds(memory=False, frame=False)


def test_shapes_alone_load_no_compiler() -> None:
    program = """
import sys
from skillviewer.nets.backbones.backbones import BACKBONES
from skillviewer.nets.meta_device import shapes_only
from skillviewer.nets.models import ATTENTION_MODELS, TRIVIAL, parameter_count
from tests.nets.small import SMALL
for entry in ATTENTION_MODELS:
    assert parameter_count(entry, entry.with_published_input(SMALL)) > 0 or entry.name in TRIVIAL, entry.name
    assert "torch._dynamo" not in sys.modules, entry.name
with shapes_only():
    shipped = next(iter(BACKBONES)).make(3)
assert {parameter.device.type for parameter in shipped.parameters()} == {"meta"}
assert "torch._dynamo" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", program], check=True)
