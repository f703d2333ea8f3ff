"""A training that was killed goes on as if nothing had happened."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from skillviewer.core.dataset.pairs import SimilarPair
from skillviewer.core.errors import Cancelled, CheckpointError
from skillviewer.core.progress import NEVER, CancelToken, Progress, silent
from skillviewer.engine.training import state_file
from skillviewer.engine.training.state_file import StateFile
from skillviewer.engine.training.train_settings import EpochSelection, TrainSettings
from skillviewer.engine.training.trainer import FitPairs, FitResult, FitState, TrainingControl, TrainingStateStore, fit
from skillviewer.nets.attention import AttentionModel
from skillviewer.nets.models import attention_model
from skillviewer.nets.presets import LossSettings, OptimiserSettings
from tests.engine.training.test_trainer import NAMES, PAIRS, SIZES, store

SGD = OptimiserSettings(learning_rate=0.05, weight_decay=1e-3, batch_pairs=16, epochs=4)
ADAM = replace(SGD, algorithm="adam", learning_rate=1e-3)


def settings(model: str) -> TrainSettings:
    phases = (("scoring", ADAM), ("attention", replace(ADAM, learning_rate=1e-4))) if model == "raan" else ()
    return TrainSettings(SGD, LossSettings(), EpochSelection.INNER_FOLDS, seed=3, phases=phases)


def fresh(name: str) -> AttentionModel:
    torch.manual_seed(1)
    # random first states and dropout: torch's own generator matters
    return attention_model(name).build(replace(SIZES, initial_state="randn", dropout=0.2, tsn_splits=5))


def train(
    name: str,
    state_store: TrainingStateStore | None,
    token: CancelToken = NEVER,
    report: Callable[[Progress], None] = silent,
) -> FitResult:
    similar = [SimilarPair(NAMES[0], NAMES[1]), SimilarPair(NAMES[4], NAMES[6])]
    return fit(
        fresh(name),
        store(),
        FitPairs(PAIRS[:40], PAIRS[40:], similar),
        settings(name),
        TrainingControl(token, report),
        state_store,
    )


def killer(epoch: int) -> tuple[CancelToken, Callable[[Progress], None]]:
    token = CancelToken()

    def report(progress: Progress) -> None:
        if progress.stage.startswith(f"epoch {epoch} ") and progress.done == 2:
            token.cancel()

    return token, report


@pytest.mark.parametrize("name", ["full", "follow", "raan", "tsn-frozen"])
def test_killed_training_goes_on_to_the_same_weights(name: str, tmp_path: Path) -> None:
    whole = train(name, None)
    state = StateFile(tmp_path / "state.safetensors", interval_s=0)
    for epoch in (2, 4):
        token, report = killer(epoch)
        with pytest.raises(Cancelled):
            train(name, state, token, report)
        kept = state.load()
        assert kept is not None
        assert kept.epoch == epoch - 1
        torch.manual_seed(99)  # another process stands elsewhere
    resumed = train(name, state)
    assert resumed.epoch == whole.epoch
    for key, tensor in whole.weights.items():
        assert torch.equal(tensor, resumed.weights[key]), key
    assert resumed.n_unseen_pairs == whole.n_unseen_pairs == 0
    for a, b in zip(whole.rows, resumed.rows, strict=True):
        assert replace(a, seconds=0) == replace(b, seconds=0)
    assert [row.seconds for row in resumed.rows] == sorted(row.seconds for row in resumed.rows)


def test_pairs_in_no_batch_are_counted_across_a_kill(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    few = replace(SGD, batch_videos=2, rounds=1, learning_rate=1e-9)  # two of twelve videos at a time
    monkeypatch.setitem(globals(), "SGD", few)
    whole = train("full", None)
    assert whole.n_unseen_pairs
    state = StateFile(tmp_path / "state.safetensors", interval_s=0)
    token, report = killer(3)
    with pytest.raises(Cancelled):
        train("full", state, token, report)
    kept = state.load()
    assert kept is not None
    assert kept.unseen is not None
    assert kept.best_unseen is not None
    assert whole.n_unseen_pairs <= kept.best_unseen
    assert len(kept.unseen) < 40
    assert train("full", state).n_unseen_pairs == whole.n_unseen_pairs


def test_state_of_an_older_program_tells_nothing_of_unseen_pairs(tmp_path: Path) -> None:
    state = StateFile(tmp_path / "state.safetensors", interval_s=0)
    token, report = killer(3)
    with pytest.raises(Cancelled):
        train("full", state, token, report)
    kept = state.load()
    assert kept is not None
    state.save(lambda: replace(kept, unseen=None, best_unseen=None), finished=True)
    assert train("full", state).n_unseen_pairs is None


def test_finished_training_is_not_repeated(tmp_path: Path) -> None:
    state = StateFile(tmp_path / "state.safetensors")  # too short for anything but the end to be kept
    first = train("full", state)
    seen: list[Progress] = []
    again = train("full", state, report=seen.append)
    assert seen == []
    assert again.rows == first.rows
    assert all(torch.equal(tensor, again.weights[key]) for key, tensor in first.weights.items())


@pytest.mark.parametrize("content", [b"", b"nonsense", None])
def test_state_that_cannot_be_read_is_as_good_as_none(content: bytes | None, tmp_path: Path) -> None:
    path = tmp_path / "state.safetensors"
    train("full", StateFile(path))
    path.write_bytes(path.read_bytes()[:-100] if content is None else content)
    assert StateFile(path).load() is None


def test_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    state = FitState(1, (1,), 1, (0.5, 0.0), (), (), (), {}, {"random.cpu": torch.get_rng_state()})
    (tmp_path / "file").touch()
    with pytest.raises(CheckpointError, match="could not be kept at"):
        StateFile(tmp_path / "file" / "state.safetensors").save(lambda: state, finished=True)
    emptied = tmp_path / "emptied" / "state.safetensors"  # a cache that was emptied meanwhile
    StateFile(emptied).save(lambda: state, finished=True)
    assert emptied.is_file()


def test_a_slow_disk_is_written_less_often(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A state that takes three seconds is followed by the next after a minute: a twentieth of the time."""
    one = FitState(1, (1,), 1, (0.5, -1.0), (), (), (), {}, {})
    now, kept = [100.0], []

    def slow(*_: object, **__: object) -> None:
        now[0] += 3
        kept.append(now[0])
        (tmp_path / "state.safetensors.part").write_bytes(b"")

    monkeypatch.setattr(state_file, "monotonic", lambda: now[0])
    monkeypatch.setattr(state_file, "save_file", slow)
    state = StateFile(tmp_path / "state.safetensors", interval_s=10)
    while now[0] < 300:
        now[0] += 1
        state.save(lambda: one, finished=False)
    assert kept == [113, 176, 239, 302]
