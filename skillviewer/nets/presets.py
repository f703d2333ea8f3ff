"""Presets: named settings of models and training, as data. No torch here.

``paper`` follows the text of Li et al. 2019, ``official-code`` its released code; where the text gives no value (batch
size, epochs) ``paper`` uses the released code's.
"""

from dataclasses import dataclass, field, replace
from typing import Literal

from skillviewer.core.errors import CheckpointError
from skillviewer.core.registry import look_up, table
from skillviewer.core.video.preprocessing import SamplingRule
from skillviewer.nets.sizes import HeadSizes

DATASETS = ("chopsticks", "surgery", "drawing", "dough", "infant-grasp", "diving", "other")
"""Data sets with their own optimiser settings; ``other`` is for users' own videos."""


@dataclass(frozen=True, slots=True)
class LossSettings:
    """Settings of the margin ranking loss."""

    margin: float = 0.5  # score difference at which the loss of a pair becomes 0
    reduction: Literal["mean", "sum"] = "mean"  # whether the losses of a batch's pairs are averaged or summed
    # weight of Sharma et al.'s doubly stochastic penalty (only for Visual Attention); 0 for none
    attention_penalty: float = 0.0
    # number of snippets drawn from every split for a batch (only for networks that train their backbones); 0 for all
    snippets: int = 0


@dataclass(frozen=True, slots=True)
class OptimiserSettings:
    """Settings of the optimiser."""

    algorithm: Literal["sgd", "adam"] = "sgd"  # ``sgd`` or ``adam``
    learning_rate: float = 1e-3  # step size
    momentum: float = 0.9  # momentum of SGD
    weight_decay: float = 1e-3  # L2 penalty
    batch_pairs: int = 16  # pairs per batch
    epochs: int = 30  # passes over the pairs; 0 if ``iterations`` is set
    iterations: int = 0  # number of batches; 0 if ``epochs`` is set
    milestones: tuple[int, ...] = ()  # batches after which the step size is divided by ten
    # videos per batch; 0 if ``batch_pairs`` is set. All pairs among the videos are used, so that a video is computed
    # once for several pairs
    batch_videos: int = 0
    rounds: int = 1  # number of passes over all videos in an epoch of batches of videos
    clip_norm: float = 0.0  # greatest norm of a gradient; 0 for no limit
    look_every: int = 1  # number of epochs from one evaluation on the held-out pairs to the next


TUNING_SHARE = 0.3
"""Factor of the step size for further training of a trained head."""


TSN_SNIPPETS = 3
"""Snippets per split in training (Doughty et al. 2018)."""


@dataclass(frozen=True, slots=True)
class Preset:
    """Settings that belong together."""

    name: str  # name by which it is requested
    title: str  # description for the user, of one line
    head: HeadSizes  # model settings; the feature channels and grid are those of the present backbone (see ``sizes``)
    loss: LossSettings  # settings of the loss
    default_optimiser: OptimiserSettings  # optimiser settings for all other data sets
    # (data set, optimiser settings) for data sets with their own optimiser settings
    optimisers: tuple[tuple[str, OptimiserSettings], ...] = field(default=())
    tuning_share: float = TUNING_SHARE  # factor of the step size for further training of a trained head
    snippets: int = TSN_SNIPPETS  # snippets per split and batch if backbones are trained
    # (data set, model settings) for data sets with their own model settings
    heads: tuple[tuple[str, HeadSizes], ...] = ()
    sampling: SamplingRule = "paper"  # sampling rule of a new training
    backbone: str = "efficientnet-lite0"  # entry in BACKBONES of a new training
    input_px: int = 448  # side of the input square of a new training

    def head_of(self, dataset: str) -> HeadSizes:
        """Return the model settings for a data set, or the defaults."""
        return dict(self.heads).get(dataset, self.head)

    def sizes(self, feature_channels: int, grid: tuple[int, int], dataset: str = "other") -> HeadSizes:
        """Return the sizes of the head on the features of a backbone.

        Args:
            feature_channels: 2F.
            grid: Rows and columns of the features.
            dataset: Data set of the model settings, one of ``DATASETS``.
        """
        return replace(self.head_of(dataset), feature_channels=feature_channels, grid=grid)

    def optimiser(self, dataset: str) -> OptimiserSettings:
        """Return the optimiser settings of a data set.

        Raises:
            CheckpointError: The name is not in ``DATASETS``.
        """
        if dataset not in DATASETS:
            raise CheckpointError(f"There are no settings for “{dataset}”. Choose one of: {', '.join(DATASETS)}.")
        return dict(self.optimisers).get(dataset, self.default_optimiser)


_PAPER = OptimiserSettings()
_CODE = OptimiserSettings(learning_rate=5e-4, weight_decay=1e-2)

PRESETS = table(
    Preset(
        name="paper",
        title="As the paper's text says: no layer normalisation, states from zero, losses summed",
        head=HeadSizes(layer_norm=False, initial_state="zeros"),
        loss=LossSettings(reduction="sum"),
        default_optimiser=_PAPER,
        optimisers=(
            ("dough", replace(_PAPER, epochs=70)),
            ("infant-grasp", replace(_PAPER, learning_rate=5e-4, batch_pairs=30, epochs=20)),
        ),
    ),
    Preset(
        name="official-code",
        title="As the authors' released code does: layer normalisation, random first states, losses averaged",
        head=HeadSizes(layer_norm=True, initial_state="randn"),
        loss=LossSettings(reduction="mean"),
        default_optimiser=_CODE,
        optimisers=(
            ("drawing", _PAPER),
            ("dough", OptimiserSettings("adam", learning_rate=5e-6, momentum=0.0, weight_decay=0.0, epochs=70)),
            ("infant-grasp", replace(_CODE, batch_pairs=30, epochs=20)),
            ("diving", OptimiserSettings(learning_rate=5e-5, epochs=20)),
        ),
        heads=(("diving", HeadSizes(layer_norm=True, initial_state="zeros")),),
    ),
    Preset(
        name="small-study",
        title="For some dozens of videos on frozen features: these standardised, finer maps, every pair of a batch of "
        "videos",
        head=HeadSizes(layer_norm=True, initial_state="zeros", standardise=True, fusion_stride=1),
        loss=LossSettings(reduction="mean"),
        default_optimiser=OptimiserSettings(
            learning_rate=3e-2, weight_decay=1e-3, epochs=8, batch_videos=10, rounds=3, clip_norm=5.0
        ),
        tuning_share=0.1,
        snippets=1,
        sampling="even",
    ),
    Preset(
        name="fine-detail",
        title="For small things that decide, such as the distance from a line: features of the middle of the backbone, "
        "a small head, few steps",
        head=HeadSizes(fusion_hidden=64, channels=64, task_hidden=32, attention_hidden=32, embed=16, standardise=True),
        loss=LossSettings(reduction="mean"),
        default_optimiser=OptimiserSettings(
            learning_rate=3e-2, weight_decay=1e-3, epochs=8, batch_videos=10, clip_norm=5.0
        ),
        tuning_share=0.1,
        snippets=1,
        sampling="even",
        backbone="efficientnet-lite0-mid",
        input_px=320,
    ),
)
"""All presets, in the order of menus."""


def preset(name: str) -> Preset:
    """Return a preset by name.

    Raises:
        CheckpointError: There is no such preset.
    """
    return look_up(PRESETS, name, "preset", CheckpointError)


TSN_APPEARANCE = OptimiserSettings(
    learning_rate=1e-3,
    weight_decay=5e-4,
    batch_pairs=128,
    epochs=0,
    iterations=3_500,
    milestones=(1_500, 3_000),
    look_every=50,
)
"""Doughty et al. 2018, spatial stream (the weight decay is ours: the paper gives none)."""

TSN_MOTION = OptimiserSettings(
    learning_rate=5e-3, weight_decay=5e-4, batch_pairs=128, epochs=0, iterations=18_000, milestones=(10_000, 16_000)
)
"""Doughty et al. 2018, temporal stream."""

RAAN_SCORING = OptimiserSettings(
    "adam", learning_rate=1e-4, momentum=0.0, weight_decay=0.0, batch_pairs=128, epochs=2_000, look_every=10
)
"""Doughty et al. 2019, everything but the attention filters."""

RAAN_ATTENTION = replace(RAAN_SCORING, learning_rate=1e-5)
"""Doughty et al. 2019, the attention filters."""
