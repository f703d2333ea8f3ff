"""Comparison of maps: against plain numpy on fine pixels, and on maps small enough to see."""

from dataclasses import astuple, replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from skillviewer.core.analysis.analysis import MapKind, MapRect
from skillviewer.core.analysis.map_comparison import (
    FLOOR,
    MapNumbers,
    Partition,
    PlacedMaps,
    centres_of_mass,
    compare_maps,
    compare_video,
    compared_frames,
    correlation,
    difference_map,
    divergence,
    entropy,
    maps_at,
    mean_defined,
    on_common_grid,
    similarity,
    top_area,
    top_overlap,
)
from tests.core.analyses import make_analysis

AREAS = np.full((2, 5), 0.1)  # a tenth of the area is one cell
INNER = MapRect(0.25, 0.25, 0.75, 0.75)


def one_hot(row: int, column: int, shape: tuple[int, int] = (2, 5)) -> NDArray[np.float64]:
    values = np.zeros(shape)
    values[row, column] = 1
    return values


def placed(values: NDArray[Any], rect: MapRect | None = None) -> PlacedMaps:
    return PlacedMaps(values[None], rect if rect is not None else MapRect())


def pixels(values: NDArray[Any], rect: MapRect, n: int) -> NDArray[np.float64]:
    """Return the density of a map at n x n points of the picture, one by one."""
    h, w = values.shape
    p = np.abs(values) / np.abs(values).sum()
    out = np.zeros((n, n))
    for i in range(n):
        for j in range(n):
            y, x = (i + 0.5) / n, (j + 0.5) / n
            row = int(np.floor((y - rect.top) / (rect.bottom - rect.top) * h))
            column = int(np.floor((x - rect.left) / (rect.right - rect.left) * w))
            if 0 <= row < h and 0 <= column < w:
                area = (rect.bottom - rect.top) * (rect.right - rect.left) / (h * w)
                out[i, j] = p[row, column] / area
    return out


@pytest.mark.parametrize(
    ("grids", "rects"),
    [
        (((4, 4), (4, 4)), (MapRect(), MapRect())),
        (((7, 7), (14, 14)), (MapRect(), MapRect())),
        (((7, 7), (13, 13)), (MapRect(), MapRect(0.5 / 14, 0.5 / 14, 13.5 / 14, 13.5 / 14))),
        (((2, 3), (4, 2)), (MapRect(), INNER)),
    ],
)
def test_numbers_are_those_of_the_maps_painted_finely(
    grids: tuple[tuple[int, int], tuple[int, int]], rects: tuple[MapRect, MapRect]
) -> None:
    rng = np.random.default_rng(4)
    first, second = (rng.gamma(0.7, 1, grid) for grid in grids)
    n = 168  # every edge of every grid lies between two pixels
    p, q = pixels(first, rects[0], n), pixels(second, rects[1], n)
    found = compare_maps(placed(first, rects[0]), placed(second, rects[1]), aspect=1.5)[0]
    assert found.correlation == pytest.approx(np.corrcoef(p.ravel(), q.ravel())[0, 1], abs=1e-6)
    assert found.similarity == pytest.approx(np.minimum(p, q).mean(), abs=1e-6)
    a, b = (np.maximum(x / n**2, FLOOR / n**2) for x in (p, q))
    a, b = a / a.sum(), b / b.sum()
    assert found.divergence == pytest.approx((a * np.log(a / b)).sum(), abs=1e-6)
    assert found.divergence_back == pytest.approx((b * np.log(b / a)).sum(), abs=1e-6)
    at = (np.arange(n) + 0.5) / n
    dx, dy = ((x.sum(axis=axis) * at).sum() / n**2 for x, axis in ((p - q, 0), (p - q, 1)))
    assert found.centre_distance == pytest.approx(np.hypot(1.5 * dx, dy) / np.hypot(1.5, 1), abs=1e-6)
    tops = [np.sort(x.ravel())[::-1][: round(0.1 * n**2)] for x in (p, q)]
    # a limit within equal pixels holds a part of each of them
    held = []
    for x, top in zip((p, q), tops, strict=True):
        above = x > top[-1] + 1e-9
        equal = np.abs(x - top[-1]) <= 1e-9
        held.append(above + equal * (0.1 * n**2 - above.sum()) / equal.sum())
    assert found.top_overlap == pytest.approx(np.minimum(*held).sum() / (0.1 * n**2), abs=1e-4)
    for values, own in ((first, found.entropy), (second, found.entropy_other)):
        share = (values / values.sum()).ravel()
        assert own == pytest.approx(-sum(s * np.log(s) for s in share) / np.log(len(share)))


def test_maps_that_share_no_place_share_no_top() -> None:
    left, right = np.full((2, 13, 13), 1e-12)
    left[3, 3] = right[9, 9] = 1.0
    assert compare_maps(placed(left), placed(right))[0].top_overlap == 0
    both = left + right
    assert compare_maps(placed(left), placed(both))[0].top_overlap == pytest.approx(0.5)
    assert compare_maps(placed(both), placed(left))[0].top_overlap == pytest.approx(0.5)
    assert compare_maps(placed(left), placed(left))[0].top_overlap == 1


def test_a_map_and_itself() -> None:
    values = np.random.default_rng(0).uniform(0, 1, (5, 4))
    found = compare_maps(placed(values), placed(values))[0]
    expected = (1, 1, 0, 0, 1, 0, found.entropy, found.entropy)
    assert astuple(found) == pytest.approx(expected, abs=1e-12)


def test_maps_that_share_no_place() -> None:
    found = compare_maps(placed(one_hot(0, 0)), placed(one_hot(1, 4)), aspect=2.0)[0]
    assert found.correlation == pytest.approx(-1 / 9)
    assert (found.similarity, found.entropy) == (0, 0)
    assert found.top_overlap == pytest.approx(0, abs=1e-12)
    # the floor: 9 cells of a tenth of the area at FLOOR, and the full cell
    full, empty = 1 / (1 + 0.9 * FLOOR), 0.1 * FLOOR / (1 + 0.9 * FLOOR)
    assert found.divergence == pytest.approx((full - empty) * np.log(full / empty))
    assert found.centre_distance == pytest.approx(np.hypot(0.8 * 2, 0.5) / np.hypot(2, 1))


def test_chance_is_what_a_uniform_map_gets() -> None:
    even = np.full((2, 5), 0.1)
    found = compare_maps(placed(even), placed(one_hot(1, 2)))[0]
    assert np.isnan(found.correlation)
    assert found.similarity == pytest.approx(0.1)
    assert found.top_overlap == pytest.approx(0.1)
    assert (found.entropy, found.entropy_other) == pytest.approx((1, 0))
    itself = compare_maps(placed(even), placed(np.ones((1, 1))))[0]
    assert (itself.similarity, itself.top_overlap, itself.centre_distance) == pytest.approx((1, 1, 0))
    assert itself.entropy_other == 1


def test_functions_by_hand() -> None:
    p, q = np.zeros((2, 5)), np.zeros((2, 5))
    p[0, :2], q[0, 1:3] = 0.5, (0.25, 0.75)
    assert similarity(p, q) == 0.25
    # means 0.1; products: (.4*-.1, .4*.15, -.1*.65, 7 times -.1*-.1); squares 2*.16+8*.01 and .0225+.4225+8*.01
    assert correlation(p, q, AREAS) == pytest.approx((-0.04 + 0.06 - 0.065 + 0.07) / np.sqrt(0.4 * 0.525))
    assert divergence(p, p, AREAS) == pytest.approx(0)
    assert top_area(p, AREAS).tolist() == [[0.5, 0.5, 0, 0, 0], [0] * 5]  # two equal cells share a tenth
    np.testing.assert_allclose(top_area(q, AREAS, share=0.15), np.array([[0, 0.5, 1, 0, 0], [0] * 5]))
    assert top_overlap(p, q, AREAS) == 0  # q's tenth is its fullest cell alone
    np.testing.assert_allclose(
        centres_of_mass(np.stack([p, q]), Partition.of(MapRect(), (2, 5))), [[0.2, 0.25], [0.45, 0.25]]
    )
    assert entropy(p) == pytest.approx(np.log(2) / np.log(10))
    assert mean_defined([1.0, float("nan"), 3.0]) == 2
    assert np.isnan(mean_defined([]))


def test_signed_maps_count_by_size() -> None:
    values = np.random.default_rng(1).normal(size=(4, 4))
    found = compare_maps(placed(values), placed(np.abs(values) * 7))[0]
    assert (found.correlation, found.similarity) == pytest.approx((1, 1))


def test_common_grid_keeps_all_mass_of_maps_that_leave_the_picture() -> None:
    outside = MapRect(-0.5 / 14, -0.5 / 14, 14.5 / 14, 14.5 / 14)
    p, q, common = on_common_grid(placed(np.ones((15, 15)), outside), placed(one_hot(0, 0)))
    assert p.sum() == pytest.approx(1)
    assert q.sum() == pytest.approx(1)
    assert common.x[0] == pytest.approx(-0.5 / 14)


def test_difference_is_in_multiples_of_uniform() -> None:
    first, second = one_hot(0, 0, (7, 7)), np.ones((7, 7)) / 49
    found = difference_map(placed(first), placed(second))
    assert found.values.shape == (1, 56, 56)
    assert found.values.sum() == pytest.approx(0, abs=1e-9)
    np.testing.assert_allclose(found.values[0, :8, :8], 48)
    np.testing.assert_allclose(found.values[0, 8:, 8:], -1)
    coarse = difference_map(placed(np.ones((1, 1)), INNER), placed(np.ones((1, 1))), shape=(4, 4))
    assert coarse.rect == MapRect()
    np.testing.assert_allclose(coarse.values[0, 1:3, 1:3], 3)
    np.testing.assert_allclose(coarse.values[0, 0], -1)


def test_the_map_at_a_frame_is_that_of_the_last_sampled_frame_of_any_pass() -> None:
    analysis = make_analysis([[4, 8], [3, 7]])
    at = maps_at(analysis, np.array([3, 4, 6, 7, 19]))
    expected = [(1, 0), (0, 0), (0, 0), (1, 1), (0, 1)]
    np.testing.assert_array_equal(at.values, np.stack([analysis.attention[k, n] for k, n in expected]))
    with pytest.raises(ValueError, match="not looked yet at frame 2"):
        maps_at(analysis, np.array([2, 9]))


def test_a_video_is_compared_wherever_a_model_sampled() -> None:
    first, second = make_analysis([[4, 8, 15]]), make_analysis([[6, 15]], MapKind.GATE, grid=(4, 4), seed=1)
    assert compared_frames(first, second).tolist() == [6, 8, 15]
    found = compare_video(first, second)
    assert found.frames.tolist() == [6, 8, 15]
    assert found.kinds == (MapKind.DISTRIBUTION, MapKind.GATE)
    assert not found.same_kind
    for numbers, (n, m) in zip(found.numbers, [(0, 0), (1, 0), (2, 1)], strict=True):
        pair = compare_maps(
            PlacedMaps(first.attention[0, [n]], MapRect()), PlacedMaps(second.attention[0, [m]], MapRect()), 640 / 480
        )
        assert astuple(numbers) == pytest.approx(astuple(pair[0]))
    assert found.mean.similarity == pytest.approx(np.mean([n.similarity for n in found.numbers]))
    assert isinstance(found.mean, MapNumbers)


def test_kinds_are_the_same_only_where_both_are_maps() -> None:
    distribution = make_analysis([[4, 8]])
    assert compare_video(distribution, make_analysis([[4, 8]], seed=2)).same_kind
    none = make_analysis([[4, 8]], MapKind.NONE)
    assert not compare_video(none, none).same_kind


def test_nothing_is_compared_with_a_model_without_a_map() -> None:
    distribution, none = make_analysis([[4, 8]]), make_analysis([[4, 8]], MapKind.NONE)
    own = compare_video(distribution, distribution).mean.entropy
    for found, entropies in (
        (compare_video(distribution, none), [own, np.nan]),
        (compare_video(none, distribution), [np.nan, own]),
        (compare_video(none, none), [np.nan, np.nan]),
    ):
        assert found.frames.tolist() == [4, 8]
        assert len(found.numbers) == 2
        numbers = astuple(found.mean)
        assert np.isnan(numbers[:6]).all()
        assert np.array_equal(numbers[6:], entropies, equal_nan=True)


def test_two_videos_are_not_compared() -> None:
    first = make_analysis([[4, 8]])
    second = replace(first, video=replace(first.video, digest="1" * 64))
    with pytest.raises(ValueError, match="two videos"):
        compare_video(first, second)
