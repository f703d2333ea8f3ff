"""Scores on the raters' scale: a monotone curve, and an interval that holds for unseen people.

The interval is that of the jackknife+ (Barber, Candès, Ramdas & Tibshirani, Annals of Statistics 49, 2021), or CV+ for
many people, over whole people: curves are fitted without each group of people, and errors of the people left out are
scaled by the usual spread at their score (Lei et al., JASA 113, 2018, section 5.2). Every person weighs alike, however
many videos show them. The unseen person weighs as one more, at infinity (Lee, Barber & Willett, "Distribution-free
inference with hierarchical data", 2023), among as many independent errors as Kish's design effect leaves: at least the
number of people, at most that of videos.
"""

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

import numpy as np

from skillviewer.core.analysis.calibration import CalibrationCheck, CalibrationMap, PiecewiseLinear, ScoreCalibration
from skillviewer.core.arrays import FloatArray, IntArray
from skillviewer.core.dataset.dataset import Dataset, Fold
from skillviewer.core.errors import DatasetError
from skillviewer.core.evaluation.training_forecast import ScaleProspect
from skillviewer.core.ratings.rating_metrics import calibration_tau, coverage, mean_absolute_error, mean_width

LEVEL = 0.9
_MIN_PARTICIPANTS = 10
_MAX_GROUPS = 30
"""Groups of people left out in turn; with fewer people, each person alone."""
_INNER = 5
"""Groups by which the form of a curve is chosen."""
_MIN_SPREAD = 1e-6
_MAX_SPREAD_PARTS = 8
"""Parts of the scores at most, each with a spread of its own."""
_PART_VIDEOS = 12
"""Videos in a part at least."""
_SHRINKAGE_VIDEOS = 12
"""Weight of the spread of all videos in that of a part, in videos."""


def isotonic_curve(scores: FloatArray, ratings: FloatArray, *, increasing: bool = True) -> PiecewiseLinear:
    """Return the isotonic regression of (n,) ratings on (n,) scores, through the middle of each block."""
    from scipy import optimize  # takes a second

    unique, place = np.unique(scores, return_inverse=True)
    weights = np.bincount(place).astype(np.float64)
    means = np.bincount(place, weights=ratings) / weights
    fitted = optimize.isotonic_regression(means, weights=weights, increasing=increasing)
    starts = fitted.blocks[:-1]
    centres = np.add.reduceat(unique * weights, starts) / np.add.reduceat(weights, starts)
    return PiecewiseLinear(tuple(centres.tolist()), tuple(fitted.x[starts].tolist()), "isotonic")


def straight_line(scores: FloatArray, ratings: FloatArray, *, increasing: bool = True) -> PiecewiseLinear:
    """Return the least-squares line of (n,) ratings on (n,) scores; constant if its slope has the wrong sign."""
    ends = np.array([scores.min(), scores.max()])
    spread = float(((scores - scores.mean()) ** 2).sum())
    slope = float(((scores - scores.mean()) * (ratings - ratings.mean())).sum()) / spread if spread else 0.0
    if slope == 0 or (slope > 0) != increasing:
        return PiecewiseLinear((float(ends[0]),), (float(ratings.mean()),), "line")
    values = ratings.mean() + slope * (ends - scores.mean())
    return PiecewiseLinear(tuple(ends.tolist()), tuple(values.tolist()), "line")


_FORMS = (straight_line, isotonic_curve)


def _groups(participants: IntArray, n_groups: int) -> IntArray:
    """Return the group of every video: whole people, in turn by their number of videos."""
    counts = np.bincount(participants)
    group = np.empty(len(counts), dtype=np.int64)
    group[np.argsort(-counts, kind="stable")] = np.arange(len(counts)) % n_groups
    groups_of_videos: IntArray = group[participants]
    return groups_of_videos


def _fitted_curve(scores: FloatArray, ratings: FloatArray, participants: IntArray, increasing: bool) -> PiecewiseLinear:
    """Return the isotonic curve or the line, whichever has smaller errors on people left out."""
    _, participants = np.unique(participants, return_inverse=True)
    groups = _groups(participants, min(_INNER, int(participants.max()) + 1))
    errors = [0.0, 0.0]
    for group in range(int(groups.max()) + 1):
        out = groups == group
        if out.all():
            continue
        for form, fit in enumerate(_FORMS):
            curve = fit(scores[~out], ratings[~out], increasing=increasing)
            errors[form] += float(np.abs(ratings[out] - curve.at(scores[out])).sum())
    return _FORMS[int(errors[1] < errors[0])](scores, ratings, increasing=increasing)


def _spread_curve(scores: FloatArray, errors: FloatArray) -> PiecewiseLinear:
    """Return the mean absolute error by score, in parts of equally many videos, shrunk towards the overall mean."""
    absolute = np.abs(errors)
    overall = max(float(absolute.mean()), _MIN_SPREAD)
    order = np.argsort(scores, kind="stable")
    parts = [
        part for part in np.array_split(order, max(1, min(_MAX_SPREAD_PARTS, len(order) // _PART_VIDEOS))) if len(part)
    ]
    spreads = [
        (float(absolute[part].sum()) + _SHRINKAGE_VIDEOS * overall) / (len(part) + _SHRINKAGE_VIDEOS) for part in parts
    ]
    return PiecewiseLinear(tuple(float(scores[p].mean()) for p in parts), tuple(spreads), "spread")


def _independent(errors: FloatArray, participants: IntArray) -> float:
    """Return the effective number of independent errors among (n,) errors: from the number of people to n.

    The design effect is 1 + (m - 1) rho, with rho the one-way intraclass correlation of the errors of one person and m
    the mean number of videos of the person in a video.
    """
    counts = np.bincount(participants).astype(np.float64)
    n, k = len(errors), len(counts)
    if n == k:
        return float(k)
    means = np.bincount(participants, weights=errors) / counts
    within = float(((errors - means[participants]) ** 2).sum()) / (n - k)
    between = float((counts * (means - errors.mean()) ** 2).sum()) / (k - 1)
    m = float((counts**2).sum()) / n
    spread = between + ((n - m) / (k - 1) - 1) * within
    rho = min(max((between - within) / spread, 0.0), 1.0) if spread > 0 else 1.0
    return min(max(n / (1 + (m - 1) * rho), float(k)), float(n))


def min_participants(level: float) -> int:
    """Return the smallest number of people for an interval of a level, at least 10."""
    return max(_MIN_PARTICIPANTS, math.ceil(1 / (1 - level) - 1e-9) - 1)


def scale_map(
    scores: Sequence[float] | FloatArray,
    ratings: Sequence[float] | FloatArray,
    participants: Sequence[str],
    low: float,
    high: float,
    level: float = LEVEL,
    *,
    increasing: bool = True,
) -> CalibrationMap:
    """Return the map from scores to ratings.

    Args:
        scores: (n,) scores of videos, by models that have not seen their people.
        ratings: (n,) ratings, on the scale.
        participants: Person in each video.
        low: Lowest rating of the scale.
        high: Highest rating.
        level: Level of the interval, 0.5 to below 1.
        increasing: Whether a higher rating shows better skill.

    Raises:
        DatasetError: There are too few people, the level is out of range, or a number is not finite.
    """
    x = np.asarray(scores, dtype=np.float64)
    y = np.asarray(ratings, dtype=np.float64)
    if not 0.5 <= level < 1:
        raise DatasetError(f"An interval of {100 * level:g} % is not possible: choose from 50 to below 100 %.")
    if not (np.isfinite(x).all() and np.isfinite(y).all()):
        raise DatasetError("A score or a rating is no number: scores cannot be mapped to the raters' scale.")
    names, participant_index = np.unique(np.asarray(participants, dtype=object).astype(str), return_inverse=True)
    if len(names) < min_participants(level):
        raise DatasetError(
            f"{len(names)} people are too few to map scores to the raters' scale with intervals of {100 * level:g} %: "
            f"{min_participants(level)} are needed."
        )
    groups = _groups(participant_index, min(_MAX_GROUPS, len(names)))
    curves = []
    spreads = []
    residuals = np.empty(len(x))
    for group in range(int(groups.max()) + 1):
        out = groups == group
        curves.append(_fitted_curve(x[~out], y[~out], participant_index[~out], increasing))
        spreads.append(_spread_curve(x[~out], y[~out] - curves[-1].at(x[~out])))
        residuals[out] = np.abs(y[out] - curves[-1].at(x[out])) / spreads[-1].at(x[out])
    weight = 1 / (_independent(residuals, participant_index) + 1)
    weights = (1 - weight) / (len(names) * np.bincount(participant_index)[participant_index])
    whole = _fitted_curve(x, y, participant_index, increasing)
    values = (tuple(groups.tolist()), tuple(residuals.tolist()), tuple(weights.tolist()))
    return CalibrationMap(whole, tuple(curves), tuple(spreads), *values, low, high, level, len(names))


def left_out_ratings(
    scores: FloatArray,
    ratings: FloatArray,
    participants: Sequence[str],
    low: float,
    high: float,
    level: float = LEVEL,
    *,
    increasing: bool = True,
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return (n,) ratings and the ends of their intervals by maps without their people, a group left out in turn.

    Arguments are those of ``scale_map``; with too few people for it, the ends are NaN.
    """
    _, participant_index = np.unique(np.asarray(participants, dtype=object).astype(str), return_inverse=True)
    groups = _groups(participant_index, min(_MAX_GROUPS, int(participant_index.max()) + 1))
    predicted, lows, highs = np.full((3, len(scores)), np.nan)
    for group in range(int(groups.max()) + 1):
        out = groups == group
        train_part = scores[~out], ratings[~out], participant_index[~out]
        if len(np.unique(train_part[2])) < min_participants(level):
            predicted[out] = np.clip(_fitted_curve(*train_part, increasing).at(scores[out]), low, high)
            continue
        fitted_map = scale_map(
            *train_part[:2], train_part[2].astype(str).tolist(), low, high, level, increasing=increasing
        )
        predicted[out] = fitted_map.ratings(scores[out])
        lows[out], highs[out] = fitted_map.intervals(scores[out])
    return predicted, lows, highs


def checked_map(
    scores: Sequence[float] | FloatArray,
    ratings: Sequence[float] | FloatArray,
    participants: Sequence[str],
    low: float,
    high: float,
    level: float = LEVEL,
    *,
    increasing: bool = True,
) -> tuple[CalibrationMap, CalibrationCheck]:
    """Return the map from scores to ratings, and its test: each group of people is left out, and the map made anew.

    Arguments and errors are those of ``scale_map``; one person more is needed.
    """
    whole = scale_map(scores, ratings, participants, low, high, level, increasing=increasing)
    x = np.asarray(scores, dtype=np.float64)
    y = np.asarray(ratings, dtype=np.float64)
    participant_array = np.asarray(participants)
    others = participant_array != participant_array[0]
    # raises the error if one person fewer is too few
    scale_map(x[others], y[others], participant_array[others].tolist(), low, high, level, increasing=increasing)
    predicted, lows, highs = left_out_ratings(x, y, participants, low, high, level, increasing=increasing)
    coverages = []
    for participant in np.unique(participant_array):
        inside = participant_array == participant
        coverages.append(coverage(lows[inside], highs[inside], y[inside]))
    tau = calibration_tau(predicted - y, highs - lows)
    width = mean_width(lows, highs)
    return whole, CalibrationCheck(
        float(np.mean(coverages)),
        width,
        mean_absolute_error(predicted, y),
        tau if math.isfinite(tau) else None,
        whole.n_people,
    )


def rated_participants(dataset: Dataset, names: Collection[str]) -> int:
    """Return the number of people in some videos that have ratings of the data set's criterion."""
    rated = dataset.scores.by_video() if dataset.scores is not None and not dataset.by_recording else {}
    return len({dataset.participants[name] for name in names if name in rated and name in dataset.participants})


def scale_prospect(dataset: Dataset, videos_seen: Collection[str] = (), level: float = LEVEL) -> ScaleProspect:
    """Return the prospect of a calibration of scores by the ratings of a data set, without training anything.

    People in ``videos_seen``, which the initial model was trained on, do not count. The level of the intervals is
    0.5 to below 1.
    """
    needed = min_participants(level) + 1
    if dataset.ratings is None or dataset.scores is None:
        return ScaleProspect(0, needed, "There are no ratings, so scores stay on the model's own scale.")
    if not dataset.participants or dataset.by_recording:
        text = "It is not known who is in the videos: enough for a ranking, but not for intervals on your scale."
        return ScaleProspect(0, needed, text)
    people_seen = {dataset.participants[name] for name in videos_seen if name in dataset.participants}
    usable = [name for name, participant in dataset.participants.items() if participant not in people_seen]
    n_people = rated_participants(dataset, usable)
    participants = "1 person" if n_people == 1 else f"{n_people} people"
    new = f"{participants} whom the initial model has not seen" if people_seen else participants
    if n_people >= needed:
        return ScaleProspect(n_people, needed, f"{new}: enough for a ranking and for intervals on your scale.")
    ranking_text = "enough for a ranking, too few for intervals on your scale"
    return ScaleProspect(n_people, needed, f"{new}: {ranking_text}, {needed} are needed.")


def checked_prospect(dataset: Dataset, tested: Sequence[Fold]) -> ScaleProspect:
    """Return the prospect of the raters' scale if only people of the tested folds are scored by a model new to them."""
    prospect = scale_prospect(dataset)
    n_people = rated_participants(dataset, {name for fold in tested for name in fold.held_out_videos})
    if not prospect.is_possible or n_people >= prospect.n_needed:
        return prospect
    held_out = "1 person is held out" if n_people == 1 else f"{n_people} people are held out"
    return ScaleProspect(
        n_people,
        prospect.n_needed,
        f"{held_out}: enough for a ranking, too few for intervals on your scale, {prospect.n_needed} are needed. "
        "A cross-validated check holds every person out.",
    )


def raters_scale(
    dataset: Dataset, scores: Mapping[str, float], source: str, advice: str = "", level: float = LEVEL
) -> ScoreCalibration | None:
    """Return the map from a model's scores to the ratings of a data set, tested on people left out, or a refusal.

    ``scores`` are of videos whose person the model had not seen, ``source`` is their origin in words. ``advice`` is a
    sentence on what to do where people are too few.

    Returns:
        None for a data set without ratings.
    """
    if dataset.ratings is None or dataset.scores is None:
        return None
    scale = dataset.ratings.scale(dataset.criterion)
    participants = dataset.participants
    ratings = dataset.scores.by_video()
    names = sorted(scores.keys() & ratings.keys() & participants.keys())
    x = [scores[name] for name in names]
    y = [ratings[name] for name in names]
    calibration = ScoreCalibration(
        scale.item, dataset.task, scale.step, scale.levels, scale.stated, source, refusal="-"
    )
    people = [participants[name] for name in names]
    min_people = min_participants(level) + 1
    if not participants or dataset.by_recording:
        return replace(
            calibration, refusal="The table does not say who is in the videos: scores stay off the raters' scale."
        )
    if len(set(people)) < min_people:
        refusal = (
            f"{len(set(people))} rated people whom the model has not seen are too few for the raters' scale: "
            f"{min_people} are needed.{advice and ' '}{advice}"
        )
        return replace(calibration, refusal=refusal)
    fitted_map, check = checked_map(x, y, people, scale.low, scale.high, level, increasing=not scale.less_is_better)
    return replace(calibration, map=fitted_map, check=check, refusal="")
