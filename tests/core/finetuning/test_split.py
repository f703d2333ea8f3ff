"""What is trained on and what is held out, and what cannot be trained on at all."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from skillviewer.core.dataset.dataset import Dataset
from skillviewer.core.dataset.folds import FoldUnit
from skillviewer.core.dataset.pairs import Judgement, Pair, SimilarPair, Verdict
from skillviewer.core.errors import DatasetError
from skillviewer.core.finetuning.split import StudyPairs, TuningChoices, count_contradicted, split_pairs, without_names
from skillviewer.core.video.clips import FrameRange, TimeRange, may_overlap
from tests.core.datasets import people, ranked
from tests.facts import missing


def with_files(dataset: Dataset) -> Dataset:
    return replace(dataset, videos=tuple(replace(v, path=Path(f"{v.name}.mp4")) for v in dataset.videos))


def study(letters: str = "ABCDEFGH", attempts: int = 3, *, participants: bool = True) -> StudyPairs:
    return StudyPairs(with_files(ranked(people(letters, attempts), participants)))


def test_whole_people_are_held_out_and_trained_on_nowhere() -> None:
    split = split_pairs(study(), TuningChoices())
    assert split.fold_unit is FoldUnit.PARTICIPANT
    out = set(split.fold.held_out_videos)
    assert {name[0] for name in out}.isdisjoint(name[0] for name in split.fold.train_videos)
    assert len(out) == 6  # a quarter of 24
    assert not any(pair.touches(out) for pair in split.fold.train_pairs)
    assert all(pair.touches(out) for pair in split.fold.test_pairs)
    assert len(split.fold.train_pairs) + len(split.fold.test_pairs) == 24 * 23 // 2


def test_the_epoch_is_chosen_within_the_training_videos() -> None:
    split = split_pairs(study(), TuningChoices())
    assert split.inner_fold is not None
    out = set(split.fold.held_out_videos)
    assert not any(pair.touches(out) for pair in (*split.inner_fold.train_pairs, *split.inner_fold.test_pairs))
    assert not {p[0] for p in split.inner_fold.held_out_videos} & {p[0] for p in split.inner_fold.train_videos}


def test_few_pairs_choose_no_epoch_and_are_warned_of() -> None:
    split = split_pairs(study("ABCD", 1), TuningChoices())
    assert split.inner_fold is None
    told = " ".join(split.warnings)
    assert "the last one is used" in told
    assert "Only 3 pairs are left to train on" in told
    assert "Only 3 pairs are held out" in told
    assert "Only one person is held out" in told


def test_videos_are_held_out_where_nobody_knows_the_people_and_that_is_said() -> None:
    split = split_pairs(study(participants=False), TuningChoices())
    assert split.fold_unit is FoldUnit.VIDEO
    assert not missing(split.warnings[0], "training")
    asked = split_pairs(study(), TuningChoices(fold_unit=FoldUnit.VIDEO))
    assert asked.fold_unit is FoldUnit.VIDEO
    with pytest.raises(DatasetError, match="is unknown: name it"):
        split_pairs(study(participants=False), TuningChoices(fold_unit=FoldUnit.PARTICIPANT))


def test_same_seed_same_division() -> None:
    first, again, other = (split_pairs(study(), TuningChoices(seed=seed)) for seed in (3, 3, 4))
    assert first == again
    assert first.fold.held_out_videos != other.fold.held_out_videos


def test_the_honest_test_set_is_trained_on_nowhere() -> None:
    said = study()
    reserved = frozenset(SimilarPair(p.better, p.worse) for p in said.dataset.pairs[::5])
    split = split_pairs(replace(said, reserved=reserved), TuningChoices())
    assert {SimilarPair(p.better, p.worse) for p in split.reserved} == reserved
    inner = split.inner_fold
    assert inner is not None
    for pairs in (split.fold.train_pairs, inner.train_pairs, inner.test_pairs):
        assert not {SimilarPair(p.better, p.worse) for p in pairs} & reserved


def test_people_whom_the_model_knows_are_held_out_last() -> None:
    seen = people("ABCDEF", 3)
    split = split_pairs(study(), TuningChoices(), seen)
    assert set(split.fold.held_out_videos) == set(people("GH", 3))
    assert not any("trained on" in warning for warning in split.warnings)
    everybody = split_pairs(study(), TuningChoices(), people("ABCDEFGH", 3))
    assert any("accuracy before is too high" in warning for warning in everybody.warnings)


def test_no_votes() -> None:
    said = study()
    with pytest.raises(DatasetError, match="ranked"):
        split_pairs(replace(said, dataset=replace(said.dataset, pairs=())), TuningChoices())


def test_only_ties() -> None:
    said = study()
    alike = tuple(SimilarPair(p.better, p.worse) for p in said.dataset.pairs)
    dataset = replace(said.dataset, pairs=(), similar=alike, rule="unanimous")
    with pytest.raises(DatasetError, match=r"276 pairs.*“unanimous”"):
        split_pairs(replace(said, dataset=dataset), TuningChoices())


def test_files_that_are_missing() -> None:
    said = study("AB", 2)
    gone = replace(said.dataset, videos=tuple(replace(v, path=None) for v in said.dataset.videos))
    with pytest.raises(DatasetError, match="6 pairs"):
        split_pairs(replace(said, dataset=gone), TuningChoices())
    some = replace(said.dataset, videos=(replace(said.dataset.videos[0], path=None), *said.dataset.videos[1:]))
    split = split_pairs(replace(said, dataset=some), TuningChoices(fold_unit=FoldUnit.VIDEO))
    assert not missing(split.warnings, "1 video")
    assert not any(pair.touches({"A1"}) for pair in (*split.fold.train_pairs, *split.fold.test_pairs))


def test_one_person_alone_leaves_nothing_to_hold_out() -> None:
    with pytest.raises(DatasetError, match="nothing can be held out"):
        split_pairs(study("A", 4), TuningChoices())


def test_nothing_left_to_train_on() -> None:
    said = study("AB", 1)
    with pytest.raises(DatasetError, match="nothing is left to train on"):
        split_pairs(said, TuningChoices())


def test_contradictions_and_circles_are_told_of() -> None:
    said = study("ABCD", 2)
    votes = (
        Judgement("A1", "B1", Verdict.LEFT, "Ann"),
        Judgement("B1", "A1", Verdict.LEFT, "Ben"),
        Judgement("A1", "C1", Verdict.LEFT, "Ann"),
        Judgement("C1", "A1", Verdict.RIGHT, "Ben"),
        Judgement("A1", "D1", Verdict.LEFT, "Ann"),
        Judgement("A1", "D1", Verdict.NEITHER, "Ben"),
    )
    assert count_contradicted(votes) == 1
    pairs = tuple(p for p in said.dataset.pairs if p != Pair("A1", "C1"))
    circular = replace(said.dataset, pairs=(*pairs, Pair("C1", "A1")), judgements=votes)
    told = " ".join(split_pairs(replace(said, dataset=circular), TuningChoices()).warnings)
    assert not missing(told, "1 pair")
    assert "The pairs form a cycle (" in told


def test_choices_that_make_no_sense_are_refused() -> None:
    for wrong in ({"fold_unit": FoldUnit.RELEASED}, {"epochs": 0}, {"candidates": 0}):
        with pytest.raises(DatasetError):
            TuningChoices(**wrong)


@pytest.mark.parametrize("copied", [False, True])
@pytest.mark.parametrize(("parts", "told"), [((0, 50, 50, 90), False), ((0, 51, 50, 90), True), (None, True)])
def test_parts_of_one_file_or_of_its_copy_on_both_sides_are_told_of_if_they_overlap(
    parts: tuple[int, int, int, int] | None, *, told: bool, copied: bool
) -> None:
    whole = study(participants=False)
    fold = split_pairs(whole, TuningChoices()).fold
    held_out, trained = whole.dataset.video(fold.held_out_videos[0]), whole.dataset.video(fold.train_videos[0])
    clip_ranges = (None, FrameRange(5, 9)) if parts is None else (FrameRange(*parts[:2]), FrameRange(*parts[2:]))
    changed = {
        held_out.name: replace(held_out, path=Path("one.mp4"), clip_range=clip_ranges[0]),
        trained.name: replace(trained, path=Path("copy.mp4" if copied else "one.mp4"), clip_range=clip_ranges[1]),
    }
    videos = tuple(changed.get(video.name, video) for video in whole.dataset.videos)
    dataset, digests = replace(whole.dataset, videos=videos), dict.fromkeys(changed if copied else (), "a" * 64)
    again = split_pairs(replace(whole, dataset=dataset, digests=digests), TuningChoices())
    assert again.fold.held_out_videos == fold.held_out_videos
    assert any("shows frames of" in warning for warning in again.warnings) == told


def test_ranges_of_frames_and_of_seconds_may_overlap() -> None:
    assert may_overlap(FrameRange(0, 9), TimeRange(5.0, 6.0))
    assert may_overlap(TimeRange(0.0, 2.0), TimeRange(1.9, 3.0))
    assert not may_overlap(TimeRange(0.0, 2.0), TimeRange(2.0, 3.0))


def test_warnings_name_nobody_where_they_are_given_away() -> None:
    """Also where people are called as numbers are: the numbers of a warning stay."""
    known = study("ABCD", 3).dataset
    people = {letter: str(number) for number, letter in enumerate("ABCD", start=1)}
    videos = tuple(
        replace(v, participant=people[v.name[0]] if i else None, path=Path("film.mp4"), clip_range=FrameRange(i, i + 2))
        for i, v in enumerate(known.videos)
    )
    first, second, third = known.names[1], known.names[4], known.names[7]
    cycle = (Pair(first, second), Pair(second, third), Pair(third, first))
    ordered = {frozenset((p.better, p.worse)): p for p in (*known.pairs, *cycle)}
    told = StudyPairs(replace(known, videos=videos, pairs=tuple(ordered.values())))
    found = split_pairs(told, TuningChoices(), videos_seen=told.dataset.names).warnings
    names = {*told.dataset.names, *told.dataset.participants.values()}
    named = re.compile(f"[“(]({'|'.join(names)})[”, )]")
    assert sum(bool(named.search(warning)) for warning in found) == 5
    kept = [without_names(warning, names) for warning in found]
    assert not any(named.search(warning) for warning in kept)
    for said in (
        "The participant of a video is unknown: it is held out by itself",
        "a video is held out and shows frames of a video",
        "The model was trained on 3 of the held-out videos before: its",
        "Only one person is held out: the accuracy for others",
        "The pairs form a cycle: no model can",
    ):
        assert any(warning.startswith(said) for warning in kept), said
