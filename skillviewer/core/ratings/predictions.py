"""Ratings predicted from scores of held-out videos, and metrics of a model with intervals over people."""

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
    mean_std,
    pooled_accuracy,
    refit_factor,
)
from skillviewer.core.evaluation.intervals import Range, over_participants
from skillviewer.core.evaluation.metrics import METRICS, Metric, Reference
from skillviewer.core.ratings.fit_calibration import LEVEL, left_out_ratings, min_participants
from skillviewer.core.ratings.rating_metrics import RATED_METRICS, PredictedRatings, RatedMetric, rejection_curve

OFFICIAL = "official"
ALL = "all"
USUAL = "rating_spearman,relative_l2,mae"
"""Metrics of rated videos if the user chooses none."""

_PAIR_METRICS = ("accuracy", "honest_accuracy")


def metrics_named(text: str) -> tuple[str, ...]:
    """Return the metrics in a list of names with commas, with ``official`` for those of papers, and ``all``.

    Raises:
        SettingsError: There is no such metric.
    """
    is_in_papers = {metric.name: metric.name == "accuracy" for metric in METRICS}
    is_in_papers |= {metric.name: bool(metric.papers) for metric in RATED_METRICS}
    requested = {name.strip() for name in text.split(",") if name.strip()}
    unknown = sorted(requested - {*is_in_papers, OFFICIAL, ALL})
    if unknown:
        raise SettingsError(
            f"There is no metric “{unknown[0]}”. Choose of {', '.join((OFFICIAL, ALL, *is_in_papers))}, with commas "
            "between."
        )
    if ALL in requested:
        return tuple(is_in_papers)
    if OFFICIAL in requested:
        requested |= {name for name, in_papers in is_in_papers.items() if in_papers}
    return tuple(name for name in is_in_papers if name in requested)


def predict_ratings(results: Sequence[FoldScores], dataset: Dataset) -> PredictedRatings | None:
    """Return the predictions for the rated held-out videos of the folds of one seed.

    The scores of a fold are standardised by those of its training videos, since models of different folds have
    different scales. Ratings are predicted by a map that was fitted on other people (``scale_map``).

    Returns:
        The predictions, or None if fewer than three rated people were held out.
    """
    truth, scale = _true_ratings(dataset)
    scores: dict[str, float] = {}
    for result in results:
        held_out = set(result.fold.held_out_videos)
        training_scores = mean_std(score for name, score in result.scores.items() if name not in held_out)
        is_defined = training_scores.n > 1 and training_scores.sd > 0
        centre = training_scores.mean if is_defined else 0.0
        unit = training_scores.sd if is_defined else 1.0
        for name in held_out & result.scores.keys():
            scores[name] = (result.scores[name] - centre) / unit
    names = sorted(scores.keys() & truth.keys())
    participant_by_video = dataset.participants
    participants = [participant_by_video.get(name, name) for name in names]
    if scale is None or len(set(participants)) < 3:
        return None
    score_array = np.array([scores[name] for name in names])
    truth_array = np.array([truth[name] for name in names])
    ratings, low, high = left_out_ratings(
        score_array, truth_array, participants, scale.low, scale.high, increasing=not scale.less_is_better
    )
    return PredictedRatings(
        participants=np.array(participants),
        scores=score_array,
        ratings=ratings,
        low=low,
        high=high,
        truth=truth_array,
        scale=scale,
    )


def predictions_by_raters(dataset: Dataset) -> list[PredictedRatings]:
    """Return the ratings of each rater as predictions of the mean rating of the others."""
    if dataset.ratings is None or dataset.criterion not in dataset.ratings.items:
        return []
    matrix = dataset.ratings.table(dataset.criterion)
    scale = dataset.ratings.scale(dataset.criterion)
    participants = np.array([dataset.participants.get(name, name) for name in matrix.videos])
    predictions = []
    for column in range(len(matrix.raters)):
        own_ratings = matrix.values[:, column]
        other_ratings = np.delete(matrix.values, column, axis=1)
        is_compared = np.isfinite(own_ratings) & np.isfinite(other_ratings).any(axis=1)
        if is_compared.sum() < 2:
            continue
        compared_ratings = own_ratings[is_compared]
        no_ends = np.full(is_compared.sum(), np.nan)
        scores = -compared_ratings if scale.less_is_better else compared_ratings
        prediction = PredictedRatings(
            participants=participants[is_compared],
            scores=scores,
            ratings=compared_ratings,
            low=no_ends,
            high=no_ends,
            truth=np.nanmean(other_ratings[is_compared], axis=1),
            scale=scale,
        )
        predictions.append(prediction)
    return predictions


def _true_ratings(dataset: Dataset) -> tuple[dict[str, float], RatingScale | None]:
    """Return the mean rating of every video by the criterion, and the scale or None if there are no ratings."""
    if dataset.ratings is not None and dataset.criterion in dataset.ratings.items:
        return dataset.ratings.table(dataset.criterion).means(), dataset.ratings.scale(dataset.criterion)
    if dataset.scores is None:
        return {}, None
    values = dataset.scores.by_video()
    if not values:
        return {}, None
    return values, RatingScale(dataset.scores.name, min(values.values()), max(values.values()))


def explain_missing_metrics(names: Collection[str], prediction: PredictedRatings | None, dataset: Dataset) -> list[str]:
    """Return a sentence for every reason why some of the chosen metrics cannot be computed."""
    metrics_by_reason: dict[str, list[str]] = {}
    for metric in RATED_METRICS:
        if metric.name in names:
            reason = _missing_reason(metric, prediction, dataset)
            if reason:
                metrics_by_reason.setdefault(reason, []).append(metric.name)
    return [f"Not computed: {', '.join(metrics)}. {reason}" for reason, metrics in metrics_by_reason.items()]


def _missing_reason(metric: RatedMetric, prediction: PredictedRatings | None, dataset: Dataset) -> str:
    """Return a sentence on why a metric cannot be computed, or ""."""
    if prediction is None:
        true_ratings, _ = _true_ratings(dataset)
        if not true_ratings:
            return f"{dataset.name} has no ratings; skillviewer data import joins a table of ratings with videos."
        return "Fewer than three rated people were held out."
    if metric.needs == "levels" and not prediction.scale.levels:
        return f"The ratings of “{prediction.scale.item}” are numbers and no levels."
    if metric.needs == "intervals" and not np.isfinite(prediction.widths).all():
        n_people = len(set(prediction.participants.tolist()))
        return f"Intervals of ratings need {min_participants(LEVEL)} other people, and {n_people} were rated."
    return ""


def model_metrics(
    names: Collection[str], by_seed: Sequence[Sequence[FoldScores]], dataset: Dataset, reference: Reference
) -> dict[str, PooledEstimate]:
    """Return the chosen metrics of a model with their intervals over people, by name."""
    all_results = [result for results in by_seed for result in results]
    variance_factor = refit_factor(result.fold for result in all_results)
    clusters, _ = clusters_of(dataset)

    def without(result: FoldScores, participant: str | None) -> FoldScores:
        others = [name for name in result.fold.held_out_videos if clusters.get(name) != participant]
        return replace(result, fold=replace(result.fold, held_out_videos=tuple(others)))

    def mean(metric: Metric, participant: str | None) -> float:
        return mean_std(metric.value(without(result, participant), reference) for result in all_results).mean

    estimates: dict[str, PooledEstimate] = {}
    held_out_videos = [name for result in all_results for name in result.fold.held_out_videos]
    participants = {clusters[name] for name in held_out_videos if name in clusters}
    for metric in METRICS:
        if metric.name not in names:
            continue
        if metric.name in _PAIR_METRICS:
            estimates[metric.name] = pooled_accuracy(all_results, dataset, both_held_out=metric.name != "accuracy")
        else:
            quantity = Range.PROPORTION if metric.percent else Range.CORRELATION
            estimates[metric.name] = _estimate(partial(mean, metric), participants, quantity, variance_factor)
    predictions = [predict_ratings(results, dataset) for results in by_seed]
    available_predictions = [prediction for prediction in predictions if prediction is not None]
    return estimates | rated_metrics(names, available_predictions, dataset, variance_factor)


def rejection_points(
    names: Collection[str], by_seed: Sequence[Sequence[FoldScores]], dataset: Dataset
) -> tuple[tuple[float, float], ...]:
    """Return the points of the rejection curve of the first seed; none if it was not chosen or has no intervals."""
    if "rejection" not in names or not by_seed:
        return ()
    prediction = predict_ratings(by_seed[0], dataset)
    if prediction is None or not np.isfinite(prediction.widths).all():
        return ()
    shares_kept, errors = rejection_curve(prediction.ratings - prediction.truth, prediction.widths)
    return tuple(zip(shares_kept.tolist(), errors.tolist(), strict=True))


def rated_metrics(
    names: Collection[str], predictions: Sequence[PredictedRatings], dataset: Dataset, variance_factor: float = 1.0
) -> dict[str, PooledEstimate]:
    """Return the chosen metrics of predicted ratings, as means over the predictions of several seeds or raters."""
    if not predictions:
        return {}

    def mean(metric: RatedMetric, participant: str | None) -> float:
        return mean_std(metric.measure(prediction.without(participant)) for prediction in predictions).mean

    participants = {name for prediction in predictions for name in prediction.participants.tolist()}
    return {
        metric.name: _estimate(partial(mean, metric), participants, metric.quantity, variance_factor)
        for metric in RATED_METRICS
        if metric.name in names and not _missing_reason(metric, predictions[0], dataset)
    }


def _estimate(
    metric: Callable[[str | None], float], participants: Collection[str], quantity: Range, variance_factor: float
) -> PooledEstimate:
    n_people = len(participants)
    value, low, high = over_participants(metric, participants, quantity, variance_factor)
    return PooledEstimate(value, low, high, n_pairs=n_people, n_clusters=n_people, clusters="participant")
