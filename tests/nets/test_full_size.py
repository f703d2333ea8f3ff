"""The paper's configuration once at full size: two ResNet101 at 448 pixels, random weights."""

import pytest
import torch

from skillviewer.nets.attention import AttentionOutput
from skillviewer.nets.backbones.backbones import backbone
from skillviewer.nets.backbones.deployment import deploy_trunk
from skillviewer.nets.models import attention_model
from skillviewer.nets.presets import preset


@pytest.mark.slow
def test_resnet101_at_448_feeds_the_full_model() -> None:
    entry = backbone("resnet101")
    torch.manual_seed(0)
    trunk = deploy_trunk(entry.make(20).eval(), 20, 448, torch.device("cpu"), "float32")
    with torch.inference_mode():
        features = trunk(torch.rand(1, 20, 448, 448))
        assert features.shape == (1, 2048, 14, 14)
        assert torch.isfinite(features).all()
        sizes = preset("official-code").sizes(2 * entry.n_channels, entry.grid(448))
        model = attention_model("full").build(sizes).eval()
        assert sum(p.numel() for p in model.parameters()) == 8_879_329
        both = torch.cat([features, features], dim=1)
        out = model(both[:, None].expand(-1, 2, -1, -1, -1))
    assert isinstance(out, AttentionOutput)
    assert out.attention.shape == (1, 2, 7, 7)
    assert out.task_state.shape == (1, 2, 128)
