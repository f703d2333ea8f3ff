"""Coverage and width of the intervals on the raters' scale, on simulated people.

    python -m benchmarks.coverage [--people 2000] [--calibration 20 40] [--repeats 40] [--level 0.9] [--change]

Every task has its own way from skill to rating and its own raters. A model's score is skill with noise, of which a part
is the person's own: the model takes some people for better than they are in all their attempts. Of 2,000 people some
are drawn to make the way to ratings of, and it is tested on all others; the table gives the mean over the repeats. The
oracle knows the distribution of ratings at every score: its width is that of the middle of that distribution.

With --change every tested participant has an attempt before and one after, with a gain of skill. The table gives the
coverage of the intervals of a participant's change: by the model, of the change of the ratings that the same raters
give, and by the raters (a study of 20 participants), of the change that all raters of the world would give; and of the
interval over people of the mean change of 20 participants, against that of all.
"""

import argparse
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from skillviewer.core.arrays import FloatArray, IntArray
from skillviewer.core.dataset.rating_set import RatingScale, RatingSet, VideoRating
from skillviewer.core.ratings.change import change, mean_change, raters_estimates
from skillviewer.core.ratings.fit_calibration import LEVEL, scale_map
from skillviewer.core.ratings.rating_metrics import calibration_tau, mean_absolute_error, mean_width
from skillviewer.core.ratings.reliability import Estimate

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

    participants: IntArray
    scores: FloatArray
    ratings: FloatArray
    heard: FloatArray  # by rater
    true: FloatArray  # by all raters of the world

    def of(self, chosen: IntArray) -> "Simulated":
        """Return the attempts of some people."""
        at = np.isin(self.participants, chosen)
        return Simulated(self.participants[at], self.scores[at], self.ratings[at], self.heard[at], self.true[at])


def simulated(
    task: Task, panel: Panel, n_people: int, rng: np.random.Generator, n_paired: int = 0, gain: float = 0
) -> Simulated:
    """Return attempts of people, one to eight of each; the last n have two, with a gain of skill between them."""
    counts = np.concatenate([rng.integers(1, 9, n_people - n_paired), np.full(n_paired, 2)])
    participants = np.repeat(np.arange(n_people), counts)
    skill = np.repeat(rng.normal(0, 0.9, n_people), counts) + rng.normal(0, 0.45, len(participants))
    skill[len(skill) - 2 * n_paired :][1::2] += gain
    taken_for = np.repeat(rng.normal(0, 1, n_people), counts)  # what the model sees in a person, in every attempt
    noise = np.sqrt(0.5) * (taken_for + rng.normal(0, 1, len(participants))) * task.spread(skill)
    severity = rng.normal(0, panel.error / 2, panel.n)
    heard = task.rating(skill)[:, None] + severity + rng.normal(0, panel.error, (len(participants), panel.n))
    heard = np.clip(np.round(heard), LOW, HIGH)
    scores = np.exp(0.7 * (skill + noise))  # a score has no scale of its own
    return Simulated(participants, scores, heard.mean(axis=1), heard, np.clip(task.rating(skill), LOW, HIGH))


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
    everybody = np.unique(whole.participants)
    chosen = rng.choice(everybody, n_calibration, replace=False)
    made_of, tested = whole.of(chosen), whole.of(np.setdiff1d(everybody, chosen))
    names = [str(one) for one in made_of.participants]
    made = scale_map(made_of.scores, made_of.ratings, names, LOW, HIGH, level)
    low, high = made.intervals(tested.scores)
    inside = ((low <= tested.ratings) & (tested.ratings <= high)).astype(np.float64)
    _, who, counts = np.unique(tested.participants, return_inverse=True, return_counts=True)
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


def changes(
    task: Task, panel: Panel, n_calibration: int, gain: float, level: float, rng: np.random.Generator
) -> dict[str, float]:
    """Return the share of 20 participants whose change lies in its interval, and 1 or 0 for that of the mean change."""
    n = 20
    whole = simulated(task, panel, n_calibration + n, rng, n, gain)
    made_of, tested = (whole.of(who) for who in np.split(np.arange(n_calibration + n), [n_calibration]))
    made = scale_map(made_of.scores, made_of.ratings, [str(one) for one in made_of.participants], LOW, HIGH, level)
    low, high = made.intervals(tested.scores)
    by_model = [Estimate(*ends, level) for ends in zip(made.ratings(tested.scores), low, high, strict=True)]
    many = simulated(task, panel, 4000, rng, 4000, gain).true
    mean_of_all, found = float(np.mean(many[1::2] - many[::2])), {}
    sources = {"model": (by_model, tested.ratings)}
    if panel.n > 1:
        heard = [
            VideoRating(f"{video:03d}", str(rater), "", float(value))
            for (video, rater), value in np.ndenumerate(tested.heard)
        ]
        rated = raters_estimates(RatingSet(tuple(heard), (RatingScale("", LOW, HIGH, stated=True),)), "")
        sources["raters"] = ([rated[video] for video in sorted(rated)], tested.true)
    for source, (estimates, truth) in sources.items():
        told = [change(a, b) for a, b in zip(estimates[::2], estimates[1::2], strict=True)]
        inside = [of.low <= t <= of.high for of, t in zip(told, truth[1::2] - truth[::2], strict=True)]
        mean = mean_change({f"{at}": float(of.value) for at, of in enumerate(told)})
        found[source] = float(np.mean(inside))
        found[f"{source}, mean"] = float(mean.low <= mean_of_all <= mean.high)
        found[f"{source}, told"] = float(np.mean([of.low > 0 or of.high < 0 for of in told])) if not gain else np.nan
    return found


def print_changes(n_calibration: int, repeats: int, level: float) -> None:
    """Print the table of changes."""
    columns = [f"{source}{more}" for source in ("model", "raters") for more in ("", ", mean", ", told")]
    print(
        f"Made of {n_calibration} people, {repeats} repeats. In %: changes in their intervals ({100 * level:g} % by the"
    )
    print(
        "model, 95 % by raters), mean changes in theirs (95 %), and changes that are told of attempts without a gain of"
    )
    print("their participants (which differ all the same).")
    print(f"| task | raters | gain | {' | '.join(columns)} |\n|---|---|--:|" + "--:|" * len(columns))
    for task in TASKS:
        for panel in PANELS:
            for gain in (0.0, 1.0):
                rng = np.random.default_rng(n_calibration)
                runs = [changes(task, panel, n_calibration, gain, level, rng) for _ in range(repeats)]
                shares = [np.mean([run.get(column, np.nan) for run in runs]) for column in columns]
                cells = " | ".join("–" if np.isnan(share) else f"{100 * share:.1f}" for share in shares)
                print(f"| {task.name} | {panel.name} | {gain:g} | {cells} |", flush=True)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, default=2000)
    parser.add_argument("--calibration", type=int, nargs="+", default=[20, 40])
    parser.add_argument("--repeats", type=int, default=40)
    parser.add_argument("--level", type=float, default=LEVEL)
    parser.add_argument("--change", action="store_true")
    options = parser.parse_args()
    if options.change:
        print_changes(options.calibration[-1], options.repeats, options.level)
        return
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
