"""Snippets for the network that is trained end to end: pictures with the flow around them, cached on disk."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from skillviewer.core.arrays import IntArray, RGBImage
from skillviewer.core.errors import CheckpointError
from skillviewer.core.progress import CancelToken
from skillviewer.core.video.clips import ClipRange
from skillviewer.core.video.info import VideoInfo
from skillviewer.core.video.preprocessing import Preprocessing
from skillviewer.engine.features.dataset_features import standardise
from skillviewer.engine.features.extractor import backbone_config, own_backbone_weights, streams_of
from skillviewer.engine.features.feature_store import DerivedStore, FeatureStore, first_pass
from skillviewer.engine.features.frame_inputs import Sampling, sampling_of, stream_inputs
from skillviewer.engine.features.source import Configuration, FrameSource
from skillviewer.media.reading.reader import VideoReader
from skillviewer.nets.attention import AttentionModel
from skillviewer.nets.attention_models.end_to_end import CHANNELS, CROP_PX, N_FIELDS, SIZE_PX, EndToEndModel, snippet_of
from skillviewer.nets.backbones.features import BACKBONES, backbone, recalibrate_batch_norm
from skillviewer.nets.configuration import BackboneConfig
from skillviewer.nets.presets import Preset
from skillviewer.nets.sizes import HeadSizes

PUBLISHED_BACKBONE = "alexnet"

_VERSION = 1
_STACK = 6  # the shortest even stack that holds the fields of a snippet


def preprocessing_of(preprocessing: Preprocessing) -> Preprocessing:
    """Return the preprocessing for snippets: number of snippets, clock and flow algorithm stay."""
    flow = replace(preprocessing.flow, length=_STACK, short_side_px=SIZE_PX[1])
    return replace(preprocessing, input_px=CROP_PX, flow=flow)


def sizes_of(head_preset: Preset, name: str) -> HeadSizes:
    """Return the sizes of the scores behind a backbone.

    Args:
        head_preset: Preset of all other sizes.
        name: Entry in BACKBONES. AlexNet keeps its fully connected layers, others are averaged over their cells.
    """
    entry = backbone(name)
    sizes = head_preset.sizes(2 * entry.n_channels, entry.grid(CROP_PX))
    return sizes if name == PUBLISHED_BACKBONE else replace(sizes, tsn_hidden=())


class SnippetSource(FrameSource):
    """Source of snippets, (3 + 2L, h, w) uint8 each.

    Of the preprocessing it takes number of snippets, clock and flow algorithm; its input size plays no part.
    """

    kind = np.uint8

    @property
    def configuration(self) -> Configuration:
        """Everything that decides the snippets besides the sampled frames."""
        flow = self.preprocessing.flow
        clock = ("rate_hz", self.preprocessing.rate_hz)
        return ("snippets", _VERSION), clock, ("flow", flow.algorithm), ("flow_bound_px", flow.bound_px)

    @property
    def frame_shape(self) -> tuple[int, int, int]:
        """(3 + 2L, h, w)."""
        width, height = SIZE_PX
        return CHANNELS, height, width

    def sampling(self, info: VideoInfo, n_passes: int, clip_range: ClipRange | None = None) -> Sampling:
        """Return the sampled frames, each with the fields of a snippet around it."""
        return sampling_of(info, preprocessing_of(self.preprocessing), n_passes, clip_range)

    def compute(
        self, reader: VideoReader, sampling: Sampling, positions: IntArray, token: CancelToken
    ) -> Iterator[tuple[int, RGBImage]]:
        """Yield positions and their snippets."""
        preprocessing = preprocessing_of(self.preprocessing)
        for item in stream_inputs(reader, preprocessing, sampling.timeline, positions, SIZE_PX, token=token):
            yield item.position, snippet_of(item.rgb, item.flow)


def backbones_of(name: str) -> BackboneConfig:
    """Return the initial weights of a network that trains its backbones, as named in checkpoints.

    Raises:
        CheckpointError: Its weights are not on this computer.
    """
    try:
        return backbone_config(own_backbone_weights(name))
    except CheckpointError as error:
        raise CheckpointError(
            f"{error} Or train one that ships: --tsn-backbone {next(iter(BACKBONES)).name}."
        ) from error


def end_to_end(sizes: HeadSizes, name: str = PUBLISHED_BACKBONE) -> EndToEndModel:
    """Return the network as it begins: two backbones trained on ImageNet, the motion stream across modalities.

    Args:
        sizes: Sizes of the head. If its hidden layers have AlexNet's widths, they start from AlexNet's too.
        name: Entry in BACKBONES.

    Raises:
        CheckpointError: The weights are not on this computer.
    """
    weights = own_backbone_weights(name)
    streams = streams_of(weights, N_FIELDS, CROP_PX, rescale=False)  # as Temporal Segment Networks
    model = EndToEndModel(sizes, streams.to(memory_format=torch.channels_last))  # type: ignore[call-overload]
    first = weights.after_trunk.get("classifier.1.weight")
    if first is not None and sizes.tsn_hidden and first.shape[0] == sizes.tsn_hidden[0]:
        model.start_from({name: tensor.float() for name, tensor in weights.after_trunk.items()})
    return model


def adapt_statistics(model: EndToEndModel, store: FeatureStore, names: Sequence[str]) -> None:
    """Set the statistics of a new model from its training videos, and put it into evaluation mode.

    The batch normalisation of the motion stream, trained on pictures, gets the statistics of flow; features that are
    averaged over cells are standardised. AlexNet has neither.
    """
    model.eval()
    device = next(model.parameters()).device
    if any(isinstance(part, nn.BatchNorm2d) for part in model.streams.motion.modules()):
        motion = (model.inputs(first_pass(store, name)[None].to(device))[1] for name in names)
        recalibrate_batch_norm(model.streams.motion, motion)
    standardise(model.fusion, SnippetFeatures(store, model), names)


class SnippetFeatures(DerivedStore):
    """Features that backbones in evaluation mode make of the middle of snippets, computed when they are asked for."""

    def __init__(self, store: FeatureStore, model: AttentionModel) -> None:
        super().__init__(store)
        self._model = model

    def __getitem__(self, name: str) -> Sequence[NDArray[Any]]:
        """Return the features of a video's first pass, (N, 2F, h, w) float16 as they would be kept."""
        device = next(self._model.parameters()).device
        with torch.inference_mode():
            return [self._model.features(first_pass(self.store, name)[None].to(device))[0].half().cpu().numpy()]
