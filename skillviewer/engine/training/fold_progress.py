"""Progress of a training on a fold over all its stages."""

from skillviewer.core.progress import Progress
from skillviewer.engine.training.train_settings import EpochSelection


def count_stages(select: EpochSelection, n_inner_folds: int, *, refit: bool) -> int:
    """Return the number of stages of a training: those that choose the epoch, and the final one.

    Args:
        select: How the epoch is chosen.
        n_inner_folds: Number of inner folds on which it is chosen, if it is chosen on inner folds.
        refit: Whether the model is trained again on all training videos afterwards.
    """
    if select is not EpochSelection.INNER_FOLDS:
        return 1
    return n_inner_folds + int(refit)


class FoldProgress:
    """The share of a training that is done. Every stage counts its epochs from the beginning again.

    Args:
        n_stages: Number of stages (``count_stages``).
    """

    def __init__(self, n_stages: int) -> None:
        self._n_stages = n_stages
        self._n_finished = 0
        self._last_epoch = 0
        self.share = 0.0  # 0 to 1; never decreases

    def add(self, progress: Progress) -> None:
        """Take a report of the training into account; ``progress`` counts the epochs of the current stage."""
        if progress.stage != "training" or not progress.total:
            return
        if progress.done <= self._last_epoch:
            self._n_finished += 1
        self._last_epoch = progress.done
        share = (self._n_finished + progress.done / progress.total) / self._n_stages
        self.share = min(max(self.share, share), 1.0)
