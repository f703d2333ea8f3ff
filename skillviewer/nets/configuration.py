"""What a checkpoint says of itself: its configuration, which is the preprocessing, and its card."""

from typing import Literal

import msgspec

from skillviewer.core.video.preprocessing import FLOW_ALGORITHMS, Preprocessing
from skillviewer.nets.attention_models.end_to_end import N_FIELDS
from skillviewer.nets.backbones.features import Normalisation, backbone
from skillviewer.nets.models import Inputs, attention_model
from skillviewer.nets.sizes import HeadSizes

FORMAT = 1
"""Number of the checkpoint format that this program writes; it reads no other."""


_MOST = 1 << 12
"""Of segments, of pixels of a side, and of frames a second."""


class BackboneConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The two backbones.

    Attributes:
        name: Entry in BACKBONES.
        appearance_digest: Digest of the appearance weights, as ``weights_digest`` computes it.
        motion_digest: Digest of the weights that the motion stream starts from: the same as the appearance's where it
            is initialised across modalities, else that of weights for flow.
        appearance_normalisation: What the appearance weights expect.
        motion_normalisation: What the motion weights expect.
    """

    name: str
    appearance_digest: str
    motion_digest: str
    appearance_normalisation: Normalisation
    motion_normalisation: Normalisation

    @property
    def across_modalities(self) -> bool:
        """Whether the motion stream starts from the weights for pictures."""
        return self.motion_digest == self.appearance_digest


class CheckpointConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Everything that must agree for a checkpoint's weights to mean what they meant in training.

    Attributes:
        format: Number of the format.
        attention_model: Entry in ATTENTION_MODELS.
        sizes: Sizes of the head.
        preprocessing: From a video to what the backbones are fed.
        backbone: The two backbones, or None for a model that looks at no features.
        precision: Of the features: ``float32`` or ``bfloat16``.
        preset: Name of the preset it was trained with.
        dataset_preset: Data set whose optimiser settings it was trained with.
        weights_sha256: SHA-256 of the weights file; filled in when it is saved.
    """

    format: int = FORMAT
    attention_model: str
    sizes: HeadSizes
    preprocessing: Preprocessing
    backbone: BackboneConfig | None
    precision: Literal["float32", "bfloat16"] = "float32"
    preset: str
    dataset_preset: str = "other"
    weights_sha256: str = ""

    @property
    def on_snippets(self) -> bool:
        """Whether its backbones were trained with it and are fed the middle of snippets, not squashed frames."""
        return attention_model(self.attention_model).inputs is Inputs.SNIPPETS

    @property
    def n_fields(self) -> int:
        """Flow fields that the motion stream is fed."""
        return N_FIELDS if self.on_snippets else self.preprocessing.flow.length

    def check(self) -> None:
        """Check what types cannot say.

        Raises:
            ValueError: Parts do not fit each other.
            CheckpointError: A name is unknown.
        """
        entry = attention_model(self.attention_model)
        if (self.backbone is None) != (entry.inputs is Inputs.TIME):
            raise ValueError(f"the model {entry.name} and its backbone do not belong together")
        flow = self.preprocessing.flow
        if flow.algorithm not in FLOW_ALGORITHMS:
            raise ValueError(f"there is no optical flow “{flow.algorithm}”")
        numbers = (self.preprocessing.n_segments, self.preprocessing.input_px, flow.length, flow.short_side_px)
        rate_hz = self.preprocessing.rate_hz
        timed = rate_hz is None or 0 < rate_hz <= _MOST
        if min(numbers) < 1 or max(numbers) > _MOST or not 0 < flow.bound_px <= _MOST or not timed:
            raise ValueError(f"nothing can be sampled with {self.preprocessing}")
        if self.backbone is not None:
            trunk = backbone(self.backbone.name)
            given = (2 * trunk.n_channels, trunk.grid(self.preprocessing.input_px))
            if given != (self.sizes.feature_channels, self.sizes.grid):
                raise ValueError(
                    f"{trunk.name} at {self.preprocessing.input_px} pixels gives {given[0]} channels on a grid of "
                    f"{given[1]}, the head takes {self.sizes.feature_channels} on {self.sizes.grid}"
                )


class HeldOut(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Accuracy on pairs that training never saw.

    Attributes:
        accuracy: Share of pairs ordered as the raters did; ties count as wrong.
        low: Lower end of its 95 % interval; None where a single participant was tested, or every draw says the same.
        high: Upper end.
        n_pairs: Pairs tested.
        rule: What was held out and how the kept epoch was chosen, in words.
    """

    accuracy: float
    low: float | None
    high: float | None
    n_pairs: int
    rule: str

    @property
    def interval(self) -> tuple[float, float] | None:
        """The interval, or None."""
        return (self.low, self.high) if self.low is not None and self.high is not None else None


class ModelCard(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a person should know of a checkpoint.

    Attributes:
        name: Name for people.
        attention_model: Entry in ATTENTION_MODELS; filled in when it is saved.
        task: What is done in the videos.
        created: Date and time, ISO 8601.
        program: Name and version of the program that trained it.
        training_data: What it was trained on, in words.
        n_videos: Videos.
        n_pairs: Pairs.
        held_out: Accuracy on held-out pairs, or None where none was measured.
        ceilings: (what, accuracy): orderings that no model can beat, or must (duration), on the same pairs.
        seed: Seed of the training.
        preset: Preset of the training.
        notes: Anything else.
    """

    name: str
    attention_model: str = ""
    task: str
    created: str
    program: str
    training_data: str
    n_videos: int
    n_pairs: int
    held_out: HeldOut | None = None
    ceilings: tuple[tuple[str, float], ...] = ()
    seed: int = 0
    preset: str = ""
    notes: str = ""

    @property
    def accuracy(self) -> float | None:
        """Accuracy on held-out pairs, or None where none was measured."""
        return None if self.held_out is None else self.held_out.accuracy
