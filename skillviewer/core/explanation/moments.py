"""Moments: the few intervals of a video that moved the score most, up or down.

The effect of a segment has one of two definitions. It is the contribution of the segment to the final score, or the
change of the score curve from the previous segment, mean over the passes (0 for the first segment). The latter is the
model's reaction at the time, which later frames may undo. An interval grows from its strongest segment over neighbours
with effects of the same sign and at least half the size. The effect of an interval is the sum over its segments. Two
intervals of one sign never touch, and no intervals overlap.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from skillviewer.core.analysis.analysis import Analysis, MapKind, MapRect
from skillviewer.core.analysis.map_comparison import Partition, normalised_mass, redistribute_mass
from skillviewer.core.analysis.map_style import Overlay
from skillviewer.core.analysis.scene import Scene
from skillviewer.core.arrays import FloatArray, IntArray, spearman
from skillviewer.core.explanation.evidence import Evidence
from skillviewer.core.explanation.faithfulness import rounding_of
from skillviewer.core.text import format_number

MIN_MOMENTS = 3
MAX_MOMENTS = 5
"""Least and greatest number of moments of a video with enough segments."""

MIN_EFFECT_SHARE = 0.25
"""Least effect of a moment beyond ``MIN_MOMENTS``, as a fraction of the strongest moment's effect."""

NEGLIGIBLE = 0.02
"""Size below which effects count as zero, as a fraction of the strongest segment's effect."""

HALF_HEIGHT = 0.5
"""Least effect of a segment in an interval, as a fraction of the effect of the interval's strongest segment."""

BY_ORDER = 0.6
"""Rank correlation from which the sizes of contributions mainly reflect the order of the segments."""

MIN_SEGMENTS_TO_RANK = 8
"""Fewest segments for this correlation."""

MAINLY = 2.0
"""Least ratio of a region's attention to that of a uniform map, for attention to be mainly on the region."""

PLACES = (
    ("the upper left", "the top", "the upper right"),
    ("the left", "the middle", "the right"),
    ("the lower left", "the bottom", "the lower right"),
)
"""Names of the 3 x 3 regions of the picture, as the viewer sees it."""

CROPPED_BELOW = 0.5
"""Share of the picture below which maps are cropped, so that the regions divide the part that the maps cover.

If the regions divided the picture, a single one could hold so much of a uniform map that no map would be mainly on it.
"""


class Basis(StrEnum):
    """Definition of a segment's effect."""

    CONTRIBUTION = "contribution of the segments"
    CURVE = "change of the score curve"


@dataclass(frozen=True, slots=True)
class Moment:
    """One interval of a video that moved the score."""

    first_segment: int  # first segment of the interval, from 0
    last_segment: int  # last segment of the interval
    start_frame: int  # first frame
    stop_frame: int  # frame after the last
    start_s: float  # time at which the first frame appears
    stop_s: float  # time at which the last frame leaves the screen
    key_frame: int  # frame that the first pass sampled in the strongest segment
    amount: float  # effect, signed, in units of the score
    basis: Basis  # definition of the effect
    change: float  # change of the mean score curve over the interval
    contribution: float | None  # sum of the segments' contributions to the score, or None if there is no evidence
    hardly_counts: bool  # whether the contribution is negligible, so that the final score hardly depends on the moment
    # region with most of the attention, such as "the upper left"; "" if attention was spread; None for a model without
    # a map
    place: str | None
    cropped: bool = False  # whether the regions divide the part that the model sees, not the whole picture

    def sentence(self, digits: int = 2) -> str:
        """Return a description of the moment, with scores of ``digits`` decimals.

        An example is "The score fell by 0.43 in this part. Attention was mainly on the left of the picture."
        """
        size_text = f"{abs(self.amount):.{digits}f}"
        if self.basis is Basis.CURVE:
            effect_text = f"The score {_change_verb(self.amount)} by {size_text} in this part"
            if self.hardly_counts:
                effect_text += ", but the final score hardly depends on it"
        else:
            verb = "raised" if self.amount > 0 else "lowered"
            effect_text = f"This part {verb} the score by {size_text}"
            if self.change * self.amount < 0:
                effect_text += f", although the curve {_change_verb(self.change)} here"
        if self.place is None:
            return f"{effect_text}."
        area_text = divided_area_text(cropped=self.cropped)
        region_text = f"mainly on {self.place} of {area_text}" if self.place else f"spread over {area_text}"
        return f"{effect_text}. Attention was {region_text}."


def _change_verb(change: float) -> str:
    return "rose" if change > 0 else "fell"


def find_moments(
    analysis: Analysis, evidence: Evidence | None = None, basis: Basis | None = None
) -> tuple[Moment, ...]:
    """Return the 3 to 5 intervals that moved the score most, in order of time; fewer if the video has fewer intervals.

    Both signs occur if some segments raise and others lower the score.

    Args:
        analysis: The analysis.
        evidence: Evidence for the analysis, or None.
        basis: Definition of a segment's effect, or None for ``default_basis``.

    Raises:
        ValueError: The evidence belongs to another analysis, or the basis needs evidence.
    """
    if evidence is not None and not evidence.belongs_to(analysis):
        raise ValueError("the evidence is of another analysis")
    basis = default_basis(evidence) if basis is None else basis
    contributions = None if evidence is None else evidence.contributions
    effects = curve_changes(analysis) if basis is Basis.CURVE else contributions
    if effects is None:
        raise ValueError("contributions are known from evidence alone")
    # empty segments, of a video with few frames, are joined with the segment before
    merged_index = _merged_segments(analysis)
    merged_effects = np.bincount(merged_index, weights=effects).astype(np.float64)
    max_effect = float(np.abs(merged_effects).max())
    negligible = max(rounding_of(analysis.score), NEGLIGIBLE * max_effect)
    moments = []
    for first, last in strongest_intervals(merged_effects, negligible):
        segments = np.flatnonzero((merged_index >= first) & (merged_index <= last))
        moments.append(_moment(analysis, effects, contributions, basis, segments))
    return tuple(sorted(moments, key=lambda moment: moment.start_frame))


def default_basis(evidence: Evidence | None) -> Basis:
    """Return the contributions as the definition of effects if there is suitable evidence, else the score curve.

    In a recurrent model later segments may count more, whatever they show. Contributions are therefore unsuitable if
    their sizes mainly reflect the order of the segments (``BY_ORDER``).
    """
    if evidence is None:
        return Basis.CURVE
    sizes = np.abs(evidence.contributions)
    if len(sizes) < MIN_SEGMENTS_TO_RANK or np.ptp(sizes) == 0:
        return Basis.CONTRIBUTION
    order_correlation = spearman(sizes, np.arange(len(sizes), dtype=np.float64))
    return Basis.CURVE if order_correlation >= BY_ORDER else Basis.CONTRIBUTION


def clear_moments(moments: Sequence[Moment], analysis: Analysis) -> tuple[Moment, ...]:
    """Return the moments with an effect of more than half the width of the score's interval; all without an interval.

    A smaller effect may be due to the choice of frames.
    """
    half_widths = analysis.half_intervals
    if half_widths is None:
        return tuple(moments)
    return tuple(moment for moment in moments if abs(moment.amount) > float(half_widths[-1]))


def no_clear_moment_text(analysis: Analysis, n_smaller: int, digits: int = 2) -> str:
    """Return a sentence for a video without clear moments; ``n_smaller`` moments are within the score's interval."""
    half_widths = analysis.half_intervals
    if half_widths is None or not n_smaller:
        return "No part of this video changed the score more than others."
    return (
        "No single part stands out: none moves the score by more than the choice of frames does "
        f"(95 % interval ±{float(half_widths[-1]):.{digits}f})."
    )


def curve_changes(analysis: Analysis) -> FloatArray:
    """Return the change of the score curve in each segment, (N,), mean over the passes; 0 in the first segment."""
    curve = analysis.score_curve.mean(axis=0)
    return np.diff(curve, prepend=curve[:1])


def _merged_segments(analysis: Analysis) -> IntArray:
    """Return the index of each segment, (N,), when empty segments are joined with the segment before.

    A video with fewer frames than segments has empty segments, which share the sampled frame of the segment before.
    """
    has_frames = analysis.segment_stops > analysis.segment_starts
    return np.cumsum(has_frames).astype(np.int64) - 1


def intervals(effects: FloatArray, negligible: float) -> list[tuple[int, int]]:
    """Return first and last segment of the intervals of (N,) effects, the one with the strongest segment first.

    Effects up to ``negligible`` count as zero.
    """
    is_free = np.abs(effects) > negligible
    found_intervals = []
    for peak in np.argsort(-np.abs(effects), kind="stable").tolist():
        if not is_free[peak]:
            continue
        same_sign = effects * effects[peak] > 0
        belongs = is_free & same_sign & (np.abs(effects) >= HALF_HEIGHT * abs(effects[peak]))
        first = peak
        while first > 0 and belongs[first - 1]:
            first -= 1
        last = peak
        while last + 1 < len(effects) and belongs[last + 1]:
            last += 1
        is_free[first : last + 1] = False
        # a neighbour of the same sign joins no other interval, since intervals of one sign never touch
        for neighbour in (first - 1, last + 1):
            if 0 <= neighbour < len(effects) and same_sign[neighbour]:
                is_free[neighbour] = False
        found_intervals.append((first, last))
    return found_intervals


def strongest_intervals(effects: FloatArray, negligible: float) -> list[tuple[int, int]]:
    """Return the intervals to report (see ``find_moments``), the strongest first."""
    amounts = {(first, last): float(effects[first : last + 1].sum()) for first, last in intervals(effects, negligible)}
    ranked_intervals = sorted(amounts)
    ranked_intervals.sort(key=lambda interval: -abs(amounts[interval]))
    selected = ranked_intervals[:MIN_MOMENTS]
    for interval in ranked_intervals[MIN_MOMENTS:MAX_MOMENTS]:
        if abs(amounts[interval]) >= MIN_EFFECT_SHARE * abs(amounts[ranked_intervals[0]]):
            selected.append(interval)
    opposite = [interval for interval in ranked_intervals if amounts[interval] * amounts[ranked_intervals[0]] < 0]
    if opposite and opposite[0] not in selected:
        selected = [*selected[: MAX_MOMENTS - 1], opposite[0]]
    return selected


def _moment(
    analysis: Analysis,
    effects: FloatArray,
    contributions: FloatArray | None,
    basis: Basis,
    segments: NDArray[np.signedinteger],
) -> Moment:
    first = int(segments[0])
    last = int(segments[-1])
    start = int(analysis.segment_starts[first])
    stop = int(analysis.segment_stops[last])
    strongest = segments[np.argmax(np.abs(effects[segments]))]
    contribution = None if contributions is None else float(contributions[segments].sum())
    threshold = 0.0 if contributions is None else NEGLIGIBLE * float(np.abs(contributions).max())
    changes = curve_changes(analysis)
    return Moment(
        first_segment=first,
        last_segment=last,
        start_frame=start,
        stop_frame=stop,
        start_s=float(analysis.video.times_s[start]),
        stop_s=analysis.video.end_s(stop - 1),
        key_frame=int(analysis.samples[0, strongest]),
        amount=float(effects[segments].sum()),
        basis=basis,
        change=float(changes[segments].sum()),
        contribution=contribution,
        hardly_counts=contribution is not None and abs(contribution) <= threshold,
        place=attended_region(analysis, first, last),
        cropped=is_cropped(analysis.map_rect),
    )


def is_cropped(rect: MapRect) -> bool:
    """Return True if maps cover less of the picture than ``CROPPED_BELOW``."""
    return (rect.right - rect.left) * (rect.bottom - rect.top) < CROPPED_BELOW


def divided_area_text(*, cropped: bool) -> str:
    """Return the text for the area that is divided into regions."""
    return "the part of the picture that the model sees" if cropped else "the picture"


def region_partition(rect: MapRect) -> Partition:
    """Return the 3 x 3 regions of the picture, in the order of ``PLACES``, extended to the edges of the map.

    For a cropped map (``is_cropped``) they divide the part that the map covers.
    """
    if is_cropped(rect):
        return Partition(np.linspace(rect.left, rect.right, 4), np.linspace(rect.top, rect.bottom, 4))
    return Partition(
        np.array([min(rect.left, 0.0), 1 / 3, 2 / 3, max(rect.right, 1.0)]),
        np.array([min(rect.top, 0.0), 1 / 3, 2 / 3, max(rect.bottom, 1.0)]),
    )


def attended_region(analysis: Analysis, first_segment: int, last_segment: int) -> str | None:
    """Return the region with most of the attention from a first to a last segment, over all passes.

    Returns:
        One of ``PLACES``; "" if the region has less than ``MAINLY`` times the share of a uniform map; None for a model
        without a map.
    """
    if analysis.map_kind is MapKind.NONE:
        return None
    rect = analysis.map_rect
    regions = region_partition(rect)
    mean_map = normalised_mass(analysis.attention[:, first_segment : last_segment + 1]).mean(axis=(0, 1))
    attended = redistribute_mass(mean_map, rect, regions)
    uniform = redistribute_mass(np.full(mean_map.shape, 1 / mean_map.size), rect, regions)
    row, column = divmod(int(np.argmax(attended)), attended.shape[1])
    return PLACES[row][column] if attended[row, column] >= MAINLY * uniform[row, column] else ""


def format_peak(scene: Scene) -> str:
    """Return a text on the region and the value of the map's maximum; "" without a map."""
    if scene.values is None or scene.map_style.overlay is Overlay.OFF:
        return ""
    h, w = scene.values.shape
    peak_index = int(np.argmax(np.abs(scene.values)))
    row, column = divmod(peak_index, w)
    rect = scene.rect
    y = rect.top + (rect.bottom - rect.top) * (row + 0.5) / h
    x = rect.left + (rect.right - rect.left) * (column + 0.5) / w
    region_row = min(max(int(3 * y), 0), 2)
    region_column = min(max(int(3 * x), 0), 2)
    unit = " times the average" if scene.kind is MapKind.DISTRIBUTION else ""
    return f"strongest at {PLACES[region_row][region_column]}: {format_number(float(scene.values[row, column]))}{unit}"


@dataclass(frozen=True, slots=True)
class PictureRegion:
    """One of the 3 x 3 regions of the picture, and the contribution of its cells to the score."""

    place: str  # one of ``PLACES``
    amount: float  # signed sum of the contributions of the cells, weighted by the covered share of each cell
    cropped: bool = False  # whether the regions divide the part that the model sees, not the whole picture


def strongest_regions(
    analysis: Analysis, evidence: Evidence
) -> tuple[PictureRegion | None, PictureRegion | None] | None:
    """Return the regions of the picture that raised and that lowered the score most.

    Each is None if no region did so by more than a negligible amount. Without cells the result is None.
    """
    cells = evidence.cell_contributions
    if cells is None:
        return None
    rect = analysis.map_rect
    amounts = redistribute_mass(cells, rect, region_partition(rect))
    max_amount = float(np.abs(amounts).max())
    threshold = max(rounding_of(evidence.score), NEGLIGIBLE * max_amount)
    regions: list[PictureRegion | None] = []
    for sign in (1.0, -1.0):
        row, column = divmod(int(np.argmax(sign * amounts)), amounts.shape[1])
        amount = float(amounts[row, column])
        if sign * amount > threshold:
            regions.append(PictureRegion(PLACES[row][column], amount, is_cropped(rect)))
        else:
            regions.append(None)
    return regions[0], regions[1]
