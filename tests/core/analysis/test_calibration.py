"""Scores on the raters' scale: words, refusals, ticks, and what a damaged card is told."""

from dataclasses import fields, replace

import msgspec
import numpy as np
import pytest

from skillviewer.core.analysis.calibration import CalibratedScore, CalibrationMap, PiecewiseLinear, ScoreCalibration
from skillviewer.core.dataset.dataset import Dataset, DatasetVideo, Measure
from skillviewer.core.dataset.rating_set import RatingScale, RatingSet, VideoRating
from skillviewer.core.ratings.fit_calibration import raters_scale, scale_map
from tests.facts import missing

NAMES = [f"v{i:02d}" for i in range(48)]
RNG = np.random.default_rng(2)
SCORES = RNG.normal(0, 1, 48)
RATINGS = np.clip(np.round(30 + 10 * SCORES + RNG.normal(0, 3, 48)), 0, 60)


def rated(scale: RatingScale, ratings: np.ndarray, people: int = 12) -> Dataset:
    values = tuple(zip(NAMES, ratings.tolist(), strict=True))
    given = tuple(VideoRating(name, "r", scale.item, value) for name, value in values)
    videos = tuple(DatasetVideo(name, participant=f"p{i % people}") for i, name in enumerate(NAMES))
    return Dataset("d", "ratings", "knots", videos, (), scores=Measure(scale.item, values),
                   ratings=RatingSet(given, (scale,)), criterion=scale.item)  # fmt: skip


def learnt(scale: RatingScale, ratings: np.ndarray = RATINGS, people: int = 12) -> ScoreCalibration:
    found = raters_scale(
        rated(scale, ratings, people), dict(zip(NAMES, SCORES, strict=True)), "four folds", "Ask more."
    )
    assert found is not None
    return found


GLOBAL = RatingScale("Global", 0, 60, stated=True)


KNOWN = learnt(GLOBAL)


def test_a_score_is_told_in_the_words_of_the_scale() -> None:
    scale = KNOWN
    made = scale_map(SCORES, RATINGS, [f"p{i % 12}" for i in range(48)], 0, 60)
    found = scale.calibrate(0.5)
    low, high = (float(end[0]) for end in made.intervals(np.array([0.5])))
    assert found.rating == pytest.approx(float(made.ratings(np.array([0.5]))[0]))
    assert found.low == pytest.approx(low)
    assert found.high == pytest.approx(high)
    assert found.words == f"{found.rating:.0f} of 60 ({np.floor(low):.0f} to {np.ceil(high):.0f})"
    assert not missing(found.sentence, f"{found.words}", "90 %")
    assert not missing(found.note, "12 people", "90 %")


def test_scales_of_few_steps_have_a_decimal_and_levels_their_words() -> None:
    short = learnt(RatingScale("Flow", 1, 5, stated=True), np.clip(np.round(3 + SCORES), 1, 5)).calibrate(0.0)
    assert short.words.startswith(f"{short.rating:.1f} of 5 (")
    text = ("novice", "intermediate", "expert")
    levels = RatingScale("Level", 0, 2, levels=text, stated=True)
    found = learnt(levels, np.clip(np.round(1 + SCORES), 0, 2).astype(float)).calibrate(3.0)
    assert found.words.startswith("expert (")
    assert found.words.endswith(" to expert)")
    unstated = replace(KNOWN, stated=False).calibrate(0.0)
    assert " of " not in unstated.words, "the highest rating given need not be the highest possible"


def test_refusals_are_one_sentence_and_no_number() -> None:
    few = learnt(GLOBAL, people=9)
    assert few.map is None
    assert not missing(few.calibrate(0.1).refusal, "9 rated", "11")
    scale = KNOWN
    strange = scale.calibrate(0.1, unfamiliar=True)
    assert (strange.rating, strange.words) == (None, "")
    assert not missing(strange.refusal, "unlike")
    assert scale.calibrate(0.1).in_task("", "Knots").words, "case does not matter, and one name of several is enough"
    other = scale.calibrate(0.1).in_task("", "needles")
    assert (other.words, other.rating) == ("", None)
    assert not missing(other.refusal, "“knots”", "“needles”")
    assert raters_scale(replace(rated(GLOBAL, RATINGS), ratings=None), {}, "") is None


def test_ticks_of_an_axis_are_round_ratings_at_their_scores() -> None:
    scaled = KNOWN.calibrate(0.0)
    ticks = scaled.ticks(-1.0, 1.0)
    assert 2 <= len(ticks) <= 5
    assert scaled.curve is not None
    for score, word in ticks:
        assert -1 <= score <= 1
        assert float(scaled.curve.at(np.array([score]))[0]) == pytest.approx(float(word), abs=1e-6)
    assert CalibratedScore("Global", refusal="No.").ticks(-1, 1) == []


def test_a_card_keeps_it_and_a_damaged_one_is_refused() -> None:
    scale = KNOWN
    raw = msgspec.json.encode(scale)
    assert msgspec.json.decode(raw, type=ScoreCalibration) == scale
    assert scale.map is not None
    broken = msgspec.json.decode(raw)
    broken["map"]["group"][0] = 99
    with pytest.raises(msgspec.ValidationError, match="contradicts itself"):
        msgspec.convert(broken, ScoreCalibration)
    with pytest.raises(ValueError, match="neither a map nor a reason"):
        replace(scale, map=None)
    with pytest.raises(ValueError, match="is no line"):
        replace(scale.map, curve=replace(scale.map.curve, values=()))
    assert isinstance(scale.map, CalibrationMap)


def test_fields_keep_the_names_that_analyses_on_disk_have() -> None:
    stored = "criterion task words refusal note rating low high level digits levels curve covered"
    assert [field.name for field in fields(CalibratedScore)] == stored.split()
    assert [field.name for field in fields(PiecewiseLinear)] == ["scores", "values", "form"]


def test_an_interval_over_nearly_the_whole_scale_is_said_to_say_nothing() -> None:
    noise = np.random.default_rng(3).integers(0, 61, 48).astype(float)
    wide = learnt(GLOBAL, noise)
    assert wide.check is not None
    assert wide.check.width > 0.8 * 60
    found = wide.calibrate(0.0)
    assert found.low is not None
    assert found.high is not None
    assert found.covered == pytest.approx((found.high - found.low) / 60)
    assert not missing(found.sentence, "nothing about")
    assert not missing(wide.about, "nothing about")
    narrow = KNOWN.calibrate(0.5)
    assert narrow.covered < 0.8
    assert "nothing about" not in f"{narrow.sentence} {KNOWN.about}"
