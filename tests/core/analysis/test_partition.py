"""Maps spread over other grids: against areas computed rectangle by rectangle."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skillviewer.core.analysis.analysis import MapRect
from skillviewer.core.analysis.map_comparison import Partition, normalised_mass, redistribute_mass

SMALLER = MapRect(0.5 / 14, 0.5 / 14, 13.5 / 14, 13.5 / 14)  # 13 x 13 cells on features of 14 x 14


def spread_slowly(values: np.ndarray, rect: MapRect, onto: Partition) -> np.ndarray:
    h, w = values.shape
    height, width = (rect.bottom - rect.top) / h, (rect.right - rect.left) / w
    out = np.zeros((len(onto.y) - 1, len(onto.x) - 1))
    for i in range(h):
        for j in range(w):
            top, left = rect.top + i * height, rect.left + j * width
            for r in range(out.shape[0]):
                for c in range(out.shape[1]):
                    down = max(0.0, min(top + height, onto.y[r + 1]) - max(top, onto.y[r]))
                    across = max(0.0, min(left + width, onto.x[c + 1]) - max(left, onto.x[c]))
                    out[r, c] += values[i, j] * down * across / (height * width)
    return out


sizes = st.tuples(st.integers(1, 5), st.integers(1, 5))


@settings(max_examples=30)
@given(sizes, sizes, st.integers(0, 10**6))
def test_spreading_is_by_area_and_keeps_all_mass(grid: tuple[int, int], other: tuple[int, int], seed: int) -> None:
    rng = np.random.default_rng(seed)
    rect = MapRect(*(rng.uniform(-0.2, 0.3, 2).tolist()), *(rng.uniform(0.6, 1.2, 2).tolist()))
    values = rng.uniform(0, 1, grid)
    onto = Partition.common([Partition.of(rect, grid), Partition.of(MapRect(), other)])
    found = redistribute_mass(values, rect, onto)
    np.testing.assert_allclose(found, spread_slowly(values, rect, onto), atol=1e-9)
    assert found.sum() == pytest.approx(values.sum())


def test_refinement_has_every_edge_once() -> None:
    common = Partition.common([Partition.of(MapRect(), (2, 7)), Partition.of(SMALLER, (13, 13))])
    assert len(common.y) == 3 + 14
    assert len(common.x) == 8 + 14  # sevenths of the picture lie between the cells of the other map
    same = Partition.common([Partition.of(MapRect(), (7, 7)), Partition.of(MapRect(), (14, 14))])
    assert len(same.x) == 15  # every edge of the coarse map is one of the fine map
    assert same.areas.sum() == pytest.approx(1)
    with pytest.raises(ValueError, match="read-only"):
        same.x[0] = 1


def test_many_maps_at_once_are_each_by_itself() -> None:
    maps = np.random.default_rng(0).uniform(0, 1, (3, 2, 4, 5))
    onto = Partition.of(MapRect(), (7, 3))
    together = redistribute_mass(maps, SMALLER, onto)
    assert together.shape == (3, 2, 7, 3)
    for k in range(3):
        for n in range(2):
            np.testing.assert_allclose(together[k, n], spread_slowly(maps[k, n], SMALLER, onto), atol=1e-12)


def test_what_lies_outside_is_lost() -> None:
    onto = Partition.of(MapRect(0, 0, 0.5, 1), (1, 1))
    assert redistribute_mass(np.array([[3.0, 4.0]]), MapRect(), onto).tolist() == [[3.0]]


def test_mass_is_shares_of_magnitudes() -> None:
    maps = np.array([[[1.0, -3.0]], [[0.0, 0.0]]])
    assert normalised_mass(maps).tolist() == [[[0.25, 0.75]], [[0.5, 0.5]]]
