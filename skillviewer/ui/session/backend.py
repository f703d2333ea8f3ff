"""The interface between the window and the rest of the program; tests give their own."""

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
from skillviewer.nets.library import ModelEntry
from skillviewer.ui.session.sound_feeder import OpenSound, SoundSource
from skillviewer.ui.session.sound_output import Fill, SoundOutput

if TYPE_CHECKING:  # scipy and networkx take as long as opening the window
    from skillviewer.core.evaluation.training_forecast import TrainingForecast
    from skillviewer.core.explanation.alignment import Alignment
    from skillviewer.core.explanation.evidence import Evidence
    from skillviewer.engine.finetuning.job import ChoiceJob, ChoiceResult, TrainingJob, TuningJob, TuningResult
    from skillviewer.engine.finetuning.process import StopFolder

if TYPE_CHECKING:  # torch takes seconds
    from skillviewer.core.tracks.tracks import TrackSet
    from skillviewer.engine.tracking.hand_units import HandJob
    from skillviewer.engine.tracking.track_hands import HandCost, HandProgress

if TYPE_CHECKING:  # PyAV and OpenCV take half a second
    from skillviewer.engine.exporting.requests import (
        ExportedFile,
        ExportRequest,
        ExportResults,
        ExportSource,
        StudyExportRequest,
    )
    from skillviewer.engine.exporting.study_exporters import StudyExporter
    from skillviewer.export.exporters import Exporter
    from skillviewer.export.preview import Preview


class Reader(Protocol):
    """An open video: ``skillviewer.media.reading.reader.VideoReader``."""

    @property
    def info(self) -> VideoInfo: ...

    def describe(self, token: CancelToken = NEVER, /) -> VideoInfo:
        """Return ``info``, which takes long for a large file; the token stops it."""

    def frame(self, index: int, token: CancelToken = NEVER, /) -> RGBImage:
        """Return one frame, (H, W, 3) uint8 RGB, exact; from 0. The token is checked on the way."""

    def cached(self, index: int, /) -> RGBImage | None:
        """Return one frame if it need not be decoded, else None."""

    def nearest_cached(self, index: int, /) -> int | None:
        """Return the nearest frame that need not be decoded, or None when there is none."""

    def prefetch(self, index: int, token: CancelToken = NEVER, /) -> None: ...

    def key_frame(self, index: int, /) -> int:
        """Return the latest frame at or before one that decodes at once."""

    def close(self) -> None: ...


class Proxy(Protocol):
    """A small copy for scrubbing: ``skillviewer.media.writing.proxy.ScrubProxy``."""

    def frame(self, index: int, /) -> RGBImage:
        """Return a small picture of one frame, (h, w, 3) uint8 RGB."""

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
        """Assess a video or a part of it; ``report`` gets every step, with the analysis so far as its value."""

    def explain(self, video: Analysis, *, token: CancelToken, report: Report) -> "Evidence": ...

    def align(self, own: Analysis, other: Analysis, token: CancelToken, report: Report) -> "Alignment": ...

    def close(self) -> None: ...


class FineTuner(Protocol):
    """Training on a study in another process: ``skillviewer.engine.finetuning.process.Tuner``."""

    def forecast(self, job: "TrainingJob", /) -> "TrainingForecast":
        """Return the forecast."""

    def finetune(self, job: "TuningJob", stop: "StopFolder", token: CancelToken, report: Report, /) -> "TuningResult":
        """Fine-tune; ``stop`` asks to stop and keep the best, the token to stop so that the job can continue."""

    def choose(self, job: "ChoiceJob", token: CancelToken, report: Report, /) -> "ChoiceResult":
        """Choose a model and train it; the token asks to stop so that the job can continue."""

    def close(self) -> None: ...


class HandSource(Protocol):
    """The search for hands: ``skillviewer.engine.tracking.hand_finder.HandFinder``."""

    def cost(self, job: "HandJob", video: VideoInfo, token: CancelToken, /) -> "HandCost":
        """Return the time for one frame."""

    def n_frames(self, job: "HandJob", video: VideoInfo, clip: VideoClip, /) -> int:
        """Return the number of frames that are searched."""

    def unfinished(self, job: "HandJob", video: VideoInfo, clip: VideoClip, /) -> "HandProgress | None":
        """Return the state of a search that was stopped, or None."""

    def find(
        self,
        job: "HandJob",
        clip: VideoClip,
        token: CancelToken,
        report: Report,
        show: "Callable[[HandProgress], None]",
        /,
    ) -> "TrackSet":
        """Find the hands of a video and keep the tracks with it; ``show`` gets the tracks so far."""

    def close(self) -> None: ...


class Exports(Protocol):
    """Writing of exports: ``skillviewer.engine.exporting.service.ExportService``."""

    def write(self, request: "ExportRequest", token: CancelToken, report: Report, /) -> "ExportedFile":
        """Assess what has to be assessed, write a file, and read it back."""

    def write_all(
        self, requests: "Sequence[ExportRequest | StudyExportRequest]", token: CancelToken, report: Report, /
    ) -> "ExportResults":
        """Assess what has to be assessed, write files, and read them back."""

    def preview(self, exporter: "Exporter", sources: "Sequence[ExportSource]", options: object, /) -> "Preview | None":
        """Return a preview, or None if there is none yet."""

    def preview_study(self, exporter: "StudyExporter", study: Path, options: object = None, /) -> "Preview | None":
        """Return a preview of an export of a study, or None."""

    def close(self) -> None: ...


def _no_sound(path: Path) -> SoundSource:
    raise VideoError(f"{path} has no sound.")


class _NoOutput:
    """A sound device that is not there."""

    def start(self, _fill: Fill) -> None:
        raise DeviceError("Videos play without sound: there is no sound device.")

    def stop(self) -> None: ...


def _no_output(_now_s: Callable[[], float]) -> SoundOutput:
    return _NoOutput()


@dataclass(frozen=True, slots=True)
class Backend:
    """The source of readers, models and proxies."""

    # opens a video; the token stops it, for large files take long; runs in a worker thread
    open_reader: Callable[[Path, CancelToken], Reader]
    # loads a checkpoint by folder; runs in a worker thread and imports torch there
    open_model: Callable[[Path], Assessor]
    find_models: Callable[[], tuple[ModelEntry, ...]]  # lists the checkpoints; light
    # opens the proxy of a video, or returns None when there is none; runs in a worker thread
    open_proxy: Callable[[VideoInfo], Proxy | None]
    # makes the proxy of a video, if it is worth one; runs in a worker thread
    build_proxy: Callable[[Path, CancelToken, Report], None]
    # makes the place where several models are held that are compared; runs in a worker and imports torch there
    open_model_cache: Callable[[], ModelCacheProtocol]
    open_tuner: Callable[[], FineTuner]  # makes who fine-tunes; runs in a worker thread
    # makes who writes exports; runs in a worker thread; a model is loaded only when one has to be asked
    open_desk: Callable[[], Exports]
    open_hand_finder: Callable[[], HandSource]  # makes who finds hands; imports torch in a worker thread
    open_sound: OpenSound = _no_sound  # opens the sound of a video; runs in worker threads
    # makes the sound device for a clock in seconds; runs in a worker thread
    open_output: Callable[[Callable[[], float]], SoundOutput] = _no_output
