"""Reduced precision: what is computed in it, what never is, and that ranks stay."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from scipy.stats import spearmanr
from torch.utils._python_dispatch import TorchDispatchMode

from skillviewer.core.errors import DeviceError
from skillviewer.core.progress import CancelToken
from skillviewer.engine.runtime import device as devices
from skillviewer.engine.runtime.device import training_precision
from skillviewer.engine.training.predict import predict
from skillviewer.engine.training.training_plan import TrainingPlan
from skillviewer.nets.models import attention_model
from tests.engine.training.test_trainer import NAMES, OPTIMISER, SETTINGS, SIZES, fresh, store, train

CPU, GPU, MPS = (torch.device(name) for name in ("cpu", "cuda:0", "mps"))


def test_auto_is_bfloat16_on_a_gpu_that_has_it_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    has = {"value": True}
    monkeypatch.setattr(devices, "CPU_FACTS", Path("/nowhere/cpuinfo"))
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda **_: has["value"])
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda _: "an old card")
    assert [training_precision("auto", device) for device in (CPU, GPU, MPS)] == ["float32", "bfloat16", "float32"]
    assert training_precision("bfloat16", CPU) == "bfloat16"
    has["value"] = False
    assert training_precision("auto", GPU) == training_precision("float32", GPU) == "float32"
    with pytest.raises(DeviceError, match="bfloat16"):
        training_precision("bfloat16", GPU)


@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        ("flags : fpu avx2 avx512f avx512_bf16 amx_tile", "bfloat16"),
        ("flags : fpu amx_bf16", "bfloat16"),
        ("flags : fpu avx2 avx512f avx512_bf16_not amx_tile", "float32"),
    ],
)
def test_auto_is_bfloat16_on_a_cpu_that_multiplies_in_it(
    flags: str, expected: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    facts = tmp_path / "cpuinfo"
    facts.write_text(f"processor : 0\n{flags}\n", encoding="ascii")
    monkeypatch.setattr(devices, "CPU_FACTS", facts)
    assert training_precision("auto", CPU) == expected
    assert training_precision("bfloat16", CPU) == "bfloat16"
    assert training_precision("float32", CPU) == training_precision("auto", MPS) == "float32"


def test_backbones_are_trained_in_the_precision_of_the_plan() -> None:
    plan = TrainingPlan(training_precision="bfloat16", trained_backbone="efficientnet-lite0")
    for one in (plan, replace(plan, model="tsn"), replace(plan, unfreeze="last-block")):
        assert one.settings().precision == "bfloat16"


class Products(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Notes the types in which products of matrices and convolutions come out."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.types: set[torch.dtype] = set()

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Compute and note."""
        out = func(*args, **(kwargs or {}))
        if func.overloadpacket in {torch.ops.aten.mm, torch.ops.aten.addmm, torch.ops.aten.convolution}:
            self.types.add(out.dtype)
        return out


@pytest.mark.parametrize("name", ["full", "none", "pool", "cbam", "visual", "sca", "tsn-frozen", "raan"])
@pytest.mark.parametrize("grid", [(4, 6), (5, 7)])
def test_weights_states_maps_and_losses_stay_float32(name: str, grid: tuple[int, int]) -> None:
    sizes = replace(SIZES, tsn_splits=5, grid=grid)
    torch.manual_seed(0)
    model = attention_model(name).build(sizes)
    model.autocast = True
    features = torch.randn(3, 5, sizes.feature_channels, *sizes.grid)
    with Products() as fusion:
        model.fuse(features)
    assert fusion.types == (set() if name in {"tsn-frozen", "raan"} else {torch.bfloat16})
    with Products() as everything:
        output = model(features)
    assert {tensor.dtype for tensor in output} == {torch.float32}
    assert (torch.bfloat16 in everything.types) == (name != "tsn-frozen"), "the filters of raan see single frames"
    output.score.sum().backward()
    assert {p.grad.dtype for p in model.parameters() if p.grad is not None} == {torch.float32}
    model.eval()
    with Products() as looked:
        model(features)
    assert looked.types == {torch.float32}, "who looks at a model meets float32, whenever that is"


@pytest.mark.slow
def test_training_in_bfloat16_ranks_alike_and_is_told_apart() -> None:
    settings = replace(SETTINGS, optimiser=replace(OPTIMISER, epochs=12))
    plain, _ = train(settings)
    mixed, trained = train(replace(settings, precision="bfloat16"))
    assert any(
        not torch.equal(a, b) for a, b in zip(plain.state_dict().values(), mixed.state_dict().values(), strict=True)
    )
    assert not mixed.autocast, "a trained model computes in float32"
    assert {tensor.dtype for tensor in trained.weights.values()} == {torch.float32}
    scores = [predict(model, store(), NAMES, CancelToken(), maps=False).scores for model in (plain, mixed)]
    first, second = ([one[name] for name in NAMES] for one in scores)
    assert spearmanr(first, second).statistic > 0.95
    assert fresh().autocast is False
