"""Import into a study: data sets in any form, tables of votes and participants, other copies of the study."""

import re
import uuid
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from skillviewer.core.dataset.dataset import Dataset
from skillviewer.core.dataset.pairs import UNNAMED, Pair, SimilarPair, Verdict
from skillviewer.core.dataset.rating_set import RatingSet
from skillviewer.core.errors import StudyError
from skillviewer.core.progress import NEVER, CancelToken, Report, silent
from skillviewer.core.text import join_names
from skillviewer.data.formats.choices import DEFAULT_CHOICES, Choices
from skillviewer.data.formats.formats import recognised_form
from skillviewer.data.study.identity import Identity
from skillviewer.data.study.schema import SUFFIX
from skillviewer.data.study.study import Study
from skillviewer.data.study.video_rows import FileState, NewVideo, StudyVideo
from skillviewer.data.study.votes import Vote
from skillviewer.data.tables.csv_tables import CsvTable, TableRow, is_csv_with_columns, read_csv_table
from skillviewer.data.tables.find_videos import strip_extension
from skillviewer.data.tables.name_spelling import compose_accents
from skillviewer.data.tables.participants import (
    PARTICIPANT_COLUMNS,
    VIDEO_COLUMNS,
    occasions_from_files,
    participants_from_file,
)
from skillviewer.data.tables.video_names import VideoNames

_KEY_NAMESPACE = uuid.UUID("6f6f1a52-6f0c-4b8e-9a3c-0f4f6a7d2c11")  # for the derived keys of votes without a key
_PLACEHOLDER_RATER = re.compile(rf"{re.escape(UNNAMED)}|rater \d+")
"""Name that is given to a rater without a name; in two tables the same name need not be the same person."""
_VERDICTS = {"1": Verdict.LEFT, "0": Verdict.NEITHER, "-1": Verdict.RIGHT, "": None}


@dataclass(frozen=True, slots=True)
class ImportResult:
    """Result of an import."""

    n_videos: int = 0  # new videos
    n_votes: int = 0  # new votes
    n_pairs: int = 0  # new agreed pairs
    n_participants: int = 0  # videos of the study whose participant was unknown and is now known
    n_ratings: int = 0  # new or changed ratings
    n_forms: int = 0  # new rating forms
    problems: tuple[str, ...] = ()  # parts that could not be imported, one sentence each


def import_into_study(
    study: Study,
    path: Path,
    videos_dir: Path | None = None,
    form: str | None = None,
    choices: Choices | None = None,
    token: CancelToken = NEVER,
    report: Report = silent,
) -> ImportResult:
    """Import votes, pairs and videos into a study; a second import of the same source adds nothing.

    The path is another study, a table that ``export_pairs`` or ``export_videos`` wrote, or a data set in any form. If
    the job is cancelled, nothing is imported.

    Raises:
        DatasetError: The form is unknown, or a file cannot be read.
        StudyError: The study cannot be written, or the other study cannot be read.
    """
    if form is None:
        if path.suffix == SUFFIX:
            return _import_study(study, path, token, report)
        if is_csv_with_columns(path, ("left",), ("right",), ("rater",), ("verdict",), ("key", "criterion")):
            return _import_votes(study, path)
        if path.is_file() and is_csv_with_columns(path, VIDEO_COLUMNS, PARTICIPANT_COLUMNS):
            return _import_participants(study, path)
    if choices is None:
        choices = DEFAULT_CHOICES
    dataset = recognised_form(path, form).load(path, videos_dir, choices)
    is_table = path.is_file() and videos_dir is None
    return _import_dataset(study, dataset, token, report, is_table=is_table)


def _import_dataset(
    study: Study, dataset: Dataset, token: CancelToken, report: Report, *, is_table: bool
) -> ImportResult:
    """Import a data set.

    A single table (``is_table``) refers to the videos of the study, even if files next to the table, such as exported
    clips, have the same names.
    """
    study_names = _StudyNames(study)
    videos_to_add = []
    for video in dataset.videos:
        brings_file = video.path is not None and not is_table
        if brings_file or study_names.find(video.name) is None:
            videos_to_add.append(video)
    added_videos = study.videos.add(
        [
            NewVideo(v.path, v.name, v.participant, task=v.subtask, clip_range=v.clip_range, occasion=v.occasion)
            for v in videos_to_add
        ],
        token,
        report,
    )
    names = {
        video.name: name for video, name in zip(videos_to_add, added_videos.names, strict=True) if name is not None
    }
    for video in dataset.videos:
        study_name = study_names.find(video.name)
        if video.name not in names and study_name is not None:
            names[video.name] = study_name
    occasions = {video.name: video.occasion for video in dataset.videos}
    new_participants, _, contradictions = study.videos.set_participants_and_occasions(
        _by_study_name(names, dataset.participants), _by_study_name(names, occasions)
    )
    votes = []
    n_votes_by_text: dict[str, int] = {}
    for judgement in dataset.judgements:
        if not _are_two_videos(names, judgement.left, judgement.right):
            continue
        facts = (judgement.left, judgement.right, judgement.rater, int(judgement.verdict))
        vote = Vote.from_judgement(replace(judgement, left=names[judgement.left], right=names[judgement.right]))
        votes.append(replace(vote, key=_derive_key(n_votes_by_text, dataset.name, *facts)))
    votes, vote_notes = _without_known_votes(study, votes, dataset.name)
    ratings = RatingSet((), ()) if dataset.ratings is None else dataset.ratings
    added_ratings = study.ratings.add(_ratings_of_study_videos(ratings, names), dataset.name)
    stated_pairs: list[Pair | SimilarPair] = []
    if not dataset.judgements and dataset.ratings is None:
        stated_pairs += [pair for pair in dataset.pairs if _are_two_videos(names, pair.better, pair.worse)]
        stated_pairs += [pair for pair in dataset.similar if _are_two_videos(names, pair.first, pair.second)]
    return ImportResult(
        n_videos=sum(name is not None for name in added_videos.names) - len(added_videos.known_names),
        n_votes=study.votes.import_votes(votes),
        n_pairs=study.pairs.add([_with_study_names(pair, names) for pair in stated_pairs], dataset.name),
        n_participants=len(new_participants),
        n_ratings=added_ratings.n_new + added_ratings.n_changed,
        problems=(
            *dataset.problems,
            *added_videos.problems,
            *_merged_videos(names),
            *contradictions,
            *vote_notes,
            *added_ratings.problems,
        ),
    )


def _ratings_of_study_videos(ratings: RatingSet, names: Mapping[str, str]) -> RatingSet:
    """Return the ratings of the videos that have a name in the study, with that name."""
    renamed = (replace(rating, video=names[rating.video]) for rating in ratings.ratings if rating.video in names)
    return replace(ratings, ratings=tuple(renamed))


def _with_study_names(pair: Pair | SimilarPair, names: Mapping[str, str]) -> Pair | SimilarPair:
    if isinstance(pair, Pair):
        return Pair(names[pair.better], names[pair.worse])
    return SimilarPair(names[pair.first], names[pair.second])


class _StudyNames:
    """Names of a study's videos, found by names as tables write them."""

    def __init__(self, study: Study) -> None:
        names = [video.name for video in study.videos.all()]
        self._name_by_spelling = {compose_accents(name).strip(): name for name in names}
        self._name_by_spelling |= {name: name for name in names}

    def find(self, name: str) -> str | None:
        """Return the study's name for a video, or None if the study has no such video."""
        return self._name_by_spelling.get(name) or self._name_by_spelling.get(compose_accents(name).strip())


def _without_known_votes(study: Study, votes: list[Vote], source: str) -> tuple[list[Vote], list[str]]:
    """Return the votes with derived keys that are new to the study, and sentences about the known votes."""
    study_votes = study.votes.all()
    study_keys = {vote.key for vote in study_votes}
    new_votes = [vote for vote in votes if vote.key not in study_keys]
    notes = []
    if new_votes and len(new_votes) < len(votes):
        notes.append(
            f"{len(votes) - len(new_votes)} of {len(votes)} votes are in the study already, from a data set called "
            f"{source}, by the same raters on the same pairs: they count once. If they are others, rename its folder "
            "and import it again."
        )
    keys = {vote.key for vote in votes}
    contents_from_elsewhere = Counter(_content(vote) for vote in study_votes if vote.is_valid and vote.key not in keys)
    n_alike = (Counter(map(_content, new_votes)) & contents_from_elsewhere).total()
    has_rater_names = not any(_PLACEHOLDER_RATER.fullmatch(vote.rater) for vote in new_votes)
    if new_votes and n_alike == len(new_votes) and has_rater_names:
        notes.append(
            f"The study has all {n_alike} votes already, by the same raters on the same pairs with the same verdicts: "
            "none was added."
        )
        return [], notes
    if n_alike:
        notes.append(
            f"{n_alike} of {len(new_votes)} votes are as votes that the study has already, by raters of the same names "
            "on the same pairs: both count."
        )
    return new_votes, notes


def _content(vote: Vote) -> tuple[str, str, str, str, Verdict | None]:
    return vote.left, vote.right, vote.rater, vote.criterion, vote.verdict


def _are_two_videos(names: Mapping[str, str], first: str, second: str) -> bool:
    """Return True if two videos of a source are two different videos of the study."""
    return first in names and second in names and names[first] != names[second]


def _merged_videos(names: Mapping[str, str]) -> list[str]:
    """Return a sentence for every video of the study that has several names in the source."""
    source_names: dict[str, list[str]] = {}
    for name, study_name in names.items():
        source_names.setdefault(study_name, []).append(name)
    return [
        f"{' and '.join(several)} are one video, {study_name}."
        for study_name, several in source_names.items()
        if len(several) > 1
    ]


def _new_video(video: StudyVideo) -> NewVideo:
    """Convert a video of another study to a new video. The file is left out if another file may have replaced it."""
    path = video.path if video.state is FileState.PRESENT else None
    identity = Identity(video.size_bytes, 0, video.digest) if video.digest else None
    return NewVideo(
        path=path,
        name=video.name,
        participant=video.participant,
        task=video.task,
        clip_range=video.clip_range,
        occasion=video.occasion,
        identity=identity,
    )


def _import_study(study: Study, path: Path, token: CancelToken, report: Report) -> ImportResult:
    """Import another study; files with equal bytes are the same video, whatever their names."""
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
    new_videos = [_new_video(video) for video in videos]
    added_videos = study.videos.add(new_videos, token, report, restore_removed=False)
    names = {video.name: name for video, name in zip(videos, added_videos.names, strict=True) if name is not None}
    present_names = {video.name for video in study.videos.all()}
    removed_names = [name for name in names.values() if name not in present_names]
    notes = (f"Removed from this study, and they stay so: {join_names(removed_names)}.",) if removed_names else ()
    names_of_present = {name: study_name for name, study_name in names.items() if study_name in present_names}
    participants = {video.name: video.participant for video in videos if video.participant}
    occasions = {video.name: video.occasion for video in videos}
    new_participants, _, contradictions = study.videos.set_participants_and_occasions(
        _by_study_name(names_of_present, participants), _by_study_name(names_of_present, occasions)
    )
    renamed_votes = [
        replace(vote, left=names[vote.left], right=names[vote.right])
        for vote in votes
        if vote.left in names and vote.right in names
    ]
    stated_pairs = [_with_study_names(pair, names) for pair in pairs if pair.within(names)]
    added_ratings = study.ratings.add(_ratings_of_study_videos(ratings, names), path.stem)
    n_forms = 0
    if plan is not None and forms:
        if own_plan is None:
            study.forms.set_plan(plan.rubric, plan.repeat_share, plan.seed)
        renamed_forms = [
            replace(form, video=names[form.video], rubric_digest="") for form in forms if form.video in names
        ]
        n_forms = study.forms.import_forms(renamed_forms)
    return ImportResult(
        n_videos=len(names) - len(added_videos.known_names),
        n_votes=study.votes.import_votes(renamed_votes),
        n_pairs=study.pairs.add(stated_pairs, path.stem),
        n_participants=len(new_participants),
        n_ratings=added_ratings.n_new + added_ratings.n_changed,
        n_forms=n_forms,
        problems=(*added_videos.problems, *contradictions, *notes, *added_ratings.problems),
    )


def _by_study_name(names: Mapping[str, str], values: Mapping[str, str]) -> dict[str, str]:
    """Return values by the study's names of videos, given values by the source's names."""
    return {names[name]: value for name, value in values.items() if name in names}


def _import_participants(study: Study, path: Path) -> ImportResult:
    """Import a table of participants by video, with occasions if it has them; names may have file extensions."""
    problems: list[str] = []
    participants = participants_from_file(path, problems, VideoNames(video.name for video in study.videos.all()))
    study_names = _StudyNames(study)
    names: dict[str, str] = {}
    for name in participants:
        study_name = study_names.find(name)
        if study_name is not None:
            names[name] = study_name
    for video in study.videos.all():
        stem = strip_extension(video.name)
        if stem in participants:
            names[stem] = video.name
    unknown_names = sorted(set(participants) - set(names))
    if unknown_names:
        problems.append(f"{path.name} names videos that are not in the study: {join_names(unknown_names)}.")
    occasions = occasions_from_files([path], VideoNames(participants))
    new_participants, _, contradictions = study.videos.set_participants_and_occasions(
        _by_study_name(names, participants), _by_study_name(names, occasions)
    )
    return ImportResult(n_participants=len(new_participants), problems=(*problems, *contradictions))


def _derive_key(n_votes_by_text: dict[str, int], *facts: object) -> str:
    """Return a key for a vote without a key, which is the same at every import.

    The dictionary counts votes with equal facts, which get different keys.
    """
    text = "|".join(map(str, facts))
    n_votes_by_text[text] = n_votes_by_text.get(text, 0) + 1
    return uuid.uuid5(_KEY_NAMESPACE, f"{text}|{n_votes_by_text[text]}").hex


def _import_votes(study: Study, path: Path) -> ImportResult:
    """Import a table of votes."""
    table = read_csv_table(path)
    reader = _VoteReader(table, study)
    votes_with_key = []
    votes_without_key = []
    n_votes_by_text: dict[str, int] = {}
    for row in table.rows:
        vote = reader.vote(row)
        if vote is None:
            continue
        if vote.key:
            votes_with_key.append(vote)
        else:
            key = _derive_key(n_votes_by_text, path.name, vote.left, vote.right, vote.rater, vote.verdict)
            votes_without_key.append(replace(vote, key=key))
    new_votes, notes = _without_known_votes(study, votes_without_key, path.name)
    return ImportResult(
        n_votes=study.votes.import_votes([*votes_with_key, *new_votes]),
        problems=(*reader.problems, *reader.unreadable_cells(), *notes),
    )


class _VoteReader:
    """Reader of a table of votes. A vote counts even if details of it, such as its time, are unreadable."""

    def __init__(self, table: CsvTable, study: Study) -> None:
        self._table = table
        self._names = _StudyNames(study)
        self._unreadable_cells: list[str] = []
        self.problems: list[str] = []

    def unreadable_cells(self) -> list[str]:
        """Return a sentence about unreadable numbers and times, if there are any."""
        n = len(self._unreadable_cells)
        if not n:
            return []
        cells = "1 cell holds" if n == 1 else f"{n} cells hold"
        return [f"{cells} no number or time that can be ({self._unreadable_cells[0]}): the votes count without."]

    def vote(self, row: TableRow) -> Vote | None:
        """Return the vote of a row; for an invalid row add a problem, and return None."""
        try:
            return self._vote(row)
        except ValueError as error:
            self.problems.append(f"{self._table.describe_row(row)} is left out: {error}.")
            return None

    def _cell(self, row: TableRow, name: str) -> str:
        return row.cell(self._table.column(name))

    def _video(self, row: TableRow, side: str) -> str:
        name = self._cell(row, side)
        video_name = self._names.find(name)
        if video_name is None:
            raise ValueError(f"the study has no video “{name}”")
        return video_name

    def _number(self, row: TableRow, name: str) -> float | None:
        text = self._cell(row, name)
        number = self._table.number(text) if text else None
        if text and number is None:
            self._unreadable_cells.append(f"“{text}” in {self._table.describe_row(row)}")
        return number

    def _mark(self, row: TableRow, side: str) -> float | None:
        """Return the marked time of a side in seconds from the first frame of its file, or None."""
        column = f"{side}marks"
        mark_s = self._number(row, column)
        if mark_s is not None and mark_s < 0:
            self._unreadable_cells.append(f"“{self._cell(row, column)}” in {self._table.describe_row(row)}")
            return None
        return mark_s

    def _time(self, row: TableRow, name: str) -> datetime | None:
        text = self._cell(row, name)
        try:
            return datetime.fromisoformat(text) if text else None
        except ValueError:
            self._unreadable_cells.append(f"“{text}” in {self._table.describe_row(row)}")
            return None

    def _vote(self, row: TableRow) -> Vote:
        left = self._video(row, "left")
        right = self._video(row, "right")
        if left == right:
            raise ValueError(f"it names “{left}” twice")
        verdict = self._cell(row, "verdict")
        if verdict not in _VERDICTS:
            raise ValueError(f"“{verdict}” is not 1, 0, -1 or empty")
        withdrawn_at = self._time(row, "withdrawnat")
        withdrawn_text = self._cell(row, "withdrawnat")
        if withdrawn_text and withdrawn_at is None:  # the vote is withdrawn, whatever the time was
            self._unreadable_cells.pop()
            raise ValueError(f"“{withdrawn_text}” is no time of a withdrawal (as 2026-03-01T10:00:00+00:00)")
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
