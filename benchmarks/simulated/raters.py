"""Raters who see two clips and say which shows more skill, or that they see no difference.

Thurstone's model (1927, case V): each time a rater looks at a clip, its quality appears with normal noise of the
rater's own width; the better looking clip gets the vote, unless the two look alike within the rater's threshold.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from skillviewer.core.arrays import FloatArray

LEFT_BETTER = 1
RIGHT_BETTER = -1
NO_DIFFERENCE = 0

NOISE = (0.10, 0.30)
THRESHOLD = (0.12, 0.28)
"""Ranges from which a rater's noise and threshold are drawn, in standard deviations of the qualities at hand."""


@dataclass(frozen=True, slots=True)
class Rater:
    """One who judges.

    Attributes:
        name: Name.
        noise: Standard deviation with which the quality of one clip appears, in units of quality.
        threshold: Apparent differences below it are none.
    """

    name: str
    noise: float
    threshold: float

    def judge(self, left: float, right: float, rng: np.random.Generator) -> int:
        """Return the verdict on two qualities: 1 left better, -1 right better, 0 no difference."""
        seen = left - right + self.noise * float(rng.standard_normal() - rng.standard_normal())
        if abs(seen) < self.threshold:
            return NO_DIFFERENCE
        return LEFT_BETTER if seen > 0 else RIGHT_BETTER


def raters(n: int, qualities: FloatArray, rng: np.random.Generator) -> tuple[Rater, ...]:
    """Draw raters.

    Args:
        n: How many.
        qualities: (videos,) qualities of the clips that they will see; sets the scale of noise and threshold.
        rng: Source of chance.
    """
    scale = float(np.std(qualities))
    return tuple(
        Rater(f"R{i + 1}", scale * float(rng.uniform(*NOISE)), scale * float(rng.uniform(*THRESHOLD))) for i in range(n)
    )


def majority(verdicts: Sequence[int]) -> int:
    """Return what more than half of the verdicts say, or 0 where no verdict has that many."""
    verdict, count = Counter(verdicts).most_common(1)[0]
    return verdict if 2 * count > len(verdicts) else NO_DIFFERENCE


@dataclass(frozen=True, slots=True)
class JudgedPair:
    """Two clips, by index, and what the raters said of them, in their order."""

    left: int
    right: int
    verdicts: tuple[int, ...]

    @property
    def label(self) -> int:
        """What most say: 1 left better, -1 right better, 0 no difference or no majority."""
        return majority(self.verdicts)


def judge_all(qualities: FloatArray, panel: Sequence[Rater], rng: np.random.Generator) -> tuple[JudgedPair, ...]:
    """Let every rater judge every pair, each pair with the earlier clip on the left.

    Args:
        qualities: (videos,) qualities.
        panel: The raters.
        rng: Source of chance.
    """
    n = len(qualities)
    return tuple(
        JudgedPair(i, j, tuple(rater.judge(float(qualities[i]), float(qualities[j]), rng) for rater in panel))
        for i in range(n)
        for j in range(i + 1, n)
    )
