"""Late fusion: what tracks know is added to a network's score, with a weight learned without the people held out."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from skillviewer.core.errors import DatasetError, SettingsError
from skillviewer.core.progress import CancelToken
from skillviewer.engine.features.feature_store import FeatureStore
from skillviewer.engine.features.measured_videos import MeasuredVideos
from skillviewer.engine.training.fit_fold import FoldInputs
from skillviewer.engine.training.predict import predict
from skillviewer.engine.training.track_fusion import FusedTraining, fit_fused, fit_ridge
from skillviewer.engine.training.train_settings import EpochSelection
from skillviewer.engine.training.trainer import TrainingControl
from skillviewer.engine.training.training_plan import TrainingPlan
from skillviewer.nets.models import attention_model
from skillviewer.nets.number_inputs import N_MEASURES
from skillviewer.nets.presets import preset
from skillviewer.nets.sizes import HeadSizes
from tests.engine.training.test_fit_fold import DATASET, FOLD
from tests.engine.training.test_trainer import NAMES, SIZES

PLAN = TrainingPlan(model="none", epochs=2, select=EpochSelection.LAST, with_tracks=True)
CONTROL = TrainingControl(CancelToken())


@pytest.fixture(autouse=True)
def small_heads(monkeypatch: pytest.MonkeyPatch) -> None:
    def sizes(plan: TrainingPlan) -> HeadSizes:
        if plan.model == "none":
            return SIZES
        return attention_model(plan.model).with_published_input(preset(plan.preset).head)

    monkeypatch.setattr(TrainingPlan, "sizes", sizes)


def noise() -> FeatureStore:
    """Features that know nothing."""
    rng = np.random.default_rng(5)
    return {name: list(rng.normal(0, 1, size=(1, 5, 6, 4, 4)).astype(np.float16)) for name in NAMES}


def measures(*, skill: float = 1.0, seed: int = 0) -> MeasuredVideos:
    """A measure that grows with the number of the video, and one of noise, at five steps."""
    rng = np.random.default_rng(seed)
    values = {}
    for i, name in enumerate(NAMES):
        table = np.full((5, N_MEASURES), np.nan, np.float32)
        table[:, 0] = skill * i + rng.normal(0, 0.3)
        table[:, 1] = rng.normal()
        values[name] = table
    return MeasuredVideos(("peg, peg: path", "peg, peg: pauses"), values)


def fused(measured: MeasuredVideos | None, plan: TrainingPlan = PLAN) -> FusedTraining:
    return fit_fused(plan, DATASET, FOLD, FoldInputs(noise(), torch.device("cpu")), measured, CONTROL)


def accuracy(scores: dict[str, float]) -> float:
    return float(np.mean([scores[pair.better] > scores[pair.worse] for pair in FOLD.test_pairs]))


def test_tracks_order_the_people_held_out_where_the_network_knows_nothing() -> None:
    measured = measures()
    found = fused(measured)
    assert found.track_term is not None
    assert found.track_weight is not None
    assert found.track_weight > 1
    alone = predict(found.network, noise(), NAMES, CancelToken(), maps=False)
    both = found.add_tracks(alone, measured)
    assert accuracy(dict(both.scores)) > 0.95 > accuracy(dict(alone.scores))
    for name in NAMES:
        assert both.curves[name][-1] == pytest.approx(both.scores[name])
    ridge = fit_ridge(PLAN, DATASET, FOLD, measured.store(), CONTROL)
    own = predict(ridge, measured.store(), NAMES, CancelToken(), maps=False).scores
    seen = np.array([own[name] for name in FOLD.train_videos])
    for name in NAMES:
        added = found.track_term.weight * (own[name] - seen.mean()) / seen.std()
        assert both.scores[name] - alone.scores[name] == pytest.approx(added, abs=1e-4)


def test_people_held_out_decide_neither_term_nor_weight() -> None:
    measured = measures()
    spoiled = dict(measured.values)
    for name in FOLD.held_out_videos:
        spoiled[name] = -100 * spoiled[name]
    assert fused(replace(measured, values=spoiled)).track_term == fused(measured).track_term


def test_without_the_option_nothing_is_added() -> None:
    found = fused(measures(), replace(PLAN, with_tracks=False))
    assert found.track_term is None
    alone = predict(found.network, noise(), NAMES, CancelToken(), maps=False)
    assert found.add_tracks(alone, measures()) is alone
    assert not replace(PLAN, model="pooled").adds_tracks, "a trivial baseline stays what it is"


def test_a_video_without_measures_gets_no_score() -> None:
    measured = measures()
    found = fused(measured)
    unknown = {**measured.values, NAMES[0]: np.full((5, N_MEASURES), np.nan, np.float32)}
    alone = predict(found.network, noise(), NAMES[:1], CancelToken(), maps=False)
    with pytest.raises(DatasetError, match=NAMES[0]):
        found.add_tracks(alone, replace(measured, values=unknown))
    usable, kept = replace(measured, values=unknown).restrict(DATASET)
    assert NAMES[0] not in usable.names
    assert set(kept.values) == set(NAMES[1:])


def test_backbones_are_not_trained_with_tracks() -> None:
    with pytest.raises(SettingsError, match="--with-tracks"):
        replace(PLAN, unfreeze="last-block").check()
    cropped = replace(PLAN.preprocessing, crop="hands")
    with pytest.raises(SettingsError, match="--crop"):
        TrainingPlan(model="tsn", preprocessing=cropped).check()
