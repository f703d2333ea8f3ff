"""Every metric of one fold, by hand."""

from dataclasses import replace

import numpy as np
import pytest

from skillviewer.core.dataset.dataset import DatasetVideo
from skillviewer.core.dataset.folds import fold_of
from skillviewer.core.dataset.pairs import Pair
from skillviewer.core.evaluation import metrics
from skillviewer.core.evaluation.accuracy import FoldScores
from skillviewer.core.evaluation.metrics import METRICS, Metric, Reference, reference
from skillviewer.core.ranking.bradley_terry import bradley_terry
from skillviewer_testing import check_metric
from tests.core.datasets import ranked

DATASET = ranked(["A1", "B1", "B2", "B3", "B4"])
FOLD = fold_of("1", DATASET.names, ["B1", "B2", "B3", "B4"], DATASET.pairs)


def measured(scores: dict[str, float]) -> dict[str, float]:
    return {metric.name: metric.measure(FoldScores(FOLD, scores), reference(DATASET)) for metric in METRICS}


@pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric.name)
def test_a_metric_keeps_what_the_table_promises(metric: Metric) -> None:
    check_metric(metric)


def test_a_perfect_model() -> None:
    perfect = {"A1": 5.0, "B1": 4.0, "B2": 3.0, "B3": 2.0, "B4": 1.0}
    known = {"accuracy": 1, "honest_accuracy": 1, "ties": 0, "kendall_tau_b": 1, "spearman": 1}
    found = measured(perfect)
    assert {name: found[name] for name in known} == pytest.approx(known)
    assert len(found) == len(METRICS)


def test_by_hand() -> None:
    # held out in true order: 4, 4, 1, 2; A1 is below all
    got = measured({"A1": 0.0, "B1": 4.0, "B2": 4.0, "B3": 1.0, "B4": 2.0})
    # 10 test pairs: 4 with A1 wrong; of 6: B1-B2 tie, B3-B4 wrong, 4 right
    assert got["accuracy"] == pytest.approx(0.4)
    assert got["honest_accuracy"] == pytest.approx(4 / 6)
    assert got["ties"] == pytest.approx(0.1)
    # tau-b: 4 concordant, 1 discordant, one tie in the scores: 3 / sqrt(5 * 6)
    assert got["kendall_tau_b"] == pytest.approx(3 / np.sqrt(30))
    # Spearman: ranks of scores 3.5 3.5 1 2 against 4 3 2 1
    assert got["spearman"] == pytest.approx(np.corrcoef([3.5, 3.5, 1, 2], [4, 3, 2, 1])[0, 1])


def test_equal_scores_have_no_rank_correlation() -> None:
    got = measured(dict.fromkeys(DATASET.names, 1.0))
    assert (got["accuracy"], got["ties"]) == (0.0, 1.0)
    assert np.isnan(got["kendall_tau_b"])
    assert np.isnan(got["spearman"])


def test_scores_that_are_no_numbers_are_no_correlation() -> None:
    got = measured(dict.fromkeys(DATASET.names, float("nan")))
    assert got["accuracy"] == 0
    assert np.isnan(got["spearman"])


def test_subtasks_are_ranked_apart() -> None:
    """Scores of the second sub-task lie far below, in an order that only within it is right."""
    names = ["s/1", "s/2", "s/3", "t/1", "t/2", "t/3"]
    pooled = replace(
        ranked(names),
        videos=tuple(DatasetVideo(n, subtask=n[0]) for n in names),
        pairs=tuple(Pair(f"{t}/{a}", f"{t}/{b}") for t in "st" for a, b in ((1, 2), (2, 3), (1, 3))),
    )
    fold = fold_of("1", names, names, pooled.pairs)
    scores = {"s/1": 3.0, "s/2": 2.0, "s/3": 1.0, "t/1": 30.0, "t/2": 10.0, "t/3": 20.0}
    by_name = {metric.name: metric for metric in METRICS}
    result = FoldScores(fold, scores)
    assert by_name["kendall_tau_b"].measure(result, reference(pooled)) == pytest.approx((1 + 1 / 3) / 2)
    assert by_name["spearman"].measure(result, reference(pooled)) == pytest.approx((1 + 0.5) / 2)


def test_reference_orders_videos_as_the_pairs_do() -> None:
    against = reference(DATASET)
    assert isinstance(against, Reference)
    assert sorted(DATASET.names, key=lambda n: -against.strengths[n]) == list(DATASET.names)


def test_strengths_that_differ_by_rounding_alone_are_equal(monkeypatch: pytest.MonkeyPatch) -> None:
    values = np.array([0.25, np.nextafter(0.25, 1), -0.5])
    assert values[1] > values[0]
    fitted = replace(bradley_terry([Pair("a", "w"), Pair("z", "w")]), names=("a", "z", "w"), values=values)
    monkeypatch.setattr(metrics, "bradley_terry", lambda _pairs: fitted)
    strengths = reference(DATASET).strengths
    assert strengths["a"] == strengths["z"] > strengths["w"]
