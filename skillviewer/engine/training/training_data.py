"""Videos of a training with their features, their measures of tracks, and their split."""

from dataclasses import dataclass

from skillviewer.core.dataset.dataset import Dataset
from skillviewer.core.errors import DatasetError
from skillviewer.core.progress import CancelToken, Report
from skillviewer.engine.features.build_store import build_dataset_store, build_store
from skillviewer.engine.features.feature_cost import report_cost
from skillviewer.engine.features.feature_store import FeatureStore
from skillviewer.engine.features.frame_sources import FrameSource
from skillviewer.engine.features.measured_videos import MeasuredVideos, measured_dataset
from skillviewer.engine.features.video_facts import clip_ranges_of, files_of
from skillviewer.engine.runtime.distributed import ProcessGroup
from skillviewer.engine.training.trainer import TrainingControl
from skillviewer.engine.training.training_plan import TrainingPlan
from skillviewer.engine.training.training_split import TrainingSplit, hold_quarter_out, test_on_other, train_on_all


@dataclass(frozen=True, slots=True)
class TrainingData:
    """Videos of a training with their features, their measures of tracks, and their split."""

    dataset: Dataset  # readable videos; with measures of tracks, if these are added to the score
    split: TrainingSplit
    store: FeatureStore
    test_store: FeatureStore
    problems: tuple[str, ...]  # videos that were left out and warnings, one sentence each
    track_measures: MeasuredVideos | None = None  # measures of tracks that are added to the score, or None
    test_measured: MeasuredVideos | None = None  # measures of tracks of the tested videos, or None


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
    """Compute or load all features, and split the readable videos.

    Args:
        plan: Model and settings.
        dataset: Videos and pairs to train on.
        test: Another data set to test on, or None.
        source: Source of the features.
        control: Stops the work, and receives its progress.
        process_group: The processes that train together.
        hold_out: Whether videos are tested: those of ``test``, or a quarter that is held out.

    Raises:
        DatasetError: No video can be read, there is too little to train on, or a tested and a training video share a
            frame.
        SettingsError: The cache is too small for the features.
    """
    token = control.token
    report = control.report
    _share_computation(
        dataset, source, n_passes=plan.candidates, token=token, report=report, process_group=process_group
    )
    if test is not None:
        _share_computation(test, source, n_passes=1, token=token, report=report, process_group=process_group)
    store, problems = build_dataset_store(dataset, source, n_passes=plan.candidates, token=token, report=report)
    if not store:
        raise DatasetError(" ".join([f"No video of {dataset.name} can be read.", *problems[:1]]))
    usable_dataset = dataset.restricted(list(store))
    measured_videos: MeasuredVideos | None = None
    if plan.adds_tracks:
        usable_dataset, measured_videos, measure_problems = measured_dataset(
            usable_dataset, plan.preprocessing, token, report
        )
        problems += measure_problems
    test_store = store
    test_measured = measured_videos
    if not hold_out:
        split = train_on_all(usable_dataset)
    elif test is None:
        split = hold_quarter_out(usable_dataset, plan.seed, token)
    else:
        test_store, test_problems = build_dataset_store(test, source, n_passes=1, token=token, report=report)
        problems += test_problems
        usable_test = test.restricted(list(test_store))
        if plan.adds_tracks:
            usable_test, test_measured, measure_problems = measured_dataset(
                usable_test, plan.preprocessing, token, report
            )
            problems += measure_problems
        split = test_on_other(usable_dataset, usable_test, token)
    return TrainingData(
        dataset=usable_dataset,
        split=split,
        store=store,
        test_store=test_store,
        problems=(*problems, *split.problems),
        track_measures=measured_videos,
        test_measured=test_measured,
    )


def _share_computation(
    dataset: Dataset,
    source: FrameSource,
    n_passes: int,
    token: CancelToken,
    report: Report,
    process_group: ProcessGroup,
) -> None:
    """Check that the cache has room for the features; divide their computation among several processes.

    Each process computes the features of its share of the videos, and then waits for the others. A single process
    computes nothing yet.
    """
    report_cost(source, dataset, n_passes, token, report)
    if process_group.size > 1:
        share = files_of(dataset)[process_group.rank :: process_group.size]
        build_store(share, source, n_passes, token, report, clip_ranges_of(dataset))
        process_group.wait()
