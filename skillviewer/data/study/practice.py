"""Practice pairs and videos with stated answers, which a rater sees after answering; the answers are not stored."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from skillviewer.core.dataset.pairs import Verdict
from skillviewer.core.errors import DatasetError, StudyError, first_line
from skillviewer.core.ratings.rubric import Rubric
from skillviewer.core.text import join_names, printable
from skillviewer.data.study.file import StudyFile
from skillviewer.data.study.values import read_json
from skillviewer.data.tables.csv_tables import CsvTable, read_csv_table
from skillviewer.data.tables.name_spelling import compose_accents

MAX_NOTE_CHARACTERS = 400
"""Greatest length of an explanation."""
MAX_PRACTICE_ENTRIES = 200
"""Greatest number of practice pairs, and of practice videos."""
PRACTICE_SETTING = "practice"
"""Name of the setting in which a study stores its practice."""
_COLUMNS_TEXT = "“better”, “worse” and “note” for pairs, or “video”, “item”, “rating” and “note” for videos"


@dataclass(frozen=True, slots=True)
class PracticePair:
    """A pair with its stated answer."""

    better: str  # name of the better video
    worse: str  # name of the other
    note: str = ""  # explanation for the rater, or ""


@dataclass(frozen=True, slots=True)
class PracticeVideo:
    """A video with its stated ratings."""

    video: str  # name of the video
    answers: Mapping[str, float] = field(default_factory=dict)  # stated rating by item
    note: str = ""  # explanation for the rater, or ""


@dataclass(frozen=True, slots=True)
class Practice:
    """Practice pairs and videos of a study, in their order."""

    pairs: tuple[PracticePair, ...] = ()
    videos: tuple[PracticeVideo, ...] = ()

    @property
    def names(self) -> frozenset[str]:
        """Names of all practice videos. Raters know their answers, so that they are not asked afterwards."""
        names = {video.video for video in self.videos}
        for pair in self.pairs:
            names |= {pair.better, pair.worse}
        return frozenset(names)


class _StoredPair(msgspec.Struct, frozen=True):
    better: int  # number of the video in the study
    worse: int
    note: str


class _StoredVideo(msgspec.Struct, frozen=True):
    video: int
    answers: list[tuple[str, float]]
    note: str


class _StoredPractice(msgspec.Struct, frozen=True):
    pairs: list[_StoredPair]
    videos: list[_StoredVideo]


def load_practice(file: StudyFile) -> Practice:
    """Return the practice of a study without removed videos, or raise a StudyError."""
    text = file.scalar("SELECT value FROM setting WHERE name = ?", (PRACTICE_SETTING,))
    if text is None:
        return Practice()
    try:
        stored_practice = read_json(str(text), _StoredPractice)
    except ValueError as error:
        raise StudyError(f"The study holds damaged practice ({first_line(error)}): import it again.") from error
    names = {row["id"]: row["name"] for row in file.query("SELECT id, name FROM video WHERE removed_at IS NULL")}
    pairs = (pair for pair in stored_practice.pairs if pair.better in names and pair.worse in names)
    videos = (video for video in stored_practice.videos if video.video in names)
    practice_pairs = [PracticePair(names[pair.better], names[pair.worse], pair.note) for pair in pairs]
    rated_videos = [PracticeVideo(names[video.video], dict(video.answers), video.note) for video in videos]
    return Practice(tuple(practice_pairs), tuple(rated_videos))


def save_practice(file: StudyFile, practice: Practice) -> None:
    """Replace the practice of a study.

    Raises:
        StudyError: It names a video that the study does not have, or the study cannot be written.
    """
    ids = {row["name"]: row["id"] for row in file.query("SELECT id, name FROM video WHERE removed_at IS NULL")}
    unknown_names = sorted(practice.names - ids.keys())
    if unknown_names:
        raise StudyError(f"The study has no video {join_names([f'“{name}”' for name in unknown_names])}.")
    stored_pairs = [_StoredPair(ids[pair.better], ids[pair.worse], pair.note) for pair in practice.pairs]
    stored_videos = [
        _StoredVideo(ids[practice_video.video], list(practice_video.answers.items()), practice_video.note)
        for practice_video in practice.videos
    ]
    stored_practice = _StoredPractice(stored_pairs, stored_videos)
    with file.transaction() as db:
        text = json.dumps(msgspec.to_builtins(stored_practice), ensure_ascii=False)
        db.execute("INSERT OR REPLACE INTO setting (name, value) VALUES (?, ?)", (PRACTICE_SETTING, text))
        detail = f"{len(practice.pairs)} pairs, {len(practice.videos)} videos"
        file.log("setting changed", "practice", detail)


def read_practice(path: Path, names: Sequence[str], rubric: Rubric | None) -> Practice:
    """Read practice pairs or practice videos from a table; ``names`` are the names of the study's videos.

    Raises:
        DatasetError: The table cannot be read, or a row cannot be used; the message names the row and the value.
    """
    table = read_csv_table(path)
    reader = _PracticeReader(table, {compose_accents(name).strip(): name for name in names})
    if table.column("better") is not None and table.column("worse") is not None:
        return Practice(pairs=reader.pairs())
    if all(table.column(name) is not None for name in ("video", "item", "rating")):
        if rubric is None:
            raise DatasetError(f"{path} states ratings, and the study has no rubric yet: choose one first.")
        return Practice(videos=reader.videos(rubric))
    raise DatasetError(f"{path} is no table of practice: it needs the columns {_COLUMNS_TEXT}.")


class _PracticeReader:
    """Reader of a table of practice; the table is refused if a row cannot be used."""

    def __init__(self, table: CsvTable, names: Mapping[str, str]) -> None:
        self._table = table
        self._names = names

    def pairs(self) -> tuple[PracticePair, ...]:
        pairs: dict[frozenset[str], PracticePair] = {}
        for row in self._table.rows:
            place = self._table.describe_row(row)
            better = self._name(place, row.cell(self._table.column("better")))
            worse = self._name(place, row.cell(self._table.column("worse")))
            if better == worse:
                raise DatasetError(f"{place} names “{better}” twice.")
            if frozenset((better, worse)) in pairs:
                raise DatasetError(f"{place} states “{better}” and “{worse}” a second time.")
            note = self._note(place, row.cell(self._note_column))
            pairs[frozenset((better, worse))] = PracticePair(better, worse, note)
        self._check_count(len(pairs))
        return tuple(pairs.values())

    def videos(self, rubric: Rubric) -> tuple[PracticeVideo, ...]:
        answers: dict[str, dict[str, float]] = {}
        notes: dict[str, str] = {}
        for row in self._table.rows:
            place = self._table.describe_row(row)
            name = self._name(place, row.cell(self._table.column("video")))
            item = row.cell(self._table.column("item")).strip()
            rating_text = row.cell(self._table.column("rating")).strip()
            rating = self._table.number(rating_text)
            if rating is None:
                raise DatasetError(f"{place} has the rating “{printable(rating_text[:40])}”, which is no number.")
            problem = rubric.wrong_answer({item: rating})
            if problem:
                raise DatasetError(f"{place} cannot be used: {problem}.")
            if item in answers.setdefault(name, {}):
                raise DatasetError(f"{place} rates “{item}” of “{name}” a second time.")
            answers[name][item] = rating
            note = self._note(place, row.cell(self._note_column))
            if note or name not in notes:
                notes[name] = note
        self._check_count(len(answers))
        return tuple(PracticeVideo(name, ratings, notes[name]) for name, ratings in answers.items())

    @property
    def _note_column(self) -> int | None:
        return self._table.column("note")

    def _name(self, place: str, text: str) -> str:
        name = self._names.get(compose_accents(text).strip())
        if name is None:
            raise DatasetError(f"{place} names the video “{printable(text[:80])}”, which the study does not have.")
        return name

    @staticmethod
    def _note(place: str, text: str) -> str:
        note = text.strip()
        if len(note) > MAX_NOTE_CHARACTERS:
            raise DatasetError(f"{place} has a note of {len(note)} characters; {MAX_NOTE_CHARACTERS} are possible.")
        return note

    def _check_count(self, n: int) -> None:
        if not 1 <= n <= MAX_PRACTICE_ENTRIES:
            raise DatasetError(
                f"A table of practice has 1 to {MAX_PRACTICE_ENTRIES} pairs or videos; this one has {n}."
            )


@dataclass(frozen=True, slots=True)
class PracticeFeedback:
    """An answer in practice next to the stated one."""

    is_right: bool
    text: str  # both answers and the explanation, for the rater


def pair_feedback(pair: PracticePair, left: str, verdict: Verdict | None, sides: tuple[str, str]) -> PracticeFeedback:
    """Return the feedback on a practice pair.

    Args:
        pair: The pair.
        left: Name of the video on the left.
        verdict: Answer of the rater, or None for a skipped pair.
        sides: Words for the left and the right side.
    """
    stated_verdict = Verdict.LEFT if pair.better == left else Verdict.RIGHT
    better_side = sides[0] if stated_verdict is Verdict.LEFT else sides[1]
    is_right = verdict is stated_verdict
    comparison = "As stated" if is_right else "Stated otherwise"
    return PracticeFeedback(is_right, f"{comparison}: the {better_side} one is better. {pair.note}".strip())


def video_feedback(practice: PracticeVideo, answers: Mapping[str, float]) -> PracticeFeedback:
    """Return the feedback on a practice video: each stated item with the rater's own answer."""
    sentences = []
    is_right = True
    for item, stated_rating in practice.answers.items():
        answer = answers.get(item)
        is_right = is_right and answer == stated_rating
        answer_text = "not judged" if answer is None else f"{answer:g}"
        difference_text = ""
        if answer is not None and answer != stated_rating:
            difference_text = f" ({answer - stated_rating:+g})".replace("-", "−")
        sentences.append(f"{item}: you {answer_text}, stated {stated_rating:g}{difference_text}.")
    return PracticeFeedback(is_right, " ".join([*sentences, practice.note]).strip())
