"""Snippets for the network that is trained end to end: frames with the flow around them, cached on disk."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from skillviewer.core.arrays import IntArray, RGBImage
from skillviewer.core.errors import CheckpointError
from skillviewer.core.progress import CancelToken
from skillviewer.core.video.clips import ClipRange
from skillviewer.core.video.info import VideoInfo
from skillviewer.core.video.preprocessing import Preprocessing
from skillviewer.engine.features.extractor import backbone_config, local_backbone_weights, streams_of
from skillviewer.engine.features.feature_statistics import standardise
from skillviewer.engine.features.feature_store import DerivedStore, FeatureStore, features_of_first_pass
from skillviewer.engine.features.frame_inputs import Sampling, sampling_of, stream_inputs
from skillviewer.engine.features.frame_sources import Configuration, FrameSource
from skillviewer.media.reading.reader import VideoReader
from skillviewer.nets.attention import AttentionModel
from skillviewer.nets.attention_models.end_to_end import (
    CHANNELS,
    CROP_PX,
    N_FIELDS,
    SIZE_PX,
    EndToEndModel,
    make_snippet,
)
from skillviewer.nets.backbones.backbones import BACKBONES, backbone
from skillviewer.nets.backbones.two_stream import recalibrate_batch_norm
from skillviewer.nets.configuration import BackboneConfig
from skillviewer.nets.presets import Preset
from skillviewer.nets.sizes import HeadSizes

PUBLISHED_BACKBONE = "alexnet"

_VERSION = 1
_STACK_LENGTH = 6
"""Length of flow stacks: the shortest even number that holds the fields of a snippet."""


def preprocessing_of(preprocessing: Preprocessing) -> Preprocessing:
    """Return the preprocessing for snippets, with the same number of segments, clock and flow algorithm."""
    flow = replace(preprocessing.flow, length=_STACK_LENGTH, short_side_px=SIZE_PX[1])
    return replace(preprocessing, input_px=CROP_PX, flow=flow)


def sizes_of(head_preset: Preset, name: str) -> HeadSizes:
    """Return the sizes of the layers behind a backbone.

    Args:
        head_preset: Preset of all other sizes.
        name: Entry in BACKBONES. AlexNet has its fully connected layers; features of others are averaged over cells.
    """
    entry = backbone(name)
    sizes = head_preset.sizes(2 * entry.n_channels, entry.grid(CROP_PX))
    return sizes if name == PUBLISHED_BACKBONE else replace(sizes, tsn_hidden=())


class SnippetSource(FrameSource):
    """Source of snippets, (3 + 2L, h, w) uint8 each.

    Only number of segments, clock and flow algorithm of the preprocessing are used.
    """

    dtype = np.uint8

    @property
    def configuration(self) -> Configuration:
        """All settings that decide the snippets of given frames, for the cache's key."""
        flow = self.preprocessing.flow
        return (
            ("snippets", _VERSION),
            ("rate_hz", self.preprocessing.rate_hz),
            ("flow", flow.algorithm),
            ("flow_bound_px", flow.bound_px),
        )

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
        for item in stream_inputs(
            reader, preprocessing, frame_line=sampling.timeline, positions=positions, size=SIZE_PX, token=token
        ):
            yield item.position, make_snippet(item.rgb, item.flow)


def backbones_of(name: str) -> BackboneConfig:
    """Return the description of the initial backbones of a network that trains its backbones.

    Raises:
        CheckpointError: The weights are not on this computer.
    """
    try:
        return backbone_config(local_backbone_weights(name))
    except CheckpointError as error:
        shipped_name = next(iter(BACKBONES)).name
        raise CheckpointError(f"{error} Or train one that ships: --tsn-backbone {shipped_name}.") from error


def end_to_end(sizes: HeadSizes, name: str = PUBLISHED_BACKBONE) -> EndToEndModel:
    """Return a new network: two backbones trained on ImageNet, with the motion stream across modalities.

    Args:
        sizes: Sizes of the head. Hidden layers with AlexNet's widths start from AlexNet's weights.
        name: Entry in BACKBONES.

    Raises:
        CheckpointError: The weights are not on this computer.
    """
    weights = local_backbone_weights(name)
    streams = streams_of(weights, N_FIELDS, CROP_PX, rescale=False)  # as Temporal Segment Networks
    model = EndToEndModel(sizes, streams.to(memory_format=torch.channels_last))  # type: ignore[call-overload]
    first_layer = weights.after_trunk.get("classifier.1.weight")
    if first_layer is not None and sizes.tsn_hidden and first_layer.shape[0] == sizes.tsn_hidden[0]:
        model.initialise_hidden_layers({key: tensor.float() for key, tensor in weights.after_trunk.items()})
    return model


def adapt_statistics(model: EndToEndModel, store: FeatureStore, names: Sequence[str]) -> None:
    """Set the statistics of a new model to those of its training videos, and put the model into evaluation mode.

    The batch normalisation of the motion stream, which was trained on pictures, gets the statistics of flow. Features
    that are averaged over cells are standardised. AlexNet has neither.
    """
    model.eval()
    device = next(model.parameters()).device

    def motion_inputs() -> Iterator[Tensor]:
        for name in names:
            snippets = features_of_first_pass(store, name)[None].to(device)
            _, flow = model.inputs(snippets)
            yield flow

    if any(isinstance(module, nn.BatchNorm2d) for module in model.streams.motion.modules()):
        recalibrate_batch_norm(model.streams.motion, motion_inputs())
    standardise(model.fusion, SnippetFeatures(store, model), names)


class SnippetFeatures(DerivedStore):
    """A store of features that backbones compute from the middle of snippets, each time that they are read."""

    def __init__(self, store: FeatureStore, model: AttentionModel) -> None:
        super().__init__(store)
        self._model = model

    def __getitem__(self, name: str) -> Sequence[NDArray[Any]]:
        """Return the features of a video's first pass, (N, 2F, h, w) float16 like stored features."""
        device = next(self._model.parameters()).device
        snippets = features_of_first_pass(self.store, name)[None].to(device)
        with torch.inference_mode():
            features = self._model.features(snippets)[0]
        return [features.half().cpu().numpy()]
