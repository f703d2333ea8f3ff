"""Evidence against loops that run the whole model again, and on models whose truth is known."""

import itertools
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from skillviewer.core.analysis import MapKind
from skillviewer.core.errors import Cancelled, CheckpointError, VideoError
from skillviewer.core.evidence import Evidence
from skillviewer.core.job import CancelToken, Progress, silent
from skillviewer.engine import rerun
from skillviewer.engine.cache import FeatureCache
from skillviewer.engine.engine import Engine
from skillviewer.engine.evidence import weigh
from skillviewer.nets.attention import AttentionModel, State, StepOutput
from skillviewer.nets.models import ATTENTION_MODELS, Inputs
from skillviewer.nets.sizes import HeadSizes
from tests.checkpoints import tiny_checkpoint
from tests.nets.small import small_features, small_model
from tests.videos import write_barcode_video

NAMES = [entry.name for entry in ATTENTION_MODELS if entry.inputs is Inputs.FEATURES]
MAPPED = [e.name for e in ATTENTION_MODELS if e.inputs is Inputs.FEATURES and e.map_kind is not MapKind.NONE]
Array = NDArray[np.float64]


def evidence_of(model: AttentionModel, fused: Tensor, seed: int = 0) -> Evidence:
    return weigh(model, fused, "video", "model", CancelToken(), silent, seed=seed)


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

    def score(self, fused: Tensor) -> float:
        with torch.inference_mode():
            return float(self.model.unroll(fused[None]).score.double())

    def without(self, k: int, away: NDArray[np.bool_]) -> float:
        """Return the score of pass k without the chosen cells, (N, h, w)."""
        changed = self.fused[k].clone()
        for t, row, column in zip(*np.nonzero(away), strict=True):
            changed[t, :, row, column] = self.mean
        return self.score(changed)


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
    assert evidence.cell_steps is not None
    passes, n = slow.fused.shape[:2]
    size = int(np.prod(slow.model.grid))
    maps = slow.maps
    assert tested.fractions.tolist() == pytest.approx([i / size for i in range(size + 1)])

    def brute(magnitudes: NDArray[np.floating], count: int, *, inserting: bool) -> float:
        scores = []
        for k in range(passes):
            away = np.full((n, size), inserting)
            for t in range(n):
                order = np.argsort(-magnitudes[k, t].ravel())
                away[t, order[:count]] = not inserting
            scores.append(slow.without(k, away.reshape(n, *slow.model.grid)))
        return float(np.mean(scores))

    for count in range(size + 1):
        by_map, by_effect = np.abs(maps), np.abs(evidence.cell_steps)
        assert tested.deletion[count] == pytest.approx(brute(by_map, count, inserting=False), abs=1e-5)
        assert tested.insertion[count] == pytest.approx(brute(by_map, count, inserting=True), abs=1e-5)
        assert tested.deletion_effects[count] == pytest.approx(brute(by_effect, count, inserting=False), abs=1e-5)
        assert tested.insertion_effects[count] == pytest.approx(brute(by_effect, count, inserting=True), abs=1e-5)
        # least attended first: the same with the magnitudes turned around
        assert tested.deletion_reverse[count] == pytest.approx(brute(-by_map, count, inserting=False), abs=1e-5)
        assert tested.insertion_reverse[count] == pytest.approx(brute(-by_map, count, inserting=True), abs=1e-5)
    for random, start, end in (
        (tested.deletion_random, evidence.score, evidence.baseline),
        (tested.insertion_random, evidence.baseline, evidence.score),
    ):
        assert random.shape == (20, size + 1)
        np.testing.assert_allclose(random[:, 0], start)
        np.testing.assert_allclose(random[:, -1], end)


@pytest.mark.parametrize("name", MAPPED)
def test_uniform_attention_is_what_stepping_with_it_gives(name: str) -> None:
    slow = Slow(name)
    evidence = evidence_of(slow.model, slow.fused)
    assert evidence.faithfulness is not None
    with torch.inference_mode():
        maps = slow.model.unroll(slow.fused).attention
        start = slow.fused if slow.model.needs_whole_video else None
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
        monkeypatch.setattr(rerun, "FLOATS_AT_ONCE", {"cpu": 65})  # two frames of 6 cells and 5 channels
        monkeypatch.setattr(rerun, "STATES_AT_ONCE", {"cpu": 25})  # four states
        in_small_batches = evidence_of(slow.model, slow.fused)
        monkeypatch.undo()
        for part in ("segments", "cells", "cell_steps"):
            np.testing.assert_allclose(getattr(in_small_batches, part), getattr(at_once, part), atol=1e-6)
        assert at_once.faithfulness is not None
        assert in_small_batches.faithfulness is not None
        for part in ("deletion", "deletion_random", "insertion_random", "permuted"):
            first, second = (getattr(e.faithfulness, part) for e in (at_once, in_small_batches))
            np.testing.assert_allclose(first, second, atol=1e-6)


# ---- models whose truth is known


SIDE = 5
KNOWN = HeadSizes(feature_channels=2, channels=2, grid=(SIDE, SIDE), fusion_kernel=1, fusion_stride=1)


class Known(AttentionModel):
    """S = sum over steps and cells of a weight times channel 0; the map is a given one and does nothing.

    Args:
        reading: (5, 5) weights of the cells.
        looking: (5, 5) map.
    """

    def __init__(self, reading: Tensor, looking: Tensor, kind: MapKind = MapKind.DISTRIBUTION) -> None:
        super().__init__(KNOWN, nn.Identity())
        self.reading = nn.Parameter(reading)
        self.looking = looking
        self.map_kind = kind

    def initial_state(self, batch: int, fused: Tensor | None, like: Tensor, seed: int = 0) -> State:  # noqa: ARG002
        return (torch.zeros(batch, dtype=like.dtype),)

    def step(self, fused_t: Tensor, state: State, attention: Tensor | None = None) -> StepOutput:  # noqa: ARG002
        total = state[0] + (fused_t[:, 0] * self.reading).sum(dim=(1, 2))
        return StepOutput(self.looking.expand(len(fused_t), -1, -1), total[:, None], total, (total,))


class Pooling(Known):
    """S = sum over steps and cells of the map times channel 0."""

    def step(self, fused_t: Tensor, state: State, attention: Tensor | None = None) -> StepOutput:
        used = self.looking[None] if attention is None else attention
        total = state[0] + (fused_t[:, 0] * used).sum(dim=(1, 2))
        return StepOutput(used, total[:, None], total, (total,))


def only(*cells: tuple[int, int], value: float = 1.0) -> Tensor:
    weights = torch.zeros(SIDE, SIDE)
    for row, column in cells:
        weights[row, column] = value
    return weights


def random_video(n: int = 6, passes: int = 1, seed: int = 3) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(passes, n, 2, SIDE, SIDE, generator=generator)


def test_score_read_from_one_cell_is_all_of_that_cell() -> None:
    fused = random_video(passes=2)
    evidence = evidence_of(Known(only((1, 3), value=2.0), only((1, 3))), fused)
    values = fused[:, :, 0].double().numpy()
    effects = 2 * (values[:, :, 1, 3] - values.mean())
    assert evidence.cells is not None
    assert evidence.cell_steps is not None
    np.testing.assert_allclose(evidence.segments, effects, atol=1e-5)
    np.testing.assert_allclose(evidence.cell_steps[:, :, 1, 3], effects, atol=1e-5)
    np.testing.assert_allclose(evidence.cells[:, 1, 3], effects.sum(axis=1), atol=1e-5)
    for cells in (evidence.cells.copy(), evidence.cell_steps.copy()):
        cells[..., 1, 3] = 0
        np.testing.assert_allclose(cells, 0, atol=1e-6)
    assert evidence.baseline == pytest.approx(6 * 2 * values.mean(), abs=1e-5)
    # a linear model leaves nothing over
    assert evidence.remainder == pytest.approx(0, abs=1e-5)
    assert evidence.cell_remainder == pytest.approx(0, abs=1e-5)


def test_attention_on_the_cell_that_counts_is_faithful() -> None:
    tested = evidence_of(Known(only((1, 3)), only((1, 3))), random_video()).faithfulness
    assert tested is not None
    assert tested.value == 1
    assert tested.faithful
    assert tested.decidable
    assert tested.label == "faithful 1.00 of 1"
    # everything goes with the first cell and comes back with it
    np.testing.assert_allclose(tested.deletion[1:], tested.deletion[-1], atol=1e-5)
    np.testing.assert_allclose(tested.insertion[1:], tested.score, atol=1e-5)


def test_attention_beside_what_counts_is_not_faithful() -> None:
    tested = evidence_of(Known(only((1, 3)), only((4, 0))), random_video(n=25)).faithfulness
    assert tested is not None
    assert tested.value == 0
    assert not tested.faithful
    assert tested.decidable
    assert "no better than random" in tested.sentence


def test_attention_that_shuns_what_counts_is_not_faithful() -> None:
    shunning = (1 - only((1, 3))) / (SIDE * SIDE - 1)
    tested = evidence_of(Known(only((1, 3)), shunning), random_video()).faithfulness
    assert tested is not None
    assert tested.gain < tested.random_gains.mean() < 0.5 * tested.effects_gain
    assert tested.value == 0


def test_luck_of_a_fixed_map_is_not_taken_for_faithfulness() -> None:
    """One cell counts in all frames and maps rank it by chance: far from the half of them that rank it high pass."""
    found = 0
    for seed in range(40):
        looking = torch.rand(SIDE, SIDE, generator=torch.Generator().manual_seed(seed))
        tested = evidence_of(Known(only((2, 2)), looking / looking.sum()), random_video(), seed=seed).faithfulness
        assert tested is not None
        found += tested.faithful
    assert found <= 6


def test_where_nothing_matters_faithfulness_cannot_be_told() -> None:
    tested = evidence_of(Known(torch.zeros(SIDE, SIDE), only((1, 3))), random_video()).faithfulness
    assert tested is not None
    assert (tested.value, tested.decidable) == (0, False)
    assert "cannot be told" in tested.sentence
    assert np.isnan(tested.rank_correlation).all()
    assert np.isnan(tested.mean_opposite_share)


def test_rank_correlation_finds_the_cells_that_count() -> None:
    weights = torch.arange(1.0, 26).reshape(SIDE, SIDE)
    fused = torch.ones(1, 4, 2, SIDE, SIDE)
    fused[:, :2] = -1  # the mean is 0: every cell's effect is its weight, down then up
    tested = evidence_of(Known(weights, weights / weights.sum()), fused).faithfulness
    assert tested is not None
    np.testing.assert_allclose(tested.rank_correlation, 1)
    turned = evidence_of(Known(weights, weights.flip(0, 1) / weights.sum()), fused).faithfulness
    assert turned is not None
    np.testing.assert_allclose(turned.rank_correlation, -1)


def test_opposite_sign_of_the_most_attended_cells() -> None:
    reading = only((0, 0), (0, 1), value=3.0) + only((4, 4), value=-1.0)
    fused = torch.ones(1, 4, 2, SIDE, SIDE)
    fused[:, :2] = -1
    looking = only((4, 4), value=0.6) + only((0, 0), value=0.4)  # a tenth of 25 cells is two
    tested = evidence_of(Known(reading, looking), fused).faithfulness
    assert tested is not None
    np.testing.assert_allclose(tested.opposite_share, 0.5)
    signed = evidence_of(Known(reading, looking, MapKind.SIGNED), fused).faithfulness
    assert signed is not None
    # maps are positive: in the first two frames the cell that lifts takes away, in the others the one that lowers
    np.testing.assert_allclose(signed.opposite_share, 0.5)
    agreeing = evidence_of(Known(reading, only((0, 0), (0, 1), value=0.5)), fused).faithfulness
    assert agreeing is not None
    np.testing.assert_allclose(agreeing.opposite_share, 0)


def test_shuffled_attention_takes_another_cells_value() -> None:
    fused = random_video(n=1)
    tested = evidence_of(Pooling(torch.zeros(SIDE, SIDE), only((2, 2))), fused).faithfulness
    assert tested is not None
    values = fused[0, 0, 0].flatten().tolist()
    nearest = [min(values, key=lambda v: abs(v - score)) for score in tested.permuted]
    np.testing.assert_allclose(tested.permuted, nearest, atol=1e-6)
    assert len(set(nearest)) > 5
    assert tested.uniform == pytest.approx(np.mean(values), abs=1e-6)


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
    for part in ("deletion_random", "insertion_random", "permuted"):
        np.testing.assert_array_equal(getattr(first.faithfulness, part), getattr(again.faithfulness, part))
        assert not np.array_equal(getattr(first.faithfulness, part), getattr(other.faithfulness, part))
    np.testing.assert_array_equal(first.faithfulness.deletion, other.faithfulness.deletion)
    assert (first.seed, other.seed) == (5, 6)


@pytest.mark.parametrize("name", ["full", "visual", "pool", "none", "raan"])
def test_progress_counts_to_its_end(name: str) -> None:
    slow = Slow(name)
    told: list[Progress] = []
    weigh(slow.model, slow.fused, "", "", CancelToken(), told.append)
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
        weigh(slow.model, slow.fused, "", "", token, stop_at_the_tenth)
    assert len(told) == 10


def test_too_few_random_orders_are_refused() -> None:
    slow = Slow("full")
    with pytest.raises(ValueError, match="at least 20"):
        weigh(slow.model, slow.fused, "", "", CancelToken(), silent, n_random=19)


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
    with pytest.raises(CheckpointError, match=r"v\.mp4 was not made by this version of tiny but by other \(11111111\)"):
        engine.explain(foreign)
    assert not engine.explain(analysis).belongs_to(foreign)
    changed = write_barcode_video(tmp_path / "changed.mp4", 30).path
    with pytest.raises(VideoError, match=r"changed\.mp4 is no longer the file that was analysed"):
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
