"""The two backbones on their device: one sampled frame and its flow stack to features."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from skillviewer.core.arrays import Float32Array, RGBImage
from skillviewer.core.errors import CheckpointError
from skillviewer.core.video.preprocessing import Preprocessing
from skillviewer.engine.features.weight_store import find_weights, weights_dir
from skillviewer.engine.runtime.device import DeviceBatches
from skillviewer.media.flow.flow import FieldBatch
from skillviewer.media.flow.tvl1 import PRESETS
from skillviewer.nets.attention_models.end_to_end import SIZE_PX, middle_of, snippet_of
from skillviewer.nets.backbones.backbone_entry import ClipSampling
from skillviewer.nets.backbones.backbone_weights import BackboneWeights, stream_state
from skillviewer.nets.backbones.deployment import Precision, deploy
from skillviewer.nets.backbones.features import FLOW_ACROSS_MODALITIES, SIGNED, UNIT, TwoStream, backbone
from skillviewer.nets.backbones.flow_tvl1 import BatchedTVL1
from skillviewer.nets.backbones.last_block import last_blocks, without_last_block
from skillviewer.nets.backbones.weight_files import load_backbone_weights
from skillviewer.nets.checkpoint import Checkpoint
from skillviewer.nets.configuration import BackboneConfig

FEATURES_VERSION = 1
"""Raised whenever the same configuration gives other numbers, so that kept features are computed again."""


def own_backbone_weights(name: str, *, flow: bool = False) -> BackboneWeights:
    """Load the weights of a backbone that ship with the program, were fetched or were put there.

    Args:
        name: Entry in BACKBONES.
        flow: Whether those trained on flow are meant, which do not ship; else those for pictures.

    Raises:
        CheckpointError: They are not on this computer.
    """
    entry = backbone(name)
    file = entry.weights or name.partition("@")[0]
    if flow and entry.motion_without_weights() is not None:
        raise CheckpointError(f"The motion stream of {name} has no weights: leave out --motion-weights own.")
    path = find_weights(f"{file}-flow" if flow else file)
    if path is None and flow:
        raise CheckpointError(
            f"There are no weights of {name} for flow. Put a state dict at {weights_dir() / file}-flow.pth, or let the "
            "motion stream start from the weights for pictures."
        )
    if path is None:
        raise CheckpointError(
            f"The weights of {name} are not on this computer. Get them with skillviewer weights fetch {file}, or put a "
            f"{'library' if '/' in name else 'torchvision'} state dict at {weights_dir() / file}.pth."
        )
    return load_backbone_weights(path, name)


def backbone_config(weights: BackboneWeights, motion: BackboneWeights | None = None) -> BackboneConfig:
    """Return two backbones as a checkpoint names them.

    Without ``motion``, weights for flow, the motion stream starts across modalities.
    """
    entry = backbone(weights.name)
    cross_modality = FLOW_ACROSS_MODALITIES if entry.flow is None else SIGNED
    return BackboneConfig(
        name=weights.name,
        appearance_digest=weights.digest,
        motion_digest=(motion or weights).digest,
        appearance_normalisation=entry.normalisation,
        motion_normalisation=UNIT if motion else cross_modality,
    )


def streams_of(
    weights: BackboneWeights,
    n_fields: int,
    input_px: int,
    motion: BackboneWeights | None = None,
    *,
    rescale: bool = True,
) -> TwoStream:
    """Return both streams as they start, in evaluation mode, not deployed.

    Without ``motion``, weights for flow, the motion stream starts across modalities; ``rescale``: see
    ``across_modalities``.
    """
    config = backbone_config(weights, motion)
    flow = backbone(weights.name).motion_without_weights()

    def trunk(weights: BackboneWeights, in_channels: int) -> nn.Module:
        net = backbone(weights.name).make(in_channels)
        net.load_state_dict(stream_state(weights, in_channels, rescale=rescale))
        return net.eval()

    return TwoStream(
        trunk(weights, 3),
        trunk(motion or weights, 2 * n_fields) if flow is None else flow,
        config.appearance_normalisation,
        config.motion_normalisation,
        input_px,
    )


def trained_streams(checkpoint: Checkpoint) -> TwoStream:
    """Return both streams of a checkpoint's training, in evaluation mode, not deployed; see ``open`` for errors."""
    config = checkpoint.config.backbone
    if config is None or checkpoint.config.on_snippets:  # it holds all weights itself, or has none
        return checkpoint.two_stream(None)
    motion = None if config.across_modalities else own_backbone_weights(config.name, flow=True)
    return checkpoint.two_stream(own_backbone_weights(config.name), motion)


@dataclass(eq=False, repr=False)
class FeatureExtractor:
    """Both streams, ready for inference."""

    _load: Callable[[], TwoStream] | None
    backbones: BackboneConfig  # the two backbones, as a checkpoint names them
    _n_fields: int
    _device: torch.device
    _precision: Precision
    _on_snippets: bool = False
    _retrained: str = ""
    _before: int | None = None
    _streams: TwoStream | None = None
    _flow: dict[str, BatchedTVL1] = field(default_factory=dict)

    @classmethod
    def open(cls, checkpoint: Checkpoint, device: torch.device) -> Self:
        """Load the backbones that a checkpoint was trained on.

        Raises:
            CheckpointError: Their weights are not here, or are others.
        """
        extractor = cls.later(checkpoint, device)
        extractor.ready()
        return extractor

    @classmethod
    def later(cls, checkpoint: Checkpoint, device: torch.device) -> Self:
        """Return the same, whose weights are loaded by the first frame that has to be looked at.

        Where features are kept, none has. What ``open`` raises is then raised by ``features``.

        Raises:
            CheckpointError: The checkpoint has no backbone.
        """
        config = checkpoint.config
        if config.backbone is None:
            raise CheckpointError(f"The checkpoint {checkpoint.name} looks at time alone: it has no backbone.")
        own_digest = (
            checkpoint.digest if checkpoint.streams else ""
        )  # backbones of its own: its features serve no other model
        load = partial(trained_streams, checkpoint)
        return cls(load, config.backbone, config.n_fields, device, config.precision, config.on_snippets, own_digest)

    @classmethod
    def frozen(
        cls,
        weights: BackboneWeights,
        preprocessing: Preprocessing,
        device: torch.device,
        precision: Precision,
        *,
        motion: BackboneWeights | None = None,
        before_last_block: bool = False,
    ) -> Self:
        """Return both streams on given weights, made ready by the first frame that has to be looked at.

        Without ``motion``, weights for flow, the motion stream starts across modalities. ``before_last_block`` ends
        both before their last block, for training that.
        """
        load = partial(streams_of, weights, preprocessing.flow.length, preprocessing.input_px, motion)
        extractor = cls(load, backbone_config(weights, motion), preprocessing.flow.length, device, precision)
        if before_last_block:
            streams = load()
            extractor._before = last_blocks(streams, weights.name).n_channels
            streams.appearance = without_last_block(streams.appearance, weights.name)
            streams.motion = without_last_block(streams.motion, weights.name)
            extractor._load = lambda: streams
        return extractor

    def ready(self) -> TwoStream:
        """Return both streams on the device, loaded if they are not yet."""
        if self._streams is None:
            if self._load is None:
                raise RuntimeError("the extractor is closed")
            self._streams = deploy(self._load(), self._n_fields, self._device, self._precision)
            self._load = None
        return self._streams

    @property
    def clip(self) -> ClipSampling | None:
        """Frames that it takes at every sampled position, or None for one frame and its flow stack."""
        return backbone(self.backbones.name).clip

    @property
    def n_channels(self) -> int:
        """F, channels of one stream."""
        return self._before or backbone(self.backbones.name).n_channels

    def feature_shape(self, preprocessing: Preprocessing) -> tuple[int, int, int]:
        """Return (2F, h, w) of one sampled frame."""
        return (2 * self.n_channels, *backbone(self.backbones.name).grid(preprocessing.input_px))

    def configuration(self, preprocessing: Preprocessing) -> tuple[tuple[str, str | int | float | None], ...]:
        """Return all that decides the numbers of the features, as plain values for the cache's key."""
        flow = preprocessing.flow
        return (
            ("version", FEATURES_VERSION),
            ("input_px", preprocessing.input_px),
            ("rate_hz", preprocessing.rate_hz),
            ("flow", flow.algorithm),
            ("flow_by", "torch" if self._batches(flow.algorithm) else "kernels"),
            ("flow_length", flow.length),
            ("flow_bound_px", flow.bound_px),
            ("flow_short_side_px", flow.short_side_px),
            ("backbone", self.backbones.name),
            ("appearance", self.backbones.appearance_digest),
            ("motion", self.backbones.motion_digest),
            ("appearance_normalisation", repr(self.backbones.appearance_normalisation)),
            ("motion_normalisation", repr(self.backbones.motion_normalisation)),
            ("precision", self._precision),
            ("retrained", self._retrained),
            *((("ends", "before the last block"),) if self._before else ()),
        )

    def _batches(self, algorithm: str) -> bool:
        return self._device.type == "cuda" and algorithm in PRESETS

    def flow_batch(self, algorithm: str) -> FieldBatch | None:
        """Return the function that computes TV-L1 in batches on this device, or None if the CPU's kernels are used.

        Both are the same algorithm; their fields differ in the last bits, so features of one are not taken for those
        of the other.
        """
        if not self._batches(algorithm):
            return None
        if algorithm not in self._flow:
            self._flow[algorithm] = BatchedTVL1(algorithm)
        solver = self._flow[algorithm]
        batches = DeviceBatches(self._device)

        def fields(first: RGBImage, second: RGBImage) -> Float32Array:
            pairs = torch.from_numpy(np.stack([first, second], axis=1))
            flow: Float32Array = batches.run(lambda batch: solver(*batch.unbind(1)), pairs).permute(0, 2, 3, 1).numpy()
            return flow

        return fields

    @property
    def frame_size(self) -> tuple[int, int] | None:
        """Width and height that frames are to be squashed to, where it is not the input square."""
        return SIZE_PX if self._on_snippets else None

    def features(self, rgb: RGBImage, flow: RGBImage) -> NDArray[np.float16]:
        """Compute the features of one sampled frame.

        Args:
            rgb: (S, S, 3) uint8, or of ``frame_size``; (T, S, S, 3) for a backbone that takes clips.
            flow: (2L, h0, w0) uint8, quantised; empty with clips.

        Returns:
            (2F, h, w) float16: rounded before the head, so that kept features give the same score.
        """
        streams = self.ready()
        with torch.inference_mode():
            if self._on_snippets:
                rgb, flow = middle_of(snippet_of(rgb, flow))
            picture = torch.from_numpy(np.array(rgb))[None].to(self._device)
            stack = torch.from_numpy(np.array(flow))[None].to(self._device)
            return streams(picture, stack)[0].to(torch.float16).cpu().numpy()  # type: ignore[no-any-return]

    def close(self) -> None:
        """Let go of the weights."""
        self._streams = self._load = None
