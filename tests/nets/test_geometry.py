"""Where maps lie in the picture, checked by impulses and not by the formula."""

from dataclasses import replace

import pytest
import torch
from torch import Tensor, nn

from skillviewer.core.analysis.analysis import MapRect
from skillviewer.nets.backbones.backbone_entry import BackboneEntry
from skillviewer.nets.backbones.backbones import BACKBONES, backbone
from skillviewer.nets.backbones.two_stream import UNIT, TwoStream
from skillviewer.nets.fusion import Fusion
from skillviewer.nets.models import attention_model
from skillviewer.nets.sizes import HeadSizes, map_grid, map_rect
from skillviewer_testing import check_backbone
from tests.nets.small import scramble

FOURTEEN = HeadSizes(feature_channels=2, fusion_hidden=3, channels=4)


def pixels(rect: MapRect, input_px: int = 448) -> tuple[float, float, float, float]:
    return tuple(round(edge * input_px, 9) for edge in (rect.left, rect.top, rect.right, rect.bottom))  # type: ignore[return-value]


@pytest.mark.parametrize(
    ("stride", "padding", "cells", "first", "last"),
    [
        (2, (0, 0), 7, 0, 448),  # as released: tiles the picture
        (1, (0, 0), 13, 16, 432),
        (1, (0, 1), 14, 16, 464),  # TensorFlow's and torch's "same"
        (1, (1, 1), 15, -16, 464),
    ],
)
def test_rectangles_at_448(stride: int, padding: tuple[int, int], cells: int, first: float, last: float) -> None:
    sizes = replace(FOURTEEN, fusion_stride=stride, fusion_padding=padding)
    assert map_grid(sizes) == (cells, cells)
    assert pixels(map_rect(sizes)) == (first, first, last, last)
    model = attention_model("full").build(sizes)
    assert (model.grid, model.map_rect) == (map_grid(sizes), map_rect(sizes))


def impulse_response(sizes: HeadSizes, row: int, column: int) -> Tensor:
    """Return which fused cells notice a change of one feature cell, (h, w) bool."""
    fusion = Fusion(sizes).eval()
    scramble(fusion)
    frames = torch.zeros(2, sizes.feature_channels, *sizes.grid)
    frames[1, :, row, column] = 5
    with torch.inference_mode():
        quiet, struck = fusion(frames)
    noticed: Tensor = (quiet != struck).any(dim=0)
    return noticed


@pytest.mark.parametrize("padding", [(0, 0), (0, 1), (1, 1)])
@pytest.mark.parametrize(("kernel", "stride"), [(2, 2), (2, 1), (3, 1), (3, 3), (1, 1), (4, 2)])
def test_struck_cells_lie_around_the_struck_block(kernel: int, stride: int, padding: tuple[int, int]) -> None:
    sizes = replace(FOURTEEN, grid=(13, 15), fusion_kernel=kernel, fusion_stride=stride, fusion_padding=padding)
    (rows, columns), rect = map_grid(sizes), map_rect(sizes)
    row, column = 6, 8
    struck = impulse_response(sizes, row, column)
    assert struck.shape == (rows, columns)
    for axis, (cell, cells, total, low, high) in enumerate(
        [(row, rows, 13, rect.top, rect.bottom), (column, columns, 15, rect.left, rect.right)]
    ):
        noticed = struck.any(dim=1 - axis).nonzero()[:, 0]
        size = (high - low) / cells
        # a fused cell notices what lies at most half a kernel from its middle, and is drawn around that middle
        middles = low + (noticed + 0.5) * size
        block_middle = (cell + 0.5) / total
        reach = (kernel / 2) / total
        assert bool(((middles - block_middle).abs() < reach).all())
        everybody = low + (torch.arange(cells) + 0.5) * size
        assert len(noticed) == int(((everybody - block_middle).abs() < reach - 1e-6).sum())


@pytest.mark.parametrize("block", [(0, 0), (2, 5), (6, 3)])
def test_a_block_of_64_pixels_lights_its_own_cell(block: tuple[int, int]) -> None:
    appearance, motion = (nn.Sequential(nn.AvgPool2d(32), nn.Conv2d(channels, 1, 1)) for channels in (3, 4))
    streams = TwoStream(appearance, motion, UNIT, UNIT, 448).eval()
    model = attention_model("full").build(FOURTEEN).eval()
    scramble(model)
    rgb = torch.zeros(2, 448, 448, 3, dtype=torch.uint8)
    row, column = block
    rgb[1, 64 * row : 64 * (row + 1), 64 * column : 64 * (column + 1)] = 255
    with torch.inference_mode():
        quiet, struck = model.fuse(streams(rgb, torch.zeros(2, 4, 56, 56, dtype=torch.uint8))[:, None])[:, 0]
    assert (quiet != struck).any(dim=0).nonzero().tolist() == [[row, column]]
    rect = model.map_rect
    left = rect.left + column * (rect.right - rect.left) / 7
    assert left * 448 == pytest.approx(64 * column)


def receptive_field(trunk: nn.Module, width_px: int, cell: int) -> tuple[int, int]:
    """Return the first and the last pixel that a cell can see, by back-propagation through positive weights."""
    for module in list(trunk.modules()):
        for name, child in list(module.named_children()):
            if isinstance(child, nn.MaxPool2d):  # a maximum passes the gradient to one pixel alone
                setattr(module, name, nn.AvgPool2d(child.kernel_size, child.stride, child.padding))
    with torch.no_grad():
        for name, parameter in trunk.named_parameters():
            if parameter.ndim == 4:
                parameter.fill_(1 / parameter[0].numel())
            elif name.endswith("bias"):
                parameter.zero_()
    pictures = torch.full((1, 3, 64, width_px), 1e-3, requires_grad=True)
    features = trunk.eval()(pictures)
    features[0, :, features.shape[2] // 2, cell].sum().backward()
    assert pictures.grad is not None
    seen = pictures.grad[0].abs().sum(dim=(0, 1)).nonzero()[:, 0]
    return int(seen[0]), int(seen[-1])


@pytest.mark.parametrize("name", ["resnet18", "resnet50", "efficientnet-lite0", "efficientnet-lite0-mid", "alexnet"])
def test_receptive_fields_are_centred_where_the_table_says(name: str) -> None:
    entry = backbone(name)
    trunk = entry.make(3)
    if name == "alexnet":
        trunk = trunk.get_submodule("features")
    first, last = receptive_field(trunk, 1216, 19)
    assert first > 0
    assert last < 1215
    assert (first + last) / 2 == (16 if name.endswith("mid") else 32) * 19 + entry.first_centre_px


@pytest.mark.parametrize("entry", BACKBONES, ids=lambda entry: entry.name)
def test_every_backbone_says_its_grid(entry: BackboneEntry) -> None:
    check_backbone(entry)


def test_kernel_larger_than_the_grid_is_refused() -> None:
    with pytest.raises(ValueError, match="does not fit"):
        map_grid(replace(FOURTEEN, grid=(1, 14)))
