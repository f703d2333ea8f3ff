"""A loaded model with its device and feature cache: it assesses single videos and explains their scores."""

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
from skillviewer.engine.features.cache import FeatureCache
from skillviewer.engine.features.extractor import FeatureExtractor
from skillviewer.engine.features.frame_inputs import Sampling, sampling_of
from skillviewer.engine.features.source import FeatureSource
from skillviewer.engine.inference.assess import ScoringModel, scores_of_tracks, assess
from skillviewer.engine.inference.evidence import fused_passes, weigh
from skillviewer.engine.runtime.device import choose_device, device_errors, device_title, memory_text
from skillviewer.engine.runtime.flow_compilation import compile_flow
from skillviewer.engine.runtime.preload import preload_llvm
from skillviewer.engine.runtime.threads import fit_threads
from skillviewer.media.flow.flow import warm_up
from skillviewer.media.reading.reader import VideoReader
from skillviewer.nets.attention import AttentionModel
from skillviewer.nets.checkpoint import Checkpoint, load_checkpoint
from skillviewer.nets.library import model_folder


def _opened(path: str | Path, reader: VideoReader | None, token: CancelToken) -> AbstractContextManager[VideoReader]:
    return VideoReader(path, token) if reader is None else nullcontext(reader)


@dataclass(eq=False, repr=False)
class Engine(Closeable):
    """A loaded model that stays on its device. Not thread safe: one thread owns it. Use it as a context manager."""

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
            cache: Cache of features, or None for the usual one.
            announce: Told in a sentence of rare long work (compiling the flow kernels).
            compile_in_subprocess: Whether to compile them in another process, for a program with a window. Its main
                module must be importable (``if __name__ == "__main__"``).

        Raises:
            CheckpointError: It is missing, foreign or damaged, or its backbone is not here.
            DeviceError: That device is not there.
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
        """Digest of the checkpoint: of its configuration and weights."""
        return self.checkpoint.digest

    @property
    def warning(self) -> str:
        """Warning of the checkpoint's card, or ""."""
        return self.checkpoint.card.warning

    @property
    def device_name(self) -> str:
        """Device for the user: ``cpu`` or ``cuda:0 NVIDIA ...``."""
        return device_title(self._device)

    def memory_text(self) -> str:
        """Return used and total GPU memory, or ""."""
        return memory_text(self._device)

    def _scoring(self) -> ScoringModel:
        checkpoint = self.checkpoint
        config = self.checkpoint.config
        provenance = Provenance(
            program=f"SkillViewer {__version__}",
            model=self.checkpoint.name,
            model_digest=self.checkpoint.digest,
            attention_model=config.attention_model,
            flow=config.preprocessing.flow.algorithm,
            backbone=config.backbone.name if config.backbone is not None else "",
            device=self.device_name,
            precision=config.precision,
        )
        references = checkpoint.familiarity, checkpoint.card.raters_scale
        return ScoringModel(self._model, self._source, checkpoint.map_rect, provenance, *references, config.tracks)

    def assess(
        self,
        path: str | Path,
        passes: int = 1,
        token: CancelToken = NEVER,
        report: Report = silent,
        clip_range: ClipRange | None = None,
        reader: VideoReader | None = None,
    ) -> Analysis:
        """Assess one video, or a part of it.

        Args:
            path: The file.
            passes: K, interleaved choices of frames; two or more give an interval.
            token: Raise it to stop; it is checked while the file is read through, and after every sampled frame.
            report: Told of every step; ``value`` is the analysis so far.
            clip_range: The part, or None for the whole video. No frame outside it is used.
            reader: The file where it is open already, so that it is opened and hashed once; it stays open.

        Raises:
            DatasetError: The part lies outside the video.
            VideoError: The file cannot be read.
            DeviceError: The device ran out of memory.
        """
        if passes < 1:
            raise CheckpointError(f"An analysis needs at least one pass, not {passes}.")
        self._warm_up(token, report)
        with device_errors(), _opened(path, reader, token) as opened:
            return assess(opened, self._scoring(), passes, token, report, clip_range)

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
        """Say what raised and lowered the score of one video, and whether the attention is faithful.

        Args:
            video: The file, or its analysis by this model, which is then explained as it is, with all its passes.
            passes: K, where a file is given.
            n_random: Random orders and shuffles that the attention is held against, at least 20.
            seed: Their seed.
            token: Raise it to stop; it is checked after every batch.
            report: Told of progress.
            reader: The file where it is open already; it stays open.

        Raises:
            CheckpointError: The analysis is of another model.
            VideoError: The file cannot be read, or is no longer the one that was analysed.
            DeviceError: The device ran out of memory.
        """
        path = video.video.path if isinstance(video, Analysis) else video
        clip_range = video.clip_range if isinstance(video, Analysis) else None
        passes = video.n_passes if isinstance(video, Analysis) else passes
        if passes < 1:
            raise CheckpointError(f"Evidence needs at least one pass, not {passes}.")
        self._warm_up(token, report)
        with device_errors(), _opened(path, reader, token) as opened:
            digest = opened.describe(token).digest
            sampling = self._source.sampling(opened.info, passes, clip_range)
            added = float(scores_of_tracks(self.checkpoint.config.tracks, opened.info, sampling)[:, -1].mean())
            if isinstance(video, Analysis):
                self._own_sampling(video, opened.info)
            fused = fused_passes(opened, self._model, self._source, passes, token, report, clip_range)
            evidence = weigh(self._model, fused, digest, self.checkpoint.digest, token, report, n_random, seed)
            # tracks are not occluded: they are part of the score, and of that of the empty video
            score, baseline = evidence.score + added, evidence.baseline + added
            return replace(evidence, clip_range=clip_range, score=score, baseline=baseline)

    def _own_sampling(self, analysis: Analysis, info: VideoInfo) -> Sampling:
        """Return the sampling of an analysis; refuse one of another model, of other frames, or of another file."""
        made_by = analysis.provenance
        name = analysis.video.path.name
        if made_by.model_digest != self.checkpoint.digest:
            raise CheckpointError(
                f"The analysis of {name} was not made by this version of {self.name} but by "
                f"{made_by.model} ({made_by.model_digest[:8]}). Assess the video again."
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

    def align(self, own: Analysis, other: Analysis, token: CancelToken = NEVER, report: Report = silent) -> Alignment:
        """Align a video with another one in time, by the backbones' features of the frames that the model looked at.

        Raises:
            CheckpointError: An analysis is of another model.
            VideoError: A file cannot be read, or is no longer the one that was analysed.
            DeviceError: The device ran out of memory.
        """
        self._warm_up(token, report)
        with device_errors():
            (own_places, own_s), (other_places, other_s) = (
                self.places(analysis, token, report) for analysis in (own, other)
            )
        alignment = align(own_places, other_places, own_s, other_s)
        ends = [
            np.concatenate([[a.start_s], times, [a.stop_s]])
            for a, times in ((own, alignment.own_s), (other, alignment.other_s))
        ]
        return replace(alignment, own_s=frozen(ends[0]), other_s=frozen(ends[1]))

    def places(
        self, analysis: Analysis, token: CancelToken = NEVER, report: Report = silent
    ) -> tuple[FloatArray, FloatArray]:
        """Return (S, 9 · 2F) means of the features of S frames in 3 x 3 fields, and (S,) times, in order of time."""
        fields = []
        with VideoReader(analysis.video.path, token) as reader:
            sampling = self._own_sampling(analysis, reader.describe(token))
            for n_done, features in enumerate(self._source.steps(reader, sampling, token), start=1):
                pooled = torch.nn.functional.adaptive_avg_pool2d(torch.from_numpy(features).float(), 3)
                fields.append(pooled.flatten(1).numpy().astype(np.float64))
                report(Progress("looking", n_done, analysis.n_segments))
        times = analysis.times_s.T.ravel()
        order = np.argsort(times, kind="stable")
        return np.concatenate(fields)[order], times[order]

    def _warm_up(self, token: CancelToken, report: Report) -> None:
        """Take the free cores, and make the flow kernels ready; announce a compilation, also in this job's progress."""

        def tell(text: str) -> None:
            self._announce(text)
            report(Progress(text))

        fit_threads()
        if self._source.preprocessing.flow.algorithm.startswith("tvl1"):
            if self._compile_in_subprocess:
                preload_llvm()
            warm_up(tell, partial(compile_flow, token=token) if self._compile_in_subprocess else None)

    def close(self) -> None:
        """Give the device's memory back."""
        self._model.cpu()
        self._source.extractor.close()
        if self._device.type == "cuda":
            torch.cuda.empty_cache()
