"""Numbers of each model in an evaluation, from the scores of its runs."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from skillviewer.core.dataset.dataset import Dataset, Fold
from skillviewer.core.dataset.pair_graph import separations
from skillviewer.core.evaluation.accuracy import (
    FoldScores,
    PooledEstimate,
    accuracy_by_separation,
    pooled_accuracy,
    pooled_difference,
    spread,
)
from skillviewer.core.evaluation.ceilings import Ordering, ceilings, equal_success, orderings
from skillviewer.core.evaluation.localisation import Localisation, localise, merge_localisations
from skillviewer.core.evaluation.metrics import METRICS, Reference, reference
from skillviewer.core.ratings.predictions import model_metrics, rated_metrics, raters_predicted, rejection_points
from skillviewer.data.formats.published import published_accuracy
from skillviewer.data.tables.regions import Regions
from skillviewer.engine.evaluation.attention_weight import attention_weight
from skillviewer.engine.evaluation.results import ModelResult, PointingGame, RunNumbers, Separated
from skillviewer.engine.evaluation.score_progress import score_progress
from skillviewer.engine.features.snippets import PUBLISHED_BACKBONE
from skillviewer.engine.features.video_facts import VideoFacts
from skillviewer.engine.training.plan import describe_selection_rules
from skillviewer.engine.training.run_record import Maps, RunResult
from skillviewer.engine.training.train_settings import EpochSelection
from skillviewer.nets.models import InputKind, attention_model

if TYPE_CHECKING:
    from skillviewer.core.dataset.pairs import Pair


@dataclass(frozen=True, slots=True)
class FinishedRun:
    """A finished run with the fold it was made on, and the name of its folder."""

    fold: Fold
    run: RunResult
    folder: str = ""

    @property
    def scores(self) -> FoldScores:
        """Its scores."""
        return FoldScores(self.fold, self.run.scores)


def _as_published(model: str, runs: Sequence[FinishedRun]) -> bool:
    """Return True if a network that trains its backbones has those with which it was published."""
    backbones = {run.run.configuration.backbone for run in runs}
    return attention_model(model).inputs is not InputKind.SNIPPETS or backbones == {PUBLISHED_BACKBONE}


class ResultBuilder:
    """Turns runs into results; what does not depend on the model is computed once.

    A map may miss the regions in which skill shows by ``tolerance`` cells.
    """

    def __init__(
        self,
        dataset: Dataset,
        folds: Sequence[Fold],
        facts: Mapping[str, VideoFacts],
        regions: Regions | None,
        tolerance: int,
        metrics: Collection[str] = (),
    ) -> None:
        self._metrics = metrics
        self._dataset = dataset
        self._folds = folds
        self._facts = facts
        self._regions = regions
        self._tolerance = tolerance
        self._reference: Reference = reference(dataset)
        self._separations: dict[Pair, int] = separations(dataset.pairs)
        self.problems: list[str] = []
        self._equal_success = equal_success(dataset)
        self.orderings: tuple[Ordering, ...] = ceilings(dataset, [fold for fold in folds if fold.test_pairs])
        control_names = {row.name for row in self.orderings}
        self.problems += [
            f"“{name}” is not known of all test videos, so its accuracy is not reported."
            for name in orderings(dataset)
            if name not in control_names
        ]
        self.ceilings = {row.name: row.pooled.value for row in self.orderings}

    def result(self, model: str, runs: Sequence[FinishedRun], first: Sequence[FinishedRun] | None) -> ModelResult:
        """Return the numbers of one model.

        ``runs`` has a run for every fold and seed, ``first`` those of the model that it is compared with.
        """
        numbers = tuple(self._numbers(run) for run in runs)
        seeds = sorted({run.run.configuration.settings.seed for run in runs})
        by_seed = [[run.scores for run in runs if run.run.configuration.settings.seed == seed] for seed in seeds]
        scores = [run.scores for run in runs]
        provenances = [run.run.provenance for run in runs]
        row = attention_model(model).row
        quoted = published_accuracy(self._dataset.published, row) if _as_published(model, runs) else None
        folds = tuple(_mean(_accuracy(n) for n in numbers if n.fold == fold.name) for fold in self._folds)
        of_seeds = [_mean(_accuracy(n) for n in numbers if n.seed == seed) for seed in seeds]
        return ModelResult(
            model=model,
            title=attention_model(model).title,
            accuracy=_mean(folds),
            folds=folds,
            sd=spread(folds).sd,
            sd_seeds=spread(of_seeds).sd,
            metrics={metric.name: _mean(n.metrics[metric.name] for n in numbers) for metric in METRICS},
            pooled=pooled_accuracy(scores, self._dataset),
            pooled_both_held_out=pooled_accuracy(scores, self._dataset, both_held_out=True),
            equal_success=pooled_accuracy(scores, self._dataset, among=self._equal_success)
            if self._equal_success
            else None,
            by_separation=tuple(
                Separated(separation=point.separation, accuracy=point.count.accuracy, n_pairs=point.count.n)
                for point in accuracy_by_separation(scores, self._separations)
            ),
            difference=self._difference(scores, first, both_held_out=False),
            difference_both_held_out=self._difference(scores, first, both_held_out=True),
            attention=self._pointing(runs, self._tolerance),
            attention_exact=self._pointing(runs, 0) if self._tolerance else None,
            published=quoted,
            ceilings=self.ceilings,
            selection=describe_selection_rules(p.selection for p in provenances),
            optimistic=any(run.run.configuration.settings.select is EpochSelection.BEST_ON_TEST for run in runs),
            parameters=provenances[0].parameters,
            seconds=sum(p.seconds for p in provenances),
            runs=numbers,
            weight=attention_weight(
                [(run.fold, run.run.maps) for run in runs], self._dataset, self._facts, self._regions, self._tolerance
            ),
            curve=score_progress([(run.fold, run.run.curves) for run in runs], self._dataset),
            chosen=model_metrics(self._metrics, by_seed, self._dataset, self._reference),
            rejection=rejection_points(self._metrics, by_seed, self._dataset),
        )

    @property
    def one_rater(self) -> dict[str, PooledEstimate]:
        """Chosen metrics of each rater's ratings against the mean of the others', mean over the raters."""
        return rated_metrics(self._metrics, raters_predicted(self._dataset), self._dataset)

    def _numbers(self, run: FinishedRun) -> RunNumbers:
        return RunNumbers(
            fold=run.fold.name,
            seed=run.run.configuration.settings.seed,
            metrics={metric.name: metric.value(run.scores, self._reference) for metric in METRICS},
            epoch=run.run.provenance.epoch,
            seconds=run.run.provenance.seconds,
            folder=run.folder,
        )

    def _difference(
        self, scores: Sequence[FoldScores], first: Sequence[FinishedRun] | None, *, both_held_out: bool
    ) -> PooledEstimate | None:
        if first is None:
            return None
        return pooled_difference(scores, [run.scores for run in first], self._dataset, both_held_out=both_held_out)

    def _pointing(self, runs: Sequence[FinishedRun], tolerance: int) -> PointingGame | None:
        with_maps = [run.run.maps for run in runs if run.run.maps is not None]
        parts = [part for maps in with_maps for part in self._localised(maps, tolerance)]
        if not parts or not sum(part.n_frames for part in parts):
            return None
        whole = merge_localisations(parts)
        return PointingGame(
            hits=float(whole.hits.mean()),
            hits_uniform=float(whole.hits_uniform.mean()),
            hits_centre=float(whole.hits_centre.mean()),
            times_chance=whole.times_chance,
            energy=_mean(whole.energies.tolist()),
            energy_uniform=float(whole.energies_uniform.mean()),
            energy_centre=float(whole.energies_centre.mean()),
            energy_times_uniform=whole.energy_times_uniform,
            tolerance=tolerance,
            n_frames=whole.n_frames,
        )

    def _localised(self, maps: Maps, tolerance: int) -> list[Localisation]:
        if self._regions is None:
            return []
        return [
            localise(
                maps.of(video, len(self._facts[video].frames)),
                self._facts[video].frames,
                self._regions.of(video),
                maps.rect.within(self._facts[video].crop),
                self._facts[video].size_px,
                tolerance,
            )
            for video in maps.videos
        ]


def _accuracy(run: RunNumbers) -> float:
    return run.metrics["accuracy"]


def _mean(values: Iterable[float]) -> float:
    return spread(values).mean
