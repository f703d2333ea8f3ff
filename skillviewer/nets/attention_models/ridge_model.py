"""Base of models that are fitted by ridge regression on all training pairs instead of in batches."""

from abc import abstractmethod

from torch import Tensor, nn

from skillviewer.nets.attention import MaplessModel, ModelNeeds
from skillviewer.nets.losses import PairBatch
from skillviewer.nets.sizes import HeadSizes


class RidgeModel(MaplessModel):
    """Model whose score is a weighted sum of numbers of a video.

    Args:
        sizes: All sizes.
        n_numbers: Number of weights.
    """

    needs = ModelNeeds(memory=False, frame=False, all_pairs=True)

    def __init__(self, sizes: HeadSizes, n_numbers: int) -> None:
        super().__init__(sizes, nn.Identity())
        self.score = nn.Linear(n_numbers, 1, bias=False)

    @abstractmethod
    def solve(self, features: Tensor, pairs: PairBatch, progress: float) -> Tensor:
        """Fit the weights on all training videos.

        Args:
            features: (B, N, ...), every training video once.
            pairs: All training pairs.
            progress: Share of the training that is done, 0 to 1. It sets the penalty, or the number of measures.

        Returns:
            (B,) scores.
        """
