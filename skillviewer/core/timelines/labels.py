"""Labels of moments: the vocabulary of a study, and counts and agreement of raters and models."""

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from skillviewer.core.arrays import FloatArray
from skillviewer.core.errors import SettingsError
from skillviewer.core.ratings.reliability import weighted_kappa
from skillviewer.core.text import finite_or_none
from skillviewer.core.timelines.annotation import Annotation

BIN_S = 1.0
"""Duration of the time bins in which two raters are compared."""

TOLERANCE_S = 0.5
"""Greatest difference between the starts of two raters' moments that count as one, at the first rater's time."""

ANY = "(any)"
"""Label that stands for every moment, and the only one for the moments of a model."""

_LABEL = re.compile(r"([^=#,]{1,60})=([A-Za-z0-9])(#[0-9A-Fa-f]{6})?")


@dataclass(frozen=True, slots=True)
class MomentLabel:
    """A label of a study, the key that sets it, and its colour as #rrggbb, or ""."""

    name: str
    key: str
    colour: str = ""


def parse_labels(text: str) -> tuple[MomentLabel, ...]:
    """Return labels from text such as ``slip=s, good grasp=g#2e7d32``.

    Raises:
        SettingsError: The text has another form, or a name or a key occurs twice.
    """
    labels = []
    for label_text in (part.strip() for part in text.split(",")):
        if not label_text:
            continue
        match = _LABEL.fullmatch(label_text)
        if match is None:
            raise SettingsError(
                f"“{label_text}” is no label: write NAME=KEY or NAME=KEY#RRGGBB, such as slip=s#d32f2f."
            )
        colour = "" if match[3] is None else match[3]
        labels.append(MomentLabel(match[1].strip(), match[2].lower(), colour))
    _check_unique([label.name.casefold() for label in labels])
    _check_unique([label.key for label in labels])
    return tuple(labels)


def _check_unique(values: Sequence[str]) -> None:
    for value, count in Counter(values).items():
        if count > 1:
            raise SettingsError(f"“{value}” stands twice among the labels: names and keys must differ.")


@dataclass(frozen=True, slots=True)
class LabelCount:
    """Number of moments with one label that a rater or a model marked in a video.

    Attributes:
        video: Name of the video.
        rater: Rater, or name of the model.
        label: Label, or "" for none; for a model “raised the score” or “lowered the score”.
        n: Number of moments.
        total_s: Total duration of the moments.
    """

    video: str
    rater: str
    label: str
    n: int
    total_s: float


@dataclass(frozen=True, slots=True)
class LabelAgreement:
    """Agreement of two raters, or of a rater and a model, on the times of a label.

    Attributes:
        label: The label, or ``ANY``.
        first: First rater or model.
        second: Second rater or model.
        kappa: Cohen's kappa over time bins; None if undefined.
        low: Lower end of the 95 % interval of kappa.
        high: Upper end of the interval.
        n_first: Moments by the first in the compared videos.
        n_second: Moments by the second in the compared videos.
        n_videos: Number of compared videos, in which both marked moments.
        n_bins: Number of time bins of these videos.
        bin_s: Duration of a bin.
        tolerance_s: Greatest difference between the starts of two moments that count as one.
    """

    label: str
    first: str
    second: str
    kappa: float | None
    low: float | None
    high: float | None
    n_first: int
    n_second: int
    n_videos: int
    n_bins: int
    bin_s: float
    tolerance_s: float


LabelledVideo = tuple[float, Sequence[Annotation]]
"""Duration of a video in seconds, and its moments; the text of a moment is its label."""


def label_counts(videos: Mapping[str, LabelledVideo]) -> list[LabelCount]:
    """Return the number of moments of each label, by video and rater."""
    durations_s: dict[tuple[str, str, str], list[float]] = {}
    for video, (_, moments) in videos.items():
        for moment in moments:
            durations_s.setdefault((video, moment.author, moment.text), []).append(moment.stop_s - moment.start_s)
    return [
        LabelCount(video, rater, label, n=len(lengths_s), total_s=round(sum(lengths_s), 6))
        for (video, rater, label), lengths_s in sorted(durations_s.items())
    ]


def label_agreement(videos: Mapping[str, LabelledVideo], models: Sequence[str]) -> list[LabelAgreement]:
    """Return the agreement of every two raters on each label and on ``ANY``; with a model on ``ANY`` only."""
    authors = {moment.author for _, moments in videos.values() for moment in moments}
    rows = []
    for first, second in combinations(sorted(authors), 2):
        common_videos = [
            (duration_s, moments)
            for duration_s, moments in videos.values()
            if {first, second} <= {moment.author for moment in moments}
        ]
        if not common_videos:
            continue
        labels = [ANY]
        if first not in models and second not in models:
            labels += _labels_by(first, second, common_videos)
        rows += [_agreement_on(label, first, second, common_videos) for label in labels]
    return rows


def _labels_by(first: str, second: str, videos: Sequence[LabelledVideo]) -> list[str]:
    """Return the labels that either of two raters used in some videos, sorted."""
    labels = {moment.text for _, moments in videos for moment in moments if moment.author in (first, second)}
    return sorted(labels - {""})


def _agreement_on(label: str, first: str, second: str, videos: Sequence[LabelledVideo]) -> LabelAgreement:
    """Return the agreement of two raters on one label in the videos in which both marked moments."""
    n_first = 0
    n_second = 0
    first_bins = []
    second_bins = []
    for duration_s, moments in videos:
        labelled = [moment for moment in moments if label in (ANY, moment.text)]
        by_first = [moment for moment in labelled if moment.author == first]
        by_second = [moment for moment in labelled if moment.author == second]
        n_first += len(by_first)
        n_second += len(by_second)
        first_bins.append(_time_bins(duration_s, by_first))
        second_bins.append(_time_bins(duration_s, _aligned(by_second, by_first)))
    kappa = weighted_kappa(np.concatenate(first_bins), np.concatenate(second_bins))
    return LabelAgreement(
        label=label,
        first=first,
        second=second,
        kappa=finite_or_none(round(kappa.value, 6)),
        low=finite_or_none(round(kappa.low, 6)),
        high=finite_or_none(round(kappa.high, 6)),
        n_first=n_first,
        n_second=n_second,
        n_videos=len(videos),
        n_bins=sum(len(bins) for bins in first_bins),
        bin_s=BIN_S,
        tolerance_s=TOLERANCE_S,
    )


def _time_bins(duration_s: float, moments: Sequence[Annotation]) -> FloatArray:
    """Return 1 for each time bin that a moment touches, else 0."""
    bins = np.zeros(max(1, math.ceil(duration_s / BIN_S)))
    for moment in moments:
        first_bin = int(moment.start_s // BIN_S)
        stop_bin = max(math.ceil(moment.stop_s / BIN_S), first_bin + 1)
        bins[first_bin:stop_bin] = 1
    return bins


def _aligned(moments: Sequence[Annotation], others: Sequence[Annotation]) -> list[Annotation]:
    """Replace each moment by the nearest unused moment of ``others`` that begins within the tolerance."""
    unused = list(others)
    aligned_moments = []
    for moment in moments:
        nearest_moment = min(unused, key=lambda other: abs(other.start_s - moment.start_s), default=None)
        if nearest_moment is None or abs(nearest_moment.start_s - moment.start_s) > TOLERANCE_S:
            aligned_moments.append(moment)
        else:
            unused.remove(nearest_moment)
            aligned_moments.append(nearest_moment)
    return aligned_moments
