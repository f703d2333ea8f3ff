"""Agreement of models over a study, computed once more by hand."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from skillviewer.core.analysis.analysis import Analysis, MapKind
from skillviewer.core.analysis.map_comparison import compare_video
from skillviewer.core.analysis.model_agreement import agreement_matrix, disagreements, map_agreement, rank_agreement
from skillviewer.core.errors import Cancelled
from skillviewer.core.progress import CancelToken, Progress
from tests.core.analyses import make_analysis


def scored(score: float, seed: int, kind: MapKind = MapKind.DISTRIBUTION) -> Analysis:
    analysis = make_analysis([[4, 8, 15]], kind, seed=seed)
    curve = analysis.score_curve.copy()
    curve[:, -1] = score
    return replace(analysis, score_curve=curve)


def study(*scores: float, start: int = 0, kind: MapKind = MapKind.DISTRIBUTION) -> dict[str, Analysis]:
    return {f"v{i}": scored(score, start + i, kind) for i, score in enumerate(scores)}


def test_matrix_by_hand() -> None:
    analyses = {
        "a": study(1.0, 2.0, 3.0, 4.0),
        "b": study(10.0, 30.0, 20.0, 40.0, start=50),
        "none": study(4.0, 3.0, 2.0, 1.0, 9.0, kind=MapKind.NONE),
    }
    matrix = agreement_matrix(analyses)
    assert matrix.models == ("a", "b", "none")
    np.testing.assert_allclose(matrix.scores, [[1, 0.8, -1], [0.8, 1, -0.8], [-1, -0.8, 1]])
    assert matrix.n_videos.tolist() == [[4, 4, 4], [4, 4, 4], [4, 4, 5]]
    correlations = [compare_video(analyses["a"][v], analyses["b"][v]).mean.correlation for v in analyses["a"]]
    assert matrix.maps[0, 1] == matrix.maps[1, 0] == pytest.approx(np.mean(correlations))
    np.testing.assert_allclose(np.diag(matrix.maps)[:2], 1)
    assert np.isnan(matrix.maps[2]).all()
    assert np.isnan(matrix.maps[:, 2]).all()
    with pytest.raises(ValueError, match="read-only"):
        matrix.scores[0, 0] = 0


def test_map_agreement_is_the_mean_over_frames() -> None:
    first, second = scored(0, 1), scored(0, 2)
    pixels = [
        np.corrcoef(first.attention[0, n].ravel(), second.attention[0, n].ravel())[0, 1] for n in range(3)
    ]  # one grid: cell by cell
    assert map_agreement(first, second) == pytest.approx(np.mean(pixels), abs=1e-5)


def test_rank_agreement_is_spearmans() -> None:
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=30).tolist(), rng.normal(size=30).round().tolist()
    expected = np.corrcoef(stats.rankdata(a), stats.rankdata(b))[0, 1]
    assert rank_agreement(a, b) == pytest.approx(expected)
    assert np.isnan(rank_agreement([1.0, 2.0], [1.0, 2.0]))
    assert np.isnan(rank_agreement([1.0, 2.0, 3.0], [5.0, 5.0, 5.0]))


def test_videos_of_most_disagreement_first() -> None:
    found = disagreements({"a": study(1.0, 2.0, 3.0, 3.0), "b": study(4.0, 2.0, 3.0, 1.0, 7.0)})
    # ranks by a: 4, 3, 1.5, 1.5; by b among the shared four: 1, 3, 2, 4
    assert [(d.video, d.ranks, d.spread) for d in found] == [
        ("v0", (4, 1), 3),
        ("v3", (1.5, 4), 2.5),
        ("v2", (1.5, 2), 0.5),
        ("v1", (3, 3), 0),
    ]
    assert {d.n_videos for d in found} == {4}


def test_nothing_in_common_is_no_disagreement() -> None:
    assert disagreements({}) == ()
    assert disagreements({"a": study(1.0), "b": {}}) == ()
    matrix = agreement_matrix({"a": study(1.0), "b": {}})
    assert np.isnan(matrix.scores[0, 1])
    assert matrix.n_videos[0, 1] == 0


def test_progress_and_cancel() -> None:
    analyses = {"a": study(1.0, 2.0), "b": study(3.0, 4.0), "c": study(5.0, 6.0)}
    told: list[Progress] = []
    token = CancelToken()

    def stop_after_two(progress: Progress) -> None:
        told.append(progress)
        if len(told) == 2:
            token.cancel()

    agreement_matrix(analyses, report=told.append)
    assert [(p.done, p.total) for p in told] == [(i, 6) for i in range(1, 7)]
    told.clear()
    with pytest.raises(Cancelled):
        agreement_matrix(analyses, token, stop_after_two)
    assert len(told) == 2
