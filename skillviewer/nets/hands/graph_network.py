"""Network that runs a list of operators, which ``benchmarks/convert_hands.py`` writes.

The operators are those of TensorFlow Lite: "same" padding puts the smaller half first, ReLU6 follows the bias, and
reshaping takes the channels last.
"""

import hashlib
import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated

import msgspec
import torch
import torch.nn.functional as F
from safetensors import SafetensorError
from safetensors.torch import load
from torch import Tensor, nn

from skillviewer.core.errors import CheckpointError, first_line, os_error_as


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
    """Pad pictures by zeros as TensorFlow does: the smaller half first."""
    pads = []
    for length, kernel in zip(x.shape[:1:-1], size[::-1], strict=True):  # width first
        total = max((math.ceil(length / stride) - 1) * stride + kernel - length, 0)
        pads += [total // 2, total - total // 2]
    return F.pad(x, pads) if any(pads) else x


def _pad_channels(operator: _Operator, inputs: list[Tensor]) -> Tensor:
    return F.pad(inputs[0], (0, 0, 0, 0, 0, operator.channels))


def _mean_over_picture(_operator: _Operator, inputs: list[Tensor]) -> Tensor:
    return inputs[0].mean(dim=(2, 3))


_WITHOUT_WEIGHTS: dict[str, Callable[[_Operator, list[Tensor]], Tensor]] = {
    "add": lambda _, x: x[0] + x[1],
    "max_pool": lambda _, x: F.max_pool2d(x[0], 2, ceil_mode=True),
    "pad_channels": _pad_channels,
    "resize": lambda op, x: F.interpolate(x[0], op.size, mode="bilinear", align_corners=False),
    "reshape": lambda op, x: x[0].permute(0, 2, 3, 1).reshape(len(x[0]), -1, op.columns),
    "concatenate": lambda _, x: torch.cat(x, dim=1),
    "mean": _mean_over_picture,
    "logistic": lambda _, x: x[0].sigmoid(),
}
"""Functions of the operators without weights, by name."""


class GraphNetwork(nn.Module):
    """A network of fixed weights for pictures of one size.

    Attributes:
        side: Width and height of its pictures, in pixels.
    """

    def __init__(self, graph: _Graph, weights: Mapping[str, Tensor]) -> None:
        super().__init__()
        self.side = graph.side
        self._graph = graph
        self._last_use = {index: step for step, op in enumerate(graph.operators) for index in op.inputs}
        for name, weight in weights.items():
            layout = torch.channels_last if weight.ndim == 4 else torch.contiguous_format
            self.register_buffer(name, weight.float().contiguous(memory_format=layout))

    def forward(self, pictures: Tensor) -> dict[str, Tensor]:
        """Return the outputs by name.

        Args:
            pictures: (B, 3, side, side) float32 RGB, 0 to 1.
        """
        values = {self._graph.input: pictures.contiguous(memory_format=torch.channels_last)}
        output_indices = set(self._graph.outputs.values())
        for step, op in enumerate(self._graph.operators):
            values[op.output] = self._run(op, [values[index] for index in op.inputs])
            for index in op.inputs:
                if self._last_use[index] == step and index not in output_indices:
                    values.pop(index, None)
        return {name: values[index] for name, index in self._graph.outputs.items()}

    def _run(self, op: _Operator, inputs: list[Tensor]) -> Tensor:
        if op.op == "conv":
            x = self._convolve(op, inputs[0])
        elif op.op == "linear":
            x = F.linear(inputs[0], self.get_buffer(op.weight), self.get_buffer(op.bias))
        elif op.op == "prelu":
            x = F.prelu(inputs[0], self.get_buffer(op.weight))
        else:
            x = _WITHOUT_WEIGHTS[op.op](op, inputs)
        return F.relu6(x) if op.activation else x

    def _convolve(self, op: _Operator, x: Tensor) -> Tensor:
        weight = self.get_buffer(op.weight)
        padding: int | tuple[int, int] = 0
        size = (int(weight.shape[2]), int(weight.shape[3]))
        is_symmetric = op.stride == 1 and size[0] % 2 == 1 and size[1] % 2 == 1
        if op.padding == "same" and is_symmetric:
            padding = (size[0] // 2, size[1] // 2)
        elif op.padding == "same":
            x = _pad_same(x, size, op.stride)
        return F.conv2d(x, weight, self.get_buffer(op.bias), op.stride, padding, groups=op.groups)


def load_network(folder: Path, name: str) -> GraphNetwork:
    """Load a network from ``NAME.json`` and ``NAME.safetensors``, in evaluation mode on the CPU.

    Raises:
        CheckpointError: A file is missing or damaged.
    """
    path = folder / f"{name}.safetensors"
    with os_error_as(CheckpointError, f"The network {name} in {folder} cannot be read"):
        graph_bytes = (folder / f"{name}.json").read_bytes()
        weights_bytes = path.read_bytes()
    try:
        graph = msgspec.json.decode(graph_bytes, type=_Graph)
        if hashlib.sha256(weights_bytes).hexdigest() != graph.weights_sha256:
            raise CheckpointError(f"{path} is damaged: its bytes are not those of the network. Install it again.")
        network = GraphNetwork(graph, load(weights_bytes))
        return network.eval().requires_grad_(requires_grad=False)
    except (SafetensorError, msgspec.MsgspecError, ValueError) as error:
        raise CheckpointError(
            f"The network {name} in {folder} is damaged: {first_line(error)}. Install it again."
        ) from error
