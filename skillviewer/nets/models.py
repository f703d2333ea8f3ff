"""Table of attention models: the paper's, its ablations, its rivals, and trivial baselines. No torch here."""

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

LI_2019 = "Li, Huang, Cai & Sato 2019, Manipulation-skill Assessment from Videos with Spatial Attention Network"
GIRDHAR_2017 = "Girdhar & Ramanan 2017, Attentional Pooling for Action Recognition"
WOO_2018 = "Woo, Park, Lee & Kweon 2018, CBAM: Convolutional Block Attention Module"
SHARMA_2015 = "Sharma, Kiros & Salakhutdinov 2015, Action Recognition using Visual Attention"
CHEN_2017 = "Chen et al. 2017, SCA-CNN: Spatial and Channel-wise Attention in Convolutional Networks"
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


NUMERIC_INPUTS = frozenset({InputKind.FLOW, InputKind.TIME, InputKind.TRACKS, InputKind.MEASURES})
"""Inputs without a backbone. Models of these inputs are evaluated, but not saved as checkpoints."""


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
        row: Its row in the paper's Table 1 or 2, or "" if the paper has none. Two variants share a row if the paper
            does not say which of them was measured.
        inputs: Kind of its input.
        paper_sizes: Sizes of its input at the paper's scale, or None for the features of two ResNet101.
        compares_splits: Whether it compares splits of a video (``HeadSizes.tsn_splits``).
        training: (phase, published settings) if the phases have their own settings; empty for those of the preset.
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

    def with_published_input(self, head: HeadSizes) -> HeadSizes:
        """Return the sizes of a preset with the input of this model at the paper's scale."""
        if self.paper_sizes is None:
            return head
        return replace(head, feature_channels=self.paper_sizes.feature_channels, grid=self.paper_sizes.grid)


def _lazy(path: str, **arguments: object) -> Build:
    """Return a function that imports a model's class and builds the model.

    Args:
        path: ``module.Class`` in ``nets.attention_models``.
        arguments: Arguments of the class besides the sizes.
    """

    def build(sizes: HeadSizes) -> "AttentionModel":
        module_name, class_name = path.split(".")
        module = import_module(f"skillviewer.nets.attention_models.{module_name}")
        model: AttentionModel = getattr(module, class_name)(sizes, **arguments)
        return model

    return build


ATTENTION_MODELS = Registry(
    AttentionEntry(
        name="full",
        title="Spatial attention (Li et al.)",
        map_kind=MapKind.DISTRIBUTION,
        build=_lazy("spatial.SpatialModel", context="both"),
        variant="the paper's model",
        reference=LI_2019,
        row="Ours",
    ),
    AttentionEntry(
        name="none",
        title="No Attention",
        map_kind=MapKind.NONE,
        build=_lazy("spatial.UniformModel"),
        variant="ablation",
        reference=LI_2019,
        row="No Attention",
    ),
    AttentionEntry(
        name="no-rnn",
        title="No RNN in the attention",
        map_kind=MapKind.DISTRIBUTION,
        build=_lazy("spatial.SpatialModel", context="both", recurrent=False),
        variant="ablation",
        reference=LI_2019,
        row="No RNN_att",
    ),
    AttentionEntry(
        name="xbar",
        title="Attention from the frame alone",
        map_kind=MapKind.DISTRIBUTION,
        build=_lazy("spatial.SpatialModel", context="frame"),
        variant="ablation",
        reference=LI_2019,
        row="x̄-based",
    ),
    AttentionEntry(
        name="htask",
        title="Attention from the task state alone",
        map_kind=MapKind.DISTRIBUTION,
        build=_lazy("spatial.SpatialModel", context="task"),
        variant="ablation",
        reference=LI_2019,
        row="h_task-based",
    ),
    AttentionEntry(
        name="sharp",
        title="Spatial attention, sharp",
        map_kind=MapKind.DISTRIBUTION,
        build=_lazy("spatial_variants.SpatialVariant", sharp=True),
        variant="full with a learned scale of the logits",
        reference=OURS,
    ),
    AttentionEntry(
        name="prefix",
        title="Spatial attention, ranked after every step",
        map_kind=MapKind.DISTRIBUTION,
        build=_lazy("spatial_variants.SpatialVariant", every_step=True),
        variant="full with a ranking loss after every step",
        reference=OURS,
    ),
    AttentionEntry(
        name="average",
        title="Spatial attention, mean of the scores",
        map_kind=MapKind.DISTRIBUTION,
        build=_lazy("spatial_variants.SpatialVariant", averaged=True),
        variant="full with the mean score of the steps",
        reference=OURS,
    ),
    AttentionEntry(
        name="follow",
        title="Spatial attention, sharp and following",
        map_kind=MapKind.DISTRIBUTION,
        build=_lazy("spatial_variants.SpatialVariant", sharp=True, averaged=True, every_step=True),
        variant="sharp, prefix and average together",
        reference=OURS,
    ),
    AttentionEntry(
        name="pool",
        title="Attention Pool",
        map_kind=MapKind.SIGNED,
        build=_lazy("attention_pooling.AttentionPoolModel"),
        variant=f"{RELEASED}: no recurrence, mean of frame scores",
        reference=GIRDHAR_2017,
        row="Attention Pooling",
    ),
    AttentionEntry(
        name="pool-gru",
        title="Attention Pool with task RNN",
        map_kind=MapKind.SIGNED,
        build=_lazy("attention_pooling.PoolRecurrentModel"),
        variant="as the paper's text says: all other parts unchanged",
        reference=GIRDHAR_2017,
        row="Attention Pooling",
    ),
    AttentionEntry(
        name="cbam",
        title="CBAM",
        map_kind=MapKind.DISTRIBUTION,
        build=_lazy("cbam.CbamModel"),
        variant=f"{RELEASED}: softmax over the cells",
        reference=WOO_2018,
        row="CBAM",
    ),
    AttentionEntry(
        name="cbam-original",
        title="CBAM (original)",
        map_kind=MapKind.GATE,
        build=_lazy("cbam.CbamOriginalModel"),
        variant="as first published: sigmoid gates",
        reference=WOO_2018,
    ),
    AttentionEntry(
        name="visual",
        title="Visual Attention",
        map_kind=MapKind.DISTRIBUTION,
        build=_lazy("visual.VisualModel", gru=False),
        variant=f"{RELEASED}: LSTM",
        reference=SHARMA_2015,
        row="Visual Attention",
    ),
    AttentionEntry(
        name="visual-gru",
        title="Visual Attention with GRU",
        map_kind=MapKind.DISTRIBUTION,
        build=_lazy("visual.VisualModel", gru=True),
        variant="as the paper's text says: its own recurrence",
        reference=SHARMA_2015,
        row="Visual Attention",
    ),
    AttentionEntry(
        name="sca",
        title="SCA-CNN",
        map_kind=MapKind.DISTRIBUTION,
        build=_lazy("sca.ScaModel", original=False),
        variant=f"{RELEASED}: sigmoid over the channels",
        reference=CHEN_2017,
        row="SCA-CNN",
    ),
    AttentionEntry(
        name="sca-original",
        title="SCA-CNN (original)",
        map_kind=MapKind.DISTRIBUTION,
        build=_lazy("sca.ScaModel", original=True),
        variant="as first published: softmax over the channels",
        reference=CHEN_2017,
    ),
    AttentionEntry(
        name="tsn",
        title="Who's better (Doughty et al. 2018)",
        map_kind=MapKind.NONE,
        build=lambda sizes: _lazy("tsn.TsnModel", hidden=sizes.tsn_hidden)(sizes),
        variant="as published: two-stream TSN trained end to end",
        reference=DOUGHTY_2018,
        row="Doughty et al.",
        inputs=InputKind.SNIPPETS,
        paper_sizes=HeadSizes(feature_channels=512, grid=(6, 6)),
        compares_splits=True,
        training=(("appearance", TSN_APPEARANCE), ("motion", TSN_MOTION)),
    ),
    AttentionEntry(
        name="tsn-frozen",
        title="Who's better, on frozen features",
        map_kind=MapKind.NONE,
        build=_lazy("tsn.TsnModel"),
        variant="frozen features: not the published model",
        reference=DOUGHTY_2018,
        compares_splits=True,
    ),
    AttentionEntry(
        name="raan",
        title="Rank-aware temporal attention",
        map_kind=MapKind.NONE,
        build=_lazy("raan.RaanModel"),
        variant="on the features at hand, not on I3D",
        reference=DOUGHTY_2019,
        training=(("scoring", RAAN_SCORING), ("attention", RAAN_ATTENTION)),
    ),
    AttentionEntry(
        name="pooled",
        title="Pooled motion, linear ranker",
        map_kind=MapKind.NONE,
        build=_lazy("linear_baselines.MeanPoolingModel"),
        variant="a control without attention and recurrence",
        reference=OURS,
    ),
    AttentionEntry(
        name="motion",
        title="Ridge on numbers of the flow",
        map_kind=MapKind.NONE,
        build=_lazy("motion_baseline.MotionModel"),
        variant="a control without pictures and place",
        reference=OURS,
        inputs=InputKind.FLOW,
        paper_sizes=HeadSizes(feature_channels=len(FLOW_NUMBERS), grid=(1, 1)),
    ),
    AttentionEntry(
        name="kinematics",
        title="Ridge on few measures of tracks",
        map_kind=MapKind.NONE,
        build=_lazy("measures_baseline.MeasuredModel"),
        variant="a control without pictures, on the motion of hands, tools or points",
        reference=OURS,
        inputs=InputKind.TRACKS,
        paper_sizes=HeadSizes(feature_channels=N_MEASURES, grid=(1, 1)),
    ),
    AttentionEntry(
        name="measures",
        title="Ridge on few numbers of measures.csv",
        map_kind=MapKind.NONE,
        build=_lazy("measures_baseline.MeasuredModel"),
        variant="a control without the video, on a laboratory's own instruments",
        reference=OURS,
        inputs=InputKind.MEASURES,
        paper_sizes=HeadSizes(feature_channels=N_MEASURES, grid=(1, 1)),
    ),
    AttentionEntry(
        name="duration",
        title="Duration only",
        map_kind=MapKind.NONE,
        build=_lazy("linear_baselines.DurationModel"),
        variant="the baseline that every claim must beat",
        reference=DOUGHTY_2018,
        inputs=InputKind.TIME,
        paper_sizes=HeadSizes(feature_channels=1, grid=(1, 1)),
    ),
    group="attention_models",
    reserved="all|uniform",
)
"""All models, in the order of menus. A new one is a file in ``attention_models`` and an entry here."""

TRIVIAL = ("pooled", "motion", "kinematics", "measures", "duration")
"""Trivial baselines: a model that does not exceed them has learned nothing of its own.

Every table has those whose inputs the data set has: tracks for ``kinematics``, ``measures.csv`` for ``measures``.
"""


def attention_model(name: str) -> AttentionEntry:
    """Return a model's entry by name.

    Raises:
        CheckpointError: There is no such model.
    """
    return look_up(ATTENTION_MODELS, name, "attention model", CheckpointError)


def parameter_count(entry: AttentionEntry, sizes: HeadSizes) -> int:
    """Return the number of parameters of a model's head, without memory for them."""
    from skillviewer.nets.meta_device import shapes_only

    with shapes_only():
        return sum(parameter.numel() for parameter in entry.build(sizes).parameters())
