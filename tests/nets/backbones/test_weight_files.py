from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from skillviewer.core.errors import CheckpointError
from skillviewer.nets.backbones.backbone_weights import random_backbone_weights, weights_digest
from skillviewer.nets.backbones.backbones import backbone
from skillviewer.nets.backbones.weight_files import load_backbone_weights, read_weights

LITE = backbone("efficientnet-lite0")


def test_weights_from_torch_files(tmp_path: Path) -> None:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        state = backbone("resnet18").make(3).state_dict()
    full = {**state, "fc.weight": torch.zeros(1000, 512), "fc.bias": torch.zeros(1000)}
    old = {k: v for k, v in full.items() if not k.endswith("num_batches_tracked")}
    wrapped = {"epoch": 3, "state_dict": {f"module.{k}": v for k, v in full.items()}}
    found = []
    for name, content in (("plain.pth", full), ("old.pth", old), ("wrapped.pth.tar", wrapped)):
        torch.save(content, tmp_path / name)
        found.append(load_backbone_weights(tmp_path / name, "resnet18"))
    save_file(state, tmp_path / "trunk.safetensors")
    found.append(load_backbone_weights(tmp_path / "trunk.safetensors", "resnet18"))
    assert {w.digest for w in found} == {weights_digest(state)}
    assert {w.in_channels for w in found} == {3}
    assert set(found[0].after_trunk) == {"fc.weight", "fc.bias"}
    two_stream = {k.replace("conv1.", "conv1_custom.") if k == "conv1.weight" else k: v for k, v in state.items()}
    two_stream["conv1_custom.weight"] = torch.zeros(64, 20, 7, 7)
    torch.save({**two_stream, "fc_custom.weight": torch.zeros(101, 512)}, tmp_path / "flow.pth")
    flow = load_backbone_weights(tmp_path / "flow.pth", "resnet18")
    assert flow.in_channels == 20
    assert set(flow.after_trunk) == {"fc_custom.weight"}


class Code:
    """Something that only a pickle could hold."""


def test_files_that_are_no_weights_are_refused_in_words(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="There are no weights at"):
        read_weights(tmp_path / "gone.pth")
    (tmp_path / "text.pth").write_text("hello")
    (tmp_path / "text.safetensors").write_text("hello")
    for name in ("text.pth", "text.safetensors"):
        with pytest.raises(CheckpointError, match=f"{name} (cannot be read as weights|holds more than weights)"):
            read_weights(tmp_path / name)
    torch.save({"net": Code()}, tmp_path / "code.pth")
    with pytest.raises(CheckpointError, match=r"code.pth holds more than weights"):
        read_weights(tmp_path / "code.pth")
    torch.save([1, 2], tmp_path / "list.pth")
    with pytest.raises(CheckpointError, match=r"list.pth holds no state dict"):
        read_weights(tmp_path / "list.pth")


def test_weights_of_another_network_are_refused_in_words(tmp_path: Path) -> None:
    weights = random_backbone_weights(LITE.name, 0)
    path = tmp_path / "lite.safetensors"
    save_file(weights.state, path)
    assert load_backbone_weights(path, LITE.name).digest == weights.digest
    with pytest.raises(CheckpointError, match=r"ResNet18.*conv1\.weight"):
        load_backbone_weights(path, "resnet18")
    for change, words in (
        ({k: v for k, v in weights.state.items() if k != "_blocks.3._bn1.bias"}, "_blocks.3._bn1.bias is missing"),
        ({**weights.state, "extra": torch.zeros(1)}, "extra is unknown"),
        ({**weights.state, "_bn0.bias": torch.zeros(33)}, r"_bn0.bias has shape \(33,\), not \(32,\)"),
    ):
        save_file(change, path)
        with pytest.raises(CheckpointError, match=f"holds no weights of EfficientNet-Lite0: {words}"):
            load_backbone_weights(path, LITE.name)
