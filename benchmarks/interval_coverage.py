"""Coverage of 95 % intervals over people, for pairs of two people, on simulated studies.

    python -m benchmarks.interval_coverage [--repeats 1000] [--people 4 6 8 12 24] [--only refit]

Every study has people with several attempts; people are held out in four folds. A model's score is the true skill with
an error for the person (the model misjudges somebody in every attempt) and one for the attempt. In the rows "given" the
scores are the same for all studies' models: what is estimated is the accuracy for an endless number of people. In the
rows "refit" a linear ranker of 20 features is trained on the other folds of every study, as ``evaluate`` does; coverage
is given for the mean accuracy of these very models on new people, and for the accuracy of all trainings on average.

Methods: the program's own; the jackknife alone, on the logit scale and without it; the percentile bootstrap over people
with widened percentiles, which the program used until version 0.1 (up to eight people).
"""

import argparse
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import combinations_with_replacement

import numpy as np
from scipy.special import ndtr, stdtrit

from skillviewer.core.arrays import FloatArray, IntArray
from skillviewer.core.evaluation.intervals import Range, interval, jackknife_variance, pair_variance

N_FOLDS, MIN_DIFFERENCE, N_NEW = 4, 0.3, 60
ERRORS = ((0.3, 0.3), (0.8, 0.3), (0.2, 1.2))
FEATURE_ERRORS = ((1.2, 0.8), (0.6, 1.5))
N_FEATURES, PENALTY = 20, 0.3
BOOTSTRAP_PEOPLE = 8

Ends = tuple[float, float]


@dataclass(frozen=True)
class Attempts:
    """People, and the true skill and the features of their attempts."""

    participants: IntArray
    skill: FloatArray
    features: FloatArray

    def pairs(self) -> tuple[IntArray, IntArray]:
        """Return the better and the worse attempt of all pairs that raters tell apart."""
        i, j = np.triu_indices(len(self.skill), 1)
        apart = self.skill[i] - self.skill[j]
        told = np.abs(apart) > MIN_DIFFERENCE
        i, j, apart = i[told], j[told], apart[told]
        return np.where(apart > 0, i, j), np.where(apart > 0, j, i)


def attempts(n: int, participant: float, attempt: float, width: int, rng: np.random.Generator) -> Attempts:
    """Draw people with three to seven attempts; features are skill with errors of person and attempt."""
    participants = np.repeat(np.arange(n), rng.integers(3, 8, n))
    skill = np.sqrt(0.6) * rng.normal(size=n)[participants] + np.sqrt(0.4) * rng.normal(size=len(participants))
    of_person = participant * rng.normal(size=(n, width))[participants]
    signal = skill[:, None] * (1.0 if width == 1 else 0.5)
    return Attempts(participants, skill, signal + of_person + attempt * rng.normal(size=of_person.shape))


@dataclass(frozen=True)
class Result:
    """(P, P) rightly ordered and tested pairs by person, and the accuracy of the models on new people."""

    right: FloatArray
    tested: FloatArray
    on_new: float = math.nan


def study(n: int, participant: float, attempt: float, refit: bool, rng: np.random.Generator) -> tuple[Result, Result]:
    """Return the results of a study on all test pairs, and on those with both people held out."""
    own = attempts(n, participant, attempt, N_FEATURES if refit else 1, rng)
    new = attempts(N_NEW, participant, attempt, own.features.shape[1], rng)
    fold = rng.permutation(np.arange(n) % N_FOLDS)[own.participants]
    better, worse = own.pairs()
    tables = np.zeros((2, 2, n, n))
    sums = np.zeros((2, 2))
    for k in range(N_FOLDS):
        out = fold == k
        train = ~(out[better] | out[worse])
        if not train.any() or not out.any():
            continue
        weights = _trained(own.features[better[train]] - own.features[worse[train]]) if refit else np.ones(1)
        score, new_score = own.features @ weights, new.features @ weights
        hit = score[better] > score[worse]
        new_hits = _on_new(own, new, score, new_score, ~out) if refit else (math.nan,) * 3
        kinds = (own.participants[better] == own.participants[worse], out[better] & out[worse])
        for both_held_out in (0, 1):
            at = kinds[1] if both_held_out else out[better] | out[worse]
            low, high = (f(own.participants[better[at]], own.participants[worse[at]]) for f in (np.minimum, np.maximum))
            np.add.at(tables[both_held_out, 0], (low, high), hit[at])
            np.add.at(tables[both_held_out, 1], (low, high), 1)
            alike = kinds[0][at]
            counts = np.array([alike.sum(), (kinds[1][at] & ~alike).sum(), (~kinds[1][at]).sum()])
            sums[both_held_out] += counts @ np.array(new_hits), counts.sum()
    whole, new_alone = (Result(tables[i, 0], tables[i, 1], float(sums[i, 0] / sums[i, 1])) for i in (0, 1))
    return whole, new_alone


def _trained(differences: FloatArray) -> FloatArray:
    gram = differences.T @ differences / len(differences)
    return np.asarray(np.linalg.solve(gram + PENALTY * np.eye(len(gram)), differences.mean(axis=0)))


def _on_new(
    own: Attempts, new: Attempts, score: FloatArray, new_score: FloatArray, trained: FloatArray
) -> tuple[float, float, float]:
    """Return the accuracy within a new person, between new people, and between a new and a training person."""
    better, worse = new.pairs()
    hit, alike = new_score[better] > new_score[worse], new.participants[better] == new.participants[worse]
    apart = new.skill[:, None] - own.skill[trained]
    told = np.abs(apart) > MIN_DIFFERENCE
    mixed = ((new_score[:, None] - score[trained]) * apart > 0)[told]
    return float(hit[alike].mean()), float(hit[~alike].mean()), float(mixed.mean())


def accuracy(result: Result) -> float:
    """Return the proportion of rightly ordered pairs."""
    return float(result.right.sum() / result.tested.sum())


def people_of(result: Result) -> IntArray:
    """Return the people with tested pairs."""
    return np.flatnonzero((result.tested + result.tested.T).sum(axis=1))


def by_program(result: Result, refit: bool) -> Ends:
    """Return the interval of the program."""
    factor = 1 + 1 / (N_FOLDS - 1) if refit else 1.0
    variance = factor * pair_variance(result.right, result.tested)
    return interval(accuracy(result), variance, len(people_of(result)))


def _without(result: Result) -> FloatArray:
    rest = []
    for participant in people_of(result):
        keep = np.arange(len(result.tested)) != participant
        right, tested = (table[np.ix_(keep, keep)].sum() for table in (result.right, result.tested))
        rest.append(right / tested if tested else math.nan)
    return np.array(rest)


def by_jackknife(result: Result, refit: bool) -> Ends:  # noqa: ARG001
    """Return the interval by the jackknife alone, on the logit scale."""
    return interval(accuracy(result), jackknife_variance(_without(result)), len(people_of(result)))


def by_plain_jackknife(result: Result, refit: bool) -> Ends:  # noqa: ARG001
    """Return the interval by the jackknife alone, symmetric."""
    return interval(accuracy(result), jackknife_variance(_without(result)), len(people_of(result)), Range.NUMBER)


def by_bootstrap(result: Result, refit: bool) -> Ends:  # noqa: ARG001
    """Return percentiles of all draws of people, widened as of Hesterberg (2015)."""
    n = len(result.tested)
    if n > BOOTSTRAP_PEOPLE or len(people_of(result)) < n:
        return math.nan, math.nan
    drawn = np.array(list(combinations_with_replacement(range(n), n)))
    times = np.stack([(drawn == participant).sum(axis=1) for participant in range(n)], axis=1).astype(np.float64)
    factorial = np.array([math.factorial(k) for k in range(n + 1)], dtype=np.float64)
    chance = factorial[n] / factorial[times.astype(int)].prod(axis=1) / float(n) ** n
    sums = [
        np.einsum("dp,pq,dq->d", times, np.triu(table, 1), times) + times @ np.diag(table)
        for table in (result.right, result.tested)
    ]
    known = sums[1] > 0
    shares, chance = sums[0][known] / sums[1][known], chance[known] / chance[known].sum()
    tail = float(ndtr(np.sqrt(n / (n - 1)) * stdtrit(n - 1, 0.025))) * (1 - 1e-9)
    order = np.argsort(shares)
    low = shares[order[np.searchsorted(np.cumsum(chance[order]), tail)]]
    back = order[::-1]
    return float(low), float(shares[back[np.searchsorted(np.cumsum(chance[back]), tail)]])


METHODS: dict[str, Callable[[Result, bool], Ends]] = {
    "program": by_program,
    "jackknife, logit": by_jackknife,
    "jackknife": by_plain_jackknife,
    "bootstrap": by_bootstrap,
}


def rows(n: int, repeats: int, refit: bool, rng: np.random.Generator) -> Iterator[list[str]]:
    """Yield the rows of the table for a number of people."""
    for participant, attempt in FEATURE_ERRORS if refit else ERRORS:
        made = [study(n, participant, attempt, refit, rng) for _ in range(repeats)]
        for both_held_out, pairs in enumerate(("all test pairs", "both new")):
            results = [one[both_held_out] for one in made]
            mean = sum(r.right.sum() for r in results) / sum(r.tested.sum() for r in results)
            targets = {"these models": [r.on_new for r in results]} if refit else {}
            targets["all trainings" if refit else "given"] = [mean] * repeats
            for title, truth in targets.items():
                cells = []
                for method in METHODS.values():
                    ends = np.array([method(r, refit) for r in results])
                    known = np.isfinite(ends[:, 0]) & (ends[:, 0] < ends[:, 1])
                    if not known.any():
                        cells.append("–")
                        continue
                    inside = (ends[known, 0] <= np.array(truth)[known]) & (np.array(truth)[known] <= ends[known, 1])
                    width = np.median(ends[known, 1] - ends[known, 0])
                    cells.append(f"{100 * inside.mean():.1f} ({100 * width:.0f})")
                yield [f"{title}", str(n), f"{participant}, {attempt}", pairs, f"{100 * mean:.1f}", *cells]


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=1000)
    parser.add_argument("--people", type=int, nargs="+", default=[4, 6, 8, 12, 24])
    parser.add_argument("--only", choices=("given", "refit"))
    given = parser.parse_args()
    error = 100 * math.sqrt(0.95 * 0.05 / given.repeats)
    print(f"{given.repeats} studies a row: a coverage of 95 has a standard error of {error:.1f}. Width in brackets.")
    print("| estimated | people | error of person, attempt | pairs | accuracy | " + " | ".join(METHODS) + " |")
    print("|---|--:|--:|---|--:|" + "--:|" * len(METHODS))
    for refit in (False, True):
        if given.only not in {None, "refit" if refit else "given"}:
            continue
        rng = np.random.default_rng(1)
        for n in given.people:
            for row in rows(n, given.repeats, refit, rng):
                print("| " + " | ".join(row) + " |", flush=True)


if __name__ == "__main__":
    main()
