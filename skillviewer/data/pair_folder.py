"""A folder with ``videos/`` and ``pairs.csv``: the form for a study of one's own.

``pairs.csv`` has the columns left, right and label (1 left better, -1 right better, 0 no disparity); with a column
``votes`` it keeps every rater's choice ("1 1 0 1 -1"), with a column ``rater`` a row is one rater's judgement. Or it
has the columns better and worse, with or without a rater. Beside it may lie participants.csv (video, participant),
truth.csv (video and numbers known of it) and regions.csv.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from skillviewer.core.errors import DatasetError
from skillviewer.core.pairs import UNNAMED, Dataset, DatasetVideo, Judgement, Measure, Pair, SimilarPair, Verdict
from skillviewer.data.choices import Choices
from skillviewer.data.claims import Claim, sort_out
from skillviewer.data.participants import PERSON_COLUMNS, VIDEO_COLUMNS, participants_of
from skillviewer.data.regions import read_regions
from skillviewer.data.rows import Row, Sheet, looks_like, plain, read_sheet, some
from skillviewer.data.tasks import chosen_task
from skillviewer.data.video_files import VideoFiles, bare

_LEFT = ("left", "video1", "vid1", "first", "videoa")
_RIGHT = ("right", "video2", "vid2", "second", "videob")
_LABEL = ("label", "verdict", "choice", "result")
_VOTES, _RATER = ("votes",), ("rater", "annotator", "worker", "judge")
_BETTER, _WORSE = ("better", "best"), ("worse", "worst")
_SCORES = ("quality", "score", "rating", "grs")
_NOT_KNOWN = frozenset({"", "-", "?", "na", "n/a", "nan", "none", "null"})
_SHOWN = 3
NO_PAIR = "No pair names these files"
_VERDICTS = {
    **dict.fromkeys(("1", "+1", "left", "l"), Verdict.LEFT),
    **dict.fromkeys(("0", "none", "neither", "equal", "tie", "same"), Verdict.NEITHER),
    **dict.fromkeys(("-1", "−1", "right", "r"), Verdict.RIGHT),
}


def _pairs_file(path: Path) -> Path | None:
    file = path / "pairs.csv" if path.is_dir() else path
    votes_or_label = (*_LABEL, *_VOTES)
    known = looks_like(file, _LEFT, _RIGHT, votes_or_label) or looks_like(file, _BETTER, _WORSE)
    return file if known else None


def recognise(path: Path) -> bool:
    """Return whether a folder or file is in this form, judged by its content."""
    return _pairs_file(path) is not None


def tasks(path: Path) -> tuple[str, ...]:
    """Return the name of the one data set that such a folder holds: the folder's."""
    file = _pairs_file(path)
    return () if file is None else (file.absolute().parent.name,)


@dataclass(slots=True)
class _Read:
    claims: list[Claim] = field(default_factory=list)
    judgements: list[Judgement] = field(default_factory=list)
    labels: dict[SimilarPair, Pair | SimilarPair] = field(default_factory=dict)
    voted: dict[SimilarPair, int] = field(default_factory=dict)  # raters that were counted
    problems: list[str] = field(default_factory=list)


def load(path: Path, videos_dir: Path | None = None, choices: Choices | None = None) -> Dataset:
    """Read the folder.

    Args:
        path: The folder, or its pairs.csv.
        videos_dir: Where the videos lie; ``videos/`` beside pairs.csv if None, or the folder itself without one.
        choices: The rule for raw votes; how to find participants.

    Raises:
        DatasetError: There is no such pairs.csv, or a file cannot be read.
    """
    choices = choices or Choices()
    file = _pairs_file(path)
    if file is None:
        raise DatasetError(
            f"{path} holds no pairs.csv with the columns left, right and label (or votes), or better and worse."
        )
    folder = file.absolute().parent
    chosen_task(choices.task, tasks(path), folder.name, path)
    read = _read_pairs(read_sheet(file))
    problems = read.problems
    rule = ""
    if read.judgements:
        agreement = choices.rule.agree(read.judgements)
        pairs, similar, rule = agreement.pairs, agreement.similar, choices.rule.text
        problems += _disagreeing_labels(read, (*pairs, *similar))
    else:
        claimed = sort_out(read.claims, file.name)
        pairs, similar = claimed.pairs, claimed.similar
        problems += claimed.problems
    truth = folder / "truth.csv"
    measures, found = _measures(truth)
    problems += found
    named = {v for p in pairs for v in (p.better, p.worse)} | {v for p in similar for v in (p.first, p.second)}
    names = tuple(sorted(named | {video for measure in measures for video, _ in measure.values}))
    people, found = participants_of(names, [folder / "participants.csv", truth], choices.participant_pattern)
    problems += found
    own = folder / "videos"
    files = VideoFiles(videos_dir or (own if own.is_dir() else folder))
    known = {name.rpartition("/")[2].casefold() for name in names}
    spare = sorted(stem for stem in files.stems if stem.casefold() not in known)
    if spare:
        problems.append(f"{NO_PAIR}: {some(spare)}.")
    regions, found = _regions(folder / "regions.csv", names)
    problems += found
    return Dataset(
        name=folder.name,
        form="pair-folder",
        task=folder.name,
        videos=tuple(DatasetVideo(name, _file_of(name, files), people.get(name)) for name in names),
        pairs=pairs,
        similar=similar,
        judgements=tuple(read.judgements),
        rule=rule,
        scores=next((m for wanted in _SCORES for m in measures if plain(m.name) == wanted), None),
        truth=measures,
        published="infant-grasp" if plain(folder.name) == "infantgrasp" else None,
        regions_path=regions,
        problems=(*problems, *files.problems),
    )


def _video_name(cell: str) -> str:
    """Return the name of a video as a cell tells it: without an extension, or the folder where all videos are."""
    return bare(cell).replace("\\", "/").removeprefix("./").removeprefix("videos/")


def _file_of(name: str, files: VideoFiles) -> Path | None:
    """Return the file of a video; a name may tell the folders that it lies in."""
    *folders, stem = name.split("/")
    return files.find(name, (stem,), inside=tuple(plain(folder) for folder in folders))


def _read_pairs(sheet: Sheet) -> _Read:
    read = _Read()
    left, right = sheet.column(*_LEFT), sheet.column(*_RIGHT)
    labelled = left is not None and right is not None
    if not labelled:
        left, right = sheet.column(*_BETTER), sheet.column(*_WORSE)
    spreads = labelled and sheet.column(*_VOTES) == len(sheet.titles) - 1  # votes may have fields of their own
    for row in sheet.rows:
        place = sheet.place(row)
        first, second = _video_name(row.cell(left)), _video_name(row.cell(right))
        if not first or not second:
            read.problems.append(f"{place} does not name two videos; it is left out.")
        elif first == second:
            read.problems.append(f"{place} compares {first} with itself; it is left out.")
        elif len(row.cells) > len(sheet.titles) and not spreads:
            read.problems.append(
                f"{place} has {len(row.cells)} fields and the table {len(sheet.titles)} columns; it is left out."
            )
        elif labelled:
            _read_row(sheet, row, (first, second), read)
        else:
            _judged(sheet, row, (first, second), Verdict.LEFT, read)
    return read


def _read_row(sheet: Sheet, row: Row, videos: tuple[str, str], read: _Read) -> None:
    """Add what a row says: its votes where it has any, else its label."""
    place = sheet.place(row)
    votes_column, label_text = sheet.column(*_VOTES), row.cell(sheet.column(*_LABEL))
    last = votes_column == len(sheet.titles) - 1
    cells = row.cells[votes_column:] if last else (row.cell(votes_column),)
    words = cells if len(cells) > 1 else re.split(r"\s*[;|/,]\s*|\s+", "".join(cells).strip())
    label = _VERDICTS.get(_number(label_text))
    # a vote that is missing keeps its place: the next one is that of the next rater
    verdicts = {
        at: _VERDICTS.get(_number(word))
        for at, word in enumerate(words, start=1)
        if _number(word) in _VERDICTS or word.casefold() not in _NOT_KNOWN
    }
    if verdicts:
        if None in verdicts.values():
            read.problems.append(f"{place} has a vote that is not 1, 0 or -1 (“{' '.join(words)}”); it is left out.")
            return
        pair = SimilarPair(*videos)
        before = read.voted.get(pair, 0)
        if before:
            read.problems.append(
                f"{place} names {videos[0]} and {videos[1]} again; its votes count as those of further raters."
            )
        read.voted[pair] = before + len(words)
        read.judgements += [
            Judgement(*videos, verdict, f"rater {before + at}")
            for at, verdict in verdicts.items()
            if verdict is not None
        ]
        if label is not None:
            read.claims.append(Claim(_says(videos, label), place))
            read.labels[SimilarPair(*videos)] = _says(videos, label)
    elif label is None:
        read.problems.append(f"{place} has a label that is not 1, 0 or -1 (“{label_text}”); it is left out.")
    else:
        _judged(sheet, row, videos, label, read)


def _judged(sheet: Sheet, row: Row, videos: tuple[str, str], verdict: Verdict, read: _Read) -> None:
    """Add one verdict: a rater's, where the table says who judged, else what is agreed."""
    rater = sheet.column(*_RATER)
    if rater is not None:
        read.judgements.append(Judgement(*videos, verdict, row.cell(rater) or UNNAMED))
    else:
        read.claims.append(Claim(_says(videos, verdict), sheet.place(row)))


def _number(text: str) -> str:
    """Return a label as it is looked up: "1.0" is "1"."""
    return re.sub(r"\.0+$", "", text.casefold())


def _says(videos: tuple[str, str], verdict: Verdict) -> Pair | SimilarPair:
    if verdict is Verdict.NEITHER:
        return SimilarPair(*videos)
    return Pair(*videos) if verdict is Verdict.LEFT else Pair(videos[1], videos[0])


def _disagreeing_labels(read: _Read, agreed: Sequence[Pair | SimilarPair]) -> list[str]:
    made = {SimilarPair(p.better, p.worse) if isinstance(p, Pair) else p: p for p in agreed}
    problems = []
    other = [videos for videos, says in read.labels.items() if made.get(videos) != says]
    if other:
        problems.append(
            f"The labels of {len(other)} pairs differ from what the rule makes of their votes "
            f"({other[0].first}–{other[0].second}); the rule counts."
        )
    without = [claim for claim in read.claims if claim.videos not in made]
    if without:
        problems.append(f"{len(without)} rows have a label and no votes ({without[0].where}); they are left out.")
    return problems


def _measures(path: Path) -> tuple[tuple[Measure, ...], list[str]]:
    """Return the columns of numbers of truth.csv, and problems."""
    if not path.is_file():
        return (), []
    if not looks_like(path, VIDEO_COLUMNS):
        return (), [f"{path.name} has no column “video”: what it says is not used."]
    sheet = read_sheet(path)
    video = sheet.column(*VIDEO_COLUMNS)
    others = [i for i, name in enumerate(sheet.header) if i != video and name not in PERSON_COLUMNS and name]
    values: dict[int, list[tuple[str, float]]] = {i: [] for i in others}
    strange: dict[int, list[str]] = {i: [] for i in others}
    seen: set[str] = set()
    problems = []
    for row in sheet.rows:
        name = _video_name(row.cell(video))
        if not name or name in seen:
            problems.append(f"{sheet.place(row)} names {'a video again' if name else 'no video'}; it is left out.")
            continue
        seen.add(name)
        for i in others:
            text = row.cell(i)
            number = sheet.number(text)
            if number is not None:
                values[i].append((name, number))
            elif text.casefold() not in _NOT_KNOWN:
                strange[i].append(f"“{text}” of {name}")
    problems += [
        f"{path.name}, column {sheet.titles[i]}: no number is {some(strange[i])}."
        for i in others
        if values[i] and strange[i]
    ]
    return tuple(Measure(sheet.titles[i], tuple(values[i])) for i in others if values[i]), problems


def _regions(path: Path, names: Sequence[str]) -> tuple[Path | None, list[str]]:
    """Return the file of regions if it can be read, and problems."""
    if not path.is_file():
        return None, []
    try:
        regions = read_regions(path)
    except DatasetError as error:
        return None, [f"{error} The regions are not used."]
    problems = [*regions.problems[:_SHOWN]]
    if len(regions.problems) > _SHOWN:
        problems.append(f"{path.name}: {len(regions.problems) - _SHOWN} more rows like these.")
    strangers = sorted(set(regions.by_video) - set(names))
    if strangers:
        problems.append(f"{path.name} names videos that no pair names: {some(strangers)}.")
    return path, problems
