"""Interface between the window and the rest of the program. Tests pass fakes."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from skillviewer.core.analysis.analysis import Analysis
from skillviewer.core.arrays import RGBImage
from skillviewer.core.errors import DeviceError, VideoError
from skillviewer.core.progress import NEVER, CancelToken, Report
from skillviewer.core.video.clips import ClipRange, VideoClip
from skillviewer.core.video.info import VideoInfo
from skillviewer.engine.inference.model_cache_protocol import ModelCacheProtocol
from skillviewer.nets.model_library import ModelEntry
from skillviewer.ui.session.sound_feeder import OpenSound, SoundSource
from skillviewer.ui.session.sound_output import Fill, SoundOutput

if TYPE_CHECKING:  # importing scipy and networkx takes as long as opening the window
    from skillviewer.core.evaluation.training_forecast import TrainingForecast
    from skillviewer.core.explanation.alignment import Alignment
    from skillviewer.core.explanation.evidence import Evidence
    from skillviewer.engine.finetuning.job import AutoModelJob, ChoiceResult, TrainingJob, TuningJob, TuningResult
    from skillviewer.engine.finetuning.process import StopFolder

if TYPE_CHECKING:  # importing torch takes seconds
    from skillviewer.core.tracks.tracks import TrackSet
    from skillviewer.engine.tracking.hand_units import HandJob
    from skillviewer.engine.tracking.track_hands import HandCost, HandProgress

if TYPE_CHECKING:  # importing PyAV and OpenCV takes half a second
    from skillviewer.engine.exporting.export_results import ExportedFile, ExportResults
    from skillviewer.engine.exporting.requests import ExportRequest, ExportSource, StudyExportRequest
    from skillviewer.engine.exporting.study_exporters import StudyExporter
    from skillviewer.export.exporters import Exporter
    from skillviewer.export.preview import Preview


class Reader(Protocol):
    """An open video: ``skillviewer.media.reading.reader.VideoReader``."""

    @property
    def info(self) -> VideoInfo: ...

    def read_info(self, token: CancelToken = NEVER, /) -> VideoInfo:
        """Return ``info``. For a large file this takes long; the token cancels it."""

    def frame(self, index: int, token: CancelToken = NEVER, /) -> RGBImage:
        """Return exactly the frame with this index, counted from 0, as (H, W, 3) uint8 RGB. The token cancels it."""

    def cached(self, index: int, /) -> RGBImage | None:
        """Return a frame from the cache, or None if it would have to be decoded."""

    def nearest_cached(self, index: int, /) -> int | None:
        """Return the index of the nearest frame in the cache, or None if the cache is empty."""

    def prefetch(self, index: int, token: CancelToken = NEVER, /) -> None:
        """Decode the frames up to this index into the cache."""

    def group_start(self, index: int, /) -> int:
        """Return the first frame of the group of pictures that holds a frame."""

    def close(self) -> None: ...


class Proxy(Protocol):
    """An open scrub proxy: ``skillviewer.media.writing.proxy.ScrubProxy``."""

    def frame(self, index: int, /) -> RGBImage:
        """Return a frame at reduced size, (h, w, 3) uint8 RGB."""

    def close(self) -> None: ...


class Assessor(Protocol):
    """A loaded model: ``skillviewer.engine.inference.engine.Engine``."""

    @property
    def name(self) -> str: ...

    @property
    def digest(self) -> str: ...

    @property
    def warning(self) -> str:
        """Warning of the checkpoint's card, or ""."""
        ...

    @property
    def device_name(self) -> str: ...

    def memory_text(self) -> str:
        """Return used and total memory of a GPU, or ""."""

    def assess(
        self, path: Path, passes: int, token: CancelToken, report: Report, clip_range: ClipRange | None = None
    ) -> Analysis:
        """Assess a video or a part of it. Each step is reported with the analysis so far."""

    def explain(self, video: Analysis, *, token: CancelToken, report: Report) -> "Evidence":
        """Compute the evidence of an analysed video."""

    def align(self, own: Analysis, other: Analysis, token: CancelToken, report: Report) -> "Alignment":
        """Align two analysed videos in time by their features."""

    def close(self) -> None: ...


class FineTuner(Protocol):
    """Training on a study in another process: ``skillviewer.engine.finetuning.process.Tuner``."""

    def forecast(self, job: "TrainingJob", /) -> "TrainingForecast":
        """Return the expected duration of a training."""

    def finetune(self, job: "TuningJob", stop: "StopFolder", token: CancelToken, report: Report, /) -> "TuningResult":
        """Fine-tune a model.

        ``stop`` ends the training with the best model so far. The token interrupts it; the same job then continues.
        """

    def choose(self, job: "AutoModelJob", token: CancelToken, report: Report, /) -> "ChoiceResult":
        """Choose a model and train it. The token interrupts the training; the same job then continues."""

    def close(self) -> None: ...


class HandSource(Protocol):
    """The search for hands: ``skillviewer.engine.tracking.hand_finder.HandFinder``."""

    def cost(self, job: "HandJob", video: VideoInfo, token: CancelToken, /) -> "HandCost":
        """Return the time that one frame takes."""

    def n_frames(self, job: "HandJob", video: VideoInfo, clip: VideoClip, /) -> int:
        """Return the number of frames that are searched."""

    def unfinished(self, job: "HandJob", video: VideoInfo, clip: VideoClip, /) -> "HandProgress | None":
        """Return the progress of an earlier search that was stopped, or None."""

    def find(
        self,
        job: "HandJob",
        clip: VideoClip,
        token: CancelToken,
        report: Report,
        show: "Callable[[HandProgress], None]",
        /,
    ) -> "TrackSet":
        """Find the hands in a video and store their tracks. ``show`` is called with the tracks so far."""

    def close(self) -> None: ...


class Exports(Protocol):
    """Writing of exports: ``skillviewer.engine.exporting.service.ExportService``."""

    def write(self, request: "ExportRequest", token: CancelToken, report: Report, /) -> "ExportedFile":
        """Compute missing analyses, write a file, and check it by reading it back."""

    def write_all(
        self, requests: "Sequence[ExportRequest | StudyExportRequest]", token: CancelToken, report: Report, /
    ) -> "ExportResults":
        """Compute missing analyses, write files, and check them by reading them back."""

    def preview(self, exporter: "Exporter", sources: "Sequence[ExportSource]", options: object, /) -> "Preview | None":
        """Return a preview of an export, or None if it cannot be previewed yet."""

    def preview_study(self, exporter: "StudyExporter", study: Path, options: object = None, /) -> "Preview | None":
        """Return a preview of an export of a study, or None if the exporter has no preview."""

    def close(self) -> None: ...


def _no_sound(path: Path) -> SoundSource:
    raise VideoError(f"{path} has no sound.")


class _NoOutput:
    """Stand-in for a missing sound device."""

    def start(self, _fill: Fill) -> None:
        raise DeviceError("Videos play without sound: there is no sound device.")

    def stop(self) -> None: ...


def _no_output(_read_clock_s: Callable[[], float]) -> SoundOutput:
    return _NoOutput()


@dataclass(frozen=True, slots=True)
class Backend:
    """Functions that open readers, models, proxies and processes.

    All but ``find_models`` are called in worker threads, and import torch there if they need it.
    """

    open_reader: Callable[[Path, CancelToken], Reader]  # opens a video; the token cancels it
    open_model: Callable[[Path], Assessor]  # loads a checkpoint by its folder
    find_models: Callable[[], tuple[ModelEntry, ...]]  # lists the checkpoints; quick
    open_proxy: Callable[[VideoInfo], Proxy | None]  # opens the scrub proxy of a video, or returns None without one
    build_proxy: Callable[[Path, CancelToken, Report], None]  # makes the scrub proxy of a video that needs one
    open_model_cache: Callable[[], ModelCacheProtocol]  # makes the cache of compared models
    open_tuner: Callable[[], FineTuner]
    open_desk: Callable[[], Exports]  # makes the service that writes exports; it loads models when they are needed
    open_hand_finder: Callable[[], HandSource]
    open_sound: OpenSound = _no_sound  # opens the sound of a video
    open_output: Callable[[Callable[[], float]], SoundOutput] = _no_output  # opens the sound device for a clock (s)
