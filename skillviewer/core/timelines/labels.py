"""Labels of moments: the vocabulary of a study, and the counts and agreement of those who use it."""

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
from skillviewer.core.text import defined
from skillviewer.core.timelines.annotation import Annotation

BIN_S = 1.0
"""Length of the time bins in which two raters are compared."""
TOLERANCE_S = 0.5
"""Moments of two raters that begin within this time of each other count as one, at the first rater's time."""
ANY = "(any)"
"""Label that stands for every moment; a model's moments have no other."""

_FORM = re.compile(r"([^=#,]{1,60})=([A-Za-z0-9])(#[0-9A-Fa-f]{6})?")


@dataclass(frozen=True, slots=True)
class MomentLabel:
    """A label of a study, the key that sets it, and its colour as #rrggbb, or ""."""

    name: str
    key: str
    colour: str = ""


def labels_from(text: str) -> tuple[MomentLabel, ...]:
    """Return labels from their written form: ``slip=s, good grasp=g#2e7d32``.

    Raises:
        SettingsError: The text has another form, or a name or a key twice.
    """
    labels = []
    for part in filter(None, (part.strip() for part in text.split(","))):
        match = _FORM.fullmatch(part)
        if match is None:
            raise SettingsError(f"“{part}” is no label: write NAME=KEY or NAME=KEY#RRGGBB, such as slip=s#d32f2f.")
        labels.append(MomentLabel(match[1].strip(), match[2].lower(), match[3] or ""))
    for values in ([label.name.casefold() for label in labels], [label.key for label in labels]):
        twice = [word for word, n in Counter(values).items() if n > 1]
        if twice:
            raise SettingsError(f"“{twice[0]}” stands twice among the labels: names and keys must differ.")
    return tuple(labels)


@dataclass(frozen=True, slots=True)
class LabelCount:
    """Moments of one label that a rater, or a model, marked in a video.

    Attributes:
        video: Name of the video.
        rater: Rater, or name of the model.
        label: Label; of a model “raised the score” or “lowered the score”, and empty for a moment without one.
        n: Number of moments.
        total_s: Their length together.
    """

    video: str
    rater: str
    label: str
    n: int
    total_s: float


@dataclass(frozen=True, slots=True)
class LabelAgreement:
    """Agreement of two raters, or of a rater and a model, on when a label holds.

    Attributes:
        label: The label, or ``ANY``.
        first: One of them.
        second: The other.
        kappa: Cohen's kappa over time bins; None if it is not defined.
        low: Lower end of its 95 % interval.
        high: Upper end.
        n_first: Moments of the first in the compared videos.
        n_second: Moments of the second.
        n_videos: Videos in which both marked something.
        n_bins: Time bins of these videos.
        bin_s: Length of a bin.
        tolerance_s: Distance within which two moments count as one.
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


Marked = Mapping[str, tuple[float, Sequence[Annotation]]]
"""Duration in seconds and moments of each video; the text of a moment is its label."""


def label_counts(videos: Marked) -> list[LabelCount]:
    """Return the number of moments of each label, by video and rater."""
    durations: dict[tuple[str, str, str], list[float]] = {}
    for video, (_, moments) in videos.items():
        for moment in moments:
            durations.setdefault((video, moment.author, moment.text), []).append(moment.stop_s - moment.start_s)
    return [LabelCount(*key, len(lengths), round(sum(lengths), 6)) for key, lengths in sorted(durations.items())]


def label_agreement(videos: Marked, models: Sequence[str]) -> list[LabelAgreement]:
    """Return the agreement of every two raters on each label and on any; of a rater and a model on any alone."""
    every = [moment for _, moments in videos.values() for moment in moments]
    rows = []
    for first, second in combinations(sorted({moment.author for moment in every}), 2):
        both = [video for video in videos.values() if {first, second} <= {moment.author for moment in video[1]}]
        labels = sorted(
            {moment.text for _, moments in both for moment in moments if moment.author in (first, second)} - {""}
        )
        for label in (ANY, *(() if {first, second} & set(models) else labels)) if both else ():
            bins = []
            counts = (0, 0)
            for duration_s, moments in both:
                a = [m for m in moments if m.author == first and label in (ANY, m.text)]
                b = [m for m in moments if m.author == second and label in (ANY, m.text)]
                counts = (counts[0] + len(a), counts[1] + len(b))
                bins.append(np.stack([_bins(duration_s, a), _bins(duration_s, _aligned(b, a))]))
            first_bins, second_bins = np.concatenate(bins, axis=1)
            kappa_estimate = weighted_kappa(first_bins, second_bins)
            kappa = defined(round(kappa_estimate.value, 6))
            low = defined(round(kappa_estimate.low, 6))
            high = defined(round(kappa_estimate.high, 6))
            numbers = (*counts, len(both), len(first_bins))
            rows.append(LabelAgreement(label, first, second, kappa, low, high, *numbers, BIN_S, TOLERANCE_S))
    return rows


def _bins(duration_s: float, moments: Sequence[Annotation]) -> FloatArray:
    """Return 1 for each time bin that a moment touches, else 0."""
    bins = np.zeros(max(1, math.ceil(duration_s / BIN_S)))
    for moment in moments:
        bins[int(moment.start_s // BIN_S) : max(math.ceil(moment.stop_s / BIN_S), int(moment.start_s // BIN_S) + 1)] = 1
    return bins


def _aligned(moments: Sequence[Annotation], others: Sequence[Annotation]) -> list[Annotation]:
    """Return moments, each moved onto the nearest free one of the others that begins within the tolerance."""
    free = list(others)
    aligned = []
    for moment in moments:
        near = min(free, key=lambda other: abs(other.start_s - moment.start_s), default=None)
        if near is None or abs(near.start_s - moment.start_s) > TOLERANCE_S:
            near = moment
        else:
            free.remove(near)
        aligned.append(near)
    return aligned
