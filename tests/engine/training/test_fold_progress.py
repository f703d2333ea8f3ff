"""The share of a training that is done, over all its stages."""

import pytest

from skillviewer.core.progress import Progress
from skillviewer.engine.training.fold_progress import FoldProgress, count_stages
from skillviewer.engine.training.train_settings import EpochSelection


def shares(n_stages: int, *epochs: tuple[int, int]) -> list[float]:
    """Return the share after each report of (epoch, number of epochs)."""
    fold_progress = FoldProgress(n_stages)
    result = []
    for epoch, n_epochs in epochs:
        fold_progress.add(Progress("training", epoch, n_epochs))
        result.append(fold_progress.share)
    return result


def test_stages_are_counted_one_after_the_other() -> None:
    assert shares(2, (1, 2), (2, 2), (1, 4), (4, 4)) == [0.25, 0.5, 0.625, 1.0]
    assert shares(3, (1, 1), (1, 1), (1, 1)) == pytest.approx([1 / 3, 2 / 3, 1.0]), "stages of one epoch"


def test_the_share_never_decreases_nor_exceeds_one() -> None:
    found = shares(1, (3, 4), (1, 4), (2, 4))
    assert found == sorted(found)
    assert found[-1] == 1.0


def test_reports_of_other_work_change_nothing() -> None:
    fold_progress = FoldProgress(1)
    for progress in (Progress("features of videos", 3, 4), Progress("training")):
        fold_progress.add(progress)
    assert fold_progress.share == 0.0


def test_the_stages_are_those_that_choose_the_epoch_and_the_final_one() -> None:
    assert count_stages(EpochSelection.INNER_FOLDS, 3, refit=True) == 4
    assert count_stages(EpochSelection.INNER_FOLDS, 1, refit=False) == 1
    assert count_stages(EpochSelection.LAST, 1, refit=True) == 1
