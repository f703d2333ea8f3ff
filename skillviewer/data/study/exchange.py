"""What comes into a study and goes out of it: data sets in any form, tables of votes, other copies of the study."""

import csv
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from skillviewer.core.aside import exported_aside
from skillviewer.core.consensus import count_votes
from skillviewer.core.errors import ExportError
from skillviewer.core.job import CancelToken, Report, silent
from skillviewer.core.pairs import UNNAMED, Dataset, Pair, SimilarPair, Verdict
from skillviewer.core.registry import look_up, table
from skillviewer.data.choices import Choices
from skillviewer.data.formats import recognised_form
from skillviewer.data.participants import PERSON_COLUMNS, VIDEO_COLUMNS, by_file
from skillviewer.data.rows import Row, Sheet, looks_like, read_sheet, some
from skillviewer.data.study.identity import Identity
from skillviewer.data.study.schema import SUFFIX
from skillviewer.data.study.study import Study
from skillviewer.data.study.video_rows import NewVideo, VideoState
from skillviewer.data.study.votes import Vote
from skillviewer.data.video_files import bare

_KEYS = uuid.UUID("6f6f1a52-6f0c-4b8e-9a3c-0f4f6a7d2c11")  # where keys of votes that come without one are made
_VERDICTS = {"1": Verdict.LEFT, "0": Verdict.NEITHER, "-1": Verdict.RIGHT, "": None}
_VOTE_COLUMNS = (
    "left",
    "right",
    "rater",
    "verdict",
    "judged_at",
    "taken_s",
    "watched",
    "speed",
    "reason",
    "mark_s",
    "purpose",
    "key",
    "withdrawn_at",
)


@dataclass(frozen=True, slots=True)
class Imported:
    """What came into a study.

    Attributes:
        videos: How many videos are new.
        votes: How many votes are new.
        pairs: How many pairs that are agreed on are new.
        people: Of how many videos it is new who is in them; of new videos it came with them.
        problems: What could not be read, one sentence each.
    """

    videos: int
    votes: int
    pairs: int
    people: int
    problems: tuple[str, ...]


def bring_in(
    study: Study,
    path: Path,
    videos_dir: Path | None = None,
    form: str | None = None,
    choices: Choices | None = None,
    token: CancelToken | None = None,
    report: Report = silent,
) -> Imported:
    """Bring votes, pairs and videos into a study; a second time brings nothing new.

    Args:
        study: The study.
        path: Another study, a table that ``export_pairs`` or ``export_videos`` wrote, or a data set in any form.
        videos_dir: Where the videos lie, or None for where the form keeps them.
        form: Name of the form of the data set, or None to tell it by content.
        choices: Which task, and how to find participants.
        token: Stops the job; nothing is brought in then.
        report: Told of every video.

    Raises:
        DatasetError: It is in no known form, or a file cannot be read.
        StudyError: The study cannot be written; or the other study cannot be read.
        Cancelled: The person asked to stop.
    """
    if path.suffix == SUFFIX and form is None:
        return _from_study(study, path, token, report)
    if form is None and looks_like(path, ("left",), ("right",), ("rater",), ("key",), ("withdrawnat",)):
        return _from_votes(study, path)
    if form is None and path.is_file() and looks_like(path, VIDEO_COLUMNS, PERSON_COLUMNS):
        return _from_people(study, path)
    return _from_dataset(study, recognised_form(path, form).load(path, videos_dir, choices), token, report)


def _from_dataset(study: Study, dataset: Dataset, token: CancelToken | None, report: Report) -> Imported:
    there = {video.name: video for video in study.videos.all()}
    new = [
        NewVideo(video.path, video.name, video.participant, video.subtask, video.extent)
        for video in dataset.videos
        if video.path is not None or video.name not in there
    ]
    added = study.videos.add(new, token, report)
    names = {video.name: name for video, name in zip(new, added.names, strict=True) if name is not None}
    names |= {video.name: video.name for video in dataset.videos if video.name not in names and video.name in there}
    people, contradictions = study.videos.name_people(_people(names, dataset.participants))
    apart, same = _kept_apart(names)
    seen: dict[str, int] = {}
    votes = []
    for judgement in dataset.judgements:
        if not apart(judgement.left, judgement.right):
            continue
        words = f"{dataset.name}|{judgement.left}|{judgement.right}|{judgement.rater}|{int(judgement.verdict)}"
        seen[words] = seen.get(words, 0) + 1
        vote = Vote.of(replace(judgement, left=names[judgement.left], right=names[judgement.right]))
        votes.append(replace(vote, key=uuid.uuid5(_KEYS, f"{words}|{seen[words]}").hex))
    stated: list[Pair | SimilarPair] = []
    if not dataset.judgements:
        stated += [Pair(names[p.better], names[p.worse]) for p in dataset.pairs if apart(p.better, p.worse)]
        stated += [SimilarPair(names[p.first], names[p.second]) for p in dataset.similar if apart(p.first, p.second)]
    return Imported(
        videos=len([name for name in added.names if name is not None]) - len(added.known),
        votes=study.votes.bring_in(votes),
        pairs=study.pairs.add(stated, dataset.name),
        people=people,
        problems=(*dataset.problems, *added.problems, *same, *contradictions),
    )


def _kept_apart(names: Mapping[str, str]) -> tuple[Callable[[str, str], bool], list[str]]:
    """Return whether two videos of a source are two in the study, and one sentence for all that are one.

    Args:
        names: Name in the study by name in the source.
    """
    by_own: dict[str, list[str]] = {}
    for name, own in names.items():
        by_own.setdefault(own, []).append(name)
    same = [f"{' and '.join(several)} are one video, {own}." for own, several in by_own.items() if len(several) > 1]

    def apart(first: str, second: str) -> bool:
        return first in names and second in names and names[first] != names[second]

    return apart, same


def _from_study(study: Study, path: Path, token: CancelToken | None, report: Report) -> Imported:
    """Bring in votes and pairs of another study; the same bytes are the same video, whatever it is called there."""
    with Study.open(path, read_only=True) as other:
        videos, votes, pairs = other.videos.all(), other.votes.all(), other.pairs.all()
    new = [
        NewVideo(
            path=video.path if video.state is VideoState.PRESENT else None,
            name=video.name,
            participant=video.participant,
            task=video.task,
            extent=video.extent,
            identity=Identity(video.size_bytes, 0, video.digest) if video.digest else None,
        )
        for video in videos
    ]
    added = study.videos.add(new, token, report)
    names = {video.name: name for video, name in zip(videos, added.names, strict=True) if name is not None}
    who = {video.name: video.participant for video in videos if video.participant}
    people, contradictions = study.videos.name_people(_people(names, who))
    stated = [
        Pair(names[p.better], names[p.worse]) if isinstance(p, Pair) else SimilarPair(names[p.first], names[p.second])
        for p in pairs
        if p.within(names)
    ]
    known = [
        replace(vote, left=names[vote.left], right=names[vote.right])
        for vote in votes
        if vote.left in names and vote.right in names
    ]
    return Imported(
        videos=len(names) - len(added.known),
        votes=study.votes.bring_in(known),
        pairs=study.pairs.add(stated, path.stem),
        people=people,
        problems=(*added.problems, *contradictions),
    )


def _people(names: Mapping[str, str], participants: Mapping[str, str]) -> dict[str, str]:
    """Return who is in which video of the study, from who is in which of its source."""
    return {names[name]: person for name, person in participants.items() if name in names}


def _from_people(study: Study, path: Path) -> Imported:
    """Take in a table of who is in which video; it may name videos with the ending of their files."""
    listed, problems = by_file(path)
    there = {video.name for video in study.videos.all()}
    names = {name: name for name in listed if name in there} | {
        bare(name): name for name in there if bare(name) in listed
    }
    strange = sorted(set(listed) - set(names))
    if strange:
        problems.append(f"{path.name} names videos that are not in the study: {some(strange)}.")
    people, contradictions = study.videos.name_people(_people(names, listed))
    return Imported(0, 0, 0, people, (*problems, *contradictions))


def _from_votes(study: Study, path: Path) -> Imported:
    sheet = read_sheet(path)
    names = {video.name for video in study.videos.all()}
    votes, problems = [], []
    for row in sheet.rows:
        try:
            votes.append(_read_vote(sheet, row, names))
        except ValueError as error:
            problems.append(f"{sheet.place(row)} is left out: {error}.")
    return Imported(0, study.votes.bring_in(votes), 0, 0, tuple(problems))


def _read_vote(sheet: Sheet, row: Row, names: set[str]) -> Vote:
    def cell(name: str) -> str:
        return row.cell(sheet.column(name))

    def number(name: str) -> float | None:
        return float(cell(name)) if cell(name) else None

    def time(name: str) -> datetime | None:
        return datetime.fromisoformat(cell(name)) if cell(name) else None

    strange = [name for name in (cell("left"), cell("right")) if name not in names]
    if strange:
        raise ValueError(f"the study has no video “{strange[0]}”")
    if cell("verdict") not in _VERDICTS:
        raise ValueError(f"“{cell('verdict')}” is not 1, 0, -1 or empty")
    return Vote(
        left=cell("left"),
        right=cell("right"),
        verdict=_VERDICTS[cell("verdict")],
        rater=cell("rater") or UNNAMED,
        judged_at=time("judgedat"),
        taken_s=number("takens"),
        watched=number("watched"),
        speed=number("speed") or 1.0,
        reason=cell("reason"),
        mark_s=number("marks"),
        purpose=cell("purpose"),
        key=cell("key"),
        withdrawn_at=time("withdrawnat"),
    )


@dataclass(frozen=True, slots=True)
class PairForm:
    """A form in which votes or pairs leave a study; every one can be read back (see ``docs/data.md``).

    Attributes:
        name: Name by which it is asked for.
        title: What a row is.
        columns: The columns.
        rows: Makes the rows.
    """

    name: str
    title: str
    columns: tuple[str, ...]
    rows: Callable[[Study], Iterable[Sequence[object]]]


def _every_vote(study: Study) -> Iterable[Sequence[object]]:
    for vote in study.votes.all():
        yield tuple(_cell(getattr(vote, column)) for column in _VOTE_COLUMNS)


def _cell(value: object) -> object:
    if isinstance(value, datetime):
        return value.isoformat()
    return "" if value is None else int(value) if isinstance(value, Verdict) else value


def _standing(study: Study) -> Iterable[Sequence[object]]:
    for judgement in study.votes.judgements():
        yield judgement.left, judgement.right, int(judgement.verdict), judgement.rater


def _counted(study: Study) -> Iterable[Sequence[object]]:
    for votes in count_votes(study.votes.judgements()):
        yield (
            votes.first,
            votes.second,
            " ".join(["1"] * votes.for_first + ["0"] * votes.neither + ["-1"] * votes.for_second),
        )


def _labels(study: Study) -> Iterable[Sequence[object]]:
    dataset = study.dataset()
    yield from ((pair.better, pair.worse, 1) for pair in dataset.pairs)
    yield from ((pair.first, pair.second, 0) for pair in dataset.similar)


def _ordered(study: Study) -> Iterable[Sequence[object]]:
    yield from ((pair.better, pair.worse) for pair in study.dataset().pairs)


def _ground_truth(study: Study) -> Iterable[Sequence[object]]:
    yield from ((*sorted((pair.better, pair.worse)), pair.better) for pair in study.dataset().pairs)


PAIR_FORMS = table(
    PairForm("every-vote", "every vote ever cast, with all that is known of it", _VOTE_COLUMNS, _every_vote),
    PairForm("judgements", "a rater's judgement that stands", ("left", "right", "label", "rater"), _standing),
    PairForm("votes", "two videos and all votes on them", ("left", "right", "votes"), _counted),
    PairForm("labels", "two videos and what the rule makes of their votes", ("left", "right", "label"), _labels),
    PairForm("better-worse", "a pair of which one is better", ("better", "worse"), _ordered),
    PairForm("epic-skills", "the same, as EPIC-Skills 2018 writes it", ("Vid1", "Vid2", "Best"), _ground_truth),
)
"""Every form, in the order of menus."""


def export_pairs(study: Study, path: Path, form: str, *, overwrite: bool = False) -> int:
    """Write votes or pairs as a CSV file; aside first, then renamed.

    Args:
        study: The study.
        path: Where to; its folder must be there.
        form: Name of one of ``PAIR_FORMS``.
        overwrite: Whether to replace a file that is there.

    Returns:
        How many rows were written.

    Raises:
        ExportError: There is no such form, a file is there already, or it cannot be written.
    """
    chosen = look_up(PAIR_FORMS, form, "form of votes and pairs", ExportError)
    return _write_csv(path, chosen.columns, chosen.rows(study), overwrite)


def export_videos(study: Study, path: Path, *, overwrite: bool = False) -> int:
    """Write the videos and who is in them as a ``participants.csv``; videos of whom nobody says so are left out.

    Returns:
        How many rows were written.

    Raises:
        ExportError: A file is there already, or it cannot be written.
    """
    rows = [(video.name, video.participant) for video in study.videos.all() if video.participant]
    return _write_csv(path, ("video", "participant"), rows, overwrite)


def _write_csv(path: Path, columns: Sequence[str], rows: Iterable[Sequence[object]], overwrite: bool) -> int:
    written = 0
    with exported_aside(path, overwrite=overwrite) as aside, aside.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        for row in rows:
            writer.writerow(row)
            written += 1
    return written
