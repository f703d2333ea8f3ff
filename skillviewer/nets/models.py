"""Registry of models: the paper's, its ablations, its rivals, and the floor. Importing this imports no torch."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum
from importlib import import_module
from typing import TYPE_CHECKING

from skillviewer.core.analysis.analysis import MapKind
from skillviewer.core.errors import CheckpointError
from skillviewer.core.registry import Registry, look_up
from skillviewer.nets.number_inputs import FLOW_NUMBERS, N_MEASURES
from skillviewer.nets.presets import RAAN_ATTENTION, RAAN_SCORING, TSN_APPEARANCE, TSN_MOTION, OptimiserSettings
from skillviewer.nets.sizes import HeadSizes

if TYPE_CHECKING:
    from skillviewer.nets.attention import AttentionModel

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

OURS = "this program, unpublished"

RELEASED = "as released with the paper's code"


class InputKind(StrEnum):
    """Kind of a model's input."""

    FEATURES = "features"  # of frozen backbones
    SNIPPETS = "snippets"  # pictures and flow: its backbones are trained with it
    FLOW = "flow"  # numbers of the optical flow
    TIME = "time"  # seconds since the start
    TRACKS = "tracks"  # measures of the motion of tracked points
    MEASURES = "measures"  # numbers that the data set states of every video


NUMBERS = frozenset({InputKind.FLOW, InputKind.TIME, InputKind.TRACKS, InputKind.MEASURES})
"""Inputs without a backbone: models on them are evaluated, and not kept as checkpoints."""


@dataclass(frozen=True, slots=True)
class AttentionEntry:
    """One model.

    Attributes:
        name: Name of ``--model``.
        title: Name for the user.
        map_kind: Kind of its maps, a ``MapKind``.
        build: Returns it, randomly initialised, for given ``HeadSizes``.
        variant: Interpretation of the model.
        reference: Publication.
        row: Its row in the paper's Table 1 or 2, or "" if the paper has none. Two variants share a row if it is unknown
            which of them was measured.
        inputs: Kind of its input.
        paper_sizes: Sizes at the paper's scale if they differ from those of two ResNet101: its own input form.
        compares_splits: Whether it compares splits of a video (``HeadSizes.tsn_splits``).
        training: (phase, settings) as published, for a model whose phases have their own settings; empty for the
            preset's.
    """

    name: str
    title: str
    map_kind: MapKind
    build: Build
    variant: str
    reference: str
    row: str = ""
    inputs: InputKind = InputKind.FEATURES
    paper_sizes: HeadSizes | None = None
    compares_splits: bool = False
    training: tuple[tuple[str, OptimiserSettings], ...] = ()

    def at_paper_scale(self, head: HeadSizes) -> HeadSizes:
        """Return a preset's sizes with the input form of this model at the paper's scale."""
        if self.paper_sizes is None:
            return head
        return replace(head, feature_channels=self.paper_sizes.feature_channels, grid=self.paper_sizes.grid)


def _late(path: str, **arguments: object) -> Build:
    """Return a maker of a model; it imports the class, ``module.Class`` in ``nets.attention_models``, when called."""

    def build(sizes: HeadSizes) -> "AttentionModel":
        module, name = path.split(".")
        model: AttentionModel = getattr(import_module(f"skillviewer.nets.attention_models.{module}"), name)(
            sizes, **arguments
        )
        return model

    return build


ATTENTION_MODELS = Registry(
    AttentionEntry(
        "full", "Spatial attention (Li et al.)", MapKind.DISTRIBUTION,
        _late("spatial.SpatialModel", context="both"), "the paper's model", LI,
        "Ours",
    ),
    AttentionEntry(
        "none", "No Attention", MapKind.NONE, _late("spatial.UniformModel"), "ablation", LI,
        "No Attention",
    ),
    AttentionEntry(
        "no-rnn", "No RNN in the attention", MapKind.DISTRIBUTION,
        _late("spatial.SpatialModel", context="both", recurrent=False), "ablation", LI,
        "No RNN_att",
    ),
    AttentionEntry(
        "xbar", "Attention from the frame alone", MapKind.DISTRIBUTION,
        _late("spatial.SpatialModel", context="frame"), "ablation", LI,
        "x̄-based",
    ),
    AttentionEntry(
        "htask", "Attention from the task state alone", MapKind.DISTRIBUTION,
        _late("spatial.SpatialModel", context="task"), "ablation", LI,
        "h_task-based",
    ),
    AttentionEntry(
        "sharp", "Spatial attention, sharp", MapKind.DISTRIBUTION, _late("following.FollowingModel", sharp=True),
        "full with a learned scale of the logits", OURS,
    ),
    AttentionEntry(
        "prefix", "Spatial attention, ranked after every step", MapKind.DISTRIBUTION,
        _late("following.FollowingModel", every_step=True), "full with a ranking loss after every step", OURS,
    ),
    AttentionEntry(
        "average", "Spatial attention, mean of the scores", MapKind.DISTRIBUTION,
        _late("following.FollowingModel", averaged=True), "full with the mean score of the steps", OURS,
    ),
    AttentionEntry(
        "follow", "Spatial attention, sharp and following", MapKind.DISTRIBUTION,
        _late("following.FollowingModel", sharp=True, averaged=True, every_step=True),
        "sharp, prefix and average together", OURS,
    ),
    AttentionEntry(
        "pool", "Attention Pool", MapKind.SIGNED,
        _late("attention_pooling.AttentionPoolModel"), f"{RELEASED}: no recurrence, mean of frame scores", GIRDHAR,
        "Attention Pooling",
    ),
    AttentionEntry(
        "pool-gru", "Attention Pool with task RNN", MapKind.SIGNED, _late("attention_pooling.PoolRecurrentModel"),
        "as the paper's text says: all other parts unchanged", GIRDHAR, "Attention Pooling",
    ),
    AttentionEntry(
        "cbam", "CBAM", MapKind.DISTRIBUTION, _late("cbam.CbamModel"), f"{RELEASED}: softmax over the cells", WOO,
        "CBAM",
    ),
    AttentionEntry(
        "cbam-original", "CBAM (original)", MapKind.GATE,
        _late("cbam.CbamOriginalModel"), "as first published: sigmoid gates", WOO,
    ),
    AttentionEntry(
        "visual", "Visual Attention", MapKind.DISTRIBUTION,
        _late("visual.VisualModel", gru=False), f"{RELEASED}: LSTM", SHARMA,
        "Visual Attention",
    ),
    AttentionEntry(
        "visual-gru", "Visual Attention with GRU", MapKind.DISTRIBUTION, _late("visual.VisualModel", gru=True),
        "as the paper's text says: its own recurrence", SHARMA, "Visual Attention",
    ),
    AttentionEntry(
        "sca", "SCA-CNN", MapKind.DISTRIBUTION,
        _late("sca.ScaModel", original=False), f"{RELEASED}: sigmoid over the channels", CHEN,
        "SCA-CNN",
    ),
    AttentionEntry(
        "sca-original", "SCA-CNN (original)", MapKind.DISTRIBUTION, _late("sca.ScaModel", original=True),
        "as first published: softmax over the channels", CHEN,
    ),
    AttentionEntry(
        "tsn", "Who's better (Doughty et al. 2018)", MapKind.NONE,
        lambda sizes: _late("tsn.TsnModel", hidden=sizes.tsn_hidden)(sizes),
        "as published: two-stream TSN trained end to end", DOUGHTY_2018,
        "Doughty et al.",
        inputs=InputKind.SNIPPETS, paper_sizes=HeadSizes(feature_channels=512, grid=(6, 6)), compares_splits=True,
        training=(("appearance", TSN_APPEARANCE), ("motion", TSN_MOTION)),
    ),
    AttentionEntry(
        "tsn-frozen", "Who's better, on frozen features", MapKind.NONE, _late("tsn.TsnModel"),
        "frozen features: not the published model", DOUGHTY_2018, compares_splits=True,
    ),
    AttentionEntry(
        "raan", "Rank-aware temporal attention", MapKind.NONE, _late("raan.RaanModel"),
        "on the features at hand, not on I3D", DOUGHTY_2019,
        training=(("scoring", RAAN_SCORING), ("attention", RAAN_ATTENTION)),
    ),
    AttentionEntry(
        "pooled", "Pooled motion, linear ranker", MapKind.NONE,
        _late("linear_baselines.MeanPoolingModel"), "a control without attention and recurrence", OURS,
    ),
    AttentionEntry(
        "motion", "Ridge on numbers of the flow", MapKind.NONE,
        _late("motion.MotionModel"), "a control without pictures and place", OURS,
        inputs=InputKind.FLOW, paper_sizes=HeadSizes(feature_channels=len(FLOW_NUMBERS), grid=(1, 1)),
    ),
    AttentionEntry(
        "kinematics", "Ridge on few measures of tracks", MapKind.NONE,
        _late("measured.MeasuredModel"), "a control without pictures, on the motion of hands, tools or points", OURS,
        inputs=InputKind.TRACKS, paper_sizes=HeadSizes(feature_channels=N_MEASURES, grid=(1, 1)),
    ),
    AttentionEntry(
        "measures", "Ridge on few numbers of measures.csv", MapKind.NONE,
        _late("measured.MeasuredModel"), "a control without the video, on a laboratory's own instruments", OURS,
        inputs=InputKind.MEASURES, paper_sizes=HeadSizes(feature_channels=N_MEASURES, grid=(1, 1)),
    ),
    AttentionEntry(
        "duration", "Duration only", MapKind.NONE,
        _late("linear_baselines.DurationModel"), "the floor that every claim must beat", DOUGHTY_2018,
        inputs=InputKind.TIME, paper_sizes=HeadSizes(feature_channels=1, grid=(1, 1)),
    ),
    group="attention_models", reserved="all|uniform",
)  # fmt: skip
"""All models, in the order of menus. A new one is a file in ``attention_models`` and an entry here."""

TRIVIAL = ("pooled", "motion", "kinematics", "measures", "duration")
"""Trivial baselines: a model that does not exceed them has learned nothing of its own.

They are in every table whose data set has their inputs: tracks for ``kinematics``, ``measures.csv`` for ``measures``.
"""


def attention_model(name: str) -> AttentionEntry:
    """Return a model's entry by name.

    Raises:
        CheckpointError: There is no such model.
    """
    return look_up(ATTENTION_MODELS, name, "attention model", CheckpointError)


def parameter_count(entry: AttentionEntry, sizes: HeadSizes) -> int:
    """Return the number of parameters of a model's head, without building it."""
    from skillviewer.nets.meta_device import shapes_only

    with shapes_only():
        return sum(parameter.numel() for parameter in entry.build(sizes).parameters())
