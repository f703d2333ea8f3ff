"""Backbones of two libraries by name: ``timm/NAME``, pictures; ``torchvision/NAME``, clips of torchvision.models.video.

Channels, grid, normalisation, clip, licence and the place of the weights come from the library. ``@SIDE`` after a name
averages the grid to SIDE x SIDE cells.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from skillviewer.core.errors import CheckpointError
from skillviewer.nets.backbones.weight_sources import WeightSource


@dataclass(frozen=True, slots=True)
class ClipForm:
    """Frames that a space-time backbone takes around a sampled position.

    Attributes:
        n_frames: T.
        rate_hz: Frames per second for which its weights were trained.
    """

    n_frames: int
    rate_hz: float


@dataclass(frozen=True, slots=True)
class LibraryNet:
    """A network as its library describes it.

    Attributes:
        make: Returns it, randomly initialised, for a number of input channels.
        last_grid: Returns the last feature map of a network for an input: (B, F, h, w), or (B, F, T', h, w).
        first_convolution: Name of the weight applied to the input.
        ignored: Prefixes of weights of layers after the last feature map.
        mean: Normalisation of pictures, 0 to 1.
        std: Its deviation.
        usual_px: Side of the pictures that its weights were trained on.
        clip: Form of its clips; None for pictures.
        source: Published weights.
    """

    make: Callable[[int], nn.Module]
    last_grid: Callable[[nn.Module, Tensor], Tensor]
    first_convolution: str
    ignored: tuple[str, ...]
    mean: tuple[float, ...]
    std: tuple[float, ...]
    usual_px: int
    clip: ClipForm | None
    source: WeightSource


class LibraryTrunk(nn.Module):
    """The network of a library up to its last feature map, (B, F, h, w).

    A clip, (B, 3, T, S, S), gives one grid of 2 F channels: mean and standard deviation of its feature maps over time.

    Args:
        own: The network's description.
        in_channels: Number of input channels.
        side: Side of the grid, or 0 for that of the network.
    """

    def __init__(self, own: LibraryNet, in_channels: int, side: int) -> None:
        super().__init__()
        self.net, self._last_grid, self._side = own.make(in_channels), own.last_grid, side

    def forward(self, inputs: Tensor) -> Tensor:
        """Compute the grid."""
        grid = self._last_grid(self.net, inputs)
        if grid.ndim == 5:
            grid = torch.cat([grid.mean(dim=2), grid.std(dim=2, correction=0)], dim=1)
        return F.adaptive_avg_pool2d(grid, self._side) if self._side else grid


def _timm(name: str) -> LibraryNet:
    try:
        timm: Any = import_module("timm")
    except ImportError as error:
        raise CheckpointError(f"timm/{name} needs timm. Install it: pip install 'skillviewer[backbones]'.") from error
    if not timm.is_model(name):
        raise CheckpointError(f"timm {timm.__version__} has no network “{name}”. timm.list_models() lists all names.")

    def make(in_channels: int) -> nn.Module:
        try:  # a transformer for one size of pictures, made to take others
            net: nn.Module = timm.create_model(name, num_classes=0, in_chans=in_channels, dynamic_img_size=True)
        except TypeError:
            net = timm.create_model(name, num_classes=0, in_chans=in_channels)
        return net

    def last_grid(net: Any, pictures: Tensor) -> Tensor:  # noqa: ANN401 - any of the library's classes
        grid: Tensor = net.forward_intermediates(pictures, indices=1, norm=True, intermediates_only=True)[0]
        return grid

    about = timm.get_pretrained_cfg(name)
    first, last = (names if isinstance(names, tuple) else (names,) for names in (about.first_conv, about.classifier))
    if not first[0]:
        raise CheckpointError(f"timm/{name} does not say where its input enters. Choose another backbone.")
    url = f"https://huggingface.co/{about.hf_hub_id}/resolve/main/model.safetensors"
    terms = f"timm, licence of the weights: {about.license or 'not stated'}"
    source = WeightSource(f"timm/{name}", url, "", 0, terms)
    ignored = tuple(f"{layer}." for layer in last if layer)
    usual_px = about.input_size[-1]
    return LibraryNet(make, last_grid, f"{first[0]}.weight", ignored, about.mean, about.std, usual_px, None, source)


def _torchvision(name: str) -> LibraryNet:
    from torchvision import models

    if name not in models.list_models(module=models.video):
        known = ", ".join(models.list_models(module=models.video))
        raise CheckpointError(f"torchvision.models.video has no network “{name}”. Choose one of: {known}.")
    weights: Any = models.get_model_weights(name).DEFAULT
    form, told = weights.transforms(), weights.meta["_docs"]
    rate, length = re.search(r"frame_rate=([\d.]+)", told), re.search(r"clip_len=(\d+)", told)
    if rate is None or length is None:
        raise CheckpointError(f"torchvision does not say which clips {name} takes. Choose another backbone.")

    def make(in_channels: int) -> nn.Module:
        if in_channels != len(form.mean):
            raise CheckpointError(f"torchvision/{name} takes clips of pictures, and no flow.")
        net: nn.Module = models.get_model(name, weights=None)
        return net

    def last_grid(net: Any, clips: Tensor) -> Tensor:  # noqa: ANN401 - any of the library's classes
        kept: list[Tensor] = []
        handle = net.avgpool.register_forward_pre_hook(lambda _, inputs: kept.append(inputs[0]))
        try:
            net(clips)
        finally:
            handle.remove()
        return kept[0]

    with torch.device("meta"):
        net = make(3)
    if not hasattr(net, "avgpool"):
        raise CheckpointError(f"torchvision/{name} has no feature map before its classifier. Choose another backbone.")
    first = next(key for key, tensor in net.state_dict().items() if tensor.ndim == 5)
    mean, std = tuple(form.mean), tuple(form.std)
    prefix, terms = weights.url.removesuffix(".pth").rpartition("-")[2], "torchvision, BSD-3-Clause; Kinetics-400"
    source = WeightSource(f"torchvision/{name}", weights.url, prefix, round(weights.meta["_file_size"]), terms)
    clip, usual_px = ClipForm(int(length[1]), float(rate[1])), form.crop_size[0]
    return LibraryNet(make, last_grid, first, (), mean, std, usual_px, clip, source)


_LIBRARIES = {"timm": _timm, "torchvision": _torchvision}


@cache
def library_net(name: str) -> LibraryNet:
    """Return the description of a network, ``LIBRARY/NAME`` with or without ``@SIDE``.

    Raises:
        CheckpointError: There is no such library or network, or it is not installed.
    """
    library, _, rest = name.partition("@")[0].partition("/")
    if library not in _LIBRARIES:
        raise CheckpointError(f"There is no library “{library}” of backbones. Choose one of: timm, torchvision.")
    return _LIBRARIES[library](rest)


@cache
def grid_shape(name: str, input_px: int) -> tuple[int, int]:
    """Return channels (of a picture, or of the mean over a clip) and cells of a side for a square input.

    Raises:
        CheckpointError: The network takes no pictures of that size, or the side after ``@`` is no number.
    """
    own = library_net(name)
    side = name.partition("@")[2]
    if "@" in name and not (side.isdecimal() and 1 <= int(side) <= input_px):
        raise CheckpointError(f"“{side}” in {name} is no number of cells. Leave out @, or give a number such as 14.")
    clip = [] if own.clip is None else [own.clip.n_frames]
    try:
        with torch.device("meta"), torch.no_grad():
            trunk = LibraryTrunk(own, 3, int(side or 0)).eval()
            shape = trunk(torch.zeros(1, 3, *clip, input_px, input_px)).shape
    except (RuntimeError, AssertionError, ValueError, AttributeError, TypeError) as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0].rstrip(".")
        raise CheckpointError(
            f"{name} gives no grid for pictures of {input_px} pixels ({reason}). Give another size (--input-px)."
        ) from error
    return shape[1] // (1 + len(clip)), shape[3]
