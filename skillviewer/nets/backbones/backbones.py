"""Table of the backbones, and their architectures."""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import replace

from torch import nn

from skillviewer.core.errors import CheckpointError
from skillviewer.core.registry import Registry, look_up
from skillviewer.nets.backbones.backbone_entry import BackboneEntry, Normalisation
from skillviewer.nets.backbones.flow_numbers import FlowNumbers

IMAGENET = Normalisation((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
"""Normalisation of torchvision's ImageNet weights."""

EFFICIENTNET = Normalisation((127 / 255,), (128 / 255,))
"""Normalisation of EfficientNet-Lite's weights: (x - 127) / 128."""


def _resnet(name: str) -> Callable[[int], nn.Module]:
    def make(in_channels: int) -> nn.Module:
        from torchvision.models import get_model  # the import takes seconds

        net: nn.Module = get_model(name, weights=None)
        net.conv1 = nn.Conv2d(in_channels, 64, 7, 2, 3, bias=False)
        nn.init.kaiming_normal_(net.conv1.weight, mode="fan_out", nonlinearity="relu")
        # torchvision's weights load unchanged under these names
        names = ("conv1", "bn1", "relu", "maxpool", "layer1", "layer2", "layer3", "layer4")
        return nn.Sequential(OrderedDict((name, getattr(net, name)) for name in names))

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
        name=name,
        title=title,
        n_channels=n_channels,
        make=_resnet(name),
        first_convolution="conv1.weight",
        normalisation=IMAGENET,
        cells=_stride_32,
        first_centre_px=0.0,
        ignored=("fc.", "fc_custom."),
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
        least_px=223,  # for a smaller input the last pooling repeats cells, or fails
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
