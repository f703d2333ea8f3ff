"""Assessing a video: the right frames, the same numbers by every way, progress, cancel, warnings, errors."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from skillviewer.core.analysis.analysis import Analysis, MapKind
from skillviewer.core.analysis.familiarity import TrainingFeatureStats
from skillviewer.core.errors import Cancelled, CheckpointError, DeviceError, VideoError
from skillviewer.core.progress import CancelToken, Progress
from skillviewer.core.video.info import sample_positions
from skillviewer.core.video.preprocessing import FlowSettings
from skillviewer.engine.features.extractor import FeatureExtractor, local_backbone_weights
from skillviewer.engine.features.feature_cache import FeatureCache
from skillviewer.engine.features.frame_inputs import sampling_of, stream_inputs
from skillviewer.engine.inference.engine import Engine
from skillviewer.media.flow.flow import dis, grey_size, quantise
from skillviewer.media.reading.reader import VideoReader
from skillviewer.nets.backbones.backbone_weights import stream_state
from skillviewer.nets.backbones.backbones import backbone
from skillviewer.nets.backbones.two_stream import FLOW_ACROSS_MODALITIES, appearance_input, motion_input
from skillviewer.nets.checkpoint import load_checkpoint
from tests.checkpoints import PREPROCESSING, tiny_checkpoint
from tests.videos import read_barcode, write_barcode_video


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_barcode_video(tmp_path_factory.mktemp("video") / "v.mp4", 40).path


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_checkpoint(tmp_path_factory.mktemp("models") / "tiny").folder


@pytest.fixture
def engine(folder: Path, tmp_path: Path) -> Engine:
    return Engine.open(folder, device="cpu", cache=FeatureCache(tmp_path / "features"))


def same(a: Analysis, b: Analysis) -> bool:
    names = ("samples", "attention", "task_state", "score_curve", "segment_stops")
    return all(np.array_equal(getattr(a, name), getattr(b, name)) for name in names)


def test_streamed_inputs_are_the_sampled_frames_and_their_flow(video: Path) -> None:
    with VideoReader(video) as reader:
        info = reader.info
        sampling = sampling_of(info, PREPROCESSING, n_passes=2)
        np.testing.assert_array_equal(sampling.positions, sample_positions(40, 5, 4, 2))
        wanted = np.unique(sampling.positions)
        inputs = list(stream_inputs(reader, PREPROCESSING, sampling.timeline, wanted))
        size = grey_size(info.width_px, info.height_px, 48)
        greys = [frame.grey(size) for frame in reader.stream(np.arange(info.n_frames))]
    assert [item.position for item in inputs] == wanted.tolist()
    for item in inputs:
        assert read_barcode(item.rgb) == item.position
        for field in range(4):
            at = item.position - 2 + field
            expected = quantise(dis(greys[at], greys[at + 1]), 20.0)
            np.testing.assert_array_equal(item.flow[2 * field], expected[..., 0])
            np.testing.assert_array_equal(item.flow[2 * field + 1], expected[..., 1])


def test_slower_clock_takes_flow_between_its_own_frames(video: Path) -> None:
    slow = replace(PREPROCESSING, rate_hz=10.0)
    with VideoReader(video) as reader:
        sampling = sampling_of(reader.info, slow, n_passes=1)
        assert np.all(np.diff(sampling.timeline) == 3)
        inputs = list(stream_inputs(reader, slow, sampling.timeline, np.unique(sampling.positions)))
    assert [read_barcode(item.rgb) for item in inputs] == [3 * p for p in np.unique(sampling.positions)]
    assert sampling.segment_stops[-1] == 40


def test_analysis_equals_the_model_on_features_computed_apart(video: Path, folder: Path, engine: Engine) -> None:
    analysis = engine.assess(video)
    checkpoint = load_checkpoint(folder)
    weights = local_backbone_weights("efficientnet-lite0")
    entry = backbone("efficientnet-lite0")
    with VideoReader(video) as reader, torch.inference_mode():
        sampling = sampling_of(reader.info, PREPROCESSING, 1)
        rows = []
        for item in stream_inputs(reader, PREPROCESSING, sampling.timeline, sampling.positions[0]):
            streams = []
            for channels, inputs in (
                (3, appearance_input(torch.from_numpy(np.array(item.rgb))[None], entry.normalisation)),
                (8, motion_input(torch.from_numpy(item.flow)[None], FLOW_ACROSS_MODALITIES, 128)),
            ):
                trunk = entry.make(channels)
                trunk.load_state_dict(stream_state(weights, channels))
                streams.append(trunk.eval()(inputs)[0])
            rows.append(torch.cat(streams).half().float())
        out = checkpoint.build()(torch.stack(rows)[None])
    np.testing.assert_allclose(analysis.attention[0], out.attention[0], atol=1e-3)
    np.testing.assert_allclose(analysis.score_curve[0], out.score_curve[0], atol=2e-3)
    np.testing.assert_allclose(analysis.task_state[0], out.task_state[0], atol=2e-3)


@pytest.mark.slow
def test_second_look_gives_the_same_numbers_from_the_cache(video: Path, folder: Path, tmp_path: Path) -> None:
    cache = FeatureCache(tmp_path / "features")
    with Engine.open(folder, device="cpu", cache=cache) as engine:
        first = engine.assess(video, passes=2)
        assert len(cache.entries()) == 2
        again = engine.assess(video, passes=2)
    with Engine.open(folder, device="cpu", cache=FeatureCache(tmp_path / "other")) as engine:
        afresh = engine.assess(video, passes=2)
    assert same(first, again)
    assert same(first, afresh)


def test_passes_that_are_kept_are_not_computed_again(video: Path, engine: Engine) -> None:
    one = engine.assess(video, passes=1)
    two = engine.assess(video, passes=2)
    np.testing.assert_array_equal(one.samples[0], two.samples[0])
    np.testing.assert_allclose(one.score_curve[0], two.score_curve[0], atol=1e-5)
    assert two.interval is not None
    assert one.interval is None


def test_every_step_is_reported_and_grows_into_the_result(video: Path, engine: Engine) -> None:
    reports: list[Progress] = []
    final = engine.assess(video, passes=2, report=reports.append)
    values = [p.value for p in reports if isinstance(p.value, Analysis)]
    assert [v.n_samples for v in values] == [1, 2, 3, 4, 5]
    assert [v.complete for v in values] == [False] * 4 + [True]
    for value in values:
        n = value.n_samples
        np.testing.assert_array_equal(value.score_curve, final.score_curve[:, :n])
        np.testing.assert_array_equal(value.attention, final.attention[:, :n])


def test_cancel_stops_within_one_sampled_frame_and_keeps_nothing(video: Path, folder: Path, tmp_path: Path) -> None:
    cache = FeatureCache(tmp_path / "features")
    token = CancelToken()
    steps: list[Progress] = []

    def stop_after_two(progress: Progress) -> None:
        steps.append(progress)
        if len(steps) == 2:
            token.cancel()

    with Engine.open(folder, device="cpu", cache=cache) as engine, pytest.raises(Cancelled):
        engine.assess(video, token=token, report=stop_after_two)
    assert len(steps) == 2
    assert cache.entries() == []


def test_a_file_replaced_while_it_is_looked_at_leaves_no_features(folder: Path, tmp_path: Path) -> None:
    cache = FeatureCache(tmp_path / "features")
    own = write_barcode_video(tmp_path / "own.mp4", 40).path
    other = write_barcode_video(tmp_path / "other.mp4", 40, rate_hz=25).path

    def replaced(progress: Progress) -> None:
        if progress.done == 1 and other.exists():
            other.replace(own)

    with (
        Engine.open(folder, device="cpu", cache=cache) as engine,
        pytest.raises(VideoError, match="written or replaced"),
    ):
        engine.assess(own, report=replaced)
    assert not cache.entries(), "they would be taken for those of the file that was there before"


@pytest.mark.parametrize("n_frames", [1, 3, 7])
def test_video_shorter_than_its_segments_is_assessed(n_frames: int, tmp_path: Path, engine: Engine) -> None:
    analysis = engine.assess(write_barcode_video(tmp_path / "short.mp4", n_frames).path, passes=2)
    assert analysis.samples.shape == (2, 5)
    assert analysis.samples.max() < n_frames
    assert np.isfinite(analysis.score)


def test_model_that_needs_the_whole_video_first(video: Path, tmp_path: Path) -> None:
    tiny_checkpoint(tmp_path / "visual", "visual")
    with Engine.open(tmp_path / "visual", device="cpu", cache=FeatureCache(tmp_path / "f")) as engine:
        analysis = engine.assess(video)
    assert analysis.complete
    np.testing.assert_allclose(analysis.attention.sum(axis=(2, 3)), 1.0, atol=1e-5)


def test_model_without_a_map_says_so(video: Path, tmp_path: Path) -> None:
    tiny_checkpoint(tmp_path / "none", "none")
    with Engine.open(tmp_path / "none", device="cpu", cache=FeatureCache(tmp_path / "f")) as engine:
        assert engine.assess(video).map_kind is MapKind.NONE


def test_unfamiliar_video_is_scored_with_a_word_of_warning(video: Path, tmp_path: Path) -> None:
    def familiarity(mean: float) -> TrainingFeatureStats:
        return TrainingFeatureStats(np.full(640, mean, np.float32), np.ones(640, np.float32), np.array([0.5, 2.0]))

    for name, mean, warned in (("near", 0.0, False), ("far", 50.0, True)):
        tiny_checkpoint(tmp_path / name, familiarity=familiarity(mean))
        with Engine.open(tmp_path / name, device="cpu", cache=FeatureCache(tmp_path / "f")) as engine:
            analysis = engine.assess(video)
        assert bool(analysis.warning) is warned
        assert np.isfinite(analysis.score)


def test_other_flow_is_other_features(video: Path, tmp_path: Path) -> None:
    cache = FeatureCache(tmp_path / "features")
    scores = []
    for algorithm in ("dis", "tvl1-fast"):
        flow = FlowSettings(algorithm, length=4, short_side_px=48)
        tiny_checkpoint(tmp_path / algorithm, preprocessing=replace(PREPROCESSING, flow=flow))
        with Engine.open(tmp_path / algorithm, device="cpu", cache=cache) as engine:
            analysis = engine.assess(video)
        assert analysis.provenance.flow == algorithm
        scores.append(analysis.score)
    assert len(cache.entries()) == 2
    assert scores[0] != scores[1]


def test_what_is_not_there_is_said_in_one_sentence(tmp_path: Path, engine: Engine) -> None:
    with pytest.raises(CheckpointError, match="no checkpoint “nothing”"):
        Engine.open("nothing", device="cpu")
    with pytest.raises(VideoError, match=r"missing\.mp4"):
        engine.assess(tmp_path / "missing.mp4")
    with pytest.raises(DeviceError, match="abacus"):
        Engine.open(engine.checkpoint.folder, device="abacus")


def test_provenance_names_what_was_used(video: Path, engine: Engine) -> None:
    provenance = engine.assess(video).provenance
    assert (provenance.model, provenance.attention_model) == ("tiny", "full")
    assert (provenance.backbone, provenance.flow, provenance.device) == ("efficientnet-lite0", "dis", "cpu")
    assert provenance.model_digest == engine.checkpoint.digest


@pytest.mark.slow
def test_flow_in_batches_is_what_a_gpu_would_be_fed(video: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The batched TV-L1 takes the kernels' place on CUDA; here it runs on the CPU and must stream nearly the same."""
    fast = replace(PREPROCESSING, flow=FlowSettings("tvl1-fast", length=4, short_side_px=48))
    extractor = FeatureExtractor.open(load_checkpoint(folder), torch.device("cpu"))
    assert extractor.flow_batch("tvl1-fast") is None
    by_kernels = dict(extractor.configuration(fast))
    monkeypatch.setattr(FeatureExtractor, "_computes_in_batches", lambda _self, algorithm: algorithm != "dis")
    batch = extractor.flow_batch("tvl1-fast")
    assert batch is not None
    assert extractor.flow_batch("dis") is None
    assert dict(extractor.configuration(fast)) != by_kernels
    with VideoReader(video) as reader:
        sampling = sampling_of(reader.info, fast, 1)
        streams = [
            [item.flow for item in stream_inputs(reader, fast, sampling.timeline, sampling.positions[0], batch=way)]
            for way in (None, batch)
        ]
    for kernels, batched in zip(*streams, strict=True):
        difference = np.abs(kernels.astype(int) - batched.astype(int))
        assert np.mean(difference <= 1) > 0.97


def test_rare_long_work_is_announced_and_told_to_the_job(
    video: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fast = replace(PREPROCESSING, flow=FlowSettings("tvl1-fast", length=4, short_side_px=48))
    tiny_checkpoint(tmp_path / "fast", preprocessing=fast)
    monkeypatch.setattr(
        "skillviewer.engine.inference.engine.warm_up", lambda announce, _elsewhere: announce("compiling")
    )
    announced: list[str] = []
    told: list[Progress] = []
    cache = FeatureCache(tmp_path / "f")
    with Engine.open(tmp_path / "fast", device="cpu", cache=cache, announce=announced.append) as engine:
        engine.assess(video, report=told.append)
    assert announced == ["compiling"]
    assert told[0] == Progress("compiling")


@pytest.mark.slow
def test_a_video_is_aligned_with_itself_frame_by_frame(video: Path, engine: Engine, tmp_path: Path) -> None:
    whole = engine.assess(video, passes=3)
    found = engine.align(whole, whole)
    np.testing.assert_allclose(found.other_s, found.own_s)
    assert (found.own_s[0], found.own_s[-1]) == (whole.start_s, whole.stop_s)
    assert found.gain == pytest.approx(1)
    places, times_s = engine.frame_embeddings(whole)
    assert places.shape == (15, 9 * 640)
    np.testing.assert_array_equal(times_s, np.sort(whole.times_s.ravel()))
    other = Engine.open(tiny_checkpoint(tmp_path / "other", seed=1).folder, device="cpu")
    with pytest.raises(CheckpointError, match="was not made by this version of other"):
        other.align(whole, whole)
