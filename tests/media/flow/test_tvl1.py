"""TV-L1 against OpenCV's DualTVL1OpticalFlow on pairs whose flow is known."""

import threading

import cv2
import numpy as np
import pytest

from benchmarks.known_flow import KnownPair, known_pairs
from skillviewer.core.arrays import Float32Array, RGBImage
from skillviewer.media.flow.flow import quantise, tvl1
from skillviewer.media.flow.tvl1 import PRESETS, TVL1Parameters, pyramid, solve

SMOOTH, LAYERED, _ = known_pairs(120, 160)


def oracle(first: RGBImage, second: RGBImage, p: TVL1Parameters) -> Float32Array:
    found = cv2.optflow.DualTVL1OpticalFlow_create(  # type: ignore[attr-defined]
        p.tau, p.data_weight, p.theta, p.n_scales, p.n_warps, p.epsilon_px, p.n_inner, p.n_outer, p.scale_step, 0.0,
        p.median, False,
    )  # fmt: skip
    return np.asarray(found.calc(first, second, None), dtype=np.float32)


def within_one_level(a: Float32Array, b: Float32Array) -> float:
    levels = np.abs(quantise(a, 20).astype(np.int64) - quantise(b, 20).astype(np.int64))
    return float((levels <= 1).mean())


def test_our_defaults_are_those_of_opencv() -> None:
    theirs = cv2.optflow.DualTVL1OpticalFlow_create()  # type: ignore[attr-defined]
    p = PRESETS["tvl1"]
    assert p.tau == theirs.getTau()
    assert p.data_weight == theirs.getLambda()
    assert p.theta == theirs.getTheta()
    assert p.n_scales == theirs.getScalesNumber()
    assert p.n_warps == theirs.getWarpingsNumber()
    assert p.epsilon_px == theirs.getEpsilon()
    assert p.n_inner == theirs.getInnerIterations()
    assert p.n_outer == theirs.getOuterIterations()
    assert p.scale_step == theirs.getScaleStep()
    assert p.median == theirs.getMedianFiltering()
    assert theirs.getGamma() == 0
    assert not theirs.getUseInitialFlow()


@pytest.mark.parametrize("pair", [SMOOTH, LAYERED], ids=lambda pair: pair.name)
@pytest.mark.parametrize("preset", PRESETS)
def test_equals_opencv(pair: KnownPair, preset: str) -> None:
    ours = tvl1(pair.first, pair.second, preset)
    theirs = oracle(pair.first, pair.second, PRESETS[preset])
    assert pair.error_px(ours) == pytest.approx(pair.error_px(theirs), abs=0.005)
    assert within_one_level(ours, theirs) > 0.995
    assert pair.error_px(ours) < 0.4


@pytest.mark.slow
def test_large_motion_needs_the_steep_pyramid() -> None:
    pair = known_pairs(256, 340)[2]
    fast = tvl1(pair.first, pair.second, "tvl1-fast")
    assert within_one_level(fast, oracle(pair.first, pair.second, PRESETS["tvl1-fast"])) > 0.95
    assert pair.error_px(fast, border_px=20) < 0.3
    assert pair.error_px(tvl1(pair.first, pair.second), border_px=20) > 2


def test_without_median_and_with_another_pyramid_equals_opencv() -> None:
    parameters = TVL1Parameters(median=1, n_scales=3, scale_step=0.6, n_warps=2, n_outer=2, tau=0.2, theta=0.25)
    levels = [pyramid(picture, parameters) for picture in (SMOOTH.first, SMOOTH.second)]
    ours = solve(levels[0], levels[1], parameters)
    assert within_one_level(ours, oracle(SMOOTH.first, SMOOTH.second, parameters)) > 0.99


def test_pyramid_ends_before_levels_too_small() -> None:
    p = PRESETS["tvl1"]
    assert [level.shape for level in pyramid(np.zeros((30, 40), np.uint8), p)] == [(30, 40), (24, 32), (19, 26)]
    assert len(pyramid(np.zeros((256, 340), np.uint8), p)) == 5


def test_still_pictures_do_not_move() -> None:
    assert np.abs(tvl1(SMOOTH.first, SMOOTH.first)).max() < 1e-6


@pytest.mark.parametrize("shape", [(1, 1), (1, 40), (40, 1), (2, 3), (5, 7), (16, 17), (33, 16)])
@pytest.mark.parametrize("preset", PRESETS)
def test_any_size(shape: tuple[int, int], preset: str) -> None:
    rng = np.random.default_rng(1)
    first, second = rng.integers(0, 256, (2, *shape), dtype=np.uint8)
    found = tvl1(first, second, preset)
    assert found.shape == (*shape, 2)
    assert np.isfinite(found).all()


def test_transposed_pictures_give_transposed_flow() -> None:
    """x and y are treated alike, and neither is the other."""
    straight = tvl1(SMOOTH.first, SMOOTH.second, "tvl1-fast")
    turned = tvl1(np.ascontiguousarray(SMOOTH.first.T), np.ascontiguousarray(SMOOTH.second.T), "tvl1-fast")
    assert np.abs(turned.transpose(1, 0, 2)[..., ::-1] - straight).mean() < 0.02


def test_same_pictures_same_flow_also_in_threads() -> None:
    expected = tvl1(LAYERED.first, LAYERED.second)
    found: dict[int, Float32Array] = {}

    def run(i: int) -> None:
        found[i] = tvl1(LAYERED.first, LAYERED.second)

    threads = [threading.Thread(target=run, args=(i,)) for i in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(np.array_equal(found[i], expected) for i in range(3))


def test_pictures_that_are_views_or_read_only() -> None:
    first, second = SMOOTH.first[::2, ::2], SMOOTH.second[::2, ::2]
    frozen = first.copy()
    frozen.flags.writeable = False
    assert np.array_equal(tvl1(first, second), tvl1(frozen, second.copy()))
