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
    dataset: Dataset | None  # pairs of the check with their videos, or None if the drift of scores is checked
    names: tuple[str, ...]  # names of the videos

    @classmethod
    def nothing(cls) -> "ForgettingSet":
        """Return the set for a new model, which cannot forget."""
        return cls(ForgettingMethod.NOTHING, "nothing was known before", store={}, dataset=None, names=())


@dataclass(frozen=True, slots=True)
class TuningData:
    """Data of a fine-tuning."""

    initial: InitialModel
    study_pairs: StudyPairs  # pairs of the readable videos of the study
    split: TuningSplit  # split of these pairs
    store: FeatureStore  # features of these videos
    forgetting_set: ForgettingSet
    problems: tuple[str, ...]  # videos that were left out, one sentence each
    n_passes: int  # number of passes over each video whose features are in the store
    # pairs that the parent was trained on, to be saved with the new model
    inherited_pairs: tuple[TrainedPair, ...] = ()


def prepare_tuning(
    initial_model: InitialModel, study_pairs: StudyPairs, choices: TuningChoices, token: CancelToken, report: Report
) -> TuningData:
    """Compute or load all features of a fine-tuning, split the pairs, and choose the forgetting check.

    The token is checked after every sampled frame; the report receives every video.

    Raises:
        DatasetError: There is nothing to train on.
        SettingsError: The cache is too small for the features.
    """
    prior_pairs = prior_pairs_of(initial_model)
    parent_name = initial_model.parent.name if initial_model.parent is not None else ""
    # the split is made twice: here for its errors, which would otherwise follow hours of computing features
    split_study(study_pairs, choices, prior_pairs, parent_name)
    dataset = study_pairs.dataset
    n_passes = choices.candidates
    n_frames = count_sampled_frames(initial_model.source, dataset, n_passes=n_passes, token=token, report=report)
    check_cache_room(initial_model.source, len(dataset.videos), n_frames)
    source = replace(initial_model.source, caches_flow=True)  # for the baseline on the flow
    store, problems = build_dataset_store(dataset, source, n_passes=n_passes, token=token, report=report)
    readable = study_pairs.restricted(list(store))
    split = split_study(readable, choices, prior_pairs, parent_name)
    if choices.old_pairs:
        pairs_to_check = prior_pairs
        missing_reason = "are not at hand"
    else:
        pairs_to_check = None
        missing_reason = "were not asked for"
    forgetting_set, forgetting_problems = _choose_forgetting_set(
        initial_model=initial_model,
        study_pairs=readable,
        split=split,
        store=store,
        prior_pairs=pairs_to_check,
        missing_reason=missing_reason,
        token=token,
        report=report,
    )
    inherited: tuple[TrainedPair, ...] = ()
    if initial_model.parent is not None:  # read now, since the folder may be gone when the new model is written
        inherited = tuple(inherited_pairs(initial_model.parent.folder, prior_pairs))
    return TuningData(
        initial=initial_model,
        study_pairs=readable,
        split=split,
        store=store,
        forgetting_set=forgetting_set,
        problems=(*problems, *forgetting_problems),
        n_passes=n_passes,
        inherited_pairs=inherited,
    )


def prior_pairs_of(initial_model: InitialModel) -> PriorPairs | None:
    """Return the pairs that the parent model was trained on, or None if they are not known."""
    parent = initial_model.parent
    if parent is None:
        return None
    return load_prior_pairs(parent.folder, parent.name)


def _choose_forgetting_set(
    initial_model: InitialModel,
    study_pairs: StudyPairs,
    split: TuningSplit,
    store: FeatureStore,
    prior_pairs: PriorPairs | None,
    missing_reason: str,
    token: CancelToken,
    report: Report,
) -> tuple[ForgettingSet, list[str]]:
    """Return the videos of the forgetting check, and a sentence for each video that failed.

    The check takes prior pairs if some are readable, or else videos of the study that are in no training pair. The
    ``missing_reason`` tells the user why there are no prior pairs.
    """
    parent = initial_model.parent
    if parent is None:
        return ForgettingSet.nothing(), []
    new_prior_pairs = prior_pairs.without_study(study_pairs) if prior_pairs is not None else None
    if new_prior_pairs is not None:
        features, problems = build_dataset_store(
            new_prior_pairs.dataset, initial_model.source, n_passes=1, token=token, report=report
        )
        readable = new_prior_pairs.dataset.restricted(list(features))
        if readable.pairs:
            repeated_text = new_prior_pairs.repeated_pairs_text(study_pairs, split.fold.train_pairs)
            forgetting_set = ForgettingSet(
                method=ForgettingMethod.PAIRS,
                description=new_prior_pairs.description + repeated_text,
                store=features,
                dataset=readable,
                names=tuple(videos_of(readable.pairs)),
            )
            return forgetting_set, problems
    trained_names = set(videos_of(split.fold.train_pairs))
    unused_names = [name for name in store if name not in trained_names]
    familiar_names = _familiar_names(parent, store, unused_names)
    checked_names = familiar_names or unused_names
    is_familiar_subset = 0 < len(familiar_names) < len(unused_names)
    videos_text = "videos that look like those of its training" if is_familiar_subset else "videos of the study"
    method = ForgettingMethod.DRIFT if checked_names else ForgettingMethod.NOTHING
    forgetting_set = ForgettingSet(
        method=method,
        description=(
            f"the pairs that {parent.name} was trained on {missing_reason}; drift of the scores of "
            f"{len(checked_names)} {videos_text} that are in no training pair"
        ),
        store=store,
        dataset=None,
        names=tuple(checked_names),
    )
    return forgetting_set, []


def _familiar_names(parent: Checkpoint, store: FeatureStore, names: Sequence[str]) -> list[str]:
    """Return the videos that look like those the parent model was trained on.

    If the parent has no statistics of its training features, all videos are returned.
    """
    if parent.familiarity is None or not names:
        return list(names)
    embeddings = mean_features(store, names)
    familiar_names = []
    for name, embedding in zip(names, embeddings, strict=True):
        if not parent.familiarity.warning(embedding):
            familiar_names.append(name)
    return familiar_names
