"""Configuration of a checkpoint, which defines the preprocessing of videos."""

from typing import Literal

import msgspec

from skillviewer.core.analysis.track_term import TrackTerm
from skillviewer.core.video.preprocessing import FLOW_ALGORITHMS, Preprocessing
from skillviewer.nets.attention_models.end_to_end import N_FIELDS
from skillviewer.nets.backbones.backbone_entry import Normalisation
from skillviewer.nets.backbones.backbones import BACKBONES, backbone
from skillviewer.nets.model_card import FORMAT
from skillviewer.nets.models import ATTENTION_MODELS, NUMERIC_INPUTS, InputKind, attention_model
from skillviewer.nets.sizes import HeadSizes

_MAX_NUMBER = 1 << 12
"""Largest number of segments, pixels of a side, frames of flow, and frames per second."""


class BackboneConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The two backbones."""

    name: str  # entry in BACKBONES
    appearance_digest: str  # digest of the appearance weights, as ``weights_digest`` computes it
    # digest of the initial weights of the motion stream: the appearance's for initialisation across modalities, else
    # that of weights for flow
    motion_digest: str
    appearance_normalisation: Normalisation  # normalisation that the appearance weights expect
    motion_normalisation: Normalisation  # normalisation that the motion weights expect

    @property
    def across_modalities(self) -> bool:
        """True if the motion stream is initialised from the weights for pictures."""
        return self.motion_digest == self.appearance_digest


class CheckpointConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Everything that must match for a checkpoint's weights to have their meaning from training."""

    format: int = FORMAT  # version of the format
    attention_model: str  # entry in ATTENTION_MODELS
    sizes: HeadSizes
    preprocessing: Preprocessing  # steps from a video to the input of the backbones
    backbone: BackboneConfig | None  # the two backbones, or None for a model without features
    precision: Literal["float32", "bfloat16"] = "float32"  # precision of the features: ``float32`` or ``bfloat16``
    preset: str  # name of the training preset
    dataset_preset: str = "other"  # data set whose optimiser settings were used
    weights_sha256: str = ""  # SHA-256 of the weights file; filled in on saving
    tracks: TrackTerm | None = None  # term of the score that depends on the tracks of a video, or None

    @property
    def on_snippets(self) -> bool:
        """True if the backbones were trained with the head, on the centre of snippets instead of resized frames."""
        return attention_model(self.attention_model).inputs is InputKind.SNIPPETS

    @property
    def n_fields(self) -> int:
        """Number of flow fields in the input of the motion stream."""
        return N_FIELDS if self.on_snippets else self.preprocessing.flow.length

    @property
    def plugins(self) -> tuple[str, ...]:
        """Packages with their versions that add the model and the backbone."""
        packages = {ATTENTION_MODELS.package_of(self.attention_model)}
        if self.backbone is not None:
            packages.add(BACKBONES.package_of(self.backbone.name))
        return tuple(sorted(packages - {""}))

    def check(self) -> None:
        """Check constraints that types cannot express.

        Raises:
            ValueError: Parts are inconsistent.
            CheckpointError: A name is unknown.
        """
        entry = attention_model(self.attention_model)
        if (self.backbone is None) != (entry.inputs in NUMERIC_INPUTS):
            raise ValueError(f"the model {entry.name} and its backbone do not belong together")
        preprocessing = self.preprocessing
        flow = preprocessing.flow
        if flow.algorithm not in FLOW_ALGORITHMS:
            raise ValueError(f"there is no optical flow “{flow.algorithm}”")
        numbers = (
            preprocessing.n_segments,
            preprocessing.most_segments,
            preprocessing.input_px,
            flow.length,
            flow.short_side_px,
        )
        numbers_are_valid = min(numbers) >= 1 and max(numbers) <= _MAX_NUMBER
        optional_numbers = (preprocessing.rate_hz, preprocessing.segment_s)
        rates_are_valid = all(value is None or 0 < value <= _MAX_NUMBER for value in optional_numbers)
        bound_is_valid = 0 < flow.bound_px <= _MAX_NUMBER
        if not (numbers_are_valid and rates_are_valid and bound_is_valid):
            raise ValueError(f"nothing can be sampled with {self.preprocessing}")
        term = self.tracks
        if term is not None and not (term.measures and term.scale > 0 and all(m.scale > 0 for m in term.measures)):
            raise ValueError("the measures of tracks cannot be added to a score")
        if self.backbone is not None:
            trunk = backbone(self.backbone.name)
            shape = (2 * trunk.n_channels, trunk.grid(preprocessing.input_px))
            if shape != (self.sizes.feature_channels, self.sizes.grid):
                raise ValueError(
                    f"{trunk.name} at {preprocessing.input_px} pixels gives {shape[0]} channels on a grid of "
                    f"{shape[1]}, the head takes {self.sizes.feature_channels} on {self.sizes.grid}"
                )
