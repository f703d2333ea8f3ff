"""Checkpoint folders: config.json, weights.safetensors, card.json, and MODEL_CARD.md for people.

Weights are safetensors: ``head.*`` for the model, ``appearance.*`` and ``motion.*`` for backbone weights that differ
from the named ones (trained or recalibrated), ``familiarity.*`` for the statistics of the training videos. Matrices may
be stored in float16; they are computed in float32.
"""

import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load as load_tensors
from safetensors.torch import save as save_tensors
from torch import Tensor, nn

from skillviewer.core.analysis.analysis import MapKind, MapRect
from skillviewer.core.analysis.familiarity import TrainingFeatureStats
from skillviewer.core.atomic_write import TEMPORARY_SUFFIX, clear_leftovers
from skillviewer.core.errors import CheckpointError, first_line, os_error_as, os_reason
from skillviewer.core.hashing import CARD, CARD_PAGE, CONFIG, WEIGHTS
from skillviewer.nets.attention import AttentionModel
from skillviewer.nets.backbones.backbone_weights import STREAMS, BackboneWeights, mismatch, stream_state
from skillviewer.nets.backbones.backbones import backbone
from skillviewer.nets.backbones.two_stream import TwoStream
from skillviewer.nets.configuration import CheckpointConfig
from skillviewer.nets.meta_device import shapes_only
from skillviewer.nets.model_card import ModelCard, decode_part, read_part
from skillviewer.nets.model_card_page import model_card_page
from skillviewer.nets.models import attention_model

_FAMILIARITY = "familiarity."
_FAMILIARITY_FIELDS = ("mean", "scale", "held_out")


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A loaded checkpoint."""

    name: str
    folder: Path  # path of the folder
    config: CheckpointConfig  # configuration
    card: ModelCard  # card for the user
    head: dict[str, Tensor]  # state dict of the model, float32
    streams: dict[str, Tensor]  # weights that differ from the named backbone's, ``appearance.*`` and ``motion.*``
    familiarity: TrainingFeatureStats | None  # statistics of the training videos, or None
    digest: str  # see ``model_library.checkpoint_digest``
    map_kind: MapKind  # kind of its maps
    map_rect: MapRect  # part of the picture that they cover

    def build(self) -> AttentionModel:
        """Return a copy of the model with its weights, in evaluation mode."""
        model = _empty_model(self.config)
        model.load_state_dict({name: tensor.clone() for name, tensor in self.head.items()}, assign=True)
        return model.eval()

    def two_stream(self, appearance: BackboneWeights | None, motion: BackboneWeights | None = None) -> TwoStream:
        """Return the backbones of its training, in evaluation mode.

        Args:
            appearance: Weights of the named backbone; None is allowed if the checkpoint contains all weights.
            motion: Weights for flow, if the motion stream has its own.

        Raises:
            CheckpointError: These are not the weights of its training.
        """
        config = self.config.backbone
        if config is None:
            raise CheckpointError(f"The checkpoint {self.name} looks at time alone: it has no backbone.")
        if motion is None and config.across_modalities:
            motion = appearance
        motion_trunk = backbone(config.name).motion_without_weights()
        if motion_trunk is None:
            motion_trunk = self._trunk("motion.", motion, config.motion_digest, 2 * self.config.n_fields)
        return TwoStream(
            self._trunk("appearance.", appearance, config.appearance_digest, 3),
            motion_trunk,
            config.appearance_normalisation,
            config.motion_normalisation,
            self.config.preprocessing.input_px,
        ).eval()

    def _trunk(self, prefix: str, weights: BackboneWeights | None, expected_digest: str, in_channels: int) -> nn.Module:
        assert self.config.backbone is not None
        changed_weights = {k.removeprefix(prefix): v for k, v in self.streams.items() if k.startswith(prefix)}
        entry = backbone(self.config.backbone.name)
        trunk = entry.make(in_channels)
        missing = trunk.state_dict().keys() - changed_weights.keys()
        base: Mapping[str, Tensor] = {}
        if missing:
            if weights is None:
                raise CheckpointError(
                    f"The checkpoint {self.name} needs the weights of {entry.name} (digest {expected_digest[:12]}). "
                    f"Get them with skillviewer weights fetch {entry.name}."
                )
            if weights.digest != expected_digest:
                raise CheckpointError(
                    f"The checkpoint {self.name} was trained on other weights of {entry.name}: digest "
                    f"{expected_digest[:12]}, and these have {weights.digest[:12]}. Get those, or train it again on "
                    "these."
                )
            base = stream_state(weights, in_channels)
        trunk.load_state_dict({**base, **changed_weights})
        return trunk


def check_destination(folder: Path, *, replace: bool) -> None:
    """Raise a CheckpointError if no checkpoint may be written to a path.

    With ``replace`` an empty folder or a checkpoint may be there, and nothing else.
    """
    with os_error_as(CheckpointError, f"{folder} cannot be looked at"):
        # whether each entry is a folder, by name; None if the path is no folder
        entries = {path.name: path.is_dir() for path in folder.iterdir()} if folder.is_dir() else None
        exists = folder.exists()
    if exists and not replace:
        raise CheckpointError(f"There is something at {folder} already. Choose another name, or ask to replace it.")
    is_empty = entries == {}
    is_checkpoint = entries is not None and not any(entries.values()) and {CONFIG, WEIGHTS} <= entries.keys()
    if exists and not is_empty and not is_checkpoint:
        raise CheckpointError(
            f"{folder} holds other things than a checkpoint: nothing there is replaced. Choose another name."
        )


@dataclass(frozen=True, slots=True)
class CheckpointExtras:
    """Contents of a checkpoint besides its head, configuration and card."""

    # backbone weights that differ from the named ones, see ``changed_weights``; None for none
    streams: Mapping[str, Tensor] | None = None
    familiarity: TrainingFeatureStats | None = None  # statistics of the training videos, or None
    # writes other files into the folder before it takes its place, so that none is ever missing
    write: Callable[[Path], None] | None = None


def save_checkpoint(
    folder: Path,
    config: CheckpointConfig,
    model: AttentionModel,
    card: ModelCard,
    extras: CheckpointExtras | None = None,
    *,
    half: bool = False,
    replace: bool = False,
) -> Checkpoint:
    """Write a checkpoint atomically, read it back before it gets its name, and return the checkpoint that was read.

    The digest of the weights is filled in. ``half`` stores matrices in float16; ``replace`` allows an existing
    checkpoint to be replaced.

    Raises:
        CheckpointError: It cannot be written, or the path exists and must stay.
    """
    check_destination(folder, replace=replace)
    extras = extras if extras is not None else CheckpointExtras()
    tensors = {f"head.{name}": tensor for name, tensor in model.state_dict().items()}
    if extras.streams is not None:
        tensors |= extras.streams
    stored_tensors = {name: _to_stored_type(name, tensor, half=half) for name, tensor in tensors.items()}
    if extras.familiarity is not None:
        for name in _FAMILIARITY_FIELDS:
            stored_tensors[f"{_FAMILIARITY}{name}"] = torch.from_numpy(np.array(getattr(extras.familiarity, name)))
    weights = save_tensors(stored_tensors)
    final_config = msgspec.structs.replace(config, weights_sha256=hashlib.sha256(weights).hexdigest())
    final_card = msgspec.structs.replace(card, attention_model=config.attention_model, plugins=config.plugins)
    temp_folder: Path | None = None
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        clear_leftovers(folder.parent)
        temp_folder = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}.", suffix=TEMPORARY_SUFFIX))
        new_folder = temp_folder / folder.name
        new_folder.mkdir()
        _write_to_disk(new_folder / CONFIG, _to_json(final_config))
        _write_to_disk(new_folder / WEIGHTS, weights)
        _write_to_disk(new_folder / CARD, _to_json(final_card))
        _write_to_disk(new_folder / CARD_PAGE, model_card_page(final_card, final_config).encode(errors="replace"))
        load_checkpoint(new_folder)
        if extras.write is not None:
            extras.write(new_folder)
        if folder.exists():
            folder.rename(temp_folder / "replaced")
        new_folder.rename(folder)
    except OSError as error:
        raise CheckpointError(f"The checkpoint could not be written to {folder}: {os_reason(error)}.") from error
    finally:
        if temp_folder is not None:
            if not folder.exists() and (temp_folder / "replaced").exists():
                with suppress(OSError):
                    (temp_folder / "replaced").rename(folder)
            shutil.rmtree(temp_folder, ignore_errors=True)
    return load_checkpoint(folder)


def _write_to_disk(path: Path, content: bytes) -> None:
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def load_checkpoint(folder: Path) -> Checkpoint:
    """Read a checkpoint strictly: every field and weight has to be present, known and of the right shape.

    Raises:
        CheckpointError: It is missing, foreign, of another version or damaged.
    """
    config_bytes = read_part(folder, CONFIG)
    weights_bytes = read_part(folder, WEIGHTS)
    card_bytes = read_part(folder, CARD)
    config = decode_part(folder / CONFIG, config_bytes, CheckpointConfig)
    card = decode_part(folder / CARD, card_bytes, ModelCard)
    try:
        config.check()
        model = _empty_model(config)
    except CheckpointError as error:
        if not card.plugins:
            raise
        needed = " and ".join(card.plugins)
        raise CheckpointError(
            f"The checkpoint {folder.name} needs the plug-in {needed}: install it. {error}"
        ) from error
    except (ValueError, RuntimeError, OverflowError, MemoryError) as error:
        raise CheckpointError(f"{folder / CONFIG} contradicts itself: {first_line(error)}.") from error
    if hashlib.sha256(weights_bytes).hexdigest() != config.weights_sha256:
        raise CheckpointError(
            f"{folder / WEIGHTS} is damaged or belongs to another checkpoint: its SHA-256 is not the one that {CONFIG} "
            "names. Copy the folder again."
        )
    try:
        tensors = load_tensors(weights_bytes)
    except SafetensorError as error:
        raise CheckpointError(f"{folder / WEIGHTS} is damaged ({first_line(error)}). Copy the folder again.") from error
    head = {k.removeprefix("head."): _to_float32(v) for k, v in tensors.items() if k.startswith("head.")}
    streams = {k: _to_float32(v) for k, v in tensors.items() if k.startswith(STREAMS)}
    problem = mismatch(head, model.state_dict())
    if not problem:
        problem = _non_finite_problem(head | streams)
    if problem:
        raise CheckpointError(
            f"{folder / WEIGHTS} does not hold the weights of the model “{config.attention_model}” that {CONFIG} "
            f"describes: {problem}."
        )
    return Checkpoint(
        name=folder.name,
        folder=folder,
        config=config,
        card=card,
        head=head,
        streams=streams,
        familiarity=_read_familiarity(folder, tensors),
        digest=hashlib.sha256(config_bytes + weights_bytes).hexdigest(),
        map_kind=model.map_kind,
        map_rect=model.map_rect,
    )


def _empty_model(config: CheckpointConfig) -> AttentionModel:
    with shapes_only():
        return attention_model(config.attention_model).build(config.sizes)


def round_as_stored(model: nn.Module, *, half: bool) -> None:
    """Round the weights of a model to those that its checkpoint will contain; ``half`` stores matrices in float16.

    Raises:
        CheckpointError: Its weights are not finite.
    """
    stored_tensors = {name: _to_stored_type(name, tensor, half=half) for name, tensor in model.state_dict().items()}
    model.load_state_dict({name: _to_float32(tensor) for name, tensor in stored_tensors.items()})


def _to_stored_type(name: str, tensor: Tensor, *, half: bool) -> Tensor:
    if name.startswith(_FAMILIARITY):
        return tensor
    tensor = tensor.detach().cpu().contiguous()
    if not tensor.is_floating_point():
        return tensor
    if not torch.isfinite(tensor).all():
        raise CheckpointError(f"The weights “{name}” are not finite: training has diverged. Lower the learning rate.")
    # vectors (biases, norms, statistics) are small and sensitive: they are not rounded
    if half and tensor.ndim > 1 and float(tensor.abs().max()) < torch.finfo(torch.float16).max:
        return tensor.half()
    return tensor.float()


def _to_float32(tensor: Tensor) -> Tensor:
    return tensor.float() if tensor.is_floating_point() else tensor


def _non_finite_problem(tensors: Mapping[str, Tensor]) -> str:
    not_finite = [name for name, tensor in tensors.items() if not torch.isfinite(tensor).all()]
    return f"{not_finite[0]} is not finite" if not_finite else ""


def _read_familiarity(folder: Path, tensors: Mapping[str, Tensor]) -> TrainingFeatureStats | None:
    names = {k for k in tensors if not k.startswith(("head.", *STREAMS))}
    if not names:
        return None
    if names != {f"{_FAMILIARITY}{name}" for name in _FAMILIARITY_FIELDS}:
        raise CheckpointError(f"{folder / WEIGHTS} holds weights that this program does not know: {min(names)}.")
    return TrainingFeatureStats(*(tensors[f"{_FAMILIARITY}{name}"].numpy() for name in _FAMILIARITY_FIELDS))


def _to_json(value: msgspec.Struct) -> bytes:
    return msgspec.json.format(msgspec.json.encode(value), indent=2) + b"\n"
