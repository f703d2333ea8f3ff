"""Backbone weights in memory: target architecture, provenance and digest. No file access."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from skillviewer.core.errors import CheckpointError
from skillviewer.nets.backbones.backbones import backbone
from skillviewer.nets.backbones.two_stream import TwoStream, across_modalities

STREAMS = ("appearance.", "motion.")
"""Prefixes of backbone weights stored in a checkpoint itself."""


@dataclass(frozen=True, slots=True)
class BackboneWeights:
    """Weights of one trunk."""

    name: str  # entry in BACKBONES
    state: dict[str, Tensor]  # the trunk's state dict, float32
    in_channels: int  # 3 for pictures, 2L for flow stacks
    digest: str  # digest of the state, see ``weights_digest``
    after_trunk: dict[str, Tensor]  # weights of the layers after the trunk (a classifier), from the same file


def stream_state(weights: BackboneWeights, in_channels: int, *, rescale: bool = True) -> dict[str, Tensor]:
    """Return weights for a stream. If the stream takes flow, ``across_modalities`` converts weights for pictures.

    Args:
        weights: Loaded weights.
        in_channels: Number of input channels of the stream, 3 or 2L.
        rescale: See ``across_modalities``.

    Raises:
        CheckpointError: The weights have another number of input channels.
    """
    if weights.in_channels == in_channels:
        return dict(weights.state)
    if weights.in_channels == 3:
        return across_modalities(weights.state, backbone(weights.name).first_convolution, in_channels, rescale=rescale)
    raise CheckpointError(
        f"These weights of {weights.name} take {weights.in_channels} channels, and {in_channels} are wanted "
        f"({in_channels // 2} flow fields)."
    )


def changed_weights(streams: TwoStream, appearance: BackboneWeights, motion: BackboneWeights) -> dict[str, Tensor]:
    """Return the weights that training or recalibration changed in two backbones, for ``save_checkpoint``.

    Args:
        streams: The backbones, not yet prepared for inference by ``deploy``.
        appearance: Initial weights of the appearance backbone.
        motion: Initial weights of the motion backbone.
    """
    appearance_prefix, motion_prefix = STREAMS
    trunks = ((appearance_prefix, streams.appearance, appearance), (motion_prefix, streams.motion, motion))
    changed_tensors = {}
    for prefix, trunk, weights in trunks:
        state = trunk.state_dict()
        entry = backbone(weights.name)
        if not state:  # no network
            continue
        initial_state = stream_state(weights, state[entry.first_convolution].shape[1])
        for key, tensor in state.items():
            if not torch.equal(tensor.cpu(), initial_state[key]):
                changed_tensors[prefix + key] = tensor.cpu()
    return changed_tensors


def weights_digest(state: Mapping[str, Tensor]) -> str:
    """Return the SHA-256 of names, shapes and float32 values of tensors; it does not depend on the file format."""
    digest = hashlib.sha256()
    for name in sorted(state):
        if name.endswith("num_batches_tracked"):
            continue
        tensor = state[name].detach().float()
        values = tensor.contiguous().numpy()
        digest.update(f"{name} {values.shape}".encode())
        digest.update(values.astype("<f4", copy=False).tobytes())
    return digest.hexdigest()


def random_backbone_weights(name: str, seed: int, in_channels: int = 3) -> BackboneWeights:
    """Return randomly initialised weights, for tests of the pipeline only."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        state = backbone(name).make(in_channels).state_dict()
    return BackboneWeights(name, state, in_channels, weights_digest(state), after_trunk={})


def mismatch(weights: Mapping[str, Tensor], expected_weights: Mapping[str, Tensor]) -> str:
    """Return a text on the first difference between weights and the expected names and shapes, or ""."""
    missing = expected_weights.keys() - weights.keys()
    if missing:
        return f"{min(missing)} is missing"
    unknown = weights.keys() - expected_weights.keys()
    if unknown:
        return f"{min(unknown)} is unknown"
    for name, tensor in expected_weights.items():
        if weights[name].shape != tensor.shape:
            return f"{name} has shape {tuple(weights[name].shape)}, not {tuple(tensor.shape)}"
    return ""
