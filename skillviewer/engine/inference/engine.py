"""A loaded model with its device and feature cache, which assesses videos, explains scores and aligns videos."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Self

import numpy as np
import torch

from skillviewer.core.analysis.analysis import Analysis, Provenance
from skillviewer.core.arrays import FloatArray, frozen
from skillviewer.core.closeable import Closeable
from skillviewer.core.errors import CheckpointError, VideoError
from skillviewer.core.explanation.alignment import Alignment, align
from skillviewer.core.explanation.evidence import Evidence
from skillviewer.core.explanation.faithfulness import MIN_RANDOM
from skillviewer.core.progress import NEVER, CancelToken, Progress, Report, silent
from skillviewer.core.version import __version__
from skillviewer.core.video.clips import ClipRange
from skillviewer.core.video.info import VideoInfo
from skillviewer.data.tracks_file import TrackStore
from skillviewer.engine.features.extractor import FeatureExtractor
from skillviewer.engine.features.feature_cache import FeatureCache
from skillviewer.engine.features.frame_inputs import Sampling, sampling_of
from skillviewer.engine.features.frame_sources import FeatureSource
from skillviewer.engine.inference.assess import ScoringModel, assess, scores_of_tracks
from skillviewer.engine.inference.evidence import fused_passes, measure_evidence
from skillviewer.engine.runtime.device import choose_device, device_errors, device_title, memory_text
from skillviewer.engine.runtime.flow_compilation import compile_flow
from skillviewer.engine.runtime.preload import preload_llvm
from skillviewer.engine.runtime.threads import use_free_cores
from skillviewer.media.flow.flow import warm_up
from skillviewer.media.reading.reader import VideoReader
from skillviewer.nets.attention import AttentionModel
from skillviewer.nets.checkpoint import Checkpoint, load_checkpoint
from skillviewer.nets.model_library import model_folder


def _open_video(
    path: str | Path, reader: VideoReader | None, token: CancelToken
) -> AbstractContextManager[VideoReader]:
    """Return a context of the given reader, which stays open, or of a new one."""
    return VideoReader(path, token) if reader is None else nullcontext(reader)


@dataclass(eq=False, repr=False)
class Engine(Closeable):
    """A loaded model on its device, used as a context manager. An engine is not thread safe: one thread owns it."""

    checkpoint: Checkpoint  # configuration and card
    _model: AttentionModel
    _source: FeatureSource
    _device: torch.device
    _announce: Callable[[str], None]
    _compile_in_subprocess: bool = False

    @classmethod
    def open(
        cls,
        checkpoint: str | Path,
        device: str = "auto",
        cache: FeatureCache | None = None,
        announce: Callable[[str], None] = silent,
        *,
        compile_in_subprocess: bool = False,
    ) -> Self:
        """Load a checkpoint and its backbones.

        Args:
            checkpoint: Name of a checkpoint (``skillviewer models``) or its folder.
            device: ``auto``, ``cpu``, ``cuda``, ``cuda:1`` or ``mps``.
            cache: Cache of features, or None for the default cache.
            announce: Receives a sentence before rare long work (compiling the flow kernels).
            compile_in_subprocess: Whether to compile the flow kernels in another process, for a program with a window.
                The main module of the program must be importable (``if __name__ == "__main__"``).

        Raises:
            CheckpointError: The checkpoint is missing, foreign or damaged, or its backbone is not on this computer.
            DeviceError: The device is not there.
        """
        torch_device = choose_device(device)
        loaded = load_checkpoint(model_folder(checkpoint))
        with device_errors():
            model = loaded.build().to(torch_device).eval()
            extractor = FeatureExtractor.open(loaded, torch_device)
        feature_cache = cache if cache is not None else FeatureCache()
        source = FeatureSource(feature_cache, loaded.config.preprocessing, extractor)
        return cls(loaded, model, source, torch_device, announce, compile_in_subprocess)

    @property
    def name(self) -> str:
        """Name of the checkpoint."""
        return self.checkpoint.name

    @property
    def digest(self) -> str:
        """Digest of the checkpoint's configuration and weights."""
        return self.checkpoint.digest

    @property
    def warning(self) -> str:
        """Warning of the checkpoint's card, or ""."""
        return self.checkpoint.card.warning

    @property
    def device_name(self) -> str:
        """Name of the device for the user: ``cpu`` or ``cuda:0 NVIDIA ...``."""
        return device_title(self._device)

    def memory_text(self) -> str:
        """Return used and total GPU memory; "" without a GPU."""
        return memory_text(self._device)

    def _scoring_model(self) -> ScoringModel:
        checkpoint = self.checkpoint
        config = checkpoint.config
        backbone_name = config.backbone.name if config.backbone is not None else ""
        provenance = Provenance(
            program=f"SkillViewer {__version__}",
            model=checkpoint.name,
            model_digest=checkpoint.digest,
            attention_model=config.attention_model,
            flow=config.preprocessing.flow.algorithm,
            backbone=backbone_name,
            device=self.device_name,
            precision=config.precision,
        )
        return ScoringModel(
            self._model,
            self._source,
            checkpoint.map_rect,
            provenance,
            checkpoint.familiarity,
            checkpoint.card.raters_scale,
            config.tracks,
        )

    def assess(
        self,
        path: str | Path,
        passes: int = 1,
        token: CancelToken = NEVER,
        report: Report = silent,
        clip_range: ClipRange | None = None,
        reader: VideoReader | None = None,
    ) -> Analysis:
        """Assess one video, or a range of it.

        Args:
            path: The file.
            passes: K, interleaved choices of frames; two or more give an interval.
            token: Cancelled to stop; checked while the file is read through, and after every sampled frame.
            report: Receives every step, with the analysis so far as value.
            clip_range: The range, or None for the whole video. No frame outside the range is used.
            reader: An open reader of the file, which stays open; None to open the file here.

        Raises:
            DatasetError: The range lies outside the video.
            VideoError: The file cannot be read.
            DeviceError: The device ran out of memory.
        """
        if passes < 1:
            raise CheckpointError(f"An analysis needs at least one pass, not {passes}.")
        self._warm_up(token, report)
        with device_errors(), _open_video(path, reader, token) as open_reader:
            return assess(open_reader, self._scoring_model(), passes, token, report, clip_range)

    def explain(
        self,
        video: str | Path | Analysis,
        passes: int = 1,
        n_random: int = MIN_RANDOM,
        seed: int = 0,
        token: CancelToken = NEVER,
        report: Report = silent,
        reader: VideoReader | None = None,
    ) -> Evidence:
        """Return the evidence for the score of one video: contributions, and the faithfulness of the attention.

        Args:
            video: The file, or an analysis of it by this model, whose clip range and passes are used.
            passes: K, if a file is given.
            n_random: Number of random orders and shuffles that the attention is compared with, at least 20.
            seed: Seed of the random orders and shuffles.
            token: Cancelled to stop; checked after every batch.
            report: Receives the progress.
            reader: An open reader of the file, which stays open; None to open the file here.

        Raises:
            CheckpointError: The analysis is of another model.
            VideoError: The file cannot be read, or has changed since it was analysed.
            DeviceError: The device ran out of memory.
        """
        path = video.video.path if isinstance(video, Analysis) else video
        clip_range = video.clip_range if isinstance(video, Analysis) else None
        passes = video.n_passes if isinstance(video, Analysis) else passes
        if passes < 1:
            raise CheckpointError(f"Evidence needs at least one pass, not {passes}.")
        self._warm_up(token, report)
        with device_errors(), _open_video(path, reader, token) as open_reader:
            digest = open_reader.read_info(token).digest
            sampling = self._source.sampling(open_reader.info, passes, clip_range)
            track_scores = scores_of_tracks(self.checkpoint.config.tracks, open_reader.info, sampling)
            if isinstance(video, Analysis):
                self._checked_sampling(video, open_reader.info)
            fused = fused_passes(open_reader, self._model, self._source, passes, token, report, clip_range)
            evidence = measure_evidence(
                self._model, fused, digest, self.checkpoint.digest, token, report, n_random, seed
            )
            # tracks are not occluded: their score is part of the score, and of that of the empty video
            track_score = float(track_scores[:, -1].mean())
            return replace(
                evidence,
                clip_range=clip_range,
                score=evidence.score + track_score,
                baseline=evidence.baseline + track_score,
            )

    def _checked_sampling(self, analysis: Analysis, info: VideoInfo) -> Sampling:
        """Return the sampling of an analysis.

        Raises:
            CheckpointError: The analysis is of another model, other frames or other tracks.
            VideoError: The file has changed since it was analysed.
        """
        provenance = analysis.provenance
        name = analysis.video.path.name
        if provenance.model_digest != self.checkpoint.digest:
            raise CheckpointError(
                f"The analysis of {name} was not made by this version of {self.name} but by "
                f"{provenance.model} ({provenance.model_digest[:8]}). Assess the video again."
            )
        if info.digest != analysis.video.digest:
            raise VideoError(f"{info.path} is no longer the file that was analysed. Assess it again.")
        sampling = sampling_of(info, self._source.preprocessing, analysis.n_passes, analysis.clip_range)
        if analysis.tracks and analysis.tracks != TrackStore().content_digest(info.digest, sampling.stored_range):
            raise CheckpointError(f"The tracks of {name} have changed since it was analysed. Assess the video again.")
        if not np.array_equal(analysis.samples, sampling.frames):
            raise CheckpointError(
                f"The analysis of {name} did not look at the frames that {self.name} looks at now, or is not "
                f"complete. Assess the video again."
            )
        return sampling

    def align(
        self, analysis: Analysis, other_analysis: Analysis, token: CancelToken = NEVER, report: Report = silent
    ) -> Alignment:
        """Align a video with another one in time, by the features of their sampled frames.

        Raises:
            CheckpointError: An analysis is of another model.
            VideoError: A file cannot be read, or has changed since it was analysed.
            DeviceError: The device ran out of memory.
        """
        self._warm_up(token, report)
        with device_errors():
            own_embeddings, own_s = self.frame_embeddings(analysis, token, report)
            other_embeddings, other_s = self.frame_embeddings(other_analysis, token, report)
        alignment = align(own_embeddings, other_embeddings, own_s, other_s)
        own_times_s = np.concatenate([[analysis.start_s], alignment.own_s, [analysis.stop_s]])
        other_times_s = np.concatenate([[other_analysis.start_s], alignment.other_s, [other_analysis.stop_s]])
        return replace(alignment, own_s=frozen(own_times_s), other_s=frozen(other_times_s))

    def frame_embeddings(
        self, analysis: Analysis, token: CancelToken = NEVER, report: Report = silent
    ) -> tuple[FloatArray, FloatArray]:
        """Return embeddings and times of the S sampled frames of an analysis, in order of time.

        Returns:
            (S, 9 · 2F) means of the features in 3 x 3 areas of the picture, and (S,) presentation times in seconds.
        """
        embeddings = []
        with VideoReader(analysis.video.path, token) as reader:
            sampling = self._checked_sampling(analysis, reader.read_info(token))
            for n_done, features in enumerate(self._source.steps(reader, sampling, token), start=1):
                areas = torch.nn.functional.adaptive_avg_pool2d(torch.from_numpy(features).float(), 3)
                area_means = areas.flatten(1).numpy()
                embeddings.append(area_means.astype(np.float64))
                report(Progress("looking", n_done, analysis.n_segments))
        times_s = analysis.times_s.T.ravel()
        order = np.argsort(times_s, kind="stable")
        return np.concatenate(embeddings)[order], times_s[order]

    def _warm_up(self, token: CancelToken, report: Report) -> None:
        """Let torch use the free cores, and load or compile the flow kernels; a compilation is announced."""

        def announce(text: str) -> None:
            self._announce(text)
            report(Progress(text))

        use_free_cores()
        if self._source.preprocessing.flow.algorithm.startswith("tvl1"):
            if self._compile_in_subprocess:
                preload_llvm()
                warm_up(announce, partial(compile_flow, token=token))
            else:
                warm_up(announce, None)

    def close(self) -> None:
        """Free the device's memory."""
        self._model.cpu()
        self._source.extractor.close()
        if self._device.type == "cuda":
            torch.cuda.empty_cache()
