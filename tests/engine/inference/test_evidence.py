"""Evidence against loops that run the whole model again; its progress, its seed, and the Engine's way to it."""

import itertools
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor

from skillviewer.core.analysis.analysis import MapKind
from skillviewer.core.errors import Cancelled, CheckpointError, VideoError
from skillviewer.core.explanation.evidence import Evidence
from skillviewer.core.progress import CancelToken, Progress, silent
from skillviewer.engine.features.feature_cache import FeatureCache
from skillviewer.engine.inference import replay
from skillviewer.engine.inference.engine import Engine
from skillviewer.engine.inference.evidence import measure_evidence
from skillviewer.engine.training.predict import segment_contributions
from skillviewer.nets.attention_models.frame_versions import PreparedFrame, exponentials_of, logits_of
from skillviewer.nets.attention_models.spatial import SpatialModel
from skillviewer.nets.models import ATTENTION_MODELS, InputKind
from tests.checkpoints import tiny_checkpoint
from tests.engine.known import evidence_of
from tests.nets.small import SMALL, small_features, small_model
from tests.videos import write_barcode_video

NAMES = [entry.name for entry in ATTENTION_MODELS if entry.inputs is InputKind.FEATURES]
MAPPED = [e.name for e in ATTENTION_MODELS if e.inputs is InputKind.FEATURES and e.map_kind is not MapKind.NONE]
Array = NDArray[np.float64]


class Slow:
    """The whole model run again, one version of one pass at a time."""

    def __init__(self, name: str, seed: int = 0) -> None:
        self.model = small_model(name, seed=seed)
        with torch.inference_mode():
            self.fused = self.model.fuse(small_features(name, batch=2))
        self.mean = self.fused.double().mean(dim=(0, 1, 3, 4)).float()

    @property
    def maps(self) -> NDArray[np.float32]:
        """(K, N, h, w)."""
        with torch.inference_mode():
            maps: NDArray[np.float32] = self.model.unroll(self.fused).attention.numpy()
        return maps

    def curve(self, fused: Tensor) -> Array:
        """Return the score of one pass after every step."""
        with torch.inference_mode():
            return self.model.unroll(fused[None]).score_curve[0].double().numpy()

    def score(self, fused: Tensor) -> float:
        return float(self.curve(fused)[-1])

    def changed(self, k: int, away: NDArray[np.bool_]) -> Tensor:
        """Return pass k without the chosen cells, (N, h, w)."""
        changed = self.fused[k].clone()
        for t, row, column in zip(*np.nonzero(away), strict=True):
            changed[t, :, row, column] = self.mean
        return changed

    def without(self, k: int, away: NDArray[np.bool_]) -> float:
        """Return its score."""
        return self.score(self.changed(k, away))


@pytest.mark.parametrize("name", NAMES)
def test_every_contribution_is_what_running_the_model_again_gives(name: str) -> None:
    slow = Slow(name)
    evidence = evidence_of(slow.model, slow.fused)
    passes, n, _, h, w = slow.fused.shape
    everything = np.ones((n, h, w), dtype=bool)
    whole = [slow.score(one) for one in slow.fused]
    assert evidence.score == pytest.approx(np.mean(whole), abs=1e-6)
    empty = [slow.without(k, everything) for k in range(passes)]
    assert evidence.baseline == pytest.approx(np.mean(empty), abs=1e-5)
    for k, t in itertools.product(range(passes), range(n)):
        away = np.zeros_like(everything)
        away[t] = True
        assert evidence.segments[k, t] == pytest.approx(whole[k] - slow.without(k, away), abs=1e-5)
    assert np.abs(evidence.segments).max() > 1e-3
    if slow.model.grid == (1, 1):
        assert evidence.cells is None
        return
    assert evidence.cells is not None
    assert evidence.cell_steps is not None
    for k, row, column in itertools.product(range(passes), range(h), range(w)):
        away = np.zeros_like(everything)
        away[:, row, column] = True
        assert evidence.cells[k, row, column] == pytest.approx(whole[k] - slow.without(k, away), abs=1e-5)
        for t in range(n):
            once = np.zeros_like(everything)
            once[t, row, column] = True
            expected = whole[k] - slow.without(k, once)
            assert evidence.cell_steps[k, t, row, column] == pytest.approx(expected, abs=1e-5)


def tieless(maps: NDArray[np.float32]) -> bool:
    """Return whether the order of the cells is the same for everybody."""
    return bool((np.diff(np.sort(np.abs(maps).reshape(*maps.shape[:2], -1), axis=-1), axis=-1) > 0).all())


@pytest.mark.parametrize("name", MAPPED)
def test_curves_are_what_running_the_model_again_gives(name: str) -> None:
    slow = next(slow for slow in (Slow(name, seed) for seed in range(20)) if tieless(slow.maps))
    evidence = evidence_of(slow.model, slow.fused)
    tested = evidence.faithfulness
    assert tested is not None
    passes, n = slow.fused.shape[:2]
    size = int(np.prod(slow.model.grid))
    whole = [slow.curve(one) for one in slow.fused]

    def brute(magnitudes: NDArray[np.floating], count: int, *, inserting: bool) -> tuple[float, float]:
        scores, distances = [], []
        for k in range(passes):
            away = np.full((n, size), inserting)
            for t in range(n):
                order = np.argsort(-magnitudes[k, t].ravel())
                away[t, order[:count]] = not inserting
            curve = slow.curve(slow.changed(k, away.reshape(n, *slow.model.grid)))
            scores.append(curve[-1])
            steps = [curve[0], *np.diff(curve)]
            steps_of_whole = [whole[k][0], *np.diff(whole[k])]
            distances.append(np.mean([abs(a - b) for a, b in zip(steps, steps_of_whole, strict=True)]))
        return float(np.mean(scores)), float(np.mean(distances))

    by_map, by_effect = np.abs(slow.maps), np.zeros((passes, n, *slow.model.grid))
    for k, t, row, column in np.ndindex(by_effect.shape):
        away = np.zeros((n, *slow.model.grid), dtype=bool)
        away[t, row, column] = True
        by_effect[k, t, row, column] = abs(whole[k][t] - slow.curve(slow.changed(k, away))[t])
    for removal, magnitudes, inserting in (
        (tested.deletion, by_map, False),
        (tested.insertion, by_map, True),
        (tested.deletion_effects, by_effect, False),
        (tested.insertion_effects, by_effect, True),
        (tested.insertion.reversed(), -by_map, False),
        (tested.deletion.reversed(), -by_map, True),
    ):
        assert removal.fractions.tolist() == pytest.approx([i / size for i in range(size + 1)])
        for count in range(size + 1):
            score, distance = brute(magnitudes, count, inserting=inserting)
            assert removal.scores[count] == pytest.approx(score, abs=1e-5)
            assert removal.distances[count] == pytest.approx(distance, abs=1e-5)
    for random, start, end in (
        (tested.deletion_random, evidence.score, evidence.baseline),
        (tested.insertion_random, evidence.baseline, evidence.score),
    ):
        assert random.scores.shape == random.distances.shape == (20, size + 1)
        np.testing.assert_allclose(random.scores[:, 0], start)
        np.testing.assert_allclose(random.scores[:, -1], end)


@pytest.mark.parametrize("name", MAPPED)
def test_uniform_attention_is_what_stepping_with_it_gives(name: str) -> None:
    slow = Slow(name)
    evidence = evidence_of(slow.model, slow.fused)
    assert evidence.faithfulness is not None
    with torch.inference_mode():
        maps = slow.model.unroll(slow.fused).attention
        start = slow.fused if slow.model.needs.whole_video else None
        state = slow.model.initial_state(2, start, slow.fused)
        for t in range(slow.fused.shape[1]):
            even = maps[:, t].mean(dim=(1, 2), keepdim=True).expand_as(maps[:, t])
            out = slow.model.step(slow.fused[:, t], state, even)
            state = out.state
    assert evidence.faithfulness.uniform == pytest.approx(float(out.score.mean()), abs=1e-5)
    # the pool's score is the sum of its map, wherever its values lie
    indifferent = name == "pool"
    assert (abs(evidence.faithfulness.uniform_change) < 1e-5) is indifferent
    assert (evidence.faithfulness.permuted_change < 1e-5) is indifferent


def test_small_batches_give_the_same_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("full", "visual"):
        slow = Slow(name)
        at_once = evidence_of(slow.model, slow.fused)
        monkeypatch.setattr(replay, "FLOATS_AT_ONCE", {"cpu": 65})  # two frames of 6 cells and 5 channels
        monkeypatch.setattr(replay, "STATES_AT_ONCE", {"cpu": 25})  # four states
        in_small_batches = evidence_of(slow.model, slow.fused)
        monkeypatch.undo()
        for part in ("segments", "cells", "cell_steps"):
            np.testing.assert_allclose(getattr(in_small_batches, part), getattr(at_once, part), atol=1e-6)
        assert at_once.faithfulness is not None
        assert in_small_batches.faithfulness is not None
        np.testing.assert_allclose(in_small_batches.faithfulness.permuted, at_once.faithfulness.permuted, atol=1e-6)
        for part in ("deletion", "deletion_random", "insertion_random"):
            first, second = (getattr(e.faithfulness, part) for e in (at_once, in_small_batches))
            np.testing.assert_allclose(first.scores, second.scores, atol=1e-6)
            np.testing.assert_allclose(first.distances, second.distances, atol=1e-6)


def test_steps_over_versions_are_steps_over_replaced_frames() -> None:
    quick = []
    for name in NAMES:
        slow = Slow(name)
        frames = slow.fused[0]
        cells = frames.flatten(2).transpose(1, 2)
        with torch.inference_mode():
            steps = [slow.model.prepare(torch.cat([one, slow.mean[None]])) for one in cells]
            if steps[0] is None:
                continue
            quick.append(name)
            size = cells.shape[1]
            taken = torch.arange(size).flip(0) < torch.tensor([0, 1, 3, size - 1, size])[:, None]
            first = slow.model.initial_state(len(taken), None, frames)
            states = {"own": (first, first), "one for all": (first, first)}
            for t, step in enumerate(steps):
                assert step is not None
                for kind, masks in (("own", taken), ("one for all", taken[2:3])):
                    expected, state = states[kind]
                    replaced = torch.where(masks[:, None], slow.mean[:, None], frames[t].flatten(1))
                    out = slow.model.step(replaced.reshape(*replaced.shape[:2], *slow.model.grid), expected)
                    score, state = step(masks, state)
                    torch.testing.assert_close(score, out.score, rtol=0, atol=1e-6)
                    torch.testing.assert_close(state, out.state, rtol=0, atol=2e-6)
                    states[kind] = (out.state, state)
    assert quick == ["full", "no-rnn", "xbar", "htask", "sharp", "prefix", "average", "follow"]


def test_logits_over_versions_are_as_exact_as_float32() -> None:
    generator = torch.Generator().manual_seed(0)
    embedded, states = (3 * torch.randn(n, 32, generator=generator) for n in (170, 50))
    states[0], states[1] = 60, -60  # tanh is 1 and -1
    weights = torch.randn(1, 32, generator=generator)
    frame = PreparedFrame(embedded, exponentials_of(embedded).permute(1, 2, 0).contiguous(), embedded)
    exact = torch.tanh(embedded.double() + states.double()[:, None]) @ weights[0].double()
    float32 = torch.tanh(embedded + states[:, None]) @ weights[0]
    error = (logits_of(frame, states, weights) - exact).abs().max()
    assert error < (float32 - exact).abs().max() + 4 * torch.finfo(torch.float32).eps * weights.abs().sum()


def test_a_class_with_other_steps_falls_back_to_them() -> None:
    class Other(SpatialModel):
        pass

    assert Other(SMALL).prepare(torch.zeros(5, SMALL.channels)) is None


# ---- how it runs


def test_same_seed_same_evidence_and_another_seed_other_random_orders() -> None:
    slow = Slow("full")
    first, again, other = (evidence_of(slow.model, slow.fused, seed) for seed in (5, 5, 6))
    assert first.faithfulness is not None
    assert again.faithfulness is not None
    assert other.faithfulness is not None
    for part in ("segments", "cells", "cell_steps"):
        np.testing.assert_array_equal(getattr(first, part), getattr(again, part))
        np.testing.assert_array_equal(getattr(first, part), getattr(other, part))
    of_chance = [
        (e.faithfulness.deletion_random.scores, e.faithfulness.insertion_random.scores, e.faithfulness.permuted)
        for e in (first, again, other)
        if e.faithfulness is not None
    ]
    for one, two, three in zip(*of_chance, strict=True):
        np.testing.assert_array_equal(one, two)
        assert not np.array_equal(one, three)
    np.testing.assert_array_equal(first.faithfulness.deletion.scores, other.faithfulness.deletion.scores)
    assert (first.seed, other.seed) == (5, 6)


@pytest.mark.parametrize("name", NAMES)
def test_contributions_of_the_segments_of_one_pass(name: str) -> None:
    model, features = small_model(name), small_features(name, batch=1)
    with torch.inference_mode():
        fused = model.fuse(features)
        mean = fused.mean(dim=(1, 3, 4))[0]
        expected = []
        for t in range(fused.shape[1]):
            without = fused.clone()
            without[0, t] = mean[:, None, None]
            expected.append(float(model.unroll(fused).score[0] - model.unroll(without).score[0]))
    np.testing.assert_allclose(segment_contributions(model, features[0]), expected, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("name", ["full", "visual", "pool", "none", "raan"])
def test_progress_counts_to_its_end(name: str) -> None:
    slow = Slow(name)
    told: list[Progress] = []
    measure_evidence(slow.model, slow.fused, "", "", CancelToken(), told.append)
    done = [p.done for p in told]
    assert done == sorted(done)
    assert {p.total for p in told} == {done[-1]}
    assert {p.stage for p in told} == {"weighing evidence"}


def test_cancel_stops_within_one_batch() -> None:
    slow = Slow("full")
    token = CancelToken()
    told: list[Progress] = []

    def stop_at_the_tenth(progress: Progress) -> None:
        told.append(progress)
        if len(told) == 10:
            token.cancel()

    with pytest.raises(Cancelled):
        measure_evidence(slow.model, slow.fused, "", "", token, stop_at_the_tenth)
    assert len(told) == 10


def test_too_few_random_orders_are_refused() -> None:
    slow = Slow("full")
    with pytest.raises(ValueError, match="at least 20"):
        measure_evidence(slow.model, slow.fused, "", "", CancelToken(), silent, n_random=19)


def test_models_without_a_map_say_so() -> None:
    for name in ("none", "tsn-frozen", "raan"):
        slow = Slow(name)
        evidence = evidence_of(slow.model, slow.fused)
        assert evidence.faithfulness is None
        assert evidence.map_kind is MapKind.NONE
        assert evidence.faithfulness_label == "no map"
        # No Attention still sees cells, and what each of them did can be measured
        assert (evidence.cells is not None) == (name == "none")


# ---- through the Engine


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_barcode_video(tmp_path_factory.mktemp("video") / "v.mp4", 40).path


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    folder = tmp_path_factory.mktemp("engine")
    tiny_checkpoint(folder / "tiny")
    return Engine.open(folder / "tiny", device="cpu", cache=FeatureCache(folder / "features"))


@pytest.mark.parametrize("passes", [1, 2])
def test_engine_explains_the_score_that_it_gave(video: Path, engine: Engine, passes: int) -> None:
    analysis = engine.assess(video, passes)
    told: list[Progress] = []
    evidence = engine.explain(analysis, report=told.append)
    assert evidence.score == pytest.approx(analysis.score, abs=1e-6)
    assert evidence.segments.shape == (passes, 5)
    assert evidence.cell_steps is not None
    assert evidence.cell_steps.shape == (passes, 5, 2, 2)
    assert evidence.belongs_to(analysis)
    assert evidence.baseline + evidence.contributions.sum() + evidence.remainder == pytest.approx(analysis.score)
    assert [p.stage for p in told[:5]] == ["looking"] * 5
    assert told[-1].done == told[-1].total
    by_path = engine.explain(video, passes)
    np.testing.assert_array_equal(by_path.segments, evidence.segments)


def test_engine_refuses_an_analysis_that_is_not_its_own(video: Path, engine: Engine, tmp_path: Path) -> None:
    analysis = engine.assess(video)
    foreign = replace(analysis, provenance=replace(analysis.provenance, model="other", model_digest="1" * 64))
    with pytest.raises(CheckpointError, match=r"v\.mp4.*11111111"):
        engine.explain(foreign)
    assert not engine.explain(analysis).belongs_to(foreign)
    changed = write_barcode_video(tmp_path / "changed.mp4", 30).path
    with pytest.raises(VideoError, match=r"changed\.mp4.*analysed"):
        engine.explain(analysis.with_video(replace(analysis.video, path=changed)))
    with pytest.raises(CheckpointError, match="at least one pass, not 0"):
        engine.explain(video, passes=0)


def test_engine_stops_explaining_when_asked(video: Path, engine: Engine) -> None:
    token = CancelToken()

    def stop(progress: Progress) -> None:
        if progress.stage != "looking":
            token.cancel()

    with pytest.raises(Cancelled):
        engine.explain(video, token=token, report=stop)


@pytest.mark.slow
def test_the_example_of_the_page_on_evidence_runs(video: Path) -> None:
    page = (Path(__file__).resolve().parents[3] / "docs" / "evidence.md").read_text(encoding="utf-8")
    examples = re.findall(r"```python\n(.*?)```", page, flags=re.DOTALL)
    assert len(examples) == 1
    names: dict[str, object] = {"video": video}
    exec(examples[0], names)
    assert isinstance(names["evidence"], Evidence)
