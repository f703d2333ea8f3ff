"""Data of a fine-tuning: features, the split of the pairs, and the videos of the forgetting check."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from skillviewer.core.dataset.dataset import Dataset
from skillviewer.core.dataset.pairs import videos_of
from skillviewer.core.finetuning.forgetting import ForgettingMethod
from skillviewer.core.finetuning.split import StudyPairs, TuningChoices, TuningSplit
from skillviewer.core.progress import CancelToken, Report
from skillviewer.data.trained_pairs import TrainedPair
from skillviewer.engine.features.build_store import build_dataset_store
from skillviewer.engine.features.feature_cost import check_cache_room, count_sampled_frames
from skillviewer.engine.features.feature_statistics import mean_features
from skillviewer.engine.features.feature_store import FeatureStore
from skillviewer.engine.finetuning.initial_model import InitialModel
from skillviewer.engine.finetuning.prior_pairs import PriorPairs, inherited_pairs, load_prior_pairs
from skillviewer.engine.finetuning.split_study import split_study
from skillviewer.nets.checkpoint import Checkpoint


@dataclass(frozen=True, slots=True)
class ForgettingSet:
    """Videos and pairs of the forgetting check."""

    method: ForgettingMethod  # pairs, drift or nothing
    description: str  # description of the check, for the user
    store: FeatureStore  # features of the videos
    pairs: Dataset | None  # pairs of the check with their videos, or None if the drift of scores is checked
    names: tuple[str, ...]  # names of the videos


@dataclass(frozen=True, slots=True)
class TuningData:
    """Data of a fine-tuning."""

    initial: InitialModel
    study: StudyPairs  # pairs of the readable videos of the study
    split: TuningSplit  # split of these pairs
    store: FeatureStore  # features of these videos
    forgetting: ForgettingSet
    problems: tuple[str, ...]  # videos that were left out, one sentence each
    n_passes: int  # number of passes over each video whose features are in the store
    # pairs that the parent was trained on, to be saved with the new model
    inherited_pairs: tuple[TrainedPair, ...] = ()


def prepare_tuning(
    initial: InitialModel, study: StudyPairs, choices: TuningChoices, token: CancelToken, report: Report
) -> TuningData:
    """Compute or load all features of a fine-tuning, split the pairs, and choose the forgetting check.

    The token is checked after every sampled frame; the report receives every video.

    Raises:
        DatasetError: There is nothing to train on.
        SettingsError: The cache is too small for the features.
    """
    prior = prior_pairs_of(initial)
    parent_name = initial.parent.name if initial.parent is not None else ""
    split_study(study, choices, prior, parent_name)  # raises before hours of computing features
    n_frames = count_sampled_frames(
        initial.source, study.dataset, n_passes=choices.candidates, token=token, report=report
    )
    check_cache_room(initial.source, len(study.dataset.videos), n_frames)
    source = replace(initial.source, caches_flow=True)  # for the baseline on the flow
    store, problems = build_dataset_store(
        study.dataset, source, n_passes=choices.candidates, token=token, report=report
    )
    readable = study.restricted(list(store))
    split = split_study(readable, choices, prior, parent_name)
    forgetting, forgetting_problems = _choose_forgetting(
        initial, readable, split, store, prior, token, report, requested=choices.old_pairs
    )
    # read now, since the folder may be gone when the new model is written
    inherited = tuple(inherited_pairs(initial.parent.folder, prior)) if initial.parent is not None else ()
    return TuningData(
        initial,
        readable,
        split,
        store,
        forgetting,
        problems=(*problems, *forgetting_problems),
        n_passes=choices.candidates,
        inherited_pairs=inherited,
    )


def prior_pairs_of(initial: InitialModel) -> PriorPairs | None:
    """Return the pairs that the parent model was trained on, or None if they are not known."""
    return load_prior_pairs(initial.parent.folder, initial.parent.name) if initial.parent is not None else None


def _choose_forgetting(
    initial: InitialModel,
    study: StudyPairs,
    split: TuningSplit,
    store: FeatureStore,
    prior: PriorPairs | None,
    token: CancelToken,
    report: Report,
    *,
    requested: bool,
) -> tuple[ForgettingSet, list[str]]:
    """Return the videos of the forgetting check, and a sentence for each video that failed.

    The check takes the prior pairs if they are ``requested`` and readable, or else videos of the study that are in no
    training pair.
    """
    parent = initial.parent
    if parent is None:
        return ForgettingSet(ForgettingMethod.NOTHING, "nothing was known before", store={}, pairs=None, names=()), []
    prior_pairs = None
    if requested and prior is not None:
        prior_pairs = prior.without_study(study)
    if prior_pairs is not None:
        features, problems = build_dataset_store(
            prior_pairs.dataset, initial.source, n_passes=1, token=token, report=report
        )
        readable = prior_pairs.dataset.restricted(list(features))
        if readable.pairs:
            repeated_text = prior_pairs.repeated_pairs_text(study, split.fold.train_pairs)
            description = prior_pairs.description + repeated_text
            names = tuple(videos_of(readable.pairs))
            return ForgettingSet(
                ForgettingMethod.PAIRS, description, store=features, pairs=readable, names=names
            ), problems
    trained_names = set(videos_of(split.fold.train_pairs))
    unused_names = [name for name in store if name not in trained_names]
    familiar_names = _familiar_names(parent, store, unused_names)
    checked_names = familiar_names or unused_names
    if parent.familiarity is not None and checked_names != unused_names:
        similarity_text = "that look like those it was trained on"
    else:
        similarity_text = "of the study"
    reason = "are not at hand" if requested else "were not asked for"
    description = (
        f"the pairs that {parent.name} was trained on {reason}: drift of the scores of {len(checked_names)} videos "
        f"{similarity_text}, which take no part in the training"
    )
    method = ForgettingMethod.DRIFT if checked_names else ForgettingMethod.NOTHING
    return ForgettingSet(method, description, store, pairs=None, names=tuple(checked_names)), []


def _familiar_names(parent: Checkpoint, store: FeatureStore, names: Sequence[str]) -> list[str]:
    """Return the videos that look like those the parent model was trained on; all if the parent cannot tell."""
    if parent.familiarity is None or not names:
        return list(names)
    embeddings = mean_features(store, names)
    familiar_names = []
    for name, embedding in zip(names, embeddings, strict=True):
        if not parent.familiarity.warning(embedding):
            familiar_names.append(name)
    return familiar_names
