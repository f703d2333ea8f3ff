"""Timelines as ELAN, BORIS, Praat and makers of subtitles write them: every annotation comes in, or is named."""

import json
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import pytest

from skillviewer.core.errors import DatasetError
from skillviewer.core.timelines.annotation import Annotation
from skillviewer.data.timelines.timeline_formats import read_timeline
from skillviewer.export.timelines.subtitles import srt_text, vtt_text
from tests.data.files import write
from tests.data.timelines.test_timelines import annotations_of
from tests.export.analyses import info
from tests.facts import missing

# ELAN: (id, value in ms or None) of each slot; (tier, parent tier, annotations) of each tier


def eaf(slots: Sequence[tuple[str, int | None]], *tiers: str) -> str:
    times = (f' TIME_VALUE="{ms}"' if ms is not None else "" for _, ms in slots)
    order = "".join(f'<TIME_SLOT TIME_SLOT_ID="{slot}"{time}/>' for (slot, _), time in zip(slots, times, strict=True))
    return f"<ANNOTATION_DOCUMENT><TIME_ORDER>{order}</TIME_ORDER>{''.join(tiers)}</ANNOTATION_DOCUMENT>"


def aligned(tier: str, parent: str, *ends: tuple[str, str]) -> str:
    rows = "".join(
        f'<ANNOTATION><ALIGNABLE_ANNOTATION ANNOTATION_ID="{tier}{n}" TIME_SLOT_REF1="{first}" '
        f'TIME_SLOT_REF2="{second}"><ANNOTATION_VALUE>{tier}{n}</ANNOTATION_VALUE></ALIGNABLE_ANNOTATION></ANNOTATION>'
        for n, (first, second) in enumerate(ends)
    )
    return f'<TIER TIER_ID="{tier}"{parent and f" PARENT_REF={chr(34)}{parent}{chr(34)}"}>{rows}</TIER>'


def referring(tier: str, parent: str, *rows: tuple[str, str]) -> str:
    """Return a tier of annotations that refer to others: (reference, previous annotation or "")."""
    text = "".join(
        f'<ANNOTATION><REF_ANNOTATION ANNOTATION_ID="{tier}{n}" ANNOTATION_REF="{ref}"'
        f"{previous and f' PREVIOUS_ANNOTATION={chr(34)}{previous}{chr(34)}'}>"
        f"<ANNOTATION_VALUE>{tier}{n}</ANNOTATION_VALUE></REF_ANNOTATION></ANNOTATION>"
        for n, (ref, previous) in enumerate(rows)
    )
    return f'<TIER TIER_ID="{tier}" PARENT_REF="{parent}">{text}</TIER>'


def times(annotations: Sequence[Annotation], tier: str) -> list[tuple[int, int]]:
    return [(round(one.start_s * 1000), round(one.stop_s * 1000)) for one in annotations if one.tier == tier]


def test_elan_divides_the_time_of_a_parent_evenly_over_the_chain_of_its_children(tmp_path: Path) -> None:
    """ELAN's TimeProposer: slot k of n is at begin + k * ((end - begin) div n), whatever the order in the file."""
    slots = [("a", 1000), ("b", 2000), ("c", 2000), ("d", 2600), ("w1", None), ("w2", None), ("v", None), ("p", None)]
    words = [("w1", "w2"), ("a", "w1"), ("w2", "b"), ("c", "v"), ("v", "d")]
    tiers = (
        aligned("phones", "words", ("w1", "p"), ("p", "w2")),  # of a word whose own times are not in the file
        aligned("words", "text", *words),
        aligned("text", "", ("a", "b"), ("c", "d")),
    )
    for order in (slots, slots[::-1]):
        read = annotations_of(write(tmp_path / "a.eaf", eaf(order, *tiers)))
        third = (2000 - 1000) // 3
        cuts = [1000, 1000 + third, 1000 + 2 * third, 2000]
        assert times(read, "words") == [*pairwise(cuts), (2000, 2300), (2300, 2600)]
        half = cuts[1] + third // 2
        assert times(read, "phones") == [(cuts[1], half), (half, cuts[2])]


def test_elan_divides_the_time_of_a_chain_of_references_evenly(tmp_path: Path) -> None:
    """ELAN's SymbolicSubdivision: annotation k of n lasts from begin + int(k * (end - begin) / n) to that of k + 1."""
    chain = [("text0", "words1"), ("text0", ""), ("text0", "words0")]  # the order of a chain is that of its links
    tiers = (
        referring("gloss", "words", ("words0", ""), ("words2", "")),
        referring("words", "text", *chain),
        aligned("text", "", ("a", "b")),
    )
    read = annotations_of(write(tmp_path / "a.eaf", eaf([("a", 0), ("b", 1000)], *tiers)))
    assert [(one.text, *times([one], one.tier)[0]) for one in read if one.tier == "words"] == [
        ("words1", 0, 333),
        ("words0", 333, 666),
        ("words2", 666, 1000),
    ]
    assert times(read, "gloss") == [(333, 666), (666, 1000)]


def test_annotations_of_elan_without_any_time_are_named_and_the_others_come_in(tmp_path: Path) -> None:
    tiers = (
        aligned("text", "", ("a", "b"), ("x", "y"), ("y", "x"), ("b", "z")),
        referring("words", "text", ("text1", ""), ("none", ""), ("text0", "words2")),
    )
    path = write(tmp_path / "a.eaf", eaf([("a", 0), ("b", 500), ("x", None), ("y", None), ("z", None)], *tiers))
    contents = read_timeline(path)
    assert [one.text for one in contents.annotations] == ["text0"]
    assert [sentence.split("”")[0].split("“")[1] for sentence in contents.rejected] == [
        "text1", "text2", "text3", "words0", "words1", "words2",
    ]  # fmt: skip


def boris_project(**observations: dict[str, object]) -> str:
    behaviors = {"0": {"type": "State event", "code": "grasp"}, "1": {"type": "Point event", "code": "drop"}}
    return json.dumps({"observations": observations, "behaviors_conf": behaviors})


def playing(*players: list[str], events: list[list[object]], **more: object) -> dict[str, object]:
    return {"type": "MEDIA", "file": {str(n): files for n, files in enumerate(players, 1)}, "events": events, **more}


DROP = [1.0, "", "drop", "", ""]


def test_two_observers_of_a_video_are_two_people_and_a_subject_stays_in_the_tier(tmp_path: Path) -> None:
    events: list[list[object]] = [
        [1.0, "left hand", "grasp", "", ""],
        [2.0, "left hand", "grasp", "", ""],
        [3.0, *DROP[1:]],
    ]
    text = boris_project(
        first=playing(["/x/one.mp4"], events=events, independent_variables={"Observer": "Ann"}),
        second=playing(["C:\\x\\one.mp4"], events=[DROP]),
        other=playing(["two.mp4"], events=[DROP]),
    )
    contents = read_timeline(write(tmp_path / "a.boris", text), "one.mp4")
    assert contents.annotations == (
        Annotation("drop", 1.0, 1.0, "", "second"),
        Annotation("grasp – left hand", 1.0, 2.0, "", "Ann"),
        Annotation("drop", 3.0, 3.0, "", "Ann"),
    )
    assert contents.observations == ("first", "second", "other")
    (only,) = read_timeline(tmp_path / "a.boris", "one.mp4", ["second"]).annotations
    assert only == Annotation("drop", 1.0, 1.0)
    with pytest.raises(DatasetError, match="“third”"):
        read_timeline(tmp_path / "a.boris", "one.mp4", ["third"])
    with pytest.raises(DatasetError, match="no observations to choose from"):
        read_timeline(write(tmp_path / "a.vtt", ""), "one.mp4", ["first"])


def test_an_observation_without_the_video_is_read_if_it_is_chosen(tmp_path: Path) -> None:
    path = write(tmp_path / "a.boris", boris_project(live={"type": "LIVE", "file": [], "events": [DROP]}))
    contents = read_timeline(path, "one.mp4")
    assert (contents.annotations, contents.observations) == ((), ("live",))
    assert not missing(contents.warnings[0], "1 observations", "one.mp4")
    contents = read_timeline(path, "one.mp4", ["live"])
    assert contents.annotations == (Annotation("drop", 1.0, 1.0),)
    assert "does not play one.mp4" in contents.warnings[0]


def test_a_video_in_the_second_player_or_after_another_file_has_its_own_clock(tmp_path: Path) -> None:
    media = {"length": {"/x/one.mp4": 10.0, "/x/two.mp4": 5.0}, "offset": {"1": 0.0, "2": 20.0}}
    events: list[list[object]] = [[at, "", "drop", "", str(at)] for at in (2.0, 10.0, 22.0)]
    events += [[9.0, "", "grasp", "", ""], [11.0, "", "grasp", "", ""]]
    side = boris_project(
        a=playing(["/x/one.mp4"], ["/x/two.mp4"], events=events, media_info=media), b=playing([], events=[])
    )
    path = write(tmp_path / "a.boris", side)
    contents = read_timeline(path, "two.mp4")
    assert [(one.text, one.start_s) for one in contents.annotations] == [("22.0", 2.0)]
    assert [sentence.split(" (")[0] for sentence in contents.rejected] == [
        "“drop” at -18 s lies outside the video",
        "“drop” at -10 s lies outside the video",
        "“grasp” from -11 s to -9 s lies outside the video",
    ]
    old = boris_project(a=playing(["one.mp4"], ["two.mp4"], events=[DROP], **{"time offset second player": 2.5}))
    assert read_timeline(write(tmp_path / "c.boris", old), "one.mp4").warnings == ()
    assert "offset of 2.5 s of its second player" in read_timeline(tmp_path / "c.boris", "two.mp4").warnings[0]
    queue = boris_project(a=playing(["/x/one.mp4", "/x/two.mp4"], events=events, media_info=media))
    contents = read_timeline(write(tmp_path / "b.boris", queue), "two.mp4")
    assert [(one.text, one.start_s) for one in contents.annotations] == [("10.0", 0.0)]
    assert contents.rejected == ("“grasp” from -1 s to 1 s lies outside the video.",)
    assert contents.warnings == ("2 events of “a” are of the other files that it plays.",)


def test_events_of_boris_that_cannot_be_used_are_named_one_by_one(tmp_path: Path) -> None:
    events: list[list[object]] = [
        [1.0, "Ann", "grasp", "left", ""],
        [1.5, "Ann", "grasp", "right", ""],  # another state: BORIS tells states apart by their modifiers
        [2.0, "Ann", "grasp", "left", ""],
        [1.7e9, "", "drop", "", ""],
        ["NA", "", "drop", "", ""],
        [3.0],
    ]
    path = write(tmp_path / "a.boris", boris_project(a=playing(["one.mp4"], events=events)))
    contents = read_timeline(path, "one.mp4")
    assert contents.annotations == (Annotation("grasp", 1.0, 2.0, "left", "Ann"),)
    assert [sentence.split(" ", 1)[0] for sentence in contents.rejected] == ["The", "The", "The", "“grasp”"]
    assert "is a date" in contents.rejected[0] or "has a date" in contents.rejected[0]
    assert not missing(contents.rejected[3], "1.5", "observation")


OLD_SHORT = (
    'File type = "ooTextFile short"\n"TextGrid"\n\n0\n4\n<exists>\n1\n"IntervalTier"\n"steps"\n0\n4\n1\n0.5\n1\n"go"\n'
)
COMMENTED = """File type = "ooTextFile"
Object class = "TextGrid" ! of session 2, take 17
xmin = 0 ! seconds: 0 to 4
xmax = 4
tiers? <exists>
size = 1
item []:
  item [1]:
    class = "IntervalTier"
    name = "steps"
    xmin = 0
    xmax = 4
    intervals: size = 1 ! "one" of 12
    intervals [1]:
      xmin = 0.5
      xmax = 1
      text = "go"
"""


def test_old_headers_and_comments_of_praat_are_read_and_a_later_clock_is_reported(tmp_path: Path) -> None:
    for text in (OLD_SHORT, COMMENTED):
        assert annotations_of(write(tmp_path / "a.TextGrid", text)) == [Annotation("steps", 0.5, 1.0, "go")]
    later = OLD_SHORT.replace("\n0\n4\n<", "\n0.25\n4\n<")
    contents = read_timeline(write(tmp_path / "b.TextGrid", later))
    assert contents.annotations == (Annotation("steps", 0.5, 1.0, "go"),)
    assert "begins at 0.25 s" in contents.warnings[0]


@pytest.mark.parametrize(
    ("written", "value"),
    [
        *(("0.5ignored", 0.5), ("5e-1s", 0.5), ("+1.", 1.0), ("0x0.8", 0.5), ("0x1.8P+0", 1.5), ("2E", 2.0)),
        *(("50%", 0.5), ("0.90ms%", 0.9), ("+3/2", 1.5), ("-5/-2", 2.5), ("2/200%", 1.0), ("300%/2", 1.5)),
        ("2.3!touching 5 numbers", 2.3),
    ],
)
def test_numbers_are_read_as_praat_reads_them(tmp_path: Path, written: str, value: float) -> None:
    """Numbers of files that Praat opened, with the values that it showed (tests of the R package readtextgrid)."""
    text = f'"ooTextFile"\n"TextGrid"\n0 4s <exists> 1 tier\n"TextTier" "hits" 0 4\n1point\n{written}\n"x"\n'
    assert [one.start_s for one in annotations_of(write(tmp_path / "a.TextGrid", text))] == [value]


@pytest.mark.parametrize("encoding", ["utf-32", "utf-32-le", "utf-32-be", "utf-16", "utf-16-le", "utf-8-sig"])
def test_subtitles_of_every_encoding_are_read(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "a.srt"
    path.write_bytes("1\r\n00:00:01,000 --> 00:00:02,000\r\nGrüße\r\n".encode(encoding))
    assert annotations_of(path) == [Annotation("cues", 1.0, 2.0, "Grüße")]


def test_cues_without_blank_lines_between_them_are_told_apart(tmp_path: Path) -> None:
    cues = "".join(f"{n}\n00:00:{n:02},000 --> 00:00:{n:02},500\nx{n}\n" for n in range(1, 60))
    read = annotations_of(write(tmp_path / "a.srt", cues))
    assert [(one.start_s, one.text) for one in read] == [(float(n), f"x{n}") for n in range(1, 60)]


@pytest.mark.parametrize("text", ["<b>", "<x>", "a <b>bold</b> word", "&amp; &lt;", "{\\an8} up", "5 < 6 > 4"])
def test_texts_like_tags_survive_a_round_trip(tmp_path: Path, text: str) -> None:
    given = [Annotation("moments", 0.0, 0.5, text, "Ann")]
    for suffix, write_text in ((".vtt", vtt_text), (".srt", srt_text)):
        assert [one.text for one in annotations_of(write(tmp_path / f"a{suffix}", write_text(info(), given)))] == [text]
    plain = "1\n00:00:01,000 --> 00:00:02,000\n<i>slips</i> <x>\n"
    assert annotations_of(write(tmp_path / "b.srt", plain))[0].text == "slips <x>"


def test_rows_of_a_table_with_impossible_times_are_named(tmp_path: Path) -> None:
    contents = read_timeline(write(tmp_path / "a.csv", "start,stop,tier\n1,2,steps\nsoon,,steps\n2,1,steps\n"))
    assert contents.annotations == (Annotation("steps", 1.0, 2.0),)
    assert contents.rejected == (
        "Line 3 has no time such as 61.5 or 1:01.5.",
        "An annotation of the tier “steps” lasts from 2 s to 1 s, which cannot be.",
    )


SUBTITLES = "1\n00:00:01,000 --> 00:00:02,000\n{}\n"


@pytest.mark.parametrize(("text", "encoding"), [("打结", "gb2312"), ("打结", "gb18030"), ("Nœud « serré »", "cp1252")])
def test_subtitles_in_another_encoding_are_not_guessed(tmp_path: Path, text: str, encoding: str) -> None:
    path = tmp_path / "a.srt"
    path.write_bytes(SUBTITLES.format(text).encode(encoding))
    with pytest.raises(DatasetError, match="--encoding"):
        read_timeline(path)
    (only,) = read_timeline(path, encoding=encoding).annotations
    assert only.text == text


def test_a_wrong_encoding_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.srt"
    path.write_bytes(SUBTITLES.format("打结").encode("gb2312"))
    for encoding, fact in (("utf-8", "no text in the encoding"), ("klingon", "no encoding"), ("hex", "no encoding")):
        with pytest.raises(DatasetError, match=fact):
            read_timeline(path, encoding=encoding)
    (tmp_path / "a.csv").write_text("start,stop,tier\n1,2,x\n")
    with pytest.raises(DatasetError, match="takes no encoding"):
        read_timeline(tmp_path / "a.csv", encoding="gb2312")
    path.write_bytes(b"\xef\xbb\xbf" + SUBTITLES.format("打结").encode())
    assert read_timeline(path, encoding="utf-8").annotations[0].text == "打结"
