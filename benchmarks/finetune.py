"""Cost of fine-tuning, the delay of a stop, and the gain from votes.

    python -m benchmarks.finetune learning DATA [--from sample-full] [--votes 30 60 120] [--folds 4] [--kept FILE]
    python -m benchmarks.finetune epoch [--pairs 200] [--videos 40] [--threads 2]
    python -m benchmarks.finetune stopping STUDY [--from sample-full]

"learning" trains on the first votes of raters (drawn at random among the pairs of the training participants, one vote
per pair) and tests on the pairs that touch held-out participants, ordered by all raters: from a model that was not
trained on the task, and from scratch. It uses the last epoch, so that no epoch is chosen. With ``--kept`` finished runs
are kept in a file, and the same command continues. "epoch" measures one pass over the pairs on cached features.
"stopping" starts trainings in their own process, as the window does, and measures the delay of a stop.
"""

import argparse
import itertools
import json
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from benchmarks.training import random_store
from skillviewer.core.dataset.dataset import Dataset, Fold
from skillviewer.core.dataset.folds import make_folds
from skillviewer.core.dataset.pairs import Judgement, Pair, videos_of
from skillviewer.core.errors import Cancelled
from skillviewer.core.evaluation.accuracy import FoldScores, PooledEstimate, pooled_accuracy, pooled_difference
from skillviewer.core.finetuning.split import StudyPairs, TuningChoices
from skillviewer.core.finetuning.tuning_report import BatchRow, TuningRow
from skillviewer.core.paths import cache_dir
from skillviewer.core.progress import CancelToken, Progress, silent
from skillviewer.core.ranking.consensus import rule_named
from skillviewer.data.formats.formats import open_dataset
from skillviewer.engine.features.build_store import build_store
from skillviewer.engine.features.feature_cache import FeatureCache
from skillviewer.engine.features.feature_store import FeatureStore
from skillviewer.engine.features.video_facts import files_of
from skillviewer.engine.finetuning.initial_model import InitialModel
from skillviewer.engine.finetuning.job import TuningJob
from skillviewer.engine.finetuning.process import StopFolder, Tuner
from skillviewer.engine.training.predict import predict
from skillviewer.engine.training.train_settings import EpochSelection
from skillviewer.engine.training.trainer import FitPairs, Trainer, TrainingControl, fit
from skillviewer.nets.backbones.deployment import Precision
from skillviewer.nets.model_library import model_folder

CPU = torch.device("cpu")
SAMPLE, NOTHING = "from the model", "from nothing"


def votes_in_order(dataset: Dataset, fold: Fold, seed: int) -> list[Judgement]:
    """Return one vote of one rater on every pair of training videos, with pairs and raters drawn at random."""
    rng = np.random.default_rng([seed, int(fold.name)])
    inside = set(fold.train_videos)
    by_pair: dict[frozenset[str], list[Judgement]] = {}
    for vote in dataset.judgements:
        if vote.left in inside and vote.right in inside:
            by_pair.setdefault(frozenset((vote.left, vote.right)), []).append(vote)
    pairs = sorted(by_pair, key=sorted)
    return [(votes := by_pair[pairs[i]])[rng.integers(len(votes))] for i in rng.permutation(len(pairs))]


def trained(
    start: InitialModel, store: FeatureStore, pairs: Sequence[Pair], fold: Fold, precision: Precision
) -> FoldScores:
    """Train on pairs and score the videos of the fold's test pairs."""
    names = videos_of(pairs)
    settings = replace(start.settings(len(pairs), len(names), None, 0), select=EpochSelection.LAST, precision=precision)
    model = start.model(store, names, 0)
    fit(model, store, FitPairs(pairs), settings, TrainingControl(CancelToken()))
    return FoldScores(fold, predict(model, store, videos_of(fold.test_pairs), CancelToken(), maps=False).scores)


def shown(pooled: PooledEstimate) -> str:
    """Return an accuracy or a difference in percent with its interval."""
    return f"{100 * pooled.value:5.1f} ({100 * pooled.low:.1f} to {100 * pooled.high:.1f})"


def learning(args: argparse.Namespace) -> None:
    """Print the accuracy on held-out pairs by number of votes, for both starting points."""
    dataset = open_dataset(args.data).usable()
    cache = FeatureCache(cache_dir() / "features")
    starts = {SAMPLE: InitialModel.of(model_folder(args.begin), CPU, cache), NOTHING: InitialModel.of(None, CPU, cache)}
    store, problems = build_store(files_of(dataset), starts[SAMPLE].source, args.candidates, CancelToken(), silent)
    assert not problems, problems
    folds = make_folds(dataset, seed=args.seed)
    kept: dict[str, dict[str, float]] = json.loads(args.kept.read_text()) if args.kept and args.kept.exists() else {}
    print(
        f"{dataset.name}: {len(dataset.videos)} videos, {len(dataset.pairs)} ordered pairs, {folds.title}", flush=True
    )
    for done, fold in enumerate(folds.folds[: args.folds], start=1):
        votes = votes_in_order(dataset, fold, args.seed)
        model = starts[SAMPLE].model(store, (), 0).eval()
        key = f"{fold.name}/0/{SAMPLE}"
        if key not in kept:
            kept[key] = dict(predict(model, store, videos_of(fold.test_pairs), CancelToken(), maps=False).scores)
        for n in args.votes:
            pairs = rule_named("default").agree(votes[:n]).pairs
            for name, start in starts.items():
                key = f"{fold.name}/{n}/{name}"
                if key in kept:
                    continue
                began = time.process_time()
                kept[key] = dict(trained(start, store, pairs, fold, args.precision).scores)
                print(f"  fold {fold.name}, {n} votes, {len(pairs)} pairs, {name}: ", end="")
                print(f"{time.process_time() - began:.0f} s CPU", flush=True)
                if args.kept:
                    args.kept.write_text(json.dumps(kept))
        table(dataset, folds.folds[:done], args.votes, kept)


def table(dataset: Dataset, folds: Sequence[Fold], votes: Sequence[int], kept: dict[str, dict[str, float]]) -> None:
    """Print the results of the finished folds."""

    def of(n: int, name: str) -> list[FoldScores]:
        return [FoldScores(fold, kept[f"{fold.name}/{n}/{name}"]) for fold in folds]

    n_pairs = sum(len(fold.test_pairs) for fold in folds)
    print(f"% of {n_pairs} held-out pairs of {len(folds)} folds, 95 % interval over participants")
    print(f"  before, without votes: {shown(pooled_accuracy(of(0, SAMPLE), dataset))}")
    for n in votes:
        first, second = of(n, SAMPLE), of(n, NOTHING)
        one, other = (shown(pooled_accuracy(scores, dataset)) for scores in (first, second))
        apart, gained = (shown(pooled_difference(first, scores, dataset)) for scores in (second, of(0, SAMPLE)))
        print(f"  {n:4} votes: {SAMPLE} {one}, {NOTHING} {other}, difference {apart}, gain {gained}", flush=True)


def epoch(args: argparse.Namespace) -> None:
    """Print the time of one pass over the training pairs."""
    torch.set_num_threads(args.threads)
    with tempfile.TemporaryDirectory() as folder:
        start = InitialModel.of(model_folder(args.begin), CPU, FeatureCache(Path(folder) / "features"))
        names = [f"v{i:03}" for i in range(args.videos)]
        sizes = start.config.sizes
        store = random_store(Path(folder), names, (sizes.feature_channels, *sizes.grid), 2)
        every = [Pair(a, b) for a, b in itertools.combinations(names, 2)]
        chosen = np.random.default_rng(0).permutation(len(every))[: args.pairs]
        pairs = [every[i] for i in sorted(chosen.tolist())]
        settings = replace(start.settings(len(pairs), len(names), None, 0), select=EpochSelection.LAST)
        fitting = Trainer(start.model(store, names, 0), store, FitPairs(pairs), settings)
        for _ in range(args.times):
            wall, cpu = time.perf_counter(), time.process_time()
            fitting.run_epoch(TrainingControl(CancelToken()))
            wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
            print(
                f"{len(pairs)} pairs, {len(names)} videos, {args.threads} threads: {wall:.1f} s wall, {cpu:.1f} s CPU"
            )


def stopping(args: argparse.Namespace) -> None:
    """Print the delay until a training in its own process stops."""
    from skillviewer.data.study import Study, versions

    with Study.open(args.study, read_only=True) as study:
        study_pairs = versions.study_pairs(study)
    for how in ("cancel", "stop"):
        print(f"{how}: {_stopped(study_pairs, how, args)}", flush=True)


def _stopped(study_pairs: StudyPairs, how: str, args: argparse.Namespace) -> str:
    stop, token, begun = StopFolder(), CancelToken(), threading.Event()
    asked: list[float] = []

    def hear(progress: Progress) -> None:
        if isinstance(progress.value, BatchRow) and how == "cancel":
            begun.set()
        if isinstance(progress.value, TuningRow) and progress.value.epoch:
            begun.set()  # the window allows a stop after the first epoch

    def ask() -> None:
        begun.wait()
        time.sleep(args.after)
        asked.append(time.perf_counter())
        token.cancel() if how == "cancel" else stop.stop()

    with tempfile.TemporaryDirectory() as folder:
        choices = TuningChoices(candidates=args.candidates, old_pairs=False)
        out = Path(folder) / "new"
        job = TuningJob(study_pairs, choices, model_folder(args.begin), out, "cpu", None, Path(folder) / "work")
        threading.Thread(target=ask, daemon=True).start()
        try:
            result = Tuner().finetune(job, stop, token, hear)
            what = f"epoch {result.report.epoch} is kept, held out {shown(result.report.held_out.after)} %"
        except Cancelled:
            what = f"{len(list(Path(folder).iterdir()))} files are left"
        return f"answered after {time.perf_counter() - asked[0]:.2f} s; {what}"


def main() -> None:
    """Parse and run."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(required=True)
    one = commands.add_parser("learning")
    one.add_argument("data", type=Path)
    one.add_argument("--votes", type=int, nargs="+", default=[30, 60, 120])
    one.add_argument("--folds", type=int, default=4)
    one.add_argument("--seed", type=int, default=0)
    one.add_argument("--precision", choices=["float32", "bfloat16"], default="float32")
    one.add_argument("--kept", type=Path)
    one.set_defaults(do=learning)
    two = commands.add_parser("epoch")
    two.add_argument("--pairs", type=int, default=200)
    two.add_argument("--videos", type=int, default=40)
    two.add_argument("--threads", type=int, default=2)
    two.add_argument("--times", type=int, default=2)
    two.set_defaults(do=epoch)
    three = commands.add_parser("stopping")
    three.add_argument("study", type=Path)
    three.add_argument(
        "--after",
        type=float,
        default=2.0,
        help="seconds from the first batch, or the first finished epoch, to the stop",
    )
    three.set_defaults(do=stopping)
    for command in (one, two, three):
        command.add_argument("--from", dest="begin", default="sample-full")
        command.add_argument("--candidates", type=int, default=2)
    args = parser.parse_args()
    args.do(args)


if __name__ == "__main__":
    main()
