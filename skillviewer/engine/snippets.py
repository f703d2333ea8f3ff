"""Snippets for the network that is trained end to end: a picture and the flow around it, kept on disk as they are."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn import functional as F

from skillviewer.core.job import CancelToken
from skillviewer.core.pairs import Extent
from skillviewer.core.preprocessing import Preprocessing
from skillviewer.engine.cache import FeatureCache, FeatureKey
from skillviewer.engine.extractor import own_backbone_weights
from skillviewer.engine.inputs import sampling_of, stream_inputs
from skillviewer.media.reader import VideoReader
from skillviewer.nets.backbone_weights import stream_state
from skillviewer.nets.end_to_end import COLOURS, EndToEndModel
from skillviewer.nets.features import FLOW_ACROSS_MODALITIES, TwoStream, backbone
from skillviewer.nets.sizes import HeadSizes

BACKBONE = "alexnet"
SIZE_PX = (340, 256)
"""Width and height of a snippet, without regard to the proportions of the video (Temporal Segment Networks)."""

CROP_PX = 224
N_FIELDS = 5
"""Flow fields of a snippet: those from t - 3 to t + 1."""

_VERSION = 1
_STACK = 6  # the shortest even stack that holds them

CHANNELS = COLOURS + 2 * N_FIELDS


@dataclass(frozen=True, slots=True)
class SnippetSource:
    """Where snippets come from: the cache where it has them, else the video.

    Attributes:
        cache: What was cut before.
        preprocessing: Number of snippets, clock and flow algorithm; its input size plays no part.
    """

    cache: FeatureCache
    preprocessing: Preprocessing

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """(N, 3 + 2L, h, w) of one pass."""
        width, height = SIZE_PX
        return self.preprocessing.n_segments, CHANNELS, height, width

    def passes(
        self, reader: VideoReader, passes: int, token: CancelToken, extent: Extent | None = None
    ) -> list[NDArray[Any]]:
        """Return the snippets of K passes, each (N, 3 + 2L, h, w) uint8, mapped from the cache where it has them.

        Args:
            reader: The open video.
            passes: K.
            token: Checked after every snippet.
            extent: The stretch of the video to sample, or None for all of it.
        """
        flow = replace(self.preprocessing.flow, length=_STACK, short_side_px=SIZE_PX[1])
        preprocessing = replace(self.preprocessing, flow=flow)
        sampling = sampling_of(reader.info, preprocessing, passes, extent)
        configuration = (
            ("snippets", _VERSION),
            ("rate_hz", preprocessing.rate_hz),
            ("flow", flow.algorithm),
            ("flow_bound_px", flow.bound_px),
            *sampling.key,
        )
        keys = [FeatureKey(reader.info.digest, configuration, tuple(row.tolist())) for row in sampling.positions]
        missing = [i for i, key in enumerate(keys) if self.cache.get(key, self.shape) is None]
        cut = {i: np.empty(self.shape, np.uint8) for i in missing}
        if missing:
            wanted = np.unique(sampling.positions[missing])
            for item in stream_inputs(reader, preprocessing, sampling.timeline, wanted, SIZE_PX):
                token.check()
                snippet = np.concatenate([item.rgb.transpose(2, 0, 1), _sized(item.flow[: 2 * N_FIELDS])])
                for i in missing:
                    cut[i][sampling.positions[i] == item.position] = snippet
        for i in missing:
            self.cache.put(keys[i], cut[i])
        # mapped again from the disk where they were kept, so that a large data set need not fit into memory
        kept = [self.cache.get(key, self.shape) for key in keys]
        return [cut[i] if one is None else one for i, one in enumerate(kept)]


def _sized(flow: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return quantised flow at the size of a snippet; its values stay those of the size where it was computed."""
    width, height = SIZE_PX
    values = torch.from_numpy(flow)[None].float()
    sized = F.interpolate(values, (height, width), mode="bilinear", antialias=True)
    found: NDArray[np.uint8] = sized[0].round().clamp(0, 255).byte().numpy()
    return found


def end_to_end(sizes: HeadSizes) -> EndToEndModel:
    """Return the published network: two AlexNets that start from ImageNet, the motion stream across modalities.

    Args:
        sizes: Of the head. Where its hidden layers have AlexNet's widths, they start from AlexNet's too.

    Raises:
        CheckpointError: AlexNet's weights are not on this computer.
    """
    entry, weights = backbone(BACKBONE), own_backbone_weights(BACKBONE)

    def trunk(in_channels: int) -> nn.Module:
        net = entry.make(in_channels)
        net.load_state_dict(stream_state(weights, in_channels, rescale=False))  # as Temporal Segment Networks
        return net

    streams = TwoStream(trunk(COLOURS), trunk(2 * N_FIELDS), entry.normalisation, FLOW_ACROSS_MODALITIES, CROP_PX)
    model = EndToEndModel(sizes, streams)
    first = weights.beyond.get("classifier.1.weight")
    if first is not None and sizes.tsn_hidden and first.shape[0] == sizes.tsn_hidden[0]:
        model.start_from({name: tensor.float() for name, tensor in weights.beyond.items()})
    return model
