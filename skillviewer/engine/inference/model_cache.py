"""Cache of loaded models on one device; models with equal preprocessing and backbones share features and backbones."""

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
from skillviewer.engine.features.extractor import FeatureExtractor
from skillviewer.engine.features.feature_cache import FeatureCache
from skillviewer.engine.features.frame_sources import FeatureSource
from skillviewer.engine.inference.engine import Engine
from skillviewer.engine.runtime.device import choose_device, device_errors
from skillviewer.media.reading.reader import VideoReader
from skillviewer.nets.attention_models.end_to_end import SIZE_PX
from skillviewer.nets.checkpoint import Checkpoint, load_checkpoint
from skillviewer.nets.model_library import checkpoint_digest, model_folder
from skillviewer.nets.models import attention_model


class ModelCache(Closeable):
    """Loaded models by folder; a model is loaded again if its checkpoint has changed.

    Not thread safe: one thread owns it. Use it as a context manager.

    A backbone is loaded when features are not in the cache, once for all models that share it. On an analysed video,
    a second model with the same features computes its head only.

    Args:
        device: As for ``Engine.open``; chosen when the first model is loaded.
        cache: Cache of features, or None for the default cache.
        announce: Receives a sentence before rare long work.
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
        self._device_name = device
        self._announce = announce
        self._compile_in_subprocess = compile_in_subprocess
        self._cache = cache if cache is not None else FeatureCache()
        self._engines: dict[Path, Engine] = {}
        self._extractors: dict[Hashable, FeatureExtractor] = {}

    def facts(self, folder: Path) -> ModelFacts:
        """Return the facts about a model, which is loaded first if necessary.

        Raises:
            CheckpointError: The checkpoint is missing, foreign or damaged, or takes no features.
            DeviceError: The device is not there.
        """
        return model_facts(self._load_engine(folder).checkpoint)

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
        """Assess a video, or a range of it, with one of the models.

        Raises the errors of ``Engine.assess`` and ``facts``.
        """
        report(Progress("loading"))
        return self._load_engine(folder).assess(video, passes, token, report, clip_range, reader)

    def explain(
        self,
        folder: Path,
        analysis: Analysis,
        token: CancelToken = NEVER,
        report: Report = silent,
        reader: VideoReader | None = None,
    ) -> Evidence:
        """Return the evidence for an analysis by one of the models; raises the errors of ``Engine.explain``."""
        return self._load_engine(folder).explain(analysis, token=token, report=report, reader=reader)

    def align(
        self,
        folder: Path,
        analysis: Analysis,
        other_analysis: Analysis,
        token: CancelToken = NEVER,
        report: Report = silent,
    ) -> Alignment:
        """Align a video with another in time by one of the models; raises the errors of ``Engine.align``."""
        return self._load_engine(folder).align(analysis, other_analysis, token, report)

    def retain(self, folders: Collection[Path]) -> None:
        """Unload all models except those in ``folders``, and the backbones that the remaining models do not need."""
        unused_folders = [folder for folder in self._engines if folder not in folders]
        for folder in unused_folders:
            del self._engines[folder]
        needed_keys = {_feature_key(engine.checkpoint) for engine in self._engines.values()}
        unused_keys = [key for key in self._extractors if key not in needed_keys]
        for key in unused_keys:
            self._extractors.pop(key).close()
        # Engines have no circular references, so they are freed by now. Garbage must not be collected here: that could
        # delete a widget in a worker thread.
        if unused_folders and torch.cuda.is_available():
            torch.cuda.empty_cache()

    def _load_engine(self, folder: Path) -> Engine:
        """Return the engine of a model; load the model if it is new, or if its checkpoint has changed."""
        engine = self._engines.get(folder)
        if engine is not None and engine.digest == checkpoint_digest(model_folder(folder)):
            return engine
        self.retain([loaded_folder for loaded_folder in self._engines if loaded_folder != folder])
        device = choose_device(self._device_name)
        checkpoint = load_checkpoint(model_folder(folder))
        if checkpoint.config.backbone is None:
            raise CheckpointError(
                f"{checkpoint.name} looks at time alone: it cannot be asked about single videos here. Choose "
                "another model."
            )
        with device_errors():
            model = checkpoint.build().to(device).eval()
            key = _feature_key(checkpoint)
            if key not in self._extractors:
                self._extractors[key] = FeatureExtractor.lazy(checkpoint, device)
        source = FeatureSource(self._cache, checkpoint.config.preprocessing, self._extractors[key])
        engine = Engine(checkpoint, model, source, device, self._announce, self._compile_in_subprocess)
        self._engines[folder] = engine
        return engine

    def close(self) -> None:
        """Free the device's memory."""
        self.retain(())


def _feature_key(checkpoint: Checkpoint) -> Hashable:
    """Return a key that is equal for models with equal features."""
    config = checkpoint.config
    trained_backbones = checkpoint.digest if checkpoint.streams else ""
    return repr(config.backbone), config.preprocessing, config.precision, trained_backbones


def model_facts(checkpoint: Checkpoint) -> ModelFacts:
    """Return the facts about a checkpoint."""
    config = checkpoint.config
    held_out = checkpoint.card.held_out
    headline = held_out.headline if held_out is not None else None
    accuracy = headline.accuracy if headline is not None else None
    accuracy_interval = headline.interval if headline is not None else None
    n_pairs = headline.n_pairs if headline is not None else 0
    rule = held_out.rule if held_out is not None else ""
    tensors = (*checkpoint.head.values(), *checkpoint.streams.values())
    return ModelFacts(
        name=checkpoint.name,
        digest=checkpoint.digest,
        attention_model=config.attention_model,
        title=attention_model(config.attention_model).title,
        map_kind=checkpoint.map_kind,
        n_parameters=sum(tensor.numel() for tensor in tensors),
        accuracy=accuracy,
        accuracy_interval=accuracy_interval,
        n_pairs=n_pairs,
        rule=rule,
        warning=checkpoint.card.warning,
        features=_describe_features(checkpoint),
    )


def _describe_features(checkpoint: Checkpoint) -> str:
    """Return backbone, picture, flow and segments of a model as text."""
    config = checkpoint.config
    preprocessing = config.preprocessing
    backbone = config.backbone.name if config.backbone is not None else "no backbone"
    width_px, height_px = SIZE_PX
    crop = f" in the middle of {width_px} × {height_px}" if config.on_snippets else ""
    whole_video = " of the whole video" if preprocessing.sampling == "even" else ""
    clock = "" if preprocessing.rate_hz is None else f" at {preprocessing.rate_hz:g} Hz"
    own_backbones = f", backbones of its own ({checkpoint.digest[:8]})" if checkpoint.streams else ""
    return (
        f"{backbone}, {preprocessing.input_px} px{crop}, {preprocessing.flow.algorithm}, "
        f"{preprocessing.segments_text} segments{whole_video}{clock}{own_backbones}"
    )
