"""The pointing game and energy in a region, on maps and regions small enough to see."""

import numpy as np
import pytest

from benchmarks.pointing import localise_analysis
from skillviewer.core.analysis.analysis import MapKind, MapRect
from skillviewer.core.evaluation.localisation import (
    CENTRE,
    CONSTANT,
    CONSTANT_STEP,
    CONTROLS,
    OTHER_VIDEO,
    OWN,
    UNIFORM,
    Geometry,
    Region,
    cells_near,
    centred_gaussian,
    covered_shares,
    energy,
    entropy,
    hit,
    localise,
    merge_localisations,
    target_cells,
    weight_near,
)
from tests.core.analyses import make_analysis

WHOLE = Geometry(rows=4, columns=4, rect=MapRect(), width_px=80, height_px=40)  # cells of 20 x 10 pixels


def one_hot(row: int, column: int, shape: tuple[int, int] = (4, 4)) -> np.ndarray:
    values = np.zeros(shape)
    values[row, column] = 1
    return values


@pytest.mark.parametrize(
    ("x_px", "y_px", "cell"),
    [(0, 0, (0, 0)), (19.9, 9.9, (0, 0)), (20, 10, (1, 1)), (79.9, 39.9, (3, 3)), (45, 31, (3, 2))],
)
def test_a_point_lies_in_one_cell(x_px: float, y_px: float, cell: tuple[int, int]) -> None:
    np.testing.assert_array_equal(covered_shares([Region.point(x_px, y_px)], WHOLE), one_hot(*cell))


def test_a_box_covers_shares_of_cells() -> None:
    covered = covered_shares([Region(10, 5, 40, 20)], WHOLE)
    expected = np.zeros((4, 4))
    expected[:2, :2] = [[0.25, 0.5], [0.5, 1.0]]
    np.testing.assert_allclose(covered, expected)


def test_several_regions_and_those_that_are_not_to_be_seen() -> None:
    nowhere = [Region.point(-3, 5), Region.point(80, 5), Region.point(5, 44), Region.point(float("nan"), 5)]
    assert not covered_shares(nowhere, WHOLE).any()
    both = covered_shares([Region.point(5, 5), Region.point(75, 35), *nowhere], WHOLE)
    np.testing.assert_array_equal(both, one_hot(0, 0) + one_hot(3, 3))


def test_a_box_that_ends_where_the_picture_begins_is_not_seen() -> None:
    assert not covered_shares([Region(-5, 10, 0, 20), Region(10, -5, 20, 0)], WHOLE).any()
    assert covered_shares([Region(-5, 10, 0.5, 20)], WHOLE).any()


def test_a_map_that_covers_a_part_of_the_picture() -> None:
    # 13 x 13 in [16, 432] of 448, as without padding at stride 1
    rect = MapRect(16 / 448, 16 / 448, 432 / 448, 432 / 448)
    inner = Geometry(13, 13, rect, 448, 448)
    np.testing.assert_array_equal(covered_shares([Region.point(224, 16)], inner), one_hot(0, 6, (13, 13)))
    np.testing.assert_array_equal(covered_shares([Region.point(47.9, 48)], inner), one_hot(1, 0, (13, 13)))
    # in the margin that no cell covers: the nearest cell
    np.testing.assert_array_equal(covered_shares([Region.point(447, 3)], inner), one_hot(0, 12, (13, 13)))


def test_tolerance_is_in_cells_with_diagonals() -> None:
    cells = target_cells(covered_shares([Region.point(5, 15)], WHOLE), 1)  # cell (1, 0)
    expected = np.zeros((4, 4), dtype=bool)
    expected[:3, :2] = True
    np.testing.assert_array_equal(cells, expected)
    assert target_cells(one_hot(0, 0), 3).all()
    assert target_cells(one_hot(0, 0), 0).sum() == 1


def test_hit_or_miss_and_ties() -> None:
    cells = target_cells(one_hot(1, 1), 0)
    assert hit(one_hot(1, 1), cells) == 1
    assert hit(one_hot(1, 2), cells) == 0
    assert hit(-3 * one_hot(1, 1) + 2 * one_hot(1, 2), cells) == 1  # the larger magnitude
    assert hit(one_hot(1, 1) + one_hot(1, 2), cells) == 0.5
    assert hit(np.full((4, 4), 0.0625), cells) == 1 / 16


def test_energy_by_hand() -> None:
    values = np.arange(16.0).reshape(4, 4)
    assert energy(values, one_hot(3, 3)) == pytest.approx(15 / 120)
    assert energy(-values, one_hot(3, 3) * 0.5) == pytest.approx(7.5 / 120)
    assert np.isnan(energy(np.zeros((4, 4)), one_hot(0, 0)))


def test_centred_gaussian_is_of_the_picture_not_of_the_map() -> None:
    gaussian = centred_gaussian(WHOLE)
    np.testing.assert_allclose(gaussian, gaussian[::-1, ::-1])
    # cell centres at 3/8 and 1/8 of a side, sd a quarter of it: exp(-(1/8)^2 / (2/16)) and exp(-(3/8)^2 / (2/16))
    assert gaussian[1, 1] == pytest.approx(np.exp(-2 * (1 / 64) / (2 / 16)))
    assert gaussian[0, 0] == pytest.approx(np.exp(-2 * (9 / 64) / (2 / 16)))
    left_half = centred_gaussian(Geometry(1, 2, MapRect(0, 0, 0.5, 1), 80, 40))
    assert left_half[0, 1] > left_half[0, 0]


def test_the_game_by_hand() -> None:
    maps = np.stack([one_hot(0, 0), one_hot(3, 3), one_hot(0, 3), one_hot(2, 2)])
    regions = {10: [Region.point(5, 5)], 20: [Region.point(5, 5)], 30: [Region.point(50, 5)], 40: [Region.point(-9, 0)]}
    strict = localise(maps, [10, 20, 30, 40], regions, MapRect(), (80, 40), tolerance=0)
    assert strict.frames.tolist() == [10, 20, 30]  # the region of frame 40 is not in the picture
    assert strict.hits.tolist() == [1, 0, 0]
    assert strict.hits_uniform.tolist() == [1 / 16] * 3
    assert strict.hits_centre.tolist() == [0, 0, 0]
    assert strict.energies.tolist() == [1, 0, 0]
    assert strict.times_chance == pytest.approx((1 / 3) * 16)
    loose = localise(maps, [10, 20, 30, 40], regions, MapRect(), (80, 40), tolerance=1)
    assert loose.hits.tolist() == [1, 0, 1]
    assert loose.hits_uniform.tolist() == [4 / 16, 4 / 16, 6 / 16]
    # the four middle cells tie: one of them is near the corner, and (1, 1) and (1, 2) are near column 2 of row 0
    assert loose.hits_centre.tolist() == [0.25, 0.25, 0.5]
    assert loose.energies_uniform.tolist() == [4 / 16, 4 / 16, 6 / 16]


def test_a_box_without_tolerance_counts_what_it_covers() -> None:
    game = localise(np.ones((1, 4, 4)), [0], {0: [Region(10, 5, 40, 20)]}, MapRect(), (80, 40), tolerance=0)
    assert game.energies[0] == pytest.approx(2.25 / 16)
    assert game.hits[0] == pytest.approx(4 / 16)


def test_a_uniform_map_gets_chance() -> None:
    rng = np.random.default_rng(0)
    regions = {i: [Region.point(*rng.uniform(0, 40, 2))] for i in range(50)}
    game = localise(np.full((50, 7, 7), 1 / 49), range(50), regions, MapRect(), (80, 40))
    assert game.times_chance == pytest.approx(1)
    assert game.energy_times_uniform == pytest.approx(1)


def test_an_analysis_plays_with_all_passes() -> None:
    analysis = make_analysis([[4, 8], [3, 8]], grid=(4, 4))
    regions = {frame: [Region.point(5, 5)] for frame in (3, 4)}
    game = localise_analysis(analysis, regions, tolerance=0)
    assert sorted(game.frames.tolist()) == [3, 4]
    expected = [float(m[0, 0] / m.sum()) for m in (analysis.attention[0, 0], analysis.attention[1, 0])]
    np.testing.assert_allclose(game.energies, expected, rtol=1e-5)


def test_a_model_without_a_map_is_at_chance() -> None:
    game = localise_analysis(make_analysis([[4, 8]], MapKind.NONE, grid=(4, 4)), {4: [Region.point(5, 5)]})
    assert game.times_chance == 1


def test_no_regions_no_frames() -> None:
    game = localise_analysis(make_analysis([[4, 8]]), {})
    assert game.n_frames == 0
    assert np.isnan(game.times_chance)
    assert np.isnan(game.energy_times_uniform)


def test_videos_together() -> None:
    maps, regions = np.stack([one_hot(0, 0)]), {0: [Region.point(5, 5)]}
    near = localise(maps, [0], regions, MapRect(), (80, 40), 0)
    far = localise(maps, [0], {0: [Region.point(75, 35)]}, MapRect(), (80, 40), 0)
    assert merge_localisations([near, far]).hits.tolist() == [1, 0]
    with pytest.raises(ValueError, match="read-only"):
        near.hits[0] = 0


def test_cells_near_regions_frame_by_frame() -> None:
    regions = {3: (Region.point(5, 5),), 4: (Region.point(75, 35), Region.point(-9, 0)), 5: (Region.point(-9, 0),)}
    rows = cells_near([3, 4, 5, 6], regions, WHOLE, 1)
    expected = np.zeros((2, 4, 4))
    expected[0, :2, :2] = expected[1, 2:, 2:] = 1
    np.testing.assert_array_equal(rows[:2], expected.reshape(2, 16))
    assert np.isnan(rows[2:]).all()
    np.testing.assert_array_equal(cells_near([3], regions, WHOLE, 0)[0], one_hot(0, 0).ravel())


def test_entropy_of_maps() -> None:
    assert entropy(np.full((2, 3, 3), -0.5)) == pytest.approx(1)
    assert entropy(one_hot(1, 2)[None]) == pytest.approx(0)
    two = one_hot(0, 0) + one_hot(3, 3)
    assert entropy(np.stack([two, 7 * two, np.zeros((4, 4))])) == pytest.approx(np.log(2) / np.log(16))
    assert np.isnan(entropy(np.zeros((2, 3, 3))))
    assert np.isnan(entropy(np.ones((2, 1, 1))))


def test_weight_near_regions_and_that_of_maps_which_see_no_frame() -> None:
    """Against sums written out, on random maps and cells; one frame shows no region."""
    rng = np.random.default_rng(5)
    n, shape = 3, (2, 3)
    maps = {name: rng.normal(size=(n, *shape)) for name in ("p", "q", "r")}
    cells = {name: (rng.random((n, 6)) < 0.4).astype(float) for name in ("p", "q", "r", "t", "u", "v")}
    cells["q"][1] = cells["t"][2] = np.nan
    found = weight_near(maps, cells, ["t", "u", "v"], centred_gaussian(Geometry(*shape, MapRect(), 60, 40)))
    assert set(found) == {OWN, *CONTROLS}
    near_by_cell = [sum(cells[x][t][i] for x in "tuv" for t in range(n) if not (x == "t" and t == 2)) for i in range(6)]
    best = max(range(6), key=lambda i: near_by_cell[i])
    for name in maps:
        sums: dict[str, list[float]] = {what: [] for what in found}
        for t in range(n):
            if name == "q" and t == 1:
                continue
            by_step = [sum(cells[x][t][i] for x in "tuv" if not (x == "t" and t == 2)) for i in range(6)]
            others = [np.abs(maps[x][t]).ravel() / np.abs(maps[x][t]).sum() for x in maps if x != name]
            own = np.abs(maps[name][t]).ravel() / np.abs(maps[name][t]).sum()
            gaussian = centred_gaussian(Geometry(*shape, MapRect(), 60, 40)).ravel()
            sums[OWN].append(sum(own[i] * cells[name][t][i] for i in range(6)))
            sums[UNIFORM].append(sum(cells[name][t]) / 6)
            sums[CENTRE].append(sum(gaussian * cells[name][t]) / gaussian.sum())
            sums[CONSTANT].append(cells[name][t][best])
            sums[CONSTANT_STEP].append(cells[name][t][max(range(6), key=lambda i: by_step[i])])
            sums[OTHER_VIDEO].append(np.mean([sum(other * cells[name][t]) for other in others]))
        for what, values in sums.items():
            assert found[what][name] == pytest.approx(np.mean(values)), what


def test_videos_with_other_numbers_of_steps_are_held_against_the_same_share_of_a_video() -> None:
    """A video whose steps all stand there twice has the numbers that it had, and so have the others."""
    rng = np.random.default_rng(6)
    maps = {name: rng.random((3, 2, 3)) for name in "pqr"}
    cells = {name: (rng.random((3, 6)) < 0.4).astype(float) for name in "pqrtu"}
    expected = weight_near(maps, cells, ["t", "u"], np.ones((2, 3)))
    for given in (maps, cells):
        given["q"] = np.repeat(given["q"], 2, axis=0)
    found = weight_near(maps, cells, ["t", "u"], np.ones((2, 3)))
    for what, shares in expected.items():
        assert found[what] == pytest.approx(shares), what


def test_a_single_video_has_no_other_to_be_held_against() -> None:
    found = weight_near({"p": np.ones((1, 2, 2))}, {"p": np.eye(4)[:1]}, [], np.ones((2, 2)))
    assert np.isnan(found[OTHER_VIDEO]["p"])
    assert found[OWN]["p"] == found[UNIFORM]["p"] == pytest.approx(1 / 4)
