"""A network that runs a list of operators, as ``benchmarks/convert_hands.py`` writes it.

The operators are those of TensorFlow Lite: "same" padding puts the smaller half before, ReLU6 follows the bias, and
reshaping reads the channels last.
"""

import hashlib
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import msgspec
import torch
import torch.nn.functional as F
from safetensors import SafetensorError
from safetensors.torch import load
from torch import Tensor, nn

from skillviewer.core.errors import CheckpointError, first_line, reason_told


class _Operator(msgspec.Struct, frozen=True):
    op: str
    inputs: Annotated[tuple[int, ...], msgspec.Meta(min_length=1)]
    output: int
    weight: str = ""
    bias: str = ""
    groups: int = 1
    stride: int = 1
    padding: str = "valid"
    activation: str = ""
    channels: int = 0
    columns: int = 0
    size: tuple[int, int] = (0, 0)


class _Graph(msgspec.Struct, frozen=True):
    weights_sha256: str
    side: int
    input: int
    outputs: dict[str, int]
    operators: tuple[_Operator, ...]


def _pad_same(x: Tensor, size: tuple[int, int], stride: int) -> Tensor:
    """Return a picture padded by zeros as TensorFlow does: the smaller half before."""
    pads = []
    for n, k in zip(x.shape[:1:-1], size[::-1], strict=True):  # width first
        total = max((math.ceil(n / stride) - 1) * stride + k - n, 0)
        pads += [total // 2, total - total // 2]
    return F.pad(x, pads) if any(pads) else x


class GraphNetwork(nn.Module):
    """A network of fixed weights for pictures of one size.

    Attributes:
        side: Width and height of its pictures, in pixels.
    """

    def __init__(self, graph: _Graph, weights: Mapping[str, Tensor]) -> None:
        super().__init__()
        self.side = graph.side
        self._graph = graph
        self._last_use = {index: at for at, op in enumerate(graph.operators) for index in op.inputs}
        for name, weight in weights.items():
            self.register_buffer(name, weight.float().contiguous())
        self.to(memory_format=torch.channels_last)

    def forward(self, pictures: Tensor) -> dict[str, Tensor]:
        """Return the outputs by name.

        Args:
            pictures: (B, 3, side, side) float32 RGB, 0 to 1.
        """
        values = {self._graph.input: pictures.contiguous(memory_format=torch.channels_last)}
        kept = set(self._graph.outputs.values())
        for at, op in enumerate(self._graph.operators):
            values[op.output] = self._run(op, [values[index] for index in op.inputs])
            for index in op.inputs:
                if self._last_use[index] == at and index not in kept:
                    values.pop(index, None)
        return {name: values[index] for name, index in self._graph.outputs.items()}

    def _run(self, op: _Operator, inputs: list[Tensor]) -> Tensor:
        x = inputs[0]
        match op.op:
            case "conv":
                weight: Tensor = self.get_buffer(op.weight)
                padding: int | tuple[int, int] = 0
                size = (int(weight.shape[2]), int(weight.shape[3]))
                if op.padding == "same" and op.stride == 1 and size[0] % 2 and size[1] % 2:
                    padding = (size[0] // 2, size[1] // 2)
                elif op.padding == "same":
                    x = _pad_same(x, size, op.stride)
                x = F.conv2d(x, weight, self.get_buffer(op.bias), op.stride, padding, groups=op.groups)
            case "linear":
                x = F.linear(x, self.get_buffer(op.weight), self.get_buffer(op.bias))
            case "prelu":
                x = F.prelu(x, self.get_buffer(op.weight))
            case "add":
                x = x + inputs[1]
            case "max_pool":
                x = F.max_pool2d(x, 2, ceil_mode=True)
            case "pad_channels":
                x = F.pad(x, (0, 0, 0, 0, 0, op.channels))
            case "resize":
                x = F.interpolate(x, op.size, mode="bilinear", align_corners=False)
            case "reshape":
                x = x.permute(0, 2, 3, 1).reshape(len(x), -1, op.columns)
            case "concatenate":
                x = torch.cat(inputs, dim=1)
            case "mean":
                x = x.mean(dim=(2, 3))
            case "logistic":
                x = x.sigmoid()
            case _:
                raise ValueError(f"the operator {op.op} is unknown")
        return F.relu6(x) if op.activation else x


def load_network(folder: Path, name: str) -> GraphNetwork:
    """Load a network from ``NAME.json`` and ``NAME.safetensors``, for the CPU, ready to run.

    Raises:
        CheckpointError: A file is missing or damaged.
    """
    path = folder / f"{name}.safetensors"
    with reason_told(CheckpointError, f"The network {name} in {folder} cannot be read"):
        described = (folder / f"{name}.json").read_bytes()
        packed = path.read_bytes()
    try:
        graph = msgspec.json.decode(described, type=_Graph)
        if hashlib.sha256(packed).hexdigest() != graph.weights_sha256:
            raise CheckpointError(f"{path} is damaged: its bytes are not those of the network. Install it again.")
        return GraphNetwork(graph, load(packed)).eval().requires_grad_(requires_grad=False)
    except (SafetensorError, msgspec.MsgspecError, ValueError) as error:
        raise CheckpointError(f"The network {name} in {folder} is damaged: {first_line(error)}. Install it again.") from error
