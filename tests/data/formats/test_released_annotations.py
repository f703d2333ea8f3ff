"""The released annotation files, where somebody has put them (see ``tests.beside``): counts as published.

Set apart from the other tests because the files may not be shipped.
"""

from itertools import combinations

import pytest

from skillviewer.core.dataset.dataset import Dataset
from skillviewer.core.dataset.folds import FoldUnit, make_folds
from skillviewer.core.dataset.pair_graph import find_cycles, similar_by_depth
from skillviewer.data.formats.choices import Choices
from skillviewer.data.formats.formats import open_dataset
from tests.beside import TEST_DATA

ROOT = TEST_DATA / "annotations"
EPIC = ROOT / "EPIC-Skills2018"
RANK_AWARE = ROOT / "rank-aware-attention-network/data/EPIC-Skills"
BEST = ROOT / "rank-aware-attention-network/data/BEST"

pytestmark = pytest.mark.skipif(
    not (EPIC.is_dir() and BEST.is_dir()), reason="the released annotations are not on this computer"
)

# Doughty et al. 2018 and method of the released files: videos; per fold training and test pairs, test pairs with both
# videos held out, held-out videos. The files state one pair of chopsticks and of dough three times; their counts hold
# those repetitions, ours do not.
FAMILIES = {
    "chopsticks": (40, [(314, 222), (280, 256), (299, 237), (299, 237)], [25, 38, 30, 27], [10, 10, 10, 10]),
    "dough": (33, [(106, 75), (96, 85), (97, 84), (100, 81)], [11, 8, 7, 11], [8, 8, 8, 9]),
    "drawing": (40, [(127, 120), (140, 107), (148, 99), (127, 120)], [13, 11, 10, 14], [10, 10, 10, 10]),
    "surgery": (103, [(883, 776), (856, 803), (964, 695), (1000, 659)], [110, 115, 86, 74], [28, 29, 23, 23]),
}
REPEATED = {"chopsticks": ("B1", "G1"), "dough": ("S08", "S33"), "drawing": None, "surgery": None}
# task: unique pairs, similar pairs as a percentage of all possible ones (Doughty et al. 2018, table 1)
TASKS = {
    "chopstick_using": (534, 10),
    "dough_rolling": (179, 18),
    "hand_drawing": (129, 26),
    "sonic_drawing": (118, 37),
    "knot_tying": (596, 5),
    "needle_passing": (362, 4),
    "suturing": (701, 5),
}
RANK_AWARE_TASKS = {
    "chopsticks": "chopstick_using",
    "dough": "dough_rolling",
    "drawing": "drawing",
    "surgery": "surgery",
}


def opened(form: str, family: str) -> Dataset:
    if form == "epic-skills":
        return open_dataset(EPIC, choices=Choices(task=family))
    return open_dataset(RANK_AWARE, choices=Choices(task=RANK_AWARE_TASKS[family]))


@pytest.mark.parametrize("form", ["epic-skills", "rank-aware"])
@pytest.mark.parametrize("family", list(FAMILIES))
def test_all_four_folds_are_as_published(form: str, family: str) -> None:
    n_videos, pairs, honest, held_out = FAMILIES[family]
    data = opened(form, family)
    made = make_folds(data)
    assert (data.form, data.published, len(data.videos)) == (form, family, n_videos)
    assert made.fold_unit is FoldUnit.RELEASED
    assert made.warning == ""
    counted = []
    for fold in made.folds:
        counts = [len(fold.train_pairs), len(fold.test_pairs)]
        if REPEATED[family] is not None:
            a, b = (name if form == "epic-skills" else data_name(data, name) for name in REPEATED[family] or ())
            counts[0] += 2 * sum({p.better, p.worse} == {a, b} for p in fold.train_pairs)
            counts[1] += 2 * sum({p.better, p.worse} == {a, b} for p in fold.test_pairs)
        counted.append(tuple(counts))
    assert counted == pairs
    assert [len(fold.both_held_out) for fold in made.folds] == honest
    assert [len(fold.held_out_videos) for fold in made.folds] == held_out
    everybody = [video for fold in made.folds for video in fold.held_out_videos]
    assert sorted(everybody) == sorted(data.names)


def data_name(data: Dataset, start: str) -> str:
    return next(name for name in data.names if name == start or name.startswith(f"{start}_"))


@pytest.mark.parametrize("task", list(TASKS))
def test_unique_pairs_and_similar_pairs_of_every_task(task: str) -> None:
    n_pairs, percent = TASKS[task]
    data = open_dataset(EPIC, choices=Choices(task=task))
    assert len(data.pairs) == n_pairs
    assert find_cycles(data.pairs) == ()
    possible = len(list(combinations(data.names, 2)))
    assert round(100 * len(similar_by_depth(data.pairs)) / possible) == percent
    assert data.released is not None
    for fold in data.released:
        assert set(fold.train_pairs) | set(fold.test_pairs) == set(data.pairs)
        assert not set(fold.train_pairs) & set(fold.test_pairs)


@pytest.mark.parametrize(
    ("family", "held_out"),
    [
        ("chopsticks", [{"A", "B"}, {"C", "D"}, {"E", "F"}, {"G", "H"}]),
        ("drawing", [{"A"}, {"B"}, {"C", "E"}, {"D", "F"}]),
        ("surgery", [{"B", "C"}, {"D", "E"}, {"F", "G"}, {"H", "I"}]),
    ],
)
@pytest.mark.parametrize("form", ["epic-skills", "rank-aware"])
def test_whole_participants_are_held_out(form: str, family: str, held_out: list[set[str]]) -> None:
    data = opened(form, family)
    people = data.participants
    assert len(people) == len(data.videos)
    assert [{people[video] for video in fold.held_out_videos} for fold in data.released or ()] == held_out


def test_folds_made_from_participants_are_the_released_ones_of_drawing() -> None:
    data = open_dataset(EPIC, choices=Choices(task="drawing"))
    made = make_folds(data, fold_unit=FoldUnit.PARTICIPANT)
    assert [len(fold.held_out_videos) for fold in made.folds] == [10] * 4


def test_both_forms_state_the_same_pairs() -> None:
    first = open_dataset(EPIC, choices=Choices(task="chopsticks"))
    second = open_dataset(RANK_AWARE, choices=Choices(task="chopstick_using"))
    assert set(first.pairs) == set(second.pairs)


def test_every_repetition_is_told() -> None:
    assert "B1–G1 3 times" in opened("epic-skills", "chopsticks").problems[0]
    assert "S08–S33 3 times" in opened("epic-skills", "dough").problems[0]


@pytest.mark.parametrize(
    ("task", "train", "test"),
    [
        ("apply_eyeliner", 2115, 235),
        ("braid_hair", 2179, 234),
        ("origami", 1793, 212),
        ("scrambled_eggs", 1134, 154),
        ("tie_tie", 2176, 233),
    ],
)
def test_best(task: str, train: int, test: int) -> None:
    data = open_dataset(BEST, choices=Choices(task=task))
    (fold,) = make_folds(data).folds
    assert (len(fold.train_videos), len(fold.held_out_videos)) == (75, 25)
    assert (len(fold.train_pairs), len(fold.test_pairs), len(fold.both_held_out)) == (train, test, test)
    assert all(video.clip_range is not None for video in data.videos)
