"""Position of the cells of a map in the picture.

A cell of the features is drawn as the block of pixels that it subsamples (block convention): cell i of G covers the
fraction i/G to (i+1)/G of the picture. The centre of its theoretical receptive field differs by half a block or less.
"""

from skillviewer.core.analysis.analysis import MapRect
from skillviewer.nets.sizes import HeadSizes


def _cells(sizes: HeadSizes, axis: int) -> int:
    before, after = sizes.fusion_padding
    cells = (sizes.grid[axis] + before + after - sizes.fusion_kernel) // sizes.fusion_stride + 1
    if cells < 1:
        raise ValueError(f"a fusion kernel of {sizes.fusion_kernel} does not fit a grid of {sizes.grid}")
    return cells


def map_grid(sizes: HeadSizes) -> tuple[int, int]:
    """Return (h, w), the rows and columns of the fused features and so of the maps."""
    return _cells(sizes, 0), _cells(sizes, 1)


def map_rect(sizes: HeadSizes) -> MapRect:
    """Return the rectangle that a map covers, exact for any kernel, stride and padding of the fusion.

    Fused cell j sees feature cells s j - p ... s j - p + k - 1, so it is drawn s cells wide around their middle:
    with k = 2, stride 2 the map tiles the picture; with stride 1 and no padding it leaves half a cell free all around;
    with padding it may exceed the picture.
    """
    kernel, stride, before = sizes.fusion_kernel, sizes.fusion_stride, sizes.fusion_padding[0]
    start = kernel / 2 - before - stride / 2  # left edge, in feature cells
    rows, columns = map_grid(sizes)
    grid_rows, grid_columns = sizes.grid
    return MapRect(
        left=start / grid_columns,
        top=start / grid_rows,
        right=(start + stride * columns) / grid_columns,
        bottom=(start + stride * rows) / grid_rows,
    )
