"""Configuration of a checkpoint, which defines the preprocessing; and the page of its card."""

from typing import Literal

import msgspec

from skillviewer.core.analysis.track_term import TrackTerm
from skillviewer.core.paths import resources_dir
from skillviewer.core.text import percent
from skillviewer.core.video.preprocessing import FLOW_ALGORITHMS, Preprocessing
from skillviewer.nets.attention_models.end_to_end import N_FIELDS
from skillviewer.nets.backbones.backbone_entry import Normalisation
from skillviewer.nets.backbones.features import BACKBONES, backbone
from skillviewer.nets.model_card import FORMAT, ModelCard
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
    tracks: TrackTerm | None = None  # what the tracks of a video add to the score of the head, or None

    @property
    def on_snippets(self) -> bool:
        """True if its backbones were trained with it, on the centre of snippets and not on resized frames."""
        return attention_model(self.attention_model).inputs is InputKind.SNIPPETS

    @property
    def n_fields(self) -> int:
        """Number of flow fields in the input of the motion stream."""
        return N_FIELDS if self.on_snippets else self.preprocessing.flow.length

    @property
    def plugins(self) -> tuple[str, ...]:
        """Packages with their versions that add the model and the backbone."""
        package = ATTENTION_MODELS.package_of(self.attention_model)
        return tuple(sorted({package, BACKBONES.package_of(self.backbone.name) if self.backbone else ""} - {""}))

    def check(self) -> None:
        """Check constraints that types cannot express.

        Raises:
            ValueError: Parts are inconsistent.
            CheckpointError: A name is unknown.
        """
        entry = attention_model(self.attention_model)
        if (self.backbone is None) != (entry.inputs in NUMERIC_INPUTS):
            raise ValueError(f"the model {entry.name} and its backbone do not belong together")
        flow = self.preprocessing.flow
        if flow.algorithm not in FLOW_ALGORITHMS:
            raise ValueError(f"there is no optical flow “{flow.algorithm}”")
        preprocessing = self.preprocessing
        numbers = (
            preprocessing.n_segments,
            preprocessing.most_segments,
            preprocessing.input_px,
            flow.length,
            flow.short_side_px,
        )
        timed = all(
            value is None or 0 < value <= _MAX_NUMBER for value in (preprocessing.rate_hz, preprocessing.segment_s)
        )
        if min(numbers) < 1 or max(numbers) > _MAX_NUMBER or not 0 < flow.bound_px <= _MAX_NUMBER or not timed:
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


_CONTROLS = {"frames": "duration alone, which a model has to beat", "skill": "the ability that was set"}


def model_card_page(card: ModelCard, config: CheckpointConfig) -> str:
    """Return the card in Markdown: intended use, data, people, figures with controls, limits."""
    title = attention_model(card.attention_model).title
    backbone = config.backbone
    fed = "time alone" if backbone is None else f"{backbone.name}, {config.preprocessing.segments_text} frames a video"
    page = (resources_dir() / "model_card" / "page.md").read_text(encoding="utf-8")
    return page.format(
        name=_plain(card.name),
        program=card.program,
        kind=f"{title} ({card.attention_model})",
        fed=fed,
        trained=f"{card.created}, preset {card.preset or 'none'}, seed {card.seed}",
        weights=config.weights_sha256,
        task=_plain(card.task) or "the task was not named",
        data=_plain(card.training_data) or "Not described.",
        n_videos=card.n_videos,
        n_pairs=card.n_pairs,
        figures=_figures(card),
        notes=_plain(card.notes) or "None.",
    )


def _figures(card: ModelCard) -> str:
    held = card.held_out
    if held is None:
        return "Accuracy on held-out pairs was **not measured**. Do not use the scores before it is."
    rows = []
    if held.both_new is not None:
        rows.append(f"| **this model, pairs of new people** | {held.both_new.n_pairs} | **{held.both_new.text}** |")
    rows.append(f"| this model, all held-out pairs, as papers report | {held.n_pairs} | {held.text} |")
    rows.append(f"| guessing | {held.n_pairs} | 50.0 % |")
    n_pairs = held.headline.n_pairs
    rows += [f"| {name}{_means(name)} | {n_pairs} | {percent(value, ' %')} |" for name, value in card.ceilings]
    if not card.ceilings:
        rows.append("\nNo other control was measured: see `skillviewer evaluate --model full,none,duration`.")
    head = "| ordering | pairs | accuracy (95 % interval) |\n|---|--:|--:|"
    return "\n".join((f"Ties count as wrong. Rule: {_plain(held.rule)}.\n", head, *rows))


def _means(name: str) -> str:
    return f" ({_CONTROLS[name]})" if name in _CONTROLS else ""


def _plain(text: str) -> str:
    """Return a text without the line ends and marks that would change the page."""
    return " ".join(text.split()).replace("|", "\\|").replace("<", "&lt;")
