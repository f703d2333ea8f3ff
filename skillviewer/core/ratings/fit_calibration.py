"""Fit of the map from scores to the raters' scale: a monotone curve, with intervals for unseen people.

The interval is that of the jackknife+ (Barber, Candès, Ramdas & Tibshirani, Annals of Statistics 49, 2021), or of CV+
for many people. Curves are fitted without each group of people, and the errors of the people left out are divided by
the spread at their score (Lei et al., JASA 113, 2018, section 5.2). All people have the same weight, whatever their
numbers of videos. The unseen person is one more error, at infinity (Lee, Barber & Willett, "Distribution-free inference
with hierarchical data", 2023). Its weight follows from the number of independent errors by Kish's design effect, which
lies between the number of people and the number of videos.
"""

import math
from collections.abc import Collection, Mapping, Sequence

import numpy as np

from skillviewer.core.analysis.calibration import CalibrationCheck, CalibrationMap, PiecewiseLinear, ScoreCalibration
from skillviewer.core.arrays import FloatArray, IntArray
from skillviewer.core.dataset.dataset import Dataset, Fold
from skillviewer.core.errors import DatasetError
from skillviewer.core.evaluation.training_forecast import ScaleProspect
from skillviewer.core.ratings.rating_metrics import calibration_tau, coverage, mean_absolute_error, mean_width
from skillviewer.core.text import counted, finite_or_none

LEVEL = 0.9
"""Default level of the intervals."""

_MIN_PARTICIPANTS = 10
_MAX_GROUPS = 30
"""Number of groups of people that are left out in turn; with fewer people, each person is a group."""

_N_INNER_GROUPS = 5
"""Number of groups by which the form of a curve is selected."""

_MIN_SPREAD = 1e-6
_MAX_SPREAD_PARTS = 8
"""Most parts of the range of scores with a spread of their own."""

_PART_VIDEOS = 12
"""Fewest videos in a part."""

_SHRINKAGE_VIDEOS = 12
"""Weight, in videos, of the overall spread in the spread of a part."""


def isotonic_curve(scores: FloatArray, ratings: FloatArray, *, increasing: bool = True) -> PiecewiseLinear:
    """Return the isotonic regression of (n,) ratings on (n,) scores, through the mean score of each block."""
    from scipy import optimize  # imported late, since it takes a second

    unique_scores, indices = np.unique(scores, return_inverse=True)
    weights = np.bincount(indices).astype(np.float64)
    means = np.bincount(indices, weights=ratings) / weights
    fitted_curve = optimize.isotonic_regression(means, weights=weights, increasing=increasing)
    block_starts = fitted_curve.blocks[:-1]
    score_sums = np.add.reduceat(unique_scores * weights, block_starts)
    centres = score_sums / np.add.reduceat(weights, block_starts)
    return PiecewiseLinear(tuple(centres.tolist()), tuple(fitted_curve.x[block_starts].tolist()), "isotonic")


def straight_line(scores: FloatArray, ratings: FloatArray, *, increasing: bool = True) -> PiecewiseLinear:
    """Return the least-squares line of (n,) ratings on (n,) scores; constant if its slope has the wrong sign."""
    ends = np.array([scores.min(), scores.max()])
    score_deviations = scores - scores.mean()
    sum_of_squares = float((score_deviations**2).sum())
    slope = 0.0
    if sum_of_squares:
        slope = float((score_deviations * (ratings - ratings.mean())).sum()) / sum_of_squares
    if slope == 0 or (slope > 0) != increasing:
        return PiecewiseLinear((float(ends[0]),), (float(ratings.mean()),), "line")
    values = ratings.mean() + slope * (ends - scores.mean())
    return PiecewiseLinear(tuple(ends.tolist()), tuple(values.tolist()), "line")


def _assign_groups(participants: IntArray, n_groups: int) -> IntArray:
    """Return the group of every video; people are assigned in turn, those with most videos first."""
    n_videos = np.bincount(participants)
    group_of_participant = np.empty(len(n_videos), dtype=np.int64)
    group_of_participant[np.argsort(-n_videos, kind="stable")] = np.arange(len(n_videos)) % n_groups
    group_of_video: IntArray = group_of_participant[participants]
    return group_of_video


def _fitted_curve(scores: FloatArray, ratings: FloatArray, participants: IntArray, increasing: bool) -> PiecewiseLinear:
    """Return the straight line or the isotonic curve, whichever has smaller errors on people left out."""
    _, participant_index = np.unique(participants, return_inverse=True)
    n_people = int(participant_index.max()) + 1
    groups = _assign_groups(participant_index, min(_N_INNER_GROUPS, n_people))
    line_error = 0.0
    isotonic_error = 0.0
    for group in range(int(groups.max()) + 1):
        is_out = groups == group
        if is_out.all():
            continue
        line = straight_line(scores[~is_out], ratings[~is_out], increasing=increasing)
        isotonic = isotonic_curve(scores[~is_out], ratings[~is_out], increasing=increasing)
        line_errors = np.abs(ratings[is_out] - line.at(scores[is_out]))
        isotonic_errors = np.abs(ratings[is_out] - isotonic.at(scores[is_out]))
        line_error += float(line_errors.sum())
        isotonic_error += float(isotonic_errors.sum())
    fit = isotonic_curve if isotonic_error < line_error else straight_line
    return fit(scores, ratings, increasing=increasing)


def _spread_curve(scores: FloatArray, errors: FloatArray) -> PiecewiseLinear:
    """Return the mean absolute error by score, in parts of equally many videos, shrunk towards the overall mean."""
    absolute_errors = np.abs(errors)
    overall_spread = max(float(absolute_errors.mean()), _MIN_SPREAD)
    order = np.argsort(scores, kind="stable")
    n_parts = max(1, min(_MAX_SPREAD_PARTS, len(order) // _PART_VIDEOS))
    centres = []
    spreads = []
    for part in np.array_split(order, n_parts):
        if len(part):
            shrunk_sum = float(absolute_errors[part].sum()) + _SHRINKAGE_VIDEOS * overall_spread
            centres.append(float(scores[part].mean()))
            spreads.append(shrunk_sum / (len(part) + _SHRINKAGE_VIDEOS))
    return PiecewiseLinear(tuple(centres), tuple(spreads), "spread")


def _n_independent(errors: FloatArray, participants: IntArray) -> float:
    """Return the effective number of independent errors, between the number of people and the number of errors.

    The design effect is 1 + (m - 1) rho, where rho is the one-way intraclass correlation of the errors of one person,
    and m the mean over the videos of the number of videos of the same person.
    """
    n_videos = np.bincount(participants).astype(np.float64)
    n = len(errors)
    n_people = len(n_videos)
    if n == n_people:
        return float(n_people)
    means = np.bincount(participants, weights=errors) / n_videos
    mean_square_within = float(((errors - means[participants]) ** 2).sum()) / (n - n_people)
    mean_square_between = float((n_videos * (means - errors.mean()) ** 2).sum()) / (n_people - 1)
    m = float((n_videos**2).sum()) / n
    total = mean_square_between + ((n - m) / (n_people - 1) - 1) * mean_square_within
    rho = min(max((mean_square_between - mean_square_within) / total, 0.0), 1.0) if total > 0 else 1.0
    design_effect = 1 + (m - 1) * rho
    return min(max(n / design_effect, float(n_people)), float(n))


def min_participants(level: float) -> int:
    """Return the fewest people for intervals of a level, at least 10."""
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
        ratings: (n,) ratings of the videos.
        participants: Person in each video.
        low: Lowest rating of the scale.
        high: Highest rating of the scale.
        level: Level of the intervals, 0.5 to below 1.
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
    groups = _assign_groups(participant_index, min(_MAX_GROUPS, len(names)))
    curves = []
    spreads = []
    residuals = np.empty(len(x))
    for group in range(int(groups.max()) + 1):
        is_out = groups == group
        curve = _fitted_curve(x[~is_out], y[~is_out], participant_index[~is_out], increasing)
        spread = _spread_curve(x[~is_out], y[~is_out] - curve.at(x[~is_out]))
        residuals[is_out] = np.abs(y[is_out] - curve.at(x[is_out])) / spread.at(x[is_out])
        curves.append(curve)
        spreads.append(spread)
    unseen_weight = 1 / (_n_independent(residuals, participant_index) + 1)
    n_videos_of_person = np.bincount(participant_index)[participant_index]
    weights = (1 - unseen_weight) / (len(names) * n_videos_of_person)
    return CalibrationMap(
        curve=_fitted_curve(x, y, participant_index, increasing),
        left_out=tuple(curves),
        spreads=tuple(spreads),
        group=tuple(groups.tolist()),
        residuals=tuple(residuals.tolist()),
        weights=tuple(weights.tolist()),
        low=low,
        high=high,
        level=level,
        n_people=len(names),
    )


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
    """Return the rating of every video by a map without its person, (n,), and the ends of the intervals.

    The arguments are those of ``scale_map``. With too few people for intervals, the ends are NaN.
    """
    _, participant_index = np.unique(np.asarray(participants, dtype=object).astype(str), return_inverse=True)
    n_people = int(participant_index.max()) + 1
    groups = _assign_groups(participant_index, min(_MAX_GROUPS, n_people))
    predicted_ratings = np.full(len(scores), np.nan)
    lows = np.full(len(scores), np.nan)
    highs = np.full(len(scores), np.nan)
    for group in range(int(groups.max()) + 1):
        is_out = groups == group
        train_scores = scores[~is_out]
        train_ratings = ratings[~is_out]
        train_people = participant_index[~is_out]
        if len(np.unique(train_people)) < min_participants(level):
            curve = _fitted_curve(train_scores, train_ratings, train_people, increasing)
            predicted_ratings[is_out] = np.clip(curve.at(scores[is_out]), low, high)
            continue
        people_names = train_people.astype(str).tolist()
        fitted_map = scale_map(
            train_scores,
            train_ratings,
            participants=people_names,
            low=low,
            high=high,
            level=level,
            increasing=increasing,
        )
        predicted_ratings[is_out] = fitted_map.ratings(scores[is_out])
        lows[is_out], highs[is_out] = fitted_map.intervals(scores[is_out])
    return predicted_ratings, lows, highs


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
    """Return the map from scores to ratings, and its test by maps that leave out each group of people in turn.

    Arguments and errors are those of ``scale_map``, but one person more is needed.
    """
    full_map = scale_map(scores, ratings, participants, low, high, level, increasing=increasing)
    x = np.asarray(scores, dtype=np.float64)
    y = np.asarray(ratings, dtype=np.float64)
    participant_array = np.asarray(participants)
    is_other = participant_array != participant_array[0]
    # raises the error if the map without one person has too few
    scale_map(
        x[is_other],
        y[is_other],
        participants=participant_array[is_other].tolist(),
        low=low,
        high=high,
        level=level,
        increasing=increasing,
    )
    predicted_ratings, lows, highs = left_out_ratings(x, y, participants, low, high, level, increasing=increasing)
    coverages = []
    for participant in np.unique(participant_array):
        is_own = participant_array == participant
        coverages.append(coverage(lows[is_own], highs[is_own], y[is_own]))
    tau = calibration_tau(predicted_ratings - y, highs - lows)
    check = CalibrationCheck(
        coverage=float(np.mean(coverages)),
        width=mean_width(lows, highs),
        mae=mean_absolute_error(predicted_ratings, y),
        tau=finite_or_none(tau),
        n_people=full_map.n_people,
    )
    return full_map, check


def rated_participants(dataset: Dataset, names: Collection[str]) -> int:
    """Return the number of people in some videos with ratings of the data set's criterion; 0 if people are unknown."""
    if dataset.scores is None or dataset.by_recording:
        return 0
    ratings_by_video = dataset.scores.by_video()
    participants = dataset.participants
    return len({participants[name] for name in names if name in ratings_by_video and name in participants})


def scale_prospect(dataset: Dataset, videos_seen: Collection[str] = (), level: float = LEVEL) -> ScaleProspect:
    """Return the prospect of scores on the raters' scale, before a training.

    Args:
        dataset: The data set.
        videos_seen: Videos that the initial model was trained on, whose people do not count.
        level: Level of the intervals, 0.5 to below 1.
    """
    n_needed = min_participants(level) + 1
    if dataset.ratings is None or dataset.scores is None:
        return ScaleProspect(0, n_needed, "There are no ratings, so scores stay on the model's own scale.")
    if not dataset.participants or dataset.by_recording:
        text = "It is not known who is in the videos: enough for a ranking, but not for intervals on your scale."
        return ScaleProspect(0, n_needed, text)
    people_seen = {dataset.participants[name] for name in videos_seen if name in dataset.participants}
    usable_names = [name for name, participant in dataset.participants.items() if participant not in people_seen]
    n_people = rated_participants(dataset, usable_names)
    people_text = counted(n_people, "person", "people")
    if people_seen:
        people_text = f"{people_text} whom the initial model has not seen"
    if n_people >= n_needed:
        text = (
            f"{people_text}: enough for a ranking and intervals on your scale; how wide these are, only the training "
            "shows."
        )
    else:
        text = f"{people_text}: enough for a ranking, too few for intervals on your scale ({n_needed} are needed)."
    return ScaleProspect(n_people, n_needed, text)


def checked_prospect(dataset: Dataset, tested_folds: Sequence[Fold]) -> ScaleProspect:
    """Return the prospect if only people in the held-out videos of the tested folds are scored without being seen."""
    prospect = scale_prospect(dataset)
    n_people = rated_participants(dataset, {name for fold in tested_folds for name in fold.held_out_videos})
    if not prospect.is_possible or n_people >= prospect.n_needed:
        return prospect
    held_out_text = "1 person is held out" if n_people == 1 else f"{n_people} people are held out"
    return ScaleProspect(
        n_people,
        prospect.n_needed,
        f"{held_out_text}: enough for a ranking, too few for intervals on your scale ({prospect.n_needed} are needed). "
        "A cross-validated check holds everyone out.",
    )


def raters_scale(
    dataset: Dataset, scores: Mapping[str, float], source: str, advice: str = "", level: float = LEVEL
) -> ScoreCalibration | None:
    """Return the raters' scale for a model's scores, with a tested map or a refusal; None if there are no ratings.

    Args:
        dataset: The data set.
        scores: Scores of videos by models that have not seen their people.
        source: Text on the origin of the scores.
        advice: Sentence on what to do if there are too few people, or "".
        level: Level of the intervals, 0.5 to below 1.
    """
    if dataset.ratings is None or dataset.scores is None:
        return None
    scale = dataset.ratings.scale(dataset.criterion)
    participants = dataset.participants
    ratings = dataset.scores.by_video()
    names = sorted(scores.keys() & ratings.keys() & participants.keys())
    people = [participants[name] for name in names]
    n_needed = min_participants(level) + 1
    fitted_map = None
    check = None
    refusal = ""
    if not participants or dataset.by_recording:
        refusal = "The table does not say who is in the videos: scores stay off the raters' scale."
    elif len(set(people)) < n_needed:
        refusal = (
            f"{len(set(people))} rated people whom the model has not seen are too few for the raters' scale: "
            f"{n_needed} are needed."
        )
        if advice:
            refusal = f"{refusal} {advice}"
    else:
        fitted_map, check = checked_map(
            [scores[name] for name in names],
            [ratings[name] for name in names],
            participants=people,
            low=scale.low,
            high=scale.high,
            level=level,
            increasing=not scale.less_is_better,
        )
    return ScoreCalibration(
        criterion=scale.item,
        task=dataset.task,
        step=scale.step,
        levels=scale.levels,
        stated=scale.stated,
        source=source,
        map=fitted_map,
        check=check,
        refusal=refusal,
    )
