"""Fake readers, models and proxies: pictures that carry their number, models without torch."""

import hashlib
import math
import threading
import time
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, lru_cache
from pathlib import Path

import numpy as np

from skillviewer.core.analysis.analysis import Analysis, MapKind, MapRect, Provenance
from skillviewer.core.analysis.calibration import CalibrationMap, PiecewiseLinear, ScoreCalibration
from skillviewer.core.arrays import Float32Array, FloatArray, RGBImage
from skillviewer.core.errors import CheckpointError, DeviceError, VideoError
from skillviewer.core.explanation.alignment import Alignment
from skillviewer.core.explanation.evidence import Evidence
from skillviewer.core.kinematics.crop import missing_tracks_text
from skillviewer.core.progress import CancelToken, Progress, Report
from skillviewer.core.video.clips import ClipRange, VideoClip
from skillviewer.core.video.info import VideoInfo, sample_positions, segments
from skillviewer.data.tracks_file import TrackStore
from skillviewer.nets.model_library import ModelEntry, checkpoint_digest
from skillviewer.ui.session.backend import Backend
from skillviewer.ui.widgets.dialogs import Dialogs
from tests.export.analyses import evenly
from tests.ui.evidence import Explaining, explain
from tests.ui.fake_desk import Exporting, FakeExportService
from tests.ui.fake_hands import FakeHandFinder
from tests.ui.fake_tuner import FakeTuner
from tests.ui.model_caches import FakeModelCache, first_steps

BITS = 16
BLOCK = 6
RATE_HZ = 30.0
N_SEGMENTS = 25
LINE = PiecewiseLinear((-2.0, 2.0), (10.0, 50.0), "line")
SPREAD = PiecewiseLinear((0.0,), (4.0,), "spread")
SCALE = ScoreCalibration(
    "Global",
    "Untitled",
    source="4 folds by person",
    map=CalibrationMap(
        LINE, (LINE,) * 12, (SPREAD,) * 12, tuple(range(12)), (1.0,) * 12, (0.077,) * 12, 0.0, 60.0, 0.9, 12
    ),
)
"""A raters' scale from 0 to 60."""
STEPS_A_REPORT = 4  # each report draws the curve and the Why page anew: what every test pays for


@cache
def _table(width: int, height: int) -> tuple[Float32Array, Float32Array, FloatArray, RGBImage]:
    """Return rows and columns of a picture, (H, W), and what lies behind the disc, (H, W, 3), exact and rounded."""
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    ground = np.stack([70 + 50 * x / width, 84 + 50 * y / height, 96 + 20 * (x + y) / (width + height)], axis=-1)
    table = np.where((y > height * 0.72)[..., None], np.array([126, 104, 84], np.float32), ground)
    return y, x, table, table.astype(np.uint8)


def numbered_picture(number: int, width: int = 320, height: int = 180) -> RGBImage:
    """Return a picture with its number in black and white blocks in the top left corner, and a moving disc."""
    return _numbered(number, width, height).copy()


@lru_cache(200)  # of 170 kB
def _numbered(number: int, width: int, height: int) -> RGBImage:
    y, x, table, rounded = _table(width, height)
    angle = number * 0.07
    cx, cy = width * (0.5 + 0.28 * math.cos(angle)), height * (0.55 + 0.25 * math.sin(angle * 1.7))
    picture = rounded.copy()
    reach = math.ceil(height * 0.15)
    part = np.s_[max(int(cy) - reach, 0) : int(cy) + reach, max(int(cx) - reach, 0) : int(cx) + reach]
    near = np.clip(1.2 - np.hypot(x[part] - cx, y[part] - cy) / (height * 0.12), 0, 1)[..., None]
    picture[part] = (table[part] * (1 - near) + np.array([226, 214, 196], np.float32) * near).astype(np.uint8)
    for bit in range(BITS):
        picture[:BLOCK, bit * BLOCK : (bit + 1) * BLOCK] = 255 if number >> bit & 1 else 0
    return picture


def read_number(picture: RGBImage, width: int = 320) -> int:
    """Return the number in a picture, also after scaling down."""
    scale = picture.shape[1] / width
    centre = [int((bit + 0.5) * BLOCK * scale) for bit in range(BITS)]
    row = int(BLOCK * scale / 2)
    return sum((int(picture[row, x].mean()) > 127) << bit for bit, x in enumerate(centre))


def video_info(
    path: Path, n_frames: int = 90, width: int = 320, height: int = 180, rate_hz: float = RATE_HZ
) -> VideoInfo:
    return VideoInfo(
        path=path,
        digest=hashlib.sha256(path.read_bytes() if path.is_file() else str(path).encode()).hexdigest(),
        times_s=np.arange(n_frames) / rate_hz,
        width_px=width,
        height_px=height,
        duration_s=n_frames / rate_hz,
        rate_hz=rate_hz,
        codec="fake",
    )


class FakeReader:
    """Numbered pictures; decoding one that is not cached takes a given time."""

    def __init__(
        self, info: VideoInfo, decode_s: float, picture: Callable[[int], RGBImage], damaged: set[int] | None = None
    ) -> None:
        self._info, self._decode_s, self._picture = info, decode_s, picture
        self._damaged = damaged if damaged is not None else set()
        self._cache: dict[int, RGBImage] = {}
        self.owner = threading.get_ident()
        self.closed = False

    @property
    def info(self) -> VideoInfo:
        return self._info

    def read_info(self, _token: CancelToken | None = None, /) -> VideoInfo:
        return self.info

    def frame(self, index: int, token: CancelToken | None = None, /) -> RGBImage:
        assert threading.get_ident() == self.owner, "a reader is used by one thread"
        assert not self.closed
        found: RGBImage | None = self._cache.get(index)
        if found is None:
            if index in self._damaged:
                raise VideoError(f"Frame {index + 1} of {self._info.path.name} is damaged.")
            end = time.perf_counter() + self._decode_s
            while time.perf_counter() < end:
                if token is not None:
                    token.check()
                time.sleep(min(0.002, self._decode_s))
            found = self._cache[index] = self._picture(index)
        return found

    def cached(self, index: int, /) -> RGBImage | None:
        return self._cache.get(index)

    def nearest_cached(self, index: int, /) -> int | None:
        return min(self._cache, key=lambda kept: abs(kept - index), default=None)

    def prefetch(self, index: int, token: CancelToken | None = None, /) -> None:
        for i in range(max(index - 15, 0), index + 1):
            self.frame(i, token)

    def group_start(self, index: int, /) -> int:
        return index - index % 30

    def close(self) -> None:
        assert threading.get_ident() == self.owner
        self.closed = True


class FakeProxy:
    """Numbered pictures at half the size, without delay."""

    def __init__(self, picture: Callable[[int], RGBImage]) -> None:
        self._picture = picture

    def frame(self, index: int, /) -> RGBImage:
        return np.ascontiguousarray(self._picture(index)[::2, ::2])

    def close(self) -> None:
        pass


def model_digest(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()


def make_analysis(
    video: VideoInfo,
    passes: int = 1,
    steps: int = N_SEGMENTS,
    *,
    kind: MapKind = MapKind.DISTRIBUTION,
    model: str = "fake",
    seed: int = 0,
    warning: str = "",
    centre: Callable[[int], tuple[float, float]] | None = None,
    clip_range: ClipRange | None = None,
) -> Analysis:
    """Return an analysis with maps at the position of the disc, after a number of steps."""
    frames = VideoClip(video.path, clip_range).frames(video)
    name = zlib.crc32(video.path.stem.encode())  # the same in every run and folder
    rng = np.random.default_rng(name + seed + frames.start)
    samples = frames.start + sample_positions(len(frames), N_SEGMENTS, 10, passes)
    ends = [frames.start + s.stop_frame for s in segments(len(frames), N_SEGMENTS, 10)]
    stops = np.array(ends, dtype=np.int64)
    drift = rng.normal(0, 0.22, N_SEGMENTS).cumsum() * 0.25 + rng.normal(0, 0.4)
    drift = drift + 0.35 * np.sin(np.arange(N_SEGMENTS) / 5 + rng.uniform(0, 6))
    apart = 0.02 if passes == 2 else 1.0  # the interval of two passes is wide: moments would be lost in it
    drift = drift + apart * rng.normal(0, 0.03, (passes, 1))
    drift = drift + apart * rng.normal(0, 0.025, (passes, N_SEGMENTS)) * (passes > 1)
    yy, xx = (np.mgrid[0:7, 0:7] + 0.5) / 7
    maps = np.empty((passes, N_SEGMENTS, 7, 7), np.float32)
    for k in range(passes):
        for n in range(N_SEGMENTS):
            angle = samples[k, n] * 0.07
            cx, cy = 0.5 + 0.28 * math.cos(angle), 0.55 + 0.25 * math.sin(angle * 1.7)
            if centre is not None:
                cx, cy = centre(int(samples[k, n]))
            blob = np.exp(-((xx - cx) ** 2 + (yy - cy) ** 2) / 0.03) + 0.12 * rng.random((7, 7))
            maps[k, n] = blob / blob.sum()
    if kind is MapKind.SIGNED:
        maps = maps - maps.mean(axis=(2, 3), keepdims=True)
    if kind is MapKind.NONE:
        maps = np.full_like(maps, 1 / 49)
    return Analysis(
        video=video,
        samples=samples[:, :steps],
        attention=maps[:, :steps],
        map_kind=kind,
        map_rect=MapRect(),
        task_state=np.zeros((passes, steps, 4), np.float32),
        score_curve=drift[:, :steps],
        segment_stops=stops[:steps],
        n_segments=N_SEGMENTS,
        clip_range=clip_range,
        provenance=Provenance(
            "SkillViewer test",
            model,
            hashlib.sha256(model.encode()).hexdigest(),
            "full",
            "dis",
            "fake",
            "cpu",
            "float32",
        ),
        warning=warning,
    )


@dataclass
class FakeWorld:
    """Videos and models for the window.

    Attributes:
        n_frames: Number of frames of every video, or of one by its stem.
        decode_s: Seconds to decode a frame.
        step_s: Seconds of the model per sampled frame.
        broken: Stems of videos that cannot be read.
        open_s: Seconds that opening a video takes, by stem.
        failing: Stems of videos on which the model fails.
        damaged: Frames that cannot be decoded, of every video.
        models: Names of checkpoints.
        shipped_models: Entries of real checkpoints, listed after ``models``.
        proxies: True if proxies exist.
        scale: The raters' scale that the models know, or None.
        crops: True if the models look at the part around the tracks, and refuse videos without any.
    """

    folder: Path
    n_frames: dict[str, int] = field(default_factory=dict)
    size: tuple[int, int] = (320, 180)
    decode_s: float = 0.0
    step_s: float = 0.0
    load_s: float = 0.0
    broken: set[str] = field(default_factory=set)
    open_s: dict[str, float] = field(default_factory=dict)
    failing: set[str] = field(default_factory=set)
    damaged: set[int] = field(default_factory=set)
    models: tuple[str, ...] = ("alpha", "beta")
    shipped_models: tuple[ModelEntry, ...] = ()
    proxies: bool = False
    kind: MapKind = MapKind.DISTRIBUTION
    device: str = "cpu"
    model_warning: str = ""
    memory: str = ""
    warning: str = ""
    scale: ScoreCalibration | None = None
    crops: bool = False
    picture: Callable[[int], RGBImage] = numbered_picture
    assessed: list[tuple[str, str, int]] = field(default_factory=list)
    looked_at: list[VideoClip] = field(default_factory=list)
    opened_models: list[str] = field(default_factory=list)
    readers: list[FakeReader] = field(default_factory=list)
    model_caches: list[FakeModelCache] = field(default_factory=list)
    explaining: Explaining = field(default_factory=Explaining)
    hold: threading.Event = field(default_factory=threading.Event)
    held: bool = False
    tuner: FakeTuner = field(default_factory=FakeTuner)
    exporting: Exporting = field(default_factory=Exporting)
    hands: FakeHandFinder = field(init=False)

    def __post_init__(self) -> None:
        self.hands = FakeHandFinder(self.info)

    def info(self, path: Path) -> VideoInfo:
        return video_info(path, self.n_frames.get(path.stem, 90), *self.size)

    def touch(self, *names: str) -> list[Path]:
        """Make files for videos."""
        self.folder.mkdir(parents=True, exist_ok=True)
        paths = [self.folder / name for name in names]
        for path in paths:
            path.write_text(f"the video {path}")  # all different: a study recognises videos by their bytes
        return paths

    def open_reader(self, path: Path, token: CancelToken | None = None) -> FakeReader:
        if token is not None and token.wait(self.open_s.get(path.stem, 0.0)):
            token.check()
        if path.stem in self.broken:
            raise VideoError(f"{path.name} is not a video.")
        reader = FakeReader(self.info(path), self.decode_s, self.picture, self.damaged)
        self.readers.append(reader)
        return reader

    def open_model(self, folder: Path) -> "FakeAssessor":
        time.sleep(self.load_s)
        if folder.name.startswith("broken"):
            raise CheckpointError(f"{folder.name} is not a checkpoint.")
        self.opened_models.append(folder.name)
        return FakeAssessor(self, folder.name, folder)

    def find_models(self) -> tuple[ModelEntry, ...]:
        fakes = tuple(ModelEntry(name, self.folder / "models" / name, shipped=False) for name in self.models)
        return fakes + self.shipped_models

    def backend(self) -> Backend:
        def open_proxy(_video: VideoInfo) -> FakeProxy | None:
            return FakeProxy(self.picture) if self.proxies else None

        def build_proxy(_path: Path, token: CancelToken, report: Report) -> None:
            for done in range(20):
                token.check()
                report(Progress("copying", done, 20))
            self.proxies = True

        return Backend(
            self.open_reader,
            self.open_model,
            self.find_models,
            open_proxy,
            build_proxy,
            self.open_model_cache,
            lambda: self.tuner,
            lambda: FakeExportService(self.exporting),
            lambda: self.hands,
        )

    def open_model_cache(self) -> FakeModelCache:
        model_cache = FakeModelCache(self, make_analysis, model_digest)
        self.model_caches.append(model_cache)
        return model_cache


class FakeAssessor:
    """A model that attends to the disc."""

    def __init__(self, world: FakeWorld, name: str, folder: Path) -> None:
        self._world, self._name = world, name
        # a checkpoint on the disk has its real digest
        self._digest = checkpoint_digest(folder) if (folder / "config.json").is_file() else model_digest(name)
        self._whole: dict[object, Analysis] = {}
        self.closed = False

    @property
    def name(self) -> str:
        return self._name

    @property
    def digest(self) -> str:
        return self._digest

    @property
    def warning(self) -> str:
        return self._world.model_warning

    @property
    def device_name(self) -> str:
        return self._world.device

    def memory_text(self) -> str:
        return self._world.memory

    def assess(
        self, path: Path, passes: int, token: CancelToken, report: Report, clip_range: ClipRange | None = None
    ) -> Analysis:
        world = self._world
        world.looked_at.append(VideoClip(path, clip_range))
        world.assessed.append((self._name, path.stem, passes))
        video = world.info(path)
        tracks = TrackStore().content_digest(video.digest) if world.crops else ""
        if world.crops and not tracks:
            raise VideoError(f"{path.name}: {missing_tracks_text()}")
        for step in range(1, N_SEGMENTS + 1):
            token.check()
            if world.held and step == 13:
                while not world.hold.wait(0.002):
                    token.check()
            time.sleep(world.step_s)
            if path.stem in world.failing and step == 5:
                raise DeviceError("The GPU ran out of memory. Close other programs that use it.")
            if step % STEPS_A_REPORT == 0:
                report(Progress("looking", step, N_SEGMENTS, self._analysis(video, passes, step, clip_range)))
        return replace(self._analysis(video, passes, N_SEGMENTS, clip_range), tracks=tracks)

    def explain(self, video: Analysis, *, token: CancelToken, report: Report) -> Evidence:
        return explain(self._world.explaining, video, token, report)

    def align(self, own: Analysis, other: Analysis, token: CancelToken, report: Report) -> Alignment:  # noqa: ARG002
        return evenly(own, other)

    def _analysis(self, video: VideoInfo, passes: int, steps: int, clip_range: ClipRange | None) -> Analysis:
        world = self._world
        warning = world.warning if steps == N_SEGMENTS else ""
        seed = sum(map(ord, self._name))
        kind = MapKind.NONE if self._name.startswith("mapless") else world.kind
        key = (video.digest, video.path, video.n_frames, passes, kind, clip_range)
        if key not in self._whole:  # its maps take long
            self._whole[key] = make_analysis(
                video, passes, kind=kind, model=self._name, seed=seed, clip_range=clip_range
            )
        made = replace(first_steps(self._whole[key], steps), video=video, warning=warning)
        made = replace(made, provenance=replace(made.provenance, model_digest=self._digest))
        whole = world.scale is not None and steps == N_SEGMENTS
        return replace(made, scaled=world.scale.calibrate(made.score)) if whole and world.scale is not None else made

    def close(self) -> None:
        self.closed = True


class FakeDialogs(Dialogs):
    """Returns prepared answers."""

    def __init__(self) -> None:
        self.videos_answer: list[Path] = []
        self.file_answer: Path | None = None
        self.folder_answer: Path | None = None
        self.save_answer: Path | None = None
        self.confirm_answer = True
        self.word_answer: str | None = None
        self.pick_answer: int | None = 0
        self.picks: list[tuple[str, ...]] = []
        """Names of every question for one of some names."""
        self.words: list[tuple[tuple[str, ...], str]] = []
        """Known words and present word of every question for a word."""
        self.asked: list[str] = []
        self.choice_answer: tuple[int | None, bool] = (0, False)
        self.saves: list[tuple[str, str]] = []
        """Title and name of every question for a path."""

    def videos(self, parent: object) -> list[Path]:  # noqa: ARG002
        return self.videos_answer

    def file(self, parent: object, title: str, file_filter: str) -> Path | None:  # noqa: ARG002
        return self.file_answer

    def folder(self, parent: object, title: str) -> Path | None:  # noqa: ARG002
        return self.folder_answer

    def save(self, parent: object, title: str, file_filter: str, name: str = "") -> Path | None:  # noqa: ARG002
        self.saves.append((title, name))
        return self.save_answer

    def word(self, parent: object, title: str, question: str, words: Sequence[str], current: str) -> str | None:  # noqa: ARG002
        self.asked.append(question)
        self.words.append((tuple(words), current))
        return self.word_answer

    def pick(self, parent: object, title: str, question: str, names: Sequence[str]) -> int | None:  # noqa: ARG002
        self.picks.append(tuple(names))
        return self.pick_answer

    def choose(self, parent: object, text: str, answers: Sequence[str], remember: str) -> tuple[int | None, bool]:  # noqa: ARG002
        self.asked.append(text)
        return self.choice_answer

    def confirm(self, parent: object, text: str, yes: str) -> bool:  # noqa: ARG002
        self.asked.append(text)
        return self.confirm_answer
