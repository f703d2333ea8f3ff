"""Coverage and width of the intervals on the raters' scale, on simulated people.

    python -m benchmarks.coverage [--people 2000] [--calibration 20 40] [--repeats 40] [--level 0.9]

Every task has its own way from skill to rating and its own raters. A model's score is skill with noise, of which a part
is the person's own: the model takes some people for better than they are in all their attempts. Of 2,000 people some
are drawn to make the way to ratings of, and it is tested on all others; the table gives the mean over the repeats. The
oracle knows the distribution of ratings at every score: its width is that of the middle of that distribution.
"""

import argparse
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from skillviewer.core.arrays import FloatArray, IntArray
from skillviewer.core.ratings.rating_metrics import calibration_tau, mean_absolute_error, mean_width
from skillviewer.core.ratings.scale_map import LEVEL, scale_map

LOW, HIGH = 6.0, 30.0
"""The scale, as that of OSATS or JIGSAWS: whole points."""
N_POPULATION = 40_000
"""People from whom the oracle knows the distribution of ratings."""
WINDOWS = 60


@dataclass(frozen=True)
class Task:
    """A way from skill (standard normal) to the rating that all raters of the world would give."""

    name: str
    rating: Callable[[FloatArray], FloatArray]
    spread: Callable[[FloatArray], FloatArray]  # of the score around the skill


@dataclass(frozen=True)
class Panel:
    """The raters of a study: how many rate each video, and how far one lies from the mean of all, in points."""

    name: str
    n: int
    error: float


TASKS = (
    Task("linear", lambda s: 18 + 4 * s, lambda s: np.full_like(s, 0.5)),
    Task("ceiling", lambda s: 28 - 6 * np.log1p(np.exp(1 - 1.5 * s)), lambda s: np.full_like(s, 0.5)),
    Task("two groups", lambda s: 18 + 7 * np.tanh(2.5 * s), lambda s: np.full_like(s, 0.4)),
    Task("steep novices", lambda s: 18 + 4 * s, lambda s: 0.3 + 0.5 / (1 + np.exp(2 * s))),
)
PANELS = (Panel("3 raters", 3, 1.5), Panel("1 rater", 1, 1.5), Panel("3 noisy raters", 3, 4.0))


@dataclass(frozen=True)
class Simulated:
    """Attempts: their people, scores and ratings."""

    people: IntArray
    scores: FloatArray
    ratings: FloatArray

    def of(self, chosen: IntArray) -> "Simulated":
        """Return the attempts of some people."""
        at = np.isin(self.people, chosen)
        return Simulated(self.people[at], self.scores[at], self.ratings[at])


def simulated(task: Task, panel: Panel, n_people: int, rng: np.random.Generator) -> Simulated:
    """Return attempts of people, one to eight of each."""
    counts = rng.integers(1, 9, n_people)
    people = np.repeat(np.arange(n_people), counts)
    skill = np.repeat(rng.normal(0, 0.9, n_people), counts) + rng.normal(0, 0.45, len(people))
    taken_for = np.repeat(rng.normal(0, 1, n_people), counts)  # what the model sees in a person, in every attempt
    noise = np.sqrt(0.5) * (taken_for + rng.normal(0, 1, len(people))) * task.spread(skill)
    severity = rng.normal(0, panel.error / 2, panel.n)
    heard = task.rating(skill)[:, None] + severity + rng.normal(0, panel.error, (len(people), panel.n))
    ratings = np.clip(np.round(heard), LOW, HIGH).mean(axis=1)
    return Simulated(people, np.exp(0.7 * (skill + noise)), ratings)  # a score has no scale of its own


def oracle_width(task: Task, panel: Panel, level: float, rng: np.random.Generator) -> float:
    """Return the mean width of the middle of the ratings at a score, known from a large population."""
    many = simulated(task, panel, N_POPULATION, rng)
    windows = np.array_split(many.ratings[np.argsort(many.scores)], WINDOWS * 10)
    ends = [np.quantile(window, [(1 - level) / 2, (1 + level) / 2]) for window in windows]
    return float(np.mean([high - low for low, high in ends]))


@dataclass(frozen=True)
class Measured:
    """Coverage, width and errors of one way to ratings on people it was not made of."""

    coverage: float
    width: float
    mae: float
    tau: float


def measured(whole: Simulated, n_calibration: int, level: float, rng: np.random.Generator) -> Measured:
    """Draw people to make the way to ratings of, and test it on all others, every person weighing alike."""
    everybody = np.unique(whole.people)
    chosen = rng.choice(everybody, n_calibration, replace=False)
    made_of, tested = whole.of(chosen), whole.of(np.setdiff1d(everybody, chosen))
    names = [str(one) for one in made_of.people]
    made = scale_map(made_of.scores, made_of.ratings, names, LOW, HIGH, level)
    low, high = made.intervals(tested.scores)
    inside = ((low <= tested.ratings) & (tested.ratings <= high)).astype(np.float64)
    _, who, counts = np.unique(tested.people, return_inverse=True, return_counts=True)
    found = made.ratings(tested.scores)
    errors = found - tested.ratings
    return Measured(
        coverage=float((np.bincount(who, weights=inside) / counts).mean()),
        width=mean_width(low, high),
        mae=mean_absolute_error(found, tested.ratings),
        tau=calibration_tau(errors[:2000], (high - low)[:2000]),
    )


def simulate(
    task: Task, panel: Panel, n_people: int, n_calibration: int, repeats: int, level: float, seed: int
) -> list[Measured]:
    """Return what several draws of people measure, each with raters of its own."""
    rng = np.random.default_rng(seed)
    return [measured(simulated(task, panel, n_people, rng), n_calibration, level, rng) for _ in range(repeats)]


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, default=2000)
    parser.add_argument("--calibration", type=int, nargs="+", default=[20, 40])
    parser.add_argument("--repeats", type=int, default=40)
    parser.add_argument("--level", type=float, default=LEVEL)
    options = parser.parse_args()
    print(
        f"{100 * options.level:g} % intervals, {options.people} people, {options.repeats} repeats; points of {LOW:g} to"
    )
    print(f"{HIGH:g}. Coverage is the mean over the repeats, with its standard error.")
    print(
        "| task | raters | made of | coverage | width | oracle's width | MAE | tau |\n|---|---|---|---|---|---|---|---|"
    )
    for task in TASKS:
        for panel in PANELS:
            best = oracle_width(task, panel, options.level, np.random.default_rng(1))
            for n in options.calibration:
                runs = simulate(task, panel, options.people, n, options.repeats, options.level, seed=n)
                cover = np.array([run.coverage for run in runs])
                error = cover.std(ddof=1) / np.sqrt(len(cover))
                width, mae, tau = (np.mean([getattr(run, what) for run in runs]) for what in ("width", "mae", "tau"))
                print(
                    f"| {task.name} | {panel.name} | {n} people | {100 * cover.mean():.1f} ± {100 * error:.1f} % | "
                    f"{width:.1f} | {best:.1f} | {mae:.2f} | {tau:+.2f} |",
                    flush=True,
                )


if __name__ == "__main__":
    main()
