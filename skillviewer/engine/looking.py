"""When and where models decide: the scores along the videos, and how much of the weight of maps lies near regions."""

from collections.abc import Mapping, Sequence

import msgspec
import numpy as np

from skillviewer.core.course import COURSE, at_share, shares_of_contributions
from skillviewer.core.dataset.pairs import Dataset, Fold
from skillviewer.core.evaluation.accuracy import FoldScores, Pooled, mean_over_people, pooled_accuracy, shown, spread
from skillviewer.core.evaluation.localisation import (
    CONTROLS,
    OWN,
    UNIFORM,
    Geometry,
    centred_gaussian,
    entropy,
    near,
    weight_near,
)
from skillviewer.data.tables.regions import Regions
from skillviewer.engine.features.video_facts import VideoFacts
from skillviewer.engine.training.run_record import Courses, Maps


class Weighed(msgspec.Struct, frozen=True, kw_only=True):
    """How much of the weight of a model's maps lies near regions in held-out videos; means over videos.

    Attributes:
        weight: Share of the weight within the tolerance of a region, with its interval.
        controls: The same of maps that know nothing of the frame, by name (``core.evaluation.localisation.CONTROLS``).
        above: Weight less that of each control, in the same draws.
        entropy: Normalised entropy of the maps: 1 where they weigh nothing.
        tolerance: Cells.
    """

    weight: Pooled
    controls: dict[str, float]
    above: dict[str, Pooled]
    entropy: float
    tolerance: int

    @property
    def times_uniform(self) -> float:
        """How many times as much as of a uniform map."""
        return self.weight.value / self.controls[UNIFORM]


class Course(msgspec.Struct, frozen=True, kw_only=True):
    """How scores come about along the videos.

    Attributes:
        shares: Shares of a video's steps, 0 to 1.
        accuracy: Pooled accuracy of the score after each of these shares.
        fifths: Share of the absolute contributions that each fifth of the steps holds, mean over held-out videos.
    """

    shares: tuple[float, ...]
    accuracy: tuple[Pooled, ...]
    fifths: tuple[float, ...]


def weighed(
    runs: Sequence[tuple[Fold, Maps | None]],
    dataset: Dataset,
    facts: Mapping[str, VideoFacts],
    regions: Regions | None,
    tolerance: int,
) -> Weighed | None:
    """Return how much of the weight of maps lies near regions; None without regions, or where a run has no maps.

    Args:
        runs: Fold and maps of every run.
        dataset: Says who is in which video.
        facts: Of all videos.
        regions: Where skill shows.
        tolerance: Cells that count as near.
    """
    known = [(fold, maps) for fold, maps in runs if maps is not None]
    if regions is None or not known or len(known) < len(runs):
        return None
    found = [_near(fold, maps, facts, regions, tolerance) for fold, maps in known]
    own = mean_over_people([run[OWN] for run in found], dataset)
    if not np.isfinite(own.value):
        return None
    above = {}
    for control in CONTROLS:
        less = [{name: run[OWN][name] - value for name, value in run[control].items()} for run in found]
        above[control] = shown(mean_over_people(less, dataset))
    maps_of = [maps.values.reshape(-1, *maps.values.shape[2:]).astype(np.float64) for _, maps in known]
    return Weighed(
        weight=shown(own),
        controls={control: mean_over_people([run[control] for run in found], dataset).value for control in CONTROLS},
        above=above,
        entropy=spread(map(entropy, maps_of)).mean,
        tolerance=tolerance,
    )


def _near(
    fold: Fold, maps: Maps, facts: Mapping[str, VideoFacts], regions: Regions, tolerance: int
) -> dict[str, dict[str, float]]:
    """Return the shares of ``weight_near`` in the held-out videos of one run."""
    rows, columns = maps.values.shape[2:]
    at = {name: Geometry(rows, columns, maps.rect, *facts[name].size_px) for name in {*maps.videos, *fold.train_videos}}
    cells = {name: near(facts[name].frames, regions.of(name), one, tolerance) for name, one in at.items()}
    own = {name: values.astype(np.float64) for name, values in zip(maps.videos, maps.values, strict=True)}
    return weight_near(own, cells, sorted(fold.train_videos), centred_gaussian(at[maps.videos[0]]))


def course_of(runs: Sequence[tuple[Fold, Courses | None]], dataset: Dataset) -> Course | None:
    """Return how scores come about along the videos; None where a run does not say.

    Args:
        runs: Fold of every run, and how its scores came about.
        dataset: Says who is in which video.
    """
    known = [(fold, courses) for fold, courses in runs if courses is not None]
    if not known or len(known) < len(runs):
        return None
    accuracy = []
    for share in COURSE:
        scores = [
            FoldScores(fold, dict(zip(courses.videos, at_share(courses.curves, share).tolist(), strict=True)))
            for fold, courses in known
        ]
        accuracy.append(shown(pooled_accuracy(scores, dataset)))
    contributions = np.concatenate([courses.contributions for _, courses in known])
    return Course(
        shares=COURSE,
        accuracy=tuple(accuracy),
        fifths=tuple(shares_of_contributions(contributions).tolist()),
    )
