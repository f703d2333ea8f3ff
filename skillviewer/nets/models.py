"""All models, one line each: the paper's, its ablations, its rivals, and the floor. Importing this imports no torch."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from skillviewer.core.analysis.analysis import MapKind
from skillviewer.core.errors import CheckpointError
from skillviewer.core.registry import look_up, table
from skillviewer.nets.presets import RAAN_ATTENTION, RAAN_SCORING, TSN_APPEARANCE, TSN_MOTION, OptimiserSettings, preset
from skillviewer.nets.sizes import HeadSizes

if TYPE_CHECKING:
    from skillviewer.nets.attention import AttentionModel
    from skillviewer.nets.attention_models.spatial import Context

Build = Callable[[HeadSizes], "AttentionModel"]

LI = "Li, Huang, Cai & Sato 2019, Manipulation-skill Assessment from Videos with Spatial Attention Network"
GIRDHAR = "Girdhar & Ramanan 2017, Attentional Pooling for Action Recognition"
WOO = "Woo, Park, Lee & Kweon 2018, CBAM: Convolutional Block Attention Module"
SHARMA = "Sharma, Kiros & Salakhutdinov 2015, Action Recognition using Visual Attention"
CHEN = "Chen et al. 2017, SCA-CNN: Spatial and Channel-wise Attention in Convolutional Networks"
DOUGHTY_2018 = (
    "Doughty, Damen & Mayol-Cuevas 2018, Who's Better? Who's Best? Pairwise Deep Ranking for Skill Determination"
)
DOUGHTY_2019 = "Doughty, Mayol-Cuevas & Damen 2019, The Pros and Cons: Rank-aware Temporal Attention"

OURS = "this program, from no paper"

RELEASED = "as released with the paper's code"


class Inputs(StrEnum):
    """What a model is fed."""

    FEATURES = "features"  # of frozen backbones
    SNIPPETS = "snippets"  # pictures and flow: its backbones are trained with it
    TIME = "time"  # seconds since the start


@dataclass(frozen=True, slots=True)
class AttentionEntry:
    """One model.

    Attributes:
        name: Name by which it is asked for.
        title: Name for people.
        map_kind: What its maps are.
        build: Makes it, randomly initialised, for given sizes.
        variant: Which reading of the model this is.
        reference: Where it comes from.
        row: Its row in the paper's Table 1 or 2, or "" where the paper has none. Two variants share a row where it is
            not known which of them was measured.
        inputs: What it is fed.
        paper_sizes: Sizes at the paper's scale where they are not those of two ResNet101: its own input form.
        training: (phase, settings) as published, for a model whose phases are trained in a way of their own; empty for
            the preset's settings.
    """

    name: str
    title: str
    map_kind: MapKind
    build: Build
    variant: str
    reference: str
    row: str = ""
    inputs: Inputs = Inputs.FEATURES
    paper_sizes: HeadSizes | None = None
    training: tuple[tuple[str, OptimiserSettings], ...] = ()

    def at_paper_scale(self, head: HeadSizes) -> HeadSizes:
        """Return a preset's sizes with the input form that this model has at the paper's scale."""
        if self.paper_sizes is None:
            return head
        return replace(head, feature_channels=self.paper_sizes.feature_channels, grid=self.paper_sizes.grid)


def _spatial(context: "Context", *, recurrent: bool = True) -> Build:
    def build(sizes: HeadSizes) -> "AttentionModel":
        from skillviewer.nets.attention_models.spatial import SpatialModel

        return SpatialModel(sizes, context=context, recurrent=recurrent)

    return build


def _following(*, sharp: bool = False, averaged: bool = False, every_step: bool = False) -> Build:
    def build(sizes: HeadSizes) -> "AttentionModel":
        from skillviewer.nets.following import FollowingModel

        return FollowingModel(sizes, sharp=sharp, averaged=averaged, every_step=every_step)

    return build


def _uniform(sizes: HeadSizes) -> "AttentionModel":
    from skillviewer.nets.attention_models.spatial import UniformModel

    return UniformModel(sizes)


def _pool(sizes: HeadSizes) -> "AttentionModel":
    from skillviewer.nets.attention_models.pool import PoolModel

    return PoolModel(sizes)


def _pool_recurrent(sizes: HeadSizes) -> "AttentionModel":
    from skillviewer.nets.attention_models.pool import PoolRecurrentModel

    return PoolRecurrentModel(sizes)


def _cbam(sizes: HeadSizes) -> "AttentionModel":
    from skillviewer.nets.attention_models.cbam import CbamModel

    return CbamModel(sizes)


def _cbam_original(sizes: HeadSizes) -> "AttentionModel":
    from skillviewer.nets.attention_models.cbam import CbamOriginalModel

    return CbamOriginalModel(sizes)


def _visual(*, gru: bool) -> Build:
    def build(sizes: HeadSizes) -> "AttentionModel":
        from skillviewer.nets.attention_models.visual import VisualModel

        return VisualModel(sizes, gru=gru)

    return build


def _sca(*, original: bool) -> Build:
    def build(sizes: HeadSizes) -> "AttentionModel":
        from skillviewer.nets.attention_models.sca import ScaModel

        return ScaModel(sizes, original=original)

    return build


def _tsn(sizes: HeadSizes) -> "AttentionModel":
    from skillviewer.nets.attention_models.tsn import TsnModel

    return TsnModel(sizes, hidden=sizes.tsn_hidden)


def _tsn_frozen(sizes: HeadSizes) -> "AttentionModel":
    from skillviewer.nets.attention_models.tsn import TsnModel

    return TsnModel(sizes)


def _raan(sizes: HeadSizes) -> "AttentionModel":
    from skillviewer.nets.attention_models.raan import RaanModel

    return RaanModel(sizes)


def _pooled(sizes: HeadSizes) -> "AttentionModel":
    from skillviewer.nets.pooled import PooledModel

    return PooledModel(sizes)


def _duration(sizes: HeadSizes) -> "AttentionModel":
    from skillviewer.nets.attention_models.duration import DurationModel

    return DurationModel(sizes)


ATTENTION_MODELS = table(
    AttentionEntry(
        "full", "Spatial attention (Li et al.)", MapKind.DISTRIBUTION, _spatial("both"), "the paper's model", LI,
        "Ours",
    ),
    AttentionEntry(
        "none", "No Attention", MapKind.NONE, _uniform, "ablation", LI,
        "No Attention",
    ),
    AttentionEntry(
        "no-rnn", "No RNN in the attention", MapKind.DISTRIBUTION, _spatial("both", recurrent=False), "ablation", LI,
        "No RNN_att",
    ),
    AttentionEntry(
        "xbar", "Attention from the frame alone", MapKind.DISTRIBUTION, _spatial("frame"), "ablation", LI,
        "x̄-based",
    ),
    AttentionEntry(
        "htask", "Attention from the task state alone", MapKind.DISTRIBUTION, _spatial("task"), "ablation", LI,
        "h_task-based",
    ),
    AttentionEntry(
        "sharp", "Spatial attention, sharp", MapKind.DISTRIBUTION, _following(sharp=True),
        "full with a learned scale of the logits", OURS,
    ),
    AttentionEntry(
        "prefix", "Spatial attention, ranked after every step", MapKind.DISTRIBUTION, _following(every_step=True),
        "full whose scores so far are ranked too", OURS,
    ),
    AttentionEntry(
        "average", "Spatial attention, mean of the scores", MapKind.DISTRIBUTION, _following(averaged=True),
        "full whose score is the mean over the steps", OURS,
    ),
    AttentionEntry(
        "follow", "Spatial attention, sharp and following", MapKind.DISTRIBUTION,
        _following(sharp=True, averaged=True, every_step=True), "sharp, prefix and average together", OURS,
    ),
    AttentionEntry(
        "pool", "Attention Pool", MapKind.SIGNED, _pool, f"{RELEASED}: no recurrence, mean of frame scores", GIRDHAR,
        "Attention Pooling",
    ),
    AttentionEntry(
        "pool-gru", "Attention Pool with task RNN", MapKind.SIGNED, _pool_recurrent,
        "as the paper's text says: all other parts unchanged", GIRDHAR, "Attention Pooling",
    ),
    AttentionEntry(
        "cbam", "CBAM", MapKind.DISTRIBUTION, _cbam, f"{RELEASED}: softmax over the cells", WOO,
        "CBAM",
    ),
    AttentionEntry(
        "cbam-original", "CBAM (original)", MapKind.GATE, _cbam_original, "as first published: sigmoid gates", WOO,
    ),
    AttentionEntry(
        "visual", "Visual Attention", MapKind.DISTRIBUTION, _visual(gru=False), f"{RELEASED}: LSTM", SHARMA,
        "Visual Attention",
    ),
    AttentionEntry(
        "visual-gru", "Visual Attention with GRU", MapKind.DISTRIBUTION, _visual(gru=True),
        "as the paper's text says: its own recurrence", SHARMA, "Visual Attention",
    ),
    AttentionEntry(
        "sca", "SCA-CNN", MapKind.DISTRIBUTION, _sca(original=False), f"{RELEASED}: sigmoid over the channels", CHEN,
        "SCA-CNN",
    ),
    AttentionEntry(
        "sca-original", "SCA-CNN (original)", MapKind.DISTRIBUTION, _sca(original=True),
        "as first published: softmax over the channels", CHEN,
    ),
    AttentionEntry(
        "tsn", "Who's better (Doughty et al. 2018)", MapKind.NONE, _tsn,
        "as published: two-stream TSN trained end to end", DOUGHTY_2018,
        "Doughty et al.",
        inputs=Inputs.SNIPPETS, paper_sizes=HeadSizes(feature_channels=512, grid=(6, 6)),
        training=(("appearance", TSN_APPEARANCE), ("motion", TSN_MOTION)),
    ),
    AttentionEntry(
        "tsn-frozen", "Who's better, on frozen features", MapKind.NONE, _tsn_frozen,
        "frozen features: not the published model", DOUGHTY_2018,
    ),
    AttentionEntry(
        "raan", "Rank-aware temporal attention", MapKind.NONE, _raan,
        "on the features at hand, not on I3D", DOUGHTY_2019,
        training=(("scoring", RAAN_SCORING), ("attention", RAAN_ATTENTION)),
    ),
    AttentionEntry(
        "pooled", "Pooled motion, linear ranker", MapKind.NONE, _pooled, "a control that needs neither place nor time",
        OURS,
    ),
    AttentionEntry(
        "duration", "Duration only", MapKind.NONE, _duration, "the floor that every claim must beat", DOUGHTY_2018,
        inputs=Inputs.TIME, paper_sizes=HeadSizes(feature_channels=1, grid=(1, 1)),
    ),
)  # fmt: skip
"""All models, in the order in which they are offered."""


def attention_model(name: str) -> AttentionEntry:
    """Return a model's entry by name.

    Raises:
        CheckpointError: There is none of that name.
    """
    return look_up(ATTENTION_MODELS, name, "attention model", CheckpointError)


def paper_size_parameters(name: str) -> int:
    """Return the parameters of a model's head at the paper's scale, under the preset ``official-code``.

    Two ResNet101 at 448 pixels, or the model's own input form. Backbones are not counted, not even where the model
    trains them.
    """
    entry = attention_model(name)
    return parameter_count(entry, entry.at_paper_scale(preset("official-code").head))


def parameter_count(entry: AttentionEntry, sizes: HeadSizes) -> int:
    """Return the number of parameters of a model's head, without making it.

    Args:
        entry: The model.
        sizes: Its sizes.
    """
    import torch

    with torch.device("meta"):
        return sum(parameter.numel() for parameter in entry.build(sizes).parameters())
