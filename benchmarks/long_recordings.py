"""Long recordings: are brief errors of known time sampled, learnt and seen, by the number of segments?

    python -m benchmarks.long_recordings [--model full] [--seeds 1] [--people 20]

Recordings are simulated from their features on: 16 cells of 8 channels of noise for every sampled frame, with an offset
of the recording. In an error, which lasts one second, two channels differ by three standard deviations. Nothing of an
error is left to see afterwards. Training, model (with a small head) and evidence are the program's. Printed are, for 25
and 50 segments and for ``--segments auto``:

1. the share of errors of random time that a sampled frame shows, by duration of the recording (no training),
2. accuracy of pairs in which both people are new, next to ``duration``: two recordings of 40 to 100 s of each person;
   the better one has at least two errors fewer; the better people are somewhat faster,
3. by duration, of recordings of new people with one error: the share in which the most lowering segment is one whose
   frame shows the error; sampled frames.
"""

import argparse
from dataclasses import dataclass

import numpy as np
import torch

from skillviewer.cli.options.plan_options import AUTO_SEGMENT_S
from skillviewer.core.arrays import FloatArray
from skillviewer.core.dataset.pairs import Pair
from skillviewer.core.evaluation.accuracy import count_pairs
from skillviewer.core.progress import CancelToken
from skillviewer.core.video.info import sample_positions
from skillviewer.core.video.preprocessing import Preprocessing
from skillviewer.engine.training.predict import predict, segment_contributions
from skillviewer.engine.training.train_settings import EpochSelection, TrainSettings
from skillviewer.engine.training.trainer import FitPairs, TrainingControl, fit
from skillviewer.nets.attention import AttentionModel
from skillviewer.nets.models import attention_model
from skillviewer.nets.presets import LossSettings, OptimiserSettings
from skillviewer.nets.sizes import HeadSizes

RATE_HZ, ERROR_S = 30.0, 1.0
DURATIONS_S = (10, 30, 60, 120, 300)
N_TESTED = 10
KINDS = {
    "25": Preprocessing(sampling="even"),
    "auto": Preprocessing(sampling="even", segment_s=AUTO_SEGMENT_S),
    "50": Preprocessing(50, sampling="even"),
}
SIZES = HeadSizes(8, (4, 4), 16, 16, 16, 16, 8, fusion_stride=1, layer_norm=True, initial_state="zeros")
OPTIMISER = OptimiserSettings(learning_rate=3e-2, epochs=10, batch_videos=10, rounds=3, clip_norm=5.0)


@dataclass(frozen=True)
class Recording:
    """A recording: its duration, when its errors begin, and the seed of its features."""

    duration_s: float
    errors_s: FloatArray
    seed: int

    def times(self, kind: Preprocessing) -> FloatArray:
        """Return the times of its sampled frames."""
        n = round(self.duration_s * RATE_HZ)
        rule = (kind.segments_of(self.duration_s), kind.flow.length)
        return np.asarray(sample_positions(n, *rule, sampling=kind.sampling)[0] / RATE_HZ)

    def shows(self, kind: Preprocessing) -> np.ndarray:
        """Return which sampled frames show an error."""
        since = self.times(kind)[:, None] - self.errors_s
        return np.asarray(((since >= 0) & (since < ERROR_S)).any(axis=1))

    def features(self, kind: Preprocessing) -> np.ndarray:
        """Return (N, 8, 4, 4) float16 features of its sampled frames."""
        rng = np.random.default_rng(self.seed)
        wrong = self.shows(kind)
        found = rng.normal(size=(len(wrong), 8, 16)) + 0.5 * rng.normal(size=(1, 8, 1))
        found[wrong, :2] += 3
        return found.reshape(-1, 8, 4, 4).astype(np.float16)


def error_times(n: int, duration_s: float, rng: np.random.Generator) -> FloatArray:
    """Return the times of n errors that do not overlap, within a recording."""
    return np.sort(rng.uniform(0, duration_s - (n + 1) * ERROR_S, n)) + ERROR_S * np.arange(n)


def study(n_people: int, rng: np.random.Generator) -> dict[str, Recording]:
    """Return two recordings of each person, the names of one person alike but for the last letter."""
    made: dict[str, Recording] = {}
    for participant in rng.permutation(n_people):
        skill = participant / (n_people - 1)
        for attempt in "ab":
            duration_s = float(np.clip(65 * np.exp(0.3 * rng.normal() + 0.5 * (0.5 - skill)), 40, 100))
            n = int(min(rng.poisson(0.5 + 6 * (1 - skill)), 9))
            made[f"{participant:02}{attempt}"] = Recording(duration_s, error_times(n, duration_s, rng), len(made))
    return made


def pairs_of(recordings: dict[str, Recording]) -> list[Pair]:
    """Return the pairs that differ by two errors or more."""
    n = {name: len(one.errors_s) for name, one in recordings.items()}
    return [Pair(a, b) for a in n for b in n if n[b] - n[a] >= 2]


def trained(name: str, kind: Preprocessing, recordings: dict[str, Recording], seed: int) -> AttentionModel:
    """Return a model trained on recordings."""
    torch.manual_seed(seed)
    model = attention_model(name).build(SIZES)
    store = {name: [one.features(kind)] for name, one in recordings.items()}
    settings = TrainSettings(OPTIMISER, LossSettings(), EpochSelection.LAST, seed)
    fit(model, store, FitPairs(pairs_of(recordings)), settings, TrainingControl(CancelToken()))
    return model.eval()


def found(model: AttentionModel, kind: Preprocessing, duration_s: float) -> tuple[float, float, int]:
    """Return the share of errors that the evidence finds, by chance, and the number of sampled frames."""
    rng, hits = np.random.default_rng(7), []
    for i in range(N_TESTED):
        one = Recording(duration_s, error_times(1, duration_s, rng), 10_000 + i)
        shown = one.shows(kind)
        worth = segment_contributions(model, torch.from_numpy(one.features(kind)).float())
        hits.append((shown[worth.argmin()], shown.mean()))
    share, chance = np.mean(hits, axis=0)
    return float(share), float(chance), len(shown)


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="full")
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--people", type=int, default=20)
    given = parser.parse_args()
    torch.set_num_threads(1)
    print("errors that a sampled frame shows, %, in recordings of", *(f"{d} s" for d in DURATIONS_S))
    for name, kind in KINDS.items():
        rng = np.random.default_rng(1)
        many = [[Recording(d, error_times(1, d, rng), 0) for _ in range(2_000)] for d in DURATIONS_S]
        print(name, *(f"{100 * np.mean([one.shows(kind).any() for one in some]):.0f}" for some in many), flush=True)
    models = {}
    for seed in range(given.seeds):
        every = study(given.people, np.random.default_rng(seed))
        names = sorted(every)  # people alternate between training and test, so that both have all skills
        train = {name: every[name] for name in names if int(name[:2]) % 2 == 0}
        new = {name: every[name] for name in names if name not in train}
        pairs = pairs_of(new)
        sign = np.sign(sum(np.sign(train[p.worse].duration_s - train[p.better].duration_s) for p in pairs_of(train)))
        by_duration = count_pairs(pairs, {name: -sign * one.duration_s for name, one in new.items()})
        print(
            f"seed {seed}: {len(pairs)} pairs, both people new: duration {100 * by_duration.accuracy:.1f} %", flush=True
        )
        for name, kind in KINDS.items():
            models[name] = trained(given.model, kind, train, seed)
            store = {of: [one.features(kind)] for of, one in new.items()}
            scores = predict(models[name], store, list(new), CancelToken(), maps=False).scores
            print(f"seed {seed}: {given.model}, {name}: {100 * count_pairs(pairs, scores).accuracy:.1f} %", flush=True)
    for name, model in models.items():
        for duration_s in DURATIONS_S:
            share, chance, n = found(model, KINDS[name], duration_s)
            print(
                f"{name}, {duration_s} s, {n} frames: found {100 * share:.0f} %, chance {100 * chance:.0f} %",
                flush=True,
            )


if __name__ == "__main__":
    main()
