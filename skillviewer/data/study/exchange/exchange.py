"""Import into a study: data sets in any form, tables of votes and participants, other copies of the study."""

import re
import uuid
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from skillviewer.core.dataset.dataset import Dataset
from skillviewer.core.dataset.pairs import UNNAMED, Pair, SimilarPair, Verdict
from skillviewer.core.dataset.rating_set import RatingSet
from skillviewer.core.errors import StudyError
from skillviewer.core.progress import NEVER, CancelToken, Report, silent
from skillviewer.data.formats.choices import USUAL_CHOICES, Choices
from skillviewer.data.formats.formats import recognised_form
from skillviewer.data.study.identity import Identity
from skillviewer.data.study.schema import SUFFIX
from skillviewer.data.study.study import Study
from skillviewer.data.study.video_rows import FileState, NewVideo
from skillviewer.data.study.votes import Vote
from skillviewer.data.tables.find_videos import strip_extension
from skillviewer.data.tables.participants import PARTICIPANT_COLUMNS, VIDEO_COLUMNS, by_file, occasions_in
from skillviewer.data.tables.rows import CsvTable, TableRow, abbreviated, composed, looks_like, read_sheet
from skillviewer.data.tables.video_names import VideoNames

_KEYS = uuid.UUID("6f6f1a52-6f0c-4b8e-9a3c-0f4f6a7d2c11")  # namespace for keys of votes that have none
_ANYBODY = re.compile(rf"{re.escape(UNNAMED)}|rater \d+")
"""Placeholder raters in tables without raters: two of the same name need not be the same person."""
_VERDICTS = {"1": Verdict.LEFT, "0": Verdict.NEITHER, "-1": Verdict.RIGHT, "": None}


@dataclass(frozen=True, slots=True)
class Imported:
    """Result of an import."""

    videos: int
    votes: int
    pairs: int  # number of new agreed pairs
    participants: int  # number of known videos with a newly known participant; new videos do not count
    problems: tuple[str, ...]  # unreadable parts, one sentence each
    ratings: int = 0  # number of new or changed ratings
    forms: int = 0  # number of new forms: videos that a rater rated in the program


def bring_in(
    study: Study,
    path: Path,
    videos_dir: Path | None = None,
    form: str | None = None,
    choices: Choices | None = None,
    token: CancelToken = NEVER,
    report: Report = silent,
) -> Imported:
    """Import votes, pairs and videos into a study; a second import adds nothing.

    The path is another study, a table that ``export_pairs`` or ``export_videos`` wrote, or a data set in any form. When
    the job is cancelled nothing is imported.

    Raises:
        DatasetError: The form is unknown, or a file cannot be read.
        StudyError: The study cannot be written; or the other study cannot be read.
    """
    if path.suffix == SUFFIX and form is None:
        return _from_study(study, path, token, report)
    if form is None and looks_like(path, ("left",), ("right",), ("rater",), ("verdict",), ("key", "criterion")):
        return _from_votes(study, path)
    if form is None and path.is_file() and looks_like(path, VIDEO_COLUMNS, PARTICIPANT_COLUMNS):
        return _from_participants(study, path)
    dataset = recognised_form(path, form).load(path, videos_dir, choices or USUAL_CHOICES)
    return _from_dataset(study, dataset, token, report, skip_files=path.is_file() and videos_dir is None)


def _from_dataset(study: Study, dataset: Dataset, token: CancelToken, report: Report, *, skip_files: bool) -> Imported:
    """Import a data set.

    A single table (``skip_files``) refers to the videos of the study, even if files next to it, such as exported
    clips, have the same names.
    """
    study_names = _Names(study)
    lacking = [
        video
        for video in dataset.videos
        if study_names.find(video.name) is None or (video.path is not None and not skip_files)
    ]
    added = study.videos.add(
        [NewVideo(v.path, v.name, v.participant, v.subtask, v.clip_range, occasion=v.occasion) for v in lacking],
        token,
        report,
    )
    names = {video.name: name for video, name in zip(lacking, added.names, strict=True) if name is not None}
    for video in dataset.videos:
        study_name = study_names.find(video.name)
        if video.name not in names and study_name is not None:
            names[video.name] = study_name
    times = {video.name: video.occasion for video in dataset.videos}
    participants, _, contradictions = study.videos.name_participants(
        *(_participants_by_name(names, vote_facts) for vote_facts in (dataset.participants, times))
    )
    are_two_videos, same = _kept_apart(names)
    n_by_key: dict[str, int] = {}
    votes = []
    for judgement in dataset.judgements:
        if not are_two_videos(judgement.left, judgement.right):
            continue
        facts = (judgement.left, judgement.right, judgement.rater, int(judgement.verdict))
        vote = Vote.of(replace(judgement, left=names[judgement.left], right=names[judgement.right]))
        votes.append(replace(vote, key=_key(n_by_key, dataset.name, *facts)))
    votes, notes = _not_there_yet(study, votes, dataset.name)
    stated: list[Pair | SimilarPair] = []
    rated = _renamed(dataset.ratings or RatingSet((), ()), names)
    added_ratings = study.ratings.add(rated, dataset.name)
    if not dataset.judgements and dataset.ratings is None:
        stated += [Pair(names[p.better], names[p.worse]) for p in dataset.pairs if are_two_videos(p.better, p.worse)]
        stated += [
            SimilarPair(names[p.first], names[p.second]) for p in dataset.similar if are_two_videos(p.first, p.second)
        ]
    return Imported(
        videos=len([name for name in added.names if name is not None]) - len(added.known_names),
        votes=study.votes.bring_in(votes),
        pairs=study.pairs.add(stated, dataset.name),
        participants=len(participants),
        problems=(*dataset.problems, *added.problems, *same, *contradictions, *notes, *added_ratings.problems),
        ratings=added_ratings.new + added_ratings.changed,
    )


def _renamed(ratings: RatingSet, names: Mapping[str, str]) -> RatingSet:
    """Return the ratings of the videos that have a name in the study, by that name."""
    renamed = (replace(rating, video=names[rating.video]) for rating in ratings.ratings if rating.video in names)
    return replace(ratings, ratings=tuple(renamed))


class _Names:
    """Names of a study's videos, for look-up by names in tables: composed letters, no surrounding blanks."""

    def __init__(self, study: Study) -> None:
        names = [video.name for video in study.videos.all()]
        self._read = {composed(name).strip(): name for name in names} | {name: name for name in names}

    def find(self, name: str) -> str | None:
        """Return the study's name for a video, or None if it has no such video."""
        return self._read.get(name) or self._read.get(composed(name).strip())


def _not_there_yet(study: Study, votes: list[Vote], source: str) -> tuple[list[Vote], list[str]]:
    """Return the new votes of a table without keys, here derived, and sentences about the others."""
    before = study.votes.all()
    keys = {vote.key for vote in before}
    new = [vote for vote in votes if vote.key not in keys]
    notes = []
    if new and len(new) < len(votes):
        notes.append(
            f"{len(votes) - len(new)} of {len(votes)} votes are in the study already, from a data set called {source}, "
            "by the same raters on the same pairs: they count once. If they are others, rename its folder and import "
            "it again."
        )
    made_keys = {vote.key for vote in votes}
    known_votes = Counter(_what(vote) for vote in before if vote.is_valid and vote.key not in made_keys)
    n_alike = sum((Counter(map(_what, new)) & known_votes).values())
    has_rater_names = not any(_ANYBODY.fullmatch(vote.rater) for vote in new)
    if new and n_alike == len(new) and has_rater_names:
        notes.append(
            f"The study has all {n_alike} votes already, by the same raters on the same pairs with the same verdicts: "
            "none was added."
        )
        return [], notes
    if n_alike:
        notes.append(
            f"{n_alike} of {len(new)} votes are as votes that the study has already, by raters of the same names on "
            "the "
            "same pairs: both count."
        )
    return new, notes


def _what(vote: Vote) -> tuple[str, str, str, str, Verdict | None]:
    return vote.left, vote.right, vote.rater, vote.criterion, vote.verdict


def _kept_apart(names: Mapping[str, str]) -> tuple[Callable[[str, str], bool], list[str]]:
    """Return a test of whether two videos of a source are distinct in the study, and a sentence if some are not."""
    by_own: dict[str, list[str]] = {}
    for name, study_name in names.items():
        by_own.setdefault(study_name, []).append(name)
    same = [
        f"{' and '.join(several)} are one video, {study_name}."
        for study_name, several in by_own.items()
        if len(several) > 1
    ]

    def apart(first: str, second: str) -> bool:
        return first in names and second in names and names[first] != names[second]

    return apart, same


def _from_study(study: Study, path: Path, token: CancelToken, report: Report) -> Imported:
    """Import votes and pairs of another study; equal bytes are the same video, whatever its name there."""
    with Study.open(path, read_only=True) as other:
        videos = other.videos.all()
        votes = other.votes.all()
        pairs = other.pairs.all()
        ratings = other.ratings.from_tables()
        forms = other.forms.all()
        plan = other.forms.plan()
    own_plan = study.forms.plan()
    if plan is not None and forms and own_plan is not None and plan.rubric != own_plan.rubric:
        raise StudyError(
            f"{path.name} rates videos by “{plan.rubric.name}” with other items or words than this study's "
            f"“{own_plan.rubric.name}”: nothing was imported."
        )
    new = [
        NewVideo(
            path=video.path if video.state is FileState.PRESENT else None,
            name=video.name,
            participant=video.participant,
            task=video.task,
            clip_range=video.clip_range,
            occasion=video.occasion,
            identity=Identity(video.size_bytes, 0, video.digest) if video.digest else None,
        )
        for video in videos
    ]
    added = study.videos.add(new, token, report, revive=False)
    names = {video.name: name for video, name in zip(videos, added.names, strict=True) if name is not None}
    present = {video.name for video in study.videos.all()}
    removed = [name for name in names.values() if name not in present]
    notes = (f"Removed from this study, and they stay so: {abbreviated(removed)}.",) if removed else ()
    here_as = {name: renamed_forms for name, renamed_forms in names.items() if renamed_forms in present}
    who = {video.name: video.participant for video in videos if video.participant}
    times = {video.name: video.occasion for video in videos}
    participants, _, contradictions = study.videos.name_participants(
        _participants_by_name(here_as, who), _participants_by_name(here_as, times)
    )
    stated = [
        Pair(names[p.better], names[p.worse]) if isinstance(p, Pair) else SimilarPair(names[p.first], names[p.second])
        for p in pairs
        if p.within(names)
    ]
    renamed_votes = [
        replace(vote, left=names[vote.left], right=names[vote.right])
        for vote in votes
        if vote.left in names and vote.right in names
    ]
    added_ratings = study.ratings.add(_renamed(ratings, names), path.stem)
    n_forms = 0
    if plan is not None and forms:
        if own_plan is None:
            study.forms.set_plan(plan.rubric, plan.repeat_share, plan.seed)
        study_name = [replace(f, video=names[f.video], rubric_digest="") for f in forms if f.video in names]
        n_forms = study.forms.bring_in(study_name)
    return Imported(
        videos=len(names) - len(added.known_names),
        votes=study.votes.bring_in(renamed_votes),
        pairs=study.pairs.add(stated, path.stem),
        participants=len(participants),
        problems=(*added.problems, *contradictions, *notes, *added_ratings.problems),
        ratings=added_ratings.new + added_ratings.changed,
        forms=n_forms,
    )


def _participants_by_name(names: Mapping[str, str], participants: Mapping[str, str]) -> dict[str, str]:
    """Map study video names to participants or occasions, given the source's names and these."""
    return {names[name]: participant for name, participant in participants.items() if name in names}


def _from_participants(study: Study, path: Path) -> Imported:
    """Import a table of participants by video, and of occasions if it has them; names may have file extensions."""
    problems: list[str] = []
    listed = by_file(path, problems, VideoNames(video.name for video in study.videos.all()))
    study_names = _Names(study)
    names_here = {name: study_names.find(name) for name in listed}
    names = {name: study_name for name, study_name in names_here.items() if study_name is not None}
    names |= {
        strip_extension(video.name): video.name for video in study.videos.all() if strip_extension(video.name) in listed
    }
    strange = sorted(set(listed) - set(names))
    if strange:
        problems.append(f"{path.name} names videos that are not in the study: {abbreviated(strange)}.")
    times = occasions_in([path], VideoNames(listed))
    participants, _, contradictions = study.videos.name_participants(
        _participants_by_name(names, listed), _participants_by_name(names, times)
    )
    return Imported(0, 0, 0, len(participants), (*problems, *contradictions))


def _key(n_by_key: dict[str, int], *facts: object) -> str:
    """Return the key of an imported vote: the same at every import. ``n_by_key`` counts equal votes."""
    text = "|".join(map(str, facts))
    n_by_key[text] = n_by_key.get(text, 0) + 1
    return uuid.uuid5(_KEYS, f"{text}|{n_by_key[text]}").hex


def _from_votes(study: Study, path: Path) -> Imported:
    sheet = read_sheet(path)
    reading = _VoteReading(sheet, study)
    votes = [vote for row in sheet.rows if (vote := reading.vote(row)) is not None]
    n_by_key = dict[str, int]()
    keyed = [v for v in votes if v.key]
    keyed_votes = [
        replace(v, key=_key(n_by_key, path.name, v.left, v.right, v.rater, v.verdict)) for v in votes if not v.key
    ]
    new, notes = _not_there_yet(study, keyed_votes, path.name)
    return Imported(0, study.votes.bring_in([*keyed, *new]), 0, 0, (*reading.problems, *reading.passed_over(), *notes))


class _VoteReading:
    """Reader of a table of votes; unreadable details of a vote do not invalidate it."""

    def __init__(self, sheet: CsvTable, study: Study) -> None:
        self._sheet = sheet
        self._names = _Names(study)
        self._unread: list[str] = []
        self.problems: list[str] = []

    def passed_over(self) -> list[str]:
        """Return a sentence about unreadable numbers and times."""
        n = len(self._unread)
        if not n:
            return []
        cells = "1 cell holds" if n == 1 else f"{n} cells hold"
        return [f"{cells} no number or time that can be ({self._unread[0]}): the votes count without."]

    def vote(self, row: TableRow) -> Vote | None:
        """Return the vote of a row, or None if it is invalid, which is reported."""
        try:
            return self._vote(row)
        except ValueError as error:
            self.problems.append(f"{self._sheet.place(row)} is left out: {error}.")
            return None

    def _cell(self, row: TableRow, name: str) -> str:
        return row.cell(self._sheet.column(name))

    def _video(self, row: TableRow, side: str) -> str:
        name = self._cell(row, side)
        video_name = self._names.find(name)
        if video_name is None:
            raise ValueError(f"the study has no video “{name}”")
        return video_name

    def _number(self, row: TableRow, name: str) -> float | None:
        text = self._cell(row, name)
        number = self._sheet.number(text) if text else None
        if text and number is None:
            self._unread.append(f"“{text}” in {self._sheet.place(row)}")
        return number

    def _mark(self, row: TableRow, side: str) -> float | None:
        """Return the marked time of a side in seconds from the first frame of its file, or None."""
        column = f"{side}marks"
        mark_s = self._number(row, column)
        if mark_s is not None and mark_s < 0:
            self._unread.append(f"“{self._cell(row, column)}” in {self._sheet.place(row)}")
            return None
        return mark_s

    def _time(self, row: TableRow, name: str) -> datetime | None:
        text = self._cell(row, name)
        try:
            return datetime.fromisoformat(text) if text else None
        except ValueError:
            self._unread.append(f"“{text}” in {self._sheet.place(row)}")
            return None

    def _vote(self, row: TableRow) -> Vote:
        left, right = self._video(row, "left"), self._video(row, "right")
        if left == right:
            raise ValueError(f"it names “{left}” twice")
        verdict, withdrawn = self._cell(row, "verdict"), self._cell(row, "withdrawnat")
        if verdict not in _VERDICTS:
            raise ValueError(f"“{verdict}” is not 1, 0, -1 or empty")
        withdrawn_at = self._time(row, "withdrawnat")
        if withdrawn and withdrawn_at is None:  # it is invalid, whatever the time was
            self._unread.pop()
            raise ValueError(f"“{withdrawn}” is no time of a withdrawal (as 2026-03-01T10:00:00+00:00)")
        return Vote(
            left=left,
            right=right,
            verdict=_VERDICTS[verdict],
            rater=self._cell(row, "rater") or UNNAMED,
            judged_at=self._time(row, "judgedat"),
            taken_s=self._number(row, "takens"),
            watched=self._number(row, "watched"),
            speed=self._number(row, "speed") or 1.0,
            reason=self._cell(row, "reason"),
            left_mark_s=self._mark(row, "left"),
            right_mark_s=self._mark(row, "right"),
            purpose=self._cell(row, "purpose"),
            criterion=self._cell(row, "criterion"),
            key=self._cell(row, "key"),
            withdrawn_at=withdrawn_at,
        )
