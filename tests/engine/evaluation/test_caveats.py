"""What has to be told beside the numbers of an evaluation."""

from dataclasses import replace

import pytest

from skillviewer.core.dataset.dataset import Dataset
from skillviewer.core.dataset.folds import FoldUnit, fold_of, make_folds
from skillviewer.engine.evaluation.caveats import published_folds_caveat, why_not_quoted
from tests.core.datasets import people, ranked
from tests.facts import missing

PUBLISHED = replace(ranked(people("ABCDEFGH", 5)), published="chopsticks")
PUBLISHED = replace(
    PUBLISHED,
    pairs=PUBLISHED.pairs[:534],
    released=(fold_of("1", PUBLISHED.names, people("AB", 5), PUBLISHED.pairs[:534]),),
)


def test_published_numbers_stand_beside_those_of_the_published_videos_pairs_and_folds() -> None:
    assert why_not_quoted(PUBLISHED, 40, make_folds(PUBLISHED)) == ""
    own = replace(PUBLISHED, published=None, pairs=PUBLISHED.pairs[:400], released=None)
    assert why_not_quoted(own, 40, make_folds(own)) == "", "there are none"


@pytest.mark.parametrize(
    ("dataset", "fold_unit", "why"),
    [
        (PUBLISHED, FoldUnit.PARTICIPANT, "not quoted: the folds are not the released ones."),
        (replace(PUBLISHED, released=None), None, "not quoted: the folds are not the released ones."),
        (
            replace(PUBLISHED, pairs=PUBLISHED.pairs[:-1]),
            None,
            "not quoted: there are 40 videos and 533 pairs, and what was published is of 40 and 534.",
        ),
        (
            replace(PUBLISHED, published="surgery", released=None),
            None,
            "there are 40 videos and 534 pairs, and what was published is of 103 and 1,659 and the folds are not the",
        ),
    ],
)
def test_of_other_data_none_are_quoted(dataset: Dataset, fold_unit: FoldUnit | None, why: str) -> None:
    assert why in why_not_quoted(dataset, 40, make_folds(dataset, fold_unit=fold_unit))


def test_infant_grasp_of_which_no_folds_were_released_is_quoted_with_what_differs() -> None:
    whole = replace(ranked(people("ABCDEFGHIJKLMNOPQRSTUVWXYZ", 4)), published="infant-grasp")
    whole = whole.restricted(whole.names[:94])
    folds = make_folds(whole, 4)
    assert why_not_quoted(whole, 94, folds) == ""
    assert not missing(published_folds_caveat(whole), "3,318 pairs", f"{len(whole.pairs):,}")
    assert not missing(why_not_quoted(whole, 94, make_folds(whole, 3)), "3 folds")
    assert published_folds_caveat(PUBLISHED) == ""


def test_missing_videos_are_told_before_numbers_of_pairs() -> None:
    fewer = PUBLISHED.restricted(PUBLISHED.names[1:])
    assert why_not_quoted(fewer, 40, make_folds(fewer)).endswith("not quoted: 1 of 40 videos are missing.")
