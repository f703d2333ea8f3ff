"""Folds hold out whole participants, evenly, always in the same way, and nothing leaks."""

from dataclasses import replace
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skillviewer.core.dataset.dataset import Dataset, DatasetVideo, Fold
from skillviewer.core.dataset.folds import (
    FoldUnit,
    check_no_leak,
    fold_of,
    inner_fold,
    inner_folds,
    make_folds,
    quarter_out,
    split_groups,
    with_pairs,
)
from skillviewer.core.dataset.pairs import Pair, SimilarPair
from skillviewer.core.errors import DatasetError
from tests.core.datasets import people, ranked
from tests.facts import missing

EIGHT_BY_FIVE = ranked(people("ABCDEFGH", 5))


def test_eight_participants_of_five_videos_as_published() -> None:
    """Four folds, two whole participants of five videos each, as on the chopstick videos."""
    made = make_folds(EIGHT_BY_FIVE)
    assert made.fold_unit is FoldUnit.PARTICIPANT
    assert made.warning == ""
    assert [len(fold.held_out_videos) for fold in made.folds] == [10] * 4
    held_out = [name for fold in made.folds for name in fold.held_out_videos]
    assert sorted(held_out) == sorted(EIGHT_BY_FIVE.names)
    for fold in made.folds:
        assert len({name[0] for name in fold.held_out_videos}) == 2
        assert not {name[0] for name in fold.held_out_videos} & {name[0] for name in fold.train_videos}
        # of all 780 pairs: 30 * 29 / 2 to train on, 10 * 9 / 2 honest
        assert (len(fold.train_pairs), len(fold.test_pairs), len(fold.both_held_out)) == (435, 345, 45)


def test_pairs_go_to_test_when_they_touch_a_held_out_video() -> None:
    fold = fold_of(
        "1", ["a", "b", "c", "d"], ["c", "d"], [Pair("a", "b"), Pair("c", "a"), Pair("b", "d"), Pair("d", "c")]
    )
    assert fold.train_pairs == (Pair("a", "b"),)
    assert fold.test_pairs == (Pair("c", "a"), Pair("b", "d"), Pair("d", "c"))
    assert fold.both_held_out == (Pair("d", "c"),)


def test_the_same_seed_gives_the_same_folds_in_any_order() -> None:
    backwards = replace(EIGHT_BY_FIVE, videos=EIGHT_BY_FIVE.videos[::-1])
    first, second = make_folds(EIGHT_BY_FIVE, seed=3), make_folds(backwards, seed=3)
    assert [set(f.held_out_videos) for f in first.folds] == [set(f.held_out_videos) for f in second.folds]
    others = {tuple(f.held_out_videos for f in make_folds(EIGHT_BY_FIVE, seed=s).folds) for s in range(8)}
    assert len(others) > 1


@given(sizes=st.lists(st.integers(1, 9), min_size=2, max_size=20), n_parts=st.integers(2, 6), seed=st.integers(0, 1000))
def test_parts_are_whole_groups_and_nearly_even(sizes: list[int], n_parts: int, seed: int) -> None:
    groups = {f"g{i}": [f"g{i}/{j}" for j in range(size)] for i, size in enumerate(sizes)}
    parts = split_groups(groups, min(n_parts, len(groups)), seed)
    assert sorted(v for part in parts for v in part) == sorted(v for members in groups.values() for v in members)
    for members in groups.values():
        assert sum(bool(set(members) & set(part)) for part in parts) == 1
    assert max(map(len, parts)) - min(map(len, parts)) <= max(sizes)
    assert all(parts)


def test_unequal_participants_are_balanced_by_videos() -> None:
    # 10 of A, 10 of B, 5 each of C to F: four folds of ten, as on the drawing videos
    names = [*people("AB", 10), *people("CDEF", 5)]
    for seed in range(5):
        assert [len(f.held_out_videos) for f in make_folds(ranked(names), seed=seed).folds] == [10] * 4


def test_without_participants_folds_are_by_video_with_a_warning() -> None:
    made = make_folds(ranked(people("ABCD", 2), with_participants=False))
    assert made.fold_unit is FoldUnit.VIDEO
    assert "No participants are known" in made.warning
    assert "accuracies are too high" in make_folds(EIGHT_BY_FIVE, fold_unit=FoldUnit.VIDEO).warning


def without_people(dataset: Dataset, *names: str) -> Dataset:
    videos = tuple(replace(v, participant=None) if v.name in names else v for v in dataset.videos)
    return replace(dataset, videos=videos)


@pytest.mark.parametrize("fold_unit", [None, FoldUnit.PARTICIPANT])
def test_who_is_known_is_held_out_whole_and_a_video_of_nobody_by_itself(fold_unit: FoldUnit | None) -> None:
    made = make_folds(without_people(EIGHT_BY_FIVE, "A1"), fold_unit=fold_unit)
    assert made.fold_unit is FoldUnit.PARTICIPANT
    assert not missing(made.warning, "“A1”")
    assert "accuracies are too high" in made.warning
    for fold in made.folds:
        known = EIGHT_BY_FIVE.participants.items() - {("A1", "A")}
        check_no_leak(fold, dict(known))
    two = make_folds(without_people(EIGHT_BY_FIVE, "A1", "B1"), fold_unit=fold_unit)
    assert not missing(two.warning, "2 videos", "A1")
    held_out = sorted(name for fold in two.folds for name in fold.held_out_videos)
    assert held_out == sorted(EIGHT_BY_FIVE.names)
    assert len(make_folds(without_people(ranked(people("A", 4)), "A1"), fold_unit=fold_unit).folds) == 2


def test_videos_that_no_pair_names_take_no_part_in_folds() -> None:
    more = tuple(DatasetVideo(f"T{i}") for i in range(60))
    padded = replace(EIGHT_BY_FIVE, videos=(*EIGHT_BY_FIVE.videos, *more))
    assert make_folds(padded) == make_folds(EIGHT_BY_FIVE)
    assert make_folds(padded, fold_unit=FoldUnit.VIDEO) == make_folds(EIGHT_BY_FIVE, fold_unit=FoldUnit.VIDEO)
    fold = make_folds(padded).folds[0]
    with_more = replace(fold, train_videos=(*fold.train_videos, *(video.name for video in more)))
    held_out = [inner.held_out_videos for inner in inner_folds(padded, with_more)]
    assert held_out == [inner.held_out_videos for inner in inner_folds(EIGHT_BY_FIVE, fold)]


def test_videos_that_are_only_like_others_are_kept_out_with_their_person() -> None:
    more = (DatasetVideo("A6", None, "A"), DatasetVideo("X1", None, "X"), DatasetVideo("N1"))
    alike = (SimilarPair("A1", "A6"), SimilarPair("X1", "N1"))
    dataset = replace(EIGHT_BY_FIVE, videos=(*EIGHT_BY_FIVE.videos, *more), similar=alike)
    made = make_folds(dataset)
    assert len(made.folds) == 4
    assert made.warning == ""
    for fold in made.folds:
        assert {"X1", "N1"} <= set(fold.train_videos), "nothing is tested on them"
        assert ("A6" in fold.held_out_videos) == ("A1" in fold.held_out_videos)


def test_inner_folds_keep_known_people_whole_beside_unknown_ones() -> None:
    dataset = without_people(EIGHT_BY_FIVE, "A1", "B1", "C1")
    for fold in make_folds(dataset).folds:
        for inner in inner_folds(dataset, fold):
            check_no_leak(inner, dataset.participants)


def test_released_folds_are_taken_where_there_are_any() -> None:
    released = fold_of("theirs", EIGHT_BY_FIVE.names, people("A", 5), EIGHT_BY_FIVE.pairs)
    made = make_folds(replace(EIGHT_BY_FIVE, released=(released,)))
    assert made.fold_unit is FoldUnit.RELEASED
    assert made.folds == (released,)
    assert made.warning == ""
    own = make_folds(replace(EIGHT_BY_FIVE, released=(released,)), fold_unit=FoldUnit.PARTICIPANT)
    assert len(own.folds) == 4


def test_released_folds_that_part_a_participant_are_warned_of() -> None:
    released = fold_of("theirs", EIGHT_BY_FIVE.names, ["A1", "B1"], EIGHT_BY_FIVE.pairs)
    warning = make_folds(replace(EIGHT_BY_FIVE, released=(released,))).warning
    assert not missing(warning, "2 people", "A, B", "--by participant")


@pytest.mark.parametrize(
    ("n_folds", "fold_unit", "message"),
    [
        (9, FoldUnit.PARTICIPANT, "9 folds cannot be made from 8 participants: choose 2 to 8"),
        (1, FoldUnit.PARTICIPANT, "choose 2 to 8"),
        (41, FoldUnit.VIDEO, "from 40 videos"),
        (4, FoldUnit.RELEASED, "without folds"),
    ],
)
def test_folds_that_cannot_be_made_are_told(n_folds: int, fold_unit: FoldUnit, message: str) -> None:
    with pytest.raises(DatasetError, match=message):
        make_folds(EIGHT_BY_FIVE, n_folds, fold_unit)


def test_participants_asked_for_and_not_known_are_told() -> None:
    with pytest.raises(DatasetError, match="participant of “A1” is unknown"):
        make_folds(ranked(people("AB", 2), with_participants=False), 2, FoldUnit.PARTICIPANT)
    with pytest.raises(DatasetError, match="only 1 participant"):
        make_folds(ranked(people("A", 4)), 2)


def test_a_fold_without_pairs_is_warned_of() -> None:
    sparse = replace(EIGHT_BY_FIVE, pairs=(Pair("A1", "B1"),))
    assert "No pairs to train on or to test on" in make_folds(sparse).warning


def leaking_folds() -> dict[str, tuple[Fold, dict[str, str], list[str]]]:
    sound = fold_of("1", ["A1", "A2", "B1", "B2"], ["B1", "B2"], [Pair("A1", "A2"), Pair("A1", "B1"), Pair("B1", "B2")])
    whose = {name: name[0] for name in ("A1", "A2", "B1", "B2")}
    return {
        "B1” is held out": (replace(sound, train_videos=("A1", "A2", "B1")), {}, []),
        "B2” is held out": (replace(sound, train_pairs=(Pair("A1", "B2"),)), {}, []),
        "both videos of A1–A2": (replace(sound, test_pairs=(*sound.test_pairs, Pair("A1", "A2"))), {}, []),
        "participant “B”": (sound, whose | {"A2": "B"}, []),
        "“B1” is held out and yet": (sound, whose, ["A1", "B1"]),
    }


@pytest.mark.parametrize("message", list(leaking_folds()))
def test_every_leak_is_caught(message: str) -> None:
    fold, participants, seen = leaking_folds()[message]
    with pytest.raises(DatasetError, match=message):
        check_no_leak(fold, participants, seen)


def test_sound_folds_pass() -> None:
    for fold in make_folds(EIGHT_BY_FIVE).folds:
        check_no_leak(fold, EIGHT_BY_FIVE.participants, fold.train_videos)


def test_inner_fold_sees_nothing_of_the_outer_test() -> None:
    for fold in make_folds(EIGHT_BY_FIVE).folds:
        inner = inner_fold(EIGHT_BY_FIVE, fold, seed=1)
        everything = {*inner.train_videos, *inner.held_out_videos}
        assert everything == set(fold.train_videos)
        assert set(inner.train_pairs) | set(inner.test_pairs) == set(fold.train_pairs)
        assert 5 <= len(inner.held_out_videos) <= 10
        check_no_leak(inner, EIGHT_BY_FIVE.participants)
        check_no_leak(replace(fold), names_seen=everything)


def test_inner_fold_of_one_participant_is_by_video() -> None:
    dataset = ranked(people("AB", 4))
    fold = make_folds(dataset, 2).folds[0]
    inner = inner_fold(dataset, fold)
    assert len(inner.held_out_videos) == 1
    assert len(inner.train_videos) == 3


def test_inner_fold_needs_two_videos() -> None:
    dataset = ranked(["A1", "B1"])
    with pytest.raises(DatasetError, match="too few to choose on"):
        inner_fold(dataset, make_folds(dataset, 2).folds[0])


def test_each_pair_is_tested_where_one_of_its_videos_is_held_out() -> None:
    made = make_folds(EIGHT_BY_FIVE)
    times: dict[Pair, int] = {}
    for fold in made.folds:
        for pair in fold.test_pairs:
            times[pair] = times.get(pair, 0) + 1
    where = {name: i for i, fold in enumerate(made.folds) for name in fold.held_out_videos}
    for a, b in combinations(EIGHT_BY_FIVE.names, 2):
        assert times[Pair(a, b)] == (1 if where[a] == where[b] else 2)


def test_a_number_of_folds_that_released_ones_do_not_have_is_told() -> None:
    dataset = replace(
        EIGHT_BY_FIVE, released=(fold_of("theirs", EIGHT_BY_FIVE.names, people("A", 5), EIGHT_BY_FIVE.pairs),)
    )
    assert "1 and not 8" in make_folds(dataset, 8).warning
    assert make_folds(dataset, 1).warning == make_folds(dataset).warning == ""
    assert make_folds(dataset).title == "1 released fold"
    assert len(make_folds(EIGHT_BY_FIVE).folds) == 4
    assert quarter_out(dataset).warning == ""


def test_folds_without_pairs_are_left_out_and_told() -> None:
    alone = ranked(people("ABC", 2))
    pairs = (*(pair for pair in alone.pairs if pair.better[0] == "A"), Pair("C1", "C2"))  # without A nothing but C
    pairs = tuple(pair for pair in pairs if pair.worse[0] == "C")
    made = make_folds(replace(alone, pairs=pairs), 2)
    usable = with_pairs(made)
    assert len(made.folds) == 2
    assert {fold.held_out_videos[0][0] for fold in usable.folds} == {"A"}
    assert "Such folds are left out." in usable.warning
    assert with_pairs(make_folds(EIGHT_BY_FIVE)) == make_folds(EIGHT_BY_FIVE)
    with pytest.raises(DatasetError, match="train"):
        with_pairs(make_folds(replace(alone, pairs=pairs[:1])))


def test_fewer_people_make_fewer_folds_unless_somebody_says_how_many() -> None:
    three = ranked(people("ABC", 2))
    assert len(make_folds(three).folds) == 3
    with pytest.raises(DatasetError, match="choose 2 to 3"):
        make_folds(three, 4)


def test_recordings_in_place_of_people_are_told() -> None:
    assert make_folds(EIGHT_BY_FIVE).warning == ""
    assert "are held out whole instead of people" in make_folds(replace(EIGHT_BY_FIVE, by_recording=True)).warning


def test_released_folds_that_lost_a_side_give_way() -> None:
    whole = make_folds(EIGHT_BY_FIVE).folds[1]
    empty = replace(make_folds(EIGHT_BY_FIVE).folds[0], train_pairs=())
    assert quarter_out(replace(EIGHT_BY_FIVE, released=(empty, whole))).folds == (whole,)
    assert quarter_out(replace(EIGHT_BY_FIVE, released=(empty,))).fold_unit is FoldUnit.PARTICIPANT
