"""Ratings predicted from scores of held-out videos, and the chosen metrics of a model with intervals over people."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from functools import partial

import numpy as np

from skillviewer.core.dataset.pairs import Dataset
from skillviewer.core.dataset.rating_set import RatingScale
from skillviewer.core.errors import SettingsError
from skillviewer.core.evaluation.accuracy import (
    FoldScores,
    PooledEstimate,
    clusters_of,
    pooled_accuracy,
    refit_factor,
    spread,
)
from skillviewer.core.evaluation.intervals import Range, over_participants
from skillviewer.core.evaluation.metrics import METRICS, Metric, Reference
from skillviewer.core.ratings.fit_calibration import LEVEL, left_out_ratings, min_participants
from skillviewer.core.ratings.rating_metrics import RATED_METRICS, Predicted, RatedMetric, rejection_curve

OFFICIAL, ALL = "official", "all"
USUAL = "rating_spearman,relative_l2,mae"
"""Metrics of rated videos, if none are chosen."""
_PAIR_METRICS = ("accuracy", "honest_accuracy")


def metrics_named(text: str) -> tuple[str, ...]:
    """Return the names of metrics in a list with commas, ``official`` for those that papers report, or ``all``.

    Raises:
        SettingsError: There is no such metric.
    """
    known = {metric.name: metric.name == "accuracy" for metric in METRICS}
    known |= {metric.name: bool(metric.papers) for metric in RATED_METRICS}
    asked = {name.strip() for name in text.split(",") if name.strip()}
    if strangers := sorted(asked - {*known, OFFICIAL, ALL}):
        raise SettingsError(
            f"There is no metric “{strangers[0]}”. Choose of {', '.join((OFFICIAL, ALL, *known))}, with commas between."
        )
    some = {name for name, official in known.items() if ALL in asked or (official and OFFICIAL in asked)}
    return tuple(name for name in known if name in asked | some)


def predicted(results: Sequence[FoldScores], dataset: Dataset) -> Predicted | None:
    """Return the predictions for the rated held-out videos of the folds of one seed; None without ratings.

    Scores of a fold are in standard deviations of those of its training videos, since models of different folds have
    scales of their own. Ratings are predicted by a map of other people's scores (``scale_map``).
    """
    truth, scale = _truth(dataset)
    scores: dict[str, float] = {}
    for result in results:
        held_out = set(result.fold.held_out_videos)
        trained = spread(score for name, score in result.scores.items() if name not in held_out)
        centre, unit = (trained.mean, trained.sd) if trained.n > 1 and trained.sd > 0 else (0.0, 1.0)
        scores |= {name: (result.scores[name] - centre) / unit for name in held_out & result.scores.keys()}
    names = sorted(scores.keys() & truth.keys())
    whose = dataset.participants
    participants = [whose.get(name, name) for name in names]
    if scale is None or len(set(participants)) < 3:
        return None
    given = np.array([scores[name] for name in names]), np.array([truth[name] for name in names])
    out_of_fold = left_out_ratings(*given, participants, scale.low, scale.high, increasing=not scale.less_is_better)
    return Predicted(np.array(participants), given[0], *out_of_fold, given[1], scale)


def raters_predicted(dataset: Dataset) -> list[Predicted]:
    """Return the ratings of each rater as predictions of the mean rating of the others."""
    if dataset.ratings is None or dataset.criterion not in dataset.ratings.items:
        return []
    table = dataset.ratings.table(dataset.criterion)
    scale = dataset.ratings.scale(dataset.criterion)
    participants = np.array([dataset.participants.get(name, name) for name in table.videos])
    predictions = []
    for place in range(len(table.raters)):
        own = table.values[:, place]
        others = np.delete(table.values, place, axis=1)
        both = np.isfinite(own) & np.isfinite(others).any(axis=1)
        if both.sum() > 1:
            none = np.full(both.sum(), np.nan)
            score = -own[both] if scale.less_is_better else own[both]
            truth = np.nanmean(others[both], axis=1)
            predictions.append(Predicted(participants[both], score, own[both], none, none, truth, scale))
    return predictions


def _truth(dataset: Dataset) -> tuple[dict[str, float], RatingScale | None]:
    """Return the mean rating of every video by the criterion, and its scale; None without ratings."""
    if dataset.ratings is not None and dataset.criterion in dataset.ratings.items:
        return dataset.ratings.table(dataset.criterion).means(), dataset.ratings.scale(dataset.criterion)
    if dataset.scores is None:
        return {}, None
    values = dataset.scores.by_video()
    return values, RatingScale(dataset.scores.name, min(values.values()), max(values.values())) if values else None


def why_absent(names: Collection[str], given: Predicted | None, dataset: Dataset) -> list[str]:
    """Return one sentence for every kind of chosen metrics that cannot be computed."""
    kinds: dict[str, list[str]] = {}
    for metric in RATED_METRICS:
        if metric.name in names and (reason := _absent(metric, given, dataset)):
            kinds.setdefault(reason, []).append(metric.name)
    return [f"Not computed: {', '.join(absent)}. {reason}" for reason, absent in kinds.items()]


def _absent(metric: RatedMetric, prediction: Predicted | None, dataset: Dataset) -> str:
    if prediction is None and not _truth(dataset)[0]:
        return f"{dataset.name} has no ratings; skillviewer data import joins a table of ratings with videos."
    if prediction is None:
        return "Fewer than three rated people were held out."
    if metric.needs == "levels" and not prediction.scale.levels:
        return f"The ratings of “{prediction.scale.item}” are numbers and no levels."
    if metric.needs == "intervals" and not np.isfinite(prediction.widths).all():
        n = len(set(prediction.participants.tolist()))
        return f"Intervals of ratings need {min_participants(LEVEL)} other people, and {n} were rated."
    return ""


def model_metrics(
    names: Collection[str], by_seed: Sequence[Sequence[FoldScores]], dataset: Dataset, reference: Reference
) -> dict[str, PooledEstimate]:
    """Return the chosen metrics of a model with their intervals over people, by name."""
    whole = [result for results in by_seed for result in results]
    factor = refit_factor(result.fold for result in whole)
    clusters = clusters_of(dataset)[0]

    def without(result: FoldScores, participant: str | None) -> FoldScores:
        keep = [name for name in result.fold.held_out_videos if clusters.get(name) != participant]
        return replace(result, fold=replace(result.fold, held_out_videos=tuple(keep)))

    def mean(metric: Metric, participant: str | None) -> float:
        return spread(metric.value(without(result, participant), reference) for result in whole).mean

    estimates: dict[str, PooledEstimate] = {}
    participants = {clusters[name] for result in whole for name in result.fold.held_out_videos if name in clusters}
    for metric in METRICS:
        if metric.name in _PAIR_METRICS and metric.name in names:
            estimates[metric.name] = pooled_accuracy(whole, dataset, both_held_out=metric.name != "accuracy")
        elif metric.name in names:
            reach = Range.PROPORTION if metric.percent else Range.CORRELATION
            estimates[metric.name] = _over(partial(mean, metric), participants, reach, factor)
    given = [one for results in by_seed if (one := predicted(results, dataset)) is not None]
    return estimates | rated_metrics(names, given, dataset, factor)


def rejection_points(
    names: Collection[str], by_seed: Sequence[Sequence[FoldScores]], dataset: Dataset
) -> tuple[tuple[float, float], ...]:
    """Return the points of the rejection curve of the first seed, if it was chosen and there are intervals."""
    prediction = predicted(by_seed[0], dataset) if "rejection" in names and by_seed else None
    if prediction is None or not np.isfinite(prediction.widths).all():
        return ()
    kept, errors = rejection_curve(prediction.ratings - prediction.truth, prediction.widths)
    return tuple(zip(kept.tolist(), errors.tolist(), strict=True))


def rated_metrics(
    names: Collection[str], predictions: Sequence[Predicted], dataset: Dataset, factor: float = 1.0
) -> dict[str, PooledEstimate]:
    """Return metrics of predicted ratings: means over several predictions, of seeds or of raters."""

    def mean(metric: RatedMetric, participant: str | None) -> float:
        return spread(metric.measure(prediction.without(participant)) for prediction in predictions).mean

    participants = {name for prediction in predictions for name in prediction.participants.tolist()}
    return {
        metric.name: _over(partial(mean, metric), participants, metric.reach, factor)
        for metric in RATED_METRICS
        if metric.name in names and predictions and not _absent(metric, predictions[0], dataset)
    }


def _over(
    metric: Callable[[str | None], float], participants: Collection[str], reach: Range, factor: float
) -> PooledEstimate:
    return PooledEstimate(
        *over_participants(metric, participants, reach, factor), len(participants), len(participants), "participant"
    )
