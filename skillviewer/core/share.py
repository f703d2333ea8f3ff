"""A share with its interval."""

from dataclasses import dataclass

from scipy import stats

from skillviewer.core.numerals import percent


@dataclass(frozen=True, slots=True)
class Share:
    """How many of how many, with Wilson's 95 % interval (1927), which holds for small numbers too.

    Attributes:
        part: How many.
        n: Of how many.
    """

    part: int
    n: int

    @property
    def value(self) -> float:
        """The share, 0 to 1; NaN of none."""
        return self.part / self.n if self.n else float("nan")

    @property
    def interval(self) -> tuple[float, float]:
        """Ends of the 95 % interval; 0 and 1 of none."""
        if self.n == 0:
            return 0.0, 1.0
        found = stats.binomtest(self.part, self.n).proportion_ci(0.95, method="wilson")
        return float(found.low), float(found.high)

    @property
    def text(self) -> str:
        """The share in words, "83 % (74 to 90) of 90"; a dash of none."""
        if self.n == 0:
            return "–"
        low, high = (round(100 * end) for end in self.interval)
        return f"{percent(self.part, self.n)} % ({low} to {high}) of {self.n}"
