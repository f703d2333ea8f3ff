"""Networks of MediaPipe Hands: the numbers of TensorFlow Lite's interpreter come out, and damage is reported."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

from skillviewer.core.errors import CheckpointError
from skillviewer.core.paths import models_dir
from skillviewer.nets.hands.graph_network import load_network

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures" / "hands"
EXPECTED = json.loads((FIXTURES / "net_outputs.json").read_bytes())["nets"]
NAMES = {
    "palm-full": "palm_detection_full",
    "palm-lite": "palm_detection_lite",
    "landmarks-full": "hand_landmark_full",
    "landmarks-lite": "hand_landmark_lite",
}


@pytest.mark.parametrize("name", NAMES)
def test_outputs_are_those_of_the_reference_interpreter(name: str) -> None:
    network = load_network(models_dir() / "hands", name)
    y, x, c = np.mgrid[: network.side, : network.side, :3]
    picture = (0.5 + 0.5 * np.sin(0.11 * y + 0.07 * x + 2 * c)).astype(np.float32)
    with torch.inference_mode():
        found = network(torch.from_numpy(picture).permute(2, 0, 1)[None])
    expected = EXPECTED[NAMES[name]]
    assert set(found) == set(expected)
    for output, about in expected.items():
        values = found[output].numpy()
        assert list(values.shape) == about["shape"]
        for row, numbers in about.get("rows", {}).items():
            assert np.allclose(values[0, int(row)], numbers, atol=2e-4, rtol=0)
        if "values" in about:
            assert np.allclose(values[0], about["values"], atol=2e-4, rtol=0)
        else:
            assert about["rows"]


def test_damaged_weights_are_one_sentence(tmp_path: Path) -> None:
    for suffix in (".json", ".safetensors"):
        shutil.copy(models_dir() / "hands" / f"landmarks-lite{suffix}", tmp_path)
    weights = tmp_path / "landmarks-lite.safetensors"
    content = bytearray(weights.read_bytes())
    content[-1000] ^= 1
    weights.write_bytes(content)
    with pytest.raises(CheckpointError, match=r"is damaged.*Install it again"):
        load_network(tmp_path, "landmarks-lite")
    (tmp_path / "landmarks-lite.json").write_text("{")
    with pytest.raises(CheckpointError, match="is damaged"):
        load_network(tmp_path, "landmarks-lite")
    weights.unlink()
    with pytest.raises(CheckpointError, match="cannot be read"):
        load_network(tmp_path, "landmarks-lite")
