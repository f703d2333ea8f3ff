"""Comparison of a model before and after fine-tuning: accuracy, forgetting, scores and attention."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from skillviewer.core.analysis.analysis import MapKind
from skillviewer.core.analysis.map_comparison import PlacedMaps
from skillviewer.core.arrays import Float32Array
from skillviewer.core.dataset.pairs import videos_of
from skillviewer.core.errors import SettingsError
from skillviewer.core.evaluation.accuracy import FoldScores, pooled_accuracy
from skillviewer.core.evaluation.model_choice import compare_with_baselines, describe_tested_pairs
from skillviewer.core.finetuning.before_after import before_after, fold_of_pairs
from skillviewer.core.finetuning.forgetting import Forgetting, ForgettingMethod, drift_of, score_correlation
from skillviewer.core.finetuning.split import SplitRole
from skillviewer.core.finetuning.tuning_report import TuningReport, verdict
from skillviewer.core.finetuning.video_changes import AttentionChange, attention_change, shifts
from skillviewer.core.progress import CancelToken, Report
from skillviewer.engine.features.frame_inputs import sampling_of
from skillviewer.engine.finetuning.tuning_baselines import compare_trivial
from skillviewer.engine.finetuning.tuning_data import TuningData
from skillviewer.engine.finetuning.tuning_loop import TunedModel
from skillviewer.engine.training.predict import Predictions, predict
from skillviewer.media.reading.reader import VideoReader
from skillviewer.nets.attention import AttentionModel
from skillviewer.nets.models import attention_model


@dataclass(frozen=True, slots=True)
class SampledVideo:
    """Sampled frames and picture of a video."""

    frames: tuple[int, ...]  # numbers of the sampled frames
    aspect: float  # width / height of the picture


@dataclass(frozen=True, slots=True)
class BaselinePredictions:
    """Predictions of the parent model."""

    scores: Mapping[str, float]  # score by name of video of the study
    maps: Mapping[str, Float32Array]  # (N, h, w) maps by name of video; empty for a model without maps
    sampled_videos: Mapping[str, SampledVideo]  # sampled frames of the videos that have maps, by name of video
    forgetting_scores: Mapping[str, float]  # scores of the videos of the forgetting check


def predict_before(tuning_data: TuningData, token: CancelToken, report: Report) -> BaselinePredictions | None:
    """Return the predictions of the parent model; None if there is no parent.

    They are made before the training, so that little is left to do when it ends.
    """
    parent = tuning_data.initial.parent
    if parent is None:
        return None
    model = parent.build().to(tuning_data.initial.device)
    names = sorted(tuning_data.store)
    predictions = predict(model, tuning_data.store, names, token, report, stage="scores and maps before")
    forgetting_set = tuning_data.forgetting_set
    forgetting_scores: Mapping[str, float] = {}
    if forgetting_set.method is not ForgettingMethod.NOTHING:
        forgetting_scores = predict(model, forgetting_set.store, forgetting_set.names, token, maps=False).scores
    if model.map_kind is MapKind.NONE:
        return BaselinePredictions(predictions.scores, {}, {}, forgetting_scores)
    sampled_videos = _sampled_videos(tuning_data, token)
    return BaselinePredictions(predictions.scores, predictions.maps, sampled_videos, forgetting_scores)


def _sampled_videos(tuning_data: TuningData, token: CancelToken) -> dict[str, SampledVideo]:
    """Return the sampled frames of the study's videos that have features."""
    preprocessing = tuning_data.initial.config.preprocessing
    sampled_videos = {}
    for video in tuning_data.study_pairs.dataset.videos:
        token.check()
        if video.path is None or video.name not in tuning_data.store:
            continue
        with VideoReader(video.path, token) as reader:
            info = reader.read_info(token)
        frames = sampling_of(info, preprocessing, 1, video.clip_range).frames[0]
        sampled_videos[video.name] = SampledVideo(tuple(frames.tolist()), info.width_px / info.height_px)
    return sampled_videos


def compare(
    tuning_data: TuningData,
    tuned: TunedModel,
    baseline_predictions: BaselinePredictions | None,
    token: CancelToken,
    report: Report,
    baseline_scores: Mapping[str, Mapping[str, float]],
) -> TuningReport:
    """Compare the new model with its parent and with trivial baselines (see ``predict_baselines``).

    Predictions of the chosen epoch are reused. If the user stopped the training, only the videos of held-out pairs are
    scored, since the user is waiting.

    Raises:
        SettingsError: The training diverged.
    """
    split = tuning_data.split
    dataset = tuning_data.study_pairs.dataset
    tuned_predictions = _predict_after(tuning_data, tuned, token, report)
    scores_after = list(tuned_predictions.scores.values())
    has_finite_scores = bool(np.isfinite(scores_after).all())
    has_finite_weights = all(bool(weights.isfinite().all()) for weights in tuned.model.parameters())
    if not has_finite_scores or not has_finite_weights:
        raise SettingsError(
            "The training diverged: its scores are not finite. Nothing was kept; the model as it was still stands."
        )
    scores_before = baseline_predictions.scores if baseline_predictions is not None else None
    held_out = before_after(dataset, split.fold, scores_before, tuned_predictions.scores)
    reserved_comparison = None
    if split.reserved:
        reserved_fold = fold_of_pairs(dataset, split.reserved)
        reserved_comparison = before_after(dataset, reserved_fold, scores_before, tuned_predictions.scores)
    forgetting = _check_forgetting(tuning_data, baseline_predictions, tuned, token)
    attention_changes: tuple[AttentionChange, ...] = ()
    if baseline_predictions is not None:
        attention_changes = _attention_changes(baseline_predictions, tuned_predictions, tuned.model, token)
    n_trained = len(tuned.fold.train_pairs)
    warnings = [
        *verdict(held_out, n_trained, forgetting),
        *split.warnings,
        *_stop_warnings(tuning_data, tuned, tuned_predictions),
    ]
    fold_scores = FoldScores(split.fold, tuned_predictions.scores)
    accuracy_on_new_people = pooled_accuracy([fold_scores], dataset, both_held_out=True)
    on_new_people = accuracy_on_new_people.n_pairs > 0
    stated_accuracy = accuracy_on_new_people if on_new_people else held_out.after
    comparison = compare_trivial(tuning_data, tuned_predictions.scores, baseline_scores, on_new_people=on_new_people)
    verdict_on_baselines = ""
    if comparison.baselines:
        verdict_on_baselines = compare_with_baselines(
            attention_model(tuning_data.initial.config.attention_model).title,
            stated_accuracy,
            comparison.baselines,
            describe_tested_pairs(str(split.fold_unit), on_new_people=on_new_people),
        ).sentence
    return TuningReport(
        held_out=held_out,
        reserved=reserved_comparison,
        forgetting=forgetting,
        shifts=shifts(scores_before, tuned_predictions.scores, _roles(tuning_data, tuned)),
        attention=attention_changes,
        epoch=tuned.epoch,
        selection=tuned.selection,
        n_trained=n_trained,
        warnings=tuple(warnings),
        problems=tuning_data.problems,
        seconds=tuned.seconds,
        both_new=accuracy_on_new_people,
        baselines=comparison.baselines,
        one_rater=comparison.one_rater,
        verdict=verdict_on_baselines,
    )


def _predict_after(tuning_data: TuningData, tuned: TunedModel, token: CancelToken, report: Report) -> Predictions:
    """Return the predictions of the new model: for all videos or, after a stop, for those of held-out pairs."""
    known_predictions = tuned.predictions.held_out if tuned.predictions is not None else Predictions({}, {})
    names = sorted(tuning_data.store)
    if tuned.stopped:
        tested_pairs = (*tuning_data.split.fold.test_pairs, *tuning_data.split.reserved)
        names = sorted({*videos_of(tested_pairs), *known_predictions.scores})
    missing_names = [name for name in names if name not in known_predictions.scores]
    predictions = predict(tuned.model, tuning_data.store, missing_names, token, report, stage="scores and maps after")
    scores = {**known_predictions.scores, **predictions.scores}
    maps = {**known_predictions.maps, **predictions.maps}
    return Predictions(scores, maps)


def _stop_warnings(tuning_data: TuningData, tuned: TunedModel, tuned_predictions: Predictions) -> list[str]:
    """Return warnings about a training that was stopped before its end."""
    sentences = []
    if tuned.stopped:
        sentences.append(
            "The user stopped it and could see the held-out accuracy: if that decided when, it is too good."
        )
    n_used = len(tuned.fold.train_pairs)
    n_all = len(tuning_data.split.fold.train_pairs)
    if n_used < n_all:
        sentences.append(
            f"The training was stopped while the epoch was being chosen: it was trained on {n_used} of the {n_all} "
            "training pairs, without those that choose."
        )
    n_left_out = len(tuning_data.store) - len(tuned_predictions.scores)
    if n_left_out:
        text = "videos are in no held-out pair and are" if n_left_out > 1 else "video is in no held-out pair and is"
        sentences.append(f"The training was stopped before its end: {n_left_out} {text} not compared here.")
    return sentences


def _roles(tuning_data: TuningData, tuned: TunedModel) -> dict[str, SplitRole]:
    """Return the role of each video of the split, by name of video."""
    fold = tuning_data.split.fold
    roles = dict.fromkeys(videos_of(fold.train_pairs), SplitRole.CHOSE)
    roles |= dict.fromkeys(videos_of(tuned.fold.train_pairs), SplitRole.TRAINED)
    return roles | dict.fromkeys(fold.held_out_videos, SplitRole.HELD_OUT)


def _attention_changes(
    baseline_predictions: BaselinePredictions, tuned_predictions: Predictions, model: AttentionModel, token: CancelToken
) -> tuple[AttentionChange, ...]:
    """Return the changes of the maps, the greatest first; undefined correlations come last."""
    changes = []
    for name, video in baseline_predictions.sampled_videos.items():
        token.check()
        if name in tuned_predictions.maps:
            maps_before = PlacedMaps(baseline_predictions.maps[name], model.map_rect)
            maps_after = PlacedMaps(tuned_predictions.maps[name], model.map_rect)
            changes.append(attention_change(name, maps_before, maps_after, video.frames, video.aspect))

    def sort_key(change: AttentionChange) -> tuple[float, str]:
        # no correlation exceeds 1, so undefined ones come last
        correlation = 2.0 if np.isnan(change.correlation) else change.correlation
        return correlation, change.video

    return tuple(sorted(changes, key=sort_key))


def _check_forgetting(
    tuning_data: TuningData, baseline_predictions: BaselinePredictions | None, tuned: TunedModel, token: CancelToken
) -> Forgetting:
    forgetting_set = tuning_data.forgetting_set
    if baseline_predictions is None or forgetting_set.method is ForgettingMethod.NOTHING:
        return Forgetting(ForgettingMethod.NOTHING, forgetting_set.description)
    if tuned.predictions is not None:
        after_scores = tuned.predictions.forgetting_scores
    else:
        after_scores = predict(tuned.model, forgetting_set.store, forgetting_set.names, token, maps=False).scores
    n_videos = len(forgetting_set.names)
    if forgetting_set.dataset is None:
        drift = drift_of(baseline_predictions.forgetting_scores, after_scores)
        return Forgetting(
            forgetting_set.method,
            forgetting_set.description,
            pair_accuracy=None,
            drift=drift,
            rank_correlation=score_correlation(baseline_predictions.forgetting_scores, after_scores),
            n_videos=n_videos,
        )
    prior_pairs = fold_of_pairs(forgetting_set.dataset, forgetting_set.dataset.pairs)
    comparison = before_after(forgetting_set.dataset, prior_pairs, baseline_predictions.forgetting_scores, after_scores)
    return Forgetting(forgetting_set.method, forgetting_set.description, comparison, n_videos=n_videos)
