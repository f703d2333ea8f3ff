"""The values of evidence: sums, shapes, words."""

from dataclasses import replace

import numpy as np
import pytest

from skillviewer.core.analysis.analysis import MapKind
from skillviewer.core.explanation.evidence import Evidence
from tests.core.analyses import make_analysis
from tests.facts import missing


def make_evidence(passes: int = 2) -> Evidence:
    rng = np.random.default_rng(0)
    return Evidence(
        video_digest="0" * 64,
        model_digest="0" * 64,
        map_kind=MapKind.NONE,
        score=1.5,
        baseline=0.25,
        segments=rng.normal(size=(passes, 2)),
        cells=rng.normal(size=(passes, 3, 4)),
        cell_steps=rng.normal(size=(passes, 2, 3, 4)),
        faithfulness=None,
        n_random=20,
        seed=0,
    )


def test_contributions_and_remainder_add_up_to_the_score() -> None:
    evidence = make_evidence()
    by_hand = [(evidence.segments[0, n] + evidence.segments[1, n]) / 2 for n in range(2)]
    np.testing.assert_allclose(evidence.contributions, by_hand)
    assert evidence.baseline + sum(by_hand) + evidence.remainder == pytest.approx(evidence.score)
    cells = evidence.cell_contributions
    assert cells is not None
    assert evidence.cells is not None
    assert cells[1, 2] == pytest.approx((evidence.cells[0, 1, 2] + evidence.cells[1, 1, 2]) / 2)
    assert evidence.baseline + cells.sum() + evidence.cell_remainder == pytest.approx(evidence.score)


def test_a_model_that_sees_one_cell_has_none_to_take_away() -> None:
    evidence = replace(make_evidence(), cells=None, cell_steps=None)
    assert evidence.cell_contributions is None
    assert np.isnan(evidence.cell_remainder)


def test_shapes_must_agree_and_arrays_cannot_be_changed() -> None:
    evidence = make_evidence()
    with pytest.raises(ValueError, match="do not agree"):
        replace(evidence, cells=np.zeros((2, 3, 5)))
    with pytest.raises(ValueError, match="belong together"):
        replace(evidence, cells=None)
    with pytest.raises(ValueError, match="read-only"):
        evidence.segments[0, 0] = 1
    assert "segments=float64[2, 2]" in repr(evidence)


def test_evidence_knows_its_analysis() -> None:
    analysis = make_analysis([[4, 8], [3, 7]])
    evidence = make_evidence()
    assert evidence.belongs_to(analysis)
    assert not replace(evidence, video_digest="1" * 64).belongs_to(analysis)
    assert not replace(evidence, model_digest="1" * 64).belongs_to(analysis)
    assert not make_evidence(passes=1).belongs_to(analysis)


def test_a_model_without_a_map_says_so() -> None:
    evidence = make_evidence()
    assert evidence.faithfulness_label == "no map"
    assert not missing(evidence.faithfulness_sentence, "faithfulness could")
