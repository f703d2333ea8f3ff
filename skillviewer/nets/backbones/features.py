"""Backbones and the two streams: from pictures and flow stacks to features.

A frame is resized to the input square; appearance (RGB) goes through one backbone and motion (a flow stack) through
another, and their last feature maps are concatenated, appearance first (Li et al. 2019, section 3.1).
"""

from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from skillviewer.core.errors import CheckpointError
from skillviewer.core.registry import Registry, look_up
from skillviewer.nets.backbones.backbone_entry import BackboneEntry, Normalisation
from skillviewer.nets.backbones.flow_numbers import FlowNumbers

IMAGENET = Normalisation((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
"""Normalisation of torchvision's ImageNet weights."""

EFFICIENTNET = Normalisation((127 / 255,), (128 / 255,))
"""Normalisation of EfficientNet-Lite's weights: (x - 127) / 128."""

FLOW_ACROSS_MODALITIES = Normalisation((0.5,), (0.226,))
"""Normalisation of flow for a motion stream initialised from ImageNet weights (Temporal Segment Networks)."""

SIGNED = Normalisation((0.5,), (0.5,))
"""Normalisation of flow for ``FlowNumbers``: -1 to 1."""

UNIT = Normalisation((0.0,), (1.0,))
"""Normalisation of flow for motion weights trained on 0 to 1, such as two-stream networks on UCF101."""


def _resnet(name: str) -> Callable[[int], nn.Module]:
    def make(in_channels: int) -> nn.Module:
        from torchvision.models import get_model  # costs seconds: only when asked for

        net: nn.Module = get_model(name, weights=None)
        net.conv1 = nn.Conv2d(in_channels, 64, 7, 2, 3, bias=False)
        nn.init.kaiming_normal_(net.conv1.weight, mode="fan_out", nonlinearity="relu")
        # under the same names, so that torchvision's weights load unchanged
        layers = ("conv1", "bn1", "relu", "maxpool", "layer1", "layer2", "layer3", "layer4")
        return nn.Sequential(OrderedDict((layer, getattr(net, layer)) for layer in layers))

    return make


def _alexnet(in_channels: int) -> nn.Module:
    from torchvision.models import alexnet

    net = alexnet(weights=None)
    net.features[0] = nn.Conv2d(in_channels, 64, 11, 4, 2)
    return nn.Sequential(OrderedDict(features=net.features, avgpool=net.avgpool))


def _efficientnet_lite0(n_blocks: int) -> Callable[[int], nn.Module]:
    def make(in_channels: int) -> nn.Module:
        from skillviewer.nets.backbones.efficientnet_lite import EfficientNetLite0

        return EfficientNetLite0(in_channels, n_blocks)

    return make


def _stride_32(input_px: int) -> int:
    return -(-input_px // 32)


def _resnet_entry(name: str, title: str, n_channels: int) -> BackboneEntry:
    return BackboneEntry(
        name, title, n_channels, _resnet(name), "conv1.weight", IMAGENET, _stride_32, 0.0, ("fc.", "fc_custom.")
    )


_LITE0 = BackboneEntry(
    name="efficientnet-lite0",
    title="EfficientNet-Lite0",
    n_channels=320,
    make=_efficientnet_lite0(16),
    first_convolution="_conv_stem.weight",
    normalisation=EFFICIENTNET,
    cells=_stride_32,
    first_centre_px=31.0,
    ignored=("_conv_head.", "_bn1.", "_fc."),
)
_MID = replace(
    _LITE0,
    name="efficientnet-lite0-mid",
    title="EfficientNet-Lite0 up to stride 16",
    n_channels=112,
    make=_efficientnet_lite0(11),
    cells=lambda input_px: -(-input_px // 16),
    first_centre_px=15.0,
    ignored=(*_LITE0.ignored, *(f"_blocks.{i}." for i in range(11, 16))),
    weights=_LITE0.name,
)

BACKBONES = Registry(
    _LITE0,
    _MID,
    replace(
        _MID,
        name="efficientnet-lite0-flow",
        title="EfficientNet-Lite0 up to stride 16 for frames, numbers of the flow for motion",
        flow=lambda: FlowNumbers(112, 16),
    ),
    _resnet_entry("resnet18", "ResNet18", 512),
    _resnet_entry("resnet34", "ResNet34", 512),
    _resnet_entry("resnet50", "ResNet50", 2048),
    _resnet_entry("resnet101", "ResNet101", 2048),
    BackboneEntry(
        name="alexnet",
        title="AlexNet",
        n_channels=256,
        make=_alexnet,
        first_convolution="features.0.weight",
        normalisation=IMAGENET,
        cells=lambda _: 6,
        first_centre_px=31.0,
        ignored=("classifier.",),
        least_px=223,  # for a smaller input its last pooling repeats cells, or has none
    ),
    group="backbones",
)
"""All backbones; the first ships with its weights."""


def backbone(name: str) -> BackboneEntry:
    """Return a backbone's entry by name; ``LIBRARY/NAME`` for one of ``library_backbones``.

    Raises:
        CheckpointError: There is no such backbone, or its library is not installed.
    """
    if "/" in name:
        from skillviewer.nets.backbones.library_backbones import library_entry

        return library_entry(name)
    return look_up(BACKBONES, name, "backbone", CheckpointError)


def appearance_input(rgb: Tensor, normalisation: Normalisation) -> Tensor:
    """Return the input of the appearance stream, (B, 3, S, S) or (B, 3, T, S, S) float32.

    Args:
        rgb: (B, S, S, 3) uint8, frames resized to the input square, or (B, T, S, S, 3), clips of them.
        normalisation: Normalisation of the appearance weights.
    """
    return normalisation.apply(rgb.movedim(-1, 1).float())


def motion_input(stack: Tensor, normalisation: Normalisation, input_px: int) -> Tensor:
    """Return the input of the motion stream, (B, 2L, S, S) float32.

    The quantised flow is resized like a picture, bicubic and without keeping the aspect ratio; its values stay those of
    the size at which flow was computed, as in all published pipelines.

    Args:
        stack: (B, 2L, h, w) uint8, x and y in turn.
        normalisation: Normalisation of the motion weights.
        input_px: Side of the input square.
    """
    values = stack.float()
    if values.shape[2:] != (input_px, input_px):
        values = F.interpolate(values, (input_px, input_px), mode="bicubic", antialias=True).clamp_(0, 255)
    return normalisation.apply(values)


def across_modalities(
    state: Mapping[str, Tensor], first_convolution: str, in_channels: int, *, rescale: bool = True
) -> dict[str, Tensor]:
    """Return weights for flow stacks from weights for pictures (cross-modality initialisation).

    The first convolution is averaged over RGB and copied to every flow channel. Scaling by 3 / (2L) keeps the size of
    its response: Temporal Segment Networks do not scale, and rely on training, but here a stream may stay frozen. Such
    a stream has never seen flow: it is weak until it is trained or its statistics are recalibrated.

    Args:
        state: State dict of the appearance trunk.
        first_convolution: Name of the weight applied to the input.
        in_channels: 2L.
        rescale: Whether to scale by 3 / (2L); not for a stream trained as published.
    """
    weight = state[first_convolution]
    mean = weight.mean(dim=1, keepdim=True) * (weight.shape[1] / in_channels if rescale else 1)
    return {**state, first_convolution: mean.repeat(1, in_channels, 1, 1)}


def recalibrate_batch_norm(trunk: nn.Module, batches: Iterable[Tensor]) -> None:
    """Replace the statistics of every batch normalisation by those of given inputs; weights stay unchanged.

    Args:
        trunk: A backbone; left in evaluation mode.
        batches: Inputs (B, C, H, W); the mean over the batches counts. At least one.
    """
    norms = [module for module in trunk.modules() if isinstance(module, nn.BatchNorm2d)]
    usual = [norm.momentum for norm in norms]
    trunk.eval()
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # a plain mean over the batches
        norm.train()
    n_batches = 0
    with torch.no_grad():
        for batch in batches:
            trunk(batch)
            n_batches += 1
    for norm, momentum in zip(norms, usual, strict=True):
        norm.momentum = momentum
        norm.eval()
    if n_batches == 0:
        raise ValueError("batch normalisation cannot be recalibrated on nothing")


class TwoStream(nn.Module):
    """Two backbones: frames and flow stacks to features, (B, 2F, h, w), appearance first."""

    def __init__(
        self,
        appearance: nn.Module,
        motion: nn.Module,
        appearance_normalisation: Normalisation,
        motion_normalisation: Normalisation,
        input_px: int,
    ) -> None:
        super().__init__()
        self.appearance = appearance
        self.motion = motion
        self.appearance_normalisation = appearance_normalisation
        self.motion_normalisation = motion_normalisation
        self.input_px = input_px

    def forward(self, rgb: Tensor, stack: Tensor) -> Tensor:
        """Compute features.

        Args:
            rgb: (B, S, S, 3) uint8, or (B, T, S, S, 3) for a backbone that takes clips.
            stack: (B, 2L, h, w) uint8, any size; not looked at with clips, which show the motion themselves.

        Returns:
            (B, 2F, S / 32, S / 32).
        """
        pictures = appearance_input(rgb, self.appearance_normalisation)
        if pictures.ndim == 5:
            return self.appearance(pictures)  # type: ignore[no-any-return]
        flow = motion_input(stack, self.motion_normalisation, self.input_px)
        return torch.cat([self.appearance(pictures), self.motion(flow)], dim=1)
