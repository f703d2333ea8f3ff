"""The raters' scale in training: every person is scored by a model that has not seen them, in one unit."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest

from skillviewer.core.analysis.calibration import ScoreCalibration
from skillviewer.core.dataset.dataset import Dataset, DatasetVideo, Fold, Measure
from skillviewer.core.dataset.folds import quarter_out
from skillviewer.core.dataset.pairs import Pair
from skillviewer.core.dataset.rating_set import RatingScale, RatingSet, VideoRating
from skillviewer.core.errors import SettingsError
from skillviewer.core.ratings.fit_calibration import scale_prospect
from skillviewer.engine.training.scale_folds import (
    ADVICE,
    OPTIMISTIC,
    align_scores,
    check_scale_folds,
    learn_scale,
    n_scale_folds,
)
from skillviewer.engine.training.training_split import TrainingSplit
from tests.facts import missing

NAMES = tuple(f"v{i:02d}" for i in range(48))
TRUTH = {name: float(score) for name, score in zip(NAMES, np.random.default_rng(0).normal(0, 1, 48), strict=True)}


def rated(n_people: int) -> Dataset:
    values = tuple((name, round(30 + 10 * TRUTH[name])) for name in NAMES)
    given = tuple(VideoRating(name, "r", "Flow", value) for name, value in values)
    return Dataset(
        "rated",
        "ratings",
        "bars",
        tuple(DatasetVideo(name, participant=f"p{i % n_people}") for i, name in enumerate(NAMES)),
        tuple(Pair(a, b) for a in NAMES for b in NAMES if TRUTH[a] > TRUTH[b] + 0.5),
        scores=Measure("Flow", values),
        ratings=RatingSet(given, (RatingScale("Flow", 0, 60, stated=True),)),
        criterion="Flow",
    )


def split(dataset: Dataset) -> TrainingSplit:
    fold = quarter_out(dataset).folds[0]
    return TrainingSplit(fold, dataset, fold, "")


def learn(
    dataset: Dataset, asked: int | None = None, *, optimistic: bool = False
) -> tuple[ScoreCalibration | None, list[Fold]]:
    """Learn where the model of each fold gives the truth in a zero and a unit of its own."""
    trained: list[Fold] = []

    def train_fold(number: int, fold: Fold) -> Mapping[str, float]:
        trained.append(fold)
        return {name: (number + 1) * score + 7 * number for name, score in TRUTH.items()}

    found = learn_scale(dataset, split(dataset), TRUTH, asked, 0, lambda: TRUTH, train_fold, optimistic=optimistic)
    return found, trained


def test_another_zero_and_unit_are_taken_back() -> None:
    kept = {"a": 1.0, "b": 3.0, "c": 2.0}
    other = {name: 10 * score - 4 for name, score in kept.items()} | {"new": 21.0}
    found = align_scores(kept, other, ["a", "b", "c"])
    assert found["new"] == pytest.approx(2.5)
    assert found["a"] == pytest.approx(1.0)


def test_folds_are_trained_where_the_people_held_out_are_too_few() -> None:
    scale, trained = learn(rated(12))
    assert scale is not None
    assert (scale.criterion, scale.task, scale.source) == ("Flow", "bars", "4 folds by person")
    assert len(trained) == 3, "the fold that the kept model holds out is scored by it"
    assert scale.map is not None
    assert scale.map.n_people == 12
    assert scale.calibrate(0.5).rating == pytest.approx(35, abs=0.5), "units are aligned: the truth is 30 + 10 x"
    seen = {p for fold in trained for p in fold.held_out_videos} | {*split(rated(12)).fold.held_out_videos}
    assert seen == {*NAMES}


def test_people_held_out_suffice_where_there_are_many() -> None:
    scale, trained = learn(rated(48))
    assert scale is not None
    assert (scale.source, trained) == ("held out from training", [])
    assert scale.map is not None
    assert scale.map.n_people == 12


def test_there_is_a_refusal_with_advice_and_none_without_ratings() -> None:
    few, trained = learn(rated(12), 0)
    hopeless, _ = learn(rated(6), 4)
    assert hopeless is not None
    assert "11 are needed" in hopeless.refusal
    assert ADVICE not in hopeless.refusal, "more folds make no more people"
    assert few is not None
    assert few.refusal.endswith(ADVICE)
    assert not missing(few.refusal, "3 rated")
    chosen, _ = learn(rated(48), optimistic=True)
    assert chosen is not None
    assert chosen.refusal.endswith(OPTIMISTIC)
    unrated, _ = learn(replace(rated(12), ratings=None))
    assert unrated is None
    assert not trained


def test_the_people_needed_are_known_before_any_training() -> None:
    few, enough = scale_prospect(rated(6)), scale_prospect(rated(12))
    assert not missing(few.text, "6 people", "11")
    assert (few.n_people, few.n_needed, few.is_possible, enough.is_possible) == (6, 11, False, True)
    assert scale_prospect(rated(12), videos_seen=NAMES[:2]).n_people == 10, "two people have been trained on before"
    assert not scale_prospect(replace(rated(12), ratings=None)).is_possible
    unnamed = replace(rated(12), videos=tuple(DatasetVideo(name) for name in NAMES))
    assert "not known who" in scale_prospect(unnamed).text
    assert [n_scale_folds(rated(12), n, None) for n in (3, 11)] == [4, 0]
    assert n_scale_folds(rated(6), 0, 4) == 0
    check_scale_folds(rated(12), 4)
    check_scale_folds(rated(6), None)
    with pytest.raises(SettingsError, match=r"11 are needed\).* --scale-folds"):
        check_scale_folds(rated(6), 4)
