"""Moments: the few intervals of a video that moved the score most, up or down.

The worth of a segment is either its contribution (the score minus the score without the segment: its effect on the
final score) or the change of the score curve from the previous segment, mean over the passes (the model's reaction at
the time, which it may forget; 0 for the first segment). An interval grows from its strongest segment over neighbours of
the same sign that are worth at least half as much; its worth is the sum. Two intervals of one sign never touch, and
none overlap.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from skillviewer.core.analysis.analysis import Analysis, MapKind, MapRect
from skillviewer.core.analysis.map_comparison import Partition, mass, spread
from skillviewer.core.analysis.map_style import Overlay
from skillviewer.core.analysis.scene import Scene
from skillviewer.core.arrays import FloatArray, IntArray
from skillviewer.core.explanation.evidence import Evidence
from skillviewer.core.explanation.faithfulness import rounding_of
from skillviewer.core.text import plain

MIN_MOMENTS = 3
MAX_MOMENTS = 5
"""Least and greatest number of moments of a video with enough segments."""

WORTH_TELLING = 0.25
"""Beyond the least number, an interval must be worth this fraction of the strongest."""

NEGLIGIBLE = 0.02
"""Segments worth less than this fraction of the strongest are worth nothing."""

HALF_HEIGHT = 0.5
"""Fraction of its strongest segment's worth down to which an interval grows."""

BY_ORDER = 0.6
"""From this rank correlation of order and size on, contributions describe the order of the segments."""

MIN_SEGMENTS_TO_RANK = 8
"""Least number of segments for that correlation."""

MAINLY = 2.0
"""Least ratio of a region's attention to that of a uniform map, for attention to be mainly on the region."""

PLACES = (
    ("the upper left", "the top", "the upper right"),
    ("the left", "the middle", "the right"),
    ("the lower left", "the bottom", "the lower right"),
)
"""Regions of the picture, a grid of 3 x 3, as the viewer sees them."""

CROPPED_BELOW = 0.5
"""Share of the picture below which regions are those of the part that the maps cover.

In a smaller part one region of the picture can hold so much of a uniform map that no map is mainly on it.
"""


class Basis(StrEnum):
    """Definition of a segment's worth."""

    CONTRIBUTION = "contribution of the segments"
    CURVE = "change of the score curve"


@dataclass(frozen=True, slots=True)
class Moment:
    """One interval of a video that moved the score."""

    first_segment: int  # first segment of the model in the interval, from 0
    last_segment: int  # last segment
    start_frame: int  # first frame
    stop_frame: int  # frame after the last
    start_s: float  # time at which the first frame appears
    stop_s: float  # time at which the last frame leaves the screen
    key_frame: int  # frame that the model sampled (in its first pass) in the strongest segment
    amount: float  # worth, signed, in units of the score
    basis: Basis  # definition of the worth
    change: float  # change of the mean score curve over the interval
    contribution: float | None  # sum of its segments' contributions to the score, or None without evidence
    hardly_counts: bool  # whether that sum is negligible: the final score hardly depends on the interval
    # region with most of the attention ("the upper left"), "" if attention was spread, or None for a model without a
    # map
    place: str | None
    cropped: bool = False  # whether the region is one of the part that the model sees, not of the whole picture

    def sentence(self, digits: int = 2) -> str:
        """Describe the moment in neutral words, its score with ``digits`` decimals.

        "The score fell by 0.43 in this part. Attention was mainly on the left of the picture."
        Sides are those of the picture as the viewer sees it; the model does not say what is shown there.
        """
        size = f"{abs(self.amount):.{digits}f}"
        if self.basis is Basis.CURVE:
            effect = f"The score {'rose' if self.amount > 0 else 'fell'} by {size} in this part"
            if self.hardly_counts:
                effect += ", but the final score hardly depends on it"
        else:
            effect = f"This part {'raised' if self.amount > 0 else 'lowered'} the score by {size}"
            if self.change * self.amount < 0:
                effect += f", although the curve {'rose' if self.change > 0 else 'fell'} here"
        if self.place is None:
            return f"{effect}."
        whole = whole_text(cropped=self.cropped)
        region_text = f"mainly on {self.place} of {whole}" if self.place else f"spread over {whole}"
        return f"{effect}. Attention was {region_text}."


def find_moments(
    analysis: Analysis, evidence: Evidence | None = None, basis: Basis | None = None
) -> tuple[Moment, ...]:
    """Return the 3 to 5 intervals that moved the score most, in order of time; fewer in a video with fewer.

    Both signs occur if some segments raise and others lower the score.

    ``basis`` is the definition of worth: None for that of ``usual_basis``.

    Raises:
        ValueError: The evidence belongs to another analysis, or the basis needs evidence.
    """
    if evidence is not None and not evidence.belongs_to(analysis):
        raise ValueError("the evidence is of another analysis")
    basis = usual_basis(evidence) if basis is None else basis
    contributions = None if evidence is None else evidence.contributions
    worth = curve_changes(analysis) if basis is Basis.CURVE else contributions
    if worth is None:
        raise ValueError("contributions are known from evidence alone")
    owner = _segments_with_frames(analysis)
    by_frames = np.bincount(owner, weights=worth).astype(np.float64)
    negligible = max(rounding_of(analysis.score), NEGLIGIBLE * float(np.abs(by_frames).max()))
    moments = [
        _moment(analysis, worth, contributions, basis, np.flatnonzero((owner >= first) & (owner <= last)))
        for first, last in chosen_intervals(by_frames, negligible)
    ]
    return tuple(sorted(moments, key=lambda moment: moment.start_frame))


def usual_basis(evidence: Evidence | None) -> Basis:
    """Return the definition of worth to find moments by: contributions if there is evidence that tells of the time.

    In a recurrent model a segment may count more the later it comes, whatever it shows. Where the sizes of the
    contributions mainly rank the segments by their order (``BY_ORDER``), moments are those of the score curve.
    """
    if evidence is None:
        return Basis.CURVE
    sizes = np.abs(evidence.contributions)
    if len(sizes) < MIN_SEGMENTS_TO_RANK or np.ptp(sizes) == 0:
        return Basis.CONTRIBUTION
    _, places, counts = np.unique(sizes, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[places]  # equal ones share the mean of their ranks
    return Basis.CURVE if np.corrcoef(ranks, np.arange(len(ranks)))[0, 1] >= BY_ORDER else Basis.CONTRIBUTION


def standing_out(moments: Sequence[Moment], analysis: Analysis) -> tuple[Moment, ...]:
    """Return the moments worth more than half the width of the score's interval; all without an interval.

    The interval is the effect of the choice of frames: a smaller moment may be due to that choice.
    """
    half = analysis.half_intervals
    return tuple(m for m in moments if half is None or abs(m.amount) > float(half[-1]))


def none_stands_out(analysis: Analysis, n_smaller: int, digits: int = 2) -> str:
    """Return a sentence for a video without a moment that stands out; ``n_smaller`` moments are within the interval."""
    half = analysis.half_intervals
    if half is None or not n_smaller:
        return "No part of this video changed the score more than others."
    return (
        "No single part stands out: none moves the score by more than the choice of frames does "
        f"(95 % interval ±{float(half[-1]):.{digits}f})."
    )


def curve_changes(analysis: Analysis) -> FloatArray:
    """Return (N,) the change of the score curve, mean over the passes, in each segment; 0 in the first."""
    curve = analysis.score_curve.mean(axis=0)
    return np.diff(curve, prepend=curve[:1])


def _segments_with_frames(analysis: Analysis) -> IntArray:
    """Return (N,) the index of the set of frames that each segment covers, from 0.

    In a video with fewer frames than segments some segments are empty: they share the frame of the previous one.
    """
    new = analysis.segment_stops > analysis.segment_starts
    return np.cumsum(new).astype(np.int64) - 1


def intervals(worth: FloatArray, negligible: float) -> list[tuple[int, int]]:
    """Cut (N,) worths of segments into intervals, the strongest first; worths up to ``negligible`` count as zero.

    Returns:
        (first, last) segment of each interval, inclusive.
    """
    free = np.abs(worth) > negligible
    found_intervals = []
    for seed in np.argsort(-np.abs(worth), kind="stable").tolist():
        if not free[seed]:
            continue
        fits = free & (worth * worth[seed] > 0) & (np.abs(worth) >= HALF_HEIGHT * abs(worth[seed]))
        first = last = seed
        while first > 0 and fits[first - 1]:
            first -= 1
        while last + 1 < len(worth) and fits[last + 1]:
            last += 1
        free[first : last + 1] = False
        # the rest of the slope on either side joins no other interval of this sign
        for neighbour in (first - 1, last + 1):
            if 0 <= neighbour < len(worth) and worth[neighbour] * worth[seed] > 0:
                free[neighbour] = False
        found_intervals.append((first, last))
    return found_intervals


def chosen_intervals(worth: FloatArray, negligible: float) -> list[tuple[int, int]]:
    """Choose the intervals to report (see ``find_moments``), the strongest first."""
    amounts = {s: float(worth[s[0] : s[1] + 1].sum()) for s in intervals(worth, negligible)}
    ranked = sorted(amounts, key=lambda s: (-abs(amounts[s]), s))
    selected = ranked[:MIN_MOMENTS]
    selected += [
        s for s in ranked[MIN_MOMENTS:MAX_MOMENTS] if abs(amounts[s]) >= WORTH_TELLING * abs(amounts[ranked[0]])
    ]
    others = [s for s in ranked if amounts[s] * amounts[ranked[0]] < 0]
    if others and others[0] not in selected:
        selected = [*selected[: MAX_MOMENTS - 1], others[0]]
    return selected


def _moment(
    analysis: Analysis,
    worth: FloatArray,
    contributions: FloatArray | None,
    basis: Basis,
    segments: NDArray[np.signedinteger],
) -> Moment:
    first, last = int(segments[0]), int(segments[-1])
    start = int(analysis.segment_starts[first])
    stop = int(analysis.segment_stops[last])
    strongest = segments[np.argmax(np.abs(worth[segments]))]
    contribution = None if contributions is None else float(contributions[segments].sum())
    threshold = 0.0 if contributions is None else NEGLIGIBLE * float(np.abs(contributions).max())
    return Moment(
        first_segment=first,
        last_segment=last,
        start_frame=start,
        stop_frame=stop,
        start_s=float(analysis.video.times_s[start]),
        stop_s=analysis.video.end_s(stop - 1),
        key_frame=int(analysis.samples[0, strongest]),
        amount=float(worth[segments].sum()),
        basis=basis,
        change=float(curve_changes(analysis)[segments].sum()),
        contribution=contribution,
        hardly_counts=contribution is not None and abs(contribution) <= threshold,
        place=mainly_looked_at(analysis, first, last),
        cropped=is_cropped(analysis.map_rect),
    )


def is_cropped(rect: MapRect) -> bool:
    """Return True if maps cover so little of the picture that regions are those of the covered part."""
    return (rect.right - rect.left) * (rect.bottom - rect.top) < CROPPED_BELOW


def whole_text(*, cropped: bool) -> str:
    """Return the words for the area that is divided into regions."""
    return "the part of the picture that the model sees" if cropped else "the picture"


def thirds(rect: MapRect) -> Partition:
    """Return the 3 x 3 regions of the picture, in the order of ``PLACES``; the outer ones reach as far as a map.

    Regions of a cropped map (``is_cropped``) are those of the covered part.
    """
    if is_cropped(rect):
        return Partition(np.linspace(rect.left, rect.right, 4), np.linspace(rect.top, rect.bottom, 4))
    return Partition(
        np.array([min(rect.left, 0.0), 1 / 3, 2 / 3, max(rect.right, 1.0)]),
        np.array([min(rect.top, 0.0), 1 / 3, 2 / 3, max(rect.bottom, 1.0)]),
    )


def mainly_looked_at(analysis: Analysis, first_segment: int, last_segment: int) -> str | None:
    """Return the region most attended to from a first to a last segment, inclusive, over all passes.

    Regions are those of ``thirds``.

    Returns:
        One of ``PLACES``; "" if it gets less than ``MAINLY`` times the share of a uniform map; None for a model without
        a map.
    """
    if analysis.map_kind is MapKind.NONE:
        return None
    rect = analysis.map_rect
    ninths = thirds(rect)
    maps = mass(analysis.attention[:, first_segment : last_segment + 1]).mean(axis=(0, 1))
    attended = spread(maps, rect, ninths)
    uniform = spread(np.full(maps.shape, 1 / maps.size), rect, ninths)
    row, column = (int(i) for i in np.unravel_index(int(np.argmax(attended)), attended.shape))
    return PLACES[row][column] if attended[row, column] >= MAINLY * uniform[row, column] else ""


def format_peak(scene: Scene) -> str:
    """Return the position of the map's maximum and its value as text; "" without a map."""
    if scene.values is None or scene.map_style.overlay is Overlay.OFF:
        return ""
    h, w = scene.values.shape
    row, column = divmod(int(np.argmax(np.abs(scene.values))), w)
    rect = scene.rect
    y = rect.top + (rect.bottom - rect.top) * (row + 0.5) / h
    x = rect.left + (rect.right - rect.left) * (column + 0.5) / w
    place = PLACES[min(max(int(3 * y), 0), 2)][min(max(int(3 * x), 0), 2)]
    unit = " times the average" if scene.kind is MapKind.DISTRIBUTION else ""
    return f"strongest at {place}: {plain(float(scene.values[row, column]))}{unit}"


@dataclass(frozen=True, slots=True)
class PictureRegion:
    """A region of the picture (3 x 3) and the contribution of its cells to the score."""

    place: str  # one of ``PLACES``: "the upper left"
    amount: float  # signed sum of the contributions of its cells; a cell on the border counts by its covered share
    cropped: bool = False  # whether the region is one of the part that the model sees, not of the whole picture


def strongest_regions(
    analysis: Analysis, evidence: Evidence
) -> tuple[PictureRegion | None, PictureRegion | None] | None:
    """Return the region of the picture that raised the score most and the one that lowered it most.

    Returns:
        (raised, lowered), each None if no region did so by a noticeable amount; None for a model without cells.
    """
    cells = evidence.cell_contributions
    if cells is None:
        return None
    rect = analysis.map_rect
    amounts = spread(cells, rect, thirds(rect))
    threshold = max(rounding_of(evidence.score), NEGLIGIBLE * float(np.abs(amounts).max()))
    regions = []
    for sign in (1.0, -1.0):
        row, column = (int(i) for i in np.unravel_index(int(np.argmax(sign * amounts)), amounts.shape))
        amount = float(amounts[row, column])
        region = PictureRegion(PLACES[row][column], amount, is_cropped(rect))
        regions.append(region if sign * amount > threshold else None)
    return regions[0], regions[1]
