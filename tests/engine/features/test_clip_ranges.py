"""Stretches of long videos: nothing outside one is looked at, and features of two stretches are never mixed up."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from skillviewer.core.arrays import IntArray
from skillviewer.core.dataset.dataset import Dataset, DatasetVideo
from skillviewer.core.dataset.pairs import Pair
from skillviewer.core.errors import CheckpointError, DatasetError
from skillviewer.core.explanation.moments import find_moments
from skillviewer.core.progress import NEVER, CancelToken, silent
from skillviewer.core.video.clips import FrameRange, TimeRange
from skillviewer.core.video.preprocessing import Preprocessing
from skillviewer.data.analysis_file import load_analysis, save_analysis
from skillviewer.engine.features.feature_cache import FeatureCache
from skillviewer.engine.features.frame_inputs import sampling_of, stream_inputs
from skillviewer.engine.features.video_facts import facts_of, time_store
from skillviewer.engine.inference.engine import Engine
from skillviewer.engine.inference.model_cache import ModelCache
from skillviewer.engine.training.train_checkpoint import TrainingResources, train_checkpoint
from skillviewer.engine.training.trainer import TrainingControl
from skillviewer.engine.training.training_plan import TrainingPlan
from skillviewer.media.reading.frame_converter import DecodedFrame
from skillviewer.media.reading.reader import VideoReader
from skillviewer.nets.sizes import HeadSizes
from tests.checkpoints import PREPROCESSING, SIZES, tiny_checkpoint
from tests.core.analyses import video_info
from tests.videos import read_barcode, write_barcode_video

STRETCH = FrameRange(23, 61)
SLOW = replace(PREPROCESSING, rate_hz=10.0)
EVEN = replace(PREPROCESSING, sampling="even")


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One recording of 96 frames at 30 Hz, whose frames carry their number."""
    return write_barcode_video(tmp_path_factory.mktemp("recording") / "long.mp4", 96).path


@pytest.mark.parametrize("preprocessing", [PREPROCESSING, SLOW, EVEN])
@pytest.mark.parametrize("clip_range", [STRETCH, TimeRange(23 / 30, 60 / 30), FrameRange(88, 91), FrameRange(0, 7)])
def test_what_is_decoded_lies_inside(
    film: Path, preprocessing: Preprocessing, clip_range: FrameRange | TimeRange, monkeypatch: pytest.MonkeyPatch
) -> None:
    decoded: list[int] = []
    with VideoReader(film) as reader:
        inside = clip_range.frames(reader.info)
        whole = reader.stream

        def noting(frames: IntArray, token: CancelToken = NEVER) -> Iterator[DecodedFrame]:
            decoded.extend(frames.tolist())
            return whole(frames, token)

        monkeypatch.setattr(reader, "stream", noting)
        sampling = sampling_of(reader.info, preprocessing, 2, clip_range)
        inputs = list(
            stream_inputs(reader, preprocessing, sampling.timeline, np.unique(sampling.positions), size=(160, 96))
        )
    shown = [read_barcode(item.rgb) for item in inputs]
    assert shown == sorted({int(frame) for frame in sampling.frames.ravel()})
    assert set(shown) <= set(decoded) <= set(inside)
    assert sampling.timeline[0] == inside.start
    assert sampling.segment_stops[-1] == inside.stop


@pytest.mark.parametrize("preprocessing", [PREPROCESSING, EVEN])
def test_a_stretch_is_sampled_as_a_video_cut_to_it(film: Path, tmp_path: Path, preprocessing: Preprocessing) -> None:
    cut = write_barcode_video(tmp_path / "cut.mp4", 38).path
    with VideoReader(film) as reader, VideoReader(cut) as other:
        inside = sampling_of(reader.info, preprocessing, 3, STRETCH)
        alone = sampling_of(other.info, preprocessing, 3)
    np.testing.assert_array_equal(inside.frames, alone.frames + 23)
    np.testing.assert_array_equal(inside.segment_stops, alone.segment_stops + 23)


def test_even_looks_at_every_part_of_an_attempt_in_a_video_of_uneven_rate() -> None:
    # 10 frames a second, then 50: on a clock of 10 Hz every half second has five positions, whatever was recorded
    times = np.concatenate([np.arange(20) / 10, 2 + np.arange(100) / 50])
    sampling = sampling_of(video_info(times, end_s=4.0), replace(EVEN, rate_hz=10.0), 1, TimeRange(0.5, 3.5))
    seen_s = times[sampling.frames[0]]
    # thirty positions 0.1 s apart from 0.5 s on, of which every sixth is the last of a part
    np.testing.assert_allclose(seen_s, [1.0, 1.6, 2.2, 2.8, 3.4])
    np.testing.assert_allclose(times[sampling.segment_stops - 1], [1.0, 1.6, 2.28, 2.88, 3.48])


def test_the_whole_video_as_a_stretch_shares_its_features(film: Path) -> None:
    with VideoReader(film) as reader:
        assert sampling_of(reader.info, PREPROCESSING, 1, FrameRange(0, 96)).cache_key == ()
        first, second = (sampling_of(reader.info, PREPROCESSING, 1, FrameRange(at, at + 30)) for at in (10, 50))
    np.testing.assert_array_equal(first.positions, second.positions)  # only the key tells them apart
    assert first.cache_key != second.cache_key


def test_scores_of_stretches(film: Path, tmp_path: Path) -> None:
    folder = tiny_checkpoint(tmp_path / "tiny").folder
    with Engine.open(folder, device="cpu", cache=FeatureCache(tmp_path / "features")) as engine:
        analysis = engine.assess(film, clip_range=STRETCH)
        again, other = engine.assess(film, clip_range=STRETCH), engine.assess(film, clip_range=FrameRange(50, 88))
        with pytest.raises(DatasetError, match="starts at frame 200"):
            engine.assess(film, clip_range=FrameRange(200, 220))
        found = engine.explain(analysis)
        assert found.belongs_to(analysis)
        assert not found.belongs_to(other)
        assert not found.belongs_to(replace(analysis, clip_range=None))
        assert found.baseline + found.contributions.sum() + found.remainder == pytest.approx(analysis.score, abs=1e-5)
        assert found.score == pytest.approx(analysis.score, abs=1e-5)
        with pytest.raises(CheckpointError, match="did not look at the frames"):
            engine.explain(replace(analysis, clip_range=None))
        with ModelCache(device="cpu", cache=FeatureCache(tmp_path / "features")) as model_cache:
            assert model_cache.assess(folder, film, clip_range=STRETCH).score == analysis.score
    assert (analysis.frames, analysis.clip_range) == (range(23, 61), STRETCH)
    assert (analysis.start_s, analysis.stop_s) == pytest.approx((23 / 30, 61 / 30))
    (first, *_), others = find_moments(analysis, found), find_moments(other)
    assert first.start_frame >= 23
    assert all(50 <= m.start_frame < m.stop_frame <= 88 for m in others)
    save_analysis(analysis, tmp_path / "kept.npz")
    kept = load_analysis(tmp_path / "kept.npz")
    assert (kept.clip_range, kept.frames) == (STRETCH, range(23, 61))
    assert analysis.samples.min() >= 23
    assert analysis.samples.max() < 61
    assert analysis.score == again.score != other.score


@pytest.fixture
def dataset(film: Path) -> Dataset:
    """Eight attempts of four people in one recording; a ninth lies behind its end."""
    names = [f"{who}{take}" for who in "abcd" for take in (1, 2)]
    videos = [
        DatasetVideo(name, film, name[0], clip_range=FrameRange(11 * i, 11 * i + 10)) for i, name in enumerate(names)
    ]
    return Dataset(
        name="long",
        form="best",
        task="test",
        videos=(*videos, DatasetVideo("e1", film, "e", clip_range=FrameRange(900, 950))),
        pairs=tuple(Pair(names[j], names[i]) for i in range(8) for j in range(i + 1, 8)),
    )


def test_what_is_known_of_an_attempt_is_of_its_stretch(dataset: Dataset) -> None:
    facts, problems = facts_of(dataset, PREPROCESSING, CancelToken(), silent)
    assert [problem for problem in problems if problem.startswith("e1: ")] == problems != []
    assert len({one.digest for one in facts.values()}) == 8
    for i, video in enumerate(dataset.videos[:8]):
        assert 11 * i <= min(facts[video.name].frames) <= max(facts[video.name].frames) < 11 * i + 10
        assert float(time_store(facts)[video.name][0].max()) < 10 / 30  # time runs from the start of the attempt


@pytest.mark.slow
def test_a_model_is_trained_on_stretches(dataset: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def sizes(_plan: TrainingPlan) -> HeadSizes:
        return replace(SIZES, standardise=True)

    monkeypatch.setattr(TrainingPlan, "sizes", sizes)
    plan = TrainingPlan(preprocessing=PREPROCESSING, candidates=2, epochs=1)
    cache = FeatureCache(tmp_path / "features")
    result = train_checkpoint(
        plan, dataset, tmp_path / "m", TrainingControl(CancelToken()), TrainingResources(cache, "cpu")
    )
    assert result.checkpoint.card.n_videos == 6
    assert len(cache.entries()) == 8  # in so few frames both candidates are the same
    assert any("e1" in problem or "900" in problem for problem in result.problems)
