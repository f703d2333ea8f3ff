"""Trivial baselines of a fine-tuning: trained on its training pairs, and tested on its held-out pairs."""

from collections.abc import Mapping
from dataclasses import dataclass

import torch

from skillviewer.core.evaluation.accuracy import FoldScores, PooledEstimate
from skillviewer.core.evaluation.ceilings import rater_accuracy
from skillviewer.core.evaluation.model_choice import BaselineAccuracy
from skillviewer.core.progress import CancelToken, Report
from skillviewer.engine.evaluation.baseline_accuracies import baseline_accuracies
from skillviewer.engine.features.feature_store import FeatureStore
from skillviewer.engine.features.video_facts import VideoFacts, clip_ranges_of, facts_of, time_store
from skillviewer.engine.finetuning.tuning_data import TuningData
from skillviewer.engine.training.fit_fold import FoldInputs, fit_fold
from skillviewer.engine.training.predict import predict
from skillviewer.engine.training.train_settings import EpochSelection
from skillviewer.engine.training.trainer import TrainingControl
from skillviewer.engine.training.training_plan import TrainingPlan

DURATION = "duration"
MOTION = "motion"


@dataclass(frozen=True, slots=True)
class BaselineComparison:
    """Accuracies of the baselines and of one rater on the pairs of the headline."""

    baselines: tuple[BaselineAccuracy, ...]
    one_rater: PooledEstimate | None  # accuracy of one rater against the mean of the others; None with a single rater


def predict_baselines(tuning_data: TuningData, token: CancelToken, report: Report) -> dict[str, Mapping[str, float]]:
    """Return the scores of the readable videos by each baseline, trained on the training pairs of the split.

    ``motion`` is left out unless the flow of every video is in the cache: computing it again can take as long as the
    features.
    """
    facts, problems = facts_of(tuning_data.study_pairs.dataset, tuning_data.initial.source.preprocessing, token, report)
    if problems:
        return {}
    stores: dict[str, FeatureStore] = {DURATION: time_store(facts)}
    flow_store = _cached_flow(tuning_data, facts)
    if flow_store is not None:
        stores[MOTION] = flow_store
    return {name: _predict_baseline(name, tuning_data, store, token) for name, store in stores.items()}


def _cached_flow(tuning_data: TuningData, facts: Mapping[str, VideoFacts]) -> FeatureStore | None:
    """Return the numbers of the flow of the first pass of every video, or None if some are not in the cache."""
    flow_source = tuning_data.initial.source.flow_source
    clip_ranges = clip_ranges_of(tuning_data.study_pairs.dataset)
    store = {}
    for name, video_facts in facts.items():
        assert video_facts.info is not None
        passes = flow_source.cached_passes(video_facts.info, tuning_data.n_passes, clip_ranges.get(name))
        if passes is None:
            return None
        store[name] = passes[:1]
    return store


def _predict_baseline(
    name: str, tuning_data: TuningData, store: FeatureStore, token: CancelToken
) -> Mapping[str, float]:
    preprocessing = tuning_data.initial.source.preprocessing
    plan = TrainingPlan(model=name, preprocessing=preprocessing, candidates=1, select=EpochSelection.LAST)
    dataset = tuning_data.study_pairs.dataset
    inputs = FoldInputs(store, tuning_data.initial.device)
    model, _ = fit_fold(plan, dataset, tuning_data.split.fold, inputs, TrainingControl(token))
    with torch.inference_mode():
        return predict(model, store, dataset.names, token, maps=False).scores


def compare_trivial(
    tuning_data: TuningData,
    scores: Mapping[str, float],
    baseline_scores: Mapping[str, Mapping[str, float]],
    *,
    on_new_people: bool,
) -> BaselineComparison:
    """Return the accuracies of the baselines, and the lead of the new model over each.

    Args:
        tuning_data: Data of the fine-tuning.
        scores: Scores by the new model, by video.
        baseline_scores: Scores by each baseline; see ``predict_baselines``.
        on_new_people: Whether only pairs with both videos held out count.
    """
    dataset = tuning_data.study_pairs.dataset
    fold = tuning_data.split.fold
    scores_by_baseline = {name: [FoldScores(fold, own_scores)] for name, own_scores in baseline_scores.items()}
    baselines = baseline_accuracies(
        [FoldScores(fold, scores)], scores_by_baseline, dataset, on_new_people=on_new_people
    )
    return BaselineComparison(baselines, rater_accuracy(dataset, [fold], both_held_out=on_new_people))
