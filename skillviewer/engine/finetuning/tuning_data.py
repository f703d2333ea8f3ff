"""Preparation of a fine-tuning: features, the use of the pairs, and the forgetting check."""

from dataclasses import dataclass

from skillviewer.core.dataset.dataset import Dataset
from skillviewer.core.dataset.pairs import videos_of
from skillviewer.core.finetuning.split import StudyPairs, TuningChoices, TuningSplit
from skillviewer.core.finetuning.tuning_report import ForgettingMethod
from skillviewer.core.progress import CancelToken, Report
from skillviewer.data.trained_pairs import TrainedPair
from skillviewer.engine.features.dataset_features import check_room, pooled, sampled_frames
from skillviewer.engine.features.feature_store import FeatureStore
from skillviewer.engine.finetuning.initial_model import InitialModel
from skillviewer.engine.finetuning.prior_pairs import PriorPairs, inherited_pairs, known_before, split_for
from skillviewer.engine.training.training_data import dataset_features


@dataclass(frozen=True, slots=True)
class ForgettingSet:
    """Videos and pairs of the forgetting check."""

    kind: ForgettingMethod  # pairs, drift or nothing
    description: str  # the same in words
    store: FeatureStore  # features of its videos
    pairs: Dataset | None  # the old pairs with their videos, or None if drift is looked at
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TuningData:
    """All that a training needs."""

    start: InitialModel
    study: StudyPairs  # pairs of the readable videos of the study
    split: TuningSplit  # use of its pairs
    store: FeatureStore  # features of its videos
    old: ForgettingSet  # videos and pairs of the forgetting check
    problems: tuple[str, ...]  # videos that were left out, one sentence each
    inherited_pairs: tuple[
        TrainedPair, ...
    ] = ()  # pairs that the parent was trained on, for the folder of the new model


def prepare(
    start: InitialModel, study: StudyPairs, choices: TuningChoices, token: CancelToken, report: Report
) -> TuningData:
    """Compute (or find) all features that a training needs; refuse first what cannot be trained.

    The token is checked after every sampled frame; the report receives every video.

    Raises:
        DatasetError: There is nothing to train on.
        SettingsError: The cache is too small for the features.
    """
    prior = known_of(start)
    parent = start.parent.name if start.parent is not None else ""
    split_for(study, choices, prior, parent)  # refuse early, before hours of features
    n_frames = sampled_frames(start.source, study.dataset, choices.candidates, token, report)
    check_room(start.source, len(study.dataset.videos), n_frames)
    store, problems = dataset_features(study.dataset, start.source, choices.candidates, token, report)
    readable = study.restricted(list(store))
    split = split_for(readable, choices, prior, parent)
    old, old_problems = _old(start, readable, split, store, prior, token, report, requested=choices.old_pairs)
    # read now, for the folder may be gone when the new one is written
    before = tuple(inherited_pairs(start.parent.folder, prior)) if start.parent is not None else ()
    return TuningData(start, readable, split, store, old, (*problems, *old_problems), before)


def known_of(start: InitialModel) -> PriorPairs | None:
    """Return the pairs that the parent model was trained on, or None if they are not known."""
    return known_before(start.parent.folder, start.parent.name) if start.parent is not None else None


def _old(
    start: InitialModel,
    study: StudyPairs,
    split: TuningSplit,
    store: FeatureStore,
    prior: PriorPairs | None,
    token: CancelToken,
    report: Report,
    *,
    requested: bool,
) -> tuple[ForgettingSet, list[str]]:
    """Choose the videos of the forgetting check: those of old pairs if known, else familiar videos of the study."""
    if start.parent is None:
        return ForgettingSet(ForgettingMethod.NOTHING, "nothing was known before", {}, None, ()), []
    other = prior.apart_from(study) if requested and prior is not None else None
    if other is not None:
        features, problems = dataset_features(other.dataset, start.source, 1, token, report)
        readable = other.dataset.restricted(list(features))
        if readable.pairs:
            description = other.description + other.trained_again(study, split.fold.train_pairs)
            return ForgettingSet(
                ForgettingMethod.PAIRS, description, features, readable, tuple(videos_of(readable.pairs))
            ), problems
    unused_names = [name for name in store if name not in set(videos_of(split.fold.train_pairs))]
    familiarity = start.parent.familiarity
    names = unused_names
    if familiarity is not None and unused_names:
        embeddings = pooled(store, unused_names)
        names = [
            name for name, embedding in zip(unused_names, embeddings, strict=True) if not familiarity.warning(embedding)
        ] or unused_names
    similarity_text = (
        "that look like those it was trained on"
        if familiarity is not None and names != unused_names
        else "of the study"
    )
    reason = "are not at hand" if requested else "were not asked for"
    description = (
        f"the pairs that {start.parent.name} was trained on {reason}: drift of the scores of {len(names)} videos "
        f"{similarity_text}, which take no part in the training"
    )
    return ForgettingSet(
        ForgettingMethod.DRIFT if names else ForgettingMethod.NOTHING, description, store, None, tuple(names)
    ), []
