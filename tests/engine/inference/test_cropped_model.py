"""A model that sees the part of the picture around tracks: its maps lie where it looked."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import pytest
import torch
from torch import Tensor, nn

from skillviewer.core.analysis.analysis import Analysis, MapKind, MapRect, Provenance
from skillviewer.core.analysis.map_style import MapStyle
from skillviewer.core.analysis.scene import resolve
from skillviewer.core.errors import CheckpointError, VideoError
from skillviewer.core.progress import NEVER, silent
from skillviewer.core.tracks.tracks import FrameState, Track, TrackSet
from skillviewer.data.analysis_file import load_or_discard, save_analysis
from skillviewer.data.tracks_file import TrackStore
from skillviewer.engine.features.feature_cache import FeatureCache
from skillviewer.engine.features.frame_inputs import sampling_of, stream_inputs
from skillviewer.engine.features.frame_sources import FeatureSource
from skillviewer.engine.inference.assess import ScoringModel, assess
from skillviewer.engine.inference.engine import Engine
from skillviewer.media.overlay.painter import paint
from skillviewer.media.reading.reader import VideoReader
from skillviewer.nets.attention import MaplessModel, State, StepOutput
from tests.checkpoints import PREPROCESSING, SIZES, tiny_checkpoint

WIDTH, HEIGHT, N = 160, 96, 12
SPOT = (100, 30)
"""Left and top of a bright square of 8 pixels; its centre lies right of and above the middle of the picture."""
PATH = (60.0, 50.0)
"""The tracked point."""
CROPPED = replace(PREPROCESSING, crop="tracks")


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("video") / "spot.mkv"
    with av.open(str(path), "w") as file:
        stream = file.add_stream("ffv1", rate=25)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv444p"
        for _ in range(N):
            picture = np.full((HEIGHT, WIDTH, 3), 16, np.uint8)
            picture[SPOT[1] : SPOT[1] + 8, SPOT[0] : SPOT[0] + 8] = 255
            file.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        file.mux(stream.encode(None))
    return path


def keep_track(video: Path, *, to_px: tuple[float, float] = (120.0, 40.0)) -> TrackSet:
    """Store a track that goes from ``PATH`` to another point."""
    with VideoReader(video) as reader:
        info = reader.read_info()
    xy = np.linspace(PATH, to_px, N, dtype=np.float32)[:, None]
    track = Track("tip", ("tip",), xy, np.ones((N, 1), np.float32), np.full(N, FrameState.FOUND, np.uint8))
    tracks = TrackSet.of_video(info, None, [track])
    TrackStore().put(tracks)
    return tracks


class BrightestCell(MaplessModel):
    """Its map has all weight in the brightest cell of what it sees."""

    def __init__(self) -> None:
        super().__init__(SIZES, nn.Identity())
        self.weight = nn.Parameter(torch.zeros(1))

    @property
    def grid(self) -> tuple[int, int]:
        return SIZES.grid

    def initial_state(self, batch: int, fused: Tensor | None, like: Tensor, seed: int = 0) -> State:  # noqa: ARG002
        return ()

    def step(self, fused_t: Tensor, state: State, attention: Tensor | None = None) -> StepOutput:  # noqa: ARG002
        light = fused_t[:, 0]
        brightest = (light == light.amax(dim=(1, 2), keepdim=True)).float()
        return StepOutput(brightest / brightest.sum(dim=(1, 2), keepdim=True), light.flatten(1), light.sum((1, 2)), ())


class Brightness:
    """Mean brightness of every cell, as the features of a backbone."""

    clip, frame_size, n_channels = None, None, SIZES.feature_channels // 2

    def configuration(self, _preprocessing: object) -> tuple[tuple[str, str], ...]:
        return (("features", "brightness"),)

    def feature_shape(self, _preprocessing: object) -> tuple[int, int, int]:
        return SIZES.feature_channels, *SIZES.grid

    def flow_batch(self, _algorithm: str) -> None:
        return None

    def features(self, rgb: np.ndarray, _flow: np.ndarray) -> np.ndarray:
        rows, columns = SIZES.grid
        cells = rgb.reshape(rows, len(rgb) // rows, columns, -1).mean(axis=(1, 3))
        return np.broadcast_to(cells, (SIZES.feature_channels, rows, columns)).astype(np.float16)


@pytest.fixture
def looked(video: Path, tmp_path: Path) -> Iterator[Analysis]:
    keep_track(video)
    source = FeatureSource(FeatureCache(tmp_path), CROPPED, Brightness())  # type: ignore[arg-type]
    made_by = Provenance("", "", "", "", "", "", "", "")
    model = BrightestCell().eval()
    model.map_kind = MapKind.DISTRIBUTION
    with VideoReader(video) as reader:
        yield assess(reader, ScoringModel(model, source, MapRect(), made_by), 1, NEVER, silent)


def centre_of_map(analysis: Analysis) -> tuple[float, float]:
    """Return the pixel at the centre of what is painted over a black picture."""
    black = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    painted = paint(resolve(analysis, int(analysis.samples[0, -1]), MapStyle(smooth=False)), black).sum(axis=2)
    rows, columns = np.nonzero(painted > 0.5 * painted.max())
    return float(columns.mean() + 0.5), float(rows.mean() + 0.5)


def test_the_map_is_drawn_at_the_pixel_where_the_model_looked(looked: Analysis) -> None:
    rect = looked.map_rect
    assert 0 < rect.left < rect.right < 1, "the picture is cropped"
    cell = (rect.right - rect.left) * WIDTH / 4, (rect.bottom - rect.top) * HEIGHT / 4
    spot = SPOT[0] + 4, SPOT[1] + 4

    def near(analysis: Analysis) -> bool:
        x, y = centre_of_map(analysis)
        return abs(x - spot[0]) < cell[0] and abs(y - spot[1]) < cell[1]

    assert near(looked)
    for axis in (2, 3):
        assert not near(replace(looked, attention=np.flip(looked.attention, axis).copy())), "mirrored"
    assert not near(replace(looked, attention=np.roll(looked.attention, 2, axis=3))), "shifted"
    assert not near(replace(looked, map_rect=MapRect())), "as if the whole picture had been seen"


def test_frame_and_flow_are_cut_alike(video: Path) -> None:
    keep_track(video)
    with VideoReader(video) as reader:
        sampling = sampling_of(reader.read_info(), CROPPED, 1)
        crop = sampling.crop
        assert crop is not None
        inputs = [
            next(iter(stream_inputs(reader, CROPPED, sampling.timeline, sampling.positions[0, 2:3], crop=part)))
            for part in (None, crop)
        ]
    whole, cut = inputs
    rows, columns = np.nonzero(cut.rgb[..., 0] > 128)
    x = (crop.left + (columns.mean() + 0.5) / 128 * (crop.right - crop.left)) * WIDTH
    y = (crop.top + (rows.mean() + 0.5) / 128 * (crop.bottom - crop.top)) * HEIGHT
    assert (x, y) == pytest.approx((SPOT[0] + 4, SPOT[1] + 4), abs=1)
    height, width = whole.flow.shape[1:]
    left, top = round(crop.left * width), round(crop.top * height)
    expected = whole.flow[:, top : top + cut.flow.shape[1], left : left + cut.flow.shape[2]]
    np.testing.assert_array_equal(cut.flow, expected)
    assert cut.flow.shape[2] == round(crop.right * width) - left


def test_a_video_without_tracks_is_refused_and_other_tracks_are_another_input(video: Path, tmp_path: Path) -> None:
    folder = tiny_checkpoint(tmp_path / "cropped", preprocessing=CROPPED).folder
    with VideoReader(video) as reader:
        TrackStore().forget(reader.read_info().digest)
    with Engine.open(folder, device="cpu", cache=FeatureCache(tmp_path / "features")) as engine:
        with pytest.raises(VideoError, match="no tracks"):
            engine.assess(video)
        keep_track(video)
        first = engine.assess(video)
        evidence = engine.explain(first)
        assert evidence.score == pytest.approx(first.score, abs=1e-5)
        save_analysis(first, tmp_path / "kept.analysis.npz")
        assert load_or_discard(tmp_path / "kept.analysis.npz") is not None
        keep_track(video, to_px=(70.0, 80.0))
        assert load_or_discard(tmp_path / "kept.analysis.npz") is None, "its tracks have changed"
        with pytest.raises(CheckpointError, match="tracks"):
            engine.explain(first)
        second = engine.assess(video)
    assert second.map_rect != first.map_rect
    assert second.score != first.score
