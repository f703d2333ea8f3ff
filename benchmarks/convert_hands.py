"""Convert the networks of MediaPipe Hands for models/hands.

    pip download --no-deps --only-binary=:all: --python-version 3.11 --platform manylinux_2_28_x86_64 \
        mediapipe==0.10.21 -d FOLDER
    pip install tflite==2.18.0   # reads the files; only this script needs it
    python -m benchmarks.convert_hands FOLDER/mediapipe-0.10.21-*.whl [-o models/hands]

Each of the four networks becomes a safetensors file with its weights, in float16 as they are published and in torch's
layout, and a JSON file with its operators in order. Values are not changed. Wheel and networks are checked by SHA-256.
"""

import argparse
import hashlib
import importlib
import json
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save

WHEEL_SHA256 = "05dc4a9e593655a79558d05d6227d31018c2537a4bd3362b51e230cf22aecfe3"
NETWORKS = {
    "palm-full": (
        "palm_detection/palm_detection_full.tflite",
        "1b14e9422c6ad006cde6581a46c8b90dd573c07ab7f3934b5589e7cea3f89a54",
    ),
    "palm-lite": (
        "palm_detection/palm_detection_lite.tflite",
        "e9a4aaddf90dda56a87235303cf00e4c2d3fb28725f68fd88772997dac905c18",
    ),
    "landmarks-full": (
        "hand_landmark/hand_landmark_full.tflite",
        "11c272b891e1a99ab034208e23937a8008388cf11ed2a9d776ed3d01d0ba00e3",
    ),
    "landmarks-lite": (
        "hand_landmark/hand_landmark_lite.tflite",
        "048edd3645c9bf7397d19a9f6e3a42957d6e414c9bea6598030a2e9b624156e6",
    ),
}
NOTICE = """\
MediaPipe Hands
===============

Weights of MediaPipe Hands (palm detection, hand landmark; full and lite) from the Python package mediapipe 0.10.21
(https://github.com/google-ai-edge/mediapipe), Copyright The MediaPipe Authors (Apache License 2.0, see LICENSE in this
folder), converted to safetensors without change of values by benchmarks/convert_hands.py.

The networks and the tracking are written anew from the published graphs and from "MediaPipe Hands: On-device Real-time
Hand Tracking" (Zhang et al. 2020, arXiv:2006.10214).
"""

_PADDING = {0: "same", 1: "valid"}
_ACTIVATION = {0: "", 3: "relu6"}
_TYPES = {0: np.float32, 1: np.float16, 2: np.int32}


@dataclass
class _Graph:
    """A network's tensors and operators as flatbuffers, and what was converted so far."""

    tflite: Any
    model: Any
    graph: Any
    weights: dict[str, NDArray[Any]]
    sources: dict[int, int]  # tensor after a cast -> the constant

    def constant(self, index: int) -> NDArray[Any]:
        """Return a constant; a cast constant is its source."""
        tensor = self.graph.Tensors(self.sources.get(index, index))
        data = self.model.Buffers(tensor.Buffer()).DataAsNumpy()
        return np.frombuffer(data.tobytes(), _TYPES[tensor.Type()]).reshape(tensor.ShapeAsNumpy())

    def keep(self, index: int, array: NDArray[Any]) -> str:
        """Store a weight and return its name."""
        if array.dtype != np.float16 and array.astype(np.float16).astype(np.float32).tobytes() != array.tobytes():
            raise SystemExit(f"tensor {index} would lose digits in float16")
        self.weights[f"t{index}"] = np.ascontiguousarray(array.astype(np.float16))
        return f"t{index}"

    def options(self, operator: Any, name: str) -> Any:  # noqa: ANN401 - classes of an untyped package
        """Return the options of an operator."""
        found = getattr(self.tflite, name)()
        found.Init(operator.BuiltinOptions().Bytes, operator.BuiltinOptions().Pos)
        return found


def _converted(net: _Graph, kind: str, operator: Any) -> dict[str, Any] | None:  # noqa: ANN401
    """Return an operator as the program runs it, or None for the cast of a constant."""
    inputs, output = operator.InputsAsNumpy().tolist(), int(operator.Outputs(0))
    first = {"op": kind.lower(), "inputs": inputs[:1], "output": output}
    match kind:
        case "DEQUANTIZE":
            net.sources[output] = inputs[0]
            return None
        case "CONV_2D" | "DEPTHWISE_CONV_2D":
            depthwise = kind.startswith("DEPTHWISE")
            options = net.options(operator, "DepthwiseConv2DOptions" if depthwise else "Conv2DOptions")
            weight = net.constant(inputs[1])
            order = (3, 0, 1, 2) if depthwise else (0, 3, 1, 2)
            return {
                **first,
                "op": "conv",
                "weight": net.keep(inputs[1], weight.transpose(order)),
                "bias": net.keep(inputs[2], net.constant(inputs[2])),
                "groups": weight.shape[3] if depthwise else 1,
                "stride": options.StrideH(),
                "padding": _PADDING[options.Padding()],
                "activation": _ACTIVATION[options.FusedActivationFunction()],
            }
        case "FULLY_CONNECTED":
            weight, bias = net.constant(inputs[1]), net.constant(inputs[2])
            return {**first, "op": "linear", "weight": net.keep(inputs[1], weight), "bias": net.keep(inputs[2], bias)}
        case "PRELU":
            return {**first, "weight": net.keep(inputs[1], net.constant(inputs[1]).reshape(-1))}
        case "ADD":
            activation = _ACTIVATION[net.options(operator, "AddOptions").FusedActivationFunction()]
            return {**first, "inputs": inputs, "activation": activation}
        case "MAX_POOL_2D":
            options = net.options(operator, "Pool2DOptions")
            sides = {options.FilterHeight(), options.FilterWidth(), options.StrideH(), options.StrideW()}
            if sides != {2}:
                raise SystemExit(f"a pooling of {sides} is not known")
            return {**first, "op": "max_pool"}
        case "PAD":
            pads = net.constant(inputs[1])
            if pads[:3].any() or pads[3, 0]:
                raise SystemExit("a padding of other than channels is not known")
            return {**first, "op": "pad_channels", "channels": int(pads[3, 1])}
        case "RESIZE_BILINEAR":
            options = net.options(operator, "ResizeBilinearOptions")
            if options.AlignCorners() or not options.HalfPixelCenters():
                raise SystemExit("a resizing without half-pixel centres is not known")
            return {**first, "op": "resize", "size": net.constant(inputs[1]).tolist()}
        case "RESHAPE":
            return {**first, "columns": int(net.constant(inputs[1])[-1])}
        case "CONCATENATION":
            return {**first, "op": "concatenate", "inputs": inputs}
        case "MEAN" | "LOGISTIC":
            return first
    raise SystemExit(f"the operator {kind} is not known")


def convert(content: bytes) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
    """Return weights by name, and operators with input, outputs and side of the picture, of a TFLite network."""
    tflite = importlib.import_module("tflite")
    kinds = {code: name for name, code in vars(tflite.BuiltinOperator).items() if isinstance(code, int)}
    model = tflite.Model.GetRootAs(content, 0)
    graph = model.Subgraphs(0)
    net = _Graph(tflite, model, graph, {}, {})
    operators = []
    for i in range(graph.OperatorsLength()):
        operator = graph.Operators(i)
        code = model.OperatorCodes(operator.OpcodeIndex())
        made = _converted(net, kinds[max(code.BuiltinCode(), code.DeprecatedBuiltinCode())], operator)
        if made is not None:
            operators.append(made)
    outputs = {graph.Tensors(int(i)).Name().decode(): int(i) for i in graph.OutputsAsNumpy()}
    side = int(graph.Tensors(int(graph.Inputs(0))).ShapeAsNumpy()[1])
    return net.weights, {"side": side, "input": int(graph.Inputs(0)), "outputs": outputs, "operators": operators}


def _digested(content: bytes, digest: str, name: str) -> bytes:
    if hashlib.sha256(content).hexdigest() != digest:
        raise SystemExit(f"{name} is not the file that this script was written for")
    return content


def write(wheel: Path, output: Path) -> None:
    """Write all networks, the licence and the notice."""
    _digested(wheel.read_bytes(), WHEEL_SHA256, str(wheel))
    output.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(wheel) as archive:
        for name, (inner, digest) in NETWORKS.items():
            weights, graph = convert(_digested(archive.read(f"mediapipe/modules/{inner}"), digest, inner))
            packed = save(weights, {"source": f"mediapipe 0.10.21, {inner}"})
            (output / f"{name}.safetensors").write_bytes(packed)
            graph = {"weights_sha256": hashlib.sha256(packed).hexdigest(), **graph}
            lines = ",\n  ".join(json.dumps(operator) for operator in graph.pop("operators"))
            head = json.dumps(graph)[:-1]
            (output / f"{name}.json").write_text(f'{head},\n "operators": [\n  {lines}\n]}}\n', encoding="utf-8")
            print(f"{name}: {sum(w.size for w in weights.values()) / 1e6:.2f} million weights")
        licence = archive.read("mediapipe-0.10.21.dist-info/LICENSE")
    (output / "LICENSE").write_bytes(licence)
    (output / "NOTICE").write_text(NOTICE, encoding="utf-8")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Convert the networks of MediaPipe Hands.")
    parser.add_argument("wheel", type=Path, help="the wheel of mediapipe 0.10.21 for Linux on x86-64, Python 3.11")
    parser.add_argument("-o", "--output", type=Path, default=Path("models") / "hands")
    given = parser.parse_args()
    write(given.wheel, given.output)
