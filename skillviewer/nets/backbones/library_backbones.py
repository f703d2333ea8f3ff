"""Backbones of two libraries: ``timm/NAME`` for pictures, ``torchvision/NAME`` for clips (torchvision.models.video).

Channels, grid, normalisation, clip, licence and address of the weights come from the library. ``@SIDE`` after a name
averages the grid to SIDE x SIDE cells.
"""

import math
import re
from collections.abc import Callable
from functools import cache
from importlib import import_module
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from skillviewer.core.errors import CheckpointError, first_line
from skillviewer.nets.backbones.backbone_entry import BackboneEntry, ClipSampling, Normalisation
from skillviewer.nets.backbones.weight_sources import WeightSource
from skillviewer.nets.meta_device import shapes_only

LastGrid = Callable[[Any, Tensor], Tensor]
"""Function from a network and its input to the last feature map: (B, F, h, w), or (B, F, T', h, w) of clips."""


class LibraryTrunk(nn.Module):
    """The network of a library up to its last feature map, (B, F, h, w).

    A clip, (B, 3, T, S, S), gives one grid of 2 F channels: mean and standard deviation of its feature maps over time.

    Args:
        net: The network.
        last_grid: Function that returns the last feature map of the network.
        side: Side of the grid, or 0 for that of the network.
    """

    def __init__(self, net: nn.Module, last_grid: LastGrid, side: int) -> None:
        super().__init__()
        self.net = net
        self._last_grid = last_grid
        self._side = side

    def forward(self, inputs: Tensor) -> Tensor:
        """Compute the grid."""
        grid = self._last_grid(self.net, inputs)
        if grid.ndim == 5:
            grid = torch.cat([grid.mean(dim=2), grid.std(dim=2, correction=0)], dim=1)
        return F.adaptive_avg_pool2d(grid, self._side) if self._side else grid


class LibraryNetwork(NamedTuple):
    """A network of a library."""

    make: Callable[[int], nn.Module]  # builds it for a number of input channels
    last_grid: LastGrid  # function that returns its last feature map
    input_px: int  # side of the pictures that it was trained on
    clip: ClipSampling | None  # frames of its clips, or None for pictures
    entry_fields: dict[str, Any]  # further fields of the ``BackboneEntry``


@cache
def library_entry(name: str) -> BackboneEntry:
    """Return the entry of a network, ``LIBRARY/NAME`` or ``LIBRARY/NAME@SIDE``.

    Raises:
        CheckpointError: There is no such library or network, or it is not installed.
    """
    path, separator, side = name.partition("@")
    library, _, library_name = path.partition("/")
    if library not in _LIBRARIES:
        raise CheckpointError(f"There is no library “{library}” of backbones. Choose one of: {', '.join(_LIBRARIES)}.")
    if separator and not (side.isdecimal() and 1 <= int(side) <= 256):
        raise CheckpointError(f"“{side}” in {name} is no number of cells. Leave out @, or give a number such as 14.")
    network = _LIBRARIES[library](path, library_name)
    time_axis = [network.clip.n_frames] if network.clip is not None else []

    def make_trunk(in_channels: int) -> LibraryTrunk:
        return LibraryTrunk(network.make(in_channels), network.last_grid, int(side or 0))

    @cache
    def output_shape(input_px: int) -> tuple[int, ...]:
        try:
            with shapes_only(), torch.no_grad():
                trunk = make_trunk(3).eval()
                return tuple(trunk(torch.zeros(1, 3, *time_axis, input_px, input_px)).shape)
        except (RuntimeError, AssertionError, ValueError, AttributeError, TypeError) as error:
            problem = f"{name} gives no grid for pictures of {input_px} pixels ({first_line(error)})"
            raise CheckpointError(f"{problem}. Give another size (--input-px).") from error

    return BackboneEntry(
        name=name,
        title=name,
        n_channels=output_shape(network.input_px)[1] // (1 + len(time_axis)),
        make=make_trunk,
        cells=lambda input_px: output_shape(input_px)[-1],
        first_centre_px=math.nan,
        prefix="net.",
        clip=network.clip,
        **network.entry_fields,
    )


def _timm_network(name: str, library_name: str) -> LibraryNetwork:
    try:
        timm: Any = import_module("timm")
    except ImportError as error:
        raise CheckpointError(f"{name} needs timm. Install it: pip install 'skillviewer[backbones]'.") from error
    if not timm.is_model(library_name):
        raise CheckpointError(
            f"timm {timm.__version__} has no network “{library_name}”. timm.list_models() lists all names."
        )

    def make(in_channels: int) -> nn.Module:
        try:  # transformers for pictures of one size take other sizes with this option; other networks do not know it
            net: nn.Module = timm.create_model(library_name, num_classes=0, in_chans=in_channels, dynamic_img_size=True)
        except TypeError:
            net = timm.create_model(library_name, num_classes=0, in_chans=in_channels)
        return net

    def last_grid(net: Any, pictures: Tensor) -> Tensor:  # noqa: ANN401 - any of the library's classes
        grid: Tensor = net.forward_intermediates(pictures, indices=1, norm=True, intermediates_only=True)[0]
        return grid

    pretrained = timm.get_pretrained_cfg(library_name)
    first_layers = pretrained.first_conv if isinstance(pretrained.first_conv, tuple) else (pretrained.first_conv,)
    classifiers = pretrained.classifier if isinstance(pretrained.classifier, tuple) else (pretrained.classifier,)
    url = f"https://huggingface.co/{pretrained.hf_hub_id}/resolve/main/model.safetensors"
    licence = pretrained.license
    if not licence:
        licence = "not stated"
    entry_fields = {
        "first_convolution": f"net.{first_layers[0]}.weight",
        "normalisation": Normalisation(pretrained.mean, pretrained.std),
        "ignored": tuple(f"{layer}." for layer in classifiers if layer),
        "source": WeightSource(name, url, "", f"timm, licence of the weights: {licence}"),
    }
    return LibraryNetwork(make, last_grid, pretrained.input_size[-1], None, entry_fields)


def _torchvision_network(name: str, library_name: str) -> LibraryNetwork:
    from torchvision import models

    names = models.list_models(module=models.video)
    if library_name not in names:
        raise CheckpointError(
            f"torchvision.models.video has no network “{library_name}”. Choose one of: {', '.join(names)}."
        )
    weights: Any = models.get_model_weights(library_name).DEFAULT
    transforms = weights.transforms()
    documentation = weights.meta["_docs"]
    rate = re.search(r"frame_rate=([\d.]+)", documentation)
    length = re.search(r"clip_len=(\d+)", documentation)
    with shapes_only():
        net = models.get_model(library_name, weights=None)
    if rate is None or length is None or not hasattr(net, "avgpool"):
        raise CheckpointError(f"{name} has no feature map before its classifier. Choose another backbone.")

    def last_grid(net: Any, clips: Tensor) -> Tensor:  # noqa: ANN401 - any of the library's classes
        grids: list[Tensor] = []
        handle = net.avgpool.register_forward_pre_hook(lambda _, inputs: grids.append(inputs[0]))
        net(clips)
        handle.remove()
        return grids[0]

    def make(_in_channels: int) -> nn.Module:
        network: nn.Module = models.get_model(library_name, weights=None)
        return network

    first_weight = next(key for key, tensor in net.state_dict().items() if tensor.ndim == 5)
    digest = weights.url.removesuffix(".pth").rpartition("-")[2]
    entry_fields = {
        "first_convolution": f"net.{first_weight}",
        "normalisation": Normalisation(tuple(transforms.mean), tuple(transforms.std)),
        "ignored": (),
        "source": WeightSource(name, weights.url, digest, "torchvision, BSD-3-Clause; Kinetics-400"),
    }
    clip = ClipSampling(int(length[1]), float(rate[1]))
    return LibraryNetwork(make, last_grid, transforms.crop_size[0], clip, entry_fields)


_LIBRARIES = {"timm": _timm_network, "torchvision": _torchvision_network}
