"""Features of a sampled frame and its flow stack by the two backbones on a device."""

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
from skillviewer.nets.attention_models.end_to_end import SIZE_PX, centre_of_snippet, make_snippet
from skillviewer.nets.backbones.backbone_entry import ClipSampling
from skillviewer.nets.backbones.backbone_weights import BackboneWeights, stream_state
from skillviewer.nets.backbones.backbones import backbone
from skillviewer.nets.backbones.deployment import Precision, deploy
from skillviewer.nets.backbones.flow_tvl1 import BatchedTVL1
from skillviewer.nets.backbones.last_block import last_blocks, without_last_block
from skillviewer.nets.backbones.two_stream import FLOW_ACROSS_MODALITIES, SIGNED, UNIT, TwoStream
from skillviewer.nets.backbones.weight_files import load_backbone_weights
from skillviewer.nets.checkpoint import Checkpoint
from skillviewer.nets.configuration import BackboneConfig

FEATURES_VERSION = 1
"""Number that is raised when the same configuration gives other features, so that the cache computes them again."""


def local_backbone_weights(name: str, *, flow: bool = False) -> BackboneWeights:
    """Load the weights of a backbone from this computer: shipped, fetched, or put there by the user.

    Args:
        name: Entry in BACKBONES.
        flow: Whether to load weights trained on flow, which do not ship, instead of those for pictures.

    Raises:
        CheckpointError: The weights are not on this computer.
    """
    entry = backbone(name)
    file = entry.weights
    if not file:
        file = name.partition("@")[0]
    if flow and entry.motion_without_weights() is not None:
        raise CheckpointError(f"The motion stream of {name} has no weights: leave out --motion-weights own.")
    suffix = "-flow" if flow else ""
    path = find_weights(file + suffix)
    if path is None and flow:
        raise CheckpointError(
            f"There are no weights of {name} for flow. Put a state dict at {weights_dir() / file}-flow.pth, or let the "
            "motion stream start from the weights for pictures."
        )
    if path is None:
        origin = "library" if "/" in name else "torchvision"
        raise CheckpointError(
            f"The weights of {name} are not on this computer. Get them with skillviewer weights fetch {file}, or put a "
            f"{origin} state dict at {weights_dir() / file}.pth."
        )
    return load_backbone_weights(path, name)


def backbone_config(weights: BackboneWeights, motion: BackboneWeights | None = None) -> BackboneConfig:
    """Return the description of two backbones in the configuration of a checkpoint.

    ``motion`` are weights trained on flow; without them, the motion stream starts across modalities.
    """
    entry = backbone(weights.name)
    across_modalities = FLOW_ACROSS_MODALITIES if entry.flow is None else SIGNED
    motion_normalisation = UNIT if motion is not None else across_modalities
    return BackboneConfig(
        name=weights.name,
        appearance_digest=weights.digest,
        motion_digest=(motion or weights).digest,
        appearance_normalisation=entry.normalisation,
        motion_normalisation=motion_normalisation,
    )


def streams_of(
    weights: BackboneWeights,
    n_fields: int,
    input_px: int,
    motion: BackboneWeights | None = None,
    *,
    rescale: bool = True,
) -> TwoStream:
    """Return both streams with their initial weights, in evaluation mode, before ``deploy``.

    Args:
        weights: Weights for pictures.
        n_fields: L, fields of a flow stack.
        input_px: Side of the input square.
        motion: Weights trained on flow; without them, the motion stream starts across modalities.
        rescale: See ``across_modalities``.
    """
    config = backbone_config(weights, motion)

    def stream(stream_weights: BackboneWeights, in_channels: int) -> nn.Module:
        network = backbone(stream_weights.name).make(in_channels)
        network.load_state_dict(stream_state(stream_weights, in_channels, rescale=rescale))
        return network.eval()

    appearance_stream = stream(weights, 3)
    motion_stream = backbone(weights.name).motion_without_weights()
    if motion_stream is None:
        motion_weights = weights if motion is None else motion
        motion_stream = stream(motion_weights, 2 * n_fields)
    return TwoStream(
        appearance_stream, motion_stream, config.appearance_normalisation, config.motion_normalisation, input_px
    )


def trained_streams(checkpoint: Checkpoint) -> TwoStream:
    """Return both streams of a checkpoint, in evaluation mode, before ``deploy``.

    Raises:
        CheckpointError: The weights are not on this computer, or are others.
    """
    config = checkpoint.config.backbone
    if config is None or checkpoint.config.on_snippets:  # without a backbone, or with all its weights
        return checkpoint.two_stream(None)
    motion = None if config.across_modalities else local_backbone_weights(config.name, flow=True)
    return checkpoint.two_stream(local_backbone_weights(config.name), motion)


@dataclass(eq=False, repr=False)
class FeatureExtractor:
    """Computes features by both streams, which are loaded when the first frame is computed."""

    _load: Callable[[], TwoStream] | None
    backbones: BackboneConfig  # the two backbones
    _n_fields: int
    _device: torch.device
    _precision: Precision
    _on_snippets: bool = False
    _retrained_digest: str = ""  # digest of a checkpoint with backbones of its own, or ""
    _last_block_inputs: int | None = None  # channels before the last block if the streams end there, or None
    _streams: TwoStream | None = None
    _flow_solvers: dict[str, BatchedTVL1] = field(default_factory=dict)

    @classmethod
    def open(cls, checkpoint: Checkpoint, device: torch.device) -> Self:
        """Load the backbones that a checkpoint was trained on.

        Raises:
            CheckpointError: The weights are not on this computer, or are others.
        """
        extractor = cls.lazy(checkpoint, device)
        extractor.load_streams()
        return extractor

    @classmethod
    def lazy(cls, checkpoint: Checkpoint, device: torch.device) -> Self:
        """Return an extractor that loads the backbones of a checkpoint when the first frame is computed.

        If all features are cached, they are never loaded. The errors of ``open`` are raised by ``features``.

        Raises:
            CheckpointError: The checkpoint has no backbone.
        """
        config = checkpoint.config
        if config.backbone is None:
            raise CheckpointError(f"The checkpoint {checkpoint.name} looks at time alone: it has no backbone.")
        # features of backbones that were trained with the head belong to this checkpoint only
        own_digest = checkpoint.digest if checkpoint.streams else ""
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
        """Return an extractor with given weights.

        Args:
            weights: Weights for pictures.
            preprocessing: Preprocessing of the videos.
            device: Device of the backbones.
            precision: Number type of the features.
            motion: Weights trained on flow; without them, the motion stream starts across modalities.
            before_last_block: Whether both streams end before their last block, for training that block.
        """
        load = partial(streams_of, weights, preprocessing.flow.length, preprocessing.input_px, motion)
        extractor = cls(load, backbone_config(weights, motion), preprocessing.flow.length, device, precision)
        if before_last_block:
            streams = load()
            extractor._last_block_inputs = last_blocks(streams, weights.name).n_channels
            streams.appearance = without_last_block(streams.appearance, weights.name)
            streams.motion = without_last_block(streams.motion, weights.name)
            extractor._load = lambda: streams
        return extractor

    def load_streams(self) -> TwoStream:
        """Return both streams on the device, and load them if they are not loaded."""
        if self._streams is None:
            if self._load is None:
                raise RuntimeError("the extractor is closed")
            self._streams = deploy(self._load(), self._n_fields, self._device, self._precision)
            self._load = None
        return self._streams

    @property
    def clip(self) -> ClipSampling | None:
        """Sampling of the frames at every sampled position, or None for one frame and its flow stack."""
        return backbone(self.backbones.name).clip

    @property
    def n_channels(self) -> int:
        """F, channels of one stream."""
        return self._last_block_inputs or backbone(self.backbones.name).n_channels

    def feature_shape(self, preprocessing: Preprocessing) -> tuple[int, int, int]:
        """Return (2F, h, w) of one sampled frame."""
        return (2 * self.n_channels, *backbone(self.backbones.name).grid(preprocessing.input_px))

    def configuration(self, preprocessing: Preprocessing) -> tuple[tuple[str, str | int | float | None], ...]:
        """Return all settings that decide the features, as plain values for the cache's key."""
        flow = preprocessing.flow
        flow_source = "torch" if self._computes_in_batches(flow.algorithm) else "kernels"
        end = (("ends", "before the last block"),) if self._last_block_inputs else ()
        return (
            ("version", FEATURES_VERSION),
            ("input_px", preprocessing.input_px),
            ("rate_hz", preprocessing.rate_hz),
            ("flow", flow.algorithm),
            ("flow_by", flow_source),
            ("flow_length", flow.length),
            ("flow_bound_px", flow.bound_px),
            ("flow_short_side_px", flow.short_side_px),
            ("backbone", self.backbones.name),
            ("appearance", self.backbones.appearance_digest),
            ("motion", self.backbones.motion_digest),
            ("appearance_normalisation", repr(self.backbones.appearance_normalisation)),
            ("motion_normalisation", repr(self.backbones.motion_normalisation)),
            ("precision", self._precision),
            ("retrained", self._retrained_digest),
            *end,
        )

    def _computes_in_batches(self, algorithm: str) -> bool:
        return self._device.type == "cuda" and algorithm in PRESETS

    def flow_batch(self, algorithm: str) -> FieldBatch | None:
        """Return the function that computes TV-L1 in batches on this device, or None if the CPU's kernels are used.

        Both are the same algorithm, but their fields differ in the last bits. Features on them have different keys in
        the cache.
        """
        if not self._computes_in_batches(algorithm):
            return None
        if algorithm not in self._flow_solvers:
            self._flow_solvers[algorithm] = BatchedTVL1(algorithm)
        solver = self._flow_solvers[algorithm]
        batches = DeviceBatches(self._device)

        def compute_fields(first: RGBImage, second: RGBImage) -> Float32Array:
            pairs = torch.from_numpy(np.stack([first, second], axis=1))
            fields = batches.run(lambda batch: solver(*batch.unbind(1)), pairs)
            flow: Float32Array = fields.permute(0, 2, 3, 1).numpy()
            return flow

        return compute_fields

    @property
    def frame_size(self) -> tuple[int, int] | None:
        """Width and height of the pictures that the backbones take, or None for the input square."""
        return SIZE_PX if self._on_snippets else None

    def features(self, rgb: RGBImage, flow: RGBImage) -> NDArray[np.float16]:
        """Compute the features of one sampled frame.

        Args:
            rgb: (S, S, 3) uint8, or of ``frame_size``; (T, S, S, 3) for a backbone that takes clips.
            flow: (2L, h0, w0) uint8, quantised; empty with clips.

        Returns:
            (2F, h, w) float16. They are rounded before the head, so that cached features give the same score.
        """
        streams = self.load_streams()
        with torch.inference_mode():
            if self._on_snippets:
                rgb, flow = centre_of_snippet(make_snippet(rgb, flow))
            picture = torch.from_numpy(np.array(rgb))[None].to(self._device)
            stack = torch.from_numpy(np.array(flow))[None].to(self._device)
            features = streams(picture, stack)[0]
            return features.to(torch.float16).cpu().numpy()  # type: ignore[no-any-return]

    def close(self) -> None:
        """Release the weights."""
        self._streams = None
        self._load = None
