"""Small models and features for tests, by name."""

from torch import Tensor

from skillviewer.nets.attention import AttentionModel
from skillviewer.nets.models import attention_model
from skillviewer.nets.sizes import HeadSizes
from skillviewer_testing import N_FRAMES, SMALL, scramble, small_sizes
from skillviewer_testing import small_features as features_of
from skillviewer_testing import small_model as model_of

__all__ = ["N_FRAMES", "RELEASED", "SMALL", "scramble", "small_features", "small_model", "small_sizes"]

RELEASED = (
    "full", "none", "no-rnn", "xbar", "htask", "sharp", "prefix", "average", "follow", "pool", "pool-gru", "cbam",
    "cbam-original", "visual", "visual-gru", "sca", "sca-original", "tsn", "tsn-frozen", "raan", "pooled",
    "motion", "duration",
)  # fmt: skip
"""Names in checkpoints and results that users have: each stays, has an oracle, and has its parameters counted."""


def small_model(name: str, sizes: HeadSizes = SMALL, seed: int = 0) -> AttentionModel:
    return model_of(attention_model(name), sizes, seed)


def small_features(
    name: str, batch: int = 3, n_frames: int = N_FRAMES, sizes: HeadSizes = SMALL, seed: int = 1
) -> Tensor:
    return features_of(attention_model(name), batch, n_frames, sizes, seed)
