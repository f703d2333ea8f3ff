"""Ratings from a browser: imported once, as ratings like others, and refused with file, row and value otherwise."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from skillviewer.core.errors import ExportError, StudyError
from skillviewer.core.ratings.rating_order import FormPurpose
from skillviewer.core.ratings.rubric_templates import GEARS
from skillviewer.data.study import Study
from skillviewer.data.study.judging.browser_ratings import import_answers, import_forms
from skillviewer.data.study.judging.rating_pack import DrawnRatingPack, draw_rating_pack
from skillviewer.data.study.judging.rating_queue import rating_queue
from skillviewer.data.study.judging.saved_file import MAX_ANSWERS_PER_TURN
from skillviewer.data.study.practice import Practice, PracticeVideo
from skillviewer.data.study.rating_forms import RatingForm, self_agreement
from tests.data.study.judging.packs import (
    NAMES,
    PART,
    RUBRIC,
    make_study,
    packed,
    rating,
    rating_pack,
    ratings_text,
    sealed,
    votes_text,
)
from tests.facts import missing


@pytest.fixture(scope="module")
def untouched(tmp_path_factory: pytest.TempPathFactory) -> DrawnRatingPack:
    """A pack whose study gets no rating."""
    folder = tmp_path_factory.mktemp("untouched")
    return rating_pack(make_study(folder / "s"), folder / "pack")


@pytest.fixture
def drawn(tmp_path: Path) -> DrawnRatingPack:
    """A pack of four videos, two of them twice."""
    return rating_pack(make_study(tmp_path / "s"), tmp_path / "pack")


def bring(drawn: DrawnRatingPack, text: bytes) -> str:
    """Import a file of ratings."""
    file = drawn.folder.with_name("ratings.json")
    file.write_bytes(text)
    with Study.open(drawn.folder.with_name("s") / "study.skillstudy") as study:
        return import_answers(study, file)


def stored(drawn: DrawnRatingPack) -> tuple[RatingForm, ...]:
    with Study.open(drawn.folder.with_name("s") / "study.skillstudy", read_only=True) as study:
        return study.forms.all()


def test_ratings_come_in_once_and_repeats_are_no_ratings(drawn: DrawnRatingPack) -> None:
    turns = next(iter(drawn.key.turns.values()))
    assert [purpose for _, purpose in turns].count(FormPurpose.REPEAT) == 2
    given = [rating(drawn, at, f"{at}", mark_s=0.25, remark=" calm ") for at in range(6)]
    given[0]["answers"] = [["care", 1]]
    given.insert(1, rating(drawn, 1, "undone", withdrawn_at="2026-03-01T10:01:00Z"))
    assert not missing(bring(drawn, ratings_text(drawn, given)), "6 new", "Ann", "1 more")
    assert not missing(bring(drawn, ratings_text(drawn, given)), "0 new", "7 are in the study")
    forms = [form for form in stored(drawn) if form.is_valid]
    in_order = sorted(forms, key=lambda form: str(form.rated_at))
    assert [form.purpose for form in in_order] == [purpose for _, purpose in turns]
    starts_s = dict.fromkeys(NAMES, 0.0) | {NAMES[3]: PART.start_frame / 30}
    assert all(form.mark_s == pytest.approx(starts_s[form.video] + 0.25, abs=1e-3) for form in forms)
    assert {(form.remark, form.taken_s, form.watched) for form in forms} == {("calm", 3.25, 0.75)}
    first = drawn.clips[turns[0][0]].name
    with Study.open(drawn.folder.with_name("s") / "study.skillstudy") as study:
        values = {(r.video, r.item): r.value for r in study.ratings.all().ratings}
        assert {item for video, item in values if video == first} == {"care"}
        assert len(values) == 1 + 3 * 3, "four videos, one of them with one item, the others with two and the sum"
        assert {agreement.n for agreement in self_agreement(study.forms.all(), RUBRIC)} <= {1, 2}
        queue = rating_queue(study, "Ann")
        assert (queue.upcoming, queue.n_turns) == ((), 6)
        with pytest.raises(StudyError, match="no video left for Ann"):
            draw_rating_pack(study, drawn.folder.with_name("more"), ["ann"])


def test_a_later_undo_reaches_the_study_and_two_copies_do_not_double(drawn: DrawnRatingPack) -> None:
    bring(drawn, ratings_text(drawn, [rating(drawn, 0, "a")]))
    assert not missing(bring(drawn, ratings_text(drawn, [rating(drawn, 0, "other")])), "0 new", "1 were left out")
    undone = rating(drawn, 0, "a", withdrawn_at="2999-03-02T10:00:00Z")
    again = rating(drawn, 0, "b", answers=[["flow", 1]], rated_at="2999-01-01T00:00:00Z")
    assert not missing(bring(drawn, ratings_text(drawn, [undone, again])), "1 new", "still to come")
    first, second = stored(drawn)
    assert (first.is_valid, second.is_valid, second.rated_at) == (False, True, None)
    assert first.withdrawn_at is not None
    assert first.withdrawn_at <= datetime.now(UTC)


OF_ONE: dict[str, tuple[dict[str, object], str]] = {
    "a step beyond the scale": ({"answers": [["flow", 6]]}, "rating 1 .*“flow” is rated 6"),
    "a step between": ({"answers": [["flow", 2.5]]}, r"2\.5"),
    "an unknown item": ({"answers": [["depth", 1]]}, "no item “depth”"),
    "the sum as an item": ({"answers": [["sum", 3]]}, "no item “sum”"),
    "an item twice": ({"answers": [["flow", 1], ["flow", 2]]}, "“flow” twice"),
    "a strange video": ({"video": "ZZZZZZ"}, "code “ZZZZZZ”"),
    "a turn that is none": ({"turn": 6}, "video 7 of this rater"),
    "a mark behind the end": ({"mark_s": 60.0}, "marks 60 s of a clip"),
    "a mark before the clip": ({"mark_s": -1.0}, "holds no ratings"),
    "undone before": ({"withdrawn_at": "2026-02-20T10:00:00Z"}, "before it was given"),
    "a year before": ({"rated_at": "0004-02-20T10:00:00Z"}, "year 4"),
    "no number": ({"answers": [["flow", "high"]]}, "holds no ratings"),
    "a long remark": ({"remark": "x" * 301}, "holds no ratings"),
    "a strange field": ({"score": 1}, "holds no ratings"),
}


@pytest.mark.parametrize("kind", OF_ONE)
def test_a_rating_that_cannot_be_is_refused_with_all_others(untouched: DrawnRatingPack, kind: str) -> None:
    changes, sentence = OF_ONE[kind]
    given = [rating(untouched, 0, "a", **changes), rating(untouched, 1, "b")]
    with pytest.raises(StudyError, match=sentence) as raised:
        bring(untouched, ratings_text(untouched, given))
    assert not missing(str(raised.value), "ratings.json")
    assert "\n" not in str(raised.value)
    assert stored(untouched) == ()


OF_FILE: dict[str, tuple[Callable[[DrawnRatingPack], bytes], str]] = {
    "a cut file": (lambda d: ratings_text(d, [rating(d, 0, "a")])[:-5], "altered or cut"),
    "a changed rating": (lambda d: ratings_text(d, [rating(d, 0, "a")]).replace(b'"flow",3', b'"flow",4'), "altered"),
    "another study": (lambda d: ratings_text(d, [], pack="0" * 32), r"study\.skillstudy does not know"),
    "another rater": (lambda d: ratings_text(d, [], rater="XXXXXXXX"), "a pack or a rater"),
    "a newer page": (lambda d: ratings_text(d, [], version=2, more=1), "newer version"),
    "deep brackets": (lambda _: sealed(b'{"format":"skillviewer-ratings","x":' + b"[" * 100_000 + b"}"), "holds no"),
    "too many": (
        lambda d: ratings_text(
            d, [rating(d, 0, str(n), withdrawn_at="2026-03-01T10:00:01Z") for n in range(MAX_ANSWERS_PER_TURN + 1)]
        ),
        "101 ratings of video 1",
    ),
}


@pytest.mark.parametrize("kind", OF_FILE)
def test_a_file_that_cannot_be_is_refused(untouched: DrawnRatingPack, kind: str) -> None:
    damage, sentence = OF_FILE[kind]
    with pytest.raises(StudyError, match=sentence):
        bring(untouched, damage(untouched))
    assert stored(untouched) == ()


def test_files_of_pairs_and_of_videos_do_not_mix(tmp_path: Path) -> None:
    study = make_study(tmp_path / "s")
    of_videos = rating_pack(study, tmp_path / "pack")
    of_pairs, _ = packed(study, tmp_path / "pairs", n_pairs=1)
    code = next(iter(of_pairs.key.raters))
    with pytest.raises(StudyError, match="a pack or a rater"):
        bring(of_videos, ratings_text(of_videos, [], pack=of_pairs.id, rater=code))
    code = next(iter(of_videos.key.raters))
    with pytest.raises(StudyError, match="a pack or a rater"):
        bring(of_videos, votes_text(of_pairs, [], pack=of_videos.id, rater=code))


def test_another_rubric_and_a_full_folder_are_refused(tmp_path: Path) -> None:
    path = make_study(tmp_path / "s")
    drawn = rating_pack(path, tmp_path / "pack")
    with Study.open(path) as study:
        study.forms.set_plan(GEARS)
        file = tmp_path / "ratings.json"
        file.write_bytes(ratings_text(drawn, [rating(drawn, 0, "a")]))
        with pytest.raises(StudyError, match="no longer that of"):
            import_forms(study, file)
        with pytest.raises(ExportError, match="not empty"):
            draw_rating_pack(study, tmp_path / "s", ["Ann"])
        for raters in ([], [" "]):
            with pytest.raises(StudyError, match="name or the initials"):
                draw_rating_pack(study, tmp_path / "new", raters)


def test_practice_videos_are_not_asked(tmp_path: Path) -> None:
    path = make_study(tmp_path / "s")
    with Study.open(path) as study:
        study.practice = Practice(videos=(PracticeVideo(NAMES[0], {"flow": 5}, "smooth"),))
    drawn = rating_pack(path, tmp_path / "pack")
    turns = {drawn.clips[code].name for code, _ in next(iter(drawn.key.turns.values()))}
    assert turns == set(NAMES[1:])
    assert [turn.video.name for turn in drawn.practice] == [NAMES[0]]


def test_a_pack_goes_on_after_another_video_and_another_rater_are_erased(tmp_path: Path) -> None:
    path = make_study(tmp_path / "s")
    drawn = rating_pack(path, tmp_path / "pack", "Ann", "Ben")
    ben = next(code for code, name in drawn.raters.items() if name == "Ben")
    turn = next(number for number, (code, _) in enumerate(drawn.key.turns[ben]) if drawn.clips[code].name != NAMES[0])
    given = [rating(drawn, turn, "a", video=drawn.key.turns[ben][turn][0])]
    with Study.open(path) as study:
        study.erase_rater("Ann")
        study.erase([study.videos.get(NAMES[0]).digest])
    with pytest.raises(StudyError, match="does not know"):
        bring(drawn, ratings_text(drawn, []))
    assert not missing(bring(drawn, ratings_text(drawn, given, rater=ben)), "1 new", "Ben")
    assert [form.rater for form in stored(drawn)] == ["Ben"]
