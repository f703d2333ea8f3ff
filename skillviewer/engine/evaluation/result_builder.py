"""Computation of the result of each model in an evaluation, from the scores of its runs."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from skillviewer.core.dataset.dataset import Dataset, Fold
from skillviewer.core.dataset.pair_graph import separations
from skillviewer.core.evaluation.accuracy import (
    FoldScores,
    PooledEstimate,
    accuracy_by_separation,
    mean_std,
    pooled_accuracy,
    pooled_difference,
)
from skillviewer.core.evaluation.ceilings import Ordering, ceilings, equal_success, orderings
from skillviewer.core.evaluation.localisation import Localisation, localise, merge_localisations
from skillviewer.core.evaluation.metrics import METRICS, Reference, reference
from skillviewer.core.ratings.predictions import model_metrics, predictions_by_raters, rated_metrics, rejection_points
from skillviewer.data.formats.published import published_accuracy
from skillviewer.data.tables.regions import Regions
from skillviewer.engine.evaluation.attention_weight import attention_weight
from skillviewer.engine.evaluation.results import ModelResult, PointingGame, RunNumbers, SeparationAccuracy
from skillviewer.engine.evaluation.score_progress import score_progress
from skillviewer.engine.features.snippets import PUBLISHED_BACKBONE
from skillviewer.engine.features.video_facts import VideoFacts
from skillviewer.engine.training.run_result import Maps, RunResult
from skillviewer.engine.training.train_settings import EpochSelection
from skillviewer.engine.training.training_plan import join_selection_texts
from skillviewer.nets.models import InputKind, attention_model

if TYPE_CHECKING:
    from skillviewer.core.dataset.pairs import Pair


@dataclass(frozen=True, slots=True)
class FinishedRun:
    """A finished run, with its fold and the name of its folder."""

    fold: Fold
    run: RunResult
    folder: str = ""

    @property
    def scores(self) -> FoldScores:
        """Fold and scores of the run."""
        return FoldScores(self.fold, self.run.scores)

    @property
    def seed(self) -> int:
        """Seed of the run."""
        return self.run.configuration.settings.seed


def _has_published_backbone(model: str, runs: Sequence[FinishedRun]) -> bool:
    """Return False if the model trains backbones that start from other weights than in its publication."""
    backbones = {run.run.configuration.backbone for run in runs}
    return attention_model(model).inputs is not InputKind.SNIPPETS or backbones == {PUBLISHED_BACKBONE}


class ResultBuilder:
    """Computes the results of models from their runs; numbers that are the same for all models are computed once.

    Args:
        dataset: The evaluated videos and pairs.
        folds: Folds of the evaluation.
        facts: Facts on every video.
        regions: Regions in which skill shows, or None.
        tolerance: Number of cells by which a map may miss a region.
        metrics: Names of metrics with intervals over people.
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

    def result(
        self, model: str, runs: Sequence[FinishedRun], compared_runs: Sequence[FinishedRun] | None
    ) -> ModelResult:
        """Return the result of one model.

        Args:
            model: Entry in ATTENTION_MODELS.
            runs: Runs of the model, one for every fold and seed.
            compared_runs: Runs of the model that it is compared with, or None for the first model.
        """
        run_numbers = tuple(self._run_numbers(run) for run in runs)
        seeds = sorted({run.seed for run in runs})
        scores_by_seed = [[run.scores for run in runs if run.seed == seed] for seed in seeds]
        scores = [run.scores for run in runs]
        provenances = [run.run.provenance for run in runs]
        row = attention_model(model).row
        published = published_accuracy(self._dataset.published, row) if _has_published_backbone(model, runs) else None
        fold_means = tuple(
            _mean_accuracy([run for run in run_numbers if run.fold == fold.name]) for fold in self._folds
        )
        seed_means = [_mean_accuracy([run for run in run_numbers if run.seed == seed]) for seed in seeds]
        equal_success_accuracy = None
        if self._equal_success:
            equal_success_accuracy = pooled_accuracy(scores, self._dataset, pair_filter=self._equal_success)
        by_separation = [
            SeparationAccuracy(separation=point.separation, accuracy=point.count.accuracy, n_pairs=point.count.n)
            for point in accuracy_by_separation(scores, self._separations)
        ]
        metric_means = {}
        for metric in METRICS:
            metric_means[metric.name] = _mean(run.metrics[metric.name] for run in run_numbers)
        attention_exact = self._pointing(runs, 0) if self._tolerance else None
        maps = [(run.fold, run.run.maps) for run in runs]
        curves = [(run.fold, run.run.curves) for run in runs]
        return ModelResult(
            model=model,
            title=attention_model(model).title,
            accuracy=_mean(fold_means),
            folds=fold_means,
            sd=mean_std(fold_means).sd,
            sd_seeds=mean_std(seed_means).sd,
            metrics=metric_means,
            pooled=pooled_accuracy(scores, self._dataset),
            pooled_both_held_out=pooled_accuracy(scores, self._dataset, both_held_out=True),
            equal_success=equal_success_accuracy,
            by_separation=tuple(by_separation),
            difference=self._difference(scores, compared_runs, both_held_out=False),
            difference_both_held_out=self._difference(scores, compared_runs, both_held_out=True),
            attention=self._pointing(runs, self._tolerance),
            attention_exact=attention_exact,
            published=published,
            ceilings=self.ceilings,
            selection=join_selection_texts(p.selection for p in provenances),
            optimistic=any(run.run.configuration.settings.select is EpochSelection.BEST_ON_TEST for run in runs),
            parameters=provenances[0].parameters,
            seconds=sum(p.seconds for p in provenances),
            runs=run_numbers,
            weight=attention_weight(maps, self._dataset, self._facts, self._regions, self._tolerance),
            curve=score_progress(curves, self._dataset),
            chosen=model_metrics(self._metrics, scores_by_seed, self._dataset, self._reference),
            rejection=rejection_points(self._metrics, scores_by_seed, self._dataset),
        )

    @property
    def one_rater(self) -> dict[str, PooledEstimate]:
        """Metrics of each rater's ratings against the mean of the others' ratings, as means over the raters."""
        return rated_metrics(self._metrics, predictions_by_raters(self._dataset), self._dataset)

    def _run_numbers(self, run: FinishedRun) -> RunNumbers:
        return RunNumbers(
            fold=run.fold.name,
            seed=run.seed,
            metrics={metric.name: metric.value(run.scores, self._reference) for metric in METRICS},
            epoch=run.run.provenance.epoch,
            seconds=run.run.provenance.seconds,
            folder=run.folder,
        )

    def _difference(
        self, scores: Sequence[FoldScores], compared_runs: Sequence[FinishedRun] | None, *, both_held_out: bool
    ) -> PooledEstimate | None:
        if compared_runs is None:
            return None
        return pooled_difference(
            scores, [run.scores for run in compared_runs], self._dataset, both_held_out=both_held_out
        )

    def lead(
        self, runs: Sequence[FinishedRun], baseline_runs: Sequence[FinishedRun], *, both_held_out: bool
    ) -> PooledEstimate:
        """Return the accuracy of a model minus that of a baseline; arguments as in ``pooled_accuracy``."""
        scores = [run.scores for run in runs]
        baseline_scores = [run.scores for run in baseline_runs]
        return pooled_difference(scores, baseline_scores, self._dataset, both_held_out=both_held_out)

    def _pointing(self, runs: Sequence[FinishedRun], tolerance: int) -> PointingGame | None:
        maps_of_runs = [run.run.maps for run in runs if run.run.maps is not None]
        localisations = [video for maps in maps_of_runs for video in self._localisations(maps, tolerance)]
        if not localisations or not sum(video.n_frames for video in localisations):
            return None
        merged_localisation = merge_localisations(localisations)
        return PointingGame(
            hits=float(merged_localisation.hits.mean()),
            hits_uniform=float(merged_localisation.hits_uniform.mean()),
            hits_centre=float(merged_localisation.hits_centre.mean()),
            times_chance=merged_localisation.times_chance,
            energy=_mean(merged_localisation.energies.tolist()),
            energy_uniform=float(merged_localisation.energies_uniform.mean()),
            energy_centre=float(merged_localisation.energies_centre.mean()),
            energy_times_uniform=merged_localisation.energy_times_uniform,
            tolerance=tolerance,
            n_frames=merged_localisation.n_frames,
        )

    def _localisations(self, maps: Maps, tolerance: int) -> list[Localisation]:
        """Return the localisation of each held-out video of a run; an empty list if there are no regions."""
        if self._regions is None:
            return []
        return [
            localise(
                maps.of(video, len(self._facts[video].frames)),
                self._facts[video].frames,
                regions=self._regions.of(video),
                rect=maps.rect.within(self._facts[video].crop),
                size_px=self._facts[video].size_px,
                tolerance=tolerance,
            )
            for video in maps.videos
        ]


def _mean_accuracy(runs: Iterable[RunNumbers]) -> float:
    return _mean(run.metrics["accuracy"] for run in runs)


def _mean(values: Iterable[float]) -> float:
    return mean_std(values).mean
