"""Sizes of the networks on features. No torch here: a configuration can be read without it."""

from dataclasses import dataclass, fields
from typing import Literal

from skillviewer.core.analysis.analysis import MapRect

MAX_SIZE = 1 << 16
MAX_LAYERS = 64
"""Largest width, and largest number of layers. Larger numbers in a foreign checkpoint would exhaust the memory."""

InitialState = Literal["zeros", "randn", "randn-train"]
"""Initial hidden states: zeros, N(0, 1) always as in the released code, or N(0, 1) in training only."""


@dataclass(frozen=True, slots=True)
class HeadSizes:
    """All sizes of a network on features; the defaults are the paper's, on two ResNet101 at 448 pixels."""

    feature_channels: int = 4096  # 2F, channels of the features: appearance, then motion
    grid: tuple[int, int] = (14, 14)  # rows and columns of the features
    fusion_hidden: int = 512  # channels between the two convolutions of the fusion
    channels: int = 256  # c, fused channels
    task_hidden: int = 128  # d, width of the task RNN
    attention_hidden: int = 128  # width of the attention RNN
    embed: int = 32  # width of the space in which cells and hidden state are compared (equation 5)
    fusion_kernel: int = 2  # side of the first fusion convolution
    fusion_stride: int = 2  # its stride: 2 as released (7 × 7 cells), 1 for finer maps (13 × 13)
    # zeros before and after each axis of the features; unequal for TensorFlow's "same"
    fusion_padding: tuple[int, int] = (0, 0)
    layer_norm: bool = True  # whether the inputs of the attention RNN are layer-normalised (released code only)
    initial_state: InitialState = "zeros"  # initial hidden states
    dropout: float = 0.0  # proportion of feature channels dropped in training; 0 in the paper
    # whether features are standardised to mean 0 and standard deviation 1 per channel, with statistics of the training
    # videos stored in the fusion; not in the paper
    standardise: bool = False
    cbam_hidden: int = 256  # hidden width of the channel gate of CBAM as released
    cbam_reduction: int = 16  # ratio of the channel gate's bottleneck in the original CBAM
    cbam_spatial: int = 32  # hidden channels of the spatial attention of CBAM as released
    sca_embed: int = 64  # k, width of SCA-CNN's embeddings
    # widths of the fully connected layers before the score in Doughty et al.'s network (AlexNet's fc6 and fc7); empty
    # for pooled backbones
    tsn_hidden: tuple[int, ...] = (4096, 4096)
    tsn_splits: int = 7  # number of splits of a video that are compared one by one (Doughty et al.)
    raan_hidden: int = 256  # hidden width of a temporal attention filter (rank-aware attention)
    raan_filters: int = 3  # k, temporal attention filters per branch

    def __post_init__(self) -> None:
        for field in fields(self):
            if field.type is not int:
                continue
            size = getattr(self, field.name)
            if size < 1:
                raise ValueError(f"{field.name} must be at least 1, not {size}")
            if size > MAX_SIZE:
                raise ValueError(f"{field.name} must be at most {MAX_SIZE}, not {size}")
        widths = (*self.grid, *self.fusion_padding, *self.tsn_hidden)
        if max(widths) > MAX_SIZE or len(widths) > MAX_LAYERS:
            raise ValueError(f"no network has widths {widths!s:.200}")
        if min(self.grid) < 1 or min(self.fusion_padding) < 0 or not 0 <= self.dropout < 1:
            raise ValueError(f"no network has grid {self.grid}, padding {self.fusion_padding}, dropout {self.dropout}")
        if any(width < 1 for width in self.tsn_hidden):
            raise ValueError(f"tsn_hidden must be positive widths, not {self.tsn_hidden}")


def _n_cells(sizes: HeadSizes, axis: int) -> int:
    before, after = sizes.fusion_padding
    n_cells = (sizes.grid[axis] + before + after - sizes.fusion_kernel) // sizes.fusion_stride + 1
    if n_cells < 1:
        raise ValueError(f"a fusion kernel of {sizes.fusion_kernel} does not fit a grid of {sizes.grid}")
    return n_cells


def map_grid(sizes: HeadSizes) -> tuple[int, int]:
    """Return (h, w), the rows and columns of the fused features and of the maps."""
    return _n_cells(sizes, 0), _n_cells(sizes, 1)


def map_rect(sizes: HeadSizes) -> MapRect:
    """Return the rectangle that a map covers, exact for any kernel, stride and padding of the fusion.

    With kernel k, stride s and padding p, fused cell j sees the feature cells from s j - p to s j - p + k - 1. It is
    drawn s cells wide around their centre. With k = 2 and s = 2 the map covers the picture. With s = 1 and no padding
    it leaves a margin of half a cell. With padding it may exceed the picture.
    """
    kernel = sizes.fusion_kernel
    stride = sizes.fusion_stride
    before = sizes.fusion_padding[0]
    start = kernel / 2 - before - stride / 2  # left edge, in feature cells
    rows, columns = map_grid(sizes)
    grid_rows, grid_columns = sizes.grid
    return MapRect(
        left=start / grid_columns,
        top=start / grid_rows,
        right=(start + stride * columns) / grid_columns,
        bottom=(start + stride * rows) / grid_rows,
    )
