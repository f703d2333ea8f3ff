"""Several models on one device, asked about the same videos: those that are fed alike share features and backbones."""

from collections.abc import Callable, Collection, Hashable
from pathlib import Path

import torch

from skillviewer.core.analysis.analysis import Analysis
from skillviewer.core.analysis.model_facts import ModelFacts
from skillviewer.core.closeable import Closeable
from skillviewer.core.errors import CheckpointError
from skillviewer.core.explanation.alignment import Alignment
from skillviewer.core.explanation.evidence import Evidence
from skillviewer.core.progress import NEVER, CancelToken, Progress, Report, silent
from skillviewer.core.video.clips import ClipRange
from skillviewer.engine.features.cache import FeatureCache
from skillviewer.engine.features.extractor import FeatureExtractor
from skillviewer.engine.features.source import FeatureSource
from skillviewer.engine.inference.engine import Engine
from skillviewer.engine.runtime.device import choose_device, device_errors
from skillviewer.media.reading.reader import VideoReader
from skillviewer.nets.attention_models.end_to_end import SIZE_PX
from skillviewer.nets.checkpoint import Checkpoint, load_checkpoint
from skillviewer.nets.library import digest, model_folder
from skillviewer.nets.models import attention_model


class ModelCache(Closeable):
    """Loaded models by folder, anew where another checkpoint was put there.

    Not thread safe: one thread owns it. Use it as a context manager.

    A backbone is loaded only when a frame must be looked at that no model fed alike has seen, and then once for all of
    them: a second model on an analysed video costs its head.

    Args:
        device: As for ``Engine.open``; chosen when the first model is loaded.
        cache: Cache of features, or None for the usual one.
        announce: Receives a sentence on rare long work.
        compile_in_subprocess: As for ``Engine.open``.
    """

    def __init__(
        self,
        device: str = "auto",
        cache: FeatureCache | None = None,
        announce: Callable[[str], None] = silent,
        *,
        compile_in_subprocess: bool = False,
    ) -> None:
        self._wanted = device
        self._announce = announce
        self._compile_in_subprocess = compile_in_subprocess
        self._cache = cache if cache is not None else FeatureCache()
        self._engines: dict[Path, Engine] = {}
        self._extractors: dict[Hashable, FeatureExtractor] = {}

    def facts(self, folder: Path) -> ModelFacts:
        """Return the facts about a model, which is loaded first if necessary.

        Raises:
            CheckpointError: It is missing, foreign or damaged, or is not fed features.
            DeviceError: The device is not there.
        """
        return facts(self._engine(folder).checkpoint)

    def assess(
        self,
        folder: Path,
        video: Path,
        passes: int = 1,
        token: CancelToken = NEVER,
        report: Report = silent,
        clip_range: ClipRange | None = None,
        reader: VideoReader | None = None,
    ) -> Analysis:
        """Assess a video, or a part of it, with one of the models.

        See ``Engine.assess`` and ``facts`` for what it raises.
        """
        report(Progress("loading"))
        return self._engine(folder).assess(video, passes, token, report, clip_range, reader)

    def explain(
        self,
        folder: Path,
        analysis: Analysis,
        token: CancelToken = NEVER,
        report: Report = silent,
        reader: VideoReader | None = None,
    ) -> Evidence:
        """Return the evidence for an analysis by one of the models; see ``Engine.explain`` for what it raises."""
        return self._engine(folder).explain(analysis, token=token, report=report, reader=reader)

    def align(
        self, folder: Path, own: Analysis, other: Analysis, token: CancelToken = NEVER, report: Report = silent
    ) -> Alignment:
        """Align a video with another in time by one of the models; see ``Engine.align`` for what it raises."""
        return self._engine(folder).align(own, other, token, report)

    def retain(self, folders: Collection[Path]) -> None:
        """Let go of all models but these, and of the backbones that none of these needs."""
        unused = [folder for folder in self._engines if folder not in folders]
        for folder in unused:
            del self._engines[folder]
        needed = {_feature_key(engine.checkpoint) for engine in self._engines.values()}
        for key in [key for key in self._extractors if key not in needed]:
            self._extractors.pop(key).close()
        # nothing refers to them in circles, so they are gone by now: collecting garbage here, in a worker, could
        # delete a widget that is garbage too, in a thread that must not touch one
        if unused and torch.cuda.is_available():
            torch.cuda.empty_cache()

    def _engine(self, folder: Path) -> Engine:
        loaded = self._engines.get(folder)
        if loaded is not None and loaded.digest != digest(model_folder(folder)):  # trained anew in its folder
            self.retain([other for other in self._engines if other != folder])
        if folder not in self._engines:
            device = choose_device(self._wanted)
            checkpoint = load_checkpoint(model_folder(folder))
            if checkpoint.config.backbone is None:
                raise CheckpointError(
                    f"{checkpoint.name} looks at time alone: it cannot be asked about single videos here. Choose "
                    "another model."
                )
            preprocessing = checkpoint.config.preprocessing
            with device_errors():
                model = checkpoint.build().to(device).eval()
                key = _feature_key(checkpoint)
                if key not in self._extractors:
                    self._extractors[key] = FeatureExtractor.lazy(checkpoint, device)
            source = FeatureSource(self._cache, preprocessing, self._extractors[key])
            self._engines[folder] = Engine(
                checkpoint, model, source, device, self._announce, self._compile_in_subprocess
            )
        return self._engines[folder]

    def close(self) -> None:
        """Give the device's memory back."""
        self.retain(())


def _feature_key(checkpoint: Checkpoint) -> Hashable:
    """Return all that decides a model's features."""
    config = checkpoint.config
    own_digest = checkpoint.digest if checkpoint.streams else ""
    return repr(config.backbone), config.preprocessing, config.precision, own_digest


def facts(checkpoint: Checkpoint) -> ModelFacts:
    """Return the facts about a checkpoint."""
    config = checkpoint.config
    held_out = checkpoint.card.held_out
    stated = held_out.headline if held_out is not None else None
    entry = attention_model(config.attention_model)
    preprocessing = config.preprocessing
    backbone = config.backbone.name if config.backbone is not None else "no backbone"
    clock = "" if preprocessing.rate_hz is None else f" at {preprocessing.rate_hz:g} Hz"
    spread = " of the whole video" if preprocessing.sampling == "even" else ""
    own_backbones = f", backbones of its own ({checkpoint.digest[:8]})" if checkpoint.streams else ""
    width, height = SIZE_PX
    middle = f" in the middle of {width} × {height}" if config.on_snippets else ""
    return ModelFacts(
        name=checkpoint.name,
        digest=checkpoint.digest,
        attention_model=config.attention_model,
        title=entry.title,
        map_kind=checkpoint.map_kind,
        n_parameters=sum(t.numel() for t in (*checkpoint.head.values(), *checkpoint.streams.values())),
        accuracy=stated.accuracy if stated is not None else None,
        accuracy_interval=stated.interval if stated is not None else None,
        n_pairs=stated.n_pairs if stated is not None else 0,
        rule=held_out.rule if held_out is not None else "",
        warning=checkpoint.card.warning,
        features=f"{backbone}, {preprocessing.input_px} px{middle}, {preprocessing.flow.algorithm}, "
        f"{preprocessing.segments_text} segments{spread}{clock}{own_backbones}",
    )
