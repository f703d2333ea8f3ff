"""What is to be seen at a frame: which map, from where, on which scale."""

from dataclasses import replace

import numpy as np
import pytest

from skillviewer.core.analysis.analysis import Analysis, MapKind
from skillviewer.core.analysis.map_style import ColourLimits, MapInterpolation, MapStyle
from skillviewer.core.analysis.scene import EVEN_SCALE, MapSource, display_limit, display_values, resolve
from tests.core.analyses import make_analysis, video_info

HELD, INTERPOLATED = MapStyle(between=MapInterpolation.HELD), MapStyle(between=MapInterpolation.INTERPOLATED)


@pytest.fixture
def one() -> Analysis:
    """One pass that samples frames 4 and 8."""
    return make_analysis([[4, 8]])


def test_nothing_before_the_first_sampled_frame(one: Analysis) -> None:
    for frame in range(4):
        scene = resolve(one, frame, INTERPOLATED)
        assert scene.source is MapSource.NOTHING
        assert scene.values is None
        assert (scene.sample, scene.sample_frame, scene.step, scene.age_s) == (-1, -1, -1, 0.0)
        assert np.isnan(scene.score)
        assert scene.low < scene.high


@pytest.mark.parametrize("map_style", [HELD, INTERPOLATED])
def test_own_map_at_a_sampled_frame(one: Analysis, map_style: MapStyle) -> None:
    for sample, frame in enumerate((4, 8)):
        scene = resolve(one, frame, map_style)
        assert scene.source is MapSource.OWN
        np.testing.assert_array_equal(scene.values, one.attention[0, sample] * np.float32(6))
        assert (scene.sample, scene.sample_frame, scene.step, scene.n_samples) == (sample, frame, sample, 2)
        assert scene.age_s == 0
        assert scene.score == one.score_curve[0, sample]
        assert scene.unit == "× uniform"


def test_held_map_and_its_age(one: Analysis) -> None:
    scene = resolve(one, 6, HELD)
    assert scene.source is MapSource.HELD
    np.testing.assert_array_equal(scene.values, one.attention[0, 0] * np.float32(6))
    assert scene.age_s == pytest.approx(0.2)
    assert scene.time_s == pytest.approx(0.6)
    last = resolve(one, 19, INTERPOLATED)  # nothing comes after: held, and said so
    assert last.source is MapSource.HELD
    assert last.age_s == pytest.approx(1.1)


def test_interpolated_by_time_not_by_frame() -> None:
    analysis = replace(make_analysis([[0, 2]], n_frames=3), video=video_info(np.array([0.0, 0.3, 0.4])))
    scene = resolve(analysis, 1, INTERPOLATED)
    assert scene.source is MapSource.INTERPOLATED
    first, second = analysis.attention[0].astype(np.float64) * 6
    assert scene.values is not None
    np.testing.assert_allclose(scene.values, 0.25 * first + 0.75 * second, rtol=1e-5)
    assert scene.score == analysis.score_curve[0, 0]


def test_several_passes_in_time_order_and_a_shared_frame_once() -> None:
    analysis = make_analysis([[4, 8], [3, 8]])
    assert analysis.in_time_order.tolist() == [[3, 1, 0], [4, 0, 0], [8, 0, 1]]
    scene = resolve(analysis, 8, HELD)
    np.testing.assert_array_equal(scene.values, analysis.attention[0, 1] * np.float32(6))
    assert scene.n_samples == 3
    assert resolve(analysis, 3, HELD).score == analysis.score_curve[1, 0]


def test_a_frame_outside_the_video_is_refused(one: Analysis) -> None:
    for frame in (-1, 20):
        with pytest.raises(ValueError, match="outside 0 to 19"):
            resolve(one, frame, HELD)


def test_limits_of_every_scale_for_a_distribution(one: Analysis) -> None:
    times_uniform = one.attention.astype(np.float64) * 6
    at_first = resolve(one, 5, MapStyle(scale=ColourLimits.FRAME))
    assert [at_first.low, at_first.high] == pytest.approx([0.0, times_uniform[0, 0].max()])
    video = resolve(one, 5, MapStyle(scale=ColourLimits.VIDEO))
    assert [video.low, video.high] == pytest.approx([0.0, times_uniform.max()])
    common = resolve(one, 5, MapStyle(scale=ColourLimits.COMMON, common_limit=7.5))
    assert (common.low, common.high) == (0.0, 7.5)


def test_limits_of_a_gate_are_0_and_1_over_the_video() -> None:
    gate = make_analysis([[4, 8]], MapKind.GATE)
    scene = resolve(gate, 5, MapStyle(scale=ColourLimits.VIDEO))
    assert (scene.low, scene.high, scene.unit) == (0.0, 1.0, "")
    np.testing.assert_array_equal(scene.values, gate.attention[0, 0])
    assert resolve(gate, 5, MapStyle(scale=ColourLimits.FRAME)).high == pytest.approx(float(gate.attention[0, 0].max()))


@pytest.mark.parametrize("scale", [ColourLimits.FRAME, ColourLimits.VIDEO, ColourLimits.COMMON])
def test_limits_of_a_signed_map_are_symmetric(scale: ColourLimits) -> None:
    signed = make_analysis([[4, 8]], MapKind.SIGNED)
    scene = resolve(signed, 5, MapStyle(scale=scale, common_limit=2.0))
    expected = {
        ColourLimits.FRAME: float(np.abs(signed.attention[0, 0]).max()),
        ColourLimits.VIDEO: float(np.abs(signed.attention).max()),
        ColourLimits.COMMON: 2.0,
    }[scale]
    assert [scene.low, scene.high] == pytest.approx([-expected, expected])
    assert signed.attention[0, 0].min() < 0  # the case is worth testing


def concentrated(peaks: list[float]) -> Analysis:
    """Return maps of 3 × 4 cells, one sampled frame each, with the given weight on one cell and the rest spread."""
    one = make_analysis([list(range(len(peaks)))])
    maps = np.empty((1, len(peaks), 3, 4), np.float32)
    for step, peak in enumerate(peaks):
        maps[0, step] = (1 - peak) / 11
        maps[0, step, step % 3, 1] = peak
    return replace(one, attention=maps)


def test_clipped_colours_end_where_all_but_a_tenth_of_the_frames_reach() -> None:
    analysis = concentrated([0.9, *[0.5] * 18, 0.3])
    scenes = [resolve(analysis, step, MapStyle()) for step in range(20)]
    assert [scene.high for scene in scenes] == pytest.approx([0.5 * 12] * 20)
    reached = [scene.values is not None and scene.values.max() >= scene.high * 0.999 for scene in scenes]
    assert sum(reached) == 19
    assert all(scene.clipped for scene in scenes)
    assert not resolve(analysis, 4, MapStyle(scale=ColourLimits.VIDEO)).clipped


def test_a_flat_map_is_called_flat_and_does_not_reach_the_end() -> None:
    analysis = concentrated([0.5] * 17 + [0.1] * 3)
    scene = resolve(analysis, 18, MapStyle())
    assert scene.is_flat
    assert scene.values is not None
    assert scene.values.max() < 0.9 * scene.high
    assert not resolve(analysis, 4, MapStyle()).is_flat


def test_clipped_limits_of_a_signed_map_are_symmetric() -> None:
    scene = resolve(make_analysis([[4, 8]], MapKind.SIGNED), 5, MapStyle())
    assert -scene.low == scene.high > 0


def test_a_model_without_a_map_shows_none_and_still_a_score() -> None:
    analysis = make_analysis([[4, 8]], MapKind.NONE)
    scene = resolve(analysis, 8, HELD)
    assert scene.values is None
    assert scene.source is MapSource.NOTHING
    assert scene.score == analysis.score_curve[0, 1]
    assert display_limit(analysis) == 1.0


def test_a_map_of_zeros_still_has_a_scale() -> None:
    flat = replace(make_analysis([[4, 8]], MapKind.SIGNED), attention=np.zeros((1, 2, 2, 3), dtype=np.float32))
    scene = resolve(flat, 4, MapStyle(scale=ColourLimits.FRAME))
    assert (scene.low, scene.high) == (-1.0, 1.0)


def test_uniform_is_one_in_display_units() -> None:
    uniform = np.full((7, 7), 1 / 49, dtype=np.float32)
    np.testing.assert_allclose(display_values(uniform, MapKind.DISTRIBUTION), 1.0, rtol=1e-6)
    np.testing.assert_array_equal(display_values(uniform, MapKind.GATE), uniform)


def test_values_are_read_only(one: Analysis) -> None:
    for frame, map_style in ((4, HELD), (6, HELD), (6, INTERPOLATED)):
        values = resolve(one, frame, map_style).values
        assert values is not None
        with pytest.raises(ValueError, match="read-only"):
            values[0, 0] = 1


def test_a_partial_analysis_resolves(one: Analysis) -> None:
    part = replace(
        one,
        samples=one.samples[:, :1],
        attention=one.attention[:, :1],
        task_state=one.task_state[:, :1],
        score_curve=one.score_curve[:, :1],
        segment_stops=one.segment_stops[:1],
    )
    scene = resolve(part, 12, INTERPOLATED)
    assert scene.source is MapSource.HELD
    assert (scene.sample_frame, scene.n_samples) == (4, 1)


def test_frame_sampled_in_several_steps_shows_the_last_of_them() -> None:
    short = make_analysis([[0, 0, 1, 1], [0, 0, 1, 1]], n_frames=3)
    assert [resolve(short, frame, HELD).step for frame in (0, 1, 2)] == [1, 3, 3]
    assert resolve(short, 2, HELD).score == short.score_curve[0, -1]
    assert resolve(short, 0, HELD).n_samples == 2


def spread(entropy: float, n_cells: int = 169) -> Analysis:
    """Return an analysis whose maps have one large cell and a given share of the greatest entropy."""

    def of(peak: float) -> float:
        rest = (1 - peak) / (n_cells - 1)
        return float(-(peak * np.log(peak) + (n_cells - 1) * rest * np.log(rest)) / np.log(n_cells))

    low, high = 1 / n_cells, 1 - 1e-9
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if of(middle) > entropy else (low, middle)
    base, side = make_analysis([[4, 8]], grid=(13, 13)), 13
    maps = np.full((1, 2, n_cells), (1 - low) / (n_cells - 1), np.float32)
    maps[..., 40] = low
    return replace(base, attention=maps.reshape(1, 2, side, side))


def test_evenly_spread_maps_are_told_by_their_entropy() -> None:
    assert spread(0.955).spread_evenly
    assert not spread(0.945).spread_evenly
    assert not replace(spread(0.98), map_kind=MapKind.SIGNED).spread_evenly
    assert not make_analysis([[4, 8]], grid=(1, 1)).spread_evenly


@pytest.mark.parametrize("scale", [ColourLimits.VIDEO, ColourLimits.FRAME])
def test_evenly_spread_maps_are_not_drawn_with_structure(scale: ColourLimits) -> None:
    """The largest cell of an even map lies at a fifth of the scale; that of another one at its end."""
    for entropy, share in ((0.98, 1 / EVEN_SCALE), (0.8, 1.0)):
        scene = resolve(spread(entropy), 4, MapStyle(scale=scale))
        assert scene.values is not None
        assert float(scene.values.max()) / scene.high == pytest.approx(share)
        assert scene.is_spread_evenly is (entropy > 0.9)
    asked = resolve(spread(0.98), 4, MapStyle(scale=ColourLimits.COMMON, common_limit=3.0))
    assert (asked.low, asked.high) == (0.0, 3.0)
