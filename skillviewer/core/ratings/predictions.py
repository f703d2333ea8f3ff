"""Ratings predicted from scores of held-out videos, and the chosen metrics of a model with intervals over people."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from functools import partial

import numpy as np

from skillviewer.core.dataset.dataset import Dataset
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
    in_papers = {metric.name: metric.name == "accuracy" for metric in METRICS}
    in_papers |= {metric.name: bool(metric.papers) for metric in RATED_METRICS}
    requested = {name.strip() for name in text.split(",") if name.strip()}
    if strangers := sorted(requested - {*in_papers, OFFICIAL, ALL}):
        raise SettingsError(
            f"There is no metric “{strangers[0]}”. Choose of {', '.join((OFFICIAL, ALL, *in_papers))}, with commas "
            "between."
        )
    of_groups = {
        name for name, official in in_papers.items() if ALL in requested or (official and OFFICIAL in requested)
    }
    return tuple(name for name in in_papers if name in requested | of_groups)


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
    participant_by_video = dataset.participants
    participants = [participant_by_video.get(name, name) for name in names]
    if scale is None or len(set(participants)) < 3:
        return None
    scores_and_ratings = np.array([scores[name] for name in names]), np.array([truth[name] for name in names])
    out_of_fold = left_out_ratings(
        *scores_and_ratings, participants, scale.low, scale.high, increasing=not scale.less_is_better
    )
    return Predicted(np.array(participants), scores_and_ratings[0], *out_of_fold, scores_and_ratings[1], scale)


def raters_predicted(dataset: Dataset) -> list[Predicted]:
    """Return the ratings of each rater as predictions of the mean rating of the others."""
    if dataset.ratings is None or dataset.criterion not in dataset.ratings.items:
        return []
    table = dataset.ratings.table(dataset.criterion)
    scale = dataset.ratings.scale(dataset.criterion)
    participants = np.array([dataset.participants.get(name, name) for name in table.videos])
    predictions = []
    for place in range(len(table.raters)):
        rater_values = table.values[:, place]
        others = np.delete(table.values, place, axis=1)
        both = np.isfinite(rater_values) & np.isfinite(others).any(axis=1)
        if both.sum() > 1:
            no_values = np.full(both.sum(), np.nan)
            score = -rater_values[both] if scale.less_is_better else rater_values[both]
            truth = np.nanmean(others[both], axis=1)
            predictions.append(
                Predicted(participants[both], score, rater_values[both], no_values, no_values, truth, scale)
            )
    return predictions


def _truth(dataset: Dataset) -> tuple[dict[str, float], RatingScale | None]:
    """Return the mean rating of every video by the criterion, and its scale; None without ratings."""
    if dataset.ratings is not None and dataset.criterion in dataset.ratings.items:
        return dataset.ratings.table(dataset.criterion).means(), dataset.ratings.scale(dataset.criterion)
    if dataset.scores is None:
        return {}, None
    values = dataset.scores.by_video()
    return values, RatingScale(dataset.scores.name, min(values.values()), max(values.values())) if values else None


def why_absent(names: Collection[str], prediction: Predicted | None, dataset: Dataset) -> list[str]:
    """Return one sentence for every kind of chosen metrics that cannot be computed."""
    kinds: dict[str, list[str]] = {}
    for metric in RATED_METRICS:
        if metric.name in names and (reason := _absent(metric, prediction, dataset)):
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
        names = [name for name in result.fold.held_out_videos if clusters.get(name) != participant]
        return replace(result, fold=replace(result.fold, held_out_videos=tuple(names)))

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
    predictions = [prediction for results in by_seed if (prediction := predicted(results, dataset)) is not None]
    return estimates | rated_metrics(names, predictions, dataset, factor)


def rejection_points(
    names: Collection[str], by_seed: Sequence[Sequence[FoldScores]], dataset: Dataset
) -> tuple[tuple[float, float], ...]:
    """Return the points of the rejection curve of the first seed, if it was chosen and there are intervals."""
    prediction = predicted(by_seed[0], dataset) if "rejection" in names and by_seed else None
    if prediction is None or not np.isfinite(prediction.widths).all():
        return ()
    shares_kept, errors = rejection_curve(prediction.ratings - prediction.truth, prediction.widths)
    return tuple(zip(shares_kept.tolist(), errors.tolist(), strict=True))


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
