"""Videos of a training with their features and their split."""

from dataclasses import dataclass

from skillviewer.core.dataset.dataset import Dataset
from skillviewer.core.errors import DatasetError
from skillviewer.core.progress import CancelToken, Report
from skillviewer.engine.features.dataset_features import build_store, report_cost
from skillviewer.engine.features.feature_store import FeatureStore
from skillviewer.engine.features.measured_videos import MeasuredVideos, measured_dataset
from skillviewer.engine.features.source import FrameSource
from skillviewer.engine.features.video_facts import clip_ranges_of, files_of
from skillviewer.engine.runtime.distributed import ProcessGroup
from skillviewer.engine.training.plan import TrainingPlan
from skillviewer.engine.training.trainer import TrainingControl
from skillviewer.engine.training.training_split import TrainingSplit, hold_quarter_out, test_on_other, train_on_all


@dataclass(frozen=True, slots=True)
class TrainingData:
    """Videos of a training with their features and their split."""

    dataset: Dataset  # videos with features
    split: TrainingSplit
    store: FeatureStore
    test_store: FeatureStore
    problems: tuple[str, ...]  # videos that were left out and warnings, one sentence each
    measured: MeasuredVideos | None = None  # measures of tracks that are added to the score, or None
    test_measured: MeasuredVideos | None = None  # the same of the tested videos


def load_training_data(
    plan: TrainingPlan,
    dataset: Dataset,
    test: Dataset | None,
    source: FrameSource,
    control: TrainingControl,
    process_group: ProcessGroup,
    *,
    hold_out: bool = True,
) -> TrainingData:
    """Compute or load all features, and split the readable videos."""
    token, report = control.token, control.report
    _compute_features(dataset, source, plan.candidates, token, report, process_group)
    if test is not None:
        _compute_features(test, source, 1, token, report, process_group)
    store, problems = dataset_features(dataset, source, plan.candidates, token, report)
    if not store:
        raise DatasetError(" ".join((f"No video of {dataset.name} can be read.", *problems[:1])))
    usable = dataset.restricted(list(store))
    measured: MeasuredVideos | None = None
    if plan.adds_tracks:
        usable, measured, track_problems = measured_dataset(usable, plan.preprocessing, token, report)
        problems += track_problems
    test_store = store
    test_measured = measured
    if not hold_out:
        split = train_on_all(usable)
    elif test is None:
        split = hold_quarter_out(usable, plan.seed, token)
    else:
        test_store, test_problems = dataset_features(test, source, 1, token, report)
        problems += test_problems
        usable_test = test.restricted(list(test_store))
        if plan.adds_tracks:
            usable_test, test_measured, test_problems = measured_dataset(usable_test, plan.preprocessing, token, report)
            problems += test_problems
        split = test_on_other(usable, usable_test, token)
    all_problems = (*problems, *split.problems)
    return TrainingData(usable, split, store, test_store, all_problems, measured, test_measured)


def dataset_features(
    dataset: Dataset, source: FrameSource, candidates: int, token: CancelToken, report: Report
) -> tuple[FeatureStore, list[str]]:
    """Return the features (or snippets) of every video with a file, and a sentence for each video that failed.

    Arguments are those of ``build_store``.
    """
    return build_store(files_of(dataset), source, candidates, token, report, clip_ranges_of(dataset))


def _compute_features(
    dataset: Dataset,
    source: FrameSource,
    candidates: int,
    token: CancelToken,
    report: Report,
    process_group: ProcessGroup,
) -> None:
    """Check that there is room for the features.

    If several processes train together, each computes those of its share of the videos, and then waits for the others.
    """
    report_cost(source, dataset, candidates, token, report)
    if process_group.size > 1:
        share = files_of(dataset)[process_group.rank :: process_group.size]
        build_store(share, source, candidates, token, report, clip_ranges_of(dataset))
        process_group.wait()
