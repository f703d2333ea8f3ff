"""A folder with ``videos/`` and ``pairs.csv``: the form for a user's own study.

``pairs.csv`` has the columns left, right and label (1 left better, -1 right better, 0 no disparity); a column ``votes``
holds every rater's choice ("1 1 0 1 -1"); with a column ``rater`` each row is one rater's judgement. Or it has the
columns better and worse, with or without a rater. The folder may also contain participants.csv (video, participant),
truth.csv (video and numbers known of it), regions.csv,
measures.csv (video and numbers of instruments) and reference.csv (a line to follow).
"""

from collections.abc import Sequence
from pathlib import Path

from skillviewer.core.dataset.dataset import Dataset, DatasetVideo, Measure
from skillviewer.core.dataset.pairs import Pair, SimilarPair, videos_of
from skillviewer.core.errors import DatasetError
from skillviewer.core.ranking.consensus import DEFAULT_RULE
from skillviewer.data.formats.choices import USUAL_CHOICES, Choices
from skillviewer.data.formats.task_files import chosen_task, file_in
from skillviewer.data.tables.claims import sort_out
from skillviewer.data.tables.find_videos import VideoFolder
from skillviewer.data.tables.pair_rows import NOT_KNOWN, PairRows, is_pairs_file, read_pairs, video_cells
from skillviewer.data.tables.participants import (
    OCCASION_COLUMNS,
    PARTICIPANT_COLUMNS,
    VIDEO_COLUMNS,
    occasions_in,
    participants_of,
)
from skillviewer.data.tables.regions import read_regions
from skillviewer.data.tables.rows import abbreviated, composed, looks_like, plain, read_sheet
from skillviewer.data.tables.video_names import TableVideos, VideoNames, video_name

_SCORES = ("quality", "score", "rating", "grs")
_MAX_SHOWN = 3
FILE = "pairs.csv"
NO_PAIR = "No pair names these files"


def _pairs_file(path: Path) -> Path | None:
    file = file_in(path, FILE) if path.is_dir() else path
    return file if is_pairs_file(file) else None


def _required_pairs_file(path: Path) -> Path:
    file = _pairs_file(path)
    if file is not None:
        return file
    pairs_file = file_in(path, FILE) if path.is_dir() else path
    if pairs_file.is_file():
        read_sheet(pairs_file)  # raises the reason if it is no table
    raise DatasetError(
        f"{path} holds no pairs.csv with the columns left, right and label (or votes), or better and worse."
    )


def tasks(path: Path) -> tuple[str, ...]:
    """Return the name of the one data set in such a folder: the folder's."""
    file = _pairs_file(path)
    return () if file is None else (file.absolute().parent.name,)


def load(path: Path, videos_dir: Path | None = None, choices: Choices = USUAL_CHOICES) -> Dataset:
    """Read the folder. Without ``videos_dir`` videos lie in ``videos/`` next to pairs.csv, or in the folder itself."""
    file = _required_pairs_file(path)
    folder = file.absolute().parent
    chosen_task(choices.task, tasks(path), folder.name, path)
    video_folder = folder / "videos"
    files = VideoFolder(videos_dir or (video_folder if video_folder.is_dir() else folder))
    sheet = read_sheet(file)
    table = TableVideos(video_cells(sheet), folder, files, stated=videos_dir is not None)
    read = read_pairs(sheet, table.name)
    problems = read.problems
    rule = ""
    if read.judgements:
        chosen_rule = choices.rule if choices.rule is not None else DEFAULT_RULE
        consensus = chosen_rule.agree(read.judgements)
        rule = chosen_rule.text
        problems += _disagreeing_labels(read, (*consensus.pairs, *consensus.similar))
    else:
        consensus = sort_out(read.claims, file.name, problems)
    pairs, similar = consensus.pairs, consensus.similar
    judged = {v for judgement in read.judgements for v in (judgement.left, judgement.right)}
    names = tuple(sorted(judged.union(videos_of(pairs, similar))))
    truth = file_in(folder, "truth.csv")
    measures = _measures(truth, names, problems)
    participant_files = [file_in(folder, "participants.csv"), truth]
    participants = participants_of(names, participant_files, choices.participant_pattern, problems)
    times = occasions_in(participant_files, VideoNames(names))
    videos = tuple(DatasetVideo(n, table.file(n), participants.get(n), occasion=times.get(n, "")) for n in names)
    problems += _spare_files(names, videos, files)
    regions = _regions(file_in(folder, "regions.csv"), names, problems)
    return Dataset(
        name=folder.name,
        form="pair-folder",
        task=folder.name,
        videos=videos,
        pairs=pairs,
        similar=similar,
        judgements=tuple(read.judgements),
        rule=rule,
        scores=next((m for wanted in _SCORES for m in measures if plain(m.name) == wanted), None),
        truth=measures,
        published="infant-grasp" if plain(folder.name) == "infantgrasp" else None,
        regions_path=regions,
        reference_path=reference if (reference := file_in(folder, "reference.csv")).is_file() else None,
        instruments=_measures(file_in(folder, "measures.csv"), names, problems),
        problems=(*problems, *files.problems),
    )


def _spare_files(names: Sequence[str], videos: Sequence[DatasetVideo], files: VideoFolder) -> list[str]:
    """Return the problem of video files in no pair, if there are any."""
    file_stems = {name.rpartition("/")[2].casefold() for name in names}
    file_stems |= {composed(video.path.stem).casefold() for video in videos if video.path is not None}
    spare = sorted(stem for stem in files.stems if stem.casefold() not in file_stems)
    return [f"{NO_PAIR}: {abbreviated(spare)}."] if spare else []


def _disagreeing_labels(read: PairRows, consensus: Sequence[Pair | SimilarPair]) -> list[str]:
    by_videos = {SimilarPair(p.better, p.worse) if isinstance(p, Pair) else p: p for p in consensus}
    problems = []
    other = [videos for videos, label in read.labels.items() if by_videos.get(videos) != label]
    if other:
        problems.append(
            f"The labels of {len(other)} pairs differ from what the rule makes of their votes "
            f"({other[0].first}–{other[0].second}); the rule counts."
        )
    unvoted = [claim for claim in read.claims if claim.videos not in by_videos]
    if unvoted:
        problems.append(f"{len(unvoted)} rows have a label and no votes ({unvoted[0].source}); they are left out.")
    return problems


def _measures(path: Path, names: Sequence[str], problems: list[str]) -> tuple[Measure, ...]:
    """Return the columns of numbers of truth.csv, for the named videos alone."""
    if not path.is_file():
        return ()
    if not looks_like(path, VIDEO_COLUMNS):
        problems.append(f"{path.name} has no column “video”: what it says is not used.")
        return ()
    sheet = read_sheet(path)
    video = sheet.column(*VIDEO_COLUMNS)
    others = [
        i
        for i, name in enumerate(sheet.header)
        if i != video and name not in {*PARTICIPANT_COLUMNS, *OCCASION_COLUMNS, ""}
    ]
    values: dict[int, list[tuple[str, float]]] = {i: [] for i in others}
    strange: dict[int, list[str]] = {i: [] for i in others}
    measured: set[str] = set()
    strangers: list[str] = []
    video_names = VideoNames(names)
    belong = set(names)
    for row in sheet.rows:
        cell = row.cell(video)
        name = video_names.find(cell) or video_name(cell)
        if not name or name in measured:
            problems.append(f"{sheet.place(row)} names {'a video again' if name else 'no video'}; it is left out.")
            continue
        measured.add(name)
        if name not in belong:
            strangers.append(name)
            continue
        for i in others:
            text = row.cell(i)
            number = sheet.number(text)
            if number is not None:
                values[i].append((name, number))
            elif text.casefold() not in NOT_KNOWN:
                strange[i].append(f"“{text}” of {name}")
    problems += [
        f"{path.name}, column {sheet.titles[i]}: no number is {abbreviated(strange[i])}."
        for i in others
        if values[i] and strange[i]
    ]
    problems += video_names.renumbered(path.name)
    if strangers:
        problems.append(f"{path.name} names videos that no pair names; they are left out: {abbreviated(strangers)}.")
    return tuple(Measure(sheet.titles[i], tuple(values[i])) for i in others if values[i])


def _regions(path: Path, names: Sequence[str], problems: list[str]) -> Path | None:
    """Return the file of regions if it can be read."""
    if not path.is_file():
        return None
    try:
        regions = read_regions(path, names)
    except DatasetError as error:
        problems.append(f"{error} The regions are not used.")
        return None
    problems += regions.problems[:_MAX_SHOWN]
    if len(regions.problems) > _MAX_SHOWN:
        problems.append(f"{path.name}: {len(regions.problems) - _MAX_SHOWN} more rows like these.")
    strangers = sorted(set(regions.by_video) - set(names))
    if strangers:
        problems.append(f"{path.name} names videos that no pair names: {abbreviated(strangers)}.")
    return path
