"""Votes from a browser: imported once, as votes like others, and refused with one sentence where they cannot be."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from skillviewer.core.dataset.pairs import Verdict
from skillviewer.core.errors import StudyError
from skillviewer.data.study import Study
from skillviewer.data.study.judging import browser_votes, saved_file
from skillviewer.data.study.judging.browser_votes import import_votes
from skillviewer.data.study.judging.pack import DrawnPack, draw_pack
from skillviewer.data.study.judging.saved_file import MAX_ANSWERS_PER_TURN
from tests.data.study.judging.packs import NAMES, PART, make_study, sealed, vote, votes_text
from tests.facts import missing


def draw(folder: Path) -> DrawnPack:
    """Draw a pack of six pairs for one rater; it is not written."""
    with Study.open(make_study(folder / "s", speed=0.5)) as study:
        return draw_pack(study, folder / "pack", ["Ann"], 6)


@pytest.fixture
def drawn(tmp_path: Path) -> DrawnPack:
    """A pack."""
    return draw(tmp_path)


@pytest.fixture(scope="module")
def untouched(tmp_path_factory: pytest.TempPathFactory) -> DrawnPack:
    """A pack whose study gets no vote."""
    return draw(tmp_path_factory.mktemp("untouched"))


def bring(drawn: DrawnPack, text: bytes) -> str:
    """Import a file of votes."""
    file = drawn.folder.with_name("votes.json")
    file.write_bytes(text)
    with Study.open(drawn.folder.with_name("s") / "study.skillstudy") as study:
        return import_votes(study, file)


def stored(drawn: DrawnPack) -> tuple[Any, ...]:
    with Study.open(drawn.folder.with_name("s") / "study.skillstudy", read_only=True) as study:
        return study.votes.all()


def test_votes_come_in_once_like_those_of_the_window(drawn: DrawnPack) -> None:
    pairs = next(iter(drawn.key.pairs.values()))
    given = [
        vote(drawn, 0, "a", verdict=-1, reason="  steadier ", left_mark_s=0.5),
        vote(drawn, 1, "b", verdict=None),
        vote(drawn, 2, "c", withdrawn_at="2026-03-01T10:02:00Z"),
        vote(drawn, 2, "d", verdict=0),
        *(vote(drawn, at, f"e{at}", left_mark_s=0.25, right_mark_s=0.25) for at in (3, 4)),
    ]
    assert not missing(bring(drawn, votes_text(drawn, given)), "4 new votes", "1 skipped")
    first, skipped, gone, again, *rest = stored(drawn)
    assert {first.left, first.right} == {drawn.clips[code].name for code in pairs[0][:2]}
    assert first.verdict is Verdict.RIGHT
    assert (first.taken_s, first.watched, first.speed, first.reason) == (3.25, 0.75, 0.5, "steadier")
    assert first.judged_at == datetime(2026, 3, 1, 10, 0, 0, 500_000, UTC)
    assert first.purpose == pairs[0][2]
    assert skipped.verdict is None
    assert (gone.is_valid, again.is_valid, again.verdict) == (False, True, Verdict.NEITHER)
    starts_s = dict.fromkeys(NAMES, 0.0) | {NAMES[3]: PART.start_frame / 30}  # marks are times in the file
    for one in rest:
        assert one.left_mark_s == pytest.approx(starts_s[one.left] + 0.25, abs=1e-3)
        assert one.right_mark_s == pytest.approx(starts_s[one.right] + 0.25, abs=1e-3)
    assert NAMES[3] in {name for one in rest for name in (one.left, one.right)}
    assert first.left_mark_s == pytest.approx(starts_s[first.left] + 0.5, abs=1e-3)
    assert not missing(bring(drawn, votes_text(drawn, given)), "0 new")
    more = bring(drawn, votes_text(drawn, [*given, vote(drawn, 5, "f")]))
    assert not missing(more, "1 new")
    assert len(stored(drawn)) == 7


def test_a_later_undo_reaches_the_study(drawn: DrawnPack) -> None:
    bring(drawn, votes_text(drawn, [vote(drawn, 0, "a")]))
    undone = vote(drawn, 0, "a", withdrawn_at="2026-03-02T10:00:00Z")
    assert bring(drawn, votes_text(drawn, [undone, vote(drawn, 0, "b", verdict=-1)])).startswith("1 new")
    assert [(one.is_valid, one.verdict) for one in stored(drawn)] == [(False, Verdict.LEFT), (True, Verdict.RIGHT)]


def test_a_time_that_is_still_to_come_is_not_stored(drawn: DrawnPack) -> None:
    came = bring(drawn, votes_text(drawn, [vote(drawn, 0, "a", judged_at="2999-01-01T10:00:00Z"), vote(drawn, 1, "b")]))
    assert came.startswith("2 new votes by Ann; 1 have a time that is still to come")
    assert [one.judged_at is None for one in stored(drawn)] == [True, False]


def test_a_skipped_pair_is_not_counted_as_a_vote(drawn: DrawnPack) -> None:
    given = [vote(drawn, 0, "a"), vote(drawn, 1, "b", verdict=None), vote(drawn, 2, "c")]
    assert bring(drawn, votes_text(drawn, given)).startswith("2 new votes and 1 skipped pair by Ann")


def test_an_undo_that_is_still_to_come_counts_as_of_now(drawn: DrawnPack) -> None:
    assert bring(drawn, votes_text(drawn, [vote(drawn, 0, "a", withdrawn_at="2999-01-01T10:00:00Z")])).startswith(
        "0 new"
    )
    (gone,) = stored(drawn)
    assert gone.withdrawn_at is not None
    assert gone.withdrawn_at <= datetime.now(UTC)


def test_thousands_of_undone_votes_on_a_pair_are_refused(drawn: DrawnPack) -> None:
    undone = {"withdrawn_at": "2026-03-01T10:00:01Z"}
    many = [vote(drawn, 0, str(n), **undone) for n in range(MAX_ANSWERS_PER_TURN + 1)]
    with pytest.raises(
        StudyError, match=rf"101 votes on pair 1, given and undone; {MAX_ANSWERS_PER_TURN} are possible"
    ):
        bring(drawn, votes_text(drawn, many))
    assert stored(drawn) == ()


def test_two_copies_of_a_pack_do_not_double_a_vote(drawn: DrawnPack) -> None:
    bring(drawn, votes_text(drawn, [vote(drawn, 0, "a"), vote(drawn, 1, "b")]))
    came = bring(drawn, votes_text(drawn, [vote(drawn, 1, "c"), vote(drawn, 2, "d")]))
    assert not missing(came, "1 new")
    assert len(stored(drawn)) == 3


Damage = Callable[[DrawnPack], bytes]
OF_ONE: dict[str, tuple[dict[str, object], str]] = {
    "a strange video": (
        {"left": "ZZZZZZ"},
        "votes.json, vote 1 cannot be: the study has no video with the code “ZZZZZZ”",
    ),
    "a pair that is none": ({"pair": 6}, "pair 7 of this rater is not"),
    "no time": ({"judged_at": "yesterday"}, r"holds no votes .*Invalid RFC3339.*votes\[0\]\.judged_at"),
    "a day that is none": ({"judged_at": "2026-02-30T10:00:00Z"}, "holds no votes"),
    "a time without a zone": ({"judged_at": "2026-02-20T10:00:00"}, "holds no votes"),
    "a year before": ({"withdrawn_at": "0004-02-20T10:00:00Z"}, "it was not given in the year 4"),
    "undone before": ({"withdrawn_at": "2026-02-20T10:00:00Z"}, "it was undone at 2026-02-20.*before it was given"),
    "a mark behind the end": ({"left_mark_s": 60.0}, r"it marks 60 s of a clip of [01]\."),
    "a mark before the clip": ({"right_mark_s": -0.5}, "holds no votes"),
    "no number": ({"taken_s": -1.0}, "holds no votes"),
    "too much seen": ({"watched": 1.5}, "holds no votes"),
    "another verdict": ({"verdict": 2}, "holds no votes"),
    "a long reason": ({"reason": "x" * 301}, "holds no votes"),
    "a key that is none": ({"key": "../../x"}, "holds no votes"),
    "a strange field": ({"score": 1}, "holds no votes"),
}


@pytest.mark.parametrize("kind", OF_ONE)
def test_a_vote_that_cannot_be_is_refused_with_all_others(untouched: DrawnPack, kind: str) -> None:
    drawn = untouched
    changes, sentence = OF_ONE[kind]
    with pytest.raises(StudyError, match=sentence) as raised:
        bring(drawn, votes_text(drawn, [vote(drawn, 0, "a", **changes), vote(drawn, 1, "b")]))
    assert "\n" not in str(raised.value)
    assert stored(drawn) == ()


OF_FILE: dict[str, tuple[Damage, str]] = {
    "another file": (lambda _: b"left,right\n", "holds no votes of a judging page: choose the file that"),
    "an empty file": (lambda _: b"", "holds no votes"),
    "a cut file": (lambda d: votes_text(d, [vote(d, 0, "a")])[:-5], "was altered or cut after it was saved"),
    "a changed verdict": (
        lambda d: votes_text(d, [vote(d, 0, "a")]).replace(b'"verdict":1', b'"verdict":-1'),
        "was altered or cut",
    ),
    "another pack": (lambda d: votes_text(d, [], pack="0" * 32), r"that study\.skillstudy does not know"),
    "another rater": (lambda d: votes_text(d, [], rater="XXXX"), "a pack or a rater that"),
    "a newer page": (lambda d: votes_text(d, [], version=2, more=1), "comes from a newer version"),
    "another format": (lambda d: votes_text(d, [], format="x"), "holds no votes"),
    "deep brackets": (lambda _: sealed(b'{"format":' + b"[" * 100_000 + b"}"), "holds no votes"),
    "no text": (lambda _: sealed(b'{"format":"\xff"}'), "holds no votes"),
}


@pytest.mark.parametrize("kind", OF_FILE)
def test_a_file_that_cannot_be_is_refused(untouched: DrawnPack, kind: str) -> None:
    drawn = untouched
    damage, sentence = OF_FILE[kind]
    with pytest.raises(StudyError, match=sentence):
        bring(drawn, damage(drawn))
    assert stored(drawn) == ()


def test_an_answer_that_was_not_offered_and_a_deleted_video_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Study.open(make_study(tmp_path / "s", allow_neither=False)) as study:
        drawn = draw_pack(study, tmp_path / "pack", ["Ann"], 4)
    with pytest.raises(StudyError, match="“no difference” was not offered"):
        bring(drawn, votes_text(drawn, [vote(drawn, 0, "a", verdict=0)]))
    text = votes_text(drawn, [vote(drawn, 0, "a")])
    with monkeypatch.context() as patch:
        patch.setattr(saved_file, "MAX_BYTES", 1 << 20)
        with pytest.raises(StudyError, match="It is larger than 1 MB"):
            bring(drawn, text + b" " * (1 << 20))
    with pytest.raises(StudyError, match="cannot be read: No such file"):
        browser_votes.read_votes(tmp_path / "missing.json")
    with Study.open(tmp_path / "s" / "study.skillstudy") as study:
        name = drawn.clips[next(iter(drawn.key.pairs.values()))[0][0]].name
        study.videos.remove(name)
    assert bring(drawn, text).startswith("1 new"), "a removed video is still in the study"
    with Study.open(tmp_path / "s" / "study.skillstudy") as study:
        study.videos.erase([next(v.digest for v in drawn.clips.values() if v.name == name)])
    with pytest.raises(StudyError, match=r"code.*longer"):
        bring(drawn, text)
