"""Result of each model in an evaluation, as stored in ``evaluation.json``."""

import msgspec

from skillviewer.core.evaluation.accuracy import PooledEstimate
from skillviewer.data.formats.published import PublishedAccuracy
from skillviewer.engine.evaluation.attention_weight import AttentionWeight
from skillviewer.engine.evaluation.score_progress import ScoreProgress


class SeparationAccuracy(msgspec.Struct, frozen=True, kw_only=True):
    """Accuracy of the pairs with a given number of steps between them in the order that all pairs imply."""

    separation: int
    accuracy: float
    n_pairs: int


class PointingGame(msgspec.Struct, frozen=True, kw_only=True):
    """Agreement of the maps in held-out videos with the regions in which skill shows."""

    hits: float  # share of sampled frames whose strongest cell lies within the tolerance of a region
    hits_uniform: float  # hits of a uniform map: chance
    hits_centre: float  # hits of a Gaussian at the middle of the picture
    times_chance: float  # hits / hits_uniform
    energy: float  # mean share of the map within the tolerance of a region
    energy_uniform: float  # energy of a uniform map
    energy_centre: float  # energy of a Gaussian at the middle of the picture
    energy_times_uniform: float  # energy / energy_uniform
    tolerance: int  # cells
    n_frames: int  # frames with a region in the picture, over all runs


class RunNumbers(msgspec.Struct, frozen=True, kw_only=True):
    """Numbers of one run."""

    fold: str  # name of the fold
    seed: int
    metrics: dict[str, float]  # by name of metric
    epoch: int  # the epoch that was chosen
    seconds: float  # duration of the training
    folder: str = ""  # name of the run's folder; "" in records of earlier versions


_ON_DISK = {"pooled_both_held_out": "pooled_honest", "difference_both_held_out": "difference_honest"}


class ModelResult(msgspec.Struct, frozen=True, kw_only=True, rename=_ON_DISK):
    """Result of one model. Accuracies are fractions; numbers that are not defined are null.

    Attributes:
        model: Name of the model.
        title: Title of the model.
        pooled_both_held_out: The accuracy to report: over pairs with both videos held out, all folds together ("both
            new"); `value`, `low` and `high` of the 95 % interval over people, `n_pairs`, `n_clusters`.
        difference_both_held_out: Accuracy on pairs with both videos held out, minus that of the first model, or of
            another evaluation; null for the first model.
        accuracy: Accuracy as papers report it: over pairs that touch a held-out video, mean over folds and seeds. It is
            optimistic, since the partner may have been trained on.
        folds: `accuracy` of every fold, mean over the seeds.
        sd: Standard deviation of `accuracy` over the folds.
        sd_seeds: Standard deviation over the seeds of their means over the folds; null with a single seed.
        pooled: Accuracy over the pairs of `accuracy`, all folds together, with an interval.
        difference: `pooled` minus that of the first model, or of another evaluation; null for the first model.
        by_separation: Accuracy of near and far pairs.
        equal_success: Accuracy over the test pairs of equal success; null if success is not known.
        metrics: Mean of every metric over the runs.
        chosen: The metrics of `--metrics` with intervals over people, by name; `n_pairs` counts people.
        rejection: Points of the rejection curve of the first seed: share of videos kept, mean absolute error.
        attention: Pointing and share of the map near known regions; null without regions or without a map.
        attention_exact: `attention` without any tolerance; null if the tolerance of `attention` is 0.
        weight: Weight of the map near regions, next to controls; null without regions or without a map.
        curve: Accuracy along the videos, and contributions of their fifths; null for runs without score curves.
        published: Published accuracy of this model on this data set, or null.
        ceilings: Accuracy of each ordering on the same pairs; a tie counts as half.
        selection: Choice of the epoch, as text.
        optimistic: True if the epoch was chosen on the test pairs themselves.
        parameters: Number of trained parameters.
        seconds: Seconds of training, all runs together.
        runs: Every run: `fold`, `seed`, `metrics`, `epoch`, `seconds`, `folder`.
    """

    model: str
    title: str
    accuracy: float
    folds: tuple[float, ...]
    sd: float
    sd_seeds: float
    metrics: dict[str, float]
    pooled: PooledEstimate
    pooled_both_held_out: PooledEstimate
    by_separation: tuple[SeparationAccuracy, ...]
    difference: PooledEstimate | None
    difference_both_held_out: PooledEstimate | None
    attention: PointingGame | None
    attention_exact: PointingGame | None
    published: PublishedAccuracy | None
    ceilings: dict[str, float]
    selection: str
    optimistic: bool
    parameters: int
    seconds: float
    runs: tuple[RunNumbers, ...]
    # fields with a default are absent from records of earlier versions
    weight: AttentionWeight | None = None
    curve: ScoreProgress | None = None
    equal_success: PooledEstimate | None = None
    chosen: dict[str, PooledEstimate] = {}
    rejection: tuple[tuple[float, float], ...] = ()
