"""Trunks prepared for inference alone: the same numbers up to rounding, in less time.

Batch normalisation is folded into the preceding convolutions. On a CPU with oneDNN the weights of every convolution are
also stored once in the layout of its kernels, instead of at every call: for ResNet101 at 448 pixels that saves as much
again as everything else. There ReLU6 is part of the convolution, which saves EfficientNet-Lite0 a quarter. On
other devices the memory layout is channels last.
"""

import copy
import itertools
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from skillviewer.nets.backbones.library_backbones import LibraryTrunk
from skillviewer.nets.backbones.two_stream import TwoStream

Precision = Literal["float32", "bfloat16"]

DTYPES: dict[Precision, torch.dtype] = {"float32": torch.float32, "bfloat16": torch.bfloat16}


def fold_batch_norm(trunk: nn.Module) -> nn.Module:
    """Return a copy with every batch normalisation after a convolution folded into it.

    Modules of the trunk register each convolution right before its batch normalisation, as in torchvision's ResNets and
    EfficientNet-Lite0.
    """
    folded = copy.deepcopy(trunk).eval()
    for module in folded.modules():
        children = list(module.named_children())
        for (name, convolution), (after, norm) in itertools.pairwise(children):
            if isinstance(convolution, nn.Conv2d) and isinstance(norm, nn.BatchNorm2d):
                setattr(module, name, fuse_conv_bn_eval(convolution, norm))
                setattr(module, after, nn.Identity())
    return folded


def can_pack() -> bool:
    """Return True if this build of torch can keep convolution weights in oneDNN's own layout."""
    operators = torch.ops.mkldnn
    operator_names = ("_reorder_convolution_weight", "_convolution_pointwise")
    available = bool(torch.backends.mkldnn.is_available())  # type: ignore[no-untyped-call]
    return available and all(hasattr(operators, name) for name in operator_names)


class PackedConvolution(nn.Module):
    """A convolution on the CPU with its weight in oneDNN's layout; it cannot be trained, saved or moved.

    Args:
        convolution: The convolution to pack, with zero padding.
        input_shape: Expected input shape, which decides the layout; other shapes work, but slower.
        clamped: Whether the outputs are clamped to 0 to 6, as ReLU6 does, in the same pass over the memory.
    """

    def __init__(self, convolution: nn.Conv2d, input_shape: torch.Size, *, clamped: bool = False) -> None:
        super().__init__()
        if convolution.padding_mode != "zeros" or isinstance(convolution.padding, str):
            raise ValueError("only convolutions with explicit zero padding can be packed")
        self._how = (
            list(convolution.padding),
            list(convolution.stride),
            list(convolution.dilation),
            convolution.groups,
        )
        self._weight: Tensor = torch.ops.mkldnn._reorder_convolution_weight(  # noqa: SLF001
            convolution.weight.detach(), *self._how, list(input_shape)
        )
        self._bias = None if convolution.bias is None else convolution.bias.detach()
        self._after: tuple[str, list[float]] = ("hardtanh", [0.0, 6.0]) if clamped else ("none", [])

    def forward(self, inputs: Tensor) -> Tensor:
        """Convolve (B, C, H, W)."""
        outputs: Tensor = torch.ops.mkldnn._convolution_pointwise(  # noqa: SLF001
            inputs, self._weight, self._bias, *self._how, *self._after, ""
        )
        return outputs


def pack_convolutions(trunk: nn.Module, example: Tensor) -> nn.Module:
    """Replace every convolution of a trunk by a packed one, in place, and return the trunk.

    It is on the CPU, in evaluation mode, without batch normalisation; ``example`` is an input of the expected shape and
    number type. A ReLU6 that is registered after a convolution becomes part of it.
    """
    shapes: dict[nn.Module, torch.Size] = {}

    def note(module: nn.Module, inputs: tuple[Tensor, ...], _output: Tensor) -> None:
        shapes[module] = inputs[0].shape

    convolutions = [module for module in trunk.modules() if isinstance(module, nn.Conv2d)]
    hooks = [convolution.register_forward_hook(note) for convolution in convolutions]
    with torch.no_grad():
        trunk(example)
        for hook in hooks:
            hook.remove()
        for module in list(trunk.modules()):
            children = [(name, child) for name, child in module.named_children() if not isinstance(child, nn.Identity)]
            for (name, child), (after, follower) in itertools.pairwise([*children, ("", None)]):
                if isinstance(child, nn.Conv2d):
                    clamped = isinstance(follower, nn.ReLU6)
                    setattr(module, name, PackedConvolution(child, shapes[child], clamped=clamped))
                    if clamped:
                        setattr(module, after, nn.Identity())
    return trunk


class _Stream(nn.Module):
    """A trunk in reduced precision: float32 in and out."""

    def __init__(self, trunk: nn.Module, dtype: torch.dtype) -> None:
        super().__init__()
        self.trunk = trunk
        self._dtype = dtype

    def forward(self, pictures: Tensor) -> Tensor:
        layout = torch.channels_last if pictures.ndim == 4 else torch.contiguous_format
        features: Tensor = self.trunk(pictures.to(self._dtype, memory_format=layout))
        return features.float()


def deploy_trunk(
    trunk: nn.Module, in_channels: int, input_px: int, device: torch.device, precision: Precision
) -> nn.Module:
    """Return a copy of a trunk for inference.

    Args:
        trunk: A backbone.
        in_channels: 3 or 2L.
        input_px: Side of the expected pictures, one at a time for best speed.
        device: Target device.
        precision: ``bfloat16`` halves the time and changes features by several percent.
    """
    if not trunk.state_dict():  # numbers of the flow, or nothing
        return trunk
    dtype = DTYPES[precision]
    if isinstance(trunk, LibraryTrunk):  # how its layers follow each other is not known
        copied = copy.deepcopy(trunk).eval().requires_grad_(requires_grad=False)
        return _Stream(copied.to(device, dtype), dtype)
    ready = fold_batch_norm(trunk).requires_grad_(requires_grad=False)
    if device.type == "cpu" and can_pack():
        example = torch.zeros(1, in_channels, input_px, input_px, dtype=dtype).to(memory_format=torch.channels_last)
        ready = pack_convolutions(ready.to(dtype), example)
    else:
        ready = ready.to(device, dtype).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return _Stream(ready, dtype)


def deploy(streams: TwoStream, flow_length: int, device: torch.device, precision: Precision) -> TwoStream:
    """Return both streams for inference, see ``deploy_trunk``.

    Args:
        streams: The two backbones.
        flow_length: L.
        device: Target device.
        precision: ``float32`` or ``bfloat16``; features come out as float32.
    """
    side = streams.input_px
    return TwoStream(
        deploy_trunk(streams.appearance, 3, side, device, precision),
        deploy_trunk(streams.motion, 2 * flow_length, side, device, precision),
        streams.appearance_normalisation,
        streams.motion_normalisation,
        side,
    ).eval()
