"""A proportion with its confidence interval."""

from dataclasses import dataclass
from math import sqrt
from statistics import NormalDist

from skillviewer.core.text import whole_percent

Z = NormalDist().inv_cdf(0.975)
"""Half-width of the central 95 % of a normal distribution, in standard deviations."""


@dataclass(frozen=True, slots=True)
class Proportion:
    """A count out of a total, with Wilson's 95 % interval (1927), which holds for small numbers too."""

    part: int
    n: int

    @property
    def value(self) -> float:
        """The proportion, 0 to 1; NaN if the total is 0."""
        return self.part / self.n if self.n else float("nan")

    @property
    def interval(self) -> tuple[float, float]:
        """Ends of the 95 % interval; 0 and 1 if the total is 0."""
        if self.n == 0:
            return 0.0, 1.0
        # not from scipy.stats, which takes half a second to import
        denominator = self.n + Z**2
        centre = (self.part + Z**2 / 2) / denominator
        half_width = Z * sqrt(self.part * (self.n - self.part) / self.n + Z**2 / 4) / denominator
        low = centre - half_width if self.part else 0.0
        high = centre + half_width if self.part < self.n else 1.0
        return low, high

    @property
    def text(self) -> str:
        """The proportion with its interval as text, "83 % (74 to 90) of 90"; a dash if the total is 0."""
        if self.n == 0:
            return "–"
        low_percent, high_percent = (round(100 * end) for end in self.interval)
        return f"{whole_percent(self.part, self.n)} % ({low_percent} to {high_percent}) of {self.n}"
