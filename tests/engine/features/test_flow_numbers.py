"""Numbers of the flow, from fields drawn by hand; the ridge on them, against its normal equations."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from skillviewer.core.dataset.pairs import Pair
from skillviewer.core.progress import CancelToken
from skillviewer.core.video.preprocessing import FlowSettings, Preprocessing
from skillviewer.engine.features.feature_cache import FeatureCache
from skillviewer.engine.features.feature_store import FeatureStore
from skillviewer.engine.features.flow_numbers import flow_numbers
from skillviewer.engine.features.frame_inputs import sampling_of, stream_inputs
from skillviewer.engine.features.frame_sources import FlowSource, feature_source
from skillviewer.engine.training.solve_all_pairs import solve_all_pairs
from skillviewer.media.flow.flow import quantise
from skillviewer.media.reading.reader import VideoReader
from skillviewer.nets.attention_models.motion_baseline import MotionModel
from skillviewer.nets.number_inputs import FLOW_NUMBERS
from skillviewer.nets.sizes import HeadSizes
from tests.videos import write_barcode_video

SIZES = HeadSizes(feature_channels=len(FLOW_NUMBERS), grid=(1, 1))


def numbers(*fields: np.ndarray) -> dict[str, float]:
    """Return the numbers of fields (h, w, 2), by name."""
    stack = np.concatenate([quantise(field.transpose(2, 0, 1), 20.0) for field in fields])
    return dict(zip(FLOW_NUMBERS, flow_numbers(stack, 20.0).tolist(), strict=True))


def shift(x: float, y: float) -> np.ndarray:
    return np.full((8, 8, 2), (x, y), dtype=np.float32)


def test_a_shifted_picture_has_one_speed_and_no_jerk() -> None:
    found = numbers(shift(3, 4), shift(3, 4), shift(3, 4))
    assert found["speed"] == pytest.approx(5, abs=0.15)
    assert found["peak"] == pytest.approx(5, abs=0.15)
    assert [found[name] for name in ("spread", "acceleration", "jerk", "still")] == pytest.approx([0] * 4, abs=1e-5)
    assert [found[name] for name in ("moving", "coherence")] == pytest.approx([1, 1], abs=1e-5)


def test_trembling_is_jerk_and_stillness_is_counted_by_field() -> None:
    found = numbers(shift(2, 0), shift(-2, 0), shift(2, 0), shift(0, 0))
    assert found["acceleration"] == pytest.approx((4 + 4 + 2) / 3, abs=0.2)
    assert found["jerk"] == pytest.approx((8 + 6) / 2, abs=0.4)
    assert (found["still"], found["moving"]) == (0.25, 0.75)
    half = shift(6, 0)
    half[:, :4] = 0
    apart = shift(6, 0)
    apart[:, :4, 0] = -6
    assert numbers(half)["moving"] == 0.5
    assert numbers(half)["spread"] == pytest.approx(3, abs=0.1)
    assert numbers(apart)["coherence"] == pytest.approx(0, abs=0.03)


def test_numbers_are_those_of_the_flow_and_are_kept(tmp_path: Path) -> None:
    path = write_barcode_video(tmp_path / "v.mp4", 20).path
    preprocessing = Preprocessing(n_segments=4, input_px=96, flow=FlowSettings("dis", length=4, short_side_px=48))
    cache = FeatureCache(tmp_path / "cache")
    features, _ = feature_source("efficientnet-lite0", preprocessing, torch.device("cpu"), "float32", cache)
    source = FlowSource(cache, preprocessing, features.extractor)
    with VideoReader(path) as reader:
        found = np.stack(source.passes(reader, 2, CancelToken()))
        sampling = sampling_of(reader.info, preprocessing, 2)
        (item,) = stream_inputs(reader, preprocessing, sampling.timeline, sampling.positions[1, 2:3])
        assert cache.count(source.recipe) == {reader.info.digest: 2}
        assert not cache.count(features.recipe), "features have keys of their own"
    assert found.shape == (2, 4, len(FLOW_NUMBERS), 1, 1)
    np.testing.assert_array_equal(found[1, 2, :, 0, 0], flow_numbers(item.flow, 20.0).astype(np.float16))
    assert source.frame_bytes == 16


def test_one_pass_over_a_video_gives_features_and_numbers_of_the_flow(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_barcode_video(tmp_path / "v.mp4", 20).path
    preprocessing = Preprocessing(n_segments=4, input_px=96, flow=FlowSettings("dis", length=4, short_side_px=48))
    caches = FeatureCache(tmp_path / "one"), FeatureCache(tmp_path / "two")
    one, two = (
        feature_source("efficientnet-lite0", preprocessing, torch.device("cpu"), "float32", c)[0] for c in caches
    )
    with VideoReader(path) as reader:
        exact = two.flow_source.passes(reader, 1, CancelToken())
        replace(one, caches_flow=True).passes(reader, 1, CancelToken())
        monkeypatch.setattr(VideoReader, "stream", None)  # the flow must not be computed again
        found = one.flow_source.passes(reader, 1, CancelToken())
    np.testing.assert_array_equal(found[0], exact[0])


def random_store(n: int, seed: int) -> FeatureStore:
    rng = np.random.default_rng(seed)
    return {f"v{i}": [rng.random((5, len(FLOW_NUMBERS), 1, 1)).astype(np.float16)] for i in range(n)}


@pytest.mark.parametrize(("share", "penalty"), [(0.0, 100.0), (0.5, 10**0.5), (1.0, 0.1)])
def test_the_ridge_solves_its_normal_equations(share: float, penalty: float) -> None:
    store = random_store(9, 1)
    pairs = [Pair("v3", "v1"), Pair("v0", "v8"), Pair("v2", "v7"), Pair("v5", "v4"), Pair("v6", "v1")]
    model = MotionModel(SIZES)
    solve_all_pairs(model, store, pairs, share, 0.5)
    with torch.inference_mode():
        states = model(torch.from_numpy(np.stack([np.float32(store[f"v{i}"][0]) for i in range(9)]))).task_state[:, -1]
    motion = states.double().numpy()
    scale = motion.std(axis=0, ddof=1)
    apart = np.stack([motion[int(p.better[1:])] - motion[int(p.worse[1:])] for p in pairs]) / scale
    expected = np.linalg.solve(apart.T @ apart / 5 + penalty * np.eye(12), apart.mean(axis=0)) / scale
    np.testing.assert_allclose(model.score.weight[0].detach().numpy(), expected, rtol=1e-4)
