"""Comparisons saved by the choice of pairs, its run time, and coverage of the intervals of agreement.

    python -m benchmarks.ranking saving [--videos 20 40 100] [--seeds 16] [--noise 0.5]
    python -m benchmarks.ranking time
    python -m benchmarks.ranking coverage [--studies 300]

"saving" lets simulated raters (Thurstone, case V) judge pairs chosen by the program and pairs chosen at random, and
counts the comparisons until the order of the strengths is close to the true one. "time" chooses among 200 videos with
2,000 votes, from values in memory and from a study on disk. "coverage" counts how often the 95 % interval of
Krippendorff's alpha contains the true value.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import combinations
from pathlib import Path

import numpy as np
from scipy import stats

from benchmarks.simulated.raters import Rater
from skillviewer.core.arrays import FloatArray
from skillviewer.core.dataset.pairs import Judgement, Verdict
from skillviewer.core.ranking.agreement import Level, agreement
from skillviewer.core.ranking.bradley_terry import bradley_terry
from skillviewer.core.ranking.pair_selection import Plan, SelectionReason, choose, upcoming_pairs
from skillviewer.core.ranking.votes import ShownPair
from skillviewer.data.study import NewVideo, Study, StudySettings, Vote
from skillviewer.data.study.judging.pair_queue import rater_queue

TARGETS = (0.90, 0.95)
N_RATERS = 3
THRESHOLD = 0.2
IN_A_ROW = 3
"""Consecutive checks at which a correlation must hold to count as reached, so that a lucky one does not count."""
LEVELS: tuple[Level, ...] = ("nominal", "ordinal")
ChooseT = Callable[[list[ShownPair], str], tuple[str, str, str]]


def chosen(names: list[str], plan: Plan) -> ChooseT:
    """Return the program's choice."""
    videos = dict.fromkeys(names, "")

    def pick(asked: list[ShownPair], rater: str) -> tuple[str, str, str]:
        # without the rater's last answer, as in the program, where the next pair is opened ahead
        last = max((i for i, a in enumerate(asked) if a.rater == rater), default=None)
        known = [ShownPair(a.left, a.right, a.rater, None, a.reason) if i == last else a for i, a in enumerate(asked)]
        pair = choose(videos, known, rater, plan)
        assert pair is not None
        return pair.left, pair.right, pair.reason

    return pick


def by_chance(names: list[str], seed: int) -> ChooseT:
    """Return the random choice: every rater goes through all pairs in an own random order."""
    queues: dict[str, Iterator[tuple[str, str]]] = {}

    def pick(_asked: list[ShownPair], rater: str) -> tuple[str, str, str]:
        if rater not in queues:
            pairs = list(combinations(names, 2))
            order = np.random.default_rng([seed, len(queues)]).permutation(len(pairs))
            queues[rater] = iter([pairs[k] for k in order])
        return *next(queues[rater]), ""

    return pick


def study(
    names: list[str], quality: FloatArray, pick: ChooseT, n_votes: int, noise: float, seed: int
) -> tuple[list[ShownPair], list[tuple[int, float]]]:
    """Let raters judge in turn; return all answers, and Spearman's correlation with the truth at regular intervals."""
    raters = [Rater(f"R{i + 1}", noise, THRESHOLD) for i in range(N_RATERS)]
    rng = np.random.default_rng([seed, 77])
    place = {name: i for i, name in enumerate(names)}
    asked: list[ShownPair] = []
    checks = []
    for k in range(n_votes):
        rater = raters[k % N_RATERS]
        left, right, why = pick(asked, rater.name)
        verdict = rater.judge(float(quality[place[left]]), float(quality[place[right]]), rng)
        asked.append(ShownPair(left, right, rater.name, Verdict(verdict), why))
        if (k + 1) % max(len(names) // 5, 1) == 0:
            strengths = bradley_terry([a for a in asked if a.verdict is not None], names=names)
            checks.append((k + 1, float(stats.spearmanr(strengths.values, quality).statistic)))
    return asked, checks


def reached(checks: list[tuple[int, float]], target: float) -> float:
    """Return the number of comparisons until a correlation is reached, or infinity."""
    for k in range(len(checks) - IN_A_ROW + 1):
        if all(rho >= target for _, rho in checks[k : k + IN_A_ROW]):
            return checks[k][0]
    return float("inf")


def interval(values: FloatArray, seed: int = 0) -> tuple[float, float]:
    """Return the 95 % bootstrap interval of the median over seeds."""
    drawn = np.random.default_rng(seed).choice(values, (2000, len(values)))
    low, high = np.quantile(np.median(drawn, axis=1), [0.025, 0.975], method="nearest")
    return float(low), float(high)


def ratio_interval(values: FloatArray, base: FloatArray, seed: int = 0) -> tuple[float, float]:
    """Return the 95 % bootstrap interval of the ratio of two medians over the same seeds; ``base`` is finite."""
    drawn = np.random.default_rng(seed).integers(0, len(values), (2000, len(values)))
    ratios = np.median(values[drawn], axis=1) / np.median(base[drawn], axis=1)
    low, high = np.quantile(ratios, [0.025, 0.975], method="nearest")
    return float(low), float(high)


def saving(sizes: list[int], seeds: int, noise: float) -> None:
    """Print the number of comparisons for each way to choose."""
    right = 0.5 + np.arctan(1 / noise) / np.pi
    print(f"{N_RATERS} raters, noise {noise:g} sd a clip ({right:.0%} right on random pairs), {seeds} seeds")
    for n in sizes:
        names = [f"{i:03}" for i in range(n)]
        n_votes = min(10 * n, N_RATERS * (n * (n - 1) // 2 - 2))
        counts: dict[str, dict[float, list[float]]] = {}
        honest = []
        for seed in range(seeds):
            quality = np.random.default_rng([seed, n]).standard_normal(n)
            ways = {
                "at random": by_chance(names, seed),
                "chosen, nothing set aside": chosen(names, Plan(0, 0, seed=seed)),
                "chosen, 15 % test, 5 % repeats": chosen(names, Plan(seed=seed)),
            }
            for way, pick in ways.items():
                asked, checks = study(names, quality, pick, n_votes, noise, seed)
                for target in TARGETS:
                    counts.setdefault(way, {}).setdefault(target, []).append(reached(checks, target))
            honest.append(_accuracies(asked, quality, names, noise))
        for target in TARGETS:
            base = np.array(counts["at random"][target])
            for way, found in counts.items():
                values = np.array(found[target])
                low, high = interval(values)
                never = int(np.isinf(values).sum())
                text = f"{n:4} videos  {target:.2f}  {way:31} {np.median(values):6.0f} ({low:.0f} to {high:.0f})"
                if way != "at random" and np.isfinite(np.median(base)):
                    a, b = ratio_interval(values, np.minimum(base, n_votes))  # errs against the choice
                    text += f"   {np.median(values) / np.median(base):.2f} ({a:.2f} to {b:.2f}) of the random ones"
                print(text + (f"   {never} of {seeds} not within {n_votes}" if never else ""), flush=True)
        test, informative, true = np.nanmean(np.array(honest), axis=0)
        print(
            f"{n:4} videos  share of votes predicted by strengths from other pairs: {test:.3f} on test "
            f"pairs, {informative:.3f} on the most informative pairs, {true:.3f} on all pairs",
            flush=True,
        )


def _accuracies(
    asked: list[ShownPair], quality: FloatArray, names: list[str], noise: float
) -> tuple[float, float, float]:
    """Return how often strengths without the test pairs predict votes: on test, informative and all pairs.

    Votes on informative pairs are predicted by strengths without one tenth of these pairs at a time.
    """
    place = {name: i for i, name in enumerate(names)}
    votes = [a for a in asked if a.verdict is not None]
    tests = {frozenset((a.left, a.right)) for a in votes if a.reason == SelectionReason.TEST}
    rest = [a for a in votes if frozenset((a.left, a.right)) not in tests]

    def right(strengths: dict[str, float], given: Sequence[ShownPair | Judgement]) -> list[bool]:
        sides = [j for j in given if j.verdict is not Verdict.NEITHER]
        return [(strengths[j.left] > strengths[j.right]) == (j.verdict is Verdict.LEFT) for j in sides]

    all_rest = bradley_terry(rest, names=names).by_video()
    on_test = right(all_rest, [a for a in votes if a.reason == SelectionReason.TEST])
    informative = [a for a in votes if a.reason == SelectionReason.INFORMATIVE]
    on_informative: list[bool] = []
    for fold in range(10):
        out = {frozenset((j.left, j.right)) for j in informative[fold::10]}
        others = bradley_terry([j for j in rest if frozenset((j.left, j.right)) not in out], names=names).by_video()
        on_informative += right(others, informative[fold::10])
    rng = np.random.default_rng(0)
    on_all: list[bool] = []
    one = Rater("", noise, THRESHOLD)
    for a, b in combinations(names, 2):
        verdict = one.judge(float(quality[place[a]]), float(quality[place[b]]), rng)
        on_all += right(all_rest, [Judgement(a, b, Verdict(verdict), "")])
    return float(np.mean(on_test)), float(np.mean(on_informative)), float(np.mean(on_all))


def timing() -> None:
    """Print the time of a choice."""
    rng = np.random.default_rng(0)
    names = [f"{i:03}" for i in range(200)]
    quality = rng.standard_normal(200)
    rater = Rater("", 0.5, THRESHOLD)
    asked = []
    for k in range(2000):
        i, j = (int(x) for x in rng.choice(200, 2, replace=False))
        verdict = Verdict(rater.judge(float(quality[i]), float(quality[j]), rng))
        asked.append(ShownPair(names[i], names[j], f"R{k % 3}", verdict, SelectionReason.INFORMATIVE))
    videos = dict.fromkeys(names, "")
    _time("choose, 200 videos, 2,000 votes", lambda: choose(videos, asked, "R0", Plan(0, 0)))
    _time("upcoming (this pair and the next)", lambda: upcoming_pairs(videos, asked, "R0", Plan(0, 0)))
    with tempfile.TemporaryDirectory() as folder:
        _time_study(Path(folder), names, asked)
    import choix  # only measured here

    won = [
        (int(a.left), int(a.right)) if a.verdict is Verdict.LEFT else (int(a.right), int(a.left))
        for a in asked
        if a.verdict
    ]
    _time("choix.ep_pairwise on the same, no ties", lambda: choix.ep_pairwise(200, won, 1 / 9), 1)


def _time_study(folder: Path, names: list[str], asked: list[ShownPair]) -> None:
    """Print the time of a choice from a study file, with everything else that the next pair needs."""
    for name in names:
        (folder / f"{name}.mp4").write_bytes(name.encode())
    with Study.create(folder / "study", StudySettings(random_share=0, repeat_share=0)) as study:
        study.videos.add([NewVideo(folder / f"{name}.mp4") for name in names])
        study.votes.import_votes([Vote(a.left, a.right, a.verdict, a.rater, purpose=a.reason) for a in asked])
        _time("the same from a study on disk, with the tally", lambda: rater_queue(study, "R0"))


def _time(what: str, work: Callable[[], object], times: int = 20) -> None:
    walls, cpus = [], []
    for _ in range(times):
        cpu, wall = time.process_time(), time.perf_counter()
        work()
        cpus.append(time.process_time() - cpu)
        walls.append(time.perf_counter() - wall)
    print(f"{what:42} median {1e3 * np.median(walls):8.1f} ms, {1e3 * np.median(cpus):8.1f} ms CPU ({times} times)")


def coverage(studies: int) -> None:
    """Print how often intervals of alpha contain the alpha of infinitely many pairs."""
    import evalica
    import pandas as pd

    quality = np.random.default_rng(5).standard_normal(2000)

    def judged(n_raters: int, n_pairs: int, rng: np.random.Generator) -> list[Judgement]:
        found = []
        for _ in range(n_pairs):
            i, j = sorted(int(x) for x in rng.choice(2000, 2, replace=False))
            for r in range(n_raters):
                verdict = Rater("", 0.42, 0.25).judge(float(quality[i]), float(quality[j]), rng)
                found.append(Judgement(f"{i:04}", f"{j:04}", Verdict(verdict), f"R{r}"))
        return found

    for n_raters in (2, 3, 5):
        true = {level: agreement(judged(n_raters, 20_000, np.random.default_rng(1)), level) for level in LEVELS}
        for level in LEVELS:
            ours = theirs = 0
            truth = true[level]
            assert truth is not None
            for seed in range(studies):
                judgements = judged(n_raters, 60, np.random.default_rng([seed, n_raters]))
                mine = agreement(judgements, level)
                assert mine is not None
                ours += mine.low <= truth.value <= mine.high
                verdicts = np.array([int(j.verdict) for j in judgements], dtype=float)
                table = pd.DataFrame(verdicts.reshape(60, n_raters).T)
                drawn = evalica.alpha_bootstrap(table, level, n_resamples=1000, random_state=seed)
                theirs += drawn.low <= truth.value <= drawn.high
            print(
                f"{n_raters} raters, 60 pairs, {level:8} alpha {truth.value:.2f}: the interval contains it in "
                f"{ours / studies:.1%} of {studies} studies (pairs drawn), {theirs / studies:.1%} (evalica's own)",
                flush=True,
            )


def main() -> int:
    """Parse the command line and run."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["saving", "time", "coverage"])
    parser.add_argument("--videos", type=int, nargs="+", default=[20, 40, 100])
    parser.add_argument("--seeds", type=int, default=16)
    parser.add_argument("--noise", type=float, default=0.5)
    parser.add_argument("--studies", type=int, default=300)
    asked = parser.parse_args()
    if asked.what == "saving":
        saving(asked.videos, asked.seeds, asked.noise)
    elif asked.what == "time":
        timing()
    else:
        coverage(asked.studies)
    return 0


if __name__ == "__main__":
    sys.exit(main())
